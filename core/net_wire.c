/* net: an address for a container, and the devices and routes that make it one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "core/fd.h"
#include "core/net.h"
#include "core/rtnl_set.h"
#include "core/str.h"

int net_kind_parse(const char *text, struct net_spec *s, struct err *e)
{
	static const struct {
		const char *word;
		enum net_kind kind;
		bool optional; /* the part behind the colon */
	} kinds[] = { { "none", NET_NONE, true }, { "bridge", NET_ON_BRIDGE, true }, { "macvlan", NET_MACVLAN, false }, { "cmd", NET_COMMAND, false } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *rest = str_after(text, kinds[i].word);

		if (!rest || (*rest && *rest != ':') || (!*rest && !kinds[i].optional) || (*rest && (!rest[1] || kinds[i].kind == NET_NONE)))
			continue;
		s->kind = kinds[i].kind;
		s->dev = *rest ? rest + 1 : NET_BRIDGE;
		return s->kind == NET_COMMAND ? 0 : rtnl_name_check(s->dev, e);
	}
	err_bad(e, text, "is no network for a container");
	err_hint(e, "none, bridge, bridge:NAME, macvlan:DEVICE or cmd:PROGRAM");
	return -EINVAL;
}

/* ---- addresses ---- */

bool net_beside(const struct inet *v6, const struct inet *v4, struct inet *out)
{
	if (!v6->family || v6->prefix > 96)
		return false;
	*out = inet_first(v6);
	memcpy(out->v + 12, v4->v, 4);
	return true;
}

static int check_ip(const struct inet *ip, const struct inet *gw, const char *option, struct err *e)
{
	const struct inet first = inet_first(gw), last = inet_last(gw);
	char text[INET_TEXT], net[INET_TEXT];

	inet_format(ip, false, text);
	inet_format(&first, true, net);
	if (!inet_within(ip, gw)) {
		err_bad(e, text, "is not in the bridge's network, %s", net);
		err_hint(e, "%s takes an address of that network", option);
		return -EINVAL;
	}
	if (inet_equal(ip, gw))
		return err_bad(e, text, "is the bridge's own address");
	if (ip->family == AF_INET && gw->prefix < 31 && (inet_equal(ip, &first) || inet_equal(ip, &last)))
		return err_bad(e, text, "is the %s address of %s", inet_equal(ip, &first) ? "network's own" : "broadcast", net);
	return 0;
}

/* ---- devices ---- */

struct wiring {
	const struct net_spec *spec;
	struct nl *host, *inside;
	int ns;
	const struct net_bridge *bridge;
	struct net_result *r;
	struct nl_batch batch;
};

/*
 * What the host's end is to the bridge, and whose. Not in the request that makes
 * it: the kernel goes on behind a name that is taken, and this would be the other's.
 */
static int furnish_port(struct wiring *w, struct err *e)
{
	const struct net_spec *s = w->spec;
	struct rtnl_link port;
	int rc = rtnl_link(w->host, w->r->link, 0, &port);

	if (rc == 0) {
		rtnl_put_port(&w->batch, w->r->link, true, false);
		rtnl_put_change(&w->batch, &(struct rtnl_change){ .index = port.index, .ns = -1, .alias = s->owner });
		if (s->rate)
			rtnl_put_rate(&w->batch, port.index, s->rate);
		rc = nl_send(w->host, &w->batch, NULL);
	}
	if (rc < 0)
		nl_err(w->host, e, rc, w->r->link, s->rate ? "make it a port of %s, and limit it" : "make it a port of %s", s->dev);
	if (rc == -ENOENT && s->rate)
		err_hint(e, "this kernel has no token buckets: CONFIG_NET_SCH_TBF");
	return rc;
}

