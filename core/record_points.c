/* Mount points made in root file systems, which several containers may share. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/record.h"
#include "core/record_priv.h"

/* A root file system is known by its directory, whatever its path is by now. */
static int points_name(int root, char name[64])
{
	struct stat st;

	if (fstat(root, &st) < 0)
		return -errno;
	snprintf(name, 64, "%llx-%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return 0;
}

bool record_points_used(int root)
{
	auto_close int dir = record_dir_there("points");
	char name[64];

	return dir >= 0 && points_name(root, name) == 0 && faccessat(dir, name, F_OK, 0) == 0;
}

int record_points_hold(struct record_points *p, int root, const char *path, struct err *e)
{
	auto_close int dir = record_dir("points", e);
	char real[4096], line[4096 + 8];
	struct stat st;
	int rc;

	if (dir < 0)
		return dir;
	/* whoever cleans up does so from elsewhere */
	if (!realpath(path, real))
		return err_sys(e, path, NULL);
	if (strchr(real, '\n'))
		return err_bad(e, real, "no line break can be in the path of a root file system");
	rc = points_name(root, p->name);
	if (rc < 0)
		return err_set(e, -rc, path, NULL);
	p->lock = record_lock(dir, p->name, 1, LOCK_SH);
	if (p->lock < 0)
		return err_set(e, -p->lock, path, "lock the list of its mount points");
	if (fstat(p->lock, &st) < 0)
		return err_sys(e, path, "look at the list of its mount points");
	p->begin = st.st_size;
	if (st.st_size > 0)
		return 0;
	snprintf(line, sizeof line, "r %s\n", real);
	rc = fd_write(p->lock, line);
	return rc < 0 ? err_set(e, -rc, path, "note the root file system") : 0;
}

/*
 * Only where nobody else holds a share: whoever came meanwhile counts on the list.
 * Then what was made goes with the last of them, as if --rm had been said.
 */
void record_points_forget(struct record_points *p)
{
	auto_close int dir = -1;
	struct err unused = { 0 };

	/* alone, nothing else is in the list, and it goes as a whole */
	if (flock(p->lock, LOCK_EX | LOCK_NB) == 0) {
		dir = record_dir("points", &unused);
		if (dir >= 0 && p->begin == 0)
			unlinkat(dir, p->name, 0);
		else if (ftruncate(p->lock, p->begin) < 0)
			return;
	}
}

/* The first line names the root; a root file system that is another by now is left alone. */
static void unmake_listed(const char *name, char *text, void (*unmake)(int root, const char *text))
{
	char *rest = strchr(text, '\n');
	auto_close int root = -1;
	char is[64];

	if (strncmp(text, "r ", 2) || !rest)
		return;
	*rest = '\0';
	root = openat(AT_FDCWD, text + 2, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0 && points_name(root, is) == 0 && !strcmp(is, name))
		unmake(root, rest + 1);
}

void record_points_drop(int dir, const char *name, int lock, void (*unmake)(int root, const char *text))
{
	auto_close int own = lock;
	char *text;

	if (own < 0)
		own = record_lock(dir, name, 0, LOCK_EX | LOCK_NB);
	else if (flock(own, LOCK_EX | LOCK_NB) < 0)
		return;
	if (own < 0)
		return;
	text = fd_slurp(dir, name, 1 << 20);
	if (text)
		unmake_listed(name, text, unmake);
	free(text);
	unlinkat(dir, name, 0);
}

void record_points_release(struct record_points *p, void (*unmake)(int root, const char *text))
{
	struct err e = { 0 };
	auto_close int dir = -1;

	if (p->lock < 0)
		return;
	dir = record_dir("points", &e);
	if (dir >= 0)
		record_points_drop(dir, p->name, take_fd(&p->lock), unmake);
	fd_close(&p->lock);
}
