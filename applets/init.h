/* init: the first process of a container, which is there for the others, as tini(1) is. */
#ifndef APPLETS_INIT_H
#define APPLETS_INIT_H

#include <stdbool.h>

#include "core/step.h"

struct init_args {
	bool exec;  /* what follows is no applet */
	bool group; /* signals go to the command's process group */
};

extern const struct step_ops init_step;

#endif
