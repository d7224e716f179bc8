/* nsenter: run a command in namespaces that are there already, as util-linux's nsenter(1) does. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/nsenter_priv.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/proc.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct nsenter_args, field)
#define NS(i) (offsetof(struct nsenter_args, ns) + (i) * sizeof(struct opt_maybe))

static const struct opt nsenter_opts[] = {
	{ OPT_FLAG, 'a', "all", NULL, "enter all namespaces of the target", OFF(all) },
	{ OPT_STR, 't', "target", "PID[:INODE]", "process whose namespaces are meant", OFF(target) },
	{ OPT_MAYBE, 'm', "mount", "FILE", "enter the mount namespace", NS(1), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'u', "uts", "FILE", "enter the uts namespace (host name)", NS(2), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'i', "ipc", "FILE", "enter the System V IPC namespace", NS(3), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'n', "net", "FILE", "enter the network namespace", NS(5), .flags = OPT_ATTACHED },
	{ OPT_NUM, 'N', "net-socket", "FD", "enter the network namespace of a socket of the target's", OFF(net_socket), .max = 2147483647 },
	{ OPT_MAYBE, 'p', "pid", "FILE", "enter the pid namespace, and fork", NS(4), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'U', "user", "FILE", "enter the user namespace", NS(0), .flags = OPT_ATTACHED },
	{ OPT_FLAG, 0, "user-parent", NULL, "enter the parent of the user namespace instead", OFF(user_parent) },
	{ OPT_MAYBE, 'C', "cgroup", "FILE", "enter the cgroup namespace", NS(6), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'T', "time", "FILE", "enter the time namespace", NS(7), .flags = OPT_ATTACHED },
	{ OPT_STR, 'S', "setuid", "UID", "user inside, or follow; 0 where a user namespace is entered", OFF(uid) },
	{ OPT_STR, 'G', "setgid", "GID", "group inside, or follow; 0 where a user namespace is entered", OFF(gid) },
	{ OPT_FLAG, 0, "preserve-credentials", NULL, "leave the ids as they are", OFF(preserve_credentials) },
	{ OPT_FLAG, 0, "keep-caps", NULL, "keep the capabilities of the user namespace over the exec", OFF(keep_caps) },
	{ OPT_MAYBE, 'r', "root", "DIR", "make DIR, or the target's root, the root", OFF(root), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'w', "wd", "DIR", "change to DIR, or to the target's directory", OFF(wd), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'W', "wdns", "DIR", "change to DIR as it is called inside", OFF(wdns), .flags = OPT_ATTACHED },
	{ OPT_FLAG, 'e', "env", NULL, "take the target's environment", OFF(env) },
	{ OPT_FLAG, 'F', "no-fork", NULL, "with --pid: do not fork before the command", OFF(no_fork) },
	{ OPT_FLAG, 'c', "join-cgroup", NULL, "join the target's control groups", OFF(join_cgroup) },
	{ OPT_FLAG, 'Z', "follow-context", NULL, "SELinux is not built in", OFF(context), .flags = OPT_HIDDEN },
	{ OPT_END },
};

/* What of the options cannot be had without a process; NULL: nothing. */
static const char *wants_target(const struct nsenter_args *a)
{
	if (a->all || a->env || a->join_cgroup || a->net_socket.set)
		return a->all ? "--all" : a->env ? "--env" : a->join_cgroup ? "--join-cgroup" : "--net-socket";
	for (int i = 0; i < NS_KINDS; i++)
		if (a->ns[i].set && !a->ns[i].value)
			return ns_kinds[i].name;
	if (!nsenter_reads_proc(a))
		return NULL;
	return (a->uid && !strcmp(a->uid, "follow")) || (a->gid && !strcmp(a->gid, "follow")) ? "follow" : "the directory";
}

/* The id that is asked for, 0 where none is, `followed` for "follow"; -EINVAL with *e. */
static int id_of(const char *text, const char *option, long long followed, long long *id, struct err *e)
{
	*id = text ? followed : 0;
	if (!text || !strcmp(text, "follow") || str_num(text, 0, 4294967294LL, id) == 0)
		return 0;
	return err_bad(e, text, "--%s wants a number or follow", option);
}

