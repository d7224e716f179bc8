#include "core/mnt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/sys.h"

int mnt_lookup(int root, const char *path, int flags)
{
	int fd = sys_openat2(root, path, (uint64_t)(flags | O_PATH), RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	return fd >= 0 ? fd : -errno;
}

/* The mount calls are as old as the kernel that is needed: say which. */
static int mount_failed(const char *object, const char *what, struct err *e)
{
	int rc = err_sys(e, object, "%s", what);

	if (rc == -ENOSYS)
		err_hint(e, "nestbox needs Linux 5.12 for its mounts");
	else if (rc == -ENODEV)
		err_hint(e, "this kernel has no such file system; see /proc/filesystems");
	return rc;
}

int mnt_clone(int dir, const char *path, uint64_t attrs, uint64_t propagation, struct err *e)
{
	unsigned flags = OPEN_TREE_CLONE | AT_RECURSIVE | (*path ? 0 : AT_EMPTY_PATH);
	auto_close int fd = sys_open_tree(dir, path, flags);

	if (fd < 0)
		return mount_failed(*path ? path : "mount", "copy the mounts", e);
	if ((attrs || propagation) &&
	    sys_mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, attrs, 0, propagation) < 0)
		return mount_failed(path, "set mount attributes", e);
	return take_fd(&fd);
}

/* One "key=value" or "flag"; a value may hold anything but a comma. */
static int configure(int fs, char *option)
{
	char *value = strchr(option, '=');
	int rc;

	if (!value)
		return sys_fsconfig_flag(fs, option);
	*value = '\0';
	rc = sys_fsconfig_string(fs, option, value + 1);
	*value = '=';
	return rc;
}

int mnt_new(const char *type, const char *options, unsigned attrs, struct err *e)
{
	auto_close int fs = sys_fsopen(type);
	const char *rest = options && *options ? options : NULL;
	char option[256];
	int len, mnt;

	if (fs < 0)
		return mount_failed(type, "new mount", e);
	/* what mountinfo shows as the source; mount(8) would put "none" or the type there */
	if (sys_fsconfig_string(fs, "source", type) < 0)
		return mount_failed(type, "new mount", e);
	while ((len = str_next(&rest, ',', option, sizeof option)) != -ENOENT) {
		if (len < 0)
			return err_set(e, -len, type, "mount option");
		if (len > 0 && configure(fs, option) < 0)
			return err_sys(e, option, "option of %s", type);
	}
	if (sys_fsconfig_create(fs) < 0)
		return mount_failed(type, "new mount", e);
	mnt = sys_fsmount(fs, attrs);
	return mnt >= 0 ? mnt : mount_failed(type, "new mount", e);
}

int mnt_attach(int mnt, int to, const char *where, struct err *e)
{
	if (sys_move_mount(mnt, "", to, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return mount_failed(where, "mount", e);
	return 0;
}

int mnt_attach_at(int mnt, int root, const char *path, struct err *e)
{
	const char *below = path + strspn(path, "/");

	return sys_move_mount(mnt, "", root, below, MOVE_MOUNT_F_EMPTY_PATH) < 0 ? mount_failed(path, "mount", e) : 0;
}

int mnt_read_only(int root, const char *path, struct err *e)
{
	auto_close int at = mnt_lookup(root, path, 0);
	auto_close int copy = -1;

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	if (at < 0)
		return err_set(e, -at, path, "make read-only");
	copy = mnt_clone(at, "", MOUNT_ATTR_RDONLY, 0, e);
	return copy < 0 ? copy : mnt_attach(copy, at, path, e);
}

int mnt_normalise(const char *path, char *buf)
{
	const char *rest = path;
	char part[256];
	size_t n = 0;
	int len;

	if (*path != '/')
		return -EINVAL;
	while ((len = str_next(&rest, '/', part, sizeof part)) != -ENOENT) {
		if (len < 0)
			return len;
		if (len == 0 || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..")) {
			while (n && buf[--n] != '/')
				;
			continue;
		}
		if (n + (size_t)len + 2 > 4096)
			return -ENAMETOOLONG;
		buf[n++] = '/';
		memcpy(buf + n, part, (size_t)len);
		n += (size_t)len;
	}
	if (!n)
		buf[n++] = '/';
	buf[n] = '\0';
	return 0;
}

int mnt_dst_parse(const char *text, const char *dst, char *buf, struct err *e)
{
	int rc = mnt_normalise(dst, buf);

	if (rc == -EINVAL)
		return err_bad(e, text, "the mount point \"%s\" is no absolute path", dst);
	if (rc < 0)
		return err_set(e, -rc, text, "mount point");
	if (!strcmp(buf, "/"))
		return err_bad(e, text, "the root itself cannot be a mount point");
	/* what was made to have it is noted in lines: struct mnt_made */
	if (strchr(buf, '\n'))
		return err_bad(e, text, "no line break can be in the path of a mount point");
	return 0;
}

int mnt_propagation_parse(const char *word, uint64_t *propagation)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} modes[] = {
		{ "private", MS_PRIVATE }, { "rprivate", MS_PRIVATE }, { "slave", MS_SLAVE },
		{ "rslave", MS_SLAVE },    { "shared", MS_SHARED },    { "rshared", MS_SHARED },
	};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (!strcmp(word, modes[i].name)) {
			*propagation = modes[i].flag;
			return 0;
		}
	return -EINVAL;
}

