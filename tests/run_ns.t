#!/bin/sh
# run: namespaces of the container's own, the host's, and another container's.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"
P=nb-run-ns-$$
export P

cat >>"$TMP/.env" <<'END'
# without control groups nobody would end what shares its process ids with others
run() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
grouped() { $AS_ROOT nestbox run --cgroup-parent "$P" "$@"; }
ns_of() { $AS_ROOT readlink "/proc/self/ns/$1"; }
# a container called $1 that lives until something is written to $TMP/go
beside()
{
	rm -f "$TMP/go" "$TMP/up"; mkfifo "$TMP/go"; name=$1; shift
	nestbox run --cgroup-parent "$P" --name "$name" -v "$TMP:/t" "$@" "$R" sh -c "readlink /proc/self/ns/ipc >/t/ipc; readlink /proc/self/ns/pid >/t/pid; echo >/t/up; read _" <"$TMP/go" & beside=$!
	exec 8>"$TMP/go"
	soon test -s "$TMP/up"
}
gone() { echo >&8; exec 8>&-; wait "$beside"; }
left() { for m in $(sed -n 's|^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2\{0,1\} .*|\1|p' /proc/self/mountinfo); do [ ! -d "$m/$P" ] || find "$m/$P" -mindepth 1 -type d; done; }
END

