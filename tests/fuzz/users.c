/* USER[:GROUP], a passwd, a group file. */
#include <errno.h>

#include "core/cred.h"
#include "core/cred_priv.h"
#include "tests/fuzz/fuzz.h"

#define NOBODY ((uid_t)-1) /* for setresuid(2) and the like: "leave it" */

static char *copy(const char *text)
{
	char *own = strdup(text);

	require(own);
	return own;
}

static void require_user(const struct cred_user *u, const char *name, const char *passwd)
{
	struct cred_user by_id = { .uid = u->uid };
	struct err e = { 0 };
	char *text = copy(passwd);

	require(u->uid != NOBODY && u->gid != NOBODY);
	require(u->name && *u->name && (!name || !strcmp(u->name, name)));
	require(u->home && u->home[0] == '/' && u->shell && u->shell[0] == '/');
	require(!strpbrk(u->name, ":\n") && !strpbrk(u->home, ":\n") && !strpbrk(u->shell, ":\n"));
	/* whoever has a name has a number that is listed, by this line or an earlier one */
	require(cred_passwd_search(text, NULL, &by_id, &e) == 1);
	require(by_id.uid == u->uid);
	cred_user_release(&by_id);
	free(text);
}

static void groups_of(struct cred_user *u, const char *group)
{
	struct err e = { 0 };
	char *text = copy(group);

	require(cred_group_collect(text, u, &e) == 0);
	free(text);
	for (size_t i = 0; i < u->n_groups; i++) {
		require(u->groups[i] != NOBODY);
		for (size_t k = 0; k < i; k++)
			require(u->groups[k] != u->groups[i]);
	}
}

/* By name where the text is one, else by number. */
static void look_up(const char *name, uid_t uid, const char *passwd, const char *group)
{
	struct cred_user u = { .uid = uid };
	struct err e = { 0 };
	char *text = copy(passwd);
	int rc = cred_passwd_search(text, name, &u, &e);

	require(rc == 0 || rc == 1);
	if (rc == 1) {
		require(name || u.uid == uid);
		require_user(&u, name, passwd);
		groups_of(&u, group);
	}
	cred_user_release(&u);
	free(text);
}

static void look_up_group(const char *name, const char *group)
{
	gid_t gid = NOBODY;
	char *text = copy(group);

	require(cred_group_search(text, name, &gid) == 0 || gid != NOBODY);
	free(text);
}

/* What both checks let pass is a number or may be a name, and no name that could be taken for a number. */
static void texts(const char *text)
{
	struct err e = { 0 };
	int group = cred_group_check(text, &e), user = cred_user_check(text, &e);

	require((group == 0 || group == -EINVAL) && (user == 0 || user == -EINVAL));
	require(group == 0 || e.what[0]);
	if (group == 0)
		require(*text && user == 0 && strlen(text) < 256);
	if (group == 0 && strchr("+-0123456789", *text))
		require(!text[strspn(text, "0123456789")] && strtoll(text, NULL, 10) < NOBODY);
	if (user == 0 && strchr(text, ':'))
		require(cred_group_check(strchr(text, ':') + 1, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *user = fuzz_text(&data, &size), *passwd = fuzz_text(&data, &size), *group = fuzz_text(&data, &size);

	texts(user);
	look_up(user, 0, passwd, group);
	look_up(NULL, (uid_t)strtoull(user, NULL, 10), passwd, group);
	look_up_group(user, group);
	free(user);
	free(passwd);
	free(group);
	return 0;
}
