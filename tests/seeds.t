#!/bin/sh
# What people have typed to learn about containers, in a bash on a terminal, with
# nestbox's applets by their links: `unshare` is nestbox's here. Where util-linux's
# can be asked the same, both must show the same.
. "${0%/*}/lib.sh"
need root cmd:bash cmd:script cmd:ps
own_run

# A copy, as an ordinary user may have no way to the binary.
mkdir "$TMP/links" "$TMP/tmp"
cp "$NB" "$TMP/links/nestbox"
"$TMP/links/nestbox" --install -s "$TMP/links"
for name in hostname ifconfig ipcmk ipcs ping; do
	command -v $name >/dev/null || ln -s "$(command -v busybox)" "$TMP/links/$name"
done

"$TESTS/../scripts/rootfs" "$TMP/root"
R=$TMP/root
NAME=seeds-$$
export R NAME
touch "$TMP/host-mark"

# shellcheck disable=SC2016 # for the snippets to expand
cat >>"$TMP/.env" <<'ENV'
theirs=$PATH
PATH=$TMP/links:$PATH

. "$TESTS/terminal.sh"

# A session from its first line to its last.
session() { terminal; types "$@"; hangs_up; }
# Both unshares show the same, apart from numbers of several digits; ours in $TMP/ours.
both()
{
	session "$@" >"$TMP/ours"
	(PATH=$theirs; session "$@") >"$TMP/theirs"
	for f in ours theirs; do
		sed -E 's/0x[0-9a-f]+/KEY/g; s|pts/[0-9]+|pts|; s/[0-9][0-9.:]+/N/g; s/ +/ /g' "$TMP/$f" >"$TMP/$f.n"
	done
	diff "$TMP/theirs.n" "$TMP/ours.n"
}
shows() { grep -qE -e "$1" "$TMP/ours" || { echo "not shown: $1"; cat "$TMP/ours"; return 1; } >&2; }
hides() { ! grep -E -e "$1" "$TMP/ours" >&2; }

# names of the namespaces that process $1 has and this one has not
others()
{
	for ns in cgroup ipc mnt net pid user uts; do
		[ "$(readlink "/proc/$1/ns/$ns")" = "$(readlink "/proc/$$/ns/$ns")" ] || printf '%s ' $ns
	done
}
child_of() { ps -o pid= --ppid "$1" | tr -d ' '; }
has_child() { [ -n "$(child_of "$1")" ]; }
soon() { tries=0; until "$@"; do sleep 0.05; tries=$((tries + 1)); [ $tries != 200 ] || return 1; done; }
# directory of the hierarchy of a controller
hierarchy() { sed -nE "s/^[0-9]+ [0-9]+ [^ ]+ [^ ]+ ([^ ]+) .* - cgroup .*[ ,]$1(,.*)?\$/\\1/p" /proc/self/mountinfo | head -n 1; }
# the groups that a test has made, once nobody is in them any more
no_groups() { find /sys/fs/cgroup -depth -type d -name "$NAME" -exec rmdir {} + 2>/dev/null; [ -z "$(find /sys/fs/cgroup -type d -name "$NAME")" ]; }
as_user() { nestbox setpriv --reuid 1000 --regid 1000 "$@"; }
ENV

test_ok 'unshare, nsenter, pivot_root and setpriv are nestbox'\''s' '
	for a in unshare nsenter pivot_root setpriv; do
		[ "$(command -v $a)" = "$TMP/links/$a" ]
		$a --version | grep -q nestbox
	done
'

# --- mount namespaces

