/* Publishing ports. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "core/fd.h"
#include "core/nft_priv.h"
#include "core/str.h"
#include "core/sys.h"

struct job {
	const struct nft_target *t;
	const struct inet_port *wanted;
	struct inet_port *ports; /* the same, with those that were free for any */
	size_t n;
	struct nft_list all, gone, added; /* what there is; what has to leave; what comes */
};

/* --- the host's own listeners */

int nft_enter(struct nl *nl, int *back, struct err *e)
{
	auto_close int own = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), theirs = ioctl(nl_fd(nl), SIOCGSKNS);
	auto_close int ours = own >= 0 ? ioctl(own, SIOCGSKNS) : -1;

	*back = -1;
	if (theirs < 0 || ours < 0)
		return err_sys(e, "network namespace", "find that of the host");
	if (fd_same(theirs, ours))
		return 0;
	if (setns(theirs, CLONE_NEWNET) < 0)
		return err_sys(e, "network namespace", "enter that of the host");
	*back = take_fd(&ours);
	return 0;
}

int nft_leave(int back, struct err *e)
{
	auto_close int ns = back;

	return ns < 0 || setns(ns, CLONE_NEWNET) == 0 ? 0 : err_sys(e, "network namespace", "come back from that of the host");
}

int nft_port_free(const struct nft_port *p)
{
	int type = p->port.proto == IPPROTO_TCP ? SOCK_STREAM : SOCK_DGRAM, one = 1;
	auto_close int s = socket(p->to.family, type | SOCK_CLOEXEC, 0);
	struct inet at = p->port.host.family ? p->port.host : (struct inet){ .family = p->to.family };
	struct sockaddr_storage sa;

	/* without IPv6 nobody listens there */
	if (s < 0)
		return 0;
	/* connections that ended just now are no listeners */
	if (type == SOCK_STREAM)
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (at.family == AF_INET6)
		setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(s, (struct sockaddr *)&sa, inet_sockaddr(&at, p->port.from, &sa)) == 0)
		return 0;
	return errno == EADDRINUSE || errno == EADDRNOTAVAIL ? -errno : 0;
}

/* --- what stands in the way */

static bool same_place(const struct nft_port *a, const struct nft_port *b)
{
	return a->port.host.family == b->port.host.family && (!a->port.host.family || inet_equal(&a->port.host, &b->port.host));
}

static bool same_target(const struct nft_port *a, const struct nft_port *b)
{
	return inet_equal(&a->to, &b->to) && a->port.to == b->port.to;
}

