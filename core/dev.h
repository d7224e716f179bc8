/* dev: what a container finds in /dev. */
#ifndef CORE_DEV_H
#define CORE_DEV_H

#include <stdbool.h>

#include "core/err.h"

/* docker's nodes: null zero full random urandom tty */
#define DEV_NODES 6

/*
 * Fill `dev`, the fd of a fresh tmpfs that is mounted nowhere yet: docker's
 * nodes, the links fd, stdin, stdout, stderr, core and ptmx, and the
 * directories pts, shm and mqueue. Where mknod is not allowed (a user
 * namespace), the node is an empty file, and nodes[i] a detached copy of the
 * host's own (owned by the caller, to be attached there); else nodes[i] is -1.
 */
int dev_fill(int dev, int nodes[DEV_NODES], struct err *e);

/* The name of node i. */
const char *dev_name(int i);

/*
 * Copy every device node below the host's /dev that the kernel lists there into
 * `dev`, as a privileged container has it. Needs CAP_MKNOD.
 */
int dev_copy_host(int dev, struct err *e);

/* An O_PATH fd of the host's /dev/null, checked to be that device and nothing put in its place. Owned. */
int dev_open_null(struct err *e);

#endif
