/* seccomp: the compiled program is run here by a small interpreter, and must answer as the profile says. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/cred.h"
#include "core/seccomp_priv.h"
#include "tests/unit/unit.h"

#define ALLOW SECCOMP_RET_ALLOW
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define KILL SECCOMP_RET_KILL_THREAD

#ifdef SYS_vserver
#define VSERVER SYS_vserver
#else
#define VSERVER (-1)
#endif

static struct sock_filter room[BPF_MAXINSNS];
static const struct sock_filter *prog;
static int n_insns;

static void compile(const struct seccomp_profile *p)
{
	n_insns = seccomp_profile_compile(p, room, BPF_MAXINSNS);
	check(n_insns > 0);
	prog = room + BPF_MAXINSNS - n_insns;
}

/* The few instructions that the compiler uses. */
static uint32_t interpret(const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (int pc = 0; pc < n_insns; pc++) {
		const struct sock_filter *in = &prog[pc];
		bool yes;

		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			check(in->k % 4 == 0 && in->k < sizeof *d);
			memcpy(&a, (const char *)d + in->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			continue;
		case BPF_JMP | BPF_JA:
			pc += (int)in->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == in->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= in->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > in->k;
			break;
		case BPF_RET | BPF_K:
			return in->k;
		default:
			check(!"an instruction of those");
			return 0;
		}
		pc += yes ? in->jt : in->jf;
	}
	check(!"an end");
	return 0;
}

static uint32_t answer(uint32_t arch, uint32_t nr, uint64_t arg0)
{
	struct seccomp_data d = { .nr = (int)nr, .arch = arch, .args = { arg0, arg0 } };

	return interpret(&d);
}

static uint32_t native(const char *name, uint64_t arg0)
{
	int call = seccomp_call_find(name);

	check(call >= 0);
	return answer(seccomp_abis[0].audit, (uint32_t)seccomp_call_number((unsigned)call, 0), arg0);
}

static void set_default(uint64_t caps)
{
	struct seccomp_profile p = { 0 };
	struct err e = { 0 };

	check_int(seccomp_profile_default(&p, caps, &e), 0);
	compile(&p);
	seccomp_profile_release(&p);
}

static void finds_every_call(void)
{
	int last = -1;

	check_int(seccomp_call_find("no_such_call"), -ENOENT);
	check_int(seccomp_call_find(""), -ENOENT);
	check_int(seccomp_call_number((unsigned)seccomp_call_find("read"), 0), SYS_read);
	check_int(seccomp_call_number((unsigned)seccomp_call_find("setns"), 0), SYS_setns);
	check_int(seccomp_call_number((unsigned)seccomp_call_find("writev"), 0), SYS_writev);
	check_int(seccomp_call_number((unsigned)seccomp_call_find("vserver"), 0), VSERVER);
	check_int(seccomp_call_number((unsigned)seccomp_call_find("waitpid"), 0), -1);
	for (const char *const *n = (const char *const[]){ "_llseek", "accept", "writev", "_sysctl", "vserver", NULL }; *n; n++) {
		check(seccomp_call_find(*n) >= 0 && seccomp_call_find(*n) != last);
		last = seccomp_call_find(*n);
	}
}

static void answers_as_docker(void)
{
	set_default(CRED_CAPS_DEFAULT);
	check(n_insns <= 400);
	printf("# %d instructions\n", n_insns);
	check_int(native("read", 0), ALLOW);
	check_int(native("execve", 0), ALLOW);
	check_int(native("ptrace", 0), ALLOW);
	check_int(native("mount", 0), ERRNO(EPERM));
	check_int(native("unshare", 0), ERRNO(EPERM));
	check_int(native("setns", 0), ERRNO(EPERM));
	check_int(native("bpf", 0), ERRNO(EPERM));
	check_int(native("io_uring_setup", 0), ERRNO(EPERM));
	check_int(native("keyctl", 0), ERRNO(EPERM));
	check_int(native("userfaultfd", 0), ERRNO(EPERM));
	check_int(native("chroot", 0), ALLOW);
	check_int(native("clone3", 0), ERRNO(ENOSYS));
	check_int(native("open_tree_attr", 0), ERRNO(ENOSYS));
	check_int(answer(seccomp_abis[0].audit, 1023, 0), ERRNO(ENOSYS));
	check_int(answer(seccomp_abis[0].audit, UINT32_MAX, 0), ERRNO(ENOSYS));
}

