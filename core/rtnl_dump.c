/* What there is: devices, addresses and routes, as the kernel's messages have them. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "core/rtnl_set.h"
#include "core/str.h"

/* a table for nl_attrs, of the attributes 0..max */
#define TABLE(name, max) const struct nlattr *name[(max) + 1] = { 0 }

static bool has_header(const struct nlmsghdr *nlh, size_t size)
{
	return nlh->nlmsg_len >= MNL_NLMSG_HDRLEN && mnl_nlmsg_get_payload_len(nlh) >= size;
}

static void copy_text(char *buf, size_t size, const struct nlattr *attr)
{
	const char *text = nl_str(attr);

	if (text)
		str_copyn(buf, size, text, strlen(text));
}

static bool take_mac(const struct nlattr *attr, uint8_t mac[6])
{
	bool is = attr && mnl_attr_get_payload_len(attr) == 6;

	if (is)
		memcpy(mac, mnl_attr_get_payload(attr), 6);
	return is;
}

/* The bytes of an address into *out. Without the attribute it is the family's 0; false: of another length. */
static bool take_inet(const struct nlattr *attr, int family, unsigned prefix, struct inet *out)
{
	*out = (struct inet){ .family = family, .prefix = (uint8_t)prefix };
	if ((family != AF_INET && family != AF_INET6) || prefix > 8 * inet_len(family))
		return false;
	if (!attr)
		return true;
	if (mnl_attr_get_payload_len(attr) != inet_len(family))
		return false;
	memcpy(out->v, mnl_attr_get_payload(attr), inet_len(family));
	return true;
}

int rtnl_link_read(const struct nlmsghdr *nlh, struct rtnl_link *out)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(nlh);
	const char *port_of;
	TABLE(port, IFLA_BRPORT_ISOLATED);
	TABLE(info, IFLA_INFO_SLAVE_DATA);
	TABLE(t, IFLA_LINK_NETNSID);

	*out = (struct rtnl_link){ 0 };
	if (!has_header(nlh, sizeof *head) || head->ifi_index <= 0)
		return -EBADMSG;
	nl_attrs(nlh, sizeof *head, t, IFLA_LINK_NETNSID);
	nl_nested(t[IFLA_LINKINFO], info, IFLA_INFO_SLAVE_DATA);
	port_of = nl_str(info[IFLA_INFO_SLAVE_KIND]);
	if (port_of && !strcmp(port_of, "bridge"))
		nl_nested(info[IFLA_INFO_SLAVE_DATA], port, IFLA_BRPORT_ISOLATED);
	out->index = head->ifi_index;
	out->flags = head->ifi_flags;
	out->master = (int)nl_u32(t[IFLA_MASTER], 0);
	out->link = (int)nl_u32(t[IFLA_LINK], 0);
	out->netnsid = (int)nl_u32(t[IFLA_LINK_NETNSID], (uint32_t)-1);
	out->mtu = nl_u32(t[IFLA_MTU], 0);
	out->operstate = nl_u8(t[IFLA_OPERSTATE], IF_OPER_UNKNOWN);
	out->hairpin = nl_u8(port[IFLA_BRPORT_MODE], 0);
	out->isolated = nl_u8(port[IFLA_BRPORT_ISOLATED], 0);
	take_mac(t[IFLA_ADDRESS], out->mac);
	copy_text(out->name, sizeof out->name, t[IFLA_IFNAME]);
	copy_text(out->alias, sizeof out->alias, t[IFLA_IFALIAS]);
	copy_text(out->kind, sizeof out->kind, info[IFLA_INFO_KIND]);
	return out->name[0] ? 0 : -EBADMSG;
}

int rtnl_addr_read(const struct nlmsghdr *nlh, struct rtnl_addr *out)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(nlh);
	TABLE(t, IFA_FLAGS);

	*out = (struct rtnl_addr){ 0 };
	if (!has_header(nlh, sizeof *head))
		return -EBADMSG;
	nl_attrs(nlh, sizeof *head, t, IFA_FLAGS);
	out->index = (int)head->ifa_index;
	out->scope = head->ifa_scope;
	/* the header has room for the first eight only */
	out->flags = nl_u32(t[IFA_FLAGS], head->ifa_flags);
	/* IFA_ADDRESS is the other end's where there is one: rtnetlink(7) */
	if (!t[IFA_LOCAL])
		t[IFA_LOCAL] = t[IFA_ADDRESS];
	return t[IFA_LOCAL] && take_inet(t[IFA_LOCAL], head->ifa_family, head->ifa_prefixlen, &out->a) ? 0 : -EBADMSG;
}

