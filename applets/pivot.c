#include "applets/pivot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/maps.h"
#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/ns.h"
#include "core/record.h"
#include "core/root.h"
#include "core/sys.h"

#define MOFF(field) offsetof(struct pivot_mounts, field)
#define OFF(field) offsetof(struct pivot_args, field)

const struct opt pivot_mount_opts[] = {
	{ OPT_SIZE, 0, "shm-size", "SIZE", "size of /dev/shm (64m); 0: none is mounted", MOFF(shm_size) },
	{ OPT_LIST, 'v', "volume", "SRC:DST[:OPT]", "bind SRC to DST inside (ro, rw, slave, shared)", MOFF(binds), .alias = "bind" },
	{ OPT_LIST, 0, "mount", "KEY=VALUE,...", "a bind or a tmpfs: type=bind,source=SRC,target=DST,readonly or type=tmpfs,target=DST", MOFF(specs) },
	{ OPT_LIST, 0, "tmpfs", "DST[:OPT]", "a tmpfs on DST inside (size=64k, mode=1777, ...)", MOFF(tmpfs) },
	{ OPT_LIST, 0, "device", "HOST[:DST][:rwm]", "a device of the host's, or all in a directory", MOFF(devices) },
	{ OPT_FLAG, 0, "ephemeral", NULL, "leave NEWROOT as it is: what is changed in it is gone at the end", MOFF(ephemeral) },
	{ OPT_STR, 0, "overlay", "DIR", "leave NEWROOT as it is: what is changed in it is kept in DIR", MOFF(overlay) },
	{ OPT_FLAG, 0, "read-only", NULL, "make the root itself read-only", MOFF(read_only), .alias = "ro" },
	{ OPT_END },
};

static const struct opt pivot_opts[] = {
	{ OPT_FLAG, 0, "api", NULL, "mount /proc, /sys and a fresh /dev as containers have them", OFF(api) },
	{ OPT_FLAG, 0, "api-write", NULL, "leave /sys and its cgroups writable", OFF(api_write) },
	{ OPT_FLAG, 0, "etc", NULL, "write /etc/hosts, /etc/hostname and /etc/resolv.conf for this network and host name", OFF(etc) },
	{ OPT_GROUP, .off = OFF(names), .group = pivot_etc_opts },
	{ OPT_GROUP, .off = OFF(mounts), .group = pivot_mount_opts },
	{ OPT_GROUP, .off = OFF(old), .group = pivot_old_opts },
	{ OPT_FLAG, 0, "here", NULL, "do it although this is pid 1's mount namespace", OFF(here) },
	{ OPT_FLAG, 0, "host-devices", NULL, "all the host's device nodes in the fresh /dev", OFF(host_devices) },
	{ OPT_LIST, 0, "idmap", "RANGE", "map the owners of the root's files, INNER:OUTER:COUNT, as idmap mount does", OFF(idmap) },
	{ OPT_FLAG, 0, "idmap-volumes", NULL, "those of the volumes' files, too", OFF(idmap_volumes) },
	{ OPT_LIST, 0, "mask", "PATH", "hide PATH; \"default\": the list that docker hides", OFF(mask) },
	{ OPT_FLAG, 0, "nodev", NULL, "device files of the root file system do not open", OFF(nodev) },
	{ OPT_FLAG, 0, "prepare", NULL, "only make the mount points that NEWROOT lacks", OFF(prepare) },
	{ OPT_FLAG, 0, "rm", NULL, "with --prepare: take them away when the command has ended", OFF(rm) },
	{ OPT_LIST, 0, "ro-path", "PATH", "make PATH read-only; \"default\": docker's list", OFF(ro_path) },
	{ OPT_LIST, 0, "sysctl", "KEY=VALUE", "set a kernel parameter of the new namespaces", OFF(sysctl) },
	{ OPT_OPERAND, .name = "NEWROOT", .off = OFF(new_root) },
	{ OPT_END },
};

struct pivot_state {
	int root; /* owned: the detached new root, with `prepare` the directory */
	int upper; /* owned: the directory of --overlay, detached, or -1 */
	int null; /* owned: a detached /dev/null for the masks, or -1 */
	bool late; /* they can only be had in the new mount namespace */
	struct pivot_items api, devices, volumes;
	struct pivot_etc_files etc;
	struct pivot_old_state old;
	struct record_points points;
};

