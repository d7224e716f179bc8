/* netns exec: run a command in a network namespace, with what belongs to that in /sys and /etc. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/netns.h"
#include "core/proc.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct exec_args, field)

struct exec_args {
	struct netns_all which;
	bool no_etc, no_sys;
	const char *ns;
};

struct exec_state {
	int ns; /* owned, -1: all are meant */
};

static const struct opt exec_opts[] = {
	{ OPT_GROUP, .off = OFF(which), .group = netns_all_opts },
	{ OPT_FLAG, 0, "no-etc", NULL, "leave /etc as it is: no files from /etc/netns/NAME", OFF(no_etc) },
	{ OPT_FLAG, 0, "no-sys", NULL, "leave /sys as it is: it shows the devices of where it was mounted", OFF(no_sys) },
	{ OPT_OPERAND, .name = "NS", .off = OFF(ns), .min = OFF(which.all), .flags = OPT_UNLESS },
	{ OPT_END },
};

static int exec_check(const void *args, struct err *e)
{
	const struct exec_args *a = args;

	return netns_all_check(&a->which, e);
}

static int exec_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct exec_args *a = args;
	struct exec_state *s = state;

	s->ns = -1;
	if (a->which.all && ctx->pid_pending)
		return err_bad(e, "--all", "the new pid namespace would end with the first command: unshare --fork goes before");
	if (a->which.all)
		return 0;
	s->ns = netns_open_target(a->ns, e);
	if (s->ns < 0)
		e->status = NETNS_EXIT_WORD;
	return s->ns < 0 ? s->ns : 0;
}

static void exec_close(void *state)
{
	struct exec_state *s = state;

	fd_close(&s->ns);
}

static int enter(const struct exec_args *a, int ns, const char *name, struct step_ctx *ctx, struct err *e)
{
	bool etc = !a->no_etc && netns_name_taken(name);
	int rc;

	if (setns(ns, CLONE_NEWNET) < 0) {
		rc = err_sys(e, name, "enter the network namespace");
		if (rc == -EPERM)
			err_hint(e, "this needs CAP_SYS_ADMIN in the user namespace that owns it, and in our own");
		e->status = NETNS_EXIT_WORD;
		return rc;
	}
	if (a->no_sys && !etc)
		return 0;
	rc = netns_exec_mounts(!a->no_sys, etc ? name : NULL, e);
	if (rc == 0)
		ctx->made |= CLONE_NEWNS;
	else
		err_hint(e, "--no-sys --no-etc does without mounts");
	return rc;
}

/* The command's wait status; or in the child *in_child, and 0 or -errno. */
static int run_one(const struct exec_args *a, int ns, const char *name, struct step_ctx *ctx, bool *in_child, struct err *e)
{
	char quoted[NETNS_QUOTED];
	int status = 0;
	pid_t pid;

	err_quote(name, quoted, sizeof quoted);
	printf("\nnetns: %s\n", quoted);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork", NULL);
	*in_child = pid == 0;
	if (pid == 0) {
		ctx->forks++;
		return enter(a, ns, name, ctx, e);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Returns in the children, and on failure; the parent ends as the first one did that failed. */
static int run_all(const struct exec_args *a, const struct strs *names, struct step_ctx *ctx, struct err *e)
{
	int worst = 0;

	for (size_t i = 0; i < names->n; i++) {
		auto_close int ns = netns_open(names->v[i], e);
		bool in_child = false;
		int rc;

		/* it has been deleted meanwhile */
		if (ns == -ENOENT)
			continue;
		if (ns < 0)
			applet_warn(e, "");
		rc = ns < 0 ? NETNS_EXIT_WORD << 8 : run_one(a, ns, names->v[i], ctx, &in_child, e);
		if (in_child || rc < 0)
			return rc;
		worst = worst ? worst : rc;
	}
	proc_end_like(worst, false);
}

static int exec_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct exec_args *a = args;
	struct exec_state *s = state;
	struct strs names = { 0 };
	int rc;

	if (!a->which.all)
		return enter(a, s->ns, a->ns, ctx, e);
	rc = netns_names(&names, e);
	if (rc == 0)
		rc = run_all(a, &names, ctx, e);
	netns_names_release(&names);
	return rc;
}

static const struct step_ops exec_step = {
	.name = "netns exec",
	.opts = exec_opts,
	.args_size = sizeof(struct exec_args),
	.state_size = sizeof(struct exec_state),
	.check = exec_check,
	.open = exec_open,
	.apply = exec_apply,
	.close = exec_close,
};

const struct applet netns_verb_exec = {
	.name = "exec",
	.synopsis = "[OPTIONS] NS|-a [--] COMMAND [ARG]...",
	.summary = "run a command in a network namespace that is there",
	.opts = exec_opts,
	.notes = "NS: a name, else a pid, a path with a \"/\", \"self\" or \"host\".",
	.step = &exec_step,
	.alone = ALONE_ERROR,
	.fail = 1,
};
