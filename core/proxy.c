#include "core/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/proxy_priv.h"
#include "core/sock.h"

#define EVENTS 64

/* How long no client is accepted after descriptors or memory ran short, unless one of ours goes before. */
#define REST_MS 500

/* How long what the targets have said before their end is still carried to slow clients. */
#define DRAIN_MS 2000

static int socket_family(int fd)
{
	int family = 0;
	socklen_t size = sizeof family;

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
	return family;
}

/* What the sockets of TCP's clients get from it; for UDP to hear which address a datagram came to. */
static int set_options(int fd, const struct proxy_listener *l)
{
	int on = 1, rc = fcntl(fd, F_SETFL, O_NONBLOCK);

	if (rc == 0 && l->proto == IPPROTO_UDP)
		rc = l->family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
					   : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	else if (rc == 0 && setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0 &&
		 setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on) == 0)
		rc = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return rc < 0 ? -errno : 0;
}

static int open_one(struct proxy *p, const struct proxy_port *v, unsigned nth, struct err *e)
{
	struct proxy_listener *l = &p->listeners[p->n];
	uint16_t from = v->port.from ? (uint16_t)(v->port.from + nth) : 0;
	int fd = sock_listen(&v->port.host, from, v->port.proto, e), rc;

	if (fd < 0)
		return fd;
	*l = (struct proxy_listener){ .s.fd = fd, .proto = v->port.proto, .to = v->to };
	l->port = sock_port(fd);
	l->to_port = (uint16_t)(v->port.to + nth);
	l->family = socket_family(fd);
	if (!l->to.family)
		l->to = (struct inet){ .family = AF_INET, .v = { 127, 0, 0, 1 } };
	p->fds[p->n++] = fd;
	rc = set_options(fd, l);
	return rc < 0 ? err_set(e, -rc, NULL, "options of a socket") : 0;
}

int proxy_open(struct proxy *p, const struct proxy_port *v, size_t n, struct err *e)
{
	size_t ports = 0;
	int rc = 0;

	for (size_t i = 0; i < n; i++)
		ports += v[i].port.count;
	p->fds = calloc(ports + 1, sizeof *p->fds);
	p->listeners = calloc(ports + 1, sizeof *p->listeners);
	if (!p->fds || !p->listeners)
		rc = err_set(e, ENOMEM, "proxy", NULL);
	for (size_t i = 0; i < n && rc == 0; i++)
		for (unsigned nth = 0; nth < v[i].port.count && rc == 0; nth++)
			rc = open_one(p, &v[i], nth, e);
	if (rc < 0)
		proxy_release(p);
	return rc;
}

uint16_t proxy_host_port(const struct proxy *p, size_t i)
{
	return p->listeners[i].port;
}

void proxy_release(struct proxy *p)
{
	for (size_t i = 0; i < p->n; i++)
		fd_close(&p->fds[i]);
	free(p->fds);
	free(p->listeners);
	*p = (struct proxy){ 0 };
}

int proxy_watch(struct proxy_run *r, struct proxy_source *s, uint32_t wanted)
{
	/* EPOLLHUP and EPOLLERR cannot be turned off: where nothing is done about them once is enough */
	struct epoll_event ev = { .events = wanted ? wanted : (uint32_t)EPOLLET, .data.ptr = s };

	if (s->watched && s->wanted == wanted)
		return 0;
	if (epoll_ctl(r->epoll, s->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, s->fd, &ev) < 0)
		return -errno;
	s->watched = true;
	s->wanted = wanted;
	return 0;
}

static void ignore(struct proxy_run *r, struct proxy_source *s, uint32_t events)
{
	(void)r;
	(void)s;
	(void)events;
}

void proxy_close(struct proxy_source *s)
{
	/* which takes it out of the epoll set, too */
	fd_close(&s->fd);
	s->ready = ignore;
}

void proxy_bury(struct proxy_run *r, struct proxy_block *b)
{
	b->dead = r->dead;
	r->dead = b;
}

static void free_dead(struct proxy_run *r)
{
	while (r->dead) {
		struct proxy_block *b = r->dead;

		r->dead = b->dead;
		free(b);
	}
}

