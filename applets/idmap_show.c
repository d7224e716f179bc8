/* idmap show and trans: what maps say. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "applets/idmap_priv.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns_enter.h"

static const char *const map_files[2] = { "uid_map", "gid_map" };
static const char kinds[2] = { 'u', 'g' };

static int read_map(int proc, int i, struct idmap *m, struct err *e)
{
	char *text = fd_slurp(proc, map_files[i], 1 << 16);
	int rc = text ? idmap_read(m, text, e) : err_sys(e, map_files[i], NULL);

	free(text);
	return rc;
}

/* ---- show ---- */

static const struct opt show_opts[] = {
	{ OPT_FLAG, 0, "subids", NULL, "the subordinate ids of USER, or of the caller" },
	{ OPT_END },
};

/* What takes rights over the process to see, and is left out where these are lacking. */
static void print_relations(int proc)
{
	auto_close int ns = openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
	auto_close int parent = ns < 0 ? -1 : ioctl(ns, NS_GET_PARENT);
	struct stat st;
	uid_t owner;

	if (parent >= 0 && fstat(parent, &st) == 0)
		printf("parent user:[%llu]\n", (unsigned long long)st.st_ino);
	if (ns >= 0 && ioctl(ns, NS_GET_OWNER_UID, &owner) == 0)
		printf("owner %u\n", owner);
}

static int print_process(int proc, struct err *e)
{
	struct idmap maps[2] = { 0 };
	char text[64] = "";
	int rc = read_map(proc, 0, &maps[0], e);

	rc = rc < 0 ? rc : read_map(proc, 1, &maps[1], e);
	if (rc == 0 && readlinkat(proc, "ns/user", text, sizeof text - 1) > 0)
		printf("namespace %s\n", text);
	if (rc == 0)
		print_relations(proc);
	if (rc == 0 && fd_get_line(proc, "setgroups", text, sizeof text) > 0)
		printf("setgroups %s\n", text);
	for (int i = 0; i < 2 && rc == 0; i++)
		for (size_t k = 0; k < maps[i].n; k++)
			printf("%c:%u:%u:%u\n", kinds[i], maps[i].v[k].inner, maps[i].v[k].outer, maps[i].v[k].count);
	idmap_release(&maps[0]);
	idmap_release(&maps[1]);
	return rc;
}

static int print_child(const char *proc, void *arg, struct err *e)
{
	auto_close int dir = fd_open_dir(AT_FDCWD, proc, e);

	(void)arg;
	return dir < 0 ? dir : print_process(dir, e);
}

/* A namespace shows its maps only by a process in it. */
static int show_file(const char *path, struct err *e)
{
	auto_close int ns = idmap_open_userns(path, e);

	if (ns < 0)
		return ns;
	if (ns_is_own(ns, "", ns_kinds))
		return print_child("/proc/self", NULL, e);
	return idmap_with_userns(ns, print_child, NULL, e);
}

static int show_subids(const char *name, struct err *e)
{
	struct cred_user u = { 0 };
	char number[16];
	bool any = false;
	int rc;

	snprintf(number, sizeof number, "%u", geteuid());
	rc = cred_user_find(name ? name : number, NULL, &u, e);
	for (int i = 0; i < 2 && rc == 0; i++) {
		struct idmap m = { 0 };
		char *text = NULL;

		rc = maps_read_subids(maps_subids[i], &text, e);
		if (rc == 0)
			rc = idmap_subid_all(text, u.name ? u.name : "", u.uid, &m, e);
		for (size_t k = 0; k < m.n; k++)
			printf("%c:%u:%u\n", kinds[i], m.v[k].outer, m.v[k].count);
		any |= m.n > 0;
		idmap_release(&m);
		free(text);
	}
	if (rc == 0 && !any)
		rc = err_bad(e, name ? name : number, "has no line in /etc/subuid or /etc/subgid");
	cred_user_release(&u);
	return rc;
}

static int show_main(int argc, char **argv, struct err *e)
{
	bool subids = false;
	int used = opt_parse(show_opts, &subids, argc, argv, e);
	const char *target = used < 0 || used == argc ? NULL : argv[used];
	auto_close int dir = -1;
	char path[64];

	if (used < 0)
		return used;
	if (used + 1 < argc)
		return err_bad(e, argv[used + 1], "one process, file or user at a time");
	if (subids)
		return show_subids(target, e);
	if (target && strchr(target, '/'))
		return show_file(target, e);
	dir = idmap_open_process(target ? target : "self", path, e);
	return dir < 0 ? dir : print_process(dir, e);
}

