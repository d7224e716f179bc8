/*
 * proxy: between two network namespaces where we may make them, else between
 * ports of this one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "core/fd.h"
#include "core/proxy.h"
#include "core/rtnl.h"
#include "core/sock.h"
#include "tests/unit/unit.h"

#define MIB ((size_t)1 << 20)

/* What a pipe and the buffers of two sockets take, but not a small buffer alone. */
#define MUCH ((size_t)1 << 17)

/* What the processes of a test tell each other. */
static struct shared {
	uint16_t host, target;   /* the ports */
	pid_t program;           /* the target's */
	volatile size_t sent;    /* by `flood` */
	volatile int ended_with; /* the errno that ended the target's connection; -1 while it lasts */
	volatile int ready;
} *shared;

static pid_t proxy_pid;
static int end_pipe;
static const char *send_buffer; /* the host's net.ipv4.tcp_wmem, where it has to be small */

static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* A network namespace of one's own with lo up; where that may not be, the one that there is. */
static void own_net(void)
{
	struct err e = { 0 };

	if (unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		check_int(rtnl_lo_up(&e), 0);
}

static struct inet addr(const char *text)
{
	struct inet a;

	check_int(inet_parse(text, false, &a), 0);
	return a;
}

static int connect_to(const char *ip, uint16_t port, int type)
{
	struct inet a = addr(ip);
	struct sockaddr_storage to;
	socklen_t size = inet_sockaddr(&a, port, &to);
	int fd = socket(a.family, type | SOCK_CLOEXEC, 0);

	check(fd >= 0);
	check(connect(fd, (struct sockaddr *)&to, size) == 0);
	return fd;
}

static int client(void)
{
	return connect_to("127.0.0.1", shared->host, SOCK_STREAM);
}

static void write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size) {
		ssize_t n = write(fd, p, size);

		check(n > 0);
		p += n;
		size -= (size_t)n;
	}
}

/* Up to the end of what the other side sends. */
static size_t read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < size && n > 0) {
		n = read(fd, buf + len, size - len);
		check(n >= 0);
		len += (size_t)n;
	}
	return len;
}

static void expect(int fd, const char *text)
{
	char got[256] = "";
	size_t len = 0;

	while (len < strlen(text)) {
		ssize_t n = read(fd, got + len, sizeof got - 1 - len);

		check(n > 0);
		len += (size_t)n;
	}
	check_str(got, text);
}

static void say(int fd, const char *text)
{
	write_all(fd, text, strlen(text));
}

/* Is there something to be read, or the end, within so many ms? */
static bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

/* Programs in the container, each with its listening socket. */

