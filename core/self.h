/* self: the program that we are, as a file that a container could get hold of through /proc/PID/exe. */
#ifndef CORE_SELF_H
#define CORE_SELF_H

#include <stdbool.h>

#include "core/err.h"

/*
 * May this process, and so whoever is the container's root in its place, write
 * to its own binary, whose fd (O_PATH) is `exe`? Not where it lies on a mount
 * that is read-only, where it is somebody else's, or where it is a copy.
 */
bool self_is_exposed(int exe);

/*
 * The binary as a file that nobody can write to, to be executed in its place: a
 * detached mount of it that is read-only, or a sealed file in memory where it
 * cannot be had. Owned fd, or -errno.
 */
int self_copy(int exe, struct err *e);

#endif
