#include "core/devfilter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "core/fd.h"

/* by which ours are known among those on a group */
#define PROGRAM_NAME "nestbox_dev"

/* What we are about to errors. */
static const char rules[] = "device rules";

/* Of the kernel: as many hang on a group at most. */
#define PROGRAMS_MAX 64

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

bool devfilter_usable(void)
{
	uint64_t prog[DEVFILTER_INSNS(0)];
	auto_close int fd = load(prog, devfilter_compile(NULL, 0, true, prog, DEVFILTER_INSNS(0)));

	return fd >= 0;
}

static int load_list(const struct dev_list *l, struct err *e)
{
	size_t room = DEVFILTER_INSNS(l->n);
	uint64_t *prog = calloc(room, sizeof *prog);
	int fd, rc;

	if (!prog)
		return err_set(e, ENOMEM, rules, NULL);
	fd = load(prog, devfilter_compile(l->v, l->n, l->allow, prog, room));
	rc = fd < 0 ? err_sys(e, rules, "load the program") : 0;
	free(prog);
	if (rc == -EPERM)
		err_hint(e, "on v2 this needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, and no user namespace");
	else if (rc == -EINVAL || rc == -ENOSYS)
		err_hint(e, "was this kernel built with CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL?");
	return rc < 0 ? rc : fd;
}

/* The name, and with a buffer the instructions. 0 or -1. */
static int look_at(int prog, struct bpf_prog_info *info, uint64_t *insns, uint32_t size)
{
	union bpf_attr get = { .info = {
		.bpf_fd = (uint32_t)prog,
		.info_len = sizeof *info,
		.info = (uint64_t)(uintptr_t)info,
	} };

	memset(info, 0, sizeof *info);
	info->xlated_prog_insns = (uint64_t)(uintptr_t)insns;
	info->xlated_prog_len = size;
	return bpf(BPF_OBJ_GET_INFO_BY_FD, &get);
}

int devfilter_find(int cgroup, int *prog, struct err *e)
{
	uint32_t ids[PROGRAMS_MAX] = { 0 };
	struct bpf_prog_info info;
	union bpf_attr query = { .query = {
		.target_fd = (uint32_t)cgroup,
		.attach_type = BPF_CGROUP_DEVICE,
		.prog_ids = (uint64_t)(uintptr_t)ids,
		.prog_cnt = PROGRAMS_MAX,
	} };
	int rc = bpf(BPF_PROG_QUERY, &query) < 0 ? err_sys(e, rules, "ask for the group's programs") : 0;

	*prog = -1;
	for (uint32_t i = 0; !rc && *prog < 0 && i < query.query.prog_cnt && i < PROGRAMS_MAX; i++) {
		union bpf_attr get = { .prog_id = ids[i] };

		*prog = bpf(BPF_PROG_GET_FD_BY_ID, &get);
		/* ENOENT: gone meanwhile */
		if (*prog < 0 && errno != ENOENT)
			rc = err_sys(e, rules, "open a program of the group");
		else if (*prog >= 0 && (look_at(*prog, &info, NULL, 0) < 0 || strcmp(info.name, PROGRAM_NAME) != 0))
			fd_close(prog);
	}
	if (rc == -EPERM)
		err_hint(e, "on v2 this needs CAP_SYS_ADMIN, and no user namespace");
	else if (rc == -EINVAL || rc == -ENOSYS)
		err_hint(e, "was this kernel built with CONFIG_CGROUP_BPF and CONFIG_BPF_SYSCALL?");
	return rc;
}

int devfilter_put(int cgroup, const struct dev_list *l, int old, struct err *e)
{
	auto_close int prog = load_list(l, e);
	union bpf_attr attach = {
		.target_fd = (uint32_t)cgroup,
		.attach_bpf_fd = (uint32_t)prog,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};
	int rc;

	if (prog < 0)
		return prog;
	if (old >= 0) {
		/* in one step: at no moment is there none, or are there both (5.6) */
		attach.attach_flags |= BPF_F_REPLACE;
		attach.replace_bpf_fd = (uint32_t)old;
	}
	if (bpf(BPF_PROG_ATTACH, &attach) == 0)
		return 0;
	rc = err_sys(e, rules, "attach the program to the group");
	if (rc == -EPERM)
		err_hint(e, "on this group, or one above it, is a program that was attached so that it admits none beside it");
	return rc;
}

int devfilter_get(int prog, struct dev_list *l, struct err *e)
{
	struct bpf_prog_info info;
	uint64_t *insns;
	uint32_t size;
	int rc;

	l->allow = true;
	if (prog < 0)
		return 0;
	if (look_at(prog, &info, NULL, 0) < 0)
		return err_sys(e, rules, "look at the program");
	size = info.xlated_prog_len;
	insns = calloc(1, size + sizeof *insns);
	if (!insns)
		return err_set(e, ENOMEM, rules, NULL);
	rc = look_at(prog, &info, insns, size) < 0 ? -errno : devfilter_decode(insns, size / sizeof *insns, l);
	free(insns);
	if (rc < 0) {
		err_set(e, -rc, rules, "read the program that the group has");
		err_hint(e, "with --devices default or all in front, the rules are made anew");
	}
	return rc;
}

int devfilter_list(int cgroup, struct strbuf *out, struct err *e)
{
	struct dev_list l = { 0 };
	auto_close int prog = -1;
	int rc = devfilter_find(cgroup, &prog, e);

	if (rc == 0)
		rc = devfilter_get(prog, &l, e);
	if (rc == 0)
		devfilter_format(&l, out);
	devfilter_release(&l);
	return rc;
}
