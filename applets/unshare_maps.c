/* unshare: who is who in the new user namespace. */
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "applets/unshare_priv.h"
#include "core/cred.h"

int unshare_maps_check(const struct unshare_args *a, struct err *e)
{
	int rc = maps_check(&a->ids, e);

	if (rc < 0)
		return rc;
	if (a->owner && !strchr(a->owner, ':'))
		return err_bad(e, a->owner, "--owner wants USER:GROUP");
	return a->owner ? cred_user_check(a->owner, e) : 0;
}

/* idmap run: without a word, root inside. */
static const struct maps_args root_alone = { .user = "0", .group = "0" };

static int fill_map(const struct unshare_args *a, int i, struct maps *m, struct err *e)
{
	bool given = maps_given(&a->ids, 0) || maps_given(&a->ids, 1);
	int rc = maps_fill(m, i, a->fit && !given ? &root_alone : &a->ids, a->fit, e);

	/* unshare's single id is written by its own process, as with util-linux */
	if (rc < 0 || !m->map[i].n || (!a->fit && !(i ? a->ids.groups : a->ids.users).n))
		return rc;
	return maps_find_writer(m, i, e);
}

static int open_owner(const struct unshare_args *a, struct maps *m, struct err *e)
{
	struct cred_user u = { 0 };
	int rc;

	m->uid = geteuid();
	m->gid = getegid();
	rc = a->owner ? cred_user_find(a->owner, NULL, &u, e) : 1;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	m->uid = u.uid;
	m->gid = u.gid;
	cred_user_release(&u);
	return 0;
}

/* Who runs inside: idmap run's command is root there, where there is one, as after setpriv; unshare's is who he was. */
static struct opt_num find_inside(const struct unshare_args *a, const struct opt_num *id, const struct idmap *m)
{
	if (id->set || !a->fit || !idmap_has_inner(m, 0))
		return *id;
	return (struct opt_num){ .set = true };
}

int unshare_maps_open(const struct unshare_args *a, struct unshare_state *s, struct err *e)
{
	int rc = open_owner(a, &s->maps, e);

	for (int i = 0; i < 2 && rc == 0; i++)
		rc = fill_map(a, i, &s->maps, e);
	rc = rc < 0 ? rc : maps_check_setgroups(&s->maps, a->setgroups, e);
	s->uid = find_inside(a, &a->uid, &s->maps.map[0]);
	s->gid = find_inside(a, &a->gid, &s->maps.map[1]);
	s->as_root = (a->ids.users.n || a->ids.both.n) && !s->uid.set && !s->gid.set && !a->keep_caps && !idmap_has_outer(&s->maps.map[0], s->maps.uid) &&
		     idmap_has_inner(&s->maps.map[0], 0);
	return rc;
}

int unshare_become_owner(const struct unshare_args *a, const struct unshare_state *s, struct err *e)
{
	const struct maps *m = &s->maps;
	int rc = a->owner ? cred_set_groups(NULL, 0, e) : 1;

	if (rc == 0)
		rc = cred_set_gids(m->gid, m->gid, e);
	if (rc == 0)
		rc = cred_set_uids(m->uid, m->uid, e);
	/* the maps are written through its files below /proc, which are to be its own: PR_SET_DUMPABLE(2const) */
	if (rc == 0 && prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL) < 0)
		rc = err_sys(e, "dumpable", NULL);
	return rc < 0 ? rc : 0;
}
