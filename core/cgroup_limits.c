#include "core/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of the kernel: PID_MAX_LIMIT, and the range of cpu.shares. */
#define PIDS_MAX 4194304
#define SHARES_MIN 2
#define SHARES_MAX 262144

/* Of the kernel: a quota below a millisecond is refused, and so are periods outside of these. Microseconds. */
#define QUOTA_MIN 1000
#define PERIOD_MIN 1000
#define PERIOD_MAX 1000000
#define PERIOD 100000 /* the default, and docker's for --cpus */

#define OFF(field) offsetof(struct cgroup_limits, field)

const struct opt cgroup_limit_opts[] = {
	{ OPT_NUM,  'c', "cpu-shares",  "N",    "CPU time in proportion to others, 1024 is usual",       OFF(cpu_shares), SHARES_MIN, SHARES_MAX },
	{ OPT_CPUS, 0,   "cpus",        "N",    "CPU time of N CPUs at most, such as 1.5",               OFF(cpus) },
	{ OPT_STR,  0,   "cpuset-cpus", "LIST", "run on these CPUs only, such as 0-3,6",                 OFF(cpuset_cpus) },
	{ OPT_STR,  0,   "cpuset-mems", "LIST", "memory of these NUMA nodes only",                       OFF(cpuset_mems) },
	{ OPT_SIZE, 'm', "memory",      "SIZE", "memory at most, such as 64M",                           OFF(memory) },
	{ OPT_SIZE, 0,   "memory-swap", "SIZE", "memory and swap together, -1: no limit; twice the memory unless given", OFF(memory_swap), -1 },
	{ OPT_NUM,  0,   "pids",        "N",    "processes and threads at most, 0 or -1: no limit",      OFF(pids), -1, PIDS_MAX, .alias = "pids-limit" },
	{ OPT_END },
};

/* In the order in which "-g" is usually written. */
static const struct {
	const char *controller, *option;
} needs[] = {
	{ "memory", "memory" },
	{ "memory", "memory-swap" },
	{ "pids",   "pids" },
	{ "cpu",    "cpu-shares" },
	{ "cpu",    "cpus" },
	{ "cpuset", "cpuset-cpus" },
	{ "cpuset", "cpuset-mems" },
};

static bool is_given(const struct cgroup_limits *l, const char *option)
{
	const struct opt *row = cgroup_limit_opts;
	const char *from;

	while (strcmp(row->name, option))
		row++;
	from = (const char *)l + row->off;
	if (row->kind == OPT_STR)
		return *(const char *const *)from;
	return ((const struct opt_num *)from)->set;
}

/* A limit is counted in pages and rounded down: less than one would be none at all. */
static int check_memory(long long bytes, const char *what, struct err *e)
{
	long page = sysconf(_SC_PAGESIZE);

	if (bytes == -1 || bytes >= page)
		return 0;
	err_bad(e, what, "%lld bytes are less than a page, and the kernel would round them down to 0", bytes);
	err_hint(e, "a page has %ld bytes", page);
	return -EINVAL;
}

static int check_swap(const struct cgroup_limits *l, struct err *e)
{
	/* 0 is docker's "not given" */
	if (!l->memory_swap.set || l->memory_swap.v == 0)
		return 0;
	if (!l->memory.set)
		return err_bad(e, "--memory-swap", "counts memory and swap together and so needs --memory too");
	if (l->memory_swap.v != -1 && l->memory_swap.v < l->memory.v)
		return err_bad(e, "--memory-swap", "counts memory and swap together and so cannot be below --memory");
	return 0;
}

static long long quota_of(long long nano_cpus)
{
	return nano_cpus / (1000000000LL / PERIOD);
}

static int check_list(const char *list, const char *what, struct err *e)
{
	if (!list || (*list && !list[strspn(list, "0123456789,-")]))
		return 0;
	return err_bad(e, list, "%s wants a list such as 0-3,6", what);
}

