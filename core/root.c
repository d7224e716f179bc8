#include "core/root_priv.h"

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

int root_open(const char *path, uint64_t attrs, bool below, struct err *e)
{
	auto_close int dir = fd_open_dir(AT_FDCWD, path, e);
	auto_close int tree = -1;

	if (dir < 0)
		return dir;
	tree = sys_open_tree(dir, "", OPEN_TREE_CLONE | (below ? AT_RECURSIVE : 0) | AT_EMPTY_PATH);
	if (tree < 0) {
		int rc = err_sys(e, path, "copy the mounts");

		if (rc == -EPERM)
			err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace: unshare --mount, with --map-root-user for an ordinary user");
		else if (rc == -ENOSYS)
			err_hint(e, "nestbox needs Linux 5.12 for its mounts");
		else if (rc == -EINVAL && !below)
			err_hint(e, "other mounts lie below it, and what they cover is not for a user namespace to see");
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
 * Nothing that is mounted on an initramfs may stay there once it is covered: a
 * covered procfs would still count as visible, and let a user namespace inside
 * mount an unmasked one.
 */
static void drop_mounts(int proc)
{
	static const char *const usual[] = { "/proc", "/sys", "/dev", "/run", "/tmp" };
	char *text = fd_slurp(proc, "self/mountinfo", 1 << 24);
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

/* Is "/" a file system in memory, as an initramfs is? */
static bool is_in_memory(int at)
{
	struct statfs fs;

	return fstatfs(at, &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

/*
 * The root has no parent that could take the new root in its place. Bound on
 * itself it has one, and ".." at the top leads to what is stacked there.
 */
static int give_parent(int proc, struct err *e)
{
	drop_mounts(proc);
	if (mount("/", "/", NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(e, "/", "bind on itself");
	return chdir("/..") < 0 || chroot(".") < 0 ? err_sys(e, "/", "change the root") : 0;
}

/* The new root covers the old one: ".." at the top leads back to where one is. */
static int cover(int root, int proc, struct err *e)
{
	drop_mounts(proc);
	if (fchdir(root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_sys(e, "/", "change the root");
	return 0;
}

/* `old` is "/". `proc` is a procfs, for what is in memory. */
static int pivot(int root, int old, int proc, const struct root_plan *plan, bool in_memory, struct err *e)
{
	if (sys_move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_sys(e, "/", "attach the new root");
	if (plan->method == ROOT_MOVE)
		return cover(root, proc, e);
	if (fchdir(root) < 0)
		return err_sys(e, "/", "change to the new root");
	if (sys_pivot_root(".", ".") < 0) {
		int code = errno;

		/* without /proc it does not show before that it has no parent */
		if (code == EINVAL && in_memory && plan->method == ROOT_AUTO)
			return cover(root, proc, e);
		err_set(e, code, "/", "pivot_root");
		root_hint(".", ".", code, e);
		return -code;
	}
	/* the old root lies on top of the new one now; private, or letting it go would let it go elsewhere too */
	if (fchdir(old) < 0 || mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "old root", "detach");
	return chdir("/") < 0 ? err_sys(e, "/", "change to the new root") : 0;
}

/* What leaves the old root, and what is kept of it. */
static int split_old(struct root_plan *plan, struct err *e)
{
	for (size_t i = 0; plan->moved && i < plan->moved->n; i++) {
		char *path = str_joined("/", plan->moved->v[i]);

		if (path)
			umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
		free(path);
	}
	if (plan->keep)
		plan->kept = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | AT_RECURSIVE);
	return plan->keep && plan->kept < 0 ? err_sys(e, "/", "copy the mounts") : 0;
}

int root_isolate(struct err *e)
{
	leave_chroot();
	/* a shared parent would show the new root to its peers, and pivot_root refuses it */
	if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE) < 0)
		return err_sys(e, "/", "make mounts private");
	return 0;
}

int root_pivot(int root, struct root_plan *plan, struct err *e)
{
	auto_close int old = -1, bound = -1, proc = -1;
	bool in_memory, orphan;
	int rc;

	rc = root_isolate(e);
	if (rc < 0)
		return rc;
	old = openat(AT_FDCWD, "/", (plan->free ? O_RDONLY : O_PATH) | O_DIRECTORY | O_CLOEXEC);
	if (old < 0)
		return err_sys(e, "/", "open");
	in_memory = is_in_memory(old);
	/* kept open: it may be among what leaves the old root */
	if (in_memory || plan->method == ROOT_MOVE)
		proc = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	orphan = in_memory && plan->method != ROOT_MOVE && root_has_no_parent(proc);
	rc = split_old(plan, e);
	if (rc == 0 && orphan && (rc = give_parent(proc, e)) == 0)
		rc = bound = fd_open_dir(AT_FDCWD, "/", e);
	rc = rc < 0 ? rc : pivot(root, bound < 0 ? old : bound, proc, plan, in_memory, e);
	if (rc == 0 && plan->free)
		root_free(old);
	return rc;
}
