#!/bin/sh
# netns new: what a new network namespace is connected to.
. "${0%/*}/lib.sh"
. "${0%/*}/net.sh"
own_host
cat >>"$TMP/.env" <<'END'
new='nestbox netns new'
retransmitted() { awk '$1 == "Tcp:" && n++ { print $13 }' /proc/net/snmp; }
# says that it is up, and stays
stay="echo up >\"\$TMP/\$0.up\"; exec sleep 100"
END

test_ok 'on a bridge: an address, routes, and the gateway answers' '
	$new --net bridge -- sh -euc "
		. \"\$TMP/.env\"
		[ \"\$(ls /sys/class/net 2>/dev/null || echo eth0 lo)\" ] # sysfs shows the namespace that it was mounted in
		case \$(addr) in 10.88.*) ;; *) exit 1 ;; esac
		ip route | grep \"^default via 10.88.0.1 dev eth0\"
		ping -c 1 -W 3 10.88.0.1
		ping -c 1 -W 3 127.0.0.1"
	ip -o addr show dev nb0 | grep "inet 10.88.0.1/16"
'
test_ok 'by IPv6 the same' '
	[ -e /proc/net/if_inet6 ] || exit 0
	$new --net bridge -- sh -euc "
		. \"\$TMP/.env\"
		a=\$(addr)
		[ \"\$(addr -6)\" = \"\$(printf \"fd88:6e62::%x:%x\" \$((\$(echo \$a | cut -d. -f1) * 256 + \$(echo \$a | cut -d. -f2))) \$((\$(echo \$a | cut -d. -f3) * 256 + \$(echo \$a | cut -d. -f4))))\" ]
		ping -6 -c 1 -W 3 fd88:6e62::1"
'
test_ok '... also for those who come while the bridge is being made' '
	[ -e /proc/net/if_inet6 ] || exit 0
	for i in 1 2 3 4 5; do
		for k in 1 2 3 4 5 6; do $new --net bridge -- sh -c ". \"\$TMP/.env\"; addr -6" >"$TMP/v6.$k" & done
		wait
		[ "$(cat "$TMP"/v6.? | grep -c "^fd88:6e62::")" = 6 ]
		nestbox netns bridge -d nb0
	done
'
test_ok '... and where its network has no room for the IPv4 address there is none' '
	[ -e /proc/net/if_inet6 ] || exit 0
	nestbox netns bridge br9 10.99.0.1/24 fd99::1/112
	$new --net bridge:br9 -- sh -euc ". \"\$TMP/.env\"; [ -z \"\$(addr -6)\" ]; ping -c 1 -W 3 10.99.0.1"
	[ "$($new --net bridge:br9 --ip6 fd99::7 -- sh -c ". \"\$TMP/.env\"; addr -6")" = fd99::7 ]
'
test_ok 'the address is in the names and link addresses of both ends' '
	$new --net bridge --ip 10.88.1.2 -- sh -c "cat /proc/self/net/dev_mcast >/dev/null; ip link show dev eth0 >\"\$TMP/in\"; $stay" here & p=$!
	wait_for "$TMP/here.up"
	grep "link/ether 02:42:0a:58:01:02" "$TMP/in"
	ip link show dev nb0a580102 | grep "link/ether fe:42:0a:58:01:02"
	kill -9 $p; wait $p || :
	for i in $(seq 50); do ip link show dev nb0a580102 2>/dev/null || break; sleep 0.1; done
	not ip link show dev nb0a580102
'
test_ok 'what had to be set on the host is said, and said once' '
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	$new --net bridge true 2>"$TMP/said"
	grep "net.ipv4.ip_forward=1.* set on the host" "$TMP/said"
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	$new --net bridge true 2>"$TMP/said"
	[ ! -s "$TMP/said" ]
	# and is the host'\''s alone
	[ "$($new --net bridge cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
'
test_ok 'an owner finds its address again; without one it is any' '
	a=$($new --net bridge --owner web -- sh -c ". \"\$TMP/.env\"; addr")
	for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
	[ "$($new --net bridge --owner web -- sh -c ". \"\$TMP/.env\"; addr")" = "$a" ]
	b=$($new --net bridge -- sh -c ". \"\$TMP/.env\"; addr")
	c=$($new --net bridge -- sh -c ". \"\$TMP/.env\"; addr")
	[ "$b" != "$c" ]
'
test_ok '--ip, --ip6, --mac-address and --mtu' '
	$new --ip 10.88.3.4 --ip6 fd88:6e62::77 --mac-address 02:00:00:00:00:07 --mtu 1400 -- sh -euc "
		. \"\$TMP/.env\"
		[ \"\$(addr)\" = 10.88.3.4 ]
		[ ! -e /proc/net/if_inet6 ] || [ \"\$(addr -6)\" = fd88:6e62::77 ]
		ip link show dev eth0 | grep \"mtu 1400\"
		ip link show dev eth0 | grep \"02:00:00:00:00:07\"
		ping -c 1 -W 3 10.88.0.1"
'
test_ok 'an owner has as many bytes as can be written beside a port' '
	long=$(printf "%0100000d" 7)
	not $new --net bridge --owner "$long" true 2>"$TMP/said"
	grep "an owner.s name has 1 to 64 bytes" "$TMP/said"
	$new --net bridge --owner "$(printf "%064d" 7)" true
	not nestbox netns link set lo alias "$long" 2>"$TMP/said"
	grep "^nestbox: netns: lo: " "$TMP/said"
'
test_ok '--rate holds back what comes in' '
	$new --ip 10.88.3.4 --rate 10mbit -- sh -c "$stay" here & p=$!
	wait_for "$TMP/here.up"
	nestbox netns link show -j nb0a580304 | grep "\"rate\":1250000"
	kill -9 $p; wait $p || :
'
test_ok 'whose it is is written beside the device; a device whose address is wanted, too, stays as it is' '
	$new --net bridge --owner web -- sh -c ". \"\$TMP/.env\"; addr >\"\$TMP/addr\""
	for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
	nestbox unshare -n -- sleep 100 & p=$!
	for i in $(seq 50); do [ "$(readlink /proc/$p/ns/net)" = "$(readlink /proc/self/ns/net)" ] || break; sleep 0.1; done
	nestbox netns veth $p nb0 --ip "$(cat "$TMP/addr")/16" --isolated
	$new --net bridge --owner web -- sh -c "nestbox netns show >\"\$TMP/in\"; $stay" here & q=$!
	wait_for "$TMP/here.up"
	nestbox netns link show -j >"$TMP/links"
	kill -9 $p $q; wait $p $q || :
	not grep -F "$(cat "$TMP/addr")/" "$TMP/in"
	grep "\"ifalias\":\"web\"" "$TMP/links"
	[ "$(grep -o "\"isolated\":true" "$TMP/links" | wc -l)" = 1 ]
'
test_ok 'neighbours reach each other' '
	$new --ip 10.88.0.5 -- sh -c "$stay" here & p=$!
	wait_for "$TMP/here.up"
	$new --net bridge -- ping -c 1 -W 3 10.88.0.5
	# nobody answers who is not there
	not $new --net bridge -- ping -c 1 -W 1 10.88.0.6
	kill -9 $p; wait $p || :
'
test_ok 'thirty at once have thirty addresses' '
	$new --net bridge true
	for i in $(seq 30); do
		$new --net bridge -- sh -c ". \"\$TMP/.env\"; addr >\"\$TMP/a.$i\"; while [ ! -e \"\$TMP/go\" ]; do sleep 0.1; done" &
	done
	for i in $(seq 30); do wait_for "$TMP/a.$i"; done
	touch "$TMP/go"; wait
	[ "$(cat "$TMP"/a.* | sort -u | wc -l)" = 30 ]
'
test_ok 'thirty first ones at once make one bridge' '
	: >"$TMP/said"
	for i in $(seq 30); do $new --net bridge true 2>>"$TMP/said" || echo no >>"$TMP/failed" & done
	wait
	cat "$TMP/said" >&2
	[ ! -e "$TMP/failed" ]
	[ "$(ip -o link | grep -c ": nb0:")" = 1 ]
	[ "$(ip -o addr show dev nb0 | grep -c "inet ")" = 1 ]
'
test_ok 'no first packet is lost' '
	$new --net bridge true
	serve 77 hello & p=$!
	ask 10.88.0.1 77
	for i in $(seq 20); do
		$new --net bridge -- sh -euc ". \"\$TMP/.env\"; ask 10.88.0.1 77; retransmitted" >"$TMP/out"
		[ "$(tail -n 1 "$TMP/out")" = 0 ]
	done
	kill -9 $p
'
test_ok 'a bridge of somebody'\''s' '
	ip link add name br9 type bridge
	ip addr add 10.99.0.1/29 dev br9
	ip link set br9 up
	$new --net bridge:br9 -- sh -euc ". \"\$TMP/.env\"; ip route | grep \"^default via 10.99.0.1\"; ping -c 1 -W 3 10.99.0.1; ip addr show dev eth0 | grep \"inet 10.99.0.[2-6]/29\""
	# the default one is not made for that
	not ip link show dev nb0
'
test_ok 'a full one says so, and the next one has what becomes free' '
	ip link add name br9 type bridge
	ip addr add 10.99.0.1/30 dev br9
	ip link set br9 up
	$new --net bridge:br9 -- sh -c "$stay" here & p=$!
	wait_for "$TMP/here.up"
	not $new --net bridge:br9 true 2>"$TMP/said"
	grep "^nestbox: netns: br9: all addresses of 10.99.0.0/30 are taken" "$TMP/said"
	kill -9 $p; wait $p || :
	for i in $(seq 50); do $new --net bridge:br9 true && exit; sleep 0.1; done
	exit 1
'
test_fails 1 'nestbox: netns: br8: there is no such bridge' 'a bridge that is not there' '$new --net bridge:br8 true'
test_fails 1 'nestbox: hint: make it: nestbox netns bridge br8 ' '... and how to make it' '$new --net bridge:br8 true'
test_fails 1 'nestbox: netns: br9: has no IPv4 address' 'one without an address' 'ip link add name br9 type bridge; $new --net bridge:br9 true'
test_fails 1 'nestbox: netns: br9: Network is down' 'one that is down' 'ip link add name br9 type bridge; ip addr add 10.99.0.1/24 dev br9; $new --net bridge:br9 true'
test_fails 1 'nestbox: netns: lo: is no bridge' 'what is none' '$new --net bridge:lo true'
[ -z "$IPROUTE" ] || test_fails 1 'nestbox: netns: nb0: 10.88.0.0/16 is in use: a route by far0 leads there' 'a network that is in use' '
	ip link add name far0 type veth peer name far1; ip addr add 10.88.3.1/24 dev far0; ip link set far0 up; ip link set far1 up; $new --net bridge true'
test_fails 1 'nestbox: netns: 10.89.0.1: is not in the bridge'\''s network, 10.88.0.0/16' 'an address of another network' '$new --ip 10.89.0.1 true'
test_fails 1 'nestbox: netns: 10.88.0.1: is the bridge'\''s own' 'the bridge'\''s own address' '$new --ip 10.88.0.1 true'
test_fails 1 'nestbox: netns: 10.88.0.0: is the network'\''s own' 'the network'\''s own' '$new --ip 10.88.0.0 true'
test_fails 1 'nestbox: netns: 10.88.255.255: is the broadcast' 'the broadcast address' '$new --ip 10.88.255.255 true'
test_fails 1 'nestbox: netns: 10.88.0.9: another container has it' 'an address that somebody has' '
	$new --ip 10.88.0.9 -- sh -c "$stay" here & p=$!
	wait_for "$TMP/here.up"
	rc=0; $new --ip 10.88.0.9 true || rc=$?
	kill -9 $p; wait $p || :
	exit $rc'
test_ok 'what fails leaves nothing' '
	$new --net bridge true
	for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
	ip link | sed "s/<.*>//; s/state [A-Z]*//" >"$TMP/before"
	for bad in "--ip 10.89.0.1" "--ip 10.88.0.0" "--net bridge:br8" "--ip6 fd00::1"; do not $new $bad true; done
	ip link | sed "s/<.*>//; s/state [A-Z]*//" | diff "$TMP/before" -
'
test_ok '... not even the bridge, where the host cannot be set to forward' '
	nestbox unshare -m -- sh -euc "
		. \"\$TMP/.env\"
		mount --bind /proc/sys /proc/sys
		mount -o remount,bind,ro /proc/sys
		not nestbox netns new --net bridge true 2>\"\$TMP/said\""
	grep "^nestbox: netns: /proc/sys/net/ipv4/ip_forward: .*Read-only" "$TMP/said"
	not ip link show dev nb0
	$new --net bridge true
	ip link show dev nb0
'

# ---- words that are none

bad() { test_fails 1 "^nestbox: netns: $1" "refused: $2" "nestbox netns new $2 true"; }
bad 'bogus: is no network' '--net bogus'
bad 'bridge:: is no network' '--net bridge:'
bad 'macvlan: is no network' '--net macvlan'
bad 'none:x: is no network' '--net none:x'
bad 'a name that is too long: is no name' '--net "bridge:a name that is too long"'
bad '10.88.0: is no IPv4 address' '--ip 10.88.0'
bad '::1: is no IPv4 address' '--ip ::1'
bad '127.0.0.1: is no IPv4 address' '--ip 127.0.0.1'
bad '10.88.0.2: is no IPv6 address' '--ip6 10.88.0.2'
bad 'ff02::1: is no IPv6 address' '--ip6 ff02::1'
bad '1:2: is no link address' '--mac-address 1:2'
bad '01:00:00:00:00:00: is no link address' '--mac-address 01:00:00:00:00:00'
bad '0: is no port' '-p 0'
bad '80:x: is no port' '-p 80:x'
bad '12: --mtu is out of range' '--mtu 12'
bad 'fast: is no rate' '--net bridge --rate fast'
bad '--ip: does not go with' '--net none --ip 10.88.0.2'
bad '--publish: does not go with' '--net macvlan:lo -p 80'
bad '--gateway: does not go with' '--net bridge --gateway 10.88.0.1'
bad '--net outside: and wishes' '--net outside -p 80'
bad '--net outside: no netns outside' '--net outside'
bad 'far9: No such device' '--net macvlan:far9'

# ---- ports

if "$TMP/host" nestbox netns new -p 80 true 2>"$TMP/said"; then
	test_ok 'a port is published, by all addresses of the host, and gone at the end' '
		$new -p 8080:80 -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here & p=$!
		wait_for "$TMP/here.up"
		[ "$(ask 127.0.0.1 8080)" = hello ]
		[ "$(ask 10.88.0.1 8080)" = hello ]
		[ ! -e /proc/net/if_inet6 ] || [ "$(ask fd88:6e62::1 8080)" = hello ]
		refused 127.0.0.1 80
		kill -9 $p; wait $p || :
		for i in $(seq 50); do nc -w 1 127.0.0.1 8080 </dev/null || break; sleep 0.1; done
		refused 127.0.0.1 8080
	'
	if [ -e /proc/net/if_inet6 ]; then
		test_ok 'at ::1 nobody is kept waiting: it is refused, unless the port is published there, too' '
			$new -p 8080:80 -- sh -c "$stay" here & p=$!
			wait_for "$TMP/here.up"
			rc=0; timeout 2 nc ::1 8080 </dev/null || rc=$?
			[ "$rc" = 1 ]
			$new -p 8081:80 -p "[::1]:8081:80" -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here2 & q=$!
			wait_for "$TMP/here2.up"
			[ "$(ask ::1 8081)" = hello ]
			[ "$(ask 127.0.0.1 8081)" = hello ]
			[ "$(ask fd88:6e62::1 8081)" = hello ]
			kill -9 $p $q; wait $p $q || :
		'
	fi
	[ -z "$IPROUTE" ] || test_ok 'from outside of the host, and as far as the address says' '
		ip link add name far0 type veth peer name far1
		ip addr add 192.0.2.1/24 dev far0; ip link set far0 up
		$new -p 192.0.2.1:8080:80 -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here & p=$!
		wait_for "$TMP/here.up"
		nestbox unshare -n -- sh -c "echo \$\$ >\"\$TMP/far.up\"; exec sleep 100" & far=$!
		wait_for "$TMP/far.up"
		ip link set far1 netns $far
		nestbox nsenter -t $far -n -- sh -euc ". \"\$TMP/.env\"
			ip addr add 192.0.2.2/24 dev far1; ip link set far1 up
			[ \"\$(ask 192.0.2.1 8080)\" = hello ]"
		refused 127.0.0.1 8080
		kill -9 $p $far; wait || :
	'
	test_ok 'on an internal bridge it is said who reaches a port' '
		nestbox netns bridge --internal in0 10.98.0.1/24
		$new --net bridge:in0 true 2>"$TMP/said"
		[ ! -s "$TMP/said" ]
		$new --net bridge:in0 -p 8080:80 -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here 2>"$TMP/said" & p=$!
		wait_for "$TMP/here.up"
		grep "^nestbox: netns: in0 is internal, and its ports" "$TMP/said"
		[ "$(ask 10.98.0.1 8080)" = hello ]
		kill -9 $p; wait $p || :
	'
	test_ok 'a port that is any is said' '
		$new -p 127.0.0.1::80 -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here 2>"$TMP/said" & p=$!
		wait_for "$TMP/here.up"
		port=$(sed -n "s/^nestbox: netns: 127.0.0.1:\([0-9]*\):80: published/\1/p" "$TMP/said")
		[ "$(ask 127.0.0.1 "$port")" = hello ]
		kill -9 $p; wait $p || :
	'
	test_ok 'what a killed one has left goes with the next start' '
		$new --owner a -p 8080:80 -- sh -c "$stay" here & p=$!
		wait_for "$TMP/here.up"
		# the process that cleans up
		agent=$(for d in /proc/[0-9]*; do [ "$(readlink "$d/exe" 2>/dev/null)" = "$NB" ] && [ "$(readlink "$d/ns/net")" = "$(readlink /proc/self/ns/net)" ] && echo "${d#/proc/}"; done || :)
		[ -n "$agent" ]
		kill -9 $agent $p; wait $p || :
		for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
		$new --owner b -p 8080:80 -- sh -c ". \"\$TMP/.env\"; serve 80 second & $stay" here2 & p=$!
		wait_for "$TMP/here2.up"
		[ "$(ask 127.0.0.1 8080)" = second ]
		kill -9 $p; wait $p || :
	'
	test_ok '... and does not lead to who has its address next, with ports or without' '
		agents() { for d in /proc/[0-9]*; do [ "$(readlink "$d/exe" 2>/dev/null)" = "$NB" ] && [ "$(readlink "$d/ns/net")" = "$(readlink /proc/self/ns/net)" ] && [ "$d" != /proc/1 ] && echo "${d#/proc/}"; done || :; }
		for line in "nestbox netns new --ip 10.88.0.9 --owner a" "nestbox netns outside --ip 10.88.0.9 -- nestbox unshare -r -- nestbox netns new --net outside" veth; do
			rm -f "$TMP"/*.up
			$new --ip 10.88.0.9 --owner a -p 8080-8081:80-81 -- sh -c "$stay" here & p=$!
			wait_for "$TMP/here.up"
			nestbox netns ports | grep " 10.88.0.9:80.* a@nb0a580009"
			kill -9 $(agents) $p; wait $p || :
			for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
			if [ "$line" = veth ]; then
				nestbox netns add next
				nestbox netns veth next nb0 --ip 10.88.0.9/16
			else
				$line -- sh -c "$stay" here2 & p=$!
				wait_for "$TMP/here2.up"
			fi
			nestbox netns ports >"$TMP/ports"
			not grep 10.88.0.9 "$TMP/ports"
			[ "$line" = veth ] || { kill -9 $p; wait $p || :; for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done; }
		done
	'
	test_ok '... or with netns gc' '
		$new --owner a -p 8080-8082:80-82 -- sh -c "$stay" here & p=$!
		wait_for "$TMP/here.up"
		[ -z "$(nestbox netns gc)" ]
		agent=$(for d in /proc/[0-9]*; do [ "$(readlink "$d/exe" 2>/dev/null)" = "$NB" ] && [ "$(readlink "$d/ns/net")" = "$(readlink /proc/self/ns/net)" ] && [ "$d" != /proc/1 ] && echo "${d#/proc/}"; done || :)
		kill -9 $agent $p; wait $p || :
		for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
		nestbox netns gc >"$TMP/said"
		grep -E "^[36] published ports collected" "$TMP/said"
		[ -z "$(nestbox netns gc)" ]
		[ -z "$(nestbox gc)" ]
	'
	test_ok 'a port that is taken, by a container or by the host, is refused' '
		$new --owner first -p 8080:80 -- sh -c "$stay" here & p=$!
		wait_for "$TMP/here.up"
		not $new --owner second -p 8080:80 true 2>"$TMP/said"
		grep "8080.*first" "$TMP/said"
		kill -9 $p; wait $p || :
		serve 9090 host & p=$!
		ask 127.0.0.1 9090
		not $new -p 9090:80 true 2>"$TMP/said"
		grep "9090" "$TMP/said"
		kill -9 $p
	'
else
	test_skip 'ports by nf_tables' "$(head -n 1 "$TMP/said")"
fi
test_ok 'without a bridge a port is served by a process outside' '
	$new --net none -p 8080:80 -p "[::1]:8081:80" -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here & p=$!
	wait_for "$TMP/here.up"
	[ "$(ask 127.0.0.1 8080)" = hello ]
	[ ! -e /proc/net/if_inet6 ] || [ "$(ask ::1 8081)" = hello ]
	kill -9 $p; wait $p || :
	for i in $(seq 50); do nc -w 1 127.0.0.1 8080 </dev/null || break; sleep 0.1; done
	refused 127.0.0.1 8080
'
test_ok '... and what is said twice, by one' '
	$new --net none -p 8080:80 -p 127.0.0.1:8080:80 -p "[::1]:8080:80" -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here & p=$!
	wait_for "$TMP/here.up"
	[ "$(ask 127.0.0.1 8080)" = hello ]
	kill -9 $p; wait $p || :
	# which leads elsewhere is another one
	not $new --net none -p 8080:80 -p 127.0.0.1:8080:81 true 2>"$TMP/said"
	grep "8080: listen: Address in use" "$TMP/said"
'
test_ok 'one that cannot serve says why, however soon it fails' '
	serve 9090 host & p=$!
	ask 127.0.0.1 9090
	for i in $(seq 20); do
		not $new --net none -p 127.0.0.1:9090:80 true 2>"$TMP/said"
		grep "^nestbox: netns: 127.0.0.1:9090: listen: Address in use" "$TMP/said"
		not $new --net bridge:br8 -p 9090:80 true 2>"$TMP/said"
		grep "^nestbox: netns: br8: there is no such bridge" "$TMP/said"
	done
	kill -9 $p
'

if test_need cmd:strace 'a kernel without nf_tables'; then
	test_ok 'in a kernel without nf_tables a port of a bridge is served by that process, too' '
		# the first socket of each process is for devices; libc tries the next one twice
		strace -f -qq -o "$TMP/trace" -e trace=socket -e inject=socket:error=EPROTONOSUPPORT:when=2..3 \
			$new -p 8080:80 -- sh -c ". \"\$TMP/.env\"; serve 80 hello & $stay" here 2>"$TMP/said" & p=$!
		wait_for "$TMP/here.up"
		grep "NETLINK_NETFILTER.*INJECTED" "$TMP/trace"
		grep "hint\|without nf_tables" "$TMP/said"
		[ "$(ask 127.0.0.1 8080)" = hello ]
		[ "$(ask 10.88.0.1 8080)" = hello ]
		kill -9 $p; wait $p || :
	'
fi

# ---- who stays outside

test_ok 'netns outside wires what a user namespace further on the line makes' '
	nestbox netns outside --net bridge --ip 10.88.0.7 -- nestbox unshare -U --map-users 0:0:1 --map-groups 0:0:1 -p -f --kill-child -- nestbox netns new --net outside -- sh -euc "
		. \"\$TMP/.env\"
		[ \"\$(addr)\" = 10.88.0.7 ]
		ping -c 1 -W 3 10.88.0.1"
	# in the other mode of the chain
	NESTBOX_REEXEC=1 nestbox netns outside --net bridge --ip 10.88.0.8 -- nestbox unshare -U --map-users 0:0:1 --map-groups 0:0:1 -- nestbox netns new --net outside -- sh -euc ". \"\$TMP/.env\"; [ \"\$(addr)\" = 10.88.0.8 ]"
	# sockets that are handed over are at 3 and on, out of whose way the one that asks for the wiring goes
	NESTBOX_REEXEC=1 nestbox netns outside --net bridge --ip 10.88.0.9 -- nestbox netns listen 127.0.0.1:0 127.0.0.1:0 127.0.0.1:0 127.0.0.1:0 127.0.0.1:0 127.0.0.1:0 -- \
		nestbox unshare -U --map-users 0:0:1 --map-groups 0:0:1 -- nestbox netns new --net outside -- sh -euc ". \"\$TMP/.env\"; [ \"\$(addr) \$LISTEN_FDS\" = \"10.88.0.9 6\" ]"
	# from there itself it cannot be, and this is what is said
	not nestbox unshare -r -- nestbox netns new --net bridge true 2>"$TMP/said"
	grep "hint: from inside a user namespace .* netns outside" "$TMP/said"
'
[ -z "$IPROUTE" ] || test_ok 'with a command that sees to the network' '
	nestbox netns new --net "cmd:ip link add name mine type veth peer name theirs; ip link set theirs netns \$PID; ip addr add 192.0.2.1/24 dev mine; ip link set mine up" -- sh -euc "
		ip addr add 192.0.2.2/24 dev theirs
		ip link set theirs up
		ping -c 1 -W 3 192.0.2.1"
	# one that stays and says when it is ready, and ends with the container
	nestbox netns new --net "cmd:sleep 0.3; echo \$NETNS >\"\$TMP/ns\"; eval \"echo >&\$READY_FD\"; eval \"read x <&\$EXIT_FD\"; echo over >\"\$TMP/over\"" -- sh -c "[ -s \"\$TMP/ns\" ]"
	wait_for "$TMP/over"
	# and one that does not look there is ended, with all that it has started
	nestbox netns new --net "cmd:(sleep 54321; :) & echo >&3; sleep 54321; :" -- sh -c "grep -lz 54321 /proc/[0-9]*/cmdline >\"\$TMP/there\""
	[ "$(wc -l <"$TMP/there")" -ge 4 ]
	for i in $(seq 80); do grep -qz "^54321" /proc/[0-9]*/cmdline || exit 0; sleep 0.05; done
	exit 1
'
test_ok 'a command is always told who it is for' '
	for i in $(seq 20); do nestbox netns new --net "cmd:echo \$PID >>\"\$TMP/pids\"" true; done
	not grep -w 0 "$TMP/pids"
	[ "$(wc -l <"$TMP/pids")" = 20 ]
'
test_ok 'a command for which nobody waits any more ends, ready or not, and whatever it thinks of that' '
	gone() { for i in $(seq 100); do kill -0 $1 2>/dev/null || return 0; sleep 0.1; done; return 1; }
	rm -f "$TMP/pid"
	nestbox netns new --net "cmd:echo \$\$ >\"\$TMP/pid\"; exec sleep 1000" true & p=$!
	wait_for "$TMP/pid"
	kill -9 $p; wait $p || :
	gone $(cat "$TMP/pid")
	rm "$TMP/pid"
	nestbox netns new --net "cmd:trap \"\" TERM; echo \$\$ >\"\$TMP/pid\"; echo >&3; while :; do sleep 1; done" true
	gone $(cat "$TMP/pid")
'
test_fails 1 'nestbox: netns: exit 7: failed with status 7' 'a command that fails' 'nestbox netns new --net "cmd:exit 7" true'
[ -z "$IPROUTE" ] || test_ok 'macvlan' '
	ip link add name far0 type veth peer name far1
	ip addr add 192.0.2.1/24 dev far0; ip link set far0 up; ip link set far1 up
	nestbox netns new --net macvlan:far1 --ip 192.0.2.5/24 --gateway 192.0.2.1 -- sh -euc "
		. \"\$TMP/.env\"
		ping -c 1 -W 3 192.0.2.1
		ip route | grep \"^default via 192.0.2.1\""
'
test_fails 1 'would become pid 1' 'who stays outside does not become pid 1' 'nestbox unshare -p -- nestbox netns new --net none -p 80 true'

test_in=
if test_need userns-user 'an ordinary user'; then
	test_fails 1 'hint: an ordinary user|Operation not permitted' 'an ordinary user makes no bridge' '$AS_USER nestbox netns new --net bridge true'
fi
done_testing
