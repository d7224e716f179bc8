/* Numbers, sizes, CPUs, signals, resource limits, rules of landlock, and cutting a text into pieces. */
#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "core/cred.h"
#include "core/landlock.h"
#include "core/str.h"
#include "tests/fuzz/fuzz.h"

#define UNTOUCHED 0x5eed5eed5eed5eedLL

/* A strict parser: in range, or a known failure with nothing written. */
static int ok(int rc, const long long *v, long long min, long long max)
{
	require(rc == 0 || rc == -EINVAL || rc == -ERANGE);
	require(rc == 0 ? *v >= min && *v <= max : *v == UNTOUCHED);
	return rc == 0;
}

static void numbers(const char *text, long long min, long long max)
{
	long long v = UNTOUCHED, back;
	char buf[32];

	if (ok(str_num(text, min, max, &v), &v, min, max)) {
		snprintf(buf, sizeof buf, "%lld", v);
		require(str_num(buf, min, max, &back) == 0 && back == v);
	}
	v = UNTOUCHED;
	if (max >= 0 && ok(str_octal(text, max, &v), &v, 0, max)) {
		snprintf(buf, sizeof buf, "%llo", (unsigned long long)v);
		require(str_octal(buf, max, &back) == 0 && back == v);
	}
}

static void sizes(const char *text, int minus_one)
{
	long long v = UNTOUCHED, back, whole;
	char buf[32];

	if (!ok(str_size(text, minus_one, &v), &v, minus_one ? -1 : 0, LLONG_MAX))
		return;
	str_size_format(v, buf);
	require(str_size(buf, minus_one, &back) == 0 && back == v);
	if (str_num(text, 0, LLONG_MAX, &whole) == 0)
		require(v == whole);
	/* with a unit or a fraction, at least what the digits alone say */
	snprintf(buf, sizeof buf, "%.*s", (int)strspn(text, "0123456789"), text);
	if (strspn(text, "0123456789") < sizeof buf && str_num(buf, 0, LLONG_MAX, &whole) == 0)
		require(v >= whole);
}

static void cpus(const char *text)
{
	long long v = UNTOUCHED, back;
	char buf[32];

	if (!ok(str_cpus(text, &v), &v, 0, 1000001000000000LL))
		return;
	str_cpus_format(v, buf);
	require(str_cpus(buf, &back) == 0 && back == v);
}

static void signals(const char *text)
{
	int sig = str_signal(text);
	char buf[32];

	require(sig == -EINVAL || (sig >= 1 && sig <= SIGRTMAX));
	if (sig < 0)
		return;
	str_signal_format(sig, buf);
	require(str_signal(buf) == sig);
}

static void landlock(const char *text)
{
	struct landlock_rule r = { 0 };
	struct err e = { 0 };

	if (landlock_rule_parse(text, &r, &e) < 0) {
		require(e.object[0] && e.what[0]);
		return;
	}
	require(r.port <= 65535 && r.path > text && r.path <= text + strlen(text));
	require(r.kind > LANDLOCK_RW || *r.path == '/');
}

static void limits(const char *text)
{
	struct cred_limit l, back;
	struct err e = { 0 };
	char buf[96];

	if (cred_limit_parse(text, &l, &e) < 0)
		return;
	require(l.v.rlim_cur <= l.v.rlim_max);
	require(l.resource >= 0 && l.resource < RLIM_NLIMITS);
	snprintf(buf, sizeof buf, "%s=%lld:%lld", l.name, (long long)l.v.rlim_cur, (long long)l.v.rlim_max);
	require(cred_limit_parse(buf, &back, &e) == 0);
	require(back.resource == l.resource && back.v.rlim_cur == l.v.rlim_cur && back.v.rlim_max == l.v.rlim_max);
}

/* Put together again the pieces are the text, as far as none was too long. */
static void pieces(const char *text, char sep)
{
	const char *rest = text, *at = text;
	char piece[16];
	int len;

	while ((len = str_next(&rest, sep, piece, sizeof piece)) >= 0) {
		require((size_t)len == strlen(piece) && len < (int)sizeof piece);
		require(!strncmp(at, piece, (size_t)len) && !memchr(piece, sep, (size_t)len));
		at += len;
		require(*at == (rest ? sep : '\0') && (!rest || rest == at + 1));
		at++;
	}
	require(len == -ENAMETOOLONG || (len == -ENOENT && at == text + strlen(text) + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size);

	numbers(text, LLONG_MIN, LLONG_MAX);
	numbers(text, -1, 4194304);
	numbers(text, 2, 262144);
	sizes(text, 0);
	sizes(text, 1);
	cpus(text);
	signals(text);
	limits(text);
	landlock(text);
	pieces(text, ',');
	free(text);
	return 0;
}
