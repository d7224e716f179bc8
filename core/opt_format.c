/* opt: a table read backwards: as words, as help, as completion. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/opt.h"
#include "core/opt_priv.h"

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
	case OPT_WORDS:
		return 0;
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

		if ((!is_option(row) && row->kind != OPT_GROUP) || row->flags & OPT_HIDDEN)
			continue;
		rc = format_row(row, args, out, keep);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int format_operands(const struct opt *row, const void *args, struct strs *out)
{
	int rc = 0;

	for (; !rc && row->kind != OPT_END; row = next_operand(row + 1)) {
		const char *text;

		if (row->kind == OPT_OPERANDS) {
			rc = strs_add_all(out, field(row, args));
			continue;
		}
		text = *(const char *const *)field(row, args);
		if (!text)
			break;
		rc = strs_add(out, text);
	}
	return rc;
}

int opt_format(const struct opt *opts, const void *args, struct strs *out, struct opt_keep *keep)
{
	const struct opt *row = next_operand(opts);
	const struct strs *list = field(row, args);
	const char *text;
	int rc = format_options(opts, args, out, keep);

	if (rc < 0 || row->kind == OPT_END)
		return rc;
	text = row->kind == OPT_OPERAND ? *(const char *const *)field(row, args) : list->n ? list->v[0] : NULL;
	if (text && text[0] == '-' && text[1])
		rc = strs_add(out, "--");
	return rc < 0 ? rc : format_operands(row, args, out);
}

static int own_list(struct strs *l)
{
	const struct strs theirs = *l;

	*l = (struct strs){ 0 };
	return strs_add_all(l, &theirs);
}

int opt_own_lists(const struct opt *opts, void *args)
{
	int rc = 0;

	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		int one = 0;

		if (row->kind == OPT_GROUP)
			one = opt_own_lists(row->group, field(row, args));
		else if (row->kind == OPT_LIST || row->kind == OPT_OPERANDS)
			one = own_list(field(row, args));
		rc = one < 0 ? one : rc;
	}
	return rc;
}

void opt_release(const struct opt *opts, void *args)
{
	for (const struct opt *row = opts; row->kind != OPT_END; row++) {
		if (row->kind == OPT_GROUP)
			opt_release(row->group, field(row, args));
		else if (row->kind == OPT_LIST || row->kind == OPT_OPERANDS)
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
		else if (is_option(row) && !(row->flags & OPT_HIDDEN))
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
