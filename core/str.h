/* str: text that grows, lists of text, and strict parsers of numbers. */
#ifndef CORE_STR_H
#define CORE_STR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Growing text. Start with { 0 }; `s` is NUL-terminated or NULL while empty.
 * Out of memory is remembered in `failed`, and later additions do nothing, so
 * that a caller checks once at the end.
 */
struct strbuf {
	char *s;
	size_t len, cap;
	bool failed;
};

void strbuf_add(struct strbuf *b, const char *text);
void strbuf_addn(struct strbuf *b, const char *text, size_t len);
void strbuf_addf(struct strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Add a word so that sh reads it back as it is: bare where nothing in it is special, else in single quotes. */
void strbuf_add_quoted(struct strbuf *b, const char *word);
void strbuf_release(struct strbuf *b);

/* A list of strings; the array is owned, the strings are borrowed (argv, mostly). Start with { 0 }. */
struct strs {
	const char **v; /* n entries and then NULL, or NULL while empty */
	size_t n;
};

int strs_add(struct strs *l, const char *text); /* 0 or -ENOMEM */
int strs_add_all(struct strs *l, const struct strs *more); /* the same */
bool strs_has(const struct strs *l, const char *text);
void strs_release(struct strs *l);

/*
 * Strict parsers: the whole string, no blanks, no sign unless said. 0, -EINVAL
 * (not of that form) or -ERANGE (outside the bounds), *out untouched on failure.
 */
int str_num(const char *text, long long min, long long max, long long *out); /* decimal, "-" allowed */
int str_octal(const char *text, long long max, long long *out);

/*
 * A size in bytes: digits, optionally a fraction, optionally one of b k m g t p
 * (either case; also kB, KiB, ...: all powers of 1024, as docker takes them).
 * A fraction is rounded down to a byte. "-1" only where `minus_one`.
 */
int str_size(const char *text, bool minus_one, long long *out);

/* A count of CPUs such as "1.5" or ".5", in thousand-millionths (docker's NanoCpus); at most nine decimals. */
int str_cpus(const char *text, long long *out);

/* The shortest text that the parsers above read back as `v`. buf: 32 bytes. */
void str_size_format(long long v, char buf[32]);
void str_cpus_format(long long v, char buf[32]);

/* A signal's name or number ("TERM", "sigterm", "RTMIN+1", "15"): its number, or -EINVAL. */
int str_signal(const char *text);
/* Its name without SIG into buf (32 bytes), or the number where it has none. */
void str_signal_format(int sig, char buf[32]);

/* Undo, in place, the \040 and the like of /proc/PID/mountinfo: proc_pid_mounts(5). */
void str_unescape(char *text);

/*
 * The length of the printable character at `s`, 0 where it is none: no control
 * (C0, DEL, C1), nothing that turns the direction of the text round, and UTF-8.
 * *c is the character, also one that is not printable, or 0 where the bytes are none.
 */
size_t str_printable(const char *s, unsigned *c);

/*
 * Texts one behind the other: into buf, cut off where it is full, or as one
 * string that the caller frees (NULL: no memory). str_join returns the length
 * that was wanted, as snprintf(3) does, which is many times slower.
 */
#define str_join(buf, size, ...) str_join_list(buf, size, (const char *const[]){ __VA_ARGS__, NULL })
#define str_joined(...) str_joined_list((const char *const[]){ __VA_ARGS__, NULL })
size_t str_join_list(char *buf, size_t size, const char *const *list);
char *str_joined_list(const char *const *list);

/* The first `len` bytes of text into buf, cut off where it is full. */
void str_copyn(char *buf, size_t size, const char *text, size_t len);

/* Does `text` start with `prefix`? The rest, or NULL. */
const char *str_after(const char *text, const char *prefix);

/*
 * Take the next piece of *rest up to `sep` into buf (cut off is an error): the
 * piece's length, -ENOENT when *rest is used up, -ENAMETOOLONG. Start with *rest = text.
 */
int str_next(const char **rest, char sep, char *buf, size_t size);

#endif
