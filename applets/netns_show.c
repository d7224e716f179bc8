/* netns show: devices, addresses, routes, neighbours and published ports, on one page. */
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "applets/lsns_table.h"
#include "applets/netns_priv.h"
#include "applets/netns_show.h"
#include "applets/netns_wire.h"

/* ---- words for what was read ---- */

static const char *state_of(const struct rtnl_link *l)
{
	if (!(l->flags & IFF_UP))
		return "down";
	if (l->operstate == IF_OPER_UP || l->operstate == IF_OPER_UNKNOWN)
		return "up";
	return l->operstate == IF_OPER_DORMANT ? "dormant" : "no carrier";
}

static void part(struct strbuf *b, const char *text)
{
	strbuf_addf(b, "%s%s", b->len ? ", " : "", text);
}

/* tc's units, the largest that leaves no fraction. */
static void add_rate(struct strbuf *b, uint64_t rate)
{
	static const char *const units[] = { "bit", "kbit", "mbit", "gbit" };
	uint64_t bits = rate * 8;
	int unit = 0;

	for (; unit < 3 && bits % 1000 == 0; unit++)
		bits /= 1000;
	strbuf_addf(b, "%llu%s", (unsigned long long)bits, units[unit]);
}

/* The device that it is one end of, or above: "to eth0 in web", "on eth0". */
static void add_other(struct strbuf *b, const struct seen *s, const struct rtnl_link *l)
{
	const char *name = l->netnsid < 0 ? seen_dev(s, l->link) : "", *ns = NULL;
	struct rtnl_link other;

	if (!l->link || l->link == l->index)
		return;
	if (l->netnsid >= 0 && rtnl_link_in(s->nl, l->netnsid, l->link, &other) == 0)
		name = other.name;
	for (size_t i = 0; i < s->n_names && l->netnsid >= 0; i++)
		if (s->names[i].id == l->netnsid)
			ns = s->names[i].name;
	part(b, strcmp(l->kind, "veth") ? "on " : "to ");
	strbuf_add(b, *name ? name : "a device");
	if (ns)
		strbuf_addf(b, " in %s", ns);
	else if (l->netnsid >= 0)
		strbuf_addf(b, " in namespace %d", l->netnsid);
}

static void add_notes(struct strbuf *b, const struct seen *s, const struct rtnl_link *l)
{
	uint64_t rate = seen_rate(s, l->index);

	add_other(b, s, l);
	if (l->alias[0] && !(b->len && strstr(b->s, l->alias)))
		part(b, l->alias);
	if (l->isolated)
		part(b, "isolated");
	for (size_t i = 0; i < s->n_bridges; i++)
		if (!strcmp(s->bridges[i].name, l->name))
			part(b, s->bridges[i].internal ? "internal" : "translated");
	if (rate) {
		part(b, "limited to ");
		add_rate(b, rate);
	}
}

/* ---- pages ---- */

enum { C_DEVICE, C_STATE, C_KIND, C_MTU, C_MAC, C_ADDRS, C_NOTES, N_COLUMNS };

static const struct table_column link_columns[] = {
	{ "DEVICE", TABLE_TREE }, { "STATE" }, { "KIND" }, { "MTU", TABLE_RIGHT }, { "LINK ADDRESS" }, { "ADDRESSES", TABLE_LINES }, { "" },
};
static const struct table_column route_columns[] = { { "TO" }, { "VIA" }, { "DEVICE" }, { "METRIC", TABLE_RIGHT } };
static const struct table_column neigh_columns[] = { { "ADDRESS" }, { "LINK ADDRESS" }, { "DEVICE" }, { "STATE" } };
static const struct table_column port_columns[] = { { "PUBLISHED" }, { "TO" }, { "FOR" } };

/* What the cell owns now: the text that has been put together, which is empty again. */
static char *cell(struct strbuf *b)
{
	char *text = b->len ? b->s : NULL;

	if (!text)
		free(b->s);
	*b = (struct strbuf){ 0 };
	return text;
}

static char *inet_cell(const struct inet *a, bool cidr)
{
	char text[INET_TEXT];

	inet_format(a, cidr, text);
	return strdup(text);
}

