/* etc: what goes into a container's /etc/hosts and /etc/resolv.conf. Pure: nothing here opens a file or asks a network. */
#ifndef CORE_ETC_H
#define CORE_ETC_H

#include <stdbool.h>

#include "core/err.h"
#include "core/inet.h"
#include "core/str.h"

/*
 * Can the text stand as one word in a line of those files: is it of printable
 * ASCII, and no comment? And is it a name of hosts besides: of letters, digits,
 * "-", "_" and ".", 253 bytes at most?
 */
bool etc_is_word(const char *text);
bool etc_is_name(const char *text);

/* docker's --add-host: NAME:IP or NAME=IP, the IP also in brackets, or "host-gateway". 0, or -EINVAL with *e. */
struct etc_host {
	char name[254];
	struct inet at; /* family 0: host-gateway */
};
int etc_host_parse(const char *text, struct etc_host *out, struct err *e);

/* docker's --dns, --dns-search and --dns-option; each takes the place of what the host has. */
struct etc_dns {
	struct strs servers; /* addresses */
	struct strs search;  /* domains, or ".": none */
	struct strs options;
};
/* Are they what they have to be? 0, or -EINVAL with *e. */
int etc_dns_check(const struct etc_dns *dns, struct err *e);

/*
 * A resolv.conf(5) from the `host`'s (its text, may be "") and *dns. With `apart`
 * what can be reached over the host's own devices alone is left out: name servers
 * at a loopback address, or at one with a device behind it ("fe80::1%eth0"); they
 * are named in *left, with a blank between them. Without a name server a comment
 * says so. Returns how many there are.
 */
unsigned etc_resolv(const char *host, const struct etc_dns *dns, bool apart, struct strbuf *out, struct strbuf *left);

/* The lines that each hosts(5) has; one more, of one name or several with a blank between. */
void etc_hosts_begin(struct strbuf *out);
void etc_hosts_add(struct strbuf *out, const struct inet *at, const char *names);

#endif
