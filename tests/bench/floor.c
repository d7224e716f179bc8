/*
 * The bare system calls of a container start, in the order in which nestbox run
 * makes them, with nothing parsed, looked up, checked or explained: what is left
 * when a runtime costs nothing. For this machine's layout of v1 hierarchies below
 * /sys/fs/cgroup, or for cgroup2 alone.
 *
 *   floor [-m] [-c] [-b] [-f FILE] ROOT COMMAND [ARG]...
 *
 *   -m  without masked and read-only paths
 *   -c  without control groups
 *   -b  without the read-only copy of the binary that a safe runtime executes from
 *   -f  with a filter of system calls, whose program is in FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>

#define SAFE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static void must(long rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

static int new_mount(const char *type, const char *const options[][2], unsigned attrs)
{
	int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), mnt;

	must(fs, type);
	for (int i = 0; options && options[i][0]; i++)
		must(syscall(SYS_fsconfig, fs, options[i][1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, options[i][0], options[i][1], 0), options[i][0]);
	must(syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
	mnt = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
	must(mnt, type);
	close(fs);
	return mnt;
}

static void attach(int mnt, const char *where)
{
	must(syscall(SYS_move_mount, mnt, "", AT_FDCWD, where, MOVE_MOUNT_F_EMPTY_PATH), where);
	close(mnt);
}

static int clone_tree(int dir, const char *path, uint64_t set)
{
	struct mount_attr attr = { .attr_set = set };
	int fd = (int)syscall(SYS_open_tree, dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | (*path ? 0 : AT_EMPTY_PATH));

	if (fd >= 0 && set)
		must(syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr), path);
	return fd;
}

static char cpus[64];

static void read_cpus(void)
{
	int fd = open("/sys/fs/cgroup/cpuset/cpuset.cpus", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		must(read(fd, cpus, sizeof cpus - 1), "cpuset.cpus");
		cpus[strcspn(cpus, "\n")] = '\0';
		close(fd);
	}
}

static void put(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	must(fd, path);
	must(write(fd, value, strlen(value)), path);
	close(fd);
}

/*
 * ---- two levels of groups in every hierarchy, below one that goes with them;
 * the limits on both, the process in the lower one ----
 */

static const char *const v1[] = { "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd" };
#define N_V1 (sizeof v1 / sizeof *v1)
static bool is_v1;

static const char *group(const char *hier, const char *below)
{
	static char path[256];

	sprintf(path, "/sys/fs/cgroup/%s%sfloor%s%s", hier, *hier ? "/" : "", *below ? "/" : "", below);
	return path;
}

static void limit(const char *dir, const char *file, const char *value)
{
	char path[512];

	sprintf(path, "%s/%s", dir, file);
	put(path, value);
}

static void allow_devices(const char *dir)
{
	static const char *const rules[] = { "c *:* m", "b *:* m", "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm", "c 1:8 rwm",
					     "c 1:9 rwm", "c 5:0 rwm", "c 5:1 rwm", "c 5:2 rwm", "c 136:* rwm" };
	char path[512];
	int fd;

	limit(dir, "devices.deny", "a");
	sprintf(path, "%s/devices.allow", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		must(write(fd, rules[i], strlen(rules[i])), rules[i]);
	close(fd);
}

static void make_group(const char *hier, const char *below, bool limits)
{
	const char *dir = group(hier, below);

	must(mkdir(dir, 0755), dir);
	if (!strcmp(hier, "cpuset")) {
		limit(dir, "cpuset.cpus", cpus);
		limit(dir, "cpuset.mems", "0");
	}
	if (!limits)
		return;
	if (!strcmp(hier, "memory")) {
		limit(dir, "memory.limit_in_bytes", "67108864");
		limit(dir, "memory.memsw.limit_in_bytes", "134217728");
	} else if (!strcmp(hier, "pids")) {
		limit(dir, "pids.max", "50");
	} else if (!strcmp(hier, "devices") && !strstr(below, "/init")) {
		allow_devices(dir);
	} else if (!is_v1) {
		limit(dir, "memory.max", "67108864");
		limit(dir, "pids.max", "50");
	}
	if (!is_v1 && !strstr(below, "/init"))
		limit(dir, "cgroup.subtree_control", "+memory +pids");
}

static char id[32], inner[40];

static void make_groups(void)
{
	sprintf(id, "%d", getpid());
	sprintf(inner, "%s/init", id);
	for (size_t i = 0; i <= (is_v1 ? N_V1 : 0); i++) {
		const char *hier = i == N_V1 || !is_v1 ? is_v1 ? "unified" : "" : v1[i];

		make_group(hier, "", false);
		if (!is_v1)
			limit(group("", ""), "cgroup.subtree_control", "+memory +pids");
		make_group(hier, id, true);
		make_group(hier, inner, true);
	}
}

/* v1's are open when the process has been forked into v2's. */
static int seats[N_V1];

static pid_t fork_into_groups(void)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
	} args = { .flags = 1ULL << 33, .exit_signal = SIGCHLD };
	pid_t pid;

	for (size_t i = 0; is_v1 && i < N_V1; i++) {
		char path[512];

		sprintf(path, "%s/tasks", group(v1[i], inner));
		seats[i] = open(path, O_WRONLY | O_CLOEXEC);
		must(seats[i], path);
	}
	args.cgroup = (uint64_t)open(group(is_v1 ? "unified" : "", inner), O_PATH | O_DIRECTORY | O_CLOEXEC);
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
	for (size_t i = 0; is_v1 && i < N_V1; i++) {
		if (pid == 0)
			must(write(seats[i], "0", 1), v1[i]);
		close(seats[i]);
	}
	close((int)args.cgroup);
	return pid;
}

