/* mnt: what users write about mounts, and mount points made in a root that is not trusted. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"
#include "tests/unit/unit.h"

static void normalises(void)
{
	static const struct {
		const char *path, *want;
	} known[] = {
		{ "/", "/" }, { "//", "/" }, { "/.", "/" }, { "/..", "/" }, { "/../..", "/" }, { "/a", "/a" }, { "/a/", "/a" },
		{ "//a///b//", "/a/b" }, { "/a/./b", "/a/b" }, { "/a/../b", "/b" }, { "/a/b/../..", "/" }, { "/a/b/../../..", "/" },
		{ "/../a", "/a" }, { "/a/..b", "/a/..b" }, { "/...", "/..." }, { "/a/b/..", "/a" },
	};
	char buf[4096];

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		check_int(mnt_normalise(known[i].path, buf), 0);
		check_str(buf, known[i].want);
	}
	check_int(mnt_normalise("", buf), -EINVAL);
	check_int(mnt_normalise("a/b", buf), -EINVAL);
	check_int(mnt_normalise("./a", buf), -EINVAL);
}

static void normalising_knows_its_bounds(void)
{
	char path[8192], buf[4096];
	size_t n = 0;

	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[256] = '\0';
	check_int(mnt_normalise(path, buf), 0);
	path[256] = 'a';
	path[257] = '\0';
	check_int(mnt_normalise(path, buf), -ENAMETOOLONG);
	while (n + 100 < sizeof path) {
		path[n] = '/';
		memset(path + n + 1, 'b', 99);
		path[n += 100] = '\0';
		check_int(mnt_normalise(path, buf), n < 4096 ? 0 : -ENAMETOOLONG);
		check(n >= 4096 || !strcmp(buf, path));
	}
}

static void volumes(void)
{
	struct err e = { 0 };
	struct mnt_volume v;

	check_int(mnt_volume_parse("/src:/dst", &v, &e), 0);
	check_str(v.src, "/src");
	check_str(v.dst, "/dst");
	check(!v.read_only && v.propagation == MS_PRIVATE);
	check_int(mnt_volume_parse("./src:/a/../dst/:ro,rslave,z", &v, &e), 0);
	check_str(v.src, "./src");
	check_str(v.dst, "/dst");
	check(v.read_only && v.propagation == MS_SLAVE);
	check_int(mnt_volume_parse("/s:/d:ro,rw", &v, &e), 0);
	check(!v.read_only);
	check_int(mnt_volume_parse("/s:/d:shared,Z", &v, &e), 0);
	check(v.propagation == MS_SHARED);
	check_int(mnt_volume_parse("/s:/d:rprivate", &v, &e), 0);
	check_int(mnt_volume_parse(".:/d", &v, &e), 0);
	check_int(mnt_volume_parse("..:/d", &v, &e), 0);
}

static void specs(void)
{
	static struct mnt_spec m;
	struct err e = { 0 };

	check_int(mnt_spec_parse("type=bind,source=/s,target=/d", &m, &e), 0);
	check(!m.tmpfs && !m.v.read_only && !m.v.alone && !m.v.create && m.v.propagation == MS_PRIVATE);
	check_str(m.v.src, "/s");
	check_str(m.v.dst, "/d");
	check_int(mnt_spec_parse("dst=/a/../d/,ro,type=bind,src=./s,bind-propagation=rslave,bind-create-src", &m, &e), 0);
	check_str(m.v.src, "./s");
	check_str(m.v.dst, "/d");
	check(m.v.read_only && m.v.create && m.v.propagation == MS_SLAVE);
	check_int(mnt_spec_parse("type=bind,src=/s,destination=/d,readonly=false,bind-recursive=disabled,consistency=cached", &m, &e), 0);
	check(!m.v.read_only && m.v.alone);
	check_int(mnt_spec_parse("type=bind,src=/s,dst=/d,readonly=1,bind-recursive=writable", &m, &e), 0);
	check(m.v.read_only && m.v.below_writable);
	check_int(mnt_spec_parse("type=bind,src=/s,dst=/d,readonly,bind-recursive=readonly", &m, &e), 0);
	check(m.v.read_only && !m.v.below_writable && !m.v.alone);
	/* CSV: quotes, and in them commas and doubled quotes */
	check_int(mnt_spec_parse("type=bind,\"source=/a,b\"\"c:d\",target=/e=f", &m, &e), 0);
	check_str(m.v.src, "/a,b\"c:d");
	check_str(m.v.dst, "/e=f");
	check_int(mnt_spec_parse("type=tmpfs,target=/t", &m, &e), 0);
	check(m.tmpfs && m.attrs == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
	check_str(m.options, "mode=1777");
	check_int(mnt_spec_parse("tmpfs-size=64k,tmpfs-mode=0700,ro,type=tmpfs,target=/t", &m, &e), 0);
	check_str(m.options, "mode=700,size=65536");
	check(m.attrs & MOUNT_ATTR_RDONLY);
}

