/* cred: texts of capabilities and limits, users of a hostile passwd, and execve's rules against a real execve. */
#include "core/cred.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/securebits.h>

#include "core/fd.h"
#include "tests/unit/unit.h"

static struct err e;

/*
 * Texts.
 */
static void test_cap_names(void)
{
	char name[32];

	check_int(cred_cap_parse("chown", &e), 0);
	check_int(cred_cap_parse("CAP_NET_ADMIN", &e), 12);
	check_int(cred_cap_parse("Cap_Sys_Admin", &e), 21);
	check_int(cred_cap_parse("cap_41", &e), 41);
	check_int(cred_cap_parse("cap_63", &e), 63);
	check_int(cred_cap_parse("checkpoint_restore", &e), 40);
	cred_cap_format(40, name);
	check_str(name, "checkpoint_restore");
	cred_cap_format(63, name);
	check_str(name, "cap_63");
}

static void test_cap_bad_names(void)
{
	static const char *const bad[] = {
		"", "cap_", "cap_64", "cap_-1", "12", "net_foo", "chown ", " chown", "chown,kill", "cap_cap_chown",
		"cap_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(cred_cap_parse(bad[i], &e), -EINVAL);
	check_str(e.what, "unknown capability");
}

static void test_caps_round_trip(void)
{
	uint64_t masks[] = { CRED_CAPS_ALL, CRED_CAPS_DEFAULT, 1, 1ULL << 63, 0x10000000000 };

	for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
		struct strbuf text = { 0 };
		struct cred_want want;

		cred_caps_format(masks[i], &text);
		check_int(cred_want_parse(text.s, &want, &e), 0);
		check(want.caps == masks[i] && want.named == masks[i]);
		strbuf_release(&text);
	}
}

static void test_default_caps(void)
{
	struct strbuf text = { 0 };

	cred_caps_format(CRED_CAPS_DEFAULT, &text);
	check_str(text.s, "chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,"
			  "sys_chroot,mknod,audit_write,setfcap");
	strbuf_release(&text);
}

static uint64_t changed(const char *text, uint64_t from)
{
	check_int(cred_caps_change(text, CRED_CAPS_ALL, &from, &e), 0);
	return from;
}

static void test_caps_change(void)
{
	uint64_t caps = 5;

	check(changed("+chown", 0) == 1);
	check(changed("-all,+chown,+kill", 0xff00) == (1 | CRED_CAP(5)));
	check(changed("+all,-chown", 0) == (CRED_CAPS_ALL & ~1ULL));
	check(changed("-chown", 1) == 0);
	check_int(cred_caps_change("+cap_62", 0xff, &caps, &e), -EINVAL);
	check_int(cred_caps_change("chown", 0xff, &caps, &e), -EINVAL);
	check_int(cred_caps_change("", 0xff, &caps, &e), -EINVAL);
	check_int(cred_caps_change("+chown,", 0xff, &caps, &e), -EINVAL);
	check_int(cred_caps_change("+chown,+nosuch", 0xff, &caps, &e), -EINVAL);
	/* untouched by all that failed */
	check(caps == 5);
	check(cred_caps_change("+all", 0xff, &caps, &e) == 0 && caps == 0xff);
}

static void want_is(const char *text, uint64_t caps, uint64_t named)
{
	struct cred_want want;

	check_int(cred_want_parse(text, &want, &e), 0);
	check(want.caps == caps);
	check(want.named == named);
}

