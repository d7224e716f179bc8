/* The filter of system calls. seccomp(2) */
#include <string.h>
#include <sys/prctl.h>

#include "applets/setpriv_priv.h"
#include "core/seccomp.h"

int setpriv_check_seccomp(const struct setpriv_args *a, struct err *e)
{
	if (!a->seccomp || !strcmp(a->seccomp, "default") || !strcmp(a->seccomp, "unconfined"))
		return 0;
	return err_bad(e, a->seccomp, "--seccomp wants default or unconfined");
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
	struct seccomp_profile p = { 0 };
	uint64_t caps = 0;
	int rc = final_caps(j, last, &caps, e);

	if (rc == 0)
		rc = seccomp_profile_default(&p, caps, e);
	if (rc == 0)
		rc = seccomp_profile_load(&p, e);
	seccomp_profile_release(&p);
	return rc;
}

static bool is_wanted(const struct setpriv_args *a)
{
	return a->seccomp && strcmp(a->seccomp, "unconfined") != 0;
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
