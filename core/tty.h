/* tty: a terminal of a container's own, and what stands between it and the caller's. */
#ifndef CORE_TTY_H
#define CORE_TTY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

#include "core/err.h"
#include "core/side.h"

/* One direction: what is read at one end is written at the other. */
struct tty_way {
	int from, to;       /* owned; -1: nothing comes any more */
	bool to_terminal;   /* `to` is a terminal's end that knows the end of input as a character */
	unsigned piece;     /* how much is written at once */
	unsigned done, n;   /* of buf, what is written, and what there is */
	char buf[4096];
};

/*
 * The caller's end. Without a terminal of its own the container gets a pipe for
 * each of the standard streams that is the caller's terminal, and never that
 * one itself; whoever waits for the container carries what goes through
 * (`side`, for proc_wait). Start with { 0 }.
 */
struct tty_relay {
	struct side_job side;
	int child[3];             /* owned: what becomes the child's streams, -1: it keeps the caller's */
	int sock;                 /* owned: where the terminal's other end comes from, -1: none does */
	int screen;               /* owned: the caller's terminal, whose size it is and whose mode is changed; -1: he has none */
	int master;               /* owned: the container's terminal, -1: none yet */
	int slave;                /* owned: its other end, so that it is there also while nobody inside has it open */
	bool interactive, typed, raw; /* typed: the input is a terminal, if it is there still */
	struct termios saved;
	struct tty_way way[3];    /* input, output, messages */
	int polled[SIDE_POLLS]; /* which way each of the descriptors of polls was for */
};

/*
 * Look at the standard streams. With `terminal` there will be one, whose end
 * comes through the socket *sock (owned; for tty_new's caller, in the child);
 * else *sock is -1. `interactive`: what the caller types goes along. *needed: somebody has to carry
 * something, so that a child must be waited for with r->side; else tty_relay_born does all.
 */
int tty_relay_open(struct tty_relay *r, bool interactive, bool terminal, int *sock, bool *needed, struct err *e);

/* In the process that is to go on: its standard streams. */
void tty_relay_born(struct tty_relay *r);

/*
 * For a watcher: the descriptor of a terminal whose mode is going to be changed,
 * or -1; and putting that right when whoever carries has been killed.
 */
int tty_relay_guarded(const struct tty_relay *r);
void tty_relay_put_right(const struct tty_relay *r);

void tty_relay_close(struct tty_relay *r);

/*
 * A new terminal of the devpts that is mounted on /dev/pts: ioctl_tty(2),
 * TIOCGPTPEER. Both owned, CLOEXEC. 0 or -errno; a file or device of another
 * kind that stands there is refused.
 */
int tty_new(int *master, int *slave, struct err *e);

/* Hand the master to the relay, and wait until the terminal has the caller's size. */
int tty_send(int sock, int master, struct err *e);

/* It is the terminal of the session that this process leads, and its standard streams: TIOCSCTTY. */
int tty_become(int slave, struct err *e);

/* The same terminal as /dev/console, too, in this mount namespace. */
int tty_bind_console(int slave, struct err *e);

#endif
