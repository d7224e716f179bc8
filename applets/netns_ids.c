/* netns list-id, set: the numbers that this network namespace has for others. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/json.h"
#include "core/netns.h"
#include "core/rtnl.h"
#include "core/str.h"

#define OFF(field) offsetof(struct set_args, field)

struct set_args {
	const char *name, *id;
};

static const struct opt set_opts[] = {
	{ OPT_OPERAND, .name = "NAME", .off = OFF(name) },
	{ OPT_OPERAND, .name = "N", .off = OFF(id) },
	{ OPT_END },
};

static int parse_id(const char *text, long long *id, struct err *e)
{
	if (str_num(text, 0, INT_MAX, id) == 0)
		return 0;
	e->status = NETNS_EXIT_WORD;
	return err_bad(e, text, "wants a number from 0 to %d", INT_MAX);
}

static int set_main(int argc, char **argv, struct err *e)
{
	struct set_args a = { 0 };
	int rc = netns_parse(set_opts, &a, argc, argv, e);
	auto_close int ns = -1;
	long long id = -1;
	struct nl nl;

	if (rc == 0 && strcmp(a.id, "auto"))
		rc = parse_id(a.id, &id, e);
	if (rc == 0)
		rc = netns_check_name(a.name, e);
	if (rc == 0)
		rc = ns = netns_open(a.name, e);
	if (rc >= 0)
		rc = nl_open(&nl, NETLINK_ROUTE, e);
	if (rc < 0)
		return rc;
	rc = rtnl_netnsid_set(&nl, ns, (int)id);
	if (rc < 0) {
		nl_err(&nl, e, rc, a.name, "give it the number %s", a.id);
		e->status = NETNS_EXIT_KERNEL;
	}
	nl_close(&nl);
	return rc;
}

/* ---- list-id ---- */

/* Names of those that have a number here. */
struct numbered {
	struct name {
		char *name; /* owned */
		int id;
	} *v;
	size_t n;
	struct nl nl;
};

static int add_numbered(const char *name, int ns, void *data)
{
	struct numbered *all = data;
	struct name *v;
	int id = -1;

	if (ns < 0 || rtnl_netnsid(&all->nl, ns, &id) < 0 || id < 0)
		return 0;
	v = realloc(all->v, (all->n + 1) * sizeof *v);
	if (!v)
		return -ENOMEM;
	all->v = v;
	v[all->n] = (struct name){ strdup(name), id };
	return v[all->n++].name ? 0 : -ENOMEM;
}

static const char *name_of(const struct numbered *all, int id)
{
	for (size_t i = 0; i < all->n && id >= 0; i++)
		if (all->v[i].id == id)
			return all->v[i].name;
	return NULL;
}

struct listing {
	struct strbuf out;
	struct numbered names;
	bool json;
};

/* As ip(8) has it, a blank behind each. */
static void add_number(const struct listing *l, struct strbuf *out, const char *what, int id)
{
	if (l->json && id >= 0)
		strbuf_addf(out, "\"%s\":%d,", what, id);
	else if (!l->json && id >= 0)
		strbuf_addf(out, "%s %d ", what, id);
	else if (!l->json)
		strbuf_addf(out, "%s unassigned ", what);
}

static int list_one(const struct rtnl_netnsid *n, void *data)
{
	struct listing *l = data;
	const char *name = name_of(&l->names, n->own);
	char quoted[NETNS_QUOTED];

	if (l->json)
		netns_json_next(&l->out);
	add_number(l, &l->out, "nsid", n->id);
	if (n->has_own)
		add_number(l, &l->out, "current-nsid", n->own);
	if (!l->json) {
		err_quote(name ? name : "", quoted, sizeof quoted);
		strbuf_addf(&l->out, name ? "(iproute2 netns name: %s)\n" : "%s\n", quoted);
		return 0;
	}
	if (name) {
		strbuf_add(&l->out, "\"name\":");
		json_add_string(&l->out, name);
	} else if (l->out.s[l->out.len - 1] == ',') {
		l->out.len--;
	}
	strbuf_add(&l->out, "}");
	return 0;
}

/* "target-nsid N" and "nsid N", in either order. */
static int parse_words(char **argv, int *target, int *id, struct err *e)
{
	for (; *argv; argv += 2) {
		bool is_target = !strcmp(*argv, "target-nsid");
		long long n;
		int rc;

		if (!is_target && strcmp(*argv, "nsid"))
			return err_bad(e, *argv, "list-id takes target-nsid N and nsid N");
		if (!argv[1])
			return err_bad(e, *argv, "wants a number");
		rc = parse_id(argv[1], &n, e);
		if (rc < 0)
			return rc;
		*(is_target ? target : id) = (int)n;
	}
	return 0;
}

static int list_ids(struct listing *l, int target, int id, struct err *e)
{
	struct nl nl;
	int rc = netns_each(add_numbered, &l->names, e);

	if (rc == 0)
		rc = nl_open(&nl, NETLINK_ROUTE, e);
	if (rc < 0)
		return rc;
	strbuf_add(&l->out, l->json ? "[" : "");
	rc = rtnl_netnsids(&nl, target, id, list_one, l);
	if (rc < 0)
		nl_err(&nl, e, rc, "list-id", "ask for the numbers");
	strbuf_add(&l->out, l->json ? "]\n" : "");
	nl_close(&nl);
	return rc;
}

static int list_id_main(int argc, char **argv, struct err *e)
{
	struct netns_tell a = { 0 };
	struct listing l = { 0 };
	int i = opt_parse(netns_tell_opts, &a, argc, argv, e), target = -1, id = -1, rc;

	rc = i < 0 ? i : parse_words(argv + i, &target, &id, e);
	if (rc < 0)
		return rc;
	l.json = a.json;
	rc = list_ids(&l, target, id, e);
	for (size_t n = 0; n < l.names.n; n++)
		free(l.names.v[n].name);
	free(l.names.v);
	nl_close(&l.names.nl);
	if (rc == 0)
		return netns_print(&l.out, e);
	strbuf_release(&l.out);
	return rc;
}

const struct applet netns_verb_list_id = {
	.name = "list-id",
	.synopsis = "[-j] [target-nsid N] [nsid N]",
	.summary = "tell the numbers that this namespace, or the one with number N, has for others",
	.opts = netns_tell_opts,
	.main = list_id_main,
	.fail = 1,
};

const struct applet netns_verb_set = {
	.name = "set",
	.synopsis = "NAME N|auto",
	.summary = "give a network namespace a number in this one",
	.opts = set_opts,
	.main = set_main,
	.fail = 1,
};
