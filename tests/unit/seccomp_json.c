/* Profiles in JSON: which rules come of them, and what is said of those that are none. */
#include <errno.h>
#include <stdint.h>

#include <linux/seccomp.h>

#include "core/cred.h"
#include "core/seccomp.h"
#include "tests/unit/unit.h"

#define ALLOW SECCOMP_RET_ALLOW
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))

static const struct seccomp_for somebody = { .caps = CRED_CAP(21) | CRED_CAP(0), .kernel = { 6, 1 } };

static struct seccomp_profile parse(const char *text)
{
	struct seccomp_profile p = { 0 };
	struct err e = { 0 };
	int rc = seccomp_profile_parse(&p, text, "file", &somebody, &e);

	if (rc < 0)
		printf("# %s: %s\n", e.object, e.what);
	check_int(rc, 0);
	return p;
}

/* The profile that allows nothing but what these rules say. */
static struct seccomp_profile rules(const char *text)
{
	char all[1024];

	snprintf(all, sizeof all, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[%s]}", text);
	return parse(all);
}

static size_t n_rules(const char *text)
{
	struct seccomp_profile p = rules(text);
	size_t n = p.n_rules;

	seccomp_profile_release(&p);
	return n;
}

static void says(const char *text, const char *want)
{
	struct seccomp_profile p = { 0 };
	struct err e = { 0 };

	check_int(seccomp_profile_parse(&p, text, "file", &somebody, &e), -EINVAL);
	check_str(e.object, "file");
	check_str(e.what, want);
	seccomp_profile_release(&p);
}

static void says_of_rules(const char *text, const char *want)
{
	char all[1024];

	snprintf(all, sizeof all, "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"},%s]}", text);
	says(all, want);
}

static void reads_actions(void)
{
	static const struct {
		const char *text;
		uint32_t otherwise, newer;
	} defaults[] = {
		{ "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", ALLOW, ALLOW },
		{ "{\"defaultAction\":\"SCMP_ACT_LOG\",\"x\":[1,{}]}", SECCOMP_RET_LOG, SECCOMP_RET_LOG },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", ERRNO(EPERM), ERRNO(ENOSYS) },
		{ " {\n\"defaultAction\" : \"SCMP_ACT_ERRNO\" , \"defaultErrnoRet\":13}\n", ERRNO(13), ERRNO(ENOSYS) },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":null}", ERRNO(EPERM), ERRNO(ENOSYS) },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL\"}", SECCOMP_RET_KILL_THREAD, ERRNO(ENOSYS) },
		{ "{\"defaultAction\":\"SCMP_ACT_KILL_PROCESS\"}", SECCOMP_RET_KILL_PROCESS, ERRNO(ENOSYS) },
		{ "{\"defaultAction\":\"SCMP_ACT_TRAP\",\"defaultErrnoRet\":5}", SECCOMP_RET_TRAP, ERRNO(ENOSYS) },
		{ "{\"defaultAction\":\"SCMP_ACT_TRACE\",\"defaultErrnoRet\":65535}", SECCOMP_RET_TRACE | 65535, SECCOMP_RET_TRACE | 65535 },
	};

	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
		struct seccomp_profile p = parse(defaults[i].text);

		check_int(p.otherwise, defaults[i].otherwise);
		check_int(p.newer, defaults[i].newer);
		check_int(p.n_rules, 0);
		check_int(p.abis, 1);
		seccomp_profile_release(&p);
	}
}

static void reads_rules(void)
{
	struct seccomp_profile p = rules("{\"names\":[\"read\",\"no_such_call\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[]},"
					 "{\"name\":\"clone3\",\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38,\"args\":null,\"comment\":\"x\"},"
					 "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ERRNO\"},"
					 "{\"names\":[\"ioctl\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}");

	/* what says the same as the default is no rule */
	check_int(p.n_rules, 3);
	check_int(p.rules[0].call, seccomp_call_find("read"));
	check_int(p.rules[0].action, ALLOW);
	check_int(p.rules[1].call, seccomp_call_find("write"));
	check_int(p.rules[2].call, seccomp_call_find("clone3"));
	check_int(p.rules[2].action, ERRNO(38));
	seccomp_profile_release(&p);
}

