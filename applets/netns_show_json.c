/* netns show: the same as JSON, as "ip -j" has it. */
#include <net/if.h>
#include <string.h>

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include "applets/netns_show.h"
#include "core/json.h"

/* Begin a value: its comma, and its key, unless that is NULL. */
static void key(struct strbuf *b, const char *name)
{
	if (b->len && !strchr("[{", b->s[b->len - 1]))
		strbuf_add(b, ",");
	if (name) {
		json_add_string(b, name);
		strbuf_add(b, ":");
	}
}

static void open_key(struct strbuf *b, const char *name, const char *bracket)
{
	key(b, name);
	strbuf_add(b, bracket);
}

static void text(struct strbuf *b, const char *name, const char *value)
{
	key(b, name);
	json_add_string(b, value);
}

static void number(struct strbuf *b, const char *name, unsigned long long value)
{
	key(b, name);
	strbuf_addf(b, "%llu", value);
}

/* ip leaves the prefix out where it is all of the address. */
static void inet(struct strbuf *b, const char *name, const struct inet *a, bool cidr)
{
	char buf[INET_TEXT];

	inet_format(a, cidr && a->prefix != 8 * inet_len(a->family), buf);
	text(b, name, buf);
}

static void mac(struct strbuf *b, const char *name, const uint8_t v[6])
{
	char buf[INET_TEXT];

	inet_mac_format(v, buf);
	text(b, name, buf);
}

/* One of some words, or the number itself. */
static void word(struct strbuf *b, const char *name, const struct seen_word *words, unsigned value)
{
	while (words->name && words->bit != value)
		words++;
	if (words->name) {
		text(b, name, words->name);
	} else {
		char buf[16];

		snprintf(buf, sizeof buf, "%u", value);
		text(b, name, buf);
	}
}

static const struct seen_word scopes[] = {
	{ RT_SCOPE_UNIVERSE, "global" }, { RT_SCOPE_SITE, "site" }, { RT_SCOPE_LINK, "link" }, { RT_SCOPE_HOST, "host" }, { 0, NULL },
};
static const struct seen_word protocols[] = {
	{ RTPROT_REDIRECT, "redirect" }, { RTPROT_KERNEL, "kernel" }, { RTPROT_BOOT, "boot" }, { RTPROT_STATIC, "static" },
	{ RTPROT_RA, "ra" }, { RTPROT_DHCP, "dhcp" }, { 0, NULL },
};
static const struct seen_word types[] = {
	{ RTN_LOCAL, "local" }, { RTN_BROADCAST, "broadcast" }, { RTN_MULTICAST, "multicast" }, { RTN_BLACKHOLE, "blackhole" },
	{ RTN_UNREACHABLE, "unreachable" }, { RTN_PROHIBIT, "prohibit" }, { RTN_THROW, "throw" }, { 0, NULL },
};
static const struct seen_word flags[] = {
	{ IFF_LOOPBACK, "LOOPBACK" }, { IFF_BROADCAST, "BROADCAST" }, { IFF_POINTOPOINT, "POINTOPOINT" }, { IFF_MULTICAST, "MULTICAST" },
	{ IFF_NOARP, "NOARP" }, { IFF_ALLMULTI, "ALLMULTI" }, { IFF_PROMISC, "PROMISC" }, { IFF_UP, "UP" }, { IFF_LOWER_UP, "LOWER_UP" }, { 0, NULL },
};
static const char *const operstates[] = { "UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP" };

static void put_addrs(struct strbuf *b, const struct seen *s, int index)
{
	open_key(b, "addr_info", "[");
	for (size_t i = 0; i < s->n_addrs; i++) {
		const struct rtnl_addr *a = &s->addrs[i];

		if (a->index != index)
			continue;
		open_key(b, NULL, "{");
		text(b, "family", a->a.family == AF_INET ? "inet" : "inet6");
		inet(b, "local", &a->a, false);
		number(b, "prefixlen", a->a.prefix);
		word(b, "scope", scopes, a->scope);
		strbuf_add(b, "}");
	}
	strbuf_add(b, "]");
}

