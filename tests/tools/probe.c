/*
 * One raw system call, and what the kernel says to it: for what a shell cannot
 * try. Prints "OK" or the errno's name; the status is 0, or 1 for an errno.
 *
 *   probe exchange A B		rename two names into each other, for ever
 *   probe unshare KIND		user, mnt, cgroup, ...
 *   probe clone3		with a new user namespace
 *   probe mount TYPE DIR	probe remount DIR	probe setattr DIR (both: writable)
 *   probe socket alg|vsock|inet|netlink
 *   probe handle PATH		open_by_handle_at(2) of a file that is there
 *   probe tiocsti|tioclinux FD	push a key, or a selection, into the terminal
 *   probe keyctl session|user	a keyring: its number
 *   probe ptrace PID		attach
 *   probe call NAME		a call that a container has no business with, without sense in its arguments
 *   probe int80 NUMBER		a call of i386's
 *   probe write PATH		open it for writing
 *   probe grab PATH [MS]	open it with O_PATH, and through that descriptor for writing,
 *				again and again as long as it is being run; then a byte is written
 *   probe spy SECONDS		look into all other processes: what they are, what they have open
 *   probe ids			real, effective and saved uid
 *   probe cwd			getcwd(2) as the kernel has it
 *   probe serve NAME		an abstract socket: prints OK, answers one connection
 *   probe connect NAME		connect to it
 *   probe tcp-bind PORT	probe tcp-connect PORT	of 127.0.0.1
 *   probe kill PID		signal 0
 *   probe orphans N		N processes that lose their parents and end: how many stay as zombies
 *   probe raise CONTROLLER FILE VALUE
 *				a limit of one's own group, through a mount of one's own
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	int code;
} errors[] = {
	{ "EPERM", EPERM }, { "ENOENT", ENOENT }, { "ESRCH", ESRCH }, { "EBADF", EBADF }, { "EACCES", EACCES },
	{ "EFAULT", EFAULT }, { "EBUSY", EBUSY }, { "EINVAL", EINVAL }, { "ENOTTY", ENOTTY }, { "ETXTBSY", ETXTBSY },
	{ "ENOSPC", ENOSPC }, { "EROFS", EROFS }, { "ENOSYS", ENOSYS }, { "ELOOP", ELOOP }, { "EIO", EIO },
	{ "ECONNREFUSED", ECONNREFUSED }, { "EADDRINUSE", EADDRINUSE }, { "EAFNOSUPPORT", EAFNOSUPPORT },
	{ "ENOKEY", ENOKEY }, { "ENODEV", ENODEV }, { "ENXIO", ENXIO }, { "ENOTDIR", ENOTDIR }, { "EOPNOTSUPP", EOPNOTSUPP },
	{ "ESOCKTNOSUPPORT", ESOCKTNOSUPPORT }, { "EPROTONOSUPPORT", EPROTONOSUPPORT }, { "EUSERS", EUSERS },
};

static int say(long rc)
{
	if (rc >= 0) {
		puts("OK");
		return 0;
	}
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].code == errno) {
			puts(errors[i].name);
			return 1;
		}
	printf("errno %d\n", errno);
	return 1;
}

/* 0 for what is no number */
static int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

static int exchange(char **arg)
{
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, arg[0], AT_FDCWD, arg[1], 2 /* RENAME_EXCHANGE */) < 0)
			return say(-1);
}

