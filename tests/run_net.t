#!/bin/sh
# run: the network of a container, and its published ports.
. "${0%/*}/lib.sh"
. "${0%/*}/net.sh"
own_host
mkdir "$TMP/disk"
# an initramfs has no other owners for its files, a tmpfs may
if [ "$AS_USER" ] && grep -q "^rootfs / " /proc/mounts; then
	mount -t tmpfs disk "$TMP/disk"
	at_end 'umount "$TMP/disk"'
fi
"$TESTS/../scripts/rootfs" "$TMP/disk/root" >/dev/null
export R="$TMP/disk/root"
cat >>"$TMP/.env" <<'END'
# pid 1 ends by a signal only if it wants to
stay="trap exit TERM; sleep 100 & wait"
devices() { sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev | sort | tr "\n" " "; }
END

# Where the test's own host can make no bridge, only what needs none is tested.
"$TMP/host" nestbox netns new --net bridge true 2>"$TMP/said" || no_bridge=$(head -n 1 "$TMP/said")
# nft's part may be missing on its own
"$TMP/host" nestbox netns new --net bridge -p 80 true 2>"$TMP/said" || no_ports=$(head -n 1 "$TMP/said")
"$TMP/host" nestbox run --userns 0:0:1 "$R" true 2>"$TMP/said" || no_userns=$(head -n 1 "$TMP/said")

export no_userns="${no_userns-}"
[ -z "$no_userns" ] || test_skip 'in a user namespace' "$no_userns"

test_ok 'none is the default: lo, and nothing on the host' '
	devices >"$TMP/before"
	[ "$(nestbox run "$R" cat /proc/net/dev | sed -n "s/^ *\(.*\):.*/\1/p" | tr "\n" " ")" = "lo " ]
	[ "$(nestbox run --network none "$R" cat /proc/net/dev | sed -n "s/^ *\(.*\):.*/\1/p" | tr "\n" " ")" = "lo " ]
	devices | diff "$TMP/before" -
	[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ]
