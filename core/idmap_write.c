/* Writing id maps, from outside or from inside. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/idmap.h"

const char *const idmap_tools[2] = { "newuidmap", "newgidmap" };

static int write_map(const char *parent, int dir, const char *file, char *text, struct err *e)
{
	char path[64];
	int rc;

	str_join(path, sizeof path, parent, file);
	rc = dir > 0 ? fd_put(dir, file + 1, text, e) : fd_put(AT_FDCWD, path, text, e);
	/* the word that was opened says nothing of whose it is */
	if (rc < 0)
		str_join(e->object, sizeof e->object, parent, file);
	if (rc == -ENOENT)
		err_hint(e, "id maps are written through /proc: mount it first");
	return rc;
}

/* newuidmap PID INNER OUTER COUNT... */
static int run_tool(const char *tool, const char *parent, char *text, struct err *e)
{
	char **argv = calloc(3 * IDMAP_LINES + 3, sizeof *argv), target[32];
	const char *fd = str_after(parent, "/proc/self/fd/");
	int status = 0, n = 2;
	pid_t pid;

	if (!argv)
		return err_set(e, ENOMEM, tool, NULL);
	argv[0] = (char *)(size_t)tool;
	/* an open directory is passed on, by the name that shadow has for it since 4.14 */
	str_join(target, sizeof target, fd ? "fd:" : "", fd ? fd : strrchr(parent, '/') + 1);
	argv[1] = target;
	for (char *word = strtok(text, " \n"); word; word = strtok(NULL, " \n"))
		argv[n++] = word;
	pid = fork();
	if (pid == 0) {
		execvp(tool, argv);
		_exit(127);
	}
	free(argv);
	if (pid < 0)
		return err_sys(e, tool, "fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		return err_bad(e, tool, "did not write the map (exit status %d)", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}

int idmap_write(const char *parent, const void *arg, struct err *e)
{
	static const char *const files[2] = { "/uid_map", "/gid_map" };
	const struct idmap_job *job = arg;
	int rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++) {
		struct strbuf text = { 0 };

		if (!job->map[i])
			continue;
		idmap_format(job->map[i], &text);
		if (text.failed || !text.s)
			rc = err_set(e, ENOMEM, "id map", NULL);
		else if (job->tool[i])
			rc = run_tool(idmap_tools[i], parent, text.s, e);
		else
			rc = write_map(parent, job->dir, files[i], text.s, e);
		strbuf_release(&text);
	}
	return rc;
}

int idmap_setgroups(const char *word, struct err *e)
{
	int rc = fd_put(AT_FDCWD, "/proc/self/setgroups", word, e);

	if (rc == -ENOENT)
		err_hint(e, "it is written through /proc: mount it first");
	return rc;
}
