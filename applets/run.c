#include "applets/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/chain.h"
#include "applets/gc.h"
#include "core/devfilter.h"
#include "core/fd.h"
#include "core/mnt.h"
#include "core/ns.h"
#include "core/record.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct run_args, field)

static const char *const cgroup_modes[] = { "enabled", "disabled", NULL };

const struct opt run_opts[] = {
	{ OPT_LIST, 0, "cap-add", "CAP", "add a capability, or ALL", OFF(cap_add) },
	{ OPT_LIST, 0, "cap-drop", "CAP", "take a capability away, or ALL", OFF(cap_drop) },
	{ OPT_STR, 0, "cgroup-parent", "PATH", "group that the container's group goes into (nestbox)", OFF(cgroup_parent) },
	{ OPT_STR, 0, "cgroups", "MODE", "enabled (default) or disabled", OFF(cgroups), .words = cgroup_modes },
	{ OPT_GROUP, .off = OFF(limits), .group = cgroup_limit_opts },
	{ OPT_LIST, 0, "device-cgroup-rule", "RULE", "one more device rule, such as \"c 10:200 rwm\"", OFF(device_rules) },
	{ OPT_STR, 0, "domainname", "NAME", "NIS domain name", OFF(domainname) },
	{ OPT_FLAG, 0, "dry-run", NULL, "print the line of applets that does the same", OFF(dry_run) },
	{ OPT_LIST, 0, "env-file", "FILE", "read environment variables from FILE", OFF(env_file) },
	{ OPT_STR, 'h', "hostname", "NAME", "host name; the container's ID where not given", OFF(hostname) },
	{ OPT_FLAG, 0, "idmap", NULL, "with --userns as root: volumes, too, have the container's owners", OFF(idmap) },
	{ OPT_STR, 0, "name", "NAME", "name of the container", OFF(name) },
	{ OPT_STR, 0, "network", "KIND", "none (default), host, bridge[:NAME], container:NAME, ns:NAME, macvlan:DEV, cmd:PROGRAM", OFF(network), .alias = "net" },
	{ OPT_FLAG, 0, "privileged", NULL, "all capabilities and devices, nothing masked", OFF(privileged) },
	{ OPT_FLAG, 0, "rm", NULL, "accepted: a container in the foreground always cleans up", OFF(rm) },
	{ OPT_LIST, 0, "security-opt", "OPT", "seccomp=builtin|unconfined|FILE, no-new-privileges, systempaths=unconfined", OFF(security) },
	{ OPT_GROUP, .off = OFF(etc), .group = pivot_etc_opts },
	{ OPT_GROUP, .off = OFF(mounts), .group = pivot_mount_opts },
	{ OPT_GROUP, .off = OFF(net), .group = netns_wish_opts },
	{ OPT_GROUP, .off = OFF(ns), .group = run_ns_opts },
	{ OPT_GROUP, .off = OFF(life), .group = run_life_opts },
	{ OPT_GROUP, .off = OFF(tty), .group = tty_outside_opts },
	{ OPT_GROUP, .off = OFF(cred), .group = setpriv_run_opts },
	{ OPT_LIST, 0, "userns", "KIND", "host (default: none), auto, or ranges INNER:OUTER:COUNT", OFF(userns) },
	{ OPT_OPERAND, .name = "ROOTFS", .off = OFF(rootfs) },
	{ OPT_END },
};

/* What lives as long as the waiter, and is the host's. */
static struct record record = RECORD_NONE;
static struct record_range range = RECORD_RANGE_NONE;
static struct cgroups host_cgroups;

static bool has_limits(const struct run_args *a)
{
	struct strbuf controllers = { 0 };
	bool any;

	cgroup_limits_controllers(&a->limits, &controllers);
	any = controllers.len > 0;
	strbuf_release(&controllers);
	return any;
}

