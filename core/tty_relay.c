/* The caller's end: what is typed goes in, what is shown comes out, until there is nobody left to show it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/tty.h"

/* As many bytes as a pipe that poll(2) has said has room takes at once: pipe(7). A terminal of less. */
#define PIECE 4096
#define TERMINAL_PIECE 128

enum { INPUT, OUTPUT, MESSAGES };

/*
 * A terminal's file descriptor is shared with the caller, and so would be its
 * O_NONBLOCK: one of our own. Where it cannot be opened again (somebody else's,
 * after su) it is shared, and what is written to it at once is little.
 */
static int own_end(int fd, int flags)
{
	char path[32];
	int own;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	own = isatty(fd) ? open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

/* Both are owned from here on. */
static void open_way(struct tty_way *w, int from, int to)
{
	w->from = from;
	w->to = to;
	w->piece = isatty(to) && !(fcntl(to, F_GETFL) & O_NONBLOCK) ? TERMINAL_PIECE : PIECE;
}

static void close_way(struct tty_way *w)
{
	fd_close(&w->from);
	fd_close(&w->to);
	w->done = w->n = 0;
}

static bool is_open(const struct tty_way *w)
{
	return w->to >= 0 && (w->from >= 0 || w->done < w->n);
}

/* The end of the input is a character where it goes to a terminal, and else the end of the pipe. */
static void end_way(struct tty_way *w)
{
	struct termios t;

	fd_close(&w->from);
	if (!w->to_terminal) {
		fd_close(&w->to);
		return;
	}
	w->done = w->n = 0;
	if (tcgetattr(w->to, &t) == 0 && t.c_lflag & ICANON) {
		w->buf[0] = (char)t.c_cc[VEOF];
		w->n = 1;
	}
}

static void fill(struct tty_way *w)
{
	ssize_t n = read(w->from, w->buf, sizeof w->buf);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* a terminal that nobody has open any more says EIO: pty(7) */
	if (n <= 0) {
		end_way(w);
		return;
	}
	w->done = 0;
	w->n = (unsigned)n;
}

static void empty(struct tty_way *w)
{
	size_t n = w->n - w->done;
	ssize_t written;

	written = write(w->to, w->buf + w->done, n < w->piece ? n : w->piece);
	if (written > 0)
		w->done += (unsigned)written;
	else if (errno != EAGAIN && errno != EINTR)
		close_way(w); /* nobody reads it: whoever writes is to hear of that */
	/* what had been its last word */
	if (w->to >= 0 && w->done == w->n && w->from < 0)
		close_way(w);
}

/* Whose terminal is it that the container's is shown on? */
static void find_screen(struct tty_relay *r)
{
	for (int fd = 0; fd <= 2 && r->screen < 0; fd++)
		if (isatty(fd))
			r->screen = fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void pass_size(const struct tty_relay *r)
{
	struct winsize size;

	if (r->screen >= 0 && r->master >= 0 && ioctl(r->screen, TIOCGWINSZ, &size) == 0)
		ioctl(r->master, TIOCSWINSZ, &size);
}

static struct termios raw_of(const struct termios *t)
{
	struct termios raw = *t;

	cfmakeraw(&raw);
	return raw;
}

static void set_raw(struct tty_relay *r)
{
	struct termios raw = raw_of(&r->saved);

	if (r->interactive && r->screen >= 0 && r->typed)
		r->raw = tcsetattr(r->screen, TCSANOW, &raw) == 0;
}

static void restore(struct tty_relay *r)
{
	if (r->raw)
		tcsetattr(r->screen, TCSANOW, &r->saved);
	r->raw = false;
}

static int receive(int sock)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = sizeof control.buf };
	struct cmsghdr *m;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	m = CMSG_FIRSTHDR(&msg);
	if (m && m->cmsg_level == SOL_SOCKET && m->cmsg_type == SCM_RIGHTS && m->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(m), sizeof fd);
	return fd;
}

