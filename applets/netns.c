#include "applets/netns.h"

#include "applets/applet.h"
#include "applets/netns_priv.h"
#include "core/ns.h"
#include "core/rtnl.h"

static const struct opt up_opts[] = { { OPT_END } };

static int up_main(int argc, char **argv, struct err *e)
{
	int i = opt_parse(up_opts, NULL, argc, argv, e);

	if (i < 0)
		return i;
	if (i < argc)
		return err_bad(e, argv[i], "netns up takes no operand: it sets lo up in this network namespace");
	return rtnl_lo_up(e);
}

static const struct applet verb_up = {
	.name = "up",
	.synopsis = "",
	.summary = "set lo up in this network namespace",
	.opts = up_opts,
	.main = up_main,
	.fail = 1,
};

static const struct applet *const verbs[] = {
	&netns_verb_add,     &netns_verb_attach, &netns_verb_del, &netns_verb_exec,    &netns_verb_gc,   &netns_verb_identify,
	&netns_verb_list,    &netns_verb_list_id, &netns_verb_listen, &netns_verb_monitor, &netns_verb_new,      &netns_verb_outside, &netns_verb_pids, &netns_verb_ports, &netns_verb_publish, &netns_verb_set,
	&netns_verb_unpublish, &verb_up, NULL,
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
