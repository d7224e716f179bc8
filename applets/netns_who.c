/* netns identify, monitor, pids: who is in a network namespace, and which names come and go. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/json.h"
#include "core/netns.h"
#include "core/ns.h"
#include "core/ns_list.h"
#include "core/str.h"
#include "core/sys.h"

/* ---- identify ---- */

struct looking {
	struct strbuf out;
	struct stat of; /* the namespace that the names are wanted of */
	bool json;
};

static int add_if_same(const char *name, int ns, void *data)
{
	struct looking *l = data;
	char quoted[NETNS_QUOTED];
	struct stat st;

	if (ns < 0 || fstat(ns, &st) < 0 || st.st_dev != l->of.st_dev || st.st_ino != l->of.st_ino)
		return 0;
	if (l->json) {
		netns_json_next(&l->out);
		strbuf_add(&l->out, "\"name\":");
		json_add_string(&l->out, name);
		strbuf_add(&l->out, "}");
	} else {
		err_quote(name, quoted, sizeof quoted);
		strbuf_addf(&l->out, "%s\n", quoted);
	}
	return 0;
}

static int identify_main(int argc, char **argv, struct err *e)
{
	struct netns_tell a = { 0 };
	struct looking l = { 0 };
	int i = opt_parse(netns_tell_opts, &a, argc, argv, e), rc;
	auto_close int ns = -1;
	long long pid = 0;

	if (i < 0)
		return i;
	if (i < argc && str_num(argv[i], 1, INT_MAX, &pid) < 0)
		return err_bad(e, argv[i], "is no pid");
	if (argc - i > 1)
		return err_bad(e, argv[i + 1], "one word too many");
	ns = pid ? netns_open_pid((pid_t)pid, e) : netns_open_own(e);
	if (ns < 0)
		return ns;
	if (fstat(ns, &l.of) < 0)
		return err_sys(e, "network namespace", NULL);
	l.json = a.json;
	strbuf_add(&l.out, a.json ? "[" : "");
	rc = netns_each(add_if_same, &l, e);
	/* where it has no name that is an empty line, as with ip(8) */
	strbuf_add(&l.out, a.json ? "]\n" : l.out.len ? "" : "\n");
	if (rc == 0)
		return netns_print(&l.out, e);
	strbuf_release(&l.out);
	return rc;
}

/* ---- pids ---- */

static const struct opt pids_opts[] = {
	{ OPT_GROUP, .off = 0, .group = netns_tell_opts },
	{ OPT_OPERAND, .name = "NS", .off = offsetof(struct netns_tell, ns) },
	{ OPT_END },
};

static int list_pids(uint64_t ino, bool json, struct strbuf *out, struct err *e)
{
	struct ns_list l;
	int kind = (int)(ns_kind(CLONE_NEWNET) - ns_kinds), rc;

	rc = ns_list_read(&l, 1u << kind, 0, e);
	strbuf_add(out, json ? "[" : "");
	for (size_t i = 0; i < l.n_tasks; i++) {
		if (l.tasks[i].ns[kind] != ino)
			continue;
		if (json)
			netns_json_next(out);
		strbuf_addf(out, json ? "\"pid\":%d}" : "%d\n", l.tasks[i].pid);
	}
	strbuf_add(out, json ? "]\n" : "");
	ns_list_release(&l);
	return rc;
}

static int pids_main(int argc, char **argv, struct err *e)
{
	struct netns_tell a = { 0 };
	struct strbuf out = { 0 };
	int rc = netns_parse(pids_opts, &a, argc, argv, e);
	auto_close int ns = rc < 0 ? rc : netns_open_target(a.ns, e);
	struct stat st;

	if (ns < 0)
		return ns;
	if (fstat(ns, &st) < 0)
		return err_sys(e, "network namespace", NULL);
	rc = list_pids(st.st_ino, a.json, &out, e);
	if (rc == 0)
		return netns_print(&out, e);
	strbuf_release(&out);
	return rc;
}

/* ---- monitor ---- */

static const struct opt no_opts[] = { { OPT_END } };

static void tell_event(const struct inotify_event *ev, struct err *e)
{
	char quoted[NETNS_QUOTED];

	if (ev->mask & IN_Q_OVERFLOW) {
		err_bad(e, NETNS_DIR, "more came and went than the kernel remembers");
		applet_warn(e, "");
	} else if (ev->len) {
		err_quote(ev->name, quoted, sizeof quoted);
		printf("%s %s\n", ev->mask & IN_CREATE ? "add" : "delete", quoted);
	}
}

/* One read(2)'s events; false at the end, when the folder itself is gone. */
static bool tell_events(const char *buf, ssize_t len, struct err *e)
{
	bool more = true;

	for (ssize_t at = 0; at < len;) {
		const struct inotify_event *ev = (const void *)(buf + at);

		more = more && !(ev->mask & IN_IGNORED);
		tell_event(ev, e);
		at += (ssize_t)(sizeof *ev + ev->len);
	}
	return more;
}

static int monitor_main(int argc, char **argv, struct err *e)
{
	char buf[16384] __attribute__((aligned(8)));
	int rc = netns_parse(no_opts, NULL, argc, argv, e);
	auto_close int fd = rc < 0 ? rc : inotify_init1(IN_CLOEXEC);
	ssize_t len;

	if (rc < 0)
		return rc;
	rc = fd < 0 ? err_sys(e, "inotify", NULL) : netns_make_dir(e);
	if (rc < 0)
		return rc;
	if (inotify_add_watch(fd, NETNS_DIR, IN_CREATE | IN_DELETE | IN_ONLYDIR) < 0)
		return err_sys(e, NETNS_DIR, "watch");
	do {
		len = read(fd, buf, sizeof buf);
		if (len < 0 && errno != EINTR)
			return err_sys(e, "inotify", "read");
		/* each line is for somebody who waits for it, also behind a pipe */
	} while (tell_events(buf, len, e) && fflush(stdout) == 0);
	return 0;
}

/* ---- the verbs ---- */

const struct applet netns_verb_identify = {
	.name = "identify",
	.synopsis = "[-j] [PID]",
	.summary = "tell the names of a process's network namespace, or of this one",
	.opts = netns_tell_opts,
	.main = identify_main,
	.fail = 1,
};

const struct applet netns_verb_monitor = {
	.name = "monitor",
	.synopsis = "",
	.summary = "tell each name that comes or goes, until it is killed",
	.opts = no_opts,
	.main = monitor_main,
	.fail = 1,
};

const struct applet netns_verb_pids = {
	.name = "pids",
	.synopsis = "[-j] NS",
	.summary = "tell which processes are in a network namespace",
	.opts = pids_opts,
	.main = pids_main,
	.fail = 1,
};
