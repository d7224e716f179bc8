/*
 * From a profile to a program: for each ABI a balanced tree over ranges of
 * numbers that are treated alike. It is written from its end, as a jump goes
 * forwards only and at most 255 instructions far when there is a condition:
 * where it leads is then known, and what is too far away is written once more.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/seccomp_priv.h"

/*
 * Numbers get a slot each. All are below 1000, but for ARM's own few.
 */
#define ARM_OWN 0xf0000U
#define ARM_SLOT 1000
#define SLOTS (ARM_SLOT + 16)

/* Less than 255: the other target of a jump may have to be written in between. */
#define REACH 250

#define NO_RULE UINT16_MAX

/* More than a program can hold, unless most are about nothing; and those of one call are as many frames on the stack. */
#define MAX_RULES 8192

/* Where a jump leads: to an action, or to an instruction, counted from the end. */
struct target {
	bool written;
	size_t at;
	uint32_t action;
};

/* From this number on, the calls are treated so; `rule` is the first of those with tests, or NO_RULE. */
struct range {
	uint32_t from;
	uint32_t action;
	uint16_t rule;
};

struct compiler {
	const struct seccomp_profile *p;
	struct sock_filter *prog;
	size_t room, n;            /* n: written, from the end */
	uint16_t first[SLOTS];     /* the first rule for that slot */
	uint16_t next[MAX_RULES];  /* of each rule: the next one for the same slot */
	struct range ranges[SLOTS + 2];
	size_t n_ranges;
	enum seccomp_abi abi;
};

static void emit(struct compiler *c, uint16_t code, uint8_t yes, uint8_t no, uint32_t k)
{
	if (c->n < c->room)
		c->prog[c->room - 1 - c->n] = (struct sock_filter){ code, yes, no, k };
	c->n++;
}

static const struct sock_filter *insn(const struct compiler *c, size_t at)
{
	return &c->prog[c->room - 1 - at];
}

static struct target here(const struct compiler *c)
{
	return (struct target){ .written = true, .at = c->n - 1 };
}

static struct target act(uint32_t action)
{
	return (struct target){ .action = action };
}

static size_t write_return(struct compiler *c, uint32_t action)
{
	for (size_t at = c->n; at-- > 0 && c->n - at <= REACH && c->n <= c->room;)
		if (insn(c, at)->code == (BPF_RET | BPF_K) && insn(c, at)->k == action)
			return at;
	emit(c, BPF_RET | BPF_K, 0, 0, action);
	return c->n - 1;
}

/* An instruction that a jump which comes soon reaches, and that does the same. */
static size_t reach(struct compiler *c, struct target t)
{
	if (!t.written)
		return write_return(c, t.action);
	if (c->n - t.at <= REACH)
		return t.at;
	emit(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(c->n - t.at - 1));
	return c->n - 1;
}

/* What is written next is to go on there. */
static void fall_into(struct compiler *c, struct target t)
{
	size_t at = reach(c, t);

	if (at + 1 != c->n)
		emit(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(c->n - at - 1));
}

static struct target jump(struct compiler *c, uint16_t op, uint32_t k, struct target yes, struct target no)
{
	size_t to = reach(c, yes), other = reach(c, no);

	emit(c, BPF_JMP | op | BPF_K, (uint8_t)(c->n - to - 1), (uint8_t)(c->n - other - 1), k);
	return here(c);
}

/* One half of an argument, already behind its mask. */
static struct target half(struct compiler *c, const struct seccomp_test *t, bool high, uint16_t op, struct target yes, struct target no)
{
	uint32_t mask = (uint32_t)(high ? t->mask >> 32 : t->mask), value = (uint32_t)(high ? t->value >> 32 : t->value);
	size_t off = offsetof(struct seccomp_data, args) + t->arg * sizeof(uint64_t);

	jump(c, op, value, yes, no);
	if (mask != UINT32_MAX)
		emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	/* little-endian */
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(off + (high ? sizeof(uint32_t) : 0)));
	return here(c);
}

