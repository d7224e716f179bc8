/* lsns: list namespaces, as util-linux's lsns(8) does. */
#include "applets/lsns.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "applets/applet.h"
#include "core/ns.h"

#define OFF(field) offsetof(struct lsns_args, field)

static const char *const types[] = { "mnt", "net", "ipc", "user", "pid", "uts", "cgroup", "time", NULL };
static const char *const trees[] = { "owner", "parent", "process", NULL };

const struct opt lsns_opts[] = {
	{ OPT_FLAG, 'J', "json", NULL, "print JSON", OFF(json) },
	{ OPT_FLAG, 'l', "list", NULL, "print a list and no tree", OFF(list) },
	{ OPT_FLAG, 'n', "noheadings", NULL, "no line of headings", OFF(no_headings) },
	{ OPT_STR, 'o', "output", "LIST", "columns, separated by commas; +LIST adds to the usual ones", OFF(output) },
	{ OPT_FLAG, 0, "output-all", NULL, "all columns", OFF(output_all) },
	{ OPT_FLAG, 'P', "persistent", NULL, "only namespaces that no process is in", OFF(persistent) },
	{ OPT_NUM, 'p', "task", "PID", "only the namespaces that this process is in", OFF(task), .min = 1, .max = INT_MAX },
	{ OPT_FLAG, 'r', "raw", NULL, "print fields with one blank between them, for scripts", OFF(raw) },
	{ OPT_LIST, 't', "type", "TYPE", "only mnt, net, ipc, user, pid, uts, cgroup or time; may be repeated", OFF(types), .words = types },
	{ OPT_MAYBE, 'T', "tree", "REL", "a tree by owner (default), parent or process", OFF(tree), .words = trees, .flags = OPT_ATTACHED },
	{ OPT_FLAG, 'u', "notruncate", NULL, "do not cut commands off at the terminal's edge", OFF(no_truncate) },
	{ OPT_FLAG, 'W', "nowrap", NULL, "several values of a cell in one line, with commas", OFF(no_wrap) },
	{ OPT_FLAG, 'H', "list-columns", NULL, "print the names of the columns", OFF(list_columns) },
	{ OPT_END },
};

const struct lsns_info lsns_infos[LSNS_COLUMNS] = {
	[LSNS_NS] = { { "NS", TABLE_RIGHT | TABLE_NUMBER }, "inode number of the namespace" },
	[LSNS_TYPE] = { { "TYPE", 0, 5 }, "kind of namespace" },
	[LSNS_PATH] = { { "PATH", 0 }, "file that leads to it" },
	[LSNS_NPROCS] = { { "NPROCS", TABLE_RIGHT | TABLE_NUMBER }, "how many processes are in it" },
	[LSNS_PID] = { { "PID", TABLE_RIGHT | TABLE_NUMBER, 5 }, "lowest pid in it" },
	[LSNS_PPID] = { { "PPID", TABLE_RIGHT | TABLE_NUMBER, 5 }, "parent of that process" },
	[LSNS_COMMAND] = { { "COMMAND", TABLE_CUT }, "command line of that process" },
	[LSNS_UID] = { { "UID", TABLE_RIGHT | TABLE_NUMBER }, "user id of that process; without one, of the owner" },
	[LSNS_USER] = { { "USER", 0 }, "and the user's name" },
	[LSNS_NETNSID] = { { "NETNSID", TABLE_RIGHT }, "number that our network namespace has for it" },
	[LSNS_NSFS] = { { "NSFS", TABLE_LINES }, "where it is mounted" },
	[LSNS_PNS] = { { "PNS", TABLE_RIGHT | TABLE_NUMBER }, "inode number of its parent" },
	[LSNS_ONS] = { { "ONS", TABLE_RIGHT | TABLE_NUMBER }, "inode number of the user namespace that owns it" },
};

bool lsns_has_column(const struct lsns_view *v, enum lsns_column c)
{
	for (size_t i = 0; i < v->n_columns; i++)
		if (v->columns[i] == c)
			return true;
	return false;
}

static int add_column(struct lsns_view *v, const char *name, struct err *e)
{
	for (int c = 0; c < LSNS_COLUMNS; c++) {
		if (strcasecmp(name, lsns_infos[c].column.name))
			continue;
		if (v->n_columns == LSNS_COLUMNS_MAX)
			return err_bad(e, name, "more than %d columns", LSNS_COLUMNS_MAX);
		v->columns[v->n_columns++] = (enum lsns_column)c;
		return 0;
	}
	err_bad(e, name, "no such column");
	err_hint(e, "nestbox lsns --list-columns says which there are");
	return -EINVAL;
}

