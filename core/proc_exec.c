/* Executing the command, and finding out why that did not work. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/proc.h"
#include "core/str.h"

extern char **environ;

/* What glibc's execvp(3) takes where PATH is unset; musl's own differs. */
#define DEFAULT_PATH "/bin:/usr/bin"

/* A text file without "#!" is sh's: execvp(3) of glibc, which musl's leaves out. */
static void exec_by_sh(const char *path, char *const argv[])
{
	size_t n = 0;
	char **v;

	while (argv[n])
		n++;
	v = calloc(n + 2, sizeof *v);
	if (!v)
		return;
	v[0] = (char *)"/bin/sh";
	v[1] = (char *)path;
	for (size_t i = 1; i < n; i++)
		v[i + 1] = argv[i];
	execve(v[0], v, environ);
	free(v);
	/* what the user is to hear is the file's own failure */
	errno = ENOEXEC;
}

static void try_exec(const char *path, char *const argv[])
{
	execve(path, argv, environ);
	if (errno == ENOEXEC)
		exec_by_sh(path, argv);
}

/* The dynamic linker that an ELF file names, into buf; false where there is none. */
static bool elf_interp(int fd, char *buf, size_t size)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (pread(fd, &eh, sizeof eh, 0) != (ssize_t)sizeof eh || memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof ph)
		return false;
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		off_t at = (off_t)(eh.e_phoff + i * sizeof ph);

		if (pread(fd, &ph, sizeof ph, at) != (ssize_t)sizeof ph)
			return false;
		if (ph.p_type != PT_INTERP)
			continue;
		if (ph.p_filesz == 0 || ph.p_filesz > size || pread(fd, buf, ph.p_filesz, (off_t)ph.p_offset) != (ssize_t)ph.p_filesz)
			return false;
		buf[ph.p_filesz - 1] = '\0';
		return true;
	}
	return false;
}

/* The file is there and yet execve says ENOENT: its interpreter is not. */
static void hint_interpreter(const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char buf[256];
	ssize_t n;

	if (fd < 0)
		return;
	if (elf_interp(fd, buf, sizeof buf)) {
		err_hint(e, "%s is linked dynamically and its loader %s is missing", path, buf);
		return;
	}
	n = pread(fd, buf, sizeof buf - 1, 0);
	if (n < 3 || memcmp(buf, "#!", 2))
		return;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	err_hint(e, "%s is a script and its interpreter \"%s\" is missing", path, buf + 2 + strspn(buf + 2, " \t"));
}

static void hint_denied(const char *path, struct err *e)
{
	struct statvfs fs;
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	if (S_ISDIR(st.st_mode))
		err_hint(e, "%s is a directory", path);
	else if (!(st.st_mode & 0111))
		err_hint(e, "%s has no execute permission (mode %04o)", path, st.st_mode & 07777);
	else if (statvfs(path, &fs) == 0 && fs.f_flag & ST_NOEXEC)
		err_hint(e, "the file system of %s is mounted noexec", path);
}

static int exec_failed(const char *path, int code, struct err *e)
{
	int rc = err_set(e, code, path, "cannot execute");

	/* 126 found but not executable, 127 not found: POSIX; what util-linux does with a file on the way is 126 */
	e->status = code == ENOENT ? 127 : 126;
	if (code == ENOENT)
		hint_interpreter(path, e);
	else if (code == EACCES)
		hint_denied(path, e);
	else if (code == ENOEXEC)
		err_hint(e, "%s is no program for this machine", path);
	return rc;
}

int proc_exec(char *const argv[], struct err *e)
{
	const char *name = argv[0], *rest = getenv("PATH");
	char dir[4096], path[4096 + 256], denied[sizeof path] = "";
	int len;

	if (!*name) {
		e->status = 127;
		return err_set(e, ENOENT, "\"\"", "cannot execute");
	}
	if (strchr(name, '/')) {
		try_exec(name, argv);
		return exec_failed(name, errno, e);
	}
	if (!rest)
		rest = DEFAULT_PATH;
	while ((len = str_next(&rest, ':', dir, sizeof dir)) != -ENOENT) {
		/* an empty piece is the working directory */
		if (len < 0 || snprintf(path, sizeof path, "%s%s%s", dir, len ? "/" : "", name) >= (int)sizeof path)
			continue;
		try_exec(path, argv);
		if (errno == EACCES)
			snprintf(denied, sizeof denied, "%s", path);
		else if (errno != ENOENT && errno != ENOTDIR)
			return exec_failed(path, errno, e);
		else if (access(path, F_OK) == 0)
			return exec_failed(path, errno = ENOENT, e);
	}
	if (denied[0])
		return exec_failed(denied, EACCES, e);
	e->status = 127;
	return err_set(e, ENOENT, name, "not found in PATH");
}
