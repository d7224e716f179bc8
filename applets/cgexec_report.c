/* cgexec --report: who waits for the command, and says what it has used. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/cgexec_priv.h"
#include "core/fd.h"

/* "3", "-1", "-": nobody who writes that wants a file of that name. */
static bool is_number(const char *text)
{
	text += *text == '-' || *text == '+';
	return !text[strspn(text, "0123456789")];
}

/* The caller's own descriptor, standard error where none is named. */
static int take_number(const char *text, struct cgexec_report *r, struct err *e)
{
	long long fd = STDERR_FILENO;
	int flags = -1;

	if (!text || str_num(text, 0, INT_MAX, &fd) == 0)
		flags = fcntl((int)fd, F_GETFL);
	if (flags < 0) {
		err_set(e, EBADF, "--report", "file descriptor %s", text ? text : "2");
		if (text)
			err_hint(e, "a file of that name is ./%s", text);
		return -EBADF;
	}
	if ((flags & O_PATH) || (flags & O_ACCMODE) == O_RDONLY)
		return err_bad(e, "--report", "file descriptor %lld is not open for writing", fd);
	r->fd = (int)fd;
	return 0;
}

int cgexec_report_open(const struct opt_maybe *to, struct cgexec_report *r, struct err *e)
{
	r->fd = -1;
	if (!to->set)
		return 0;
	if (!to->value || (*to->value && is_number(to->value)))
		return take_number(to->value, r, e);
	r->is_file = true;
	r->fd = open(to->value, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return r->fd < 0 ? err_sys(e, to->value, "open") : 0;
}

void cgexec_report_close(struct cgexec_report *r)
{
	if (r->is_file)
		fd_close(&r->fd);
}

/* The parent is in none of the groups: what it costs is not counted, and no limit is its own. */
int cgexec_report_fork(struct cgexec_report *r, const struct cgroup_dirs *d, bool joins, struct step_ctx *ctx, struct err *e)
{
	struct cgroup_seats seats = CGROUP_SEATS_NONE;
	int rc = joins ? cgroup_seats_open(d, &seats, e) : 0;

	if (rc < 0) {
		cgroup_seats_close(&seats);
		return rc;
	}
	cgroup_usage_read(d, &r->before);
	clock_gettime(CLOCK_MONOTONIC, &r->start);
	ctx->child = (struct proc_child){ .forward = FORWARD_ALL, .stop_alike = true, .into = seats.v2 };
	rc = proc_fork(&ctx->child, &ctx->err_fd, &ctx->parent_fd, e);
	if (rc > 0) {
		cgroup_seats_close(&seats);
		cgroup_seats_close(&ctx->seats);
		return STEP_WAIT;
	}
	if (ctx->child.pid == 0) {
		ctx->forks++;
		ctx->pid_pending = false;
	}
	if (rc == 0)
		rc = cgroup_seats_take(&seats, ctx->child.born_there, e);
	cgroup_seats_close(&seats);
	return rc;
}

static void add_time(const struct timespec *start, struct strbuf *out)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	strbuf_addf(out, "wall_usec=%lld\n", (now.tv_sec - start->tv_sec) * 1000000LL + (now.tv_nsec - start->tv_nsec) / 1000);
}

int cgexec_report_write(struct cgexec_report *r, const struct cgroup_dirs *d, int status, struct err *e)
{
	struct cgroup_usage after;
	struct strbuf out = { 0 };
	int rc;

	strbuf_addf(&out, "status=%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	add_time(&r->start, &out);
	cgroup_usage_read(d, &after);
	cgroup_usage_format(&r->before, &after, &out);
	rc = out.failed ? -ENOMEM : fd_write(r->fd, out.s);
	strbuf_release(&out);
	return rc < 0 ? err_set(e, -rc, "--report", "write") : 0;
}
