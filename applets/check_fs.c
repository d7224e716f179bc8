/* check: file systems, and what can be done with mounts. mount_namespaces(7), mount_setattr(2) */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "applets/check.h"
#include "core/fd.h"
#include "core/idmap.h"
#include "core/mnt.h"
#include "core/ns.h"
#include "core/str.h"
#include "core/sys.h"

#define ROOT_ONLY "only root outside of any user namespace mounts one (CAP_SYS_ADMIN)"

/* ---- procfs ---- */

/* The mount points below /proc hide parts of it, but for those where the kernel has nothing itself. */
static bool covers(const char *point)
{
	static const char *const harmless[] = { "sys/fs/binfmt_misc", "fs/nfsd", "xen", "openprom", "sys/fs/xfs" };
	const char *name = str_after(point, "/proc/");

	for (size_t i = 0; name && i < sizeof harmless / sizeof *harmless; i++)
		if (!strcmp(name, harmless[i]))
			return false;
	return name;
}

/* What is mounted below /proc, and with which options /proc itself is: into *covered and `options`. */
static void look_at_proc(struct strbuf *covered, char *options, size_t size)
{
	char *text = fd_slurp(AT_FDCWD, "/proc/self/mounts", 1 << 24), *rest = text, *line;

	*options = '\0';
	/* proc_pid_mounts(5): SOURCE POINT TYPE OPTIONS */
	while (rest && (line = strsep(&rest, "\n"))) {
		char *point, *type, *with;

		strsep(&line, " ");
		point = strsep(&line, " ");
		type = strsep(&line, " ");
		with = strsep(&line, " ");
		if (!with)
			continue;
		str_unescape(point);
		if (!strcmp(point, "/proc") && !strcmp(type, "proc"))
			snprintf(options, size, "%s", with);
		else if (covers(point))
			strbuf_addf(covered, "%s%s", covered->len ? " " : "", point);
	}
	free(text);
}

static void probe_proc_here(const struct check_item *it, struct check_answer *a)
{
	struct strbuf covered = { 0 };
	char options[256];
	struct statfs fs;

	(void)it;
	look_at_proc(&covered, options, sizeof options);
	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		check_say(a, CHECK_NO, "no procfs is mounted at /proc");
		check_knob(a, "mount -t proc proc /proc");
	} else if (covered.len) {
		check_say(a, CHECK_PARTLY, "parts of it are covered: %s", covered.s);
		check_knob(a, "what runs around this: unmask=ALL, or systempaths=unconfined; or umount these");
	} else if (strstr(options, "hidepid=") || strstr(options, "subset=")) {
		check_say(a, CHECK_PARTLY, "mounted with %s", options);
		check_knob(a, "mount -o remount,hidepid=0 /proc");
	} else {
		check_say(a, CHECK_YES, "%s", options);
	}
	strbuf_release(&covered);
}

/* A new one shows all, and so a user namespace gets it only where all is to be seen already: mount_namespaces(7). */
static void hint_proc(struct check_answer *a)
{
	struct strbuf covered = { 0 };
	char options[256];

	look_at_proc(&covered, options, sizeof options);
	if (covered.len)
		check_knob(a, "the /proc that is here is covered in parts (%s), and a user namespace gets no more than it sees: unmask=ALL or systempaths=unconfined for what runs around this", covered.s);
	else if (!*options)
		check_knob(a, "no procfs is mounted at /proc, and a user namespace gets no more than it sees");
	else if (strstr(options, "subset="))
		check_knob(a, "the /proc that is here is mounted with subset=pid, and a user namespace gets no more than it sees");
	strbuf_release(&covered);
}

static void probe_proc(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 };
	int fd, status = 0;
	pid_t pid;

	if (!check_enter(it, a, CLONE_NEWNS | CLONE_NEWPID, false))
		return;
	/* in the new pid namespace is only who is born there */
	pid = fork();
	if (pid == 0) {
		fd = mnt_new("proc", NULL, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV, &e);
		_exit(fd < 0 ? -fd : 0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && status == 0)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == EPERM)
		hint_proc(a);
	errno = pid < 0 ? errno : WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
	check_errno(it, a, "a procfs for a new pid namespace");
}

/* ---- others ---- */

/* What the kernel has, or would load: false, and *a says so, where it must not be tried. */
static bool can_be_tried(const struct check_item *it, struct check_answer *a)
{
	char *text = fd_slurp(AT_FDCWD, "/proc/filesystems", 1 << 16), *rest = text, *line;
	bool has = false;

	while (rest && (line = strsep(&rest, "\n")))
		has = has || !strcmp(line + strcspn(line, "\t") + 1, it->arg);
	free(text);
	return has || !check_module_waits(a, it->arg);
}

