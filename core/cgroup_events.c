#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/* v2 does not wake those who wait when a group is removed. */
#define LOOK_MS 500

/* v1 tells before it kills: how long the counter is looked at until it says so, in steps of 10 ms. */
#define COUNT_TRIES 100

/*
 * v1: an eventfd, tied to memory.oom_control by a line in cgroup.event_control
 * (memory.rst, 9). The kernel signals at once where a process waits for memory already.
 */
static int listen_v1(const struct cgroup_dir *g, int control, struct err *e)
{
	auto_close int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];
	int rc;

	if (fd < 0)
		return err_sys(e, "eventfd", NULL);
	snprintf(line, sizeof line, "%d %d", fd, control);
	rc = cgroup_put(g, "cgroup.event_control", line, e);
	return rc < 0 ? rc : take_fd(&fd);
}

static long long kills(const struct cgroup_dir *g, const char *file)
{
	return cgroup_number(g, file, "oom_kill");
}

static bool waits_for_memory(const struct cgroup_dir *g, const char *file)
{
	return !g->hier->v2 && cgroup_number(g, file, "under_oom") == 1;
}

/* 1: it has happened, 0: not yet. v1's event may be the removal, or come before the kill is counted. */
static int look(const struct cgroup_dir *g, const char *file, long long before, bool signalled, struct err *e)
{
	for (int i = signalled && !g->hier->v2 ? COUNT_TRIES : 1; i > 0; i--) {
		struct timespec t = { .tv_nsec = 10000000 };
		long long now = kills(g, file);

		if (now < 0) {
			int rc = err_set(e, ENODEV, g->path, "wait for an event");

			cgroup_hint(g->hier, ENODEV, e);
			return rc;
		}
		if (now > before || waits_for_memory(g, file))
			return 1;
		if (i > 1)
			nanosleep(&t, NULL);
	}
	return signalled;
}

/* 1 once it has happened. The count is looked at after each wait is set up, so that nothing is lost between the two. */
static int wait_event(const struct cgroup_dir *g, const char *file, int fd, int wake, long long before, struct err *e)
{
	struct pollfd p = { .fd = wake, .events = g->hier->v2 ? POLLPRI : POLLIN };
	char text[512];
	int rc = 0;

	while (rc == 0) {
		uint64_t n;
		bool signalled = !g->hier->v2 && read(wake, &n, sizeof n) == (ssize_t)sizeof n;

		/* each read of v2's file starts the next wait for a change of it */
		if (g->hier->v2 && lseek(fd, 0, SEEK_SET) == 0)
			fd_read(fd, text, sizeof text);
		rc = look(g, file, before, signalled, e);
		if (rc == 0)
			poll(&p, 1, LOOK_MS);
	}
	return rc;
}

int cgroup_wait_oom(const struct cgroup_dirs *d, struct strbuf *out, struct err *e)
{
	const struct cgroup_dir *g = cgroup_dirs_need(d, "memory", "--wait-oom", e);
	const char *file = g && g->hier->v2 ? "memory.events" : "memory.oom_control";
	auto_close int fd = -1, eventfd_v1 = -1;
	long long before;
	char path[4096], *text;
	int rc;

	if (!g)
		return -EINVAL;
	before = kills(g, file);
	str_join(path, sizeof path, g->path, "/", file);
	fd = fd_open(AT_FDCWD, path, O_RDONLY, e);
	if (fd < 0)
		return fd;
	if (!g->hier->v2) {
		eventfd_v1 = listen_v1(g, fd, e);
		if (eventfd_v1 < 0)
			return eventfd_v1;
	}
	rc = wait_event(g, file, fd, g->hier->v2 ? fd : eventfd_v1, before < 0 ? 0 : before, e);
	if (rc < 0)
		return rc;
	text = cgroup_slurp(g, file);
	strbuf_add(out, text ? text : "");
	free(text);
	return 0;
}
