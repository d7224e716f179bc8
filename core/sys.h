/* sys: the system calls that musl 1.2.3 has no wrapper for. All return -1 with errno. */
#ifndef CORE_SYS_H
#define CORE_SYS_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <linux/mount.h>
#include <linux/openat2.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

int sys_pivot_root(const char *new_root, const char *put_old);                       /* pivot_root(2) */
/*
 * fork(2) into new namespaces (CLONE_NEW*), and into a v2 group by its directory (-1:
 * none): clone3(2), 5.7. libc does not hear of it: raise(3) in the child would hit the parent.
 */
pid_t sys_fork_into(unsigned namespaces, int cgroup);
int sys_pidfd_open(pid_t pid);                                                       /* pidfd_open(2), 5.3 */
int sys_pidfd_send_signal(int pidfd, int sig);                                       /* 5.1 */
int sys_pidfd_getfd(int pidfd, int fd);                                              /* pidfd_getfd(2), 5.6; CLOEXEC */
int sys_open_ns(uint64_t id);                                                        /* a namespace by its number alone: open_by_handle_at(2), 6.19; CLOEXEC */
int sys_openat2(int dir, const char *path, uint64_t flags, uint64_t resolve);        /* openat2(2), 5.6; adds O_CLOEXEC */
int sys_open_tree(int dir, const char *path, unsigned flags);                        /* open_tree(2), 5.2; adds O_CLOEXEC */
int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int sys_fsopen(const char *type);                                                    /* fsopen(2), 5.2; CLOEXEC */
int sys_fsconfig_flag(int fs, const char *key);
int sys_fsconfig_string(int fs, const char *key, const char *value);
int sys_fsconfig_create(int fs);
int sys_fsmount(int fs, unsigned attrs);                                             /* fsmount(2), 5.2; CLOEXEC */
/* mount_setattr(2), 5.12: `set` and `clear` are MOUNT_ATTR_*, propagation MS_PRIVATE and the like or 0 */
int sys_mount_setattr(int dir, const char *path, unsigned flags, uint64_t set, uint64_t clear, uint64_t propagation);
int sys_mount_idmap(int mnt, unsigned flags, uint64_t set, int userns);              /* the same with MOUNT_ATTR_IDMAP */
/* may we, with our effective ids and capabilities, do that (W_OK, ...) with the file of the fd? faccessat2(2), 5.8; EROFS: not by this mount */
int sys_access(int fd, int mode);
int sys_close_range(unsigned first, unsigned last, unsigned flags);                  /* close_range(2), 5.9 */
int sys_execveat(int fd, char *const argv[], char *const env[]);                     /* execveat(2) with AT_EMPTY_PATH */
int sys_join_session_keyring(void);                                                  /* keyctl(2): an anonymous one */
int sys_signal_default(int sig);                                                     /* rt_sigaction(2), also for those that libc keeps to itself */
/* landlock(7), 5.13: rules over what is in *held, as a fd (CLOEXEC), and what they allow; the version of the interface */
struct sys_landlock {
	uint64_t fs, net, scoped;
};
int sys_landlock_version(void);
int sys_landlock_create(const struct sys_landlock *held);
int sys_landlock_add_path(int ruleset, int path, uint64_t allowed);
int sys_landlock_add_port(int ruleset, unsigned port, uint64_t allowed);
int sys_landlock_restrict_self(int ruleset);
int sys_getrandom(void *buf, size_t len);

/* statx(2) that asks no server: what is known of a file, also where that has been away for long. Follows links. */
struct sys_stat {
	uint64_t dev, ino; /* dev as in struct stat */
	mode_t mode;
};
int sys_stat_cached(int dir, const char *path, struct sys_stat *st);
int sys_mount_id(int dir, const char *path, unsigned flags, uint64_t *id);           /* the number that mountinfo begins the mount's line with: statx(2), 5.8; AT_EMPTY_PATH */
bool sys_is_mount_root(int dir, const char *path);                                   /* statx(2), 5.8; follows no link at the end */

#endif
