/* landlock: the words of its rules. */
#include "core/landlock.h"

#include <errno.h>

#include "tests/unit/unit.h"

static struct err e;

static void test_paths(void)
{
	struct landlock_rule r;

	check_int(landlock_rule_parse("ro:/", &r, &e), 0);
	check_int(r.kind, LANDLOCK_RO);
	check_str(r.path, "/");
	check_int(landlock_rule_parse("rw:/a,b:c", &r, &e), 0);
	check_int(r.kind, LANDLOCK_RW);
	check_str(r.path, "/a,b:c");
	check_int(r.any, 0);
}

static void test_ports(void)
{
	struct landlock_rule r;

	check_int(landlock_rule_parse("bind:0", &r, &e), 0);
	check_int(r.kind, LANDLOCK_BIND);
	check_int(r.port, 0);
	check_int(landlock_rule_parse("connect:65535", &r, &e), 0);
	check_int(r.kind, LANDLOCK_CONNECT);
	check_int(r.port, 65535);
	check_int(r.any, 0);
	check_int(landlock_rule_parse("connect:any", &r, &e), 0);
	check_int(r.any, 1);
	check_int(landlock_rule_parse("ipc:any", &r, &e), 0);
	check_int(r.kind, LANDLOCK_IPC);
	check_int(r.any, 1);
}

static void test_what_is_none(void)
{
	static const char *const bad[] = { "", "ro", "ro:", "ro:x", "rw:./x", "/", "bind:", "bind:-1", "bind:65536", "bind:80x", "bind:0x50",
					   "connect: 80", "bind:80,81", "ipc:", "ipc:1", "ipc:all", "RO:/", "any", "x:/" };
	struct landlock_rule r;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(landlock_rule_parse(bad[i], &r, &e), -EINVAL);
	check_int(e.code, 0);
	check_str(e.object, "x:/");
}

int main(void)
{
	unit("a path is all that follows", test_paths);
	unit("a port, or any", test_ports);
	unit("what is no rule is refused, and named", test_what_is_none);
	return unit_done();
}