/* The next hop, which may be of the other family: RTA_VIA, 5.2. */
static bool take_gateway(const struct nlattr *gateway, const struct nlattr *other, int family, struct inet *out)
{
	const struct rtvia *via;

	if (gateway)
		return take_inet(gateway, family, (unsigned)(8 * inet_len(family)), out);
	if (!other || mnl_attr_get_payload_len(other) < sizeof *via)
		return !other;
	via = mnl_attr_get_payload(other);
	if (via->rtvia_family != AF_INET && via->rtvia_family != AF_INET6)
		return false;
	*out = (struct inet){ .family = via->rtvia_family, .prefix = (uint8_t)(8 * inet_len(via->rtvia_family)) };
	if (mnl_attr_get_payload_len(other) != sizeof *via + inet_len(out->family))
		return false;
	memcpy(out->v, via->rtvia_addr, inet_len(out->family));
	return true;
}

int rtnl_route_read(const struct nlmsghdr *nlh, struct rtnl_route *out)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(nlh);
	TABLE(t, RTA_VIA);

	*out = (struct rtnl_route){ 0 };
	if (!has_header(nlh, sizeof *head))
		return -EBADMSG;
	nl_attrs(nlh, sizeof *head, t, RTA_VIA);
	out->index = (int)nl_u32(t[RTA_OIF], 0);
	out->type = head->rtm_type;
	out->scope = head->rtm_scope;
	out->protocol = head->rtm_protocol;
	out->table = nl_u32(t[RTA_TABLE], head->rtm_table);
	out->metric = nl_u32(t[RTA_PRIORITY], 0);
	if (!take_inet(t[RTA_DST], head->rtm_family, head->rtm_dst_len, &out->to) ||
	    !take_gateway(t[RTA_GATEWAY], t[RTA_VIA], head->rtm_family, &out->via))
		return -EBADMSG;
	return 0;
}

int rtnl_neigh_read(const struct nlmsghdr *nlh, struct rtnl_neigh *out)
{
	const struct ndmsg *head = mnl_nlmsg_get_payload(nlh);
	TABLE(t, NDA_LLADDR);

	*out = (struct rtnl_neigh){ 0 };
	if (!has_header(nlh, sizeof *head))
		return -EBADMSG;
	nl_attrs(nlh, sizeof *head, t, NDA_LLADDR);
	out->index = head->ndm_ifindex;
	out->state = head->ndm_state;
	out->has_mac = take_mac(t[NDA_LLADDR], out->mac);
	return t[NDA_DST] && take_inet(t[NDA_DST], head->ndm_family, 0, &out->a) ? 0 : -EBADMSG;
}

int rtnl_qdisc_read(const struct nlmsghdr *nlh, struct rtnl_qdisc *out)
{
	const struct tcmsg *head = mnl_nlmsg_get_payload(nlh);
	const struct tc_tbf_qopt *opt;
	TABLE(t, TCA_OPTIONS);
	TABLE(tbf, TCA_TBF_RATE64);

	*out = (struct rtnl_qdisc){ 0 };
	if (!has_header(nlh, sizeof *head))
		return -EBADMSG;
	if (head->tcm_parent != TC_H_ROOT)
		return -ENOENT;
	nl_attrs(nlh, sizeof *head, t, TCA_OPTIONS);
	out->index = head->tcm_ifindex;
	copy_text(out->kind, sizeof out->kind, t[TCA_KIND]);
	if (strcmp(out->kind, "tbf"))
		return out->kind[0] ? 0 : -EBADMSG;
	nl_nested(t[TCA_OPTIONS], tbf, TCA_TBF_RATE64);
	if (!tbf[TCA_TBF_PARMS] || mnl_attr_get_payload_len(tbf[TCA_TBF_PARMS]) < sizeof *opt)
		return -EBADMSG;
	opt = mnl_attr_get_payload(tbf[TCA_TBF_PARMS]);
	out->rate = opt->rate.rate;
	if (tbf[TCA_TBF_RATE64] && mnl_attr_get_payload_len(tbf[TCA_TBF_RATE64]) == sizeof out->rate)
		out->rate = mnl_attr_get_u64(tbf[TCA_TBF_RATE64]);
	return 0;
}

/* --- dumps */

union item {
	struct rtnl_link link;
	struct rtnl_addr addr;
	struct rtnl_route route;
	struct rtnl_neigh neigh;
	struct rtnl_qdisc qdisc;
};

struct list {
	uint16_t type; /* RTM_NEW* */
	union item *v; /* owned */
	size_t n, cap;
};