static void echo(int listener)
{
	static struct pollfd p[2048];
	static char buf[65536];
	nfds_t n = 1;

	p[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	while (poll(p, n, -1) > 0) {
		if (p[0].revents)
			p[n++] = (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
		for (nfds_t i = n - 1; i > 0; i--) {
			ssize_t len = p[i].revents ? read(p[i].fd, buf, sizeof buf) : -2;

			if (len > 0)
				write_all(p[i].fd, buf, (size_t)len);
			if (len == -2 || len > 0)
				continue;
			close(p[i].fd);
			p[i] = p[--n];
		}
	}
}

/* Hears the client out, and then says how much it was. */
static void answer_at_the_end(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char buf[256];

	dprintf(fd, "%zu bytes", read_all(fd, buf, sizeof buf));
	close(fd);
	pause();
}

/* Says all that it has to say, and then listens. */
static void greet_and_listen(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char buf[256];

	say(fd, "hello");
	shutdown(fd, SHUT_WR);
	shared->sent = read_all(fd, buf, sizeof buf);
	shared->ended_with = 0;
	pause();
}

static void flood(int listener)
{
	static char buf[65536];
	int fd = accept(listener, NULL, NULL);

	while (shared->sent < 256 * MIB) {
		write_all(fd, buf, sizeof buf);
		shared->sent += sizeof buf;
	}
	close(fd);
	pause();
}

/* Has ended both ways while much of what it said is still on its way. */
static void say_much_and_end(int listener)
{
	static char buf[MUCH];
	int fd = accept(listener, NULL, NULL);

	check_int(read_all(fd, buf, sizeof buf), 5);
	write_all(fd, buf, sizeof buf);
	close(fd);
	shared->ended_with = 0;
	pause();
}

static void hear_the_end(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char c;

	say(fd, "go");
	shared->ended_with = read(fd, &c, 1) < 0 ? errno : 0;
	pause();
}

static void reset(int fd)
{
	const struct linger at_once = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

static void reset_client(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char c;

	say(fd, "answer");
	check(read(fd, &c, 1) == 1);
	reset(fd);
	pause();
}

static void echo_udp(int fd)
{
	static char buf[65536];
	struct sockaddr_storage from;

	for (;;) {
		socklen_t size = sizeof from;
		ssize_t n = recvfrom(fd, buf, sizeof buf, 0, (struct sockaddr *)&from, &size);

		if (n >= 0)
			sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, size);
	}
}

/* The target's process, in the network namespace of the proxy's caller. */
static void start_target(void (*program)(int listener), uint8_t proto)
{
	const struct inet lo = addr("127.0.0.1");
	struct err e = { 0 };
	int listener = sock_listen(&lo, shared->target, proto, &e);
	pid_t pid;

	check(listener >= 0);
	pid = fork();
	if (pid == 0) {
		die_with_parent();
		program(listener);
		_exit(1);
	}
	shared->program = pid;
	close(listener);
}

static uint16_t free_port(uint8_t proto)
{
	const struct inet lo = addr("127.0.0.1");
	struct err e = { 0 };
	auto_close int fd = sock_listen(&lo, 0, proto, &e);

	check(fd >= 0);
	return sock_port(fd);
}

static void run_proxy(const char *host, uint8_t proto, void (*program)(int listener), int end_fd, rlim_t files)
{
	struct proxy_port port = { .port = { .to = shared->target, .count = 1, .proto = proto } };
	struct rlimit limit = { files, files };
	struct proxy p = { 0 };
	struct err e = { 0 };
	int rc;

	die_with_parent();
	if (host)
		port.port.host = addr(host);
	check_int(proxy_open(&p, &port, 1, &e), 0);
	shared->host = proxy_host_port(&p, 0);
	own_net();
	if (program)
		start_target(program, proto);
	if (files)
		check(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	shared->ready = 1;
	rc = proxy_run(&p, end_fd, &e);
	proxy_release(&p);
	unit_leaks();
	_exit(rc == 0 ? 0 : 1);
}

static void start_with(const char *host, uint8_t proto, void (*program)(int listener), rlim_t files)
{
	struct err e = { 0 };
	int fds[2];

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(shared != MAP_FAILED && pipe2(fds, O_CLOEXEC) == 0);
	own_net();
	if (send_buffer)
		fd_put(AT_FDCWD, "/proc/sys/net/ipv4/tcp_wmem", send_buffer, &e);
	shared->target = free_port(proto);
	shared->ended_with = -1;
	proxy_pid = fork();
	if (proxy_pid == 0) {
		close(fds[1]);
		run_proxy(host, proto, program, fds[0], files);
	}
	close(fds[0]);
	end_pipe = fds[1];
	while (!shared->ready)
		check(usleep(1000) == 0 && waitpid(proxy_pid, NULL, WNOHANG) == 0);
}

static void start(uint8_t proto, void (*program)(int listener))
{
	start_with("127.0.0.1", proto, program, 0);
}

/* The container ends, whose end of the pipe is closed then: the proxy ends, and well. */
static void stop(void)
{
	int status = -1;

	if (shared->program)
		kill(shared->program, SIGKILL);
	close(end_pipe);
	end_pipe = -1;
	check(waitpid(proxy_pid, &status, 0) == proxy_pid);
	check_int(status, 0);
}

/* Bytes that the proxy alone has. */
static size_t private_memory(void)
{
	char path[64], text[4096];
	size_t kib = 0;

	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", proxy_pid);
	check(fd_get(AT_FDCWD, path, text, sizeof text) > 0);
	for (const char *p = text; (p = strstr(p, "\nPrivate_")); p++)
		kib += strtoul(strchr(p, ':') + 1, NULL, 10);
	return kib << 10;
}

static void check_memory(size_t limit)
{
#ifdef __SANITIZE_ADDRESS__
	(void)limit;
#else
	check(private_memory() < limit);
#endif
}

static int count_fds(void)
{
	char path[64];
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", proxy_pid);
	dir = opendir(path);
	check(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

/* CPU time that it has used, in ms. */
static long cpu_ms(void)
{
	struct timespec t;
	clockid_t clock;

	check_int(clock_getcpuclockid(proxy_pid, &clock), 0);
	check(clock_gettime(clock, &t) == 0);
	return (long)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static uint32_t next_random(uint32_t *state)
{
	return *state = *state * 1664525 + 1013904223;
}

static void fill_random(char *buf, size_t size, uint32_t *state)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = (char)(next_random(state) >> 24);
}

static void send_random(int fd, size_t size)
{
	static char buf[65536];
	uint32_t state = 1;

	for (size_t done = 0; done < size; done += sizeof buf) {
		fill_random(buf, sizeof buf, &state);
		write_all(fd, buf, sizeof buf);
	}
	shutdown(fd, SHUT_WR);
}

static void much_comes_back_intact(void)
{
	static char buf[65536], want[65536];
	uint32_t state = 1;
	size_t got = 0;
	int fd;

	start(IPPROTO_TCP, echo);
	fd = client();
	if (fork() == 0) {
		send_random(fd, 64 * MIB);
		_exit(0);
	}
	for (size_t len; (len = read_all(fd, buf, sizeof buf)) > 0; got += len) {
		check_int(len, sizeof buf);
		fill_random(want, sizeof want, &state);
		check(memcmp(buf, want, len) == 0);
	}
	check_int(got, 64 * MIB);
	stop();
}

static void each_side_ends_by_itself(void)
{
	char buf[64] = "";
	int fd;

	start(IPPROTO_TCP, answer_at_the_end);
	fd = client();
	say(fd, "some words");
	/* the control: nothing is said as long as we have not ended */
	check(!readable(fd, 100));
	shutdown(fd, SHUT_WR);
	check_int(read_all(fd, buf, sizeof buf), 8);
	check_str(buf, "10 bytes");
	stop();
}

static void so_does_the_target(void)
{
	char buf[64] = "";
	int fd;

	start(IPPROTO_TCP, greet_and_listen);
	fd = client();
	check_int(read_all(fd, buf, sizeof buf), 5);
	check_str(buf, "hello");
	/* its end is here, and what we say arrives all the same */
	usleep(50000);
	say(fd, "still there?");
	shutdown(fd, SHUT_WR);
	while (shared->ended_with < 0)
		usleep(1000);
	check_int(shared->sent, 12);
	stop();
}

static void many_at_the_same_time(void)
{
	enum { N = 500 };
	static int fd[N];
	char text[32];

	start(IPPROTO_TCP, echo);
	check_memory(300 << 10);
	for (int i = 0; i < N; i++)
		fd[i] = client();
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			snprintf(text, sizeof text, "%d of %d", i, round);
			say(fd[i], text);
		}
		for (int i = N - 1; i >= 0; i--) {
			snprintf(text, sizeof text, "%d of %d", i, round);
			expect(fd[i], text);
		}
	}
	check_memory(600 << 10);
	check(count_fds() > 2 * N);
	for (int i = 0; i < N; i++)
		close(fd[i]);
	/* nothing is left of them but the pipes that are kept */
	for (int i = 0; i < 500 && count_fds() > 32; i++)
		usleep(10000);
	check(count_fds() <= 32);
	stop();
}

static void who_refuses_is_heard(void)
{
	char c;
	int fd;

	start(IPPROTO_TCP, NULL);
	fd = client();
	check(readable(fd, 5000));
	check(read(fd, &c, 1) < 0 && errno == ECONNRESET);
	stop();
}

static void the_clients_reset_is_passed_on(void)
{
	int fd;

	start(IPPROTO_TCP, hear_the_end);
	fd = client();
	expect(fd, "go");
	reset(fd);
	while (shared->ended_with < 0)
		usleep(1000);
	check_int(shared->ended_with, ECONNRESET);
	stop();
}

static void the_end_is_no_reset(void)
{
	int fd;

	start(IPPROTO_TCP, hear_the_end);
	fd = client();
	expect(fd, "go");
	close(fd);
	while (shared->ended_with < 0)
		usleep(1000);
	check_int(shared->ended_with, 0);
	stop();
}

static void so_is_the_targets(void)
{
	char c;
	int fd;

	start(IPPROTO_TCP, reset_client);
	fd = client();
	expect(fd, "answer");
	say(fd, "x");
	check(read(fd, &c, 1) < 0 && errno == ECONNRESET);
	stop();
}

static void urgent_data_stops_nothing(void)
{
	long before;
	int fd;

	start(IPPROTO_TCP, echo);
	fd = client();
	say(fd, "before");
	check(send(fd, "!", 1, MSG_OOB) == 1);
	say(fd, "behind");
	expect(fd, "before!behind");
	before = cpu_ms();
	check(send(fd, "?", 1, MSG_OOB) == 1);
	expect(fd, "?");
	usleep(300000);
	check(cpu_ms() - before < 50);
	stop();
}

static void a_slow_reader_stops_its_sender(void)
{
	static char buf[65536];
	size_t before, got = 0;
	long ms;
	int fd;

	start(IPPROTO_TCP, flood);
	fd = client();
	do {
		before = shared->sent;
		usleep(200000);
	} while (shared->sent != before);
	/* the socket buffers of four sockets and a pipe, and no byte of the proxy's own memory */
	check(before > 0 && before < 64 * MIB);
	check_memory(300 << 10);
	ms = cpu_ms();
	usleep(300000);
	check(cpu_ms() - ms < 50);
	for (size_t len; (len = read_all(fd, buf, sizeof buf)) > 0; got += len)
		continue;
	check_int(got, 256 * MIB);
	stop();
}

static void an_end_in_the_queue_is_no_work(void)
{
	static char buf[MUCH];
	int small = 4096, fd;
	long ms;

	send_buffer = "4096 16384 16384";
	start(IPPROTO_TCP, say_much_and_end);
	fd = client();
	check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
	say(fd, "go on");
	shutdown(fd, SHUT_WR);
	while (shared->ended_with < 0)
		usleep(1000);
	usleep(100000);
	ms = cpu_ms();
	usleep(300000);
	check(cpu_ms() - ms < 50);
	check_int(read_all(fd, buf, sizeof buf), sizeof buf);
	check_int(read_all(fd, buf, sizeof buf), 0);
	stop();
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* Says MUCH, as its last words. */
static int client_of_the_dying(void)
{
	int small = 16384, fd;

	send_buffer = "4096 16384 16384";
	start(IPPROTO_TCP, say_much_and_end);
	fd = client();
	check(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small) == 0);
	say(fd, "go on");
	shutdown(fd, SHUT_WR);
	while (shared->ended_with < 0)
		usleep(1000);
	/* and the whole container ends with it */
	close(end_pipe);
	return fd;
}

/* What connect(2) says at the proxy's port: 0, or an errno. */
static int try_to_connect(void)
{
	const struct inet lo = addr("127.0.0.1");
	struct sockaddr_storage to;
	socklen_t size = inet_sockaddr(&lo, shared->host, &to);
	auto_close int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&to, size) < 0 ? errno : 0;
}

static void last_words_arrive(void)
{
	static char buf[MUCH];
	int fd = client_of_the_dying();
	long since = now_ms();

	/* nobody else is let in any more */
	while (try_to_connect() != ECONNREFUSED)
		check(now_ms() - since < 1500);
	check_int(read_all(fd, buf, sizeof buf), sizeof buf);
	check_int(read_all(fd, buf, sizeof buf), 0);
	since = now_ms();
	stop();
	check(now_ms() - since < 1000);
}

static void but_nobody_is_waited_for_long(void)
{
	int fd = client_of_the_dying();
	long since = now_ms();

	stop();
	check(now_ms() - since > 1000 && now_ms() - since < 10000);
	close(fd);
}

static void idle_clients_do_not_hold_it(void)
{
	long since;
	int fd;

	start(IPPROTO_TCP, greet_and_listen);
	fd = client();
	expect(fd, "hello");
	since = now_ms();
	stop();
	check(now_ms() - since < 1000);
	close(fd);
}

/* How many of the connections have been answered; each is asked once. */
static int count_answered(const int *fd, int n)
{
	int answered = 0;

	for (int i = 0; i < n; i++)
		answered += readable(fd[i], 0);
	return answered;
}

static void without_descriptors_clients_wait(void)
{
	enum { N = 40 };
	int fd[N], served;
	long ms;

	start_with("127.0.0.1", IPPROTO_TCP, echo, 32);
	for (int i = 0; i < N; i++) {
		fd[i] = client();
		say(fd[i], "x");
	}
	usleep(200000);
	ms = cpu_ms();
	usleep(800000);
	check(cpu_ms() - ms < 50);
	served = count_answered(fd, N);
	check(served >= 8 && served < 16);
	for (int i = 0; i < N; i++) {
		check(readable(fd[i], 5000));
		expect(fd[i], "x");
		close(fd[i]);
	}
	stop();
}

static void each_client_has_its_answers(void)
{
	enum { N = 8 };
	char text[32], got[32];
	int fd[N];

	start(IPPROTO_UDP, echo_udp);
	for (int i = 0; i < N; i++)
		fd[i] = connect_to("127.0.0.1", shared->host, SOCK_DGRAM);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < N; i++)
			check(send(fd[i], text, (size_t)sprintf(text, "%d of %d", i, round), 0) > 0);
		for (int i = 0; i < N; i++) {
			snprintf(text, sizeof text, "%d of %d", i, round);
			memset(got, 0, sizeof got);
			check(recv(fd[i], got, sizeof got - 1, 0) > 0);
			check_str(got, text);
		}
	}
	stop();
}

