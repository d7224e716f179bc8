/* opt: how a line is read, what is refused, and that formatting is the reverse. */
#include <errno.h>
#include <signal.h>

#include "core/opt.h"
#include "tests/unit/unit.h"

struct inner {
	struct strs list;
	const char *text;
};

struct args {
	bool alpha, beta, gamma;
	unsigned count;
	const char *name, *mode;
	struct opt_maybe maybe;
	struct opt_num num, octal, size, cpus, sig, sig_default;
	struct inner inner;
	const char *first, *second;
	struct strs many;
};

#define OFF(field) offsetof(struct args, field)

static const char *const words[] = { "one", "two", NULL };

static const struct opt inner_opts[] = {
	{ OPT_LIST, 'l', "list", "X", "list", offsetof(struct inner, list), .alias = "also" },
	{ OPT_STR, 't', "text", "X", "text", offsetof(struct inner, text) },
	{ OPT_END },
};

static const struct opt plain[] = {
	{ OPT_FLAG, 'a', "alpha", NULL, "alpha", OFF(alpha) },
	{ OPT_FLAG, 'b', "beta", NULL, "beta", OFF(beta) },
	{ OPT_FLAG, 'g', "alpha-gamma", NULL, "gamma", OFF(gamma) },
	{ OPT_COUNT, 'c', "count", NULL, "count", OFF(count) },
	{ OPT_STR, 'n', "name", "X", "name", OFF(name) },
	{ OPT_STR, 0, "mode", "X", "mode", OFF(mode), .words = words },
	{ OPT_MAYBE, 'm', "maybe", "X", "maybe", OFF(maybe) },
	{ OPT_NUM, 0, "num", "N", "num", OFF(num), -5, 5 },
	{ OPT_OCTAL, 0, "octal", "N", "octal", OFF(octal), .max = 0777 },
	{ OPT_SIZE, 0, "size", "N", "size", OFF(size), -1 },
	{ OPT_CPUS, 0, "cpus", "N", "cpus", OFF(cpus) },
	{ OPT_SIGNAL, 0, "sig", "S", "sig", OFF(sig) },
	{ OPT_SIGNAL, 's', "sig-default", "S", "sig", OFF(sig_default), .min = SIGKILL },
	{ OPT_GROUP, .off = OFF(inner), .group = inner_opts },
	{ OPT_FLAG, 'z', "hidden", NULL, "hidden", OFF(gamma), .flags = OPT_HIDDEN },
	{ OPT_END },
};

static const struct opt operands[] = {
	{ OPT_FLAG, 'a', "alpha", NULL, "alpha", OFF(alpha) },
	{ OPT_OPERAND, .name = "FIRST", .off = OFF(first) },
	{ OPT_OPERAND, .name = "SECOND", .off = OFF(second), .flags = OPT_OPTIONAL },
	{ OPT_END },
};

static const struct opt unless[] = {
	{ OPT_FLAG, 'a', "alpha", NULL, "alpha", OFF(alpha) },
	{ OPT_OPERAND, .name = "FIRST", .off = OFF(first), .min = OFF(alpha), .flags = OPT_UNLESS },
	{ OPT_END },
};

static const struct opt many[] = {
	{ OPT_FLAG, 'a', "alpha", NULL, "alpha", OFF(alpha) },
	{ OPT_OPERANDS, .name = "WORD", .off = OFF(many) },
	{ OPT_END },
};

static struct args args;
static struct err err;

/* Parse the words behind the table, NULL at the end; what opt_parse returns. */
#define PARSE(opts, ...) parse(opts, (const char *[]){ "applet", ##__VA_ARGS__, NULL })

static int parse(const struct opt *opts, const char **argv)
{
	static const struct opt *last;
	int argc = 0;

	while (argv[argc])
		argc++;
	if (last)
		opt_release(last, &args);
	last = opts;
	args = (struct args){ 0 };
	err = (struct err){ 0 };
	return opt_parse(opts, &args, argc, (char **)argv, &err);
}

