/* What goes into /etc/hosts and /etc/resolv.conf, and what is kept out of them. */
#include <errno.h>

#include "core/etc.h"
#include "tests/unit/unit.h"

static const char *host(const char *text)
{
	static char said[400];
	char at[INET_TEXT] = "gateway";
	struct err e = { 0 };
	struct etc_host h;

	if (etc_host_parse(text, &h, &e) < 0)
		return e.what[0] ? "refused" : "no reason";
	if (h.at.family)
		inet_format(&h.at, false, at);
	snprintf(said, sizeof said, "%s %s", h.name, at);
	return said;
}

static void hosts(void)
{
	check_str(host("db:10.0.0.2"), "db 10.0.0.2");
	check_str(host("db=10.0.0.2"), "db 10.0.0.2");
	check_str(host("db.example.org:[10.0.0.2]"), "db.example.org 10.0.0.2");
	check_str(host("db:::1"), "db ::1");
	check_str(host("db=::1"), "db ::1");
	check_str(host("db:fd00::2"), "db fd00::2");
	check_str(host("db:[fd00::2]"), "db fd00::2");
	check_str(host("db=[FD00:0::2]"), "db fd00::2");
	check_str(host("_db-1:host-gateway"), "_db-1 gateway");
	check_str(host("_db-1=host-gateway"), "_db-1 gateway");
}

static void no_hosts(void)
{
	static const char *const bad[] = {
		"", "x", "x:", "x=", ":1.2.3.4", "=1.2.3.4", "a:b:c", "a::1", "a=b=c", "a=1.2.3.4=", "a:1.2.3", "a:1.2.3.4.5", "a:1.2.3.4 ", "a: 1.2.3.4",
		"a:1.2.3.4/24", "a:fe80::1%eth0", "a:[::1", "a:::1]", "a:[]", "a:[[::1]]", "a:[host-gateway]", "a:Host-Gateway", "a:host-gateway ", "a:]", "a:[",
		"a b:1.2.3.4", "a\nb:1.2.3.4", "a\t:1.2.3.4", "a:1.2.3.4\nb", "#a:1.2.3.4", "a#:1.2.3.4", "b\303\274:1.2.3.4", "a,b:1.2.3.4", "a/b:1.2.3.4",
		"a:1.2.3.4,5.6.7.8", "a:b=1.2.3.4",
	};
	char name[300];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (strcmp(host(bad[i]), "refused")) {
			printf("# %s\n", bad[i]);
			check_str(host(bad[i]), "refused");
		}
	snprintf(name, sizeof name, "%0253d:1.2.3.4", 0);
	check(host(name)[0] == '0');
	snprintf(name, sizeof name, "%0254d:1.2.3.4", 0);
	check_str(host(name), "refused");
}

static int check_dns(const char *server, const char *search, const char *option)
{
	struct etc_dns d = { 0 };
	struct err e = { 0 };
	int rc;

	check(!server || strs_add(&d.servers, server) == 0);
	check(!search || strs_add(&d.search, search) == 0);
	check(!option || strs_add(&d.options, option) == 0);
	rc = etc_dns_check(&d, &e);
	check(rc == 0 || e.what[0]);
	strs_release(&d.servers);
	strs_release(&d.search);
	strs_release(&d.options);
	return rc;
}

