/*
 * proxy over TCP. What a side sends goes through a pipe, by splice(2), and is never
 * copied. A pipe is taken when there is something to carry and given back when it
 * is empty, so that a connection that idles has two descriptors and no more.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/proxy_priv.h"

/* Empty pipes that are kept for the next who needs one. */
#define IDLE_PIPES 8

/* A pipe's sixteen places take pages of up to 32 KiB each from a socket. */
#define CARRY ((size_t)1 << 20)

/* How often one way is gone before it is the others' turn. */
#define ROUNDS 8

enum { CLIENT, TARGET };

struct conn;

struct side {
	struct proxy_source s; /* the first member */
	struct conn *c;        /* borrowed */
	bool reset;            /* the connection to it has failed: nothing more can be sent there */
};

/* What the one side sends to the other. */
struct way {
	int pipe[2];  /* owned; -1: none */
	size_t held;  /* bytes in the pipe */
	bool stuck;   /* the receiver takes nothing for now */
	bool read;    /* all that there was is read */
	bool over;    /* and is delivered, or never will be */
};

struct conn {
	struct proxy_block block; /* the first member */
	struct side side[2];
	struct way way[2];        /* from side[i] to the other one */
	bool connecting;
	struct conn *next, **link;
};

struct proxy_conns {
	struct conn *first;
	int idle[IDLE_PIPES][2];
	size_t n_idle;
};

static void drop_pipe(int pipe[2])
{
	fd_close(&pipe[0]);
	fd_close(&pipe[1]);
}

static bool take_pipe(struct proxy_conns *all, struct way *w)
{
	if (w->pipe[0] >= 0)
		return true;
	if (all->n_idle) {
		all->n_idle--;
		w->pipe[0] = all->idle[all->n_idle][0];
		w->pipe[1] = all->idle[all->n_idle][1];
		return true;
	}
	return pipe2(w->pipe, O_CLOEXEC | O_NONBLOCK) == 0;
}

/* Only an empty one is another's to have. */
static void give_pipe(struct proxy_conns *all, struct way *w)
{
	if (w->pipe[0] >= 0 && !w->held && all->n_idle < IDLE_PIPES) {
		all->idle[all->n_idle][0] = take_fd(&w->pipe[0]);
		all->idle[all->n_idle++][1] = take_fd(&w->pipe[1]);
	}
	drop_pipe(w->pipe);
}

static bool drop_idle(struct proxy_conns *all)
{
	bool any = all->n_idle > 0;

	while (all->n_idle)
		drop_pipe(all->idle[--all->n_idle]);
	return any;
}