/* The terminal is there: from now on the caller's shows it. */
static void connect_ends(struct tty_relay *r)
{
	auto_close int master = receive(r->sock);

	if (master < 0) {
		fd_close(&r->sock);
		return;
	}
	fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK);
	open_way(&r->way[OUTPUT], fcntl(master, F_DUPFD_CLOEXEC, 3), own_end(1, O_WRONLY));
	if (r->interactive)
		open_way(&r->way[INPUT], own_end(0, O_RDONLY), fcntl(master, F_DUPFD_CLOEXEC, 3));
	r->way[INPUT].to_terminal = true;
	r->slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	r->master = take_fd(&master);
	pass_size(r);
	set_raw(r);
	/* it waits for that, so that its command sees the right size from the start */
	if (send(r->sock, "", 1, MSG_NOSIGNAL) < 0)
		restore(r);
	fd_close(&r->sock);
}

static size_t relay_polls(void *arg, struct pollfd *p)
{
	struct tty_relay *r = arg;
	size_t n = 0;

	if (r->sock >= 0) {
		r->polled[n] = -1;
		p[n++] = (struct pollfd){ .fd = r->sock, .events = POLLIN };
	}
	for (int i = INPUT; i <= MESSAGES; i++) {
		const struct tty_way *w = &r->way[i];

		if (!is_open(w))
			continue;
		r->polled[n] = i;
		p[n++] = w->done < w->n ? (struct pollfd){ .fd = w->to, .events = POLLOUT } : (struct pollfd){ .fd = w->from, .events = POLLIN };
	}
	return n;
}

/* As when a window is closed: what is inside hears of it by its own terminal. */
static void hang_up(struct tty_relay *r)
{
	for (int i = INPUT; i <= MESSAGES; i++)
		close_way(&r->way[i]);
	restore(r);
	fd_close(&r->slave);
	fd_close(&r->master);
}

static void relay_ready(void *arg, const struct pollfd *p, size_t n)
{
	struct tty_relay *r = arg;

	for (size_t i = 0; i < n; i++) {
		if (!p[i].revents)
			continue;
		if (r->polled[i] < 0)
			connect_ends(r);
		else if (p[i].events == POLLOUT)
			empty(&r->way[r->polled[i]]);
		else
			fill(&r->way[r->polled[i]]);
		/* nobody types any more, as the terminal is gone, or nobody looks */
		if (r->master >= 0 && ((r->polled[i] == INPUT && r->typed && p[i].revents & POLLHUP) || !is_open(&r->way[OUTPUT])))
			hang_up(r);
	}
}

/* What the caller's terminal says of itself is not for the container, which has one of its own. */
static bool relay_heard(void *arg, int sig)
{
	struct tty_relay *r = arg;
	bool raw = r->raw;

	if (sig == SIGPIPE)
		return true;
	if (r->master < 0)
		return false;
	if (sig == SIGWINCH) {
		pass_size(r);
		return true;
	}
	if (sig == SIGTSTP) {
		restore(r);
		kill(getpid(), SIGSTOP);
	} else if (sig != SIGCONT) {
		return false;
	}
	/* it may be another window's, or have been used by others meanwhile */
	if (raw || sig == SIGCONT)
		set_raw(r);
	pass_size(r);
	return true;
}

/* Is somebody tired of waiting for a terminal that does not go on? */
static bool is_told_to_end(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT) || sigismember(&pending, SIGHUP) || sigismember(&pending, SIGQUIT);
}

static void give_out_the_rest(struct tty_way *w)
{
	while (is_open(w) && !is_told_to_end()) {
		unsigned had = w->n - w->done;

		if (!had) {
			fcntl(w->from, F_SETFL, fcntl(w->from, F_GETFL) | O_NONBLOCK);
			fill(w);
			/* others may have it open still, who are none of the container's any more */
			if (w->n == w->done)
				break;
		} else if (poll(&(struct pollfd){ .fd = w->to, .events = POLLOUT }, 1, 100) > 0) {
			empty(w);
		}
	}
}

static void relay_ended(void *arg)
{
	struct tty_relay *r = arg;

	if (r->sock >= 0 && poll(&(struct pollfd){ .fd = r->sock, .events = POLLIN }, 1, 0) > 0)
		connect_ends(r);
	for (int i = OUTPUT; i <= MESSAGES; i++)
		give_out_the_rest(&r->way[i]);
	restore(r);
}

static void relay_born(void *arg)
{
	tty_relay_born(arg);
}

