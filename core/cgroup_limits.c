#include "core/cgroup_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIOD 100000 /* microseconds: the default, and docker's for --cpus */

#define OFF(field) offsetof(struct cgroup_limits, field)

const struct opt cgroup_limit_opts[] = {
	{ OPT_NUM,  0,   "blkio-weight",        "N",        "share of a disk's time, 10 to 1000, 100 is usual",      OFF(blkio_weight), 10, 1000 },
	{ OPT_LIST, 0,   "blkio-weight-device", "DEV:N",    "... of that disk's",                                    OFF(weight_device) },
	{ OPT_NUM,  0,   "cpu-burst",           "USEC",     "unused quota that may be saved up",                     OFF(cpu_burst), 0, LLONG_MAX / 1000 },
	{ OPT_FLAG, 0,   "cpu-idle",            NULL,       "run only where nobody else wants the CPU",              OFF(cpu_idle) },
	{ OPT_NUM,  0,   "cpu-period",          "USEC",     "period of --cpu-quota, 100000 is usual",                OFF(cpu_period), CGROUP_PERIOD_MIN, CGROUP_PERIOD_MAX },
	{ OPT_NUM,  0,   "cpu-quota",           "USEC",     "CPU time in each period at most, -1: no limit",         OFF(cpu_quota), -1, LLONG_MAX / 1000 },
	{ OPT_NUM,  0,   "cpu-rt-period",       "USEC",     "period of --cpu-rt-runtime",                            OFF(rt_period), 1, INT_MAX },
	{ OPT_NUM,  0,   "cpu-rt-runtime",      "USEC",     "CPU time of realtime processes in each period (v1)",    OFF(rt_runtime), -1, INT_MAX },
	{ OPT_NUM,  'c', "cpu-shares",          "N",        "CPU time in proportion to others, 1024 is usual",       OFF(cpu_shares), CGROUP_SHARES_MIN, CGROUP_SHARES_MAX },
	{ OPT_NUM,  0,   "cpu-weight",          "N",        "the same in v2's scale, 1 to 10000, 100 is usual",      OFF(cpu_weight), 1, CGROUP_WEIGHT_MAX },
	{ OPT_CPUS, 0,   "cpus",                "N",        "CPU time of N CPUs at most, such as 1.5",               OFF(cpus) },
	{ OPT_STR,  0,   "cpuset-cpus",         "LIST",     "run on these CPUs only, such as 0-3,6",                 OFF(cpuset_cpus) },
	{ OPT_STR,  0,   "cpuset-mems",         "LIST",     "memory of these NUMA nodes only",                       OFF(cpuset_mems) },
	{ OPT_LIST, 0,   "device-read-bps",     "DEV:N",    "bytes a second from that disk at most, such as 10M",    OFF(read_bps) },
	{ OPT_LIST, 0,   "device-read-iops",    "DEV:N",    "reads a second from it",                                OFF(read_iops) },
	{ OPT_LIST, 0,   "device-write-bps",    "DEV:N",    "bytes a second to it",                                  OFF(write_bps) },
	{ OPT_LIST, 0,   "device-write-iops",   "DEV:N",    "writes a second to it",                                 OFF(write_iops) },
	{ OPT_LIST, 0,   "hugetlb",             "SIZE=N",   "huge pages of SIZE, N bytes of them at most: 2MB=64M",  OFF(hugetlb) },
	{ OPT_LIST, 0,   "io-max",              "DEV KEY=N..", "rbps=, wbps=, riops=, wiops= of that disk",          OFF(io_max) },
	{ OPT_NUM,  0,   "io-weight",           "N",        "share of a disk's time in v2's scale, 1 to 10000",      OFF(io_weight), 1, CGROUP_WEIGHT_MAX },
	{ OPT_SIZE, 'm', "memory",              "SIZE",     "memory at most, such as 64M",                           OFF(memory) },
	{ OPT_SIZE, 0,   "memory-high",         "SIZE",     "memory above which all is slowed down (v2)",            OFF(memory_high) },
	{ OPT_FLAG, 0,   "memory-oom-group",    NULL,       "out of memory, all of the group is killed (v2)",        OFF(oom_group) },
	{ OPT_SIZE, 0,   "memory-reservation",  "SIZE",     "memory that is taken away last",                        OFF(memory_reservation), .alias = "memory-low" },
	{ OPT_SIZE, 0,   "memory-swap",         "SIZE",     "memory and swap together, -1: no limit; twice the memory unless given", OFF(memory_swap), -1 },
	{ OPT_NUM,  0,   "memory-swappiness",   "N",        "0 to 100, how gladly to swap (v1), -1: as usual",       OFF(swappiness), -1, 100 },
	{ OPT_FLAG, 0,   "oom-kill-disable",    NULL,       "out of memory, wait instead of being killed (v1)",      OFF(oom_kill_disable) },
	{ OPT_NUM,  0,   "pids",                "N",        "processes and threads at most, 0 or -1: no limit",      OFF(pids), -1, CGROUP_PIDS_MAX, .alias = "pids-limit" },
	{ OPT_END },
};