static int kind_of(const char *word)
{
	static const struct {
		const char *word;
		int flag;
	} kinds[] = { { "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS }, { "cgroup", 0x02000000 }, { "net", CLONE_NEWNET }, { "pid", CLONE_NEWPID }, { "uts", CLONE_NEWUTS } };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].word, word))
			return kinds[i].flag;
	exit(125);
}

static int new_namespace(char **arg)
{
	return say(unshare(kind_of(arg[0])));
}

static int clone_user(char **arg)
{
	uint64_t args[11] = { CLONE_NEWUSER, 0, 0, 0, SIGCHLD };
	long pid = syscall(SYS_clone3, args, sizeof args);

	(void)arg;
	if (pid == 0)
		_exit(0);
	return say(pid);
}

static int mount_new(char **arg)
{
	return say(mount("probe", arg[1], arg[0], 0, NULL));
}

static int remount(char **arg)
{
	return say(mount(NULL, arg[0], NULL, MS_REMOUNT | MS_BIND, NULL));
}

static int set_attr(char **arg)
{
	uint64_t attr[4] = { 0, 1 /* MOUNT_ATTR_RDONLY */ };

	return say(syscall(442 /* mount_setattr */, AT_FDCWD, arg[0], 0, attr, sizeof attr));
}

static int new_socket(char **arg)
{
	int alg = !strcmp(arg[0], "alg"), vsock = !strcmp(arg[0], "vsock"), inet = !strcmp(arg[0], "inet");

	return say(socket(alg ? 38 : vsock ? 40 : inet ? AF_INET : AF_NETLINK, alg ? SOCK_SEQPACKET : inet || vsock ? SOCK_STREAM : SOCK_RAW, 0));
}

static int by_handle(char **arg)
{
	struct {
		unsigned bytes;
		int type;
		char text[128];
	} handle = { .bytes = sizeof handle.text };
	int mount_id, dir = open(arg[0], O_RDONLY | O_CLOEXEC);

	if (syscall(SYS_name_to_handle_at, AT_FDCWD, arg[0], &handle, &mount_id, 0) < 0)
		return say(-1);
	return say(syscall(SYS_open_by_handle_at, dir, &handle, O_RDONLY));
}

static int push_key(char **arg)
{
	return say(ioctl(number(arg[0]), TIOCSTI, "x"));
}

static int push_selection(char **arg)
{
	char paste[1] = { 3 };

	return say(ioctl(number(arg[0]), TIOCLINUX, paste));
}

static int keyring(char **arg)
{
	long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, !strcmp(arg[0], "user") ? KEY_SPEC_USER_KEYRING : KEY_SPEC_SESSION_KEYRING, 0);

	if (id < 0)
		return say(id);
	printf("%ld\n", id);
	return 0;
}

static int attach(char **arg)
{
	return say(ptrace(PTRACE_SEIZE, number(arg[0]), NULL, NULL));
}

static int call(char **arg)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {
		{ "acct", SYS_acct }, { "add_key", SYS_add_key }, { "bpf", SYS_bpf }, { "delete_module", SYS_delete_module },
		{ "fsopen", 430 }, { "init_module", SYS_init_module }, { "io_uring_setup", 425 }, { "kexec_load", SYS_kexec_load },
		{ "keyctl", SYS_keyctl }, { "move_mount", 429 }, { "open_tree", 428 }, { "perf_event_open", SYS_perf_event_open },
		{ "pivot_root", SYS_pivot_root }, { "quotactl", SYS_quotactl }, { "reboot", SYS_reboot }, { "request_key", SYS_request_key },
		{ "setns", SYS_setns }, { "swapon", SYS_swapon }, { "umount2", SYS_umount2 }, { "userfaultfd", SYS_userfaultfd },
	};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (!strcmp(calls[i].name, arg[0]))
			return say(syscall(calls[i].number, -1L, -1L, -1L, -1L, -1L, -1L));
	return 125;
}

static int call_i386(char **arg)
{
#ifdef __x86_64__
	long rc = number(arg[0]);

	__asm__ volatile("int $0x80" : "+a"(rc) : "b"(0), "c"(0), "d"(0), "S"(0), "D"(0) : "memory", "r8", "r9", "r10", "r11");
	errno = rc < 0 ? (int)-rc : 0;
	return say(rc);
#else
	(void)arg;
	errno = ENOSYS;
	return say(-1);
#endif
}

static int open_write(char **arg)
{
	return say(open(arg[0], O_WRONLY | O_CLOEXEC));
}

static int grab(char **arg)
{
	int fd = open(arg[0], O_PATH | O_CLOEXEC), rc = -1;
	char path[64];

	if (fd < 0)
		return say(fd);
	puts("held");
	fflush(stdout);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	for (long ms = arg[1] ? number(arg[1]) : 0; (rc = open(path, O_WRONLY | O_CLOEXEC)) < 0 && errno == ETXTBSY && ms > 0; ms--)
		pause_ms(1);
	return say(rc < 0 ? rc : write(rc, "x", 1));
}

/* What of the process `pid` can be reached that is not ours: one line each. */
static void look_into(const char *pid)
{
	static const char *const parts[] = { "exe", "root", "cwd", "fd/0", "fd/3", "fd/4", "fd/5", "fd/6", "fd/7" };
	char path[64], target[256];
	int status = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		ssize_t n;

		snprintf(path, sizeof path, "/proc/%.16s/%s", pid, parts[i]);
		n = readlink(path, target, sizeof target - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		printf("%s %s\n", parts[i], target);
	}
	/* the end of who traces lets go: in a child */
	fflush(stdout);
	if (fork() == 0)
		_exit(ptrace(PTRACE_SEIZE, number(pid), NULL, NULL) == 0);
	wait(&status);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		puts("traced");
}

static int spy(char **arg)
{
	time_t end = time(NULL) + number(arg[0]);
	struct dirent *d;

	puts("OK");
	fflush(stdout);
	while (time(NULL) < end) {
		DIR *dir = opendir("/proc");

		while (dir && (d = readdir(dir)))
			if (number(d->d_name) != getpid() && number(d->d_name) > 1)
				look_into(d->d_name);
		if (dir)
			closedir(dir);
	}
	return 0;
}

static int ids(char **arg)
{
	uid_t r, e, s;

	(void)arg;
	getresuid(&r, &e, &s);
	printf("%u %u %u\n", r, e, s);
	return 0;
}

