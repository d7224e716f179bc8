#include "core/ns_enter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>
#include <linux/sockios.h>

#include "core/fd.h"
#include "core/str.h"
#include "core/sys.h"

/* NS_GET_ID, 6.18: ioctl_nsfs(2) */
#define GET_ID _IOR(NSIO, 13, uint64_t)

/* ---- finding ---- */

static void link_of(char buf[64], const char *dir, const struct ns_kind *k)
{
	str_join(buf, 64, dir, "ns/", k->file);
}

unsigned ns_known(void)
{
	unsigned known = 0;

	for (const struct ns_kind *k = ns_kinds; k->flag; k++) {
		char path[64];

		link_of(path, "/proc/self/", k);
		known |= access(path, F_OK) == 0 ? k->flag : 0;
	}
	return known;
}

bool ns_is_own(int dir, const char *path, const struct ns_kind *k)
{
	struct stat a, b;
	char own[64];

	link_of(own, "/proc/self/", k);
	return fstatat(dir, path, &a, AT_EMPTY_PATH) == 0 && stat(own, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Before Linux 6.19 a handle wants the inode number too, but who has a process in it can be found. */
static int find_id(const struct ns_kind *k, uint64_t id)
{
	DIR *dir = opendir("/proc");
	int found = -ENOENT;

	for (struct dirent *d; dir && found == -ENOENT && (d = readdir(dir));) {
		char path[64];
		uint64_t its = 0;
		auto_close int fd = -1;

		snprintf(path, sizeof path, "%.20s/ns/%s", d->d_name, k->file);
		if (d->d_name[0] < '0' || d->d_name[0] > '9' || (fd = openat(dirfd(dir), path, O_RDONLY | O_CLOEXEC)) < 0)
			continue;
		if (ioctl(fd, GET_ID, &its) < 0)
			found = -errno;
		else if (its == id)
			found = take_fd(&fd);
	}
	if (dir)
		closedir(dir);
	return found;
}

int ns_open_id(const struct ns_kind *k, const char *id, struct err *e)
{
	long long n;
	int fd;

	if (str_num(id, 1, LLONG_MAX, &n) < 0)
		return err_bad(e, id, "is no number of a namespace");
	fd = sys_open_ns((uint64_t)n);
	if (fd < 0)
		fd = find_id(k, (uint64_t)n);
	if (fd >= 0)
		return fd;
	err_set(e, -fd, id, "no %s with this number is to be seen", k->name);
	if (fd == -ENOTTY)
		err_hint(e, "namespaces have numbers since Linux 6.18; a file such as /proc/PID/ns/%s does under every kernel", k->file);
	return fd;
}

int ns_open_socket(int pidfd, int fd, struct err *e)
{
	auto_close int sock = sys_pidfd_getfd(pidfd, fd);
	char text[16];
	int ns;

	snprintf(text, sizeof text, "%d", fd);
	if (sock < 0) {
		int rc = err_sys(e, text, "get the process's file descriptor");

		if (rc == -EPERM)
			err_hint(e, "only who may trace the process may: CAP_SYS_PTRACE, and see /proc/sys/kernel/yama/ptrace_scope");
		return rc;
	}
	ns = ioctl(sock, SIOCGSKNS);
	if (ns < 0) {
		int rc = err_sys(e, text, "find the socket's network namespace");

		err_hint(e, rc == -EPERM ? "this needs CAP_NET_ADMIN over it" : "is it a socket?");
		return rc;
	}
	fcntl(ns, F_SETFD, FD_CLOEXEC);
	return ns;
}

int ns_open_owner(int ns, struct err *e)
{
	int fd = ioctl(ns, NS_GET_USERNS), rc;

	if (fd < 0) {
		rc = err_sys(e, "parent user namespace", "find");
		if (rc == -EPERM)
			err_hint(e, "it is above ours, which has no parent that could be entered");
		return rc;
	}
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

/* ---- entering ---- */

const char ns_hint_look[] = "to look at a process of another user's, or one that may do more than we, takes CAP_SYS_PTRACE: ptrace(2)";

/* Why nobody here may: whose namespace is it? */
static void hint_refused(int fd, const struct ns_kind *k, struct err *e)
{
	auto_close int owner = ioctl(fd, NS_GET_USERNS);

	if (k->flag == CLONE_NEWUSER)
		err_hint(e, "this needs CAP_SYS_ADMIN in it, which the user has who made it, and whoever is privileged above it");
	else if (owner >= 0 && !ns_is_own(owner, "", ns_kinds))
		err_hint(e, "another user namespace owns it, and gives the right to it: enter that too (--user)");
	else if (owner >= 0)
		err_hint(e, "this needs CAP_SYS_ADMIN%s", k->flag == CLONE_NEWNS ? " and CAP_SYS_CHROOT" : "");
	else
		err_hint(e, "it belongs to a user namespace above ours, and this needs CAP_SYS_ADMIN there");
}

static int enter(int *fd, const struct ns_kind *k, unsigned *entered, struct err *e)
{
	int rc;

	if (setns(*fd, (int)k->flag) == 0) {
		*entered |= k->flag;
		fd_close(fd);
		return 0;
	}
	rc = err_sys(e, k->name, "enter");
	if (rc == -EPERM)
		hint_refused(*fd, k, e);
	else if (rc == -EINVAL && k->flag == CLONE_NEWPID)
		err_hint(e, "is it a pid namespace, and ours or one below it?");
	else if (rc == -EINVAL)
		err_hint(e, "is it a %s, and not the one that we are in?", k->name);
	return rc;
}

/* `refused` is what the kernel said to the pidfd, which is all that is known without a /proc. */
static int open_one(struct ns_goal *g, int i, int refused, struct err *e)
{
	const struct ns_kind *k = &ns_kinds[i];
	char path[64];

	if (g->proc < 0)
		return err_set(e, refused, k->name, "enter");
	link_of(path, "", k);
	g->fd[i] = openat(g->proc, path, O_RDONLY | O_CLOEXEC);
	if (g->fd[i] >= 0)
		return 0;
	err_sys(e, k->name, "open that of the process");
	if (e->code == EACCES || e->code == EPERM)
		err_hint(e, "%s", ns_hint_look);
	else if (e->code == ENOENT && !(ns_known() & k->flag))
		err_hint(e, "this kernel has none of its kind");
	else if (e->code == ENOENT || e->code == ESRCH)
		err_hint(e, "the process has ended");
	return -e->code;
}

/* One call for all that are the process's: none is entered when one is refused. Linux 5.8 */
static bool enter_at_once(struct ns_goal *g, unsigned mask, unsigned *entered)
{
	if (!mask || setns(g->pidfd, (int)mask) < 0)
		return false;
	*entered |= mask;
	g->of_process &= ~mask;
	return true;
}

/* Who is privileged here has no right to anything outside any more once he is inside the user namespace. */
static void enter_permitted(struct ns_goal *g, unsigned *entered)
{
	struct err ignored = { 0 };

	enter_at_once(g, g->of_process & ~(unsigned)CLONE_NEWUSER, entered);
	for (int i = NS_KINDS; i-- > 1;)
		if (g->fd[i] >= 0)
			enter(&g->fd[i], &ns_kinds[i], entered, &ignored);
}

/* What the process shares with us is no loss where we may not enter it again. */
static void leave_out_own(struct ns_goal *g)
{
	for (int i = 0; i < NS_KINDS; i++) {
		char path[64];

		link_of(path, "", &ns_kinds[i]);
		if (g->of_process & g->if_other & ns_kinds[i].flag && ns_is_own(g->proc, path, &ns_kinds[i]))
			g->of_process &= ~ns_kinds[i].flag;
	}
}

/* An old kernel takes no pidfd, and a newer one does not say which one it refuses: one by one. */
static int enter_rest(struct ns_goal *g, unsigned *entered, struct err *e)
{
	int rc = 0, refused = 0;

	if (g->fd[0] >= 0)
		rc = enter(&g->fd[0], &ns_kinds[0], entered, e);
	if (rc == 0 && !enter_at_once(g, g->of_process, entered))
		refused = errno;
	for (int i = 0; i < NS_KINDS && rc == 0; i++)
		if (g->of_process & ns_kinds[i].flag)
			rc = open_one(g, i, refused, e);
	for (int i = 0; i < NS_KINDS && rc == 0; i++)
		if (g->fd[i] >= 0)
			rc = enter(&g->fd[i], &ns_kinds[i], entered, e);
	return rc;
}

int ns_enter(struct ns_goal *g, unsigned *entered, struct err *e)
{
	enter_permitted(g, entered);
	leave_out_own(g);
	return enter_rest(g, entered, e);
}

void ns_goal_close(struct ns_goal *g)
{
	for (int i = 0; i < NS_KINDS; i++)
		fd_close(&g->fd[i]);
	fd_close(&g->proc);
	fd_close(&g->pidfd);
}