static void specs_refused(void)
{
	static const char *const bad[] = {
		",", "type=bind", "source=/s,target=/d", "type=volume,source=v,target=/d", "type=image,source=i,target=/d", "type=bind,source=/s",
		"type=bind,target=/d", "type=bind,source=name,target=/d", "type=bind,source=/s,target=d", "type=bind,source=/s,target=/",
		"type=bind,source=/s,target=/d,", "type=bind,source=/s,target=/d,frob", "type=bind,source=/s,target=/d,readonly=maybe",
		"type=bind,source=/s,target=/d,bind-propagation=x", "type=bind,source=/s,target=/d,bind-recursive=x",
		"type=bind,source=/s,target=/d,bind-recursive=readonly", "type=bind,source=/s,target=/d,bind-recursive=writable",
		"type=bind,source=/s,target=/d,tmpfs-size=1", "type=tmpfs,target=/t,source=/s", "type=tmpfs,target=/t,bind-propagation=private",
		"type=tmpfs,target=/t,tmpfs-size=x", "type=tmpfs,target=/t,tmpfs-mode=8", "type=tmpfs,target=/t,tmpfs-mode", "type=bind,\"source=/s,target=/d",
		"type=bind,\"source=/s\"x,target=/d", "type=bind,source=/a\"b,target=/d", "type=bind,source=/s,source=,target=/d",
	};
	struct err e = { 0 };
	static struct mnt_spec m;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		check_int(mnt_spec_parse(bad[i], &m, &e), -EINVAL);
		check_str(e.object, bad[i]);
	}
}

static void volumes_refused(void)
{
	static const char *const bad[] = {
		"", ":", "/s", "/s:", ":/d", "/s:d", "/s:./d", "/s:/", "/s:/..", "/s:/d:", "/s:/d:rx", "/s:/d:ro,", "/s:/d:ro:rw", "name:/d",
		"/s:/d:RO", "/s:/d: ro", "/s:/d:privat",
	};
	struct err e = { 0 };
	struct mnt_volume v;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (mnt_volume_parse(bad[i], &v, &e) != -EINVAL)
			printf("# \"%s\"\n", bad[i]);
		check_int(mnt_volume_parse(bad[i], &v, &e), -EINVAL);
		check_str(e.object, *bad[i] ? bad[i] : "\"\"");
	}
	check_int(mnt_volume_parse("name:/d", &v, &e), -EINVAL);
	check(strstr(e.what, "named volumes"));
}

static void long_volumes(void)
{
	static char text[10000];
	struct err e = { 0 };
	struct mnt_volume v;

	/* wherever the ":" stands, it is parsed or refused */
	for (size_t at = 1; at < 9000; at += 89) {
		memset(text, 'a', 9001);
		for (size_t i = 0; i < 9000; i += 50)
			text[i] = '/';
		text[at] = ':';
		text[at + 1] = '/';
		text[9001] = '\0';
		check(mnt_volume_parse(text, &v, &e) <= 0);
	}
}

