/* idmap write: maps for a namespace that is there already; and shadow's newuidmap and newgidmap. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/idmap_priv.h"
#include "core/cred.h"
#include "core/fd.h"

/* ---- the rules of newuidmap(1) ---- */

/* Whose namespace it is, and what he may map: all that newuidmap looks at. */
struct rules {
	const char *who;
	unsigned id[2];        /* his own, which he may always map */
	struct idmap subids[2]; /* owned */
};

static int rules_read(struct rules *r, int i, uid_t uid, struct err *e)
{
	char *text = NULL;
	int rc = maps_read_subids(maps_subids[i], &text, e);

	if (rc == 0)
		rc = idmap_subid_all(text, r->who, uid, &r->subids[i], e);
	free(text);
	return rc;
}

static int not_allowed(const struct rules *r, int i, const struct idmap_range *m, struct err *e)
{
	char *text = NULL;

	err_bad(e, NULL, "%cid range [%u-%u) -> [%u-%u) not allowed", i ? 'g' : 'u', m->inner, m->inner + m->count, m->outer, m->outer + m->count);
	if (!r->subids[i].n && maps_read_subids(maps_subids[i], &text, &(struct err){ 0 }) == 0)
		maps_hint_line(r->who, maps_subids[i], text, e);
	else
		err_hint(e, "the lines of %s in %s do not cover %u:%u", r->who, maps_subids[i], m->outer, m->count);
	free(text);
	return -EINVAL;
}

/* 1: only with ids of the subordinate ones, 0: his own as well or alone, so that "deny" is due before a gid map. */
static int rules_check(const struct rules *r, int i, const struct idmap *m, struct err *e)
{
	int sub = 0;

	for (size_t k = 0; k < m->n; k++) {
		if (idmap_covers(&r->subids[i], m->v[k].outer, m->v[k].count))
			sub = 1;
		else if (m->v[k].count != 1 || m->v[k].outer != r->id[i])
			return not_allowed(r, i, &m->v[k], e);
	}
	return sub;
}

static void rules_release(struct rules *r)
{
	idmap_release(&r->subids[0]);
	idmap_release(&r->subids[1]);
}

/*
 * The owner's own map, by his lines; used as root for him, or by himself. *deny:
 * setgroups(2) is to be denied first. CVE-2018-7169: whoever is kept out of
 * something by a group of his must not get rid of it, and one without a
 * subordinate group has nobody's word that he may.
 */
static int check_rules(const struct stat *st, const struct maps *m, bool *deny, struct err *e)
{
	char *who = maps_user_name(st->st_uid);
	struct rules r = { .who = who, .id = { st->st_uid, st->st_gid } };
	int rc = who ? 0 : err_set(e, ENOMEM, "user", NULL);

	for (int i = 0; i < 2 && rc >= 0; i++) {
		if (!m->map[i].n)
			continue;
		rc = rules_read(&r, i, st->st_uid, e);
		rc = rc < 0 ? rc : rules_check(&r, i, &m->map[i], e);
		if (rc == 0 && i)
			*deny = true;
	}
	rules_release(&r);
	free(who);
	return rc < 0 ? rc : 0;
}

/* ---- idmap write ---- */

struct write_args {
	struct maps_args ids;
	bool gid, check_subid;
	const char *setgroups;
	const char *target;
};

#define OFF(field) offsetof(struct write_args, field)

static const char *const setgroups_words[] = { "allow", "deny", NULL };

/* They may stand before PID, and behind it. */
static const struct opt options[] = {
	{ OPT_GROUP, .off = OFF(ids), .group = maps_opts },
	{ OPT_FLAG, 0, "check-subid", NULL, "only what newuidmap would let the process's owner have", OFF(check_subid) },
	{ OPT_FLAG, 0, "gid", NULL, "ranges behind PID are of groups, not of users", OFF(gid) },
	{ OPT_STR, 0, "setgroups", "WORD", "allow or deny setgroups(2) in it", OFF(setgroups), .words = setgroups_words },
	{ OPT_END },
};

static const struct opt write_opts[] = {
	{ OPT_GROUP, .off = 0, .group = options },
	{ OPT_OPERAND, .name = "PID", .off = OFF(target) },
	{ OPT_END },
};

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "0123456789")];
}

