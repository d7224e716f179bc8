/* Maps: what a text says, and sums with whole maps, against one that looks at each id by itself. */
#include <errno.h>

#include "core/idmap.h"
#include "tests/unit/unit.h"

#define SPACE 200 /* ids of the maps that are made by chance */

static void add(struct idmap *m, unsigned inner, unsigned outer, unsigned count)
{
	struct err e = { 0 };

	check_int(idmap_add(m, &(struct idmap_range){ inner, outer, count }, false, NULL, &e), 0);
}

static void is(const struct idmap *m, const char *want)
{
	struct strbuf text = { 0 };

	idmap_format(m, &text);
	check_str(text.s ? text.s : "", want);
	strbuf_release(&text);
}

static void spec(const char *text, int rc, unsigned inner, unsigned outer, unsigned count)
{
	struct idmap_range r = { 0 };
	struct err e = { 0 };

	check_int(idmap_spec_parse(text, &r, &e), rc);
	check_int(r.inner, inner);
	check_int(r.outer, outer);
	check_int(r.count, count);
	check(rc >= 0 || e.what[0]);
}

static void one_meaning(void)
{
	spec("0:100000:65536", IDMAP_RANGE, 0, 100000, 65536);
	spec("0-100000-65536", IDMAP_RANGE, 0, 100000, 65536);
	spec("0 100000 65536", IDMAP_RANGE, 0, 100000, 65536);
	spec("100000,0,65536", IDMAP_RANGE, 0, 100000, 65536);
	spec("0:0:4294967295", IDMAP_RANGE, 0, 0, 4294967295);
	spec("4294967294:1:1", IDMAP_RANGE, 4294967294, 1, 1);
	spec("auto", IDMAP_AUTO, 0, 0, 0);
	spec("subids", IDMAP_SUBIDS, 0, 0, 0);
	spec("all", IDMAP_ALL, 0, 0, 0);
}

