#include "applets/cgexec_devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/fd.h"

/* A list with some ten thousand rules. */
#define LIST_MAX (1 << 18)

/* How often a change is made anew that another call has forestalled. */
#define CHANGE_TRIES 32

/* ---- what was asked for ---- */

/* "devices.deny=c 1:5 w" to "deny " and the rule behind "="; NULL: it is something else. */
static const char *set_of(const char *text, const char **verb)
{
	const char *deny = str_after(text, "devices.deny=");

	*verb = deny ? "deny " : "allow ";
	return deny ? deny : str_after(text, "devices.allow=");
}

bool cgexec_devices_set(const char *text)
{
	const char *verb;

	return set_of(text, &verb);
}

static int say_rule(const char *text, struct dev_list *say, struct err *e)
{
	struct dev_rule r;
	const char *path;
	int rc = say ? devfilter_read(text, &r, e) : devfilter_parse(text, &r, &path, e);

	if (rc >= 0 && say && devfilter_append(say, &r) < 0)
		return err_set(e, ENOMEM, text, NULL);
	return rc < 0 ? rc : 0;
}

static int say_set(const char *set, struct dev_list *say, struct err *e)
{
	char text[PATH_MAX + 32];
	const char *verb, *rule = set_of(set, &verb);

	if (!rule)
		return 0;
	if (str_join(text, sizeof text, verb, rule) >= sizeof text)
		return err_bad(e, "--set devices", "the rule is too long");
	return say_rule(text, say, e);
}

/* Denying all first turns the list from exceptions that are forbidden into ones that are allowed. */
static int say_usual(struct dev_list *say, struct err *e)
{
	int rc = say_rule("deny all", say, e);

	for (size_t i = 0; i < devfilter_n_usual && say && !rc; i++)
		rc = devfilter_append(say, &devfilter_usual[i]);
	return rc == -ENOMEM ? err_set(e, ENOMEM, "--devices", NULL) : rc;
}

int cgexec_devices_rules(const struct cgexec_args *a, struct dev_list *say, struct err *e)
{
	int rc = 0;

	if (a->devices && !strcmp(a->devices, "default"))
		rc = say_usual(say, e);
	else if (a->devices && !strcmp(a->devices, "all"))
		rc = say_rule("allow all", say, e);
	for (size_t i = 0; i < a->device.n && !rc; i++)
		rc = say_rule(a->device.v[i], say, e);
	for (size_t i = 0; i < a->set.n && !rc; i++)
		rc = say_set(a->set.v[i], say, e);
	return rc;
}

/* v1 has files for device rules, v2 a program that hangs on the group. Where both could, v1's are used. */
static const struct cgroup_dir *devices_dir(const struct cgroups *all, const struct cgroup_dirs *dirs, struct err *e)
{
	const struct cgroup_hier *h = cgroup_find(all, "devices");

	if (h && !h->v2)
		return cgroup_dirs_need(dirs, "devices", "device rules", e);
	for (size_t i = 0; i < dirs->n; i++)
		if (dirs->v[i].hier->v2)
			return &dirs->v[i];
	err_bad(e, "device rules", "there is no v1 hierarchy with devices here, and no v2");
	return NULL;
}

int cgexec_devices_open(const struct cgexec_args *a, const struct cgroups *all, const struct cgroup_dirs *dirs, struct dev_list *say, struct err *e)
{
	int rc = cgexec_devices_rules(a, say, e);

	return rc == 0 && (a->devices || say->n) && !devices_dir(all, dirs, e) ? -EINVAL : rc;
}

/* ---- v1 ---- */

static int refused(const char *path, const struct dev_rule *r, const char *text, int code, struct err *e)
{
	err_set(e, code, path, "write \"%s\"", text);
	if (code == EPERM && r->allow)
		err_hint(e, "a group allows nothing that the one above it denies; and it takes CAP_SYS_ADMIN outside of any user namespace");
	else if (code == EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN outside of any user namespace");
	else if (code == EINVAL && r->type == 'a')
		err_hint(e, "as long as there are groups below it, v1 does not turn a group from all to nothing, nor back");
	return -code;
}

/* Each rule is a write(2) of its own; the file stays open for the next. */
static int write_rules(const struct cgroup_dir *g, const struct dev_list *say, struct err *e)
{
	char path[PATH_MAX], text[64];
	auto_close int fd = -1;

	for (size_t i = 0; i < say->n; i++) {
		const struct dev_rule *r = &say->v[i];
		const char *file = r->allow ? "devices.allow" : "devices.deny";
		int rc;

		devfilter_text(r, text);
		if (i == 0 || r->allow != r[-1].allow) {
			str_join(path, sizeof path, g->path, "/", file);
			fd_close(&fd);
			fd = open(path, O_WRONLY | O_CLOEXEC);
		}
		/* what cannot be opened is tried once more by somebody who knows why */
		rc = fd < 0 ? cgroup_put(g, file, text, e) : fd_write(fd, text);
		if (rc < 0)
			return fd < 0 ? rc : refused(path, r, text, -rc, e);
	}
	return 0;
}

static char *read_list(const char *dir)
{
	char path[PATH_MAX];

	str_join(path, sizeof path, dir, "/devices.list");
	return fd_slurp(AT_FDCWD, path, LIST_MAX);
}

struct groups {
	char **v; /* owned, and so are the paths */
	size_t n;
};

/*
 * v1 takes from the groups below what is denied, but gives them nothing that is
 * allowed. Those whose list is the same as this one's shall follow; a different
 * one is somebody's own. Above comes before below.
 */
static void find_followers(const char *dir, const char *list, struct groups *out)
{
	DIR *d = opendir(dir);
	struct dirent *ent;

	while (d && (ent = readdir(d))) {
		char *path = ent->d_type == DT_DIR && strcmp(ent->d_name, ".") && strcmp(ent->d_name, "..") ? str_joined(dir, "/", ent->d_name) : NULL;
		char *own = path ? read_list(path) : NULL;
		char **v = own && !strcmp(own, list) ? realloc(out->v, (out->n + 1) * sizeof *v) : NULL;

		free(own);
		if (!v) {
			free(path);
			continue;
		}
		out->v = v;
		out->v[out->n++] = path;
		find_followers(path, list, out);
	}
	if (d)
		closedir(d);
}

static int write_groups(const struct cgroup_dir *g, const struct groups *below, const struct dev_list *say, struct err *e)
{
	int rc = write_rules(g, say, e);

	for (size_t i = 0; i < below->n && !rc; i++) {
		struct cgroup_dir follower = { .hier = g->hier, .path = below->v[i] };

		rc = write_rules(&follower, say, e);
		if (rc == -ENOENT || rc == -ENODEV) {
			/* it has been removed meanwhile */
			err_clear(e);
			rc = 0;
		}
	}
	return rc;
}

/* Can the rules be said one after the other, on top of *now, and hold? It becomes what they make of it. */
static int foretell(struct dev_list *now, const struct dev_list *say, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < say->n && !rc; i++)
		rc = devfilter_add(now, &say->v[i], e);
	return rc;
}

