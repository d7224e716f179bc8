/* Names of network namespaces; and what users write for one, as far as nothing has to be there. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/nsfs.h>

#include "core/fd.h"
#include "core/netns.h"
#include "tests/unit/unit.h"

static void names(void)
{
	struct err e = { 0 };
	char longest[NAME_MAX + 2];

	memset(longest, 'x', sizeof longest);
	longest[NAME_MAX] = '\0';
	check_int(netns_name_check("a", &e), 0);
	check_int(netns_name_check("a b\n-", &e), 0);
	check_int(netns_name_check("...", &e), 0);
	check_int(netns_name_check(longest, &e), 0);
}

static void no_names(void)
{
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "../a", "a/", "/a" };
	struct err e = { 0 };
	char longer[NAME_MAX + 2];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		check_int(netns_name_check(bad[i], &e), -EINVAL);
		check(!netns_name_taken(bad[i]));
		check_int(netns_open(bad[i], &e), -EINVAL);
		check_int(netns_bind(bad[i], -1, &e), -EINVAL);
		check_int(netns_delete(bad[i], &e), -EINVAL);
	}
	memset(longer, 'x', sizeof longer);
	longer[NAME_MAX + 1] = '\0';
	check_int(netns_name_check(longer, &e), -EINVAL);
	check(!netns_name_taken(longer));
}

/* The namespace that we are in, by all that leads to it. */
static void own(void)
{
	static const char *const ways[] = { "self", "/proc/self/ns/net" };
	struct err e = { 0 };
	auto_close int fd = netns_open_own(&e);
	struct stat st, same;

	check(fd >= 0 && fstat(fd, &st) == 0);
	check_int(ioctl(fd, NS_GET_NSTYPE), CLONE_NEWNET);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		auto_close int other = netns_open_target(ways[i], &e);

		check(other >= 0 && fstat(other, &same) == 0);
		check(st.st_ino == same.st_ino);
	}
	fd_close(&fd);
	fd = netns_open_pid(getpid(), &e);
	check(fd >= 0 && fstat(fd, &same) == 0);
	check(st.st_ino == same.st_ino);
}

static void no_namespaces(void)
{
	static const char *const bad[] = { "/dev/null", "/proc/self/ns/uts", "/nowhere/at/all", "/", "there-is-no-such-name", "", ".." };
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		check(netns_open_target(bad[i], &e) < 0);
		check(e.object[0]);
	}
}

int main(void)
{
	unit("what is a name", names);
	unit("what is none, for all that take one", no_names);
	unit("our own namespace, by all ways that lead to it", own);
	unit("what is no network namespace", no_namespaces);
	return unit_done();
}
