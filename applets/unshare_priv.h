/* unshare_priv: what the files of unshare share; nobody else includes it. */
#ifndef APPLETS_UNSHARE_PRIV_H
#define APPLETS_UNSHARE_PRIV_H

#include "applets/unshare.h"

/* What was found out before the first change. */
struct unshare_state {
	struct maps maps;
	struct opt_num uid, gid; /* whom the process becomes inside */
	bool as_root;            /* ranges without the own id: a further applet is run as root inside */
};

/* Is *args in order? Pure. (unshare_maps.c) */
int unshare_maps_check(const struct unshare_args *a, struct err *e);
/* Find names, subordinate ids and tools, and put the maps together; changes nothing. */
int unshare_maps_open(const struct unshare_args *a, struct unshare_state *s, struct err *e);

/* Become --owner. */
int unshare_become_owner(const struct unshare_args *a, const struct unshare_state *s, struct err *e);

/* What comes after the namespaces are there, in the process that goes on. (unshare_inside.c) */
int unshare_furnish(const struct unshare_args *a, const struct unshare_state *s, unsigned flags, const struct step_ctx *ctx, struct err *e);

#endif
