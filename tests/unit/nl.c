/* nl: what is believed of what a netlink socket receives. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "core/nl.h"
#include "core/rtnl.h"
#include "tests/unit/unit.h"

static struct err err;

/* A network namespace of our own, in which we are root. */
static bool alone(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0)
		return true;
	printf("# no namespaces here\n");
	return false;
}

/* Somebody else's message to the socket, that looks like the answer to what it asks next. */
static void forge(struct nl *to, uint16_t type, const void *payload, size_t size)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof addr;
	struct nlmsghdr *nlh;
	struct nl_batch b = { 0 };
	struct nl from;

	check_int(nl_open(&from, NETLINK_ROUTE, &err), 0);
	check_int(getsockname(nl_fd(to), (struct sockaddr *)&addr, &len), 0);
	nlh = nl_add(&b, type, 0, payload, size);
	nlh->nlmsg_seq = to->seq + 1;
	nlh->nlmsg_flags = 0;
	check_int(sendto(nl_fd(&from), b.buf, nlh->nlmsg_len, 0, (struct sockaddr *)&addr, len), nlh->nlmsg_len);
	nl_batch_release(&b);
	nl_close(&from);
}

static void believes_the_kernel_alone(void)
{
	const struct nlmsgerr refused = { .error = -EXDEV };
	const struct ifinfomsg link = { .ifi_index = 4711 };
	struct nl nl = { 0 };
	struct nl_batch b = { 0 };
	struct rtnl_link l;

	if (!alone())
		return;
	check_int(nl_open(&nl, NETLINK_ROUTE, &err), 0);
	forge(&nl, NLMSG_ERROR, &refused, sizeof refused);
	rtnl_put_up(&b, 1, true);
	check_int(nl_send(&nl, &b, NULL), 0);
	forge(&nl, NLMSG_ERROR, &refused, sizeof refused);
	rtnl_put_up(&b, 1, true);
	b.last->nlmsg_flags |= NLM_F_ACK;
	check_int(nl_commit(&nl, &b, NULL), 0);
	forge(&nl, RTM_NEWLINK, &link, sizeof link);
	check_int(rtnl_link(&nl, "lo", 0, &l), 0);
	check_int(l.index, 1);
	nl_batch_release(&b);
	nl_close(&nl);
}

static int ignore(const struct rtnl_netnsid *n, void *data)
{
	(void)n;
	(void)data;
	return 0;
}

/* The kernel tells it at the end, where what there was is over. */
static void tells_a_dump_that_failed(void)
{
	struct nl nl = { 0 };

	if (!alone())
		return;
	check_int(nl_open(&nl, NETLINK_ROUTE, &err), 0);
	check_int(rtnl_netnsids(&nl, -1, -1, ignore, NULL), 0);
	check(rtnl_netnsids(&nl, 99, -1, ignore, NULL) < 0);
	nl_close(&nl);
}

static void cuts_texts_that_no_message_takes(void)
{
	const struct ifinfomsg head = { 0 };
	struct nl_batch b = { 0 };
	size_t size = 100000;
	char *text = malloc(size);
	struct nlmsghdr *nlh = nl_add(&b, RTM_NEWLINK, 0, &head, sizeof head);
	const struct nlattr *table[IFLA_IFALIAS + 1] = { 0 };

	check(text);
	memset(text, 'a', size - 1);
	text[size - 1] = '\0';
	nl_put_text(nlh, IFLA_IFNAME, "eth0");
	nl_put_text(nlh, IFLA_IFALIAS, text);
	check(nlh->nlmsg_len < NL_MESSAGE_MAX);
	nl_attrs(nlh, sizeof head, table, IFLA_IFALIAS);
	check_str(nl_str(table[IFLA_IFNAME]), "eth0");
	check(nl_str(table[IFLA_IFALIAS]) && strlen(nl_str(table[IFLA_IFALIAS])) > 256);
	free(text);
	nl_batch_release(&b);
}

int main(void)
{
	unit("the kernel is believed, and nobody else who writes to the socket", believes_the_kernel_alone);
	unit("a dump that fails on its way is a failure", tells_a_dump_that_failed);
	unit("texts of any length stay within the message", cuts_texts_that_no_message_takes);
	return unit_done();
}
