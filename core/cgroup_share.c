#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/*
 * One call of cgexec makes a group, another finds it there, and the first one's
 * watcher takes it away before the second is in it; or the first one's is above
 * the second's, or is a parent that both think they have made. So whoever uses a
 * group has a shared lock on its directory, flock(2), and whoever takes one away
 * an exclusive one. But everybody may open the directory, and so
 * no lock of a stranger's keeps anybody for ever.
 */
#define SHARE_WAIT_MS 20000 /* who removes a group holds it for no longer, also where a hundred others want the processor */
#define RETIRE_WAIT_MS 5000

#define DELAY_MAX_MS 256

static void sleep_ms(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

bool cgroup_is_at(int fd, int dir, const char *path)
{
	struct stat st, there;

	return fstat(fd, &st) == 0 && fstatat(dir, path, &there, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == there.st_ino && st.st_dev == there.st_dev;
}

int cgroup_share(struct cgroup_dir *g)
{
	auto_close int fd = openat(AT_FDCWD, g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ENODEV : 0;
	for (int ms = 0; flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK && ms < SHARE_WAIT_MS; ms++)
		sleep_ms(1);
	/* one that was removed stays open, and another may be at its path by now */
	if (!cgroup_is_at(fd, AT_FDCWD, g->path))
		return -ENODEV;
	fd_close(&g->hold);
	g->hold = take_fd(&fd);
	return 0;
}

static void let_go(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		fd_close(&d->v[i].hold);
}

/* Is nobody else about to use the groups that this call made, or is the last one to use? */
static bool hold_made(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];

		if (!g->made && !g->going)
			continue;
		g->hold = openat(AT_FDCWD, g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (g->hold >= 0 && flock(g->hold, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
			return false;
		if (g->hold >= 0 && !cgroup_is_at(g->hold, AT_FDCWD, g->path))
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
