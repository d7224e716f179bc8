#include "core/etc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool etc_is_word(const char *text)
{
	const char *s = text;

	while (*s > ' ' && *s < 127 && *s != '#')
		s++;
	/* resolv.conf(5) has a second sign for comments, which counts as the first of a line only */
	return s != text && !*s && *text != ';';
}

bool etc_is_name(const char *text)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t len = strspn(text, known);

	return len && len < sizeof ((struct etc_host *)0)->name && !text[len];
}

/* An address, which may be in brackets; "host-gateway" is family 0. */
static int parse_at(const char *text, struct inet *out)
{
	size_t len = strlen(text);
	char bare[INET_TEXT];

	*out = (struct inet){ 0 };
	if (!strcmp(text, "host-gateway"))
		return 0;
	if (*text != '[' || text[len - 1] != ']')
		return inet_parse(text, false, out);
	if (len - 2 >= sizeof bare)
		return -EINVAL;
	str_copyn(bare, sizeof bare, text + 1, len - 2);
	return inet_parse(bare, false, out);
}

int etc_host_parse(const char *text, struct etc_host *out, struct err *e)
{
	/* an IPv6 address has colons itself, and no name has one */
	size_t len = strcspn(text, strchr(text, '=') ? "=" : ":");

	if (!text[len] || len >= sizeof out->name)
		return err_bad(e, text, "a host is NAME:IP");
	str_copyn(out->name, sizeof out->name, text, len);
	if (!etc_is_name(out->name))
		return err_bad(e, text, "a host's name is of letters, digits, \"-\", \"_\" and \".\"");
	if (parse_at(text + len + 1, &out->at) < 0)
		return err_bad(e, text, "\"%s\" is no IP address", text + len + 1);
	return 0;
}

int etc_dns_check(const struct etc_dns *dns, struct err *e)
{
	struct inet a;

	for (size_t i = 0; i < dns->servers.n; i++)
		if (inet_parse(dns->servers.v[i], false, &a) < 0)
			return err_bad(e, dns->servers.v[i], "a name server is an IP address");
	for (size_t i = 0; i < dns->search.n; i++)
		if (!etc_is_name(dns->search.v[i]))
			return err_bad(e, dns->search.v[i], "is no domain to search in");
	for (size_t i = 0; i < dns->options.n; i++)
		if (!etc_is_word(dns->options.v[i]))
			return err_bad(e, dns->options.v[i], "an option of the resolver is one word");
	return 0;
}

#define BLANKS " \t\r\v\f"

/* Does the line begin with that word? What follows it, or NULL. */
static const char *line_after(const char *line, const char *word)
{
	const char *rest = str_after(line, word);

	return rest && *rest && strchr(BLANKS, *rest) ? rest + strspn(rest, BLANKS) : NULL;
}

/* One of the host's name servers; what is no address the resolver would not take either. */
static unsigned add_server(const char *text, bool apart, struct strbuf *out, struct strbuf *left)
{
	size_t len = strcspn(text, BLANKS "\n"), bare = strcspn(text, "%" BLANKS "\n");
	char address[INET_TEXT];
	struct inet a;

	str_copyn(address, sizeof address, text, bare);
	if (bare >= sizeof address || inet_parse(address, false, &a) < 0 || (bare < len && a.family == AF_INET))
		return 0;
	if (apart && (bare < len || inet_is_loopback(&a) || inet_is_any(&a))) {
		strbuf_add(left, left->len ? " " : "");
		strbuf_addn(left, text, len);
		return 0;
	}
	strbuf_add(out, "nameserver ");
	strbuf_addn(out, text, len);
	strbuf_add(out, "\n");
	return 1;
}

/* One line of the host's: what *dns has another word on goes, and comments, which speak of the host. */
static unsigned take_line(const char *line, size_t len, const struct etc_dns *dns, bool apart, struct strbuf *out, struct strbuf *left)
{
	const char *server = line_after(line, "nameserver");

	if (!len || *line == '#' || *line == ';')
		return 0;
	if (server)
		return dns->servers.n ? 0 : add_server(server, apart, out, left);
	if (dns->search.n && (line_after(line, "search") || line_after(line, "domain")))
		return 0;
	if (dns->options.n && line_after(line, "options"))
		return 0;
	strbuf_addn(out, line, len);
	strbuf_add(out, "\n");
	return 0;
}

static void add_words(struct strbuf *out, const char *key, const struct strs *words, const char *none)
{
	bool any = false;

	for (size_t i = 0; i < words->n; i++) {
		if (!strcmp(words->v[i], none))
			continue;
		strbuf_addf(out, "%s %s", any ? "" : key, words->v[i]);
		any = true;
	}
	strbuf_add(out, any ? "\n" : "");
}

unsigned etc_resolv(const char *host, const struct etc_dns *dns, bool apart, struct strbuf *out, struct strbuf *left)
{
	unsigned servers = 0;

	while (*host) {
		size_t len = strcspn(host, "\n");

		servers += take_line(host, len, dns, apart, out, left);
		host += len + (host[len] != '\0');
	}
	for (size_t i = 0; i < dns->servers.n; i++)
		strbuf_addf(out, "nameserver %s\n", dns->servers.v[i]);
	servers += (unsigned)dns->servers.n;
	add_words(out, "search", &dns->search, ".");
	add_words(out, "options", &dns->options, "");
	if (!servers)
		strbuf_add(out, "# no name server that can be reached from here is known: see nestbox-pivot(1), --dns\n");
	return servers;
}

void etc_hosts_begin(struct strbuf *out)
{
	strbuf_add(out, "127.0.0.1\tlocalhost\n"
			"::1\tlocalhost ip6-localhost ip6-loopback\n"
			"fe00::0\tip6-localnet\n"
			"ff00::0\tip6-mcastprefix\n"
			"ff02::1\tip6-allnodes\n"
			"ff02::2\tip6-allrouters\n");
}

void etc_hosts_add(struct strbuf *out, const struct inet *at, const char *names)
{
	char text[INET_TEXT];

	inet_format(at, false, text);
	strbuf_addf(out, "%s\t%s\n", text, names);
}
