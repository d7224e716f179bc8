#include "core/nl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/netlink.h>

#define STEP 16384

int nl_open(struct nl *nl, int bus, struct err *e)
{
	const char *name = bus == NETLINK_ROUTE ? "rtnetlink" : bus == NETLINK_NETFILTER ? "nfnetlink" : "netlink";
	int one = 1, rc;

	*nl = (struct nl){ .mnl = mnl_socket_open2(bus, SOCK_CLOEXEC) };
	if (!nl->mnl) {
		rc = err_sys(e, name, "open");
		if (rc == -EPROTONOSUPPORT || rc == -EAFNOSUPPORT)
			err_hint(e, "this kernel is built without it");
		return rc;
	}
	/* the kernel's words for a refusal, and refusals that do not repeat the request; older ones have neither */
	mnl_socket_setsockopt(nl->mnl, NETLINK_EXT_ACK, &one, sizeof one);
	mnl_socket_setsockopt(nl->mnl, NETLINK_CAP_ACK, &one, sizeof one);
	if (mnl_socket_bind(nl->mnl, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = err_sys(e, name, "bind");
		nl_close(nl);
		return rc;
	}
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->mnl)
		mnl_socket_close(nl->mnl);
	nl->mnl = NULL;
}

int nl_fd(const struct nl *nl)
{
	return nl->mnl ? mnl_socket_get_fd(nl->mnl) : -1;
}

/* Without memory, all messages are written over each other here. */
static char nowhere[NL_MESSAGE_MAX + 256];

struct nlmsghdr *nl_add(struct nl_batch *b, uint16_t type, uint16_t flags, const void *header, size_t size)
{
	struct nlmsghdr *nlh;
	char *at = nowhere;

	if (b->last)
		b->len += NLMSG_ALIGN(b->last->nlmsg_len);
	if (!b->failed && b->cap - b->len < sizeof nowhere) {
		char *buf = realloc(b->buf, b->cap + STEP);

		if (buf) {
			b->buf = buf;
			b->cap += STEP;
		}
		b->failed = !buf;
	}
	if (!b->failed)
		at = b->buf + b->len;
	nlh = mnl_nlmsg_put_header(at);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	memcpy(mnl_nlmsg_put_extra_header(nlh, size), header, size);
	b->last = b->failed ? NULL : nlh;
	b->n++;
	return nlh;
}

void nl_put_text(struct nlmsghdr *nlh, uint16_t type, const char *text)
{
	/* longer than any that the kernel takes, and no message runs over */
	char some[1024];

	snprintf(some, sizeof some, "%s", text);
	mnl_attr_put_strz(nlh, type, some);
}

void nl_batch_release(struct nl_batch *b)
{
	free(b->buf);
	*b = (struct nl_batch){ 0 };
}

/* Number the messages and send them; the number of the first one into *first. */
static int send_all(struct nl *nl, struct nl_batch *b, uint16_t flags, uint32_t *first)
{
	ssize_t sent;
	size_t at = 0;

	nl->said[0] = '\0';
	*first = nl->seq + 1;
	if (b->failed)
		return -ENOMEM;
	if (b->last)
		b->len += NLMSG_ALIGN(b->last->nlmsg_len);
	while (at < b->len) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)(b->buf + at);

		nlh->nlmsg_seq = ++nl->seq;
		nlh->nlmsg_flags |= flags;
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	do
		sent = mnl_socket_sendto(nl->mnl, b->buf, b->len);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static void empty(struct nl_batch *b)
{
	b->len = b->n = 0;
	b->last = NULL;
}

/*
 * What the kernel says, and nobody else: a socket in a container's namespace may be
 * written to by the container's root, who has CAP_NET_ADMIN there and knows our numbers.
 */
static ssize_t receive(struct nl *nl, char *buf, size_t size, int flags)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_size;
	ssize_t len;

	do {
		from_size = sizeof from;
		len = recvfrom(nl_fd(nl), buf, size, flags | MSG_TRUNC, (struct sockaddr *)&from, &from_size);
	} while (len < 0 ? errno == EINTR : from.nl_pid != 0);
	if (len < 0)
		return -errno;
	return (size_t)len > size ? -EMSGSIZE : len;
}

/* The kernel's reason behind an error, as extended acknowledgements have it. */
static void take_reason(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *table[NLMSGERR_ATTR_MAX + 1] = { 0 };
	size_t skip = sizeof *err;
	const char *said;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - sizeof err->msg;
	if (err->msg.nlmsg_len < sizeof err->msg || skip > mnl_nlmsg_get_payload_len(nlh))
		return;
	nl_attrs(nlh, skip, table, NLMSGERR_ATTR_MAX);
	said = nl_str(table[NLMSGERR_ATTR_MSG]);
	if (said)
		snprintf(nl->said, sizeof nl->said, "%s", said);
}

/* What an acknowledgement says: 0 or -errno. */
static int take_ack(struct nl *nl, const struct nlmsghdr *nlh, bool keep)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof *err)
		return -EBADMSG;
	if (err->error && keep)
		take_reason(nl, nlh);
	return err->error > 0 ? -err->error : err->error;
}

/* Our messages' numbers are first .. nl->seq. */
static bool is_ours(const struct nl *nl, const struct nlmsghdr *nlh, uint32_t first)
{
	return nlh->nlmsg_seq - first <= nl->seq - first;
}

static void note(int rc, size_t at, int *worst, size_t *failed)
{
	if (rc >= 0 || *worst < 0)
		return;
	*worst = rc;
	if (failed)
		*failed = at;
}

