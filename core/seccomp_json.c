/*
 * Profiles in JSON. docker's format is OCI's (runtime-spec, config-linux.md,
 * "Seccomp") with archMap, includes and excludes: a condition on capabilities,
 * architecture or kernel that is decided before the container starts.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/utsname.h>

#include <json-c/json_tokener.h>
#include <linux/seccomp.h>

#include "core/seccomp_json_priv.h"
#include "core/str.h"

/* ---- words ---- */

struct word {
	const char *name;
	uint32_t value;
};

#define NO_WORD UINT32_MAX

static uint32_t find(const struct word *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i].name, name))
			return words[i].value;
	return NO_WORD;
}

#define FIND(words, name) find(words, sizeof(words) / sizeof *(words), name)

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
	{ "SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO },
	{ "SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD },
	{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
	{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE },
	{ "SCMP_ACT_TRAP", SECCOMP_RET_TRAP },
};

static const struct word ops[] = {
	{ "SCMP_CMP_EQ", SECCOMP_EQ },
	{ "SCMP_CMP_GE", SECCOMP_GE },
	{ "SCMP_CMP_GT", SECCOMP_GT },
	{ "SCMP_CMP_LE", SECCOMP_LE },
	{ "SCMP_CMP_LT", SECCOMP_LT },
	{ "SCMP_CMP_NE", SECCOMP_NE },
};

/* There is one thread: TSYNC has nothing to do. */
static const struct word flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
};

/* The action under `key`, with the number under `errno_key`; what needs one has EPERM else. */
static int action(struct json_reader *r, struct json_object *of, const char *key, const char *errno_key, uint32_t *act)
{
	uint64_t data = EPERM;
	const char *word;
	int rc = json_text(r, of, key, &word);

	if (rc < 0)
		return rc;
	if (!strcmp(word, "SCMP_ACT_NOTIFY"))
		return json_bad(r, key, "SCMP_ACT_NOTIFY needs an agent that answers, and there is none");
	*act = FIND(actions, word);
	if (*act == NO_WORD)
		return rc == 0 ? json_bad(r, key, "is missing") : json_bad_word(r, key, word, "is no action");
	/* above 4095 the kernel makes it 4095 */
	rc = json_number(r, of, errno_key, *act == SECCOMP_RET_TRACE ? UINT16_MAX : 4095, &data);
	if (rc < 0)
		return rc;
	if (*act == SECCOMP_RET_ERRNO || *act == SECCOMP_RET_TRACE)
		*act |= (uint32_t)data;
	return 0;
}

/* ---- conditions ---- */

static bool has_cap(const struct json_reader *r, const char *name)
{
	char lower[32];
	cap_value_t cap;
	size_t i = 0;

	for (; name[i] && i + 1 < sizeof lower; i++)
		lower[i] = (char)tolower((unsigned char)name[i]);
	lower[i] = '\0';
	/* one that is not known is not had: as docker has it */
	return !name[i] && cap_from_name(lower, &cap) == 0 && cap < 64 && r->who->caps >> cap & 1;
}

static bool is_arch(const struct json_reader *r, const char *name)
{
	(void)r;
	return !strcmp(name, seccomp_abis[0].arch);
}

/* How many of the texts under `key` are so, and how many there are. */
static int count(struct json_reader *r, struct json_object *of, const char *key, bool (*is)(const struct json_reader *r, const char *name), size_t *n, size_t *all)
{
	struct json_object *list;
	int rc = json_member(r, of, key, json_type_array, &list);

	*n = 0;
	*all = rc == 1 ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < *all; i++) {
		const char *name = json_item(r, list, key, i);

		if (!name)
			return -EINVAL;
		*n += is(r, name);
	}
	return rc < 0 ? rc : 0;
}

static const char *read_digits(const char *s, unsigned *n)
{
	unsigned long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return NULL;
	v = strtoul(s, &end, 10);
	*n = (unsigned)v;
	return v > UINT16_MAX ? NULL : end;
}

