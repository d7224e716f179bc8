#include "core/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"

/* The helper's whole life. */
static _Noreturn void live(int go, int err_fd, const char *parent, helper_work *work, const void *arg)
{
	struct err e = { 0 };
	sigset_t set;
	char c;

	/* a Ctrl-C is for the command, which this is done for */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* it may have children of its own, whose status an inherited SIG_IGN would lose */
	signal(SIGCHLD, SIG_DFL);

	/* end of file: the parent has given up */
	if (read(go, &c, 1) != 1)
		_exit(0);
	if (work(parent, arg, &e) == 0)
		_exit(0);
	err_send(err_fd, &e);
	_exit(1);
}

int helper_start(struct helper *h, helper_work *work, const void *arg, struct err *e)
{
	char parent[32] = "/proc/";
	int go[2], err_fd[2], rc;

	if (readlink("/proc/self", parent + 6, sizeof parent - 7) < 0) {
		rc = err_sys(e, "/proc/self", NULL);
		err_hint(e, "a process in the old namespaces has to find this one: mount /proc first");
		return rc;
	}
	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(e, "pipe", NULL);
	if (pipe2(err_fd, O_CLOEXEC) < 0) {
		rc = err_sys(e, "pipe", NULL);
		close(go[0]);
		close(go[1]);
		return rc;
	}
	h->pid = fork();
	if (h->pid == 0) {
		close(go[1]);
		close(err_fd[0]);
		live(go[0], err_fd[1], parent, work, arg);
	}
	rc = h->pid < 0 ? err_sys(e, "fork", NULL) : 0;
	close(go[0]);
	close(err_fd[1]);
	h->go = go[1];
	h->err = err_fd[0];
	if (rc < 0) {
		h->pid = 0;
		helper_cancel(h);
	}
	return rc;
}

static int reap(struct helper *h)
{
	int status = 0;

	if (h->pid > 0)
		while (waitpid(h->pid, &status, 0) < 0 && errno == EINTR)
			;
	helper_forget(h);
	return status;
}

int helper_finish(struct helper *h, struct err *e)
{
	struct err got = { 0 };
	void (*was)(int);
	int rc;

	if (h->pid <= 0)
		return 0;
	/* it may be dead, and a pipe without a reader is not to kill us */
	was = signal(SIGPIPE, SIG_IGN);
	rc = write(h->go, "", 1) == 1 ? 0 : err_sys(e, "helper", NULL);
	signal(SIGPIPE, was);
	fd_close(&h->go);
	if (rc == 0 && err_recv(h->err, &got) > 0) {
		rc = err_set(e, got.code, got.object, "%s", got.what);
		if (got.hint[0])
			err_hint(e, "%s", got.hint);
	}
	/* it may have been killed before it could say a word */
	if (reap(h) && rc == 0)
		rc = err_set(e, ECHILD, "helper", "did not finish");
	return rc;
}

void helper_cancel(struct helper *h)
{
	fd_close(&h->go);
	reap(h);
}

void helper_forget(struct helper *h)
{
	h->pid = 0;
	fd_close(&h->go);
	fd_close(&h->err);
}
