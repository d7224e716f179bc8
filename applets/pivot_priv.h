/* pivot's own parts, shared between its files. */
#ifndef APPLETS_PIVOT_PRIV_H
#define APPLETS_PIVOT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/pivot.h"
#include "core/cgroup.h"
#include "core/dev.h"
#include "core/record.h"

/* A detached mount that waits for its place inside the new root. */
struct pivot_item {
	int fd;          /* owned */
	char *where;     /* owned: absolute path inside the root */
	bool dir;
	bool no_links;   /* the place must not be reached through a symbolic link */
	bool ours;       /* the place is in a mount of --api, and needs no looking at: nobody else has been there */
};

struct pivot_items {
	struct pivot_item *v;
	size_t n;
};

/* Append; takes fd over, also on failure. 0 or -ENOMEM with *e. */
int pivot_item_add(struct pivot_items *l, int fd, const char *where, bool dir, bool no_links, struct err *e);
void pivot_items_release(struct pivot_items *l);

/*
 * The mounts of --api, in the order in which they are attached; made while the
 * host's /proc can still be seen. `host` are its hierarchies, NULL: look.
 */
int pivot_api_make(const struct pivot_args *a, const struct cgroups *host, struct pivot_items *l, struct err *e);

/* --volume as items, with the owners of the user namespace `userns`, unless that is -1. */
int pivot_volumes_open(const struct pivot_args *a, int userns, struct pivot_items *l, struct err *e);
/* Add --tmpfs, whose owner is the root of the user namespace that it is made in, and bring all in order: shallow places first. */
int pivot_tmpfs_add(const struct pivot_args *a, struct pivot_items *l, struct err *e);

/*
 * --prepare: make the mount points that `root` lacks, holding a share in them;
 * with --rm a watcher, or the waiter of a run, gives it back.
 */
int pivot_prepare(const struct pivot_args *a, int root, struct record_points *points, struct step_ctx *ctx, struct err *e);

/* After the pivot: hide the paths of --mask. `null` is a detached /dev/null, or -1: take the root's own. */
int pivot_mask(const struct pivot_args *a, int root, int null, struct err *e);
int pivot_read_only_paths(const struct pivot_args *a, int root, struct err *e);

/* "KEY=VALUE" of --sysctl, or "default": is it one that belongs to a namespace? And set it, through the procfs `proc`. */
int pivot_sysctl_check(const char *text, struct err *e);
int pivot_sysctl_set(const char *text, int proc, struct err *e);

#endif
