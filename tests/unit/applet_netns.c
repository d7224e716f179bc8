/* netns exec: what of a mountinfo lies below /sys. */
#include "applets/netns_priv.h"
#include "tests/applet_tables.h"
#include "tests/unit/unit.h"

static void is_below(const char *mountinfo, const char *want)
{
	struct strs paths = { 0 };
	struct strbuf got = { 0 };
	char *text = strdup(mountinfo);

	check_int(netns_below_sys(text, &paths), 0);
	strbuf_add(&got, "");
	for (size_t i = 0; i < paths.n; i++)
		strbuf_addf(&got, "%s;", paths.v[i]);
	check_str(got.s, want);
	strbuf_release(&got);
	strs_release(&paths);
	free(text);
}

static void tops(void)
{
	is_below("22 1 0:20 / /sys rw - sysfs sysfs rw\n"
		 "24 22 0:22 / /sys/fs/cgroup rw - tmpfs cgroup rw\n"
		 "25 24 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		 "26 22 0:24 / /sys/fs/cgroup2 rw - cgroup2 cgroup2 rw\n"
		 "27 1 0:25 / /system rw - tmpfs t rw\n"
		 "28 1 0:25 / /mnt/sys/fs rw - tmpfs t rw\n", "/sys/fs/cgroup;/sys/fs/cgroup2;");
}

/* One that was moved there is older than what it lies in. */
static void in_any_order(void)
{
	is_below("24 26 0:22 / /sys/a/b rw - tmpfs t rw\n26 22 0:23 / /sys/a rw - tmpfs t rw\n", "/sys/a;");
	is_below("24 26 0:22 / /sys/a rw - tmpfs t rw\n26 24 0:23 / /sys/a rw - tmpfs t rw", "/sys/a;");
}

static void odd_texts(void)
{
	is_below("", "");
	is_below("\n\n", "");
	is_below("24 26 0:22 / /sys/with\\040blank\\012line rw - tmpfs t rw\n", "/sys/with blank\nline;");
	is_below("1 2 3\n/sys/x\n24 26 0:22 / /sys/ rw", "/sys/x;/sys/;");
}

int main(void)
{
	unit("the tops of what is mounted below /sys", tops);
	unit("in any order, and each once", in_any_order);
	unit("texts that are none of the kernel's", odd_texts);
	return unit_done();
}