/* In the order in which "-g" is usually written. */
static const struct {
	const char *controller;
	const char *options[16];
} needs[] = {
	{ "memory",  { "memory", "memory-swap", "memory-high", "memory-reservation", "memory-swappiness", "memory-oom-group", "oom-kill-disable" } },
	{ "pids",    { "pids" } },
	{ "cpu",     { "cpu-shares", "cpus", "cpu-weight", "cpu-period", "cpu-quota", "cpu-burst", "cpu-idle", "cpu-rt-period", "cpu-rt-runtime" } },
	{ "cpuset",  { "cpuset-cpus", "cpuset-mems" } },
	{ "io",      { "blkio-weight", "blkio-weight-device", "device-read-bps", "device-read-iops", "device-write-bps", "device-write-iops", "io-max", "io-weight" } },
	{ "hugetlb", { "hugetlb" } },
};
#define N_NEEDS (sizeof needs / sizeof *needs)

static bool is_given(const struct cgroup_limits *l, const char *option)
{
	const struct opt *row = cgroup_limit_opts;
	const char *from;

	while (strcmp(row->name, option))
		row++;
	from = (const char *)l + row->off;
	if (row->kind == OPT_STR)
		return *(const char *const *)from;
	if (row->kind == OPT_FLAG)
		return *(const bool *)from;
	if (row->kind == OPT_LIST)
		return ((const struct strs *)from)->n;
	return ((const struct opt_num *)from)->set;
}

/* The first of the limits given that needs the i'th controller, or NULL. */
static const char *first_given(const struct cgroup_limits *l, size_t i)
{
	for (const char *const *option = needs[i].options; *option; option++)
		if (is_given(l, *option))
			return *option;
	return NULL;
}

/* A limit is counted in pages and rounded down: less than one would be none at all. */
int cgroup_check_memory(long long bytes, const char *what, struct err *e)
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

/* Two ways to say one thing: docker refuses both together. */
static int check_twice(const struct cgroup_limits *l, struct err *e)
{
	if (l->cpus.set && (l->cpu_quota.set || l->cpu_period.set))
		return err_bad(e, "--cpus", "says what --cpu-quota and --cpu-period say");
	if (l->cpu_shares.set && l->cpu_weight.set)
		return err_bad(e, "--cpu-shares", "says what --cpu-weight says");
	if (l->blkio_weight.set && l->io_weight.set)
		return err_bad(e, "--blkio-weight", "says what --io-weight says");
	return 0;
}

static int check_quota(const struct cgroup_limits *l, struct err *e)
{
	if (l->cpus.set && quota_of(l->cpus.v) < CGROUP_QUOTA_MIN)
		return err_bad(e, "--cpus", "the kernel gives no less than 0.01 CPUs");
	if (l->cpu_quota.set && l->cpu_quota.v > 0 && l->cpu_quota.v < CGROUP_QUOTA_MIN)
		return err_bad(e, "--cpu-quota", "the kernel gives no less than %d microseconds", CGROUP_QUOTA_MIN);
	return 0;
}

int cgroup_limits_check(const struct cgroup_limits *l, struct err *e)
{
	int rc = l->memory.set ? cgroup_check_memory(l->memory.v, "--memory", e) : 0;

	if (rc == 0 && l->memory_high.set)
		rc = cgroup_check_memory(l->memory_high.v, "--memory-high", e);
	if (rc == 0)
		rc = check_twice(l, e);

	if (rc == 0)
		rc = check_swap(l, e);
	if (rc == 0)
		rc = check_quota(l, e);
	if (rc == 0)
		rc = check_list(l->cpuset_cpus, "--cpuset-cpus", e);
	if (rc == 0)
		rc = check_list(l->cpuset_mems, "--cpuset-mems", e);
	return rc;
}

