#!/bin/sh
# check: what is taken away is missed, and by the name of what would give it back.
. "${0%/*}/lib.sh"
. "${0%/*}/check.sh"

for row in mount:mnt pid:pid uts:uts ipc:ipc net:net cgroup:cgroup time:time user:user; do
	test_ok "a limit of 0 is named: ${row%:*}" "
		kind=${row%:*} knob=max_${row#*:}_namespaces
		asked nestbox unshare -r -- sh -c \"echo 0 >/proc/sys/user/\$knob; exec nestbox check\"
		is no namespaces \$kind \"knob: /proc/sys/user/\$knob is 0\\\$\"
		case \$kind in
		mount | pid | uts | ipc) [ \$rc = 1 ]; tail -n 1 \"\$TMP/said\" | grep -q \"can start no container here: it takes namespaces \$kind; /proc/sys/user/\$knob is 0\" ;;
		*) [ \$rc = 0 ] ;;
		esac
		# and nothing else but what needs it
		asked nestbox unshare -r -- nestbox check
		is yes namespaces \$kind
		[ \$rc = 0 ]
	"
done
test_ok 'a limit that is not 0 is told' '
	asked nestbox unshare -r -- sh -c "echo 77 >/proc/sys/user/max_net_namespaces; exec nestbox check"
	is yes namespaces net "at most 77, by user.max_net_namespaces"
'

test_ok 'in a chroot there are no user namespaces' '
	asked $AS_ROOT chroot "$R" /bin/nestbox check
	is no namespaces user "knob: this process is in a chroot, where the kernel makes no user namespaces"
	is no ids single "chroot"
	is yes namespaces uts
	# out of it, with the very same files
	asked $AS_ROOT nestbox unshare -m -- nestbox pivot -v /proc:/proc "$R" -- nestbox check
	is yes namespaces user
'
if test_need root 'an ordinary user in a chroot'; then
	test_ok 'an ordinary user in a chroot starts nothing' '
		asked chroot "$R" /bin/nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- /bin/nestbox check
		[ $rc = 1 ]
		tail -n 1 "$TMP/said" | grep -q "^uid 1000 can start no container here: it takes namespaces mount; .*chroot"
	'
fi

test_ok 'without /proc that is said, and all else is still looked for' '
	asked $AS_ROOT nestbox unshare -m -- nestbox pivot "$R" -- nestbox check
	is no filesystems proc-here "knob: mount -t proc proc /proc"
	is no cgroups version "/proc"
	is yes namespaces uts
	is yes processes openat2
	all_have_knobs
	# a user namespace gets none where none is to be seen; in an initramfs the covered one counts
	mkdir -p "$R/mnt"
	says filesystems proc $AS_ROOT nestbox unshare -m -- nestbox pivot "$R" -- nestbox unshare -m -p -f -- mount -t proc x /mnt
	[ "$(answer filesystems proc)" = yes ] || { is no filesystems proc "no procfs is mounted at /proc"; [ $rc = 1 ]; }
'

test_ok 'a /proc that is covered in parts is not had anew by a user namespace' '
	covered() { $AS_ROOT nestbox unshare -m -- sh -c "$1; exec nestbox unshare -r -m -- nestbox check"; }
	asked covered "mount -t tmpfs x /proc/tty"
	is partly filesystems proc-here "/proc/tty; knob: .*(unmask|systempaths)"
	is no filesystems proc "Operation not permitted; knob: .*covered in parts \(/proc/tty\)"
	[ $rc = 1 ]
	# so it is: and what stands in the way is what it says
	not covered "mount -t tmpfs x /proc/tty; nestbox unshare -r -m -p -f -- mount -t proc x /mnt && exit 0" >/dev/null 2>&1
	asked covered :
	is yes filesystems proc
	is yes filesystems proc-here
	[ $rc = 0 ]
'
test_ok 'where it says that no container can be started, run starts none' '
	for cover in : "mount -t tmpfs x /proc/tty"; do
		started=0 said=0
		$AS_ROOT nestbox unshare -m -- sh -c "$cover; exec nestbox unshare -r -m -- nestbox run --network host \"\$1\" true" sh "$R" >"$TMP/why" 2>&1 || started=1
		$AS_ROOT nestbox unshare -m -- sh -c "$cover; exec nestbox unshare -r -m -- nestbox check" >"$TMP/said" || said=$?
		echo "$cover: run $started, check $said"; cat "$TMP/why"
		[ $started = $said ]
	done
	[ $said = 1 ]