static void looks_at_arguments(void)
{
	set_default(CRED_CAPS_DEFAULT);
	check_int(native("clone", 0x11), ALLOW);
	check_int(native("clone", CLONE_NEWUSER), ERRNO(EPERM));
	check_int(native("clone", CLONE_NEWNS | 0x11), ERRNO(EPERM));
	check_int(native("clone", 0x1200011), ALLOW);
	/* the mask has no high half: what is there does not matter */
	check_int(native("clone", 0x7e02000000000011), ALLOW);
	check_int(native("clone", 0x1000000010000000), ERRNO(EPERM));
	check_int(native("socket", AF_UNIX), ALLOW);
	check_int(native("socket", AF_VSOCK), ERRNO(EPERM));
	check_int(native("socket", AF_ALG), ERRNO(EPERM));
	check_int(native("socket", 39), ALLOW);
	check_int(native("socket", 41), ALLOW);
	check_int(native("socket", 0x100000000ULL + AF_ALG), ALLOW); /* as docker's; the kernel takes the low half, EAFNOSUPPORT aside */
	check_int(native("personality", 0), ALLOW);
	check_int(native("personality", 8), ALLOW);
	check_int(native("personality", 0x20008), ALLOW);
	check_int(native("personality", 0x20000), ALLOW);
	check_int(native("personality", 0xffffffff), ALLOW);
	check_int(native("personality", 0x0040000), ERRNO(EPERM)); /* ADDR_NO_RANDOMIZE */
	check_int(native("personality", 0x1ffffffffULL), ERRNO(EPERM));
	check_int(native("personality", 0x100000000ULL), ERRNO(EPERM));
}

static void goes_by_capabilities(void)
{
	set_default(CRED_CAPS_ALL);
	check_int(native("mount", 0), ALLOW);
	check_int(native("clone", CLONE_NEWUSER), ALLOW);
	check_int(native("clone3", 0), ALLOW);
	check_int(native("bpf", 0), ALLOW);
	check_int(native("io_uring_setup", 0), ERRNO(EPERM));
	check_int(native("socket", AF_ALG), ERRNO(EPERM));
	set_default(0);
	check_int(native("chroot", 0), ERRNO(EPERM));
	check_int(native("syslog", 0), ERRNO(EPERM));
	set_default(CRED_CAP(CAP_SYSLOG));
	check_int(native("syslog", 0), ALLOW);
	check_int(native("mount", 0), ERRNO(EPERM));
	set_default(CRED_CAP(39)); /* CAP_BPF */
	check_int(native("bpf", 0), ALLOW);
	check_int(native("perf_event_open", 0), ERRNO(EPERM));
	set_default(CRED_CAP(CAP_SYS_ADMIN));
	check_int(native("perf_event_open", 0), ALLOW);
	check_int(native("chroot", 0), ERRNO(EPERM));
}

static void knows_other_abis(void)
{
	set_default(CRED_CAPS_DEFAULT);
	check_int(answer(AUDIT_ARCH_S390X, 1, 0), KILL);
#ifdef __x86_64__
	check_int(answer(AUDIT_ARCH_I386, 4, 0), ALLOW);              /* write */
	check_int(answer(AUDIT_ARCH_I386, 21, 0), ERRNO(EPERM));      /* mount */
	check_int(answer(AUDIT_ARCH_I386, 310, 0), ERRNO(EPERM));     /* unshare */
	check_int(answer(AUDIT_ARCH_I386, 359, AF_ALG), ERRNO(EPERM)); /* socket */
	check_int(answer(AUDIT_ARCH_I386, 359, 0x100000000ULL + AF_ALG), ERRNO(EPERM)); /* the low half alone */
	check_int(answer(AUDIT_ARCH_I386, 120, CLONE_NEWUSER), ERRNO(EPERM));
	check_int(answer(AUDIT_ARCH_I386, 435, 0), ERRNO(ENOSYS));    /* clone3 */
	check_int(answer(AUDIT_ARCH_X86_64, SECCOMP_X32_BIT | 1, 0), ALLOW);
	check_int(answer(AUDIT_ARCH_X86_64, SECCOMP_X32_BIT | 59, 0), ERRNO(EPERM)); /* not x32's execve */
	check_int(answer(AUDIT_ARCH_X86_64, SECCOMP_X32_BIT | 520, 0), ALLOW);
	check_int(answer(AUDIT_ARCH_X86_64, SECCOMP_X32_BIT | 165, 0), ERRNO(EPERM));
	check_int(answer(AUDIT_ARCH_X86_64, SECCOMP_X32_BIT | 41, 0x100000000ULL + AF_ALG), ERRNO(EPERM));
#endif
}

