/* idmap_priv: what the files of idmap share; nobody else includes it. */
#ifndef APPLETS_IDMAP_PRIV_H
#define APPLETS_IDMAP_PRIV_H

#include "applets/applet.h"
#include "applets/maps.h"

/* Its verbs, each in a file of its own. */
extern const struct applet idmap_verb_mount, idmap_verb_show, idmap_verb_trans, idmap_verb_write;

/*
 * The process that a word names: its directory in /proc, and the path of that for
 * messages ("/proc/17"). The word is a pid, "init", "self" or, as shadow's
 * tools take it, "fd:N", an open directory. Owned, or -errno.
 */
int idmap_open_process(const char *word, char path[64], struct err *e);

/* A user namespace by its file, such as one that --persist has bound. Owned, or -errno. */
int idmap_open_userns(const char *path, struct err *e);

/* What follows newuidmap's PID: "ID LOWERID COUNT" again and again, as strtoul(3) reads numbers. Pure. (idmap_write.c) */
int idmap_tool_ranges(struct idmap *m, int argc, char **argv, struct err *e);

#endif
