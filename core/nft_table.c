/* The table: its sets, chains and rules, as data. nft list table inet nestbox shows them as text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

#include "core/nft_priv.h"
#include "core/str.h"

/* What follows is the version's: another one's elements mean something else. */
#define SCHEMA "nestbox v1"

/* nft's own numbers of types, which the kernel keeps for it; six bits for each part of what has several. */
enum { IPV4_ADDR = 7, IPV6_ADDR = 8, INET_PROTO = 12, INET_SERVICE = 13, IFNAME = 41 };
#define AND(a, b) ((a) << 6 | (b))
#define AND3(a, b, c) AND(AND(a, b), c)

static const struct set {
	const char *name;
	uint32_t key;
	uint8_t key_len; /* each part is filled up to four bytes */
	uint8_t data_len;
	uint32_t data;   /* 0: a set */
} sets[] = {
	{ "bridges", IFNAME, 16 },
	{ "internal", IFNAME, 16 },
	{ "icc_ok", AND(IFNAME, IFNAME), 32 },
	{ "pub4", AND(INET_PROTO, INET_SERVICE), 8, 8, AND(IPV4_ADDR, INET_SERVICE) },
	{ "pub4_ip", AND3(IPV4_ADDR, INET_PROTO, INET_SERVICE), 12, 8, AND(IPV4_ADDR, INET_SERVICE) },
	{ "pub6", AND(INET_PROTO, INET_SERVICE), 8, 20, AND(IPV6_ADDR, INET_SERVICE) },
	{ "pub6_ip", AND3(IPV6_ADDR, INET_PROTO, INET_SERVICE), 24, 20, AND(IPV6_ADDR, INET_SERVICE) },
};

static const struct chain {
	const char *name;
	const char *type; /* NULL: one that others jump to */
	uint8_t hook;
	int priority;
} chains[] = {
	{ "publish" },
	{ "raw_pre", "filter", NF_INET_PRE_ROUTING, -300 },
	{ "nat_pre", "nat", NF_INET_PRE_ROUTING, -100 },
	{ "nat_out", "nat", NF_INET_LOCAL_OUT, -100 },
	{ "nat_post", "nat", NF_INET_POST_ROUTING, 100 },
	{ "filter_fwd", "filter", NF_INET_FORWARD, 0 },
};

/*
 * An expression: its name, and the numbers that are its attributes 1, 2, 3, ...
 * Where one is 0 it is left out: that is nobody's value but of those that are
 * ZERO. What is no number is `arg`: a value of `len` bytes, or a name.
 */
struct expr {
	const char *name; /* NULL: a rule begins, of the chain in `arg` */
	const void *arg;
	uint8_t num[5];
	uint8_t len;
	int8_t verdict;
};
#define ZERO 0xff
/* The registers of four bytes, where a key is put together; the value that is found for it lies there, too. */
#define R(n) (NFT_REG32_00 + (n))

#define RULE(chain) { NULL, (chain) }
#define META(key, reg) { "meta", NULL, { (reg), (key) } }
#define NETWORK(off, len, reg) { "payload", NULL, { (reg), NFT_PAYLOAD_NETWORK_HEADER, (off), (len) } }
#define DPORT(reg) { "payload", NULL, { (reg), NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2 } }
#define IS(v) { "cmp", &(v), { R(0), ZERO }, sizeof (v) }
#define ISNT(v) { "cmp", &(v), { R(0), NFT_CMP_NEQ }, sizeof (v) }
#define CT(key) { "ct", NULL, { R(0), (key) } }
#define MASK(v) { "bitwise", &(v), { R(0), R(0), sizeof (v) }, sizeof (v) }
#define LOCAL { "fib", NULL, { R(0), NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR } }, IS(type_local)
#define IN(set) { "lookup", (set), { 0, R(0) } }
#define NOT_IN(set) { "lookup", (set), { 0, R(0), 0, 0, NFT_LOOKUP_F_INV } }
#define MAP(set) { "lookup", (set), { 0, R(0), R(0) } }
#define DNAT(family, port) { "nat", NULL, { NFT_NAT_DNAT, (family), R(0), 0, (port) } }
#define MASQUERADE { "masq" }
#define JUMP(chain) { "immediate", (chain), { ZERO }, .verdict = NFT_JUMP }
#define DO(what) { "immediate", NULL, { ZERO }, .verdict = (what) }

