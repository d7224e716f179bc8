/* record: the little that nestbox remembers of containers, so that names are unique and leftovers are found. */
#ifndef CORE_RECORD_H
#define CORE_RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/err.h"

/*
 * The state folder: /run/nestbox for root, else $XDG_RUNTIME_DIR/nestbox, else
 * /tmp/nestbox-UID. Mode 0700, ours, and no symbolic link, or it is refused.
 *
 *   ID/record    one container: "key value" lines; locked (flock(2)) as long as it lives
 *   .ID/record   the same while it is being made; meanwhile the folder is locked, shared
 *   names/NAME   symbolic link to the ID that has the name
 *   ranges/ID    the first of a range of user ids that a container has, locked as long as it lives
 *   points/DEV-INODE
 *                mount points made in one root file system; locked, shared, by
 *                whoever needs them; the last one takes them away
 */

#define RECORD_ID_LEN 12

struct record {
	int state;                  /* owned: the state folder */
	int lock;                   /* owned: ID/record, locked */
	char id[RECORD_ID_LEN + 1];
	char name[65];              /* "" none */
};
#define RECORD_NONE { .state = -1, .lock = -1 }

/* Twelve random hexadecimal digits. */
int record_new_id(char id[RECORD_ID_LEN + 1], struct err *e);

/* docker's rule: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most 64. Pure. */
int record_name_check(const char *name, struct err *e);

/*
 * Claim the ID and the name (NULL: none) for this process and those it forks.
 * A name that only a dead container has is taken over. -EEXIST with *e where a
 * living one has it. `text` are the record's lines.
 */
int record_make(struct record *r, const char *id, const char *name, const char *text, struct err *e);

/* Append a line, such as the pid once there is one. */
int record_add(struct record *r, const char *line, struct err *e);

/* Take it away. */
void record_remove(struct record *r);

/*
 * For each record whose container is gone: clean(text) is to take away what the
 * lines name; where it returns 0 the record goes too. Then the mount points that
 * nobody needs any more, through `unmake`. The number of records removed, or -errno.
 */
int record_gc(int (*clean)(const char *id, const char *text), void (*unmake)(int root, const char *text), struct err *e);

/*
 * The record's text of a container that lives, and its ID, by name, by ID or by
 * the beginning of an ID that no other one has. 0; -ENOENT, -EEXIST (several) or -ESRCH (ended) with *e.
 */
int record_running(const char *name, char id[RECORD_ID_LEN + 1], char *text, size_t size, struct err *e);

/* The value of `key` in a record's text into buf; false where there is none. Pure. */
bool record_value(const char *text, const char *key, char *buf, size_t size);

/* A range of ids outside that this container alone has (record_ranges.c). */
struct record_range {
	int lock;      /* owned, -1: none held */
	char name[16];
};
#define RECORD_RANGE_NONE { .lock = -1 }

/*
 * Of `n` ranges of `count` ids that follow each other from `start` on, the first
 * one that no living container holds: which it is, 0 being the first. Where all are
 * held it is the first, too, and shared. NULL: look only. -errno with *e.
 */
int record_range_claim(struct record_range *r, unsigned start, unsigned count, unsigned n, struct err *e);
void record_range_release(struct record_range *r);

/* A share in the mount points made in one root file system. */
struct record_points {
	int lock;      /* owned, -1: none held; O_APPEND */
	char name[64]; /* of the list */
	off_t begin;   /* where the list ended when we came */
};
#define RECORD_POINTS_NONE { .lock = -1 }

/* Has somebody who lives, or was killed, made mount points there that are to go again? */
bool record_points_used(int root);

/* `root` is the directory's fd, `path` where it is found again. */
int record_points_hold(struct record_points *p, int root, const char *path, struct err *e);
/* What is made is noted by appending lines for `unmake` to p->lock. Have those of this share forgotten: the things stay. */
void record_points_forget(struct record_points *p);
/* Give the share back; the last one has unmake(root, text) called, if the path still leads to that root. */
void record_points_release(struct record_points *p, void (*unmake)(int root, const char *text));

#endif
