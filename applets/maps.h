/* maps: who is who in a user namespace, for all applets that write id maps. user_namespaces(7) */
#ifndef APPLETS_MAPS_H
#define APPLETS_MAPS_H

#include <sys/types.h>

#include "core/err.h"
#include "core/helper.h"
#include "core/idmap.h"
#include "core/opt.h"

/* Users first, then groups, as in struct idmap_job. */
extern const char *const maps_names[2]; /* "uid map", "gid map" */
extern const char *const maps_subids[2]; /* "/etc/subuid", "/etc/subgid" */

/* Start with zeroes, and uid and gid. */
struct maps {
	uid_t uid;           /* effective, of whoever makes the namespace */
	gid_t gid;
	struct idmap map[2]; /* owned; of users and groups; empty: none is written */
	bool outside[2];     /* written by a process in the parent namespace, else by the new one's own */
	bool tool[2];        /* newuidmap and newgidmap do it */
	char *who;           /* owned; whose subordinate ids are meant: a name, or the number that has none */
};

/* What a command line says of maps. */
struct maps_args {
	const char *user, *group;  /* whom the caller is inside; ".": the same; NULL: nobody */
	struct strs users, groups; /* ranges, or words such as auto */
	struct strs both;          /* for the two; "u:" and "g:" before one are for one of them */
};

/* idmap's options for them. */
extern const struct opt maps_opts[];

/* Are they in order? Pure. */
int maps_check(const struct maps_args *a, struct err *e);
/* Do they say anything of users (i = 0), of groups? */
bool maps_given(const struct maps_args *a, int i);

/* Add to `all` what they say of users, of groups, without the prefix. 0 or -ENOMEM. */
int maps_list(const struct maps_args *a, int i, struct strs *all);
/* Is this the machine's first user namespace, below which all others lie? Not where that cannot be seen. */
bool maps_in_first_userns(void);

/*
 * Fill map i. With `fit` it is brought into the fewest lines that the kernel
 * takes in this user namespace; else it is as it was written, and only ranges are checked.
 */
int maps_fill(struct maps *m, int i, const struct maps_args *a, bool fit, struct err *e);

/* Who can write map i: who is the namespace's own or privileged over the parent, else the tool. -errno where there is none. */
int maps_find_writer(struct maps *m, int i, struct err *e);

/* With the writers found: can setgroups be what was asked for? `word` may be NULL. -EINVAL with *e. */
int maps_check_setgroups(const struct maps *m, const char *word, struct err *e);

/* Fork who writes them from outside, where somebody has to. */
int maps_start(const struct maps *m, struct helper *h, struct err *e);

/*
 * In the new user namespace: have that done, and write the rest. `setgroups`
 * (may be NULL) is written first.
 */
int maps_write(const struct maps *m, const char *setgroups, struct helper *h, struct err *e);

/* The same from outside, for the process whose directory in /proc is `dir`, and `proc` its path. */
int maps_write_to(const struct maps *m, int dir, const char *proc, const char *setgroups, struct err *e);

/*
 * After a failure to write (maps_refused.c): what would please newuidmap(1), and
 * the kernel. With the directory in /proc of another process: which of its rules was in the way.
 */
void maps_hint(const struct maps *m, struct err *e);
void maps_hint_other(const struct maps *m, int dir, struct err *e);
void maps_hint_setgroups(int dir, struct err *e);

/*
 * A user namespace with both maps, fit, for mounts whose files they are to
 * give to others: owned fd, or -errno. It takes a child, which must not be the
 * first one of a pid namespace: pid_pending, as in struct step_ctx.
 */
int maps_userns(const struct maps_args *a, bool pid_pending, struct err *e);

/* The file /etc/subuid, or another one; *text "" where it is not there. To be freed. */
int maps_read_subids(const char *path, char **text, struct err *e);
/* The name of the user with this number, or the number; to be freed, NULL: no memory. */
char *maps_user_name(uid_t uid);
/* "as root: echo WHO:..." */
void maps_hint_line(const char *who, const char *path, const char *text, struct err *e);

void maps_release(struct maps *m);

#endif
