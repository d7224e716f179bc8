/* rtnl: what makes devices and gives them addresses, as messages of a batch. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include "core/rtnl.h"

int rtnl_name_check(const char *name, struct err *e)
{
	size_t len = strlen(name);

	if (len && len < IF_NAMESIZE && !strpbrk(name, "/: \t\n\v\f\r%") && strcmp(name, ".") && strcmp(name, ".."))
		return 0;
	err_bad(e, *name ? name : "\"\"", "is no name for a network device");
	err_hint(e, "1 to 15 bytes without blank, \"/\", \":\" and \"%%\"");
	return -EINVAL;
}

/* The attributes that both ends of a veth have. */
static void put_link(struct nlmsghdr *nlh, const struct rtnl_new *l)
{
	if (l->name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, l->name);
	if (l->mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, 6, l->mac);
	if (l->mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, l->mtu);
	if (l->master)
		mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)l->master);
	if (l->link)
		mnl_attr_put_u32(nlh, IFLA_LINK, (uint32_t)l->link);
	if (l->ns >= 0)
		mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)l->ns);
}

static void put_peer(struct nlmsghdr *nlh, const struct rtnl_new *peer)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, VETH_INFO_PEER);

	/* IFF_UP in this header is ENOTCONN: the kernel opens the end before the pair is one */
	memset(mnl_nlmsg_get_payload_tail(nlh), 0, sizeof(struct ifinfomsg));
	nlh->nlmsg_len += MNL_ALIGN(sizeof(struct ifinfomsg));
	put_link(nlh, peer);
	mnl_attr_nest_end(nlh, nest);
}

static void put_kind_data(struct nlmsghdr *nlh, const struct rtnl_new *l)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);

	if (!strcmp(l->kind, "bridge")) {
		mnl_attr_put_u32(nlh, IFLA_BR_FORWARD_DELAY, 0);
		mnl_attr_put_u32(nlh, IFLA_BR_STP_STATE, 0);
		mnl_attr_put_u8(nlh, IFLA_BR_MCAST_SNOOPING, 0);
	}
	if (l->peer)
		put_peer(nlh, l->peer);
	if (l->mode)
		mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, l->mode);
	if (l->vlan)
		mnl_attr_put_u16(nlh, IFLA_VLAN_ID, l->vlan);
	mnl_attr_nest_end(nlh, nest);
}

void rtnl_put_new(struct nl_batch *b, const struct rtnl_new *l)
{
	const struct ifinfomsg ifi = { .ifi_flags = l->up ? IFF_UP : 0, .ifi_change = l->up ? IFF_UP : 0 };
	struct nlmsghdr *nlh = nl_add(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi, sizeof ifi);
	struct nlattr *nest;

	put_link(nlh, l);
	nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	nl_put_text(nlh, IFLA_INFO_KIND, l->kind);
	put_kind_data(nlh, l);
	mnl_attr_nest_end(nlh, nest);
}

void rtnl_put_up(struct nl_batch *b, int index, bool up)
{
	const struct ifinfomsg ifi = { .ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };

	nl_add(b, RTM_NEWLINK, 0, &ifi, sizeof ifi);
}

void rtnl_put_port(struct nl_batch *b, const char *name, bool hairpin, bool isolated)
{
	const struct ifinfomsg ifi = { 0 };
	struct nlmsghdr *nlh = nl_add(b, RTM_NEWLINK, 0, &ifi, sizeof ifi);
	struct nlattr *info, *data;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_SLAVE_KIND, "bridge");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_SLAVE_DATA);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_MODE, hairpin);
	mnl_attr_put_u8(nlh, IFLA_BRPORT_ISOLATED, isolated);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

void rtnl_put_addr(struct nl_batch *b, int index, const struct inet *a)
{
	const struct ifaddrmsg ifa = {
		.ifa_family = (uint8_t)a->family,
		.ifa_prefixlen = a->prefix,
		.ifa_index = (uint32_t)index,
		.ifa_scope = inet_is_loopback(a) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
	};
	struct nlmsghdr *nlh = nl_add(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &ifa, sizeof ifa);
	const struct inet last = inet_last(a);

	mnl_attr_put(nlh, IFA_LOCAL, inet_len(a->family), a->v);
	mnl_attr_put(nlh, IFA_ADDRESS, inet_len(a->family), a->v);
	if (a->family == AF_INET6)
		mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD);
	/* two addresses or one: nobody is left to be all */
	else if (a->prefix < 31)
		mnl_attr_put(nlh, IFA_BROADCAST, inet_len(a->family), last.v);
}

struct nlmsghdr *rtnl_put_route(struct nl_batch *b, int index, const struct inet *to, const struct inet *via)
{
	const struct inet *any = to ? to : via;
	const struct rtmsg rtm = {
		.rtm_family = (uint8_t)(any ? any->family : AF_INET),
		.rtm_dst_len = to ? to->prefix : 0,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = via ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct nlmsghdr *nlh = nl_add(b, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &rtm, sizeof rtm);

	if (to && to->prefix)
		mnl_attr_put(nlh, RTA_DST, inet_len(to->family), to->v);
	if (via)
		mnl_attr_put(nlh, RTA_GATEWAY, inet_len(via->family), via->v);
	if (index)
		mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)index);
	return nlh;
}
