/* check: control groups. cgroups(7) */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/check.h"
#include "core/cgroup.h"
#include "core/devfilter.h"
#include "core/fd.h"
#include "core/str.h"

static bool load(const struct check_item *it, struct check_answer *a, struct cgroups *all)
{
	struct err e = { 0 };

	if (cgroups_load(all, &e) < 0)
		check_failed(it, a, &e);
	else if (!all->n)
		check_say(a, CHECK_NO, "no hierarchy is mounted");
	else
		return true;
	check_knob(a, "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	return false;
}

static void probe_version(const struct check_item *it, struct check_answer *a)
{
	struct cgroups all = { 0 };
	const struct cgroup_hier *v2 = NULL;
	size_t v1 = 0;

	if (!load(it, a, &all))
		return;
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i].v2)
			v2 = &all.v[i];
		else
			v1++;
	}
	if (v2 && !v1)
		check_say(a, CHECK_YES, "v2 at %s", v2->mount);
	else if (v2)
		check_say(a, CHECK_YES, "hybrid: v2 at %s, and %zu hierarchies of v1", v2->mount, v1);
	else
		check_say(a, CHECK_YES, "v1: %zu hierarchies", v1);
	cgroups_release(&all);
}

/* Groups of whose making nothing but the owner of a directory decides. */
static void probe_delegation(const struct check_item *it, struct check_answer *a)
{
	struct cgroups all = { 0 };
	char *own;

	if (!load(it, a, &all))
		return;
	own = cgroup_own_dir(&all.v[all.n - 1]);
	for (size_t i = 0; i < all.n; i++)
		if (all.v[i].v2) {
			free(own);
			own = cgroup_own_dir(&all.v[i]);
		}
	if (cgroup_usable(&all, "unified", false) || cgroup_usable(&all, "pids", false))
		check_say(a, CHECK_YES, "groups can be made from the top down");
	else if (cgroup_usable(&all, "unified", true))
		check_say(a, CHECK_YES, "groups can be made below this process's own, %s", own ? own : "?");
	else {
		check_say(a, CHECK_NO, "no group can be made, neither at the top nor below this process's own");
		check_knob(a, "root gives %s, with cgroup.procs and cgroup.subtree_control in it, to uid %u; with systemd: Delegate=yes", own ? own : "a group", geteuid());
	}
	free(own);
	cgroups_release(&all);
}

/* "memory 0 101 0" in /proc/cgroups, whose last word is 0: switched off when the machine was started. */
static bool is_disabled(const char *controller)
{
	char *text = fd_slurp(AT_FDCWD, "/proc/cgroups", 1 << 16), *rest = text, *line;
	bool disabled = false;

	while (rest && (line = strsep(&rest, "\n"))) {
		const char *numbers = str_after(line, controller);

		disabled = disabled || (numbers && *numbers == '\t' && numbers[strlen(numbers) - 1] == '0');
	}
	free(text);
	return disabled;
}

static void probe_controller(const struct check_item *it, struct check_answer *a)
{
	struct cgroups all = { 0 };
	const struct cgroup_hier *h;
	const char *name = it->arg;

	if (!load(it, a, &all))
		return;
	h = cgroup_find(&all, name);
	if (!h && !strcmp(name, "io"))
		h = cgroup_find(&all, name = "blkio");
	if (!h && is_disabled(name)) {
		check_say(a, CHECK_NO, "switched off");
		check_knob(a, "cgroup_disable=%s on the kernel's command line", name);
	} else if (!h) {
		check_say(a, CHECK_NO, "no hierarchy has it");
		check_knob(a, "%s", it->config);
	} else if (cgroup_usable(&all, name, false) || cgroup_usable(&all, name, true)) {
		check_say(a, CHECK_YES, "%s at %s", h->v2 ? "v2" : "v1", h->mount);
	} else {
		check_say(a, CHECK_PARTLY, "%s at %s, not for uid %u", h->v2 ? "v2" : "v1", h->mount, geteuid());
		check_knob(a, h->read_only ? "%s is mounted read-only" : "the owner of the groups in %s", h->mount);
	}
	cgroups_release(&all);
}

