/* Device rules: the compiled program is run here by a small interpreter, and must answer as v1's two lists do. */
#include <errno.h>
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

/* What v1's code says of a list: security/device_cgroup.c in words. */
static bool v1_answers(const struct dev_list *l, char type, unsigned access, unsigned major, unsigned minor)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct dev_rule *r = &l->v[i];

		if (r->type != type || (r->major >= 0 && (unsigned)r->major != major) || (r->minor >= 0 && (unsigned)r->minor != minor))
			continue;
		if (l->allow ? access & r->access : !(access & ~r->access))
			return !l->allow;
	}
	return l->allow;
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
							    (k ? (asked & a) == asked : (asked & a) != 0);

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

/* ---- rules ---- */

static void said(const char *text, const char *wanted)
{
	struct dev_rule r;
	struct err e = { 0 };
	char back[64];
	const char *path;

	check_int(devfilter_parse(text, &r, &path, &e), 0);
	devfilter_text(&r, back);
	check_str(back, wanted);
	check_int(r.allow, strncmp(text, "deny", 4) != 0);
}

static void good_rules(void)
{
	said("c 1:3 rwm", "c 1:3 rwm");
	said("allow b 8:* mr", "b 8:* rm");
	said("deny c *:5 w", "c *:5 w");
	said("deny c 4095:1048575 www", "c 4095:1048575 w");
	said("deny all", "a *:* rwm");
	said("allow a", "a *:* rwm");
	said("a *:* rwm", "a *:* rwm");
}

static void bad_rules(void)
{
	static const char *const bad[] = {
		"", "c", "c ", "c 1", "c 1:", "c 1:3", "c 1:3 ", "c 1:3 x", "c 1:3 rwx", "c 1:3 rwmr", "c 1:3 r ", " c 1:3 r", "c  1:3 r", "c 1:3  r",
		"c 1:3 r\n", "c\t1:3 r", "c :3 r", "c -1:3 r", "c -0:3 r", "c +1:3 r", "c 0x1:3 r", "c 4096:3 r", "c 1:1048576 r", "c **:3 r",
		"c 99999999999999999999:3 r", "d 1:3 r", "cc 1:3 r", "a 1:5 r", "a *:* r", "a ", "all ", "deny", "deny ", "allow", "permit c 1:3 r",
		"deny deny c 1:3 r", "Deny c 1:3 r", "/dev/null", "/dev/null ", "/dev/null x", "deny /dev/null rwmm",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct dev_rule r;
		struct err e = { 0 };
		const char *path;

		if (devfilter_parse(bad[i], &r, &path, &e) != -EINVAL)
			check_str(bad[i], "refused");
		check_str(e.object, *bad[i] && !strpbrk(bad[i], "\n\t") ? bad[i] : e.object);
		check(e.what[0]);
	}
}

static void device_files(void)
{
	struct dev_rule r;
	struct err e = { 0 };
	const char *path = NULL;

	check_int(devfilter_parse("deny /dev/a b rw", &r, &path, &e), 8);
	check(!strncmp(path, "/dev/a b", 8) && !r.allow && r.access == (DEV_READ | DEV_WRITE));
	check_int(devfilter_read("/dev/null r", &r, &e), 0);
	check(r.allow && r.type == 'c' && r.major == 1 && r.minor == 3 && r.access == DEV_READ);
	check_int(devfilter_read("/dev/nosuch r", &r, &e), -ENOENT);
	check_str(e.object, "/dev/nosuch");
	check_int(devfilter_read("/ r", &r, &e), -EINVAL);
}

/* ---- lists ---- */

static int add(struct dev_list *l, const char *text)
{
	struct dev_rule r;
	struct err e = { 0 };

	check_int(devfilter_read(text, &r, &e), 0);
	return devfilter_add(l, &r, &e);
}

static void is(const struct dev_list *l, const char *wanted)
{
	struct strbuf out = { 0 };

	devfilter_format(l, &out);
	check_str(out.s, wanted);
	strbuf_release(&out);
}

