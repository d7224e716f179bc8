/* str: text that grows, lists, strict parsers, quoting for sh. */
#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "core/str.h"
#include "tests/unit/unit.h"

static void buffer_grows(void)
{
	struct strbuf b = { 0 };

	check(!b.s);
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, "%d,", i % 10);
	check_int((long long)b.len, 2000);
	check_int((long long)strlen(b.s), 2000);
	strbuf_addn(&b, "abc", 2);
	check_str(b.s + 2000, "ab");
	check(!b.failed);
	strbuf_release(&b);
	check(!b.s && !b.len && !b.cap);
}

static void list_grows(void)
{
	static const char *const words[] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q" };
	struct strs l = { 0 };

	check(!strs_has(&l, "a"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		check_int(strs_add(&l, words[i]), 0);
		check(l.v[l.n] == NULL);
	}
	for (size_t i = 0; i < l.n; i++)
		check(l.v[i] == words[i]);
	check(strs_has(&l, "q") && !strs_has(&l, "r"));
	strs_release(&l);
	check(!l.v && !l.n);
}

static void numbers(void)
{
	long long v = 7;

	check_int(str_num("0", 0, 10, &v), 0);
	check_int(v, 0);
	check_int(str_num("-5", -10, 10, &v), 0);
	check_int(v, -5);
	check_int(str_num("007", 0, 10, &v), 0);
	check_int(v, 7);
	check_int(str_num("9223372036854775807", 0, LLONG_MAX, &v), 0);
	check(v == LLONG_MAX);
	check_int(str_num("-9223372036854775808", LLONG_MIN, 0, &v), 0);
	check(v == LLONG_MIN);
	v = 7;
	check_int(str_num("9223372036854775808", 0, LLONG_MAX, &v), -ERANGE);
	check_int(str_num("99999999999999999999", LLONG_MIN, LLONG_MAX, &v), -ERANGE);
	check_int(str_num("11", 0, 10, &v), -ERANGE);
	check_int(str_num("-1", 0, 10, &v), -ERANGE);
	check_int(v, 7);
}

static void numbers_refused(void)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "1x", "0x10", "1.0", "--1", "1\n", "e" };
	long long v = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(str_num(bad[i], -100, 100, &v), -EINVAL);
	check_int(v, 7);
}

static void octals(void)
{
	static const char *const bad[] = { "", "8", "0o7", "-1", "0x1", "77 ", "7.0" };
	long long v = 7;

	check_int(str_octal("0755", 0777, &v), 0);
	check_int(v, 0755);
	check_int(str_octal("0", 0777, &v), 0);
	check_int(v, 0);
	check_int(str_octal("777", 0777, &v), 0);
	check_int(v, 0777);
	check_int(str_octal("1000", 0777, &v), -ERANGE);
	check_int(str_octal("7777777777777777777777777", 0777, &v), -ERANGE);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(str_octal(bad[i], 0777, &v), -EINVAL);
	check_int(v, 0777);
}

static void sizes(void)
{
	static const struct {
		const char *text;
		long long bytes;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "1b", 1 }, { "4096", 4096 }, { "1k", 1024 }, { "1K", 1024 }, { "1kb", 1024 },
		{ "1KiB", 1024 }, { "1kB", 1024 }, { "64M", 64LL << 20 }, { "64mib", 64LL << 20 }, { "1.5g", 3LL << 29 },
		{ "1.5GB", 3LL << 29 }, { "2t", 2LL << 40 }, { "1p", 1LL << 50 }, { "0.5k", 512 }, { "1.999k", 2046 },
		{ "0.000000001t", 1099 }, { "8191p", 8191LL << 50 }, { "9223372036854775807", LLONG_MAX }, { "1.0000000000000000k", 1024 },
	};
	long long v;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		v = -7;
		check_int(str_size(good[i].text, false, &v), 0);
		check_int(v, good[i].bytes);
	}
	check_int(str_size("-1", true, &v), 0);
	check_int(v, -1);
}

