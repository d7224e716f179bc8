#!/bin/sh
# netns up, bridge, veth, macvlan, move, tap, addr, link, neigh, route, show: wiring network namespaces.
. "${0%/*}/lib.sh"
. "${0%/*}/net.sh"
own_host
cat >>"$TMP/.env" <<'END'
n='nestbox netns'
pids=
trap 'kill $pids 2>/dev/null || :' EXIT
# a network namespace, whose pid is $pid
new_ns()
{
	nestbox unshare -n -- sleep 100 & pid=$!
	pids="$pids $pid"
	for i in $(seq 100); do
		[ "$(readlink /proc/$pid/ns/net)" = "$(readlink /proc/self/ns/net)" ] || return 0
		sleep 0.05
	done
	return 1
}
within() { p=$1; shift; nestbox nsenter -t "$p" -n -- "$@"; }
# two of them, $a and $b, on the bridge br0 of 10.99.0.1/24 and fd99::1/64
two()
{
	$n bridge br0 10.99.0.1/24 fd99::1/64 2>/dev/null
	new_ns; a=$pid
	new_ns; b=$pid
}
has() { ip -o addr show dev "$1" | grep -qF " $2 "; }
devices() { $n link show -j | sed 's/,/\n/g' | sed -n 's/^"ifname":"\(.*\)"/\1/p' | sort | paste -sd' ' -; }
pinged() { within "$1" ping -c 1 -W 3 "$2"; }
# refuses REGEX WORD...: nestbox netns ends with status 1 and says so
refuses()
{
	want=$1 rc=0
	shift
	$n "$@" 2>"$TMP/said" || rc=$?
	[ "$rc" = 1 ] && grep -q "^nestbox: netns: $want" "$TMP/said" && return
	echo "netns $*: status $rc, and not $want:"
	cat "$TMP/said"
	return 1
}
v6() { [ -e /proc/net/if_inet6 ] || exit 0; }
END

# ---- up ----

test_ok 'up: lo, or what is named, here or elsewhere, and once more' '
	$n link add v0 type veth peer name v1
	ip link show dev v0 | not grep -q "[<,]UP[,>]"
	$n up v0 v1
	$n up v0 v1
	ip link show dev v0 | grep -q "[<,]UP[,>]"
	ip link show dev v1 | grep -q "[<,]UP[,>]"
	new_ns
	not within $pid ping -c 1 -W 1 127.0.0.1
	$n up -n $pid
	within $pid ping -c 1 -W 3 127.0.0.1
'
test_ok 'up: where one is not there, nothing is done' '
	$n link add v0 type bridge
	refuses "v1: No such device" up v0 v1
	grep "^nestbox: hint: there are: lo,.*\(v0\|[.][.][.]\)\$" "$TMP/said"
	ip link show dev v0 | not grep -q "[<,]UP[,>]"
'

# ---- addr ----

test_ok 'addr: add, twice, and del' '
	$n link add br0 type bridge up
	$n addr add 10.0.0.2/24 dev br0
	$n addr add 10.0.0.2/24 dev br0
	has br0 10.0.0.2/24
	[ "$(ip -o addr show dev br0 | grep -c 10.0.0.2)" = 1 ]
	ip -o addr show dev br0 | grep -q "brd 10.0.0.255"
	$n addr del 10.0.0.2/24 dev br0
	not has br0 10.0.0.2/24
	$n addr del 10.0.0.2/24 dev br0 2>"$TMP/said"
	grep "10.0.0.2/24: .*nothing to do" "$TMP/said"
'
test_ok 'addr: IPv6 is usable at once' '
	v6
	$n link add v0 type veth peer name v1
	$n up v0 v1
	$n addr add fd00::2/64 dev v0
	$n addr add fd00::2/64 dev v0
	has v0 fd00::2/64
	ip -o addr show dev v0 | not grep "fd00::2.*tentative"
	$n addr flush v0
	not has v0 fd00::2/64
	ip -o addr show dev v0 | not grep inet
'
test_ok 'addr: in the words of the tutorials' '
	$n link add name br0 type bridge
	$n link set dev br0 up
	$n addr add 10.0.0.1/24 brd + dev br0
	has br0 10.0.0.1/24
	$n addr delete 10.0.0.1/24 dev br0
	$n addr list br0 | grep "^br0"
	$n addr ls dev br0 | grep "^br0"
	$n address show | grep "^br0"
	$n neighbor show
'
test_ok 'addr -n: elsewhere' '
	new_ns
	$n addr -n $pid add 10.3.0.1/32 dev lo
	$n addr add 10.3.0.2/32 dev lo -n $pid
	within $pid ip -o addr show dev lo | grep 10.3.0.1/32
	within $pid ip -o addr show dev lo | grep 10.3.0.2/32
	not has lo 10.3.0.1/32
