#include "core/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/sys.h"

#define ETC_MAX ((size_t)4 << 20)

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

bool fd_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int take_fd(int *fd)
{
	int given = *fd;

	*fd = -1;
	return given;
}

int fd_open(int dir, const char *path, int flags, struct err *e)
{
	int fd = openat(dir, path, flags | O_CLOEXEC, 0600);

	return fd >= 0 ? fd : err_sys(e, path, "open");
}

int fd_open_dir(int dir, const char *path, struct err *e)
{
	int fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 ? fd : err_sys(e, path, NULL);
}

int fd_write(int fd, const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int fd_put(int dir, const char *path, const char *text, struct err *e)
{
	auto_close int fd = fd_open(dir, path, O_WRONLY, e);
	int rc;

	if (fd < 0)
		return fd;
	rc = fd_write(fd, text);
	if (rc < 0)
		err_set(e, -rc, path, "write \"%.*s\"", (int)strcspn(text, "\n"), text);
	return rc;
}

/* Up to the end of the file, or with `line` to the first line's. */
static ssize_t read_text(int fd, char *buf, size_t size, bool line)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, size - len);
		char *end;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		end = line ? memchr(buf + len, '\n', (size_t)n) : NULL;
		if (end)
			len = (size_t)(end - buf);
		if (n == 0 || end)
			break;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t fd_read(int fd, char *buf, size_t size)
{
	return read_text(fd, buf, size, false);
}

ssize_t fd_get(int dir, const char *path, char *buf, size_t size)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : read_text(fd, buf, size, false);
}

ssize_t fd_get_line(int dir, const char *path, char *buf, size_t size)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : read_text(fd, buf, size, true);
}

/* The rest of the file behind the `len` bytes in *text, which has room for `size`. */
static int slurp_rest(int fd, char **text, size_t len, size_t size, size_t max)
{
	for (;;) {
		ssize_t n = read(fd, *text + len, size - 1 - len);
		char *grown;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		(*text)[len] = '\0';
		if (n == 0) {
			(*text)[len + 1] = '\0';
			return 0;
		}
		if (len < size - 1)
			continue;
		if (size > max)
			return -EFBIG;
		grown = realloc(*text, size *= 2);
		if (!grown)
			return -ENOMEM;
		*text = grown;
	}
}

/* Most are small and fit into the stack first: memory of their size, and not of the largest there is. */
char *fd_slurp(int dir, const char *path, size_t max)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	char first[4096], *text;
	ssize_t n;
	int rc;

	if (fd < 0)
		return NULL;
	do
		n = read(fd, first, sizeof first);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return NULL;
	/* room for what a second read could bring tells the end of the file from a short read */
	text = malloc((size_t)n + 64);
	if (!text)
		return NULL;
	memcpy(text, first, (size_t)n);
	text[n] = '\0';
	rc = slurp_rest(fd, &text, (size_t)n, (size_t)n + 64, max);
	if (rc == 0)
		return text;
	free(text);
	errno = -rc;
	return NULL;
}

/* *room is what a buffer for it needs, with some to spare for a line that is just being added. */
static int open_etc(int root, const char *path, size_t *room, struct err *e)
{
	/* O_NONBLOCK: a FIFO would be waited for before anyone could see that it is one */
	auto_close int fd = sys_openat2(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	struct stat st;

	if (fd < 0)
		return err_sys(e, path, "open");
	if (fstat(fd, &st) < 0)
		return err_sys(e, path, NULL);
	if (!S_ISREG(st.st_mode))
		return err_set(e, EINVAL, path, "is no regular file");
	if (st.st_size > (off_t)ETC_MAX)
		return err_set(e, EFBIG, path, "is larger than 4 MiB");
	*room = (size_t)st.st_size + 512;
	return take_fd(&fd);
}

int fd_etc(char **text, const char *path, struct err *e)
{
	auto_close int root = fd_open_dir(AT_FDCWD, "/", e);
	size_t room = 0;
	auto_close int fd = root < 0 ? root : open_etc(root, path, &room, e);
	ssize_t len;

	if (fd < 0)
		return fd;
	*text = malloc(room);
	if (!*text)
		return err_set(e, ENOMEM, path, NULL);
	len = fd_read(fd, *text, room);
	if (len >= 0 && strlen(*text) == (size_t)len)
		return 0;
	free(*text);
	*text = NULL;
	/* a NUL byte would hide what follows it */
	return len < 0 ? err_set(e, (int)-len, path, "read") : err_set(e, EINVAL, path, "is no text file");
}
