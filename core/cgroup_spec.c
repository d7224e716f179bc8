#include "core/cgroup_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fd.h"

/* More cannot be told apart: the kernel has some fifteen controllers. */
#define WANTED_MAX 64

/* A name within the path: what mkdir takes, and nothing that leads elsewhere. */
static int check_name(const char *name, size_t len, const char *text, struct err *e)
{
	if (len == 0)
		return err_bad(e, text, "empty name in the group's path");
	if ((len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.'))
		return err_bad(e, text, "\".\" and \"..\" are no names of groups");
	if (len > 255)
		return err_bad(e, text, "a group's name has at most 255 bytes");
	if (memchr(name, '\n', len))
		return err_bad(e, text, "the kernel takes no line break in a group's name");
	return 0;
}

int cgroup_name_check(const char *name, const char *text, struct err *e)
{
	return strchr(name, '/') ? err_bad(e, text, "\"/\" cannot be in a group's name") : check_name(name, strlen(name), text, e);
}

/* As the kernel reads a path: further slashes and "." say nothing. ".." does, and is not taken. */
static int read_path(const char *path, char *out, size_t size, const char *text, struct err *e)
{
	size_t n = 0;

	while (*path) {
		size_t len = strcspn(path, "/");
		bool says = len > 1 || (len == 1 && *path != '.');
		int rc = says ? check_name(path, len, text, e) : 0;

		if (rc < 0)
			return rc;
		if (n + len + 2 > size)
			return err_bad(e, text, "the group's path is too long");
		if (says) {
			if (n)
				out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len + (path[len] == '/');
	}
	out[n] = '\0';
	return 0;
}

/* In place; what is empty between commas is left out, as libcgroup does. */
static int read_controllers(char *list, const char *text, struct err *e)
{
	const char *rest = list;
	char word[128];
	size_t n = 0;
	int len;

	while ((len = str_next(&rest, ',', word, sizeof word)) != -ENOENT) {
		if (len < 0)
			return err_bad(e, text, "the name of a controller is too long");
		if (!strcmp(word, "name="))
			return err_bad(e, text, "empty name of a controller");
		if (len > 0)
			n += str_join(list + n, sizeof word + 1, n ? "," : "", word);
	}
	return n ? 0 : err_bad(e, text, "empty name of a controller");
}

int cgroup_spec_parse(const char *text, struct cgroup_spec *out, struct err *e)
{
	const char *rest = text;
	int len = str_next(&rest, ':', out->controllers, sizeof out->controllers), rc;

	if (len < 0)
		return err_bad(e, text, "the list of controllers is too long");
	if (!rest || !*rest) {
		rc = err_bad(e, text, "a group is CONTROLLER[,CONTROLLER]...:PATH");
		err_hint(e, "the top group is \"/\", as in memory:/");
		return rc;
	}
	if (len == 0)
		strcpy(out->controllers, "unified");
	rc = read_controllers(out->controllers, text, e);
	if (rc < 0)
		return rc;
	out->own = rest[0] == '@' && (!rest[1] || rest[1] == '/');
	return read_path(rest + out->own, out->path, sizeof out->path, text, e);
}

/* A controller and the spec that spoke of it last. */
struct wanted {
	char controller[128];
	const struct cgroup_spec *spec;
	const char *text;
};

struct wanted_list {
	struct wanted v[WANTED_MAX];
	size_t n;
};

static int want(struct wanted_list *w, const char *controller, const struct cgroup_spec *spec, const char *text, struct err *e)
{
	size_t i = 0;

	while (i < w->n && strcmp(w->v[i].controller, controller))
		i++;
	if (i == WANTED_MAX)
		return err_set(e, E2BIG, text, "more than %d controllers", WANTED_MAX);
	if (i == w->n)
		w->n++;
	str_join(w->v[i].controller, sizeof w->v[i].controller, controller);
	w->v[i].spec = spec;
	w->v[i].text = text;
	return 0;
}

static int want_list(struct wanted_list *w, const char *list, const struct cgroup_spec *spec, const char *text, struct err *e)
{
	char word[128];
	int rc = 0;

	while (!rc && list && *list && str_next(&list, ',', word, sizeof word) >= 0)
		rc = want(w, word, spec, text, e);
	return rc;
}

/* "*": each mounted controller; named hierarchies only when they are asked for, they are somebody's own. */
static int want_all(const struct cgroups *c, struct wanted_list *w, const struct cgroup_spec *spec, const char *text, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < c->n && !rc; i++)
		if (*c->v[i].controllers)
			rc = want_list(w, c->v[i].controllers, spec, text, e);
	return rc;
}

static int no_controller(const struct cgroups *c, const char *controller, const char *text, struct err *e)
{
	struct strbuf all = { 0 };
	int rc = err_bad(e, text, "no hierarchy with %s is mounted", controller);

	for (size_t i = 0; i < c->n; i++) {
		const struct cgroup_hier *h = &c->v[i];

		if (*h->controllers)
			strbuf_addf(&all, ", %s", h->controllers);
		if (*h->name)
			strbuf_addf(&all, ", name=%s", h->name);
		if (h->v2)
			strbuf_add(&all, ", unified");
	}
	if (all.len)
		err_hint(e, "mounted are%s", all.s + 1);
	else
		err_hint(e, "mount -t cgroup2 none /sys/fs/cgroup");
	strbuf_release(&all);
	return rc;
}

/* The path of the group in this hierarchy, to be freed; *base is what must be there already. */
static char *dir_path(const struct cgroup_hier *h, const struct cgroup_spec *spec, size_t *base)
{
	char *top = spec->own ? cgroup_own_dir(h) : strdup(strcmp(h->mount, "/") ? h->mount : "");
	char *path;

	if (!top)
		return NULL;
	*base = strlen(top);
	path = str_joined(top, *spec->path ? "/" : "", spec->path);
	free(top);
	return path;
}

static struct cgroup_dir *dir_of(struct cgroup_dirs *d, const struct cgroup_hier *h)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].hier == h)
			return &d->v[i];
	return NULL;
}

