/* run: which namespaces are the container's own, which are the host's, and which another container's. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/utsname.h>

#include "applets/nsenter.h"
#include "applets/pivot.h"
#include "applets/run.h"
#include "applets/unshare.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct run_ns, field)

static const char *const own_or_hosts[] = { "host", "private", NULL };

const struct opt run_ns_opts[] = {
	{ OPT_STR, 0, "cgroupns", "KIND", "cgroup namespace: private (default) or host", OFF(cgroup), .words = own_or_hosts },
	{ OPT_STR, 0, "ipc", "KIND", "ipc namespace: private (default), shareable, none, host, container:NAME", OFF(ipc) },
	{ OPT_STR, 0, "pid", "KIND", "pid namespace: private (default), host, container:NAME", OFF(pid) },
	{ OPT_LIST, 0, "sysctl", "KEY=VALUE", "set a kernel parameter of the container's namespaces", OFF(sysctl) },
	{ OPT_LIST, 0, "time", "CLOCK=SECONDS", "move the container's boottime or monotonic clock", OFF(clocks) },
	{ OPT_STR, 0, "uts", "KIND", "uts namespace (host name): private (default) or host", OFF(uts), .words = own_or_hosts },
	{ OPT_END },
};

bool run_ns_is_hosts(const char *kind)
{
	return kind && !strcmp(kind, "host");
}

/* The rest of "container:NAME", or NULL. */
static const char *joined(const char *kind)
{
	return kind ? str_after(kind, "container:") : NULL;
}

bool run_ns_shares_pids(const struct run_ns *ns)
{
	return run_ns_is_hosts(ns->pid) || joined(ns->pid);
}

/* What is no namespace of the container's own, nor to be made one, is for others to change. */
static bool is_own(const char *kind)
{
	return !run_ns_is_hosts(kind) && !joined(kind);
}

static int check_kind(const char *option, const char *kind, const char *const *words, struct err *e)
{
	const char *name = joined(kind);

	if (!kind || (name && *name))
		return 0;
	for (int i = 0; words[i]; i++)
		if (!strcmp(kind, words[i]))
			return 0;
	err_bad(e, option, name ? "container:NAME: whose?" : "there is no \"%s\"", kind);
	for (int i = 0; !e->hint[0] && words[i]; i++)
		err_hint(e, words == own_or_hosts ? "%s, private or container:NAME" : "%s, private, shareable, none or container:NAME", words[0]);
	return -EINVAL;
}

/* "boottime=86400" */
static int parse_clock(const char *text, bool *boottime, long long *seconds, struct err *e)
{
	const char *rest = str_after(text, "boottime=");

	*boottime = rest;
	rest = rest ? rest : str_after(text, "monotonic=");
	if (!rest || str_num(rest, LLONG_MIN, LLONG_MAX, seconds) < 0)
		return err_bad(e, text, "--time wants boottime=SECONDS or monotonic=SECONDS");
	return 0;
}

/* container-start.md, E8: a parameter that is not the container's alone is none of its options'. */
static int check_sysctl(const struct run_args *a, const char *text, struct err *e)
{
	bool net = str_after(text, "net."), own_net = !a->network || (strcmp(a->network, "host") && !joined(a->network) && !str_after(a->network, "ns:"));
	int rc = pivot_sysctl_check(text, e);

	if (rc < 0 || (net ? own_net : is_own(a->ns.ipc)))
		return rc;
	return err_bad(e, text, "is not the container's own with %s %s", net ? "--network" : "--ipc", net ? a->network : a->ns.ipc);
}

int run_ns_check(const struct run_args *a, struct err *e)
{
	static const char *const ipc[] = { "host", "private", "shareable", "none", NULL };
	const struct run_ns *ns = &a->ns;
	long long seconds;
	bool boottime;
	int rc = check_kind("--ipc", ns->ipc, ipc, e);

	rc = rc < 0 ? rc : check_kind("--pid", ns->pid, own_or_hosts, e);
	for (size_t i = 0; i < ns->clocks.n && rc == 0; i++)
		rc = parse_clock(ns->clocks.v[i], &boottime, &seconds, e);
	for (size_t i = 0; i < ns->sysctl.n && rc == 0; i++)
		rc = check_sysctl(a, ns->sysctl.v[i], e);
	if (rc == 0 && a->mounts.shm_size.set && !a->mounts.shm_size.v)
		rc = err_bad(e, "--shm-size", "wants a size; without /dev/shm: --ipc none");
	if (rc == 0 && run_ns_is_hosts(ns->uts) && (a->hostname || a->domainname))
		rc = err_bad(e, a->hostname ? "--hostname" : "--domainname", "does not go with --uts host: it is the machine's");
	if (rc == 0 && a->userns.n && strcmp(a->userns.v[0], "host") && run_ns_shares_pids(ns))
		rc = err_bad(e, "--pid", "of %s does not go with a user namespace of one's own, which may mount no procfs of it", ns->pid);
	return rc;
}

/* The file of a namespace of another container's. */
static int find_file(const char *kind, const char *ns, const char **file, struct opt_keep *keep, struct err *e)
{
	const char *name = joined(kind);
	long long pid;
	int rc = name ? run_find_container(name, &pid, e) : 0;

	if (!name || rc < 0)
		return rc;
	*file = opt_keep_text(keep, "/proc/%lld/ns/%s", pid, ns);
	return *file ? 0 : err_set(e, ENOMEM, ns, NULL);
}

int run_ns_find(const struct run_args *a, struct run_ns_facts *f, struct opt_keep *keep, struct err *e)
{
	struct utsname u;
	int rc = find_file(a->ns.ipc, "ipc", &f->ipc_file, keep, e);

	rc = rc < 0 ? rc : find_file(a->ns.pid, "pid", &f->pid_file, keep, e);
	if (rc < 0 || !run_ns_is_hosts(a->ns.uts))
		return rc;
	f->host_name = uname(&u) == 0 ? opt_keep_text(keep, "%s", u.nodename) : NULL;
	return f->host_name ? 0 : err_set(e, ENOMEM, "host name", NULL);
}

static int add_joined(struct plan *p, unsigned flag, const char *file, bool no_fork)
{
	struct nsenter_args *s = plan_add(p, &nsenter_step);

	if (!s)
		return -ENOMEM;
	s->ns[ns_kind(flag) - ns_kinds] = (struct opt_maybe){ true, file };
	s->no_fork = no_fork;
	return 0;
}

int run_ns_join_ipc(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	(void)a;
	return f->ns.ipc_file ? add_joined(p, CLONE_NEWIPC, f->ns.ipc_file, false) : 0;
}

/* The waiter stays where it is: it is the next step that forks. */
int run_ns_join_pid(const struct run_facts *f, struct plan *p)
{
	return f->ns.pid_file ? add_joined(p, CLONE_NEWPID, f->ns.pid_file, true) : 0;
}

int run_ns_set_clocks(const struct run_ns *ns, struct unshare_args *s)
{
	struct err unused;
	long long seconds;
	bool boottime;

	for (size_t i = 0; i < ns->clocks.n; i++) {
		if (parse_clock(ns->clocks.v[i], &boottime, &seconds, &unused) < 0)
			continue;
		s->time.set = true;
		opt_num_set(boottime ? &s->boottime : &s->monotonic, seconds);
	}
	return 0;
}
