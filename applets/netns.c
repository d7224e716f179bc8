#include "applets/netns.h"

#include "applets/applet.h"
#include "applets/netns_priv.h"
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

static const struct applet *const verbs[] = { &netns_verb_new, &netns_verb_outside, &verb_up, NULL };

const struct applet applet_netns = {
	.name = "netns",
	.synopsis = "new|outside|up ...",
	.summary = "network namespaces",
	.verbs = verbs,
	.fail = 1,
};