/* What --api mounts there is what the masks and the container's safety are about. */
static int refuse_api_place(const char *dst, struct err *e)
{
	const char *rest = str_after(dst, "/proc");

	if ((rest && (!*rest || *rest == '/')) || !strcmp(dst, "/dev") || !strcmp(dst, "/sys"))
		return err_bad(e, dst, "is mounted by the container start itself");
	return 0;
}

static int pivot_check(const void *args, struct err *e)
{
	const struct pivot_args *a = args;
	struct mnt_volume v;
	struct mnt_tmpfs t;
	struct mnt_spec m;
	struct pivot_device d;
	int rc = 0;

	for (size_t i = 0; i < a->mounts.binds.n && !rc; i++) {
		rc = mnt_volume_parse(a->mounts.binds.v[i], &v, e);
		rc = rc < 0 || !a->api ? rc : refuse_api_place(v.dst, e);
	}
	for (size_t i = 0; i < a->mounts.tmpfs.n && !rc; i++) {
		rc = mnt_tmpfs_parse(a->mounts.tmpfs.v[i], &t, e);
		rc = rc < 0 || !a->api ? rc : refuse_api_place(t.dst, e);
	}
	for (size_t i = 0; i < a->mounts.devices.n && !rc; i++) {
		rc = pivot_device_parse(a->mounts.devices.v[i], &d, e);
		rc = rc < 0 || !a->api ? rc : refuse_api_place(d.inside, e);
	}
	for (size_t i = 0; i < a->mounts.specs.n && !rc; i++) {
		rc = mnt_spec_parse(a->mounts.specs.v[i], &m, e);
		rc = rc < 0 || !a->api ? rc : refuse_api_place(m.v.dst, e);
	}
	for (size_t i = 0; i < a->sysctl.n && !rc; i++)
		rc = pivot_sysctl_check(a->sysctl.v[i], e);
	if (!rc && a->idmap.n)
		rc = maps_check(&(struct maps_args){ .both = a->idmap }, e);
	if (!rc && a->idmap_volumes && !a->idmap.n)
		rc = err_bad(e, "--idmap-volumes", "goes with --idmap");
	rc = rc ? rc : pivot_base_check(&a->mounts, e);
	rc = rc ? rc : pivot_etc_check(&a->names, e);
	rc = rc ? rc : pivot_old_check(a, e);
	if (!rc && a->rm && !a->prepare)
		rc = err_bad(e, "--rm", "goes with --prepare: pivot itself leaves nobody behind to clean up");
	return rc;
}

/* Guards a newcomer's first try: the root of the machine's own mount namespace is everybody's. */
static int refuse_inits_mounts(const struct pivot_args *a, const struct step_ctx *ctx, struct err *e)
{
	int rc;

	if (a->here || ctx->made & CLONE_NEWNS)
		return 0;
	rc = ns_is_inits("mnt", e);
	if (rc > 0)
		rc = err_bad(e, a->new_root, "this is pid 1's mount namespace: the whole machine would get the new root");
	if (rc < 0)
		err_hint(e, "make one first (nestbox unshare --mount -- nestbox pivot ...), or say --here");
	return rc;
}

/* A parameter belongs to a namespace, and that must not be everybody's either. */
static int refuse_inits_sysctls(const struct pivot_args *a, const struct step_ctx *ctx, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < a->sysctl.n && rc == 0; i++) {
		bool net = str_after(a->sysctl.v[i], "net") || !strcmp(a->sysctl.v[i], "default");

		if (ctx->made & (net ? CLONE_NEWNET : CLONE_NEWIPC))
			continue;
		rc = ns_is_inits(net ? "net" : "ipc", e);
		if (rc > 0)
			rc = err_bad(e, a->sysctl.v[i], "this is pid 1's %s namespace: the whole machine would get it", net ? "network" : "ipc");
		if (rc < 0)
			err_hint(e, "make one first: nestbox unshare %s", net ? "--net" : "--ipc");
	}
	return rc;
}

static int open_null(struct pivot_state *s, struct err *e)
{
	auto_close int null = dev_open_null(e);

	if (null < 0)
		return null;
	s->null = mnt_clone(null, "", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MS_PRIVATE, e);
	return s->null < 0 ? s->null : 0;
}

