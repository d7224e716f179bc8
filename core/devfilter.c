#include "core/devfilter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define RWM (DEV_MKNOD | DEV_READ | DEV_WRITE)

/* Of the kernel: a dev_t has 12 bits and 20. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

/* docker's list; making a node is allowed for any device, opening it is what counts */
const struct dev_rule devfilter_usual[] = {
	{ true, 'c', -1, -1, DEV_MKNOD },
	{ true, 'b', -1, -1, DEV_MKNOD },
	{ true, 'c', 1, 3, RWM },    /* null */
	{ true, 'c', 1, 5, RWM },    /* zero */
	{ true, 'c', 1, 7, RWM },    /* full */
	{ true, 'c', 1, 8, RWM },    /* random */
	{ true, 'c', 1, 9, RWM },    /* urandom */
	{ true, 'c', 5, 0, RWM },    /* tty */
	{ true, 'c', 5, 1, RWM },    /* console */
	{ true, 'c', 5, 2, RWM },    /* ptmx */
	{ true, 'c', 136, -1, RWM }, /* pts */
};

const size_t devfilter_n_usual = sizeof devfilter_usual / sizeof *devfilter_usual;

/* ---- text ---- */

static void number_text(int n, char buf[16])
{
	if (n < 0)
		snprintf(buf, 16, "*");
	else
		snprintf(buf, 16, "%d", n);
}

void devfilter_text(const struct dev_rule *r, char buf[64])
{
	char major[16], minor[16];

	number_text(r->major, major);
	number_text(r->minor, minor);
	snprintf(buf, 64, "%c %s:%s %s%s%s", r->type, major, minor, r->access & DEV_READ ? "r" : "", r->access & DEV_WRITE ? "w" : "",
		 r->access & DEV_MKNOD ? "m" : "");
}

static int parse_number(const char *text, long long max, int *out)
{
	long long v = -1;

	/* "-0" is a number to str_num */
	if (strcmp(text, "*") && (*text == '-' || str_num(text, 0, max, &v) < 0))
		return -EINVAL;
	*out = (int)v;
	return 0;
}

static int parse_access(const char *text, unsigned *out)
{
	size_t len = strlen(text);

	*out = (strchr(text, 'r') ? DEV_READ : 0) | (strchr(text, 'w') ? DEV_WRITE : 0) | (strchr(text, 'm') ? DEV_MKNOD : 0);
	return len && len <= 3 && strspn(text, "rwm") == len ? 0 : -EINVAL;
}

/* What v1 reads of a rule that starts with "a" is that letter; what stands behind it must not say less. */
static int parse_all(const char *rest, const char *text, struct err *e)
{
	int rc;

	if (!strcmp(rest, "a") || !strcmp(rest, "all") || !strcmp(rest, "a *:* rwm"))
		return 0;
	rc = err_bad(e, text, "type a is every device and every access");
	err_hint(e, "with numbers, there is a rule for b and one for c");
	return rc;
}

static int parse_device(const char *rest, const char *text, struct dev_rule *r, struct err *e)
{
	char type[2], major[16], minor[16];

	if (str_next(&rest, ' ', type, sizeof type) != 1 || !strchr("bc", *type))
		return err_bad(e, text, "wants a type, which is a, b or c, or the path of a device file");
	r->type = *type;
	if (!rest || str_next(&rest, ':', major, sizeof major) < 0 || !rest || str_next(&rest, ' ', minor, sizeof minor) < 0 ||
	    parse_number(major, MAJOR_MAX, &r->major) < 0 || parse_number(minor, MINOR_MAX, &r->minor) < 0)
		return err_bad(e, text, "wants MAJOR:MINOR behind the type, each \"*\" or a number, up to %d and %d", MAJOR_MAX, MINOR_MAX);
	if (!rest || parse_access(rest, &r->access) < 0)
		return err_bad(e, text, "wants one to three of r, w and m at the end");
	return 0;
}

static int parse_path(const char *rest, const char *text, struct dev_rule *r, const char **path, struct err *e)
{
	const char *blank = strrchr(rest, ' ');

	if (!blank || parse_access(blank + 1, &r->access) < 0)
		return err_bad(e, text, "wants one to three of r, w and m behind the path");
	if (blank - rest >= PATH_MAX)
		return err_bad(e, text, "the path is too long");
	*path = rest;
	return (int)(blank - rest);
}