'
test_ok 'addr: what is no address of a device, and lines that mean nothing' '
	for bad in 10.0.0.2 10.0.0.2/33 10.0.0/24 300.1.1.1/8 fd00::1/129 fd00::g/64 word 10.0.0.2/ "" 224.0.0.1/4 ff02::1/64 0.0.0.0/0 10.0.0.2/-1; do
		refuses ".*\(is no address\|has no prefix length\)" addr add "$bad" dev lo
	done
	refuses "10.0.0.2: has no prefix" addr add 10.0.0.2 dev lo
	grep "^nestbox: hint: .*10.0.0.2/24" "$TMP/said"
	refuses "eth9: No such device" addr add 10.0.0.2/24 dev eth9
	refuses "10.0.0.2/24: wants a device" addr add 10.0.0.2/24
	refuses "wants an address" addr add dev lo
	refuses "more: means nothing here" addr add 10.0.0.2/24 more dev lo
	refuses "dev: wants a value" addr add 10.0.0.2/24 dev
	refuses "frob: no such word" addr frob 10.0.0.2/24
	ip -o addr show dev lo | not grep 10.0.0.2
	$n addr add 10.0.0.2/24 dev lo
	has lo 10.0.0.2/24
'

# ---- link ----

test_ok 'link: kinds of devices, and one of that name and kind is as good' '
	$n link add br0 type bridge
	$n link add br0 type bridge
	$n link add v0 mtu 1400 address 02:00:00:00:00:01 type veth peer name v1 mtu 1300
	$n link add v0 type veth peer name v1
	$n link add link v0 name m0 type macvlan mode private
	[ "$(devices)" = "br0 lo m0 v0 v1" ]
	ip link show dev v0 | grep -q "mtu 1400"
	ip link show dev v0 | grep -q 02:00:00:00:00:01
	ip link show dev v1 | grep -q "mtu 1300"
	$n link del v0
	[ "$(devices)" = "br0 lo" ]
	$n link del v0 2>"$TMP/said"
	grep "v0: .*nothing to do" "$TMP/said"
'
test_ok 'link set: state, mtu, name, link address, alias, master' '
	$n link add br0 type bridge up
	$n link add v0 type veth peer name v1
	$n link set v0 mtu 1400 up address 02:00:00:00:00:42 alias "a b" master br0
	ip link show dev v0 >"$TMP/got"
	grep -q "mtu 1400" "$TMP/got"; grep -q "[<,]UP[,>]" "$TMP/got"; grep -q 02:00:00:00:00:42 "$TMP/got"
	$n link show -j v0 | grep -q "\"ifalias\":\"a b\""
	$n link show -j v0 | grep -q "\"master\":\"br0\""
	$n link set v0 nomaster down
	$n link show -j v0 | not grep -q master
	ip link show dev v0 | not grep -q "[<,]UP[,>]"
	$n link set v0 name w0
	[ "$(devices)" = "br0 lo v1 w0" ]
'
test_ok 'link set netns, and link add with an end elsewhere' '
	new_ns
	$n link add v0 type veth peer name eth0 netns $pid
	$n link add v0 type veth peer name eth0 netns $pid
	within $pid ip link show dev eth0
	not ip link show dev eth0
	$n link add v2 type veth peer name v3
	$n link set v3 netns $pid name eth1 up
	within $pid ip link show dev eth1 | grep -q "[<,]UP[,>]"
	[ "$(devices)" = "lo v0 v2" ]
'
test_ok 'link set: all or nothing of a line that means nothing' '
	$n link add br0 type bridge
	not $n link set br0 up frob
	not $n link set br0 up mtu
	not $n link set br0 up down
	not $n link set br0 up mtu 99999999
	not $n link set br0 up master nowhere
	ip link show dev br0 | not grep -q "[<,]UP[,>]"
	$n link set br0 up mtu 1400
	ip link show dev br0 | grep -q "[<,]UP[,>]"
'
test_ok 'link: bad names, link addresses, kinds and lines' '
	for bad in a/b a:b "a b" "" 0123456789abcdef . .. a%d; do
		refuses ".*no name for a network device" link add "$bad" type bridge
	done
	refuses ".*is no link address" link set lo address 02:00:00:00:00
	refuses "03:00:00:00:00:01: is no link address" link set lo address 03:00:00:00:00:01
	refuses "x0: make it a nonsense: .*ot supported" link add x0 type nonsense
	grep "^nestbox: hint: this kernel has no devices of that kind" "$TMP/said"
	refuses "lo: delete it: " link del lo
	refuses "x0: wants a name and a type" link add x0
	refuses "mode: is for a macvlan" link add x0 type bridge mode vepa
	refuses "peer: is for a veth" link add x0 type bridge peer name x1
	$n link add v0 type bridge
	refuses "v0: .*File exists" link add v0 type veth peer name v1
	[ "$(devices)" = "lo v0" ]
	# 15 bytes are a name
	$n link add 0123456789abcde type bridge
