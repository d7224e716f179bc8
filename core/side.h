/* side: what a process that waits for a child does beside. */
#ifndef CORE_SIDE_H
#define CORE_SIDE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/* Such as carrying what a terminal shows; proc_wait asks it. Whatever is NULL is not asked. */
#define SIDE_POLLS 4
struct side_job {
	void *arg;                                                     /* borrowed: what each of them is given */
	bool stops;                                                    /* SIGTSTP is to be heard, too */
	void (*born)(void *arg);                                       /* in the child, before all else */
	void (*parted)(void *arg);                                     /* in the waiter, once the child is there */
	void (*started)(void *arg);                                    /* the command is being executed */
	size_t (*polls)(void *arg, struct pollfd *p);                  /* fill up to SIDE_POLLS; how many */
	void (*ready)(void *arg, const struct pollfd *p, size_t n);    /* the same, with what poll(2) says */
	bool (*heard)(void *arg, int sig);                             /* true: the signal is not the child's */
	void (*ended)(void *arg);                                      /* the child is gone */
};

#endif
