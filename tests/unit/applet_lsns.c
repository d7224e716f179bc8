/* lsns: options to view, and tables as text, fields and JSON. */
#include <errno.h>

#include "applets/lsns.h"
#include "core/ns.h"
#include "tests/applet_tables.h"
#include "tests/unit/unit.h"

static const struct table_column three[] = { { "ID", TABLE_RIGHT | TABLE_NUMBER }, { "KIND", 0, 6 }, { "NAME", TABLE_CUT | TABLE_TREE } };

static void set(char **cells, const char *id, const char *kind, const char *name)
{
	const char *text[] = { id, kind, name };

	check(cells != NULL);
	for (int i = 0; i < 3; i++)
		cells[i] = text[i] ? strdup(text[i]) : NULL;
}

static struct table start(const struct table_column *columns)
{
	return (struct table){ .columns = columns, .n_columns = 3, .root = -1, .last_root = -1 };
}

static void shows(const struct table *t, struct table_look look, const char *want)
{
	struct strbuf out = { 0 };

	look.name = "things";
	table_print(t, &look, &out);
	check(!out.failed);
	check_str(out.s ? out.s : "", want);
	strbuf_release(&out);
}

static struct table family(void)
{
	struct table t = start(three);

	set(table_add(&t, -1), "1", "a", "root");
	set(table_add(&t, -1), "22", "bbbb", NULL);
	set(table_add(&t, 0), "3", NULL, "child");
	set(table_add(&t, 0), "4", "d", "other");
	set(table_add(&t, 2), "5", "e", "grandchild");
	set(table_add(&t, 3), "6", "f", "");
	return t;
}

static void text(void)
{
	struct table t = family();

	shows(&t, (struct table_look){ .headings = true, .utf8 = true },
	      "ID KIND   NAME\n"
	      " 1 a      root\n"
	      " 3        ├─child\n"
	      " 5 e      │ └─grandchild\n"
	      " 4 d      └─other\n"
	      " 6 f        └─\n"
	      "22 bbbb   \n");
	shows(&t, (struct table_look){ .headings = false },
	      " 1 a      root\n"
	      " 3        |-child\n"
	      " 5 e      | `-grandchild\n"
	      " 4 d      `-other\n"
	      " 6 f        `-\n"
	      "22 bbbb   \n");
	table_release(&t);
	check(!t.rows && !t.n_rows);
}

static void narrow(void)
{
	struct table t = family();

	shows(&t, (struct table_look){ .utf8 = true, .width = 18 },
	      " 1 a      root\n"
	      " 3        ├─child\n"
	      " 5 e      │ └─gran\n"
	      " 4 d      └─other\n"
	      " 6 f        └─\n"
	      "22 bbbb   \n");
	/* never narrower than its heading */
	shows(&t, (struct table_look){ .utf8 = true, .width = 3 },
	      " 1 a      root\n"
	      " 3        ├─ch\n"
	      " 5 e      │ └─\n"
	      " 4 d      └─ot\n"
	      " 6 f        └─\n"
	      "22 bbbb   \n");
	table_release(&t);
}

static void raw(void)
{
	struct table t = family();

	set(table_add(&t, -1), "7", "a b", "t\tn\n\\ é\x7f");
	shows(&t, (struct table_look){ .form = TABLE_RAW, .headings = true },
	      "ID KIND NAME\n1 a root\n3  |-child\n5 e |\\x20`-grandchild\n4 d `-other\n6 f \\x20\\x20`-\n22 bbbb \n"
	      "7 a\\x20b t\\x09n\\x0a\\x5c\\x20\\xc3\\xa9\\x7f\n");
	table_release(&t);
}

static void json(void)
{
	struct table t = start(three);

	shows(&t, (struct table_look){ .form = TABLE_JSON }, "{\n   \"things\": [\n\n   ]\n}\n");
	set(table_add(&t, -1), "1", "a\"\\\n\x1b", NULL);
	set(table_add(&t, 0), NULL, "é\xff\xc3\xe2\x80\xae\xc2\x85", "x");
	set(table_add(&t, -1), "2", "", "y");
	shows(&t, (struct table_look){ .form = TABLE_JSON, .headings = true },
	      "{\n"
	      "   \"things\": [\n"
	      "      {\n"
	      "         \"id\": 1,\n"
	      "         \"kind\": \"a\\\"\\\\\\n\\u001b\",\n"
	      "         \"name\": null,\n"
	      "         \"children\": [\n"
	      "            {\n"
	      "               \"id\": null,\n"
	      "               \"kind\": \"é\\ufffd\\ufffd\\u202e\\u0085\",\n"
	      "               \"name\": \"x\"\n"
	      "            }\n"
	      "         ]\n"
	      "      },{\n"
	      "         \"id\": 2,\n"
	      "         \"kind\": \"\",\n"
	      "         \"name\": \"y\"\n"
	      "      }\n"
	      "   ]\n"
	      "}\n");
	table_release(&t);
}

