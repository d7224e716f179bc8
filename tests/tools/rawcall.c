/*
 * rawcall: system calls as no libc makes them.
 *
 *	rawcall [i386|x32] NUMBER [ARGUMENT...]	prints the errno, or 0
 *	rawcall is i386|x32			has this kernel that ABI?
 *
 * i386 goes through int 0x80, x32 through its bit in the number.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define X32 0x40000000UL

static long by_int80(unsigned long nr, const unsigned long *a)
{
#ifdef __x86_64__
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4]) : "memory", "r8", "r9", "r10", "r11");
	return (long)(int)ret;
#else
	(void)nr;
	(void)a;
	return -ENOSYS;
#endif
}

static long call(const char *abi, unsigned long nr, const unsigned long *a)
{
	if (!strcmp(abi, "i386"))
		return by_int80(nr, a);
	if (!strcmp(abi, "x32"))
		nr |= X32;
	return syscall((long)nr, a[0], a[1], a[2], a[3], a[4]) < 0 ? -errno : 0;
}

static void no_such_abi(int sig)
{
	(void)sig;
	_exit(1);
}

int main(int argc, char **argv)
{
	unsigned long args[5] = { 0 };
	const char *abi = "native";
	long ret;

	if (argc == 3 && !strcmp(argv[1], "is")) {
		signal(SIGSEGV, no_such_abi);
		/* getpid */
		return !strcmp(argv[2], "i386") ? by_int80(20, args) <= 0 : call(argv[2], 39, args) < 0;
	}
	if (argc > 1 && (!strcmp(argv[1], "i386") || !strcmp(argv[1], "x32"))) {
		abi = argv[1];
		argv++;
		argc--;
	}
	if (argc < 2 || argc > 7)
		return 2;
	for (int i = 2; i < argc; i++)
		args[i - 2] = strtoul(argv[i], NULL, 0);
	ret = call(abi, strtoul(argv[1], NULL, 0), args);
	printf("%ld\n", ret < 0 ? -ret : 0);
	return 0;
}
