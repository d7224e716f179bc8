/* cgclassify: move processes into control groups, as libcgroup's cgclassify(1) does. */
#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "applets/applet.h"
#include "applets/cgexec_priv.h"

struct cgclassify_args {
	struct strs groups;
	bool ignored;
};

#define OFF(field) offsetof(struct cgclassify_args, field)

static const struct opt cgclassify_opts[] = {
	{ OPT_FLAG, 0,   "cancel-sticky", NULL, "no effect: there is no daemon that would move processes", OFF(ignored) },
	{ OPT_LIST, 'g', "group", "CTRL,..:PATH", "a group, of these controllers; as cgexec takes it", OFF(groups) },
	{ OPT_FLAG, 's', "sticky", NULL, "no effect", OFF(ignored) },
	{ OPT_FLAG, 'b', "b", NULL, "no effect: PATH is below the top group anyway", OFF(ignored), .flags = OPT_HIDDEN },
	{ OPT_END },
};

static int check(const struct cgclassify_args *a, const struct strs *pids, struct err *e)
{
	struct cgroup_spec spec;
	int rc = a->groups.n ? 0 : err_bad(e, "-g", "no group is given");

	for (size_t i = 0; i < a->groups.n && rc == 0; i++)
		rc = cgroup_spec_parse(a->groups.v[i], &spec, e);
	if (rc == 0 && !pids->n)
		rc = err_bad(e, NULL, "no process is given");
	return rc;
}

static int classify(const struct cgclassify_args *a, const struct strs *pids, struct err *e)
{
	struct cgroups all = { 0 };
	struct cgroup_dirs dirs = { 0 };
	int rc = check(a, pids, e);

	if (rc == 0)
		rc = cgroups_load(&all, e);
	if (rc == 0)
		rc = cgroup_dirs_find(&all, &a->groups, &dirs, e);
	if (rc == 0)
		rc = cgroup_dirs_check(&dirs, e);
	if (rc == -ENOENT)
		err_hint(e, "nestbox cgexec --create -g %s makes it", dirs.spec);
	if (rc == 0)
		rc = cgexec_move(pids, &dirs, e);
	cgroup_dirs_release(&dirs);
	cgroups_release(&all);
	return rc;
}

/* Options may also follow the processes; a number is none, nor is what stands behind "--". */
static int parse(struct cgclassify_args *a, struct strs *pids, int argc, char **argv, struct err *e)
{
	bool ended = false;

	for (;;) {
		bool number = argc > 1 && argv[1][0] == '-' && isdigit((unsigned char)argv[1][1]);
		int used = ended || number ? 1 : opt_parse(cgclassify_opts, a, argc, argv, e);

		if (used < 0 || used == argc)
			return used < 0 ? used : 0;
		ended = ended || !strcmp(argv[used - 1], "--");
		if (strs_add(pids, argv[used]) < 0)
			return err_set(e, ENOMEM, argv[used], NULL);
		argv += used;
		argc -= used;
	}
}

static int cgclassify_main(int argc, char **argv, struct err *e)
{
	struct cgclassify_args a = { 0 };
	struct strs pids = { 0 };
	int rc = parse(&a, &pids, argc, argv, e);

	if (rc == -EINVAL)
		err_hint(e, "nestbox cgclassify --help lists the options");
	if (rc == 0)
		rc = classify(&a, &pids, e);
	strs_release(&pids);
	opt_release(cgclassify_opts, &a);
	return rc;
}

const struct applet applet_cgclassify = {
	.name = "cgclassify",
	.synopsis = "[OPTIONS] -g GROUP PID...",
	.summary = "move processes into a control group",
	.opts = cgclassify_opts,
	.main = cgclassify_main,
	.fail = 125,
};
