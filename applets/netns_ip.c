/* netns addr, link, neigh, route: in the words of ip(8). */
#include <errno.h>
#include <string.h>

#include "applets/netns_ip.h"
#include "applets/netns_priv.h"
#include "applets/netns_wire.h"
#include "core/fd.h"
#include "core/netns.h"

static const char *const object_names[] = { "addr", "link", "neigh", "route" };

#define OFF(field) offsetof(struct ip_args, field)

static const struct opt ip_opts[] = {
	{ OPT_FLAG, '4', "ipv4", NULL, "show: IPv4 alone", OFF(v4) },
	{ OPT_FLAG, '6', "ipv6", NULL, "show: IPv6 alone; route: default is of IPv6", OFF(v6) },
	{ OPT_FLAG, 'j', "json", NULL, "show: as JSON", OFF(json) },
	{ OPT_STR, 'n', "netns", "NS", "in the network namespace NS: a name, a PID or a path", OFF(in) },
	{ OPT_END },
};

/* ---- words ---- */

enum kind { W_ADDR, W_DEV, W_FLAG, W_MAC, W_MODE, W_NUM, W_ONLY, W_PEER, W_RATE, W_TEXT };

/* The lines that a word has a meaning in: of which objects, and which actions. */
#define OF(object) (1u << (object))
#define TO(action) (16u << (action))
#define MAKE (TO(ADD) | TO(REPLACE))
#define END(field) offsetof(struct end, field), true
#define IN_ARGS(field) OFF(field), false

static const struct word {
	const char *name;
	const char *only;  /* W_ONLY: its one value; what it says goes without saying */
	uint32_t max;      /* W_NUM */
	uint16_t where, off;
	bool of_end;       /* off is within struct end */
	uint8_t kind, min;
} words[] = {
	{ "address", NULL, 0, OF(LINK) | MAKE | TO(SET), END(mac), W_MAC },
	{ "alias", NULL, 0, OF(LINK) | MAKE | TO(SET), IN_ARGS(alias), W_TEXT },
	{ "brd", "+", 0, OF(ADDR) | MAKE, 0, false, W_ONLY },
	{ "broadcast", "+", 0, OF(ADDR) | MAKE, 0, false, W_ONLY },
	{ "dev", NULL, 0, UINT16_MAX, IN_ARGS(dev), W_DEV },
	{ "down", NULL, 0, OF(LINK) | TO(SET), IN_ARGS(down), W_FLAG },
	{ "id", NULL, 4094, OF(LINK) | MAKE, IN_ARGS(vlan), W_NUM, 1 },
	{ "link", NULL, 0, OF(LINK) | MAKE, IN_ARGS(below), W_DEV },
	{ "lladdr", NULL, 0, OF(LINK) | OF(NEIGH) | MAKE | TO(SET) | TO(DEL), END(mac), W_MAC },
	{ "master", NULL, 0, OF(LINK) | MAKE | TO(SET), IN_ARGS(master), W_DEV },
	{ "metric", NULL, UINT32_MAX, OF(ROUTE) | MAKE | TO(DEL), IN_ARGS(metric), W_NUM },
	{ "mode", NULL, 0, OF(LINK) | MAKE, IN_ARGS(mode), W_MODE },
	{ "mtu", NULL, INT32_MAX, OF(LINK) | MAKE | TO(SET), END(mtu), W_NUM, 1 },
	{ "name", NULL, 0, OF(LINK) | MAKE | TO(SET), END(name), W_DEV },
	{ "netns", NULL, 0, OF(LINK) | MAKE | TO(SET), END(ns), W_TEXT },
	{ "nomaster", NULL, 0, OF(LINK) | TO(SET), IN_ARGS(nomaster), W_FLAG },
	{ "nud", "permanent", 0, OF(NEIGH) | MAKE, 0, false, W_ONLY },
	{ "onlink", NULL, 0, OF(ROUTE) | MAKE, IN_ARGS(onlink), W_FLAG },
	{ "peer", NULL, 0, OF(LINK) | MAKE, 0, false, W_PEER },
	{ "rate", NULL, 0, OF(LINK) | TO(SET), IN_ARGS(rate), W_RATE },
	{ "src", NULL, 0, OF(ROUTE) | MAKE, IN_ARGS(src), W_ADDR },
	{ "type", NULL, 0, OF(LINK) | MAKE, IN_ARGS(type), W_TEXT },
	{ "up", NULL, 0, OF(LINK) | MAKE | TO(SET), IN_ARGS(up), W_FLAG },
	{ "via", NULL, 0, OF(ROUTE) | MAKE | TO(DEL), IN_ARGS(via), W_ADDR },
};

