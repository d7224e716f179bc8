/*
 * seccomp_peer: two filters for the same rules, ours and the one that libseccomp
 * makes, asked about every call.
 *
 *	seccomp_peer RULES		docker's default against core/'s table
 *	seccomp_peer RULES json		the rules in docker's format, to stdout
 *	seccomp_peer RULES PROFILE	the rules against core/'s reading of that file
 *
 * RULES is tests/docker.seccomp. It prints what differs, and counts.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "core/seccomp.h"

#define X32_BIT 0x40000000U
#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))

/* The fourteen that a container has. */
#define DEFAULT 0xa80425fbULL
#define N_CAPS 41

struct rule {
	char name[48];
	int cap;           /* -1: no condition */
	bool without;      /* it must be missing */
	uint32_t action;   /* SCMP_ACT_* */
	char op[4];        /* "": no argument is looked at */
	uint64_t value, second;
	int number;        /* where an older libseccomp does not know the name; -1 */
	bool native;       /* that number is of the first ABI alone */
};

static struct rule rules[1024];
static size_t n_rules;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- the rules ---- */

/* By their numbers: linux/capability.h. No libcap: there may be none for this libc. */
static const char *const cap_names[N_CAPS] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
	"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
	"CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

static int find_cap(const char *name)
{
	for (int cap = 0; cap < N_CAPS; cap++)
		if (!strcmp(cap_names[cap], name))
			return cap;
	die(name);
}

static void read_head(const char *head, struct rule *r)
{
	char words[256], *rest = words, *word;
	int n = 0;

	*r = (struct rule){ .cap = -1, .number = -1 };
	snprintf(words, sizeof words, "%s", head);
	while ((word = strsep(&rest, " "))) {
		if (!strncmp(word, "cap=", 4) || !strncmp(word, "cap!=", 5)) {
			r->without = word[3] == '!';
			r->cap = find_cap(strchr(word, '=') + 1);
		} else if (!strcmp(word, "allow")) {
			r->action = SCMP_ACT_ALLOW;
		} else if (!strncmp(word, "errno=", 6)) {
			r->action = SCMP_ACT_ERRNO((uint32_t)strtoul(word + 6, NULL, 10));
		} else if (!strcmp(word, "number") || !strcmp(word, "native")) {
			r->native = word[1] == 'a';
		} else if (*word) {
			/* the index is always 0 */
			if (n == 1)
				snprintf(r->op, sizeof r->op, "%s", word);
			if (n == 2)
				r->value = strtoull(word, NULL, 0);
			if (n == 3)
				r->second = strtoull(word, NULL, 0);
			if (n == 0)
				r->number = (int)strtol(word, NULL, 10);
			n++;
		}
	}
	if (r->action)
		r->number = -1;
}

static void set_number(const char *name, const struct rule *from)
{
	for (size_t i = 0; i < n_rules; i++)
		if (!strcmp(rules[i].name, name)) {
			rules[i].number = from->number;
			rules[i].native = from->native;
		}
}

static void read_rules(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256], *names;
	struct rule r = { 0 };

	if (!f)
		die(path);
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (*line == '#' || !*line)
			continue;
		names = line;
		if (*line != '\t') {
			names = strstr(line, " : ");
			*names = '\0';
			read_head(line, &r);
			names += 3;
		}
		for (char *name; (name = strsep(&names, " \t"));) {
			if (!*name)
				continue;
			if (!r.action) {
				set_number(name, &r);
				continue;
			}
			rules[n_rules] = r;
			snprintf(rules[n_rules++].name, sizeof r.name, "%s", name);
		}
	}
	fclose(f);
}

static bool is_in_force(const struct rule *r, uint64_t caps)
{
	return r->cap < 0 || r->without != (caps >> r->cap & 1);
}

/* ---- in docker's format ---- */