test_ok 'a tmpfs that is mounted inside is not seen outside' '
	terminal
	types "unshare --mount --fork /bin/bash" "cd $TMP/tmp" "mkdir tmpfs" "mount -t tmpfs -o size=20m tmpfs $TMP/tmp/tmpfs" "touch tmpfs/inside"
	types "df -k tmpfs" | grep -qE "^tmpfs +20480 .* $TMP/tmp/tmpfs\$"
	types "ls tmpfs" | grep -qx inside
	! df -k "$TMP/tmp/tmpfs" | grep ^tmpfs
	if grep "$TMP/tmp/tmpfs" /proc/self/mountinfo; then exit 1; fi
	[ -z "$(ls "$TMP/tmp/tmpfs")" ]
	# the lists of namespaces of the two windows differ in that one
	types "ls -l /proc/self/ns/" | sed -n "s/.* -> //p" | tr -d "\047" | sort >"$TMP/inside"
	ls -l /proc/self/ns/ | sed -n "s/.* -> //p" | sort >"$TMP/outside"
	[ "$(comm -13 "$TMP/outside" "$TMP/inside" | sed "s/:.*//")" = mnt ]
	types exit
	[ -z "$(types "ls $TMP/tmp/tmpfs")" ]
	hangs_up
	rmdir "$TMP/tmp/tmpfs"
'
test_ok 'and util-linux'\''s unshare shows the same' '
	mkdir "$TMP/tmp/tmpfs"
	both "unshare --mount --fork /bin/bash" "mount -t tmpfs -o size=20m tmpfs $TMP/tmp/tmpfs" "grep tmpfs\$NAME /proc/self/mounts" \
		"cut -d\" \" -f5- /proc/self/mountinfo" "readlink /proc/self/ns/*" exit "cut -d\" \" -f5- /proc/self/mountinfo"
	shows "^$TMP/tmp/tmpfs rw,relatime - tmpfs"
	rmdir "$TMP/tmp/tmpfs"
'

# --- pid namespaces

test_ok 'ps aux shows bash as number 1, and itself' '
	both "unshare --pid --fork --mount-proc /bin/bash" "ps aux"
	shows "^root +1 .* /bin/bash\$"
	shows "^root .* ps aux\$"
	[ "$(wc -l <"$TMP/ours")" = 3 ]
'
test_ok 'without a /proc of its own it sees the host'\''s processes, which it cannot kill' '
	sleep 60 & victim=$!
	terminal
	types "unshare --pid -f bash"
	types "echo \$\$" | grep -qx 1
	types "ps -exf" | grep -qE "^ *$victim .* sleep 60"
	types "kill $victim" | grep -qx "bash: kill: ($victim) - No such process"
	types exit
	kill -0 $victim
	# the control: a shell on the same terminal without the namespace can
	types "kill $victim"
	hangs_up
	rc=0; wait $victim || rc=$?
	[ $rc = 143 ]
'
test_ok 'as soon as proc is mounted it sees only its own' '
	sleep 60 & victim=$!
	terminal
	types "unshare --mount --pid -f bash"
	types "ps -exf" | grep -qE "^ *$victim .* sleep 60"
	types "mount -t proc none /proc"
	types "ps -exf" >"$TMP/ours"
	types exit
	grep -q sleep "/proc/$victim/comm"
	hangs_up
	kill $victim
	shows "^ *1 pts/[0-9]+ +SN? +[0-9:]+ bash"
	shows "ps -exf"
	hides "sleep 60"
	[ "$(wc -l <"$TMP/ours")" = 3 ]
'
test_ok 'what the post types for that shows the same with util-linux'\''s' '
	both "unshare --mount --pid -f bash" "mount -t proc none /proc" "ps -exf" "cat /proc/1/comm" "kill 99999" exit
	shows "No such process"
'
test_ok 'that bash has job control: it lists, stops, goes on and kills' '
	both "unshare --pid --fork --mount-proc /bin/bash" "sleep 50 & sleep 0.3" "jobs" "kill %1; wait %1; echo status \$?" \
		"sleep 0.5 & fg %1" "sleep 51 & kill -STOP %1; sleep 0.1; jobs" "bg %1; kill %1; wait %1; echo status \$?"
	shows "^\[1\]\+ +Running +sleep 50 &"
	shows "^\[1\]\+ +Stopped +sleep 51"
	[ "$(grep -c "^status 143\$" "$TMP/ours")" = 2 ]
	hides "no job control"
'
test_ok 'Ctrl-Z and Ctrl-C reach what runs in front, and neither bash nor unshare' '
	terminal
	types "unshare --pid --fork --mount-proc /bin/bash"
	keys "sleep 52\n"; sleep 0.5; keys "\032"
	types jobs | grep -qE "^\[1\]\+ +Stopped +sleep 52"
	keys "fg\n"; sleep 0.5; keys "\003"
	types "echo status \$?" | grep -qx "status 130"
	types "echo \$\$" | grep -qx 1
	hangs_up
'

# --- uts namespaces

test_ok 'a host name that is set inside stays inside' '
	before=$(uname -n)
	both "unshare --uts --fork /bin/bash" "hostname -b dmxyhostname" "hostname" exit "hostname"
	[ "$(cat "$TMP/ours")" = "$(printf "dmxyhostname\n$before")" ]
	[ "$(uname -n)" = "$before" ]
'
test_ok 'also without fork, and with the window outside looking on' '
	before=$(uname -n)
	terminal
	types "unshare --uts bash" "hostname container"
	types hostname | grep -qx container
	[ "$(uname -n)" = "$before" ]
	pid=$(types "echo \$\$")
	[ "$(others "$pid")" = "uts " ]
	# what docker exec does: a second process comes in
	[ "$(nsenter -t "$pid" --uts -- uname -n)" = container ]
	types exit
	types hostname | grep -qx "$before"
	hangs_up
'

# --- ipc namespaces

test_ok 'a message queue that is made inside is not there outside' '
	terminal
	types "unshare --ipc bash"
	types "ipcmk -Q" | grep -qx "Message queue id: 0"
	types "ipcs -q" | grep -qE "^0x[0-9a-f]{8} 0 +root +644 +0 +0 *\$"
	pid=$(types "echo \$\$")
	[ "$(nsenter -t "$pid" --ipc -- ipcs -q | grep -c ^0x)" = 1 ]
	types "ipcs -q" | grep -o "^0x[0-9a-f]*" >"$TMP/key"
	! ipcs -q | grep -f "$TMP/key"
	types exit
	! types "ipcs -q" | grep -f "$TMP/key"
	hangs_up
'
test_ok 'two ipc namespaces have a queue of number 0 each, as with util-linux'\''s' '
	both "unshare --ipc bash" "ipcmk -Q" "ipcs -q" "unshare --ipc bash" "ipcs -q" "ipcmk -Q" "ipcs -q" exit "ipcs -q"
	[ "$(grep -c "^Message queue id: 0\$" "$TMP/ours")" = 2 ]
	[ "$(grep -c ^0x "$TMP/ours")" = 3 ]
'

# --- network namespaces

if test_need cmd:ip 'a new network has lo, which is down'; then
	test_ok 'a new network has lo, which is down, and no address' '
		both "unshare --net --fork /bin/bash" "ip a"
		grep -qE "^1: lo: <LOOPBACK> mtu 65536 qdisc noop state DOWN" "$TMP/ours"
		[ "$(wc -l <"$TMP/ours")" = 2 ]
		ip -o link show up dev lo | grep -q LOOPBACK,UP
	'
	test_ok 'lo comes up by ifconfig, by ip and by netns, all alike' '
		for up in "ifconfig lo up" "ip link set lo up" "nestbox netns up"; do
			session "unshare --net bash" "ifconfig" "ip link" "$up" "ifconfig" "ip -d a" "ping -c 1 -W 2 127.0.0.1" >"$TMP/ours"
			[ "$(head -n 1 "$TMP/ours" | cut -c1-12)" = "1: lo: <LOOP" ]
			shows "inet (addr:)?127\.0\.0\.1"
			shows "^1: lo: <LOOPBACK,UP,LOWER_UP>"
			shows " 0% packet loss"
			sed -n "/LOWER_UP/,/ping/p" "$TMP/ours" | sed "/^PING/,\$d" >"$TMP/state"
			[ -s "$TMP/state" ]
			[ ! -e "$TMP/state.0" ] || diff "$TMP/state.0" "$TMP/state"
			mv "$TMP/state" "$TMP/state.0"
		done
	'
fi

# --- user namespaces

test_ok 'unshare --user -r makes root, and other groups nogroup' '
	as_user --groups 1000,27 true || exit 1
	both "setpriv --reuid 1000 --regid 1000 --groups 1000,27 bash" "unshare --user -r /bin/bash" id "cat /proc/self/uid_map" exit id
	shows "^uid=0\(root\) gid=0\(root\) groups=0\(root\),65534\(nogroup\)\$"
	shows "^ +0 +1000 +1\$"
	shows "^uid=1000"
'
test_ok 'a new user is nobody until root outside writes the maps, one after the other' '
	for ours in yes no; do
		[ $ours = yes ] || PATH=$theirs
		terminal
		types "setpriv --reuid 1000 --regid 1000 --clear-groups bash" "unshare --user bash"
		types id | grep -qx "uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)"
		pid=$(types "echo \$\$")
		[ "$(others "$pid")" = "user " ]
		echo "0 1000 65534" > /proc/$pid/uid_map
		types id | grep -qx "uid=0(root) gid=65534(nogroup) groups=65534(nogroup)"
		echo "0 1000 65534" > /proc/$pid/gid_map
		types id | grep -qE "^uid=0\(root\) gid=0\(root\) groups=0\(root\)\$"
		types "touch $TMP/tmp/x" | grep -q "denied"
		hangs_up
	done
'

# --- the program of the posts, which calls clone(2)

CC=$(command -v musl-gcc || command -v gcc) || CC=
export CC
if [ -z "$CC" ]; then
	test_skip 'programs that call clone(2) and chroot(2)' 'needs a C compiler'
else
	test_ok 'the programs of the posts compile' '
		for p in clone escape; do
			"$CC" -static -D_GNU_SOURCE -o "$TMP/links/seeds_$p" "$TESTS/seeds_$p.c"
		done
	'
	test_ok 'its child is in another uts namespace, as unshare'\''s is' '
		before=$(uname -n)
		for start in "seeds_clone uts sh" "unshare --uts --fork sh"; do
			terminal
			types "$start"
			pid=$(types "echo \$\$")
			[ "$(readlink /proc/$pid/ns/uts)" != "$(readlink /proc/self/ns/uts)" ]
			[ "$(others "$pid")" = "uts " ]
			types "hostname -b bird"
			types hostname | grep -qx bird
			[ "$(uname -n)" = "$before" ]
			hangs_up
		done
	'
	# what a process sees: its number, its maps, its mounts, what is visible in /proc
	cat >"$TMP/look" <<'LOOK'
echo "pid $$, user $(id -u), group $(id -g)"
hostname -b bird; hostname
for set in Inh Prm Eff Amb; do grep "^Cap$set" /proc/self/status; done
[ -z "$MOUNTS" ] || { mount -t proc proc /proc && ls /proc | grep -c '^[0-9]'; ps -ef | grep -c .; }
cat /proc/self/uid_map /proc/self/gid_map
cut -d' ' -f4- /proc/self/mountinfo
for ns in cgroup ipc mnt net pid user uts; do
	[ "$(readlink /proc/self/ns/$ns)" = "$(cat "$TMP/ns/$ns")" ] || echo "another $ns"
done
LOOK
	# shellcheck disable=SC2016 # for the snippets to expand
	cat >>"$TMP/.env" <<'ENV'
# clone(2) with flags $1 and unshare with options $2 show the command the same
same_child()
{
	mkdir -p "$TMP/ns"
	for ns in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$ns >"$TMP/ns/$ns"; done
	MOUNTS=; case $1 in *mnt*) MOUNTS=yes ;; esac
	export MOUNTS
	seeds_clone "$1" sh "$TMP/look" >"$TMP/theirs"
	# shellcheck disable=SC2086 # a list of words
	unshare $2 -f -- sh "$TMP/look" >"$TMP/ours"
	diff -I '^pid [0-9]\{2,\},' "$TMP/theirs" "$TMP/ours"
}
ENV
	test_ok 'CLONE_NEWUTS and --uts: the child sees the same' 'same_child uts --uts; shows "^bird\$"; shows "^another uts\$"'
	test_ok 'and CLONE_NEWPID and --pid: it is number 1' 'same_child uts,pid "--uts --pid"; shows "^pid 1,"; shows "^another pid\$"'
	test_ok 'and CLONE_NEWNS and --mount: it sees only itself, once it has mounted proc' '
		same_child uts,pid,mnt "--uts --pid --mount"
		shows "^another mnt\$"
		! grep -c " /proc .* - proc proc" /proc/self/mountinfo | grep -qx 2
	'
	test_ok 'and CLONE_NEWUSER and --user: it is nobody, and execve has left it no capability' '
		same_child uts,pid,mnt,user "--uts --pid --mount --user" 2>"$TMP/e"
		shows "^pid 1, user 65534, group 65534\$"
		shows "^CapEff:.0000000000000000\$"
		shows "^another user\$"
		[ "$(grep -c "^hostname: you must be root" "$TMP/e")" = 2 ]
	'
	test_ok 'all seven at once' 'same_child uts,pid,mnt,user,ipc,net,cgroup "-u -p -m -U -i -n -C" 2>/dev/null; [ "$(grep -c ^another "$TMP/ours")" = 7 ]'
	test_ok 'run'\''s child sees what it does, and no capability more' '
		mkdir -p "$TMP/ns"
		for ns in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$ns >"$TMP/ns/$ns"; done
		sed "s/^hostname -b.*/hostname/; /^cut/d" "$TMP/look" >"$TMP/look2"
		seeds_clone uts,pid,mnt,ipc,net,cgroup sh -c "hostname -b bird; mount -t proc proc /proc; MOUNTS= TMP=$TMP exec sh $TMP/look2" | grep -v ^Cap >"$TMP/theirs"
		nestbox run -h bird -v "$TMP:$TMP:ro" -e MOUNTS= -e TMP "$R" sh "$TMP/look2" >"$TMP/ours"
		grep -qE "^CapEff:.00000000a80425fb" "$TMP/ours"
		grep -v ^Cap "$TMP/ours" | diff "$TMP/theirs" -
		shows "^pid 1, user 0, group 0\$"
	'

	# --- chroot and pivot_root

	cp "$TMP/links/seeds_escape" "$R/escape"
	test_ok 'root gets out of a chroot, and not out of a pivot' '
		chroot "$R" /bin/sh -c "! test -e $TMP/host-mark"
		chroot "$R" /escape /bin/sh -c "test -e $TMP/host-mark"
		[ -d "$R/deeper" ]
		for way in "unshare -m -- nestbox pivot" "unshare -m -p -f -- nestbox pivot --api" "nestbox run" "nestbox run --privileged"; do
			[ "$($way "$R" /escape /bin/sh -c "test -e $TMP/host-mark || test -e /escape && echo in")" = in ]
		done
	'
	test_ok 'nor of a pivot_root by hand, the post'\''s last step' '
		terminal
		types "unshare --mount --pid --fork bash" "mount --bind $R $R" "cd $R" "mkdir -p old" "pivot_root . old" "exec chroot . /bin/sh" "mount -t proc proc /proc"
		types "ls -1 /old$TMP" | grep -qx host-mark
		types "umount -l /old" "rmdir /old"
		types "ls -1 /" | tr "\n" " " | grep -qE "^bin (deeper )?dev escape etc home (lib lib64 )?proc root run sys tmp \$"
		types "/escape /bin/sh -c \"ls -d $TMP /escape\"" | grep -qx /escape
		types "ps -o pid,args" | grep -qE "^ +1 /bin/sh"
		hangs_up
	'