/* A half of which the mask leaves nothing is 0. */
static struct target equal(struct compiler *c, const struct seccomp_test *t, struct target yes, struct target no)
{
	bool wide = seccomp_abis[c->abi].wide;

	if ((uint32_t)t->mask)
		yes = half(c, t, false, BPF_JEQ, yes, no);
	else if ((uint32_t)t->value)
		yes = no;
	if (wide && t->mask >> 32)
		yes = half(c, t, true, BPF_JEQ, yes, no);
	else if (wide && t->value >> 32)
		yes = no;
	return yes;
}

/* op: BPF_JGE or BPF_JGT. Where the high halves are the same, the low ones decide. */
static struct target greater(struct compiler *c, const struct seccomp_test *t, uint16_t op, struct target yes, struct target no)
{
	size_t off = offsetof(struct seccomp_data, args) + t->arg * sizeof(uint64_t);
	uint32_t high = (uint32_t)(t->value >> 32);
	struct target low = half(c, t, false, op, yes, no);

	if (!seccomp_abis[c->abi].wide)
		return low;
	low = jump(c, BPF_JEQ, high, low, no);
	jump(c, BPF_JGT, high, yes, low);
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)(off + sizeof(uint32_t)));
	return here(c);
}

static struct target test(struct compiler *c, const struct seccomp_test *t, struct target yes, struct target no)
{
	switch (t->op) {
	case SECCOMP_EQ:
		return equal(c, t, yes, no);
	case SECCOMP_NE:
		return equal(c, t, no, yes);
	case SECCOMP_GE:
		return greater(c, t, BPF_JGE, yes, no);
	case SECCOMP_GT:
		return greater(c, t, BPF_JGT, yes, no);
	case SECCOMP_LE:
		return greater(c, t, BPF_JGT, no, yes);
	default:
		return greater(c, t, BPF_JGE, no, yes);
	}
}

/* The value that one argument is to have, and no more, where it has 32 bits; else NULL. */
static const struct seccomp_test *is_one_value(const struct compiler *c, uint16_t i)
{
	const struct seccomp_test *t = &c->p->tests[c->p->rules[i].first];

	return c->p->rules[i].n == 1 && t->op == SECCOMP_EQ && t->mask == UINT64_MAX && !(t->value >> 32) ? t : NULL;
}

/* The rules from i to before `end`, all such and about the same argument: it is loaded once. */
static struct target values(struct compiler *c, uint16_t i, uint16_t end, struct target no)
{
	const struct seccomp_test *t = is_one_value(c, i);
	struct target low = c->next[i] == end ? no : values(c, c->next[i], end, no);

	return jump(c, BPF_JEQ, (uint32_t)t->value, act(c->p->rules[i].action), low);
}

static struct target load_values(struct compiler *c, uint16_t i, uint16_t end, struct target no)
{
	const uint32_t off = (uint32_t)(offsetof(struct seccomp_data, args) + is_one_value(c, i)->arg * sizeof(uint64_t));

	values(c, i, end, no);
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, off);
	if (seccomp_abis[c->abi].wide) {
		jump(c, BPF_JEQ, 0, here(c), no);
		emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, off + (uint32_t)sizeof(uint32_t));
	}
	return here(c);
}

/* The rules of one call, the first one first. */
static struct target rules(struct compiler *c, uint16_t i)
{
	const struct seccomp_rule *r = &c->p->rules[i];
	const struct seccomp_test *one = is_one_value(c, i);
	struct target no, yes = act(r->action);
	uint16_t end = c->next[i];

	while (one && end != NO_RULE && is_one_value(c, end) && is_one_value(c, end)->arg == one->arg)
		end = c->next[end];
	no = end == NO_RULE ? act(c->p->otherwise) : rules(c, end);
	if (one)
		return load_values(c, i, end, no);
	for (size_t k = r->n; k-- > 0;)
		yes = test(c, &c->p->tests[r->first + k], yes, no);
	return yes;
}

static struct target tree(struct compiler *c, const struct range *v, size_t n)
{
	struct target low, high;

