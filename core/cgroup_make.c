#include "core/cgroup_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cgroup_live.h"
#include "core/fd.h"

/* How often a path is made anew whose parents another call takes away meanwhile. */
#define MAKE_TRIES 32

/* How long a group is waited for, in all hierarchies together, that seems to be going. */
#define MAKE_PATIENCE_MS 200

void cgroup_drop(struct cgroup_dirs *d, struct cgroup_dir *g)
{
	fd_close(&g->procs);
	fd_close(&g->back);
	fd_close(&g->hold);
	free(g->path);
	d->n--;
	memmove(g, g + 1, (size_t)(d->v + d->n - g) * sizeof *g);
}

/* The end of the component that follows `from` in the path, or 0 when none does. */
static size_t next_level(const char *path, size_t from)
{
	return path[from] ? from + 1 + strcspn(path + from + 1, "/") : 0;
}

/* The kernel's files lie among the groups, and are taken for one: "x/tasks". *e where a part of the path is such a file; else 0. */
static int check_no_file(const struct cgroup_dir *g, struct err *e)
{
	char path[4096];
	struct stat st;

	for (size_t end = next_level(g->path, g->base); end; end = next_level(g->path, end)) {
		str_copyn(path, sizeof path, g->path, end);
		if (stat(path, &st) < 0)
			return 0;
		if (S_ISDIR(st.st_mode))
			continue;
		err_bad(e, path, "is a file of a group, and no group");
		*strrchr(path, '/') = '\0';
		err_hint(e, "the group is %s", path);
		return -EINVAL;
	}
	return 0;
}

int cgroup_dirs_check(struct cgroup_dirs *d, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];
		struct stat st;
		int rc;

		if (stat(g->path, &st) == 0 && S_ISDIR(st.st_mode))
			continue;
		if (g->optional) {
			cgroup_drop(d, g);
			return 0;
		}
		rc = check_no_file(g, e);
		if (rc < 0)
			return rc;
		if (stat(g->path, &st) < 0 && errno != ENOENT)
			return err_sys(e, g->path, "look for the group");
		err_bad(e, g->path, "no such group");
		return -ENOENT;
	}
	return 0;
}

static int note_made(struct cgroup_dirs *d, const char *path)
{
	char **made = realloc(d->made, (d->n_made + 1) * sizeof *made);
	char *copy = strdup(path);

	if (made)
		d->made = made;
	if (!made || !copy) {
		free(copy);
		return -ENOMEM;
	}
	d->made[d->n_made++] = copy;
	return 0;
}

bool cgroup_is_made(const struct cgroup_dirs *d, const char *path)
{
	for (size_t i = 0; i < d->n_made; i++)
		if (!strcmp(d->made[i], path))
			return true;
	return false;
}

/* 1: made, 0: was there, -errno. */
static int make_level(const char *path, long long mode, bool exact)
{
	struct stat st;

	if (mkdir(path, (mode_t)mode) < 0) {
		if (errno != EEXIST)
			return -errno;
		return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
	}
	/* an explicit mode is not subject to the umask, as with mkdir -m */
	return exact && chmod(path, (mode_t)mode) < 0 ? -errno : 1;
}

static int make_parent(struct cgroup_dirs *d, const char *path, long long mode)
{
	long long bits = (mode < 0 ? 0755 : mode & ~CGROUP_MARK) | (d->mark ? CGROUP_MARK : 0);
	int rc = make_level(path, bits, mode >= 0);

	return rc <= 0 ? rc : note_made(d, path);
}

/*
 * mkdir -p, from below, as most often only the last level is missing. 0 or
 * -errno with the level that failed in `level`.
 */
static int make_path(struct cgroup_dirs *d, struct cgroup_dir *g, long long mode, char *level, size_t size)
{
	/* missing in one hierarchy, they are in the next */
	bool expect_parents = !d->n_made;
	int rc = 0;

	if (g->dry) {
		g->made = access(g->path, F_OK) < 0;
		if (g->made)
			strbuf_addf(g->dry, "mkdir -p %s\n", g->path);
		return 0;
	}
	for (int tries = 0; tries < MAKE_TRIES; tries++) {
		str_join(level, size, g->path);
		rc = !g->path[g->base] ? 0 : expect_parents ? make_level(level, mode < 0 ? 0755 : mode, mode >= 0) : -ENOENT;
		if (rc > 0)
			g->made = true;
		/* ENOENT: a parent is missing, or was empty and its maker's time had come */
		if (rc != -ENOENT)
			break;
		for (size_t end = next_level(g->path, g->base); g->path[end]; end = next_level(g->path, end)) {
			str_copyn(level, size, g->path, end);
			rc = make_parent(d, level, mode);
			if (rc < 0 && rc != -ENOENT)
				return rc;
		}
		expect_parents = true;
	}
	return rc < 0 ? rc : 0;
}

