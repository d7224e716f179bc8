/* netns up, move, tap; and what the wiring verbs share. */
#include "applets/netns_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/if_link.h>
#include <linux/if_tun.h>

#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/netns.h"

/* ---- what they share ---- */

int netns_wire_parse(const struct opt *opts, void *args, int argc, char **argv, struct strs *words, struct err *e)
{
	/* the last word stands for the applet's name */
	for (int i = 0; i < argc;) {
		int n = opt_parse(opts, args, argc - i, argv + i, e);
		bool all = n > 1 && !strcmp(argv[i + n - 1], "--");

		if (n < 0)
			return n;
		i += n;
		do {
			if (i < argc && strs_add(words, argv[i]) < 0)
				return err_set(e, ENOMEM, argv[i], NULL);
		} while (all && ++i < argc);
	}
	return 0;
}

static int enter(int ns, const char *object, struct err *e)
{
	int rc = setns(ns, CLONE_NEWNET) < 0 ? err_sys(e, object, "enter it") : 0;

	if (rc == -EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN, also in the user namespace that owns it");
	return rc;
}

int netns_wire_open(struct nl *nl, const char *ns, struct err *e)
{
	auto_close int fd = ns ? netns_open_target(ns, e) : -1;
	int rc = !ns ? 0 : fd < 0 ? fd : enter(fd, ns, e);

	return rc < 0 ? rc : nl_open(nl, NETLINK_ROUTE, e);
}

int netns_wire_open_other(struct nl *nl, int ns, struct err *e)
{
	auto_close int own = netns_open_own(e);
	struct err unused;
	int rc = own < 0 ? own : enter(ns, "network namespace", e), back;

	if (rc < 0)
		return rc;
	rc = nl_open(nl, NETLINK_ROUTE, e);
	/* to nowhere else could anything be done that is right */
	back = enter(own, "own network namespace", rc < 0 ? &unused : e);
	return rc < 0 ? rc : back;
}

/* The first of them: there may be hundreds. */
static int list_device(const struct rtnl_link *l, void *data)
{
	struct strbuf *text = data;
	bool enough = text->len > 80;

	strbuf_addf(text, "%s%s", text->len ? ", " : "", enough ? "..." : l->name);
	return enough;
}

int netns_wire_link(struct nl *nl, const char *name, struct rtnl_link *out, struct err *e)
{
	struct strbuf there = { 0 };
	int rc = rtnl_name_check(name, e);

	if (rc < 0)
		return rc;
	rc = rtnl_link(nl, name, 0, out);
	if (rc != -ENODEV)
		return rc < 0 ? nl_err(nl, e, rc, name, "find it") : 0;
	err_set(e, ENODEV, name, NULL);
	if (rtnl_links(nl, list_device, &there) >= 0 && there.s && !there.failed)
		err_hint(e, "there are: %s", there.s);
	strbuf_release(&there);
	return rc;
}

int netns_wire_addr(const char *text, struct inet *out, struct err *e)
{
	return inet_parse(text, false, out) < 0 ? err_bad(e, text, "is no address: 10.0.0.1 or fd00::1") : 0;
}

int netns_wire_cidr(const char *text, struct inet *out, struct err *e)
{
	const char *example = strchr(text, ':') ? "fd00::2/64" : "10.0.0.2/24";

	if (inet_parse(text, true, out) < 0)
		return err_bad(e, text, "is no address with its prefix length: %s", example);
	if (!strchr(text, '/')) {
		err_bad(e, text, "has no prefix length");
		err_hint(e, "it says which addresses are on the same network: %s; /%d for this one alone", example, out->prefix);
		return -EINVAL;
	}
	if (inet_is_any(out) || inet_is_multicast(out))
		return err_bad(e, text, "is no address of one device");
	return 0;
}

int netns_wire_mac(const char *text, uint8_t mac[6], struct err *e)
{
	if (inet_mac_parse(text, mac) == 0)
		return 0;
	err_bad(e, text, "is no link address of a device");
	err_hint(e, "six bytes such as 02:00:00:00:00:01, the first one even");
	return -EINVAL;
}

int netns_wire_rate(const char *text, uint64_t *out, struct err *e)
{
	if (!strcmp(text, "none")) {
		*out = 0;
		return 0;
	}
	return inet_rate_parse(text, out) < 0 ? err_bad(e, text, "is no rate: 10mbit, 1.5gbit, 500kbit, 100kbps (bytes), none") : 0;
}

int netns_wire_mode(const char *text, unsigned *out, struct err *e)
{
	static const struct {
		const char *word;
		unsigned mode;
	} modes[] = {
		{ "bridge", MACVLAN_MODE_BRIDGE }, { "passthru", MACVLAN_MODE_PASSTHRU }, { "private", MACVLAN_MODE_PRIVATE }, { "vepa", MACVLAN_MODE_VEPA },
	};

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (!strcmp(modes[i].word, text)) {
			*out = modes[i].mode;
			return 0;
		}
	}
	return err_bad(e, text, "is no mode of a macvlan: bridge, passthru, private, vepa");
}