/* The kernel's three numbers, each a word of its own, as one text. */
static int take_numbers(int argc, char **argv, struct opt_keep *keep, const char **text, struct err *e)
{
	for (int i = 0; i < 3; i++)
		if (i >= argc || !is_number(argv[i]))
			return err_bad(e, argv[i < argc ? i : 0], "a range is INNER OUTER COUNT, or INNER:OUTER:COUNT with u: or g: before it");
	*text = opt_keep_text(keep, "%s:%s:%s", argv[0], argv[1], argv[2]);
	return *text ? 0 : err_set(e, ENOMEM, "id map", NULL);
}

/* What follows PID: ranges, or the kernel's three numbers of each. Each is looked at where it stands, so that it is the one that is named. */
static int take_words(struct write_args *a, int argc, char **argv, struct opt_keep *keep, struct err *e)
{
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++) {
		const char *text = argv[i];
		bool of_kind = text[0] && text[1] == ':' && strchr("ugb", text[0]);
		struct strs *to = of_kind ? &a->ids.both : a->gid ? &a->ids.groups : &a->ids.users;

		if (is_number(text)) {
			rc = take_numbers(argc - i, argv + i, keep, &text, e);
			i += 2;
		}
		if (rc == 0)
			rc = idmap_spec_parse(of_kind ? text + 2 : text, &(struct idmap_range){ 0 }, e);
		if (rc >= 0)
			rc = strs_add(to, text) < 0 ? err_set(e, ENOMEM, "id map", NULL) : 0;
	}
	return rc;
}

static int fill_maps(const struct write_args *a, struct maps *m, struct err *e)
{
	int rc = maps_check(&a->ids, e);

	for (int i = 0; i < 2 && rc == 0; i++) {
		rc = maps_fill(m, i, &a->ids, true, e);
		if (rc == 0 && m->map[i].n)
			rc = maps_find_writer(m, i, e);
	}
	if (rc == 0 && !m->map[0].n && !m->map[1].n && !a->setgroups)
		rc = err_bad(e, NULL, "no map is given");
	return rc < 0 ? rc : maps_check_setgroups(m, a->setgroups, e);
}

/* Of the process's owner; *setgroups is what is to be written then. */
static int check_owners(int dir, const char *proc, const struct maps *m, const char **setgroups, struct err *e)
{
	struct stat st;
	bool deny = false;
	int rc = fstat(dir, &st) < 0 ? err_sys(e, proc, NULL) : check_rules(&st, m, &deny, e);

	if (rc < 0 || !deny)
		return rc;
	if (*setgroups && !strcmp(*setgroups, "allow")) {
		err_bad(e, "--setgroups allow", "does not go with groups none of which is a subordinate one");
		err_hint(e, "newgidmap would write deny");
		return -EINVAL;
	}
	*setgroups = "deny";
	return 0;
}

static int write_all(const struct write_args *a, struct err *e)
{
	struct maps m = { .uid = geteuid(), .gid = getegid() };
	const char *setgroups = a->setgroups;
	char proc[64];
	auto_close int dir = idmap_open_process(a->target, proc, e);
	int rc = dir < 0 ? dir : fill_maps(a, &m, e);

	if (rc == 0 && a->check_subid)
		rc = check_owners(dir, proc, &m, &setgroups, e);
	if (rc == 0)
		rc = maps_write_to(&m, dir, proc, setgroups, e);
	maps_release(&m);
	return rc;
}

static int write_main(int argc, char **argv, struct err *e)
{
	struct write_args a = { 0 };
	struct opt_keep keep = { 0 };
	int used = opt_parse(write_opts, &a, argc, argv, e), more, rc = used;

	/* the word before the first one that is left stands for the applet's name */
	more = rc < 0 ? rc : opt_parse(options, &a, argc - used + 1, argv + used - 1, e);
	rc = more < 0 ? more : take_words(&a, argc - used + 1 - more, argv + used - 1 + more, &keep, e);
	if (rc == 0)
		rc = write_all(&a, e);
	opt_release(write_opts, &a);
	opt_keep_release(&keep);
	return rc;
}

const struct applet idmap_verb_write = {
	.name = "write",
	.synopsis = "[OPTIONS] PID [RANGE | INNER OUTER COUNT]...",
	.summary = "write the maps of a process's user namespace",
	.opts = write_opts,
	.main = write_main,
	.fail = 1,
};

/* ---- newuidmap and newgidmap ---- */

static const struct opt tool_opts[] = {
	{ OPT_OPERAND, .name = "PID", .off = 0 },
	{ OPT_END },
};

