/* The messages of nf_tables that are built, and what is made of those that are read. */
#include "core/nft_priv.h"

#include <arpa/inet.h>
#include <errno.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "tests/unit/unit.h"

static struct nft_port port(const char *spec, const char *to, const char *owner)
{
	struct nft_port p = { 0 };
	struct err e = { 0 };

	check_int(inet_port_parse(spec, &p.port, &e), 0);
	check_int(inet_parse(to, false, &p.to), 0);
	snprintf(p.owner, sizeof p.owner, "%s", owner);
	return p;
}

static const struct nlattr *attr_of(const struct nlmsghdr *nlh, size_t type)
{
	const struct nlattr *attrs[16] = { 0 };

	nl_attrs(nlh, sizeof(struct nfgenmsg), attrs, 15);
	return attrs[type];
}

static struct nlmsghdr *put(struct nl_batch *b, const struct nft_port *p, uint16_t msg)
{
	struct nft_elems l = { .b = b, .msg = msg };

	nft_port_put(&l, p);
	nft_elems_end(&l);
	check(b->last != NULL);
	return b->last;
}

static int take_first(const struct nlattr *const *attrs, void *data)
{
	const struct nlattr **to = data;

	memcpy(to, attrs, (NFTA_SET_ELEM_MAX + 1) * sizeof *to);
	return 1;
}

static void element(const struct nft_port *p, const char *set, const void *key, size_t key_len, const void *to, size_t to_len)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1] = { 0 };
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh = put(&b, p, NFT_MSG_NEWSETELEM);
	const void *value;

	check_int(nlh->nlmsg_type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM);
	check_int(nlh->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	check_str(nl_str(attr_of(nlh, NFTA_SET_ELEM_LIST_TABLE)), "nestbox");
	check_str(nl_str(attr_of(nlh, NFTA_SET_ELEM_LIST_SET)), set);
	check_int(nft_elems_read(nlh, take_first, attrs), 1);
	value = nft_elem_value(attrs[NFTA_SET_ELEM_KEY], key_len);
	check(value && !memcmp(value, key, key_len));
	value = nft_elem_value(attrs[NFTA_SET_ELEM_DATA], to_len);
	check(value && !memcmp(value, to, to_len));
	nl_batch_release(&b);
}

static void elements(void)
{
	struct nft_port p = port("8080:80", "10.88.0.2", "web");

	element(&p, "pub4", "\6\0\0\0\x1f\x90\0\0", 8, "\x0a\x58\0\2\0\x50\0\0", 8);
	p = port("127.0.0.1:53:5353/udp", "10.88.0.2", "web");
	element(&p, "pub4_ip", "\x7f\0\0\1\x11\0\0\0\0\x35\0\0", 12, "\x0a\x58\0\2\x14\xe9\0\0", 8);
	p = port("1:65535", "fd00::2", "web");
	element(&p, "pub6", "\6\0\0\0\0\1\0\0", 8, "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\xff\xff\0\0", 20);
	p = port("[fd00::1]:1:1", "fd00::2", "web");
	element(&p, "pub6_ip", "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\6\0\0\0\0\1\0\0", 24,
		"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\1\0\0", 20);
}

static void read_back(void)
{
	static const char *const specs[NFT_MAPS][2] = {
		{ "10.0.0.1:1-9:11-19/udp", "10.0.0.2" }, { "80:81", "10.0.0.2" }, { "[fd00::1]:80:81", "fd00::2" }, { "80:81/udp", "fd00::2" },
	};

	for (size_t i = 0; i < NFT_MAPS; i++) {
		const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1] = { 0 };
		struct nft_port p = port(specs[i][0], specs[i][1], "somebody"), out;
		struct nl_batch b = { 0 };

		check_int(nft_elems_read(put(&b, &p, NFT_MSG_NEWSETELEM), take_first, attrs), 1);
		for (size_t map = 0; map < NFT_MAPS; map++)
			check_int(nft_port_read(attrs, map, &out), map == i ? 0 : -EBADMSG);
		check_int(nft_port_read(attrs, i, &out), 0);
		check(inet_equal(&out.to, &p.to) && inet_equal(&out.port.host, &p.port.host));
		check_int(out.port.from, p.port.from);
		check_int(out.port.to, p.port.to);
		check_int(out.port.proto, p.port.proto);
		check_int(out.port.count, 1);
		check_str(out.owner, "somebody");
		nl_batch_release(&b);
	}
}

