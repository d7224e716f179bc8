/* cgroup's own parts. */
#ifndef CORE_CGROUP_PRIV_H
#define CORE_CGROUP_PRIV_H

#include "core/cgroup.h"

/* Of the kernel: PID_MAX_LIMIT; the ranges of cpu.shares and cpu.weight; microseconds of a quota and its period. */
#define CGROUP_PIDS_MAX 4194304
#define CGROUP_SHARES_MIN 2
#define CGROUP_SHARES_MAX 262144
#define CGROUP_WEIGHT_MAX 10000
#define CGROUP_QUOTA_MIN 1000
#define CGROUP_PERIOD_MIN 1000
#define CGROUP_PERIOD_MAX 1000000

/* ---- cgroup_file.c ---- */

/* Is it one of the words of v2's lists, "cpu pids"? Pure. */
bool cgroup_has_word(const char *list, const char *word);

/* "DIR/FILE" into buf; -ENAMETOOLONG. */
int cgroup_path(char *buf, size_t size, const char *dir, const char *file);

/* Add the rule that holds for whatever was to be done in the hierarchy, where `code` tells one. */
void cgroup_hint(const struct cgroup_hier *h, int code, struct err *e);

/* Is this one of the parents that this call made? */
bool cgroup_is_made(const struct cgroup_dirs *d, const char *path);

/* Is the size of a limit of memory, -1 for none, one that the kernel does not round down to 0? Pure; `what` is for the message. */
int cgroup_check_memory(long long bytes, const char *what, struct err *e);

/* What the controller is called in the other version: "blkio" and "io"; "unified" where each v2 group does its work; or NULL. */
const char *cgroup_other_name(const char *controller);

/* ---- parts of a goal: cgroup_disk.c and cgroup_knob.c; 0 or -errno with *e ---- */

/* "DEVICE:N", or with a blank between them, of that kind; "DEVICE KEY=N ..." of io.max. Pure. */
int cgroup_io_add(struct cgroup_goal *goal, enum cgroup_io_kind kind, const char *text, char separator, struct err *e);
int cgroup_io_add_max(struct cgroup_goal *goal, const char *text, struct err *e);
/* Is it one of v1's files for them? */
bool cgroup_io_file(const char *file, enum cgroup_io_kind *kind);
int cgroup_io_write(const struct cgroup_dir *g, const struct cgroup_goal *goal, struct err *e);

/* A setting that is one number, by either name; `text` is for messages. 1 where the file is none of them. Pure. */
int cgroup_knob_set(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e);
int cgroup_knob_add(struct cgroup_goal *goal, const char *file, long long v, struct err *e);
/* Huge pages of `size` ("2M", "2MB"), and the files that set them. Pure. */
int cgroup_hugetlb_add(struct cgroup_goal *goal, const char *text, const char *size, const char *value, struct err *e);
int cgroup_hugetlb_set(struct cgroup_goal *goal, const char *file, const char *text, const char *value, struct err *e);
int cgroup_knobs_write(const struct cgroup_dirs *d, const struct cgroup_goal *goal, struct err *e);
/* The same for what joining or moving there was refused. */
void cgroup_hint_join(const struct cgroup_dir *g, int code, struct err *e);

/* Is it to go with the last who uses it, or something below it? CGROUP_MARK */
bool cgroup_is_marked(const char *path);

/* Is the open directory the one that is called so, below `dir`, now? A lock on one that was removed says nothing of who has the name. */
bool cgroup_is_at(int fd, int dir, const char *path);

/* Lock the open directory, which is called so below `dir`, for removing it: false where another call holds it, which is noted at d->busy. */
bool cgroup_hold_alone(struct cgroup_dirs *d, int fd, int dir, const char *path);

void cgroup_sleep(int ms);

/* Wait until nobody is in the groups that this call made. Was somebody there? */
bool cgroup_dirs_wait(const struct cgroup_dirs *d);

/* The whole of a file of the group, to be freed; NULL with errno. */
char *cgroup_slurp(const struct cgroup_dir *g, const char *file);

/*
 * The number behind `key` in a file of "KEY NUMBER" lines, behind "KEY ... total="
 * where that is on the line (PSI); without a key, the number that is all of the file. -1: none.
 */
long long cgroup_number(const struct cgroup_dir *g, const char *file, const char *key);

/* What a group has read from and written to one device. */
enum { IO_RBYTES, IO_WBYTES, IO_DBYTES, IO_RIOS, IO_WIOS, IO_DIOS, IO_KINDS };
struct cgroup_io {
	char device[24]; /* "MAJOR:MINOR" */
	long long v[IO_KINDS];
};
#define CGROUP_IO_MAX 64
extern const char *const cgroup_io_keys[IO_KINDS];

/* Both versions' files into v, room for CGROUP_IO_MAX: how many devices there are, 0 too where nothing is counted; -1 without such a file. */
int cgroup_io_read(const struct cgroup_dir *g, struct cgroup_io *v);

/* Take the group, one of d->v, out of the list. */
void cgroup_drop(struct cgroup_dirs *d, struct cgroup_dir *g);

#endif
