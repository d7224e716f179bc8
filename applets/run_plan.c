/* run: from options to a plan. Nothing in here asks the kernel or changes anything. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "applets/cgexec.h"
#include "applets/idmap.h"
#include "applets/run.h"
#include "applets/unshare.h"
#include "core/cred.h"
#include "core/mnt.h"

#include <linux/capability.h>

/* Append a step and point *args at its options. */
#define ADD(plan, ops, args) (((args) = plan_add((plan), (ops))) ? 0 : -ENOMEM)

static int copy_mounts(struct pivot_mounts *to, const struct pivot_mounts *from)
{
	int rc = strs_add_all(&to->binds, &from->binds);

	to->read_only = from->read_only;
	to->overlay = from->overlay;
	to->ephemeral = from->ephemeral;
	to->shm_size = from->shm_size;
	rc = rc < 0 ? rc : strs_add_all(&to->specs, &from->specs);
	rc = rc < 0 ? rc : strs_add_all(&to->devices, &from->devices);
	return rc < 0 ? rc : strs_add_all(&to->tmpfs, &from->tmpfs);
}

bool run_wants_etc(const struct run_args *a)
{
	return pivot_etc_given(&a->etc) || (a->network ? strcmp(a->network, "none") != 0 : netns_wishes(&a->net));
}

/* Not only with -i or -t: who runs the line has a terminal, whatever ours is. */
static int add_terminal(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct tty_outside_args *s;
	int rc = ADD(p, &tty_outside_step, s);

	(void)f;
	if (rc == 0)
		*s = a->tty;
	return rc;
}

static int add_own_terminal(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct tty_inside_args *s;
	int rc = a->tty.tty ? ADD(p, &tty_inside_step, s) : 1;

	(void)f;
	if (rc != 0)
		return rc < 0 ? rc : 0;
	s->console = true;
	s->user = a->cred.user;
	return 0;
}

static int add_points(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct pivot_args *s;
	int rc;

	if (!f->lacks_points && !a->mounts.overlay)
		return 0;
	rc = ADD(p, &pivot_step, s);
	if (rc < 0)
		return rc;
	s->prepare = true;
	s->new_root = a->rootfs;
	s->mounts.overlay = a->mounts.overlay;
	if (s->mounts.overlay)
		return 0;
	s->rm = s->api = true;
	s->etc = run_wants_etc(a);
	return copy_mounts(&s->mounts, &a->mounts);
}

/*
 * The chain's owners: pivot, further down, is in a user namespace already, which
 * may not map what was mounted outside of it. A run opens the root before.
 */
static int add_idmap(const struct run_facts *f, struct plan *p, const char *path)
{
	struct idmap_mount_args *s;
	int rc = ADD(p, &idmap_mount_step, s);

	if (rc < 0)
		return rc;
	s->recursive = true;
	s->src = s->dst = opt_keep_text(&p->keep, "%s", path);
	return s->src ? strs_add_all(&s->ids.both, &f->ids.both) : -ENOMEM;
}

/* With one mount all below it are mapped, and none a second time. */
static bool is_mapped_with_another(const struct strs *paths, size_t i)
{
	for (size_t k = 0; k < paths->n; k++) {
		const char *rest = k == i ? NULL : str_after(paths->v[i], paths->v[k]);

		if (rest && (*rest == '/' || (!*rest && k < i)))
			return true;
	}
	return false;
}

static int list_mapped(const struct run_args *a, struct strs *paths, struct plan *p)
{
	int rc = strs_add(paths, a->rootfs);

	if (rc == 0 && a->mounts.overlay)
		rc = strs_add(paths, a->mounts.overlay);
	for (size_t i = 0; a->idmap && i < a->mounts.binds.n && rc == 0; i++) {
		const char *colon = strchr(a->mounts.binds.v[i], ':'), *path;

		/* what is no volume pivot says */
		if (!colon)
			continue;
		path = opt_keep_text(&p->keep, "%.*s", (int)(colon - a->mounts.binds.v[i]), a->mounts.binds.v[i]);
		rc = path ? strs_add(paths, path) : -ENOMEM;
	}
	for (size_t i = 0; a->idmap && i < a->mounts.specs.n && rc == 0; i++) {
		struct mnt_spec m;
		struct err unused;
		const char *path;

		if (mnt_spec_parse(a->mounts.specs.v[i], &m, &unused) < 0 || m.tmpfs)
			continue;
		path = opt_keep_text(&p->keep, "%s", m.v.src);
		rc = path ? strs_add(paths, path) : -ENOMEM;
	}
	return rc;
}

