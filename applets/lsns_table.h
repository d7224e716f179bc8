/* lsns_table: rows and columns as text for people, as fields for sh, or as JSON. Pure. */
#ifndef APPLETS_LSNS_TABLE_H
#define APPLETS_LSNS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

enum {
	TABLE_RIGHT = 1,  /* numbers, flush right */
	TABLE_NUMBER = 2, /* no quotes in JSON */
	TABLE_CUT = 4,    /* gives way where the terminal is too narrow */
	TABLE_LINES = 8,  /* a line break in a cell begins a new line */
	TABLE_TREE = 16,  /* the tree is drawn in front of its cells */
};

struct table_column {
	const char *name;
	unsigned flags;
	unsigned hint; /* columns that it had better have, once its cells are as wide as its heading; 0: no matter */
};

struct table_row {
	char **cells;             /* owned, each too; NULL: there is nothing to say */
	int child, last_child, next; /* rows, -1: none */
};

/* Start with the columns and a `last_root` of -1. */
struct table {
	const struct table_column *columns; /* borrowed */
	size_t n_columns;
	struct table_row *rows;
	size_t n_rows;
	int root, last_root;
};

/* A new last row below `parent` (-1: none), whose cells are to be filled in. NULL: no memory. */
char **table_add(struct table *t, int parent);

enum table_form { TABLE_TEXT, TABLE_RAW, TABLE_JSON };

struct table_look {
	enum table_form form;
	bool headings;
	bool utf8;        /* what is not ASCII can be shown */
	size_t width;     /* of the terminal, 0: as wide as need be */
	const char *name; /* of the array in JSON */
};

/* Fill in utf8 and width as the environment and the terminal say. (lsns_look.c) */
void table_look_terminal(struct table_look *look);

/* Whatever is in the cells, no control character and no broken UTF-8 is in *out, and JSON is JSON. */
void table_print(const struct table *t, const struct table_look *look, struct strbuf *out);

void table_release(struct table *t);

#endif
