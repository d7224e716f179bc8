/* pivot: the mounts that go into the new root. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/pivot_priv.h"
#include "core/cgroup.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV)

int pivot_item_add(struct pivot_items *l, int fd, const char *where, bool dir, enum mnt_links links, struct err *e)
{
	struct pivot_item *v;
	char *copy;

	v = realloc(l->v, (l->n + 1) * sizeof *v);
	copy = v ? strdup(where) : NULL;
	l->v = v ? v : l->v;
	if (!copy) {
		fd_close(&fd);
		return err_set(e, ENOMEM, where, NULL);
	}
	l->v[l->n++] = (struct pivot_item){ .fd = fd, .where = copy, .dir = dir, .links = links };
	return 0;
}

/* A mount that could not be made has said why already. */
static int add_mount(struct pivot_items *l, int fd, const char *where, bool dir, enum mnt_links links, struct err *e)
{
	return fd < 0 ? fd : pivot_item_add(l, fd, where, dir, links, e);
}

/* One that lies in a mount of --api. */
static int add_below(struct pivot_items *l, int fd, const char *where, struct err *e)
{
	int rc = add_mount(l, fd, where, true, MNT_LINKS_FOLLOWED, e);

	if (rc == 0)
		l->v[l->n - 1].ours = true;
	return rc;
}

void pivot_items_release(struct pivot_items *l)
{
	for (size_t i = 0; i < l->n; i++) {
		fd_close(&l->v[i].fd);
		free(l->v[i].where);
	}
	free(l->v);
	*l = (struct pivot_items){ 0 };
}

static int make_dev(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	int nodes[DEV_NODES] = { -1, -1, -1, -1, -1, -1 };
	int dev = mnt_new("tmpfs", "mode=755,size=65536k", MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, e);
	int rc = add_mount(l, dev, "/dev", true, MNT_LINKS_REFUSED, e);

	if (rc == 0)
		rc = dev_fill(dev, nodes, e);
	if (rc == 0 && a->host_devices)
		rc = dev_copy_host(dev, e);
	for (int i = 0; i < DEV_NODES; i++) {
		char where[32];

		if (nodes[i] < 0)
			continue;
		snprintf(where, sizeof where, "/dev/%s", dev_name(i));
		if (rc < 0)
			close(nodes[i]);
		else
			rc = add_below(l, nodes[i], where, e);
	}
	return rc;
}

