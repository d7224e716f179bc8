/* An initramfs that nobody needs any more: its files go, and its memory with them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/root_priv.h"

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

int root_free_check(int new, struct err *e)
{
	auto_close int old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat a, b;
	struct statfs fs;

	if (old < 0 || fstatfs(old, &fs) < 0 || fstat(old, &a) < 0 || fstat(new, &b) < 0)
		return err_sys(e, "/", "look at the roots");
	/* the memory of an initramfs is its files; anything else would be somebody's disk */
	if (fs.f_type != RAMFS_MAGIC && fs.f_type != TMPFS_MAGIC)
		return err_bad(e, "/", "is no initramfs: its files would be lost, and no memory be won");
	if (a.st_dev == b.st_dev)
		return err_bad(e, "/", "its files are the new root's");
	if (in_use_by_init(a.st_dev))
		return err_bad(e, "/", "its files are in use: pid 1 stands on them");
	return 0;
}

void root_free(int old)
{
	struct stat st;

	if (fstat(old, &st) < 0)
		return;
	/* in a child: the new init need not wait for it */
	if (fork() == 0) {
		empty_dir(old, st.st_dev);
		_exit(0);
	}
}
