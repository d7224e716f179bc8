#include "core/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/sys.h"

/* Documentation/admin-guide/devices.txt */
#define TTYAUX_MAJOR 5
#define PTMX_MINOR 2
#define PTS_MAJOR_FIRST 136
#define PTS_MAJOR_LAST 143

static bool is_device(int fd, unsigned first, unsigned last, int least)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && major(st.st_rdev) >= first && major(st.st_rdev) <= last &&
	       (least < 0 || minor(st.st_rdev) == (unsigned)least);
}

/* The directory may be a volume, and what is in it anybody's: CVE-2025-52565. */
static int open_ptmx(struct err *e)
{
	auto_close int dir = -1, fd = -1;
	struct statfs fs;
	int rc;

	rc = dir = sys_openat2(AT_FDCWD, "/dev/pts", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (rc < 0)
		rc = err_sys(e, "/dev/pts", NULL);
	else if (fstatfs(dir, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		rc = err_bad(e, "/dev/pts", "no devpts is mounted there");
	if (rc < 0) {
		err_hint(e, "pivot --api mounts one");
		return rc;
	}
	fd = openat(dir, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	/* the machine's is for nobody, and the node beside it for everybody: mount option ptmxmode */
	if (fd < 0 && errno == EACCES)
		fd = sys_openat2(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY, RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return err_sys(e, "/dev/pts/ptmx", NULL);
	/* something can be mounted over it */
	return is_device(fd, TTYAUX_MAJOR, TTYAUX_MAJOR, PTMX_MINOR) ? take_fd(&fd) : err_bad(e, "/dev/pts/ptmx", "is not the device of that name");
}

int tty_new(int *master, int *slave, struct err *e)
{
	auto_close int m = open_ptmx(e), s = -1;
	int locked = 0;

	if (m < 0)
		return m;
	if (ioctl(m, TIOCSPTLCK, &locked) < 0 || (s = ioctl(m, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
		return err_sys(e, "terminal", "make");
	if (!is_device(s, PTS_MAJOR_FIRST, PTS_MAJOR_LAST, -1))
		return err_bad(e, "terminal", "is not the device that was asked for");
	*master = take_fd(&m);
	*slave = take_fd(&s);
	return 0;
}

int tty_send(int sock, int master, struct err *e)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char c = 't';
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof control.buf };
	struct cmsghdr *m = CMSG_FIRSTHDR(&msg);
	ssize_t n;

	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(sizeof master);
	memcpy(CMSG_DATA(m), &master, sizeof master);
	n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n == 1 && (n = recv(sock, &c, 1, 0)) < 0 && errno == EINTR)
		n = 1;
	return n == 1 ? 0 : err_set(e, n < 0 ? errno : EPIPE, "terminal", "the process that carries what it shows is gone");
}

int tty_become(int slave, struct err *e)
{
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_sys(e, "terminal", "make it this session's");
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(slave, fd) < 0)
			return err_sys(e, "terminal", "make it the standard input, output and error");
	return 0;
}

int tty_bind_console(int slave, struct err *e)
{
	auto_close int dev = sys_openat2(AT_FDCWD, "/dev", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	auto_close int made = dev < 0 ? -1 : openat(dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	auto_close int at = -1, tree = -1;
	struct stat st;

	if (dev < 0)
		return err_sys(e, "/dev", NULL);
	at = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at < 0 || fstat(at, &st) < 0)
		return err_sys(e, "/dev/console", NULL);
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_bad(e, "/dev/console", "is %s", S_ISDIR(st.st_mode) ? "a directory" : "a symbolic link");
	tree = sys_open_tree(slave, "", AT_EMPTY_PATH | OPEN_TREE_CLONE);
	if (tree < 0 || sys_move_mount(tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "/dev/console", "mount the terminal there");
	return 0;
}
