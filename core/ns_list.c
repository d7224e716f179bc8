#include "core/ns_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "core/fd.h"
#include "core/ns.h"
#include "core/ns_list_priv.h"
#include "core/str.h"
#include "core/sys.h"

/* Room for one more at the end of *v, which doubles. */
static void *grow(void *v, size_t n, size_t size)
{
	return n & (n - 1) || (n && n < 16) ? v : realloc(v, (n < 16 ? 16 : 2 * n) * size);
}

static struct ns_map_slot *slot_of(const struct ns_map *m, uint64_t key)
{
	/* Fibonacci hashing: inodes and cookies are consecutive numbers mostly */
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15ULL >> 32);

	while (m->slots[i &= m->size - 1].key && m->slots[i].key != key)
		i++;
	return &m->slots[i];
}

struct ns_map_slot *ns_map_at(struct ns_map *m, uint64_t key)
{
	struct ns_map_slot *slot;

	if (m->n * 2 >= m->size) {
		struct ns_map bigger = { .size = m->size ? m->size * 2 : 64, .n = m->n };

		bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
		if (!bigger.slots)
			return NULL;
		for (size_t i = 0; i < m->size; i++)
			if (m->slots[i].key)
				*slot_of(&bigger, m->slots[i].key) = m->slots[i];
		free(m->slots);
		*m = bigger;
	}
	slot = slot_of(m, key);
	if (!slot->key) {
		*slot = (struct ns_map_slot){ key, UINT32_MAX };
		m->n++;
	}
	return slot;
}

bool ns_scan_knows(const struct ns_scan *s, uint64_t ino)
{
	return s->known.size && slot_of(&s->known, ino)->key;
}

struct ns_entry *ns_scan_entry(struct ns_scan *s, uint64_t ino, int kind)
{
	struct ns_list *l = s->l;
	struct ns_map_slot *slot = ns_map_at(&s->known, ino);
	struct ns_entry *v;

	if (!slot)
		return NULL;
	if (slot->value != UINT32_MAX)
		return &l->entries[slot->value];
	v = grow(l->entries, l->n_entries, sizeof *v);
	if (!v)
		return NULL;
	l->entries = v;
	slot->value = (uint32_t)l->n_entries;
	v[l->n_entries] = (struct ns_entry){ .ino = ino, .kind = kind, .fd = -1 };
	return &v[l->n_entries++];
}

int ns_scan_kind(const struct ns_scan *s, int fd)
{
	int flag = ioctl(fd, NS_GET_NSTYPE);

	for (int k = 0; k < NS_KINDS; k++)
		if (flag > 0 && ns_kinds[k].flag == (unsigned)flag && s->kinds & 1u << k)
			return k;
	return -1;
}

int ns_list_parse(const char *text, uint64_t *ino)
{
	for (int k = 0; k < NS_KINDS; k++) {
		const char *rest = str_after(text, ns_kinds[k].file);
		char *end;

		if (!rest || rest[0] != ':' || rest[1] != '[' || rest[2] < '1' || rest[2] > '9')
			continue;
		*ino = strtoull(rest + 2, &end, 10);
		return strcmp(end, "]") ? -EINVAL : k;
	}
	return -EINVAL;
}

int ns_list_next_mount(char **text, struct ns_mount *m)
{
	while (**text) {
		char *line = *text, *field[5] = { NULL };

		*text += strcspn(line, "\n");
		if (**text)
			*(*text)++ = '\0';
		/* ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS ... - TYPE ...: proc_pid_mountinfo(5); only nsfs has such a ROOT */
		if (!strstr(line, " - nsfs "))
			continue;
		for (int i = 0; i < 5 && (field[i] = strsep(&line, " ")); i++)
			;
		if (!line || (m->kind = ns_list_parse(field[3], &m->ino)) < 0)
			continue;
		/* where several paths stand together, lines end them */
		if (!strstr(field[4], "\\012"))
			str_unescape(field[4]);
		m->path = strdup(field[4]);
		return m->path ? 1 : -ENOMEM;
	}
	return 0;
}

