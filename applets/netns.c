#include "applets/netns.h"

#include "applets/applet.h"
#include "applets/netns_priv.h"

static const struct applet *const verbs[] = {
	&netns_verb_add, &netns_verb_addr, &netns_verb_attach, &netns_verb_bridge, &netns_verb_del, &netns_verb_exec, &netns_verb_gc,
	&netns_verb_identify, &netns_verb_link, &netns_verb_list, &netns_verb_list_id, &netns_verb_listen, &netns_verb_macvlan,
	&netns_verb_monitor, &netns_verb_move, &netns_verb_neigh, &netns_verb_new, &netns_verb_outside, &netns_verb_pids,
	&netns_verb_ports, &netns_verb_publish, &netns_verb_route, &netns_verb_set, &netns_verb_show, &netns_verb_tap,
	&netns_verb_unpublish, &netns_verb_up, &netns_verb_veth, NULL,
};

const struct applet applet_netns = {
	.name = "netns",
	.synopsis = "[add|del|exec|list|new|...] ...",
	.summary = "network namespaces, with names as ip netns has them",
	.notes = "Without a word, the names are listed.",
	.verbs = verbs,
	.bare = &netns_verb_list,
	.fail = 1,
};
