#include "core/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool strbuf_room(struct strbuf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 240;
	char *s;

	if (b->failed)
		return false;
	if (b->len + more + 1 <= b->cap)
		return true;
	while (cap < b->len + more + 1)
		cap *= 4;
	s = realloc(b->s, cap);
	if (!s) {
		b->failed = true;
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

void strbuf_addn(struct strbuf *b, const char *text, size_t len)
{
	if (!strbuf_room(b, len))
		return;
	memcpy(b->s + b->len, text, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void strbuf_add(struct strbuf *b, const char *text)
{
	strbuf_addn(b, text, strlen(text));
}

void strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;
	size_t room;
	int len;

	if (!strbuf_room(b, 0))
		return;
	for (;;) {
		room = b->cap - b->len;
		va_start(ap, fmt);
		len = vsnprintf(b->s + b->len, room, fmt, ap);
		va_end(ap);
		if (len >= 0 && (size_t)len < room) {
			b->len += (size_t)len;
			return;
		}
		b->s[b->len] = '\0';
		if (len < 0 || !strbuf_room(b, (size_t)len))
			return;
	}
}

void strbuf_add_quoted(struct strbuf *b, const char *word)
{
	/* '=' is left bare: as an argument, not as the first word, it means nothing to sh */
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

	if (*word && !word[strspn(word, bare)]) {
		strbuf_add(b, word);
		return;
	}
	strbuf_add(b, "'");
	for (; *word; word++) {
		if (*word == '\'')
			strbuf_add(b, "'\\''");
		else
			strbuf_addn(b, word, 1);
	}
	strbuf_add(b, "'");
}

void strbuf_release(struct strbuf *b)
{
	free(b->s);
	*b = (struct strbuf){ 0 };
}

int strs_add(struct strs *l, const char *text)
{
	/* grows when n + 1 (the NULL) reaches a power of two, from 4 on */
	if (!l->v || (l->n + 1 >= 4 && ((l->n + 1) & l->n) == 0)) {
		size_t cap = l->v ? (l->n + 1) * 2 : 4;
		const char **v = realloc(l->v, cap * sizeof *v);

		if (!v)
			return -ENOMEM;
		l->v = v;
	}
	l->v[l->n++] = text;
	l->v[l->n] = NULL;
	return 0;
}

int strs_add_all(struct strs *l, const struct strs *more)
{
	int rc = 0;

	for (size_t i = 0; i < more->n && rc == 0; i++)
		rc = strs_add(l, more->v[i]);
	return rc;
}

bool strs_has(const struct strs *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i], text))
			return true;
	return false;
}

void strs_release(struct strs *l)
{
	free(l->v);
	*l = (struct strs){ 0 };
}

int str_num(const char *text, long long min, long long max, long long *out)
{
	const char *digits = *text == '-' ? text + 1 : text;
	long long v;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return -EINVAL;
	errno = 0;
	v = strtoll(text, NULL, 10);
	if (errno == ERANGE || v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int str_octal(const char *text, long long max, long long *out)
{
	unsigned long long v;

	if (!*text || text[strspn(text, "01234567")])
		return -EINVAL;
	errno = 0;
	v = strtoull(text, NULL, 8);
	if (errno == ERANGE || v > (unsigned long long)max)
		return -ERANGE;
	*out = (long long)v;
	return 0;
}

/* "b", "k", "kb", "kib" and so on: the power of 1024, or -1. */
static int size_suffix(const char *s)
{
	static const char units[] = "bkmgtp";
	const char *unit;

	if (!*s)
		return 0;
	unit = strchr(units, tolower((unsigned char)*s));
	if (!unit || !*unit)
		return -1;
	s++;
	if (*s && unit != units && (*s == 'i' || *s == 'I') && tolower((unsigned char)s[1]) == 'b')
		s++;
	if (*s && unit != units && tolower((unsigned char)*s) == 'b')
		s++;
	return *s ? -1 : (int)(unit - units);
}

int str_size(const char *text, bool minus_one, long long *out)
{
	unsigned long long whole = 0, part = 0, scale = 1, unit = 1;
	const char *s = text;
	int power;

	if (minus_one && !strcmp(text, "-1")) {
		*out = -1;
		return 0;
	}
	if (!isdigit((unsigned char)*s))
		return -EINVAL;
	for (; isdigit((unsigned char)*s); s++) {
		if (__builtin_mul_overflow(whole, 10ULL, &whole) ||
		    __builtin_add_overflow(whole, (unsigned long long)(*s - '0'), &whole))
			return -ERANGE;
	}
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			return -EINVAL;
		for (; isdigit((unsigned char)*s); s++) {
			/* nine digits say which byte is meant, up to tebibytes; more are read but not needed */
			if (scale >= 1000000000ULL)
				continue;
			part = part * 10 + (unsigned long long)(*s - '0');
			scale *= 10;
		}
	}
	power = size_suffix(s);
	if (power < 0 || (scale > 1 && power == 0))
		return -EINVAL;
	while (power--)
		unit *= 1024;
	if (__builtin_mul_overflow(whole, unit, &whole))
		return -ERANGE;
	/* in 128 bits: a petabyte times nine digits leaves 64 */
	part = (unsigned long long)((unsigned __int128)part * unit / scale);
	if (__builtin_add_overflow(whole, part, &whole) || whole > LLONG_MAX)
		return -ERANGE;
	*out = (long long)whole;
	return 0;
}

int str_cpus(const char *text, long long *out)
{
	unsigned long long v = 0, scale = 1000000000ULL;
	const char *s = text;

	/* docker takes ".5" as well, but a dot wants a digit behind it */
	if (!isdigit((unsigned char)*s) && *s != '.')
		return -EINVAL;
	for (; isdigit((unsigned char)*s); s++) {
		v = v * 10 + (unsigned long long)(*s - '0');
		if (v > 1000000)
			return -ERANGE;
	}
	v *= scale;
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			return -EINVAL;
		for (; isdigit((unsigned char)*s); s++) {
			scale /= 10;
			if (!scale)
				return -ERANGE;
			v += (unsigned long long)(*s - '0') * scale;
		}
	}
	if (*s)
		return -EINVAL;
	*out = (long long)v;
	return 0;
}

