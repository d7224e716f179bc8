/* pivot: the mount points that a root file system lacks. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/proc.h"
#include "core/record.h"

static int add_bind(const char *text, struct pivot_items *l, struct err *e)
{
	struct mnt_volume v;
	struct stat st;
	int rc = mnt_volume_parse(text, &v, e);

	if (rc < 0)
		return rc;
	if (stat(v.src, &st) < 0)
		return err_sys(e, v.src, NULL);
	return pivot_item_add(l, -1, v.dst, S_ISDIR(st.st_mode), MNT_LINKS_FOLLOWED, e);
}

static int add_tmpfs(const char *text, struct pivot_items *l, struct err *e)
{
	struct mnt_tmpfs t;
	int rc = mnt_tmpfs_parse(text, &t, e);

	return rc < 0 ? rc : pivot_item_add(l, -1, t.dst, true, MNT_LINKS_FOLLOWED, e);
}

static int add_spec(const char *text, struct pivot_items *l, struct err *e)
{
	struct mnt_spec m;
	struct stat st = { .st_mode = S_IFDIR };
	int rc = mnt_spec_parse(text, &m, e);

	if (rc < 0)
		return rc;
	if (!m.tmpfs && stat(m.v.src, &st) < 0 && (errno != ENOENT || !m.v.create))
		return err_sys(e, m.v.src, NULL);
	return pivot_item_add(l, -1, m.v.dst, S_ISDIR(st.st_mode), MNT_LINKS_FOLLOWED, e);
}

/* All places that something is mounted on, without a mount; those of --api are no links. */
static int all_places(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	static const char *const api[] = { "/proc", "/dev", "/sys" };
	int rc = pivot_etc_add(a, l, e);

	rc = rc < 0 ? rc : pivot_devices_places(a, l, e);
	for (size_t i = 0; a->api && i < sizeof api / sizeof *api && rc == 0; i++)
		rc = pivot_item_add(l, -1, api[i], true, MNT_LINKS_REFUSED, e);
	for (size_t i = 0; i < a->mounts.tmpfs.n && rc == 0; i++)
		rc = add_tmpfs(a->mounts.tmpfs.v[i], l, e);
	for (size_t i = 0; i < a->mounts.binds.n && rc == 0; i++)
		rc = add_bind(a->mounts.binds.v[i], l, e);
	for (size_t i = 0; i < a->mounts.specs.n && rc == 0; i++)
		rc = add_spec(a->mounts.specs.v[i], l, e);
	return rc;
}

/* Does the place lie in another of the mounts, and so not in the root file system itself? */
static bool is_inside_another(const struct pivot_items *l, size_t i)
{
	for (size_t k = 0; k < l->n; k++) {
		const char *rest = str_after(l->v[i].where, l->v[k].where);

		if (k != i && rest && *rest == '/')
			return true;
	}
	return false;
}

int pivot_lacks_points(const struct pivot_args *a, struct err *e)
{
	/* an overlay takes them itself */
	auto_close int root = pivot_base_is_kept(&a->mounts) ? -1 : fd_open_dir(AT_FDCWD, a->new_root, e);
	struct pivot_items l = { 0 };
	bool missing = false;
	int rc;

	if (pivot_base_is_kept(&a->mounts))
		return 0;
	/* an image has what it has */
	if (root == -ENOTDIR) {
		err_clear(e);
		return 0;
	}
	rc = root < 0 ? root : all_places(a, &l, e);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		auto_close int at = is_inside_another(&l, i) ? -1 : mnt_lookup(root, l.v[i].where, l.v[i].links == MNT_LINK_COVERED ? O_NOFOLLOW : 0);

		missing |= at == -ENOENT;
	}
	pivot_items_release(&l);
	/* what another container has made would go with it, and take our mounts along: it needs our share */
	return rc < 0 ? rc : missing || record_points_used(root);
}

static int make_points(const struct pivot_args *a, int root, const struct mnt_made *made, struct err *e)
{
	struct pivot_items l = { 0 };
	int rc = all_places(a, &l, e);

	for (size_t i = 0; i < l.n && rc == 0; i++) {
		auto_close int at = -1;

		if (is_inside_another(&l, i))
			continue;
		at = mnt_point(root, l.v[i].where, l.v[i].dir, l.v[i].links, made, e);
		rc = at < 0 && !pivot_etc_can_lack(&l.v[i], at) ? at : 0;
	}
	pivot_items_release(&l);
	return rc;
}

/* The watcher's share is the one that counts: the command does not inherit ours (O_CLOEXEC). */
static int leave_watcher(struct record_points *points, const struct step_ctx *ctx, struct err *e)
{
	int rc;

	if (ctx->pid_pending)
		return err_bad(e, "--rm", "the process that cleans up would become pid 1 of the new pid namespace; put it before unshare --pid");
	rc = proc_watch(&points->lock, 1, e);
	if (rc <= 0)
		return rc;
	record_points_release(points, mnt_unmake);
	_exit(0);
}

int pivot_prepare(const struct pivot_args *a, int root, struct record_points *points, struct step_ctx *ctx, struct err *e)
{
	int rc = record_points_hold(points, root, a->new_root, e);
	struct mnt_made made = { .fd = points->lock };

	if (rc == 0)
		rc = make_points(a, root, &made, e);
	/* they are to stay: then nobody is to be told of them any more */
	if (rc == 0 && !a->rm)
		record_points_forget(points);
	return rc < 0 || !a->rm || ctx->run ? rc : leave_watcher(points, ctx, e);
}
