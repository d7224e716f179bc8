/* Device rules, one a line, said one after the other; the text of a devices.list; and bytes that could be a program. */
#include <errno.h>

#include "core/devfilter.h"
#include "tests/fuzz/fuzz.h"

static void require_rule(const struct dev_rule *r)
{
	require(strchr("abc", r->type) && r->access && r->access < 8);
	require(r->major >= -1 && r->major < 4096 && r->minor >= -1 && r->minor < 1 << 20);
	require(r->type != 'a' || (r->major == -1 && r->minor == -1 && r->access == 7));
}

/* Each exception once, and all of one kind. */
static void require_list(const struct dev_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		require_rule(&l->v[i]);
		require(l->v[i].allow != l->allow && l->v[i].type != 'a');
		for (size_t k = 0; k < i; k++)
			require(l->v[k].type != l->v[i].type || l->v[k].major != l->v[i].major || l->v[k].minor != l->v[i].minor);
	}
}

static void same(const struct dev_list *l, const struct dev_list *back)
{
	struct strbuf one = { 0 }, other = { 0 };

	devfilter_format(l, &one);
	devfilter_format(back, &other);
	require(one.len == other.len && (!one.len || !strcmp(one.s, other.s)));
	strbuf_release(&one);
	strbuf_release(&other);
}

/* It can be said again: in text, and as a program. */
static void again(const struct dev_list *l)
{
	size_t room = DEVFILTER_INSNS(l->n);
	uint64_t *prog = calloc(room, sizeof *prog);
	struct dev_list read = { 0 }, decoded = { 0 };
	struct strbuf text = { 0 };
	struct err e = { 0 };
	int n;

	require(prog);
	require_list(l);
	n = devfilter_compile(l->v, l->n, l->allow, prog, room);
	require(n > 0 && devfilter_decode(prog, (size_t)n, &decoded) == 0);
	same(l, &decoded);
	devfilter_format(l, &text);
	require(devfilter_unformat(text.s ? text.s : "", &read, &e) == 0);
	same(l, &read);
	devfilter_release(&read);
	devfilter_release(&decoded);
	strbuf_release(&text);
	free(prog);
}

static void rule(const char *text, struct dev_list *l)
{
	struct dev_rule r = { 0 }, back;
	struct err e = { 0 };
	char plain[64], verb[80];
	const char *path = NULL;
	int len = devfilter_parse(text, &r, &path, &e);

	require(len >= 0 || (len == -EINVAL && e.what[0]));
	require(len <= 0 || (*path == '/' && path > text - 1 && path[len] == ' ' && r.access && r.access < 8));
	if (len != 0)
		return;
	require_rule(&r);
	devfilter_text(&r, plain);
	snprintf(verb, sizeof verb, "%s %s", r.allow ? "allow" : "deny", plain);
	require(devfilter_parse(verb, &back, &path, &e) == 0);
	require(back.allow == r.allow && back.type == r.type && back.major == r.major && back.minor == r.minor && back.access == r.access);
	len = devfilter_add(l, &r, &e);
	require(len == 0 || (len == -EINVAL && e.what[0]));
}

static void program(const uint8_t *data, size_t size)
{
	uint64_t *prog = calloc(size / 8 + 1, sizeof *prog);
	struct dev_list l = { 0 };
	int rc;

	require(prog);
	if (size)
		memcpy(prog, data, size / 8 * 8);
	rc = devfilter_decode(prog, size / 8, &l);
	require(rc == 0 || rc == -EPROTO);
	devfilter_release(&l);
	free(prog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *rules = fuzz_text(&data, &size), *text = fuzz_text(&data, &size), *rest = rules;
	struct dev_list said = { .allow = true }, read = { 0 };
	struct err e = { 0 };

	for (char *line; (line = strsep(&rest, "\n"));)
		rule(line, &said);
	again(&said);
	if (devfilter_unformat(text, &read, &e) == 0)
		again(&read);
	program(data, size);
	devfilter_release(&said);
	devfilter_release(&read);
	free(rules);
	free(text);
	return 0;
}