static int nsenter_check(const void *args, struct err *e)
{
	const struct nsenter_args *a = args;
	const char *bare = wants_target(a);
	bool any = a->target || a->user_parent || a->root.set || a->wd.set || a->wdns.set;
	unsigned long long inode;
	long long id;
	pid_t pid;
	int rc;

	for (int i = 0; i < NS_KINDS; i++)
		any |= a->ns[i].set;
	if (a->context)
		return err_bad(e, "--follow-context", "SELinux support is not built in");
	if (bare && !a->target)
		return err_bad(e, bare, "wants a file, or a process: --target PID");
	if (!any)
		return err_bad(e, NULL, "no namespace is named");
	if (a->wd.set && a->wdns.set)
		return err_bad(e, "--wdns", "and --wd exclude each other");
	rc = a->target ? nsenter_target_parse(a->target, &pid, &inode, e) : 0;
	if (rc == 0)
		rc = id_of(a->uid, "setuid", 0, &id, e);
	return rc < 0 ? rc : id_of(a->gid, "setgid", 0, &id, e);
}

/* Where the working directory is below the new root it stays, else that is the root: never a way out. */
static int change_root(int root, struct err *e)
{
	auto_close int wd = openat(AT_FDCWD, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[4096];

	if (fchdir(root) < 0 || chroot(".") < 0) {
		int rc = err_sys(e, "root", "change");

		if (rc == -EPERM)
			err_hint(e, "this needs CAP_SYS_CHROOT");
		return rc;
	}
	/* getcwd(3) fails where the directory is out of reach */
	if (wd >= 0 && fchdir(wd) == 0 && getcwd(path, sizeof path))
		return 0;
	return chdir("/") < 0 ? err_sys(e, "/", "change to it") : 0;
}

static int go_places(const struct nsenter_args *a, const struct nsenter_state *s, struct err *e)
{
	int rc = s->root >= 0 ? change_root(s->root, e) : 0;

	if (rc == 0 && s->wd >= 0 && fchdir(s->wd) < 0)
		rc = err_sys(e, "working directory", "change");
	if (rc == 0 && a->wdns.value && chdir(a->wdns.value) < 0)
		rc = err_sys(e, a->wdns.value, "change to it, inside");
	return rc;
}

/* The strings of /proc/PID/environ stand one behind the other, each with its NUL. */
static int take_environ(char *text, struct err *e)
{
	if (clearenv() != 0)
		return err_set(e, ENOMEM, "environment", NULL);
	/* what tells a link of a chain what it inherits is ours alone to say */
	for (char *s = text; s && *s; s += strlen(s) + 1)
		if (*s != '=' && strchr(s, '=') && !str_after(s, "NESTBOX_CHAIN=") && putenv(s) != 0)
			return err_sys(e, "environment", NULL);
	return 0;
}

/* A directory of /proc belongs to whom its process runs as, in numbers of the user namespace that we are in by now. */
static int follow(const struct nsenter_args *a, const struct ns_goal *g, struct stat *st, struct err *e)
{
	bool any = (a->uid && !strcmp(a->uid, "follow")) || (a->gid && !strcmp(a->gid, "follow"));

	if (!any)
		return 0;
	if (fstat(g->proc, st) < 0)
		return err_sys(e, "the target's ids", "read");
	/* once it has ended they are root's */
	return proc_has_ended(g->pidfd) ? err_set(e, ESRCH, "the target's ids", "read") : 0;
}

static int set_ids(const struct nsenter_args *a, const struct ns_goal *g, bool user, struct err *e)
{
	struct stat st = { 0 };
	long long uid, gid;
	int rc = follow(a, g, &st, e);

	if (rc < 0)
		return rc;
	id_of(a->uid, "setuid", st.st_uid, &uid, e);
	id_of(a->gid, "setgid", st.st_gid, &gid, e);
	if (user || a->gid) {
		rc = cred_set_groups(NULL, 0, e);
		/* where setgroups is denied they were dropped before, as far as we may: user_namespaces(7) */
		if (rc == -EPERM && user)
			rc = 0;
		if (rc == 0)
			rc = cred_set_gids((gid_t)gid, (gid_t)gid, e);
	}
	if (rc == 0 && (user || a->uid))
		rc = cred_set_uids((uid_t)uid, (uid_t)uid, e);
	return rc;
}

static int become(const struct nsenter_args *a, struct nsenter_state *s, unsigned entered, struct err *e)
{
	bool user = entered & CLONE_NEWUSER, keep = a->keep_caps && user;
	int rc = s->environ ? take_environ(s->environ, e) : 0;

	if (rc == 0 && keep)
		rc = cred_keep_caps(e);
	if (rc == 0)
		rc = set_ids(a, &s->goal, user && !a->preserve_credentials, e);
	return rc < 0 || !keep ? rc : cred_pass_caps(e);
}

/* Inside it might not be allowed any more to open the v2 group's file: the one that was opened outside comes first. */
static int take_seats(const struct nsenter_state *s, struct step_ctx *ctx, bool born_there, struct err *e)
{
	born_there |= s->procs >= 0 && !born_there && fd_write(s->procs, "0") == 0;
	return cgroup_seats_take(&ctx->seats, born_there, e);
}

/* STEP_WAIT in the parent, 0 in the child. */
static int go_on_in_child(const struct nsenter_state *s, struct step_ctx *ctx, struct err *e)
{
	int rc;

	ctx->creds_changed = true;
	ctx->child = (struct proc_child){ .forward = FORWARD_TERM, .stop_alike = true, .die_alike = true, .into = ctx->seats.v2 };
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0) {
		cgroup_seats_close(&ctx->seats);
		return STEP_WAIT;
	}
	if (ctx->child.pid == 0)
		ctx->forks++;
	if (rc == 0)
		rc = take_seats(s, ctx, ctx->child.born_there, e);
	ctx->pid_pending = false;
	return rc;
}

