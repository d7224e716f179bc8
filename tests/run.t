#!/bin/sh
# run: what a container is given, what it is kept from, and that nothing stays.
. "${0%/*}/lib.sh"
need namespaces
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
"$TESTS/../scripts/rootfs" --bare "$TMP/bare"
R=$TMP/root
B=$TMP/bare
P=nb-run-$$
export R B P
mkdir -p "$TMP/vol/sub"
echo data >"$TMP/vol/file"

# For the snippets: v1 or v2 groups at a path, whether anything of ours is left.
cat >>"$TMP/.env" <<'ENV'
mounts_of_cgroups() { sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2\{0,1\} .*/\1/p' /proc/self/mountinfo; }
groups() { for m in $(mounts_of_cgroups); do [ ! -d "$m/$P" ] || find "$m/$P" -type d; done; }
state() { ls "$STATE" 2>/dev/null | grep -E '^[0-9a-f]{12}$' || :; ls "$STATE/names" "$STATE/points" 2>/dev/null || :; }
snapshot() { state; groups; find "$R" "$B" "$TMP/vol" | sort; cat /proc/self/mountinfo; }
children() { cat "/proc/$1/task/$1/children"; }
# the processes "sleep $1"
sleepers()
{
	for p in /proc/[0-9]*; do
		read -r comm 2>/dev/null <"$p/comm" && [ "$comm" = sleep ] || continue
		case $(tr "\0" " " 2>/dev/null <"$p/cmdline") in "sleep $1 ") echo "$p" ;; esac
	done
}
# the value of a limit by its v1 or v2 name, as the container itself sees it
# for those that look at what is left of groups, where some can be made
limit=${AS_USER:+"--cgroup-parent $P --pids-limit 30"}
inside() { $AS_ROOT nestbox run --cgroup-parent "$P" "$@"; }
fails_and_leaves_nothing()
{
	want=$1
	shift
	snapshot >"$TMP/s1"
	rc=0
	"$@" || rc=$?
	snapshot >"$TMP/s2"
	diff "$TMP/s1" "$TMP/s2" >&2
	exit "$rc"
}
ENV

at_end 'rmdir /sys/fs/cgroup/$P /sys/fs/cgroup/*/$P 2>/dev/null'

# --- what a container is given

test_ok 'it is pid 1, and root, with its ID as host name' '
	out=$($AS_ROOT nestbox run "$R" sh -c "echo \$\$ \$(id -u) \$(hostname)")
	echo "$out" | grep -qE "^1 0 [0-9a-f]{12}$"
'
test_ok 'all namespaces but the user and time namespace are new' '
	# and the user namespace is where an ordinary user gets it from
	$AS_ROOT nestbox run "$R" sh -c "for n in cgroup ipc mnt net pid uts user time; do readlink /proc/self/ns/\$n; done" >"$TMP/ns"
	for n in cgroup ipc mnt net pid uts ${AS_ROOT:+user}; do
		if grep -xF "$(readlink /proc/self/ns/$n)" "$TMP/ns"; then exit 1; fi
	done
	for n in ${AS_USER:+user} time; do grep -qxF "$(readlink /proc/self/ns/$n)" "$TMP/ns"; done
	[ "$(wc -l <"$TMP/ns")" = 8 ]
'
test_ok 'capabilities are the fourteen of docker, in bounding, permitted and effective' '
	$AS_ROOT nestbox run "$R" grep ^Cap /proc/self/status >"$TMP/caps"
	# where there can be no device rules it is without MKNOD
	for set in Prm Eff Bnd; do grep -qE "^Cap$set:.00000000a${AS_ROOT:+0}${AS_USER:+8}0425fb$" "$TMP/caps"; done
	for set in Inh Amb; do grep -qE "^Cap$set:.0000000000000000$" "$TMP/caps"; done
'
test_need root 'a user who is not root has none of them, but they bound him' && test_ok 'a user who is not root has none of them, but they bound him' '
	$AS_ROOT nestbox run -u 1000 "$R" grep ^Cap /proc/self/status >"$TMP/caps"
	for set in Prm Eff Inh Amb; do grep -qE "^Cap$set:.0000000000000000$" "$TMP/caps"; done
	grep -qE "^CapBnd:.00000000a80425fb$" "$TMP/caps"
'
test_ok 'the environment is clean' '
	SECRET=s $AS_ROOT nestbox run -h web "$R" env | grep -vE "^(SHLVL|PWD|OLDPWD)=" | sort >"$TMP/env"
	printf "%s\n" HOME=/root HOSTNAME=web PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin | diff - "$TMP/env"
'
test_ok 'umask, signals and working directory are fresh' '
	out=$(umask 077; trap "" INT HUP; cd /usr; $AS_ROOT nestbox run "$R" sh -c "umask; pwd"; $AS_ROOT nestbox run "$R" grep -E "Sig(Ign|Blk)" /proc/self/status)
	[ "$out" = "$(printf "0022\n/\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000")" ]
