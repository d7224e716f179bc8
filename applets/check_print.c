/* check: the lines, for people and awk, or as JSON. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/check_priv.h"
#include "core/json.h"

static const struct {
	const char *word, *colour;
} states[] = {
	[CHECK_YES] = { "yes", "\033[32m" },
	[CHECK_PARTLY] = { "partly", "\033[33m" },
	[CHECK_NO] = { "no", "\033[31m" },
};

/* no-color.org: set, and not to nothing */
bool check_has_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(1) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

/* What the kernel or a file says is somebody else's text: one line of it, and nothing that steers a terminal. */
static void add_text(struct strbuf *out, const char *text)
{
	char quoted[4 * sizeof ((struct check_answer *)0)->detail];

	err_quote(text, quoted, sizeof quoted);
	strbuf_add(out, quoted);
}

static void add_line(const struct check_found *f, bool colour, struct strbuf *out)
{
	const struct check_answer *a = &f->answer;
	const char *word = states[a->state].word;

	strbuf_addf(out, "%-12s %-18s %s%s%s", f->item->group, f->item->name, colour ? states[a->state].colour : "", word, colour ? "\033[0m" : "");
	if (*a->detail || *a->knob)
		strbuf_addf(out, "%*s", (int)(8 - strlen(word)), "");
	add_text(out, a->detail);
	if (*a->knob) {
		strbuf_add(out, *a->detail ? "; knob: " : "knob: ");
		add_text(out, a->knob);
	}
	strbuf_add(out, "\n");
}

void check_print_text(const struct check_report *r, bool colour, struct strbuf *out)
{
	const struct check_found *m = r->missing;

	strbuf_addf(out, "as uid %u, capabilities: %s, on %s %s (%s)\n", r->uid, r->caps, r->kernel.sysname, r->kernel.release, r->kernel.machine);
	for (size_t i = 0; i < r->n; i++)
		add_line(&r->v[i], colour, out);
	if (!m) {
		strbuf_addf(out, "uid %u can start containers here; of %zu answers %zu are no, %zu partly\n", r->uid, r->n, r->no, r->partly);
		return;
	}
	strbuf_addf(out, "uid %u can start no container here: it takes %s %s; ", r->uid, m->item->group, m->item->name);
	add_text(out, *m->answer.knob ? m->answer.knob : m->answer.detail);
	strbuf_add(out, "\n");
}

static void add_pair(struct strbuf *out, const char *before, const char *key, const char *value)
{
	strbuf_addf(out, "%s\"%s\":", before, key);
	json_add_string(out, value);
}

void check_print_json(const struct check_report *r, struct strbuf *out)
{
	strbuf_addf(out, "{\"uid\":%u", r->uid);
	add_pair(out, ",", "capabilities", r->caps);
	add_pair(out, ",", "system", r->kernel.sysname);
	add_pair(out, ",", "release", r->kernel.release);
	add_pair(out, ",", "machine", r->kernel.machine);
	strbuf_addf(out, ",\"can_start\":%s,\"checks\":[", r->missing ? "false" : "true");
	for (size_t i = 0; i < r->n; i++) {
		const struct check_found *f = &r->v[i];

		add_pair(out, i ? ",\n{" : "\n{", "group", f->item->group);
		add_pair(out, ",", "item", f->item->name);
		add_pair(out, ",", "answer", states[f->answer.state].word);
		strbuf_addf(out, ",\"required\":%s", f->item->required ? "true" : "false");
		add_pair(out, ",", "detail", f->answer.detail);
		add_pair(out, ",", "knob", f->answer.knob);
		strbuf_add(out, "}");
	}
	strbuf_add(out, "\n]}\n");
}
