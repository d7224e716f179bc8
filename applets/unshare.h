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
	bool map_root;
	struct opt_num kill_child;
	struct opt_maybe forward;
	struct opt_maybe mount_proc;
	const char *propagation;
	const char *hostname, *domainname;
};

extern const struct step_ops unshare_step;

#endif