'

test_ok 'link: a kind that the kernel may have, or not' '
	if $n link add d0 type dummy 2>"$TMP/said"; then
		[ "$(devices)" = "d0 lo" ]
	else
		grep "^nestbox: netns: d0: make it a dummy: .*ot supported" "$TMP/said"
		grep "^nestbox: hint: this kernel has no devices of that kind.*modprobe dummy" "$TMP/said"
		[ "$(devices)" = lo ]
	fi
'

# ---- route ----

test_ok 'route: add, twice, del; default, by gateway, by device, IPv6' '
	$n link add br0 type bridge up
	$n addr add 10.0.0.1/24 dev br0
	$n route add default via 10.0.0.9
	$n route add default via 10.0.0.9
	$n route add 10.5.0.0/16 via 10.0.0.3 metric 50
	$n route add 10.6.0.0/16 dev br0
	$n route add 10.7.0.1 via 10.0.0.4 src 10.0.0.1
	ip route >"$TMP/got"
	grep "^default via 10.0.0.9 dev br0" "$TMP/got"
	grep "^10.5.0.0/16 via 10.0.0.3 dev br0.* metric 50" "$TMP/got"
	grep "^10.6.0.0/16 dev br0" "$TMP/got"
	grep "^10.7.0.1 via 10.0.0.4 dev br0.* src 10.0.0.1" "$TMP/got"
	$n route del 10.5.0.0/16
	$n route del default via 10.0.0.9
	$n route del default 2>"$TMP/said"
	grep "default: .*nothing to do" "$TMP/said"
	ip route | not grep -e default -e 10.5.0.0
'
test_ok 'route: IPv6' '
	v6
	$n link add v0 type veth peer name v1
	$n up v0 v1
	$n addr add fd00::1/64 dev v0
	$n route add default via fd00::9
	$n route add default via fd00::9
	$n route add fd01::/64 via fd00::8
	ip -6 route | grep "^default via fd00::9 dev v0"
	ip -6 route | grep "^fd01::/64 via fd00::8 dev v0"
	$n route del default -6
	ip -6 route | not grep "^default"
'
test_ok 'route: another one to the same network is refused, and replaced by request' '
	$n link add br0 type bridge up
	$n addr add 10.0.0.1/24 dev br0
	$n route add default via 10.0.0.9
	not $n route add default via 10.0.0.8 2>"$TMP/said"
	grep "^nestbox: netns: default: make the route: File exists" "$TMP/said"
	grep "^nestbox: hint: .*route replace" "$TMP/said"
	ip route | grep "^default via 10.0.0.9 "
	$n route replace default via 10.0.0.8
	ip route | grep "^default via 10.0.0.8 "
	[ "$(ip route | grep -c default)" = 1 ]
'
test_ok 'route: what leads nowhere, is no network, or means nothing' '
	refuses "default: make the route: Network.*unreachable" route add default via 10.0.0.9
	grep "^nestbox: hint: the gateway is in no network" "$TMP/said"
	refuses "10.0.0.5/24: make the route" route add 10.0.0.5/24 dev lo
	refuses "10.0.0.0/8: is not of the same family" route add 10.0.0.0/8 via fd00::1
	refuses "default: wants a gateway or a device" route add default
	refuses "nowhere: is no network" route add nowhere dev lo
	refuses "10.0.0.1/24: is no address" route add default via 10.0.0.1/24
	refuses "x: metric wants a number" route add default dev lo metric x
'

# ---- neigh ----

test_ok 'neigh: add, replace, del' '
	$n link add v0 type veth peer name v1
	$n up v0 v1
	$n neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev v0
	$n neigh add 10.0.0.7 lladdr 02:00:00:00:00:07 dev v0 nud permanent
	$n neigh show -j v0 | grep "\"dst\":\"10.0.0.7\",\"dev\":\"v0\",\"lladdr\":\"02:00:00:00:00:07\",\"state\":\[\"PERMANENT\"\]"
	ip neigh | grep "10.0.0.7 dev v0 lladdr 02:00:00:00:00:07.*PERMANENT"
	$n neigh replace 10.0.0.7 lladdr 02:00:00:00:00:08 dev v0
	ip neigh | grep "10.0.0.7 dev v0 lladdr 02:00:00:00:00:08"
	$n neigh del 10.0.0.7 dev v0
	ip neigh | not grep "10.0.0.7.*PERMANENT"
	$n neigh del 10.0.0.99 dev v0 2>"$TMP/said"
	grep "10.0.0.99: .*nothing to do" "$TMP/said"
	refuses "10.0.0.7: wants a link address" neigh add 10.0.0.7 dev lo
