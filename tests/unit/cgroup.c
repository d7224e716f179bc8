/* cgroup: what is mounted, what was asked for, and what is written where. */
#include "core/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/fd.h"
#include "tests/unit/unit.h"

static const char hybrid[] =
	"22 26 0:21 / /sys rw,relatime - sysfs sysfs rw\n"
	"30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct\n"
	"34 30 0:31 / /sys/fs/cgroup/memory rw,relatime shared:4 - cgroup cgroup rw,seclabel,memory\n"
	"35 30 0:32 / /sys/fs/cgroup/pids ro,relatime - cgroup cgroup rw,pids\n"
	"39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,release_agent=/x,name=systemd\n"
	"40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate\n";

static const char hybrid_own[] = "4:memory:/user/with:colon\n2:cpu,cpuacct:/\n1:name=systemd:/sd\n0::/v2own\n";

/* The parsers take their text apart. */
static int parse_copy(int (*parser)(char *, struct cgroups *), const char *text, struct cgroups *c)
{
	char *copy = strdup(text);
	int rc = parser(copy, c);

	free(copy);
	return rc;
}

static struct cgroups parse(const char *mounts, const char *own)
{
	struct cgroups c = { 0 };

	check_int(parse_copy(cgroup_parse_mounts, mounts, &c), 0);
	check_int(parse_copy(cgroup_parse_own, own, &c), 0);
	cgroup_keep_best(&c);
	return c;
}

static void unescapes(void)
{
	char text[] = "/a\\040b\\011c\\012d\\134e\\0", high[] = "\\777\\04";

	str_unescape(text);
	check_str(text, "/a b\tc\nd\\e\\0");
	str_unescape(high);
	check_str(high, "\\777\\04");
}

static void finds_hierarchies(void)
{
	struct cgroups c = parse(hybrid, hybrid_own);
	const struct cgroup_hier *h;

	check_int(c.n, 5);
	h = cgroup_find(&c, "cpuacct");
	check(h && h == cgroup_find(&c, "cpu") && !h->v2);
	check_str(h->controllers, "cpu,cpuacct");
	check_str(cgroup_base(h), "cpu,cpuacct");
	h = cgroup_find(&c, "memory");
	check_str(h->controllers, "memory");
	check_str(h->options, "memory");
	check_str(h->own, "/user/with:colon");
	check(!h->read_only && cgroup_find(&c, "pids")->read_only);
	h = cgroup_find(&c, "name=systemd");
	check_str(h->controllers, "");
	check_str(h->options, "xattr,name=systemd");
	check_str(h->own, "/sd");
	h = cgroup_find(&c, "unified");
	check(h->v2);
	check_str(h->own, "/v2own");
	/* none of v1 is there that had it */
	check(cgroup_find(&c, "devices") == h);
	check(!cgroup_find(&c, "systemd") && !cgroup_find(&c, "seclabel") && !cgroup_find(&c, "name=") && !cgroup_find(&c, ""));
	cgroups_release(&c);
}

static void ignores_odd_lines(void)
{
	static const char *const odd[] = {
		"", "\n\n", " ", "1 2 3 4 5 6", "1 2 3 / /m rw -", "1 2 3 / /m rw - cgroup", "1 2 3 / /m rw - cgroup cgroup",
		"1 2 3 / /m rw shared:1 cgroup cgroup rw,cpu", "1 2 3 / /m rw - cgroup3 x rw",
	};
	struct cgroups c = { 0 };

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		check_int(parse_copy(cgroup_parse_mounts, odd[i], &c), 0);
	check_int(c.n, 0);
	check_int(parse_copy(cgroup_parse_own, ":\n::\n0::\nx\n", &c), 0);
	cgroups_release(&c);
}

static void prefers_the_better_mount(void)
{
	struct cgroups c = parse("1 0 0:1 /docker/x /a rw - cgroup cgroup rw,memory\n"
				 "2 0 0:1 / /b ro - cgroup cgroup rw,memory\n"
				 "3 0 0:1 / /with\\040blank rw - cgroup cgroup rw,memory\n"
				 "4 0 0:1 /other /d rw - cgroup cgroup rw,memory\n",
				 "4:memory:/docker/x/y\n");

	check_int(c.n, 1);
	check_str(c.v[0].mount, "/with blank");
	cgroups_release(&c);
	/* what is covered is not to be had, however good */
	c = parse("1 0 0:1 / /m rw - cgroup cgroup rw,pids\n2 1 0:1 /x /m rw - cgroup cgroup rw,pids\n", "4:pids:/\n");
	check_int(c.n, 1);
	check_str(c.v[0].root, "/x");
	cgroups_release(&c);
}

