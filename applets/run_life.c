#include "applets/run_life.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/str.h"

#define OFF(field) offsetof(struct run_life, field)

const struct opt run_life_opts[] = {
	{ OPT_STR, 0, "cidfile", "FILE", "write the container's ID to FILE, which must be new", OFF(cidfile) },
	{ OPT_FLAG, 0, "init", NULL, "nestbox init is the first process: it reaps orphans and passes signals on", OFF(init) },
	{ OPT_STR, 0, "pidfile", "FILE", "write the first process's number to FILE, which must be new", OFF(pidfile) },
	{ OPT_STR, 0, "stop-signal", "SIG", "what the command gets when run gets SIGTERM", OFF(stop_signal) },
	{ OPT_END },
};

/* Owned, as long as the waiter lives; -1: none asked for. */
static int pidfile = -1;

int run_life_check(const struct run_life *l, struct err *e)
{
	if (l->stop_signal && str_signal(l->stop_signal) <= 0)
		return err_bad(e, l->stop_signal, "is no signal");
	return 0;
}

/* In a directory that others may write to, what stands there may lead anywhere. */
static int make_file(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int rc = fd < 0 ? err_sys(e, path, "make the file") : 0;

	if (rc == -EEXIST)
		err_hint(e, "is the container of an earlier start alive still? Else remove the file");
	return rc < 0 ? rc : fd;
}

static int write_id(const char *path, const char *id, struct err *e)
{
	auto_close int fd = make_file(path, e);
	int rc = fd < 0 ? fd : fd_write(fd, id);

	if (fd < 0 || rc == 0)
		return rc;
	unlink(path);
	return err_set(e, -rc, path, "write the ID");
}

int run_life_open(const struct run_life *l, const char *id, struct err *e)
{
	int rc = 0;

	if (l->pidfile)
		rc = pidfile = make_file(l->pidfile, e);
	if (rc >= 0 && l->cidfile)
		rc = write_id(l->cidfile, id, e);
	if (rc < 0 && pidfile >= 0) {
		unlink(l->pidfile);
		fd_close(&pidfile);
	}
	return rc < 0 ? rc : 0;
}

void run_life_note(pid_t pid)
{
	char text[16];

	if (pidfile < 0)
		return;
	snprintf(text, sizeof text, "%d\n", pid);
	/* whoever reads it finds a number or nothing; that it cannot be written does not end a container */
	if (fd_write(pidfile, text) < 0 && ftruncate(pidfile, 0) < 0)
		fd_close(&pidfile);
}

static bool is_still(int fd, const char *path)
{
	struct stat here, there;

	return fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

void run_life_end(const struct run_life *l, bool failed)
{
	if (pidfile >= 0 && is_still(pidfile, l->pidfile))
		unlink(l->pidfile);
	fd_close(&pidfile);
	if (failed && l->cidfile)
		unlink(l->cidfile);
}

char **run_life_command(const struct run_life *l, char **argv)
{
	static const char *const init[] = { "nestbox", "init", "--exec", "--" };
	size_t n = 0, first = l->init ? sizeof init / sizeof *init : 0;
	char **v;

	while (argv[n])
		n++;
	v = calloc(first + n + 1, sizeof *v);
	if (!v)
		return NULL;
	for (size_t i = 0; i < first; i++)
		v[i] = (char *)init[i];
	memcpy(v + first, argv, n * sizeof *v);
	return v;
}
