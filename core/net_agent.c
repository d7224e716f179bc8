/* net: a process that stays behind in the host's namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/sockios.h>

#include "core/cred.h"
#include "core/fd.h"
#include "core/net_priv.h"
#include "core/ns_enter.h"
#include "core/proc.h"
#include "core/proxy.h"
#include "core/str.h"
#include "core/sys.h"

/* What a command has to end by itself, and again when it is asked to. */
#define COMMAND_END_MS 2000

struct agent {
	const struct net_spec *spec;
	int sock, main, end;       /* owned; end is readable when it is time to go */
	bool child;
	struct nl host;            /* the host's */
	int home;                  /* owned: the host's network namespace, where `host` is open */
	struct net_bridge bridge;
	struct inet_port *ports;   /* owned: those for nf_tables, then those for the proxy */
	size_t n_nft, n_proxy;
	struct proxy proxy;
	struct net_result r;
	char owner[NFT_OWNER_MAX + 1];
	bool published;
	pid_t command;
	int exit_fd;               /* owned: the command's sign to end */
};

/* What it answers. */
struct answer {
	int rc;
	struct err e;
	struct net_result r;
};

static void answer(struct agent *a, int rc, const struct err *e)
{
	struct answer ans = { .rc = rc, .e = *e, .r = a->r };

	while (send(a->sock, &ans, sizeof ans, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

/* ---- before: what is seen in the host's namespace ---- */

/* nf_tables takes what it can; [::1] leads nowhere from there. */
static bool for_proxy(const struct agent *a, const struct inet_port *p)
{
	return a->spec->kind != NET_ON_BRIDGE || nl_fd(&a->bridge.nft) < 0 || (p->host.family == AF_INET6 && inet_is_loopback(&p->host));
}

/* Is it a part of another one, which is for all addresses? On a bridge one stands beside the other, for a listener there would be two. */
static bool is_covered(const struct agent *a, const struct inet_port *p)
{
	const struct net_spec *s = a->spec;

	for (size_t i = 0; i < s->n_ports; i++) {
		const struct inet_port *all = &s->ports[i];

		if (p->host.family && !all->host.family && all->from && for_proxy(a, all) && all->proto == p->proto && p->from >= all->from &&
			p->from + p->count <= all->from + all->count && p->to - p->from == all->to - all->from)
			return true;
	}
	return false;
}

static int sort_ports(struct agent *a, struct err *e)
{
	const struct net_spec *s = a->spec;

	a->ports = calloc(s->n_ports + 1, sizeof *a->ports);
	if (!a->ports)
		return err_set(e, ENOMEM, "ports", NULL);
	for (size_t i = 0; i < s->n_ports; i++)
		if (!for_proxy(a, &s->ports[i]))
			a->ports[a->n_nft++] = s->ports[i];
	for (size_t i = 0; i < s->n_ports; i++)
		if (for_proxy(a, &s->ports[i]) && !is_covered(a, &s->ports[i]))
			a->ports[a->n_nft + a->n_proxy++] = s->ports[i];
	return 0;
}

/* The numbers of ports that were left to us to choose. */
static void say_port(struct net_result *r, const struct inet_port *p)
{
	size_t len = strlen(r->ports);
	char text[2 * INET_TEXT];

	inet_port_format(p, text);
	snprintf(r->ports + len, sizeof r->ports - len, "%s%s", len ? " " : "", text);
}

static int listen_all(struct agent *a, struct err *e)
{
	const struct inet_port *mine = a->ports + a->n_nft;
	struct proxy_port *v = calloc(a->n_proxy + 1, sizeof *v);
	size_t at = 0;
	int rc;

	if (!v)
		return err_set(e, ENOMEM, "ports", NULL);
	for (size_t i = 0; i < a->n_proxy; i++)
		v[i].port = mine[i];
	rc = proxy_open(&a->proxy, v, a->n_proxy, e);
	for (size_t i = 0; rc == 0 && i < a->n_proxy; at += mine[i++].count)
		for (uint16_t k = 0; !mine[i].from && k < mine[i].count; k++) {
			struct inet_port one = mine[i];

			one.from = proxy_host_port(&a->proxy, at + k);
			one.to = (uint16_t)(one.to + k);
			one.count = 1;
			say_port(&a->r, &one);
		}
	free(v);
	return rc;
}

static int prepare(struct agent *a, struct err *e)
{
	int rc = 0;

	if (a->spec->kind == NET_ON_BRIDGE || a->spec->kind == NET_MACVLAN)
		rc = nl_open(&a->host, NETLINK_ROUTE, e);
	rc = rc < 0 ? rc : net_prepare(a->spec, &a->host, &a->bridge, &a->r, e);
	if (rc == 0 && a->host.mnl && (a->home = ioctl(nl_fd(&a->host), SIOCGSKNS)) < 0)
		rc = err_sys(e, "network namespace", "open the host's");
	rc = rc < 0 ? rc : sort_ports(a, e);
	return rc < 0 || !a->n_proxy || a->n_nft ? rc : listen_all(a, e);
}

/* ---- a command that sees to the network ---- */

enum { READY_FD = 3, EXIT_FD, NETNS_FD };

/* With numbers of one digit: sh(1) redirects to no others. */
static _Noreturn void exec_command(struct agent *a, pid_t pid, int ns, int ready, int leave)
{
	const int from[] = { [READY_FD] = ready, [EXIT_FD] = leave, [NETNS_FD] = ns };
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)a->spec->dev, NULL };
	char text[64];
	int high[NETNS_FD + 1];

	/* so that what the shell has started ends with it */
	setpgid(0, 0);
	for (int fd = READY_FD; fd <= NETNS_FD; fd++)
		high[fd] = fcntl(from[fd], F_DUPFD_CLOEXEC, 10);
	for (int fd = READY_FD; fd <= NETNS_FD; fd++)
		dup2(high[fd], fd);
	snprintf(text, sizeof text, "%d", pid);
	setenv("PID", text, 1);
	snprintf(text, sizeof text, "/proc/%d/fd/%d", getpid(), NETNS_FD);
	setenv("NETNS", text, 1);
	setenv("READY_FD", "3", 1);
	setenv("EXIT_FD", "4", 1);
	execv("/bin/sh", argv);
	_exit(127);
}

static int command_ended(struct agent *a, struct err *e)
{
	int status;

	while (waitpid(a->command, &status, 0) < 0 && errno == EINTR)
		;
	a->command = 0;
	if (status == 0)
		return 0;
	if (WIFSIGNALED(status))
		return err_bad(e, a->spec->dev, "was killed by signal %d", WTERMSIG(status));
	return err_bad(e, a->spec->dev, "failed with status %d", WEXITSTATUS(status));
}

/* It is ready when it writes, or has ended without a failure. It may take its time, but not longer than anybody waits for it. */
static int start_command(struct agent *a, pid_t pid, int ns, struct err *e)
{
	auto_close int readied = -1;
	struct pollfd p[] = { { .events = POLLIN }, { .fd = a->end, .events = POLLIN } };
	int ready[2], leave[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, "pipe", NULL);
	readied = ready[0];
	if (pipe2(leave, O_CLOEXEC) < 0) {
		close(ready[1]);
		return err_sys(e, "pipe", NULL);
	}
	a->exit_fd = leave[1];
	a->command = fork();
	if (a->command == 0)
		exec_command(a, pid, ns, ready[1], leave[0]);
	close(ready[1]);
	close(leave[0]);
	if (a->command < 0)
		return err_sys(e, "fork", NULL);
	/* here, too: whichever comes first */
	setpgid(a->command, a->command);
	p[0].fd = readied;
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (!p[0].revents)
		return err_set(e, ECHILD, a->spec->dev, "nobody waits for it any more");
	return read(readied, &c, 1) == 1 ? 0 : command_ended(a, e);
}

/* Its sign to end is the end of a file; who does not look at it gets signals, and so do those that it has started. */
static void end_command(struct agent *a)
{
	static const int signals[] = { 0, SIGTERM, SIGKILL };
	auto_close int command = a->command > 0 ? sys_pidfd_open(a->command) : -1;

	fd_close(&a->exit_fd);
	if (a->command <= 0)
		return;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		kill(-a->command, signals[i]);
		if (poll(&(struct pollfd){ .fd = command, .events = POLLIN }, 1, COMMAND_END_MS) > 0)
			break;
	}
	/* what it has left behind; as long as it is not waited for, its number is nobody else's */
	kill(-a->command, SIGTERM);
	waitpid(a->command, NULL, 0);
}

