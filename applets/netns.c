#include "applets/netns.h"

#include "applets/applet.h"
#include "core/ns.h"
#include "core/rtnl.h"
#include "core/sys.h"

static const char *const nets[] = { "none", NULL };

static const struct opt new_opts[] = {
	{ OPT_STR, 0, "net", "KIND", "none (default): lo is up, and there is nothing else", offsetof(struct netns_args, net), .words = nets },
	{ OPT_END },
};

static const struct opt up_opts[] = { { OPT_END } };

static int new_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	int rc = ns_unshare(CLONE_NEWNET, e);

	(void)args;
	(void)state;
	if (rc < 0)
		return rc;
	ctx->made |= CLONE_NEWNET;
	return rtnl_lo_up(e);
}

const struct step_ops netns_new_step = {
	.name = "netns new",
	.opts = new_opts,
	.args_size = sizeof(struct netns_args),
	.apply = new_apply,
};

static int up_main(int argc, char **argv, struct err *e)
{
	int i = opt_parse(up_opts, NULL, argc, argv, e);

	if (i < 0)
		return i;
	if (i < argc)
		return err_bad(e, argv[i], "netns up takes no operand: it sets lo up in this network namespace");
	return rtnl_lo_up(e);
}

static const struct applet verb_new = {
	.name = "new",
	.synopsis = "[OPTIONS] [--] [COMMAND [ARG]...]",
	.summary = "run a command in a new network namespace with lo up",
	.opts = new_opts,
	.notes = "Without a command, your shell is run.",
	.step = &netns_new_step,
	.alone = ALONE_SHELL,
	.fail = 1,
};

static const struct applet verb_up = {
	.name = "up",
	.synopsis = "",
	.summary = "set lo up in this network namespace",
	.opts = up_opts,
	.main = up_main,
	.fail = 1,
};

static const struct applet *const verbs[] = { &verb_new, &verb_up, NULL };

const struct applet applet_netns = {
	.name = "netns",
	.synopsis = "new|up ...",
	.summary = "network namespaces",
	.verbs = verbs,
	.fail = 1,
};