static void lines_in_a_cell(void)
{
	static const struct table_column columns[] = { { "TREE", TABLE_TREE }, { "LINES", TABLE_LINES }, { "N", TABLE_RIGHT } };
	struct table t = start(columns);

	set(table_add(&t, -1), "a", "1\n22", "9");
	set(table_add(&t, 0), "b", "3\n\n4444444", "10");
	set(table_add(&t, 0), "c", "", NULL);
	shows(&t, (struct table_look){ .headings = true },
	      "TREE LINES    N\n"
	      "a    1        9\n"
	      "|    22      \n"
	      "|-b  3       10\n"
	      "|            \n"
	      "|    4444444 \n"
	      "`-c          \n");
	table_release(&t);
}

/* Wide and combining characters count as a terminal shows them, and are not cut in two. */
static void wide(void)
{
	struct table t = start(three);

	set(table_add(&t, -1), "1", "日本", "日本語e\xcc\x81!");
	set(table_add(&t, -1), "2", "12345", "1234567");
	shows(&t, (struct table_look){ .utf8 = true }, " 1 日本   日本語e\xcc\x81!\n 2 12345  1234567\n");
	shows(&t, (struct table_look){ .utf8 = true, .width = 15 }, " 1 日本   日本\n 2 12345  12345\n");
	table_release(&t);
}

/* JSON by its grammar: the end of the value at *s, or NULL. */
static const char *json_value(const char *s)
{
	char close;

	s += strspn(s, " \n");
	if (!strncmp(s, "null", 4))
		return s + 4;
	if (*s == '"') {
		for (s++; *s != '"'; s++) {
			unsigned c;

			if ((unsigned char)*s < ' ')
				return NULL;
			if (*s == '\\') {
				s++;
				if (*s == 'u' ? strspn(s + 1, "0123456789abcdef") < 4 : !strchr("bfnrt\"\\", *s))
					return NULL;
				s += *s == 'u' ? 4 : 0;
				continue;
			}
			if (!str_printable(s, &c))
				return NULL;
			s += str_printable(s, &c) - 1;
		}
		return s + 1;
	}
	if (*s >= '0' && *s <= '9')
		return s + strspn(s, "0123456789");
	close = *s == '{' ? '}' : ']';
	if (*s != '{' && *s != '[')
		return NULL;
	for (s++;; s++) {
		s += strspn(s, " \n");
		if (*s == close)
			return s + 1;
		s = json_value(s);
		if (s && close == '}')
			s = *s == ':' ? json_value(s + 1) : NULL;
		if (!s)
			return NULL;
		s += strspn(s, " \n");
		if (*s == close)
			return s + 1;
		if (*s != ',')
			return NULL;
	}
}

/* Random bytes in the cells: nothing gets out that steers a terminal, and JSON is JSON. */
static void hostile(void)
{
	static const char *const odd[] = { "\x1b]0;x\x07", "\xc2\x9b", "\xe2\x80\xae", "\"", "\\", "\n", "\xed\xa0\x80", "\xf0\x9f\x98\x80", "\xff", "a " };

	srand(4);
	for (int i = 0; i < 3000; i++) {
		struct table_look look = { .form = (enum table_form)(i % 3), .headings = i % 2, .utf8 = i % 5, .width = (size_t)(i % 7 * 9), .name = "x" };
		struct table t = start(three);
		struct strbuf out = { 0 };

		for (int row = 0; row < 4; row++) {
			char cell[2][64] = { "", "" };

			for (int c = 0; c < 2; c++)
				for (int n = rand() % 8; n > 0; n--) {
					char byte[2] = { (char)(1 + rand() % 255), '\0' };

					strcat(cell[c], rand() % 2 ? byte : odd[(size_t)rand() % (sizeof odd / sizeof *odd)]);
				}
			set(table_add(&t, row ? rand() % (row + 1) - 1 : -1), "7", cell[0], cell[1]);
		}
		table_print(&t, &look, &out);
		check(!out.failed && out.s);
		for (size_t at = 0; at < out.len;) {
			unsigned c;
			size_t n = out.s[at] == '\n' ? 1 : str_printable(out.s + at, &c);

			check(n > 0);
			check(look.utf8 || n == 1 || look.form == TABLE_JSON);
			at += n;
		}
		if (look.form == TABLE_JSON) {
			const char *end = json_value(out.s);

			check(end && !strcmp(end, "\n"));
		} else {
			size_t lines = 0;

			for (size_t at = 0; at < out.len; at++)
				lines += out.s[at] == '\n';
			check_int((long long)lines, 4 + look.headings);
		}
		table_release(&t);
		strbuf_release(&out);
	}
}