static void tmpfs(void)
{
	struct err e = { 0 };
	struct mnt_tmpfs t;

	check_int(mnt_tmpfs_parse("/tmp", &t, &e), 0);
	check_str(t.dst, "/tmp");
	check_str(t.options, "mode=1777");
	check(t.attrs == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
	check_int(mnt_tmpfs_parse("/a/../run/:size=64k,mode=700,exec,dev,suid,uid=5", &t, &e), 0);
	check_str(t.dst, "/run");
	check_str(t.options, "mode=1777,size=64k,mode=700,uid=5");
	check(t.attrs == 0);
	check_int(mnt_tmpfs_parse("/t:ro,noatime", &t, &e), 0);
	check(t.attrs & MOUNT_ATTR_RDONLY && t.attrs & MOUNT_ATTR_NOATIME);
	check_int(mnt_tmpfs_parse("/t:ro,rw", &t, &e), 0);
	check(!(t.attrs & MOUNT_ATTR_RDONLY));
}

static void tmpfs_refused(void)
{
	static const char *const bad[] = {
		"", ":", "t", "./t", "/", "/:size=1k", "/t:", "/t:size", "/t:sise=1k", "/t:size=1k,", "/t:,size=1k", "/t:bind", "/t:source=/etc",
	};
	char text[1000];
	struct err e = { 0 };
	struct mnt_tmpfs t;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(mnt_tmpfs_parse(bad[i], &t, &e), -EINVAL);
	snprintf(text, sizeof text, "/t:size=%0200d", 1);
	check_int(mnt_tmpfs_parse(text, &t, &e), -EINVAL);
	snprintf(text, sizeof text, "/t:size=%0100d,size=%0100d,size=%0100d", 1, 1, 1);
	check_int(mnt_tmpfs_parse(text, &t, &e), -ENAMETOOLONG);
}

/* A folder to play root file system in; the test ends with remove_root. */
static int make_root(char path[32])
{
	struct err e = { 0 };

	strcpy(path, "/tmp/nestbox-unit.XXXXXX");
	check(mkdtemp(path) != NULL);
	return fd_open_dir(AT_FDCWD, path, &e);
}

static void remove_root(const char *path)
{
	char command[64];

	snprintf(command, sizeof command, "rm -rf %s", path);
	check_int(system(command), 0);
}

static bool exists(int root, const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void points_are_made_and_unmade(void)
{
	struct timespec old[2] = { { 1000000000, 5 }, { 1000000000, 5 } };
	FILE *list = tmpfile();
	struct mnt_made made = { fileno(list) };
	char text[512];
	struct err e = { 0 };
	char path[32];
	auto_close int root = make_root(path);
	auto_close int dir = -1, file = -1, again = -1;
	struct stat st;

	check(mkdirat(root, "there", 0755) == 0);
	check(utimensat(root, "there", old, 0) == 0);
	dir = mnt_point(root, "/there/a/b", true, MNT_LINKS_FOLLOWED, &made, &e);
	file = mnt_point(root, "/there/f", false, MNT_LINKS_FOLLOWED, &made, &e);
	again = mnt_point(root, "/there/a", true, MNT_LINKS_FOLLOWED, &made, &e);
	check(dir >= 0 && file >= 0 && again >= 0);
	check(fstatat(root, "there/a/b", &st, 0) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0755);
	check(fstatat(root, "there/f", &st, 0) == 0 && S_ISREG(st.st_mode));
	check(lseek(made.fd, 0, SEEK_SET) == 0 && fd_read(made.fd, text, sizeof text) > 0);
	check(strstr(text, "d /there/a\n") && strstr(text, "d /there/a/b\n") && strstr(text, "f /there/f\n"));
	mnt_unmake(root, text);
	check(exists(root, "there") && !exists(root, "there/a") && !exists(root, "there/f"));
	check(fstatat(root, "there", &st, 0) == 0);
	check_int(st.st_mtim.tv_sec, 1000000000);
	check_int(st.st_mtim.tv_nsec, 5);
	fclose(list);
	remove_root(path);
}

/* "x" takes the line before it back: that directory is another's, and stays though it is empty. */
static void somebody_else_was_first(void)
{
	char path[32];
	auto_close int root = make_root(path);

	check(mkdirat(root, "ours", 0755) == 0 && mkdirat(root, "theirs", 0755) == 0);
	mnt_unmake(root, "d /ours\nd /theirs\nx /theirs\n");
	check(!exists(root, "ours") && exists(root, "theirs"));
	/* noted, and then not made after all */
	mnt_unmake(root, "d /never\nt 1 1 /never\nf /never/made\n");
	check(exists(root, "theirs"));
	remove_root(path);
}

static void what_is_used_stays(void)
{
	FILE *list = tmpfile();
	struct mnt_made made = { fileno(list) };
	char text[512];
	struct err e = { 0 };
	char path[32];
	auto_close int root = make_root(path);
	auto_close int dir = mnt_point(root, "/a/b", true, MNT_LINKS_FOLLOWED, &made, &e);
	auto_close int file = mnt_point(root, "/f", false, MNT_LINKS_FOLLOWED, &made, &e);
	auto_close int into = openat(root, "f", O_WRONLY | O_CLOEXEC);

	check(dir >= 0 && file >= 0 && write(into, "x", 1) == 1);
	check(mkdirat(root, "a/b/mine", 0755) == 0);
	check(lseek(made.fd, 0, SEEK_SET) == 0 && fd_read(made.fd, text, sizeof text) > 0);
	mnt_unmake(root, text);
	check(exists(root, "a/b/mine") && exists(root, "f"));
	/* nonsense in a list does nothing */
	mnt_unmake(root, "");
	mnt_unmake(root, "\n\n");
	mnt_unmake(root, "d\nq /f\nt x y /a\nf /a\nd /f\nf ../../etc/hostname");
	check(exists(root, "f") && exists(root, "a"));
	fclose(list);
	remove_root(path);
}

static void points_never_leave_the_root(void)
{
	struct err e = { 0 };
	char path[32], outside[64];
	auto_close int root = make_root(path);
	auto_close int up = -1, absolute = -1, dots = -1, link = -1;
	struct stat st;

	check(mkdirat(root, "in", 0755) == 0);
	check(symlinkat("../../../../../../../../tmp", root, "up") == 0);
	check(symlinkat("/in", root, "absolute") == 0);
	check(symlinkat("/no/such/place", root, "nowhere") == 0);
	absolute = mnt_point(root, "/absolute/made", true, MNT_LINKS_FOLLOWED, NULL, &e);
	check(absolute >= 0 && exists(root, "in/made"));
	/* "up" is /tmp inside, which is missing there, and is not made through a link */
	up = mnt_point(root, "/up/nestbox-unit-escape", true, MNT_LINKS_FOLLOWED, NULL, &e);
	check(up < 0);
	check(stat("/tmp/nestbox-unit-escape", &st) < 0);
	check_int(mnt_point(root, "/nowhere", true, MNT_LINKS_FOLLOWED, NULL, &e), -EEXIST);
	check(e.hint[0]);
	/* it is the link itself that can be mounted on, and one above it leads where it leads inside */
	link = mnt_point(root, "/absolute/../nowhere", false, MNT_LINK_COVERED, NULL, &e);
	check(link >= 0 && fstat(link, &st) == 0 && S_ISLNK(st.st_mode));
	check_int(mnt_point(root, "/nowhere", true, MNT_LINK_COVERED, NULL, &e), -ENOTDIR);
	dots = mnt_point(root, "/../../dots", true, MNT_LINKS_FOLLOWED, NULL, &e);
	check(dots >= 0 && exists(root, "dots"));
	snprintf(outside, sizeof outside, "%s/../dots", path);
	check(stat(outside, &st) < 0);
	check_int(mnt_point(root, "/absolute", true, MNT_LINKS_REFUSED, NULL, &e), -ELOOP);
	remove_root(path);
}

static void kind_must_fit(void)
{
	struct err e = { 0 };
	char path[32];
	auto_close int root = make_root(path);
	auto_close int dir = mnt_point(root, "/dir", true, MNT_LINKS_FOLLOWED, NULL, &e);
	auto_close int file = mnt_point(root, "/file", false, MNT_LINKS_FOLLOWED, NULL, &e);

	check(dir >= 0 && file >= 0);
	check_int(mnt_point(root, "/dir", false, MNT_LINKS_FOLLOWED, NULL, &e), -EISDIR);
	check_int(mnt_point(root, "/file", true, MNT_LINKS_FOLLOWED, NULL, &e), -ENOTDIR);
	check_int(mnt_point(root, "/file/below", true, MNT_LINKS_FOLLOWED, NULL, &e), -ENOTDIR);
	remove_root(path);
}

int main(void)
{
	unit("what somebody else made is not taken away", somebody_else_was_first);
	unit("paths are normalised as seen from /", normalises);
	unit("paths that are too long are refused", normalising_knows_its_bounds);
	unit("volumes", volumes);
	unit("what is no volume is refused, by its text", volumes_refused);
	unit("--mount's fields, flags and quotes are docker's", specs);
	unit("what is no --mount is refused, by its text", specs_refused);
	unit("volumes of any length are parsed or refused", long_volumes);
	unit("tmpfs with its options", tmpfs);
	unit("what is no tmpfs is refused", tmpfs_refused);
	unit("mount points are made, noted and taken away, times too", points_are_made_and_unmade);
	unit("mount points in use are not taken away, nor what a bad list names", what_is_used_stays);
	unit("mount points never lie outside of the root", points_never_leave_the_root);
	unit("a file is no mount point for a directory, nor the other way", kind_must_fit);
	return unit_done();
}
