/* unit: TAP from C. Each test runs in a fork, so that a crash is one "not ok". */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Inside a test: stop it, with the place, unless the condition holds. */
#define check(cond)                                                              \
	do {                                                                     \
		if (!(cond)) {                                                   \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);      \
			fflush(stdout);                                          \
			_exit(1);                                                \
		}                                                                \
	} while (0)

#define check_int(is, want)                                                                     \
	do {                                                                                    \
		long long is_ = (is), want_ = (want);                                           \
		if (is_ != want_) {                                                             \
			printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #is, is_, want_); \
			fflush(stdout);                                                         \
			_exit(1);                                                               \
		}                                                                               \
	} while (0)

#define check_str(is, want)                                                                     \
	do {                                                                                    \
		const char *is_ = (is), *want_ = (want);                                        \
		if (!is_ || strcmp(is_, want_)) {                                               \
			printf("# %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #is,  \
			       is_ ? is_ : "(null)", want_);                                    \
			fflush(stdout);                                                         \
			_exit(1);                                                               \
		}                                                                               \
	} while (0)

/*
 * What a test has not freed, core's or its own, in a build with ASan. The one
 * who looks traces us, which takes a /proc, and nobody may who has changed ids.
 */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#include <sys/prctl.h>
static inline void unit_leaks(void)
{
	if (access("/proc/self/maps", R_OK) == 0 && prctl(PR_GET_DUMPABLE) == 1 && geteuid() == getuid())
		check(__lsan_do_recoverable_leak_check() == 0);
}
#else
#define unit_leaks() ((void)0)
#endif

static int unit_count, unit_failed;

/* Run one test: a sentence and a function. */
static inline void unit(const char *sentence, void (*test)(void))
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		/* a test that hangs is a test that fails */
		alarm(120);
		test();
		unit_leaks();
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = 1;
	unit_failed += status != 0;
	if (WIFSIGNALED(status))
		printf("# killed by signal %d\n", WTERMSIG(status));
	printf("%sok %d - %s\n", status ? "not " : "", ++unit_count, sentence);
}

/* The plan, and main's return value. */
static inline int unit_done(void)
{
	printf("1..%d\n", unit_count);
	return unit_failed != 0;
}

#endif
