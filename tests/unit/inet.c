/* Addresses, networks, ports and rates: text to bytes and back, and what is no such text. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>

#include "core/inet.h"
#include "tests/unit/unit.h"

static const char *address(const char *text, bool cidr)
{
	static char buf[INET_TEXT];
	struct inet a;

	if (inet_parse(text, cidr, &a) < 0)
		return "refused";
	inet_format(&a, cidr, buf);
	return buf;
}

static void addresses(void)
{
	check_str(address("10.0.0.2", false), "10.0.0.2");
	check_str(address("10.0.0.2", true), "10.0.0.2/32");
	check_str(address("10.0.0.2/24", true), "10.0.0.2/24");
	check_str(address("0.0.0.0/0", true), "0.0.0.0/0");
	check_str(address("FD00:0:0::2/64", true), "fd00::2/64");
	check_str(address("::ffff:1.2.3.4", false), "::ffff:1.2.3.4");
}

static void no_addresses(void)
{
	static const char *const bad[] = {
		"", "10", "10.1", "10.0.0.256", "10.0.0.2.1", " 10.0.0.2", "10.0.0.2 ", "010.0.0.1x", "10.0.0.2/33", "10.0.0.2/-1", "10.0.0.2/", "10.0.0.2/8/8",
		"10.0.0.2/a", "::1/129", ":::1", "1::2::3", "fe80::1%eth0", "[::1]", "localhost", "0x7f.0.0.1",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_str(address(bad[i], true), "refused");
	check_str(address("10.0.0.2/24", false), "refused");
}

static void networks(void)
{
	static const struct {
		const char *of, *first, *last;
	} rows[] = {
		{ "10.88.3.4/16", "10.88.0.0/16", "10.88.255.255/16" },
		{ "10.88.3.4/32", "10.88.3.4/32", "10.88.3.4/32" },
		{ "10.88.3.5/31", "10.88.3.4/31", "10.88.3.5/31" },
		{ "10.88.3.4/0", "0.0.0.0/0", "255.255.255.255/0" },
		{ "10.88.3.200/26", "10.88.3.192/26", "10.88.3.255/26" },
		{ "fd00::1:2/64", "fd00::/64", "fd00::ffff:ffff:ffff:ffff/64" },
		{ "fd00::ff/121", "fd00::80/121", "fd00::ff/121" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct inet of, first, last;
		char buf[INET_TEXT];

		check_int(inet_parse(rows[i].of, true, &of), 0);
		first = inet_first(&of);
		last = inet_last(&of);
		inet_format(&first, true, buf);
		check_str(buf, rows[i].first);
		inet_format(&last, true, buf);
		check_str(buf, rows[i].last);
		check(inet_within(&first, &of) && inet_within(&last, &of));
	}
}

static bool within(const char *a, const char *net)
{
	struct inet one, other;

	check(inet_parse(a, false, &one) == 0 && inet_parse(net, true, &other) == 0);
	return inet_within(&one, &other);
}

static void inside(void)
{
	check(within("10.88.0.1", "10.88.255.3/16"));
	check(!within("10.89.0.0", "10.88.255.3/16"));
	check(within("1.2.3.4", "0.0.0.0/0"));
	check(!within("1.2.3.4", "::/0"));
	check(within("fd00::1", "fd00::/64"));
	check(!within("fd00:0:0:1::1", "fd00::/64"));
}

static bool is(bool (*what)(const struct inet *), const char *text)
{
	struct inet a;

	check_int(inet_parse(text, false, &a), 0);
	return what(&a);
}

static void kinds(void)
{
	check(is(inet_is_loopback, "127.8.9.1") && is(inet_is_loopback, "::1") && !is(inet_is_loopback, "128.0.0.1") && !is(inet_is_loopback, "::2"));
	check(is(inet_is_any, "0.0.0.0") && is(inet_is_any, "::") && !is(inet_is_any, "0.0.0.1") && !is(inet_is_any, "::1"));
	check(is(inet_is_multicast, "224.0.0.1") && is(inet_is_multicast, "ff02::1") && !is(inet_is_multicast, "240.0.0.1"));
}

static void macs(void)
{
	static const char *const bad[] = { "", "02:42:0a:58:00", "02:42:0a:58:00:02:", "02-42-0a-58-00-02", "2:42:0a:58:00:02", "01:42:0a:58:00:02", "00:00:00:00:00:00",
					   "02:42:0a:58:00:0g", "02:42:0a:58:00:022" };
	char buf[INET_TEXT];
	uint8_t mac[6];

	check_int(inet_mac_parse("02:42:0A:58:00:02", mac), 0);
	inet_mac_format(mac, buf);
	check_str(buf, "02:42:0a:58:00:02");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(inet_mac_parse(bad[i], mac), -EINVAL);
}

static const char *port(const char *text)
{
	static char buf[2 * INET_TEXT];
	struct inet_port p;
	struct err e = { 0 };

	if (inet_port_parse(text, &p, &e) < 0) {
		check_str(e.object, *text ? text : "\"\"");
		return "refused";
	}
	inet_port_format(&p, buf);
	return buf;
}

static void ports(void)
{
	static const char *const same[] = {
		"80", "8080:80", "80/udp", "8080:80/udp", "127.0.0.1:8080:80", "127.0.0.1::80", "[::1]:80:80", "[::]::80/udp", "8000-8009:80-89", "80-89",
		"0.0.0.0:1-65535:1-65535",
	};

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		check_str(port(same[i]), same[i]);
	check_str(port("8080:80/tcp"), "8080:80");
	check_str(port(":8080:80"), "8080:80");
	check_str(port("80-80:1-1"), "80:1");
}

static void no_ports(void)
{
	static const char *const bad[] = {
		"", ":", "0", "65536", "-1", "80-79", "80-", "-80", "a", "80/", "80/sctp", "80/udp/udp", ":80", "8080:", "x:80:80", "1.2.3:80:80", "::1:80:80",
		"[::1:80:80", "::1]:80:80", "[::1]80:80", "[]:80:80", "[127.0.0.1:80:80", "80-81:80", "80:80-81", "1.2.3.4:5", "8080:80 ", " 80", "+80",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (strcmp(port(bad[i]), "refused")) {
			printf("# %s is %s\n", bad[i], port(bad[i]));
			check(false);
		}
}

static void any_port(void)
{
	struct inet_port p;
	struct err e;

	check_int(inet_port_parse("127.0.0.1::8000-8003/udp", &p, &e), 0);
	check_int(p.from, 0);
	check_int(p.to, 8000);
	check_int(p.count, 4);
	check_int(p.proto, IPPROTO_UDP);
	check_int(p.host.family, AF_INET);
	check_int(inet_port_parse("80", &p, &e), 0);
	check_int(p.host.family, 0);
}

static void sockaddrs(void)
{
	struct sockaddr_storage to;
	struct inet a;

	check_int(inet_parse("127.0.0.1", false, &a), 0);
	check_int(inet_sockaddr(&a, 80, &to), sizeof(struct sockaddr_in));
	check(((struct sockaddr_in *)&to)->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && ((struct sockaddr_in *)&to)->sin_port == htons(80));
	check_int(inet_parse("::1", false, &a), 0);
	check_int(inet_sockaddr(&a, 80, &to), sizeof(struct sockaddr_in6));
	check(IN6_IS_ADDR_LOOPBACK(&((struct sockaddr_in6 *)&to)->sin6_addr));
}

static void rates(void)
{
	static const struct {
		const char *text;
		long long bytes;
	} rows[] = {
		{ "8", 1 }, { "8bit", 1 }, { "10mbit", 1250000 }, { "1.5gbit", 187500000 }, { "500kbit", 62500 }, { "100kbps", 100000 }, { "0.5mbps", 500000 },
		{ "1tbit", 125000000000 }, { "7", -ERANGE }, { "0", -ERANGE }, { "200tbps", -ERANGE }, { "", -EINVAL }, { "mbit", -EINVAL }, { "1.mbit", -EINVAL },
		{ ".5mbit", -EINVAL }, { "-1mbit", -EINVAL }, { "1 mbit", -EINVAL }, { "1mb", -EINVAL }, { "1e3", -EINVAL }, { "1234567890123456", -EINVAL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint64_t got = 0;
		int rc = inet_rate_parse(rows[i].text, &got);

		check_int(rc < 0 ? rc : (long long)got, rows[i].bytes);
	}
}

int main(void)
{
	unit("addresses are read and written", addresses);
	unit("what is none is refused", no_addresses);
	unit("a network's first and last address", networks);
	unit("within a network", inside);
	unit("loopback, any, multicast", kinds);
	unit("link addresses", macs);
	unit("ports to publish are read and written in their shortest form", ports);
	unit("what is none is refused", no_ports);
	unit("a port that is any, and a range", any_port);
	unit("an address for a socket", sockaddrs);
	unit("rates, in bytes", rates);
	return unit_done();
}