static void reads_tests(void)
{
	struct seccomp_profile p = rules("{\"name\":\"ioctl\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
					 "{\"index\":1,\"value\":18446744073709551615,\"op\":\"SCMP_CMP_NE\"},"
					 "{\"index\":5,\"value\":9223372036854775809,\"valueTwo\":9007199254740993,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
					 "{\"name\":\"socket\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
					 "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_GE\"},{\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_LE\"}]}");

	check_int(p.n_rules, 3);
	check_int(p.rules[0].n, 2);
	check(p.tests[0].op == SECCOMP_NE && p.tests[0].arg == 1 && p.tests[0].value == UINT64_MAX && p.tests[0].mask == UINT64_MAX);
	check(p.tests[1].op == SECCOMP_EQ && p.tests[1].arg == 5 && p.tests[1].mask == 0x8000000000000001 && p.tests[1].value == 0x20000000000001);
	/* two of one argument are two rules, as with runc */
	check_int(p.rules[1].n, 1);
	check_int(p.rules[2].n, 1);
	seccomp_profile_release(&p);
}

#define RULE(more) "{\"name\":\"read\",\"action\":\"SCMP_ACT_ALLOW\"," more "}"

static void decides_conditions(void)
{
	check_int(n_rules(RULE("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}")), 1);
	check_int(n_rules(RULE("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_CHOWN\"]}")), 1);
	check_int(n_rules(RULE("\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_BPF\"]}")), 0);
	check_int(n_rules(RULE("\"includes\":{\"caps\":[\"CAP_NOT_YET\"]}")), 0);
	check_int(n_rules(RULE("\"includes\":{\"caps\":[\"CAP_OF_A_NAME_THAT_IS_FAR_TOO_LONG_FOR_ONE\"]}")), 0);
	check_int(n_rules(RULE("\"includes\":{}")), 1);
	check_int(n_rules(RULE("\"includes\":null,\"excludes\":{}")), 1);
	check_int(n_rules(RULE("\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}")), 0);
	check_int(n_rules(RULE("\"excludes\":{\"caps\":[\"CAP_BPF\",\"CAP_SYS_ADMIN\"]}")), 0);
	check_int(n_rules(RULE("\"excludes\":{\"caps\":[\"CAP_BPF\"],\"arches\":[\"s390x\"]}")), 1);
	check_int(n_rules(RULE("\"includes\":{\"arches\":[\"s390x\"]}")), 0);
	check_int(n_rules(RULE("\"includes\":{\"arches\":[\"s390x\",\"amd64\",\"arm64\"]}")), 1);
	check_int(n_rules(RULE("\"excludes\":{\"arches\":[\"amd64\",\"arm64\"]}")), 0);
	check_int(n_rules(RULE("\"includes\":{\"minKernel\":\"4.8\"}")), 1);
	check_int(n_rules(RULE("\"includes\":{\"minKernel\":\"6.1\"}")), 1);
	check_int(n_rules(RULE("\"includes\":{\"minKernel\":\"6.2\"}")), 0);
	check_int(n_rules(RULE("\"includes\":{\"minKernel\":\"7.0\"}")), 0);
	check_int(n_rules(RULE("\"excludes\":{\"minKernel\":\"6.1\"}")), 0);
	check_int(n_rules(RULE("\"excludes\":{\"minKernel\":\"6.12\"}")), 1);
}

static unsigned abis(const char *text)
{
	struct seccomp_profile p = parse(text);
	unsigned all = p.abis;

	seccomp_profile_release(&p);
	return all;
}