void tty_relay_born(struct tty_relay *r)
{
	for (int fd = 0; fd <= 2; fd++)
		if (r->child[fd] >= 0)
			dup2(r->child[fd], fd);
	tty_relay_close(r);
}

static void relay_parted(void *arg)
{
	struct tty_relay *r = arg;

	for (int fd = 0; fd <= 2; fd++)
		fd_close(&r->child[fd]);
}

static int pipe_ends(int ends[2], struct err *e)
{
	return pipe2(ends, O_CLOEXEC) < 0 ? err_sys(e, "pipe", NULL) : 0;
}

/* The caller's terminal stays his: what it is read by and written to is a pipe. */
static int replace_input(struct tty_relay *r, struct err *e)
{
	int ends[2], rc;

	if (!isatty(0))
		return 0;
	if (!r->interactive) {
		rc = r->child[0] = fd_open(AT_FDCWD, "/dev/null", O_RDONLY, e);
		return rc < 0 ? rc : 0;
	}
	rc = pipe_ends(ends, e);
	if (rc < 0)
		return rc;
	r->child[0] = ends[0];
	open_way(&r->way[INPUT], own_end(0, O_RDONLY), ends[1]);
	return 1;
}

static int replace_output(struct tty_relay *r, int fd, struct err *e)
{
	struct stat one, other;
	int ends[2], rc;

	if (!isatty(fd))
		return 0;
	/* one pipe for both keeps the order of what is said */
	if (fd == 2 && r->child[1] >= 0 && fstat(1, &one) == 0 && fstat(2, &other) == 0 && one.st_rdev == other.st_rdev) {
		r->child[2] = fcntl(r->child[1], F_DUPFD_CLOEXEC, 3);
		return r->child[2] < 0 ? err_sys(e, "pipe", NULL) : 1;
	}
	rc = pipe_ends(ends, e);
	if (rc < 0)
		return rc;
	r->child[fd] = ends[1];
	open_way(&r->way[fd], ends[0], own_end(fd, O_WRONLY));
	return 1;
}

static int replace_all(struct tty_relay *r, bool *needed, struct err *e)
{
	int rc = replace_input(r, e);

	*needed = rc > 0;
	for (int fd = 1; fd <= 2 && rc >= 0; fd++) {
		rc = replace_output(r, fd, e);
		*needed |= rc > 0;
	}
	return rc < 0 ? rc : 0;
}

int tty_relay_open(struct tty_relay *r, bool interactive, bool terminal, int *sock, bool *needed, struct err *e)
{
	int ends[2];

	r->side = (struct side_job){ .arg = r, .born = relay_born, .parted = relay_parted, .polls = relay_polls, .ready = relay_ready, .heard = relay_heard, .ended = relay_ended };
	for (int i = INPUT; i <= MESSAGES; i++)
		r->child[i] = r->way[i].from = r->way[i].to = -1;
	r->sock = r->screen = r->master = r->slave = -1;
	r->interactive = interactive;
	r->typed = isatty(0);
	*sock = -1;
	if (!terminal)
		return replace_all(r, needed, e);
	*needed = true;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair", NULL);
	r->sock = ends[0];
	*sock = ends[1];
	r->side.stops = true;
	find_screen(r);
	if (r->screen >= 0 && tcgetattr(r->screen, &r->saved) < 0)
		return err_sys(e, "terminal", "read its mode");
	return 0;
}

int tty_relay_guarded(const struct tty_relay *r)
{
	return r->sock >= 0 && r->interactive && r->typed ? r->screen : -1;
}

void tty_relay_put_right(const struct tty_relay *r)
{
	struct termios now, raw = raw_of(&r->saved);

	/* unless somebody has set it meanwhile, such as a shell that has its prompt again */
	if (tcgetattr(r->screen, &now) == 0 && now.c_lflag == raw.c_lflag && now.c_iflag == raw.c_iflag && now.c_oflag == raw.c_oflag)
		tcsetattr(r->screen, TCSANOW, &r->saved);
}

void tty_relay_close(struct tty_relay *r)
{
	for (int i = 0; i < 3; i++) {
		fd_close(&r->child[i]);
		close_way(&r->way[i]);
	}
	fd_close(&r->sock);
	fd_close(&r->screen);
	fd_close(&r->master);
	fd_close(&r->slave);
}
