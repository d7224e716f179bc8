/* cgroup_knob: the settings of a group that are one number each, by the names of v1 and of v2. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroup_priv.h"

enum kind {
	KNOB_NUM,
	KNOB_SIZE,  /* bytes; v1 says -1 and v2 "max" for no limit */
	KNOB_STATE, /* of the freezer */
};

struct cgroup_knob {
	const char *v1, *v2; /* NULL: that version has nothing of the kind */
	enum kind kind;
	long long min, max;
	bool fixed;          /* ... and always behaves as if it were `always` */
	long long always;
	const char *missing; /* what the version does that has no such file */
};

static const struct cgroup_knob knobs[] = {
	{ "cpu.cfs_burst_us", "cpu.max.burst", KNOB_NUM, 0, LLONG_MAX / 1000 },
	{ "cpu.idle", "cpu.idle", KNOB_NUM, 0, 1 },
	{ "cpu.rt_period_us", NULL, KNOB_NUM, 1, INT_MAX, .missing = "v2 gives realtime processes no shares: they run as on the whole machine" },
	{ "cpu.rt_runtime_us", NULL, KNOB_NUM, -1, INT_MAX, .missing = "v2 gives realtime processes no shares: they run as on the whole machine" },
	{ "freezer.state", "cgroup.freeze", KNOB_STATE, 0, 1 },
	{ NULL, "memory.high", KNOB_SIZE, 0, 0, .missing = "v1 has no limit that slows down instead of killing" },
	{ NULL, "memory.min", KNOB_SIZE, 0, 0, .missing = "v1 has memory.soft_limit_in_bytes, which is weaker" },
	{ "memory.oom_control", NULL, KNOB_NUM, 0, 1, true, 0, "v2 cannot switch the OOM killer off; memory.high slows down instead, and memory.oom.group=1 has all of the group killed" },
	{ NULL, "memory.oom.group", KNOB_NUM, 0, 1, true, 0, "v1 kills one process, never the group" },
	{ "memory.swappiness", NULL, KNOB_NUM, 0, 200, .missing = "v2 has one swappiness for the machine, vm.swappiness" },
	{ "memory.use_hierarchy", NULL, KNOB_NUM, 0, 1, true, 1, "v2 always counts the groups below" },
	{ "net_cls.classid", NULL, KNOB_NUM, 0, UINT_MAX, .missing = "for v2, nftables can match a group: socket cgroupv2" },
};

/* Sizes of huge pages are part of the name: hugetlb.2MB.max. */
static const struct cgroup_knob hugetlb = { "hugetlb.", "hugetlb.", KNOB_SIZE, 0, 0 };

static int add(struct cgroup_goal *goal, const struct cgroup_knob_value *value, struct err *e)
{
	struct cgroup_knob_value *v = realloc(goal->knobs, (goal->n_knobs + 1) * sizeof *v);

	if (!v)
		return err_set(e, ENOMEM, "limits", NULL);
	goal->knobs = v;
	goal->knobs[goal->n_knobs++] = *value;
	return 0;
}

static bool is_called(const struct cgroup_knob *k, const char *file)
{
	return (k->v1 && !strcmp(k->v1, file)) || (k->v2 && !strcmp(k->v2, file));
}

static const struct cgroup_knob *find(const char *file)
{
	for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++)
		if (is_called(&knobs[i], file))
			return &knobs[i];
	return NULL;
}

int cgroup_knob_add(struct cgroup_goal *goal, const char *file, long long v, struct err *e)
{
	return add(goal, &(struct cgroup_knob_value){ .knob = find(file), .v = v }, e);
}

static int parse_state(const char *text, long long *v)
{
	if (!strcmp(text, "FROZEN") || !strcmp(text, "1"))
		*v = 1;
	else if (!strcmp(text, "THAWED") || !strcmp(text, "0"))
		*v = 0;
	else
		return -EINVAL;
	return 0;
}

static int parse_value(const struct cgroup_knob *k, const char *text, const char *value, long long *v, struct err *e)
{
	int rc;

	if (k->kind == KNOB_STATE)
		return parse_state(value, v) < 0 ? err_bad(e, text, "a group is FROZEN or THAWED") : 0;
	if (k->kind == KNOB_SIZE) {
		*v = -1;
		rc = strcmp(value, "max") ? str_size(value, true, v) : 0;
		if (rc < 0)
			return err_bad(e, text, "wants a size such as 64M, or \"max\"");
		return *v > 0 ? cgroup_check_memory(*v, text, e) : 0;
	}
	rc = str_num(value, k->min, k->max, v);
	return rc < 0 ? err_bad(e, text, "wants a number from %lld to %lld", k->min, k->max) : 0;
}