/* What of the host goes along, as detached mounts. */
static int open_sources(const struct pivot_args *a, struct pivot_state *s, const struct step_ctx *ctx, struct err *e)
{
	auto_close int userns = a->idmap.n ? maps_userns(&(struct maps_args){ .both = a->idmap }, ctx->pid_pending, e) : -1;
	int rc;

	if (a->idmap.n && userns < 0)
		return userns;
	s->root = pivot_base_open(a, userns, e);
	if (s->root < 0)
		return s->root;
	if (a->mounts.overlay && (s->upper = pivot_upper_open(a, ctx, userns, e)) < 0)
		return s->upper;
	if ((rc = pivot_old_open(a, &s->old, s->root, e)) < 0)
		return rc;
	/* with --api the fresh /dev has one that nobody can have tampered with */
	if (a->mask.n && !a->api && (rc = open_null(s, e)) < 0)
		return rc;
	if ((rc = pivot_devices_open(a, &s->devices, e)) < 0)
		return rc;
	return pivot_volumes_open(a, a->idmap_volumes ? userns : -1, &s->volumes, e);
}

static void close_sources(struct pivot_state *s)
{
	pivot_items_release(&s->api);
	pivot_items_release(&s->devices);
	pivot_items_release(&s->volumes);
	pivot_old_release(&s->old);
	fd_close(&s->root);
	fd_close(&s->upper);
	fd_close(&s->null);
}

/* An overlay takes the mount points itself. */
static int open_prepared(const struct pivot_args *a, struct pivot_state *s, struct step_ctx *ctx, struct err *e)
{
	if (pivot_base_is_kept(&a->mounts))
		return a->mounts.overlay ? pivot_upper_lock(a, ctx, e) : 0;
	s->root = fd_open_dir(AT_FDCWD, a->new_root, e);
	return s->root < 0 ? s->root : 0;
}

static int pivot_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct pivot_args *a = args;
	struct pivot_state *s = state;
	int rc;

	*s = (struct pivot_state){ .root = -1, .upper = -1, .null = -1, .etc = PIVOT_ETC_NONE, .old = PIVOT_OLD_NONE, .points = RECORD_POINTS_NONE };
	if (a->prepare)
		return open_prepared(a, s, ctx, e);
	/* a run makes its namespaces itself, and has not made them yet */
	rc = ctx->run ? 0 : refuse_inits_mounts(a, ctx, e);
	if (rc == 0 && !ctx->run)
		rc = refuse_inits_sysctls(a, ctx, e);
	rc = rc < 0 ? rc : pivot_etc_open(a, &s->etc, e);
	if (rc == 0 && a->mounts.overlay)
		rc = pivot_upper_lock(a, ctx, e);
	if (rc < 0)
		return rc;
	rc = open_sources(a, s, ctx, e);
	/* privileged in a user namespace, one may copy the mounts of its own mount namespace only: wait for that; owners cannot be mapped there */
	s->late = rc == -EPERM && ctx->run && !a->idmap.n;
	if (!s->late)
		return rc;
	close_sources(s);
	return 0;
}

static int attach(const struct pivot_item *it, int root, struct err *e)
{
	auto_close int at = -1;

	if (it->ours)
		return mnt_attach_at(it->fd, root, it->where, e);
	at = mnt_point(root, it->where, it->dir, it->links, NULL, e);
	if (at < 0 && pivot_etc_can_lack(it, at)) {
		applet_warn(e, ": left out");
		err_clear(e);
		return 0;
	}
	return at < 0 ? at : mnt_attach(it->fd, at, it->where, e);
}

static int attach_all(const struct pivot_items *l, int root, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = attach(&l->v[i], root, e);
	return rc;
}

static int set_sysctls(const struct pivot_args *a, struct err *e)
{
	auto_close int proc = -1;
	int rc = 0;

	if (!a->sysctl.n)
		return 0;
	/* an instance of our own: what lies at /proc may be anybody's by now */
	proc = mnt_new("proc", NULL, 0, e);
	if (proc < 0)
		return proc;
	for (size_t i = 0; i < a->sysctl.n && !rc; i++)
		rc = pivot_sysctl_set(a->sysctl.v[i], proc, e);
	return rc;
}

