#include "applets/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/proc.h"

const char *const maps_subids[2] = { "/etc/subuid", "/etc/subgid" };
const char *const maps_names[2] = { "uid map", "gid map" };
static const char *const own_files[2] = { "/proc/self/uid_map", "/proc/self/gid_map" };

#define OFF(field) offsetof(struct maps_args, field)

static const char *const as_root[] = { "map-user=0", "map-group=0", NULL };
static const char *const as_caller[] = { "map-user=.", "map-group=.", NULL };
static const char *const auto_ids[] = { "map-both=auto", NULL };
static const char *const own_subids[] = { "map-both=subids", NULL };
static const char *const all_ids[] = { "map-both=all", NULL };

const struct opt maps_opts[] = {
	{ OPT_LIST, 'b', "map-both", "RANGE", "map INNER:OUTER:COUNT, users and groups; or auto, subids, all", OFF(both) },
	{ OPT_LIST, 'g', "map-groups", "RANGE", "the same for groups alone", OFF(groups) },
	{ OPT_LIST, 'u', "map-users", "RANGE", "the same for users alone", OFF(users) },
	{ OPT_WORDS, 0, "map-all", NULL, "map all that are mapped here to themselves", .words = all_ids, .group = maps_opts },
	{ OPT_WORDS, 0, "map-auto", NULL, "map the subordinate ids to 0 and up", .words = auto_ids, .group = maps_opts },
	{ OPT_WORDS, 0, "map-current", NULL, "map the caller to himself", .words = as_caller, .group = maps_opts },
	{ OPT_WORDS, 0, "map-root", NULL, "map the caller to root", .words = as_root, .group = maps_opts },
	{ OPT_WORDS, 0, "map-subids", NULL, "map the subordinate ids to themselves", .words = own_subids, .group = maps_opts },
	{ OPT_STR, 0, "map-group", "GROUP", "map the caller's group to this one", OFF(group) },
	{ OPT_STR, 0, "map-user", "USER", "map the caller to this user", OFF(user) },
	{ OPT_END },
};

/* ---- what was asked for ---- */

/* A range of --map-both: what map i takes from it, or NULL. */
static const char *of_kind(const char *text, int i)
{
	const char *users = str_after(text, "u:"), *groups = str_after(text, "g:"), *both = str_after(text, "b:");

	if (users || groups)
		return i ? groups : users;
	return both ? both : text;
}

int maps_list(const struct maps_args *a, int i, struct strs *all)
{
	const struct strs *own = i ? &a->groups : &a->users;
	int rc = 0;

	for (size_t k = 0; k < own->n && rc == 0; k++)
		rc = strs_add(all, own->v[k]);
	for (size_t k = 0; k < a->both.n && rc == 0; k++) {
		const char *text = of_kind(a->both.v[k], i);

		rc = text ? strs_add(all, text) : 0;
	}
	return rc;
}

static int list_ranges(const struct maps_args *a, int i, struct strs *all, struct err *e)
{
	return maps_list(a, i, all) < 0 ? err_set(e, ENOMEM, "id map", NULL) : 0;
}

static int check_ranges(const struct maps_args *a, int i, struct err *e)
{
	struct strs all = { 0 };
	int rc = list_ranges(a, i, &all, e);

	for (size_t k = 0; k < all.n && rc >= 0; k++)
		rc = idmap_spec_parse(all.v[k], &(struct idmap_range){ 0 }, e);
	strs_release(&all);
	return rc < 0 ? rc : 0;
}

int maps_check(const struct maps_args *a, struct err *e)
{
	int rc = check_ranges(a, 0, e);

	return rc < 0 ? rc : check_ranges(a, 1, e);
}

bool maps_given(const struct maps_args *a, int i)
{
	if (i ? a->group || a->groups.n : a->user || a->users.n)
		return true;
	for (size_t k = 0; k < a->both.n; k++)
		if (of_kind(a->both.v[k], i))
			return true;
	return false;
}

/* Is it the files' and the kernel's word alone which ids there are, and no number of the caller's? */
static bool only_words(const struct strs *ranges)
{
	for (size_t k = 0; k < ranges->n; k++)
		if (idmap_spec_parse(ranges->v[k], &(struct idmap_range){ 0 }, &(struct err){ 0 }) == IDMAP_RANGE)
			return false;
	return true;
}

bool maps_in_first_userns(void)
{
	struct stat st;

	/* PROC_USER_INIT_INO of the kernel */
	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == 0xeffffffd;
}

/* ---- subordinate ids ---- */

/* An id that nobody lists has no name, that is all. */
char *maps_user_name(uid_t uid)
{
	struct cred_user u = { 0 };
	char number[16], *name;

	snprintf(number, sizeof number, "%u", uid);
	cred_user_find(number, NULL, &u, &(struct err){ 0 });
	name = strdup(u.name ? u.name : number);
	cred_user_release(&u);
	return name;
}

