/* Resource limits in docker's words. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "core/cred.h"
#include "core/fd.h"

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "as", RLIMIT_AS },           { "core", RLIMIT_CORE },     { "cpu", RLIMIT_CPU },
	{ "data", RLIMIT_DATA },       { "fsize", RLIMIT_FSIZE },   { "locks", RLIMIT_LOCKS },
	{ "memlock", RLIMIT_MEMLOCK }, { "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
	{ "nofile", RLIMIT_NOFILE },   { "nproc", RLIMIT_NPROC },   { "rss", RLIMIT_RSS },
	{ "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME }, { "sigpending", RLIMIT_SIGPENDING },
	{ "stack", RLIMIT_STACK },
};

#define N_LIMITS (sizeof limits / sizeof *limits)

static int parse_value(const char *text, rlim_t *out)
{
	long long v;

	if (!strcmp(text, "-1") || !strcmp(text, "unlimited")) {
		*out = RLIM_INFINITY;
		return 0;
	}
	if (*text == '-' || str_num(text, 0, LLONG_MAX, &v) < 0)
		return -EINVAL;
	*out = (rlim_t)v;
	return 0;
}

static int find_limit(const char *name, struct cred_limit *l, struct err *e)
{
	struct strbuf all = { 0 };

	for (size_t i = 0; i < N_LIMITS; i++) {
		if (strcmp(limits[i].name, name))
			continue;
		l->resource = limits[i].resource;
		l->name = limits[i].name;
		return 0;
	}
	for (size_t i = 0; i < N_LIMITS; i++)
		strbuf_addf(&all, " %s", limits[i].name);
	err_bad(e, name, "no such limit");
	err_hint(e, "the limits are%s", all.s ? all.s : "");
	strbuf_release(&all);
	return -EINVAL;
}

int cred_limit_parse(const char *text, struct cred_limit *l, struct err *e)
{
	const char *rest = strchr(text, '=');
	char name[32], soft[32], hard[32];
	int rc;

	if (!rest || (size_t)(rest - text) >= sizeof name)
		return err_bad(e, text, "wants NAME=SOFT[:HARD]");
	memcpy(name, text, (size_t)(rest - text));
	name[rest - text] = '\0';
	rc = find_limit(name, l, e);
	if (rc < 0)
		return rc;
	rest++;
	if (str_next(&rest, ':', soft, sizeof soft) <= 0 || parse_value(soft, &l->v.rlim_cur) < 0)
		return err_bad(e, text, "wants NAME=SOFT[:HARD]");
	l->v.rlim_max = l->v.rlim_cur;
	if (rest && (strlen(rest) >= sizeof hard || parse_value(rest, &l->v.rlim_max) < 0))
		return err_bad(e, text, "wants NAME=SOFT[:HARD]");
	if (l->v.rlim_cur > l->v.rlim_max)
		return err_bad(e, text, "the soft limit is above the hard one");
	return 0;
}

/* Why not: the kernel's own maximum of open files, or the hard limit that is in force. */
static void hint_limit(const struct cred_limit *l, struct err *e)
{
	char text[32];
	struct rlimit now;
	long long max;

	if (l->resource == RLIMIT_NOFILE && fd_get(-1, "/proc/sys/fs/nr_open", text, sizeof text) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (!str_num(text, 0, LLONG_MAX, &max) && l->v.rlim_max > (rlim_t)max)
			err_hint(e, "/proc/sys/fs/nr_open is %lld", max);
	}
	if (getrlimit(l->resource, &now) < 0 || now.rlim_max >= l->v.rlim_max)
		return;
	err_hint(e, "the hard limit is %llu now; raising it needs CAP_SYS_RESOURCE in the initial user namespace",
		 (unsigned long long)now.rlim_max);
}

int cred_limit_set(const struct cred_limit *l, struct err *e)
{
	int rc;

	if (setrlimit(l->resource, &l->v) == 0)
		return 0;
	rc = err_sys(e, l->name, "set limit");
	if (rc == -EPERM)
		hint_limit(l, e);
	return rc;
}
