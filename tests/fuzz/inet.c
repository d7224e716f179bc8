/* Addresses, ports and rates. What is taken, is written so that it is read back as the same. */
#include <errno.h>
#include <netinet/in.h>

#include "core/inet.h"
#include "core/sock.h"
#include "tests/fuzz/fuzz.h"

static void address(const char *text)
{
	char one[INET_TEXT], other[INET_TEXT];
	struct inet a, back, first, last;

	if (inet_parse(text, true, &a) < 0)
		return;
	inet_format(&a, true, one);
	require(inet_parse(one, true, &back) == 0 && inet_equal(&a, &back) && a.prefix == back.prefix);
	inet_format(&back, true, other);
	require(!strcmp(one, other));
	first = inet_first(&a);
	last = inet_last(&a);
	require(inet_within(&first, &a) && inet_within(&last, &a) && inet_within(&a, &first));
}

static void port(const char *text)
{
	char one[2 * INET_TEXT], other[2 * INET_TEXT];
	struct inet_port p, back;
	struct err e = { 0 };

	if (inet_port_parse(text, &p, &e) < 0)
		return;
	require(p.to && p.count && p.to + p.count - 1 <= 65535 && (!p.from || p.from + p.count - 1 <= 65535));
	inet_port_format(&p, one);
	require(inet_port_parse(one, &back, &e) == 0);
	inet_port_format(&back, other);
	require(!strcmp(one, other));
}

static void socket_address(const char *text)
{
	struct sock_addr a;
	struct err e = { 0 };
	int rc = sock_addr_parse(text, &a, &e);

	require(rc == 0 || (rc == -EINVAL && e.what[0] && e.hint[0]));
	if (rc == 0 && a.path)
		require(a.path == text && strlen(text) > 1 && strlen(text) < 108);
	else if (rc == 0)
		require(strchr("[.:0123456789", text[0]) && (a.proto == IPPROTO_TCP || a.proto == IPPROTO_UDP));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size), back[INET_TEXT];
	uint64_t rate = 0;
	uint8_t mac[6];

	address(text);
	port(text);
	socket_address(text);
	if (inet_mac_parse(text, mac) == 0) {
		inet_mac_format(mac, back);
		require(!strcasecmp(back, text));
	}
	if (inet_rate_parse(text, &rate) == 0)
		require(rate > 0);
	free(text);
	return 0;
}
