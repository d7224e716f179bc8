/* record: names, values, and what becomes of the records of the living and the dead. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "core/fd.h"
#include "core/record.h"
#include "tests/unit/unit.h"

static void names(void)
{
	static const char *const good[] = { "a", "9", "web", "a.b-c_d", "A1" };
	static const char *const bad[] = { "", ".", "-a", "_a", ".a", "a/b", "a b", "a\n", "../x", "\xc3\xa4" };
	struct err e = { 0 };
	char name[66];

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		check_int(record_name_check(good[i], &e), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(record_name_check(bad[i], &e), -EINVAL);
	memset(name, 'a', sizeof name);
	name[64] = '\0';
	check_int(record_name_check(name, &e), 0);
	name[64] = 'a';
	name[65] = '\0';
	check_int(record_name_check(name, &e), -EINVAL);
}

static void ids(void)
{
	char a[RECORD_ID_LEN + 1], b[RECORD_ID_LEN + 1];
	struct err e = { 0 };

	check_int(record_new_id(a, &e), 0);
	check_int(record_new_id(b, &e), 0);
	check_int((long long)strlen(a), RECORD_ID_LEN);
	check_int((long long)strspn(a, "0123456789abcdef"), RECORD_ID_LEN);
	check(strcmp(a, b));
}

static void values(void)
{
	static const char text[] = "version 1\nrootfs /a b\nname \npid 12\npid 13\nlast end";
	char buf[8];

	check(record_value(text, "version", buf, sizeof buf));
	check_str(buf, "1");
	check(record_value(text, "rootfs", buf, sizeof buf));
	check_str(buf, "/a b");
	check(record_value(text, "name", buf, sizeof buf));
	check_str(buf, "");
	check(record_value(text, "pid", buf, sizeof buf));
	check_str(buf, "12");
	check(record_value(text, "last", buf, sizeof buf));
	check_str(buf, "end");
}

static void values_that_are_not_there(void)
{
	char buf[4] = "old";

	check(!record_value("", "pid", buf, sizeof buf));
	check(!record_value("pidx 1\nxpid 2\n pid 3\n", "pid", buf, sizeof buf));
	check(!record_value("pid\npid", "pid", buf, sizeof buf));
	check(!record_value("pid", "pidpidpid", buf, sizeof buf));
	check(!record_value("pid 1234\n", "pid", buf, sizeof buf));
	check(record_value("pid 123\n", "pid", buf, sizeof buf));
	check(!record_value("\n\n", "pid", buf, sizeof buf));
	check_str(buf, "123");
}

/*
 * A state folder of our own: where /run cannot be written, or for an ordinary
 * user, it lies in XDG_RUNTIME_DIR. Root's is /run, so become nobody.
 */
static char state[64];

static void make_state(void)
{
	if (geteuid() == 0)
		check(setgid(65534) == 0 && setuid(65534) == 0);
	strcpy(state, "/tmp/nestbox-unit.XXXXXX");
	check(mkdtemp(state) && setenv("XDG_RUNTIME_DIR", state, 1) == 0);
}

static void remove_state(void)
{
	char command[100];

	snprintf(command, sizeof command, "rm -rf %s", state);
	check_int(system(command), 0);
}

static bool in_state(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s/nestbox/%s", state, name);
	return lstat(path, &st) == 0;
}

static int cleaned;

static int clean(const char *id, const char *text)
{
	char value[64];

	(void)id;
	cleaned += record_value(text, "cgroup", value, sizeof value);
	return 0;
}

static int clean_not(const char *id, const char *text)
{
	(void)id;
	(void)text;
	return -EBUSY;
}

static char unmade[256];

static void unmake(int root, const char *text)
{
	(void)root;
	snprintf(unmade, sizeof unmade, "%s", text);
}

static void one_name_one_container(void)
{
	struct record a = RECORD_NONE, b = RECORD_NONE;
	struct err e = { 0 };

	make_state();
	check_int(record_make(&a, "aaaaaaaaaaaa", "web", "name web\ncgroup x\n", &e), 0);
	check_int(record_add(&a, "pid 7\n", &e), 0);
	check(in_state("aaaaaaaaaaaa/record") && in_state("names/web"));
	check_int(record_make(&b, "bbbbbbbbbbbb", "web", "", &e), -EEXIST);
	check(strstr(e.what, "aaaaaaaaaaaa"));
	record_remove(&b);
	/* the loser's record went, and the name is still the winner's */
	check(!in_state("bbbbbbbbbbbb") && in_state("names/web"));
	check_int(record_gc(clean, unmake, &e), 0);
	check(in_state("aaaaaaaaaaaa/record"));
	record_remove(&a);
	check(!in_state("aaaaaaaaaaaa") && !in_state("names/web"));
	remove_state();
}

/* What a container that was killed leaves. */
static void die_with_a_record(const char *id, const char *name)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct record r = RECORD_NONE;
		struct err e = { 0 };

		if (record_make(&r, id, name, "name web\ncgroup x\n", &e) == 0)
			kill(getpid(), SIGKILL);
		_exit(1);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid);
	check(WIFSIGNALED(status));
}

