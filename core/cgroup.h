/* cgroup: finding, making, limiting, joining and removing control groups; v1, v2 and both at once. cgroups(7) */
#ifndef CORE_CGROUP_H
#define CORE_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/opt.h"
#include "core/str.h"

/* ---- what there is: cgroup.c ---- */

/* One mounted hierarchy. All strings are owned and never NULL. */
struct cgroup_hier {
	bool v2;
	bool read_only;
	char *controllers; /* "cpu,cpuacct"; v2: those its top group has to give; may be "" */
	char *name;        /* "systemd" of a v1 "name=systemd", else "" */
	char *options;     /* what mount(2) takes to mount it once more: "cpu,cpuacct", "xattr,name=systemd", v2: "" */
	char *mount;       /* mount point */
	char *root;        /* the group that is mounted there, as seen from our cgroup namespace */
	char *own;         /* this process's group, likewise; "" unknown */
};

/* All of them, each once: a loop over v[0..n) is the iterator. Start with { 0 }. */
struct cgroups {
	struct cgroup_hier *v;
	size_t n;
};

/*
 * Pure: add the hierarchies in the text of a mountinfo (proc_pid_mountinfo(5)),
 * in its order and with repetitions; note each one's own group from the text of
 * a /proc/PID/cgroup; of several mounts of one hierarchy keep the best. v2's
 * controllers are not in these files. The texts are taken apart. 0 or -ENOMEM.
 */
int cgroup_parse_mounts(char *mountinfo, struct cgroups *c);
int cgroup_parse_own(char *text, struct cgroups *c);
void cgroup_keep_best(struct cgroups *c);

/* The above for this process, from /proc/self; mounts that others cover are left out. */
int cgroups_load(struct cgroups *c, struct err *e);
void cgroups_release(struct cgroups *c);

/* Is `word` one of the comma separated `list`? */
bool cgroup_list_has(const char *list, const char *word);

/*
 * The hierarchy of a controller, of "name=X", or of "unified" (v2's, whatever controllers it has); NULL: none.
 * That of "devices" is v2's where v1 has none, as every group of v2 can have device rules.
 */
const struct cgroup_hier *cgroup_find(const struct cgroups *c, const char *controller);

/* Its last path component on this host: "memory", "cpu,cpuacct", "unified". Borrowed. */
const char *cgroup_base(const struct cgroup_hier *h);

/* The directory of this process's own group, to be freed; NULL where the mount does not show it. */
char *cgroup_own_dir(const struct cgroup_hier *h);

/*
 * Could this process make groups of that controller (or "unified", "name=X"),
 * below the hierarchy's root, or with `own` below its own group?
 */
bool cgroup_usable(const struct cgroups *c, const char *controller, bool own);

/* ---- what was asked for: cgroup_spec.c ---- */

/* A name within the path of a group: neither empty nor "." nor "..", no "/" in it. Pure: -EINVAL with *e on `text`. */
int cgroup_name_check(const char *name, const char *text, struct err *e);

/* "CTRL[,CTRL..]:PATH". Pure: -EINVAL with *e. */
struct cgroup_spec {
	char controllers[512]; /* "*" for all; ":PATH" gives "unified" */
	bool own;              /* "@/x": below the caller's own group */
	char path[PATH_MAX];   /* names between single slashes, "" for the top */
};
int cgroup_spec_parse(const char *text, struct cgroup_spec *out, struct err *e);

/* A group in one hierarchy. */
struct cgroup_dir {
	const struct cgroup_hier *hier; /* borrowed */
	char *path;                     /* owned */
	size_t base;                    /* length of what of the path must be there already */
	char controllers[128];          /* those asked for in this hierarchy */
	struct strbuf *dry;             /* borrowed: what would be written is noted here instead; or NULL */
	bool optional;                  /* the v2 node that nobody asked for: what cannot be had is left out */
	bool made;                      /* by this call, and not removed yet */
	bool going;                     /* another call made it on the way to one of its own, and has left it to the last who uses it */
	int procs, back;                /* owned fds: cgroup.procs of the group, and of the one to go back to */
	int hold;                       /* owned fd: the directory, as long as it is about to be used; see cgroup_share */
};

/* The mode bit, S_ISVTX of inode(7), of a group that was made on the way to one with --rm: it costs no call of its own. */
#define CGROUP_MARK 01000

/* The groups of all -g of a call. */
struct cgroup_dirs {
	struct cgroup_dir *v;
	size_t n;
	char **made; /* owned: parents that this call made on the way to them, in order */
	size_t n_made;
	size_t joined;    /* so many of v have been joined */
	const char *spec; /* the last -g, for hints; borrowed */
	const struct cgroups *all; /* borrowed: where they were looked for */
	int patience_ms;  /* how long groups that are going are still waited for */
	bool heed;     /* groups below that another call holds are not removed, and -EBUSY */
	int *busy;     /* where the directory is kept open whose lock stood in the way last; borrowed, may be NULL */
	bool own;      /* nobody else can mean these groups, by their names: nothing is to be locked for their use */
	bool mark;     /* parents that have to be made are marked as going when the last group below them does */
};