static void own_dir_is(const char *root, const char *own, const char *want)
{
	struct cgroup_hier h = { .mount = (char *)"/m", .root = (char *)root, .own = (char *)own };
	char *dir = cgroup_own_dir(&h);

	if (want)
		check_str(dir, want);
	else
		check(!dir);
	free(dir);
}

static void knows_the_own_group(void)
{
	own_dir_is("/", "/", "/m");
	own_dir_is("/", "/a/b", "/m/a/b");
	own_dir_is("/docker/x", "/docker/x", "/m");
	own_dir_is("/docker/x", "/docker/x/y", "/m/y");
	own_dir_is("/docker/x", "/docker/xy", NULL);
	own_dir_is("/docker/x", "/", NULL);
	own_dir_is("/..", "/a", NULL);
	own_dir_is("/..", "/../b", "/m/b");
	own_dir_is("/", "/../b", NULL);
	own_dir_is("/", "", NULL);
}

static void spec_ok(const char *text, const char *controllers, bool own, const char *path)
{
	struct cgroup_spec spec;
	struct err e = { 0 };

	check_int(cgroup_spec_parse(text, &spec, &e), 0);
	check_str(spec.controllers, controllers);
	check(spec.own == own);
	check_str(spec.path, path);
}

static void reads_specs(void)
{
	spec_ok("memory:x", "memory", false, "x");
	spec_ok("cpu,memory:/x/y", "cpu,memory", false, "x/y");
	spec_ok(":x", "unified", false, "x");
	spec_ok("unified:/", "unified", false, "");
	spec_ok("*:x", "*", false, "x");
	spec_ok("memory:@/x", "memory", true, "x");
	spec_ok("memory:@", "memory", true, "");
	spec_ok("memory:@/", "memory", true, "");
	spec_ok("memory:@x", "memory", false, "@x");
	spec_ok("name=systemd:a:b", "name=systemd", false, "a:b");
	spec_ok("memory:..x/.y/...", "memory", false, "..x/.y/...");
	spec_ok("memory://x//y/", "memory", false, "x/y");
	spec_ok("memory:./x/./y/.", "memory", false, "x/y");
	spec_ok("memory:.", "memory", false, "");
	spec_ok("memory:@//x", "memory", true, "x");
	spec_ok("memory:./@/x", "memory", false, "@/x");
	spec_ok(",a,,b,:x", "a,b", false, "x");
}

static void refuses_bad_specs(void)
{
	static const char *const bad[] = {
		"", "memory", "memory:", ":", "memory:..", "memory:x/..", "memory:x/../y", "memory:./..", "memory:x/../",
		"memory:@/../x", ",:x", ",,:x", "name=:x", "a,name=:x", "memory:a\nb",
	};
	char name[300] = "memory:";
	struct cgroup_spec spec;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct err e = { 0 };

		if (cgroup_spec_parse(bad[i], &spec, &e) != -EINVAL || !e.what[0]) {
			printf("# taken: %s\n", bad[i]);
			check(false);
		}
	}
	memset(name + 7, 'x', 255);
	check_int(cgroup_spec_parse(name, &spec, &(struct err){ 0 }), 0);
	name[7 + 255] = 'x';
	check_int(cgroup_spec_parse(name, &spec, &(struct err){ 0 }), -EINVAL);
}

static void refuses_long_paths(void)
{
	static char text[9 + 2 * PATH_MAX] = "memory:";
	struct cgroup_spec spec;

	/* PATH_MAX with its end */
	for (size_t i = 0; i < PATH_MAX - 1; i++)
		text[7 + i] = i % 2 ? '/' : 'x';
	check_int(cgroup_spec_parse(text, &spec, &(struct err){ 0 }), 0);
	check_int((long long)strlen(spec.path), PATH_MAX - 1);
	text[7 + PATH_MAX - 1] = '/';
	check_int(cgroup_spec_parse(text, &spec, &(struct err){ 0 }), 0);
	text[7 + PATH_MAX] = 'x';
	check_int(cgroup_spec_parse(text, &spec, &(struct err){ 0 }), -EINVAL);
	/* what says nothing takes no room */
	for (size_t i = 0; i < 2UL * PATH_MAX; i++)
		text[7 + i] = i % 2 ? '/' : '.';
	check_int(cgroup_spec_parse(text, &spec, &(struct err){ 0 }), 0);
	check_str(spec.path, "");
}

