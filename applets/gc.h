/* gc: what killed containers have left behind. */
#ifndef APPLETS_GC_H
#define APPLETS_GC_H

#include "core/err.h"

/*
 * Clear it away, waiting at most wait_ms for killed processes to go. The number
 * of containers it was of, or -errno.
 */
int gc_collect(int wait_ms, struct err *e);

/* Take back the ports that dead ones have published, and print how many. 0 or -errno. */
int gc_ports(struct err *e);

#endif