static const struct word *find_word(const struct netns_line *l, const char *text)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct word *w = &words[i];

		if (w->where & OF(l->object) && w->where & TO(l->action) && !strcmp(w->name, text))
			return w;
	}
	return NULL;
}

static int set_word(struct netns_line *l, const struct word *w, const char *value, struct err *e)
{
	void *to = (char *)(w->of_end ? (void *)l->end : (void *)l->args) + w->off;
	struct opt_num *num = to;
	uint64_t rate;
	int rc = 0;

	switch ((enum kind)w->kind) {
	case W_ADDR:
		return netns_wire_addr(value, to, e);
	case W_DEV:
		rc = rtnl_name_check(value, e);
		*(const char **)to = value;
		return rc;
	case W_MAC:
		*(const uint8_t **)to = l->end->mac_bytes;
		return netns_wire_mac(value, l->end->mac_bytes, e);
	case W_MODE:
		return netns_wire_mode(value, to, e);
	case W_NUM:
		num->set = true;
		rc = str_num(value, w->min, w->max, &num->v);
		return rc < 0 ? err_bad(e, value, "%s wants a number from %u to %u", w->name, w->min, w->max) : 0;
	case W_ONLY:
		return strcmp(value, w->only) ? err_bad(e, value, "%s can be \"%s\" alone", w->name, w->only) : 0;
	case W_RATE:
		rc = netns_wire_rate(value, &rate, e);
		opt_num_set(num, (long long)rate);
		return rc;
	case W_TEXT:
		*(const char **)to = value;
		return 0;
	case W_FLAG:
		*(bool *)to = true;
		return 0;
	case W_PEER:
		l->end = &l->args->end[1];
		return 0;
	}
	return 0;
}