static void test_want(void)
{
	static const char *const bad[] = { "", ",", "+chown", "-chown", "default,", "chown,,kill", "chown,default", "chown,none", "nosuch" };
	struct cred_want want;

	want_is("default", CRED_CAPS_DEFAULT, 0);
	want_is("none", 0, 0);
	want_is("ALL", CRED_CAPS_ALL, 0);
	want_is("default,+net_admin,-mknod", (CRED_CAPS_DEFAULT | CRED_CAP(12)) & ~CRED_CAP(27), CRED_CAP(12));
	want_is("none,+chown,-chown", 0, 0);
	want_is("CAP_CHOWN,kill", 1 | CRED_CAP(5), 1 | CRED_CAP(5));
	want_is("chown,+all", CRED_CAPS_ALL, 1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(cred_want_parse(bad[i], &want, &e), -EINVAL);
}

static void test_want_meet(void)
{
	struct cred_want want;
	uint64_t caps = 0;

	cred_want_parse("default,+sys_time", &want, &e);
	check_int(cred_want_meet(&want, CRED_CAP(0) | CRED_CAP(25), &caps, &e), 0);
	/* of the default only what there is; what was named must be there */
	check(caps == (CRED_CAP(0) | CRED_CAP(25)));
	check_int(cred_want_meet(&want, CRED_CAP(0), &caps, &e), -EPERM);
	check_str(e.object, "sys_time");
}

static void build_is(const char *add1, const char *add2, const char *drop1, const char *drop2, const char *text)
{
	struct strs add = { 0 }, drop = { 0 };
	struct strbuf out = { 0 };

	if (add1)
		strs_add(&add, add1);
	if (add2)
		strs_add(&add, add2);
	if (drop1)
		strs_add(&drop, drop1);
	if (drop2)
		strs_add(&drop, drop2);
	if (text) {
		struct cred_want want;

		check_int(cred_caps_build("default", &add, &drop, &out, &e), 0);
		check_str(out.s, text);
		check_int(cred_want_parse(out.s, &want, &e), 0);
	} else {
		check_int(cred_caps_build("default", &add, &drop, &out, &e), -EINVAL);
	}
	strbuf_release(&out);
	strs_release(&add);
	strs_release(&drop);
}

static void test_build(void)
{
	build_is(NULL, NULL, NULL, NULL, "default");
	build_is("NET_ADMIN", "CAP_SYS_TIME", "mknod", NULL, "default,-mknod,+net_admin,+sys_time");
	build_is("ALL", NULL, "MKNOD", NULL, "all,-mknod");
	build_is("kill", "chown", "all", NULL, "none,+kill,+chown");
	build_is(NULL, NULL, "ALL", NULL, "none");
	build_is("all", "kill", "all", NULL, "all");
	/* both: docker drops first and adds last */
	build_is("chown", NULL, "chown", NULL, "default,-chown,+chown");
	build_is("nosuch", NULL, NULL, NULL, NULL);
	build_is(NULL, NULL, "all", "nosuch", NULL);
}

static void test_securebits(void)
{
	static const char *const bad[] = { "", "noroot", "+all", "+keep_caps", "-keep_caps", "+foo", "+noroot,", "+" };
	struct strbuf text = { 0 };
	unsigned bits = 0;

	check_int(cred_securebits_change("+noroot,+no_setuid_fixup_locked", &bits, &e), 0);
	check_int(bits, 0x1 | 0x8);
	check_int(cred_securebits_change("-all,+noroot_locked", &bits, &e), 0);
	check_int(bits, 0x2);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(cred_securebits_change(bad[i], &bits, &e), -EINVAL);
	check_int(bits, 0x2);
	/* keep_caps is not told; what has no name is */
	cred_securebits_format(0x1 | 0x10 | 0x20 | 0x100, &text);
	check_str(text.s, "noroot,keep_caps_locked,0x100");
	strbuf_release(&text);
}

static void limit_is(const char *text, int resource, rlim_t soft, rlim_t hard)
{
	struct cred_limit l;

	check_int(cred_limit_parse(text, &l, &e), 0);
	check_int(l.resource, resource);
	check(l.v.rlim_cur == soft && l.v.rlim_max == hard);
}

static void test_limits(void)
{
	static const char *const bad[] = {
		"", "nofile", "=1", "nofile=", "nofile=:2", "nofile=1:", "nofile=2:1", "nofile=-1:5", "nofile=-2", "nofile=1:2:3",
		"nofile=1k", "nofile=0x10", "foo=1", "nofile=99999999999999999999", "NOFILE=1", "nofile= 1",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
	};
	struct cred_limit l;

	limit_is("nofile=1024", RLIMIT_NOFILE, 1024, 1024);
	limit_is("nofile=1024:4096", RLIMIT_NOFILE, 1024, 4096);
	limit_is("core=0:-1", RLIMIT_CORE, 0, RLIM_INFINITY);
	limit_is("memlock=unlimited", RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
	limit_is("as=9223372036854775807", RLIMIT_AS, 9223372036854775807, 9223372036854775807);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(cred_limit_parse(bad[i], &l, &e), -EINVAL);
}

/*
 * Users.
 */
static void test_user_syntax(void)
{
	static const char *const good[] = { "0", "1000", "4294967294", "root", "a.b-c_d", "www-data:33", "0:0", "user1", "_x", "x:y" };
	static const char *const bad[] = {
		"", ":", "0:", ":0", "1000x", "0x0", "-1", "+1", "4294967295", "4294967296", "99999999999999999999", "0 ", "1:2:3",
		"0:4294967295", "root:1000x", "a:b:c", "a\nb", "a,b:0:",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		check_int(cred_user_check(good[i], &e), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(cred_user_check(bad[i], &e), -EINVAL);
}

static void write_file(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(fd >= 0 && fd_write(fd, text) == 0);
}

/* A root of our own with these two files, NULL for none; the test ends with its process, the folder with it. */
static void enter_root(const char *passwd, const char *group)
{
	char dir[] = "/tmp/nestbox-unit.XXXXXX";
	int status;
	pid_t pid;

	check(mkdtemp(dir) && chdir(dir) == 0 && mkdir("etc", 0755) == 0);
	if (passwd)
		write_file("etc/passwd", passwd);
	if (group)
		write_file("etc/group", group);
	pid = fork();
	check(pid >= 0);
	if (pid == 0) {
		/* the parent's is not inherited */
		alarm(60);
		check(geteuid() == 0 || unshare(CLONE_NEWUSER) == 0);
		check(chroot(".") == 0);
		return;
	}
	check(waitpid(pid, &status, 0) == pid);
	unlink("etc/passwd");
	unlink("etc/group");
	check(rmdir("etc") == 0 && rmdir(dir) == 0);
	_exit(status ? 1 : 0);
}

static const char passwd_text[] = "root:x:0:0:root:/root:/bin/sh\n"
				  "# a comment\n"
				  "+nis::::::\n"
				  "broken:x:zero:0::/broken:/bin/sh\n"
				  "minus:x:-1:5::/minus:/bin/sh\n"
				  "toobig:x:4294967295:5::/big:/bin/sh\n"
				  "1000x:x:0:0::/evil:/bin/sh\n"
				  "1001:x:0:0::/evil:/bin/sh\n"
				  "user1:x:1000:100:,,,:/home/user1:/bin/ash\n"
				  "twin:x:1000:200::/home/twin:/bin/ash\n"
				  "short:x:1002:102\n"
				  "relative:x:1003:103::home:sh";
static const char group_text[] = "root:x:0:root\n"
				 "wheel:x:10:root,user1\n"
				 "users:x:100:user1\n"
				 "audio:x:29:user1,twin\n"
				 "broken:x:x:user1\n"
				 "user:x:30:user10,xuser1\n"
				 "last:x:31:user1";

static void user_is(const char *text, const struct strs *more, uid_t uid, gid_t gid, const char *home, const char *groups)
{
	struct strbuf list = { 0 };
	struct cred_user u;

	check_int(cred_user_find(text, more, &u, &e), 0);
	check_int(u.uid, uid);
	check_int(u.gid, gid);
	check_str(u.home, home);
	for (size_t i = 0; i < u.n_groups; i++)
		strbuf_addf(&list, "%s%u", i ? " " : "", u.groups[i]);
	check_str(list.s, groups);
	strbuf_release(&list);
	cred_user_release(&u);
}

static void user_fails(const char *text, int rc)
{
	struct cred_user u;

	check_int(cred_user_find(text, NULL, &u, &e), rc);
}

static void test_users(void)
{
	struct strs more = { 0 };

	enter_root(passwd_text, group_text);
	strs_add(&more, "wheel");
	strs_add(&more, "777");
	user_is("root", NULL, 0, 0, "/root", "0 10");
	user_is("0", NULL, 0, 0, "/root", "0 10");
	user_is("0:0", NULL, 0, 0, "/root", "0");
	user_is("user1", NULL, 1000, 100, "/home/user1", "100 10 29 31");
	/* by number: the first entry with that uid */
	user_is("1000", NULL, 1000, 100, "/home/user1", "100 10 29 31");
	user_is("twin", NULL, 1000, 200, "/home/twin", "200 29");
	/* with GROUP given, those of /etc/group are left out */
	user_is("user1:users", NULL, 1000, 100, "/home/user1", "100");
	user_is("user1:audio", &more, 1000, 29, "/home/user1", "29 10 777");
	user_is("user1:5", NULL, 1000, 5, "/home/user1", "5");
	/* a number is never a name, whatever passwd says */
	user_is("1001", NULL, 1001, 0, "/", "0");
	user_is("4000000000:4000000001", &more, 4000000000U, 4000000001U, "/", "4000000001 10 777");
	user_is("short", NULL, 1002, 102, "/", "102");
	user_is("relative", NULL, 1003, 103, "/", "103");
	user_fails("1000x", -EINVAL);
	user_fails("nobody", -ENOENT);
	user_fails("broken", -ENOENT);
	user_fails("minus", -ENOENT);
	user_fails("toobig", -ENOENT);
	user_fails("root:nogroup", -ENOENT);
	user_fails("root:broken", -ENOENT);
	strs_release(&more);
}

static void test_no_passwd(void)
{
	enter_root(NULL, NULL);
	user_is("1000", NULL, 1000, 0, "/", "0");
	user_is("1000:5", NULL, 1000, 5, "/", "5");
	user_fails("root", -ENOENT);
	check(strstr(e.hint, "no /etc/passwd"));
	user_fails("0:root", -ENOENT);
}

static void test_passwd_fifo(void)
{
	enter_root(NULL, NULL);
	check(mkfifo("/etc/passwd", 0644) == 0);
	user_fails("root", -EINVAL);
	check_str(e.what, "is no regular file");
	user_is("0", NULL, 0, 0, "/", "0");
}

static void test_passwd_huge(void)
{
	enter_root(passwd_text, NULL);
	user_is("root", NULL, 0, 0, "/root", "0");
	check(truncate("/etc/passwd", 1 << 30) == 0);
	user_fails("root", -EFBIG);
	check(truncate("/etc/passwd", 1 << 20) == 0);
	/* a hole is NUL bytes */
	user_fails("root", -EINVAL);
}

static void test_passwd_symlink(void)
{
	enter_root(NULL, group_text);
	/* resolved within the root, and not through what proc links to */
	check(symlink("../../../../etc/group", "/etc/passwd") == 0);
	user_fails("root", -ENOENT);
	check(unlink("/etc/passwd") == 0 && symlink("loop", "/etc/loop") == 0 && symlink("loop", "/etc/passwd") == 0);
	user_fails("root", -ELOOP);
	check(unlink("/etc/loop") == 0);
}

/*
 * execve's rules.
 */
static void put_ids(const char *map)
{
	check(fd_put(AT_FDCWD, map, strstr(map, "setgroups") ? "deny" : "0 0 1", &e) == 0);
}

static void set_sets(uint64_t eff, uint64_t perm, uint64_t inh)
{
	struct cred_sets s;

	check_int(cred_get(&s, &e), 0);
	s.effective &= eff & perm;
	s.permitted &= perm;
	s.inheritable = inh;
	check_int(cred_set(&s, &e), 0);
}

#define KILL_CHOWN (CRED_CAP(0) | CRED_CAP(5))

static void as_is(void) { }
static void no_effective(void) { set_sets(0, CRED_CAPS_ALL, 0); }
static void uid_1000(void) { check_int(cred_set_uids(1000, 1000, &e), 0); }
static void keep_uid_1000(void) { check_int(cred_keep_caps(&e), 0); uid_1000(); }
static void keep_but_stay(void) { check_int(cred_keep_caps(&e), 0); }
static void reduced(void) { set_sets(CRED_CAPS_ALL, ~KILL_CHOWN, 0); }
static void reduced_nnp(void) { reduced(); check_int(cred_set_no_new_privs(&e), 0); }
static void bounded(void) { check_int(cred_drop_bounding(KILL_CHOWN, &e), 0); }
static void bounded_inheritable(void) { set_sets(CRED_CAPS_ALL, CRED_CAPS_ALL, KILL_CHOWN); check_int(cred_drop_bounding(CRED_CAP(7), &e), 0); }
static void noroot(void) { check_int(cred_set_securebits(1 << SECURE_NOROOT, &e), 0); }
static void noroot_nnp(void) { noroot(); check_int(cred_set_no_new_privs(&e), 0); }
static void no_fixup(void) { check_int(cred_set_securebits(1 << SECURE_NO_SETUID_FIXUP, &e), 0); uid_1000(); }
static void euid_1000(void) { check_int(cred_set_uids(0, 1000, &e), 0); }
static void ruid_1000(void) { check_int(cred_set_uids(1000, 0, &e), 0); }
static void egid_1000(void) { check_int(cred_set_gids(0, 1000, &e), 0); }
static void in_userns(void) { check(unshare(CLONE_NEWUSER) == 0); }
static void in_userns_reduced(void) { in_userns(); set_sets(KILL_CHOWN, KILL_CHOWN, KILL_CHOWN); }

static void ambient(void)
{
	set_sets(CRED_CAPS_ALL, CRED_CAPS_ALL, KILL_CHOWN | CRED_CAP(7));
	check_int(cred_set_ambient(KILL_CHOWN, &e), 0);
}

static void ambient_uid_1000(void)
{
	keep_uid_1000();
	set_sets(CRED_CAPS_ALL, CRED_CAPS_ALL, KILL_CHOWN | CRED_CAP(7));
	check_int(cred_set_ambient(KILL_CHOWN, &e), 0);
}

static void ambient_noroot(void)
{
	noroot();
	ambient();
}

static void keep_locked(void)
{
	check_int(cred_set_securebits(1 << SECURE_KEEP_CAPS | 1 << SECURE_KEEP_CAPS_LOCKED, &e), 0);
}

static void userns_root(void)
{
	in_userns();
	put_ids("/proc/self/setgroups");
	put_ids("/proc/self/uid_map");
	put_ids("/proc/self/gid_map");
}

static void userns_root_bounded(void)
{
	userns_root();
	bounded();
}

static const struct scene {
	const char *name;
	void (*make)(void);
	int rc;    /* what cred_as_exec says: 0, or 1 where only a real execve can */
	bool root; /* needs the real one */
} scenes[] = {
	{ "nothing changed", as_is, 0, true },
	{ "no effective capabilities", no_effective, 0, true },
	{ "uid 1000", uid_1000, 0, true },
	{ "uid 1000 with keep_caps", keep_uid_1000, 0, true },
	{ "keep_caps and no change of ids", keep_but_stay, 0, true },
	{ "keep_caps locked", keep_locked, 1, true },
	{ "root that dropped capabilities", reduced, 1, true },
	{ "root that dropped capabilities, with no_new_privs", reduced_nnp, 0, true },
	{ "root with a smaller bounding set", bounded, 0, true },
	{ "root with inheritable capabilities outside of the bounding set", bounded_inheritable, 0, true },
	{ "root with ambient capabilities", ambient, 0, true },
	{ "uid 1000 with ambient capabilities", ambient_uid_1000, 0, true },
	{ "noroot", noroot, 0, true },
	{ "noroot with no_new_privs", noroot_nnp, 0, true },
	{ "noroot with ambient capabilities", ambient_noroot, 0, true },
	{ "uid 1000 with no_setuid_fixup", no_fixup, 0, true },
	{ "effective uid 1000", euid_1000, 1, true },
	{ "real uid 1000", ruid_1000, 1, true },
	{ "effective gid 1000", egid_1000, 1, true },
	{ "a user namespace without maps", in_userns, 0, false },
	{ "a user namespace without maps, with few capabilities", in_userns_reduced, 0, false },
	{ "root of a user namespace", userns_root, 0, true },
	{ "root of a user namespace with a smaller bounding set", userns_root_bounded, 0, true },
};

/* What the kernel says of this process, on stdout. */
static int print_state(void)
{
	char text[8192], *line = text;

	if (fd_get(AT_FDCWD, "/proc/self/status", text, sizeof text) < 0)
		return 1;
	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, "Cap", 3) || !strncmp(line, "Uid", 3) || !strncmp(line, "Gid", 3) || !strncmp(line, "NoNew", 5))
			printf("%.*s\n", (int)strcspn(line, "\n"), line);
	}
	printf("securebits %x\ndumpable %d\n", (unsigned)prctl(PR_GET_SECUREBITS), prctl(PR_GET_DUMPABLE));
	fflush(stdout);
	return 0;
}

/* Make the scene in a child and let it say its state after a real execve, or after ours. */
static void state_after(const struct scene *s, bool real, char *buf, size_t size)
{
	int fd[2], status;
	ssize_t len;
	pid_t pid;

	check(pipe2(fd, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), rc;
		char *argv[] = { (char *)"cred", (char *)"--state", NULL }, *env[] = { NULL };

		s->make();
		if (!real) {
			rc = cred_as_exec(&e);
			check_int(rc, s->rc);
			/* nothing was changed: the real one takes over */
			real = rc == 1;
		}
		dup2(fd[1], 1);
		if (real)
			syscall(SYS_execveat, self, "", argv, env, AT_EMPTY_PATH);
		_exit(real ? 1 : print_state());
	}
	close(fd[1]);
	len = fd_read(fd[0], buf, size);
	close(fd[0]);
	check(pid > 0 && waitpid(pid, &status, 0) == pid);
	check_int(status, 0);
	check(len > 0);
}

static const struct scene *scene;

static void test_scene(void)
{
	char ours[4096], real[4096];

	state_after(scene, true, real, sizeof real);
	state_after(scene, false, ours, sizeof ours);
	check_str(ours, real);
}

/* That a scene that only a real execve can play is one: it ends with more than there was. */
static void test_root_regains(void)
{
	struct cred_sets before, after;

	check_int(cred_get(&before, &e), 0);
	reduced();
	check_int(cred_as_exec(&e), 1);
	check_int(cred_get(&after, &e), 0);
	check(after.permitted == (before.permitted & ~KILL_CHOWN) && after.bounding == before.bounding);
}

static void test_refused_ids(void)
{
	gid_t groups[] = { 1, 4294967295U };

	check_int(cred_set_uids(4294967295U, 0, &e), -EINVAL);
	check_int(cred_set_uids(0, 4294967295U, &e), -EINVAL);
	check_int(cred_set_gids(0, 4294967295U, &e), -EINVAL);
	check_int(cred_set_groups(groups, 2, &e), -EINVAL);
	check_int(getuid(), 0);
}

static void test_keyring(void)
{
	long before = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0), after;

	check_int(cred_new_keyring(&e), 0);
	after = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
	/* no keyrings at all, or another one */
	check(after < 0 ? before < 0 : after != before);
}

