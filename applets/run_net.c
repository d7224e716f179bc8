/* run: which network. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "applets/netns.h"
#include "applets/nsenter.h"
#include "applets/run.h"
#include "core/fd.h"
#include "core/proc.h"
#include "core/record.h"
#include "core/str.h"
#include "core/sys.h"

/* The rest of "container:NAME", "ns:NAME", or NULL. */
static const char *joined(const struct run_args *a)
{
	const char *rest = a->network ? str_after(a->network, "container:") : NULL;

	return rest || !a->network ? rest : str_after(a->network, "ns:");
}

int run_net_check(const struct run_args *a, struct err *e)
{
	bool host = a->network && !strcmp(a->network, "host");
	const char *rest = joined(a);
	int rc;

	if ((host || rest) && netns_wishes(&a->net)) {
		err_bad(e, a->net.publish.n ? "--publish" : a->net.ip ? "--ip" : a->net.ip6 ? "--ip6" : "--mac-address", "does not go with --network %s", a->network);
		err_hint(e, host ? "the container's ports are the host's" : "that namespace has its network already");
		return -EINVAL;
	}
	if (host || rest)
		return rest && !*rest ? err_bad(e, a->network, "whose?") : 0;
	rc = netns_check(&(struct netns_args){ .net = a->network, .wish = a->net }, e);
	if (rc < 0 && a->network && !strcmp(e->object, a->network)) {
		e->hint[0] = '\0';
		err_hint(e, "none, host, bridge[:NAME], container:NAME, ns:NAME, macvlan:DEVICE or cmd:PROGRAM");
	}
	return rc;
}

/* Is the process the one that the record was written for? Its number may be another's by now: the time that it began tells them apart. */
static bool is_process(const char *record, pid_t pid, struct err *e)
{
	auto_close int proc = proc_open(e);
	char start[32];
	long long v;

	return proc >= 0 && record_value(record, "start", start, sizeof start) && str_num(start, 0, INT64_MAX, &v) == 0 && proc_start_time(proc, pid) == v;
}

int run_find_container(const char *name, long long *pid, struct err *e)
{
	char id[RECORD_ID_LEN + 1], text[8192], word[16];
	int rc = record_running(name, id, text, sizeof text, e);

	if (rc == -ENOENT && str_num(name, 1, INT32_MAX, pid) == 0) {
		err_clear(e);
		return 0;
	}
	if (rc == 0 && (!record_value(text, "pid", word, sizeof word) || str_num(word, 1, INT32_MAX, pid) < 0 || !is_process(text, (pid_t)*pid, e)))
		rc = err_set(e, ESRCH, name, "the container has not begun yet, or has ended");
	return rc;
}

static int find_joined(const struct run_args *a, const char *rest, struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	long long pid;
	int rc = 0;

	f->net = RUN_NET_JOIN;
	if (str_after(a->network, "ns:"))
		f->net_file = opt_keep_text(keep, "%s%s", strchr(rest, '/') ? "" : "/run/netns/", rest);
	else if ((rc = run_find_container(rest, &pid, e)) == 0)
		f->net_file = opt_keep_text(keep, "/proc/%lld/ns/net", pid);
	return rc < 0 || f->net_file ? rc : err_set(e, ENOMEM, "network", NULL);
}

int run_find_net(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	const char *rest = joined(a);

	if (rest)
		return find_joined(a, rest, f, keep, e);
	if (a->network && !strcmp(a->network, "host"))
		f->net = RUN_NET_HOST;
	else if (netns_wishes(&a->net) || (a->network && strcmp(a->network, "none")))
		f->net = RUN_NET_WIRED;
	/* an ordinary user's ports are served by a proxy, which needs no device */
	f->net_kind = a->network ? a->network : netns_kind(&a->net, a->net.publish.n && netns_may_wire());
	return 0;
}

static int wish(const struct run_args *a, const struct run_facts *f, struct netns_args *s)
{
	s->net = f->net_kind;
	s->wish = a->net;
	s->owner = a->name ? a->name : f->id;
	s->wish.publish = (struct strs){ 0 };
	return strs_add_all(&s->wish.publish, &a->net.publish);
}

static bool has_userns(const struct run_facts *f)
{
	return f->ids.user || f->ids.both.n;
}

static int join(const struct run_facts *f, struct plan *p)
{
	struct nsenter_args *s = plan_add(p, &nsenter_step);

	if (s)
		s->ns[ns_kind(CLONE_NEWNET) - ns_kinds] = (struct opt_maybe){ true, f->net_file };
	return s ? 0 : -ENOMEM;
}

int run_net_outside(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct netns_args *s;

	if (f->net == RUN_NET_JOIN)
		return join(f, p);
	if (f->net != RUN_NET_WIRED)
		return 0;
	s = plan_add(p, has_userns(f) ? &netns_outside_step : &netns_new_step);
	return s ? wish(a, f, s) : -ENOMEM;
}

int run_net_inside(const struct run_args *a, const struct run_facts *f, struct plan *p)
{
	struct netns_args *s;

	(void)a;
	if (f->net != RUN_NET_NONE && (f->net != RUN_NET_WIRED || !has_userns(f)))
		return 0;
	s = plan_add(p, &netns_new_step);
	if (s)
		s->net = f->net == RUN_NET_NONE ? "none" : "outside";
	return s ? 0 : -ENOMEM;
}
