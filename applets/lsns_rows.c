/* lsns_rows: which rows there are, below which other, and what is in them. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/lsns.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/rtnl.h"
#include "core/sys.h"

/* A process, as far as it could be read before it was gone. */
struct process {
	pid_t pid;       /* 0: none */
	long long ppid, uid; /* -1: not known */
};

struct user {
	uid_t uid;
	char *name; /* owned */
};

struct rows {
	const struct lsns_args *a;
	const struct lsns_view *v;
	const struct ns_list *l;
	struct table *t;
	bool branches;           /* the column that the tree is drawn in is there */
	int *of_task, *of_entry; /* owned: the row of each, -1: none yet */
	struct user *users;      /* owned */
	size_t n_users;
	struct nl nl;            /* opened when first needed */
};

enum { NO_ROW = -1, ROW_TO_COME = -2 };

static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return strdup(text);
}

/* "Uid:\t1000\t1001\t..." of /proc/PID/status: the `n`th number behind `key`; -1. */
static long long number_of(const char *text, const char *key, int n)
{
	const char *s = strstr(text, key);

	if (!s)
		return -1;
	s += strlen(key);
	while (n-- > 0) {
		s += strspn(s, "\t ");
		s += strcspn(s, "\t \n");
	}
	s += strspn(s, "\t ");
	return *s >= '0' && *s <= '9' ? strtoll(s, NULL, 10) : -1;
}

static struct process read_process(const struct rows *r, pid_t pid)
{
	struct process p = { pid, -1, -1 };
	const struct lsns_view *v = r->v;
	char path[64], text[4096];
	auto_close int fd = -1;
	ssize_t n;

	if (!pid || (v->tree != LSNS_PROCESS && !lsns_has_column(v, LSNS_PPID) && !lsns_has_column(v, LSNS_UID) &&
		     !lsns_has_column(v, LSNS_USER)))
		return p;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	/* what is asked for stands at its start; a process with many groups has a long one */
	fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n <= 0)
		return p;
	text[n] = '\0';
	/* no line break comes from the name, in the first line: proc_pid_status(5) */
	p.ppid = number_of(text, "\nPPid:", 0);
	/* the effective one */
	p.uid = number_of(text, "\nUid:", 1);
	return p;
}

/* The arguments, or the name that kernel threads and zombies have alone. */
static char *command_of(pid_t pid)
{
	char path[64], text[8192];
	auto_close int fd = -1;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	while (n > 0 && !text[n - 1])
		n--;
	if (n > 0) {
		text[n] = '\0';
		for (ssize_t i = 0; i < n; i++)
			if (!text[i])
				text[i] = ' ';
		return strdup(text);
	}
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	n = fd_get(AT_FDCWD, path, text, sizeof text);
	if (n <= 0)
		return NULL;
	text[n - 1] = '\0';
	return strdup(text);
}

/* A user's name, or the number where it has none; NULL: no memory. */
static const char *user_name(struct rows *r, uid_t uid)
{
	struct cred_user found = { 0 };
	struct err unused = { 0 };
	struct user *v;
	char *number, *name;

	for (size_t i = 0; i < r->n_users; i++)
		if (r->users[i].uid == uid)
			return r->users[i].name;
	number = format("%u", uid);
	if (number)
		cred_user_find(number, NULL, &found, &unused);
	name = strdup(found.name ? found.name : number ? number : "");
	free(number);
	cred_user_release(&found);
	v = name ? realloc(r->users, (r->n_users + 1) * sizeof *v) : NULL;
	if (!v) {
		free(name);
		return NULL;
	}
	r->users = v;
	v[r->n_users++] = (struct user){ uid, name };
	return name;
}

static char *netnsid_of(struct rows *r, const struct ns_entry *n)
{
	auto_close int fd = -1;
	int id;

	if (ns_kinds[n->kind].flag != CLONE_NEWNET || (fd = ns_list_open(n)) < 0 || rtnl_netnsid(&r->nl, fd, &id) < 0)
		return NULL;
	return id < 0 ? strdup("unassigned") : format("%d", id);
}