/*
 * A v1 cpuset is born empty, and nobody can join it: cpuset(7). All levels that
 * are empty get what the nearest one above has that is not.
 */
static int fill_cpuset(const struct cgroup_dirs *d, const struct cgroup_dir *g, const char *file, struct err *e)
{
	char value[4096], path[4096];
	struct cgroup_dir level = { .hier = g->hier, .path = path, .dry = g->dry };
	size_t end = strlen(g->path);
	int rc = 0;

	/* upwards to the one that has something, which those made just now have not, then down again */
	str_join(path, sizeof path, g->path);
	while ((g->made && !g->path[end]) || cgroup_is_made(d, path) || cgroup_get(&level, file, value, sizeof value) <= 0) {
		if (end <= g->base)
			return 0;
		while (path[--end] != '/')
			;
		path[end] = '\0';
	}
	while (rc == 0 && (end = next_level(g->path, end))) {
		str_copyn(path, sizeof path, g->path, end);
		rc = cgroup_put(&level, file, value, e);
	}
	return rc;
}

/* "+memory +pids" for those of the group's controllers that `have` ("cpu pids") lacks. */
static void missing_controllers(const struct cgroup_dir *g, const char *have, struct strbuf *out)
{
	const char *rest = g->controllers;
	char word[128];

	while (*g->controllers && str_next(&rest, ',', word, sizeof word) >= 0)
		if (!cgroup_has_word(have, word))
			strbuf_addf(out, "%s+%s", out->len ? " " : "", word);
	strbuf_add(out, "");
}

static int hint_enable(const struct cgroup_dir *level, int rc, struct err *e)
{
	char text[512];

	if (rc == -EBUSY)
		err_hint(e, "%s has processes of its own, and v2 gives controllers only to the children of a group that has none: move them into a group below it first", level->path);
	else if (rc == -ENOENT && cgroup_get(level, "cgroup.controllers", text, sizeof text) >= 0)
		err_hint(e, "the group above gives it only \"%s\"", text);
	else if (rc == -EINVAL)
		err_hint(e, "cpu cannot be enabled while realtime tasks are outside the top group");
	cgroup_hint(level->hier, -rc, e);
	return rc;
}

/*
 * Would enabling turn the group into a threaded domain, whose children nobody
 * can join? cpu, cpuset and pids may be enabled above processes, the kernel says
 * nothing, and what fails is the next join. Only the real top has no cgroup.type.
 */
static bool holds_processes(const struct cgroup_dir *level)
{
	char text[64];
	ssize_t len;

	if (!cgroup_has(level, "cgroup.type"))
		return false;
	len = cgroup_get(level, "cgroup.procs", text, sizeof text);
	return len > 0 || len == -EFBIG;
}

/* All or none of one write: when it fails, the one that is at fault shows alone. */
static int enable_words(const struct cgroup_dir *level, const char *words, struct err *e)
{
	int rc = cgroup_put(level, "cgroup.subtree_control", words, e);
	char word[128];

	if (rc == 0 || !strchr(words, ' '))
		return rc;
	err_clear(e);
	for (rc = 0; !rc && str_next(&words, ' ', word, sizeof word) >= 0;)
		rc = cgroup_put(level, "cgroup.subtree_control", word, e);
	return rc;
}

/*
 * Another call may be giving them to the children just now: the kernel shows them
 * as given before the children have their files, which takes a lock that this
 * write, which changes nothing, waits for.
 */
static void wait_for_files(const struct cgroup_dir *level)
{
	struct strbuf words = { 0 };
	struct err ignored = { 0 };

	missing_controllers(level, "", &words);
	if (!words.failed)
		cgroup_put(level, "cgroup.subtree_control", words.s, &ignored);
	strbuf_release(&words);
}