/* The host's null device could be changed through a descriptor of it: those of the standard ones become the root's own. */
static int replace_null(struct err *e)
{
	for (int fd = 0; fd < 3; fd++) {
		auto_close int own = -1;
		struct stat st;

		if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
			continue;
		own = fd_open(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY, e);
		if (own < 0)
			return own;
		if (dup2(own, fd) < 0)
			return err_sys(e, "/dev/null", "open anew");
	}
	return 0;
}

/* The new root is "/" now, and nothing outside exists any more. */
static int furnish(const struct pivot_args *a, struct pivot_state *s, struct err *e)
{
	auto_close int root = fd_open_dir(AT_FDCWD, "/", e);
	int rc;

	if (root < 0)
		return root;
	if ((rc = pivot_old_attach(a, &s->old, e)) < 0 || (rc = attach_all(&s->api, root, e)) < 0 || (rc = pivot_devices_make(a, &s->devices, root, e)) < 0 || (rc = pivot_etc_copy(&s->etc, root, a->mounts.read_only, &s->volumes, e)) < 0 ||
	    (rc = attach_all(&s->volumes, root, e)) < 0 ||
	    (rc = pivot_mask(a, root, s->null, e)) < 0 || (rc = pivot_read_only_paths(a, root, e)) < 0)
		return rc;
	if (a->api && (rc = replace_null(e)) < 0)
		return rc;
	/* last: the steps before may have had to make mount points */
	if (a->mounts.read_only && sys_mount_setattr(root, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0) < 0)
		return err_sys(e, "/", "make read-only");
	return pivot_old_console(&a->old, e);
}

static int pivot_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct pivot_args *a = args;
	struct pivot_state *s = state;
	mode_t mask;
	int rc;

	if (a->prepare)
		return s->root < 0 ? 0 : pivot_prepare(a, s->root, &s->points, ctx, e);
	/* modes of what is made are meant as written */
	mask = umask(0);
	rc = s->late ? open_sources(a, s, ctx, e) : 0;
	if (rc == 0)
		rc = pivot_tmpfs_add(a, &s->volumes, e);
	if (rc == 0)
		rc = set_sysctls(a, e);
	if (rc == 0)
		rc = a->api ? pivot_api_make(a, ctx->cgroups, &s->api, e) : 0;
	if (rc == 0)
		rc = pivot_etc_make(a, &s->etc, ctx, e);
	if (rc == 0)
		rc = pivot_base_overlay(a, &s->root, s->upper, e);
	if (rc == 0)
		rc = pivot_old_points(a, &s->old, s->root, e);
	s->old.plan.moved = &s->old.names;
	if (rc == 0)
		rc = root_pivot(s->root, &s->old.plan, e);
	if (rc == -EACCES)
		err_hint(e, "it is %s, which only its owner and the host's root may enter", a->new_root);
	if (rc == 0)
		rc = furnish(a, s, e);
	umask(mask);
	close_sources(s);
	pivot_etc_release(&s->etc);
	/* of the host's, it is not for a process inside to have: the waiter does */
	fd_close(&ctx->kept);
	return rc;
}

static void pivot_release(const void *args, void *state, bool failed)
{
	const struct pivot_args *a = args;
	struct pivot_state *s = state;

	if (failed || a->rm)
		record_points_release(&s->points, mnt_unmake);
}

/* Also the share in the mount points: where it counts, a watcher holds it too. */
static void pivot_close(void *state)
{
	struct pivot_state *s = state;

	close_sources(s);
	pivot_etc_release(&s->etc);
	fd_close(&s->points.lock);
}

const struct step_ops pivot_step = {
	.name = "pivot",
	.opts = pivot_opts,
	.args_size = sizeof(struct pivot_args),
	.state_size = sizeof(struct pivot_state),
	.check = pivot_check,
	.open = pivot_open,
	.apply = pivot_apply,
	.release = pivot_release,
	.close = pivot_close,
};

static bool pivot_enters(const void *args)
{
	const struct pivot_args *a = args;

	return !a->prepare;
}

const struct applet applet_pivot = {
	.name = "pivot",
	.synopsis = "[OPTIONS] NEWROOT [--] [COMMAND [ARG]...]",
	.summary = "make a directory the root, and run a command in it",
	.opts = pivot_opts,
	.notes = "Without a command, your shell is run.\n"
		 "It wants a mount namespace of its own: nestbox unshare --mount -- nestbox pivot ...",
	.step = &pivot_step,
	.enters = pivot_enters,
	.alone = ALONE_SHELL,
	.fail = 125,
};