/* Each place once, though several mounts may lie there. */
static char *nsfs_of(const struct rows *r, const struct ns_entry *n)
{
	const char *between = r->a->no_wrap || r->a->raw ? "," : "\n";
	const struct ns_mount *v = r->l->mounts;
	struct strbuf all = { 0 };

	for (size_t i = 0; i < r->l->n_mounts; i++) {
		size_t first = 0;

		if (v[i].ino != n->ino)
			continue;
		while (v[first].ino != n->ino || strcmp(v[first].path, v[i].path))
			first++;
		if (first < i)
			continue;
		strbuf_add(&all, all.len ? between : "");
		strbuf_add(&all, v[i].path);
	}
	return all.s;
}

static char *path_of(const struct ns_entry *n, pid_t pid)
{
	if (pid)
		return format("/proc/%d/ns/%s", pid, ns_kinds[n->kind].file);
	return n->path ? strdup(n->path) : NULL;
}

static long long uid_of(const struct ns_entry *n, const struct process *p)
{
	uid_t uid;

	return p->pid ? p->uid : ns_list_owner(n, &uid) == 0 ? (long long)uid : -1;
}

/* NULL: nothing to say, or no memory, which the next row will meet too. */
static char *cell(struct rows *r, enum lsns_column c, const struct ns_entry *n, const struct process *p)
{
	const char *name;
	long long uid;

	switch (c) {
	case LSNS_NS:
		return format("%llu", (unsigned long long)n->ino);
	case LSNS_TYPE:
		return strdup(ns_kinds[n->kind].file);
	case LSNS_PATH:
		return path_of(n, p->pid);
	case LSNS_NPROCS:
		return format("%u", n->n_tasks);
	case LSNS_PID:
		return p->pid ? format("%d", p->pid) : NULL;
	case LSNS_PPID:
		return p->ppid >= 0 ? format("%lld", p->ppid) : NULL;
	case LSNS_COMMAND:
		return p->pid ? command_of(p->pid) : NULL;
	case LSNS_UID:
		uid = uid_of(n, p);
		return uid >= 0 ? format("%lld", uid) : NULL;
	case LSNS_USER:
		uid = uid_of(n, p);
		name = uid >= 0 ? user_name(r, (uid_t)uid) : NULL;
		return name ? strdup(name) : NULL;
	case LSNS_NETNSID:
		return netnsid_of(r, n);
	case LSNS_NSFS:
		return nsfs_of(r, n);
	case LSNS_PNS:
		return format("%llu", (unsigned long long)n->parent);
	default:
		return format("%llu", (unsigned long long)n->owner);
	}
}

/* The new row's number, or -ENOMEM. */
static int add_row(struct rows *r, const struct ns_entry *n, const struct process *p, int parent)
{
	char **cells = table_add(r->t, r->branches && parent >= 0 ? parent : -1);

	if (!cells)
		return -ENOMEM;
	for (size_t i = 0; i < r->v->n_columns; i++)
		cells[i] = cell(r, r->v->columns[i], n, p);
	return (int)r->t->n_rows - 1;
}

/* Where the row of a process is noted, or NULL. */
static int *row_of(const struct rows *r, long long pid)
{
	const struct ns_task *t = pid > 0 ? ns_list_task(r->l, (pid_t)pid) : NULL;

	return t ? &r->of_task[t - r->l->tasks] : NULL;
}

/* A namespace stands below the row of its process' parent, the last one of those. */
static int add_by_process(struct rows *r, const struct ns_entry *n)
{
	struct process p = read_process(r, n->pid);
	const int *above = r->v->tree == LSNS_PROCESS ? row_of(r, p.ppid) : NULL;
	int row = add_row(r, n, &p, above ? *above : NO_ROW);
	int *own = row_of(r, p.pid);

	if (own && row >= 0)
		*own = row;
	return row < 0 ? row : 0;
}

