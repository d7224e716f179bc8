/* What the kernel says of our table: one message's payload behind a byte that is its kind. */
#include "core/nft_priv.h"

#include <errno.h>

#include "tests/fuzz/fuzz.h"

/* What is published once more the same is the same. */
static void require_same(const struct nft_port *p, size_t map);

struct seen {
	size_t map;
	bool again;
	struct nft_port last;
};

static int take_port(const struct nlattr *const *attrs, void *data)
{
	struct seen *s = data;
	struct nft_port p;
	int rc = nft_port_read(attrs, s->map, &p);

	if (rc < 0) {
		require(rc == -EBADMSG && !s->again);
		return 0;
	}
	require(p.to.family == (s->map < 2 ? AF_INET : AF_INET6));
	require(!p.port.host.family || p.port.host.family == p.to.family);
	require(p.port.count == 1 && memchr(p.owner, '\0', sizeof p.owner));
	s->last = p;
	if (!s->again)
		require_same(&p, s->map);
	return 0;
}

static void require_same(const struct nft_port *p, size_t map)
{
	struct nl_batch b = { 0 };
	struct nft_elems l = { .b = &b, .msg = NFT_MSG_NEWSETELEM };
	struct seen s = { .map = map, .again = true };

	nft_port_put(&l, p);
	nft_elems_end(&l);
	require(nft_elems_read(b.last, take_port, &s) == 0);
	require(inet_equal(&s.last.to, &p->to) && inet_equal(&s.last.port.host, &p->port.host));
	require(s.last.port.from == p->port.from && s.last.port.to == p->port.to && s.last.port.proto == p->port.proto);
	require(!strcmp(s.last.owner, p->owner));
	nl_batch_release(&b);
}

static int take_bridge(const struct nlattr *const *attrs, void *data)
{
	const char *name = nft_bridge_read(attrs);

	(void)data;
	require(!name || strlen(name) < 16);
	return 0;
}

static void read_flow(const struct nlmsghdr *nlh)
{
	struct nft_flow f;

	nft_flow_read(nlh, &f);
	require(!f.to.family || f.to.family == AF_INET || f.to.family == AF_INET6);
	require(!f.from.family || f.from.family == AF_INET || f.from.family == AF_INET6);
}

static void read_message(const struct nlmsghdr *nlh, unsigned kind)
{
	char comment[NFT_USERDATA_MAXLEN] = "", chain[64] = "";

	if (kind < NFT_MAPS)
		require(nft_elems_read(nlh, take_port, &(struct seen){ .map = kind }) == 0);
	else if (kind == NFT_MAPS)
		require(nft_elems_read(nlh, take_bridge, NULL) == 0);
	else if (kind == NFT_MAPS + 1)
		nft_read_table(nlh, comment);
	else if (kind == NFT_MAPS + 2)
		read_flow(nlh);
	else
		require(nft_read_drop(nlh, chain, sizeof chain) == (chain[0] != '\0'));
	require(strlen(comment) < sizeof comment && strlen(chain) < sizeof chain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned kind = size ? data[0] % (NFT_MAPS + 4) : 0;
	size_t len = size ? size - 1 : 0;
	/* a block of the message's own length, so that reading on is seen */
	struct nlmsghdr *nlh = malloc(MNL_NLMSG_HDRLEN + len);

	if (!nlh)
		abort();
	mnl_nlmsg_put_header(nlh);
	if (len)
		memcpy(mnl_nlmsg_get_payload(nlh), data + 1, len);
	nlh->nlmsg_len += (uint32_t)len;
	read_message(nlh, kind);
	free(nlh);
	return 0;
}
