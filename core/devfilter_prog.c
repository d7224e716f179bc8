#include "core/devfilter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bpf.h>

struct program {
	uint64_t *v;
	size_t n, room;
};

/* The instruction's fields as the kernel packs them: struct bpf_insn. */
static void emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	struct bpf_insn insn = { .code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm };

	if (p->n < p->room)
		memcpy(&p->v[p->n], &insn, sizeof insn);
	p->n++;
}

static void load_field(struct program *p, uint8_t reg, size_t offset)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, reg, BPF_REG_1, (int16_t)offset, 0);
}

/* Leave r2 type, r3 access, r4 major, r5 minor. r1 is free after that. */
static void prologue(struct program *p)
{
	load_field(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	load_field(p, BPF_REG_3, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	load_field(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
	load_field(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

static void answer(struct program *p, bool allow)
{
	emit(p, BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void unless_equal(struct program *p, uint8_t reg, int32_t value, int16_t skip)
{
	emit(p, BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, value);
}

/*
 * What is asked may be several things at once (O_RDWR), or none (access(2) with
 * F_OK). To allow, the rule must cover all of them; to deny, it takes one: that is
 * how v1 answers.
 */
static void access_test(struct program *p, const struct dev_rule *r, int16_t skip)
{
	emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_3, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_1, 0, 0, (int32_t)r->access);
	if (r->allow)
		emit(p, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_1, BPF_REG_3, skip, 0);
	else
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_1, 0, skip, 0);
}

static void rule(struct program *p, const struct dev_rule *r)
{
	bool typed = r->type != 'a';
	bool tested = !r->allow || r->access != (DEV_MKNOD | DEV_READ | DEV_WRITE);
	/* how many instructions are left to jump over, from each test to the next rule */
	int16_t left = (int16_t)(typed + 3 * tested + (r->major >= 0) + (r->minor >= 0) + 2);

	if (typed)
		unless_equal(p, BPF_REG_2, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, left -= 1);
	if (tested)
		access_test(p, r, left -= 3);
	if (r->major >= 0)
		unless_equal(p, BPF_REG_4, r->major, left -= 1);
	if (r->minor >= 0)
		unless_equal(p, BPF_REG_5, r->minor, left -= 1);
	answer(p, r->allow);
}

int devfilter_compile(const struct dev_rule *rules, size_t n, bool allow, uint64_t *prog, size_t room)
{
	struct program p = { .v = prog, .room = room };

	prologue(&p);
	/* the first that fits answers, so the last one goes first */
	for (size_t i = n; i-- > 0;)
		rule(&p, &rules[i]);
	answer(&p, allow);
	return p.n <= room ? (int)p.n : -E2BIG;
}

/* Note what the instruction says of the rule it belongs to; true when that ends there. */
static bool decode_insn(const uint64_t *at, struct dev_rule *r)
{
	struct bpf_insn in;

	memcpy(&in, at, sizeof in);
	if (in.code == (BPF_JMP | BPF_JNE | BPF_K) && in.dst_reg == BPF_REG_2)
		r->type = in.imm == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c';
	else if (in.code == (BPF_JMP | BPF_JNE | BPF_K))
		*(in.dst_reg == BPF_REG_4 ? &r->major : &r->minor) = in.imm;
	else if (in.code == (BPF_ALU | BPF_AND | BPF_K))
		r->access = (unsigned)in.imm;
	else if (in.code == (BPF_ALU | BPF_MOV | BPF_K))
		r->allow = in.imm;
	return in.code == (BPF_JMP | BPF_EXIT);
}

/* The list, whose exceptions come out last first. */
static int decode_rules(const uint64_t *prog, size_t n, struct dev_list *l)
{
	static const struct dev_rule any = { true, 'a', -1, -1, DEV_MKNOD | DEV_READ | DEV_WRITE };
	struct dev_rule r = any;
	int rc = 0;

	for (size_t i = DEVFILTER_INSNS(0) - 2; i < n && !rc; i++) {
		if (!decode_insn(&prog[i], &r))
			continue;
		if (i + 1 < n)
			rc = devfilter_append(l, &r);
		l->allow = r.allow;
		r = any;
	}
	for (size_t i = 0; i < l->n / 2; i++) {
		r = l->v[i];
		l->v[i] = l->v[l->n - 1 - i];
		l->v[l->n - 1 - i] = r;
	}
	return rc;
}

/* Whatever was read: it is right when it gives the same program again. */
int devfilter_decode(const uint64_t *prog, size_t n, struct dev_list *l)
{
	int rc = decode_rules(prog, n, l);
	uint64_t *again = rc < 0 ? NULL : calloc(n + 1, sizeof *again);

	if (!again)
		return -ENOMEM;
	if (devfilter_compile(l->v, l->n, l->allow, again, n) != (int)n || memcmp(again, prog, n * sizeof *prog) != 0)
		rc = -EPROTO;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == 'a' || l->v[i].allow == l->allow)
			rc = -EPROTO;
	free(again);
	return rc;
}