static void datagrams_keep_their_size(void)
{
	static char out[65507], in[65536];
	uint32_t state = 1;
	int fd;

	start(IPPROTO_UDP, echo_udp);
	fd = connect_to("127.0.0.1", shared->host, SOCK_DGRAM);
	fill_random(out, sizeof out, &state);
	check_int(send(fd, out, sizeof out, 0), sizeof out);
	check_int(recv(fd, in, sizeof in, 0), sizeof out);
	check(memcmp(in, out, sizeof out) == 0);
	check_int(send(fd, out, 0, 0), 0);
	check_int(recv(fd, in, sizeof in, 0), 0);
	stop();
}

/* All addresses: a connected socket hears the address alone that it has sent to. */
static void answers_come_from_where_the_client_sent_to(void)
{
	static const char *const ips[] = { "127.0.0.1", "127.0.0.5", "::1" };
	char got[8] = "";

	start_with(NULL, IPPROTO_UDP, echo_udp, 0);
	for (size_t i = 0; i < sizeof ips / sizeof *ips; i++) {
		int fd;

		if (strchr(ips[i], ':') && access("/proc/net/if_inet6", F_OK) < 0)
			continue;
		fd = connect_to(ips[i], shared->host, SOCK_DGRAM);
		check(send(fd, "hi", 2, 0) == 2);
		check(readable(fd, 5000));
		check_int(recv(fd, got, sizeof got, 0), 2);
		close(fd);
	}
	stop();
}