static void put_link(struct strbuf *b, const struct seen *s, const struct rtnl_link *l)
{
	open_key(b, NULL, "{");
	number(b, "ifindex", (unsigned)l->index);
	if (l->link && l->netnsid >= 0)
		number(b, "link_index", (unsigned)l->link);
	else if (l->link && seen_link(s, l->link))
		text(b, "link", seen_dev(s, l->link));
	text(b, "ifname", l->name);
	open_key(b, "flags", "[");
	if (l->flags & IFF_UP && !(l->flags & IFF_RUNNING))
		text(b, NULL, "NO-CARRIER");
	for (const struct seen_word *f = flags; f->name; f++)
		if (l->flags & f->bit)
			text(b, NULL, f->name);
	strbuf_add(b, "]");
	number(b, "mtu", l->mtu);
	if (l->master)
		text(b, "master", seen_dev(s, l->master));
	text(b, "operstate", l->operstate < sizeof operstates / sizeof *operstates ? operstates[l->operstate] : operstates[0]);
	mac(b, "address", l->mac);
	if (l->link && l->netnsid >= 0)
		number(b, "link_netnsid", (unsigned)l->netnsid);
	if (l->alias[0])
		text(b, "ifalias", l->alias);
	if (l->kind[0]) {
		open_key(b, "linkinfo", "{");
		text(b, "info_kind", l->kind);
		strbuf_add(b, "}");
	}
	if (l->isolated) {
		key(b, "isolated");
		strbuf_add(b, "true");
	}
	if (seen_rate(s, l->index))
		number(b, "rate", seen_rate(s, l->index));
	if (s->shown->what & SHOW_ADDRS)
		put_addrs(b, s, l->index);
	strbuf_add(b, "}");
}

static void put_links(struct strbuf *b, const struct seen *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		if (seen_is_wanted(s, s->links[i].index))
			put_link(b, s, &s->links[i]);
}

static void put_routes(struct strbuf *b, const struct seen *s)
{
	for (size_t i = 0; i < s->n_routes; i++) {
		const struct rtnl_route *r = &s->routes[i];

		open_key(b, NULL, "{");
		if (r->type != RTN_UNICAST)
			word(b, "type", types, r->type);
		if (r->to.prefix)
			inet(b, "dst", &r->to, true);
		else
			text(b, "dst", "default");
		if (r->via.family == r->to.family)
			inet(b, "gateway", &r->via, false);
		else if (r->via.family) {
			open_key(b, "via", "{");
			text(b, "family", r->via.family == AF_INET ? "inet" : "inet6");
			inet(b, "host", &r->via, false);
			strbuf_add(b, "}");
		}
		if (r->index)
			text(b, "dev", seen_dev(s, r->index));
		word(b, "protocol", protocols, r->protocol);
		if (r->scope != RT_SCOPE_UNIVERSE)
			word(b, "scope", scopes, r->scope);
		if (r->metric)
			number(b, "metric", r->metric);
		strbuf_add(b, "}");
	}
}

static void put_neighs(struct strbuf *b, const struct seen *s)
{
	for (size_t i = 0; i < s->n_neighs; i++) {
		const struct rtnl_neigh *n = &s->neighs[i];

		open_key(b, NULL, "{");
		inet(b, "dst", &n->a, false);
		text(b, "dev", seen_dev(s, n->index));
		if (n->has_mac)
			mac(b, "lladdr", n->mac);
		open_key(b, "state", "[");
		for (const struct seen_word *w = seen_states; w->name; w++)
			if (n->state & w->bit)
				text(b, NULL, w->name);
		strbuf_add(b, "]}");
	}
}

static void put_ports(struct strbuf *b, const struct seen *s)
{
	for (size_t i = 0; i < s->n_ports; i++) {
		const struct nft_port *p = &s->ports[i];
		char buf[2 * INET_TEXT];

		inet_port_format(&p->port, buf);
		open_key(b, NULL, "{");
		text(b, "published", buf);
		inet(b, "to", &p->to, false);
		text(b, "owner", p->owner);
		strbuf_add(b, "}");
	}
}

void netns_show_json(const struct seen *s, struct strbuf *out)
{
	static const struct {
		unsigned what;
		const char *name;
		void (*put)(struct strbuf *b, const struct seen *s);
	} parts[] = { { SHOW_LINKS, "links", put_links }, { SHOW_ROUTES, "routes", put_routes }, { SHOW_NEIGHS, NULL, put_neighs }, { SHOW_PORTS, "ports", put_ports } };
	bool page = s->shown->what & SHOW_PORTS;

	if (page)
		strbuf_add(out, "{");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!(s->shown->what & parts[i].what))
			continue;
		open_key(out, page ? parts[i].name : NULL, "[");
		parts[i].put(out, s);
		strbuf_add(out, "]");
	}
	strbuf_add(out, page ? "}\n" : "\n");
}
