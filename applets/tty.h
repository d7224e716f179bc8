/* tty: what of the caller's terminal a container gets. */
#ifndef APPLETS_TTY_H
#define APPLETS_TTY_H

#include <stdbool.h>

#include "core/opt.h"
#include "core/step.h"

/* What run has under the same names; docker's words. */
struct tty_outside_args {
	bool interactive, tty;
};

struct tty_inside_args {
	bool console;
	const char *user;
};

extern const struct opt tty_outside_opts[];
extern const struct step_ops tty_outside_step, tty_inside_step;

#endif
