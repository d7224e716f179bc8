/* cred: who a process is and what it may do: ids, groups, capabilities, limits. credentials(7), capabilities(7) */
#ifndef CORE_CRED_H
#define CORE_CRED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/str.h"

/* Sets of capabilities are masks, as in /proc/PID/status: bit n is capability n. */
#define CRED_CAP(n) (1ULL << (n))
#define CRED_CAPS_ALL (~0ULL)
/* The fourteen that docker leaves to a container's root. */
#define CRED_CAPS_DEFAULT 0xa80425fbULL

/*
 * Capabilities as text (cred_caps.c). Pure, apart from cred_caps_known.
 */

/* A capability's name, with or without CAP_, in either case, or "cap_NN": its number, or -EINVAL with *e. */
int cred_cap_parse(const char *name, struct err *e);
/* "net_admin", or "cap_NN" where the number has no name. buf: 32 bytes. */
void cred_cap_format(int cap, char buf[32]);
/* Append the names, separated by commas; nothing for the empty set. */
void cred_caps_format(uint64_t caps, struct strbuf *out);
/* What the running kernel knows; asked by prctl(2), so that no /proc is needed. */
uint64_t cred_caps_known(void);

/*
 * util-linux's list "+NAME,-NAME,+all,-all", applied to *caps from left to
 * right; `known` is what "all" stands for. A name outside it is an error.
 */
int cred_caps_change(const char *text, uint64_t known, uint64_t *caps, struct err *e);

/* A wish for a set: what "default" or "all" brings is taken as far as it can be had, `named` must be had. */
struct cred_want {
	uint64_t caps;
	uint64_t named;
};

/*
 * "default", "none", "all" or a name first, then names, "+NAME" or "-NAME",
 * separated by commas and applied from left to right.
 */
int cred_want_parse(const char *text, struct cred_want *want, struct err *e);
/* The set that comes of it for a caller who has `have`; -EPERM with *e naming the first one that is missing. */
int cred_want_meet(const struct cred_want *want, uint64_t have, uint64_t *caps, struct err *e);

/*
 * docker's --cap-add and --cap-drop on top of `base` ("default" or "all") as a
 * text for cred_want_parse: adding ALL gives all but the dropped, dropping ALL
 * gives the added alone, else what is dropped goes first and the added comes last.
 */
int cred_caps_build(const char *base, const struct strs *add, const struct strs *drop, struct strbuf *out, struct err *e);

/* util-linux's list "+noroot,-all" of securebits, applied to *bits; and as text, "" for none. */
int cred_securebits_change(const char *text, unsigned *bits, struct err *e);
void cred_securebits_format(unsigned bits, struct strbuf *out);

/*
 * What the kernel holds of this process (cred.c).
 */
struct cred_sets {
	uint64_t effective, permitted, inheritable, bounding, ambient;
};

int cred_get(struct cred_sets *s, struct err *e);
/* The same without the bounding set, which takes a system call for each capability. */
int cred_get_active(struct cred_sets *s, struct err *e);
/* Those of `caps` that are in the bounding set. */
uint64_t cred_bounding(uint64_t caps);
/* capset(2): effective, permitted and inheritable of *s; the other two are left alone. */
int cred_set(const struct cred_sets *s, struct err *e);
/* Drop all from the bounding set that is not in `keep`; there is no way back. Needs CAP_SETPCAP. */
int cred_drop_bounding(uint64_t keep, struct err *e);
/* Make the ambient set `caps`; each must be permitted and inheritable. */
int cred_set_ambient(uint64_t caps, struct err *e);
int cred_get_securebits(unsigned *bits, struct err *e);
int cred_set_securebits(unsigned bits, struct err *e);
/* Let a change of the uid away from 0 leave the permitted set alone, until the next execve(2). */
int cred_keep_caps(struct err *e);
/* Make all that is permitted effective, inheritable and ambient, so that the command has it whoever it runs as. */
int cred_pass_caps(struct err *e);
int cred_set_no_new_privs(struct err *e);

/* (uid_t)-1 and (gid_t)-1, which the kernel takes for "leave it", are refused; the saved id becomes the effective one. */
int cred_set_groups(const gid_t *groups, size_t n, struct err *e);
int cred_set_gids(gid_t real, gid_t effective, struct err *e);
int cred_set_uids(uid_t real, uid_t effective, struct err *e);

/*
 * Do to this process what execve(2) of an ordinary file, neither setuid nor
 * with capabilities of its own, would do to its capability sets and
 * securebits. 0; 1 where only a real execve can (root regains what it had
 * dropped, or real and effective ids differ, about which kernels differ):
 * nothing was changed then; -errno. *bounding is the bounding set where the
 * caller knows it, or NULL.
 */
int cred_caps_as_exec(const uint64_t *bounding, struct err *e);
/*
 * The same, and this process is dumpable again: it owns its files in /proc, and
 * may be traced by its user. Not in a container before the command runs there.
 */
int cred_as_exec(struct err *e);

/* A session keyring of our own. Where there are no keyrings to be had, there are none to share: 0. */
int cred_new_keyring(struct err *e);

/*
 * Users and groups, by the /etc/passwd and /etc/group of the current root
 * (cred_user.c). No NSS; what is not a regular file of at most 4 MiB is not read.
 */
struct cred_user {
	uid_t uid;
	gid_t gid;
	char *name;    /* owned; NULL: passwd has no such user */
	char *home;    /* owned; "/" where nobody says more */
	char *shell;   /* owned; "/bin/sh" where nobody says more */
	gid_t *groups; /* owned; the supplementary ones, the primary first */
	size_t n_groups;
};

/*
 * USER[:GROUP], each a number or a name; no lookups. What starts with a digit or
 * a sign must be a number, and 4294967295 is none. -EINVAL with *e.
 */
int cred_user_check(const char *text, struct err *e);
int cred_group_check(const char *text, struct err *e);

/*
 * Find USER[:GROUP] as docker does. A number need not be listed (gid 0 then),
 * and is never taken for a name. Without GROUP the groups that list the user
 * come along; `more` (may be NULL) holds further ones, by name or number.
 */
int cred_user_find(const char *text, const struct strs *more, struct cred_user *u, struct err *e);
void cred_user_release(struct cred_user *u);

/* One name or number. A name that is not listed is -ENOENT with *e. */
int cred_uid_find(const char *text, uid_t *uid, struct err *e);
int cred_gid_find(const char *text, gid_t *gid, struct err *e);

/*
 * Resource limits (cred_limits.c). "NAME=SOFT[:HARD]" in docker's names;
 * -1 or "unlimited" is no limit. getrlimit(2)
 */
struct cred_limit {
	int resource;
	const char *name;
	struct rlimit v;
};

int cred_limit_parse(const char *text, struct cred_limit *l, struct err *e);
int cred_limit_set(const struct cred_limit *l, struct err *e);

#endif
