/* rtnl: what the kernel's messages say of devices, addresses, routes, neighbours and queues, well-formed or not. */
#include "core/rtnl_set.h"

#include <errno.h>
#include <sched.h>

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "tests/unit/unit.h"

static struct nl_batch batch;

static struct nlmsghdr *begin_link(int index)
{
	const struct ifinfomsg head = { .ifi_index = index, .ifi_flags = IFF_UP | IFF_LOWER_UP };

	return nl_add(&batch, RTM_NEWLINK, 0, &head, sizeof head);
}

static struct nlmsghdr *begin_addr(int family, unsigned char prefix)
{
	const struct ifaddrmsg head = {
		.ifa_family = (unsigned char)family, .ifa_prefixlen = prefix, .ifa_index = 7, .ifa_scope = RT_SCOPE_LINK, .ifa_flags = IFA_F_PERMANENT,
	};

	return nl_add(&batch, RTM_NEWADDR, 0, &head, sizeof head);
}

static struct nlmsghdr *begin_route(int family, unsigned char prefix)
{
	const struct rtmsg head = {
		.rtm_family = (unsigned char)family, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC, .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
	};

	return nl_add(&batch, RTM_NEWROUTE, 0, &head, sizeof head);
}

/* An address, from text as the kernel would have it. */
static struct inet inet(int family, unsigned char prefix, const char *bytes)
{
	struct inet a = { .family = family, .prefix = prefix };

	memcpy(a.v, bytes, inet_len(family));
	return a;
}

#define NET_10 "\n\0\0\0"
#define IP_10_2 "\n\0\0\2"
#define IP_10_1 "\n\0\0\1"
#define IP6_2 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"

static void check_inet(const struct inet *is, int family, unsigned char prefix, const char *bytes)
{
	const struct inet want = inet(family, prefix, bytes);

	check_int(is->family, family);
	check_int(is->prefix, prefix);
	check(!memcmp(is->v, want.v, sizeof is->v));
}

static struct nlmsghdr *a_veth(void)
{
	struct nlmsghdr *nlh = begin_link(5);
	struct nlattr *info;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "nb0a580002");
	mnl_attr_put(nlh, IFLA_ADDRESS, 6, "\2\x42\n\0\0\2");
	mnl_attr_put_u32(nlh, IFLA_MTU, 1400);
	mnl_attr_put_u32(nlh, IFLA_MASTER, 3);
	mnl_attr_put_u32(nlh, IFLA_LINK, 2);
	mnl_attr_put_u32(nlh, IFLA_LINK_NETNSID, 0);
	mnl_attr_put_u8(nlh, IFLA_OPERSTATE, IF_OPER_UP);
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, "web");
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(nlh, info);
	return nlh;
}

static void links(void)
{
	struct rtnl_link l;

	check_int(rtnl_link_read(a_veth(), &l), 0);
	check_int(l.index, 5);
	check_int(l.master, 3);
	check_int(l.link, 2);
	check_int(l.netnsid, 0);
	check_int(l.flags, IFF_UP | IFF_LOWER_UP);
	check_int(l.mtu, 1400);
	check_int(l.operstate, IF_OPER_UP);
	check(!memcmp(l.mac, "\2\x42\n\0\0\2", 6));
	check_str(l.name, "nb0a580002");
	check_str(l.kind, "veth");
	check_str(l.alias, "web");
	nl_batch_release(&batch);
}

/* A tunnel has an address of 4 bytes, or none; nothing but the name has to be there. */
static void bare_links(void)
{
	struct nlmsghdr *nlh = begin_link(9);
	struct rtnl_link l;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, "tunl0");
	mnl_attr_put(nlh, IFLA_ADDRESS, 4, "\n\0\0\1");
	check_int(rtnl_link_read(nlh, &l), 0);
	check_str(l.name, "tunl0");
	check(!memcmp(l.mac, "\0\0\0\0\0\0", 6));
	check(!l.master && !l.link && l.netnsid == -1 && !l.mtu && !l.operstate && !l.kind[0] && !l.alias[0]);
	nl_batch_release(&batch);
}

