/* Elements of sets and maps as messages, both ways; and the set that bridges are in. */
#include <errno.h>
#include <string.h>

#include <net/if.h>

#include "core/nft_priv.h"
#include "core/str.h"

/* A message is not begun anew for an element while it is smaller: one has less than 512 bytes. */
#define FULL (NL_MESSAGE_MAX - 1024)

void nft_elems_end(struct nft_elems *l)
{
	if (l->nlh)
		mnl_attr_nest_end(l->nlh, l->list);
	l->nlh = NULL;
}

static void put_value(struct nlmsghdr *nlh, uint16_t type, struct nft_value value)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, value.len, value.v);
	mnl_attr_nest_end(nlh, nest);
}

void nft_elems_put(struct nft_elems *l, const char *set, struct nft_value key, struct nft_value data, const char *comment)
{
	struct nlattr *elem;

	if (l->nlh && (l->set != set || l->nlh->nlmsg_len > FULL))
		nft_elems_end(l);
	if (!l->nlh) {
		l->nlh = nft_add(l->b, l->msg, l->msg == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, true);
		l->set = set;
		mnl_attr_put_strz(l->nlh, NFTA_SET_ELEM_LIST_SET, set);
		l->list = mnl_attr_nest_start(l->nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	}
	elem = mnl_attr_nest_start(l->nlh, NFTA_LIST_ELEM);
	put_value(l->nlh, NFTA_SET_ELEM_KEY, key);
	if (data.len)
		put_value(l->nlh, NFTA_SET_ELEM_DATA, data);
	if (comment)
		nft_put_comment(l->nlh, NFTA_SET_ELEM_USERDATA, comment);
	mnl_attr_nest_end(l->nlh, elem);
}

int nft_elems_read(const struct nlmsghdr *nlh, nft_elem_fn *each, void *data)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1] = { 0 }, *attr;

	nl_attrs(nlh, sizeof(struct nfgenmsg), attrs, NFTA_SET_ELEM_LIST_MAX);
	if (!attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	mnl_attr_for_each_nested(attr, attrs[NFTA_SET_ELEM_LIST_ELEMENTS]) {
		const struct nlattr *elem[NFTA_SET_ELEM_MAX + 1] = { 0 };
		int rc;

		nl_nested(attr, elem, NFTA_SET_ELEM_MAX);
		rc = each(elem, data);
		if (rc != 0)
			return rc;
	}
	return 0;
}

struct dump {
	nft_elem_fn *each;
	void *data;
};

static int take_elems(const struct nlmsghdr *nlh, void *data)
{
	struct dump *d = data;
	int rc = nft_elems_read(nlh, d->each, d->data);

	errno = -rc;
	return rc ? MNL_CB_ERROR : MNL_CB_OK;
}

int nft_elems_dump(struct nl *nl, const char *set, nft_elem_fn *each, void *data)
{
	struct nl_batch b = { 0 };
	int rc;

	mnl_attr_put_strz(nft_add(&b, NFT_MSG_GETSETELEM, NLM_F_DUMP, true), NFTA_SET_ELEM_LIST_SET, set);
	rc = nl_ask(nl, &b, take_elems, &(struct dump){ each, data });
	nl_batch_release(&b);
	return rc;
}

const void *nft_elem_value(const struct nlattr *attr, size_t len)
{
	const struct nlattr *value[NFTA_DATA_MAX + 1] = { 0 };

	nl_nested(attr, value, NFTA_DATA_MAX);
	if (!value[NFTA_DATA_VALUE] || mnl_attr_get_payload_len(value[NFTA_DATA_VALUE]) != len)
		return NULL;
	return mnl_attr_get_payload(value[NFTA_DATA_VALUE]);
}

/* --- bridges: of two sets, whose order this is, the key is the name, filled up; icc_ok has it twice */

static const char *const bridge_sets[] = { "bridges", "internal" };

struct bridges {
	nft_bridge_fn *each;
	void *data;
	bool internal;
	int stopped;
};

