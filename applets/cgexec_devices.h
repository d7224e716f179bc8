/* cgexec's device rules: by v1's files, or by a program on the v2 group. */
#ifndef APPLETS_CGEXEC_DEVICES_H
#define APPLETS_CGEXEC_DEVICES_H

#include "applets/cgexec.h"
#include "core/devfilter.h"

/* Is the text, one of --set, a device rule ("devices.allow=RULE", "devices.deny=RULE")? */
bool cgexec_devices_set(const char *text);

/*
 * Append what --devices, --device and --set say to *say, in this order; device
 * files are looked up. With NULL the rules are only checked, which is pure.
 */
int cgexec_devices_rules(const struct cgexec_args *a, struct dev_list *say, struct err *e);

/* The same, and is there a group that can have them? */
int cgexec_devices_open(const struct cgexec_args *a, const struct cgroups *all, const struct cgroup_dirs *dirs, struct dev_list *say, struct err *e);

/* Make them hold, on top of those that the group has; with --devices list, print what it has then. */
int cgexec_devices_apply(const struct cgexec_args *a, const struct cgroups *all, const struct cgroup_dirs *dirs, const struct dev_list *say,
			 struct err *e);

/* Append the text of devices.list, or of its counterpart on v2. */
int cgexec_devices_list(const struct cgroups *all, const struct cgroup_dirs *dirs, struct strbuf *out, struct err *e);

#endif