#define IIF META(NFT_META_IIFNAME, R(0))
#define OIF META(NFT_META_OIFNAME, R(0))
#define IS_DNAT CT(NFT_CT_STATUS), MASK(status_dnat), ISNT(none)

static const uint8_t proto_v4 = NFPROTO_IPV4, proto_v6 = NFPROTO_IPV6, net_127 = 127;
static const uint8_t net_loopback[16] = { [15] = 1 };
static const char name_lo[16] = "lo";
static const uint32_t type_local = RTN_LOCAL, status_dnat = IPS_DST_NAT, none = 0;
static const uint32_t state_known = NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED);

static const struct expr exprs[] = {
	/* th dport is where TCP and UDP have it; no other protocol is a key */
	RULE("publish"), META(NFT_META_NFPROTO, R(0)), IS(proto_v4),
		NETWORK(16, 4, R(0)), META(NFT_META_L4PROTO, R(1)), DPORT(R(2)), MAP("pub4_ip"), DNAT(NFPROTO_IPV4, R(1)),
	RULE("publish"), META(NFT_META_NFPROTO, R(0)), IS(proto_v4),
		META(NFT_META_L4PROTO, R(0)), DPORT(R(1)), MAP("pub4"), DNAT(NFPROTO_IPV4, R(1)),
	RULE("publish"), META(NFT_META_NFPROTO, R(0)), IS(proto_v6),
		NETWORK(24, 16, R(0)), META(NFT_META_L4PROTO, R(4)), DPORT(R(5)), MAP("pub6_ip"), DNAT(NFPROTO_IPV6, R(4)),
	/* from ::1 nothing can be sent on: who connects there is to be refused, or served by a process, and not kept waiting */
	RULE("publish"), META(NFT_META_NFPROTO, R(0)), IS(proto_v6), NETWORK(24, 16, R(0)), ISNT(net_loopback),
		META(NFT_META_L4PROTO, R(0)), DPORT(R(1)), MAP("pub6"), DNAT(NFPROTO_IPV6, R(4)),

	/* with route_localnet a neighbour, or a container, could send to the host's own 127.0.0.1 */
	RULE("raw_pre"), IIF, ISNT(name_lo), META(NFT_META_NFPROTO, R(0)), IS(proto_v4), NETWORK(16, 1, R(0)), IS(net_127), DO(NF_DROP),

	RULE("nat_pre"), LOCAL, JUMP("publish"),
	RULE("nat_out"), LOCAL, JUMP("publish"),

	RULE("nat_post"), IIF, IN("bridges"), OIF, NOT_IN("bridges"), MASQUERADE,
	/* by the host's address back to where it came from: the answer has to come this way, too */
	RULE("nat_post"), IIF, IN("bridges"), OIF, IN("bridges"), IS_DNAT, MASQUERADE,
	/* the host itself, by 127.0.0.1 perhaps, which is no address to answer to */
	RULE("nat_post"), META(NFT_META_IIF, R(0)), IS(none), OIF, IN("bridges"), IS_DNAT, MASQUERADE,

	/* with br_netfilter what one container sends another on the same bridge comes here, too */
	RULE("filter_fwd"), IIF, META(NFT_META_OIFNAME, R(4)), IN("icc_ok"), DO(NF_ACCEPT),
	RULE("filter_fwd"), IIF, IN("internal"), DO(NF_DROP),
	RULE("filter_fwd"), OIF, IN("internal"), DO(NF_DROP),
	RULE("filter_fwd"), OIF, NOT_IN("bridges"), DO(NF_ACCEPT),
	RULE("filter_fwd"), CT(ZERO), MASK(state_known), ISNT(none), DO(NF_ACCEPT),
	RULE("filter_fwd"), IS_DNAT, DO(NF_ACCEPT),
	RULE("filter_fwd"), DO(NF_DROP),
};

#define COUNT(a) (sizeof (a) / sizeof *(a))

static void put_value(struct nlmsghdr *nlh, uint16_t type, const void *value, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(nlh, nest);
}

