/* plan: ordered steps, as data that can be run or printed. */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <stddef.h>

#include "core/err.h"
#include "core/opt.h"
#include "core/step.h"

struct step {
	const struct step_ops *ops;
	void *args;  /* owned */
	void *state; /* owned */
	bool opened; /* open or apply has run: release is due */
};

/* Start with { 0 }. */
struct plan {
	struct step *v;
	size_t n;
	struct opt_keep keep; /* strings made for the plan, freed with it */
};

/* Append a step; returns its zeroed args, owned by the plan, or NULL. */
void *plan_add(struct plan *p, const struct step_ops *ops);

/* Check every step. Pure. */
int plan_check(const struct plan *p, struct err *e);

/*
 * Check, open and apply all steps in order. Returns 0 in the process that goes
 * on, or -errno with e->applet set; what was made is taken away again, unless
 * this is a child whose parent does that. In a parent that had to wait:
 * STEP_WAIT and *status (waitpid(2)) after everything was released, or the
 * child's failure as if it were its own.
 */
int plan_run(struct plan *p, struct step_ctx *ctx, int *status, struct err *e);

/* Close what the steps hold open, once all is applied and this process goes on to something else. */
void plan_close(struct plan *p);

/*
 * The chain of applets that does the same and then runs `argv`, quoted for sh.
 * `self` is the first word; those after it are the literal "nestbox".
 */
int plan_print(const struct plan *p, const char *self, char *const argv[], struct strbuf *out);

void plan_release(struct plan *p);

#endif
