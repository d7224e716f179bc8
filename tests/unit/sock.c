/* sock: where to listen, and how sockets are handed over. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>

#include "core/fd.h"
#include "core/sock.h"
#include "tests/unit/unit.h"

static struct sock_addr addr;
static struct err err;

static int parse(const char *text)
{
	err = (struct err){ 0 };
	return sock_addr_parse(text, &addr, &err);
}

static void check_addr(const char *text, const char *ip, uint16_t port, uint8_t proto)
{
	char buf[INET_TEXT] = "";

	check_int(parse(text), 0);
	check(!addr.path);
	if (addr.at.family)
		inet_format(&addr.at, false, buf);
	check_str(buf, ip);
	check_int(addr.port, port);
	check_int(addr.proto, proto);
}

static void reads_addresses(void)
{
	static const char *const bad[] = {
		"", "x", ":", "65536", "-1", "-0", " 80", "80 ", "+80", "080000", "80/", "80/sctp", "80/udp/tcp", "127.0.0.1", "127.1:80", "::1:80",
		"[::1]", "[::1:80", "::1]:80", "[]:80", "[127.0.0.1]:80", "localhost:80", "*:80", "10.0.0.0/8:80", "[fe80::1%lo]:80", "@",
	};

	check_addr("80", "", 80, IPPROTO_TCP);
	check_addr(":80", "", 80, IPPROTO_TCP);
	check_addr("0", "", 0, IPPROTO_TCP);
	check_addr("53/udp", "", 53, IPPROTO_UDP);
	check_addr("0.0.0.0:80/tcp", "0.0.0.0", 80, IPPROTO_TCP);
	check_addr("127.0.0.1:65535", "127.0.0.1", 65535, IPPROTO_TCP);
	check_addr("[::]:80", "::", 80, IPPROTO_TCP);
	check_addr("[fd00::1]:53/udp", "fd00::1", 53, IPPROTO_UDP);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		check_int(parse(bad[i]), -EINVAL);
		check_str(err.object, *bad[i] ? bad[i] : "\"\"");
		check(err.hint[0]);
	}
}

static void reads_paths(void)
{
	static const char *const paths[] = { "/run/x", "./x", "../x:80", "@x", "/80/udp" };
	char longest[109];

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		check_int(parse(paths[i]), 0);
		check_str(addr.path, paths[i]);
	}
	/* sun_path has 108 bytes: unix(7) */
	memset(longest, '/', sizeof longest);
	longest[108] = '\0';
	check_int(parse(longest), -EINVAL);
	longest[107] = '\0';
	check_int(parse(longest), 0);
}

/* An open file as a socket would be, at a number that is not asked for. */
static int some_fd(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	check(fd >= 0);
	return fd;
}

static void check_env(const char *fds, const char *names)
{
	char pid[16];

	snprintf(pid, sizeof pid, "%d", getpid());
	check_str(getenv("LISTEN_PID"), pid);
	check_str(getenv("LISTEN_FDS"), fds);
	if (names)
		check_str(getenv("LISTEN_FDNAMES"), names);
	else
		check(!getenv("LISTEN_FDNAMES"));
}

static void hands_over(void)
{
	struct sock_passed p = { 0 };
	struct err e = { 0 };
	int own[3] = { -1, some_fd(), -1 }, in_the_way = some_fd();
	int *const list[3] = { &own[0], &own[1], &own[2] };

	setenv("LISTEN_FDNAMES", "stale", 1);
	/* nothing to hand over is nothing done */
	check_int(sock_passed_place(&p, list, 3, &e), 0);
	check(!getenv("LISTEN_PID") && getenv("LISTEN_FDNAMES"));
	for (int i = 0; i < 4; i++)
		check_int(sock_passed_add(&p, some_fd(), NULL, &e), 0);
	own[2] = some_fd();
	check(own[1] < 7 && in_the_way < 7);
	check_int(sock_passed_place(&p, list, 3, &e), 0);
	check_int(p.n, 0);
	check_env("4", NULL);
	for (int fd = 3; fd < 7; fd++)
		check_int(fcntl(fd, F_GETFD), 0);
	check_int(own[0], -1);
	check(own[1] >= 7 && fcntl(own[1], F_GETFD) == FD_CLOEXEC);
	check(own[2] >= 7 && fcntl(own[2], F_GETFD) == FD_CLOEXEC);
}

static void takes_over_and_adds(void)
{
	struct sock_passed p = { 0 };
	struct err e = { 0 };
	char pid[16];

	snprintf(pid, sizeof pid, "%d", getpid());
	check(some_fd() == 3 && some_fd() == 4);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "2", 1);
	sock_passed_take(&p);
	check_int(p.n, 2);
	check(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS"));
	check_int(fcntl(3, F_GETFD), FD_CLOEXEC);
	check_int(sock_passed_add(&p, some_fd(), "web", &e), 0);
	check_int(sock_passed_add(&p, some_fd(), NULL, &e), 0);
	check_int(sock_passed_place(&p, NULL, 0, &e), 0);
	check_env("4", "unknown:unknown:web:unknown");
	/* and once more, with names */
	sock_passed_take(&p);
	check_int(p.n, 4);
	check_str(p.names, "unknown:unknown:web:unknown");
	sock_passed_close(&p);
	check(fcntl(3, F_GETFD) < 0 && fcntl(6, F_GETFD) < 0);
}

static void leaves_what_is_not_for_us(void)
{
	static const char *const pids[] = { "1", "0", "", "x", "-1", "99999999999999999999" };
	static const char *const counts[] = { "0", "-1", "", "x", "65", "2", "99999999999999999999" };
	struct sock_passed p = { 0 };
	char pid[16];

	snprintf(pid, sizeof pid, "%d", getpid());
	check(some_fd() == 3);
	setenv("LISTEN_FDS", "1", 1);
	sock_passed_take(&p);
	for (size_t i = 0; i < sizeof pids / sizeof *pids; i++) {
		setenv("LISTEN_PID", pids[i], 1);
		sock_passed_take(&p);
	}
	/* more than there are, among others */
	setenv("LISTEN_PID", pid, 1);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		setenv("LISTEN_FDS", counts[i], 1);
		sock_passed_take(&p);
	}
	check_int(p.n, 0);
	check_str(getenv("LISTEN_PID"), pid);
	/* the control */
	setenv("LISTEN_FDS", "1", 1);
	sock_passed_take(&p);
	check_int(p.n, 1);
}

static void has_bounds(void)
{
	struct sock_passed p = { 0 };
	struct err e = { 0 };
	char name[600];

	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	check_int(sock_passed_add(&p, some_fd(), name, &e), 0);
	check_int(sock_passed_add(&p, some_fd(), name, &e), -E2BIG);
	sock_passed_close(&p);
	for (int i = 0; i < SOCK_PASSED_MAX; i++)
		check_int(sock_passed_add(&p, some_fd(), NULL, &e), 0);
	check_int(sock_passed_add(&p, some_fd(), NULL, &e), -E2BIG);
	/* what was refused is closed, too */
	check(fcntl(3 + SOCK_PASSED_MAX, F_GETFD) < 0);
}

int main(void)
{
	/* the tests count on the numbers from 3 on */
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unit("addresses to listen on are read, others refused", reads_addresses);
	unit("so are paths and abstract names", reads_paths);
	unit("sockets are placed at 3 and on, and our own fds moved", hands_over);
	unit("what was handed to us is taken over, and added to", takes_over_and_adds);
	unit("what is not for us is left as it is", leaves_what_is_not_for_us);
	unit("there are bounds", has_bounds);
	return unit_done();
}