int netns_wire_send(struct nl *nl, struct nl_batch *b, const char *object, const char *dev, struct err *e)
{
	int rc = nl_send(nl, b, NULL);

	if (rc == 0)
		return 0;
	nl_err(nl, e, rc, object, "%s%s", strcmp(object, dev) ? "give it to " : "change it", strcmp(object, dev) ? dev : "");
	if (rc == -EACCES || rc == -EAFNOSUPPORT || rc == -EOPNOTSUPP)
		err_hint(e, "is IPv6 turned off? /proc/sys/net/ipv6/conf/%s/disable_ipv6", dev);
	return rc;
}

int netns_wire_put_rate(struct nl *nl, struct nl_batch *b, int index, uint64_t rate, const char *dev, struct err *e)
{
	int rc;

	rtnl_put_rate(b, index, rate);
	rc = nl_send(nl, b, NULL);
	/* there is none to be taken away */
	if (!rate && (rc == -ENOENT || rc == -EINVAL))
		return 0;
	if (rc == 0)
		return 0;
	nl_err(nl, e, rc, dev, "limit its rate");
	if (rc == -ENOENT)
		err_hint(e, "this kernel has no token buckets: CONFIG_NET_SCH_TBF");
	return rc;
}

int netns_wire_not_made(const struct nl *nl, int rc, const char *kind, const char *name, struct err *e)
{
	nl_err(nl, e, rc, name, "make it a %s", kind);
	if (rc == -EOPNOTSUPP) {
		err_set(e, -rc, name, "make it a %s", kind);
		err_hint(e, "this kernel has no devices of that kind, or its module is not loaded: modprobe %s", kind);
	}
	return rc;
}

int netns_wire_nothing(const char *object, const char *what, struct err *e)
{
	err_bad(e, object, "%s: nothing to do", what);
	applet_warn(e, "");
	err_clear(e);
	return 0;
}

int netns_wire_target(const char *text, char name[IF_NAMESIZE], struct err *e)
{
	const char *colon = strrchr(text, ':');
	char ns[4096];

	/* a path may have colons, too, but what is behind its last one is no device with a "/" */
	if (!colon || strchr(colon, '/'))
		return netns_open_target(text, e);
	if (rtnl_name_check(colon + 1, e) < 0)
		return -EINVAL;
	str_copyn(name, IF_NAMESIZE, colon + 1, strlen(colon + 1));
	str_copyn(ns, sizeof ns, text, (size_t)(colon - text));
	return netns_open_target(ns, e);
}

/* ---- up ---- */

struct wire_args {
	const char *in;
	struct opt_num user;
};

#define OFF(field) offsetof(struct wire_args, field)
#define OPT_IN { OPT_STR, 'n', "netns", "NS", "in the network namespace NS: a name, a PID or a path", OFF(in) }

static const struct opt in_opts[] = { OPT_IN, { OPT_END } };

static int up_all(struct nl *nl, const struct strs *words, struct err *e)
{
	static const char *lo = "lo";
	struct nl_batch b = { 0 };
	size_t n = words->n ? words->n : 1;
	const char **names = words->n ? words->v : &lo;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct rtnl_link l;

		rc = netns_wire_link(nl, names[i], &l, e);
		rtnl_put_up(&b, l.index, true);
	}
	if (rc == 0) {
		size_t failed;

		rc = nl_send(nl, &b, &failed);
		if (rc < 0)
			nl_err(nl, e, rc, names[failed], "set it up");
	}
	nl_batch_release(&b);
	return rc;
}

static int up_main(int argc, char **argv, struct err *e)
{
	struct wire_args a = { 0 };
	struct strs words = { 0 };
	struct nl nl = { 0 };
	int rc = netns_wire_parse(in_opts, &a, argc, argv, &words, e);

	rc = rc < 0 ? rc : netns_wire_open(&nl, a.in, e);
	rc = rc < 0 ? rc : up_all(&nl, &words, e);
	nl_close(&nl);
	strs_release(&words);
	return rc;
}

const struct applet netns_verb_up = {
	.name = "up",
	.synopsis = "[OPTIONS] [DEV...]",
	.summary = "set devices up: lo, or those that are named",
	.opts = in_opts,
	.main = up_main,
	.fail = 1,
};

/* ---- move ---- */

/* It may have gone there already. */
static bool is_there(int ns, const char *name)
{
	struct nl nl = { 0 };
	struct rtnl_link l;
	struct err unused;
	bool yes = netns_wire_open_other(&nl, ns, &unused) == 0 && rtnl_link(&nl, name, 0, &l) == 0;

	nl_close(&nl);
	return yes;
}

static int move(struct nl *nl, const char *dev, int ns, const char *name, const char *to, struct err *e)
{
	struct rtnl_change c = { .ns = ns, .name = strcmp(name, dev) ? name : NULL };
	struct nl_batch b = { 0 };
	struct rtnl_link l;
	int rc = netns_wire_link(nl, dev, &l, e);

	if (rc == -ENODEV && is_there(ns, name)) {
		err_clear(e);
		return 0;
	}
	if (rc < 0)
		return rc;
	c.index = l.index;
	rtnl_put_change(&b, &c);
	rc = nl_send(nl, &b, NULL);
	if (rc < 0) {
		nl_err(nl, e, rc, dev, "move it to %s", to);
		if (rc == -EEXIST)
			err_hint(e, "there is a device of that name: netns move %s NS:NEWNAME", dev);
		else if (rc == -EINVAL)
			err_hint(e, "it is bound to its network namespace, as lo, bridges and tunnels are");
	}
	nl_batch_release(&b);
	return rc;
}

