/* run: which user namespace, if any. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/capability.h>

#include "applets/run.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/proc.h"

#define COUNT 65536 /* ids of a container whose range nobody has named: with nobody's, 65534, among them */

static bool is_word(const struct run_args *a, const char *word)
{
	return a->userns.n == 1 && !strcmp(a->userns.v[0], word);
}

int run_userns_check(const struct run_args *a, struct err *e)
{
	if (a->userns.n > 1 && (strs_has(&a->userns, "auto") || strs_has(&a->userns, "host")))
		return err_bad(e, "--userns", "auto and host stand alone");
	if (a->idmap && (!a->userns.n || is_word(a, "host")))
		return err_bad(e, "--idmap", "goes with --userns");
	if (a->privileged && a->userns.n && !is_word(a, "host")) {
		err_bad(e, "--privileged", "does not go with a user namespace, in which nobody may make the host's devices");
		err_hint(e, "--cap-add ALL gives all capabilities inside; or leave --userns out");
		return -EINVAL;
	}
	if (is_word(a, "host") || maps_check(&(struct maps_args){ .both = a->userns }, e) == 0)
		return 0;
	e->hint[0] = '\0';
	err_hint(e, "--userns takes host, auto, or ranges INNER:OUTER:COUNT, such as 0:100000:65536");
	return -EINVAL;
}

/* Privileged over what is mounted: then files can be given other owners, and any id be mapped. */
static int is_host_root(struct err *e)
{
	const uint64_t want = CRED_CAP(CAP_SYS_ADMIN) | CRED_CAP(CAP_SETUID) | CRED_CAP(CAP_SETGID);
	struct cred_sets caps;
	int rc = cred_get_active(&caps, e);

	return rc < 0 ? rc : (caps.effective & want) == want && maps_in_first_userns();
}

/* The first line of the user with room for a container, in the file of users or of groups. */
static bool has_room(const char *text, const char *name, uid_t uid, struct idmap_range *r)
{
	return idmap_subid_search(text, "", name, uid, r, &(struct err){ 0 }) > 0 && r->count >= COUNT;
}

/*
 * What is root's, or was set aside for containers; else all behind what was
 * given to somebody. Users and groups each by their own file.
 */
static int find_free(int i, struct idmap_range *r, struct err *e)
{
	char *text = NULL;
	int rc = maps_read_subids(maps_subids[i], &text, e);

	if (rc < 0)
		return rc;
	/* nobody has the uid of the two names, whatever they are */
	if (!has_room(text, "root", 0, r) && !has_room(text, "nestbox", (uid_t)-1, r) && !has_room(text, "containers", (uid_t)-1, r)) {
		r->outer = idmap_subid_free(text);
		r->count = IDMAP_MAX - r->outer + 1;
	}
	free(text);
	return 0;
}

static int add_range(struct strs *to, struct opt_keep *keep, const char *prefix, unsigned start)
{
	const char *text = opt_keep_text(keep, "%s0:%u:%d", prefix, start, COUNT);

	return text ? strs_add(to, text) : -ENOMEM;
}

/* No two containers have the same ids, as long as there are enough. */
static int choose_as_root(struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	static const char *const prefixes[2] = { "u:", "g:" };
	struct idmap_range r[2];
	unsigned n, start[2];
	int rc = find_free(0, &r[0], e);

	rc = rc < 0 ? rc : find_free(1, &r[1], e);
	if (rc < 0)
		return rc;
	n = (r[0].count < r[1].count ? r[0].count : r[1].count) / COUNT;
	rc = record_range_claim(f->range, r[0].outer, COUNT, n, e);
	for (int i = 0; i < 2 && rc >= 0; i++)
		start[i] = r[i].outer + (unsigned)rc * COUNT;
	if (rc >= 0 && start[0] == start[1])
		return add_range(&f->ids.both, keep, "", start[0]);
	rc = rc < 0 ? rc : 0;
	for (int i = 0; i < 2 && rc == 0; i++)
		rc = add_range(&f->ids.both, keep, prefixes[i], start[i]);
	return rc;
}

/* Has the caller subordinate ids, which all exist here: in a user namespace, its /etc may speak of more? */
static bool has_subids(int i)
{
	const char *words[] = { "auto", NULL };
	const struct maps_args args = { .both = { words, 1 } };
	struct maps all = { 0 }, here = { 0 };
	struct err unused = { 0 };
	bool has = maps_fill(&all, i, &args, false, &unused) == 0 && maps_fill(&here, i, &args, true, &unused) == 0 && here.map[i].n == 1 &&
		   here.map[i].v[0].count == all.map[i].v[0].count;

	maps_release(&all);
	maps_release(&here);
	return has;
}