static int find(const struct cgroups *c, struct cgroup_dirs *d, struct err *e, const char *a, const char *b)
{
	struct strs specs = { 0 };
	int rc;

	*d = (struct cgroup_dirs){ 0 };
	*e = (struct err){ 0 };
	strs_add(&specs, a);
	if (b)
		strs_add(&specs, b);
	rc = cgroup_dirs_find(c, &specs, d, e);
	strs_release(&specs);
	return rc;
}

static void places_groups(void)
{
	struct cgroups c = parse(hybrid, hybrid_own);
	struct cgroup_dirs d;
	struct err e;

	check_int(find(&c, &d, &e, "memory,pids:x", NULL), 0);
	check_int(d.n, 3);
	check_str(d.v[0].path, "/sys/fs/cgroup/memory/x");
	check_str(d.v[1].path, "/sys/fs/cgroup/pids/x");
	check_str(d.v[2].path, "/sys/fs/cgroup/unified/x");
	check(d.v[2].optional && !d.v[0].optional);
	check_str(d.v[2].controllers, "");
	cgroup_dirs_release(&d);

	/* the last word about a controller counts, and the v2 node goes with the last spec */
	check_int(find(&c, &d, &e, "memory:x", "memory,cpu:y"), 0);
	check_int(d.n, 3);
	check_str(d.v[0].path, "/sys/fs/cgroup/memory/y");
	check_str(d.v[2].path, "/sys/fs/cgroup/unified/y");
	cgroup_dirs_release(&d);

	check_int(find(&c, &d, &e, "memory:@/x", NULL), 0);
	check_str(d.v[0].path, "/sys/fs/cgroup/memory/user/with:colon/x");
	check_int(d.v[0].base, strlen("/sys/fs/cgroup/memory/user/with:colon"));
	check_str(d.v[1].path, "/sys/fs/cgroup/unified/v2own/x");
	cgroup_dirs_release(&d);

	check_int(find(&c, &d, &e, "memory:x", "unified:y"), 0);
	check_str(d.v[1].path, "/sys/fs/cgroup/unified/y");
	check(!d.v[1].optional);
	cgroup_dirs_release(&d);

	check_int(find(&c, &d, &e, "*:x", NULL), 0);
	check_int(d.n, 4);
	check_str(d.v[0].controllers, "cpu,cpuacct");
	cgroup_dirs_release(&d);
	cgroups_release(&c);
}

static void refuses_groups(void)
{
	struct cgroups c = parse(hybrid, hybrid_own), none = { 0 };
	struct cgroup_dirs d;
	struct err e;

	check_int(find(&c, &d, &e, "memory,io:x", NULL), -EINVAL);
	check(strstr(e.what, "io") && strstr(e.hint, "cpu,cpuacct") && strstr(e.hint, "name=systemd"));
	cgroup_dirs_release(&d);
	check_int(find(&c, &d, &e, "systemd:x", NULL), -EINVAL);
	cgroup_dirs_release(&d);
	/* one hierarchy, two places */
	check_int(find(&c, &d, &e, "cpu:x", "cpuacct:y"), -EINVAL);
	cgroup_dirs_release(&d);
	check_int(find(&none, &d, &e, "*:x", NULL), -EINVAL);
	cgroup_dirs_release(&d);
	check_int(find(&c, &d, &e, "memory:x", NULL), 0);
	check(cgroup_dirs_need(&d, "memory", "--memory", &e));
	check(!cgroup_dirs_need(&d, "cpu", "--cpus", &e));
	check_str(e.object, "--cpus");
	check_str(e.what, "needs the cpu controller");
	check_str(e.hint, "-g cpu,memory:x");
	cgroup_dirs_release(&d);
	cgroups_release(&c);
}

/*
 * All values against the formula: an FNV-1a hash over both bytes of each, made
 * with ceil(10 ** ((l*l + 125*l) / 612 - 7/34)), l = log2(shares), in doubles.
 */
