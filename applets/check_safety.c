/* check: what keeps a container in its place. seccomp(2), landlock(7), capabilities(7) */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "applets/check.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/str.h"

static void probe_no_new_privs(const struct check_item *it, struct check_answer *a)
{
	struct err e = { 0 };

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		check_say(a, CHECK_YES, "set already, for all that is started from here");
	else if (cred_set_no_new_privs(&e) < 0)
		check_failed(it, a, &e);
}

/* One that allows everything, for this process alone. */
static void probe_seccomp(const struct check_item *it, struct check_answer *a)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog prog = { 1, &allow };
	struct err e = { 0 };

	if (cred_set_no_new_privs(&e) < 0)
		check_failed(it, a, &e);
	else if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		check_errno(it, a, "seccomp");
}

/* Of what runs around this. */
static void probe_filter(const struct check_item *it, struct check_answer *a)
{
	(void)it;
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2) {
		check_say(a, CHECK_YES, "none is in place");
		return;
	}
	check_say(a, CHECK_PARTLY, "a seccomp filter is in place, and may refuse what the kernel would allow");
	check_knob(a, "what runs around this: seccomp=unconfined");
}

static void probe_landlock(const struct check_item *it, struct check_answer *a)
{
	/* landlock_create_ruleset(2), LANDLOCK_CREATE_RULESET_VERSION */
	long abi = syscall(444, NULL, 0, 1);

	if (abi > 0) {
		check_say(a, CHECK_YES, "ABI %ld", abi);
		return;
	}
	if (errno == EOPNOTSUPP)
		check_knob(a, "landlock in lsm= on the kernel's command line, or in CONFIG_LSM");
	check_errno(it, a, "landlock_create_ruleset");
}

static void probe_capabilities(const struct check_item *it, struct check_answer *a)
{
	struct strbuf missing = { 0 };
	struct cred_sets s = { 0 };
	struct err e = { 0 };

	if (cred_get(&s, &e) < 0) {
		check_failed(it, a, &e);
		return;
	}
	cred_caps_format(CRED_CAPS_DEFAULT & ~s.effective, &missing);
	if (!missing.len)
		check_say(a, CHECK_YES, "all that docker gives a container");
	else if (!s.effective) {
		check_say(a, CHECK_PARTLY, "none outside of a user namespace of its own");
		check_knob(a, "root");
	} else {
		check_say(a, CHECK_PARTLY, "of what docker gives a container these are missing: %s", missing.s);
		check_knob(a, "what runs around this: --cap-add");
	}
	strbuf_release(&missing);
}

static void probe_resource(const struct check_item *it, struct check_answer *a)
{
	struct cred_sets s = { 0 };
	struct err e = { 0 };

	(void)it;
	if (cred_get_active(&s, &e) == 0 && s.effective & CRED_CAP(CAP_SYS_RESOURCE))
		return;
	check_say(a, CHECK_NO, "hard limits (--ulimit) and oom_score_adj cannot be raised");
	check_knob(a, "CAP_SYS_RESOURCE");
}

static void probe_lsms(const struct check_item *it, struct check_answer *a)
{
	char text[256];

	(void)it;
	if (fd_get(AT_FDCWD, "/sys/kernel/security/lsm", text, sizeof text) > 0)
		check_say(a, CHECK_YES, "%s", text);
	else
		check_say(a, CHECK_PARTLY, "not to be seen");
	if (a->state != CHECK_YES)
		check_knob(a, "mount -t securityfs securityfs /sys/kernel/security");
}

static void probe_ptrace(const struct check_item *it, struct check_answer *a)
{
	static const char path[] = "/proc/sys/kernel/yama/ptrace_scope";
	long scope = check_number(path);

	(void)it;
	if (scope < 1) {
		check_say(a, CHECK_YES, scope ? "yama has no say" : "each process of one's own");
		return;
	}
	check_say(a, scope == 1 ? CHECK_PARTLY : CHECK_NO, scope == 1 ? "only one's own children" : scope == 2 ? "only with CAP_SYS_PTRACE" : "nobody");
	check_knob(a, "kernel.yama.ptrace_scope is %ld", scope);
}

const struct check_item check_safety_items[] = {
	{ "security", "seccomp", probe_seccomp, .config = "CONFIG_SECCOMP_FILTER" },
	{ "security", "outer-filter", probe_filter },
	{ "security", "no-new-privs", probe_no_new_privs },
	{ "security", "landlock", probe_landlock, .config = "CONFIG_SECURITY_LANDLOCK, Linux 5.13" },
	{ "security", "capabilities", probe_capabilities },
	{ "security", "sys-resource", probe_resource },
	{ "security", "lsms", probe_lsms },
	{ "security", "ptrace", probe_ptrace },
	{ NULL },
};
