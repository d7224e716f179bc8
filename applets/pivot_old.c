/* pivot: what becomes of the root that is left: kept at a place, its mounts taken along, its memory freed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/ns.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct pivot_old, field)

static const char *const methods[] = { "auto", "pivot", "move", NULL };

const struct opt pivot_old_opts[] = {
	{ OPT_STR, 0, "console", "DEV", "make DEV, as the new root has it, the standard input, output and error", OFF(console) },
	{ OPT_FLAG, 0, "free", NULL, "remove the files of the old root, an initramfs, and have its memory back", OFF(free) },
	{ OPT_STR, 0, "keep-old", "DIR", "keep the old root, at DIR of the new one", OFF(keep) },
	{ OPT_STR, 0, "method", "HOW", "auto (default), pivot: by pivot_root alone, move: cover the old root as switch_root does", OFF(method), .words = methods },
	{ OPT_STR, 0, "move", "LIST", "take these mounts of the old root along, e.g. dev,proc,sys,run", OFF(move) },
	{ OPT_FLAG, 0, "no-move", NULL, "take none along, where pid 1 of the machine would take dev, proc, sys and run", OFF(no_move) },
	{ OPT_END },
};

static int check_moved(const char *list, struct err *e)
{
	const char *rest = list;
	char name[PIVOT_NAME_MAX];
	size_t n = 0;
	int len;

	while ((len = str_next(&rest, ',', name, sizeof name)) != -ENOENT) {
		if (len < 0 || ++n > PIVOT_MOVES_MAX)
			return err_bad(e, list, "--move takes %d short names at most", PIVOT_MOVES_MAX);
		if (!len || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
			return err_bad(e, list, "--move takes names of mounts on the root, e.g. dev,proc,sys,run");
	}
	return 0;
}

int pivot_old_check(const struct pivot_args *a, struct err *e)
{
	const struct pivot_old *o = &a->old;
	char dir[4096];

	if (a->prepare && (o->keep || o->move || o->free || o->console || o->method))
		return err_bad(e, "--prepare", "changes no root, and goes with nothing that is about the old one");
	if (o->keep && (mnt_normalise(o->keep, dir) < 0 || !strcmp(dir, "/")))
		return err_bad(e, o->keep, "the place of the old root is an absolute path in the new one");
	if (o->keep && o->free)
		return err_bad(e, "--keep-old", "excludes --free");
	if (o->free && (a->mounts.binds.n || a->mounts.overlay))
		return err_bad(e, "--free", "excludes --volume and --overlay: what they bring along may lie on the old root");
	if (o->move && o->no_move)
		return err_bad(e, "--move", "excludes --no-move");
	if (o->move && a->api)
		return err_bad(e, "--move", "excludes --api, which mounts fresh ones");
	return o->move ? check_moved(o->move, e) : 0;
}

static enum root_method method_of(const struct pivot_old *o)
{
	size_t i = 0;

	while (o->method && methods[i] && strcmp(o->method, methods[i]))
		i++;
	return o->method ? (enum root_method)i : ROOT_AUTO;
}

/*
 * A mount of the old root as a copy, unless the new one has one there itself.
 * `asked`: somebody has named it, and is told why it stays behind.
 */
static int open_moved(struct pivot_old_state *s, int root, const char *name, bool asked, struct err *e)
{
	struct pivot_moved *m = &s->moved[s->n];
	struct stat st, there;

	str_join(m->where, sizeof m->where, "/", name);
	if (!sys_is_mount_root(AT_FDCWD, m->where))
		return asked ? err_bad(e, m->where, "is no mount point, and cannot be moved") : 0;
	if (sys_is_mount_root(root, name) || (!asked && (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))))
		return 0;
	if (s->plan.free && stat("/", &st) == 0 && stat(m->where, &there) == 0 && st.st_dev == there.st_dev)
		return err_bad(e, m->where, "lies on the file system that --free is to empty");
	m->mnt = mnt_clone(AT_FDCWD, m->where, 0, MS_PRIVATE, e);
	if (m->mnt < 0)
		return m->mnt;
	s->n++;
	return strs_add(&s->names, m->where + 1) < 0 ? err_set(e, ENOMEM, m->where, NULL) : 0;
}

static int open_all_moved(const struct pivot_args *a, struct pivot_old_state *s, int root, struct err *e)
{
	const char *rest = a->old.move;
	char name[PIVOT_NAME_MAX];
	int rc = 0;

	while (rc == 0 && rest && str_next(&rest, ',', name, sizeof name) >= 0)
		rc = open_moved(s, root, name, true, e);
	/* who hands the machine over to another root wants them there */
	if (!a->old.move && !a->old.no_move && !a->api && ns_is_machines_init())
		for (size_t i = 0; rc == 0 && root_moved[i]; i++)
			rc = open_moved(s, root, root_moved[i], false, e);
	return rc;
}

int pivot_old_open(const struct pivot_args *a, struct pivot_old_state *s, int root, struct err *e)
{
	int rc = a->old.free ? root_free_check(root, e) : 0;

	if (rc < 0) {
		err_hint(e, "--free is for the first process of a machine, or of a pid namespace, whose root is a tmpfs");
		return rc;
	}
	s->plan.method = method_of(&a->old);
	s->plan.free = a->old.free;
	s->plan.keep = a->old.keep != NULL;
	return open_all_moved(a, s, root, e);
}

int pivot_old_points(const struct pivot_args *a, struct pivot_old_state *s, int root, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		s->moved[i].at = mnt_point(root, s->moved[i].where, true, MNT_LINKS_REFUSED, NULL, e);
		if (s->moved[i].at < 0)
			return s->moved[i].at;
	}
	if (!a->old.keep)
		return 0;
	s->keep_at = mnt_point(root, a->old.keep, true, MNT_LINKS_FOLLOWED, NULL, e);
	return s->keep_at < 0 ? s->keep_at : 0;
}

int pivot_old_attach(const struct pivot_args *a, struct pivot_old_state *s, struct err *e)
{
	int rc = s->plan.keep ? mnt_attach(s->plan.kept, s->keep_at, a->old.keep, e) : 0;

	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = mnt_attach(s->moved[i].mnt, s->moved[i].at, s->moved[i].where, e);
	return rc;
}

int pivot_old_console(const struct pivot_old *o, struct err *e)
{
	auto_close int fd = -1;
	struct stat st;

	if (!o->console)
		return 0;
	/* whose controlling terminal it becomes is the command's to say */
	fd = fd_open(AT_FDCWD, o->console, O_RDWR | O_NOCTTY, e);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode))
		return err_bad(e, o->console, "is no device to read from and write to");
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) < 0)
			return err_sys(e, o->console, "make the standard input, output and error");
	return 0;
}

void pivot_old_release(struct pivot_old_state *s)
{
	for (size_t i = 0; i < s->n; i++) {
		fd_close(&s->moved[i].mnt);
		fd_close(&s->moved[i].at);
	}
	s->n = 0;
	fd_close(&s->plan.kept);
	fd_close(&s->keep_at);
	strs_release(&s->names);
}
