#include "core/opt.h"

#include <errno.h>
#include <string.h>

#include "core/opt_priv.h"

/* A row together with the struct that its offset counts from. */
struct found {
	const struct opt *row;
	void *args;
	bool ambiguous;
};

/* Exact names win over abbreviations; two rows that an abbreviation fits are ambiguous. */
static bool find_long(const struct opt *opts, void *args, const char *name, size_t len, struct found *f)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		const char *names[2] = { row->name, row->alias };

		if (row->kind == OPT_GROUP) {
			if (find_long(row->group, field(row, args), name, len, f))
				return true;
			continue;
		}
		if (!is_option(row))
			continue;
		for (int i = 0; i < 2; i++) {
			if (!names[i] || strncmp(names[i], name, len))
				continue;
			if (!names[i][len]) {
				*f = (struct found){ row, args, false };
				return true;
			}
			if (f->row && f->row != row)
				f->ambiguous = true;
			f->row = row;
			f->args = args;
		}
	}
	return false;
}

static bool find_letter(const struct opt *opts, void *args, char letter, struct found *f)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP) {
			if (find_letter(row->group, field(row, args), letter, f))
				return true;
			continue;
		}
		if (is_option(row) && row->letter == letter) {
			*f = (struct found){ row, args, false };
			return true;
		}
	}
	return false;
}

bool opt_has_letter(const struct opt *opts, char letter)
{
	for (const struct opt *row = opts; row && row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP ? opt_has_letter(row->group, letter) : row->letter == letter)
			return true;
	}
	return false;
}

static int bad_number(const struct opt *row, const char *text, int rc, struct err *e)
{
	if (rc == -ERANGE && row->max)
		return err_bad(e, text, "--%s is out of range (%lld to %lld)", row->name, row->min, row->max);
	if (rc == -ERANGE)
		return err_bad(e, text, "--%s is out of range", row->name);
	switch (row->kind) {
	case OPT_OCTAL:
		return err_bad(e, text, "--%s wants an octal number", row->name);
	case OPT_SIZE:
		return err_bad(e, text, "--%s wants a size such as 64M or 1.5g", row->name);
	case OPT_CPUS:
		return err_bad(e, text, "--%s wants a number of CPUs such as 1.5", row->name);
	case OPT_SIGNAL:
		return err_bad(e, text, "--%s: no such signal", row->name);
	default:
		return err_bad(e, text, "--%s wants a whole number", row->name);
	}
}

static int set_number(const struct opt *row, struct opt_num *num, const char *text, struct err *e)
{
	long long v = row->min;
	int rc = 0;

	switch (row->kind) {
	case OPT_OCTAL:
		rc = str_octal(text, row->max, &v);
		break;
	case OPT_SIZE:
		rc = str_size(text, row->min < 0, &v);
		if (!rc && row->max && (v > row->max || (v >= 0 && v < row->min)))
			rc = -ERANGE;
		break;
	case OPT_CPUS:
		rc = str_cpus(text, &v);
		break;
	case OPT_SIGNAL:
		if (text)
			rc = (int)(v = str_signal(text));
		break;
	default:
		rc = str_num(text, row->min, row->max, &v);
		break;
	}
	if (rc < 0)
		return bad_number(row, text, rc, e);
	num->set = true;
	num->v = v;
	return 0;
}

static int check_word(const struct opt *row, const char *text, struct err *e)
{
	struct strbuf all = { 0 };

	if (!row->words || !text)
		return 0;
	for (const char *const *w = row->words; *w; w++)
		if (!strcmp(*w, text))
			return 0;
	for (const char *const *w = row->words; *w; w++)
		strbuf_addf(&all, "%s%s", all.len ? ", " : "", *w);
	err_bad(e, text, "--%s takes %s", row->name, all.s);
	strbuf_release(&all);
	return -EINVAL;
}

static int set_value(const struct found *f, const char *text, struct err *e);

static int set_words(const struct found *f, struct err *e)
{
	int rc = 0;

	for (const char *const *w = f->row->words; *w && rc == 0; w++) {
		size_t len = strcspn(*w, "=");
		struct found of = { 0 };

		find_long(f->row->group, f->args, *w, len, &of);
		rc = set_value(&of, *w + len + 1, e);
	}
	return rc;
}

