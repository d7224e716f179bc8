#include "applets/lsns_table.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

/* While one is printed. */
struct printing {
	const struct table *t;
	const struct table_look *look;
	struct strbuf *out;
	struct strbuf cell, art; /* of the cell at hand, and of the row: what is left of its branch */
	size_t *widths;
	int tree;                /* the column that the tree is drawn in, -1: no tree */
};

char **table_add(struct table *t, int parent)
{
	int new = (int)t->n_rows, *last = parent < 0 ? &t->last_root : &t->rows[parent].last_child;
	struct table_row *v;

	if (!(t->n_rows & (t->n_rows - 1))) {
		v = realloc(t->rows, (t->n_rows ? 2 * t->n_rows : 1) * sizeof *v);
		if (!v)
			return NULL;
		t->rows = v;
		last = parent < 0 ? &t->last_root : &v[parent].last_child;
	}
	v = &t->rows[new];
	*v = (struct table_row){ calloc(t->n_columns, sizeof *v->cells), -1, -1, -1 };
	if (!v->cells)
		return NULL;
	if (*last >= 0)
		t->rows[*last].next = new;
	else if (parent < 0)
		t->root = new;
	else
		t->rows[parent].child = new;
	*last = new;
	t->n_rows++;
	return v->cells;
}

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->n_rows; i++) {
		for (size_t c = 0; c < t->n_columns; c++)
			free(t->rows[i].cells[c]);
		free(t->rows[i].cells);
	}
	free(t->rows);
	*t = (struct table){ 0 };
}

/* The columns that a printable character takes. Not all of Unicode, but what is met. */
static size_t columns_of(unsigned c)
{
	static const struct {
		unsigned first, last, width;
	} odd[] = {
		{ 0x300, 0x36f, 0 }, { 0x200b, 0x200d, 0 }, { 0x20d0, 0x20ff, 0 }, { 0xfe00, 0xfe0f, 0 }, { 0x1100, 0x115f, 2 },
		{ 0x2e80, 0x303e, 2 }, { 0x3041, 0xa4cf, 2 }, { 0xac00, 0xd7a3, 2 }, { 0xf900, 0xfaff, 2 }, { 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 }, { 0xffe0, 0xffe6, 2 }, { 0x1f300, 0x1f64f, 2 }, { 0x1f900, 0x1f9ff, 2 }, { 0x20000, 0x3fffd, 2 },
	};

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (c >= odd[i].first && c <= odd[i].last)
			return odd[i].width;
	return 1;
}

/* Of what is printable alone. */
static size_t width_of(const char *s, size_t len)
{
	size_t width = 0;

	for (size_t i = 0, n; i < len; i += n) {
		unsigned c;

		n = str_printable(s + i, &c);
		width += n ? columns_of(c) : 1;
		n = n ? n : 1;
	}
	return width;
}

/* How much of the text fits into `width` columns. */
static size_t fitting(const char *s, size_t len, size_t width)
{
	size_t i = 0;

	while (i < len) {
		unsigned c;
		size_t n = str_printable(s + i, &c), columns = n ? columns_of(c) : 1;

		if (columns > width)
			break;
		width -= columns;
		i += n ? n : 1;
	}
	return i;
}

/* Bytes that could steer a terminal, and with `raw` those that would part or quote a field, as \xNN. */
static void add_plain(struct strbuf *b, const char *s, size_t len, bool raw, bool utf8)
{
	for (size_t i = 0, n; i < len; i += n) {
		unsigned c;

		n = str_printable(s + i, &c);
		if (n && (c < 0x80 ? !raw || (c != ' ' && c != '\\') : utf8 && !raw)) {
			strbuf_addn(b, s + i, n);
			continue;
		}
		n = 1;
		strbuf_addf(b, "\\x%02x", (unsigned char)s[i]);
	}
}

static void cut_off(struct strbuf *b, size_t len)
{
	b->len = len;
	strbuf_add(b, "");
}

/* Add line `line` of a cell to p->cell, if it has one. Has it more? */
static bool add_line(struct printing *p, const struct table_row *row, size_t c, size_t line)
{
	const char *s = row->cells[c] ? row->cells[c] : "", *end = p->t->columns[c].flags & TABLE_LINES ? "\n" : "";
	size_t len;

	for (; line && *s; line--) {
		s += strcspn(s, end);
		s += *s != '\0';
	}
	len = strcspn(s, end);
	add_plain(&p->cell, s, len, p->look->form == TABLE_RAW, p->look->utf8);
	return s[len] != '\0';
}

