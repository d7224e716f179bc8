/* check: namespaces. namespaces(7) */
#include <sched.h>
#include <string.h>

#include "applets/check.h"
#include "core/ns.h"
#include "core/str.h"
#include "core/sys.h"

/* Not worth a word: nobody gets there. */
#define PLENTY (1L << 16)

static void say_limit(const struct ns_kind *k, struct check_answer *a)
{
	char path[64];
	long limit;

	str_join(path, sizeof path, "/proc/sys/user/", k->knob);
	limit = check_number(path);
	if (limit >= 0 && limit < PLENTY)
		check_say(a, CHECK_YES, "at most %ld, by user.%s", limit, k->knob);
}

static void probe_kind(const struct check_item *it, struct check_answer *a)
{
	const struct ns_kind *k = ns_kind(it->flags);

	if (!check_enter(it, a, it->flags & ~CLONE_NEWUSER, it->flags == CLONE_NEWUSER))
		return;
	say_limit(k, a);
}

/* Root in a user namespace has all capabilities there, or should have. */
static void probe_capabilities(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 }, hint = { 0 };

	if (!check_enter(it, a, 0, true) || ns_unshare(CLONE_NEWUTS, &e) == 0)
		return;
	ns_hint_user(&hint);
	if (hint.hint[0])
		check_knob(a, "%s", hint.hint);
	check_failed(it, a, &e);
}

static void probe_nested(const struct check_item *it, struct check_answer *a)
{
	int depth = 0;

	/* the kernel's own end is 32 below the first one */
	while (depth < 40 && check_enter(it, a, 0, true))
		depth++;
	if (depth < 2)
		return;
	a->knob[0] = '\0';
	check_say(a, CHECK_YES, "%d deep", depth);
}

const struct check_item check_ns_items[] = {
	{ "namespaces", "user", probe_kind, .flags = CLONE_NEWUSER, .config = "CONFIG_USER_NS" },
	{ "namespaces", "user-capabilities", probe_capabilities, .config = "CONFIG_USER_NS" },
	{ "namespaces", "user-nested", probe_nested, .config = "CONFIG_USER_NS" },
	{ "namespaces", "mount", probe_kind, .flags = CLONE_NEWNS, .config = "CONFIG_NAMESPACES", .required = true },
	{ "namespaces", "pid", probe_kind, .flags = CLONE_NEWPID, .config = "CONFIG_PID_NS", .required = true },
	{ "namespaces", "uts", probe_kind, .flags = CLONE_NEWUTS, .config = "CONFIG_UTS_NS", .required = true },
	{ "namespaces", "ipc", probe_kind, .flags = CLONE_NEWIPC, .config = "CONFIG_IPC_NS", .required = true },
	{ "namespaces", "net", probe_kind, .flags = CLONE_NEWNET, .config = "CONFIG_NET_NS" },
	{ "namespaces", "cgroup", probe_kind, .flags = CLONE_NEWCGROUP, .config = "CONFIG_CGROUPS" },
	{ "namespaces", "time", probe_kind, .flags = CLONE_NEWTIME, .config = "CONFIG_TIME_NS" },
	{ NULL },
};
