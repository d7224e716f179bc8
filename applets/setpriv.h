/* setpriv: ids, groups, capabilities and the rest of what a process is, as util-linux's setpriv(1) sets them. */
#ifndef APPLETS_SETPRIV_H
#define APPLETS_SETPRIV_H

#include <stdbool.h>

#include "core/opt.h"
#include "core/step.h"
#include "core/str.h"

/* What run has under the same names; docker's words. */
struct setpriv_run {
	struct strs env;
	struct strs group_add;
	struct strs landlock;
	struct strs ulimit;
	struct opt_num oom_score_adj;
	struct opt_num preserve_fds;
	const char *user;
	const char *workdir;
	bool landlock_try;
};

extern const struct opt setpriv_run_opts[];

struct setpriv_args {
	struct setpriv_run run;
	const char *ambient_caps, *bounding_set, *caps, *inh_caps, *securebits;
	const char *ruid, *euid, *reuid, *rgid, *egid, *regid, *groups;
	const char *pdeathsig, *seccomp;
	bool clear_groups, init_groups, keep_groups;
	bool clear_env, reset_env;
	bool exec, list_caps, new_keyring, new_session, no_new_privs, reset_signals;
	unsigned dump;
	struct opt_num umask;
};

/*
 * The text of a profile for --seccomp: what the file says, without the blanks
 * that JSON may have around its words. Allocated; NULL with *e where it is none.
 */
char *setpriv_read_profile(const char *path, struct err *e);

extern const struct step_ops setpriv_step;

#endif
