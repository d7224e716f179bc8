/* check: what the probes share. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/capability.h>

#include "applets/check.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/idmap.h"
#include "core/ns.h"
#include "core/str.h"
#include "core/sys.h"

void check_say(struct check_answer *a, enum check_state state, const char *fmt, ...)
{
	va_list ap;

	a->state = state;
	va_start(ap, fmt);
	vsnprintf(a->detail, sizeof a->detail, fmt, ap);
	va_end(ap);
}

void check_knob(struct check_answer *a, const char *fmt, ...)
{
	va_list ap;

	if (a->knob[0])
		return;
	va_start(ap, fmt);
	vsnprintf(a->knob, sizeof a->knob, fmt, ap);
	va_end(ap);
}

/* A filter refuses before the kernel's own rules are asked, and no errno tells it from them. */
static void hint_filter(struct check_answer *a)
{
	size_t len = strlen(a->knob);

	if (!strstr(a->knob, "Seccomp: 2") && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2)
		snprintf(a->knob + len, sizeof a->knob - len, "%sthe seccomp filter that is in place here (Seccomp: 2 in /proc/self/status)", len ? "; or " : "");
}

static bool is_unknown(int code)
{
	static const int codes[] = { EINVAL, ENODEV, ENOSYS, EOPNOTSUPP, EPROTONOSUPPORT, EAFNOSUPPORT };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (code == codes[i])
			return true;
	return false;
}

void check_failed(const struct check_item *it, struct check_answer *a, const struct err *e)
{
	char line[sizeof a->detail];

	err_line(e, line, sizeof line);
	check_say(a, CHECK_NO, "%s", line);
	/* what a kernel that does not know it is said to lack is true of any: the option is what can be looked for */
	if (is_unknown(e->code) && it->config)
		check_knob(a, "%s", it->config);
	if (e->hint[0])
		check_knob(a, "%s", e->hint);
	if (e->code == ENOENT && access("/proc/self", F_OK) < 0)
		check_knob(a, "mount -t proc proc /proc");
	if (e->code == EPERM || e->code == EACCES || e->code == ENOSYS)
		hint_filter(a);
}

void check_errno(const struct check_item *it, struct check_answer *a, const char *what)
{
	struct err e = { 0 };

	err_sys(&e, what, NULL);
	check_failed(it, a, &e);
}

bool check_privileged(void)
{
	struct cred_sets caps = { 0 };

	return cred_get_active(&caps, &(struct err){ 0 }) == 0 && caps.effective & CRED_CAP(CAP_SYS_ADMIN);
}

/* Root there is whoever asks; needs no privilege: user_namespaces(7). */
static int map_root(uid_t uid, gid_t gid, struct err *e)
{
	char line[32];
	int rc = idmap_setgroups("deny", e);

	snprintf(line, sizeof line, "0 %u 1", uid);
	rc = rc < 0 ? rc : fd_put(AT_FDCWD, "/proc/self/uid_map", line, e);
	snprintf(line, sizeof line, "0 %u 1", gid);
	return rc < 0 ? rc : fd_put(AT_FDCWD, "/proc/self/gid_map", line, e);
}

bool check_enter(const struct check_item *it, struct check_answer *a, unsigned flags, bool user)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct err e = { 0 };
	int rc;

	user = user || !check_privileged();
	rc = ns_unshare(flags | (user ? CLONE_NEWUSER : 0), &e);
	if (rc == 0 && user)
		rc = map_root(uid, gid, &e);
	/* what is mounted here is nobody else's; in a chroot "/" is no mount */
	if (rc == 0 && flags & CLONE_NEWNS)
		(void)sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_PRIVATE);
	if (rc < 0)
		check_failed(it, a, &e);
	return rc == 0;
}

/* Does a line of the file begin with the name of this module, behind its folders, and go on with `end`? */
static bool list_has(const char *path, const char *name, const char *end)
{
	char *text = fd_slurp(AT_FDCWD, path, 1 << 26), *rest = text, *line;
	bool has = false;

	while (!has && rest && (line = strsep(&rest, "\n"))) {
		char *base = line + strcspn(line, ":");

		while (base > line && base[-1] != '/')
			base--;
		has = !strncmp(base, name, strlen(name)) && str_after(base + strlen(name), end);
	}
	free(text);
	return has;
}

bool check_module_waits(struct check_answer *a, const char *name)
{
	struct utsname u;
	char path[256];

	str_join(path, sizeof path, "/sys/module/", name);
	if (access(path, F_OK) == 0 || list_has("/proc/modules", name, " ") || uname(&u) < 0)
		return false;
	str_join(path, sizeof path, "/lib/modules/", u.release, "/modules.dep");
	if (!list_has(path, name, ".ko"))
		return false;
	check_say(a, CHECK_PARTLY, "not tried: its module is there and not loaded, and the kernel loads it when it is first asked for");
	check_knob(a, "modprobe %s", name);
	return true;
}

long check_number(const char *path)
{
	char text[32];

	return fd_get(AT_FDCWD, path, text, sizeof text) > 0 ? strtol(text, NULL, 10) : -1;
}
