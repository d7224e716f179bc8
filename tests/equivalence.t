#!/bin/sh
# A plan that is run and the same plan printed, as a chain in one process and
# as a chain that re-executes itself: the kernel's state must be the same three
# times, and so must the exit status and what is left afterwards.
. "${0%/*}/lib.sh"
need namespaces
own_run

parent=nb-eq-$$
p="--cgroup-parent $parent"
# where nestbox makes that group: below the root, or below the user's own
above=
if [ "$AS_ROOT" ] && [ "${TEST_GROUP:-}" ] && ! grep -q ' - cgroup ' /proc/self/mountinfo; then
	above=$(sed -n 's|^0::/||p' /proc/self/cgroup)/
elif [ "$AS_ROOT" ]; then
	p=
fi
"$TESTS/../scripts/rootfs" "$TMP/root"
"$TESTS/../scripts/rootfs" --bare "$TMP/bare"
echo "the image's" >"$TMP/root/etc/hosts"
ln -s ../run/nowhere "$TMP/root/etc/resolv.conf"
mkdir -p "$TMP/vol/sub" "$TMP/vol/t" "$TMP/vol/new,one"
echo data >"$TMP/vol/file"
printf '# a comment\nFROM_FILE=a b\n\nNOT_SET_ANYWHERE\nHOME_OF_MINE\n' >"$TMP/env"
export HOME_OF_MINE=mine SECRET=secret

# What a process in the container can see of itself. Nothing in here depends on
# numbers that differ from start to start; those are replaced.
cat >"$TMP/probe" <<'PROBE'
#!/bin/sh
echo "[ids]"; id; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
echo "[status]"
grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups|SigBlk|SigIgn|Umask)' /proc/self/status
echo "[env]"; env | grep -v '^_=' | sort
echo "[place]"; umask; pwd; hostname; cat /proc/sys/kernel/domainname; cat /proc/self/oom_score_adj
# session and process group: ours, or somebody else's that cannot be seen (0)
read -r _ _ _ ppid pgrp sid _ </proc/$$/stat
if [ $$ = 1 ]; then echo "[pid] 1 $ppid $pgrp $sid"; else echo "[pid] one of many $((pgrp - $$)) $((sid - $$))"; fi
echo "[namespaces]"
ls -l /proc/self/ns | sed -n 's/.* -> //p'
echo "[cgroup]"; cat /proc/self/cgroup; readlink /proc/self/cwd
echo "[inside]"
[ ! -d /sys/fs/cgroup ] || (cd /sys/fs/cgroup && grep -s '' cpu/cpu.shares cpu/cpu.cfs_quota_us cpuset/cpuset.cpus \
	memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes pids/pids.max devices/devices.list \
	memory.max memory.swap.max pids.max cpu.max cpu.weight cpuset.cpus)
echo "[mounts]"; cut -d' ' -f4- /proc/self/mountinfo | sed 's/,inode64//; s/,uuid=on//' # the latter is shown the first time
echo "[limits]"; cat /proc/self/limits
echo "[net]"; ip -o link | sed 's/ qlen [0-9]*//; s/ brd.*//'; ip -o addr show dev lo | sed 's/ *valid_lft.*//'
echo "[dev]"; ls -lR /dev | sed 's/ [A-Z][a-z][a-z] *[0-9]* .....  */ /' | grep -v '^total'
# into a file first: a pipe would itself be among them
echo "[fds]"; ls -l /proc/$$/fd >/dev/shm/fds
sed -n 's/.* \([0-9]*\) -> \(.*\)/\1 \2/p' /dev/shm/fds | sed 's/^10 .*//; s/[0-9]*\]$/N]/'; rm -f /dev/shm/fds
echo "[root]"; ls -la / | sed 's/^\([^ ]*\) *[0-9]* /\1 /; s/ [A-Z][a-z][a-z] *[0-9]* .....  */ /; s/^total.*//'
echo "[etc]"; cat /etc/hosts /etc/hostname /etc/resolv.conf 2>&1
echo "[keyring]"; touch /written 2>&1; rm -f /written
echo "[end]"
read -r status
case $status in
kill*) kill -9 -1; sleep 1 ;;
esac
exit "${status#kill}"
PROBE
chmod 755 "$TMP/probe"
cp "$TMP/probe" "$TMP/root/probe"
cp "$TMP/probe" "$TMP/bare/probe"

