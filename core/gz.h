/* gz: what gzip(1) has compressed: RFC 1951 and 1952. */
#ifndef CORE_GZ_H
#define CORE_GZ_H

#include <stddef.h>

#include "core/str.h"

/*
 * Decompress the one member of a gzip file into *out, at most `max` bytes. Its
 * checksum is not looked at: it comes from the kernel. Pure. 0, -EINVAL where it is
 * none or ends early, -EFBIG, -ENOMEM.
 */
int gz_inflate(const unsigned char *in, size_t len, size_t max, struct strbuf *out);

#endif