int nl_send(struct nl *nl, struct nl_batch *b, size_t *failed)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t first;
	size_t left = b->n;
	int rc = left ? send_all(nl, b, NLM_F_ACK, &first) : 0, worst = 0;

	empty(b);
	if (failed)
		*failed = 0;
	while (rc == 0 && left) {
		ssize_t got = receive(nl, buf, sizeof buf, 0);
		int len = (int)got;

		if (got < 0)
			return (int)got;
		for (const struct nlmsghdr *nlh = (void *)buf; mnl_nlmsg_ok(nlh, len) && left; nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type != NLMSG_ERROR || !is_ours(nl, nlh, first))
				continue;
			note(take_ack(nl, nlh, worst == 0), nlh->nlmsg_seq - first, &worst, failed);
			left--;
		}
	}
	return rc < 0 ? rc : worst;
}

/* The kernel has done all of it when sendmsg returns: what it has to say is there to be read. */
int nl_commit(struct nl *nl, struct nl_batch *b, size_t *failed)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t first;
	int rc = b->n ? send_all(nl, b, 0, &first) : 0, worst = 0;
	ssize_t got;

	empty(b);
	if (failed)
		*failed = 0;
	if (rc < 0)
		return rc;
	while ((got = receive(nl, buf, sizeof buf, MSG_DONTWAIT)) >= 0) {
		int len = (int)got;

		for (const struct nlmsghdr *nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			if (nlh->nlmsg_type == NLMSG_ERROR && is_ours(nl, nlh, first))
				note(take_ack(nl, nlh, worst == 0), nlh->nlmsg_seq - first, &worst, failed);
	}
	return got == -EAGAIN ? worst : (int)got;
}

/* A dump that fails on its way says so at its end: 0 or -errno. */
static int take_end(const struct nlmsghdr *nlh)
{
	const int *rc = mnl_nlmsg_get_payload(nlh);

	return mnl_nlmsg_get_payload_len(nlh) < sizeof *rc || *rc > 0 ? 0 : *rc;
}

int nl_ask(struct nl *nl, struct nl_batch *b, mnl_cb_t each, void *data)
{
	/* the kernel makes dumps as large as it finds room for: 32 KiB at most */
	static char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool dump = b->last && (b->last->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP, changed = false;
	uint32_t first;
	int rc = send_all(nl, b, 0, &first);

	empty(b);
	if (rc < 0)
		return rc;
	for (;;) {
		ssize_t got = receive(nl, buf, sizeof buf, 0);
		int len = (int)got;

		if (got < 0)
			return (int)got;
		for (const struct nlmsghdr *nlh = (void *)buf; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
			if (!is_ours(nl, nlh, first))
				continue;
			changed = changed || nlh->nlmsg_flags & NLM_F_DUMP_INTR;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return take_ack(nl, nlh, true);
			if (nlh->nlmsg_type == NLMSG_DONE)
				return rc < 0 ? rc : changed ? -EINTR : take_end(nlh);
			/* what is left of a dump has to be read all the same */
			if (rc == 0 && each(nlh, data) < 0)
				rc = -errno;
			if (!dump)
				return rc;
		}
	}
}

static void sort_attr(const struct nlattr *attr, const struct nlattr **table, size_t max)
{
	size_t type = mnl_attr_get_type(attr);

	if (type <= max)
		table[type] = attr;
}

void nl_attrs(const struct nlmsghdr *nlh, size_t payload, const struct nlattr **table, size_t max)
{
	const struct nlattr *attr = mnl_nlmsg_get_payload_offset(nlh, payload);
	int left = (int)mnl_nlmsg_get_payload_len(nlh) - (int)MNL_ALIGN(payload);

	/* mnl_attr_for_each goes by the length rounded up, beyond a message that does not end at 4 bytes */
	for (; mnl_attr_ok(attr, left); attr = mnl_attr_next(attr)) {
		sort_attr(attr, table, max);
		left -= (int)MNL_ALIGN(attr->nla_len);
	}
}

void nl_nested(const struct nlattr *nest, const struct nlattr **table, size_t max)
{
	const struct nlattr *attr;

	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest)
		sort_attr(attr, table, max);
}

uint32_t nl_u32(const struct nlattr *attr, uint32_t otherwise)
{
	return attr && mnl_attr_get_payload_len(attr) == sizeof otherwise ? mnl_attr_get_u32(attr) : otherwise;
}

uint8_t nl_u8(const struct nlattr *attr, uint8_t otherwise)
{
	return attr && mnl_attr_get_payload_len(attr) == sizeof otherwise ? mnl_attr_get_u8(attr) : otherwise;
}

const char *nl_str(const struct nlattr *attr)
{
	return attr && memchr(mnl_attr_get_payload(attr), '\0', mnl_attr_get_payload_len(attr)) ? mnl_attr_get_str(attr) : NULL;
}

int nl_err(const struct nl *nl, struct err *e, int rc, const char *object, const char *fmt, ...)
{
	char what[sizeof e->what];
	va_list list;

	va_start(list, fmt);
	vsnprintf(what, sizeof what, fmt, list);
	va_end(list);
	err_set(e, -rc, object, "%s", what);
	if (nl->said[0])
		err_hint(e, "the kernel says: %s", nl->said);
	else if (rc == -EPERM)
		err_hint(e, "this needs CAP_NET_ADMIN over the network namespace");
	return rc;
}