/* The columns of a view, as the option writes them. */
static void view_is(const struct lsns_args *a, const char *columns, enum lsns_tree tree)
{
	struct strbuf names = { 0 };
	struct lsns_view v;
	struct err e = { 0 };

	check_int(lsns_view_make(a, &v, &e), 0);
	for (size_t i = 0; i < v.n_columns; i++)
		strbuf_addf(&names, "%s%s", i ? "," : "", lsns_infos[v.columns[i]].column.name);
	check_str(names.s, columns);
	check_int(v.tree, tree);
	strbuf_release(&names);
}

static void views(void)
{
	const char *net[] = { "uts", "net", NULL };
	const struct strs types = { net, 2 };
	struct lsns_view v;
	struct err e = { 0 };

	view_is(&(struct lsns_args){ 0 }, "NS,TYPE,NPROCS,PID,USER,COMMAND", LSNS_PROCESS);
	view_is(&(struct lsns_args){ .list = true }, "NS,TYPE,NPROCS,PID,USER,COMMAND", LSNS_FLAT);
	view_is(&(struct lsns_args){ .types = types }, "NS,TYPE,NPROCS,PID,USER,NETNSID,NSFS,COMMAND", LSNS_PROCESS);
	view_is(&(struct lsns_args){ .ns = "7" }, "PID,PPID,USER,COMMAND", LSNS_PROCESS);
	view_is(&(struct lsns_args){ .output = "ns,Type,NS" }, "NS,TYPE,NS", LSNS_PROCESS);
	view_is(&(struct lsns_args){ .output = "+path", .tree.set = true }, "NS,TYPE,NPROCS,PID,USER,COMMAND,PATH", LSNS_OWNER);
	view_is(&(struct lsns_args){ .output = "NS", .output_all = true, .tree = { true, "parent" } }, "NS", LSNS_PARENT);
	view_is(&(struct lsns_args){ .output_all = true }, "NS,TYPE,PATH,NPROCS,PID,PPID,COMMAND,UID,USER,NETNSID,NSFS,PNS,ONS", LSNS_FLAT);
	check_int(lsns_view_make(&(struct lsns_args){ .types = types }, &v, &e), 0);
	for (int k = 0; k < NS_KINDS; k++)
		check_int(v.kinds >> k & 1, !strcmp(ns_kinds[k].file, "uts") || !strcmp(ns_kinds[k].file, "net"));
}

static void views_refused(void)
{
	static const struct lsns_args bad[] = {
		{ .output = "" }, { .output = "," }, { .output = "NS," }, { .output = "+" }, { .output = "NOPE" }, { .output = "NS NS" },
		{ .output = "A_COLUMN_WITH_A_NAME_THAT_IS_LONGER_THAN_ANY" },
		{ .output = "NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS,NS" },
		{ .json = true, .raw = true }, { .persistent = true, .task.set = true }, { .list = true, .tree.set = true },
		{ .ns = "1", .task.set = true },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct lsns_view v;
		struct err e = { 0 };

		check_int(lsns_view_make(&bad[i], &v, &e), -EINVAL);
		check(e.what[0] != '\0');
	}
}

int main(void)
{
	unit("a table as text, with its tree", text);
	unit("on a narrow terminal", narrow);
	unit("as fields", raw);
	unit("as JSON", json);
	unit("several lines in a cell", lines_in_a_cell);
	unit("wide characters", wide);
	unit("hostile cells, 3000 tables", hostile);
	unit("options to view", views);
	unit("options that make none", views_refused);
	return unit_done();
}
