#include "core/cgroup_live.h"
#include "core/cgroup_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/sys.h"

/* rmdir is tried again after 1, 2, 4, ... 512 ms: dying processes still hold the group for a while */
#define RMDIR_TRIES 10

/* How long to sleep between two looks where nothing wakes us. */
#define LOOK_MAX 1000
#define KILL_LOOK_MAX 16
/* ... and where v2's cgroup.events does: but the kernel puts a notice off for 10 ms, and forgets it where the group is removed meanwhile */
#define WAKE_MAX 2000

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* What to do in each group of a tree, those below first. */
struct visit {
	int (*group)(int dir, struct visit *v); /* 0 to go on; may be NULL */
	bool remove;
	struct cgroup_dirs *heed; /* -EBUSY where another call holds a group below, which is noted here: cgroup_share; or NULL */
	bool populated;
};

static int walk(int parent, const char *name, struct visit *v);

static int walk_below(int fd, DIR *dir, struct visit *v)
{
	struct dirent *ent;
	int rc = 0;

	while (!rc && (ent = readdir(dir)))
		if (ent->d_type == DT_DIR && strcmp(ent->d_name, ".") && strcmp(ent->d_name, ".."))
			rc = walk(fd, ent->d_name, v);
	return rc;
}

static int walk(int parent, const char *name, struct visit *v)
{
	/* whoever walks holds the top one already */
	bool locks = v->heed && parent != AT_FDCWD;
	int fd, rc;
	DIR *dir;

	/* most groups have none below, and go without being read */
	if (v->remove && !locks && (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT))
		return 0;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		rc = errno == ENOENT ? 0 : -errno;
		fd_close(&fd);
		return rc;
	}
	rc = locks && !cgroup_hold_alone(v->heed, fd, parent, name) ? -EBUSY : walk_below(fd, dir, v);
	if (!rc && v->group)
		rc = v->group(fd, v);
	if (!rc && v->remove && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = -errno;
	closedir(dir);
	return rc;
}

static int look_into(int dir, struct visit *v)
{
	auto_close int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char c;

	/* what cannot be looked into is not known to be empty, unless it is gone */
	v->populated |= fd >= 0 ? read(fd, &c, 1) == 1 : errno != ENOENT && errno != ENODEV;
	return 0;
}

