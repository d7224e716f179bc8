/* nsenter's own parts. */
#ifndef APPLETS_NSENTER_PRIV_H
#define APPLETS_NSENTER_PRIV_H

#include <stdbool.h>
#include <sys/types.h>

#include "applets/nsenter.h"
#include "core/err.h"
#include "core/ns_enter.h"
#include "core/step.h"

struct nsenter_state {
	struct ns_goal goal;
	int root, wd;  /* owned, -1: left alone */
	int procs;     /* owned: cgroup.procs of the v2 group to be joined, -1: none */
	char *environ; /* owned: the target's, NULL: ours stays */
};

/* "4711", "4711:123"; *inode 0 where none is given. Pure; -EINVAL with *e. */
int nsenter_target_parse(const char *text, pid_t *pid, unsigned long long *inode, struct err *e);

/* Is something asked for of the target that only its directory in /proc has? */
bool nsenter_reads_proc(const struct nsenter_args *a);

/* All that is opened before the first change: nsenter_open.c. As step_ops.open and close. */
int nsenter_open(const void *args, void *state, struct step_ctx *ctx, struct err *e);
void nsenter_close(void *state);

#endif
