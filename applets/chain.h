/* chain: running applets one after the other on one argument list. */
#ifndef APPLETS_CHAIN_H
#define APPLETS_CHAIN_H

#include "applets/applet.h"
#include "core/err.h"
#include "core/step.h"

/*
 * Read what an earlier link of this chain left in the environment
 * (NESTBOX_CHAIN, NESTBOX_REEXEC). Once, before anything else. `called` is
 * main's argv[0].
 */
void chain_start(const char *called);

/* The word by which a shell here finds this binary: "nestbox", or the path that it was called by. */
const char *chain_word(void);

/* What the line knows of itself. */
struct step_ctx *chain_ctx(void);

/*
 * Before a container can see this process: go on as a copy of the binary that
 * it cannot write to, from the present link of the line. 0 where that is the
 * case, or none is needed; else this returns only on failure, with -errno.
 */
int chain_protect(struct err *e);

/* Run the applet argv[0] and what follows; `led`: argv[-1] is there, and is the word that leads to us. The exit status, or -errno with *e filled. */
int chain_run(int argc, char **argv, bool led, struct err *e);

/* Execute the user's command; nothing of ours goes along. Returns only on failure. */
int chain_exec(char **argv, struct err *e);

/*
 * Execute this binary anew with these words, the first being "nestbox": as what
 * follows in the process that the line has come to. Returns only on failure.
 */
int chain_again(char **argv, struct err *e);
/* Said before the plan is run: it will be. */
void chain_again_later(void);

/*
 * End as the waiter of a plan does: with the child's status, or by its signal.
 */
_Noreturn void chain_end(int status);

#endif
