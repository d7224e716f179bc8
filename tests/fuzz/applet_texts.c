/* Small texts: an --env-file, --sysctl, --name and --hostname, a record's lines, mounts below /sys; and quoting for sh and for a terminal. */
#include <ctype.h>
#include <errno.h>

#include "applets/idmap_priv.h"
#include "applets/netns_priv.h"
#include "applets/pivot_priv.h"
#include "applets/run.h"
#include "core/ns.h"
#include "core/record.h"
#include "tests/applet_tables.h"
#include "tests/fuzz/fuzz.h"

static void env_file(const char *text)
{
	struct opt_keep keep = { 0 };
	struct strs env = { 0 };
	struct err e = { 0 };
	char *own = strdup(text);
	int rc;

	require(own);
	rc = run_parse_env(own, "file", &env, &keep, &e);
	require(rc == 0 || (rc == -EINVAL && e.what[0]));
	/* each has a name, and comes from the file as it stands there */
	for (size_t i = 0; i < env.n; i++) {
		size_t len = strcspn(env.v[i], "=");

		require(len && !memchr(env.v[i], ' ', len) && !memchr(env.v[i], '\t', len));
		require(env.v[i][0] != '#' && !strchr(env.v[i], '\n') && strstr(text, env.v[i]));
	}
	free(own);
	strs_release(&env);
	opt_keep_release(&keep);
}

static void names(const char *text)
{
	struct err e = { 0 };

	if (record_name_check(text, &e) == 0)
		require(*text && *text != '.' && *text != '-' && strlen(text) <= 64 && !strpbrk(text, "/ \n\\\"'$"));
	if (ns_hostname_check(text, &e) == 0)
		require(strlen(text) <= 64);
}

static void sysctls(const char *text)
{
	struct err e = { 0 };
	char key[128];

	if (pivot_sysctl_check(text, &e) < 0)
		return;
	require(strcspn(text, "=") < sizeof key && strchr(text, '='));
	snprintf(key, sizeof key, "%.*s", (int)strcspn(text, "="), text);
	require(!strstr(key, "..") && !strstr(key, "//") && *key != '/');
	require(!strncmp(key, "net", 3) || !strncmp(key, "kernel", 6) || !strncmp(key, "fs", 2));
}

/* newuidmap's numbers: what is taken is what the kernel would be told. */
static void id_ranges(const char *text)
{
	char *own = strdup(text), *rest = own, *argv[16];
	struct idmap m = { 0 };
	struct err e = { 0 };
	int argc = 0, rc;

	require(own);
	while (argc < 15 && (argv[argc] = strsep(&rest, " \n")))
		argc++;
	rc = idmap_tool_ranges(&m, argc, argv, &e);
	require(rc == 0 || (rc == -EINVAL && e.what[0]));
	require(rc < 0 || m.n == (size_t)argc / 3);
	for (size_t i = 0; i < m.n; i++) {
		require(m.v[i].count && m.v[i].count - 1 <= IDMAP_MAX - m.v[i].inner && m.v[i].count - 1 <= IDMAP_MAX - m.v[i].outer);
		require(rc < 0 || m.v[i].inner == strtoul(argv[3 * i], NULL, 0));
	}
	idmap_release(&m);
	free(own);
}

/* The first line that starts with the key and a blank has the value. */
static void record(const char *text, const char *key)
{
	char value[256], *line;
	struct strbuf want = { 0 };
	int found;

	if (!*key || strpbrk(key, " \n"))
		return;
	found = record_value(text, key, value, sizeof value);
	strbuf_addf(&want, "\n%s\n", text);
	for (line = want.s; line[1]; line = strchr(line + 1, '\n'))
		if (!strncmp(line + 1, key, strlen(key)) && line[1 + strlen(key)] == ' ')
			break;
	if (line[1]) {
		line += strlen(key) + 2;
		line[strcspn(line, "\n")] = '\0';
		require(found == (strlen(line) < sizeof value) && (!found || !strcmp(value, line)));
	} else {
		require(!found);
	}
	strbuf_release(&want);
}

/* As sh reads it: one word, the same. */
static void quoting(const char *text)
{
	struct strbuf quoted = { 0 }, read = { 0 };
	int inside = 0;

	strbuf_add_quoted(&quoted, text);
	require(!quoted.failed && quoted.len);
	for (const char *s = quoted.s; *s; s++) {
		if (*s == '\'')
			inside = !inside;
		else if (inside)
			strbuf_addn(&read, s, 1);
		else if (*s == '\\')
			strbuf_addn(&read, ++s, 1);
		else {
			require(isalnum((unsigned char)*s) || strchr("_@%+=:,./-", *s));
			strbuf_addn(&read, s, 1);
		}
	}
	require(!inside && !strcmp(read.s ? read.s : "", text));
	strbuf_release(&quoted);
	strbuf_release(&read);
}

static void require_printable(const char *text, size_t room)
{
	require(strlen(text) < room);
	for (; *text; text++)
		require((unsigned char)*text >= ' ' && *text != 127);
}

static void messages(const char *text)
{
	struct err e;
	char line[1200], small[8];

	require(err_set(&e, EPERM, text, "%s", text) == -EPERM);
	err_hint(&e, "%s", text);
	err_line(&e, line, sizeof line);
	require_printable(line, sizeof line);
	err_line(&e, small, sizeof small);
	require_printable(small, sizeof small);
	err_quote(text, line, sizeof line);
	require_printable(line, sizeof line);
	err_quote(text, small, sizeof small);
	require_printable(small, sizeof small);
	for (size_t i = 1; i < sizeof small; i++)
		err_quote(text, small, i);
}

/* What is mounted below /sys: each below it, and none below another. */
static void mounts_below_sys(const char *text)
{
	struct strs paths = { 0 };
	char *own = strdup(text);

	require(own && netns_below_sys(own, &paths) == 0);
	for (size_t i = 0; i < paths.n; i++) {
		require(!strncmp(paths.v[i], "/sys/", 5));
		for (size_t j = 0; j < paths.n; j++) {
			size_t len = strlen(paths.v[j]);

			require(i == j || strncmp(paths.v[i], paths.v[j], len) || (paths.v[i][len] && paths.v[i][len] != '/'));
		}
	}
	strs_release(&paths);
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(&data, &size), *key = fuzz_text(&data, &size);

	env_file(text);
	names(text);
	sysctls(text);
	id_ranges(text);
	record(text, key);
	quoting(text);
	messages(text);
	mounts_below_sys(text);
	free(text);
	free(key);
	return 0;
}
