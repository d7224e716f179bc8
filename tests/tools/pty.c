/*
 * pty [-s ROWS COLS] COMMAND [ARG]...: runs the command on a terminal, and does
 * on it what the lines of the standard input say, one after the other:
 *
 *	expect TEXT     wait until the screen has shown that, since the last time
 *	send TEXT       type it; \n \r \e \\ and \xHH as in C
 *	size ROWS COLS  make the window that large
 *	mode raw|cooked wait until the terminal is in that mode
 *	kill SIGNAL     to the command, by number
 *	stopped         wait until the command is stopped
 *	hangup          close the window
 *	end N           wait for the command's end, with exit status N, or 128 + a signal's number
 *
 * All that is shown goes to the standard output, too. Status 1, and a line that
 * says which of them it was, where one does not come true in 20 s.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 20

static int master;
static pid_t child;
static char screen[1 << 20];
static size_t shown, seen; /* what is there, and up to where it has been expected */
static const char *doing;

static void fail(const char *why)
{
	fprintf(stderr, "pty: %s: %s; not yet looked at: \"%s\"\n", doing, why, screen + seen);
	kill(child, SIGKILL);
	exit(1);
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Take in what comes within a tenth of a second. */
static void look(void)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 100) <= 0)
		return;
	n = read(master, screen + shown, sizeof screen - 1 - shown);
	if (n <= 0) {
		/* nobody has it open */
		usleep(20000);
		return;
	}
	if (write(1, screen + shown, (size_t)n) < 0)
		exit(1);
	/* a NUL would end what is searched */
	for (char *c = screen + shown; c < screen + shown + n; c++)
		if (!*c)
			*c = '0';
	shown += (size_t)n;
	screen[shown] = '\0';
}

static void expect(const char *text)
{
	time_t end = now() + PATIENCE;
	char *at;

	while (!(at = strstr(screen + seen, text))) {
		if (now() > end)
			fail("is not shown");
		look();
	}
	seen = (size_t)(at - screen) + strlen(text);
}

static char named(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 'e':
		return '\033';
	default:
		return c;
	}
}

static int number(const char *text)
{
	return text ? (int)strtol(text, NULL, 10) : 0;
}

static void type(const char *text)
{
	char out[4096];
	size_t n = 0;

	for (; *text && n < sizeof out; text++) {
		if (*text != '\\') {
			out[n++] = *text;
			continue;
		}
		text++;
		if (*text == 'x') {
			out[n++] = (char)strtol((char[]){ text[1], text[2], 0 }, NULL, 16);
			text += 2;
		} else {
			out[n++] = named(*text);
		}
	}
	if (write(master, out, n) != (ssize_t)n)
		fail(strerror(errno));
}

static void wait_mode(const char *mode)
{
	time_t end = now() + PATIENCE;
	struct termios t;

	while (tcgetattr(master, &t) < 0 || !(t.c_lflag & ICANON) != !strcmp(mode, "raw")) {
		if (now() > end)
			fail("does not come");
		look();
	}
}

static void wait_child(bool stopped, int wanted)
{
	time_t end = now() + PATIENCE;
	int status;
	pid_t pid;

	while ((pid = waitpid(child, &status, WNOHANG | (stopped ? WUNTRACED : 0))) == 0) {
		if (now() > end)
			fail("does not happen");
		look();
	}
	/* its last words */
	look();
	if (pid < 0)
		fail(strerror(errno));
	if (stopped) {
		if (!WIFSTOPPED(status))
			fail("it has ended");
		return;
	}
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	if (status != wanted) {
		fprintf(stderr, "pty: it ended with %d\n", status);
		fail("another status");
	}
}

static void resize(int fd, const char *rows, const char *cols)
{
	struct winsize size = { .ws_row = (unsigned short)number(rows), .ws_col = (unsigned short)number(cols) };

	ioctl(fd, TIOCSWINSZ, &size);
}

static void act(char *line)
{
	char *rest = line;
	const char *word = strsep(&rest, " ");

	if (!strcmp(word, "expect") && rest)
		expect(rest);
	else if (!strcmp(word, "send") && rest)
		type(rest);
	else if (!strcmp(word, "size") && rest) {
		const char *rows = strsep(&rest, " ");

		resize(master, rows, rest);
	} else if (!strcmp(word, "mode") && rest)
		wait_mode(rest);
	else if (!strcmp(word, "kill") && rest)
		kill(child, number(rest));
	else if (!strcmp(word, "stopped"))
		wait_child(true, 0);
	else if (!strcmp(word, "end") && rest)
		wait_child(false, number(rest));
	else if (!strcmp(word, "hangup"))
		close(master);
	else if (*word && *word != '#')
		fail("no such word");
}

static void start(char **argv, const char *rows, const char *cols)
{
	int slave;

	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0 || (slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
		perror("pty");
		exit(1);
	}
	if (rows)
		resize(slave, rows, cols);
	child = fork();
	if (child == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int fd = 0; fd <= 2; fd++)
			dup2(slave, fd);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(slave);
}

int main(int argc, char **argv)
{
	char line[4096], copy[4096];
	bool sized = argc > 4 && !strcmp(argv[1], "-s");

	if (argc < 2)
		return 2;
	start(argv + (sized ? 4 : 1), sized ? argv[2] : NULL, sized ? argv[3] : NULL);
	doing = "start";
	while (fgets(line, sizeof line, stdin)) {
		char *from = line + strspn(line, "\t ");

		from[strcspn(from, "\n")] = '\0';
		strcpy(copy, from);
		doing = copy;
		act(from);
	}
	kill(child, SIGKILL);
	return 0;
}