/* ---- wiring ---- */

/* A socket of the container's namespace, for which we go there and come back. */
static int open_inside(struct agent *a, int ns, struct nl *inside, struct err *e)
{
	int rc;

	if (setns(ns, CLONE_NEWNET) < 0)
		return err_sys(e, "network namespace", "enter the container's");
	rc = nl_open(inside, NETLINK_ROUTE, e);
	if (setns(a->home, CLONE_NEWNET) < 0) {
		nl_close(inside);
		return err_sys(e, "network namespace", "go back to the host's");
	}
	return rc;
}

static int wire(struct agent *a, int ns, struct err *e)
{
	struct nl inside = { 0 };
	int rc = open_inside(a, ns, &inside, e);

	if (rc == 0)
		rc = net_wire(a->spec, &a->bridge, &a->host, &inside, &a->r, e);
	nl_close(&inside);
	return rc;
}

static int publish(struct agent *a, struct err *e)
{
	struct nft_target to = { .owner = a->owner, .v4 = a->r.v4, .v6 = a->r.v6 };
	char chain[96];
	int rc;

	str_join(a->owner, sizeof a->owner, a->spec->owner ? a->spec->owner : "", "@", a->r.link);
	rc = nft_publish(&a->bridge.nft, &to, a->ports, a->n_nft, e);
	if (rc < 0)
		return rc;
	a->published = true;
	for (size_t i = 0, k = 0; i < a->spec->n_ports; i++)
		if (!for_proxy(a, &a->spec->ports[i]) && !a->spec->ports[i].from)
			say_port(&a->r, &a->ports[k++]);
		else
			k += !for_proxy(a, &a->spec->ports[i]);
	if (nft_foreign_drop(&a->bridge.nft, chain, sizeof chain) == 1)
		net_say_drop(&a->r, chain);
	return 0;
}