static int add_owners(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct strs paths = { 0 };
	struct unshare_args *s;
	int rc;

	if (!f->idmap || !a->dry_run)
		return 0;
	rc = ADD(p, &unshare_step, s);
	if (rc < 0)
		return rc;
	s->mount.set = true;
	/* nothing goes back to the host, and what comes from there still comes */
	s->propagation = "slave";
	rc = list_mapped(a, &paths, p);
	for (size_t i = 0; i < paths.n && rc == 0; i++)
		if (!is_mapped_with_another(&paths, i))
			rc = add_idmap(f, p, paths.v[i]);
	strs_release(&paths);
	return rc;
}

/* All are set once more inside; what is lowered is none of the waiter's, which this process becomes. */
static int add_raised(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct setpriv_args *s;
	int rc;

	if (!f->raised.n && !f->oom_lowered)
		return 0;
	rc = ADD(p, &setpriv_step, s);
	if (rc < 0)
		return rc;
	if (f->oom_lowered)
		s->run.oom_score_adj = a->cred.oom_score_adj;
	return strs_add_all(&s->run.ulimit, &f->raised);
}

/* Two levels: the limits that count are on the one that the container does not see. */
static int add_groups(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct cgexec_args *s = NULL;
	int rc = f->no_cgroup ? 0 : ADD(p, &cgexec_step, s);

	if (rc < 0 || f->no_cgroup)
		return rc;
	s->create.set = s->rm = true;
	s->child = "init";
	s->limits = a->limits;
	rc = opt_own_lists(cgroup_limit_opts, &s->limits);
	if (rc < 0)
		return rc;
	if (f->devices)
		s->devices = a->privileged ? "all" : "default";
	rc = a->privileged ? 0 : strs_add_all(&s->device, &f->rules);
	rc = rc < 0 ? rc : strs_add_all(&s->device, &a->device_rules);
	return rc < 0 ? rc : strs_add(&s->groups, f->cgroup);
}

static int add_pid(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct unshare_args *s;
	int rc = run_ns_join_pid(f, p);

	rc = rc < 0 ? rc : ADD(p, &unshare_step, s);
	if (rc < 0)
		return rc;
	/* one step makes both: the pid namespace, and all that come after it, belong to the user namespace */
	s->user.set = f->ids.user || f->ids.both.n;
	s->ids.user = f->ids.user;
	s->ids.group = f->ids.group;
	rc = strs_add_all(&s->ids.users, &f->users);
	rc = rc < 0 ? rc : strs_add_all(&s->ids.groups, &f->groups);
	if (rc < 0)
		return rc;
	if (f->become_root)
		s->uid.set = s->gid.set = true;
	s->pid.set = !run_ns_shares_pids(&a->ns);
	s->fork = true;
	s->kill_child = (struct opt_num){ true, SIGKILL };
	s->forward = (struct opt_maybe){ true, "all" };
	s->stop_signal = a->life.stop_signal;
	return run_ns_set_clocks(&a->ns, s);
}

static const char *hostname(const struct run_args *a, const struct run_facts *f)
{
	return a->hostname ? a->hostname : f->ns.host_name ? f->ns.host_name : f->id;
}

