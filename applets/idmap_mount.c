/* idmap mount: a directory once more, with other ids. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/idmap.h"
#include "applets/idmap_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/ns_enter.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct idmap_mount_args, field)

static const struct opt mount_opts[] = {
	{ OPT_GROUP, .off = OFF(ids), .group = maps_opts },
	{ OPT_STR, 'o', "options", "OPT,...", "ro, nosuid, nodev, noexec", OFF(options) },
	{ OPT_FLAG, 'R', "recursive", NULL, "with all that is mounted below SRC", OFF(recursive) },
	{ OPT_STR, 0, "userns", "PID|FILE", "the maps are those of this user namespace", OFF(userns) },
	{ OPT_OPERAND, .name = "SRC", .off = OFF(src) },
	{ OPT_OPERAND, .name = "DST", .off = OFF(dst) },
	{ OPT_END },
};

static int parse_options(const char *text, uint64_t *attrs, struct err *e)
{
	static const struct {
		const char *name;
		uint64_t attr;
	} known[] = {
		{ "ro", MOUNT_ATTR_RDONLY }, { "nosuid", MOUNT_ATTR_NOSUID }, { "nodev", MOUNT_ATTR_NODEV },
		{ "noexec", MOUNT_ATTR_NOEXEC }, { "rw", 0 },
	};
	char word[32];
	int len;

	*attrs = 0;
	while ((len = str_next(&text, ',', word, sizeof word)) != -ENOENT) {
		size_t i = 0;

		while (i < sizeof known / sizeof *known && strcmp(known[i].name, word))
			i++;
		if (len < 0 || i == sizeof known / sizeof *known)
			return err_bad(e, word, "-o takes ro, rw, nosuid, nodev and noexec");
		*attrs |= known[i].attr;
	}
	return 0;
}

/*
 * Kernels differ in what a namespace without a gid map does to a mount: 6.1
 * gives all groups to nobody, later ones refuse. Neither is what was meant.
 */
static int check_both(const struct idmap_mount_args *a, struct err *e)
{
	bool users = maps_given(&a->ids, 0), groups = maps_given(&a->ids, 1);

	if (a->userns && (users || groups))
		return err_bad(e, "--userns", "has the maps already");
	if (a->userns || (users && groups))
		return 0;
	if (!users && !groups)
		return err_bad(e, NULL, "no map is given, and no --userns");
	err_bad(e, users ? "gid map" : "uid map", "is missing");
	err_hint(e, "-b maps both alike; %s all leaves the %s as they are", users ? "-g" : "-u", users ? "groups" : "users");
	return -EINVAL;
}

static int mount_check(const void *args, struct err *e)
{
	const struct idmap_mount_args *a = args;
	uint64_t attrs;
	int rc = check_both(a, e);

	rc = rc < 0 ? rc : maps_check(&a->ids, e);
	return rc < 0 ? rc : parse_options(a->options, &attrs, e);
}

/* Without one of its maps it would give those ids to nobody, or on later kernels be refused with a bare EINVAL. */
static int check_maps(int proc, const char *word, struct err *e)
{
	static const char *const files[2] = { "uid_map", "gid_map" };
	char line[64];

	for (int i = 0; i < 2; i++) {
		if (fd_get_line(proc, files[i], line, sizeof line) != 0)
			continue;
		err_bad(e, word, "its user namespace has no %s yet", maps_names[i]);
		err_hint(e, "nestbox idmap write writes it");
		return -EINVAL;
	}
	return 0;
}

static int check_child(const char *proc, void *arg, struct err *e)
{
	auto_close int dir = fd_open_dir(AT_FDCWD, proc, e);

	return dir < 0 ? dir : check_maps(dir, arg, e);
}

static int open_of_process(const char *word, struct err *e)
{
	char path[64];
	auto_close int dir = idmap_open_process(word, path, e);
	auto_close int ns = dir < 0 ? dir : fd_open(dir, "ns/user", O_RDONLY, e);
	int rc = ns < 0 ? ns : check_maps(dir, word, e);

	if (dir >= 0 && ns < 0) {
		str_join(e->object, sizeof e->object, path, "/ns/user");
		err_hint(e, "this takes all capabilities that the process has, and its user's rights");
	}
	return rc < 0 ? rc : take_fd(&ns);
}

static int find_userns(const char *word, bool pid_pending, struct err *e)
{
	bool file = strchr(word, '/');
	auto_close int ns = file ? idmap_open_userns(word, e) : open_of_process(word, e);
	int rc = ns < 0 ? ns : 0;

	if (rc == 0 && ns_is_own(ns, "", ns_kinds))
		rc = err_bad(e, word, "is the user namespace that this process is in: it has no other ids to give");
	/* a file shows its maps by a process in it alone, which is not to become the first of a pid namespace */
	if (rc == 0 && file && !pid_pending)
		rc = idmap_with_userns(ns, check_child, (void *)(size_t)word, e);
	return rc < 0 ? rc : take_fd(&ns);
}

static int copy_source(const struct idmap_mount_args *a, struct err *e)
{
	auto_close int tree = sys_open_tree(AT_FDCWD, a->src, OPEN_TREE_CLONE | (a->recursive ? AT_RECURSIVE : 0));
	int rc;

	if (tree >= 0)
		return take_fd(&tree);
	rc = err_sys(e, a->src, "copy the mount");
	if (rc == -EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace");
	return rc;
}

/* mount(2) takes a directory on a directory, and a file on a file. */
static int check_kinds(const struct idmap_mount_args *a, int tree, int at, struct err *e)
{
	struct stat src, dst;

	if (fstat(tree, &src) < 0)
		return err_sys(e, a->src, NULL);
	if (fstat(at, &dst) < 0)
		return err_sys(e, a->dst, NULL);
	if (S_ISDIR(src.st_mode) == S_ISDIR(dst.st_mode))
		return 0;
	return err_bad(e, a->dst, S_ISDIR(dst.st_mode) ? "is a directory, and %s is none" : "is no directory, and %s is one", a->src);
}

static int mount_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct idmap_mount_args *a = args;
	auto_close int userns = a->userns ? find_userns(a->userns, ctx->pid_pending, e) : maps_userns(&a->ids, ctx->pid_pending, e);
	auto_close int tree = userns < 0 ? userns : copy_source(a, e);
	auto_close int at = tree < 0 ? tree : fd_open(AT_FDCWD, a->dst, O_PATH, e);
	uint64_t attrs;
	int rc = at < 0 ? at : parse_options(a->options, &attrs, e);

	(void)state;
	if (rc == 0)
		rc = check_kinds(a, tree, at, e);
	if (rc == 0)
		rc = mnt_idmap(tree, a->src, a->recursive, attrs, userns, e);
	/* only what is mapped gets a place */
	return rc < 0 ? rc : mnt_attach(tree, at, a->dst, e);
}

const struct step_ops idmap_mount_step = {
	.name = "idmap mount",
	.opts = mount_opts,
	.args_size = sizeof(struct idmap_mount_args),
	.check = mount_check,
	.apply = mount_apply,
};

const struct applet idmap_verb_mount = {
	.name = "mount",
	.synopsis = "[OPTIONS] SRC DST [--] [COMMAND [ARG]...]",
	.summary = "mount a directory once more, with other ids",
	.opts = mount_opts,
	.notes = "INNER are the ids on disk, OUTER those that are seen at DST.",
	.step = &idmap_mount_step,
	.alone = ALONE_DONE,
	.fail = 1,
};