/* "6.12" and what follows it; NULL: it does not begin so. */
static const char *read_version(const char *s, unsigned kernel[2])
{
	s = read_digits(s, &kernel[0]);
	return s && *s == '.' ? read_digits(s + 1, &kernel[1]) : NULL;
}

/* 1: the kernel is as new as minKernel says; 0: it is not; 2: nothing is said. */
static int is_new(struct json_reader *r, struct json_object *of)
{
	const char *word, *rest;
	unsigned least[2];
	int rc = json_text(r, of, "minKernel", &word);

	if (rc <= 0)
		return rc < 0 ? rc : 2;
	rest = read_version(word, least);
	if (!rest || *rest)
		return json_bad_word(r, "minKernel", word, "is no version such as 4.8");
	return r->who->kernel[0] > least[0] || (r->who->kernel[0] == least[0] && r->who->kernel[1] >= least[1]);
}

/* Of "includes" all must be the case, of "excludes" nothing may. 1, 0 or -errno. */
static int applies(struct json_reader *r, struct json_object *call, const char *key, bool wanted)
{
	size_t caps, all_caps, arches, all_arches;
	struct json_object *of;
	int rc = json_member(r, call, key, json_type_object, &of), fresh;

	if (rc <= 0)
		return rc < 0 ? rc : 1;
	rc = count(r, of, "caps", has_cap, &caps, &all_caps);
	if (rc == 0)
		rc = count(r, of, "arches", is_arch, &arches, &all_arches);
	if (rc < 0 || (fresh = is_new(r, of)) < 0)
		return rc < 0 ? rc : fresh;
	if (wanted)
		return caps == all_caps && (!all_arches || arches) && fresh;
	return !caps && !arches && fresh != 1;
}

/* ---- rules ---- */

static int read_test(struct json_reader *r, struct json_object *arg, struct seccomp_test *t)
{
	uint64_t index = 6, second = 0;
	const char *word;
	uint32_t op;
	int rc;

	*t = (struct seccomp_test){ .mask = UINT64_MAX };
	if ((rc = json_number(r, arg, "index", 5, &index)) < 0 || (rc = json_number(r, arg, "value", UINT64_MAX, &t->value)) < 0 ||
	    (rc = json_number(r, arg, "valueTwo", UINT64_MAX, &second)) < 0 || (rc = json_text(r, arg, "op", &word)) < 0)
		return rc;
	if (index > 5)
		return json_bad(r, "index", "is missing");
	t->arg = (unsigned)index;
	op = FIND(ops, word);
	if (!strcmp(word, "SCMP_CMP_MASKED_EQ")) {
		t->mask = t->value;
		t->value = second;
	} else if (op == NO_WORD) {
		return json_bad_word(r, "op", word, "is no comparison");
	} else {
		t->op = op;
	}
	return 0;
}

static int read_tests(struct json_reader *r, struct json_object *call, struct seccomp_test *tests, size_t *n)
{
	size_t len = strlen(r->where);
	struct json_object *list;
	int rc = json_member(r, call, "args", json_type_array, &list);

	*n = rc == 1 ? json_object_array_length(list) : 0;
	if (*n > 6)
		return json_bad(r, "args", "has more than six entries");
	for (size_t i = 0; i < *n && rc >= 0; i++) {
		struct json_object *arg = json_object_array_get_idx(list, i);

		snprintf(r->where + len, sizeof r->where - len, "args[%zu].", i);
		rc = json_object_is_type(arg, json_type_object) ? read_test(r, arg, &tests[i]) : json_bad(r, "", "wants object");
		if (rc >= 0)
			r->where[len] = '\0';
	}
	return rc < 0 ? rc : 0;
}

