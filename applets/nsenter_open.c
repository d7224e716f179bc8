/* nsenter: finding all that is to be entered, before anything changes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "applets/nsenter_priv.h"
#include "core/cgroup.h"
#include "core/fd.h"
#include "core/proc.h"
#include "core/str.h"
#include "core/sys.h"

/* pidfs, Linux 6.9: magic.h does not have it yet. Before it all pidfds had one inode. */
#define PIDFS_MAGIC 0x50494446

/* ---- the target ---- */

int nsenter_target_parse(const char *text, pid_t *pid, unsigned long long *inode, struct err *e)
{
	char first[16];
	const char *rest = text;
	long long n, ino = 0;

	if (str_next(&rest, ':', first, sizeof first) < 0 || str_num(first, 1, 4194304, &n) < 0 ||
	    (rest && str_num(rest, 1, LLONG_MAX, &ino) < 0))
		return err_bad(e, text, "--target wants PID or PID:INODE");
	*pid = (pid_t)n;
	*inode = (unsigned long long)ino;
	return 0;
}

/* A number is given to another process when its own has ended; the inode of a pidfd never is. */
static int check_inode(int pidfd, unsigned long long inode, const char *text, struct err *e)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(pidfd, &st) < 0) {
		err_set(e, ENOSYS, text, "processes have no inodes here");
		err_hint(e, "they have since Linux 6.9");
		return -ENOSYS;
	}
	if (st.st_ino != inode) {
		err_set(e, ESRCH, text, "the process that had this inode has ended");
		err_hint(e, "the pid is that of inode %llu now", (unsigned long long)st.st_ino);
		return -ESRCH;
	}
	return 0;
}

/* The numbers in /proc are those of the pid namespace that it was mounted in, which need not be ours. */
static bool is_our_proc(void)
{
	char self[16], pid[16];
	ssize_t n = readlink("/proc/self", self, sizeof self);

	return n == snprintf(pid, sizeof pid, "%d", getpid()) && !memcmp(self, pid, (size_t)n);
}

bool nsenter_reads_proc(const struct nsenter_args *a)
{
	return a->all || a->env || a->join_cgroup || (a->root.set && !a->root.value) ||
	       (a->wd.set && !a->wd.value) || (a->wdns.set && !a->wdns.value) || (a->uid && !strcmp(a->uid, "follow")) ||
	       (a->gid && !strcmp(a->gid, "follow"));
}

/*
 * The process once, as a pidfd: its number may be another one's by the next
 * look. As long as it lives, /proc/PID that was opened after it is its own.
 */
static int open_target(const struct nsenter_args *a, struct ns_goal *g, struct err *e)
{
	unsigned long long inode;
	char path[32];
	pid_t pid;
	int rc = nsenter_target_parse(a->target, &pid, &inode, e);

	if (rc < 0)
		return rc;
	snprintf(path, sizeof path, "/proc/%d", pid);
	g->pidfd = sys_pidfd_open(pid);
	if (g->pidfd < 0)
		return err_sys(e, path, "no such process");
	if (inode && (rc = check_inode(g->pidfd, inode, a->target, e)) < 0)
		return rc;
	if (is_our_proc())
		g->proc = openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_has_ended(g->pidfd))
		return err_set(e, ESRCH, path, "the process has ended");
	if (g->proc >= 0 || !(nsenter_reads_proc(a) || a->user_parent))
		return 0;
	err_set(e, ENOENT, path, NULL);
	err_hint(e, "/proc is not mounted, shows another pid namespace, or hides the processes of others (hidepid)");
	return -ENOENT;
}

/* ---- the namespaces ---- */

static int no_look(const char *name, struct err *e)
{
	int rc = err_sys(e, name, "open that of the process");

	if (rc == -EACCES)
		err_hint(e, "%s", ns_hint_look);
	return rc;
}

static int open_named(const struct opt_maybe *name, const struct ns_kind *k, struct err *e)
{
	return name->value[0] == ':' ? ns_open_id(k, name->value + 1, e) : fd_open(AT_FDCWD, name->value, O_RDONLY, e);
}