'

test_ok 'hidepid is told' '
	asked inside sh -c "mount -o remount,hidepid=2 /proc 2>/dev/null || exit 0; exec nestbox check"
	[ ! -s "$TMP/said" ] || is partly filesystems proc-here "hidepid=.*; knob: mount -o remount,hidepid=0"
'

test_ok 'the sysctls that distributions put before user namespaces are named' '
	for knob in unprivileged_userns_clone:0 apparmor_restrict_unprivileged_userns:1; do
		echo "${knob#*:}" >"$TMP/${knob%:*}"
		# a kernel that has them: as far as can be seen, and refused by the chroot
		export R
		asked $AS_ROOT nestbox unshare -m -- sh -euc "
			mount -t tmpfs x /proc/sys/kernel; cp \"\$TMP/${knob%:*}\" /proc/sys/kernel/; chmod 755 /proc/sys/kernel
			mount --bind /proc \"\$R/proc\"; mount --bind /proc/sys/kernel \"\$R/proc/sys/kernel\"
			exec chroot \"\$R\" /bin/nestbox ${AS_USER:+setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- /bin/nestbox} check"
		# it is about ordinary users, and root in a user namespace is none of them to the kernel of this one
		if [ "$AS_USER" ]; then
			is no namespaces user "knob: /proc/sys/kernel/${knob%:*} is ${knob#*:}: ordinary users"
			is no namespaces uts "${knob%:*}"
		else
			is no namespaces user "chroot"
		fi
	done
'

# --- a filter that somebody else has put

test_ok 'under the filter that containers get, whoever has no privilege makes no namespaces' '
	with() { asked $AS_USER "$NB" setpriv --no-new-privs "$@" --exec -- "$NB" check; }
	with --seccomp default
	is partly security outer-filter "a seccomp filter is in place.*; knob: .*seccomp=unconfined"
	is no namespaces user "Operation not permitted; knob: .*\\(Seccomp: 2 in /proc/self/status\\)"
	is no namespaces mount "Seccomp: 2"
	is yes processes openat2
	[ $rc = 1 ]
	tail -n 1 "$TMP/said" | grep -q "can start no container here: it takes namespaces mount; .*Seccomp: 2"
	with --seccomp unconfined
	is yes security outer-filter
	is yes namespaces mount
	[ $rc = 0 ]
'

cat >"$TMP/filter.c" <<'END'
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

/* filter NUMBER ERRNO COMMAND...: that system call fails so, or kills (ERRNO 0) */
int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(argv[1]), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, atoi(argv[2]) ? SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2]) : SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof code / sizeof *code, code };

	if (argc < 4 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 125;
	execvp(argv[3], argv + 3);
	return 127;
}
END
for cc in musl-gcc 'gcc -static' 'cc -static'; do
	$cc -w -static -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu -o "$TMP/filter" "$TMP/filter.c" 2>/dev/null && break
done
if [ -x "$TMP/filter" ] && [ "$(uname -m)" = x86_64 ]; then
	test_ok 'a filter of what runs around is seen, and named where something is refused' '
		asked "$TMP/filter" 272 1 nestbox check
		is partly security outer-filter "a seccomp filter is in place.*; knob: .*seccomp=unconfined"
		is no namespaces uts "Operation not permitted; knob: .*Seccomp: 2 in /proc/self/status"
		[ $rc = 1 ]
		asked "$TMP/filter" 437 38 nestbox check
		is no processes openat2 "Function not implemented; knob: Linux 5.6; or .*Seccomp: 2"
		is yes namespaces uts
		asked nestbox check
		is yes security outer-filter
	'
	test_ok '... also where it kills who asks' '
		asked "$TMP/filter" 444 0 nestbox check
		is no security landlock "killed by signal 31; knob: a seccomp filter"
		is yes security seccomp
	'
else
	test_skip 'a filter of what runs around is seen, and named where something is refused' 'needs a compiler'
	test_skip '... also where it kills who asks' 'needs a compiler'
fi

done_testing
