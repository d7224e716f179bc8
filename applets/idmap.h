/* idmap: id maps of user namespaces, and of mounts. */
#ifndef APPLETS_IDMAP_H
#define APPLETS_IDMAP_H

#include <stdbool.h>

#include "applets/maps.h"
#include "core/step.h"

struct idmap_mount_args {
	struct maps_args ids;
	bool recursive;
	const char *options, *userns;
	const char *src, *dst;
};

extern const struct step_ops idmap_mount_step;

#endif
