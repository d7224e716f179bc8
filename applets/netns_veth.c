/* netns veth, macvlan: a device in a network namespace that leads out of it. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "applets/netns_priv.h"
#include "applets/netns_wire.h"
#include "core/fd.h"
#include "core/net.h"
#include "core/netns.h"

struct end_args {
	const char *in, *gw, *mac, *mode, *rate;
	struct strs ips;
	struct opt_num mtu;
	bool isolated;
};

#define OFF(field) offsetof(struct end_args, field)

/* Rows that both have. */
#define OPT_GW { OPT_STR, 0, "gw", "ADDRESS", "the default route: auto, which is the bridge, none, or this gateway", OFF(gw) }
#define OPT_IP(what) { OPT_LIST, 0, "ip", "CIDR", what, OFF(ips) }
#define OPT_MAC { OPT_STR, 0, "mac", "MAC", "its link address", OFF(mac) }
#define OPT_MTU { OPT_NUM, 0, "mtu", "BYTES", "its largest packet", OFF(mtu), .min = 68, .max = 65535 }
#define OPT_IN(what) { OPT_STR, 'n', "netns", "NS", what " is in the network namespace NS", OFF(in) }

static const struct opt veth_opts[] = {
	OPT_GW,
	OPT_IP("an address with its prefix length, or auto: one that is free. May be repeated"),
	{ OPT_FLAG, 0, "isolated", NULL, "it reaches no other isolated port of the bridge", OFF(isolated) },
	OPT_MAC,
	OPT_MTU,
	OPT_IN("BR"),
	{ OPT_STR, 0, "rate", "RATE", "how much it receives in a second: 10mbit, none", OFF(rate) },
	{ OPT_END },
};

static const struct opt macvlan_opts[] = {
	{ OPT_STR, 0, "gw", "ADDRESS", "the gateway of its default route", OFF(gw) },
	OPT_IP("an address with its prefix length. May be repeated"),
	OPT_MAC,
	{ OPT_STR, 0, "mode", "MODE", "who of the same PARENT is reached: bridge (default), passthru, private, vepa", OFF(mode) },
	OPT_MTU,
	OPT_IN("PARENT"),
	{ OPT_END },
};

#define MAX_IPS 16

struct wiring {
	struct end_args args;
	const char *below;         /* the bridge or parent, as it was given */
	bool veth;
	char name[IF_NAMESIZE];    /* of the device in the namespace */
	int ns;                    /* owned */
	struct nl host, inside;    /* owned */
	struct nl_batch batch;
	struct rtnl_link master;   /* that bridge or parent */
	struct inet own[MAX_IPS];  /* the bridge's addresses */
	struct inet ip[MAX_IPS + 2], gw[2];
	size_t n_own, n_ip, n_gw;
	bool any;                  /* one more, that is free */
	const char *owner;         /* the namespace, where it has a name */
	uint8_t mac[6];
	uint64_t rate;
	unsigned mode;
	struct rtnl_link dev;      /* the device in the namespace */
	bool made;                 /* it was not there before */
};

/* ---- what is wanted ---- */

static int take_ips(struct wiring *w, struct err *e)
{
	const struct strs *ips = &w->args.ips;

	for (size_t i = 0; i < ips->n; i++) {
		int rc;

		if (w->veth && !strcmp(ips->v[i], "auto")) {
			w->any = true;
			continue;
		}
		if (w->n_ip == MAX_IPS)
			return err_bad(e, ips->v[i], "is one address too many: %d can be given", MAX_IPS);
		rc = netns_wire_cidr(ips->v[i], &w->ip[w->n_ip++], e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_args(struct wiring *w, struct err *e)
{
	const struct end_args *a = &w->args;
	int rc = take_ips(w, e);

	if (rc == 0 && a->mac)
		rc = netns_wire_mac(a->mac, w->mac, e);
	if (rc == 0 && a->rate)
		rc = netns_wire_rate(a->rate, &w->rate, e);
	if (rc == 0)
		rc = netns_wire_mode(a->mode ? a->mode : "bridge", &w->mode, e);
	if (rc == 0 && a->gw && strcmp(a->gw, "none") && (strcmp(a->gw, "auto") || !w->veth)) {
		rc = netns_wire_addr(a->gw, &w->gw[0], e);
		w->n_gw = 1;
	}
	return rc;
}

/* ---- is it right ---- */

static int take_own(const struct rtnl_addr *addr, void *data)
{
	struct wiring *w = data;

	if (addr->index == w->master.index && addr->scope == RT_SCOPE_UNIVERSE && w->n_own < MAX_IPS)
		w->own[w->n_own++] = addr->a;
	return 0;
}

static const struct inet *first_of(const struct inet *list, size_t n, int family)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].family == family)
			return &list[i];
	return NULL;
}

