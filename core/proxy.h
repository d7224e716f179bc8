/*
 * proxy: what comes to ports of one network namespace goes to addresses of
 * another, in user space: no device, no rule of the kernel's and no privilege is
 * needed, also between an ordinary user's container and the host.
 *
 * It is a process of its own, whose caller
 *	1. opens the ports where they are to be seen: proxy_open,
 *	2. enters the user and network namespace of the targets: setns(2),
 *	3. gives up all privileges, and closes all fds but the p->n in p->fds and end_fd,
 *	4. serves until that becomes readable: proxy_run.
 *
 * The target sees the proxy as its client, with an address of its own namespace.
 */
#ifndef CORE_PROXY_H
#define CORE_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/inet.h"

struct proxy_port {
	struct inet_port port; /* host: family 0 is all addresses of both families; from 0: any that is free, one by one */
	struct inet to;        /* where the container's ports are; family 0: 127.0.0.1 */
};

/* Start with { 0 }. */
struct proxy {
	int *fds;                         /* owned, and so is each: a listener, CLOEXEC */
	struct proxy_listener *listeners; /* owned: where what comes to each goes */
	size_t n;
};

/*
 * Listen on all ports: those of v[0] in their order, then those of v[1], ... 0; or
 * -errno with *e, whose object is "ADDRESS:PORT", and nothing is open: -EADDRINUSE,
 * -EADDRNOTAVAIL, -EACCES with a hint at net.ipv4.ip_unprivileged_port_start.
 */
int proxy_open(struct proxy *p, const struct proxy_port *v, size_t n, struct err *e);

/* Of the i-th port in that order: its number on the host. */
uint16_t proxy_host_port(const struct proxy *p, size_t i);

/*
 * Serve all ports until end_fd (borrowed; a pidfd, or a pipe's end) is readable or
 * hung up. From then on nobody new is let in, and what the targets had said
 * before goes on to those who listen, for 2 s at most: 0. -errno where it could
 * not begin. SIGPIPE is ignored, and the soft limit of open files is the hard
 * one from then on.
 *
 * TCP: each side's end of sending is passed on by itself, and so is a reset; a
 * target that refuses is a reset for the client; a slow reader stops its sender.
 * UDP: each client has a socket of its own towards the target, whose answers go
 * back from the address that the client had sent to; it is forgotten 30 s after
 * its last datagram, 120 s where it was answered, and sooner where there are more
 * than 1024.
 * Where file descriptors run short, new clients wait until others have gone.
 */
int proxy_run(struct proxy *p, int end_fd, struct err *e);

/* Close what is open. */
void proxy_release(struct proxy *p);

#endif
