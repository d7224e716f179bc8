#include "core/self.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/sys.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

bool self_is_exposed(int exe)
{
	struct stat st;

	/* without a name it is a copy of ours, or the file that an update has replaced */
	if (exe < 0 || fstat(exe, &st) < 0 || st.st_nlink == 0)
		return exe < 0;
	/* the kernel's own answer, with capabilities, maps and mounts taken into account */
	if (sys_access(exe, W_OK) == 0)
		return true;
	/* an owner who may not write can give himself the right: chmod(2) */
	return errno != EROFS && (errno != EACCES || st.st_uid == geteuid());
}

/* A mount's flags stay with whoever has a file of it open, or runs it: also /proc/PID/exe is read-only then. */
static int clone_read_only(int exe)
{
	auto_close int fd = sys_open_tree(exe, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);

	if (fd < 0 || sys_mount_setattr(fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0) < 0)
		return -errno;
	return take_fd(&fd);
}

/* MFD_EXEC: since 6.3 a system may be set to have no files in memory that can be executed, unless that is asked for. */
static int new_file(void)
{
	int fd = memfd_create("nestbox", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	return fd < 0 && errno == EINVAL ? memfd_create("nestbox", MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}

static int copy_to_memory(struct err *e)
{
	auto_close int from = fd_open(AT_FDCWD, "/proc/self/exe", O_RDONLY, e);
	auto_close int to = from < 0 ? -1 : new_file();
	ssize_t n;

	if (from < 0)
		return from;
	if (to < 0)
		return err_sys(e, "own binary", "make a file in memory");
	do
		n = sendfile(to, from, NULL, 1 << 30);
	while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 || fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "own binary", "copy into memory");
	return take_fd(&to);
}

int self_copy(int exe, struct err *e)
{
	int fd = clone_read_only(exe);

	if (fd < 0)
		fd = copy_to_memory(e);
	if (fd < 0)
		err_hint(e, "the container could write to nestbox; on a file system that is mounted read-only no copy is needed");
	return fd;
}
