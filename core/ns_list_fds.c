/* ns_list_fds: namespaces that only an open file or a socket keeps. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/sockios.h>

#include "core/fd.h"
#include "core/ns.h"
#include "core/ns_list_priv.h"
#include "core/str.h"
#include "core/sys.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* One process's descriptors. */
struct holder {
	struct ns_scan *s;
	pid_t pid;
	int pidfd; /* owned, -1 until a descriptor asks for it */
};

static bool wants_net(const struct ns_scan *s)
{
	return s->kinds & 1u << (ns_kind(CLONE_NEWNET) - ns_kinds);
}

/* A copy of the descriptor: opened by its path, it could be anything by then, a device or a file that nobody answers for. */
static int copy_fd(struct holder *h, int number)
{
	if (h->pidfd < 0)
		h->pidfd = sys_pidfd_open(h->pid);
	return h->pidfd < 0 ? -1 : sys_pidfd_getfd(h->pidfd, number);
}

/* The file is the namespace. */
static int add_open(struct holder *h, int number, uint64_t ino)
{
	char path[64];
	auto_close int fd = copy_fd(h, number);
	struct ns_entry *n;
	struct statfs fs;
	struct stat st;
	int kind;

	/* it may be another one's by now: no request meant for a namespace is to reach a device */
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != ino || fstatfs(fd, &fs) < 0 || fs.f_type != NSFS_MAGIC || (kind = ns_scan_kind(h->s, fd)) < 0)
		return 0;
	n = ns_scan_entry(h->s, ino, kind);
	if (!n)
		return -ENOMEM;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", h->pid, number);
	n->path = strdup(path);
	n->fd = take_fd(&fd);
	return 0;
}

/*
 * The socket's namespace, by a copy of it. One of known cookie needs no more:
 * most sockets are of the same few namespaces.
 */
static int add_socket(const struct holder *h, int sock)
{
	auto_close int fd = -1;
	uint64_t cookie = 0;
	socklen_t len = sizeof cookie;
	struct ns_map_slot *slot;
	struct ns_entry *n;
	struct stat st;
	int kind;

	/* Linux 5.14 */
	if (getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) == 0 && cookie) {
		slot = ns_map_at(&h->s->cookies, cookie);
		if (!slot)
			return -ENOMEM;
		if (slot->value == 0)
			return 0;
		slot->value = 0;
	}
	fd = ioctl(sock, SIOCGSKNS);
	if (fd < 0 || fstat(fd, &st) < 0 || ns_scan_knows(h->s, st.st_ino) || (kind = ns_scan_kind(h->s, fd)) < 0)
		return 0;
	n = ns_scan_entry(h->s, st.st_ino, kind);
	if (!n)
		return -ENOMEM;
	n->fd = take_fd(&fd);
	return 0;
}

/* Each socket once, however many processes have inherited it. */
static int look_at_socket(struct holder *h, int number, uint64_t ino)
{
	struct ns_map_slot *seen = ns_map_at(&h->s->sockets, ino);
	auto_close int sock = -1;

	if (!seen)
		return -ENOMEM;
	if (seen->value == 0)
		return 0;
	seen->value = 0;
	sock = copy_fd(h, number);
	return sock < 0 ? 0 : add_socket(h, sock);
}

static int look_at_fd(struct holder *h, int dir, const char *name, bool net)
{
	struct sys_stat st;
	long long number;

	if (str_num(name, 0, INT32_MAX, &number) < 0 || sys_stat_cached(dir, name, &st) < 0)
		return 0;
	if (st.dev == h->s->dev)
		return ns_scan_knows(h->s, st.ino) ? 0 : add_open(h, (int)number, st.ino);
	return net && S_ISSOCK(st.mode) ? look_at_socket(h, (int)number, st.ino) : 0;
}

int ns_scan_fds(struct ns_scan *s)
{
	bool net = wants_net(s);
	int rc = 0;

	for (size_t i = 0; i < s->l->n_tasks && rc == 0; i++) {
		struct holder h = { s, s->l->tasks[i].pid, -1 };
		struct dirent *d;
		char path[64];
		DIR *dir;

		snprintf(path, sizeof path, "/proc/%d/fd", h.pid);
		dir = opendir(path);
		while (dir && rc == 0 && (d = readdir(dir)))
			rc = look_at_fd(&h, dirfd(dir), d->d_name, net);
		if (dir)
			closedir(dir);
		fd_close(&h.pidfd);
	}
	return rc;
}