'

# ---- bridge and veth ----

test_ok 'bridge: made once, with its addresses, and a link address that stays' '
	$n bridge br0 10.99.0.1/24 fd99::1/64 --mtu 1400
	$n bridge br0 10.99.0.1/24 10.98.0.1/24
	has br0 10.99.0.1/24; has br0 10.98.0.1/24
	ip link show dev br0 >"$TMP/got"
	grep -q 02:42:0a:63:00:01 "$TMP/got"; grep -q "mtu 1400" "$TMP/got"; grep -q "[<,]UP[,>]" "$TMP/got"
	$n link add v0 address 00:00:00:00:00:01 type veth peer name v1
	$n link set v0 master br0
	ip link show dev br0 | grep 02:42:0a:63:00:01
'
test_ok 'bridge: forwarding is turned on and said once, and not for an internal one' '
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	$n bridge in0 10.98.0.1/24 --internal 2>"$TMP/said"
	[ ! -s "$TMP/said" ]
	$n new --net bridge:in0 -- ping -c 1 -W 3 10.98.0.1 2>"$TMP/said"
	[ ! -s "$TMP/said" ]
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	$n bridge br0 10.99.0.1/24 2>"$TMP/said"
	grep "net.ipv4.ip_forward=1" "$TMP/said"
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	$n bridge br0 10.99.0.1/24 2>"$TMP/said"
	[ ! -s "$TMP/said" ]
	$n show | grep "^in0.* internal\$"
	$n show | grep "^br0.* translated\$"
	# either becomes the other
	$n bridge br0 10.99.0.1/24 --internal
	$n bridge in0 10.98.0.1/24
	$n show | grep "^br0.* internal\$"
	$n show | grep "^in0.* translated\$"
'
test_ok 'bridge: by IPv6 alone' '
	v6
	$n bridge br0 fd99::1/64 2>"$TMP/said"
	grep "net.ipv6.conf.all.forwarding=1" "$TMP/said"
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	new_ns
	$n veth $pid br0 --ip fd99::2/64
	within $pid ping -6 -c 1 -W 3 fd99::1
'
test_ok 'bridge: without an address it is a switch, and nothing of the host changes' '
	$n bridge br0 2>"$TMP/said"
	[ ! -s "$TMP/said" ]
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
	$n show | not grep translated
'
test_ok 'bridge -d: away, with its rules; and once more' '
	$n bridge br0 10.99.0.1/24
	$n bridge -d br0
	[ "$(devices)" = lo ]
	$n bridge br0
	$n show | not grep translated
	$n bridge br0 -d
	$n bridge br0 -d 2>"$TMP/said"
	grep "br0: .*nothing to do" "$TMP/said"
'
test_ok 'bridge: devices that are none, and bad addresses make none' '
	refuses "lo: is no bridge" bridge -d lo
	refuses "lo: is a device of another kind" bridge lo 10.99.0.1/24
	not has lo 10.99.0.1/24
	refuses "10.98.0.1: has no prefix length" bridge br0 10.99.0.1/24 10.98.0.1
	[ "$(devices)" = lo ]
'

test_ok 'veth: two namespaces reach each other, the host, and by IPv6' '
	two
	$n veth $a br0 --ip 10.99.0.2/24 --ip fd99::2/64
	$n veth $b:lan0 br0 --ip 10.99.0.3/24 --ip fd99::3/64
	# at once
	pinged $a 10.99.0.3; pinged $a 10.99.0.1; pinged $b 10.99.0.2
	ping -c 1 -W 3 10.99.0.3
	within $a ip -o addr show dev eth0 | grep " 10.99.0.2/24 "
	within $b ip -o addr show dev lan0 | grep " 10.99.0.3/24 "
	within $a ip route | grep "^default via 10.99.0.1 dev eth0"
	within $a ip link show dev eth0 | grep 02:42:0a:63:00:02
	within $a ping -c 1 -W 3 127.0.0.1
	[ "$(devices)" = "br0 lo nb0a630002 nb0a630003" ]
	v6
	within $a ping -6 -c 1 -W 3 fd99::3
	within $a ping -6 -c 1 -W 3 fd99::1
	within $a ip -6 route | grep "^default via fd99::1 dev eth0"
'
test_ok 'veth: data goes from one to the other' '
	two
	$n veth $a br0 --ip 10.99.0.2/24
	$n veth $b br0 --ip 10.99.0.3/24
	head -c 3000000 /dev/urandom >"$TMP/data"
	within $b nc -l -p 7000 -e sh -c "cat >\"\$TMP/got.up\"" & server=$!
	for i in $(seq 50); do ! within $a nc -w 10 10.99.0.3 7000 <"$TMP/data" || break; sleep 0.1; done
	wait $server
	cmp "$TMP/data" "$TMP/got.up"
