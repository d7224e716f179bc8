/* docker's --mount, and what is bound for it and for -v. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/fd.h"
#include "core/mnt.h"
#include "core/sys.h"

/*
 * The next field of a line of comma-separated values into buf: as it is, or in
 * double quotes, where "" stands for one of them and a comma for itself. RFC 4180
 * The length, -ENOENT at the end, -EINVAL, -ENAMETOOLONG.
 */
static int next_field(const char **rest, char *buf, size_t size)
{
	const char *s = *rest;
	bool quoted = s && *s == '"';
	size_t n = 0;

	if (!s)
		return -ENOENT;
	s += quoted;
	for (; *s && (quoted || *s != ','); s++) {
		if (*s == '"' && (!quoted || s[1] != '"'))
			break;
		if (n + 1 >= size)
			return -ENAMETOOLONG;
		s += *s == '"';
		buf[n++] = *s;
	}
	buf[n] = '\0';
	if (quoted && *s++ != '"')
		return -EINVAL;
	if (*s && *s != ',')
		return -EINVAL;
	*rest = *s ? s + 1 : NULL;
	return (int)n;
}

/* A flag by its name alone, or with one of Go's words for true and false. */
static int parse_flag(const char *text, const char *key, const char *value, bool *flag, struct err *e)
{
	static const char *const words[2][6] = {
		{ "0", "f", "F", "FALSE", "false", "False" },
		{ "1", "t", "T", "TRUE", "true", "True" },
	};

	if (!value) {
		*flag = true;
		return 0;
	}
	for (int v = 0; v < 2; v++)
		for (int i = 0; i < 6; i++)
			if (!strcmp(value, words[v][i])) {
				*flag = v;
				return 0;
			}
	return err_bad(e, text, "%s is true or false, not \"%s\"", key, value);
}

static int parse_type(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	m->tmpfs = !strcmp(value, "tmpfs");
	m->typed = m->tmpfs || !strcmp(value, "bind");
	if (m->typed)
		return 0;
	err_bad(e, text, "there are no mounts of type \"%s\" here", value);
	err_hint(e, !strcmp(value, "volume") ? "named volumes do not exist: give type=bind with a directory as the source" : "type=bind or type=tmpfs");
	return -EINVAL;
}

static int parse_recursive(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	static const char *const words[] = { "enabled", "disabled", "writable", "readonly" };
	int i = 0;

	while (i < 4 && strcmp(value, words[i]))
		i++;
	if (i == 4)
		return err_bad(e, text, "bind-recursive is enabled, disabled, writable or readonly, not \"%s\"", value);
	m->v.alone = i == 1;
	m->v.below_writable = i == 2;
	m->wants_ro = i == 2 || i == 3 ? words[i] : NULL;
	return 0;
}

static int parse_size(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	long long v;

	if (str_size(value, false, &v) < 0)
		return err_bad(e, text, "\"%s\" is no size", value);
	m->size = v;
	return 0;
}

static int parse_mode(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	long long v;

	if (str_octal(value, 07777, &v) < 0)
		return err_bad(e, text, "\"%s\" is no mode in octal", value);
	m->mode = (int)v;
	return 0;
}

static int parse_source(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	if ((size_t)snprintf(m->v.src, sizeof m->v.src, "%s", value) >= sizeof m->v.src)
		return err_set(e, ENAMETOOLONG, text, NULL);
	if (!*value || (!strchr(value, '/') && strcmp(value, ".") && strcmp(value, "..")))
		return err_bad(e, text, "the source must be a path, such as ./%s", value);
	return 0;
}

static int parse_target(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	return mnt_dst_parse(text, value, m->v.dst, e);
}

static int parse_propagation(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	return mnt_propagation_parse(value, &m->v.propagation) < 0 ? err_bad(e, text, "unknown propagation \"%s\"", value) : 0;
}

static int parse_nothing(const char *text, const char *value, struct mnt_spec *m, struct err *e)
{
	(void)text, (void)value, (void)m, (void)e;
	return 0;
}

enum { ANY, BIND, TMPFS };