/* Instead of the user namespace that is named, or else of the target's, its parent; else the one that owns what is named. */
static int open_user_parent(struct ns_goal *g, struct err *e)
{
	auto_close int user = -1;
	int i = 0, fd;

	while (i < NS_KINDS - 1 && g->fd[i] < 0)
		i++;
	if (g->fd[0] < 0 && g->proc >= 0) {
		user = openat(g->proc, "ns/user", O_RDONLY | O_CLOEXEC);
		if (user < 0)
			return no_look("user namespace", e);
	}
	fd = user >= 0 || g->fd[i] >= 0 ? ns_open_owner(user >= 0 ? user : g->fd[i], e) :
					  err_bad(e, "--user-parent", "wants a namespace, or a process: --target PID");
	if (fd < 0)
		return fd;
	fd_close(&g->fd[0]);
	g->fd[0] = fd;
	g->of_process &= ~(unsigned)CLONE_NEWUSER;
	/* that of a process beside us is where we are */
	if (ns_is_own(fd, "", ns_kinds))
		fd_close(&g->fd[0]);
	return 0;
}

static int open_namespaces(const struct nsenter_args *a, struct ns_goal *g, struct err *e)
{
	if (a->all)
		g->of_process = g->if_other = ns_known();
	/* our own user namespace cannot be entered again: setns(2) */
	if (a->all && ns_is_own(g->proc, "ns/user", ns_kinds))
		g->of_process &= ~(unsigned)CLONE_NEWUSER;
	for (int i = 0; i < NS_KINDS; i++) {
		const struct ns_kind *k = &ns_kinds[i];
		bool socket = k->flag == CLONE_NEWNET && a->net_socket.set;

		if (!socket && !a->ns[i].set)
			continue;
		g->if_other &= ~k->flag;
		g->of_process |= k->flag;
		if (!socket && !a->ns[i].value)
			continue;
		g->fd[i] = socket ? ns_open_socket(g->pidfd, (int)a->net_socket.v, e) : open_named(&a->ns[i], k, e);
		if (g->fd[i] < 0)
			return g->fd[i];
		g->of_process &= ~k->flag;
	}
	return a->user_parent ? open_user_parent(g, e) : 0;
}

/* ---- the rest ---- */

static int open_groups(struct nsenter_state *s, struct step_ctx *ctx, struct err *e)
{
	int rc;

	if (ctx->seats.n || ctx->seats.v2 >= 0)
		return err_bad(e, "--join-cgroup", "cgexec --child has named groups already");
	rc = cgroup_seats_of(s->goal.proc, &ctx->seats, e);
	/* one that has ended is in the top groups of v1, whose limits are none: cgroups(7) */
	if (rc == 0 && proc_has_ended(s->goal.pidfd))
		rc = err_set(e, ESRCH, "--join-cgroup", "the process has ended");
	if (rc == 0 && ctx->seats.v2 >= 0)
		rc = s->procs = fd_open(ctx->seats.v2, "cgroup.procs", O_WRONLY, e);
	return rc < 0 ? rc : 0;
}

/* A path of the user's, or the one of that name below the process's directory. */
static int open_dir(const struct opt_maybe *path, int proc, const char *of_target, int *out, struct err *e)
{
	if (!path->set)
		return 0;
	if (path->value) {
		*out = fd_open_dir(AT_FDCWD, path->value, e);
		return *out < 0 ? *out : 0;
	}
	*out = openat(proc, of_target, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *out < 0 ? no_look(of_target, e) : 0;
}

int nsenter_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct nsenter_args *a = args;
	struct nsenter_state *s = state;
	/* the target's directory, as one or the other option says */
	const struct opt_maybe *wd = a->wdns.set && !a->wdns.value ? &a->wdns : &a->wd;
	int rc;

	s->goal = (struct ns_goal)NS_GOAL_NONE;
	s->root = s->wd = s->procs = -1;
	rc = a->target ? open_target(a, &s->goal, e) : 0;
	if (rc == 0)
		rc = open_namespaces(a, &s->goal, e);
	if (rc == 0)
		rc = open_dir(&a->root, s->goal.proc, "root", &s->root, e);
	if (rc == 0)
		rc = open_dir(wd, s->goal.proc, "cwd", &s->wd, e);
	if (rc == 0 && a->join_cgroup)
		rc = open_groups(s, ctx, e);
	if (rc < 0 || !a->env)
		return rc;
	s->environ = fd_slurp(s->goal.proc, "environ", 1 << 22);
	return s->environ ? 0 : no_look("environ", e);
}

/* The environment is not freed: putenv(3) has made its strings our own. */
void nsenter_close(void *state)
{
	struct nsenter_state *s = state;

	ns_goal_close(&s->goal);
	fd_close(&s->root);
	fd_close(&s->wd);
	fd_close(&s->procs);
}