/*
 * Where the groups lie that the specs name; *c must outlive *d. Of a controller
 * that is named twice the last one counts. The v2 node at the path of the last
 * spec is always among them, last. Nothing needs to be there yet.
 */
int cgroup_dirs_find(const struct cgroups *c, const struct strs *specs, struct cgroup_dirs *d, struct err *e);
void cgroup_dirs_release(struct cgroup_dirs *d);

/*
 * From now on nothing is made or written, only noted in *out, a line each:
 * "mkdir -p PATH" and "FILE <- VALUE". What a group that is missing would have is guessed.
 */
void cgroup_dirs_dry(struct cgroup_dirs *d, struct strbuf *out);

/* The groups called `name` below those of *above, which are there; *d borrows from it. */
int cgroup_dirs_below(const struct cgroup_dirs *above, const char *name, struct cgroup_dirs *d, struct err *e);

/*
 * The group that holds this controller, or what is its counterpart in v2 or v1
 * ("io" and "blkio"; v2's node does the freezer's work, and counts CPU time);
 * NULL with *e: `what` needs it.
 */
const struct cgroup_dir *cgroup_dirs_need(const struct cgroup_dirs *d, const char *controller, const char *what, struct err *e);

/* ---- making: cgroup_make.c ---- */

/* -ENOENT with *e where one is missing: how it is made is the caller's to say. */
int cgroup_dirs_check(struct cgroup_dirs *d, struct err *e);

/*
 * Make those that are missing, parents too; v2 controllers are enabled from the
 * top down, an empty v1 cpuset is filled from above. mode -1: 0755 and umask.
 * After a failure d->made says what is there for cgroup_unmake.
 */
int cgroup_dirs_make(struct cgroup_dirs *d, long long mode, struct err *e);

/* Remove the directories that this call made, last first, and nothing else. */
void cgroup_unmake(struct cgroup_dirs *d);

/* ---- its small files: cgroup_file.c ---- */

/* The first line of a small file of the group, its length or -errno; and one value written in one write(2), with a hint where the rule is known. */
ssize_t cgroup_get(const struct cgroup_dir *g, const char *file, char *buf, size_t size);
int cgroup_put(const struct cgroup_dir *g, const char *file, const char *value, struct err *e);
bool cgroup_has(const struct cgroup_dir *g, const char *file);

/* ---- joining: cgroup_join.c, cgroup_of.c ---- */

/* Open all files that joining needs, then join. A failed join takes back the earlier ones. */
int cgroup_open_procs(struct cgroup_dirs *d, struct err *e);
int cgroup_join(struct cgroup_dirs *d, struct err *e);
/* Go back to where this process was before, as far as the kernel lets it. */
void cgroup_leave(struct cgroup_dirs *d);

/*
 * The groups that a child to come is to be in, held open: the child may be in
 * namespaces, and without the rights, in which it could not open them. Owned fds.
 */
#define CGROUP_SEATS_MAX 32
struct cgroup_seats {
	int v2;                   /* the group's directory, for sys_fork_into; -1: none */
	bool v2_optional;         /* nobody asked for that one */
	int v1[CGROUP_SEATS_MAX]; /* the tasks files */
	size_t n;
};
#define CGROUP_SEATS_NONE { .v2 = -1 }

/* Start with CGROUP_SEATS_NONE; after a failure cgroup_seats_close is due. */
int cgroup_seats_open(const struct cgroup_dirs *d, struct cgroup_seats *s, struct err *e);
/* In the child, which the kernel has put into the v2 group already or not. Closes them. */
int cgroup_seats_take(struct cgroup_seats *s, bool born_there, struct err *e);
void cgroup_seats_close(struct cgroup_seats *s);

/*
 * Seats in all groups of another process's, by its directory in /proc, that this
 * process is not in. As above; -ENOENT where one is not to be seen from here.
 */
int cgroup_seats_of(int proc, struct cgroup_seats *s, struct err *e);

/* ---- limits: cgroup_limits.c (what is wanted), cgroup_write.c (writing it) ---- */

/* The options that cgexec and run share. */
struct cgroup_limits {
	struct opt_num memory;      /* bytes */
	struct opt_num memory_swap; /* memory and swap together, -1: no limit */
	struct opt_num pids;        /* 0, -1: no limit */
	struct opt_num memory_high, memory_reservation; /* bytes */
	struct opt_num swappiness;  /* -1: as on the machine */
	bool oom_group, oom_kill_disable;
	struct opt_num cpus;        /* str_cpus */
	struct opt_num cpu_shares;  /* 2 to 262144 */
	struct opt_num cpu_weight;  /* 1 to 10000 */
	struct opt_num cpu_period, cpu_quota, cpu_burst, rt_period, rt_runtime; /* microseconds */
	bool cpu_idle;
	const char *cpuset_cpus, *cpuset_mems;
	struct opt_num blkio_weight, io_weight;
	struct strs weight_device;  /* "DEVICE:WEIGHT" */
	struct strs read_bps, write_bps, read_iops, write_iops; /* "DEVICE:N" */
	struct strs io_max;         /* "DEVICE rbps=N ..." */
	struct strs hugetlb;        /* "SIZE=N" */
};
extern const struct opt cgroup_limit_opts[];