static void flags_and_clusters(void)
{
	check_int(PARSE(plain), 1);
	check_int(PARSE(plain, "-a"), 2);
	check(args.alpha && !args.beta);
	check_int(PARSE(plain, "-abccc", "-c"), 3);
	check(args.alpha && args.beta && !args.gamma);
	check_int(args.count, 4);
	check_int(PARSE(plain, "--alpha", "--beta"), 3);
	check(args.alpha && args.beta);
	check_int(PARSE(plain, "-z"), 2);
	check(args.gamma);
}

static void values(void)
{
	check_int(PARSE(plain, "-n", "x"), 3);
	check_str(args.name, "x");
	check_int(PARSE(plain, "-nx"), 2);
	check_str(args.name, "x");
	check_int(PARSE(plain, "-abnx=y", "-c"), 3);
	check_str(args.name, "x=y");
	check_int(args.count, 1);
	check_int(PARSE(plain, "--name", "x"), 3);
	check_str(args.name, "x");
	check_int(PARSE(plain, "--name=x=y"), 2);
	check_str(args.name, "x=y");
	check_int(PARSE(plain, "--name="), 2);
	check_str(args.name, "");
	check_int(PARSE(plain, "-n", ""), 3);
	check_str(args.name, "");
	/* a value may look like anything */
	check_int(PARSE(plain, "-n", "--", "--name", "-a"), 5);
	check_str(args.name, "-a");
	check(!args.alpha);
	check_int(PARSE(plain, "--name=1", "--name=2"), 3);
	check_str(args.name, "2");
}

static void options_end(void)
{
	check_int(PARSE(plain, "-a", "x", "-b"), 2);
	check(!args.beta);
	check_int(PARSE(plain, "-a", "--", "-b"), 3);
	check(!args.beta);
	check_int(PARSE(plain, "--"), 2);
	check_int(PARSE(plain, "-a", "-"), 2);
	check_int(PARSE(plain, ""), 1);
	check_int(PARSE(plain, "--", "--"), 2);
}

static void optional_values(void)
{
	check_int(PARSE(plain, "--maybe", "x"), 2);
	check(args.maybe.set && !args.maybe.value);
	check_int(PARSE(plain, "--maybe=x"), 2);
	check_str(args.maybe.value, "x");
	check_int(PARSE(plain, "--maybe="), 2);
	check_str(args.maybe.value, "");
	/* the short form takes none: what follows in the cluster is options */
	check_int(PARSE(plain, "-ma"), 2);
	check(args.maybe.set && !args.maybe.value && args.alpha);
	check_int(PARSE(plain, "--sig-default", "TERM"), 2);
	check_int(args.sig_default.v, SIGKILL);
	check_int(PARSE(plain, "--sig-default=TERM"), 2);
	check_int(args.sig_default.v, SIGTERM);
	check_int(PARSE(plain, "-sa"), 2);
	check_int(args.sig_default.v, SIGKILL);
	check(args.alpha);
	check_int(PARSE(plain, "--sig", "TERM"), 3);
	check_int(args.sig.v, SIGTERM);
}

static void abbreviations(void)
{
	check_int(PARSE(plain, "--be"), 2);
	check(args.beta);
	check_int(PARSE(plain, "--nam=x"), 2);
	check_str(args.name, "x");
	/* the whole name of one is no abbreviation of the other */
	check_int(PARSE(plain, "--alpha"), 2);
	check(args.alpha && !args.gamma);
	check_int(PARSE(plain, "--alpha-"), 2);
	check(args.gamma);
	check_int(PARSE(plain, "--alph"), -EINVAL);
	check_str(err.object, "--alph");
	check_str(err.what, "ambiguous option");
	check_int(PARSE(plain, "--ma=x"), 2);
	check_int(PARSE(plain, "--m"), -EINVAL);
	/* a name and its alias are one row */
	check_int(PARSE(plain, "--als=x"), 2);
	check_int(PARSE(plain, "--also=x"), 2);
	check_int(PARSE(plain, "--lis=x"), 2);
	check_str(args.inner.list.v[0], "x");
	/* across tables too */
	check_int(PARSE(plain, "--al=x"), -EINVAL);
	check_str(err.what, "ambiguous option");
}

