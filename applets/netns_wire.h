/* netns_wire: what the verbs share that wire network namespaces; nobody else includes it. */
#ifndef APPLETS_NETNS_WIRE_H
#define APPLETS_NETNS_WIRE_H

#include <stdbool.h>

#include "core/err.h"
#include "core/opt.h"
#include "core/rtnl_set.h"
#include "core/str.h"

/*
 * Options anywhere in the line, and all other words into *words (released by the
 * caller, also after a failure); behind "--" there are words alone. 0 or -errno.
 */
int netns_wire_parse(const struct opt *opts, void *args, int argc, char **argv, struct strs *words, struct err *e);

/* Enter the network namespace `ns` (NULL: we are there), and open *nl in it. 0 or -errno. */
int netns_wire_open(struct nl *nl, const char *ns, struct err *e);
/* Open *nl in the one behind the fd `ns`, without staying there. */
int netns_wire_open_other(struct nl *nl, int ns, struct err *e);

/* The device of that name; where there is none, *e says which there are. 0 or -errno. */
int netns_wire_link(struct nl *nl, const char *name, struct rtnl_link *out, struct err *e);

/* An address with its prefix length, to be a device's own. 0, or -EINVAL with *e. */
int netns_wire_cidr(const char *text, struct inet *out, struct err *e);
int netns_wire_addr(const char *text, struct inet *out, struct err *e); /* and one without */
int netns_wire_mac(const char *text, uint8_t mac[6], struct err *e);
int netns_wire_rate(const char *text, uint64_t *out, struct err *e); /* "none" is 0 */
int netns_wire_mode(const char *text, unsigned *out, struct err *e); /* macvlan's */

/* "NS[:DEV]": an owned fd of the network namespace, and the device's name where one is given. -errno with *e. */
int netns_wire_target(const char *text, char name[IF_NAMESIZE], struct err *e);

/* Send what gives `object` (an address, ...) to the device; or changes the device, where they are the same. 0 or -errno. */
int netns_wire_send(struct nl *nl, struct nl_batch *b, const char *object, const char *dev, struct err *e);
/* Limit what the device sends, 0: no more. 0 or -errno. */
int netns_wire_put_rate(struct nl *nl, struct nl_batch *b, int index, uint64_t rate, const char *dev, struct err *e);
/* A device could not be made: fill *e with rc and its likely cause, return rc. */
int netns_wire_not_made(const struct nl *nl, int rc, const char *kind, const char *name, struct err *e);

/* What there was to be done has been done before: said, and no failure. Returns 0. */
int netns_wire_nothing(const char *object, const char *what, struct err *e);

/* What is shown of the namespace that *nl is of. */
enum {
	SHOW_LINKS = 1,
	SHOW_ADDRS = 2, /* with the devices */
	SHOW_ROUTES = 4,
	SHOW_NEIGHS = 8,
	SHOW_PORTS = 16,
};
struct netns_shown {
	unsigned what;
	bool json;
	int family;      /* AF_UNSPEC: both */
	const char *dev; /* of this device alone; NULL: of all */
};
int netns_show(struct nl *nl, const struct netns_shown *s, struct err *e);

#endif
