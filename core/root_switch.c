/* The old commands: pivot_root(8) and switch_root(8). */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/root_priv.h"
#include "core/sys.h"

const char *const root_moved[] = { "dev", "proc", "sys", "run", NULL };

int root_pivot_plain(const char *new_root, const char *put_old, struct err *e)
{
	int code;

	if (sys_pivot_root(new_root, put_old) == 0)
		return 0;
	code = errno;
	err_set(e, code, new_root, "change root, putting the old one at %s", put_old);
	root_hint(new_root, put_old, code, e);
	return -code;
}

/* A mount of the old root goes along, unless the new root has one there already. */
static void move_one(const char *name, const char *new_root)
{
	char from[32], to[4096];
	struct stat a, b;

	snprintf(from, sizeof from, "/%s", name);
	snprintf(to, sizeof to, "%s/%s", new_root, name);
	if (stat(from, &a) < 0 || !sys_is_mount_root(AT_FDCWD, from))
		return;
	if (lstat(to, &b) < 0 || !S_ISDIR(b.st_mode) || sys_is_mount_root(AT_FDCWD, to) || mount(from, to, NULL, MS_MOVE, NULL) < 0)
		umount2(from, MNT_DETACH);
}

int root_switch(const char *new_root, struct err *e)
{
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
	if (!sys_is_mount_root(AT_FDCWD, new_root)) {
		err_set(e, EINVAL, new_root, "is no mount point");
		err_hint(e, "mount the new root there, or bind the directory on itself");
		return -EINVAL;
	}
	spare = root_free_check(new, &(struct err){ 0 }) < 0;
	for (size_t i = 0; root_moved[i]; i++)
		move_one(root_moved[i], new_root);
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
		root_free(old);
	return 0;
}