/* Lines of text, or of what is left of an ended branch. */
static const char *art(const struct printing *p, int which)
{
	static const char *const utf8[] = { "├─", "└─", "│ ", "  " }, *const ascii[] = { "|-", "`-", "| ", "  " };

	return (p->look->utf8 ? utf8 : ascii)[which];
}

/* Call `each` for the rows from `row` on with p->art as the branch of those above them. */
static void walk(struct printing *p, int row, size_t depth, void (*each)(struct printing *, const struct table_row *, size_t))
{
	for (; row >= 0; row = p->t->rows[row].next) {
		const struct table_row *r = &p->t->rows[row];
		size_t len = p->art.len;

		each(p, r, depth);
		if (r->child < 0)
			continue;
		if (depth)
			strbuf_add(&p->art, art(p, r->next >= 0 ? 2 : 3));
		walk(p, r->child, depth + 1, each);
		cut_off(&p->art, len);
	}
}

static void measure(struct printing *p, const struct table_row *row, size_t depth)
{
	for (size_t c = 0; c < p->t->n_columns; c++) {
		bool more = true;

		for (size_t line = 0; more; line++) {
			size_t width;

			cut_off(&p->cell, 0);
			more = add_line(p, row, c, line);
			width = width_of(p->cell.s, p->cell.len) + (p->tree == (int)c ? 2 * depth : 0);
			if (width > p->widths[c])
				p->widths[c] = width;
		}
	}
}

/* One cell, which stands in p->cell with the branch before it. The last one is not filled up behind. */
static void put_cell(struct printing *p, size_t c)
{
	const struct table_column *column = &p->t->columns[c];
	size_t len = p->cell.len, width = width_of(p->cell.s, len), room = p->widths[c];
	int fill;

	if (width > room && column->flags & TABLE_CUT) {
		len = fitting(p->cell.s, len, room);
		width = width_of(p->cell.s, len);
	}
	/* nor is an empty one before */
	fill = room > width && (len || c + 1 < p->t->n_columns) ? (int)(room - width) : 0;
	if (column->flags & TABLE_RIGHT)
		strbuf_addf(p->out, "%*s", fill, "");
	strbuf_addn(p->out, p->cell.s, len);
	if (c + 1 == p->t->n_columns)
		strbuf_add(p->out, "\n");
	else
		strbuf_addf(p->out, "%*s", (column->flags & TABLE_RIGHT ? 0 : fill) + 1, "");
}

/* The branch before a row; on its further lines, what goes on to the rows below. */
static void add_branch(struct printing *p, const struct table_row *row, size_t depth, size_t line)
{
	struct strbuf *b = &p->cell;

	if (depth) {
		strbuf_addn(b, p->art.s, p->art.len);
		strbuf_add(b, art(p, (line ? 2 : 0) + (row->next < 0)));
	}
	if (line && row->child >= 0)
		strbuf_add(b, art(p, 2));
}

static void put_text(struct printing *p, const struct table_row *row, size_t depth)
{
	bool more = true;

	for (size_t line = 0; more; line++) {
		more = false;
		for (size_t c = 0; c < p->t->n_columns; c++) {
			cut_off(&p->cell, 0);
			if (p->tree == (int)c)
				add_branch(p, row, depth, line);
			more |= add_line(p, row, c, line);
			put_cell(p, c);
		}
	}
}

static void put_raw(struct printing *p, const struct table_row *row, size_t depth)
{
	for (size_t c = 0; c < p->t->n_columns; c++) {
		cut_off(&p->cell, 0);
		if (p->tree == (int)c)
			add_branch(p, row, depth, 0);
		add_plain(p->out, p->cell.s, p->cell.len, true, false);
		cut_off(&p->cell, 0);
		add_line(p, row, c, 0);
		strbuf_addf(p->out, "%s%s", p->cell.s, c + 1 == p->t->n_columns ? "\n" : " ");
	}
}

