#include "core/devfilter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "core/fd.h"

/* docker's list; making a node is allowed for any device, opening it is what counts */
const struct dev_rule devfilter_usual[] = {
	{ true, 'c', -1, -1, DEV_MKNOD },
	{ true, 'b', -1, -1, DEV_MKNOD },
	{ true, 'c', 1, 3, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* null */
	{ true, 'c', 1, 5, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* zero */
	{ true, 'c', 1, 7, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* full */
	{ true, 'c', 1, 8, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* random */
	{ true, 'c', 1, 9, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* urandom */
	{ true, 'c', 5, 0, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* tty */
	{ true, 'c', 5, 1, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* console */
	{ true, 'c', 5, 2, DEV_MKNOD | DEV_READ | DEV_WRITE },  /* ptmx */
	{ true, 'c', 136, -1, DEV_MKNOD | DEV_READ | DEV_WRITE }, /* pts */
};

/* by which ours are known among those on a group */
#define PROGRAM_NAME "nestbox_dev"

#define N_USUAL (sizeof devfilter_usual / sizeof *devfilter_usual)

const size_t devfilter_n_usual = N_USUAL;

static void number_text(int n, char buf[16])
{
	if (n < 0)
		snprintf(buf, 16, "*");
	else
		snprintf(buf, 16, "%d", n);
}

void devfilter_text(const struct dev_rule *r, char buf[64])
{
	char major[16], minor[16];

	number_text(r->major, major);
	number_text(r->minor, minor);
	snprintf(buf, 64, "%c %s:%s %s%s%s", r->type, major, minor, r->access & DEV_READ ? "r" : "", r->access & DEV_WRITE ? "w" : "",
		 r->access & DEV_MKNOD ? "m" : "");
}

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
 * What is asked may be several things at once (O_RDWR). To allow, the rule must
 * cover all of them; to deny, one is enough: that is how v1 answers.
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
	bool partial = r->access != (DEV_MKNOD | DEV_READ | DEV_WRITE);
	/* how many instructions are left to jump over, from each test to the next rule */
	int16_t left = (int16_t)(typed + 3 * partial + (r->major >= 0) + (r->minor >= 0) + 2);

	if (typed)
		unless_equal(p, BPF_REG_2, r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR, left -= 1);
	if (partial)
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

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof *attr);
}

static int load(const uint64_t *prog, int n)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)prog,
		.insn_cnt = (uint32_t)n,
		.license = (uint64_t)(uintptr_t)"GPL",
		.prog_name = PROGRAM_NAME,
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static int load_rules(const char *rules)
{
	uint64_t prog[DEVFILTER_INSNS(N_USUAL)];
	bool all = !strcmp(rules, "all");
	int n = devfilter_compile(devfilter_usual, all ? 0 : N_USUAL, all, prog, sizeof prog / sizeof *prog);

	return load(prog, n);
}

bool devfilter_usable(void)
{
	auto_close int fd = load_rules("all");

	return fd >= 0;
}

static bool is_ours(int prog)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr get = { .info = {
		.bpf_fd = (uint32_t)prog,
		.info_len = sizeof info,
		.info = (uint64_t)(uintptr_t)&info,
	} };

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &get) == 0 && !strcmp(info.name, PROGRAM_NAME);
}

/* Our own program on the group, as an fd to be closed, or -1. Somebody else's stays and counts as well. */
static int own_program(int cgroup)
{
	uint32_t ids[64] = { 0 };
	union bpf_attr query = { .query = {
		.target_fd = (uint32_t)cgroup,
		.attach_type = BPF_CGROUP_DEVICE,
		.prog_ids = (uint64_t)(uintptr_t)ids,
		.prog_cnt = sizeof ids / sizeof *ids,
	} };

	if (bpf(BPF_PROG_QUERY, &query) < 0)
		return -1;
	for (uint32_t i = 0; i < query.query.prog_cnt && i < sizeof ids / sizeof *ids; i++) {
		union bpf_attr get = { .prog_id = ids[i] };
		auto_close int prog = bpf(BPF_PROG_GET_FD_BY_ID, &get);

		if (prog >= 0 && is_ours(prog))
			return take_fd(&prog);
	}
	return -1;
}

int devfilter_set(int cgroup, const char *rules, struct err *e)
{
	auto_close int prog = load_rules(rules);
	auto_close int old = own_program(cgroup);
	union bpf_attr attach = {
		.target_fd = (uint32_t)cgroup,
		.attach_bpf_fd = (uint32_t)prog,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	int rc;

	if (prog >= 0 && old >= 0) {
		/* in one step: at no moment is there none, or are there both (5.6) */
		attach.attach_flags |= BPF_F_REPLACE;
		attach.replace_bpf_fd = (uint32_t)old;
	}
	if (prog >= 0 && bpf(BPF_PROG_ATTACH, &attach) == 0)
		return 0;
	rc = err_sys(e, "device rules", "%s", prog < 0 ? "load" : "attach to the group");
	if (rc == -EPERM)
		err_hint(e, "this needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, and no user namespace");
	else if (rc == -EINVAL)
		err_hint(e, "was this kernel built with CONFIG_CGROUP_BPF?");
	return rc;
}