const struct applet idmap_verb_show = {
	.name = "show",
	.synopsis = "[PID|FILE]\n       nestbox idmap show --subids [USER]",
	.summary = "show the maps of a user namespace, or whose ids are whose",
	.opts = show_opts,
	.main = show_main,
	.fail = 1,
};

/* ---- trans ---- */

struct trans_args {
	const char *from, *to;
};

static const struct opt trans_opts[] = {
	{ OPT_STR, 0, "from", "PID", "the ids are those of this process's namespace, or of init's", offsetof(struct trans_args, from) },
	{ OPT_STR, 0, "to", "PID", "say what they are there", offsetof(struct trans_args, to) },
	{ OPT_END },
};

/* The maps of one side: between its ids and ours. */
struct side {
	bool own; /* the same ids as ours */
	struct idmap maps[2];
};

/* What /proc says of a namespace that is not below ours is true of the first id of a range alone. */
static int refuse_outer(int proc, const char *word, struct err *e)
{
	auto_close int ns = maps_in_first_userns() ? -1 : openat(proc, "ns/user", O_RDONLY | O_CLOEXEC);
	auto_close int parent = ns < 0 ? -1 : ioctl(ns, NS_GET_PARENT);

	if (maps_in_first_userns() || parent >= 0)
		return 0;
	err_bad(e, word, "its user namespace does not lie below this one, as far as can be seen");
	err_hint(e, "only from out there can both be seen");
	return -EINVAL;
}

static int open_side(const char *word, struct side *s, struct err *e)
{
	auto_close int dir = -1;
	char path[64];
	int rc = 0;

	s->own = true;
	if (!word)
		return 0;
	dir = idmap_open_process(word, path, e);
	if (dir < 0)
		return dir;
	if (ns_is_own(dir, "ns/user", ns_kinds))
		return 0;
	s->own = false;
	rc = refuse_outer(dir, word, e);
	for (int i = 0; i < 2 && rc == 0; i++)
		rc = read_map(dir, i, &s->maps[i], e);
	return rc;
}

static void close_side(struct side *s)
{
	idmap_release(&s->maps[0]);
	idmap_release(&s->maps[1]);
}

/* "u:ID", "g:ID", or the same with names, or a user's name or number: 0 users, 1 groups, -errno. */
static int parse_id(const char *text, unsigned *id, struct err *e)
{
	const char *user = str_after(text, "u:"), *group = str_after(text, "g:");
	int rc = group ? cred_gid_find(group, id, e) : cred_uid_find(user ? user : text, id, e);

	return rc < 0 ? rc : group != NULL;
}

static int translate(const struct side *from, const struct side *to, const char *text, bool *all, struct err *e)
{
	unsigned id;
	int i = parse_id(text, &id, e);

	if (i < 0)
		return i;
	if ((from->own || idmap_to_outer(&from->maps[i], id, &id)) && (to->own || idmap_to_inner(&to->maps[i], id, &id))) {
		printf("%u\n", id);
		return 0;
	}
	printf("unmapped\n");
	*all = false;
	return 0;
}

static int trans_main(int argc, char **argv, struct err *e)
{
	struct trans_args a = { 0 };
	struct side from = { 0 }, to = { 0 };
	bool all = true;
	int used = opt_parse(trans_opts, &a, argc, argv, e), rc;

	if (used < 0)
		return used;
	if (used == argc)
		return err_bad(e, NULL, "no id is given: u:ID, g:ID or a user's name");
	rc = open_side(a.from, &from, e);
	if (rc == 0)
		rc = open_side(a.to, &to, e);
	for (int i = used; i < argc && rc == 0; i++)
		rc = translate(&from, &to, argv[i], &all, e);
	close_side(&from);
	close_side(&to);
	return rc < 0 ? rc : !all;
}

const struct applet idmap_verb_trans = {
	.name = "trans",
	.synopsis = "[--from PID] [--to PID] ID...",
	.summary = "say what ids are in another user namespace",
	.opts = trans_opts,
	.main = trans_main,
	.fail = 1,
};