static void print_json(void)
{
	static const struct {
		const char *op, *name;
	} ops[] = { { "<", "SCMP_CMP_LT" }, { "==", "SCMP_CMP_EQ" }, { ">", "SCMP_CMP_GT" }, { "&", "SCMP_CMP_MASKED_EQ" } };

	printf("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\","
	       "\"subArchitectures\":[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]},{\"architecture\":\"SCMP_ARCH_RISCV64\",\"subArchitectures\":null}],\n\"syscalls\":[");
	for (size_t i = 0; i < n_rules; i++) {
		const struct rule *r = &rules[i];
		printf("%s\n{\"names\":[\"%s\"],\"action\":\"%s\"", i ? "," : "", r->name, r->action == SCMP_ACT_ALLOW ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO");
		if (r->action != SCMP_ACT_ALLOW)
			printf(",\"errnoRet\":%u", r->action & 0xffff);
		for (size_t k = 0; k < 4; k++)
			if (!strcmp(ops[k].op, r->op))
				printf(",\"args\":[{\"index\":0,\"value\":%llu,\"valueTwo\":%llu,\"op\":\"%s\"}]", (unsigned long long)r->value,
				       (unsigned long long)r->second, ops[k].name);
		if (r->cap >= 0)
			printf(",\"%s\":{\"caps\":[\"%s\"]}", r->without ? "excludes" : "includes", cap_names[r->cap]);
		printf("}");
	}
	printf("\n]}\n");
}

/* ---- the two programs ---- */

struct program {
	struct sock_filter insns[BPF_MAXINSNS];
	const struct sock_filter *v;
	int n;
};

static void add_to_peer(scmp_filter_ctx ctx, const struct rule *r)
{
	int nr = seccomp_syscall_resolve_name(r->name), rc;
	enum scmp_compare op = *r->op == '<' ? SCMP_CMP_LT : *r->op == '=' ? SCMP_CMP_EQ : *r->op == '>' ? SCMP_CMP_GT : SCMP_CMP_MASKED_EQ;

	if (nr == __NR_SCMP_ERROR)
		return;
	if (*r->op)
		rc = seccomp_rule_add(ctx, r->action, nr, 1, SCMP_CMP64(0, op, r->value, r->second));
	else
		rc = seccomp_rule_add(ctx, r->action, nr, 0);
	if (rc < 0) {
		errno = -rc;
		die(r->name);
	}
}

/* As docker and runc do it. */
static void make_peers(struct program *p, uint64_t caps)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int fd = memfd_create("bpf", MFD_CLOEXEC);
	ssize_t len;

	if (!ctx || fd < 0 || seccomp_arch_add(ctx, SCMP_ARCH_X86) < 0 || seccomp_arch_add(ctx, SCMP_ARCH_X32) < 0)
		die("libseccomp");
	for (size_t i = 0; i < n_rules; i++)
		if (is_in_force(&rules[i], caps))
			add_to_peer(ctx, &rules[i]);
	if (seccomp_export_bpf(ctx, fd) < 0)
		die("seccomp_export_bpf");
	len = pread(fd, p->insns, sizeof p->insns, 0);
	p->v = p->insns;
	p->n = (int)(len / (ssize_t)sizeof *p->insns);
	close(fd);
	seccomp_release(ctx);
}

static void make_ours(struct program *p, uint64_t caps, const char *json)
{
	const struct seccomp_for who = { .caps = caps, .kernel = { 6, 12 } };
	struct seccomp_profile profile = { 0 };
	struct err e = { 0 };
	int rc = json ? seccomp_profile_parse(&profile, json, "profile", &who, &e) : seccomp_profile_default(&profile, caps, &e);

	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", e.object, e.what);
		exit(2);
	}
	p->n = seccomp_profile_compile(&profile, p->insns, BPF_MAXINSNS);
	if (p->n < 0)
		die("compile");
	p->v = p->insns + BPF_MAXINSNS - p->n;
	seccomp_profile_release(&profile);
}

/* What both compilers use of classic BPF. */
static uint32_t ask(const struct program *p, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (int pc = 0; pc < p->n; pc++) {
		const struct sock_filter *in = &p->v[pc];
		bool yes;

		switch (in->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&a, (const char *)d + in->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= in->k;
			continue;
		case BPF_JMP | BPF_JA:
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
			die("an instruction that this does not know");
		}
		pc += yes ? in->jt : in->jf;
	}
	die("a program without an end");
}

/* ---- side by side ---- */

struct abi {
	const char *name;
	uint32_t audit, bit, scmp;
};
static const struct abi abis[] = {
	{ "x86_64", AUDIT_ARCH_X86_64, 0, SCMP_ARCH_X86_64 },
	{ "x32", AUDIT_ARCH_X86_64, X32_BIT, SCMP_ARCH_X32 },
	{ "i386", AUDIT_ARCH_I386, 0, SCMP_ARCH_X86 },
};

/* A call that libseccomp here does not know: what its rules say, or 0 where there is no such. */
static uint32_t unheard_of(const struct abi *abi, uint32_t nr, uint64_t caps)
{
	uint32_t action = 0;

	for (size_t i = 0; i < n_rules && abi >= abis && abi < abis + sizeof abis / sizeof *abis; i++) {
		const struct rule *r = &rules[i];

		if (r->number != (int)nr || seccomp_syscall_resolve_name(r->name) != __NR_SCMP_ERROR || (r->native && abi != &abis[0]))
			continue;
		if (!action)
			action = ERRNO(EPERM);
		if (is_in_force(r, caps))
			action = r->action;
	}
	return action;
}

/* The newest call that a rule in force is about: runc answers those above it with ENOSYS, before libseccomp's program is asked. */
static uint32_t newest(const struct abi *abi, uint64_t caps)
{
	uint32_t max = 0;

	for (size_t i = 0; i < n_rules; i++) {
		int nr = seccomp_syscall_resolve_name_arch(abi->scmp, rules[i].name);

		if (nr == __NR_SCMP_ERROR && (abi == &abis[0] || !rules[i].native))
			nr = rules[i].number;
		if (nr >= 0 && is_in_force(&rules[i], caps) && ((uint32_t)nr & ~abi->bit) > max)
			max = (uint32_t)nr & ~abi->bit;
	}
	return max;
}

