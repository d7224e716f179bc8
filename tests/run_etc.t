#!/bin/sh
# /etc/hosts, /etc/hostname and /etc/resolv.conf of a container: what run and
# pivot --etc write, where, and that the image's own files stay as they are.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox
own_run

R=$TMP/root
export R
"$TESTS/../scripts/rootfs" "$R"
printf 'the image'\''s hosts\n' >"$R/etc/hosts"
printf 'the image'\''s hostname\n' >"$R/etc/hostname"
printf 'the image'\''s resolv.conf\n' >"$R/etc/resolv.conf"
printf 'nameserver 10.0.0.1\nsearch a.example b.example\noptions ndots:2\n' >"$TMP/plain"
printf '# of the host\nnameserver 127.0.0.53\nnameserver ::1\noptions edns0\n' >"$TMP/loopback"
printf 'nameserver 127.0.0.1\nnameserver 10.0.0.1\n' >"$TMP/both"
cat >"$TMP/base" <<'END'
127.0.0.1	localhost
::1	localhost ip6-localhost ip6-loopback
fe00::0	ip6-localnet
ff00::0	ip6-mcastprefix
ff02::1	ip6-allnodes
ff02::2	ip6-allrouters
END

cat >>"$TMP/.env" <<'END'
F='/etc/hosts /etc/hostname /etc/resolv.conf'
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
# a root file system of one test's own
fresh() { rm -rf "${TMP:?}/$1"; cp -a "$R" "$TMP/$1"; }
# all there is to know of what is in it
inventory() { (cd "$1" && find . -exec ls -lid {} + | sort && find . -path "*/bin" -prune -o -type f -exec cat {} +); }

# "$@" where the host's resolv.conf is $HOST ("" none), and with what $NET says first
cat >"$TMP/on_host" <<-"STOP"
	mkdir -p "$TMP/host-etc"
	mount -t tmpfs etc "$TMP/host-etc"
	cp /etc/passwd /etc/group /etc/subuid /etc/subgid "$TMP/host-etc" 2>/dev/null || :
	[ ! "$HOST" ] || cat "$HOST" >"$TMP/host-etc/resolv.conf"
	mount --bind "$TMP/host-etc" /etc
	eval "$NET"
	exec "$@"
STOP
# ... in a network namespace of its own, which is the host's for all that follows
on_host() { HOST=$HOST NET=${NET-} $AS_ROOT nestbox unshare -m ${UNSHARE--n} -- sh -eu "$TMP/on_host" "$@"; }
HOST=$TMP/plain
veth='busybox ip link add v0 type veth; busybox ip link set veth0 up; busybox ip link set v0 up; busybox ip addr add 10.9.8.7/24 dev v0'
veth6="$veth; busybox ip addr add fd01::7/64 dev v0"
# the container's files, one behind the other
files() { on_host nestbox run "$@" "$R" cat $F; }
END
. "$TMP/.env"
on_host busybox true 2>"$TMP/why" || { echo "1..0 # SKIP $(cat "$TMP/why")"; exit 0; }

# --- what is in them

test_ok 'one option is enough for all three' '
	HOST=$TMP/plain files -h web --add-host db:10.1.2.3 >"$TMP/got"
	{ cat "$TMP/base"; printf "10.1.2.3\tdb\nweb\n"; cat "$TMP/plain"; } | diff - "$TMP/got"
	on_host nestbox run -h web --dns-option x "$R" cat /etc/hosts | diff "$TMP/base" -
'

test_ok 'none is none: without a network there is no word about it' '
	on_host nestbox run -h web "$R" cat /etc/hosts | grep -qx "the image.s hosts"
'

test_ok '--add-host, as docker takes it' '
	files --add-host a:10.1.2.3 --add-host b=10.1.2.4 --add-host c:::1 --add-host d=fd00::2 --add-host "e:[fd00::3]" --add-host "a:[10.1.2.5]" |
		sed -n "7,12p" >"$TMP/got"
	printf "%s\t%s\n" 10.1.2.3 a 10.1.2.4 b ::1 c fd00::2 d fd00::3 e 10.1.2.5 a | diff - "$TMP/got"
'

