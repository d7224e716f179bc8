/* pivot: what a container is not to see or change although its file systems show it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

/* docker's lists, with what each is; what does not exist on a kernel is passed over */
static const struct {
	const char *path;
	bool dir;
} masked[] = {
	{ "/proc/acpi", true },
	{ "/proc/asound", true },
	{ "/proc/interrupts", false },
	{ "/proc/kcore", false },
	{ "/proc/keys", false },
	{ "/proc/latency_stats", false },
	{ "/proc/sched_debug", false },
	{ "/proc/scsi", true },
	{ "/proc/timer_list", false },
	{ "/proc/timer_stats", false },
	{ "/sys/devices/virtual/powercap", true },
	{ "/sys/firmware", true },
};
static const char *const kept_read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };

/* What covers the directories, or the files. */
struct cover {
	int next;  /* owned: nowhere yet, or -1 */
	int first; /* owned: what was put somewhere first, and is copied for the others, or -1 */
};

struct masks {
	int root;    /* borrowed */
	int null;    /* borrowed: a detached /dev/null with its attributes, or -1: take the root's own */
	bool direct; /* /proc and /sys are as --api made them: a path into them leads nowhere else */
	struct cover dirs, files;
};

static int null_file(int null, struct err *e)
{
	auto_close int own = -1;

	if (null >= 0)
		return fcntl(null, F_DUPFD_CLOEXEC, 3);
	own = dev_open_null(e);
	return own < 0 ? own : mnt_clone(own, "", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, e);
}

/*
 * One superblock for all directories: a copy costs a mount, a tmpfs each a good
 * deal more. A detached mount can be copied only since Linux 6.15, an attached
 * one always; its attributes come along.
 */
static int next_cover(const struct masks *m, struct cover *c, struct err *e)
{
	unsigned attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;

	if (c->next < 0 && c->first >= 0)
		c->next = mnt_clone(c->first, "", 0, 0, e);
	else if (c->next < 0)
		c->next = c == &m->dirs ? mnt_new("tmpfs", "mode=755,size=4k,nr_inodes=1", attrs, e) : null_file(m->null, e);
	return c->next;
}

static void cover_used(struct cover *c)
{
	if (c->first < 0)
		c->first = take_fd(&c->next);
	fd_close(&c->next);
}

static void cover_release(struct cover *c)
{
	fd_close(&c->next);
	fd_close(&c->first);
}

static int mask_one(struct masks *m, const char *path, struct err *e)
{
	auto_close int at = mnt_lookup(m->root, path, 0);
	struct cover *c;
	struct stat st;
	int cover, rc;

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	if (at < 0 || fstat(at, &st) < 0)
		return err_set(e, at < 0 ? -at : errno, path, "mask");
	c = S_ISDIR(st.st_mode) ? &m->dirs : &m->files;
	cover = next_cover(m, c, e);
	rc = cover < 0 ? cover : mnt_attach(cover, at, path, e);
	if (rc == 0)
		cover_used(c);
	return rc;
}