/* The first of them whose network has the address in it; has[family] says whether there was any of its family. */
static const struct inet *network_of(const struct inet *list, size_t n, const struct inet *a, bool *has_family)
{
	*has_family = false;
	for (size_t i = 0; i < n; i++) {
		*has_family = *has_family || list[i].family == a->family;
		if (list[i].family == a->family && inet_within(a, &list[i]))
			return &list[i];
	}
	return NULL;
}

static int check_ip(const struct wiring *w, const struct inet *ip, struct err *e)
{
	char text[INET_TEXT], net[INET_TEXT];
	bool has_family;
	const struct inet *own = network_of(w->own, w->n_own, ip, &has_family);
	struct inet first, last;

	inet_format(ip, true, text);
	if (!own && !has_family)
		return 0; /* a bridge without an address of that family leaves it to its ports */
	if (!own || own->prefix != ip->prefix) {
		err_bad(e, text, "is in no network of %s", w->below);
		for (size_t i = 0; i < w->n_own; i++) {
			if (w->own[i].family != ip->family)
				continue;
			first = inet_first(&w->own[i]);
			inet_format(&first, true, net);
			err_hint(e, "it is in %s", net);
		}
		return -EINVAL;
	}
	first = inet_first(own);
	last = inet_last(own);
	if (inet_equal(own, ip))
		return err_bad(e, text, "is the address of %s itself", w->below);
	if (ip->family == AF_INET && ip->prefix < 31 && (inet_equal(&first, ip) || inet_equal(&last, ip)))
		return err_bad(e, text, "is the network's %s address", inet_equal(&first, ip) ? "own" : "broadcast");
	return 0;
}

/* The bridge is the gateway to all that it has an address beside. */
static void find_gateways(struct wiring *w)
{
	bool unused;

	for (size_t i = 0; i < w->n_ip && w->n_gw < 2; i++) {
		const struct inet *own = network_of(w->own, w->n_own, &w->ip[i], &unused);

		if (own && (!w->n_gw || w->gw[0].family != own->family))
			w->gw[w->n_gw++] = *own;
	}
}

static int check(struct wiring *w, struct err *e)
{
	const char *gw = w->args.gw;
	bool has_family;
	int rc = netns_wire_link(&w->host, w->below, &w->master, e);

	if (rc == -ENODEV && w->veth)
		snprintf(e->hint, sizeof e->hint, "make the bridge: netns bridge %s 10.99.0.1/24", w->below);
	if (rc == 0 && w->veth && strcmp(w->master.kind, "bridge"))
		rc = err_bad(e, w->below, "is no bridge");
	if (rc == 0 && w->veth)
		rc = rtnl_addrs(&w->host, AF_UNSPEC, take_own, w);
	for (size_t i = 0; i < w->n_ip && rc == 0; i++)
		rc = check_ip(w, &w->ip[i], e);
	if (rc < 0)
		return rc;
	if (w->any && !first_of(w->own, w->n_own, AF_INET))
		return err_bad(e, w->below, "has no IPv4 address, in whose network another one could be found");
	if (w->n_gw && !w->any && !network_of(w->ip, w->n_ip, &w->gw[0], &has_family) && !(w->gw[0].family == AF_INET6 && w->gw[0].v[0] == 0xfe))
		return err_bad(e, gw, "is in no network of its addresses, and cannot be the gateway");
	return 0;
}

