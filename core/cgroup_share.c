#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/*
 * One call of cgexec makes a group, another finds it there, and the first one's
 * watcher takes it away before the second is in it. So whoever uses a group
 * that another call made has a shared lock on its directory, flock(2), and the
 * watcher takes an exclusive one. But everybody may open the directory, and so
 * no lock of a stranger's keeps anybody for ever.
 */
#define SHARE_WAIT_MS 1000
#define RETIRE_WAIT_MS 5000

#define DELAY_MAX_MS 256

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

static int share(const char *path, int *hold)
{
	auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ENODEV : 0;
	for (int ms = 0; flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK && ms < SHARE_WAIT_MS; ms++)
		sleep_ms(1);
	/* a directory that was removed stays open, but is empty */
	if (faccessat(fd, "cgroup.procs", F_OK, 0) < 0)
		return -ENODEV;
	fd_close(hold);
	*hold = take_fd(&fd);
	return 0;
}

int cgroup_share(struct cgroup_dir *g)
{
	return share(g->path, &g->hold);
}

int cgroup_share_above(const struct cgroup_dirs *d, struct cgroup_dir *g)
{
	char above[4096], *slash;
	int rc;

	str_join(above, sizeof above, g->path);
	do {
		slash = strrchr(above, '/');
		if (!slash || slash <= above + g->base)
			return 0;
		*slash = '\0';
	} while (cgroup_is_made(d, above));
	rc = share(above, &g->hold);
	return rc == 0 && access(g->path, F_OK) < 0 ? -ENODEV : rc;
}

static void let_go(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		fd_close(&d->v[i].hold);
}

/* Is nobody else about to use the groups that this call made? */
static bool hold_made(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];

		if (!g->made)
			continue;
		g->hold = openat(AT_FDCWD, g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (g->hold >= 0 && flock(g->hold, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
			return false;
	}
	return true;
}

int cgroup_dirs_retire(struct cgroup_dirs *d, bool kill_them, struct err *e)
{
	int denied = 0, delay = 1;

	for (;;) {
		bool ours, kills;
		int rc = -EBUSY;

		let_go(d);
		ours = hold_made(d);
		d->heed = denied <= RETIRE_WAIT_MS;
		kills = kill_them && ours;
		if (ours || !d->heed)
			rc = cgroup_dirs_remove(d, true, kills, kills ? CGROUP_KILL_WAIT_MS : 0, e);
		let_go(d);
		if (rc != -EBUSY)
			return rc;
		/* it is not a stranger who holds what is in use */
		if (cgroup_dirs_wait(d))
			denied = 0;
		sleep_ms(delay);
		denied += delay;
		delay = delay < DELAY_MAX_MS ? delay * 2 : delay;
	}
}