# The container's groups as the host sees them, at every level.
host_groups()
{
	sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2\{0,1\} .*/\1/p' /proc/self/mountinfo | while read -r m; do
		[ -d "$m/$above$parent" ] || continue
		(cd "$m/$above" && find "$parent" -type f \( -name 'memory.limit_in_bytes' -o -name 'memory.memsw.limit*' -o -name 'memory.max' \
			-o -name 'memory.swap.max' -o -name 'pids.max' -o -name 'cpu.shares' -o -name 'cpu.cfs_*_us' -o -name 'cpu.max' -o -name 'cpu.weight' \
			-o -name 'cpu.*burst*' -o -name 'cpu.idle' -o -name 'memory.soft_limit*' -o -name 'memory.low' -o -name 'memory.high' \
			-o -name 'memory.swappiness' -o -name 'memory.oom*' -o -name 'io.max' -o -name 'io.weight' -o -name 'blkio.throttle.*_device' -o -name 'blkio.bfq.weight' \
			-o -name 'cpuset.cpus' -o -name 'cpuset.mems' -o -name 'devices.list' -o -name 'cgroup.subtree_control' \) \
			-exec grep '' /dev/null {} +; find "$parent" -name cgroup.procs -exec grep -c '' /dev/null {} +) | sed "s|^|${m##*/} |"
	done 2>/dev/null | sed -E 's/[0-9a-f]{12}/ID/g' | sort # they may go meanwhile
}

own_namespaces=$(ls -l /proc/self/ns | sed -n 's/.* -> //p')
same()
{
	# twelve hexadecimal digits are the ID; namespaces are new or the host's own
	tr -d '\r' <"$1" | sed -E -e 's/[0-9a-f]{12}/ID/g' -e 's|/root/|/R/|; s|/bare|/R|' | while IFS= read -r line; do
		case $line in
		*:\[*\])
			case $own_namespaces in
			*"$line"*) echo "${line%%:*} host" ;;
			*) echo "${line%%:*} new" ;;
			esac
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
}

long='0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 0.5 1 1 1 1 1 1 1 1 1 1 2 2 2 2 2 5 5'

# Start it (the shell line $1), wait until the probe has ended its report, look
# from outside, let it end with status $2. All that was seen goes to file $3.
observe()
{
	rm -f "$TMP/in"
	mkfifo "$TMP/in"
	find "$TMP/root" "$TMP/bare" "$TMP/vol" | sort >"$TMP/before"
	# not left to the one in the background: the last one's end would be taken for this one's
	: >"$TMP/seen"
	sh -c "$1" <"$TMP/in" >"$TMP/seen" 2>"$TMP/said" &
	pid=$!
	exec 8>"$TMP/in"
	# often at first, then seldom: looking takes time away from what is looked for
	for pause in 0.05 0.1 0.2 0.3 0.4 $long; do
		! grep -q '^\[end\]' "$TMP/seen" && kill -0 "$pid" 2>/dev/null || break
		sleep $pause
	done
	{ echo '[host]'; host_groups; } >>"$TMP/seen"
	# in a shell of its own: where all has failed nobody reads it, and SIGPIPE ends who writes
	(echo "$2" >&8)
	exec 8>&-
	wait "$pid"
	{
		echo "[exit] $?"
		# a chain's watcher comes after it
		tries=0
		while [ -n "$(host_groups)" ] || ! find "$TMP/root" "$TMP/bare" "$TMP/vol" | sort | cmp -s - "$TMP/before"; do
			tries=$((tries + 1))
			[ "$tries" -lt 100 ] || break
			sleep 0.05
		done
		echo '[left]'
		host_groups
		find "$TMP/root" "$TMP/bare" "$TMP/vol" | sort | diff "$TMP/before" -
		grep "$TMP" /proc/self/mountinfo
	} >>"$TMP/seen"
	same "$TMP/seen" >"$3"
	cat "$TMP/said" >>"$3"
}