/* ---- devices ---- */

/*
 * The host's end of the device. The number that a device in the namespace gives for
 * its other end can be a number in any namespace, and the end of any other device
 * here; so this one has to say the same, and whose namespace it is.
 */
static int find_port(struct wiring *w, struct rtnl_link *port)
{
	auto_close int own = -1;
	struct err unused;
	int id = -1, rc = rtnl_link(&w->host, NULL, w->dev.link, port);

	if (rc == 0)
		rc = rtnl_netnsid(&w->host, w->ns, &id);
	if (rc < 0)
		return rc;
	if (port->netnsid < 0)
		own = netns_open_own(&unused);
	return port->link == w->dev.index && (port->netnsid < 0 ? fd_same(own, w->ns) : port->netnsid == id) ? 0 : -ENODEV;
}

/* It is there, of the right kind, and leads where it should: as good as a new one. */
static int is_there(struct wiring *w, struct err *e)
{
	struct rtnl_link port;
	int rc = rtnl_link(&w->inside, w->name, 0, &w->dev);

	if (rc == -ENODEV)
		return 0;
	if (rc < 0)
		return nl_err(&w->inside, e, rc, w->name, "find it");
	if (!strcmp(w->dev.kind, w->veth ? "veth" : "macvlan") &&
	    (w->veth ? find_port(w, &port) == 0 && port.master == w->master.index : w->dev.link == w->master.index))
		return 1;
	err_set(e, EEXIST, w->name, "make the device");
	err_hint(e, "there is a device of that name in the namespace, which leads elsewhere: NS:OTHERNAME");
	return -EEXIST;
}

/* The name is the claim to the address: whoever leases one sees it. */
static int make_veth(struct wiring *w, const struct inet *v4)
{
	const struct end_args *a = &w->args;
	uint8_t mac[6], host_mac[6];
	char name[IF_NAMESIZE] = "nbv%d";
	const unsigned mtu = a->mtu.set ? (unsigned)a->mtu.v : w->master.mtu;
	const struct rtnl_new inside = { .name = w->name, .mac = mac, .mtu = mtu, .ns = w->ns };
	int rc;

	if (v4)
		net_claim_name(v4, name);
	if (net_make_mac(mac, v4) < 0)
		return -errno;
	memcpy(host_mac, mac, sizeof mac);
	host_mac[0] = 0xfe; /* high: no bridge takes it for its own */
	if (a->mac)
		memcpy(mac, w->mac, sizeof mac);
	rtnl_put_new(&w->batch, &(struct rtnl_new){
					.kind = "veth", .name = name, .mac = host_mac, .mtu = mtu, .master = w->master.index, .ns = -1, .up = true, .peer = &inside,
				});
	rc = nl_send(&w->host, &w->batch, NULL);
	w->made = rc == 0;
	return rc;
}

static int claim(const struct inet *v4, void *w)
{
	return make_veth(w, v4);
}

/* "auto": an IPv4 address, and, where the bridge has one, an IPv6 address whose end is the same. */
static int lease(struct wiring *w)
{
	const struct inet *v6 = first_of(w->own, w->n_own, AF_INET6);
	struct inet *ip = &w->ip[w->n_ip];
	int rc = net_lease(first_of(w->own, w->n_own, AF_INET), w->owner, claim, w, ip);
	if (rc < 0)
		return rc;
	w->n_ip++;
	if (v6 && net_beside(v6, ip, &ip[1]))
		w->n_ip++;
	return 0;
}