static void accept_clients(struct proxy_run *r, uint32_t wanted)
{
	for (size_t i = 0; i < r->p->n && !r->ends_by; i++)
		if (r->p->listeners[i].proto == IPPROTO_TCP)
			proxy_watch(r, &r->p->listeners[i].s, wanted);
}

void proxy_rest(struct proxy_run *r)
{
	if (!r->rest_until)
		accept_clients(r, 0);
	r->rest_until = r->now + REST_MS;
}

void proxy_go_on(struct proxy_run *r)
{
	if (r->rest_until)
		accept_clients(r, EPOLLIN);
	r->rest_until = 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Nobody new is let in; what is under way goes on. */
static void end_ready(struct proxy_run *r, struct proxy_source *s, uint32_t events)
{
	(void)events;
	r->ends_by = r->now + DRAIN_MS;
	/* which it stays; it is told once more even now: epoll_ctl(2), EPOLLET */
	proxy_watch(r, s, 0);
	s->ready = ignore;
	for (size_t i = 0; i < r->p->n; i++) {
		struct proxy_listener *l = &r->p->listeners[i];

		/* UDP's answers go out by it */
		if (l->proto == IPPROTO_UDP) {
			proxy_watch(r, &l->s, 0);
			continue;
		}
		/* also where some other process has them open, from whose fork we came */
		shutdown(l->s.fd, SHUT_RD);
		epoll_ctl(r->epoll, EPOLL_CTL_DEL, l->s.fd, NULL);
		proxy_close(&l->s);
		r->p->fds[i] = -1;
	}
	proxy_tcp_drain(r);
}

/* What is due by now, and how long there will be nothing else. */
static int timers(struct proxy_run *r)
{
	int due = proxy_udp_expire(r);

	/* what is there already is taken as long as there is some */
	if (r->ends_by)
		return proxy_tcp_idle(r) || r->now >= r->ends_by ? 0 : (int)(r->ends_by - r->now);
	if (r->rest_until && r->now >= r->rest_until)
		proxy_go_on(r);
	if (r->rest_until && (due < 0 || r->rest_until - r->now < due))
		due = (int)(r->rest_until - r->now);
	return due;
}

static int begin(struct proxy_run *r, int end_fd)
{
	int rc = proxy_tcp_begin(r);

	if (rc == 0)
		rc = proxy_udp_begin(r);
	r->buf = malloc(PROXY_BUF);
	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (rc < 0 || !r->buf)
		return -ENOMEM;
	if (r->epoll < 0)
		return -errno;
	r->end = (struct proxy_source){ .fd = end_fd, .ready = end_ready };
	rc = proxy_watch(r, &r->end, EPOLLIN);
	for (size_t i = 0; i < r->p->n && rc == 0; i++) {
		struct proxy_listener *l = &r->p->listeners[i];

		l->s.ready = l->proto == IPPROTO_TCP ? proxy_tcp_ready : proxy_udp_ready;
		rc = proxy_watch(r, &l->s, EPOLLIN);
	}
	return rc;
}

static int serve(struct proxy_run *r)
{
	struct epoll_event ev[EVENTS];

	for (;;) {
		int n;

		r->now = now_ms();
		n = epoll_wait(r->epoll, ev, EVENTS, timers(r));
		if (n < 0 && errno != EINTR)
			return -errno;
		r->now = now_ms();
		if (r->ends_by && (n == 0 || r->now >= r->ends_by))
			return 0;
		for (int i = 0; i < n; i++) {
			struct proxy_source *s = ev[i].data.ptr;

			s->ready(r, s, ev[i].events);
		}
		free_dead(r);
	}
	return 0;
}

/* A connection takes up to six descriptors; those that select(2) cannot take are no problem here. */
static void raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int proxy_run(struct proxy *p, int end_fd, struct err *e)
{
	struct proxy_run r = { .p = p, .epoll = -1 };
	int rc;

	/* splice(2) has no MSG_NOSIGNAL */
	signal(SIGPIPE, SIG_IGN);
	raise_nofile();
	rc = begin(&r, end_fd);
	if (rc == 0)
		rc = serve(&r);
	proxy_tcp_end(&r);
	proxy_udp_end(&r);
	free_dead(&r);
	fd_close(&r.epoll);
	free(r.buf);
	return rc < 0 ? err_set(e, -rc, "proxy", NULL) : 0;
}