'
test_ok 'host is the host'\''s' '
	[ "$(nestbox run --network host "$R" readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
	[ "$(nestbox run "$R" readlink /proc/self/ns/net)" != "$(readlink /proc/self/ns/net)" ]
'
test_ok 'low ports and ping are for everybody in a network of its own' '
	[ "$(nestbox run "$R" cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 0 ]
	[ "$(nestbox run --network host "$R" cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 1024 ]
'
test_ok 'container:NAME, container:ID, container:PID and ns:PATH are one that is there' '
	nestbox run --name web "$R" sh -c "hostname; readlink /proc/self/ns/net; $stay" >"$TMP/web.up" & p=$!
	wait_for "$TMP/web.up"
	id=$(head -n 1 "$TMP/web.up")
	child=$(grep -l "^PPid:	$p$" /proc/[0-9]*/status 2>/dev/null | sed "s/[^0-9]//g" | head -n 1)
	for net in container:web "container:$id" "container:$(echo "$id" | cut -c1-5)" "container:$child" "ns:/proc/$child/ns/net"; do
		[ "$(nestbox run --network "$net" "$R" readlink /proc/self/ns/net)" = "$(tail -n 1 "$TMP/web.up")" ]
	done
	kill $p; wait $p || :
	not nestbox run --network container:web "$R" true 2>"$TMP/said"
	grep "^nestbox: run: web: there is no such container" "$TMP/said"
'
test_fails 125 '^nestbox: run: .*no-such' 'one that is not there' 'nestbox run --network ns:no-such "$R" true'
test_fails 125 '^nestbox: run: container:: whose' 'nobody'\''s' 'nestbox run --network container: "$R" true'
test_fails 125 '^nestbox: run: bogus: is no network' 'no such kind' 'nestbox run --network bogus "$R" true'
test_fails 125 'hint: none, host, bridge' '... and those that there are' 'nestbox run --network bogus "$R" true'
test_fails 125 '^nestbox: run: --publish: does not go with --network host' 'ports of the host need no publishing' 'nestbox run --network host -p 80 "$R" true'
test_fails 125 '^nestbox: run: --ip: does not go with --network container:x' 'nor does a network that is there' 'nestbox run --network container:x --ip 10.88.0.2 "$R" true'
test_fails 125 '^nestbox: run: 80:80:80: is no port' 'no port' 'nestbox run -p 80:80:80 "$R" true'

if [ -z "${no_bridge-}" ]; then
	test_ok 'on a bridge it is wired before it runs, and has its name'\''s address' '
		nestbox run --network bridge --name web "$R" sh -c "ip -o -4 addr show dev eth0; ping -c 1 -W 3 10.88.0.1 && cat /proc/sys/net/ipv4/ip_forward" >"$TMP/out"
		tail -n 1 "$TMP/out" | grep -x 0
		for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
		[ "$(nestbox run --network bridge --name web "$R" ip -o -4 addr show dev eth0 | sed "s/.*inet //")" = "$(head -n 1 "$TMP/out" | sed "s/.*inet //")" ]
	'
	test_ok 'its /etc/hosts has its address, and its image keeps its own' '
		find "$R/etc" | sort >"$TMP/before"
		nestbox run --ip 10.88.7.6 -h web --add-host db:10.88.7.5 "$R" sh -c "cat /etc/hosts /etc/hostname" >"$TMP/out"
		grep -E "^10.88.7.6[[:space:]]+web" "$TMP/out"
		grep -E "^10.88.7.5[[:space:]]+db" "$TMP/out"
		tail -n 1 "$TMP/out" | grep -x web
		find "$R/etc" | sort | diff "$TMP/before" -
	'
	test_ok '--ip, --ip6 and --mac-address imply it' '
		nestbox run --ip 10.88.7.7 --mac-address 02:00:00:00:00:09 "$R" ip addr show dev eth0 >"$TMP/out"
		grep "inet 10.88.7.7/16" "$TMP/out"
		grep "02:00:00:00:00:09" "$TMP/out"
	'
	test_ok 'its devices are those that /sys shows' '
		[ "$(nestbox run --network bridge "$R" ls /sys/class/net | tr "\n" " ")" = "eth0 lo " ]
	'
	[ "${no_userns-}" ] || test_ok 'in a user namespace, too' '
		nestbox run --userns "0:0:1" --ip 10.88.7.8 "$R" sh -c "ip -o -4 addr show dev eth0 && ping -c 1 -W 3 10.88.0.1 && cat /proc/self/uid_map" >"$TMP/out"
		grep "inet 10.88.7.8/16" "$TMP/out"
		grep "0 received" "$TMP/out" && exit 1
		tail -n 1 "$TMP/out" | grep -E "^ +0 +0 +1$"
	'
	test_ok 'the printed line does the same' '
		nestbox run --dry-run --ip 10.88.7.9 "$R" ip -o -4 addr show dev eth0 >"$TMP/line"
		grep "nestbox netns new --net bridge --owner [0-9a-f]* --ip 10.88.7.9 -- nestbox unshare -p" "$TMP/line"
		sh "$TMP/line" | grep "inet 10.88.7.9/16"
		[ -z "${no_userns-}" ] || exit 0
		nestbox run --dry-run --userns 0:0:1 --ip 10.88.7.9 "$R" ip -o -4 addr show dev eth0 >"$TMP/line"
		grep "nestbox netns outside --net bridge .* -- nestbox unshare .* -- nestbox netns new --net outside -- " "$TMP/line"
		for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
		sh "$TMP/line" | grep "inet 10.88.7.9/16"
	'
	test_ok 'nothing but the bridge is left, whatever the end' '
		nestbox run --network bridge "$R" true
		for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
		devices >"$TMP/before"
		rc=0; nestbox run --network bridge "$R" no-such-command || rc=$?
		[ "$rc" = 127 ]
		nestbox run --network bridge "$R" sh -c "echo >\"\$0\"; exec sleep 100" /up & p=$!
		for i in $(seq 50); do [ ! -e "$R/up" ] || break; sleep 0.1; done
		kill -9 $p; wait $p || :
		for i in $(seq 50); do ip link | grep " nb0a" || break; sleep 0.1; done
		devices | diff "$TMP/before" -
	'
else
	test_skip 'on a bridge' "$no_bridge"
fi
if [ -z "${no_ports-}" ]; then
	test_ok 'a published port leads in, and is free when run has ended' '
		nestbox run -p 8080:80 "$R" sh -c "(while :; do nc -l -p 80 -e echo hello; done) & echo up; $stay" >"$TMP/web.up" & p=$!
		wait_for "$TMP/web.up"
		[ "$(ask 127.0.0.1 8080)" = hello ]
		[ "$(ask 10.88.0.1 8080)" = hello ]
		kill $p; wait $p || :
		refused 127.0.0.1 8080
		# at once: nothing of it is left for later
		nestbox run -p 8080:80 "$R" true
	'
	[ "${no_userns-}" ] || test_ok 'also with a user namespace' '
		nestbox run --userns 0:0:1 -p 8080:80 "$R" sh -c "(while :; do nc -l -p 80 -e echo hello; done) & echo up; $stay" >"$TMP/web.up" & p=$!
		wait_for "$TMP/web.up"
		[ "$(ask 127.0.0.1 8080)" = hello ]
		kill $p; wait $p || :
		refused 127.0.0.1 8080
	'
	test_ok 'a port that is taken ends the start, and leaves nothing' '
		nestbox run --name first -p 8080:80 "$R" sh -c "echo up; $stay" >"$TMP/web.up" & p=$!
		wait_for "$TMP/web.up"
		rc=0; nestbox run -p 8080:80 "$R" true 2>"$TMP/said" || rc=$?
		[ "$rc" = 125 ]
		grep "^nestbox: run: netns: .*8080.*first" "$TMP/said"
		kill $p; wait $p || :
	'
	test_ok 'SIGKILL of run leaves nothing for longer than to the next start' '
		nestbox run -p 8080:80 "$R" sh -c "echo up; $stay" >"$TMP/web.up" & p=$!
		wait_for "$TMP/web.up"
		kill -9 $p; wait $p || :
		for i in $(seq 50); do nestbox run -p 8080:80 "$R" true 2>"$TMP/said" && break; sleep 0.1; done
		nestbox run -p 8080:80 "$R" true
	'
else
	test_skip 'published ports' "$no_ports"
fi
test_in=
if test_need userns-user 'an ordinary user'; then
	chmod 755 "$TMP"
	test_ok 'an ordinary user'\''s container has its ports served by a process outside' '
		port=$((20000 + $$ % 10000))
		$AS_USER nestbox run --userns auto -p 127.0.0.1:$port:80 "$R" sh -c "(while :; do nc -l -p 80 -e echo hello; done) & echo up; $stay" >"$TMP/web.up" & p=$!
		wait_for "$TMP/web.up"
		[ "$(ask 127.0.0.1 $port)" = hello ]
		kill $p; wait $p || :
		refused 127.0.0.1 $port
	'
	test_fails 125 'nestbox: run: netns: .*Operation not permitted' 'and no bridge' '$AS_USER nestbox run --userns auto --network bridge "$R" true'
	test_ok '... which is said, nor a device above another one' '
		for net in bridge macvlan:lo; do
			not $AS_USER nestbox run --userns auto --network $net "$R" true 2>"$TMP/said"
			grep "hint: an ordinary user" "$TMP/said"
		done
	'
fi
done_testing
