/* ns: giving namespaces a name in the file system, so that they outlive their processes. */
#ifndef CORE_NS_BIND_H
#define CORE_NS_BIND_H

#include "core/err.h"
#include "core/helper.h"

#define NS_BIND_MAX 8

/* One namespace of a process, and the file it is bound on. Both borrowed. */
struct ns_bind {
	const char *ns;   /* below /proc/PID/ns: "uts", "pid_for_children" */
	const char *file;
};

/* The rest of the list is empty. */
struct ns_binds {
	struct ns_bind v[NS_BIND_MAX];
	unsigned n;
};

/* A helper_work: bind the namespaces of the process that `arg`, a struct ns_binds, lists. All or none. */
int ns_bind_all(const char *parent, const void *arg, struct err *e);

/*
 * ns_unshare for a mount namespace that is to be bound by a process in the one
 * that is left. Linux 6.18 numbers namespaces for each CPU apart, and binds none
 * whose number is lower than that of the binder's: then it is made once more on
 * another CPU. The process's own CPUs stay what they are.
 */
int ns_unshare_to_bind(unsigned flags, struct err *e);

#endif
