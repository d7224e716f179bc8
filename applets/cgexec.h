/* cgexec: be in a control group, made and limited if need be. */
#ifndef APPLETS_CGEXEC_H
#define APPLETS_CGEXEC_H

#include <stdbool.h>

#include "core/cgroup.h"
#include "core/opt.h"
#include "core/step.h"

/* What is done to a group in use, and with what is used of it: cgexec_live.c. */
struct cgexec_live {
	struct strs get, move;    /* names of files; process ids */
	const char *delegate;     /* "UID[:GID]" */
	bool freeze, thaw, kill, wait_oom;
	struct opt_maybe report;  /* a file descriptor's number, or a file; none: standard error */
};

struct cgexec_args {
	struct strs groups;       /* -g "CTRL,CTRL:PATH" */
	struct opt_maybe create;  /* with the mode of new directories, octal */
	struct strs set, try_set; /* "NAME=VALUE" */
	struct strs set_raw;      /* "FILE=VALUE" */
	bool dry_run;
	bool no_join;
	const char *child;        /* name of the group below, for the child to come */
	bool rm;
	const char *devices;      /* "default", "all", "list" */
	struct strs device;       /* further rules: devfilter_parse */
	struct cgroup_limits limits;
	struct cgexec_live live;
	bool ignored;             /* libcgroup's -s and -b */
};

extern const struct step_ops cgexec_step;

#endif
