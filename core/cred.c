#include "core/cred.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>

#include "core/sys.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_IS_SET 1
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_LOWER 3
#endif

#define NO_ID 4294967295U

static uint64_t both_halves(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int cred_get_active(struct cred_sets *s, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };

	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(e, "capabilities", "read");
	*s = (struct cred_sets){
		.effective = both_halves(data[0].effective, data[1].effective),
		.permitted = both_halves(data[0].permitted, data[1].permitted),
		.inheritable = both_halves(data[0].inheritable, data[1].inheritable),
	};
	/* what is ambient is inheritable too: no need to ask for the rest */
	for (int cap = 0; cap < 64; cap++)
		if (s->inheritable & CRED_CAP(cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)cap, 0UL, 0UL) == 1)
			s->ambient |= CRED_CAP(cap);
	return 0;
}

int cred_get(struct cred_sets *s, struct err *e)
{
	int rc = cred_get_active(s, e);

	if (rc == 0)
		s->bounding = cred_bounding(~0ULL);
	return rc;
}

/* Of a refusal, name what the user lacks. */
static void hint_missing(int cap, const char *name, struct err *e)
{
	struct cred_sets s;
	struct err unused = { 0 };

	if (e->code == EPERM && cred_get_active(&s, &unused) == 0 && !(s.effective & CRED_CAP(cap)))
		err_hint(e, "%s is missing", name);
}

int cred_set(const struct cred_sets *s, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)s->effective, (uint32_t)s->permitted, (uint32_t)s->inheritable },
		{ (uint32_t)(s->effective >> 32), (uint32_t)(s->permitted >> 32), (uint32_t)(s->inheritable >> 32) },
	};
	struct cred_sets now;
	uint64_t missing;
	char name[32];
	int rc;

	if (syscall(SYS_capset, &head, data) == 0)
		return 0;
	rc = err_sys(e, "capabilities", "set");
	if (rc != -EPERM || cred_get(&now, &(struct err){ 0 }) < 0)
		return rc;
	missing = (s->permitted & ~now.permitted) | (s->inheritable & ~now.inheritable & ~(now.permitted & now.bounding));
	if (missing) {
		cred_cap_format(__builtin_ctzll(missing), name);
		err_hint(e, "%s is not in the caller's permitted and bounding sets", name);
	}
	return rc;
}

int cred_drop_bounding(uint64_t keep, struct err *e)
{
	int rc, has = 1;

	for (int cap = 0; cap < 64 && has >= 0; cap++) {
		if (keep & CRED_CAP(cap) || prctl(PR_CAPBSET_DROP, (unsigned long)cap) == 0)
			continue;
		rc = err_sys(e, "capability bounding set", "drop");
		/* who may not drop has nothing to drop where it is gone already; negative: the kernel knows no more */
		has = prctl(PR_CAPBSET_READ, (unsigned long)cap);
		if (has > 0) {
			hint_missing(CAP_SETPCAP, "CAP_SETPCAP", e);
			return rc;
		}
		err_clear(e);
	}
	return 0;
}

int cred_set_ambient(uint64_t caps, struct err *e)
{
	if (!caps && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0UL, 0UL, 0UL) == 0)
		return 0;
	for (int cap = 0; cap < 64; cap++) {
		int has = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, (unsigned long)cap, 0UL, 0UL);
		int want = (caps & CRED_CAP(cap)) != 0;
		char name[32];
		int rc;

		if (has < 0 && !want)
			break;
		if (has == want ||
		    prctl(PR_CAP_AMBIENT, want ? PR_CAP_AMBIENT_RAISE : PR_CAP_AMBIENT_LOWER, (unsigned long)cap, 0UL, 0UL) == 0)
			continue;
		cred_cap_format(cap, name);
		rc = err_sys(e, name, "make ambient");
		if (rc == -EPERM)
			err_hint(e, "what is ambient must be permitted and inheritable as well: --inh-caps +%s", name);
		return rc;
	}
	return 0;
}

int cred_get_securebits(unsigned *bits, struct err *e)
{
	int rc = prctl(PR_GET_SECUREBITS);

	if (rc < 0)
		return err_sys(e, "securebits", "read");
	*bits = (unsigned)rc;
	return 0;
}

int cred_set_securebits(unsigned bits, struct err *e)
{
	int rc;

	if (prctl(PR_SET_SECUREBITS, (unsigned long)bits) == 0)
		return 0;
	rc = err_sys(e, "securebits", "set");
	hint_missing(CAP_SETPCAP, "CAP_SETPCAP", e);
	err_hint(e, "a bit that is locked stays as it is");
	return rc;
}

int cred_keep_caps(struct err *e)
{
	if (prctl(PR_SET_KEEPCAPS, 1UL) == 0)
		return 0;
	err_sys(e, "securebits", "set keep_caps");
	err_hint(e, "keep_caps_locked is set");
	return -e->code;
}

