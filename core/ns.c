#include "core/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/str.h"
#include "core/sys.h"

/* the inode of the first pid namespace on every kernel: PROC_PID_INIT_INO */
#define INIT_PID_NS 0xeffffffcUL

const struct ns_kind ns_kinds[] = {
	{ CLONE_NEWUSER, "user", "user namespace", "max_user_namespaces" },
	{ CLONE_NEWNS, "mnt", "mount namespace", "max_mnt_namespaces" },
	{ CLONE_NEWUTS, "uts", "uts namespace", "max_uts_namespaces" },
	{ CLONE_NEWIPC, "ipc", "ipc namespace", "max_ipc_namespaces" },
	{ CLONE_NEWPID, "pid", "pid namespace", "max_pid_namespaces" },
	{ CLONE_NEWNET, "net", "network namespace", "max_net_namespaces" },
	{ CLONE_NEWCGROUP, "cgroup", "cgroup namespace", "max_cgroup_namespaces" },
	{ CLONE_NEWTIME, "time", "time namespace", "max_time_namespaces" },
	{ 0, NULL, NULL, NULL },
};

const struct ns_kind *ns_kind(unsigned flag)
{
	const struct ns_kind *k = ns_kinds;

	while (k->flag && k->flag != flag)
		k++;
	return k;
}

int ns_unshare(unsigned flags, struct err *e)
{
	if (unshare((int)flags) == 0)
		return 0;
	return ns_refused(flags, errno, e);
}

int ns_propagation(const char *mode, struct err *e)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} modes[] = { { "private", MS_PRIVATE }, { "slave", MS_SLAVE }, { "shared", MS_SHARED }, { "unchanged", 0 } };
	unsigned long flag = 0;
	int rc;

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (!strcmp(mode, modes[i].name))
			flag = modes[i].flag;
	if (!flag || mount("none", "/", NULL, MS_REC | flag, NULL) == 0)
		return 0;
	rc = err_sys(e, "/", "make mounts %s", mode);
	if (rc == -EINVAL)
		err_hint(e, "\"/\" is no mount point, as in a chroot or an initramfs: --propagation unchanged leaves it alone");
	return rc;
}

int ns_hostname_check(const char *name, struct err *e)
{
	/* __NEW_UTS_LEN: uname(2) */
	if (strlen(name) > 64)
		return err_bad(e, name, "longer than the kernel's 64 bytes");
	if (!*name)
		return err_bad(e, name, "a host or domain name cannot be empty");
	return 0;
}

int ns_hostname(const char *host, const char *domain, struct err *e)
{
	if (host && sethostname(host, strlen(host)) < 0)
		return err_sys(e, host, "set host name");
	if (domain && setdomainname(domain, strlen(domain)) < 0)
		return err_sys(e, domain, "set domain name");
	return 0;
}

int ns_mount_proc(const char *dir, struct err *e)
{
	int rc;

	/* a proc mounted on one that is shared or a slave would show up outside; where there is none, this is EINVAL */
	mount(NULL, dir, NULL, MS_REC | MS_PRIVATE, NULL);
	if (mount("proc", dir, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0)
		return 0;
	rc = err_sys(e, dir, "mount proc");
	if (rc == -EPERM)
		err_hint(e, "a new pid namespace must own it (-p), and in a user namespace no part of the outer /proc may be covered");
	return rc;
}

/* Is the process in the pid namespace that the machine booted with? */
static bool first_pid_ns(int proc)
{
	struct stat st;

	return fstatat(proc, "self/ns/pid", &st, 0) == 0 && st.st_ino == INIT_PID_NS;
}

bool ns_is_machines_init(void)
{
	auto_close int proc = getpid() == 1 ? open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	return proc >= 0 && first_pid_ns(proc);
}

/*
 * Whether pid 1's namespace may be looked at is ptrace(2)'s rule, and a root
 * with a capability less than pid 1 may not. Its mountinfo anybody can read,
 * and a mount, told by its number, is in one namespace only. 1, 0 or -errno.
 */
static int shares_a_mount(int proc)
{
	char *own = fd_slurp(proc, "self/mountinfo", 1 << 24);
	char *init = own ? fd_slurp(proc, "1/mountinfo", 1 << 24) : NULL;
	int rc = own && init && *own ? 0 : -EACCES;

	/* our first mount is enough: two processes share all their mounts or none */
	for (const char *line = init; rc == 0 && line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		rc = !strncmp(line, own, strcspn(own, " ") + 1);
	free(own);
	free(init);
	return rc;
}

/*
 * /proc may be an outer pid namespace's: then its 1 is somebody else, although
 * getpid() says 1 here. "self" tells who we are in that instance: proc(5).
 */
int ns_is_inits(const char *kind, struct err *e)
{
	auto_close int proc = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool net = !strcmp(kind, "net");
	struct stat init, own;
	struct statfs fs;
	char self[32], path[32];
	ssize_t n;

	if (proc < 0 || fstatfs(proc, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, ENOENT, "/proc", "is not mounted, so nobody can tell whose %s namespace this is", kind);
	n = readlinkat(proc, "self", self, sizeof self - 1);
	if (n < 0)
		return err_sys(e, "/proc/self", NULL);
	self[n] = '\0';
	if (!strcmp(self, "1") && (getpid() == 1 || first_pid_ns(proc)))
		return 0;
	/* each network namespace has files of its own in /proc/PID/net, which anybody may look at: proc_pid_net(5) */
	snprintf(path, sizeof path, net ? "self/net/dev" : "self/ns/%s", kind);
	if (fstatat(proc, path, &own, 0) < 0)
		return err_sys(e, "/proc", "%s", path);
	snprintf(path, sizeof path, net ? "1/net/dev" : "1/ns/%s", kind);
	if (fstatat(proc, path, &init, 0) < 0) {
		int rc = strcmp(kind, "mnt") ? -errno : shares_a_mount(proc);

		return rc < 0 ? err_set(e, -rc, "/proc", "%s: whose namespace is this?", path) : rc;
	}
	return own.st_dev == init.st_dev && own.st_ino == init.st_ino;
}
