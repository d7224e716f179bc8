/* netns_show: what has been read of a network namespace, for those who print it; nobody else includes it. */
#ifndef APPLETS_NETNS_SHOW_H
#define APPLETS_NETNS_SHOW_H

#include <stddef.h>
#include <stdint.h>

#include "applets/netns_wire.h"
#include "core/nft.h"
#include "core/rtnl_set.h"

struct seen_ns {
	int id; /* its number here */
	char name[256];
};

struct seen_bridge {
	char name[IF_NAMESIZE];
	bool internal;
};

/* The arrays are owned. */
struct seen {
	const struct netns_shown *shown; /* borrowed, as the socket */
	struct nl *nl;
	int only; /* the device that it is about, 0: all */
	struct rtnl_link *links;
	struct rtnl_addr *addrs;
	struct rtnl_route *routes;
	struct rtnl_neigh *neighs;
	struct rtnl_qdisc *qdiscs; /* those that hold back */
	struct nft_port *ports;
	struct seen_bridge *bridges;
	struct seen_ns *names;
	size_t n_links, n_addrs, n_routes, n_neighs, n_qdiscs, n_ports, n_bridges, n_names;
};

/* Is it about the device with that index? */
static inline bool seen_is_wanted(const struct seen *s, int index)
{
	return !s->only || s->only == index;
}

/* Read what s->shown asks for. 0 or -errno, with what is to be released in any case. (netns_show_read.c) */
int seen_read(struct seen *s, struct err *e);
void seen_release(struct seen *s);

/* The device with that index, NULL: none; its name, "" without one; what it is limited to, bytes a second, 0: not. */
const struct rtnl_link *seen_link(const struct seen *s, int index);
const char *seen_dev(const struct seen *s, int index);
uint64_t seen_rate(const struct seen *s, int index);

/* NUD_*; ends with 0. */
struct seen_word {
	unsigned bit;
	const char *name;
};
extern const struct seen_word seen_states[];

/* All of it, with ip(8)'s names for things. (netns_show_json.c) */
void netns_show_json(const struct seen *s, struct strbuf *out);

#endif
