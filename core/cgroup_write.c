#include "core/cgroup_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for a number and a period. */
#define VALUE 64

/* v1 says -1 where v2 says "max"; each refuses the other's word. */
static void format_limit(char buf[VALUE], long long v, bool v2)
{
	if (v < 0)
		snprintf(buf, VALUE, "%s", v2 ? "max" : "-1");
	else
		snprintf(buf, VALUE, "%lld", v);
}

static int put_limit(const struct cgroup_dir *g, const char *file, long long v, bool v2, struct err *e)
{
	char value[VALUE];

	format_limit(value, v, v2);
	return cgroup_put(g, file, value, e);
}

/* A limit as it is now, "max" and v1's largest number as LLONG_MAX; -errno. */
static long long get_limit(const struct cgroup_dir *g, const char *file)
{
	char text[VALUE];
	ssize_t len = cgroup_get(g, file, text, sizeof text);
	long long v;

	if (len < 0)
		return len;
	if (!strcmp(text, "max"))
		return LLONG_MAX;
	if (str_num(text, 0, LLONG_MAX, &v) < 0)
		return -EIO;
	/* LLONG_MAX rounded down to a page, of up to 64 KiB */
	return v > LLONG_MAX - 65536 ? LLONG_MAX : v;
}

/* The limit of memory that will hold: the one asked for, else the present one. */
static long long memory_of(const struct cgroup_dir *g, const struct cgroup_goal *goal, const char *file)
{
	if (goal->memory.set)
		return goal->memory.v < 0 ? LLONG_MAX : goal->memory.v;
	return get_limit(g, file);
}

/* v1's memory and swap together: 1 and *total when something is to be written. */
static int total_v1(const struct cgroup_dir *g, const struct cgroup_goal *goal, long long *total)
{
	long long memory;

	*total = -1;
	if (goal->memory_swap.set) {
		*total = goal->memory_swap.v;
	} else if (goal->swap.set) {
		memory = memory_of(g, goal, "memory.limit_in_bytes");
		if (memory < 0)
			return (int)memory;
		if (goal->swap.v >= 0 && memory <= LLONG_MAX - 65536 - goal->swap.v)
			*total = memory + goal->swap.v;
	} else {
		return 0;
	}
	/* what the kernel does not count is not limited either: no need to say so */
	if (!cgroup_has(g, "memory.memsw.limit_in_bytes") && (goal->swap_implied || *total < 0))
		return 0;
	return 1;
}

/*
 * The sum must never be below the part, also between two writes to a group in
 * use: on the way up the sum goes first, on the way down the part.
 */
static int write_memory_v1(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	static const char sum[] = "memory.memsw.limit_in_bytes", part[] = "memory.limit_in_bytes";
	long long total, now;
	int has = total_v1(g, goal, &total), rc = 0;
	bool up;

	if (has < 0)
		return err_set(e, -has, g->path, "%s", part);
	/* one that has just been made has no limit */
	now = !has ? 0 : g->made ? LLONG_MAX : get_limit(g, sum);
	up = has && (total < 0 || total >= now);
	if (up)
		rc = put_limit(g, sum, total, false, e);
	if (rc == 0 && goal->memory.set)
		rc = put_limit(g, part, goal->memory.v, false, e);
	if (rc == 0 && has && !up)
		rc = put_limit(g, sum, total, false, e);
	if (rc == 0 && goal->memory_low.set)
		rc = put_limit(g, "memory.soft_limit_in_bytes", goal->memory_low.v, false, e);
	return rc;
}

static int write_swap_v2(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	long long memory, swap = goal->swap.v;

	if (!goal->swap.set) {
		memory = memory_of(g, goal, "memory.max");
		if (memory < 0)
			return err_set(e, (int)-memory, g->path, "memory.max");
		swap = goal->memory_swap.v < 0 ? -1 : goal->memory_swap.v - memory;
		if (goal->memory_swap.v >= 0 && swap < 0)
			return err_bad(e, g->path, "memory and swap together (%lld) cannot be below the limit of memory", goal->memory_swap.v);
	}
	/* without swap there is no such file, and none is what the group gets */
	if (!cgroup_has(g, "memory.swap.max") && (goal->swap_implied || swap <= 0))
		return 0;
	return put_limit(g, "memory.swap.max", swap, true, e);
}

/* The new swap limit is refused before the memory is cut, which could kill. */
static int write_memory_v2(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	int rc = goal->swap.set || goal->memory_swap.set ? write_swap_v2(g, goal, e) : 0;

	if (rc == 0 && goal->memory.set)
		rc = put_limit(g, "memory.max", goal->memory.v, true, e);
	if (rc == 0 && goal->memory_low.set)
		rc = put_limit(g, "memory.low", goal->memory_low.v, true, e);
	return rc;
}

static int write_memory(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	return g->hier->v2 ? write_memory_v2(g, goal, e) : write_memory_v1(g, goal, e);
}

