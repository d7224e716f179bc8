#include "applets/cgexec_devices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/cgexec_priv.h"
#include "core/cgroup_live.h"
#include "core/fd.h"
#include "core/proc.h"

/* What proc_watch has room for; there are no more hierarchies than controllers, and two levels with --child. */
#define HOLDS_MAX 31

#define OFF(field) offsetof(struct cgexec_args, field)

static const char *const device_rules[] = { "default", "all", "list", NULL };

static const struct opt cgexec_opts[] = {
	{ OPT_STR,   0,   "child",   "NAME",       "make NAME below, with the same limits; only the child joins that unshare -f forks", OFF(child) },
	{ OPT_MAYBE, 0,   "create",  "MODE",       "make the groups that are missing", OFF(create) },
	{ OPT_LIST,  0,   "device",  "RULE",       "allow or deny a device, such as \"deny c 1:5 w\"", OFF(device), .alias = "device-cgroup-rule" },
	{ OPT_STR,   0,   "devices", "RULES",      "device rules: default (docker's list), all; list shows them", OFF(devices), .words = device_rules },
	{ OPT_FLAG,  0,   "dry-run", NULL,         "print what would be made and written, and run nothing", OFF(dry_run) },
	{ OPT_LIST,  'g', "group",   "CTRL,..:PATH", "a group, of these controllers; see below", OFF(groups) },
	{ OPT_FLAG,  0,   "no-join", NULL,         "stay outside", OFF(no_join) },
	{ OPT_FLAG,  0,   "rm",      NULL,         "remove the groups that were made once they are empty", OFF(rm) },
	{ OPT_LIST,  0,   "set",     "NAME=VALUE", "write to a file of the group; v1's names or v2's", OFF(set) },
	{ OPT_LIST,  0,   "set-raw", "FILE=VALUE", "write to exactly that file, as it is", OFF(set_raw) },
	{ OPT_GROUP, .group = cgroup_limit_opts, .off = OFF(limits) },
	{ OPT_LIST,  0,   "try-set", "NAME=VALUE", "--set, where the kernel has it", OFF(try_set) },
	{ OPT_GROUP, .group = cgexec_live_opts, .off = OFF(live) },
	{ OPT_FLAG,  's', "sticky",  NULL,         "no effect: there is no daemon that would move processes", OFF(ignored), .flags = OPT_HIDDEN },
	{ OPT_FLAG,  'b', "b",       NULL,         "no effect: PATH is below the top group anyway", OFF(ignored), .flags = OPT_HIDDEN },
	{ OPT_END },
};

struct cgexec_state {
	const struct cgroups *all; /* what there is: run's, or our own */
	struct cgroups own;
	struct cgroup_dirs dirs;
	struct cgroup_dirs below; /* --child */
	struct dev_list devices;  /* the rules that were given, in order; owned */
	struct cgexec_report report;
	struct step_ctx *run; /* borrowed: this process waits, and so removes by itself; else NULL */
};

/* -1: not given */
static int mode_of(const struct cgexec_args *a, long long *mode, struct err *e)
{
	*mode = -1;
	if (!a->create.value || str_octal(a->create.value, 0777, mode) == 0)
		return 0;
	return err_bad(e, a->create.value, "--create wants an octal mode such as 0755");
}

static int goal_of(const struct cgexec_args *a, struct cgroup_goal *goal, struct err *e)
{
	int rc = cgroup_goal_limits(goal, &a->limits, e);

	for (size_t i = 0; i < a->set.n && !rc; i++)
		if (!cgexec_devices_set(a->set.v[i]))
			rc = cgroup_goal_set(goal, a->set.v[i], e);
	for (size_t i = 0; i < a->set_raw.n && !rc; i++)
		rc = cgroup_goal_set_raw(goal, a->set_raw.v[i], e);
	return rc;
}

static int check_tries(const struct cgexec_args *a, struct err *e)
{
	struct cgroup_goal goal = { 0 };
	int rc = 0;

	for (size_t i = 0; i < a->try_set.n && !rc; i++)
		rc = cgroup_goal_set(&goal, a->try_set.v[i], e);
	cgroup_goal_release(&goal);
	return rc;
}

