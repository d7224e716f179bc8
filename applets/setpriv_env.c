/* What surrounds setpriv's command: environment, descriptors, session, working directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "applets/setpriv_priv.h"
#include "core/fd.h"
#include "core/proc.h"
#include "core/sys.h"

/* docker's, for --clear-env */
#define CONTAINER_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* util-linux's, for --reset-env: setpriv(1) */
#define ROOT_PATH "/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin"
#define USER_PATH "/usr/local/bin:/bin:/usr/bin"

extern char **environ;

static size_t name_length(const char *item)
{
	return strcspn(item, "=");
}

static bool same_name(const char *item, const char *other)
{
	size_t len = name_length(item);

	return len == name_length(other) && !strncmp(item, other, len);
}

/* The last -e for the name of `item`, or NULL. */
static const char *last_given(const struct strs *env, const char *item)
{
	for (size_t i = env->n; i-- > 0;)
		if (same_name(env->v[i], item))
			return env->v[i];
	return NULL;
}

/* A variable of the caller's stays where -e names it without a value. */
static bool stays(const struct setpriv_args *a, const char *item)
{
	const char *given = last_given(&a->run.env, item);

	if (!item[name_length(item)])
		return false;
	return (given && !given[name_length(given)]) || (a->reset_env && same_name(item, "TERM"));
}

static void clear(const struct setpriv_args *a)
{
	char **to = environ;

	for (char **from = environ; from && *from; from++)
		if (stays(a, *from))
			*to++ = *from;
	if (to)
		*to = NULL;
}

static int put(const char *name, const char *value, bool over, struct err *e)
{
	return setenv(name, value, over) == 0 ? 0 : err_sys(e, name, "set variable");
}

/* As login does, and as util-linux does; an unlisted user has no name to be told. */
static int put_login(const struct cred_user *u, struct err *e)
{
	int rc = put("SHELL", u->shell, false, e);

	if (rc == 0)
		rc = put("HOME", u->home, false, e);
	if (rc == 0 && u->name)
		rc = put("USER", u->name, false, e);
	if (rc == 0 && u->name)
		rc = put("LOGNAME", u->name, false, e);
	return rc < 0 ? rc : put("PATH", u->uid ? USER_PATH : ROOT_PATH, false, e);
}

static int put_given(const struct strs *env, struct err *e)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *item = env->v[i], *value = item + name_length(item);
		char *name;
		int rc;

		if (!*value || last_given(env, item) != item)
			continue;
		name = strndup(item, name_length(item));
		rc = name ? put(name, value + 1, true, e) : err_set(e, ENOMEM, "environment", NULL);
		free(name);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int setpriv_set_env(struct setpriv_job *j, struct err *e)
{
	const struct setpriv_args *a = j->a;
	int rc;

	if (a->clear_env || a->reset_env)
		clear(a);
	rc = put_given(&a->run.env, e);
	if (rc == 0 && a->reset_env)
		rc = put_login(&j->user, e);
	if (rc == 0 && a->clear_env)
		rc = put("PATH", CONTAINER_PATH, false, e);
	return rc == 0 && a->clear_env ? put("HOME", j->user.home, false, e) : rc;
}

/* Before 5.11 close_range(2) could only close, which is too early. */
static int mark_one_by_one(int first, struct err *e)
{
	auto_close int proc = proc_open(e);
	auto_close int fd = proc < 0 ? proc : fd_open(proc, "self/fd", O_RDONLY | O_DIRECTORY, e);
	struct dirent *d;
	DIR *dir;

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir)
		return err_sys(e, "/proc/self/fd", NULL);
	take_fd(&fd);
	while ((d = readdir(dir))) {
		long long n;

		if (!str_num(d->d_name, first, 1 << 30, &n))
			fcntl((int)n, F_SETFD, FD_CLOEXEC);
	}
	closedir(dir);
	return 0;
}

