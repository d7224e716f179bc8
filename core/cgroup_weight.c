#include "core/cgroup.h"

#include <stdint.h>

/*
 * The weight that runc (1.3.2) and crun (1.23) give to v1's cpu.shares:
 *
 *	ceil(10 ^ ((l * l + 125 * l) / 612 - 7/34)),  l = log2(shares)
 *
 * so that 2 is 1, the default 1024 is the default 100, and 262144 is 10000.
 * In fixed point: no libm, and the same result everywhere.
 */
#define ONE (1ULL << 56)
#define LOG2_10 0x35269e12f346e2bfULL /* log2(10), 60 binary places */
#define LN_2 0x0b17217f7d1cf79aULL    /* ln(2), 60 binary places */

typedef unsigned __int128 u128;

/* log2 with 56 binary places: square, and see whether it has passed 2. */
static uint64_t log2_fixed(uint64_t v)
{
	int whole = 63 - __builtin_clzll(v);
	uint64_t m = v << (62 - whole); /* 1 to 2, with 62 places */
	uint64_t log = (uint64_t)whole << 56;

	for (int bit = 55; bit >= 0; bit--) {
		u128 square = (u128)m * m;

		m = (uint64_t)(square >> 62);
		if (m >> 63) {
			m >>= 1;
			log |= 1ULL << bit;
		}
	}
	return log;
}

/* 2^f for 0 <= f < 1, with 56 places: the series of e^(f ln 2). */
static uint64_t exp2_fixed(uint64_t f)
{
	uint64_t x = (uint64_t)((u128)f * LN_2 >> 60);
	uint64_t term = ONE, sum = ONE;

	for (unsigned n = 1; term && n < 40; n++) {
		term = (uint64_t)((u128)term * x >> 56) / n;
		sum += term;
	}
	return sum;
}

int cgroup_weight(long long shares)
{
	uint64_t l, x, power, value;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_fixed((uint64_t)shares);
	/* 7/34 is 126/612; l is above 1, so this stays positive */
	x = (uint64_t)((((u128)l * l >> 56) + (u128)125 * l - (u128)126 * ONE) / 612);
	power = (uint64_t)((u128)x * LOG2_10 >> 60);
	value = exp2_fixed(power & (ONE - 1)) >> 16 << (power >> 56); /* 40 places */
	/* no true value lies closer than 3e-6 above a whole number, save 100 itself: 2^-20 takes the rounding off */
	return (int)((value + (1ULL << 40) - (1ULL << 20)) >> 40);
}

/* The largest shares that are not more than the weight: 100 is 1024 again. */
long long cgroup_shares(int weight)
{
	long long low = 2, high = 262144;

	while (low < high) {
		long long mid = (low + high + 1) / 2;

		if (cgroup_weight(mid) <= weight)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}
