/*
 * Users and groups. The files are those of the current root, which may be a
 * container's and hostile: regular files only, within the root, of bounded
 * size, every number strict; no NSS, which would load code from there.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cred_priv.h"
#include "core/fd.h"

#define ID_MAX 4294967294LL /* one more is (uid_t)-1: "leave it" in setresuid(2) */
#define NAME_MAX_LEN 256
#define FIELDS 7

/* Take the next line, cut at its colons; fields that it lacks are "". False at the end. */
static bool table_line(char **rest, char *field[FIELDS])
{
	char *line = *rest;

	if (!*line)
		return false;
	*rest = line + strcspn(line, "\n");
	if (**rest)
		*(*rest)++ = '\0';
	for (int i = 0; i < FIELDS; i++) {
		field[i] = line;
		line += strcspn(line, ":");
		if (*line)
			*line++ = '\0';
	}
	return true;
}

static int parse_id(const char *text, unsigned *id)
{
	long long v;

	if (*text == '-' || str_num(text, 0, ID_MAX, &v) < 0)
		return -EINVAL;
	*id = (unsigned)v;
	return 0;
}

/* 1 a number, 0 may be a name, -EINVAL neither. */
static int classify(const char *text, const char *what, unsigned *id, struct err *e)
{
	if (!*text)
		return err_bad(e, "\"\"", "is no %s", what);
	if (parse_id(text, id) == 0)
		return 1;
	/* "1000x" is a slip, and a hostile passwd may well list it with uid 0 */
	if (isdigit((unsigned char)*text) || strchr("+-", *text))
		return err_bad(e, text, "is no %s: what starts like a number must be one, up to %lld", what, ID_MAX);
	if (strlen(text) >= NAME_MAX_LEN || strpbrk(text, ":,\n"))
		return err_bad(e, text, "is no %s", what);
	return 0;
}

int cred_group_check(const char *text, struct err *e)
{
	unsigned id;
	int rc = classify(text, "group", &id, e);

	return rc < 0 ? rc : 0;
}

/* USER[:GROUP] in two; *group is NULL where there is none. */
static int split_user(const char *text, char user[NAME_MAX_LEN], const char **group, struct err *e)
{
	const char *rest = text;

	if (str_next(&rest, ':', user, NAME_MAX_LEN) < 0)
		return err_bad(e, text, "is no user");
	*group = rest;
	return rest ? cred_group_check(rest, e) : 0;
}

int cred_user_check(const char *text, struct err *e)
{
	char user[NAME_MAX_LEN];
	const char *group;
	unsigned id;
	int rc = split_user(text, user, &group, e);

	if (rc == 0)
		rc = classify(user, "user", &id, e);
	return rc < 0 ? rc : 0;
}

static int keep_text(char **to, const char *text, struct err *e)
{
	*to = strdup(text);
	return *to ? 0 : err_set(e, ENOMEM, "user", NULL);
}

static int fill_user(struct cred_user *u, char *field[FIELDS], struct err *e)
{
	int rc = keep_text(&u->name, field[0], e);

	if (rc == 0)
		rc = keep_text(&u->home, field[5][0] == '/' ? field[5] : "/", e);
	if (rc == 0)
		rc = keep_text(&u->shell, field[6][0] == '/' ? field[6] : "/bin/sh", e);
	return rc;
}

int cred_passwd_search(char *text, const char *name, struct cred_user *u, struct err *e)
{
	char *field[FIELDS];
	int rc = 0;

	while (rc == 0 && table_line(&text, field)) {
		unsigned uid, gid;

		/* a line without its numbers is nobody's */
		if (!*field[0] || parse_id(field[2], &uid) < 0 || parse_id(field[3], &gid) < 0)
			continue;
		if (name ? strcmp(name, field[0]) != 0 : uid != u->uid)
			continue;
		u->uid = uid;
		u->gid = gid;
		rc = fill_user(u, field, e);
		if (rc == 0)
			rc = 1;
	}
	return rc;
}

static int search_passwd(const char *name, struct cred_user *u, struct err *e)
{
	char *text = NULL;
	int rc = fd_etc(&text, "etc/passwd", e);

	if (rc == 0)
		rc = cred_passwd_search(text, name, u, e);
	free(text);
	return rc;
}

static int add_group(struct cred_user *u, gid_t gid, struct err *e)
{
	gid_t *groups;

	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return 0;
	/* the kernel takes no more: setgroups(2) */
	if (u->n_groups == NGROUPS_MAX)
		return err_set(e, E2BIG, "groups", "a process can be in %d at most", NGROUPS_MAX);
	/* grown when their number is a power of two */
	groups = u->n_groups & (u->n_groups - 1) ? u->groups : realloc(u->groups, 2 * (u->n_groups + 1) * sizeof *groups);
	if (!groups)
		return err_set(e, ENOMEM, "groups", NULL);
	u->groups = groups;
	u->groups[u->n_groups++] = gid;
	return 0;
}

