#!/bin/sh
# cgexec: calls that use the same group at the same time, and who takes it away
. "${0%/*}/lib.sh"
. "${0%/*}/groups.sh"
need cgroup groups

cat >>"$TMP/.env" <<'EOF'
once() { nestbox cgexec --create --rm -g pids:$1 --pids 50 true || echo failed >>$TMP/failed; }
below() { nestbox cgexec --create --rm --child in -g pids:$1 --pids 50 -- $AS_ROOT nestbox unshare -p -f true || echo failed >>$TMP/failed; }
# do $1 for the path $2 $3 times, one after the other and then all at the same time
many()
{
	n=0; while [ $n -lt "$3" ]; do $1 $2; n=$((n + 1)); done
	while [ $n -gt 0 ]; do $1 $2 & n=$((n - 1)); done
	wait
	[ ! -e $TMP/failed ]
}
EOF
times=${TEST_BRIEF:+20}
echo "times=${times:-50}" >>"$TMP/.env"
test_ok 'calls on the same path do not take each other'\''s group away, in a row and in parallel' 'many once $G $times; nothing_left'
test_ok 'nor with --child' 'many below $G $times; nothing_left'
test_ok '200 groups, made and removed in parallel' '
	n=0
	while [ $n -lt 200 ]; do
		once $G/$n &
		n=$((n + 1))
		[ $((n % 25)) != 0 ] || wait
	done
	wait
	[ ! -e $TMP/failed ]
	nothing_left
'
test_ok 'the one who made a group takes it away after the last who uses it' '
	mkfifo $TMP/go
	nestbox cgexec --create --rm -g pids:$G true
	nothing_left
	nestbox cgexec --create --rm -g pids:$G sh -c ": >$TMP/one; sleep 0.5" & a=$!
	soon test -e $TMP/one
	# stays outside, but its watcher says that the group is in use
	nestbox cgexec --create --rm --no-join -g pids:$G sh -c ": >$TMP/two; read _ <$TMP/go" & b=$!
	soon test -e $TMP/two
	wait $a
	sleep 1
	[ -d $(hier pids)/$G ]
	echo >$TMP/go
	wait $b
	nothing_left
'
test_ok 'nor is one taken away that is below another call'\''s, before anybody is in it' '
	c=pids; ! is_v2 pids || c=unified
	mkfifo $TMP/on
	nestbox cgexec --create --rm -g $c:$G sh -c ": >$TMP/above; read _ <$TMP/go" & a=$!
	soon test -e $TMP/above
	nestbox cgexec --create --rm --no-join -g $c:$G/x/y sh -c ": >$TMP/below; read _ <$TMP/on" & b=$!
	soon test -e $TMP/below
	echo >$TMP/go
	wait $a
	# now nobody is in any of them
	sleep 1
	nestbox cgexec -g $c:$G/x/y grep ":/$G/x/y\$" /proc/self/cgroup
	echo >$TMP/on
	wait $b
	nothing_left
'
test_ok '... whoever makes it when' '
	c=pids; ! is_v2 pids || c=unified
	n=0
	while [ $n -lt $times ]; do
		nestbox cgexec --create --rm -g $c:$G true || echo failed >>$TMP/failed &
		nestbox cgexec --create --rm -g $c:$G/a/b true || echo failed >>$TMP/failed &
		nestbox cgexec --create --rm -g $c:$G/a true || echo failed >>$TMP/failed &
		[ $((n % 5)) != 0 ] || wait
		n=$((n + 1))
	done
	wait
	[ ! -e $TMP/failed ]
	nothing_left
'
test_ok 'one that was a parent of the first call'\''s goes with the second, which was in it' '
	c=pids; ! is_v2 pids || c=unified
	nestbox cgexec --create --rm -g $c:$G/k/sub sh -c ": >$TMP/in-sub; read _ <$TMP/go" & a=$!
	soon test -e $TMP/in-sub
	nestbox cgexec --create --rm --kill -g $c:$G/k sh -c "(sleep 2 >/dev/null 2>&1 </dev/null; : >$TMP/alive) & : >$TMP/in-k; read _ <$TMP/on" & b=$!
	soon test -e $TMP/in-k
	echo >$TMP/go
	wait $a
	echo >$TMP/on
	wait $b
	nothing_left
	# the second has not made it, and so kills nothing in it
	[ -e $TMP/alive ]
'
test_ok 'a group of --child goes, also where the one above was there' '
	c=pids; ! is_v2 pids || c=unified
	nestbox cgexec --create -g $c:$G
	nestbox cgexec --create --rm --child in -g $c:$G -- $AS_ROOT nestbox unshare -p -f grep ":/$G/in\$" /proc/self/cgroup
	gone() { [ ! -e $(hier $c)/$G/in ]; }
	soon gone
	remove_all
'
test_ok '--child in a group that was there, in a row and in parallel' '
	c=pids; ! is_v2 pids || c=unified
	nestbox cgexec --create -g $c:$G
	many below $G $times
	gone() { [ ! -e $(hier $c)/$G/in ]; }
	soon gone
	remove_all
'
test_ok 'a lock of a stranger'\''s keeps nobody for ever' '
	[ "$(command -v flock)" ] || exit 0
	nestbox cgexec --create --rm -g pids:$G sh -c ": >$TMP/three; sleep 1" & a=$!
	soon test -e $TMP/three
	flock $(hier pids)/$G sh -c "echo \$\$ >$TMP/locks; exec sleep 300" >/dev/null 2>&1 </dev/null & l=$!
	soon test -s $TMP/locks
	nestbox cgexec --create --rm -g pids:$G true
	wait $a
	nothing_left || left=1
	kill -0 $l
	kill $l $(cat $TMP/locks)
	[ -z "${left-}" ]
'
test_ok 'a group above goes, too, where another call'\''s vain try to remove it comes in between' '
	[ "$(command -v flock)" ] || exit 0
	nestbox cgexec --create --rm -g pids:$G/above/x sh -c ": >$TMP/four; read _ <$TMP/go" & a=$!
	soon test -e $TMP/four
	flock $(hier pids)/$G/above sh -c ": >$TMP/tries; exec sleep 0.2" >/dev/null 2>&1 </dev/null & l=$!
	soon test -e $TMP/tries
	echo >$TMP/go
	wait $a
	wait $l
	nothing_left
'
test_ok 'nothing is left of any test' 'nothing_left'
done_testing