fi

# --- containers as the host sees them

test_ok 'a container has few processes, which the host sees under other numbers' '
	terminal
	types "nestbox run -it --rm --name $NAME $R sh"
	types "ps -o pid,user,args" >"$TMP/ours"
	shows "^ +1 root +sh\$"
	shows "^ +[0-9]+ root +.*ps"
	[ "$(wc -l <"$TMP/ours")" = 3 ]
	waiter=$(ps -eo pid,args | awk -v name="$NAME" "\$2 == \"nestbox\" && \$3 == \"run\" && \$7 == name { print \$1; exit }")
	[ -n "$waiter" ]
	pid=$(child_of "$waiter")
	[ "$(tr "\0" " " <"/proc/$pid/cmdline")" = "sh " ]
	grep -qE "^NSpid:.$pid.1\$" "/proc/$pid/status"
	[ "$(others "$pid")" = "cgroup ipc mnt net pid uts " ]
	ps -ef | grep -qE "^root +$pid +$waiter "
	# and the one inside does not see those outside
	types "ls -d /proc/$waiter 2>&1" | grep -q "No such file"
	types "hostname" | grep -qE "^[0-9a-f]{12}\$"
	keys "exit\n"; soon test ! -e /proc/$pid
	[ ! -e /proc/$pid ]
	hangs_up
