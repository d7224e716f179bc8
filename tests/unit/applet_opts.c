/*
 * Every applet's own table: parse(format(args)) == args for arguments made by
 * chance, and what a printed plan looks like once sh has read it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "applets/idmap.h"
#include "applets/run.h"
#include "core/plan.h"
#include "tests/applet_tables.h"
#include "tests/unit/unit.h"

/* Visit the table of each applet and of each verb. */
static void each_table(void (*visit)(const char *name, const struct opt *opts))
{
	for (size_t i = 0; i < N_APPLETS; i++) {
		if (applets[i]->opts)
			visit(applets[i]->name, applets[i]->opts);
		for (const struct applet *const *v = applets[i]->verbs; v && *v; v++)
			if ((*v)->opts)
				visit((*v)->name, (*v)->opts);
	}
}

/* ---- arguments by chance ---- */

static long long any(long long min, long long max)
{
	unsigned long long span = (unsigned long long)max - (unsigned long long)min + 1;
	unsigned long long r = (unsigned long long)rand() << 42 ^ (unsigned long long)rand() << 21 ^ (unsigned long long)rand();

	/* the ends more often than chance would have it */
	switch (rand() % 8) {
	case 0:
		return min;
	case 1:
		return max;
	default:
		return span ? min + (long long)(r % span) : (long long)r;
	}
}

/* Words of all kinds, those that look like options among them. Each stays until some thousands more were made. */
static const char *any_text(void)
{
	static char made[8192][12];
	static size_t n_made;
	static const char *const odd[] = { "", "-", "--", "-a", "--x=y", "nestbox", "it's", "a b", "$x", "\n", "=", "\033[1m", "'\"\\" };
	char *text = made[n_made++ % (sizeof made / sizeof *made)];
	int n = 1 + rand() % 10;

	if (rand() % 3 == 0)
		return odd[(size_t)rand() % (sizeof odd / sizeof *odd)];
	for (int i = 0; i < n; i++)
		text[i] = (char)(1 + rand() % 255);
	text[n] = '\0';
	return text;
}

static const char *any_word(const struct opt *row)
{
	size_t n = 0;

	while (row->words && row->words[n])
		n++;
	return n ? row->words[(size_t)rand() % n] : any_text();
}

static long long any_number(const struct opt *row)
{
	char text[32];
	long long v;

	switch (row->kind) {
	case OPT_OCTAL:
		return any(0, row->max);
	case OPT_SIZE:
		if (row->min < 0 && rand() % 4 == 0)
			return -1;
		return any(row->max ? row->min : 0, row->max ? row->max : LLONG_MAX);
	case OPT_CPUS:
		return any(0, 1000000000000000LL);
	case OPT_SIGNAL:
		/* what musl keeps for itself (32 to 34) has a number, too */
		v = any(1, SIGRTMAX);
		str_signal_format((int)v, text);
		check_int(str_signal(text), v);
		return v;
	default:
		return any(row->min, row->max);
	}
}

static void fill_field(const struct opt *row, void *to)
{
	switch (row->kind) {
	case OPT_FLAG:
		*(bool *)to = true;
		return;
	case OPT_WORDS:
		/* what it stands for is filled by those rows */
		return;
	case OPT_COUNT:
		*(unsigned *)to = (unsigned)rand() % 4;
		return;
	case OPT_STR:
		*(const char **)to = any_word(row);
		return;
	case OPT_LIST:
		for (int i = rand() % 4; i >= 0; i--)
			check_int(strs_add(to, any_word(row)), 0);
		return;
	case OPT_MAYBE:
		*(struct opt_maybe *)to = (struct opt_maybe){ true, rand() % 2 ? any_word(row) : NULL };
		return;
	default:
		*(struct opt_num *)to = (struct opt_num){ true, any_number(row) };
		return;
	}
}

/* One at least, and none that ends them. */
static void fill_operands(struct strs *to)
{
	do {
		const char *text = any_text();

		if (strcmp(text, "--"))
			check_int(strs_add(to, text), 0);
	} while (!to->n || rand() % 2);
}

