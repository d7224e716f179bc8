/* root: giving the process another root. pivot_root(2), and what initramfs and chroots need instead. */
#ifndef CORE_ROOT_H
#define CORE_ROOT_H

#include <stdint.h>

#include "core/err.h"

/*
 * Make the directory `path` and all that is mounted below it ready to be a root:
 * a detached copy of its mounts, private, with `attrs` (MOUNT_ATTR_*) set on
 * all of them. Owned fd, or -errno.
 */
int root_open(const char *path, uint64_t attrs, struct err *e);

/*
 * Make the detached tree `root` (of root_open) the root and working directory,
 * and let the old root go with all its mounts. Works without a put_old
 * directory, with a read-only root, from a chroot and from an initramfs. The
 * mount namespace must be the process's own: whoever shares it sees the change.
 */
int root_pivot(int root, struct err *e);

/* pivot_root(2) as pivot_root(8) offers it, with the kernel's "Invalid argument" explained. */
int root_pivot_plain(const char *new_root, const char *put_old, struct err *e);

/*
 * switch_root(8): move /dev, /proc, /sys and /run into `new_root`, make that the
 * root, and free the old one where it is an initramfs.
 */
int root_switch(const char *new_root, struct err *e);

#endif
