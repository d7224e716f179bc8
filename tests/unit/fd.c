/* fd: owners, and reading and writing small files. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/fd.h"
#include "tests/unit/unit.h"

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void closed_at_the_end_of_the_scope(void)
{
	int number;

	{
		auto_close int fd = open("/", O_RDONLY | O_CLOEXEC);

		number = fd;
		check(is_open(number));
		errno = ENOTTY;
	}
	check_int(errno, ENOTTY);
	check(!is_open(number));
	{
		auto_close int none = -EBADF;

		errno = ENOTTY;
		check(none < 0);
	}
	check_int(errno, ENOTTY);
}

static void a_given_fd_stays_open(void)
{
	int given;

	{
		auto_close int fd = open("/", O_RDONLY | O_CLOEXEC);

		given = take_fd(&fd);
		check_int(fd, -1);
	}
	check(is_open(given));
	fd_close(&given);
	check_int(given, -1);
}

static void opens_cloexec_and_names_what_fails(void)
{
	struct err e = { 0 };
	auto_close int fd = fd_open(AT_FDCWD, "/dev/null", O_RDWR, &e);
	auto_close int dir = fd_open_dir(AT_FDCWD, "/etc", &e);

	check(fd >= 0 && dir >= 0);
	check_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_int(fcntl(dir, F_GETFD), FD_CLOEXEC);
	check_int(fd_open(dir, "no/such", O_RDONLY, &e), -ENOENT);
	check_str(e.object, "no/such");
	check_int(fd_open_dir(AT_FDCWD, "/dev/null", &e), -ENOTDIR);
}

/* A fresh file, open for reading and writing, below no name. */
static int scratch(void)
{
	char path[] = "/tmp/nestbox-unit.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	check(fd >= 0);
	unlink(path);
	return fd;
}

static void reads_a_file_or_nothing(void)
{
	auto_close int fd = scratch();
	char buf[8] = "#######";

	check(write(fd, "1234567", 7) == 7);
	lseek(fd, 0, SEEK_SET);
	check_int(fd_read(fd, buf, sizeof buf), 7);
	check_str(buf, "1234567");
	check_int(fd_read(fd, buf, sizeof buf), 0);
	check_str(buf, "");
	check(write(fd, "8", 1) == 1);
	lseek(fd, 0, SEEK_SET);
	/* eight bytes leave no room for the NUL */
	check_int(fd_read(fd, buf, sizeof buf), -EFBIG);
	check_int(fd_read(-1, buf, sizeof buf), -EBADF);
}

static void gets_by_name(void)
{
	char buf[64];

	check_int(fd_get(AT_FDCWD, "/no/such", buf, sizeof buf), -ENOENT);
	check_int(fd_get(AT_FDCWD, "/", buf, sizeof buf), -EISDIR);
	check(fd_get(AT_FDCWD, "/proc/self/comm", buf, sizeof buf) > 0);
}

static void puts_in_one_write(void)
{
	struct err e = { 0 };
	auto_close int fd = scratch();
	char path[64], buf[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	check_int(fd_put(AT_FDCWD, path, "12 34\n", &e), 0);
	check_int(fd_get(AT_FDCWD, path, buf, sizeof buf), 6);
	check_str(buf, "12 34\n");
	check_int(fd_put(AT_FDCWD, "/proc/self/oom_score_adj", "word\n", &e), -EINVAL);
	check_str(e.what, "write \"word\"");
	check_int(fd_write(-1, "x"), -EBADF);
}

static void slurps_any_size(void)
{
	enum { SIZE = 100000 };
	auto_close int fd = scratch();
	char path[64], *text = malloc(SIZE), *got;

	check(text != NULL);
	memset(text, 'x', SIZE);
	check(write(fd, text, SIZE) == SIZE);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	got = fd_slurp(AT_FDCWD, path, 1 << 20);
	check(got && strlen(got) == SIZE && !memcmp(got, text, SIZE));
	free(got);
	check(!fd_slurp(AT_FDCWD, path, 1000));
	check_int(errno, EFBIG);
	check(!fd_slurp(AT_FDCWD, "/no/such", 1000));
	check_int(errno, ENOENT);
	free(text);
	/* a file of proc, made while it is read */
	got = fd_slurp(AT_FDCWD, "/proc/self/maps", 1 << 20);
	check(got && strchr(got, '\n'));
	free(got);
}

static void slurps_an_empty_file(void)
{
	char *got = fd_slurp(AT_FDCWD, "/dev/null", 10);

	check_str(got, "");
	free(got);
}

int main(void)
{
	unit("auto_close closes, keeps errno, and passes over what is none", closed_at_the_end_of_the_scope);
	unit("take_fd gives the descriptor away", a_given_fd_stays_open);
	unit("what is opened is O_CLOEXEC, and a failure names the path", opens_cloexec_and_names_what_fails);
	unit("fd_read reads all, or says that it is too much", reads_a_file_or_nothing);
	unit("fd_get reads by name", gets_by_name);
	unit("fd_put writes a value and names it when that fails", puts_in_one_write);
	unit("fd_slurp reads a file of any size up to a limit", slurps_any_size);
	unit("fd_slurp reads an empty file", slurps_an_empty_file);
	return unit_done();
}
