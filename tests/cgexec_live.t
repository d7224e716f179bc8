#!/bin/sh
# cgexec and cgclassify on groups in use: read, moved into, frozen, killed, given away
. "${0%/*}/lib.sh"
. "${0%/*}/groups.sh"
need cgroup

# what does not depend on the machine
test_fails 125 'excludes --thaw' '--freeze and --thaw exclude each other' 'nestbox cgexec -g pids:$G --freeze --thaw'
for o in --get=x --move=1 --freeze --thaw --wait-oom; do
	test_fails 125 "${o%=*}: is for a group in use" "${o%=*} wants no command" "nestbox cgexec --create --rm -g pids:\$G $o true"
done
test_fails 125 '--kill: with a command' '--kill with a command wants --rm' 'nestbox cgexec --create -g pids:$G --kill true'
for pid in 0 -1 x 1x '""' 99999999999; do
	test_fails 125 'is no process id' "--move $pid" "nestbox cgexec -g pids:\$G --move=$pid"
	test_fails 125 'is no process id' "cgclassify $pid" "nestbox cgclassify -g pids:/ -- $pid"
done
for name in '""' . .. ../memory.max a/b; do
	test_fails 125 '--get wants a file' "--get $name" "nestbox cgexec -g pids:\$G --get $name"
done
test_fails 125 'cgexec: .*nosuchuser' '--delegate to nobody' 'nestbox cgexec --create --rm -g pids:$G --delegate nosuchuser'
test_fails 125 'cgexec: .*-1' '--delegate to -1' 'nestbox cgexec --create --rm -g pids:$G --delegate=-1'
test_fails 125 'cgclassify: -g: no group' 'cgclassify wants a group' 'nestbox cgclassify 1'
test_fails 125 'cgclassify: no process' 'cgclassify wants a process' 'nestbox cgclassify -g pids:$G'
test_fails 125 'no such group' 'cgclassify makes none' 'nestbox cgclassify -g pids:$G $$'
test_fails 125 'hint: nestbox cgexec --create -g pids:.*nbtest-[0-9]* makes it$' '... and says who does' 'nestbox cgclassify -g pids:$G $$'
test_fails 125 'itself is in the group.*--kill' '--kill of the top group, and so of itself, is refused' 'nestbox cgexec -g pids:@ --kill'
test_fails 125 'itself is in the group.*--freeze' 'and so is --freeze' 'nestbox cgexec -g pids:@ --freeze'
test_fails 125 'change owner: Operation not permitted' 'an ordinary user gives nothing of root away' '$AS_USER nestbox cgexec -g pids:/ --delegate 12345'
test_ok 'nothing is left of what failed' 'nothing_left'

if ! test_need groups 'groups that may be made'; then
	done_testing
	exit
fi

# --get
test_ok '--get prints a name and the kernel'\''s own text, further lines behind a tab' '
	nestbox cgexec --create -g pids:$G --pids 33
	nestbox cgexec -g pids:$G --get pids.max --get pids.events >$TMP/said
	h=$(hier pids)/$G
	{ printf "pids.max: 33\npids.events: "; sed "2,\$s/^/\t/" $h/pids.events; } >$TMP/want
	diff $TMP/want $TMP/said
	remove_all
'
test_ok '--get, made and limited in the same call' '
	[ "$(nestbox cgexec --create --rm -g pids:$G --pids 7 --get pids.max)" = "pids.max: 7" ]
	nothing_left