/* The first of those that are published with this family, protocol and port of the host; they are sorted. */
static size_t first_at(const struct nft_list *l, const struct nft_port *p)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;
		const struct nft_port *m = &l->v[mid];
		int less = m->to.family != p->to.family ? m->to.family - p->to.family :
			m->port.proto != p->port.proto ? m->port.proto - p->port.proto : m->port.from - p->port.from;

		if (less < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool at_port(const struct nft_list *l, size_t i, const struct nft_port *p)
{
	return i < l->n && l->v[i].to.family == p->to.family && l->v[i].port.proto == p->port.proto && l->v[i].port.from == p->port.from;
}

/* Somebody else's, on an address that a packet to *p could be for; or NULL. */
static const struct nft_port *rival(const struct job *j, const struct nft_port *p)
{
	for (size_t i = first_at(&j->all, p); at_port(&j->all, i, p); i++) {
		const struct nft_port *o = &j->all.v[i];

		if (strcmp(o->owner, p->owner) && (!o->port.host.family || !p->port.host.family || same_place(o, p)))
			return o;
	}
	return NULL;
}

/* The owner's own in exactly that place; or NULL. */
static const struct nft_port *own_at(const struct job *j, const struct nft_port *p)
{
	for (size_t i = first_at(&j->all, p); at_port(&j->all, i, p); i++)
		if (!strcmp(j->all.v[i].owner, p->owner) && same_place(&j->all.v[i], p))
			return &j->all.v[i];
	return NULL;
}

/* --- each port of each request: by v4, by v6, one after the other */

typedef int each_fn(struct job *j, const struct nft_port *p, struct err *e);

static int each_port(struct job *j, const struct inet_port *from, each_fn *fn, struct err *e)
{
	const struct inet *to[] = { &j->t->v4, &j->t->v6 };
	struct nft_port p = { .port = *from };
	int rc = 0;

	p.port.count = 1;
	if (from->host.family && inet_is_any(&from->host))
		p.port.host.family = 0;
	str_copyn(p.owner, sizeof p.owner, j->t->owner, strlen(j->t->owner));
	for (size_t f = 0; f < 2; f++) {
		p.to = *to[f];
		if (!p.to.family || (from->host.family && from->host.family != p.to.family))
			continue;
		p.to.prefix = (uint8_t)(inet_len(p.to.family) * 8);
		for (unsigned i = 0; rc == 0 && i < from->count; i++) {
			p.port.from = (uint16_t)(from->from + i);
			p.port.to = (uint16_t)(from->to + i);
			rc = fn(j, &p, e);
		}
	}
	return rc;
}

static int taken(struct err *e, const struct nft_port *p, const struct nft_port *by)
{
	char place[2 * INET_TEXT], to[INET_TEXT];

	inet_port_format(&p->port, place);
	if (by) {
		inet_format(&by->to, false, to);
		err_bad(e, place, "is published by %s already, to %s", *by->owner ? by->owner : "nobody known", to);
	} else {
		err_bad(e, place, "something on the host has this port");
	}
	return -EADDRINUSE;
}

static int must_be_free(struct job *j, const struct nft_port *p, struct err *e)
{
	const struct nft_port *by = rival(j, p);
	char host[INET_TEXT];
	int rc;

	if (by)
		return taken(e, p, by);
	if (own_at(j, p))
		return 0;
	rc = nft_port_free(p);
	if (rc == -EADDRINUSE)
		return taken(e, p, NULL);
	inet_format(&p->port.host, false, host);
	return rc < 0 ? err_set(e, -rc, host, "is no address of this host") : 0;
}

/* For a free one: as must_be_free, and without a word. */
static int may_be_had(struct job *j, const struct nft_port *p, struct err *e)
{
	(void)e;
	if (rival(j, p) || own_at(j, p) || nft_port_free(p) == -EADDRINUSE)
		return -EADDRINUSE;
	/* what else is asked for in the same call, or was found before */
	for (size_t i = 0; i < j->n; i++) {
		const struct inet_port *o = &j->ports[i];

		if (o->from && o->proto == p->port.proto && p->port.from >= o->from && p->port.from - o->from < o->count)
			return -EADDRINUSE;
	}
	return 0;
}

/* The ports that connect(2) takes by itself, too: ip(7), which are nobody's else. */
static void ephemeral_range(unsigned *low, unsigned *high)
{
	char text[64] = "", *end;

	fd_get(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", text, sizeof text);
	*low = (unsigned)strtoul(text, &end, 10);
	*high = (unsigned)strtoul(end, NULL, 10);
	if (!*low || *high > 65535 || *low > *high) {
		*low = 32768;
		*high = 60999;
	}
}

static int is_there(struct job *j, const struct nft_port *p, struct err *e)
{
	const struct nft_port *own = own_at(j, p);

	(void)e;
	return own && same_target(own, p) ? 0 : -ENOENT;
}

/* What any port has become before for the same of the container's: asked once more, it is that one again. */
static bool had_before(struct job *j, struct inet_port *p, struct err *e)
{
	struct inet_port try = *p;

	for (size_t i = 0; i < j->all.n; i++) {
		const struct nft_port *o = &j->all.v[i];

		try.from = o->port.from;
		if (o->port.to == p->to && o->port.proto == p->proto && each_port(j, &try, is_there, e) == 0) {
			*p = try;
			return true;
		}
	}
	return false;
}

static int choose(struct job *j, struct inet_port *p, struct err *e)
{
	unsigned low, high, size, start = 0;
	struct inet_port try = *p;

	if (had_before(j, p, e))
		return 0;
	ephemeral_range(&low, &high);
	size = high - low + 1;
	if (sys_getrandom(&start, sizeof start) < 0)
		start = (unsigned)getpid();
	for (unsigned i = 0; p->count <= size && i <= size - p->count; i++) {
		try.from = (uint16_t)(low + (start + i) % (size - p->count + 1));
		if (each_port(j, &try, may_be_had, e) == 0) {
			*p = try;
			return 0;
		}
	}
	err_bad(e, "published ports", "no %u free ones in a row from %u to %u", p->count, low, high);
	return -EADDRINUSE;
}

static int look(struct job *j, struct err *e)
{
	int rc = 0;

	memcpy(j->ports, j->wanted, j->n * sizeof *j->ports);
	for (size_t i = 0; rc == 0 && i < j->n; i++)
		if (j->ports[i].from)
			rc = each_port(j, &j->ports[i], must_be_free, e);
	for (size_t i = 0; rc == 0 && i < j->n; i++)
		if (!j->ports[i].from)
			rc = choose(j, &j->ports[i], e);
	return rc;
}

/* --- the change */

static int note(struct nft_list *l, const struct nft_port *p, struct err *e)
{
	return nft_list_add(l, p) < 0 ? err_set(e, ENOMEM, "published ports", "keep in mind") : 0;
}

static int add_port(struct job *j, const struct nft_port *p, struct err *e)
{
	const struct nft_port *own = own_at(j, p);
	int rc = 0;

	if (own && same_target(own, p))
		return 0;
	if (own)
		rc = note(&j->gone, own, e);
	return rc < 0 ? rc : note(&j->added, p, e);
}

static int plan(struct job *j, struct err *e)
{
	int rc = 0;

	j->gone.n = j->added.n = 0;
	for (size_t i = 0; rc == 0 && i < j->n; i++)
		rc = each_port(j, &j->ports[i], add_port, e);
	return rc;
}

static int think(struct nl *nl, struct nl_batch *b, void *data, struct err *e)
{
	struct nft_elems put = { .b = b, .msg = NFT_MSG_NEWSETELEM }, del = { .b = b, .msg = NFT_MSG_DELSETELEM };
	struct job *j = data;
	int back, rc = nft_list_read(nl, &j->all), came_back;

	if (rc < 0)
		return rc == -EINTR ? rc : nl_err(nl, e, rc, "table inet " NFT_TABLE, "read published ports");
	rc = nft_enter(nl, &back, e);
	if (rc < 0)
		return rc;
	rc = look(j, e);
	came_back = nft_leave(back, e);
	if (rc == 0)
		rc = came_back < 0 ? came_back : plan(j, e);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < j->gone.n; i++)
		nft_port_put(&del, &j->gone.v[i]);
	nft_elems_end(&del);
	for (size_t i = 0; i < j->added.n; i++)
		nft_port_put(&put, &j->added.v[i]);
	nft_elems_end(&put);
	return 0;
}

/* --- what can be asked for */

static bool addresses_meet(const struct inet *a, const struct inet *b)
{
	bool any_a = !a->family || inet_is_any(a), any_b = !b->family || inet_is_any(b);

	if (a->family && b->family && a->family != b->family)
		return false;
	return any_a || any_b ? any_a && any_b : inet_equal(a, b);
}

static bool meet(const struct inet_port *a, const struct inet_port *b)
{
	return a->from && b->from && a->proto == b->proto && a->from < b->from + b->count && b->from < a->from + a->count &&
		addresses_meet(&a->host, &b->host);
}

static int check_port(const struct nft_target *t, const struct inet_port *p, struct err *e)
{
	char text[2 * INET_TEXT];
	const char *v4 = t->v4.family ? "" : "an IPv4", *v6 = t->v6.family ? "" : "an IPv6";
	const char *lacking = p->host.family == AF_INET ? v4 : p->host.family == AF_INET6 ? v6 : *v4 && *v6 ? "any" : "";

	inet_port_format(p, text);
	if (*lacking)
		return err_set(e, EADDRNOTAVAIL, text, "%s does not have %s address", t->owner, lacking);
	if (p->host.family == AF_INET6 && inet_is_loopback(&p->host))
		return err_set(e, EOPNOTSUPP, text, "the kernel sends nothing on from ::1");
	if (p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP)
		return err_bad(e, text, "neither tcp nor udp");
	if (!p->count || p->to + p->count > 65536 || p->from + p->count > 65536 || !p->to)
		return err_bad(e, text, "no such ports");
	return 0;
}

int nft_owner_check(const char *owner, size_t max, struct err *e)
{
	size_t len = strlen(owner);

	if (len < 1 || len > max)
		return err_bad(e, owner, "an owner's name has 1 to %zu bytes", max);
	for (const char *s = owner; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '\x7f')
			return err_bad(e, owner, "an owner's name has no quotes and no control characters");
	return 0;
}

static int check(const struct nft_target *t, const struct inet_port *ports, size_t n, struct err *e)
{
	char text[2 * INET_TEXT];
	int rc = nft_owner_check(t->owner, NFT_OWNER_MAX, e);

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_port(t, &ports[i], e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		for (size_t k = 0; rc == 0 && k < i; k++)
			if (meet(&ports[i], &ports[k])) {
				inet_port_format(&ports[i], text);
				rc = err_bad(e, text, "the same port is asked for twice");
			}
	return rc;
}

int nft_publish(struct nl *nl, const struct nft_target *t, struct inet_port *ports, size_t n, struct err *e)
{
	struct inet_port *chosen = calloc(n ? n : 1, sizeof *chosen);
	struct job j = { .t = t, .wanted = ports, .ports = chosen, .n = n };
	int rc = chosen ? check(t, ports, n, e) : err_set(e, ENOMEM, "published ports", "keep in mind");

	if (rc == 0)
		rc = nft_table_ensure(nl, e);
	if (rc == 0)
		rc = nft_change(nl, think, &j, e);
	if (rc == 0) {
		memcpy(ports, chosen, n * sizeof *ports);
		nft_flows_forget(nl, &j.gone, &j.added);
	}
	nft_list_release(&j.all);
	nft_list_release(&j.gone);
	nft_list_release(&j.added);
	free(chosen);
	return rc;
}