static void converts_shares(void)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (long long shares = 2; shares <= 262144; shares++) {
		unsigned weight = (unsigned)cgroup_weight(shares);

		hash = (hash ^ (weight & 255)) * 0x100000001b3ULL;
		hash = (hash ^ (weight >> 8)) * 0x100000001b3ULL;
	}
	check(hash == 0x65a31facb03a9c0eULL);
	check_int(cgroup_weight(2), 1);
	check_int(cgroup_weight(512), 59);
	check_int(cgroup_weight(1024), 100);
	check_int(cgroup_weight(2048), 174);
	check_int(cgroup_weight(8192), 532);
	check_int(cgroup_weight(262144), 10000);
}

static void converts_weights(void)
{
	check_int(cgroup_shares(1), 2);
	check_int(cgroup_shares(100), 1024);
	check_int(cgroup_shares(10000), 262144);
	for (int weight = 1; weight < 10000; weight++) {
		long long shares = cgroup_shares(weight);

		check(cgroup_weight(shares) <= weight && cgroup_weight(shares + 1) > weight);
	}
}

static const char *limits_say(struct cgroup_limits l)
{
	static struct err e;

	e = (struct err){ 0 };
	return cgroup_limits_check(&l, &e) < 0 ? e.object : "";
}

#define NUM(n) { true, n }

static void checks_limits(void)
{
	check_str(limits_say((struct cgroup_limits){ 0 }), "");
	check_str(limits_say((struct cgroup_limits){ .memory = NUM(0) }), "--memory");
	check_str(limits_say((struct cgroup_limits){ .memory = NUM(1023) }), "--memory");
	check_str(limits_say((struct cgroup_limits){ .memory = NUM(65536) }), "");
	check_str(limits_say((struct cgroup_limits){ .memory_swap = NUM(65536) }), "--memory-swap");
	check_str(limits_say((struct cgroup_limits){ .memory_swap = NUM(0) }), "");
	check_str(limits_say((struct cgroup_limits){ .memory = NUM(65536), .memory_swap = NUM(65535) }), "--memory-swap");
	check_str(limits_say((struct cgroup_limits){ .memory = NUM(65536), .memory_swap = NUM(65536) }), "");
	check_str(limits_say((struct cgroup_limits){ .memory = NUM(65536), .memory_swap = NUM(-1) }), "");
	check_str(limits_say((struct cgroup_limits){ .cpus = NUM(0) }), "--cpus");
	check_str(limits_say((struct cgroup_limits){ .cpus = NUM(9999999) }), "--cpus");
	check_str(limits_say((struct cgroup_limits){ .cpus = NUM(10000000) }), "");
	check_str(limits_say((struct cgroup_limits){ .cpuset_cpus = "0-3,6" }), "");
	check_str(limits_say((struct cgroup_limits){ .cpuset_cpus = "" }), "\"\"");
	check_str(limits_say((struct cgroup_limits){ .cpuset_mems = "all" }), "all");
}

static void names_controllers(void)
{
	struct cgroup_limits l = { .cpus = NUM(1), .cpu_shares = NUM(2), .memory = NUM(1), .memory_swap = NUM(1), .pids = NUM(1), .cpuset_mems = "0" };
	struct strbuf out = { 0 };

	cgroup_limits_controllers(&(struct cgroup_limits){ 0 }, &out);
	check_int(out.len, 0);
	cgroup_limits_controllers(&l, &out);
	check_str(out.s, "memory,pids,cpu,cpuset");
	strbuf_release(&out);
}

static void takes_docker_defaults(void)
{
	struct cgroup_goal goal = { 0 };
	struct cgroup_limits l = { .memory = NUM(65536), .pids = NUM(0), .cpus = NUM(1500000000) };
	struct err e = { 0 };

	check_int(cgroup_goal_limits(&goal, &l, &e), 0);
	check_int(goal.memory_swap.v, 131072);
	check(goal.swap_implied);
	check_int(goal.pids.v, -1);
	check_int(goal.cpu_quota.v, 150000);
	check_int(goal.cpu_period.v, 100000);
	l.memory.v = LLONG_MAX - 1;
	check_int(cgroup_goal_limits(&goal, &l, &e), 0);
	check_int(goal.memory_swap.v, -1);
}

static int set(struct cgroup_goal *goal, const char *text)
{
	struct err e = { 0 };

	return cgroup_goal_set(goal, text, &e);
}

