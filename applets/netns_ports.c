/* netns publish, unpublish, ports: ports of the host that lead into network namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "applets/lsns_table.h"
#include "applets/netns_priv.h"
#include "applets/netns_wire.h"
#include "core/fd.h"
#include "core/json.h"
#include "core/netns.h"
#include "core/nft.h"
#include "core/rtnl.h"

struct publish_args {
	const char *dev;
	const char *ns;
};

static const struct opt publish_opts[] = {
	{ OPT_STR, 0, "dev", "DEV", "the device in NS whose addresses are meant; default: eth0", offsetof(struct publish_args, dev) },
	{ OPT_OPERAND, .name = "NS", .off = offsetof(struct publish_args, ns) },
	{ OPT_END },
};

static const struct opt unpublish_opts[] = {
	{ OPT_STR, 0, "dev", "DEV", "the device in NS whose addresses are meant; default: eth0", offsetof(struct publish_args, dev) },
	{ OPT_END },
};

/* --- the addresses of a namespace */

struct addresses {
	int index;
	struct inet v4, v6;
};

/* The first ones that others can reach; of v6 none that is about to change. */
static int take_address(const struct rtnl_addr *a, void *data)
{
	struct addresses *own = data;
	struct inet *to = a->a.family == AF_INET ? &own->v4 : &own->v6;

	if (a->index == own->index && a->scope == RT_SCOPE_UNIVERSE && !to->family && !(a->flags & IFA_F_DEPRECATED) &&
	    (a->a.family == AF_INET || !(a->flags & IFA_F_TEMPORARY)))
		*to = a->a;
	return 0;
}

static int read_addresses(struct nl *nl, const char *ns, const char *dev, struct addresses *own, struct err *e)
{
	struct rtnl_link link;
	int rc = rtnl_name_check(dev, e);

	if (rc < 0)
		return rc;
	rc = rtnl_link(nl, dev, 0, &link);
	if (rc < 0)
		return nl_err(nl, e, rc, ns, "device %s", dev);
	own->index = link.index;
	rc = rtnl_addrs(nl, AF_UNSPEC, take_address, own);
	if (rc < 0)
		return nl_err(nl, e, rc, ns, "addresses of %s", dev);
	return own->v4.family || own->v6.family ? 0 : err_bad(e, ns, "%s has no address there", dev);
}

/* This enters it, for good: what has to do with the host is open by now. */
static int find_addresses(const char *ns, const char *dev, struct addresses *own, struct err *e)
{
	auto_close int fd = netns_open_target(ns, e);
	struct nl nl;
	int rc;

	if (fd < 0)
		return fd;
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_sys(e, ns, "enter the network namespace");
	rc = nl_open(&nl, NETLINK_ROUTE, e);
	if (rc == 0) {
		rc = read_addresses(&nl, ns, dev ? dev : "eth0", own, e);
		nl_close(&nl);
	}
	return rc;
}

/* Where the kernel does not even have such sockets nothing is published: 0. Else 1, or -errno. */
static int open_if_any(struct nl *nl, struct err *e)
{
	int rc = nl_open(nl, NETLINK_NETFILTER, e);

	if (rc != -EPROTONOSUPPORT)
		return rc < 0 ? rc : 1;
	err_clear(e);
	return 0;
}

/* --- publish */

/* Numbers are ports in unpublish, so a process is written otherwise. */
static int owner_of(const char *ns, char owner[NFT_OWNER_MAX + 1], struct err *e)
{
	bool number = ns[strspn(ns, "0123456789")] == '\0' && !netns_name_taken(ns);

	if (strlen(ns) + 4 > NFT_OWNER_MAX)
		return err_bad(e, ns, "is longer than what is written beside a port: %d bytes", NFT_OWNER_MAX - 4);
	str_join(owner, NFT_OWNER_MAX + 1, number ? "pid:" : "", ns);
	return 0;
}

/* What any port became, one a line: nobody knows it else. */
static void tell_ports(const struct inet_port *ports, const bool *any, size_t n)
{
	char text[2 * INET_TEXT];

	for (size_t i = 0; i < n; i++) {
		if (!any[i])
			continue;
		inet_port_format(&ports[i], text);
		printf("%s\n", text);
	}
}

/* What publishing alone does not see to, and is told: that the host sends on what is not for itself. */
static const struct knob {
	const char *name, *path;
} knobs[] = {
	{ "net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward" },
	{ "net.ipv6.conf.all.forwarding", "/proc/sys/net/ipv6/conf/all/forwarding" },
};

static bool is_off(const struct knob *k)
{
	char text[16];

	return fd_get_line(AT_FDCWD, k->path, text, sizeof text) > 0 && !strcmp(text, "0");
}

static void warn_knob(const struct knob *k, struct err *e)
{
	err_bad(e, k->name, "is 0: ports are reached from the host alone");
	err_hint(e, "echo 1 >%s", k->path);
	applet_warn(e, "");
	err_clear(e);
}