'
test_ok 'veth: once more is no change' '
	two
	set -- $a br0 --ip 10.99.0.2/24 --mtu 1400 --mac 02:00:00:00:00:09 --rate 10mbit --isolated
	$n veth "$@"
	$n show -j >"$TMP/one"; $n show -j -n $a >"$TMP/one.a"
	$n veth "$@"
	$n show -j >"$TMP/other"; $n show -j -n $a >"$TMP/other.a"
	# IPv6 addresses of links come by themselves, and later
	sed "s/{\"family\":\"inet6\",\"local\":\"fe80[^}]*},\{0,1\}//g" -i "$TMP/one" "$TMP/other" "$TMP/one.a" "$TMP/other.a"
	cmp "$TMP/one" "$TMP/other"; cmp "$TMP/one.a" "$TMP/other.a"
	grep "\"isolated\":true,\"rate\":1250000" "$TMP/one"
	grep "\"mtu\":1400.*\"address\":\"02:00:00:00:00:09\"" "$TMP/one.a"
'
test_ok 'veth --ip auto: one that is free, also for many at a time' '
	two
	$n veth $a br0 --ip auto
	$n veth $a br0 --ip auto
	[ "$(within $a ip -o addr show dev eth0 | grep -c " 10\.99\.0\.")" = 1 ]
	pinged $a 10.99.0.1
	all=$a
	for i in 1 2 3 4 5 6 7 8; do new_ns; all="$all $pid"; done
	started=
	for p in $all; do $n veth $p br0 --ip auto & started="$started $!"; done
	for p in $started; do wait $p; done
	for p in $all; do within $p ip -o addr show dev eth0 | sed -n "s/.* \(10\.99\.0\.[0-9]*\)\/.*/\1/p"; done >"$TMP/addrs"
	[ "$(sort -u "$TMP/addrs" | wc -l)" = 9 ]
	for p in $all; do pinged $p 10.99.0.1; done
'
test_ok 'veth: packets are as large as the bridge'\''s, which stay as they are' '
	$n bridge br0 10.99.0.1/24 --mtu 1400
	new_ns; blue=$pid; $n veth --ip auto $blue br0
	new_ns; $n veth --ip auto --mtu 1500 $pid br0
	ip link show dev br0 | grep "mtu 1400"
	$n link show -n $blue eth0 -j | grep "\"mtu\":1400"
	$n link show -n $pid eth0 -j | grep "\"mtu\":1500"
'
test_ok 'veth --ip auto: a full network' '
	$n bridge br0 10.99.0.1/30
	new_ns; $n veth $pid br0 --ip auto
	pinged $pid 10.99.0.1
	new_ns
	not $n veth $pid br0 --ip auto 2>"$TMP/said"
	grep "br0: all its addresses are taken" "$TMP/said"
	[ "$(within $pid nestbox netns link -j | grep -o ifname | wc -l)" = 1 ]
'
test_ok 'veth --isolated: the host, and no other isolated one' '
	two
	new_ns; c=$pid
	$n veth $a br0 --ip 10.99.0.2/24 --isolated
	$n veth $b br0 --ip 10.99.0.3/24 --isolated
	$n veth $c br0 --ip 10.99.0.4/24
	pinged $a 10.99.0.1
	pinged $a 10.99.0.4
	not within $a ping -c 1 -W 1 10.99.0.3
	$n veth $b br0
	pinged $a 10.99.0.3
'
test_ok 'veth --gw' '
	two
	$n veth $a br0 --ip 10.99.0.2/24 --gw none
	within $a ip route | not grep default
	$n veth $a br0 --ip 10.99.0.2/24 --gw 10.99.0.77
	within $a ip route | grep "^default via 10.99.0.77 dev eth0"
	# a second device takes no route from the first one
	$n veth $a:eth1 br0 --ip auto
	within $a ip route | grep "^default via 10.99.0.77 dev eth0"
	[ "$(within $a ip route | grep -c default)" = 1 ]
'
test_ok 'veth --rate: what it receives in a second' '
	two
	received()
	{
		within $a timeout 2 nc -l -p 7000 -e sh -c "cat >\"\$TMP/got.up\"" & server=$!
		sleep 0.3
		head -c 100000000 /dev/zero | timeout 2 nc 10.99.0.2 7000 || :
		wait $server || :
		wc -c <"$TMP/got.up"
	}
	$n veth $a br0 --ip 10.99.0.2/24
	free=$(received)
	$n veth $a br0 --rate 800kbit
	held=$(received)
	echo "$free $held"
	# two seconds of 100 kB, and what goes at once
	[ "$held" -lt 400000 ]; [ "$held" -gt 30000 ]
	[ "$free" -gt 600000 ]
	$n veth $a br0 --rate none
	[ "$(received)" -gt 600000 ]
