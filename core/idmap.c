#include "core/idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "core/fd.h"

int idmap_write_own(uid_t inner_uid, uid_t outer_uid, gid_t inner_gid, gid_t outer_gid, struct err *e)
{
	char map[64];
	int rc;

	snprintf(map, sizeof map, "%u %u 1\n", inner_uid, outer_uid);
	rc = fd_put(AT_FDCWD, "/proc/self/uid_map", map, e);
	if (rc < 0) {
		if (rc == -ENOENT)
			err_hint(e, "id maps are written through /proc: mount it first");
		return rc;
	}
	/* "deny" must stand before gid_map is written: user_namespaces(7) */
	rc = fd_put(AT_FDCWD, "/proc/self/setgroups", "deny", e);
	if (rc < 0)
		return rc;
	snprintf(map, sizeof map, "%u %u 1\n", inner_gid, outer_gid);
	return fd_put(AT_FDCWD, "/proc/self/gid_map", map, e);
}
