/* Where a table is printed: the standard output's width, and its characters. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "applets/lsns_table.h"

/* setlocale(3)'s rule: the first of them that is not empty. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (int i = 0; i < 3; i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

/* 0: it is no terminal, and lines are as long as they are. */
static size_t terminal_width(void)
{
	const char *text = getenv("COLUMNS");
	long long columns = 80;
	struct winsize ws;

	if (ioctl(1, TIOCGWINSZ, &ws) < 0)
		return 0;
	if (ws.ws_col)
		return ws.ws_col;
	if (text)
		str_num(text, 1, USHRT_MAX, &columns);
	return (size_t)columns;
}

void table_look_terminal(struct table_look *look)
{
	look->utf8 = locale_is_utf8();
	look->width = terminal_width();
}
