#include "core/seccomp_json_priv.h"

#include <stdio.h>
#include <string.h>

#include <json-c/json_util.h>

int json_bad(struct json_reader *r, const char *key, const char *what)
{
	/* of an item of a list itself: "syscalls[3]", without the dot */
	size_t len = strlen(r->where) - !*key;

	return err_bad(r->e, r->file, "%.*s%s: %s", (int)len, r->where, key, what);
}

int json_bad_word(struct json_reader *r, const char *key, const char *word, const char *what)
{
	return err_bad(r->e, r->file, "%s%s: \"%.40s\" %s", r->where, key, word, what);
}

int json_member(struct json_reader *r, struct json_object *of, const char *key, enum json_type type, struct json_object **v)
{
	char what[48];

	if (!json_object_object_get_ex(of, key, v) || !*v)
		return 0;
	if (json_object_get_type(*v) == type)
		return 1;
	snprintf(what, sizeof what, "wants %s", type == json_type_int ? "a whole number" : json_type_to_name(type));
	return json_bad(r, key, what);
}

int json_text(struct json_reader *r, struct json_object *of, const char *key, const char **word)
{
	struct json_object *v;
	int rc = json_member(r, of, key, json_type_string, &v);

	*word = rc == 1 ? json_object_get_string(v) : "";
	return rc;
}

int json_number(struct json_reader *r, struct json_object *of, const char *key, uint64_t max, uint64_t *n)
{
	struct json_object *v;
	int rc = json_member(r, of, key, json_type_int, &v);

	if (rc <= 0)
		return rc;
	if (json_object_get_int64(v) < 0 || json_object_get_uint64(v) > max)
		return json_bad(r, key, "the number is out of range");
	*n = json_object_get_uint64(v);
	return 1;
}

const char *json_item(struct json_reader *r, struct json_object *list, const char *key, size_t i)
{
	struct json_object *v = json_object_array_get_idx(list, i);

	if (v && json_object_get_type(v) == json_type_string)
		return json_object_get_string(v);
	json_bad(r, key, "wants a list of texts");
	return NULL;
}
