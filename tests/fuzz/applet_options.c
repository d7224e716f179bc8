/*
 * The command line of a real applet: its name, then one word a line. What the
 * parser takes is printed and parsed again; the step's check looks at it; run's
 * options become a plan, whose steps must stand the same.
 */
#include <errno.h>

#include "applets/run.h"
#include "core/plan.h"
#include "tests/applet_tables.h"
#include "tests/fuzz/fuzz.h"

#define WORDS 64

static char args[ARGS_SIZE] __attribute__((aligned(16))), back[ARGS_SIZE] __attribute__((aligned(16)));

static void there_and_back(const struct opt *opts, const char *from)
{
	struct opt_keep keep = { 0 };
	struct strs words = { 0 };
	struct err e = { 0 };

	memset(back, 0, sizeof back);
	require(strs_add(&words, "applet") == 0);
	require(opt_format(opts, from, &words, &keep) == 0);
	require(opt_parse(opts, back, (int)words.n, (char **)(size_t)words.v, &e) == (int)words.n);
	require(!args_differ(opts, from, back));
	opt_release(opts, back);
	strs_release(&words);
	opt_keep_release(&keep);
}

/* Printed, each step is a line of words that sh would read, and that is all. */
static void print(const struct plan *p)
{
	char *command[] = { (char *)"true", NULL };
	struct strbuf text = { 0 };

	require(plan_print(p, "nestbox", command, &text) == 0);
	require(text.len && text.s[text.len - 1] == '\n');
	strbuf_release(&text);
}

static void plan_of(const struct run_args *a, unsigned way)
{
	struct run_facts facts = {
		.id = "0123456789ab",
		.lacks_points = way & 1,
		.no_cgroup = way & 2,
		.devices = way & 4,
		.cgroup = "memory,devices:nestbox/0123456789ab",
		.idmap = way & 8,
		.become_root = way & 8,
		.ids = { .user = way & 16 ? "0" : NULL, .group = way & 16 ? "0" : NULL },
	};
	struct plan p = { 0 };
	struct err e = { 0 };
	int rc = run_check(a, &e);

	/* what has been checked of the caller's ranges, as run_find_userns would have it */
	for (size_t i = 0; i < a->userns.n && rc == 0; i++)
		require(strs_add(&facts.ids.both, a->userns.v[i]) == 0);
	if (rc == 0)
		require(maps_list(&facts.ids, 0, &facts.users) == 0 && maps_list(&facts.ids, 1, &facts.groups) == 0);
	if (rc == 0)
		rc = run_plan(a, &facts, &p, &e);
	require(rc == 0 || e.what[0]);
	for (size_t i = 0; rc == 0 && i < p.n; i++)
		there_and_back(p.v[i].ops->opts, p.v[i].args);
	if (rc == 0) {
		rc = plan_check(&p, &e);
		require(rc == 0 || (e.what[0] && e.applet[0]));
		print(&p);
	}
	strs_release(&facts.ids.both);
	strs_release(&facts.users);
	strs_release(&facts.groups);
	plan_release(&p);
}

static const struct applet *choose(const char *name)
{
	const struct applet *a = applet_find(name);

	for (size_t i = 0; !a && i < N_APPLETS; i++)
		for (const struct applet *const *v = applets[i]->verbs; v && *v; v++)
			if (!strcmp((*v)->name, name))
				return *v;
	return a;
}

static void command_line(const struct applet *a, int argc, char **argv)
{
	struct err e = { 0 };
	int used;

	memset(args, 0, sizeof args);
	used = opt_parse(a->opts, args, argc, argv, &e);
	if (used >= 0) {
		require(used >= 1 && used <= argc);
		there_and_back(a->opts, args);
		if (a->step && a->step->check)
			require(a->step->check(args, &e) == 0 || e.what[0] || e.code);
		if (a->opts == run_opts)
			plan_of((const struct run_args *)args, (unsigned)argc);
	} else {
		/* a mistake that is named, or --help and --version */
		require(used == -ECANCELED || (used == -EINVAL && e.what[0] && !e.code));
	}
	opt_release(a->opts, args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size), *rest = text, *argv[WORDS + 1];
	const struct applet *a;
	int argc = 0;

	while (argc < WORDS && (argv[argc] = strsep(&rest, "\n")))
		argc++;
	argv[argc] = NULL;
	a = choose(argv[0]);
	if (a && a->opts)
		command_line(a, argc, argv);
	free(text);
	return 0;
}
