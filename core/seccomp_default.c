/*
 * docker's default profile (moby 29) as it acts on a kernel that runs us: what it
 * makes depend on a kernel of 4.8 is the case, openat2(2) being of 5.6.
 */
#include <errno.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/socket.h>

#include <linux/capability.h>
#include <linux/seccomp.h>

#include "core/seccomp_priv.h"
#include "core/sys.h"

#define HAS(caps, cap) (((caps) >> (cap) & 1) != 0)

#define NEW_NAMESPACES \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

static const uint8_t cap_of[] = {
	[RULE_BPF] = CAP_BPF,
	[RULE_PERFMON] = CAP_PERFMON,
	[RULE_SYSLOG] = CAP_SYSLOG,
	[RULE_SYS_ADMIN] = CAP_SYS_ADMIN,
	[RULE_DAC_READ_SEARCH] = CAP_DAC_READ_SEARCH,
	[RULE_SYS_BOOT] = CAP_SYS_BOOT,
	[RULE_SYS_CHROOT] = CAP_SYS_CHROOT,
	[RULE_SYS_MODULE] = CAP_SYS_MODULE,
	[RULE_SYS_NICE] = CAP_SYS_NICE,
	[RULE_SYS_PACCT] = CAP_SYS_PACCT,
	[RULE_SYS_PTRACE] = CAP_SYS_PTRACE,
	[RULE_SYS_RAWIO] = CAP_SYS_RAWIO,
	[RULE_SYS_TIME] = CAP_SYS_TIME,
	[RULE_SYS_TTY_CONFIG] = CAP_SYS_TTY_CONFIG,
};

/* The flags of clone(2) may ask for namespaces only with CAP_SYS_ADMIN; of the high half the mask says nothing. */
static const struct seccomp_test no_namespaces[] = { { SECCOMP_EQ, 0, NEW_NAMESPACES, 0 } };

/* AF_ALG: CVE-2026-31431. AF_VSOCK knows no network namespaces, and reaches other machines of the host. */
static const struct seccomp_test families[] = { { SECCOMP_NE, 0, ~0ULL, AF_ALG }, { SECCOMP_NE, 0, ~0ULL, AF_VSOCK } };

/* PER_LINUX and PER_LINUX32, each also with UNAME26; and the question what it is now. */
static const struct seccomp_test personas[] = { { SECCOMP_EQ, 0, ~(uint64_t)(UNAME26 | PER_LINUX32), PER_LINUX } };
static const struct seccomp_test persona_asked[] = { { SECCOMP_EQ, 0, ~0ULL, 0xffffffff } };

static int allow(struct seccomp_profile *p, unsigned call, const struct seccomp_test *tests, size_t n)
{
	return seccomp_profile_add(p, call, SECCOMP_RET_ALLOW, tests, n);
}

static int add(struct seccomp_profile *p, unsigned call, uint64_t caps)
{
	unsigned rule = seccomp_call_rule(call);
	bool admin = HAS(caps, CAP_SYS_ADMIN);
	int rc;

	switch (rule) {
	case RULE_NEVER:
		return 0;
	case RULE_ALWAYS:
		return allow(p, call, NULL, 0);
	case RULE_CLONE:
		return allow(p, call, no_namespaces, !admin);
	case RULE_CLONE3:
		return admin ? allow(p, call, NULL, 0) : seccomp_profile_add(p, call, SECCOMP_RET_ERRNO | ENOSYS, NULL, 0);
	case RULE_SOCKET:
		return allow(p, call, families, 2);
	case RULE_PERSONALITY:
		rc = allow(p, call, personas, 1);
		return rc < 0 ? rc : allow(p, call, persona_asked, 1);
	default:
		return HAS(caps, cap_of[rule]) || (admin && rule < RULE_SYS_ADMIN) ? allow(p, call, NULL, 0) : 0;
	}
}

int seccomp_profile_default(struct seccomp_profile *p, uint64_t caps, struct err *e)
{
	int rc = 0;

	p->otherwise = SECCOMP_RET_ERRNO | EPERM;
	/* runc's, in front of what libseccomp makes: libc tries what is new, and does without where it is not there */
	p->newer = SECCOMP_RET_ERRNO | ENOSYS;
	p->abis = (1U << SECCOMP_ABIS) - 1;
	for (unsigned call = 0; call < seccomp_call_count() && rc == 0; call++)
		rc = add(p, call, caps);
	return rc < 0 ? err_set(e, -rc, "seccomp", NULL) : 0;
}
