/* rtnl: network devices over rtnetlink(7). */
#ifndef CORE_RTNL_H
#define CORE_RTNL_H

#include "core/err.h"

/* Set the loopback device of this network namespace up. */
int rtnl_lo_up(struct err *e);

/*
 * The number that this network namespace has for the one behind the fd `ns`
 * (ip-netns(8), NETNSA_NSID) into *id, -1 where it has none. Over the socket
 * *nl, which the first call opens and rtnl_close closes. 0 or -errno.
 */
struct mnl_socket;
int rtnl_netnsid(struct mnl_socket **nl, int ns, int *id);
void rtnl_close(struct mnl_socket *nl);

#endif