/* What a clamping kernel made of it is no success. */
static int put_shares(const struct cgroup_dir *g, long long shares, struct err *e)
{
	int rc = put_limit(g, "cpu.shares", shares, false, e);

	if (rc == 0 && !g->dry && get_limit(g, "cpu.shares") != shares)
		rc = err_bad(e, g->path, "cpu.shares: the kernel has not taken %lld", shares);
	return rc;
}

/* A period that does not fit the present quota and the groups around may fit the new one. */
static int write_quota_v1(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	static const char quota[] = "cpu.cfs_quota_us", period[] = "cpu.cfs_period_us";
	struct err first = { .status = e->status };
	int rc = 0;

	if (goal->cpu_period.set)
		rc = put_limit(g, period, goal->cpu_period.v, false, &first);
	if (rc < 0 && (rc != -EINVAL || !goal->cpu_quota.set)) {
		*e = first;
		return rc;
	}
	if (goal->cpu_quota.set) {
		int rc2 = put_limit(g, quota, goal->cpu_quota.v, false, e);

		if (rc2 < 0)
			return rc2;
	}
	return rc < 0 ? put_limit(g, period, goal->cpu_period.v, false, e) : 0;
}

static int write_quota_v2(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	char now[VALUE], quota[VALUE], value[2 * VALUE];

	/* one number alone leaves the period as it is, but a period comes only with a quota */
	if (goal->cpu_quota.set) {
		format_limit(quota, goal->cpu_quota.v, true);
	} else if (g->made) {
		snprintf(quota, sizeof quota, "max");
	} else {
		ssize_t len = cgroup_get(g, "cpu.max", now, sizeof now);

		if (len < 0)
			return err_set(e, (int)-len, g->path, "cpu.max");
		snprintf(quota, sizeof quota, "%.*s", (int)strcspn(now, " "), now);
	}
	if (goal->cpu_period.set)
		snprintf(value, sizeof value, "%s %lld", quota, goal->cpu_period.v);
	else
		snprintf(value, sizeof value, "%s", quota);
	return cgroup_put(g, "cpu.max", value, e);
}

static int write_cpu(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	bool v2 = g->hier->v2;
	long long shares = goal->cpu_shares.v;
	int weight = (int)goal->cpu_weight.v, rc = 0;

	if (goal->cpu_quota.set || goal->cpu_period.set)
		rc = v2 ? write_quota_v2(g, goal, e) : write_quota_v1(g, goal, e);
	if (rc < 0 || (!goal->cpu_shares.set && !goal->cpu_weight.set))
		return rc;
	if (v2)
		return put_limit(g, "cpu.weight", goal->cpu_weight.set ? weight : cgroup_weight(shares), true, e);
	return put_shares(g, goal->cpu_shares.set ? shares : cgroup_shares(weight), e);
}

/* pids.max says "max" in both versions. */
static int write_pids(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	return goal->pids.set ? put_limit(g, "pids.max", goal->pids.v, true, e) : 0;
}

static int write_cpuset(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	int rc = goal->cpuset_cpus ? cgroup_put(g, "cpuset.cpus", goal->cpuset_cpus, e) : 0;

	return rc == 0 && goal->cpuset_mems ? cgroup_put(g, "cpuset.mems", goal->cpuset_mems, e) : rc;
}

/* A file of no known meaning: in its controller's group, or, where it has none, in each group that has the file. */
static int write_raw(const struct cgroup_dirs *d, const char *text, struct err *e)
{
	char file[128], controller[64];
	const char *value = text;
	bool found = false;
	int rc = 0;

	str_next(&value, '=', file, sizeof file);
	cgroup_file_controller(file, controller, sizeof controller);
	for (size_t i = 0; i < d->n && !rc; i++) {
		const struct cgroup_dir *g = &d->v[i];

		if (*controller ? !cgroup_list_has(g->controllers, controller) : !cgroup_has(g, file))
			continue;
		found = true;
		rc = cgroup_put(g, file, value, e);
	}
	if (!found)
		rc = err_bad(e, text, "none of the groups has the file %s", file);
	return rc;
}

int cgroup_dirs_write(const struct cgroup_dirs *d, const struct cgroup_goal *goal, struct err *e)
{
	static const struct {
		const char *controller;
		int (*write)(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e);
	} kinds[] = {
		{ "cpuset", write_cpuset },
		{ "memory", write_memory },
		{ "pids",   write_pids },
		{ "cpu",    write_cpu },
		{ "io",     cgroup_io_write },
		{ "blkio",  cgroup_io_write },
	};
	int rc = 0;

	for (size_t i = 0; i < d->n; i++) {
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !rc; k++)
			if (cgroup_list_has(d->v[i].controllers, kinds[k].controller))
				rc = kinds[k].write(&d->v[i], goal, e);
	}
	if (rc == 0)
		rc = cgroup_knobs_write(d, goal, e);
	for (size_t i = 0; i < goal->raw.n && !rc; i++)
		rc = write_raw(d, goal->raw.v[i], e);
	return rc;
}
