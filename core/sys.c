#include "core/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/keyctl.h>

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

pid_t sys_fork_into(unsigned namespaces, int cgroup)
{
	/* struct clone_args, whose header clashes with musl's */
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
	} args = { .flags = namespaces, .exit_signal = SIGCHLD };

	if (cgroup >= 0) {
		args.flags |= 1ULL << 33; /* CLONE_INTO_CGROUP */
		args.cgroup = (uint64_t)cgroup;
	}

	return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

int sys_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

int sys_pidfd_getfd(int pidfd, int fd)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

int sys_open_ns(uint64_t id)
{
	/* struct file_handle with nsfs's own in it, which Debian 12's headers do not have */
	const struct {
		uint32_t bytes;
		int32_t type;
		uint64_t id;
		uint32_t kind, inode; /* both may be 0 */
	} handle = { 16, 0xf1 /* FILEID_NSFS */, id, 0, 0 };

	return (int)syscall(SYS_open_by_handle_at, -10003 /* FD_NSFS_ROOT */, &handle, O_RDONLY | O_CLOEXEC);
}

int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = resolve };
	int tries = 0;
	int fd;

	/* EAGAIN: a rename or mount elsewhere made the kernel unsure; openat2(2) says to try again */
	do
		fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof how);
	while (fd < 0 && errno == EAGAIN && ++tries < 128);
	return fd;
}

int sys_open_tree(int dir, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir, path, flags | O_CLOEXEC);
}

int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int sys_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

int sys_fsconfig_flag(int fs, const char *key)
{
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, key, NULL, 0);
}

int sys_fsconfig_string(int fs, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

int sys_fsconfig_create(int fs)
{
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int sys_fsmount(int fs, unsigned attrs)
{
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
}

int sys_mount_setattr(int dir, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear, .propagation = propagation };

	return (int)syscall(SYS_mount_setattr, dir, path, flags, &attr, sizeof attr);
}

int sys_mount_idmap(int mnt, unsigned flags, uint64_t set, int userns)
{
	struct mount_attr attr = { .attr_set = set | MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	return (int)syscall(SYS_mount_setattr, mnt, "", flags, &attr, sizeof attr);
}

int sys_access(int fd, int mode)
{
	return (int)syscall(SYS_faccessat2, fd, "", mode, AT_EMPTY_PATH | AT_EACCESS);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

int sys_execveat(int fd, char *const argv[], char *const env[])
{
	return (int)syscall(SYS_execveat, fd, "", argv, env, AT_EMPTY_PATH);
}

int sys_join_session_keyring(void)
{
	return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
}

int sys_signal_default(int sig)
{
	/* the kernel's struct, whose fields stand in another order here and there: SIG_DFL, no flags, no mask are all 0 */
	static const unsigned long zero[8];

	return (int)syscall(SYS_rt_sigaction, sig, zero, NULL, 8);
}

int sys_landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
}

int sys_landlock_create(const struct sys_landlock *held)
{
	/* fields that an older kernel does not know must be 0, and are no trouble then */
	return (int)syscall(SYS_landlock_create_ruleset, held, sizeof *held, 0);
}

int sys_landlock_add_path(int ruleset, int path, uint64_t allowed)
{
	const struct {
		uint64_t allowed;
		int32_t fd;
	} __attribute__((packed)) rule = { allowed, path };

	return (int)syscall(SYS_landlock_add_rule, ruleset, 1 /* LANDLOCK_RULE_PATH_BENEATH */, &rule, 0);
}

int sys_landlock_add_port(int ruleset, unsigned port, uint64_t allowed)
{
	const uint64_t rule[2] = { allowed, port };

	return (int)syscall(SYS_landlock_add_rule, ruleset, 2 /* LANDLOCK_RULE_NET_PORT */, rule, 0);
}

int sys_landlock_restrict_self(int ruleset)
{
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

int sys_getrandom(void *buf, size_t len)
{
	return getrandom(buf, len, 0) == (ssize_t)len ? 0 : -1;
}

/* musl 1.2.3 has no struct statx, and linux/stat.h clashes with glibc's: the words of it that are needed */
struct stx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode;
	uint64_t ino;
	uint64_t to_dev[12];
	uint32_t dev_major, dev_minor;
	uint64_t mnt_id;
	uint64_t rest[13];
};

bool sys_is_mount_root(int dir, const char *path)
{
	struct stx stx = { 0 };
	const uint64_t mount_root = 0x2000; /* STATX_ATTR_MOUNT_ROOT */

	return syscall(SYS_statx, dir, path, AT_SYMLINK_NOFOLLOW, 0, &stx) == 0 && stx.attributes & mount_root;
}

int sys_mount_id(int dir, const char *path, unsigned flags, uint64_t *id)
{
	const unsigned mnt_id = 0x1000; /* STATX_MNT_ID */
	struct stx stx = { 0 };

	if (syscall(SYS_statx, dir, path, flags, mnt_id, &stx) < 0)
		return -1;
	*id = stx.mnt_id;
	return 0;
}

int sys_stat_cached(int dir, const char *path, struct sys_stat *st)
{
	struct stx stx = { 0 };
	const unsigned dont_sync = 0x4000, type_and_ino = 0x101; /* AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO */

	if (syscall(SYS_statx, dir, path, dont_sync, type_and_ino, &stx) < 0)
		return -1;
	*st = (struct sys_stat){ makedev(stx.dev_major, stx.dev_minor), stx.ino, stx.mode };
	return 0;
}