int devfilter_parse(const char *text, struct dev_rule *r, const char **path, struct err *e)
{
	const char *deny = str_after(text, "deny "), *allow = str_after(text, "allow "), *rest = deny ? deny : allow ? allow : text;

	*r = (struct dev_rule){ !deny, 'a', -1, -1, RWM };
	if (*rest == '/')
		return parse_path(rest, text, r, path, e);
	return *rest == 'a' ? parse_all(rest, text, e) : parse_device(rest, text, r, e);
}

int devfilter_read(const char *text, struct dev_rule *r, struct err *e)
{
	char path[PATH_MAX];
	const char *at;
	struct stat st;
	int len = devfilter_parse(text, r, &at, e);

	if (len <= 0)
		return len;
	str_copyn(path, sizeof path, at, (size_t)len);
	if (stat(path, &st) < 0)
		return err_sys(e, path, NULL);
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_bad(e, path, "is no device file");
	r->type = S_ISCHR(st.st_mode) ? 'c' : 'b';
	r->major = (int)major(st.st_rdev);
	r->minor = (int)minor(st.st_rdev);
	return 0;
}

/* ---- lists ---- */

int devfilter_append(struct dev_list *l, const struct dev_rule *r)
{
	struct dev_rule *v = realloc(l->v, (l->n + 1) * sizeof *v);

	if (!v)
		return -ENOMEM;
	l->v = v;
	l->v[l->n++] = *r;
	return 0;
}

void devfilter_release(struct dev_list *l)
{
	free(l->v);
	*l = (struct dev_list){ 0 };
}

static bool same_device(const struct dev_rule *a, const struct dev_rule *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

static bool meet(int a, int b)
{
	return a < 0 || b < 0 || a == b;
}

/* Is there something that both are about? */
static bool overlap(const struct dev_rule *a, const struct dev_rule *b)
{
	return a->type == b->type && meet(a->major, b->major) && meet(a->minor, b->minor) && a->access & b->access;
}

static int refuse_hole(const struct dev_rule *r, const struct dev_rule *other, struct err *e)
{
	char text[64], in_the_way[64];
	int rc;

	devfilter_text(r, text);
	devfilter_text(other, in_the_way);
	rc = err_bad(e, text, "cannot be %s as long as \"%s\" is %s, which is another rule", r->allow ? "allowed" : "denied", in_the_way,
		     r->allow ? "denied" : "allowed");
	err_hint(e, "a group's rules have no holes: %s \"%s\" first, then %s what is to be left of it", r->allow ? "allow" : "deny", in_the_way,
		 r->allow ? "deny" : "allow");
	return rc;
}

/* Take it out of the exception for the same device. */
static int take_out(struct dev_list *l, size_t at, const struct dev_rule *r, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (i != at && overlap(&l->v[i], r))
			return refuse_hole(r, &l->v[i], e);
	if (at == l->n)
		return 0;
	l->v[at].access &= ~r->access;
	if (!l->v[at].access)
		memmove(&l->v[at], &l->v[at + 1], (--l->n - at) * sizeof *l->v);
	return 0;
}

int devfilter_add(struct dev_list *l, const struct dev_rule *r, struct err *e)
{
	size_t at = 0;

	if (r->type == 'a') {
		l->allow = r->allow;
		l->n = 0;
		return 0;
	}
	while (at < l->n && !same_device(&l->v[at], r))
		at++;
	if (r->allow == l->allow)
		return take_out(l, at, r, e);
	if (at < l->n)
		l->v[at].access |= r->access;
	else if (devfilter_append(l, r) < 0)
		return err_set(e, ENOMEM, "device rules", NULL);
	return 0;
}

void devfilter_format(const struct dev_list *l, struct strbuf *out)
{
	char text[64];

	strbuf_add(out, l->allow ? "a *:* rwm\n" : "");
	for (size_t i = 0; i < l->n; i++) {
		devfilter_text(&l->v[i], text);
		strbuf_addf(out, "%s%s\n", l->allow ? "deny " : "", text);
	}
}

int devfilter_unformat(const char *text, struct dev_list *l, struct err *e)
{
	char line[80];
	struct dev_rule r;
	const char *path;
	int len, rc = 0;

	while (!rc && (len = str_next(&text, '\n', line, sizeof line)) != -ENOENT) {
		if (len == 0)
			continue;
		rc = len < 0 ? len : devfilter_parse(line, &r, &path, e);
		if (len < 0 || rc > 0)
			rc = err_bad(e, "devices.list", "there is no such rule in a list");
		else if (rc == 0)
			rc = devfilter_add(l, &r, e);
	}
	return rc;
}