	if (n == 1)
		return v->rule == NO_RULE ? act(v->action) : rules(c, v->rule);
	high = tree(c, v + n / 2, n - n / 2);
	low = tree(c, v, n / 2);
	return jump(c, BPF_JGE, v[n / 2].from, high, low);
}

static size_t slot_of(uint32_t number)
{
	return number < ARM_OWN ? number : ARM_SLOT + number - ARM_OWN;
}

static uint32_t number_of(size_t slot)
{
	return (uint32_t)(slot < ARM_SLOT ? slot : ARM_OWN + slot - ARM_SLOT);
}

/* Chain the rules of each number, in their order. */
static void sort_rules(struct compiler *c)
{
	memset(c->first, 0xff, sizeof c->first);
	for (size_t i = c->p->n_rules; i-- > 0;) {
		long long number = seccomp_call_number(c->p->rules[i].call, c->abi);
		size_t slot = number < 0 ? SLOTS : slot_of((uint32_t)number & ~seccomp_abis[c->abi].bit);

		if (slot >= SLOTS)
			continue;
		c->next[i] = c->first[slot];
		c->first[slot] = (uint16_t)i;
	}
}

static void add_range(struct compiler *c, uint32_t from, uint32_t action, uint16_t rule)
{
	const struct range *last = c->n_ranges ? &c->ranges[c->n_ranges - 1] : NULL;

	if (!last || last->rule != NO_RULE || rule != NO_RULE || last->action != action)
		c->ranges[c->n_ranges++] = (struct range){ from | seccomp_abis[c->abi].bit, action, rule };
}

static void make_ranges(struct compiler *c)
{
	uint32_t beyond = 0;

	c->n_ranges = 0;
	for (size_t slot = 0; slot < SLOTS; slot++) {
		uint16_t i = c->first[slot], free = i;

		while (free != NO_RULE && c->p->rules[free].n)
			free = c->next[free];
		if (free != NO_RULE)
			add_range(c, number_of(slot), c->p->rules[free].action, NO_RULE);
		else
			add_range(c, number_of(slot), c->p->otherwise, i);
		if (i != NO_RULE)
			beyond = number_of(slot) + 1;
	}
	/* all that the loop has said of numbers above the last one was: otherwise */
	while (c->n_ranges && c->ranges[c->n_ranges - 1].from >= (beyond | seccomp_abis[c->abi].bit))
		c->n_ranges--;
	/* an ABI without a single rule has no newest call */
	add_range(c, beyond, beyond ? c->p->newer : c->p->otherwise, NO_RULE);
}

static struct target abi_tree(struct compiler *c, enum seccomp_abi abi)
{
	if (!(c->p->abis & 1U << abi))
		return act(SECCOMP_RET_KILL_THREAD);
	c->abi = abi;
	sort_rules(c);
	make_ranges(c);
	return tree(c, c->ranges, c->n_ranges);
}

/* Arch and number are there; what is not one of ours, or not allowed, is deadly, as with libseccomp. */
static void write_all(struct compiler *c)
{
	struct target to[SECCOMP_ABIS], start = act(SECCOMP_RET_KILL_THREAD);

	for (unsigned abi = SECCOMP_ABIS; abi-- > 0;) {
		to[abi] = abi_tree(c, abi);
		if (seccomp_abis[abi].bit)
			continue;
#if defined __x86_64__
		if (abi == SECCOMP_X86_64)
			to[abi] = jump(c, BPF_JGE, SECCOMP_X32_BIT, to[SECCOMP_X32], to[abi]);
#endif
		fall_into(c, to[abi]);
		emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
		to[abi] = here(c);
	}
	for (unsigned abi = SECCOMP_ABIS; abi-- > 0;)
		if (!seccomp_abis[abi].bit)
			start = jump(c, BPF_JEQ, seccomp_abis[abi].audit, to[abi], start);
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
}

int seccomp_profile_compile(const struct seccomp_profile *p, struct sock_filter *prog, size_t room)
{
	struct compiler c = { .p = p, .prog = prog, .room = room };

	if (p->n_rules > MAX_RULES)
		return -E2BIG;
	write_all(&c);
	return c.n <= room ? (int)c.n : -E2BIG;
}