static void exceptions(void)
{
	struct dev_list l = { .allow = true };

	is(&l, "a *:* rwm\n");
	check_int(add(&l, "deny c 1:5 w"), 0);
	check_int(add(&l, "deny c 1:5 r"), 0);
	check_int(add(&l, "deny b *:* m"), 0);
	is(&l, "a *:* rwm\ndeny c 1:5 rw\ndeny b *:* m\n");
	check_int(add(&l, "allow c 1:5 rw"), 0);
	check_int(add(&l, "allow c 1:3 r"), 0);
	is(&l, "a *:* rwm\ndeny b *:* m\n");
	check_int(add(&l, "deny all"), 0);
	is(&l, "");
	check_int(add(&l, "c 1:3 rwm"), 0);
	check_int(add(&l, "c 1:5 rwm"), 0);
	check_int(add(&l, "deny c 1:3 w"), 0);
	check_int(add(&l, "deny c 1:5 rwm"), 0);
	check_int(add(&l, "deny c 1:7 rwm"), 0);
	is(&l, "c 1:3 rm\n");
	check_int(add(&l, "allow all"), 0);
	is(&l, "a *:* rwm\n");
	devfilter_release(&l);
}

static void holes(void)
{
	struct dev_list l = { .allow = false };

	check_int(add(&l, "c *:* rwm"), 0);
	check_int(add(&l, "deny c 1:5 r"), -EINVAL);
	check_int(add(&l, "deny b 1:5 r"), 0);
	is(&l, "c *:* rwm\n");
	check_int(add(&l, "deny c *:* rw"), 0);
	check_int(add(&l, "deny c 1:5 r"), 0);
	check_int(add(&l, "deny c 1:5 rm"), -EINVAL);
	check_int(add(&l, "c 1:5 r"), 0);
	check_int(add(&l, "deny c 1:* r"), -EINVAL);
	check_int(add(&l, "deny c *:5 r"), -EINVAL);
	check_int(add(&l, "deny c *:6 r"), 0);
	is(&l, "c *:* m\nc 1:5 r\n");
	check_int(add(&l, "allow all"), 0);
	check_int(add(&l, "deny c 1:* w"), 0);
	check_int(add(&l, "allow c 1:5 rw"), -EINVAL);
	check_int(add(&l, "allow c 1:5 r"), 0);
	is(&l, "a *:* rwm\ndeny c 1:* w\n");
	devfilter_release(&l);
}

/* Of a list as of each rule: compiled, it answers as v1 does, and read back from the program it is the same. */
static void same_answers(const struct dev_list *l)
{
	static const unsigned numbers[] = { 0, 1, 3, 5, 8 };
	uint64_t prog[256];
	struct dev_list back = { 0 };
	struct strbuf wanted = { 0 };
	int n = devfilter_compile(l->v, l->n, l->allow, prog, 256);

	for (unsigned q = 0; q < 8 * 2 * 25; q++) {
		unsigned access = q % 8, major = numbers[q / 16 % 5], minor = numbers[q / 80];
		char type = q / 8 % 2 ? 'b' : 'c';

		check_int(interpret(prog, n, access << 16 | (type == 'b' ? 1 : 2), major, minor), v1_answers(l, type, access, major, minor));
	}
	check_int(devfilter_decode(prog, (size_t)n, &back), 0);
	devfilter_format(l, &wanted);
	is(&back, wanted.s);
	devfilter_release(&back);
	strbuf_release(&wanted);
}

static void taken_rules_hold(const struct dev_list *l, const struct dev_rule *r)
{
	for (unsigned bit = 1; bit < 8 && r->type != 'a'; bit *= 2)
		if (r->access & bit)
			check_int(v1_answers(l, r->type, bit, r->major < 0 ? 5 : (unsigned)r->major, r->minor < 0 ? 5 : (unsigned)r->minor), r->allow);
}

