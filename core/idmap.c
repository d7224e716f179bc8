#include "core/idmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int bad_range(const char *text, const char *why, struct err *e)
{
	err_bad(e, text, "%s", why);
	err_hint(e, "a range is INNER:OUTER:COUNT, such as 0:100000:65536");
	return -EINVAL;
}

int idmap_spec_parse(const char *text, struct idmap_range *r, struct err *e)
{
	static const char *const words[] = { "", "auto", "subids", "all" };
	size_t digits = strspn(text, "0123456789");
	char sep = ':', piece[16];
	const char *rest = text;
	long long n[3];

	if (digits && text[digits] && strchr(",- ", text[digits]))
		sep = text[digits];
	for (int i = IDMAP_AUTO; i <= IDMAP_ALL; i++)
		if (!strcmp(text, words[i]))
			return i;
	for (int i = 0; i < 3; i++)
		if (str_next(&rest, sep, piece, sizeof piece) < 0 || str_num(piece, 0, IDMAP_MAX + 1LL, &n[i]) < 0 || *piece == '-')
			return bad_range(text, "is no range of ids", e);
	if (rest)
		return bad_range(text, "is no range of ids", e);
	if (!n[2])
		return bad_range(text, "is a range of no ids", e);
	if (n[0] + n[2] - 1 > IDMAP_MAX || n[1] + n[2] - 1 > IDMAP_MAX)
		return bad_range(text, "ends behind the last id, 4294967294", e);
	*r = (struct idmap_range){ (unsigned)n[sep == ','], (unsigned)n[sep != ','], (unsigned)n[2] };
	return IDMAP_RANGE;
}

static int append(struct idmap *m, unsigned inner, unsigned outer, unsigned count, struct err *e)
{
	struct idmap_range *v;

	v = realloc(m->v, (m->n + 1) * sizeof *v);
	if (!v)
		return err_set(e, ENOMEM, "id map", NULL);
	v[m->n++] = (struct idmap_range){ inner, outer, count };
	m->v = v;
	return 0;
}

static bool within(unsigned id, unsigned first, unsigned count)
{
	return id >= first && id - first < count;
}

static unsigned up_to(unsigned most, unsigned id, unsigned from)
{
	return id > from && id - from < most ? id - from : most;
}

/* The ids on both sides are paired off one after the other, past the single's own. */
int idmap_add(struct idmap *m, const struct idmap_range *r, bool open, const struct idmap_range *single, struct err *e)
{
	unsigned inner = r->inner, outer = r->outer;
	unsigned inners = open ? IDMAP_MAX + 1 - inner : r->count, outers = r->count;
	unsigned left;
	int rc = 0;

	if (!single)
		return append(m, inner, outer, r->count, e);
	inners -= within(single->inner, inner, inners);
	outers -= within(single->outer, outer, outers);
	for (left = inners < outers ? inners : outers; left && rc == 0;) {
		unsigned count;

		inner += inner == single->inner;
		outer += outer == single->outer;
		count = up_to(up_to(left, single->inner, inner), single->outer, outer);
		rc = append(m, inner, outer, count, e);
		inner += count;
		outer += count;
		left -= count;
	}
	return rc;
}

int idmap_read(struct idmap *m, const char *text, struct err *e)
{
	int rc = 0;

	while (*text && rc == 0) {
		char *end;
		unsigned inner = (unsigned)strtoul(text, &end, 10), outer = (unsigned)strtoul(end, &end, 10);
		unsigned count = (unsigned)strtoul(end, &end, 10);

		/* the kernel's own lines have a count */
		if (!count || inner > IDMAP_MAX || count - 1 > IDMAP_MAX - inner)
			break;
		rc = append(m, inner, outer, count, e);
		text = end + strspn(end, "\n");
	}
	return rc;
}

int idmap_add_mapped(struct idmap *m, const char *text, const struct idmap_range *single, struct err *e)
{
	struct idmap here = { 0 };
	int rc = idmap_read(&here, text, e);

	for (size_t i = 0; i < here.n && rc == 0; i++)
		rc = idmap_add(m, &(struct idmap_range){ here.v[i].inner, here.v[i].inner, here.v[i].count }, false, single, e);
	idmap_release(&here);
	return rc;
}

static bool overlap(unsigned a, unsigned a_count, unsigned b, unsigned b_count)
{
	return within(a, b, b_count) || within(b, a, a_count);
}

static int check_pair(const struct idmap_range *a, const struct idmap_range *b, const char *name, struct err *e)
{
	bool inner = overlap(a->inner, a->count, b->inner, b->count);

	if (!inner && !overlap(a->outer, a->count, b->outer, b->count))
		return 0;
	return err_bad(e, name, "%u:%u:%u and %u:%u:%u overlap %s", a->inner, a->outer, a->count, b->inner, b->outer, b->count,
		       inner ? "inside" : "outside");
}

int idmap_check(const struct idmap *m, const char *name, struct err *e)
{
	struct strbuf text = { 0 };
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int rc = 0;

	if (m->n > IDMAP_LINES)
		return err_bad(e, name, "the kernel takes %d ranges at most", IDMAP_LINES);
	for (size_t i = 0; i < m->n; i++)
		for (size_t k = 0; k < i && rc == 0; k++)
			rc = check_pair(&m->v[k], &m->v[i], name, e);
	if (rc < 0)
		return rc;
	idmap_format(m, &text);
	if (text.failed)
		rc = err_set(e, ENOMEM, name, NULL);
	else if (text.len >= page)
		rc = err_bad(e, name, "its %zu ranges take %zu bytes, and the kernel reads less than a page", m->n, text.len);
	strbuf_release(&text);
	return rc;
}

void idmap_format(const struct idmap *m, struct strbuf *out)
{
	for (size_t i = 0; i < m->n; i++)
		strbuf_addf(out, "%u %u %u\n", m->v[i].inner, m->v[i].outer, m->v[i].count);
}

bool idmap_has_inner(const struct idmap *m, unsigned id)
{
	for (size_t i = 0; i < m->n; i++)
		if (within(id, m->v[i].inner, m->v[i].count))
			return true;
	return false;
}

bool idmap_has_outer(const struct idmap *m, unsigned id)
{
	for (size_t i = 0; i < m->n; i++)
		if (within(id, m->v[i].outer, m->v[i].count))
			return true;
	return false;
}

void idmap_release(struct idmap *m)
{
	free(m->v);
	*m = (struct idmap){ 0 };
}
