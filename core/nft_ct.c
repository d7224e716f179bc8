/* Flows that conntrack remembers: whatever is published anew concerns new ones only. */
#include <string.h>

#include "core/nft_priv.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* Bits of CTA_FILTER_ORIG_FLAGS, which the kernel's headers do not give away: what of a tuple has to fit. */
enum {
	FILTER_PROTO_NUM = 1 << 3,
	FILTER_PROTO_DST_PORT = 1 << 5,
};

/* So many are deleted at a time: more might be too long a message. */
#define AT_ONCE 500

struct flows {
	const struct nft_list *gone, *added;
	struct nl_batch del;
	bool more;
};

static void read_end(const struct nlattr *tuple, bool source, struct inet *a, uint16_t *port, uint8_t *proto)
{
	const struct nlattr *parts[CTA_TUPLE_MAX + 1] = { 0 }, *ip[CTA_IP_MAX + 1] = { 0 }, *at[CTA_PROTO_MAX + 1] = { 0 };
	const struct nlattr *v4, *v6, *number;

	nl_nested(tuple, parts, CTA_TUPLE_MAX);
	nl_nested(parts[CTA_TUPLE_IP], ip, CTA_IP_MAX);
	nl_nested(parts[CTA_TUPLE_PROTO], at, CTA_PROTO_MAX);
	v4 = ip[source ? CTA_IP_V4_SRC : CTA_IP_V4_DST];
	v6 = ip[source ? CTA_IP_V6_SRC : CTA_IP_V6_DST];
	number = at[source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT];
	*a = (struct inet){ 0 };
	if (v4 && mnl_attr_get_payload_len(v4) == 4)
		a->family = AF_INET;
	else if (v6 && mnl_attr_get_payload_len(v6) == 16)
		a->family = AF_INET6;
	if (a->family)
		memcpy(a->v, mnl_attr_get_payload(a->family == AF_INET ? v4 : v6), inet_len(a->family));
	*port = number && mnl_attr_get_payload_len(number) == sizeof *port ? ntohs(mnl_attr_get_u16(number)) : 0;
	*proto = nl_u8(at[CTA_PROTO_NUM], 0);
}

void nft_flow_read(const struct nlmsghdr *nlh, struct nft_flow *out)
{
	const struct nlattr *attrs[CTA_MAX + 1] = { 0 };

	nl_attrs(nlh, sizeof(struct nfgenmsg), attrs, CTA_MAX);
	read_end(attrs[CTA_TUPLE_ORIG], false, &out->to, &out->to_port, &out->proto);
	read_end(attrs[CTA_TUPLE_REPLY], true, &out->from, &out->from_port, &out->proto);
	out->translated = nft_u32(attrs[CTA_STATUS], 0) & IPS_NAT_MASK;
}

/* Did the container answer that is published there no longer? */
static bool went_to(const struct nft_flow *f, const struct nft_port *p)
{
	return f->from_port == p->port.to && inet_equal(&f->from, &p->to);
}

/* Did it end at the host's port, before there was anything there? */
static bool ended_at(const struct nft_flow *f, const struct nft_port *p)
{
	return !f->translated && f->to_port == p->port.from && f->to.family == p->to.family &&
		(!p->port.host.family || inet_equal(&f->to, &p->port.host));
}

static bool is_any(const struct nft_list *l, const struct nft_flow *f, bool (*is)(const struct nft_flow *, const struct nft_port *))
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].port.proto == IPPROTO_UDP && is(f, &l->v[i]))
			return true;
	return false;
}

static void copy(struct nlmsghdr *to, const struct nlattr *attr)
{
	if (attr)
		mnl_attr_put(to, attr->nla_type, mnl_attr_get_payload_len(attr), mnl_attr_get_payload(attr));
}