/* An alias may have 255 bytes. */
static void long_texts(void)
{
	struct nlmsghdr *nlh = begin_link(9);
	struct rtnl_link l;
	char text[256];

	memset(text, 'x', 255);
	text[255] = '\0';
	mnl_attr_put_strz(nlh, IFLA_IFNAME, text);
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, text);
	check_int(rtnl_link_read(nlh, &l), 0);
	check_int((long long)strlen(l.name), IF_NAMESIZE - 1);
	check_int((long long)strlen(l.alias), sizeof l.alias - 1);
	nl_batch_release(&batch);
}

static void bad_links(void)
{
	struct rtnl_link l;
	struct nlmsghdr *nlh = begin_link(4);

	check_int(rtnl_link_read(nlh, &l), -EBADMSG); /* no name */
	mnl_attr_put(nlh, IFLA_IFNAME, 4, "eth0");
	check_int(rtnl_link_read(nlh, &l), -EBADMSG); /* which does not end */
	nlh = begin_link(0);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "eth0");
	check_int(rtnl_link_read(nlh, &l), -EBADMSG);
	nlh = begin_link(1);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, "");
	check_int(rtnl_link_read(nlh, &l), -EBADMSG);
	nl_batch_release(&batch);
}

static void addrs(void)
{
	struct nlmsghdr *nlh = begin_addr(AF_INET, 24);
	struct rtnl_addr a;

	mnl_attr_put(nlh, IFA_ADDRESS, 4, IP_10_1); /* the other end's */
	mnl_attr_put(nlh, IFA_LOCAL, 4, IP_10_2);
	check_int(rtnl_addr_read(nlh, &a), 0);
	check_inet(&a.a, AF_INET, 24, IP_10_2);
	check_int(a.index, 7);
	check_int(a.scope, RT_SCOPE_LINK);
	check_int(a.flags, IFA_F_PERMANENT);
	nlh = begin_addr(AF_INET6, 64);
	mnl_attr_put(nlh, IFA_ADDRESS, 16, IP6_2);
	mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
	check_int(rtnl_addr_read(nlh, &a), 0);
	check_inet(&a.a, AF_INET6, 64, IP6_2);
	check_int(a.flags, IFA_F_NOPREFIXROUTE);
	nl_batch_release(&batch);
}

static void bad_addrs(void)
{
	static const struct {
		int family;
		unsigned char prefix;
		uint16_t len;
	} bad[] = {
		{ AF_INET, 33, 4 }, { AF_INET6, 129, 16 }, { AF_INET, 24, 16 }, { AF_INET6, 64, 4 },
		{ AF_INET, 24, 0 }, { AF_UNSPEC, 0, 4 }, { AF_PACKET, 0, 4 },
	};
	struct rtnl_addr a;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct nlmsghdr *nlh = begin_addr(bad[i].family, bad[i].prefix);

		check_int(rtnl_addr_read(nlh, &a), -EBADMSG);
		mnl_attr_put(nlh, IFA_LOCAL, bad[i].len, IP6_2);
		check_int(rtnl_addr_read(nlh, &a), -EBADMSG);
	}
	nl_batch_release(&batch);
}

static void routes(void)
{
	struct nlmsghdr *nlh = begin_route(AF_INET, 0);
	struct rtnl_route r;

	mnl_attr_put(nlh, RTA_GATEWAY, 4, IP_10_1);
	mnl_attr_put_u32(nlh, RTA_OIF, 2);
	mnl_attr_put_u32(nlh, RTA_TABLE, 1000);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, 1024);
	check_int(rtnl_route_read(nlh, &r), 0);
	check_inet(&r.to, AF_INET, 0, "\0\0\0\0");
	check_inet(&r.via, AF_INET, 32, IP_10_1);
	check_int(r.index, 2);
	check_int(r.table, 1000);
	check_int(r.metric, 1024);
	check(r.type == RTN_UNICAST && r.scope == RT_SCOPE_UNIVERSE && r.protocol == RTPROT_STATIC);
	nlh = begin_route(AF_INET, 8);
	mnl_attr_put(nlh, RTA_DST, 4, NET_10);
	check_int(rtnl_route_read(nlh, &r), 0);
	check_inet(&r.to, AF_INET, 8, NET_10);
	check(!r.via.family && !r.index && r.table == RT_TABLE_MAIN);
	nl_batch_release(&batch);
}