/* /proc/PID/ns/KIND is read and not followed: that would make an inode for each. 0 or -errno. */
static int read_link(const char *pid, int kind, uint64_t *ino)
{
	char path[64], text[64];
	ssize_t n;

	str_join(path, sizeof path, "/proc/", pid, "/ns/", ns_kinds[kind].file);
	n = readlink(path, text, sizeof text - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return ns_list_parse(text, ino) == kind ? 0 : -EINVAL;
}

static int read_task(struct ns_scan *s, const char *name, pid_t pid)
{
	struct ns_task t = { .pid = pid };
	struct ns_task *v;
	bool any = false;

	for (int k = 0; k < NS_KINDS; k++) {
		struct ns_entry *n;
		int rc;

		if (!(s->kinds & 1u << k))
			continue;
		rc = read_link(name, k, &t.ns[k]);
		/* no ptrace access, hence to none of them; a zombie has only some, though: ENOENT */
		if (rc == -EACCES)
			break;
		if (rc < 0)
			continue;
		n = ns_scan_entry(s, t.ns[k], k);
		if (!n)
			return -ENOMEM;
		n->n_tasks++;
		if (!n->pid || pid < n->pid)
			n->pid = pid;
		any = true;
	}
	if (!any)
		return 0;
	v = grow(s->l->tasks, s->l->n_tasks, sizeof *v);
	if (!v)
		return -ENOMEM;
	s->l->tasks = v;
	v[s->l->n_tasks++] = t;
	return 0;
}

static int read_tasks(struct ns_scan *s, struct err *e)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int rc = 0;

	if (!dir)
		return err_sys(e, "/proc", "open");
	while (rc == 0 && (d = readdir(dir))) {
		long long pid;

		if (str_num(d->d_name, 1, INT32_MAX, &pid) == 0)
			rc = read_task(s, d->d_name, (pid_t)pid);
	}
	closedir(dir);
	return rc < 0 ? err_set(e, -rc, "/proc", NULL) : 0;
}

/* What no process is in gets the first of its names for a path. */
static int read_mounts(struct ns_scan *s, struct err *e)
{
	char *text = fd_slurp(AT_FDCWD, "/proc/self/mountinfo", 1 << 26), *rest = text;
	struct ns_list *l = s->l;
	struct ns_mount m;
	int rc;

	if (!text)
		return err_sys(e, "/proc/self/mountinfo", "read");
	while ((rc = ns_list_next_mount(&rest, &m)) > 0) {
		struct ns_mount *v = grow(l->mounts, l->n_mounts, sizeof *v);
		struct ns_entry *n;

		if (!v) {
			free(m.path);
			rc = -ENOMEM;
			break;
		}
		l->mounts = v;
		v[l->n_mounts++] = m;
		if (!(s->kinds & 1u << m.kind))
			continue;
		n = ns_scan_entry(s, m.ino, m.kind);
		if (n && !n->n_tasks && !n->path)
			n->path = strdup(m.path);
		if (!n) {
			rc = -ENOMEM;
			break;
		}
	}
	free(text);
	return rc < 0 ? err_set(e, -rc, "/proc/self/mountinfo", NULL) : 0;
}

int ns_list_open(const struct ns_entry *n)
{
	char path[64];
	struct stat st;
	int fd;

	if (n->fd >= 0)
		return fcntl(n->fd, F_DUPFD_CLOEXEC, 0);
	snprintf(path, sizeof path, "/proc/%d/ns/%s", n->pid, ns_kinds[n->kind].file);
	/* not to wait for what may have come into the place of a mount: a fifo */
	fd = open(n->path ? n->path : path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_ino == n->ino && ioctl(fd, NS_GET_NSTYPE) == (int)ns_kinds[n->kind].flag)
		return fd;
	close(fd);
	return -ESTALE;
}

int ns_list_owner(const struct ns_entry *n, uid_t *uid)
{
	auto_close int fd = ns_list_open(n), user = -1;

	if (fd < 0)
		return fd;
	if (ns_kinds[n->kind].flag != CLONE_NEWUSER) {
		user = ioctl(fd, NS_GET_USERNS);
		return user < 0 || ioctl(user, NS_GET_OWNER_UID, uid) < 0 ? -errno : 0;
	}
	return ioctl(fd, NS_GET_OWNER_UID, uid) < 0 ? -errno : 0;
}

/* What is lacking here, and says nothing of the namespace. */
static bool is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}