static void fill(const struct opt *opts, char *args)
{
	bool missing = false;

	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP) {
			fill(row->group, args + row->off);
		} else if (row->kind == OPT_OPERAND) {
			/* only the last ones can be missing */
			missing |= row->flags & OPT_OPTIONAL && rand() % 2;
			missing |= row->flags & OPT_UNLESS && *(bool *)(args + row->min);
			if (!missing)
				*(const char **)(args + row->off) = any_text();
		} else if (row->kind == OPT_OPERANDS) {
			fill_operands((struct strs *)(args + row->off));
		} else if (!(row->flags & OPT_HIDDEN) && rand() % 2) {
			fill_field(row, args + row->off);
		}
	}
}

static bool same_args(const char *table, const struct opt *opts, const char *a, const char *b)
{
	const struct opt *row = args_differ(opts, a, b);

	if (row)
		printf("# %s: --%s differs\n", table, row->name);
	return !row;
}

/* ---- the property ---- */

static void show(const struct strs *words)
{
	for (size_t i = 0; i < words->n; i++)
		printf("# %s\n", words->v[i]);
}

/* The words of `args`, "--", and two of a command; read again they are `args`, and the command is left. */
static void there_and_back(const char *name, const struct opt *opts)
{
	static char args[ARGS_SIZE] __attribute__((aligned(16))), back[ARGS_SIZE] __attribute__((aligned(16)));
	struct opt_keep keep = { 0 };
	struct strs words = { 0 };
	struct err e = { 0 };
	int used;

	memset(args, 0, sizeof args);
	memset(back, 0, sizeof back);
	fill(opts, args);
	check_int(strs_add(&words, name), 0);
	check_int(opt_format(opts, args, &words, &keep), 0);
	check_int(strs_add(&words, "--"), 0);
	check_int(strs_add(&words, "-command"), 0);
	check_int(strs_add(&words, "--"), 0);
	used = opt_parse(opts, back, (int)words.n, (char **)(size_t)words.v, &e);
	if (used != (int)words.n - 2 || !same_args(name, opts, args, back)) {
		printf("# %s: %s: %s\n", name, e.object, e.what);
		show(&words);
		check(!"parse(format(args)) == args");
	}
	opt_release(opts, args);
	opt_release(opts, back);
	strs_release(&words);
	opt_keep_release(&keep);
}

static void ten_thousand(const char *name, const struct opt *opts)
{
	for (int i = 0; i < 10000; i++)
		there_and_back(name, opts);
}

static void property(void)
{
	srand(1);
	each_table(ten_thousand);
}

/* ---- tables that are in order ---- */

struct names {
	const char *v[200];
	size_t n;
	char letters[100];
	size_t n_letters;
};

static void collect(const char *table, const struct opt *opts, struct names *all)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		const char *both[2] = { row->name, row->alias };

		if (row->kind == OPT_GROUP) {
			collect(table, row->group, all);
			continue;
		}
		for (int i = 0; i < 2 && row->kind != OPT_OPERAND && row->kind != OPT_OPERANDS; i++) {
			for (size_t k = 0; both[i] && k < all->n; k++) {
				if (!strcmp(all->v[k], both[i]))
					printf("# %s: --%s twice\n", table, both[i]);
				check(strcmp(all->v[k], both[i]));
			}
			if (both[i])
				all->v[all->n++] = both[i];
		}
		check(!row->letter || !memchr(all->letters, row->letter, all->n_letters));
		if (row->letter)
			all->letters[all->n_letters++] = row->letter;
	}
}

static void check_table(const char *name, const struct opt *opts)
{
	struct names all = { .n = 0 };

	collect(name, opts, &all);
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		bool flag = row->kind == OPT_FLAG || row->kind == OPT_COUNT || row->kind == OPT_WORDS;

		if (row->kind == OPT_GROUP) {
			check(row->group != NULL);
			check_table(name, row->group);
		} else if (row->kind != OPT_OPERAND && row->kind != OPT_OPERANDS) {
			check(row->name && row->help);
			check(flag == !row->arg);
			/* what shows in the help on one line of 80 columns or a little more */
			check(strlen(row->help) <= 90);
		}
	}
	/* --help and --version are everybody's */
	for (size_t i = 0; i < all.n; i++)
		check(strcmp(all.v[i], "help") && strcmp(all.v[i], "version"));
}