static void groups(void)
{
	check_int(PARSE(plain, "-l1", "--list", "2", "--also=3", "-tx", "-a"), 7);
	check_int((long long)args.inner.list.n, 3);
	check_str(args.inner.list.v[0], "1");
	check_str(args.inner.list.v[2], "3");
	check_str(args.inner.text, "x");
	check(args.alpha);
	opt_release(plain, &args);
	check_int((long long)args.inner.list.n, 0);
}

static void takes_operands(void)
{
	check_int(PARSE(operands, "x"), 2);
	check_str(args.first, "x");
	check(!args.second);
	check_int(PARSE(operands, "-a", "x", "y", "z"), 4);
	check_str(args.second, "y");
	check_int(PARSE(operands, "x", "y", "--", "z"), 4);
	check_int(PARSE(operands, "--", "-a", "y", "-b"), 4);
	check_str(args.first, "-a");
	check(!args.alpha);
	check_int(PARSE(operands, "x", "-a"), 3);
	check_str(args.second, "-a");
	check_int(PARSE(operands), -EINVAL);
	check_str(err.object, "FIRST");
	check_int(PARSE(operands, "-a", "--"), -EINVAL);
}

static void takes_none_where_an_option_says_so(void)
{
	check_int(PARSE(unless, "x", "y"), 2);
	check_str(args.first, "x");
	check_int(PARSE(unless, "-a", "x", "y"), 2);
	check(args.alpha && !args.first);
	check_int(PARSE(unless, "-a", "--", "-x"), 3);
	check_int(PARSE(unless, "-a"), 2);
	check_int(PARSE(unless), -EINVAL);
}

static void takes_many_operands(void)
{
	check_int(PARSE(many, "-a", "x", "-y", "z", "--", "command", "--"), 6);
	check_int(args.many.n, 3);
	check_str(args.many.v[1], "-y");
	check_int(PARSE(many, "--", "-a", "--", "command"), 4);
	check_str(args.many.v[0], "-a");
	check(!args.alpha);
	check_int(PARSE(many, "x"), 2);
	check_int(args.many.n, 1);
	check_int(PARSE(many), -EINVAL);
	check_str(err.object, "WORD");
	check_int(PARSE(many, "--", "--", "command"), -EINVAL);
	opt_release(many, &args);
	check_int((long long)args.many.n, 0);
}

static void numbers_in_bounds(void)
{
	check_int(PARSE(plain, "--num=-5", "--octal=0777", "--size=64M", "--cpus=1.5"), 5);
	check(args.num.set && args.octal.set && args.size.set && args.cpus.set);
	check_int(args.num.v, -5);
	check_int(args.octal.v, 0777);
	check_int(args.size.v, 64 << 20);
	check_int(args.cpus.v, 1500000000);
	check_int(PARSE(plain, "--size", "-1"), 3);
	check_int(args.size.v, -1);
	check_int(PARSE(plain, "--mode=two"), 2);
	check_str(args.mode, "two");
}

