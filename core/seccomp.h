/* seccomp: filters of system calls: a profile, the program that it becomes, and loading that. seccomp(2) */
#ifndef CORE_SECCOMP_H
#define CORE_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct sock_filter;

/*
 * The ways into one kernel, each with numbers of its own; the first is this
 * program's. On other machines than these it does not build: it would have no
 * numbers (seccomp_calls_*.h).
 */
#if defined __x86_64__
enum seccomp_abi { SECCOMP_X86_64, SECCOMP_X32, SECCOMP_X86, SECCOMP_ABIS };
#elif defined __aarch64__
enum seccomp_abi { SECCOMP_AARCH64, SECCOMP_ARM, SECCOMP_ABIS };
#endif

/* How an argument is compared with a value: 64 bits, unsigned; where the ABI has 32 bits, the low half alone. */
enum seccomp_op {
	SECCOMP_EQ, /* (argument & mask) == value */
	SECCOMP_NE,
	SECCOMP_GE, /* these four without a mask */
	SECCOMP_GT,
	SECCOMP_LE,
	SECCOMP_LT,
};

struct seccomp_test {
	enum seccomp_op op;
	unsigned arg; /* 0 to 5 */
	uint64_t mask, value;
};

/* One call, and what happens to it where all of the tests hold. */
struct seccomp_rule {
	unsigned call;     /* from seccomp_call_find */
	uint32_t action;   /* SECCOMP_RET_*, with its data */
	uint32_t first, n; /* of the profile's tests */
};

/*
 * Start with { 0 }. Of several rules for a call the first one counts whose tests
 * hold; but one without tests comes before all with some, wherever it stands:
 * so does libseccomp.
 */
struct seccomp_profile {
	uint32_t otherwise; /* action for calls without a rule, and where no rule holds */
	uint32_t newer;     /* action for numbers above all that there are rules for */
	unsigned abis;      /* bit n: ABI n is allowed at all; to the others each call is deadly */
	unsigned flags;     /* SECCOMP_FILTER_FLAG_* */
	struct seccomp_rule *rules; /* owned, as is the next */
	struct seccomp_test *tests;
	size_t n_rules, n_tests, rules_room, tests_room;
};

/* The number of a call for rules, by its name; -ENOENT. Names are those of the kernel's tables, of all ABIs together. */
int seccomp_call_find(const char *name);
/* Its number in an ABI, as a filter sees it; -1 where it has none. */
long long seccomp_call_number(unsigned call, enum seccomp_abi abi);

/* Add a rule with a copy of its n tests. 0 or -ENOMEM. */
int seccomp_profile_add(struct seccomp_profile *p, unsigned call, uint32_t action, const struct seccomp_test *tests, size_t n);
void seccomp_profile_release(struct seccomp_profile *p);

/*
 * docker's default profile for a container that has the capabilities `caps`
 * (a mask, cred.h). 0, or -ENOMEM with *e.
 */
int seccomp_profile_default(struct seccomp_profile *p, uint64_t caps, struct err *e);

/* Whom a profile is read for; what it makes depend on that is decided then. */
struct seccomp_for {
	uint64_t caps;      /* a mask, cred.h */
	unsigned kernel[2]; /* "6.12" */
};

/* The running kernel. */
void seccomp_for_kernel(unsigned kernel[2]);

/*
 * A profile in docker's or OCI's JSON, as docker and runc read it: names of calls
 * that the table does not have are passed over, rules that say the same as the
 * default action too; several tests of one argument in one rule are as many
 * rules. What asks for an agent (SCMP_ACT_NOTIFY) is an error. `name` is for
 * messages. 0 or -errno with *e; the profile is to be released either way. (seccomp_json.c)
 */
int seccomp_profile_parse(struct seccomp_profile *p, const char *text, const char *name, const struct seccomp_for *who, struct err *e);

/*
 * The program of a profile: the number of its instructions, in the last ones of
 * the `room` at prog; -E2BIG where they do not fit. Pure.
 */
int seccomp_profile_compile(const struct seccomp_profile *p, struct sock_filter *prog, size_t room);

/*
 * Load the filter: for this process, what it forks and what it executes, for
 * good. Takes no_new_privs or CAP_SYS_ADMIN. 0 or -errno with *e.
 */
int seccomp_profile_load(const struct seccomp_profile *p, struct err *e);

#endif
