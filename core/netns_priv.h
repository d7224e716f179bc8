/* netns_priv: what the files of netns share; nobody else includes it. */
#ifndef CORE_NETNS_PRIV_H
#define CORE_NETNS_PRIV_H

#include <limits.h>

#include "core/netns.h"

/* Room for the path of a name that netns_name_check has passed. */
#define NETNS_PATH (sizeof NETNS_DIR + NAME_MAX + 1)

/* Returns buf. (netns_dir.c) */
const char *netns_path(const char *name, char buf[NETNS_PATH]);

/* The network namespace that is, or is mounted on, the file: an owned fd. -ESTALE: something else is; -errno. */
int netns_open_file(const char *path);

/*
 * The same, but where others make a name and have the file first, wait for the
 * namespace: as long as the file is not a second old. (netns_dir.c)
 */
int netns_open_patiently(const char *path);

#endif
