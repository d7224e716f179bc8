#include "core/cgroup_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "core/fd.h"

/* mountinfo of a host with many containers is a few MiB */
#define MOUNTINFO_MAX (64 << 20)

bool cgroup_list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, ",");

		if (n == len && !memcmp(list, word, len))
			return true;
		list += n + (list[n] == ',');
	}
	return false;
}

static void hier_release(struct cgroup_hier *h)
{
	free(h->controllers);
	free(h->name);
	free(h->options);
	free(h->mount);
	free(h->root);
	free(h->own);
}

void cgroups_release(struct cgroups *c)
{
	for (size_t i = 0; i < c->n; i++)
		hier_release(&c->v[i]);
	free(c->v);
	*c = (struct cgroups){ 0 };
}

static void drop(struct cgroups *c, size_t i)
{
	hier_release(&c->v[i]);
	memmove(c->v + i, c->v + i + 1, (--c->n - i) * sizeof *c->v);
}

/* "LIST,WORD"; there is room. */
static void list_add(char *list, const char *word)
{
	if (*list)
		strcat(list, ",");
	strcat(list, word);
}

/*
 * The super options of a v1 mount name its controllers among flags that are
 * none; a security module may add "seclabel" or "context=...".
 */
static void sort_option(const char *word, struct cgroup_hier *h)
{
	static const char flags[] = "xattr,noprefix,cpuset_v2_mode,clone_children";
	static const char others[] = "rw,ro,none,seclabel,favordynmods,nofavordynmods,sync,dirsync,mand,lazytime";
	const char *value = str_after(word, "name=");

	if (value)
		strcpy(h->name, value);
	else if (!*word || strchr(word, '=') || cgroup_list_has(others, word))
		return;
	else if (!cgroup_list_has(flags, word))
		list_add(h->controllers, word);
	list_add(h->options, word);
}

static int hier_add(struct cgroups *c, bool v2, bool ro, const char *mount, const char *root, char *super)
{
	struct cgroup_hier h = { .v2 = v2, .read_only = ro || cgroup_list_has(super, "ro") };
	/* no list of some of its words is longer */
	size_t room = strlen(super) + 1;

	if (c->n % 16 == 0) {
		struct cgroup_hier *v = realloc(c->v, (c->n + 16) * sizeof *v);

		if (!v)
			return -ENOMEM;
		c->v = v;
	}
	h.controllers = calloc(1, room);
	h.options = calloc(1, room);
	h.name = calloc(1, room);
	h.mount = strdup(mount);
	h.root = strdup(root);
	h.own = strdup("");
	if (!h.controllers || !h.options || !h.name || !h.mount || !h.root || !h.own) {
		hier_release(&h);
		return -ENOMEM;
	}
	for (char *word; !v2 && (word = strsep(&super, ","));)
		sort_option(word, &h);
	c->v[c->n++] = h;
	return 0;
}

static int parse_mount(char *line, struct cgroups *c)
{
	char *field[6], *type, *word;

	for (int i = 0; i < 6; i++)
		field[i] = strsep(&line, " ");
	/* optional fields, ended by a lone "-" */
	do
		word = strsep(&line, " ");
	while (word && strcmp(word, "-"));
	type = strsep(&line, " ");
	strsep(&line, " "); /* source */
	if (!line || (strcmp(type, "cgroup") && strcmp(type, "cgroup2")))
		return 0;
	str_unescape(field[3]);
	str_unescape(field[4]);
	/* a later mount on the same mount point covers the earlier one */
	for (size_t i = c->n; i-- > 0;)
		if (!strcmp(c->v[i].mount, field[4]))
			drop(c, i);
	return hier_add(c, type[6] == '2', cgroup_list_has(field[5], "ro"), field[4], field[3], line);
}

int cgroup_parse_mounts(char *mountinfo, struct cgroups *c)
{
	int rc = 0;

	for (char *line; !rc && (line = strsep(&mountinfo, "\n"));)
		rc = parse_mount(line, c);
	return rc;
}

/* Is the line of the hierarchy with these controllers, "memory", "cpu,cpuacct", "name=systemd" or "", about *h? */
static bool is_of(const struct cgroup_hier *h, const char *controllers)
{
	char first[128];
	const char *rest = controllers;

	if (h->v2 || !*controllers)
		return h->v2 && !*controllers;
	if (str_next(&rest, ',', first, sizeof first) < 0)
		return false;
	if (str_after(first, "name="))
		return !strcmp(first + 5, h->name);
	return cgroup_list_has(h->controllers, first);
}

int cgroup_parse_own(char *text, struct cgroups *c)
{
	int rc = 0;

	for (char *line; !rc && (line = strsep(&text, "\n"));) {
		char *controllers;

		strsep(&line, ":"); /* the hierarchy's number */
		controllers = strsep(&line, ":");
		/* what is left is the path, which may hold colons */
		if (!line || line[0] != '/')
			continue;
		for (size_t i = 0; i < c->n && !rc; i++) {
			if (!is_of(&c->v[i], controllers))
				continue;
			free(c->v[i].own);
			c->v[i].own = strdup(line);
			if (!c->v[i].own)
				c->v[i].own = strdup("");
			rc = c->v[i].own ? 0 : -ENOMEM;
		}
	}
	return rc;
}