'
test_ok 'link set rate: what it sends' '
	$n link add v0 type veth peer name v1
	$n link set v0 rate 1.5mbit
	$n link show -j v0 | grep "\"rate\":187500"
	$n link show v0 | grep "limited to 1500kbit"
	[ ! "$(tc -V 2>/dev/null)" ] || tc qdisc show dev v0 | grep "tbf.* rate 1500Kbit"
	$n link set v0 rate none
	$n link set v0 rate none
	$n link show -j v0 | not grep rate
'
test_ok 'veth: what is refused leaves nothing behind' '
	two
	refuses "10.98.0.2/24: is in no network of br0" veth $a br0 --ip 10.98.0.2/24
	grep "^nestbox: hint: .*10.99.0.0/24" "$TMP/said"
	refuses "10.99.0.2/16: is in no network of br0" veth $a br0 --ip 10.99.0.2/16
	refuses "10.99.0.2: has no prefix length" veth $a br0 --ip 10.99.0.2
	refuses "10.99.0.1/24: is the address of br0 itself" veth $a br0 --ip 10.99.0.1/24
	refuses "10.99.0.0/24: is the network" veth $a br0 --ip 10.99.0.0/24
	refuses "10.99.0.255/24: is the network.*broadcast" veth $a br0 --ip 10.99.0.255/24
	refuses "word: is no address" veth $a br0 --ip word
	refuses "fd98::2/64: is in no network of br0" veth $a br0 --ip fd98::2/64
	refuses "10.98.0.1: is in no network" veth $a br0 --ip 10.99.0.2/24 --gw 10.98.0.1
	refuses "word: is no address" veth $a br0 --ip 10.99.0.2/24 --gw word
	refuses "fast: is no rate" veth $a br0 --rate fast
	refuses "1:2:3: is no link address" veth $a br0 --mac 1:2:3
	for bad in 10 70000 x; do refuses "$bad: .*" veth $a br0 --mtu $bad; done
	refuses "br1: No such device" veth $a br1 --ip auto
	grep "^nestbox: hint: .*netns bridge br1" "$TMP/said"
	refuses "lo: is no bridge" veth $a lo --ip auto
	refuses "wants a network namespace and a device" veth $a br0 more
	refuses "wants a network namespace and a device" veth $a
	refuses ".*not-there" veth not-there br0
	refuses "a%b: is no name" veth $a:a%b br0
	[ "$(devices)" = "br0 lo" ]
	$n veth $a br0 --ip 10.99.0.2/24
	refuses "10.99.0.2: another network namespace has it: Address.*in use" veth $b br0 --ip 10.99.0.2/24
	$n link add v0 type veth peer name eth0 netns $b
	refuses "eth0: make the device: File exists" veth $b br0 --ip 10.99.0.3/24
	[ "$(devices)" = "br0 lo nb0a630002 v0" ]
'
test_ok 'veth: what fails late is taken back' '
	v6
	two
	echo 1 | within $a tee /proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6
	not $n veth $a br0 --ip 10.99.0.2/24 --ip fd99::2/64 2>"$TMP/said"
	grep "^nestbox: hint: .*IPv6" "$TMP/said"
	[ "$(devices)" = "br0 lo" ]
	$n veth $a br0 --ip 10.99.0.2/24
'
test_ok 'veth: the devices go with the namespace' '
	two
	$n veth $a br0 --ip 10.99.0.2/24
	[ "$(devices)" = "br0 lo nb0a630002" ]
	kill $a; wait $a || :
	for i in $(seq 100); do [ "$(devices)" != "br0 lo" ] || break; sleep 0.05; done
	[ "$(devices)" = "br0 lo" ]
'

# ---- macvlan, move, tap ----

test_ok 'macvlan: two on one device reach each other' '
	new_ns; a=$pid; new_ns; b=$pid
	$n link add v0 type veth peer name v1
	$n up v0 v1
	$n macvlan $a v0 --ip 10.97.0.2/24 --gw 10.97.0.1
	$n macvlan $a v0 --ip 10.97.0.2/24
	$n macvlan $b:m0 v0 --ip 10.97.0.3/24 --mode bridge --mac 02:00:00:00:00:05 --mtu 1400
	pinged $a 10.97.0.3; pinged $b 10.97.0.2
	within $a ip route | grep "^default via 10.97.0.1 dev eth0"
	within $b ip link show dev m0 | grep "mtu 1400"
	within $b ip link show dev m0 | grep 02:00:00:00:00:05
	# and what is on the network of that device
	$n addr add 10.97.0.9/24 dev v1
	pinged $a 10.97.0.9
