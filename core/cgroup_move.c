#include "core/cgroup_live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

static void hint_move(const struct cgroup_dir *g, int code, struct err *e)
{
	if (code == EINVAL)
		err_hint(e, "kernel threads stay in the top group, and realtime processes out of a group without cpu.rt_runtime_us");
	else if (code == ESRCH)
		err_hint(e, "it has ended, or is not to be seen in this pid namespace");
	else if ((code == EACCES || code == EPERM) && !g->hier->v2)
		err_hint(e, "only root may move processes of others");
	cgroup_hint_join(g, code, e);
}

/* Each thread that the folder has; *n is how many there were. */
static int move_threads(DIR *threads, int tasks, size_t *n)
{
	int rc = 0;

	*n = 0;
	rewinddir(threads);
	for (struct dirent *t; rc == 0 && (t = readdir(threads));) {
		if (t->d_name[0] == '.')
			continue;
		rc = fd_write(tasks, t->d_name);
		/* one that has ended meanwhile */
		rc = rc == -ESRCH ? 0 : rc;
		++*n;
	}
	return rc;
}

/*
 * cgcreate -t gives a user v1's tasks and not cgroup.procs: one thread after
 * the other then, and anew as long as one that was not there yet starts more.
 */
static int move_by_tasks(const struct cgroup_dir *g, const char *pid)
{
	char path[4096];
	auto_close int tasks = -1;
	size_t before = 0, now = 0;
	DIR *threads;
	int rc;

	str_join(path, sizeof path, g->path, "/tasks");
	tasks = open(path, O_WRONLY | O_CLOEXEC);
	if (tasks < 0)
		return -errno;
	str_join(path, sizeof path, "/proc/", pid, "/task");
	threads = opendir(path);
	if (!threads)
		return errno == ENOENT ? -ESRCH : -errno;
	do {
		before = now;
		rc = move_threads(threads, tasks, &now);
	} while (rc == 0 && now > before);
	closedir(threads);
	return rc == 0 && !now ? -ESRCH : rc;
}

/* cgroup.procs takes all threads with the one that is named, in both versions. */
static int move_to(const struct cgroup_dir *g, const char *pid, struct err *e)
{
	char path[4096];
	int rc;

	str_join(path, sizeof path, g->path, "/cgroup.procs");
	rc = fd_put(AT_FDCWD, path, pid, e);
	if (rc == -EACCES && !g->hier->v2) {
		int other = move_by_tasks(g, pid);

		/* where that is refused, too, the first refusal is the one to tell */
		if (other == 0 || other == -ESRCH) {
			err_clear(e);
			rc = other ? err_set(e, ESRCH, pid, NULL) : 0;
		}
	}
	if (rc < 0)
		hint_move(g, -rc, e);
	return rc;
}

int cgroup_move(const struct cgroup_dirs *d, pid_t pid, struct err *e)
{
	char text[16];
	int rc = 0;

	snprintf(text, sizeof text, "%d", pid);
	for (size_t i = 0; i < d->n && rc == 0; i++) {
		rc = move_to(&d->v[i], text, e);
		if (rc < 0 && d->v[i].optional) {
			err_clear(e);
			rc = 0;
		}
	}
	return rc;
}

static int give(const char *path, uid_t uid, gid_t gid, struct err *e)
{
	int rc = lchown(path, uid, gid) < 0 && errno != ENOENT ? err_sys(e, path, "change owner") : 0;

	if (rc == -EPERM)
		err_hint(e, "only root may give a group away");
	else if (rc == -EINVAL)
		err_hint(e, "the user namespace has no such id");
	return rc;
}

/* The kernel says which files of v2 are meant (4.15). */
static int delegate_dir(const struct cgroup_dir *g, uid_t uid, gid_t gid, struct err *e)
{
	char *list = g->hier->v2 ? fd_slurp(AT_FDCWD, "/sys/kernel/cgroup/delegate", 1 << 16) : strdup("cgroup.procs\ntasks");
	char path[4096], *rest, *name;
	int rc = give(g->path, uid, gid, e);

	if (!list)
		list = strdup("cgroup.procs\ncgroup.threads\ncgroup.subtree_control");
	rest = list;
	while (rc == 0 && (name = strsep(&rest, "\n"))) {
		str_join(path, sizeof path, g->path, "/", name);
		rc = *name ? give(path, uid, gid, e) : 0;
	}
	free(list);
	return rc;
}

int cgroup_delegate(const struct cgroup_dirs *d, uid_t uid, gid_t gid, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < d->n && rc == 0; i++)
		rc = delegate_dir(&d->v[i], uid, gid, e);
	return rc;
}
