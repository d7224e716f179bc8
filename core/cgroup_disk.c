/* cgroup_disk: limits and weights of block devices, which v1 and v2 write in different ways. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cgroup_priv.h"
#include "core/fd.h"

/* By enum cgroup_io_kind. */
static const struct {
	const char *v1, *key, *option;
} kinds[] = {
	[CGROUP_IO_RBPS]   = { "blkio.throttle.read_bps_device",   "rbps",  "--device-read-bps" },
	[CGROUP_IO_WBPS]   = { "blkio.throttle.write_bps_device",  "wbps",  "--device-write-bps" },
	[CGROUP_IO_RIOPS]  = { "blkio.throttle.read_iops_device",  "riops", "--device-read-iops" },
	[CGROUP_IO_WIOPS]  = { "blkio.throttle.write_iops_device", "wiops", "--device-write-iops" },
	[CGROUP_IO_WEIGHT] = { NULL,                               NULL,    "--blkio-weight-device" },
};

/* The range of blkio.weight, and of blkio.bfq.weight but for its lower end; the range of io.weight. */
#define BLKIO_MIN 10
#define BLKIO_MAX 1000
#define IO_MAX 10000

/* ---- reading what is wanted ---- */

static int add(struct cgroup_goal *goal, const struct cgroup_io_limit *io, struct err *e)
{
	struct cgroup_io_limit *v = realloc(goal->io, (goal->n_io + 1) * sizeof *v);

	if (!v)
		return err_set(e, ENOMEM, "limits", NULL);
	goal->io = v;
	goal->io[goal->n_io++] = *io;
	return 0;
}

static bool is_none(const char *value)
{
	return !strcmp(value, "max") || !strcmp(value, "-1");
}

static int parse_amount(enum cgroup_io_kind kind, const char *value, long long *v)
{
	*v = -1;
	if (kind == CGROUP_IO_WEIGHT)
		return str_num(value, 1, BLKIO_MAX, v);
	if (is_none(value))
		return 0;
	return kind == CGROUP_IO_RBPS || kind == CGROUP_IO_WBPS ? str_size(value, false, v) : str_num(value, 0, LLONG_MAX, v);
}

static int add_amount(struct cgroup_goal *goal, enum cgroup_io_kind kind, const char *text, size_t device, const char *value, struct err *e)
{
	struct cgroup_io_limit io = { .kind = kind, .device = text, .device_len = device };
	int rc = parse_amount(kind, value, &io.v);

	if (rc < 0)
		return err_bad(e, text, "%s: %s", value,
			       kind == CGROUP_IO_WEIGHT ? "a weight is from 1 to 1000" :
			       kind == CGROUP_IO_RBPS || kind == CGROUP_IO_WBPS ? "not a number of bytes, such as 10M" : "not a number of operations");
	/* v1 takes 0 for no limit, v2 refuses it: docker's way of taking one away */
	if (io.v == 0)
		io.v = -1;
	return add(goal, &io, e);
}

int cgroup_io_add(struct cgroup_goal *goal, enum cgroup_io_kind kind, const char *text, char separator, struct err *e)
{
	const char *end = strrchr(text, separator);

	if (!end || end == text || !end[1])
		return err_bad(e, text, separator == ':' ? "%s wants DEVICE:N" : "wants \"DEVICE N\"", kinds[kind].option);
	return add_amount(goal, kind, text, (size_t)(end - text), end + 1, e);
}

static int add_pair(struct cgroup_goal *goal, const char *text, size_t device, const char *pair, struct err *e)
{
	for (int kind = 0; kind < CGROUP_IO_WEIGHT; kind++) {
		const char *value = str_after(pair, kinds[kind].key);

		if (value && *value == '=')
			return add_amount(goal, (enum cgroup_io_kind)kind, text, device, value + 1, e);
	}
	return err_bad(e, text, "%s: a limit is rbps=N, wbps=N, riops=N or wiops=N", pair);
}

int cgroup_io_add_max(struct cgroup_goal *goal, const char *text, struct err *e)
{
	size_t device = strcspn(text, " ");
	const char *rest = text[device] ? text + device + 1 : NULL;
	char pair[64];
	int len, rc = 0;

	if (!device || !rest)
		return err_bad(e, text, "wants \"DEVICE KEY=N ...\"");
	while (rc == 0 && (len = str_next(&rest, ' ', pair, sizeof pair)) != -ENOENT) {
		if (len < 0)
			return err_bad(e, text, "a limit is rbps=N, wbps=N, riops=N or wiops=N");
		if (len > 0)
			rc = add_pair(goal, text, device, pair, e);
	}
	return rc;
}

bool cgroup_io_file(const char *file, enum cgroup_io_kind *kind)
{
	for (int i = 0; i < CGROUP_IO_WEIGHT; i++) {
		if (strcmp(file, kinds[i].v1))
			continue;
		*kind = (enum cgroup_io_kind)i;
		return true;
	}
	return false;
}

/* ---- which device ---- */

/* The numbers of the disk that a partition is on: limits are kept for whole disks. */
static void whole_disk(unsigned *maj, unsigned *min)
{
	char path[64], text[32], *end;
	unsigned long a, b;

	snprintf(path, sizeof path, "/sys/dev/block/%u:%u/partition", *maj, *min);
	if (fd_get_line(AT_FDCWD, path, text, sizeof text) < 0)
		return;
	snprintf(path, sizeof path, "/sys/dev/block/%u:%u/../dev", *maj, *min);
	if (fd_get_line(AT_FDCWD, path, text, sizeof text) < 0)
		return;
	a = strtoul(text, &end, 10);
	if (*end != ':')
		return;
	b = strtoul(end + 1, &end, 10);
	*maj = (unsigned)a;
	*min = (unsigned)b;
}

