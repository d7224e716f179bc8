/* netns new, netns outside: a network namespace for the rest of the line, and what it is connected to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>

#include "applets/applet.h"
#include "applets/netns_priv.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/ns_enter.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct netns_args, field)
#define WISH(field) offsetof(struct netns_wish, field)

const struct opt netns_wish_opts[] = {
	{ OPT_STR, 0, "ip", "ADDR", "IPv4 address instead of one that is free", WISH(ip) },
	{ OPT_STR, 0, "ip6", "ADDR", "IPv6 address instead of the one that goes with it", WISH(ip6) },
	{ OPT_STR, 0, "mac-address", "MAC", "link address", WISH(mac) },
	{ OPT_LIST, 'p', "publish", "[[IP:]HOST:]CT[/udp]", "make port CT of the container a port of the host", WISH(publish) },
	{ OPT_END },
};

static const struct opt new_opts[] = {
	{ OPT_STR, 0, "gateway", "ADDR", "default route, with --net macvlan", OFF(gateway) },
	{ OPT_NUM, 0, "mtu", "BYTES", "largest packet, instead of the bridge's", OFF(mtu), 68, 65535 },
	{ OPT_STR, 0, "net", "KIND", "none (default: lo is up, and nothing else), bridge[:NAME], macvlan:DEV, cmd:PROGRAM", OFF(net) },
	{ OPT_STR, 0, "owner", "NAME", "whose it is: chooses the address, is noted beside ports", OFF(owner) },
	{ OPT_STR, 0, "rate", "RATE", "limit of what comes in, such as 10mbit", OFF(rate) },
	{ OPT_GROUP, .off = OFF(wish), .group = netns_wish_opts },
	{ OPT_END },
};

/* The wishes as the core takes them; strings and ports live as long as the args. */
struct netns_state {
	struct net_spec spec;
	struct inet_port *ports; /* owned */
	struct net_agent agent;
};

bool netns_wishes(const struct netns_wish *w)
{
	return w->publish.n || w->ip || w->ip6 || w->mac;
}

const char *netns_kind(const struct netns_wish *w, bool may)
{
	return w->ip || w->ip6 || w->mac || (w->publish.n && may) ? "bridge" : "none";
}

static int parse_addr(const char *text, const char *option, int family, bool cidr, struct inet *out, struct err *e)
{
	if (!text || (inet_parse(text, cidr, out) == 0 && out->family == family && !inet_is_any(out) && !inet_is_multicast(out) && !inet_is_loopback(out)))
		return 0;
	err_bad(e, text, "is no IPv%d address for a container", family == AF_INET ? 4 : 6);
	err_hint(e, "%s takes %s", option, family == AF_INET ? cidr ? "192.168.1.2/24, for instance" : "10.88.0.2, for instance"
						       : cidr ? "fd00::2/64, for instance" : "fd88:6e62::2, for instance");
	return -EINVAL;
}

static int parse_wish(const struct netns_args *a, struct net_spec *s, struct err *e)
{
	bool cidr = s->kind == NET_MACVLAN;
	int rc = parse_addr(a->wish.ip, "--ip", AF_INET, cidr, &s->ip, e);

	rc = rc < 0 ? rc : parse_addr(a->wish.ip6, "--ip6", AF_INET6, cidr, &s->ip6, e);
	rc = rc < 0 ? rc : parse_addr(a->gateway, "--gateway", AF_INET, false, &s->gateway, e);
	if (rc == 0 && a->wish.mac) {
		if (inet_mac_parse(a->wish.mac, s->mac) < 0)
			return err_bad(e, a->wish.mac, "is no link address of one device, such as 02:42:0a:58:00:02");
		s->has_mac = true;
	}
	if (rc == 0 && a->rate && inet_rate_parse(a->rate, &s->rate) < 0) {
		rc = err_bad(e, a->rate, "is no rate");
		err_hint(e, "10mbit, 500kbit or 100kbps, for instance");
	}
	if (rc == 0 && a->owner)
		rc = nft_owner_check(a->owner, NET_OWNER_MAX, e);
	s->mtu = a->mtu.set ? (unsigned)a->mtu.v : 0;
	s->owner = a->owner;
	return rc;
}

static int parse_ports(const struct netns_args *a, struct netns_state *s, struct err *e)
{
	int rc = 0;

	s->ports = calloc(a->wish.publish.n + 1, sizeof *s->ports);
	if (!s->ports)
		return err_set(e, ENOMEM, "ports", NULL);
	for (size_t i = 0; i < a->wish.publish.n && rc == 0; i++)
		rc = inet_port_parse(a->wish.publish.v[i], &s->ports[i], e);
	s->spec.ports = s->ports;
	s->spec.n_ports = a->wish.publish.n;
	return rc;
}

