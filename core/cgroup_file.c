/* cgroup_file: the small files of a group, and why the kernel refuses what is written to them. */
#include "core/cgroup_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"

int cgroup_path(char *buf, size_t size, const char *dir, const char *file)
{
	return str_join(buf, size, dir, "/", file) < size ? 0 : -ENAMETOOLONG;
}

/* The first line. */
static ssize_t dir_get(const char *dir, const char *file, char *buf, size_t size)
{
	char path[4096];
	ssize_t len = cgroup_path(path, sizeof path, dir, file);

	return len < 0 ? len : fd_get_line(AT_FDCWD, path, buf, size);
}

ssize_t cgroup_get(const struct cgroup_dir *g, const char *file, char *buf, size_t size)
{
	return dir_get(g->path, file, buf, size);
}

bool cgroup_has(const struct cgroup_dir *g, const char *file)
{
	char path[4096];
	const char *dir = g->path;

	/* a group that is only thought of: v1's top has most of what others have, v2's has not */
	if (g->dry && g->made) {
		if (g->hier->v2)
			return true;
		dir = g->hier->mount;
	}
	return cgroup_path(path, sizeof path, dir, file) == 0 && access(path, F_OK) == 0;
}

bool cgroup_has_word(const char *list, const char *word)
{
	char name[128];

	while (str_next(&list, ' ', name, sizeof name) >= 0)
		if (!strcmp(name, word))
			return true;
	return false;
}

/* ---- why the kernel refused ---- */

/* Rules that hold for whatever was to be done there. */
void cgroup_hint(const struct cgroup_hier *h, int code, struct err *e)
{
	if (code == EROFS)
		err_hint(e, "%s is mounted read-only, as in most containers", h->mount);
	else if (code == ENODEV)
		err_hint(e, "the group has been removed meanwhile");
	else if (code == EAGAIN)
		err_hint(e, "cgroup.max.depth or cgroup.max.descendants of a group above does not allow one more");
	else if (code == EACCES || code == EPERM)
		err_hint(e, "only the owner of the directory may: a group that was delegated to you lies below @/ (your own group)");
}

static void hint_io(const char *file, int code, struct err *e)
{
	if (code == EOPNOTSUPP && strstr(file, "bfq."))
		err_hint(e, "the disk's scheduler is not bfq, which alone has weights: see /sys/block/*/queue/scheduler");
	else if (code == ENODEV && (str_after(file, "io.") || str_after(file, "blkio.")))
		err_hint(e, "no disk has these numbers: lsblk lists them");
}

/* A file that v2 has not: perhaps as the group above does not give the controller. */
static void hint_missing(const char *above, const char *file, struct err *e)
{
	char controller[64], text[256] = "";

	cgroup_file_controller(file, controller, sizeof controller);
	if (*controller && dir_get(above, "cgroup.subtree_control", text, sizeof text) >= 0 && !cgroup_has_word(text, controller))
		err_hint(e, "%s has \"%s\" in cgroup.subtree_control; --create adds what is missing", above, text);
}

/* What a value may be depends on the neighbours: name them. */
static void hint_value(const struct cgroup_dir *g, const char *file, int code, struct err *e)
{
	char path[4096], text[256];
	char *slash;

	str_join(path, sizeof path, g->path);
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	if (code == ENOENT && str_after(file, "memory.memsw."))
		err_hint(e, "this kernel does not count swap: CONFIG_SWAP, or swapaccount=1 on its command line");
	else if (code == ENOENT && g->hier->v2)
		hint_missing(path, file, e);
	else if (code == EINVAL && str_after(file, "memory.memsw.") && cgroup_get(g, "memory.limit_in_bytes", text, sizeof text) > 0)
		err_hint(e, "memory and swap together must not be below memory.limit_in_bytes, %s", text);
	else if (code == EINVAL && !strcmp(file, "memory.limit_in_bytes") && cgroup_get(g, "memory.memsw.limit_in_bytes", text, sizeof text) > 0)
		err_hint(e, "must not be above memory.memsw.limit_in_bytes, %s: --memory-swap raises it", text);
	else if (code == EBUSY && !strcmp(file, "memory.limit_in_bytes"))
		err_hint(e, "the group uses more, and not enough of it can be reclaimed");
	else if (code == EINVAL && str_after(file, "cpu.cfs_") && dir_get(path, "cpu.cfs_quota_us", text, sizeof text) > 0)
		err_hint(e, "v1 lets no group have a larger share of the CPUs than the one above it or a smaller one than those below it; cpu.cfs_quota_us above is %s", text);
	else if (code == EINVAL && str_after(file, "cpu.rt_") && dir_get(path, "cpu.rt_runtime_us", text, sizeof text) > 0)
		err_hint(e, "realtime processes get no more than the group above has, %s microseconds, and what is next to it leaves", text);
	else if (code == EINVAL && (!strcmp(file, "cpu.shares") || !strcmp(file, "cpu.weight")))
		err_hint(e, "a group with cpu.idle=1 has no weight");
	else if (str_after(file, "cpuset.") && dir_get(path, g->hier->v2 ? "cpuset.cpus.effective" : file, text, sizeof text) > 0)
		err_hint(e, "the group above has %s%s", text, code == EBUSY ? "; those below this one use what would go" : "");
	else if (code == EINVAL && str_after(file, "devices."))
		err_hint(e, "a rule is \"TYPE MAJOR:MINOR ACCESS\"; with groups below it, a group's \"a\" cannot be changed");
	hint_io(file, code, e);
	cgroup_hint(g->hier, code, e);
}

int cgroup_put(const struct cgroup_dir *g, const char *file, const char *value, struct err *e)
{
	char path[4096];
	int rc = cgroup_path(path, sizeof path, g->path, file);

	if (rc < 0)
		return err_set(e, -rc, g->path, NULL);
	if (g->dry) {
		strbuf_addf(g->dry, "%s <- %s\n", path, value);
		return 0;
	}
	/* a write of nothing does nothing: an empty line clears a list */
	rc = fd_put(AT_FDCWD, path, *value ? value : "\n", e);
	if (rc < 0)
		hint_value(g, file, -rc, e);
	return rc;
}
