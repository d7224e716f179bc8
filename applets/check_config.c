/*
 * check: what the kernel's configuration says of the options that are named as
 * knobs, where it can be seen. It decides nothing: what was tried has done that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "applets/check_priv.h"
#include "core/fd.h"
#include "core/gz.h"

/* No configuration is larger. */
#define CONFIG_MAX (1 << 21)

/* As strings end in this, so does a text that is decompressed. To be freed; NULL: there is none. */
static char *read_compressed(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *in = fd < 0 ? NULL : malloc(CONFIG_MAX);
	struct strbuf out = { 0 };
	size_t len = 0;
	ssize_t n = 1;

	while (in && n > 0 && len < CONFIG_MAX) {
		n = read(fd, in + len, CONFIG_MAX - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (!in || n < 0 || gz_inflate(in, len, CONFIG_MAX, &out) < 0)
		strbuf_release(&out);
	free(in);
	return out.s;
}

/* The kernel's own first; then where distributions put theirs. *path is which one it is. */
static char *find_config(const struct utsname *kernel, char *path, size_t size)
{
	static const char *const places[][2] = { { "/boot/config-", "" }, { "/lib/modules/", "/config" }, { "/lib/modules/", "/build/.config" } };
	char *text;

	snprintf(path, size, "/proc/config.gz");
	text = read_compressed(path);
	for (size_t i = 0; !text && i < sizeof places / sizeof *places; i++) {
		str_join(path, size, places[i][0], kernel->release, places[i][1]);
		text = fd_slurp(AT_FDCWD, path, CONFIG_MAX);
	}
	return text;
}

/* 'y', 'm', or 0: it is not set. */
static char look_up(const char *config, const char *name, size_t len)
{
	for (const char *line = config; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == '=')
			return line[len + 1];
	}
	return 0;
}

static void add_word(struct strbuf *b, const char *name, size_t len)
{
	strbuf_add(b, b->len ? " " : "");
	strbuf_addn(b, name, len);
}

static void explain(struct check_answer *a, const char *config, const char *path)
{
	struct strbuf unset = { 0 }, modules = { 0 };
	const struct strbuf *names;
	char said[sizeof a->knob];
	size_t used = strlen(a->knob), n = 0;

	for (const char *name = a->knob; (name = strstr(name, "CONFIG_")); n++) {
		size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		char is = look_up(config, name, len);

		if (is != 'y')
			add_word(is == 'm' ? &modules : &unset, name, len);
		name += len;
	}
	names = unset.len ? &unset : &modules;
	str_join(said, sizeof said, " (", unset.len ? "not set in " : modules.len ? "a module by " : "set in ", path,
		 n > 1 && names->len ? ": " : "", n > 1 && names->len ? names->s : "", ")");
	if (n)
		str_join(a->knob + used, sizeof a->knob - used, said);
	strbuf_release(&unset);
	strbuf_release(&modules);
}

void check_add_config(struct check_report *r)
{
	char path[256], *config = find_config(&r->kernel, path, sizeof path);

	for (size_t i = 0; config && i < r->n; i++)
		if (r->v[i].answer.state != CHECK_YES)
			explain(&r->v[i].answer, config, path);
	free(config);
}