'
test_ok 'no file descriptor of the caller comes along' '
	$AS_ROOT nestbox run "$R" sh -c "ls /proc/self/fd" 7</etc 9</ 8>/dev/null | tr "\n" " " >"$TMP/fds"
	grep -qx "0 1 2 3 " "$TMP/fds"
'
test_ok '--preserve-fds passes on as many as it says' '
	exec 3<"$TMP/vol/file" 4</
	[ "$($AS_ROOT nestbox run --preserve-fds 1 "$R" sh -c "cat <&3; ls /proc/self/fd | wc -l")" = "$(printf "data\n5")" ]
'
test_ok 'the network has lo, up, and nothing else' '
	$AS_ROOT nestbox run "$R" sh -c "ip -o link; ping -c 1 -W 2 127.0.0.1" >"$TMP/net"
	[ "$(grep -c "^[0-9]*:" "$TMP/net")" = 1 ] && grep -q "LOOPBACK,UP" "$TMP/net" && grep -q " 0% packet loss" "$TMP/net"
'
test_ok '--network host is the host'\''s' '
	[ "$($AS_ROOT nestbox run --network host "$R" readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
'
test_ok 'docker'\''s paths are masked or read-only, and /sys is' '
	$AS_ROOT nestbox run "$R" sh -c "
		[ -z \"\$(cat /proc/keys)\" ] && [ -z \"\$(ls /sys/firmware)\" ] || exit 1
		for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /sys/kernel/mm/ksm/run /proc/irq/default_smp_affinity; do
			[ ! -e \$f ] || { ! { true >\$f; } 2>/dev/null; } || { echo \"\$f can be written\"; exit 1; }
		done" >&2
	# the control: the same can be read and opened for writing by a privileged one
	# (a fresh user may have no key to see)
	[ -n "$(cat /proc/keys)" ] || [ -z "$AS_USER" ]
	if [ "$AS_USER" ]; then nestbox run --privileged "$R" sh -c "[ -n \"\$(cat /proc/keys)\" ] && true >>/proc/sys/kernel/core_pattern"; fi
'
# /dev/kmsg (1:11): opened for writing, every kernel lets everybody who is let by the device rules
test_need root 'devices outside docker'\''s list do not open' && test_ok 'devices outside docker'\''s list do not open' '
	if $AS_ROOT nestbox run "$R" sh -c "mknod /tmp/dev c 1 11 && true >/tmp/dev" 2>"$TMP/e"; then exit 1; fi
	rm -f "$R/tmp/dev"
	grep -q "not permitted" "$TMP/e"
	$AS_ROOT nestbox run "$R" sh -c "mknod /tmp/dev c 1 5 && head -c 1 /tmp/dev >/dev/null"
	rm -f "$R/tmp/dev"
	# the control: a privileged one may
	$AS_ROOT nestbox run --privileged "$R" sh -c "mknod /tmp/dev c 1 11 && true >/tmp/dev"
	rm -f "$R/tmp/dev"
'
test_ok 'where there can be none, its file systems are nodev and it makes no devices' '
	$AS_ROOT nestbox run --cgroups disabled -v "$TMP/vol:/data" "$R" sh -c "cat /proc/self/mountinfo; grep CapBnd /proc/self/status" >"$TMP/in"
	for at in / /data; do grep -qE "^[0-9]+ [0-9]+ [^ ]+ [^ ]+ $at [^ ]*\\bnodev\\b" "$TMP/in"; done
	grep -qE "^CapBnd:.00000000a00425fb$" "$TMP/in"
	# the control
	[ "$AS_ROOT" ] || nestbox run "$R" grep -E "^[0-9]+ [0-9]+ [^ ]+ [^ ]+ / " /proc/self/mountinfo | not grep -w nodev
'
if test_need root 'v2 has the same device rules, by a program' && test_need cgroup2 'v2 has the same device rules, by a program'; then
	cat >>"$TMP/.env" <<'ENV'
v2() { sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2 .*/\1/p' /proc/self/mountinfo | head -n 1; }
without_v1_devices() { nestbox unshare -m -- sh -c 'for m in $(sed -n "s/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup [^ ]* .*devices.*/\1/p" /proc/self/mountinfo); do umount "$m"; done; exec "$@"' sh "$@"; }
ENV
	test_ok 'v2 has the same device rules, by a program' '
		if without_v1_devices nestbox run "$R" sh -c "mknod /tmp/dev c 1 11 && true >/tmp/dev" 2>"$TMP/e"; then exit 1; fi
		rm -f "$R/tmp/dev"
		grep -q "not permitted" "$TMP/e"
		without_v1_devices nestbox run "$R" sh -c "mknod /tmp/dev c 1 5 && head -c 1 /tmp/dev >/dev/null && true >/dev/null && test -c /dev/full"
		rm -f "$R/tmp/dev"
		without_v1_devices nestbox run --privileged "$R" sh -c "mknod /tmp/dev c 1 11 && true >/tmp/dev"
		rm -f "$R/tmp/dev"
	'
	test_ok 'v2 device rules are replaced, not added up' '
		g=$(v2)/$P-dev
		mkdir "$g"
		without_v1_devices nestbox cgexec -g ":$P-dev" --devices default
		rc=0; (without_v1_devices nestbox cgexec -g ":$P-dev" -- sh -c "true >/dev/kmsg") || rc=1
		without_v1_devices nestbox cgexec -g ":$P-dev" --devices all
		without_v1_devices nestbox cgexec -g ":$P-dev" -- sh -c "true >/dev/kmsg" || rc=2
		rmdir "$g"
		[ $rc = 1 ]
	'
fi
test_need root '--privileged has every capability that the caller has, and the host'\''s devices' && test_ok '--privileged has every capability that the caller has, and the host'\''s devices' '
	want=$(sed -n "s/^CapEff:.//p" /proc/self/status)
	[ "$($AS_ROOT nestbox run --privileged "$R" sed -n "s/^CapEff:.//p" /proc/self/status)" = "$want" ]
	n=$($AS_ROOT nestbox run --privileged "$R" find /dev -type b | wc -l)
	[ "$n" = "$(find /dev -type b | wc -l)" ] && [ "$n" -gt 0 ]
'
test_ok 'its session and its session keyring are its own' '
	[ "$($AS_ROOT nestbox run "$R" sh -c "read -r _ _ _ _ pgrp sid _ </proc/\$\$/stat; echo \$pgrp \$sid")" = "1 1" ]
	# /proc/keys is masked
	if [ "$AS_USER" ]; then nestbox run --privileged "$R" grep -q "keyring.*_ses" /proc/keys; fi
'
test_need root 'the user by name: ids, groups, home; and a group that is added' && test_ok 'the user by name: ids, groups, home; and a group that is added' '
	out=$($AS_ROOT nestbox run -u app --group-add 7 -w /home/app "$R" sh -c "id -u; id -g; id -G; echo \$HOME; pwd")
	[ "$(echo "$out" | tr "\n" ,)" = "1000,1000,1000 7,/home/app,/home/app," ]
'
test_ok '--env-file and -e, the latter last' '
	printf "#c\nA=file\nB=two words\nCALLER\nNOT_THERE\n" >"$TMP/envf"
	CALLER=me $AS_ROOT nestbox run --env-file "$TMP/envf" -e A=opt "$R" sh -c "echo \$A,\$B,\$CALLER,\${NOT_THERE-unset}" | grep -qx "opt,two words,me,unset"
'
test_ok 'volumes: a directory, a file, read-only with what is mounted below' '
	$AS_ROOT nestbox unshare -m -- sh -euc "
		mount -t tmpfs t \$TMP/vol/sub
		nestbox run -v \$TMP/vol:/data -v \$TMP/vol/file:/etc/one:ro \$R sh -c \"cat /etc/one && echo w >/data/w && ! touch /etc/one 2>/dev/null\"
		nestbox run -v \$TMP/vol:/data:ro \$R sh -c \"! touch /data/x 2>/dev/null && ! touch /data/sub/x 2>/dev/null\"
		nestbox run -v \$TMP/vol:/data \$R touch /data/sub/x
		[ -e \$TMP/vol/sub/x ]
	"
	[ "$(cat "$TMP/vol/w")" = w ]
	rm -f "$TMP/vol/w"
'
test_ok '--read-only: the root is, a tmpfs and /dev/shm are not' '
	$AS_ROOT nestbox run --read-only --tmpfs /run "$R" sh -c "! touch /x 2>/dev/null && touch /run/x /dev/shm/x"
	$AS_ROOT nestbox run "$R" sh -c "touch /x && rm /x"
'
test_ok 'resource limits and the OOM score' '
	[ "$($AS_ROOT nestbox run --ulimit nofile=99:100 --oom-score-adj 321 "$R" sh -c "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj" | tr "\n" ,)" = 99,100,321, ]
'

# --- its groups

if test_need root 'limits' && test_need cgroup 'limits'; then
	test_ok 'limits stand on the group ID and on ID/init, where the process is' '
		rm -f "$TMP/in"; mkfifo "$TMP/in"
		$AS_ROOT nestbox run --cgroup-parent "$P" -m 48M --pids-limit 33 "$R" sh -c "hostname; read -r x" <"$TMP/in" >"$TMP/id" &
		exec 8>"$TMP/in"
		n=0; until [ -s "$TMP/id" ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
		id=$(cat "$TMP/id")
		ok=0
		for m in $(mounts_of_cgroups); do
			for f in memory.limit_in_bytes memory.max; do
				[ ! -e "$m/$P/$id/$f" ] || { [ "$(cat "$m/$P/$id/$f" "$m/$P/$id/init/$f" | tr "\n" ,)" = 50331648,50331648, ] && ok=$((ok + 1)); }
			done
			[ ! -e "$m/$P/$id/pids.max" ] || { [ "$(cat "$m/$P/$id/pids.max" "$m/$P/$id/init/pids.max" | tr "\n" ,)" = 33,33, ] && ok=$((ok + 1)); }
		done
		grep -qF "$P/$id/init" "/proc/$(children $! | tr -d " ")/cgroup"
		if grep -qF "$P" "/proc/$!/cgroup"; then exit 1; fi
		echo >&8; exec 8>&-
		wait $!
		[ $ok = 2 ] && [ -z "$(groups)" ]
	'
	test_ok 'memory is limited: what takes more is killed, and the waiter says 137' '
		rc=0; inside -m 16M "$R" sh -c "exec tail -c 32000000 /dev/zero" || rc=$?
		[ $rc = 137 ] && [ -z "$(groups)" ]
		# the control: with enough it ends well
		inside -m 128M "$R" sh -c "head -c 32000000 /dev/zero | tail -c 32000000 >/dev/null"
	'
	test_ok 'pids are limited' '
		if inside --pids-limit 4 "$R" sh -c "sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait" 2>"$TMP/e"; then exit 1; fi
		grep -qiE "fork|unavailable" "$TMP/e"
		inside --pids-limit 40 "$R" sh -c "sleep 0 & sleep 0 & sleep 0 & sleep 0 & sleep 0 & wait"
	'
	test_ok 'a cgroup namespace hides where the group lies' '
		inside --pids-limit 4 "$R" cat /proc/self/cgroup | grep -v ":/$" | { ! grep .; }
	'
	test_ok 'two containers with the same parent do not get in each other'\''s way' '
		for i in 1 2 3 4 5 6 7 8; do inside --pids-limit 20 "$R" sleep 0.$i & done
		wait
		# the parent was made by one of them, and may have been in use by another when that one ended
		[ -z "$(groups | grep -v "/$P$")" ]
		inside --pids-limit 20 "$R" true
		for m in $(mounts_of_cgroups); do rmdir "$m/$P" 2>/dev/null || :; done
	'
fi

# --- how it ends

test_ok 'the exit status is the command'\''s own' '
	for n in 0 1 7 125 200; do
		rc=0; $AS_ROOT nestbox run "$R" sh -c "exit $n" || rc=$?
		[ "$rc" = "$n" ]
	done
'
test_ok 'death by signal n is 128+n' '
	$AS_ROOT nestbox run "$R" sleep 60 & pid=$!
	n=0; until child=$(children $pid | tr -d " ") && [ "$(cat /proc/$child/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	kill -SEGV "$child" 2>/dev/null || :
	kill -KILL "$child"
	rc=0; wait $pid || rc=$?
	[ $rc = 137 ] || [ $rc = 139 ]
'
test_ok 'signals are passed on' '
	for sig in TERM INT USR1 HUP; do
		rm -f "$TMP/ready"
		# a shell has its background jobs ignore INT
		nestbox setpriv --reset-signals --exec -- $AS_ROOT nestbox run -v "$TMP:/t" "$R" sh -c "trap \"exit 44\" $sig; touch /t/ready; while :; do sleep 0.05; done" & pid=$!
		n=0; until [ -e "$TMP/ready" ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
		kill -$sig $pid
		rc=0; wait $pid || rc=$?
		[ $rc = 44 ] || { echo "$sig: $rc" >&2; exit 1; }
	done
	rmdir "$R/t" 2>/dev/null || :
'
test_ok 'the third TERM kills who does not listen' '
	$AS_ROOT nestbox run "$R" sleep 60 & pid=$!
	n=0; until child=$(children $pid | tr -d " ") && [ "$(cat /proc/$child/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	kill -TERM $pid; sleep 0.2; kill -0 $pid
	kill -TERM $pid; sleep 0.2; kill -0 $pid
	kill -TERM $pid
	rc=0; wait $pid || rc=$?
	[ $rc = 137 ]
'
test_need root 'every v1 hierarchy has the container in a group of its own' && test_ok 'every v1 hierarchy has the container in a group of its own' '
	$AS_ROOT nestbox run --cgroup-parent "$P" "$R" sleep 30 & pid=$!
	n=0; until child=$(children $pid | tr -d " ") && [ "$(cat /proc/$child/comm)" = sleep ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	cat /proc/$child/cgroup >"$TMP/cg"
	kill -9 $child
	wait $pid || :
	if grep -vE ":/$P/[0-9a-f]{12}/init$" "$TMP/cg"; then exit 1; fi
	[ "$(wc -l <"$TMP/cg")" = "$(wc -l </proc/self/cgroup)" ]
'
test_ok 'the null device that a container gets is its own' '
	$AS_ROOT nestbox run "$R" sh -c "[ /proc/self/fd/0 -ef /dev/null ] && [ /proc/self/fd/2 -ef /dev/null ]" </dev/null 2>/dev/null
	echo x | $AS_ROOT nestbox run "$R" sh -c "cat" | grep -qx x
'
test_need cmd:strace 'SIGKILL at any point of making mount points leaves none after gc' &&
test_ok 'SIGKILL at any point of making mount points leaves none after gc' '
	for when in 1 2 3 4 5 6 7 8 9 10 11 12; do
		strace -qq -o /dev/null -e trace=mkdirat -e inject=mkdirat:signal=KILL:when=$when $AS_ROOT nestbox run -v "$TMP/vol:/a/b" "$B" true 2>/dev/null || :
		# not before the container has died of it
		n=0; until nestbox gc >/dev/null; [ ! -e "$B/proc" ] && [ ! -e "$B/a" ] || [ $n = 40 ]; do sleep 0.05; n=$((n + 1)); done
		[ $n -lt 40 ] || { echo "at $when: $(ls "$B")" >&2; exit 1; }
	done
'
test_need cmd:strace 'SIGKILL at any point of making or removing the record leaves none after gc' &&
test_ok 'SIGKILL at any point of making or removing the record leaves none after gc' '
	halves() { find $STATE -mindepth 1 -maxdepth 1 ! -name names ! -name points ! -name lock; }
	none() { nestbox gc >/dev/null; [ -z "$(halves)" ]; }
	for point in mkdirat:1 mkdirat:2 mkdirat:3 rename,renameat,renameat2:1 unlink,unlinkat:1 rmdir,unlinkat:2 rmdir,unlinkat:3; do
		calls=${point%:*}
		strace -qq -o /dev/null -e trace=$calls -e inject=$calls:signal=KILL:when=${point#*:} $AS_ROOT nestbox run "$R" true 2>/dev/null || :
		case $point in rename*) [ "$(find $STATE -name ".????????????")" ] ;; esac
		n=0; until none || [ $n = 40 ]; do sleep 0.05; n=$((n + 1)); done
		[ $n -lt 40 ] || { echo "at $point: $(halves)" >&2; exit 1; }
	done
'
test_ok 'a signal that the caller ignores is not passed on: nohup' '
	rm -f "$TMP/ready" "$TMP/hup"
	(trap "" HUP; exec $AS_ROOT nestbox run -v "$TMP:/t" "$R" sh -c "trap \"touch /t/hup\" HUP; trap \"exit 5\" TERM; touch /t/ready; while :; do sleep 0.05; done") & pid=$!
	n=0; until [ -e "$TMP/ready" ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	kill -HUP $pid; sleep 0.2; kill -TERM $pid
	rc=0; wait $pid || rc=$?
	[ $rc = 5 ] && [ ! -e "$TMP/hup" ]
'
test_ok 'signals that come while it cleans up do not cut that short' '
	for i in 1 2 3 4 5; do
		rm -f "$TMP/ready"
		$AS_ROOT nestbox run $limit -v "$TMP:/t" "$B" sh -c "trap \"exit 7\" HUP; touch /t/ready; while :; do sleep 0.01; done" & pid=$!
		n=0; until [ -e "$TMP/ready" ] || [ $n = 100 ]; do sleep 0.02; n=$((n + 1)); done
		while kill -HUP $pid 2>/dev/null; do :; done
		rc=0; wait $pid || rc=$?
		[ $rc = 7 ] || { echo "status $rc" >&2; exit 1; }
	done
	if state | grep -E "^[0-9a-f]{12}$"; then exit 1; fi
	[ -z "$(groups)" ] && [ ! -d "$B/proc" ]
'
test_ok 'a root file system that is swapped meanwhile is not taken for the old one' '
	mkdir "$TMP/swap1" "$TMP/swap2"
	cp -a "$B/." "$TMP/swap1"; cp -a "$B/." "$TMP/swap2"
	ln -s swap1 "$TMP/swap"
	$AS_ROOT nestbox run "$TMP/swap" sleep 1 & one=$!
	n=0; until [ -d "$TMP/swap1/proc" ] || [ $n = 1000 ]; do sleep 0.02; n=$((n + 1)); done
	mv "$TMP/swap1" "$TMP/old"; mv "$TMP/swap2" "$TMP/swap1"
	$AS_ROOT nestbox run "$TMP/swap1" sh -c "sleep 1.5; [ -e /proc/self ]" & two=$!
	wait $one; wait $two
'
test_ok 'a record cannot be given lines of its own' '
	mkdir "$TMP/x
group1 y"
	rc=0; $AS_ROOT nestbox run "$TMP/x
group1 y" true 2>"$TMP/e" || rc=$?
	[ $rc = 125 ] && grep -q "line break" "$TMP/e"
'
if test_need root 'a group that cannot go yet' && test_need v1:pids 'a group that cannot go yet'; then
	test_ok 'a group that cannot go yet keeps the record, by which gc finds it' '
		mkfifo $TMP/held
		# a mount point is no directory that could be removed, where the mount is
		nestbox unshare -m -- sh -euc "
			nestbox run --cgroup-parent $P --name held$$ $R sh -c \"read x\" <$TMP/held & pid=\$!
			exec 7>$TMP/held
			n=0; until id=\$(readlink $STATE/names/held$$) && d=\$(find /sys/fs/cgroup -path \"*pids*/$P/\$id/init\") && [ -d \"\$d\" ] || [ \$n = 100 ]; do sleep 0.05; n=\$((n + 1)); done
			mount -t tmpfs held \$d
			echo >&7
			wait \$pid
			[ -d $STATE/\$id ] && [ -d \$d ]
			umount \$d
			nestbox gc
			[ ! -e $STATE/\$id ] && [ ! -e \$d ]"
	'
fi
test_ok 'SIGKILL of run kills the container, and the next start or gc clears what is left' '
	$AS_ROOT nestbox run $limit --name "victim$$" "$B" sh -c "sleep 1234$$ & sleep 1234$$" & pid=$!
	n=0; until [ "$(sleepers 1234$$ | wc -l)" -ge 2 ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	kill -9 $pid
	wait $pid || :
	n=0; while [ -n "$(sleepers 1234$$)" ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
	[ $n -lt 100 ]
	[ -z "$limit" ] || [ -n "$(groups)" ]
	[ -d "$B/proc" ]
	nestbox gc
	[ -z "$(groups | grep -v "/$P$")" ] && [ ! -d "$B/proc" ]
	if state | grep -q "victim$$"; then exit 1; fi
'
test_ok 'a name that only a killed container had is free again' '
	$AS_ROOT nestbox run --name "again$$" "$R" sleep 30 & pid=$!
	n=0; until [ -L "$STATE/names/again$$" ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	kill -9 $pid; wait $pid || :
	$AS_ROOT nestbox run --name "again$$" "$R" true
	nestbox gc
'
test_ok 'missing mount points are made, and gone afterwards without a trace' '
	touch "$TMP/ref"; sleep 0.01
	find "$B" "$TMP/vol" | sort >"$TMP/f1"
	$AS_ROOT nestbox run -v "$TMP/vol:/a/b/c" -v "$TMP/vol/file:/d/file" "$B" sh -c "cat /d/file /a/b/c/file; ls /proc/1/exe >/dev/null"
	find "$B" "$TMP/vol" | sort | diff "$TMP/f1" -
	[ -z "$(find "$B" -newer "$TMP/ref")" ]
'
test_ok 'of two containers on one root file system the last one takes the mount points away' '
	$AS_ROOT nestbox run "$B" sleep 1 & one=$!
	n=0; until [ -d "$B/proc" ] || [ $n = 100 ]; do sleep 0.02; n=$((n + 1)); done
	$AS_ROOT nestbox run "$B" true
	[ -d "$B/proc" ]
	$AS_ROOT nestbox run "$B" test -e /proc/self
	wait $one
	[ ! -d "$B/proc" ] && [ ! -d "$B/dev" ]
'
test_ok '/ as root file system runs a program of the host' '
	[ "$($AS_ROOT nestbox run --read-only --network none / cat /proc/1/comm)" = cat ]
	if $AS_ROOT nestbox run --read-only / touch /nb-must-not-be 2>/dev/null; then exit 1; fi
	[ ! -e /nb-must-not-be ]
'
test_ok 'data goes through: in and out' '
	[ "$(echo hello | $AS_ROOT nestbox run "$R" tr a-z A-Z | $AS_ROOT nestbox run "$R" rev)" = OLLEH ]
	head -c 3000000 /dev/urandom >"$TMP/big"
	$AS_ROOT nestbox run "$R" cat <"$TMP/big" | cmp - "$TMP/big"
'

# --- bad input: the status, the line, and nothing left

bad() # STATUS REGEX SENTENCE WORDS...
{
	bad_status=$1 bad_regex=$2 bad_sentence=$3
	shift 3
	test_fails "$bad_status" "$bad_regex" "bad input: $bad_sentence" "fails_and_leaves_nothing $bad_status $*"
}
echo '#!/no/such/interpreter' >"$R/bin/badscript"
chmod 755 "$R/bin/badscript"
ln -s "$TMP/esc" "$R/evil"
ln -s ../../../../../../../..$TMP/esc "$R/evil2"
mkdir "$TMP/esc"
touch "$R/plain"

bad 125 'run: --no-such: unknown option' 'an unknown option' '$AS_ROOT nestbox run --no-such $R true'
bad 125 'ROOTFS: missing operand' 'no ROOTFS' '$AS_ROOT nestbox run'
bad 125 "$TMP/none: No such file" 'ROOTFS missing' '$AS_ROOT nestbox run $TMP/none true'
bad 125 'plain: is neither a directory nor an image' 'ROOTFS a file' '$AS_ROOT nestbox run $R/plain true'
bad 127 'nope: not found in PATH' 'no such command' '$AS_ROOT nestbox run $R nope'
bad 127 '/bin/nope: cannot execute: No such file' 'no such command with a path' '$AS_ROOT nestbox run $R /bin/nope'
bad 126 'plain: cannot execute: Permission denied' 'a command that is not executable' '$AS_ROOT nestbox run $R /plain'
bad 126 'is a directory' 'a command that is a directory' '$AS_ROOT nestbox run $R /bin'
bad 127 'interpreter "/no/such/interpreter" is missing' 'a script whose interpreter is missing' '$AS_ROOT nestbox run $R badscript'
bad 125 '12x: --memory wants a size' 'memory 12x' '$AS_ROOT nestbox run -m 12x $R true'
bad 125 '-1: --memory' 'memory -1' '$AS_ROOT nestbox run -m -1 $R true'
bad 125 'memory' 'memory 1k, which the kernel would round to nothing' '$AS_ROOT nestbox run -m 1k $R true'
bad 125 'memory-swap' 'swap below memory' '$AS_ROOT nestbox run -m 64M --memory-swap 32M $R true'
bad 125 'cpu-shares' 'shares out of range' '$AS_ROOT nestbox run --cpu-shares 1 $R true'
bad 125 'cpus' 'no CPU at all' '$AS_ROOT nestbox run --cpus 0 $R true'
bad 125 'pids' 'more pids than the kernel has' '$AS_ROOT nestbox run --pids-limit 99999999 $R true'
test_need root 'bad input: a CPU that is not there' && bad 125 'cpuset.cpus' 'a CPU that is not there' '$AS_ROOT nestbox run --cgroup-parent $P --cpuset-cpus 4000 $R true'
bad 125 '\.\.' 'a cgroup path with ..' '$AS_ROOT nestbox run --pids-limit 9 --cgroup-parent ../x $R true'
bad 125 'a/b: a name is' 'a name with /' '$AS_ROOT nestbox run --name a/b $R true'
bad 125 '\.\.: a name is' 'a name ..' '$AS_ROOT nestbox run --name .. $R true'
bad 125 'mounted by the container start' 'a volume on /proc' '$AS_ROOT nestbox run -v $TMP/vol:/proc $R true'
bad 125 'mounted by the container start' 'a tmpfs on /dev' '$AS_ROOT nestbox run --tmpfs /dev $R true'
bad 125 '.-pid: of host wants a control group' 'pids of the host without a group' '$AS_ROOT nestbox run --cgroups disabled --pid host $R true'
bad 125 'no absolute path' 'a volume on a relative place' '$AS_ROOT nestbox run -v $TMP/vol:data $R true'
bad 125 'root itself' 'a volume on /' '$AS_ROOT nestbox run -v $TMP/vol:/ $R true'
bad 125 'root itself' 'a volume on /../..' '$AS_ROOT nestbox run -v $TMP/vol:/x/../.. $R true'
bad 125 'named volumes' 'a named volume' '$AS_ROOT nestbox run -v vol:/data $R true'
bad 125 'nothere: .*No such file' 'a volume whose source is missing' '$AS_ROOT nestbox run -v $TMP/nothere:/data $R true'
bad 125 'unknown volume option "x"' 'an unknown volume option' '$AS_ROOT nestbox run -v $TMP/vol:/data:x $R true'
bad 125 '/evil/pwned: .*mount point' 'a volume through a link that leaves the root' '$AS_ROOT nestbox run -v $TMP/vol:/evil/pwned $R true'
bad 125 '/evil2/pwned: .*mount point' 'a volume through a relative link that leaves the root' '$AS_ROOT nestbox run -v $TMP/vol:/evil2/pwned $R true'
bad 125 '1000x: is no user' 'user 1000x' '$AS_ROOT nestbox run -u 1000x $R true'
bad 125 'nobodyhere' 'a user that passwd does not list' '$AS_ROOT nestbox run -u nobodyhere $R true'
bad 125 '4294967295' 'user -1' '$AS_ROOT nestbox run -u 4294967295 $R true'
bad 125 'mknod: cannot be given' 'MKNOD where there are no device rules' '$AS_ROOT nestbox run --cgroups disabled --cap-add mknod $R true'
bad 125 'cgroup-parent: File ?name too long' 'a parent group that is cut off' '$AS_ROOT nestbox run --cgroup-parent '"$(printf %0600d 0)"' $R true'
bad 125 'NO_SUCH' 'an unknown capability' '$AS_ROOT nestbox run --cap-add NO_SUCH $R true'
bad 125 'longer than' 'a host name that is too long' '$AS_ROOT nestbox run -h aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa $R true'
bad 125 'exclude each other' 'limits without cgroups' '$AS_ROOT nestbox run --cgroups disabled -m 64M $R true'
bad 125 'none, host, bridge' 'a network that there is not' '$AS_ROOT nestbox run --network bridged $R true'
bad 125 'nofile' 'a resource limit that is none' '$AS_ROOT nestbox run --ulimit nofile=x $R true'
bad 125 'noenv: .*No such file' 'an env file that is missing' '$AS_ROOT nestbox run --env-file $TMP/noenv $R true'

test_ok 'nothing has come through the links that leave the root' '[ -z "$(ls "$TMP/esc")" ]'

test_fails 125 'name is in use by container [0-9a-f]{12}' 'bad input: a name in use' '
	$AS_ROOT nestbox run --name "taken$$" "$R" sleep 3 & pid=$!
	n=0; until [ -L "$STATE/names/taken$$" ] || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	rc=0; $AS_ROOT nestbox run --name "taken$$" "$R" true || rc=$?
	kill -9 $pid; wait $pid || :
	nestbox gc
	exit $rc
'
if test_need root 'bad input: a controller that is not there' && test_need v1:memory 'bad input: a controller that is not there'; then
	test_fails 125 'memory' 'bad input: a controller that is not there' '
		$AS_ROOT nestbox unshare -m -- sh -c "umount \$(mounts=\$(sed -n \"s/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup [^ ]* .*memory.*/\1/p\" /proc/self/mountinfo); echo \$mounts) && exec nestbox run -m 64M $R true"
	'
fi
test_fails 125 'hint: .*(root|CAP_SYS_ADMIN|user namespace)' 'no privilege: a clear line, and 125' '
	$AS_USER nestbox run "$R" true
'
test_fails 125 'Permission denied' 'a root file system that the caller cannot read' '
	closed=/root
	if [ "$AS_USER" ]; then closed=$TMP/closed; mkdir -p "$closed/root"; chmod 700 "$closed"; fi
	$AS_USER nestbox run "$closed/root" true
'
# what is mounted outside, root in a user namespace cannot take away
if test_need root 'without /proc and /sys'; then
	test_ok 'without /proc it starts all the same' '
		out=$(nestbox unshare -m -- sh -c "umount -l /proc && exec nestbox run $R sh -c \"echo \\\$\\\$; cat /proc/1/comm; true\"")
		[ "$out" = "$(printf "1\nsh")" ]
	'
	test_fails 125 '/proc' 'without /proc a limit cannot be set, and that is said' '
		nestbox unshare -m -- sh -c "umount -l /proc && exec nestbox run -m 64M $R true"
	'
	test_ok 'without /sys it starts all the same' '
		[ "$(nestbox unshare -m -- sh -c "umount -l /sys && exec nestbox run $R echo up")" = up ]
	'
	test_fails 125 'memory|cgroup' 'without /sys a limit cannot be set, and that is said' '
		nestbox unshare -m -- sh -c "umount -l /sys && exec nestbox run -m 64M $R true"
	'
fi

# --- what an ordinary user is refused

if test_need userns-user 'an ordinary user'; then
	test_fails 125 'set to 1000: Invalid argument' 'an ordinary user: no other ids' '$AS_USER nestbox unshare -r -- nestbox run -u 1000:1000 "$R" true'
	test_fails 125 'hint: the gid is not mapped' '... and the hint says why' '$AS_USER nestbox unshare -r -- nestbox run -u 1000:1000 "$R" true'
	test_fails 125 'hint: /proc/self/setgroups says deny' 'nor groups' '$AS_USER nestbox unshare -r -- nestbox run --group-add 5 "$R" true'
	test_fails 125 'hint: root in a user namespace makes no devices' 'nor the host'\''s devices' '$AS_USER nestbox unshare -r -- nestbox run --privileged "$R" true'
	test_fails 125 'hint: lowering it needs CAP_SYS_RESOURCE' 'nor a better place when memory runs out' '$AS_USER nestbox unshare -r -- nestbox run --oom-score-adj -5 "$R" true'
	test_fails 125 '(make group: Permission denied|has processes of its own)' 'nor limits, where no group is theirs to make others in' 'fails_and_leaves_nothing 125 $AS_USER nestbox unshare -r -- nestbox run -m 64M "$R" true'
fi

for what in proc dev sys; do
	test_fails 125 "/$what: must be no symbolic link" "bad input: /$what of the root file system is a link" "
		rmdir \$R/$what; ln -s \$TMP/esc \$R/$what
		rc=0; (fails_and_leaves_nothing 125 $AS_ROOT nestbox run \$R true) || rc=\$?
		rm \$R/$what; mkdir \$R/$what
		exit \$rc
	"
done
test_ok 'and still nothing has come through' '[ -z "$(ls "$TMP/esc")" ]'
test_ok 'no group, no record and no name of this test is left' '
	[ -z "$(groups | grep -v "/$P$")" ]
	if ls -R "$STATE" | grep -E "(victim|again|taken)$$"; then exit 1; fi
'
done_testing