void str_size_format(long long v, char buf[32])
{
	static const char units[] = "\0KMGTP";
	int power = 0;

	while (v > 0 && v % 1024 == 0 && power < 5) {
		v /= 1024;
		power++;
	}
	snprintf(buf, 32, "%lld%.1s", v, units + power);
}

void str_cpus_format(long long v, char buf[32])
{
	int len = snprintf(buf, 32, "%lld.%09lld", v / 1000000000, v % 1000000000);

	while (buf[len - 1] == '0')
		buf[--len] = '\0';
	if (buf[len - 1] == '.')
		buf[--len] = '\0';
}

/* The kernel's numbers for this architecture, from signal(7); no libc call maps a name to one. */
static const struct {
	const char *name;
	int sig;
} signals[] = {
	{ "ABRT", SIGABRT }, { "ALRM", SIGALRM }, { "BUS", SIGBUS },       { "CHLD", SIGCHLD },     { "CONT", SIGCONT },
	{ "FPE", SIGFPE },   { "HUP", SIGHUP },   { "ILL", SIGILL },       { "INT", SIGINT },       { "IO", SIGIO },
	{ "KILL", SIGKILL }, { "PIPE", SIGPIPE }, { "PROF", SIGPROF },     { "PWR", SIGPWR },       { "QUIT", SIGQUIT },
	{ "SEGV", SIGSEGV }, { "STOP", SIGSTOP }, { "SYS", SIGSYS },       { "TERM", SIGTERM },     { "TRAP", SIGTRAP },
	{ "TSTP", SIGTSTP }, { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },       { "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 }, { "VTALRM", SIGVTALRM }, { "WINCH", SIGWINCH }, { "XCPU", SIGXCPU },   { "XFSZ", SIGXFSZ },
	/* a second name for one number: found by name, never printed */
	{ "POLL", SIGIO },   { "CLD", SIGCHLD },  { "IOT", SIGABRT },
};

int str_signal(const char *text)
{
	long long n;

	if (!str_num(text, 1, SIGRTMAX, &n))
		return (int)n;
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		if (!strcasecmp(text, signals[i].name))
			return signals[i].sig;
	if (!strncasecmp(text, "RTMIN", 5)) {
		if (!text[5])
			return SIGRTMIN;
		if (text[5] == '+' && isdigit((unsigned char)text[6]) && !str_num(text + 6, 0, SIGRTMAX - SIGRTMIN, &n))
			return SIGRTMIN + (int)n;
	}
	if (!strncasecmp(text, "RTMAX", 5)) {
		if (!text[5])
			return SIGRTMAX;
		if (text[5] == '-' && isdigit((unsigned char)text[6]) && !str_num(text + 6, 0, SIGRTMAX - SIGRTMIN, &n))
			return SIGRTMAX - (int)n;
	}
	return -EINVAL;
}

void str_signal_format(int sig, char buf[32])
{
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		if (signals[i].sig != sig)
			continue;
		snprintf(buf, 32, "%s", signals[i].name);
		return;
	}
	snprintf(buf, 32, "%d", sig);
}

size_t str_join_list(char *buf, size_t size, const char *const *list)
{
	size_t len = 0;

	for (; *list; list++) {
		size_t n = strlen(*list);

		if (len < size)
			str_copyn(buf + len, size - len, *list, n);
		len += n;
	}
	return len;
}

char *str_joined_list(const char *const *list)
{
	size_t size = 1;
	char *s;

	for (const char *const *l = list; *l; l++)
		size += strlen(*l);
	s = malloc(size);
	if (s)
		str_join_list(s, size, list);
	return s;
}

void str_copyn(char *buf, size_t size, const char *text, size_t len)
{
	size_t n = len < size ? len : size - 1;

	memcpy(buf, text, n);
	buf[n] = '\0';
}

const char *str_after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

size_t str_printable(const char *text, unsigned *c)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	unsigned v = len > 1 ? s[0] & (0x7fu >> len) : s[0];

	*c = 0;
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s[i] & 0x3f);
	}
	if (!len || v < least[len] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
		return 0;
	*c = v;
	if (v < ' ' || (v >= 0x7f && v < 0xa0) || (v >= 0x200e && v <= 0x200f) || (v >= 0x2028 && v <= 0x202e) ||
	    (v >= 0x2066 && v <= 0x2069))
		return 0;
	return len;
}

int str_next(const char **rest, char sep, char *buf, size_t size)
{
	const char *start = *rest;
	const char *end;
	size_t len;

	if (!start)
		return -ENOENT;
	end = strchr(start, sep);
	len = end ? (size_t)(end - start) : strlen(start);
	*rest = end ? end + 1 : NULL;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, start, len);
	buf[len] = '\0';
	return (int)len;
}

void str_unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' && text[2] <= '7' &&
		    text[3] >= '0' && text[3] <= '7') {
			*to++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
			continue;
		}
		*to++ = *text++;
	}
	*to = '\0';
}
