#include "core/inet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

int inet_parse(const char *text, bool cidr, struct inet *out)
{
	const char *slash = cidr ? strchr(text, '/') : NULL;
	struct inet a = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };
	long long prefix = (long long)inet_len(a.family) * 8;
	char addr[INET_TEXT];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len >= sizeof addr || (slash && (slash[1] == '-' || str_num(slash + 1, 0, prefix, &prefix) < 0)))
		return -EINVAL;
	str_copyn(addr, sizeof addr, text, len);
	if (inet_pton(a.family, addr, a.v) != 1)
		return -EINVAL;
	a.prefix = (uint8_t)prefix;
	*out = a;
	return 0;
}

void inet_format(const struct inet *a, bool cidr, char buf[INET_TEXT])
{
	size_t len;

	if (!inet_ntop(a->family, a->v, buf, INET_TEXT))
		buf[0] = '\0';
	len = strlen(buf);
	if (cidr && len)
		snprintf(buf + len, INET_TEXT - len, "/%u", a->prefix);
}

/* The bits behind the prefix, all of them set or none. */
static struct inet fill(const struct inet *a, bool ones)
{
	struct inet to = *a;

	for (size_t i = 0; i < inet_len(a->family); i++) {
		int ours = (int)a->prefix - (int)i * 8;
		uint8_t rest = ours >= 8 ? 0 : ours <= 0 ? 0xff : (uint8_t)(0xff >> ours);

		to.v[i] = ones ? to.v[i] | rest : to.v[i] & (uint8_t)~rest;
	}
	return to;
}

struct inet inet_first(const struct inet *a)
{
	return fill(a, false);
}

struct inet inet_last(const struct inet *a)
{
	return fill(a, true);
}

bool inet_equal(const struct inet *a, const struct inet *b)
{
	return a->family == b->family && !memcmp(a->v, b->v, inet_len(a->family));
}

bool inet_within(const struct inet *a, const struct inet *net)
{
	struct inet mine = *a, theirs = inet_first(net);

	mine.prefix = net->prefix;
	mine = inet_first(&mine);
	return inet_equal(&mine, &theirs);
}

bool inet_is_loopback(const struct inet *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == AF_INET ? a->v[0] == 127 : !memcmp(a->v, one, sizeof one);
}

bool inet_is_any(const struct inet *a)
{
	static const uint8_t zero[16];

	return !memcmp(a->v, zero, inet_len(a->family));
}

