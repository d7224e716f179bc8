/*
 * pivot: /etc/hosts, /etc/hostname and /etc/resolv.conf, written for the
 * container. They lie in a tmpfs of their own and are mounted on the image's: a
 * file of the host's, bound there, would be lost to the container as soon as
 * somebody renames a new one over it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "applets/applet.h"
#include "applets/pivot_priv.h"
#include "core/fd.h"
#include "core/ns.h"
#include "core/rtnl.h"
#include "core/sys.h"

#define OFF(field) offsetof(struct pivot_etc, field)
#define HOST_FILE "/etc/resolv.conf"
#define HOST_MAX 65536

const struct opt pivot_etc_opts[] = {
	{ OPT_LIST, 0, "add-host", "NAME:IP", "one more line in /etc/hosts; host-gateway for IP: the default route's", OFF(hosts) },
	{ OPT_LIST, 0, "dns", "IP", "name server, instead of the host's", OFF(dns.servers) },
	{ OPT_LIST, 0, "dns-option", "OPT", "option of the resolver, instead of the host's", OFF(dns.options), .alias = "dns-opt" },
	{ OPT_LIST, 0, "dns-search", "DOMAIN", "domain to search names in, instead of the host's; \".\": none", OFF(dns.search) },
	{ OPT_END },
};

static const char *const places[] = { "/etc/hostname", "/etc/hosts", HOST_FILE };

bool pivot_etc_given(const struct pivot_etc *etc)
{
	return etc->hosts.n || etc->dns.servers.n || etc->dns.search.n || etc->dns.options.n;
}

int pivot_etc_check(const struct pivot_etc *etc, struct err *e)
{
	struct etc_host h;
	int rc = etc_dns_check(&etc->dns, e);

	for (size_t i = 0; i < etc->hosts.n && rc == 0; i++)
		rc = etc_host_parse(etc->hosts.v[i], &h, e);
	return rc;
}

static bool is_wanted(const struct pivot_args *a)
{
	return a->etc || pivot_etc_given(&a->names);
}

int pivot_etc_add(const struct pivot_args *a, struct pivot_items *l, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; is_wanted(a) && i < sizeof places / sizeof *places && rc == 0; i++) {
		/* a link at the place leads to where the image has its own, if that, and stays as it is */
		rc = pivot_item_add(l, -1, places[i], false, MNT_LINK_COVERED, e);
		if (rc == 0)
			l->v[l->n - 1].etc = true;
	}
	return rc;
}

bool pivot_etc_can_lack(const struct pivot_item *it, int rc)
{
	return it->etc && (rc == -EROFS || rc == -EACCES || rc == -EPERM);
}

/* --- the host's resolv.conf */

/* A file that cannot be read is as good as none, but for a word about it. */
static char *read_host(struct err *e)
{
	char *text = NULL;
	int rc = fd_etc(&text, HOST_FILE, e);

	if (rc == 0 && strlen(text) <= HOST_MAX)
		return text;
	if (rc == 0)
		rc = err_bad(e, HOST_FILE, "is larger than 64 KiB");
	free(text);
	if (rc != -ENOENT)
		applet_warn(e, ": left out");
	err_clear(e);
	return strdup("");
}

/* Has it name servers that are for the host alone, and no other? */
static bool is_for_the_host_only(const char *text)
{
	const struct etc_dns none = { 0 };
	struct strbuf out = { 0 }, left = { 0 };
	bool only = etc_resolv(text, &none, true, &out, &left) == 0 && left.len;

	strbuf_release(&out);
	strbuf_release(&left);
	return only;
}

int pivot_etc_open(const struct pivot_args *a, struct pivot_etc_files *f, struct err *e)
{
	if (!is_wanted(a))
		return 0;
	f->host = read_host(e);
	if (!f->host)
		return err_set(e, ENOMEM, HOST_FILE, NULL);
	/* systemd-resolved(8): the servers that the one on the loopback address asks */
	if (is_for_the_host_only(f->host) && fd_etc(&f->behind, "/run/systemd/resolve/resolv.conf", e) < 0)
		err_clear(e);
	return 0;
}