/* Both ends, in one request. -EEXIST: somebody has the address. */
static int make_veth(struct wiring *w, const struct inet *v4, struct err *e)
{
	const struct net_spec *s = w->spec;
	uint8_t host_mac[6], mac[6];
	struct rtnl_new inside = { .name = NET_DEVICE, .mac = s->has_mac ? s->mac : mac, .ns = w->ns };
	struct rtnl_new outside = {
		.kind = "veth",
		.name = w->r->link,
		.mac = host_mac, /* high, so that the bridge never takes it for its own */
		.ns = -1,
		.master = w->bridge->link.index,
		.up = true,
		.peer = &inside,
	};
	int rc;

	inside.mtu = outside.mtu = s->mtu ? s->mtu : w->bridge->link.mtu == 1500 ? 0 : w->bridge->link.mtu;
	net_make_mac(mac, v4);
	net_make_mac(host_mac, v4);
	host_mac[0] = 0xfe;
	net_claim_name(v4, w->r->link);
	rtnl_put_new(&w->batch, &outside);
	rc = nl_send(w->host, &w->batch, NULL);
	if (rc == 0)
		return furnish_port(w, e);
	if (rc == -EEXIST)
		return rc;
	nl_err(w->host, e, rc, w->r->link, "make the devices of %s", s->dev);
	if (rc == -EOPNOTSUPP) {
		err_set(e, -rc, "veth", "make the devices");
		err_hint(e, "this kernel has no veth devices: CONFIG_VETH");
	}
	return rc;
}

static int taken(const struct inet *ip, struct err *e)
{
	char text[INET_TEXT];

	inet_format(ip, false, text);
	return err_set(e, EADDRINUSE, text, "another container has it");
}

struct any {
	struct wiring *w;
	struct err *e;
};

static int claim(const struct inet *a, void *data)
{
	struct any *any = data;

	return make_veth(any->w, a, any->e);
}

static int make_any(struct wiring *w, struct err *e)
{
	struct any any = { w, e };
	const struct inet first = inet_first(&w->bridge->v4);
	char net[INET_TEXT];
	int rc = net_lease(&w->bridge->v4, w->spec->owner, claim, &any, &w->r->v4);

	if (rc != -EADDRNOTAVAIL)
		return rc;
	inet_format(&first, true, net);
	return err_set(e, EADDRNOTAVAIL, w->spec->dev, "all addresses of %s are taken", net);
}

static int make_on_bridge(struct wiring *w, struct err *e)
{
	const struct net_spec *s = w->spec;
	const struct net_bridge *b = w->bridge;
	int rc = 0;

	if (s->ip.family)
		rc = check_ip(&s->ip, &b->v4, "--ip", e);
	if (rc == 0 && s->ip6.family)
		rc = b->v6.family ? check_ip(&s->ip6, &b->v6, "--ip6", e) : err_bad(e, s->dev, "has no IPv6 address, and --ip6 is given");
	if (rc < 0)
		return rc;
	if (s->ip.family) {
		w->r->v4 = s->ip;
		w->r->v4.prefix = b->v4.prefix;
		rc = make_veth(w, &s->ip, e);
		if (rc == -EEXIST)
			return taken(&s->ip, e);
	} else {
		rc = make_any(w, e);
	}
	if (rc == 0 && s->ip6.family) {
		w->r->v6 = s->ip6;
		w->r->v6.prefix = b->v6.prefix;
	} else if (rc == 0) {
		net_beside(&b->v6, &w->r->v4, &w->r->v6);
	}
	return rc;
}

