/* lsns: what its files share. */
#ifndef APPLETS_LSNS_H
#define APPLETS_LSNS_H

#include <stdbool.h>

#include "applets/lsns_table.h"
#include "core/ns_list.h"
#include "core/opt.h"

enum lsns_column {
	LSNS_NS, LSNS_TYPE, LSNS_PATH, LSNS_NPROCS, LSNS_PID, LSNS_PPID, LSNS_COMMAND,
	LSNS_UID, LSNS_USER, LSNS_NETNSID, LSNS_NSFS, LSNS_PNS, LSNS_ONS, LSNS_COLUMNS,
};

#define LSNS_COLUMNS_MAX 32 /* a column may be named more than once */

struct lsns_args {
	bool json, list, no_headings, output_all, persistent, raw, no_truncate, no_wrap, list_columns;
	const char *output;
	struct opt_num task;
	struct strs types;
	struct opt_maybe tree;
	const char *ns; /* what is no option */
};

enum lsns_tree { LSNS_FLAT, LSNS_PROCESS, LSNS_PARENT, LSNS_OWNER };

/* What is wanted, made of the options. */
struct lsns_view {
	enum lsns_column columns[LSNS_COLUMNS_MAX];
	size_t n_columns;
	enum lsns_tree tree;
	unsigned kinds; /* bits of ns_kinds */
};

extern const struct lsns_info {
	struct table_column column;
	const char *help;
} lsns_infos[LSNS_COLUMNS];

extern const struct opt lsns_opts[];

/* Options to view. 0 or -EINVAL. Pure. */
int lsns_view_make(const struct lsns_args *a, struct lsns_view *v, struct err *e);

bool lsns_has_column(const struct lsns_view *v, enum lsns_column c);

/*
 * Fill in the rows: of the namespaces in the list, or of the processes in the
 * namespace `of` (NULL: none). 0 or -ENOMEM.
 */
int lsns_rows(const struct lsns_args *a, const struct lsns_view *v, const struct ns_list *l, const struct ns_entry *of,
	      struct table *t, struct err *e);

#endif
