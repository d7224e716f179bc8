#include "applets/init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/fd.h"
#include "core/proc.h"

#define OFF(field) offsetof(struct init_args, field)

static const struct opt init_opts[] = {
	{ OPT_FLAG, 0, "exec", NULL, "what follows is a program, also when it is called nestbox", OFF(exec) },
	{ OPT_FLAG, 'g', "group", NULL, "signals go to the command's whole process group", OFF(group) },
	{ OPT_END },
};

/* Where the command's failure to start would go; the end of that says that it has started. */
static int *waiter_fd;

/*
 * Whoever reads what the command writes is to see the end of it when the command
 * closes it, and not only when this process ends.
 */
static void leave_streams(void *arg)
{
	auto_close int root = openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC);

	(void)arg;
	fd_close(waiter_fd);
	for (int fd = 0; fd <= 2 && root >= 0; fd++)
		dup2(root, fd);
}

static const struct side_job side = { .started = leave_streams };

/* Without a pid namespace of its own, too, it is the one that orphans below it come to: prctl(2). */
static int adopt_orphans(struct err *e)
{
	if (getpid() == 1 || prctl(PR_SET_CHILD_SUBREAPER, 1UL) == 0)
		return 0;
	return err_sys(e, "subreaper", NULL);
}

static int init_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct init_args *a = args;
	int rc = adopt_orphans(e);

	(void)state;
	if (rc < 0)
		return rc;
	ctx->child = (struct proc_child){
		.forward = FORWARD_INIT,
		/* of the first process of a namespace the kernel sees to that itself */
		.kill_sig = getpid() == 1 ? 0 : SIGKILL,
		.to_group = a->group,
		.own_group = true,
		.reaper = true,
		.side = &side,
		.into = ctx->seats.v2,
	};
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0) {
		cgroup_seats_close(&ctx->seats);
		waiter_fd = &ctx->err_fd;
		/* nothing of ours is for those to find who look into this process */
		proc_close_others((const int[]){ 0, 1, 2, ctx->child.pidfd, ctx->child.err_fd, ctx->err_fd }, 6);
		return STEP_WAIT;
	}
	if (ctx->child.pid == 0)
		ctx->forks++;
	ctx->pid_pending = false;
	return rc < 0 ? rc : cgroup_seats_take(&ctx->seats, ctx->child.born_there, e);
}

static bool init_execs(const void *args)
{
	const struct init_args *a = args;

	return a && a->exec;
}

const struct step_ops init_step = {
	.name = "init",
	.opts = init_opts,
	.args_size = sizeof(struct init_args),
	.apply = init_apply,
};

const struct applet applet_init = {
	.name = "init",
	.synopsis = "[OPTIONS] [--] COMMAND [ARG]...",
	.summary = "be a container's first process: reap orphans, pass signals on, end as the command does",
	.opts = init_opts,
	.step = &init_step,
	.execs = init_execs,
	.alone = ALONE_ERROR,
	.flags = APPLET_NO_LINK | APPLET_FRESH,
	.fail = 125,
};
