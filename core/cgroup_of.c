#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/* Is it one of the lines of `text`? */
static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *s = text; s && *s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (strcspn(s, "\n") == len && !memcmp(s, line, len))
			return true;
	return false;
}

/* A process that has ended is in no group that could be meant: its v2 line says so at its end. */
static bool is_deleted(const char *line)
{
	size_t len = strlen(line);

	return len > 10 && !strcmp(line + len - 10, " (deleted)");
}

/* The hierarchy that a line of /proc/PID/cgroup is about, with its path as `own`: cgroups(7). NULL: not mounted. */
static struct cgroup_hier *hier_of(const char *line, struct cgroups *c)
{
	char *copy = strdup(line);

	for (size_t i = 0; i < c->n; i++)
		c->v[i].own[0] = '\0';
	if (copy)
		cgroup_parse_own(copy, c);
	free(copy);
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].own[0])
			return &c->v[i];
	return NULL;
}

static int add_group(const char *line, struct cgroups *c, struct cgroup_dirs *d, struct err *e)
{
	struct cgroup_hier *h = hier_of(line, c);
	struct cgroup_dir g = { .hier = h, .procs = -1, .back = -1, .hold = -1 };

	if (is_deleted(line))
		return err_set(e, ENOENT, line, "the group has been removed");
	g.path = h ? cgroup_own_dir(h) : NULL;
	if (!g.path) {
		err_set(e, ENOENT, line, "the process's group is not to be seen here");
		err_hint(e, h ? "it is outside of this cgroup namespace, or of what is mounted on %s" : "its hierarchy is not mounted", h ? h->mount : "");
		return -ENOENT;
	}
	d->v[d->n++] = g;
	return 0;
}

/* Lines that both have are groups that we are in already. */
static int find_groups(char *theirs, const char *ours, struct cgroups *c, struct cgroup_dirs *d, struct err *e)
{
	int rc = 0;

	d->v = calloc(c->n + 1, sizeof *d->v);
	if (!d->v)
		return err_set(e, ENOMEM, "groups", NULL);
	for (char *line; rc == 0 && (line = strsep(&theirs, "\n"));)
		if (*line && !has_line(ours, line))
			rc = add_group(line, c, d, e);
	return rc;
}

int cgroup_seats_of(int proc, struct cgroup_seats *s, struct err *e)
{
	struct cgroups c = { 0 };
	struct cgroup_dirs d = { 0 };
	char *theirs = fd_slurp(proc, "cgroup", 1 << 20);
	char *ours = fd_slurp(AT_FDCWD, "/proc/self/cgroup", 1 << 20);
	int rc = theirs && ours ? cgroups_load(&c, e) : err_sys(e, "cgroup", "read that of the process");

	if (rc == 0)
		rc = find_groups(theirs, ours, &c, &d, e);
	if (rc == 0)
		rc = cgroup_seats_open(&d, s, e);
	cgroup_dirs_release(&d);
	cgroups_release(&c);
	free(theirs);
	free(ours);
	return rc;
}
