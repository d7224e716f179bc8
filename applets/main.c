/* Dispatch: which applet is meant, and the one place that speaks of failures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "applets/applet.h"
#include "applets/chain.h"
#include "core/err.h"
#include "core/fd.h"
#include "core/str.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

#define APPLET(name) extern const struct applet applet_##name;
#include "applets/applets.h"
#undef APPLET

static const struct applet *const applets[] = {
#define APPLET(name) &applet_##name,
#include "applets/applets.h"
#undef APPLET
};

#define N_APPLETS (sizeof applets / sizeof *applets)

/* How we were called, for the first word of a failure: "nestbox: unshare" or just "unshare". */
static bool by_link;

const struct applet *applet_find(const char *name)
{
	for (size_t i = 0; i < N_APPLETS; i++)
		if (!strcmp(applets[i]->name, name))
			return applets[i];
	return NULL;
}

static void print_verbs(const struct applet *a)
{
	for (const struct applet *const *v = a->verbs; *v; v++)
		printf("  %-10s %s\n", (*v)->name, (*v)->summary);
}

/* The usage, in the words of the applet (or of its verb) `a`; `page` is its manual page's. */
static void print_usage(const struct applet *a, const char *called, const char *page)
{
	struct strbuf text = { 0 };

	printf("Usage: %s%s%s\n\n%s\n", called, *a->synopsis ? " " : "", a->synopsis, a->summary);
	if (a->verbs) {
		printf("\n");
		print_verbs(a);
	}
	if (a->opts)
		opt_help(a->opts, &text);
	if (!opt_has_letter(a->opts, 'h'))
		strbuf_add(&text, "  -h, --help                    show this\n");
	else
		strbuf_add(&text, "      --help                    show this\n");
	if (!opt_has_letter(a->opts, 'V'))
		strbuf_add(&text, "  -V, --version                 show the version\n");
	else
		strbuf_add(&text, "      --version                 show the version\n");
	printf("\nOptions:\n%s", text.s ? text.s : "");
	strbuf_release(&text);
	if (a->notes)
		printf("\n%s\n", a->notes);
	printf("\nMore in the manual page: man nestbox-%s\n", page);
}

static void print_version(void)
{
	printf("nestbox %s\n", VERSION);
}

bool applet_help(const struct applet *a, const struct applet *verb, int argc, char **argv)
{
	const struct applet *of = verb ? verb : a;
	char called[64];

	if (argc < 2)
		return false;
	if (!strcmp(argv[1], "--help") || (!strcmp(argv[1], "-h") && !opt_has_letter(of->opts, 'h'))) {
		snprintf(called, sizeof called, "%s%s%s%s", by_link ? "" : "nestbox ", a->name, verb ? " " : "", verb ? verb->name : "");
		print_usage(of, called, a->name);
		return true;
	}
	if (!strcmp(argv[1], "--version") || (!strcmp(argv[1], "-V") && !opt_has_letter(of->opts, 'V'))) {
		print_version();
		return true;
	}
	return false;
}

/* All of them, or only those that --install makes links for. */
static int print_list(bool links)
{
	for (size_t i = 0; i < N_APPLETS; i++)
		if (!links || !(applets[i]->flags & APPLET_NO_LINK))
			printf("%s\n", applets[i]->name);
	return 0;
}

static int print_help(void)
{
	printf("Usage: nestbox APPLET [OPTIONS] [-- nestbox APPLET [OPTIONS]]... [-- COMMAND [ARG]...]\n"
	       "       nestbox --list [links] | --version | --complete [APPLET [VERB]] | --install [-s] DIR\n\n"
	       "Each applet makes one change to its own process and then runs the rest of the\n"
	       "line. \"run\" makes a whole container in one go.\n\n");
	for (size_t i = 0; i < N_APPLETS; i++)
		printf("  %-12s %s\n", applets[i]->name, applets[i]->summary);
	printf("\nnestbox APPLET --help says more.\n");
	return 0;
}

/* Words that a completion offers behind "nestbox APPLET [VERB]", one a line. */
static int print_words(int argc, char **argv, struct err *e)
{
	const struct applet *a = argc ? applet_find(argv[0]) : NULL;
	struct strbuf text = { 0 };

	if (!argc) {
		print_list(false);
		printf("--complete\n--help\n--install\n--list\n--version\n-V\n-h\n");
		return 0;
	}
	if (!a)
		return err_bad(e, argv[0], "no such applet");
	if (a->verbs && argc > 1) {
		const struct applet *const *v = a->verbs;

		while (*v && strcmp((*v)->name, argv[1]))
			v++;
		a = *v ? *v : a;
	}
	for (const struct applet *const *v = a->verbs; v && *v; v++)
		strbuf_addf(&text, "%s\n", (*v)->name);
	if (a->opts)
		opt_words(a->opts, &text);
	strbuf_add(&text, "--help\n--version\n");
	if (!opt_has_letter(a->opts, 'h'))
		strbuf_add(&text, "-h\n");
	if (!opt_has_letter(a->opts, 'V'))
		strbuf_add(&text, "-V\n");
	fputs(text.s, stdout);
	strbuf_release(&text);
	return 0;
}

