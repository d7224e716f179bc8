/* check: what networks are made of, in a network namespace of the probe's own. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <linux/netlink.h>

#include "applets/check.h"
#include "core/fd.h"
#include "core/nft.h"
#include "core/rtnl.h"

static void probe_loopback(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 };

	if (check_enter(it, a, CLONE_NEWNET, false) && rtnl_lo_up(&e) < 0)
		check_failed(it, a, &e);
}

/* macvlan and ipvlan want a device below them: lo is none that they take, the end of a veth is. */
static int make_device(const char *kind, struct err *e)
{
	const struct rtnl_new peer = { .kind = "veth", .name = "check1", .ns = -1 };
	const struct rtnl_new veth = { .kind = "veth", .name = "check0", .ns = -1, .peer = &peer };
	struct rtnl_new dev = { .kind = kind, .name = "check2", .ns = -1 };
	bool below = strstr(kind, "vlan") != NULL;
	struct nl_batch b = { 0 };
	struct nl nl = { 0 };
	int rc = nl_open(&nl, NETLINK_ROUTE, e);

	if (rc < 0)
		return rc;
	if (below || !strcmp(kind, "veth")) {
		rtnl_put_new(&b, &veth);
		rc = nl_send(&nl, &b, NULL);
		dev.link = (int)if_nametoindex("check0");
	}
	if (rc == 0 && strcmp(kind, "veth") != 0) {
		rtnl_put_new(&b, &dev);
		rc = nl_send(&nl, &b, NULL);
	}
	if (rc < 0)
		nl_err(&nl, e, rc, kind, "make a device");
	nl_batch_release(&b);
	nl_close(&nl);
	return rc;
}

static void probe_device(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 };

	if (check_module_waits(a, it->arg) || (strstr(it->arg, "vlan") && check_module_waits(a, "veth")))
		return;
	if (check_enter(it, a, CLONE_NEWNET, false) && make_device(it->arg, &e) < 0)
		check_failed(it, a, &e);
}

/* All that published ports and shared addresses take: the very table of "netns". */
static void probe_nft(const struct check_item *it, struct check_answer *a)
{
	static const char *const modules[] = { "nf_tables", "nft_ct", "nft_chain_nat", "nft_nat", "nft_masq", "nft_fib_inet" };
	struct err e = { 0 };
	struct nl nl = { 0 };
	int rc;

	for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
		if (check_module_waits(a, modules[i]))
			return;
	if (!check_enter(it, a, CLONE_NEWNET, false))
		return;
	rc = nl_open(&nl, NETLINK_NETFILTER, &e);
	rc = rc < 0 ? rc : nft_table_ensure(&nl, &e);
	rc = rc < 0 ? rc : nft_bridge_add(&nl, "check0", false, &e);
	nl_close(&nl);
	if (rc < 0)
		check_failed(it, a, &e);
}

static void probe_tun(const struct check_item *it, struct check_answer *a)
{
	struct ifreq want = { .ifr_name = "check0", .ifr_flags = IFF_TAP | IFF_NO_PI };
	auto_close int fd = -1;

	if (check_module_waits(a, "tun") || !check_enter(it, a, CLONE_NEWNET, false))
		return;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 && (errno == EACCES || errno == EPERM))
		check_knob(a, "the owner of /dev/net/tun, and the device rules of the control group");
	else if (fd < 0 && errno == ENOENT)
		check_knob(a, "mknod /dev/net/tun c 10 200, or %s", it->config);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &want) < 0)
		check_errno(it, a, "/dev/net/tun");
}

/* Of the namespace that this is asked in; a bridge with a way out takes it, and who makes one sets it. */
static void probe_forwarding(const struct check_item *it, struct check_answer *a)
{
	long v4 = check_number("/proc/sys/net/ipv4/ip_forward"), v6 = check_number("/proc/sys/net/ipv6/conf/all/forwarding");
	bool settable = faccessat(AT_FDCWD, it->arg, W_OK, AT_EACCESS) == 0;

	if (v4 < 0) {
		check_say(a, CHECK_NO, "not to be seen");
		check_knob(a, "%s", it->arg);
		return;
	}
	check_say(a, v4 && v6 ? CHECK_YES : settable ? CHECK_PARTLY : CHECK_NO, "IPv4 %s, IPv6 %s", v4 ? "on" : "off", v6 < 0 ? "not there" : v6 ? "on" : "off");
	if (!v4 || !v6)
		check_knob(a, "net.ipv4.ip_forward=1, net.ipv6.conf.all.forwarding=1%s", settable ? ", which nestbox sets where a network needs them" : "");
}

const struct check_item check_net_items[] = {
	{ "network", "loopback", probe_loopback, .config = "CONFIG_NET_NS" },
	{ "network", "veth", probe_device, .arg = "veth", .config = "CONFIG_VETH" },
	{ "network", "bridge", probe_device, .arg = "bridge", .config = "CONFIG_BRIDGE" },
	{ "network", "macvlan", probe_device, .arg = "macvlan", .config = "CONFIG_MACVLAN" },
	{ "network", "ipvlan", probe_device, .arg = "ipvlan", .config = "CONFIG_IPVLAN" },
	{ "network", "nf_tables-nat", probe_nft, .config = "CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET, CONFIG_NFT_CT, CONFIG_NFT_NAT, CONFIG_NFT_MASQ, CONFIG_NFT_FIB_INET" },
	{ "network", "tun", probe_tun, .config = "CONFIG_TUN" },
	{ "network", "forwarding", probe_forwarding, .arg = "/proc/sys/net/ipv4/ip_forward" },
	{ NULL },
};
