/* cgroup_set: the NAME=VALUE of --set, by v1's names or v2's. */
#include "core/cgroup_priv.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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
	opt_num_set(num, v);
	return 0;
}

static int set_memory(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	struct opt_num size = { 0 };
	int rc = set_size(&size, text, value, e);

	if (rc == 0)
		rc = cgroup_check_memory(size.v, text, e);
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
	opt_num_set(num, v);
	return 0;
}

static int set_quota(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	if (!strcmp(value, "max") || !strcmp(value, "-1")) {
		opt_num_set(num, -1);
		return 0;
	}
	return set_range(num, text, value, CGROUP_QUOTA_MIN, LLONG_MAX / 1000, e);
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
	return set_range(&goal->cpu_period, text, value, CGROUP_PERIOD_MIN, CGROUP_PERIOD_MAX, e);
}

static int set_pids(struct opt_num *num, const char *text, const char *value, struct err *e)
{
	if (strcmp(value, "max"))
		return set_range(num, text, value, -1, CGROUP_PIDS_MAX, e);
	opt_num_set(num, -1);
	return 0;
}

/* "N", or as v2 has it "default N"; with a device before it, a weight of that one. */
static int set_weight(struct cgroup_goal *goal, struct opt_num *num, const char *text, const char *value, long long max, struct err *e)
{
	const char *all = str_after(value, "default ");

	goal->blkio_weight.set = goal->io_weight.set = false;
	return set_range(num, text, all ? all : value, 1, max, e);
}

static int set_memory_file(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
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
	if (str_after(file, "memory.kmem."))
		return err_bad(e, text, "the kernel's memory counts as memory, and has had no limit of its own since Linux 5.16");
	return 1;
}

static int set_cpu_file(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
{
	if (!strcmp(file, "cpu.shares")) {
		goal->cpu_weight.set = false;
		return set_range(&goal->cpu_shares, text, value, CGROUP_SHARES_MIN, CGROUP_SHARES_MAX, e);
	}
	if (!strcmp(file, "cpu.weight")) {
		goal->cpu_shares.set = false;
		return set_range(&goal->cpu_weight, text, value, 1, CGROUP_WEIGHT_MAX, e);
	}
	if (!strcmp(file, "cpu.cfs_quota_us"))
		return set_quota(&goal->cpu_quota, text, value, e);
	if (!strcmp(file, "cpu.cfs_period_us"))
		return set_range(&goal->cpu_period, text, value, CGROUP_PERIOD_MIN, CGROUP_PERIOD_MAX, e);
	if (!strcmp(file, "cpu.max"))
		return set_cpu_max(goal, text, value, e);
	return 1;
}

static int set_io_file(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
{
	enum cgroup_io_kind kind;

	if (!strcmp(file, "blkio.weight") || !strcmp(file, "blkio.bfq.weight") || !strcmp(file, "io.bfq.weight"))
		return strchr(value, ':') ? cgroup_io_add(goal, CGROUP_IO_WEIGHT, value, ' ', e) : set_weight(goal, &goal->blkio_weight, text, value, 1000, e);
	if (!strcmp(file, "blkio.weight_device") || !strcmp(file, "blkio.bfq.weight_device"))
		return cgroup_io_add(goal, CGROUP_IO_WEIGHT, value, ' ', e);
	if (!strcmp(file, "io.weight") && !strchr(value, ':'))
		return set_weight(goal, &goal->io_weight, text, value, CGROUP_WEIGHT_MAX, e);
	if (!strcmp(file, "io.max"))
		return cgroup_io_add_max(goal, value, e);
	return cgroup_io_file(file, &kind) ? cgroup_io_add(goal, kind, value, ' ', e) : 1;
}

/* The files whose meaning is known, by whichever version's name. 1: it is none of them. */
static int set_known(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
{
	int rc = set_memory_file(goal, file, text, value, e);

	if (rc > 0)
		rc = set_cpu_file(goal, file, text, value, e);
	if (rc > 0)
		rc = set_io_file(goal, file, text, value, e);
	if (rc > 0)
		rc = cgroup_knob_set(goal, file, text, value, e);
	if (rc > 0)
		rc = cgroup_hugetlb_set(goal, file, text, value, e);
	return rc > 0 && !strcmp(file, "pids.max") ? set_pids(&goal->pids, text, value, e) : rc;
}

/* NAME=VALUE: the name into `file`, and the value. NULL with *e. */
static const char *split(const char *text, char *file, size_t size, struct err *e)
{
	size_t len = strcspn(text, "=");

	if (!text[len] || len == 0)
		err_bad(e, text, "a setting is NAME=VALUE");
	else if (len >= size || memchr(text, '/', len) || text[0] == '.')
		err_bad(e, text, "NAME is a file of the group, without a path");
	else
		return str_copyn(file, size, text, len), text + len + 1;
	return NULL;
}

int cgroup_goal_set(struct cgroup_goal *goal, const char *text, struct err *e)
{
	char file[128];
	const char *value = split(text, file, sizeof file, e);
	int rc;

	if (!value)
		return -EINVAL;
	rc = set_known(goal, file, text, value, e);
	if (rc <= 0)
		return rc;
	if (!strcmp(file, "cpuset.cpus"))
		goal->cpuset_cpus = value;
	else if (!strcmp(file, "cpuset.mems"))
		goal->cpuset_mems = value;
	else if (strs_add(&goal->raw, text) < 0)
		return err_set(e, ENOMEM, text, NULL);
	return 0;
}

int cgroup_goal_set_raw(struct cgroup_goal *goal, const char *text, struct err *e)
{
	char file[128];

	if (!split(text, file, sizeof file, e))
		return -EINVAL;
	return strs_add(&goal->raw, text) < 0 ? err_set(e, ENOMEM, text, NULL) : 0;
}