/* Does the first rule leave nothing of what was there? */
static bool is_anew(const struct dev_list *say)
{
	return say->v[0].type == 'a';
}

static int apply_v1(const struct cgroup_dir *g, const struct dev_list *say, struct err *e)
{
	struct dev_list now = { 0 };
	struct groups below = { 0 };
	char *list = is_anew(say) ? NULL : read_list(g->path);
	int rc = list ? devfilter_unformat(list, &now, e) : 0;

	if (rc == 0)
		rc = foretell(&now, say, e);
	if (rc == 0 && list && !g->made)
		find_followers(g->path, list, &below);
	if (rc == 0)
		rc = write_groups(g, &below, say, e);
	while (below.n)
		free(below.v[--below.n]);
	free(below.v);
	free(list);
	devfilter_release(&now);
	return rc;
}

/* ---- v2 ---- */

/* One change, which is none where another call was quicker: -ENOENT. */
static int change_v2(int dir, bool made, const struct dev_list *say, struct err *e)
{
	struct dev_list now = { .allow = true };
	auto_close int old = -1;
	/* a new group has none */
	int rc = made ? 0 : devfilter_find(dir, &old, e);

	if (rc == 0 && !is_anew(say))
		rc = devfilter_get(old, &now, e);
	if (rc == 0)
		rc = foretell(&now, say, e);
	if (rc == 0)
		rc = devfilter_put(dir, &now, old, e);
	devfilter_release(&now);
	return rc;
}

static int apply_v2(const struct cgroup_dir *g, const struct dev_list *say, struct err *e)
{
	auto_close int dir = fd_open_dir(AT_FDCWD, g->path, e);
	int rc = dir < 0 ? dir : change_v2(dir, g->made, say, e);

	for (int tries = 1; tries < CHANGE_TRIES && dir >= 0 && rc == -ENOENT; tries++) {
		err_clear(e);
		rc = change_v2(dir, g->made, say, e);
	}
	return rc;
}

/* ---- both ---- */

int cgexec_devices_list(const struct cgroups *all, const struct cgroup_dirs *dirs, struct strbuf *out, struct err *e)
{
	const struct cgroup_dir *g = devices_dir(all, dirs, e);
	auto_close int dir = -1;
	char *list;

	if (!g)
		return -EINVAL;
	if (g->hier->v2) {
		dir = fd_open_dir(AT_FDCWD, g->path, e);
		return dir < 0 ? dir : devfilter_list(dir, out, e);
	}
	list = read_list(g->path);
	if (!list)
		return err_sys(e, g->path, "devices.list");
	strbuf_add(out, list);
	free(list);
	return 0;
}

static int print_list(const struct cgroups *all, const struct cgroup_dirs *dirs, struct err *e)
{
	struct strbuf out = { 0 };
	int rc = cgexec_devices_list(all, dirs, &out, e);

	if (rc == 0 && (out.failed || (out.s && fputs(out.s, stdout) < 0) || fflush(stdout) != 0))
		rc = err_sys(e, "standard output", "write the list");
	strbuf_release(&out);
	return rc;
}

/* --dry-run: on v1 what goes into which file, on v2 the rules of the group's program. */
static void note_rules(const struct cgroup_dir *g, const struct dev_list *say)
{
	for (size_t i = 0; i < say->n; i++) {
		const char *verb = say->v[i].allow ? "allow" : "deny";
		char text[64];

		devfilter_text(&say->v[i], text);
		if (g->hier->v2)
			strbuf_addf(g->dry, "%s <- %s %s\n", g->path, verb, text);
		else
			strbuf_addf(g->dry, "%s/devices.%s <- %s\n", g->path, verb, text);
	}
}

int cgexec_devices_apply(const struct cgexec_args *a, const struct cgroups *all, const struct cgroup_dirs *dirs, const struct dev_list *say,
			 struct err *e)
{
	const struct cgroup_dir *g = say->n ? devices_dir(all, dirs, e) : NULL;
	int rc;

	if (say->n && !g)
		return -EINVAL;
	if (g && g->dry) {
		note_rules(g, say);
		return 0;
	}
	rc = !say->n ? 0 : g->hier->v2 ? apply_v2(g, say, e) : apply_v1(g, say, e);
	return rc == 0 && a->devices && !strcmp(a->devices, "list") ? print_list(all, dirs, e) : rc;
}
