/* idmap: the id maps of a user namespace. user_namespaces(7) */
#ifndef CORE_IDMAP_H
#define CORE_IDMAP_H

#include <sys/types.h>

#include "core/err.h"

/*
 * In a user namespace that this process has just made: map its own ids, uid
 * outside to inner_uid and gid outside to inner_gid, with setgroups denied as
 * an unprivileged writer must. outer_* are the ids from before the unshare.
 */
int idmap_write_own(uid_t inner_uid, uid_t outer_uid, gid_t inner_gid, gid_t outer_gid, struct err *e);

#endif
