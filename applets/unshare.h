/* unshare: new namespaces, as util-linux's unshare(1) makes them. */
#ifndef APPLETS_UNSHARE_H
#define APPLETS_UNSHARE_H

#include <stdbool.h>

#include "core/opt.h"
#include "core/step.h"

struct unshare_args {
	/* a value is the file that the namespace is bound on */
	struct opt_maybe mount, uts, ipc, net, pid, user, cgroup, time;
	bool fork;
	struct opt_num kill_child;
	struct opt_maybe forward;
	struct opt_maybe mount_proc, mount_binfmt;
	const char *load_interp;
	const char *propagation;
	const char *map_user, *map_group; /* ".": the caller's own */
	struct strs map_users, map_groups;
	const char *owner, *setgroups;
	bool keep_caps;
	const char *root, *wd;
	struct opt_num uid, gid;
	struct opt_num boottime, monotonic;
	bool clear_env;
	const char *whitelist_env;
	const char *hostname, *domainname;
};

extern const struct step_ops unshare_step;

#endif