/* ---- serving ---- */

/* Where the targets are: the network namespace, and first the user namespace that owns it, unless that is ours. */
static int enter(int ns, struct err *e)
{
	auto_close int owner = -1;

	if (setns(ns, CLONE_NEWNET) == 0)
		return 0;
	owner = ns_open_owner(ns, e);
	if (owner < 0)
		return owner;
	if (setns(owner, CLONE_NEWUSER) < 0 || setns(ns, CLONE_NEWNET) < 0)
		return err_sys(e, "network namespace", "enter it to serve its ports");
	return 0;
}

/* What talks to everybody has no privilege but the one that takes its ports back. */
static int drop_privileges(const struct agent *a, struct err *e)
{
	const uint64_t keep = a->published ? CRED_CAP(CAP_NET_ADMIN) : 0;
	struct cred_sets caps = { .effective = keep, .permitted = keep };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return cred_set(&caps, e);
}

/* It is time to go when the main process is dead, or, as its child, when we are told to. */
static int make_end(struct agent *a, struct err *e)
{
	struct epoll_event ev = { .events = EPOLLIN };

	a->end = epoll_create1(EPOLL_CLOEXEC);
	if (a->end < 0 || epoll_ctl(a->end, EPOLL_CTL_ADD, a->main, &ev) < 0 || (a->child && epoll_ctl(a->end, EPOLL_CTL_ADD, a->sock, &ev) < 0))
		return err_sys(e, "epoll", NULL);
	return 0;
}