static int set_value(const struct found *f, const char *text, struct err *e)
{
	const struct opt *row = f->row;
	void *to = field(row, f->args);
	int rc = check_word(row, text, e);

	if (rc < 0)
		return rc;
	switch (row->kind) {
	case OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case OPT_COUNT:
		++*(unsigned *)to;
		return 0;
	case OPT_STR:
		*(const char **)to = text;
		return 0;
	case OPT_LIST:
		rc = strs_add(to, text);
		return rc < 0 ? err_set(e, -rc, row->name, NULL) : 0;
	case OPT_MAYBE:
		*(struct opt_maybe *)to = (struct opt_maybe){ true, text };
		return 0;
	case OPT_WORDS:
		return set_words(f, e);
	default:
		return set_number(row, to, text, e);
	}
}

/* "--name", "--name=VAL" or "--name VAL"; *i is moved on to the last word that was used. */
static int parse_long(const struct opt *opts, void *args, int argc, char **argv, int *i, struct err *e)
{
	const char *name = argv[*i] + 2;
	const char *value = strchr(name, '=');
	size_t len = value ? (size_t)(value - name) : strlen(name);
	struct found f = { 0 };

	if (value)
		value++;
	find_long(opts, args, name, len, &f);
	if (!f.row && (!strcmp(name, "help") || !strcmp(name, "version")))
		return err_set(e, ECANCELED, argv[*i], NULL);
	if (!f.row)
		return err_bad(e, argv[*i], "unknown option");
	if (f.ambiguous)
		return err_bad(e, argv[*i], "ambiguous option");
	if (value && !takes_value(f.row))
		return err_bad(e, argv[*i], "--%s takes no value", f.row->name);
	if (!value && takes_value(f.row) && !value_optional(f.row)) {
		if (*i + 1 >= argc)
			return err_bad(e, argv[*i], "wants a value: %s", f.row->arg);
		value = argv[++*i];
	}
	return set_value(&f, value, e);
}

/* "-a", "-ab", "-aVAL" or "-a VAL" */
static int parse_cluster(const struct opt *opts, void *args, int argc, char **argv, int *i, struct err *e)
{
	for (const char *s = argv[*i] + 1; *s; s++) {
		struct found f = { 0 };
		const char *value = NULL;
		char bad[3] = { '-', *s, '\0' };
		int rc;

		if (!find_letter(opts, args, *s, &f)) {
			if (*s == 'h' || *s == 'V')
				return err_set(e, ECANCELED, *s == 'h' ? "--help" : "--version", NULL);
			return err_bad(e, bad, "unknown option");
		}
		if (takes_value(f.row) && !value_optional(f.row)) {
			value = s + 1;
			if (!*value) {
				if (*i + 1 >= argc)
					return err_bad(e, bad, "wants a value: %s", f.row->arg);
				value = argv[++*i];
			}
		}
		if (f.row->flags & OPT_ATTACHED && s[1])
			value = s[1] == '=' ? s + 2 : s + 1;
		rc = set_value(&f, value, e);
		if (rc < 0 || value)
			return rc;
	}
	return 0;
}

/* One word for a row, or all up to "--"; the index of the next. */
static int parse_operand(const struct opt *row, void *args, int argc, char **argv, int i, struct err *e)
{
	if (row->kind == OPT_OPERAND) {
		*(const char **)field(row, args) = argv[i];
		return i + 1;
	}
	for (; i < argc && strcmp(argv[i], "--"); i++)
		if (strs_add(field(row, args), argv[i]) < 0)
			return err_set(e, ENOMEM, row->name, NULL);
	return i;
}

/* Operands stand in the applet's own table, not in groups. */
static int parse_operands(const struct opt *opts, void *args, int argc, char **argv, int i, struct err *e)
{
	const struct opt *row = next_operand(opts);

	if (row->kind == OPT_END)
		return i;
	for (; row->kind != OPT_END; row = next_operand(row + 1)) {
		if (row->flags & OPT_UNLESS && ((const bool *)args)[row->min])
			continue;
		if (i == argc || (row->kind == OPT_OPERANDS && !strcmp(argv[i], "--"))) {
			if (row->flags & OPT_OPTIONAL)
				break;
			return err_bad(e, row->name, "missing operand");
		}
		i = parse_operand(row, args, argc, argv, i, e);
		if (i < 0)
			return i;
	}
	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	return i;
}

int opt_parse(const struct opt *opts, void *args, int argc, char **argv, struct err *e)
{
	int i;

	for (i = 1; i < argc; i++) {
		int rc;

		if (argv[i][0] != '-' || !argv[i][1])
			break;
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][1] == '-')
			rc = parse_long(opts, args, argc, argv, &i, e);
		else
			rc = parse_cluster(opts, args, argc, argv, &i, e);
		if (rc < 0)
			return rc;
	}
	return parse_operands(opts, args, argc, argv, i, e);
}
