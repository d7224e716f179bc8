/* err: what is filled in, cut, quoted, and sent through a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "core/err.h"
#include "tests/unit/unit.h"

static void returns_the_code(void)
{
	struct err e = { 0 };

	check_int(err_set(&e, ENOENT, "/x", "open"), -ENOENT);
	check_int(e.code, ENOENT);
	check_int(err_set(&e, 0, "/x", NULL), -EINVAL);
	check_int(e.code, 0);
	errno = EACCES;
	check_int(err_sys(&e, "/x", "read %d", 7), -EACCES);
	check_str(e.what, "read 7");
	check_int(err_bad(&e, "--x", "is bad"), -EINVAL);
	check_int(e.code, 0);
}

static void makes_a_line(void)
{
	struct err e = { 0 };
	char line[256];

	err_set(&e, ENOENT, "/x", "open");
	err_line(&e, line, sizeof line);
	check_str(line, "/x: open: No such file or directory");
	err_set(&e, ENOENT, "/x", NULL);
	err_line(&e, line, sizeof line);
	check_str(line, "/x: No such file or directory");
	err_bad(&e, "--x", "is bad");
	err_line(&e, line, sizeof line);
	check_str(line, "--x: is bad");
	err_bad(&e, NULL, "is bad");
	err_line(&e, line, sizeof line);
	check_str(line, "is bad");
	err_line(&e, line, 4);
	check_str(line, "is ");
}

static void hints_belong_to_a_failure(void)
{
	struct err e = { 0 };

	err_hint(&e, "first %d", 1);
	err_hint(&e, "second");
	check_str(e.hint, "first 1");
	/* a new failure has none yet: the old one's would mislead */
	err_set(&e, EPERM, "/x", NULL);
	check_str(e.hint, "");
}

static void cuts_what_is_too_long(void)
{
	struct err e = { 0 };
	char text[4096], line[8192];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	err_set(&e, ENOENT, text, "%s", text);
	err_hint(&e, "%s", text);
	check_int((long long)strlen(e.object), sizeof e.object - 1);
	check_int((long long)strlen(e.what), sizeof e.what - 1);
	check_int((long long)strlen(e.hint), sizeof e.hint - 1);
	err_line(&e, line, sizeof line);
	check(strlen(line) < sizeof e.object + sizeof e.what + 128);
}

static void quotes_control_characters(void)
{
	char buf[64];

	err_quote("plain \xc3\xa4 text", buf, sizeof buf);
	check_str(buf, "plain \xc3\xa4 text");
	err_quote("\033[31m\n\t\177", buf, sizeof buf);
	check_str(buf, "\\x1b[31m\\x0a\\x09\\x7f");
	err_quote("", buf, sizeof buf);
	check_str(buf, "");
}

static void quoting_never_overruns(void)
{
	static const char text[] = "a\nb\033c\177d\n\n\n";

	for (size_t size = 1; size < 40; size++) {
		char buf[48];

		memset(buf, '#', sizeof buf);
		err_quote(text, buf, size);
		check(memchr(buf, '\0', size));
		for (size_t i = size; i < sizeof buf; i++)
			check(buf[i] == '#');
		/* an escape is whole or not there */
		check(!strchr(buf, '\\') || strlen(strrchr(buf, '\\')) >= 4);
	}
}

static void goes_through_a_pipe(void)
{
	struct err sent = { 0 }, got = { 0 };
	int fd[2];

	check(sizeof sent <= PIPE_BUF);
	check(pipe2(fd, O_CLOEXEC) == 0);
	err_set(&sent, EPERM, "/x", "do %s", "it");
	err_hint(&sent, "try harder");
	sent.status = 126;
	check_int(err_send(fd[1], &sent), 0);
	close(fd[1]);
	check_int(err_recv(fd[0], &got), 1);
	check(!memcmp(&sent, &got, sizeof sent));
	check_int(err_recv(fd[0], &got), 0);
	close(fd[0]);
	check_int(err_recv(fd[0], &got), -EBADF);
	check_int(err_send(fd[0], &sent), -EBADF);
}

static void half_a_failure_is_none(void)
{
	struct err got;
	int fd[2];

	check(pipe2(fd, O_CLOEXEC) == 0);
	check(write(fd[1], "abc", 3) == 3);
	close(fd[1]);
	check_int(err_recv(fd[0], &got), -EIO);
}

int main(void)
{
	unit("err_set and its kin return the negative code", returns_the_code);
	unit("a failure is one line of object, what and strerror", makes_a_line);
	unit("the first hint stays as long as the failure does", hints_belong_to_a_failure);
	unit("what is too long is cut", cuts_what_is_too_long);
	unit("control characters are written as \\xNN, UTF-8 is left alone", quotes_control_characters);
	unit("quoting never writes behind the buffer and leaves no half escape", quoting_never_overruns);
	unit("a failure goes through a pipe in one piece", goes_through_a_pipe);
	unit("half a failure is -EIO", half_a_failure_is_none);
	return unit_done();
}
