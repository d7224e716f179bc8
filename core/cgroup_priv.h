/* cgroup's own parts. */
#ifndef CORE_CGROUP_PRIV_H
#define CORE_CGROUP_PRIV_H

#include "core/cgroup.h"

/* "DIR/FILE" into buf; -ENAMETOOLONG. */
int cgroup_path(char *buf, size_t size, const char *dir, const char *file);

/* Add the rule that holds for whatever was to be done in the hierarchy, where `code` tells one. */
void cgroup_hint(const struct cgroup_hier *h, int code, struct err *e);

/* Is this one of the parents that this call made? */
bool cgroup_is_made(const struct cgroup_dirs *d, const char *path);

/* Take the group, one of d->v, out of the list. */
void cgroup_drop(struct cgroup_dirs *d, struct cgroup_dir *g);

#endif
