/* Ranges of ids, so that no two containers are the same users outside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/record.h"
#include "core/record_priv.h"

/* Taken, which the lock says, or free, also where nobody has ever had it. */
static int try_range(int dir, const char *name, struct record_range *r)
{
	int lock = dir < 0 ? -ENOENT : record_lock(dir, name, r != NULL, LOCK_EX | LOCK_NB);

	if (!r && lock >= 0)
		close(lock);
	else if (lock >= 0)
		r->lock = lock;
	return !r && lock == -ENOENT ? 0 : lock;
}

int record_range_claim(struct record_range *r, unsigned start, unsigned count, unsigned n, struct err *e)
{
	auto_close int dir = r ? record_dir("ranges", e) : record_dir_there("ranges");
	char name[16];

	if (r && dir < 0)
		return dir;
	for (unsigned i = 0; i < n; i++) {
		int rc;

		snprintf(name, sizeof name, "%u", start + i * count);
		rc = try_range(dir, name, r);
		if (rc == -EWOULDBLOCK)
			continue;
		if (rc < 0)
			return err_set(e, -rc, name, "claim the range of ids");
		if (r)
			snprintf(r->name, sizeof r->name, "%s", name);
		return (int)i;
	}
	return 0;
}

void record_range_release(struct record_range *r)
{
	struct err unused = { 0 };
	auto_close int dir = r->lock < 0 ? -1 : record_dir("ranges", &unused);

	/* while it is ours: who has opened it meanwhile finds that out */
	if (dir >= 0)
		unlinkat(dir, r->name, 0);
	fd_close(&r->lock);
}