bool inet_is_multicast(const struct inet *a)
{
	return a->family == AF_INET ? (a->v[0] & 0xf0) == 0xe0 : a->v[0] == 0xff;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdefABCDEF", *at = c ? strchr(digits, c) : NULL;

	return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

int inet_mac_parse(const char *text, uint8_t mac[6])
{
	uint8_t all = 0, v[6];

	if (strlen(text) != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);

		if (high < 0 || low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		v[i] = (uint8_t)(high << 4 | low);
		all |= v[i];
	}
	if (!all || v[0] & 1)
		return -EINVAL;
	memcpy(mac, v, sizeof v);
	return 0;
}

void inet_mac_format(const uint8_t mac[6], char buf[INET_TEXT])
{
	snprintf(buf, INET_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

/* "80" or "80-89". */
static int parse_range(const char *text, uint16_t *from, uint16_t *count)
{
	const char *dash = strchr(text, '-');
	long long first, last;
	char word[16];

	str_copyn(word, sizeof word, text, dash ? (size_t)(dash - text) : strlen(text));
	if (str_num(word, 1, 65535, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && (str_num(dash + 1, first, 65535, &last) < 0))
		return -EINVAL;
	*from = (uint16_t)first;
	*count = (uint16_t)(last - first + 1);
	return 0;
}

/* What is left of the container's port: "[IP:]HOST" or "IP:", in place. */
static int parse_host(char *text, struct inet_port *p, uint16_t *count)
{
	char *colon = strrchr(text, ':'), *ports = text;
	size_t len;

	if (colon) {
		*colon = '\0';
		ports = colon + 1;
		len = strlen(text);
		if (*text == '[' && text[len - 1] == ']') {
			text[len - 1] = '\0';
			if (inet_parse(text + 1, false, &p->host) < 0 || p->host.family != AF_INET6)
				return -EINVAL;
		} else if (*text && (strchr(text, ':') || inet_parse(text, false, &p->host) < 0)) { /* docker: ":80:80" is every address */
			return -EINVAL;
		}
	}
	/* "IP::80": any port of that address */
	*count = p->count;
	return !*ports && colon ? 0 : parse_range(ports, &p->from, count);
}

static int parse_port(char *text, struct inet_port *p)
{
	char *slash = strrchr(text, '/'), *colon;
	uint16_t count;

	p->proto = IPPROTO_TCP;
	if (slash) {
		*slash = '\0';
		if (!strcmp(slash + 1, "udp"))
			p->proto = IPPROTO_UDP;
		else if (strcmp(slash + 1, "tcp"))
			return -EINVAL;
	}
	colon = strrchr(text, ':');
	if (parse_range(colon ? colon + 1 : text, &p->to, &p->count) < 0)
		return -EINVAL;
	if (!colon)
		return 0;
	*colon = '\0';
	if (parse_host(text, p, &count) < 0)
		return -EINVAL;
	/* docker also takes a range of the host's for one port, and chooses; a range that is another's length is a mistake */
	return count == p->count ? 0 : -EINVAL;
}

int inet_port_parse(const char *text, struct inet_port *out, struct err *e)
{
	struct inet_port p = { 0 };
	char copy[2 * INET_TEXT];

	snprintf(copy, sizeof copy, "%s", text);
	if (strlen(text) >= sizeof copy || parse_port(copy, &p) < 0) {
		err_bad(e, text, "is no port to publish");
		err_hint(e, "[[IP:]HOST:]CONTAINER[/udp], such as 8080:80, 127.0.0.1:53:53/udp, [::1]:8000-8009:8000-8009");
		return -EINVAL;
	}
	*out = p;
	return 0;
}

static void add_range(struct strbuf *out, uint16_t from, uint16_t count)
{
	strbuf_addf(out, "%u", from);
	if (count > 1)
		strbuf_addf(out, "-%u", (unsigned)(from + count - 1));
}

void inet_port_format(const struct inet_port *p, char buf[2 * INET_TEXT])
{
	struct strbuf out = { 0 };
	char addr[INET_TEXT];

	if (p->host.family) {
		inet_format(&p->host, false, addr);
		strbuf_addf(&out, p->host.family == AF_INET6 ? "[%s]:" : "%s:", addr);
	}
	if (p->from)
		add_range(&out, p->from, p->count);
	if (p->from || p->host.family)
		strbuf_add(&out, ":");
	add_range(&out, p->to, p->count);
	if (p->proto == IPPROTO_UDP)
		strbuf_add(&out, "/udp");
	snprintf(buf, 2UL * INET_TEXT, "%s", out.failed ? "" : out.s);
	strbuf_release(&out);
}

socklen_t inet_sockaddr(const struct inet *a, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(out, 0, sizeof *out);
	if (a->family == AF_INET6) {
		memcpy(&v6.sin6_addr, a->v, sizeof v6.sin6_addr);
		memcpy(out, &v6, sizeof v6);
		return sizeof v6;
	}
	memcpy(&v4.sin_addr, a->v, sizeof v4.sin_addr);
	memcpy(out, &v4, sizeof v4);
	return sizeof v4;
}

int inet_rate_parse(const char *text, uint64_t *out)
{
	/* tc(8): without a unit bits a second; "bps" is bytes; powers of 1000 */
	static const struct {
		const char *unit;
		double bytes;
	} units[] = {
		{ "", 0.125 }, { "bit", 0.125 }, { "kbit", 125 }, { "mbit", 125e3 }, { "gbit", 125e6 }, { "tbit", 125e9 },
		{ "bps", 1 }, { "kbps", 1e3 }, { "mbps", 1e6 }, { "gbps", 1e9 }, { "tbps", 1e12 },
	};
	size_t digits = strspn(text, "0123456789"), more = text[digits] == '.' ? 1 + strspn(text + digits + 1, "0123456789") : 0;
	double v = 0, scale = 1;

	if (digits == 0 || digits > 15 || more == 1 || more > 10)
		return -EINVAL;
	for (size_t i = 0; i < digits + more; i++) {
		if (text[i] == '.')
			continue;
		v = v * 10 + (text[i] - '0');
		scale = i > digits ? scale * 10 : scale;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(text + digits + more, units[i].unit))
			continue;
		v = v / scale * units[i].bytes;
		if (v < 1 || v > 1e14)
			return -ERANGE;
		*out = (uint64_t)v;
		return 0;
	}
	return -EINVAL;
}
