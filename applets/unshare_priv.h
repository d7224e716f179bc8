/* unshare_priv: what the files of unshare share; nobody else includes it. */
#ifndef APPLETS_UNSHARE_PRIV_H
#define APPLETS_UNSHARE_PRIV_H

#include <sys/types.h>

#include "applets/unshare.h"
#include "core/helper.h"
#include "core/idmap.h"

/* What was found out before the first change. */
struct unshare_state {
	uid_t uid; /* effective, of who makes the namespaces: the caller, or --owner */
	gid_t gid;
	struct idmap map[2]; /* owned; of users and groups; empty: none is written */
	bool outside[2];     /* written by a helper in the parent namespace, else by this process */
	bool tool[2];        /* newuidmap and newgidmap do it */
	char *who;           /* owned; whose subordinate ids are meant: a name, or the number that has none */
	bool as_root;        /* ranges without the own id: a further applet is run as root inside */
};

/* Is *args in order? Pure. (unshare_maps.c) */
int unshare_maps_check(const struct unshare_args *a, struct err *e);
/* Find names, subordinate ids and tools, and put the maps together; changes nothing. */
int unshare_maps_open(const struct unshare_args *a, struct unshare_state *s, struct err *e);
void unshare_maps_release(struct unshare_state *s);
/* Fork who writes the maps from outside, if somebody has to. */
int unshare_maps_start(const struct unshare_state *s, struct helper *h, struct err *e);
/* In the new user namespace: write the maps, or have them written. */
int unshare_maps_write(const struct unshare_args *a, const struct unshare_state *s, struct helper *h, struct err *e);

/* Become --owner. */
int unshare_become_owner(const struct unshare_args *a, const struct unshare_state *s, struct err *e);

/* What comes after the namespaces are there, in the process that goes on. (unshare_inside.c) */
int unshare_furnish(const struct unshare_args *a, unsigned flags, const struct step_ctx *ctx, struct err *e);

#endif
