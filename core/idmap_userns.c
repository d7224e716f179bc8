/* A user namespace that nobody lives in: what mount_setattr(2) takes its maps from. */
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

/* What the child says of itself: by what name /proc knows it, or why it has no namespace. */
struct told {
	int code;
	char proc[32];
};

/* Make the namespace, and keep it until the parent hangs up. */
static _Noreturn void hold(int to)
{
	struct told told = { .proc = "/proc/" };
	sigset_t all;
	char c;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	if (unshare(CLONE_NEWUSER) < 0 || readlink("/proc/self", told.proc + 6, sizeof told.proc - 7) < 0)
		told.code = errno;
	if (write(to, &told, sizeof told) == (ssize_t)sizeof told)
		(void)!read(to, &c, 1);
	_exit(0);
}

static int map_and_open(int from, const struct idmap map[2], struct err *e)
{
	const struct idmap_job job = { .map = { &map[0], &map[1] } };
	struct told told = { .code = ECHILD };
	char path[64];
	int rc;

	if (read(from, &told, sizeof told) != (ssize_t)sizeof told || told.code)
		return err_set(e, told.code ? told.code : ECHILD, "user namespace", "make one for the map");
	rc = idmap_write(told.proc, &job, e);
	if (rc < 0)
		return rc;
	str_join(path, sizeof path, told.proc, "/ns/user");
	return fd_open(AT_FDCWD, path, O_RDONLY, e);
}

int idmap_userns(const struct idmap map[2], struct err *e)
{
	int ends[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair", NULL);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		hold(ends[1]);
	}
	close(ends[1]);
	fd = pid < 0 ? err_sys(e, "fork", NULL) : map_and_open(ends[0], map, e);
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fd;
}