# equal SENTENCE ROOT STATUS OPTION...
sets=0
equal()
{
	sets=$((sets + 1))
	if [ "${TEST_BRIEF-}" ] && [ $((sets % 3)) != 1 ]; then
		test_skip "run = chain: $1" 'brief'
		return
	fi
	sentence=$1 root=$2 status=$3
	shift 3
	quoted=
	for word in "$@" "$root" /probe; do
		quoted="$quoted '$word'"
	done
	observe "exec $AS_ROOT nestbox run $quoted" "$status" "$TMP/a"
	ok=0
	: >"$TMP/.err"
	chain=$(eval "$AS_ROOT nestbox run --dry-run $quoted" 2>>"$TMP/.err") || { ok=1; echo 'printing the chain failed' >>"$TMP/.err"; }
	chain="$AS_ROOT $chain"
	observe "$chain" "$status" "$TMP/b"
	observe "NESTBOX_REEXEC=1; export NESTBOX_REEXEC; $chain" "$status" "$TMP/c"
	echo "$chain" >"$TMP/.snippet"
	diff "$TMP/a" "$TMP/b" >"$TMP/.out" || { ok=1; echo 'run and chain differ' >>"$TMP/.out"; }
	diff "$TMP/a" "$TMP/c" >>"$TMP/.out" || { ok=1; echo 'run and re-executed chain differ' >>"$TMP/.out"; }
	# that three times the same nothing is equal is no proof
	grep -q '^\[end\]' "$TMP/a" && grep -q "^\[exit\] ${status#kill}\$" "$TMP/a" || { ok=1; cat "$TMP/a" >>"$TMP/.out"; }
	[ "$(sed -n '/^\[left\]/,$p' "$TMP/a")" = '[left]' ] || { ok=1; echo 'something is left' >>"$TMP/.out"; sed -n '/^\[left\]/,$p' "$TMP/a" >>"$TMP/.out"; }
	test_report "$ok" "run = chain: $sentence"
}

# what an ordinary user is refused: limits, other ids, the host's devices
root_equal() { test_need root "run = chain: $1" && equal "$@"; }

root=$TMP/root
equal 'defaults' "$root" 0
equal 'defaults, named, a parent group' "$root" 3 --name "eq-$$" $p
if test_need root 'limits' && test_need cgroup 'limits'; then
	equal 'memory' "$root" 0 $p -m 64M
	equal 'memory, swap and pids' "$root" 4 $p -m 64M --memory-swap -1 --pids-limit 50
	equal 'cpus and shares' "$root" 0 $p --cpus 0.5 --cpu-shares 512
	equal 'cpuset' "$root" 0 $p --cpuset-cpus 0
	equal 'cpus, shares and cpuset together' "$root" 0 $p --cpus 1.5 -c 2048 --cpuset-cpus 0 --cpuset-mems 0
	equal 'no swap at all' "$root" 255 $p -m 64M --memory-swap 64M
	equal 'pids without a limit' "$root" 0 $p --pids-limit -1
	equal 'quota, burst, a reservation' "$root" 0 $p --cpu-quota 50000 --cpu-period 200000 --cpu-burst 1000 --memory-reservation 8M
	if [ -e /sys/fs/cgroup/memory/memory.swappiness ]; then
		equal 'what v1 alone has' "$root" 0 $p --memory-swappiness 20 --oom-kill-disable -m 64M --blkio-weight 50
	else
		equal 'what v2 alone has' "$root" 0 $p --memory-high 32M --memory-oom-group --cpu-weight 50
	fi
	disk=$(cat /sys/block/[lsv]*/dev 2>/dev/null | head -n 1)
	[ -z "$disk" ] || equal 'limits of a disk' "$root" 0 $p --device-read-bps "$disk:10M" --io-max "$disk wbps=1M riops=50"
	equal 'a parent two levels deep' "$root" 0 --cgroup-parent "$parent/deep" --pids-limit 20
