/* Flows that conntrack remembers: whatever is published anew concerns new ones only. */
#include <string.h>

#include "core/nft_priv.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

/* Bits of CTA_FILTER_ORIG_FLAGS and _REPLY_FLAGS, which the kernel's headers do not give away: what of a tuple has to fit. */
enum {
	FILTER_IP_SRC = 1 << 0,
	FILTER_IP_DST = 1 << 1,
	FILTER_PROTO_NUM = 1 << 3,
	FILTER_PROTO_SRC_PORT = 1 << 4,
	FILTER_PROTO_DST_PORT = 1 << 5,
};

/* The address, if it is one, and the port of one side of a flow. */
static void put_tuple(struct nlmsghdr *nlh, uint16_t tuple, const struct inet *a, uint16_t port, bool source)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, tuple), *part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	uint16_t addr = a->family == AF_INET ? (source ? CTA_IP_V4_SRC : CTA_IP_V4_DST) : (source ? CTA_IP_V6_SRC : CTA_IP_V6_DST);

	if (a->family)
		mnl_attr_put(nlh, addr, inet_len(a->family), a->v);
	mnl_attr_nest_end(nlh, part);
	part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, source ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT, htons(port));
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, nest);
}

static void put_filter(struct nlmsghdr *nlh, uint32_t orig, uint32_t reply)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_FILTER);

	/* these two are in the host's byte order */
	mnl_attr_put_u32(nlh, CTA_FILTER_ORIG_FLAGS, orig);
	mnl_attr_put_u32(nlh, CTA_FILTER_REPLY_FLAGS, reply);
	mnl_attr_nest_end(nlh, nest);
}

static struct nlmsghdr *add_delete(struct nl_batch *b, int family)
{
	struct nlmsghdr *nlh = nft_add_other(b, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, 0, (uint8_t)family, 0);

	/* only with this does deleting several heed the family */
	((struct nfgenmsg *)mnl_nlmsg_get_payload(nlh))->version = 1;
	return nlh;
}

/* Flows that went to it. */
static void forget_target(struct nl_batch *b, const struct nft_port *p)
{
	struct nlmsghdr *nlh = add_delete(b, p->to.family);

	put_tuple(nlh, CTA_TUPLE_REPLY, &p->to, p->port.to, true);
	put_filter(nlh, 0, FILTER_IP_SRC | FILTER_PROTO_NUM | FILTER_PROTO_SRC_PORT);
}

/* Flows to the host's port that no address was translated of: those that came before there was anything there. */
static void forget_host(struct nl_batch *b, const struct nft_port *p)
{
	struct nlmsghdr *nlh = add_delete(b, p->to.family);

	put_tuple(nlh, CTA_TUPLE_ORIG, &p->port.host, p->port.from, false);
	put_filter(nlh, (p->port.host.family ? FILTER_IP_DST : 0) | FILTER_PROTO_NUM | FILTER_PROTO_DST_PORT, 0);
	nft_put_u32(nlh, CTA_STATUS, 0);
	nft_put_u32(nlh, CTA_STATUS_MASK, IPS_NAT_MASK);
}

/* So many at a time: more answers than that might not have room in the socket's buffer. */
#define AT_ONCE 64

static void forget(struct nl *nl, const struct nft_list *l, void (*add)(struct nl_batch *, const struct nft_port *))
{
	struct nl_batch b = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].port.proto == IPPROTO_UDP)
			add(&b, &l->v[i]);
		if (b.n == AT_ONCE)
			nl_send(nl, &b, NULL);
	}
	nl_send(nl, &b, NULL);
	nl_batch_release(&b);
}

void nft_flows_forget(struct nl *nl, const struct nft_list *gone, const struct nft_list *added)
{
	forget(nl, gone, forget_target);
	forget(nl, added, forget_host);
}