/* What goes with which kind of network. */
static int check_kind(const struct netns_args *a, const struct net_spec *s, struct err *e)
{
	const struct netns_wish *w = &a->wish;
	const char *no = NULL;

	if (s->kind == NET_NONE || s->kind == NET_COMMAND)
		no = w->ip ? "--ip" : w->ip6 ? "--ip6" : w->mac ? "--mac-address" : a->rate ? "--rate" : a->mtu.set ? "--mtu" : NULL;
	if (s->kind == NET_MACVLAN)
		no = w->publish.n ? "--publish" : a->rate ? "--rate" : NULL;
	if (s->kind != NET_MACVLAN && a->gateway)
		no = "--gateway";
	if (!no)
		return 0;
	err_bad(e, no, "does not go with this kind of network");
	if (w->publish.n && s->kind == NET_MACVLAN)
		err_hint(e, "such a container has an address of its own in the outer network: its ports are there");
	return -EINVAL;
}

/* `may`: as netns_kind has it. */
static int parse(const struct netns_args *a, bool may, struct netns_state *s, struct err *e)
{
	int rc = net_kind_parse(a->net ? a->net : a->rate || a->mtu.set ? "bridge" : netns_kind(&a->wish, may), &s->spec, e);

	rc = rc < 0 ? rc : parse_wish(a, &s->spec, e);
	rc = rc < 0 ? rc : parse_ports(a, s, e);
	return rc < 0 ? rc : check_kind(a, &s->spec, e);
}

bool netns_may_wire(void)
{
	auto_close int ns = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct err unused = { 0 };
	struct cred_sets caps;
	auto_close int owner = ns < 0 ? -1 : ns_open_owner(ns, &unused);

	return owner >= 0 && cred_get_active(&caps, &unused) == 0 && caps.effective & CRED_CAP(CAP_NET_ADMIN) &&
	       ns_is_own(owner, "", ns_kind(CLONE_NEWUSER));
}

int netns_check(const void *args, struct err *e)
{
	const struct netns_args *a = args;
	struct netns_state s = { .agent = NET_AGENT_NONE };
	int rc;

	if (a->net && !strcmp(a->net, "outside"))
		return netns_wishes(&a->wish) || a->gateway || a->rate || a->mtu.set ? err_bad(e, "--net outside", "and wishes exclude each other: they are said to netns outside") : 0;
	rc = parse(a, true, &s, e);
	free(s.ports);
	return rc;
}

static void say(const struct step_ctx *ctx, const char *object, const char *what)
{
	struct err e = { 0 };

	if (!object[0])
		return;
	snprintf(e.applet, sizeof e.applet, "%s", ctx->run ? "run" : "netns");
	err_bad(&e, object, "%s", what);
	applet_warn(&e, "");
}

/* What was done to the host, and what may be in the way, is said; not asked about. */
static void tell(const struct step_ctx *ctx, const struct net_result *r)
{
	say(ctx, r->changed, "set on the host, so that packets are forwarded");
	say(ctx, r->ports, "published");
	say(ctx, r->hint, "this may be in the way");
}

static int leave(struct step_ctx *ctx, bool lo, struct err *e)
{
	int rc = ns_unshare(CLONE_NEWNET, e);

	if (rc == 0)
		ctx->made |= CLONE_NEWNET;
	return rc < 0 || !lo ? rc : rtnl_lo_up(e);
}

/* All by ourselves: a socket stays with the namespace that it was opened in. */
static int wire_alone(const struct net_spec *s, struct step_ctx *ctx, struct net_result *r, struct err *e)
{
	struct nl host = { 0 }, inside = { 0 };
	struct net_bridge bridge = { 0 };
	int rc = nl_open(&host, NETLINK_ROUTE, e);

	rc = rc < 0 ? rc : net_prepare(s, &host, &bridge, r, e);
	rc = rc < 0 ? rc : leave(ctx, false, e);
	rc = rc < 0 ? rc : nl_open(&inside, NETLINK_ROUTE, e);
	rc = rc < 0 ? rc : net_wire(s, &bridge, &host, &inside, r, e);
	net_bridge_release(&bridge);
	nl_close(&inside);
	nl_close(&host);
	return rc;
}

static int start_agent(struct netns_state *s, struct step_ctx *ctx, struct err *e)
{
	if (ctx->pid_pending)
		return err_bad(e, NULL, "the process that stays outside would become pid 1 of the new pid namespace; put netns before unshare --pid");
	return net_agent_start(&s->agent, &s->spec, ctx->run, e);
}