int cred_pass_caps(struct err *e)
{
	struct cred_sets s;
	int rc = cred_get_active(&s, e);

	if (rc < 0)
		return rc;
	s.effective = s.inheritable = s.permitted;
	rc = cred_set(&s, e);
	return rc < 0 ? rc : cred_set_ambient(s.permitted, e);
}

int cred_set_no_new_privs(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0)
		return 0;
	return err_sys(e, "no_new_privs", "set");
}

int cred_set_groups(const gid_t *groups, size_t n, struct err *e)
{
	int rc;

	for (size_t i = 0; i < n; i++)
		if (groups[i] == NO_ID)
			return err_bad(e, "4294967295", "is no group");
	if (setgroups(n, groups) == 0)
		return 0;
	rc = err_sys(e, "supplementary groups", "set");
	if (rc == -EINVAL)
		err_hint(e, "is each of them mapped in this user namespace? see /proc/self/gid_map");
	hint_missing(CAP_SETGID, "CAP_SETGID", e);
	return rc;
}

int cred_set_gids(gid_t real, gid_t effective, struct err *e)
{
	int rc;

	if (real == NO_ID || effective == NO_ID)
		return err_bad(e, "4294967295", "is no group");
	if (setresgid(real, effective, effective) == 0)
		return 0;
	rc = err_sys(e, "gid", "set to %u", effective);
	/* what credentials(7) calls EINVAL: no such id in the user namespace */
	if (rc == -EINVAL)
		err_hint(e, "the gid is not mapped in this user namespace: see /proc/self/gid_map");
	hint_missing(CAP_SETGID, "CAP_SETGID", e);
	return rc;
}

int cred_set_uids(uid_t real, uid_t effective, struct err *e)
{
	int rc;

	if (real == NO_ID || effective == NO_ID)
		return err_bad(e, "4294967295", "is no user");
	if (setresuid(real, effective, effective) == 0)
		return 0;
	rc = err_sys(e, "uid", "set to %u", effective);
	if (rc == -EINVAL)
		err_hint(e, "the uid is not mapped in this user namespace: see /proc/self/uid_map");
	/* RLIMIT_NPROC is not looked at before execve(2): EAGAIN only ever comes from there */
	hint_missing(CAP_SETUID, "CAP_SETUID", e);
	return rc;
}

/* All three uids and all three gids alike? */
static bool ids_agree(void)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	return ruid == euid && euid == suid && rgid == egid && egid == sgid;
}

/*
 * P'(ambient) = P(ambient), P'(inheritable) = P(inheritable), and for a file
 * without capabilities P'(permitted) = P'(effective) = P(ambient). For root,
 * unless SECBIT_NOROOT, the file counts as having all of them:
 * P'(permitted) = P'(effective) = P(inheritable) | P(bounding). But with
 * no_new_privs execve gives nothing that was not permitted before.
 * capabilities(7), prctl(2)
 */
int cred_caps_as_exec(const uint64_t *bounding, struct err *e)
{
	struct cred_sets s;
	unsigned bits = 0;
	int rc = cred_get_active(&s, e);

	if (rc == 0)
		rc = cred_get_securebits(&bits, e);
	if (rc < 0)
		return rc;
	if (!ids_agree())
		return 1;
	if (geteuid() == 0 && !(bits & 1 << SECURE_NOROOT)) {
		uint64_t root = s.inheritable | (bounding ? *bounding : cred_bounding(~0ULL));

		if (prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL) == 1)
			root &= s.permitted;
		if (root & ~s.permitted)
			return 1;
		s.permitted = s.effective = root | s.ambient;
	} else {
		s.permitted = s.effective = s.ambient;
	}
	if (bits & 1 << SECURE_KEEP_CAPS && prctl(PR_SET_KEEPCAPS, 0UL) < 0)
		return 1;
	return cred_set(&s, e);
}

int cred_as_exec(struct err *e)
{
	int rc = cred_caps_as_exec(NULL, e);

	/* a change of ids takes it away, and with it our own files below /proc: PR_SET_DUMPABLE(2const) */
	if (rc == 0 && prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL) < 0)
		rc = err_sys(e, "dumpable", NULL);
	return rc;
}

int cred_new_keyring(struct err *e)
{
	int rc;

	if (sys_join_session_keyring() >= 0 || errno == ENOSYS)
		return 0;
	rc = err_sys(e, "session keyring", "make");
	if (rc == -EDQUOT)
		err_hint(e, "/proc/sys/kernel/keys/maxkeys limits the keyrings of a user");
	/* refused even to look at what we have: a seccomp filter above us, which the command inherits */
	if (rc == -EPERM && syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0) < 0 && errno == EPERM)
		return 0;
	return rc;
}