/* Take all back. */
static void undo(struct agent *a)
{
	struct err unused = { 0 };

	proxy_release(&a->proxy);
	if (a->published)
		nft_unpublish(&a->bridge.nft, &(struct nft_match){ .owner = a->owner }, &unused);
	end_command(a);
}

static void serve(struct agent *a)
{
	struct err unused = { 0 };

	if (a->n_proxy)
		proxy_run(&a->proxy, a->end, &unused);
	while (poll(&(struct pollfd){ .fd = a->end, .events = POLLIN }, 1, -1) < 0 && errno == EINTR)
		;
}

/* ---- its life ---- */

/* The namespace that somebody asks us to wire, and who that is; -1: nobody will any more. */
static int receive(struct agent *a, pid_t *pid)
{
	struct pollfd p[] = { { .fd = a->sock, .events = POLLIN }, { .fd = a->main, .events = POLLIN } };
	union {
		char buf[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof control.buf };
	struct ucred cred;
	int ns = -1;

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (!(p[0].revents & POLLIN) || recvmsg(a->sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	for (struct cmsghdr *m = CMSG_FIRSTHDR(&msg); m; m = CMSG_NXTHDR(&msg, m)) {
		if (m->cmsg_level != SOL_SOCKET)
			continue;
		if (m->cmsg_type == SCM_RIGHTS)
			memcpy(&ns, CMSG_DATA(m), sizeof ns);
		if (m->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&cred, CMSG_DATA(m), sizeof cred);
			*pid = cred.pid;
		}
	}
	return ns;
}

static int work(struct agent *a, int ns, pid_t pid, struct err *e)
{
	int rc = 0;

	if (a->spec->kind == NET_ON_BRIDGE || a->spec->kind == NET_MACVLAN)
		rc = wire(a, ns, e);
	if (rc == 0 && a->spec->kind == NET_COMMAND)
		rc = start_command(a, pid, ns, e);
	if (rc == 0 && a->n_nft)
		rc = publish(a, e);
	/* not before: a port of [::1] would seem to be somebody's who has it at all addresses */
	if (rc == 0 && a->n_nft && a->n_proxy)
		rc = listen_all(a, e);
	if (rc == 0 && a->n_proxy)
		rc = enter(ns, e);
	return rc < 0 || !a->n_proxy ? rc : drop_privileges(a, e);
}

/* What is opened later is nobody's standard output. */
static void occupy_standard_fds(void)
{
	int fd;

	do
		fd = openat(AT_FDCWD, "/dev/null", O_RDWR); /* NOLINT(android-cloexec-open): a command has them, too */
	while (fd >= 0 && fd < 2);
	if (fd > 2)
		close(fd);
}

static _Noreturn void live(struct agent *a)
{
	struct err e = { 0 };
	pid_t pid = 0;
	int rc, ns;

	occupy_standard_fds();
	rc = make_end(a, &e);
	rc = rc < 0 ? rc : prepare(a, &e);
	answer(a, rc, &e);
	ns = rc < 0 ? -1 : receive(a, &pid);
	if (ns < 0)
		_exit(1);
	rc = work(a, ns, pid, &e);
	close(ns);
	if (rc < 0)
		undo(a);
	answer(a, rc, &e);
	if (rc == 0 && (a->n_nft || a->n_proxy || a->spec->kind == NET_COMMAND)) {
		serve(a);
		undo(a);
		/* the kernel takes its time over closing nf_tables, and nobody has to wait for that */
		shutdown(a->sock, SHUT_RDWR);
	}
	_exit(rc < 0);
}

/* The answer that comes next; it is the agent's failure then. */
static int take_answer(int sock, struct net_result *r, struct err *e)
{
	struct answer ans;
	ssize_t len;

	/* ECONNRESET comes once, before the answer of one that has ended without having heard us */
	do
		len = recv(sock, &ans, sizeof ans, 0);
	while (len < 0 && (errno == EINTR || errno == ECONNRESET));
	if (len != (ssize_t)sizeof ans)
		return err_set(e, ECHILD, "network", "the process that sees to it is gone");
	if (ans.rc < 0) {
		err_set(e, ans.e.code, ans.e.object, "%s", ans.e.what);
		if (ans.e.hint[0])
			err_hint(e, "%s", ans.e.hint);
		return ans.rc;
	}
	if (r)
		*r = ans.r;
	return 0;
}

static int fork_agent(struct agent *a, const int *keep, size_t n, pid_t *pid, struct err *e)
{
	int parent;

	if (!a->child)
		return proc_detach(&a->main, keep, n, e);
	parent = sys_pidfd_open(getpid());
	if (parent < 0)
		return err_sys(e, "pidfd_open", NULL);
	*pid = fork();
	if (*pid != 0) {
		close(parent);
		return *pid < 0 ? err_sys(e, "fork", NULL) : 0;
	}
	a->main = parent;
	/* a terminal's Ctrl-C is for the container */
	setsid();
	proc_reset_signals();
	proc_close_others((int[]){ keep[0], keep[1], parent }, 3);
	return 1;
}

int net_agent_start(struct net_agent *to, const struct net_spec *s, bool child, struct err *e)
{
	struct agent a = { .spec = s, .child = child, .main = -1, .home = -1, .end = -1, .exit_fd = -1 };
	int sock[2], one = 1, rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
		return err_sys(e, "socketpair", NULL);
	/* before anybody can ask: who it was is noted when a message is sent, not when it is read */
	setsockopt(sock[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
	a.sock = sock[1];
	rc = fork_agent(&a, (int[]){ sock[1], s->kind == NET_COMMAND ? STDERR_FILENO : sock[1] }, 2, &to->pid, e);
	if (rc == 1)
		live(&a);
	close(sock[1]);
	to->sock = sock[0];
	if (rc < 0)
		net_agent_stop(to);
	return rc;
}

int net_agent_ready(const struct net_agent *a, struct err *e)
{
	return take_answer(a->sock, NULL, e);
}

int net_agent_wire(int sock, bool ready, struct net_result *r, struct err *e)
{
	int rc = 0;
	auto_close int ns = openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (char *)"n", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof control.buf };
	struct cmsghdr *m = CMSG_FIRSTHDR(&msg);

	if (ns < 0)
		return err_sys(e, "/proc/self/ns/net", NULL);
	m->cmsg_level = SOL_SOCKET;
	m->cmsg_type = SCM_RIGHTS;
	m->cmsg_len = CMSG_LEN(sizeof ns);
	memcpy(CMSG_DATA(m), &ns, sizeof ns);
	/* one that has failed at once is gone, and has said why */
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 && ready)
		return err_sys(e, "network", "the process that sees to it is gone");
	if (!ready)
		rc = take_answer(sock, NULL, e);
	return rc < 0 ? rc : take_answer(sock, r, e);
}

void net_agent_stop(struct net_agent *a)
{
	ssize_t len;
	char c;

	if (a->sock >= 0) {
		shutdown(a->sock, SHUT_WR);
		/* until its end is closed, too; there may be an answer that nobody has heard */
		do
			len = a->pid > 0 ? recv(a->sock, &c, 1, 0) : 0;
		while (len > 0 || (len < 0 && errno == EINTR));
	}
	fd_close(&a->sock);
	if (a->pid > 0)
		waitpid(a->pid, NULL, WNOHANG);
	a->pid = 0;
}
