/* ns_list_priv: a list while it is read; for the files of ns_list alone. */
#ifndef CORE_NS_LIST_PRIV_H
#define CORE_NS_LIST_PRIV_H

#include "core/ns_list.h"

/* Numbers, each with one of our own; open addressing, 0 is no key. Start with { 0 }. */
struct ns_map {
	struct ns_map_slot {
		uint64_t key;
		uint32_t value;
	} *slots;
	size_t size, n; /* size is a power of two, or 0 */
};

/* The slot of `key`, made with the value UINT32_MAX where there is none; NULL: no memory. */
struct ns_map_slot *ns_map_at(struct ns_map *m, uint64_t key);

struct ns_scan {
	struct ns_list *l;
	unsigned kinds;
	bool unseen;           /* NS_LIST_UNSEEN */
	struct ns_map known;   /* inode of a namespace: index into l->entries */
	struct ns_map sockets; /* inodes of those that were asked already */
	struct ns_map cookies; /* of network namespaces, that sockets have named */
	uint64_t dev;          /* of nsfs */
};

/* Has the list the namespace already? */
bool ns_scan_knows(const struct ns_scan *s, uint64_t ino);
/* The namespace's entry, a new one where it has none. NULL: no memory. Valid until the next one is made. */
struct ns_entry *ns_scan_entry(struct ns_scan *s, uint64_t ino, int kind);
/* The kind of the namespace behind `fd`, by its bit in s->kinds; -1: none, or not wanted. */
int ns_scan_kind(const struct ns_scan *s, int fd);

/* What only an open file or a socket of a process keeps (ns_list_fds.c). 0 or -ENOMEM. */
int ns_scan_fds(struct ns_scan *s);

#endif