/* Is the number a line of the text of a cgroup.procs? */
static bool lists(const char *procs, long long pid)
{
	for (const char *line = procs; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (strtoll(line, NULL, 10) == pid)
			return true;
	return false;
}

/*
 * Kill one process of the group. Its number may be another's by now: so get hold
 * of whoever has it, look whether that one is in the group, and kill that one.
 */
static void kill_member(int dir, long long pid)
{
	auto_close int pidfd = sys_pidfd_open((pid_t)pid);
	char *again = pidfd < 0 ? NULL : fd_slurp(dir, "cgroup.procs", 16 << 20);

	if (again && lists(again, pid))
		sys_pidfd_send_signal(pidfd, SIGKILL);
	free(again);
}

static void put_if_there(int dir, const char *file, const char *value)
{
	auto_close int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		fd_write(fd, value);
}

static int thaw_in(int dir, struct visit *v)
{
	(void)v;
	put_if_there(dir, "freezer.state", "THAWED");
	put_if_there(dir, "cgroup.freeze", "0");
	return 0;
}

/* Kill what is in one v1 group. Those that it forked meanwhile are found by the next round. */
static int kill_in(int dir, struct visit *v)
{
	char *text = fd_slurp(dir, "cgroup.procs", 16 << 20);
	char *rest = text;

	for (char *line; (line = strsep(&rest, "\n"));) {
		long long pid;

		/* 0 is one that our pid namespace has no number for */
		if (str_num(line, 1, INT_MAX, &pid) == 0 && pid != getpid())
			kill_member(dir, pid);
	}
	free(text);
	/* what is frozen dies only when it thaws, as v1 has it */
	return thaw_in(dir, v);
}

static void kill_all(const struct cgroup_dir *g)
{
	struct visit v = { .group = kill_in };
	struct err ignored = { 0 };

	/* cgroup.kill is of 5.14 and takes all that is below in one go */
	if (g->hier->v2 && cgroup_has(g, "cgroup.kill") && cgroup_put(g, "cgroup.kill", "1", &ignored) == 0)
		return;
	walk(AT_FDCWD, g->path, &v);
}

static bool v2_is_populated(int events)
{
	char text[256];
	ssize_t len = lseek(events, 0, SEEK_SET) < 0 ? -1 : fd_read(events, text, sizeof text);

	return len > 0 && strstr(text, "populated 1");
}

/* Is somebody in the group or below? For v2, wait up to `ms` for the answer to become no. */
static bool is_populated(const struct cgroup_dir *g, int ms)
{
	struct visit v = { .group = look_into };
	auto_close int events = -1;
	struct pollfd p;
	char path[4096];

	if (!g->hier->v2) {
		int rc = walk(AT_FDCWD, g->path, &v);

		return v.populated || (rc < 0 && rc != -ENODEV);
	}
	snprintf(path, sizeof path, "%s/cgroup.events", g->path);
	events = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	if (events < 0)
		return errno != ENOENT && errno != ENODEV;
	if (!v2_is_populated(events))
		return false;
	p = (struct pollfd){ .fd = events, .events = POLLPRI };
	if (ms != 0)
		poll(&p, 1, ms);
	return v2_is_populated(events);
}

static bool is_meant(const struct cgroup_dir *g, bool made_only)
{
	return g->made || g->going || !made_only;
}

/* One look at all of them; v2, which can wake us, is waited for up to `ms`. */
static bool all_empty(const struct cgroup_dirs *d, bool made_only, bool kill_them, int ms)
{
	bool empty = true;

	for (size_t i = d->n; i-- > 0;) {
		const struct cgroup_dir *g = &d->v[i];

		if (!is_meant(g, made_only) || !is_populated(g, 0))
			continue;
		/* what others have made is only waited for */
		if (kill_them && !g->going)
			kill_all(g);
		if (!g->hier->v2 || is_populated(g, ms))
			empty = false;
	}
	return empty;
}

static int min_ms(long long a, long long b)
{
	return (int)(a < b ? a : b);
}

static bool wait_empty(const struct cgroup_dirs *d, bool made_only, bool kill_them, long long deadline)
{
	int delay = 1;

	for (;;) {
		long long left = deadline < 0 ? WAKE_MAX : deadline - now_ms();

		left = left > 0 ? left : 0;
		if (all_empty(d, made_only, kill_them, min_ms(left, kill_them ? KILL_LOOK_MAX : WAKE_MAX)))
			return true;
		if (left == 0)
			return false;
		delay = min_ms(left, delay);
		cgroup_sleep(delay);
		delay = min_ms(delay * 2LL, kill_them ? KILL_LOOK_MAX : LOOK_MAX);
	}
}

/* Once it is gone, what has its name next is another call's. */
static int remove_once(struct cgroup_dir *g, struct visit *v)
{
	int rc = walk(AT_FDCWD, g->path, v);

	if (rc == 0)
		g->made = g->going = false;
	return rc;
}

/* What nobody is in any more, as a container that has ended, goes without being looked into first. */
static bool remove_at_once(struct cgroup_dirs *d, bool made_only)
{
	struct visit v = { .remove = true, .heed = d->heed ? d : NULL };
	bool all = true;

	for (size_t i = 0; i < d->n; i++)
		if (is_meant(&d->v[i], made_only))
			all &= remove_once(&d->v[i], &v) == 0;
	return all;
}

static int remove_tree(struct cgroup_dir *g, struct cgroup_dirs *heed, int tries, struct err *e)
{
	struct visit v = { .remove = true, .heed = heed };
	int rc = 0;

	for (int i = 0; i < tries; i++) {
		rc = remove_once(g, &v);
		if (rc != -EBUSY)
			break;
		cgroup_sleep(1 << i);
	}
	return rc < 0 ? err_set(e, -rc, g->path, "remove group") : 0;
}

static int still_used(const struct cgroup_dirs *d, bool made_only, struct err *e)
{
	for (size_t i = 0; i < d->n; i++)
		if (is_meant(&d->v[i], made_only) && is_populated(&d->v[i], 0))
			return err_set(e, EBUSY, d->v[i].path, "there are processes in the group");
	return 0;
}

bool cgroup_is_marked(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_mode & CGROUP_MARK;
}

/*
 * Somebody may have made it as a group of their own, and be about to use it. Or
 * they try the same, in vain as long as our group is below it: who comes after
 * us then waits for nobody, and so it is for us to wait for them.
 */
static int remove_unheld(struct cgroup_dirs *d, const char *path)
{
	for (int i = 0; i < RMDIR_TRIES; i++) {
		auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		/* what comes to be there from now on is another call's */
		if (fd < 0 && (errno == ENOENT || errno == ENODEV))
			return -errno;
		if (fd < 0 || cgroup_hold_alone(d, fd, AT_FDCWD, path))
			return rmdir(path) < 0 ? -errno : 0;
		cgroup_sleep(1 << i);
	}
	return -EBUSY;
}

/*
 * Parents that were made on the way to the groups go with the last one below
 * them, whoever made them; those that others use meanwhile stay, and are theirs.
 */
static void remove_parents(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		char parent[4096], *slash;

		str_join(parent, sizeof parent, d->v[i].path);
		while ((slash = strrchr(parent, '/')) && slash > parent + d->v[i].base) {
			*slash = '\0';
			if ((!cgroup_is_made(d, parent) && !cgroup_is_marked(parent)) || remove_unheld(d, parent) < 0)
				break;
		}
	}
}

