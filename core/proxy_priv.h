/* proxy_priv: what proxy.c, proxy_tcp.c and proxy_udp.c share. */
#ifndef CORE_PROXY_PRIV_H
#define CORE_PROXY_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "core/inet.h"
#include "core/proxy.h"

/* The largest datagram there can be, and what is copied at a time where splice(2) cannot be had. */
#define PROXY_BUF 65536

struct proxy_run;

/* The first member of what is on the heap and may be pointed to by an event that was fetched already. */
struct proxy_block {
	struct proxy_block *dead;
};

/* A socket that epoll(7) watches. */
struct proxy_source {
	void (*ready)(struct proxy_run *r, struct proxy_source *s, uint32_t events);
	int fd;
	bool watched;
	uint32_t wanted; /* EPOLLIN, EPOLLOUT */
};

struct proxy_listener {
	struct proxy_source s; /* the first member; its fd is borrowed from struct proxy */
	uint8_t proto;
	uint16_t port, to_port;
	int family;     /* the socket's own, which the addresses of its clients have */
	struct inet to;
};

struct proxy_run {
	struct proxy *p;
	int epoll;                  /* owned */
	struct proxy_source end;
	int64_t now;                /* ms of CLOCK_MONOTONIC */
	int64_t rest_until;         /* no client is accepted before: 0 is any time */
	int64_t ends_by;            /* the targets have ended, and so does this by then; 0: not yet */
	struct proxy_block *dead;   /* to be freed at the end of this round */
	struct proxy_conns *conns;  /* owned: proxy_tcp.c's */
	struct proxy_flows *flows;  /* owned: proxy_udp.c's */
	char *buf;                  /* owned: PROXY_BUF bytes */
};

/* Have epoll look for `wanted`; with 0 for a failure alone, which it tells once. 0 or -errno. */
int proxy_watch(struct proxy_run *r, struct proxy_source *s, uint32_t wanted);
/* Close it: events that were fetched already are ignored. */
void proxy_close(struct proxy_source *s);
/* Free the block when no such event can be left. */
void proxy_bury(struct proxy_run *r, struct proxy_block *b);
/* Accept no client for a while, or until proxy_go_on. */
void proxy_rest(struct proxy_run *r);
void proxy_go_on(struct proxy_run *r);

int proxy_tcp_begin(struct proxy_run *r);
void proxy_tcp_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events); /* of a listener */
/* The targets have ended: what they have said is all that there is to carry. */
void proxy_tcp_drain(struct proxy_run *r);
bool proxy_tcp_idle(const struct proxy_run *r); /* no connection is left */
void proxy_tcp_end(struct proxy_run *r);

int proxy_udp_begin(struct proxy_run *r);
void proxy_udp_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events); /* of a listener */
/* Forget the clients that have been silent for long; ms until the next one is due, -1: there is none. */
int proxy_udp_expire(struct proxy_run *r);
void proxy_udp_end(struct proxy_run *r);

#endif
