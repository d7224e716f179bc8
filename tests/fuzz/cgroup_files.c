/* What the kernel says of control groups: a mountinfo, a /proc/PID/cgroup; then a -g that is looked up in them. */
#include <errno.h>

#include "core/cgroup.h"
#include "tests/fuzz/fuzz.h"

/* By other means than core's: each backslash with three octal digits is one byte. */
static void unescaping(const char *text)
{
	char *fast = strdup(text), *slow = strdup(text), *to = slow;

	require(fast && slow);
	for (const char *s = text; *s; s++) {
		if (s[0] == '\\' && strspn(s + 1, "01234567") >= 3 && s[1] <= '3') {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
	str_unescape(fast);
	require(!strcmp(fast, slow));
	free(fast);
	free(slow);
}

static void require_hier(const struct cgroups *c, const struct cgroup_hier *h)
{
	const char *rest = h->controllers;
	char word[128], *own;

	require(h->controllers && h->name && h->options && h->mount && h->root && h->own);
	require(!h->v2 || (!*h->controllers && !*h->name && !*h->options));
	require(!*h->own || *h->own == '/');
	require(!strchr(cgroup_base(h), '/'));
	while (*h->controllers && str_next(&rest, ',', word, sizeof word) > 0) {
		require(cgroup_list_has(h->controllers, word));
		/* "unified" is nestbox's own word, and no controller */
		require(!strchr(word, '=') && (cgroup_find(c, word) || !strcmp(word, "unified")));
	}
	own = cgroup_own_dir(h);
	require(!own || !strncmp(own, strcmp(h->mount, "/") ? h->mount : "", strcmp(h->mount, "/") ? strlen(h->mount) : 0));
	free(own);
}

static void require_all(const struct cgroups *c, int best)
{
	for (size_t i = 0; i < c->n; i++) {
		require_hier(c, &c->v[i]);
		for (size_t k = 0; k < i; k++) {
			const struct cgroup_hier *a = &c->v[i], *b = &c->v[k];

			require(strcmp(a->mount, b->mount));
			require(!best || a->v2 != b->v2 || strcmp(a->controllers, b->controllers) || strcmp(a->name, b->name));
		}
	}
}

static void look_up(const struct cgroups *c, const char *text)
{
	struct strs specs = { 0 };
	struct cgroup_dirs d = { 0 };
	struct cgroup_spec spec;
	struct err e = { 0 };
	int rc;

	require(strs_add(&specs, text) == 0);
	rc = cgroup_dirs_find(c, &specs, &d, &e);
	require(rc == 0 || e.what[0]);
	for (size_t i = 0; rc == 0 && i < d.n; i++) {
		const struct cgroup_dir *g = &d.v[i];
		size_t len = strlen(g->path);

		require(cgroup_spec_parse(text, &spec, &e) == 0);
		require(g->base <= len && g->procs < 0 && g->back < 0 && !g->made);
		/* the top, and below it what was asked for */
		require(!strncmp(g->path, g->hier->mount, strcmp(g->hier->mount, "/") ? strlen(g->hier->mount) : 0));
		require(!strcmp(g->path + g->base, *spec.path ? g->path + len - strlen(spec.path) - 1 : ""));
		for (size_t k = 0; k < i; k++)
			require(d.v[k].hier != g->hier);
	}
	require(rc < 0 || d.n);
	cgroup_dirs_release(&d);
	strs_release(&specs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *mounts = fuzz_text(&data, &size), *own = fuzz_text(&data, &size), *spec = fuzz_text(&data, &size);
	struct cgroups c = { 0 };

	unescaping(mounts);
	require(cgroup_parse_mounts(mounts, &c) == 0);
	require_all(&c, 0);
	require(cgroup_parse_own(own, &c) == 0);
	cgroup_keep_best(&c);
	require_all(&c, 1);
	look_up(&c, spec);
	cgroups_release(&c);
	free(mounts);
	free(own);
	free(spec);
	return 0;
}
