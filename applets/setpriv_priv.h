/* setpriv_priv: what the files of setpriv share; nobody else includes it. */
#ifndef APPLETS_SETPRIV_PRIV_H
#define APPLETS_SETPRIV_PRIV_H

#include <stdint.h>
#include <sys/types.h>

#include "applets/setpriv.h"
#include "core/cred.h"
#include "core/err.h"
#include "core/step.h"

/* One application of the step: what was found out before the first change. */
struct setpriv_job {
	const struct setpriv_args *a;
	struct step_ctx *ctx;
	struct cred_user user; /* owned; the final user, where -u, --init-groups or an environment asks for it */
	uid_t ruid, euid;      /* final ids */
	gid_t rgid, egid;
	gid_t *groups;         /* owned; NULL with set_groups: none */
	size_t n_groups;
	bool set_uids, set_gids, set_groups;
	uint64_t caps;         /* --caps, as far as the caller has them */
	char *profile;         /* owned; the text of --seccomp FILE */
	bool filtered;         /* the filter of system calls is in force */
};

/* Is *args in order? (setpriv_check.c) */
int setpriv_check(const void *args, struct err *e);

/* Parts of apply, in setpriv_env.c: what surrounds the process. */
int setpriv_set_env(struct setpriv_job *j, struct err *e);
int setpriv_close_fds(struct setpriv_job *j, struct err *e);
int setpriv_make_workdir(struct setpriv_job *j, struct err *e);
int setpriv_enter_workdir(struct setpriv_job *j, struct err *e);
int setpriv_new_session(struct setpriv_job *j, struct err *e);
int setpriv_set_oom(struct setpriv_job *j, struct err *e);

/* Parts of apply, in setpriv_ids.c: users and groups. */
int setpriv_find_ids(struct setpriv_job *j, struct err *e);
int setpriv_set_groups(struct setpriv_job *j, struct err *e);
int setpriv_set_gids(struct setpriv_job *j, struct err *e);
int setpriv_set_uids(struct setpriv_job *j, struct err *e);

/*
 * The filter of system calls, in setpriv_seccomp.c. One of the two parts loads
 * it: without no_new_privs that takes CAP_SYS_ADMIN, which goes with the other
 * capabilities; with it, the filter comes last, and what setpriv does itself
 * needs no place in the profile.
 */
int setpriv_check_seccomp(const struct setpriv_args *a, struct err *e);
int setpriv_find_profile(struct setpriv_job *j, struct err *e);
int setpriv_filter_first(struct setpriv_job *j, struct err *e);
int setpriv_filter_last(struct setpriv_job *j, struct err *e);

/* Print the state; `level` as often as -d was given (setpriv_dump.c). */
int setpriv_dump(unsigned level, struct err *e);
void setpriv_list_caps(void);

#endif