static void old_flows_make_room(void)
{
	char got[8] = "";
	int fd, first;

	start(IPPROTO_UDP, echo_udp);
	first = connect_to("127.0.0.1", shared->host, SOCK_DGRAM);
	check(send(first, "a", 1, 0) == 1 && recv(first, got, sizeof got, 0) == 1);
	for (int i = 0; i < 1500; i++) {
		fd = connect_to("127.0.0.1", shared->host, SOCK_DGRAM);
		check(send(fd, "b", 1, 0) == 1 && recv(fd, got, sizeof got, 0) == 1);
		close(fd);
	}
	check_memory(600 << 10);
	/* it has been forgotten, and is made anew */
	check(send(first, "c", 1, 0) == 1 && recv(first, got, sizeof got, 0) == 1);
	check_str(got, "c");
	stop();
}

static void udp_without_descriptors(void)
{
	char got[8] = "";

	start_with("127.0.0.1", IPPROTO_UDP, echo_udp, 16);
	for (int i = 0; i < 50; i++) {
		int fd = connect_to("127.0.0.1", shared->host, SOCK_DGRAM);

		check(send(fd, "b", 1, 0) == 1 && readable(fd, 5000) && recv(fd, got, sizeof got, 0) == 1);
	}
	stop();
}

static void both_families_on_one_port(void)
{
	int fd;

	start_with(NULL, IPPROTO_TCP, echo, 0);
	fd = client();
	say(fd, "four");
	expect(fd, "four");
	if (access("/proc/net/if_inet6", F_OK) == 0) {
		fd = connect_to("::1", shared->host, SOCK_STREAM);
		say(fd, "six");
		expect(fd, "six");
	}
	stop();
}