static void dns(void)
{
	static const char *const domains[] = { "", " ", "a b", "a\n", "a\nnameserver 1.2.3.4", "#a", "a;b", "\303\274" };
	static const char *const words[] = { "", " ", "a b", "a\n", "\nnameserver 1.2.3.4", "#a", ";a", "a\x7f", "\303\274" };

	check_int(check_dns("10.0.0.2", "example.org", "ndots:2"), 0);
	check_int(check_dns("fd00::2", ".", "use-vc"), 0);
	check_int(check_dns("127.0.0.1", "a_b", NULL), 0);
	check_int(check_dns("foo", NULL, NULL), -EINVAL);
	check_int(check_dns("", NULL, NULL), -EINVAL);
	check_int(check_dns("10.0.0.2/24", NULL, NULL), -EINVAL);
	check_int(check_dns("[::1]", NULL, NULL), -EINVAL);
	check_int(check_dns("10.0.0.2\nsearch x", NULL, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
		check_int(check_dns(NULL, domains[i], NULL), -EINVAL);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		check_int(check_dns(NULL, NULL, words[i]), -EINVAL);
}

/* The file that comes out, and behind a "|" what was left out. */
static const char *resolv(const char *text, const struct etc_dns *dns, bool apart)
{
	static char said[2048];
	struct strbuf out = { 0 }, left = { 0 };
	unsigned n = etc_resolv(text, dns, apart, &out, &left), lines = 0;

	snprintf(said, sizeof said, "%s|%s", out.s ? out.s : "", left.s ? left.s : "");
	for (const char *s = said; (s = strstr(s, "nameserver ")); s++)
		lines++;
	check_int(n, lines);
	check(n || strstr(said, "# no name server "));
	strbuf_release(&out);
	strbuf_release(&left);
	return said;
}

static void resolv_is_kept(void)
{
	static const struct etc_dns none = { 0 };

	check_str(resolv("nameserver 10.0.0.1\nnameserver fd00::1\nsearch a b\noptions ndots:2\n", &none, true),
		  "nameserver 10.0.0.1\nnameserver fd00::1\nsearch a b\noptions ndots:2\n|");
	check_str(resolv("# a comment\n; another\n\ndomain x\nnameserver\t 10.0.0.1  # the first\nsortlist 1.2.3.0", &none, true),
		  "domain x\nnameserver 10.0.0.1\nsortlist 1.2.3.0\n|");
	check_str(resolv("nameserver 127.0.0.53\nnameserver fe80::1%eth0\n", &none, false), "nameserver 127.0.0.53\nnameserver fe80::1%eth0\n|");
}

static void resolv_leaves_out(void)
{
	static const struct etc_dns none = { 0 };
	const char *said = resolv("nameserver 127.0.0.53\noptions edns0 trust-ad\n", &none, true);

	check(!strncmp(said, "options edns0 trust-ad\n# no name server ", 40) && !strcmp(strchr(said, '|'), "|127.0.0.53"));
	check_str(resolv("nameserver 127.9.9.9\nnameserver ::1\nnameserver 10.0.0.1\nnameserver 0.0.0.0\nnameserver fe80::1%eth0\nnameserver ::\n", &none, true),
		  "nameserver 10.0.0.1\n|127.9.9.9 ::1 0.0.0.0 fe80::1%eth0 ::");
	/* what no resolver takes either */
	check_str(resolv("nameserver foo\nnameserver 10.0.0\nnameserver\nnameservers 127.0.0.1\nnameserver 10.0.0.1\n", &none, false),
		  "nameserver\nnameservers 127.0.0.1\nnameserver 10.0.0.1\n|");
	check(strstr(resolv("", &none, true), "# no name server "));
}

static void resolv_is_replaced(void)
{
	static const char text[] = "nameserver 127.0.0.1\nnameserver 10.0.0.1\nsearch a\ndomain b\noptions c\noptions d\nsortlist e\n";
	const char *servers[] = { "9.9.9.9", "127.0.0.1" }, *search[] = { "x", ".", "y" }, *dot[] = { "." }, *options[] = { "o:1", "p" };

	check_str(resolv(text, &(struct etc_dns){ .servers = { servers, 2 } }, true),
		  "search a\ndomain b\noptions c\noptions d\nsortlist e\nnameserver 9.9.9.9\nnameserver 127.0.0.1\n|");
	check_str(resolv(text, &(struct etc_dns){ .search = { search, 3 } }, false),
		  "nameserver 127.0.0.1\nnameserver 10.0.0.1\noptions c\noptions d\nsortlist e\nsearch x y\n|");
	check_str(resolv(text, &(struct etc_dns){ .search = { dot, 1 }, .options = { options, 2 } }, true),
		  "nameserver 10.0.0.1\nsortlist e\noptions o:1 p\n|127.0.0.1");
	check_str(resolv("", &(struct etc_dns){ .servers = { servers, 1 } }, true), "nameserver 9.9.9.9\n|");
}

static void hosts_file(void)
{
	struct inet a = { .family = AF_INET, .v = { 10, 0, 0, 2 } };
	struct strbuf out = { 0 };

	etc_hosts_begin(&out);
	etc_hosts_add(&out, &a, "web.example.org web");
	check_str(out.s, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\n"
			 "ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n10.0.0.2\tweb.example.org web\n");
	strbuf_release(&out);
}

int main(void)
{
	unit("--add-host takes what docker's takes", hosts);
	unit("what is no host is refused", no_hosts);
	unit("--dns, --dns-search and --dns-option", dns);
	unit("the host's resolv.conf is taken, comments aside", resolv_is_kept);
	unit("name servers that are the host's own are left out, and named", resolv_leaves_out);
	unit("what is given takes the place of what the host has", resolv_is_replaced);
	unit("the lines of a hosts file", hosts_file);
	return unit_done();
}