static void warn_drop(struct nl *nl, struct err *e)
{
	char chain[512];

	if (nft_foreign_drop(nl, chain, sizeof chain) != 1)
		return;
	err_bad(e, chain, "another firewall drops what its own rules do not let pass");
	err_hint(e, "to let it pass: nft insert rule %s ct status dnat accept", chain);
	applet_warn(e, "");
	err_clear(e);
}

static int publish(struct nl *nl, const struct publish_args *a, struct inet_port *ports, size_t n, struct err *e)
{
	char owner[NFT_OWNER_MAX + 1];
	struct addresses own = { 0 };
	struct nft_target t = { .owner = owner };
	/* the host's, which we are about to leave */
	bool off[] = { is_off(&knobs[0]), is_off(&knobs[1]) };
	int rc = owner_of(a->ns, owner, e);

	if (rc == 0)
		rc = find_addresses(a->ns, a->dev, &own, e);
	t.v4 = own.v4;
	t.v6 = own.v6;
	if (rc == 0)
		rc = nft_publish(nl, &t, ports, n, e);
	if (rc < 0)
		return rc;
	if (own.v4.family && off[0])
		warn_knob(&knobs[0], e);
	if (own.v6.family && off[1])
		warn_knob(&knobs[1], e);
	warn_drop(nl, e);
	return 0;
}

static int publish_words(struct nl *nl, const struct publish_args *a, char **words, size_t n, struct err *e)
{
	struct inet_port *ports = calloc(n, sizeof *ports);
	bool *any = calloc(n, sizeof *any);
	int rc = ports && any ? 0 : err_set(e, ENOMEM, "ports", NULL);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = inet_port_parse(words[i], &ports[i], e);
		any[i] = !ports[i].from;
	}
	if (rc == 0)
		rc = publish(nl, a, ports, n, e);
	if (rc == 0)
		tell_ports(ports, any, n);
	free(ports);
	free(any);
	return rc;
}

static int publish_main(int argc, char **argv, struct err *e)
{
	struct publish_args a = { 0 };
	int i = opt_parse(publish_opts, &a, argc, argv, e), rc;
	struct nl nl;

	if (i < 0)
		return i;
	if (i == argc)
		return err_bad(e, a.ns, "no port is given");
	rc = nl_open(&nl, NETLINK_NETFILTER, e);
	if (rc < 0)
		return rc;
	rc = publish_words(&nl, &a, argv + i, (size_t)(argc - i), e);
	nl_close(&nl);
	return rc;
}

/* --- unpublish */

/* "[IP:]HOST[-R][/PROTO]", or as publish has it, whose part of the host's it is that counts then. */
static bool is_port(const char *word, struct inet_port *p)
{
	size_t len = strcspn(word, "/"), at = len;
	char host[INET_TEXT], text[4 * INET_TEXT];
	struct err e = { 0 };

	while (at && word[at - 1] != ':')
		at--;
	/* the same once more, as the container's */
	str_copyn(host, sizeof host, word, len);
	snprintf(text, sizeof text, "%s:%s", host, word + at);
	if (len < sizeof host && inet_port_parse(text, p, &e) == 0)
		return true;
	return inet_port_parse(word, p, &e) == 0 && p->from;
}

static int unpublish_addresses(struct nl *nl, const struct addresses *own, struct err *e)
{
	const struct inet *all[] = { &own->v4, &own->v6 };
	int rc = 0;

	for (size_t i = 0; rc >= 0 && i < 2; i++)
		if (all[i]->family)
			rc = nft_unpublish(nl, &(struct nft_match){ .to = all[i] }, e);
	return rc;
}

static int unpublish(struct nl *nl, const char *word, const char *dev, struct err *e)
{
	struct addresses own = { 0 };
	struct inet_port port;
	int rc;

	if (is_port(word, &port)) {
		rc = nft_unpublish(nl, &(struct nft_match){ .ports = &port, .n = 1 }, e);
		return rc ? rc : netns_wire_nothing(word, "it is not published", e);
	}
	rc = nft_unpublish(nl, &(struct nft_match){ .owner = word }, e);
	if (rc != 0)
		return rc;
	/* nothing is left, or it is another one's: what leads to its addresses */
	rc = find_addresses(str_after(word, "pid:") ? word + 4 : word, dev, &own, e);
	return rc < 0 ? rc : unpublish_addresses(nl, &own, e);
}

static int unpublish_main(int argc, char **argv, struct err *e)
{
	struct publish_args a = { 0 };
	int i = opt_parse(unpublish_opts, &a, argc, argv, e), rc;
	struct nl nl;

	if (i < 0)
		return i;
	if (i == argc)
		return err_bad(e, NULL, "neither a namespace nor a port is given");
	rc = open_if_any(&nl, e);
	if (rc <= 0)
		return rc;
	for (; rc >= 0 && i < argc; i++)
		rc = unpublish(&nl, argv[i], a.dev, e);
	nl_close(&nl);
	return rc < 0 ? rc : 0;
}

/* --- ports */

static const struct table_column columns[] = { { "HOST", 0 }, { "CONTAINER", 0 }, { "OWNER", 0 } };