static void add_addrs(struct strbuf *b, const struct seen *s, int index)
{
	char text[INET_TEXT];

	for (size_t i = 0; i < s->n_addrs; i++) {
		if (s->addrs[i].index != index)
			continue;
		inet_format(&s->addrs[i].a, true, text);
		strbuf_addf(b, "%s%s", b->len ? "\n" : "", text);
	}
}

static void fill_link(char **cells, const struct seen *s, const struct rtnl_link *l)
{
	struct strbuf b = { 0 };
	char text[INET_TEXT];
	static const uint8_t none[6];

	inet_mac_format(l->mac, text);
	cells[C_MAC] = memcmp(l->mac, none, sizeof none) ? strdup(text) : NULL;
	cells[C_DEVICE] = strdup(l->name);
	cells[C_STATE] = strdup(state_of(l));
	/* of the two, only a tap device has a link address */
	cells[C_KIND] = strdup(l->flags & IFF_LOOPBACK ? "loopback" : !strcmp(l->kind, "tun") && cells[C_MAC] ? "tap" : l->kind);
	strbuf_addf(&b, "%u", l->mtu);
	cells[C_MTU] = cell(&b);
	add_addrs(&b, s, l->index);
	cells[C_ADDRS] = cell(&b);
	add_notes(&b, s, l);
	cells[C_NOTES] = cell(&b);
}

/* A bridge's ports hang below it. */
static bool add_links(struct table *t, const struct seen *s, int master, int parent)
{
	for (size_t i = 0; i < s->n_links; i++) {
		const struct rtnl_link *l = &s->links[i];
		bool root = s->only || !l->master || !seen_link(s, l->master);
		int row = (int)t->n_rows;
		char **cells;

		if (!seen_is_wanted(s, l->index) || (root ? master != 0 : l->master != master))
			continue;
		cells = table_add(t, parent);
		if (!cells)
			return false;
		fill_link(cells, s, l);
		/* none is its own port's port */
		if (!s->only && parent < 0 && !add_links(t, s, l->index, row))
			return false;
	}
	return true;
}

static bool add_routes(struct table *t, const struct seen *s)
{
	static const char *const types[] = { [RTN_BLACKHOLE] = "blackhole", [RTN_UNREACHABLE] = "unreachable", [RTN_PROHIBIT] = "prohibited" };

	for (size_t i = 0; i < s->n_routes; i++) {
		const struct rtnl_route *r = &s->routes[i];
		char **cells = table_add(t, -1);
		struct strbuf b = { 0 };

		if (!cells)
			return false;
		cells[0] = r->to.prefix ? inet_cell(&r->to, true) : strdup(r->to.family == AF_INET ? "default" : "default (IPv6)");
		if (r->via.family)
			cells[1] = inet_cell(&r->via, false);
		else if (r->type < sizeof types / sizeof *types && types[r->type])
			cells[1] = strdup(types[r->type]);
		cells[2] = strdup(r->index ? seen_dev(s, r->index) : r->type == RTN_UNICAST ? "several" : "");
		if (r->metric)
			strbuf_addf(&b, "%u", r->metric);
		cells[3] = cell(&b);
	}
	return true;
}

const struct seen_word seen_states[] = {
	{ NUD_INCOMPLETE, "INCOMPLETE" }, { NUD_REACHABLE, "REACHABLE" }, { NUD_STALE, "STALE" }, { NUD_DELAY, "DELAY" },
	{ NUD_PROBE, "PROBE" }, { NUD_FAILED, "FAILED" }, { NUD_PERMANENT, "PERMANENT" }, { 0, NULL },
};

static bool add_neighs(struct table *t, const struct seen *s)
{
	for (size_t i = 0; i < s->n_neighs; i++) {
		const struct rtnl_neigh *n = &s->neighs[i];
		char **cells = table_add(t, -1);
		char text[INET_TEXT];

		if (!cells)
			return false;
		cells[0] = inet_cell(&n->a, false);
		inet_mac_format(n->mac, text);
		cells[1] = n->has_mac ? strdup(text) : NULL;
		cells[2] = strdup(seen_dev(s, n->index));
		for (const struct seen_word *w = seen_states; w->name && !cells[3]; w++)
			if (n->state & w->bit)
				cells[3] = strdup(w->name);
	}
	return true;
}

