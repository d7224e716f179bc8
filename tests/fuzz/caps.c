/* Capabilities: one name, util-linux's lists, docker's lists, securebits. Then names for --cap-add, and for --cap-drop. */
#include <errno.h>
#include <strings.h>

#include <linux/securebits.h>

#include "core/cred.h"
#include "tests/fuzz/fuzz.h"

/* Not all: a kernel that knows fewer capabilities than there are names. */
#define KNOWN 0xffffffffffULL

static void names(const char *text)
{
	struct err e = { 0 };
	int cap = cred_cap_parse(text, &e);
	char name[32];

	require(cap == -EINVAL ? e.what[0] != 0 : cap >= 0 && cap < 64);
	if (cap < 0)
		return;
	cred_cap_format(cap, name);
	require(cred_cap_parse(name, &e) == cap);
}

static void lists(const char *text)
{
	uint64_t caps = 0x12345, before = caps, back = 0;
	struct strbuf list = { 0 };
	struct cred_want want;
	struct err e = { 0 };

	if (cred_caps_change(text, KNOWN, &caps, &e) < 0) {
		require(caps == before && e.what[0]);
		return;
	}
	require(!(caps & ~KNOWN));
	/* as a list of names it is the same set, for both parsers */
	cred_caps_format(caps, &list);
	require(!list.failed && !list.s == !caps);
	if (!caps)
		return;
	require(cred_want_parse(list.s, &want, &e) == 0);
	require(want.caps == caps && want.named == caps);
	strbuf_release(&list);
	for (int cap = 0; cap < 64; cap++) {
		char name[32], item[40];

		if (!(caps & CRED_CAP(cap)))
			continue;
		cred_cap_format(cap, name);
		snprintf(item, sizeof item, "+%s", name);
		require(cred_caps_change(item, KNOWN, &back, &e) == 0);
	}
	require(back == caps);
}

static void wishes(const char *text)
{
	const uint64_t have = CRED_CAPS_DEFAULT;
	struct cred_want want = { 1, 2 };
	struct err e = { 0 };
	uint64_t caps = 0;

	if (cred_want_parse(text, &want, &e) < 0) {
		require(want.caps == 1 && want.named == 2 && e.what[0]);
		return;
	}
	require(!(want.named & ~want.caps));
	if (cred_want_meet(&want, have, &caps, &e) < 0) {
		require(want.named & ~have && e.hint[0]);
		return;
	}
	require(!(caps & ~have) && !(caps & ~want.caps) && !(want.named & ~caps));
}

/* What docker does with these, said in sets. */
static uint64_t expected(uint64_t base, const struct strs *add, const struct strs *drop)
{
	uint64_t added = 0, dropped = 0;
	struct err e = { 0 };
	int add_all = 0, drop_all = 0;

	for (size_t i = 0; i < add->n; i++) {
		if (!strcasecmp(add->v[i], "all"))
			add_all = 1;
		else
			added |= CRED_CAP(cred_cap_parse(add->v[i], &e));
	}
	for (size_t i = 0; i < drop->n; i++) {
		if (!strcasecmp(drop->v[i], "all"))
			drop_all = 1;
		else
			dropped |= CRED_CAP(cred_cap_parse(drop->v[i], &e));
	}
	if (add_all)
		return ~dropped;
	return drop_all ? added : (base & ~dropped) | added;
}

static void cut(char *text, struct strs *out)
{
	for (char *word; (word = strsep(&text, "\n"));)
		if (*word)
			require(strs_add(out, word) == 0);
}

static void builds(char *add_text, char *drop_text)
{
	struct strs add = { 0 }, drop = { 0 };
	struct strbuf text = { 0 };
	struct cred_want want;
	struct err e = { 0 };

	cut(add_text, &add);
	cut(drop_text, &drop);
	if (cred_caps_build("default", &add, &drop, &text, &e) == 0) {
		require(cred_want_parse(text.s, &want, &e) == 0);
		require(want.caps == expected(CRED_CAPS_DEFAULT, &add, &drop));
	}
	strs_release(&add);
	strs_release(&drop);
	strbuf_release(&text);
}

static void securebits(const char *text)
{
	const unsigned start = 1U << SECURE_NOROOT, all = 1U << SECURE_NOROOT | 1U << SECURE_NOROOT_LOCKED |
		1U << SECURE_NO_SETUID_FIXUP | 1U << SECURE_NO_SETUID_FIXUP_LOCKED | 1U << SECURE_KEEP_CAPS_LOCKED;
	struct strbuf list = { 0 }, signs = { 0 };
	unsigned bits = start, back = 0;
	struct err e = { 0 };

	if (cred_securebits_change(text, &bits, &e) < 0) {
		require(bits == start && e.what[0]);
		return;
	}
	require(!(bits & ~all));
	cred_securebits_format(bits, &list);
	for (const char *s = list.s; s && *s; s++) {
		if (s == list.s || s[-1] == ',')
			strbuf_add(&signs, "+");
		strbuf_addn(&signs, s, 1);
	}
	require(!signs.s || cred_securebits_change(signs.s, &back, &e) == 0);
	require(back == bits);
	strbuf_release(&list);
	strbuf_release(&signs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size), *add = fuzz_text(&data, &size), *drop = fuzz_text(&data, &size);

	names(text);
	lists(text);
	wishes(text);
	securebits(text);
	builds(add, drop);
	free(text);
	free(add);
	free(drop);
	return 0;
}