static void put_verdict(struct nlmsghdr *nlh, const struct expr *x)
{
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_IMMEDIATE_DATA);
	struct nlattr *verdict = mnl_attr_nest_start(nlh, NFTA_DATA_VERDICT);

	nft_put_u32(nlh, NFTA_VERDICT_CODE, (uint32_t)(int32_t)x->verdict);
	if (x->arg)
		mnl_attr_put_strz(nlh, NFTA_VERDICT_CHAIN, x->arg);
	mnl_attr_nest_end(nlh, verdict);
	mnl_attr_nest_end(nlh, data);
}

static void put_expr(struct nlmsghdr *nlh, const struct expr *x)
{
	struct nlattr *elem = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM), *data;
	uint16_t value_at = !strcmp(x->name, "cmp") ? NFTA_CMP_DATA : NFTA_BITWISE_MASK;

	mnl_attr_put_strz(nlh, NFTA_EXPR_NAME, x->name);
	data = mnl_attr_nest_start(nlh, NFTA_EXPR_DATA);
	for (size_t i = 0; i < COUNT(x->num); i++)
		if (x->num[i])
			nft_put_u32(nlh, (uint16_t)(i + 1), x->num[i] == ZERO ? 0 : x->num[i]);
	if (x->len)
		put_value(nlh, value_at, x->arg, x->len);
	if (x->len && value_at == NFTA_BITWISE_MASK)
		put_value(nlh, NFTA_BITWISE_XOR, &none, x->len);
	if (!strcmp(x->name, "immediate"))
		put_verdict(nlh, x);
	else if (x->arg && !x->len)
		mnl_attr_put_strz(nlh, NFTA_LOOKUP_SET, x->arg);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, elem);
}

static void add_rules(struct nl_batch *b)
{
	struct nlattr *list = NULL;
	struct nlmsghdr *nlh = NULL;

	for (size_t i = 0; i < COUNT(exprs); i++) {
		if (exprs[i].name) {
			put_expr(nlh, &exprs[i]);
			continue;
		}
		if (nlh)
			mnl_attr_nest_end(nlh, list);
		nlh = nft_add(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, true);
		mnl_attr_put_strz(nlh, NFTA_RULE_CHAIN, exprs[i].arg);
		list = mnl_attr_nest_start(nlh, NFTA_RULE_EXPRESSIONS);
	}
	mnl_attr_nest_end(nlh, list);
}

static void add_sets(struct nl_batch *b)
{
	/* keys in the host's byte order: without it nft(8) prints no names of devices */
	static const uint8_t host_order[] = { 0, 4, 1, 0, 0, 0 };

	for (size_t i = 0; i < COUNT(sets); i++) {
		struct nlmsghdr *nlh = nft_add(b, NFT_MSG_NEWSET, NLM_F_CREATE, true);

		mnl_attr_put_strz(nlh, NFTA_SET_NAME, sets[i].name);
		nft_put_u32(nlh, NFTA_SET_FLAGS, sets[i].data ? NFT_SET_MAP : 0);
		nft_put_u32(nlh, NFTA_SET_KEY_TYPE, sets[i].key);
		nft_put_u32(nlh, NFTA_SET_KEY_LEN, sets[i].key_len);
		nft_put_u32(nlh, NFTA_SET_ID, (uint32_t)i + 1);
		if (sets[i].key == IFNAME)
			mnl_attr_put(nlh, NFTA_SET_USERDATA, sizeof host_order, host_order);
		if (!sets[i].data)
			continue;
		nft_put_u32(nlh, NFTA_SET_DATA_TYPE, sets[i].data);
		nft_put_u32(nlh, NFTA_SET_DATA_LEN, sets[i].data_len);
	}
}

static void add_chains(struct nl_batch *b)
{
	for (const struct chain *c = chains; c < chains + COUNT(chains); c++) {
		struct nlmsghdr *nlh = nft_add(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, true);
		struct nlattr *hook;

		mnl_attr_put_strz(nlh, NFTA_CHAIN_NAME, c->name);
		if (!c->type)
			continue;
		hook = mnl_attr_nest_start(nlh, NFTA_CHAIN_HOOK);
		nft_put_u32(nlh, NFTA_HOOK_HOOKNUM, c->hook);
		nft_put_u32(nlh, NFTA_HOOK_PRIORITY, (uint32_t)c->priority);
		mnl_attr_nest_end(nlh, hook);
		nft_put_u32(nlh, NFTA_CHAIN_POLICY, NF_ACCEPT);
		mnl_attr_put_strz(nlh, NFTA_CHAIN_TYPE, c->type);
	}
}