static bool lists(const char *members, const char *name)
{
	char member[NAME_MAX_LEN];
	int len;

	while ((len = str_next(&members, ',', member, sizeof member)) != -ENOENT)
		if (len > 0 && !strcmp(member, name))
			return true;
	return false;
}

int cred_group_collect(char *text, struct cred_user *u, struct err *e)
{
	char *field[FIELDS];
	int rc = 0;

	while (rc == 0 && table_line(&text, field)) {
		unsigned gid;

		if (parse_id(field[2], &gid) == 0 && lists(field[3], u->name))
			rc = add_group(u, gid, e);
	}
	return rc;
}

/* Add all groups that list the user. No group file: no groups. */
static int add_listed_groups(struct cred_user *u, struct err *e)
{
	char *text = NULL;
	int rc = fd_etc(&text, "etc/group", e);

	if (rc == 0)
		rc = cred_group_collect(text, u, e);
	free(text);
	return rc == -ENOENT ? 0 : rc;
}

/* Without its /etc/passwd, a root has nobody but numbers. */
static int no_such(const char *text, const char *what, const char *path, int rc, struct err *e)
{
	if (rc < 0 && rc != -ENOENT)
		return rc;
	err_set(e, 0, text, "no such %s", what);
	err_hint(e, rc < 0 ? "there is no %s here: give a number" : "%s does not list it", path);
	return -ENOENT;
}

int cred_uid_find(const char *text, uid_t *uid, struct err *e)
{
	struct cred_user u = { 0 };
	int rc = classify(text, "user", uid, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = search_passwd(text, &u, e);
	*uid = u.uid;
	cred_user_release(&u);
	return rc > 0 ? 0 : no_such(text, "user", "/etc/passwd", rc, e);
}

int cred_group_search(char *text, const char *name, gid_t *gid)
{
	char *field[FIELDS];

	while (table_line(&text, field))
		if (!strcmp(field[0], name) && parse_id(field[2], gid) == 0)
			return 1;
	return 0;
}

int cred_gid_find(const char *text, gid_t *gid, struct err *e)
{
	char *table = NULL;
	int rc = classify(text, "group", gid, e);

	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = fd_etc(&table, "etc/group", e);
	if (rc == 0)
		rc = cred_group_search(table, text, gid);
	free(table);
	return rc > 0 ? 0 : no_such(text, "group", "/etc/group", rc, e);
}

/* Fill name, uid, gid, home and shell. */
static int find_passwd(const char *user, struct cred_user *u, struct err *e)
{
	struct err unused = { 0 };
	int rc = classify(user, "user", &u->uid, e);

	if (rc < 0)
		return rc;
	if (rc == 0) {
		rc = search_passwd(user, u, e);
		return rc > 0 ? 0 : no_such(user, "user", "/etc/passwd", rc, e);
	}
	/* a number does without its passwd, whatever is wrong with that: docker(1) */
	if (search_passwd(NULL, u, &unused) > 0)
		return 0;
	if (!u->home && (rc = keep_text(&u->home, "/", e)) < 0)
		return rc;
	return u->shell ? 0 : keep_text(&u->shell, "/bin/sh", e);
}

/* The primary group is among the supplementary ones, else a setgid program could shed it: CVE-2022-2989 */
static int find_groups(const char *group, const struct strs *more, struct cred_user *u, struct err *e)
{
	int rc = group ? cred_gid_find(group, &u->gid, e) : 0;

	if (rc == 0)
		rc = add_group(u, u->gid, e);
	if (rc == 0 && !group && u->name)
		rc = add_listed_groups(u, e);
	for (size_t i = 0; rc == 0 && more && i < more->n; i++) {
		gid_t gid;

		rc = cred_gid_find(more->v[i], &gid, e);
		if (rc == 0)
			rc = add_group(u, gid, e);
	}
	return rc;
}

int cred_user_find(const char *text, const struct strs *more, struct cred_user *u, struct err *e)
{
	char user[NAME_MAX_LEN];
	const char *group = NULL;
	int rc = split_user(text, user, &group, e);

	*u = (struct cred_user){ 0 };
	if (rc == 0)
		rc = find_passwd(user, u, e);
	if (rc == 0)
		rc = find_groups(group, more, u, e);
	if (rc < 0)
		cred_user_release(u);
	return rc;
}

void cred_user_release(struct cred_user *u)
{
	free(u->name);
	free(u->home);
	free(u->shell);
	free(u->groups);
	*u = (struct cred_user){ 0 };
}