static int add_call(struct json_reader *r, const char *name, uint32_t act, const struct seccomp_test *tests, size_t n)
{
	int call = seccomp_call_find(name), rc = 0;
	unsigned seen = 0;
	bool twice = false;

	if (call < 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		twice |= (seen >> tests[i].arg & 1) != 0;
		seen |= 1U << tests[i].arg;
	}
	if (!twice)
		rc = seccomp_profile_add(r->p, (unsigned)call, act, tests, n);
	/* libseccomp takes one test of an argument; runc makes this of more: each of them will do */
	for (size_t i = 0; twice && i < n && rc == 0; i++)
		rc = seccomp_profile_add(r->p, (unsigned)call, act, &tests[i], 1);
	return rc < 0 ? err_set(r->e, -rc, r->file, NULL) : 0;
}

static int add_calls(struct json_reader *r, struct json_object *call, uint32_t act, const struct seccomp_test *tests, size_t n)
{
	struct json_object *list;
	const char *one, *name;
	int rc = json_member(r, call, "names", json_type_array, &list), single;
	size_t all = rc == 1 ? json_object_array_length(list) : 0;

	if (rc < 0 || (single = json_text(r, call, "name", &one)) < 0)
		return -EINVAL;
	if (single && all)
		return json_bad(r, "name", "and names exclude each other");
	if (single)
		return add_call(r, one, act, tests, n);
	if (!all)
		return json_bad(r, "names", "is missing");
	for (size_t i = 0; i < all && rc >= 0; i++) {
		name = json_item(r, list, "names", i);
		rc = name ? add_call(r, name, act, tests, n) : -EINVAL;
	}
	return rc < 0 ? rc : 0;
}

static int read_call(struct json_reader *r, struct json_object *call)
{
	struct seccomp_test tests[6];
	uint32_t act = 0;
	size_t n = 0;
	int rc, in, out;

	if (!json_object_is_type(call, json_type_object))
		return json_bad(r, "", "wants object");
	/* all is read, also of what does not apply here: a mistake is one everywhere */
	if ((in = applies(r, call, "includes", true)) < 0 || (out = applies(r, call, "excludes", false)) < 0)
		return -EINVAL;
	rc = action(r, call, "action", "errnoRet", &act);
	if (rc == 0)
		rc = read_tests(r, call, tests, &n);
	if (rc < 0 || !in || !out || act == r->p->otherwise)
		return rc;
	return add_calls(r, call, act, tests, n);
}

static int read_calls(struct json_reader *r, struct json_object *root)
{
	struct json_object *list;
	int rc = json_member(r, root, "syscalls", json_type_array, &list);

	for (size_t i = 0, n = rc == 1 ? json_object_array_length(list) : 0; i < n && rc >= 0; i++) {
		snprintf(r->where, sizeof r->where, "syscalls[%zu].", i);
		rc = read_call(r, json_object_array_get_idx(list, i));
	}
	if (rc >= 0)
		r->where[0] = '\0';
	return rc < 0 ? rc : 0;
}

/* ---- the rest ---- */

static void allow_abi(struct json_reader *r, const char *name)
{
	for (unsigned abi = 0; abi < SECCOMP_ABIS; abi++)
		if (!strcmp(name, seccomp_abis[abi].name))
			r->p->abis |= 1U << abi;
}

/* Names of other machines' ABIs mean nothing here. 1 where there are some at all, 0 or -EINVAL. */
static int allow_abis(struct json_reader *r, struct json_object *of, const char *key)
{
	struct json_object *list;
	int rc = json_member(r, of, key, json_type_array, &list);
	size_t n = rc == 1 ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < n; i++) {
		const char *name = json_item(r, list, key, i);

		if (!name)
			return -EINVAL;
		if (!str_after(name, "SCMP_ARCH_"))
			return json_bad_word(r, key, name, "is no architecture");
		allow_abi(r, name);
	}
	return rc < 0 ? rc : n > 0;
}