static int add_namespaces(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct unshare_args *s;
	int rc = ADD(p, &unshare_step, s);

	if (rc < 0)
		return rc;
	s->mount.set = true;
	s->uts.set = !f->ns.host_name;
	s->ipc.set = !f->ns.ipc_file && !run_ns_is_hosts(a->ns.ipc);
	s->cgroup.set = !run_ns_is_hosts(a->ns.cgroup);
	/* pivot makes them private, from the real root down also where "/" is a chroot */
	s->propagation = "unchanged";
	if (!s->uts.set)
		return 0;
	s->hostname = opt_keep_text(&p->keep, "%s", hostname(a, f));
	s->domainname = a->domainname;
	return s->hostname ? 0 : -ENOMEM;
}

/* /dev/shm goes with the ipc namespace: the machine's, or none, which docker has for a namespace that is for nobody else. */
static int share_memory(const struct run_args *a, struct pivot_mounts *m)
{
	bool hosts = run_ns_is_hosts(a->ns.ipc);

	if (hosts || (a->ns.ipc && !strcmp(a->ns.ipc, "none")))
		opt_num_set(&m->shm_size, 0);
	return hosts ? strs_add(&m->binds, "/dev/shm:/dev/shm") : 0;
}

static int add_root(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct run_security security;
	struct pivot_args *s;
	int rc = ADD(p, &pivot_step, s);

	if (rc < 0)
		return rc;
	/* run_check has read it before */
	run_read_security(a, &security, &(struct err){ 0 });
	s->api = true;
	s->etc = run_wants_etc(a);
	s->names = a->etc;
	rc = opt_own_lists(pivot_etc_opts, &s->names);
	if (rc < 0)
		return rc;
	s->new_root = a->rootfs;
	s->api_write = s->host_devices = a->privileged;
	if (f->idmap && !a->dry_run) {
		s->idmap_volumes = a->idmap;
		rc = strs_add_all(&s->idmap, &f->ids.both);
		if (rc < 0)
			return rc;
	}
	/* without a device list, the mounts must keep devices shut */
	s->nodev = !f->devices && !a->privileged;
	if (!security.open_paths) {
		rc = strs_add(&s->mask, "default");
		rc = rc < 0 ? rc : strs_add(&s->ro_path, "default");
	}
	if (rc == 0 && (f->net == RUN_NET_NONE || f->net == RUN_NET_WIRED))
		rc = strs_add(&s->sysctl, "default");
	rc = rc < 0 ? rc : strs_add_all(&s->sysctl, &a->ns.sysctl);
	rc = rc < 0 ? rc : copy_mounts(&s->mounts, &a->mounts);
	return rc < 0 ? rc : share_memory(a, &s->mounts);
}

/* Who may make device nodes and has no device rules over him has the host's disks. */
static int refuse_mknod(const struct run_args *a, struct err *e)
{
	struct err unused;

	for (size_t i = 0; i < a->cap_add.n; i++) {
		if (cred_cap_parse(a->cap_add.v[i], &unused) != CAP_MKNOD)
			continue;
		err_bad(e, a->cap_add.v[i], "cannot be given where there are no device rules over the container");
		err_hint(e, "a cgroup is needed for them: v1's devices controller, or v2 without a user namespace");
		return -EINVAL;
	}
	return 0;
}

static int set_caps(const struct run_args *a, const struct run_facts *f, struct setpriv_args *s, struct plan *p, struct err *e)
{
	struct strs drop = { 0 };
	struct strbuf text = { 0 };
	int rc = strs_add_all(&drop, &a->cap_drop);

	if (rc == 0 && !f->devices && !a->privileged) {
		rc = refuse_mknod(a, e);
		if (rc == 0 && !strs_has(&drop, "ALL"))
			rc = strs_add(&drop, "MKNOD");
	}
	if (rc == 0)
		rc = cred_caps_build(a->privileged ? "all" : "default", &a->cap_add, &drop, &text, e);
	if (rc == 0) {
		s->caps = opt_keep_text(&p->keep, "%s", text.s ? text.s : "none");
		rc = s->caps ? 0 : -ENOMEM;
	}
	strs_release(&drop);
	strbuf_release(&text);
	return rc;
}

