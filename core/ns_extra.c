/* What a time namespace's clocks say, and binary formats that belong to a user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/fd.h"
#include "core/ns.h"
#include "core/sys.h"

int ns_clocks(const long long *boottime, const long long *monotonic, struct err *e)
{
	char text[96] = "";
	int rc, n = 0;

	if (!boottime && !monotonic)
		return 0;
	if (boottime)
		n = snprintf(text, sizeof text, "boottime %lld 0\n", *boottime);
	if (monotonic)
		snprintf(text + n, sizeof text - (size_t)n, "monotonic %lld 0\n", *monotonic);
	rc = fd_put(AT_FDCWD, "/proc/self/timens_offsets", text, e);
	if (rc == -ERANGE)
		err_hint(e, "no clock can be set to before the start of the system, nor 146 years ahead");
	return rc;
}

int ns_binfmt(const char *interp, struct err *e)
{
	auto_close int fs = sys_fsopen("binfmt_misc");
	auto_close int mnt = -1;
	int rc;

	if (fs < 0 || sys_fsconfig_create(fs) < 0 ||
	    (mnt = sys_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)) < 0) {
		rc = err_sys(e, "binfmt_misc", "mount");
		err_hint(e, rc == -ENODEV ? "is the module loaded? modprobe binfmt_misc" : "in a user namespace this takes Linux 6.7");
		return rc;
	}
	rc = interp ? fd_put(mnt, "register", interp, e) : 0;
	if (rc == -EINVAL)
		err_hint(e, "it wants :NAME:TYPE:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS");
	else if (rc == -EACCES)
		err_hint(e, "root of the user namespace must be mapped: --map-root-user");
	return rc < 0 ? rc : take_fd(&mnt);
}

int ns_binfmt_attach(int binfmt, const char *dir, struct err *e)
{
	/* as mount(2) does, links are followed */
	if (sys_move_mount(binfmt, "", AT_FDCWD, dir, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS | MOVE_MOUNT_T_AUTOMOUNTS) == 0)
		return 0;
	return err_sys(e, dir, "mount binfmt_misc");
}
