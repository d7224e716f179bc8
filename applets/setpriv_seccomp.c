/* The filter of system calls. seccomp(2) */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "applets/setpriv_priv.h"
#include "core/fd.h"
#include "core/seccomp.h"

#define MAX_PROFILE (1 << 20)

static bool is_text(const char *profile)
{
	return *profile == '{';
}

/* Is it one? Whom it is for does not matter: all of it is read. */
static int try_profile(const char *text, const char *name, struct err *e)
{
	const struct seccomp_for nobody = { 0 };
	struct seccomp_profile p = { 0 };
	int rc = seccomp_profile_parse(&p, text, name, &nobody, e);

	seccomp_profile_release(&p);
	return rc;
}

int setpriv_check_seccomp(const struct setpriv_args *a, struct err *e)
{
	if (!a->seccomp)
		return 0;
	if (!*a->seccomp)
		return err_bad(e, "--seccomp", "wants default, unconfined or a profile");
	return is_text(a->seccomp) ? try_profile(a->seccomp, "--seccomp", e) : 0;
}

/* In place. What is in quotes stays. */
static void drop_blanks(char *text)
{
	bool quoted = false;
	char *to = text;

	for (const char *c = text; *c; c++) {
		if (quoted && *c == '\\' && c[1])
			*to++ = *c++;
		else if (*c == '"')
			quoted = !quoted;
		else if (!quoted && strchr(" \t\r\n", *c))
			continue;
		*to++ = *c;
	}
	*to = '\0';
}

char *setpriv_read_profile(const char *path, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, path, MAX_PROFILE);

	if (!text) {
		err_sys(e, path, "read the profile");
		return NULL;
	}
	if (try_profile(text, path, e) < 0) {
		free(text);
		return NULL;
	}
	drop_blanks(text);
	return text;
}

static bool is_wanted(const struct setpriv_args *a)
{
	return a->seccomp && strcmp(a->seccomp, "unconfined") != 0;
}

int setpriv_find_profile(struct setpriv_job *j, struct err *e)
{
	const char *profile = j->a->seccomp;

	if (!is_wanted(j->a) || !strcmp(profile, "default") || is_text(profile))
		return 0;
	j->profile = setpriv_read_profile(profile, e);
	return j->profile ? 0 : e->code ? -e->code : -EINVAL;
}

/*
 * What the command has, or gets when it runs a setuid program: docker looks at
 * the bounding set, which without --caps is full for an ordinary user, too. With
 * no_new_privs nothing is ever got back from there.
 */
static int final_caps(const struct setpriv_job *j, bool last, uint64_t *caps, struct err *e)
{
	struct cred_sets s;
	int rc;

	if (j->a->caps) {
		*caps = j->caps;
		return 0;
	}
	rc = last ? cred_get_active(&s, e) : cred_get(&s, e);
	if (rc == 0)
		*caps = last ? s.permitted : s.bounding;
	return rc;
}

static int load(const struct setpriv_job *j, bool last, struct err *e)
{
	const char *text = j->profile ? j->profile : j->a->seccomp;
	struct seccomp_profile p = { 0 };
	struct seccomp_for who = { 0 };
	int rc = final_caps(j, last, &who.caps, e);

	if (rc == 0 && is_text(text)) {
		seccomp_for_kernel(who.kernel);
		rc = seccomp_profile_parse(&p, text, "--seccomp", &who, e);
	} else if (rc == 0) {
		rc = seccomp_profile_default(&p, who.caps, e);
	}
	if (rc == 0)
		rc = seccomp_profile_load(&p, e);
	seccomp_profile_release(&p);
	return rc;
}

int setpriv_filter_first(struct setpriv_job *j, struct err *e)
{
	/* no_new_privs may also be the caller's */
	if (!is_wanted(j->a) || j->a->no_new_privs || prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1)
		return 0;
	j->filtered = true;
	return load(j, false, e);
}

int setpriv_filter_last(struct setpriv_job *j, struct err *e)
{
	return is_wanted(j->a) && !j->filtered ? load(j, true, e) : 0;
}
