/* cgexec's own parts. */
#ifndef APPLETS_CGEXEC_PRIV_H
#define APPLETS_CGEXEC_PRIV_H

#include <time.h>

#include "applets/cgexec.h"
#include "core/cgroup_live.h"

/* ---- acting on a group in use: cgexec_live.c ---- */

extern const struct opt cgexec_live_opts[];

/* Pure. */
int cgexec_live_check(const struct cgexec_live *l, struct err *e);
/* Do they fit a line with a command behind it, or, `alone`, without one? `rm`: --rm is given. */
int cgexec_live_fits(const struct cgexec_live *l, bool alone, bool rm, struct err *e);

/* The first of them that is given, "--kill", or NULL. */
const char *cgexec_live_given(const struct cgexec_live *l);

/* Give the groups away, where that was asked for. */
int cgexec_delegate(const struct cgexec_live *l, const struct cgroup_dirs *d, struct err *e);
/* Everything else; prints what was asked for. */
int cgexec_act(const struct cgexec_live *l, const struct cgroup_dirs *d, struct err *e);

/* Move each process; those that can be are, and the first failure, or text that is no process id, is the result. */
int cgexec_move(const struct strs *pids, const struct cgroup_dirs *d, struct err *e);

/* ---- --report: cgexec_report.c ---- */

struct cgexec_report {
	int fd;                     /* owned where there is a file, else the caller's; -1: none */
	bool is_file;
	struct timespec start;
	struct cgroup_usage before;
};

/* Where it goes to: opened before anything changes. */
int cgexec_report_open(const struct opt_maybe *to, struct cgexec_report *r, struct err *e);
void cgexec_report_close(struct cgexec_report *r);

/* Fork, as ctx->child; the child is born in the groups, or outside of them where !joins. STEP_WAIT, 0 in the child, -errno. */
int cgexec_report_fork(struct cgexec_report *r, const struct cgroup_dirs *d, bool joins, struct step_ctx *ctx, struct err *e);

/* In the waiter, once the child has ended. */
int cgexec_report_write(struct cgexec_report *r, const struct cgroup_dirs *d, int status, struct err *e);

#endif
