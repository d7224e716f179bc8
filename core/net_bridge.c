/* net: the bridge that containers are ports of, and what the host must let pass for them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "core/fd.h"
#include "core/net_priv.h"
#include "core/nft.h"
#include "core/rtnl_set.h"
#include "core/str.h"

static void say_changed(struct net_result *r, const char *key, const char *value)
{
	size_t len = strlen(r->changed);

	snprintf(r->changed + len, sizeof r->changed - len, "%s%s=%s", len ? " " : "", key, value);
	for (char *c = r->changed + len; (c = strchr(c, '/')); c++)
		*c = '.';
}

/* A setting of this network namespace, "net/ipv4/ip_forward"; r NULL: nothing that anybody has to hear of. */
static int set(const char *key, const char *value, struct net_result *r, struct err *e)
{
	char path[128], is[32];
	int rc;

	str_join(path, sizeof path, "/proc/sys/", key);
	rc = (int)fd_get_line(AT_FDCWD, path, is, sizeof is);
	/* IPv6 may be missing from the kernel, and then there is nothing to be set */
	if (rc == -ENOENT && strstr(key, "/ipv6/") && fd_get_line(AT_FDCWD, "/proc/sys/net/ipv4/ip_forward", is, sizeof is) >= 0)
		return 0;
	if (rc >= 0 && !strcmp(is, value))
		return 0;
	rc = fd_put(AT_FDCWD, path, value, e);
	if (rc < 0)
		err_hint(e, rc == -ENOENT ? "mount /proc first" : "packets have to be forwarded: set it from where /proc/sys can be written");
	if (rc == 0 && r)
		say_changed(r, key, value);
	return rc;
}

struct overlap {
	const struct inet *net;
	int index; /* of the device whose route overlaps, 0: none */
};

static int find_overlap(const struct rtnl_route *route, void *data)
{
	struct overlap *o = data;

	/* the default route overlaps with everything and means none of it */
	if (!route->to.prefix || route->type != RTN_UNICAST || route->table != RT_TABLE_MAIN)
		return 0;
	if (inet_within(&route->to, o->net) || inet_within(o->net, &route->to)) {
		o->index = route->index;
		return 1;
	}
	return 0;
}

/* Is somebody else's network the one that we are about to take? */
static int check_free(struct nl *host, const struct inet *net, struct err *e)
{
	struct overlap o = { .net = net };
	const struct inet first = inet_first(net);
	struct rtnl_link l = { .name = "?" };
	char text[INET_TEXT];
	int rc = rtnl_routes(host, net->family, find_overlap, &o);

	if (rc <= 0)
		return rc < 0 ? nl_err(host, e, rc, "routes", "read") : 0;
	rc = rtnl_link(host, NULL, o.index, &l);
	/* another one has made the same bridge since we looked, or has taken it away */
	if (rc == -ENODEV || (rc == 0 && !strcmp(l.name, NET_BRIDGE) && !strcmp(l.kind, "bridge")))
		return 0;
	inet_format(&first, true, text);
	err_set(e, EADDRINUSE, NET_BRIDGE, "%s is in use: a route by %s leads there", text, l.name);
	err_hint(e, "make the bridge with other addresses: nestbox netns bridge " NET_BRIDGE " 10.99.0.1/24");
	return -EADDRINUSE;
}

static int take_own(const struct rtnl_addr *a, void *data)
{
	struct net_bridge *b = data;

	if (a->index != b->link.index || a->scope != RT_SCOPE_UNIVERSE)
		return 0;
	if (a->a.family == AF_INET && !b->v4.family)
		b->v4 = a->a;
	if (a->a.family == AF_INET6 && !b->v6.family)
		b->v6 = a->a;
	return 0;
}

/* 0, -ENODEV where there is no such device, -errno. */
static int find(struct nl *host, const char *name, struct net_bridge *b, struct err *e)
{
	int rc = rtnl_link(host, name, 0, &b->link);

	if (rc == -ENODEV)
		return rc;
	if (rc == 0 && strcmp(b->link.kind, "bridge"))
		return err_set(e, ENOTSUP, name, "is no bridge%s%s", *b->link.kind ? " but a " : "", b->link.kind);
	if (rc == 0)
		rc = rtnl_addrs(host, AF_UNSPEC, take_own, b);
	return rc < 0 ? nl_err(host, e, rc, name, "look at it") : 0;
}