static void close_conn(struct proxy_run *r, struct conn *c)
{
	const struct linger at_once = { .l_onoff = 1 };

	for (int i = 0; i < 2; i++) {
		/* socket(7): closed that way the other end hears a reset */
		if (c->side[!i].reset && c->side[i].s.fd >= 0)
			setsockopt(c->side[i].s.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		give_pipe(r->conns, &c->way[i]);
		proxy_close(&c->side[i].s);
	}
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	proxy_bury(r, &c->block);
	proxy_go_on(r);
}

static bool would_block(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* The receiver of way i has not taken anything: not now, or never again. */
static void refused(struct conn *c, int i)
{
	c->way[i].stuck = would_block(-1);
	if (!c->way[i].stuck)
		c->side[!i].reset = true;
}

/*
 * Without the pipe: look at what there is, and take away what could be sent. For
 * when no pipe can be had, and past an urgent byte, at which splice(2) stops for ever.
 * As splice: bytes, or 0 at the end, or -1, with EAGAIN also where the receiver is the cause.
 */
static ssize_t copy(struct proxy_run *r, struct conn *c, int i)
{
	int from = c->side[i].s.fd;
	ssize_t n = recv(from, r->buf, PROXY_BUF, MSG_PEEK), sent;

	if (n <= 0)
		return n;
	sent = send(c->side[!i].s.fd, r->buf, (size_t)n, MSG_NOSIGNAL);
	if (sent < 0) {
		refused(c, i);
		errno = EAGAIN;
		return -1;
	}
	/* tcp(7): MSG_TRUNC throws it away uncopied */
	return recv(from, NULL, (size_t)sent, MSG_TRUNC);
}

/* Read from the sender; false where it has nothing for now. */
static bool fill(struct proxy_run *r, struct conn *c, int i)
{
	struct way *w = &c->way[i];
	ssize_t n = -1;

	if (take_pipe(r->conns, w))
		n = splice(c->side[i].s.fd, NULL, w->pipe[1], NULL, CARRY, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	else
		errno = EAGAIN;
	if (n > 0) {
		w->held = (size_t)n;
		return true;
	}
	if (would_block(n))
		n = copy(r, c, i);
	if (n > 0)
		return true;
	if (would_block(n))
		return false;
	c->side[i].reset |= n < 0;
	w->read = true;
	return true;
}

/* Write to the receiver what the pipe holds; false where it does not take all. */
static bool drain(struct conn *c, int i)
{
	struct way *w = &c->way[i];

	while (w->held) {
		ssize_t n = splice(w->pipe[0], NULL, c->side[!i].s.fd, NULL, w->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n > 0) {
			w->held -= (size_t)n;
			continue;
		}
		refused(c, i);
		return false;
	}
	return true;
}

/* Carry what side i sends as far as it goes now. */
static void carry(struct proxy_run *r, struct conn *c, int i)
{
	struct way *w = &c->way[i];
	bool more;

	w->stuck = false;
	more = !w->over && drain(c, i);
	for (int n = 0; more && !w->read && n < ROUNDS; n++)
		more = fill(r, c, i) && drain(c, i);
	if (more && w->read) {
		w->over = true;
		if (!c->side[i].reset)
			shutdown(c->side[!i].s.fd, SHUT_WR);
	}
	w->over |= c->side[!i].reset;
	if (!w->held || w->over)
		give_pipe(r->conns, w);
}

static uint32_t wanted(const struct conn *c, int i)
{
	const struct way *out = &c->way[i], *in = &c->way[!i];
	uint32_t events = 0;

	if (!out->over && !out->read && !out->stuck)
		events |= EPOLLIN;
	if (!in->over && in->stuck)
		events |= EPOLLOUT;
	return events;
}

static void go_on(struct proxy_run *r, struct conn *c)
{
	/* a failure to write the one way is one that ends the other */
	for (int i = 0; i < 2; i++)
		c->way[i].over |= c->side[!i].reset;
	if (r->ends_by)
		c->way[CLIENT].over = true;
	if ((c->way[0].over && c->way[1].over) || proxy_watch(r, &c->side[0].s, wanted(c, 0)) < 0 ||
	    proxy_watch(r, &c->side[1].s, wanted(c, 1)) < 0)
		close_conn(r, c);
}

static void finish_connecting(struct proxy_run *r, struct conn *c)
{
	int code = 0;
	socklen_t size = sizeof code;

	if (getsockopt(c->side[TARGET].s.fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0) {
		c->connecting = false;
		go_on(r, c);
		return;
	}
	c->side[TARGET].reset = true;
	close_conn(r, c);
}

static void side_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events)
{
	struct side *side = (struct side *)s;
	struct conn *c = side->c;
	int i = side == &c->side[TARGET];

	if (c->connecting && i == TARGET) {
		finish_connecting(r, c);
		return;
	}
	if (events & EPOLLERR && !s->wanted)
		side->reset = true;
	if (c->connecting) {
		/* the client has gone before there was anybody to hear it */
		if (side->reset)
			close_conn(r, c);
		return;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && s->wanted & EPOLLIN)
		carry(r, c, i);
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR) && s->wanted & EPOLLOUT)
		carry(r, c, !i);
	go_on(r, c);
}

static struct conn *new_conn(struct proxy_run *r, int client, int target)
{
	struct conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	for (int i = 0; i < 2; i++) {
		c->side[i] = (struct side){ .s = { .fd = i == CLIENT ? client : target, .ready = side_ready }, .c = c };
		c->way[i] = (struct way){ .pipe = { -1, -1 } };
	}
	c->connecting = true;
	c->next = r->conns->first;
	c->link = &r->conns->first;
	if (c->next)
		c->next->link = &c->next;
	r->conns->first = c;
	return c;
}

/* The target's socket comes first: where descriptors run short the client stays in the queue. */
static int accept_one(struct proxy_run *r, struct proxy_listener *l)
{
	auto_close int target = socket(l->to.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	auto_close int client = target < 0 ? -1 : accept4(l->s.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct sockaddr_storage addr;
	socklen_t size = inet_sockaddr(&l->to, l->to_port, &addr);
	int on = 1;
	struct conn *c;

	if (client < 0)
		return -errno;
	c = new_conn(r, client, target);
	if (!c)
		return -ENOMEM;
	take_fd(&client);
	setsockopt(target, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(target, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
	setsockopt(target, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->side[TARGET].reset = connect(take_fd(&target), (struct sockaddr *)&addr, size) < 0 && errno != EINPROGRESS;
	if (c->side[TARGET].reset || proxy_watch(r, &c->side[CLIENT].s, 0) < 0 || proxy_watch(r, &c->side[TARGET].s, EPOLLOUT) < 0)
		close_conn(r, c);
	return 0;
}

void proxy_tcp_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events)
{
	struct proxy_listener *l = (struct proxy_listener *)s;
	int rc = accept_one(r, l);

	(void)events;
	if ((rc == -EMFILE || rc == -ENFILE) && drop_idle(r->conns))
		rc = accept_one(r, l);
	/* of those that accept(2) names these alone are one client's, and gone with it */
	if (rc < 0 && rc != -EAGAIN && rc != -EINTR && rc != -ECONNABORTED && rc != -EPROTO)
		proxy_rest(r);
}

void proxy_tcp_drain(struct proxy_run *r)
{
	struct conn *next;

	for (struct conn *c = r->conns->first; c; c = next) {
		next = c->next;
		if (c->connecting)
			close_conn(r, c);
		else
			go_on(r, c);
	}
}

bool proxy_tcp_idle(const struct proxy_run *r)
{
	return !r->conns->first;
}

int proxy_tcp_begin(struct proxy_run *r)
{
	r->conns = calloc(1, sizeof *r->conns);
	return r->conns ? 0 : -ENOMEM;
}

void proxy_tcp_end(struct proxy_run *r)
{
	if (!r->conns)
		return;
	while (r->conns->first)
		close_conn(r, r->conns->first);
	drop_idle(r->conns);
	free(r->conns);
}
