/* gc: what killed containers have left behind. */
#include "applets/gc.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applet.h"
#include "core/cgroup.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/net.h"
#include "core/proc.h"
#include "core/record.h"
#include "core/str.h"
#include "core/sys.h"

static const struct opt gc_opts[] = { { OPT_END } };

/* how long processes that have been killed may take to go, in ms */
static int patience;

/*
 * The waiter is dead, and the kernel has killed the container's first process,
 * unless that had taken measures: then it is killed here. It is that process
 * only if it started when the record says so, in this pid namespace.
 */
static int kill_first(const char *text)
{
	char pid_text[24], start[24], ns[64], own[64] = "";
	auto_close int proc = -1, pidfd = -1;
	struct err e = { 0 };
	struct pollfd p = { .events = POLLIN };
	long long pid;

	if (!record_value(text, "pid", pid_text, sizeof pid_text) || !record_value(text, "start", start, sizeof start) ||
	    !record_value(text, "pidns", ns, sizeof ns) || str_num(pid_text, 1, INT_MAX, &pid) < 0)
		return 0;
	proc = proc_open(&e);
	if (proc < 0 || readlinkat(proc, "self/ns/pid", own, sizeof own - 1) < 0 || strcmp(ns, own))
		return 0;
	pidfd = sys_pidfd_open((pid_t)pid);
	if (pidfd < 0 || proc_start_time(proc, (pid_t)pid) != strtoll(start, NULL, 10))
		return 0;
	sys_pidfd_send_signal(pidfd, SIGKILL);
	p.fd = pidfd;
	return poll(&p, 1, patience) == 1 ? 0 : -EBUSY;
}

/* The container is dead: its lock is free. What still runs in its groups is its own. */
static int clean(const char *id, const char *text)
{
	int rc = kill_first(text);

	(void)id;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char path[4096];
		bool v2 = str_after(line, "group2 ") != NULL;
		struct err e = { 0 };
		int removed;

		if (!v2 && !str_after(line, "group1 "))
			continue;
		snprintf(path, sizeof path, "%.*s", (int)strcspn(line, "\n") - 7, line + 7);
		removed = cgroup_remove_path(path, v2, true, patience, &e);
		rc = removed < 0 ? removed : rc;
	}
	return rc;
}

int gc_collect(int wait_ms, struct err *e)
{
	patience = wait_ms;
	return record_gc(clean, mnt_unmake, e);
}

int gc_ports(struct err *e)
{
	int n = net_gc(e);

	if (n > 0)
		printf("%d published port%s collected\n", n, n == 1 ? "" : "s");
	return n < 0 ? n : 0;
}

static int gc_main(int argc, char **argv, struct err *e)
{
	int i = opt_parse(gc_opts, NULL, argc, argv, e);
	int n;

	if (i < 0)
		return i;
	if (i < argc)
		return err_bad(e, argv[i], "gc takes no operand");
	n = gc_collect(5000, e);
	if (n > 0)
		printf("%d container%s collected\n", n, n == 1 ? "" : "s");
	return n < 0 ? n : gc_ports(e);
}

const struct applet applet_gc = {
	.name = "gc",
	.synopsis = "",
	.summary = "clear away what killed containers have left",
	.opts = gc_opts,
	.notes = "Their processes, cgroups, records, mount points and published ports. Each \"run\" does this too.",
	.main = gc_main,
	.flags = APPLET_NO_LINK,
	.fail = 125,
};