/*
 * Is this network namespace another one than the host's? Whoever cannot tell takes
 * it for the host's, and so does who is the first process of the /proc that is
 * seen, as there is nobody to compare with.
 */
static bool is_apart(const struct step_ctx *ctx)
{
	struct err unused = { 0 };
	char self[2] = "";

	if (ctx->made & CLONE_NEWNET)
		return true;
	if (readlink("/proc/self", self, sizeof self) == 1 && *self == '1')
		return false;
	return ns_is_inits("net", &unused) == 0;
}

static void make_resolv(const struct pivot_args *a, const struct pivot_etc_files *f, bool apart, struct strbuf *out, struct err *e)
{
	struct strbuf left = { 0 };

	etc_resolv(apart && f->behind ? f->behind : f->host, &a->names.dns, apart, out, &left);
	if (left.len) {
		err_bad(e, HOST_FILE, "name servers that only the host itself can reach: %s", left.s);
		err_hint(e, "--dns names one that can be reached from inside");
		applet_warn(e, ": left out");
		err_clear(e);
	}
	strbuf_release(&left);
}

/* --- hosts */

/* "HOST.DOMAIN HOST", as docker has it; the first part alone where the name has no dot. */
static int make_names(const struct utsname *u, struct strbuf *out, struct err *e)
{
	const char *domain = u->domainname;

	if (!etc_is_word(u->nodename))
		return err_bad(e, u->nodename, "such a host name cannot stand in /etc/hosts");
	strbuf_add(out, u->nodename);
	/* "(none)" is the kernel's word for it: uname(2) */
	if (etc_is_word(domain) && strcmp(domain, "(none)"))
		strbuf_addf(out, ".%s", domain);
	if (!out->failed && strchr(out->s, '.'))
		strbuf_addf(out, " %.*s", (int)strcspn(out->s, "."), out->s);
	return 0;
}

struct hosts {
	struct strbuf *out;
	const char *names;
};

static int add_own(const struct rtnl_addr *a, void *data)
{
	const struct hosts *h = data;

	/* one that the kernel changes from time to time (RFC 8981) will not be ours for long */
	if (a->scope == RT_SCOPE_UNIVERSE && !(a->flags & (IFA_F_TEMPORARY | IFA_F_DADFAILED)) && !inet_is_loopback(&a->a))
		etc_hosts_add(h->out, &a->a, h->names);
	return 0;
}

/* The best default route of each family. */
struct gateways {
	struct rtnl_route v4, v6;
};

static int take_gateway(const struct rtnl_route *r, void *data)
{
	struct gateways *g = data;
	struct rtnl_route *best = r->to.family == AF_INET ? &g->v4 : &g->v6;

	if (r->to.prefix || r->table != RT_TABLE_MAIN || r->type != RTN_UNICAST || !r->via.family)
		return 0;
	/* fe80::/10 is nobody's address without a device beside it */
	if (r->via.family == AF_INET6 && r->via.v[0] == 0xfe && (r->via.v[1] & 0xc0) == 0x80)
		return 0;
	if (!best->via.family || r->metric < best->metric)
		*best = *r;
	return 0;
}

/* The host, as the container sees it. */
static int add_gateway(struct nl *nl, const char *text, const char *name, bool apart, struct strbuf *out, struct err *e)
{
	static const struct inet lo = { .family = AF_INET, .v = { 127, 0, 0, 1 }, .prefix = 32 };
	struct gateways g = { 0 };
	int rc;

	if (!apart) {
		etc_hosts_add(out, &lo, name);
		return 0;
	}
	rc = rtnl_routes(nl, AF_UNSPEC, take_gateway, &g);
	if (rc < 0)
		return nl_err(nl, e, rc, "routes", "read");
	if (!g.v4.via.family && !g.v6.via.family)
		return err_bad(e, text, "this network namespace has no default route: nobody is its host-gateway");
	if (g.v4.via.family)
		etc_hosts_add(out, &g.v4.via, name);
	if (g.v6.via.family)
		etc_hosts_add(out, &g.v6.via, name);
	return 0;
}

