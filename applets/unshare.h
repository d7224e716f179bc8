/* unshare: new namespaces, as util-linux's unshare(1) makes them. */
#ifndef APPLETS_UNSHARE_H
#define APPLETS_UNSHARE_H

#include <stdbool.h>

#include "applets/maps.h"
#include "core/opt.h"
#include "core/step.h"

struct unshare_args {
	/* a value is the file that the namespace is bound on */
	struct opt_maybe mount, uts, ipc, net, pid, user, cgroup, time;
	bool fork;
	struct opt_num kill_child;
	struct opt_maybe forward;
	const char *stop_signal;
	struct opt_maybe mount_proc, mount_binfmt;
	const char *load_interp;
	const char *propagation;
	struct maps_args ids;
	bool fit; /* idmap run: in the fewest ranges that fit the own map, and root inside */
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
/* The same change with idmap's words for it: struct unshare_args with `fit`. */
extern const struct step_ops idmap_run_step;
extern const struct opt idmap_run_opts[];

#endif
