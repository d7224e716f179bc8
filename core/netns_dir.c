/* netns_dir: the folder of names: making it, and names in it come and go. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/netns_priv.h"
#include "core/str.h"
#include "core/sys.h"

/* The folder itself, where NETNS_DIR is a link to it. */
#define DIR_ITSELF NETNS_DIR "/."

const char *netns_path(const char *name, char buf[NETNS_PATH])
{
	str_join(buf, NETNS_PATH, NETNS_DIR, "/", name);
	return buf;
}

/* ---- the folder ---- */

/*
 * One that shares mounts with the folders of other mount namespaces gets its own
 * circle before it gets its place: bound there first, it would be in that of the
 * mount below, where each name would be mounted a second time.
 */
static int mount_itself(struct err *e)
{
	auto_close int tree = sys_open_tree(AT_FDCWD, DIR_ITSELF, OPEN_TREE_CLONE | AT_RECURSIVE);
	int rc;

	if (tree >= 0 && sys_mount_setattr(tree, "", AT_EMPTY_PATH, 0, 0, MS_PRIVATE) == 0 &&
	    sys_mount_setattr(tree, "", AT_EMPTY_PATH, 0, 0, MS_SHARED) == 0 &&
	    sys_move_mount(tree, "", AT_FDCWD, DIR_ITSELF, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return 0;
	rc = err_sys(e, NETNS_DIR, "mount it on itself");
	if (rc == -EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace");
	return rc;
}

static void sleep_briefly(void)
{
	const struct timespec half_a_ms = { .tv_nsec = 500000 };

	nanosleep(&half_a_ms, NULL);
}

/*
 * The folder, with a lock, as ip(8) has it: who changes names holds LOCK_EX, who meets half of one waits
 * with LOCK_SH. Anybody who may read the folder can hold one, too, so that nobody
 * waits for more than two seconds. Owned fd, or -errno.
 */
static int lock_dir(int how, struct err *e)
{
	auto_close int dir = openat(AT_FDCWD, NETNS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	time_t start = time(NULL);

	if (dir < 0)
		return err_sys(e, NETNS_DIR, NULL);
	while (flock(dir, how | LOCK_NB) < 0 && time(NULL) - start <= 2)
		sleep_briefly();
	return take_fd(&dir);
}

int netns_make_dir(struct err *e)
{
	if ((mkdir("/run", 0755) < 0 && errno != EEXIST) || (mkdir(NETNS_DIR, 0755) < 0 && errno != EEXIST))
		return err_sys(e, NETNS_DIR, "make the directory");
	return 0;
}

/*
 * The folder, made, mounted and locked: an owned fd. Of several that come first at
 * the same time one mounts it; else each would bind all mounts of the one before.
 */
static int enter_dir(struct err *e)
{
	int rc = netns_make_dir(e);
	auto_close int dir = rc < 0 ? rc : lock_dir(LOCK_EX, e);

	if (dir < 0)
		return dir;
	/* it may have become private, as in a mount namespace that unshare(1) has made */
	if (sys_is_mount_root(AT_FDCWD, DIR_ITSELF))
		rc = sys_mount_setattr(AT_FDCWD, DIR_ITSELF, 0, 0, 0, MS_SHARED) < 0 ? err_sys(e, NETNS_DIR, "make it shared") : 0;
	else
		rc = mount_itself(e);
	return rc < 0 ? rc : take_fd(&dir);
}

/* ---- names ---- */

/* Could somebody be about to mount something on it, or has it just gone away? */
static bool is_young(const char *path)
{
	struct timespec now;
	struct stat st;
	long long age;

	if (lstat(path, &st) < 0)
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	age = (now.tv_sec - st.st_mtim.tv_sec) * 1000LL + (now.tv_nsec - st.st_mtim.tv_nsec) / 1000000;
	/* the kernel's time of a file is that of its last tick */
	return S_ISREG(st.st_mode) && age >= -100 && age < 1000;
}

int netns_open_patiently(const char *path)
{
	int fd = netns_open_file(path);
	struct err unused;

	if (fd == -ESTALE) {
		auto_close int dir = lock_dir(LOCK_SH, &unused);

		fd = netns_open_file(path);
	}
	/* ip(8) holds no lock, neither where it makes one nor in the moment when it takes one away */
	for (int i = 0; fd == -ESTALE && (i < 5 || is_young(path)); i++) {
		sleep_briefly();
		fd = netns_open_file(path);
	}
	return fd;
}

int netns_bind(const char *name, int ns, struct err *e)
{
	int rc = netns_name_check(name, e);
	auto_close int tree = rc < 0 ? rc : sys_open_tree(ns, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
	auto_close int dir = -1, file = -1;
	char path[NETNS_PATH];

	if (rc < 0)
		return rc;
	netns_path(name, path);
	if (tree < 0) {
		rc = err_sys(e, path, "mount the network namespace");
		if (rc == -EPERM)
			err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace");
		return rc;
	}
	dir = enter_dir(e);
	if (dir < 0)
		return dir;
	/* the namespace is there already: the file is without it for no longer than this takes */
	file = openat(dir, name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
	if (file < 0)
		return err_sys(e, path, "make the file");
	if (sys_move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return 0;
	rc = err_sys(e, path, "mount the network namespace");
	unlinkat(dir, name, 0);
	return rc;
}

/* Whose mounts they are that cannot be removed from here: of each mount namespace its lowest pid. */
static void hint_holders(const char *path, struct err *e)
{
	struct strbuf pids = { 0 }, seen = { 0 };
	char mark[64];
	struct stat st;
	DIR *dir = opendir("/proc");

	if (stat(path, &st) < 0)
		st.st_ino = 0;
	snprintf(mark, sizeof mark, " net:[%llu] ", (unsigned long long)st.st_ino);
	for (struct dirent *d; dir && (d = readdir(dir)) && pids.len < 80;) {
		char file[64], ns[64] = "";
		char *text = NULL;
		long long pid;

		if (str_num(d->d_name, 1, INT_MAX, &pid) < 0)
			continue;
		str_join(file, sizeof file, d->d_name, "/ns/mnt");
		if (readlinkat(dirfd(dir), file, ns, sizeof ns - 1) > 0 && !(seen.s && strstr(seen.s, ns))) {
			str_join(file, sizeof file, d->d_name, "/mountinfo");
			text = fd_slurp(dirfd(dir), file, 1 << 24);
			strbuf_addf(&seen, "%s ", ns);
		}
		if (text && strstr(text, mark))
			strbuf_addf(&pids, " %s", d->d_name);
		free(text);
	}
	if (dir)
		closedir(dir);
	if (pids.len)
		err_hint(e, "it is mounted in the mount namespaces of pids%s, and cannot be unmounted from here: a more privileged one has to", pids.s);
	strbuf_release(&pids);
	strbuf_release(&seen);
}

int netns_delete(const char *name, struct err *e)
{
	int rc = netns_name_check(name, e);
	char path[NETNS_PATH];
	auto_close int dir = -1;

	if (rc < 0)
		return rc;
	netns_path(name, path);
	dir = lock_dir(LOCK_EX, e);
	/* more than one may be mounted there, one on the other */
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (unlink(path) == 0)
		return 0;
	rc = err_sys(e, path, "remove the file");
	if (rc == -EBUSY)
		hint_holders(path, e);
	return rc;
}

/* ---- all of them ---- */

static int open_folder(DIR **folder, struct err *e)
{
	*folder = opendir(NETNS_DIR);
	return *folder || errno == ENOENT ? 0 : err_sys(e, NETNS_DIR, NULL);
}

/* The next name of a folder, NULL at the end. */
static const char *next_name(DIR *folder)
{
	struct dirent *d;

	while ((d = readdir(folder)) && (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")))
		;
	return d ? d->d_name : NULL;
}

int netns_each(netns_fn *each, void *data, struct err *e)
{
	DIR *folder;
	int rc = open_folder(&folder, e);

	if (!folder)
		return rc;
	for (const char *name; rc == 0 && (name = next_name(folder));) {
		char path[NETNS_PATH];
		auto_close int fd = netns_open_patiently(netns_path(name, path));

		/* it has been deleted meanwhile */
		if (fd != -ENOENT)
			rc = each(name, fd, data);
	}
	closedir(folder);
	return rc;
}

/* 1 removed, 0 not, for it is none or has become one, -errno. */
static int remove_stale(const char *name, const char *path, struct err *e)
{
	struct stat st;
	/* who makes a name now holds it */
	auto_close int dir = lock_dir(LOCK_EX, e);

	if (dir < 0)
		return dir;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) || st.st_size || is_young(path) ||
	    netns_open_file(path) != -ESTALE)
		return 0;
	if (unlinkat(dir, name, 0) == 0)
		return 1;
	/* something else is mounted on it */
	return errno == EBUSY ? 0 : err_sys(e, path, "remove the file");
}

int netns_gc(struct err *e)
{
	DIR *folder;
	int rc = open_folder(&folder, e), n = 0;

	for (const char *name; folder && rc >= 0 && (name = next_name(folder));) {
		char path[NETNS_PATH];
		auto_close int fd = netns_open_patiently(netns_path(name, path));

		rc = fd == -ESTALE ? remove_stale(name, path, e) : 0;
		n += rc > 0;
	}
	if (folder)
		closedir(folder);
	return rc < 0 ? rc : n;
}
