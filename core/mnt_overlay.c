/* overlayfs: a root that can be written over one that is not. Documentation/filesystems/overlayfs.rst */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

/* One of the directories that the kernel is given, in `top`; what lies there already must be one. */
static int make_layer(int top, const char *name, mode_t mode, struct err *e)
{
	int fd;

	if (mkdirat(top, name, mode) < 0 && errno != EEXIST)
		return err_sys(e, name, "make the overlay's directory");
	fd = openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(e, name, "open the overlay's directory");
}

/* What is seen of the merged root is the upper one's owner and mode: at first those of the lower. */
static int make_layers(int lower, int top, struct err *e)
{
	auto_close int had = openat(top, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int upper = make_layer(top, "upper", 0700, e);
	auto_close int work = upper < 0 ? -1 : make_layer(top, "work", 0700, e);
	struct stat st;

	if (upper < 0 || work < 0)
		return upper < 0 ? upper : work;
	if (had >= 0)
		return 0;
	if (fstat(lower, &st) < 0)
		return err_sys(e, "/", NULL);
	/* EINVAL: an owner whom the user namespace does not know: it is its root's */
	if ((fchown(upper, st.st_uid, st.st_gid) < 0 && errno != EINVAL) || fchmod(upper, st.st_mode & 07777) < 0)
		return err_sys(e, "upper", "give it the root's owner and mode");
	return 0;
}

static int refused(int rc, struct err *e)
{
	if (rc == -EINVAL)
		err_hint(e, "the file system of the upper layer must know extended attributes, and be no overlay itself; the root must have no overlay over another below it");
	else if (rc == -EPERM)
		err_hint(e, "in a user namespace overlays can be mounted since Linux 5.11");
	return rc;
}

/*
 * All layers hang below the directory of one mount of ours, and the kernel is
 * told their names in there: no path of anybody's is in an option, whatever
 * characters it may have.
 */
static int mount_layers(int stage, unsigned attrs, bool in_userns, struct err *e)
{
	if (fchdir(stage) < 0)
		return err_sys(e, "overlay", "change directory");
	/* trusted.* attributes are for root outside of any user namespace */
	return refused(mnt_new("overlay", in_userns ? "lowerdir=lower,upperdir=top/upper,workdir=top/work,userxattr" :
							  "lowerdir=lower,upperdir=top/upper,workdir=top/work", attrs, e), e);
}

/* The layers must be mounted somewhere in our namespace while they are looked up; the overlay has its own copies. */
static int stack(int stage, int lower, int upper, unsigned attrs, bool in_userns, struct err *e)
{
	auto_close int top = -1;
	int rc;

	if ((rc = mnt_attach_at(lower, stage, "lower", e)) < 0 || (upper >= 0 && (rc = mnt_attach_at(upper, stage, "top", e)) < 0))
		return rc;
	top = fd_open_dir(stage, "top", e);
	rc = top < 0 ? top : make_layers(lower, top, e);
	return rc < 0 ? rc : mount_layers(stage, attrs, in_userns, e);
}

int mnt_overlay(int lower, int upper, unsigned attrs, bool in_userns, struct err *e)
{
	auto_close int stage = mnt_new("tmpfs", "mode=700", MOUNT_ATTR_NOSUID, e);
	auto_close int root = stage < 0 ? -1 : fd_open_dir(AT_FDCWD, "/", e);
	auto_close int mnt = -1;
	int rc;

	if (stage < 0 || root < 0)
		return stage < 0 ? stage : root;
	if (mkdirat(stage, "lower", 0700) < 0 || mkdirat(stage, "top", 0700) < 0)
		return err_sys(e, "overlay", "make the layers' places");
	if ((rc = mnt_attach(stage, root, "/", e)) < 0)
		return rc;
	mnt = rc = stack(stage, lower, upper, attrs, in_userns, e);
	if ((fchdir(stage) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) && rc >= 0)
		rc = err_sys(e, "overlay", "take the layers' places away");
	return rc < 0 ? rc : take_fd(&mnt);
}
