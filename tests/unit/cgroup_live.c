/* cgroup_live: one version's figures in the other's words, and what was used between two looks; from files of our own. */
#include "core/cgroup_live.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/fd.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/nestbox-unit.XXXXXX";
static struct cgroup_hier hier = { .mount = folder };
static struct cgroup_dir dir = { .hier = &hier, .path = folder };
static const struct cgroup_dirs dirs = { .v = &dir, .n = 1 };

static void put(const char *file, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, file);
	f = fopen(path, "we");
	check(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void drop(const char *file)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, file);
	check_int(unlink(path), 0);
}

static void figure_is(const char *name, const char *want)
{
	struct strbuf out = { 0 };
	struct err e = { 0 };
	int rc = cgroup_figure(&dirs, name, &out, &e);

	if (want) {
		check_int(rc, 0);
		check_str(out.s, want);
	} else {
		check_int(rc, -EINVAL);
		check(e.what[0] && (!out.s || !*out.s));
	}
	strbuf_release(&out);
}

/* Start in an empty folder, and leave none behind. */
static void begin(bool v2)
{
	strcpy(folder + sizeof folder - 7, "XXXXXX");
	check(mkdtemp(folder));
	hier.v2 = v2;
}

static void end(const char *const *files)
{
	while (*files)
		drop(*files++);
	check_int(rmdir(folder), 0);
}

