#include "core/rtnl.h"

#include <errno.h>
#include <net/if.h>

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

/* the kernel gives lo the index 1 in every namespace: LOOPBACK_IFINDEX */
#define LO_INDEX 1

int rtnl_lo_up(struct err *e)
{
	const struct ifinfomsg up = { .ifi_index = LO_INDEX, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	struct nl_batch b = { 0 };
	struct nl nl;
	int rc = nl_open(&nl, NETLINK_ROUTE, e);

	if (rc < 0)
		return rc;
	nl_add(&b, RTM_NEWLINK, 0, &up, sizeof up);
	rc = nl_send(&nl, &b, NULL);
	if (rc < 0)
		nl_err(&nl, e, rc, "lo", "set up");
	nl_batch_release(&b);
	nl_close(&nl);
	return rc;
}

static int take_netnsid(const struct nlmsghdr *nlh, void *id)
{
	const struct nlattr *table[NETNSA_NSID + 1] = { 0 };

	nl_attrs(nlh, sizeof(struct rtgenmsg), table, NETNSA_NSID);
	*(int *)id = (int)nl_u32(table[NETNSA_NSID], (uint32_t)-1);
	return MNL_CB_OK;
}

int rtnl_netnsid(struct nl *nl, int ns, int *id)
{
	const struct rtgenmsg any = { 0 };
	struct nl_batch b = { 0 };
	struct err unused;
	int rc = nl->mnl ? 0 : nl_open(nl, NETLINK_ROUTE, &unused);

	if (rc < 0)
		return rc;
	mnl_attr_put_u32(nl_add(&b, RTM_GETNSID, 0, &any, sizeof any), NETNSA_FD, (uint32_t)ns);
	*id = -1;
	rc = nl_ask(nl, &b, take_netnsid, id);
	nl_batch_release(&b);
	return rc;
}