'
test_ok 'macvlan --mode private: it does not' '
	new_ns; a=$pid; new_ns; b=$pid
	$n link add v0 type veth peer name v1
	$n up v0 v1
	$n macvlan $a v0 --ip 10.97.0.2/24 --mode private
	$n macvlan $b v0 --ip 10.97.0.3/24 --mode private
	not within $a ping -c 1 -W 1 10.97.0.3
'
test_ok 'move: to another namespace, by another name, and once more' '
	new_ns
	$n link add v0 type veth peer name v1
	$n move v0 $pid:eth0
	$n move v0 $pid:eth0
	within $pid ip link show dev eth0
	$n move v1 $pid
	[ "$(devices)" = lo ]
	$n move -n $pid v1 $$:back
	[ "$(devices)" = "back lo" ]
'
test_ok 'macvlan, move: what is refused' '
	new_ns
	refuses "none: is no mode" macvlan self lo --mode none
	refuses "v0: No such device" macvlan self:m0 v0
	refuses "v9: No such device" move v9 $pid
	refuses "lo: move it to" move lo $pid:lo1
	refuses "wants a device and a network namespace" move lo
	$n link add v0 type veth peer name v1
	$n link -n $pid add v0 type bridge
	refuses "v0: move it to .*: File exists" move v0 $pid
	refuses "v0: move it to .*: File exists" move v0 $pid:lo
	[ "$(devices)" = "lo v0 v1" ]
'
if [ -w /dev/net/tun ] || { [ -c /dev/net/tun ] && [ "$(id -u)" = 0 ]; }; then
	test_ok 'tap: made, up, and there for others' '
		new_ns
		$n tap $pid
		$n tap $pid:tap0 --user 1000
		within $pid nestbox netns link | grep "^tap0 .* tap "
		within $pid ip link show dev tap0 | grep -q "[<,]UP[,>]"
		[ "$(devices)" = lo ]
		refuses "lo: make it a tap device: File exists" tap self:lo
	'
else
	test_skip 'tap' 'needs a /dev/net/tun that may be opened'
fi

# ---- show ----

test_ok 'show: bridges with their ports, addresses and routes on one page' '
	two
	$n veth $a br0 --ip 10.99.0.2/24 --rate 10mbit
	$n show >"$TMP/page"
	cat "$TMP/page"
	grep "^DEVICE  *STATE  *KIND  *MTU  *LINK ADDRESS  *ADDRESSES" "$TMP/page"
	grep "^br0  *up  *bridge  *1500  *02:42:0a:63:00:01  *10.99.0.1/24  *translated\$" "$TMP/page"
	grep "nb0a630002 up  *veth .*to eth0 in namespace 0, limited to 10mbit\$" "$TMP/page"
	grep "^10.99.0.0/24  *br0\$" "$TMP/page"
	not grep " \$" "$TMP/page"
	$n show -n $a | grep "^default  *10.99.0.1  *eth0\$"
'
test_ok 'show: the other end by the name of its namespace' '
	$n bridge br0 10.99.0.1/24
	$n add blue
	$n veth blue br0 --ip auto
	a=$($n addr -n blue show -j eth0 | sed "s/.*\"local\":\"\(10[^\"]*\)\".*/\1/")
	$n show | grep "nb0a6300.* to eth0 in blue\$"
	# the name finds its address again
	$n del blue
	$n add blue
	for i in $(seq 100); do [ "$(devices)" != "br0 lo" ] || break; sleep 0.05; done
	$n veth blue:lan0 br0 --ip auto
	[ "$a" = "$($n addr -n blue show -j lan0 | sed "s/.*\"local\":\"\(10[^\"]*\)\".*/\1/")" ]
	$n exec blue ping -c 1 -W 3 10.99.0.1
'
test_ok 'show: published ports' '
	two
	$n veth $a br0 --ip 10.99.0.2/24
	$n publish $a 8080:80 || exit 0 # a kernel without nf_tables
	$n show | grep "^8080:80 .* 10.99.0.2"
	$n show -j | grep -F "\"ports\":[{\"published\":\"8080:80\",\"to\":\"10.99.0.2\""
