/* net's own parts. */
#ifndef CORE_NET_PRIV_H
#define CORE_NET_PRIV_H

#include "core/net.h"

/* Note that somebody else's chain may be in the way: nft_foreign_drop. */
void net_say_drop(struct net_result *r, const char *chain);

#endif
