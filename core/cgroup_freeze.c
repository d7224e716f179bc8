#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/* v1 does not wait by itself: how often it is asked, and when what it caught is let go for a moment. */
#define V1_TRIES 1000
#define V1_THAW_EVERY 50

/* v2 tells: how long it may take, in ms. What does not freeze waits in the kernel for something else. */
#define V2_WAIT_MS 10000
#define V2_THAW_WAIT_MS 1000

int cgroup_not_own(const struct cgroup_dirs *d, const char *what, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < d->n && rc == 0; i++) {
		const char *above = str_after(d->v[i].hier->root, "/..");
		char *own = cgroup_own_dir(d->v[i].hier);
		const char *rest = own ? str_after(own, d->v[i].path) : NULL;

		/* mounted from above the cgroup namespace: what we are in has no name there, and could be anything */
		if (above && (!*above || *above == '/'))
			rc = err_bad(e, d->v[i].path, "the own group is not to be seen here, and %s could hit it", what);
		else if (rest && (!*rest || *rest == '/'))
			rc = err_bad(e, d->v[i].path, "this process itself is in the group, which %s would hit too", what);
		free(own);
	}
	return rc;
}

static void sleep_us(long us)
{
	struct timespec t = { .tv_nsec = us * 1000 };

	nanosleep(&t, NULL);
}

static bool says(const struct cgroup_dir *g, const char *file, const char *word)
{
	char text[64];

	return cgroup_get(g, file, text, sizeof text) >= 0 && !strcmp(text, word);
}

/*
 * Of processes that fork meanwhile, or wait for one that is frozen already (vfork),
 * one write does not catch all: freezer-subsystem.rst. To be repeated, with a breath now and then.
 */
static int freeze_v1(const struct cgroup_dir *g, struct err *e)
{
	struct err ignored = { 0 };
	int rc = 0;

	for (int i = 1; i <= V1_TRIES && rc == 0; i++) {
		rc = cgroup_put(g, "freezer.state", "FROZEN", e);
		if (rc == 0 && says(g, "freezer.state", "FROZEN"))
			return 0;
		if (i % V1_THAW_EVERY == 0) {
			cgroup_put(g, "freezer.state", "THAWED", &ignored);
			sleep_us(10000);
		}
		sleep_us(i % V1_THAW_EVERY < 10 ? 10 : 1000);
	}
	cgroup_put(g, "freezer.state", "THAWED", &ignored);
	return rc < 0 ? rc : err_set(e, EBUSY, g->path, "freeze");
}

static int thaw_v1(const struct cgroup_dir *g, struct err *e)
{
	int rc = cgroup_put(g, "freezer.state", "THAWED", e);

	return rc == 0 && says(g, "freezer.parent_freezing", "1") ? err_set(e, EBUSY, g->path, "thaw") : rc;
}

static bool is_frozen(int events)
{
	char text[256];

	return lseek(events, 0, SEEK_SET) == 0 && fd_read(events, text, sizeof text) > 0 && strstr(text, "frozen 1");
}

/* Each read of cgroup.events starts the next wait for a change of it. */
static int wait_v2(const struct cgroup_dir *g, bool freeze, struct err *e)
{
	struct pollfd p = { .events = POLLPRI };
	auto_close int events = -1;
	char path[4096];

	str_join(path, sizeof path, g->path, "/cgroup.events");
	events = fd_open(AT_FDCWD, path, O_RDONLY, e);
	if (events < 0)
		return events;
	p.fd = events;
	while (is_frozen(events) != freeze)
		if (poll(&p, 1, freeze ? V2_WAIT_MS : V2_THAW_WAIT_MS) == 0 && is_frozen(events) != freeze)
			return err_set(e, EBUSY, g->path, freeze ? "freeze" : "thaw");
	return 0;
}

static int freeze_v2(const struct cgroup_dir *g, bool freeze, struct err *e)
{
	struct err ignored = { 0 };
	int rc = cgroup_put(g, "cgroup.freeze", freeze ? "1" : "0", e);

	if (rc == 0)
		rc = wait_v2(g, freeze, e);
	if (rc < 0 && freeze)
		cgroup_put(g, "cgroup.freeze", "0", &ignored);
	return rc;
}

int cgroup_freeze(const struct cgroup_dirs *d, bool freeze, struct err *e)
{
	const struct cgroup_dir *g = NULL;
	int rc;

	for (size_t i = 0; i < d->n && (!g || g->hier->v2); i++)
		if (d->v[i].hier->v2 || cgroup_list_has(d->v[i].controllers, "freezer"))
			g = &d->v[i];
	if (!g)
		return cgroup_dirs_need(d, "freezer", freeze ? "--freeze" : "--thaw", e) ? 0 : -EINVAL;
	if (!cgroup_has(g, g->hier->v2 ? "cgroup.freeze" : "freezer.state"))
		return err_bad(e, g->path, "the top group cannot be frozen");
	if (g->hier->v2)
		rc = freeze_v2(g, freeze, e);
	else
		rc = freeze ? freeze_v1(g, e) : thaw_v1(g, e);
	if (rc == -EBUSY)
		err_hint(e, freeze ? "a process of the group waits in the kernel for something else, and the others go on" : "a group above is frozen");
	return rc;
}