/* Its own group may be the top one, which has not all files: then any that lies below. */
static bool has_file(const struct cgroup_hier *h, const char *file)
{
	char *own = cgroup_own_dir(h), path[4200];
	bool has = false;
	struct dirent *ent;
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", own ? own : h->mount, file);
	free(own);
	if (access(path, F_OK) == 0)
		return true;
	d = opendir(h->mount);
	while (d && !has && (ent = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s/%s", h->mount, ent->d_name, file);
		has = ent->d_name[0] != '.' && access(path, F_OK) == 0;
	}
	if (d)
		closedir(d);
	return has;
}

/* What every group of v2 can do since some version: its file says so, where there is a group to look at. */
static void probe_file(const struct check_item *it, struct check_answer *a)
{
	struct cgroups all = { 0 };
	const struct cgroup_hier *h, *v1;

	if (!load(it, a, &all))
		return;
	h = cgroup_find(&all, "unified");
	v1 = !strcmp(it->name, "freezer") ? cgroup_find(&all, "freezer") : NULL;
	if (h && has_file(h, it->arg))
		check_say(a, CHECK_YES, "%s of v2's groups", it->arg);
	else if (v1)
		check_say(a, CHECK_YES, "v1 at %s", v1->mount);
	else {
		check_say(a, h ? CHECK_PARTLY : CHECK_NO, h ? "not to be seen: no group has %s, or there is none to look at" : "this takes v2, and there is none", it->arg);
		check_knob(a, "%s", it->config);
	}
	cgroups_release(&all);
}

static void probe_devices(const struct check_item *it, struct check_answer *a)
{
	struct cgroups all = { 0 };
	const struct cgroup_hier *h;

	if (!load(it, a, &all))
		return;
	h = cgroup_find(&all, "devices");
	if (h && !h->v2 && cgroup_usable(&all, "devices", false))
		check_say(a, CHECK_YES, "v1 at %s", h->mount);
	else if (h && h->v2 && devfilter_usable())
		check_say(a, CHECK_YES, "by a BPF program on v2's groups");
	else {
		check_say(a, CHECK_NO, h && !h->v2 ? "v1 at %s, and its rules are for root" : "no BPF program for devices can be loaded", h ? h->mount : "");
		check_knob(a, "CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN, outside of any user namespace; CONFIG_CGROUP_BPF, CONFIG_BPF_SYSCALL");
	}
	cgroups_release(&all);
}

const struct check_item check_cgroup_items[] = {
	{ "cgroups", "version", probe_version, .config = "CONFIG_CGROUPS" },
	{ "cgroups", "delegation", probe_delegation },
	{ "cgroups", "memory", probe_controller, .arg = "memory", .config = "CONFIG_MEMCG" },
	{ "cgroups", "cpu", probe_controller, .arg = "cpu", .config = "CONFIG_CGROUP_SCHED, CONFIG_CFS_BANDWIDTH" },
	{ "cgroups", "cpuset", probe_controller, .arg = "cpuset", .config = "CONFIG_CPUSETS" },
	{ "cgroups", "io", probe_controller, .arg = "io", .config = "CONFIG_BLK_CGROUP" },
	{ "cgroups", "pids", probe_controller, .arg = "pids", .config = "CONFIG_CGROUP_PIDS" },
	{ "cgroups", "hugetlb", probe_controller, .arg = "hugetlb", .config = "CONFIG_CGROUP_HUGETLB" },
	{ "cgroups", "devices", probe_devices },
	{ "cgroups", "freezer", probe_file, .arg = "cgroup.freeze", .config = "Linux 5.2, or CONFIG_CGROUP_FREEZER for v1" },
	{ "cgroups", "kill", probe_file, .arg = "cgroup.kill", .config = "Linux 5.14" },
	{ NULL },
};