int cgroup_limits_check(const struct cgroup_limits *l, struct err *e)
{
	int rc = l->memory.set ? check_memory(l->memory.v, "--memory", e) : 0;

	if (rc == 0)
		rc = check_swap(l, e);
	if (rc == 0 && l->cpus.set && quota_of(l->cpus.v) < QUOTA_MIN)
		rc = err_bad(e, "--cpus", "the kernel gives no less than 0.01 CPUs");
	if (rc == 0)
		rc = check_list(l->cpuset_cpus, "--cpuset-cpus", e);
	if (rc == 0)
		rc = check_list(l->cpuset_mems, "--cpuset-mems", e);
	return rc;
}

void cgroup_limits_controllers(const struct cgroup_limits *l, struct strbuf *out)
{
	const char *last = "";

	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		if (!is_given(l, needs[i].option) || !strcmp(last, needs[i].controller))
			continue;
		last = needs[i].controller;
		strbuf_addf(out, "%s%s", out->len ? "," : "", last);
	}
}

void cgroup_file_controller(const char *file, char *buf, size_t size)
{
	size_t len = strcspn(file, ".");

	*buf = '\0';
	if (file[len] && len < size && !str_after(file, "cgroup.")) {
		memcpy(buf, file, len);
		buf[len] = '\0';
	}
}

int cgroup_dirs_need_all(const struct cgroup_dirs *d, const struct cgroup_limits *l, const struct strs *sets, struct err *e)
{
	char what[300], controller[64];

	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		snprintf(what, sizeof what, "--%s", needs[i].option);
		if (is_given(l, needs[i].option) && !cgroup_dirs_need(d, needs[i].controller, what, e))
			return -EINVAL;
	}
	for (size_t i = 0; i < sets->n; i++) {
		snprintf(what, sizeof what, "--set %.*s", (int)strcspn(sets->v[i], "="), sets->v[i]);
		cgroup_file_controller(sets->v[i], controller, sizeof controller);
		if (*controller && !cgroup_dirs_need(d, controller, what, e))
			return -EINVAL;
	}
	return 0;
}

static void goal_num(struct opt_num *num, long long v)
{
	*num = (struct opt_num){ true, v };
}

int cgroup_goal_limits(struct cgroup_goal *goal, const struct cgroup_limits *l, struct err *e)
{
	int rc = cgroup_limits_check(l, e);

	if (rc < 0)
		return rc;
	if (l->memory.set) {
		goal->memory = l->memory;
		/* docker: as much swap as memory, unless something else was said */
		goal->swap_implied = !l->memory_swap.set || l->memory_swap.v == 0;
		if (goal->swap_implied)
			goal_num(&goal->memory_swap, l->memory.v > LLONG_MAX / 2 ? -1 : l->memory.v * 2);
		else
			goal->memory_swap = l->memory_swap;
	}
	if (l->pids.set)
		goal_num(&goal->pids, l->pids.v > 0 ? l->pids.v : -1);
	if (l->cpus.set) {
		goal_num(&goal->cpu_quota, quota_of(l->cpus.v));
		goal_num(&goal->cpu_period, PERIOD);
	}
	if (l->cpu_shares.set)
		goal->cpu_shares = l->cpu_shares;
	goal->cpuset_cpus = l->cpuset_cpus ? l->cpuset_cpus : goal->cpuset_cpus;
	goal->cpuset_mems = l->cpuset_mems ? l->cpuset_mems : goal->cpuset_mems;
	return 0;
}

/* ---- --set ---- */

static int bad_value(const char *text, int rc, const char *wants, struct err *e)
{
	return err_bad(e, text, "%s: %s", rc == -ERANGE ? "out of the kernel's range" : "not a value for this file", wants);
}

/* "max" of v2 and "-1" of v1 mean the same here, whichever the name. */
static int set_size(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	long long v = -1;
	int rc = strcmp(value, "max") ? str_size(value, true, &v) : 0;

	if (rc < 0)
		return bad_value(text, rc, "a size such as 64M, or \"max\" or \"-1\"", e);
	goal_num(num, v);
	return 0;
}

static int set_memory(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	struct opt_num size = { 0 };
	int rc = set_size(&size, text, value, e);

	if (rc == 0)
		rc = check_memory(size.v, text, e);
	if (rc == 0)
		*num = size;
	return rc;
}

