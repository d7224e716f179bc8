/*
 * The two ends of a conversation, for tests of networks: busybox's nc speaks no UDP.
 *
 *   peer serve NAME tcp|udp:PORT...	answer everybody "NAME ADDRESS", their address; for ever
 *   peer ask tcp|udp ADDRESS PORT [OWN-PORT]
 *					print the answer; 1: there was none, 2: refused
 *
 * serve says "ready" when it can be asked. $WAIT has the ms that ask waits, 5000 by itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX 16

static void fail(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	exit(errno == ECONNREFUSED ? 2 : 1);
}

static int is_udp(const char *word)
{
	return !strncmp(word, "udp", 3);
}

/* v4 as v6's ::ffff:a.b.c.d: one socket does for both. */
static void address(const char *text, int port, struct sockaddr_in6 *sa)
{
	char mapped[64];

	*sa = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port) };
	snprintf(mapped, sizeof mapped, "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	if (inet_pton(AF_INET6, mapped, &sa->sin6_addr) != 1) {
		errno = EINVAL;
		fail(text);
	}
}

static int open_socket(int udp, int port)
{
	int s = socket(AF_INET6, udp ? SOCK_DGRAM : SOCK_STREAM, 0), one = 1, zero = 0;
	struct sockaddr_in6 sa;

	address("::", port, &sa);
	if (s < 0)
		fail("socket");
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (port && bind(s, (struct sockaddr *)&sa, sizeof sa) < 0)
		fail("bind");
	return s;
}

static void answer(int s, int udp, const char *name)
{
	char text[256], from[64];
	struct sockaddr_in6 sa;
	socklen_t len = sizeof sa;
	int c = udp ? (int)recvfrom(s, text, sizeof text, 0, (struct sockaddr *)&sa, &len) : accept(s, (struct sockaddr *)&sa, &len);

	if (c < 0)
		return;
	inet_ntop(AF_INET6, &sa.sin6_addr, from, sizeof from);
	snprintf(text, sizeof text, "%s %s\n", name, strncmp(from, "::ffff:", 7) ? from : from + 7);
	if (udp) {
		sendto(s, text, strlen(text), 0, (struct sockaddr *)&sa, len);
	} else {
		send(c, text, strlen(text), MSG_NOSIGNAL);
		close(c);
	}
}

static int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static _Noreturn void serve(const char *name, int n, char **ports)
{
	struct pollfd fds[MAX];

	for (int i = 0; i < n; i++) {
		fds[i] = (struct pollfd){ open_socket(is_udp(ports[i]), number(ports[i] + 4)), POLLIN, 0 };
		if (!is_udp(ports[i]) && listen(fds[i].fd, 64) < 0)
			fail("listen");
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		poll(fds, (nfds_t)n, -1);
		for (int i = 0; i < n; i++)
			if (fds[i].revents)
				answer(fds[i].fd, is_udp(ports[i]), name);
	}
}

static void timed_out(int sig)
{
	(void)sig;
	_exit(1);
}

static int ask(int udp, const char *to, int port, int own)
{
	int s = open_socket(udp, own), ms = getenv("WAIT") ? number(getenv("WAIT")) : 5000;
	struct sockaddr_in6 sa;
	char text[256];
	ssize_t len;

	signal(SIGALRM, timed_out);
	setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { ms / 1000, ms % 1000 * 1000L } }, NULL);
	address(to, port, &sa);
	if (connect(s, (struct sockaddr *)&sa, sizeof sa) < 0)
		fail("connect");
	if (udp && send(s, "?", 1, 0) < 0)
		fail("send");
	len = recv(s, text, sizeof text, 0);
	if (len < 0)
		fail("recv");
	fwrite(text, 1, (size_t)len, stdout);
	return len == 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && argc <= 3 + MAX && !strcmp(argv[1], "serve"))
		serve(argv[2], argc - 3, argv + 3);
	if (argc > 4 && !strcmp(argv[1], "ask"))
		return ask(is_udp(argv[2]), argv[3], number(argv[4]), argc > 5 ? number(argv[5]) : 0);
	fprintf(stderr, "usage: peer serve NAME tcp|udp:PORT... | ask tcp|udp ADDRESS PORT [OWN-PORT]\n");
	return 3;
}