static void remove_groups(void)
{
	for (size_t i = 0; i <= (is_v1 ? N_V1 : 0); i++) {
		const char *hier = i == N_V1 || !is_v1 ? is_v1 ? "unified" : "" : v1[i];

		/* the last of the container's processes may still be on its way out */
		while (rmdir(group(hier, inner)) < 0 && errno == EBUSY)
			usleep(100);
		must(rmdir(group(hier, id)), id);
		must(rmdir(group(hier, "")), hier);
	}
}

/* ---- the rest ---- */

static void lo_up(void)
{
	struct {
		struct nlmsghdr h;
		struct ifinfomsg i;
	} msg = { { sizeof msg, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0 }, { .ifi_index = 1, .ifi_flags = 1, .ifi_change = 1 } };
	char ack[256];
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	must(fd, "netlink");
	must(send(fd, &msg, sizeof msg, 0), "lo");
	must(recv(fd, ack, sizeof ack, 0), "lo");
	close(fd);
}

static int make_dev(void)
{
	static const struct {
		const char *name;
		int major, minor;
	} nodes[] = { { "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 } };
	static const char *const links[][2] = { { "/proc/self/fd", "fd" }, { "/proc/self/fd/0", "stdin" }, { "/proc/self/fd/1", "stdout" },
						{ "/proc/self/fd/2", "stderr" }, { "/proc/kcore", "core" }, { "pts/ptmx", "ptmx" } };
	static const char *const options[][2] = { { "source", "tmpfs" }, { "mode", "755" }, { "size", "65536k" }, { NULL, NULL } };
	int dev = new_mount("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);

	for (int i = 0; i < 6; i++) {
		must(mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].name);
		must(symlinkat(links[i][0], dev, links[i][1]), links[i][1]);
	}
	must(mkdirat(dev, "pts", 0755), "pts");
	must(mkdirat(dev, "shm", 0755), "shm");
	must(mkdirat(dev, "mqueue", 0755), "mqueue");
	return dev;
}

static int n_cgroups;
static int cgroup_mounts[12];
static const char *cgroup_names[12];

static void make_cgroup_mounts(void)
{
	const char *options[][2] = { { "source", "cgroup" }, { NULL, NULL }, { NULL, NULL }, { NULL, NULL } };

	for (size_t i = 0; is_v1 && i < N_V1; i++) {
		options[1][0] = strcmp(v1[i], "systemd") ? v1[i] : "none";
		options[2][0] = strcmp(v1[i], "systemd") ? NULL : "name";
		options[2][1] = "systemd";
		cgroup_names[n_cgroups] = v1[i];
		cgroup_mounts[n_cgroups++] = new_mount("cgroup", (const char *const(*)[2])options, SAFE | MOUNT_ATTR_RDONLY);
	}
	options[1][0] = NULL;
	cgroup_names[n_cgroups] = "unified";
	cgroup_mounts[n_cgroups++] = new_mount("cgroup2", (const char *const(*)[2])options, SAFE | MOUNT_ATTR_RDONLY);
}

static void hide(const char *path, int *dir)
{
	struct stat st;
	int cover;

	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		static const char *const options[][2] = { { "mode", "755" }, { "nr_inodes", "1" }, { NULL, NULL } };

		cover = *dir >= 0 ? clone_tree(*dir, "", 0) : new_mount("tmpfs", options, SAFE | MOUNT_ATTR_RDONLY);
		if (*dir < 0)
			*dir = fcntl(cover, F_DUPFD_CLOEXEC, 3);
	} else {
		cover = clone_tree(AT_FDCWD, "/dev/null", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	}
	attach(cover, path);
}

static void masks(void)
{
	static const char *const hidden[] = { "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
					      "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
					      "/sys/devices/virtual/powercap", "/sys/firmware" };
	static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger" };
	int dir = -1;

	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
		hide(hidden[i], &dir);
	for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++) {
		int copy = clone_tree(AT_FDCWD, read_only[i], MOUNT_ATTR_RDONLY);

		if (copy >= 0)
			attach(copy, read_only[i]);
	}
}

static struct sock_filter program[4096];
static struct sock_fprog filter = { .filter = program };

static void read_filter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, program, sizeof program);

	must(n, path);
	close(fd);
	filter.len = (unsigned short)((size_t)n / sizeof *program);
}