static void tables_are_in_order(void)
{
	each_table(check_table);
}

/* ---- a printed plan, read by sh ---- */

/* Have sh read `line` with a function in place of nestbox; its words, each ended by a NUL. */
static size_t sh_words(const char *line, char *buf, size_t size)
{
	struct strbuf script = { 0 };
	size_t len;
	FILE *p;

	strbuf_add(&script, "exec 2>&1; nestbox() { printf '%s\\0' nestbox \"$@\"; }\n");
	strbuf_add(&script, line);
	check(!script.failed);
	p = popen(script.s, "r");
	check(p != NULL);
	len = fread(buf, 1, size, p);
	check_int(pclose(p), 0);
	strbuf_release(&script);
	return len;
}

static void plan_through_sh(const struct step_ops *const *steps, size_t n)
{
	static char got[1 << 16];
	char *command[] = { (char *)"/bin/a b", (char *)"-x", (char *)"", NULL };
	char *argv[1000];
	struct plan plan = { 0 };
	struct strbuf line = { 0 };
	size_t len, argc = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		void *args = plan_add(&plan, steps[i]);

		check(args != NULL && steps[i]->args_size <= ARGS_SIZE);
		fill(steps[i]->opts, args);
	}
	check_int(plan_print(&plan, "nestbox", command, &line), 0);
	len = sh_words(line.s, got, sizeof got);
	for (size_t i = 0; i < len; i += strlen(got + i) + 1) {
		check(argc < sizeof argv / sizeof *argv);
		argv[argc++] = got + i;
	}
	for (size_t i = 0; i < n; i++) {
		char back[ARGS_SIZE] __attribute__((aligned(16))) = { 0 };
		const char *rest = steps[i]->name;
		char word[32];
		struct err e = { 0 };
		int used;

		check(at < argc);
		check_str(argv[at++], "nestbox");
		/* "netns new" is two words, the second of which is what opt_parse takes for the name */
		while (str_next(&rest, ' ', word, sizeof word) > 0) {
			check(at < argc);
			check_str(argv[at++], word);
		}
		at--;
		used = opt_parse(steps[i]->opts, back, (int)(argc - at), argv + at, &e);
		check(used > 0);
		check(same_args(steps[i]->name, steps[i]->opts, plan.v[i].args, back));
		opt_release(steps[i]->opts, back);
		at += (size_t)used;
	}
	check_int((long long)(argc - at), 3);
	for (size_t i = 0; i < 3; i++)
		check_str(argv[at + i], command[i]);
	plan_release(&plan);
	strbuf_release(&line);
}

static void printed_plans(void)
{
	const struct step_ops *all[N_APPLETS + 8];
	size_t n = 0;

	for (size_t i = 0; i < N_APPLETS; i++) {
		if (applets[i]->step)
			all[n++] = applets[i]->step;
		for (const struct applet *const *v = applets[i]->verbs; v && *v; v++)
			if ((*v)->step)
				all[n++] = (*v)->step;
	}
	check(n >= 5);
	srand(2);
	for (int i = 0; i < 200; i++) {
		const struct step_ops *steps[6];

		for (size_t k = 0; k < 6; k++)
			steps[k] = all[(size_t)rand() % n];
		plan_through_sh(steps, 1 + (size_t)rand() % 6);
	}
}

