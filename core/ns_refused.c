/* Why the kernel did not make a namespace: unshare(2) says a number, the cause is to be found out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/ns.h"
#include "core/str.h"
#include "core/sys.h"

/* The number in a file of one, -1: there is none. */
static long knob(const char *path)
{
	char text[32];

	return fd_get(AT_FDCWD, path, text, sizeof text) > 0 ? strtol(text, NULL, 10) : -1;
}

/* In a child, one after the other: a user namespace, which comes first in the table, gives the right to the others. */
static const struct ns_kind *try_each(unsigned flags)
{
	int status = 0, n = 0;
	pid_t pid = fork();

	if (pid == 0) {
		for (; ns_kinds[n].flag; n++)
			if (flags & ns_kinds[n].flag && unshare((int)ns_kinds[n].flag) < 0)
				_exit(n + 1);
		_exit(0);
	}
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	return WIFEXITED(status) && WEXITSTATUS(status) ? &ns_kinds[WEXITSTATUS(status) - 1] : NULL;
}

/* ENOSPC: a count is used up, here or further out, or namespaces are nested too deep. */
static void hint_limit(const struct ns_kind *k, struct err *e)
{
	char path[64];
	long limit;

	str_join(path, sizeof path, "/proc/sys/user/", k ? k->knob : "");
	limit = k ? knob(path) : -1;
	if (limit >= 0 && limit < 1 << 16)
		err_hint(e, limit ? "%s is %ld: so many are there already, or they are nested 32 deep" : "%s is %ld", path, limit);
	else
		err_hint(e, "a limit in %s is reached, or namespaces are nested 32 deep", path);
}

void ns_hint_user(struct err *e)
{
	static const struct {
		const char *path;
		long value;
	} knobs[] = {
		{ "/proc/sys/kernel/unprivileged_userns_clone", 0 },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1 },
	};

	for (size_t i = 0; i < sizeof knobs / sizeof *knobs; i++)
		if (knob(knobs[i].path) == knobs[i].value)
			err_hint(e, "%s is %ld: ordinary users are not to have user namespaces", knobs[i].path, knobs[i].value);
}

static void hint_refused(const struct ns_kind *k, unsigned flags, struct err *e)
{
	/* it was made, and gave nothing: that is how AppArmor restricts it */
	if (k && k->flag != CLONE_NEWUSER && flags & CLONE_NEWUSER)
		ns_hint_user(e);
	if (k ? k->flag != CLONE_NEWUSER : !(flags & CLONE_NEWUSER)) {
		err_hint(e, "this needs CAP_SYS_ADMIN: be root, or make a user namespace too (unshare --map-root-user)");
		return;
	}
	if (geteuid() != 0)
		ns_hint_user(e);
	if (!sys_is_mount_root(AT_FDCWD, "/"))
		err_hint(e, "this process is in a chroot, where the kernel makes no user namespaces");
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2)
		err_hint(e, "a seccomp filter of what runs around this is in place (Seccomp: 2 in /proc/self/status), and refuses it, or this process's ids are not mapped");
	err_hint(e, "not for a process in a chroot, nor for one whose ids are not mapped, nor where seccomp forbids it");
}

int ns_refused(unsigned flags, int code, struct err *e)
{
	const struct ns_kind *refused = try_each(flags);
	struct strbuf names = { 0 };

	for (const struct ns_kind *k = ns_kinds; k->flag; k++)
		if (refused ? k == refused : flags & k->flag)
			strbuf_addf(&names, "%s%s", names.len ? ", " : "", k->name);
	err_set(e, code, names.s ? names.s : "unshare", NULL);
	strbuf_release(&names);
	if (code == ENOSPC || code == EUSERS)
		hint_limit(refused, e);
	else if (code == EPERM)
		hint_refused(refused, flags, e);
	else if (code == EINVAL)
		err_hint(e, "this kernel was built without %s, or it is too old", refused ? "it" : "one of them");
	return -code;
}
