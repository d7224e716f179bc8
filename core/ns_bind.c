#include "core/ns_bind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"

static int bind_one(pid_t pid, const struct ns_bind *b, struct err *e)
{
	char from[64];
	int rc;

	snprintf(from, sizeof from, "/proc/%d/ns/%s", pid, b->ns);
	if (mount(from, b->file, NULL, MS_BIND, NULL) == 0)
		return 0;
	rc = err_sys(e, b->file, "bind the %s namespace", b->ns);
	if (rc == -ENOENT && access(b->file, F_OK) == 0)
		err_hint(e, "%s is not there: a pid namespace can be bound once it has a process, which --fork gives it", from);
	else if (rc == -ENOENT)
		err_hint(e, "make the file first: touch %s", b->file);
	else if (rc == -EINVAL && !strcmp(b->ns, "mnt"))
		err_hint(e, "the file must lie on a mount that is not shared: bind its folder on itself and make that private");
	return rc;
}

/* The helper's whole life. */
static _Noreturn void helper(pid_t parent, int go, int err_fd, const struct ns_bind *binds, unsigned n)
{
	struct err e = { 0 };
	unsigned i = 0;
	sigset_t set;
	char c;

	/* a Ctrl-C is for the command, which the names are made for */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	/* end of file: the parent has given up */
	if (read(go, &c, 1) != 1)
		_exit(0);
	while (i < n && bind_one(parent, &binds[i], &e) == 0)
		i++;
	if (i < n) {
		while (i-- > 0)
			umount2(binds[i].file, MNT_DETACH);
		err_send(err_fd, &e);
		_exit(1);
	}
	_exit(0);
}

int ns_binder_start(struct ns_binder *b, const struct ns_bind *binds, unsigned n, struct err *e)
{
	int go[2], err_fd[2];
	pid_t parent = getpid();

	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(e, "pipe", NULL);
	if (pipe2(err_fd, O_CLOEXEC) < 0) {
		int rc = err_sys(e, "pipe", NULL);

		close(go[0]);
		close(go[1]);
		return rc;
	}
	b->pid = fork();
	if (b->pid == 0) {
		close(go[1]);
		close(err_fd[0]);
		helper(parent, go[0], err_fd[1], binds, n);
	}
	close(go[0]);
	close(err_fd[1]);
	b->go = go[1];
	b->err = err_fd[0];
	if (b->pid > 0)
		return 0;
	b->pid = 0;
	ns_binder_cancel(b);
	return err_set(e, EAGAIN, "fork", NULL);
}

static int reap(struct ns_binder *b)
{
	int status = 0;

	if (b->pid > 0)
		while (waitpid(b->pid, &status, 0) < 0 && errno == EINTR)
			;
	b->pid = 0;
	fd_close(&b->err);
	return status;
}

int ns_binder_finish(struct ns_binder *b, struct err *e)
{
	struct err got = { 0 };
	void (*was)(int);
	int rc;

	if (b->pid <= 0)
		return 0;
	/* it may be dead, and a pipe without a reader is not to kill us */
	was = signal(SIGPIPE, SIG_IGN);
	rc = write(b->go, "", 1) == 1 ? 0 : err_sys(e, "helper", NULL);
	signal(SIGPIPE, was);
	fd_close(&b->go);
	if (rc == 0 && err_recv(b->err, &got) > 0) {
		rc = err_set(e, got.code, got.object, "%s", got.what);
		if (got.hint[0])
			err_hint(e, "%s", got.hint);
	}
	/* it may have been killed before it could say a word */
	if (reap(b) && rc == 0)
		rc = err_set(e, ECHILD, "helper", "bind the namespaces");
	return rc;
}

void ns_binder_cancel(struct ns_binder *b)
{
	fd_close(&b->go);
	reap(b);
}
