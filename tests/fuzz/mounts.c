/* What -v, --mount, --tmpfs and --mask take: volumes, tmpfs mounts, and the paths in them. */
#include <errno.h>
#include <limits.h>

#include "core/mnt.h"
#include "core/str.h"
#include "core/sys.h"
#include "tests/fuzz/fuzz.h"

#define PARTS 4096

/* The path once more, by a stack of its parts. */
static void slow_normalise(const char *path, char *out, size_t size)
{
	const char *part[PARTS];
	size_t len[PARTS], n = 0, used = 0;

	while (*path) {
		size_t l = strcspn(path, "/");

		if (l == 2 && !strncmp(path, "..", 2)) {
			n -= n > 0;
		} else if (l && !(l == 1 && *path == '.')) {
			require(n < PARTS);
			part[n] = path;
			len[n++] = l;
		}
		path += l;
		path += *path == '/';
	}
	out[0] = '/';
	out[1] = '\0';
	for (size_t i = 0; i < n; i++) {
		require(used + len[i] + 2 <= size);
		used += (size_t)snprintf(out + used, size - used, "/%.*s", (int)len[i], part[i]);
	}
}

static void require_normal(const char *path)
{
	char again[4096];
	size_t len = strlen(path);

	require(path[0] == '/' && len < 4096);
	require(len == 1 || path[len - 1] != '/');
	require(!strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../"));
	require(len < 2 || strcmp(path + len - 2, "/."));
	require(len < 3 || strcmp(path + len - 3, "/.."));
	require(mnt_normalise(path, again) == 0 && !strcmp(path, again));
}

static void paths(const char *text)
{
	char buf[4096], slow[4096];
	int rc = mnt_normalise(text, buf);

	require(rc == 0 || rc == -EINVAL || rc == -ENAMETOOLONG);
	require(*text == '/' || rc == -EINVAL);
	if (rc < 0)
		return;
	require_normal(buf);
	if (strlen(text) < PARTS) {
		slow_normalise(text, slow, sizeof slow);
		require(!strcmp(buf, slow));
	}
}

static const char *propagation(uint64_t flag)
{
	require(flag == MS_PRIVATE || flag == MS_SLAVE || flag == MS_SHARED);
	return flag == MS_PRIVATE ? "private" : flag == MS_SLAVE ? "rslave" : "shared";
}

static void volumes(const char *text)
{
	static struct mnt_volume v, back;
	struct strbuf again = { 0 };
	struct err e = { 0 };

	if (mnt_volume_parse(text, &v, &e) < 0) {
		require(e.object[0] || e.what[0]);
		return;
	}
	require(v.src[0] && !strchr(v.src, ':') && !strncmp(text, v.src, strlen(v.src)));
	require(strcmp(v.dst, "/") && !strchr(v.dst, '\n'));
	require_normal(v.dst);
	strbuf_addf(&again, "%s:%s:%s,%s", v.src, v.dst, v.read_only ? "ro" : "rw", propagation(v.propagation));
	require(mnt_volume_parse(again.s, &back, &e) == 0);
	require(!strcmp(back.src, v.src) && !strcmp(back.dst, v.dst));
	require(back.read_only == v.read_only && back.propagation == v.propagation);
	strbuf_release(&again);
}

/* One field of --mount, in quotes if need be. */
static void add_field(struct strbuf *b, const char *key, const char *value)
{
	strbuf_addf(b, ",\"%s=", key);
	for (; *value; value++) {
		strbuf_addn(b, value, 1);
		if (*value == '"')
			strbuf_addn(b, value, 1);
	}
	strbuf_add(b, "\"");
}

static void specs(const char *text)
{
	static struct mnt_spec m, back;
	struct strbuf again = { 0 };
	struct err e = { 0 };

	if (mnt_spec_parse(text, &m, &e) < 0) {
		require(e.object[0] || e.what[0]);
		return;
	}
	require(m.typed && strcmp(m.v.dst, "/") && !strchr(m.v.dst, '\n'));
	require_normal(m.v.dst);
	require(m.tmpfs || m.v.src[0]);
	require(!m.wants_ro || m.v.read_only);
	strbuf_add(&again, m.tmpfs ? "type=tmpfs" : "type=bind");
	add_field(&again, "dst", m.v.dst);
	if (!m.tmpfs) {
		add_field(&again, "source", m.v.src);
		strbuf_addf(&again, ",bind-propagation=%s,bind-create-src=%d", propagation(m.v.propagation), m.v.create);
		strbuf_add(&again, m.v.below_writable ? ",bind-recursive=writable" : m.v.alone ? ",bind-nonrecursive" : "");
	}
	strbuf_add(&again, m.v.read_only ? ",ro" : "");
	/* of a record that was read all fits, unless its own line gets longer than a field may be */
	require(mnt_spec_parse(again.s, &back, &e) == 0);
	require(!strcmp(back.v.src, m.v.src) && !strcmp(back.v.dst, m.v.dst));
	require(back.v.read_only == m.v.read_only && back.tmpfs == m.tmpfs && back.v.create == m.v.create);
	require(back.v.below_writable == m.v.below_writable && (m.v.below_writable || back.v.alone == m.v.alone));
	strbuf_release(&again);
}

static void tmpfs(const char *text)
{
	static struct mnt_tmpfs t, back;
	const unsigned known = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME;
	struct strbuf again = { 0 };
	struct err e = { 0 };
	const char *rest;
	char word[256];
	int len;

	if (mnt_tmpfs_parse(text, &t, &e) < 0) {
		require(e.object[0] || e.what[0]);
		return;
	}
	require(strcmp(t.dst, "/") && !strchr(t.dst, '\n'));
	require_normal(t.dst);
	require(!(t.attrs & ~known));
	/* each is one that the parser takes by itself, and "mode=" stands first */
	require(strlen(t.options) < sizeof t.options);
	rest = str_after(t.options, "mode=1777");
	require(rest && (!*rest || *rest == ','));
	rest = *rest ? rest + 1 : NULL;
	while ((len = str_next(&rest, ',', word, sizeof word)) != -ENOENT) {
		require(len > 0 && strchr(word, '='));
		strbuf_addf(&again, "/x:%s", word);
		require(mnt_tmpfs_parse(again.s, &back, &e) == 0);
		strbuf_release(&again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size);

	paths(text);
	volumes(text);
	specs(text);
	tmpfs(text);
	free(text);
	return 0;
}
