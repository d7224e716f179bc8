#include "applets/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/cred.h"
#include "core/fd.h"
#include "core/plan.h"
#include "core/self.h"
#include "core/sys.h"

/*
 * NESTBOX_REEXEC=1: each link of the chain is executed anew instead of being
 * called, which must make no difference; tests run both ways. What one link
 * tells the next is NESTBOX_CHAIN="SELF_FD PARENT_FD ERR_FD NET_FD TTY_FD KEPT_FD
 * MADE PENDING", followed by " V2_FD OPTIONAL V1_FD..." of the seats.
 */
static struct {
	struct step_ctx ctx;
	bool reexec;
	int self_fd; /* owned; our own binary, which the new root does not have */
	char **link; /* borrowed: the words from the present link on, with the one that leads to it */
	const char *word;
} chain = { .ctx = { .err_fd = -1, .parent_fd = -1, .net_sock = -1, .tty_sock = -1, .kept = -1, .again = -1, .seats = CGROUP_SEATS_NONE }, .self_fd = -1 };

extern char **environ;

struct step_ctx *chain_ctx(void)
{
	return &chain.ctx;
}

static bool take_over(int fd)
{
	int flags = fd > 2 ? fcntl(fd, F_GETFD) : -1;

	/* no number that an open fd does not bear out is believed */
	return flags >= 0 && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) == 0;
}

static int next_told(const char **told)
{
	char word[16];
	long long n;

	return *told && str_next(told, ' ', word, sizeof word) >= 0 && str_num(word, INT_MIN, INT_MAX, &n) == 0 ? (int)n : -1;
}

static int next_fd(const char **told)
{
	int fd = next_told(told);

	return take_over(fd) ? fd : -1;
}

static void read_told(const char *told)
{
	struct step_ctx *ctx = &chain.ctx;
	int made;

	chain.self_fd = next_fd(&told);
	ctx->parent_fd = next_fd(&told);
	ctx->err_fd = next_fd(&told);
	ctx->net_sock = next_fd(&told);
	ctx->tty_sock = next_fd(&told);
	ctx->kept = next_fd(&told);
	made = next_told(&told);
	ctx->made = made < 0 ? 0 : (unsigned)made;
	ctx->pid_pending = next_told(&told) > 0;
	ctx->seats.v2 = next_fd(&told);
	ctx->seats.v2_optional = next_told(&told) > 0;
	while (told && ctx->seats.n < CGROUP_SEATS_MAX) {
		int fd = next_fd(&told);

		if (fd >= 0)
			ctx->seats.v1[ctx->seats.n++] = fd;
	}
}

const char *chain_word(void)
{
	return chain.word;
}

/*
 * Where 0, 1 or 2 is closed, the next open(2) would get that number, and a
 * message would go into whatever that is. The command finds them closed, as
 * they were.
 */
static void occupy_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)openat(AT_FDCWD, "/", O_PATH | O_CLOEXEC);
}

void chain_start(const char *called)
{
	const char *base = strrchr(called, '/');
	const char *reexec = getenv("NESTBOX_REEXEC");
	char *told = getenv("NESTBOX_CHAIN");

	occupy_standard_fds();
	chain.word = base && !strcmp(base, "/nestbox") ? called : "nestbox";
	chain.reexec = reexec && !strcmp(reexec, "1");
	if (told)
		read_told(told);
	sock_passed_take(&chain.ctx.sockets);
	unsetenv("NESTBOX_CHAIN");
	/* where a process stays, others can read what it was started with: proc_pid_environ(5) */
	if (told)
		memset(told - strlen("NESTBOX_CHAIN="), 0, strlen("NESTBOX_CHAIN=") + strlen(told));
	unsetenv("NESTBOX_REEXEC");
	if (chain.self_fd >= 0) {
		/* execveat(2) of a descriptor makes a number the name of the process */
		prctl(PR_SET_NAME, "nestbox");
		return;
	}
	chain.self_fd = openat(AT_FDCWD, "/proc/self/exe", O_PATH | O_CLOEXEC);
	/* without /proc: the path that execve was given, getauxval(3) */
	if (chain.self_fd < 0)
		chain.self_fd = openat(AT_FDCWD, (const char *)getauxval(AT_EXECFN), O_PATH | O_CLOEXEC);
}

