#include "core/record.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/record_priv.h"
#include "core/str.h"
#include "core/sys.h"

int record_new_id(char id[RECORD_ID_LEN + 1], struct err *e)
{
	unsigned char raw[RECORD_ID_LEN / 2];

	if (sys_getrandom(raw, sizeof raw) < 0)
		return err_sys(e, "container ID", "random bytes");
	for (size_t i = 0; i < sizeof raw; i++)
		snprintf(id + 2 * i, 3, "%02x", raw[i]);
	return 0;
}

bool record_is_id(const char *name)
{
	return strlen(name) == RECORD_ID_LEN && !name[strspn(name, "0123456789abcdef")];
}

int record_name_check(const char *name, struct err *e)
{
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	if (!isalnum((unsigned char)*name) || name[strspn(name, rest)])
		return err_bad(e, name, "a name is letters, digits and _ . - and starts with a letter or a digit");
	return strlen(name) > 64 ? err_bad(e, name, "a name has at most 64 characters") : 0;
}

/*
 * The uid that the machine knows us by: two users who are both root, each in a
 * user namespace of his own, are not to meet in one folder. user_namespaces(7)
 */
static uid_t outer_uid(void)
{
	unsigned long inner, outer, count, uid = geteuid();
	char text[4096], *s = text;

	if (fd_get(AT_FDCWD, "/proc/self/uid_map", text, sizeof text) < 0)
		return (uid_t)uid;
	/* three numbers a line; no count is 0 but that of a line that is none */
	do {
		inner = strtoul(s, &s, 10);
		outer = strtoul(s, &s, 10);
		count = strtoul(s, &s, 10);
		if (uid >= inner && uid - inner < count)
			return (uid_t)(outer + (uid - inner));
	} while (count);
	return (uid_t)uid;
}

/*
 * Root of the machine, or of a namespace in which he is root, too: two namespaces deep,
 * the map tells of the one around this, but the owner of /run tells of the machine.
 */
static bool is_host_root(void)
{
	struct stat st;

	return geteuid() == 0 && outer_uid() == 0 && (stat("/run", &st) < 0 || st.st_uid == 0);
}

/* Where the state folder lies: the folder above it, which is there, and its own name. */
static void state_place(char above[4096], char own[32])
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	snprintf(own, 32, "nestbox");
	if (is_host_root()) {
		snprintf(above, 4096, "/run");
	} else if (xdg && *xdg == '/') {
		snprintf(above, 4096, "%s", xdg);
	} else {
		snprintf(above, 4096, "/tmp");
		snprintf(own, 32, "nestbox-%u", outer_uid());
	}
}

/* What somebody else has prepared for us is refused. */
static int open_own(int above, const char *own, const char *path, struct err *e)
{
	auto_close int fd = openat(above, own, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, path, "open the state folder");
	if (st.st_uid == geteuid() && !(st.st_mode & 077))
		return take_fd(&fd);
	err_set(e, EPERM, path, "the state folder is open to others, or somebody else's");
	err_hint(e, "look at what it is, and remove it");
	return -EPERM;
}

static int open_state(bool make, struct err *e)
{
	char above[4096], own[32], path[4096 + 32];
	auto_close int dir = -1;

	state_place(above, own);
	snprintf(path, sizeof path, "%s/%s", above, own);
	/* an initramfs may not have a /run yet */
	if (make && !strcmp(above, "/run") && mkdir(above, 0755) < 0 && errno != EEXIST)
		return err_sys(e, above, "make the folder for what runs");
	dir = fd_open_dir(AT_FDCWD, above, e);
	if (dir < 0)
		return dir;
	if (make && mkdirat(dir, own, 0700) < 0 && errno != EEXIST)
		return err_sys(e, path, "make the state folder");
	return open_own(dir, own, path, e);
}

int record_dir(const char *name, struct err *e)
{
	auto_close int state = open_state(true, e);
	int fd;

	if (state < 0 || !*name)
		return take_fd(&state);
	if (mkdirat(state, name, 0700) < 0 && errno != EEXIST)
		return err_sys(e, name, "make in the state folder");
	fd = openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : err_sys(e, name, "open in the state folder");
}

