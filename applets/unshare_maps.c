/* unshare: who is who in the new user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/capability.h>

#include "applets/unshare_priv.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/proc.h"

/* Users first, then groups, as in struct idmap_job. */
static const char *const subid_files[2] = { "/etc/subuid", "/etc/subgid" };
static const char *const map_files[2] = { "/proc/self/uid_map", "/proc/self/gid_map" };
static const char *const map_names[2] = { "uid map", "gid map" };

/* An id that nobody lists has no name, that is all. */
static int find_who(struct unshare_state *s, struct err *e)
{
	struct cred_user u = { 0 };
	char number[16];

	snprintf(number, sizeof number, "%u", geteuid());
	cred_user_find(number, NULL, &u, &(struct err){ 0 });
	s->who = strdup(u.name ? u.name : number);
	cred_user_release(&u);
	return s->who ? 0 : err_set(e, ENOMEM, "user", NULL);
}

static const struct strs *ranges(const struct unshare_args *a, int i)
{
	return i ? &a->map_groups : &a->map_users;
}

int unshare_maps_check(const struct unshare_args *a, struct err *e)
{
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < ranges(a, i)->n; k++) {
			int rc = idmap_spec_parse(ranges(a, i)->v[k], &(struct idmap_range){ 0 }, e);

			if (rc < 0)
				return rc;
		}
	if (a->owner && !strchr(a->owner, ':'))
		return err_bad(e, a->owner, "--owner wants USER:GROUP");
	/* nobody can have both: without privileges over the parent a gid map takes "deny" first */
	if (a->map_group && !a->map_groups.n && a->setgroups && !strcmp(a->setgroups, "allow"))
		return err_bad(e, "--setgroups allow", "does not go with a map of a single group");
	return a->owner ? cred_user_check(a->owner, e) : 0;
}

static int no_subids(const char *who, const char *path, const char *text, struct err *e)
{
	err_bad(e, path, "has no line for %s", who);
	err_hint(e, "as root: echo %s:%u:65536 >>%s", who, idmap_subid_free(text), path);
	return -EINVAL;
}

static int find_subids(const char *who, const char *path, struct idmap_range *r, struct err *e)
{
	char *text = NULL;
	/* a file that is not there has no line */
	int rc = fd_etc(&text, path + 1, e);

	if (rc == -ENOENT)
		err_clear(e);
	else if (rc < 0)
		return rc;
	rc = idmap_subid_search(text ? text : "", path, who, geteuid(), r, e);
	if (rc == 0)
		rc = no_subids(who, path, text ? text : "", e);
	free(text);
	return rc;
}

static int add_all(struct idmap *m, int i, const struct idmap_range *single, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, map_files[i], 1 << 16);
	int rc = text ? idmap_add_mapped(m, text, single, e) : err_sys(e, map_files[i], NULL);

	free(text);
	return rc;
}

static int add_ranges(const struct unshare_args *a, int i, struct unshare_state *s, const struct idmap_range *single, struct err *e)
{
	int rc = s->who ? 0 : find_who(s, e);

	for (size_t k = 0; k < ranges(a, i)->n && rc >= 0; k++) {
		struct idmap_range r = { 0 };
		int spec = idmap_spec_parse(ranges(a, i)->v[k], &r, e);

		if (spec == IDMAP_AUTO || spec == IDMAP_SUBIDS)
			rc = find_subids(s->who, subid_files[i], &r, e);
		if (spec == IDMAP_SUBIDS)
			r.inner = r.outer;
		if (rc >= 0)
			rc = spec == IDMAP_ALL ? add_all(&s->map[i], i, single, e) : idmap_add(&s->map[i], &r, spec == IDMAP_AUTO, single, e);
	}
	return rc < 0 ? rc : 0;
}

/* By whom the map can be written: this process may map its own id, its parent namespace's root anything. */
static int find_writer(struct unshare_state *s, int i, struct err *e)
{
	struct idmap_range *r = s->map[i].v;
	struct cred_sets caps;
	int rc = cred_get_active(&caps, e);

	if (rc < 0)
		return rc;
	s->outside[i] = true;
	if (caps.effective & CRED_CAP(i ? CAP_SETGID : CAP_SETUID))
		return 0;
	if (s->map[i].n == 1 && r->count == 1 && r->outer == (i ? s->gid : s->uid)) {
		s->outside[i] = false;
		return 0;
	}
	s->tool[i] = true;
	if (proc_in_path(idmap_tools[i]))
		return 0;
	err_set(e, ENOENT, idmap_tools[i], "not found in PATH");
	err_hint(e, "only root may map other ids than one's own without it: Debian and Ubuntu have it in the package uidmap, others in shadow");
	return -ENOENT;
}

