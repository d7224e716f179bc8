/*
 * rtnl: network devices, addresses and routes over rtnetlink(7).
 *
 * What is named rtnl_put_* adds one message to a batch, which nl_send sends; the
 * devices are those of the network namespace that the socket was opened in.
 */
#ifndef CORE_RTNL_H
#define CORE_RTNL_H

#include <net/if.h>

#include "core/err.h"
#include "core/inet.h"
#include "core/nl.h"

/* Set the loopback device of this network namespace up. */
int rtnl_lo_up(struct err *e);

/*
 * The number that this network namespace has for the one behind the fd `ns`
 * (ip-netns(8), NETNSA_NSID) into *id, -1 where it has none. Over *nl, which the
 * first call opens. 0 or -errno.
 */
int rtnl_netnsid(struct nl *nl, int ns, int *id);

/* Give it a number, once and for all; -1: one that is free. 0 or -errno; -EEXIST where it has one. (rtnl_nsid.c) */
int rtnl_netnsid_set(struct nl *nl, int ns, int id);

struct rtnl_netnsid {
	int id;       /* -1: none */
	bool has_own; /* another namespace was asked for its numbers: `own` is the one that ours has for the same, or -1 */
	int own;      /* else the same as id */
};
/*
 * each() for all numbers of the namespace that has the number `target` here (-1: our own), or
 * for `id` alone (-1: all), until it does not return 0. What it returned, or -errno.
 */
typedef int rtnl_netnsid_fn(const struct rtnl_netnsid *n, void *data);
int rtnl_netnsids(struct nl *nl, int target, int id, rtnl_netnsid_fn *each, void *data);

/* Device names: 1 to 15 bytes, none of them "/", ":" or blank, not "." or "..": dev_valid_name. Pure; -EINVAL with *e. */
int rtnl_name_check(const char *name, struct err *e);

/* A device to be made. Fields that are 0 or NULL leave the kernel's choice. */
struct rtnl_new {
	const char *kind;   /* "bridge", "veth", "macvlan", ... */
	const char *name;
	const uint8_t *mac; /* 6 bytes */
	unsigned mtu;
	int master, link;   /* index of the bridge that it becomes a port of; of the device below (macvlan) */
	int ns;             /* fd of the namespace that it is made in, -1: the socket's */
	bool up;
	/* veth: the other end, whose own `kind` is not looked at; never up, which the kernel refuses there */
	const struct rtnl_new *peer;
	unsigned mode;      /* macvlan, macvtap: MACVLAN_MODE_* */
	uint16_t vlan;      /* vlan: its number */
};
/* -EEXIST where the name is taken: RTM_NEWLINK is the test and the claim in one. A bridge forwards at once and has no STP. */
void rtnl_put_new(struct nl_batch *b, const struct rtnl_new *l);

/* IFF_UP on or off; by index. */
void rtnl_put_up(struct nl_batch *b, int index, bool up);
/* A bridge's port, by its name: packets may go back where they came from (hairpin); it does not see other isolated ones. */
void rtnl_put_port(struct nl_batch *b, const char *name, bool hairpin, bool isolated);
/* An address; a second time does no harm. v6 ones are usable at once (no duplicate address detection). */
void rtnl_put_addr(struct nl_batch *b, int index, const struct inet *a);
/*
 * A route to `to` (NULL: default) through `via` (NULL: on the link itself); index 0:
 * as the kernel finds it. What is there for the same network is replaced. It
 * returns the message, valid until the next one, for whoever wants to say more in it.
 */
struct nlmsghdr *rtnl_put_route(struct nl_batch *b, int index, const struct inet *to, const struct inet *via);

/* What there is, as a dump tells it. */
struct rtnl_link {
	int index, master, link; /* 0: none; link: the other end of a veth, the device below a macvlan */
	int netnsid;             /* -1, or where `link` is: that namespace's number here */
	unsigned flags, mtu;     /* IFF_* */
	uint8_t operstate;       /* IF_OPER_* */
	uint8_t mac[6];
	char name[IF_NAMESIZE];
	char kind[16];           /* "" a physical one's, or lo's */
	char alias[64];
	bool hairpin, isolated;  /* as a bridge's port */
};
/* each() for every device, in the kernel's order, until it does not return 0. What it returned, or -errno. */
typedef int rtnl_link_fn(const struct rtnl_link *l, void *data);
int rtnl_links(struct nl *nl, rtnl_link_fn *each, void *data);
/* The one of that name, or with that index where the name is NULL. 0, -ENODEV, -errno. */
int rtnl_link(struct nl *nl, const char *name, int index, struct rtnl_link *out);
/* What a message of the kernel's says, whatever is in it. 0, or -EBADMSG. */
int rtnl_link_read(const struct nlmsghdr *nlh, struct rtnl_link *out);

struct rtnl_addr {
	int index;
	struct inet a; /* the device's own */
	uint8_t scope; /* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
};
typedef int rtnl_addr_fn(const struct rtnl_addr *a, void *data);
int rtnl_addrs(struct nl *nl, int family, rtnl_addr_fn *each, void *data);
int rtnl_addr_read(const struct nlmsghdr *nlh, struct rtnl_addr *out);

struct rtnl_route {
	int index;          /* 0: none, as with several next hops */
	struct inet to;     /* the network; family 0 never */
	struct inet via;    /* family 0: on the link */
	uint8_t type, scope, protocol; /* RTN_*, RT_SCOPE_*, RTPROT_* */
	uint32_t table, metric;
};
typedef int rtnl_route_fn(const struct rtnl_route *r, void *data);
int rtnl_routes(struct nl *nl, int family, rtnl_route_fn *each, void *data);
int rtnl_route_read(const struct nlmsghdr *nlh, struct rtnl_route *out);

#endif