static void reads_architectures(void)
{
	check_int(abis("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_S390X\"]}"), 1);
#ifdef __x86_64__
	check_int(abis("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"]}"), 1 << SECCOMP_X86 | 1);
	check_int(abis("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[],\"archMap\":[{\"architecture\":\"SCMP_ARCH_ARM\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]},"
		       "{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X32\"]}]}"), 1 << SECCOMP_X32 | 1);
#endif
}

static void reads_flags(void)
{
	struct seccomp_profile p = parse("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_LOG\"]}");

	check_int(p.flags, SECCOMP_FILTER_FLAG_LOG);
	seccomp_profile_release(&p);
	says("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]}",
	     "flags: \"SECCOMP_FILTER_FLAG_NEW_LISTENER\" is no flag that can be had");
}

static void says_what_is_wrong(void)
{
	says("", "line 1: unexpected end of data");
	says("{\n\"defaultAction\":\n", "line 3: unexpected end of data");
	says("{\n\"defaultAction\":\nx}", "line 3: unexpected character");
	says("{} {}", "line 1: unexpected character");
	says("[]", "is no profile: that is an object with a defaultAction");
	says("null", "is no profile: that is an object with a defaultAction");
	says("{}", "defaultAction: is missing");
	says("{\"defaultAction\":1}", "defaultAction: wants string");
	says("{\"defaultAction\":\"ALLOW\"}", "defaultAction: \"ALLOW\" is no action");
	says("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "defaultAction: SCMP_ACT_NOTIFY needs an agent that answers, and there is none");
	says("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}", "defaultErrnoRet: the number is out of range");
	says("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "defaultErrnoRet: the number is out of range");
	says("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1.5}", "defaultErrnoRet: wants a whole number");
	says("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls: wants array");
	says("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"x86\"]}", "architectures: \"x86\" is no architecture");
	says("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],\"archMap\":[{}]}", "archMap: and architectures exclude each other");
}

static void says_which_rule_is_wrong(void)
{
	says_of_rules("7", "syscalls[1]: wants object");
	says_of_rules("{}", "syscalls[1].action: is missing");
	says_of_rules("{\"action\":\"SCMP_ACT_ALLOW\"}", "syscalls[1].names: is missing");
	says_of_rules("{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[1]}", "syscalls[1].names: wants a list of texts");
	says_of_rules("{\"action\":\"SCMP_ACT_ALLOW\",\"names\":[\"read\"],\"name\":\"write\"}", "syscalls[1].name: and names exclude each other");
	says_of_rules(RULE("\"args\":[{\"op\":\"SCMP_CMP_EQ\"}]"), "syscalls[1].args[0].index: is missing");
	says_of_rules(RULE("\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]"), "syscalls[1].args[0].index: the number is out of range");
	says_of_rules(RULE("\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":1,\"op\":\"==\"}]"), "syscalls[1].args[1].op: \"==\" is no comparison");
	says_of_rules(RULE("\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]"), "syscalls[1].args[0].value: the number is out of range");
	says_of_rules(RULE("\"includes\":{\"caps\":\"CAP_CHOWN\"}"), "syscalls[1].caps: wants array");
	says_of_rules(RULE("\"excludes\":{\"minKernel\":\"new\"}"), "syscalls[1].minKernel: \"new\" is no version such as 4.8");
	/* also in what does not apply here */
	says_of_rules("{\"name\":\"read\",\"action\":\"ALLOW\",\"includes\":{\"arches\":[\"s390x\"]}}", "syscalls[1].action: \"ALLOW\" is no action");
}

int main(void)
{
	unit("default actions, and what becomes of newer calls", reads_actions);
	unit("rules, by name and names", reads_rules);
	unit("tests of arguments, with 64 bits", reads_tests);
	unit("includes and excludes", decides_conditions);
	unit("architectures and archMap", reads_architectures);
	unit("flags", reads_flags);
	unit("what is no profile", says_what_is_wrong);
	unit("what is no rule", says_which_rule_is_wrong);
	return unit_done();
}