int record_dir_there(const char *name)
{
	struct err unused = { 0 };
	auto_close int state = open_state(false, &unused);

	if (state < 0 || !*name)
		return take_fd(&state);
	return openat(state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int record_lock(int dir, const char *name, int create, int how)
{
	for (;;) {
		auto_close int fd = openat(dir, name, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
		struct stat st, there;
		int rc;

		if (fd < 0)
			return -errno;
		do
			rc = flock(fd, how);
		while (rc < 0 && errno == EINTR);
		if (rc < 0 || fstat(fd, &st) < 0)
			return -errno;
		if (fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == there.st_ino)
			return take_fd(&fd);
		if (!create)
			return -ENOENT;
	}
}

/* 1 the container with that ID lives, 0 it does not. */
static int alive(int state, const char *id)
{
	char path[64];
	auto_close int fd = -1;

	snprintf(path, sizeof path, "%.40s/record", id);
	fd = record_lock(state, path, 0, LOCK_EX | LOCK_NB);
	return fd == -EWOULDBLOCK;
}

/*
 * The name is a link, and making it the test: whoever comes second gets EEXIST.
 * Whose container is dead has lost it; the lock is for those who find that out
 * at the same time.
 */
static int claim_name(int state, const char *id, const char *name, struct err *e)
{
	auto_close int names = record_dir("names", e);
	auto_close int lock = -1;
	char owner[64];
	ssize_t n;

	if (names < 0)
		return names;
	if (symlinkat(id, names, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, name, "claim the name");
	lock = record_lock(state, "lock", 1, LOCK_EX);
	if (lock < 0)
		return err_set(e, -lock, "lock", "state folder");
	n = readlinkat(names, name, owner, sizeof owner - 1);
	if (n > 0) {
		owner[n] = '\0';
		if (alive(state, owner))
			return err_set(e, EEXIST, name, "the name is in use by container %s", owner);
		unlinkat(names, name, 0);
	}
	return symlinkat(id, names, name) == 0 ? 0 : err_sys(e, name, "claim the name");
}

/*
 * The record is made and locked under a hidden name, and then renamed: whoever
 * sees it under its ID sees it locked.
 */
static int make_hidden(struct record *r, const char *id, const char *text, struct err *e)
{
	char hidden[64], path[80];
	int rc;

	snprintf(hidden, sizeof hidden, ".%.40s", id);
	snprintf(path, sizeof path, "%s/record", hidden);
	if (mkdirat(r->state, hidden, 0700) < 0)
		return err_sys(e, id, "make the container's record");
	r->lock = record_lock(r->state, path, 1, LOCK_EX);
	rc = r->lock < 0 ? r->lock : fd_write(r->lock, text);
	if (rc == 0 && renameat(r->state, hidden, r->state, id) < 0)
		rc = -errno;
	if (rc == 0)
		return 0;
	unlinkat(r->state, path, 0);
	unlinkat(r->state, hidden, AT_REMOVEDIR);
	return err_set(e, -rc, id, "make the container's record");
}

/* As long as that takes, the state folder itself is locked, shared: what is hidden without is nobody's. See collect_hidden. */
static int make_locked(struct record *r, const char *id, const char *text, struct err *e)
{
	int rc;

	while (flock(r->state, LOCK_SH) < 0 && errno == EINTR)
		;
	rc = make_hidden(r, id, text, e);
	flock(r->state, LOCK_UN);
	return rc;
}

int record_make(struct record *r, const char *id, const char *name, const char *text, struct err *e)
{
	int rc;

	*r = (struct record)RECORD_NONE;
	r->state = record_dir("", e);
	if (r->state < 0)
		return r->state;
	rc = make_locked(r, id, text, e);
	if (rc < 0)
		return rc;
	/* ours from here on, to be removed by record_remove */
	snprintf(r->id, sizeof r->id, "%s", id);
	rc = name ? claim_name(r->state, id, name, e) : 0;
	if (rc == 0 && name)
		snprintf(r->name, sizeof r->name, "%s", name);
	return rc;
}

int record_add(struct record *r, const char *line, struct err *e)
{
	int rc = fd_write(r->lock, line);

	return rc < 0 ? err_set(e, -rc, r->id, "write the container's record") : 0;
}

static void give_up_name(int state, const char *id, const char *name)
{
	char path[64 + 80], owner[64];
	ssize_t n;

	if (!*name)
		return;
	snprintf(path, sizeof path, "names/%s", name);
	n = readlinkat(state, path, owner, sizeof owner - 1);
	/* somebody who took us for dead may have it by now */
	if (n > 0 && (owner[n] = '\0', !strcmp(owner, id)))
		unlinkat(state, path, 0);
}

static void remove_record(int state, const char *id, const char *name)
{
	char path[64];

	give_up_name(state, id, name);
	snprintf(path, sizeof path, "%.40s/record", id);
	unlinkat(state, path, 0);
	unlinkat(state, id, AT_REMOVEDIR);
}

void record_remove(struct record *r)
{
	if (r->state >= 0 && r->id[0])
		remove_record(r->state, r->id, r->name);
	fd_close(&r->lock);
	fd_close(&r->state);
}

bool record_value(const char *text, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, key, len) || line[len] != ' ')
			continue;
		line += len + 1;
		len = strcspn(line, "\n");
		if (len >= size)
			return false;
		memcpy(buf, line, len);
		buf[len] = '\0';
		return true;
	}
	return false;
}

/* 1 removed, 0 kept. */
static int collect(int state, const char *id, int (*clean)(const char *id, const char *text))
{
	char path[64], text[8192], name[80] = "";
	auto_close int lock = -1;

	snprintf(path, sizeof path, "%.40s/record", id);
	lock = record_lock(state, path, 0, LOCK_EX | LOCK_NB);
	/* killed between the last two steps of remove_record, which is all that leaves an empty folder */
	if (lock == -ENOENT)
		unlinkat(state, id, AT_REMOVEDIR);
	if (lock < 0 || fd_get(state, path, text, sizeof text) < 0)
		return 0;
	/* the name is free from now on: who wants it is not to wait until all is cleared away */
	if (record_value(text, "name", name, sizeof name))
		give_up_name(state, id, name);
	if (clean(id, text) < 0)
		return 0;
	remove_record(state, id, "");
	return 1;
}

/* One that was killed before it had its ID. While others start, it is left to the next who looks. */
static void collect_hidden(int state, const char *hidden)
{
	char path[64];

	if (flock(state, LOCK_EX | LOCK_NB) < 0)
		return;
	snprintf(path, sizeof path, "%.40s/record", hidden);
	unlinkat(state, path, 0);
	unlinkat(state, hidden, AT_REMOVEDIR);
	flock(state, LOCK_UN);
}

int record_gc(int (*clean)(const char *id, const char *text), void (*unmake)(int root, const char *text), struct err *e)
{
	auto_close int state = record_dir("", e);
	auto_close int points = state < 0 ? -1 : record_dir("points", e);
	struct dirent *ent;
	int removed = 0;
	DIR *d;

	if (points < 0)
		return state < 0 ? state : points;
	d = fdopendir(fcntl(state, F_DUPFD_CLOEXEC, 0));
	while (d && (ent = readdir(d)))
		if (record_is_id(ent->d_name))
			removed += collect(state, ent->d_name, clean);
		else if (ent->d_name[0] == '.' && record_is_id(ent->d_name + 1))
			collect_hidden(state, ent->d_name);
	if (d)
		closedir(d);
	d = fdopendir(fcntl(points, F_DUPFD_CLOEXEC, 0));
	while (d && (ent = readdir(d)))
		if (ent->d_name[0] != '.')
			record_points_drop(points, ent->d_name, -1, unmake);
	if (d)
		closedir(d);
	return removed;
}
