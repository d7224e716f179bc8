#include "core/gz.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BITS 15     /* no code is longer */
#define LITERALS 288
#define DISTANCES 30

struct stream {
	const unsigned char *in, *end;
	uint32_t bits; /* taken from `in`, not used yet; the lowest comes first */
	unsigned have;
	size_t max;
	struct strbuf *out;
};

/* A Huffman code by how many symbols there are of each length, and the symbols in the order of their codes. */
struct code {
	uint16_t count[BITS + 1], symbol[LITERALS];
};

/* The next n bits, 16 at most, or -EINVAL. */
static int take(struct stream *s, unsigned n)
{
	int v;

	while (s->have < n) {
		if (s->in == s->end)
			return -EINVAL;
		s->bits |= (uint32_t)*s->in++ << s->have;
		s->have += 8;
	}
	v = (int)(s->bits & ((1U << n) - 1));
	s->bits >>= n;
	s->have -= n;
	return v;
}

/* -EINVAL where there are more codes of these lengths than bits to tell them by. */
static int build(struct code *c, const uint8_t *lengths, unsigned n)
{
	uint16_t at[BITS + 1] = { 0 };
	int left = 1;

	memset(c->count, 0, sizeof c->count);
	for (unsigned i = 0; i < n; i++)
		c->count[lengths[i]]++;
	c->count[0] = 0;
	for (unsigned i = 1; i <= BITS; i++) {
		left = 2 * left - c->count[i];
		if (left < 0)
			return -EINVAL;
		if (i < BITS)
			at[i + 1] = (uint16_t)(at[i] + c->count[i]);
	}
	for (unsigned i = 0; i < n; i++)
		if (lengths[i])
			c->symbol[at[lengths[i]]++] = (uint16_t)i;
	return 0;
}

/* The next symbol: codes of one length follow each other, and those that are longer follow them. */
static int decode(struct stream *s, const struct code *c)
{
	int code = 0, first = 0, index = 0;

	for (unsigned len = 1; len <= BITS; len++) {
		int bit = take(s, 1);

		if (bit < 0)
			return bit;
		code |= bit;
		if (code - first < c->count[len])
			return c->symbol[index + code - first];
		index += c->count[len];
		first = (first + c->count[len]) << 1;
		code <<= 1;
	}
	return -EINVAL;
}

static int put(struct stream *s, char c)
{
	if (s->out->len >= s->max)
		return -EFBIG;
	strbuf_addn(s->out, &c, 1);
	return s->out->failed ? -ENOMEM : 0;
}

/* What has been there already, once more; it may run into itself. */
static int repeat(struct stream *s, int length, int distance)
{
	int rc = distance < 1 || (size_t)distance > s->out->len ? -EINVAL : 0;

	while (rc == 0 && length--)
		rc = put(s, s->out->s[s->out->len - (size_t)distance]);
	return rc;
}

/* The first value of a symbol and how many bits more it has: of lengths, and of distances. */
static int value(struct stream *s, int symbol, unsigned step, int first)
{
	unsigned n = (unsigned)symbol < 2 * step ? 0 : ((unsigned)symbol - step) / step;
	int base = (unsigned)symbol < 2 * step ? symbol : (int)((step + (unsigned)symbol % step) << n);
	int more = take(s, n);

	return more < 0 ? more : first + base + more;
}

static int inflate_coded(struct stream *s, const struct code *literals, const struct code *distances)
{
	for (;;) {
		int rc, length, distance, symbol = decode(s, literals);

		if (symbol < 0 || symbol == 256)
			return symbol < 0 ? symbol : 0;
		if (symbol < 256) {
			rc = put(s, (char)symbol);
		} else {
			length = symbol > 285 ? -EINVAL : symbol == 285 ? 258 : value(s, symbol - 257, 4, 3);
			distance = length < 0 ? length : decode(s, distances);
			distance = distance < 0 || distance >= DISTANCES ? -EINVAL : value(s, distance, 2, 1);
			rc = distance < 0 ? distance : repeat(s, length, distance);
		}
		if (rc < 0)
			return rc;
	}
}