static int read_map(struct json_reader *r, struct json_object *list)
{
	int rc = 0;

	for (size_t i = 0, n = json_object_array_length(list); i < n && rc >= 0; i++) {
		struct json_object *of = json_object_array_get_idx(list, i);
		const char *name;

		snprintf(r->where, sizeof r->where, "archMap[%zu].", i);
		rc = json_object_is_type(of, json_type_object) ? json_text(r, of, "architecture", &name) : json_bad(r, "", "wants object");
		if (rc >= 0 && !strcmp(name, seccomp_abis[0].name))
			rc = allow_abis(r, of, "subArchitectures");
	}
	if (rc >= 0)
		r->where[0] = '\0';
	return rc;
}

/* This program's own ABI is always there. */
static int read_abis(struct json_reader *r, struct json_object *root)
{
	struct json_object *map;
	int rc = allow_abis(r, root, "architectures"), mapped = rc < 0 ? rc : json_member(r, root, "archMap", json_type_array, &map);

	r->p->abis |= 1;
	if (mapped <= 0 || !json_object_array_length(map))
		return mapped;
	return rc ? json_bad(r, "archMap", "and architectures exclude each other") : read_map(r, map);
}

static int read_flags(struct json_reader *r, struct json_object *root)
{
	struct json_object *list;
	int rc = json_member(r, root, "flags", json_type_array, &list);

	for (size_t i = 0, n = rc == 1 ? json_object_array_length(list) : 0; i < n; i++) {
		const char *name = json_item(r, list, "flags", i);
		uint32_t flag = name ? FIND(flags, name) : 0;

		if (!name)
			return -EINVAL;
		if (flag == NO_WORD)
			return json_bad_word(r, "flags", name, "is no flag that can be had");
		r->p->flags |= flag;
	}
	return rc < 0 ? rc : 0;
}

static int read_root(struct json_reader *r, struct json_object *root)
{
	uint32_t act;
	int rc;

	if (!json_object_is_type(root, json_type_object))
		return err_bad(r->e, r->file, "is no profile: that is an object with a defaultAction");
	rc = action(r, root, "defaultAction", "defaultErrnoRet", &r->p->otherwise);
	act = r->p->otherwise & SECCOMP_RET_ACTION_FULL;
	/* runc's: see seccomp_default.c. Whoever traces sees to new calls himself. */
	r->p->newer = act == SECCOMP_RET_ALLOW || act == SECCOMP_RET_LOG || act == SECCOMP_RET_TRACE ? r->p->otherwise : SECCOMP_RET_ERRNO | ENOSYS;
	if (rc == 0)
		rc = read_abis(r, root);
	if (rc >= 0)
		rc = read_flags(r, root);
	return rc < 0 ? rc : read_calls(r, root);
}

static int syntax_error(const struct json_reader *r, const char *text, struct json_tokener *tok)
{
	size_t line = 1, end = json_tokener_get_parse_end(tok);

	for (size_t i = 0; i < end && text[i]; i++)
		line += text[i] == '\n';
	return err_bad(r->e, r->file, "line %zu: %s", line, json_tokener_error_desc(json_tokener_get_error(tok)));
}

int seccomp_profile_parse(struct seccomp_profile *p, const char *text, const char *name, const struct seccomp_for *who, struct err *e)
{
	struct json_reader r = { .p = p, .who = who, .file = name, .e = e };
	struct json_tokener *tok = json_tokener_new();
	struct json_object *root;
	int rc;

	if (!tok)
		return err_set(e, ENOMEM, name, NULL);
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	/* with its NUL: only then is a number at the end whole */
	root = json_tokener_parse_ex(tok, text, (int)strlen(text) + 1);
	rc = json_tokener_get_error(tok) == json_tokener_success ? read_root(&r, root) : syntax_error(&r, text, tok);
	json_object_put(root);
	json_tokener_free(tok);
	return rc;
}

void seccomp_for_kernel(unsigned kernel[2])
{
	struct utsname u;

	/* none that a profile asks for, rather than all */
	if (uname(&u) < 0 || !read_version(u.release, kernel))
		kernel[0] = kernel[1] = 0;
}