'
test_ok 'two containers listen on the same port, and the host on none' '
	hears() { awk "\$2 ~ /:18EB\$/ && \$4 == \"0A\" { n++ } END { exit !n }" "/proc/$1/net/tcp" "/proc/$1/net/tcp6"; }
	nestbox run --name "redis-$NAME" "$R" sh -c "echo one | nc -l -p 6379" >"$TMP/one" & w1=$!
	nestbox run --name "redis2-$NAME" "$R" sh -c "echo two | nc -l -p 6379" >"$TMP/two" & w2=$!
	soon has_child $w1; soon has_child $w2
	p1=$(child_of $w1); p2=$(child_of $w2)
	trap "kill -9 $p1 $p2" EXIT
	soon hears "$p1"; soon hears "$p2"
	if hears self; then exit 1; fi
	[ "$(nsenter -t "$p1" --net -- busybox nc 127.0.0.1 6379 </dev/null)" = one ]
	[ "$(nsenter -t "$p2" --net -- busybox nc 127.0.0.1 6379 </dev/null)" = two ]
	trap - EXIT
	wait $w1; wait $w2
'
test_ok 'each has files of its own' '
	"$TESTS/../scripts/rootfs" "$TMP/root2"
	nestbox run "$R" sh -c "echo first >/tmp/file"
	nestbox run "$TMP/root2" sh -c "! test -e /tmp/file && echo second >/tmp/file"
	[ "$(nestbox run "$R" cat /tmp/file) $(nestbox run "$TMP/root2" cat /tmp/file)" = "first second" ]
	rm "$R/tmp/file"
