#!/bin/sh
# netns: a network namespace whose lo is up, and nothing else in it.
. "${0%/*}/lib.sh"
need root cmd:busybox

cat >"$TMP/.env" <<'END'
# set -e passes over "!"
not() { if "$@"; then return 1; fi; }
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
as_user() { nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- "$@"; }
# the flags of lo: LOOPBACK,UP,LOWER_UP
lo_flags() { busybox ip link show dev lo | sed -n 's/.*<\(.*\)>.*/,\1,/p'; }
lo_up() { lo_flags | grep -q ,UP,; }
END

test_ok 'new makes a network namespace and no other' '
	ls -l /proc/self/ns | sed -n "s/.* -> //p" >"$TMP/before"
	nestbox netns new -- ls -l /proc/self/ns | sed -n "s/.* -> //p" >"$TMP/after"
	[ "$(grep -vxF -f "$TMP/before" "$TMP/after" | sed "s/:.*//")" = net ]
'

test_ok 'there is lo, and lo alone' '
	got=$(nestbox netns new -- sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev)
	[ "$got" = lo ]
'

test_ok 'lo is up and has its addresses' '
	nestbox netns new -- sh -euc ". \"\$TMP/.env\"; lo_up; busybox ip addr show dev lo | grep \"inet 127.0.0.1/8\""
	[ ! -e /proc/net/if_inet6 ] || nestbox netns new -- grep -q "^0\{31\}1 " /proc/net/if_inet6
	# not so without us
	nestbox unshare -n -- sh -euc ". \"\$TMP/.env\"; not lo_up"
'

test_ok '127.0.0.1 answers' '
	nestbox netns new -- busybox ping -c 1 -W 3 127.0.0.1
	not nestbox unshare -n -- busybox ping -c 1 -W 3 127.0.0.1
'

test_ok 'data goes through lo' '
	nestbox netns new -- sh -euc "
		busybox nc -l -p 7777 >\"\$TMP/got\" & 
		for i in 1 2 3 4 5 6 7 8 9 10; do
			! echo through lo | busybox nc -w 2 127.0.0.1 7777 2>/dev/null || break
			sleep 0.1
		done
		wait"
	grep -qx "through lo" "$TMP/got"
'

test_ok '--net none says the same' '
	nestbox netns new --net none -- busybox ping -c 1 -W 3 127.0.0.1
	[ "$(nestbox netns new --net=none -- sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev)" = lo ]
'

test_ok 'up sets lo up in the namespace where it is called' '
	nestbox unshare -n -- sh -euc "
		. \"\$TMP/.env\"
		not lo_up
		nestbox netns up
		lo_up
		busybox ping -c 1 -W 3 127.0.0.1
		# a second time does no harm
		nestbox netns up"
'

test_ok 'the command keeps its pid and its status is the applet'\''s' '
	[ "$(status nestbox netns new true)" = 0 ]
	[ "$(status nestbox netns new -- sh -c "exit 7")" = 7 ]
	[ "$(status nestbox netns new -- sh -c "kill -TERM \$\$")" = 143 ]
	nestbox netns new -- sh -c "echo \$\$ >\"\$TMP/pid\"" & wait $!
	[ "$(cat "$TMP/pid")" = $! ]
'

test_ok 'no command is a shell' '
	got=$(echo "readlink /proc/self/ns/net" | SHELL=/bin/sh nestbox netns new)
	[ "${got%%:*}" = net ]; [ "$got" != "$(readlink /proc/self/ns/net)" ]
'

test_fails 127 'nestbox: netns: not-there-at-all: not found' 'not found is 127' 'nestbox netns new not-there-at-all'
test_fails 126 'nestbox: netns: /etc: cannot execute' 'not executable is 126' 'nestbox netns new /etc'
test_fails 1 'nestbox: netns: wants one of: new, ' 'a verb is needed, and the verbs are named' 'nestbox netns'
test_fails 1 'nestbox: netns: wrong: no such word' 'an unknown verb is refused' 'nestbox netns wrong'
test_fails 1 'nestbox: netns: word: ' 'up takes no operand' 'nestbox unshare -n nestbox netns up word'
test_fails 1 'nestbox: netns: .*bogus' 'an unknown kind of network is refused' 'nestbox netns new --net bogus true'
test_fails 1 'nestbox: netns: --bogus' 'an unknown option is refused' 'nestbox netns new --bogus true'

test_ok 'help is help, for the applet and for each verb' '
	nestbox netns --help | grep -q "new"
	nestbox netns new --help | grep -q -e --net
	nestbox netns up --help | grep -q "netns up"
'

test_ok 'the chain goes on behind it' '
	nestbox netns new -- nestbox unshare -u --hostname x -- sh -euc "
		[ \$(cat /proc/sys/kernel/hostname) = x ]; busybox ping -c 1 -W 3 127.0.0.1"
'

test_ok 'the caller'\''s fds are passed on, and none of our own' '
	want=$(ls -l /proc/self/fd | grep -c -e "->")
	[ "$(nestbox netns new -- ls -l /proc/self/fd | grep -c -e "->")" = "$want" ]
'

test_fails 1 'nestbox: netns: network namespace: Operation not permitted' 'an ordinary user may not' 'as_user nestbox netns new true'
test_ok '... and hears what to do' '
	not as_user nestbox netns new true 2>"$TMP/said"
	grep -q "^nestbox: hint: .*CAP_SYS_ADMIN" "$TMP/said"
'
test_fails 1 'nestbox: netns: .*Operation not permitted' 'nor set lo up in a namespace of root'\''s' 'nestbox unshare -n -- nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- nestbox netns up'

if test_need userns 'an ordinary user in a user namespace'; then
	! nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- "$NB" unshare -U true 2>/dev/null ||
	test_ok 'in a user namespace of their own an ordinary user may' '
		as_user nestbox unshare -r -- nestbox netns new -- busybox ip addr show dev lo | grep "inet 127.0.0.1/8"
		as_user nestbox unshare -r -n -- sh -euc "nestbox netns up; . \"\$TMP/.env\"; lo_up"
	'
fi

done_testing