static int take_flow(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attrs[CTA_MAX + 1] = { 0 };
	struct flows *flows = data;
	struct nlmsghdr *del;
	struct nft_flow f;

	nft_flow_read(nlh, &f);
	if (f.proto != IPPROTO_UDP || (!is_any(flows->gone, &f, went_to) && !is_any(flows->added, &f, ended_at)))
		return MNL_CB_OK;
	flows->more = flows->more || flows->del.n == AT_ONCE;
	if (flows->more)
		return MNL_CB_OK;
	/* by its number, too: not one that has come in its place */
	nl_attrs(nlh, sizeof *nfg, attrs, CTA_MAX);
	del = nft_add_other(&flows->del, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, 0, nfg->nfgen_family, 0);
	copy(del, attrs[CTA_TUPLE_ORIG]);
	copy(del, attrs[CTA_ZONE]);
	copy(del, attrs[CTA_ID]);
	return MNL_CB_OK;
}

/* The port of the host that alone matters, or 0. */
static uint16_t only_port(const struct flows *flows)
{
	uint16_t port = 0;

	for (size_t i = 0; i < flows->added->n; i++) {
		const struct inet_port *p = &flows->added->v[i].port;

		if (p->proto != IPPROTO_UDP)
			continue;
		if (port && port != p->from)
			return 0;
		port = p->from;
	}
	return flows->gone->n ? 0 : port;
}

/* Flows of UDP, to one port if it is only one; before 5.8 the kernel tells all, and each one is looked at anyway. */
static void put_filter(struct nlmsghdr *nlh, uint16_t port)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_ORIG), *part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);

	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(port));
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, nest);
	/* these two are in the host's byte order */
	nest = mnl_attr_nest_start(nlh, CTA_FILTER);
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, FILTER_PROTO_NUM | (port ? FILTER_PROTO_DST_PORT : 0));
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, 0);
	mnl_attr_nest_end(nlh, nest);
}

static void look(struct nl *nl, struct flows *flows, int family)
{
	struct nl_batch b = { 0 };

	put_filter(nft_add_other(&b, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP, (uint8_t)family, 0), only_port(flows));
	nl_ask(nl, &b, take_flow, flows);
	nl_batch_release(&b);
}

static int take_count(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[CTA_STATS_GLOBAL_MAX + 1] = { 0 };

	nl_attrs(nlh, sizeof(struct nfgenmsg), attrs, CTA_STATS_GLOBAL_MAX);
	*(uint32_t *)data = nft_u32(attrs[CTA_STATS_GLOBAL_ENTRIES], 1);
	return MNL_CB_OK;
}

/* The kernel goes through its whole table, which takes 9 ms, even if this namespace has nothing in it. */
static bool has_flows(struct nl *nl)
{
	struct nl_batch b = { 0 };
	uint32_t n = 1;

	nft_add_other(&b, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS, 0, AF_UNSPEC, 0);
	nl_ask(nl, &b, take_count, &n);
	nl_batch_release(&b);
	return n;
}

static bool has_udp(const struct nft_list *l, int family)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].port.proto == IPPROTO_UDP && l->v[i].to.family == family)
			return true;
	return false;
}

/* What goes on being asked while it is looked for may come again: there is an end to that. */
#define TURNS 100

void nft_flows_forget(struct nl *nl, const struct nft_list *gone, const struct nft_list *added)
{
	struct flows flows = { .gone = gone, .added = added, .more = true };
	bool v4 = has_udp(gone, AF_INET) || has_udp(added, AF_INET), v6 = has_udp(gone, AF_INET6) || has_udp(added, AF_INET6);

	if ((!v4 && !v6) || !has_flows(nl))
		return;
	for (int i = 0; flows.more && i < TURNS; i++) {
		flows.more = false;
		/* the kernel takes no filter for both at once */
		if (v4)
			look(nl, &flows, AF_INET);
		if (v6)
			look(nl, &flows, AF_INET6);
		/* one that is gone by itself meanwhile is a failure, and no matter */
		nl_commit(nl, &flows.del, NULL);
	}
	nl_batch_release(&flows.del);
}
