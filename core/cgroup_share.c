#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"
#include "core/str.h"

/*
 * One call of cgexec makes a group, another finds it there, and the first one's
 * watcher takes it away before the second is in it; or the first one's is above
 * the second's, or is a parent that both think they have made. So whoever uses a
 * group has a shared lock on its directory, flock(2), and whoever takes one away
 * an exclusive one. But everybody may open the directory, and so
 * no lock of a stranger's keeps anybody for ever.
 */
#define SHARE_WAIT_MS 5000
#define RETIRE_WAIT_MS 5000

#define DELAY_MAX_MS 256

/* Who takes a lock between two looks at it is seen by the next. */
#define LOOKS 3

void cgroup_sleep(int ms)
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
		return errno == ENOENT || errno == ENODEV ? -ENODEV : 0;
	for (int ms = 0; flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK && ms < SHARE_WAIT_MS; ms++)
		cgroup_sleep(1);
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

bool cgroup_hold_alone(struct cgroup_dirs *d, int fd, int dir, const char *path)
{
	if ((flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && cgroup_is_at(fd, dir, path))
		return true;
	if (d->busy) {
		fd_close(d->busy);
		*d->busy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return false;
}

/* The processes that have had the lock of a directory whenever it was looked at. */
struct holders {
	dev_t dev;
	ino_t ino;
	char pids[64][16];
	size_t n;
};

/* One line of /proc/locks, "1: FLOCK ADVISORY READ PID MAJOR:MINOR:INODE 0 EOF"; a waiter's has "->" in it. proc_locks(5) */
static void take_line(const char *line, const char *file, struct holders *now)
{
	char words[6][64];

	for (int i = 0; i < 6; i++) {
		line += strspn(line, " ");
		if (str_next(&line, ' ', words[i], sizeof words[i]) <= 0)
			return;
	}
	if (!strcmp(words[1], "FLOCK") && !strcmp(words[5], file) && now->n < 64)
		str_copyn(now->pids[now->n++], 16, words[4], strlen(words[4]));
}

static void read_holders(const struct stat *dir, struct holders *now)
{
	char file[64], *text = fd_slurp(AT_FDCWD, "/proc/locks", 1 << 24), *rest = text;

	*now = (struct holders){ .dev = dir->st_dev, .ino = dir->st_ino };
	snprintf(file, sizeof file, "%02x:%02x:%llu", major(now->dev), minor(now->dev), (unsigned long long)now->ino);
	for (char *line; (line = strsep(&rest, "\n"));)
		take_line(line, file, now);
	free(text);
}

static bool holds(const struct holders *h, const char *pid)
{
	for (size_t i = 0; i < h->n; i++)
		if (!strcmp(h->pids[i], pid))
			return true;
	return false;
}

/*
 * Has the same process had the lock of `busy`, which stood in the way, since
 * *seen began? Calls like this one come and go, however many there are, and a
 * stranger stays. Whom nobody can see, without /proc or from another pid
 * namespace, is one.
 */
static bool is_stranger(int busy, struct holders *seen)
{
	struct holders now = { .n = 0 };
	struct stat st;
	size_t kept = 0;

	if (fstat(busy, &st) < 0)
		return true;
	for (int i = 0; i < LOOKS && !now.n; i++) {
		if (flock(busy, LOCK_EX | LOCK_NB) == 0)
			return false;
		read_holders(&st, &now);
	}
	if (!now.n)
		return true;
	if (seen->dev == now.dev && seen->ino == now.ino)
		for (size_t i = 0; i < seen->n; i++)
			if (holds(&now, seen->pids[i]))
				memmove(seen->pids[kept++], seen->pids[i], sizeof *seen->pids);
	seen->n = kept;
	if (kept)
		return true;
	*seen = now;
	return false;
}

/* Is nobody else about to use the groups that this call made, or is the last one to use? */
static bool hold_made(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct cgroup_dir *g = &d->v[i];

		if (!g->made && !g->going)
			continue;
		g->hold = openat(AT_FDCWD, g->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* one that comes to be there from now on is another call's */
		if (g->hold < 0 && (errno == ENOENT || errno == ENODEV))
			g->made = g->going = false;
		if (g->hold >= 0 && !cgroup_hold_alone(d, g->hold, AT_FDCWD, g->path))
			return false;
	}
	return true;
}

int cgroup_dirs_retire(struct cgroup_dirs *d, bool kill_them, struct err *e)
{
	struct holders seen = { 0 };
	int denied = 0, delay = 1;

	for (;;) {
		auto_close int busy = -1;
		bool ours, kills;
		int rc = -EBUSY;

		let_go(d);
		d->busy = &busy;
		ours = hold_made(d);
		d->heed = denied <= RETIRE_WAIT_MS;
		kills = kill_them && ours;
		if (ours || !d->heed)
			rc = cgroup_dirs_remove(d, true, kills, kills ? CGROUP_KILL_WAIT_MS : 0, e);
		let_go(d);
		d->busy = NULL;
		if (rc != -EBUSY)
			return rc;
		/* nor is it one who holds what is in use */
		if (cgroup_dirs_wait(d) || !is_stranger(busy, &seen))
			denied = 0;
		cgroup_sleep(delay);
		denied += delay;
		delay = delay < DELAY_MAX_MS ? delay * 2 : delay;
	}
}