/* Host programs in a sandbox are fine, a container's changes to the host are not. */
static int refuse_own_root(const struct run_args *a, const char *path, struct err *e)
{
	char normal[4096];

	if (a->mounts.read_only || a->mounts.ephemeral || mnt_normalise(path, normal) < 0 || strcmp(normal, "/"))
		return 0;
	err_bad(e, a->rootfs, "the host's own root: what the container changed would be changed for the host");
	err_hint(e, "with --read-only or --ephemeral it can be a container's root, too");
	return -EINVAL;
}

int run_check(const struct run_args *a, struct err *e)
{
	int rc = a->name ? record_name_check(a->name, e) : 0;
	struct run_security security;
	struct dev_rule rule;
	const char *path;

	for (size_t i = 0; i < a->device_rules.n && rc >= 0; i++)
		rc = devfilter_parse(a->device_rules.v[i], &rule, &path, e);
	rc = rc < 0 ? rc : 0;
	if (rc == 0 && a->hostname)
		rc = ns_hostname_check(a->hostname, e);
	if (rc == 0 && a->hostname && run_wants_etc(a) && !etc_is_word(a->hostname))
		rc = err_bad(e, a->hostname, "such a host name cannot stand in /etc/hosts");
	if (rc == 0 && a->cgroups && !strcmp(a->cgroups, "disabled") && has_limits(a))
		rc = err_bad(e, "--cgroups disabled", "and a limit exclude each other");
	if (rc == 0)
		rc = run_read_security(a, &security, e);
	rc = rc < 0 ? rc : refuse_own_root(a, a->rootfs, e);
	rc = rc < 0 ? rc : run_life_check(&a->life, e);
	rc = rc < 0 ? rc : run_ns_check(a, e);
	rc = rc < 0 ? rc : run_net_check(a, e);
	return rc < 0 ? rc : run_userns_check(a, e);
}

int run_parse_env(char *text, const char *path, struct strs *env, struct opt_keep *keep, struct err *e)
{
	char *line;
	int rc = 0;

	while (rc == 0 && (line = strsep(&text, "\n"))) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			continue;
		if (*line == '=' || (strcspn(line, " \t") < strcspn(line, "=")))
			rc = err_bad(e, path, "\"%.64s\" is no variable", line);
		else if (strchr(line, '=') || getenv(line)) {
			const char *kept = opt_keep_text(keep, "%s", line);

			rc = kept ? strs_add(env, kept) : -ENOMEM;
		}
	}
	return rc == -ENOMEM ? err_set(e, ENOMEM, path, NULL) : rc;
}

static int read_env_file(const char *path, struct strs *env, struct opt_keep *keep, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, path, 1 << 20);
	int rc = text ? run_parse_env(text, path, env, keep, e) : err_sys(e, path, "read the environment");

	free(text);
	return rc;
}

static void add_controller(struct strbuf *out, const char *prefix, const char *name)
{
	if (out->len)
		strbuf_add(out, ",");
	strbuf_add(out, prefix);
	strbuf_add(out, name);
}

/*
 * The controllers that the container's group is made in: those of the limits,
 * and every v1 hierarchy there is. In one that it had no group in, its cgroup
 * namespace would begin at the caller's group, and whoever gets to mount that
 * hierarchy inside could change it.
 */