/* What the next link inherits is the one exception to O_CLOEXEC. */
static int tell_fd(struct strbuf *told, int fd)
{
	strbuf_addf(told, "%s%d", told->len ? " " : "", fd);
	return fd < 0 ? 0 : fcntl(fd, F_SETFD, 0);
}

static int tell_all(struct strbuf *told)
{
	const struct step_ctx *ctx = &chain.ctx;
	int rc = tell_fd(told, chain.self_fd) | tell_fd(told, ctx->parent_fd) | tell_fd(told, ctx->err_fd);

	rc |= tell_fd(told, ctx->net_sock) | tell_fd(told, ctx->tty_sock) | tell_fd(told, ctx->kept);
	strbuf_addf(told, " %d %d", (int)ctx->made, ctx->pid_pending);
	rc |= tell_fd(told, ctx->seats.v2);
	strbuf_addf(told, " %d", ctx->seats.v2_optional);
	for (size_t i = 0; i < ctx->seats.n; i++)
		rc |= tell_fd(told, ctx->seats.v1[i]);
	return rc;
}

/* The command's sockets get the numbers that it looks for them at, which our own must leave. */
static int place_sockets(struct err *e)
{
	struct step_ctx *ctx = &chain.ctx;
	int *own[7 + CGROUP_SEATS_MAX] = { &chain.self_fd, &ctx->parent_fd, &ctx->err_fd, &ctx->net_sock, &ctx->tty_sock, &ctx->kept, &ctx->seats.v2 };
	size_t n = 7;

	for (size_t i = 0; i < ctx->seats.n; i++)
		own[n++] = &ctx->seats.v1[i];
	return sock_passed_place(&ctx->sockets, own, n, e);
}

static int execute_next(char **argv, struct err *e)
{
	struct strbuf told = { 0 };
	int rc = place_sockets(e);

	if (rc < 0)
		return rc;
	if (tell_all(&told) < 0)
		return err_sys(e, "nestbox", "what the next link inherits");
	if (told.failed || setenv("NESTBOX_CHAIN", told.s, 1) < 0 || (chain.reexec && setenv("NESTBOX_REEXEC", "1", 1) < 0))
		return err_set(e, ENOMEM, "environment", NULL);
	sys_execveat(chain.self_fd, argv, environ);
	return err_sys(e, "nestbox", "execute own binary");
}

/*
 * CVE-2019-5736: who sees a process of ours, and may look into it, gets at the
 * binary by /proc/PID/exe, and can write to it once nobody runs it. In a pid
 * namespace of its own the container sees none until its command runs, unless
 * the command leads back to us: "#!/proc/self/exe" is a script for nestbox.
 * Whoever then runs something else beside it has it. Since that cannot be known
 * before execve(2) has looked, all that goes into a container is such a copy,
 * which costs an execve(2) more: 27 system calls with the start of the program,
 * and a fifth of a millisecond.
 */
int chain_protect(struct err *e)
{
	auto_close int copy = -1;

	if (!self_is_exposed(chain.self_fd))
		return 0;
	copy = self_copy(chain.self_fd, e);
	if (copy < 0)
		return copy;
	fd_close(&chain.self_fd);
	chain.self_fd = take_fd(&copy);
	return execute_next(chain.link, e);
}

/* What an earlier link has prepared, and no later one has used, is a mistake of the line's. */
static int check_command(struct err *e)
{
	const struct cgroup_seats *seats = &chain.ctx.seats;

	if (chain.ctx.tty_sock >= 0) {
		snprintf(e->applet, sizeof e->applet, "tty outside");
		e->status = 125;
		err_bad(e, "--tty", "nothing behind it on the line makes the terminal");
		err_hint(e, "nestbox tty inside does, where the container's /dev/pts is");
		return -EINVAL;
	}
	if (!seats->n && seats->v2 < 0)
		return 0;
	snprintf(e->applet, sizeof e->applet, "cgexec");
	e->status = 125;
	err_bad(e, "--child", "nothing behind it on the line forks a child");
	err_hint(e, "unshare --fork does, for instance");
	return -EINVAL;
}

