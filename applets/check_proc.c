/* check: calls for processes and files, and ids. clone(2), pidfd_open(2), openat2(2), subuid(5) */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/check.h"
#include "core/cgroup.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/idmap.h"
#include "core/proc.h"
#include "core/sys.h"

/* A child, straight into the group that this process is in; whose that group is matters as well, and is no answer. */
static void probe_clone_into(const struct check_item *it, struct check_answer *a)
{
	struct cgroups all = { 0 };
	const struct cgroup_hier *h;
	auto_close int group = -1;
	char *dir = NULL;
	pid_t pid;

	if (cgroups_load(&all, &(struct err){ 0 }) == 0 && (h = cgroup_find(&all, "unified")))
		dir = cgroup_own_dir(h);
	group = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	free(dir);
	cgroups_release(&all);
	if (group < 0) {
		check_say(a, CHECK_PARTLY, "not tried: there is no v2 to be seen here");
		check_knob(a, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
		return;
	}
	pid = sys_fork_into(0, group);
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	else if (errno != EACCES)
		check_errno(it, a, "clone3");
}

static void probe_pidfd(const struct check_item *it, struct check_answer *a)
{
	auto_close int fd = sys_pidfd_open(getpid());

	if (fd < 0 || sys_pidfd_send_signal(fd, 0) < 0)
		check_errno(it, a, "pidfd");
}

static void probe_close_range(const struct check_item *it, struct check_answer *a)
{
	if (sys_close_range(1U << 20, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		check_errno(it, a, "close_range");
}

static void probe_openat2(const struct check_item *it, struct check_answer *a)
{
	auto_close int fd = sys_openat2(AT_FDCWD, "/", O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		check_errno(it, a, "openat2");
}

const struct check_item check_proc_items[] = {
	{ "processes", "clone3-into-cgroup", probe_clone_into, .config = "Linux 5.7" },
	{ "processes", "pidfd", probe_pidfd, .config = "Linux 5.3", .required = true },
	{ "processes", "close_range", probe_close_range, .config = "Linux 5.11", .required = true },
	{ "processes", "openat2", probe_openat2, .config = "Linux 5.6", .required = true },
	{ NULL },
};

/* ---- ids ---- */

static void probe_single(const struct check_item *it, struct check_answer *a)
{
	if (check_enter(it, a, 0, true))
		check_say(a, CHECK_YES, "one's own id");
}

/* The lines of the file that are this user's; root needs none. */
static void probe_subids(const struct check_item *it, struct check_answer *a)
{
	struct cred_user user = { 0 };
	struct idmap own = { 0 };
	struct err e = { 0 };
	char *text = NULL, uid[16];
	unsigned long count = 0;

	snprintf(uid, sizeof uid, "%u", getuid());
	(void)cred_user_find(uid, NULL, &user, &e);
	if (fd_etc(&text, it->arg, &e) == 0)
		(void)idmap_subid_all(text, user.name ? user.name : "", getuid(), &own, &e);
	for (size_t i = 0; i < own.n; i++)
		count += own.v[i].count;
	if (count)
		check_say(a, CHECK_YES, "%lu of them, from %u on", count, own.v[0].outer);
	else if (getuid() == 0)
		check_say(a, CHECK_YES, "none, and root needs none");
	else {
		check_say(a, CHECK_NO, "no range is this user's");
		check_knob(a, "a line \"%s:100000:65536\" in /%s", user.name ? user.name : uid, it->arg);
	}
	free(text);
	idmap_release(&own);
	cred_user_release(&user);
}

/* One who may map them all needs nobody for it. */
static void probe_tool(const struct check_item *it, struct check_answer *a)
{
	if (proc_in_path(it->arg))
		return;
	check_say(a, CHECK_NO, "not found: an ordinary user has more than one id only by it");
	check_knob(a, "shadow's %s, setuid root: Debian's package uidmap", it->arg);
}

const struct check_item check_id_items[] = {
	{ "ids", "single", probe_single, .config = "CONFIG_USER_NS" },
	{ "ids", "subuid", probe_subids, .arg = "etc/subuid" },
	{ "ids", "subgid", probe_subids, .arg = "etc/subgid" },
	{ "ids", "newuidmap", probe_tool, .arg = "newuidmap" },
	{ "ids", "newgidmap", probe_tool, .arg = "newgidmap" },
	{ NULL },
};
