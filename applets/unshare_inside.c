/* unshare: how the process that goes on finds its namespaces. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/unshare_priv.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/sys.h"

#define BINFMT_DIR "/proc/sys/fs/binfmt_misc"

extern char **environ;

/* What DIR and -w say counts from the new root: a working directory outside would be a way out. */
static int change_root(const struct unshare_args *a, struct err *e)
{
	if (a->root && (chroot(a->root) < 0 || chdir("/") < 0)) {
		int rc = err_sys(e, a->root, "change root");

		if (rc == -EPERM)
			err_hint(e, "CAP_SYS_CHROOT is missing: be root, or make a user namespace (--map-root-user)");
		return rc;
	}
	if (a->wd && chdir(a->wd) < 0)
		return err_sys(e, a->wd, "change working directory");
	return 0;
}

static int set_up_mounts(const struct unshare_args *a, struct err *e)
{
	bool with_binfmt = a->mount_binfmt.set || a->load_interp;
	auto_close int binfmt = -1;
	int rc = ns_propagation(a->propagation ? a->propagation : "private", e);

	/* before the root changes: the interpreter of a format with the flag F is opened now */
	if (rc == 0 && with_binfmt)
		rc = binfmt = ns_binfmt(a->load_interp, e);
	if (rc >= 0)
		rc = change_root(a, e);
	if (rc >= 0 && (a->mount_proc.set || (with_binfmt && !a->mount_binfmt.value)))
		rc = ns_mount_proc(a->mount_proc.value ? a->mount_proc.value : "/proc", e);
	if (rc >= 0 && with_binfmt)
		rc = ns_binfmt_attach(binfmt, a->mount_binfmt.value ? a->mount_binfmt.value : BINFMT_DIR, e);
	return rc < 0 ? rc : 0;
}

static int leave_groups(const struct unshare_args *a, struct err *e)
{
	int rc = cred_set_groups(NULL, 0, e);

	if (rc != -EPERM)
		return rc;
	/* whom "deny" leaves his groups keeps them, unless a change was asked for */
	if (a->fit && !a->gid.set) {
		err_clear(e);
		return 0;
	}
	err_hint(e, "/proc/self/setgroups says deny, as after -r: map groups by --map-groups or --map-auto instead");
	return rc;
}

static int set_ids(const struct unshare_args *a, const struct unshare_state *s, struct err *e)
{
	int rc = s->gid.set ? leave_groups(a, e) : 0;

	if (rc == 0 && s->gid.set)
		rc = cred_set_gids((gid_t)s->gid.v, (gid_t)s->gid.v, e);
	return rc == 0 && s->uid.set ? cred_set_uids((uid_t)s->uid.v, (uid_t)s->uid.v, e) : rc;
}

static int become(const struct unshare_args *a, const struct unshare_state *s, unsigned flags, const struct step_ctx *ctx, struct err *e)
{
	bool keep = a->keep_caps && flags & CLONE_NEWUSER, change = s->uid.set || s->gid.set;
	int rc = keep && change ? cred_keep_caps(e) : 0;

	if (rc == 0)
		rc = set_ids(a, s, e);
	if (rc == 0 && keep)
		rc = cred_pass_caps(e);
	/* a change of ids clears it: PR_SET_PDEATHSIG(2const) */
	return rc == 0 && change && a->kill_child.set ? proc_set_pdeathsig((int)a->kill_child.v, ctx->parent_fd, e) : rc;
}

static bool is_listed(const char *list, const char *item)
{
	size_t len = strcspn(item, "=");

	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, item, len) && (list[len] == ',' || !list[len]))
			return true;
	}
	return false;
}

static void set_env(const struct unshare_args *a)
{
	char **to = environ;

	if (!a->clear_env && !a->whitelist_env)
		return;
	for (char **from = environ; from && *from; from++)
		if (is_listed(a->whitelist_env, *from))
			*to++ = *from;
	if (to)
		*to = NULL;
}

int unshare_furnish(const struct unshare_args *a, const struct unshare_state *s, unsigned flags, const struct step_ctx *ctx, struct err *e)
{
	int rc = flags & CLONE_NEWNS ? set_up_mounts(a, e) : change_root(a, e);

	if (rc == 0)
		rc = ns_hostname(a->hostname, a->domainname, e);
	if (rc == 0)
		rc = become(a, s, flags, ctx, e);
	set_env(a);
	return rc;
}
