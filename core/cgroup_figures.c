#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/* v1's "no limit": the largest number, rounded down to a page: of 4 KiB, or a huge one of up to 1 GiB. */
#define V1_NONE 9223372036854771712LL
#define V1_NONE_FROM (LLONG_MAX - (1LL << 30))

char *cgroup_slurp(const struct cgroup_dir *g, const char *file)
{
	char path[4096];

	str_join(path, sizeof path, g->path, "/", file);
	return fd_slurp(AT_FDCWD, path, 16 << 20);
}

static long long number_on(const char *line)
{
	const char *total = memmem(line, strcspn(line, "\n"), "total=", 6);

	return strtoll(total ? total + 6 : line, NULL, 10);
}

long long cgroup_number(const struct cgroup_dir *g, const char *file, const char *key)
{
	char *text = cgroup_slurp(g, file);
	long long v = text && !key ? number_on(text) : -1;

	for (const char *line = text; key && line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *rest = str_after(line, key);

		if (rest && *rest == ' ')
			v = number_on(rest);
	}
	free(text);
	return v;
}

/* ---- the other version's words ---- */

/* `file` is what the group has; *out gets what the name that was asked for would say. Negative: the group has not all it takes. */
typedef int convert(const struct cgroup_dir *g, const char *file, struct strbuf *out);

static int add(struct strbuf *out, long long v)
{
	strbuf_addf(out, "%lld", v);
	return v < 0 ? -1 : 0;
}

static int add_limit(struct strbuf *out, long long v, bool v2)
{
	if (v2 && v >= V1_NONE_FROM)
		strbuf_add(out, "max");
	else
		add(out, v >= V1_NONE_FROM ? V1_NONE : v);
	return v < 0 ? -1 : 0;
}

/* Of either version; no limit is LLONG_MAX. */
static long long get_limit(const struct cgroup_dir *g, const char *file)
{
	char text[64];
	long long v;

	if (cgroup_get(g, file, text, sizeof text) < 0)
		return -1;
	v = strcmp(text, "max") ? strtoll(text, NULL, 10) : LLONG_MAX;
	return v >= V1_NONE_FROM ? LLONG_MAX : v;
}

static int same(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	char *text = cgroup_slurp(g, file);

	strbuf_add(out, text ? text : "");
	free(text);
	return text ? 0 : -1;
}

/* A limit, whichever of the two. */
static int limit(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	return add_limit(out, get_limit(g, file), !g->hier->v2);
}

/* v1 counts memory and swap together. */
static int together(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	long long swap = get_limit(g, file), memory = get_limit(g, strstr(file, "max") ? "memory.max" : "memory.current");

	if (swap < 0 || memory < 0)
		return -1;
	return add_limit(out, memory == LLONG_MAX || swap == LLONG_MAX ? LLONG_MAX : memory + swap, false);
}

static int apart(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	long long sum = get_limit(g, file), memory = get_limit(g, strstr(file, "limit") ? "memory.limit_in_bytes" : "memory.usage_in_bytes");

	if (sum < 0 || memory < 0)
		return -1;
	return add_limit(out, sum == LLONG_MAX ? sum : sum > memory ? sum - memory : 0, true);
}

static int shares(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	long long v = cgroup_number(g, file, NULL);

	return add(out, v < 0 ? v : g->hier->v2 ? cgroup_shares((int)v) : cgroup_weight(v));
}

static int cpu_max(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	long long quota = cgroup_number(g, file, NULL);

	strbuf_addf(out, quota < 0 ? "max " : "%lld ", quota);
	return add(out, cgroup_number(g, "cpu.cfs_period_us", NULL));
}

static int quota(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	char text[64];

	if (cgroup_get(g, file, text, sizeof text) < 0)
		return -1;
	text[strcspn(text, " ")] = '\0';
	strbuf_add(out, strcmp(text, "max") ? text : "-1");
	return 0;
}

static int period(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	char text[64];

	if (cgroup_get(g, file, text, sizeof text) < 0)
		return -1;
	return add(out, strtoll(text + strcspn(text, " "), NULL, 10));
}

/* v2 counts microseconds, v1 nanoseconds. */
static int nanoseconds(const struct cgroup_dir *g, const char *key, struct strbuf *out)
{
	long long v = cgroup_number(g, "cpu.stat", key);

	return add(out, v < 0 ? v : v * 1000);
}

static int usage(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	(void)file;
	return nanoseconds(g, "usage_usec", out);
}

static int usage_user(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	(void)file;
	return nanoseconds(g, "user_usec", out);
}

static int usage_sys(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	(void)file;
	return nanoseconds(g, "system_usec", out);
}

static int cpu_stat(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	long long v = cgroup_number(g, file, NULL);

	strbuf_add(out, "usage_usec ");
	return add(out, v < 0 ? v : v / 1000);
}

static int events(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	long long kills = cgroup_number(g, file, "oom_kill");

	strbuf_addf(out, "max %lld\noom_kill ", cgroup_number(g, "memory.failcnt", NULL));
	return add(out, kills);
}

static int failcnt(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	return add(out, cgroup_number(g, file, "max"));
}

/* v2's killer cannot be switched off, so nobody waits for memory. */
static int oom_control(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	strbuf_add(out, "oom_kill_disable 0\nunder_oom 0\noom_kill ");
	return add(out, cgroup_number(g, file, "oom_kill"));
}

static int io_stat(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	struct cgroup_io v[CGROUP_IO_MAX];
	int n = cgroup_io_read(g, v);

	(void)file;
	for (int i = 0; i < n; i++) {
		strbuf_add(out, v[i].device);
		for (int k = 0; k < IO_KINDS; k++)
			strbuf_addf(out, " %s=%lld", cgroup_io_keys[k], v[i].v[k]);
		strbuf_add(out, "\n");
	}
	return n < 0 ? -1 : 0;
}

