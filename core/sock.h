/* sock: sockets that others come to, and how they are handed to a command. */
#ifndef CORE_SOCK_H
#define CORE_SOCK_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/inet.h"

/*
 * A socket of this network namespace bound to the address and port (0: any that
 * is free): IPPROTO_TCP listens, with SO_REUSEADDR, as the connections of one that
 * ended a moment ago are no reason to wait; IPPROTO_UDP receives. `at` of family 0 is
 * all addresses of both families, in one socket; of IPv4 alone where there is no
 * IPv6. [::] is IPv6 alone. Blocking, CLOEXEC, owned; or -errno with *e, whose
 * object is "ADDRESS:PORT" or "port PORT", and whose hint names the sysctl that keeps a port for root.
 */
int sock_listen(const struct inet *at, uint16_t port, uint8_t proto, struct err *e);

/* The port that it has. */
uint16_t sock_port(int fd);

/* Where to listen. */
struct sock_addr {
	const char *path; /* borrowed: a Unix stream socket there, "@NAME" an abstract one; NULL: else */
	struct inet at;   /* as sock_listen has it */
	uint16_t port;
	uint8_t proto;
};

/*
 * [ADDRESS:]PORT[/tcp|/udp], an IPv6 address in brackets, or nothing before the
 * colon; /PATH, ./PATH, or @NAME. Pure. 0, or -EINVAL with *e, whose object is `text`.
 */
int sock_addr_parse(const char *text, struct sock_addr *out, struct err *e);

/*
 * Listen there, as sock_listen does. A socket file that nobody listens on any more
 * is made anew; its mode is the umask's affair.
 */
int sock_addr_listen(const struct sock_addr *a, struct err *e);

/* Sockets for the command that a line ends in: sd_listen_fds(3). Start with { 0 }. */
#define SOCK_PASSED_MAX 64
struct sock_passed {
	size_t n;
	int fd[SOCK_PASSED_MAX]; /* owned, CLOEXEC */
	char names[1024];        /* "NAME:NAME", one for each; "": they have none */
};

/* Those that were handed to this process, which are taken over and no longer in the environment. */
void sock_passed_take(struct sock_passed *p);

/* One more, which *p owns then; name NULL: none. 0, or -errno with *e. */
int sock_passed_add(struct sock_passed *p, int fd, const char *name, struct err *e);

/*
 * Put them where the command looks for them, at 3 and on, and into the environment, with
 * this process as the one that they are for. The n descriptors at `own` (-1: none) that are in the way are
 * moved; all others there are lost. *p owns them no longer. 0, or -errno with *e.
 */
int sock_passed_place(struct sock_passed *p, int *const *own, size_t n, struct err *e);

void sock_passed_close(struct sock_passed *p);

#endif
