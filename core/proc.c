#include "core/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"
#include "core/sys.h"

bool proc_has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	/* a pidfd is readable once its process is dead, and -1 never: pidfd_open(2) */
	return poll(&p, 1, 0) > 0;
}

int proc_set_pdeathsig(int sig, int parent_fd, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)sig) < 0)
		return err_sys(e, "parent-death signal", NULL);
	if (proc_has_ended(parent_fd))
		return err_set(e, ESRCH, "parent-death signal", "the parent has died");
	return 0;
}

int proc_new_session(struct err *e)
{
	int rc;

	if (getsid(0) == getpid() || setsid() >= 0)
		return 0;
	/*
	 * A process group of that number is there: ours, when an interactive shell
	 * made us its leader. Moved over to the parent's, we leave none behind,
	 * unless others are in it too: setsid(2), setpgid(2)
	 */
	if (setpgid(0, getpgid(getppid())) == 0 && setsid() >= 0)
		return 0;
	rc = err_sys(e, "session", "make");
	err_hint(e, "this process leads a process group that others are in; in a pipeline, do not put it first");
	return rc;
}

void proc_close_others(const int *keep, size_t n)
{
	unsigned from = 0;

	for (;;) {
		unsigned next = ~0U;

		for (size_t i = 0; i < n; i++)
			if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < next)
				next = (unsigned)keep[i];
		if (next > from)
			sys_close_range(from, next == ~0U ? ~0U : next - 1, 0);
		if (next == ~0U)
			return;
		from = next + 1;
	}
}

/*
 * Do children go to another pid namespace than ours? Until it has its first
 * process, which a watcher would become, the link cannot be read:
 * pid_namespaces(7). Without a procfs nobody knows.
 */
static bool children_elsewhere(void)
{
	char own[64], theirs[64];
	ssize_t n = readlink("/proc/self/ns/pid", own, sizeof own);

	return n > 0 && (readlink("/proc/self/ns/pid_for_children", theirs, sizeof theirs) != n || memcmp(own, theirs, (size_t)n));
}

int proc_detach(int *main, const int *keep, size_t n, struct err *e)
{
	auto_close int self = -1;
	int kept[32];
	pid_t pid;

	if (getpid() == 1) {
		err_set(e, EINVAL, "watcher", "pid 1 cannot leave cleaning up to another process: all end with it");
		err_hint(e, "put the step that cleans up before unshare --pid");
		return -EINVAL;
	}
	if (children_elsewhere()) {
		err_bad(e, "watcher", "would live in the new pid namespace and end with it");
		err_hint(e, "put the step that cleans up before unshare --pid");
		return -EINVAL;
	}
	if (n + 1 > sizeof kept / sizeof *kept)
		return err_set(e, EMFILE, "watcher", NULL);
	self = sys_pidfd_open(getpid());
	if (self < 0)
		return err_sys(e, "pidfd_open", NULL);
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork", NULL);
	if (pid > 0) {
		int status = 0;

		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		return status ? err_set(e, EAGAIN, "watcher", "fork") : 0;
	}
	/* its own session: a terminal's Ctrl-C must not end it; the grandchild is nobody's child */
	setsid();
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	for (size_t i = 0; i < n; i++)
		kept[i] = keep[i];
	kept[n] = self;
	proc_reset_signals();
	signal(SIGHUP, SIG_IGN);
	proc_close_others(kept, n + 1);
	if (chdir("/") < 0)
		_exit(0);
	*main = take_fd(&self);
	return 1;
}

int proc_watch(const int *keep, size_t n, struct err *e)
{
	int main = -1, rc = proc_detach(&main, keep, n, e);

	while (rc == 1 && poll(&(struct pollfd){ .fd = main, .events = POLLIN }, 1, -1) <= 0)
		if (errno != EINTR)
			_exit(0);
	fd_close(&main);
	return rc;
}

int proc_open(struct err *e)
{
	auto_close int fd = openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fs = -1;
	struct statfs sfs;
	int own;

	if (fd >= 0 && fstatfs(fd, &sfs) == 0 && sfs.f_type == PROC_SUPER_MAGIC)
		return take_fd(&fd);
	fs = sys_fsopen("proc");
	if (fs < 0 || sys_fsconfig_create(fs) < 0 || (own = sys_fsmount(fs, 0)) < 0)
		return err_sys(e, "/proc", "no procfs is mounted there and none can be made");
	return own;
}

long long proc_start_time(int proc, pid_t pid)
{
	char path[32], text[1024];
	const char *s;
	ssize_t len;

	snprintf(path, sizeof path, "%d/stat", pid);
	len = fd_get(proc, path, text, sizeof text);
	if (len < 0)
		return len;
	/* the name in parentheses may hold anything, a ")" too: count from the last one */
	s = strrchr(text, ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	return s ? strtoll(s + 1, NULL, 10) : -EIO;
}

void proc_reset_signals(void)
{
	sigset_t none;

	/* signal(3) refuses 32 to 34, which glibc's posix_spawn(3), and so make, leaves ignored */
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		sys_signal_default(sig);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