static int no_own(const struct cgroup_hier *h, const char *text, struct err *e)
{
	return err_bad(e, text, "the own group (%s) is not to be seen in %s, which shows %s", *h->own ? h->own : "unknown",
		       h->mount, h->root);
}

/* 0, -ENOMEM, or -ENOENT where the own group is out of sight. */
static int dir_add(struct cgroup_dirs *d, const struct cgroup_hier *h, const struct cgroup_spec *spec)
{
	struct cgroup_dir g = { .hier = h, .procs = -1, .back = -1, .hold = -1 };

	g.path = dir_path(h, spec, &g.base);
	if (!g.path)
		return -ENOENT;
	d->v[d->n++] = g;
	return 0;
}

/* The group in this hierarchy, which no other spec has put elsewhere. */
static int dir_at(struct cgroup_dirs *d, const struct cgroup_hier *h, const struct wanted *w, struct cgroup_dir **out, struct err *e)
{
	size_t base;
	char *path;
	int rc;

	*out = dir_of(d, h);
	if (*out) {
		path = dir_path(h, w->spec, &base);
		rc = path && !strcmp(path, (*out)->path) ? 0 :
		     err_bad(e, w->text, "%s shares its hierarchy with a controller of another -g, and a process is in one group of it only", w->controller);
		free(path);
		return rc;
	}
	rc = dir_add(d, h, w->spec);
	if (rc < 0)
		return rc == -ENOENT ? no_own(h, w->text, e) : err_set(e, -rc, w->text, NULL);
	*out = &d->v[d->n - 1];
	return 0;
}

static int dir_add_wanted(const struct cgroups *c, struct cgroup_dirs *d, const struct wanted *w, struct err *e)
{
	const struct cgroup_hier *h = cgroup_find(c, w->controller);
	const char *name = w->controller;
	struct cgroup_dir *g;
	size_t len;
	int rc;

	if (!h)
		return no_controller(c, w->controller, w->text, e);
	rc = dir_at(d, h, w, &g, e);
	if (!cgroup_list_has(h->controllers, name))
		name = cgroup_other_name(name);
	if (rc < 0 || !name || !cgroup_list_has(h->controllers, name) || cgroup_list_has(g->controllers, name))
		return rc;
	len = strlen(g->controllers);
	if (len + str_join(g->controllers + len, sizeof g->controllers - len, len ? "," : "", name) >= sizeof g->controllers)
		return err_set(e, E2BIG, w->text, "too many controllers in one hierarchy");
	return 0;
}