/* A namespace stands below its parent or owner, which is shown for that though it may not have been asked for. */
static int add_by_relative(struct rows *r, const struct ns_entry *n)
{
	const struct ns_entry *parent = ns_list_find(r->l, n->parent), *owner = ns_list_find(r->l, n->owner);
	const struct ns_entry *above = r->v->tree == LSNS_OWNER ? owner : parent;
	const struct ns_entry *before = above ? above : owner;
	struct process p = read_process(r, n->pid);
	int *row = &r->of_entry[n - r->l->entries];
	int rc = 0;

	if (*row != NO_ROW)
		return 0;
	*row = ROW_TO_COME;
	/* without a parent, its owner at least comes first */
	if (before)
		rc = add_by_relative(r, before);
	if (rc == 0)
		rc = *row = add_row(r, n, &p, above ? r->of_entry[above - r->l->entries] : NO_ROW);
	return rc < 0 ? rc : 0;
}

static bool is_in(const struct ns_task *t, const struct ns_entry *n)
{
	return t && t->ns[n->kind] == n->ino;
}

static int add_namespaces(struct rows *r)
{
	const struct ns_task *task = r->a->task.set ? ns_list_task(r->l, (pid_t)r->a->task.v) : NULL;
	int rc = 0;

	for (size_t i = 0; i < r->l->n_entries && rc == 0; i++) {
		const struct ns_entry *n = &r->l->entries[i];

		if ((r->a->task.set && !is_in(task, n)) || (r->a->persistent && n->n_tasks))
			continue;
		rc = r->v->tree >= LSNS_PARENT ? add_by_relative(r, n) : add_by_process(r, n);
	}
	return rc;
}

/* A process of the namespace stands below its parent, if that is in it too. */
static int add_task(struct rows *r, const struct ns_entry *of, const struct ns_task *t)
{
	struct process p = read_process(r, t->pid);
	const struct ns_task *parent = r->v->tree && p.ppid > 0 ? ns_list_task(r->l, (pid_t)p.ppid) : NULL;
	int *row = &r->of_task[t - r->l->tasks];
	int rc = 0;

	if (*row != NO_ROW)
		return 0;
	*row = ROW_TO_COME;
	if (is_in(parent, of))
		rc = add_task(r, of, parent);
	if (rc == 0)
		rc = *row = add_row(r, of, &p, is_in(parent, of) ? r->of_task[parent - r->l->tasks] : NO_ROW);
	return rc < 0 ? rc : 0;
}

static int add_tasks(struct rows *r, const struct ns_entry *of)
{
	int rc = 0;

	for (size_t i = 0; i < r->l->n_tasks && rc == 0; i++)
		if (is_in(&r->l->tasks[i], of))
			rc = add_task(r, of, &r->l->tasks[i]);
	return rc;
}

static int *no_rows(size_t n)
{
	int *v = malloc((n + 1) * sizeof *v);

	for (size_t i = 0; v && i < n; i++)
		v[i] = NO_ROW;
	return v;
}

int lsns_rows(const struct lsns_args *a, const struct lsns_view *v, const struct ns_list *l, const struct ns_entry *of,
	      struct table *t, struct err *e)
{
	struct rows r = { .a = a, .v = v, .l = l, .t = t };
	int rc = -ENOMEM;

	r.branches = v->tree && lsns_has_column(v, v->tree == LSNS_PROCESS ? LSNS_COMMAND : LSNS_NS);
	r.of_task = no_rows(l->n_tasks);
	r.of_entry = no_rows(l->n_entries);
	if (r.of_task && r.of_entry)
		rc = of ? add_tasks(&r, of) : add_namespaces(&r);
	for (size_t i = 0; i < r.n_users; i++)
		free(r.users[i].name);
	free(r.users);
	free(r.of_task);
	free(r.of_entry);
	nl_close(&r.nl);
	return rc < 0 ? err_set(e, -rc, "namespaces", NULL) : 0;
}
