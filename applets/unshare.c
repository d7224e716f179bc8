#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/unshare_priv.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/ns_bind.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct unshare_args, field)

static const char *const propagations[] = { "private", "slave", "shared", "unchanged", NULL };
static const char *const forwards[] = { "all", NULL };
static const char *const setgroups_words[] = { "allow", "deny", NULL };
static const char *const as_root[] = { "map-user=0", "map-group=0", NULL };
static const char *const as_caller[] = { "map-user=.", "map-group=.", NULL };
static const char *const auto_ids[] = { "map-users=auto", "map-groups=auto", NULL };
static const char *const own_subids[] = { "map-users=subids", "map-groups=subids", NULL };

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
	{ OPT_STR, 0, "stop-signal", "SIG", "what the command gets for TERM; implies --forward-signals", OFF(stop_signal) },
	{ OPT_MAYBE, 0, "mount-proc", "DIR", "mount proc on /proc or DIR; implies -m", OFF(mount_proc) },
	{ OPT_MAYBE, 0, "mount-binfmt", "DIR", "mount the user namespace's own binfmt_misc; implies -U and -m", OFF(mount_binfmt) },
	{ OPT_STR, 'l', "load-interp", "STRING", "register a binary format there; implies --mount-binfmt", OFF(load_interp) },
	{ OPT_STR, 0, "propagation", "MODE", "of mounts: private (default), slave, shared, unchanged", OFF(propagation), .words = propagations },
	{ OPT_WORDS, 'r', "map-root-user", NULL, "be root in a new user namespace; implies -U", .words = as_root, .group = unshare_opts },
	{ OPT_WORDS, 'c', "map-current-user", NULL, "be oneself in a new user namespace; implies -U", .words = as_caller, .group = unshare_opts },
	{ OPT_STR, 0, "map-user", "USER", "be this user inside; implies -U", OFF(ids.user) },
	{ OPT_STR, 0, "map-group", "GROUP", "be this group inside; implies -U", OFF(ids.group) },
	{ OPT_LIST, 0, "map-users", "RANGE", "map INNER:OUTER:COUNT; or auto, subids, all; implies -U", OFF(ids.users) },
	{ OPT_LIST, 0, "map-groups", "RANGE", "the same for groups", OFF(ids.groups) },
	{ OPT_WORDS, 0, "map-auto", NULL, "map the subordinate ids to 0 and up; implies -U", .words = auto_ids, .group = unshare_opts },
	{ OPT_WORDS, 0, "map-subids", NULL, "map them to themselves; implies -U", .words = own_subids, .group = unshare_opts },
	{ OPT_STR, 0, "owner", "USER:GROUP", "whose the user namespace is; implies -U", OFF(owner) },
	{ OPT_STR, 0, "setgroups", "WORD", "allow or deny setgroups(2) in it", OFF(setgroups), .words = setgroups_words },
	{ OPT_FLAG, 0, "keep-caps", NULL, "the command keeps the capabilities over it", OFF(keep_caps) },
	{ OPT_STR, 'R', "root", "DIR", "change root to DIR", OFF(root) },
	{ OPT_STR, 'w', "wd", "DIR", "change to DIR, within the new root", OFF(wd) },
	{ OPT_NUM, 'S', "setuid", "UID", "user inside", OFF(uid), .max = IDMAP_MAX },
	{ OPT_NUM, 'G', "setgid", "GID", "group inside, and no other", OFF(gid), .max = IDMAP_MAX },
	{ OPT_NUM, 0, "boottime", "SECONDS", "offset of the boot time clock; with -T", OFF(boottime), .min = LLONG_MIN, .max = LLONG_MAX },
	{ OPT_NUM, 0, "monotonic", "SECONDS", "offset of the monotonic clock; with -T", OFF(monotonic), .min = LLONG_MIN, .max = LLONG_MAX },
	{ OPT_FLAG, 0, "clear-env", NULL, "clear the environment", OFF(clear_env) },
	{ OPT_STR, 0, "whitelist-env", "NAME,...", "clear all of it but these", OFF(whitelist_env) },
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
	if (rc == 0 && a->stop_signal && str_signal(a->stop_signal) <= 0)
		return err_bad(e, a->stop_signal, "is no signal");
	if (rc == 0 && (a->boottime.set || a->monotonic.set) && !a->time.set)
		return err_bad(e, a->boottime.set ? "--boottime" : "--monotonic", "the clocks of this time namespace stay: make one, --time");
	return rc < 0 ? rc : unshare_maps_check(a, e);
}

static bool has_binfmt(const struct unshare_args *a)
{
	return a->mount_binfmt.set || a->load_interp;
}

