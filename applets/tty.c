#include "applets/tty.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/proc.h"
#include "core/tty.h"

#define OUTSIDE(field) offsetof(struct tty_outside_args, field)
#define INSIDE(field) offsetof(struct tty_inside_args, field)

const struct opt tty_outside_opts[] = {
	{ OPT_FLAG, 'i', "interactive", NULL, "what is typed goes along", OUTSIDE(interactive) },
	{ OPT_FLAG, 't', "tty", NULL, "a terminal of the container's own, shown on the caller's", OUTSIDE(tty) },
	{ OPT_END },
};

static const struct opt tty_inside_opts[] = {
	{ OPT_FLAG, 0, "console", NULL, "it is /dev/console, too", INSIDE(console) },
	{ OPT_STR, 'u', "user", "USER[:GROUP]", "whose it is, by name or number", INSIDE(user) },
	{ OPT_END },
};

/* A line waits for its command in a process of its own; a run has one that waits anyway. */
static int carry(struct tty_relay *r, struct step_ctx *ctx, struct err *e)
{
	int rc;

	if (ctx->run) {
		ctx->side = &r->side;
		return 0;
	}
	if (ctx->pid_pending)
		return err_bad(e, NULL, "who carries what the terminal shows would not be outside: put this before unshare --pid");
	ctx->child = (struct proc_child){
		.forward = FORWARD_ALL,
		.kill_sig = SIGKILL,
		.die_alike = true,
		.side = &r->side,
		.into = ctx->seats.v2,
	};
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0) {
		cgroup_seats_close(&ctx->seats);
		return STEP_WAIT;
	}
	if (ctx->child.pid == 0)
		ctx->forks++;
	return rc < 0 ? rc : cgroup_seats_take(&ctx->seats, ctx->child.born_there, e);
}

/* Killed, this process cannot put the caller's terminal right. As pid 1 it has nobody to leave that to. */
static void guard(struct tty_relay *r)
{
	int fd = tty_relay_guarded(r);
	struct err unused;

	if (fd < 0 || proc_watch(&fd, 1, &unused) <= 0)
		return;
	tty_relay_put_right(r);
	_exit(0);
}

static int outside_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct tty_outside_args *a = args;
	struct tty_relay *r = state;
	bool needed;
	int rc;

	if (ctx->tty_sock >= 0)
		return err_bad(e, NULL, "is on the line already");
	rc = tty_relay_open(r, a->interactive, a->tty, &ctx->tty_sock, &needed, e);
	if (rc == 0 && needed)
		guard(r);
	if (rc == 0 && !needed)
		tty_relay_born(r);
	return rc == 0 && needed ? carry(r, ctx, e) : rc;
}

static void outside_close(void *state)
{
	struct tty_relay *r = state;

	/* all zero: it was never opened */
	if (r->side.arg)
		tty_relay_close(r);
}

/* The user is to be able to open his own terminal. */
static int own(int slave, const char *user, struct err *e)
{
	struct cred_user u = { 0 };
	int rc = user ? cred_user_find(user, NULL, &u, e) : 1;

	if (rc == 0 && u.uid && fchown(slave, u.uid, (gid_t)-1) < 0)
		rc = err_sys(e, user, "give the terminal to");
	cred_user_release(&u);
	return rc < 0 ? rc : 0;
}

static int inside_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct tty_inside_args *a = args;
	auto_close int master = -1, slave = -1, sock = take_fd(&ctx->tty_sock);
	int rc;

	(void)state;
	if (sock < 0) {
		err_bad(e, NULL, "nobody carries what the terminal shows");
		err_hint(e, "begin the line with: nestbox tty outside -i -t --");
		return -EINVAL;
	}
	if (a->console && !(ctx->made & CLONE_NEWNS))
		return err_bad(e, "--console", "would be mounted for others, too: put this behind unshare --mount");
	rc = tty_new(&master, &slave, e);
	rc = rc < 0 ? rc : own(slave, a->user, e);
	rc = rc < 0 ? rc : tty_send(sock, master, e);
	rc = rc == 0 && a->console ? tty_bind_console(slave, e) : rc;
	rc = rc < 0 ? rc : proc_new_session(e);
	return rc < 0 ? rc : tty_become(slave, e);
}

const struct step_ops tty_outside_step = {
	.name = "tty outside",
	.opts = tty_outside_opts,
	.args_size = sizeof(struct tty_outside_args),
	.state_size = sizeof(struct tty_relay),
	.apply = outside_apply,
	.close = outside_close,
};

const struct step_ops tty_inside_step = {
	.name = "tty inside",
	.opts = tty_inside_opts,
	.args_size = sizeof(struct tty_inside_args),
	.apply = inside_apply,
};

static const struct applet verb_inside = {
	.name = "inside",
	.synopsis = "[OPTIONS] [--] COMMAND [ARG]...",
	.summary = "make the terminal that an earlier \"tty outside -t\" shows, and run on it",
	.opts = tty_inside_opts,
	.step = &tty_inside_step,
	.alone = ALONE_ERROR,
	.fail = 125,
};

static const struct applet verb_outside = {
	.name = "outside",
	.synopsis = "[OPTIONS] [--] COMMAND [ARG]...",
	.summary = "keep the caller's terminal to itself: pipes instead, or a terminal that is made inside",
	.opts = tty_outside_opts,
	.step = &tty_outside_step,
	.alone = ALONE_ERROR,
	.fail = 125,
};

static const struct applet *const verbs[] = { &verb_inside, &verb_outside, NULL };

const struct applet applet_tty = {
	.name = "tty",
	.synopsis = "inside|outside ...",
	.summary = "what of the caller's terminal a container gets",
	.verbs = verbs,
	.flags = APPLET_NO_LINK,
	.fail = 125,
};
