/* Published ports as elements of four maps: reading them, and taking them away. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/nft_priv.h"

/*
 * The key is [address,] protocol, port of the host, each filled up to four
 * bytes, the value address and port of the container.
 */
static const struct map {
	const char *name;
	int family;
	bool by_address;
} maps[NFT_MAPS] = {
	{ "pub4_ip", AF_INET, true },
	{ "pub4", AF_INET, false },
	{ "pub6_ip", AF_INET6, true },
	{ "pub6", AF_INET6, false },
};

static uint16_t get_port(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put_port(uint8_t *at, uint16_t port)
{
	at[0] = (uint8_t)(port >> 8);
	at[1] = (uint8_t)port;
}

int nft_port_read(const struct nlattr *const *attrs, size_t map, struct nft_port *out)
{
	const struct map *m = &maps[map];
	size_t len = inet_len(m->family), before = m->by_address ? len : 0;
	const uint8_t *key = nft_elem_value(attrs[NFTA_SET_ELEM_KEY], before + 8);
	const uint8_t *to = nft_elem_value(attrs[NFTA_SET_ELEM_DATA], len + 4);

	if (!key || !to)
		return -EBADMSG;
	*out = (struct nft_port){ 0 };
	out->to.family = m->family;
	out->to.prefix = (uint8_t)(len * 8);
	if (m->by_address)
		out->port.host = out->to;
	memcpy(out->port.host.v, key, before);
	memcpy(out->to.v, to, len);
	out->port.proto = key[before];
	out->port.from = get_port(key + before + 4);
	out->port.to = get_port(to + len);
	out->port.count = 1;
	nft_get_comment(attrs[NFTA_SET_ELEM_USERDATA], out->owner, sizeof out->owner);
	return 0;
}

void nft_port_put(struct nft_elems *l, const struct nft_port *p)
{
	const struct map *m = maps;
	size_t len = inet_len(p->to.family), before = p->port.host.family ? len : 0;
	uint8_t key[24] = { 0 }, to[20] = { 0 };

	while (m->family != p->to.family || m->by_address != (before != 0))
		m++;
	memcpy(key, p->port.host.v, before);
	key[before] = p->port.proto;
	put_port(key + before + 4, p->port.from);
	memcpy(to, p->to.v, len);
	put_port(to + len, p->port.to);
	nft_elems_put(l, m->name, (struct nft_value){ key, (uint16_t)(before + 8) }, (struct nft_value){ to, (uint16_t)(len + 4) },
		l->msg == NFT_MSG_NEWSETELEM ? p->owner : NULL);
}

int nft_list_add(struct nft_list *l, const struct nft_port *p)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 16;
		struct nft_port *v = realloc(l->v, cap * sizeof *v);

		if (!v)
			return -ENOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = *p;
	return 0;
}

void nft_list_release(struct nft_list *l)
{
	free(l->v);
	*l = (struct nft_list){ 0 };
}

struct reading {
	struct nft_list *l;
	size_t map;
};

static int take_port(const struct nlattr *const *attrs, void *data)
{
	struct reading *r = data;
	struct nft_port p;
	int rc = nft_port_read(attrs, r->map, &p);

	return rc < 0 ? rc : nft_list_add(r->l, &p);
}

static int compare(const void *one, const void *other)
{
	const struct nft_port *a = one, *b = other;

	if (a->to.family != b->to.family)
		return a->to.family < b->to.family ? -1 : 1;
	if (a->port.proto != b->port.proto)
		return a->port.proto < b->port.proto ? -1 : 1;
	if (a->port.from != b->port.from)
		return a->port.from < b->port.from ? -1 : 1;
	return memcmp(a->port.host.v, b->port.host.v, sizeof a->port.host.v);
}

int nft_list_read(struct nl *nl, struct nft_list *l)
{
	struct reading r = { l, 0 };
	int rc = 0;

	for (l->n = 0; rc == 0 && r.map < NFT_MAPS; r.map++)
		rc = nft_elems_dump(nl, maps[r.map].name, take_port, &r);
	if (rc == 0 && l->n)
		qsort(l->v, l->n, sizeof *l->v, compare);
	return rc;
}

static int read_failed(const struct nl *nl, struct err *e, int rc)
{
	return rc == -EINTR ? rc : nl_err(nl, e, rc, "table inet " NFT_TABLE, "read published ports");
}

int nft_ports(struct nl *nl, nft_port_fn *each, void *data, struct err *e)
{
	struct nft_list l = { 0 };
	int rc = nft_table_find(nl, e);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	/* changed while it was read: once more; who never gets it whole takes what there is */
	for (int i = 0; i < 20 && (i == 0 || rc == -EINTR); i++)
		rc = nft_list_read(nl, &l);
	rc = rc < 0 && rc != -EINTR ? read_failed(nl, e, rc) : 0;
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = each(&l.v[i], data);
	nft_list_release(&l);
	return rc;
}

/* --- taking away */

struct removal {
	bool (*is)(const struct nft_port *p, const void *data);
	const void *data;
	struct nft_list all, gone;
};

static int think_removal(struct nl *nl, struct nl_batch *b, void *data, struct err *e)
{
	struct nft_elems del = { .b = b, .msg = NFT_MSG_DELSETELEM };
	struct removal *r = data;
	int rc = nft_list_read(nl, &r->all);

	if (rc < 0)
		return read_failed(nl, e, rc);
	r->gone.n = 0;
	for (size_t i = 0; i < r->all.n; i++) {
		if (!r->is(&r->all.v[i], r->data))
			continue;
		if (nft_list_add(&r->gone, &r->all.v[i]) < 0)
			return err_set(e, ENOMEM, "published ports", "keep in mind");
		nft_port_put(&del, &r->all.v[i]);
	}
	nft_elems_end(&del);
	return 0;
}

static int take_away(struct nl *nl, bool (*is)(const struct nft_port *, const void *), const void *data, struct err *e)
{
	struct removal r = { .is = is, .data = data };
	struct nft_list none = { 0 };
	int rc = nft_table_find(nl, e);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = nft_change(nl, think_removal, &r, e);
	if (rc == 0) {
		nft_flows_forget(nl, &r.gone, &none);
		rc = (int)r.gone.n;
	}
	nft_list_release(&r.all);
	nft_list_release(&r.gone);
	return rc;
}

static bool is_at(const struct nft_port *p, const struct inet_port *want)
{
	if (want->proto != p->port.proto || (want->from && (p->port.from < want->from || p->port.from - want->from >= want->count)))
		return false;
	if (!want->host.family)
		return true;
	return inet_is_any(&want->host) ? !p->port.host.family && p->to.family == want->host.family : inet_equal(&want->host, &p->port.host);
}

static bool fits(const struct nft_port *p, const void *data)
{
	const struct nft_match *m = data;
	bool found = m->n == 0;

	if ((m->owner && strcmp(p->owner, m->owner)) || (m->to && !inet_equal(&p->to, m->to)))
		return false;
	for (size_t i = 0; i < m->n && !found; i++)
		found = is_at(p, &m->ports[i]);
	return found;
}

int nft_unpublish(struct nl *nl, const struct nft_match *m, struct err *e)
{
	return take_away(nl, fits, m, e);
}

struct dead {
	nft_alive_fn *alive;
	void *data;
};

static bool is_dead(const struct nft_port *p, const void *data)
{
	const struct dead *d = data;

	return !d->alive(p, d->data);
}

int nft_gc(struct nl *nl, nft_alive_fn *alive, void *data, struct err *e)
{
	struct dead d = { alive, data };

	return take_away(nl, is_dead, &d, e);
}