static void reads_v1_as_v2(void)
{
	static const char *const files[] = {
		"memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.failcnt",
		"memory.oom_control", "cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpuacct.usage", "freezer.self_freezing",
		"freezer.state", "blkio.throttle.io_service_bytes", "blkio.throttle.io_service_bytes_recursive",
		"blkio.throttle.io_serviced_recursive", "hugetlb.2MB.limit_in_bytes", NULL,
	};

	begin(false);
	put("memory.limit_in_bytes", "1048576\n");
	put("memory.memsw.limit_in_bytes", "3145728\n");
	put("memory.usage_in_bytes", "4096\n");
	put("memory.max_usage_in_bytes", "8192\n");
	put("memory.failcnt", "3\n");
	put("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	put("cpu.shares", "1024\n");
	put("cpu.cfs_quota_us", "-1\n");
	put("cpu.cfs_period_us", "100000\n");
	put("cpuacct.usage", "1234567\n");
	put("freezer.self_freezing", "1\n");
	put("freezer.state", "FROZEN\n");
	put("blkio.throttle.io_service_bytes", "Total 0\n");
	put("blkio.throttle.io_service_bytes_recursive", "254:0 Read 4096\n254:0 Write 1\n254:0 Sync 4097\n254:0 Discard 2\n254:0 Total 4099\n8:16 Read 5\nTotal 4104\n");
	put("blkio.throttle.io_serviced_recursive", "254:0 Read 7\n254:0 Write 8\n8:16 Read 9\nTotal 24\n");
	put("hugetlb.2MB.limit_in_bytes", "9223372036852678656\n");
	figure_is("memory.limit_in_bytes", "1048576\n");
	figure_is("memory.max", "1048576");
	figure_is("memory.swap.max", "2097152");
	figure_is("memory.current", "4096\n");
	figure_is("memory.peak", "8192\n");
	figure_is("memory.events", "max 3\noom_kill 2");
	figure_is("cpu.weight", "100");
	figure_is("cpu.max", "max 100000");
	figure_is("cpu.stat", "usage_usec 1234");
	figure_is("cgroup.freeze", "1\n");
	figure_is("io.stat", "254:0 rbytes=4096 wbytes=1 dbytes=2 rios=7 wios=8 dios=0\n8:16 rbytes=5 wbytes=0 dbytes=0 rios=9 wios=0 dios=0\n");
	/* the largest number, rounded down to pages of 2 MiB */
	figure_is("hugetlb.2MB.max", "max");
	put("memory.limit_in_bytes", "9223372036854771712\n");
	put("cpu.cfs_quota_us", "5000\n");
	figure_is("memory.max", "max");
	figure_is("cpu.max", "5000 100000");
	figure_is("memory.nosuch", NULL);
	figure_is("cpu.max.burst", NULL);
	figure_is("memory", NULL);
	figure_is(".max", NULL);
	end(files);
}

static void reads_v2_as_v1(void)
{
	static const char *const files[] = {
		"memory.max", "memory.swap.max", "memory.current", "memory.swap.current", "memory.peak", "memory.events", "cpu.weight", "cpu.max",
		"cpu.stat", "cgroup.freeze", "cgroup.events", "io.stat", NULL,
	};

	begin(true);
	put("memory.max", "1048576\n");
	put("memory.swap.max", "2097152\n");
	put("memory.current", "4096\n");
	put("memory.swap.current", "1\n");
	put("memory.peak", "8192\n");
	put("memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n");
	put("cpu.weight", "100\n");
	put("cpu.max", "max 100000\n");
	put("cpu.stat", "usage_usec 1234\nuser_usec 1000\nsystem_usec 234\n");
	put("cgroup.freeze", "1\n");
	put("cgroup.events", "populated 1\nfrozen 0\n");
	put("io.stat", "254:0 rbytes=4096 wbytes=1 rios=7 wios=8 dbytes=2 dios=0\n8:16 \n8:32 rbytes=5 rios=9 cost.usage=17\n");
	figure_is("memory.limit_in_bytes", "1048576");
	figure_is("memory.memsw.limit_in_bytes", "3145728");
	figure_is("memory.usage_in_bytes", "4096\n");
	figure_is("memory.memsw.usage_in_bytes", "4097");
	figure_is("memory.max_usage_in_bytes", "8192\n");
	figure_is("memory.failcnt", "3");
	figure_is("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1");
	figure_is("cpu.shares", "1024");
	figure_is("cpu.cfs_quota_us", "-1");
	figure_is("cpu.cfs_period_us", "100000");
	figure_is("cpuacct.usage", "1234000");
	figure_is("cpuacct.usage_user", "1000000");
	figure_is("cpuacct.usage_sys", "234000");
	figure_is("freezer.state", "FREEZING");
	figure_is("blkio.throttle.io_serviced", "254:0 Read 7\n254:0 Write 8\n254:0 Discard 0\n254:0 Total 15\n8:16 Read 0\n8:16 Write 0\n8:16 Discard 0\n8:16 Total 0\n"
						 "8:32 Read 9\n8:32 Write 0\n8:32 Discard 0\n8:32 Total 9\nTotal 24");
	put("memory.swap.max", "max\n");
	put("cpu.max", "5000 10000\n");
	put("cgroup.events", "populated 1\nfrozen 1\n");
	figure_is("memory.memsw.limit_in_bytes", "9223372036854771712");
	figure_is("cpu.cfs_quota_us", "5000");
	figure_is("cpu.cfs_period_us", "10000");
	figure_is("freezer.state", "FROZEN");
	put("memory.max", "max\n");
	figure_is("memory.limit_in_bytes", "9223372036854771712");
	figure_is("memory.soft_limit_in_bytes", NULL);
	end(files);
}

static void usage_is(const struct cgroup_usage *before, const struct cgroup_usage *after, const char *want)
{
	struct strbuf out = { 0 };

	cgroup_usage_format(before, after, &out);
	check_str(out.s, want);
	strbuf_release(&out);
}

static void reports_differences(void)
{
	static const char *const v2[] = { "cpu.stat", "memory.peak", "pids.events", "cpu.pressure", "io.stat", NULL };
	static const char *const v1[] = { "cpuacct.usage", "cpu.stat", NULL };
	struct cgroup_usage before, after;

	begin(true);
	put("cpu.stat", "usage_usec 100\nuser_usec 60\nsystem_usec 40\n");
	put("memory.peak", "4096\n");
	put("pids.events", "max 2\n");
	put("cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	put("io.stat", "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n");
	cgroup_usage_read(&dirs, &before);
	put("cpu.stat", "usage_usec 150\nuser_usec 100\nsystem_usec 50\n");
	put("memory.peak", "8192\n");
	put("pids.events", "max 3\n");
	put("cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	put("io.stat", "254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:0 rbytes=10 wbytes=20 rios=30 wios=40 dbytes=50 dios=60\n");
	cgroup_usage_read(&dirs, &after);
	usage_is(&before, &after, "cpu_usec=50\nuser_usec=40\nsystem_usec=10\nmemory_peak=8192\npids_refused=1\ncpu_some_usec=4\ncpu_full_usec=0\n"
				  "io_rbytes=10\nio_wbytes=20\nio_dbytes=50\nio_rios=30\nio_wios=40\nio_dios=60\n");
	end(v2);

	/* nanoseconds; and v1's cpu.stat has no sum */
	begin(false);
	put("cpuacct.usage", "1000000\n");
	put("cpu.stat", "nr_periods 1\nnr_throttled 0\nthrottled_time 0\n");
	cgroup_usage_read(&dirs, &before);
	put("cpuacct.usage", "3000000\n");
	put("cpu.stat", "nr_periods 4\nnr_throttled 2\nthrottled_time 7000\n");
	cgroup_usage_read(&dirs, &after);
	usage_is(&before, &after, "cpu_usec=2000\nnr_periods=3\nnr_throttled=2\nthrottled_usec=7\n");
	end(v1);
}

static void leaves_a_group_in_use(void)
{
	struct err e = { 0 };
	struct cgroup_dir d = { .hier = &hier, .path = folder, .procs = -1, .back = -1, .hold = -1 };

	begin(true);
	check_int(cgroup_share(&d), 0);
	check(d.hold >= 0);
	fd_close(&d.hold);
	check_int(rmdir(folder), 0);
	check_int(cgroup_share(&d), -ENODEV);
	check_int(d.hold, -1);
	check_int(cgroup_move(&(struct cgroup_dirs){ .v = &d, .n = 1 }, 1, &e), -ENOENT);
}

int main(void)
{
	unit("v1's files, asked for by v2's names", reads_v1_as_v2);
	unit("v2's files, asked for by v1's names", reads_v2_as_v1);
	unit("a report has what was used between two looks", reports_differences);
	unit("a group is shared as long as it is there", leaves_a_group_in_use);
	return unit_done();
}