static void add_table(struct nl_batch *b)
{
	struct nlmsghdr *nlh = nft_add(b, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, true);

	nft_put_u32(nlh, NFTA_TABLE_FLAGS, 0);
	nft_put_comment(nlh, NFTA_TABLE_USERDATA, SCHEMA);
}

void nft_read_table(const struct nlmsghdr *nlh, char comment[NFT_USERDATA_MAXLEN])
{
	const struct nlattr *attrs[NFTA_TABLE_MAX + 1] = { 0 };

	nl_attrs(nlh, sizeof(struct nfgenmsg), attrs, NFTA_TABLE_MAX);
	nft_get_comment(attrs[NFTA_TABLE_USERDATA], comment, NFT_USERDATA_MAXLEN);
}

static int take_table(const struct nlmsghdr *nlh, void *data)
{
	nft_read_table(nlh, data);
	return MNL_CB_OK;
}

static int unknown(struct err *e, const char *comment)
{
	if (!str_after(comment, "nestbox v"))
		err_bad(e, "table inet " NFT_TABLE, "is none that nestbox made");
	else
		err_bad(e, "table inet " NFT_TABLE, "is \"%s\", another version's; this one's is \"" SCHEMA "\"", comment);
	err_hint(e, "when no container uses it any more: nft delete table inet " NFT_TABLE);
	return -EEXIST;
}

int nft_table_find(struct nl *nl, struct err *e)
{
	struct nl_batch b = { 0 };
	char comment[NFT_USERDATA_MAXLEN] = "";
	int rc;

	nft_add(&b, NFT_MSG_GETTABLE, 0, true);
	rc = nl_ask(nl, &b, take_table, comment);
	nl_batch_release(&b);
	/* -EINVAL: nfnetlink knows of no such part of it */
	if (rc == -ENOENT || rc == -EINVAL)
		return -ENOENT;
	if (rc < 0)
		return nl_err(nl, e, rc, "table inet " NFT_TABLE, "look for it");
	return strcmp(comment, SCHEMA) ? unknown(e, comment) : 0;
}

/* Comments of tables are kept since 5.10, iif is known in postrouting since 5.7: an older one would masquerade the wrong packets. */
static bool too_old(void)
{
	struct utsname u;
	long major, minor = 0;
	char *end;

	if (uname(&u) < 0)
		return false;
	major = strtol(u.release, &end, 10);
	if (*end == '.')
		minor = strtol(end + 1, NULL, 10);
	return major < 5 || (major == 5 && minor < 10);
}

static int cannot(struct nl *nl, struct err *e, int rc)
{
	switch (rc) {
	case -ENOENT:
	case -EINVAL:
	case -EOPNOTSUPP:
	case -EAFNOSUPPORT:
	case -EPROTONOSUPPORT:
		err_set(e, EOPNOTSUPP, "nf_tables", "make table inet " NFT_TABLE);
		err_hint(e, "the kernel lacks some of the modules nf_tables, nft_chain_nat, nft_ct, nft_fib_inet, nft_masq, nft_nat");
		return -EOPNOTSUPP;
	}
	return nl_err(nl, e, rc, "nf_tables", "make table inet " NFT_TABLE);
}

int nft_table_ensure(struct nl *nl, struct err *e)
{
	struct nl_batch b = { 0 };
	/* asked first: a batch that is refused costs 16 ms, as the kernel takes it back behind all readers */
	int rc = nft_table_find(nl, e);

	if (rc != -ENOENT)
		return rc;
	if (too_old())
		return err_set(e, EOPNOTSUPP, "nf_tables", "this needs Linux 5.10");
	nft_begin(&b, NULL);
	add_table(&b);
	add_sets(&b);
	add_chains(&b);
	add_rules(&b);
	rc = nft_end(nl, &b, NULL);
	nl_batch_release(&b);
	/* somebody else made it meanwhile */
	if (rc == -EEXIST)
		return nft_table_find(nl, e);
	return rc < 0 ? cannot(nl, e, rc) : 0;
}
