#!/bin/sh
# netns publish and the table behind it, with real packets: a host, its
# containers and the world outside, all of them in namespaces made for this.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:ip cmd:peer cmd:nft_tool

# all of this file is in a network namespace that plays the host, with a /run of its own
if [ -z "${NFT_HOST:-}" ]; then
	trap - EXIT
	rm -rf "$TMP"
	# shellcheck disable=SC2086 # words
	NESTBOX_MUST=$test_musts NFT_HOST=1 exec $AS_ROOT nestbox unshare -n -m -- sh -c \
		'mount -t tmpfs run /run && mount -t sysfs sysfs /sys && exec "$0" "$@"' "$0" "$@"
fi
unset NFT_HOST

cat >>"$TMP/.env" <<'END'
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
# in NAME COMMAND...: in the network namespace of that name
in_ns() { in_name=$1; shift; nestbox nsenter --net="$TMP/ns/$in_name" -- "$@"; }
ask() { peer ask "$@"; }
# nobody answers: neither now, nor is it refused
silent() { [ "$(export WAIT=700; status "$@")" = 1 ]; }
refused() { [ "$(status "$@")" = 2 ]; }
publish() { nestbox netns publish "$@"; }
unpublish() { nestbox netns unpublish "$@"; }
pieces() { tr ",{}" "\n\n\n" | sed "s/^[ 	]*//; s/ *$//" | sort; }
nothing() { for nothing_p in $pid_c1 $pid_c2 $pid_d1; do unpublish "pid:$nothing_p"; done; [ -z "$(ports)" ]; }
ports() { nestbox netns ports | sed 1d | tr -s ' '; }
END
. "$TMP/.env"

v6=
[ ! -d /proc/sys/net/ipv6 ] || v6=yes
export v6
mkdir "$TMP/ns"

# Duplicate address detection takes a second, in which an address is none yet.
no_dad='[ ! -d /proc/sys/net/ipv6 ] || { cd /proc/sys/net/ipv6/conf; echo 0 >all/accept_dad; echo 0 >default/accept_dad; }'

# make_ns NAME: a process that sleeps in a new network namespace
make_ns()
{
	nestbox netns new -- sleep 1000 &
	at_end "kill $! 2>/dev/null"
	eval "pid_$1=$!; export pid_$1"
	until grep -q sleep "/proc/$!/comm"; do sleep 0.05; done
	ln -s "/proc/$!/ns/net" "$TMP/ns/$1"
	in_ns "$1" sh -c "$no_dad"
}

# wire NAME DEVICE: its eth0 and our DEVICE are the two ends of a cable
wire()
{
	# busybox's ip does not know "peer": the kernel calls the other end veth0
	ip link add name "$2" type veth
	eval "ip link set veth0 netns \$pid_$1"
	in_ns "$1" ip link set veth0 name eth0
	in_ns "$1" ip link set eth0 up
	ip link set "$2" up
}

# addresses NAME V4/N V6/N: of its eth0; and the ways out
addresses()
{
	in_ns "$1" ip addr add "$2" dev eth0
	in_ns "$1" ip route add default via "$3"
	[ -n "$v6" ] || return 0
	in_ns "$1" ip addr add "$4" dev eth0
	in_ns "$1" ip route add default via "$5"
}

# bridge NAME V4/N V6/N
bridge()
{
	ip link add name "$1" type bridge
	echo 0 >"/sys/class/net/$1/bridge/forward_delay"
	ip addr add "$2" dev "$1"
	[ -z "$v6" ] || ip addr add "$3" dev "$1"
	ip link set "$1" up
	echo 1 >"/proc/sys/net/ipv4/conf/$1/route_localnet"
}

# container NAME BRIDGE V4/N GATEWAY V6/N GATEWAY
container()
{
	make_ns "$1"
	wire "$1" "h$1"
	ip link set "h$1" master "$2"
	echo 1 >"/sys/class/net/h$1/brport/hairpin_mode"
	addresses "$1" "$3" "$4" "$5" "$6"
}

# serve NAME...: there it answers with its name
serve()
{
	for serve_in; do
		nestbox nsenter --net="$TMP/ns/$serve_in" -- peer serve "$serve_in" tcp:80 tcp:81 udp:53 udp:54 >"$TMP/ready.$serve_in" &
		at_end "kill $! 2>/dev/null"
		until grep -q ready "$TMP/ready.$serve_in" 2>/dev/null; do sleep 0.05; done
	done
}

