#!/bin/sh
# limits: every resource that a group can have less of, by docker's names and the kernel's, on v1 and v2
. "${0%/*}/lib.sh"
need cgroup
. "${0%/*}/groups.sh"

cd "$TMP" || exit 1
cat >>"$TMP/.env" <<'EOF'
# the content of the first of the files that is there, in the group below the hierarchy with controller $1
val()
{
	val_dir=$(hier "$1")/$G
	shift
	for val_file in "$@"; do
		[ ! -e "$val_dir/$val_file" ] || { cat "$val_dir/$val_file"; return; }
	done
	echo "none of: $*" >&2
	return 1
}
is() { [ "$1" = "$2" ] || { echo "\"$1\" is not \"$2\"" >&2; return 1; }; }
not_there() { [ ! -e "$(hier unified)/$G" ] && [ ! -e "$(hier "${in_ctrl%%,*}")/$G" ]; }
# in a group with the controllers $1, and not in that of an earlier call: cgexec with options and the command
in_group()
{
	in_ctrl=$1
	shift
	soon not_there
	nestbox cgexec --create --rm -g "$in_ctrl:$G" "$@"
}
gone() { [ ! -d "$1" ] || rmdir "$1" 2>/dev/null; }
# a group that was made without --rm, by its controller
drop()
{
	for drop_in in "$(hier "$1")" "$(hier unified)"; do
		soon gone "$drop_in/$G"
	done
}
v1() { case $(hier "$1") in '' | */unified) return 1 ;; esac; [ -e "$(hier "$1")/tasks" ]; }
# the numbers of some disk: the one that something is mounted from, or a loop device
disk()
{
	disk_mounted=$(sed -n 's/^[0-9]* [0-9]* \([1-9][0-9]*:[0-9]*\) .*/\1/p' /proc/self/mountinfo | head -n 1)
	if [ "$disk_mounted" ]; then echo "$disk_mounted"; else cat /sys/block/loop0/dev; fi
}
centiseconds() { cut -d" " -f1 /proc/uptime | tr -d .; }
EOF
. "$TMP/.env"

# --- what the versions have in common

test_need v1:cpu 'CPU time by shares and by weight' && test_ok 'CPU time by shares and by weight' '
	in_group cpu --cpu-weight 200 sh -euc ". $TMP/.env; is \$(val cpu cpu.shares) 2451"
	in_group cpu --set cpu.weight=100 sh -euc ". $TMP/.env; is \$(val cpu cpu.shares) 1024"
'
test_need v2:cpu 'CPU time by shares and by weight, on v2' && test_ok 'CPU time by shares and by weight, on v2' '
	in_group cpu --cpu-weight 200 sh -euc ". $TMP/.env; is \$(val cpu cpu.weight) 200"
	in_group cpu --cpu-shares 512 sh -euc ". $TMP/.env; is \$(val cpu cpu.weight) 59"
