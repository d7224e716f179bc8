#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/*
 * What is written "0" to. cgroup.procs takes a lock over all processes of the
 * machine, for which the kernel waits until all CPUs have passed a quiet state:
 * 10 ms and more. v1's tasks takes one thread, which all of us is, and needs no
 * lock for the writer itself.
 */
static const char *procs_file(const struct cgroup_hier *h)
{
	return h->v2 ? "cgroup.procs" : "tasks";
}

void cgroup_hint_join(const struct cgroup_dir *g, int code, struct err *e)
{
	char text[256];

	if (code == EBUSY && g->hier->v2 && cgroup_get(g, "cgroup.subtree_control", text, sizeof text) > 0)
		err_hint(e, "the group gives \"%s\" to its children (cgroup.subtree_control) and so may hold no process itself: join one below it", text);
	else if (code == EOPNOTSUPP && cgroup_get(g, "cgroup.type", text, sizeof text) > 0)
		err_hint(e, "cgroup.type is \"%s\": a group above has threads in groups, or has processes and gives controllers to its children at the same time", text);
	else if (code == ENOSPC)
		err_hint(e, "cpuset.cpus or cpuset.mems of the group is empty: --cpuset-cpus and --cpuset-mems set them, --create copies them from above");
	else if ((code == EACCES || code == EPERM) && g->hier->v2)
		err_hint(e, "v2 wants write permission for cgroup.procs of the group and of the nearest group that is above it and above the one you are in: start inside the delegated tree");
	cgroup_hint(g->hier, code, e);
}

/* ---- this process ---- */

static int open_procs(const struct cgroup_dir *g, struct err *e)
{
	char path[4096];
	int fd;

	if (cgroup_path(path, sizeof path, g->path, procs_file(g->hier)) < 0)
		return err_set(e, ENAMETOOLONG, g->path, NULL);
	fd = fd_open(AT_FDCWD, path, O_WRONLY, e);
	if (fd < 0)
		cgroup_hint_join(g, -fd, e);
	return fd;
}

/* The way back is a service: -1 where there is none. */
static int open_way_back(const struct cgroup_hier *h)
{
	char *own = cgroup_own_dir(h), path[4096];
	int fd = -1;

	if (own && cgroup_path(path, sizeof path, own, procs_file(h)) == 0)
		fd = openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	free(own);
	return fd;
}

/*
 * All are opened before the first join: from then on this process may lack
 * memory, and the kernel checks the rights of the one who opened (5.16).
 */
int cgroup_open_procs(struct cgroup_dirs *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];

		if (g->dry)
			continue;
		g->procs = open_procs(g, e);
		if (g->procs >= 0) {
			g->back = open_way_back(g->hier);
			continue;
		}
		if (!g->optional)
			return g->procs;
		err_clear(e);
		cgroup_drop(d, g);
		return 0;
	}
	return 0;
}

static int join_failed(const struct cgroup_dir *g, int rc, struct err *e)
{
	char path[4096];

	cgroup_path(path, sizeof path, g->path, procs_file(g->hier));
	err_set(e, -rc, path, "join");
	cgroup_hint_join(g, -rc, e);
	return rc;
}

int cgroup_join(struct cgroup_dirs *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];
		int rc;

		if (g->dry) {
			strbuf_addf(g->dry, "%s/%s <- 0\n", g->path, procs_file(g->hier));
			continue;
		}
		/* "0" is the writer, by whatever number its pid namespace knows it */
		rc = fd_write(g->procs, "0");

		fd_close(&g->procs);
		if (rc == 0 || g->optional)
			continue;
		fd_close(&g->back);
		join_failed(g, rc, e);
		d->joined = i;
		cgroup_leave(d);
		return rc;
	}
	d->joined = d->n;
	return 0;
}

void cgroup_leave(struct cgroup_dirs *d)
{
	for (; d->joined > 0; d->joined--)
		if (d->v[d->joined - 1].back >= 0)
			fd_write(d->v[d->joined - 1].back, "0");
}

/* ---- a child to come ---- */

int cgroup_seats_open(const struct cgroup_dirs *d, struct cgroup_seats *s, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct cgroup_dir *g = &d->v[i];
		int fd;

		if (g->hier->v2) {
			s->v2 = fd_open_dir(AT_FDCWD, g->path, e);
			s->v2_optional = g->optional;
			if (s->v2 < 0 && !g->optional)
				return s->v2;
			if (s->v2 < 0)
				err_clear(e);
			continue;
		}
		if (s->n == CGROUP_SEATS_MAX)
			return err_set(e, E2BIG, g->path, "more than %d hierarchies", CGROUP_SEATS_MAX);
		fd = open_procs(g, e);
		if (fd < 0)
			return fd;
		s->v1[s->n++] = fd;
	}
	return 0;
}

/* What the fd is of is known to procfs alone by now, and only an error asks for it. */
static int seat_failed(int fd, bool v2, int rc, struct err *e)
{
	char link[32], path[4096];
	struct cgroup_hier h = { .v2 = v2, .mount = path };
	struct cgroup_dir g = { .hier = &h, .path = path };
	ssize_t len;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof path - 1);
	if (len <= 0)
		return err_set(e, -rc, "group", "join");
	path[len] = '\0';
	if (!v2)
		*strrchr(path, '/') = '\0';
	return join_failed(&g, rc, e);
}

int cgroup_seats_take(struct cgroup_seats *s, bool born_there, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		rc = fd_write(s->v1[i], "0");
		if (rc < 0)
			seat_failed(s->v1[i], false, rc, e);
	}
	if (rc == 0 && s->v2 >= 0 && !born_there) {
		auto_close int procs = openat(s->v2, "cgroup.procs", O_WRONLY | O_CLOEXEC);

		rc = procs < 0 ? -errno : fd_write(procs, "0");
		rc = rc < 0 && !s->v2_optional ? seat_failed(s->v2, true, rc, e) : 0;
	}
	cgroup_seats_close(s);
	return rc;
}

void cgroup_seats_close(struct cgroup_seats *s)
{
	while (s->n > 0)
		fd_close(&s->v1[--s->n]);
	fd_close(&s->v2);
}