static int make_macvlan(struct wiring *w)
{
	const struct end_args *a = &w->args;
	int rc;

	rtnl_put_new(&w->batch, &(struct rtnl_new){
					.kind = "macvlan", .name = w->name, .mac = a->mac ? w->mac : NULL, .mtu = (unsigned)a->mtu.v, .link = w->master.index, .ns = w->ns, .mode = w->mode,
				});
	rc = nl_send(&w->host, &w->batch, NULL);
	w->made = rc == 0;
	return rc;
}

static int make(struct wiring *w, struct err *e)
{
	const struct inet *v4 = first_of(w->ip, w->n_ip, AF_INET);
	char text[INET_TEXT];
	int rc = !w->veth ? make_macvlan(w) : w->any ? lease(w) : make_veth(w, v4);

	if (rc == -EADDRNOTAVAIL && w->any)
		return err_set(e, -rc, w->below, "all its addresses are taken");
	if (rc == -EEXIST && v4) {
		inet_format(v4, false, text);
		return err_set(e, EADDRINUSE, text, "another network namespace has it");
	}
	if (rc < 0)
		return netns_wire_not_made(&w->host, rc, w->veth ? "veth" : "macvlan", w->name, e);
	return netns_wire_link(&w->inside, w->name, &w->dev, e);
}

/* ---- what it has ---- */

/* A default route that is there already is not for "auto" to replace: it may be another device's. */
static int put_gateway(struct wiring *w, const struct inet *gw, bool only, struct err *e)
{
	struct nlmsghdr *nlh = rtnl_put_route(&w->batch, w->dev.index, NULL, gw);
	char text[INET_TEXT];
	int rc;

	if (only)
		nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	rc = nl_send(&w->inside, &w->batch, NULL);
	if (rc == 0 || (only && rc == -EEXIST))
		return 0;
	inet_format(gw, false, text);
	return nl_err(&w->inside, e, rc, text, "make it the gateway");
}

static int furnish(struct wiring *w, struct err *e)
{
	const struct end_args *a = &w->args;
	struct rtnl_change c = { .index = w->dev.index, .ns = -1, .mac = !w->made && a->mac ? w->mac : NULL, .flags = IFF_UP, .mask = IFF_UP };
	char text[INET_TEXT];
	int rc;

	if (w->veth && (!a->gw || !strcmp(a->gw, "auto")))
		find_gateways(w);
	if (!w->made)
		c.mtu = (unsigned)a->mtu.v;
	rtnl_put_up(&w->batch, 1, true); /* lo */
	rtnl_put_change(&w->batch, &c);
	rc = netns_wire_send(&w->inside, &w->batch, w->name, w->name, e);
	for (size_t i = 0; i < w->n_ip && rc == 0; i++) {
		inet_format(&w->ip[i], true, text);
		rtnl_put_addr(&w->batch, w->dev.index, &w->ip[i]);
		rc = netns_wire_send(&w->inside, &w->batch, text, w->name, e);
	}
	for (size_t i = 0; i < w->n_gw && rc == 0; i++)
		rc = put_gateway(w, &w->gw[i], !a->gw || !strcmp(a->gw, "auto"), e);
	return rc;
}

/* The host's end: a port of the bridge, and how fast it gives what comes for the namespace. */
static int furnish_port(struct wiring *w, struct rtnl_link *port, struct err *e)
{
	int rc = find_port(w, port);

	if (rc < 0)
		return nl_err(&w->host, e, rc, w->below, "find its port");
	rtnl_put_port(&w->batch, port->name, true, w->args.isolated);
	rtnl_put_change(&w->batch, &(struct rtnl_change){ .index = port->index, .ns = -1, .alias = w->owner });
	rc = nl_send(&w->host, &w->batch, NULL);
	if (rc < 0)
		return nl_err(&w->host, e, rc, port->name, "make it a port");
	return w->args.rate ? netns_wire_put_rate(&w->host, &w->batch, port->index, w->rate, port->name, e) : 0;
}

