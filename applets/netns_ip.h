/* netns_ip: one line in the words of ip(8), as it has been read; nobody else includes it. */
#ifndef APPLETS_NETNS_IP_H
#define APPLETS_NETNS_IP_H

#include "core/opt.h"
#include "core/rtnl_set.h"

enum object { ADDR, LINK, NEIGH, ROUTE };
enum action { ADD, DEL, FLUSH, REPLACE, SET, SHOW };

/* What one end of a veth can have, and any other device. */
struct end {
	const char *name, *ns;
	struct opt_num mtu;
	const uint8_t *mac;
	uint8_t mac_bytes[6];
	int fd; /* of ns; owned; -1: none */
};

struct ip_args {
	/* options */
	const char *in;
	bool json, v4, v6;
	/* words */
	const char *subject, *dev, *type, *master, *below, *alias;
	struct end end[2];
	struct opt_num metric, vlan, rate;
	unsigned mode;
	struct inet via, src;
	bool up, down, nomaster, onlink;
	/* what they mean */
	struct inet to;
	struct rtnl_link link;
};

/* A line, while it is read: start with SHOW, and with the object, the args and their first end. */
struct netns_line {
	enum object object;
	enum action action;
	struct ip_args *args;
	struct end *end; /* whom name, mtu and the like are about */
};

/* Read the words behind the object: the action, and what it takes. Pure; strings are borrowed. 0 or -errno with *e. */
int netns_ip_read(struct netns_line *l, const struct strs *given, struct err *e);

/* AF_UNSPEC: both */
static inline int netns_ip_family(const struct ip_args *a)
{
	return a->v4 == a->v6 ? AF_UNSPEC : a->v4 ? AF_INET : AF_INET6;
}

/*
 * What is done for an object and an action, NULL where that does not go together
 * (netns_ip_acts.c). What is left in the batch is still to be sent. 0 or -errno.
 */
typedef int act_fn(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e);
extern act_fn *const netns_ip_acts[][SHOW];

#endif