static unsigned flags_of(const struct unshare_args *a)
{
	unsigned flags = 0;

	if (a->mount.set || a->mount_proc.set || has_binfmt(a))
		flags |= CLONE_NEWNS;
	if (a->uts.set || a->hostname || a->domainname)
		flags |= CLONE_NEWUTS;
	if (a->user.set || maps_given(&a->ids, 0) || maps_given(&a->ids, 1) || a->owner || a->fit || has_binfmt(a))
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
	return a->fork || a->kill_child.set || a->forward.set || a->stop_signal;
}

static enum proc_forward forward_of(const struct unshare_args *a)
{
	if (!a->forward.set && !a->stop_signal)
		return FORWARD_NONE;
	return a->forward.value ? FORWARD_ALL : FORWARD_TERM;
}

/* The namespaces that get a name; those of pid and time are the children's. */
static void list_binds(const struct unshare_args *a, struct ns_binds *binds)
{
	const struct {
		const struct opt_maybe *opt;
		const char *ns;
	} all[NS_BIND_MAX] = {
		{ &a->mount, "mnt" }, { &a->uts, "uts" }, { &a->ipc, "ipc" }, { &a->net, "net" }, { &a->user, "user" },
		{ &a->cgroup, "cgroup" }, { &a->pid, "pid_for_children" }, { &a->time, "time_for_children" },
	};

	binds->n = 0;
	for (unsigned i = 0; i < NS_BIND_MAX; i++)
		if (all[i].opt->value)
			binds->v[binds->n++] = (struct ns_bind){ all[i].ns, all[i].opt->value };
}

/* The child goes on when all names are given: its command may already want to use them. */
static int bind_while_child_waits(struct helper *binder, pid_t child, int go, struct err *e)
{
	int rc = helper_finish(binder, e);

	/* a child that has failed already does not hear it, and tells its waiter why */
	if (rc == 0) {
		send(go, "", 1, MSG_NOSIGNAL);
		return 0;
	}
	/* the end of the stream ends the child */
	close(go);
	waitpid(child, NULL, 0);
	return rc;
}

static int wait_for_names(struct helper *binder, int go[2])
{
	char c;

	helper_forget(binder);
	fd_close(&go[1]);
	if (read(go[0], &c, 1) != 1)
		_exit(1);
	fd_close(&go[0]);
	return 0;
}

/*
 * A run's waiter stays in the user namespace that it was in, with all that it may
 * do there: what it has to clean up is not the container's. Its child is born in the new one.
 */
static bool is_born_there(const struct unshare_args *a, const struct step_ctx *ctx)
{
	return ctx->run && flags_of(a) & CLONE_NEWUSER && forks(a);
}

/* The child says by what name our /proc knows it, and waits for its maps. */
static int map_child(const struct unshare_args *a, const struct unshare_state *s, pid_t child, int go, struct err *e)
{
	char proc[32] = "";
	auto_close int dir = -1;
	int rc;

	/* a child that has failed already tells its waiter why */
	if (read(go, proc, sizeof proc - 1) <= 0) {
		close(go);
		return 0;
	}
	rc = dir = fd_open_dir(AT_FDCWD, proc, e);
	if (rc >= 0)
		rc = maps_write_to(&s->maps, dir, proc, a->setgroups, e);
	if (rc == 0)
		send(go, "", 1, MSG_NOSIGNAL);
	close(go);
	if (rc < 0)
		waitpid(child, NULL, 0);
	return rc;
}

static int wait_for_maps(int go[2], struct err *e)
{
	char proc[32] = "/proc/", c;

	fd_close(&go[1]);
	if (readlink("/proc/self", proc + 6, sizeof proc - 7) < 0) {
		int rc = err_sys(e, "/proc/self", NULL);

		err_hint(e, "id maps are written through /proc: mount it first");
		return rc;
	}
	send(go[0], proc, strlen(proc), MSG_NOSIGNAL);
	if (read(go[0], &c, 1) != 1)
		_exit(1);
	fd_close(&go[0]);
	return 0;
}

