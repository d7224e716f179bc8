/* nsenter: run a command in namespaces that are there already, as util-linux's nsenter(1) does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/sys.h"

#define KINDS 8

struct nsenter_args {
	struct opt_num target;
	bool all, env, no_fork, preserve_credentials;
	struct opt_maybe ns[KINDS]; /* in the order of ns_kinds */
	struct opt_num uid, gid;
	struct opt_maybe root, wd;
};

struct nsenter_state {
	int ns[KINDS]; /* owned, -1: not entered */
	int root, wd;  /* owned, -1: left alone */
	char *environ; /* owned: the target's, NULL: ours stays */
};

#define OFF(field) offsetof(struct nsenter_args, field)
#define NS(i) (offsetof(struct nsenter_args, ns) + (i) * sizeof(struct opt_maybe))

static const struct opt nsenter_opts[] = {
	{ OPT_FLAG, 'a', "all", NULL, "enter all namespaces of the target", OFF(all) },
	{ OPT_NUM, 't', "target", "PID", "process whose namespaces are meant", OFF(target), .min = 1, .max = 4194304 },
	{ OPT_MAYBE, 'm', "mount", "FILE", "enter the mount namespace", NS(1), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'u', "uts", "FILE", "enter the uts namespace (host name)", NS(2), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'i', "ipc", "FILE", "enter the System V IPC namespace", NS(3), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'n', "net", "FILE", "enter the network namespace", NS(5), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'p', "pid", "FILE", "enter the pid namespace, and fork", NS(4), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'U', "user", "FILE", "enter the user namespace", NS(0), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'C', "cgroup", "FILE", "enter the cgroup namespace", NS(6), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'T', "time", "FILE", "enter the time namespace", NS(7), .flags = OPT_ATTACHED },
	{ OPT_NUM, 'S', "setuid", "UID", "user inside; 0 where a user namespace is entered", OFF(uid), .max = 4294967294LL },
	{ OPT_NUM, 'G', "setgid", "GID", "group inside; 0 where a user namespace is entered", OFF(gid), .max = 4294967294LL },
	{ OPT_FLAG, 0, "preserve-credentials", NULL, "leave the ids as they are", OFF(preserve_credentials) },
	{ OPT_MAYBE, 'r', "root", "DIR", "make DIR, or the target's root, the root", OFF(root), .flags = OPT_ATTACHED },
	{ OPT_MAYBE, 'w', "wd", "DIR", "change to DIR, or to the target's directory", OFF(wd), .flags = OPT_ATTACHED },
	{ OPT_FLAG, 'e', "env", NULL, "take the target's environment", OFF(env) },
	{ OPT_FLAG, 'F', "no-fork", NULL, "with --pid: do not fork before the command", OFF(no_fork) },
	{ OPT_END },
};

static int nsenter_check(const void *args, struct err *e)
{
	const struct nsenter_args *a = args;
	bool any = a->all || a->root.set || a->wd.set || a->env;
	const char *bare = a->all ? "--all" : a->env ? "--env" : NULL;

	for (int i = 0; i < KINDS; i++) {
		any |= a->ns[i].set;
		if (a->ns[i].set && !a->ns[i].value && !bare)
			bare = ns_kinds[i].name;
	}
	if ((a->root.set && !a->root.value) || (a->wd.set && !a->wd.value))
		bare = bare ? bare : "the directory";
	if (bare && !a->target.set)
		return err_bad(e, bare, "wants a file, or a process: --target PID");
	return any ? 0 : err_bad(e, NULL, "no namespace is named");
}

/* A path of the user's, or the one of that name below `target`, the process's folder in /proc. */
static int open_path(const struct opt_maybe *path, int target, const char *of_target, int flags, struct err *e)
{
	return path->value ? fd_open(AT_FDCWD, path->value, flags, e) : fd_open(target, of_target, flags, e);
}

/* Our own user namespace cannot be entered again (EINVAL), and --all is not to fail for it. */
static bool is_own(int fd, const char *file)
{
	char path[64];
	struct stat a, b;

	snprintf(path, sizeof path, "/proc/self/ns/%s", file);
	return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int open_namespaces(const struct nsenter_args *a, int target, struct nsenter_state *s, struct err *e)
{
	for (int i = 0; i < KINDS; i++) {
		char of_target[32];

		if (!a->ns[i].set && !a->all)
			continue;
		snprintf(of_target, sizeof of_target, "ns/%s", ns_kinds[i].file);
		s->ns[i] = open_path(&a->ns[i], target, of_target, O_RDONLY, e);
		/* what this kernel does not have is not among "all" */
		if (s->ns[i] == -ENOENT && !a->ns[i].set)
			continue;
		if (s->ns[i] < 0)
			return s->ns[i];
		if (!a->ns[i].set && ns_kinds[i].flag == CLONE_NEWUSER && is_own(s->ns[i], "user"))
			fd_close(&s->ns[i]);
	}
	return 0;
}

/* One open of /proc/PID for all of it: the number may be another process's by the next. */
static int open_target(const struct nsenter_args *a, struct err *e)
{
	char path[32];
	int fd;

	snprintf(path, sizeof path, "/proc/%lld", a->target.v);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(e, path, "no such process");
}

static int nsenter_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct nsenter_args *a = args;
	struct nsenter_state *s = state;
	auto_close int target = -1;
	int rc;

	(void)ctx;
	s->root = s->wd = -1;
	for (int i = 0; i < KINDS; i++)
		s->ns[i] = -1;
	if (a->target.set && (target = open_target(a, e)) < 0)
		return target;
	rc = open_namespaces(a, target, s, e);
	if (rc < 0)
		return rc;
	if (a->root.set && (s->root = open_path(&a->root, target, "root", O_PATH | O_DIRECTORY, e)) < 0)
		return s->root;
	if (a->wd.set && (s->wd = open_path(&a->wd, target, "cwd", O_PATH | O_DIRECTORY, e)) < 0)
		return s->wd;
	if (!a->env)
		return 0;
	s->environ = fd_slurp(target, "environ", 1 << 22);
	return s->environ ? 0 : err_sys(e, "environ", "read the target's");
}

