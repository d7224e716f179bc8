/* pivot_root: the command of that name, for scripts that know it. pivot_root(8) */
#include <unistd.h>

#include "applets/applet.h"
#include "core/root.h"

static const struct opt pivot_root_opts[] = { { OPT_END } };

static int pivot_root_main(int argc, char **argv, struct err *e)
{
	int i = opt_parse(pivot_root_opts, NULL, argc, argv, e);

	if (i < 0)
		return i;
	if (argc - i != 2)
		return err_bad(e, NULL, "wants NEW_ROOT and PUT_OLD");
	/* no chdir: that is the caller's, as with util-linux */
	return root_pivot_plain(argv[i], argv[i + 1], e);
}

const struct applet applet_pivot_root = {
	.name = "pivot_root",
	.synopsis = "NEW_ROOT PUT_OLD",
	.summary = "change the root, and put the old one below the new",
	.opts = pivot_root_opts,
	.notes = "\"nestbox pivot\" does the same for any directory and runs a command in it.",
	.main = pivot_root_main,
	.fail = 1,
};
