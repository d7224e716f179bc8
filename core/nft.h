/*
 * nft: what nestbox has in the host's nf_tables (nft(8)): address translation
 * for bridges, and the ports that are published.
 *
 * It is one table, "inet nestbox", whose rules never change: a bridge is an
 * element of a set, a published port one of a map, and its comment says whose it
 * is. Each change is one batch that takes effect as a whole or not at all, and is
 * made against the generation of the rules that it was thought out for: where
 * somebody else was quicker, it is thought out anew. So nothing here is locked,
 * and who is killed leaves nothing half done.
 *
 * Every `nl` is one of nl_open(NETLINK_NETFILTER), and means the network
 * namespace, the host, that it was opened in; the process may be in another one
 * by then, whose user namespace is the same. All of it needs CAP_NET_ADMIN there.
 *
 * -EOPNOTSUPP is said, with *e, where the kernel cannot do this: it has no
 * nf_tables or not all parts of it, is older than 5.10, or is asked for [::1];
 * nl_open says -EPROTONOSUPPORT where it has not even nfnetlink. That is what the
 * proxy is for.
 *
 * The rules forward nothing by themselves. The host's sysctls have to be:
 *   net.ipv4.ip_forward=1, net.ipv6.conf.all.forwarding=1   for all that is forwarded
 *   net.ipv4.conf.BRIDGE.route_localnet=1                   for ports on the host's own 127.0.0.1: the
 *       table drops what comes to 127.0.0.0/8 from any device but lo, which this would let in
 * and the bridge's ports in hairpin mode, for a container that comes back to itself by the host's address.
 */
#ifndef CORE_NFT_H
#define CORE_NFT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/inet.h"
#include "core/nl.h"

/*
 * The table is made unless it is there. 0 or -errno; -EEXIST where there is one
 * of that name that another version of nestbox made, or something else. What
 * adds to it calls this itself.
 */
int nft_table_ensure(struct nl *nl, struct err *e);

/*
 * What goes out of the bridge to other networks has the host's address; nothing
 * comes in but answers, what is published and what its own containers send each
 * other. An internal bridge's containers reach each other and the host, and
 * nothing else, published or not. A second time does no harm, and changes one
 * into the other. 0 or -errno.
 */
int nft_bridge_add(struct nl *nl, const char *bridge, bool internal, struct err *e);
int nft_bridge_del(struct nl *nl, const char *bridge, struct err *e);
/* each() for every one, until it does not return 0. What it returned, or -errno. */
typedef int nft_bridge_fn(const char *bridge, bool internal, void *data);
int nft_bridges(struct nl *nl, nft_bridge_fn *each, void *data, struct err *e);

#define NFT_OWNER_MAX 80 /* a container's name, and its device's */

/* A published port as the table has it. */
struct nft_port {
	struct inet_port port; /* its count is 1; host.family 0: all addresses of the host of to's family */
	struct inet to;        /* the container's address */
	char owner[NFT_OWNER_MAX + 1];
};
typedef int nft_port_fn(const struct nft_port *p, void *data);
/* each() for every port, in order, until it does not return 0. What it returned, or -errno. */
int nft_ports(struct nl *nl, nft_port_fn *each, void *data, struct err *e);

/* Is the port still somebody's? */
typedef bool nft_alive_fn(const struct nft_port *p, void *data);
/* It stands in a comment of the table, which nft(8) has to be able to read back. Pure. 0, or -EINVAL with *e. */
int nft_owner_check(const char *owner, size_t max, struct err *e);

/* Who ports are published for. */
struct nft_target {
	const char *owner;  /* 1 to NFT_OWNER_MAX bytes */
	struct inet v4, v6; /* its addresses, family 0: none */
};

/*
 * Publish the ports, all of them or none. One without a host's address is so on
 * all of them, by v4 and v6 as far as the target has these. One that is 0 (any)
 * becomes a free one of the ephemeral range, the same for both, and is told in
 * ports[]. What the owner has published at the same place goes elsewhere now.
 * 0 or -errno; -EADDRINUSE, with *e naming the container, or saying that it is a
 * listener of the host's; -EADDRNOTAVAIL where the host has no such address.
 */
int nft_publish(struct nl *nl, const struct nft_target *t, struct inet_port *ports, size_t n, struct err *e);

/* What is no longer to be published: all that fits each of those that are given. NULL, or n 0: any. */
struct nft_match {
	const char *owner;
	const struct inet *to;         /* of this address */
	const struct inet_port *ports; /* at one of these n of the host; family 0: at any address, 0.0.0.0 and [::]: on all of them */
	size_t n;
};
/* How many there were, or -errno. Connections over TCP that there are stay; UDP's go at once. */
int nft_unpublish(struct nl *nl, const struct nft_match *m, struct err *e);

/* Unpublish what is published to addresses that nobody has: all ports that alive() denies. How many there were, or -errno. */
int nft_gc(struct nl *nl, nft_alive_fn *alive, void *data, struct err *e);

/*
 * The first chain of somebody else's that drops what is forwarded unless one of
 * its rules takes it, as "ip filter FORWARD": what our table accepts has to get
 * past that, too. 1, 0 where there is none, or -errno.
 */
int nft_foreign_drop(struct nl *nl, char *buf, size_t size);

#endif