static void says_which_port_is_taken(void)
{
	struct proxy_port v[2] = {
		{ .port = { .host = addr("127.0.0.1"), .to = 80, .count = 3, .proto = IPPROTO_TCP } },
		{ .port = { .host = addr("127.0.0.1"), .to = 80, .count = 1, .proto = IPPROTO_TCP } },
	};
	struct proxy p = { 0 }, other = { 0 };
	struct err e = { 0 };
	char want[32];

	own_net();
	check_int(proxy_open(&p, v, 2, &e), 0);
	check_int(p.n, 4);
	for (size_t i = 0; i < 4; i++)
		check(proxy_host_port(&p, i) > 0 && fcntl(p.fds[i], F_GETFD) == FD_CLOEXEC);
	check(proxy_host_port(&p, 0) != proxy_host_port(&p, 3));
	v[1].port.from = proxy_host_port(&p, 2);
	check_int(proxy_open(&other, v, 2, &e), -EADDRINUSE);
	snprintf(want, sizeof want, "127.0.0.1:%u", v[1].port.from);
	check_str(e.object, want);
	check(!other.fds && other.n == 0);
	/* free once the first one has gone */
	proxy_release(&p);
	check_int(proxy_open(&other, v, 2, &e), 0);
	check_int(proxy_host_port(&other, 3), v[1].port.from);
	proxy_release(&other);
}