int cgroup_knob_set(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
{
	const struct cgroup_knob *k = find(file);
	struct cgroup_knob_value v = { .knob = k };
	int rc;

	if (!k)
		return 1;
	rc = parse_value(k, text, value, &v.v, e);
	return rc < 0 ? rc : add(goal, &v, e);
}

/* "2M", "2MB" or "1G", as the kernel writes it: 2MB, 1GB, 64KB. */
static int page_name(const char *text, char name[16], long long *size, struct err *e)
{
	static const char units[] = "KMG";
	long long bytes;
	int unit = 0;

	if (str_size(text, false, &bytes) < 0 || bytes < 1024 || bytes % 1024)
		return err_bad(e, text, "is no size of huge pages, such as 2MB");
	*size = bytes;
	for (bytes /= 1024; unit < 2 && bytes % 1024 == 0; unit++)
		bytes /= 1024;
	snprintf(name, 16, "%lld%cB", bytes, units[unit]);
	return 0;
}

int cgroup_hugetlb_add(struct cgroup_goal *goal, const char *text, const char *size, const char *value, struct err *e)
{
	struct cgroup_knob_value v = { .knob = &hugetlb };
	long long page = 0;
	int rc = page_name(size, v.name, &page, e);

	if (rc == 0)
		rc = parse_value(&hugetlb, text, value, &v.v, e);
	if (rc == 0 && v.v > 0 && v.v < page)
		rc = err_bad(e, text, "is less than one such page, and the kernel would round it down to 0");
	return rc < 0 ? rc : add(goal, &v, e);
}

int cgroup_hugetlb_set(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e)
{
	const char *size = str_after(file, "hugetlb."), *end = size ? strchr(size, '.') : NULL;
	char name[16];

	if (!end || (strcmp(end, ".limit_in_bytes") && strcmp(end, ".max")) || (size_t)(end - size) >= sizeof name)
		return 1;
	str_copyn(name, sizeof name, size, (size_t)(end - size));
	return cgroup_hugetlb_add(goal, text, name, value, e);
}

/* ---- writing ---- */

static const char *any_name(const struct cgroup_knob *k)
{
	return k->v1 ? k->v1 : k->v2;
}

static void format(const struct cgroup_knob_value *v, bool v2, char text[32])
{
	if (v->knob->kind == KNOB_STATE && !v2)
		snprintf(text, 32, "%s", v->v ? "FROZEN" : "THAWED");
	else if (v->knob->kind == KNOB_SIZE && v->v < 0 && v2)
		snprintf(text, 32, "max");
	else
		snprintf(text, 32, "%lld", v->v);
}

/* Pages in use are limited, and reservations of them where the kernel knows these. */
static int write_hugetlb(const struct cgroup_dir *g, const struct cgroup_knob_value *v, const char *text, struct err *e)
{
	const char *limit = g->hier->v2 ? ".max" : ".limit_in_bytes";
	char file[64], reserved[64];
	int rc;

	str_join(file, sizeof file, "hugetlb.", v->name, limit);
	str_join(reserved, sizeof reserved, "hugetlb.", v->name, ".rsvd", limit);
	rc = cgroup_put(g, file, text, e);
	return rc == 0 && cgroup_has(g, reserved) ? cgroup_put(g, reserved, text, e) : rc;
}

static int write_knob(const struct cgroup_dirs *d, const struct cgroup_knob_value *v, struct err *e)
{
	const struct cgroup_knob *k = v->knob;
	const struct cgroup_dir *g;
	const char *file;
	char controller[64], text[32];

	cgroup_file_controller(any_name(k), controller, sizeof controller);
	g = cgroup_dirs_need(d, controller, any_name(k), e);
	if (!g)
		return -EINVAL;
	file = g->hier->v2 ? k->v2 : k->v1;
	if (!file && k->fixed && v->v == k->always)
		return 0;
	if (!file)
		return err_set(e, EOPNOTSUPP, g->path, "%s: %s", any_name(k), k->missing);
	format(v, g->hier->v2, text);
	return k == &hugetlb ? write_hugetlb(g, v, text, e) : cgroup_put(g, file, text, e);
}

int cgroup_knobs_write(const struct cgroup_dirs *d, const struct cgroup_goal *goal, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < goal->n_knobs && rc == 0; i++)
		rc = write_knob(d, &goal->knobs[i], e);
	return rc;
}
