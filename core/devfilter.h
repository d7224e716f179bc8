/* devfilter: device rules for a cgroup2 group, which has no files for them: a program in the kernel's own code. bpf(2) */
#ifndef CORE_DEVFILTER_H
#define CORE_DEVFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
	DEV_MKNOD = 1, /* the kernel's BPF_DEVCG_ACC_* */
	DEV_READ = 2,
	DEV_WRITE = 4,
};

/* One rule. The later of two that fit counts. */
struct dev_rule {
	bool allow;
	char type;       /* 'b', 'c', 'a' for both */
	int major, minor; /* -1: any */
	unsigned access; /* DEV_*: an allow rule must cover all that is asked, a deny rule fits any of it */
};

/* docker's list; all else is denied. */
extern const struct dev_rule devfilter_usual[];
extern const size_t devfilter_n_usual;

/* The rule as v1's devices.allow and devices.deny take it: "c 136:* rwm". buf: 64 bytes. */
void devfilter_text(const struct dev_rule *r, char buf[64]);

/* Room for a program: what devfilter_compile needs at most for n rules. */
#define DEVFILTER_INSNS(n) (6 + 12 * (n) + 2)

/*
 * Compile the rules into `prog`, an array of 8-byte instructions with room for
 * `room`; `allow` is the answer where no rule fits. Pure. The number of
 * instructions, or -E2BIG.
 */
int devfilter_compile(const struct dev_rule *rules, size_t n, bool allow, uint64_t *prog, size_t room);

/*
 * "default": docker's list, all else denied; "all": no restriction. Make it the
 * one program of ours on the group whose directory is `cgroup`, in place of an
 * earlier one. Needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, outside of any
 * user namespace. 0 or -errno.
 */
int devfilter_set(int cgroup, const char *rules, struct err *e);

/* Could such a program be loaded here? */
bool devfilter_usable(void);

#endif
