/* netns add, attach, del, gc, list: names come and go. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applets/gc.h"
#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/json.h"
#include "core/netns.h"
#include "core/ns.h"
#include "core/rtnl.h"
#include "core/str.h"
#include "core/sys.h"

/* ---- what the verbs share ---- */

const struct opt netns_tell_opts[] = {
	{ OPT_FLAG, 'j', "json", NULL, "as JSON", offsetof(struct netns_tell, json) },
	{ OPT_END },
};

const struct opt netns_all_opts[] = {
	{ OPT_FLAG, 'a', "all", NULL, "all that have a name; ip's -all does, too", offsetof(struct netns_all, all) },
	{ OPT_COUNT, 'l', "ll", NULL, "the end of -all", offsetof(struct netns_all, ll), .flags = OPT_HIDDEN },
	{ OPT_END },
};

static const struct opt no_opts[] = { { OPT_END } };

int netns_parse(const struct opt *opts, void *args, int argc, char **argv, struct err *e)
{
	int i = opt_parse(opts, args, argc, argv, e);

	if (i >= 0 && i < argc)
		i = err_bad(e, argv[i], "one word too many");
	if (i < 0 && i != -ECANCELED)
		err_hint(e, "nestbox netns %s --help says what it takes", strcmp(argv[0], "netns") ? argv[0] : "list");
	return i < 0 ? i : 0;
}

int netns_all_check(const struct netns_all *a, struct err *e)
{
	return a->ll && !(a->all && a->ll == 2) ? err_bad(e, "-l", "unknown option") : 0;
}

int netns_check_name(const char *name, struct err *e)
{
	int rc = netns_name_check(name, e);

	if (rc < 0)
		e->status = NETNS_EXIT_WORD;
	return rc;
}

int netns_print(struct strbuf *out, struct err *e)
{
	bool failed = out->failed;

	if (out->s && !failed)
		fputs(out->s, stdout);
	strbuf_release(out);
	return failed ? err_set(e, ENOMEM, "netns", NULL) : 0;
}

void netns_json_next(struct strbuf *out)
{
	strbuf_add(out, out->len > 1 ? ",{" : "{");
}

static int collect(const char *name, int ns, void *data)
{
	char *copy = strdup(name);

	(void)ns;
	if (copy && strs_add(data, copy) == 0)
		return 0;
	free(copy);
	return -ENOMEM;
}

int netns_names(struct strs *names, struct err *e)
{
	int rc = netns_each(collect, names, e);

	return rc == -ENOMEM ? err_set(e, ENOMEM, NETNS_DIR, NULL) : rc;
}

void netns_names_release(struct strs *names)
{
	for (size_t i = 0; i < names->n; i++)
		free((char *)(size_t)names->v[i]);
	strs_release(names);
}

/* ---- add, attach ---- */

struct name_args {
	const char *name, *target;
};

static const struct opt add_opts[] = {
	{ OPT_OPERAND, .name = "NAME", .off = offsetof(struct name_args, name) },
	{ OPT_END },
};

static int add_main(int argc, char **argv, struct err *e)
{
	struct name_args a = { 0 };
	int rc = netns_parse(add_opts, &a, argc, argv, e);
	auto_close int ns = -1;

	if (rc == 0)
		rc = netns_check_name(a.name, e);
	/* first the namespace, then the name: nobody is to see one without the other */
	if (rc == 0)
		rc = ns_unshare(CLONE_NEWNET, e);
	if (rc == 0)
		rc = ns = netns_open_own(e);
	return rc < 0 ? rc : netns_bind(a.name, ns, e);
}

static const struct opt attach_opts[] = {
	{ OPT_OPERAND, .name = "NAME", .off = offsetof(struct name_args, name) },
	{ OPT_OPERAND, .name = "PID", .off = offsetof(struct name_args, target) },
	{ OPT_END },
};

static int attach_main(int argc, char **argv, struct err *e)
{
	struct name_args a = { 0 };
	int rc = netns_parse(attach_opts, &a, argc, argv, e);
	auto_close int ns = -1;
	long long pid;

	if (rc == 0)
		rc = netns_check_name(a.name, e);
	if (rc < 0)
		return rc;
	/* a number is a pid here, as with ip(8), also where there is a name like it */
	ns = str_num(a.target, 1, INT_MAX, &pid) == 0 ? netns_open_pid((pid_t)pid, e) : netns_open_target(a.target, e);
	return ns < 0 ? ns : netns_bind(a.name, ns, e);
}

/* ---- del, gc ---- */

