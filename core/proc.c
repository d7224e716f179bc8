#include "core/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/sys.h"

/* The signals that the waiter takes out of the queue instead of being hit by them. */
static void watched_signals(enum proc_forward forward, sigset_t *set)
{
	/* stops belong to the terminal's job control: the waiter stops, the child goes on */
	static const int never[] = { SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };

	if (forward != FORWARD_ALL) {
		sigemptyset(set);
		sigaddset(set, SIGCHLD);
		sigaddset(set, SIGINT);
		sigaddset(set, SIGTERM);
		return;
	}
	sigfillset(set);
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		sigdelset(set, never[i]);
}

bool proc_has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	/* a pidfd is readable once its process is dead, and -1 never: pidfd_open(2) */
	return poll(&p, 1, 0) > 0;
}

int proc_set_pdeathsig(int sig, int parent_fd, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)sig) < 0)
		return err_sys(e, "parent-death signal", NULL);
	if (proc_has_ended(parent_fd))
		return err_set(e, ESRCH, "parent-death signal", "the parent has died");
	return 0;
}

/* The child has the mask and the dispositions of the caller: util-linux once leaked its own. */
static int child_side(struct proc_child *c, int parent_fd, const struct sigaction *chld, struct err *e)
{
	sigaction(SIGCHLD, chld, NULL);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	fd_close(&c->err_fd);
	return c->kill_sig ? proc_set_pdeathsig(c->kill_sig, parent_fd, e) : 0;
}

/* A child that cannot be watched is none to leave running. */
static int give_up_child(struct proc_child *c, struct err *e)
{
	int rc = err_sys(e, "pidfd_open", NULL);

	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(&c->err_fd);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	c->pid = -1;
	return rc;
}

int proc_fork(struct proc_child *c, int *err_fd, int *parent_fd, struct err *e)
{
	auto_close int self = sys_pidfd_open(getpid());
	struct sigaction dfl = { .sa_handler = SIG_DFL }, chld;
	int pipe_fd[2];

	c->pid = -1;
	if (self < 0)
		return err_sys(e, "pidfd_open", NULL);
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_sys(e, "pipe", NULL);
	/* an inherited SIG_IGN would have the kernel reap the child and lose its status */
	sigaction(SIGCHLD, &dfl, &chld);
	watched_signals(c->forward, &c->watched);
	if (c->stop_alike)
		sigaddset(&c->watched, SIGCONT);
	sigprocmask(SIG_BLOCK, &c->watched, &c->old_mask);
	c->err_fd = pipe_fd[0];
	c->pid = c->into >= 0 ? sys_fork_into(c->namespaces, c->into) : -1;
	c->born_there = c->pid >= 0;
	/* refused for the group's sake, or an old kernel, or a filter of system calls: the child can still join */
	if (c->pid < 0)
		c->pid = c->namespaces ? sys_fork_into(c->namespaces, -1) : fork();
	if (c->pid == 0) {
		fd_close(err_fd);
		fd_close(parent_fd);
		*err_fd = pipe_fd[1];
		*parent_fd = take_fd(&self);
		return child_side(c, *parent_fd, &chld, e);
	}
	close(pipe_fd[1]);
	if (c->pid < 0) {
		int rc = err_sys(e, c->namespaces ? "new namespaces" : "fork", NULL);

		/* the first process of a dead pid namespace: pid_namespaces(7) */
		if (rc == -ENOMEM)
			err_hint(e, "the pid namespace that the child would enter has lost its first process");
		fd_close(&c->err_fd);
		sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
		sigaction(SIGCHLD, &chld, NULL);
		return rc;
	}
	c->pidfd = sys_pidfd_open(c->pid);
	return c->pidfd >= 0 ? 1 : give_up_child(c, e);
}

/* Pid 1 of a namespace does not hear what it has no handler for: pid_namespaces(7). Who says it three times means it. */
#define INSIST 3

static void forward_signal(struct proc_child *c, const struct signalfd_siginfo *si)
{
	struct sigaction is;

	/* who continues us means both; that the child may have heard it already does no harm */
	if (c->stop_alike && si->ssi_signo == SIGCONT)
		sys_pidfd_send_signal(c->pidfd, SIGCONT);
	if (c->forward == FORWARD_NONE)
		return;
	/* what was ignored when we came, and got here since it is blocked, stays without effect: nohup(1) */
	if (sigaction((int)si->ssi_signo, NULL, &is) == 0 && is.sa_handler == SIG_IGN)
		return;
	/* what the terminal sent to the whole process group has reached the child already */
	if (si->ssi_code == SI_KERNEL && getpgid(c->pid) == getpgrp())
		return;
	if (c->forward == FORWARD_ALL && (si->ssi_signo == SIGINT || si->ssi_signo == SIGTERM) && ++c->insisted == INSIST)
		sys_pidfd_send_signal(c->pidfd, SIGKILL);
	sys_pidfd_send_signal(c->pidfd, (int)si->ssi_signo);
}

/* As the child, unless it is to go on: a stop would take the SIGCONT back that waits to be passed on, signal(7). */
static void stop_like(int sig)
{
	sigset_t pending;

	sigpending(&pending);
	if (sigismember(&pending, SIGCONT))
		return;
	sys_signal_default(sig);
	kill(getpid(), sig);
}

/* 1 and *status once the child is gone, 0 as long as it lives; -errno where nobody can say. */
static int reap(const struct proc_child *c, int *status)
{
	pid_t pid;

	/* others may be our children too, inherited over an exec: theirs is not the status we want */
	do
		pid = waitpid(c->pid, status, WNOHANG | (c->stop_alike ? WUNTRACED : 0));
	while (pid < 0 && errno == EINTR);
	if (pid > 0 && WIFSTOPPED(*status)) {
		stop_like(WSTOPSIG(*status));
		return 0;
	}
	return pid < 0 ? -errno : pid == c->pid;
}