static void deleted(void)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1] = { 0 };
	struct nft_port p = port("80:81", "10.0.0.2", "web");
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh = put(&b, &p, NFT_MSG_DELSETELEM);

	check_int(nlh->nlmsg_flags, NLM_F_REQUEST);
	check_int(nft_elems_read(nlh, take_first, attrs), 1);
	check(attrs[NFTA_SET_ELEM_KEY] && !attrs[NFTA_SET_ELEM_USERDATA]);
	nl_batch_release(&b);
}

static int count(const struct nlattr *const *attrs, void *data)
{
	check(attrs[NFTA_SET_ELEM_KEY] && attrs[NFTA_SET_ELEM_DATA] && attrs[NFTA_SET_ELEM_USERDATA]);
	++*(int *)data;
	return 0;
}

static void many(void)
{
	char owner[NFT_OWNER_MAX + 1] = "";
	struct nft_port p;
	struct nl_batch b = { 0 };
	struct nft_elems l = { .b = &b, .msg = NFT_MSG_NEWSETELEM };
	int n = 0;

	memset(owner, 'x', NFT_OWNER_MAX);
	p = port("[fd00::1]:1:1", "fd00::2", owner);
	for (int i = 0; i < 5000; i++)
		nft_port_put(&l, &p);
	nft_elems_end(&l);
	check(!b.failed);
	/* each message has room for what is in it */
	for (size_t at = 0; at <= b.len;) {
		const struct nlmsghdr *nlh = (const void *)(b.buf + at);

		check(nlh->nlmsg_len <= NL_MESSAGE_MAX);
		check_int(nft_elems_read(nlh, count, &n), 0);
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	check_int(n, 5000);
	check(b.n > 50 && b.n < 200);
	nl_batch_release(&b);
}

static void comment_is(const void *data, size_t len, size_t size, const char *want)
{
	char message[512] = "", text[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);

	mnl_attr_put(nlh, 1, len, data);
	nft_get_comment(mnl_nlmsg_get_payload(nlh), text, size);
	check_str(text, want);
}

static void comments(void)
{
	char text[8];

	comment_is("\0\4web", 6, 64, "web");
	comment_is("\0\3web", 5, 64, "web");
	comment_is("\1\4\0\0\0\1\0\4web", 12, 64, "web");
	comment_is("\0\4web", 6, 3, "we");
	comment_is("\0\5web", 6, 64, "");
	comment_is("\1\2\0\4web", 8, 64, "");
	comment_is("\0", 1, 64, "");
	comment_is("", 0, 64, "");
	nft_get_comment(NULL, text, sizeof text);
	check_str(text, "");
}

static void long_comment(void)
{
	char text[400], message[1024] = "", back[NFT_USERDATA_MAXLEN];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct nlattr *attr = mnl_nlmsg_get_payload(nlh);

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	nft_put_comment(nlh, 1, text);
	check(mnl_attr_get_payload_len(attr) <= NFT_USERDATA_MAXLEN);
	nft_get_comment(attr, back, sizeof back);
	check_int((long long)strlen(back), NFT_USERDATA_MAXLEN - 3);
}

static void frame(void)
{
	struct nl_batch b = { 0 };
	uint32_t generation = 0x01020304;
	const struct nfgenmsg *nfg;

	nft_begin(&b, &generation);
	check_int(b.last->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
	nfg = mnl_nlmsg_get_payload(b.last);
	check_int(ntohs(nfg->res_id), NFNL_SUBSYS_NFTABLES);
	check_int(nft_u32(attr_of(b.last, NFNL_BATCH_GENID), 0), generation);
	check(!memcmp(mnl_attr_get_payload(attr_of(b.last, NFNL_BATCH_GENID)), "\1\2\3\4", 4));
	nft_begin(&b, NULL);
	check(!attr_of(b.last, NFNL_BATCH_GENID));
	nl_batch_release(&b);
}

static void put_end(struct nlmsghdr *nlh, uint16_t tuple, uint16_t ip, const void *addr, size_t len, uint16_t at, uint16_t number)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, tuple), *part = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put(nlh, ip, len, addr);
	mnl_attr_nest_end(nlh, part);
	part = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, at, htons(number));
	mnl_attr_nest_end(nlh, part);
	mnl_attr_nest_end(nlh, nest);
}

