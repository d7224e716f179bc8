#include "applets/unshare.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/idmap.h"
#include "core/ns.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct unshare_args, field)

static const char *const propagations[] = { "private", "slave", "shared", "unchanged", NULL };
static const char *const forwards[] = { "all", NULL };

static const struct opt unshare_opts[] = {
	{ OPT_FLAG, 'm', "mount", NULL, "new mount namespace", OFF(mount) },
	{ OPT_FLAG, 'u', "uts", NULL, "new uts namespace (host name)", OFF(uts) },
	{ OPT_FLAG, 'i', "ipc", NULL, "new System V IPC namespace", OFF(ipc) },
	{ OPT_FLAG, 'n', "net", NULL, "new network namespace", OFF(net) },
	{ OPT_FLAG, 'p', "pid", NULL, "new pid namespace, for children", OFF(pid) },
	{ OPT_FLAG, 'U', "user", NULL, "new user namespace", OFF(user) },
	{ OPT_FLAG, 'C', "cgroup", NULL, "new cgroup namespace", OFF(cgroup) },
	{ OPT_FLAG, 'T', "time", NULL, "new time namespace, for children", OFF(time) },
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

	if (a->mount || a->mount_proc.set)
		flags |= CLONE_NEWNS;
	if (a->uts || a->hostname || a->domainname)
		flags |= CLONE_NEWUTS;
	if (a->user || a->map_root)
		flags |= CLONE_NEWUSER;
	flags |= a->ipc ? CLONE_NEWIPC : 0;
	flags |= a->net ? CLONE_NEWNET : 0;
	flags |= a->pid ? CLONE_NEWPID : 0;
	flags |= a->cgroup ? CLONE_NEWCGROUP : 0;
	flags |= a->time ? CLONE_NEWTIME : 0;
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

/* STEP_WAIT in the parent, 0 in the child, which is the one to go on. */
static int go_on_in_child(const struct unshare_args *a, struct step_ctx *ctx, struct err *e)
{
	int rc;

	ctx->child = (struct proc_child){
		.forward = forward_of(a),
		.kill_sig = a->kill_child.set ? (int)a->kill_child.v : 0,
		.die_alike = !ctx->run,
	};
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0)
		return STEP_WAIT;
	/* also after a failure in the child: it is the parent that cleans up */
	if (ctx->child.pid == 0)
		ctx->forks++;
	ctx->pid_pending = false;
	return rc;
}

static int set_up_mounts(const struct unshare_args *a, struct err *e)
{
	const char *mode = a->propagation ? a->propagation : "private";
	int rc = ns_propagation(mode, e);

	if (rc < 0 || !a->mount_proc.set)
		return rc;
	return ns_mount_proc(a->mount_proc.value ? a->mount_proc.value : "/proc", e);
}

/*
 * The order is util-linux's. One call makes all namespaces: the kernel makes
 * the user namespace first, which then owns the others.
 */
static int unshare_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct unshare_args *a = args;
	unsigned flags = flags_of(a);
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int rc = ns_unshare(flags, e);

	(void)state;
	if (rc < 0)
		return rc;
	ctx->made |= flags;
	ctx->pid_pending |= a->pid;
	ctx->creds_changed |= (flags & CLONE_NEWUSER) != 0;
	if (forks(a) && (rc = go_on_in_child(a, ctx, e)) != 0)
		return rc;
	/* from inside, which is what lets an unprivileged user do it: user_namespaces(7) */
	if (a->map_root && (rc = idmap_write_own(0, uid, 0, gid, e)) < 0)
		return rc;
	if (flags & CLONE_NEWNS && (rc = set_up_mounts(a, e)) < 0)
		return rc;
	return ns_hostname(a->hostname, a->domainname, e);
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
