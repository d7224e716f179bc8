/* Device rules: the compiled program is run here by a small interpreter, and must answer as v1's two lists do. */
#include <linux/bpf.h>
#include <stdint.h>

#include "core/devfilter.h"
#include "tests/unit/unit.h"

#define RWM (DEV_MKNOD | DEV_READ | DEV_WRITE)

/* The few instructions that the compiler uses. -1: the program is wrong. */
static int interpret(const uint64_t *prog, int n, uint32_t access_type, uint32_t major, uint32_t minor)
{
	uint64_t r[11] = { 0 };
	uint32_t ctx[3] = { access_type, major, minor };

	for (int pc = 0; pc < n; pc++) {
		struct bpf_insn in;
		uint64_t src;

		memcpy(&in, &prog[pc], sizeof in);
		src = BPF_SRC(in.code) == BPF_X ? r[in.src_reg] : (uint64_t)(int64_t)in.imm;
		switch (in.code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			if (in.src_reg != 1 || in.off < 0 || in.off > 8 || in.off % 4)
				return -1;
			r[in.dst_reg] = ctx[in.off / 4];
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			r[in.dst_reg] = (uint32_t)(r[in.dst_reg] & src);
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			r[in.dst_reg] = (uint32_t)r[in.dst_reg] >> src;
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
		case BPF_ALU | BPF_MOV | BPF_X:
			r[in.dst_reg] = (uint32_t)src;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
		case BPF_JMP | BPF_JNE | BPF_X:
			pc += r[in.dst_reg] != src ? in.off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[in.dst_reg] == src ? in.off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)r[0];
		default:
			return -1;
		}
	}
	return -1;
}

static int ask(const struct dev_rule *rules, size_t n, bool allow, char type, unsigned access, unsigned major, unsigned minor)
{
	uint64_t prog[256];
	int len = devfilter_compile(rules, n, allow, prog, sizeof prog / sizeof *prog);

	check(len > 0);
	return interpret(prog, len, access << 16 | (type == 'b' ? 1 : 2), major, minor);
}

static void no_rules(void)
{
	check_int(ask(NULL, 0, true, 'c', RWM, 1, 3), 1);
	check_int(ask(NULL, 0, false, 'c', RWM, 1, 3), 0);
}

static void an_allow_list(void)
{
	const struct dev_rule r[] = { { true, 'c', 1, 3, RWM }, { true, 'b', 8, -1, DEV_READ }, { true, 'c', -1, -1, DEV_MKNOD } };

	check_int(ask(r, 3, false, 'c', DEV_READ | DEV_WRITE, 1, 3), 1);
	check_int(ask(r, 3, false, 'b', DEV_READ, 1, 3), 0);
	check_int(ask(r, 3, false, 'c', DEV_READ, 1, 5), 0);
	check_int(ask(r, 3, false, 'b', DEV_READ, 8, 17), 1);
	check_int(ask(r, 3, false, 'b', DEV_READ | DEV_WRITE, 8, 17), 0);
	check_int(ask(r, 3, false, 'c', DEV_MKNOD, 9, 9), 1);
	check_int(ask(r, 3, false, 'b', DEV_MKNOD, 9, 9), 0);
	/* access(F_OK) asks for nothing: a rule for the device is enough */
	check_int(ask(r, 3, false, 'c', 0, 1, 3), 1);
}

/* "deny c 1:5 w" must refuse O_RDWR, and let reading and access(F_OK) through. */
static void a_partial_deny(void)
{
	const struct dev_rule r[] = { { true, 'a', -1, -1, RWM }, { false, 'c', 1, 5, DEV_WRITE } };

	check_int(ask(r, 2, true, 'c', DEV_READ, 1, 5), 1);
	check_int(ask(r, 2, true, 'c', DEV_WRITE, 1, 5), 0);
	check_int(ask(r, 2, true, 'c', DEV_READ | DEV_WRITE, 1, 5), 0);
	check_int(ask(r, 2, true, 'c', 0, 1, 5), 1);
	check_int(ask(r, 2, true, 'c', DEV_WRITE, 1, 3), 1);
}

static void later_rules_win(void)
{
	const struct dev_rule r[] = { { false, 'c', 1, -1, RWM }, { true, 'c', 1, 3, RWM } };

	check_int(ask(r, 2, true, 'c', DEV_READ, 1, 3), 1);
	check_int(ask(r, 2, true, 'c', DEV_READ, 1, 5), 0);
	check_int(ask(r, 2, true, 'c', DEV_READ, 2, 5), 1);
}

/* All kinds of rules against a plain reading of what they say. */
static void a_table(void)
{
	static const int numbers[] = { -1, 1, 5 };
	const char types[] = "abc";

	for (unsigned t = 0; t < 3; t++)
		for (unsigned a = 1; a < 8; a++)
			for (unsigned m = 0; m < 9; m++)
				for (unsigned k = 0; k < 2; k++) {
					struct dev_rule r = { k, types[t], numbers[m % 3], numbers[m / 3], a };

					for (unsigned q = 0; q < 8 * 2 * 4; q++) {
						unsigned asked = q % 8, major = q / 16 % 2 ? 1 : 5, minor = q / 32 ? 1 : 5;
						char type = q / 8 % 2 ? 'b' : 'c';
						bool fits = (r.type == 'a' || r.type == type) && (r.major < 0 || (unsigned)r.major == major) &&
							    (r.minor < 0 || (unsigned)r.minor == minor) &&
							    (k ? (asked & a) == asked : (asked & a) != 0 || a == RWM);

						check_int(ask(&r, 1, !k, type, asked, major, minor), fits ? (int)k : (int)!k);
					}
				}
}

static void too_little_room(void)
{
	const struct dev_rule r[] = { { true, 'c', 1, 3, RWM } };
	uint64_t prog[8];

	check_int(devfilter_compile(r, 1, false, prog, 8), -7);
}

int main(void)
{
	unit("without rules the default answers", no_rules);
	unit("an allow list", an_allow_list);
	unit("a partial deny refuses what asks for more", a_partial_deny);
	unit("the later rule wins", later_rules_win);
	unit("every kind of rule answers every kind of question", a_table);
	unit("a program that does not fit is an error", too_little_room);
	return unit_done();
}