static int make_macvlan(struct wiring *w, struct err *e)
{
	const struct net_spec *s = w->spec;
	struct rtnl_link below;
	int rc = rtnl_link(w->host, s->dev, 0, &below);

	if (rc == 0) {
		rtnl_put_new(&w->batch, &(struct rtnl_new){
						.kind = "macvlan",
						.name = NET_DEVICE,
						.mac = s->has_mac ? s->mac : NULL,
						.mtu = s->mtu,
						.link = below.index,
						.ns = w->ns,
						.mode = MACVLAN_MODE_BRIDGE,
					});
		rc = nl_send(w->host, &w->batch, NULL);
	}
	if (rc == -ENODEV)
		return err_set(e, ENODEV, s->dev, NULL);
	if (rc == -EOPNOTSUPP)
		err_hint(e, "this kernel has no macvlan devices: CONFIG_MACVLAN");
	w->r->v4 = s->ip;
	w->r->v6 = s->ip6;
	return rc < 0 ? nl_err(w->host, e, rc, s->dev, "make a macvlan device above it") : 0;
}

/* ---- inside ---- */

static const char *const steps[] = { "set lo up", "set it up", "give it its address", "give it its route", "give it its IPv6 address", "give it its IPv6 route" };

/* Without IPv6 in the kernel, or with it turned off, a container has none: nobody has asked for it by name. */
static bool has_no_v6(const struct net_spec *s, int rc)
{
	return !s->ip6.family && (rc == -EOPNOTSUPP || rc == -EAFNOSUPPORT || rc == -EACCES);
}

static int furnish(struct wiring *w, int index, struct err *e)
{
	const struct net_spec *s = w->spec;
	const struct inet *gw = s->kind == NET_ON_BRIDGE ? &w->bridge->v4 : &s->gateway;
	const struct inet *gw6 = &w->bridge->v6;
	const char *what[6];
	size_t n = 0, failed;
	int rc;

	what[n++] = steps[0];
	rtnl_put_up(&w->batch, 1, true);
	what[n++] = steps[1];
	rtnl_put_up(&w->batch, index, true);
	if (w->r->v4.family) {
		what[n++] = steps[2];
		rtnl_put_addr(&w->batch, index, &w->r->v4);
	}
	if (gw->family) {
		what[n++] = steps[3];
		rtnl_put_route(&w->batch, index, NULL, gw);
	}
	rc = nl_send(w->inside, &w->batch, &failed);
	if (rc < 0)
		return nl_err(w->inside, e, rc, NET_DEVICE, "%s", what[failed]);
	if (!w->r->v6.family)
		return 0;
	rtnl_put_addr(&w->batch, index, &w->r->v6);
	if (gw6->family)
		rtnl_put_route(&w->batch, index, NULL, gw6);
	rc = nl_send(w->inside, &w->batch, &failed);
	if (rc < 0 && has_no_v6(s, rc)) {
		w->r->v6.family = 0;
		return 0;
	}
	return rc < 0 ? nl_err(w->inside, e, rc, NET_DEVICE, "%s", steps[4 + failed]) : 0;
}

int net_wire(const struct net_spec *s, struct net_bridge *b, struct nl *host, struct nl *inside, struct net_result *r, struct err *e)
{
	auto_close int ns = ioctl(nl_fd(inside), SIOCGSKNS);
	struct wiring w = { .spec = s, .bridge = b, .host = host, .inside = inside, .ns = ns, .r = r };
	struct rtnl_link device;
	int rc = ns < 0 ? err_sys(e, "network namespace", "open") : s->kind == NET_ON_BRIDGE ? make_on_bridge(&w, e) : make_macvlan(&w, e);

	if (rc == 0) {
		rc = rtnl_link(inside, NET_DEVICE, 0, &device);
		rc = rc < 0 ? nl_err(inside, e, rc, NET_DEVICE, "find it") : furnish(&w, device.index, e);
	}
	if (rc == 0 && nl_fd(&b->nft) >= 0)
		rc = net_take_back(&b->nft, host, &r->v4, &r->v6, e);
	if (rc >= 0) {
		const char *const names[] = { s->kind == NET_ON_BRIDGE ? r->link : NULL, s->dev, NULL };

		net_wait(host, names, inside, NET_DEVICE, &r->v6, 1);
	}
	nl_batch_release(&w.batch);
	return rc < 0 ? rc : 0;
}