void cgroup_limits_controllers(const struct cgroup_limits *l, struct strbuf *out)
{
	for (size_t i = 0; i < N_NEEDS; i++)
		if (first_given(l, i))
			strbuf_addf(out, "%s%s", out->len ? "," : "", needs[i].controller);
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

	for (size_t i = 0; i < N_NEEDS; i++) {
		const char *option = first_given(l, i);

		snprintf(what, sizeof what, "--%s", option ? option : "");
		if (option && !cgroup_dirs_need(d, needs[i].controller, what, e))
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

static void memory_goal(struct cgroup_goal *goal, const struct cgroup_limits *l)
{
	if (l->memory_reservation.set)
		goal->memory_low = l->memory_reservation;
	if (!l->memory.set)
		return;
	goal->memory = l->memory;
	/* docker: as much swap as memory, unless something else was said */
	goal->swap_implied = !l->memory_swap.set || l->memory_swap.v == 0;
	if (goal->swap_implied)
		opt_num_set(&goal->memory_swap, l->memory.v > LLONG_MAX / 2 ? -1 : l->memory.v * 2);
	else
		goal->memory_swap = l->memory_swap;
}

static void cpu_goal(struct cgroup_goal *goal, const struct cgroup_limits *l)
{
	if (l->cpus.set) {
		opt_num_set(&goal->cpu_quota, quota_of(l->cpus.v));
		opt_num_set(&goal->cpu_period, PERIOD);
	}
	/* 0 is docker's "not given" */
	if (l->cpu_quota.set && l->cpu_quota.v != 0)
		goal->cpu_quota = l->cpu_quota;
	if (l->cpu_period.set)
		goal->cpu_period = l->cpu_period;
	if (l->cpu_shares.set)
		goal->cpu_shares = l->cpu_shares;
	if (l->cpu_weight.set)
		goal->cpu_weight = l->cpu_weight;
	goal->cpuset_cpus = l->cpuset_cpus ? l->cpuset_cpus : goal->cpuset_cpus;
	goal->cpuset_mems = l->cpuset_mems ? l->cpuset_mems : goal->cpuset_mems;
}

/* What is one number and one file each. */
static int knob_goal(struct cgroup_goal *goal, const struct cgroup_limits *l, struct err *e)
{
	const struct {
		bool given;
		const char *file;
		long long v;
	} given[] = {
		{ l->cpu_burst.set, "cpu.max.burst", l->cpu_burst.v },
		{ l->cpu_idle, "cpu.idle", 1 },
		/* the longer period first, or the runtime might not fit into it */
		{ l->rt_period.set, "cpu.rt_period_us", l->rt_period.v },
		{ l->rt_runtime.set, "cpu.rt_runtime_us", l->rt_runtime.v },
		{ l->memory_high.set, "memory.high", l->memory_high.v },
		{ l->swappiness.set && l->swappiness.v >= 0, "memory.swappiness", l->swappiness.v },
		{ l->oom_group, "memory.oom.group", 1 },
		{ l->oom_kill_disable, "memory.oom_control", 1 },
	};
	int rc = 0;

	for (size_t i = 0; i < sizeof given / sizeof *given && rc == 0; i++)
		if (given[i].given)
			rc = cgroup_knob_add(goal, given[i].file, given[i].v, e);
	return rc;
}

static int add_hugetlb(struct cgroup_goal *goal, const char *text, struct err *e)
{
	const char *value = text;
	char size[32];

	if (str_next(&value, '=', size, sizeof size) <= 0 || !value || !*value)
		return err_bad(e, text, "--hugetlb wants SIZE=N, such as 2MB=64M");
	return cgroup_hugetlb_add(goal, text, size, value, e);
}

static int io_goal(struct cgroup_goal *goal, const struct cgroup_limits *l, struct err *e)
{
	const struct {
		const struct strs *list;
		enum cgroup_io_kind kind;
	} given[] = {
		{ &l->read_bps, CGROUP_IO_RBPS },     { &l->write_bps, CGROUP_IO_WBPS },
		{ &l->read_iops, CGROUP_IO_RIOPS },   { &l->write_iops, CGROUP_IO_WIOPS },
		{ &l->weight_device, CGROUP_IO_WEIGHT },
	};
	int rc = 0;

	if (l->blkio_weight.set)
		goal->blkio_weight = l->blkio_weight;
	if (l->io_weight.set)
		goal->io_weight = l->io_weight;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		for (size_t k = 0; k < given[i].list->n && rc == 0; k++)
			rc = cgroup_io_add(goal, given[i].kind, given[i].list->v[k], ':', e);
	for (size_t i = 0; i < l->io_max.n && rc == 0; i++)
		rc = cgroup_io_add_max(goal, l->io_max.v[i], e);
	for (size_t i = 0; i < l->hugetlb.n && rc == 0; i++)
		rc = add_hugetlb(goal, l->hugetlb.v[i], e);
	return rc;
}

int cgroup_goal_limits(struct cgroup_goal *goal, const struct cgroup_limits *l, struct err *e)
{
	int rc = cgroup_limits_check(l, e);

	if (rc < 0)
		return rc;
	memory_goal(goal, l);
	if (l->pids.set)
		opt_num_set(&goal->pids, l->pids.v > 0 ? l->pids.v : -1);
	cpu_goal(goal, l);
	rc = knob_goal(goal, l, e);
	return rc < 0 ? rc : io_goal(goal, l, e);
}

void cgroup_goal_release(struct cgroup_goal *goal)
{
	strs_release(&goal->raw);
	free(goal->io);
	free(goal->knobs);
	goal->io = NULL;
	goal->knobs = NULL;
	goal->n_io = goal->n_knobs = 0;
}