static void become(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { { 0xa80425fb, 0xa80425fb, 0 }, { 0, 0, 0 } };

	for (int cap = 0; cap <= 40; cap++)
		if (!(0xa80425fbULL >> cap & 1))
			prctl(PR_CAPBSET_DROP, cap);
	if (filter.len)
		must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter), "filter");
	must(syscall(SYS_setgroups, 1, &(gid_t){ 0 }), "setgroups");
	must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
	must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
	must(syscall(SYS_capset, &h, d), "capset");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* The own binary is what a container could get hold of: from here on it is a read-only one that runs. */
static void run_copy(char **argv)
{
	static char name[] = "copy";
	int copy;

	if (!strcmp(argv[0], name))
		return;
	copy = clone_tree(AT_FDCWD, "/proc/self/exe", MOUNT_ATTR_RDONLY);
	argv[0] = name;
	must(syscall(SYS_execveat, copy, "", argv, environ, AT_EMPTY_PATH), "copy of the binary");
}

static _Noreturn void container(int root, char **argv, bool with_masks)
{
	static const char *const pts[][2] = { { "source", "devpts" }, { "newinstance", NULL }, { "ptmxmode", "0666" }, { "mode", "0620" }, { "gid", "5" }, { NULL, NULL } };
	static const char *const shm[][2] = { { "source", "tmpfs" }, { "mode", "1777" }, { "size", "65536k" }, { NULL, NULL } };
	static const char *const folder[][2] = { { "source", "tmpfs" }, { "mode", "755" }, { "size", "64k" }, { NULL, NULL } };
	static char *const env[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", (char *)"HOSTNAME=floor", (char *)"HOME=/root", NULL };
	struct mount_attr private = { .propagation = MS_PRIVATE };
	int proc, dev, sys, pts_fd, shm_fd, mq, cg = -1, old;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(unshare(CLONE_NEWNET), "netns");
	lo_up();
	must(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP), "namespaces");
	must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	must(sethostname("floor", 5), "hostname");
	umask(0);
	proc = new_mount("proc", NULL, SAFE);
	dev = make_dev();
	pts_fd = new_mount("devpts", pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	shm_fd = new_mount("tmpfs", shm, SAFE);
	mq = new_mount("mqueue", NULL, SAFE);
	sys = new_mount("sysfs", NULL, SAFE | MOUNT_ATTR_RDONLY);
	make_cgroup_mounts();
	if (is_v1) {
		struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };

		cg = new_mount("tmpfs", folder, SAFE);
		for (int i = 0; i < n_cgroups; i++)
			must(mkdirat(cg, cgroup_names[i], 0755), cgroup_names[i]);
		must(syscall(SYS_mount_setattr, cg, "", AT_EMPTY_PATH, &ro, sizeof ro), "cgroup");
	}
	old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	must(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private), "private");
	must(syscall(SYS_move_mount, root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH), "root");
	must(fchdir(root), "root");
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(fchdir(old), "old root");
	must(mount(NULL, ".", NULL, MS_REC | MS_PRIVATE, NULL), "old root");
	must(umount2(".", MNT_DETACH), "old root");
	must(chdir("/"), "root");
	attach(proc, "/proc");
	attach(dev, "/dev");
	attach(pts_fd, "/dev/pts");
	attach(shm_fd, "/dev/shm");
	attach(mq, "/dev/mqueue");
	attach(sys, "/sys");
	if (cg >= 0)
		attach(cg, "/sys/fs/cgroup");
	for (int i = 0; i < n_cgroups; i++) {
		char where[64];

		sprintf(where, "/sys/fs/cgroup%s%s", is_v1 ? "/" : "", is_v1 ? cgroup_names[i] : "");
		attach(cgroup_mounts[i], where);
	}
	if (with_masks)
		masks();
	setsid();
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	umask(022);
	become();
	syscall(SYS_close_range, 3, ~0U, 4);
	for (const char *dir = "/bin\0/usr/bin\0"; *dir; dir += strlen(dir) + 1) {
		char path[256];

		snprintf(path, sizeof path, "%s/%s", dir, argv[0]);
		execve(path, argv, env);
	}
	must(-1, argv[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	bool with_masks = true, with_groups = true, with_copy = true;
	struct mount_attr private = { .propagation = MS_PRIVATE };
	const char *file = NULL;
	int root, status, opt;
	pid_t pid;

	while ((opt = getopt(argc, argv, "+mcbf:")) != -1) {
		if (opt == 'f')
			file = optarg;
		with_masks &= opt != 'm';
		with_groups &= opt != 'c';
		with_copy &= opt != 'b';
	}
	if (argc - optind < 2)
		return 125;
	is_v1 = access("/sys/fs/cgroup/memory/tasks", F_OK) == 0;
	if (with_copy)
		run_copy(argv);
	if (file)
		read_filter(file);
	root = clone_tree(AT_FDCWD, argv[optind], 0);
	must(root, argv[optind]);
	must(syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH | AT_RECURSIVE, &private, sizeof private), "private");
	if (with_groups) {
		read_cpus();
		make_groups();
	}
	must(unshare(CLONE_NEWPID), "pid namespace");
	pid = with_groups ? fork_into_groups() : fork();
	if (pid == 0)
		container(root, argv + optind + 1, with_masks);
	must(pid, "fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (with_groups)
		remove_groups();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
