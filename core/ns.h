/* ns: making namespaces, and saying which knob refused one. namespaces(7) */
#ifndef CORE_NS_H
#define CORE_NS_H

#include <stdbool.h>

#include "core/err.h"

/* One kind of namespace. The table ends with flag 0. */
struct ns_kind {
	unsigned flag;     /* CLONE_NEW* */
	const char *file;  /* its name below /proc/PID/ns */
	const char *name;  /* for people: "pid namespace" */
	const char *knob;  /* its count's limit below /proc/sys/user */
};

extern const struct ns_kind ns_kinds[];
/* The row of one of them, by its flag. */
const struct ns_kind *ns_kind(unsigned flag);

/*
 * unshare(2). On failure *e names the namespace that was refused (or all, where
 * that does not show), and the hint the knob that did it: /proc/sys/user/max_*_namespaces, the sysctls that distributions put
 * before user namespaces, a chroot, a missing capability.
 */
int ns_unshare(unsigned flags, struct err *e);

/* The same for one that has been refused otherwise than by ns_unshare: with the errno `code`, positive. Returns -code. */
int ns_refused(unsigned flags, int code, struct err *e);

/* Add the hint why a user namespace, or what belongs to it, was refused to an ordinary user; none where that does not show. */
void ns_hint_user(struct err *e);

/*
 * Propagation of the whole mount tree from "/" down: "private", "slave",
 * "shared" or "unchanged". mount_namespaces(7)
 */
int ns_propagation(const char *mode, struct err *e);

/* sethostname(2) and setdomainname(2), at most 64 bytes; NULL leaves it as it is. */
int ns_hostname(const char *host, const char *domain, struct err *e);
/* Would the kernel take it? Pure; -EINVAL with *e. */
int ns_hostname_check(const char *name, struct err *e);

/* Mount a procfs of the current pid namespace on `dir`. */
int ns_mount_proc(const char *dir, struct err *e);

/*
 * The binfmt_misc of this user namespace (Linux 6.7), mounted nowhere yet, with
 * `interp` (may be NULL) registered in it: what that names is looked up now. An
 * owned fd, or -errno. ns_binfmt_attach mounts it on `dir`.
 */
int ns_binfmt(const char *interp, struct err *e);
int ns_binfmt_attach(int binfmt, const char *dir, struct err *e);

/* Offsets of the clocks of the time namespace that children will be in; NULL: as it is. time_namespaces(7) */
int ns_clocks(const long long *boottime, const long long *monotonic, struct err *e);

/*
 * Does the process share its namespace `kind` (a name below /proc/PID/ns) with
 * pid 1, and is not pid 1 itself? 1 yes, 0 no, -errno when nobody could be asked.
 */
int ns_is_inits(const char *kind, struct err *e);
/* Is this the machine's own pid 1, and not a container's? Not where there is no /proc to ask. */
bool ns_is_machines_init(void);

#endif
