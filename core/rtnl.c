#include "core/rtnl.h"

#include <errno.h>
#include <net/if.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

/* the kernel gives lo the index 1 in every namespace: LOOPBACK_IFINDEX */
#define LO_INDEX 1

/* `each` (may be NULL) sees the messages of the answer. */
static int ask(struct mnl_socket *nl, const struct nlmsghdr *nlh, mnl_cb_t each, void *data)
{
	char buf[1024];
	ssize_t len;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	len = mnl_socket_recvfrom(nl, buf, sizeof buf);
	if (len < 0)
		return -errno;
	return mnl_cb_run(buf, (size_t)len, nlh->nlmsg_seq, mnl_socket_get_portid(nl), each, data) < 0 ? -errno : 0;
}

int rtnl_lo_up(struct err *e)
{
	char buf[256];
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	int rc;

	if (!nl)
		return err_sys(e, "rtnetlink", "open");
	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	ifi = mnl_nlmsg_put_extra_header(nlh, sizeof *ifi);
	ifi->ifi_index = LO_INDEX;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	rc = mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : ask(nl, nlh, NULL, NULL);
	mnl_socket_close(nl);
	if (rc < 0) {
		err_set(e, -rc, "lo", "set up");
		if (rc == -EPERM)
			err_hint(e, "this needs CAP_NET_ADMIN over the network namespace");
	}
	return rc;
}

static int take_netnsid(const struct nlmsghdr *nlh, void *id)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(attr) == NETNSA_NSID && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			*(int *)id = (int)mnl_attr_get_u32(attr);
	return MNL_CB_STOP;
}

int rtnl_netnsid(struct mnl_socket **nl, int ns, int *id)
{
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	if (!*nl) {
		*nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
		if (!*nl || mnl_socket_bind(*nl, 0, MNL_SOCKET_AUTOPID) < 0)
			return -errno;
	}
	nlh->nlmsg_type = RTM_GETNSID;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = 1;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)ns);
	*id = -1;
	return ask(*nl, nlh, take_netnsid, id);
}

void rtnl_close(struct mnl_socket *nl)
{
	if (nl)
		mnl_socket_close(nl);
}
