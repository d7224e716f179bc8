#include "applets/unshare.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/idmap.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/ns_bind.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct unshare_args, field)

static const char *const propagations[] = { "private", "slave", "shared", "unchanged", NULL };
static const char *const forwards[] = { "all", NULL };

static const struct opt unshare_opts[] = {
	{ OPT_MAYBE, 'm', "mount", "FILE", "new mount namespace", OFF(mount) },
	{ OPT_MAYBE, 'u', "uts", "FILE", "new uts namespace (host name)", OFF(uts) },
	{ OPT_MAYBE, 'i', "ipc", "FILE", "new System V IPC namespace", OFF(ipc) },
	{ OPT_MAYBE, 'n', "net", "FILE", "new network namespace", OFF(net) },
	{ OPT_MAYBE, 'p', "pid", "FILE", "new pid namespace, for children", OFF(pid) },
	{ OPT_MAYBE, 'U', "user", "FILE", "new user namespace", OFF(user) },
	{ OPT_MAYBE, 'C', "cgroup", "FILE", "new cgroup namespace", OFF(cgroup) },
	{ OPT_MAYBE, 'T', "time", "FILE", "new time namespace, for children", OFF(time) },
	{ OPT_FLAG, 'f', "fork", NULL, "fork, and wait for the command", OFF(fork) },
	{ OPT_SIGNAL, 0, "kill-child", "SIG", "kill the command when unshare dies; implies -f", OFF(kill_child), .min = SIGKILL },
	{ OPT_MAYBE, 0, "forward-signals", "all", "pass TERM and INT on to the command, or all signals; implies -f", OFF(forward), .words = forwards },
	{ OPT_MAYBE, 0, "mount-proc", "DIR", "mount proc on /proc or DIR; implies -m", OFF(mount_proc) },
	{ OPT_STR, 0, "propagation", "MODE", "of mounts: private (default), slave, shared, unchanged", OFF(propagation), .words = propagations },
	{ OPT_FLAG, 'r', "map-root-user", NULL, "be root in a new user namespace; implies -U", OFF(map_root) },
	{ OPT_STR, 0, "hostname", "NAME", "set the host name; implies -u", OFF(hostname) },
	{ OPT_STR, 0, "domainname", "NAME", "set the NIS domain name; implies -u", OFF(domainname) },
	{ OPT_END },
};

static int unshare_check(const void *args, struct err *e)
{
	const struct unshare_args *a = args;
	int rc = a->hostname ? ns_hostname_check(a->hostname, e) : 0;

	if (rc == 0 && a->domainname)
		rc = ns_hostname_check(a->domainname, e);
	return rc;
}

static unsigned flags_of(const struct unshare_args *a)
{
	unsigned flags = 0;

	if (a->mount.set || a->mount_proc.set)
		flags |= CLONE_NEWNS;
	if (a->uts.set || a->hostname || a->domainname)
		flags |= CLONE_NEWUTS;
	if (a->user.set || a->map_root)
		flags |= CLONE_NEWUSER;
	flags |= a->ipc.set ? CLONE_NEWIPC : 0;
	flags |= a->net.set ? CLONE_NEWNET : 0;
	flags |= a->pid.set ? CLONE_NEWPID : 0;
	flags |= a->cgroup.set ? CLONE_NEWCGROUP : 0;
	flags |= a->time.set ? CLONE_NEWTIME : 0;
	return flags;
}

static bool forks(const struct unshare_args *a)
{
	return a->fork || a->kill_child.set || a->forward.set;
}

static enum proc_forward forward_of(const struct unshare_args *a)
{
	if (!a->forward.set)
		return FORWARD_NONE;
	return a->forward.value ? FORWARD_ALL : FORWARD_TERM;
}

/* The namespaces that get a name; those of pid and time are the children's. */
static unsigned binds_of(const struct unshare_args *a, struct ns_bind binds[NS_BIND_MAX])
{
	const struct {
		const struct opt_maybe *opt;
		const char *ns;
	} all[NS_BIND_MAX] = {
		{ &a->mount, "mnt" }, { &a->uts, "uts" }, { &a->ipc, "ipc" }, { &a->net, "net" }, { &a->user, "user" },
		{ &a->cgroup, "cgroup" }, { &a->pid, "pid_for_children" }, { &a->time, "time_for_children" },
	};
	unsigned n = 0;

	for (unsigned i = 0; i < NS_BIND_MAX; i++)
		if (all[i].opt->value)
			binds[n++] = (struct ns_bind){ all[i].ns, all[i].opt->value };
	return n;
}