static int hint_userns(const struct step_ctx *ctx, int rc, struct err *e)
{
	if (rc == -EPERM && ctx->made & CLONE_NEWUSER) {
		e->hint[0] = '\0';
		err_hint(e, "from inside a user namespace nothing can be made outside: netns outside ... -- unshare --user ... -- netns new --net outside");
	} else if (rc == -EPERM && !netns_may_wire()) {
		e->hint[0] = '\0';
		err_hint(e, "an ordinary user's container can have --net none, with -p, or netns listen; a bridge takes root");
	}
	return rc;
}

static int new_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct netns_args *a = args;
	struct netns_state *s = state;
	struct net_result r = { 0 };
	bool agent;
	int rc;

	s->agent = (struct net_agent)NET_AGENT_NONE;
	if (a->net && !strcmp(a->net, "outside")) {
		if (ctx->net_sock < 0)
			return err_bad(e, "--net outside", "no netns outside is before it on the line");
		rc = leave(ctx, true, e);
		rc = rc < 0 ? rc : net_agent_wire(ctx->net_sock, true, &r, e);
		fd_close(&ctx->net_sock);
		if (rc == 0)
			tell(ctx, &r);
		return rc;
	}
	rc = parse(a, !a->net && netns_may_wire(), s, e);
	agent = s->spec.n_ports || s->spec.kind == NET_COMMAND;
	if (rc == 0 && agent) {
		rc = start_agent(s, ctx, e);
		rc = rc < 0 ? rc : leave(ctx, true, e);
		rc = rc < 0 ? rc : net_agent_wire(s->agent.sock, false, &r, e);
	} else if (rc == 0) {
		rc = s->spec.kind == NET_NONE ? leave(ctx, true, e) : wire_alone(&s->spec, ctx, &r, e);
	}
	if (rc == 0)
		tell(ctx, &r);
	return s->spec.kind == NET_NONE ? rc : hint_userns(ctx, rc, e);
}

static int outside_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct netns_args *a = args;
	struct netns_state *s = state;
	int rc;

	s->agent = (struct net_agent)NET_AGENT_NONE;
	rc = parse(a, !a->net && netns_may_wire(), s, e);
	rc = rc < 0 ? rc : start_agent(s, ctx, e);
	rc = rc < 0 ? rc : net_agent_ready(&s->agent, e);
	if (rc < 0)
		return hint_userns(ctx, rc, e);
	fd_close(&ctx->net_sock);
	ctx->net_sock = fcntl(s->agent.sock, F_DUPFD_CLOEXEC, 3);
	return ctx->net_sock < 0 ? err_sys(e, "socket", NULL) : 0;
}

/* In a run the agent ends here, with its ports; on a line it sees by itself when the main process has ended. */
static void release(const void *args, void *state, bool failed)
{
	struct netns_state *s = state;

	(void)args;
	(void)failed;
	net_agent_stop(&s->agent);
}

static void close_state(void *state)
{
	struct netns_state *s = state;

	fd_close(&s->agent.sock);
	free(s->ports);
	s->ports = NULL;
}

const struct step_ops netns_new_step = {
	.name = "netns new",
	.opts = new_opts,
	.args_size = sizeof(struct netns_args),
	.state_size = sizeof(struct netns_state),
	.check = netns_check,
	.apply = new_apply,
	.release = release,
	.close = close_state,
};

const struct step_ops netns_outside_step = {
	.name = "netns outside",
	.opts = new_opts,
	.args_size = sizeof(struct netns_args),
	.state_size = sizeof(struct netns_state),
	.check = netns_check,
	.apply = outside_apply,
	.release = release,
	.close = close_state,
};

const struct applet netns_verb_new = {
	.name = "new",
	.synopsis = "[OPTIONS] [--] [COMMAND [ARG]...]",
	.summary = "run a command in a new network namespace with lo up",
	.opts = new_opts,
	.notes = "Without a command, your shell is run. -p and --ip choose bridge by themselves.",
	.step = &netns_new_step,
	.alone = ALONE_SHELL,
	.fail = 1,
};

const struct applet netns_verb_outside = {
	.name = "outside",
	.synopsis = "[OPTIONS] [--] COMMAND [ARG]...",
	.summary = "leave a process here that wires a netns new --net outside further on the line",
	.opts = new_opts,
	.notes = "For lines with unshare --user, from where nothing can be made outside.",
	.step = &netns_outside_step,
	.alone = ALONE_ERROR,
	.fail = 1,
};
