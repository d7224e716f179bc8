/* run --security-opt: what is closed, and what is left open. docker-run(1) */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "applets/run.h"

/* The value of "NAME=VALUE", or with a colon, as docker once had it; NULL: another name. "" where it has none. */
static const char *value_of(const char *text, const char *name)
{
	const char *rest = str_after(text, name);

	if (!rest || (*rest && *rest != '=' && *rest != ':'))
		return NULL;
	return *rest ? rest + 1 : "";
}

static int read_seccomp(const char *value, const char *text, struct run_security *s, struct err *e)
{
	if (!strcmp(value, "builtin"))
		s->seccomp = "default";
	else if (*value)
		s->seccomp = value;
	else
		return err_bad(e, text, "seccomp= wants builtin, unconfined or the file of a profile");
	return 0;
}

static int read_privs(const char *value, const char *text, struct run_security *s, struct err *e)
{
	if (strcmp(value, "") && strcmp(value, "true") && strcmp(value, "false"))
		return err_bad(e, text, "no-new-privileges wants true or false");
	s->no_new_privs = strcmp(value, "false") != 0;
	return 0;
}

static int read_paths(const char *value, const char *text, struct run_security *s, struct err *e)
{
	if (strcmp(value, "unconfined"))
		return err_bad(e, text, "systempaths= wants unconfined");
	s->open_paths = true;
	return 0;
}

/* What nothing here would do is not passed over: somebody relies on it. */
static int refuse(const char *text, struct err *e)
{
	if (value_of(text, "apparmor"))
		return err_bad(e, text, "no AppArmor profile can be set; the caller's own stays in force");
	if (value_of(text, "label"))
		return err_bad(e, text, "no SELinux label can be set; the caller's own stays in force");
	return err_bad(e, text, "--security-opt wants seccomp=, no-new-privileges or systempaths=unconfined");
}

static int read_one(const char *text, struct run_security *s, struct err *e)
{
	const char *value;

	if ((value = value_of(text, "seccomp")))
		return read_seccomp(value, text, s, e);
	if ((value = value_of(text, "no-new-privileges")))
		return read_privs(value, text, s, e);
	if ((value = value_of(text, "systempaths")))
		return read_paths(value, text, s, e);
	return refuse(text, e);
}

int run_read_security(const struct run_args *a, struct run_security *s, struct err *e)
{
	int rc = 0;

	*s = (struct run_security){ .seccomp = a->privileged ? "unconfined" : "default", .open_paths = a->privileged };
	for (size_t i = 0; i < a->security.n && rc == 0; i++)
		rc = read_one(a->security.v[i], s, e);
	return rc;
}

int run_find_profile(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e)
{
	struct run_security s;
	char *text;
	int rc = run_read_security(a, &s, e);

	if (rc < 0 || !strcmp(s.seccomp, "default") || !strcmp(s.seccomp, "unconfined"))
		return rc;
	text = setpriv_read_profile(s.seccomp, e);
	if (!text)
		return e->code ? -e->code : -EINVAL;
	f->profile = opt_keep_text(keep, "%s", text);
	free(text);
	return f->profile ? 0 : err_set(e, ENOMEM, s.seccomp, NULL);
}
