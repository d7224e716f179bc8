/* The lines of netns addr, link, neigh and route, in the words of ip(8). */
#include "applets/netns_ip.h"
#include "applets/netns_wire.h"
#include "core/str.h"
#include "tests/applet_tables.h"
#include "tests/fuzz/fuzz.h"

static void require_name(const char *name)
{
	require(!name || (*name && strlen(name) < IF_NAMESIZE && !strpbrk(name, "/: ")));
}

static void require_inet(const struct inet *a)
{
	require(!a->family || ((a->family == AF_INET || a->family == AF_INET6) && a->prefix <= 8 * inet_len(a->family)));
}

static void check(const struct netns_line *l)
{
	const struct ip_args *a = l->args;

	require_name(a->dev);
	require_name(a->master);
	require_name(a->below);
	for (int i = 0; i < 2; i++) {
		require_name(a->end[i].name);
		require(!a->end[i].mac || (a->end[i].mac == a->end[i].mac_bytes && !(a->end[i].mac[0] & 1)));
		require(!a->end[i].mtu.set || a->end[i].mtu.v > 0);
	}
	require_inet(&a->via);
	require_inet(&a->src);
	require_inet(&a->to);
	require(l->action == SHOW || l->action == FLUSH || l->object == LINK || a->to.family);
	require(!a->via.family || a->via.family == a->to.family);
	require(!a->vlan.set || (a->vlan.v > 0 && a->vlan.v < 4095));
	require(l->action == SHOW || netns_ip_acts[l->object][l->action]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size), *rest = text, *word;
	struct strs given = { 0 };
	struct err e;

	while ((word = strsep(&rest, " ")))
		require(strs_add(&given, word) == 0);
	for (int object = ADDR; object <= ROUTE; object++) {
		struct ip_args a = { .end = { { .fd = -1 }, { .fd = -1 } } };
		struct netns_line l = { (enum object)object, SHOW, &a, a.end };
		int rc = netns_ip_read(&l, &given, &e);

		require(rc == 0 || e.what[0]);
		if (rc == 0)
			check(&l);
	}
	strs_release(&given);
	free(text);
	return 0;
}
