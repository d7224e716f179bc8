/* err: what failed, said once, by whoever reports it. */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdbool.h>

/*
 * One failure. Fixed size and below PIPE_BUF, so that a child can hand it to
 * its parent in one atomic write: pipe(7).
 */
struct err {
	int code;         /* errno, or 0 where the kernel was not asked */
	int status;       /* exit status that this failure asks for, 0: the applet's usual one */
	char applet[64];  /* who failed, "" until known: "pivot", "run: pivot" */
	char object[512]; /* what it was about: a path, an option, a namespace */
	char what[256];   /* what did not work, may be empty */
	char hint[512];   /* what the user can do, may be empty */
};

/* Fill *e with `code` (an errno or 0), without a hint, and return -code, or -EINVAL where code is 0. */
int err_set(struct err *e, int code, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with the current errno, to be called right after the failing call. */
int err_sys(struct err *e, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A mistake of the user's that no system call has found: code 0. Returns -EINVAL. */
int err_bad(struct err *e, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Forget the failure, which did not matter, and keep whose it would have been. */
void err_clear(struct err *e);

/* Add the hint; an earlier hint is kept, since it was nearer to the cause. */
void err_hint(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * "OBJECT: WHAT: strerror" into buf, cut to size; bytes that could steer a
 * terminal, or are no UTF-8, are written as \xNN.
 */
void err_line(const struct err *e, char *buf, unsigned long size);

/* Copy text into buf (always ends in NUL), unprintable bytes as \xNN. */
void err_quote(const char *text, char *buf, unsigned long size);

/*
 * Write *e to the pipe `fd` in one piece; 0 or -errno.
 * Read one from it: 1 when there was one, 0 at end of file, -errno.
 */
int err_send(int fd, const struct err *e);
int err_recv(int fd, struct err *e);

#endif
