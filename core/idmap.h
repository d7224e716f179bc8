/* idmap: the id maps of a user namespace. user_namespaces(7) */
#ifndef CORE_IDMAP_H
#define CORE_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/str.h"

#define IDMAP_MAX 4294967294U /* the last id; the one above is nobody's */
#define IDMAP_LINES 340       /* the kernel takes no more */

/* `count` ids from `inner` on inside are those from `outer` on outside. */
struct idmap_range {
	unsigned inner, outer, count;
};

/* Start with { 0 }. */
struct idmap {
	struct idmap_range *v; /* owned */
	size_t n;
};

/* What a text of --map-users says. */
enum idmap_spec {
	IDMAP_RANGE,  /* "INNER:OUTER:COUNT", or "OUTER,INNER,COUNT" as util-linux first had it */
	IDMAP_AUTO,   /* "auto": the subordinate ids, from 0 on */
	IDMAP_SUBIDS, /* "subids": the same under their own numbers */
	IDMAP_ALL,    /* "all": all that are mapped here, under their own numbers */
};

/*
 * Pure; *r is filled for IDMAP_RANGE only. -EINVAL with *e. "INNER-OUTER-COUNT",
 * as OCI's runtimes write it, and the kernel's own "INNER OUTER COUNT" are ranges too.
 */
int idmap_spec_parse(const char *text, struct idmap_range *r, struct err *e);

/*
 * Append a range. Where `single`, a range of one (or NULL), has its inner or its
 * outer id, the range does without: its ids move up behind the gap, and what
 * finds no place at its end is left out. With `open` its inner ids have no end,
 * so that no outer one is lost but single's. 0 or -ENOMEM with *e.
 */
int idmap_add(struct idmap *m, const struct idmap_range *r, bool open, const struct idmap_range *single, struct err *e);

/* Append the lines of `text`, as of /proc/PID/uid_map. 0 or -ENOMEM with *e. */
int idmap_read(struct idmap *m, const char *text, struct err *e);
/* Append what `text`, as of /proc/self/uid_map, has mapped, under its own numbers. */
int idmap_add_mapped(struct idmap *m, const char *text, const struct idmap_range *single, struct err *e);

/*
 * Whole maps (idmap_algebra.c). Ranges by their inner ids, and those that go on
 * where another ends as one: the same map in the fewest lines.
 */
void idmap_normalise(struct idmap *m);
/*
 * In a user namespace whose own map is `here` (/proc/self/uid_map), each range
 * must lie within one of its lines: split them where they do not. An outer id
 * that does not exist there is -EINVAL with *e, or with `cut` just not mapped.
 * `name` is for the message, "uid map" or "gid map".
 */
int idmap_project(struct idmap *m, const struct idmap *here, bool cut, const char *name, struct err *e);
/* Translate one id; false: it is not mapped. */
bool idmap_to_outer(const struct idmap *m, unsigned inner, unsigned *outer);
bool idmap_to_inner(const struct idmap *m, unsigned outer, unsigned *inner);
/* Are the outer ids all there, also over several ranges? */
bool idmap_covers(const struct idmap *m, unsigned first, unsigned count);

/* Would the kernel take it? `name` is for the message. Pure; -EINVAL with *e. */
int idmap_check(const struct idmap *m, const char *name, struct err *e);

/* The lines that the kernel reads. */
void idmap_format(const struct idmap *m, struct strbuf *out);

bool idmap_has_inner(const struct idmap *m, unsigned id);
bool idmap_has_outer(const struct idmap *m, unsigned id);
void idmap_release(struct idmap *m);

/*
 * Subordinate ids (idmap_subid.c): of `text`, an /etc/subuid, the first line of
 * the user with that name or number, into r->outer and r->count. 1 found,
 * 0 not, -EINVAL with *e where it is malformed. `path` is for the message. Pure.
 */
int idmap_subid_search(const char *text, const char *path, const char *name, uid_t uid, struct idmap_range *r, struct err *e);
/* Append all lines of the user, the owned ids as inner and outer ones; malformed ones are passed over. 0 or -ENOMEM with *e. Pure. */
int idmap_subid_all(const char *text, const char *name, uid_t uid, struct idmap *m, struct err *e);
/* The first id from 100000 on that is behind all that the file gives away. Pure. */
unsigned idmap_subid_free(const char *text);

/*
 * Who writes what into the maps of a process (idmap_write.c). A map that is NULL
 * is left alone; `tool` has newuidmap(1) or newgidmap(1) do it.
 */
struct idmap_job {
	const struct idmap *map[2]; /* borrowed: of users, and of groups */
	bool tool[2];
	int dir; /* borrowed: the process's directory in /proc, which a number that has been given away again is not; 0: go by its path */
};
/* A helper_work: `arg` is a struct idmap_job. */
int idmap_write(const char *parent, const void *arg, struct err *e);
/* "newuidmap", "newgidmap" */
extern const char *const idmap_tools[2];

/*
 * Fork a child, have it enter the user namespace `ns`, or make one where that is
 * -1, and look at it by its place in /proc, such as "/proc/17"; then it ends.
 * What `look` returns, or -errno with *e. (idmap_userns.c)
 */
typedef int idmap_look(const char *proc, void *arg, struct err *e);
int idmap_with_userns(int ns, idmap_look *look, void *arg, struct err *e);
/*
 * A user namespace with these maps and without a process: owned
 * fd, or -errno with *e. This process needs the capabilities to write them.
 */
int idmap_userns(const struct idmap map[2], struct err *e);

/* "allow" or "deny" for this process's user namespace; to be said before its gid map is there. */
int idmap_setgroups(const char *word, struct err *e);

#endif
