/* nl: requests to the kernel over netlink(7), several at a time. Each message is built with libmnl's mnl_attr_*. */
#ifndef CORE_NL_H
#define CORE_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "core/err.h"

/*
 * A socket. It belongs to the network namespace that it was opened in, and stays
 * with that one whatever namespace the process goes to.
 */
struct nl {
	struct mnl_socket *mnl; /* owned; NULL: not open */
	uint32_t seq;           /* of the last message */
	char said[160];         /* what the kernel gave as the reason of the last refusal, "" nothing: NETLINK_EXT_ACK */
};

/* Open one to `bus`, NETLINK_ROUTE or NETLINK_NETFILTER. 0, or -errno with *e. */
int nl_open(struct nl *nl, int bus, struct err *e);
void nl_close(struct nl *nl);
int nl_fd(const struct nl *nl);

/* Messages that go to the kernel in one piece, in their order. Start with { 0 }; nl_batch_release at the end. */
struct nl_batch {
	char *buf; /* owned */
	size_t len, cap;
	size_t n;    /* messages */
	bool failed; /* out of memory: what is added goes nowhere, and sending says -ENOMEM */
	struct nlmsghdr *last;
};

/* Room in one message behind its header, for all its attributes. */
#define NL_MESSAGE_MAX 8192

/*
 * Begin the next message: its type, flags besides NLM_F_REQUEST, and the fixed
 * header of its family (struct ifinfomsg and the like). What it returns is valid
 * until the next nl_add; never NULL.
 */
struct nlmsghdr *nl_add(struct nl_batch *b, uint16_t type, uint16_t flags, const void *header, size_t size);
/* Text of a user's, of any length: what is too long the kernel refuses. */
void nl_put_text(struct nlmsghdr *nlh, uint16_t type, const char *text);
void nl_batch_release(struct nl_batch *b);

/*
 * Send the batch, each of whose messages is acknowledged (the flag is added),
 * and read all answers. The kernel goes on behind a message that it refuses:
 * what has failed first is told, and *failed (may be NULL) is that message's
 * place in the batch, from 0. 0 or -errno; nl->said has the kernel's reason.
 * The batch is empty afterwards.
 */
int nl_send(struct nl *nl, struct nl_batch *b, size_t *failed);

/*
 * The same with messages whose flags are theirs alone, as nf_tables wants it: an
 * acknowledgement, if any is asked for, comes for the last one. An error that is
 * told for the batch as a whole is *failed 0.
 */
int nl_commit(struct nl *nl, struct nl_batch *b, size_t *failed);

/*
 * Send the one message in the batch and have each(answer, data) see all answers,
 * those of a dump (NLM_F_DUMP in its flags), too. It returns MNL_CB_OK, or
 * MNL_CB_ERROR with errno. 0 or -errno; a dump that changed while it was read is
 * -EINTR: forget what was seen and ask again.
 */
int nl_ask(struct nl *nl, struct nl_batch *b, mnl_cb_t each, void *data);

/*
 * Put the attributes in [first, end of the message) into table[0..max] by their
 * type; unknown types are left out. `payload` is the message's fixed header's size.
 */
void nl_attrs(const struct nlmsghdr *nlh, size_t payload, const struct nlattr **table, size_t max);
void nl_nested(const struct nlattr *nest, const struct nlattr **table, size_t max);

/* A value of the attribute, or `otherwise` where it is NULL or has another size. */
uint32_t nl_u32(const struct nlattr *attr, uint32_t otherwise);
uint8_t nl_u8(const struct nlattr *attr, uint8_t otherwise);
/* Its text, NULL where it is no string that ends within it. */
const char *nl_str(const struct nlattr *attr);

/* Fill *e with the failure of nl_send and the like: the kernel's own words become the hint. Returns rc. */
int nl_err(const struct nl *nl, struct err *e, int rc, const char *object, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
