/* netns listen: sockets of this network namespace for a command in another one. */
#include <errno.h>
#include <string.h>

#include "applets/netns.h"
#include "applets/netns_priv.h"
#include "core/fd.h"
#include "core/sock.h"

#define OFF(field) offsetof(struct netns_listen_args, field)

static const struct opt opts[] = {
	{ OPT_STR, 0, "fdname", "NAME[:NAME]...", "LISTEN_FDNAMES: one name for each socket, or one for all", OFF(fdname) },
	{ OPT_OPERANDS, .name = "ADDR", .off = OFF(addrs) },
	{ OPT_END },
};

struct listen_state {
	int fd[SOCK_PASSED_MAX]; /* owned */
	size_t n;
};

static size_t count_names(const char *text)
{
	size_t n = 1;

	while ((text = strchr(text, ':'))) {
		text++;
		n++;
	}
	return n;
}

/* What a name may have in it: systemd.socket(5), FileDescriptorName=. */
static int check_names(const char *text, size_t sockets, struct err *e)
{
	size_t n = count_names(text);

	for (const char *p = text; *p; p++)
		if (*p < ' ' || *p > '~')
			return err_bad(e, text, "--fdname wants names of printable ASCII characters");
	if (n != 1 && n != sockets)
		return err_bad(e, text, "--fdname has %zu names for %zu sockets", n, sockets);
	return 0;
}

static int listen_check(const void *args, struct err *e)
{
	const struct netns_listen_args *a = args;

	if (a->addrs.n > SOCK_PASSED_MAX)
		return err_bad(e, a->addrs.v[SOCK_PASSED_MAX], "more than %d sockets for a command", SOCK_PASSED_MAX);
	for (size_t i = 0; i < a->addrs.n; i++) {
		struct sock_addr addr;
		int rc = sock_addr_parse(a->addrs.v[i], &addr, e);

		if (rc < 0)
			return rc;
	}
	return a->fdname ? check_names(a->fdname, a->addrs.n, e) : 0;
}

static int listen_open(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct netns_listen_args *a = args;
	struct listen_state *s = state;

	(void)ctx;
	for (; s->n < a->addrs.n; s->n++) {
		struct sock_addr addr;
		int rc = sock_addr_parse(a->addrs.v[s->n], &addr, e);

		s->fd[s->n] = rc < 0 ? rc : sock_addr_listen(&addr, e);
		if (s->fd[s->n] < 0)
			return s->fd[s->n];
	}
	return 0;
}

static int listen_apply(const void *args, void *state, struct step_ctx *ctx, struct err *e)
{
	const struct netns_listen_args *a = args;
	struct listen_state *s = state;
	const char *rest = a->fdname;
	char name[256];
	int rc = 0;

	for (size_t i = 0; i < s->n && rc == 0; i++) {
		/* the last one found is that of all where there is only one */
		if (a->fdname && str_next(&rest, ':', name, sizeof name) == -ENAMETOOLONG)
			return err_set(e, ENAMETOOLONG, a->fdname, NULL);
		rc = sock_passed_add(&ctx->sockets, take_fd(&s->fd[i]), a->fdname ? name : NULL, e);
	}
	return rc;
}

static void listen_close(void *state)
{
	struct listen_state *s = state;

	while (s->n)
		fd_close(&s->fd[--s->n]);
}

const struct step_ops netns_listen_step = {
	.name = "netns listen",
	.opts = opts,
	.args_size = sizeof(struct netns_listen_args),
	.state_size = sizeof(struct listen_state),
	.check = listen_check,
	.open = listen_open,
	.apply = listen_apply,
	.close = listen_close,
};

const struct applet netns_verb_listen = {
	.name = "listen",
	.synopsis = "[OPTIONS] ADDR... -- COMMAND [ARG]...",
	.summary = "hand listening sockets of this network namespace to a command",
	.opts = opts,
	.notes = "ADDR is [IP:]PORT[/udp], an IPv6 address in brackets, or /PATH or @NAME of a Unix\n"
		 "socket. The command finds them from file descriptor 3 on: sd_listen_fds(3).",
	.step = &netns_listen_step,
	.alone = ALONE_ERROR,
	.fail = 1,
};
