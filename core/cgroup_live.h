/* cgroup_live: what is done to groups that are in use, and read from them. cgroups(7), Documentation/admin-guide/cgroup-v2.rst */
#ifndef CORE_CGROUP_LIVE_H
#define CORE_CGROUP_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/cgroup.h"
#include "core/err.h"
#include "core/str.h"

/* How long processes that were killed are given to die, in ms. */
#define CGROUP_KILL_WAIT_MS 10000

/* ---- whose: cgroup_move.c ---- */

/*
 * Move a process with all its threads into each of the groups. -ESRCH: there is
 * none; -EINVAL: a kernel thread. After a failure it is in those before that one.
 */
int cgroup_move(const struct cgroup_dirs *d, pid_t pid, struct err *e);

/*
 * Give the directories and those files to a user with which processes are moved
 * and groups made below, but not those with the limits. gid (gid_t)-1: as it is.
 */
int cgroup_delegate(const struct cgroup_dirs *d, uid_t uid, gid_t gid, struct err *e);

/* ---- stopping: cgroup_freeze.c, cgroup_remove.c ---- */

/* -EINVAL with *e where this process is in one of the groups or below: `what` would hit the one who does it. */
int cgroup_not_own(const struct cgroup_dirs *d, const char *what, struct err *e);

/*
 * Stop all processes of the group, or let them go on, and wait until it is so:
 * with v1's freezer where that is among the groups, else by the v2 node. After
 * a failure to freeze they go on.
 */
int cgroup_freeze(const struct cgroup_dirs *d, bool freeze, struct err *e);

/* Kill what is in the groups and below, and thaw them, whoever has frozen them. -EBUSY with *e when some are left after wait_ms. */
int cgroup_dirs_kill(const struct cgroup_dirs *d, int wait_ms, struct err *e);

/* ---- groups that several calls use: cgroup_share.c ---- */

/* As long as this is open, cgroup_dirs_retire of another call leaves the group: g->hold. -ENODEV: it is gone. Else 0, also where it cannot be. */
int cgroup_share(struct cgroup_dir *g);

/*
 * For the watcher: remove the groups that this call made when nobody is in them
 * and no other call is about to be; with `kill` what is in them does not count. 0 or -errno with *e.
 */
int cgroup_dirs_retire(struct cgroup_dirs *d, bool kill, struct err *e);

/* ---- figures: cgroup_figures.c, cgroup_usage.c ---- */

/*
 * Append what the file `name` of the groups says, v1's name or v2's; where the
 * group has only the other version's file, its value in the words of `name`.
 */
int cgroup_figure(const struct cgroup_dirs *d, const char *name, struct strbuf *out, struct err *e);

/* What has been used so far; -1 is what the kernel does not count. */
#define CGROUP_USAGE_MAX 32
struct cgroup_usage {
	long long v[CGROUP_USAGE_MAX];
};
void cgroup_usage_read(const struct cgroup_dirs *d, struct cgroup_usage *u);

/* Append "KEY=VALUE" lines: what was used between the two; the highest values are those of all times. */
void cgroup_usage_format(const struct cgroup_usage *before, const struct cgroup_usage *after, struct strbuf *out);

/* ---- events: cgroup_events.c ---- */

/*
 * Wait until the group with the memory controller has run out of memory, from
 * the call of this function on, and append its counters. -ENODEV with *e: the group was removed.
 */
int cgroup_wait_oom(const struct cgroup_dirs *d, struct strbuf *out, struct err *e);

#endif
