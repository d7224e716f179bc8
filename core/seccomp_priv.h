/* seccomp_priv: what the files of seccomp share; nobody else includes it. */
#ifndef CORE_SECCOMP_PRIV_H
#define CORE_SECCOMP_PRIV_H

#include <stdint.h>

#include <linux/audit.h>

#include "core/seccomp.h"

/* What no header of an older kernel than these has. */
#ifndef AUDIT_ARCH_AARCH64
#define AUDIT_ARCH_AARCH64 0xc00000b7
#endif

#define SECCOMP_X32_BIT 0x40000000U

struct seccomp_abi_facts {
	const char *name;   /* libseccomp's */
	const char *arch;   /* Go's, which docker's profiles go by */
	uint32_t audit;     /* struct seccomp_data's arch */
	uint32_t bit;       /* in all its numbers */
	bool wide;          /* arguments have 64 bits */
};
extern const struct seccomp_abi_facts seccomp_abis[SECCOMP_ABIS];

/* Rows of the table, and the default profile's rule for each. */
unsigned seccomp_call_count(void);
unsigned seccomp_call_rule(unsigned call);

/* The default profile's rules: enum seccomp_default in the table's last column. */
enum {
	RULE_NEVER,
	RULE_ALWAYS,
	RULE_CLONE,       /* without new namespaces; with CAP_SYS_ADMIN freely */
	RULE_CLONE3,      /* its flags lie in memory, where no filter sees them: with CAP_SYS_ADMIN, else ENOSYS sends libc to clone */
	RULE_SOCKET,      /* all families but two */
	RULE_PERSONALITY, /* a few values */
	RULE_BPF,         /* from here on: with CAP_SYS_ADMIN too, or the one that it is called by */
	RULE_PERFMON,
	RULE_SYSLOG,
	RULE_SYS_ADMIN,
	RULE_DAC_READ_SEARCH, /* from here on: with that alone */
	RULE_SYS_BOOT,
	RULE_SYS_CHROOT,
	RULE_SYS_MODULE,
	RULE_SYS_NICE,
	RULE_SYS_PACCT,
	RULE_SYS_PTRACE,
	RULE_SYS_RAWIO,
	RULE_SYS_TIME,
	RULE_SYS_TTY_CONFIG,
};

#endif
