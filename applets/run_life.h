/* run: how the container's first process is begun, known to others, and ended. */
#ifndef APPLETS_RUN_LIFE_H
#define APPLETS_RUN_LIFE_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/opt.h"
#include "core/plan.h"

struct run_life {
	const char *cidfile, *pidfile, *stop_signal;
	bool init;
};

extern const struct opt run_life_opts[];

/* Are the options in order? Pure. */
int run_life_check(const struct run_life *l, struct err *e);

/*
 * The files, which have to be new: CVE-2018-15664's kind, and somebody else's
 * container. --cidfile has the ID at once, --pidfile what run_life_note says. 0 or -errno.
 */
int run_life_open(const struct run_life *l, const char *id, struct err *e);
/* The first process, as the host counts. */
void run_life_note(pid_t pid);
/* --pidfile ends with the container; and where nothing has come of it, so does --cidfile. */
void run_life_end(const struct run_life *l, bool failed);

/* The command, with --init below it; borrowed but for the array, which is the caller's to free. NULL: no memory. */
char **run_life_command(const struct run_life *l, char **argv);

#endif