/* An IPv4 network that is behind an IPv6 router. */
static void mixed_routes(void)
{
	struct nlmsghdr *nlh = begin_route(AF_INET, 8);
	struct rtnl_route r;

	mnl_attr_put(nlh, RTA_DST, 4, NET_10);
	mnl_attr_put(nlh, RTA_VIA, 18, "\n\0" IP6_2); /* AF_INET6 is 10 */
	check_int(rtnl_route_read(nlh, &r), 0);
	check_inet(&r.to, AF_INET, 8, NET_10);
	check_inet(&r.via, AF_INET6, 128, IP6_2);
	nl_batch_release(&batch);
}

static void bad_routes(void)
{
	static const struct {
		uint16_t type, len;
	} bad[] = {
		{ RTA_DST, 3 }, { RTA_DST, 16 }, { RTA_GATEWAY, 0 }, { RTA_GATEWAY, 16 }, { RTA_VIA, 0 }, { RTA_VIA, 2 }, { RTA_VIA, 17 },
	};
	struct rtnl_route r;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct nlmsghdr *nlh = begin_route(AF_INET, 8);

		mnl_attr_put(nlh, bad[i].type, bad[i].len, "\n\0" IP6_2);
		check_int(rtnl_route_read(nlh, &r), -EBADMSG);
	}
	check_int(rtnl_route_read(begin_route(AF_INET, 33), &r), -EBADMSG);
	check_int(rtnl_route_read(begin_route(AF_INET6, 129), &r), -EBADMSG);
	check_int(rtnl_route_read(begin_route(128 /* RTNL_FAMILY_IPMR */, 0), &r), -EBADMSG);
	nl_batch_release(&batch);
}

/* A port of a bridge says what it may see; so does one of a bond, whose words of the same number mean something else. */
static void ports(void)
{
	for (int bridge = 0; bridge < 2; bridge++) {
		struct nlmsghdr *nlh = begin_link(4);
		struct nlattr *info, *data;
		struct rtnl_link l;

		mnl_attr_put_strz(nlh, IFLA_IFNAME, "v0");
		info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
		mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, bridge ? "bridge" : "bond");
		data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
		mnl_attr_put_u8(nlh, IFLA_BRPORT_MODE, 1);
		mnl_attr_put_u8(nlh, IFLA_BRPORT_ISOLATED, 1);
		mnl_attr_nest_end(nlh, data);
		mnl_attr_nest_end(nlh, info);
		check_int(rtnl_link_read(nlh, &l), 0);
		check_int(l.isolated, bridge);
		check_int(l.hairpin, bridge);
	}
	nl_batch_release(&batch);
}

static struct nlmsghdr *begin_neigh(int family)
{
	const struct ndmsg head = { .ndm_family = (unsigned char)family, .ndm_ifindex = 3, .ndm_state = NUD_STALE };

	return nl_add(&batch, RTM_NEWNEIGH, 0, &head, sizeof head);
}

static void neighs(void)
{
	struct nlmsghdr *nlh = begin_neigh(AF_INET6);
	struct rtnl_neigh n;

	mnl_attr_put(nlh, NDA_DST, 16, IP6_2);
	check_int(rtnl_neigh_read(nlh, &n), 0);
	check(!n.has_mac && n.index == 3 && n.state == NUD_STALE && n.a.family == AF_INET6 && !memcmp(n.a.v, IP6_2, 16));
	mnl_attr_put(nlh, NDA_LLADDR, 6, "\2\x42\n\0\0\2");
	check_int(rtnl_neigh_read(nlh, &n), 0);
	check(n.has_mac && !memcmp(n.mac, "\2\x42\n\0\0\2", 6));
	check_int(rtnl_neigh_read(begin_neigh(AF_INET), &n), -EBADMSG);
	nlh = begin_neigh(AF_INET);
	mnl_attr_put(nlh, NDA_DST, 16, IP6_2);
	check_int(rtnl_neigh_read(nlh, &n), -EBADMSG);
	nlh = begin_neigh(AF_BRIDGE);
	mnl_attr_put(nlh, NDA_DST, 4, IP_10_1);
	check_int(rtnl_neigh_read(nlh, &n), -EBADMSG);
	nl_batch_release(&batch);
}

