#!/bin/sh
# cgexec: groups, limits that bite, and what is left afterwards
. "${0%/*}/lib.sh"
need cgroup

. "${0%/*}/groups.sh"

# an ordinary user's groups are everywhere but where the device rules of v1 are; hierarchies with names are not in "*"
ALL='*' OTHERS='name='
if [ "$AS_ROOT" ] && test_has v1:devices; then
	ALL=$(sed -n 's/^[0-9]*:\([^:=][^:=]*\):.*/\1/p' /proc/self/cgroup | grep -vx devices | tr '\n' ,)unified
	OTHERS='name=|:devices:'
fi
cat >>"$TMP/.env" <<EOF
ALL='$ALL'
OTHERS='$OTHERS'
EOF

# what does not depend on the version
test_fails 125 'cgexec: -g: no group' 'a group must be given' 'nestbox cgexec true'
test_fails 125 'no command is given' 'nothing to run and nothing to do is a mistake' 'nestbox cgexec -g pids:/'
test_fails 125 'x/../y: .*no names of groups' 'a path with ".." is refused' 'nestbox cgexec -g pids:x/../y true'
test_fails 125 'empty name' 'a list of no controllers is refused' 'nestbox cgexec -g ,:x true'
test_fails 125 'no hierarchy with nosuch is mounted' 'a controller that is not there is named' 'nestbox cgexec -g nosuch:x true'
test_fails 125 'mounted are .*pids' 'and the hint says which are there' 'nestbox cgexec -g nosuch:x true'
test_fails 125 'no such group' 'a missing group is refused without --create' 'nestbox cgexec -g pids:$G-none true'
test_fails 125 'hint: --create makes it' '... and the hint says what makes it' 'nestbox cgexec -g pids:$G-none true'
for path in cgroup.procs cgroup.procs/x; do
	for how in '' --create '--create --dry-run'; do
		test_fails 125 '/cgroup.procs: is a file of a group, and no group' "a path with a file in it is no group: $path $how" "nestbox cgexec $how -g pids:$path true"
	done
	test_fails 125 'hint: the group is /.*' '... and the hint says which is' "nestbox cgclassify -g pids:$path 1"
done
test_fails 125 'less than a page' 'a limit that the kernel would take for 0 is refused' 'nestbox cgexec --create -g memory:$G -m 1k true'
test_fails 125 'wants a size' 'a limit that is no size is refused' 'nestbox cgexec --create -g memory:$G -m 1x true'
test_fails 125 'needs --memory' '--memory-swap needs --memory' 'nestbox cgexec --create -g memory:$G --memory-swap 64M true'
test_fails 125 'cannot be below' '--memory-swap below --memory is refused' 'nestbox cgexec --create -g memory:$G -m 64M --memory-swap 32M true'
test_fails 125 '0\.01' '--cpus 0 is refused' 'nestbox cgexec --create -g cpu:$G --cpus 0 true'
test_fails 125 'out of range' '--cpu-shares 1 is refused' 'nestbox cgexec --create -g cpu:$G -c 1 true'
test_fails 125 'kernel.s range' '--set cpu.shares=1, which the kernel would clamp, is refused' 'nestbox cgexec --create -g cpu:$G --set cpu.shares=1 true'
test_fails 125 '--pids' 'more pids than the kernel can count are refused' 'nestbox cgexec --create -g pids:$G --pids 4194305 true'
test_fails 125 'needs the cpu controller' 'a limit whose controller is not asked for is refused' 'nestbox cgexec --create -g memory:$G --cpus 1 true'
test_fails 125 '-g cpu,memory:.*nbtest' 'and the hint says what to write' 'nestbox cgexec --create -g memory:$G --cpus 1 true'
test_fails 125 'without a path' 'a setting with a path is refused' 'nestbox cgexec --create -g memory:$G --set ../memory.max=1M true'
test_fails 125 'octal mode' '--create with a bad mode is refused' 'nestbox cgexec --create=0999 -g memory:$G true'
test_fails 125 'removes what --create has made' '--rm without --create is refused' 'nestbox cgexec --rm -g memory:$G true'
test_ok 'nothing is left of all that failed' 'nothing_left'