/* Ports that led to who had the address before; without nf_tables there are none. */
static int take_back_ports(struct wiring *w, struct err *e)
{
	const struct inet none = { 0 }, *v4 = first_of(w->ip, w->n_ip, AF_INET), *v6 = first_of(w->ip, w->n_ip, AF_INET6);
	struct nl nft;
	struct err unused;
	int rc;

	if (nl_open(&nft, NETLINK_NETFILTER, &unused) < 0)
		return 0;
	rc = net_take_back(&nft, &w->host, v4 ? v4 : &none, v6 ? v6 : &none, e);
	nl_close(&nft);
	return rc < 0 ? rc : 0;
}

static int wire(struct wiring *w, struct err *e)
{
	struct rtnl_link port = { 0 };
	const char *const names[] = { w->veth ? port.name : NULL, w->below, NULL };
	int rc = check(w, e);

	rc = rc < 0 ? rc : is_there(w, e);
	if (rc == 0)
		rc = make(w, e);
	if (rc == 0 && w->made && w->veth)
		rc = take_back_ports(w, e);
	if (rc >= 0)
		rc = furnish(w, e);
	if (rc == 0 && w->veth)
		rc = furnish_port(w, &port, e);
	if (rc == 0) {
		net_wait(&w->host, names, &w->inside, w->name, w->ip, w->n_ip);
	} else if (w->made) {
		/* the other end goes with it */
		rtnl_put_del(&w->batch, w->dev.index);
		nl_send(&w->inside, &w->batch, NULL);
	}
	return rc;
}

/* A name and no number or path: it is written beside the device, and finds its address again. */
static const char *owner_of(const char *text, char buf[64])
{
	const char *colon = strrchr(text, ':');

	str_copyn(buf, 64, text, colon ? (size_t)(colon - text) : strlen(text));
	return strchr(buf, '/') || !strcmp(buf, "self") || !strcmp(buf, "host") || !buf[strspn(buf, "0123456789")] ? NULL : buf;
}

static int wire_main(struct wiring *w, const struct opt *opts, int argc, char **argv, struct err *e)
{
	struct strs words = { 0 };
	char owner[64];
	int rc = netns_wire_parse(opts, &w->args, argc, argv, &words, e);

	w->ns = -1;
	if (rc == 0 && words.n != 2)
		rc = err_bad(e, NULL, "wants a network namespace and a device: %s NS[:" NET_DEVICE "] %s", argv[0], w->veth ? "BR" : "PARENT");
	rc = rc < 0 ? rc : take_args(w, e);
	if (rc == 0) {
		w->below = words.v[1];
		w->owner = owner_of(words.v[0], owner);
		strcpy(w->name, NET_DEVICE);
		rc = w->ns = netns_wire_target(words.v[0], w->name, e);
	}
	rc = rc < 0 ? rc : netns_wire_open(&w->host, w->args.in, e);
	rc = rc < 0 ? rc : netns_wire_open_other(&w->inside, w->ns, e);
	rc = rc < 0 ? rc : wire(w, e);
	nl_batch_release(&w->batch);
	nl_close(&w->inside);
	nl_close(&w->host);
	fd_close(&w->ns);
	opt_release(opts, &w->args);
	strs_release(&words);
	return rc;
}

static int veth_main(int argc, char **argv, struct err *e)
{
	struct wiring w = { .veth = true };

	return wire_main(&w, veth_opts, argc, argv, e);
}

static int macvlan_main(int argc, char **argv, struct err *e)
{
	struct wiring w = { .veth = false };

	return wire_main(&w, macvlan_opts, argc, argv, e);
}

const struct applet netns_verb_veth = {
	.name = "veth",
	.synopsis = "[OPTIONS] NS[:eth0] BR",
	.summary = "connect a network namespace to a bridge",
	.opts = veth_opts,
	.main = veth_main,
	.fail = 1,
};

const struct applet netns_verb_macvlan = {
	.name = "macvlan",
	.synopsis = "[OPTIONS] NS[:eth0] PARENT",
	.summary = "give a network namespace a device on PARENT's own network",
	.opts = macvlan_opts,
	.main = macvlan_main,
	.fail = 1,
};
