/* step: one change of process state, and what it needs to know of the line it stands in. */
#ifndef CORE_STEP_H
#define CORE_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cgroup.h"
#include "core/err.h"
#include "core/opt.h"
#include "core/proc.h"
#include "core/sock.h"

/* What apply returns in the parent of a step that forked: wait for ctx->child. */
#define STEP_WAIT 1

/* What a line of applets, or one run, knows of itself. Passed on through a re-exec by chain.c. */
struct step_ctx {
	bool run;                /* one plan makes the whole start: its waiter releases what is left */
	int err_fd;              /* owned: failures go to the waiter through it; -1: to stderr */
	int parent_fd;           /* owned: pidfd of the waiter, -1: none */
	const struct cgroups *cgroups; /* borrowed: the host's, where run has looked already; else NULL */
	bool left;               /* a release could not take all away that outlives the process */
	bool done;               /* all there was to say has been said: what follows on the line is not run */
	int again;               /* borrowed: our own binary, where it is to be executed further down the line; else -1 */
	bool alone;              /* no command follows: a change of this process would be of no use */
	unsigned made;           /* CLONE_NEW*: namespaces made so far */
	int net_sock;            /* owned: the agent that wires the network namespace to come (net.h), -1: none */
	int tty_sock;            /* owned: who carries what the terminal to come shows (tty.h), -1: nobody */
	int kept;                /* owned: the directory of --overlay that this line has locked, -1: none */
	struct cgroup_seats seats; /* owned: groups for the child that the next step forks */
	const struct side_job *side; /* borrowed: what the waiter of a run does beside waiting, or NULL */
	struct sock_passed sockets; /* owned: the command's; no waiter's */
	bool pid_pending;        /* a new pid namespace waits for its first process */
	bool joined;             /* this process has entered a pid namespace with strangers in it */
	bool unmapped;           /* nobody in a new user namespace that has a root: what a further applet is */
	bool creds_changed;      /* execve's capability rules are due: capabilities(7) */
	unsigned forks;          /* how often this line has gone on in a child */
	struct proc_child child; /* filled when apply returned STEP_WAIT */
	void (*forked)(const struct proc_child *child); /* called in that parent before it waits, and in the child (pid 0); or NULL */
};

/*
 * The operations of one kind of step. args is pure data, filled by the option
 * table; state holds what open and apply found or made, zeroed at first.
 */
struct step_ops {
	const char *name;       /* the words that follow "nestbox" in a chain, such as "netns new" */
	const struct opt *opts;
	size_t args_size;
	size_t state_size;
	/* Is *args in order? Pure: looks at nothing but args. 0 or -errno. */
	int (*check)(const void *args, struct err *e);
	/* Resolve the host's paths into fds; changes nothing. May be NULL. */
	int (*open)(const void *args, void *state, struct step_ctx *ctx, struct err *e);
	/* Make the change. 0, -errno, or STEP_WAIT in a parent. */
	int (*apply)(const void *args, void *state, struct step_ctx *ctx, struct err *e);
	/* In the waiter, once the child has ended with this status (waitpid(2)), before anything is taken away. May be NULL. */
	int (*ended)(const void *args, void *state, int status, struct err *e);
	/*
	 * Take away what outlives the process: after a failure, and in the waiter
	 * at the end. May be NULL. With `failed`, all that was made; else only
	 * what the args say is to go.
	 */
	void (*release)(const void *args, void *state, bool failed);
	/* Close the state's fds and free what it holds; the last of all. May be NULL. */
	void (*close)(void *state);
};

#endif
