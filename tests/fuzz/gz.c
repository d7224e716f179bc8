/* What gzip has compressed, or somebody says it has. */
#include <errno.h>

#include "core/gz.h"
#include "tests/fuzz/fuzz.h"

enum { MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf out = { 0 }, again = { 0 };
	int rc = gz_inflate(data, size, MAX, &out);

	require(rc == 0 || rc == -EINVAL || rc == -EFBIG);
	require(out.len <= MAX);
	if (rc == 0 && out.len) {
		require(gz_inflate(data, size, out.len, &again) == 0 && again.len == out.len && !memcmp(again.s, out.s, out.len));
		strbuf_release(&again);
		require(gz_inflate(data, size, out.len - 1, &again) == -EFBIG);
	}
	strbuf_release(&again);
	strbuf_release(&out);
	return 0;
}