static int numbers(const char *name, unsigned *maj, unsigned *min)
{
	const char *rest = name;
	char part[16];
	long long a, b;

	if (str_next(&rest, ':', part, sizeof part) < 0 || !rest || str_num(part, 0, 4095, &a) < 0 || str_num(rest, 0, 1048575, &b) < 0)
		return -EINVAL;
	*maj = (unsigned)a;
	*min = (unsigned)b;
	return 0;
}

int cgroup_io_device(const char *name, unsigned *maj, unsigned *min, struct err *e)
{
	struct stat st;
	dev_t dev;
	int rc;

	if (numbers(name, maj, min) == 0)
		return 0;
	if (stat(name, &st) < 0) {
		rc = err_sys(e, name, "block device");
		err_hint(e, "a device is a path, of itself or of a file on it, or MAJOR:MINOR");
		return rc;
	}
	if (S_ISCHR(st.st_mode))
		return err_bad(e, name, "is a character device, and only block devices have limits");
	dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	*maj = major(dev);
	*min = minor(dev);
	if (*maj == 0) {
		rc = err_bad(e, name, "lies on no single block device");
		err_hint(e, "give the device itself: lsblk lists them");
		return rc;
	}
	whole_disk(maj, min);
	return 0;
}

/* ---- writing ---- */

long long cgroup_io_weight(long long blkio)
{
	return blkio < BLKIO_MIN ? 1 : 1 + (blkio - BLKIO_MIN) * (IO_MAX - 1) / (BLKIO_MAX - BLKIO_MIN);
}

long long cgroup_blkio_weight(long long io)
{
	return io <= 100 ? io : 100 + (io - 100) * (BLKIO_MAX - 100) / (IO_MAX - 100);
}

/* The files that may hold weights, the one that fits the scale of `goal` first. */
struct weight_file {
	const char *name, *device;
	bool io; /* scale: 1 to 10000 */
};

static const struct weight_file weights_v1[] = { { "blkio.bfq.weight", "blkio.bfq.weight_device", false }, { "blkio.weight", "blkio.weight_device", false } };
static const struct weight_file weights_v2[] = { { "io.bfq.weight", "io.bfq.weight", false }, { "io.weight", "io.weight", true } };

static const struct weight_file *weight_file(const struct cgroup_dir *g, bool io, struct err *e)
{
	const struct weight_file *files = g->hier->v2 ? weights_v2 : weights_v1;

	for (int i = 0; i < 2; i++) {
		const struct weight_file *f = &files[g->hier->v2 && io ? 1 - i : i];

		/* the top group has none to look at */
		if ((g->dry && g->made) || cgroup_has(g, f->name))
			return f;
	}
	err_set(e, ENOENT, g->path, "%s or %s", files[0].name, files[1].name);
	err_hint(e, "only the bfq scheduler has weights, or CONFIG_BLK_CGROUP_IOCOST on v2: see /sys/block/*/queue/scheduler");
	return NULL;
}

static long long in_scale(long long v, bool is_io, bool io)
{
	return is_io == io ? v : io ? cgroup_io_weight(v) : cgroup_blkio_weight(v);
}

static int write_weight(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	bool is_io = goal->io_weight.set;
	const struct weight_file *f = weight_file(g, is_io, e);
	char value[32];

	if (!f)
		return -e->code;
	snprintf(value, sizeof value, "%lld", in_scale(is_io ? goal->io_weight.v : goal->blkio_weight.v, is_io, f->io));
	return cgroup_put(g, f->name, value, e);
}

static int write_device(const struct cgroup_dir *g, const struct cgroup_io_limit *io, struct err *e)
{
	const struct weight_file *f = io->kind == CGROUP_IO_WEIGHT ? weight_file(g, false, e) : NULL;
	char name[4096], value[128], amount[32];
	unsigned maj, min;
	int rc;

	if (io->kind == CGROUP_IO_WEIGHT && !f)
		return -e->code;
	str_copyn(name, sizeof name, io->device, io->device_len);
	rc = cgroup_io_device(name, &maj, &min, e);
	if (rc < 0)
		return rc;
	if (f) {
		snprintf(value, sizeof value, "%u:%u %lld", maj, min, in_scale(io->v, false, f->io));
		return cgroup_put(g, f->device, value, e);
	}
	if (!g->hier->v2) {
		snprintf(value, sizeof value, "%u:%u %lld", maj, min, io->v < 0 ? 0 : io->v);
		return cgroup_put(g, kinds[io->kind].v1, value, e);
	}
	snprintf(amount, sizeof amount, "%lld", io->v);
	snprintf(value, sizeof value, "%u:%u %s=%s", maj, min, kinds[io->kind].key, io->v < 0 ? "max" : amount);
	return cgroup_put(g, "io.max", value, e);
}

int cgroup_io_write(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e)
{
	int rc = goal->io_weight.set || goal->blkio_weight.set ? write_weight(g, goal, e) : 0;

	for (size_t i = 0; i < goal->n_io && rc == 0; i++)
		rc = write_device(g, &goal->io[i], e);
	return rc;
}