int main(void)
{
	unit("64 MiB through an echo come back intact", much_comes_back_intact);
	unit("the client ends its side, and hears the answer", each_side_ends_by_itself);
	unit("the target ends its side, and hears the client", so_does_the_target);
	unit("500 connections at the same time", many_at_the_same_time);
	unit("a target that refuses is a reset", who_refuses_is_heard);
	unit("the client's reset is passed on", the_clients_reset_is_passed_on);
	unit("an end is no reset", the_end_is_no_reset);
	unit("the target's reset is passed on, behind what it said", so_is_the_targets);
	unit("urgent data is data, and stops nothing", urgent_data_stops_nothing);
	unit("a slow reader stops its sender", a_slow_reader_stops_its_sender);
	unit("nor is a target that has ended looked at again and again meanwhile", an_end_in_the_queue_is_no_work);
	unit("what was said before the end arrives, and nobody new is let in", last_words_arrive);
	unit("who does not read it is waited for, but not for long", but_nobody_is_waited_for_long);
	unit("clients that hear nothing more do not hold the proxy", idle_clients_do_not_hold_it);
	unit("where descriptors run out clients wait, and nobody spins", without_descriptors_clients_wait);
	unit("UDP: each client has its own answers", each_client_has_its_answers);
	unit("UDP: datagrams keep their size, the largest and the empty one", datagrams_keep_their_size);
	unit("UDP: answers come from where the client sent to", answers_come_from_where_the_client_sent_to);
	unit("UDP: old flows make room for new ones", old_flows_make_room);
	unit("UDP: so they do where descriptors run out", udp_without_descriptors);
	unit("all addresses are those of both families", both_families_on_one_port);
	unit("a port that is taken is named, and any port is told", says_which_port_is_taken);
	return unit_done();
}
