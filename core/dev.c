#include "core/dev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/sys.h"

static const struct {
	const char *name;
	unsigned major, minor;
} nodes_wanted[DEV_NODES] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },         { "stdin", "/proc/self/fd/0" }, { "stdout", "/proc/self/fd/1" },
	{ "stderr", "/proc/self/fd/2" },   { "core", "/proc/kcore" },      { "ptmx", "pts/ptmx" },
};

const char *dev_name(int i)
{
	return nodes_wanted[i].name;
}

/* A file for the host's node to be bound on; the host's is copied while it can still be seen. */
static int borrow_node(int dev, int i, int *node, struct err *e)
{
	const char *name = nodes_wanted[i].name;
	char path[32];
	auto_close int file = openat(dev, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);

	snprintf(path, sizeof path, "/dev/%s", name);
	if (file < 0)
		return err_sys(e, path, "make");
	*node = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);
	return *node < 0 ? err_sys(e, path, "copy the host's device") : 0;
}

static int make_node(int dev, int i, int *node, struct err *e)
{
	unsigned major = nodes_wanted[i].major, minor = nodes_wanted[i].minor;

	if (mknodat(dev, nodes_wanted[i].name, S_IFCHR | 0666, makedev(major, minor)) == 0)
		return 0;
	if (errno == EPERM)
		return borrow_node(dev, i, node, e);
	return err_sys(e, nodes_wanted[i].name, "make device");
}

int dev_fill(int dev, int nodes[DEV_NODES], struct err *e)
{
	static const char *const dirs[] = { "pts", "shm", "mqueue" };

	for (int i = 0; i < DEV_NODES; i++) {
		int rc = make_node(dev, i, &nodes[i], e);

		if (rc < 0)
			return rc;
	}
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0)
			return err_sys(e, links[i].name, "make link");
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (mkdirat(dev, dirs[i], 0755) < 0)
			return err_sys(e, dirs[i], "make directory");
	return 0;
}

static bool is_own(const char *name)
{
	static const char *const own[] = { ".", "..", "pts", "shm", "mqueue", "fd", "ptmx", "console", NULL };

	for (int i = 0; own[i]; i++)
		if (!strcmp(own[i], name))
			return true;
	return false;
}

static int no_node(const char *name, struct err *e)
{
	int rc = err_sys(e, name, "make device");

	if (rc == -EPERM)
		err_hint(e, "root in a user namespace makes no devices: leave the host's out");
	return rc;
}

/* Copies nodes and the folders that hold them; `from` is owned. */
static int copy_nodes(int from, int to, int depth, struct err *e)
{
	DIR *d = fdopendir(from);
	struct dirent *ent;
	int rc = 0;

	if (!d) {
		close(from);
		return err_sys(e, "/dev", "read");
	}
	while (rc == 0 && (ent = readdir(d))) {
		struct stat st;

		if (is_own(ent->d_name) || fstatat(dirfd(d), ent->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
			if (mknodat(to, ent->d_name, st.st_mode, st.st_rdev) < 0 && errno != EEXIST)
				rc = no_node(ent->d_name, e);
			else if (fchownat(to, ent->d_name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
				rc = err_sys(e, ent->d_name, "set the device's owner");
		} else if (S_ISDIR(st.st_mode) && depth < 8) {
			auto_close int sub = -1;
			int src = openat(dirfd(d), ent->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			if (src < 0)
				continue;
			mkdirat(to, ent->d_name, 0755);
			sub = openat(to, ent->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
			rc = copy_nodes(src, sub, depth + 1, e);
		}
	}
	closedir(d);
	return rc;
}

int dev_copy_host(int dev, struct err *e)
{
	int from = openat(AT_FDCWD, "/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return from < 0 ? err_sys(e, "/dev", "open") : copy_nodes(from, dev, 0, e);
}

int dev_open_null(struct err *e)
{
	auto_close int fd = fd_open(AT_FDCWD, "/dev/null", O_PATH | O_NOFOLLOW, e);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_bad(e, "/dev/null", "is not the null device");
	return take_fd(&fd);
}