static int io_v1(const struct cgroup_dir *g, int first, struct strbuf *out)
{
	struct cgroup_io v[CGROUP_IO_MAX];
	int n = cgroup_io_read(g, v);
	long long total = 0;

	for (int i = 0; i < n; i++) {
		const long long *f = v[i].v + first;
		const char *d = v[i].device;

		strbuf_addf(out, "%s Read %lld\n%s Write %lld\n%s Discard %lld\n", d, f[0], d, f[1], d, f[2]);
		strbuf_addf(out, "%s Total %lld\n", d, f[0] + f[1] + f[2]);
		total += f[0] + f[1] + f[2];
	}
	strbuf_addf(out, "Total %lld", total);
	return n < 0 ? -1 : 0;
}

static int io_bytes(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	(void)file;
	return io_v1(g, IO_RBYTES, out);
}

static int io_ops(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	(void)file;
	return io_v1(g, IO_RIOS, out);
}

static int freezer_state(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	bool frozen = cgroup_number(g, "cgroup.events", "frozen") == 1;

	strbuf_add(out, frozen ? "FROZEN" : cgroup_number(g, file, NULL) == 1 ? "FREEZING" : "THAWED");
	return 0;
}

static int freeze(const struct cgroup_dir *g, const char *file, struct strbuf *out)
{
	(void)file;
	return same(g, "freezer.self_freezing", out);
}

/* Names without a dot in front are ends of names. */
static const struct {
	const char *v1, *v2;
	convert *to_v2, *to_v1;
} pairs[] = {
	{ "blkio.throttle.io_service_bytes", "io.stat",               io_stat,  io_bytes },
	{ "blkio.throttle.io_serviced",      "io.stat",               io_stat,  io_ops },
	{ "cpu.cfs_burst_us",                "cpu.max.burst",         same,     same },
	{ "cpu.cfs_period_us",               "cpu.max",               NULL,     period },
	{ "cpu.cfs_quota_us",                "cpu.max",               cpu_max,  quota },
	{ "cpu.shares",                      "cpu.weight",            shares,   shares },
	{ "cpuacct.usage",                   "cpu.stat",              cpu_stat, usage },
	{ "cpuacct.usage_sys",               "cpu.stat",              NULL,     usage_sys },
	{ "cpuacct.usage_user",              "cpu.stat",              NULL,     usage_user },
	{ "cpuset.effective_cpus",           "cpuset.cpus.effective", same,     same },
	{ "cpuset.effective_mems",           "cpuset.mems.effective", same,     same },
	{ "freezer.state",                   "cgroup.freeze",         freeze,   freezer_state },
	{ "memory.failcnt",                  "memory.events",         NULL,     failcnt },
	{ "memory.memsw.limit_in_bytes",     "memory.swap.max",       apart,    together },
	{ "memory.memsw.usage_in_bytes",     "memory.swap.current",   apart,    together },
	{ "memory.oom_control",              "memory.events",         events,   oom_control },
	{ "memory.soft_limit_in_bytes",      "memory.low",            limit,    limit },
	{ ".max_usage_in_bytes",             ".peak",                 same,     same },
	{ ".usage_in_bytes",                 ".current",              same,     same },
	{ ".limit_in_bytes",                 ".max",                  limit,    limit },
};

/* Is `name` called so, or does it end so? Then the other version's name for it into buf. */
static bool renames(const char *name, const char *from, const char *to, char *buf, size_t size)
{
	size_t len = strlen(name), end = strlen(from);

	if (*from == '.' ? len <= end || strcmp(name + len - end, from) : strcmp(name, from))
		return false;
	if (*from == '.')
		snprintf(buf, size, "%.*s%s", (int)(len - end), name, to);
	else
		snprintf(buf, size, "%s", to);
	return true;
}

/* 1: this group has nothing that would be called so. */
static int figure_of_other(const struct cgroup_dir *g, const char *name, struct strbuf *out)
{
	bool v2 = g->hier->v2;
	char file[256];

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		convert *to = v2 ? pairs[i].to_v1 : pairs[i].to_v2;

		if (to && renames(name, v2 ? pairs[i].v1 : pairs[i].v2, v2 ? pairs[i].v2 : pairs[i].v1, file, sizeof file) && cgroup_has(g, file))
			return to(g, file, out) < 0 ? 1 : 0;
	}
	return 1;
}

static int no_figure(const struct cgroup_dirs *d, const char *name, struct err *e)
{
	char controller[64];

	cgroup_file_controller(name, controller, sizeof controller);
	if (*controller && !cgroup_dirs_need(d, controller, name, e))
		return -EINVAL;
	return err_bad(e, name, "none of the groups has such a file");
}

int cgroup_figure(const struct cgroup_dirs *d, const char *name, struct strbuf *out, struct err *e)
{
	for (size_t i = 0; i < d->n; i++) {
		char path[4096];
		int rc;

		if (!cgroup_has(&d->v[i], name))
			continue;
		rc = same(&d->v[i], name, out);
		str_join(path, sizeof path, d->v[i].path, "/", name);
		return rc < 0 ? err_sys(e, path, "read") : 0;
	}
	for (size_t i = 0; i < d->n; i++) {
		size_t len = out->len;

		if (figure_of_other(&d->v[i], name, out) == 0)
			return 0;
		if (out->s) {
			out->len = len;
			out->s[len] = '\0';
		}
	}
	return no_figure(d, name, e);
}