test_ok '--dns, --dns-search and --dns-option take the place of the host'\''s, each for itself' '
	rc() { on_host nestbox run "$@" "$R" cat /etc/resolv.conf; }
	[ "$(rc --dns 9.9.9.9 --dns fd00::9 | sort | tr "\n" ";")" = "nameserver 9.9.9.9;nameserver fd00::9;options ndots:2;search a.example b.example;" ]
	[ "$(rc --dns-search x.example --dns-search y.example | sort | tr "\n" ";")" = "nameserver 10.0.0.1;options ndots:2;search x.example y.example;" ]
	[ "$(rc --dns-search . | sort | tr "\n" ";")" = "nameserver 10.0.0.1;options ndots:2;" ]
	[ "$(rc --dns-option use-vc --dns-opt timeout:1 | sort | tr "\n" ";")" = "nameserver 10.0.0.1;options use-vc timeout:1;search a.example b.example;" ]
'

test_ok 'name servers that only the host can reach are left out, and that is said once' '
	HOST=$TMP/both on_host nestbox run --dns-search . "$R" cat /etc/resolv.conf >"$TMP/got" 2>"$TMP/said"
	[ "$(cat "$TMP/got")" = "nameserver 10.0.0.1" ]
	[ "$(grep -c . "$TMP/said")" = 2 ]
	grep -q "^nestbox: run: /etc/resolv.conf: .*host.*127.0.0.1: left out$" "$TMP/said"
	grep -q "^nestbox: hint: --dns " "$TMP/said"
	# with another one nothing is missing
	HOST=$TMP/both on_host nestbox run --dns 127.0.0.9 "$R" cat /etc/resolv.conf >"$TMP/got" 2>"$TMP/said"
	[ "$(cat "$TMP/got")" = "nameserver 127.0.0.9" ]
	[ ! -s "$TMP/said" ]
'