static void reads_settings(void)
{
	struct cgroup_goal goal = { 0 };

	check_int(set(&goal, "memory.max=1.5M"), 0);
	check_int(goal.memory.v, 1572864);
	check_int(set(&goal, "memory.limit_in_bytes=max"), 0);
	check_int(goal.memory.v, -1);
	check_int(set(&goal, "cpu.max=max 50000"), 0);
	check_int(goal.cpu_quota.v, -1);
	check_int(goal.cpu_period.v, 50000);
	check_int(set(&goal, "cpu.max=2000"), 0);
	check_int(goal.cpu_quota.v, 2000);
	check_int(set(&goal, "cpu.shares=2"), 0);
	check_int(set(&goal, "cpu.weight=10000"), 0);
	check(goal.cpu_weight.set && !goal.cpu_shares.set);
	check_int(set(&goal, "pids.max=max"), 0);
	check_int(goal.pids.v, -1);
	check_int(set(&goal, "memory.swap.max=0"), 0);
	check_int(goal.swap.v, 0);
	check_int(set(&goal, "cpuset.cpus=0,2"), 0);
	check_str(goal.cpuset_cpus, "0,2");
	check_int(set(&goal, "devices.deny=c 1:3 w"), 0);
	check_int(goal.raw.n, 1);
	cgroup_goal_release(&goal);
}

static void reads_io_settings(void)
{
	static const char *const weights[] = { "blkio.weight=500", "blkio.bfq.weight=500", "io.bfq.weight=default 500" };
	struct cgroup_goal goal = { 0 };

	for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
		check_int(set(&goal, weights[i]), 0);
		check(goal.blkio_weight.v == 500 && !goal.io_weight.set);
	}
	check_int(set(&goal, "io.weight=10000"), 0);
	check(goal.io_weight.v == 10000 && !goal.blkio_weight.set);
	check_int(set(&goal, "io.max=8:0 rbps=1.5M wbps=max riops=0 wiops=7"), 0);
	check_int(goal.n_io, 4);
	check_int(goal.io[0].v, 1572864);
	check_int(goal.io[1].v, -1);
	check_int(goal.io[2].v, -1);
	check_int(goal.io[3].v, 7);
	check_int(goal.io[3].device_len, 3);
	check_int(set(&goal, "blkio.throttle.write_iops_device=/dev/sda 9"), 0);
	check_int(goal.io[4].kind, CGROUP_IO_WIOPS);
	check_int(goal.io[4].device_len, 8);
	check_int(set(&goal, "io.bfq.weight=8:16 300"), 0);
	check_int(goal.io[5].kind, CGROUP_IO_WEIGHT);
	check_int(goal.raw.n, 0);
	cgroup_goal_release(&goal);
}

static void reads_single_numbers(void)
{
	static const struct {
		const char *text;
		long long v;
	} good[] = {
		{ "memory.high=1M", 1048576 }, { "memory.high=max", -1 },     { "cpu.idle=1", 1 },
		{ "cpu.max.burst=7", 7 },      { "cpu.cfs_burst_us=8", 8 },   { "memory.oom_control=1", 1 },
		{ "freezer.state=FROZEN", 1 }, { "cgroup.freeze=0", 0 },      { "hugetlb.2MB.max=max", -1 },
		{ "hugetlb.1GB.limit_in_bytes=2G", 2LL << 30 },
	};
	struct cgroup_goal goal = { 0 };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		check_int(set(&goal, good[i].text), 0);
		check_int(goal.n_knobs, i + 1);
		check_int(goal.knobs[i].v, good[i].v);
	}
	check_str(goal.knobs[9].name, "1GB");
	check_int(goal.raw.n, 0);
	cgroup_goal_release(&goal);
}

/* Either scale keeps its order, and meets the other one's ends. */
static void converts_io_weights(void)
{
	check_int(cgroup_io_weight(10), 1);
	check_int(cgroup_io_weight(100), 910);
	check_int(cgroup_io_weight(500), 4950);
	check_int(cgroup_io_weight(1000), 10000);
	check_int(cgroup_blkio_weight(1), 1);
	check_int(cgroup_blkio_weight(100), 100);
	check_int(cgroup_blkio_weight(10000), 1000);
	for (long long w = 10; w < 1000; w++)
		check(cgroup_io_weight(w) < cgroup_io_weight(w + 1));
	for (long long w = 1; w < 10000; w++)
		check(cgroup_blkio_weight(w) <= cgroup_blkio_weight(w + 1));
}

