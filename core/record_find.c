/* record: finding a container that lives, by what people call it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/record.h"
#include "core/record_priv.h"

/* By its name: the link's text is the ID. */
static bool find_name(int state, const char *name, char id[RECORD_ID_LEN + 1])
{
	struct err unused = { 0 };
	char path[64 + 80];
	ssize_t n;

	if (record_name_check(name, &unused) < 0)
		return false;
	snprintf(path, sizeof path, "names/%s", name);
	n = readlinkat(state, path, id, RECORD_ID_LEN + 1);
	if (n != RECORD_ID_LEN)
		return false;
	id[n] = '\0';
	return true;
}

/* By the beginning of its ID, which only one may have. 1, 0, or -EEXIST. */
static int find_id(int state, const char *prefix, char id[RECORD_ID_LEN + 1])
{
	DIR *d = fdopendir(fcntl(state, F_DUPFD_CLOEXEC, 0));
	size_t len = strlen(prefix);
	struct dirent *ent;
	int found = 0;

	if (len && len <= RECORD_ID_LEN && !prefix[strspn(prefix, "0123456789abcdef")])
		while (d && (ent = readdir(d))) {
			if (!record_is_id(ent->d_name) || strncmp(ent->d_name, prefix, len))
				continue;
			memcpy(id, ent->d_name, RECORD_ID_LEN + 1);
			found++;
		}
	if (d)
		closedir(d);
	return found > 1 ? -EEXIST : found;
}

int record_running(const char *name, char id[RECORD_ID_LEN + 1], char *text, size_t size, struct err *e)
{
	auto_close int state = record_dir_there("");
	auto_close int lock = -1;
	char path[64];
	int rc = 0;

	if (state >= 0)
		rc = find_name(state, name, id) ? 1 : find_id(state, name, id);
	if (rc == -EEXIST)
		return err_set(e, EEXIST, name, "more than one container's ID begins so");
	if (rc == 0)
		return err_set(e, ENOENT, name, "there is no such container");
	snprintf(path, sizeof path, "%s/record", id);
	lock = record_lock(state, path, 0, LOCK_EX | LOCK_NB);
	if (lock != -EWOULDBLOCK)
		return err_set(e, ESRCH, name, "the container has ended");
	rc = (int)fd_get(state, path, text, size);
	return rc < 0 ? err_set(e, -rc, name, "read the container's record") : 0;
}