static int cgexec_check(const void *args, struct err *e)
{
	const struct cgexec_args *a = args;
	struct cgroup_goal goal = { 0 };
	struct cgroup_spec spec;
	long long mode;
	int rc = a->groups.n ? mode_of(a, &mode, e) : err_bad(e, "-g", "no group is given");

	for (size_t i = 0; i < a->groups.n && !rc; i++)
		rc = cgroup_spec_parse(a->groups.v[i], &spec, e);
	if (rc == 0)
		rc = goal_of(a, &goal, e);
	if (rc == 0)
		rc = check_tries(a, e);
	if (rc == 0)
		rc = cgexec_devices_rules(a, NULL, e);
	if (rc == 0 && a->rm && !a->create.set)
		rc = err_bad(e, "--rm", "removes what --create has made, which is not given");
	if (rc == 0 && a->child)
		rc = cgroup_name_check(a->child, a->child, e);
	if (rc == 0 && a->child && !a->create.set)
		rc = err_bad(e, "--child", "makes a group, and --create is not given");
	cgroup_goal_release(&goal);
	if (rc == 0 && a->dry_run && cgexec_live_given(&a->live))
		rc = err_bad(e, cgexec_live_given(&a->live), "is not what --dry-run can show");
	return rc < 0 ? rc : cgexec_live_check(&a->live, e);
}

/* Without a command: is there anything to do? */
static bool has_use(const struct cgexec_args *a)
{
	struct strs limits = { 0 };
	struct opt_keep keep = { 0 };
	bool use = opt_format(cgroup_limit_opts, &a->limits, &limits, &keep) < 0 || limits.n;

	strs_release(&limits);
	opt_keep_release(&keep);
	return use || a->create.set || a->set.n || a->set_raw.n || a->try_set.n || a->device.n || a->devices || a->dry_run ||
	       cgexec_live_given(&a->live);
}

/* Only looks: what stands where, and whether limits and groups fit each other. */
static int cgexec_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct cgexec_args *a = args;
	struct cgexec_state *s = state;
	int rc = cgexec_live_fits(&a->live, ctx->alone, a->rm, e);

	/* as from "$@" that is empty by mistake */
	if (rc == 0 && ctx->alone && !has_use(a))
		rc = err_bad(e, NULL, "no command is given, and nothing to do to the group");
	if (rc == 0)
		rc = cgexec_report_open(&a->live.report, &s->report, e);
	if (rc == 0 && !ctx->cgroups)
		rc = cgroups_load(&s->own, e);
	s->run = ctx->run ? ctx : NULL;
	s->dirs.mark = a->rm;
	/* a container's ID is nobody else's */
	s->dirs.own = ctx->run;
	s->all = ctx->cgroups ? ctx->cgroups : &s->own;
	if (rc == 0)
		rc = cgroup_dirs_find(s->all, &a->groups, &s->dirs, e);
	if (rc == 0)
		rc = cgexec_devices_open(a, s->all, &s->dirs, &s->devices, e);
	return rc < 0 ? rc : cgroup_dirs_need_all(&s->dirs, &a->limits, &a->set, e);
}

static int make_groups(const struct cgexec_args *a, struct cgroup_dirs *dirs, struct err *e)
{
	long long mode;
	int rc = mode_of(a, &mode, e);

	if (rc < 0)
		return rc;
	if (a->create.set)
		return cgroup_dirs_make(dirs, mode, e);
	rc = cgroup_dirs_check(dirs, e);
	if (rc == -ENOENT)
		err_hint(e, "--create makes it");
	return rc;
}

static int limit_groups(const struct cgexec_args *a, const struct cgroup_dirs *dirs, struct err *e)
{
	struct cgroup_goal goal = { 0 };
	int rc = goal_of(a, &goal, e);

	if (rc == 0)
		rc = cgroup_dirs_write(dirs, &goal, e);
	cgroup_goal_release(&goal);
	return rc;
}

