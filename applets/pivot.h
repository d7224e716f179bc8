/* pivot: another root for the process, and what a container expects to find in it. */
#ifndef APPLETS_PIVOT_H
#define APPLETS_PIVOT_H

#include <stdbool.h>

#include "core/etc.h"
#include "core/opt.h"
#include "core/step.h"

/* What run and pivot say about mounts in the same words. */
struct pivot_mounts {
	struct strs binds;  /* docker's -v */
	struct strs tmpfs;  /* docker's --tmpfs */
	struct strs specs;  /* docker's --mount */
	struct strs devices; /* docker's --device */
	const char *overlay; /* directory that keeps what is changed in the root */
	bool ephemeral;     /* it is forgotten */
	struct opt_num shm_size; /* of /dev/shm, in bytes; 0: none there */
	bool read_only;
};

/* And what they say, in docker's words, about the files of --etc. (pivot_etc.c) */
struct pivot_etc {
	struct etc_dns dns;
	struct strs hosts;  /* NAME:IP */
};

/* What becomes of the old root. (pivot_old.c) */
struct pivot_old {
	const char *keep, *move, *console, *method; /* NULL: not given */
	bool no_move, free;
};

struct pivot_args {
	struct pivot_mounts mounts;
	struct pivot_etc names;
	struct pivot_old old;
	bool api;
	bool api_write;       /* /sys and /sys/fs/cgroup can be written, as for a privileged container */
	bool host_devices;
	bool nodev;
	bool here;
	bool etc;             /* write /etc/hosts, /etc/hostname and /etc/resolv.conf, also if `names` has nothing to say */
	bool prepare, rm;
	struct strs mask, ro_path, sysctl;
	struct strs idmap;    /* ranges, as of idmap mount: the owners of the root's files */
	bool idmap_volumes;   /* of the volumes' too */
	const char *new_root;
};

extern const struct opt pivot_mount_opts[], pivot_etc_opts[], pivot_old_opts[];
extern const struct step_ops pivot_step;

/*
 * Does the root file system lack a mount point that these args need, or has it
 * only those that another container has made? Then a step with `prepare` is due
 * before it. 1, 0 or -errno.
 */
int pivot_lacks_points(const struct pivot_args *a, struct err *e);

/* "KEY=VALUE" of --sysctl, or "default": is it one that belongs to a namespace? */
int pivot_sysctl_check(const char *text, struct err *e);

/* "HOST[:INSIDE][:rwm]" as docker's --device takes it. Pure; -EINVAL with *e. (pivot_device.c) */
struct pivot_device {
	char host[4096], inside[4096];
	char access[4];
};
int pivot_device_parse(const char *text, struct pivot_device *d, struct err *e);
/*
 * Append the devices that are meant to *devices, one by one where a directory is
 * given, and a rule for each to *rules (either may be NULL); `keep` owns the strings.
 */
int pivot_device_list(const struct strs *given, struct strs *devices, struct strs *rules, struct opt_keep *keep, struct err *e);

/* Is one of these options given? Then --etc is meant, too. */
bool pivot_etc_given(const struct pivot_etc *etc);

#endif
