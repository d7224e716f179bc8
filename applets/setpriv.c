#include "applets/setpriv.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/securebits.h>

#include "applets/applet.h"
#include "applets/setpriv_priv.h"
#include "core/landlock.h"
#include "core/proc.h"

#define RUN(field) offsetof(struct setpriv_run, field)
#define OFF(field) offsetof(struct setpriv_args, field)

const struct opt setpriv_run_opts[] = {
	{ OPT_LIST, 'e', "env", "NAME[=VALUE]", "set an environment variable; without =VALUE, the caller's goes along", RUN(env) },
	{ OPT_LIST, 0, "group-add", "GROUP", "with -u: one more supplementary group, by name or number", RUN(group_add) },
	{ OPT_LIST, 0, "landlock", "RULE", "refuse all but ro:PATH, rw:PATH, bind:PORT, connect:PORT", RUN(landlock) },
	{ OPT_FLAG, 0, "landlock-try", NULL, "as far as this kernel can", RUN(landlock_try) },
	{ OPT_NUM, 0, "oom-score-adj", "N", "how early the OOM killer takes it: -1000 (never) to 1000", RUN(oom_score_adj), .min = -1000, .max = 1000 },
	{ OPT_NUM, 0, "preserve-fds", "N", "close all file descriptors but 0-2 and the N after them", RUN(preserve_fds), .min = 0, .max = 1048576 },
	{ OPT_LIST, 0, "ulimit", "NAME=SOFT[:HARD]", "set a resource limit, such as nofile=1024:4096", RUN(ulimit) },
	{ OPT_STR, 'u', "user", "USER[:GROUP]", "become this user, by name or number", RUN(user) },
	{ OPT_STR, 'w', "workdir", "DIR", "working directory; made where it is missing", RUN(workdir) },
	{ OPT_END },
};

static const struct opt setpriv_opts[] = {
	{ OPT_GROUP, .off = OFF(run), .group = setpriv_run_opts },
	{ OPT_STR, 0, "ambient-caps", "LIST", "change the ambient set: +NAME, -NAME, +all, -all", OFF(ambient_caps) },
	{ OPT_STR, 0, "bounding-set", "LIST", "take from the bounding set, in the same words", OFF(bounding_set) },
	{ OPT_STR, 0, "caps", "LIST", "set all capability sets: default, none, all or names, then +NAME, -NAME", OFF(caps) },
	{ OPT_FLAG, 0, "clear-env", NULL, "start from an empty environment, with PATH and HOME", OFF(clear_env) },
	{ OPT_FLAG, 0, "clear-groups", NULL, "no supplementary groups", OFF(clear_groups) },
	{ OPT_COUNT, 'd', "dump", NULL, "show the current state and run nothing; -dd, -ddd: more of it", OFF(dump) },
	{ OPT_STR, 0, "egid", "GROUP", "set the effective gid", OFF(egid) },
	{ OPT_STR, 0, "euid", "USER", "set the effective uid", OFF(euid) },
	{ OPT_FLAG, 0, "exec", NULL, "what follows is a program, also when it is called nestbox", OFF(exec) },
	{ OPT_STR, 0, "groups", "GROUP,...", "set the supplementary groups", OFF(groups) },
	{ OPT_STR, 0, "inh-caps", "LIST", "change the inheritable set, in the words of --ambient-caps", OFF(inh_caps) },
	{ OPT_FLAG, 0, "init-groups", NULL, "the supplementary groups that /etc/group gives the user", OFF(init_groups) },
	{ OPT_FLAG, 0, "keep-groups", NULL, "leave the supplementary groups as they are", OFF(keep_groups) },
	{ OPT_FLAG, 0, "list-caps", NULL, "list the capabilities that the kernel knows", OFF(list_caps) },
	{ OPT_FLAG, 0, "new-keyring", NULL, "a session keyring of its own", OFF(new_keyring) },
	{ OPT_FLAG, 0, "new-session", NULL, "a session of its own, without a terminal: setsid(2)", OFF(new_session) },
	{ OPT_FLAG, 0, "no-new-privs", NULL, "execve gives no privileges any more", OFF(no_new_privs), .alias = "nnp" },
	{ OPT_STR, 0, "pdeathsig", "SIG", "the signal when the parent dies; or keep, or clear", OFF(pdeathsig) },
	{ OPT_STR, 0, "regid", "GROUP", "set real and effective gid", OFF(regid) },
	{ OPT_FLAG, 0, "reset-env", NULL, "keep only TERM; set HOME, SHELL, USER, LOGNAME and PATH", OFF(reset_env) },
	{ OPT_FLAG, 0, "reset-signals", NULL, "no signal ignored or blocked", OFF(reset_signals) },
	{ OPT_STR, 0, "reuid", "USER", "set real and effective uid", OFF(reuid) },
	{ OPT_STR, 0, "rgid", "GROUP", "set the real gid", OFF(rgid) },
	{ OPT_STR, 0, "ruid", "USER", "set the real uid", OFF(ruid) },
	{ OPT_STR, 0, "seccomp", "PROFILE", "filter system calls: default, unconfined, a profile in JSON or its file", OFF(seccomp) },
	{ OPT_STR, 0, "securebits", "LIST", "change the securebits: +noroot, -all, ...", OFF(securebits) },
	{ OPT_OCTAL, 0, "umask", "MASK", "set the file mode creation mask", OFF(umask), .max = 0777 },
	{ OPT_END },
};

