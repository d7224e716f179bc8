#include "core/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>

#include "core/fd.h"
#include "core/netns_priv.h"
#include "core/str.h"
#include "core/sys.h"

/* PIDFD_GET_NET_NAMESPACE, 6.11: linux/pidfd.h does not have it yet */
#define PIDFD_GET_NET _IO(0xff, 4)

int netns_name_check(const char *name, struct err *e)
{
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") || strlen(name) > NAME_MAX)
		return err_bad(e, name, "is no name for a network namespace: that is 1 to %d bytes without \"/\", not \".\" or \"..\"", NAME_MAX);
	return 0;
}

static bool is_net(int fd)
{
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

int netns_open_file(const char *path)
{
	struct statfs fs;
	struct stat st;
	int rc = statfs(path, &fs) < 0 ? -errno : fs.f_type == NSFS_MAGIC ? 0 : -ESTALE;
	/* what is no namespace is not opened: it could be a device, for which that means something */
	auto_close int fd = rc < 0 ? rc : openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (rc == 0 && fd < 0)
		return -errno;
	if (fd >= 0)
		return is_net(fd) ? take_fd(&fd) : -ESTALE;
	/* a link whose end is not there is what is left of a name, too */
	return rc == -ENOENT && lstat(path, &st) == 0 ? -ESTALE : rc;
}

static int no_name(const char *path, int rc, struct err *e)
{
	err_set(e, -rc, path, rc == -ESTALE ? "no network namespace is mounted on this file" : "open the network namespace");
	if (rc == -ESTALE)
		err_hint(e, "nestbox netns del removes it");
	else if (rc == -ENOENT)
		err_hint(e, "nestbox netns list tells the names that there are");
	return rc;
}

bool netns_name_taken(const char *name)
{
	char path[NETNS_PATH];
	struct stat st;
	struct err unused;

	return netns_name_check(name, &unused) == 0 && lstat(netns_path(name, path), &st) == 0;
}

int netns_open(const char *name, struct err *e)
{
	char path[NETNS_PATH];
	int rc = netns_name_check(name, e), fd;

	if (rc < 0)
		return rc;
	fd = netns_open_patiently(netns_path(name, path));
	return fd < 0 ? no_name(path, fd, e) : fd;
}

int netns_open_pid(pid_t pid, struct err *e)
{
	auto_close int pidfd = sys_pidfd_open(pid), fd = -1;
	char path[32];
	int rc;

	snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
	if (pidfd < 0)
		return err_sys(e, path, "open the network namespace");
	/* without /proc, and whichever pid namespace's that is */
	fd = ioctl(pidfd, PIDFD_GET_NET);
	if (fd < 0)
		fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return take_fd(&fd);
	rc = err_sys(e, path, "open the network namespace");
	if (rc == -EACCES)
		err_hint(e, "a process may be looked at by whom it belongs to, and with CAP_SYS_PTRACE");
	else if (rc == -ENOENT)
		err_hint(e, "the process has ended, or /proc is not mounted, or another pid namespace's");
	return rc;
}

int netns_open_own(struct err *e)
{
	auto_close int fd = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC), sock = -1;

	if (fd >= 0 && is_net(fd))
		return take_fd(&fd);
	fd_close(&fd);
	/* without a /proc: a socket knows where it was made; Linux 4.10, CAP_NET_ADMIN */
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return err_sys(e, "socket", NULL);
	fd = ioctl(sock, SIOCGSKNS);
	if (fd < 0)
		return err_sys(e, "network namespace", "open our own");
	/* the ioctl has no flag for it */
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return take_fd(&fd);
}

static int open_path(const char *path, struct err *e)
{
	int fd = netns_open_file(path);

	if (fd == -ESTALE)
		return err_bad(e, path, "is no network namespace");
	return fd < 0 ? err_set(e, -fd, path, "open the network namespace") : fd;
}

int netns_open_target(const char *ns, struct err *e)
{
	long long pid;

	if (strchr(ns, '/'))
		return open_path(ns, e);
	if (netns_name_taken(ns))
		return netns_open(ns, e);
	if (str_num(ns, 1, INT_MAX, &pid) == 0)
		return netns_open_pid((pid_t)pid, e);
	if (!strcmp(ns, "self"))
		return netns_open_own(e);
	return !strcmp(ns, "host") ? netns_open_pid(1, e) : netns_open(ns, e);
}