static void sizes_refused(void)
{
	static const char *const bad[] = {
		"", "k", "-1", "-2", "+1", " 1", "1 ", "1 k", "1x", "1kk", "1kbb", "1ki", "1ib", "1.", ".5k", "1.k", "1.5", "1.5b", "1,5k",
		"1e3", "0x10", "1bb", "1bib", "1ibk",
	};
	long long v = 7;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (str_size(bad[i], false, &v) != -EINVAL)
			printf("# \"%s\"\n", bad[i]);
		check_int(str_size(bad[i], false, &v), -EINVAL);
	}
	check_int(str_size("-2", true, &v), -EINVAL);
	check_int(str_size("-1k", true, &v), -EINVAL);
	check_int(str_size("8192p", false, &v), -ERANGE);
	check_int(str_size("9223372036854775808", false, &v), -ERANGE);
	check_int(str_size("18446744073709551616", false, &v), -ERANGE);
	check_int(str_size("99999999999999999999999p", false, &v), -ERANGE);
	check_int(v, 7);
}

static void sizes_there_and_back(void)
{
	char text[32];
	long long back;

	srand(1);
	for (int i = 0; i < 100000; i++) {
		/* of any magnitude, and multiples of the units */
		unsigned long long r = ((unsigned long long)rand() << 31 ^ (unsigned)rand()) >> (rand() % 62) << (rand() % 4 * 10);
		long long v = r % 5 ? (long long)(r & LLONG_MAX) : -1;

		str_size_format(v, text);
		check_int(str_size(text, true, &back), 0);
		check_int(back, v);
	}
	str_size_format(64LL << 20, text);
	check_str(text, "64M");
	str_size_format(1000, text);
	check_str(text, "1000");
	str_size_format(0, text);
	check_str(text, "0");
	str_size_format(LLONG_MAX, text);
	check_str(text, "9223372036854775807");
}

static void cpus(void)
{
	static const char *const bad[] = { "", ".", ".x", "..5", "-.5", "1.", "-1", "+1", "1x", " 1", "1e3", "1..5", "1.5.5" };
	long long v = 7;

	check_int(str_cpus("1", &v), 0);
	check_int(v, 1000000000);
	check_int(str_cpus("1.5", &v), 0);
	check_int(v, 1500000000);
	check_int(str_cpus(".5", &v), 0);
	check_int(v, 500000000);
	check_int(str_cpus("0.000000001", &v), 0);
	check_int(v, 1);
	check_int(str_cpus("1000000", &v), 0);
	check_int(str_cpus("0", &v), 0);
	check_int(v, 0);
	v = 7;
	check_int(str_cpus("1000001", &v), -ERANGE);
	check_int(str_cpus("99999999999999999999", &v), -ERANGE);
	check_int(str_cpus("0.0000000001", &v), -ERANGE);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(str_cpus(bad[i], &v), -EINVAL);
	check_int(v, 7);
}

static void cpus_there_and_back(void)
{
	char text[32];
	long long back;

	srand(2);
	for (int i = 0; i < 100000; i++) {
		long long v = ((long long)rand() << 20 ^ rand()) % 1000000000000000LL;

		str_cpus_format(v, text);
		check_int(str_cpus(text, &back), 0);
		check_int(back, v);
	}
	str_cpus_format(1500000000, text);
	check_str(text, "1.5");
	str_cpus_format(2000000000, text);
	check_str(text, "2");
	str_cpus_format(0, text);
	check_str(text, "0");
}

static void signals_by_name(void)
{
	static const char *const bad[] = { "", "0", "65", "-1", "NOPE", "SIG", "SIGSIGTERM", "TERM ", "RTMIN+", "RTMIN+99", "RTMIN-1", "RTMAX+1", "RTMIN+x", "9x" };

	check_int(str_signal("TERM"), SIGTERM);
	check_int(str_signal("SIGTERM"), SIGTERM);
	check_int(str_signal("sigterm"), SIGTERM);
	check_int(str_signal("term"), SIGTERM);
	check_int(str_signal("15"), 15);
	check_int(str_signal("1"), 1);
	check_int(str_signal("64"), 64);
	check_int(str_signal("CLD"), SIGCHLD);
	check_int(str_signal("POLL"), SIGIO);
	check_int(str_signal("RTMIN"), SIGRTMIN);
	check_int(str_signal("SIGRTMIN+1"), SIGRTMIN + 1);
	check_int(str_signal("RTMAX"), SIGRTMAX);
	check_int(str_signal("RTMAX-1"), SIGRTMAX - 1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		check_int(str_signal(bad[i]), -EINVAL);
}

static void signals_there_and_back(void)
{
	char text[32];

	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		str_signal_format(sig, text);
		check_int(str_signal(text), sig);
	}
	str_signal_format(SIGKILL, text);
	check_str(text, "KILL");
	str_signal_format(SIGCHLD, text);
	check_str(text, "CHLD");
}

