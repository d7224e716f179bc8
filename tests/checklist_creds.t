#!/bin/sh
# The security checklist, D: credentials.
#
# Shown elsewhere:
#   D1   nothing inheritable or ambient       run.t, setpriv.t
#   D2   capabilities of a user               run.t, setpriv.t
#   D6   ids that are none                    checklist_paths.t (A9), run.t
#   D8   calls of x32                         seccomp.t
#   D11  resource limits                      run.t, setpriv.t
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
cp "$(command -v probe)" "$TMP/root/bin"
R=$TMP/root
export R

cat >>"$TMP/.env" <<'ENV'
start() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
ENV

if test_need root 'D3: a user'; then
	test_ok 'D3: with the user go the capabilities that he had as root, and do not come back' '
		start -u 1000 "$R" sh -c "grep -E \"^Cap(Prm|Eff|Inh|Amb)\" /proc/self/status | grep -v 0000000000000000; probe ids; chown 0 /tmp/x 2>&1; cat /proc/self/status | grep ^Uid" >"$TMP/got" || :
		cat "$TMP/got"
		not grep ^Cap "$TMP/got"
		grep -qx "1000 1000 1000" "$TMP/got"
	'
	test_ok 'D4: no group of the caller comes along' '
		[ "$(nestbox setpriv --groups 7,8,9 -- sh -c "id -G")" != 0 ]
		[ "$(nestbox setpriv --groups 7,8,9 -- nestbox run --cgroups disabled "$R" id -G)" = 0 ]
		[ "$(nestbox setpriv --groups 7,8,9 -- nestbox run --cgroups disabled -u 1000:1000 "$R" id -G)" = 1000 ]
		[ "$(nestbox setpriv --groups 7,8,9 -- nestbox run --cgroups disabled -u 1000:1000 --group-add 8 "$R" id -G)" = "1000 8" ]
		# the own one is among the supplementary ones, too: what it is kept from cannot be had by dropping it
		nestbox setpriv --groups 7,8,9 -- nestbox run --cgroups disabled -u 1000:1000 "$R" grep ^Groups /proc/self/status | grep -qE "^Groups:.1000 ?\$"
	'
	test_ok 'D5: a setuid program gives nothing to whom --no-new-privs is said of' '
		cp "$R/bin/probe" "$R/bin/suprobe"; chmod 4755 "$R/bin/suprobe"
		[ "$(start -u 1000 "$R" suprobe ids)" = "1000 0 0" ]
		[ "$(start -u 1000 --security-opt no-new-privileges "$R" suprobe ids)" = "1000 1000 1000" ]
		[ "$(nestbox unshare -m -p -f -- nestbox pivot --api "$R" -- nestbox setpriv -u 1000 --no-new-privs -- suprobe ids)" = "1000 1000 1000" ]
	'
fi
test_ok 'D5: in a user namespace a setuid program of the host gives nothing' '
	# the file belongs to nobody there
	cp "$(command -v probe)" "$TMP/suprobe"; chmod 4755 "$TMP/suprobe"
	$AS_ROOT sh -c "true"
	own=$(id -u)
	[ "$($AS_USER "$NB" unshare -U -- "$TMP/suprobe" ids | cut -d" " -f2)" != 0 ] || [ -z "$AS_USER" ]
'
test_ok 'D7: no user namespace is made, nor another one' '
	for kind in user mnt net pid uts cgroup; do
		[ "$(start "$R" probe unshare $kind || :)" = EPERM ]
	done
	[ "$(start "$R" probe clone3 || :)" = ENOSYS ]
	# the control
	[ "$(start --security-opt seccomp=unconfined "$R" probe unshare user)" = OK ]
	[ "$(start --security-opt seccomp=unconfined "$R" probe clone3)" = OK ]
'
if [ "$(uname -m)" = x86_64 ] && [ "$(probe int80 20)" = OK ]; then
	test_ok 'D8: what is refused is refused by the numbers of i386, too' '
		[ "$(start "$R" probe int80 21 || :)" = EPERM ]
		[ "$(start "$R" probe int80 20)" = OK ]
		[ "$(start --security-opt seccomp=unconfined "$R" probe int80 21 || :)" = EFAULT ]
	'
else
	test_skip 'D8: what is refused is refused by the numbers of i386, too' 'needs a kernel that takes them'
fi
test_ok 'D9: sockets and calls that a container has no use for' '
	start "$R" sh -c "
		for s in alg vsock inet netlink; do probe socket \$s; done
		for c in acct add_key bpf delete_module fsopen init_module io_uring_setup kexec_load keyctl move_mount open_tree \
			perf_event_open pivot_root quotactl reboot request_key setns swapon umount2 userfaultfd; do probe call \$c; done
		probe keyctl user; probe keyctl session" | tr "\n" " " >"$TMP/got"
	cat "$TMP/got"
	grep -qx "EPERM EPERM OK OK \(EPERM \)\{22\}" "$TMP/got"
	# the control
	start --security-opt seccomp=unconfined "$R" sh -c "for c in fsopen move_mount open_tree keyctl; do probe call \$c; done; probe keyctl user" >"$TMP/got" || :
	[ "$(grep -c EPERM "$TMP/got")" -lt 5 ]
	[ "$(tail -n 1 "$TMP/got")" -gt 0 ]
'
test_ok 'D11: a limit is not raised again' '
	[ "$(start --ulimit nofile=20:30 "$R" sh -c "ulimit -Hn; ulimit -Hn 40 2>/dev/null || echo no; ulimit -Hn" | tr "\n" ,)" = 30,no,30, ]
'

done_testing
