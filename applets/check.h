/* check: what this kernel and machine allow for containers, tried out and not read from a configuration. */
#ifndef APPLETS_CHECK_H
#define APPLETS_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

enum check_state { CHECK_YES, CHECK_PARTLY, CHECK_NO };

/* Below PIPE_BUF: a probe sends it through a pipe in one piece. Starts as { 0 }, a yes. */
struct check_answer {
	enum check_state state;
	char detail[400];
	char knob[400]; /* what would have to be changed; "" nothing */
};

/* One line. What it tries is tried in a process of its own, which ends with it. */
struct check_item {
	const char *group, *name; /* without blanks, for awk */
	void (*probe)(const struct check_item *it, struct check_answer *a);
	const char *arg;    /* the probe's: a file system, a controller, ... */
	unsigned flags;     /* the probe's: CLONE_NEW* */
	const char *config; /* the kernel's options that it takes, or NULL: the knob where the kernel knows nothing of it */
	bool required;      /* no container starts without */
};

/* The tables, each ended by a group that is NULL. */
extern const struct check_item check_ns_items[], check_cgroup_items[], check_fs_items[], check_net_items[], check_safety_items[],
	check_proc_items[], check_id_items[];

/* Fill *a; the texts are printf's. */
void check_say(struct check_answer *a, enum check_state state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The first knob that is named counts: it was nearest to the cause. */
void check_knob(struct check_answer *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A no, as the failure and its hint have it; `it` names the option where the kernel does not know the call. */
void check_failed(const struct check_item *it, struct check_answer *a, const struct err *e);
/* A no by errno. */
void check_errno(const struct check_item *it, struct check_answer *a, const char *what);

/* Has this process CAP_SYS_ADMIN where it is? */
bool check_privileged(void);
/*
 * New namespaces (CLONE_NEW*) for a probe: in a user namespace, where they are to be had
 * by that alone, or with `user`. Its mounts are its own. False: *a says why not.
 */
bool check_enter(const struct check_item *it, struct check_answer *a, unsigned flags, bool user);

/*
 * Is there a module of that name, which the kernel would load when it is first
 * asked? A probe must not be who asks. Then *a says so, and true.
 */
bool check_module_waits(struct check_answer *a, const char *name);

/* A number in a file of one, -1: there is none. */
long check_number(const char *path);

#endif