test_ok 'when none is left no other is made up' '
	HOST=$TMP/loopback on_host nestbox run --dns-search x "$R" cat /etc/resolv.conf >"$TMP/got" 2>"$TMP/said"
	[ "$(grep -v "^#" "$TMP/got" | tr "\n" ";")" = "options edns0;search x;" ]
	grep -q "^# no name server .*--dns" "$TMP/got"
	grep -q "127.0.0.53 ::1: left out" "$TMP/said"
	# nor for a host that has none
	HOST="" on_host nestbox run --dns-search x "$R" cat /etc/resolv.conf >"$TMP/got" 2>"$TMP/said"
	[ "$(grep -v "^#" "$TMP/got")" = "search x" ]
	[ ! -s "$TMP/said" ]
'

test_ok 'those that systemd-resolved asks are better than none' '
	resolved="mkdir -p \"$TMP/run/systemd/resolve\"; cp \"$TMP/plain\" \"$TMP/run/systemd/resolve/resolv.conf\"; mount --bind \"$TMP/run\" /run"
	NET=$resolved HOST=$TMP/loopback on_host nestbox unshare -m -n -- nestbox pivot --etc "$R" cat /etc/resolv.conf 2>"$TMP/said" | diff "$TMP/plain" -
	[ ! -s "$TMP/said" ]
	# not where those of the host do as well
	NET=$resolved HOST=$TMP/both on_host nestbox unshare -m -n -- nestbox pivot --etc "$R" cat /etc/resolv.conf 2>/dev/null | grep -qx "nameserver 10.0.0.1"
	NET=$resolved HOST=$TMP/loopback UNSHARE= on_host nestbox unshare -m -- nestbox pivot --etc "$R" cat /etc/resolv.conf | grep -qx "nameserver 127.0.0.53"
'

test_ok 'the host'\''s file is read through its link, and may be anything' '
	ln="mkdir -p \"$TMP/host-etc/d\"; mv /etc/resolv.conf /etc/d/x; ln -s ../etc/d/x /etc/resolv.conf"
	NET=$ln files --add-host a:1.2.3.4 | grep -qx "nameserver 10.0.0.1"
	# to nowhere, to a folder, to something that never ends
	for to in /not/there d /dev/zero; do
		NET="$ln; ln -sfn $to /etc/resolv.conf" files --add-host a:1.2.3.4 2>"$TMP/said" | grep "^# no name server"
		[ "$to" = /not/there ] || grep -q "/etc/resolv.conf: .*: left out" "$TMP/said"
	done
	NET="head -c 70000 /dev/zero | tr \"\\0\" a >/etc/resolv.conf" files --add-host a:1.2.3.4 2>"$TMP/said" | grep "^# no name server"
	grep -q "64 KiB: left out" "$TMP/said"
	NET="mkfifo /etc/f; ln -sf f /etc/resolv.conf" files --add-host a:1.2.3.4 2>/dev/null | grep "^# no name server"
'

test_ok 'the host'\''s network: all its name servers, and its addresses' '
	HOST=$TMP/loopback UNSHARE= on_host nestbox run --network host -h web "$R" cat /etc/resolv.conf >"$TMP/got" 2>"$TMP/said"
	grep -v "^#" "$TMP/loopback" | diff - "$TMP/got"
	[ ! -s "$TMP/said" ]
	NET=$veth on_host nestbox run --network host -h web --domainname example.org "$R" cat /etc/hosts >"$TMP/got"
	{ cat "$TMP/base"; printf "10.9.8.7\tweb.example.org web\n"; } | diff - "$TMP/got"
	[ "$(HOST=$TMP/plain UNSHARE= on_host nestbox run --network host -h web --add-host me:host-gateway "$R" tail -n 1 /etc/hosts)" = "127.0.0.1	me" ]
'

test_ok 'each address of the network namespace has the host name, and no other has' '
	NET=$veth6 on_host nestbox unshare -m -u --hostname web.example.org -- nestbox pivot --etc "$R" cat /etc/hosts >"$TMP/got"
	[ ! -e /proc/net/if_inet6 ] || grep -x "fd01::7	web.example.org web" "$TMP/got"
	sed "/^fd01::7/d" "$TMP/got" >"$TMP/got4"
	{ cat "$TMP/base"; printf "10.9.8.7\tweb.example.org web\n"; } | diff - "$TMP/got4"
'

test_ok 'host-gateway is the gateway of the best default route' '
	routes="busybox ip route add default via 10.9.8.3 metric 50; busybox ip route add default via 10.9.8.1 metric 5"
	at() { NET=$1 on_host nestbox unshare -m -- nestbox pivot --add-host gw:host-gateway "$R" sed -n "s/	gw$//p" /etc/hosts; }
	[ "$(at "$veth; $routes")" = 10.9.8.1 ]
	[ ! -e /proc/net/if_inet6 ] || [ "$(at "$veth6; $routes; busybox ip -6 route add default via fd01::1" | tr "\n" " ")" = "10.9.8.1 fd01::1 " ]
'
test_fails 125 'nestbox: pivot: gw:host-gateway: .*no default route' 'host-gateway without one' '
	on_host nestbox unshare -m -n -- nestbox pivot --add-host gw:host-gateway "$R" true'

# --- the image stays as it is

test_ok 'the image'\''s own files stay, to the byte and inode, and are hidden' '
	fresh own
	inventory "$TMP/own" >"$TMP/before"
	on_host nestbox run -h web --add-host db:10.1.2.3 "$TMP/own" sh -euc "
		if grep image $F || rm $F 2>/dev/null; then exit 9; fi
		for f in $F; do echo more >>\$f; [ \"\$(stat -c %u:%g:%a \$f)\" = 0:0:644 ]; done"
	inventory "$TMP/own" | diff "$TMP/before" -
'

test_ok 'they are mounts of a small file system of their own, and no trace of it is left' '
	on_host nestbox run --dns 9.9.9.9 "$R" cat /proc/self/mountinfo >"$TMP/m"
	for f in hosts hostname resolv.conf; do
		[ "$(awk -v at="/etc/$f" "\$5 == at { print \$4, \$6 }" "$TMP/m")" = "/$f rw,nosuid,nodev,noexec,relatime" ]
	done
	[ "$(grep -c size=1024k "$TMP/m")" = 3 ]
	[ "$(awk "\$5 == \"/\"" "$TMP/m" | grep -c .)" = 1 ]
	not on_host nestbox run --dns 9.9.9.9 "$R" sh -c "head -c 2000000 /dev/zero >/etc/hosts" 2>/dev/null
'

test_ok 'a container does not see what another writes' '
	on_host nestbox run --dns 9.9.9.9 "$R" sh -c "echo mine >/etc/hosts"
	on_host nestbox run --dns 9.9.9.9 "$R" cat /etc/hosts | diff "$TMP/base" -
	grep -qx "the image.s hosts" "$R/etc/hosts"
'

test_ok 'files that are missing are made, and gone afterwards' '
	fresh lack
	for rm in etc/hosts "etc/hosts etc/hostname etc/resolv.conf" etc; do
		(cd "$TMP/lack" && rm -rf $rm)
		inventory "$TMP/lack" >"$TMP/before"
		on_host nestbox run --dns 9.9.9.9 "$TMP/lack" sh -euc "grep -qx 9.9.9.9 /etc/resolv.conf || cat $F" >"$TMP/got"
		grep -qx "nameserver 9.9.9.9" "$TMP/got"
		inventory "$TMP/lack" | diff "$TMP/before" -
	done
'

test_ok 'a link in their place stays, and what it leads to, whether that is there or not' '
	fresh link
	mkdir -p "$TMP/link/run/systemd/resolve" "$TMP/outside"
	echo outside >"$TMP/outside/hosts"
	echo "the image'\''s stub" >"$TMP/link/run/stub"
	ln -sf ../run/systemd/resolve/stub-resolv.conf "$TMP/link/etc/resolv.conf"
	ln -sf /etc/passwd "$TMP/link/etc/hosts"
	ln -sf ../../../../../../../../../../..$TMP/outside/hosts "$TMP/link/etc/hostname"
	inventory "$TMP/link" >"$TMP/before"
	on_host nestbox run -h web --dns 9.9.9.9 "$TMP/link" sh -euc "cat $F; grep -q ^root:x:0 /etc/passwd; test ! -e /run/systemd/resolve/stub-resolv.conf; test ! -L /etc/hosts" >"$TMP/got"
	{ cat "$TMP/base"; printf "web\nsearch a.example b.example\noptions ndots:2\nnameserver 9.9.9.9\n"; } | diff - "$TMP/got"
	inventory "$TMP/link" | diff "$TMP/before" -
	# a link that turns in a circle
	ln -sfn hosts "$TMP/link/etc/hosts"
	on_host nestbox run --dns 9.9.9.9 "$TMP/link" cat /etc/hosts | diff "$TMP/base" -
	[ "$(cat "$TMP/outside/hosts")" = outside ]
'

test_ok 'an /etc that is a link leads nowhere but inside' '
	fresh etc
	rm -rf "$TMP/etc/etc"
	mkdir -p "$TMP/outside/etc"
	echo outside >"$TMP/outside/etc/hosts"
	mkdir "$TMP/etc/home/etc"
	for to in ../../../../../../../../../../..$TMP/outside/etc /home/etc / bin/../home; do
		ln -sfn "$to" "$TMP/etc/etc"
		inventory "$TMP/etc" >"$TMP/before"
		rc=$(status on_host nestbox run --dns 9.9.9.9 "$TMP/etc" sh -euc "grep -x \"nameserver 9.9.9.9\" /etc/resolv.conf; [ \"\$(wc -l </etc/hosts)\" = 6 ]")
		case $to in
		# where that is missing inside, nobody makes it through a link
		..*) [ "$rc" = 125 ] ;;
		*) [ "$rc" = 0 ] ;;
		esac
		inventory "$TMP/etc" | diff "$TMP/before" -
		[ "$(ls "$TMP/outside/etc")" = hosts ]; [ "$(cat "$TMP/outside/etc/hosts")" = outside ]
	done
	# into what the start itself mounts: no file can be made there
	for to in proc proc/sys/kernel sys dev; do
		ln -sfn "$to" "$TMP/etc/etc"
		inventory "$TMP/etc" >"$TMP/before"
		before=$(hostname)
		on_host nestbox run --dns 9.9.9.9 "$TMP/etc" true 2>"$TMP/said" || grep "^nestbox: run: pivot: /etc/" "$TMP/said"
		[ "$(hostname)" = "$before" ]
		inventory "$TMP/etc" | diff "$TMP/before" -
	done
'

test_fails 125 'nestbox: run: pivot: /etc/hosts: .*Is a directory' 'a folder in their place' '
	fresh folder; rm "$TMP/folder/etc/hosts"; mkdir "$TMP/folder/etc/hosts"
	on_host nestbox run --dns 9.9.9.9 "$TMP/folder" true'

test_ok 'a volume is what the user meant: on one of them, and on /etc' '
	mkdir -p "$TMP/vetc"; echo volume >"$TMP/vetc/hosts"; : >"$TMP/vetc/hostname"; : >"$TMP/vetc/resolv.conf"
	on_host nestbox run --dns 9.9.9.9 -v "$TMP/vetc/hosts:/etc/hosts" "$R" cat /etc/hosts | grep -qx volume
	on_host nestbox run --dns 9.9.9.9 -v "$TMP/vetc:/etc" "$R" cat /etc/hosts | diff "$TMP/base" -
	[ "$(cat "$TMP/vetc/hosts")" = volume ]
	on_host nestbox run --dns 9.9.9.9 --tmpfs /etc "$R" cat /etc/hosts | diff "$TMP/base" -
'

test_ok '--read-only goes for them, too, as with docker' '
	on_host nestbox run --read-only --dns 9.9.9.9 "$R" sh -euc "
		grep -q 9.9.9.9 /etc/resolv.conf
		for f in $F; do if echo 2>/dev/null x >>\$f; then exit 9; fi; done"
'

test_ok 'an image that cannot be written: its own are covered, and what it lacks is said' '
	fresh ro
	rm "$TMP/ro/etc/hostname" "$TMP/ro/etc/resolv.conf"
	ro="mount --bind \"$TMP/ro\" \"$TMP/ro\"; mount -o remount,bind,ro \"$TMP/ro\""
	NET=$ro on_host nestbox run --dns 9.9.9.9 "$TMP/ro" sh -euc "cat /etc/hosts; test ! -e /etc/hostname; test ! -e /etc/resolv.conf; echo x >>/etc/hosts" >"$TMP/got" 2>"$TMP/said"
	diff "$TMP/base" "$TMP/got"
	[ "$(grep -c "^nestbox: run: /etc/.*: make the mount point: Read-only file system: left out$" "$TMP/said")" = 2 ]
	grep "^nestbox: hint: .*read-only" "$TMP/said"
	# so with the applets
	NET=$ro on_host nestbox unshare -m -- nestbox pivot --dns 9.9.9.9 "$TMP/ro" cat /etc/hosts 2>"$TMP/said" | diff "$TMP/base" -
	grep "^nestbox: pivot: /etc/hostname: .*: left out$" "$TMP/said"
'

test_ok 'in a user namespace they are its root'\''s' '
	on_host nestbox unshare -U --map-users 0:0:1 --map-groups 0:0:1 -m -u -n -- nestbox pivot --dns 9.9.9.9 "$R" sh -euc "
		grep -q 9.9.9.9 /etc/resolv.conf
		for f in $F; do [ \"\$(stat -c %u:%g:%a \$f)\" = 0:0:644 ]; echo x >>\$f; done"
	grep -qx "the image.s hosts" "$R/etc/hosts"
'
test_need root 'run --userns' && test_ok 'run --userns' '
	fresh userns
	rm "$TMP/userns/etc/hosts"
	inventory "$TMP/userns" >"$TMP/before"
	# what lies on an initramfs cannot have other owners
	if on_host nestbox unshare -m -- nestbox idmap mount -b 0:1:1 "$R" "$R" true 2>/dev/null; then
		on_host nestbox run --userns auto --dns 9.9.9.9 "$TMP/userns" sh -euc "
			grep -q 9.9.9.9 /etc/resolv.conf
			for f in $F; do [ \"\$(stat -c %u:%g:%a \$f)\" = 0:0:644 ]; echo x >>\$f; done"
		inventory "$TMP/userns" | diff "$TMP/before" -
	fi
'

test_ok 'pivot --prepare makes their places, --rm takes them away' '
	fresh points
	rm -r "$TMP/points/etc"
	nestbox pivot --prepare --etc "$TMP/points"
	for f in $F; do [ -f "$TMP/points$f" ]; [ ! -s "$TMP/points$f" ]; done
	rm -r "$TMP/points/etc"
	nestbox pivot --prepare --rm --dns 9.9.9.9 "$TMP/points" -- test -f "$TMP/points/etc/hosts"
	for i in 1 2 3 4 5 6 7 8 9 10; do [ -e "$TMP/points/etc" ] || break; sleep 0.2; done
	[ ! -e "$TMP/points/etc" ]
'

# --- the resolvers of musl and busybox

test_ok 'names of --add-host are found' '
	on_host nestbox run --add-host me.example:127.0.0.7 --dns 127.0.0.9 "$R" ping -c 1 -W 3 me.example | grep -q "^64 bytes from 127.0.0.7:"
	not on_host nestbox run --add-host you.example:127.0.0.7 --dns 127.0.0.9 "$R" ping -c 1 -W 3 me.example 2>/dev/null
'

test_ok '... and the name server is asked' '
	# nobody is there
	not on_host nestbox run --dns 127.0.0.9 "$R" nslookup me.example >"$TMP/got" 2>&1
	grep "127.0.0.9.*Connection refused" "$TMP/got"
'
if musl-gcc -static -o "$R/bin/lookup" -x c - 2>/dev/null <<'END'
#include <netdb.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct addrinfo want = { .ai_socktype = SOCK_STREAM }, *a;
	char text[64];

	if (argc < 2 || getaddrinfo(argv[1], NULL, &want, &a))
		return 1;
	for (; a; a = a->ai_next)
		if (!getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST))
			puts(text);
	return 0;
}
END
then
	test_ok '... by musl, too' '
		[ "$(on_host nestbox run --add-host a.example:127.0.0.7 --add-host a.example=fd00::7 --dns 127.0.0.9 "$R" lookup a.example | sort | tr "\n" " ")" = "127.0.0.7 fd00::7 " ]
		[ "$(NET=$veth on_host nestbox unshare -m -u --hostname web -- nestbox pivot --etc "$R" lookup web)" = 10.9.8.7 ]
		not on_host nestbox run --add-host b.example:127.0.0.7 --dns 127.0.0.9 "$R" lookup a.example
	'
else
	test_skip '... by musl, too' 'needs musl-gcc'
fi

# --- what is refused, before anything is made

bad()
{
	test_fails 125 "nestbox: run: .*$1" "refused: $2" "
		cp -a \"\$R\" \"\$TMP/bad\" 2>/dev/null || :
		rm -f \"\$TMP/bad/etc/hosts\"
		inventory \"\$TMP/bad\" >\"\$TMP/before\"
		rc=0
		on_host nestbox run $2 \"\$TMP/bad\" sh -c 'echo ran >&2' || rc=\$?
		inventory \"\$TMP/bad\" | diff \"\$TMP/before\" - >&2
		exit \$rc"
}
bad 'foo: a name server is an IP address' '--dns foo'
bad '1.2.3.4/24: a name server' '--dns 1.2.3.4/24'
bad 'x: a host is NAME:IP' '--add-host x'
bad 'a:b:c: "b:c" is no IP address' '--add-host a:b:c'
bad 'a host.s name' '--add-host :1.2.3.4'
bad 'is no IP address' '--add-host a:1.2.3.4,5.6.7.8'
bad 'a b:1.2.3.4: a host.s name' '--add-host "a b:1.2.3.4"'
bad 'a.x0a9.9.9.9 b:1.2.3.4: a host.s name' '--add-host "$(printf "a\n9.9.9.9 b:1.2.3.4")"'
bad 'is no IP address' '--add-host "$(printf "a:1.2.3.4\n9.9.9.9 b")"'
bad 'a name server' '--dns "$(printf "1.2.3.4\nsearch x")"'
bad 'no domain' '--dns-search "$(printf "a\nnameserver 6.6.6.6")"'
bad 'no domain' '--dns-search "a b"'
bad 'one word' '--dns-option "$(printf "a\nnameserver 6.6.6.6")"'
bad 'one word' '--dns-option ""'
bad 'such a host name' '--dns 9.9.9.9 -h "$(printf "a\n6.6.6.6 b")"'
test_fails 125 'nestbox: pivot: a.x0a6.6.6.6 b: such a host name' 'nor does a host name bring a line along' '
	on_host nestbox unshare -m -u --hostname "$(printf "a\n6.6.6.6 b")" -- nestbox pivot --etc "$R" true'
done_testing
