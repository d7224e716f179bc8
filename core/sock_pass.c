/* sock: handed over as systemd does it, sd_listen_fds(3). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/sock.h"
#include "core/str.h"

/* The first of them is SD_LISTEN_FDS_START. */
#define FIRST 3

static long long number(const char *name, long long max)
{
	const char *text = getenv(name);
	long long n;

	return text && str_num(text, 1, max, &n) == 0 ? n : 0;
}

void sock_passed_take(struct sock_passed *p)
{
	const char *names = getenv("LISTEN_FDNAMES");
	long long n = number("LISTEN_FDS", SOCK_PASSED_MAX);

	if (n == 0 || number("LISTEN_PID", 1LL << 30) != getpid() || (names && strlen(names) >= sizeof p->names))
		return;
	for (int fd = FIRST; fd < FIRST + n; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return;
	for (int fd = FIRST; fd < FIRST + n; fd++) {
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		p->fd[p->n++] = fd;
	}
	str_join(p->names, sizeof p->names, names ? names : "");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
}

static int add_name(struct sock_passed *p, const char *name)
{
	size_t len = strlen(p->names), room = sizeof p->names - len;

	return str_join(p->names + len, room, len ? ":" : "", name) < room ? 0 : -E2BIG;
}

/* Those without a name get the one that systemd has for such: sd_listen_fds_with_names(3). */
static int name_last(struct sock_passed *p, const char *name)
{
	int rc = 0;

	if (!name && !p->names[0])
		return 0;
	for (size_t i = p->names[0] ? p->n : 0; i < p->n && rc == 0; i++)
		rc = add_name(p, "unknown");
	return rc < 0 ? rc : add_name(p, name ? name : "unknown");
}

int sock_passed_add(struct sock_passed *p, int fd, const char *name, struct err *e)
{
	auto_close int owned = fd;

	if (p->n == SOCK_PASSED_MAX)
		return err_set(e, E2BIG, NULL, "more than %d sockets for a command", SOCK_PASSED_MAX);
	if (name_last(p, name) < 0)
		return err_set(e, E2BIG, name, "names of sockets");
	p->fd[p->n++] = take_fd(&owned);
	return 0;
}

/* Out of the way of those numbers. */
static int move_up(int *fd, int above)
{
	int moved;

	if (*fd < FIRST || *fd >= above)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, above);
	if (moved < 0)
		return -errno;
	fd_close(fd);
	*fd = moved;
	return 0;
}

static int put_number(const char *name, long long n)
{
	char text[32];

	snprintf(text, sizeof text, "%lld", n);
	return setenv(name, text, 1) < 0 ? -errno : 0;
}

static int place(struct sock_passed *p, int *const *own, size_t n)
{
	int above = FIRST + (int)p->n, rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = move_up(own[i], above);
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = move_up(&p->fd[i], above);
	for (size_t i = 0; i < p->n && rc == 0; i++)
		rc = dup2(p->fd[i], FIRST + (int)i) < 0 ? -errno : 0;
	if (rc < 0 || (rc = put_number("LISTEN_PID", getpid())) < 0 || (rc = put_number("LISTEN_FDS", (long long)p->n)) < 0)
		return rc;
	if (!p->names[0])
		return unsetenv("LISTEN_FDNAMES") < 0 ? -errno : 0;
	return setenv("LISTEN_FDNAMES", p->names, 1) < 0 ? -errno : 0;
}

int sock_passed_place(struct sock_passed *p, int *const *own, size_t n, struct err *e)
{
	int rc = p->n ? place(p, own, n) : 0;

	sock_passed_close(p);
	return rc < 0 ? err_set(e, -rc, "LISTEN_FDS", "hand over sockets") : 0;
}

void sock_passed_close(struct sock_passed *p)
{
	while (p->n)
		fd_close(&p->fd[--p->n]);
	p->names[0] = '\0';
}
