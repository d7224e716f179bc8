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
	auto_close int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
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

/* The next candidate along `list`; an empty piece is the working directory. */
static bool next_path(const char **list, const char *name, char *path, size_t size)
{
	char dir[4096];
	int len;

	while ((len = str_next(list, ':', dir, sizeof dir)) != -ENOENT)
		if (len >= 0 && str_join(path, size, dir, len ? "/" : "", name) < size)
			return true;
	return false;
}

static const char *path_list(void)
{
	const char *list = getenv("PATH");

	return list ? list : DEFAULT_PATH;
}

bool proc_in_path(const char *name)
{
	char path[4096 + 256];

	for (const char *rest = path_list(); next_path(&rest, name, path, sizeof path);)
		if (access(path, X_OK) == 0)
			return true;
	return false;
}

static int exec_along(const char *list, char *const argv[], struct err *e)
{
	char path[4096 + 256], denied[sizeof path] = "";

	for (const char *rest = list; next_path(&rest, argv[0], path, sizeof path);) {
		try_exec(path, argv);
		if (errno == EACCES)
			str_join(denied, sizeof denied, path);
		else if (errno != ENOENT && errno != ENOTDIR)
			return exec_failed(path, errno, e);
	}
	if (denied[0])
		return exec_failed(denied, EACCES, e);
	/* what is there all the same lacks its interpreter */
	for (const char *rest = list; next_path(&rest, argv[0], path, sizeof path);)
		if (access(path, F_OK) == 0)
			return exec_failed(path, ENOENT, e);
	e->status = 127;
	return err_set(e, ENOENT, argv[0], "not found in PATH");
}

int proc_exec(char *const argv[], struct err *e)
{
	if (!*argv[0]) {
		e->status = 127;
		return err_set(e, ENOENT, "\"\"", "cannot execute");
	}
	if (!strchr(argv[0], '/'))
		return exec_along(path_list(), argv, e);
	try_exec(argv[0], argv);
	return exec_failed(argv[0], errno, e);
}

int proc_exec_login(const char *shell, struct err *e)
{
	const char *base = strrchr(shell, '/');
	char name[256] = "-", *argv[2] = { name, NULL };

	str_join(name + 1, sizeof name - 1, base ? base + 1 : shell);
	try_exec(shell, argv);
	return exec_failed(shell, errno, e);
}
