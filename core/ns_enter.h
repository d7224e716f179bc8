/* ns: entering namespaces that are there already. setns(2) */
#ifndef CORE_NS_ENTER_H
#define CORE_NS_ENTER_H

#include <stdbool.h>

#include "core/err.h"
#include "core/ns.h"

/* rows of ns_kinds */
#define NS_KINDS 8

/* What is to be entered; all fds owned. Start with NS_GOAL_NONE. */
struct ns_goal {
	int pidfd;           /* the process whose namespaces are meant, -1: none */
	int proc;            /* its directory in /proc, -1: unknown */
	unsigned of_process; /* CLONE_NEW*: those of the process */
	unsigned if_other;   /* of these: no failure where we are in it already */
	int fd[NS_KINDS];    /* those that have been opened, as ns_kinds has them; -1: none */
};
#define NS_GOAL_NONE { -1, -1, 0, 0, { -1, -1, -1, -1, -1, -1, -1, -1 } }

/*
 * Enter them all; fds of what was entered are closed, and *entered (CLONE_NEW*)
 * grows. Those that the caller has a right to come first, then the user
 * namespace, then the rest. -errno with *e naming the one that was refused.
 */
int ns_enter(struct ns_goal *g, unsigned *entered, struct err *e);

void ns_goal_close(struct ns_goal *g);

/* What is to be said when another process's namespaces, root or environment may not be looked at. */
extern const char ns_hint_look[];

/* The kinds, CLONE_NEW*, that the running kernel has; none without a /proc. */
unsigned ns_known(void);

/* Is the file, below `dir`, the namespace of this kind that we are in? Not where it cannot be looked at. */
bool ns_is_own(int dir, const char *path, const struct ns_kind *k);

/* An owned fd of a namespace, or -errno with *e: by the number that the kernel gave it ("4711"), */
int ns_open_id(const struct ns_kind *k, const char *id, struct err *e);
/* of the network namespace of a socket that the process has open, */
int ns_open_socket(int pidfd, int fd, struct err *e);
/* of the user namespace that owns the namespace `ns`, for a user namespace its parent. */
int ns_open_owner(int ns, struct err *e);

#endif