static const struct key {
	const char *name;
	int (*parse)(const char *text, const char *value, struct mnt_spec *m, struct err *e); /* NULL: a flag at `off` */
	size_t off;
	int only;
} keys[] = {
	{ "type", parse_type, 0, ANY },
	{ "source", parse_source, 0, BIND },
	{ "src", parse_source, 0, BIND },
	{ "target", parse_target, 0, ANY },
	{ "destination", parse_target, 0, ANY },
	{ "dst", parse_target, 0, ANY },
	{ "readonly", NULL, offsetof(struct mnt_spec, v.read_only), ANY },
	{ "ro", NULL, offsetof(struct mnt_spec, v.read_only), ANY },
	/* docker's for other machines than Linux's */
	{ "consistency", parse_nothing, 0, ANY },
	{ "bind-propagation", parse_propagation, 0, BIND },
	{ "bind-recursive", parse_recursive, 0, BIND },
	{ "bind-nonrecursive", NULL, offsetof(struct mnt_spec, v.alone), BIND },
	{ "bind-create-src", NULL, offsetof(struct mnt_spec, v.create), BIND },
	{ "tmpfs-size", parse_size, 0, TMPFS },
	{ "tmpfs-mode", parse_mode, 0, TMPFS },
};

/* "key=value" or "flag"; the key's row into *seen, for what the type allows. */
static int parse_field(const char *text, char *field, struct mnt_spec *m, const struct key *seen[3], struct err *e)
{
	char *value = strchr(field, '=');
	const struct key *k = keys, *end = keys + sizeof keys / sizeof *keys;

	if (value)
		*value++ = '\0';
	while (k < end && strcmp(field, k->name))
		k++;
	if (k == end)
		return err_bad(e, text, "unknown key \"%s\"", field);
	seen[k->only] = k;
	if (!k->parse)
		return parse_flag(text, k->name, value, (bool *)((char *)m + k->off), e);
	return value ? k->parse(text, value, m, e) : err_bad(e, text, "%s wants a value", k->name);
}

/* What the fields say together. */
static int check_spec(const char *text, const struct mnt_spec *m, const struct key *const seen[3], struct err *e)
{
	const struct key *wrong = seen[m->tmpfs ? BIND : TMPFS];

	if (!m->typed)
		return parse_type(text, "volume", &(struct mnt_spec){ 0 }, e);
	if (wrong)
		return err_bad(e, text, "%s does not go with type=%s", wrong->name, m->tmpfs ? "tmpfs" : "bind");
	if (!*m->v.dst)
		return err_bad(e, text, "where to? target=PATH");
	if (!m->tmpfs && !*m->v.src)
		return err_bad(e, text, "of what? source=PATH");
	if (m->wants_ro && !m->v.read_only)
		return err_bad(e, text, "bind-recursive=%s wants readonly, too", m->wants_ro);
	return 0;
}

int mnt_spec_parse(const char *text, struct mnt_spec *m, struct err *e)
{
	const struct key *seen[3] = { NULL };
	const char *rest = text;
	char field[4096 + 64];
	int len, rc = 0;

	*m = (struct mnt_spec){ .v.propagation = MS_PRIVATE, .size = -1, .mode = 01777 };
	while (rc == 0 && (len = next_field(&rest, field, sizeof field)) != -ENOENT)
		rc = len < 0 ? err_bad(e, text, "is no list KEY=VALUE,... in which quotes end") : parse_field(text, field, m, seen, e);
	rc = rc < 0 ? rc : check_spec(text, m, seen, e);
	if (rc < 0)
		return rc;
	m->attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | (m->v.read_only ? MOUNT_ATTR_RDONLY : 0);
	len = snprintf(m->options, sizeof m->options, "mode=%o", (unsigned)m->mode);
	if (m->size >= 0)
		snprintf(m->options + len, sizeof m->options - (size_t)len, ",size=%lld", m->size);
	return 0;
}

int mnt_bind(int src, const struct mnt_volume *v, unsigned attrs, struct err *e)
{
	unsigned all = attrs | (v->read_only && !v->below_writable ? MOUNT_ATTR_RDONLY : 0);
	auto_close int mnt = -1;

	if (!v->alone)
		mnt = mnt_clone(src, "", all, v->propagation, e);
	else if ((mnt = sys_open_tree(src, "", OPEN_TREE_CLONE | AT_EMPTY_PATH)) < 0) {
		int rc = err_sys(e, v->src, "copy the mount");

		if (rc == -EINVAL)
			err_hint(e, "other mounts lie below it, and what they cover is not for a user namespace to see: leave bind-recursive=disabled out");
		return rc;
	} else if (sys_mount_setattr(mnt, "", AT_EMPTY_PATH, all, 0, v->propagation) < 0)
		return err_sys(e, v->src, "set mount attributes");
	if (mnt >= 0 && v->below_writable && sys_mount_setattr(mnt, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0) < 0)
		return err_sys(e, v->src, "make read-only");
	return take_fd(&mnt);
}
