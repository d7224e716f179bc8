/* nft_priv: what the files of nft share. */
#ifndef CORE_NFT_PRIV_H
#define CORE_NFT_PRIV_H

#include "core/nft.h"

#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#define NFT_TABLE "nestbox"

/* All numbers of nf_tables messages are big-endian. */
uint32_t nft_u32(const struct nlattr *attr, uint32_t otherwise);
void nft_put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value);

/* Begin a message of nf_tables, NFT_MSG_*, about our table, whose name is attribute 1 in all of them; about any table where `table` is false. */
struct nlmsghdr *nft_add(struct nl_batch *b, uint16_t msg, uint16_t flags, bool table);
/* One of another part of netfilter, NFNL_SUBSYS_*. */
struct nlmsghdr *nft_add_other(struct nl_batch *b, uint8_t subsys, uint16_t msg, uint16_t flags, uint8_t family, uint16_t res_id);

/* The frame of a change; *generation NULL: whatever it is now. */
void nft_begin(struct nl_batch *b, const uint32_t *generation);
int nft_end(struct nl *nl, struct nl_batch *b, size_t *failed);

/*
 * Change what is there: think() looks at the table and adds to the batch. It
 * happens once more whenever somebody else has changed anything meanwhile. An
 * empty batch is no change. 0 or -errno with *e, of think() or of the kernel.
 */
typedef int nft_think_fn(struct nl *nl, struct nl_batch *b, void *data, struct err *e);
int nft_change(struct nl *nl, nft_think_fn *think, void *data, struct err *e);

/* Is our table there? 0; -ENOENT, also where there is no nf_tables, without a word in *e; -EEXIST and other -errno with *e. */
int nft_table_find(struct nl *nl, struct err *e);

/* A comment as nft(8) writes and reads it, of a table and of an element. */
void nft_put_comment(struct nlmsghdr *nlh, uint16_t type, const char *text);
/* Into buf, "" where there is none. */
void nft_get_comment(const struct nlattr *attr, char *buf, size_t size);

/* Elements, many to a message: one after the other into a set, and nft_elems_end. */
struct nft_elems {
	struct nl_batch *b;
	uint16_t msg;        /* NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM */
	struct nlmsghdr *nlh; /* NULL: none is open */
	const char *set;
	struct nlattr *list;
};
struct nft_value {
	const void *v;
	uint16_t len; /* 0: none */
};
void nft_elems_put(struct nft_elems *l, const char *set, struct nft_value key, struct nft_value data, const char *comment);
void nft_elems_end(struct nft_elems *l);

/* What an answer with elements says: each one's attributes, NFTA_SET_ELEM_*. 0, or what did not return 0. */
typedef int nft_elem_fn(const struct nlattr *const *attrs, void *data);
int nft_elems_read(const struct nlmsghdr *nlh, nft_elem_fn *each, void *data);
/* All elements of a set. 0, -errno (-EINTR: it has changed meanwhile). */
int nft_elems_dump(struct nl *nl, const char *set, nft_elem_fn *each, void *data);
/* The value in an attribute of an element's, of that length; or NULL. */
const void *nft_elem_value(const struct nlattr *attr, size_t len);

/* Ports in a list that grows. Start with { 0 }. */
struct nft_list {
	struct nft_port *v; /* owned */
	size_t n, cap;
};
int nft_list_add(struct nft_list *l, const struct nft_port *p); /* 0 or -ENOMEM */
void nft_list_release(struct nft_list *l);
/* All that is published, sorted by family, protocol and port of the host. 0 or -errno. */
int nft_list_read(struct nl *nl, struct nft_list *l);
/* Add or delete the element that it is. */
void nft_port_put(struct nft_elems *l, const struct nft_port *p);
/* What an element of the map of ports with that number (of NFT_MAPS) says. 0 or -EBADMSG. */
#define NFT_MAPS 4
int nft_port_read(const struct nlattr *const *attrs, size_t map, struct nft_port *out);

/* The other answers' readers, whatever is in them. The table's comment, "" none; an element's bridge, or NULL; a chain of others that drops. */
void nft_read_table(const struct nlmsghdr *nlh, char comment[NFT_USERDATA_MAXLEN]);
const char *nft_bridge_read(const struct nlattr *const *attrs);
bool nft_read_drop(const struct nlmsghdr *nlh, char *buf, size_t size);

/*
 * Have the kernel forget the flows of UDP that the change has left behind: those
 * to a target that is no longer one, and those that began before it was one and
 * went to the host. Where it cannot, they end by themselves, 30 s after the last
 * packet; so nothing is said of that.
 */
void nft_flows_forget(struct nl *nl, const struct nft_list *gone, const struct nft_list *added);
/* What of a flow matters there: where it went first, and who answers. */
struct nft_flow {
	struct inet to, from; /* family 0: unknown */
	uint16_t to_port, from_port;
	uint8_t proto;
	bool translated; /* there is another address in place of one of these */
};
void nft_flow_read(const struct nlmsghdr *nlh, struct nft_flow *out);

/*
 * Is the port free on the host, as far as bind(2) can tell? 0, -EADDRINUSE,
 * -EADDRNOTAVAIL. The process has to be in the host's network namespace.
 */
int nft_port_free(const struct nft_port *p);
/* Enter the network namespace that the socket belongs to, if it is another one; *back is the way back, or -1. */
int nft_enter(struct nl *nl, int *back, struct err *e);
int nft_leave(int back, struct err *e);

#endif
