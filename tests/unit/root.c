/* root: a mount's line in mountinfo. */
#include <stdio.h>

#include "core/root_priv.h"
#include "tests/unit/unit.h"

static const char table[] =
	"1 1 0:2 / / rw - rootfs rootfs rw\n"
	"23 1 0:22 / /proc rw,nosuid shared:7 master:3 - proc proc rw\n"
	"230 23 0:41 /shared:1 /a\\040shared:2 rw - tmpfs shared:3 rw,shared:4\n"
	"24 230 0:42 / /b rw unbindable\n"
	"nonsense\n"
	"\n"
	"25";

static bool find(uint64_t id, struct root_mount *m)
{
	char text[sizeof table];

	snprintf(text, sizeof text, "%s", table);
	*m = (struct root_mount){ 0 };
	return root_find_mount(text, id, m);
}

static void finds(void)
{
	struct root_mount m;

	check(find(1, &m));
	check_int((long long)m.parent, 1);
	check(!m.shared);
	check(find(23, &m));
	check_int((long long)m.parent, 1);
	check(m.shared);
	check(find(24, &m));
	check_int((long long)m.parent, 230);
	check(!m.shared);
	check(find(25, &m));
	check_int((long long)m.parent, 0);
	check(!find(2, &m));
	check(!find(0, &m));
	check(!find(3, &m));
}

/* a path may say what it likes: blanks in it are written otherwise */
static void takes_no_path_for_a_field(void)
{
	struct root_mount m;

	check(find(230, &m));
	check_int((long long)m.parent, 23);
	check(!m.shared);
}

int main(void)
{
	unit("a mount is found by its number, with its parent", finds);
	unit("no path is taken for the field that says shared", takes_no_path_for_a_field);
	return unit_done();
}