static int move_main(int argc, char **argv, struct err *e)
{
	struct wire_args a = { 0 };
	struct strs words = { 0 };
	struct nl nl = { 0 };
	char name[IF_NAMESIZE] = "";
	auto_close int ns = -1;
	int rc = netns_wire_parse(in_opts, &a, argc, argv, &words, e);

	if (rc == 0 && words.n != 2)
		rc = err_bad(e, NULL, "wants a device and a network namespace: move DEV NS[:NEWNAME]");
	if (rc == 0)
		rc = rtnl_name_check(words.v[0], e);
	if (rc == 0) {
		str_copyn(name, sizeof name, words.v[0], strlen(words.v[0]));
		rc = ns = netns_wire_target(words.v[1], name, e);
	}
	rc = rc < 0 ? rc : netns_wire_open(&nl, a.in, e);
	rc = rc < 0 ? rc : move(&nl, words.v[0], ns, name, words.v[1], e);
	nl_close(&nl);
	strs_release(&words);
	return rc;
}

const struct applet netns_verb_move = {
	.name = "move",
	.synopsis = "[OPTIONS] DEV NS[:NEWNAME]",
	.summary = "move a device to another network namespace",
	.opts = in_opts,
	.main = move_main,
	.fail = 1,
};

/* ---- tap ---- */

#define TUN "/dev/net/tun"

/* It belongs to the network namespace in which the file is opened; it stays when that is closed. */
static int make_tap(const char *name, const struct opt_num *user, struct err *e)
{
	auto_close int fd = open(TUN, O_RDWR | O_CLOEXEC);
	struct ifreq req = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int rc;

	if (fd < 0) {
		rc = err_sys(e, TUN, "open");
		if (rc == -ENOENT || rc == -ENODEV || rc == -ENXIO)
			err_hint(e, "tap devices are made by it: modprobe tun; mknod " TUN " c 10 200");
		return rc;
	}
	str_copyn(req.ifr_name, sizeof req.ifr_name, name, strlen(name));
	if (ioctl(fd, TUNSETIFF, &req) < 0 || (user->set && ioctl(fd, TUNSETOWNER, (unsigned long)user->v) < 0) || ioctl(fd, TUNSETPERSIST, 1UL) < 0) {
		rc = err_sys(e, name, "make it a tap device");
		if (rc == -EPERM)
			err_hint(e, "this needs CAP_NET_ADMIN over the network namespace");
		return rc;
	}
	return 0;
}

static int tap(const char *name, const struct opt_num *user, struct err *e)
{
	struct nl_batch b = { 0 };
	struct nl nl = { 0 };
	struct rtnl_link l;
	int rc = nl_open(&nl, NETLINK_ROUTE, e);

	if (rc == 0 && rtnl_link(&nl, name, 0, &l) == -ENODEV)
		rc = make_tap(name, user, e);
	rc = rc < 0 ? rc : netns_wire_link(&nl, name, &l, e);
	/* a tun device has no link address */
	if (rc == 0 && (strcmp(l.kind, "tun") || !memcmp(l.mac, "\0\0\0\0\0\0", 6)))
		rc = err_set(e, EEXIST, name, "make it a tap device");
	if (rc == 0) {
		rtnl_put_up(&b, l.index, true);
		rc = netns_wire_send(&nl, &b, name, name, e);
	}
	nl_batch_release(&b);
	nl_close(&nl);
	return rc;
}

static const struct opt tap_opts[] = {
	{ OPT_NUM, 'u', "user", "UID", "this user may use it, too", OFF(user), .max = UINT32_MAX - 1 },
	{ OPT_END },
};

static int tap_main(int argc, char **argv, struct err *e)
{
	struct wire_args a = { 0 };
	struct strs words = { 0 };
	char name[IF_NAMESIZE] = "tap0";
	auto_close int ns = -1;
	int rc = netns_wire_parse(tap_opts, &a, argc, argv, &words, e);

	if (rc == 0 && words.n != 1)
		rc = err_bad(e, NULL, "wants a network namespace: tap NS[:tap0]");
	if (rc == 0)
		rc = ns = netns_wire_target(words.v[0], name, e);
	rc = rc < 0 ? rc : enter(ns, words.v[0], e);
	rc = rc < 0 ? rc : tap(name, &a.user, e);
	strs_release(&words);
	return rc;
}

const struct applet netns_verb_tap = {
	.name = "tap",
	.synopsis = "[OPTIONS] NS[:tap0]",
	.summary = "make a tap device, for a virtual machine or a tunnel",
	.opts = tap_opts,
	.main = tap_main,
	.fail = 1,
};