'
[ -z "$(hier cpu)" ] || test_ok 'a quota bites, whoever names it' '
	for o in "--cpu-quota 10000 --cpu-period 100000" "--set cpu.max=10000" "--set cpu.cfs_quota_us=10000 --set cpu.cfs_period_us=100000"; do
		[ -z "${TEST_BRIEF-}" ] || [ "$o" = "--set cpu.max=10000" ] || continue
		in_group cpu $o sh -euc ". $TMP/.env
			timeout 1 sh -c \"while :; do :; done\" || :
			[ \$(val cpu cpu.stat | sed -n \"s/nr_throttled //p\") -gt 2 ]"
	done
	# the control: without one there is nothing to throttle
	in_group cpu sh -euc ". $TMP/.env
		timeout 1 sh -c \"while :; do :; done\" || :
		is \"\$(val cpu cpu.stat | sed -n \"s/nr_throttled //p\")\" 0"
'
[ -z "$(hier cpu)" ] || test_ok 'unused quota is saved up' '
	in_group cpu --cpu-quota 50000 --cpu-burst 20000 sh -euc ". $TMP/.env; is \$(val cpu cpu.cfs_burst_us cpu.max.burst) 20000"
	in_group cpu --cpu-quota 50000 --set cpu.max.burst=30000 sh -euc ". $TMP/.env; is \$(val cpu cpu.cfs_burst_us cpu.max.burst) 30000"
'
[ -z "$(hier cpu)" ] || test_ok 'an idle group' 'in_group cpu --cpu-idle sh -euc ". $TMP/.env; is \$(val cpu cpu.idle) 1"'
[ -z "$(hier cpu)" ] || test_fails 125 'hint: a group with cpu.idle=1 has no weight' '... which has no weight' 'in_group cpu --cpu-idle nestbox cgexec -g cpu:$G --cpu-shares 100 true'
[ -e "$(hier cpu)/cpu.rt_runtime_us" ] && test_need root cmd:chrt 'realtime processes have a share of their own' && test_ok 'realtime processes have a share of their own' '
	in_group cpu --cpu-rt-runtime 100000 sh -euc ". $TMP/.env; is \$(val cpu cpu.rt_runtime_us) 100000; chrt -f 1 true"
	# the control: none is what a group is born with
	in_group cpu sh -euc ". $TMP/.env; not chrt -f 1 true 2>/dev/null"
'
[ -e "$(hier cpu)/cpu.rt_runtime_us" ] && test_need root '... within what the group above has' && test_fails 125 'hint: realtime processes get no more than the group above has' '... within what the group above has' '
	in_group cpu --cpu-rt-runtime 1000000 true'
v1 cpu || [ -z "$(hier cpu)" ] || test_fails 125 'rt_runtime_us: v2 gives realtime' 'v2 has none, and that is said' 'in_group cpu --cpu-rt-runtime 100000 true'

# --- memory

[ -z "$(hier memory)" ] || test_ok 'a reservation' '
	in_group memory --memory-reservation 8M sh -euc ". $TMP/.env; is \$(val memory memory.soft_limit_in_bytes memory.low) 8388608"
	in_group memory --memory-low 4M sh -euc ". $TMP/.env; is \$(val memory memory.soft_limit_in_bytes memory.low) 4194304"
'
if v1 memory; then
	test_ok 'out of memory, a group waits, until there is more' '
		# a string that grows past the limit, by writing to memory: in system calls there is no waiting, but ENOMEM
		nestbox cgexec --create -g memory:$G -m 8M --oom-kill-disable sh -c "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do x=\$x\$x; done" &
		group=$(hier memory)/$G
		soon grep -qs "under_oom 1" "$group/memory.oom_control"
		kill -0 $!
		nestbox cgexec -g memory:$G -m 512M
		wait $!
		nestbox cgexec -g memory:$G --set memory.oom_control=0
		grep -q "oom_kill_disable 0" "$group/memory.oom_control"
		drop memory
	'
	test_ok 'swappiness' 'in_group memory --memory-swappiness 10 sh -euc ". $TMP/.env; is \$(val memory memory.swappiness) 10"'
	test_fails 125 'memory.high: v1 has no limit that slows down' 'what v1 has not is refused' 'in_group memory --memory-high 8M true'
	test_fails 125 'memory.oom.group: v1 kills one process' '... and that too' 'in_group memory --memory-oom-group true'
	test_ok 'but nothing is wrong with what v1 does anyway' 'in_group memory --set memory.oom.group=0 --set memory.use_hierarchy=1 true'
elif [ "$(hier memory)" ]; then
	test_ok 'above memory.high a group is slowed down, and not killed' '
		in_group memory --memory-high 8M sh -euc ". $TMP/.env
			head -c 12m /dev/zero | tail >/dev/null
			[ \$(val memory memory.events | sed -n \"s/^high //p\") -gt 0 ]"
	'
	test_ok 'out of memory, all of a group is killed' '
		rc=0
		in_group memory -m 8M --memory-oom-group sh -c "head -c 16m /dev/zero | tail >/dev/null; sleep 0" || rc=$?
		is $rc 137
		# the control: without it the shell lives on
		in_group memory -m 8M sh -c "head -c 16m /dev/zero | tail >/dev/null; :"
	'
	test_fails 125 'memory.oom_control: v2 cannot switch the OOM killer off' 'what v2 has not is refused' 'in_group memory --oom-kill-disable true'
	test_fails 125 'memory.swappiness: v2 has one swappiness' '... and that too' 'in_group memory --memory-swappiness 10 true'
	test_ok 'but nothing is wrong with what v2 does anyway' 'in_group memory --set memory.oom_control=0 --set memory.use_hierarchy=1 true'
fi
[ -z "$(hier memory)" ] || test_fails 125 'no limit of its own since Linux 5.16' 'a limit without effect is refused' 'in_group memory --set memory.kmem.limit_in_bytes=8M true'

# --- disks

if [ "$(hier blkio)$(hier io)" ]; then
	test_ok 'disks by number and by path' '
		d=$(disk)
		in_group io --device-read-bps $d:1M --device-write-iops $d:100 true
		in_group blkio --io-max "$d rbps=1M wiops=100" --dry-run true >said
		grep -E "(read_bps_device <- $d 1048576|io.max <- $d rbps=1048576)$" said
		grep -E "(write_iops_device <- $d 100|io.max <- $d wiops=100)$" said
		in_group blkio --set "blkio.throttle.read_bps_device=$d 2M" --dry-run true >said
		grep -E "(read_bps_device <- $d 2097152|io.max <- $d rbps=2097152)$" said
		in_group io --set "io.max=$d rbps=max" --dry-run true >said
		grep -E "(read_bps_device <- $d 0|io.max <- $d rbps=max)$" said
	'
	test_fails 125 'hint: no disk has these numbers' 'numbers of no disk' 'in_group io --device-read-bps 0:99:1M true'
	test_fails 125 'proc: lies on no single block device' 'a file that is on no disk' 'in_group io --device-read-bps /proc:1M true'
	test_fails 125 'null: is a character device' 'a device of the wrong kind' 'in_group io --device-read-bps /dev/null:1M true'
	test_fails 125 'wants DEVICE:N' 'no amount' 'in_group io --device-read-bps /dev/null true'
	test_fails 125 'not a number of bytes' 'no number' 'in_group io --device-read-bps /:1x true'
	test_fails 125 'bps=1: a limit is rbps=N' 'a key that there is not' 'in_group io --io-max "/ bps=1" true'
	[ ! -b /dev/loop0 ] || test_need root 'a rate bites' && test_ok 'a rate bites' '
		# two MiB at one MiB a second take a second at least; without a limit they are there at once
		truncate -s 2M image
		loop=$(losetup -f)
		losetup "$loop" image
		trap "losetup -d $loop" EXIT
		time_of()
		{
			start=$(centiseconds)
			"$@"
			echo $(($(centiseconds) - start))
		}
		[ $(time_of in_group io --device-read-bps "$loop:1M" busybox dd if="$loop" of=/dev/null bs=64k iflag=direct 2>/dev/null) -ge 90 ]
		[ $(time_of in_group io busybox dd if="$loop" of=/dev/null bs=64k iflag=direct 2>/dev/null) -lt 90 ]
	'
	if [ "$(hier io)" ] && [ -e "$(hier io)/io.cost.qos" ]; then
		test_ok 'shares of a disk, by either scale' '
			in_group io --io-weight 200 sh -euc ". $TMP/.env; is \"\$(val io io.weight)\" \"default 200\""
		'
	elif v1 blkio && [ "$(find "$(hier blkio)" -maxdepth 2 -name blkio.bfq.weight 2>/dev/null | head -n 1)" ]; then
		test_ok 'shares of a disk, by either scale' '
			in_group blkio --blkio-weight 200 sh -euc ". $TMP/.env; is \$(val blkio blkio.bfq.weight) 200"
			in_group blkio --io-weight 10000 sh -euc ". $TMP/.env; is \$(val blkio blkio.bfq.weight) 1000"
			in_group blkio --set io.weight="default 100" sh -euc ". $TMP/.env; is \$(val blkio blkio.bfq.weight) 100"
		'
	fi
fi

# --- huge pages

[ ! -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || [ -z "$(hier hugetlb)" ] || test_ok 'huge pages' '
	in_group hugetlb --hugetlb 2M=64M sh -euc ". $TMP/.env; is \$(val hugetlb hugetlb.2MB.limit_in_bytes hugetlb.2MB.max) 67108864"
	in_group hugetlb --set hugetlb.2MB.limit_in_bytes=32M sh -euc ". $TMP/.env; is \$(val hugetlb hugetlb.2MB.limit_in_bytes hugetlb.2MB.max) 33554432
		is \$(val hugetlb hugetlb.2MB.rsvd.limit_in_bytes hugetlb.2MB.rsvd.max) 33554432"
'
[ -z "$(hier hugetlb)" ] || test_fails 125 'is no size of huge pages' 'a size that is none' 'in_group hugetlb --hugetlb x=1M true'
[ -z "$(hier hugetlb)" ] || test_fails 125 '2M=1M: is less than one such page' 'less than a page of that size' 'in_group hugetlb --hugetlb 2M=1M true'
[ -z "$(hier hugetlb)" ] || test_fails 125 'hugetlb.3MB' 'a size that there is not' 'in_group hugetlb --hugetlb 3M=6M true'

# --- writing as it is, and trying

[ -z "$(hier pids)" ] || test_ok '--set-raw writes exactly that' '
	in_group pids --set-raw pids.max=7 sh -euc ". $TMP/.env; is \$(val pids pids.max) 7"
'
[ -z "$(hier pids)" ] || test_fails 125 'pids.max: write "-1": Invalid argument' '... and converts nothing' 'in_group pids --set-raw pids.max=-1 true'
[ -z "$(hier pids)" ] || test_ok '... which --set does' 'in_group pids --set pids.max=-1 sh -euc ". $TMP/.env; is \$(val pids pids.max) max"'
[ -z "$(hier memory)" ] || test_ok '--try-set says what it leaves out, and goes on' '
	has=memory.soft_limit_in_bytes=8M
	in_group memory --try-set "$has" --try-set memory.high=16M --try-set memory.swappiness=10 --try-set cpu.idle=1 --try-set memory.no_such=1 \
		sh -euc ". $TMP/.env; is \$(val memory memory.soft_limit_in_bytes memory.low) 8388608" 2>said
	grep -q "^nestbox: cgexec: --set cpu.idle: needs the cpu controller: left out$" said
	grep -q "memory.no_such: .*: left out$" said
	if v1 memory; then grep "memory.high" said | grep -q ": left out$"; else grep "memory.swappiness" said | grep -q ": left out$"; fi
	[ $(grep -c "left out$" said) = 3 ]
'
[ -z "$(hier pids)" ] || test_fails 125 'pids.max=5000000: out of the kernel.s range' 'what is wrong is wrong for --try-set too' 'in_group pids --try-set pids.max=5000000 true'
[ -z "$(hier pids)" ] || test_fails 125 'a setting is NAME=VALUE' 'no value' 'in_group pids --set-raw pids.max true'

# --- what would be written

[ -z "$(hier memory)" ] || [ -z "$(hier pids)" ] || test_ok '--dry-run prints what is written then, and changes nothing' '
	set -- -m 16M --pids 9 --memory-reservation 8M
	in_group memory,pids --dry-run "$@" touch ran >said
	[ ! -e ran ]
	[ ! -e "$(hier memory)/$G" ]
	grep -qx "mkdir -p $(hier memory)/$G" said
	grep -qE "/(tasks|cgroup.procs) <- 0$" said
	grep -E "/(memory|pids)\.[^ ]* <- " said >values
	[ $(wc -l <values) -ge 4 ]
	in_group memory,pids "$@" sh -euc "while read -r file _ value; do
		now=\$(cat \$file)
		[ \$now = \$value ] || { echo \$file: \$now; exit 1; }
	done <values"
'
[ -z "$(hier memory)" ] || test_ok '... also of a group that is there' '
	nestbox cgexec --create -g memory:$G -m 64M
	nestbox cgexec -g memory:$G --dry-run -m 32M >said
	nestbox cgexec -g memory:$G --dry-run true >joins
	drop memory
	not grep -q mkdir said
	grep -qE "memory\.(limit_in_bytes|max) <- 33554432$" said
	not grep -q "<- 0$" said
	grep -qE "/(tasks|cgroup.procs) <- 0$" joins
'
test_fails 125 'kill: is not what --dry-run can show' '... but not what is done to groups in use' 'nestbox cgexec -g pids:$G --dry-run --kill'
test_need root '... device rules too' && test_ok '... device rules too' '
	in_group devices --dry-run --device "deny all" --device "allow c 1:3 rw" true >said
	if v1 devices; then
		grep -qx "$(hier devices)/$G/devices.deny <- a \*:\* rwm" said
		grep -qx "$(hier devices)/$G/devices.allow <- c 1:3 rw" said
	else
		grep -qx "$(hier unified)/$G <- deny a \*:\* rwm" said
		grep -qx "$(hier unified)/$G <- allow c 1:3 rw" said
	fi
'
test_fails 125 'no such group' '... and one that is missing is missed' 'nestbox cgexec -g pids:$G-none --dry-run true'

# --- names of the other version

test_ok 'what v1 has as controllers' '
	for c in blkio io cpuacct freezer; do
		[ "$(hier $c)" ] || [ "$(hier unified)" ] || continue
		case $c in blkio | io) [ "$(hier blkio)$(hier io)" ] || continue ;; esac
		in_group $c sh -euc "grep -q $NAME /proc/self/cgroup"
	done
'
[ -z "$(hier unified)$(hier freezer)" ] || test_ok 'the freezer by either name' '
	nestbox cgexec --create -g freezer:$G sleep 100 & pid=$!
	soon grep -q $NAME /proc/$pid/cgroup
	nestbox cgexec -g freezer:$G --set freezer.state=FROZEN
	# it takes a moment, in which it is FREEZING
	rc=0
	if v1 freezer; then soon grep -q FROZEN "$(hier freezer)/$G/freezer.state"; else soon grep -q "frozen 1" "$(hier unified)/$G/cgroup.events"; fi || rc=$?
	nestbox cgexec -g freezer:$G --set freezer.state=THAWED
	kill $pid
	wait $pid || :
	drop freezer
	is $rc 0
'

# --- what cannot be meant

test_fails 125 'cpus: says what --cpu-quota' 'CPUs and a quota' 'in_group cpu --cpus 1 --cpu-quota 5000 true'
test_fails 125 'says what --cpu-weight' 'shares and a weight' 'in_group cpu --cpu-shares 100 --cpu-weight 5 true'
test_fails 125 'says what --io-weight' 'two weights' 'in_group blkio --blkio-weight 100 --io-weight 5 true'
test_fails 125 'no less than 1000' 'a quota below the least' 'in_group cpu --cpu-quota 999 true'
test_fails 125 'less than a page' 'memory.high of less than a page' 'in_group memory --memory-high 100 true'
test_fails 125 'blkio-weight' 'a weight out of range' 'in_group blkio --blkio-weight 9 true'
test_fails 125 'wants SIZE=N' 'huge pages without a size' 'in_group hugetlb --hugetlb 2M true'

test_ok 'nothing is left' nothing_left
done_testing
