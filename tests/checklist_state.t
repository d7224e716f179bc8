#!/bin/sh
# The security checklist, E: groups, network and what is kept of containers.
#
# Shown elsewhere:
#   E1   limits before the first instruction  run.t (pids, memory, groups)
#   E2   names and paths of groups            run.t
#   E3   nothing left after a failure         run.t ("bad input", SIGKILL at any point)
#   E6   a published port at one address      nft.t, netns_new.t
#   E7   what is set on the host is said      netns_new.t, netns_wire.t
#   E9   --pidfile and --cidfile              init.t
#   E12  a process by its number and inode    nsenter.t
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
R=$TMP/root
P=nb-checklist-$$
export R P
at_end 'rmdir /sys/fs/cgroup/$P /sys/fs/cgroup/*/$P 2>/dev/null'

cat >>"$TMP/.env" <<'ENV'
start() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
ENV

if test_need root 'E1: the first program' && test_need cgroup 'E1: the first program'; then
	test_ok 'E1: the first program is in its group, and limited, from the start' '
		nestbox run --cgroup-parent "$P" --pids-limit 5 "$R" sh -c "
			cat /proc/self/cgroup; i=0; while [ \$i -lt 20 ]; do sleep 1 & i=\$((i + 1)); done" >"$TMP/got" 2>"$TMP/said" || :
		grep -qiE "fork|unavailable" "$TMP/said"
		# seen from its cgroup namespace, whose root its group is
		grep -q ":/\$" "$TMP/got"; not grep -v ":/\$" "$TMP/got"
	'
fi

# --- E4: the folder

for how in 'mkdir -m 777 D' 'mkdir -m 750 D' 'ln -s target D' ': >D' ${AS_USER:+'mkdir -m 700 D; chown 1000 D'} ${AS_USER:+'ln -s . D'}; do
	test_fails 125 'state folder' "E4: a state folder that somebody else has made is refused: $how" "
		rm -rf \"\$STATE\"; mkdir -p -m 700 \"\$TMP/target\"
		cd \"\${STATE%/*}\"; ln -sfn \"\$TMP/target\" target
		D=\$(basename \"\$STATE\")
		$(printf '%s' "$how" | sed 's/D/"$D"/g')
		rc=0; start \"\$R\" true || rc=\$?
		[ -z \"\$(ls -A \"\$TMP/target\")\" ]
		rm -rf \"\$STATE\" target
		exit \$rc"
done
test_ok 'E4: the control: one of its own is good, and closed to others' '
	rm -rf "$STATE"
	start "$R" true
	[ "$(stat -c %a "$STATE")" = 700 ]
'

# --- E5, E7, E8: the network

if test_need root 'E5: the bridge'; then
	test_ok 'E5: no router that a container plays is believed, and nothing but what was said is changed' '
		nestbox unshare -n -m -- sh -euc ". \"\$TMP/.env\"
			nestbox netns up
			# as on a machine that has not forwarded yet: a new namespace has what the host has
			echo 0 >/proc/sys/net/ipv4/ip_forward
			echo 0 >/proc/sys/net/ipv6/conf/all/forwarding
			sysctls() { find /proc/sys/net -type f ! -path \"*/neigh/*\" ! -name \"*random*\" ! -name flush -exec grep -s \"\" {} + | sort; }
			sysctls >\"\$TMP/before\"
			nestbox run --cgroups disabled --network bridge \"\$R\" sh -c \"sleep 1\" 2>\"\$TMP/said\" & run=\$!
			n=0; until [ -e /proc/sys/net/ipv4/conf/nb0 ] && ls /sys/class/net/nb0/brif | grep -q . || [ \$n = 100 ]; do sleep 0.05; n=\$((n + 1)); done
			[ ! -e /proc/sys/net/ipv6/conf/nb0 ] || [ \"\$(cat /proc/sys/net/ipv6/conf/nb0/accept_ra)\" = 0 ]
			wait \$run
			sysctls >\"\$TMP/after\"
			diff \"\$TMP/before\" \"\$TMP/after\" | sed -n \"s/^[<>] \/proc\/sys\/\([^:]*\):.*/\1/p\" | sort -u | grep -vE \"/(nb0|nb[0-9a-f]{8})/\" >\"\$TMP/changed\" || :
			cat \"\$TMP/changed\" \"\$TMP/said\"
			# forwarding and what the kernel sets with it
			not grep -vE \"^net/ipv[46]/(ip_forward|conf/(all|default|lo)/(forwarding|accept_redirects|mc_forwarding|send_redirects))\" \"\$TMP/changed\"
			grep -q \"net.ipv4.ip_forward=1\" \"\$TMP/said\""
	'
fi
test_fails 125 'whole machine|host' 'E8: a parameter of the host'\''s network is not set' '
	before=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	rc=0; $AS_USER nestbox unshare -r -m -u -p -f -- nestbox pivot --api --sysctl net.ipv4.ip_unprivileged_port_start=7 "$R" -- true || rc=$?
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = "$before" ]
	exit $rc
'

# --- E10: what is printed

cat >>"$TMP/.env" <<'ENV'
plain() { not grep -q "$(printf '\033')" "$1" && not grep -q "$(printf '\007')" "$1"; }
ENV
esc=$(printf '\033[31mred\033]0;title\007')
export esc
test_ok 'E10: no name steers the terminal of who reads the message' '
	mkdir "$TMP/$esc"
	printf "#!/no/$esc\n" >"$R/bin/evil"; chmod 755 "$R/bin/evil"
	for line in "$TMP/$esc/none true" "$R /bin/$esc" "$R $esc" "$R /bin/evil" "--name $esc $R true" "-u $esc $R true" \
		"-v $TMP/$esc/none:/mnt $R true" "-v $TMP/vol:/mnt:$esc $R true" "--tmpfs /x:$esc $R true" "-w /etc/passwd/$esc $R true" \
		"--$esc $R true" "--ulimit $esc $R true" "--cap-add $esc $R true" "--network $esc $R true" "--env-file $TMP/$esc $R true" "--group-add $esc -u 0 $R true"; do
		rc=0; start $line 2>"$TMP/said" || rc=$?
		cat -v "$TMP/said"
		[ $rc -ge 125 ]
		plain "$TMP/said"
		grep -q "x1b" "$TMP/said"
	done
	nestbox "$esc" 2>"$TMP/said" || :
	plain "$TMP/said"
'

# --- E11: what was killed

test_ok 'E11: a record whose process number is another'\''s by now has nobody killed' '
	$AS_ROOT nestbox run --cgroups disabled --name "gone$$" "$R" sleep 60 & run=$!
	n=0; until grep -qs "^start" "$STATE"/*/record || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	id=$(readlink "$STATE/names/gone$$")
	# start times are counted in hundredths of a second
	sleep 0.1
	sleep 60 & other=$!
	kill -9 $run; wait $run || :
	# as if the number had come round
	sed -i "s/^pid .*/pid $other/" "$STATE/$id/record"
	nestbox gc
	kill -0 $other
	kill $other
	[ ! -e "$STATE/$id" ]
'

done_testing
