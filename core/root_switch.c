/* The old commands: pivot_root(8) and switch_root(8). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/root.h"
#include "core/sys.h"

static bool is_mount_root(const char *path)
{
	return sys_is_mount_root(AT_FDCWD, path);
}

/* pivot_root(2) has one errno for many causes: find the one that can be seen. */
static void explain(const char *new_root, int code, struct err *e)
{
	if (code == EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace");
	else if (code == EBUSY)
		err_hint(e, "%s or the place for the old root lies on the current root's own mount: bind it on itself first, or use nestbox pivot", new_root);
	else if (code == EINVAL && !is_mount_root(new_root))
		err_hint(e, "%s is no mount point: bind it on itself first, or use nestbox pivot", new_root);
	else if (code == EINVAL && !is_mount_root("/"))
		err_hint(e, "the current root is no mount point (a chroot): nestbox pivot can do it");
	else if (code == EINVAL)
		err_hint(e, "the current root is an initramfs, or a mount is shared, or the old root's place is not below the new root: nestbox pivot copes with all of these");
}

int root_pivot_plain(const char *new_root, const char *put_old, struct err *e)
{
	int code;

	if (sys_pivot_root(new_root, put_old) == 0)
		return 0;
	code = errno;
	err_set(e, code, new_root, "change root, putting the old one at %s", put_old);
	explain(new_root, code, e);
	return -code;
}

/* A mount of the old root goes along, unless the new root has one there already. */
static void move_one(const char *name, const char *new_root)
{
	char from[32], to[4096];
	struct stat a, b;

	snprintf(from, sizeof from, "/%s", name);
	snprintf(to, sizeof to, "%s/%s", new_root, name);
	if (stat(from, &a) < 0 || !is_mount_root(from))
		return;
	if (lstat(to, &b) < 0 || !S_ISDIR(b.st_mode) || is_mount_root(to) || mount(from, to, NULL, MS_MOVE, NULL) < 0)
		umount2(from, MNT_DETACH);
}

/* Empty the directory `fd` (owned), staying on the file system `dev`. */
static void empty_dir(int fd, dev_t dev)
{
	DIR *d = fdopendir(fd);
	struct dirent *ent;

	if (!d) {
		close(fd);
		return;
	}
	while ((ent = readdir(d))) {
		struct stat st;
		int sub;

		if (!strcmp(ent->d_name, ".") || !strcmp(ent->d_name, ".."))
			continue;
		if (fstatat(dirfd(d), ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != dev)
			continue;
		if (S_ISDIR(st.st_mode)) {
			sub = openat(dirfd(d), ent->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (sub >= 0)
				empty_dir(sub, dev);
		}
		unlinkat(dirfd(d), ent->d_name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0);
	}
	closedir(d);
}

/* Does pid 1, or whatever else the machine runs on, still live on the file system `dev`? */
static bool in_use_by_init(dev_t dev)
{
	char *text, want[32];
	bool found;

	if (getpid() == 1)
		return false;
	/* anybody may read that one, when /proc/1/root says EACCES; the third word is the device */
	text = fd_slurp(AT_FDCWD, "/proc/1/mountinfo", 1 << 24);
	snprintf(want, sizeof want, " %u:%u ", major(dev), minor(dev));
	found = !text || strstr(text, want);
	free(text);
	return found;
}

/* The memory of an initramfs is its files. Anything else would be somebody's disk. */
static void free_old_root(int old)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(old, &fs) < 0 || (fs.f_type != RAMFS_MAGIC && fs.f_type != TMPFS_MAGIC) || fstat(old, &st) < 0)
		return;
	/* in a child: the new init need not wait for it */
	if (fork() == 0) {
		empty_dir(old, st.st_dev);
		_exit(0);
	}
}

int root_switch(const char *new_root, struct err *e)
{
	static const char *const moved[] = { "dev", "proc", "sys", "run" };
	auto_close int old = openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int new = fd_open_dir(AT_FDCWD, new_root, e);
	struct stat a, b;
	bool spare;
	int rc;

	if (new < 0)
		return new;
	if (old < 0 || fstat(old, &a) < 0 || fstat(new, &b) < 0)
		return err_sys(e, "/", "look at the roots");
	if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return err_bad(e, new_root, "is the current root");
	if (!is_mount_root(new_root)) {
		err_set(e, EINVAL, new_root, "is no mount point");
		err_hint(e, "mount the new root there, or bind the directory on itself");
		return -EINVAL;
	}
	/* a directory of the initramfs bound on itself: its files are the new root's; and what pid 1 stands on is its own */
	spare = a.st_dev == b.st_dev || in_use_by_init(a.st_dev);
	for (size_t i = 0; i < sizeof moved / sizeof *moved; i++)
		move_one(moved[i], new_root);
	if (fchdir(new) < 0)
		return err_sys(e, new_root, "change directory");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0) {
		rc = err_sys(e, new_root, "move to /");
		if (rc == -EPERM)
			err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace");
		else if (rc == -EINVAL)
			err_hint(e, "a mount that it lies on is shared: mount --make-rprivate / first");
		return rc;
	}
	if (chroot(".") < 0 || chdir("/") < 0)
		return err_sys(e, "/", "change the root");
	if (!spare)
		free_old_root(old);
	return 0;
}