static void choose_controllers(const struct run_args *a, const struct cgroups *all, struct run_facts *f, struct strbuf *out)
{
	const struct cgroup_hier *devices = cgroup_find(all, "devices"), *v2 = cgroup_find(all, "unified");
	struct strbuf limits = { 0 };
	const char *rest;
	char one[64];

	for (size_t i = 0; i < all->n; i++) {
		const struct cgroup_hier *h = &all->v[i];

		if (!h->v2 && *h->name)
			add_controller(out, "name=", h->name);
		else if (!h->v2)
			add_controller(out, "", h->controllers);
	}
	cgroup_limits_controllers(&a->limits, &limits);
	rest = limits.s;
	while (str_next(&rest, ',', one, sizeof one) > 0) {
		const struct cgroup_hier *h = cgroup_find(all, one);

		/* v1's are all there already, by whatever name: "io" is its blkio */
		if ((!h || h->v2) && (!out->s || !cgroup_list_has(out->s, one)))
			add_controller(out, "", one);
	}
	strbuf_release(&limits);
	/* v1's files are root's in a user namespace, too, but take a capability outside of any */
	f->devices = devices && !devices->v2 ? maps_in_first_userns() : v2 && devfilter_usable();
	/* v2's group without a controller is still what holds and kills the processes, and carries the device rules */
	if (!out->len && v2)
		strbuf_add(out, "unified");
}

/* Can groups be made for all of them, below the root or at least below our own group? */
static bool usable(const struct cgroups *all, const char *controllers, bool own)
{
	const char *rest = controllers;
	char one[64];

	while (str_next(&rest, ',', one, sizeof one) > 0)
		if (!cgroup_usable(all, one, own))
			return false;
	return true;
}

/*
 * DESIGN: nestbox/ID below the root of the hierarchies, or below the caller's
 * own group where only that is delegated. No cgroup at all is fine as long as
 * nobody has asked for a limit.
 */
static int find_cgroup(const struct run_args *a, struct run_facts *f, struct err *e)
{
	const char *parent = a->cgroup_parent ? a->cgroup_parent : "nestbox";
	struct strbuf controllers = { 0 };
	const char *own = "";
	int rc;

	f->no_cgroup = a->cgroups && !strcmp(a->cgroups, "disabled");
	if (f->no_cgroup)
		return 0;
	rc = cgroups_load(&host_cgroups, e);
	if (rc < 0) {
		f->no_cgroup = true;
		return has_limits(a) ? rc : 0;
	}
	choose_controllers(a, &host_cgroups, f, &controllers);
	if (controllers.len && !usable(&host_cgroups, controllers.s, false) && usable(&host_cgroups, controllers.s, true))
		own = "@/";
	/* with a limit, it is cgexec that says what is wrong; without one nothing needs to be */
	if (!has_limits(a) && !a->cgroup_parent && !*own && (!controllers.len || !usable(&host_cgroups, controllers.s, false)))
		f->no_cgroup = true;
	if (f->no_cgroup)
		f->devices = false;
	rc = snprintf(f->cgroup, sizeof f->cgroup, "%s:%s%s/%s", controllers.s ? controllers.s : "unified", own, parent, f->id);
	strbuf_release(&controllers);
	chain_ctx()->cgroups = &host_cgroups;
	/* cut off, the path would be the parent's */
	return rc < (int)sizeof f->cgroup ? 0 : err_set(e, ENAMETOOLONG, "--cgroup-parent", NULL);
}

static int find_facts(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	struct pivot_args points = { .api = true, .etc = run_wants_etc(a), .mounts = a->mounts, .new_root = a->rootfs };
	int rc = record_new_id(f->id, e);

	if (rc == 0)
		rc = pivot_device_list(&a->mounts.devices, NULL, &f->rules, keep, e);
	f->term = getenv("TERM");
	f->range = a->dry_run ? NULL : &range;
	for (size_t i = 0; i < a->env_file.n && rc == 0; i++)
		rc = read_env_file(a->env_file.v[i], &f->env, keep, e);
	if (rc == 0)
		rc = run_find_profile(a, f, keep, e);
	if (rc == 0)
		rc = run_find_userns(a, f, keep, e);
	if (rc == 0)
		rc = run_find_net(a, f, keep, e);
	if (rc == 0)
		rc = run_ns_find(a, &f->ns, keep, e);
	if (rc == 0)
		rc = find_cgroup(a, f, e);
	if (rc == 0 && f->no_cgroup && run_ns_shares_pids(&a->ns))
		rc = err_bad(e, "--pid", "of %s wants a control group: nothing else says which processes are to end with the container", a->ns.pid);
	if (rc == 0 && a->device_rules.n && !f->devices) {
		rc = err_bad(e, "--device-cgroup-rule", "there can be no device rules over the container");
		err_hint(e, "a cgroup is needed for them: v1's devices controller, or v2 without a user namespace");
	}
	for (size_t i = 0; i < a->mounts.devices.n && rc == 0 && !f->devices; i++) {
		struct pivot_device d;

		/* a node of one's own opens as its owner and mode have it: nothing less */
		rc = pivot_device_parse(a->mounts.devices.v[i], &d, e);
		if (rc == 0 && (!strchr(d.access, 'r') || !strchr(d.access, 'w')))
			rc = err_bad(e, a->mounts.devices.v[i], "there can be no device rules over the container: it can be had with rw only");
	}
	if (rc == 0)
		rc = pivot_lacks_points(&points, e);
	f->lacks_points = rc == 1;
	return rc < 0 ? rc : 0;
}