'

# --- control groups of version 1, by the names of their files

at_end 'find /sys/fs/cgroup -depth -type d -name "$NAME" -exec rmdir {} + 2>/dev/null'
# set_v1 CONTROLLER 'sentence' 'snippet', in which $group is the group's directory
set_v1()
{
	test_need "v1:$1" "$2" && test_ok "$2" "
		group=\$(hierarchy $1)/\$NAME
		$3
		soon no_groups
	"
}
set_v1 cpuset 'cpuset.cpus and cpuset.mems: a process on one CPU and one memory node' '
	cgexec --create -g cpuset:$NAME --set cpuset.cpus=0 --set cpuset.mems=0 sh -c "cat $group/cpuset.cpus $group/cpuset.mems; grep _allowed_list /proc/self/status" >"$TMP/ours"
	[ "$(sed "s/.*[[:space:]]//" "$TMP/ours" | tr "\n" " ")" = "0 0 0 0 " ]
	# the listing of the post
	for f in cgroup.clone_children cgroup.procs cpuset.cpu_exclusive cpuset.cpus cpuset.effective_cpus cpuset.effective_mems \
		cpuset.mem_exclusive cpuset.mem_hardwall cpuset.memory_migrate cpuset.memory_pressure cpuset.memory_spread_page \
		cpuset.memory_spread_slab cpuset.mems cpuset.sched_load_balance cpuset.sched_relax_domain_level notify_on_release tasks; do
		test -e "$group/$f"
	done
'
set_v1 cpu 'cpu.shares, and half of a CPU by cpu.cfs_quota_us' '
	cgexec --create -g cpu:$NAME --set cpu.shares=512 --set cpu.cfs_period_us=1000000 --set cpu.cfs_quota_us=500000
	[ "$(cat "$group/cpu.shares" "$group/cpu.cfs_period_us" "$group/cpu.cfs_quota_us" | tr "\n" " ")" = "512 1000000 500000 " ]
	# 5 ms of each tenth of a second: a busy loop is put to sleep soon
	grep -qx "nr_throttled 0" "$group/cpu.stat"
	cgexec -g cpu:$NAME --set cpu.cfs_period_us=100000 --set cpu.cfs_quota_us=5000 timeout 30 sh -c "until grep -q \"^nr_throttled [1-9]\" $group/cpu.stat; do :; done"
	# and more for a group in use
	cgexec -g cpu:$NAME --set cpu.cfs_quota_us=-1
	[ "$(cat "$group/cpu.cfs_quota_us")" = -1 ]
'
set_v1 cpuacct 'cpuacct counts what a group has used, per CPU too' '
	cgexec --create -g cpuacct:$NAME sh -c "i=0; while [ \$i -lt 100000 ]; do i=\$((i + 1)); done"
	[ "$(cat "$group/cpuacct.usage")" -gt 1000000 ]
	[ "$(tr " " "\n" <"$group/cpuacct.usage_percpu" | awk "{ sum += \$1 } END { printf \"%d\", sum }")" = "$(cat "$group/cpuacct.usage")" ]
	grep -qE "^user [0-9]+" "$group/cpuacct.stat"; grep -qE "^system [0-9]+" "$group/cpuacct.stat"
'
set_v1 memory 'memory.limit_in_bytes, with m and k and G behind the number' '
	for size in 64m:67108864 65536k:67108864 64M:67108864 1G:1073741824 1g:1073741824; do
		cgexec --create -g memory:$NAME --set memory.limit_in_bytes=${size%:*}
		[ "$(cat "$group/memory.limit_in_bytes")" = "${size#*:}" ]
		# the kernel reads the suffix as well
		echo 32m >"$group/memory.limit_in_bytes"
		echo "${size%:*}" >"$group/memory.limit_in_bytes"
		[ "$(cat "$group/memory.limit_in_bytes")" = "${size#*:}" ]
	done
	cgexec -g memory:$NAME sh -c "grep -E \"^hierarchical_memory_limit\" $group/memory.stat" | grep -q 1073741824
'
set_v1 memory 'the one that goes over its limit is killed, and no other' '
	cgexec --create -g memory:$NAME --set memory.limit_in_bytes=16m
	echo -1 >"$group/memory.memsw.limit_in_bytes" 2>/dev/null || :
	[ ! -e "$group/memory.memsw.limit_in_bytes" ] || echo 16m >"$group/memory.memsw.limit_in_bytes"
	rc=0; cgexec -g memory:$NAME sh -c "exec head -c 64m /dev/zero | tail" >/dev/null || rc=$?
	[ $rc = 137 ]
	cgexec -g memory:$NAME sh -c "head -c 64m /dev/zero | wc -c" | grep -qx 67108864
'
set_v1 devices 'devices.list: deny, allow, and what the list says' '
	cgexec --create -g devices:$NAME
	[ "$(cat "$group/devices.list")" = "a *:* rwm" ]
	cgexec -g devices:$NAME true </dev/null
	cgexec -g devices:$NAME sh -c "head -c 1 /dev/zero | wc -c" | grep -qx 1
	cgexec -g devices:$NAME --set "devices.deny=a *:* rwm"
	[ -z "$(cat "$group/devices.list")" ]
	if cgexec -g devices:$NAME head -c 1 /dev/zero 2>"$TMP/e"; then exit 1; fi
	grep -q "not permitted" "$TMP/e"
	cgexec -g devices:$NAME --set "devices.allow=c 1:5 r"
	[ "$(cat "$group/devices.list")" = "c 1:5 r" ]
	[ "$(cgexec -g devices:$NAME head -c 1 /dev/zero | wc -c)" = 1 ]
	# reading only
	if cgexec -g devices:$NAME sh -c "true >/dev/zero" 2>/dev/null; then exit 1; fi
	# 1:5 is what the post looks up there
	grep -qE "^ +1 mem\$" /proc/devices
'
set_v1 pids 'tasks has the processes that cgexec puts in, or echo' '
	cgexec --create -g pids:$NAME
	cgexec -g pids:$NAME sh -c "echo \$\$; cat $group/tasks" >"$TMP/ours"
	grep -qx "$(head -n 1 "$TMP/ours")" "$group/tasks" && exit 1
	[ "$(sort "$TMP/ours" | uniq -d)" = "$(head -n 1 "$TMP/ours")" ]
	sleep 60 & pid=$!
	echo $pid >"$group/tasks"
	[ "$(cat "$group/tasks")" = $pid ]
	grep -q "pids.*:/$NAME\$" /proc/$pid/cgroup
	kill $pid; wait $pid || :
'
set_v1 pids 'a container by hand: new namespaces, tasks written, root changed, a shell executed' '
	cgexec --create -g pids:$NAME --set pids.max=20
	terminal
	types "unshare --mount --uts --ipc --net --pid --fork bash"
	pid=$(child_of "$(child_of "$(child_of "$term_pid")")")
	grep -qE "^NSpid:.$pid.1\$" "/proc/$pid/status"
	echo "$pid" >"$group/tasks"
	types "hostname box" "exec nestbox pivot --api $R sh"
	[ "$(types "echo \$\$ \$(hostname)")" = "1 box" ]
	types "test -e /proc/$pid || echo alone" | grep -qx alone
	types "grep -o pids.* /proc/self/cgroup" | grep -qx "pids:/$NAME"
	hangs_up
'
done_testing