static int inflate_fixed(struct stream *s)
{
	uint8_t lengths[LITERALS];
	struct code literals, distances;

	for (unsigned i = 0; i < LITERALS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	(void)build(&literals, lengths, LITERALS);
	memset(lengths, 5, DISTANCES);
	(void)build(&distances, lengths, DISTANCES);
	return inflate_coded(s, &literals, &distances);
}

/* The lengths of both codes, themselves in a code, in which some symbols say again what was last. */
static int read_lengths(struct stream *s, const struct code *c, uint8_t *lengths, unsigned n)
{
	unsigned i = 0;

	while (i < n) {
		int symbol = decode(s, c), times;

		if (symbol < 0)
			return symbol;
		if (symbol < 16) {
			lengths[i++] = (uint8_t)symbol;
			continue;
		}
		times = symbol == 16 ? take(s, 2) : symbol == 17 ? take(s, 3) : take(s, 7);
		if (times < 0 || (symbol == 16 && i == 0))
			return -EINVAL;
		times += symbol == 18 ? 11 : 3;
		if (i + (unsigned)times > n)
			return -EINVAL;
		memset(lengths + i, symbol == 16 ? lengths[i - 1] : 0, (size_t)times);
		i += (unsigned)times;
	}
	return 0;
}

static int inflate_dynamic(struct stream *s)
{
	static const uint8_t order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	int n_literals = take(s, 5), n_distances = take(s, 5), n = take(s, 4), rc;
	uint8_t lengths[LITERALS + 32] = { 0 };
	struct code literals, distances;

	if (n_literals < 0 || n_distances < 0 || n < 0 || n_literals > LITERALS - 2 - 257 || n_distances >= DISTANCES)
		return -EINVAL;
	for (int i = 0; i < n + 4; i++) {
		rc = take(s, 3);
		if (rc < 0)
			return rc;
		lengths[order[i]] = (uint8_t)rc;
	}
	n_literals += 257;
	n_distances += 1;
	if ((rc = build(&literals, lengths, sizeof order)) < 0 ||
	    (rc = read_lengths(s, &literals, lengths, (unsigned)(n_literals + n_distances))) < 0 ||
	    (rc = build(&literals, lengths, (unsigned)n_literals)) < 0 ||
	    (rc = build(&distances, lengths + n_literals, (unsigned)n_distances)) < 0)
		return rc;
	return inflate_coded(s, &literals, &distances);
}

static int copy_stored(struct stream *s)
{
	int len, rc = 0;

	s->bits = s->have = 0;
	len = take(s, 16);
	/* and once more, inverted */
	if (len < 0 || take(s, 16) != (~len & 0xffff) || s->end - s->in < len)
		return -EINVAL;
	while (rc == 0 && len--)
		rc = put(s, (char)*s->in++);
	return rc;
}

/* The header: of what may be in it a name is all that gzip(1) writes, and the kernel not even that. */
static int skip_header(struct stream *s)
{
	bool named;

	if (s->end - s->in < 18 || s->in[0] != 0x1f || s->in[1] != 0x8b || s->in[2] != 8 || s->in[3] & ~8)
		return -EINVAL;
	named = s->in[3];
	s->in += 10;
	while (named && s->in < s->end && *s->in)
		s->in++;
	s->in += named;
	return s->in < s->end ? 0 : -EINVAL;
}

int gz_inflate(const unsigned char *in, size_t len, size_t max, struct strbuf *out)
{
	struct stream s = { .in = in, .end = in + len, .max = max, .out = out };
	int rc = skip_header(&s), last = 0;

	while (rc == 0 && !last) {
		int kind;

		last = take(&s, 1);
		kind = take(&s, 2);
		if (last < 0 || kind < 0 || kind == 3)
			return -EINVAL;
		rc = kind == 0 ? copy_stored(&s) : kind == 1 ? inflate_fixed(&s) : inflate_dynamic(&s);
	}
	return rc;
}
