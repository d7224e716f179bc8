#include "core/nft_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/str.h"

/* musl's strerror does not know it, and it is never told to a user */
#ifndef ERESTART
#define ERESTART 85
#endif

/* What a socket's buffer takes anyway; a larger batch needs a larger one. */
#define SOCKET_TAKES 100000
/* So often others may be quicker: as many as could ever wait for their turn. */
#define TRIES 2000

uint32_t nft_u32(const struct nlattr *attr, uint32_t otherwise)
{
	return attr ? ntohl(nl_u32(attr, htonl(otherwise))) : otherwise;
}

void nft_put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

struct nlmsghdr *nft_add_other(struct nl_batch *b, uint8_t subsys, uint16_t msg, uint16_t flags, uint8_t family, uint16_t res_id)
{
	struct nfgenmsg nfg = { .nfgen_family = family, .version = NFNETLINK_V0, .res_id = htons(res_id) };

	return nl_add(b, (uint16_t)(subsys << 8 | msg), flags, &nfg, sizeof nfg);
}

struct nlmsghdr *nft_add(struct nl_batch *b, uint16_t msg, uint16_t flags, bool table)
{
	struct nlmsghdr *nlh = nft_add_other(b, NFNL_SUBSYS_NFTABLES, msg, flags, table ? NFPROTO_INET : NFPROTO_UNSPEC, 0);

	if (table)
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, NFT_TABLE);
	return nlh;
}

void nft_begin(struct nl_batch *b, const uint32_t *generation)
{
	struct nlmsghdr *nlh = nft_add_other(b, NFNL_SUBSYS_NONE, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);

	if (generation)
		nft_put_u32(nlh, NFNL_BATCH_GENID, *generation);
}

int nft_end(struct nl *nl, struct nl_batch *b, size_t *failed)
{
	int size = (int)b->len * 2;

	/* failures are told unasked; without one there is nothing to be read */
	nft_add_other(b, NFNL_SUBSYS_NONE, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
	if (b->len > SOCKET_TAKES && setsockopt(nl_fd(nl), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(nl_fd(nl), SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return nl_commit(nl, b, failed);
}

static int take_generation(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attrs[NFTA_GEN_MAX + 1] = { 0 };

	nl_attrs(nlh, sizeof(struct nfgenmsg), attrs, NFTA_GEN_MAX);
	*(uint32_t *)data = nft_u32(attrs[NFTA_GEN_ID], 0);
	return MNL_CB_OK;
}

/* The number that the kernel counts up with each change of any rule. */
static int ask_generation(struct nl *nl, struct nl_batch *b, uint32_t *generation)
{
	nft_add(b, NFT_MSG_GETGEN, 0, false);
	return nl_ask(nl, b, take_generation, generation);
}

static int change_once(struct nl *nl, struct nl_batch *b, nft_think_fn *think, void *data, struct err *e)
{
	uint32_t generation = 0;
	int rc = ask_generation(nl, b, &generation);

	if (rc < 0)
		return nl_err(nl, e, rc, "nf_tables", "generation of the rules");
	nft_begin(b, &generation);
	rc = think(nl, b, data, e);
	if (rc < 0 || b->n == 1)
		return rc;
	rc = nft_end(nl, b, NULL);
	if (rc == -ERESTART)
		return rc;
	if (rc < 0)
		nl_err(nl, e, rc, "nf_tables", "change table inet " NFT_TABLE);
	if (rc == -EMSGSIZE || rc == -ENOBUFS)
		err_hint(e, "the kernel takes less than this at once: net.core.wmem_max");
	return rc;
}

int nft_change(struct nl *nl, nft_think_fn *think, void *data, struct err *e)
{
	struct nl_batch b = { 0 };
	int rc = -ERESTART;

	for (int i = 0; i < TRIES && (rc == -ERESTART || rc == -EINTR); i++) {
		/* many at once: let the one go first who is at it */
		if (i > 2)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 + ((unsigned)getpid() * 7919 + (unsigned)i * 104729) % 400000 }, NULL);
		b.len = b.n = 0;
		b.last = NULL;
		err_clear(e);
		rc = change_once(nl, &b, think, data, e);
	}
	nl_batch_release(&b);
	if (rc == -ERESTART || rc == -EINTR)
		return err_set(e, EBUSY, "nf_tables", "its rules change all the time");
	return rc;
}

void nft_put_comment(struct nlmsghdr *nlh, uint16_t type, const char *text)
{
	/* type, length and text with its end: nft's own form, which the kernel does not look into */
	uint8_t data[NFT_USERDATA_MAXLEN] = { 0 };
	size_t len = strnlen(text, sizeof data - 3) + 1;

	data[1] = (uint8_t)len;
	memcpy(data + 2, text, len - 1);
	mnl_attr_put(nlh, type, len + 2, data);
}

void nft_get_comment(const struct nlattr *attr, char *buf, size_t size)
{
	const uint8_t *at = attr ? mnl_attr_get_payload(attr) : NULL;
	size_t left = attr ? mnl_attr_get_payload_len(attr) : 0;

	buf[0] = '\0';
	for (; left >= 2 && left - 2 >= at[1]; left -= at[1] + 2u, at += at[1] + 2u)
		if (at[0] == 0) {
			str_copyn(buf, size, (const char *)at + 2, strnlen((const char *)at + 2, at[1]));
			return;
		}
}

static const char *family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET: return "inet";
	case NFPROTO_IPV4: return "ip";
	case NFPROTO_IPV6: return "ip6";
	case NFPROTO_BRIDGE: return "bridge";
	default: return NULL;
	}
}

bool nft_read_drop(const struct nlmsghdr *nlh, char *buf, size_t size)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1] = { 0 }, *hook[NFTA_HOOK_MAX + 1] = { 0 };
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const char *family, *table, *chain;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof *nfg)
		return false;
	nl_attrs(nlh, sizeof *nfg, attrs, NFTA_CHAIN_MAX);
	nl_nested(attrs[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	family = family_name(nfg->nfgen_family);
	table = nl_str(attrs[NFTA_CHAIN_TABLE]);
	chain = nl_str(attrs[NFTA_CHAIN_NAME]);
	if (!family || !table || !chain || nft_u32(hook[NFTA_HOOK_HOOKNUM], NF_INET_NUMHOOKS) != NF_INET_FORWARD ||
	    nft_u32(attrs[NFTA_CHAIN_POLICY], NF_ACCEPT) != NF_DROP)
		return false;
	str_join(buf, size, family, " ", table, " ", chain);
	return true;
}

struct drop {
	char *buf;
	size_t size;
	bool found;
};

static int take_drop(const struct nlmsghdr *nlh, void *data)
{
	struct drop *d = data;

	d->found = d->found || nft_read_drop(nlh, d->buf, d->size);
	return MNL_CB_OK;
}

int nft_foreign_drop(struct nl *nl, char *buf, size_t size)
{
	struct nl_batch b = { 0 };
	struct drop d = { buf, size, false };
	int rc;

	/* our own table's chains all accept what no rule of theirs drops */
	nft_add(&b, NFT_MSG_GETCHAIN, NLM_F_DUMP, false);
	rc = nl_ask(nl, &b, take_drop, &d);
	nl_batch_release(&b);
	/* -EINVAL: there is no nf_tables; -EINTR: what has changed meanwhile is somebody's who is at it */
	return d.found ? 1 : rc == -EINVAL || rc == -EINTR ? 0 : rc;
}