static void refuses_settings(void)
{
	static const char *const bad[] = {
		"", "=", "=1", "memory.max", "memory/max=1", "../memory.max=1", ".x=1", "memory.max=", "memory.max=1x", "memory.max=100",
		"memory.max=-2", "cpu.shares=1", "cpu.shares=262145", "cpu.weight=0", "cpu.weight=10001", "cpu.max=", "cpu.max=999",
		"cpu.max=1000 999", "cpu.max=1000 1000001", "cpu.max=1000 1000 1", "cpu.cfs_quota_us=0", "cpu.cfs_quota_us=-2",
		"cpu.cfs_period_us=max", "pids.max=4194305", "pids.max=x", "memory.high=100", "memory.high=x", "cpu.idle=2",
		"freezer.state=FREEZING", "hugetlb.x.max=1M", "hugetlb.2MB.max=x", "hugetlb.2MB.max=1M", "hugetlb.1GB.limit_in_bytes=1023M", "io.max=8:0", "io.max=8:0 rbps", "io.max=8:0 x=1",
		"io.max= rbps=1", "io.weight=0", "io.weight=10001", "blkio.weight=1001", "blkio.throttle.read_bps_device=8:0",
		"blkio.throttle.read_iops_device=8:0 1M", "blkio.bfq.weight_device=8:0 0", "memory.kmem.limit_in_bytes=1M",
	};
	struct cgroup_goal goal = { 0 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (set(&goal, bad[i]) == -EINVAL)
			continue;
		printf("# taken: %s\n", bad[i]);
		check(false);
	}
	check_int(goal.raw.n, 0);
}

static void names_file_controllers(void)
{
	char buf[16];

	cgroup_file_controller("memory.max=1", buf, sizeof buf);
	check_str(buf, "memory");
	cgroup_file_controller("cgroup.freeze", buf, sizeof buf);
	check_str(buf, "");
	cgroup_file_controller("tasks", buf, sizeof buf);
	check_str(buf, "");
	cgroup_file_controller("waytoolongforthisbuffer.x", buf, sizeof buf);
	check_str(buf, "");
}

/* ---- a tree of plain files in place of cgroup2's ---- */

static char tree[64];

