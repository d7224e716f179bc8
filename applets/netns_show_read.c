/* netns show: what there is is read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "applets/netns_show.h"
#include "core/netns.h"

/* One more at the end of an array that grows by doubling; false: no memory. */
static bool append(void *list, size_t *n, const void *item, size_t size)
{
	void **v = list;

	if (!(*n & (*n - 1))) {
		void *more = realloc(*v, (*n ? 2 * *n : 1) * size);

		if (!more)
			return false;
		*v = more;
	}
	memcpy((char *)*v + (*n)++ * size, item, size);
	return true;
}

#define APPEND(seen, field, item) (append(&(seen)->field, &(seen)->n_##field, item, sizeof *(item)) ? 0 : -ENOMEM)

static int take_link(const struct rtnl_link *l, void *seen)
{
	return APPEND((struct seen *)seen, links, l);
}

static int take_addr(const struct rtnl_addr *a, void *seen)
{
	return seen_is_wanted(seen, a->index) ? APPEND((struct seen *)seen, addrs, a) : 0;
}

static bool is_link_local(const struct inet *a)
{
	return a->family == AF_INET6 && a->v[0] == 0xfe && (a->v[1] & 0xc0) == 0x80;
}

/* Each device has the route to its own link; on the page of all that is noise. */
static int take_route(const struct rtnl_route *r, void *data)
{
	struct seen *s = data;

	if (r->table != RT_TABLE_MAIN || !seen_is_wanted(s, r->index) || (s->shown->what & SHOW_PORTS && is_link_local(&r->to)))
		return 0;
	return APPEND(s, routes, r);
}

static int take_neigh(const struct rtnl_neigh *n, void *data)
{
	struct seen *s = data;

	return n->state && !(n->state & NUD_NOARP) && seen_is_wanted(s, n->index) ? APPEND(s, neighs, n) : 0;
}

static int take_qdisc(const struct rtnl_qdisc *q, void *seen)
{
	return q->rate ? APPEND((struct seen *)seen, qdiscs, q) : 0;
}

static int take_port(const struct nft_port *p, void *seen)
{
	return APPEND((struct seen *)seen, ports, p);
}

static int take_bridge(const char *name, bool internal, void *seen)
{
	struct seen_bridge b = { .internal = internal };

	str_copyn(b.name, sizeof b.name, name, strlen(name));
	return APPEND((struct seen *)seen, bridges, &b);
}

static int take_name(const char *name, int ns, void *data)
{
	struct seen *s = data;
	struct seen_ns n = { .id = -1 };

	if (ns < 0 || rtnl_netnsid(s->nl, ns, &n.id) < 0 || n.id < 0)
		return 0;
	str_copyn(n.name, sizeof n.name, name, strlen(name));
	return APPEND(s, names, &n);
}

/* What nf_tables has is for those who may ask; a kernel without it has nothing. */
static void read_ports(struct seen *s)
{
	struct nl nl;
	struct err unused;

	if (nl_open(&nl, NETLINK_NETFILTER, &unused) < 0)
		return;
	nft_bridges(&nl, take_bridge, s, &unused);
	nft_ports(&nl, take_port, s, &unused);
	nl_close(&nl);
}

int seen_read(struct seen *s, struct err *e)
{
	unsigned what = s->shown->what;
	struct err unused;
	int rc = rtnl_links(s->nl, take_link, s);

	if (rc == 0 && what & SHOW_LINKS)
		rc = rtnl_qdiscs(s->nl, take_qdisc, s);
	if (rc == 0 && what & SHOW_ADDRS)
		rc = rtnl_addrs(s->nl, s->shown->family, take_addr, s);
	if (rc == 0 && what & SHOW_ROUTES)
		rc = rtnl_routes(s->nl, s->shown->family, take_route, s);
	if (rc == 0 && what & SHOW_NEIGHS)
		rc = rtnl_neighs(s->nl, s->shown->family, take_neigh, s);
	if (rc < 0)
		return nl_err(s->nl, e, rc, "network namespace", "read what there is");
	if (what & SHOW_LINKS)
		netns_each(take_name, s, &unused);
	if (what & SHOW_PORTS)
		read_ports(s);
	return 0;
}

void seen_release(struct seen *s)
{
	free(s->links);
	free(s->addrs);
	free(s->routes);
	free(s->neighs);
	free(s->qdiscs);
	free(s->ports);
	free(s->bridges);
	free(s->names);
}

const struct rtnl_link *seen_link(const struct seen *s, int index)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (s->links[i].index == index)
			return &s->links[i];
	return NULL;
}

const char *seen_dev(const struct seen *s, int index)
{
	const struct rtnl_link *l = seen_link(s, index);

	return l ? l->name : "";
}

uint64_t seen_rate(const struct seen *s, int index)
{
	for (size_t i = 0; i < s->n_qdiscs; i++)
		if (s->qdiscs[i].index == index)
			return s->qdiscs[i].rate;
	return 0;
}