/* Is there nothing here that it could be written to: neither in these groups, nor in this kernel? */
static bool is_missing(int rc, const struct err *e)
{
	return rc == -ENOENT || rc == -EOPNOTSUPP || (rc < 0 && e->code == 0);
}

/* One --try-set: 1 where it is left out, with *e saying why. */
static int try_setting(const struct cgroup_dirs *dirs, const char *text, struct err *e)
{
	const struct cgroup_limits none = { 0 };
	struct cgroup_goal goal = { 0 };
	const char *one[] = { text, NULL };
	const struct strs sets = { one, 1 };
	int rc = cgroup_goal_set(&goal, text, e);

	if (rc == 0)
		rc = cgroup_dirs_need_all(dirs, &none, &sets, e);
	if (rc == 0)
		rc = cgroup_dirs_write(dirs, &goal, e);
	cgroup_goal_release(&goal);
	return is_missing(rc, e) ? 1 : rc;
}

static int try_settings(const struct cgexec_args *a, const struct cgroup_dirs *dirs, bool quiet, struct err *e)
{
	for (size_t i = 0; i < a->try_set.n; i++) {
		int rc = try_setting(dirs, a->try_set.v[i], e);

		if (rc < 0)
			return rc;
		if (rc == 1 && !quiet)
			applet_warn(e, ": left out");
		err_clear(e);
	}
	return 0;
}

/* The group itself, and what it is to have. */
static int fill_groups(const struct cgexec_args *a, struct cgroup_dirs *dirs, bool quiet, struct err *e)
{
	int rc = make_groups(a, dirs, e);

	if (rc == 0)
		rc = limit_groups(a, dirs, e);
	return rc < 0 ? rc : try_settings(a, dirs, quiet, e);
}

/* The group below has the limits too, so that they can be read inside, where those above cannot be seen. */
static int make_below(const struct cgexec_args *a, struct cgexec_state *s, struct cgroup_seats *seats, struct err *e)
{
	int rc;

	if (seats->n || seats->v2 >= 0)
		return err_bad(e, "--child", "the child has its groups from another cgexec on the line");
	rc = cgroup_dirs_below(&s->dirs, a->child, &s->below, e);
	s->below.own = s->dirs.own;
	if (rc == 0)
		rc = fill_groups(a, &s->below, true, e);
	/* whoever gets the upper group is to get on in the one where he is */
	if (rc == 0)
		rc = cgexec_delegate(&a->live, &s->below, e);
	return rc < 0 || a->dry_run ? rc : cgroup_seats_open(&s->below, seats, e);
}

/* The watcher is forked before we join, so that it is not in the group that it waits for. */
static int leave_watcher(struct cgexec_state *s, bool kill_left, const struct step_ctx *ctx, struct err *e)
{
	/* as long as this process lives, others leave it the groups of theirs that it uses */
	int holds[HOLDS_MAX], rc;
	size_t n = 0;

	if (ctx->pid_pending)
		return err_bad(e, "--rm", "the process that removes the groups would become pid 1 of the new pid namespace; put cgexec before unshare --pid");
	for (size_t i = 0; i < s->dirs.n && n < HOLDS_MAX; i++)
		holds[n++] = s->dirs.v[i].hold;
	for (size_t i = 0; i < s->below.n && n < HOLDS_MAX; i++)
		holds[n++] = s->below.v[i].hold;
	rc = proc_watch(holds, n, e);
	if (rc <= 0)
		return rc;
	/* those above need not be ours */
	cgroup_dirs_retire(&s->below, kill_left, e);
	cgroup_dirs_retire(&s->dirs, kill_left, e);
	_exit(0);
}

