/* pivot: another root for the process, and what a container expects to find in it. */
#ifndef APPLETS_PIVOT_H
#define APPLETS_PIVOT_H

#include <stdbool.h>

#include "core/opt.h"
#include "core/step.h"

/* What run and pivot say about mounts in the same words. */
struct pivot_mounts {
	struct strs binds;  /* docker's -v */
	struct strs tmpfs;  /* docker's --tmpfs */
	bool read_only;
};

struct pivot_args {
	struct pivot_mounts mounts;
	bool api;
	bool api_write;       /* /sys and /sys/fs/cgroup can be written, as for a privileged container */
	bool host_devices;
	bool nodev;
	bool here;
	bool prepare, rm;
	struct strs mask, ro_path, sysctl;
	struct strs idmap;    /* ranges, as of idmap mount: the owners of the root's files */
	bool idmap_volumes;   /* of the volumes' too */
	const char *new_root;
};

extern const struct opt pivot_mount_opts[];
extern const struct step_ops pivot_step;

/*
 * Does the root file system lack a mount point that these args need, or has it
 * only those that another container has made? Then a step with `prepare` is due
 * before it. 1, 0 or -errno.
 */
int pivot_lacks_points(const struct pivot_args *a, struct err *e);

#endif