static int cwd(char **arg)
{
	char path[4096];

	(void)arg;
	if (syscall(SYS_getcwd, path, sizeof path) < 0)
		return say(-1);
	puts(path);
	return 0;
}

static socklen_t abstract(const char *name, struct sockaddr_un *sa)
{
	*sa = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(sa->sun_path + 1, sizeof sa->sun_path - 1, "%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static int serve(char **arg)
{
	struct sockaddr_un sa;
	socklen_t len = abstract(arg[0], &sa);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(s, (struct sockaddr *)&sa, len) < 0 || listen(s, 8) < 0)
		return say(-1);
	say(0);
	fflush(stdout);
	return accept(s, NULL, NULL) < 0;
}

static int connect_abstract(char **arg)
{
	struct sockaddr_un sa;
	socklen_t len = abstract(arg[0], &sa);

	return say(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&sa, len));
}

static struct sockaddr_in local(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((unsigned short)number(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int tcp_bind(char **arg)
{
	struct sockaddr_in sa = local(arg[0]);

	return say(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&sa, sizeof sa));
}

static int tcp_connect(char **arg)
{
	struct sockaddr_in sa = local(arg[0]);

	return say(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&sa, sizeof sa));
}

static int send_nothing(char **arg)
{
	return say(kill(number(arg[0]), 0));
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = fd < 0 ? -1 : (int)write(fd, text, strlen(text));

	close(fd);
	return rc;
}

/* Root in a user namespace of one's own may mount a hierarchy, from the root of the cgroup namespace on. */
static int raise_limit(char **arg)
{
	char path[256], map[32];

	snprintf(map, sizeof map, "0 %u 1", geteuid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | 0x02000000) < 0)
		return say(-1);
	put("/proc/self/setgroups", "deny");
	put("/proc/self/uid_map", map);
	put("/proc/self/gid_map", map);
	if (mount("probe", "/tmp", strcmp(arg[0], "unified") ? "cgroup" : "cgroup2", 0, strcmp(arg[0], "unified") ? arg[0] : NULL) < 0)
		return say(-1);
	snprintf(path, sizeof path, "/tmp/%s", arg[1]);
	return say(put(path, arg[2]));
}

static int count_zombies(void)
{
	DIR *d = opendir("/proc");
	struct dirent *ent;
	char path[300], text[128];
	int n = 0;

	while (d && (ent = readdir(d))) {
		const char *state;
		ssize_t len;
		int fd;

		snprintf(path, sizeof path, "/proc/%s/stat", ent->d_name);
		if (ent->d_name[0] < '1' || ent->d_name[0] > '9' || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
			continue;
		len = read(fd, text, sizeof text - 1);
		close(fd);
		text[len > 0 ? len : 0] = '\0';
		state = strrchr(text, ')');
		n += state && state[1] && state[2] == 'Z';
	}
	if (d)
		closedir(d);
	return n;
}

static int orphans(char **arg)
{
	int go[2], alive[2], n = 0;
	char c;

	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(alive, O_CLOEXEC) < 0)
		return say(-1);
	for (int i = number(arg[0]); i > 0; i--) {
		pid_t pid = fork();

		if (pid == 0) {
			if (fork() == 0) {
				close(go[1]);
				_exit((int)read(go[0], &c, 1));
			}
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	close(go[1]);
	close(alive[1]);
	/* the end: none of them has it open any more */
	if (read(alive[0], &c, 1) != 0)
		return say(-1);
	for (int i = 0; i < 20 && (n = count_zombies()) > 0; i++)
		pause_ms(50);
	printf("%d\n", n);
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **arg);
} actions[] = {
	{ "call", 1, call }, { "clone3", 0, clone_user }, { "connect", 1, connect_abstract }, { "cwd", 0, cwd },
	{ "exchange", 2, exchange }, { "grab", 1, grab }, { "handle", 1, by_handle }, { "ids", 0, ids },
	{ "int80", 1, call_i386 }, { "keyctl", 1, keyring }, { "kill", 1, send_nothing }, { "mount", 2, mount_new },
	{ "orphans", 1, orphans }, { "ptrace", 1, attach }, { "raise", 3, raise_limit }, { "remount", 1, remount }, { "serve", 1, serve },
	{ "setattr", 1, set_attr }, { "socket", 1, new_socket }, { "spy", 1, spy }, { "tcp-bind", 1, tcp_bind },
	{ "tcp-connect", 1, tcp_connect }, { "tioclinux", 1, push_selection }, { "tiocsti", 1, push_key },
	{ "unshare", 1, new_namespace }, { "write", 1, open_write },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(actions[i].name, argv[1]) && argc - 2 >= actions[i].args)
			return actions[i].run(argv + 2);
	fputs("probe: no such action, or words are missing\n", stderr);
	return 125;
}