/* Mounted nowhere, and gone at once. */
static void probe_new(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 };

	if (!can_be_tried(it, a) || !check_enter(it, a, CLONE_NEWNS | it->flags, false))
		return;
	if (mnt_new(it->arg, !strcmp(it->arg, "devpts") ? "newinstance,ptmxmode=0666" : NULL, 0, &e) == -EPERM && !strcmp(it->arg, "sysfs"))
		check_knob(a, "the /sys that is here is covered in parts, read-only or missing, and a user namespace gets no more than it sees");
	if (e.code)
		check_failed(it, a, &e);
}

/* What wants a device: a kernel that would take one asks first who it is that mounts it, and then for the device. */
static void probe_disk(const struct check_item *it, struct check_answer *a)
{
	auto_close int fs = -1;

	if (!can_be_tried(it, a) || !check_enter(it, a, CLONE_NEWNS, false))
		return;
	fs = sys_fsopen(it->arg);
	if (fs >= 0 && (sys_fsconfig_create(fs) == 0 || errno != EPERM))
		return;
	if (errno == EPERM)
		check_knob(a, ROOT_ONLY);
	check_errno(it, a, it->arg);
}

/*
 * Our own binary is no file system: a kernel that takes files says so of it, another
 * one that it is no device. A file in memory cannot be mounted by any.
 */
static void probe_erofs_file(const struct check_item *it, struct check_answer *a)
{
	static const char self[] = "/proc/self/exe";
	auto_close int fs = -1;
	struct statfs at;
	int code = 0;

	if (!can_be_tried(it, a) || !check_enter(it, a, CLONE_NEWNS, false))
		return;
	fs = sys_fsopen(it->arg);
	if (fs < 0 || sys_fsconfig_string(fs, "source", self) < 0 || sys_fsconfig_create(fs) < 0)
		code = errno;
	if (code == 0 || (code == EINVAL && fs >= 0))
		return;
	if (code == EPERM)
		check_knob(a, ROOT_ONLY);
	else if (fs >= 0)
		check_knob(a, "a loop device does as well as Linux 6.12 with CONFIG_EROFS_FS_BACKED_BY_FILE");
	errno = code;
	check_errno(it, a, it->arg);
	if (code != EPERM && fs >= 0 && (statfs(self, &at) < 0 || at.f_type == TMPFS_MAGIC || at.f_type == RAMFS_MAGIC || at.f_type == OVERLAYFS_SUPER_MAGIC))
		check_say(a, CHECK_PARTLY, "not tried: there is no file on a disk here to try it with");
}

static void probe_loop(const struct check_item *it, struct check_answer *a)
{
	auto_close int fd = -1;

	if (access("/dev/loop-control", F_OK) < 0) {
		if (check_module_waits(a, "loop"))
			return;
		check_say(a, CHECK_NO, "there is no /dev/loop-control");
		check_knob(a, "%s", it->config);
		return;
	}
	if (access("/sys/module/loop", F_OK) < 0 && check_module_waits(a, "loop"))
		return;
	fd = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (fd >= 0)
		return;
	if (errno == EACCES || errno == EPERM)
		check_knob(a, "the owner of /dev/loop-control, and the device rules of the control group");
	check_errno(it, a, "/dev/loop-control");
}

/* ---- overlay ---- */

/* Layers on a tmpfs of our own. */
static int mount_overlay(struct err *e)
{
	auto_close int tmpfs = mnt_new("tmpfs", "mode=755", 0, e);
	auto_close int top = -1, overlay = -1;
	static const char *const dirs[] = { "l", "u", "w" };

	if (tmpfs < 0)
		return tmpfs;
	/* layers are named by path, and /proc may be missing: it covers "/tmp", or whatever can be covered */
	top = fd_open_dir(AT_FDCWD, "/", e);
	if (top < 0 || mnt_attach(tmpfs, top, "/", e) < 0)
		return -errno;
	if (fchdir(tmpfs) < 0)
		return err_sys(e, "tmpfs", "change directory");
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		if (mkdir(dirs[i], 0755) < 0)
			return err_sys(e, dirs[i], "make directory");
	overlay = mnt_new("overlay", "lowerdir=l,upperdir=u,workdir=w", 0, e);
	return overlay < 0 ? overlay : 0;
}

static void probe_overlay(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 };

	if (can_be_tried(it, a) && check_enter(it, a, CLONE_NEWNS, it->flags & CLONE_NEWUSER) && mount_overlay(&e) < 0)
		check_failed(it, a, &e);
}

/* ---- mounts ---- */

static void probe_mount_api(const struct check_item *it, struct check_answer *a)
{
	auto_close int tree = -1;
	struct err e = { 0 };

	if (!check_enter(it, a, CLONE_NEWNS, false))
		return;
	tree = mnt_clone(AT_FDCWD, "/", MOUNT_ATTR_RDONLY, MS_PRIVATE, &e);
	if (tree < 0)
		check_failed(it, a, &e);
}

