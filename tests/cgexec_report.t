#!/bin/sh
# cgexec --report: what a command has used, measured with loads of a known size
. "${0%/*}/lib.sh"
. "${0%/*}/groups.sh"
need cgroup

cat >>"$TMP/.env" <<'EOF'
# the figure $1 of the report; empty where it has none
of() { sed -n "s/^$1=//p" "$TMP/report"; }
# what the kernel may be built without, where the group's files say so
counts() { [ "$(of "$1")" ] || { echo "no $1 here"; exit 0; }; }
burn='i=0; while [ $i -lt 40000 ]; do i=$((i + 1)); done'
EOF
test_fails 125 '--report: no command' '--report wants a command' 'nestbox cgexec -g pids:/ --report'
if ! test_need groups 'groups that may be made'; then
	done_testing
	exit
fi

test_fails 125 '--report: file descriptor 77: Bad file descriptor' '--report to a descriptor that is none' 'nestbox cgexec --create --rm -g pids:$G --report=77 true'
test_fails 125 'no-such-folder/x: open: No such file' '--report to a file that cannot be' 'nestbox cgexec --create --rm -g pids:$G --report=$TMP/no-such-folder/x true'
for n in -1 - + 99999999999 2147483647; do
	test_fails 125 "--report: file descriptor [$n]+: Bad file descriptor" "--report to a descriptor that is none: $n" "cd \$TMP; nestbox cgexec --create --rm -g pids:\$G --report=$n true"
	test_ok '... and to no file of that name' "[ ! -e \$TMP/$n ]"
done
test_fails 125 'hint: a file of that name is \./-1' 'the hint says how to name a file so' 'nestbox cgexec --create --rm -g pids:$G --report=-1 true'
test_fails 125 'file descriptor 3 is not open for writing' '--report to a descriptor that is for reading' 'nestbox cgexec --create --rm -g pids:$G --report=3 true 3</dev/null'
test_ok 'nothing is made before that' 'has_none'
test_ok '--report to a file whose name is a number, or only looks like one' '
	cd $TMP
	for f in ./-1 2026-12-01 1x; do
		nestbox cgexec --create --rm -g pids:$G --report=$f true
		grep "^status=0\$" ./$f
		rm ./$f
	done
	nothing_left
'
test_fails 5 '^status=5$' 'the status is the command'\''s, and the report goes to standard error' 'nestbox cgexec --create --rm -g pids:$G --report sh -c "exit 5"'
test_ok 'lines KEY=NUMBER, to a descriptor and to a file, which is no descriptor of the command'\''s' '
	rc=0; nestbox cgexec --create --rm -g pids:$G --report=3 -- sh -c "exit 7" 3>$TMP/report 2>$TMP/quiet || rc=$?
	[ $rc = 7 ]
	[ ! -s $TMP/quiet ]
	grep "^status=7\$" $TMP/report
	not grep -vE "^[a-z_]+=[0-9]+\$" $TMP/report
	[ "$(of wall_usec)" -gt 0 ]
	rc=0; nestbox cgexec --create --rm -g pids:$G --report=$TMP/file -- ls -l /proc/self/fd >$TMP/fds || rc=$?
	[ $rc = 0 ]
	grep "^status=0\$" $TMP/file
	not grep "$TMP/file" $TMP/fds
	nothing_left
'
test_ok 'after a signal 128 and its number' '
	rc=0; nestbox cgexec --create --rm -g pids:$G --report=$TMP/report -- sh -c "kill -9 \$\$" || rc=$?
	[ $rc = 137 ]
	[ "$(of status)" = 137 ]
'
test_ok 'signals go to the command' '
	nestbox cgexec --create --rm -g pids:$G --report=$TMP/report -- sh -c "trap \"exit 9\" TERM; : >$TMP/ready; while :; do sleep 0.05; done" & p=$!
	soon test -e $TMP/ready
	kill -TERM $p
	rc=0; wait $p || rc=$?
	[ $rc = 9 ]
	[ "$(of status)" = 9 ]
	nothing_left
'
test_fails 127 'not found' '127 for what is not found, and no report of it' 'nestbox cgexec --create --rm -g pids:$G --report=$TMP/none -- nosuchcommand; [ ! -s $TMP/none ]'
test_ok 'the one who waits is outside of the group, the command is inside' '
	nestbox cgexec --create --rm -g pids:$G --report=$TMP/report -- sh -c "grep :/$G\\$ /proc/self/cgroup; echo \$PPID; cat /proc/\$PPID/cgroup" >$TMP/in
	grep ":/$G\$" $TMP/in
	n=$(sed -n "/^[0-9]*\$/,\$p" $TMP/in | grep -c ":/$G\$" || :)
	[ "$n" = 0 ]
	nothing_left