/* The namespace that `request` leads to from fd: its inode, 0 where there is none in sight; kept in the list where nothing else shows it. */
static int relative(struct ns_scan *s, int fd, unsigned long request, uint64_t *ino)
{
	auto_close int to = ioctl(fd, request);
	struct ns_entry *n;
	struct stat st;
	int kind;

	if (to < 0)
		return errno == ENOTTY || is_shortage(errno) ? -errno : 0;
	if (fstat(to, &st) < 0)
		return 0;
	*ino = st.st_ino;
	if (!s->unseen || ns_scan_knows(s, st.st_ino) || (kind = ns_scan_kind(s, to)) < 0)
		return 0;
	n = ns_scan_entry(s, st.st_ino, kind);
	if (!n)
		return -ENOMEM;
	n->fd = take_fd(&to);
	return 0;
}

/* The list grows while this runs: relatives have relatives. */
static int read_relatives(struct ns_scan *s, struct err *e)
{
	for (size_t i = 0; i < s->l->n_entries; i++) {
		const struct ns_entry *n = &s->l->entries[i];
		unsigned flag = ns_kinds[n->kind].flag;
		auto_close int fd = ns_list_open(n);
		uint64_t parent = 0, owner = 0;
		int rc = 0;

		if (is_shortage(-fd))
			return err_set(e, -fd, "namespace", "open");
		if (fd < 0)
			continue;
		/* the other kinds have no parents: ioctl_ns(2) */
		if (flag == CLONE_NEWPID || flag == CLONE_NEWUSER)
			rc = relative(s, fd, NS_GET_PARENT, &parent);
		if (rc == 0)
			rc = relative(s, fd, NS_GET_USERNS, &owner);
		if (rc < 0)
			return err_set(e, -rc, "namespace", "ask for its owner");
		s->l->entries[i].parent = parent;
		s->l->entries[i].owner = owner;
	}
	return 0;
}

static int by_ino(const void *a, const void *b)
{
	const struct ns_entry *x = a, *y = b;

	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int by_pid(const void *a, const void *b)
{
	const struct ns_task *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Kinds that this kernel does not have are no failure, and are not asked for with each process. */
static int start(struct ns_scan *s, struct err *e)
{
	struct stat st;
	uint64_t ino;

	if (stat("/proc/self/ns/user", &st) < 0 && stat("/proc/self/ns/mnt", &st) < 0) {
		err_sys(e, "/proc/self/ns", NULL);
		err_hint(e, "is proc mounted on /proc?");
		return -e->code;
	}
	s->dev = st.st_dev;
	for (int k = 0; k < NS_KINDS; k++)
		if (read_link("self", k, &ino) < 0)
			s->kinds &= ~(1u << k);
	return 0;
}

int ns_list_read(struct ns_list *l, unsigned kinds, unsigned what, struct err *e)
{
	struct ns_scan s = { .l = l, .kinds = kinds, .unseen = what & NS_LIST_UNSEEN };
	int rc;

	*l = (struct ns_list){ 0 };
	rc = start(&s, e);
	if (rc == 0)
		rc = read_tasks(&s, e);
	if (rc == 0 && what & NS_LIST_MOUNTS)
		rc = read_mounts(&s, e);
	if (rc == 0 && what & NS_LIST_FDS)
		rc = ns_scan_fds(&s) < 0 ? err_set(e, ENOMEM, "/proc", NULL) : 0;
	if (rc == 0 && what & (NS_LIST_RELATED | NS_LIST_UNSEEN))
		rc = read_relatives(&s, e);
	free(s.known.slots);
	free(s.sockets.slots);
	free(s.cookies.slots);
	if (l->n_entries)
		qsort(l->entries, l->n_entries, sizeof *l->entries, by_ino);
	if (l->n_tasks)
		qsort(l->tasks, l->n_tasks, sizeof *l->tasks, by_pid);
	return rc;
}

void ns_list_release(struct ns_list *l)
{
	for (size_t i = 0; i < l->n_entries; i++) {
		free(l->entries[i].path);
		fd_close(&l->entries[i].fd);
	}
	for (size_t i = 0; i < l->n_mounts; i++)
		free(l->mounts[i].path);
	free(l->entries);
	free(l->mounts);
	free(l->tasks);
	*l = (struct ns_list){ 0 };
}

struct ns_entry *ns_list_find(const struct ns_list *l, uint64_t ino)
{
	const struct ns_entry key = { .ino = ino };

	return l->n_entries ? bsearch(&key, l->entries, l->n_entries, sizeof key, by_ino) : NULL;
}

struct ns_task *ns_list_task(const struct ns_list *l, pid_t pid)
{
	const struct ns_task key = { .pid = pid };

	return l->n_tasks ? bsearch(&key, l->tasks, l->n_tasks, sizeof key, by_pid) : NULL;
}
