/* run: which namespaces are the container's own. */
#ifndef APPLETS_RUN_NS_H
#define APPLETS_RUN_NS_H

#include <stdbool.h>

#include "core/opt.h"
#include "core/plan.h"

/* What is asked for; NULL: docker's default, a namespace of its own. */
struct run_ns {
	const char *ipc, *pid, *uts, *cgroup;
	struct strs clocks;  /* CLOCK=SECONDS */
	struct strs sysctl;
};

/* What of the host that depends on. */
struct run_ns_facts {
	const char *ipc_file, *pid_file; /* the namespaces that are joined, or NULL */
	const char *host_name;           /* the machine's, where it is the container's too; else NULL */
};

extern const struct opt run_ns_opts[];

struct run_args;
struct run_facts;

/* Are the options in order? Pure. */
int run_ns_check(const struct run_args *a, struct err *e);
int run_ns_find(const struct run_args *a, struct run_ns_facts *f, struct opt_keep *keep, struct err *e);

/* Does the container share its processes' numbers with others, so that only its group says which ones are its own? */
bool run_ns_shares_pids(const struct run_ns *ns);
/* "host": it is the machine's. */
bool run_ns_is_hosts(const char *kind);

/* The step that joins the ipc namespace, and the one that joins the pid namespace for the next child. */
int run_ns_join_ipc(const struct run_args *a, const struct run_facts *f, struct plan *p);
int run_ns_join_pid(const struct run_facts *f, struct plan *p);

struct unshare_args;
/* The clocks' offsets, for the step that forks. */
int run_ns_set_clocks(const struct run_ns *ns, struct unshare_args *s);

#endif