/* The v2 node alone has cgroup.kill, cgroup.freeze and cgroup.events: it comes along whenever there is one. */
static int dir_add_node(const struct cgroups *c, struct cgroup_dirs *d, const struct cgroup_spec *spec, struct err *e)
{
	const struct cgroup_hier *h = cgroup_find(c, "unified");
	int rc;

	if (!h || dir_of(d, h))
		return 0;
	rc = dir_add(d, h, spec);
	if (rc == -ENOENT)
		return 0;
	if (rc < 0)
		return err_set(e, -rc, h->mount, NULL);
	d->v[d->n - 1].optional = true;
	return 0;
}

int cgroup_dirs_find(const struct cgroups *c, const struct strs *specs, struct cgroup_dirs *d, struct err *e)
{
	struct cgroup_spec *spec = calloc(specs->n + 1, sizeof *spec);
	struct wanted_list w;
	int rc;

	d->all = c;
	/* one in each hierarchy is all there can be */
	d->v = calloc(c->n + 1, sizeof *d->v);
	rc = spec && d->v ? 0 : err_set(e, ENOMEM, "groups", NULL);
	w.n = 0;
	for (size_t i = 0; i < specs->n && !rc; i++) {
		rc = cgroup_spec_parse(specs->v[i], &spec[i], e);
		if (!rc && !strcmp(spec[i].controllers, "*"))
			rc = want_all(c, &w, &spec[i], specs->v[i], e);
		else if (!rc)
			rc = want_list(&w, spec[i].controllers, &spec[i], specs->v[i], e);
	}
	for (size_t i = 0; !rc && i < w.n; i++)
		rc = dir_add_wanted(c, d, &w.v[i], e);
	if (!rc && specs->n) {
		d->spec = specs->v[specs->n - 1];
		rc = dir_add_node(c, d, &spec[specs->n - 1], e);
	}
	if (!rc && !d->n)
		rc = no_controller(c, "any controller", d->spec ? d->spec : "groups", e);
	free(spec);
	return rc;
}

void cgroup_dirs_dry(struct cgroup_dirs *d, struct strbuf *out)
{
	for (size_t i = 0; i < d->n; i++)
		d->v[i].dry = out;
}

void cgroup_dirs_release(struct cgroup_dirs *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].path);
		fd_close(&d->v[i].procs);
		fd_close(&d->v[i].back);
		fd_close(&d->v[i].hold);
	}
	for (size_t i = 0; i < d->n_made; i++)
		free(d->made[i]);
	free(d->v);
	free(d->made);
	*d = (struct cgroup_dirs){ 0 };
}

int cgroup_dirs_below(const struct cgroup_dirs *above, const char *name, struct cgroup_dirs *d, struct err *e)
{
	d->v = calloc(above->n + 1, sizeof *d->v);
	if (!d->v)
		return err_set(e, ENOMEM, name, NULL);
	d->spec = above->spec;
	d->all = above->all;
	for (; d->n < above->n; d->n++) {
		struct cgroup_dir *g = &d->v[d->n];

		*g = above->v[d->n];
		g->base = strlen(g->path);
		g->made = g->going = false;
		g->procs = g->back = g->hold = -1;
		g->path = str_joined(above->v[d->n].path, "/", name);
		if (!g->path)
			return err_set(e, ENOMEM, name, NULL);
	}
	return 0;
}

static const struct cgroup_dir *dir_with(const struct cgroup_dirs *d, const char *controller)
{
	bool unified = !strcmp(controller, "unified");

	for (size_t i = 0; i < d->n; i++)
		if (unified ? d->v[i].hier->v2 : cgroup_list_has(d->v[i].controllers, controller))
			return &d->v[i];
	return NULL;
}

const struct cgroup_dir *cgroup_dirs_need(const struct cgroup_dirs *d, const char *controller, const char *what, struct err *e)
{
	const struct cgroup_dir *g = dir_with(d, controller);
	const char *other = g ? NULL : cgroup_other_name(controller);
	const struct cgroup_hier *h = other ? cgroup_find(d->all, controller) : NULL;

	/* v2's node does it only where no v1 hierarchy is there for it */
	if (h && (h->v2 || strcmp(other, "unified")))
		g = dir_with(d, other);
	if (g)
		return g;
	err_bad(e, what, "needs the %s controller", controller);
	if (d->spec && d->spec[0] == '*')
		err_hint(e, "no hierarchy with it is mounted here");
	else if (d->spec)
		err_hint(e, "-g %s%s%s", controller, d->spec[0] == ':' ? "" : ",", d->spec);
	return NULL;
}
