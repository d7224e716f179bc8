/* rtnl_nsid: the numbers that network namespaces have for each other. */
#include <errno.h>
#include <sys/socket.h>

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "core/rtnl.h"

int rtnl_netnsid_set(struct nl *nl, int ns, int id)
{
	const struct rtgenmsg any = { 0 };
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh = nl_add(&b, RTM_NEWNSID, 0, &any, sizeof any);
	int rc;

	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)ns);
	mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)id);
	rc = nl_send(nl, &b, NULL);
	nl_batch_release(&b);
	return rc;
}

struct asked {
	rtnl_netnsid_fn *each;
	void *data;
	int rc;
};

static int take_one(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *table[NETNSA_CURRENT_NSID + 1] = { 0 };
	struct asked *a = data;
	struct rtnl_netnsid n;

	nl_attrs(nlh, sizeof(struct rtgenmsg), table, NETNSA_CURRENT_NSID);
	n.id = (int)nl_u32(table[NETNSA_NSID], (uint32_t)-1);
	n.has_own = table[NETNSA_CURRENT_NSID];
	n.own = n.has_own ? (int)nl_u32(table[NETNSA_CURRENT_NSID], (uint32_t)-1) : n.id;
	if (a->rc == 0)
		a->rc = a->each(&n, a->data);
	return MNL_CB_OK;
}

int rtnl_netnsids(struct nl *nl, int target, int id, rtnl_netnsid_fn *each, void *data)
{
	const struct rtgenmsg any = { 0 };
	struct asked asked = { each, data, 0 };
	struct nl_batch b = { 0 };
	struct nlmsghdr *nlh = nl_add(&b, RTM_GETNSID, id < 0 ? NLM_F_DUMP : 0, &any, sizeof any);
	int one = 1, rc;

	/* else a dump is that of our own, whatever is asked for: Linux 4.20 */
	setsockopt(nl_fd(nl), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof one);
	if (target >= 0)
		mnl_attr_put_u32(nlh, NETNSA_TARGET_NSID, (uint32_t)target);
	if (id >= 0)
		mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)id);
	rc = nl_ask(nl, &b, take_one, &asked);
	nl_batch_release(&b);
	return rc < 0 ? rc : asked.rc;
}