/* STEP_WAIT in the parent, 0 in the child, which is the one to go on. */
static int go_on_in_child(const struct unshare_args *a, const struct unshare_state *s, struct helper *binder, struct step_ctx *ctx, struct err *e)
{
	bool names = binder->pid > 0, born = is_born_there(a, ctx);
	int go[2] = { -1, -1 }, rc;

	ctx->child = (struct proc_child){
		.forward = forward_of(a),
		.kill_sig = a->kill_child.set ? (int)a->kill_child.v : 0,
		.stop_sig = a->stop_signal ? str_signal(a->stop_signal) : 0,
		.die_alike = !ctx->run,
		.side = ctx->side,
		.into = ctx->seats.v2,
		.namespaces = born ? flags_of(a) : 0,
	};
	/* no pipe: a write to one whose reader has failed would kill us */
	if ((names || born) && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, go) < 0)
		return err_sys(e, "socketpair", NULL);
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0) {
		cgroup_seats_close(&ctx->seats);
		fd_close(&go[0]);
		if (born)
			rc = map_child(a, s, ctx->child.pid, take_fd(&go[1]), e);
		else
			rc = names ? bind_while_child_waits(binder, ctx->child.pid, go[1], e) : 0;
		if (rc == 0)
			fd_close(&go[1]);
		return rc < 0 ? rc : STEP_WAIT;
	}
	/* also after a failure in the child: it is the parent that cleans up */
	if (ctx->child.pid == 0)
		ctx->forks++;
	ctx->pid_pending = false;
	if (ctx->child.pid == 0 && ctx->forked)
		ctx->forked(&ctx->child);
	if (rc == 0)
		rc = cgroup_seats_take(&ctx->seats, ctx->child.born_there, e);
	if (rc == 0 && born)
		return wait_for_maps(go, e);
	if (rc < 0 && born && ctx->child.pid < 0)
		rc = ns_refused(flags_of(a), -rc, e);
	return rc < 0 || !names ? rc : wait_for_names(binder, go);
}

/* Whom we leave behind in the old namespaces. */
static int start_helpers(const struct unshare_args *a, const struct unshare_state *s, const struct ns_binds *binds,
			 struct helper *binder, struct helper *mapper, const struct step_ctx *ctx, struct err *e)
{
	bool maps = s->maps.outside[0] || s->maps.outside[1];
	int rc;

	if ((binds->n || maps) && ctx->pid_pending)
		return err_bad(e, binds->n ? binds->v[0].file : "id map",
			       "who writes it from outside would become pid 1 of the new pid namespace; put this before unshare --pid");
	rc = binds->n ? helper_start(binder, ns_bind_all, binds, e) : 0;
	if (rc == 0)
		rc = maps_start(&s->maps, mapper, e);
	return rc < 0 ? rc : unshare_become_owner(a, s, e);
}

/* One call makes all namespaces: the kernel makes the user namespace first, which then owns the others. */
static int make_namespaces(const struct unshare_args *a, const struct unshare_state *s, struct helper *mapper, struct err *e)
{
	unsigned flags = flags_of(a);
	int rc = a->mount.value ? ns_unshare_to_bind(flags, e) : ns_unshare(flags, e);

	if (rc == 0 && (flags & CLONE_NEWUSER || a->setgroups))
		rc = maps_write(&s->maps, a->setgroups, mapper, e);
	/* before the first process is in it: time_namespaces(7) */
	return rc < 0 ? rc : ns_clocks(a->boottime.set ? &a->boottime.v : NULL, a->monotonic.set ? &a->monotonic.v : NULL, e);
}

static int unshare_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	(void)ctx;
	return unshare_maps_open(args, state, e);
}

/* The order is util-linux's. */
static int unshare_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct unshare_args *a = args;
	const struct unshare_state *s = state;
	struct helper binder = HELPER_NONE, mapper = HELPER_NONE;
	struct ns_binds binds;
	unsigned flags = flags_of(a);
	int rc;

	list_binds(a, &binds);
	rc = is_born_there(a, ctx) ? 0 : start_helpers(a, s, &binds, &binder, &mapper, ctx, e);
	if (rc == 0 && !is_born_there(a, ctx))
		rc = make_namespaces(a, s, &mapper, e);
	if (rc < 0) {
		/* the later one first: it has the earlier one's pipe, whose end the earlier waits for */
		helper_cancel(&mapper);
		helper_cancel(&binder);
		return rc;
	}
	ctx->made |= flags;
	ctx->pid_pending |= a->pid.set;
	ctx->creds_changed |= flags & CLONE_NEWUSER || s->uid.set || s->gid.set;
	ctx->unmapped |= s->as_root;
	rc = forks(a) ? go_on_in_child(a, s, &binder, ctx, e) : helper_finish(&binder, e);
	return rc ? rc : unshare_furnish(a, s, flags, ctx, e);
}

static void unshare_close(void *state)
{
	struct unshare_state *s = state;

	maps_release(&s->maps);
}

const struct step_ops unshare_step = {
	.name = "unshare",
	.opts = unshare_opts,
	.args_size = sizeof(struct unshare_args),
	.state_size = sizeof(struct unshare_state),
	.check = unshare_check,
	.open = unshare_open,
	.apply = unshare_apply,
	.close = unshare_close,
};

const struct step_ops idmap_run_step = {
	.name = "idmap run",
	.opts = idmap_run_opts,
	.args_size = sizeof(struct unshare_args),
	.state_size = sizeof(struct unshare_state),
	.check = unshare_check,
	.open = unshare_open,
	.apply = unshare_apply,
	.close = unshare_close,
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
