/* gc: what killed containers have left behind. */
#include "applets/gc.h"

#include <stdio.h>
#include <string.h>

#include "applets/applet.h"
#include "core/cgroup.h"
#include "core/mnt.h"
#include "core/record.h"

static const struct opt gc_opts[] = { { OPT_END } };

/* how long processes that have been killed may take to go, in ms */
static int patience;

/* The container is dead: its lock is free. What still runs in its cgroup is its own. */
static int clean(const char *id, const char *text)
{
	char spec[512];
	struct err e = { 0 };

	(void)id;
	if (!record_value(text, "cgroup", spec, sizeof spec) || !*spec)
		return 0;
	return cgroup_remove_spec(spec, true, patience, &e);
}

int gc_collect(int wait_ms, struct err *e)
{
	patience = wait_ms;
	return record_gc(clean, mnt_unmake, e);
}

static int gc_main(int argc, char **argv, struct err *e)
{
	int i = opt_parse(gc_opts, NULL, argc, argv, e);
	int n;

	if (i < 0)
		return i;
	if (i < argc)
		return err_bad(e, argv[i], "gc takes no operand");
	n = gc_collect(5000, e);
	if (n > 0)
		printf("%d container%s collected\n", n, n == 1 ? "" : "s");
	return n < 0 ? n : 0;
}

const struct applet applet_gc = {
	.name = "gc",
	.synopsis = "",
	.summary = "clear away what killed containers have left",
	.opts = gc_opts,
	.notes = "Their processes, cgroups, records and mount points. Each \"run\" does this too.",
	.main = gc_main,
	.flags = APPLET_NO_LINK,
	.fail = 125,
};
