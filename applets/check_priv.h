/* check's own parts: what has been found out, and how it is printed. */
#ifndef APPLETS_CHECK_PRIV_H
#define APPLETS_CHECK_PRIV_H

#include <sys/utsname.h>

#include "applets/check.h"
#include "core/str.h"

struct check_found {
	const struct check_item *item;
	struct check_answer answer;
};

struct check_report {
	struct check_found *v; /* owned */
	size_t n;
	struct utsname kernel;
	unsigned uid;
	char caps[400];        /* what it was looked at with: "all but sys_resource" */
	size_t partly, no;
	const struct check_found *missing; /* the first that is required, and is a no; NULL: a container can be started */
};

/* Behind the kernel's options that are named as knobs: are they set, as far as that can be seen? (check_config.c) */
void check_add_config(struct check_report *r);

void check_print_text(const struct check_report *r, bool colour, struct strbuf *out);
void check_print_json(const struct check_report *r, struct strbuf *out);
/* Is the standard output a terminal that shows colours, and does nobody mind? */
bool check_has_colour(void);

#endif
