/* The verbs of netns, each in the file that its part is in. */
#ifndef APPLETS_NETNS_PRIV_H
#define APPLETS_NETNS_PRIV_H

#include "applets/netns.h"

/* netns_new.c */
extern const struct applet netns_verb_new, netns_verb_outside;

#endif