struct listing {
	struct table t;
	struct strbuf out;
	struct nft_port row; /* count 0: none yet */
	bool json;
};

/* "10.0.0.1:80-89", and the protocol where there is one. */
static char *place(const struct inet *a, unsigned port, unsigned count, const char *proto)
{
	char text[INET_TEXT], ports[32];
	bool v6 = a->family == AF_INET6;

	inet_format(a, false, text);
	snprintf(ports, sizeof ports, count > 1 ? ":%u-%u" : ":%u", port, port + count - 1);
	return str_joined(v6 ? "[" : "", text, v6 ? "]" : "", ports, proto ? "/" : "", proto ? proto : "");
}

static void add_json(struct strbuf *out, const struct nft_port *p, const char *proto, const struct inet *host)
{
	char host_ip[INET_TEXT], to_ip[INET_TEXT];

	inet_format(host, false, host_ip);
	inet_format(&p->to, false, to_ip);
	netns_json_next(out);
	strbuf_addf(out, "\"proto\":\"%s\",\"host_ip\":\"%s\",\"host_port\":%u,\"count\":%u,\"container_ip\":\"%s\",\"container_port\":%u,\"owner\":",
		proto, host_ip, p->port.from, p->port.count, to_ip, p->port.to);
	json_add_string(out, p->owner);
	strbuf_add(out, "}");
}

static int end_row(struct listing *l)
{
	const struct nft_port *p = &l->row;
	const char *proto = p->port.proto == IPPROTO_UDP ? "udp" : "tcp";
	struct inet host = p->port.host.family ? p->port.host : (struct inet){ .family = p->to.family };
	char **cells;

	if (!p->port.count)
		return 0;
	if (l->json) {
		add_json(&l->out, p, proto, &host);
		return 0;
	}
	cells = table_add(&l->t, -1);
	if (!cells)
		return -ENOMEM;
	cells[0] = place(&host, p->port.from, p->port.count, proto);
	cells[1] = place(&p->to, p->port.to, p->port.count, NULL);
	cells[2] = *p->owner ? strdup(p->owner) : NULL;
	return 0;
}

/* Ports in a row are one row. */
static int list_port(const struct nft_port *p, void *data)
{
	struct listing *l = data;
	struct nft_port *row = &l->row;
	int rc;

	if (row->port.count && row->port.proto == p->port.proto && row->port.from + row->port.count == p->port.from &&
	    row->port.to + row->port.count == p->port.to && inet_equal(&row->to, &p->to) && !strcmp(row->owner, p->owner) &&
	    row->port.host.family == p->port.host.family && (!p->port.host.family || inet_equal(&row->port.host, &p->port.host))) {
		row->port.count++;
		return 0;
	}
	rc = end_row(l);
	*row = *p;
	return rc;
}

static int list_ports(struct listing *l, struct err *e)
{
	struct nl nl;
	int rc = open_if_any(&nl, e);

	if (rc <= 0)
		return rc;
	rc = nft_ports(&nl, list_port, l, e);
	if (rc == 0)
		rc = end_row(l);
	nl_close(&nl);
	return rc == -ENOMEM ? err_set(e, ENOMEM, "output", NULL) : rc;
}

static int ports_main(int argc, char **argv, struct err *e)
{
	const struct table_look look = { .headings = true };
	struct listing l = { .t = { .columns = columns, .n_columns = sizeof columns / sizeof *columns, .root = -1, .last_root = -1 } };
	struct netns_tell a = { 0 };
	int rc = netns_parse(netns_tell_opts, &a, argc, argv, e);

	if (rc < 0)
		return rc;
	l.json = a.json;
	if (l.json)
		strbuf_add(&l.out, "[");
	rc = list_ports(&l, e);
	if (rc == 0 && l.json)
		strbuf_add(&l.out, "]\n");
	else if (rc == 0)
		table_print(&l.t, &look, &l.out);
	table_release(&l.t);
	if (rc == 0)
		return netns_print(&l.out, e);
	strbuf_release(&l.out);
	return rc;
}

const struct applet netns_verb_publish = {
	.name = "publish",
	.synopsis = "[OPTIONS] NS [IP:]HOST[-R]:PORT[/udp]...",
	.summary = "have ports of the host lead into a network namespace",
	.opts = publish_opts,
	.notes = "Run it in the host's network namespace. A HOST of 0, or none, is any port that is free; it is printed.",
	.main = publish_main,
	.fail = 1,
};

const struct applet netns_verb_unpublish = {
	.name = "unpublish",
	.synopsis = "[OPTIONS] NS|[IP:]HOST[-R][/udp]...",
	.summary = "have them lead there no longer",
	.opts = unpublish_opts,
	.main = unpublish_main,
	.fail = 1,
};

const struct applet netns_verb_ports = {
	.name = "ports",
	.synopsis = "[OPTIONS]",
	.summary = "list the ports that are published",
	.opts = netns_tell_opts,
	.main = ports_main,
	.fail = 1,
};