/* The plans that run makes, for a few sets of options, in the order that DESIGN gives. */
static void plans_of_run(void)
{
	struct run_facts facts = { .id = "0123456789ab", .lacks_points = true, .devices = true, .cgroup = "memory,devices:nestbox/0123456789ab" };
	struct run_args args = { .rootfs = "/srv/x" };
	static const char *const order[] = { "tty outside", "pivot", "cgexec", "unshare", "netns new", "unshare", "pivot", "setpriv" };
	struct plan plan = { 0 };
	struct err e = { 0 };

	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_int((long long)plan.n, sizeof order / sizeof *order);
	for (size_t i = 0; i < plan.n; i++)
		check_str(plan.v[i].ops->name, order[i]);
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
	facts = (struct run_facts){ .id = "0123456789ab", .no_cgroup = true, .net = RUN_NET_HOST };
	args.network = "host";
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_int((long long)plan.n, 5);
	check_str(plan.v[1].ops->name, "unshare");
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
	/* with the privileges of the host, or by somebody who stays there */
	args.network = "bridge";
	facts.net = RUN_NET_WIRED;
	facts.net_kind = "bridge";
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_str(plan.v[1].ops->name, "netns new");
	check_str(plan.v[2].ops->name, "unshare");
	check_str(plan.v[3].ops->name, "unshare");
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
	facts.ids.user = "0";
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_str(plan.v[1].ops->name, "netns outside");
	check_str(plan.v[2].ops->name, "unshare");
	check_str(plan.v[3].ops->name, "netns new");
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
	facts = (struct run_facts){ .id = "0123456789ab", .no_cgroup = true, .net = RUN_NET_JOIN, .net_file = "/run/netns/x" };
	args.network = "ns:x";
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_str(plan.v[1].ops->name, "nsenter");
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
	/* of the container's devpts, and before the privileges go that mounting it on /dev/console takes */
	args.tty.tty = args.life.init = true;
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_str(plan.v[plan.n - 3].ops->name, "pivot");
	check_str(plan.v[plan.n - 2].ops->name, "tty inside");
	check_str(plan.v[plan.n - 1].ops->name, "setpriv");
	check(!((const struct setpriv_args *)plan.v[plan.n - 1].args)->exec);
	plan_release(&plan);
}

/* Is the step of that number such a one, with the ranges? */
static void is_idmap(const struct plan *plan, size_t i, const char *path)
{
	const struct idmap_mount_args *s = plan->v[i].args;

	check_str(plan->v[i].ops->name, "idmap mount");
	check_str(s->src, path);
	check_str(s->dst, path);
	check(s->recursive && s->ids.both.n == 1);
}

/* What is run opens the root before the user namespace; what is printed mounts it before, and what lies below it once. */
static void user_namespaces(void)
{
	const char *range[] = { "0:100000:65536", NULL }, *binds[] = { "/srv/v/w:/a", "/srv/v:/b", "/srv/v:/c", "/srv/x/y:/d", "/srv/vv:/e", NULL };
	struct run_facts facts = { .id = "0123456789ab", .no_cgroup = true, .idmap = true, .become_root = true };
	struct run_args args = { .rootfs = "/srv/x", .idmap = true };
	struct plan plan = { 0 };
	struct err e = { 0 };

	facts.ids.both = facts.users = facts.groups = (struct strs){ range, 1 };
	args.mounts.binds = (struct strs){ binds, 5 };
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_int((long long)plan.n, 6);
	check_str(plan.v[4].ops->name, "pivot");
	check_int((long long)((const struct pivot_args *)plan.v[4].args)->idmap.n, 1);
	check(((const struct pivot_args *)plan.v[4].args)->idmap_volumes);
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
	args.dry_run = true;
	check_int(run_plan(&args, &facts, &plan, &e), 0);
	check_int((long long)plan.n, 10);
	check_str(plan.v[1].ops->name, "unshare");
	is_idmap(&plan, 2, "/srv/x");
	is_idmap(&plan, 3, "/srv/v");
	is_idmap(&plan, 4, "/srv/vv");
	check_str(plan.v[8].ops->name, "pivot");
	check_int((long long)((const struct pivot_args *)plan.v[8].args)->idmap.n, 0);
	check_int(plan_check(&plan, &e), 0);
	plan_release(&plan);
}

int main(void)
{
	unit("tables: names and letters once, values named, a line of help", tables_are_in_order);
	unit("parse(format(args)) is args, 10000 times for every table", property);
	unit("a printed plan is read back by sh and the parser", printed_plans);
	unit("run's plans are in order", plans_of_run);
	unit("a run with a user namespace, and its line", user_namespaces);
	return unit_done();
}
