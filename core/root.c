#include "core/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/str.h"
#include "core/sys.h"

int root_open(const char *path, uint64_t attrs, struct err *e)
{
	auto_close int dir = fd_open_dir(AT_FDCWD, path, e);
	auto_close int tree = -1;

	if (dir < 0)
		return dir;
	tree = sys_open_tree(dir, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
	if (tree < 0) {
		int rc = err_sys(e, path, "copy the mounts");

		if (rc == -EPERM)
			err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace: unshare --mount, with --map-root-user for an ordinary user");
		else if (rc == -ENOSYS)
			err_hint(e, "nestbox needs Linux 5.12 for its mounts");
		return rc;
	}
	/* private: mounts made below it must not come back to where the copy was taken from */
	if (sys_mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, attrs, 0, MS_PRIVATE) < 0)
		return err_sys(e, path, "make the mounts private");
	return take_fd(&tree);
}

/*
 * A chroot leaves the namespace's real root above us, and whoever may chroot
 * gets back to it. setns to our own mount namespace sets the root to the real
 * one: setns(2). Where procfs cannot be had this is as good as it gets.
 */
static void leave_chroot(void)
{
	auto_close int ns = openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	auto_close int fs = -1, proc = -1;

	if (ns < 0) {
		fs = sys_fsopen("proc");
		if (fs >= 0 && sys_fsconfig_create(fs) == 0)
			proc = sys_fsmount(fs, 0);
		if (proc >= 0)
			ns = openat(proc, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
	}
	if (ns >= 0)
		(void)setns(ns, CLONE_NEWNS);
}

/*
 * The root is an initramfs: it has no parent that could take the new root in
 * its place. The new root covers it instead, and "/" is stacked on "/": ".."
 * at the top leads back to where one is. What else is mounted on the initramfs
 * must go first: a covered procfs would still count as visible, and let a user
 * namespace inside mount an unmasked one.
 */
static int cover_initramfs(int root, struct err *e)
{
	if (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_sys(e, "/", "change the root");
	return 0;
}

static void drop_initramfs_mounts(void)
{
	static const char *const usual[] = { "/proc", "/sys", "/dev", "/run", "/tmp" };
	char *text = fd_slurp(AT_FDCWD, "/proc/self/mountinfo", 1 << 24);
	char *line, *rest = text;

	for (size_t i = 0; !text && i < sizeof usual / sizeof *usual; i++)
		umount2(usual[i], MNT_DETACH | UMOUNT_NOFOLLOW);
	while (rest && (line = strsep(&rest, "\n"))) {
		char *point = line;

		/* proc_pid_mountinfo(5): the mount point is the fifth word */
		for (int word = 1; point && word < 5; word++)
			if ((point = strchr(point, ' ')))
				point++;
		if (!point || !point[strcspn(point, " ")])
			continue;
		point[strcspn(point, " ")] = '\0';
		str_unescape(point);
		if (strcmp(point, "/"))
			umount2(point, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	free(text);
}

/* Is "/" the mount that the machine booted with, which pivot_root refuses? */
static bool is_initramfs(void)
{
	auto_close int at = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	return at >= 0 && fstatfs(at, &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

int root_pivot(int root, struct err *e)
{
	auto_close int old = -1;
	bool initramfs;

	leave_chroot();
	old = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return err_sys(e, "/", "open");
	/* a shared parent would show the new root to its peers, and pivot_root refuses it */
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE) < 0)
		return err_sys(e, "/", "make mounts private");
	if (sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "/", "attach the new root");
	initramfs = is_initramfs();
	if (fchdir(root) < 0)
		return err_sys(e, "/", "change to the new root");
	if (sys_pivot_root(".", ".") < 0) {
		if (errno != EINVAL || !initramfs)
			return err_sys(e, "/", "pivot_root");
		drop_initramfs_mounts();
		return cover_initramfs(root, e);
	}
	/* the old root lies on top of the new one now; private, or letting it go would let it go elsewhere too */
	if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "old root", "detach");
	return chdir("/") < 0 ? err_sys(e, "/", "change to the new root") : 0;
}
