/* cred's own parts: the pure inside of cred_user.c, which its fuzzer calls. */
#ifndef CORE_CRED_PRIV_H
#define CORE_CRED_PRIV_H

#include <sys/types.h>

#include "core/cred.h"
#include "core/err.h"

/*
 * These cut `text`, that of a passwd or group file, up in place.
 *
 * The first line of passwd that fits: by `name`, or by u->uid where that is
 * NULL. 1 found, with *u filled apart from its groups; 0 not; -errno.
 */
int cred_passwd_search(char *text, const char *name, struct cred_user *u, struct err *e);
/* The first group of that name; 1 found, 0 not. */
int cred_group_search(char *text, const char *name, gid_t *gid);
/* Add all groups that list u->name to u->groups, each once. 0 or -errno. */
int cred_group_collect(char *text, struct cred_user *u, struct err *e);

#endif