test_fails 125 'make group: Permission denied' 'an ordinary user makes no group where none is theirs' '$AS_USER nestbox cgexec --create -g pids:$NAME true'
test_fails 125 'hint: .*delegated' '... and the hint says which could be' '$AS_USER nestbox cgexec --create -g pids:$NAME true'
test_fails 125 '(cgroup.procs|tasks): open: Permission denied' 'nor joins one of root'\''s' '$AS_USER nestbox cgexec -g pids:/ true'
if ! test_need groups 'groups that may be made'; then
	done_testing
	exit
fi
test_fails 125 'memory\.nosuch' 'a setting that is no file is named' 'nestbox cgexec --create -g memory:$G --set memory.nosuch=1 true'
test_ok '... and no hint leads elsewhere' '
	not nestbox cgexec --create -g memory:$G --set memory.nosuch=1 true 2>$TMP/said
	not grep -q subtree_control $TMP/said
	# the control: on v2, without --create, the group need not have the controller
	is_v2 memory || exit 0
	nestbox cgexec --create -g :$G/in
	not nestbox cgexec -g memory:$G/in --set memory.high=1G true 2>$TMP/said
	grep "hint: .*/$G has .* in cgroup.subtree_control" $TMP/said
	remove_all
'
test_ok '... and nothing is left of it' 'nothing_left'
test_ok 'the status is the command'\''s' '
	rc=0; nestbox cgexec --create --rm -g pids:$G sh -c "exit 7" || rc=$?
	[ $rc = 7 ]
	nothing_left
'
test_fails 126 'cannot execute' '126 for what cannot be executed' 'nestbox cgexec --create --rm -g pids:$G /etc/passwd'
test_fails 127 'not found' '127 for what is not found' 'nestbox cgexec --create --rm -g pids:$G nosuchcommand'
test_ok 'both remove their groups' 'nothing_left'
test_ok 'the process keeps its id' '
	[ "$(sh -c "echo \$\$; exec nestbox cgexec --create --rm -g pids:$G sh -c '\''echo \$\$'\''" | sort -u | wc -l)" = 1 ]
	nothing_left
'
test_ok 'v1 and the v2 node at the same path are joined' '
	nestbox cgexec --create --rm -g pids:$G/a/b cat /proc/self/cgroup >$TMP/in
	grep "pids.*:/$G/a/b\$" $TMP/in || grep "^0::/$G/a/b\$" $TMP/in
	[ -z "$(hier unified)" ] || grep "^0::/$G/a/b\$" $TMP/in
	nothing_left
'
test_ok 'the v2 node alone is joined' '
	[ -n "$(hier unified)" ] || exit 0
	nestbox cgexec --create --rm -g :$G cat /proc/self/cgroup >$TMP/in
	[ "$(grep -c ":/$G\$" $TMP/in)" = 1 ]
	grep "^0::/$G\$" $TMP/in
	# or it would be the one that the first takes away
	nothing_left
	nestbox cgexec --create --rm -g unified:/$G grep "^0::/$G\$" /proc/self/cgroup
	nothing_left
'
test_ok '"@" is below the own group' '
	# on v2 a group with processes in it, as the own one is, gives its controllers to nobody
	c=pids; [ "$(hier pids)" != "$(hier unified)" ] || c=unified
	nestbox cgexec --create --rm -g $c:$G/own nestbox cgexec --create --rm -g $c:@/in sh -c "cat /proc/self/cgroup" >$TMP/in
	grep ":/$G/own/in\$" $TMP/in
	nothing_left
'
test_ok 'of a controller named twice the last group counts' '
	nestbox cgexec --create --rm -g pids:$G/x -g pids:$G/y cat /proc/self/cgroup >$TMP/in
	grep ":/$G/y\$" $TMP/in
	if grep "/x\$" $TMP/in; then exit 1; fi
	nothing_left
'
test_ok '--sticky, -s and -b are taken' 'nestbox cgexec --sticky -s -b --create --rm -g pids:$G true; nothing_left'
test_ok '--no-join stays outside' '
	before=$(cat /proc/self/cgroup)
	[ "$(nestbox cgexec --create --rm --no-join -g pids:$G cat /proc/self/cgroup)" = "$before" ]
	nothing_left
