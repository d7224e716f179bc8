/* fd: who owns a file descriptor, and small things done with one. */
#ifndef CORE_FD_H
#define CORE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"

/* An owned descriptor: starts at -1 (or -EBADF), is closed at the end of its scope. */
#define auto_close __attribute__((cleanup(fd_close)))

/* Close *fd if it is one, and forget it. Keeps errno. */
void fd_close(int *fd);

/* Give the descriptor away: returns it and leaves -1 behind. */
int take_fd(int *fd);

/*
 * Open `path` below `dir` (or AT_FDCWD), always O_CLOEXEC. The fd, owned by the
 * caller, or -errno with *e naming the path. See open(2).
 */
int fd_open(int dir, const char *path, int flags, struct err *e);

/* open(2) with O_PATH | O_DIRECTORY. */
int fd_open_dir(int dir, const char *path, struct err *e);

/* Are both the same file, or namespace? Not where one cannot be looked at. */
bool fd_same(int a, int b);

/*
 * Write all of `text` in one write(2), as files of proc, sysfs and cgroupfs
 * want it; 0 or -errno. A short write is -EIO.
 */
int fd_write(int fd, const char *text);

/* Open, fd_write, close; -errno with *e naming the file and the value. */
int fd_put(int dir, const char *path, const char *text, struct err *e);

/*
 * Read up to size - 1 bytes and end them with NUL; the length or -errno.
 * A file that is longer is -EFBIG: nobody is to act on half a file.
 */
ssize_t fd_read(int fd, char *buf, size_t size);

/* Open, fd_read, close. No message: -errno only, since absence is often an answer. */
ssize_t fd_get(int dir, const char *path, char *buf, size_t size);

/* The first line, without its end: one read(2) where that brings it, as with the files of cgroupfs and sysfs. Else as fd_get. */
ssize_t fd_get_line(int dir, const char *path, char *buf, size_t size);

/*
 * A whole file of any size up to `max` bytes as a string that the caller frees, ended by
 * two NULs, so that a list of strings ends, too; NULL with errno (EFBIG: longer than max).
 */
char *fd_slurp(int dir, const char *path, size_t max);

/*
 * One of the tables below /etc of the current root, such as "etc/passwd", into
 * *text, to be freed. The root may be a container's and hostile: a regular text
 * file within it of at most 4 MiB, or -ENOENT and the like with *e.
 */
int fd_etc(char **text, const char *path, struct err *e);

#endif