/* Does anything here touch what execve(2) computes new capability sets from? */
static bool changes_creds(const struct setpriv_args *a)
{
	return a->run.user || a->ruid || a->euid || a->reuid || a->rgid || a->egid || a->regid || a->clear_groups ||
	       a->init_groups || a->groups || a->ambient_caps || a->bounding_set || a->caps || a->inh_caps || a->securebits ||
	       a->no_new_privs;
}

/* Before anything changes, so that a name that the caller lacks changes nothing. */
static int find_caps(struct setpriv_job *j, struct err *e)
{
	struct cred_want want = { 0 };
	struct cred_sets s;
	int rc;

	if (!j->a->caps)
		return 0;
	rc = cred_want_parse(j->a->caps, &want, e);
	if (rc == 0)
		rc = cred_get_active(&s, e);
	return rc < 0 ? rc : cred_want_meet(&want, s.permitted & cred_bounding(want.caps), &j->caps, e);
}

static int set_limits(struct setpriv_job *j, struct err *e)
{
	const struct strs *list = &j->a->run.ulimit;

	for (size_t i = 0; i < list->n; i++) {
		struct cred_limit l = { 0 };
		int rc = cred_limit_parse(list->v[i], &l, e);

		if (rc == 0)
			rc = cred_limit_set(&l, e);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int new_keyring(struct setpriv_job *j, struct err *e)
{
	return j->a->new_keyring ? cred_new_keyring(e) : 0;
}

static int reset_signals(struct setpriv_job *j, struct err *e)
{
	(void)e;
	if (j->a->reset_signals)
		proc_reset_signals();
	return 0;
}

static int set_umask(struct setpriv_job *j, struct err *e)
{
	(void)e;
	if (j->a->umask.set)
		umask((mode_t)j->a->umask.v);
	return 0;
}

/* What is permitted is to be effective while we work; execve computes it anew. */
static int raise_caps(struct setpriv_job *j, struct err *e)
{
	struct cred_sets s;
	int rc = changes_creds(j->a) ? cred_get_active(&s, e) : 1;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	s.effective = s.permitted;
	rc = cred_set(&s, e);
	return rc == 0 && j->set_uids && (j->a->inh_caps || j->a->ambient_caps) ? cred_keep_caps(e) : rc;
}

static int drop_bounding(struct setpriv_job *j, struct err *e)
{
	struct cred_sets s;
	int rc;

	if (j->a->caps)
		return cred_drop_bounding(j->caps, e);
	if (!j->a->bounding_set)
		return 0;
	rc = cred_get(&s, e);
	/* "+NAME" only takes back an earlier "-all": what is gone from this set is gone */
	if (rc == 0)
		rc = cred_caps_change(j->a->bounding_set, cred_caps_known(), &s.bounding, e);
	return rc < 0 ? rc : cred_drop_bounding(s.bounding, e);
}

static int set_securebits(struct setpriv_job *j, struct err *e)
{
	unsigned bits = 0, keep;
	int rc = j->a->securebits ? cred_get_securebits(&bits, e) : 1;

	if (rc != 0)
		return rc < 0 ? rc : 0;
	/* raise_caps needs that one up to the change of ids, "-all" or not */
	keep = bits & 1U << SECURE_KEEP_CAPS;
	rc = cred_securebits_change(j->a->securebits, &bits, e);
	return rc < 0 ? rc : cred_set_securebits(bits | keep, e);
}

/*
 * From here on we may do no more than the command, and who may do as much may
 * look into us, what we have open included: CVE-2016-9962, ptrace(2). In a pid
 * namespace of this line's own nobody is there who could.
 */
static int hide(struct setpriv_job *j, struct err *e)
{
	if (!changes_creds(j->a) || j->ctx->made & CLONE_NEWPID || prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL) == 0)
		return 0;
	return err_sys(e, "dumpable", NULL);
}

/* --caps is docker's: a user who is not root has nothing, and nothing is inheritable or ambient. */
static int set_all_caps(struct setpriv_job *j, struct err *e)
{
	struct cred_sets s = { 0 };
	int rc = cred_set_ambient(0, e);

	if (j->euid == 0)
		s.effective = s.permitted = j->caps;
	return rc < 0 ? rc : cred_set(&s, e);
}

static int set_caps(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_args *a = j->a;
	struct cred_sets s;
	uint64_t known;
	int rc;

	if (a->caps)
		return set_all_caps(j, e);
	if (!a->inh_caps && !a->ambient_caps)
		return 0;
	known = cred_caps_known();
	rc = cred_get_active(&s, e);
	if (rc == 0 && a->inh_caps)
		rc = cred_caps_change(a->inh_caps, known, &s.inheritable, e);
	if (rc == 0)
		rc = cred_set(&s, e);
	if (rc == 0 && a->ambient_caps)
		rc = cred_caps_change(a->ambient_caps, known, &s.ambient, e);
	return rc == 0 && a->ambient_caps ? cred_set_ambient(s.ambient, e) : rc;
}

static int set_pdeathsig(struct setpriv_job *j, struct err *e)
{
	const char *text = j->a->pdeathsig;

	if (!text || !strcmp(text, "keep"))
		return 0;
	return proc_set_pdeathsig(strcmp(text, "clear") ? str_signal(text) : 0, j->ctx->parent_fd, e);
}

/* What later steps open is held back as well, and none of them opens anything. */
static int set_landlock(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_run *r = &j->a->run;
	int rc = !r->landlock.n ? 0 : j->a->no_new_privs ? cred_set_no_new_privs(e) : 0;

	if (rc == 0 && r->landlock.n)
		rc = landlock_restrict(&r->landlock, r->landlock_try, j->ctx->again, e);
	if (rc <= 0)
		return rc;
	applet_warn(e, ": left out");
	err_clear(e);
	return 0;
}

static int set_no_new_privs(struct setpriv_job *j, struct err *e)
{
	return j->a->no_new_privs ? cred_set_no_new_privs(e) : 0;
}

/*
 * Leave no more than the command will have: what follows, the working
 * directory and further steps, is done with that. Where only a real execve can
 * say (1), it will.
 */
static int settle(struct setpriv_job *j, struct err *e)
{
	/* drop_bounding has left just what find_caps had found */
	int rc = changes_creds(j->a) ? cred_caps_as_exec(j->a->caps ? &j->caps : NULL, e) : 0;

	return rc < 0 ? rc : 0;
}

typedef int part_fn(struct setpriv_job *j, struct err *e);

static part_fn *const parts[] = {
	setpriv_find_ids,       /* /etc/passwd may not be readable for the user that it names */
	find_caps,              /* before the first change */
	setpriv_find_profile,   /* likewise: its mistakes change nothing */
	setpriv_set_oom,        /* lowering it needs CAP_SYS_RESOURCE */
	setpriv_new_session,
	new_keyring,
	reset_signals,
	setpriv_close_fds,      /* before the working directory: CVE-2024-21626 went through an open one */
	set_umask,              /* before the working directory is made */
	setpriv_make_workdir,   /* as root: the user may not be able to */
	setpriv_set_env,
	set_limits,             /* raising one needs CAP_SYS_RESOURCE; what came before needed fds */
	raise_caps,
	drop_bounding,          /* needs CAP_SETPCAP, which a change of the uid takes away */
	set_securebits,         /* so do these */
	set_landlock,           /* needs CAP_SYS_ADMIN where there is no no_new_privs, which it sees to itself */
	setpriv_filter_first,   /* without no_new_privs it needs CAP_SYS_ADMIN, and what is done from here on */
	setpriv_set_groups,     /* needs CAP_SETGID, as the gid does */
	setpriv_set_gids,
	setpriv_set_uids,
	hide,
	set_caps,               /* the change of the uid empties the ambient set */
	set_pdeathsig,          /* a change of ids clears it: prctl(2) */
	set_no_new_privs,
	settle,
	setpriv_enter_workdir,  /* with the rights that the user has in the end */
	setpriv_filter_last,    /* with no_new_privs: it need not allow any of the above */
};

/* -d and --list-caps stand alone, all else needs a command. 1: nothing was asked for. */
static int answer(const struct setpriv_args *a, bool alone, struct err *e)
{
	if (!a->dump && !a->list_caps)
		return alone ? err_bad(e, "setpriv", "no command is given") : 1;
	if (!alone)
		return err_bad(e, a->dump ? "--dump" : "--list-caps", "takes no command");
	if (a->dump)
		return setpriv_dump(a->dump, e);
	setpriv_list_caps();
	return 0;
}

static int setpriv_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	struct setpriv_job j = { .a = args, .ctx = ctx };
	int rc = answer(args, ctx->alone, e);

	(void)state;
	if (rc <= 0)
		return rc;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++)
		rc = parts[i](&j, e);
	ctx->creds_changed |= changes_creds(j.a);
	cred_user_release(&j.user);
	free(j.groups);
	free(j.profile);
	return rc;
}

static bool setpriv_execs(const void *args)
{
	const struct setpriv_args *a = args;

	return a && a->exec;
}

const struct step_ops setpriv_step = {
	.name = "setpriv",
	.opts = setpriv_opts,
	.args_size = sizeof(struct setpriv_args),
	.check = setpriv_check,
	.apply = setpriv_apply,
};

const struct applet applet_setpriv = {
	.name = "setpriv",
	.synopsis = "[OPTIONS] [--] COMMAND [ARG]...",
	.summary = "run a command as another user, with other capabilities, limits or environment",
	.opts = setpriv_opts,
	.step = &setpriv_step,
	.execs = setpriv_execs,
	.alone = ALONE_DONE, /* answer() says when it is not */
	.fail = 1,
};