const char *nft_bridge_read(const struct nlattr *const *attrs)
{
	const char *name = nft_elem_value(attrs[NFTA_SET_ELEM_KEY], IF_NAMESIZE);

	return name && memchr(name, '\0', IF_NAMESIZE) ? name : NULL;
}

static int take_bridge(const struct nlattr *const *attrs, void *data)
{
	const char *name = nft_bridge_read(attrs);
	struct bridges *l = data;

	if (!name)
		return -EBADMSG;
	if (!l->stopped)
		l->stopped = l->each(name, l->internal, l->data);
	return 0;
}

static int dump_bridges(struct nl *nl, struct bridges *l)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < 2; i++) {
		l->internal = i == 1;
		rc = nft_elems_dump(nl, bridge_sets[i], take_bridge, l);
	}
	return rc;
}

int nft_bridges(struct nl *nl, nft_bridge_fn *each, void *data, struct err *e)
{
	struct bridges l = { each, data, false, 0 };
	int rc = nft_table_find(nl, e);

	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	rc = dump_bridges(nl, &l);
	/* changed while it was read: what was told is at worst no longer, or not yet, so */
	if (rc < 0 && rc != -EINTR)
		return nl_err(nl, e, rc, "table inet " NFT_TABLE, "read bridges");
	return l.stopped;
}

struct bridge {
	const char *name;
	bool want[2]; /* in the sets that it is to be in ... */
	bool is[2];   /* ... and that it is in */
};

static int note_bridge(const char *name, bool internal, void *data)
{
	struct bridge *br = data;

	br->is[internal] = br->is[internal] || !strcmp(name, br->name);
	return 0;
}

static int think_bridge(struct nl *nl, struct nl_batch *b, void *data, struct err *e)
{
	struct nft_elems put = { .b = b, .msg = NFT_MSG_NEWSETELEM }, del = { .b = b, .msg = NFT_MSG_DELSETELEM };
	struct bridge *br = data;
	char key[2 * IF_NAMESIZE] = "";
	struct nft_value name = { key, IF_NAMESIZE }, pair = { key, sizeof key }, none = { 0 };
	int rc;

	br->is[0] = br->is[1] = false;
	rc = dump_bridges(nl, &(struct bridges){ note_bridge, br, false, 0 });
	if (rc < 0)
		return rc == -EINTR ? rc : nl_err(nl, e, rc, "table inet " NFT_TABLE, "read bridges");
	str_copyn(key, IF_NAMESIZE, br->name, strlen(br->name));
	memcpy(key + IF_NAMESIZE, key, IF_NAMESIZE);
	for (size_t i = 0; i < 2; i++)
		if (br->is[i] && !br->want[i])
			nft_elems_put(&del, bridge_sets[i], name, none, NULL);
	if ((br->is[0] || br->is[1]) && !br->want[0] && !br->want[1])
		nft_elems_put(&del, "icc_ok", pair, none, NULL);
	nft_elems_end(&del);
	for (size_t i = 0; i < 2; i++)
		if (br->want[i] && !br->is[i]) {
			nft_elems_put(&put, bridge_sets[i], name, none, NULL);
			nft_elems_put(&put, "icc_ok", pair, none, NULL);
		}
	nft_elems_end(&put);
	return 0;
}

int nft_bridge_add(struct nl *nl, const char *bridge, bool internal, struct err *e)
{
	struct bridge br = { bridge, { !internal, internal }, { false, false } };
	int rc = strnlen(bridge, IF_NAMESIZE) < IF_NAMESIZE ? nft_table_ensure(nl, e) : err_bad(e, bridge, "no name of a device");

	return rc < 0 ? rc : nft_change(nl, think_bridge, &br, e);
}

int nft_bridge_del(struct nl *nl, const char *bridge, struct err *e)
{
	struct bridge br = { bridge, { false, false }, { false, false } };
	int rc = nft_table_find(nl, e);

	return rc < 0 ? (rc == -ENOENT ? 0 : rc) : nft_change(nl, think_bridge, &br, e);
}