/* As strtoul(3) reads it: blanks and a sign before it, hexadecimal and octal. */
static int tool_number(const char *text, unsigned *out, struct err *e)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 0);
	if (end == text || *end || errno || n > IDMAP_MAX + 1UL)
		return err_bad(e, text, "is no number of an id, or of ids");
	*out = (unsigned)n;
	return 0;
}

int idmap_tool_ranges(struct idmap *m, int argc, char **argv, struct err *e)
{
	int rc = 0;

	if (argc < 3 || argc % 3)
		return err_bad(e, NULL, "usage: [PID|fd:N] ID LOWERID COUNT [ID LOWERID COUNT]...");
	for (int i = 0; i < argc && rc == 0; i += 3) {
		struct idmap_range r = { 0 };

		if (tool_number(argv[i], &r.inner, e) < 0 || tool_number(argv[i + 1], &r.outer, e) < 0 || tool_number(argv[i + 2], &r.count, e) < 0)
			return -EINVAL;
		if (!r.count || r.inner > IDMAP_MAX || r.outer > IDMAP_MAX || r.count - 1 > IDMAP_MAX - r.inner || r.count - 1 > IDMAP_MAX - r.outer)
			return err_bad(e, argv[i], "%s %s is no range of ids", argv[i + 1], argv[i + 2]);
		rc = idmap_add(m, &r, false, NULL, e);
	}
	return rc;
}

/* Shadow's reads a pid by strtoll(3), in decimal, however many zeros are before it. */
static int open_target(const char *word, char proc[64], struct err *e)
{
	char number[24], *end;
	long long n;

	errno = 0;
	n = strtoll(word, &end, 10);
	if (end == word || *end || errno || n < 1)
		return idmap_open_process(word, proc, e);
	snprintf(number, sizeof number, "%lld", n);
	return idmap_open_process(number, proc, e);
}

/* Its owner must be the caller, whoever else may look at the process. */
static int check_owner(const char *proc, const struct stat *st, struct err *e)
{
	if (getuid() == st->st_uid && getgid() == st->st_gid)
		return 0;
	err_bad(e, proc, "is owned by a different user: %u:%u, not %u:%u", st->st_uid, st->st_gid, getuid(), getgid());
	err_hint(e, "idmap write has no such rule");
	return -EINVAL;
}

static int tool_run(int i, const char *target, int argc, char **argv, struct maps *m, struct err *e)
{
	char proc[64];
	struct stat st;
	bool deny = false;
	auto_close int dir = open_target(target, proc, e);
	int rc = dir < 0 ? dir : idmap_tool_ranges(&m->map[i], argc, argv, e);

	if (rc == 0 && fstat(dir, &st) < 0)
		rc = err_sys(e, proc, NULL);
	if (rc == 0)
		rc = check_owner(proc, &st, e);
	if (rc == 0)
		rc = idmap_check(&m->map[i], maps_names[i], e);
	if (rc == 0)
		rc = check_rules(&st, m, &deny, e);
	/* what is due of setgroups has been found already */
	m->outside[0] = m->outside[1] = true;
	return rc < 0 ? rc : maps_write_to(m, dir, proc, deny ? "deny" : NULL, e);
}

static int tool_main(int i, int argc, char **argv, struct err *e)
{
	struct maps m = { .uid = getuid(), .gid = getgid() };
	const char *target = NULL;
	int used = opt_parse(tool_opts, &target, argc, argv, e), rc = used;

	if (rc >= 0)
		rc = tool_run(i, target, argc - used, argv + used, &m, e);
	maps_release(&m);
	return rc;
}

static int newuidmap_main(int argc, char **argv, struct err *e)
{
	return tool_main(0, argc, argv, e);
}

static int newgidmap_main(int argc, char **argv, struct err *e)
{
	return tool_main(1, argc, argv, e);
}

const struct applet applet_newuidmap = {
	.name = "newuidmap",
	.synopsis = "PID|fd:N UID LOWERUID COUNT [UID LOWERUID COUNT]...",
	.summary = "write the uid map of a process, by the rules of shadow's",
	.opts = tool_opts,
	.main = newuidmap_main,
	/* a link in the way of the one that is setuid would take every user's subordinate ids away */
	.flags = APPLET_NO_LINK,
	.fail = 1,
};

const struct applet applet_newgidmap = {
	.name = "newgidmap",
	.synopsis = "PID|fd:N GID LOWERGID COUNT [GID LOWERGID COUNT]...",
	.summary = "write the gid map of a process, by the rules of shadow's",
	.opts = tool_opts,
	.main = newgidmap_main,
	.flags = APPLET_NO_LINK,
	.fail = 1,
};