/* Give the controllers to the children of one level, a new one of which is about to be written to. */
static int enable_at(const struct cgroup_dir *level, bool new_child, struct err *e)
{
	struct strbuf want = { 0 };
	char have[512] = "", file[4096];
	int rc = 0;

	cgroup_get(level, "cgroup.subtree_control", have, sizeof have);
	missing_controllers(level, have, &want);
	if (want.failed)
		return err_set(e, ENOMEM, level->path, NULL);
	if (want.len && holds_processes(level)) {
		cgroup_path(file, sizeof file, level->path, "cgroup.subtree_control");
		rc = err_set(e, EBUSY, file, "write \"%s\"", want.s);
	} else if (want.len) {
		rc = enable_words(level, want.s, e);
	} else if (new_child && !level->dry) {
		wait_for_files(level);
	}
	strbuf_release(&want);
	return rc < 0 ? hint_enable(level, rc, e) : 0;
}

static int enable_controllers(const struct cgroup_dir *g, struct err *e)
{
	struct cgroup_dir level = *g;
	char path[4096];
	int rc = 0;

	level.path = path;
	for (size_t end = g->base; g->path[end] && !rc; end = next_level(g->path, end)) {
		size_t next = next_level(g->path, end);

		str_copyn(path, sizeof path, g->path, end);
		rc = enable_at(&level, g->made && !g->path[next], e);
	}
	return rc;
}

/*
 * An empty group that is to go at the end may be that of an earlier call, which
 * is about to be taken away, with limits that were not asked for: give its
 * watcher a moment.
 */
static bool ends_soon(struct cgroup_dirs *d, const struct cgroup_dir *g)
{
	char text[16];

	for (; d->mark && d->patience_ms > 0 && cgroup_get(g, "cgroup.procs", text, sizeof text) == 0; d->patience_ms--) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		if (access(g->path, F_OK) < 0)
			return true;
	}
	return false;
}

/* What another call made, or thinks that it has, may be going just now; the top group does not. As make_path. */
static int make_or_share(struct cgroup_dirs *d, struct cgroup_dir *g, long long mode, char *level, size_t size)
{
	for (int tries = 0;; tries++) {
		int rc = make_path(d, g, mode, level, size);

		if (rc < 0 || g->dry || d->own || !g->path[g->base])
			return rc;
		if (!g->made && ends_soon(d, g))
			continue;
		if (cgroup_share(g) != -ENODEV || tries >= MAKE_TRIES) {
			g->going = d->mark && !g->made && cgroup_is_marked(g->path);
			return 0;
		}
		g->made = false;
	}
}

static int make_dir(struct cgroup_dirs *d, struct cgroup_dir *g, long long mode, struct err *e)
{
	char level[4096];
	int rc = make_or_share(d, g, mode, level, sizeof level);

	if ((rc == -ENOTDIR || g->dry) && check_no_file(g, e) < 0)
		return -ENOTDIR;
	if (rc < 0) {
		err_set(e, -rc, level, "make group");
		cgroup_hint(g->hier, -rc, e);
		return rc;
	}
	if (g->hier->v2)
		return *g->controllers ? enable_controllers(g, e) : 0;
	if (!cgroup_list_has(g->hier->controllers, "cpuset"))
		return 0;
	rc = fill_cpuset(d, g, "cpuset.cpus", e);
	return rc < 0 ? rc : fill_cpuset(d, g, "cpuset.mems", e);
}

/* Take away the parents that were made last, but for the first n. */
static void unmake_parents(struct cgroup_dirs *d, size_t n)
{
	while (d->n_made > n) {
		rmdir(d->made[--d->n_made]);
		free(d->made[d->n_made]);
	}
}

int cgroup_dirs_make(struct cgroup_dirs *d, long long mode, struct err *e)
{
	d->patience_ms = MAKE_PATIENCE_MS;
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];
		size_t parents = d->n_made;
		int rc = make_dir(d, g, mode, e);

		if (rc < 0 && !g->optional)
			return rc;
		if (rc < 0) {
			err_clear(e);
			if (g->made)
				rmdir(g->path);
			unmake_parents(d, parents);
			cgroup_drop(d, g);
			return 0;
		}
	}
	return 0;
}

void cgroup_unmake(struct cgroup_dirs *d)
{
	for (size_t i = d->n; i-- > 0;)
		if (d->v[i].made && rmdir(d->v[i].path) == 0)
			d->v[i].made = false;
	unmake_parents(d, 0);
}
