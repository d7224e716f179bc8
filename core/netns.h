/*
 * netns: network namespaces that have a name: ip-netns(8). It is a file of
 * NETNS_DIR, on which the namespace is mounted. That folder is a mount of its own
 * and shared, so that a name comes and goes in all mount namespaces alike.
 */
#ifndef CORE_NETNS_H
#define CORE_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

#define NETNS_DIR "/run/netns"

/* 1 to 255 bytes without "/", and not "." or "..". Pure; -EINVAL with *e. */
int netns_name_check(const char *name, struct err *e);

/* Is there a file of that name, whatever is mounted on it? Not for what is no name. */
bool netns_name_taken(const char *name);

/* All that follow return an owned fd of a network namespace, or -errno with *e. */

/* The one of that name. -ENOENT: there is none; -ESTALE: there is a file, and no namespace on it. */
int netns_open(const char *name, struct err *e);
/* The one that process is in. */
int netns_open_pid(pid_t pid, struct err *e);
/* Our own; needs no /proc. */
int netns_open_own(struct err *e);
/*
 * What users write: a name, else a pid, else a path (with a "/" in it), "self" for
 * our own, or "host" for that of pid 1. -ENOENT where it is none of these.
 */
int netns_open_target(const char *ns, struct err *e);

/*
 * Give the namespace behind the fd `ns` the name, whole or not at all to
 * all others; makes the folder. -EEXIST: the name is taken.
 */
int netns_bind(const char *name, int ns, struct err *e);

/* Take the name, and what is left of one, away. The namespace lives on in its processes. */
int netns_delete(const char *name, struct err *e);

/* Make the folder where there is none, as no mount of its own yet. 0 or -errno with *e. */
int netns_make_dir(struct err *e);

/*
 * each() for all names, in the folder's order, until it does not return 0: with an fd
 * that is closed behind it, or -ESTALE and the like where it cannot be
 * opened. What it returned, or -errno with *e. Without the folder: 0.
 */
typedef int netns_fn(const char *name, int ns, void *data);
int netns_each(netns_fn *each, void *data, struct err *e);

/*
 * Remove the files that never got their namespace, or have lost it: empty ones,
 * older than a second, since somebody may be about to mount one there. How
 * many, or -errno.
 */
int netns_gc(struct err *e);

#endif
