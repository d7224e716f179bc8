/* pivot: what a container is not to see or change although its file systems show it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

/* docker's lists; what does not exist on a kernel is passed over */
static const char *const masked[] = {
	"/proc/acpi",   "/proc/asound", "/proc/interrupts", "/proc/kcore",
	"/proc/keys",   "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
	"/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
};
static const char *const kept_read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };

struct masks {
	int root; /* borrowed */
	int null; /* borrowed: a /dev/null, or -1 as long as it has not been looked for */
	bool detached; /* the null is attached nowhere yet: it can be moved, but before Linux 6.15 not copied */
	int own;  /* owned: the root's own /dev/null */
	int dir;  /* owned: the first empty directory that was put somewhere; the others are copies of it */
};

/* One superblock for all directories: a copy costs a mount, a tmpfs each a good deal more. */
static int empty_dir(struct masks *m, struct err *e)
{
	unsigned attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV;

	/* a detached mount can be copied only since Linux 6.15, an attached one always */
	if (m->dir >= 0)
		return mnt_clone(m->dir, "", 0, 0, e);
	return mnt_new("tmpfs", "mode=755,size=4k,nr_inodes=1", attrs, e);
}

static int null_file(struct masks *m, struct err *e)
{
	uint64_t attrs = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

	if (m->null < 0) {
		m->own = dev_open_null(e);
		m->null = m->own;
	}
	if (m->detached) {
		m->detached = false;
		return fcntl(m->null, F_DUPFD_CLOEXEC, 3);
	}
	return m->null < 0 ? m->null : mnt_clone(m->null, "", attrs, 0, e);
}

static int mask_one(struct masks *m, const char *path, struct err *e)
{
	auto_close int at = mnt_lookup(m->root, path, 0);
	auto_close int cover = -1;
	struct stat st;
	int rc;

	if (at == -ENOENT || at == -ENOTDIR)
		return 0;
	if (at < 0 || fstat(at, &st) < 0)
		return err_set(e, at < 0 ? -at : errno, path, "mask");
	cover = S_ISDIR(st.st_mode) ? empty_dir(m, e) : null_file(m, e);
	if (cover < 0)
		return cover;
	rc = mnt_attach(cover, at, path, e);
	if (rc == 0 && S_ISDIR(st.st_mode) && m->dir < 0)
		m->dir = take_fd(&cover);
	return rc;
}

/* Each processor has a folder of thermal counts: CVE-2018-10892's kind of leak, as docker sees it. */
static int mask_cpus(struct masks *m, struct err *e)
{
	int rc = 0;

	for (int cpu = 0; rc == 0; cpu++) {
		char path[80];
		auto_close int at = -1;

		snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d", cpu);
		at = mnt_lookup(m->root, path, O_DIRECTORY);
		if (at < 0)
			return 0;
		snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/thermal_throttle", cpu);
		rc = mask_one(m, path, e);
	}
	return rc;
}

static int mask_default(struct masks *m, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof masked / sizeof *masked && rc == 0; i++)
		rc = mask_one(m, masked[i], e);
	return rc < 0 ? rc : mask_cpus(m, e);
}

int pivot_mask(const struct pivot_args *a, int root, int null, struct err *e)
{
	struct masks m = { .root = root, .null = null, .detached = null >= 0, .own = -1, .dir = -1 };
	int rc = 0;

	for (size_t i = 0; i < a->mask.n && rc == 0; i++)
		rc = strcmp(a->mask.v[i], "default") ? mask_one(&m, a->mask.v[i], e) : mask_default(&m, e);
	fd_close(&m.dir);
	fd_close(&m.own);
	return rc;
}

int pivot_read_only_paths(const struct pivot_args *a, int root, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < a->ro_path.n && rc == 0; i++) {
		if (strcmp(a->ro_path.v[i], "default")) {
			rc = mnt_read_only(root, a->ro_path.v[i], e);
			continue;
		}
		for (size_t k = 0; k < sizeof kept_read_only / sizeof *kept_read_only && rc == 0; k++)
			rc = mnt_read_only(root, kept_read_only[k], e);
	}
	return rc;
}

/* The keys that belong to a namespace, as docker allows them: any other would change the host. */
int pivot_sysctl_check(const char *text, struct err *e)
{
	static const char *const prefixes[] = { "net.", "kernel.msg", "kernel.shm", "kernel.sem=", "fs.mqueue." };
	char key[128];
	size_t len = strcspn(text, "=");

	if (!text[len] || !len || len >= sizeof key)
		return err_bad(e, text, "a kernel parameter is KEY=VALUE");
	snprintf(key, sizeof key, "%.*s", (int)len + 1, text);
	/* both spellings of sysctl(8) */
	for (char *s = key; *s; s++)
		if (*s == '/')
			*s = '.';
	if (strstr(key, ".."))
		return err_bad(e, text, "a kernel parameter is KEY=VALUE");
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (str_after(key, prefixes[i]))
			return 0;
	return err_bad(e, text, "is not a parameter of a namespace: it would change the host");
}

int pivot_sysctl_set(const char *text, int proc, struct err *e)
{
	char path[160];
	auto_close int fd = -1;
	size_t len = strcspn(text, "=");
	int rc;

	snprintf(path, sizeof path, "sys/%.*s", (int)len, text);
	/* the first separator says which spelling it is; in the one with slashes a dot is a dot: sysctl(8) */
	if (path[strcspn(path + 4, "./") + 4] == '.')
		for (char *s = path + 4; (s += strcspn(s, "./"), *s); s++)
			*s = *s == '.' ? '/' : '.';
	fd = sys_openat2(proc, path, O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return err_sys(e, text, "open the kernel parameter");
	rc = fd_write(fd, text + len + 1);
	return rc < 0 ? err_set(e, -rc, text, "set the kernel parameter") : 0;
}
