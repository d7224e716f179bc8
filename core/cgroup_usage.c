#include "core/cgroup_live.h"

#include <string.h>

#include "core/cgroup_priv.h"

/* Where a figure is found: the first row that a group has counts. Times are in microseconds. */
static const struct source {
	const char *name, *file, *key;
	int divisor;
	bool highest; /* of all times, and so no difference of two looks */
} sources[] = {
	{ "cpu_usec",                "cpu.stat",                  "usage_usec", 1 },
	{ "cpu_usec",                "cpuacct.usage",             NULL, 1000 },
	{ "user_usec",               "cpu.stat",                  "user_usec", 1 },
	{ "user_usec",               "cpuacct.usage_user",        NULL, 1000 },
	{ "system_usec",             "cpu.stat",                  "system_usec", 1 },
	{ "system_usec",             "cpuacct.usage_sys",         NULL, 1000 },
	{ "nr_periods",              "cpu.stat",                  "nr_periods", 1 },
	{ "nr_throttled",            "cpu.stat",                  "nr_throttled", 1 },
	{ "throttled_usec",          "cpu.stat",                  "throttled_usec", 1 },
	{ "throttled_usec",          "cpu.stat",                  "throttled_time", 1000 },
	{ "memory_peak",             "memory.peak",               NULL, 1, true },
	{ "memory_peak",             "memory.max_usage_in_bytes", NULL, 1, true },
	{ "oom_kill",                "memory.events",             "oom_kill", 1 },
	{ "oom_kill",                "memory.oom_control",        "oom_kill", 1 },
	{ "pids_peak",               "pids.peak",                 NULL, 1, true },
	{ "pids_refused",            "pids.events",               "max", 1 },
	{ "cpu_some_usec",           "cpu.pressure",              "some", 1 },
	{ "cpu_full_usec",           "cpu.pressure",              "full", 1 },
	{ "memory_some_usec",        "memory.pressure",           "some", 1 },
	{ "memory_full_usec",        "memory.pressure",           "full", 1 },
	{ "io_some_usec",            "io.pressure",               "some", 1 },
	{ "io_full_usec",            "io.pressure",               "full", 1 },
};

#define N_SOURCES (sizeof sources / sizeof *sources)

/* Behind them, one for each of the kinds of cgroup_io_keys. */
_Static_assert(N_SOURCES + IO_KINDS <= CGROUP_USAGE_MAX, "room for all figures");

static long long find(const struct cgroup_dirs *d, const struct source *s)
{
	long long v = -1;

	for (size_t i = 0; i < d->n && v < 0; i++)
		v = cgroup_number(&d->v[i], s->file, s->key);
	return v < 0 ? v : v / s->divisor;
}

static void read_io(const struct cgroup_dirs *d, long long *sum)
{
	struct cgroup_io v[CGROUP_IO_MAX];
	int n = -1;

	for (size_t i = 0; i < d->n && n < 0; i++)
		n = cgroup_io_read(&d->v[i], v);
	for (int k = 0; k < IO_KINDS; k++)
		sum[k] = n < 0 ? -1 : 0;
	for (int i = 0; i < n; i++)
		for (int k = 0; k < IO_KINDS; k++)
			sum[k] += v[i].v[k];
}

void cgroup_usage_read(const struct cgroup_dirs *d, struct cgroup_usage *u)
{
	for (size_t i = 0; i < N_SOURCES; i++)
		u->v[i] = find(d, &sources[i]);
	read_io(d, u->v + N_SOURCES);
}

static void add(struct strbuf *out, const char *prefix, const char *name, long long before, long long after)
{
	if (after >= 0)
		strbuf_addf(out, "%s%s=%lld\n", prefix, name, before < 0 ? after : after - before);
}

void cgroup_usage_format(const struct cgroup_usage *before, const struct cgroup_usage *after, struct strbuf *out)
{
	const char *last = "";

	for (size_t i = 0; i < N_SOURCES; i++) {
		const struct source *s = &sources[i];

		if (after->v[i] < 0 || !strcmp(s->name, last))
			continue;
		add(out, "", s->name, s->highest ? 0 : before->v[i], after->v[i]);
		last = s->name;
	}
	for (int k = 0; k < IO_KINDS; k++)
		add(out, "io_", cgroup_io_keys[k], before->v[N_SOURCES + (size_t)k], after->v[N_SOURCES + (size_t)k]);
}
