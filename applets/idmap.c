/* idmap: id maps of user namespaces, and of mounts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/magic.h>
#include <linux/nsfs.h>

#include "applets/idmap_priv.h"
#include "applets/unshare.h"
#include "core/fd.h"
#include "core/str.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct unshare_args, field)

static const char *const setgroups_words[] = { "allow", "deny", NULL };

const struct opt idmap_run_opts[] = {
	{ OPT_GROUP, .off = OFF(ids), .group = maps_opts },
	{ OPT_NUM, 0, "group", "GID", "group inside; 0 where that is mapped", OFF(gid), .max = IDMAP_MAX },
	{ OPT_FLAG, 'm', "mount", NULL, "new mount namespace, too", OFF(mount.set) },
	{ OPT_STR, 0, "persist", "FILE", "bind the user namespace on FILE", OFF(user.value) },
	{ OPT_STR, 0, "setgroups", "WORD", "allow or deny setgroups(2) in it", OFF(setgroups), .words = setgroups_words },
	{ OPT_NUM, 0, "user", "UID", "user inside; 0 where that is mapped", OFF(uid), .max = IDMAP_MAX },
	{ OPT_END },
};

static void run_defaults(void *args)
{
	struct unshare_args *a = args;

	a->fit = true;
}

static const struct applet verb_run = {
	.name = "run",
	.synopsis = "[OPTIONS] [--] [COMMAND [ARG]...]",
	.summary = "run a command in a new user namespace",
	.opts = idmap_run_opts,
	.notes = "Without a map, the caller is root inside. Without a command, your shell is run.",
	.step = &idmap_run_step,
	.defaults = run_defaults,
	.alone = ALONE_SHELL,
	.fail = 1,
};

int idmap_open_process(const char *word, char path[64], struct err *e)
{
	const char *number = str_after(word, "fd:");
	auto_close int fd = -1;
	struct statfs fs;
	long long n;

	if (!number && (!strcmp(word, "init") || !strcmp(word, "self")))
		str_join(path, 64, "/proc/", *word == 'i' ? "1" : word);
	else if (str_num(number ? number : word, number ? 0 : 1, 4194304, &n) < 0)
		return err_bad(e, word, "a process is named by its pid, or by fd:N, an open directory of /proc");
	else
		str_join(path, 64, number ? "/proc/self/fd/" : "/proc/", number ? number : word);
	/* a directory that is open already is opened once more, which says that it is one */
	fd = fd_open_dir(AT_FDCWD, path, e);
	if (fd == -ENOENT)
		err_hint(e, number ? "is that descriptor open?" : "there is no such process, or /proc is not mounted, or another pid namespace's");
	/* a descriptor may come from somebody else, and in his directory uid_map is a link to whatever he likes */
	if (fd >= 0 && (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC))
		return err_bad(e, path, "is no directory of /proc");
	return take_fd(&fd);
}

int idmap_open_userns(const char *path, struct err *e)
{
	/* what is none may be a pipe, which nobody writes to */
	auto_close int fd = fd_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, e);

	if (fd >= 0 && ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWUSER)
		return err_bad(e, path, "is no user namespace");
	return take_fd(&fd);
}

static const struct applet *const verbs[] = { &idmap_verb_mount, &verb_run, &idmap_verb_show, &idmap_verb_trans, &idmap_verb_write, NULL };

const struct applet applet_idmap = {
	.name = "idmap",
	.synopsis = "mount|run|show|trans|write ...",
	.summary = "id maps of user namespaces, and of mounts",
	.verbs = verbs,
	.fail = 1,
};
