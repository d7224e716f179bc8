/* netns bridge: a bridge that network namespaces can be connected to, and what lets them out. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "applets/netns_priv.h"
#include "applets/netns_wire.h"
#include "core/net.h"
#include "core/nft.h"

struct bridge_args {
	const char *in;
	struct opt_num mtu;
	bool del, internal;
};

#define OFF(field) offsetof(struct bridge_args, field)

static const struct opt bridge_opts[] = {
	{ OPT_FLAG, 'd', "delete", NULL, "take it away again, and the rules for it", OFF(del) },
	{ OPT_FLAG, 0, "internal", NULL, "its ports reach each other and this host, and nothing else", OFF(internal) },
	{ OPT_NUM, 0, "mtu", "BYTES", "its largest packet", OFF(mtu), .min = 68, .max = 65535 },
	{ OPT_STR, 'n', "netns", "NS", "in the network namespace NS: a name, a PID or a path", OFF(in) },
	{ OPT_END },
};

/* The device itself; *made says that it was not there before. */
static int make(struct nl *nl, const char *name, const struct bridge_args *a, const struct inet *v4, struct rtnl_link *l, bool *made, struct err *e)
{
	uint8_t mac[6];
	struct nl_batch b = { 0 };
	int rc;

	if (net_make_mac(mac, v4) < 0)
		return err_sys(e, name, "make a link address");
	/* one of its own keeps it: else it would have the least of its ports' */
	rtnl_put_new(&b, &(struct rtnl_new){ .kind = "bridge", .name = name, .mac = mac, .ns = -1, .up = true });
	rc = nl_send(nl, &b, NULL);
	*made = rc == 0;
	if (rc == 0 || rc == -EEXIST)
		rc = netns_wire_link(nl, name, l, e);
	else
		netns_wire_not_made(nl, rc, "bridge", name, e);
	if (rc == 0 && strcmp(l->kind, "bridge"))
		rc = err_set(e, EEXIST, name, "is a device of another kind");
	/* not when it is made: the kernel would go by the ports then, as long as nobody has changed it */
	if (rc == 0 && (!*made || a->mtu.set)) {
		rtnl_put_change(&b, &(struct rtnl_change){ .index = l->index, .mtu = (unsigned)a->mtu.v, .ns = -1, .flags = IFF_UP, .mask = IFF_UP });
		rc = netns_wire_send(nl, &b, name, name, e);
	}
	nl_batch_release(&b);
	return rc;
}

static int give(struct nl *nl, const struct rtnl_link *l, const struct strs *words, struct err *e)
{
	struct nl_batch b = { 0 };
	int rc = 0;

	for (size_t i = 1; i < words->n && rc == 0; i++) {
		struct inet a;

		rc = netns_wire_cidr(words->v[i], &a, e);
		if (rc < 0)
			break;
		rtnl_put_addr(&b, l->index, &a);
		rc = netns_wire_send(nl, &b, words->v[i], l->name, e);
	}
	nl_batch_release(&b);
	return rc;
}

/* What of the host's settings is new, and what may be in the way, is said. */
static void say(const struct net_result *r, const char *name, struct err *e)
{
	if (!r->changed[0] && !r->hint[0])
		return;
	if (r->changed[0])
		err_bad(e, r->changed, "set on the host, so that packets are forwarded");
	else
		err_bad(e, name, "may not lead everywhere");
	if (r->hint[0])
		err_hint(e, "%s", r->hint);
	applet_warn(e, "");
	err_clear(e);
}

static int ensure(struct nl *nl, const struct bridge_args *a, const struct strs *words, struct err *e)
{
	const char *name = words->v[0];
	struct net_bridge b = { 0 };
	struct net_result r = { 0 };
	struct inet ip;
	bool made = false;
	int rc = rtnl_name_check(name, e);

	for (size_t i = 1; i < words->n && rc == 0; i++) {
		rc = netns_wire_cidr(words->v[i], &ip, e);
		if (rc == 0)
			*(ip.family == AF_INET ? &b.v4 : &b.v6) = ip;
	}
	rc = rc < 0 ? rc : make(nl, name, a, b.v4.family ? &b.v4 : NULL, &b.link, &made, e);
	rc = rc < 0 ? rc : give(nl, &b.link, words, e);
	/* one that has no address is a switch, and none of this host's business */
	if (rc == 0 && words->n > 1)
		rc = net_bridge_route(&b, a->internal, &r, e);
	if (rc == 0)
		say(&r, name, e);
	if (rc < 0 && made) {
		struct nl_batch batch = { 0 };

		rtnl_put_del(&batch, b.link.index);
		nl_send(nl, &batch, NULL);
		nl_batch_release(&batch);
	}
	return rc;
}

static int take_away(struct nl *nl, const char *name, struct err *e)
{
	struct nl_batch b = { 0 };
	struct nl nft = { 0 };
	struct rtnl_link l;
	struct err unused;
	int rc = rtnl_name_check(name, e);

	rc = rc < 0 ? rc : rtnl_link(nl, name, 0, &l);
	if (rc == 0 && strcmp(l.kind, "bridge"))
		return err_bad(e, name, "is no bridge");
	if (rc == 0) {
		rtnl_put_del(&b, l.index);
		rc = nl_send(nl, &b, NULL);
		nl_batch_release(&b);
		if (rc < 0)
			nl_err(nl, e, rc, name, "delete the bridge");
	} else if (rc == -ENODEV) {
		rc = netns_wire_nothing(name, "there is no such bridge", e);
	}
	/* where there are none, there is nothing to be taken out of them */
	if (rc == 0 && nl_open(&nft, NETLINK_NETFILTER, &unused) == 0)
		nft_bridge_del(&nft, name, &unused);
	nl_close(&nft);
	return rc;
}

static int bridge_main(int argc, char **argv, struct err *e)
{
	struct bridge_args a = { 0 };
	struct strs words = { 0 };
	struct nl nl = { 0 };
	int rc = netns_wire_parse(bridge_opts, &a, argc, argv, &words, e);

	if (rc == 0 && !words.n)
		rc = err_bad(e, NULL, "wants the name of a bridge: bridge BR 10.99.0.1/24");
	if (rc == 0 && a.del && words.n > 1)
		rc = err_bad(e, words.v[1], "means nothing with --delete");
	rc = rc < 0 ? rc : netns_wire_open(&nl, a.in, e);
	if (rc == 0)
		rc = a.del ? take_away(&nl, words.v[0], e) : ensure(&nl, &a, &words, e);
	nl_close(&nl);
	strs_release(&words);
	return rc;
}

const struct applet netns_verb_bridge = {
	.name = "bridge",
	.synopsis = "[OPTIONS] BR [CIDR...]",
	.summary = "make a bridge, with addresses and the way out",
	.opts = bridge_opts,
	.main = bridge_main,
	.fail = 1,
};