/* The mount namespace that open_tree(2) makes of a tree since Linux 7.0: OPEN_TREE_NAMESPACE. */
static void probe_tree_namespace(const struct check_item *it, struct check_answer *a)
{
	auto_close int ns = -1;

	if (!check_enter(it, a, CLONE_NEWNS, false))
		return;
	ns = sys_open_tree(AT_FDCWD, "/", 1U << 1 | AT_RECURSIVE);
	if (ns < 0)
		check_errno(it, a, "open_tree");
}

static void probe_statmount(const struct check_item *it, struct check_answer *a)
{
	struct {
		uint32_t size, spare;
		uint64_t mnt_id, param;
	} ask = { .size = 24, .mnt_id = ~0ULL /* LSMT_ROOT */ };
	uint64_t ids[4];

	/* listmount(2) */
	if (syscall(458, &ask, ids, 4, 0) < 0)
		check_errno(it, a, "listmount");
}

/* Does the mount at `path` take an id map? The file system's name, or the reason why not. */
static void try_idmap(int tree, const char *path, int userns, struct strbuf *can, struct err *e)
{
	if (mnt_idmap(tree, path, false, 0, userns, e) == 0)
		strbuf_addf(can, "%s%s", can->len ? ", " : "", path);
}

static void probe_idmapped(const struct check_item *it, struct check_answer *a)
{
	struct idmap_range one = { 0, 0, 1 };
	const struct idmap map[2] = { { &one, 1 }, { &one, 1 } };
	auto_close int userns = -1, tree = -1, tmpfs = -1;
	struct err e = { 0 }, refused = { 0 };
	struct strbuf can = { 0 };

	if (!check_enter(it, a, CLONE_NEWNS, false))
		return;
	userns = idmap_userns(map, &e);
	if (e.code == EPERM || e.code == ENOSPC)
		ns_refused(CLONE_NEWUSER, e.code, &e);
	tmpfs = userns < 0 ? -1 : mnt_new("tmpfs", NULL, 0, &e);
	tree = userns < 0 ? -1 : sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE);
	if (userns < 0 || tmpfs < 0) {
		check_failed(it, a, &e);
		return;
	}
	try_idmap(tmpfs, "tmpfs", userns, &can, &refused);
	if (tree >= 0)
		try_idmap(tree, "/", userns, &can, &refused);
	if (!can.len)
		check_failed(it, a, &refused);
	else
		check_say(a, refused.code ? CHECK_PARTLY : CHECK_YES, "%s%s%s", can.s, refused.code ? "; not " : "", refused.code ? refused.object : "");
	if (can.len && refused.hint[0])
		check_knob(a, "%s", refused.hint);
	strbuf_release(&can);
}

const struct check_item check_fs_items[] = {
	{ "mounts", "api", probe_mount_api, .config = "Linux 5.12", .required = true },
	{ "mounts", "idmapped", probe_idmapped, .config = "Linux 5.12, and a file system that can" },
	{ "mounts", "statmount", probe_statmount, .config = "Linux 6.8" },
	{ "mounts", "tree-namespace", probe_tree_namespace, .config = "Linux 7.0" },
	{ "filesystems", "proc-here", probe_proc_here },
	{ "filesystems", "proc", probe_proc, .config = "CONFIG_PROC_FS", .required = true },
	{ "filesystems", "tmpfs", probe_new, .arg = "tmpfs", .config = "CONFIG_TMPFS", .required = true },
	{ "filesystems", "devpts", probe_new, .arg = "devpts", .config = "CONFIG_UNIX98_PTYS", .required = true },
	{ "filesystems", "sysfs", probe_new, .arg = "sysfs", .flags = CLONE_NEWNET, .config = "CONFIG_SYSFS" },
	{ "filesystems", "mqueue", probe_new, .arg = "mqueue", .flags = CLONE_NEWIPC, .config = "CONFIG_POSIX_MQUEUE" },
	{ "filesystems", "overlay", probe_overlay, .arg = "overlay", .config = "CONFIG_OVERLAY_FS" },
	{ "filesystems", "overlay-user", probe_overlay, .arg = "overlay", .flags = CLONE_NEWUSER, .config = "CONFIG_OVERLAY_FS, Linux 5.11" },
	{ "filesystems", "erofs", probe_disk, .arg = "erofs", .config = "CONFIG_EROFS_FS" },
	{ "filesystems", "erofs-file", probe_erofs_file, .arg = "erofs", .config = "CONFIG_EROFS_FS" },
	{ "filesystems", "squashfs", probe_disk, .arg = "squashfs", .config = "CONFIG_SQUASHFS" },
	{ "filesystems", "ext4", probe_disk, .arg = "ext4", .config = "CONFIG_EXT4_FS" },
	{ "filesystems", "loop", probe_loop, .config = "CONFIG_BLK_DEV_LOOP" },
	{ NULL },
};
