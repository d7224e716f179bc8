/* mnt: detached mounts, mount points inside a root that is not trusted, and what users write about mounts. */
#ifndef CORE_MNT_H
#define CORE_MNT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/str.h"

/*
 * All paths in here that lie inside a root are looked up by openat2(2) with
 * RESOLVE_IN_ROOT and RESOLVE_NO_MAGICLINKS: what a symbolic link or ".." in
 * them says is taken as a process inside would take it, and never leads out.
 */

/* An O_PATH fd of `path` inside `root`, owned; -errno, without a message. */
int mnt_lookup(int root, const char *path, int flags);

/*
 * A detached copy of the mounts at `path` and below: open_tree(2). `attrs` are
 * MOUNT_ATTR_* to set on all of them; propagation as well (MS_PRIVATE, ...).
 * The fd, owned, or -errno.
 */
int mnt_clone(int dir, const char *path, uint64_t attrs, uint64_t propagation, struct err *e);

/* A detached new mount of file system `type`; options "key=value,flag" may be NULL. fsopen(2) */
int mnt_new(const char *type, const char *options, unsigned attrs, struct err *e);

/* Attach the detached mount `mnt` at the fd `to`; `where` is for the message. move_mount(2) */
int mnt_attach(int mnt, int to, const char *where, struct err *e);
/* The same at `path` below the directory fd `root`, along whatever links there are: only for what nobody else can have touched. */
int mnt_attach_at(int mnt, int root, const char *path, struct err *e);

/*
 * Map the ids of the detached mount `mnt`, a copy of what lies at `path`, and set
 * `attrs` on it: by the user namespace `userns` its files belong to those outside
 * whom that has inside. With `recursive` all mounts in it, or none.
 * -errno, and the hint says which of them refuses, and since when its kind does not. (mnt_idmap.c)
 */
int mnt_idmap(int mnt, const char *path, bool recursive, uint64_t attrs, int userns, struct err *e);

/*
 * The image in the regular file `file`, open for reading, as a detached read-only
 * mount with `attrs`. `path` is for messages, and for the kernel where there is no
 * procfs. Owned fd, or -errno. (mnt_image.c)
 */
int mnt_image(int file, const char *path, unsigned attrs, struct err *e);

/*
 * A detached overlay over the tree `lower`, what is changed going to `upper`, a
 * detached copy of the directory that the layers "upper" and "work" are in, or
 * get made in; -1: it is kept in memory, and gone with the last mount. Both are
 * mounted on the way and must be nowhere before; "/" must be private, and is the
 * working directory afterwards. Owned fd, or -errno. (mnt_overlay.c)
 */
int mnt_overlay(int lower, int upper, unsigned attrs, bool in_userns, struct err *e);

/*
 * Make `path` inside `root` read-only with all below it (a mount of its own).
 * 0 also where it is missing.
 */
int mnt_read_only(int root, const char *path, struct err *e);

/*
 * Where it is noted what is made to have a mount point, a line each: "d PATH" a
 * directory, "f PATH" a file, "t SEC NSEC PATH" the time of the directory it goes
 * into; "x PATH" takes back the line before, since somebody else was first. They
 * are written before the thing is made: whoever dies in between leaves a line too
 * many, and never one too few.
 */
struct mnt_made {
	int fd; /* borrowed; O_APPEND */
};

/* What becomes of symbolic links on the way to a mount point. */
enum mnt_links {
	MNT_LINKS_FOLLOWED,
	MNT_LINKS_REFUSED,
	MNT_LINK_COVERED, /* followed, but for one at the end, which is the mount point itself; it may lead nowhere */
};

/*
 * An O_PATH fd of the mount point `path` inside `root`, made where it is
 * missing: a directory with all above it, or an empty file. What is made is noted
 * in *made (may be NULL). Owned fd, or -errno.
 */
int mnt_point(int root, const char *path, bool dir, enum mnt_links links, const struct mnt_made *made, struct err *e);

/* Take away again what the lines of a struct mnt_made name, last first; what is in use or no longer empty stays. */
void mnt_unmake(int root, const char *text);

/*
 * "SRC:DST[:OPTIONS]" as docker's -v takes it: ro, rw, [r]private, [r]slave,
 * [r]shared, and z and Z, which mean nothing here. Pure; -EINVAL with *e.
 */
struct mnt_volume {
	char src[4096];
	char dst[4096];       /* absolute, normalised */
	bool read_only;       /* with all that is mounted below it */
	bool below_writable;  /* but for that */
	bool alone;           /* without what is mounted below it */
	bool create;          /* a directory, where there is no source */
	uint64_t propagation; /* MS_* */
};
int mnt_volume_parse(const char *text, struct mnt_volume *v, struct err *e);

/* "KEY=VALUE,..." as docker's --mount takes it, for binds and tmpfs. Pure; -EINVAL with *e. (mnt_spec.c) */
struct mnt_spec {
	struct mnt_volume v; /* the target of a tmpfs, too */
	bool tmpfs;
	bool typed;           /* there was a type */
	const char *wants_ro; /* the bind-recursive that goes with readonly only, or NULL */
	long long size;       /* of a tmpfs: bytes, -1: not given */
	int mode;
	char options[64];     /* of a tmpfs, for mnt_new */
	unsigned attrs;
};
int mnt_spec_parse(const char *text, struct mnt_spec *m, struct err *e);

/* The volume's source, an O_PATH fd, as a detached mount with `attrs` as well. Owned fd, or -errno. (mnt_spec.c) */
int mnt_bind(int src, const struct mnt_volume *v, unsigned attrs, struct err *e);

/* A mount point as users write it, for `text`: normalised into buf, of 4096 bytes. A word for MS_PRIVATE, ... */
int mnt_dst_parse(const char *text, const char *dst, char *buf, struct err *e);
int mnt_propagation_parse(const char *word, uint64_t *propagation);

/* "DST[:OPTIONS]" as docker's --tmpfs takes it; options are split into attributes and the file system's own. */
struct mnt_tmpfs {
	char dst[4096];
	char options[256];
	unsigned attrs;
};
int mnt_tmpfs_parse(const char *text, struct mnt_tmpfs *t, struct err *e);

/* `path` without ".", "..", doubled and trailing slashes, as seen from "/"; buf of 4096 bytes. -EINVAL, -ENAMETOOLONG. */
int mnt_normalise(const char *path, char *buf);

#endif
