/* pivot: what the new root is made of. */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "applets/maps.h"
#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/proc.h"
#include "core/root.h"
#include "core/sys.h"

int pivot_base_check(const struct pivot_mounts *m, struct err *e)
{
	if (m->overlay && m->ephemeral)
		return err_bad(e, "--ephemeral", "and --overlay exclude each other: what is changed is either kept or not");
	if (m->overlay && !*m->overlay)
		return err_bad(e, "--overlay", "wants a directory");
	return 0;
}

/* A device file in it is whoever's who made the image: none of them opens. */
static int open_image(const char *path, struct err *e)
{
	/* a FIFO would have us wait for its writer */
	auto_close int file = fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, e);
	struct stat st;
	int rc;

	if (file < 0)
		return file;
	if (fstat(file, &st) < 0)
		return err_sys(e, path, NULL);
	if (!S_ISREG(st.st_mode))
		return err_bad(e, path, "is neither a directory nor an image file");
	rc = mnt_image(file, path, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV, e);
	if (rc == -EPERM || rc == -EACCES)
		err_hint(e, "images are for root outside of user namespaces only: an ordinary user has to unpack it into a directory");
	return rc;
}

/*
 * All that is mounted in it is made read-only with the root, and the root itself
 * at the end: until then mount points are made in it.
 */
static int protect_below(int root, const char *path, struct err *e)
{
	struct statvfs fs;

	if (fstatvfs(root, &fs) < 0 || sys_mount_setattr(root, "", AT_EMPTY_PATH | AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0) < 0)
		return err_sys(e, path, "make read-only");
	if (!(fs.f_flag & ST_RDONLY) && sys_mount_setattr(root, "", AT_EMPTY_PATH, 0, MOUNT_ATTR_RDONLY, 0) < 0)
		return err_sys(e, path, "make read-only");
	return 0;
}

int pivot_base_open(const struct pivot_args *a, int userns, struct err *e)
{
	bool below = !pivot_base_is_kept(&a->mounts);
	auto_close int root = root_open(a->new_root, a->nodev ? MOUNT_ATTR_NODEV : 0, below, e);
	int rc;

	if (root == -ENOTDIR) {
		err_clear(e);
		root = open_image(a->new_root, e);
	} else if (root >= 0 && a->mounts.read_only && below && (rc = protect_below(root, a->new_root, e)) < 0)
		return rc;
	if (root >= 0 && userns >= 0 && (rc = mnt_idmap(root, a->new_root, below, 0, userns, e)) < 0)
		return rc;
	return take_fd(&root);
}

/* What a container leaves there are programs of any owner, setuid ones too: for nobody else to reach, or to put there. */
static int check_upper(int dir, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return err_sys(e, path, NULL);
	if (st.st_uid != geteuid() || st.st_mode & 022) {
		err_bad(e, path, "the directory of --overlay must be yours, and others must not write to it");
		err_hint(e, "a missing one is made, with mode 0700");
		return -EINVAL;
	}
	return 0;
}

/* Until this process has ended. Who can leave nobody behind, as pid 1, has it until the command runs. */
static int hold(int dir, const struct step_ctx *ctx, struct err *e)
{
	int rc = ctx->run ? 0 : proc_watch(&dir, 1, e);

	if (rc == 1)
		_exit(0);
	if (rc == -EINVAL)
		err_clear(e);
	return rc == -EINVAL ? 0 : rc;
}

/* What comes of two overlays with one upper directory the kernel leaves undefined: overlayfs.rst */
int pivot_upper_lock(const struct pivot_args *a, struct step_ctx *ctx, struct err *e)
{
	const char *path = a->mounts.overlay;
	auto_close int dir = -1;
	int rc;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, path, "make");
	dir = fd_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, e);
	rc = dir < 0 ? dir : check_upper(dir, path, e);
	/* by an earlier step of this line */
	if (rc < 0 || (ctx->kept >= 0 && fd_same(ctx->kept, dir)))
		return rc;
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? err_set(e, EBUSY, path, "another container keeps its changes there") : err_sys(e, path, "lock");
	rc = hold(dir, ctx, e);
	fd_close(&ctx->kept);
	ctx->kept = take_fd(&dir);
	return rc;
}

int pivot_upper_open(const struct pivot_args *a, const struct step_ctx *ctx, int userns, struct err *e)
{
	const char *path = a->mounts.overlay;
	/* by its path: there may be a mount with other owners by now */
	auto_close int dir = fd_open_dir(AT_FDCWD, path, e);
	auto_close int upper = -1;
	int rc;

	if (dir < 0)
		return dir;
	if (!fd_same(dir, ctx->kept))
		return err_bad(e, path, "has been exchanged");
	upper = sys_open_tree(dir, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (upper < 0)
		return err_sys(e, path, "copy the mount");
	if (userns >= 0 && (rc = mnt_idmap(upper, path, false, 0, userns, e)) < 0)
		return rc;
	return take_fd(&upper);
}

/* What the root's mount forbids, the overlay does not allow. */
static unsigned kept_attrs(int root)
{
	struct statvfs fs;

	if (fstatvfs(root, &fs) < 0)
		return MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
	return (fs.f_flag & ST_NODEV ? MOUNT_ATTR_NODEV : 0) | (fs.f_flag & ST_NOSUID ? MOUNT_ATTR_NOSUID : 0) | (fs.f_flag & ST_NOEXEC ? MOUNT_ATTR_NOEXEC : 0);
}

int pivot_base_overlay(const struct pivot_args *a, int *root, int upper, struct err *e)
{
	int rc;

	if (!pivot_base_is_kept(&a->mounts))
		return 0;
	rc = root_isolate(e);
	if (rc == 0)
		rc = mnt_overlay(*root, upper, kept_attrs(*root), !maps_in_first_userns(), e);
	if (rc < 0)
		return rc;
	fd_close(root);
	*root = rc;
	return 0;
}
