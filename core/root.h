/* root: giving the process another root. pivot_root(2), and what initramfs and chroots need instead. */
#ifndef CORE_ROOT_H
#define CORE_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/str.h"

/*
 * Make the directory `path` and, with `below`, all that is mounted below it
 * ready to be a root: a detached copy of its mounts, private, with `attrs`
 * (MOUNT_ATTR_*) set on all of them. Owned fd, or -errno.
 */
int root_open(const char *path, uint64_t attrs, bool below, struct err *e);

/* How a root takes another one's place. */
enum root_method {
	ROOT_AUTO,  /* by pivot_root(2), or where that cannot be, by moving */
	ROOT_PIVOT, /* by pivot_root(2) or not at all; where the root has no parent to pivot in (an initramfs), "/" is bound on itself first */
	ROOT_MOVE,  /* the new root covers the old one, as switch_root(8) does it */
};

/* What becomes of the old root. Start with ROOT_PLAN. */
struct root_plan {
	enum root_method method;
	const struct strs *moved; /* borrowed, NULL: none. Names of its mounts that have gone to the new root already, and leave it */
	bool keep;                /* into `kept`, owned: a detached copy of its mounts */
	bool free;                /* root_free_check has been asked: remove its files, so that an initramfs gives its memory back */
	int kept;
};
#define ROOT_PLAN ((struct root_plan){ .kept = -1 })

/* Go back to the mount namespace's root from a chroot, and make all mounts private: root_pivot's beginning. */
int root_isolate(struct err *e);

/*
 * Make the detached tree `root` (of root_open) the root and working directory,
 * and let the old root go with all its mounts. Works without a put_old
 * directory, with a read-only root, from a chroot and from an initramfs. The
 * mount namespace must be the process's own: whoever shares it sees the change.
 */
int root_pivot(int root, struct root_plan *plan, struct err *e);

/*
 * May the files of "/" be removed once the directory `new` is the root? Only those
 * of a file system in memory, on which neither that nor pid 1 stands. 0 or -EINVAL with *e.
 */
int root_free_check(int new, struct err *e);

/* pivot_root(2) as pivot_root(8) offers it, with the kernel's refusal explained. */
int root_pivot_plain(const char *new_root, const char *put_old, struct err *e);

/*
 * Add the hint why pivot_root(2) said `code`, an errno: which of its rules it was,
 * and what would do. Of several the one that the kernel looks at first. (root_refused.c)
 */
void root_hint(const char *new_root, const char *put_old, int code, struct err *e);

/* The mounts that switch_root(8) takes along. */
extern const char *const root_moved[];

/*
 * switch_root(8): move /dev, /proc, /sys and /run into `new_root`, make that the
 * root, and free the old one where it is an initramfs.
 */
int root_switch(const char *new_root, struct err *e);

#endif
