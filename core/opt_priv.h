/* opt: what reading and writing a table of options share. */
#ifndef CORE_OPT_PRIV_H
#define CORE_OPT_PRIV_H

#include "core/opt.h"

static inline void *field(const struct opt *row, const void *args)
{
	return (char *)(size_t)args + row->off;
}

static inline bool takes_value(const struct opt *row)
{
	return row->kind != OPT_FLAG && row->kind != OPT_COUNT && row->kind != OPT_WORDS;
}

/* OPT_MAYBE, and a signal with a default: "--name" alone is enough. */
static inline bool value_optional(const struct opt *row)
{
	return row->kind == OPT_MAYBE || (row->kind == OPT_SIGNAL && row->min);
}

static inline bool is_option(const struct opt *row)
{
	return row->kind != OPT_GROUP && row->kind != OPT_OPERAND && row->kind != OPT_OPERANDS;
}

static inline const struct opt *next_operand(const struct opt *row)
{
	while (row->kind != OPT_END && row->kind != OPT_OPERAND && row->kind != OPT_OPERANDS)
		row++;
	return row;
}

#endif