static void the_dead_are_collected(void)
{
	struct err e = { 0 };

	make_state();
	die_with_a_record("aaaaaaaaaaaa", "web");
	check(in_state("aaaaaaaaaaaa/record"));
	check_int(record_gc(clean_not, unmake, &e), 0);
	/* the name is free as soon as that is found out */
	check(in_state("aaaaaaaaaaaa/record") && !in_state("names/web"));
	check_int(record_gc(clean, unmake, &e), 1);
	check_int(cleaned, 1);
	check(!in_state("aaaaaaaaaaaa") && !in_state("names/web"));
	check_int(record_gc(clean, unmake, &e), 0);
	remove_state();
}

static void make_in_state(const char *name, bool folder)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/nestbox/%s", state, name);
	fd = folder ? mkdir(path, 0700) : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	check(fd >= 0);
	if (!folder)
		fd_close(&fd);
}

/* What one leaves that was killed at the very start, or at the very end. */
static void halves_are_collected(void)
{
	struct record r = RECORD_NONE;
	struct err e = { 0 };

	make_state();
	check_int(record_make(&r, "aaaaaaaaaaaa", NULL, "", &e), 0);
	make_in_state(".bbbbbbbbbbbb", true);
	make_in_state(".cccccccccccc", true);
	make_in_state(".cccccccccccc/record", false);
	make_in_state("dddddddddddd", true);
	make_in_state(".dddd", true);
	/* somebody is starting: it could be his */
	check_int(flock(r.state, LOCK_SH | LOCK_NB), 0);
	check_int(record_gc(clean, unmake, &e), 0);
	check(in_state(".bbbbbbbbbbbb") && in_state(".cccccccccccc/record"));
	check_int(flock(r.state, LOCK_UN), 0);
	check_int(record_gc(clean, unmake, &e), 0);
	check(!in_state(".bbbbbbbbbbbb") && !in_state(".cccccccccccc") && !in_state("dddddddddddd"));
	/* not ours */
	check(in_state(".dddd"));
	check(in_state("aaaaaaaaaaaa/record"));
	record_remove(&r);
	remove_state();
}

static void the_name_of_a_dead_one_is_free(void)
{
	struct record r = RECORD_NONE;
	struct err e = { 0 };

	make_state();
	die_with_a_record("aaaaaaaaaaaa", "web");
	check_int(record_make(&r, "bbbbbbbbbbbb", "web", "", &e), 0);
	/* the dead one's record goes without taking the name along */
	check_int(record_gc(clean, unmake, &e), 1);
	check(in_state("names/web"));
	record_remove(&r);
	check(!in_state("names/web"));
	remove_state();
}

static void a_state_folder_open_to_others_is_refused(void)
{
	struct record r = RECORD_NONE;
	struct err e = { 0 };
	char path[128];

	make_state();
	snprintf(path, sizeof path, "%s/nestbox", state);
	check(mkdir(path, 0755) == 0 && chmod(path, 0755) == 0);
	check_int(record_make(&r, "aaaaaaaaaaaa", NULL, "", &e), -EPERM);
	check(chmod(path, 0700) == 0);
	check_int(record_make(&r, "aaaaaaaaaaaa", NULL, "", &e), 0);
	record_remove(&r);
	remove_state();
	make_state();
	snprintf(path, sizeof path, "%s/nestbox", state);
	check(symlink("/tmp", path) == 0);
	check(record_make(&r, "aaaaaaaaaaaa", NULL, "", &e) < 0);
	remove_state();
}

static void the_last_one_takes_the_mount_points_away(void)
{
	struct record_points a = RECORD_POINTS_NONE, b = RECORD_POINTS_NONE;
	struct err e = { 0 };
	char root[128];
	int dir;

	make_state();
	snprintf(root, sizeof root, "%s/root", state);
	check(mkdir(root, 0755) == 0);
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check_int(record_points_hold(&a, dir, root, &e), 0);
	check_int(write(a.lock, "d /one\n", 7), 7);
	check_int(record_points_hold(&b, dir, root, &e), 0);
	check_int(write(b.lock, "d /two\n", 7), 7);
	record_points_release(&a, unmake);
	check_str(unmade, "");
	check_int(record_gc(clean, unmake, &e), 0);
	check_str(unmade, "");
	record_points_release(&b, unmake);
	check_str(unmade, "d /one\nd /two\n");
	check_int(record_points_hold(&a, dir, "/no/such", &e), -ENOENT);
	remove_state();
}

int main(void)
{
	unit("names", names);
	unit("IDs are twelve hexadecimal digits, and each another", ids);
	unit("values of a record", values);
	unit("values that a record has not", values_that_are_not_there);
	unit("a name is one living container's", one_name_one_container);
	unit("records of the dead are collected once all is cleared away", the_dead_are_collected);
	unit("half a record is collected, unless somebody is making one", halves_are_collected);
	unit("the name of a dead container can be taken", the_name_of_a_dead_one_is_free);
	unit("a state folder that is open to others or a link is refused", a_state_folder_open_to_others_is_refused);
	unit("the last one takes the mount points away", the_last_one_takes_the_mount_points_away);
	return unit_done();
}