static void no_ranges(void)
{
	static const char *const bad[] = { "", "0", "0:1", "0:1:2:3", "0-1:2", "0:1-2", "0 1:2", "-0-1-2", "-1:0:1", " 0 1 2", "0 1 2 ", "0  1 2",
					   "0x1 0 1", "0:0:0", "4294967295:0:1", "0:4294967295:1", "1:0:4294967295", "all:" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		spec(bad[i], -EINVAL, 0, 0, 0);
}

static void fewest_lines(void)
{
	struct idmap m = { 0 };

	idmap_normalise(&m);
	is(&m, "");
	add(&m, 10, 110, 5);
	add(&m, 0, 100, 10);
	add(&m, 15, 200, 5);
	add(&m, 20, 205, 1);
	idmap_normalise(&m);
	is(&m, "0 100 15\n15 200 6\n");
	idmap_release(&m);
	/* all ids in two halves are one range, and no more than all */
	add(&m, 4000000000, 4000000000, 294967295);
	add(&m, 0, 0, 4000000000);
	idmap_normalise(&m);
	is(&m, "0 0 4294967295\n");
	idmap_release(&m);
}

static void split_where_the_outer_map_is(void)
{
	struct idmap m = { 0 }, here = { 0 };
	struct err e = { 0 };

	check_int(idmap_read(&here, "         0       1000          1\n         1     100000      65536\n", &e), 0);
	add(&m, 0, 0, 10);
	check_int(idmap_project(&m, &here, false, "uid map", &e), 0);
	is(&m, "0 0 1\n1 1 9\n");
	idmap_release(&m);
	add(&m, 5, 65530, 100);
	check_int(idmap_project(&m, &here, false, "uid map", &e), -EINVAL);
	check_str(e.what, "5:65530:100: id 65537 does not exist in this user namespace");
	is(&m, "5 65530 100\n");
	check_int(idmap_project(&m, &here, true, "uid map", &e), 0);
	is(&m, "5 65530 7\n");
	idmap_release(&m);
	idmap_release(&here);
	/* where nothing is mapped nothing can be */
	add(&m, 0, 0, 4294967295);
	check_int(idmap_project(&m, &here, false, "gid map", &e), -EINVAL);
	check_int(idmap_project(&m, &here, true, "gid map", &e), 0);
	is(&m, "");
	idmap_release(&m);
}

static void ranges_that_cover(void)
{
	struct idmap m = { 0 };

	add(&m, 0, 100, 10);
	add(&m, 0, 110, 10);
	add(&m, 0, 130, 10);
	check(idmap_covers(&m, 100, 20) && idmap_covers(&m, 105, 15) && idmap_covers(&m, 139, 1) && idmap_covers(&m, 0, 0));
	check(!idmap_covers(&m, 99, 2) && !idmap_covers(&m, 100, 21) && !idmap_covers(&m, 120, 1) && !idmap_covers(&m, 139, 2));
	idmap_release(&m);
}

/* Ids of this kernel's that our own namespace has none for are shown as the one that nobody has. */
static void unmapped_further_out(void)
{
	struct idmap m = { 0 };
	struct err e = { 0 };
	unsigned id;

	check_int(idmap_read(&m, "0 4294967295 10\n20 100 5\n", &e), 0);
	check(!idmap_to_outer(&m, 3, &id) && idmap_to_outer(&m, 22, &id) && id == 102);
	check(!idmap_to_inner(&m, 2, &id) && !idmap_to_inner(&m, 4294967295, &id));
	check(idmap_to_inner(&m, 104, &id) && id == 24);
	idmap_release(&m);
}

/* Ranges that do not overlap, in any order; to[inner] is the outer id or -1. */
static void by_chance(struct idmap *m, int to[SPACE])
{
	bool taken[SPACE] = { false };

	for (int i = 0; i < SPACE; i++)
		to[i] = -1;
	for (int tries = rand() % 40; tries > 0; tries--) {
		int inner = rand() % SPACE, outer = rand() % SPACE, n = 0;
		int most = 1 + rand() % 30;

		while (n < most && inner + n < SPACE && outer + n < SPACE && to[inner + n] < 0 && !taken[outer + n]) {
			to[inner + n] = outer + n;
			taken[outer + n] = true;
			n++;
		}
		if (n)
			add(m, (unsigned)inner, (unsigned)outer, (unsigned)n);
	}
}

static void agrees(const struct idmap *m, const int to[SPACE])
{
	unsigned id;

	for (unsigned inner = 0; inner < SPACE; inner++) {
		if (to[inner] < 0) {
			check(!idmap_to_outer(m, inner, &id));
			continue;
		}
		check(idmap_to_outer(m, inner, &id) && id == (unsigned)to[inner]);
		check(idmap_to_inner(m, id, &id) && id == inner);
	}
}

static void there_and_back(void)
{
	srand(1);
	for (int i = 0; i < 2000; i++) {
		struct idmap m = { 0 };
		struct err e = { 0 };
		int to[SPACE];
		size_t n;

		by_chance(&m, to);
		agrees(&m, to);
		check_int(idmap_check(&m, "map", &e), 0);
		n = m.n;
		idmap_normalise(&m);
		check(m.n <= n);
		agrees(&m, to);
		for (size_t k = 1; k < m.n; k++) {
			const struct idmap_range *a = &m.v[k - 1], *b = &m.v[k];

			check(a->inner + a->count <= b->inner);
			check(a->inner + a->count < b->inner || a->outer + a->count != b->outer);
		}
		idmap_release(&m);
	}
}

/* What is left is as it was, what is not does not exist here, and no range crosses a line. */
static void projection(void)
{
	srand(2);
	for (int i = 0; i < 2000; i++) {
		struct idmap m = { 0 }, here = { 0 };
		struct err e = { 0 };
		int to[SPACE], here_to[SPACE];
		bool all = true;

		by_chance(&m, to);
		by_chance(&here, here_to);
		for (int k = 0; k < SPACE; k++) {
			if (to[k] < 0 || here_to[to[k]] >= 0)
				continue;
			to[k] = -1;
			all = false;
		}
		check_int(idmap_project(&m, &here, false, "uid map", &e), all ? 0 : -EINVAL);
		check_int(idmap_project(&m, &here, true, "uid map", &e), 0);
		agrees(&m, to);
		for (size_t k = 0; k < m.n; k++) {
			unsigned first, last;

			check(idmap_to_outer(&here, m.v[k].outer, &first) && idmap_to_outer(&here, m.v[k].outer + m.v[k].count - 1, &last));
			check_int(last - first, m.v[k].count - 1);
		}
		idmap_release(&m);
		idmap_release(&here);
	}
}

static void lines_of_a_user(void)
{
	struct idmap m = { 0 };
	struct err e = { 0 };

	check_int(idmap_subid_all("a:100:5\n#b:1:1\nb:200:5\n7:300:1\nb:x:1\na:105:5\na:1:0\n07:1:1", "a", 7, &m, &e), 0);
	is(&m, "100 100 5\n300 300 1\n105 105 5\n");
	check(idmap_covers(&m, 100, 10));
	idmap_release(&m);
}

int main(void)
{
	unit("a range is inside, outside, count, however it is written", one_meaning);
	unit("what is no range", no_ranges);
	unit("a map in the fewest lines", fewest_lines);
	unit("ranges are split where the outer map's lines are", split_where_the_outer_map_is);
	unit("several ranges cover one", ranges_that_cover);
	unit("what is unmapped further out is not mapped", unmapped_further_out);
	unit("random maps: there and back is the same, and in the fewest lines too", there_and_back);
	unit("random maps: projection", projection);
	unit("all lines of a user in /etc/subuid", lines_of_a_user);
	return unit_done();
}