static int read_item(const struct nlmsghdr *nlh, union item *out)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
		return rtnl_link_read(nlh, &out->link);
	case RTM_NEWADDR:
		return rtnl_addr_read(nlh, &out->addr);
	case RTM_NEWNEIGH:
		return rtnl_neigh_read(nlh, &out->neigh);
	case RTM_NEWQDISC:
		return rtnl_qdisc_read(nlh, &out->qdisc);
	default:
		/* what has been learnt for one host (path MTU, redirects) is no route of anybody's making */
		if (has_header(nlh, sizeof(struct rtmsg)) && ((const struct rtmsg *)mnl_nlmsg_get_payload(nlh))->rtm_flags & RTM_F_CLONED)
			return -ENOENT;
		return rtnl_route_read(nlh, &out->route);
	}
}

/* A family that is none of ours (multicast routes, MPLS) is left out. */
static int take_item(const struct nlmsghdr *nlh, void *data)
{
	struct list *l = data;

	if (nlh->nlmsg_type != l->type)
		return MNL_CB_OK;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 32;
		union item *v = realloc(l->v, cap * sizeof *v);

		if (!v) {
			errno = ENOMEM;
			return MNL_CB_ERROR;
		}
		l->v = v;
		l->cap = cap;
	}
	l->n += read_item(nlh, &l->v[l->n]) == 0;
	return MNL_CB_OK;
}

/* Somebody who starts a hundred containers changes the list while it is read. */
#define TRIES 20

/*
 * All of it, before anybody acts on it: a list that changed while it was read is
 * read again, and whoever is told may ask more over the same socket.
 */
static int dump(struct nl *nl, uint16_t type, int family, struct list *l)
{
	/* the family stands first in every header; for all but queues the kernel takes one that is longer than its own */
	const union {
		struct ifinfomsg link;
		struct tcmsg qdisc;
	} head = { .link.ifi_family = (unsigned char)family };
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh;
	int rc;

	*l = (struct list){ .type = type };
	for (unsigned i = 0; i < TRIES; i++) {
		l->n = 0;
		/* RTM_GET* is two behind RTM_NEW*: rtnetlink(7) */
		nlh = nl_add(&b, type + 2, NLM_F_DUMP, &head, type == RTM_NEWQDISC ? sizeof head.qdisc : sizeof head.link);
		if (type == RTM_NEWLINK)
			mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		rc = nl_ask(nl, &b, take_item, l);
		if (rc != -EINTR)
			break;
	}
	nl_batch_release(&b);
	return rc;
}

int rtnl_links(struct nl *nl, rtnl_link_fn *each, void *data)
{
	struct list l;
	int rc = dump(nl, RTM_NEWLINK, AF_UNSPEC, &l);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = each(&l.v[i].link, data);
	free(l.v);
	return rc;
}

int rtnl_addrs(struct nl *nl, int family, rtnl_addr_fn *each, void *data)
{
	struct list l;
	int rc = dump(nl, RTM_NEWADDR, family, &l);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = each(&l.v[i].addr, data);
	free(l.v);
	return rc;
}

int rtnl_routes(struct nl *nl, int family, rtnl_route_fn *each, void *data)
{
	struct list l;
	int rc = dump(nl, RTM_NEWROUTE, family, &l);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = each(&l.v[i].route, data);
	free(l.v);
	return rc;
}

int rtnl_neighs(struct nl *nl, int family, rtnl_neigh_fn *each, void *data)
{
	struct list l;
	int rc = dump(nl, RTM_NEWNEIGH, family, &l);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = each(&l.v[i].neigh, data);
	free(l.v);
	return rc;
}

int rtnl_qdiscs(struct nl *nl, rtnl_qdisc_fn *each, void *data)
{
	struct list l;
	int rc = dump(nl, RTM_NEWQDISC, AF_UNSPEC, &l);

	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = each(&l.v[i].qdisc, data);
	free(l.v);
	return rc;
}

static int take_link(const struct nlmsghdr *nlh, void *out)
{
	int rc = rtnl_link_read(nlh, out);

	errno = -rc;
	return rc < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int ask_link(struct nl *nl, const char *name, int index, int netnsid, struct rtnl_link *out)
{
	const struct ifinfomsg head = { .ifi_index = name ? 0 : index };
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh;
	int rc;

	*out = (struct rtnl_link){ 0 };
	/* the kernel's own word for a name that none can have is another */
	if (name ? !*name || strlen(name) >= IF_NAMESIZE : index <= 0)
		return -ENODEV;
	nlh = nl_add(&b, RTM_GETLINK, 0, &head, sizeof head);
	if (name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	if (netnsid >= 0)
		mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)netnsid);
	rc = nl_ask(nl, &b, take_link, out);
	nl_batch_release(&b);
	return rc;
}

int rtnl_link(struct nl *nl, const char *name, int index, struct rtnl_link *out)
{
	return ask_link(nl, name, index, -1, out);
}

int rtnl_link_in(struct nl *nl, int netnsid, int index, struct rtnl_link *out)
{
	return ask_link(nl, NULL, index, netnsid, out);
}