static void refused(void)
{
	static const struct {
		const char *word, *object, *what;
	} bad[] = {
		{ "--nope", "--nope", "unknown option" },
		{ "-q", "-q", "unknown option" },
		{ "-aq", "-q", "unknown option" },
		{ "--name", "--name", "wants a value: X" },
		{ "-n", "-n", "wants a value: X" },
		{ "--alpha=x", "--alpha=x", "--alpha takes no value" },
		{ "--num=6", "6", "--num is out of range (-5 to 5)" },
		{ "--num=x", "x", "--num wants a whole number" },
		{ "--octal=8", "8", "--octal wants an octal number" },
		{ "--octal=1000", "1000", "--octal is out of range (0 to 511)" },
		{ "--size=1x", "1x", "--size wants a size such as 64M or 1.5g" },
		{ "--cpus=x", "x", "--cpus wants a number of CPUs such as 1.5" },
		{ "--sig=NOPE", "NOPE", "--sig: no such signal" },
		{ "--mode=three", "three", "--mode takes one, two" },
		{ "--=x", "--=x", "ambiguous option" },
		{ "--LIST=x", "--LIST=x", "unknown option" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		check_int(PARSE(plain, bad[i].word), -EINVAL);
		check_str(err.object, bad[i].object);
		check_str(err.what, bad[i].what);
	}
}

static void letters(void)
{
	check(opt_has_letter(plain, 'a') && opt_has_letter(plain, 't') && !opt_has_letter(plain, 'q'));
	check(!opt_has_letter(NULL, 'a'));
}

static void help_and_words(void)
{
	struct strbuf help = { 0 }, list = { 0 };

	opt_help(plain, &help);
	check(strstr(help.s, "  -a, --alpha "));
	check(strstr(help.s, "      --num N "));
	check(strstr(help.s, "  -m, --maybe[=X] "));
	check(strstr(help.s, "  -l, --list X "));
	check(strstr(help.s, "(also --also)\n"));
	check(!strstr(help.s, "hidden"));
	opt_words(plain, &list);
	check(strstr(list.s, "-a\n--alpha\n"));
	check(strstr(list.s, "-l\n--list=\n--also=\n"));
	check(strstr(list.s, "--maybe\n"));
	check(!strstr(list.s, "hidden"));
	strbuf_release(&help);
	strbuf_release(&list);
	opt_help(operands, &help);
	check(!strstr(help.s, "FIRST"));
	strbuf_release(&help);
}

/* What opt_format makes of `args`, as one line. */
static const char *formatted(const struct opt *opts)
{
	static char line[1024];
	struct opt_keep keep = { 0 };
	struct strs out = { 0 };

	check_int(opt_format(opts, &args, &out, &keep), 0);
	line[0] = '\0';
	for (size_t i = 0; i < out.n; i++)
		snprintf(line + strlen(line), sizeof line - strlen(line), "%s%s", i ? " " : "", out.v[i]);
	strs_release(&out);
	opt_keep_release(&keep);
	return line;
}

static void formats(void)
{
	check_int(PARSE(plain), 1);
	check_str(formatted(plain), "");
	check_int(PARSE(plain, "--text=x", "--also=2", "-ccz", "--sig-default", "--sig", "15", "--maybe=", "--size=1024", "--octal=7"), 10);
	/* hidden ones, as all others, stand in the table's order; -z and -g share a field here */
	check_str(formatted(plain), "-g -c -c --maybe= --octal 0007 --size 1K --sig TERM -s -l 2 -t x");
	check_int(PARSE(operands, "--", "-x", "y"), 4);
	check_str(formatted(operands), "-- -x y");
	check_int(PARSE(operands, "-a", "x"), 3);
	check_str(formatted(operands), "-a x");
	check_int(PARSE(operands, "-"), 2);
	check_str(formatted(operands), "-");
	check_int(PARSE(many, "--", "-a", "y"), 4);
	check_str(formatted(many), "-- -a y");
}

static void lists_of_their_own(void)
{
	struct args copy;

	check_int(PARSE(plain, "-l", "1", "--also=2"), 4);
	copy = args;
	check_int(opt_own_lists(plain, &copy), 0);
	check(copy.inner.list.v != args.inner.list.v);
	check_int(copy.inner.list.n, 2);
	check_str(copy.inner.list.v[1], "2");
	opt_release(plain, &copy);
	check_str(args.inner.list.v[0], "1");
}

int main(void)
{
	unit("flags, counts, clusters", flags_and_clusters);
	unit("values: attached, next word, behind =", values);
	unit("options end at the first word that is none, and behind --", options_end);
	unit("an optional value is given with = only", optional_values);
	unit("abbreviations that are clear, and those that are not", abbreviations);
	unit("a group's options are found as one's own", groups);
	unit("operands, optional ones, and -- around them", takes_operands);
	unit("an operand that an option does without", takes_none_where_an_option_says_so);
	unit("as many operands as there are up to --", takes_many_operands);
	unit("numbers inside of the bounds, and allowed words", numbers_in_bounds);
	unit("what is refused is named", refused);
	unit("letters are found, in groups too", letters);
	unit("help and completion list all but hidden rows", help_and_words);
	unit("arguments are written as they are read", formats);
	unit("a copy's lists are its own", lists_of_their_own);
	return unit_done();
}