static int change(const struct cgexec_args *a, struct cgexec_state *s, struct step_ctx *ctx, struct err *e)
{
	/* where nothing follows, the group is only made or changed */
	bool joins = !a->no_join && !a->child && !ctx->alone;
	int rc = a->child && ctx->alone ? err_bad(e, "--child", "no command is given that could fork") : fill_groups(a, &s->dirs, false, e);

	if (rc == 0)
		rc = cgexec_devices_apply(a, s->all, &s->dirs, &s->devices, e);
	if (rc == 0)
		rc = cgexec_delegate(&a->live, &s->dirs, e);
	if (rc == 0 && a->child)
		rc = make_below(a, s, &ctx->seats, e);
	if (rc == 0 && ctx->alone)
		rc = cgexec_act(&a->live, &s->dirs, e);
	if (rc == 0 && joins && !a->live.report.set)
		rc = cgroup_open_procs(&s->dirs, e);
	if (rc == 0 && a->rm && !a->dry_run && !ctx->run)
		rc = leave_watcher(s, a->live.kill, ctx, e);
	if (rc == 0 && a->live.report.set)
		return cgexec_report_fork(&s->report, &s->dirs, joins, ctx, e);
	return rc == 0 && joins ? cgroup_join(&s->dirs, e) : rc;
}

static int dry_run(const struct cgexec_args *a, struct cgexec_state *s, struct step_ctx *ctx, struct err *e)
{
	struct strbuf out = { 0 };
	int rc;

	cgroup_dirs_dry(&s->dirs, &out);
	rc = change(a, s, ctx, e);
	if (rc == 0)
		rc = out.failed ? err_set(e, ENOMEM, "--dry-run", NULL) : 0;
	if (rc == 0 && out.len)
		fputs(out.s, stdout);
	strbuf_release(&out);
	ctx->done = true;
	return rc;
}

static int cgexec_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct cgexec_args *a = args;

	return (a->dry_run ? dry_run : change)(a, state, ctx, e);
}

static int cgexec_ended(const void *args, void *state, int status, struct err *e)
{
	const struct cgexec_args *a = args;
	struct cgexec_state *s = state;

	return a->live.report.set ? cgexec_report_write(&s->report, &s->dirs, status, e) : 0;
}

static void cgexec_release(const void *args, void *state, bool failed)
{
	const struct cgexec_args *a = args;
	struct cgexec_state *s = state;
	struct err ignored = { 0 };

	/* back to where we came from, or the group would not be empty */
	if (failed)
		cgroup_leave(&s->dirs);
	/* else it is the watcher's, who heeds those that share it */
	if (failed || (s->run && a->rm))
		cgroup_unmake(&s->below);
	if (s->run && (failed || a->rm))
		s->run->left |= cgroup_dirs_remove(&s->dirs, true, true, CGROUP_KILL_WAIT_MS, &ignored) < 0;
	else if (failed)
		cgroup_unmake(&s->dirs);
}

static void cgexec_close(void *state)
{
	struct cgexec_state *s = state;

	devfilter_release(&s->devices);
	cgexec_report_close(&s->report);
	cgroup_dirs_release(&s->below);
	cgroup_dirs_release(&s->dirs);
	cgroups_release(&s->own);
}

const struct step_ops cgexec_step = {
	.name = "cgexec",
	.opts = cgexec_opts,
	.args_size = sizeof(struct cgexec_args),
	.state_size = sizeof(struct cgexec_state),
	.check = cgexec_check,
	.open = cgexec_open,
	.apply = cgexec_apply,
	.ended = cgexec_ended,
	.release = cgexec_release,
	.close = cgexec_close,
};

const struct applet applet_cgexec = {
	.name = "cgexec",
	.synopsis = "[OPTIONS] -g GROUP [--] [COMMAND [ARG]...]",
	.summary = "run a command in a control group",
	.opts = cgexec_opts,
	.notes = "GROUP is CONTROLLER[,CONTROLLER]...:PATH, such as cpu,memory:web. \"*\" is all\n"
		 "controllers, \":PATH\" the v2 group alone, \"@/x\" a group below your own.\n"
		 "Without a command, groups are made or changed.",
	.step = &cgexec_step,
	.alone = ALONE_DONE,
	.fail = 125,
};
