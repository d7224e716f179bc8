#!/bin/sh
# The security checklist, D: credentials.
#
# Shown elsewhere:
#   D1   nothing inheritable or ambient       run.t, setpriv.t
#   D2   capabilities of a user               run.t, setpriv.t
#   D6   ids that are none                    checklist_paths.t (A9), run.t
#   D7   new user namespaces, clone3          seccomp.t
#   D8   calls of i386 and x32                seccomp.t
#   D9   what a container has no use for      seccomp.t
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
test_ok 'D11: a limit is not raised again' '
	[ "$(start --ulimit nofile=20:30 "$R" sh -c "ulimit -Hn; ulimit -Hn 40 2>/dev/null || echo no; ulimit -Hn" | tr "\n" ,)" = 30,no,30, ]
'

done_testing
