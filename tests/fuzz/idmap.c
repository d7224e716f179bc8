/* Ranges for --map-users, one a line; the file of subordinate ids; a name. Then "INNER OUTER" of the single id. */
#include <errno.h>

#include "core/idmap.h"
#include "tests/fuzz/fuzz.h"

/* How a map has it that does no sums: each id by itself. 0: not mapped. */
static size_t count_of(const struct idmap *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->v[i].count;
	return n;
}

static void in_order(const struct idmap_range *r)
{
	require(r->count && r->inner <= IDMAP_MAX && r->outer <= IDMAP_MAX);
	require(r->count - 1 <= IDMAP_MAX - r->inner && r->count - 1 <= IDMAP_MAX - r->outer);
}

/* What an added range may lose, and that nothing in it is the single's. */
static void added(const struct idmap_range *r, bool open, const struct idmap_range *single)
{
	struct idmap m = { 0 };
	struct err e = { 0 };
	size_t count;

	require(idmap_add(&m, r, open, single, &e) == 0);
	count = count_of(&m);
	require(m.n <= 3 && count <= r->count && count + 1 >= r->count);
	for (size_t i = 0; i < m.n; i++) {
		in_order(&m.v[i]);
		require(m.v[i].outer >= r->outer && m.v[i].outer - r->outer + m.v[i].count <= r->count);
		require(open || (m.v[i].inner >= r->inner && m.v[i].inner - r->inner + m.v[i].count <= r->count));
	}
	if (single)
		require(!idmap_has_inner(&m, single->inner) && !idmap_has_outer(&m, single->outer));
	require(count == r->count || single);
	require(idmap_check(&m, "map", &e) == 0);
	idmap_release(&m);
}

static void specs(char *text, const struct idmap_range *single)
{
	struct idmap m = { 0 };
	struct err e = { 0 };

	for (char *word; (word = strsep(&text, "\n"));) {
		struct idmap_range r = { 0 };
		int spec = idmap_spec_parse(word, &r, &e);
		char again[64];

		require(spec >= 0 || (spec == -EINVAL && e.what[0] && !r.count));
		if (spec != IDMAP_RANGE)
			continue;
		in_order(&r);
		snprintf(again, sizeof again, "%u:%u:%u", r.inner, r.outer, r.count);
		require(idmap_spec_parse(again, &(struct idmap_range){ 0 }, &e) == IDMAP_RANGE);
		added(&r, false, NULL);
		added(&r, false, single);
		require(idmap_add(&m, &r, false, single, &e) == 0);
	}
	if (idmap_check(&m, "map", &e) == 0) {
		struct strbuf out = { 0 };

		require(m.n <= IDMAP_LINES);
		idmap_format(&m, &out);
		require(!out.failed && out.len < 1 << 16);
		strbuf_release(&out);
	}
	idmap_release(&m);
}

/* Is the first field of some line the name, or 4711? Said without the parser. */
static bool has_owner(const char *text, const char *name)
{
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		size_t len = strcspn(line, ":\n"), zeros = strspn(line, "0");

		if (len && len == strlen(name) && !memcmp(line, name, len))
			return true;
		if (len == zeros + 4 && !memcmp(line + zeros, "4711", 4))
			return true;
	}
	return false;
}

static void subids(const char *text, const char *name, const struct idmap_range *single)
{
	struct idmap_range r = { 0 };
	struct err e = { 0 };
	int rc = idmap_subid_search(text, "subuid", name, 4711, &r, &e);
	unsigned start = idmap_subid_free(text);

	require(rc == 1 || rc == 0 || (rc == -EINVAL && e.what[0]));
	require(rc == 0 || has_owner(text, name));
	require(start >= 100000 && start <= IDMAP_MAX - 65535);
	if (rc != 1)
		return;
	in_order(&r);
	if (r.count > IDMAP_MAX - 1)
		return;
	added(&r, true, NULL);
	added(&r, true, single);
}

/* Every line of the user's, and none of anybody else's. */
static void all_lines(const char *text, const char *name)
{
	struct idmap m = { 0 };
	struct err e = { 0 };

	require(idmap_subid_all(text, name, 4711, &m, &e) == 0);
	require(!m.n || has_owner(text, name));
	for (size_t i = 0; i < m.n; i++) {
		in_order(&m.v[i]);
		require(idmap_covers(&m, m.v[i].outer, m.v[i].count));
	}
	idmap_release(&m);
}

/* The ends of each range mean the same after it, and there and back is where it began. */
static void same_ends(const struct idmap *was, const struct idmap *m)
{
	for (size_t i = 0; i < was->n; i++) {
		const struct idmap_range *r = &was->v[i];
		unsigned id;

		require(idmap_to_outer(m, r->inner, &id) && id == r->outer);
		require(idmap_to_inner(m, r->outer + r->count - 1, &id) && id == r->inner + r->count - 1);
	}
}

/* `ranges` as a map in a namespace whose own is `text`. */
static void sums(const char *ranges, const char *text)
{
	struct idmap m = { 0 }, was = { 0 }, here = { 0 };
	const char *rest = ranges;
	struct err e = { 0 };
	struct idmap_range r;
	char word[64];

	while (str_next(&rest, '\n', word, sizeof word) != -ENOENT && m.n < 64)
		if (idmap_spec_parse(word, &r, &e) == IDMAP_RANGE)
			require(idmap_add(&m, &r, false, NULL, &e) == 0 && idmap_add(&was, &r, false, NULL, &e) == 0);
	require(idmap_read(&here, text, &e) == 0);
	if (idmap_check(&m, "map", &e) == 0) {
		idmap_normalise(&m);
		require(m.n <= was.n && count_of(&m) == count_of(&was) && idmap_check(&m, "map", &e) == 0);
		same_ends(&was, &m);
		if (idmap_project(&m, &here, false, "map", &e) == 0) {
			require(count_of(&m) == count_of(&was));
			same_ends(&was, &m);
		}
		require(idmap_project(&m, &here, true, "map", &e) == 0 && count_of(&m) <= count_of(&was));
		for (size_t i = 0; i < m.n; i++)
			in_order(&m.v[i]);
	}
	idmap_release(&m);
	idmap_release(&was);
	idmap_release(&here);
}

static void mapped(const char *text, const struct idmap_range *single)
{
	struct idmap m = { 0 };
	struct err e = { 0 };

	require(idmap_add_mapped(&m, text, single, &e) == 0);
	for (size_t i = 0; i < m.n; i++)
		in_order(&m.v[i]);
	idmap_release(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *ranges = fuzz_text(&data, &size), *file = fuzz_text(&data, &size), *name = fuzz_text(&data, &size);
	char *one = fuzz_text(&data, &size), *end;
	struct idmap_range single = { .count = 1 };

	single.inner = (unsigned)strtoul(one, &end, 10);
	single.outer = (unsigned)strtoul(end, NULL, 10);
	if (single.inner <= IDMAP_MAX && single.outer <= IDMAP_MAX) {
		subids(file, name, &single);
		all_lines(file, name);
		mapped(file, &single);
		sums(ranges, file);
		specs(ranges, &single);
	}
	free(ranges);
	free(file);
	free(name);
	free(one);
	return 0;
}
