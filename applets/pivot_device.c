/* pivot: devices of the host's, by docker's --device. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

#define DEPTH_MAX 8

/* "rwm", each letter once at most. */
static bool is_access(const char *text)
{
	return *text && strlen(text) <= 3 && !text[strspn(text, "rwm")] && strchr(text, 'r') == strrchr(text, 'r') &&
	       strchr(text, 'w') == strrchr(text, 'w') && strchr(text, 'm') == strrchr(text, 'm');
}

int pivot_device_parse(const char *text, struct pivot_device *d, struct err *e)
{
	const char *rest = text;
	char inside[4096];
	bool named;

	*d = (struct pivot_device){ .access = "rwm" };
	if (str_next(&rest, ':', d->host, sizeof d->host) <= 0)
		return err_bad(e, text, "a device is HOST[:INSIDE][:rwm]");
	named = rest && !is_access(rest);
	if (named && str_next(&rest, ':', inside, sizeof inside) <= 0)
		return err_bad(e, text, "a device is HOST[:INSIDE][:rwm]");
	if (rest && !is_access(rest))
		return err_bad(e, text, "what may be done with it is of r, w and m, not \"%s\"", rest);
	if (rest)
		snprintf(d->access, sizeof d->access, "%s", rest);
	return mnt_dst_parse(text, named ? inside : d->host, d->inside, e);
}

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static int add_text(struct strs *l, const char *text)
{
	return text ? strs_add(l, text) : -ENOMEM;
}

/* One device, and its rule. */
static int add_device(const struct pivot_device *d, const struct stat *st, struct strs *devices, struct strs *rules, struct opt_keep *keep)
{
	int rc = devices ? add_text(devices, opt_keep_text(keep, "%s:%s:%s", d->host, d->inside, d->access)) : 0;

	if (rc < 0 || !rules)
		return rc;
	return add_text(rules, opt_keep_text(keep, "%c %u:%u %s", S_ISBLK(st->st_mode) ? 'b' : 'c', major(st->st_rdev), minor(st->st_rdev), d->access));
}

/* All devices in a directory and below it, as docker has it; links in there are left out. */
static int add_directory(const struct pivot_device *d, int dir, int depth, struct strs *devices, struct strs *rules, struct opt_keep *keep)
{
	DIR *list = fdopendir(dir);
	struct dirent *ent;
	int rc = list ? 0 : -errno;

	if (!list)
		close(dir);
	while (rc == 0 && (ent = readdir(list))) {
		struct pivot_device *in;
		struct stat st;
		int sub;

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, "..") || strchr(ent->d_name, ':') || fstatat(dirfd(list), ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (!is_device(st.st_mode) && (!S_ISDIR(st.st_mode) || depth == DEPTH_MAX)))
			continue;
		in = malloc(sizeof *in);
		if (!in)
			rc = -ENOMEM;
		else if ((size_t)snprintf(in->host, sizeof in->host, "%s/%s", d->host, ent->d_name) >= sizeof in->host ||
			 (size_t)snprintf(in->inside, sizeof in->inside, "%s/%s", d->inside, ent->d_name) >= sizeof in->inside)
			rc = -ENAMETOOLONG;
		else {
			memcpy(in->access, d->access, sizeof in->access);
			sub = is_device(st.st_mode) ? -1 : openat(dirfd(list), ent->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (is_device(st.st_mode))
				rc = add_device(in, &st, devices, rules, keep);
			else if (sub >= 0)
				rc = add_directory(in, sub, depth + 1, devices, rules, keep);
		}
		free(in);
	}
	if (list)
		closedir(list);
	return rc;
}

