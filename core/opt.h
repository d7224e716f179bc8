/* opt: one table of options feeds the parser, the help, the completion and the printed plan. */
#ifndef CORE_OPT_H
#define CORE_OPT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/str.h"

/* What a row's field is, and how its text is read. */
enum opt_kind {
	OPT_END,     /* closes a table */
	OPT_FLAG,    /* bool */
	OPT_COUNT,   /* unsigned: how often it was given */
	OPT_STR,     /* const char *: the last one wins */
	OPT_LIST,    /* struct strs: each one is kept, in order */
	OPT_MAYBE,   /* struct opt_maybe: --name or --name=VAL; the short form takes no value */
	OPT_NUM,     /* struct opt_num: decimal, between min and max */
	OPT_OCTAL,   /* struct opt_num: octal, up to max */
	OPT_SIZE,    /* struct opt_num: bytes (str_size); -1 allowed where min is -1 */
	OPT_CPUS,    /* struct opt_num: str_cpus */
	OPT_SIGNAL,  /* struct opt_num; with a value of its own row in `min`: --name or --name=SIG */
	OPT_WORDS,   /* stands for the options in `words`, "name=VALUE" each, of the table `group`, its own */
	OPT_GROUP,   /* another table, for the struct at `off` */
	OPT_OPERAND, /* const char *: what follows the options, one row each, in order; mandatory unless OPT_OPTIONAL */
	OPT_OPERANDS, /* struct strs: the words from there to "--" or the end, one at least */
};

enum {
	OPT_OPTIONAL = 1, /* an operand that may be missing */
	OPT_ATTACHED = 4, /* an OPT_MAYBE whose short form takes a value that follows at once: -mFILE, -m=FILE */
	OPT_UNLESS = 8,   /* an operand that is not there where the bool at the offset `min` is set */
	OPT_HIDDEN = 2,   /* accepted for compatibility: in no help, no completion, no printed plan */
};

struct opt_maybe {
	bool set;
	const char *value; /* NULL: no value was given */
};

struct opt_num {
	bool set;
	long long v;
};

static inline void opt_num_set(struct opt_num *num, long long v)
{
	*num = (struct opt_num){ true, v };
}

struct opt {
	enum opt_kind kind;
	char letter;             /* 0: no short form */
	const char *name;        /* long name without dashes; an operand's name in capitals */
	const char *arg;         /* the value's placeholder for the help; NULL: takes none */
	const char *help;        /* one line */
	size_t off;              /* offsetof the field in the args struct */
	long long min, max;      /* bounds of OPT_NUM, OPT_SIZE (max 0: none); see OPT_SIGNAL */
	const char *alias;       /* a second long name, or NULL */
	const char *const *words; /* OPT_STR, OPT_LIST, OPT_MAYBE: the only values allowed, NULL-terminated */
	const struct opt *group; /* OPT_GROUP, OPT_WORDS */
	unsigned flags;          /* OPT_OPTIONAL, OPT_HIDDEN, ... */
};

/*
 * Parse argv[1..] (argv[0] is the applet's name) into *args, which holds zeroes
 * or defaults. Options end at the first word that is none or after "--"; then
 * come the table's operands, and one more "--" where there are operands.
 * Returns the index of the first word that is left, argc when there is none;
 * -EINVAL with *e filled, or -ECANCELED for --help, -h, --version or -V that no
 * row takes, with e->object "--help" or "--version". Strings point into argv; lists are freed by
 * opt_release. Rules: getopt_long(3) with "+".
 */
int opt_parse(const struct opt *opts, void *args, int argc, char **argv, struct err *e);

/*
 * The reverse: append to *out the words that opt_parse reads back as *args,
 * operands included. Numbers are formatted into strings that `keep` collects,
 * to be freed with opt_keep_release once *out is no longer used. 0 or -ENOMEM.
 */
struct opt_keep {
	char **v;
	size_t n;
};
int opt_format(const struct opt *opts, const void *args, struct strs *out, struct opt_keep *keep);
/* A printf'd string that `keep` owns, or NULL. */
char *opt_keep_text(struct opt_keep *keep, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void opt_keep_release(struct opt_keep *keep);

/* *args is a copy of another one's: give it lists of its own. 0 or -ENOMEM, with lists that can be released. */
int opt_own_lists(const struct opt *opts, void *args);

/* Free the lists in *args. */
void opt_release(const struct opt *opts, void *args);

/* The table as help lines, sorted as written, and as bare words for a completion. */
void opt_help(const struct opt *opts, struct strbuf *out);
void opt_words(const struct opt *opts, struct strbuf *out);

/* Is there a row with that short form? Then -h or -V is not help or version. */
bool opt_has_letter(const struct opt *opts, char letter);

#endif