'
test_fails 125 'pids.nosuch: none of the groups has such a file' '--get of a file that is none' 'nestbox cgexec --create --rm -g pids:$G --get pids.nosuch'
test_fails 125 'nosuch.max: needs the nosuch controller' '--get of another controller'\''s' 'nestbox cgexec --create --rm -g pids:$G --get nosuch.max'
if test_has v1:memory || test_has v2:memory; then
	test_ok '--get memory: either version'\''s names' '
		nestbox cgexec --create -g memory:$G -m 64M --memory-swap 96M
		get() { nestbox cgexec -g memory:$G --get "$1"; }
		[ "$(get memory.max)" = "memory.max: 67108864" ]
		[ "$(get memory.limit_in_bytes)" = "memory.limit_in_bytes: 67108864" ]
		if [ -e $(hier memory)/$G/memory.memsw.limit_in_bytes ] || [ -e $(hier memory)/$G/memory.swap.max ]; then
			[ "$(get memory.swap.max)" = "memory.swap.max: 33554432" ]
			[ "$(get memory.memsw.limit_in_bytes)" = "memory.memsw.limit_in_bytes: 100663296" ]
		fi
		for n in memory.current memory.usage_in_bytes memory.peak memory.max_usage_in_bytes memory.failcnt; do
			get $n | grep -qx "$n: [0-9]*"
		done
		get memory.events | grep -qx "	oom_kill 0"
		get memory.oom_control | grep -qx "	oom_kill 0"
		nestbox cgexec -g memory:$G --memory-swap -1 -m -1 2>/dev/null || nestbox cgexec -g memory:$G --set memory.memsw.limit_in_bytes=-1 --set memory.max=max
		[ "$(get memory.max)" = "memory.max: max" ]
		[ "$(get memory.limit_in_bytes)" = "memory.limit_in_bytes: 9223372036854771712" ]
		remove_all
	'
fi
if test_has v1:cpu || test_has v2:cpu; then
	test_ok '--get cpu: either version'\''s names' '
		nestbox cgexec --create -g cpu:$G --set "cpu.max=50000 200000" --set cpu.shares=512
		get() { nestbox cgexec -g cpu:$G --get "$1"; }
		[ "$(get cpu.max)" = "cpu.max: 50000 200000" ]
		[ "$(get cpu.cfs_quota_us)" = "cpu.cfs_quota_us: 50000" ]
		[ "$(get cpu.cfs_period_us)" = "cpu.cfs_period_us: 200000" ]
		[ "$(get cpu.weight)" = "cpu.weight: 59" ]
		get cpu.shares | grep -qxE "cpu.shares: (512|521)"
		nestbox cgexec -g cpu:$G --set cpu.max=max
		[ "$(get cpu.max)" = "cpu.max: max 200000" ]
		[ "$(get cpu.cfs_quota_us)" = "cpu.cfs_quota_us: -1" ]
		remove_all
	'
fi
if test_need cgroup2 '--get: CPU time of v2 in v1'\''s words'; then
	test_ok '--get: CPU time of v2 in v1'\''s words' '
		nestbox cgexec --create -g :$G sh -c "i=0; while [ \$i -lt 20000 ]; do i=\$((i + 1)); done"
		u=$(sed -n "s/^usage_usec //p" $(hier unified)/$G/cpu.stat)
		[ "$u" -gt 0 ]
		[ "$(nestbox cgexec -g :$G --get cpuacct.usage)" = "cpuacct.usage: ${u}000" ]
		remove_all
	'
fi

# cgclassify, --move
cat >>"$TMP/.env" <<'EOF'
# start a sleeper that is not in our group; its id in $p
sleeper() { sleep 300 & p=$!; at_ends="$p ${at_ends-}"; trap 'kill -9 $at_ends 2>/dev/null || :' EXIT; }
in_group() { grep "pids[^:]*:/$G\$" /proc/$1/cgroup >/dev/null || { is_v2 pids && grep "^0::/$G\$" /proc/$1/cgroup >/dev/null; }; }
EOF
test_ok 'cgclassify moves each of several processes, and --move does' '
	nestbox cgexec --create -g pids:$G
	sleeper; a=$p; sleeper; b=$p; sleeper; c=$p
	not in_group $a
	nestbox cgclassify --sticky -g pids:$G $a $b
	in_group $a
	in_group $b
	not in_group $c
	nestbox cgexec -g pids:$G --move $c
	in_group $c
	kill $a $b $c
	wait || :
	remove_all
'
test_ok 'cgclassify takes libcgroup'\''s options, also behind the process' '
	nestbox cgexec --create -g pids:$G
	sleeper
	nestbox cgclassify -s --cancel-sticky -b $p -g pids:$G
	in_group $p
	kill $p
	wait || :
	remove_all
