#include "core/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "core/fd.h"
#include "core/sys.h"

/*
 * The bits of linux/landlock.h, of which Debian 12's headers know the first
 * fourteen, by the version of the interface that brought them.
 */
#define FS_EXECUTE (1ULL << 0)
#define FS_WRITE_FILE (1ULL << 1)
#define FS_READ_FILE (1ULL << 2)
#define FS_READ_DIR (1ULL << 3)
#define FS_FIRST 0x1fffULL
#define FS_REFER (1ULL << 13)    /* 2 */
#define FS_TRUNCATE (1ULL << 14) /* 3 */
#define NET_BIND 1ULL            /* 4 */
#define NET_CONNECT 2ULL
#define FS_IOCTL_DEV (1ULL << 15) /* 5 */
#define SCOPE_IPC 3ULL           /* 6: abstract sockets, and signals */

#define FS_READ (FS_EXECUTE | FS_READ_FILE | FS_READ_DIR)
#define FS_OF_FILES (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define LAST_NEEDED 6

static const char *const words[] = { "ro:", "rw:", "bind:", "connect:", "ipc:" };

static int parse_port(const char *text, const char *port, struct landlock_rule *r, struct err *e)
{
	long long n = 0;

	r->any = !strcmp(port, "any");
	if (!r->any && (r->kind == LANDLOCK_IPC || str_num(port, 0, 65535, &n) < 0))
		return err_bad(e, text, r->kind == LANDLOCK_IPC ? "there is ipc:any only" : "a port is 0 to 65535, or any");
	r->port = (unsigned)n;
	return 0;
}

int landlock_rule_parse(const char *text, struct landlock_rule *r, struct err *e)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *rest = str_after(text, words[i]);

		if (!rest)
			continue;
		*r = (struct landlock_rule){ .kind = (enum landlock_kind)i, .path = rest };
		if (i > LANDLOCK_RW)
			return parse_port(text, rest, r, e);
		return *rest == '/' ? 0 : err_bad(e, text, "a path is an absolute one");
	}
	err_bad(e, *text ? text : "\"\"", "is no rule of landlock's");
	err_hint(e, "ro:PATH, rw:PATH, bind:PORT, connect:PORT, bind:any, connect:any, ipc:any");
	return -EINVAL;
}

/* All that is held back, but for what the rules leave to everybody. */
static int find_wanted(const struct strs *rules, struct sys_landlock *want, struct err *e)
{
	*want = (struct sys_landlock){ FS_FIRST | FS_REFER | FS_TRUNCATE | FS_IOCTL_DEV, NET_BIND | NET_CONNECT, SCOPE_IPC };
	for (size_t i = 0; i < rules->n; i++) {
		struct landlock_rule r;
		int rc = landlock_rule_parse(rules->v[i], &r, e);

		if (rc < 0)
			return rc;
		if (r.any && r.kind == LANDLOCK_IPC)
			want->scoped = 0;
		else if (r.any)
			want->net &= ~(r.kind == LANDLOCK_BIND ? NET_BIND : NET_CONNECT);
	}
	return 0;
}

/* Take out what this version of the interface does not know; says what that was. */
static int fit(struct sys_landlock *want, int version, struct err *e)
{
	const struct sys_landlock known = {
		.fs = FS_FIRST | (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) | (version >= 5 ? FS_IOCTL_DEV : 0),
		.net = version >= 4 ? NET_BIND | NET_CONNECT : 0,
		.scoped = version >= LAST_NEEDED ? SCOPE_IPC : 0,
	};
	const uint64_t fs = want->fs & ~known.fs, net = want->net & ~known.net, scoped = want->scoped & ~known.scoped;
	int rc = 0;

	if (fs || net || scoped) {
		rc = err_set(e, EOPNOTSUPP, "landlock", "this kernel cannot hold back%s%s%s%s%s", fs & FS_REFER ? " renaming," : "",
			     fs & FS_TRUNCATE ? " truncating," : "", net ? " TCP ports," : "", fs & FS_IOCTL_DEV ? " ioctls," : "",
			     scoped ? " signals and abstract sockets," : "");
		e->what[strlen(e->what) - 1] = '\0';
		err_hint(e, "Linux 6.12 has all of it; --landlock-try takes what there is");
	}
	*want = (struct sys_landlock){ want->fs & known.fs, want->net & known.net, want->scoped & known.scoped };
	return rc;
}

