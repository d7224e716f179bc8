#include "core/rtnl_set.h"

#include <errno.h>

#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

void rtnl_put_change(struct nl_batch *b, const struct rtnl_change *c)
{
	const struct ifinfomsg head = { .ifi_index = c->index, .ifi_flags = c->flags, .ifi_change = c->mask };
	struct nlmsghdr *nlh = nl_add(b, RTM_NEWLINK, 0, &head, sizeof head);

	if (c->name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, c->name);
	if (c->mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, 6, c->mac);
	if (c->mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, c->mtu);
	if (c->master)
		mnl_attr_put_u32(nlh, IFLA_MASTER, c->master < 0 ? 0 : (uint32_t)c->master);
	if (c->ns >= 0)
		mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)c->ns);
	if (c->alias)
		nl_put_text(nlh, IFLA_IFALIAS, c->alias);
}

void rtnl_put_del(struct nl_batch *b, int index)
{
	const struct ifinfomsg head = { .ifi_index = index };

	nl_add(b, RTM_DELLINK, 0, &head, sizeof head);
}

void rtnl_put_addr_del(struct nl_batch *b, int index, const struct inet *a)
{
	const struct ifaddrmsg head = { .ifa_family = (uint8_t)a->family, .ifa_prefixlen = a->prefix, .ifa_index = (uint32_t)index };

	mnl_attr_put(nl_add(b, RTM_DELADDR, 0, &head, sizeof head), IFA_LOCAL, inet_len(a->family), a->v);
}

static struct nlmsghdr *put_neigh(struct nl_batch *b, uint16_t type, uint16_t flags, int index, const struct inet *a)
{
	const struct ndmsg head = { .ndm_family = (uint8_t)a->family, .ndm_ifindex = index, .ndm_state = NUD_PERMANENT };
	struct nlmsghdr *nlh = nl_add(b, type, flags, &head, sizeof head);

	mnl_attr_put(nlh, NDA_DST, inet_len(a->family), a->v);
	return nlh;
}

void rtnl_put_neigh(struct nl_batch *b, int index, const struct inet *a, const uint8_t mac[6])
{
	mnl_attr_put(put_neigh(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, index, a), NDA_LLADDR, 6, mac);
}

void rtnl_put_neigh_del(struct nl_batch *b, int index, const struct inet *a)
{
	put_neigh(b, RTM_DELNEIGH, 0, index, a);
}

/* What may be sent at once, and what waits for its turn: a hundredth and a twentieth of a second's, but some packets at least. */
#define BURST_LEAST 16384
#define WAITING_LEAST 65536

void rtnl_put_rate(struct nl_batch *b, int index, uint64_t rate)
{
	const struct tcmsg head = { .tcm_ifindex = index, .tcm_parent = TC_H_ROOT };
	uint64_t burst = rate / 100 > BURST_LEAST ? rate / 100 : BURST_LEAST, waiting = rate / 20 > WAITING_LEAST ? rate / 20 : WAITING_LEAST;
	/* with the kind of link said, the kernel asks for no table of times */
	struct tc_tbf_qopt opt = { .rate = { .linklayer = TC_LINKLAYER_ETHERNET } };
	struct nlmsghdr *nlh = nl_add(b, rate ? RTM_NEWQDISC : RTM_DELQDISC, rate ? NLM_F_CREATE | NLM_F_REPLACE : 0, &head, sizeof head);
	struct nlattr *nest;

	if (!rate)
		return;
	if (burst > UINT32_MAX / 2)
		burst = UINT32_MAX / 2;
	opt.rate.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate;
	opt.limit = burst + waiting > UINT32_MAX ? UINT32_MAX : (uint32_t)(burst + waiting);
	mnl_attr_put_strz(nlh, TCA_KIND, "tbf");
	nest = mnl_attr_nest_start(nlh, TCA_OPTIONS);
	mnl_attr_put(nlh, TCA_TBF_PARMS, sizeof opt, &opt);
	mnl_attr_put_u32(nlh, TCA_TBF_BURST, (uint32_t)burst);
	if (rate > UINT32_MAX)
		mnl_attr_put_u64(nlh, TCA_TBF_RATE64, rate);
	mnl_attr_nest_end(nlh, nest);
}
