/* rtnl: changing and taking away what is there, devices elsewhere, neighbours, and how fast a device may send. */
#ifndef CORE_RTNL_SET_H
#define CORE_RTNL_SET_H

#include "core/rtnl.h"

/* The device with that index in the network namespace that has the number here; needs CAP_NET_ADMIN there. 0 or -errno. Linux 5.0 */
int rtnl_link_in(struct nl *nl, int netnsid, int index, struct rtnl_link *out);

/* What is to become of a device. Fields that are 0 or NULL stay as they are. */
struct rtnl_change {
	int index;
	const char *name;
	const uint8_t *mac; /* 6 bytes */
	unsigned mtu;
	int master;         /* index of the bridge that it becomes a port of, -1: of none */
	int ns;             /* fd of the network namespace that it goes to, -1: it stays */
	const char *alias;  /* "" none; one that is made gets it only so */
	unsigned flags, mask; /* IFF_*: what the flags in the mask become */
};
/* All in one message: a device that goes to another namespace has its new name there at once. */
void rtnl_put_change(struct nl_batch *b, const struct rtnl_change *c);

/* -ENODEV where it is gone already; -EOPNOTSUPP for one that is not to be deleted. */
void rtnl_put_del(struct nl_batch *b, int index);
void rtnl_put_addr_del(struct nl_batch *b, int index, const struct inet *a);

/* The neighbour *a has that link address, for ever; it replaces what was known of it. */
void rtnl_put_neigh(struct nl_batch *b, int index, const struct inet *a, const uint8_t mac[6]);
void rtnl_put_neigh_del(struct nl_batch *b, int index, const struct inet *a);

struct rtnl_neigh {
	int index;
	struct inet a;
	bool has_mac;
	uint8_t mac[6];
	uint16_t state; /* NUD_* */
};
typedef int rtnl_neigh_fn(const struct rtnl_neigh *n, void *data);
int rtnl_neighs(struct nl *nl, int family, rtnl_neigh_fn *each, void *data);
int rtnl_neigh_read(const struct nlmsghdr *nlh, struct rtnl_neigh *out);

/* What the device sends is held back to that many bytes a second, 0: no more so. tc-tbf(8) */
void rtnl_put_rate(struct nl_batch *b, int index, uint64_t rate);

/* The queue at a device's root. */
struct rtnl_qdisc {
	int index;
	char kind[16];
	uint64_t rate; /* bytes a second, 0: it is none that holds back */
};
typedef int rtnl_qdisc_fn(const struct rtnl_qdisc *q, void *data);
int rtnl_qdiscs(struct nl *nl, rtnl_qdisc_fn *each, void *data);
/* -ENOENT: it is not at the root. */
int rtnl_qdisc_read(const struct nlmsghdr *nlh, struct rtnl_qdisc *out);

#endif