'
if test_need cgroup2 'CPU time'; then
	test_ok 'CPU time: what the command has burned, to a tenth' '
		nestbox cgexec --create --rm -g :$G --report=$TMP/report -- sh -c "$burn; $burn; $burn; cat $(hier unified)/$G/cpu.stat >$TMP/stat"
		a=$(sed -n "s/^usage_usec //p" $TMP/stat)
		b=$(of cpu_usec)
		# cat itself comes on top
		[ "$b" -ge "$a" ]
		[ "$b" -le $((a + a / 10 + 20000)) ]
		# the sum is split by ticks, and rounded
		s=$(($(of user_usec) + $(of system_usec) - b))
		[ $s -ge -2 ] && [ $s -le 2 ]
		[ "$(of wall_usec)" -ge $((b / 2)) ]
		nothing_left
	'
	test_ok 'of a group that was there, only what the command has used' '
		nestbox cgexec --create -g :$G sh -c "$burn; $burn"
		u=$(sed -n "s/^usage_usec //p" $(hier unified)/$G/cpu.stat)
		nestbox cgexec -g :$G --report=$TMP/report -- true
		[ "$(of cpu_usec)" -lt $((u / 2)) ]
		remove_all
	'
fi
if test_has v1:cpu || test_has v2:cpu; then
	test_ok 'a tenth of a CPU is throttled' '
		nestbox cgexec --create --rm -g cpu:$G --cpus 0.1 --report=$TMP/report -- sh -c "$burn; $burn"
		[ "$(of nr_periods)" -gt 0 ]
		[ "$(of nr_throttled)" -gt 0 ]
		[ "$(of nr_throttled)" -le "$(of nr_periods)" ]
		# of microseconds, and no more than the time that went by on each CPU
		[ "$(of throttled_usec)" -gt 1000 ]
		[ "$(of throttled_usec)" -le $(($(of wall_usec) * $(nproc))) ]
		nothing_left
	'
fi
if test_has v1:memory || test_has v2:memory; then
	test_ok 'memory: 20 MiB that were touched are the peak' '
		nestbox cgexec --create --rm -g memory:$G -m 256M --report=$TMP/report -- sh -c "head -c 20971520 /dev/zero | tail >/dev/null"
		counts memory_peak
		[ "$(of memory_peak)" -ge 20971520 ]
		[ "$(of memory_peak)" -le 83886080 ]
		[ "$(of oom_kill)" = 0 ]
		nothing_left
	'
	test_ok 'memory: a process that was killed for it' '
		rc=0; nestbox cgexec --create --rm -g memory:$G -m 8M --memory-swap 8M --report=$TMP/report -- sh -c "head -c 67108864 /dev/zero | tail >/dev/null" || rc=$?
		[ $rc = 137 ]
		[ "$(of status)" = 137 ]
		[ "$(of oom_kill)" -ge 1 ]
		nothing_left
	'
fi
test_ok 'pids: the peak, and forks that were refused' '
	rc=0
	nestbox cgexec --create --rm -g pids:$G --pids 2 --report=$TMP/report -- sh -c "sleep 0.2 & sleep 0.2 & wait" 2>/dev/null || rc=$?
	[ $rc != 0 ]
	[ "$(of pids_refused)" -ge 1 ]
	counts pids_peak
	[ "$(of pids_peak)" = 2 ]
	nestbox cgexec --create --rm -g pids:$G --pids 20 --report=$TMP/report -- sh -c "true & true & wait"
	[ "$(of pids_refused)" = 0 ]
	[ "$(of pids_peak)" -ge 2 ]
	nothing_left
'
test_ok 'io: 2 MiB that were written past the cache' '
	c=; for i in blkio io; do [ -z "$(hier $i)" ] || c=$i; done
	[ "$c" ] || { echo "no controller counts it here"; exit 0; }
	nestbox cgexec --create --rm -g $c:$G --report=$TMP/report -- dd if=/dev/zero of=$TMP/data bs=1M count=2 oflag=direct 2>$TMP/dd || exit 0
	# a file system in memory has no disk
	[ "$(of io_wios)" -gt 0 ] || exit 0
	[ "$(of io_wbytes)" -ge 2097152 ]
	[ "$(of io_wbytes)" -lt 4194304 ]
	nothing_left
'
if test_need cgroup2 'pressure'; then
	test_ok 'pressure: what waited for the CPU' '
		[ -e $(hier unified)/cpu.pressure ] || exit 0
		nestbox cgexec --create --rm -g :$G --report=$TMP/report -- sh -c "for i in 1 2 3 4 5 6; do ($burn) & done; wait"
		[ "$(of cpu_some_usec)" -gt 0 ]
		[ "$(of cpu_some_usec)" -le "$(of wall_usec)" ]
		[ "$(of io_some_usec)" ]
		nothing_left
	'
fi
test_ok 'with --child, what a later step forks is reported' '
	nestbox cgexec --create --rm --child in -g pids:$G --report=$TMP/report -- $AS_ROOT nestbox unshare -p -f -- sh -c "true; exit 4" && exit 1
	[ "$(of status)" = 4 ]
	nothing_left
'
test_ok 'the same in both modes of the chain' '
	rc=0; NESTBOX_REEXEC=1 nestbox cgexec --create --rm -g pids:$G --report=$TMP/report -- nestbox setpriv --exec -- sh -c "exit 6" || rc=$?
	[ $rc = 6 ]
	[ "$(of status)" = 6 ]
	nothing_left
'
test_ok 'nothing is left of any test' 'nothing_left'
done_testing
