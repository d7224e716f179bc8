/* What the kernel says of devices, addresses, routes, neighbours and queues: one message's payload behind a byte that is its kind. */
#include "core/rtnl_set.h"

#include <errno.h>

#include <linux/rtnetlink.h>

#include "tests/fuzz/fuzz.h"

static void require_inet(const struct inet *a)
{
	require(a->family == AF_INET || a->family == AF_INET6);
	require(a->prefix <= 8 * inet_len(a->family));
	for (size_t i = inet_len(a->family); i < sizeof a->v; i++)
		require(!a->v[i]);
}

static int read_link(const struct nlmsghdr *nlh)
{
	struct rtnl_link l;
	int rc = rtnl_link_read(nlh, &l);

	require(memchr(l.name, '\0', sizeof l.name) && memchr(l.kind, '\0', sizeof l.kind) && memchr(l.alias, '\0', sizeof l.alias));
	require(rc < 0 || (l.index > 0 && l.name[0]));
	return rc;
}

static int read_addr(const struct nlmsghdr *nlh)
{
	struct rtnl_addr a;
	int rc = rtnl_addr_read(nlh, &a);

	if (rc == 0)
		require_inet(&a.a);
	return rc;
}

static int read_route(const struct nlmsghdr *nlh)
{
	struct rtnl_route r;
	int rc = rtnl_route_read(nlh, &r);

	if (rc < 0)
		return rc;
	require_inet(&r.to);
	if (r.via.family) {
		require_inet(&r.via);
		require(r.via.prefix == 8 * inet_len(r.via.family));
	}
	return rc;
}

static int read_neigh(const struct nlmsghdr *nlh)
{
	struct rtnl_neigh n;
	int rc = rtnl_neigh_read(nlh, &n);

	if (rc == 0)
		require_inet(&n.a);
	return rc;
}

static int read_qdisc(const struct nlmsghdr *nlh)
{
	struct rtnl_qdisc q;
	int rc = rtnl_qdisc_read(nlh, &q);

	require(memchr(q.kind, '\0', sizeof q.kind));
	require(rc < 0 || q.kind[0]);
	return rc == -ENOENT ? 0 : rc;
}

static int (*const readers[])(const struct nlmsghdr *) = { read_link, read_addr, read_route, read_neigh, read_qdisc };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned kind = size ? data[0] % 5 : 0;
	size_t len = size ? size - 1 : 0;
	/* a block of the message's own length, so that reading on is seen */
	struct nlmsghdr *nlh = malloc(MNL_NLMSG_HDRLEN + len);
	int rc;

	if (!nlh)
		abort();
	mnl_nlmsg_put_header(nlh);
	if (len)
		memcpy(mnl_nlmsg_get_payload(nlh), data + 1, len);
	nlh->nlmsg_len += (uint32_t)len;
	rc = readers[kind](nlh);
	require(rc == 0 || rc == -EBADMSG);
	free(nlh);
	return 0;
}
