/* netns_priv: what the files of netns share; nobody else includes it. */
#ifndef APPLETS_NETNS_PRIV_H
#define APPLETS_NETNS_PRIV_H

#include "applets/applet.h"
#include "applets/netns.h"

/* Its verbs; each file has those of one subject. */
extern const struct applet netns_verb_addr, netns_verb_link, netns_verb_neigh, netns_verb_route;            /* netns_ip.c */
extern const struct applet netns_verb_bridge;                                                               /* netns_bridge.c */
extern const struct applet netns_verb_macvlan, netns_verb_veth;                                             /* netns_veth.c */
extern const struct applet netns_verb_move, netns_verb_tap, netns_verb_up;                                  /* netns_wire.c */
extern const struct applet netns_verb_show;                                                                 /* netns_show.c */
extern const struct applet netns_verb_add, netns_verb_attach, netns_verb_del, netns_verb_gc, netns_verb_list; /* netns_names.c */
extern const struct applet netns_verb_list_id, netns_verb_set;                                              /* netns_ids.c */
extern const struct applet netns_verb_identify, netns_verb_monitor, netns_verb_pids;                        /* netns_who.c */
extern const struct applet netns_verb_new, netns_verb_outside;                                             /* netns_new.c */
extern const struct applet netns_verb_ports, netns_verb_publish, netns_verb_unpublish;                      /* netns_ports.c */
extern const struct applet netns_verb_listen;                                                               /* netns_listen.c */
extern const struct applet netns_verb_exec;                                                                 /* netns_exec.c */

/* What the verbs take that only tell something. */
struct netns_tell {
	bool json;
	const char *ns; /* of pids */
};
extern const struct opt netns_tell_opts[]; /* --json alone */

/* Which names "del" and "exec" are for. */
struct netns_all {
	bool all;
	unsigned ll; /* how often -l was given: twice in -all */
};
extern const struct opt netns_all_opts[];
/* Is it in order? Pure; -EINVAL with *e. */
int netns_all_check(const struct netns_all *a, struct err *e);

/* All names, which netns_names_release frees. 0 or -errno with *e. */
int netns_names(struct strs *names, struct err *e);
void netns_names_release(struct strs *names);

/*
 * Parse all of a verb's words: none may be left. 0 or -errno; e->hint has where
 * to read on.
 */
int netns_parse(const struct opt *opts, void *args, int argc, char **argv, struct err *e);

/* Print what has been told, and free it: exit status 0, or -errno. */
int netns_print(struct strbuf *out, struct err *e);

/* Begin the next object of a JSON array that ends with "]". */
void netns_json_next(struct strbuf *out);

/* ip(8)'s own exit statuses: for a word that cannot mean anything, or a name that exec does not find; and for what the kernel has refused. */
#define NETNS_EXIT_WORD 255
#define NETNS_EXIT_KERNEL 2

/* netns_name_check (core/netns.h) of a word on the line, which ends us as ip(8) would. */
int netns_check_name(const char *name, struct err *e);

/* Room for a name as it is printed: nothing in it steers a terminal or ends a line. */
#define NETNS_QUOTED (4 * 255 + 1)

/*
 * The mounts of "exec" (netns_exec_mounts.c), in a mount namespace made for it: with `sys` a
 * /sys that shows our network namespace, and with a `name` what lies in
 * /etc/netns/NAME at its place in /etc. Single ones that do not work are
 * told, and left. 0 or -errno.
 */
int netns_exec_mounts(bool sys, const char *name, struct err *e);

/*
 * Of a mountinfo, which is cut up, add to *paths where something is mounted below
 * /sys, each once, and nothing that lies below another one of these. 0 or -ENOMEM. Pure.
 */
int netns_below_sys(char *text, struct strs *paths);

#endif