static int add_columns(struct lsns_view *v, const char *list, struct err *e)
{
	const char *rest = list;
	char name[32];
	int rc = 0, len;

	while (rc == 0 && (len = str_next(&rest, ',', name, sizeof name)) != -ENOENT)
		rc = len < 0 ? err_bad(e, list, "no such column") : add_column(v, name, e);
	return rc;
}

static int choose_columns(const struct lsns_args *a, struct lsns_view *v, struct err *e)
{
	const char *usual = "NS,TYPE,NPROCS,PID,USER,COMMAND";

	if (a->ns)
		usual = "PID,PPID,USER,COMMAND";
	else if (strs_has(&a->types, "net"))
		usual = "NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND";
	if (a->output && *a->output != '+')
		return add_columns(v, a->output, e);
	if (a->output_all)
		for (int c = 0; c < LSNS_COLUMNS; c++)
			v->columns[v->n_columns++] = (enum lsns_column)c;
	else
		add_columns(v, usual, e);
	return a->output ? add_columns(v, a->output + 1, e) : 0;
}

static int check_excluded(const struct lsns_args *a, struct err *e)
{
	if (a->json && a->raw)
		return err_bad(e, "--json", "excludes --raw");
	if (a->persistent && a->task.set)
		return err_bad(e, "--persistent", "excludes --task");
	if (a->list && a->tree.set)
		return err_bad(e, "--list", "excludes --tree");
	if (a->ns && a->task.set)
		return err_bad(e, "--task", "excludes a namespace");
	return 0;
}

int lsns_view_make(const struct lsns_args *a, struct lsns_view *v, struct err *e)
{
	const char *tree = a->tree.value ? a->tree.value : "owner";
	int rc = check_excluded(a, e);

	*v = (struct lsns_view){ 0 };
	if (rc == 0)
		rc = choose_columns(a, v, e);
	for (int k = 0; k < NS_KINDS; k++)
		if (!a->types.n || strs_has(&a->types, ns_kinds[k].file))
			v->kinds |= 1u << k;
	if (a->tree.set)
		v->tree = !strcmp(tree, "owner") ? LSNS_OWNER : !strcmp(tree, "parent") ? LSNS_PARENT : LSNS_PROCESS;
	else if (!a->list && (!a->output_all || a->ns))
		v->tree = LSNS_PROCESS;
	return rc;
}

static int print(const struct table *t, const struct lsns_args *a, const char *name, struct err *e)
{
	struct table_look look = {
		.form = a->json ? TABLE_JSON : a->raw ? TABLE_RAW : TABLE_TEXT,
		.headings = !a->no_headings && !a->list_columns,
		.name = name,
	};
	struct strbuf out = { 0 };
	int rc = 0;

	table_look_terminal(&look);
	table_print(t, &look, &out);
	if (out.failed)
		rc = err_set(e, ENOMEM, "output", NULL);
	else if (out.s)
		fputs(out.s, stdout);
	strbuf_release(&out);
	return rc;
}

static int list_columns(const struct lsns_args *a, struct err *e)
{
	static const struct table_column columns[] = { { "HOLDER", TABLE_RIGHT }, { "TYPE", 0 }, { "DESCRIPTION", 0 } };
	struct table t = { .columns = columns, .n_columns = 3, .root = -1, .last_root = -1 };
	int rc = 0;

	for (int c = 0; c < LSNS_COLUMNS && rc == 0; c++) {
		char **cells = table_add(&t, -1);

		if (cells) {
			cells[0] = strdup(lsns_infos[c].column.name);
			cells[1] = strdup(lsns_infos[c].column.flags & TABLE_NUMBER ? "<number>" : "<string>");
			cells[2] = strdup(lsns_infos[c].help);
		}
		if (!cells || !cells[0] || !cells[1] || !cells[2])
			rc = err_set(e, ENOMEM, "output", NULL);
	}
	if (rc == 0)
		rc = print(&t, a, "lsns-columns", e);
	table_release(&t);
	return rc;
}

