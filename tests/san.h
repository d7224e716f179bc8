/*
 * san: how ASan and UBSan are to behave in each program of make san, which puts
 * this before every source. Said in the program, as many tests clear the environment.
 */
#ifndef TESTS_SAN_H
#define TESTS_SAN_H

/*
 * A finding has a status of its own: else it is 1, and many a test waits for
 * that, as it is a refusal's. No abort: pid 1 does not hear the signal.
 */
#define SAN_STATUS "exitcode=99"

/*
 * At exit nobody looks for leaks: who executes something leaves all behind, and
 * who ends, too. Unit tests ask for themselves, after each test (unit.h).
 */
const char *__asan_default_options(void);
__attribute__((weak, used)) const char *__asan_default_options(void)
{
	return "leak_check_at_exit=0:" SAN_STATUS;
}

/* its library has options of its own */
const char *__ubsan_default_options(void);
__attribute__((weak, used)) const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:" SAN_STATUS;
}

#endif