/* The child goes on when all names are given: its command may already want to use them. */
static int bind_while_child_waits(struct ns_binder *binder, pid_t child, int go, struct err *e)
{
	int rc = ns_binder_finish(binder, e);

	if (rc == 0 && write(go, "", 1) == 1)
		return 0;
	/* end of file on the pipe ends the child */
	close(go);
	waitpid(child, NULL, 0);
	return rc < 0 ? rc : err_set(e, EPIPE, "child", NULL);
}

static int wait_for_names(struct ns_binder *binder, int go[2])
{
	char c;

	/* the helper is the parent's child, not ours */
	binder->pid = 0;
	ns_binder_cancel(binder);
	fd_close(&go[1]);
	if (read(go[0], &c, 1) != 1)
		_exit(1);
	fd_close(&go[0]);
	return 0;
}

/* STEP_WAIT in the parent, 0 in the child, which is the one to go on. */
static int go_on_in_child(const struct unshare_args *a, struct ns_binder *binder, struct step_ctx *ctx, struct err *e)
{
	int go[2], rc;

	ctx->child = (struct proc_child){
		.forward = forward_of(a),
		.kill_sig = a->kill_child.set ? (int)a->kill_child.v : 0,
		.die_alike = !ctx->run,
	};
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(e, "pipe", NULL);
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0) {
		close(go[0]);
		rc = bind_while_child_waits(binder, ctx->child.pid, go[1], e);
		if (rc == 0)
			close(go[1]);
		return rc < 0 ? rc : STEP_WAIT;
	}
	/* also after a failure in the child: it is the parent that cleans up */
	if (ctx->child.pid == 0)
		ctx->forks++;
	ctx->pid_pending = false;
	if (ctx->child.pid == 0 && ctx->forked)
		ctx->forked(&ctx->child);
	return rc < 0 ? rc : wait_for_names(binder, go);
}

static int set_up_mounts(const struct unshare_args *a, struct err *e)
{
	const char *mode = a->propagation ? a->propagation : "private";
	int rc = ns_propagation(mode, e);

	if (rc < 0 || !a->mount_proc.set)
		return rc;
	return ns_mount_proc(a->mount_proc.value ? a->mount_proc.value : "/proc", e);
}

/* What comes after the namespaces are there, in the process that goes on. */
static int furnish(const struct unshare_args *a, unsigned flags, uid_t uid, gid_t gid, struct err *e)
{
	int rc = 0;

	/* from inside, which is what lets an unprivileged user do it: user_namespaces(7) */
	if (a->map_root)
		rc = idmap_write_own(0, uid, 0, gid, e);
	if (rc == 0 && flags & CLONE_NEWNS)
		rc = set_up_mounts(a, e);
	return rc < 0 ? rc : ns_hostname(a->hostname, a->domainname, e);
}

/*
 * The order is util-linux's. One call makes all namespaces: the kernel makes
 * the user namespace first, which then owns the others.
 */
static int unshare_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct unshare_args *a = args;
	struct ns_binder binder = NS_BINDER_NONE;
	struct ns_bind binds[NS_BIND_MAX];
	unsigned flags = flags_of(a), n = binds_of(a, binds);
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int rc = 0;

	(void)state;
	if (n && ctx->pid_pending)
		rc = err_bad(e, binds[0].file, "who gives the namespace its name would become pid 1 of the new pid namespace; put this before unshare --pid");
	else if (n)
		rc = ns_binder_start(&binder, binds, n, e);
	if (rc == 0)
		rc = ns_unshare(flags, e);
	if (rc < 0) {
		ns_binder_cancel(&binder);
		return rc;
	}
	ctx->made |= flags;
	ctx->pid_pending |= a->pid.set;
	ctx->creds_changed |= (flags & CLONE_NEWUSER) != 0;
	rc = forks(a) ? go_on_in_child(a, &binder, ctx, e) : ns_binder_finish(&binder, e);
	return rc ? rc : furnish(a, flags, uid, gid, e);
}

const struct step_ops unshare_step = {
	.name = "unshare",
	.opts = unshare_opts,
	.args_size = sizeof(struct unshare_args),
	.check = unshare_check,
	.apply = unshare_apply,
};

const struct applet applet_unshare = {
	.name = "unshare",
	.synopsis = "[OPTIONS] [--] [COMMAND [ARG]...]",
	.summary = "run a command in new namespaces",
	.opts = unshare_opts,
	.notes = "Without a command, your shell is run.",
	.step = &unshare_step,
	.alone = ALONE_SHELL,
	.fail = 1,
};