static long asked, differ;

static void compare(const struct program *peer, const struct program *our, const struct abi *abi, uint32_t nr, uint64_t arg, uint32_t max, uint64_t caps)
{
	struct seccomp_data d = { .nr = (int)(nr | abi->bit), .arch = abi->audit, .args = { arg, ~arg, arg + 1, 1, 2, 3 } };
	uint32_t want = unheard_of(abi, nr, caps), got = ask(our, &d);

	if (!want)
		want = nr > max ? ERRNO(ENOSYS) : ask(peer, &d);
	asked++;
	if (want != got && differ++ < 20)
		printf("# %s %u (%s) 0x%llx, capabilities 0x%llx: %#x, not %#x\n", abi->name, nr,
		       seccomp_syscall_resolve_num_arch(abi->scmp, (int)(nr | abi->bit)), (unsigned long long)arg, (unsigned long long)caps, got, want);
}

/* The values around those that rules name, with all kinds of high halves. */
static size_t make_values(uint64_t *v)
{
	static const uint32_t highs[] = { 0, 1, 0x7e020000, 0x80000000, 0xffffffff };
	size_t n = 0;

	for (size_t h = 0; h < sizeof highs / sizeof *highs; h++) {
		for (uint32_t low = 0; low < 64; low++)
			v[n++] = (uint64_t)highs[h] << 32 | low;
		for (int bit = 6; bit < 32; bit++)
			v[n++] = (uint64_t)highs[h] << 32 | 1U << bit;
		for (size_t i = 0; i < n_rules; i++)
			for (int off = -1; *rules[i].op && off <= 1; off++)
				v[n++] = ((uint64_t)highs[h] << 32) + (uint32_t)(rules[i].value + (uint64_t)(int64_t)off);
		v[n++] = (uint64_t)highs[h] << 32 | 0x01200011;
		v[n++] = (uint64_t)highs[h] << 32 | 0xffffffff;
		v[n++] = (uint64_t)highs[h] << 32 | 0x003d0f00;
	}
	return n;
}

static bool has_arguments(const struct abi *abi, uint32_t nr)
{
	char *name = seccomp_syscall_resolve_num_arch(abi->scmp, (int)(nr | abi->bit));
	bool found = false;

	for (size_t i = 0; name && i < n_rules && !found; i++)
		found = *rules[i].op && !strcmp(rules[i].name, name);
	free(name);
	return found;
}

static void side_by_side(uint64_t caps, const char *json)
{
	static struct program peer, our;
	static uint64_t values[2048];
	const size_t n = make_values(values);

	make_peers(&peer, caps);
	make_ours(&our, caps, json);
	for (size_t a = 0; a < sizeof abis / sizeof *abis; a++) {
		uint32_t max = newest(&abis[a], caps);

		for (uint32_t nr = 0; nr < 1024; nr++) {
			size_t step = has_arguments(&abis[a], nr) ? 1 : n / 3;

			for (size_t i = 0; i < n; i += step)
				compare(&peer, &our, &abis[a], nr, values[i], max, caps);
		}
		if (abis[a].bit == 0)
			compare(&peer, &our, &abis[a], X32_BIT - 1, 0, max, caps);
	}
	/* neither a number nor an arch of this machine */
	for (uint32_t arch = 0; arch < 3; arch++) {
		const struct abi other = { "other", (const uint32_t[]){ AUDIT_ARCH_AARCH64, AUDIT_ARCH_S390X, 0 }[arch], 0, SCMP_ARCH_S390X };

		for (uint32_t nr = 0; nr < 512; nr++)
			compare(&peer, &our, &other, nr, 0, UINT32_MAX, caps);
	}
	printf("# capabilities 0x%llx: %d instructions, libseccomp's %d\n", (unsigned long long)caps, our.n, peer.n);
	if (our.n > 400) {
		printf("# that is more than 400\n");
		differ++;
	}
}

static char *slurp(const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		die(path);
	n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

int main(int argc, char **argv)
{
	const char *json = NULL;

	if (argc < 2)
		return 2;
	read_rules(argv[1]);
	if (argc > 2 && !strcmp(argv[2], "json")) {
		print_json();
		return 0;
	}
	if (argc > 2)
		json = slurp(argv[2]);
	side_by_side(DEFAULT, json);
	side_by_side(0, json);
	side_by_side(~0ULL, json);
	for (int cap = 0; cap < N_CAPS; cap++)
		side_by_side(1ULL << cap, json);
	printf("# %zu rules, %ld questions, %ld answers differ\n", n_rules, asked, differ);
	return differ != 0;
}