static int add_hosts(struct nl *nl, const struct strs *hosts, bool apart, struct strbuf *out, struct err *e)
{
	struct etc_host h;
	int rc = 0;

	for (size_t i = 0; i < hosts->n && rc == 0; i++) {
		rc = etc_host_parse(hosts->v[i], &h, e);
		if (rc == 0 && h.at.family)
			etc_hosts_add(out, &h.at, h.name);
		else if (rc == 0)
			rc = add_gateway(nl, hosts->v[i], h.name, apart, out, e);
	}
	return rc;
}

static int make_hosts(const struct pivot_args *a, const char *names, bool apart, struct strbuf *out, struct err *e)
{
	struct hosts h = { out, names };
	struct nl nl = { 0 };
	int rc = nl_open(&nl, NETLINK_ROUTE, e);

	if (rc < 0)
		return rc;
	etc_hosts_begin(out);
	rc = rtnl_addrs(&nl, AF_UNSPEC, add_own, &h);
	rc = rc < 0 ? nl_err(&nl, e, rc, "addresses", "read") : add_hosts(&nl, &a->names.hosts, apart, out, e);
	nl_close(&nl);
	return rc;
}

/* --- the files */

static int put(int dir, const char *place, struct strbuf *text, struct err *e)
{
	auto_close int fd = openat(dir, strrchr(place, '/') + 1, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0)
		return err_sys(e, place, "make");
	rc = text->failed ? -ENOMEM : fd_write(fd, text->s);
	return rc < 0 ? err_set(e, -rc, place, "write") : 0;
}

static int put_all(const struct pivot_args *a, const struct pivot_etc_files *f, bool apart, int dir, struct err *e)
{
	struct strbuf name = { 0 }, names = { 0 }, hosts = { 0 }, resolv = { 0 };
	struct utsname u;
	int rc = uname(&u) < 0 ? err_sys(e, "host name", NULL) : make_names(&u, &names, e);

	if (rc == 0) {
		strbuf_addf(&name, "%s\n", u.nodename);
		rc = put(dir, places[0], &name, e);
	}
	rc = rc < 0 || names.failed ? rc : make_hosts(a, names.s, apart, &hosts, e);
	hosts.failed |= names.failed;
	rc = rc < 0 ? rc : put(dir, places[1], &hosts, e);
	if (rc == 0) {
		make_resolv(a, f, apart, &resolv, e);
		rc = put(dir, places[2], &resolv, e);
	}
	strbuf_release(&name);
	strbuf_release(&names);
	strbuf_release(&hosts);
	strbuf_release(&resolv);
	return rc;
}

int pivot_etc_make(const struct pivot_args *a, struct pivot_etc_files *f, const struct step_ctx *ctx, struct err *e)
{
	if (!f->host)
		return 0;
	/* the container's root may write to them, and there is an end to that */
	f->mnt = mnt_new("tmpfs", "mode=755,size=1m,nr_inodes=4", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	return f->mnt < 0 ? f->mnt : put_all(a, f, is_apart(ctx), f->mnt, e);
}

/*
 * A file of a detached mount can be copied only since Linux 6.15, one of an
 * attached mount always: it lies on the new root for a moment. There is nobody
 * else in this mount namespace who could look, and "/" of this process is below it.
 */
int pivot_etc_copy(const struct pivot_etc_files *f, int root, bool read_only, struct pivot_items *l, struct err *e)
{
	int rc = f->mnt < 0 ? 0 : mnt_attach(f->mnt, root, "/", e);

	if (rc < 0 || f->mnt < 0)
		return rc;
	for (size_t i = 0; i < l->n && rc == 0; i++) {
		if (!l->v[i].etc)
			continue;
		l->v[i].fd = mnt_clone(f->mnt, strrchr(l->v[i].where, '/') + 1, read_only ? MOUNT_ATTR_RDONLY : 0, 0, e);
		rc = l->v[i].fd < 0 ? l->v[i].fd : 0;
	}
	if (fchdir(f->mnt) < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return rc < 0 ? rc : err_sys(e, "/etc", "detach the files' file system");
	return rc;
}

void pivot_etc_release(struct pivot_etc_files *f)
{
	free(f->host);
	free(f->behind);
	fd_close(&f->mnt);
	*f = PIVOT_ETC_NONE;
}
