/* Why a map was not written: the kernel says a number, and newuidmap not even that. user_namespaces(7) */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/nsfs.h>

#include "applets/maps.h"
#include "core/cred.h"
#include "core/fd.h"
#include "core/ns.h"

/* ---- newuidmap and newgidmap ---- */

/* Do the lines of whoever calls it cover the range? */
static bool has_line(const struct maps *m, int i, const struct idmap_range *r)
{
	struct idmap own = { 0 };
	struct err unused = { 0 };
	char *text = NULL;
	bool has = maps_read_subids(maps_subids[i], &text, &unused) == 0 && idmap_subid_all(text, m->who ? m->who : "", m->uid, &own, &unused) == 0 &&
		   idmap_covers(&own, r->outer, r->count);

	idmap_release(&own);
	free(text);
	return has;
}

/* It has said on stderr what it did not like; here is what would please it. */
static void hint_tool(const struct maps *m, int i, struct err *e)
{
	for (size_t k = 0; k < m->map[i].n; k++) {
		const struct idmap_range *r = &m->map[i].v[k];

		if ((r->count == 1 && r->outer == (i ? m->gid : m->uid)) || has_line(m, i, r))
			continue;
		/* with a line for that one, anybody is root */
		if (!r->outer)
			err_hint(e, "%u:%u:%u takes id 0 in, which is root's: only root gives that away", r->inner, r->outer, r->count);
		err_hint(e, "it must be setuid or have file capabilities, and wants a line in %s that covers %s:%u:%u", maps_subids[i], m->who, r->outer, r->count);
	}
	err_hint(e, "it must be setuid or have file capabilities; %s covers all of the map", maps_subids[i]);
}

void maps_hint(const struct maps *m, struct err *e)
{
	for (int i = 0; i < 2; i++)
		if (!strcmp(e->object, idmap_tools[i]))
			hint_tool(m, i, e);
	if (e->code != EPERM && e->code != EACCES)
		return;
	if (m->uid)
		ns_hint_user(e);
	err_hint(e, "each range must lie within one that is mapped here, as /proc/self/uid_map says, and id 0 takes CAP_SETFCAP");
}

/* ---- the kernel, for another process's namespace ---- */

static bool is_written(int dir, const char *file)
{
	char line[64];

	return fd_get_line(dir, file, line, sizeof line) != 0;
}

/* Each once: and the first namespace of all has had its own from the start. */
static void hint_written(int dir, int i, struct err *e)
{
	auto_close int ns = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC), own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	if (!is_written(dir, i ? "gid_map" : "uid_map"))
		return;
	if (fd_same(ns, own))
		err_hint(e, "it is in no user namespace but the one that this process is in, too, whose maps are there already");
	err_hint(e, "its %s is written already, and that goes once", maps_names[i]);
}

/* Its writer must be in the parent namespace, or in itself; and may be somebody else than who made it only with a capability. */
static void hint_place(int dir, struct err *e)
{
	auto_close int ns = openat(dir, "ns/user", O_RDONLY | O_CLOEXEC), own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	auto_close int parent = ns < 0 ? -1 : ioctl(ns, NS_GET_PARENT);
	struct cred_sets caps = { 0 };
	uid_t owner;

	if (ns < 0)
		err_hint(e, "its user namespace is not to be seen from this one, and a map is written from the one around it");
	if (ns < 0 || own < 0 || cred_get_active(&caps, &(struct err){ 0 }) < 0)
		return;
	if (!fd_same(ns, own) && !fd_same(parent, own))
		err_hint(e, "its user namespace lies in another one than this process's, and a map is written from the one around it");
	if (!(caps.effective & CRED_CAP(CAP_SYS_ADMIN)) && ioctl(ns, NS_GET_OWNER_UID, &owner) == 0 && owner != geteuid())
		err_hint(e, "user %u has made its user namespace: another one needs CAP_SYS_ADMIN over it", owner);
}

/* Another user's process lets nobody but root open its files. */
static void hint_owner(int dir, struct err *e)
{
	struct stat st;

	if (fstat(dir, &st) == 0)
		err_hint(e, "the process is somebody else's: user %u's, or may not be dumped", st.st_uid);
}

void maps_hint_setgroups(int dir, struct err *e)
{
	if (e->code == EACCES)
		hint_owner(dir, e);
	else if (e->code == EPERM && is_written(dir, "gid_map"))
		err_hint(e, "it cannot be changed once the gid map is written, and this one's is");
	else if (e->code == EPERM)
		err_hint(e, "it is deny, and never goes back to allow");
}

void maps_hint_other(const struct maps *m, int dir, struct err *e)
{
	const char *file = strrchr(e->object, '/');
	int i = file && !strcmp(file, "/gid_map");

	if (e->code == EACCES)
		hint_owner(dir, e);
	if (e->code == EPERM) {
		hint_written(dir, i, e);
		hint_place(dir, e);
	}
	if (e->code == ESRCH)
		err_hint(e, "the process has ended");
	maps_hint(m, e);
}