/* z and Z are for SELinux; the last four are docker's for named volumes and for other machines than Linux's. */
static int volume_option(const char *text, const char *option, struct mnt_volume *v, struct err *e)
{
	static const char *const nothing[] = { "z", "Z", "nocopy", "consistent", "cached", "delegated" };

	if (!strcmp(option, "ro") || !strcmp(option, "rw")) {
		v->read_only = option[1] == 'o';
		return 0;
	}
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		if (!strcmp(option, nothing[i]))
			return 0;
	return mnt_propagation_parse(option, &v->propagation) < 0 ? err_bad(e, text, "unknown volume option \"%s\"", option) : 0;
}

int mnt_volume_parse(const char *text, struct mnt_volume *v, struct err *e)
{
	const char *rest = text;
	char dst[4096], option[64];
	int len, rc;

	*v = (struct mnt_volume){ .propagation = MS_PRIVATE };
	if (str_next(&rest, ':', v->src, sizeof v->src) <= 0 || str_next(&rest, ':', dst, sizeof dst) <= 0)
		return err_bad(e, text, "a volume is SRC:DST[:OPTIONS]");
	if (!strchr(v->src, '/') && strcmp(v->src, ".") && strcmp(v->src, ".."))
		return err_bad(e, text, "named volumes do not exist here: give a path such as ./%s", v->src);
	rc = mnt_dst_parse(text, dst, v->dst, e);
	if (rc < 0)
		return rc;
	if (rest && strchr(rest, ':'))
		return err_bad(e, text, "a volume is SRC:DST[:OPTIONS]");
	while ((len = str_next(&rest, ',', option, sizeof option)) != -ENOENT) {
		if (len < 0)
			return err_bad(e, text, "unknown volume option");
		rc = volume_option(text, option, v, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool tmpfs_attr(const char *option, unsigned *attrs)
{
	static const struct {
		const char *name;
		unsigned set, clear;
	} known[] = {
		{ "ro", MOUNT_ATTR_RDONLY, 0 },   { "rw", 0, MOUNT_ATTR_RDONLY },   { "nosuid", MOUNT_ATTR_NOSUID, 0 },
		{ "suid", 0, MOUNT_ATTR_NOSUID }, { "nodev", MOUNT_ATTR_NODEV, 0 }, { "dev", 0, MOUNT_ATTR_NODEV },
		{ "noexec", MOUNT_ATTR_NOEXEC, 0 }, { "exec", 0, MOUNT_ATTR_NOEXEC },
		{ "noatime", MOUNT_ATTR_NOATIME, 0 }, { "relatime", 0, 0 },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(option, known[i].name))
			continue;
		*attrs = (*attrs | known[i].set) & ~known[i].clear;
		return true;
	}
	return false;
}

static int tmpfs_option(const char *text, const char *option, struct mnt_tmpfs *t, struct err *e)
{
	static const char *const own[] = { "size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "huge=" };
	size_t used = strlen(t->options);

	if (tmpfs_attr(option, &t->attrs))
		return 0;
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		if (!str_after(option, own[i]))
			continue;
		if ((size_t)snprintf(t->options + used, sizeof t->options - used, ",%s", option) >= sizeof t->options - used)
			return err_set(e, ENAMETOOLONG, text, NULL);
		return 0;
	}
	return err_bad(e, text, "unknown tmpfs option \"%s\"", option);
}

int mnt_tmpfs_parse(const char *text, struct mnt_tmpfs *t, struct err *e)
{
	const char *rest = text;
	char dst[4096], option[128];
	int len, rc;

	/* docker's defaults; a later mode= wins, as each is set in turn */
	*t = (struct mnt_tmpfs){ .options = "mode=1777", .attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
	if (str_next(&rest, ':', dst, sizeof dst) <= 0)
		return err_bad(e, text, "a tmpfs is DST[:OPTIONS]");
	rc = mnt_dst_parse(text, dst, t->dst, e);
	while (rc == 0 && (len = str_next(&rest, ',', option, sizeof option)) != -ENOENT) {
		if (len < 0)
			return err_bad(e, text, "unknown tmpfs option");
		rc = tmpfs_option(text, option, t, e);
	}
	return rc;
}
