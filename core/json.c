#include "core/json.h"

void json_add_string(struct strbuf *b, const char *s)
{
	static const char plain[] = "\bb\ff\nn\rr\tt\"\"\\\\";

	strbuf_add(b, "\"");
	while (*s) {
		const char *p = plain;
		unsigned c;
		size_t n = str_printable(s, &c);

		while (*p && *p != *s)
			p += 2;
		if (*p)
			strbuf_addf(b, "\\%c", p[1]);
		else if (n)
			strbuf_addn(b, s, n);
		else if ((unsigned char)*s < 0x80)
			strbuf_addf(b, "\\u%04x", *s);
		else
			/* a character that is one, and steers a terminal; or a stray byte */
			strbuf_addf(b, "\\u%04x", c ? c : 0xfffd);
		s += n ? n : c >= 0x800 ? 3 : c >= 0x80 ? 2 : 1;
	}
	strbuf_add(b, "\"");
}