fi
equal 'host and domain name' "$root" 0 $p -h web --domainname example.org
equal 'environment' "$root" 0 $p -e A=1 -e 'B=x y' -e HOME_OF_MINE -e 'Q=it'"'\\''"'s "$5"' --env-file "$TMP/env"
root_equal 'numeric user and group' "$root" 0 $p -u 1000:1000 --group-add 5
root_equal 'user by name, working directory' "$root" 5 $p -u app -w /home/app
equal 'volumes' "$root" 0 $p -v "$TMP/vol:/data" -v "$TMP/vol/file:/etc/data:ro"
equal 'tmpfs' "$root" 0 $p --tmpfs /run:size=64k,mode=700 --tmpfs /cache
equal 'read-only' "$root" 0 $p --read-only --tmpfs /tmp
equal 'an overlay that is forgotten' "$TMP/bare" 0 $p --ephemeral -v "$TMP/vol:/data/deep" --tmpfs /tmp
equal 'an overlay that is kept, read-only' "$TMP/bare" 0 $p --overlay "$TMP/kept, a:b" --read-only
equal 'capabilities added and dropped' "$root" 0 $p --cap-add NET_ADMIN --cap-drop CHOWN
equal 'no capabilities' "$root" 0 $p --cap-drop ALL
root_equal 'privileged' "$root" 0 $p --privileged
equal 'limits of the process' "$root" 0 $p --ulimit nofile=100:200 --ulimit core=0 --oom-score-adj 500
equal 'network of the host' "$root" 0 $p --network host
equal 'names and a name server' "$root" 0 $p -h web --domainname example.org --add-host db:10.1.2.3 --dns 10.0.0.53 --dns-search x.example --dns-option ndots:2
equal 'names without a place for them, read-only' "$TMP/bare" 0 $p --add-host db=::1 --dns fd00::53 --dns-search . --read-only -v "$TMP/vol/file:/etc/hostname"
equal 'no cgroup' "$root" 0 --cgroups disabled
exec 3<"$TMP/vol/file"
equal 'a file descriptor passed on' "$root" 0 $p --preserve-fds 1
exec 3<&-
equal 'mount points that are missing' "$TMP/bare" 6 $p -v "$TMP/vol:/deep/er/data" -v "$TMP/vol/file:/new/file"
equal 'volumes in volumes, in any order' "$TMP/bare" 0 $p -v "$TMP/vol/sub:/a/sub" --tmpfs /a/t:size=4k -v "$TMP/vol:/a"
equal 'propagation of a volume' "$root" 0 $p -v "$TMP/vol:/data:ro,rslave"
equal 'mounts as --mount has them' "$TMP/bare" 0 $p --mount "type=bind,src=$TMP/vol,dst=/data,ro,bind-recursive=readonly" --mount type=tmpfs,target=/t,tmpfs-size=64k,tmpfs-mode=700
equal 'a source that is made, with a comma in it' "$root" 0 $p --mount "type=bind,\"source=$TMP/vol/new,one\",dst=/data,bind-create-src,bind-recursive=disabled"
equal 'the host name of the machine, its groups' "$root" 0 $p --uts host --cgroupns host
equal 'ipc of the host' "$root" 0 $p --ipc host
equal 'no shared memory, parameters, clocks' "$root" 0 $p --ipc none --sysctl kernel.msgmax=4321 --time boottime=86400 --time monotonic=7
equal 'a device, and one in a place that is missing' "$TMP/bare" 0 $p --device /dev/full:/dev/sub/mine --device /dev/zero:/deep/mine:rwm
equal 'the size of /dev/shm' "$TMP/bare" 0 $p --shm-size 1m
# without a group of one's own it is refused
[ ! "$p" ] || root_equal 'processes of the host' "$root" 0 $p --pid host
equal 'all capabilities but some' "$root" 0 $p --cap-add ALL --cap-drop MKNOD --cap-drop CAP_SYS_ADMIN
root_equal 'root by number, with its group' "$root" 0 $p -u 0:0 --group-add 5 --group-add 7 -w /home
root_equal 'privileged, read-only, network of the host' "$root" 0 $p --privileged --read-only --network host --rm
equal 'words that sh would take apart' "$root" 0 $p -h 'a-b' -e 'A=$HOME "x" `y` \\z' -e 'B=*' -e 'C=' -e 'D=a=b=c'
# of root's container the files get other owners, which those of an initramfs cannot
owners=1
[ "$AS_ROOT" ] || nestbox unshare -m -- nestbox idmap mount -b 0:1:1 "$root" "$root" true 2>/dev/null || owners=
userns_equal() { if [ "$owners" ]; then "$@"; else test_skip "run = chain: $2" 'needs a file system that can be idmapped'; fi; }
userns_equal equal 'a user namespace' "$root" 0 $p --userns auto
test_need landlock 'run = chain: landlock' &&
	equal 'landlock' "$root" 0 $p --landlock ro:/ --landlock rw:/dev --landlock rw:/proc --landlock bind:80 --landlock ipc:any