int cgroup_dirs_remove(struct cgroup_dirs *d, bool made_only, bool kill_them, int wait_ms, struct err *e)
{
	long long deadline = wait_ms < 0 ? -1 : now_ms() + wait_ms;
	int rc, failed = 0;
	bool done = remove_at_once(d, made_only);

	while (!done) {
		failed = 0;
		if (!wait_empty(d, made_only, kill_them, deadline) && (rc = still_used(d, made_only, e)) < 0)
			return rc;
		for (size_t i = 0; i < d->n; i++) {
			rc = is_meant(&d->v[i], made_only) ? remove_tree(&d->v[i], d->heed ? d : NULL, wait_ms ? RMDIR_TRIES : 1, e) : 0;
			failed = rc < 0 ? rc : failed;
		}
		/* somebody has come in since: wait for that one too */
		done = failed != -EBUSY || wait_ms >= 0 || still_used(d, made_only, e) == 0;
	}
	remove_parents(d);
	return failed;
}

int cgroup_remove_path(const char *path, bool v2, bool kill_them, int wait_ms, struct err *e)
{
	struct cgroup_hier hier = { .v2 = v2 };
	struct cgroup_dir dir = { .hier = &hier, .path = (char *)path };
	struct cgroup_dirs one = { .v = &dir, .n = 1 };

	return cgroup_dirs_remove(&one, false, kill_them, wait_ms, e);
}

bool cgroup_dirs_wait(const struct cgroup_dirs *d)
{
	struct err ignored = { 0 };
	bool used = still_used(d, true, &ignored) < 0;

	wait_empty(d, true, false, -1);
	return used;
}

int cgroup_dirs_kill(const struct cgroup_dirs *d, int wait_ms, struct err *e)
{
	struct visit thaw = { .group = thaw_in };
	bool empty = wait_empty(d, false, true, now_ms() + wait_ms);
	int rc;

	/* the next one who is put there is not to stand still: v2 keeps that for a group, and v1 for an empty one */
	for (size_t i = 0; i < d->n; i++)
		walk(AT_FDCWD, d->v[i].path, &thaw);
	if (empty)
		return 0;
	rc = still_used(d, false, e);
	if (rc < 0)
		err_hint(e, "what is frozen by a group of version 1, or waits for a device, does not die before that is over");
	return rc;
}