static int find_single(const char *text, int i, const struct unshare_state *s, struct idmap_range *r, struct err *e)
{
	*r = (struct idmap_range){ .outer = i ? s->gid : s->uid, .count = 1 };
	if (!strcmp(text, ".")) {
		r->inner = r->outer;
		return 0;
	}
	return i ? cred_gid_find(text, &r->inner, e) : cred_uid_find(text, &r->inner, e);
}

static int open_map(const struct unshare_args *a, int i, struct unshare_state *s, struct err *e)
{
	const char *text = i ? a->map_group : a->map_user;
	struct idmap_range single;
	int rc = text ? find_single(text, i, s, &single, e) : 0;

	if (rc == 0 && text)
		rc = idmap_add(&s->map[i], &single, false, NULL, e);
	if (rc < 0 || !ranges(a, i)->n)
		return rc;
	rc = add_ranges(a, i, s, text ? &single : NULL, e);
	if (rc == 0)
		rc = idmap_check(&s->map[i], map_names[i], e);
	return rc == 0 && s->map[i].n ? find_writer(s, i, e) : rc;
}

static int open_owner(const struct unshare_args *a, struct unshare_state *s, struct err *e)
{
	struct cred_user u = { 0 };
	int rc;

	s->uid = geteuid();
	s->gid = getegid();
	rc = a->owner ? cred_user_find(a->owner, NULL, &u, e) : 1;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	s->uid = u.uid;
	s->gid = u.gid;
	cred_user_release(&u);
	return 0;
}

int unshare_maps_open(const struct unshare_args *a, struct unshare_state *s, struct err *e)
{
	int rc = open_owner(a, s, e);

	for (int i = 0; i < 2 && rc == 0; i++)
		rc = open_map(a, i, s, e);
	s->as_root = a->map_users.n && !a->uid.set && !a->gid.set && !a->keep_caps && !idmap_has_outer(&s->map[0], s->uid) &&
		     idmap_has_inner(&s->map[0], 0);
	return rc;
}

void unshare_maps_release(struct unshare_state *s)
{
	idmap_release(&s->map[0]);
	idmap_release(&s->map[1]);
	free(s->who);
	s->who = NULL;
}

int unshare_maps_start(const struct unshare_state *s, struct helper *h, struct err *e)
{
	struct idmap_job job = { .tool = { s->tool[0], s->tool[1] } };

	for (int i = 0; i < 2; i++)
		job.map[i] = s->outside[i] ? &s->map[i] : NULL;
	return job.map[0] || job.map[1] ? helper_start(h, idmap_write, &job, e) : 0;
}

int unshare_become_owner(const struct unshare_args *a, const struct unshare_state *s, struct err *e)
{
	int rc = a->owner ? cred_set_groups(NULL, 0, e) : 1;

	if (rc == 0)
		rc = cred_set_gids(s->gid, s->gid, e);
	if (rc == 0)
		rc = cred_set_uids(s->uid, s->uid, e);
	/* the maps are written through its files below /proc, which are to be its own: PR_SET_DUMPABLE(2const) */
	if (rc == 0 && prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL) < 0)
		rc = err_sys(e, "dumpable", NULL);
	return rc < 0 ? rc : 0;
}

/* newuidmap has said on stderr what it did not like; here is what would please it. */
static void hint_tool(const struct unshare_state *s, struct err *e)
{
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < s->map[i].n && !strcmp(e->object, idmap_tools[i]); k++)
			if (s->map[i].v[k].outer != (i ? s->gid : s->uid))
				err_hint(e, "it wants a line in %s that covers %s:%u:%u", subid_files[i], s->who, s->map[i].v[k].outer, s->map[i].v[k].count);
}

static int write_own(const struct unshare_state *s, struct err *e)
{
	struct idmap_job job = { 0 };

	for (int i = 0; i < 2; i++)
		job.map[i] = s->map[i].n && !s->outside[i] ? &s->map[i] : NULL;
	return idmap_write("/proc/self", &job, e);
}

int unshare_maps_write(const struct unshare_args *a, const struct unshare_state *s, struct helper *h, struct err *e)
{
	/* "deny" must stand before a gid map that its own process writes: user_namespaces(7) */
	const char *setgroups = s->map[1].n && !s->outside[1] ? "deny" : a->setgroups;
	int denied = setgroups ? idmap_setgroups(setgroups, e) : 0;
	int rc = denied < 0 ? denied : helper_finish(h, e);

	if (rc == 0)
		rc = write_own(s, e);
	else
		hint_tool(s, e);
	if (rc != -EPERM && rc != -EACCES)
		return rc;
	if (s->uid)
		ns_hint_user(e);
	err_hint(e, denied ? "it cannot be changed once the gid map is written, and never back to allow" :
			     "each range must lie within one that is mapped here, as /proc/self/uid_map says, and id 0 takes CAP_SETFCAP");
	return rc;
}