int pivot_device_list(const struct strs *given, struct strs *devices, struct strs *rules, struct opt_keep *keep, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < given->n && rc == 0; i++) {
		struct pivot_device d;
		auto_close int at = -1;
		struct stat st;

		rc = pivot_device_parse(given->v[i], &d, e);
		if (rc < 0)
			return rc;
		at = fd_open(AT_FDCWD, d.host, O_PATH, e);
		if (at < 0)
			return at;
		if (fstat(at, &st) < 0)
			return err_sys(e, d.host, NULL);
		if (!is_device(st.st_mode) && !S_ISDIR(st.st_mode))
			return err_bad(e, d.host, "is no device, nor a directory of devices");
		if (is_device(st.st_mode))
			rc = add_device(&d, &st, devices, rules, keep);
		else if ((rc = fd_open(AT_FDCWD, d.host, O_RDONLY | O_DIRECTORY, e)) < 0)
			return rc;
		else
			rc = add_directory(&d, rc, 0, devices, rules, keep);
		if (rc < 0)
			err_set(e, -rc, d.host, "list the devices");
	}
	return rc;
}

/* The nodes as detached copies, which is what a user namespace can have of them; or only their places. */
static int add_items(const struct pivot_args *a, bool copies, struct pivot_items *l, struct err *e)
{
	struct strs all = { 0 };
	struct opt_keep keep = { 0 };
	int rc = pivot_device_list(&a->mounts.devices, &all, NULL, &keep, e);

	for (size_t i = 0; i < all.n && rc == 0; i++) {
		struct pivot_device d;
		int mnt = -1;

		rc = pivot_device_parse(all.v[i], &d, e);
		if (rc == 0 && copies && (mnt = sys_open_tree(AT_FDCWD, d.host, OPEN_TREE_CLONE)) < 0)
			rc = err_sys(e, d.host, "copy the device's mount");
		if (rc == 0)
			rc = pivot_item_add(l, mnt, d.inside, false, MNT_LINKS_FOLLOWED, e);
	}
	strs_release(&all);
	opt_keep_release(&keep);
	return rc;
}

int pivot_devices_open(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	return a->mounts.devices.n ? add_items(a, true, l, e) : 0;
}

int pivot_devices_places(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	return a->mounts.devices.n ? add_items(a, false, l, e) : 0;
}

/*
 * A node of the container's own in its fresh /dev: what it does to owner and mode
 * does not reach the host's. 1 where that cannot be: not there, or not allowed.
 */
static int make_node(const struct pivot_item *it, int root, struct err *e)
{
	const char *name = strrchr(it->where, '/') + 1;
	char parent[4096];
	auto_close int dir = -1;
	struct stat st, own;

	if (!str_after(it->where, "/dev/"))
		return 1;
	if (fstat(it->fd, &st) < 0)
		return err_sys(e, it->where, NULL);
	str_copyn(parent, sizeof parent, it->where, (size_t)(name - it->where - 1));
	dir = mnt_point(root, parent, true, MNT_LINKS_REFUSED, NULL, e);
	if (dir < 0)
		return dir;
	if (mknodat(dir, name, st.st_mode, st.st_rdev) < 0) {
		/* one of docker's own */
		if (errno == EEXIST && fstatat(dir, name, &own, AT_SYMLINK_NOFOLLOW) == 0 && own.st_rdev == st.st_rdev && (own.st_mode & S_IFMT) == (st.st_mode & S_IFMT))
			return 0;
		return errno == EPERM || errno == EEXIST ? 1 : err_sys(e, it->where, "make the device");
	}
	return fchownat(dir, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ? err_sys(e, it->where, "set the device's owner") : 0;
}

int pivot_devices_make(const struct pivot_args *a, const struct pivot_items *l, int root, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++) {
		const struct pivot_item *it = &l->v[i];
		auto_close int at = -1;

		rc = a->api ? make_node(it, root, e) : 1;
		if (rc <= 0)
			continue;
		at = mnt_point(root, it->where, false, MNT_LINKS_FOLLOWED, NULL, e);
		rc = at < 0 ? at : mnt_attach(it->fd, at, it->where, e);
	}
	return rc;
}