static void prefixes(void)
{
	check_str(str_after("--name", "--"), "name");
	check_str(str_after("--", "--"), "");
	check(!str_after("-", "--"));
	check_str(str_after("x", ""), "x");
}

static void pieces(void)
{
	const char *rest = "a::bc:";
	char buf[3];

	check_int(str_next(&rest, ':', buf, sizeof buf), 1);
	check_str(buf, "a");
	check_int(str_next(&rest, ':', buf, sizeof buf), 0);
	check_int(str_next(&rest, ':', buf, sizeof buf), 2);
	check_str(buf, "bc");
	check_int(str_next(&rest, ':', buf, sizeof buf), 0);
	check_int(str_next(&rest, ':', buf, sizeof buf), -ENOENT);
	check_int(str_next(&rest, ':', buf, sizeof buf), -ENOENT);
	rest = "";
	check_int(str_next(&rest, ':', buf, sizeof buf), 0);
	check_int(str_next(&rest, ':', buf, sizeof buf), -ENOENT);
	rest = "abc:d";
	check_int(str_next(&rest, ':', buf, sizeof buf), -ENAMETOOLONG);
	check_int(str_next(&rest, ':', buf, sizeof buf), 1);
	check_str(buf, "d");
}

/* What sh makes of `line`, as printf '%s' of its words, each ended by a NUL. */
static size_t ask_sh(const char *words, char *buf, size_t size)
{
	struct strbuf script = { 0 };
	size_t len;
	FILE *p;

	strbuf_addf(&script, "printf '%%s\\0' %s", words);
	p = popen(script.s, "r");
	check(p != NULL);
	len = fread(buf, 1, size, p);
	check_int(pclose(p), 0);
	strbuf_release(&script);
	return len;
}

static void quoting_of_known_words(void)
{
	static const struct {
		const char *word, *quoted;
	} known[] = {
		{ "", "''" }, { "a", "a" }, { "a b", "'a b'" }, { "--x=/y:z,1.5@%+_-", "--x=/y:z,1.5@%+_-" },
		{ "it's", "'it'\\''s'" }, { "$HOME", "'$HOME'" }, { "*", "'*'" }, { "~", "'~'" }, { "#", "'#'" }, { "!", "'!'" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct strbuf b = { 0 };

		strbuf_add_quoted(&b, known[i].word);
		check_str(b.s, known[i].quoted);
		strbuf_release(&b);
	}
}

/* Random words of all bytes but NUL, read back by the real sh. */
static void quoting_is_what_sh_reads(void)
{
	enum { ROUNDS = 40, WORDS = 50, LENGTH = 20 };
	static char words[WORDS][LENGTH + 1], got[WORDS * (LENGTH + 1)];

	srand(3);
	for (int round = 0; round < ROUNDS; round++) {
		struct strbuf b = { 0 };
		size_t len, want = 0;

		for (int w = 0; w < WORDS; w++) {
			int n = rand() % (LENGTH + 1);

			for (int i = 0; i < n; i++)
				words[w][i] = (char)(rand() % 2 ? "'\"\\ \n\t$`*?[]{}()<>|&;#~!=-"[rand() % 26] : 1 + rand() % 255);
			words[w][n] = '\0';
			strbuf_add(&b, " ");
			strbuf_add_quoted(&b, words[w]);
			want += (size_t)n + 1;
		}
		len = ask_sh(b.s, got, sizeof got);
		check_int((long long)len, (long long)want);
		len = 0;
		for (int w = 0; w < WORDS; w++) {
			check(!strcmp(got + len, words[w]));
			len += strlen(words[w]) + 1;
		}
		strbuf_release(&b);
	}
}

int main(void)
{
	unit("a strbuf grows", buffer_grows);
	unit("a list grows and always ends in NULL", list_grows);
	unit("numbers, up to the bounds", numbers);
	unit("what is no number is refused", numbers_refused);
	unit("octal numbers", octals);
	unit("sizes in all spellings", sizes);
	unit("what is no size is refused", sizes_refused);
	unit("sizes that are written are read back the same", sizes_there_and_back);
	unit("counts of CPUs", cpus);
	unit("counts of CPUs that are written are read back the same", cpus_there_and_back);
	unit("signals by name and number", signals_by_name);
	unit("signals that are written are read back the same", signals_there_and_back);
	unit("prefixes", prefixes);
	unit("pieces between separators", pieces);
	unit("words are quoted only where that is needed", quoting_of_known_words);
	unit("sh reads quoted words back as they were", quoting_is_what_sh_reads);
	return unit_done();
}
