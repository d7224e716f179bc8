/* A child that lives in another user namespace for a while, so that /proc shows it from here. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/idmap.h"

/* What the child says of itself: by what name /proc knows it, or why it is not there. */
struct told {
	int code;
	char proc[32];
};

/* Make the namespace, or enter it, and keep it until the parent hangs up. */
static _Noreturn void hold(int ns, int to)
{
	struct told told = { .proc = "/proc/" };
	sigset_t all;
	char c;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if ((ns < 0 ? unshare(CLONE_NEWUSER) : setns(ns, CLONE_NEWUSER)) < 0 || readlink("/proc/self", told.proc + 6, sizeof told.proc - 7) < 0)
		told.code = errno;
	if (write(to, &told, sizeof told) == (ssize_t)sizeof told)
		(void)!read(to, &c, 1);
	_exit(0);
}

static int look_at_child(int from, int ns, idmap_look *look, void *arg, struct err *e)
{
	struct told told;

	if (read(from, &told, sizeof told) != (ssize_t)sizeof told)
		return err_set(e, ECHILD, "user namespace", NULL);
	if (told.code)
		return err_set(e, told.code, "user namespace", ns < 0 ? "make one" : "enter");
	return look(told.proc, arg, e);
}

int idmap_with_userns(int ns, idmap_look *look, void *arg, struct err *e)
{
	int ends[2], rc;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair", NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		hold(ns, ends[1]);
	}
	rc = pid < 0 ? err_sys(e, "fork", NULL) : 0;
	close(ends[1]);
	if (rc == 0)
		rc = look_at_child(ends[0], ns, look, arg, e);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return rc;
}

static int map_and_open(const char *proc, void *arg, struct err *e)
{
	char path[64];
	int rc = idmap_write(proc, arg, e);

	str_join(path, sizeof path, proc, "/ns/user");
	return rc < 0 ? rc : fd_open(AT_FDCWD, path, O_RDONLY, e);
}

int idmap_userns(const struct idmap map[2], struct err *e)
{
	struct idmap_job job = { .map = { &map[0], &map[1] } };

	return idmap_with_userns(-1, map_and_open, &job, e);
}
