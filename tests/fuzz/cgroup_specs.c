/* What cgexec takes: -g, then --set once for each further text. */
#include <errno.h>
#include <limits.h>

#include "core/cgroup.h"
#include "tests/fuzz/fuzz.h"

static void require_words(const char *list)
{
	char word[512];
	int len;

	require(*list);
	while ((len = str_next(&list, ',', word, sizeof word)) != -ENOENT)
		require(len > 0);
}

/* Names only, none of which leads elsewhere. */
static void require_path(const char *path)
{
	char name[256];
	int len;

	require(*path != '/');
	if (!*path)
		return;
	while ((len = str_next(&path, '/', name, sizeof name)) != -ENOENT)
		require(len > 0 && strcmp(name, ".") && strcmp(name, "..") && !strchr(name, '\n'));
}

static void specs(const char *text)
{
	struct cgroup_spec s, back;
	struct strbuf again = { 0 };
	struct err e = { 0 };

	if (cgroup_spec_parse(text, &s, &e) < 0) {
		require(e.what[0]);
		return;
	}
	require_words(s.controllers);
	require_path(s.path);
	require(strlen(s.path) <= strlen(text) && strlen(s.controllers) <= strlen(text) + strlen("unified"));
	strbuf_addf(&again, "%s:%s/%s", s.controllers, s.own ? "@" : "", s.path);
	require(cgroup_spec_parse(again.s, &back, &e) == 0);
	require(!strcmp(back.controllers, s.controllers) && back.own == s.own && !strcmp(back.path, s.path));
	strbuf_release(&again);
}

static int in_range(const struct opt_num *num, long long min, long long max)
{
	return !num->set || (num->v >= min && num->v <= max);
}

static int limit_in_range(const struct opt_num *num, long long min, long long max)
{
	return in_range(num, min, max) || num->v == -1;
}

static void require_goal(const struct cgroup_goal *g)
{
	require(limit_in_range(&g->memory, 4096, LLONG_MAX) && limit_in_range(&g->memory_swap, 4096, LLONG_MAX));
	require(limit_in_range(&g->swap, 0, LLONG_MAX) && limit_in_range(&g->memory_low, 0, LLONG_MAX));
	require(!(g->swap.set && g->memory_swap.set));
	require(limit_in_range(&g->cpu_quota, 1000, LLONG_MAX / 1000) && in_range(&g->cpu_period, 1000, 1000000));
	require(in_range(&g->cpu_shares, 2, 262144) && in_range(&g->cpu_weight, 1, 10000));
	require(!(g->cpu_shares.set && g->cpu_weight.set));
	require(in_range(&g->pids, -1, 4194304));
	for (size_t i = 0; i < g->raw.n; i++)
		require(strchr(g->raw.v[i], '=') > g->raw.v[i] && strcspn(g->raw.v[i], "/") >= strcspn(g->raw.v[i], "="));
	if (g->cpu_shares.set)
		require(cgroup_weight(g->cpu_shares.v) >= 1 && cgroup_weight(g->cpu_shares.v) <= 10000);
	require(!g->blkio_weight.set || !g->io_weight.set);
	for (size_t i = 0; i < g->n_io; i++)
		require(g->io[i].device_len && strlen(g->io[i].device) > g->io[i].device_len && (g->io[i].v > 0 || g->io[i].v == -1));
	for (size_t i = 0; i < g->n_knobs; i++)
		require(g->knobs[i].knob && g->knobs[i].v >= -1);
	if (g->cpu_weight.set)
		require(cgroup_weight(cgroup_shares((int)g->cpu_weight.v)) == g->cpu_weight.v);
}

static void one(const struct opt_num *num, const char *name)
{
	struct cgroup_goal g = { 0 };
	struct err e = { 0 };
	char text[80];

	if (!num->set)
		return;
	snprintf(text, sizeof text, "%s=%lld", name, num->v);
	require(cgroup_goal_set(&g, text, &e) == 0);
	require_goal(&g);
	cgroup_goal_release(&g);
}

/* What was read can be said again, in v1's words, and under both names of a thing. */
static void again(const struct cgroup_goal *g)
{
	one(&g->memory, "memory.max");
	one(&g->memory, "memory.limit_in_bytes");
	one(&g->memory_swap, "memory.memsw.limit_in_bytes");
	one(&g->swap, "memory.swap.max");
	one(&g->memory_low, "memory.low");
	one(&g->cpu_quota, "cpu.cfs_quota_us");
	one(&g->cpu_quota, "cpu.max");
	one(&g->cpu_period, "cpu.cfs_period_us");
	one(&g->cpu_shares, "cpu.shares");
	one(&g->cpu_weight, "cpu.weight");
	one(&g->pids, "pids.max");
	one(&g->blkio_weight, "blkio.weight");
	one(&g->blkio_weight, "io.bfq.weight");
	one(&g->io_weight, "io.weight");
}

static void sets(const uint8_t *data, size_t size)
{
	struct cgroup_goal goal = { 0 };
	char *text[16], controller[32];
	size_t n = 0;

	while (size && n < sizeof text / sizeof *text) {
		struct err e = { 0 };
		int rc;

		text[n] = fuzz_text(&data, &size);
		cgroup_file_controller(text[n], controller, sizeof controller);
		require(!strchr(controller, '.') && strcmp(controller, "cgroup"));
		rc = cgroup_goal_set(&goal, text[n++], &e);
		require(rc == 0 || (rc == -EINVAL && e.what[0]));
		require_goal(&goal);
	}
	again(&goal);
	cgroup_goal_release(&goal);
	while (n)
		free(text[--n]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size);

	specs(text);
	free(text);
	sets(data, size);
	return 0;
}