'
if test_need cmd:python3 'cgclassify takes all threads'; then
	test_ok 'cgclassify takes all threads, and so it does by the number of one of them' '
		nestbox cgexec --create -g pids:$G
		python3 -c "import threading, time; [threading.Thread(target=time.sleep, args=(60,)).start() for i in range(3)]" & p=$!
		four() { [ "$(ls /proc/$p/task | wc -l)" = 4 ]; }
		soon four
		nestbox cgclassify -g pids:$G "$(ls /proc/$p/task | tail -n 1)"
		[ "$(cat /proc/$p/task/*/cgroup | grep -c "^[1-9].*:/$G\$")" = 4 ] || [ "$(cat /proc/$p/task/*/cgroup | grep -c "^0::/$G\$")" = 4 ]
		kill -9 $p
		wait || :
		remove_all
	'
fi
test_fails 125 'No such process' 'cgclassify of no process says so, after the others were moved' '
	nestbox cgexec --create -g pids:$G
	sleeper
	rc=0; nestbox cgclassify -g pids:$G 4194304 x -1 $p || rc=$?
	in_group $p
	kill $p
	wait || :
	remove_all
	exit $rc'
if test_need root 'cgclassify of a kernel thread'; then
	# pid 2 is kthreadd, in the first pid namespace
	if grep -qx 'Name:	kthreadd' /proc/2/status 2>/dev/null; then
		test_fails 125 'hint: kernel threads stay' 'cgclassify of a kernel thread' '
			nestbox cgexec --create -g pids:$G
			rc=0; nestbox cgclassify -g pids:$G 2 || rc=$?
			remove_all
			exit $rc'
	fi
fi

# --freeze, --thaw
test_ok '--freeze stops what is in the group, --thaw lets it go on' '
	[ "$(hier unified)" ] || exit 0
	nestbox cgexec --create -g :$G
	nestbox cgexec -g :$G -- sh -c "while :; do echo >>$TMP/ticks; sleep 0.02; done" & p=$!
	soon test -s $TMP/ticks
	nestbox cgexec -g :$G --freeze
	grep -qx "frozen 1" $(hier unified)/$G/cgroup.events
	a=$(wc -l <$TMP/ticks); sleep 0.3; [ "$(wc -l <$TMP/ticks)" = "$a" ]
	[ "$(nestbox cgexec -g :$G --get freezer.state)" = "freezer.state: FROZEN" ]
	nestbox cgexec -g :$G --thaw
	grep -qx "frozen 0" $(hier unified)/$G/cgroup.events
	more() { [ "$(wc -l <$TMP/ticks)" -gt "$a" ]; }
	soon more
	nestbox cgexec -g :$G --kill
	wait $p || :
	rm $TMP/ticks
	remove_all
'
test_ok '--freeze of an empty group, and of one with a frozen one above' '
	[ "$(hier unified)" ] || exit 0
	nestbox cgexec --create -g :$G/in
	nestbox cgexec -g :$G --freeze
	nestbox cgexec -g :$G/in --freeze
	rc=0; nestbox cgexec -g :$G/in --thaw 2>$TMP/said || rc=$?
	[ $rc = 125 ]
	grep "a group above is frozen" $TMP/said
	nestbox cgexec -g :$G --thaw
	nestbox cgexec -g :$G/in --thaw
	remove_all
