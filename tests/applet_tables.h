/* applet_tables: all applets' option tables, and whether two args structs are the same; for a program without main.c. */
#ifndef TESTS_APPLET_TABLES_H
#define TESTS_APPLET_TABLES_H

#include <stdbool.h>
#include <string.h>

#include "applets/applet.h"

#define APPLET(name) extern const struct applet applet_##name;
#include "applets/applets.h"
#undef APPLET

static const struct applet *const applets[] = {
#define APPLET(name) &applet_##name,
#include "applets/applets.h"
#undef APPLET
};

#define N_APPLETS (sizeof applets / sizeof *applets)

/* The largest args that a table may reach into. */
enum { ARGS_SIZE = 4096 };

/* main.c has these, and is not linked here. */
const struct applet *applet_find(const char *name)
{
	for (size_t i = 0; i < N_APPLETS; i++)
		if (!strcmp(applets[i]->name, name))
			return applets[i];
	return NULL;
}

bool applet_help(const struct applet *a, const struct applet *verb, int argc, char **argv)
{
	(void)a;
	(void)verb;
	(void)argc;
	(void)argv;
	return false;
}

void applet_warn(const struct err *e, const char *what)
{
	(void)e;
	(void)what;
}

static inline bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static inline bool same_list(const struct strs *a, const struct strs *b)
{
	bool same = a->n == b->n;

	for (size_t i = 0; same && i < a->n; i++)
		same = same_text(a->v[i], b->v[i]);
	return same;
}

static inline bool same_field(const struct opt *row, const void *a, const void *b)
{
	const struct opt_maybe *ma = a, *mb = b;
	const struct opt_num *na = a, *nb = b;

	switch (row->kind) {
	case OPT_FLAG:
		return *(const bool *)a == *(const bool *)b;
	case OPT_COUNT:
		return *(const unsigned *)a == *(const unsigned *)b;
	case OPT_WORDS:
		return true;
	case OPT_STR:
	case OPT_OPERAND:
		return same_text(*(const char *const *)a, *(const char *const *)b);
	case OPT_LIST:
	case OPT_OPERANDS:
		return same_list(a, b);
	case OPT_MAYBE:
		return ma->set == mb->set && same_text(ma->value, mb->value);
	default:
		return na->set == nb->set && na->v == nb->v;
	}
}

/* The first row that differs, what is hidden apart; NULL: none does. */
static inline const struct opt *args_differ(const struct opt *opts, const char *a, const char *b)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		const struct opt *in = NULL;

		if (row->kind == OPT_GROUP)
			in = args_differ(row->group, a + row->off, b + row->off);
		else if (!(row->flags & OPT_HIDDEN) && !same_field(row, a + row->off, b + row->off))
			in = row;
		if (in)
			return in;
	}
	return NULL;
}

#endif