int maps_read_subids(const char *path, char **text, struct err *e)
{
	int rc = fd_etc(text, path + 1, e);

	if (rc != -ENOENT)
		return rc;
	/* a file that is not there has no line */
	err_clear(e);
	*text = strdup("");
	return *text ? 0 : err_set(e, ENOMEM, path, NULL);
}

void maps_hint_line(const char *who, const char *path, const char *text, struct err *e)
{
	err_hint(e, "as root: echo %s:%u:65536 >>%s", who, idmap_subid_free(text), path);
}

static int find_subids(const char *who, const char *path, struct idmap_range *r, struct err *e)
{
	char *text = NULL;
	int rc = maps_read_subids(path, &text, e);

	if (rc < 0)
		return rc;
	rc = idmap_subid_search(text, path, who, geteuid(), r, e);
	if (rc == 0) {
		rc = err_bad(e, path, "has no line for %s", who);
		maps_hint_line(who, path, text, e);
	}
	free(text);
	return rc;
}

/* ---- what is to be in a map ---- */

static int read_own(int i, struct idmap *here, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, own_files[i], 1 << 16);
	int rc = text ? idmap_read(here, text, e) : err_sys(e, own_files[i], NULL);

	free(text);
	return rc;
}

static int add_all(struct idmap *m, int i, const struct idmap_range *single, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, own_files[i], 1 << 16);
	int rc = text ? idmap_add_mapped(m, text, single, e) : err_sys(e, own_files[i], NULL);

	free(text);
	return rc;
}

static int add_range(struct maps *m, int i, const char *text, const struct idmap_range *single, struct err *e)
{
	struct idmap_range r = { 0 };
	int spec = idmap_spec_parse(text, &r, e), rc = spec;

	if (spec == IDMAP_AUTO || spec == IDMAP_SUBIDS)
		rc = find_subids(m->who, maps_subids[i], &r, e);
	if (rc < 0)
		return rc;
	if (spec == IDMAP_SUBIDS)
		r.inner = r.outer;
	return spec == IDMAP_ALL ? add_all(&m->map[i], i, single, e) : idmap_add(&m->map[i], &r, spec == IDMAP_AUTO, single, e);
}

static int find_single(const char *text, int i, const struct maps *m, struct idmap_range *r, struct err *e)
{
	*r = (struct idmap_range){ .outer = i ? m->gid : m->uid, .count = 1 };
	if (!strcmp(text, ".")) {
		r->inner = r->outer;
		return 0;
	}
	return i ? cred_gid_find(text, &r->inner, e) : cred_uid_find(text, &r->inner, e);
}

/* What is the single's own is taken from the ranges. */
static int add_ranges(struct maps *m, int i, const char *single, const struct strs *ranges, struct err *e)
{
	struct idmap_range one;
	int rc = single ? find_single(single, i, m, &one, e) : 0;

	if (rc == 0 && single)
		rc = idmap_add(&m->map[i], &one, false, NULL, e);
	if (rc == 0 && ranges->n && !m->who && !(m->who = maps_user_name(geteuid())))
		rc = err_set(e, ENOMEM, "user", NULL);
	for (size_t k = 0; k < ranges->n && rc == 0; k++)
		rc = add_range(m, i, ranges->v[k], single ? &one : NULL, e);
	return rc;
}

/* With `cut`, ids that nobody has named and that do not exist here are left out. */
static int fit_map(struct idmap *m, int i, bool cut, struct err *e)
{
	struct idmap here = { 0 };
	int rc = read_own(i, &here, e);

	idmap_normalise(m);
	/* first, since what overlaps would be cut up */
	if (rc == 0)
		rc = idmap_check(m, maps_names[i], e);
	if (rc == 0)
		rc = idmap_project(m, &here, cut, maps_names[i], e);
	idmap_release(&here);
	return rc < 0 ? rc : idmap_check(m, maps_names[i], e);
}

int maps_fill(struct maps *m, int i, const struct maps_args *a, bool fit, struct err *e)
{
	struct strs ranges = { 0 };
	int rc = list_ranges(a, i, &ranges, e);

	rc = rc < 0 ? rc : add_ranges(m, i, i ? a->group : a->user, &ranges, e);
	if (rc == 0 && fit)
		rc = fit_map(&m->map[i], i, only_words(&ranges), e);
	else if (rc == 0 && ranges.n)
		rc = idmap_check(&m->map[i], maps_names[i], e);
	if (rc == 0 && fit && maps_given(a, i) && !m->map[i].n)
		rc = err_bad(e, maps_names[i], "none of these ids exists in this user namespace");
	strs_release(&ranges);
	return rc;
}

/* ---- writing it ---- */

