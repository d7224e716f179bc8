/* helper: a child that stays in the namespaces which its parent is about to leave, and does there what is due. */
#ifndef CORE_HELPER_H
#define CORE_HELPER_H

#include <sys/types.h>

#include "core/err.h"

/* Start with HELPER_NONE. */
struct helper {
	pid_t pid;   /* 0: none */
	int go, err; /* owned: pipe to it, and pipe from it */
};
#define HELPER_NONE { 0, -1, -1 }

/*
 * What the helper does once it is told to. `parent` is this process as /proc
 * has it ("/proc/17"), which may be mounted for another pid namespace. 0 or -errno.
 */
typedef int helper_work(const char *parent, const void *arg, struct err *e);

/* Fork the helper, which waits. It has a copy of what `arg` points to. 0 or -errno. */
int helper_start(struct helper *h, helper_work *work, const void *arg, struct err *e);

/* Have it do its work, and wait for the result: 0, or -errno with what failed. Without a helper: 0. */
int helper_finish(struct helper *h, struct err *e);

/* Let it go without doing anything. */
void helper_cancel(struct helper *h);

/* In a child of the process that started it: leave it to that one. */
void helper_forget(struct helper *h);

#endif
