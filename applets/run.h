/* run: a whole container start, as a plan of the other applets' steps. */
#ifndef APPLETS_RUN_H
#define APPLETS_RUN_H

#include <stdbool.h>

#include "applets/maps.h"
#include "applets/netns.h"
#include "applets/pivot.h"
#include "applets/run_life.h"
#include "applets/run_ns.h"
#include "applets/setpriv.h"
#include "applets/tty.h"
#include "core/cgroup.h"
#include "core/opt.h"
#include "core/plan.h"
#include "core/record.h"

struct run_args {
	struct setpriv_run cred;
	struct pivot_mounts mounts;
	struct pivot_etc etc;
	struct cgroup_limits limits;
	struct strs env_file, cap_add, cap_drop, device_rules, security;
	const char *hostname, *domainname;
	struct netns_wish net;
	const char *network, *name, *cgroups, *cgroup_parent;
	struct run_ns ns;
	struct run_life life;
	struct tty_outside_args tty;
	bool privileged, rm, dry_run;
	struct strs userns;     /* "auto", "host" or ranges */
	bool idmap;             /* with --userns as root: volumes have the container's owners */
	const char *rootfs;
};

/* Where the network of a container comes from. */
enum run_net {
	RUN_NET_NONE,  /* a namespace of its own, with lo */
	RUN_NET_HOST,
	RUN_NET_JOIN,  /* one that is there already */
	RUN_NET_WIRED, /* a namespace of its own, connected as --network says, or to the default bridge */
};

/* What the host says that a plan depends on; found out before, so that making the plan asks nobody. */
struct run_facts {
	char id[16];
	bool lacks_points;      /* the root file system has not all mount points */
	bool no_cgroup;         /* start without one */
	bool devices;           /* a device list can be had */
	char cgroup[512];       /* "CTRL,CTRL:PARENT/ID" of the container's group */
	const char *term;       /* what the caller's terminal is, for TERM */
	struct strs env;        /* of the --env-file's */
	struct maps_args ids;   /* of the user namespace, `both` as the user said it; empty: none is made */
	struct strs users, groups; /* the same ranges for each, as the kernel takes them here */
	struct strs raised;     /* for --ulimit: hard limits above those in force, with the soft ones that are */
	bool oom_lowered;       /* --oom-score-adj is below what is in force */
	struct record_range *range; /* borrowed: the claim on ids that run chose; NULL: only look which are free */
	bool become_root;       /* nobody inside is the caller: go on as the root there */
	bool idmap;             /* the root file system can be mounted with those owners, and is */
	const char *profile;    /* what the file of --security-opt seccomp= says; NULL: none is asked for */
	struct strs rules;      /* what the control group is to say of each --device */
	struct run_ns_facts ns;
	enum run_net net;
	const char *net_kind;   /* RUN_NET_WIRED: for netns new --net */
	const char *net_file;   /* the namespace that is joined */
};

/* What --security-opt and --privileged come to. */
struct run_security {
	const char *seccomp; /* borrowed: "default", "unconfined" or a file */
	bool no_new_privs;
	bool open_paths;     /* /proc and /sys: nothing masked, nothing made read-only */
};

extern const struct opt run_opts[];

/* Does the container get the files of pivot --etc? */
bool run_wants_etc(const struct run_args *a);

/* Options to plan. 0 or -errno. */
int run_plan(const struct run_args *a, const struct run_facts *f, struct plan *p, struct err *e);

/* The user namespace that the options ask for, as far as it depends on the caller and on /etc/subuid. (run_userns.c) */
int run_find_userns(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e);
int run_userns_check(const struct run_args *a, struct err *e);

/* The network that the options ask for. (run_net.c) */
int run_find_net(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e);
int run_net_check(const struct run_args *a, struct err *e);
/* The process of a running container that is called so, or else the one with that number. 0 or -errno. */
int run_find_container(const char *name, long long *pid, struct err *e);
/* The steps for it: those before the user and pid namespaces, and those after. */
int run_net_outside(const struct run_args *a, const struct run_facts *f, struct plan *p);
int run_net_inside(const struct run_args *a, const struct run_facts *f, struct plan *p);

/* Of several words for the same the last one counts. Pure. (run_security.c) */
int run_read_security(const struct run_args *a, struct run_security *s, struct err *e);

/* The profile's file, if there is one: it is the host's, and the plan has its text. */
int run_find_profile(const struct run_args *a, struct run_facts *f, struct opt_keep *keep, struct err *e);

/* Are the options in order, apart from what the steps check? Pure. */
int run_check(const struct run_args *a, struct err *e);

/*
 * The text of an --env-file, which is cut up, in docker's format: "KEY=VALUE",
 * or "KEY" for the caller's own value; "#" starts a comment. `path` is for the
 * message. 0 or -errno.
 */
int run_parse_env(char *text, const char *path, struct strs *env, struct opt_keep *keep, struct err *e);

#endif
