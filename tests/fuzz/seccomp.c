/* A profile in JSON; its program, run by an interpreter, must answer as its rules say. */
#include <errno.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/seccomp_priv.h"
#include "tests/fuzz/fuzz.h"

static const struct sock_filter *prog;
static int n_insns;

static uint32_t run(const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (int pc = 0; pc < n_insns; pc++) {
		const struct sock_filter *in = &prog[pc];
		bool yes = false;

		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			require(in->k % 4 == 0 && in->k < sizeof *d);
			memcpy(&a, (const char *)d + in->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			continue;
		case BPF_JMP | BPF_JA:
			require(in->k < (uint32_t)n_insns);
			pc += (int)in->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == in->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= in->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > in->k;
			break;
		case BPF_RET | BPF_K:
			return in->k;
		default:
			require(!"an instruction of those");
		}
		pc += yes ? in->jt : in->jf;
	}
	require(!"an end");
	return 0;
}

static bool holds(const struct seccomp_test *t, uint64_t arg, bool wide)
{
	uint64_t low = wide ? UINT64_MAX : UINT32_MAX, value = t->value & low;

	arg &= low;
	switch (t->op) {
	case SECCOMP_EQ:
		return (arg & t->mask) == value;
	case SECCOMP_NE:
		return (arg & t->mask) != value;
	case SECCOMP_GE:
		return arg >= value;
	case SECCOMP_GT:
		return arg > value;
	case SECCOMP_LE:
		return arg <= value;
	default:
		return arg < value;
	}
}

/* What the rules say, read from the first to the last. */
static uint32_t plain(const struct seccomp_profile *p, enum seccomp_abi abi, const struct seccomp_data *d)
{
	long long newest = -1;
	const struct seccomp_rule *hit = NULL;
	bool free = false;

	if (!(p->abis & 1U << abi))
		return SECCOMP_RET_KILL_THREAD;
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct seccomp_rule *r = &p->rules[i];
		long long number = seccomp_call_number(r->call, abi);
		bool all = true;

		if (number > newest)
			newest = number;
		if (number != (uint32_t)d->nr)
			continue;
		for (uint32_t k = 0; k < r->n; k++)
			all &= holds(&p->tests[r->first + k], d->args[p->tests[r->first + k].arg], seccomp_abis[abi].wide);
		/* one without tests comes before all with some */
		if (all && (!hit || (!r->n && !free)))
			hit = r;
		free |= !r->n;
	}
	if (newest >= 0 && (uint32_t)d->nr > newest)
		return p->newer;
	return hit ? hit->action : p->otherwise;
}

static void ask(const struct seccomp_profile *p, uint32_t number, uint64_t arg)
{
	for (unsigned abi = 0; abi < SECCOMP_ABIS; abi++) {
		struct seccomp_data d = { .nr = (int)(number | seccomp_abis[abi].bit), .arch = seccomp_abis[abi].audit };

		for (int i = 0; i < 6; i++)
			d.args[i] = arg + (arg % 3 ? (uint64_t)i : 0);
		require(run(&d) == plain(p, abi, &d));
	}
}

static void ask_all(const struct seccomp_profile *p)
{
	static const uint64_t some[] = { 0, 1, UINT32_MAX, 1ULL << 32, UINT64_MAX };

	for (uint32_t number = 0; number < 600; number += number < 480 ? 1 : 40)
		ask(p, number, some[number % 5]);
	for (size_t i = 0; i < p->n_rules && i < 64; i++) {
		const struct seccomp_rule *r = &p->rules[i];

		for (unsigned abi = 0; abi < SECCOMP_ABIS; abi++) {
			long long number = seccomp_call_number(r->call, abi);

			for (uint32_t k = 0; number >= 0 && k < r->n; k++)
				for (uint64_t off = 0; off < 3; off++)
					ask(p, (uint32_t)number & ~seccomp_abis[abi].bit, p->tests[r->first + k].value + off - 1);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sock_filter room[BPF_MAXINSNS];
	const struct seccomp_for who = { .caps = size % 2 ? 0xa80425fb : ~0ULL, .kernel = { 6, 1 } };
	char *text = fuzz_text(&data, &size);
	struct seccomp_profile p = { 0 };
	struct err e = { 0 };
	int rc = seccomp_profile_parse(&p, text, "profile", &who, &e);

	require(rc == 0 || (rc == -EINVAL && e.what[0] && !strcmp(e.object, "profile")));
	if (rc == 0) {
		n_insns = seccomp_profile_compile(&p, room, BPF_MAXINSNS);
		require(n_insns > 0 || n_insns == -E2BIG);
		prog = room + BPF_MAXINSNS - n_insns;
		if (n_insns > 0)
			ask_all(&p);
	}
	seccomp_profile_release(&p);
	free(text);
	return 0;
}
