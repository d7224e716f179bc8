#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int fill(struct err *e, int code, const char *object, const char *fmt, va_list ap)
{
	e->code = code;
	snprintf(e->object, sizeof e->object, "%s", !object ? "" : *object ? object : "\"\"");
	e->what[0] = '\0';
	/* a hint belongs to one failure: what was tried before and did not matter is not to speak here */
	e->hint[0] = '\0';
	if (fmt)
		vsnprintf(e->what, sizeof e->what, fmt, ap);
	return code ? -code : -EINVAL;
}

int err_set(struct err *e, int code, const char *object, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fill(e, code, object, fmt, ap);
	va_end(ap);
	return rc;
}

int err_sys(struct err *e, const char *object, const char *fmt, ...)
{
	int code = errno;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fill(e, code, object, fmt, ap);
	va_end(ap);
	return rc;
}

int err_bad(struct err *e, const char *object, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = fill(e, 0, object, fmt, ap);
	va_end(ap);
	return rc;
}

void err_clear(struct err *e)
{
	e->code = 0;
	e->object[0] = e->what[0] = e->hint[0] = '\0';
}

void err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e->hint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof e->hint, fmt, ap);
	va_end(ap);
}

/*
 * The length of the printable character at `s`, 0 where it is none: no control
 * (C0, DEL, C1), nothing that turns the direction of the text round, and UTF-8.
 */
static int printable(const unsigned char *s)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int len = s[0] < 0x80 ? 1 : (s[0] & 0xe0) == 0xc0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : (s[0] & 0xf8) == 0xf0 ? 4 : 0;
	unsigned c = len > 1 ? s[0] & (0x7fu >> len) : s[0];

	for (int i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (!len || c < least[len] || c < ' ' || (c >= 0x7f && c < 0xa0) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ||
	    (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
		return 0;
	return len;
}

void err_quote(const char *text, char *buf, unsigned long size)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned long n = 0;

	while (*s) {
		int len = printable(s);

		if (n + (len ? (unsigned long)len : 4) >= size)
			break;
		if (len) {
			memcpy(buf + n, s, (size_t)len);
			n += (unsigned long)len;
			s += len;
		} else {
			n += (unsigned long)sprintf(buf + n, "\\x%02x", *s++);
		}
	}
	buf[n] = '\0';
}

/* musl's text for ERANGE speaks of representable results; here it is always a limit of the kernel's. */
static const char *errno_text(int code)
{
	if (!code)
		return "";
	return code == ERANGE ? "Out of range" : strerror(code);
}

void err_line(const struct err *e, char *buf, unsigned long size)
{
	char plain[sizeof e->object + sizeof e->what + 128];

	snprintf(plain, sizeof plain, "%s%s%s%s%s", e->object,
		 e->object[0] && e->what[0] ? ": " : "", e->what,
		 e->code ? ": " : "", errno_text(e->code));
	err_quote(plain, buf, size);
}

int err_send(int fd, const struct err *e)
{
	ssize_t n;

	do
		n = write(fd, e, sizeof *e);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == (ssize_t)sizeof *e ? 0 : -EIO;
}

int err_recv(int fd, struct err *e)
{
	ssize_t n;

	do
		n = read(fd, e, sizeof *e);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	return n == (ssize_t)sizeof *e ? 1 : -EIO;
}