static void flow(void)
{
	char message[512] = "", text[INET_TEXT];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct nft_flow f;

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nfgenmsg));
	nft_flow_read(nlh, &f);
	check(!f.to.family && !f.from.family && !f.translated && !f.proto);
	put_end(nlh, CTA_TUPLE_ORIG, CTA_IP_V4_DST, "\xc0\0\2\1", 4, CTA_PROTO_DST_PORT, 8053);
	put_end(nlh, CTA_TUPLE_REPLY, CTA_IP_V4_SRC, "\x0a\x58\0\2", 4, CTA_PROTO_SRC_PORT, 53);
	nft_flow_read(nlh, &f);
	inet_format(&f.to, false, text);
	check_str(text, "192.0.2.1");
	inet_format(&f.from, false, text);
	check_str(text, "10.88.0.2");
	check_int(f.to_port, 8053);
	check_int(f.from_port, 53);
	check_int(f.proto, IPPROTO_UDP);
	check(!f.translated);
	nft_put_u32(nlh, CTA_STATUS, IPS_DST_NAT | IPS_CONFIRMED);
	nft_flow_read(nlh, &f);
	check(f.translated);
}

static bool drops(uint8_t family, uint32_t hook, uint32_t policy, const char *want)
{
	char message[512] = "", text[64] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(message);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
	struct nlattr *nest;

	nfg->nfgen_family = family;
	mnl_attr_put_strz(nlh, NFTA_CHAIN_TABLE, "filter");
	mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, "FORWARD");
	nest = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
	nft_put_u32(nlh, NFTA_HOOK_HOOKNUM, hook);
	mnl_attr_nest_end(nlh, nest);
	nft_put_u32(nlh, NFTA_CHAIN_POLICY, policy);
	return nft_read_drop(nlh, text, sizeof text) && !strcmp(text, want);
}

static void foreign(void)
{
	check(drops(NFPROTO_IPV4, NF_INET_FORWARD, NF_DROP, "ip filter FORWARD"));
	check(drops(NFPROTO_INET, NF_INET_FORWARD, NF_DROP, "inet filter FORWARD"));
	check(drops(NFPROTO_IPV6, NF_INET_FORWARD, NF_DROP, "ip6 filter FORWARD"));
	check(!drops(NFPROTO_ARP, NF_INET_FORWARD, NF_DROP, ""));
	check(!drops(NFPROTO_IPV4, NF_INET_FORWARD, NF_ACCEPT, ""));
	check(!drops(NFPROTO_IPV4, NF_INET_LOCAL_IN, NF_DROP, ""));
}

int main(void)
{
	unit("a published port is an element of its map, in the kernel's bytes", elements);
	unit("what is put is read back, and by no other map", read_back);
	unit("an element that is deleted is its key", deleted);
	unit("thousands of elements go into as many messages as they need", many);
	unit("comments are found among what nft writes, and nothing else is taken for one", comments);
	unit("a comment that is too long is cut off", long_comment);
	unit("a change says which generation it is for", frame);
	unit("a flow is told by where it went and who answered", flow);
	unit("a chain that drops what is forwarded is told from others", foreign);
	return unit_done();
}
