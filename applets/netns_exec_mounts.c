/* netns exec: /sys and /etc of a network namespace. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/ns.h"
#include "core/str.h"
#include "core/sys.h"

/* The command is run all the same, and its user has to know. */
static void warn(struct err *e, const char *what)
{
	applet_warn(e, what);
	err_clear(e);
}

/* ---- /sys ---- */

/* What is mounted below /sys, each with all below it. */
struct below {
	char *text;             /* owned: mountinfo, which the paths point into */
	struct strs paths;
	int *trees;             /* owned, each too: copies, in the order of the paths */
};

static bool is_below(const char *path, const char *dir)
{
	const char *rest = str_after(path, dir);

	return rest && *rest == '/';
}

/* The target of the next line of a mountinfo, its fifth field; its last one where it has fewer. NULL at the end. */
static char *next_target(char **text)
{
	char *line = strsep(text, "\n"), *target = line;

	for (int i = 0; i < 5 && line; i++)
		target = strsep(&line, " ");
	if (target)
		str_unescape(target);
	return target;
}

int netns_below_sys(char *text, struct strs *paths)
{
	struct strs all = { 0 };
	char *target;
	int rc = 0;

	while (rc == 0 && (target = next_target(&text)))
		if (is_below(target, "/sys") && !strs_has(&all, target))
			rc = strs_add(&all, target);
	for (size_t i = 0; i < all.n && rc == 0; i++) {
		size_t j = 0;

		while (j < all.n && !is_below(all.v[i], all.v[j]))
			j++;
		if (j == all.n)
			rc = strs_add(paths, all.v[i]);
	}
	strs_release(&all);
	return rc;
}

static int copy_below(struct below *b, struct err *e)
{
	int rc;

	b->text = fd_slurp(AT_FDCWD, "/proc/self/mountinfo", 1 << 26);
	if (!b->text)
		return err_sys(e, "/proc/self/mountinfo", "find what is mounted below /sys");
	rc = netns_below_sys(b->text, &b->paths);
	b->trees = rc < 0 ? NULL : calloc(b->paths.n + 1, sizeof *b->trees);
	if (!b->trees)
		return err_set(e, ENOMEM, "/sys", NULL);
	for (size_t i = 0; i < b->paths.n; i++) {
		b->trees[i] = mnt_clone(AT_FDCWD, b->paths.v[i], 0, 0, e);
		if (b->trees[i] < 0)
			warn(e, ": the command will not see it");
	}
	return 0;
}

static void put_back(struct below *b, int root, struct err *e)
{
	for (size_t i = 0; i < b->paths.n; i++)
		if (b->trees[i] >= 0 && mnt_attach_at(b->trees[i], root, b->paths.v[i], e) < 0)
			warn(e, ": the command will not see it");
}

static void release_below(struct below *b)
{
	for (size_t i = 0; b->trees && i < b->paths.n; i++)
		fd_close(&b->trees[i]);
	free(b->trees);
	strs_release(&b->paths);
	free(b->text);
}

/* The new one is made while the old one is still there: in a user namespace it is what gives the right to. */
static int replace_sys(struct below *b, int root, struct err *e)
{
	struct statvfs fs;
	unsigned ro = statvfs("/sys", &fs) == 0 && fs.f_flag & ST_RDONLY ? MOUNT_ATTR_RDONLY : 0;
	auto_close int new = mnt_new("sysfs", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | ro, e);
	int rc = new < 0 ? new : copy_below(b, e);

	if (rc < 0)
		return rc;
	umount2("/sys", MNT_DETACH);
	rc = mnt_attach_at(new, root, "/sys", e);
	if (rc == 0)
		put_back(b, root, e);
	return rc;
}

static void mount_sys(int root, struct err *e)
{
	struct below b = { 0 };

	if (access("/sys", F_OK) == 0 && replace_sys(&b, root, e) < 0)
		warn(e, ": /sys stays that of another network namespace");
	release_below(&b);
}

/* ---- /etc ---- */

/*
 * A link gets the mount itself: its end may be missing, is other programs', too, and is
 * often a file that is replaced, which a mount on it would not outlive. Only a
 * directory cannot lie on a link.
 */
static int bind_one(int from, const char *name, int root, struct err *e)
{
	auto_close int tree = mnt_clone(from, name, 0, 0, e), to = -1;
	char path[sizeof "/etc/" + NAME_MAX];
	int rc;

	if (tree < 0)
		return tree;
	str_join(path, sizeof path, "/etc/", name);
	rc = mnt_attach_at(tree, root, path, e);
	if (rc == -EINVAL || rc == -ENOTDIR) {
		to = fd_open(AT_FDCWD, path, O_PATH, e);
		rc = to < 0 ? to : mnt_attach(tree, to, path, e);
	}
	if (rc == -ENOENT)
		err_hint(e, "something has to be there that it can cover: an empty file or directory does");
	return rc;
}

static void bind_etc(const char *name, int root, struct err *e)
{
	char path[sizeof "/etc/netns/" + NAME_MAX];
	DIR *folder;

	str_join(path, sizeof path, "/etc/netns/", name);
	folder = opendir(path);
	if (!folder && errno != ENOENT) {
		err_sys(e, path, NULL);
		warn(e, ": left out");
	}
	for (struct dirent *d; folder && (d = readdir(folder));)
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") && bind_one(dirfd(folder), d->d_name, root, e) < 0)
			warn(e, ": the command sees what is in /etc");
	if (folder)
		closedir(folder);
}

int netns_exec_mounts(bool sys, const char *name, struct err *e)
{
	auto_close int root = -1;
	int rc = ns_unshare(CLONE_NEWNS, e);

	/* what is mounted from here on is for the command alone, and what is mounted outside is for it, too */
	if (rc == 0 && (rc = ns_propagation("slave", e)) < 0)
		/* that of unshare's option */
		e->hint[0] = '\0';
	if (rc == 0)
		rc = root = fd_open_dir(AT_FDCWD, "/", e);
	if (rc < 0)
		return rc;
	if (sys)
		mount_sys(root, e);
	if (name)
		bind_etc(name, root, e);
	return 0;
}
