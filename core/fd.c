#include "core/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
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

ssize_t fd_read(int fd, char *buf, size_t size)
{
	size_t len = 0;

	for (;;) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == size)
			return -EFBIG;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

ssize_t fd_get(int dir, const char *path, char *buf, size_t size)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_read(fd, buf, size);
}

char *fd_slurp(int dir, const char *path, size_t max)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	size_t size = 4096, len = 0;
	char *text = fd < 0 ? NULL : malloc(size);

	while (text) {
		ssize_t n = read(fd, text + len, size - 1 - len);
		char *grown = text;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		len += (size_t)n;
		if (n == 0) {
			text[len] = '\0';
			return text;
		}
		if (len == size - 1) {
			errno = EFBIG;
			grown = size > max ? NULL : realloc(text, size *= 2);
		}
		if (!grown)
			break;
		text = grown;
	}
	free(text);
	return NULL;
}