/* Lists of up to twelve rules, from a generator of small numbers. */
static void any_lists(void)
{
	static const int numbers[] = { -1, 1, 3, 5 };
	unsigned seed = 1, refused = 0;

	for (unsigned i = 0; i < 2000; i++) {
		struct dev_list l = { .allow = i % 2 };

		for (unsigned k = 0; k < 12; k++) {
			struct err e = { 0 };
			struct dev_rule r;
			int rc;

			seed = seed * 1664525 + 1013904223;
			r = (struct dev_rule){ seed >> 12 & 1, "bcbcbccccccccbca"[seed >> 13 & 15], numbers[seed >> 17 & 3], numbers[seed >> 19 & 3], 1 + (seed >> 21 & 127) % 7 };
			rc = devfilter_add(&l, &r, &e);
			check(rc == 0 || (rc == -EINVAL && e.what[0] && e.hint[0]));
			refused += rc < 0;
			if (rc == 0)
				taken_rules_hold(&l, &r);
		}
		same_answers(&l);
		devfilter_release(&l);
	}
	check(refused > 100 && refused < 12000);
}

static void other_programs(void)
{
	const struct dev_rule odd[] = { { true, 'a', -1, -1, DEV_READ }, { true, 'c', 1, 3, RWM } };
	const struct dev_rule *good = &odd[1];
	struct dev_list l = { 0 };
	uint64_t prog[64];
	int n = devfilter_compile(odd, 2, false, prog, 64);

	/* ours, but of no list */
	check_int(devfilter_decode(prog, (size_t)n, &l), -EPROTO);
	devfilter_release(&l);
	n = devfilter_compile(good, 1, true, prog, 64);
	check_int(devfilter_decode(prog, (size_t)n, &l), -EPROTO);
	devfilter_release(&l);
	/* each bit of a good one turned round, and each length that is too short */
	n = devfilter_compile(good, 1, false, prog, 64);
	for (int bit = 0; bit < n * 64; bit++) {
		struct strbuf out = { 0 };

		prog[bit / 64] ^= 1ULL << bit % 64;
		if (devfilter_decode(prog, (size_t)n, &l) == 0) {
			devfilter_format(&l, &out);
			check(strcmp(out.s, "c 1:3 rwm\n") != 0);
			strbuf_release(&out);
		}
		devfilter_release(&l);
		prog[bit / 64] ^= 1ULL << bit % 64;
	}
	for (int len = 0; len < n; len++) {
		check_int(devfilter_decode(prog, (size_t)len, &l), -EPROTO);
		devfilter_release(&l);
	}
}

static void lists_read_back(void)
{
	static const char text[] = "a *:* rwm\ndeny c 1:5 w\ndeny b *:* m\n", rules[] = "c 1:3 rm\nb 8:* r\n";
	struct dev_list l = { 0 };
	struct err e = { 0 };

	check_int(devfilter_unformat(text, &l, &e), 0);
	is(&l, text);
	devfilter_release(&l);
	check_int(devfilter_unformat(rules, &l, &e), 0);
	is(&l, rules);
	check_int(devfilter_unformat("c 1:3 rm\n/dev/null r\n", &l, &e), -EINVAL);
	check_int(devfilter_unformat("c 1:3 r                                                                                 m\n", &l, &e), -EINVAL);
	devfilter_release(&l);
}

int main(void)
{
	unit("without rules the default answers", no_rules);
	unit("an allow list", an_allow_list);
	unit("a partial deny refuses what asks for more", a_partial_deny);
	unit("the later rule wins", later_rules_win);
	unit("every kind of rule answers every kind of question", a_table);
	unit("a program that does not fit is an error", too_little_room);
	unit("rules are read as v1 takes them", good_rules);
	unit("what is no rule is refused, and named", bad_rules);
	unit("a rule for a device file", device_files);
	unit("a list has exceptions of one kind", exceptions);
	unit("a hole in a wider rule is refused", holes);
	unit("any list: the program answers as v1, and can be read", any_lists);
	unit("another program is not taken for a list", other_programs);
	unit("a list is read back from its text", lists_read_back);
	return unit_done();
}
