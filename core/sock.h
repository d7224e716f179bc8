/* sock: sockets that others come to. */
#ifndef CORE_SOCK_H
#define CORE_SOCK_H

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

#endif