userns_equal equal 'a user namespace, limits of the process' "$root" 0 $p --userns auto --ulimit nofile=100:200 --ulimit core=0 --oom-score-adj 500
userns_equal root_equal 'a user namespace with its ranges, limits, a user' "$root" 3 $p --userns u:0:200000:3000 --userns g:0:300000:2000 -u app -m 64M --pids-limit 50
userns_equal root_equal 'a user namespace, volumes with its owners and without' "$TMP/bare" 0 $p --userns auto --idmap -v "$TMP/vol:/data" -v "$TMP/vol/file:/etc/data:ro" --tmpfs /t
userns_equal equal 'a user namespace, an overlay that is forgotten' "$TMP/bare" 0 $p --userns auto --ephemeral
userns_equal equal 'a user namespace, an overlay that is kept' "$root" 0 $p --userns auto --overlay "$TMP/kept2"
userns_equal equal 'a user namespace, names and a name server' "$TMP/bare" 0 $p --userns auto --add-host db:10.1.2.3 --dns 10.0.0.53
userns_equal root_equal 'a user namespace, read-only, missing mount points, no cgroup' "$TMP/bare" 6 --cgroups disabled --userns auto -v "$TMP/vol:/deep/er:ro" --read-only
equal 'no filter of system calls, no new privileges' "$root" 0 $p --security-opt seccomp=unconfined --security-opt no-new-privileges
equal 'nothing masked, a filter for more capabilities' "$root" 0 $p --security-opt systempaths=unconfined --cap-add SYS_ADMIN
echo '{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "name": "mount", "action": "SCMP_ACT_ERRNO", "errnoRet": 77 } ] }' >"$TMP/own.json"
equal 'a filter of its own' "$root" 0 $p --security-opt "seccomp=$TMP/own.json"
equal 'init as the first process' "$root" 7 $p --init
equal 'init, another signal for TERM, an own filter' "$root" 0 $p --init --stop-signal QUIT --security-opt "seccomp=$TMP/own.json" -e A=b
userns_equal equal 'init in a user namespace' "$root" 0 $p --userns auto --init
if [ -c /dev/ptmx ] || test_need ptmx 'run = chain: a terminal'; then
	equal 'a terminal of its own' "$root" 4 $p -i -t
	root_equal 'a terminal that belongs to the user, init on it' "$root" 0 $p -it --init -u app
fi
root_equal 'everything at once' "$TMP/bare" 9 $p -m 32M --pids-limit 30 -h all -u app -w /tmp -e X=y \
	-v "$TMP/vol:/v:ro" --tmpfs /t --read-only --cap-drop NET_RAW --ulimit nofile=64
done_testing
