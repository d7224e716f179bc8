/* setpriv --dump, line for line as util-linux writes it, and --list-caps. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "applets/setpriv_priv.h"
#include "core/fd.h"
#include "core/proc.h"

static void print_ids(unsigned level)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	printf("uid: %u\neuid: %u\n", ruid, euid);
	if (level >= 3)
		printf("suid: %u\n", suid);
	printf("gid: %u\negid: %u\n", rgid, egid);
	if (level >= 3)
		printf("sgid: %u\n", sgid);
}

static int print_groups(struct err *e)
{
	int n = getgroups(0, NULL);
	gid_t *groups = n < 0 ? NULL : calloc((size_t)n + 1, sizeof *groups);
	int rc = 0;

	if (!groups || (n = getgroups(n, groups)) < 0)
		rc = err_sys(e, "supplementary groups", "read");
	else
		printf("Supplementary groups: %s", n ? "" : "[none]");
	for (int i = 0; rc == 0 && i < n; i++)
		printf("%s%u", i ? "," : "", groups[i]);
	if (rc == 0)
		printf("\n");
	free(groups);
	return rc;
}

static void print_list(const char *title, struct strbuf *text)
{
	printf("%s: %s\n", title, text->s ? text->s : "[none]");
	strbuf_release(text);
}

static void print_caps(const char *title, uint64_t caps)
{
	struct strbuf text = { 0 };

	cred_caps_format(caps, &text);
	print_list(title, &text);
}

static void print_sets(unsigned level, const struct cred_sets *s)
{
	if (level >= 2) {
		print_caps("Effective capabilities", s->effective);
		print_caps("Permitted capabilities", s->permitted);
	}
	print_caps("Inheritable capabilities", s->inheritable);
	print_caps("Ambient capabilities", s->ambient);
	print_caps("Capability bounding set", s->bounding);
}

static void print_pdeathsig(void)
{
	char name[32] = "[none]";
	int sig = 0;

	if (prctl(PR_GET_PDEATHSIG, &sig) == 0 && sig)
		str_signal_format(sig, name);
	printf("Parent death signal: %s\n", name);
}

/* The label, where that security module is there. */
static void print_label(const char *title, const char *sign)
{
	struct err unused = { 0 };
	auto_close int proc = -1;
	char text[4096];

	if (access(sign, F_OK) < 0)
		return;
	proc = proc_open(&unused);
	if (proc < 0 || fd_get(proc, "self/attr/current", text, sizeof text) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	printf("%s: %s\n", title, text);
}

int setpriv_dump(unsigned level, struct err *e)
{
	struct strbuf text = { 0 };
	struct cred_sets s;
	unsigned bits = 0;
	int rc = cred_get(&s, e);

	if (rc == 0)
		rc = cred_get_securebits(&bits, e);
	if (rc < 0)
		return rc;
	print_ids(level);
	rc = print_groups(e);
	if (rc < 0)
		return rc;
	printf("no_new_privs: %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0UL, 0UL, 0UL, 0UL));
	print_sets(level, &s);
	cred_securebits_format(bits, &text);
	print_list("Securebits", &text);
	print_pdeathsig();
	print_label("SELinux label", "/sys/fs/selinux");
	print_label("AppArmor profile", "/sys/kernel/security/apparmor");
	return 0;
}

void setpriv_list_caps(void)
{
	uint64_t known = cred_caps_known();

	for (int cap = 0; cap < 64 && known & CRED_CAP(cap); cap++) {
		char name[32];

		cred_cap_format(cap, name);
		printf("%s\n", name);
	}
}