/* Read what is asked of the kernel: the attributes are the same both ways. */
static void rates(void)
{
	static const uint64_t all[] = { 1, 125, 1250000, UINT32_MAX, (uint64_t)UINT32_MAX + 1, 12500000000 };
	struct rtnl_qdisc q;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		rtnl_put_rate(&batch, 7, all[i]);
		check_int(rtnl_qdisc_read(batch.last, &q), 0);
		check_int((long long)q.rate, (long long)all[i]);
		check_int(q.index, 7);
		check_str(q.kind, "tbf");
	}
	nl_batch_release(&batch);
}

static void qdiscs(void)
{
	struct tcmsg head = { .tcm_ifindex = 2, .tcm_parent = TC_H_ROOT };
	struct nlmsghdr *nlh = nl_add(&batch, RTM_NEWQDISC, 0, &head, sizeof head);
	struct rtnl_qdisc q;
	struct nlattr *nest;

	check_int(rtnl_qdisc_read(nlh, &q), -EBADMSG);
	mnl_attr_put_strz(nlh, TCA_KIND, "noqueue");
	check_int(rtnl_qdisc_read(nlh, &q), 0);
	check(!q.rate && q.index == 2);
	/* a token bucket whose parameters are missing, or too short */
	for (int i = 0; i < 2; i++) {
		nlh = nl_add(&batch, RTM_NEWQDISC, 0, &head, sizeof head);
		mnl_attr_put_strz(nlh, TCA_KIND, "tbf");
		nest = mnl_attr_nest_start(nlh, TCA_OPTIONS);
		if (i)
			mnl_attr_put_u32(nlh, TCA_TBF_PARMS, 1);
		mnl_attr_nest_end(nlh, nest);
		check_int(rtnl_qdisc_read(nlh, &q), -EBADMSG);
	}
	head.tcm_parent = 0x10001;
	check_int(rtnl_qdisc_read(nl_add(&batch, RTM_NEWQDISC, 0, &head, sizeof head), &q), -ENOENT);
	nl_batch_release(&batch);
}

/* A message that ends early, in a block of its own length, so that reading on is seen. */
static void cut_off(void)
{
	const struct nlmsghdr *whole = a_veth();
	struct rtnl_link l;
	struct rtnl_addr a;
	struct rtnl_route r;
	struct rtnl_neigh n;
	struct rtnl_qdisc q;

	for (unsigned len = MNL_NLMSG_HDRLEN; len <= whole->nlmsg_len; len++) {
		struct nlmsghdr *nlh = malloc(len);

		check(nlh != NULL);
		memcpy(nlh, whole, len);
		nlh->nlmsg_len = len;
		rtnl_link_read(nlh, &l);
		rtnl_addr_read(nlh, &a);
		rtnl_route_read(nlh, &r);
		rtnl_neigh_read(nlh, &n);
		rtnl_qdisc_read(nlh, &q);
		if (len < MNL_NLMSG_HDRLEN + sizeof(struct ifinfomsg))
			check_int(rtnl_link_read(nlh, &l), -EBADMSG);
		if (len < MNL_NLMSG_HDRLEN + sizeof(struct rtmsg))
			check_int(rtnl_route_read(nlh, &r), -EBADMSG);
		free(nlh);
	}
	check_int(rtnl_link_read(whole, &l), 0);
	nl_batch_release(&batch);
}

/* --- the kernel itself, in a network namespace that has lo and what the kernel adds of itself (sit0 and the like) */

static struct nl nl;

static bool own_netns(void)
{
	struct err e = { 0 };

	if ((geteuid() && unshare(CLONE_NEWUSER) < 0) || unshare(CLONE_NEWNET) < 0) {
		printf("# no network namespace of one's own here: %s\n", strerror(errno));
		return false;
	}
	check_int(nl_open(&nl, NETLINK_ROUTE, &e), 0);
	return true;
}

