/* proc: forking, waiting, executing, and procfs as a place to ask about processes. */
#ifndef CORE_PROC_H
#define CORE_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/side.h"

enum proc_forward {
	FORWARD_NONE, /* SIGINT and SIGTERM neither end the waiter nor reach the child, as util-linux has it */
	FORWARD_TERM, /* SIGINT and SIGTERM go to the child */
	FORWARD_ALL,  /* all that can be caught, apart from job control's stops; the third SIGINT or SIGTERM kills */
	FORWARD_INIT, /* all that can be caught, as often as it comes */
};

/* A child that is waited for. */
struct proc_child {
	pid_t pid;
	int pidfd;                 /* owned */
	int err_fd;                /* owned: the child's failure before its exec, then end of file */
	enum proc_forward forward;
	int kill_sig;              /* what the child gets when its parent dies, 0: nothing */
	int stop_sig;              /* what the child gets for a SIGTERM, 0: that */
	bool to_group;             /* signals go to the child's process group */
	bool own_group;            /* the child leads one of its own, in the foreground where the waiter was */
	bool reaper;               /* all children are the waiter's to reap */
	const struct side_job *side; /* borrowed, or NULL */
	int into;                  /* directory of the v2 group that the child starts in where the kernel can do that; -1: in ours */
	unsigned namespaces;       /* CLONE_NEW*: those that the child is born in, and the waiter stays out of */
	bool born_there;           /* it could: set by proc_fork */
	bool stop_alike;           /* the waiter stops when the child does, and SIGCONT continues both */
	bool die_alike;            /* the waiter ends by the child's signal itself instead of 128+n */
	unsigned insisted;         /* how often SIGINT or SIGTERM was forwarded */
	sigset_t watched;          /* signals that the waiter takes out of the queue */
	sigset_t old_mask;
};

/*
 * Fork a child to be waited for; all from c->forward on that is not said to be
 * set here is set by the caller. In the child 0, with *err_fd and *parent_fd (both owned, CLOEXEC):
 * the pipe that takes a struct err, and a pidfd of the parent. In the parent 1.
 * -errno where nothing was forked (c->pid -1), or in the child (c->pid 0). No signal that arrives meanwhile is lost:
 * those to be forwarded stay blocked in the parent from before the fork.
 */
int proc_fork(struct proc_child *c, int *err_fd, int *parent_fd, struct err *e);

/*
 * Wait for the child to end, forwarding signals. Returns its wait status, or
 * -errno with *e filled where the child failed before its exec. The signals stay
 * blocked: what the caller still has to clean up is not to be cut short by them.
 */
int proc_wait(struct proc_child *c, struct err *e);

/* End as the child did, from its wait status. */
_Noreturn void proc_end_like(int status, bool die_alike);

/* Is the process dead, a zombie included? Of -1: no. */
bool proc_has_ended(int pidfd);

/*
 * Have this process killed by `sig` when its parent dies, and check that it has
 * not died already: parent_fd is its pidfd (getppid() says 0 across pid
 * namespaces), or -1. To be called after the last change of ids, which clears
 * it: prctl(2), PR_SET_PDEATHSIG. -ESRCH: the parent is gone.
 */
int proc_set_pdeathsig(int sig, int parent_fd, struct err *e);

/*
 * Fork a watcher: no child of ours, a session of its own, every fd but the n
 * in `keep` closed. Returns 0 here, and 1 in the watcher once this process (by
 * whatever name: it may have executed something) is dead. -errno where it
 * cannot be: neither as pid 1 nor in a new pid namespace would it outlive us.
 */
int proc_watch(const int *keep, size_t n, struct err *e);
/* The same, but it returns at once: *main (owned, in the watcher alone) is a pidfd of this process, readable once that is dead. */
int proc_detach(int *main, const int *keep, size_t n, struct err *e);
/* Close all fds but those n. */
void proc_close_others(const int *keep, size_t n);

/*
 * Execute argv[0], found along PATH as execvp(3) does; a script without "#!" is
 * given to /bin/sh. Returns only on failure: e->status 127 (not found) or 126,
 * and a hint where the reason can be seen. environ is passed on.
 */
int proc_exec(char *const argv[], struct err *e);
/* Would it find a program of that name? */
bool proc_in_path(const char *name);
/* Execute a shell, by its path, as login(1) does: a "-" before its name says that it is a login shell. */
int proc_exec_login(const char *shell, struct err *e);

/*
 * A directory fd of a procfs that is none of the container's making: /proc
 * where a procfs is mounted there, else an instance of our own that is mounted
 * nowhere (needs CAP_SYS_ADMIN). Owned, or -errno.
 */
int proc_open(struct err *e);

/* Start time of process `pid` in clock ticks since boot (proc_pid_stat(5), field 22), or -errno. */
long long proc_start_time(int proc, pid_t pid);

/*
 * Lead a session of one's own, without a terminal: setsid(2), also where this
 * process leads a process group. 0, also where it leads one already, or -errno.
 */
int proc_new_session(struct err *e);

/* Set all signals to their default action and unblock them, as a fresh process has them. */
void proc_reset_signals(void);

#endif
