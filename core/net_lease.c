/* net: an address that nobody has, without a list of them; and when a device carries packets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/rtnetlink.h>

#include "core/net.h"
#include "core/str.h"
#include "core/sys.h"

static uint32_t number(const struct inet *v4)
{
	return (uint32_t)v4->v[0] << 24 | (uint32_t)v4->v[1] << 16 | (uint32_t)v4->v[2] << 8 | v4->v[3];
}

static void set_number(struct inet *v4, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		v4->v[i] = (uint8_t)n;
}

int net_make_mac(uint8_t mac[6], const struct inet *v4)
{
	/* docker had it so */
	mac[0] = 0x02;
	mac[1] = 0x42;
	if (v4)
		memcpy(mac + 2, v4->v, 4);
	return v4 || sys_getrandom(mac + 2, 4) >= 0 ? 0 : -errno;
}

void net_claim_name(const struct inet *v4, char name[IF_NAMESIZE])
{
	snprintf(name, IF_NAMESIZE, "nb%08x", number(v4));
}

bool net_claim_addr(const char *name, struct inet *v4)
{
	const char *digits = str_after(name, "nb");
	uint32_t n = 0;

	if (!digits || strlen(digits) != 8 || strspn(digits, "0123456789abcdef") != 8)
		return false;
	for (; *digits; digits++)
		n = n << 4 | (uint32_t)(*digits <= '9' ? *digits - '0' : *digits - 'a' + 10);
	*v4 = (struct inet){ .family = AF_INET, .prefix = 32 };
	set_number(v4, n);
	return true;
}

/* Where the search begins: a name finds its address again as long as nobody else has it. FNV-1a. */
static uint32_t begin(const char *owner)
{
	uint32_t h = 2166136261u;

	if (!owner)
		return sys_getrandom(&h, sizeof h) < 0 ? 0 : h;
	for (; *owner; owner++)
		h = (h ^ (uint8_t)*owner) * 16777619u;
	return h;
}

int net_lease(const struct inet *gw, const char *owner, net_claim_fn *claim, void *data, struct inet *out)
{
	const struct inet first = inet_first(gw);
	/* 0 is the network, the last one all of it; in a network of two neither is */
	uint32_t lost = gw->prefix < 31 ? 2 : 0, size = (gw->prefix ? 1u << (32 - gw->prefix) : 0) - lost, start = begin(owner) % size;

	for (uint32_t i = 0; i != size; i++) {
		uint32_t at = i < size - start ? start + i : i - (size - start);
		int rc;

		*out = *gw;
		set_number(out, number(&first) + at + lost / 2);
		rc = inet_equal(out, gw) ? -EEXIST : claim(out, data);
		if (rc != -EEXIST)
			return rc;
	}
	return -EADDRNOTAVAIL;
}

/* IF_OPER_*, whose header goes with no libc's */
enum { OPER_UNKNOWN = 0, OPER_UP = 6 };

static bool is_up(struct nl *nl, const char *name)
{
	struct rtnl_link l;

	/* asking also makes the kernel see to it now */
	return rtnl_link(nl, name, 0, &l) < 0 || l.operstate == OPER_UP || l.operstate == OPER_UNKNOWN;
}

static int take_type(const struct nlmsghdr *nlh, void *type)
{
	struct rtnl_route r;

	if (rtnl_route_read(nlh, &r) == 0)
		*(int *)type = r.type;
	return MNL_CB_OK;
}

/* Is the address ours by now? The route that says so is made by a kernel thread. */
static bool is_local(struct nl *nl, const struct inet *v6)
{
	struct nl_batch b = { 0 };
	const struct rtmsg rtm = { .rtm_family = AF_INET6, .rtm_dst_len = 128 };
	int type = RTN_LOCAL, rc;

	mnl_attr_put(nl_add(&b, RTM_GETROUTE, 0, &rtm, sizeof rtm), RTA_DST, inet_len(v6->family), v6->v);
	rc = nl_ask(nl, &b, take_type, &type);
	nl_batch_release(&b);
	return rc == 0 && type == RTN_LOCAL;
}

/* How long a device may take to carry packets. It takes microseconds; but a bridge of somebody's may have STP. */
#define READY_MS 1000

/* What does not come up within a second is no fault of ours. */
void net_wait(struct nl *host, const char *const *names, struct nl *inside, const char *dev, const struct inet *addrs, size_t n)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	for (int i = 0; i < READY_MS * 5; i++) {
		bool ready = is_up(inside, dev);

		for (const char *const *name = names; *name && ready; name++)
			ready = is_up(host, *name);
		for (size_t a = 0; a < n && ready; a++)
			ready = addrs[a].family != AF_INET6 || is_local(inside, &addrs[a]);
		if (ready)
			return;
		nanosleep(&pause, NULL);
	}
}
