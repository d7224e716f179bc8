/* sock: where to listen, as text. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/sock.h"
#include "core/str.h"

static int bad(const char *text, const char *what, struct err *e)
{
	err_bad(e, text, "%s", what);
	err_hint(e, "an address is [IP:]PORT[/udp], with an IPv6 one in brackets, or /PATH or @NAME of a Unix socket; a command comes behind --");
	return -EINVAL;
}

/* "" all addresses, "1.2.3.4", "[::1]" */
static int parse_ip(const char *text, size_t len, struct inet *out)
{
	char ip[INET_TEXT];
	bool v6 = len > 1 && text[0] == '[' && text[len - 1] == ']';

	*out = (struct inet){ 0 };
	if (len == 0)
		return 0;
	if (len >= sizeof ip)
		return -EINVAL;
	str_copyn(ip, sizeof ip, text + v6, len - (v6 ? 2 : 0));
	if (inet_parse(ip, false, out) < 0 || (out->family == AF_INET6) != v6)
		return -EINVAL;
	return 0;
}

int sock_addr_parse(const char *text, struct sock_addr *out, struct err *e)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	size_t digits = strcspn(port, "/");
	char number[8];
	long long n;

	*out = (struct sock_addr){ .proto = IPPROTO_TCP };
	if (text[0] == '/' || text[0] == '@' || !strncmp(text, "./", 2) || !strncmp(text, "../", 3)) {
		out->path = text;
		return strlen(text) < sizeof(struct sockaddr_un){ 0 }.sun_path && text[1] ? 0 : bad(text, "the name of a Unix socket has 1 to 107 bytes", e);
	}
	if (!strcmp(port + digits, "/udp"))
		out->proto = IPPROTO_UDP;
	else if (port[digits] && strcmp(port + digits, "/tcp") != 0)
		return bad(text, "a port is of tcp or of udp", e);
	str_copyn(number, sizeof number, port, digits);
	if (digits >= sizeof number || number[0] == '-' || str_num(number, 0, 65535, &n) < 0)
		return bad(text, "no port from 0 to 65535", e);
	out->port = (uint16_t)n;
	return parse_ip(text, colon ? (size_t)(colon - text) : 0, &out->at) < 0 ? bad(text, "no IP address", e) : 0;
}

static int bound(const struct sock_addr *a)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(a->path);

	memcpy(un.sun_path, a->path, len);
	/* unix(7): an abstract name begins with NUL, and each byte of it counts */
	if (a->path[0] == '@')
		un.sun_path[0] = '\0';
	if (fd < 0 || bind(fd, (struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return take_fd(&fd);
}

/* Is it a socket's file, and that one closed long ago? */
static bool is_stale(const struct sock_addr *a)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct stat st;

	str_join(un.sun_path, sizeof un.sun_path, a->path);
	return fd >= 0 && lstat(a->path, &st) == 0 && S_ISSOCK(st.st_mode) && connect(fd, (struct sockaddr *)&un, sizeof un) < 0 &&
	       errno == ECONNREFUSED;
}

int sock_addr_listen(const struct sock_addr *a, struct err *e)
{
	int fd;

	if (!a->path)
		return sock_listen(&a->at, a->port, a->proto, e);
	fd = bound(a);
	if (fd == -EADDRINUSE && a->path[0] != '@' && is_stale(a) && unlink(a->path) == 0)
		fd = bound(a);
	return fd < 0 ? err_set(e, -fd, a->path, "listen") : fd;
}
