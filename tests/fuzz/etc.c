/*
 * /etc/resolv.conf as the host has it, and what --add-host and --dns add: a text,
 * an --add-host, and the words of the others, a carriage return behind each. What comes out is
 * read as a resolver does it: nothing has become a line that was none.
 */
#include <ctype.h>
#include <errno.h>

#include "core/etc.h"
#include "tests/fuzz/fuzz.h"

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* The name servers that musl's and glibc's resolvers would ask; those of the machine itself are counted, too. */
static unsigned servers_in(const char *text, unsigned *own)
{
	unsigned n = 0;

	*own = 0;
	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		const char *s = str_after(line, "nameserver");
		size_t len;
		char word[INET_TEXT];
		struct inet a;

		if (!s || *s == '\n' || !isspace((unsigned char)*s))
			continue;
		while (*s != '\n' && isspace((unsigned char)*s))
			s++;
		for (len = 0; s[len] && !isspace((unsigned char)s[len]); len++)
			;
		*own += memchr(s, '%', len) != NULL;
		str_copyn(word, sizeof word, s, len);
		word[strcspn(word, "%")] = '\0';
		if (!*word)
			continue;
		require(inet_parse(word, false, &a) == 0);
		*own += inet_is_loopback(&a) || inet_is_any(&a);
		n++;
	}
	return n;
}

static void resolv(const char *host, const struct etc_dns *dns, bool apart)
{
	static const struct etc_dns none = { 0 };
	struct strbuf out = { 0 }, left = { 0 }, again = { 0 };
	unsigned n = etc_resolv(host, dns, apart, &out, &left), own, given_own = 0;

	require(!out.failed && out.len && out.s[out.len - 1] == '\n');
	require(servers_in(out.s, &own) == n);
	require((n == 0) == (strstr(out.s, "# no name server") != NULL) || strstr(host, "# no name server"));
	require(count_lines(out.s) <= count_lines(host) + 1 + dns->servers.n + 3);
	for (size_t i = 0; i < dns->servers.n; i++) {
		struct inet a;

		require(inet_parse(dns->servers.v[i], false, &a) == 0);
		given_own += inet_is_loopback(&a) || inet_is_any(&a);
	}
	if (apart)
		require(own == given_own);
	else
		require(!left.len);
	/* nothing that was taken is left out the second time */
	if (!apart || !own) {
		strbuf_release(&left);
		require(etc_resolv(out.s, &none, apart, &again, &left) == n && !left.len && (!n || !strcmp(again.s, out.s)));
	}
	strbuf_release(&out);
	strbuf_release(&left);
	strbuf_release(&again);
}

static void host(const char *text)
{
	struct strbuf line = { 0 };
	struct etc_host h, back;
	struct err e = { 0 };
	char at[INET_TEXT] = "host-gateway";

	if (etc_host_parse(text, &h, &e) < 0) {
		require(e.what[0]);
		return;
	}
	require(etc_is_name(h.name) && !strpbrk(text, " \t\n#"));
	if (h.at.family)
		inet_format(&h.at, false, at);
	strbuf_addf(&line, "%s=%s", h.name, at);
	require(etc_host_parse(line.s, &back, &e) == 0 && !strcmp(back.name, h.name) && back.at.family == h.at.family && (!h.at.family || inet_equal(&back.at, &h.at)));
	strbuf_release(&line);
}

/* "sDOMAIN", "oOPTION", or a server. */
static void add_word(struct etc_dns *dns, const char *word)
{
	require(strs_add(*word == 's' ? &dns->search : *word == 'o' ? &dns->options : &dns->servers, word + (*word == 's' || *word == 'o')) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size), *one = fuzz_text(&data, &size), *words = fuzz_text(&data, &size), *rest = words, *word;
	struct etc_dns dns = { 0 };
	struct err e = { 0 };

	host(one);
	while (*words && (word = strsep(&rest, "\r")))
		add_word(&dns, word);
	if (etc_dns_check(&dns, &e) == 0) {
		resolv(text, &dns, false);
		resolv(text, &dns, true);
	} else {
		require(e.what[0]);
	}
	strs_release(&dns.servers);
	strs_release(&dns.search);
	strs_release(&dns.options);
	free(text);
	free(one);
	free(words);
	return 0;
}