/* What a rule says of arguments, plainly. */
static bool holds(const struct seccomp_test *t, uint64_t arg)
{
	switch (t->op) {
	case SECCOMP_EQ:
		return (arg & t->mask) == t->value;
	case SECCOMP_NE:
		return (arg & t->mask) != t->value;
	case SECCOMP_GE:
		return arg >= t->value;
	case SECCOMP_GT:
		return arg > t->value;
	case SECCOMP_LE:
		return arg <= t->value;
	default:
		return arg < t->value;
	}
}

static void compares_64_bits(void)
{
	static const uint64_t values[] = { 0, 1, 5, 0xffffffff, 0x100000000, 0x100000005, 0x500000001, 0x500000005, 0x7fffffffffffffff, UINT64_MAX };
	static const uint64_t masks[] = { UINT64_MAX, 0xffffffff, 0xffffffff00000000, 5, 0 };
	const size_t n = sizeof values / sizeof *values;

	for (size_t i = 0; i < n * 6 * 5; i++) {
		struct seccomp_test t = { (enum seccomp_op)(i / n % 6), 1, masks[i / n / 6], values[i % n] };
		struct seccomp_profile p = { .otherwise = ERRNO(1), .newer = ERRNO(2), .abis = 1 };

		if (t.op > SECCOMP_NE)
			t.mask = UINT64_MAX;
		check_int(seccomp_profile_add(&p, (unsigned)seccomp_call_find("ioctl"), ALLOW, &t, 1), 0);
		compile(&p);
		for (size_t k = 0; k < n; k++)
			check_int(native("ioctl", values[k]), holds(&t, values[k]) ? ALLOW : ERRNO(1));
		seccomp_profile_release(&p);
	}
}

static void takes_the_first_rule(void)
{
	struct seccomp_profile p = { .otherwise = ERRNO(1), .newer = ERRNO(2), .abis = 1 };
	const struct seccomp_test five = { SECCOMP_EQ, 0, ~0ULL, 5 }, below[] = { { SECCOMP_LT, 0, ~0ULL, 9 }, { SECCOMP_GT, 1, ~0ULL, 2 } };
	unsigned call = (unsigned)seccomp_call_find("ioctl");

	check_int(seccomp_profile_add(&p, call, ERRNO(5), &five, 1), 0);
	check_int(seccomp_profile_add(&p, call, ERRNO(6), below, 2), 0);
	compile(&p);
	check_int(native("ioctl", 5), ERRNO(5));
	check_int(native("ioctl", 4), ERRNO(6));
	check_int(native("ioctl", 2), ERRNO(1));
	check_int(native("ioctl", 9), ERRNO(1));
	/* one without tests goes before them */
	check_int(seccomp_profile_add(&p, call, ALLOW, NULL, 0), 0);
	check_int(seccomp_profile_add(&p, call, ERRNO(7), NULL, 0), 0);
	compile(&p);
	check_int(native("ioctl", 5), ALLOW);
	check_int(native("ioctl", 9), ALLOW);
	seccomp_profile_release(&p);
}

/* Each call with an action of its own, and many tests: jumps have to go further than 255. */
static void jumps_far(void)
{
	struct seccomp_profile p = { .otherwise = ERRNO(1), .newer = ERRNO(2), .abis = 1 };
	struct sock_filter small[64];

	for (unsigned call = 0; call < seccomp_call_count(); call++)
		for (uint32_t k = 0; k < 4; k++) {
			const struct seccomp_test t = { SECCOMP_EQ, 0, ~0ULL, (uint64_t)call << 32 | k };

			check_int(seccomp_profile_add(&p, call, ERRNO(100 + call + k), &t, 1), 0);
		}
	check_int(seccomp_profile_compile(&p, small, 64), -E2BIG);
	p.n_rules = 4L * 150; /* as many as the kernel takes */
	compile(&p);
	check(n_insns > 1000);
	for (unsigned call = 0; call < 150; call++)
		for (uint32_t k = 0; k < 5; k++) {
			long long number = seccomp_call_number(call, 0);
			uint32_t want = k < 4 ? ERRNO(100 + call + k) : ERRNO(1);

			if (number >= 0)
				check_int(answer(seccomp_abis[0].audit, (uint32_t)number, (uint64_t)call << 32 | k), want);
		}
	seccomp_profile_release(&p);
}