static int set_range(struct opt_num *num, const char *text, const char *value, long long min, long long max, struct err *e)
{
	char wants[80];
	long long v = 0;
	int rc = str_num(value, min, max, &v);

	snprintf(wants, sizeof wants, "a number from %lld to %lld", min, max);
	if (rc < 0)
		return bad_value(text, rc, wants, e);
	goal_num(num, v);
	return 0;
}

static int set_quota(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	if (!strcmp(value, "max") || !strcmp(value, "-1")) {
		goal_num(num, -1);
		return 0;
	}
	return set_range(num, text, value, QUOTA_MIN, LLONG_MAX / 1000, e);
}

/* "QUOTA [PERIOD]" */
static int set_cpu_max(struct cgroup_goal *goal, const char *text, const char *value, struct err *e)
{
	char quota[32];
	int rc = str_next(&value, ' ', quota, sizeof quota);

	if (rc < 0)
		return bad_value(text, -EINVAL, "QUOTA or \"max\", and a period", e);
	rc = set_quota(&goal->cpu_quota, text, quota, e);
	if (rc < 0 || !value)
		return rc;
	return set_range(&goal->cpu_period, text, value, PERIOD_MIN, PERIOD_MAX, e);
}

static int set_pids(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	if (strcmp(value, "max"))
		return set_range(num, text, value, -1, PIDS_MAX, e);
	goal_num(num, -1);
	return 0;
}

/* The files that v1 and v2 have in common by meaning. 1: it is none of them. */
static int set_known(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
{
	if (!strcmp(file, "memory.limit_in_bytes") || !strcmp(file, "memory.max"))
		return set_memory(&goal->memory, text, value, e);
	if (!strcmp(file, "memory.memsw.limit_in_bytes")) {
		goal->swap.set = goal->swap_implied = false;
		return set_memory(&goal->memory_swap, text, value, e);
	}
	if (!strcmp(file, "memory.swap.max")) {
		goal->memory_swap.set = goal->swap_implied = false;
		return set_size(&goal->swap, text, value, e);
	}
	if (!strcmp(file, "memory.soft_limit_in_bytes") || !strcmp(file, "memory.low"))
		return set_size(&goal->memory_low, text, value, e);
	if (!strcmp(file, "cpu.shares")) {
		goal->cpu_weight.set = false;
		return set_range(&goal->cpu_shares, text, value, SHARES_MIN, SHARES_MAX, e);
	}
	if (!strcmp(file, "cpu.weight")) {
		goal->cpu_shares.set = false;
		return set_range(&goal->cpu_weight, text, value, 1, 10000, e);
	}
	if (!strcmp(file, "cpu.cfs_quota_us"))
		return set_quota(&goal->cpu_quota, text, value, e);
	if (!strcmp(file, "cpu.cfs_period_us"))
		return set_range(&goal->cpu_period, text, value, PERIOD_MIN, PERIOD_MAX, e);
	if (!strcmp(file, "cpu.max"))
		return set_cpu_max(goal, text, value, e);
	if (!strcmp(file, "pids.max"))
		return set_pids(&goal->pids, text, value, e);
	return 1;
}

int cgroup_goal_set(struct cgroup_goal *goal, const char *text, struct err *e)
{
	size_t len = strcspn(text, "=");
	char file[128];
	int rc;

	if (!text[len] || len == 0)
		return err_bad(e, text, "--set wants NAME=VALUE");
	if (len >= sizeof file || memchr(text, '/', len) || text[0] == '.')
		return err_bad(e, text, "NAME is a file of the group, without a path");
	memcpy(file, text, len);
	file[len] = '\0';
	rc = set_known(goal, file, text, text + len + 1, e);
	if (rc <= 0)
		return rc;
	if (!strcmp(file, "cpuset.cpus"))
		goal->cpuset_cpus = text + len + 1;
	else if (!strcmp(file, "cpuset.mems"))
		goal->cpuset_mems = text + len + 1;
	else if (strs_add(&goal->raw, text) < 0)
		return err_set(e, ENOMEM, text, NULL);
	return 0;
}

void cgroup_goal_release(struct cgroup_goal *goal)
{
	strs_release(&goal->raw);
}
