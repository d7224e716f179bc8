#!/bin/sh
# netns: a network namespace whose lo is up, and nothing else in it.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox

cat >>"$TMP/.env" <<'END'
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
# the flags of lo: LOOPBACK,UP,LOWER_UP
lo_flags() { busybox ip link show dev lo | sed -n 's/.*<\(.*\)>.*/,\1,/p'; }
lo_up() { lo_flags | grep -q ,UP,; }
END

test_ok 'new makes a network namespace and no other' '
	ls -l /proc/self/ns | sed -n "s/.* -> //p" >"$TMP/before"
	$AS_ROOT nestbox netns new -- ls -l /proc/self/ns | sed -n "s/.* -> //p" >"$TMP/after"
	[ "$(grep -vxF -f "$TMP/before" "$TMP/after" | sed "s/:.*//" | tr "\n" " ")" = "net ${AS_ROOT:+user }" ]
'

test_ok 'there is lo, and lo alone' '
	got=$($AS_ROOT nestbox netns new -- sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev)
	[ "$got" = lo ]
'

test_ok 'lo is up and has its addresses' '
	$AS_ROOT nestbox netns new -- sh -euc ". \"\$TMP/.env\"; lo_up; busybox ip addr show dev lo | grep \"inet 127.0.0.1/8\""
	[ ! -e /proc/net/if_inet6 ] || $AS_ROOT nestbox netns new -- grep -q "^0\{31\}1 " /proc/net/if_inet6
	# not so without us
	$AS_ROOT nestbox unshare -n -- sh -euc ". \"\$TMP/.env\"; not lo_up"
'

test_ok '127.0.0.1 answers' '
	$AS_ROOT nestbox netns new -- busybox ping -c 1 -W 3 127.0.0.1
	not $AS_ROOT nestbox unshare -n -- busybox ping -c 1 -W 3 127.0.0.1
'

test_ok 'data goes through lo' '
	$AS_ROOT nestbox netns new -- sh -euc "
		# cat ends after us; a bare nc, whose own input ends at once, could hang up before we wrote
		busybox nc -l -p 7777 -e cat &
		for i in 1 2 3 4 5 6 7 8 9 10; do
			! echo through lo | busybox nc -w 2 127.0.0.1 7777 >\"\$TMP/got\" 2>/dev/null || break
			sleep 0.1
		done
		wait"
	grep -qx "through lo" "$TMP/got"
'

test_ok '--net none says the same' '
	$AS_ROOT nestbox netns new --net none -- busybox ping -c 1 -W 3 127.0.0.1
	[ "$($AS_ROOT nestbox netns new --net=none -- sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev)" = lo ]
'

test_ok 'up sets lo up in the namespace where it is called' '
	$AS_ROOT nestbox unshare -n -- sh -euc "
		. \"\$TMP/.env\"
		not lo_up
		nestbox netns up
		lo_up
		busybox ping -c 1 -W 3 127.0.0.1
		# a second time does no harm
		nestbox netns up"
'

test_ok 'the command keeps its pid and its status is the applet'\''s' '
	[ "$(status $AS_ROOT nestbox netns new true)" = 0 ]
	[ "$(status $AS_ROOT nestbox netns new -- sh -c "exit 7")" = 7 ]
	[ "$(status $AS_ROOT nestbox netns new -- sh -c "kill -TERM \$\$")" = 143 ]
	$AS_ROOT nestbox netns new -- sh -c "echo \$\$ >\"\$TMP/pid\"" & wait $!
	[ "$(cat "$TMP/pid")" = $! ]
'

test_ok 'no command is a shell' '
	got=$(echo "readlink /proc/self/ns/net" | SHELL=/bin/sh $AS_ROOT nestbox netns new)
	[ "${got%%:*}" = net ]; [ "$got" != "$(readlink /proc/self/ns/net)" ]
'

test_fails 127 'nestbox: netns: not-there-at-all: not found' 'not found is 127' '$AS_ROOT nestbox netns new not-there-at-all'
test_fails 126 'nestbox: netns: /etc: cannot execute' 'not executable is 126' '$AS_ROOT nestbox netns new /etc'
test_fails 1 'nestbox: netns: wrong: no such word' 'an unknown verb is refused' 'nestbox netns wrong'
test_fails 1 'nestbox: netns: word: ' 'up takes no operand' '$AS_ROOT nestbox unshare -n nestbox netns up word'
test_fails 1 'nestbox: netns: .*bogus' 'an unknown kind of network is refused' 'nestbox netns new --net bogus true'
test_fails 1 'nestbox: netns: --bogus' 'an unknown option is refused' 'nestbox netns new --bogus true'

test_ok 'help is help, for the applet and for each verb' '
	nestbox netns --help | grep -q "new"
	nestbox netns new --help | grep -q -e --net
	nestbox netns up --help | grep -q "netns up"
'

test_ok 'the chain goes on behind it' '
	$AS_ROOT nestbox netns new -- nestbox unshare -u --hostname x -- sh -euc "
		[ \$(cat /proc/sys/kernel/hostname) = x ]; busybox ping -c 1 -W 3 127.0.0.1"
'

test_ok 'the caller'\''s fds are passed on, and none of our own' '
	want=$(ls -l /proc/self/fd | grep -c -e "->")
	[ "$($AS_ROOT nestbox netns new -- ls -l /proc/self/fd | grep -c -e "->")" = "$want" ]
'

test_fails 1 'nestbox: netns: network namespace: Operation not permitted' 'an ordinary user may not' '$AS_USER nestbox netns new true'
test_ok '... and hears what to do' '
	not $AS_USER nestbox netns new true 2>"$TMP/said"
	grep -q "^nestbox: hint: .*CAP_SYS_ADMIN" "$TMP/said"
'
if test_need root 'nor set lo up in a namespace of root'\''s'; then
	test_fails 1 'nestbox: netns: .*Operation not permitted' 'nor set lo up in a namespace of root'\''s' 'nestbox unshare -n -- $AS_USER nestbox netns up'
fi

if test_need userns-user 'an ordinary user in a user namespace'; then
	test_ok 'in a user namespace of their own an ordinary user may' '
		$AS_USER nestbox unshare -r -- nestbox netns new -- busybox ip addr show dev lo | grep "inet 127.0.0.1/8"
		$AS_USER nestbox unshare -r -n -- sh -euc "nestbox netns up; . \"\$TMP/.env\"; lo_up"
	'
fi

done_testing
