/*
 * net: the network of a container, wired from the host's side: an address, the
 * devices that have it, ports of the host that lead to it.
 */
#ifndef CORE_NET_H
#define CORE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/inet.h"
#include "core/nft.h"
#include "core/rtnl.h"

#define NET_BRIDGE "nb0"       /* made when it is needed, with these addresses */
#define NET_BRIDGE_V4 "10.88.0.1/16"
#define NET_BRIDGE_V6 "fd88:6e62::1/64"
#define NET_DEVICE "eth0"      /* a container's */
#define NET_OWNER_MAX (NFT_OWNER_MAX - IF_NAMESIZE) /* "@DEVICE" is written behind it */

enum net_kind {
	NET_NONE,    /* lo and nothing else */
	NET_ON_BRIDGE,
	NET_MACVLAN,
	NET_COMMAND, /* a program outside sees to it */
};

/* What is wanted. Pure data; strings and ports are borrowed. */
struct net_spec {
	enum net_kind kind;
	const char *dev;       /* the bridge; the device below a macvlan; the command */
	struct inet ip, ip6;   /* family 0: on a bridge one that is free. On a macvlan with their prefix lengths */
	struct inet gateway;   /* macvlan; family 0: none */
	bool has_mac;
	uint8_t mac[6];        /* else one that the address makes */
	unsigned mtu;          /* 0: the bridge's */
	uint64_t rate;         /* bytes a second towards the container, 0: no limit */
	const char *owner;     /* whose it is: chooses the address, is written beside ports. At most NET_OWNER_MAX bytes; NULL: nobody's */
	const struct inet_port *ports;
	size_t n_ports;
};

/* "none", "bridge[:BR]", "macvlan:DEV", "cmd:PROGRAM" into kind and dev. Pure. 0, or -EINVAL with *e, whose object is `text`. */
int net_kind_parse(const char *text, struct net_spec *s, struct err *e);

/* What was done, and what of it the user should hear. Can be sent from process to process. */
struct net_result {
	struct inet v4, v6;         /* the container's, family 0: none */
	char link[IF_NAMESIZE];     /* the host's end, "" none */
	char changed[256];          /* settings of the host that had to be changed: "net.ipv4.ip_forward=1 ..." */
	char hint[256];             /* what may be in the way: another firewall */
	char ports[256];            /* those that were chosen: "32768:80 ..." */
};

/* A bridge that containers are ports of. */
struct net_bridge {
	struct rtnl_link link;
	struct inet v4, v6; /* the bridge's own, family 0: none */
	struct nl nft;      /* owned: the host's nf_tables; not open where it has none */
};
void net_bridge_release(struct net_bridge *b);

/*
 * Have the host as the network needs it, in whose namespace this process still is, and the socket
 * `host`, too. For a bridge: NET_BRIDGE is made if it is not there, with its
 * addresses; any other one has to be there and to have one. Forwarding is turned
 * on, and what nft.h has of it is made, where that is still to be done, and
 * written into r->changed. 0 or -errno; net_bridge_release in either case.
 */
int net_prepare(const struct net_spec *s, struct nl *host, struct net_bridge *b, struct net_result *r, struct err *e);

/*
 * Let a bridge's ports out by the host, whose namespace this process is in:
 * forwarding, of the families that the bridge has an address of, is turned on, and
 * the rules of nft.h are made. Or keep them in: an internal one needs the rules
 * alone, and fails without nf_tables. 0 or -errno.
 */
int net_bridge_route(const struct net_bridge *b, bool internal, struct net_result *r, struct err *e);

/* A link address: 02:42 and the IPv4 address, so that neighbours know who gets that again already; NULL: and any four bytes. 0 or -errno. */
int net_make_mac(uint8_t mac[6], const struct inet *v4);

/*
 * The name of the host's device for a container with that address: "nb0a580002".
 * Names are unique, so whoever makes the device has the address until it goes.
 */
void net_claim_name(const struct inet *v4, char name[IF_NAMESIZE]);
/* The reverse; false where the name is none of those. */
bool net_claim_addr(const char *name, struct inet *v4);

/*
 * The first address of the bridge's network, from the owner's own on (NULL: from
 * any), whose claim(), which makes a device of that name, does not say -EEXIST.
 * What it said, or -EADDRNOTAVAIL: all are taken.
 */
typedef int net_claim_fn(const struct inet *v4, void *data);
int net_lease(const struct inet *gw, const char *owner, net_claim_fn *claim, void *data, struct inet *out);

/* The address of v6's network that goes with a v4 one: the same 32 bits at its end. False, and *out as it was, where it has no room for these. */
bool net_beside(const struct inet *v6, const struct inet *v4, struct inet *out);

/*
 * Come back when packets pass: before that a first one would be lost, and the
 * connection that it was to open be late by a second. `names` are the host's
 * devices, with NULL behind them; addrs those that `dev` has inside.
 */
void net_wait(struct nl *host, const char *const *names, struct nl *inside, const char *dev, const struct inet *addrs, size_t n);

/*
 * Connect the network namespace that the socket `inside` was opened in: make the
 * devices by `host`, give them addresses and routes by `inside`, and come back
 * when packets pass. What the dead have published is taken back, so that nothing
 * leads to an address that has come to somebody else. What has been made goes
 * with the namespace. 0 or -errno.
 */
int net_wire(const struct net_spec *s, struct net_bridge *b, struct nl *host, struct nl *inside, struct net_result *r, struct err *e);

/*
 * Take back what leads to these addresses (family 0: none), which somebody has
 * leased just now, and what an agent has published for one who is dead: its owner
 * is "NAME@DEVICE" and lives as long as the device. How many there were, or -errno.
 */
int net_take_back(struct nl *nft, struct nl *host, const struct inet *v4, const struct inet *v6, struct err *e);

/* Take back all ports that nobody has any more. How many there were, 0 also for who may not look; or -errno. */
int net_gc(struct err *e);

/*
 * A process that stays in the host's namespaces, for one that has left them:
 * wires its network namespace when it is told to, publishes ports, and takes
 * them back when `main` is dead. Start with NET_AGENT_NONE.
 */
struct net_agent {
	pid_t pid; /* > 0: our child, to be reaped by net_agent_stop */
	int sock;  /* owned */
};
#define NET_AGENT_NONE { 0, -1 }

/*
 * Fork it. With `child` it is ours and ends with net_agent_stop, or when we die;
 * else it is nobody's child and ends when this process, which may have executed
 * something, is dead. 0 or -errno.
 */
int net_agent_start(struct net_agent *a, const struct net_spec *s, bool child, struct err *e);

/* Wait until it has the host as it has to be, and listens where it is to listen. 0, or -errno as the agent failed. */
int net_agent_ready(const struct net_agent *a, struct err *e);

/*
 * Have it wire this process's network namespace, which may be in a user
 * namespace of its own. `ready`: it has been waited for already. 0, or -errno as the agent failed.
 */
int net_agent_wire(int sock, bool ready, struct net_result *r, struct err *e);

/* Ports are free, rules are gone when this returns. */
void net_agent_stop(struct net_agent *a);

#endif
