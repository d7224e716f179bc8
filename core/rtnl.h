/* rtnl: network devices over rtnetlink(7). */
#ifndef CORE_RTNL_H
#define CORE_RTNL_H

#include "core/err.h"

/* Set the loopback device of this network namespace up. */
int rtnl_lo_up(struct err *e);

#endif