/* One call with more values than there is room for, and one with as many as there is. */
static void lists_values(void)
{
	struct seccomp_profile p = { .otherwise = ERRNO(1), .newer = ERRNO(2), .abis = (1U << SECCOMP_ABIS) - 1 };
	unsigned call = (unsigned)seccomp_call_find("ioctl");

	for (uint32_t i = 0; i < 9000; i++) {
		const struct seccomp_test t = { SECCOMP_EQ, i > 500, ~0ULL, i + (i == 300 ? 1ULL << 32 : 0) };

		check_int(seccomp_profile_add(&p, call, i % 7 ? ALLOW : ERRNO(i % 4000), &t, 1), 0);
	}
	check_int(seccomp_profile_compile(&p, room, BPF_MAXINSNS), -E2BIG);
	p.n_rules = 8192;
	check_int(seccomp_profile_compile(&p, room, BPF_MAXINSNS), -E2BIG);
	p.n_rules = 600;
	compile(&p);
	for (uint32_t i = 1; i < 602; i++)
		check_int(native("ioctl", i), i == 300 || i >= 600 ? ERRNO(1) : i % 7 ? ALLOW : ERRNO(i));
	check_int(native("ioctl", 1ULL << 32 | 300), ALLOW);
	check_int(native("ioctl", 1ULL << 32 | 301), ERRNO(1));
	seccomp_profile_release(&p);
}

/* Profiles that say next to nothing. */
static void is_whole_when_empty(void)
{
	struct seccomp_profile p = { .otherwise = ALLOW, .newer = ALLOW, .abis = (1U << SECCOMP_ABIS) - 1 };

	compile(&p);
	check_int(native("mount", 0), ALLOW);
	check_int(answer(AUDIT_ARCH_S390X, 1, 0), KILL);
	p.abis = 0;
	compile(&p);
	check_int(native("mount", 0), KILL);
	p.abis = 1;
	p.newer = ERRNO(ENOSYS);
	compile(&p);
	check_int(native("mount", 0), ALLOW);
#ifdef __x86_64__
	check_int(answer(AUDIT_ARCH_I386, 4, 0), KILL);
	check_int(answer(AUDIT_ARCH_X86_64, SECCOMP_X32_BIT | 1, 0), KILL);
#endif
}

static void is_quick(void)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 100; i++)
		set_default(CRED_CAPS_DEFAULT);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("# %lld ns\n", ((to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec) / 100);
}

/* The kernel's own verifier, and what it then does. */
static void the_kernel_takes_it(void)
{
	struct seccomp_profile p = { 0 };
	struct err e = { 0 };

	check_int(seccomp_profile_default(&p, CRED_CAPS_DEFAULT, &e), 0);
	check_int(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	check_int(seccomp_profile_load(&p, &e), 0);
	seccomp_profile_release(&p);
	check_int(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
	errno = 0;
	check(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
	check(syscall(SYS_unshare, 0) < 0 && errno == EPERM);
	check(socket(AF_ALG, SOCK_SEQPACKET, 0) < 0 && errno == EPERM);
	check(socket(AF_VSOCK, SOCK_STREAM, 0) < 0 && errno == EPERM);
	check(syscall(SYS_getppid) > 0);
}

int main(void)
{
	unit("each call is found by its name, with its number", finds_every_call);
	unit("the default answers as docker's, in at most 400 instructions", answers_as_docker);
	unit("flags, families and personalities", looks_at_arguments);
	unit("what a capability allows", goes_by_capabilities);
	unit("i386 and x32 have their own numbers, others are deadly", knows_other_abis);
	unit("all comparisons, with 64 bits", compares_64_bits);
	unit("the first rule that holds, one without tests before all", takes_the_first_rule);
	unit("a program longer than its jumps", jumps_far);
	unit("many values of one argument", lists_values);
	unit("empty profiles", is_whole_when_empty);
	unit("how long it takes", is_quick);
	unit("the kernel loads it and answers so", the_kernel_takes_it);
	return unit_done();
}
