/* Mount points that are missing in a root: made, noted, taken away again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

static int note(const struct mnt_made *made, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int note(const struct mnt_made *made, const char *fmt, ...)
{
	char line[4096 + 64];
	va_list ap;

	if (!made)
		return 0;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	return fd_write(made->fd, line);
}

static int note_time(int dir, const char *path, const struct mnt_made *made)
{
	struct stat st;

	if (fstat(dir, &st) < 0)
		return -errno;
	return note(made, "t %lld %ld %s\n", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, path);
}

static int point_failed(int code, const char *path, struct err *e)
{
	int rc = err_set(e, code, path, "make the mount point");

	if (code == EROFS)
		err_hint(e, "the root file system is read-only and has no %s: make it there first", path);
	else if (code == EEXIST || code == ELOOP)
		err_hint(e, "a symbolic link that leads nowhere inside the root stands in the way");
	return rc;
}

/*
 * One level: `name` in the directory `parent`. The new directory is opened
 * without following anything, so that nobody can slip a link in between.
 */
static int make_one(int parent, const char *name, bool dir)
{
	int fd;

	if (dir) {
		if (mkdirat(parent, name, 0755) < 0)
			return -errno;
		fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return fd >= 0 ? fd : -errno;
	}
	fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	close(fd);
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

/* Note it, make it; whoever was first at the same moment has made it for us as well. */
static int note_and_make(int root, int at, const char *name, const char *parent, const char *path, bool dir, const struct mnt_made *made)
{
	int rc = note_time(at, parent, made);
	mode_t mask;

	if (rc == 0)
		rc = note(made, "%c %s\n", dir ? 'd' : 'f', path);
	if (rc < 0)
		return rc;
	mask = umask(0);
	rc = make_one(at, name, dir);
	umask(mask);
	if (rc != -EEXIST)
		return rc;
	note(made, "x %s\n", path);
	return mnt_lookup(root, path, dir ? O_DIRECTORY : 0);
}

/* Walk along `path`, one prefix after the other, making what is missing. */
static int make_path(int root, const char *path, bool dir, const struct mnt_made *made, struct err *e)
{
	auto_close int at = mnt_lookup(root, "/", O_DIRECTORY);
	const char *rest = path + strspn(path, "/");
	char prefix[4096] = "", part[256], parent[4096];
	int len;

	while (at >= 0 && (len = str_next(&rest, '/', part, sizeof part)) != -ENOENT) {
		bool last = !rest;
		int next;

		if (len < 0)
			return point_failed(-len, path, e);
		snprintf(parent, sizeof parent, "%s", prefix[0] ? prefix : "/");
		if ((size_t)snprintf(prefix + strlen(prefix), sizeof prefix - strlen(prefix), "/%s", part) >= sizeof prefix - strlen(prefix))
			return point_failed(ENAMETOOLONG, path, e);
		next = mnt_lookup(root, prefix, last ? 0 : O_DIRECTORY);
		if (next == -ENOENT)
			next = note_and_make(root, at, part, parent, prefix, dir || !last, made);
		if (next < 0)
			return point_failed(next == -ENOENT ? EEXIST : -next, path, e);
		close(at);
		at = next;
	}
	return at < 0 ? point_failed(-at, path, e) : take_fd(&at);
}

int mnt_point(int root, const char *path, bool dir, enum mnt_links links, const struct mnt_made *made, struct err *e)
{
	uint64_t resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (links == MNT_LINKS_REFUSED ? RESOLVE_NO_SYMLINKS : 0);
	auto_close int fd = sys_openat2(root, path, O_PATH | (links == MNT_LINK_COVERED ? O_NOFOLLOW : 0), resolve);
	struct stat st;

	if (fd < 0 && errno == ELOOP && links == MNT_LINKS_REFUSED)
		return err_set(e, ELOOP, path, "must be no symbolic link in the root file system");
	if (fd < 0 && errno != ENOENT)
		return err_sys(e, path, "mount point");
	if (fd < 0)
		return make_path(root, path, dir, made, e);
	if (fstat(fd, &st) < 0)
		return err_sys(e, path, "mount point");
	if (S_ISDIR(st.st_mode) != dir)
		return err_set(e, dir ? ENOTDIR : EISDIR, path, "mount point");
	return take_fd(&fd);
}

/* The directory that holds `path`, and the name in it. */
static int open_parent(int root, const char *path, const char **name)
{
	char parent[4096];
	const char *slash = strrchr(path, '/');

	*name = slash ? slash + 1 : path;
	if (slash && slash > path)
		snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
	else
		snprintf(parent, sizeof parent, "/");
	return mnt_lookup(root, parent, O_DIRECTORY);
}

/* "SEC NSEC PATH": the path, or NULL. */
static const char *read_time(const char *text, struct timespec *t)
{
	char word[32];
	long long sec, nsec;

	if (str_next(&text, ' ', word, sizeof word) < 0 || str_num(word, LLONG_MIN, LLONG_MAX, &sec) < 0 ||
	    str_next(&text, ' ', word, sizeof word) < 0 || str_num(word, 0, 999999999, &nsec) < 0)
		return NULL;
	*t = (struct timespec){ .tv_sec = sec, .tv_nsec = (long)nsec };
	return text;
}

static void unmake_one(int root, const char *line)
{
	auto_close int at = -1;
	const char *name, *path = line + 2;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat st;

	switch (*line) {
	case 'd':
		at = open_parent(root, path, &name);
		if (at >= 0)
			unlinkat(at, name, AT_REMOVEDIR);
		return;
	case 'f':
		/* ours was empty; what has something in it is no longer ours */
		at = open_parent(root, path, &name);
		if (at >= 0 && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
			unlinkat(at, name, 0);
		return;
	case 't':
		path = read_time(path, &times[1]);
		if (!path)
			return;
		/* an fd with O_PATH cannot be given to futimens(3) */
		at = sys_openat2(root, path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		if (at >= 0)
			futimens(at, times);
		return;
	}
}

void mnt_unmake(int root, const char *text)
{
	char line[4096 + 64], not_ours[4096 + 64] = "";
	size_t end = strlen(text);

	while (end) {
		size_t start = end - 1;

		while (start && text[start - 1] != '\n')
			start--;
		if (end - start < sizeof line) {
			memcpy(line, text + start, end - start);
			line[end - start] = '\0';
			line[strcspn(line, "\n")] = '\0';
			if (*line == 'x')
				snprintf(not_ours, sizeof not_ours, "%s", line + 2);
			else if (*line == 't' || strcmp(line + 2, not_ours))
				unmake_one(root, line);
			else
				not_ours[0] = '\0';
		}
		end = start;
	}
}