/* What has to be looked at for this view. */
static unsigned what_of(const struct lsns_args *a, const struct lsns_view *v)
{
	unsigned what = 0;

	if (lsns_has_column(v, LSNS_NSFS))
		what |= NS_LIST_MOUNTS;
	if (v->tree >= LSNS_PARENT)
		what |= NS_LIST_UNSEEN;
	if (lsns_has_column(v, LSNS_PNS) || lsns_has_column(v, LSNS_ONS))
		what |= NS_LIST_RELATED;
	/* neither is a process in it */
	if (!a->task.set && !a->ns)
		what |= NS_LIST_MOUNTS | NS_LIST_FDS;
	return what;
}

/* The list, and in *of the namespace that was named. One that no process is in is looked for only now. */
static int read_list(const struct lsns_args *a, const struct lsns_view *v, struct ns_list *l, const struct ns_entry **of, struct err *e)
{
	unsigned what = what_of(a, v);
	long long ino = 0;
	int rc = a->ns && str_num(a->ns, 1, LLONG_MAX, &ino) < 0 ? err_bad(e, a->ns, "is no inode number") : 0;

	if (rc == 0)
		rc = ns_list_read(l, v->kinds, what, e);
	if (rc == 0 && a->ns && !ns_list_find(l, (uint64_t)ino)) {
		ns_list_release(l);
		rc = ns_list_read(l, v->kinds, what | NS_LIST_MOUNTS | NS_LIST_FDS, e);
	}
	if (rc == 0 && a->ns && !(*of = ns_list_find(l, (uint64_t)ino)))
		rc = err_bad(e, a->ns, "no such namespace is in sight");
	/* as util-linux says it */
	if (rc == -ENOTTY)
		e->status = 2;
	return rc;
}

static int list_namespaces(const struct lsns_args *a, struct err *e)
{
	struct table_column columns[LSNS_COLUMNS_MAX];
	struct table t = { .columns = columns, .root = -1, .last_root = -1 };
	struct ns_list l = { 0 };
	const struct ns_entry *of = NULL;
	struct lsns_view v;
	int rc = lsns_view_make(a, &v, e);

	for (size_t i = 0; rc == 0 && i < v.n_columns; i++) {
		unsigned *flags = &columns[i].flags;

		columns[i] = lsns_infos[v.columns[i]].column;
		if (a->no_truncate)
			*flags &= ~(unsigned)TABLE_CUT;
		if (a->no_wrap || a->raw)
			*flags &= ~(unsigned)TABLE_LINES;
		if (v.columns[i] == LSNS_COMMAND && v.tree == LSNS_PROCESS)
			*flags |= TABLE_TREE;
		if (v.columns[i] == LSNS_NS && v.tree >= LSNS_PARENT)
			*flags = (*flags & ~(unsigned)TABLE_RIGHT) | TABLE_TREE;
	}
	t.n_columns = v.n_columns;
	if (rc == 0)
		rc = read_list(a, &v, &l, &of, e);
	if (rc == 0)
		rc = lsns_rows(a, &v, &l, of, &t, e);
	if (rc == 0)
		rc = print(&t, a, "namespaces", e);
	table_release(&t);
	ns_list_release(&l);
	return rc;
}

/* Options may also follow the namespace. */
static int parse(struct lsns_args *a, int argc, char **argv, struct err *e)
{
	for (;;) {
		int used = opt_parse(lsns_opts, a, argc, argv, e);

		if (used < 0 || used == argc)
			return used < 0 ? used : 0;
		if (a->ns)
			return err_bad(e, argv[used], "only one namespace can be named");
		a->ns = argv[used];
		argv += used;
		argc -= used;
	}
}

static int lsns_main(int argc, char **argv, struct err *e)
{
	struct lsns_args a = { 0 };
	int rc = parse(&a, argc, argv, e);

	if (rc == -EINVAL)
		err_hint(e, "nestbox lsns --help lists the options");
	if (rc == 0)
		rc = a.list_columns ? list_columns(&a, e) : list_namespaces(&a, e);
	opt_release(lsns_opts, &a);
	return rc;
}

const struct applet applet_lsns = {
	.name = "lsns",
	.synopsis = "[OPTIONS] [NAMESPACE]",
	.summary = "list namespaces",
	.opts = lsns_opts,
	.notes = "NAMESPACE is an inode number, as in the column NS; its processes are listed.",
	.main = lsns_main,
	.fail = 1,
};
