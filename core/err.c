#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/str.h"

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

void err_quote(const char *text, char *buf, unsigned long size)
{
	unsigned long n = 0;
	unsigned c;

	while (*text) {
		unsigned long len = str_printable(text, &c);

		if (n + (len ? len : 4) >= size)
			break;
		if (len) {
			memcpy(buf + n, text, len);
			n += len;
			text += len;
		} else {
			n += (unsigned long)sprintf(buf + n, "\\x%02x", (unsigned char)*text++);
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
