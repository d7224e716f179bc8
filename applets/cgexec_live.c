/* What cgexec does to a group in use, without a command. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "applets/cgexec_devices.h"
#include "applets/cgexec_priv.h"
#include "core/cred.h"

#define OFF(field) offsetof(struct cgexec_live, field)

const struct opt cgexec_live_opts[] = {
	{ OPT_STR,   0, "delegate", "UID[:GID]", "give the groups, but not their limits, to a user", OFF(delegate) },
	{ OPT_FLAG,  0, "freeze",   NULL,        "stop all processes of the group", OFF(freeze) },
	{ OPT_LIST,  0, "get",      "NAME",      "print a file of the group; v1's names or v2's", OFF(get) },
	{ OPT_FLAG,  0, "kill",     NULL,        "kill what is in the groups; with --rm, what is left there at the end", OFF(kill) },
	{ OPT_LIST,  0, "move",     "PID",       "move a process there, with all its threads", OFF(move) },
	{ OPT_MAYBE, 0, "report",   "FD|FILE",   "wait for the command, and print what it has used", OFF(report) },
	{ OPT_FLAG,  0, "thaw",     NULL,        "let what --freeze has stopped go on", OFF(thaw) },
	{ OPT_FLAG,  0, "wait-oom", NULL,        "wait until the group runs out of memory", OFF(wait_oom) },
	{ OPT_END },
};

static int pid_of(const char *text, pid_t *pid, struct err *e)
{
	long long num = 0;

	/* as ps -o pid= prints it */
	if (str_num(text + strspn(text, " "), 1, INT_MAX, &num) < 0)
		return err_bad(e, text, "is no process id");
	*pid = (pid_t)num;
	return 0;
}

static int check_pids(const struct strs *pids, struct err *e)
{
	pid_t pid;
	int rc = 0;

	for (size_t i = 0; i < pids->n && rc == 0; i++)
		rc = pid_of(pids->v[i], &pid, e);
	return rc;
}

int cgexec_live_check(const struct cgexec_live *l, struct err *e)
{
	int rc = check_pids(&l->move, e);

	if (rc == 0 && l->freeze && l->thaw)
		rc = err_bad(e, "--freeze", "excludes --thaw");
	if (rc == 0 && l->delegate)
		rc = cred_user_check(l->delegate, e);
	for (size_t i = 0; i < l->get.n && rc == 0; i++)
		if (!*l->get.v[i] || l->get.v[i][0] == '.' || strchr(l->get.v[i], '/'))
			rc = err_bad(e, l->get.v[i], "--get wants a file of the group, without a path");
	return rc;
}

/* What acts on a group in use alone, as the user wrote it, or NULL. */
static const char *acts_on_use(const struct cgexec_live *l)
{
	return l->get.n ? "--get" : l->move.n ? "--move" : l->freeze ? "--freeze" : l->thaw ? "--thaw" : l->wait_oom ? "--wait-oom" : NULL;
}

const char *cgexec_live_given(const struct cgexec_live *l)
{
	const char *acts = acts_on_use(l);

	return acts ? acts : l->kill ? "--kill" : l->delegate ? "--delegate" : l->report.set ? "--report" : NULL;
}

int cgexec_live_fits(const struct cgexec_live *l, bool alone, bool rm, struct err *e)
{
	const char *acts = acts_on_use(l);

	if (!alone && acts)
		return err_bad(e, acts, "is for a group in use, and no command can follow");
	if (!alone && l->kill && !rm)
		return err_bad(e, "--kill", "with a command, it is for what --rm is to remove, which is not given");
	if (alone && l->report.set)
		return err_bad(e, "--report", "no command is given");
	return 0;
}

int cgexec_delegate(const struct cgexec_live *l, const struct cgroup_dirs *d, struct err *e)
{
	struct cred_user u = { 0 };
	int rc = l->delegate ? cred_user_find(l->delegate, NULL, &u, e) : 0;

	if (rc == 0 && l->delegate)
		rc = cgroup_delegate(d, u.uid, strchr(l->delegate, ':') ? u.gid : (gid_t)-1, e);
	cred_user_release(&u);
	return rc;
}

int cgexec_move(const struct strs *pids, const struct cgroup_dirs *d, struct err *e)
{
	int first = 0;

	for (size_t i = 0; i < pids->n; i++) {
		struct err later = { 0 };
		pid_t pid;
		int rc = pid_of(pids->v[i], &pid, first ? &later : e);

		if (rc == 0)
			rc = cgroup_move(d, pid, first ? &later : e);
		first = first ? first : rc;
	}
	return first;
}

/* "NAME: VALUE", further lines behind a tab, as libcgroup's cgget prints them. */
static int print_figure(const char *name, const struct cgroup_dirs *d, struct err *e)
{
	struct strbuf text = { 0 };
	/* v2 has no such file, but a program that says the same */
	int rc = strcmp(name, "devices.list") ? cgroup_figure(d, name, &text, e) : cgexec_devices_list(d->all, d, &text, e);

	while (text.len && text.s[text.len - 1] == '\n')
		text.s[--text.len] = '\0';
	if (rc == 0)
		printf("%s: ", name);
	for (const char *s = text.s; rc == 0 && s && *s; s++)
		fputs(*s == '\n' ? "\n\t" : (const char[]){ *s, '\0' }, stdout);
	if (rc == 0)
		putchar('\n');
	strbuf_release(&text);
	return rc;
}

static int wait_oom(const struct cgroup_dirs *d, struct err *e)
{
	struct strbuf text = { 0 };
	int rc = cgroup_wait_oom(d, &text, e);

	if (rc == 0 && text.s)
		fputs(text.s, stdout);
	strbuf_release(&text);
	return rc;
}

int cgexec_act(const struct cgexec_live *l, const struct cgroup_dirs *d, struct err *e)
{
	int rc = cgexec_move(&l->move, d, e);

	if (rc == 0 && (l->freeze || l->kill))
		rc = cgroup_not_own(d, l->freeze ? "--freeze" : "--kill", e);
	if (rc == 0 && (l->freeze || l->thaw))
		rc = cgroup_freeze(d, l->freeze, e);
	if (rc == 0 && l->kill)
		rc = cgroup_dirs_kill(d, CGROUP_KILL_WAIT_MS, e);
	if (rc == 0 && l->wait_oom)
		rc = wait_oom(d, e);
	for (size_t i = 0; i < l->get.n && rc == 0; i++)
		rc = print_figure(l->get.v[i], d, e);
	return rc;
}
