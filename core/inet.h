/* inet: Internet addresses, link addresses and ports as text and as bytes. Pure: nothing here asks a network. */
#ifndef CORE_INET_H
#define CORE_INET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/err.h"

#define INET_TEXT 64 /* bytes that any of the texts below fits in, with its prefix length */

/* An address, and how much of it is the network's. */
struct inet {
	int family;      /* AF_INET, AF_INET6; 0: none */
	uint8_t v[16];   /* network order; the first 4 for AF_INET */
	uint8_t prefix;  /* 0..32 or 0..128 */
};

/* Bytes of an address of the family. */
static inline size_t inet_len(int family)
{
	return family == AF_INET ? 4 : 16;
}

/*
 * "10.0.0.2", "fd00::2", and with `cidr` also "10.0.0.2/24"; without a prefix it is 32 or 128. No
 * names, no abbreviations such as "10.1", no zones ("%eth0"). 0 or -EINVAL.
 */
int inet_parse(const char *text, bool cidr, struct inet *out);
/* The reverse; with `cidr` with the prefix behind it. RFC 5952's form for v6. */
void inet_format(const struct inet *a, bool cidr, char buf[INET_TEXT]);

/* The first address of its network, with the same prefix; the last one. */
struct inet inet_first(const struct inet *a);
struct inet inet_last(const struct inet *a);
/* Is `a` an address of the network `net`? */
bool inet_within(const struct inet *a, const struct inet *net);
bool inet_equal(const struct inet *a, const struct inet *b); /* addresses, not prefixes */
bool inet_is_loopback(const struct inet *a);                 /* 127.0.0.0/8, ::1 */
bool inet_is_any(const struct inet *a);                      /* 0.0.0.0, :: */
bool inet_is_multicast(const struct inet *a);

/* "02:42:0a:58:00:02" into 6 bytes; one that is a station's own: no multicast bit, not all zeroes. 0 or -EINVAL. */
int inet_mac_parse(const char *text, uint8_t mac[6]);
void inet_mac_format(const uint8_t mac[6], char buf[INET_TEXT]);

/*
 * What docker's -p takes: [[IP:]HOST[-R]:]CT[-R][/tcp|udp], an IPv6 address in
 * brackets. Without HOST it is 0: any that is free.
 */
struct inet_port {
	struct inet host; /* family 0: all addresses of the host */
	uint16_t from;    /* first port of the host, 0: any */
	uint16_t to;      /* first port of the container */
	uint16_t count;   /* how many in a row, 1 at least */
	uint8_t proto;    /* IPPROTO_TCP, IPPROTO_UDP */
};
/* 0 or -EINVAL with *e, whose object is `text`. */
int inet_port_parse(const char *text, struct inet_port *out, struct err *e);
/* The shortest text that is read back as *p. */
void inet_port_format(const struct inet_port *p, char buf[2 * INET_TEXT]);

/* An address and port as a socket takes them; the size. */
socklen_t inet_sockaddr(const struct inet *a, uint16_t port, struct sockaddr_storage *out);

/* A rate such as "10mbit", "1.5gbit", "500kbit", "100kbps" (bytes), as tc(8) has it, into bytes a second. 0, -EINVAL, -ERANGE. */
int inet_rate_parse(const char *text, uint64_t *out);

#endif