/* "group1 PATH" or "group2 PATH", by version: full paths, since "@/" means another group to whoever collects it. */
static int note_groups(const struct run_facts *f, struct strbuf *text, struct err *e)
{
	const char *one[] = { f->cgroup, NULL };
	const struct strs specs = { one, 1 };
	struct cgroup_dirs groups = { 0 };
	int rc = f->no_cgroup ? 0 : cgroup_dirs_find(&host_cgroups, &specs, &groups, e);

	for (size_t i = 0; i < groups.n && rc == 0; i++)
		strbuf_addf(text, "group%d %s\n", groups.v[i].hier->v2 ? 2 : 1, groups.v[i].path);
	cgroup_dirs_release(&groups);
	return rc;
}

static int make_record(const struct run_args *a, const struct run_facts *f, struct err *e)
{
	char rootfs[4096];
	struct strbuf text = { 0 };
	int rc;

	if (!realpath(a->rootfs, rootfs))
		return err_sys(e, a->rootfs, NULL);
	rc = refuse_own_root(a, rootfs, e);
	if (rc < 0)
		return rc;
	/* whoever named the directory is not to write lines of the record, which say what gc kills */
	if (strchr(rootfs, '\n'))
		return err_bad(e, rootfs, "no line break can be in the path of a root file system");
	strbuf_addf(&text, "version 1\nrootfs %s\n", rootfs);
	if (a->name)
		strbuf_addf(&text, "name %s\n", a->name);
	rc = note_groups(f, &text, e);
	if (rc == 0)
		rc = text.failed ? err_set(e, ENOMEM, "record", NULL) : record_make(&record, f->id, a->name, text.s, e);
	strbuf_release(&text);
	return rc;
}

/* A group that could not be removed is what the record is still good for: gc finds it there. */
static void forget_record(void)
{
	if (!chain_ctx()->left)
		record_remove(&record);
	record_range_release(&range);
}

/*
 * In the waiter, while the container is starting. Nothing in here waits: what
 * cannot go at once is left to the next one. In the child: the record lives as
 * long as the waiter, and not as long as whoever has its fd.
 */
static void note_child(const struct proc_child *child)
{
	struct err e = { 0 };
	auto_close int proc = -1;
	char line[160], ns[64] = "";

	if (child->pid == 0) {
		fd_close(&record.lock);
		fd_close(&record.state);
		fd_close(&range.lock);
		return;
	}
	proc = proc_open(&e);
	if (proc >= 0 && readlinkat(proc, "self/ns/pid", ns, sizeof ns - 1) > 0) {
		snprintf(line, sizeof line, "pid %d\nstart %lld\npidns %s\n", child->pid, proc_start_time(proc, child->pid), ns);
		record_add(&record, line, &e);
	}
	run_life_note(child->pid);
	gc_collect(0, &e);
}

