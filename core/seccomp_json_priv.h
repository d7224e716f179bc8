/* seccomp_json_priv: reading members of JSON objects, with messages that say where; nobody but seccomp_json*.c includes it. */
#ifndef CORE_SECCOMP_JSON_PRIV_H
#define CORE_SECCOMP_JSON_PRIV_H

#include <stdint.h>

#include <json-c/json_object.h>

#include "core/seccomp_priv.h"

struct json_reader {
	struct seccomp_profile *p;
	const struct seccomp_for *who;
	const char *file;
	char where[48]; /* "syscalls[3].args[0].", in front of a key in messages */
	struct err *e;
};

/* -EINVAL with *r->e: "FILE: syscalls[3].KEY: WHAT", or KEY: "WORD" WHAT. */
int json_bad(struct json_reader *r, const char *key, const char *what);
int json_bad_word(struct json_reader *r, const char *key, const char *word, const char *what);

/* What is under `key`. 1: it is there and of that type; 0: there is none, or null; -EINVAL with *r->e. */
int json_member(struct json_reader *r, struct json_object *of, const char *key, enum json_type type, struct json_object **v);
/* The same for a text, with "" for none. */
int json_text(struct json_reader *r, struct json_object *of, const char *key, const char **word);
/* The same for a number from 0 to max; *n stays where there is none. */
int json_number(struct json_reader *r, struct json_object *of, const char *key, uint64_t max, uint64_t *n);

/* Item i of a list of texts; NULL, with *r->e, where it is none. */
const char *json_item(struct json_reader *r, struct json_object *list, const char *key, size_t i);

#endif
