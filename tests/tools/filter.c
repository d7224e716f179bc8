/*
 * The program of the default filter of system calls, for the default
 * capabilities, as the kernel takes it: for the floor of "make bench", which
 * loads it and did not have to make it.
 */
#include <stdio.h>

#include <linux/filter.h>

#include "core/cred.h"
#include "core/seccomp.h"

int main(void)
{
	static struct sock_filter prog[4096];
	const size_t room = sizeof prog / sizeof *prog;
	struct seccomp_profile p = { 0 };
	struct cred_want want = { 0 };
	struct err e = { 0 };
	int n = cred_want_parse("default", &want, &e);

	if (n == 0)
		n = seccomp_profile_default(&p, want.caps, &e);
	if (n == 0)
		n = seccomp_profile_compile(&p, prog, room);
	seccomp_profile_release(&p);
	if (n <= 0 || fwrite(prog + room - n, sizeof *prog, (size_t)n, stdout) != (size_t)n)
		return 1;
	return fflush(stdout) != 0;
}