int setpriv_close_fds(struct setpriv_job *j, struct err *e)
{
	const struct opt_num *n = &j->a->run.preserve_fds;
	int first = 3 + (int)n->v;

	if (!n->set || sys_close_range((unsigned)first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return mark_one_by_one(first, e);
}

int setpriv_new_session(struct setpriv_job *j, struct err *e)
{
	return j->a->new_session ? proc_new_session(e) : 0;
}

int setpriv_set_oom(struct setpriv_job *j, struct err *e)
{
	const struct opt_num *n = &j->a->run.oom_score_adj;
	auto_close int proc = n->set ? proc_open(e) : -1;
	char text[16];
	bool dumpable;
	int rc;

	if (!n->set || proc < 0)
		return n->set ? proc : 0;
	snprintf(text, sizeof text, "%lld", n->v);
	/* after a change of ids the file is the host's root's, whom a user namespace may not know: PR_SET_DUMPABLE(2const) */
	dumpable = prctl(PR_GET_DUMPABLE) == 1;
	if (!dumpable)
		prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL);
	rc = fd_put(proc, "self/oom_score_adj", text, e);
	if (!dumpable)
		prctl(PR_SET_DUMPABLE, 0UL, 0UL, 0UL, 0UL);
	/* proc_pid_oom_score_adj(5): anyone may raise it */
	if (rc == -EACCES)
		err_hint(e, "lowering it needs CAP_SYS_RESOURCE in the initial user namespace");
	return rc;
}

/*
 * Open DIR of the current root, made where it is missing, for what that is
 * worth: where it is no directory, or not to be reached, entering it says why.
 */
int setpriv_make_workdir(struct setpriv_job *j, struct err *e)
{
	const uint64_t within = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
	const char *rest = j->a->run.workdir;
	auto_close int root = rest ? fd_open_dir(AT_FDCWD, "/", e) : -1;
	auto_close int parent = -1;
	char path[4096] = "", name[256];
	size_t len = 0;
	int n;

	if (!rest || root < 0)
		return rest ? root : 0;
	while ((n = str_next(&rest, '/', name, sizeof name)) != -ENOENT) {
		int from = parent < 0 ? root : parent, next;

		if (n < 0 || len + (size_t)n + 2 > sizeof path)
			return err_set(e, ENAMETOOLONG, j->a->run.workdir, NULL);
		len += (size_t)snprintf(path + len, sizeof path - len, "%s/", name);
		next = sys_openat2(root, path, O_PATH | O_DIRECTORY, within);
		/* one name at a time below an fd: nobody can lead mkdir out of the root by a symlink */
		if (next < 0 && errno == ENOENT) {
			/* somebody else's container may make it at the same moment */
			if (mkdirat(from, name, 0755) < 0 && errno != EEXIST)
				return err_sys(e, j->a->run.workdir, "make directory");
			next = sys_openat2(root, path, O_PATH | O_DIRECTORY, within);
			/* there, and yet not to be opened: a link that leads nowhere */
			if (next < 0 && errno == ENOENT)
				return err_set(e, EEXIST, j->a->run.workdir, "make directory");
		}
		if (next < 0)
			return 0;
		fd_close(&parent);
		parent = next;
	}
	return 0;
}

/*
 * The raw system call: where the directory is not below the root it says
 * "(unreachable)...", which libc hides. CVE-2024-21626, getcwd(2)
 */
static int check_reachable(const char *dir, struct err *e)
{
	char path[4096];

	if (syscall(SYS_getcwd, path, sizeof path) < 0)
		return err_sys(e, dir, "find working directory");
	if (path[0] == '/')
		return 0;
	err_set(e, 0, dir, "the working directory lies outside of the root");
	err_hint(e, "it leads through an open file descriptor or another process");
	return -EINVAL;
}

int setpriv_enter_workdir(struct setpriv_job *j, struct err *e)
{
	const char *dir = j->a->run.workdir;
	int rc;

	if (!dir)
		return 0;
	if (chdir(dir) == 0)
		return check_reachable(dir, e);
	rc = err_sys(e, dir, "change working directory");
	if (rc == -EACCES)
		err_hint(e, "uid %u may not enter it, or a directory above it", geteuid());
	return rc;
}
