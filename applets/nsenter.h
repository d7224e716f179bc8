/* nsenter: entering namespaces that are there already. */
#ifndef APPLETS_NSENTER_H
#define APPLETS_NSENTER_H

#include <stdbool.h>

#include "core/ns_enter.h"
#include "core/opt.h"
#include "core/step.h"

struct nsenter_args {
	const char *target;               /* PID[:INODE] */
	bool all, env, no_fork, preserve_credentials, keep_caps, user_parent, join_cgroup, context;
	struct opt_maybe ns[NS_KINDS];    /* in the order of ns_kinds */
	struct opt_num net_socket;
	const char *uid, *gid;            /* a number, or "follow" */
	struct opt_maybe root, wd, wdns;
};

extern const struct step_ops nsenter_step;

#endif
