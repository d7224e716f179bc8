/* ns's own parts. */
#ifndef CORE_NS_PRIV_H
#define CORE_NS_PRIV_H

#include "core/err.h"

/* unshare(2) of `flags` has failed with the errno `code`: fill *e, with who refused what. -code. */
int ns_refused(unsigned flags, int code, struct err *e);

#endif
