/* Capability sets and securebits as text. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>

#include <sys/capability.h>

#include <linux/securebits.h>

#include "core/cred.h"

#define CAP_BITS 64

static int unknown(const char *name, struct err *e)
{
	return err_bad(e, *name ? name : "\"\"", "unknown capability");
}

int cred_cap_parse(const char *name, struct err *e)
{
	const char *bare = strncasecmp(name, "cap_", 4) ? name : name + 4;
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	char full[48] = "cap_";
	size_t len = strlen(bare);
	cap_value_t cap;
	long long n;

	/* "cap_12", as util-linux has it; a bare number is more likely a slip */
	if (bare != name && !str_num(bare, 0, CAP_BITS - 1, &n) && *bare != '-')
		return (int)n;
	/* libcap takes numbers too, and stops at the first odd character */
	if (!len || bare[strspn(bare, letters)] || len + 5 > sizeof full)
		return unknown(name, e);
	for (size_t i = 0; i <= len; i++)
		full[4 + i] = (char)tolower((unsigned char)bare[i]);
	return cap_from_name(full, &cap) == 0 ? cap : unknown(name, e);
}

void cred_cap_format(int cap, char buf[32])
{
	char *name = cap_to_name(cap);

	/* libcap writes the bare number for what it has no name for */
	if (name && !strncmp(name, "cap_", 4))
		snprintf(buf, 32, "%s", name + 4);
	else
		snprintf(buf, 32, "cap_%d", cap);
	cap_free(name);
}

void cred_caps_format(uint64_t caps, struct strbuf *out)
{
	const char *comma = "";

	for (int cap = 0; cap < CAP_BITS; cap++) {
		char name[32];

		if (!(caps & CRED_CAP(cap)))
			continue;
		cred_cap_format(cap, name);
		strbuf_addf(out, "%s%s", comma, name);
		comma = ",";
	}
}

/* 1, 0, or -EINVAL from the first one on that the kernel does not know: PR_CAPBSET_READ(2const). What it will not tell (an outer filter) may be there. */
static int in_bounding(int cap)
{
	int has = prctl(PR_CAPBSET_READ, (unsigned long)cap);

	return has < 0 && errno == EINVAL ? -EINVAL : has != 0;
}

uint64_t cred_bounding(uint64_t caps)
{
	uint64_t bounding = 0;
	int has = 0;

	for (int cap = 0; cap < CAP_BITS && has >= 0; cap++) {
		if (!(caps & CRED_CAP(cap)))
			continue;
		has = in_bounding(cap);
		bounding |= has > 0 ? CRED_CAP(cap) : 0;
	}
	return bounding;
}

uint64_t cred_caps_known(void)
{
	static uint64_t known;

	/* the kernel does not learn new ones while we run */
	if (known)
		return known;
	for (int cap = 0; cap < CAP_BITS && in_bounding(cap) >= 0; cap++)
		known |= CRED_CAP(cap);
	return known;
}

static void change(uint64_t *caps, char sign, uint64_t by)
{
	if (sign == '-')
		*caps &= ~by;
	else
		*caps |= by;
}

int cred_caps_change(const char *text, uint64_t known, uint64_t *caps, struct err *e)
{
	const char *rest = text;
	uint64_t result = *caps;
	char item[64];
	int len;

	while ((len = str_next(&rest, ',', item, sizeof item)) != -ENOENT) {
		uint64_t by = known;

		if (len < 0 || (item[0] != '+' && item[0] != '-'))
			return err_bad(e, text, "wants a list of +NAME and -NAME");
		if (strcmp(item + 1, "all")) {
			int cap = cred_cap_parse(item + 1, e);

			if (cap < 0)
				return cap;
			by = CRED_CAP(cap);
			if (!(by & known))
				return err_bad(e, item + 1, "this kernel does not know that capability");
		}
		change(&result, item[0], by);
	}
	*caps = result;
	return 0;
}

/* The words that may only come first, for what follows them changes what they bring. */
static bool want_start(const char *word, struct cred_want *want)
{
	if (!strcasecmp(word, "default"))
		want->caps = CRED_CAPS_DEFAULT;
	else if (!strcasecmp(word, "all"))
		want->caps = CRED_CAPS_ALL;
	else if (strcasecmp(word, "none"))
		return false;
	return true;
}

static int want_change(const char *item, struct cred_want *want, struct err *e)
{
	char sign = *item == '-' ? '-' : '+';
	const char *name = *item == '-' || *item == '+' ? item + 1 : item;
	int cap;

	if (!strcasecmp(name, "all")) {
		change(&want->caps, sign, CRED_CAPS_ALL);
		/* what goes is no longer asked for; what "all" brings is no wish for each one */
		if (sign == '-')
			want->named = 0;
		return 0;
	}
	cap = cred_cap_parse(name, e);
	if (cap < 0)
		return cap;
	change(&want->caps, sign, CRED_CAP(cap));
	change(&want->named, sign, CRED_CAP(cap));
	return 0;
}