static void put_json(struct printing *p, int row, int indent)
{
	strbuf_addf(p->out, "%*s", indent, "");
	for (; row >= 0; row = p->t->rows[row].next) {
		const struct table_row *r = &p->t->rows[row];

		strbuf_add(p->out, "{");
		for (size_t c = 0; c < p->t->n_columns; c++) {
			const char *cell = r->cells[c];

			strbuf_addf(p->out, "%s\n%*s\"", c ? "," : "", indent + 3, "");
			for (const char *s = p->t->columns[c].name; *s; s++)
				strbuf_addf(p->out, "%c", tolower((unsigned char)*s));
			strbuf_add(p->out, "\": ");
			if (!cell || p->t->columns[c].flags & TABLE_NUMBER)
				strbuf_add(p->out, cell ? cell : "null");
			else
				json_add_string(p->out, cell);
		}
		if (r->child >= 0 && p->tree >= 0) {
			strbuf_addf(p->out, ",\n%*s\"children\": [\n", indent + 3, "");
			put_json(p, r->child, indent + 6);
			strbuf_addf(p->out, "%*s]", indent + 3, "");
		}
		strbuf_addf(p->out, "\n%*s}%s", indent, "", r->next >= 0 ? "," : "");
	}
	strbuf_add(p->out, "\n");
}

static void put_headings(struct printing *p)
{
	for (size_t c = 0; c < p->t->n_columns; c++) {
		const char *name = p->t->columns[c].name;

		cut_off(&p->cell, 0);
		strbuf_add(&p->cell, name);
		if (p->look->form == TABLE_TEXT)
			put_cell(p, c);
		else
			strbuf_addf(p->out, "%s%s", name, c + 1 == p->t->n_columns ? "\n" : " ");
	}
}

/* libsmartcols' rule: headings count, also where they are not printed, and a hint only for cells that are no narrower. */
static void widen(struct printing *p)
{
	for (size_t c = 0; c < p->t->n_columns; c++) {
		size_t heading = strlen(p->t->columns[c].name), hint = p->t->columns[c].hint;

		if (p->widths[c] < heading)
			p->widths[c] = heading;
		else if (p->widths[c] < hint && heading < hint)
			p->widths[c] = hint;
	}
}

/* On a terminal that is too narrow the columns that can be cut give way, but for their headings. */
static void fit(struct printing *p)
{
	size_t total = p->t->n_columns - 1;

	for (size_t c = 0; c < p->t->n_columns; c++)
		total += p->widths[c];
	for (size_t c = p->t->n_columns; c-- > 0 && p->look->width && total > p->look->width;) {
		size_t least = strlen(p->t->columns[c].name), excess = total - p->look->width, room;

		if (!(p->t->columns[c].flags & TABLE_CUT))
			continue;
		room = p->widths[c] > least ? p->widths[c] - least : 0;
		p->widths[c] -= room < excess ? room : excess;
		total -= room < excess ? room : excess;
	}
}

static void put_table(struct printing *p)
{
	cut_off(&p->art, 0);
	if (p->look->form == TABLE_TEXT) {
		walk(p, p->t->root, 0, measure);
		widen(p);
		fit(p);
	}
	if (p->look->headings)
		put_headings(p);
	walk(p, p->t->root, 0, p->look->form == TABLE_TEXT ? put_text : put_raw);
}

void table_print(const struct table *t, const struct table_look *look, struct strbuf *out)
{
	struct printing p = { .t = t, .look = look, .out = out, .tree = -1 };

	for (size_t c = 0; c < t->n_columns; c++)
		if (p.tree < 0 && t->columns[c].flags & TABLE_TREE)
			p.tree = (int)c;
	if (look->form == TABLE_JSON) {
		strbuf_addf(out, "{\n   \"%s\": [\n", look->name);
		put_json(&p, t->n_rows ? t->root : -1, t->n_rows ? 6 : 0);
		strbuf_add(out, "   ]\n}\n");
	} else if (t->n_rows) {
		p.widths = calloc(t->n_columns, sizeof *p.widths);
		if (p.widths)
			put_table(&p);
		else
			out->failed = true;
	}
	out->failed |= p.cell.failed | p.art.failed;
	free(p.widths);
	strbuf_release(&p.cell);
	strbuf_release(&p.art);
}
