/* json: text as JSON has it. */
#ifndef CORE_JSON_H
#define CORE_JSON_H

#include "core/str.h"

/* Add `s` as a string, in its quotes: RFC 8259, 7. What is no UTF-8 becomes U+FFFD. */
void json_add_string(struct strbuf *b, const char *s);

#endif
