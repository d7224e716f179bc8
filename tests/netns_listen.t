#!/bin/sh
# netns listen: sockets of one network namespace in the hands of a command in another.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox

# all of it has a network of its own, in which any port is free
test_in="$AS_ROOT nestbox netns new --"
cat >>"$TMP/.env" <<'END'
# what the command behind the line "$@" is told, and which of its descriptors are sockets
told() { "$@" sh -c 'echo "$$ $LISTEN_PID $LISTEN_FDS ${LISTEN_FDNAMES-none}"'; }
sockets() { "$@" ls -l /proc/self/fd | sed -n 's/.* \([0-9]*\) -> socket:.*/\1/p' | sort -n | tr '\n' ' '; }
# the inode of a socket that listens at port $1, in hexadecimal, as this network namespace has it
listening() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$1" '$2 ~ ":" port "$" && $4 == "0A" { print $10 }'; }
END

for mode in '' 'export NESTBOX_REEXEC=1;'; do
	name=${mode:+' (NESTBOX_REEXEC=1)'}
	test_ok "the command has its sockets at 3 and on, and is told so$name" "
		$mode
		set -- \$(told nestbox netns listen 80 127.0.0.1:81 82/udp --)
		[ \"\$1\" = \"\$2\" ]
		[ \"\$3 \$4\" = '3 none' ]
		[ \"\$(sockets nestbox netns listen 80 127.0.0.1:81 82/udp --)\" = '3 4 5 ' ]
		[ \"\$(sockets env)\" = '' ]
	"
	test_ok "LISTEN_PID is the command's, whatever has been forked$name" "
		$mode
		[ \"\$(told nestbox netns listen 80 -- nestbox unshare -n -p -f --)\" = '1 1 1 none' ]
		[ \"\$(told nestbox netns listen 80 -- nestbox unshare -r -n -p -f -- nestbox unshare -m -u --)\" = '1 1 1 none' ]
		set -- \$(told nestbox netns listen 80 -- nestbox unshare -f -- nestbox unshare -f --)
		[ \"\$1\" = \"\$2\" ]
	"
	test_ok "a socket is that of the namespace where it was opened$name" "
		$mode
		nestbox netns listen 80 -- nestbox unshare -n -p -f -- nestbox unshare -u -- sh -c '
			ls -l /proc/self/fd/3 >\"\$TMP/theirs\"
			cat /proc/net/tcp /proc/net/tcp6 >\"\$TMP/inside\" 2>/dev/null
			: >\"\$TMP/ready\"
			while [ -e \"\$TMP/ready\" ]; do sleep 0.1; done' &
		while [ ! -e \"\$TMP/ready\" ]; do sleep 0.1; done
		listening 0050 >\"\$TMP/ours\"
		rm \"\$TMP/ready\"
		wait \$!
		grep -q \"socket:\\[\$(cat \"\$TMP/ours\")\\]\" \"\$TMP/theirs\"
		not grep ' 0A ' \"\$TMP/inside\"
	"
	test_ok "a datagram sent out here is read in there$name" "
		$mode
		timeout 20 nestbox netns listen 127.0.0.1:82/udp -- nestbox unshare -n -p -f -- \
			sh -c ': >\"\$TMP/ready\"; exec dd bs=1000 count=1 <&3' >\"\$TMP/got\" &
		reader=\$!
		while [ ! -e \"\$TMP/ready\" ]; do sleep 0.1; done
		rm \"\$TMP/ready\"
		# it asks for a file of that name, in vain
		timeout 20 busybox tftp -g -r through -l \"\$TMP/file\" 127.0.0.1 82 &
		sender=\$!
		wait \$reader
		kill \$sender
		grep -q through \"\$TMP/got\"
	"
	test_ok "descriptors of ours are not in the way, nor lost$name" "
		$mode
		[ \"\$(sockets nestbox netns listen 81 82 83 84 85 86 87 88 89 90 91 92 -- nestbox unshare -n -p -f --kill-child -- nestbox unshare -u --)\" = \
			'3 4 5 6 7 8 9 10 11 12 13 14 ' ]
		rc=0
		nestbox netns listen 81 82 83 84 85 -- nestbox unshare -p -f --kill-child -- nestbox unshare -u -- /etc 2>\"\$TMP/said\" || rc=\$?
		[ \$rc = 126 ]
		grep -q '/etc: cannot execute' \"\$TMP/said\"
	"
	test_ok "other descriptors of the caller's go along$name" "
		$mode
		[ \"\$(nestbox netns listen 80 81 -- nestbox unshare -f -- readlink /proc/self/fd/9 9</etc)\" = /etc ]
	"
	test_ok "another one adds to them$name" "
		$mode
		set -- \$(told nestbox netns listen 80 81 -- nestbox unshare -n -f -- nestbox netns listen --fdname new 80 --)
		[ \"\$3 \$4\" = '3 unknown:unknown:new' ]
		set -- \$(told nestbox netns listen --fdname a:b 80 81 -- nestbox unshare -n -f -- nestbox netns listen 80 --)
		[ \"\$3 \$4\" = '3 a:b:unknown' ]
		[ \"\$1\" = \"\$2\" ]
	"
	test_ok "what somebody else hands over goes the same way$name" "
		$mode
		[ \"\$(LISTEN_FDNAMES=x:y LISTEN_FDS=2 sh -c 'LISTEN_PID=\$\$ exec nestbox unshare -p -f sh -c \"echo \\\$LISTEN_PID \\\$LISTEN_FDS \\\$LISTEN_FDNAMES; readlink /proc/self/fd/4\"' 3</dev/null 4</etc)\" = '1 2 x:y
/etc' ]
	"
	test_ok "what was handed to another process is left as it is$name" "
		$mode
		[ \"\$(LISTEN_PID=1 LISTEN_FDS=1 nestbox unshare -u -- sh -c 'echo \$LISTEN_PID \$LISTEN_FDS \$LISTEN_FDNAMES' 3</dev/null)\" = '1 1' ]
		[ \"\$(LISTEN_FDS=1 sh -c 'LISTEN_PID=\$\$ exec nestbox unshare -u sh -c \"echo \\\$LISTEN_PID\"' 3<&-)\" != '' ]
	"
	test_ok "no environment of nestbox's own is left$name" "
		$mode
		nestbox netns listen 80 -- nestbox unshare -f -- env >\"\$TMP/env\"
		not grep NESTBOX \"\$TMP/env\"
		[ \"\$(grep -c ^LISTEN_ \"\$TMP/env\")\" = 2 ]
	"
done

test_ok 'who waits for the command does not hold its sockets' '
	nestbox netns listen 80 -- nestbox unshare -p -f -- sh -c "
		[ \"\$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -c :0050)\" = 1 ]
		exec 3>&-
		[ \"\$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -c :0050)\" = 0 ]"
'

test_ok 'names: one for each, or one for all' '
	set -- $(told nestbox netns listen --fdname web:dns 80 53/udp --)
	[ "$4" = web:dns ]
	set -- $(told nestbox netns listen --fdname web 80 81 82 --)
	[ "$4" = web:web:web ]
'

test_ok 'addresses: all of both families, one, IPv6 alone, UDP, any port' '
	nestbox netns listen 80 :81 0.0.0.0:82 127.0.0.1:83/tcp 84/udp 0 -- sh -c "
		cat /proc/net/tcp /proc/net/tcp6 2>/dev/null >\"\$TMP/tcp\"
		cat /proc/net/udp /proc/net/udp6 2>/dev/null >\"\$TMP/udp\""
	if [ -e /proc/net/if_inet6 ]; then any=00000000000000000000000000000000; else any=00000000; fi
	grep -q " $any:0050 .* 0A " "$TMP/tcp"
	grep -q " $any:0051 .* 0A " "$TMP/tcp"
	grep -q " 00000000:0052 .* 0A " "$TMP/tcp"
	grep -q " 0100007F:0053 .* 0A " "$TMP/tcp"
	grep -q " $any:0054 " "$TMP/udp"
	[ "$(grep -c " 0A " "$TMP/tcp")" = 5 ]
	[ -e /proc/net/if_inet6 ] || exit 0
	# a port of all addresses is one of IPv4 too; [::] leaves that one to others
	not nestbox netns listen 80 0.0.0.0:80 -- true
	nestbox netns listen "[::]:80" 0.0.0.0:80 "[::1]:81" -- true
'

test_ok 'a Unix socket by path or abstract name' '
	(umask 077 && nestbox netns listen "$TMP/socket" @abstract -- sh -c "grep -E \"socket|@abstract\" /proc/net/unix" >"$TMP/got")
	grep -q " $TMP/socket\$" "$TMP/got"
	grep -q " @abstract\$" "$TMP/got"
	[ -S "$TMP/socket" ]
	# nobody listens on that file any more
	nestbox netns listen "$TMP/socket" -- true
	# unlike here
	not nestbox netns listen "$TMP/socket" -- nestbox netns listen "$TMP/socket" -- true 2>"$TMP/said"
	grep -q "socket: listen: Address in use\|socket: listen: Address already in use" "$TMP/said"
	echo kept >"$TMP/file"
	not nestbox netns listen "$TMP/file" -- true
	[ "$(cat "$TMP/file")" = kept ]
'

if test_need cmd:listen_serve 'a daemon that is started by its sockets'; then
	test_ok 'a daemon that is started by its sockets answers from where nobody could reach it' '
		for port in 80 81; do
			nestbox netns listen --fdname one:two 127.0.0.1:80 127.0.0.1:81 -- nestbox unshare -n -p -f -- "$(command -v listen_serve)" &
			while [ ! "$(listening 0051)" ]; do sleep 0.1; done
			echo hello | busybox nc -w 5 127.0.0.1 $port >"$TMP/got.$port"
			wait $!
		done
		[ "$(cat "$TMP/got.80")" = "one: hello" ]
		[ "$(cat "$TMP/got.81")" = "two: hello" ]
	'
fi

"$TESTS/../scripts/rootfs" "$TMP/root"
for mode in '' 'export NESTBOX_REEXEC=1;'; do
	name=${mode:+' (NESTBOX_REEXEC=1)'}
	test_ok "run passes them on, and nothing else$name" "
		$mode
		nestbox netns listen --fdname web 80 81 -- nestbox run \"\$TMP/root\" sh -c '
			echo \"\$\$ \$LISTEN_PID \$LISTEN_FDS \$LISTEN_FDNAMES\"; ls -l /proc/self/fd' >\"\$TMP/got\" 9</etc
		grep -qx '1 1 2 web:web' \"\$TMP/got\"
		[ \"\$(sed -n 's/.* \\([0-9]*\\) -> socket:.*/\\1/p' \"\$TMP/got\" | tr '\\n' ' ')\" = '3 4 ' ]
		not grep ' 9 -> ' \"\$TMP/got\"
	"
done

test_fails 1 '^nestbox: netns: 127.0.0.1:80: listen: Address (already )?in use$' 'a port that is taken is named' '
	nestbox netns listen 127.0.0.1:80 -- nestbox netns listen 127.0.0.1:80 -- true
'
test_fails 1 '^nestbox: netns: 192.0.2.1:80: listen: (Address not available|Cannot assign requested address)$' 'so is an address that is not here' '
	nestbox netns listen 192.0.2.1:80 -- true
'
for bad in '' sh 65536 80x 80/sctp 1.2.3:80 '[::1]' '[127.0.0.1]:80' ::1:80 host:80 127.0.0.1: @ -1; do
	test_fails 1 '^nestbox: hint: an address is ' "no address: \"$bad\"" "nestbox netns listen -- '$bad' -- true"
done
test_fails 1 '^nestbox: netns: ADDR: missing operand$' 'an address is needed' 'nestbox netns listen -- -- true'
test_fails 1 '^nestbox: netns: no command is given$' 'so is a command' 'nestbox netns listen 80'
test_fails 1 '^nestbox: netns: a:b:c: --fdname has 3 names for 2 sockets$' 'as many names as sockets' '
	nestbox netns listen --fdname a:b:c 80 81 -- true
'
test_fails 127 '^nestbox: netns: no-such-program: not found' 'a command that is not found: 127' 'nestbox netns listen 80 -- no-such-program'
test_ok 'the status is the command'\''s' 'rc=0; nestbox netns listen 80 -- sh -c "exit 7" || rc=$?; [ $rc = 7 ]'

test_in=
if test_need userns-user 'a port that is kept for root'; then
	test_fails 1 '^nestbox: hint: ports below [0-9]* need CAP_NET_BIND_SERVICE ' 'a port that is kept for root' '
		[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 1 ] || { echo "nestbox: hint: ports below 1 need CAP_NET_BIND_SERVICE here" >&2; exit 1; }
		$AS_USER nestbox netns listen 127.0.0.1:1 -- true
	'
fi
done_testing
