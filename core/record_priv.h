/* record's own parts. */
#ifndef CORE_RECORD_PRIV_H
#define CORE_RECORD_PRIV_H

#include <stdbool.h>

#include "core/err.h"

/* Twelve hexadecimal digits. */
bool record_is_id(const char *name);

/* A folder below the state folder ("" the state folder itself), made where it is missing. Owned fd of a readable directory. */
int record_dir(const char *name, struct err *e);

/* The same, where it is there already: nothing is made. -1 where it is not, or not ours. */
int record_dir_there(const char *name);

/*
 * Open `name` in `dir`, making it with `create`, and lock it (LOCK_SH, LOCK_EX,
 * LOCK_NB as flock(2) has them). Whoever held it may have removed the file
 * meanwhile: then it is opened anew. Owned fd or -errno (-EWOULDBLOCK: in use).
 */
int record_lock(int dir, const char *name, int create, int how);

/* Take away the mount points of the file `name`, unless somebody needs them. `lock` is owned, or -1. */
void record_points_drop(int dir, const char *name, int lock, void (*unmake)(int root, const char *text));

#endif