/* Do they make sense? Pure. */
int cgroup_limits_check(const struct cgroup_limits *l, struct err *e);

/* Append the controllers that they need, such as "memory,pids,cpu". */
void cgroup_limits_controllers(const struct cgroup_limits *l, struct strbuf *out);

/* A limit of one block device, or its weight. */
enum cgroup_io_kind { CGROUP_IO_RBPS, CGROUP_IO_WBPS, CGROUP_IO_RIOPS, CGROUP_IO_WIOPS, CGROUP_IO_WEIGHT };
struct cgroup_io_limit {
	enum cgroup_io_kind kind;
	const char *device; /* borrowed: a path or MAJOR:MINOR */
	size_t device_len;
	long long v;        /* a second's bytes or operations, -1: no limit; a weight in blkio's scale */
};

/* A setting that is one number: cgroup_knob.c */
struct cgroup_knob_value {
	const struct cgroup_knob *knob;
	long long v;   /* -1: no limit */
	char name[16]; /* of the size of huge pages, "2MB" */
};

/* What the groups are to have, whichever spelling it came in. Start with { 0 }. */
struct cgroup_goal {
	struct opt_num memory;       /* bytes, -1: no limit; so the next three */
	struct opt_num memory_swap;  /* memory and swap together, as v1 counts */
	struct opt_num swap;         /* swap alone, as v2 counts */
	struct opt_num memory_low;
	bool swap_implied;           /* nobody asked: left out where the kernel does not count swap */
	struct opt_num cpu_quota;    /* microseconds, -1: no limit */
	struct opt_num cpu_period;
	struct opt_num cpu_shares, cpu_weight; /* at most one is set */
	struct opt_num pids;         /* -1: no limit */
	const char *cpuset_cpus, *cpuset_mems;
	struct opt_num blkio_weight, io_weight; /* at most one is set: 1 to 1000, or 1 to 10000 */
	struct cgroup_io_limit *io;        /* owned */
	size_t n_io;
	struct cgroup_knob_value *knobs; /* owned; in the order given, after all else */
	size_t n_knobs;
	struct strs raw;             /* "FILE=VALUE" to be written as they are */
};

/* Pure: add the limits, then each "NAME=VALUE" of --set, v1's name or v2's. */
int cgroup_goal_limits(struct cgroup_goal *goal, const struct cgroup_limits *l, struct err *e);
int cgroup_goal_set(struct cgroup_goal *goal, const char *text, struct err *e);
/* ... or as it is, whatever the name means: --set-raw. */
int cgroup_goal_set_raw(struct cgroup_goal *goal, const char *text, struct err *e);
void cgroup_goal_release(struct cgroup_goal *goal);

/* The controller that a file's name starts with, into buf; "" where it belongs to none ("cgroup.freeze", "tasks"). */
void cgroup_file_controller(const char *file, char *buf, size_t size);

/* Are the controllers there that limits and settings need? */
int cgroup_dirs_need_all(const struct cgroup_dirs *d, const struct cgroup_limits *l, const struct strs *sets, struct err *e);

/* Write the goal into the groups, in the order that a live group needs. */
int cgroup_dirs_write(const struct cgroup_dirs *d, const struct cgroup_goal *goal, struct err *e);

/* v1's cpu.shares (2 to 262144) as v2's cpu.weight (1 to 10000) and back. Pure, exact. */
int cgroup_weight(long long shares);
long long cgroup_shares(int weight);

/* blkio.weight (10 to 1000) as v2's io.weight (1 to 10000), and that in the scale of bfq, which both can have. Pure. */
long long cgroup_io_weight(long long blkio);
long long cgroup_blkio_weight(long long io);

/*
 * The numbers of the block device that `name` says: "8:0", the path of a device
 * or of a file on one; of a partition those of its disk. 0 or -errno.
 */
int cgroup_io_device(const char *name, unsigned *maj, unsigned *min, struct err *e);

/* ---- removing: cgroup_remove.c ---- */

/*
 * Remove the groups, all of them or only those this call made, with what was
 * made below; made parents too when they are empty. Processes in them are
 * waited for: wait_ms 0 not at all, -1 for ever; with `kill` they are killed.
 * -EBUSY with *e when some are left. A group that is gone is fine.
 */
int cgroup_dirs_remove(struct cgroup_dirs *d, bool made_only, bool kill, int wait_ms, struct err *e);

/* The same for one group, by its directory. */
int cgroup_remove_path(const char *path, bool v2, bool kill, int wait_ms, struct err *e);

#endif
