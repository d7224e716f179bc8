#include "core/opt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row together with the struct that its offset counts from. */
struct found {
	const struct opt *row;
	void *args;
	bool ambiguous;
};

static void *field(const struct opt *row, const void *args)
{
	return (char *)(size_t)args + row->off;
}

static bool takes_value(const struct opt *row)
{
	return row->kind != OPT_FLAG && row->kind != OPT_COUNT;
}

/* OPT_MAYBE, and a signal with a default: "--name" alone is enough. */
static bool value_optional(const struct opt *row)
{
	return row->kind == OPT_MAYBE || (row->kind == OPT_SIGNAL && row->min);
}

static bool is_option(const struct opt *row)
{
	return row->kind != OPT_GROUP && row->kind != OPT_OPERAND;
}

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

static const struct opt *next_operand(const struct opt *row)
{
	while (row->kind != OPT_END && row->kind != OPT_OPERAND)
		row++;
	return row;
}

/* Operands stand in the applet's own table, not in groups. */
static int parse_operands(const struct opt *opts, void *args, int argc, char **argv, int i, struct err *e)
{
	const struct opt *row = next_operand(opts);

	if (row->kind == OPT_END)
		return i;
	for (; row->kind != OPT_END; row = next_operand(row + 1)) {
		if (i == argc) {
			if (row->flags & OPT_OPTIONAL)
				break;
			return err_bad(e, row->name, "missing operand");
		}
		*(const char **)field(row, args) = argv[i++];
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

static char *keep_own(struct opt_keep *keep, char *text)
{
	char **v = text ? realloc(keep->v, (keep->n + 1) * sizeof *v) : NULL;

	if (!v) {
		free(text);
		return NULL;
	}
	keep->v = v;
	keep->v[keep->n++] = text;
	return text;
}

char *opt_keep_text(struct opt_keep *keep, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return keep_own(keep, text);
}

void opt_keep_release(struct opt_keep *keep)
{
	for (size_t i = 0; i < keep->n; i++)
		free(keep->v[i]);
	free(keep->v);
	*keep = (struct opt_keep){ 0 };
}

static int put(struct strs *out, const char *text)
{
	return text ? strs_add(out, text) : -ENOMEM;
}

static char *option_word(const struct opt *row, struct opt_keep *keep)
{
	if (row->letter)
		return opt_keep_text(keep, "-%c", row->letter);
	return opt_keep_text(keep, "--%s", row->name);
}

static int put_valued(const struct opt *row, const char *value, struct strs *out, struct opt_keep *keep)
{
	int rc;

	if (value_optional(row)) {
		if (!value)
			return put(out, option_word(row, keep));
		return put(out, opt_keep_text(keep, "--%s=%s", row->name, value));
	}
	rc = put(out, option_word(row, keep));
	return rc < 0 ? rc : put(out, value);
}

static int put_number(const struct opt *row, const struct opt_num *num, struct strs *out, struct opt_keep *keep)
{
	const char *kept;
	char text[32];

	if (!num->set)
		return 0;
	if (value_optional(row) && num->v == row->min)
		return put_valued(row, NULL, out, keep);
	switch (row->kind) {
	case OPT_OCTAL:
		snprintf(text, sizeof text, "%04llo", (unsigned long long)num->v);
		break;
	case OPT_SIZE:
		str_size_format(num->v, text);
		break;
	case OPT_CPUS:
		str_cpus_format(num->v, text);
		break;
	case OPT_SIGNAL:
		str_signal_format((int)num->v, text);
		break;
	default:
		snprintf(text, sizeof text, "%lld", num->v);
		break;
	}
	kept = opt_keep_text(keep, "%s", text);
	return kept ? put_valued(row, kept, out, keep) : -ENOMEM;
}

static int format_options(const struct opt *opts, const void *args, struct strs *out, struct opt_keep *keep);

static int format_row(const struct opt *row, const void *args, struct strs *out, struct opt_keep *keep)
{
	const void *from = field(row, args);
	const struct opt_maybe *maybe = from;
	const struct strs *list = from;
	const char *text;
	int rc = 0;

	switch (row->kind) {
	case OPT_GROUP:
		return format_options(row->group, from, out, keep);
	case OPT_FLAG:
		return *(const bool *)from ? put(out, option_word(row, keep)) : 0;
	case OPT_COUNT:
		for (unsigned i = 0; i < *(const unsigned *)from && !rc; i++)
			rc = put(out, option_word(row, keep));
		return rc;
	case OPT_STR:
		text = *(const char *const *)from;
		return text ? put_valued(row, text, out, keep) : 0;
	case OPT_LIST:
		for (size_t i = 0; i < list->n && !rc; i++)
			rc = put_valued(row, list->v[i], out, keep);
		return rc;
	case OPT_MAYBE:
		return maybe->set ? put_valued(row, maybe->value, out, keep) : 0;
	default:
		return put_number(row, from, out, keep);
	}
}

static int format_options(const struct opt *opts, const void *args, struct strs *out, struct opt_keep *keep)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		int rc;

		if (row->kind == OPT_OPERAND || row->flags & OPT_HIDDEN)
			continue;
		rc = format_row(row, args, out, keep);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int opt_format(const struct opt *opts, const void *args, struct strs *out, struct opt_keep *keep)
{
	const struct opt *row = next_operand(opts);
	const char *text;
	int rc = format_options(opts, args, out, keep);

	if (rc < 0 || row->kind == OPT_END)
		return rc;
	text = *(const char *const *)field(row, args);
	if (text && text[0] == '-' && text[1])
		rc = strs_add(out, "--");
	for (; !rc && row->kind != OPT_END; row = next_operand(row + 1)) {
		text = *(const char *const *)field(row, args);
		if (!text)
			break;
		rc = strs_add(out, text);
	}
	return rc;
}

void opt_release(const struct opt *opts, void *args)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP)
			opt_release(row->group, field(row, args));
		else if (row->kind == OPT_LIST)
			strs_release(field(row, args));
	}
}

static void help_row(const struct opt *row, struct strbuf *out)
{
	size_t start = out->len;

	if (row->letter)
		strbuf_addf(out, "  -%c, ", row->letter);
	else
		strbuf_add(out, "      ");
	strbuf_addf(out, "--%s", row->name);
	if (value_optional(row))
		strbuf_addf(out, "[=%s]", row->arg);
	else if (takes_value(row))
		strbuf_addf(out, " %s", row->arg);
	/* two columns; a long left side gets a line of its own */
	if (out->len - start > 30)
		strbuf_addf(out, "\n%32s", "");
	else
		strbuf_addf(out, "%*s", (int)(32 - (out->len - start)), "");
	strbuf_add(out, row->help);
	if (row->alias)
		strbuf_addf(out, " (also --%s)", row->alias);
	strbuf_add(out, "\n");
}

void opt_help(const struct opt *opts, struct strbuf *out)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP)
			opt_help(row->group, out);
		else if (row->kind != OPT_OPERAND && !(row->flags & OPT_HIDDEN))
			help_row(row, out);
	}
}

void opt_words(const struct opt *opts, struct strbuf *out)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP)
			opt_words(row->group, out);
		if (!is_option(row) || row->flags & OPT_HIDDEN)
			continue;
		if (row->letter)
			strbuf_addf(out, "-%c\n", row->letter);
		strbuf_addf(out, "--%s%s\n", row->name, takes_value(row) && !value_optional(row) ? "=" : "");
		if (row->alias)
			strbuf_addf(out, "--%s%s\n", row->alias, takes_value(row) && !value_optional(row) ? "=" : "");
	}
}
