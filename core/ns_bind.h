/* ns: giving namespaces a name in the file system, so that they outlive their processes. */
#ifndef CORE_NS_BIND_H
#define CORE_NS_BIND_H

#include <sys/types.h>

#include "core/err.h"

#define NS_BIND_MAX 8

/*
 * A helper that stays in the namespaces which this process is about to leave:
 * what it binds is seen from there. Start with NS_BINDER_NONE.
 */
struct ns_binder {
	pid_t pid;    /* of the helper, 0: none */
	int go, err;  /* owned: pipe to it, and pipe from it */
};
#define NS_BINDER_NONE { 0, -1, -1 }

/* One namespace of a process, and the file it is bound on. Both borrowed. */
struct ns_bind {
	const char *ns;   /* below /proc/PID/ns: "uts", "pid_for_children" */
	const char *file;
};

/* Fork the helper, which waits. At most NS_BIND_MAX entries; it binds this process's namespaces. 0 or -errno. */
int ns_binder_start(struct ns_binder *b, const struct ns_bind *binds, unsigned n, struct err *e);

/* Have it bind them, and wait for the result: 0, or -errno with what failed; then nothing is bound. */
int ns_binder_finish(struct ns_binder *b, struct err *e);

/* Let it go without binding anything. */
void ns_binder_cancel(struct ns_binder *b);

#endif
