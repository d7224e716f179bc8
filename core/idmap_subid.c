/* Subordinate ids: "NAME_OR_UID:START:COUNT", a line each. subuid(5) */
#include <errno.h>
#include <string.h>

#include "core/idmap.h"

/* Number up to the separator; false where it is none. */
static bool number(const char **rest, char sep, long long min, unsigned *out)
{
	char text[16];
	long long n;

	if (str_next(rest, sep, text, sizeof text) < 0 || *text == '-' || str_num(text, min, IDMAP_MAX + 1LL, &n) < 0)
		return false;
	*out = (unsigned)n;
	return true;
}

/* Whose line it is: the name in full, or the uid and nothing but its digits, as newuidmap(1) reads it. */
static bool is_users(const char *owner, const char *name, uid_t uid)
{
	unsigned id;

	if (owner[0] == '0' && owner[1] && strcmp(owner, name))
		return false;
	return *owner && (!strcmp(owner, name) || (number(&owner, '\0', 0, &id) && id == uid));
}

/* The rest of a line behind its owner. */
static bool parse_range(const char *rest, struct idmap_range *r)
{
	return rest && number(&rest, ':', 0, &r->outer) && number(&rest, ':', 1, &r->count) && !rest &&
	       r->outer <= IDMAP_MAX && r->count - 1 <= IDMAP_MAX - r->outer;
}

int idmap_subid_search(const char *text, const char *path, const char *name, uid_t uid, struct idmap_range *r, struct err *e)
{
	char line[512], owner[256];

	for (unsigned n = 1; text; n++) {
		const char *rest = line;
		int len = str_next(&text, '\n', line, sizeof line);

		/* what is longer than any line has to be belongs to nobody */
		if (len <= 0 || str_next(&rest, ':', owner, sizeof owner) < 0 || !is_users(owner, name, uid))
			continue;
		if (parse_range(rest, r))
			return 1;
		err_bad(e, path, "line %u, \"%s\", is not of the form NAME:START:COUNT", n, line);
		return -EINVAL;
	}
	return 0;
}

int idmap_subid_all(const char *text, const char *name, uid_t uid, struct idmap *m, struct err *e)
{
	char line[512], owner[256];
	int rc = 0;

	while (text && rc == 0) {
		const char *rest = line;
		struct idmap_range r;

		if (str_next(&text, '\n', line, sizeof line) <= 0 || str_next(&rest, ':', owner, sizeof owner) < 0 || !is_users(owner, name, uid) ||
		    !parse_range(rest, &r))
			continue;
		r.inner = r.outer;
		rc = idmap_add(m, &r, false, NULL, e);
	}
	return rc;
}

unsigned idmap_subid_free(const char *text)
{
	unsigned start = 100000;
	char line[512];

	while (text) {
		struct idmap_range r;

		/* what leaves no room behind it is left out of account */
		if (str_next(&text, '\n', line, sizeof line) > 0 && strchr(line, ':') && parse_range(strchr(line, ':') + 1, &r) &&
		    r.outer + r.count > start && r.outer + r.count <= IDMAP_MAX - 65535)
			start = r.outer + r.count;
	}
	return start;
}