static int set_env(const struct run_args *a, const struct run_facts *f, struct setpriv_args *s, struct plan *p)
{
	const char *host = opt_keep_text(&p->keep, "HOSTNAME=%s", hostname(a, f)), *term;
	int rc = host ? strs_add(&s->run.env, host) : -ENOMEM;

	if (rc == 0 && a->tty.tty)
		rc = (term = opt_keep_text(&p->keep, "TERM=%s", f->term ? f->term : "xterm")) ? strs_add(&s->run.env, term) : -ENOMEM;
	rc = rc < 0 ? rc : strs_add_all(&s->run.env, &f->env);
	return rc < 0 ? rc : strs_add_all(&s->run.env, &a->cred.env);
}

static int add_credentials(const struct run_args *a, const struct run_facts *f, struct plan *p, struct err *e)
{
	struct run_security security;
	struct setpriv_args *s;
	int rc = ADD(p, &setpriv_step, s);

	if (rc < 0 || (rc = run_read_security(a, &security, e)) < 0 || (rc = set_caps(a, f, s, p, e)) < 0 || (rc = set_env(a, f, s, p)) < 0 ||
	    (rc = strs_add_all(&s->run.group_add, &a->cred.group_add)) < 0 || (rc = strs_add_all(&s->run.ulimit, &a->cred.ulimit)) < 0 ||
	    (rc = strs_add_all(&s->run.landlock, &a->cred.landlock)) < 0)
		return rc;
	s->run.user = a->cred.user ? a->cred.user : "0";
	s->run.workdir = a->cred.workdir;
	s->run.landlock_try = a->cred.landlock_try;
	s->run.oom_score_adj = a->cred.oom_score_adj;
	s->run.preserve_fds = a->cred.preserve_fds.set ? a->cred.preserve_fds : (struct opt_num){ true, 0 };
	s->clear_env = s->new_session = s->new_keyring = s->reset_signals = true;
	/* init is an applet, and executes in its turn */
	s->exec = !a->life.init;
	s->umask = (struct opt_num){ true, 022 };
	s->pdeathsig = "KILL";
	s->no_new_privs = security.no_new_privs;
	if (strcmp(security.seccomp, "unconfined"))
		s->seccomp = f->profile ? f->profile : security.seccomp;
	return 0;
}

/*
 * The order of a container start. Each line stands where it does for a reason;
 * reference: namespaces(7), cgroups(7), capabilities(7).
 */
static int (*const order[])(const struct run_args *a, const struct run_facts *f, struct plan *p) = {
	add_terminal,    /* before whoever waits is forked, who carries what it shows */
	add_points,      /* first of all: made on the host, and taken away again by somebody who stays there; and the overlay's directory is locked */
	add_owners,      /* before the user namespace, which may map no mounts of the host's; in a chain only */
	add_raised,      /* before the user namespace: CAP_SYS_RESOURCE in it raises nothing */
	add_groups,      /* limited before anybody is in them; the waiter, which this process becomes, stays outside */
	run_net_outside, /* before the user namespace, from where nothing of the host's can be made; its namespace is the waiter's, too */
	run_ns_join_ipc, /* before the user namespace, to which the other container's does not belong */
	add_pid,         /* with the user namespace; forks: the child starts in the group, before its cgroup namespace is made, whose root that is */
	run_net_inside,  /* before the mounts: sysfs shows the network namespace that it is mounted in */
	add_namespaces,  /* after the fork: mounts, and a procfs of the new pid namespace, belong to pid 1 */
	add_root,        /* after all that needs a path of the host */
	add_own_terminal, /* of the devpts that is the container's */
};

int run_plan(const struct run_args *a, const struct run_facts *f, struct plan *p, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof order / sizeof *order && rc == 0; i++)
		rc = order[i](a, f, p);
	/* last: until here the privileges were needed */
	if (rc == 0)
		rc = add_credentials(a, f, p, e);
	return rc == -ENOMEM ? err_set(e, ENOMEM, "plan", NULL) : rc;
}