/* Is a namespace of the i-th kind to be entered? */
static bool enters(const struct ns_goal *g, int i)
{
	return g->fd[i] >= 0 || g->of_process & ns_kinds[i].flag;
}

static int nsenter_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct nsenter_args *a = args;
	struct nsenter_state *s = state;
	unsigned entered = 0;
	int rc = 0;

	/* inside it may be denied, and outside it is only for the privileged: both are tried, and both may fail */
	if (enters(&s->goal, 0) && !a->preserve_credentials && cred_set_groups(NULL, 0, e) < 0)
		err_clear(e);
	/* a child joins the groups itself */
	if (a->join_cgroup && (a->no_fork || !enters(&s->goal, 4)))
		rc = take_seats(s, ctx, false, e);
	/* a child will be among strangers, who are not to look into it before the command runs: ptrace(2) */
	if (rc == 0 && enters(&s->goal, 4) && prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) < 0)
		rc = err_sys(e, "dumpable", NULL);
	if (rc == 0)
		rc = ns_enter(&s->goal, &entered, e);
	if (rc == 0)
		rc = go_places(a, s, e);
	if (rc < 0)
		return rc;
	ctx->creds_changed |= entered & CLONE_NEWUSER || a->uid || a->gid;
	ctx->pid_pending |= (entered & CLONE_NEWPID) != 0;
	ctx->joined |= (entered & CLONE_NEWPID) != 0;
	if (entered & CLONE_NEWPID && !a->no_fork)
		rc = go_on_in_child(s, ctx, e);
	else if (a->join_cgroup)
		rc = take_seats(s, ctx, false, e);
	return rc ? rc : become(a, s, entered, e);
}

const struct step_ops nsenter_step = {
	.name = "nsenter",
	.opts = nsenter_opts,
	.args_size = sizeof(struct nsenter_args),
	.state_size = sizeof(struct nsenter_state),
	.check = nsenter_check,
	.open = nsenter_open,
	.apply = nsenter_apply,
	.close = nsenter_close,
};

/* Whoever is in that pid namespace sees us. */
static bool nsenter_enters(const void *args)
{
	const struct nsenter_args *a = args;

	return a->all || a->ns[4].set;
}

const struct applet applet_nsenter = {
	.name = "nsenter",
	.synopsis = "[OPTIONS] [--] [COMMAND [ARG]...]",
	.summary = "run a command in namespaces that are there already",
	.opts = nsenter_opts,
	.notes = "Without a command, your shell is run. Files come from unshare --uts=FILE and the like.",
	.step = &nsenter_step,
	.enters = nsenter_enters,
	.alone = ALONE_SHELL,
	.fail = 1,
};
