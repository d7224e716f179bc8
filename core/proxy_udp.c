/*
 * proxy over UDP: a table of flows, as conntrack has one. A flow is a client, by its
 * address and the one that it has sent to, and a socket connected to the target,
 * on which the answers to that client arrive.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/proxy_priv.h"

/* nf_conntrack_udp_timeout and nf_conntrack_udp_timeout_stream: nf_conntrack-sysctl */
#define TIMEOUT_MS        30000
#define TIMEOUT_STREAM_MS 120000

#define FLOWS   1024
#define BUCKETS 256

/* How many datagrams of one socket before it is the others' turn. */
#define BURST 32

/* Who has sent a datagram, and to which address of ours; compared and hashed as bytes. */
union peer {
	struct {
		union {
			struct sockaddr_in v4;
			struct sockaddr_in6 v6;
		} from;
		union {
			struct in_pktinfo v4;
			struct in6_pktinfo v6;
		} at;
	};
	unsigned char bytes[sizeof(struct sockaddr_in6) + sizeof(struct in6_pktinfo)];
};
_Static_assert(sizeof(union peer) == sizeof(struct sockaddr_in6) + sizeof(struct in6_pktinfo), "bytes between the members");

struct queue {
	struct flow *first, *last; /* who has been silent for longest comes first */
	int timeout;
};

struct flow {
	struct proxy_block block; /* the first member */
	struct proxy_source s;    /* the socket towards the target */
	struct proxy_listener *l; /* borrowed */
	union peer peer;
	int64_t used;             /* when its last datagram came by */
	struct queue *queue;      /* borrowed */
	struct flow *next, *prev; /* in the queue */
	struct flow *chain;       /* in the bucket */
};

struct proxy_flows {
	struct queue asked, answered;
	struct flow *bucket[BUCKETS];
	size_t n;
};

static struct flow **bucket_of(struct proxy_flows *all, const union peer *peer)
{
	unsigned hash = 2166136261U;

	for (size_t i = 0; i < sizeof peer->bytes; i++)
		hash = (hash ^ peer->bytes[i]) * 16777619U;
	return &all->bucket[(hash ^ hash >> 16) % BUCKETS];
}

static void leave_queue(struct flow *f)
{
	struct queue *q = f->queue;

	*(f->prev ? &f->prev->next : &q->first) = f->next;
	*(f->next ? &f->next->prev : &q->last) = f->prev;
}

static void join_queue(struct proxy_run *r, struct flow *f, struct queue *q)
{
	f->used = r->now;
	f->queue = q;
	f->next = NULL;
	f->prev = q->last;
	*(q->last ? &q->last->next : &q->first) = f;
	q->last = f;
}

static void forget(struct proxy_run *r, struct flow *f)
{
	struct flow **at = bucket_of(r->flows, &f->peer);

	while (*at != f)
		at = &(*at)->chain;
	*at = f->chain;
	leave_queue(f);
	r->flows->n--;
	proxy_close(&f->s);
	proxy_bury(r, &f->block);
	proxy_go_on(r);
}

/* Make room, as conntrack does: who was never answered goes before others. False where there was nobody. */
static bool forget_oldest(struct proxy_run *r)
{
	struct flow *f = r->flows->asked.first ? r->flows->asked.first : r->flows->answered.first;

	if (f)
		forget(r, f);
	return f;
}

/* The datagram at r->buf, to the client from the address that it had sent to. */
static void answer(struct proxy_run *r, const struct flow *f, size_t size)
{
	struct iovec iov = { .iov_base = r->buf, .iov_len = size };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof f->peer.at)];
	} control = { .room = { 0 } };
	struct msghdr msg = {
		.msg_name = (void *)&f->peer.from, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	};
	bool v6 = f->l->family == AF_INET6;
	size_t len = v6 ? sizeof f->peer.at.v6 : sizeof f->peer.at.v4;

	msg.msg_namelen = v6 ? sizeof f->peer.from.v6 : sizeof f->peer.from.v4;
	msg.msg_controllen = CMSG_SPACE(len);
	control.align.cmsg_level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	control.align.cmsg_type = v6 ? IPV6_PKTINFO : IP_PKTINFO;
	control.align.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&control.align), &f->peer.at, len);
	/* what was sent to a broadcast address cannot be answered from there */
	if (sendmsg(f->l->s.fd, &msg, 0) < 0 && errno == EINVAL) {
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
		sendmsg(f->l->s.fd, &msg, 0);
	}
}

