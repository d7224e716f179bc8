/* ns_list: what /proc and mountinfo say of namespaces, the map, and the list of this very process. */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/ns.h"
#include "core/ns_list.h"
#include "core/ns_list_priv.h"
#include "core/sys.h"
#include "tests/unit/unit.h"

#define ALL ((1u << NS_KINDS) - 1)

static const char *kind_name(int kind)
{
	return kind < 0 ? "none" : ns_kinds[kind].file;
}

static void links(void)
{
	static const char *const bad[] = {
		"", "net", "net:", "net:[", "net:[]", "net:[1", "net:[0]", "net:[-1]", "net:[ 1]", "net:[1]x", "net:[1x]", "nett:[1]",
		"ne:[1]", "Net:[1]", "pid_for_children:[1]", "/net:[1]", "socket:[1]", "net:1",
	};
	uint64_t ino = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (ns_list_parse(bad[i], &ino) >= 0)
			printf("# \"%s\"\n", bad[i]);
		check(ns_list_parse(bad[i], &ino) < 0);
	}
	for (const struct ns_kind *k = ns_kinds; k->flag; k++) {
		char text[32];

		snprintf(text, sizeof text, "%s:[4026531840]", k->file);
		check_str(kind_name(ns_list_parse(text, &ino)), k->file);
		check_int((long long)ino, 4026531840LL);
	}
}

static void mounts(void)
{
	char text[] =
		"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
		"30 22 0:4 net:[4026532177] /run/netns/a rw shared:5 - nsfs nsfs rw\n"
		"31 22 0:4 mnt:[4026532178] /run/with\\040blank rw - nsfs nsfs rw\n"
		"32 22 0:4 uts:[4026532179] /run/with\\012break rw - nsfs nsfs rw\n"
		"33 22 0:4 odd:[4026532180] /run/odd rw - nsfs nsfs rw\n"
		"34 22 0:44 net:[1] /a - nsfs b\n"
		"short - nsfs \n"
		"35 22 0:4 net:[4026532181] /last rw - nsfs nsfs rw";
	static const struct {
		const char *kind, *path;
		long long ino;
	} want[] = {
		{ "net", "/run/netns/a", 4026532177 }, { "mnt", "/run/with blank", 4026532178 },
		{ "uts", "/run/with\\012break", 4026532179 }, { "net", "/a", 1 }, { "net", "/last", 4026532181 },
	};
	struct ns_mount m;
	char *rest = text;

	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		check_int(ns_list_next_mount(&rest, &m), 1);
		check_str(kind_name(m.kind), want[i].kind);
		check_str(m.path, want[i].path);
		check_int((long long)m.ino, want[i].ino);
		free(m.path);
	}
	check_int(ns_list_next_mount(&rest, &m), 0);
	check_int(ns_list_next_mount(&rest, &m), 0);
}

static void map(void)
{
	struct ns_map m = { 0 };

	for (unsigned round = 0; round < 2; round++)
		for (uint64_t i = 1; i <= 20000; i++) {
			struct ns_map_slot *slot = ns_map_at(&m, i * (i % 3 ? 1 : 0x100000000ULL));

			check(slot != NULL);
			check(slot->value == (round ? (uint32_t)i : UINT32_MAX));
			slot->value = (uint32_t)i;
		}
	check_int((long long)m.n, 20000);
	check(m.size >= 2 * m.n);
	free(m.slots);
}

static uint64_t own(const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void own_namespaces(void)
{
	struct err e = { 0 };
	struct ns_list l;
	const struct ns_task *t;

	check_int(ns_list_read(&l, ALL, NS_LIST_MOUNTS | NS_LIST_FDS | NS_LIST_RELATED, &e), 0);
	t = ns_list_task(&l, getpid());
	check(t != NULL);
	for (int k = 0; k < NS_KINDS; k++) {
		uint64_t ino = own(ns_kinds[k].file);
		const struct ns_entry *n = ns_list_find(&l, ino);

		check(t->ns[k] == ino);
		if (!ino)
			continue;
		check(n && n->ino == ino && n->kind == k);
		check(n->n_tasks > 0 && n->pid > 0 && n->pid <= getpid());
	}
	for (size_t i = 1; i < l.n_entries; i++)
		check(l.entries[i - 1].ino < l.entries[i].ino);
	for (size_t i = 1; i < l.n_tasks; i++)
		check(l.tasks[i - 1].pid < l.tasks[i].pid);
	check(!ns_list_find(&l, 1) && !ns_list_task(&l, 0));
	ns_list_release(&l);
	check(!l.n_entries && !l.entries);
}

static void some_kinds_only(void)
{
	struct err e = { 0 };
	struct ns_list l;

	for (int k = 0; k < NS_KINDS; k++) {
		check_int(ns_list_read(&l, 1u << k, NS_LIST_MOUNTS | NS_LIST_FDS | NS_LIST_UNSEEN, &e), 0);
		for (size_t i = 0; i < l.n_entries; i++)
			check(l.entries[i].kind == k);
		check((ns_list_find(&l, own(ns_kinds[k].file)) != NULL) == (own(ns_kinds[k].file) != 0));
		ns_list_release(&l);
	}
}

/* Ours alone, by a file and by a socket; as whoever may make one. */
static void kept_by_us(void)
{
	struct err e = { 0 };
	struct ns_list l;
	const struct ns_entry *n;
	uint64_t net, uts;
	int back[2], file, sock;

	back[0] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	back[1] = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	if (unshare(CLONE_NEWNET | CLONE_NEWUTS) < 0) {
		printf("# may not make namespaces: not tested\n");
		return;
	}
	net = own("net");
	uts = own("uts");
	file = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	check(file >= 0 && sock >= 0);
	check(setns(back[0], CLONE_NEWNET) == 0 && setns(back[1], CLONE_NEWUTS) == 0);
	check_int(ns_list_read(&l, ALL, 0, &e), 0);
	check(!ns_list_find(&l, net) && !ns_list_find(&l, uts));
	ns_list_release(&l);
	check_int(ns_list_read(&l, ALL, NS_LIST_FDS, &e), 0);
	n = ns_list_find(&l, uts);
	check(n && !n->n_tasks && !n->pid && n->path && !strncmp(n->path, "/proc/", 6));
	n = ns_list_find(&l, net);
	check(n && !n->n_tasks && !n->path && n->fd >= 0);
	check_str(kind_name(n->kind), "net");
	ns_list_release(&l);
	close(sock);
	close(file);
	check_int(ns_list_read(&l, ALL, NS_LIST_FDS, &e), 0);
	check(!ns_list_find(&l, net) && !ns_list_find(&l, uts));
	ns_list_release(&l);
}

int main(void)
{
	unit("links of /proc/PID/ns, and what is none", links);
	unit("namespaces among the mounts", mounts);
	unit("the map", map);
	unit("this process's own namespaces are in the list, sorted", own_namespaces);
	unit("a list of some kinds has no others", some_kinds_only);
	unit("a namespace that a file or a socket keeps", kept_by_us);
	return unit_done();
}
