#include "core/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fd.h"

void *plan_add(struct plan *p, const struct step_ops *ops)
{
	struct step *v = realloc(p->v, (p->n + 1) * sizeof *v);
	struct step s = { .ops = ops };

	if (!v)
		return NULL;
	p->v = v;
	s.args = calloc(1, ops->args_size);
	/* one byte at least: NULL means failure */
	s.state = calloc(1, ops->state_size + 1);
	if (!s.args || !s.state) {
		free(s.args);
		free(s.state);
		return NULL;
	}
	p->v[p->n++] = s;
	return s.args;
}

/* A failure is the step's: "pivot", or "run: pivot" where a run's plan has it. */
static int blame(const struct step_ops *ops, int rc, struct err *e)
{
	size_t len = strcspn(ops->name, " "), used = strlen(e->applet);

	if (rc >= 0 || (len == used && !memcmp(e->applet, ops->name, len)))
		return rc;
	snprintf(e->applet + used, sizeof e->applet - used, "%s%.*s", used ? ": " : "", (int)len, ops->name);
	return rc;
}

int plan_check(const struct plan *p, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct step *s = &p->v[i];
		int rc = s->ops->check ? s->ops->check(s->args, e) : 0;

		if (rc < 0)
			return blame(s->ops, rc, e);
	}
	return 0;
}

static int open_all(struct plan *p, struct step_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct step *s = &p->v[i];
		int rc;

		if (!s->ops->open)
			continue;
		s->opened = true;
		rc = s->ops->open(s->args, s->state, ctx, e);
		if (rc < 0)
			return blame(s->ops, rc, e);
	}
	return 0;
}

/* 0, -errno or STEP_WAIT, as the first step says that does not just succeed. */
static int apply_all(struct plan *p, struct step_ctx *ctx, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct step *s = &p->v[i];
		int rc;

		s->opened = true;
		rc = s->ops->apply(s->args, s->state, ctx, e);
		if (rc != 0)
			return blame(s->ops, rc, e);
	}
	return 0;
}

/* The child has ended. */
static int tell_all(struct plan *p, int status, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < p->n && rc == 0; i++)
		if (p->v[i].ops->ended)
			rc = blame(p->v[i].ops, p->v[i].ops->ended(p->v[i].args, p->v[i].state, status, e), e);
	return rc;
}

/* Last made, first gone. */
static void release_all(struct plan *p, bool failed)
{
	for (size_t i = p->n; i-- > 0;) {
		struct step *s = &p->v[i];

		if (s->opened && s->ops->release)
			s->ops->release(s->args, s->state, failed);
	}
	plan_close(p);
}

void plan_close(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct step *s = &p->v[i];

		if (s->opened && s->ops->close)
			s->ops->close(s->state);
		s->opened = false;
	}
}

int plan_run(struct plan *p, struct step_ctx *ctx, int *status, struct err *e)
{
	unsigned forks = ctx->forks;
	bool failed;
	int rc;

	rc = plan_check(p, e);
	if (rc < 0)
		return rc;
	rc = open_all(p, ctx, e);
	if (rc == 0)
		rc = apply_all(p, ctx, e);
	if (rc == 0)
		return 0;
	if (rc == STEP_WAIT) {
		/* nobody would answer there once the command has ended, or closed them */
		sock_passed_close(&ctx->sockets);
		fd_close(&ctx->tty_sock);
		if (ctx->forked)
			ctx->forked(&ctx->child);
		*status = proc_wait(&ctx->child, e);
		rc = *status < 0 ? *status : tell_all(p, *status, e);
		failed = *status < 0;
		/* without a run's single plan, what lingers is a watcher's, or is meant to stay */
		if (ctx->run || failed)
			release_all(p, failed);
		return rc < 0 ? rc : STEP_WAIT;
	}
	/* a child leaves the cleaning to its parent, which made the plan */
	if (ctx->forks == forks)
		release_all(p, true);
	return rc;
}

static int print_step(const struct step *s, const char *self, struct strbuf *out)
{
	struct opt_keep keep = { 0 };
	struct strs words = { 0 };
	int rc = opt_format(s->ops->opts, s->args, &words, &keep);

	strbuf_add_quoted(out, self);
	strbuf_addf(out, " %s", s->ops->name);
	for (size_t i = 0; i < words.n; i++) {
		strbuf_add(out, " ");
		strbuf_add_quoted(out, words.v[i]);
	}
	strbuf_add(out, " -- ");
	strs_release(&words);
	opt_keep_release(&keep);
	return rc;
}

int plan_print(const struct plan *p, const char *self, char *const argv[], struct strbuf *out)
{
	for (size_t i = 0; i < p->n; i++) {
		int rc = print_step(&p->v[i], i ? "nestbox" : self, out);

		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; argv[i]; i++) {
		strbuf_add(out, i ? " " : "");
		strbuf_add_quoted(out, argv[i]);
	}
	strbuf_add(out, "\n");
	return out->failed ? -ENOMEM : 0;
}

void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->n; i++) {
		opt_release(p->v[i].ops->opts, p->v[i].args);
		free(p->v[i].args);
		free(p->v[i].state);
	}
	free(p->v);
	opt_keep_release(&p->keep);
	*p = (struct plan){ 0 };
}