static void flow_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events)
{
	struct flow *f = (struct flow *)((char *)s - offsetof(struct flow, s));

	(void)events;
	for (int i = 0; i < BURST; i++) {
		ssize_t n = recv(s->fd, r->buf, PROXY_BUF, 0);

		/* that nobody listens there is heard by this, and forgotten: udp(7) */
		if (n < 0)
			return;
		answer(r, f, (size_t)n);
		leave_queue(f);
		join_queue(r, f, &r->flows->answered);
	}
}

static int connect_target(const struct proxy_listener *l)
{
	auto_close int fd = socket(l->to.family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_storage addr;
	socklen_t size = inet_sockaddr(&l->to, l->to_port, &addr);

	return fd < 0 || connect(fd, (struct sockaddr *)&addr, size) < 0 ? -errno : take_fd(&fd);
}

static struct flow *new_flow(struct proxy_run *r, struct proxy_listener *l, const union peer *peer)
{
	struct flow **at = bucket_of(r->flows, peer);
	struct flow *f;
	int fd;

	if (r->flows->n == FLOWS)
		forget_oldest(r);
	while ((fd = connect_target(l)) == -EMFILE && forget_oldest(r))
		continue;
	f = fd < 0 ? NULL : calloc(1, sizeof *f);
	if (!f) {
		fd_close(&fd);
		return NULL;
	}
	*f = (struct flow){ .s = { .fd = fd, .ready = flow_ready }, .l = l, .peer = *peer, .chain = *at };
	*at = f;
	join_queue(r, f, &r->flows->asked);
	r->flows->n++;
	if (proxy_watch(r, &f->s, EPOLLIN) == 0)
		return f;
	forget(r, f);
	return NULL;
}

static struct flow *find_flow(struct proxy_run *r, struct proxy_listener *l, const union peer *peer)
{
	struct flow *f = *bucket_of(r->flows, peer);

	while (f && (f->l != l || memcmp(f->peer.bytes, peer->bytes, sizeof peer->bytes)))
		f = f->chain;
	if (!f)
		return new_flow(r, l, peer);
	leave_queue(f);
	join_queue(r, f, f->queue);
	return f;
}

static void read_address(union peer *peer, struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&peer->at.v4, CMSG_DATA(c), sizeof peer->at.v4);
			/* the way back is the routing table's affair */
			peer->at.v4.ipi_ifindex = 0;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&peer->at.v6, CMSG_DATA(c), sizeof peer->at.v6);
			if (!IN6_IS_ADDR_LINKLOCAL(&peer->at.v6.ipi6_addr))
				peer->at.v6.ipi6_ifindex = 0;
		}
	}
}

/* A datagram of a client's into r->buf; its size or -errno. */
static ssize_t receive(struct proxy_run *r, const struct proxy_listener *l, union peer *peer)
{
	struct iovec iov = { .iov_base = r->buf, .iov_len = PROXY_BUF };
	union {
		struct cmsghdr align;
		char room[256];
	} control;
	struct msghdr msg = {
		.msg_name = &peer->from, .msg_namelen = sizeof peer->from, .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof control,
	};
	ssize_t n;

	memset(peer, 0, sizeof *peer);
	n = recvmsg(l->s.fd, &msg, 0);
	if (n < 0)
		return -errno;
	read_address(peer, &msg);
	return n;
}

void proxy_udp_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events)
{
	struct proxy_listener *l = (struct proxy_listener *)s;

	(void)events;
	for (int i = 0; i < BURST; i++) {
		union peer peer;
		ssize_t n = receive(r, l, &peer);
		struct flow *f = n < 0 ? NULL : find_flow(r, l, &peer);

		if (n < 0)
			return;
		/* what fails first is what the one before it met: nobody listened then */
		if (f && send(f->s.fd, r->buf, (size_t)n, 0) < 0 && errno == ECONNREFUSED)
			send(f->s.fd, r->buf, (size_t)n, 0);
	}
}

static void expire(struct proxy_run *r, const struct queue *q, int *due)
{
	while (q->first && r->now - q->first->used >= q->timeout)
		forget(r, q->first);
	if (q->first && (*due < 0 || q->first->used + q->timeout - r->now < *due))
		*due = (int)(q->first->used + q->timeout - r->now);
}

int proxy_udp_expire(struct proxy_run *r)
{
	int due = -1;

	expire(r, &r->flows->asked, &due);
	expire(r, &r->flows->answered, &due);
	return due;
}

int proxy_udp_begin(struct proxy_run *r)
{
	r->flows = calloc(1, sizeof *r->flows);
	if (!r->flows)
		return -ENOMEM;
	r->flows->asked.timeout = TIMEOUT_MS;
	r->flows->answered.timeout = TIMEOUT_STREAM_MS;
	return 0;
}

void proxy_udp_end(struct proxy_run *r)
{
	while (r->flows && forget_oldest(r))
		continue;
	free(r->flows);
}