static int count_link(const struct rtnl_link *l, void *n)
{
	/* another question over the same socket, while this answer is gone through */
	struct rtnl_link again;

	check_int(rtnl_link(&nl, NULL, l->index, &again), 0);
	check_str(again.name, l->name);
	check_int(rtnl_link(&nl, l->name, 0, &again), 0);
	check_int(again.index, l->index);
	*(int *)n += !strcmp(l->name, "lo");
	return 0;
}

static int stop_link(const struct rtnl_link *l, void *data)
{
	check(l->index > 0 && !data);
	return 5;
}

static void kernel_links(void)
{
	struct rtnl_link l;
	int n = 0;

	if (!own_netns())
		return;
	check_int(rtnl_links(&nl, count_link, &n), 0);
	check_int(n, 1);
	check_int(rtnl_links(&nl, stop_link, NULL), 5);
	check_int(rtnl_link(&nl, "lo", 0, &l), 0);
	check(l.index == 1 && !(l.flags & IFF_UP) && l.flags & IFF_LOOPBACK && l.mtu == 65536 && !l.kind[0]);
	check_int(rtnl_link(&nl, "not-there", 0, &l), -ENODEV);
	check_int(rtnl_link(&nl, "", 0, &l), -ENODEV);
	check_int(rtnl_link(&nl, "a-name-of-16-byt", 0, &l), -ENODEV);
	check_int(rtnl_link(&nl, NULL, 12345, &l), -ENODEV);
	check_int(rtnl_link(&nl, NULL, 0, &l), -ENODEV);
	nl_close(&nl);
}

struct seen {
	int family, n;
};

static int count_addr(const struct rtnl_addr *a, void *data)
{
	struct seen *s = data;

	check_int(a->index, 1);
	check(s->family == AF_UNSPEC || a->a.family == s->family);
	s->n += a->a.family == AF_INET && a->a.prefix == 8 && !memcmp(a->a.v, "\x7f\0\0\1", 4);
	return 0;
}

static int count_route(const struct rtnl_route *r, void *data)
{
	struct seen *s = data;

	check(s->family == AF_UNSPEC || r->to.family == s->family);
	s->n += r->to.family == AF_INET && r->to.prefix == 8 && r->to.v[0] == 127 && r->type == RTN_LOCAL && r->table == RT_TABLE_LOCAL;
	return 0;
}

static void kernel_addrs(void)
{
	static const struct seen want[] = { { AF_INET, 1 }, { AF_INET6, 0 }, { AF_UNSPEC, 1 } };
	struct err e = { 0 };

	if (!own_netns())
		return;
	for (int up = 0; up < 2; up++) {
		for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
			struct seen addr = { want[i].family }, route = addr;

			check_int(rtnl_addrs(&nl, want[i].family, count_addr, &addr), 0);
			check_int(addr.n, up ? want[i].n : 0);
			check_int(rtnl_routes(&nl, want[i].family, count_route, &route), 0);
			check_int(route.n, up ? want[i].n : 0);
		}
		check_int(rtnl_lo_up(&e), 0);
	}
	nl_close(&nl);
}

int main(void)
{
	unit("a device is read whole", links);
	unit("one that has nothing but a name", bare_links);
	unit("texts that are too long are cut off", long_texts);
	unit("what is no device is refused", bad_links);
	unit("an address is the device's own, with its prefix", addrs);
	unit("what is no address is refused", bad_addrs);
	unit("routes, with and without a gateway", routes);
	unit("the gateway may be of the other family", mixed_routes);
	unit("what is no route is refused", bad_routes);
	unit("a bridge's port tells whether it is isolated", ports);
	unit("neighbours, known or not", neighs);
	unit("a limit is read as it is set", rates);
	unit("queues that are none, or no limit", qdiscs);
	unit("messages that end early are refused or read as far as they go", cut_off);
	unit("the kernel's devices, all and one", kernel_links);
	unit("the kernel's addresses and routes", kernel_addrs);
	return unit_done();
}