static int add_path(int ruleset, const char *path, uint64_t allowed, struct err *e)
{
	auto_close int at = sys_openat2(AT_FDCWD, path, O_PATH, RESOLVE_NO_MAGICLINKS);
	struct stat st;

	if (at < 0 || fstat(at, &st) < 0)
		return err_sys(e, path, "landlock");
	/* a right that only directories have is refused for a file */
	if (!S_ISDIR(st.st_mode))
		allowed &= FS_OF_FILES;
	return sys_landlock_add_path(ruleset, at, allowed) < 0 ? err_sys(e, path, "landlock: add rule") : 0;
}

static int add_rule(int ruleset, const char *text, const struct sys_landlock *held, struct err *e)
{
	struct landlock_rule r;
	uint64_t allowed;
	int rc = landlock_rule_parse(text, &r, e);

	if (rc < 0 || r.any)
		return rc;
	if (r.kind <= LANDLOCK_RW)
		return add_path(ruleset, r.path, held->fs & (r.kind == LANDLOCK_RO ? FS_READ : ~0ULL), e);
	allowed = held->net & (r.kind == LANDLOCK_BIND ? NET_BIND : NET_CONNECT);
	/* nobody holds it back */
	if (!allowed)
		return 0;
	return sys_landlock_add_port(ruleset, r.port, allowed) < 0 ? err_sys(e, text, "landlock: add rule") : 0;
}

static int allow_program(int ruleset, int program, const struct sys_landlock *held, struct err *e)
{
	uint64_t allowed = held->fs & (FS_EXECUTE | FS_READ_FILE);

	return allowed && sys_landlock_add_path(ruleset, program, allowed) < 0 ? err_sys(e, "nestbox", "landlock: add rule") : 0;
}

static int enforce(int ruleset, struct err *e)
{
	int rc;

	if (sys_landlock_restrict_self(ruleset) == 0)
		return 0;
	rc = err_sys(e, "landlock", "restrict");
	if (rc == -EPERM)
		err_hint(e, "this needs no_new_privs, or CAP_SYS_ADMIN");
	else if (rc == -E2BIG)
		err_hint(e, "sixteen layers of landlock are as many as a process can have");
	return rc;
}

/* The version of the interface; -errno where there is none. */
static int find_version(struct err *e)
{
	int version = sys_landlock_version(), rc;

	if (version >= 0)
		return version;
	rc = err_sys(e, "landlock", "is not to be had");
	err_hint(e, rc == -EOPNOTSUPP ? "the kernel was started without it: it belongs to lsm= on its command line"
				      : "the kernel was built without CONFIG_SECURITY_LANDLOCK, or is older than 5.13");
	return rc;
}

int landlock_restrict(const struct strs *rules, bool best, int program, struct err *e)
{
	struct sys_landlock held;
	auto_close int ruleset = -1;
	int version = find_version(e), lacks = version, rc;

	if (version >= 0) {
		rc = find_wanted(rules, &held, e);
		if (rc < 0)
			return rc;
		lacks = fit(&held, version, e);
	}
	if (lacks < 0 && !best)
		return lacks;
	if (version < 0)
		return 1;
	ruleset = sys_landlock_create(&held);
	if (ruleset < 0)
		return err_sys(e, "landlock", "make rules");
	for (size_t i = 0; i < rules->n; i++)
		if ((rc = add_rule(ruleset, rules->v[i], &held, e)) < 0)
			return rc;
	if (program >= 0 && (rc = allow_program(ruleset, program, &held, e)) < 0)
		return rc;
	rc = enforce(ruleset, e);
	return rc < 0 ? rc : lacks < 0;
}
