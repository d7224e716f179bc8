/*
 * Debian builds its libmnl.a against glibc with _FORTIFY_SOURCE, which turns
 * mnl_nlmsg_fprintf()'s fprintf into __fprintf_chk; musl has no such function.
 * This is the only name that archive wants and musl lacks. scripts/deps adds
 * it to its copy of the archive, so the linker takes it only when it is used.
 */
#include <stdarg.h>
#include <stdio.h>

int __fprintf_chk(FILE *f, int flag, const char *fmt, ...);

/* `flag` asks glibc to refuse %n in writable memory; libmnl's formats are literals. */
int __fprintf_chk(FILE *f, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, fmt);
	n = vfprintf(f, fmt, ap);
	va_end(ap);
	return n;
}
