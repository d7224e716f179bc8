/* netns addr, link, neigh, route: what their lines do. */
#include <errno.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "applets/netns_ip.h"
#include "applets/netns_wire.h"

/* ---- addr ---- */

static int addr_add(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	(void)e;
	(void)nl;
	rtnl_put_addr(b, a->link.index, &a->to);
	return 0;
}

static int addr_del(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	int rc;

	rtnl_put_addr_del(b, a->link.index, &a->to);
	rc = nl_send(nl, b, NULL);
	if (rc == -EADDRNOTAVAIL)
		return netns_wire_nothing(a->subject, "it has no such address", e);
	return rc < 0 ? nl_err(nl, e, rc, a->subject, "take it from %s", a->link.name) : 0;
}

struct flush {
	const struct ip_args *args;
	struct nl_batch *b;
};

static int flush_one(const struct rtnl_addr *addr, void *data)
{
	struct flush *f = data;

	if (addr->index == f->args->link.index)
		rtnl_put_addr_del(f->b, addr->index, &addr->a);
	return 0;
}

static int addr_flush(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	struct flush f = { a, b };
	int rc = rtnl_addrs(nl, netns_ip_family(a), flush_one, &f);

	return rc < 0 ? nl_err(nl, e, rc, a->link.name, "read its addresses") : 0;
}

/* ---- neigh ---- */

static int neigh_add(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	(void)nl;
	if (!a->end[0].mac)
		return err_bad(e, a->subject, "wants a link address: lladdr MAC");
	rtnl_put_neigh(b, a->link.index, &a->to, a->end[0].mac);
	return 0;
}

static int neigh_del(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	int rc;

	rtnl_put_neigh_del(b, a->link.index, &a->to);
	rc = nl_send(nl, b, NULL);
	if (rc == -ENOENT)
		return netns_wire_nothing(a->subject, "nothing is known of it", e);
	return rc < 0 ? nl_err(nl, e, rc, a->subject, "forget it") : 0;
}

/* ---- route ---- */

/* The message for all of them; of a change, what is not said of a route that is to go may be anything. */
static struct nlmsghdr *put_route(const struct ip_args *a, struct nl_batch *b)
{
	/* "default" is a network of its family, too */
	struct nlmsghdr *nlh = rtnl_put_route(b, a->link.index, &a->to, a->via.family ? &a->via : NULL);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);

	if (a->metric.set)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, (uint32_t)a->metric.v);
	if (a->src.family)
		mnl_attr_put(nlh, RTA_PREFSRC, inet_len(a->src.family), a->src.v);
	if (a->onlink)
		rtm->rtm_flags |= RTNH_F_ONLINK;
	return nlh;
}

static int find_same(const struct rtnl_route *r, void *data)
{
	const struct ip_args *a = data;

	return r->table == RT_TABLE_MAIN && r->type == RTN_UNICAST && inet_equal(&r->to, &a->to) && r->to.prefix == a->to.prefix &&
	       (!a->metric.set || r->metric == a->metric.v) && (!a->link.index || r->index == a->link.index) &&
	       (a->via.family ? r->via.family && inet_equal(&r->via, &a->via) : !r->via.family);
}

static int refused(struct ip_args *a, struct nl *nl, int rc, struct err *e)
{
	nl_err(nl, e, rc, a->subject, "make the route");
	if (rc == -ENETUNREACH) {
		err_set(e, -rc, a->subject, "make the route");
		err_hint(e, a->via.family ? "the gateway is in no network of a device here that is up" : "the device is down: netns up DEV");
	}
	return rc;
}

static int route_add(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	struct nlmsghdr *nlh = put_route(a, b);
	int rc, same;

	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	rc = nl_send(nl, b, NULL);
	if (rc != -EEXIST)
		return rc < 0 ? refused(a, nl, rc, e) : 0;
	same = rtnl_routes(nl, a->to.family, find_same, a);
	if (same)
		return same < 0 ? nl_err(nl, e, same, "routes", "read") : 0;
	err_set(e, -rc, a->subject, "make the route");
	err_hint(e, "there is another one to it: netns route replace takes its place, netns route show says which");
	return rc;
}

static int route_replace(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	int rc;

	put_route(a, b);
	rc = nl_send(nl, b, NULL);
	return rc < 0 ? refused(a, nl, rc, e) : 0;
}

static int route_del(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	struct nlmsghdr *nlh = put_route(a, b);
	struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	int rc;

	nlh->nlmsg_type = RTM_DELROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm->rtm_scope = RT_SCOPE_NOWHERE; /* any */
	rtm->rtm_type = rtm->rtm_protocol = 0;
	rc = nl_send(nl, b, NULL);
	if (rc == -ESRCH)
		return netns_wire_nothing(a->subject, "there is no such route", e);
	return rc < 0 ? nl_err(nl, e, rc, a->subject, "delete the route") : 0;
}

/* ---- link ---- */

static int find_index(struct nl *nl, const char *name, int *index, struct err *e)
{
	struct rtnl_link l;
	int rc = name ? netns_wire_link(nl, name, &l, e) : 0;

	if (rc == 0 && name)
		*index = l.index;
	return rc;
}