'
# all builtins: the shell has no child of its own while it looks
cat >"$TMP/watchers" <<'EOF'
count=0
read -r own </proc/$$/stat
set -- ${own##*) }
session=$4
for f in /proc/[0-9]*/stat; do
	read -r line 2>/dev/null <$f || continue
	set -- ${line##*) }
	[ "$2" != $$ ] || exit 1
	case $line in *"(nestbox) "*) [ "$4" = "$session" ] || count=$((count + 1)) ;; esac
done
[ $count -gt 0 ]
EOF
test_ok 'the watcher is no child of the command, is in another session and outside of the group' '
	nestbox cgexec --create --rm -g pids:$G sh "$TMP/watchers"
	nothing_left
	nestbox cgexec --create --rm -g pids:$G sh -c "exec <$(hier pids)/$G/cgroup.procs; read -r a; [ \$a = \$\$ ]; read -r b || exit 0; exit 1"
	nothing_left
'
test_ok 'groups made below by others go too' '
	nestbox cgexec --create --rm -g pids:$G sh -c "mkdir -p $(hier pids)/$G/x/y"
	nothing_left
'
test_ok '--rm waits for processes that stay' '
	nestbox cgexec --create --rm -g pids:$G sh -c "setsid sleep 1 >/dev/null 2>&1 </dev/null & :"
	[ -d $(hier pids)/$G ]
	sleep 1
	nothing_left
'
test_fails 125 'before unshare --pid' '--rm where its watcher would become pid 1 is refused' '
	$AS_ROOT nestbox unshare -p -- nestbox cgexec --create --rm -g pids:$G true'
test_fails 125 'before unshare --pid' 'and where the command is pid 1' '
	$AS_ROOT nestbox unshare -p -f -- nestbox cgexec --create --rm -g pids:$G true'
test_ok 'both leave nothing' 'nothing_left'
test_ok 'a group that was there already stays' '
	nestbox cgexec --create -g pids:$G
	nestbox cgexec --create --rm -g pids:$G/a true
	nestbox cgexec --create --rm -g pids:$G true
	sleep 0.3
	[ -d $(hier pids)/$G ]
	[ ! -d $(hier pids)/$G/a ]
	find /sys/fs/cgroup -depth -type d -name "$NAME" -exec rmdir {} +
'
test_ok 'starts that make and remove the same parent do not disturb each other' '
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		for k in 1 2 3 4; do
			nestbox cgexec --create --rm -g pids,memory:$G/$i-$k true || echo failed >>$TMP/failed &
		done
		wait
	done
	[ ! -e $TMP/failed ]
	sleep 0.5
	# the last to go need not be the one that made the parent
	find /sys/fs/cgroup -depth -type d -name "$NAME" -exec rmdir {} +
	nothing_left
'
test_ok 'after --no-join a second cgexec joins below, and one removes all' '
	nestbox cgexec --create --rm --no-join -g pids:$G --pids 50 -- \
		$AS_ROOT nestbox unshare -p -f --kill-child -- \
		nestbox cgexec --create -g pids:$G/init --pids 50 -- cat /proc/self/cgroup >$TMP/in
	grep ":/$G/init\$" $TMP/in
	nothing_left
'

test_ok '--child: what a later step forks starts below, with the limits on both levels, and what waits stays outside' '
	mkfifo $TMP/go
	nestbox cgexec --create --rm --child init -g pids:$G --pids 50 -- $AS_ROOT nestbox unshare -p -f --kill-child -- sh -c "
		cat /proc/self/cgroup >$TMP/in
		cat $(hier pids)/$G/pids.max $(hier pids)/$G/init/pids.max >$TMP/max
		read _ <$TMP/go" &
	waiter=$!
	i=0
	until [ -s $TMP/max ] && [ "$(wc -l <$TMP/max)" = 2 ]; do sleep 0.05; i=$((i + 1)); [ $i -lt 100 ]; done
	grep ":/$G/init\$" $TMP/in
	[ "$(tr "\n" " " <$TMP/max)" = "50 50 " ]
	# both hierarchies, where there are two: the child of the kernel'\''s making and the one of ours
	[ "$(grep -c ":/$G/init\$" $TMP/in)" = "$(find /sys/fs/cgroup -type d -path "*/$G/init" | wc -l)" ]
	[ "$(grep -c $G /proc/$waiter/cgroup)" = 0 ]
	[ -z "$(cat $(hier pids)/$G/cgroup.procs)" ]
	echo >$TMP/go
	wait $waiter
	rm $TMP/go
	nothing_left
'
test_ok '--child: nsenter forks too, and a re-executed chain takes the groups along' '
	# the pid namespace that we are in belongs to root
	if [ "$AS_USER" ]; then nestbox cgexec --create --rm --child init -g pids:$G -- nestbox nsenter -p -t $$ -- grep ":/$G/init\$" /proc/self/cgroup; fi
	nothing_left
	NESTBOX_REEXEC=1 nestbox cgexec --create --rm --child init -g "$ALL:$G" -- $AS_ROOT nestbox unshare -u -- nestbox unshare -p -f cat /proc/self/cgroup >$TMP/in
	[ "$(grep -c ":/$G/init\$" $TMP/in)" -ge 1 ]
	if grep -vE "$OTHERS" $TMP/in | grep -v ":/$G/init\$"; then exit 1; fi
	nothing_left
'
if test_need cmd:strace '--child without clone3'; then
	test_ok '--child: where a filter has no clone3, the child joins by itself' '
		strace -f -qq -o $TMP/trace -e inject=clone3:error=ENOSYS -e trace=clone3,fork,clone,vfork \
			nestbox cgexec --create --rm --child init -g "$ALL:$G" -- $AS_ROOT nestbox unshare -p -f cat /proc/self/cgroup >$TMP/in
		grep "clone3.*INJECTED" $TMP/trace
		grep "^0::/$G/init\$" $TMP/in
		grep "pids.*:/$G/init\$" $TMP/in || [ -z "$(hier pids)" ] || grep -qw pids "$(hier unified)/cgroup.controllers"
		nothing_left
	'
fi
test_fails 125 'cgexec: --child: nothing behind it on the line forks' '--child wants a step that forks' '
	nestbox cgexec --create --rm --child init -g pids:$G true'
test_fails 125 'cgexec: --child: the child has its groups' '--child twice' '
	nestbox cgexec --create --rm --child a -g pids:$G -- nestbox cgexec --create --rm --child b -g pids:$G-b -- nestbox unshare -f true'
if test_need v1:pids 'a child that cannot join' && test_need cmd:strace 'a child that cannot join' && test_need root 'a child that cannot join'; then
	test_fails 1 'unshare: .*x/tasks: join: ' 'a child that cannot join, while names are given to its namespaces, says so' '
		touch $TMP/uts
		strace -f -qq -o /dev/null -e trace=write -P $(hier pids)/$G/x/tasks -e inject=write:error=EBUSY \
			nestbox unshare -m -- nestbox cgexec --create --rm --child x -g pids:$G -- nestbox unshare --uts=$TMP/uts -f true'
fi
test_fails 125 'cgexec: --child: makes a group, and --create is not given' '--child wants --create' 'nestbox cgexec --child init -g pids:$G true'
test_fails 125 'cgexec: --child: no command' '--child wants a command' 'nestbox cgexec --create --child init -g pids:$G'
test_fails 125 'nbtest-[0-9]*/cgroup.procs: is a file of a group' '--child of a file'\''s name' 'nestbox cgexec --create --rm --child cgroup.procs -g pids:$G nestbox unshare -f true'
for name in '""' . .. a/b; do
	test_fails 125 "cgexec: " "--child $name is no name" "nestbox cgexec --create --child $name -g pids:\$G nestbox unshare -f true"
done
test_ok 'nothing is left of what failed' 'nothing_left'

test_ok 'pids: one more is refused' '
	rc=0
	nestbox cgexec --create --rm -g pids:$G --pids 2 sh -c "sleep 0.2 & sleep 0.2 & wait" 2>$TMP/refused || rc=$?
	[ $rc != 0 ]
	grep -i fork $TMP/refused
	nothing_left
	nestbox cgexec --create --rm -g pids:$G --pids-limit 20 sh -c "true & true & wait"
	nothing_left
'
test_ok 'pids: 0 and -1 are no limit' '
	for n in 0 -1; do
		[ "$(nestbox cgexec --create --rm -g pids:$G --pids $n cat $(hier pids)/$G/pids.max)" = max ]
		nothing_left
	done
'
test_ok 'the limit is there before the process' '
	rc=0
	nestbox cgexec --create --rm -g pids:$G --pids 1 sh -c "( : ); :" 2>$TMP/refused || rc=$?
	[ $rc != 0 ]
	grep -i fork $TMP/refused
	nothing_left
'

if test_need v1:memory 'memory limits on v1'; then
	test_ok 'memory: 64 MiB in a group of 8 MiB are killed, in one of 256 MiB not' '
		[ "$(nestbox cgexec --create --rm -g memory:$G -m 8M sh -c "head -c 64M /dev/zero | tail >/dev/null; echo \$?")" = 137 ]
		nothing_left
		[ "$(nestbox cgexec --create --rm -g memory:$G -m 256M sh -c "head -c 64M /dev/zero | tail >/dev/null; echo \$?")" = 0 ]
		nothing_left
	'
	test_ok 'memory: death by the killer is death by SIGKILL' '
		rc=0
		nestbox cgexec --create --rm -g memory:$G -m 8M -- dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null || rc=$?
		[ $rc = 137 ]
		nothing_left
	'
	test_ok 'memory: swap is limited to as much again' '
		[ -e $(hier memory)/memory.memsw.limit_in_bytes ] || exit 0
		[ "$(nestbox cgexec --create --rm -g memory:$G -m 8M cat $(hier memory)/$G/memory.memsw.limit_in_bytes)" = 16777216 ]
		nothing_left
		[ "$(nestbox cgexec --create --rm -g memory:$G -m 8M --memory-swap 9M cat $(hier memory)/$G/memory.memsw.limit_in_bytes)" = 9437184 ]
		nothing_left
	'
	test_ok 'memory: a group in use is changed up and down, and is not joined' '
		m=$(hier memory)/$G
		is() { [ "$(cat $m/memory.limit_in_bytes)" = "$1" ]; [ ! -e $m/memory.memsw.limit_in_bytes ] || [ "$(cat $m/memory.memsw.limit_in_bytes)" = "$2" ]; }
		nestbox cgexec --create --rm -g memory:$G -m 32M sleep 60 &
		sleep 0.3
		is 33554432 67108864
		nestbox cgexec -g memory:$G -m 256M
		is 268435456 536870912
		nestbox cgexec -g memory:$G -m 16M --memory-swap 16M
		is 16777216 16777216
		nestbox cgexec -g memory:$G -m 64M --memory-swap -1
		is 67108864 9223372036854771712
		nestbox cgexec -g memory:$G --set memory.max=max --set memory.swap.max=max
		is 9223372036854771712 9223372036854771712
		[ "$(wc -l <$m/cgroup.procs)" = 1 ]
		kill $!
		wait || :
		nothing_left
	'
	test_fails 125 'together must not be below' 'memory: the rule of memsw is told' '
		[ -e $(hier memory)/memory.memsw.limit_in_bytes ] || { echo "together must not be below" >&2; exit 125; }
		nestbox cgexec --create -g memory:$G --set memory.memsw.limit_in_bytes=64M true'
fi
if test_need v1:cpu 'cpu limits on v1'; then
	test_ok 'cpu: quota, period and shares are written' '
		[ "$(nestbox cgexec --create --rm -g cpu:$G --cpus .5 -c 512 sh -c "cd $(hier cpu)/$G; cat cpu.cfs_quota_us cpu.cfs_period_us cpu.shares" | tr "\n" " ")" = "50000 100000 512 " ]
		nothing_left
	'
	test_ok 'cpu: v2'\''s names are converted' '
		[ "$(nestbox cgexec --create --rm -g cpu:$G --set "cpu.max=50000 200000" --set cpu.weight=100 sh -c "cd $(hier cpu)/$G; cat cpu.cfs_quota_us cpu.cfs_period_us cpu.shares" | tr "\n" " ")" = "50000 200000 1024 " ]
		nothing_left
	'
	test_ok 'cpu: a tenth of a CPU is throttled' '
		nestbox cgexec --create --rm -g cpu:$G --cpus 0.1 sh -c "
			grep -qx \"nr_throttled 0\" $(hier cpu)/$G/cpu.stat
			# soon, but on a busy machine not within a second
			exec timeout 30 sh -c \"until grep -q \\\"^nr_throttled [1-9]\\\" $(hier cpu)/$G/cpu.stat; do :; done\""
		nothing_left
	'
	test_fails 125 'larger share' 'cpu: a share above the parent'\''s is refused with the rule' '
		nestbox cgexec --create --no-join -g cpu:$G --cpus 0.5
		nestbox cgexec --create -g cpu:$G/a --cpus 1 true'
	test_ok 'and what that call made is gone, what was there is not' '
		[ -d $(hier cpu)/$G ]
		[ ! -d $(hier cpu)/$G/a ]
		find /sys/fs/cgroup -depth -type d -name "$NAME*" -exec rmdir {} +
	'
fi
if test_need v1:cpuset 'cpusets on v1'; then
	test_ok 'cpuset: a new one is filled from above' '
		[ "$(nestbox cgexec --create --rm -g cpuset:$G/a/b cat $(hier cpuset)/$G/a/b/cpuset.cpus)" = "$(cat $(hier cpuset)/cpuset.cpus)" ]
		nothing_left
	'
	test_ok 'cpuset: one CPU is what the process has' '
		[ "$(nestbox cgexec --create --rm -g cpuset:$G --cpuset-cpus 0 --cpuset-mems 0 nproc)" = 1 ]
		nothing_left
	'
	test_fails 125 'above has 0' 'cpuset: a CPU that is not there is refused' 'nestbox cgexec --create -g cpuset:$G --cpuset-cpus 1000 true'
	test_fails 125 'is empty' 'cpuset: an empty one cannot be joined, and the hint says so' '
		nestbox cgexec --create -g pids,cpuset:$G --set cpuset.cpus= true'
	test_ok 'cpuset: after a failed join nothing is left' 'nothing_left'
fi
if test_need v2:memory 'memory limits on v2'; then
	test_ok 'v2 memory: 32 MiB in a group of 8 MiB are killed, in one of 128 MiB not' '
		# the shell, too, may be killed before the dead give their memory back
		rc=0; nestbox cgexec --create --rm -g memory:$G -m 8M sh -c "head -c 33554432 /dev/zero | tail >/dev/null" || rc=$?
		[ $rc = 137 ]
		nothing_left
		nestbox cgexec --create --rm -g memory:$G -m 128M sh -c "head -c 33554432 /dev/zero | tail >/dev/null"
		nothing_left
	'
	test_ok 'v2 memory: swap is limited to as much again, counted apart' '
		m=$(hier memory)/$G
		[ "$(nestbox cgexec --create --rm -g memory:$G -m 8M cat $m/memory.max $m/memory.swap.max | tr "\n" " ")" = "8388608 8388608 " ]
		nothing_left
		[ "$(nestbox cgexec --create --rm -g memory:$G -m 8M --memory-swap 9M cat $m/memory.max $m/memory.swap.max | tr "\n" " ")" = "8388608 1048576 " ]
		nothing_left
	'
	test_ok 'v2 memory: a group in use is changed up and down, by either version'\''s names' '
		m=$(hier memory)/$G
		is() { [ "$(cat $m/memory.max $m/memory.swap.max | tr "\n" " ")" = "$1 " ]; }
		nestbox cgexec --create --rm -g memory:$G -m 32M sleep 60 &
		sleep 0.5
		is "33554432 33554432"
		nestbox cgexec -g memory:$G -m 256M
		is "268435456 268435456"
		nestbox cgexec -g memory:$G -m 16M --memory-swap 16M
		is "16777216 0"
		nestbox cgexec -g memory:$G -m 64M --memory-swap -1
		is "67108864 max"
		nestbox cgexec -g memory:$G --set memory.limit_in_bytes=16M --set memory.memsw.limit_in_bytes=24M
		is "16777216 8388608"
		[ "$(wc -l <$m/cgroup.procs)" = 1 ]
		kill $!
		wait || :
		nothing_left
	'
	test_fails 125 'has processes of its own' 'v2: controllers for groups below a group with processes are refused with the rule' '
		nestbox cgexec --create --rm -g unified:$G nestbox cgexec --create --rm -g memory:@/in true'
fi
if test_need v2:cpu 'cpu limits on v2'; then
	test_ok 'v2 cpu: quota, period and weight are written' '
		c=$(hier cpu)/$G
		[ "$(nestbox cgexec --create --rm -g cpu:$G --cpus .5 -c 512 cat $c/cpu.max $c/cpu.weight | tr "\n" " ")" = "50000 100000 59 " ]
		nothing_left
	'
	test_ok 'v2 cpu: v1'\''s names are converted' '
		c=$(hier cpu)/$G
		[ "$(nestbox cgexec --create --rm -g cpu:$G --set cpu.cfs_quota_us=50000 --set cpu.cfs_period_us=200000 --set cpu.shares=1024 cat $c/cpu.max $c/cpu.weight | tr "\n" " ")" = "50000 200000 100 " ]
		nothing_left
	'
	test_ok 'v2 cpu: a tenth of a CPU is throttled' '
		nestbox cgexec --create --rm -g cpu:$G --cpus 0.1 sh -c "
			grep -qx \"nr_throttled 0\" $(hier cpu)/$G/cpu.stat
			# soon, but on a busy machine not within a second
			exec timeout 30 sh -c \"until grep -q \\\"^nr_throttled [1-9]\\\" $(hier cpu)/$G/cpu.stat; do :; done\""
		nothing_left
	'
fi
if test_need v2:cpuset 'cpusets on v2'; then
	test_ok 'v2 cpuset: one CPU is what the process has; without a word it is what is above' '
		[ "$(nestbox cgexec --create --rm -g cpuset:$G --cpuset-cpus 0 --cpuset-mems 0 nproc)" = 1 ]
		nothing_left
		[ "$(nestbox cgexec --create --rm -g cpuset:$G/a/b nproc)" = "$(nproc)" ]
		nothing_left
	'
fi
if test_need root 'device rules on v1' && test_need v1:devices 'device rules on v1'; then
	test_ok 'devices: docker'\''s list' '
		nestbox cgexec --create --rm -g devices:$G --devices default sh -c "
			head -c 1 /dev/zero >/dev/null
			mknod $TMP/loop b 7 0
			rc=0; head -c 1 $TMP/loop 2>$TMP/refused || rc=1
			[ \$rc = 1 ]
			grep \"not permitted\" $TMP/refused"
		nothing_left
	'
	test_ok 'devices: all takes it back' '
		nestbox cgexec --create --rm --no-join -g devices:$G --devices default sh -c "
			nestbox cgexec -g devices:$G --devices all
			grep \"a \*:\* rwm\" $(hier devices)/$G/devices.list"
		nothing_left
	'
	test_fails 125 'needs the devices controller' 'devices: the controller must be among -g' 'nestbox cgexec --create -g pids:$G --devices default true'
fi
test_ok 'an explicit mode does not heed the umask' '
	umask 077
	[ "$(nestbox cgexec --create=0750 --rm -g pids:$G stat -c %a $(hier pids)/$G)" = 750 ]
	nothing_left
'
test_ok '"*" joins every controller' '
	nestbox cgexec --create --rm -g "$ALL:$G" cat /proc/self/cgroup >$TMP/in
	if grep -v ":/$G\$" $TMP/in | grep -vE "$OTHERS"; then exit 1; fi
	nothing_left
'
test_ok 'in a read-only mount the refusal names it' '
	h=$(hier pids)
	# a user namespace does not let go of the other flags
	$AS_ROOT nestbox unshare -m -- sh -c "mount -o remount,bind,ro,nosuid,nodev,noexec $h && nestbox cgexec --create -g pids:$G true" 2>$TMP/refused && exit 1
	grep "is mounted read-only" $TMP/refused
'
test_ok 'an own group out of sight is refused, a mount of a subtree is used' '
	h=$(hier pids)
	mkdir $h/$G
	$AS_ROOT nestbox unshare -m -- sh -c "
		mount --bind $h/$G $h
		nestbox cgexec -g pids:@ true 2>$TMP/refused && exit 1
		nestbox cgexec --create --rm -g pids:$NAME-sub true && grep \"not to be seen\" $TMP/refused"
	sleep 0.3
	[ ! -e $h/$G/$NAME-sub ]
	rmdir $h/$G
	nothing_left
'
test_ok 'the same in both modes of the chain' '
	NESTBOX_REEXEC=1 nestbox cgexec --create --rm --no-join -g pids:$G -- nestbox cgexec --create -g pids:$G/init grep ":/$G/init\$" /proc/self/cgroup
	nothing_left
'
test_ok 'nothing is left of any test' 'nothing_left'
done_testing