/* This process may map its own id, its parent namespace's root anything. */
int maps_find_writer(struct maps *m, int i, struct err *e)
{
	struct idmap_range *r = m->map[i].v;
	struct cred_sets caps;
	int rc = cred_get_active(&caps, e);

	if (rc < 0)
		return rc;
	m->outside[i] = true;
	if (caps.effective & CRED_CAP(i ? CAP_SETGID : CAP_SETUID))
		return 0;
	if (m->map[i].n == 1 && r->count == 1 && r->outer == (i ? m->gid : m->uid)) {
		m->outside[i] = false;
		return 0;
	}
	m->tool[i] = true;
	if (proc_in_path(idmap_tools[i]))
		return 0;
	err_set(e, ENOENT, idmap_tools[i], "not found in PATH");
	err_hint(e, "only root may map other ids than one's own without it: Debian and Ubuntu have it in the package uidmap, others in shadow");
	return -ENOENT;
}

int maps_check_setgroups(const struct maps *m, const char *word, struct err *e)
{
	if (!m->map[1].n || m->outside[1] || !word || strcmp(word, "allow"))
		return 0;
	/* nobody can have both: without privileges over the parent a gid map takes "deny" first */
	err_bad(e, "--setgroups allow", "does not go with a map of a single group");
	err_hint(e, "who maps his own group and no other gives setgroups(2) up");
	return -EINVAL;
}

int maps_start(const struct maps *m, struct helper *h, struct err *e)
{
	struct idmap_job job = { .tool = { m->tool[0], m->tool[1] } };

	for (int i = 0; i < 2; i++)
		job.map[i] = m->outside[i] ? &m->map[i] : NULL;
	return job.map[0] || job.map[1] ? helper_start(h, idmap_write, &job, e) : 0;
}

static int write_own(const struct maps *m, struct err *e)
{
	struct idmap_job job = { 0 };

	for (int i = 0; i < 2; i++)
		job.map[i] = m->map[i].n && !m->outside[i] ? &m->map[i] : NULL;
	return idmap_write("/proc/self", &job, e);
}

int maps_write(const struct maps *m, const char *setgroups, struct helper *h, struct err *e)
{
	/* "deny" must stand before a gid map that its own process writes: user_namespaces(7) */
	const char *word = m->map[1].n && !m->outside[1] ? "deny" : setgroups;
	int denied = word ? idmap_setgroups(word, e) : 0;
	int rc = denied < 0 ? denied : helper_finish(h, e);

	if (rc == 0)
		rc = write_own(m, e);
	if (denied == -EPERM || denied == -EACCES) {
		if (m->uid)
			ns_hint_user(e);
		err_hint(e, "it cannot be changed once the gid map is written, and never back to allow");
	} else if (rc < 0) {
		maps_hint(m, e);
	}
	return rc;
}

static int write_setgroups(int dir, const char *proc, const char *word, struct err *e)
{
	int rc = fd_put(dir, "setgroups", word, e);

	if (rc < 0) {
		str_join(e->object, sizeof e->object, proc, "/setgroups");
		maps_hint_setgroups(dir, e);
	}
	return rc;
}

int maps_write_to(const struct maps *m, int dir, const char *proc, const char *setgroups, struct err *e)
{
	struct idmap_job job = { .dir = dir, .tool = { m->tool[0], m->tool[1] } };
	/* who maps just his own group has to give setgroups(2) up first: user_namespaces(7) */
	const char *word = m->map[1].n && !m->outside[1] ? "deny" : setgroups;
	int rc = word ? write_setgroups(dir, proc, word, e) : 0;

	if (rc < 0)
		return rc;
	for (int i = 0; i < 2; i++)
		job.map[i] = m->map[i].n ? &m->map[i] : NULL;
	rc = idmap_write(proc, &job, e);
	if (rc < 0)
		maps_hint_other(m, dir, e);
	return rc;
}

int maps_userns(const struct maps_args *a, bool pid_pending, struct err *e)
{
	struct maps m = { .uid = geteuid(), .gid = getegid() };
	int rc = pid_pending ? err_bad(e, "id map", "who makes its user namespace would become pid 1 of the new pid namespace; put this before unshare --pid, or say --fork there") : 0;

	rc = rc < 0 ? rc : maps_fill(&m, 0, a, true, e);

	if (rc == 0)
		rc = maps_fill(&m, 1, a, true, e);
	if (rc == 0) {
		rc = idmap_userns(m.map, e);
		if (rc == -EPERM || rc == -EACCES)
			err_hint(e, "an idmapped mount is for root: a user namespace may idmap what was mounted in it, and nothing else");
	}
	maps_release(&m);
	return rc;
}

void maps_release(struct maps *m)
{
	idmap_release(&m->map[0]);
	idmap_release(&m->map[1]);
	free(m->who);
	m->who = NULL;
}
