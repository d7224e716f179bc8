/*
 * devfilter: device rules, as v1's devices controller has them, and the same for a cgroup2 group, which has no
 * files for them: a program in the kernel's own code. bpf(2), Documentation/admin-guide/cgroup-v1/devices.rst
 */
#ifndef CORE_DEVFILTER_H
#define CORE_DEVFILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/str.h"

enum {
	DEV_MKNOD = 1, /* the kernel's BPF_DEVCG_ACC_* */
	DEV_READ = 2,
	DEV_WRITE = 4,
};

struct dev_rule {
	bool allow;
	char type;       /* 'b', 'c', 'a' for both */
	int major, minor; /* -1: any */
	unsigned access; /* DEV_*: an allow rule must cover all that is asked, a deny rule fits any of it */
};

/* docker's list; all else is denied. */
extern const struct dev_rule devfilter_usual[];
extern const size_t devfilter_n_usual;

/* ---- rules and lists: devfilter.c ---- */

/* The rule as v1's devices.allow and devices.deny take it: "c 136:* rwm". buf: 64 bytes. */
void devfilter_text(const struct dev_rule *r, char buf[64]);

/*
 * "[allow|deny] TYPE MAJOR:MINOR ACCESS", where TYPE is b or c, a number may be
 * "*" and ACCESS is of r, w and m; "a", "all" and "a *:* rwm" are everything.
 * "[allow|deny] PATH ACCESS" names a device file: its length, *path pointing into
 * `text`, and type, major and minor are the caller's to find out. Else 0, or -EINVAL with *e. Pure.
 */
int devfilter_parse(const char *text, struct dev_rule *r, const char **path, struct err *e);

/* The same, with the numbers of the device file, if one is named. */
int devfilter_read(const char *text, struct dev_rule *r, struct err *e);

/*
 * Rules one after the other; or what v1 keeps of a group: the answer to what no
 * rule fits, and the exceptions to it, which all say the contrary. Start with
 * { 0 } and the answer; v is owned.
 */
struct dev_list {
	bool allow;
	struct dev_rule *v;
	size_t n;
};

/* Append. 0 or -ENOMEM. */
int devfilter_append(struct dev_list *l, const struct dev_rule *r);
void devfilter_release(struct dev_list *l);

/*
 * Change the list as v1 does on a write to devices.allow or devices.deny:
 *   - the rule for everything sets the answer and clears the exceptions;
 *   - what is contrary to the answer becomes an exception, or part of the one
 *     for the very same type and numbers;
 *   - what agrees with it is taken out of that one.
 * v1 passes over the last in silence where another exception still says the
 * contrary of it, or of some of it: "deny c 1:5 r" after "allow c *:* rwm" denies
 * nothing. Here that is -EINVAL with *e, and nothing has changed: after a rule
 * that was taken, what it says is so. Pure.
 */
int devfilter_add(struct dev_list *l, const struct dev_rule *r, struct err *e);

/*
 * The list as devices.list shows it, a line for each exception; where all but the
 * exceptions is allowed, "a *:* rwm" and then, which v1 keeps to itself, "deny c 1:5 w".
 */
void devfilter_format(const struct dev_list *l, struct strbuf *out);

/* Read such a text back into *l, { 0 }: 0, or -EINVAL with *e on the line. Pure. */
int devfilter_unformat(const char *text, struct dev_list *l, struct err *e);

/* ---- the program: devfilter_prog.c ---- */

/* Room for a program: what devfilter_compile needs at most for n rules. */
#define DEVFILTER_INSNS(n) (6 + 8 * (n) + 2)

/*
 * Compile the rules into `prog`, an array of 8-byte instructions with room for
 * `room`; the later of two rules that fit counts, and `allow` is the answer where
 * none does. Pure. The number of instructions, or -E2BIG.
 */
int devfilter_compile(const struct dev_rule *rules, size_t n, bool allow, uint64_t *prog, size_t room);

/*
 * The reverse, into *l, { 0 }: 0, -ENOMEM, or -EPROTO where it is not what
 * devfilter_compile makes of a list. Pure.
 */
int devfilter_decode(const uint64_t *prog, size_t n, struct dev_list *l);

/* ---- the group: devfilter_bpf.c ---- */

/*
 * Our own program on the group whose directory is `cgroup`: *prog becomes an owned
 * fd, or -1 where there is none. Programs of others stay, and count as well. Needs
 * CAP_SYS_ADMIN where the group has any, outside of any user namespace. 0 or -errno.
 */
int devfilter_find(int cgroup, int *prog, struct err *e);

/* What that program says, which is read from itself, into *l, { 0 }; with -1, all is allowed. 0 or -errno. */
int devfilter_get(int prog, struct dev_list *l, struct err *e);

/*
 * Make the list our program on the group, in a single step in place of `old`, which
 * devfilter_find gave: -ENOENT where another has taken that place meanwhile. Of two
 * calls that find none at the same moment, both programs are there, and count. Needs
 * CAP_SYS_ADMIN, or CAP_BPF and CAP_NET_ADMIN, outside of any user namespace. 0 or -errno.
 */
int devfilter_put(int cgroup, const struct dev_list *l, int old, struct err *e);

/* What our program on the group says, as devfilter_format's text: v2's counterpart of devices.list. 0 or -errno. */
int devfilter_list(int cgroup, struct strbuf *out, struct err *e);

/* Could such a program be loaded here? */
bool devfilter_usable(void);

#endif
