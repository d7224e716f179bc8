#!/bin/sh
# nsenter, and the names that unshare gives to namespaces.
. "${0%/*}/lib.sh"
need root

mkdir "$TMP/ns"
nestbox unshare -m -- true || exit 1
cat >"$TMP/.env" <<'ENV'
# a private place for names, in a mount namespace of the snippet's own
named() { nestbox unshare -m -- sh -euc 'mount -t tmpfs ns "$TMP/ns"; mount --make-private "$TMP/ns"; cd "$TMP/ns"; touch uts ipc net pid user cgroup mnt; eval "$1"' sh "$1"; }
ENV

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
		n=0; until nestbox unshare --user=user --mount=mnt -r -- true 2>said || [ \$n = 50 ]; do n=\$((n + 1)); done
		[ \$n -lt 50 ]
		[ \"\$(nestbox nsenter --user=user --mount=mnt -- id -u)\" = 0 ]
		[ \"\$(nestbox nsenter --user=user --mount=mnt -- readlink /proc/self/ns/user)\" != \"\$(readlink /proc/self/ns/user)\" ]
	"
'
test_fails 1 'nope: bind the uts namespace: No such file' 'a name that is not there' 'nestbox unshare --uts="$TMP/nope" -- touch "$TMP/ran"'
test_fails 1 'pid 1 of the new pid namespace' 'a name where its helper would be pid 1' 'touch "$TMP/uts"; nestbox unshare -p -- nestbox unshare --uts="$TMP/uts" -- touch "$TMP/ran"'
test_ok '... and the command did not run' '[ ! -e "$TMP/ran" ]'

test_ok 'a process as the target: all its namespaces' '
	nestbox unshare -m -u -i -n -C -p -f --kill-child --mount-proc -- sleep 30 & pid=$!
	n=0; until child=$(tr -d " " </proc/$pid/task/$pid/children) && [ "$(cat /proc/$child/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	for ns in mnt uts ipc net cgroup pid; do readlink /proc/$child/ns/$ns; done >"$TMP/there"
	nestbox nsenter -t $child -a -- sh -c "for n in mnt uts ipc net cgroup pid; do readlink /proc/self/ns/\$n; done" >"$TMP/inside"
	kill -9 $pid; wait $pid || :
	diff "$TMP/there" "$TMP/inside"
'
test_ok 'exit status, and death by signal, are the command'\''s own' '
	named "
		nestbox unshare --pid=pid -f -- sleep 5 & sleep 0.5
		rc=0; nestbox nsenter --pid=pid -- sh -c \"exit 7\" || rc=\$?; [ \$rc = 7 ]
		rc=0; nestbox nsenter --pid=pid -- sh -c \"kill -KILL \\\$\\\$\" || rc=\$?; [ \$rc = 137 ]
		wait
	"
'
test_ok 'root and working directory' '
	"$TESTS/../scripts/rootfs" "$TMP/root"
	[ "$(nestbox nsenter -r"$TMP/root" -- pwd)" = / ]
	[ "$(nestbox nsenter --root="$TMP/root" -- ls -d /home/app)" = /home/app ]
	[ "$(nestbox nsenter -w/usr -- pwd)" = /usr ]
'
test_ok 'the environment of the target' '
	FROM_TARGET=yes sleep 30 & pid=$!
	sleep 0.2
	[ "$(nestbox nsenter -t $pid -e -- sh -c "echo \$FROM_TARGET")" = yes ]
	kill $pid
'
test_fails 1 'nestbox: nsenter: no namespace is named' 'nothing to enter' 'nestbox nsenter true'
test_fails 1 'wants a file, or a process' 'a namespace without a file or a target' 'nestbox nsenter -n true'
test_fails 1 'no such process' 'a target that is gone' 'nestbox nsenter -t 4194303 -n true'
test_fails 1 'is it a network namespace' 'a file that is none' 'touch "$TMP/plain"; nestbox nsenter --net="$TMP/plain" true'
test_fails 127 'not found in PATH' 'a command that is not there' 'nestbox nsenter -w/ -- no-such-command'
done_testing
