#!/bin/sh
# nsenter, and the names that unshare gives to namespaces.
. "${0%/*}/lib.sh"
need namespaces
# all namespaces are an ordinary user's own
own=${AS_ROOT:+nestbox unshare -r -m -u -i -n -C --}
test_in=$own

mkdir "$TMP/ns" "$TMP/open"
chmod 777 "$TMP/open"
# util-linux's, where it is: what both have must be the same; an ordinary user may not enter
# the time namespace, for which that of Debian 12 fails
UL=$(command -v nsenter) && "$UL" --version 2>/dev/null | grep -q util-linux && [ "$AS_USER" ] || UL=
cat >>"$TMP/.env" <<ENV
UL=$UL
# a group of this test's own
G=nbtest-ns-$$
ENV
cat >>"$TMP/.env" <<'ENV'
# a private place for names, in a mount namespace of the snippet's own
named() { nestbox unshare -m -- sh -euc 'mount -t tmpfs ns "$TMP/ns"; mount --make-private "$TMP/ns"; cd "$TMP/ns"; touch uts ipc net pid user cgroup mnt; eval "$1"' sh "$1"; }
# start WORD...: a process in the namespaces that unshare WORD... makes, its pid in $t; it ends with the snippet
start()
{
	nestbox unshare "$@" -- sleep 60 & w=$!
	trap 'kill -9 $w || :' EXIT
	t=$w
	until [ "$(cat /proc/$t/comm 2>/dev/null)" = sleep ]; do
		sleep 0.05
		case " $* " in *" -f "*) t=$(tr -d ' ' </proc/$w/task/$w/children) ;; esac
		t=${t:-$w}
	done
}
# the namespaces of process $1, each as a line of readlink
all_of() { for n in mnt uts ipc net cgroup pid user; do readlink "/proc/$1/ns/$n"; done; }
# What nsenter WORD... prints and how it ends; with util-linux's it is the same.
both()
{
	rc=0 ul=0
	said=$TMP/open/$(id -u)
	nestbox nsenter "$@" >"$said.ours" || rc=$?
	[ -z "$UL" ] || "$UL" "$@" >"$said.theirs" || ul=$?
	[ -z "$UL" ] || { [ $rc = $ul ] && diff "$said.ours" "$said.theirs"; } || { echo "status $rc, util-linux $ul" >&2; return 99; }
	cat "$said.ours"
	return $rc
}
# an upstream defect shows in Debian 12's util-linux, which is no part of a guest
peer() { [ -n "$UL" ] && "$UL" --version | grep -q ' 2[.]38[.]1$'; }
as_user() { $AS_USER sh -euc ". '$TMP/.env'; $1"; }
state() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status"; }
# until_is STATE PID, within five seconds
until_is() { n=0; until [ "$(state "$2")" = "$1" ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done; }
child_of() { n=0; until c=$(tr -d ' ' <"/proc/$1/task/$1/children") && [ "$c" ] && [ "$(cat "/proc/$c/comm")" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done; echo "$c"; }
ENV
at_end "find /sys/fs/cgroup -depth -type d -name 'nbtest-ns-$$*' -exec rmdir {} + 2>/dev/null"

test_ok 'names of namespaces: what was made is what is entered' '
	named "
		nestbox unshare --uts=uts --ipc=ipc --net=net --cgroup=cgroup --hostname named -- sh -c \"for n in uts ipc net cgroup; do readlink /proc/self/ns/\\\$n; done\" >made
		nestbox nsenter --uts=uts --ipc=ipc --net=net --cgroup=cgroup -- sh -c \"for n in uts ipc net cgroup; do readlink /proc/self/ns/\\\$n; done; hostname\" >entered
		echo named >>made
		diff made entered
		for n in uts ipc net cgroup; do grep -q \"^\$n:\" made; if grep -qxF \"\$(readlink /proc/self/ns/\$n)\" made; then exit 1; fi; done
	"
'
test_ok 'a pid namespace has a name once it has a process, which is there already when that runs' '
	named "
		nestbox unshare --pid=pid -f -- sh -c \"[ \\\$\\\$ = 1 ] && nestbox nsenter --pid=pid -- sh -c \\\"echo \\\\\\\$\\\\\\\$\\\"\" >inner
		[ \"\$(cat inner)\" -gt 1 ]
	"
'
# Linux 6.18 refuses the name of a mount namespace inside another one where the two were made on
# certain processors: a number that is to order them is counted on each processor apart
test_ok 'mount and user namespaces, which the process itself could not name' '
	named "
		n=0; until nestbox unshare --user=user --mount=mnt -r -- true 2>said || [ \$n = 400 ]; do n=\$((n + 1)); done
		[ \$n -lt 400 ]
		[ \"\$(nestbox nsenter --user=user --mount=mnt -- id -u)\" = 0 ]
		[ \"\$(nestbox nsenter --user=user --mount=mnt -- readlink /proc/self/ns/user)\" != \"\$(readlink /proc/self/ns/user)\" ]
	"
'
test_fails 1 'nope: bind the uts namespace: No such file' 'a name that is not there' '$AS_ROOT nestbox unshare --uts="$TMP/nope" -- touch "$TMP/ran"'
test_fails 1 'pid 1 of the new pid namespace' 'a name where its helper would be pid 1' 'touch "$TMP/uts"; $AS_ROOT nestbox unshare -p -- nestbox unshare --uts="$TMP/uts" -- touch "$TMP/ran"'
test_ok '... and the command did not run' '[ ! -e "$TMP/ran" ]'

test_ok 'a process as the target: all its namespaces' '
	$AS_ROOT nestbox unshare -m -u -i -n -C -p -f --kill-child --mount-proc -- sleep 30 & pid=$!
	n=0; until child=$(tr -d " " </proc/$pid/task/$pid/children) && [ "$(cat /proc/$child/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	for ns in mnt uts ipc net cgroup pid user; do readlink /proc/$child/ns/$ns; done >"$TMP/there"
	nestbox nsenter -t $child -a -- sh -c "for n in mnt uts ipc net cgroup pid user; do readlink /proc/self/ns/\$n; done" >"$TMP/inside"
	kill -9 $pid; wait $pid || :
	diff "$TMP/there" "$TMP/inside"
'
if test_need userns-user 'an ordinary user enters what is theirs'; then
	test_in=
	test_ok 'an ordinary user enters what is theirs, and --all does not fail for what is ours already' '
		$AS_USER nestbox unshare -r -u --hostname theirs -- sleep 30 & pid=$!
		n=0; until [ "$(cat /proc/$pid/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
		for n in user uts mnt; do readlink /proc/$pid/ns/$n; done >"$TMP/there"
		$AS_USER nestbox nsenter -t $pid -a -- sh -c "for n in user uts mnt; do readlink /proc/self/ns/\$n; done; hostname; id -u" >"$TMP/inside"
		$AS_USER nestbox nsenter -t $pid -U -u -- sh -c "hostname; id -u" >"$TMP/named"
		kill $pid; wait $pid || :
		printf "theirs\n0\n" | tee -a "$TMP/there" | diff - "$TMP/named"
		diff "$TMP/there" "$TMP/inside"
	'
	test_fails 1 'nestbox: nsenter: uts namespace: enter: Operation not permitted' 'not without its user namespace, and the hint says so' '
		$AS_USER nestbox unshare -r -u -- sleep 30 & pid=$!
		n=0; until [ "$(cat /proc/$pid/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
		rc=0; $AS_USER nestbox nsenter -t $pid -u -- touch "$TMP/ran" || rc=$?
		kill $pid; wait $pid || :
		[ ! -e "$TMP/ran" ]
		exit $rc
	'
	test_fails 1 'nestbox: nsenter: network namespace: open that of the process: Permission denied' 'nor what is root'\''s' '$AS_USER nestbox nsenter -t 1 -n true'
	test_in=$own
fi
test_ok 'exit status, and death by signal, are the command'\''s own' '
	named "
		nestbox unshare --pid=pid -f --kill-child -- sleep 60 & pid=\$!
		sleep 0.5
		rc=0; nestbox nsenter --pid=pid -- sh -c \"exit 7\" || rc=\$?; [ \$rc = 7 ]
		rc=0; nestbox nsenter --pid=pid -- sh -c \"kill -KILL \\\$\\\$\" || rc=\$?; [ \$rc = 137 ]
		kill -9 \$pid
		wait
	"
'
test_ok 'root and working directory' '
	"$TESTS/../scripts/rootfs" "$TMP/root"
	[ "$($AS_ROOT nestbox nsenter -r"$TMP/root" -- pwd)" = / ]
	[ "$($AS_ROOT nestbox nsenter --root="$TMP/root" -- ls -d /home/app)" = /home/app ]
	[ "$(nestbox nsenter -w/usr -- pwd)" = /usr ]
'
test_ok 'the environment of the target' '
	FROM_TARGET=yes sleep 30 & pid=$!
	until_is S $pid; until [ "$(cat /proc/$pid/comm)" = sleep ]; do sleep 0.05; done
	[ "$(nestbox nsenter -t $pid -e -- sh -c "echo \$FROM_TARGET")" = yes ]
	kill $pid
'

test_ok 'each namespace of a process, by itself' '
	start -m -u -i -n -C -p -f --kill-child
	[ "$(both -t $t -m readlink /proc/self/ns/mnt)" = "$(readlink /proc/$t/ns/mnt)" ]
	[ "$(both -t $t -u readlink /proc/self/ns/uts)" = "$(readlink /proc/$t/ns/uts)" ]
	[ "$(both --target $t --ipc readlink /proc/self/ns/ipc)" = "$(readlink /proc/$t/ns/ipc)" ]
	[ "$(both -t $t --net readlink /proc/self/ns/net)" = "$(readlink /proc/$t/ns/net)" ]
	[ "$(both -t$t -C readlink /proc/self/ns/cgroup)" = "$(readlink /proc/$t/ns/cgroup)" ]
	[ "$(both -t $t -p readlink /proc/self/ns/pid)" = "$(readlink /proc/$t/ns/pid)" ]
	[ "$(both -t $t -p -F readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(both -t $t -p --no-fork readlink /proc/self/ns/pid_for_children)" = "$(readlink /proc/$t/ns/pid)" ]
'
test_ok 'a file in place of the process, in each spelling' '
	start -u -n
	for o in -u/proc/$t/ns/uts --uts=/proc/$t/ns/uts; do [ "$(both $o readlink /proc/self/ns/uts)" = "$(readlink /proc/$t/ns/uts)" ]; done
	[ "$(nestbox nsenter -u=/proc/$t/ns/uts readlink /proc/self/ns/uts)" = "$(readlink /proc/$t/ns/uts)" ]
	both -n/proc/$t/ns/net --target $t --uts sh -c "readlink /proc/self/ns/net; readlink /proc/self/ns/uts" >"$TMP/two"
	{ readlink /proc/$t/ns/net; readlink /proc/$t/ns/uts; } | diff - "$TMP/two"
'
test_ok '--all, and a file that wins over it' '
	start -m -u -i -n -C -p -f --kill-child
	[ "$(both -a -t $t sh -c "for n in mnt uts ipc net cgroup pid user; do readlink /proc/self/ns/\$n; done")" = "$(all_of $t)" ]
	[ "$(both -a -t $t --uts=/proc/self/ns/uts readlink /proc/self/ns/uts)" = "$(readlink /proc/self/ns/uts)" ]
	[ "$(both -a -t $t -F readlink /proc/self/ns/net)" = "$(readlink /proc/$t/ns/net)" ]
	both -a -t $$ true
'
test_ok 'a process without a namespace: the command is run, also with --root alone' '
	both -t $$ true
	cd /usr; [ "$(both -t $$ -r pwd)" = /usr ]
'
# what no perl can tell is in the hint
test_ok 'PID:INODE is that process or none' '
	start -u
	rc=0; nestbox nsenter -t $t:1 -u readlink /proc/self/ns/uts 2>"$TMP/said" || rc=$?
	[ $rc = 1 ]
	inode=$(sed -n "s/.*that of inode \([0-9]*\) now/\1/p" "$TMP/said")
	if [ -n "$inode" ]; then
		grep -q "nestbox: nsenter: $t:1: the process that had this inode has ended: No such process" "$TMP/said"
		[ "$(nestbox nsenter -t $t:$inode -u readlink /proc/self/ns/uts)" = "$(readlink /proc/$t/ns/uts)" ]
	else
		grep -q "since Linux 6.9" "$TMP/said"
		nestbox nsenter -t $t -u true
	fi
'
for bad in 0 x 1: 1:x 1:0 :1 1:1:1 ''; do
	test_fails 1 'wants PID or PID:INODE' "a target that is none: \"$bad\"" "nestbox nsenter -t '$bad' -u true"
done
if test_need cmd:perl 'a namespace by its number'; then
	test_ok 'a namespace by its number' '
		start -u -n
		id=$(perl -e "open F, q(/proc/$t/ns/net); \$b = chr(0) x 8; ioctl(F, 0x8008b70d, \$b) and print unpack(q(Q), \$b)")
		if [ "$id" ]; then
			for o in -n:$id -n=:$id --net=:$id; do [ "$(nestbox nsenter $o readlink /proc/self/ns/net)" = "$(readlink /proc/$t/ns/net)" ]; done
			rc=0; nestbox nsenter -u:$id true 2>"$TMP/said" || rc=$?; [ $rc = 1 ]; grep -q "no uts namespace with this number" "$TMP/said"
		else
			rc=0; nestbox nsenter -n:1 true 2>"$TMP/said" || rc=$?; [ $rc = 1 ]; grep -q "hint: namespaces have numbers since Linux 6.18" "$TMP/said"
		fi
	'
fi
test_fails 1 'no uts namespace with this number is to be seen' 'a number that no namespace has' 'nestbox nsenter --uts=:9223372036854775807 true'
test_fails 1 'x: is no number of a namespace' 'a number that is none' 'nestbox nsenter --uts=:x true'

if test_need cmd:busybox 'the network namespace of a socket'; then
	cat >>"$TMP/.env" <<'ENV'
listen()
{
	nestbox unshare -n -- busybox nc -l -p 80 >/dev/null & t=$!
	trap 'kill -9 $t' EXIT
	n=0; until fd=$(ls -l /proc/$t/fd | sed -n 's/.* \([0-9]*\) -> socket:.*/\1/p') && [ "$fd" ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
}
ENV
	test_ok 'the network namespace of a socket' '
		listen
		[ "$(nestbox nsenter -t $t -N $fd readlink /proc/self/ns/net)" = "$(readlink /proc/$t/ns/net)" ]
		[ "$(nestbox nsenter -t $t --net-socket=$fd -u readlink /proc/self/ns/net)" = "$(readlink /proc/$t/ns/net)" ]
	'
	test_fails 1 'hint: is it a socket\?' '... not of another file' 'listen; nestbox nsenter -t $t -N 1 true'
	test_need root '... nor for who may not get at it' && test_fails 1 'hint: only who may trace the process' '... nor for who may not get at it' 'listen; as_user "nestbox nsenter -t $t -N $fd true"'
	test_fails 1 "get the process's file descriptor: Bad file" '... nor of one that is not open' 'listen; nestbox nsenter -t $t -N 99 true'
fi
test_fails 1 'net-socket: wants a file, or a process' 'a socket of nobody' 'nestbox nsenter -N 3 true'

test_ok 'the parent of the user namespace' '
	nestbox unshare -Ur -- sh -c "readlink /proc/self/ns/user >\"$TMP/outer\"; exec nestbox unshare -Ur -u -- sleep 60" & w=$!
	trap "kill -9 $w" EXIT
	until_is S $w; n=0; until [ "$(cat /proc/$w/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	[ "$(nestbox nsenter -t $w -U readlink /proc/self/ns/user)" = "$(readlink /proc/$w/ns/user)" ]
	[ "$(nestbox nsenter -t $w --user-parent readlink /proc/self/ns/user)" = "$(cat "$TMP/outer")" ]
	[ "$(nestbox nsenter -t $w -U --user-parent -u readlink /proc/self/ns/user)" = "$(cat "$TMP/outer")" ]
	[ "$(nestbox nsenter --user=/proc/$w/ns/user --user-parent readlink /proc/self/ns/user)" = "$(cat "$TMP/outer")" ]
	[ "$(nestbox nsenter --uts=/proc/$w/ns/uts --user-parent readlink /proc/self/ns/user)" = "$(readlink /proc/$w/ns/user)" ]
'
test_fails 1 'user-parent: wants a namespace, or a process' 'the parent of nothing' 'nestbox nsenter --user-parent true'

cat >>"$TMP/.env" <<'ENV'
# a process in a user namespace of its own, whose ids are 65536 from 100000 on
start_mapped()
{
	start -U "$@"
	echo '0 100000 65536' >/proc/$t/uid_map
	echo '0 100000 65536' >/proc/$t/gid_map
}
ids='id -u; id -g; grep ^Groups /proc/self/status'
ENV
test_need root 'ids inside' && test_ok 'ids inside' '
	start_mapped -u
	[ "$(both -t $t -U -u sh -c "$ids" | xargs)" = "0 0 Groups:" ]
	[ "$(both -t $t -U -S 5 -G 6 sh -c "$ids" | xargs)" = "5 6 Groups:" ]
	[ "$(both -t $t --user --setuid=5 --setgid 6 sh -c "id -u; id -g" | xargs)" = "5 6" ]
	[ "$(both -t $t -U --preserve-credentials sh -c "id -u; id -g" | xargs)" = "65534 65534" ]
	[ "$(both -t $t -u -G 7 -S 8 sh -c "$ids" | xargs)" = "8 7 Groups:" ]
'
test_need root '"follow": the ids of the process, as they are inside' && test_ok '"follow": the ids of the process, as they are inside' '
	start_mapped
	nestbox nsenter -t $t -U -S 7 -G 8 sleep 60 & s=$!
	trap "kill -9 $t $s" EXIT
	n=0; until [ "$(cat /proc/$s/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	[ "$(nestbox nsenter -t $s -U -S follow -G follow sh -c "$ids" | xargs)" = "7 8 Groups:" ]
	[ "$(nestbox nsenter -t $s -U --setuid follow sh -c "$ids" | xargs)" = "7 0 Groups:" ]
	[ "$(nestbox nsenter -t $s -S follow -G follow sh -c "$ids" | xargs)" = "100007 100008 Groups:" ]
'
test_need root '"follow" to an id that is not inside' && test_fails 1 'mapped in this user namespace' '"follow" to an id that is not inside' '
	nestbox unshare -Ur -- sleep 60 & w=$!; trap "kill -9 $w" EXIT
	nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- sleep 61 & s=$!; trap "kill -9 $w $s" EXIT
	n=0; until [ "$(cat /proc/$w/comm) $(cat /proc/$s/comm)" = "sleep sleep" ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	nestbox nsenter -t $s --user=/proc/$w/ns/user -S follow true
'
test_fails 1 'wants a number or follow' 'an id that is none' 'nestbox nsenter -t $$ -S root true'
test_fails 1 'follow: wants a file, or a process' 'nobody to follow' 'nestbox nsenter -u/proc/self/ns/uts -S follow true'
test_need root 'supplementary groups are dropped also where setgroups is denied' && test_ok 'supplementary groups are dropped also where setgroups is denied' '
	start -Ur
	[ "$(nestbox setpriv --groups 5,6 -- sh -c "grep ^Groups /proc/self/status" | xargs)" = "Groups: 5 6" ]
	for n in "nestbox nsenter" $UL; do
		[ "$(nestbox setpriv --groups 5,6 -- $n -U -t $t sh -c "grep ^Groups /proc/self/status" | xargs)" = Groups: ]
	done
'
# util-linux 2.41 to 2.43 ignores it without another namespace; 2.38 does not have it
test_ok '--keep-caps: capabilities of the user namespace for who is not root in it, also with --user alone' '
	start -U; echo "1000 0 1" >/proc/$t/uid_map
	caps="id -u; sed -n s/^CapEff:.//p /proc/self/status"
	[ "$(nestbox nsenter -t $t -U --preserve-credentials sh -c "$caps" | xargs)" = "1000 0000000000000000" ]
	nestbox nsenter -t $t -U --preserve-credentials --keep-caps sh -c "$caps" | xargs >"$TMP/kept"
	grep -qx "1000 0*[1-9a-f][0-9a-f]*" "$TMP/kept"
'
test_need root '... and over --setuid' && test_ok '... and over --setuid' '
	start_mapped
	caps="id -u; sed -n s/^CapEff:.//p /proc/self/status"
	[ "$(nestbox nsenter -t $t -U -S 9 sh -c "$caps" | xargs)" = "9 0000000000000000" ]
	nestbox nsenter -t $t -U -S 9 --keep-caps sh -c "$caps" | xargs >"$TMP/kept"
	grep -qx "9 0*[1-9a-f][0-9a-f]*" "$TMP/kept"
'

test_ok 'where the working directory is with a new root: never outside of it' '
	R=$TMP/root
	cd "$R/home"; [ "$(both --root="$R" /bin/pwd)" = /home ]
	cd /usr; [ "$(nestbox nsenter -r"$R" /bin/pwd)" = / ]
	[ "$(both -r"$R" -w"$R/home" /bin/pwd)" = /home ]
	[ "$(both -r"$R" --wdns=/home/app /bin/pwd)" = /home/app ]
	[ "$(nestbox nsenter -r="$R" -W=/home/app /bin/pwd)" = /home/app ]
'
test_ok 'root and directory of a process; a directory that only its mount namespace has' '
	start -m
	nestbox nsenter -t $t -m sh -c "mount -t tmpfs t \"$TMP/ns\" && mkdir \"$TMP/ns/inside\" && cd \"$TMP/ns/inside\" && exec sleep 60" & s=$!
	trap "kill -9 $t $s" EXIT
	n=0; until [ "$(cat /proc/$s/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	[ ! -e "$TMP/ns/inside" ]
	[ "$(both -t $t -m pwd)" = / ]
	[ "$(both -t $t -m --wdns="$TMP/ns/inside" /bin/pwd)" = "$TMP/ns/inside" ]
	[ "$(both -t $s -m -w /bin/pwd)" = "$TMP/ns/inside" ]
	[ "$(nestbox nsenter -t $s -m -W /bin/pwd)" = "$TMP/ns/inside" ]
	[ "$(both -t $s -m -r -w /bin/pwd)" = "$TMP/ns/inside" ]
	for o in -w --wd=; do rc=0; nestbox nsenter -t $t -m "$o$TMP/ns/inside" true 2>"$TMP/said" || rc=$?; [ $rc = 1 ]; grep -q "No such file" "$TMP/said"; done
'
test_fails 1 'exclude each other' '--wd and --wdns' 'nestbox nsenter -w/ -W/ true'

test_ok 'exit status: of the command, 126, 127' '
	start -p -f --kill-child
	for o in -p -pF; do set -- -t $t -p; [ $o = -p ] || set -- "$@" -F
		rc=0; both "$@" sh -c "exit 7" || rc=$?; [ $rc = 7 ]
		rc=0; both "$@" sh -c "kill -TERM \$\$" || rc=$?; [ $rc = 143 ]
		rc=0; both "$@" /no/such 2>/dev/null || rc=$?; [ $rc = 127 ]
		rc=0; both "$@" /etc 2>/dev/null || rc=$?; [ $rc = 126 ]
	done
'
test_ok 'a command that stops stops nsenter, by the same signal; SIGCONT continues both' '
	for n in "nestbox nsenter" $UL; do
		start -p -f --kill-child
		$n -t $t -p sleep 60 & s=$!; trap "kill -9 $w $s || :" EXIT
		c=$(child_of $s)
		until_is S $s; until_is S $c
		kill -STOP $c; until_is T $c; until_is T $s
		kill -CONT $s; until_is S $c; until_is S $s
		kill -KILL $c; rc=0; wait $s || rc=$?; [ $rc = 137 ]
		kill -9 $w
	done
'
if test_need cmd:bash 'the signal that stopped it is told to who waits'; then
	test_ok 'the signal that stopped it is told to who waits' '
		start -p -f --kill-child
		cat >"$TMP/jobs" <<-EOF
			set -m
			nestbox nsenter -t $t -p sleep 60 & s=\$!
			n=0; until c=\$(tr -d " " </proc/\$s/task/\$s/children) && [ "\$c" ] && [ "\$(cat /proc/\$c/comm)" = sleep ] || [ \$n = 100 ]; do n=\$((n + 1)); sleep 0.05; done
			kill -TTIN \$c; sleep 0.5; jobs -l
			kill -CONT %1; sleep 0.5; jobs -l
			kill -KILL \$c; wait \$s
		EOF
		bash "$TMP/jobs" >"$TMP/told" 2>"$TMP/said" || :
		sed -n 1p "$TMP/told" | grep -q "Stopped (tty input)"
		sed -n 2p "$TMP/told" | grep -q Running
	'
fi
test_ok 'SIGTERM and SIGINT to the waiting nsenter end the command, which stays behind with util-linux' '
	start -p -f --kill-child
	for sig in TERM INT; do
		# what a shell without job control starts in the background ignores SIGINT
		nestbox setpriv --reset-signals -- nestbox nsenter -t $t -p sleep 60 & s=$!
		c=$(child_of $s)
		kill -$sig $s
		rc=0; wait $s || rc=$?
		[ ! -e /proc/$c ]
		if [ $sig = TERM ]; then [ $rc = 143 ]; else [ $rc = 130 ]; fi
	done
	if peer; then
		"$UL" -t $t -p sleep 60 & s=$!
		c=$(child_of $s)
		kill -TERM $s; wait $s || :
		[ "$(cat /proc/$c/comm)" = sleep ]
		kill -KILL $c
	fi
'
test_ok 'a closed standard input stays closed, and is no namespace' '
	start -u -n -p -f --kill-child
	for o in -u "-u -n" "-a" "-r -w"; do
		nestbox nsenter -t $t $o sh -c "[ ! -e /proc/self/fd/0 ]; readlink /proc/self/ns/uts" <&- >"$TMP/uts"
		if [ "$o" = "-r -w" ]; then readlink /proc/self/ns/uts; else readlink /proc/$t/ns/uts; fi | diff - "$TMP/uts"
	done
'

if test_need root '--join-cgroup' && test_need cgroup '--join-cgroup'; then
	cat >>"$TMP/.env" <<'ENV'
# a process in groups of its own in each hierarchy that has controllers, and its lines of /proc/PID/cgroup
start_grouped()
{
	# the last one's may still be going
	G=$G-$$
	trap 'kill -9 $w || :' EXIT
	nestbox cgexec --create --rm -g "*:$G" -- nestbox unshare -p -f -C -u --kill-child -- sleep 60 & w=$!
	n=0; until t=$(tr -d ' ' </proc/$w/task/$w/children) && [ "$t" ] && [ "$(cat /proc/$t/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	grep -q ":/.*$G\$" /proc/$t/cgroup
	not grep -q "$G" /proc/self/cgroup
}
ENV
	test_ok '--join-cgroup: the groups of each hierarchy, with a fork and without' '
		start_grouped
		for o in "" "-u" "-p" "-p -F" "-u -p"; do
			nestbox nsenter -t $t -c $o cat /proc/self/cgroup | diff /proc/$t/cgroup -
		done
		NESTBOX_REEXEC=1 nestbox nsenter -t $t --join-cgroup -p -- nestbox unshare -i -- cat /proc/self/cgroup | diff /proc/$t/cgroup -
		nestbox nsenter -t $t -p cat /proc/self/cgroup >"$TMP/without"; not grep -q "$G" "$TMP/without"
	'
	test_ok '... also those whose namespace is entered with them' '
		start_grouped
		nestbox nsenter -t $t -a cat /proc/self/cgroup >"$TMP/without"; grep -q ":/[.][.]" "$TMP/without"
		for o in "-C" "-a" "-a -F"; do
			nestbox nsenter -t $t -c $o cat /proc/self/cgroup >"$TMP/with"
			not grep -q ":/[.][.]" "$TMP/with"
			grep -q ":/\$" "$TMP/with"
		done
	'
	# util-linux closes standard input and leaves a writable cgroup.procs open
	test_ok '... and standard input and the other files are as they were' '
		start_grouped
		for o in "-c" "-c -p"; do
			[ "$(echo hello | nestbox nsenter -t $t $o cat)" = hello ]
			# the folder that ls itself reads may be gone for it
			nestbox nsenter -t $t $o ls -l /proc/self/fd >"$TMP/fds" || :
			grep -q " 0 -> " "$TMP/fds"
			not grep -E "cgroup|tasks" "$TMP/fds"
		done
	'
	test_ok '... and the nsenter that waits is not in them' '
		start_grouped
		nestbox nsenter -t $t -c -p sleep 60 & s=$!
		c=$(child_of $s)
		grep -q "$G" /proc/$c/cgroup
		not grep -q "$G" /proc/$s/cgroup
		kill -TERM $s; wait $s || :
	'
	test_fails 1 'is not to be seen here' '... not where a group is out of sight' '
		start_grouped
		nestbox nsenter -t $t -c -u true
		nestbox unshare -m -- sh -c "umount -l /sys/fs/cgroup; [ ! -e /sys/fs/cgroup/cgroup.procs ]; exec nestbox nsenter -t $t -c true"
	'
	test_fails 1 'named groups already' '... nor where cgexec has named others' '
		start_grouped
		nestbox cgexec --create --rm --child x -g "*:$G-one" -- nestbox nsenter -t $t -p true
		nestbox cgexec --create --rm --child x -g "*:$G-two" -- nestbox nsenter -t $t -c -p true
	'
fi
test_fails 1 'join-cgroup: wants a file, or a process' 'the groups of nobody' 'nestbox nsenter -c true'

test_ok 'a chain goes on inside, re-executed or not' '
	start -m -u -n -p -f --kill-child
	for again in 0 1; do
		NESTBOX_REEXEC=$again nestbox unshare -i -- nestbox nsenter -t $t -a -r -w -- nestbox unshare -u -- sh -c "readlink /proc/self/ns/net; readlink /proc/self/ns/pid; env | grep NESTBOX || echo none" >"$TMP/in$again"
	done
	diff "$TMP/in0" "$TMP/in1"
	{ readlink /proc/$t/ns/net; readlink /proc/$t/ns/pid; echo none; } | diff - "$TMP/in0"
'
test_ok 'what the environment of a target says of the chain is not believed' '
	NESTBOX_CHAIN="1 1" FROM_TARGET=yes sleep 30 & p=$!; trap "kill $p" EXIT
	n=0; until [ "$(cat /proc/$p/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	PATH=$PATH nestbox nsenter -t $p -e -- sh -c "echo \$FROM_TARGET; env | grep NESTBOX_CHAIN || echo none" >"$TMP/env"
	[ "$(xargs <"$TMP/env")" = "yes none" ]
'
if test_need cmd:strace 'a child among strangers cannot be looked into'; then
	test_ok 'a child among strangers cannot be looked into before the command runs' '
		start -p -f --kill-child
		strace -f -e trace=prctl,setns,fork,clone,clone3,execve -o "$TMP/trace" nestbox nsenter -t $t -p true
		sed "s/^[0-9]* *//; s/(.*DUMPABLE, \(SUID_DUMP_DISABLE\|0\).*/ DUMPABLE 0/; s/(.*//" "$TMP/trace" | grep -A 2 -m 1 -x "prctl DUMPABLE 0" | xargs >"$TMP/order"
		grep -Eqx "prctl DUMPABLE 0 setns (fork|clone|clone3)" "$TMP/order"
	'
fi

if test_need cmd:strace 'a kernel that takes no pidfd for a namespace'; then
	test_need root 'a kernel that takes no pidfd for a namespace, as before Linux 5.8' && test_ok 'a kernel that takes no pidfd for a namespace, as before Linux 5.8' '
		start -u -n -p -f --kill-child
		strace -e trace=setns -e inject=setns:error=EINVAL:when=1..2 -o "$TMP/trace" nestbox nsenter -a -t $t sh -c "for n in mnt uts ipc net cgroup pid user; do readlink /proc/self/ns/\$n; done" >"$TMP/entered"
		all_of $t | diff - "$TMP/entered"
		[ "$(grep -c "setns.*INJECTED" "$TMP/trace")" = 2 ]
		strace -e trace=setns -o "$TMP/trace" nestbox nsenter -a -t $t true
		[ "$(grep -c setns "$TMP/trace")" = 1 ]
	'
fi
test_ok 'a process that only the own pid namespace knows' '
	nestbox unshare -p -f -- sh -c "[ \$\$ = 1 ]; exec nestbox nsenter -t 1 -u true"
'

test_in=
test_ok 'an ordinary user enters his own container' '
	as_user "
		start -Ur -u -m
		[ \"\$(nestbox nsenter -t \$t -U -u sh -c \"id -u; readlink /proc/self/ns/uts\" | xargs)\" = \"0 \$(readlink /proc/\$t/ns/uts)\" ]
		[ \"\$(both -t \$t -U -u -m --preserve-credentials sh -c \"id -u; readlink /proc/self/ns/uts\" | xargs)\" = \"0 \$(readlink /proc/\$t/ns/uts)\" ]
		[ \"\$(nestbox nsenter -t \$t -a readlink /proc/self/ns/mnt)\" = \"\$(readlink /proc/\$t/ns/mnt)\" ]
		[ \"\$(nestbox nsenter --user=/proc/\$t/ns/user --uts=/proc/\$t/ns/uts readlink /proc/self/ns/uts)\" = \"\$(readlink /proc/\$t/ns/uts)\" ]
		if peer; then not \"\$UL\" -t \$t -a --preserve-credentials true; fi
	"
'
test_ok '... with a pid namespace, groups as they are' '
	as_user "
		start -Ur -p -f --kill-child
		[ \"\$(nestbox nsenter -t \$t -a -c readlink /proc/self/ns/pid)\" = \"\$(readlink /proc/\$t/ns/pid)\" ]
		[ \"\$(NESTBOX_REEXEC=1 nestbox nsenter -t \$t -U -p -- nestbox unshare -u -- readlink /proc/self/ns/pid)\" = \"\$(readlink /proc/\$t/ns/pid)\" ]
	"
'
test_fails 1 'uts namespace: enter: Operation not permitted' 'who is refused is told which namespace it was' 'as_user "start -Ur -u; nestbox nsenter -t \$t -u true"'
test_need root '... whose user namespace it was' && test_fails 1 'user namespace: enter: Operation not permitted' '... whose user namespace it was' '
	start -U
	nestbox nsenter --user=/proc/self/fd/9 --preserve-credentials true 9</proc/$t/ns/user
	nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- nestbox nsenter --user=/proc/self/fd/9 true 9</proc/$t/ns/user
'
test_fails 1 'hint: another user namespace owns it' '... and why: its user namespace' 'as_user "start -Ur -u; nestbox nsenter -t \$t -u true"'
test_fails 1 'hint: this needs CAP_SYS_ADMIN$' '... a capability' 'as_user "nestbox nsenter --uts=/proc/self/ns/uts true"'
test_need root '... a process of another user'\''s' && test_fails 1 'uts namespace: open that of the process: Permission denied' '... a process of another user'\''s' 'start -u; as_user "nestbox nsenter -t $t -u true"'
test_need root '... and what it takes' && test_fails 1 'hint: to look at a process.* CAP_SYS_PTRACE' '... and what it takes' 'start -u; as_user "nestbox nsenter -t $t -r true"'
test_fails 1 'hint: this needs CAP_SYS_CHROOT' '... for another root' 'as_user "nestbox nsenter -t \$\$ -w true; nestbox nsenter -t \$\$ -r true"'
test_in=$own
test_fails 1 'hint: .*belongs to a user namespace above ours' '... one of above' 'nestbox unshare -Ur -- nestbox nsenter --uts=/proc/self/ns/uts true'
test_fails 1 'fork: (Cannot allocate|Out of) memory' 'a pid namespace whose first process has ended' '
	named "
		nestbox unshare --pid=pid -f -- true
		nestbox nsenter --pid=pid true
	"
'
test_fails 1 'hint: the pid namespace .* has lost its first process' '... is told of' 'named "nestbox unshare --pid=pid -f -- true; nestbox nsenter --pid=pid true"'
test_need root 'a pid namespace from above' && test_fails 1 'is it a pid namespace, and ours or one below it' 'a pid namespace from above' 'nestbox unshare -p -f -- nestbox nsenter --pid=/proc/self/ns/pid true; nestbox unshare -p -f -- nestbox nsenter --pid=/proc/$$/ns/pid true'
test_fails 1 'hides the processes|shows another pid namespace' 'a /proc that counts otherwise is not asked for a process' 'nestbox unshare -p -f -- nestbox nsenter -t 1 -r true'
for o in -u -a -r -c '-S follow'; do
	test_fails 1 'the process has ended: No such process' "a process that has ended, and whose parent has not asked for it: $o" "
		sh -c 'true & exec sleep 60' & w=\$!; trap 'kill -9 \$w || :' EXIT
		n=0; until z=\$(tr -d ' ' </proc/\$w/task/\$w/children) && [ \"\$z\" ] && [ \"\$(state \$z)\" = Z ]; do n=\$((n + 1)); [ \$n -lt 100 ]; sleep 0.05; done
		nestbox nsenter -t \$w $o true
		nestbox nsenter -t \$z $o true
	"
done
test_fails 1 'SELinux support is not built in' '--follow-context' 'nestbox nsenter -t $$ -Z true'
test_fails 1 'nestbox: nsenter: no namespace is named' 'nothing to enter' 'nestbox nsenter true'
test_fails 1 'wants a file, or a process' 'a namespace without a file or a target' 'nestbox nsenter -n true'
test_fails 1 'no such process' 'a target that is gone' 'nestbox nsenter -t 4194303 -n true'
test_fails 1 'is it a network namespace' 'a file that is none' 'touch "$TMP/plain"; nestbox nsenter --net="$TMP/plain" true'
test_fails 127 'not found in PATH' 'a command that is not there' 'nestbox nsenter -w/ -- no-such-command'
done_testing