/* `path` without its leading directory `dir`: the rest, "" or starting with "/"; NULL when it is not below. */
static const char *path_below(const char *path, const char *dir)
{
	const char *rest;

	if (!strcmp(dir, "/"))
		dir = "";
	rest = str_after(path, dir);
	if (!rest || (*rest && *rest != '/'))
		return NULL;
	return strcmp(rest, "/") ? rest : "";
}

/* Of two mounts of one hierarchy: one that can be written, that shows our own group, that shows more. */
static bool is_better(const struct cgroup_hier *a, const struct cgroup_hier *b)
{
	bool a_own = path_below(a->own, a->root), b_own = path_below(b->own, b->root);

	if (a->read_only != b->read_only)
		return b->read_only;
	if (a_own != b_own)
		return a_own;
	return strlen(a->root) < strlen(b->root);
}

static bool is_same(const struct cgroup_hier *a, const struct cgroup_hier *b)
{
	return a->v2 == b->v2 && !strcmp(a->controllers, b->controllers) && !strcmp(a->name, b->name);
}

void cgroup_keep_best(struct cgroups *c)
{
	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = i + 1; k < c->n;) {
			struct cgroup_hier tmp = c->v[i];

			if (!is_same(&c->v[i], &c->v[k])) {
				k++;
				continue;
			}
			if (is_better(&c->v[k], &tmp)) {
				c->v[i] = c->v[k];
				c->v[k] = tmp;
			}
			drop(c, k);
		}
	}
}

/* A mount that something else covers is in mountinfo, but its path leads elsewhere, or nowhere. */
static bool is_visible(const struct cgroup_hier *h)
{
	struct statfs fs;

	if (statfs(h->mount, &fs) < 0)
		return errno != EACCES && errno != ENOENT && errno != ENOTDIR;
	return (unsigned long)fs.f_type == (h->v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

/* cgroup.controllers separates by blanks and ends the line. */
static int load_controllers(struct cgroup_hier *h)
{
	char path[4096 + 32], text[1024];
	ssize_t len;
	char *copy;

	str_join(path, sizeof path, h->mount, "/cgroup.controllers");
	len = fd_get(AT_FDCWD, path, text, sizeof text);
	if (len <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	for (char *s = text; *s; s++)
		if (*s == ' ')
			*s = ',';
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(h->controllers);
	h->controllers = copy;
	return 0;
}

static int load_text(const char *file, int (*parse)(char *, struct cgroups *), struct cgroups *c, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, file, MOUNTINFO_MAX);
	int rc;

	if (!text) {
		rc = err_sys(e, file, "read");
		err_hint(e, "control groups are looked for in /proc: mount -t proc proc /proc");
		return rc;
	}
	rc = parse(text, c);
	free(text);
	return rc < 0 ? err_set(e, -rc, file, NULL) : 0;
}

int cgroups_load(struct cgroups *c, struct err *e)
{
	int rc = load_text("/proc/self/mountinfo", cgroup_parse_mounts, c, e);

	if (rc < 0)
		return rc;
	for (size_t i = c->n; i-- > 0;)
		if (!is_visible(&c->v[i]))
			drop(c, i);
	rc = load_text("/proc/self/cgroup", cgroup_parse_own, c, e);
	if (rc < 0)
		return rc;
	cgroup_keep_best(c);
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].v2 && load_controllers(&c->v[i]) < 0)
			return err_set(e, ENOMEM, c->v[i].mount, NULL);
	return 0;
}

static const struct cgroup_hier *find_by_name(const struct cgroups *c, const char *controller)
{
	const char *name = str_after(controller, "name=");
	bool unified = !strcmp(controller, "unified");
	const struct cgroup_hier *found = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct cgroup_hier *h = &c->v[i];

		if (unified ? h->v2 : name ? *name && !strcmp(h->name, name) : cgroup_list_has(h->controllers, controller))
			if (!found || !h->v2)
				found = h;
	}
	return found;
}

const char *cgroup_other_name(const char *controller)
{
	static const char *const names[][2] = {
		{ "blkio", "io" }, { "io", "blkio" }, { "cpuacct", "unified" }, { "devices", "unified" }, { "freezer", "unified" }, { "perf_event", "unified" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i][0], controller))
			return names[i][1];
	return NULL;
}

const struct cgroup_hier *cgroup_find(const struct cgroups *c, const char *controller)
{
	const struct cgroup_hier *h = find_by_name(c, controller);
	const char *other = h ? NULL : cgroup_other_name(controller);

	return other ? find_by_name(c, other) : h;
}

const char *cgroup_base(const struct cgroup_hier *h)
{
	const char *slash = strrchr(h->mount, '/');

	return slash ? slash + 1 : h->mount;
}

char *cgroup_own_dir(const struct cgroup_hier *h)
{
	const char *rest = *h->own ? path_below(h->own, h->root) : NULL;

	/* what lies above our namespace's root has no name that we could know: cgroup_namespaces(7) */
	if (!rest || (str_after(rest, "/..") && (!rest[3] || rest[3] == '/')))
		return NULL;
	return str_joined(strcmp(h->mount, "/") ? h->mount : "", rest);
}

bool cgroup_usable(const struct cgroups *c, const char *controller, bool own)
{
	const struct cgroup_hier *h = cgroup_find(c, controller);
	char *path;
	bool usable;

	if (!h || h->read_only)
		return false;
	path = own ? cgroup_own_dir(h) : strdup(h->mount);
	/* the effective ids count, as they do for mkdir: access(2) asks for the real ones */
	usable = path && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
	free(path);
	return usable;
}
