# shellcheck shell=sh
# net.sh: a host of the test's own, for tests of networks; to be sourced behind lib.sh.
#
#   own_host      every snippet runs as root in a network namespace with lo up, a
#                 mount and a pid namespace and a /run of its own: nothing
#                 outside is touched, and nothing outlives it
#
# In snippets:
#   serve PORT TEXT      answer connections with TEXT until killed: for "&", or in a container
#   ask ADDR PORT        what is answered there, once somebody does
#   refused ADDR PORT    nobody answers there
#   addr [-6]            the address of eth0, without its prefix length
#   wait_for FILE        until it is there, and has something to say
# $IPROUTE is set where ip is iproute2's. Files $TMP/*.up are gone when a snippet begins.

own_host()
{
	need namespaces cmd:busybox
	cat >"$TMP/host" <<-END
	#!/bin/sh
	rm -f "\$TMP"/*.up
	exec $AS_ROOT nestbox unshare -n -m -p -f --mount-proc --kill-child -- sh -c 'mount -t tmpfs run /run && nestbox netns up && "\$@"; rc=\$?; nestbox gc >/dev/null 2>&1; exit \$rc' sh "\$@"
	END
	chmod 755 "$TMP/host"
	# shellcheck disable=SC2034 # lib.sh's
	test_in=$TMP/host
	PATH=$TMP/bin:$PATH
	mkdir "$TMP/bin"
	# containers have these, too, whatever the machine has by these names
	for tool in nc ping; do ln -s "$(command -v busybox)" "$TMP/bin/$tool"; done
	# guests have only busybox's, which makes no veth
	# shellcheck disable=SC2034 # the tests'
	IPROUTE=$(ip -V 2>/dev/null) || ln -s "$(command -v busybox)" "$TMP/bin/ip"
	cat >>"$TMP/.env" <<-'END'
	serve() { while :; do nc -l -p "$1" -e echo "$2" </dev/null; done; }
	ask()
	{
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
			got=$(nc -w 2 "$1" "$2" </dev/null 2>/dev/null) && [ -n "$got" ] && echo "$got" && return
			sleep 0.1
		done
		return 1
	}
	refused() { not nc -w 1 "$1" "$2" </dev/null 2>/dev/null; }
	addr() { ip -o "${1:--4}" addr show dev eth0 scope global | sed -n 's/.* inet6\{0,1\} \([^/]*\).*/\1/p'; }
	# until the file has something to say
	wait_for() { for i in $(seq 100); do [ ! -s "$1" ] || return 0; sleep 0.05; done; return 1; }
	END
}
