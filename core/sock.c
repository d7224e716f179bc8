#include "core/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "core/fd.h"
#include "core/str.h"

/* "10.0.0.1:80", "[::1]:80", or "port 80" of all addresses. */
static void name_of(const struct inet *at, uint16_t port, char buf[2 * INET_TEXT])
{
	char text[INET_TEXT] = "port ";

	if (at->family)
		inet_format(at, false, text);
	snprintf(buf, (size_t)2 * INET_TEXT, !at->family ? "%s%u" : at->family == AF_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

static void hint_refused(uint16_t port, struct err *e)
{
	char text[32];
	long long first;

	if (e->code != EACCES || fd_get_line(AT_FDCWD, "/proc/sys/net/ipv4/ip_unprivileged_port_start", text, sizeof text) < 0)
		return;
	if (str_num(text, 0, 65536, &first) == 0 && port < first)
		err_hint(e, "ports below %lld need CAP_NET_BIND_SERVICE in the user namespace that owns this network namespace, "
			 "or a lower /proc/sys/net/ipv4/ip_unprivileged_port_start", first);
}

static int bound(const struct inet *at, uint16_t port, uint8_t proto, bool both)
{
	bool tcp = proto == IPPROTO_TCP;
	auto_close int fd = socket(at->family, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr;
	socklen_t size = inet_sockaddr(at, port, &addr);
	int on = 1, v6only = !both;

	if (fd < 0 || (at->family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof v6only) < 0))
		return -errno;
	/* not for UDP, where it would let two have the same port: socket(7) */
	if (tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, size) < 0 || (tcp && listen(fd, SOMAXCONN) < 0))
		return -errno;
	return take_fd(&fd);
}

int sock_listen(const struct inet *at, uint16_t port, uint8_t proto, struct err *e)
{
	const struct inet all4 = { .family = AF_INET }, all6 = { .family = AF_INET6 };
	char name[2 * INET_TEXT];
	int fd = at->family ? bound(at, port, proto, false) : bound(&all6, port, proto, true);

	if (fd == -EAFNOSUPPORT && !at->family)
		fd = bound(&all4, port, proto, false);
	if (fd >= 0)
		return fd;
	name_of(at, port, name);
	err_set(e, -fd, name, "%s", proto == IPPROTO_TCP ? "listen" : "listen, UDP");
	hint_refused(port, e);
	return fd;
}

uint16_t sock_port(int fd)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t size = sizeof addr;

	/* the port is at the same place for both families */
	if (getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		return 0;
	return ntohs(((struct sockaddr_in *)&addr)->sin_port);
}