static void test_known(void)
{
	char text[16];
	long long last;

	check(fd_get(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", text, sizeof text) > 0);
	text[strcspn(text, "\n")] = '\0';
	check_int(str_num(text, 0, 63, &last), 0);
	check(cred_caps_known() == (last == 63 ? CRED_CAPS_ALL : CRED_CAP(last + 1) - 1));
}

static bool userns_works(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) != 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void skip(const char *sentence, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++unit_count, sentence, why);
}

int main(int argc, char **argv)
{
	bool root = geteuid() == 0, userns;

	if (argc == 2 && !strcmp(argv[1], "--state"))
		return print_state();
	userns = userns_works();
	unit("capabilities have names with and without CAP_, in either case", test_cap_names);
	unit("what is no capability is refused", test_cap_bad_names);
	unit("a set that was written is read back", test_caps_round_trip);
	unit("the default is docker's fourteen", test_default_caps);
	unit("a list of changes applies from left to right", test_caps_change);
	unit("--caps takes a base, names and changes", test_want);
	unit("what is named must be had, what a base brings need not", test_want_meet);
	unit("docker's --cap-add and --cap-drop become one list", test_build);
	unit("securebits by name", test_securebits);
	unit("limits in docker's words", test_limits);
	unit("users and groups are strict numbers or names", test_user_syntax);
	unit("the kernel's last capability is found without /proc", test_known);
	unit("a new session keyring is another one", test_keyring);
	if (root || userns) {
		unit("passwd and group say who a user is, as docker reads them", test_users);
		unit("without a passwd, numbers do", test_no_passwd);
		unit("a passwd that is a FIFO is not waited for", test_passwd_fifo);
		unit("a passwd of a gigabyte is not read", test_passwd_huge);
		unit("a passwd that is a symlink stays within the root", test_passwd_symlink);
	} else {
		skip("passwd and group say who a user is", "needs chroot");
	}
	if (root) {
		unit("ids that mean \"leave it\" are refused", test_refused_ids);
		unit("as exec: nothing changes where root would gain", test_root_regains);
	}
	for (scene = scenes; scene < scenes + sizeof scenes / sizeof *scenes; scene++) {
		char sentence[160];

		snprintf(sentence, sizeof sentence, "as exec, like a real one: %s", scene->name);
		if (scene->root ? root && (scene->make != userns_root || userns) : userns)
			unit(sentence, test_scene);
		else
			skip(sentence, scene->root ? "needs root" : "needs user namespaces");
	}
	return unit_done();
}