/* gid 5 is tty's on every distribution; a user namespace may not know it. */
static int make_devpts(struct err *e)
{
	int fd = mnt_new("devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);

	if (fd == -EINVAL)
		fd = mnt_new("devpts", "newinstance,ptmxmode=0666,mode=0620", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, e);
	return fd;
}

/*
 * sysfs shows the network namespace it is mounted in, and only the owner of
 * that may mount it: for others the host's own, copied, does as well.
 */
static int make_sysfs(const struct pivot_args *a, struct err *e)
{
	unsigned attrs = SAFE | (a->api_write ? 0 : MOUNT_ATTR_RDONLY);
	int fd = mnt_new("sysfs", NULL, attrs, e);

	return fd == -EPERM ? mnt_clone(AT_FDCWD, "/sys", attrs, MS_PRIVATE, e) : fd;
}

static int make_proc(struct err *e)
{
	int fd = mnt_new("proc", NULL, SAFE, e);

	if (fd == -EPERM)
		err_hint(e, "a new pid namespace must own it (unshare -p -f), and in a user namespace no part of the outer /proc may be covered");
	return fd;
}

/*
 * One hierarchy as the container's cgroup namespace shows it. A v1 one is told
 * by the controllers (or the name) that it was mounted with. Without a cgroup
 * namespace of one's own a user namespace gets a copy of what the host has.
 */
static int make_cgroup(const struct cgroup_hier *h, unsigned attrs, struct err *e)
{
	int fd = mnt_new(h->v2 ? "cgroup2" : "cgroup", h->v2 ? NULL : h->options, attrs, e);

	return fd == -EPERM ? mnt_clone(AT_FDCWD, h->mount, attrs, MS_PRIVATE, e) : fd;
}

/* A tmpfs with a folder for each hierarchy, named as on the host; read-only before anybody sees it. */
static int make_cgroup_folders(const struct cgroups *all, bool writable, struct err *e)
{
	auto_close int fd = mnt_new("tmpfs", "mode=755,size=64k", SAFE, e);

	for (size_t i = 0; fd >= 0 && i < all->n; i++)
		if (mkdirat(fd, cgroup_base(&all->v[i]), 0755) < 0 && errno != EEXIST)
			return err_sys(e, cgroup_base(&all->v[i]), "make the folder of the hierarchy");
	if (fd >= 0 && !writable && sys_mount_setattr(fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0) < 0)
		return err_sys(e, "/sys/fs/cgroup", "make read-only");
	return take_fd(&fd);
}

/* cgroup2 alone lies at /sys/fs/cgroup itself; several hierarchies lie below it, as the host has them. */
static int make_cgroups(const struct pivot_args *a, const struct cgroups *all, struct pivot_items *l, struct err *e)
{
	unsigned attrs = SAFE | (a->api_write ? 0 : MOUNT_ATTR_RDONLY);
	bool only_v2 = all->n == 1 && all->v[0].v2;
	int rc = 0;

	if (only_v2)
		return add_below(l, make_cgroup(&all->v[0], attrs, e), "/sys/fs/cgroup", e);
	if (all->n)
		rc = add_below(l, make_cgroup_folders(all, a->api_write, e), "/sys/fs/cgroup", e);
	for (size_t i = 0; rc == 0 && i < all->n; i++) {
		char where[300];

		snprintf(where, sizeof where, "/sys/fs/cgroup/%s", cgroup_base(&all->v[i]));
		rc = add_below(l, make_cgroup(&all->v[i], attrs, e), where, e);
	}
	return rc;
}

static int find_and_make_cgroups(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	struct cgroups all = { 0 };
	/* a host without a procfs shows no hierarchies, and gives none to its containers */
	int rc = access("/proc/self/mountinfo", F_OK) < 0 ? 0 : cgroups_load(&all, e);

	if (rc == 0)
		rc = make_cgroups(a, &all, l, e);
	cgroups_release(&all);
	return rc;
}

/* The queues belong to the ipc namespace. Where that is not ours, the host's are shown, or else none. */
static int add_mqueue(struct pivot_items *l, struct err *e)
{
	int fd = mnt_new("mqueue", NULL, SAFE, e);

	if (fd == -EPERM)
		fd = mnt_clone(AT_FDCWD, "/dev/mqueue", SAFE, MS_PRIVATE, e);
	else if (fd < 0 && fd != -ENODEV)
		return fd;
	return fd < 0 ? 0 : add_below(l, fd, "/dev/mqueue", e);
}

static int add_shm(const struct opt_num *size, struct pivot_items *l, struct err *e)
{
	char options[64] = "mode=1777,size=65536k";

	if (size->set)
		snprintf(options, sizeof options, "mode=1777,size=%lld", size->v);
	/* to the kernel a size of 0 is no limit */
	return size->set && !size->v ? 0 : add_below(l, mnt_new("tmpfs", options, SAFE, e), "/dev/shm", e);
}

int pivot_api_make(const struct pivot_args *a, const struct cgroups *host, struct pivot_items *l, struct err *e)
{
	int rc;

	if ((rc = add_mount(l, make_proc(e), "/proc", true, MNT_LINKS_REFUSED, e)) < 0 || (rc = make_dev(a, l, e)) < 0 ||
	    (rc = add_below(l, make_devpts(e), "/dev/pts", e)) < 0 ||
	    (rc = add_shm(&a->mounts.shm_size, l, e)) < 0 ||
	    (rc = add_mqueue(l, e)) < 0 ||
	    (rc = add_mount(l, make_sysfs(a, e), "/sys", true, MNT_LINKS_REFUSED, e)) < 0)
		return rc;
	return host ? make_cgroups(a, host, l, e) : find_and_make_cgroups(a, l, e);
}

/* Its parents, too, as docker makes them. What is there is left as it is. */
static int create_source(const char *path, struct err *e)
{
	char part[4096];

	for (size_t i = 1; path[i - 1]; i++) {
		if ((path[i] && path[i] != '/') || i >= sizeof part)
			continue;
		str_copyn(part, sizeof part, path, i);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return err_sys(e, part, "make the directory");
	}
	return 0;
}

static int open_volume(const struct mnt_volume *v, const struct pivot_args *a, int userns, struct pivot_items *l, struct err *e)
{
	/* with a /dev of its own, a container gets no devices by accident */
	unsigned attrs = a->nodev || (a->api && !a->host_devices) ? MOUNT_ATTR_NODEV : 0;
	auto_close int src = -1, mnt = -1;
	struct stat st;
	int rc;

	if (v->create && access(v->src, F_OK) < 0 && errno == ENOENT && (rc = create_source(v->src, e)) < 0)
		return rc;
	src = fd_open(AT_FDCWD, v->src, O_PATH, e);
	if (src < 0)
		return src;
	if (fstat(src, &st) < 0)
		return err_sys(e, v->src, NULL);
	mnt = mnt_bind(src, v, attrs, e);
	if (mnt >= 0 && userns >= 0 && (rc = mnt_idmap(mnt, v->src, true, 0, userns, e)) < 0)
		return rc;
	return add_mount(l, take_fd(&mnt), v->dst, S_ISDIR(st.st_mode), MNT_LINKS_FOLLOWED, e);
}

static int open_bind(const char *text, const struct pivot_args *a, int userns, struct pivot_items *l, struct err *e)
{
	struct mnt_volume v;
	int rc = mnt_volume_parse(text, &v, e);

	return rc < 0 ? rc : open_volume(&v, a, userns, l, e);
}

/* --mount: the binds before, the tmpfs after the namespaces. */
static int open_spec(const char *text, const struct pivot_args *a, int userns, bool tmpfs, struct pivot_items *l, struct err *e)
{
	struct mnt_spec m;
	int rc = mnt_spec_parse(text, &m, e);

	if (rc < 0 || m.tmpfs != tmpfs)
		return rc;
	if (!tmpfs)
		return open_volume(&m.v, a, userns, l, e);
	return add_mount(l, mnt_new("tmpfs", m.options, m.attrs, e), m.v.dst, true, MNT_LINKS_FOLLOWED, e);
}

static int open_tmpfs(const char *text, struct pivot_items *l, struct err *e)
{
	struct mnt_tmpfs t;
	int rc = mnt_tmpfs_parse(text, &t, e);

	return rc < 0 ? rc : add_mount(l, mnt_new("tmpfs", t.options, t.attrs, e), t.dst, true, MNT_LINKS_FOLLOWED, e);
}

static unsigned depth(const char *path)
{
	unsigned n = 0;

	for (; *path; path++)
		n += *path == '/';
	return n;
}

/* A stable sort: of two mounts on one place the later one is to win. */
static void sort_by_depth(struct pivot_items *l)
{
	for (size_t i = 1; i < l->n; i++) {
		struct pivot_item it = l->v[i];
		size_t k = i;

		for (; k && depth(l->v[k - 1].where) > depth(it.where); k--)
			l->v[k] = l->v[k - 1];
		l->v[k] = it;
	}
}

int pivot_volumes_open(const struct pivot_args *a, int userns, struct pivot_items *l, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < a->mounts.binds.n && rc == 0; i++)
		rc = open_bind(a->mounts.binds.v[i], a, userns, l, e);
	for (size_t i = 0; i < a->mounts.specs.n && rc == 0; i++)
		rc = open_spec(a->mounts.specs.v[i], a, userns, false, l, e);
	return rc;
}

int pivot_tmpfs_add(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	struct pivot_items all = { 0 };
	int rc = pivot_etc_add(a, &all, e);

	for (size_t i = 0; i < a->mounts.tmpfs.n && rc == 0; i++)
		rc = open_tmpfs(a->mounts.tmpfs.v[i], &all, e);
	for (size_t i = 0; i < a->mounts.specs.n && rc == 0; i++)
		rc = open_spec(a->mounts.specs.v[i], a, -1, true, &all, e);
	/* volumes behind them: on one place it is the volume that is seen */
	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = pivot_item_add(&all, take_fd(&l->v[i].fd), l->v[i].where, l->v[i].dir, l->v[i].links, e);
	pivot_items_release(l);
	*l = all;
	sort_by_depth(l);
	return rc;
}