/* Whoever comes at the same time makes the same one: what is there already is as good. *made: it was us. */
static int make_default(struct nl *host, struct net_bridge *b, bool *made, struct err *e)
{
	struct nl_batch batch = { 0 };
	uint8_t mac[6];
	int rc;

	inet_parse(NET_BRIDGE_V4, true, &b->v4);
	inet_parse(NET_BRIDGE_V6, true, &b->v6);
	net_make_mac(mac, &b->v4);
	if (!b->link.index) {
		rc = check_free(host, &b->v4, e);
		if (rc < 0)
			return rc;
		/* an address of its own keeps it: else it would have the least of its ports' */
		rtnl_put_new(&batch, &(struct rtnl_new){ .kind = "bridge", .name = NET_BRIDGE, .mac = mac, .ns = -1, .up = true });
		rc = nl_send(host, &batch, NULL);
		*made = rc == 0;
		if (rc == 0 || rc == -EEXIST)
			rc = rtnl_link(host, NET_BRIDGE, 0, &b->link);
		if (rc < 0) {
			nl_batch_release(&batch);
			nl_err(host, e, rc, NET_BRIDGE, "make the bridge");
			if (rc == -EOPNOTSUPP)
				err_hint(e, "this kernel has no bridges: CONFIG_BRIDGE");
			return rc;
		}
	}
	/* the one that others look for comes last: who sees it sees both */
	rtnl_put_addr(&batch, b->link.index, &b->v6);
	/* a host without IPv6 */
	if (nl_send(host, &batch, NULL) < 0)
		b->v6.family = 0;
	rtnl_put_addr(&batch, b->link.index, &b->v4);
	rc = nl_send(host, &batch, NULL);
	if (rc < 0)
		nl_err(host, e, rc, NET_BRIDGE, "give it " NET_BRIDGE_V4);
	nl_batch_release(&batch);
	return rc;
}

/*
 * Forwarding for the whole host, and for this bridge that a port of 127.0.0.1 leads
 * somewhere. `router`: nobody else is one there, and no container may say that it is.
 */
static int let_pass(const struct net_bridge *b, bool router, struct net_result *r, struct err *e)
{
	char key[64];
	int rc = b->v4.family ? set("net/ipv4/ip_forward", "1", r, e) : 0;

	str_join(key, sizeof key, "net/ipv4/conf/", b->link.name, "/route_localnet");
	if (rc == 0 && b->v4.family)
		rc = set(key, "1", NULL, e);
	if (rc < 0 || !b->v6.family)
		return rc;
	str_join(key, sizeof key, "net/ipv6/conf/", b->link.name, "/accept_ra");
	rc = router ? set(key, "0", NULL, e) : 0;
	return rc < 0 ? rc : set("net/ipv6/conf/all/forwarding", "1", r, e);
}

struct seen {
	const char *name;
	bool internal;
};

static int see(const char *name, bool internal, void *data)
{
	struct seen *s = data;

	s->internal = internal;
	return !strcmp(name, s->name);
}

void net_say_drop(struct net_result *r, const char *chain)
{
	snprintf(r->hint, sizeof r->hint, "%s drops what is forwarded unless one of its rules takes it", chain);
}

static int translate(struct nl *nft, const char *name, bool internal, struct net_result *r, struct err *e)
{
	char chain[96];
	int rc = nft_bridge_add(nft, name, internal, e);

	if (rc == 0 && !internal && nft_foreign_drop(nft, chain, sizeof chain) == 1)
		net_say_drop(r, chain);
	return rc;
}

/* Neighbours are reached without nf_tables all the same. */
static int do_without(int rc, struct net_result *r, struct err *e)
{
	if (rc != -EOPNOTSUPP && rc != -EPROTONOSUPPORT)
		return rc;
	snprintf(r->hint, sizeof r->hint, "without nf_tables in this kernel a container reaches the host and its neighbours only");
	err_clear(e);
	return 0;
}

int net_bridge_route(const struct net_bridge *b, bool internal, struct net_result *r, struct err *e)
{
	struct nl nft = { 0 };
	int rc = internal ? 0 : let_pass(b, true, r, e);

	rc = rc < 0 ? rc : nl_open(&nft, NETLINK_NETFILTER, e);
	rc = rc < 0 ? rc : translate(&nft, b->link.name, internal, r, e);
	nl_close(&nft);
	return internal ? rc : do_without(rc, r, e);
}

