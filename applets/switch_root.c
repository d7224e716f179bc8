/* switch_root: from an initramfs to the real root. switch_root(8) */
#include <unistd.h>

#include "applets/applet.h"
#include "applets/chain.h"
#include "core/root.h"

static const struct opt switch_root_opts[] = { { OPT_END } };

static int switch_root_main(int argc, char **argv, struct err *e)
{
	int i = opt_parse(switch_root_opts, NULL, argc, argv, e);
	int rc;

	if (i < 0)
		return i;
	if (argc - i < 2)
		return err_bad(e, NULL, "wants NEWROOT, INIT and its arguments");
	rc = root_switch(argv[i], e);
	return rc < 0 ? rc : chain_exec(argv + i + 1, e);
}

const struct applet applet_switch_root = {
	.name = "switch_root",
	.synopsis = "NEWROOT INIT [ARG]...",
	.summary = "make a mounted file system the root, and run its init",
	.opts = switch_root_opts,
	.notes = "/dev, /proc, /sys and /run move along. The old root's files are removed when it is an initramfs.",
	.main = switch_root_main,
	.fail = 1,
};