/* The caller is root inside; others are there as far as the files give him some, and somebody can map them. */
static int choose_as_user(struct run_facts *f)
{
	f->ids.user = f->ids.group = "0";
	if (!proc_in_path(idmap_tools[0]) || !proc_in_path(idmap_tools[1]) || !has_subids(0) || !has_subids(1))
		return 0;
	return strs_add(&f->ids.both, "auto");
}

static int list_map(const struct idmap *m, struct strs *to, struct opt_keep *keep)
{
	int rc = 0;

	for (size_t i = 0; i < m->n && rc == 0; i++) {
		const char *text = opt_keep_text(keep, "%u:%u:%u", m->v[i].inner, m->v[i].outer, m->v[i].count);

		rc = text ? strs_add(to, text) : -ENOMEM;
	}
	return rc;
}

/*
 * The ranges as they fit the caller's own map, whose lines they may go across.
 * A container has a root. Where he is the caller, he is so by the map alone, and
 * "deny" leaves him no choice of groups; else somebody has to become him.
 */
static int fit_ranges(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	struct maps m = { .uid = geteuid(), .gid = getegid() };
	unsigned uid = 0, gid = 0;
	int rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++)
		rc = maps_fill(&m, i, &(struct maps_args){ .both = a->userns }, true, e);
	if (rc == 0 && (!idmap_to_outer(&m.map[0], 0, &uid) || !idmap_to_outer(&m.map[1], 0, &gid)))
		rc = err_bad(e, "--userns", "user 0 and group 0 must be mapped: a container has a root");
	f->become_root = uid != m.uid || gid != m.gid;
	rc = rc < 0 ? rc : list_map(&m.map[0], &f->users, keep);
	rc = rc < 0 ? rc : list_map(&m.map[1], &f->groups, keep);
	maps_release(&m);
	return rc;
}

/* A hard limit to be raised, as --ulimit has it; the soft one is left as it is, since the waiter lives with it. */
static int add_raised(const char *text, struct strs *to, struct opt_keep *keep)
{
	struct cred_limit l = { 0 };
	struct rlimit now;

	/* what is no limit setpriv says; the largest number is -1 to it */
	if (cred_limit_parse(text, &l, &(struct err){ 0 }) < 0 || getrlimit(l.resource, &now) < 0 || l.v.rlim_max <= now.rlim_max)
		return 0;
	text = opt_keep_text(keep, "%s=%lld:%lld", l.name, (long long)now.rlim_cur, (long long)l.v.rlim_max);
	return text ? strs_add(to, text) : -ENOMEM;
}

/* What the caller may do, and nobody in a user namespace may. */
static int find_raised(const struct run_args *a, struct run_facts *f, struct opt_keep *keep)
{
	const struct opt_num *oom = &a->cred.oom_score_adj;
	char text[16];
	int rc = 0;

	for (size_t i = 0; i < a->cred.ulimit.n && rc == 0; i++)
		rc = add_raised(a->cred.ulimit.v[i], &f->raised, keep);
	f->oom_lowered = oom->set && fd_get_line(AT_FDCWD, "/proc/self/oom_score_adj", text, sizeof text) > 0 && oom->v < strtol(text, NULL, 10);
	return rc;
}

static int split(struct run_facts *f)
{
	int rc = maps_list(&f->ids, 0, &f->users);

	return rc < 0 ? rc : maps_list(&f->ids, 1, &f->groups);
}

int run_find_userns(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	int root = !a->userns.n || is_word(a, "host") ? 0 : is_host_root(e), rc = 0;

	if (root < 0 || !a->userns.n || is_word(a, "host"))
		return root;
	f->idmap = root;
	if (is_word(a, "auto")) {
		rc = root ? choose_as_root(f, keep, e) : choose_as_user(f);
		rc = rc < 0 ? rc : split(f);
		f->become_root = root;
	} else {
		rc = strs_add_all(&f->ids.both, &a->userns);
		rc = rc < 0 ? rc : fit_ranges(a, f, keep, e);
	}
	rc = rc < 0 ? rc : find_raised(a, f, keep);
	if (rc == 0 && a->idmap && !root)
		rc = err_bad(e, "--idmap", "only root of the machine gives files other owners");
	return rc == -ENOMEM ? err_set(e, ENOMEM, "user namespace", NULL) : rc;
}
