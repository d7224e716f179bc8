/* proc: forking, waiting, ending alike, executing, watching. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "core/fd.h"
#include "core/proc.h"
#include "tests/unit/unit.h"

/* The wait status of a child that does `what`. */
static int status_of(void (*what)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		what();
		_exit(99);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

static void end_like_7(void) { proc_end_like(7 << 8, true); }
static void end_like_term(void) { proc_end_like(SIGTERM, true); }
static void end_like_term_as_number(void) { proc_end_like(SIGTERM, false); }

static void end_like_blocked_and_ignored(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGTERM, SIG_IGN);
	proc_end_like(SIGTERM, true);
}

static void ends_like_the_child(void)
{
	int status = status_of(end_like_7);

	check(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	status = status_of(end_like_term);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	status = status_of(end_like_term_as_number);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM);
	status = status_of(end_like_blocked_and_ignored);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* proc_fork and proc_wait around `child`. */
static int run_child(struct proc_child *c, void (*child)(int err_fd), struct err *e)
{
	int err_fd = -1, parent_fd = -1, rc;

	c->into = -1;
	rc = proc_fork(c, &err_fd, &parent_fd, e);

	if (rc == 0) {
		child(err_fd);
		_exit(99);
	}
	check_int(rc, 1);
	return proc_wait(c, e);
}

static void exit_3(int err_fd)
{
	(void)err_fd;
	_exit(3);
}

static void fail(int err_fd)
{
	struct err e = { 0 };

	err_set(&e, EACCES, "/x", "open");
	err_send(err_fd, &e);
	_exit(5);
}

static void stay_a_while(int err_fd)
{
	close(err_fd);
	usleep(100000);
	_exit(4);
}

static void die(int err_fd)
{
	(void)err_fd;
	kill(getpid(), SIGKILL);
}

static void waits(void)
{
	struct err e = { 0 };
	int status = run_child(&(struct proc_child){ 0 }, exit_3, &e);

	check(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	status = run_child(&(struct proc_child){ 0 }, stay_a_while, &e);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 4);
	status = run_child(&(struct proc_child){ .forward = FORWARD_ALL }, die, &e);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void hears_of_a_failure(void)
{
	struct err e = { 0 };

	check_int(run_child(&(struct proc_child){ 0 }, fail, &e), -EACCES);
	check_str(e.object, "/x");
}

static void waits_although_sigchld_is_ignored(void)
{
	struct err e = { 0 };
	int status;

	signal(SIGCHLD, SIG_IGN);
	status = run_child(&(struct proc_child){ 0 }, exit_3, &e);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void check_inherited_state(int err_fd)
{
	struct sigaction chld;
	sigset_t mask;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigaction(SIGCHLD, NULL, &chld);
	check(fcntl(err_fd, F_GETFD) == FD_CLOEXEC);
	_exit(chld.sa_handler == SIG_IGN && sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM) ? 0 : 1);
}

static void the_child_has_the_callers_signals(void)
{
	struct err e = { 0 };
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	signal(SIGCHLD, SIG_IGN);
	check_int(run_child(&(struct proc_child){ .forward = FORWARD_ALL }, check_inherited_state, &e), 0);
	/* in the parent they stay blocked: it has yet to clean up */
	sigprocmask(SIG_SETMASK, NULL, &mask);
	check(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGTERM));
}

static volatile sig_atomic_t got;

static void note(int sig)
{
	got = sig;
}

static void exit_with_the_signal(int err_fd)
{
	signal(SIGTERM, note);
	signal(SIGUSR1, note);
	close(err_fd);
	kill(getppid(), got ? 0 : SIGUSR1);
	kill(getppid(), SIGTERM);
	for (int i = 0; i < 50 && !got; i++)
		usleep(10000);
	_exit(got);
}

static void unblock_all(void)
{
	sigset_t none;

	/* one that came after the child's end is still in the queue: ignoring it takes it out */
	signal(SIGTERM, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGTERM, SIG_DFL);
}

static void forwards(void)
{
	struct err e = { 0 };
	int status = run_child(&(struct proc_child){ .forward = FORWARD_ALL }, exit_with_the_signal, &e);

	check(WEXITSTATUS(status) == SIGUSR1 || WEXITSTATUS(status) == SIGTERM);
	unblock_all();
	signal(SIGUSR1, SIG_IGN);
	status = run_child(&(struct proc_child){ .forward = FORWARD_TERM }, exit_with_the_signal, &e);
	check_int(WEXITSTATUS(status), SIGTERM);
	unblock_all();
	/* what was ignored when we came stays so: nohup(1) */
	signal(SIGTERM, SIG_IGN);
	status = run_child(&(struct proc_child){ .forward = FORWARD_ALL }, exit_with_the_signal, &e);
	check_int(WEXITSTATUS(status), 0);
	unblock_all();
	/* util-linux's way: neither ends the waiter nor reaches the child */
	status = run_child(&(struct proc_child){ .forward = FORWARD_NONE }, exit_with_the_signal, &e);
	check_int(WEXITSTATUS(status), 0);
}

static void orphan(int err_fd)
{
	(void)err_fd;
	pause();
}

static void the_child_dies_with_its_parent(void)
{
	int pipe_fd[2], status;
	char byte;
	pid_t pid;

	check(pipe2(pipe_fd, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		struct proc_child c = { .kill_sig = SIGKILL, .into = -1 };
		struct err e = { 0 };
		int err_fd = -1, parent_fd = -1;

		if (proc_fork(&c, &err_fd, &parent_fd, &e) == 0)
			orphan(err_fd);
		_exit(0);
	}
	close(pipe_fd[1]);
	check(waitpid(pid, &status, 0) == pid);
	/* end of file: nobody is left who could write */
	check_int(read(pipe_fd[0], &byte, 1), 0);
}

static void a_dead_parent_is_noticed(void)
{
	struct err e = { 0 };
	int pidfd, status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	pidfd = (int)syscall(434 /* pidfd_open(2) */, pid, 0);
	check(pidfd >= 0 && waitpid(pid, &status, 0) == pid);
	check_int(proc_set_pdeathsig(SIGKILL, pidfd, &e), -ESRCH);
	check_int(proc_set_pdeathsig(SIGUSR1, -1, &e), 0);
	check(prctl(PR_GET_PDEATHSIG, &status) == 0 && status == SIGUSR1);
	check_int(proc_set_pdeathsig(0, -1, &e), 0);
	check_int(proc_set_pdeathsig(1000, -1, &e), -EINVAL);
}

/* What proc_exec says of `program`. */
static struct err exec_failure(const char *program)
{
	char *argv[] = { (char *)(size_t)program, NULL };
	struct err e = { 0 };

	check(proc_exec(argv, &e) < 0);
	return e;
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "we");

	check(f && fputs(text, f) >= 0 && fclose(f) == 0 && chmod(path, mode) == 0);
}

static void says_why_it_cannot_execute(void)
{
	char dir[] = "/tmp/nestbox-unit.XXXXXX";
	struct err e;

	/* a folder that may not be searched would be the first to fail */
	check(setenv("PATH", "/bin:/usr/bin", 1) == 0);
	check(mkdtemp(dir) && chdir(dir) == 0);
	put_file("plain", "text\n", 0644);
	put_file("script", "#!/no/such/interpreter\n", 0755);
	put_file("shell", "exit 7\n", 0755);
	e = exec_failure("./none");
	check_int(e.status, 127);
	e = exec_failure("nestbox-no-such-program");
	check_int(e.status, 127);
	e = exec_failure("");
	check_int(e.status, 127);
	if (geteuid() == 0) {
		e = exec_failure("./plain");
		check_int(e.status, 126);
		check(strstr(e.hint, "no execute permission"));
	}
	e = exec_failure("/");
	check_int(e.status, 126);
	check(strstr(e.hint, "is a directory"));
	e = exec_failure("./script");
	check_int(e.status, 127);
	check(strstr(e.hint, "/no/such/interpreter"));
	e = exec_failure("./plain/x");
	check_int(e.status, 126);
	/* found along PATH, but not to be executed */
	setenv("PATH", "/no/such:.", 1);
	e = exec_failure("plain");
	check_int(e.status, 126);
	/* an empty piece is the working directory */
	setenv("PATH", "/no/such::/bin", 1);
	e = exec_failure("plain");
	check_int(e.status, 126);
	check(unlink("plain") == 0 && unlink("script") == 0 && unlink("shell") == 0 && rmdir(dir) == 0);
}

static void exec_shell_script(void)
{
	char *argv[] = { (char *)"./shell", (char *)"7", NULL };
	struct err e = { 0 };

	proc_exec(argv, &e);
}

static void exec_found_in_path(void)
{
	char *argv[] = { (char *)"shell", (char *)"8", NULL };
	struct err e = { 0 };

	setenv("PATH", "/no/such:.", 1);
	proc_exec(argv, &e);
}

static void executes(void)
{
	char dir[] = "/tmp/nestbox-unit.XXXXXX";

	check(mkdtemp(dir) && chdir(dir) == 0);
	/* without "#!": sh's, with its arguments */
	put_file("shell", "exit $1\n", 0755);
	check_int(status_of(exec_shell_script), 7 << 8);
	check_int(status_of(exec_found_in_path), 8 << 8);
	check(unlink("shell") == 0 && rmdir(dir) == 0);
}

static void a_watcher_outlives_its_process(void)
{
	int out[2], other[2], status;
	char text[32] = "";
	struct pollfd p;
	pid_t pid;

	check(pipe2(out, O_CLOEXEC) == 0 && pipe2(other, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		int rc = proc_watch(&out[1], 1, &e);

		if (rc == 1) {
			/* nothing but what was to be kept: neither 0 nor the other pipe */
			dprintf(out[1], "%d %d %d", fcntl(0, F_GETFD), fcntl(other[1], F_GETFD), getsid(0) != getpgid(0));
			_exit(0);
		}
		/* it waits for us, and is no child of ours */
		usleep(100000);
		_exit(rc == 0 && waitpid(-1, &status, WNOHANG) < 0 && errno == ECHILD ? 0 : 1);
	}
	close(out[1]);
	close(other[1]);
	p = (struct pollfd){ .fd = out[0], .events = POLLIN };
	check_int(poll(&p, 1, 50), 0);
	check(waitpid(pid, &status, 0) == pid);
	check_int(status, 0);
	check(read(out[0], text, sizeof text - 1) > 0);
	check_str(text, "-1 -1 0");
	/* end of file on the other: the watcher has closed it */
	check_int(read(other[0], text, 1), 0);
}

static void resets_signals(void)
{
	/* the kernel's struct: a handler, and the rest 0 */
	static const unsigned long ignore[8] = { 1 };
	struct sigaction sa;
	char status[4096];
	sigset_t mask;

	/* libc's own: no sigaction(3) changes or shows them, but they are inherited, as from make */
	for (int sig = 32; sig <= 34; sig++)
		check_int(syscall(SYS_rt_sigaction, sig, ignore, NULL, 8), 0);
	sigfillset(&mask);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	proc_reset_signals();
	sigaction(SIGINT, NULL, &sa);
	check(sa.sa_handler == SIG_DFL);
	sigaction(SIGCHLD, NULL, &sa);
	check(sa.sa_handler == SIG_DFL);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig < 32; sig++)
		check(!sigismember(&mask, sig));
	check(fd_get(AT_FDCWD, "/proc/self/status", status, sizeof status) > 0);
	check(strstr(status, "SigIgn:\t0000000000000000\n"));
}

static void knows_start_times(void)
{
	struct err e = { 0 };
	auto_close int proc = proc_open(&e);
	long long own = proc_start_time(proc, getpid());

	check(proc >= 0 && own > 0);
	check(proc_start_time(proc, getppid()) <= own);
	/* a name that looks like the fields behind it */
	prctl(PR_SET_NAME, ") R 1 2 3 4");
	check_int(proc_start_time(proc, getpid()), own);
	check(proc_start_time(proc, 1 << 30) < 0);
}

int main(void)
{
	unit("proc_end_like ends with the child's status, or by its signal", ends_like_the_child);
	unit("proc_wait returns the child's status", waits);
	unit("proc_wait reports the child's failure", hears_of_a_failure);
	unit("an ignored SIGCHLD does not lose the status", waits_although_sigchld_is_ignored);
	unit("the child has the caller's mask and dispositions", the_child_has_the_callers_signals);
	unit("signals are forwarded as was asked for", forwards);
	unit("with kill_sig the child dies with its parent", the_child_dies_with_its_parent);
	unit("a parent that has died already is noticed", a_dead_parent_is_noticed);
	unit("proc_exec says 126 or 127, and why", says_why_it_cannot_execute);
	unit("proc_exec gives a text file to sh, and searches PATH", executes);
	unit("a watcher outlives its process and holds nothing of it", a_watcher_outlives_its_process);
	unit("signals are reset", resets_signals);
	unit("start times, whatever the process is called", knows_start_times);
	return unit_done();
}