int chain_exec(char **argv, struct err *e)
{
	int rc = check_command(e);

	rc = rc < 0 ? rc : place_sockets(e);
	return rc < 0 ? rc : proc_exec(argv, e);
}

void chain_again_later(void)
{
	chain.ctx.again = chain.self_fd;
}

int chain_again(char **argv, struct err *e)
{
	int rc = check_command(e);

	return rc < 0 ? rc : execute_next(argv, e);
}

_Noreturn void chain_end(int status)
{
	proc_end_like(status, chain.ctx.child.die_alike);
}

static bool is_called(const struct applet *verb, const char *word)
{
	const char *rest = verb->also;
	char name[16];

	if (!strcmp(verb->name, word))
		return true;
	while (rest && str_next(&rest, ' ', name, sizeof name) > 0)
		if (!strcmp(name, word))
			return true;
	return false;
}

/* The word behind an applet with verbs chooses one; *argv moves on to it. */
static const struct applet *find_verb(const struct applet *a, int *argc, char ***argv, struct err *e)
{
	struct strbuf all = { 0 };

	if (*argc < 2 || (*argv)[1][0] == '-') {
		if (a->bare)
			return a->bare;
		for (const struct applet *const *v = a->verbs; *v; v++)
			strbuf_addf(&all, "%s%s", all.len ? ", " : "", (*v)->name);
		err_bad(e, NULL, "wants one of: %s", all.s);
		strbuf_release(&all);
		return NULL;
	}
	++*argv;
	--*argc;
	for (const struct applet *const *v = a->verbs; *v; v++)
		if (is_called(*v, **argv))
			return *v;
	err_bad(e, **argv, "no such word for %s", a->name);
	return NULL;
}

/* $SHELL, else what passwd says, else sh: as util-linux chooses. The passwd may be a container's. */
static int exec_shell(struct err *e)
{
	const char *shell = getenv("SHELL");
	struct cred_user u = { 0 };
	struct err unused = { 0 };
	char uid[16];
	int rc;

	snprintf(uid, sizeof uid, "%u", getuid());
	if ((!shell || !*shell) && cred_user_find(uid, NULL, &u, &unused) == 0)
		shell = u.shell;
	rc = check_command(e);
	rc = rc < 0 ? rc : place_sockets(e);
	return rc < 0 ? rc : proc_exec_login(shell && *shell ? shell : "/bin/sh", e);
}

/*
 * Whom no map names can do nothing in the user namespace that he has made: a
 * command has to put up with that, as with util-linux, but a further applet is
 * run as root there.
 */
static int become_root(struct err *e)
{
	struct err unused;
	int rc;

	if (!chain.ctx.unmapped)
		return 0;
	chain.ctx.unmapped = false;
	chain.ctx.creds_changed = true;
	cred_set_groups(NULL, 0, &unused);
	cred_set_gids(0, 0, &unused);
	rc = cred_set_uids(0, 0, e);
	/* which a change of ids clears: prctl(2) */
	if (rc == 0 && chain.ctx.child.pid == 0 && chain.ctx.child.kill_sig)
		rc = proc_set_pdeathsig(chain.ctx.child.kill_sig, chain.ctx.parent_fd, e);
	return rc;
}

static bool line_executes(char **argv)
{
	for (; argv[0] && argv[1]; argv++) {
		const struct applet *a = strcmp(argv[0], "nestbox") ? NULL : applet_find(argv[1]);

		if (a && (chain.reexec || a->flags & APPLET_FRESH))
			return true;
	}
	return false;
}

/*
 * Of a mount of the host's no copy can be made any more in a mount namespace of
 * our own: the first link sees to what any of the line will need.
 */
