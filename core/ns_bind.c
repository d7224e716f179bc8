#include "core/ns_bind.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <linux/nsfs.h>

#include "core/fd.h"
#include "core/ns.h"
#include "core/str.h"
#include "core/sys.h"

static int bind_one(const char *parent, const struct ns_bind *b, struct err *e)
{
	char from[64];
	int rc;

	str_join(from, sizeof from, parent, "/ns/", b->ns);
	if (mount(from, b->file, NULL, MS_BIND, NULL) == 0)
		return 0;
	rc = err_sys(e, b->file, "bind the %s namespace", b->ns);
	if (rc == -ENOENT && access(b->file, F_OK) == 0)
		err_hint(e, "%s is not there: a pid namespace can be bound once it has a process, which --fork gives it", from);
	else if (rc == -ENOENT)
		err_hint(e, "make the file first: touch %s", b->file);
	else if (rc == -EINVAL && b->ns[0] == 'm')
		err_hint(e, "the file must lie on a mount that is not shared: bind its folder on itself and make that private");
	return rc;
}

int ns_bind_all(const char *parent, const void *arg, struct err *e)
{
	const struct ns_binds *binds = arg;
	unsigned i = 0;

	while (i < binds->n && bind_one(parent, &binds->v[i], e) == 0)
		i++;
	if (i == binds->n)
		return 0;
	while (i-- > 0)
		umount2(binds->v[i].file, MNT_DETACH);
	return -EINVAL;
}

/* The number of our mount namespace, 0 where this kernel does not tell: NS_GET_MNTNS_ID, 6.11, ioctl_nsfs(2) */
static uint64_t mount_id(void)
{
	auto_close int fd = openat(AT_FDCWD, "/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	uint64_t id = 0;

	return fd >= 0 && ioctl(fd, _IOR(NSIO, 5, uint64_t), &id) == 0 ? id : 0;
}

/* One of the CPUs numbers from above `old`: the one that `old` was made on, if no other. */
static int make_on_another(uint64_t old, struct err *e)
{
	uint64_t id = 0;

	for (int cpu = 0; cpu < CPU_SETSIZE && id <= old; cpu++) {
		cpu_set_t one;
		int rc;

		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		/* there is no such CPU, or this cpuset does not have it */
		if (sched_setaffinity(0, sizeof one, &one) < 0)
			continue;
		rc = ns_unshare(CLONE_NEWNS, e);
		if (rc < 0)
			return rc;
		id = mount_id();
	}
	if (id > old)
		return 0;
	err_set(e, EINVAL, "mount namespace", "this kernel binds none that has a lower number than the one we are in");
	err_hint(e, "only the CPU that made the outer one gives a higher number, and this cpuset does not have it");
	return -EINVAL;
}

int ns_unshare_to_bind(unsigned flags, struct err *e)
{
	uint64_t old = mount_id();
	cpu_set_t own;
	int rc = ns_unshare(flags, e);

	if (rc < 0 || !old || mount_id() > old)
		return rc;
	if (sched_getaffinity(0, sizeof own, &own) < 0)
		return err_sys(e, "CPUs", NULL);
	rc = make_on_another(old, e);
	sched_setaffinity(0, sizeof own, &own);
	return rc;
}