'
test_ok 'show: nothing in a name or alias steers a terminal' '
	$n link add br0 type bridge
	$n link set br0 alias "$(printf "a\033[31mb")"
	$n show | grep -F "a\\x1b[31mb"
	refuses "more: netns show takes no operand" show more
	$n show -j | grep -F "\"ifalias\":\"a\\u001b[31mb\""
'

if [ "$(ip -V 2>/dev/null)" ] && test_need cmd:perl 'as ip -j'; then
	cat >"$TMP/same.pl" <<-'END'
	# Are these two JSON arrays the same in what the first one says?
	use JSON::PP;
	sub slurp { local $/; open my $f, '<', shift or die; decode_json(<$f>) }
	sub flat { my $x = shift; ref $x eq 'ARRAY' ? [map { flat($_) } @$x] : ref $x eq 'HASH' ? { map { $_ => flat($x->{$_}) } keys %$x } : "$x" }
	sub within {
		my ($ours, $theirs, $where) = @_;
		if (ref $ours eq 'HASH') {
			for (keys %$ours) { next if /^(rate|isolated)$/; within($ours->{$_}, $theirs->{$_}, "$where.$_") }
		} elsif (ref $ours eq 'ARRAY') {
			# ip leaves an empty object for what it has filtered out, and looks at the device below a macvlan
			my @them = grep { ref $_ ? %$_ : $_ ne 'M-DOWN' } @{$theirs || []};
			die "$where: " . @$ours . ' and ' . @them . "\n" if @$ours != @them;
			within($ours->[$_], $them[$_], $where . "[$_]") for 0 .. $#$ours;
		} else {
			die "$where: $ours and " . ($theirs // 'nothing') . "\n" if !defined $theirs || $ours ne $theirs;
		}
	}
	within(flat(slurp($ARGV[0])), flat(slurp($ARGV[1])), '');
	END
	export SAME="$TMP/same.pl"
	test_ok 'as ip -j: links, addresses, routes, neighbours' '
		two
		$n veth $a br0 --ip 10.99.0.2/24 --ip fd99::2/64
		$n link add v0 type veth peer name v1
		$n link add link v0 name m0 type macvlan
		$n up v0
		$n addr add 10.96.0.1/32 dev v0
		$n route add default via 10.99.0.9
		$n route add 10.5.0.0/16 via 10.99.0.3 metric 50
		$n route add 10.6.0.1/32 dev v0
		$n route add default via fd99::9
		$n neigh add 10.99.0.44 lladdr 02:00:00:00:00:44 dev br0
		$n neigh add fd99::44 lladdr 02:00:00:00:00:45 dev br0
		# duplicate address detection of addresses that come by themselves is over then
		sleep 2
		same() { "$@" >"$TMP/theirs" && perl "$SAME" "$TMP/ours" "$TMP/theirs"; }
		for p in $$ $a; do
			$n link -n $p -j >"$TMP/ours"; same within $p ip -j -d link
			$n addr -n $p -j >"$TMP/ours"; same within $p ip -j -d addr
			for f in -4 -6; do
				$n route -n $p $f -j >"$TMP/ours"; same within $p ip -j $f route
				$n neigh -n $p $f -j >"$TMP/ours"; same within $p ip -j $f neigh
			done
		done
		$n addr -j show v0 >"$TMP/ours"; same ip -j -d addr show v0
		$n show -j >"$TMP/page"
		perl -MJSON::PP -0777 -ne "print encode_json(decode_json(\$_)->{links})" "$TMP/page" >"$TMP/ours"; same ip -j -d addr
	'
fi

# ---- whom to believe ----

[ -z "$IPROUTE" ] || test_ok 'veth: a device of the namespace'\''s own making is not taken for one that leads to the bridge' '
	two
	$n veth $a br0 --ip 10.99.0.2/24
	port=$(ip -o link show master br0 | cut -d: -f1)
	# its other end has the number of a port of the bridge, and it the number of that one'\''s other end
	other=$(within $a ip -o link show dev eth0 | cut -d: -f1)
	within $b ip link add eth0 index $other type veth peer name x index $port
	refuses "eth0: .*File exists" veth $b br0 --ip 10.99.0.3/24 --isolated
	grep "^nestbox: hint: .* leads elsewhere" "$TMP/said"
	ip -d link show master br0 | not grep "isolated on"
	# and the one that is, is
	$n veth $a br0 --ip 10.99.0.2/24 --isolated
	ip -d link show master br0 | grep "isolated on"
'

# ---- who may ----

if test_need root 'nobody else may change a namespace of root'\''s'; then
	test_ok 'nobody else may change a namespace of root'\''s, but look at it' '
		n="$AS_USER nestbox netns"
		for line in up "bridge br0" "link set lo down" "addr add 10.0.0.1/8 dev lo" "route add 10.0.0.0/8 dev lo" "tap self" "link add v0 type veth peer name v1"; do
			refuses ".*\(not permitted\|denied\)" $line
		done
		refuses ".*not permitted" link add br0 type bridge
		grep "^nestbox: hint: .*CAP_NET_ADMIN" "$TMP/said"
		new_ns
		refuses ".*" up -n $pid
		$n show | grep "^lo "
	'
fi

done_testing
