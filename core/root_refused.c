/* Why pivot_root(2) was refused: it has two errnos for a dozen rules. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "core/fd.h"
#include "core/root_priv.h"
#include "core/str.h"
#include "core/sys.h"

bool root_find_mount(char *text, uint64_t id, struct root_mount *m)
{
	char *line, *rest = text;

	while (rest && (line = strsep(&rest, "\n"))) {
		char *end, *fields = strstr(line, " - ");

		m->id = strtoull(line, &end, 10);
		m->parent = strtoull(end, NULL, 10);
		if (m->id != id || end == line)
			continue;
		/* the optional fields end at the " - " */
		if (fields)
			*fields = '\0';
		m->shared = strstr(line, " shared:") != NULL;
		return true;
	}
	return false;
}

static bool find_by(int proc, uint64_t id, struct root_mount *m)
{
	char *text = fd_slurp(proc, "self/mountinfo", 1 << 24);
	bool found = text && root_find_mount(text, id, m);

	free(text);
	return found;
}

static bool find(uint64_t id, struct root_mount *m)
{
	auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return find_by(proc, id, m);
}

bool root_has_no_parent(int proc)
{
	struct root_mount m;
	uint64_t id;

	return sys_mount_id(AT_FDCWD, "/", 0, &id) == 0 && find_by(proc, id, &m) && m.id == m.parent;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && errno == ENOENT;
}

/* Is the directory a mount point? Where it is a link, what that leads to counts. */
static bool is_mount_root(const char *path)
{
	char *inside = str_joined(path, "/.");
	bool is = inside && sys_is_mount_root(AT_FDCWD, inside);

	free(inside);
	return is;
}

/* On which mount does it lie? */
static bool mount_of(const char *path, struct root_mount *m)
{
	uint64_t id;

	return sys_mount_id(AT_FDCWD, path, 0, &id) == 0 && find(id, m);
}

static bool same_mount(const char *a, const char *b)
{
	uint64_t one, other;

	return sys_mount_id(AT_FDCWD, a, 0, &one) == 0 && sys_mount_id(AT_FDCWD, b, 0, &other) == 0 && one == other;
}

/* The kernel allows it to whoever is privileged over the namespace's owner, which an ordinary user's own user namespace is only where it made that one, too. */
static void hint_owner(struct err *e)
{
	auto_close int mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	auto_close int owner = mnt < 0 ? -1 : ioctl(mnt, NS_GET_USERNS);

	if (mnt >= 0 && own >= 0 && !fd_same(owner, own))
		err_hint(e, "the mount namespace belongs to another user namespace than this process's: make one of its own (unshare --mount)");
	err_hint(e, "this needs CAP_SYS_ADMIN over the mount namespace: unshare --mount, with --map-root-user for an ordinary user");
}

static void hint_current(const char *new_root, struct err *e)
{
	struct stat a, b;

	if (stat(new_root, &a) == 0 && stat("/", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino && same_mount(new_root, "/"))
		err_hint(e, "%s is the current root", new_root);
}

static void hint_busy(const char *new_root, const char *put_old, struct err *e)
{
	hint_current(new_root, e);
	if (same_mount(new_root, "/"))
		err_hint(e, "%s lies on the current root's own mount: bind it on itself first, or use nestbox pivot", new_root);
	err_hint(e, "%s lies on the current root's own mount: the old root's place has to be below the new one", put_old);
}

/* A change of the tree here would be one of all its peers'. */
static void hint_shared(const char *new_root, const char *put_old, struct err *e)
{
	static const char then[] = "mount --make-rprivate / first, or use nestbox pivot";
	struct root_mount m, parent;

	if (mount_of(put_old, &m) && m.shared)
		err_hint(e, "the mount that %s lies on is shared: %s", put_old, then);
	if (mount_of(new_root, &m) && find(m.parent, &parent) && parent.shared)
		err_hint(e, "the mount that %s is mounted on is shared: %s", new_root, then);
	if (mount_of("/", &m) && find(m.parent, &parent) && parent.shared)
		err_hint(e, "the mount that the current root is mounted on is shared: %s", then);
}

/*
 * Mounts that came along into the namespace of a user namespace stay where they
 * are: mount_namespaces(7). Nothing shows which they are; but a mount that is to be
 * moved onto itself is refused for that first, and then as a loop.
 */
static bool is_locked(const char *path)
{
	return mount(path, path, NULL, MS_MOVE, NULL) < 0 && errno == EINVAL;
}

/* Is `path` below the directory `top`? Both are there. */
static bool is_below(const char *path, const char *top)
{
	char *a = realpath(path, NULL), *b = realpath(top, NULL);
	const char *rest = a && b ? str_after(a, b) : NULL;
	bool below = rest && (!*rest || *rest == '/' || !strcmp(b, "/"));

	free(a);
	free(b);
	return below;
}

static void hint_invalid(const char *new_root, const char *put_old, struct err *e)
{
	auto_close int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	hint_shared(new_root, put_old, e);
	hint_current(new_root, e);
	if (!is_mount_root("/"))
		err_hint(e, "the current root is no mount point (a chroot): nestbox pivot can do it");
	if (root_has_no_parent(proc))
		err_hint(e, "the current root is an initramfs, which has no parent to pivot in, before Linux 7.0: nestbox pivot and switch_root can do it");
	if (!is_mount_root(new_root))
		err_hint(e, "%s is no mount point: bind it on itself first, or use nestbox pivot", new_root);
	if (!is_below(put_old, new_root))
		err_hint(e, "%s is not below %s, where the old root has to have its place", put_old, new_root);
	if (is_locked(new_root))
		err_hint(e, "%s was mounted outside of this user namespace, and cannot be moved in it: bind it on itself here, or use nestbox pivot", new_root);
	err_hint(e, "what the current root is mounted on may be shared, which does not show from here: nestbox pivot does not mind");
}

void root_hint(const char *new_root, const char *put_old, int code, struct err *e)
{
	if (code == EPERM)
		hint_owner(e);
	else if (code == EBUSY)
		hint_busy(new_root, put_old, e);
	else if (code == EINVAL)
		hint_invalid(new_root, put_old, e);
	else if (code == ENOTDIR)
		err_hint(e, "%s is no directory", is_directory(new_root) ? put_old : new_root);
	else if (code == ENOENT)
		err_hint(e, "%s is missing", is_missing(new_root) ? new_root : put_old);
}
