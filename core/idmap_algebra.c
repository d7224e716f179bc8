/* Sums with whole maps. Nothing in here asks the kernel. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/idmap.h"

static int by_inner(const void *a, const void *b)
{
	const struct idmap_range *x = a, *y = b;

	return (x->inner > y->inner) - (x->inner < y->inner);
}

/* The count is what must not run over: a map of all ids has the largest there is. */
static bool continues(const struct idmap_range *a, const struct idmap_range *b)
{
	return a->inner + a->count == b->inner && a->outer + a->count == b->outer && b->count <= IDMAP_MAX - a->count + 1;
}

void idmap_normalise(struct idmap *m)
{
	size_t n = 0;

	if (!m->n)
		return;
	qsort(m->v, m->n, sizeof *m->v, by_inner);
	for (size_t i = 1; i < m->n; i++) {
		if (continues(&m->v[n], &m->v[i]))
			m->v[n].count += m->v[i].count;
		else
			m->v[++n] = m->v[i];
	}
	m->n = n + 1;
}

/* Of `here`, the range that has the id, or the next one above it: the kernel keeps none that overlap. */
static const struct idmap_range *find_inner(const struct idmap *here, unsigned id)
{
	const struct idmap_range *next = NULL;

	for (size_t i = 0; i < here->n; i++) {
		const struct idmap_range *r = &here->v[i];

		if (id >= r->inner && id - r->inner < r->count)
			return r;
		if (r->inner > id && (!next || r->inner < next->inner))
			next = r;
	}
	return next;
}

static int not_here(const struct idmap_range *r, unsigned outer, const char *name, struct err *e)
{
	char text[48];

	snprintf(text, sizeof text, "%u:%u:%u", r->inner, r->outer, r->count);
	err_bad(e, name, "%s: id %u does not exist in this user namespace", text, outer);
	err_hint(e, "each id outside must be one that /proc/self/%s_map has", *name == 'g' ? "gid" : "uid");
	return -EINVAL;
}

/* The parts of one range that lie within one line of `here` each. */
static int project_one(const struct idmap_range *r, const struct idmap *here, bool cut, const char *name, struct idmap *out, struct err *e)
{
	for (unsigned used = 0; used < r->count;) {
		unsigned outer = r->outer + used, left = r->count - used, room;
		const struct idmap_range *at = find_inner(here, outer);
		int rc;

		if (!at || at->inner > outer) {
			if (!cut)
				return not_here(r, outer, name, e);
			/* on to where the next line begins */
			used += at && at->inner - outer < left ? at->inner - outer : left;
			continue;
		}
		room = at->count - (outer - at->inner);
		rc = idmap_add(out, &(struct idmap_range){ r->inner + used, outer, left < room ? left : room }, false, NULL, e);
		if (rc < 0)
			return rc;
		used += left < room ? left : room;
	}
	return 0;
}

int idmap_project(struct idmap *m, const struct idmap *here, bool cut, const char *name, struct err *e)
{
	struct idmap out = { 0 };
	int rc = 0;

	for (size_t i = 0; i < m->n && rc == 0; i++)
		rc = project_one(&m->v[i], here, cut, name, &out, e);
	if (rc < 0) {
		idmap_release(&out);
		return rc;
	}
	idmap_release(m);
	*m = out;
	return 0;
}

bool idmap_to_outer(const struct idmap *m, unsigned inner, unsigned *outer)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct idmap_range *r = &m->v[i];

		if (inner < r->inner || inner - r->inner >= r->count)
			continue;
		*outer = r->outer + (inner - r->inner);
		/* what is unmapped further out is said to lie from the id on that nobody has */
		return r->outer <= IDMAP_MAX;
	}
	return false;
}

bool idmap_to_inner(const struct idmap *m, unsigned outer, unsigned *inner)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct idmap_range *r = &m->v[i];

		if (r->outer > IDMAP_MAX || outer < r->outer || outer - r->outer >= r->count)
			continue;
		*inner = r->inner + (outer - r->outer);
		return true;
	}
	return false;
}

bool idmap_covers(const struct idmap *m, unsigned first, unsigned count)
{
	while (count) {
		unsigned most = 0;

		for (size_t i = 0; i < m->n; i++) {
			const struct idmap_range *r = &m->v[i];

			if (first >= r->outer && first - r->outer < r->count && r->count - (first - r->outer) > most)
				most = r->count - (first - r->outer);
		}
		if (!most)
			return false;
		if (most >= count)
			return true;
		first += most;
		count -= most;
	}
	return true;
}
