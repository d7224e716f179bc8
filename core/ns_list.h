/* ns_list: which namespaces there are, and what keeps each of them. namespaces(7), ioctl_ns(2) */
#ifndef CORE_NS_LIST_H
#define CORE_NS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

#define NS_KINDS 8 /* of ns_kinds, and a kind is an index into it */

struct ns_task {
	pid_t pid;
	uint64_t ns[NS_KINDS]; /* inode numbers, 0: none, or not to be read */
};

struct ns_entry {
	uint64_t ino;
	int kind;
	unsigned n_tasks;
	pid_t pid;              /* the lowest in it, 0: no process is in it */
	uint64_t parent, owner; /* 0: none, out of our sight, or not asked for */
	char *path;             /* owned: without a process, the mount or the descriptor that keeps it; NULL: neither does */
	int fd;                 /* owned: the namespace itself where only a descriptor or a socket leads to it, else -1 */
};

/* A name of a namespace in our own mount namespace. */
struct ns_mount {
	uint64_t ino;
	int kind;
	char *path; /* owned; as in mountinfo where it has a line break, else unescaped */
};

struct ns_list {
	struct ns_task *tasks;    /* by pid */
	struct ns_entry *entries; /* by inode */
	struct ns_mount *mounts;  /* in the order of mountinfo */
	size_t n_tasks, n_entries, n_mounts;
};

enum {
	NS_LIST_MOUNTS = 1,  /* also what only a mount keeps */
	NS_LIST_FDS = 2,     /* also what only an open file or a socket of some process keeps */
	NS_LIST_RELATED = 4, /* fill in parent and owner */
	NS_LIST_UNSEEN = 8,  /* do so, and list those of them, too, that nothing else shows */
};

/*
 * Those of the kinds whose bits are set in `kinds`, as far as we may see them.
 * What goes away meanwhile, and what may not be read, is passed over; *l is to
 * be released in either case. 0 or -errno; -ENOTTY where the kernel has no such ioctl.
 */
int ns_list_read(struct ns_list *l, unsigned kinds, unsigned what, struct err *e);
void ns_list_release(struct ns_list *l);

/* NULL: not in the list. */
struct ns_entry *ns_list_find(const struct ns_list *l, uint64_t ino);
struct ns_task *ns_list_task(const struct ns_list *l, pid_t pid);

/* The namespace itself, opened anew: the caller's to close. -errno. */
int ns_list_open(const struct ns_entry *n);

/* Who owns it, that is made its user namespace, or itself if it is one; -errno. */
int ns_list_owner(const struct ns_entry *n, uid_t *uid);

/*
 * "net:[4026531840]" as /proc and mountinfo write it: the kind, and *ino. -EINVAL
 * for anything else. Pure.
 */
int ns_list_parse(const char *text, uint64_t *ino);

/*
 * The next line of a mountinfo that has a namespace: fills *m, whose path the
 * caller frees. 1, 0 at the end, -ENOMEM. *text is cut up and moves on. Pure.
 */
int ns_list_next_mount(char **text, struct ns_mount *m);

#endif