/* One link; a file that is there already stays, unless it is such a link. */
static int install_one(int dir, const char *self, const char *name, bool soft, struct err *e)
{
	struct stat there, own;
	int rc;

	if (fstatat(dir, name, &there, 0) == 0 && stat(self, &own) == 0 && there.st_dev == own.st_dev &&
	    there.st_ino == own.st_ino)
		return 0;
	rc = soft ? symlinkat(self, dir, name) : linkat(AT_FDCWD, self, dir, name, 0);
	if (rc == 0)
		return 0;
	rc = err_sys(e, name, "make link");
	if (rc == -EXDEV)
		err_hint(e, "a hard link cannot leave its file system: -s makes symbolic ones");
	return rc;
}

static int install_links(int argc, char **argv, struct err *e)
{
	bool soft = argc && !strcmp(argv[0], "-s");
	auto_close int dir = -1;
	char self[4096];
	ssize_t n;

	if (argc != (soft ? 2 : 1))
		return err_bad(e, "--install", "wants [-s] DIR");
	n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n < 0)
		return err_sys(e, "/proc/self/exe", "find own binary");
	self[n] = '\0';
	dir = fd_open_dir(AT_FDCWD, argv[argc - 1], e);
	for (size_t i = 0; dir >= 0 && i < N_APPLETS; i++) {
		int rc = applets[i]->flags & APPLET_NO_LINK ? 0 : install_one(dir, self, applets[i]->name, soft, e);

		if (rc < 0)
			return rc;
	}
	return dir < 0 ? dir : 0;
}

static int run_nestbox(int argc, char **argv, struct err *e)
{
	e->status = 125;
	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return print_help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return print_version(), 0;
	if (!strcmp(argv[1], "--list"))
		return print_list(argc > 2 && !strcmp(argv[2], "links"));
	if (!strcmp(argv[1], "--complete"))
		return print_words(argc - 2, argv + 2, e);
	if (!strcmp(argv[1], "--install"))
		return install_links(argc - 2, argv + 2, e);
	return chain_run(argc - 1, argv + 1, true, e);
}

/* The one line, and the hint; written with one write each, so that lines of several processes do not mix. */
static void report(const struct err *e, const char *more)
{
	char line[1024], hint[sizeof e->hint + 8];
	struct strbuf out = { 0 };

	err_line(e, line, sizeof line);
	if (by_link && e->applet[0])
		strbuf_addf(&out, "%s: %s%s\n", e->applet, line, more);
	else
		strbuf_addf(&out, "nestbox: %s%s%s%s\n", e->applet, e->applet[0] ? ": " : "", line, more);
	if (e->hint[0]) {
		err_quote(e->hint, hint, sizeof hint);
		strbuf_addf(&out, "%s: hint: %s\n", by_link && e->applet[0] ? e->applet : "nestbox", hint);
	}
	if (!out.failed && write(2, out.s, out.len) < 0)
		_exit(e->status);
	strbuf_release(&out);
}

void applet_warn(const struct err *e, const char *what)
{
	report(e, what);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	const char *name;
	int rc;

	if (argc < 1)
		return 125;
	/* somebody else's privileges are no basis for any of this: getauxval(3), AT_SECURE */
	if (getauxval(AT_SECURE)) {
		fputs("nestbox: is not made to be setuid, or to have file capabilities\n", stderr);
		return 125;
	}
	chain_start(argv[0]);
	name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	by_link = applet_find(name) != NULL;
	if (by_link) {
		argv[0] = (char *)name;
		rc = chain_run(argc, argv, false, &e);
	} else {
		rc = run_nestbox(argc, argv, &e);
	}
	if (rc >= 0) {
		if (fflush(stdout) == 0 && !ferror(stdout))
			return rc;
		err_set(&e, errno, "standard output", "write");
	}
	if (!e.status)
		e.status = 125;
	if (chain_ctx()->err_fd < 0 || err_send(chain_ctx()->err_fd, &e) < 0)
		report(&e, "");
	return e.status;
}
