/* pivot's own parts, shared between its files. */
#ifndef APPLETS_PIVOT_PRIV_H
#define APPLETS_PIVOT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "applets/pivot.h"
#include "core/cgroup.h"
#include "core/dev.h"
#include "core/mnt.h"
#include "core/record.h"
#include "core/root.h"
#include "core/step.h"

/* A detached mount that waits for its place inside the new root. */
struct pivot_item {
	int fd;          /* owned */
	char *where;     /* owned: absolute path inside the root */
	bool dir;
	bool etc;        /* one of the files of --etc: where its place is missing and cannot be made, the container does without */
	enum mnt_links links;
	bool ours;       /* the place is in a mount of --api, and needs no looking at: nobody else has been there */
};

struct pivot_items {
	struct pivot_item *v;
	size_t n;
};

/* Append; takes fd over, also on failure. 0 or -ENOMEM with *e. */
int pivot_item_add(struct pivot_items *l, int fd, const char *where, bool dir, enum mnt_links links, struct err *e);
void pivot_items_release(struct pivot_items *l);

/*
 * The mounts of --api, in the order in which they are attached; made while the
 * host's /proc can still be seen. `host` are its hierarchies, NULL: look.
 */
int pivot_api_make(const struct pivot_args *a, const struct cgroups *host, struct pivot_items *l, struct err *e);

/*
 * What the new root is made of (pivot_base.c): NEWROOT as a detached mount, and
 * the directory of --overlay as another, with the owners of the user namespace
 * `userns`, unless that is -1; both owned, or -errno.
 */
/* Is there an overlay, so that nothing is ever written to NEWROOT? */
static inline bool pivot_base_is_kept(const struct pivot_mounts *m)
{
	return m->overlay || m->ephemeral;
}
int pivot_base_check(const struct pivot_mounts *m, struct err *e);
int pivot_base_open(const struct pivot_args *a, int userns, struct err *e);
/*
 * It is locked, for nobody else to have it at once: ctx->kept, which the waiter of
 * a run holds; else a process in the background, as long as this one lives.
 */
int pivot_upper_lock(const struct pivot_args *a, struct step_ctx *ctx, struct err *e);
/* ctx->kept, as a detached mount. */
int pivot_upper_open(const struct pivot_args *a, const struct step_ctx *ctx, int userns, struct err *e);
/* With --overlay and --ephemeral: put the overlay in *root's place. 0 or -errno. */
int pivot_base_overlay(const struct pivot_args *a, int *root, int upper, struct err *e);

/*
 * --device (pivot_device.c): what it takes from the host, as items; the places of
 * them alone; and once `root` is "/", before the volumes: the nodes.
 */
int pivot_devices_open(const struct pivot_args *a, struct pivot_items *l, struct err *e);
int pivot_devices_places(const struct pivot_args *a, struct pivot_items *l, struct err *e);
int pivot_devices_make(const struct pivot_args *a, const struct pivot_items *l, int root, struct err *e);

/* --volume as items, with the owners of the user namespace `userns`, unless that is -1. */
int pivot_volumes_open(const struct pivot_args *a, int userns, struct pivot_items *l, struct err *e);
/* Add --tmpfs, whose owner is the root of the user namespace that it is made in, and the places of --etc, and bring all in order: shallow places first. */
int pivot_tmpfs_add(const struct pivot_args *a, struct pivot_items *l, struct err *e);

/*
 * --prepare: make the mount points that `root` lacks, holding a share in them;
 * with --rm a watcher, or the waiter of a run, gives it back.
 */
int pivot_prepare(const struct pivot_args *a, int root, struct record_points *points, struct step_ctx *ctx, struct err *e);

/* --etc: what it knows of the host, and makes. */
struct pivot_etc_files {
	char *host;   /* owned: the host's resolv.conf; NULL: there is no --etc */
	char *behind; /* owned: the one to take instead where that is for the host only, or NULL */
	int mnt;      /* owned: the files' file system, or -1 */
};
#define PIVOT_ETC_NONE ((struct pivot_etc_files){ .mnt = -1 })

int pivot_etc_check(const struct pivot_etc *etc, struct err *e);
/* Read what is the host's; write the files, in the container's namespaces. */
int pivot_etc_open(const struct pivot_args *a, struct pivot_etc_files *f, struct err *e);
int pivot_etc_make(const struct pivot_args *a, struct pivot_etc_files *f, const struct step_ctx *ctx, struct err *e);
void pivot_etc_release(struct pivot_etc_files *f);
/* Append the files' places, if they are wanted, still without a mount; give them theirs, once `root` is "/". */
int pivot_etc_add(const struct pivot_args *a, struct pivot_items *l, struct err *e);
int pivot_etc_copy(const struct pivot_etc_files *f, int root, bool read_only, struct pivot_items *l, struct err *e);
/* Can the container do without this mount, as its place, for which mnt_point said rc, is missing and can be made by nobody? */
bool pivot_etc_can_lack(const struct pivot_item *it, int rc);

/* The old root (pivot_old.c). */
#define PIVOT_MOVES_MAX 8
#define PIVOT_NAME_MAX 64
struct pivot_moved {
	int mnt, at;                    /* owned: the detached mount, and its place in the new root, or -1 */
	char where[PIVOT_NAME_MAX + 1]; /* "/dev" */
};
struct pivot_old_state {
	struct root_plan plan; /* its `moved` is to be `names` */
	struct strs names;
	struct pivot_moved moved[PIVOT_MOVES_MAX];
	size_t n;
	int keep_at;           /* owned: where the old root goes, or -1 */
};
#define PIVOT_OLD_NONE ((struct pivot_old_state){ .plan = ROOT_PLAN, .keep_at = -1 })

int pivot_old_check(const struct pivot_args *a, struct err *e);
/* What goes along from the old root, to the one whose detached mounts are `root`; no place is made yet. */
int pivot_old_open(const struct pivot_args *a, struct pivot_old_state *s, int root, struct err *e);
/* Make the places in `root`: what cannot be made is to be known before the old root is left. */
int pivot_old_points(const struct pivot_args *a, struct pivot_old_state *s, int root, struct err *e);
/* After the pivot: what was kept and moved gets its place. And the last of all. */
int pivot_old_attach(const struct pivot_args *a, struct pivot_old_state *s, struct err *e);
int pivot_old_console(const struct pivot_old *o, struct err *e);
void pivot_old_release(struct pivot_old_state *s);

/* After the pivot: hide the paths of --mask. `null` is a detached /dev/null, or -1: take the root's own. */
int pivot_mask(const struct pivot_args *a, int root, int null, struct err *e);
int pivot_read_only_paths(const struct pivot_args *a, int root, struct err *e);

/* "KEY=VALUE" of --sysctl, or "default": set it, through the procfs `proc`. */
int pivot_sysctl_set(const char *text, int proc, struct err *e);

#endif
