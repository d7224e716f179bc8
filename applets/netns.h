/* netns: network namespaces. */
#ifndef APPLETS_NETNS_H
#define APPLETS_NETNS_H

#include <stdbool.h>

#include "core/net.h"
#include "core/opt.h"
#include "core/step.h"

/* What netns and run say of a network in the same words. */
struct netns_wish {
	struct strs publish;     /* docker's -p */
	const char *ip, *ip6, *mac;
};

struct netns_args {
	const char *net;         /* the kind; "outside": an earlier link of the line sees to it; NULL: as the wishes need it */
	struct netns_wish wish;
	const char *gateway, *rate, *owner;
	struct opt_num mtu;
};

extern const struct opt netns_wish_opts[];
extern const struct step_ops netns_new_step, netns_outside_step;

/* Is anything wished? */
bool netns_wishes(const struct netns_wish *w);
/* The kind of network that they mean where none is named. `may`: devices can be made here, so that -p is a bridge's matter. */
const char *netns_kind(const struct netns_wish *w, bool may);

/* May this process make devices where it is: has it CAP_NET_ADMIN over its own network namespace? */
bool netns_may_wire(void);

/* Are the wishes, and the kind of network that goes with them, in order? Pure. */
int netns_check(const void *args, struct err *e);
struct netns_listen_args {
	struct strs addrs;
	const char *fdname;
};

extern const struct step_ops netns_listen_step;

#endif
