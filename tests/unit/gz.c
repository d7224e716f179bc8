/* gz: what gzip has made is had back, and what it has not made is told. */
#include <errno.h>
#include <stdio.h>

#include "core/gz.h"
#include "tests/unit/unit.h"

/* three times "CONFIG_A=y"; once, as it is, in a file called "config"; the squares below 200 */
static const unsigned char fixed[] = {
	31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 115, 246, 247, 115, 243, 116, 143, 119, 180, 173,
	228, 114, 198, 202, 4, 0, 231, 101, 14, 72, 33, 0, 0, 0,
};
static const unsigned char stored[] = {
	31, 139, 8, 8, 0, 0, 0, 0, 0, 3, 99, 111, 110, 102, 105, 103, 0, 1, 11, 0,
	244, 255, 67, 79, 78, 70, 73, 71, 95, 65, 61, 121, 10, 142, 177, 128, 218, 11, 0, 0,
	0,
};
static const unsigned char dynamic[] = {
	31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 37, 147, 73, 2, 4, 33, 8, 3, 239, 190,
	70, 22, 65, 254, 255, 177, 174, 216, 151, 105, 70, 89, 66, 18, 247, 178, 149, 107, 150, 213,
	242, 179, 162, 86, 206, 170, 92, 215, 150, 237, 189, 204, 249, 102, 114, 75, 198, 144, 66, 142,
	31, 190, 119, 86, 120, 146, 79, 53, 121, 153, 124, 111, 174, 227, 179, 78, 215, 42, 242, 138,
	111, 243, 191, 57, 191, 220, 15, 121, 83, 234, 75, 161, 109, 58, 152, 209, 202, 212, 211, 156,
	230, 22, 154, 146, 26, 119, 52, 183, 4, 160, 132, 164, 65, 100, 55, 133, 1, 132, 190, 133,
	194, 132, 216, 247, 44, 143, 157, 203, 115, 27, 200, 168, 240, 82, 212, 58, 187, 186, 29, 242,
	66, 21, 65, 127, 129, 6, 121, 208, 47, 146, 206, 161, 25, 209, 76, 139, 203, 220, 24, 16,
	228, 6, 75, 10, 85, 6, 248, 50, 65, 154, 5, 230, 108, 109, 171, 53, 206, 102, 159, 99,
	90, 56, 180, 49, 55, 235, 104, 231, 211, 138, 134, 179, 218, 220, 82, 101, 176, 73, 69, 29,
	106, 171, 233, 82, 151, 126, 189, 143, 200, 161, 162, 153, 185, 250, 48, 183, 27, 4, 61, 96,
	185, 162, 254, 58, 248, 110, 74, 139, 2, 243, 189, 160, 31, 237, 65, 6, 17, 40, 97, 147,
	45, 231, 238, 167, 149, 200, 218, 254, 226, 220, 34, 184, 200, 128, 102, 146, 205, 84, 103, 230,
	161, 56, 197, 163, 149, 40, 181, 43, 118, 253, 87, 58, 196, 185, 31, 209, 239, 45, 37, 124,
	158, 40, 79, 159, 200, 243, 4, 146, 106, 49, 18, 48, 173, 158, 55, 84, 11, 74, 197, 247,
	74, 58, 234, 248, 13, 136, 176, 199, 137, 157, 171, 184, 222, 121, 133, 114, 234, 229, 151, 168,
	180, 126, 125, 58, 213, 179, 95, 255, 30, 205, 186, 111, 46, 162, 43, 126, 120, 102, 11, 219,
	60, 156, 243, 204, 49, 194, 207, 206, 236, 226, 91, 123, 249, 110, 25, 196, 126, 135, 132, 44,
	98, 226, 193, 85, 140, 93, 196, 143, 255, 54, 113, 241, 230, 97, 58, 143, 124, 62, 106, 229,
	231, 171, 205, 80, 159, 20, 243, 56, 70, 253, 143, 244, 192, 251, 170, 61, 82, 201, 81, 151,
	243, 146, 118, 14, 112, 242, 159, 162, 222, 71, 47, 164, 165, 179, 179, 133, 140, 40, 245, 121,
	51, 170, 29, 121, 194, 231, 192, 3, 4, 195, 9, 230, 108, 89, 84, 92, 197, 30, 197, 38,
	87, 129, 158, 156, 112, 121, 13, 219, 202, 168, 46, 7, 70, 152, 94, 94, 200, 151, 17, 180,
	198, 202, 154, 139, 68, 163, 88, 30, 142, 19, 178, 243, 121, 206, 46, 233, 139, 229, 159, 223,
	175, 172, 223, 239, 21, 116, 233, 65, 220, 247, 54, 120, 160, 138, 245, 98, 144, 119, 191, 167,
	0, 63, 31, 191, 59, 192, 54, 30, 4, 0, 0,
};

static void is(const unsigned char *in, size_t len, const char *want)
{
	struct strbuf out = { 0 };

	check_int(gz_inflate(in, len, 1 << 20, &out), 0);
	check_str(out.s, want);
	strbuf_release(&out);
	/* exactly as much as there is, and no byte less */
	check_int(gz_inflate(in, len, strlen(want), &out), 0);
	strbuf_release(&out);
	check_int(gz_inflate(in, len, strlen(want) - 1, &out), -EFBIG);
	strbuf_release(&out);
}

static void inflates(void)
{
	struct strbuf squares = { 0 };

	for (int i = 0; i < 200; i++)
		strbuf_addf(&squares, "%d\n", i * i);
	is(fixed, sizeof fixed, "CONFIG_A=y\nCONFIG_A=y\nCONFIG_A=y\n");
	is(stored, sizeof stored, "CONFIG_A=y\n");
	is(dynamic, sizeof dynamic, squares.s);
	strbuf_release(&squares);
}

static void refuses_half(const unsigned char *in, size_t len)
{
	/* the checksum and the size at the end are not looked at */
	for (size_t i = 0; i < len - 8; i++) {
		struct strbuf out = { 0 };

		check_int(gz_inflate(in, i, 1 << 20, &out), -EINVAL);
		strbuf_release(&out);
	}
}

static void refuses_what_ends_early(void)
{
	refuses_half(fixed, sizeof fixed);
	refuses_half(stored, sizeof stored);
	refuses_half(dynamic, sizeof dynamic);
}

/* Each byte of it changed: whatever comes of it, it ends, and within bounds. */
static void survives_what_is_broken(void)
{
	unsigned char broken[sizeof dynamic];

	for (size_t i = 0; i < sizeof dynamic; i++)
		for (unsigned x = 1; x < 256; x <<= 1) {
			struct strbuf out = { 0 };
			int rc;

			memcpy(broken, dynamic, sizeof broken);
			broken[i] ^= (unsigned char)x;
			rc = gz_inflate(broken, sizeof broken, 5000, &out);
			check(rc == 0 || rc == -EINVAL || rc == -EFBIG);
			check(out.len <= 5000);
			strbuf_release(&out);
		}
}

int main(void)
{
	unit("stored, fixed and dynamic blocks, with a name or without", inflates);
	unit("a file that ends early is refused, wherever that is", refuses_what_ends_early);
	unit("a broken one does no harm", survives_what_is_broken);
	return unit_done();
}
