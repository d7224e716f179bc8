/* netns: network namespaces. */
#ifndef APPLETS_NETNS_H
#define APPLETS_NETNS_H

#include "core/opt.h"
#include "core/step.h"

struct netns_args {
	const char *net; /* "none": lo up and nothing else */
};

extern const struct step_ops netns_new_step;

#endif