/* One of docker's list: what it is is known, and where nobody else has been it is not looked at first. */
static int mask_known(struct masks *m, const char *path, bool dir, struct err *e)
{
	struct cover *c = dir ? &m->dirs : &m->files;
	int cover;

	if (!m->direct)
		return mask_one(m, path, e);
	cover = next_cover(m, c, e);
	if (cover < 0)
		return cover;
	if (sys_move_mount(cover, "", m->root, path + 1, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		cover_used(c);
	else if (errno != ENOENT)
		return mask_one(m, path, e);
	return 0;
}

/*
 * Each processor has a folder of thermal counts: CVE-2018-10892's kind of leak,
 * as docker sees it. All have or none has, and the first is never offline.
 */
static int mask_cpus(struct masks *m, struct err *e)
{
	char path[80];
	int rc = 0;

	for (int cpu = 0; rc == 0; cpu++) {
		auto_close int at = -1;

		snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d", cpu);
		at = mnt_lookup(m->root, path, O_DIRECTORY);
		if (at < 0)
			return 0;
		if (cpu == 0 && faccessat(at, "thermal_throttle", F_OK, 0) < 0)
			return 0;
		strcat(path, "/thermal_throttle");
		rc = mask_known(m, path, true, e);
	}
	return rc;
}

static int mask_default(struct masks *m, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof masked / sizeof *masked && rc == 0; i++)
		rc = mask_known(m, masked[i].path, masked[i].dir, e);
	return rc < 0 ? rc : mask_cpus(m, e);
}

/* Volumes may lie in /sys, and hold what they like. */
static bool is_direct(const struct pivot_args *a)
{
	return a->api && !a->mounts.binds.n && !a->mounts.tmpfs.n;
}

int pivot_mask(const struct pivot_args *a, int root, int null, struct err *e)
{
	struct masks m = { .root = root, .null = null, .direct = is_direct(a), .dirs = { -1, -1 }, .files = { -1, -1 } };
	int rc = 0;

	for (size_t i = 0; i < a->mask.n && rc == 0; i++)
		rc = strcmp(a->mask.v[i], "default") ? mask_one(&m, a->mask.v[i], e) : mask_default(&m, e);
	cover_release(&m.dirs);
	cover_release(&m.files);
	return rc;
}

static int read_only_known(int root, const char *path, struct err *e)
{
	auto_close int copy = mnt_clone(root, path + 1, MOUNT_ATTR_RDONLY, 0, e);

	if (copy == -ENOENT) {
		err_clear(e);
		return 0;
	}
	return copy < 0 ? copy : mnt_attach_at(copy, root, path, e);
}

int pivot_read_only_paths(const struct pivot_args *a, int root, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < a->ro_path.n && rc == 0; i++) {
		if (strcmp(a->ro_path.v[i], "default")) {
			rc = mnt_read_only(root, a->ro_path.v[i], e);
			continue;
		}
		for (size_t k = 0; k < sizeof kept_read_only / sizeof *kept_read_only && rc == 0; k++)
			rc = (is_direct(a) ? read_only_known : mnt_read_only)(root, kept_read_only[k], e);
	}
	return rc;
}

/* The keys that belong to a namespace, as docker allows them: any other would change the host. */
int pivot_sysctl_check(const char *text, struct err *e)
{
	static const char *const prefixes[] = { "net.", "kernel.msg", "kernel.shm", "kernel.sem=", "fs.mqueue." };
	char key[128];
	size_t len = strcspn(text, "=");

	if (!strcmp(text, "default"))
		return 0;
	if (!text[len] || !len || len >= sizeof key)
		return err_bad(e, text, "a kernel parameter is KEY=VALUE");
	snprintf(key, sizeof key, "%.*s", (int)len + 1, text);
	/* both spellings of sysctl(8) */
	for (char *s = key; *s; s++)
		if (*s == '/')
			*s = '.';
	if (strstr(key, ".."))
		return err_bad(e, text, "a kernel parameter is KEY=VALUE");
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (str_after(key, prefixes[i]))
			return 0;
	return err_bad(e, text, "is not a parameter of a namespace: it would change the host");
}

/* docker's, of a network namespace of one's own: low ports and ping for everybody. */
static int set_defaults(int proc, struct err *e)
{
	int rc = pivot_sysctl_set("net.ipv4.ip_unprivileged_port_start=0", proc, e);

	rc = rc < 0 ? rc : pivot_sysctl_set("net.ipv4.ping_group_range=0 2147483647", proc, e);
	/* where not all groups are there, in a user namespace; in a kernel without IPv4 */
	if (rc == -EINVAL || rc == -ENOENT) {
		err_clear(e);
		return 0;
	}
	return rc;
}

int pivot_sysctl_set(const char *text, int proc, struct err *e)
{
	char path[160];
	auto_close int fd = -1;
	size_t len = strcspn(text, "=");
	int rc;

	if (!strcmp(text, "default"))
		return set_defaults(proc, e);
	snprintf(path, sizeof path, "sys/%.*s", (int)len, text);
	/* the first separator says which spelling it is; in the one with slashes a dot is a dot: sysctl(8) */
	if (path[strcspn(path + 4, "./") + 4] == '.')
		for (char *s = path + 4; (s += strcspn(s, "./"), *s); s++)
			*s = *s == '.' ? '/' : '.';
	fd = sys_openat2(proc, path, O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return err_sys(e, text, "open the kernel parameter");
	rc = fd_write(fd, text + len + 1);
	return rc < 0 ? err_set(e, -rc, text, "set the kernel parameter") : 0;
}