static int link_set(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	const struct end *end = &a->end[0];
	struct rtnl_change c = {
		.index = a->link.index, .name = end->name, .mac = end->mac, .mtu = (unsigned)end->mtu.v, .ns = end->fd,
		.alias = a->alias, .master = a->nomaster ? -1 : 0, .flags = a->up ? IFF_UP : 0, .mask = a->up || a->down ? IFF_UP : 0,
	};
	int rc;

	if (a->up && a->down)
		return err_bad(e, "up", "excludes down");
	if (a->master && a->nomaster)
		return err_bad(e, "master", "excludes nomaster");
	if (a->rate.set && end->ns)
		return err_bad(e, "rate", "is to be set where the device is then");
	rc = find_index(nl, a->master, &c.master, e);
	if (rc < 0)
		return rc;
	rtnl_put_change(b, &c);
	rc = nl_send(nl, b, NULL);
	if (rc < 0) {
		nl_err(nl, e, rc, a->link.name, end->ns ? "change it, or move it to %s" : "change it", end->ns);
		if (rc == -EBUSY && end->name)
			err_hint(e, "before Linux 6.2 only a device that is down can be renamed: netns link set %s down", a->link.name);
		return rc;
	}
	return a->rate.set ? netns_wire_put_rate(nl, b, a->link.index, (uint64_t)a->rate.v, a->link.name, e) : 0;
}

/* A device of that name is as good as a new one where it is of the kind, and its other end the one that was meant. */
static bool is_same(const struct ip_args *a, struct nl *nl, const struct rtnl_link *there)
{
	const struct end *peer = &a->end[1];
	struct nl other = { 0 };
	struct rtnl_link l = { 0 };
	struct err unused;

	if (strcmp(there->kind, a->type))
		return false;
	if (!peer->name)
		return true;
	if (peer->fd < 0)
		return rtnl_link(nl, peer->name, 0, &l) == 0 && l.index == there->link;
	if (netns_wire_open_other(&other, peer->fd, &unused) == 0)
		rtnl_link(&other, peer->name, 0, &l);
	nl_close(&other);
	return l.index == there->link;
}

static int make(struct ip_args *a, struct nl *nl, struct nl_batch *b, int below, int master, struct err *e)
{
	const struct end *end = &a->end[0], *other = &a->end[1];
	const struct rtnl_new peer = { .name = other->name, .mac = other->mac, .mtu = (unsigned)other->mtu.v, .ns = other->fd };
	int rc;

	rtnl_put_new(b, &(struct rtnl_new){
				.kind = a->type, .name = end->name, .mac = end->mac, .mtu = (unsigned)end->mtu.v, .ns = end->fd, .link = below, .master = master,
				.up = a->up, .mode = a->mode, .vlan = (uint16_t)a->vlan.v, .peer = other->name ? &peer : NULL,
			});
	rc = nl_send(nl, b, NULL);
	return rc < 0 ? netns_wire_not_made(nl, rc, a->type, end->name, e) : 0;
}

static int link_add(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	struct end *end = &a->end[0];
	int below = 0, master = 0, rc;

	if (!end->name)
		end->name = a->dev ? a->dev : a->subject;
	if (!end->name || !a->type)
		return err_bad(e, end->name, "wants a name and a type: link add NAME type bridge");
	if (a->end[1].name && strcmp(a->type, "veth"))
		return err_bad(e, "peer", "is for a veth alone");
	if (a->mode && strcmp(a->type, "macvlan") && strcmp(a->type, "macvtap"))
		return err_bad(e, "mode", "is for a macvlan or macvtap alone");
	if (a->vlan.set && strcmp(a->type, "vlan"))
		return err_bad(e, "id", "is for a vlan alone");
	rc = rtnl_name_check(end->name, e);
	rc = rc < 0 ? rc : find_index(nl, a->below, &below, e);
	rc = rc < 0 ? rc : find_index(nl, a->master, &master, e);
	rc = rc < 0 ? rc : make(a, nl, b, below, master, e);
	if (rc == 0 && !a->alias)
		return 0;
	if ((rc < 0 && rc != -EEXIST) || end->ns || rtnl_link(nl, end->name, 0, &a->link) < 0 || !is_same(a, nl, &a->link))
		return rc;
	end->name = NULL;
	return link_set(a, nl, b, e);
}

static int link_del(struct ip_args *a, struct nl *nl, struct nl_batch *b, struct err *e)
{
	const char *name = a->dev ? a->dev : a->subject;
	int rc = name ? rtnl_link(nl, name, 0, &a->link) : err_bad(e, NULL, "wants a device: link del DEV");

	if (rc == 0) {
		rtnl_put_del(b, a->link.index);
		rc = nl_send(nl, b, NULL);
	}
	if (rc == -ENODEV)
		return netns_wire_nothing(name, "there is no such device", e);
	if (rc < 0 && name) {
		nl_err(nl, e, rc, name, "delete it");
		if (rc == -EOPNOTSUPP)
			err_hint(e, "only devices that somebody has made can be deleted");
	}
	return rc;
}

/* ---- all of them ---- */

act_fn *const netns_ip_acts[][SHOW] = {
	[ADDR] = { [ADD] = addr_add, [DEL] = addr_del, [FLUSH] = addr_flush },
	[LINK] = { [ADD] = link_add, [DEL] = link_del, [SET] = link_set },
	[NEIGH] = { [ADD] = neigh_add, [DEL] = neigh_del, [REPLACE] = neigh_add },
	[ROUTE] = { [ADD] = route_add, [DEL] = route_del, [REPLACE] = route_replace },
};