'
if test_need v1:freezer '--freeze on v1'; then
	test_ok 'v1: --freeze and --thaw write freezer.state, whatever forks meanwhile' '
		nestbox cgexec --create -g freezer:$G
		nestbox cgexec -g freezer:$G -- sh -c "while :; do (true); echo >>$TMP/ticks; done" & p=$!
		soon test -s $TMP/ticks
		nestbox cgexec -g freezer:$G --freeze
		[ "$(cat $(hier freezer)/$G/freezer.state)" = FROZEN ]
		[ "$(nestbox cgexec -g freezer:$G --get cgroup.freeze)" = "cgroup.freeze: 0" ]
		a=$(wc -l <$TMP/ticks); sleep 0.3; [ "$(wc -l <$TMP/ticks)" = "$a" ]
		nestbox cgexec -g freezer:$G --thaw
		[ "$(cat $(hier freezer)/$G/freezer.state)" = THAWED ]
		more() { [ "$(wc -l <$TMP/ticks)" -gt "$a" ]; }
		soon more
		# what is frozen is killed as well
		nestbox cgexec -g freezer:$G --freeze
		nestbox cgexec -g freezer:$G --kill
		rc=0; wait $p || rc=$?
		[ $rc = 137 ]
		rm $TMP/ticks
		remove_all
	'
	if test_need cmd:strace 'v1: what cannot be frozen goes on'; then
		test_fails 125 'freeze: .*[Rr]esource busy' 'v1: what cannot be frozen goes on' '
			nestbox cgexec --create -g freezer:$G
			f=$(hier freezer)/$G/freezer.state
			rc=0; strace -qq -o /dev/null -e trace=read -P $f -e inject=read:retval=0 nestbox cgexec -g freezer:$G --freeze || rc=$?
			[ "$(cat $f)" = THAWED ]
			# the control: strace alone is no hindrance
			strace -qq -o /dev/null -e trace=read -P $f nestbox cgexec -g freezer:$G --freeze
			[ "$(cat $f)" = FROZEN ]
			nestbox cgexec -g freezer:$G --thaw
			remove_all
			exit $rc'
	fi
	test_fails 125 'hint: a group above is frozen' 'v1: --thaw below a frozen group' '
		nestbox cgexec --create -g freezer:$G/in
		nestbox cgexec -g freezer:$G --freeze
		rc=0; nestbox cgexec -g freezer:$G/in --thaw || rc=$?
		nestbox cgexec -g freezer:$G --thaw
		nestbox cgexec -g freezer:$G/in --thaw
		remove_all
		exit $rc'
fi

# --kill
test_ok '--kill kills what is in the group and below, waits for it, and removes nothing' '
	nestbox cgexec --create -g pids:$G/in
	nestbox cgexec -g pids:$G/in -- sh -c "trap \"\" TERM INT HUP; sleep 300 & sleep 300" & a=$!
	sleeper
	is_there() { [ "$(wc -l <$(hier pids)/$G/in/cgroup.procs)" -ge 2 ]; }
	soon is_there
	nestbox cgexec -g pids:$G --kill
	[ -z "$(cat $(hier pids)/$G/in/cgroup.procs)" ]
	rc=0; wait $a || rc=$?
	[ $rc = 137 ]
	kill -0 $p
	remove_all
