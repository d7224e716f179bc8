#include "core/seccomp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

static int make_room(void **v, size_t *room, size_t want, size_t size, size_t first)
{
	size_t more = *room ? *room : first;
	void *p;

	if (want <= *room)
		return 0;
	while (more < want)
		more *= 2;
	p = realloc(*v, more * size);
	if (!p)
		return -ENOMEM;
	*v = p;
	*room = more;
	return 0;
}

int seccomp_profile_add(struct seccomp_profile *p, unsigned call, uint32_t action, const struct seccomp_test *tests, size_t n)
{
	void *rules = p->rules, *all = p->tests;
	int rc = make_room(&rules, &p->rules_room, p->n_rules + 1, sizeof *p->rules, 512);

	p->rules = rules;
	if (rc == 0)
		rc = make_room(&all, &p->tests_room, p->n_tests + n, sizeof *p->tests, 16);
	p->tests = all;
	if (rc < 0)
		return rc;
	if (n)
		memcpy(&p->tests[p->n_tests], tests, n * sizeof *tests);
	p->rules[p->n_rules++] = (struct seccomp_rule){ call, action, (uint32_t)p->n_tests, (uint32_t)n };
	p->n_tests += n;
	return 0;
}

void seccomp_profile_release(struct seccomp_profile *p)
{
	free(p->rules);
	free(p->tests);
	*p = (struct seccomp_profile){ 0 };
}

static int load(struct sock_filter *insns, int n, unsigned flags, struct err *e)
{
	struct sock_fprog prog = { (unsigned short)n, insns };
	int rc;

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog) == 0)
		return 0;
	rc = err_sys(e, "seccomp", "load the filter");
	if (rc == -EACCES)
		err_hint(e, "that takes --no-new-privs, or CAP_SYS_ADMIN in one's user namespace");
	else if (rc == -EINVAL || rc == -ENOSYS)
		err_hint(e, "a kernel without CONFIG_SECCOMP_FILTER has no filters; unconfined does without one");
	return rc;
}

int seccomp_profile_load(const struct seccomp_profile *p, struct err *e)
{
	struct sock_filter prog[BPF_MAXINSNS];
	int n = seccomp_profile_compile(p, prog, BPF_MAXINSNS);

	if (n < 0)
		return err_bad(e, "seccomp", "the profile makes more than the %d instructions that the kernel takes", BPF_MAXINSNS);
	return load(prog + BPF_MAXINSNS - n, n, p->flags, e);
}