/* A bridge that is known is as somebody wants it: an internal one forwards nothing, published or not. */
static int route(struct net_bridge *b, bool publishes, struct net_result *r, struct err *e)
{
	struct seen s = { .name = b->link.name };
	int rc = nl_open(&b->nft, NETLINK_NETFILTER, e), known = rc < 0 ? rc : nft_bridges(&b->nft, see, &s, e);

	rc = known == 1 && s.internal ? 0 : let_pass(b, !strcmp(s.name, NET_BRIDGE), r, e);
	if (known == 1 && s.internal && publishes)
		snprintf(r->hint, sizeof r->hint, "%s is internal, and its ports are reached by this host's own addresses alone, from here and from the bridge", s.name);
	if (rc < 0 || known == 1)
		return rc;
	rc = known < 0 ? known : translate(&b->nft, s.name, false, r, e);
	if (rc < 0)
		nl_close(&b->nft);
	return do_without(rc, r, e);
}

void net_bridge_release(struct net_bridge *b)
{
	nl_close(&b->nft);
}

int net_prepare(const struct net_spec *s, struct nl *host, struct net_bridge *b, struct net_result *r, struct err *e)
{
	struct nl_batch batch = { 0 };
	const char *name = s->dev;
	bool made = false, ours = s->kind == NET_ON_BRIDGE && !strcmp(name, NET_BRIDGE);
	int rc;

	*b = (struct net_bridge){ 0 };
	if (s->kind != NET_ON_BRIDGE)
		return 0;
	rc = find(host, name, b, e);
	if (rc == -ENODEV && !ours) {
		err_set(e, ENODEV, name, "there is no such bridge");
		err_hint(e, "make it: nestbox netns bridge %s 10.99.0.1/24", name);
	}
	if (ours && (rc == -ENODEV || (rc == 0 && !b->v4.family)))
		rc = make_default(host, b, &made, e);
	if (rc == 0 && !b->v4.family) {
		rc = err_bad(e, name, "has no IPv4 address, which containers need as their gateway");
		err_hint(e, "give it one: nestbox netns bridge %s 10.99.0.1/24", name);
	}
	if (rc == 0 && !(b->link.flags & IFF_UP)) {
		rc = err_set(e, ENETDOWN, name, NULL);
		err_hint(e, "nestbox netns up %s", name);
	}
	rc = rc < 0 ? rc : route(b, s->n_ports, r, e);
	if (rc < 0 && made && b->link.index) {
		rtnl_put_del(&batch, b->link.index);
		nl_send(host, &batch, NULL);
		nl_batch_release(&batch);
	}
	return rc;
}

struct living {
	struct nl *host;
	const struct inet *v4, *v6; /* those who had these are dead */
};

static bool is_alive(const struct nft_port *p, void *data)
{
	const struct living *l = data;
	const char *device = strrchr(p->owner, '@');
	struct inet unused;
	struct rtnl_link link;

	if (inet_equal(&p->to, l->v4) || inet_equal(&p->to, l->v6))
		return false;
	return !device || !net_claim_addr(device + 1, &unused) || rtnl_link(l->host, device + 1, 0, &link) != -ENODEV;
}

int net_take_back(struct nl *nft, struct nl *host, const struct inet *v4, const struct inet *v6, struct err *e)
{
	struct living l = { host, v4, v6 };

	return nft_gc(nft, is_alive, &l, e);
}

int net_gc(struct err *e)
{
	const struct inet none = { 0 };
	struct nl nft = { 0 }, host = { 0 };
	int rc = nl_open(&nft, NETLINK_NETFILTER, e);

	rc = rc < 0 ? rc : nl_open(&host, NETLINK_ROUTE, e);
	rc = rc < 0 ? rc : net_take_back(&nft, &host, &none, &none, e);
	nl_close(&host);
	nl_close(&nft);
	/* without nf_tables, or the right to look, there is nothing of ours */
	if (rc == -EPERM || rc == -EOPNOTSUPP || rc == -EPROTONOSUPPORT) {
		err_clear(e);
		return 0;
	}
	return rc;
}
