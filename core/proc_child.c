/* A child that is waited for: its start, the signals that are passed on to it, its end. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/proc.h"
#include "core/sys.h"

/* The signals that the waiter takes out of the queue instead of being hit by them. */
static void watched_signals(const struct proc_child *c, sigset_t *set)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
	/* stops belong to the terminal's job control: the waiter stops, the child goes on */
	static const int stops[] = { SIGTSTP, SIGTTIN, SIGTTOU };

	if (c->forward < FORWARD_ALL) {
		sigemptyset(set);
		sigaddset(set, SIGCHLD);
		sigaddset(set, SIGINT);
		sigaddset(set, SIGTERM);
		return;
	}
	sigfillset(set);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		sigdelset(set, faults[i]);
	if (c->forward == FORWARD_INIT)
		return;
	for (size_t i = 0; i < sizeof stops / sizeof *stops; i++)
		if (!c->side || !c->side->stops || stops[i] != SIGTSTP)
			sigdelset(set, stops[i]);
	/* whoever writes what the child says hears of a reader that is gone in another way */
	if (!c->side)
		sigdelset(set, SIGPIPE);
}

/* As a shell does with a job; a session of its own would take the terminal from it. */
static void lead_group(void)
{
	bool front = tcgetpgrp(0) == getpgrp();

	/* SIGTTOU is blocked still */
	if (setpgid(0, 0) == 0 && front)
		tcsetpgrp(0, getpgrp());
}

/* The child has the mask and the dispositions of the caller: util-linux once leaked its own. */
static int child_side(struct proc_child *c, int parent_fd, const struct sigaction *chld, struct err *e)
{
	if (c->own_group)
		lead_group();
	sigaction(SIGCHLD, chld, NULL);
	sigprocmask(SIG_SETMASK, &c->old_mask, NULL);
	fd_close(&c->err_fd);
	if (c->side && c->side->born)
		c->side->born(c->side->arg);
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
	watched_signals(c, &c->watched);
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
	if (c->side && c->side->parted)
		c->side->parted(c->side->arg);
	c->pidfd = sys_pidfd_open(c->pid);
	return c->pidfd >= 0 ? 1 : give_up_child(c, e);
}

/* Pid 1 of a namespace does not hear what it has no handler for: pid_namespaces(7). Who says it three times means it. */
#define INSIST 3

static void pass_on(const struct proc_child *c, int sig)
{
	/* the group lives as long as its leader is not reaped, which nobody but this process does */
	if (!c->to_group || kill(-c->pid, sig) < 0)
		sys_pidfd_send_signal(c->pidfd, sig);
}

static void forward_signal(struct proc_child *c, const struct signalfd_siginfo *si)
{
	struct sigaction is;

	if (c->side && c->side->heard && c->side->heard(c->side->arg, (int)si->ssi_signo))
		return;
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
	pass_on(c, c->stop_sig && si->ssi_signo == SIGTERM ? c->stop_sig : (int)si->ssi_signo);
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

/* WIFSTOPPED of musl 1.2.3 overflows an int where an exit status is 128 or more: wait(2) */
static bool has_stopped(int status)
{
	return (status & 0xff) == 0x7f;
}

/* As reap(), for the first process of a namespace, or a subreaper, whose children all those are that have lost their parents. */
static int reap_all(const struct proc_child *c, int *status)
{
	int one, gone = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &one, WNOHANG)) > 0 || (pid < 0 && errno == EINTR)) {
		if (pid != c->pid)
			continue;
		*status = one;
		gone = 1;
	}
	return pid < 0 && !gone ? -errno : gone;
}

/* 1 and *status once the child is gone, 0 as long as it lives; -errno where nobody can say. */
static int reap(const struct proc_child *c, int *status)
{
	pid_t pid;

	if (c->reaper)
		return reap_all(c, status);

	/* others may be our children too, inherited over an exec: theirs is not the status we want */
	do
		pid = waitpid(c->pid, status, WNOHANG | (c->stop_alike ? WUNTRACED : 0));
	while (pid < 0 && errno == EINTR);
	if (pid > 0 && has_stopped(*status)) {
		stop_like(WSTOPSIG(*status));
		return 0;
	}
	return pid < 0 ? -errno : pid == c->pid;
}

/* What the child says before it executes the command; the end of that is the command's start. 1: it has failed. */
static int hear_child(struct proc_child *c, struct err *e)
{
	int failed = err_recv(c->err_fd, e);

	fd_close(&c->err_fd);
	if (failed <= 0 && c->side && c->side->started)
		c->side->started(c->side->arg);
	return failed;
}

/* Wait until there is something to do, and do it, apart from what the child's end means. 0 or -errno. */
static int wait_once(struct proc_child *c, int sig_fd, int *failed, struct err *e)
{
	/* a negative fd is passed over: poll(2) */
	struct pollfd p[2 + SIDE_POLLS] = { { .fd = sig_fd, .events = POLLIN }, { .fd = c->err_fd, .events = POLLIN } };
	size_t n = c->side && c->side->polls ? c->side->polls(c->side->arg, p + 2) : 0;
	struct signalfd_siginfo si;

	if (poll(p, 2 + n, -1) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll", NULL);
	if (p[1].revents)
		*failed = hear_child(c, e);
	if (n)
		c->side->ready(c->side->arg, p + 2, n);
	if (p[0].revents & POLLIN && read(sig_fd, &si, sizeof si) == (ssize_t)sizeof si && si.ssi_signo != SIGCHLD)
		forward_signal(c, &si);
	return 0;
}

int proc_wait(struct proc_child *c, struct err *e)
{
	auto_close int sig_fd = -1;
	int status = 0, failed = 0, gone, rc;

	sig_fd = signalfd(-1, &c->watched, SFD_CLOEXEC);
	if (sig_fd < 0)
		return err_sys(e, "signalfd", NULL);
	while ((gone = reap(c, &status)) == 0)
		if ((rc = wait_once(c, sig_fd, &failed, e)) < 0)
			return rc;
	if (c->side && c->side->ended)
		c->side->ended(c->side->arg);
	if (gone < 0)
		return err_set(e, -gone, "wait", "for the command");
	/* it may have failed and ended between two looks */
	if (c->err_fd >= 0)
		failed = hear_child(c, e);
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