set -e
eval "($no_dad)"
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
[ -z "$v6" ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
make_ns wan
wire wan w0
ip addr add 192.0.2.1/24 dev w0
ip addr add 192.0.2.9/24 dev w0
[ -z "$v6" ] || ip addr add 2001:db8::1/64 dev w0
addresses wan 192.0.2.2/24 192.0.2.1 2001:db8::2/64 2001:db8::1
bridge nb0 10.88.0.1/16 fd88::1/64
bridge nb1 10.89.0.1/16 fd89::1/64
bridge nb2 10.90.0.1/16 fd90::1/64
container c1 nb0 10.88.0.2/16 10.88.0.1 fd88::2/64 fd88::1
container c2 nb0 10.88.0.3/16 10.88.0.1 fd88::3/64 fd88::1
container d1 nb1 10.89.0.2/16 10.89.0.1 fd89::2/64 fd89::1
container i1 nb2 10.90.0.2/16 10.90.0.1 fd90::2/64 fd90::1
serve wan c1 c2 d1 i1
ln -s /proc/self/ns/net "$TMP/ns/host"
peer serve host tcp:7000 >"$TMP/ready.host" &
at_end "kill $! 2>/dev/null"
set +e

test_ok 'before anything is published the containers can be reached from here, and nothing is translated' '
	for to in 10.88.0.2 10.88.0.3 10.89.0.2 10.90.0.2 ${v6:+fd88::2 fd88::3 fd89::2 fd90::2}; do
		for i in 1 2 3 4 5; do ! ask tcp $to 80 || break; done
		ask tcp $to 80
	done
	[ "$(in_ns c1 peer ask tcp 192.0.2.2 80)" = "wan 10.88.0.2" ]
	refused ask tcp 127.0.0.1 8080
	[ -z "$(ports)" ]
'

test_ok 'bridges get their rules, and again does no harm' '
	for i in 1 2; do
		nft_tool bridge nb0
		nft_tool bridge nb1
		nft_tool internal nb2
	done
	[ "$(nft_tool bridges | sort | tr "\n" ,)" = "nb0,nb1,nb2 internal," ]
	[ -z "$(ports)" ]
'

test_ok 'publish: a port, a range, UDP, an address of the host alone, 127.0.0.1 alone' '
	publish $pid_c1 8080:80 8053:53/udp 192.0.2.1:8081:81 127.0.0.1:8082:81
	publish $pid_c2 9080-9081:80-81 127.0.0.1:9053:53/udp
	publish $pid_d1 7080:80
	ports >"$TMP/ports"
	grep -qx "0.0.0.0:8080/tcp 10.88.0.2:80 pid:$pid_c1" "$TMP/ports"
	grep -qx "0.0.0.0:8053/udp 10.88.0.2:53 pid:$pid_c1" "$TMP/ports"
	grep -qx "192.0.2.1:8081/tcp 10.88.0.2:81 pid:$pid_c1" "$TMP/ports"
	grep -qx "0.0.0.0:9080-9081/tcp 10.88.0.3:80-81 pid:$pid_c2" "$TMP/ports"
	[ -z "$v6" ] || grep -qxF "[::]:8080/tcp [fd88::2]:80 pid:$pid_c1" "$TMP/ports"
	# once more it is as it was
	publish $pid_c1 8080:80 8053:53/udp 192.0.2.1:8081:81
	ports | cmp - "$TMP/ports"
'

# The same with what bridges let pass going by the rules for IP, and not.
traffic()
{
	test_ok "$1: from outside to a published port, and the container sees who it is" '
		[ "$(in_ns wan peer ask tcp 192.0.2.1 8080)" = "c1 192.0.2.2" ]
		[ "$(in_ns wan peer ask udp 192.0.2.1 8053)" = "c1 192.0.2.2" ]
		[ "$(in_ns wan peer ask tcp 192.0.2.9 8080)" = "c1 192.0.2.2" ]
		[ "$(in_ns wan peer ask tcp 192.0.2.1 9081)" = "c2 192.0.2.2" ]
	'
	[ -z "$v6" ] || test_ok "$1: ... by IPv6" '
		[ "$(in_ns wan peer ask tcp 2001:db8::1 8080)" = "c1 2001:db8::2" ]
		[ "$(in_ns wan peer ask udp 2001:db8::1 8053)" = "c1 2001:db8::2" ]
	'
	test_ok "$1: what is published on one address is on no other" '
		[ "$(in_ns wan peer ask tcp 192.0.2.1 8081)" = "c1 192.0.2.2" ]
		in_ns wan sh -euc ". $TMP/.env; refused peer ask tcp 192.0.2.9 8081"
		refused ask tcp 127.0.0.1 8081
		[ "$(ask tcp 127.0.0.1 8082)" = "c1 10.88.0.1" ]
		in_ns wan sh -euc ". $TMP/.env; refused peer ask tcp 192.0.2.1 8082"
	'
	test_ok "$1: from the host by 127.0.0.1, by its own address, by the address of the bridge" '
		for to in 127.0.0.1 192.0.2.1 10.88.0.1; do
			ask tcp $to 8080 | grep "^c1 "
			ask udp $to 8053 | grep "^c1 "
		done
		[ "$(ask udp 127.0.0.1 9053)" = "c2 10.88.0.1" ]
		[ -z "$v6" ] || ask tcp 2001:db8::1 8080 | grep "^c1 "
	'
	test_ok "$1: to the outside with the address of the host" '
		[ "$(in_ns c1 peer ask tcp 192.0.2.2 80)" = "wan 192.0.2.1" ]
		[ "$(in_ns c1 peer ask udp 192.0.2.2 53)" = "wan 192.0.2.1" ]
		[ -z "$v6" ] || [ "$(in_ns c1 peer ask tcp 2001:db8::2 80)" = "wan 2001:db8::1" ]
	'
	test_ok "$1: from a container to a published port: its neighbour, itself, one of another bridge" '
		[ "$(in_ns c2 peer ask tcp 192.0.2.1 8080)" = "c1 10.88.0.1" ]
		[ "$(in_ns c2 peer ask udp 10.88.0.1 8053)" = "c1 10.88.0.1" ]
		[ "$(in_ns c1 peer ask tcp 192.0.2.1 8080)" = "c1 10.88.0.1" ]
		[ -z "$v6" ] || [ "$(in_ns c1 peer ask tcp 2001:db8::1 8080)" = "c1 fd88::1" ]
		in_ns d1 peer ask tcp 192.0.2.1 8080 | grep "^c1 "
		in_ns c1 peer ask tcp 192.0.2.1 7080 | grep "^d1 "
	'
	test_ok "$1: neighbours on a bridge see each other, and nobody from elsewhere sees them" '
		[ "$(in_ns c2 peer ask tcp 10.88.0.2 80)" = "c1 10.88.0.3" ]
		[ -z "$v6" ] || [ "$(in_ns c2 peer ask tcp fd88::2 80)" = "c1 fd88::3" ]
		in_ns d1 sh -euc ". $TMP/.env; silent peer ask tcp 10.88.0.2 80; silent peer ask udp 10.88.0.2 53"
		in_ns wan sh -euc ". $TMP/.env; silent peer ask tcp 10.88.0.2 80; silent peer ask tcp 10.88.0.2 81"
		[ -z "$v6" ] || in_ns wan sh -euc ". $TMP/.env; silent peer ask tcp fd88::2 80"
	'
	test_ok "$1: a container reaches the host by the address of the bridge" '
		[ "$(in_ns c1 peer ask tcp 10.88.0.1 7000)" = "host 10.88.0.2" ]
	'
	test_ok "$1: an internal bridge: neither out nor in, but to the host" '
		in_ns i1 sh -euc ". $TMP/.env; silent peer ask tcp 192.0.2.2 80; silent peer ask tcp 10.88.0.2 80"
		in_ns wan sh -euc ". $TMP/.env; silent peer ask tcp 10.90.0.2 80"
		in_ns c1 sh -euc ". $TMP/.env; silent peer ask tcp 10.90.0.2 80"
		[ "$(in_ns i1 peer ask tcp 10.90.0.1 7000)" = "host 10.90.0.2" ]
		[ "$(ask tcp 10.90.0.2 80)" = "i1 10.90.0.1" ]
	'
	test_ok "$1: a large transfer through a published port arrives whole, both ways" '
		head -c 3000000 /dev/urandom >"$TMP/data"
		in_ns c1 busybox nc -l -p 85 -e cat &
		publish $pid_c1 8085:85
		for i in 1 2 3 4 5 6 7 8 9 10; do
			# the first that gets through is the only one
			! in_ns wan busybox nc 192.0.2.1 8085 <"$TMP/data" >"$TMP/back" 2>/dev/null || break
			sleep 0.2
		done
		unpublish 8085
		cmp "$TMP/data" "$TMP/back"
	'
}

nf=/proc/sys/net/bridge/bridge-nf-call
if [ -w "$nf-iptables" ] && echo 1 2>/dev/null >"$nf-iptables"; then
	[ ! -w "$nf-ip6tables" ] || echo 1 >"$nf-ip6tables"
	traffic 'with br_netfilter'
	echo 0 >"$nf-iptables"
	[ ! -w "$nf-ip6tables" ] || echo 0 >"$nf-ip6tables"
else
	test_skip 'with br_netfilter' 'not here'
fi
traffic 'without br_netfilter'

# 127.0.0.1 is the host's own, route_localnet or not
cat >"$TMP/at_lo" <<'END'
# a container, or a neighbour, that has no 127.0.0.1 of its own and a way to it
. "$TMP/.env"
echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet
ip addr del 127.0.0.1/8 dev lo
ip route add 127.0.0.1/32 via "$1"
rc=0
"$2" peer ask tcp 127.0.0.1 "$3" || rc=$?
ip route del 127.0.0.1/32 via "$1"
ip addr add 127.0.0.1/8 dev lo
exit "$rc"
END
test_ok '127.0.0.1 of the host is reached neither by containers nor by neighbours' '
	in_ns c1 sh -eu "$TMP/at_lo" 10.88.0.1 silent 7000
	in_ns c1 sh -eu "$TMP/at_lo" 10.88.0.1 silent 8082
	echo 1 >/proc/sys/net/ipv4/conf/w0/route_localnet
	in_ns wan sh -eu "$TMP/at_lo" 192.0.2.1 silent 7000
	in_ns wan sh -eu "$TMP/at_lo" 192.0.2.1 silent 8082
'
if test_need cmd:nft 'the control: without the rule they are'; then
	test_ok 'the control: without the rule they are' '
		nft list table inet nestbox >"$TMP/table"
		nft flush chain inet nestbox raw_pre
		in_ns c1 sh -eu "$TMP/at_lo" 10.88.0.1 env 7000 | grep "^host "
		in_ns wan sh -eu "$TMP/at_lo" 192.0.2.1 env 8082 | grep "^c1 "
		nft delete table inet nestbox
		nft -f "$TMP/table"
		in_ns c1 sh -eu "$TMP/at_lo" 10.88.0.1 silent 7000
	'
fi

# --- what is not published any more, or cannot be

test_ok 'unpublish: by port, by the port of one protocol, by the namespace; then it is refused' '
	unpublish 8080
	in_ns wan sh -euc ". $TMP/.env; refused peer ask tcp 192.0.2.1 8080"
	in_ns wan peer ask udp 192.0.2.1 8053
	unpublish 8053/udp 127.0.0.1:8082
	not in_ns wan peer ask udp 192.0.2.1 8053
	refused ask tcp 127.0.0.1 8082
	[ "$(ports | grep -c :$pid_c1)" = 1 ]
	unpublish $TMP/ns/c1 $TMP/ns/d1 9080:80
	ports >"$TMP/ports"
	not grep -E "10.88.0.2|fd88::2|10.89|:9080" "$TMP/ports"
	grep "^0.0.0.0:9081/tcp 10.88.0.3:81 " "$TMP/ports"
	unpublish pid:$pid_c2
	[ -z "$(ports)" ]
	# again does no harm, and is said of ports
	unpublish 8080 "$TMP/ns/c1" 127.0.0.1:9/udp 2>"$TMP/said"
	grep "^nestbox: netns: 8080: it is not published: nothing to do" "$TMP/said"
	grep "^nestbox: netns: 127.0.0.1:9/udp: it is not published" "$TMP/said"
	[ "$(wc -l <"$TMP/said")" = 2 ]
'

test_ok 'a port of somebody else'\''s is refused, and the owner named' '
	nothing
	publish $pid_c1 8080:80
	not publish $pid_c2 8080:80 2>"$TMP/said"
	grep -q "^nestbox: netns: 8080:80: is published by pid:$pid_c1 already, to 10.88.0.2$" "$TMP/said"
	# on one address it would take it away from there
	not publish $pid_c2 192.0.2.1:8080:80 2>"$TMP/said"
	grep -q "is published by pid:$pid_c1" "$TMP/said"
	# the other protocol is another port
	publish $pid_c2 8080:53/udp
	[ "$(ports | wc -l)" = ${v6:+4}${v6:-2} ] || [ "$(ports | wc -l)" = 4 ] || [ -z "$v6" ]
	in_ns wan peer ask tcp 192.0.2.1 8080 | grep "^c1 "
	in_ns wan peer ask udp 192.0.2.1 8080 | grep "^c2 "
'

test_ok 'all ports or none' '
	ports >"$TMP/before"
	not publish $pid_c2 8091:80 8092:80 8080:80
	not publish $pid_c2 8091:80 192.0.2.77:8092:80
	ports | cmp - "$TMP/before"
'

test_ok 'a port that the host listens on is refused, TCP and UDP' '
	rm -f "$TMP/x"
	peer serve x tcp:6001 udp:6002 >"$TMP/x" &
	trap "kill $!" EXIT
	until grep -q ready "$TMP/x" 2>/dev/null; do sleep 0.05; done
	for p in 6001:80 6002:53/udp 127.0.0.1:6001:80 6000-6010:80-90; do
		not publish $pid_c1 $p 2>"$TMP/said"
		grep -q "something on the host has this port" "$TMP/said"
	done
	publish $pid_c1 6001:53/udp 6002:80
	unpublish 6001/udp 6002
'

test_ok 'the same port goes where it is published last' '
	publish $pid_c1 8080:81
	[ "$(ports | grep -c "tcp .*:81 ")" = ${v6:+2} ] || [ -z "$v6" ]
	not sh -c "nestbox netns ports | grep tcp.*:80\ "
	publish $pid_c1 8080:80
'

test_fails 1 'nestbox: netns: 192.0.2.77: is no address of this host' 'an address that the host does not have' 'publish $pid_c1 192.0.2.77:80:80'
test_fails 1 'nestbox: netns: \[::1\]:80:80: ' '::1 is not for this' 'publish $pid_c1 "[::1]:80:80"'
test_fails 1 'nestbox: netns: 79-81:79-81: the same port is asked for twice' 'a port that is asked for twice' 'publish $pid_c1 80:80 79-81:79-81'
test_fails 1 'nestbox: netns: bogus: is no port' 'a word that is no port' 'publish $pid_c1 80:80 bogus'
test_fails 1 'nestbox: netns: .*: no port is given' 'no port at all' 'publish $pid_c1'
test_fails 1 'nestbox: netns: .*no-such: ' 'a namespace that is not there' 'publish no-such 80:80'
test_fails 1 'nestbox: netns: .*no-such: ' '... nor is there anything to unpublish' 'unpublish no-such'
test_fails 1 'nestbox: netns: .*: device eth0: No such device' 'a namespace without the device' 'nestbox netns new sleep 9 & sleep 0.5; publish $! 80:80'
test_fails 1 'nestbox: netns: .*: eth1 has no address there' 'a device without an address' '
	in_ns c1 ip link add name eth1 type bridge
	publish --dev eth1 $pid_c1 80:80
'
test_fails 1 'nestbox: hint: .*CAP_NET_ADMIN' 'without the capability' 'nestbox unshare -r -- nestbox netns ports'

test_ok 'any port of the host: one that is free, the same for TCP by v4 and v6, and told' '
	nothing
	publish $pid_c1 81 >"$TMP/any"
	grep -qE "^[0-9]+:81$" "$TMP/any"
	p=$(sed "s/:.*//" "$TMP/any")
	in_ns wan peer ask tcp 192.0.2.1 $p | grep "^c1 "
	[ -z "$v6" ] || in_ns wan peer ask tcp 2001:db8::1 $p | grep "^c1 "
	# it stays that one
	[ "$(publish $pid_c1 81)" = "$p:81" ]
	# for another it is another
	[ "$(publish $pid_c2 81)" != "$p:81" ]
	echo "$p $((p + 20))" >/proc/sys/net/ipv4/ip_local_port_range
	q=$(publish $pid_c2 1000-1010 | sed "s/-.*//")
	[ "$q" -gt "$p" ]
	not publish $pid_c1 1000-1010 2>"$TMP/said"
	grep -q "no 11 free ones in a row" "$TMP/said"
	echo "32768 60999" >/proc/sys/net/ipv4/ip_local_port_range
	unpublish $TMP/ns/c1 $TMP/ns/c2
	[ -z "$(ports)" ]
'

test_ok 'what the host would not send on is told' '
	echo 0 >/proc/sys/net/ipv4/ip_forward
	trap "echo 1 >/proc/sys/net/ipv4/ip_forward" EXIT
	publish $pid_c1 8080:80 2>"$TMP/said"
	grep -q "^nestbox: netns: net.ipv4.ip_forward: is 0: " "$TMP/said"
	ask tcp 192.0.2.1 8080 | grep "^c1 "
	# as the hint says
	eval "$(sed -n "s/^nestbox: hint: //p" "$TMP/said" | grep ip_forward)"
	publish $pid_c1 8080:80 2>"$TMP/said"
	not grep ip_forward "$TMP/said"
	unpublish 8080
'

test_ok 'as JSON' '
	[ "$(nestbox netns ports -j)" = "[]" ]
	publish $pid_c1 127.0.0.1:8000-8009:80-89
	[ "$(nestbox netns ports --json)" = "[{\"proto\":\"tcp\",\"host_ip\":\"127.0.0.1\",\"host_port\":8000,\"count\":10,\"container_ip\":\"10.88.0.2\",\"container_port\":80,\"owner\":\"pid:$pid_c1\"}]" ]
	unpublish 8000-8009
'

# --- UDP, whose flows conntrack remembers

test_ok 'who asked by UDP before there was anybody gets an answer at once when there is' '
	nothing
	not in_ns wan peer ask udp 192.0.2.1 8053 5555
	publish $pid_c1 8053:53/udp
	[ "$(in_ns wan peer ask udp 192.0.2.1 8053 5555)" = "c1 192.0.2.2" ]
	# by another port of the host, and on one address of it alone
	not in_ns wan peer ask udp 192.0.2.1 8054 5556
	publish $pid_c1 192.0.2.1:8054:54/udp
	[ "$(in_ns wan peer ask udp 192.0.2.1 8054 5556)" = "c1 192.0.2.2" ]
'
test_ok 'and when it is published elsewhere, from there' '
	unpublish 8053/udp
	publish $pid_c2 8053:53/udp
	[ "$(in_ns wan peer ask udp 192.0.2.1 8053 5555)" = "c2 192.0.2.2" ]
	[ "$(in_ns wan peer ask udp 192.0.2.1 8054 5556)" = "c1 192.0.2.2" ]
	unpublish 8053/udp
	not in_ns wan peer ask udp 192.0.2.1 8053 5555
	[ -z "$v6" ] || {
		not in_ns wan peer ask udp 2001:db8::1 8053 5555
		publish $pid_c1 8053:53/udp
		[ "$(in_ns wan peer ask udp 2001:db8::1 8053 5555)" = "c1 2001:db8::2" ]
	}
	unpublish $TMP/ns/c1
'
test_ok 'the same for many ports at once' '
	nothing
	for p in 20000 20001 20500 20999; do not in_ns wan peer ask udp 192.0.2.1 $p 5557; done
	publish $pid_c1 20000-20999:10000-10999/udp 20001:80
	rm -f "$TMP/x"
	nestbox nsenter --net="$TMP/ns/c1" -- peer serve c1 udp:10000 udp:10001 udp:10500 udp:10999 >"$TMP/x" &
	trap "kill $!" EXIT
	until grep -q ready "$TMP/x" 2>/dev/null; do sleep 0.05; done
	for p in 20000 20001 20500 20999; do [ "$(in_ns wan peer ask udp 192.0.2.1 $p 5557)" = "c1 192.0.2.2" ]; done
	unpublish $TMP/ns/c1
	publish $pid_c2 20001:53/udp
	[ "$(in_ns wan peer ask udp 192.0.2.1 20001 5557)" = "c2 192.0.2.2" ]
	not in_ns wan peer ask udp 192.0.2.1 20000 5557
	unpublish $TMP/ns/c2
'

# --- many

test_ok 'a thousand ports of each protocol, and they work' '
	nothing
	publish $pid_c1 10000-10999:10000-10999 20000-20999:10000-10999/udp 9999:80 11000:81 19999:53/udp 21000:54/udp
	nestbox netns ports -j | grep -q "\"host_port\":10000,\"count\":1000,"
	nestbox netns ports -j | grep -q "\"host_port\":20000,\"count\":1000,"
	rm -f "$TMP/x"
	nestbox nsenter --net="$TMP/ns/c1" -- peer serve c1 tcp:10000 tcp:10999 udp:10000 udp:10999 >"$TMP/x" &
	trap "kill $!" EXIT
	until grep -q ready "$TMP/x" 2>/dev/null; do sleep 0.05; done
	for p in 10000 10999; do
		[ "$(in_ns wan peer ask tcp 192.0.2.1 $p)" = "c1 192.0.2.2" ]
		[ "$(in_ns wan peer ask udp 192.0.2.1 $((p + 10000)))" = "c1 192.0.2.2" ]
	done
	for p in 9999 11000; do [ "$(in_ns wan peer ask tcp 192.0.2.1 $p)" = "c1 192.0.2.2" ]; done
	unpublish $TMP/ns/c1
	[ -z "$(ports)" ]
'

test_ok 'many at once, and each has its port' '
	nothing
	for i in 1 2 3 4 5; do for k in 0 1 2 3 4 5 6 7 8 9; do
		publish $pid_c1 300$i$k:$i$k &
	done; done
	wait
	nestbox netns ports -j | grep -q "\"host_ip\":\"0.0.0.0\",\"host_port\":30010,\"count\":50,"
	for i in 1 2 3 4 5; do for k in 0 1 2 3 4 5 6 7 8 9; do
		unpublish 300$i$k &
	done; done
	wait
	[ -z "$(ports)" ]
'

test_ok 'many at once for one port: one gets it' '
	nothing
	for i in 1 2 3 4 5 6 7 8 9 10; do
		for c in $pid_c1 $pid_c2; do
			{ ! publish $c 31000:80 2>/dev/null || echo $c; } >>"$TMP/winners" &
		done
	done
	wait
	[ "$(sort -u "$TMP/winners" | wc -l)" = 1 ]
	[ "$(ports | sed "s/.*pid://" | sort -u)" = "$(sort -u "$TMP/winners")" ]
	unpublish 31000
'

test_ok 'many make the table at once' '
	for i in 1 2 3 4 5; do
		nestbox unshare -n -- sh -euc "
			for k in 1 2 3 4 5 6 7 8; do nestbox netns publish $pid_c1 3100\$k:8\$k & done
			wait
			nestbox netns ports -j" | grep "\"host_port\":31001,\"count\":8,"
	done
'

test_ok 'who is killed leaves all of it or nothing' '
	nothing
	for i in 0 1 2 3 4 5 6 7 8 9; do
		nestbox netns publish $pid_c1 4${i}000-4${i}999:1000-1999 4${i}000-4${i}499:1000-1499/udp >/dev/null 2>&1 &
		sleep 0.0$i
		kill -9 $! 2>/dev/null || :
		wait $! 2>/dev/null || :
	done
	nestbox netns ports -j | sed "s/},/&|/g" | tr "|" "\n" | sed -n "s/.*count.:\([0-9]*\).*/\1/p" | sort | uniq -c >"$TMP/counts"
	# neighbours are one row: 1000 or more of TCP, 500 of UDP each
	[ -z "$(awk "\$2 % 1000 && \$2 != 500" "$TMP/counts")" ]
	publish $pid_c1 39999:80
	in_ns wan peer ask tcp 192.0.2.1 39999 | grep "^c1 "
	unpublish $TMP/ns/c1
	[ -z "$(ports)" ]
'

# --- what is left of the dead

test_ok 'ports to addresses that nobody has are collected, and only these' '
	nothing
	publish $pid_c1 8080:80 8053:53/udp
	publish $pid_c2 8081:80
	unpublish 127.0.0.1:1
	[ "$(nft_tool gc 10.88.0.2 fd88::2)" = ${v6:+2}${v6:-1} ] || [ -z "$(ports | grep "10.88.0.3")" ]
	ports | grep -q "^0.0.0.0:8080/tcp"
	not sh -c "nestbox netns ports | grep 8081"
	[ "$(nft_tool gc 10.88.0.2 fd88::2)" = 0 ]
'
# --- beside nft(8)

if test_need cmd:nft 'nft reads the table, and what it prints can be loaded'; then
	cat >"$TMP/rules" <<'END'
dnat ip to ip daddr . meta l4proto . th dport map @pub4_ip
meta nfproto ipv4 dnat ip to meta l4proto . th dport map @pub4
dnat ip6 to ip6 daddr . meta l4proto . th dport map @pub6_ip
ip6 daddr != ::1 dnat ip6 to meta l4proto . th dport map @pub6
iifname != "lo" ip daddr 127.0.0.0/8 drop
fib daddr type local jump publish
fib daddr type local jump publish
iifname @bridges oifname != @bridges masquerade
iifname @bridges oifname @bridges ct status dnat masquerade
iif 0 oifname @bridges ct status dnat masquerade
iifname . oifname @icc_ok accept
iifname @internal drop
oifname @internal drop
oifname != @bridges accept
ct state established,related accept
ct status dnat accept
drop
END
	test_ok 'nft reads the table, and what it prints can be loaded' '
		nothing
		publish $pid_c1 8080:80 192.0.2.1:8053:53/udp
		nft list table inet nestbox >"$TMP/table"
		sed -n "/^	chain/,/^	}/s/^		//p" "$TMP/table" | grep -v "^type " | diff "$TMP/rules" -
		grep -q "comment \"nestbox v1\"" "$TMP/table"
		tr -d "\n\t" <"$TMP/table" | grep -qE "set bridges \{.*elements = \{ \"nb[01]\", *\"nb[01]\" \}\}set internal .*\{ \"nb2\" \}"
		grep -q "tcp . 8080 comment \"pid:$pid_c1\" : 10.88.0.2 . 80" "$TMP/table"
		grep -q "192.0.2.1 . udp . 8053 comment \"pid:$pid_c1\" : 10.88.0.2 . 53" "$TMP/table"
		ports >"$TMP/ports"
		nft delete table inet nestbox
		[ -z "$(ports)" ]
		nft -f "$TMP/table"
		# elements have no order
		nft list table inet nestbox | pieces >"$TMP/again"
		pieces <"$TMP/table" | cmp - "$TMP/again"
		ports | cmp - "$TMP/ports"
		[ "$(in_ns wan peer ask tcp 192.0.2.1 8080)" = "c1 192.0.2.2" ]
		publish $pid_c1 8081:81
		unpublish 8081
		ports | cmp - "$TMP/ports"
	'
	test_ok 'rules that somebody else changes meanwhile do no harm' '
		nft add table ip busy
		while :; do nft add chain ip busy x; nft delete chain ip busy x; done &
		trap "kill $!; nft delete table ip busy" EXIT
		for i in 1 2 3 4 5 6 7 8 9; do publish $pid_c1 3000$i:80; unpublish 3000$i; done
		ports | cmp - "$TMP/ports"
	'
	test_ok 'a firewall that drops what is forwarded is told' '
		[ -z "$(nft_tool drop)" ]
		publish $pid_c1 8080:80 2>"$TMP/said"
		[ ! -s "$TMP/said" ]
		nft add table ip filter
		nft add chain ip filter FORWARD "{ type filter hook forward priority 0; policy drop; }"
		trap "nft delete table ip filter" EXIT
		publish $pid_c1 8080:80 2>"$TMP/said"
		grep -q "^nestbox: netns: ip filter FORWARD: another firewall drops" "$TMP/said"
		in_ns wan sh -euc ". $TMP/.env; silent peer ask tcp 192.0.2.1 8080"
		# as the hint says
		eval "$(sed -n "s/^nestbox: hint: to let it pass: //p" "$TMP/said")"
		nft insert rule ip filter FORWARD ct state established,related accept
		in_ns wan peer ask tcp 192.0.2.1 8080 | grep "^c1 "
	'
	test_ok 'another version'\''s table, and one that is none of ours, are left alone' '
		nft delete table inet nestbox
		for comment in "comment \"nestbox v2\";" ""; do
			nft add table inet nestbox "{ $comment }"
			nft list table inet nestbox >"$TMP/table"
			for try in "ports" "publish $pid_c1 80:80" "unpublish 80"; do
				not nestbox netns $try 2>"$TMP/said"
				grep -qE "^nestbox: netns: table inet nestbox: is (\"nestbox v2\", another version|none that nestbox made)" "$TMP/said"
			done
			nft list table inet nestbox | cmp - "$TMP/table"
			nft delete table inet nestbox
		done
		publish $pid_c1 8080:80
		ports | grep -q 8080
	'
fi
done_testing