static int start(struct plan *p, const struct run_args *a, const struct run_facts *f, char **argv, struct err *e)
{
	struct step_ctx *ctx = chain_ctx();
	unsigned keep_fds = 3 + (a->cred.preserve_fds.set ? (unsigned)a->cred.preserve_fds.v : 0);
	unsigned forks = ctx->forks;
	int status, rc, life = -1;

	/* from here on no fd of the caller's reaches anything by accident: CVE-2024-21626 */
	sys_close_range(keep_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	ctx->run = true;
	ctx->forked = note_child;
	if (a->life.init)
		chain_again_later();
	rc = make_record(a, f, e);
	if (rc == 0)
		rc = life = run_life_open(&a->life, f->id, e);
	if (rc == 0)
		rc = plan_run(p, ctx, &status, e);
	if (rc == 0)
		rc = a->life.init ? chain_again(argv, e) : chain_exec(argv, e);
	/* whoever has no privileges at all is told of those that he can have */
	if (rc == -EPERM && !a->userns.n && geteuid() != 0 && ctx->forks == forks) {
		e->hint[0] = '\0';
		err_hint(e, "be root, or in a user namespace of your own: --userns auto");
	}
	/* in the child the record is the parent's business */
	if (ctx->forks == forks) {
		forget_record();
		if (life == 0)
			run_life_end(&a->life, rc != STEP_WAIT);
	}
	if (rc == STEP_WAIT)
		chain_end(status);
	return rc;
}

static int print(const struct plan *p, char **argv, struct err *e)
{
	struct strbuf text = { 0 };
	int rc = plan_check(p, e);

	if (rc == 0)
		rc = plan_print(p, chain_word(), argv, &text);
	if (rc == 0)
		fputs(text.s, stdout);
	strbuf_release(&text);
	return rc == -ENOMEM ? err_set(e, ENOMEM, "plan", NULL) : rc;
}

static int run_main(int argc, char **argv, struct err *e)
{
	static char *shell[] = { (char *)"/bin/sh", NULL };
	struct run_args a = { 0 };
	struct run_facts f = { 0 };
	struct opt_keep keep = { 0 };
	struct plan p = { 0 };
	int used = opt_parse(run_opts, &a, argc, argv, e);
	int rc;

	if (used < 0) {
		if (used != -ECANCELED)
			err_hint(e, "nestbox run --help lists the options");
		return used;
	}
	/* a shell on a terminal is there to be typed into */
	if (used == argc && isatty(0) && isatty(a.dry_run ? 2 : 1))
		a.tty = (struct tty_outside_args){ .interactive = true, .tty = true };
	argv = run_life_command(&a.life, used < argc ? argv + used : shell);
	if (!argv)
		return err_set(e, ENOMEM, "command", NULL);
	/* before anything is read, which may be a pipe */
	if ((rc = run_check(&a, e)) < 0 || (!a.dry_run && (rc = chain_protect(e)) < 0) || (rc = find_facts(&a, &f, &keep, e)) < 0 || (rc = run_plan(&a, &f, &p, e)) < 0)
		return rc;
	rc = a.dry_run ? print(&p, argv, e) : start(&p, &a, &f, argv, e);
	free(argv);
	plan_release(&p);
	cgroups_release(&host_cgroups);
	opt_keep_release(&keep);
	strs_release(&f.env);
	strs_release(&f.ids.both);
	strs_release(&f.users);
	strs_release(&f.groups);
	strs_release(&f.raised);
	strs_release(&f.rules);
	opt_release(run_opts, &a);
	return rc;
}

const struct applet applet_run = {
	.name = "run",
	.synopsis = "[OPTIONS] ROOTFS [--] [COMMAND [ARG]...]",
	.summary = "start a container from a directory or an image file",
	.opts = run_opts,
	.notes = "Without a command, /bin/sh is run. The options are docker's.",
	.main = run_main,
	.flags = APPLET_NO_LINK,
	.fail = 125,
};
