/*
 * san: how ASan is to behave in each program of make san, which puts this before
 * every source. Said in the program, as many tests clear the environment.
 */
#ifndef TESTS_SAN_H
#define TESTS_SAN_H

/*
 * At exit nobody looks for leaks: who executes something leaves all behind, and
 * who ends, too. Unit tests ask for themselves, after each test (unit.h).
 */
const char *__asan_default_options(void);
__attribute__((weak, used)) const char *__asan_default_options(void)
{
	return "leak_check_at_exit=0";
}

#endif
