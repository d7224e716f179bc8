/* root's own parts. */
#ifndef CORE_ROOT_PRIV_H
#define CORE_ROOT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/root.h"

/* A mount's line in mountinfo. proc_pid_mountinfo(5) */
struct root_mount {
	uint64_t id, parent;
	bool shared;
};

/* The mount with that number in *text, a mountinfo, which is taken apart. Pure. */
bool root_find_mount(char *text, uint64_t id, struct root_mount *m);

/* Is "/" the first mount of all, which has no parent to pivot in? Not where there is no procfs, `proc`, to ask. */
bool root_has_no_parent(int proc);

/* Remove the files of the directory `old`, and nothing of other file systems, in a process of its own: root_free_check. */
void root_free(int old);

#endif
