/* Who setpriv's command is to be, and becoming it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/setpriv_priv.h"
#include "core/fd.h"
#include "core/proc.h"

/* The current ids, so that what is not asked for stays. */
static void start_from_current(struct setpriv_job *j)
{
	j->ruid = getuid();
	j->euid = geteuid();
	j->rgid = getgid();
	j->egid = getegid();
}

static int find_uids(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_args *a = j->a;
	int rc = 0;

	j->set_uids = a->reuid || a->ruid || a->euid;
	if (a->reuid) {
		rc = cred_uid_find(a->reuid, &j->ruid, e);
		j->euid = j->ruid;
	}
	if (rc == 0 && a->ruid)
		rc = cred_uid_find(a->ruid, &j->ruid, e);
	if (rc == 0 && a->euid)
		rc = cred_uid_find(a->euid, &j->euid, e);
	return rc;
}

static int find_gids(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_args *a = j->a;
	int rc = 0;

	j->set_gids = a->regid || a->rgid || a->egid;
	if (a->regid) {
		rc = cred_gid_find(a->regid, &j->rgid, e);
		j->egid = j->rgid;
	}
	if (rc == 0 && a->rgid)
		rc = cred_gid_find(a->rgid, &j->rgid, e);
	if (rc == 0 && a->egid)
		rc = cred_gid_find(a->egid, &j->egid, e);
	return rc;
}

static int add_group(struct setpriv_job *j, gid_t gid, struct err *e)
{
	gid_t *groups = realloc(j->groups, (j->n_groups + 1) * sizeof *groups);

	if (!groups)
		return err_set(e, ENOMEM, "groups", NULL);
	j->groups = groups;
	j->groups[j->n_groups++] = gid;
	return 0;
}

/* What becomes of the supplementary groups, apart from --init-groups. */
static int find_groups(struct setpriv_job *j, struct err *e)
{
	const char *rest = j->a->groups;
	char group[256];
	int rc = 0;

	j->set_groups = j->a->clear_groups || j->a->groups || j->a->init_groups;
	while (rc == 0 && rest && str_next(&rest, ',', group, sizeof group) >= 0) {
		gid_t gid;

		rc = cred_gid_find(group, &gid, e);
		if (rc == 0)
			rc = add_group(j, gid, e);
	}
	return rc;
}

/* The groups of the user that was found are those to be set. */
static void take_groups(struct setpriv_job *j)
{
	j->groups = j->user.groups;
	j->n_groups = j->user.n_groups;
	j->user.groups = NULL;
	j->user.n_groups = 0;
	j->set_groups = true;
}

/* The passwd entry of the final real uid, for those who need one. */
static int find_entry(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_args *a = j->a;
	char text[32];
	int rc;

	if (!a->init_groups && !a->clear_env && !a->reset_env)
		return 0;
	/* with a group given nobody looks into /etc/group */
	snprintf(text, sizeof text, a->init_groups ? "%u" : "%u:0", j->ruid);
	rc = cred_user_find(text, NULL, &j->user, e);
	if (rc < 0 || !a->init_groups)
		return rc;
	if (!j->user.name)
		return err_bad(e, "--init-groups", "/etc/passwd does not list uid %u", j->ruid);
	take_groups(j);
	return 0;
}

int setpriv_find_ids(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_args *a = j->a;
	int rc;

	start_from_current(j);
	if (a->run.user) {
		rc = cred_user_find(a->run.user, &a->run.group_add, &j->user, e);
		if (rc < 0)
			return rc;
		j->ruid = j->euid = j->user.uid;
		j->rgid = j->egid = j->user.gid;
		j->set_uids = j->set_gids = true;
		take_groups(j);
		return 0;
	}
	rc = find_uids(j, e);
	if (rc == 0)
		rc = find_gids(j, e);
	if (rc == 0)
		rc = find_groups(j, e);
	return rc < 0 ? rc : find_entry(j, e);
}

/* Has this user namespace given setgroups(2) away for its gid map? user_namespaces(7) */
static bool groups_denied(void)
{
	struct err unused = { 0 };
	auto_close int proc = proc_open(&unused);
	char text[16];

	return proc >= 0 && fd_get(proc, "self/setgroups", text, sizeof text) > 0 && !strncmp(text, "deny", 4);
}

int setpriv_set_groups(struct setpriv_job *j, struct err *e)
{
	int rc = j->set_groups ? cred_set_groups(j->groups, j->n_groups, e) : 0;

	if (rc != -EPERM || !groups_denied())
		return rc;
	/* -u with nothing but its own gid: the caller's groups stay, as the kernel will have it */
	if (j->a->run.user && j->n_groups == 1) {
		err_clear(e);
		return 0;
	}
	err_hint(e, "/proc/self/setgroups says deny: in this user namespace groups cannot be changed");
	return rc;
}

int setpriv_set_gids(struct setpriv_job *j, struct err *e)
{
	return j->set_gids ? cred_set_gids(j->rgid, j->egid, e) : 0;
}

int setpriv_set_uids(struct setpriv_job *j, struct err *e)
{
	return j->set_uids ? cred_set_uids(j->ruid, j->euid, e) : 0;
}