static void put(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", tree, path);
	f = fopen(full, "we");
	check(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void holds(const char *path, const char *want)
{
	char full[256], text[256];

	snprintf(full, sizeof full, "%s/%s", tree, path);
	check(fd_get(AT_FDCWD, full, text, sizeof text) >= 0);
	text[strcspn(text, "\n")] = '\0';
	check_str(text, want);
}

/* The tree with group "g" in it, as it would look with all of v2's controllers. */
static struct cgroups fake_v2(void)
{
	static const char *const files[] = { "memory.max", "memory.swap.max", "memory.low", "cpu.max", "cpu.weight", "pids.max", "cpuset.cpus", "cpuset.mems", "cgroup.procs", "cgroup.subtree_control", "cgroup.events" };
	struct cgroups c = { 0 };
	char text[256];

	strcpy(tree, "/tmp/nestbox-unit.XXXXXX");
	check(mkdtemp(tree));
	snprintf(text, sizeof text, "1 0 0:1 / %s rw - cgroup2 cgroup2 rw\n", tree);
	check_int(parse_copy(cgroup_parse_mounts, text, &c), 0);
	check_int(parse_copy(cgroup_parse_own, "0::/\n", &c), 0);
	free(c.v[0].controllers);
	c.v[0].controllers = strdup("cpuset,cpu,io,memory,pids");
	put("cgroup.subtree_control", "");
	put("cgroup.procs", "1\n");
	snprintf(text, sizeof text, "%s/g", tree);
	check_int(mkdir(text, 0755), 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(text, sizeof text, "g/%s", files[i]);
		put(text, "");
	}
	put("g/memory.max", "max");
	put("g/cgroup.type", "domain");
	return c;
}

static void fake_done(struct cgroups *c, struct cgroup_dirs *d)
{
	char cmd[128];

	cgroup_dirs_release(d);
	cgroups_release(c);
	snprintf(cmd, sizeof cmd, "rm -rf %s", tree);
	check_int(system(cmd), 0);
}

static void writes_v2(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_goal goal = { 0 };
	struct cgroup_limits l = {
		.memory = NUM(1 << 20), .memory_swap = NUM(3 << 20), .pids = NUM(-1), .cpus = NUM(500000000), .cpu_shares = NUM(1024), .cpuset_cpus = "0",
	};
	struct cgroup_dirs d;
	struct err e;

	check_int(find(&c, &d, &e, "memory,cpu,pids,cpuset:g", NULL), 0);
	check_int(d.n, 1);
	check_int(cgroup_dirs_need_all(&d, &l, &goal.raw, &e), 0);
	check_int(cgroup_goal_limits(&goal, &l, &e), 0);
	check_int(set(&goal, "memory.soft_limit_in_bytes=4096"), 0);
	check_int(cgroup_dirs_write(&d, &goal, &e), 0);
	holds("g/memory.max", "1048576");
	holds("g/memory.swap.max", "2097152");
	holds("g/memory.low", "4096");
	holds("g/pids.max", "max");
	holds("g/cpu.max", "50000 100000");
	holds("g/cpu.weight", "100");
	holds("g/cpuset.cpus", "0");
	cgroup_goal_release(&goal);
	fake_done(&c, &d);
}

static void writes_v1_names_to_v2(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_goal goal = { 0 };
	struct cgroup_dirs d;
	struct err e;

	check_int(find(&c, &d, &e, "memory,cpu:g", NULL), 0);
	put("g/cpu.max", "max 100000");
	put("g/memory.max", "8192");
	check_int(set(&goal, "cpu.cfs_period_us=200000"), 0);
	check_int(set(&goal, "cpu.shares=512"), 0);
	check_int(set(&goal, "memory.memsw.limit_in_bytes=12288"), 0);
	check_int(cgroup_dirs_write(&d, &goal, &e), 0);
	holds("g/cpu.max", "max 200000");
	holds("g/cpu.weight", "59");
	holds("g/memory.swap.max", "4096");
	/* less than the memory alone may have */
	check_int(set(&goal, "memory.memsw.limit_in_bytes=4096"), 0);
	check_int(cgroup_dirs_write(&d, &goal, &e), -EINVAL);
	cgroup_goal_release(&goal);
	fake_done(&c, &d);
}

static void does_without_swap_accounting(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_goal goal = { 0 };
	struct cgroup_limits l = { .memory = NUM(65536) };
	struct cgroup_dirs d;
	struct err e;
	char path[128];

	check_int(find(&c, &d, &e, "memory:g", NULL), 0);
	snprintf(path, sizeof path, "%s/g/memory.swap.max", tree);
	check_int(unlink(path), 0);
	check_int(cgroup_goal_limits(&goal, &l, &e), 0);
	check_int(cgroup_dirs_write(&d, &goal, &e), 0);
	l.memory_swap = (struct opt_num)NUM(1 << 20);
	check_int(cgroup_goal_limits(&goal, &l, &e), 0);
	check_int(cgroup_dirs_write(&d, &goal, &e), -ENOENT);
	check(strstr(e.object, "memory.swap.max"));
	fake_done(&c, &d);
}

static void enables_controllers(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_dirs d;
	struct err e;

	put("cgroup.subtree_control", "pids");
	check_int(find(&c, &d, &e, "memory,pids:g/x", NULL), 0);
	check_int(cgroup_dirs_make(&d, -1, &e), 0);
	/* at the top, which may hold processes, only what was missing; below, both */
	holds("cgroup.subtree_control", "+memory");
	holds("g/cgroup.subtree_control", "+memory +pids");
	check_int(d.n_made, 0);
	check(d.v[0].made);
	cgroup_unmake(&d);
	check_int(access(d.v[0].path, F_OK), -1);
	fake_done(&c, &d);
}

static void keeps_inner_groups_free(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_dirs d;
	struct err e;

	put("g/cgroup.procs", "17\n");
	check_int(find(&c, &d, &e, "pids:g/x", NULL), 0);
	check_int(cgroup_dirs_make(&d, -1, &e), -EBUSY);
	check(strstr(e.object, "/g/cgroup.subtree_control") && strstr(e.hint, "processes of its own"));
	holds("g/cgroup.subtree_control", "");
	cgroup_unmake(&d);
	put("g/cgroup.procs", "");
	check_int(cgroup_dirs_make(&d, -1, &e), 0);
	fake_done(&c, &d);
}

static void leaves_others_groups(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_dirs d;
	struct err e;
	char path[128];

	check_int(find(&c, &d, &e, ":g/a/b", NULL), 0);
	snprintf(path, sizeof path, "%s/g/a", tree);
	check_int(mkdir(path, 0755), 0);
	check_int(cgroup_dirs_make(&d, 0700, &e), 0);
	check_int(d.n_made, 0);
	check(d.v[0].made);
	cgroup_unmake(&d);
	check_int(access(path, F_OK), 0);
	fake_done(&c, &d);
}

static void says_what_is_missing(void)
{
	struct cgroups c = fake_v2();
	struct cgroup_dirs d;
	struct err e;

	check_int(find(&c, &d, &e, "memory:nowhere", NULL), 0);
	check(cgroup_dirs_check(&d, &e) < 0);
	/* what makes it, is the applet's to say */
	check_str(e.hint, "");
	fake_done(&c, &d);
}

/* ---- the kernel's own ---- */

static void kills_and_removes(void)
{
	struct cgroups c = { 0 };
	struct cgroup_dirs d;
	struct err e = { 0 };
	char spec[64], deep[80];
	int status;
	pid_t pid;

	check_int(cgroups_load(&c, &e), 0);
	snprintf(spec, sizeof spec, "pids:nestbox-unit-%d", getpid());
	snprintf(deep, sizeof deep, "%s/a/b", spec);
	if (!cgroup_usable(&c, "pids", false)) {
		cgroups_release(&c);
		return;
	}
	check_int(find(&c, &d, &e, deep, NULL), 0);
	check_int(cgroup_dirs_make(&d, -1, &e), 0);
	pid = fork();
	if (pid == 0) {
		if (cgroup_open_procs(&d, &e) < 0 || cgroup_join(&d, &e) < 0)
			_exit(1);
		/* more than one round of killing may be needed */
		for (int i = 0; i < 100 && fork() != 0; i++)
			usleep(1000);
		alarm(30);
		pause();
		_exit(1);
	}
	usleep(50000);
	check_int(cgroup_remove_path(d.v[0].path, d.v[0].hier->v2, false, 0, &e), -EBUSY);
	for (size_t i = 0; i < d.n; i++)
		check_int(cgroup_remove_path(d.v[i].path, d.v[i].hier->v2, true, 10000, &e), 0);
	check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	for (size_t i = 0; i < d.n; i++)
		check_int(access(d.v[i].path, F_OK), -1);
	/* gone already is fine */
	check_int(cgroup_remove_path(d.v[0].path, d.v[0].hier->v2, false, 0, &e), 0);
	cgroup_dirs_release(&d);
	cgroups_release(&c);
}

int main(void)
{
	unit("octal escapes are read", unescapes);
	unit("hierarchies are found in mountinfo", finds_hierarchies);
	unit("lines that are none of a cgroup's are passed over", ignores_odd_lines);
	unit("of several mounts the best one is taken", prefers_the_better_mount);
	unit("the own group is found below any mount root", knows_the_own_group);
	unit("group specs are read", reads_specs);
	unit("bad group specs are refused", refuses_bad_specs);
	unit("paths of groups that are too long are refused", refuses_long_paths);
	unit("groups are placed in their hierarchies", places_groups);
	unit("groups that cannot be are refused", refuses_groups);
	unit("all shares have the formula's weight", converts_shares);
	unit("weights have the largest shares that fit", converts_weights);
	unit("limits are checked", checks_limits);
	unit("limits name their controllers", names_controllers);
	unit("limits have docker's defaults", takes_docker_defaults);
	unit("settings are read in either spelling", reads_settings);
	unit("settings of disks, too", reads_io_settings);
	unit("settings that are one number", reads_single_numbers);
	unit("shares of disks are converted", converts_io_weights);
	unit("bad settings are refused", refuses_settings);
	unit("a file's controller is its prefix", names_file_controllers);
	unit("limits are written to v2", writes_v2);
	unit("v1's names are converted for v2", writes_v1_names_to_v2);
	unit("an implied swap limit needs no file, one that was asked for does", does_without_swap_accounting);
	unit("missing controllers are enabled from the top down", enables_controllers);
	unit("no controller is enabled above processes", keeps_inner_groups_free);
	unit("only what was made is unmade", leaves_others_groups);
	unit("a missing group is an error", says_what_is_missing);
	unit("what forks in a group is killed, and the group removed", kills_and_removes);
	return unit_done();
}