int cred_want_parse(const char *text, struct cred_want *want, struct err *e)
{
	struct cred_want w = { 0 };
	const char *rest = text;
	bool first = true;
	char item[64];
	int len;

	for (; (len = str_next(&rest, ',', item, sizeof item)) != -ENOENT; first = false) {
		int rc;

		if (len <= 0)
			return unknown(len < 0 ? text : item, e);
		if (first && want_start(item, &w))
			continue;
		/* a set to add to or take from must be said, or one would be guessed */
		if (first && (*item == '+' || *item == '-'))
			return err_bad(e, text, "must start with default, none, all or a capability");
		rc = want_change(item, &w, e);
		if (rc < 0)
			return rc;
	}
	*want = w;
	return 0;
}

int cred_want_meet(const struct cred_want *want, uint64_t have, uint64_t *caps, struct err *e)
{
	uint64_t missing = want->named & ~have;
	char name[32];

	if (missing) {
		cred_cap_format(__builtin_ctzll(missing), name);
		err_set(e, EPERM, name, "the caller does not have this capability");
		err_hint(e, "what is in neither the permitted nor the bounding set cannot be given on: /proc/self/status, CapPrm and CapBnd");
		return -EPERM;
	}
	*caps = want->caps & have;
	return 0;
}

/* Append ",+NAME" or ",-NAME" for each name but ALL; *all tells whether that was among them. */
static int build_items(char sign, const struct strs *names, bool *all, struct strbuf *out, struct err *e)
{
	*all = false;
	for (size_t i = 0; i < names->n; i++) {
		char name[32];
		int cap;

		if (!strcasecmp(names->v[i], "all")) {
			*all = true;
			continue;
		}
		cap = cred_cap_parse(names->v[i], e);
		if (cap < 0)
			return cap;
		cred_cap_format(cap, name);
		strbuf_addf(out, ",%c%s", sign, name);
	}
	return 0;
}

int cred_caps_build(const char *base, const struct strs *add, const struct strs *drop, struct strbuf *out, struct err *e)
{
	struct strbuf added = { 0 }, dropped = { 0 };
	bool add_all, drop_all;
	int rc = build_items('+', add, &add_all, &added, e);

	if (rc == 0)
		rc = build_items('-', drop, &drop_all, &dropped, e);
	if (rc == 0) {
		strbuf_add(out, add_all ? "all" : drop_all ? "none" : base);
		if (dropped.s && (add_all || !drop_all))
			strbuf_add(out, dropped.s);
		if (added.s && !add_all)
			strbuf_add(out, added.s);
		if (out->failed || added.failed || dropped.failed)
			rc = err_set(e, ENOMEM, "capabilities", NULL);
	}
	strbuf_release(&added);
	strbuf_release(&dropped);
	return rc;
}

static const struct {
	const char *name;
	unsigned bit;
} securebits[] = {
	{ "noroot", 1 << SECURE_NOROOT },
	{ "noroot_locked", 1 << SECURE_NOROOT_LOCKED },
	{ "no_setuid_fixup", 1 << SECURE_NO_SETUID_FIXUP },
	{ "no_setuid_fixup_locked", 1 << SECURE_NO_SETUID_FIXUP_LOCKED },
	{ "keep_caps_locked", 1 << SECURE_KEEP_CAPS_LOCKED },
};

#define N_SECUREBITS (sizeof securebits / sizeof *securebits)

static unsigned securebit(const char *name)
{
	for (size_t i = 0; i < N_SECUREBITS; i++)
		if (!strcmp(securebits[i].name, name))
			return securebits[i].bit;
	return 0;
}

int cred_securebits_change(const char *text, unsigned *bits, struct err *e)
{
	const char *rest = text;
	unsigned result = *bits;
	char item[64];
	int len;

	while ((len = str_next(&rest, ',', item, sizeof item)) != -ENOENT) {
		unsigned bit = len > 0 ? securebit(item + 1) : 0;

		if (len <= 0 || (item[0] != '+' && item[0] != '-'))
			return err_bad(e, text, "wants a list of +BIT and -BIT");
		if (!strcmp(item + 1, "keep_caps"))
			return err_bad(e, item, "execve clears keep_caps: setting it would do nothing");
		if (!strcmp(item, "-all"))
			result = 0;
		else if (!bit)
			return err_bad(e, item, "unknown securebit");
		else if (item[0] == '+')
			result |= bit;
		else
			result &= ~bit;
	}
	*bits = result;
	return 0;
}

void cred_securebits_format(unsigned bits, struct strbuf *out)
{
	const char *comma = "";

	/* ours alone, and gone with the next execve: capabilities(7) */
	bits &= ~(1U << SECURE_KEEP_CAPS);
	for (size_t i = 0; i < N_SECUREBITS; i++) {
		if (!(bits & securebits[i].bit))
			continue;
		strbuf_addf(out, "%s%s", comma, securebits[i].name);
		bits &= ~securebits[i].bit;
		comma = ",";
	}
	if (bits)
		strbuf_addf(out, "%s0x%x", comma, bits);
}