int proc_wait(struct proc_child *c, struct err *e)
{
	struct signalfd_siginfo si;
	auto_close int sig_fd = -1;
	int status = 0, failed = 0, gone;

	sig_fd = signalfd(-1, &c->watched, SFD_CLOEXEC);
	if (sig_fd < 0)
		return err_sys(e, "signalfd", NULL);
	while ((gone = reap(c, &status)) == 0) {
		/* a negative fd is passed over: poll(2) */
		struct pollfd p[2] = { { .fd = sig_fd, .events = POLLIN }, { .fd = c->err_fd, .events = POLLIN } };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(e, "poll", NULL);
		if (p[1].revents) {
			failed = err_recv(c->err_fd, e);
			fd_close(&c->err_fd);
		}
		if (p[0].revents & POLLIN && read(sig_fd, &si, sizeof si) == (ssize_t)sizeof si && si.ssi_signo != SIGCHLD)
			forward_signal(c, &si);
	}
	if (gone < 0)
		return err_set(e, -gone, "wait", "for the command");
	/* it may have failed and ended between two looks */
	if (c->err_fd >= 0)
		failed = err_recv(c->err_fd, e);
	fd_close(&c->err_fd);
	fd_close(&c->pidfd);
	if (failed > 0)
		return e->code ? -e->code : -EINVAL;
	return status;
}

_Noreturn void proc_end_like(int status, bool die_alike)
{
	struct rlimit none = { 0, 0 };
	int sig = WTERMSIG(status);
	sigset_t set;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	if (die_alike) {
		/* the child has dumped core; ours would only overwrite it */
		setrlimit(RLIMIT_CORE, &none);
		signal(sig, SIG_DFL);
		sigemptyset(&set);
		sigaddset(&set, sig);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		kill(getpid(), sig);
		/* pid 1 of a namespace is not killed by itself */
	}
	_exit(128 + sig);
}

void proc_close_others(const int *keep, size_t n)
{
	unsigned from = 0;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > from)
			sys_close_range(from, next == ~0U ? ~0U : next - 1, 0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

/*
 * Do children go to another pid namespace than ours? Until it has its first
 * process, which a watcher would become, the link cannot be read:
 * pid_namespaces(7). Without a procfs nobody knows.
 */
static bool children_elsewhere(void)
{
	char own[64], theirs[64];
	ssize_t n = readlink("/proc/self/ns/pid", own, sizeof own);

	return n > 0 && (readlink("/proc/self/ns/pid_for_children", theirs, sizeof theirs) != n || memcmp(own, theirs, (size_t)n));
}

int proc_detach(int *main, const int *keep, size_t n, struct err *e)
{
	auto_close int self = -1;
	int kept[32];
	pid_t pid;

	if (getpid() == 1) {
		err_set(e, EINVAL, "watcher", "pid 1 cannot leave cleaning up to another process: all end with it");
		err_hint(e, "put the step that cleans up before unshare --pid");
		return -EINVAL;
	}
	if (children_elsewhere()) {
		err_bad(e, "watcher", "would live in the new pid namespace and end with it");
		err_hint(e, "put the step that cleans up before unshare --pid");
		return -EINVAL;
	}
	if (n + 1 > sizeof kept / sizeof *kept)
		return err_set(e, EMFILE, "watcher", NULL);
	self = sys_pidfd_open(getpid());
	if (self < 0)
		return err_sys(e, "pidfd_open", NULL);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork", NULL);
	if (pid > 0) {
		int status = 0;

		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return status ? err_set(e, EAGAIN, "watcher", "fork") : 0;
	}
	/* its own session: a terminal's Ctrl-C must not end it; the grandchild is nobody's child */
	setsid();
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	for (size_t i = 0; i < n; i++)
		kept[i] = keep[i];
	kept[n] = self;
	proc_reset_signals();
	signal(SIGHUP, SIG_IGN);
	proc_close_others(kept, n + 1);
	if (chdir("/") < 0)
		_exit(0);
	*main = take_fd(&self);
	return 1;
}

int proc_watch(const int *keep, size_t n, struct err *e)
{
	int main = -1, rc = proc_detach(&main, keep, n, e);

	while (rc == 1 && poll(&(struct pollfd){ .fd = main, .events = POLLIN }, 1, -1) <= 0)
		if (errno != EINTR)
			_exit(0);
	fd_close(&main);
	return rc;
}

int proc_open(struct err *e)
{
	auto_close int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fs = -1;
	struct statfs sfs;
	int own;

	if (fd >= 0 && fstatfs(fd, &sfs) == 0 && sfs.f_type == PROC_SUPER_MAGIC)
		return take_fd(&fd);
	fs = sys_fsopen("proc");
	if (fs < 0 || sys_fsconfig_create(fs) < 0 || (own = sys_fsmount(fs, 0)) < 0)
		return err_sys(e, "/proc", "no procfs is mounted there and none can be made");
	return own;
}

long long proc_start_time(int proc, pid_t pid)
{
	char path[32], text[1024];
	const char *s;
	ssize_t len;

	snprintf(path, sizeof path, "%d/stat", pid);
	len = fd_get(proc, path, text, sizeof text);
	if (len < 0)
		return len;
	/* the name in parentheses may hold anything, a ")" too: count from the last one */
	s = strrchr(text, ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	return s ? strtoll(s + 1, NULL, 10) : -EIO;
}

void proc_reset_signals(void)
{
	sigset_t none;

	/* signal(3) refuses 32 to 34, which glibc's posix_spawn(3), and so make, leaves ignored */
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		sys_signal_default(sig);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
