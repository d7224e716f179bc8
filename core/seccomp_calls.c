#include <errno.h>
#include <string.h>

#include "core/seccomp_priv.h"

#if defined __x86_64__
typedef int16_t number;
#define NUMBERS(x86_64, x32, x86, aarch64, arm) { [SECCOMP_X86_64] = (x86_64), [SECCOMP_X32] = (x32), [SECCOMP_X86] = (x86) }
#else
typedef int32_t number; /* ARM's own few begin at 0xf0000 */
#define NUMBERS(x86_64, x32, x86, aarch64, arm) { [SECCOMP_AARCH64] = (aarch64), [SECCOMP_ARM] = (arm) }
#endif

#define CALL(name, x86_64, x32, x86, aarch64, arm, rule) { #name, NUMBERS(x86_64, x32, x86, aarch64, arm), RULE_##rule },

static const struct call {
	const char *name;
	number numbers[SECCOMP_ABIS];
	uint8_t rule;
} calls[] = {
#include "core/seccomp_calls_allowed.h"
#include "core/seccomp_calls_other.h"
};

#undef CALL
#define CALL(name, ...) ALLOWED_##name,
enum {
#include "core/seccomp_calls_allowed.h"
	N_ALLOWED,
	N_CALLS = sizeof calls / sizeof *calls,
};

const struct seccomp_abi_facts seccomp_abis[SECCOMP_ABIS] = {
#if defined __x86_64__
	[SECCOMP_X86_64] = { "SCMP_ARCH_X86_64", "amd64", AUDIT_ARCH_X86_64, 0, true },
	/* Its processes are 64-bit ones by their arch; the bit tells. Pointers and longs have 32 bits. */
	[SECCOMP_X32] = { "SCMP_ARCH_X32", "x32", AUDIT_ARCH_X86_64, SECCOMP_X32_BIT, false },
	[SECCOMP_X86] = { "SCMP_ARCH_X86", "x86", AUDIT_ARCH_I386, 0, false },
#else
	[SECCOMP_AARCH64] = { "SCMP_ARCH_AARCH64", "arm64", AUDIT_ARCH_AARCH64, 0, true },
	[SECCOMP_ARM] = { "SCMP_ARCH_ARM", "arm", AUDIT_ARCH_ARM, 0, false },
#endif
};

static int find(const char *name, unsigned from, unsigned to)
{
	while (from < to) {
		unsigned mid = (from + to) / 2;
		int order = strcmp(name, calls[mid].name);

		if (order == 0)
			return (int)mid;
		if (order < 0)
			to = mid;
		else
			from = mid + 1;
	}
	return -ENOENT;
}

int seccomp_call_find(const char *name)
{
	int call = find(name, 0, N_ALLOWED);

	return call < 0 ? find(name, N_ALLOWED, N_CALLS) : call;
}

long long seccomp_call_number(unsigned call, enum seccomp_abi abi)
{
	number n = calls[call].numbers[abi];

	return n < 0 ? -1 : (long long)((uint32_t)n | seccomp_abis[abi].bit);
}

unsigned seccomp_call_count(void)
{
	return N_CALLS;
}

unsigned seccomp_call_rule(unsigned call)
{
	return calls[call].rule;
}