test_ok 'all namespaces are the container'"'"'s own' '
	for ns in ipc pid uts cgroup; do
		[ "$(run "$R" readlink /proc/self/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ]
		option=--$ns; [ $ns != cgroup ] || option=--cgroupns
		[ "$(run $option private "$R" readlink /proc/self/ns/$ns)" != "$(readlink /proc/self/ns/$ns)" ]
	done
'
test_ok '--uts host: the name is the machine'"'"'s' '
	[ "$(run --uts host "$R" sh -c "readlink /proc/self/ns/uts; hostname; echo \$HOSTNAME")" = "$(ns_of uts; hostname; hostname)" ]
'
test_ok '--cgroupns host: the groups are seen as on the host' '
	[ "$(run --cgroupns host "$R" sh -c "readlink /proc/self/ns/cgroup; cat /proc/self/cgroup")" = "$(ns_of cgroup; cat /proc/self/cgroup)" ]
'
test_ok '--ipc host: the namespace, and /dev/shm' '
	$AS_ROOT nestbox unshare -m -i -- sh -euc "
		mount -t tmpfs shm /dev/shm; echo mine >/dev/shm/mark
		want=\$(readlink /proc/self/ns/ipc)
		[ \"\$(nestbox run --cgroups disabled --ipc host $R sh -c \"readlink /proc/self/ns/ipc; cat /dev/shm/mark\")\" = \"\$want
mine\" ]
		if nestbox run --cgroups disabled $R test -e /dev/shm/mark; then exit 1; fi"
'
test_ok '--ipc none: no /dev/shm; shareable is as private' '
	run --ipc none "$R" sh -euc "test -d /dev/shm; ! grep \" /dev/shm \" /proc/self/mountinfo"
	run --ipc shareable "$R" grep -q " /dev/shm " /proc/self/mountinfo
'
test_ok '--shm-size' '
	run --shm-size 1m "$R" grep -q " /dev/shm .*size=1024k" /proc/self/mountinfo
	run "$R" grep -q " /dev/shm .*size=65536k" /proc/self/mountinfo
	not box --shm-size 0 "$R" -- grep " /dev/shm " /proc/self/mountinfo
'
test_ok '--time moves the clocks' '
	run --time boottime=86400000 --time monotonic=-1 "$R" cat /proc/self/timens_offsets /proc/uptime >"$TMP/got" 2>"$TMP/said" || {
		# the clocks would be before the start of the machine
		grep -q "clock" "$TMP/said"; run --time boottime=86400000 "$R" cat /proc/self/timens_offsets /proc/uptime >"$TMP/got"; }
	grep -q "boottime  *86400000  *0" "$TMP/got"
	tail -n 1 "$TMP/got" | { IFS=. read -r up _; [ "$up" -ge 86400000 ]; }
	# the control
	run "$R" cat /proc/uptime | { IFS=. read -r up _; [ "$up" -lt 86400000 ]; }
'
test_ok '--sysctl sets what belongs to the container' '
	[ "$(run --sysctl kernel.msgmax=4321 --sysctl net.ipv4.ip_default_ttl=33 "$R" cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_default_ttl)" = "4321
33" ]
	[ "$(cat /proc/sys/kernel/msgmax)" != 4321 ]; [ "$(cat /proc/sys/net/ipv4/ip_default_ttl)" != 33 ]
'
bad() { test_fails 125 "nestbox: run: $1" "$2" "run $3 \"\$R\" true"; }
# what they are already: one that got through would change nothing
ttl=$(cat /proc/sys/net/ipv4/ip_default_ttl)
msgmax=$(cat /proc/sys/kernel/msgmax)
bad "net.ipv4.ip_default_ttl=$ttl: is not the container.s own with --network host" '--sysctl net.* with the network of the host (E8)' "--network host --sysctl net.ipv4.ip_default_ttl=$ttl"
bad "net.ipv4.ip_default_ttl=$ttl: is not the container.s own with --network ns:x" '... or another'"'"'s' "--network ns:x --sysctl net.ipv4.ip_default_ttl=$ttl"
bad "kernel.msgmax=$msgmax: is not the container.s own with --ipc host" '--sysctl of ipc with the ipc namespace of the host' "--ipc host --sysctl kernel.msgmax=$msgmax"
bad 'kernel.ngroups_max=65536: ' '--sysctl of the whole machine' '--sysctl kernel.ngroups_max=65536'
bad '--ipc: there is no "frob"' 'an unknown kind' '--ipc frob'
bad '--pid: there is no "shareable"' '... of another namespace' '--pid shareable'
bad '--pid: container:NAME: whose' 'no name' '--pid container:'
bad 'nobody: there is no such container' 'a container that is not there' '--ipc container:nobody'
bad '--hostname: does not go with --uts host' 'a host name for the machine' '--uts host -h x'
bad '--pid: of host does not go with a user namespace' 'pids of the host in a user namespace' '--userns auto --pid host'
bad '--pid: of host wants a control group' 'pids of the host without a group' '--pid host'
bad 'boottime=x: --time wants' 'a time that is none' '--time boottime=x'
bad 'realtime=1: --time wants' 'a clock that cannot be moved' '--time realtime=1'
bad '--shm-size: wants a size' 'no /dev/shm at all' '--shm-size 0'

if test_need root 'pids of others' && test_need groups 'pids of others'; then
	test_ok '--pid host: the processes of the machine are seen' '
		[ "$(grouped --pid host "$R" readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
		grouped --pid host "$R" test -d /proc/$$
	'
	test_ok '... and what is left of the container at the end is killed' '
		rc=0; grouped --pid host -v "$TMP:/t" "$R" sh -c "nohup sleep 321 >/dev/null 2>&1 & echo \$! >/t/orphan; exit 3" || rc=$?
		[ $rc = 3 ]
		# nobody may have reaped it yet
		not grep -qs "^State:.*(\(sleeping\|running\))" "/proc/$(cat "$TMP/orphan")/status"
		[ -z "$(left)" ]
	'
	test_ok '--pid and --ipc container:NAME: those of another container' '
		beside nbns-$$
		[ "$(grouped --pid container:nbns-$$ --ipc container:nbns-$$ "$R" readlink /proc/self/ns/pid /proc/self/ns/ipc 2>/dev/null || grouped --pid container:nbns-$$ --ipc container:nbns-$$ "$R" sh -c "readlink /proc/self/ns/pid; readlink /proc/self/ns/ipc")" = "$(cat "$TMP/pid" "$TMP/ipc")" ]
		grouped --pid container:nbns-$$ "$R" sh -c "[ \$\$ != 1 ] && tr \"\\000\" \" \" </proc/1/cmdline | grep -q \"read _\""
		rc=0; grouped --pid container:nbns-$$ -v "$TMP:/t" "$R" sh -c "sleep 322 & exit 4" || rc=$?
		[ $rc = 4 ]
		# the group of the one that has ended went with its process
		[ "$(left | grep -c "/init$")" -le "$(left | grep -c "/[0-9a-f]*$")" ]
		# the other one does not notice
		gone
	'
	test_ok '... which ends with that one' '
		beside nbns2-$$
		grouped --pid container:nbns2-$$ -v "$TMP:/t" "$R" sh -c "echo >/t/in; sleep 323" & two=$!
		soon test -e "$TMP/in"
		gone
		rc=0; wait $two || rc=$?
		[ $rc = 137 ]
	'
	if test_need cmd:strace 'whoever joins is not to be looked into'; then
		test_ok 'whoever joins is not to be looked into (B3)' '
			beside nbns3-$$
			strace -f -qq -e trace=prctl,setns -o "$TMP/trace" nestbox run --cgroup-parent "$P" --pid container:nbns3-$$ "$R" true
			gone
			# the first setns into a pid namespace comes after it
			sed -n "/setns([0-9]*, CLONE_NEWPID)/q; p" "$TMP/trace" | grep -q "PR_SET_DUMPABLE, SUID_DUMP_DISABLE"
			grep -q "setns([0-9]*, CLONE_NEWPID)" "$TMP/trace"
		'
	fi
fi
done_testing