static bool line_enters(char **argv)
{
	for (; argv[0] && argv[1]; argv++) {
		const struct applet *a = strcmp(argv[0], "nestbox") ? NULL : applet_find(argv[1]);

		if (a && a->enters)
			return true;
	}
	return false;
}

/* Run one chain applet as a plan of one step; the number of words used, or -errno. */
static int run_step(const struct applet *a, int argc, char **argv, bool *execs, struct err *e)
{
	struct plan plan = { 0 };
	void *args = plan_add(&plan, a->step);
	int status = 0, used, rc;

	if (!args)
		return err_set(e, ENOMEM, a->name, NULL);
	if (a->defaults)
		a->defaults(args);
	used = opt_parse(a->opts, args, argc, argv, e);
	if (used < 0) {
		if (used != -ECANCELED)
			err_hint(e, "nestbox %s --help lists the options", a->step->name);
		return used;
	}
	if (used == argc && a->alone == ALONE_ERROR && !(a->execs && a->execs(NULL)))
		return err_bad(e, NULL, "no command is given");
	chain.ctx.alone = used == argc;
	rc = (a->enters && a->enters(args)) || line_enters(argv + used) ? chain_protect(e) : 0;
	if (rc < 0)
		return rc;
	chain.ctx.again = line_executes(argv + used) ? chain.self_fd : -1;
	rc = plan_run(&plan, &chain.ctx, &status, e);
	if (rc == STEP_WAIT)
		chain_end(status);
	*execs = a->flags & APPLET_EXEC || (a->execs && a->execs(args));
	if (rc < 0)
		return rc;
	/* as an execve would: what the next link does not need it does not have */
	plan_close(&plan);
	if (used == argc)
		plan_release(&plan);
	return used;
}

/* --help or --version behind other options: every table reader says -ECANCELED then. */
static int help_after_all(const struct applet *top, const struct applet *a, const struct err *e)
{
	char *argv[] = { (char *)top->name, (char *)e->object, NULL };

	applet_help(top, a == top ? NULL : a, 2, argv);
	return 0;
}

int chain_run(int argc, char **argv, bool led, struct err *e)
{
	for (bool first = true;; led = true, first = false) {
		const struct applet *const top = applet_find(argv[0]), *a = top;
		bool execs = false;
		int used, rc;

		chain.link = argv - led;
		if (!a) {
			/* nobody's failure but nestbox's own, wherever on the line it is */
			e->status = 125;
			e->applet[0] = '\0';
			return err_bad(e, argv[0], "no such applet");
		}
		e->status = a->fail;
		snprintf(e->applet, sizeof e->applet, "%s", a->name);
		if (applet_help(a, NULL, argc, argv))
			return 0;
		if (a->verbs) {
			a = find_verb(top, &argc, &argv, e);
			if (!a)
				return -EINVAL;
			if (applet_help(top, a, argc, argv))
				return 0;
		}
		if (a->flags & APPLET_FRESH && !first)
			return execute_next(chain.link, e);
		used = a->main ? a->main(argc, argv, e) : run_step(a, argc, argv, &execs, e);
		if (used == -ECANCELED)
			return help_after_all(top, a, e);
		if (a->main || used < 0)
			return used;
		if (chain.ctx.done)
			return 0;
		argv += used;
		argc -= used;
		if (argc == 0)
			return a->alone == ALONE_SHELL ? exec_shell(e) : 0;
		if (execs || strcmp(argv[0], "nestbox") || argc < 2)
			return chain_exec(argv, e);
		rc = become_root(e);
		if (rc < 0)
			return rc;
		/* among strangers only a real execve makes this process one that may be looked into: ptrace(2) */
		rc = !chain.ctx.creds_changed ? 0 : chain.ctx.joined ? 1 : cred_as_exec(e);
		if (rc < 0)
			return rc;
		if (rc == 1 || chain.reexec)
			return execute_next(argv, e);
		chain.ctx.creds_changed = false;
		argv++;
		argc--;
	}
}