static int enter(int fd, const struct ns_kind *k, struct err *e)
{
	int rc;

	if (setns(fd, (int)k->flag) == 0)
		return 0;
	rc = err_sys(e, k->name, "enter");
	if (rc == -EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN here and over the namespace's owner: enter its user namespace too (--user)");
	else if (rc == -EINVAL)
		err_hint(e, "is it a %s, and not the one that we are in?", k->name);
	return rc;
}

/*
 * Who is privileged here enters all but the user namespace first, since inside
 * that he has no right to the others any more; who is not gets the right to
 * them only there. So: what goes before the user namespace, it, and the rest.
 */
static int enter_all(struct nsenter_state *s, unsigned *entered, struct err *e)
{
	int rc = 0;

	for (int i = KINDS; i-- > 1;) {
		if (s->ns[i] < 0 || s->ns[0] < 0 || setns(s->ns[i], (int)ns_kinds[i].flag) < 0)
			continue;
		*entered |= ns_kinds[i].flag;
		fd_close(&s->ns[i]);
	}
	for (int i = 0; i < KINDS && rc == 0; i++) {
		if (s->ns[i] < 0)
			continue;
		rc = enter(s->ns[i], &ns_kinds[i], e);
		*entered |= ns_kinds[i].flag;
	}
	return rc;
}

static int go_places(const struct nsenter_state *s, struct err *e)
{
	if (s->root >= 0 && (fchdir(s->root) < 0 || chroot(".") < 0 || chdir("/") < 0))
		return err_sys(e, "root", "change");
	if (s->wd >= 0 && fchdir(s->wd) < 0)
		return err_sys(e, "working directory", "change");
	return 0;
}

/* The strings of /proc/PID/environ stand one behind the other, each with its NUL. */
static int take_environ(char *text, struct err *e)
{
	if (clearenv() != 0)
		return err_set(e, ENOMEM, "environment", NULL);
	for (char *s = text; s && *s; s += strlen(s) + 1)
		if (*s != '=' && strchr(s, '=') && putenv(s) != 0)
			return err_sys(e, "environment", NULL);
	return 0;
}

static int set_ids(const struct nsenter_args *a, unsigned entered, struct err *e)
{
	bool user = entered & CLONE_NEWUSER && !a->preserve_credentials;
	int rc = 0;

	if (user || a->gid.set) {
		/* where setgroups is denied there is nothing to be dropped: user_namespaces(7) */
		rc = cred_set_groups(NULL, 0, e);
		if (rc == -EPERM && user)
			rc = 0;
		if (rc == 0)
			rc = cred_set_gids((gid_t)a->gid.v, (gid_t)a->gid.v, e);
	}
	if (rc == 0 && (user || a->uid.set))
		rc = cred_set_uids((uid_t)a->uid.v, (uid_t)a->uid.v, e);
	return rc;
}

static int nsenter_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct nsenter_args *a = args;
	struct nsenter_state *s = state;
	unsigned entered = 0;
	int rc = enter_all(s, &entered, e);

	if (rc < 0 || (rc = go_places(s, e)) < 0)
		return rc;
	ctx->creds_changed |= entered & CLONE_NEWUSER || a->uid.set || a->gid.set;
	ctx->pid_pending |= (entered & CLONE_NEWPID) != 0;
	ctx->joined |= (entered & CLONE_NEWPID) != 0;
	if (entered & CLONE_NEWPID && !a->no_fork) {
		ctx->child = (struct proc_child){ .forward = FORWARD_TERM, .die_alike = true };
		rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
		if (rc > 0)
			return STEP_WAIT;
		if (ctx->child.pid == 0)
			ctx->forks++;
		if (rc < 0)
			return rc;
		ctx->pid_pending = false;
	}
	if (s->environ && (rc = take_environ(s->environ, e)) < 0)
		return rc;
	return set_ids(a, entered, e);
}

/* The environment is not freed: putenv(3) has made its strings our own. */
static void nsenter_close(void *state)
{
	struct nsenter_state *s = state;

	for (int i = 0; i < KINDS; i++)
		fd_close(&s->ns[i]);
	fd_close(&s->root);
	fd_close(&s->wd);
}

static const struct step_ops nsenter_step = {
	.name = "nsenter",
	.opts = nsenter_opts,
	.args_size = sizeof(struct nsenter_args),
	.state_size = sizeof(struct nsenter_state),
	.check = nsenter_check,
	.open = nsenter_open,
	.apply = nsenter_apply,
	.close = nsenter_close,
};

const struct applet applet_nsenter = {
	.name = "nsenter",
	.synopsis = "[OPTIONS] [--] [COMMAND [ARG]...]",
	.summary = "run a command in namespaces that are there already",
	.opts = nsenter_opts,
	.notes = "Without a command, your shell is run. Files come from unshare --uts=FILE and the like.",
	.step = &nsenter_step,
	.alone = ALONE_SHELL,
	.fail = 1,
};
