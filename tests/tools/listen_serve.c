/*
 * A daemon that is started by its sockets, as sd_listen_fds(3) has it: waits for
 * a client of any of them, tells it the socket's name and what it had to say, and ends.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 3

static const char *name_of(int i)
{
	char *names = getenv("LISTEN_FDNAMES");
	const char *name = names ? strtok(strdup(names), ":") : NULL;

	while (name && i--)
		name = strtok(NULL, ":");
	return name ? name : "none";
}

int main(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	struct pollfd p[16];
	char text[128] = "";
	int n = count ? (int)strtol(count, NULL, 10) : 0, client;

	if (!pid || strtol(pid, NULL, 10) != getpid() || n < 1 || n > 16)
		return 1;
	for (int i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = FIRST + i, .events = POLLIN };
	if (poll(p, (nfds_t)n, 20000) <= 0)
		return 2;
	for (int i = 0; i < n; i++) {
		if (!p[i].revents)
			continue;
		client = accept(p[i].fd, NULL, NULL);
		if (client < 0 || read(client, text, sizeof text - 1) < 0)
			return 3;
		dprintf(client, "%s: %s", name_of(i), text);
		return 0;
	}
	return 4;
}