'
for c in '' freezer; do
	[ -z "$c" ] || test_need v1:freezer '--freeze --kill on v1' || continue
	test_ok "--freeze --kill, and --kill of what was frozen, leave nothing frozen: $c" "
		[ \"\$(hier unified)\" ] || exit 0
		c=$c"'
		alive() { nestbox cgexec -g $c:$G/in -- sh -c "echo >$TMP/alive; exec sleep 300" & p=$!; soon test -s $TMP/alive; rm $TMP/alive; }
		nestbox cgexec --create -g $c:$G/in
		alive
		nestbox cgexec -g $c:$G --freeze --kill
		rc=0; wait $p || rc=$?
		[ $rc = 137 ]
		alive
		# the one below has a brake of its own
		nestbox cgexec -g $c:$G/in --freeze
		nestbox cgexec -g $c:$G --freeze
		nestbox cgexec -g $c:$G --kill
		rc=0; wait $p || rc=$?
		[ $rc = 137 ]
		# nobody is there
		nestbox cgexec -g $c:$G --freeze --kill
		alive
		nestbox cgexec -g $c:$G --kill
		wait $p || :
		remove_all
	'
done
test_ok '--kill without the descriptors to look is no success' '
	[ "$(hier pids)" ] || exit 0
	nestbox cgexec --create -g pids:$G/a/b/c -- sleep 300 & pid=$!
	soon grep -q $NAME/a/b/c /proc/$pid/cgroup
	for n in 6 8; do
		(ulimit -n $n; exec nestbox cgexec -g pids:$G --kill) 2>/dev/null || continue
		# it says that all are dead
		[ ! -e /proc/$pid/exe ] || [ "$(sed -n "s/^State:.//p" /proc/$pid/status | cut -c1)" = Z ]
		break
	done
	nestbox cgexec -g pids:$G --kill
	wait $pid || :
	remove_all
'
test_need root '--kill in a cgroup namespace, by a mount from above it' && test_ok '--kill in a cgroup namespace, by a mount from above it' '
	[ "$(hier pids)" ] || exit 0
	export TMP G NAME
	nestbox cgexec --create --rm -g pids:$G/top/in -- nestbox unshare -m -C -- sh -euc ". $TMP/.env
		h=\$(hier pids)
		mount --bind \$h/$G/top \$h
		# this is not the machine, or what follows could be its end
		not grep -qx 1 \$h/cgroup.procs
		grep -q $NAME/top/in /proc/1/cgroup && exit 1
		[ -d \$h/in ]
		not nestbox cgexec -g pids:/ --kill 2>$TMP/said
		not nestbox cgexec -g pids:/in --freeze 2>>$TMP/said"
	[ $(grep -c "own group is not to be seen here" $TMP/said) = 2 ]
	remove_all
'
test_ok '--kill with --rm: what the command leaves is killed, and the group is gone' '
	nestbox cgexec --create --rm --kill -g pids:$G sh -c "(trap \"\" TERM HUP; exec sleep 300) >/dev/null 2>&1 </dev/null & echo \$! >$TMP/left; exit 5" && exit 1
	nothing_left
	# pid 1 may take its time to bury it
	p=$(cat $TMP/left)
	[ ! -e /proc/$p ] || grep "^State:.Z" /proc/$p/status
	# the control: without it the group stays as long as the process does
	nestbox cgexec --create --rm -g pids:$G sh -c "sleep 300 >/dev/null 2>&1 </dev/null & echo \$! >$TMP/left"
	sleep 0.5
	[ -d $(hier pids)/$G ]
	kill "$(cat $TMP/left)"
	nothing_left
'
test_ok '--kill with --rm leaves a group that was there before alone' '
	nestbox cgexec --create -g pids:$G
	nestbox cgexec -g pids:$G -- sleep 300 & p=$!
	soon in_group $p
	nestbox cgexec --create --rm --kill -g pids:$G true
	# on v2 a group with processes gives its controllers to nobody
	c=pids; ! is_v2 pids || c=unified
	nestbox cgexec --create --rm --kill -g $c:$G/in true
	gone() { [ ! -e $(hier pids)/$G/in ]; }
	soon gone
	kill -0 $p
	kill $p
	wait || :
	remove_all
'

# --wait-oom
if test_has v1:memory || test_has v2:memory; then
	test_ok '--wait-oom ends when the group has run out of memory, and prints the counters' '
		nestbox cgexec --create -g memory:$G -m 16M --memory-swap 16M
		nestbox cgexec -g memory:$G --wait-oom >$TMP/oom & w=$!
		waits() { ls -l /proc/$w/fd 2>/dev/null | grep -E "memory.events|eventfd" >/dev/null && [ "$(sed "s/.*) //; s/ .*//" /proc/$w/stat)" = S ]; }
		soon waits
		kill -0 $w
		nestbox cgexec -g memory:$G -- sh -c "head -c 67108864 /dev/zero | tail >/dev/null" || :
		wait $w
		grep -E "^oom_kill [1-9]" $TMP/oom
		# the next one waits for the next
		nestbox cgexec -g memory:$G --wait-oom >$TMP/oom & w=$!
		soon waits
		sleep 0.3
		kill -0 $w
		kill $w
		wait || :
		remove_all
	'
	test_fails 125 'removed meanwhile' '--wait-oom ends with an error when the group is removed' '
		nestbox cgexec --create -g memory:$G
		nestbox cgexec -g memory:$G --wait-oom & w=$!
		waits() { ls -l /proc/$w/fd 2>/dev/null | grep -E "memory.events|eventfd" >/dev/null; }
		soon waits
		sleep 0.2
		remove_all
		wait $w'
	if test_need v1:memory '--wait-oom where processes wait for memory'; then
		test_ok '--wait-oom where the killer is off: at once, also for who comes late' '
			nestbox cgexec --create -g memory:$G -m 8M --memory-swap 8M --set memory.oom_control=1
			nestbox cgexec -g memory:$G -- sh -c "a=0123456789abcdef; while :; do a=\$a\$a; done" & p=$!
			timeout 20 nestbox cgexec -g memory:$G --wait-oom | grep "^under_oom 1"
			timeout 20 nestbox cgexec -g memory:$G --wait-oom | grep "^under_oom 1"
			nestbox cgexec -g memory:$G --kill
			wait $p || :
			remove_all
		'
	fi
fi
test_fails 125 'wait-oom: needs the memory controller' '--wait-oom wants the memory controller' '
	nestbox cgexec --create --rm -g pids:$G --wait-oom'

# --delegate
if test_need root '--delegate'; then
	test_ok '--delegate: an ordinary user makes and limits groups there, and only there' '
		c=pids; is_v2 pids || c=pids,memory
		nestbox cgexec --create -g $c:$G --delegate 1000:1000 --pids 50
		nestbox cgexec --create -g $c:$G/login --delegate 1000:1000 -- \
			$AS_USER nestbox cgexec --create -g pids:$G/x --pids 5 cat $(hier pids)/$G/x/pids.max >$TMP/max
		[ "$(cat $TMP/max)" = 5 ]
		[ "$(stat -c %u:%g $(hier pids)/$G $(hier pids)/$G/cgroup.procs | sort -u)" = 1000:1000 ]
		[ "$(stat -c %u $(hier pids)/$G/pids.max)" = 0 ]
		for f in tasks cgroup.threads cgroup.subtree_control; do
			[ ! -e $(hier pids)/$G/$f ] || [ "$(stat -c %u $(hier pids)/$G/$f)" = 1000 ]
		done
		# its own limit is root'\''s, and so is what is beside it
		not $AS_USER nestbox cgexec -g pids:$G --pids 60 2>/dev/null
		not $AS_USER nestbox cgexec --create -g pids:$G-beside 2>/dev/null
		remove_all
	'
	test_ok '--delegate with --child: the user who starts in the child makes groups in it, and beside it' '
		c=pids; ! is_v2 pids || c=unified
		: >$TMP/owners; chmod 666 $TMP/owners
		nestbox cgexec --create --rm --child init -g $c:$G --delegate 1000:1000 -- nestbox unshare -p -f -- $AS_USER sh -euc "
			grep \":/$G/init\$\" /proc/self/cgroup
			nestbox cgexec --create -g $c:@/x grep \":/$G/init/x\$\" /proc/self/cgroup
			nestbox cgexec --create -g $c:$G/y grep \":/$G/y\$\" /proc/self/cgroup
			stat -c %u:%g $(hier pids)/$G $(hier pids)/$G/init $(hier pids)/$G/init/cgroup.procs >$TMP/owners
			if nestbox cgexec --create -g $c:$G-beside true 2>/dev/null; then exit 1; fi"
		[ "$(sort -u $TMP/owners)" = 1000:1000 ]
		# the control: without it none is his
		not nestbox cgexec --create --rm --child init -g $c:$G-2 -- nestbox unshare -p -f -- $AS_USER nestbox cgexec --create -g $c:@/x true 2>/dev/null
		nothing_left
	'
	test_ok '--delegate: "@" is below the own group' '
		c=pids; ! is_v2 pids || c=unified
		nestbox cgexec --create -g $c:$G --delegate 1000 -- $AS_USER nestbox cgexec --create -g $c:@/x grep ":/$G/x\$" /proc/self/cgroup
		[ "$(stat -c %u:%g $(hier $c)/$G)" = 1000:0 ]
		remove_all
	'
fi

test_ok 'nothing is left of any test' 'nothing_left'
done_testing
