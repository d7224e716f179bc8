/* Which options of setpriv go together. */
#include <errno.h>
#include <string.h>

#include "applets/setpriv_priv.h"
#include "core/landlock.h"

/* -d and --list-caps go with nothing else: what is asked for is the state before any change. */
static int check_alone(const struct setpriv_args *a, struct err *e)
{
	const char *option = a->list_caps ? "--list-caps" : "--dump";
	size_t own = a->list_caps ? 1 : a->dump;
	struct opt_keep keep = { 0 };
	struct strs words = { 0 };
	int rc = own ? opt_format(setpriv_step.opts, a, &words, &keep) : 0;

	if (rc < 0)
		err_set(e, -rc, option, NULL);
	else if (own && words.n != own)
		rc = err_bad(e, option, "goes with no other option");
	strs_release(&words);
	opt_keep_release(&keep);
	return rc;
}

/* Of these, the two that were given and exclude each other. */
static int clash(bool first, const char *name, bool second, const char *other, struct err *e)
{
	return first && second ? err_bad(e, name, "excludes %s", other) : 0;
}

static int check_clashes(const struct setpriv_args *a, struct err *e)
{
	const struct {
		bool first;
		const char *name;
		bool second;
		const char *other;
	} rules[] = {
		{ a->reuid, "--reuid", a->ruid, "--ruid" },
		{ a->reuid, "--reuid", a->euid, "--euid" },
		{ a->regid, "--regid", a->rgid, "--rgid" },
		{ a->regid, "--regid", a->egid, "--egid" },
		{ a->run.user, "--user", a->reuid || a->ruid || a->euid, "--reuid, --ruid and --euid" },
		{ a->run.user, "--user", a->regid || a->rgid || a->egid, "--regid, --rgid and --egid" },
		{ a->run.user, "--user", a->clear_groups || a->keep_groups || a->init_groups || a->groups,
		  "--clear-groups, --keep-groups, --init-groups and --groups" },
		{ a->caps, "--caps", a->inh_caps || a->ambient_caps || a->bounding_set,
		  "--inh-caps, --ambient-caps and --bounding-set" },
		{ a->clear_env, "--clear-env", a->reset_env, "--reset-env" },
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof rules / sizeof *rules; i++)
		rc = clash(rules[i].first, rules[i].name, rules[i].second, rules[i].other, e);
	return rc;
}

/* util-linux's rules: whoever changes the gid must say what becomes of the other groups. */
static int check_groups(const struct setpriv_args *a, struct err *e)
{
	int said = a->clear_groups + a->keep_groups + a->init_groups + (a->groups != NULL);

	if (said > 1)
		return err_bad(e, "--clear-groups --keep-groups --init-groups --groups", "exclude each other");
	if (!said && (a->regid || a->rgid || a->egid))
		return err_bad(e, "--[re]gid", "requires --keep-groups, --clear-groups, --init-groups or --groups");
	if (a->init_groups && !a->ruid && !a->reuid)
		return err_bad(e, "--init-groups", "requires --ruid or --reuid");
	if (a->run.group_add.n && !a->run.user)
		return err_bad(e, "--group-add", "requires --user");
	return 0;
}

static int check_group_list(const char *text, struct err *e)
{
	char group[256];
	int len, rc = 0;

	while (rc == 0 && (len = str_next(&text, ',', group, sizeof group)) != -ENOENT)
		rc = len < 0 ? err_bad(e, "--groups", "too long a name") : cred_group_check(group, e);
	return rc;
}

static int check_names(const struct setpriv_args *a, struct err *e)
{
	const char *users[] = { a->reuid, a->ruid, a->euid };
	const char *groups[] = { a->regid, a->rgid, a->egid };
	const struct strs *more = &a->run.group_add;
	int rc = a->run.user ? cred_user_check(a->run.user, e) : 0;

	for (size_t i = 0; rc == 0 && i < 3; i++) {
		/* no GROUP here */
		if (users[i] && strchr(users[i], ':'))
			rc = err_bad(e, users[i], "is no user");
		else if (users[i])
			rc = cred_user_check(users[i], e);
	}
	for (size_t i = 0; rc == 0 && i < 3; i++)
		rc = groups[i] ? cred_group_check(groups[i], e) : 0;
	for (size_t i = 0; rc == 0 && i < more->n; i++)
		rc = cred_group_check(more->v[i], e);
	return rc == 0 && a->groups ? check_group_list(a->groups, e) : rc;
}

static int check_caps(const struct setpriv_args *a, struct err *e)
{
	const char *lists[] = { a->inh_caps, a->ambient_caps, a->bounding_set };
	struct cred_want want;
	unsigned bits = 0;
	uint64_t caps = 0;
	int rc = a->caps ? cred_want_parse(a->caps, &want, e) : 0;

	for (size_t i = 0; rc == 0 && i < sizeof lists / sizeof *lists; i++)
		rc = lists[i] ? cred_caps_change(lists[i], CRED_CAPS_ALL, &caps, e) : 0;
	return rc == 0 && a->securebits ? cred_securebits_change(a->securebits, &bits, e) : rc;
}

static int check_rest(const struct setpriv_args *a, struct err *e)
{
	const struct setpriv_run *r = &a->run;
	struct landlock_rule rule;
	struct cred_limit l;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->landlock.n; i++)
		rc = landlock_rule_parse(r->landlock.v[i], &rule, e);
	if (rc == 0 && r->landlock_try && !r->landlock.n)
		rc = err_bad(e, "--landlock-try", "goes with --landlock");

	for (size_t i = 0; rc == 0 && i < r->ulimit.n; i++)
		rc = cred_limit_parse(r->ulimit.v[i], &l, e);
	for (size_t i = 0; rc == 0 && i < r->env.n; i++)
		if (!r->env.v[i][0] || r->env.v[i][0] == '=')
			rc = err_bad(e, r->env.v[i][0] ? r->env.v[i] : "\"\"", "--env wants NAME or NAME=VALUE");
	if (rc == 0 && r->workdir && r->workdir[0] != '/')
		rc = err_bad(e, r->workdir[0] ? r->workdir : "\"\"", "the working directory must be an absolute path");
	if (rc == 0 && a->pdeathsig && strcmp(a->pdeathsig, "keep") && strcmp(a->pdeathsig, "clear") && str_signal(a->pdeathsig) < 0)
		rc = err_bad(e, a->pdeathsig, "--pdeathsig: no such signal");
	return rc;
}

int setpriv_check(const void *args, struct err *e)
{
	const struct setpriv_args *a = args;
	int rc = check_alone(a, e);

	if (rc == 0)
		rc = check_clashes(a, e);
	if (rc == 0)
		rc = check_groups(a, e);
	if (rc == 0)
		rc = check_names(a, e);
	if (rc == 0)
		rc = check_caps(a, e);
	if (rc == 0)
		rc = setpriv_check_seccomp(a, e);
	return rc == 0 ? check_rest(a, e) : rc;
}