static int take_words(struct netns_line *l, const struct strs *all, size_t i, struct err *e)
{
	struct ip_args *a = l->args;

	for (; i < all->n; i++) {
		const char *text = all->v[i];
		const struct word *w = find_word(l, text);
		bool alone = w && (w->kind == W_FLAG || w->kind == W_PEER);
		int rc;

		if (!w && (a->subject || a->end != l->end))
			return err_bad(e, text, "means nothing here");
		if (!w) {
			a->subject = text;
			continue;
		}
		if (!alone && ++i == all->n)
			return err_bad(e, text, "wants a value");
		rc = set_word(l, w, alone ? NULL : all->v[i], e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int find_action(enum object object, const char *word, enum action *out, struct err *e)
{
	static const struct {
		const char *word;
		enum action action;
		unsigned of;
	} all[] = {
		{ "add", ADD, ~0u }, { "del", DEL, ~0u }, { "delete", DEL, ~0u }, { "flush", FLUSH, OF(ADDR) }, { "list", SHOW, ~0u }, { "ls", SHOW, ~0u },
		{ "lst", SHOW, ~0u }, { "replace", REPLACE, OF(NEIGH) | OF(ROUTE) }, { "set", SET, OF(LINK) }, { "show", SHOW, ~0u },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (strcmp(all[i].word, word) || !(all[i].of & OF(object)))
			continue;
		*out = all[i].action;
		return 0;
	}
	err_bad(e, word, "no such word for netns %s", object_names[object]);
	err_hint(e, "add, del, show%s", object == LINK ? ", set" : object == ADDR ? ", flush" : ", replace");
	return -EINVAL;
}

/* ---- lines ---- */

/* The address or network that the line is about. */
static int read_subject(struct netns_line *l, struct err *e)
{
	struct ip_args *a = l->args;
	int family = a->via.family ? a->via.family : a->v6 ? AF_INET6 : AF_INET;

	if (!a->subject)
		return err_bad(e, NULL, "wants an address: %s %s ...", object_names[l->object],
			       l->object == ADDR ? "add 10.0.0.2/24 dev DEV" : l->object == ROUTE ? "add default via 10.0.0.1" : "add 10.0.0.2 lladdr MAC dev DEV");
	if (l->object == ADDR)
		return netns_wire_cidr(a->subject, &a->to, e);
	if (l->object == NEIGH)
		return netns_wire_addr(a->subject, &a->to, e);
	if (!strcmp(a->subject, "default"))
		a->to = (struct inet){ .family = family };
	else if (inet_parse(a->subject, true, &a->to) < 0)
		return err_bad(e, a->subject, "is no network: 10.0.0.0/8, 10.1.2.3, fd00::/64 or default");
	if ((a->via.family && a->via.family != a->to.family) || (a->src.family && a->src.family != a->to.family))
		return err_bad(e, a->subject, "is not of the same family as its gateway or source");
	if (!a->via.family && !a->dev && l->action != DEL)
		return err_bad(e, a->subject, "wants a gateway or a device: via ADDRESS, dev DEV");
	return 0;
}

int netns_ip_read(struct netns_line *l, const struct strs *given, struct err *e)
{
	int rc = given->n ? find_action(l->object, given->v[0], &l->action, e) : 0;

	rc = rc < 0 ? rc : take_words(l, given, 1, e);
	return rc < 0 || l->action == SHOW || l->action == FLUSH || l->object == LINK ? rc : read_subject(l, e);
}

/* What needs the socket: the device. */
static int act(struct netns_line *l, struct nl *nl, struct err *e)
{
	struct ip_args *a = l->args;
	const char *dev = a->dev || l->object == ROUTE ? a->dev : l->object == LINK || l->action == FLUSH ? a->subject : NULL;
	struct nl_batch b = { 0 };
	int rc = 0;

	if (l->object == LINK && l->action != SET)
		dev = NULL;
	else if (!dev && l->object != ROUTE)
		return err_bad(e, a->subject, "wants a device: dev DEV");
	if (dev)
		rc = netns_wire_link(nl, dev, &a->link, e);
	if (rc == 0)
		rc = netns_ip_acts[l->object][l->action](a, nl, &b, e);
	if (rc == 0 && b.n)
		rc = netns_wire_send(nl, &b, a->subject ? a->subject : dev, dev, e);
	nl_batch_release(&b);
	return rc;
}

static int show(const struct netns_line *l, struct nl *nl, struct err *e)
{
	static const unsigned what[] = { SHOW_LINKS | SHOW_ADDRS, SHOW_LINKS, SHOW_NEIGHS, SHOW_ROUTES };
	const struct ip_args *a = l->args;
	struct netns_shown s = {
		.what = what[l->object], .json = a->json, .family = netns_ip_family(a), .dev = a->dev || l->object == ROUTE ? a->dev : a->subject,
	};

	if (l->object == ROUTE && a->subject)
		return err_bad(e, a->subject, "means nothing here");
	return netns_show(nl, &s, e);
}

static int run(struct netns_line *l, struct err *e)
{
	struct ip_args *a = l->args;
	struct nl nl = { 0 };
	int rc = 0;

	for (int i = 0; i < 2 && rc >= 0; i++)
		if (a->end[i].ns)
			rc = a->end[i].fd = netns_open_target(a->end[i].ns, e);
	rc = rc < 0 ? rc : netns_wire_open(&nl, a->in, e);
	if (rc == 0)
		rc = l->action == SHOW ? show(l, &nl, e) : act(l, &nl, e);
	nl_close(&nl);
	fd_close(&a->end[0].fd);
	fd_close(&a->end[1].fd);
	return rc;
}

/* argv[0] is the verb's name, or another one that begins alike. */
static int ip_main(int argc, char **argv, struct err *e)
{
	struct ip_args a = { .end = { { .fd = -1 }, { .fd = -1 } } };
	struct netns_line l = { .action = SHOW, .args = &a, .end = a.end };
	struct strs given = { 0 };
	int rc = netns_wire_parse(ip_opts, &a, argc, argv, &given, e);

	while (*object_names[l.object] != *argv[0] && l.object < ROUTE)
		l.object++;
	rc = rc < 0 ? rc : netns_ip_read(&l, &given, e);
	rc = rc < 0 ? rc : run(&l, e);
	strs_release(&given);
	return rc;
}

#define VERB(word, other, line, what)                                                               \
	const struct applet netns_verb_##word = {                                                   \
		.name = #word, .also = (other), .synopsis = (line), .summary = (what), .opts = ip_opts, \
		.main = ip_main, .fail = 1,                                                         \
	}

VERB(addr, "address", "[OPTIONS] [show [DEV] | add|del ADDRESS/PREFIX dev DEV | flush DEV]", "addresses of network devices");
VERB(link, NULL, "[OPTIONS] [show [DEV] | add|set|del DEV WORD...]", "network devices");
VERB(neigh, "neighbour neighbor", "[OPTIONS] [show [DEV] | add|replace ADDRESS lladdr MAC dev DEV | del ADDRESS dev DEV]", "link addresses of neighbours");
VERB(route, NULL, "[OPTIONS] [show [dev DEV] | add|replace|del default|NETWORK [via ADDRESS] [dev DEV] WORD...]", "routes");
