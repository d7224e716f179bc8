/* Idmapped mounts: mount_setattr(2), MOUNT_ATTR_IDMAP. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

/* File systems that can, but not always could; and what is to be said of those that never can. By statfs(2)'s f_type. */
static const struct {
	unsigned magic;
	const char *name, *since; /* NULL: never */
} kinds[] = {
	{ 0xef53, "ext4", "5.12" },       { 0x58465342, "xfs", "5.12" },      { 0x4d44, "vfat", "5.12" },
	{ 0x9123683e, "btrfs", "5.15" },  { 0xf2f52010, "f2fs", "5.18" },     { 0x7366746e, "ntfs3", "5.15" },
	{ 0xe0f5e1e2, "erofs", "5.19" },  { 0x73717368, "squashfs", "6.2" },  { 0x01021994, "tmpfs", "6.3, but for an initramfs and /dev" },
	{ 0x958458f6, "hugetlbfs", "6.9" }, { 0x65735546, "fuse", "6.12, where its server wants it" },
	{ 0x794c7630, "overlay", NULL },  { 0x9fa0, "proc", NULL },           { 0x62656572, "sysfs", NULL },
	{ 0x27e0eb, "cgroup", NULL },     { 0x63677270, "cgroup2", NULL },    { 0x858458f6, "ramfs", NULL },
	{ 0x1cd1, "devpts", NULL },       { 0x19800202, "mqueue", NULL },     { 0x6969, "nfs", NULL },
	{ 0x01021997, "9p", NULL },
};

/* Why the file system of this mount refuses. */
static void hint_kind(int mnt, const char *path, struct err *e)
{
	struct statfs fs;
	size_t i = 0;

	if (fstatfs(mnt, &fs) < 0)
		return;
	while (i < sizeof kinds / sizeof *kinds && kinds[i].magic != (unsigned)fs.f_type)
		i++;
	if (i == sizeof kinds / sizeof *kinds)
		err_hint(e, "%s: no mount of this kind of file system (0x%x) can be idmapped here", path, (unsigned)fs.f_type);
	else if (kinds[i].magic == 0x794c7630)
		err_hint(e, "%s: overlay cannot be idmapped: do it to its layers, and mount it over these", path);
	else if (kinds[i].since)
		err_hint(e, "%s: %s can be idmapped since Linux %s", path, kinds[i].name, kinds[i].since);
	else
		err_hint(e, "%s: %s cannot be idmapped", path, kinds[i].name);
}

static bool refuses(const char *path, int userns, int *mnt)
{
	*mnt = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
	return *mnt >= 0 && sys_mount_idmap(*mnt, AT_EMPTY_PATH, 0, userns) < 0;
}

/* Of the mounts at `path` and below, the first that refuses. */
static void hint_below(const char *path, int userns, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, "/proc/self/mountinfo", 1 << 24), *rest = text, *line, top[PATH_MAX];
	size_t len;

	if (!realpath(path, top))
		*top = '\0';
	len = strcmp(top, "/") ? strlen(top) : 0;
	while (*top && !e->hint[0] && rest && (line = strsep(&rest, "\n"))) {
		auto_close int mnt = -1;
		char *point = line;

		/* proc_pid_mountinfo(5): the mount point is the fifth word */
		for (int word = 1; point && word < 5; word++)
			point = strchr(point, ' ') ? strchr(point, ' ') + 1 : NULL;
		if (!point)
			continue;
		point[strcspn(point, " ")] = '\0';
		str_unescape(point);
		if (!strncmp(point, top, len) && point[len] == '/' && refuses(point, userns, &mnt))
			hint_kind(mnt, point, e);
	}
	free(text);
}

int mnt_idmap(int mnt, const char *path, bool recursive, uint64_t attrs, int userns, struct err *e)
{
	auto_close int one = -1;
	int rc;

	if (sys_mount_idmap(mnt, AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attrs, userns) == 0)
		return 0;
	rc = err_sys(e, path, "map its ids");
	if (rc == -EPERM)
		err_hint(e, "either it is idmapped already, or this needs CAP_SYS_ADMIN in the user namespace that its file system was mounted in");
	else if (rc == -EINVAL && refuses(path, userns, &one))
		hint_kind(one, path, e);
	else if (rc == -EINVAL && recursive)
		hint_below(path, userns, e);
	return rc;
}
