/* landlock: what a process and all that it starts may do with files and ports at most. landlock(7), Linux 5.13 */
#ifndef CORE_LANDLOCK_H
#define CORE_LANDLOCK_H

#include <stdbool.h>

#include "core/err.h"
#include "core/str.h"

enum landlock_kind {
	LANDLOCK_RO,      /* read and execute what is at `path` and below */
	LANDLOCK_RW,      /* all there is to do there */
	LANDLOCK_BIND,    /* take the TCP port */
	LANDLOCK_CONNECT, /* connect to it */
	LANDLOCK_IPC,     /* signals to, and abstract sockets of, processes outside; always `any` */
};

struct landlock_rule {
	enum landlock_kind kind;
	const char *path; /* borrowed: within the text that was parsed */
	unsigned port;
	bool any;         /* every port: nothing of that kind is held back */
};

/* "ro:PATH", "rw:PATH", "bind:PORT", "connect:PORT", with "any" for a port; "ipc:any". Pure; -EINVAL with *e. */
int landlock_rule_parse(const char *text, struct landlock_rule *r, struct err *e);

/*
 * From here on this process may do what one of the rules allows, and nothing
 * else of what landlock knows; what is open stays open, and the file `program` (-1: none) may be executed. Paths are those of the
 * current root, no links of /proc among them. Needs CAP_SYS_ADMIN, or
 * no_new_privs to be set. What the kernel is too old to hold back is an error,
 * or with `best` left out: 1, and *e says what.
 */
int landlock_restrict(const struct strs *rules, bool best, int program, struct err *e);

#endif