static bool add_ports(struct table *t, const struct seen *s)
{
	char text[2 * INET_TEXT];

	for (size_t i = 0; i < s->n_ports; i++) {
		const struct nft_port *p = &s->ports[i];
		char **cells = table_add(t, -1);
		struct strbuf b = { 0 };

		if (!cells)
			return false;
		inet_port_format(&p->port, text);
		cells[0] = strdup(text);
		cells[1] = inet_cell(&p->to, false);
		strbuf_add(&b, p->owner);
		cells[2] = cell(&b);
	}
	return true;
}

static bool add_devices(struct table *t, const struct seen *s)
{
	return add_links(t, s, 0, -1);
}

static const struct page {
	unsigned what;
	const struct table_column *columns;
	size_t n;
	bool (*fill)(struct table *t, const struct seen *s);
} pages[] = {
	{ SHOW_LINKS, link_columns, N_COLUMNS, add_devices },
	{ SHOW_ROUTES, route_columns, 4, add_routes },
	{ SHOW_NEIGHS, neigh_columns, 4, add_neighs },
	{ SHOW_PORTS, port_columns, 3, add_ports },
};

/* The last column is empty, mostly. */
static void trim_lines(struct strbuf *b)
{
	size_t to = 0;

	for (size_t i = 0; i < b->len; i++) {
		while (b->s[i] == '\n' && to && b->s[to - 1] == ' ')
			to--;
		b->s[to++] = b->s[i];
	}
	b->len = to;
	strbuf_add(b, "");
}

static void print_text(const struct seen *s, struct strbuf *out)
{
	struct table_look look = { .form = TABLE_TEXT, .headings = true };

	table_look_terminal(&look);
	look.width = 0;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		struct table t = { .columns = pages[i].columns, .n_columns = pages[i].n, .root = -1, .last_root = -1 };

		if (!(s->shown->what & pages[i].what))
			continue;
		if (!pages[i].fill(&t, s))
			out->failed = true;
		if (t.n_rows && out->len)
			strbuf_add(out, "\n");
		table_print(&t, &look, out);
		table_release(&t);
	}
	trim_lines(out);
}

int netns_show(struct nl *nl, const struct netns_shown *shown, struct err *e)
{
	struct seen s = { .shown = shown, .nl = nl };
	struct strbuf out = { 0 };
	struct rtnl_link l;
	int rc = shown->dev ? netns_wire_link(nl, shown->dev, &l, e) : 0;

	if (rc == 0 && shown->dev)
		s.only = l.index;
	rc = rc < 0 ? rc : seen_read(&s, e);
	if (rc == 0) {
		if (shown->json)
			netns_show_json(&s, &out);
		else
			print_text(&s, &out);
		rc = netns_print(&out, e);
	}
	seen_release(&s);
	return rc;
}

/* ---- the verb ---- */

struct show_args {
	const char *in;
	bool json;
};

static const struct opt show_opts[] = {
	{ OPT_FLAG, 'j', "json", NULL, "as JSON", offsetof(struct show_args, json) },
	{ OPT_STR, 'n', "netns", "NS", "of the network namespace NS: a name, a PID or a path", offsetof(struct show_args, in) },
	{ OPT_END },
};

static int show_main(int argc, char **argv, struct err *e)
{
	struct show_args a = { 0 };
	struct netns_shown shown = { .what = SHOW_LINKS | SHOW_ADDRS | SHOW_ROUTES | SHOW_PORTS };
	struct nl nl = { 0 };
	int i = opt_parse(show_opts, &a, argc, argv, e), rc;

	if (i >= 0 && i < argc)
		i = err_bad(e, argv[i], "netns show takes no operand");
	shown.json = a.json;
	rc = i < 0 ? i : netns_wire_open(&nl, a.in, e);
	rc = rc < 0 ? rc : netns_show(&nl, &shown, e);
	nl_close(&nl);
	return rc;
}

const struct applet netns_verb_show = {
	.name = "show",
	.synopsis = "[OPTIONS]",
	.summary = "devices, addresses, routes and published ports",
	.opts = show_opts,
	.main = show_main,
	.fail = 1,
};
