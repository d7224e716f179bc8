/* check: can containers be started here, and what stands in the way of what? */
#include "applets/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/check_priv.h"
#include "core/cred.h"
#include "core/fd.h"

/* Longer than any of it takes on the slowest board. */
#define PATIENCE_S 20

struct check_args {
	bool json;
};

static const struct opt check_opts[] = {
	{ OPT_FLAG, 0, "json", NULL, "print JSON", offsetof(struct check_args, json) },
	{ OPT_END },
};

static const struct check_item *const tables[] = {
	check_ns_items, check_cgroup_items, check_fs_items, check_net_items, check_safety_items, check_proc_items, check_id_items,
};

/* In the child: whatever it makes goes with it. */
static _Noreturn void probe(const struct check_item *it, int to, pid_t parent)
{
	struct check_answer a = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGALRM, SIG_DFL);
	alarm(PATIENCE_S);
	it->probe(it, &a);
	_exit(write(to, &a, sizeof a) != (ssize_t)sizeof a);
}

/* A filter may kill who asks; so that is an answer, too. */
static void say_status(const struct check_item *it, struct check_answer *a, int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	*a = (struct check_answer){ 0 };
	if (sig == SIGALRM)
		check_say(a, CHECK_NO, "no answer within %d s", PATIENCE_S);
	else
		check_say(a, CHECK_NO, "the attempt was killed by signal %d", sig);
	check_knob(a, sig == SIGSYS ? "a seccomp filter of what runs around this" : "%s", it->config ? it->config : "");
}

static int ask(const struct check_item *it, struct check_answer *a, struct err *e)
{
	auto_close int from = -1, to = -1;
	pid_t parent = getpid(), pid;
	int ends[2], status = 0;
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "pipe", NULL);
	from = ends[0];
	to = ends[1];
	pid = fork();
	if (pid < 0)
		return err_sys(e, "fork", NULL);
	if (pid == 0)
		probe(it, to, parent);
	fd_close(&to);
	do
		n = read(from, a, sizeof *a);
	while (n < 0 && errno == EINTR);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n != (ssize_t)sizeof *a)
		say_status(it, a, status);
	return 0;
}

/* "all", "none", "all but sys_resource", or the few that there are. */
static void look_at_self(struct check_report *r)
{
	uint64_t known = cred_caps_known(), missing;
	struct strbuf names = { 0 };
	struct cred_sets s = { 0 };
	bool most;

	uname(&r->kernel);
	r->uid = geteuid();
	cred_get_active(&s, &(struct err){ 0 });
	missing = known & ~s.effective;
	most = __builtin_popcountll(missing) < __builtin_popcountll(s.effective);
	cred_caps_format(most ? missing : s.effective, &names);
	if (!s.effective)
		str_join(r->caps, sizeof r->caps, "none");
	else
		str_join(r->caps, sizeof r->caps, most ? "all" : "", most && missing ? " but " : "", names.s ? names.s : "");
	strbuf_release(&names);
}

static int ask_all(struct check_report *r, struct err *e)
{
	size_t room = 0;
	int rc = 0;

	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct check_item *it = tables[t]; it->group; it++)
			room++;
	r->v = calloc(room, sizeof *r->v);
	if (!r->v)
		return err_set(e, ENOMEM, "check", NULL);
	look_at_self(r);
	for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
		for (const struct check_item *it = tables[t]; it->group && rc == 0; it++) {
			struct check_found *f = &r->v[r->n++];

			f->item = it;
			rc = ask(it, &f->answer, e);
			r->no += f->answer.state == CHECK_NO;
			r->partly += f->answer.state == CHECK_PARTLY;
			if (it->required && f->answer.state == CHECK_NO && !r->missing)
				r->missing = f;
		}
	return rc;
}

static int check_main(int argc, char **argv, struct err *e)
{
	struct check_args a = { 0 };
	struct check_report r = { 0 };
	struct strbuf out = { 0 };
	int i = opt_parse(check_opts, &a, argc, argv, e);
	int rc;

	if (i < 0)
		return i;
	if (i < argc)
		return err_bad(e, argv[i], "check takes no operand");
	rc = ask_all(&r, e);
	check_add_config(&r);
	if (rc == 0 && a.json)
		check_print_json(&r, &out);
	else if (rc == 0)
		check_print_text(&r, check_has_colour(), &out);
	if (rc == 0 && out.failed)
		rc = err_set(e, ENOMEM, "check", NULL);
	if (rc == 0)
		fputs(out.s, stdout);
	rc = rc == 0 && r.missing ? 1 : rc;
	strbuf_release(&out);
	free(r.v);
	return rc;
}

const struct applet applet_check = {
	.name = "check",
	.synopsis = "[--json]",
	.summary = "what this kernel and machine allow for containers, and what stands in the way",
	.opts = check_opts,
	.notes = "For whoever runs it: root and an ordinary user may be answered differently.\n"
		 "Exit status 0: a container can be started; 1: something that it takes is missing.",
	.main = check_main,
	.flags = APPLET_NO_LINK,
	.fail = 125,
};