static int delete_each(const char *const *names, size_t n, bool all, struct err *e)
{
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		int rc = netns_check_name(names[i], e);

		rc = rc < 0 ? rc : netns_delete(names[i], e);

		/* somebody else was faster */
		if (rc == 0 || (all && rc == -ENOENT))
			continue;
		status = status ? status : e->status ? e->status : 1;
		applet_warn(e, "");
	}
	return status;
}

static int delete_all(struct err *e)
{
	struct strs names = { 0 };
	int rc = netns_names(&names, e);

	if (rc == 0)
		rc = delete_each(names.v, names.n, true, e);
	netns_names_release(&names);
	return rc;
}

static int del_main(int argc, char **argv, struct err *e)
{
	struct netns_all a = { 0 };
	int i = opt_parse(netns_all_opts, &a, argc, argv, e);

	if (i < 0)
		return i;
	if (netns_all_check(&a, e) < 0)
		return -EINVAL;
	if (a.all && i < argc)
		return err_bad(e, argv[i], "one name is too many where all are to go");
	if (!a.all && i == argc)
		return err_bad(e, "NAME", "missing operand");
	return a.all ? delete_all(e) : delete_each((const char *const *)(size_t)argv + i, (size_t)(argc - i), false, e);
}

static int gc_main(int argc, char **argv, struct err *e)
{
	int rc = netns_parse(no_opts, NULL, argc, argv, e), n;

	if (rc < 0)
		return rc;
	n = netns_gc(e);
	if (n > 0)
		printf("%d file%s removed\n", n, n == 1 ? "" : "s");
	return n < 0 ? n : gc_ports(e);
}

/* ---- list ---- */

struct listing {
	struct strbuf out;
	struct nl nl;
	bool json;
	struct err *e;
};

static int list_one(const char *name, int ns, void *data)
{
	struct listing *l = data;
	char quoted[NETNS_QUOTED];
	int id = -1;

	if (ns >= 0)
		rtnl_netnsid(&l->nl, ns, &id);
	err_quote(name, quoted, sizeof quoted);
	if (ns < 0) {
		err_set(l->e, ns == -ESTALE ? 0 : -ns, name, ns == -ESTALE ? "(stale) no network namespace is mounted on its file" : "open");
		applet_warn(l->e, "");
		err_clear(l->e);
	}
	if (!l->json) {
		strbuf_add(&l->out, quoted);
		if (id >= 0)
			strbuf_addf(&l->out, " (id: %d)", id);
		strbuf_add(&l->out, "\n");
		return 0;
	}
	netns_json_next(&l->out);
	strbuf_add(&l->out, "\"name\":");
	json_add_string(&l->out, name);
	if (id >= 0)
		strbuf_addf(&l->out, ",\"id\":%d", id);
	strbuf_add(&l->out, "}");
	return 0;
}

static int list_main(int argc, char **argv, struct err *e)
{
	struct netns_tell a = { 0 };
	struct listing l = { .e = e };
	int rc = netns_parse(netns_tell_opts, &a, argc, argv, e);

	if (rc < 0)
		return rc;
	l.json = a.json;
	strbuf_add(&l.out, a.json ? "[" : "");
	rc = netns_each(list_one, &l, e);
	strbuf_add(&l.out, a.json ? "]\n" : "");
	nl_close(&l.nl);
	if (rc == 0)
		return netns_print(&l.out, e);
	strbuf_release(&l.out);
	return rc;
}

/* ---- the verbs ---- */

const struct applet netns_verb_add = {
	.name = "add",
	.synopsis = "NAME",
	.summary = "make a network namespace that has a name",
	.opts = add_opts,
	.notes = "It is what \"ip netns add\" makes: a mount on " NETNS_DIR "/NAME. Its lo is down.",
	.main = add_main,
	.fail = 1,
};

const struct applet netns_verb_attach = {
	.name = "attach",
	.synopsis = "NAME PID|NS",
	.summary = "give the network namespace of a process a name",
	.opts = attach_opts,
	.notes = "NS: another name, a path, \"self\" or \"host\".",
	.main = attach_main,
	.fail = 1,
};

const struct applet netns_verb_del = {
	.name = "del",
	.also = "delete",
	.synopsis = "NAME... | -a",
	.summary = "take names away",
	.opts = netns_all_opts,
	.notes = "The namespace itself goes with the last process in it.",
	.main = del_main,
	.fail = 1,
};

const struct applet netns_verb_gc = {
	.name = "gc",
	.synopsis = "",
	.summary = "remove files that no network namespace is mounted on, and ports of the dead",
	.opts = no_opts,
	.main = gc_main,
	.fail = 1,
};

const struct applet netns_verb_list = {
	.name = "list",
	.also = "ls lst",
	.synopsis = "[-j]",
	.summary = "tell the names, and the numbers that this namespace has for them",
	.opts = netns_tell_opts,
	.main = list_main,
	.fail = 1,
};
