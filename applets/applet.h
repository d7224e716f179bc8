/* applet: what a command of the box is made of. */
#ifndef APPLETS_APPLET_H
#define APPLETS_APPLET_H

#include "core/err.h"
#include "core/opt.h"
#include "core/step.h"

/* What an applet does when no command follows. */
enum applet_alone {
	ALONE_DONE,  /* nothing more: exit 0 */
	ALONE_SHELL, /* run the user's shell */
	ALONE_ERROR, /* say that a command is missing */
};

enum {
	APPLET_NO_LINK = 1, /* not among the links that --install makes */
	APPLET_EXEC = 2,    /* what follows is always executed, never a further applet */
	APPLET_FRESH = 4,   /* stays, with the command to look at it: in a process that holds nothing of an earlier link's */
};

struct applet {
	const char *name;
	const char *also;               /* a verb's other names, with blanks between them, or NULL */
	const char *synopsis;           /* what follows the name in the usage line */
	const char *summary;            /* one line */
	const struct opt *opts;
	const char *notes;              /* printed below the options, or NULL */
	const struct step_ops *step;    /* a chain applet: a plan of one step ... */
	int (*main)(int argc, char **argv, struct err *e); /* ... or all by itself: exit status or -errno */
	/* before the step: does the table's defaults; may be NULL */
	void (*defaults)(void *args);
	/* a step's own word on "the rest is always executed" (setpriv --exec); may be NULL */
	bool (*execs)(const void *args);
	/* does the step go where strangers can look at us, or let them in with the command? NULL: no */
	bool (*enters)(const void *args);
	const struct applet *const *verbs; /* NULL-terminated: the next word chooses, e.g. "netns new" */
	const struct applet *bare;      /* the verb that is meant where no word follows; NULL: one has to */
	enum applet_alone alone;
	unsigned flags;
	int fail;                       /* exit status of the applet's own failures */
};

/* The applet of that name, or NULL. */
const struct applet *applet_find(const char *name);

/*
 * Answer -h, --help, -V and --version in argv[1], which every applet has unless
 * its table uses the letter; `verb` is the one of the applet's that argv[0] is,
 * or NULL. Returns true when there was one.
 */
bool applet_help(const struct applet *a, const struct applet *verb, int argc, char **argv);

/* Report *e, which was not so bad that the applet had to end: as main does at the end, with `what` behind it. */
void applet_warn(const struct err *e, const char *what);

#endif
