#!/bin/sh
# pivot --prepare: mount points that are made for a while.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"

cat >>"$TMP/.env" <<'END'
bare() { rm -rf "$TMP/bare"; "$TESTS/../scripts/rootfs" --bare "$TMP/bare"; B=$TMP/bare; sleep 0.01; : >"$TMP/ref"; sleep 0.01; }
as_it_was() { [ -z "$(find "$B" -newer "$TMP/ref")" ] && [ ! -e "$B/proc" ] && [ ! -e "$B/dev" ] && [ ! -e "$B/sys" ]; }
END

test_ok '--prepare makes the mount points and nothing else' '
	bare
	nestbox pivot --prepare --api -v "$TMP/host-mark:/etc/new/file" -v "$TMP:/srv/dir" "$B"
	[ -d "$B/proc" ]; [ -d "$B/dev" ]; [ -d "$B/sys" ]; [ -f "$B/etc/new/file" ]; [ -d "$B/srv/dir" ]
	[ ! -e "$B/dev/pts" ]
	[ "$(stat -c %a "$B/proc")" = 755 ]
	# without --rm they are to stay
	nestbox gc
	[ -d "$B/proc" ]
'

for NESTBOX_REEXEC in 0 1; do
export NESTBOX_REEXEC
test_ok "with --rm they are gone after the command, and the times are as before (NESTBOX_REEXEC=$NESTBOX_REEXEC)" '
	bare
	nestbox pivot --prepare --rm --api -v "$MARK:/etc/new/file" -v "$TMP:/srv/dir" "$B" -- test -d "$B/proc"
	soon as_it_was
	[ ! -e "$B/srv" ]; [ ! -e "$B/etc/new" ]
	nestbox pivot --prepare --rm --api "$B" -- $AS_ROOT nestbox unshare -m -p -f -- nestbox pivot --api "$B" -- test -d /proc/1
	soon as_it_was
'
done
unset NESTBOX_REEXEC

test_ok 'what has been put into a mount point stays' '
	bare
	nestbox pivot --prepare --rm --api -v "$MARK:/etc/file" -v "$TMP:/srv" "$B" -- sh -c "echo mine >\"$B/etc/file\"; : >\"$B/srv/mine\""
	soon test ! -e "$B/proc"
	[ "$(cat "$B/etc/file")" = mine ]; [ -e "$B/srv/mine" ]
'

test_ok 'of two users of one root the last takes them away' '
	bare
	mkfifo "$TMP/one" "$TMP/two"
	exec 8<>"$TMP/one" 9<>"$TMP/two"
	nestbox pivot --prepare --rm --api "$B" -- sh -c "read _ <&8" &
	soon test -d "$B/sys"
	nestbox pivot --prepare --rm --api "$B" -- $AS_ROOT nestbox unshare -m -p -f -- nestbox pivot --api "$B" -- sh -euc "read _ <&9; test -d /proc/1" & two=$!
	sleep 0.3
	echo >&8; wait %1 2>/dev/null || wait "$!" 2>/dev/null || :
	sleep 0.3
	[ -d "$B/proc" ]
	echo >&9
	wait $two
	soon as_it_was
'

test_ok 'SIGKILL of everybody leaves them to gc' '
	bare
	nestbox pivot --prepare --rm --api "$B" -- sleep 999 & pid=$!
	soon test -d "$B/sys"
	# the watcher: no child of anybody here, but the same program in a session of its own
	watcher=
	for p in /proc/[0-9]*; do
		[ "$(readlink "$p/exe" 2>/dev/null)" != "$NB" ] || [ "${p#/proc/}" = $pid ] ||
			! ls -l "$p/fd" 2>/dev/null | grep -q "$STATE/points/" || watcher=${p#/proc/}
	done
	[ "$watcher" ]
	kill -9 "$watcher"; kill -9 "$pid"
	sleep 0.3
	[ -d "$B/proc" ]
	nestbox gc
	as_it_was
'

test_ok 'a failed --prepare takes away what it made' '
	bare
	ln -s /nowhere "$B/srv"; : >"$TMP/ref"; sleep 0.01
	rc=0; nestbox pivot --prepare --api -v "$TMP:/srv/x" "$B" 2>/dev/null || rc=$?
	[ "$rc" = 125 ]
	as_it_was
'

test_fails 125 'nestbox: pivot: --rm: ' '--rm without --prepare' 'pv --rm "$R" true'
test_fails 125 'nestbox: pivot: --rm: .*pid 1' '--rm where the watcher would be pid 1' 'bare; $AS_ROOT nestbox unshare -p -- nestbox pivot --prepare --rm --api "$B" -- true'
test_fails 125 'nestbox: pivot: watcher: .*pid' '--rm as pid 1' 'bare; $AS_ROOT nestbox unshare -p -f -- nestbox pivot --prepare --rm --api "$B" -- true'
test_ok '... and nothing is left of these' 'B=$TMP/bare; as_it_was'

test_ok 'a second run of one root keeps its mounts when the first has ended' '
	bare
	mkfifo "$TMP/run1" "$TMP/run2"
	exec 8<>"$TMP/run1" 9<>"$TMP/run2"
	$AS_ROOT nestbox run --rm --preserve-fds 6 "$B" sh -c "read _ <&8" & one=$!
	soon test -d "$B/sys"
	$AS_ROOT nestbox run --rm --preserve-fds 7 "$B" sh -euc "echo up >/tmp/up; read _ <&9; test -d /proc/1; test -c /dev/null; test -d /sys/class" & two=$!
	soon test -s "$B/tmp/up"
	echo >&8; wait $one
	[ -d "$B/proc" ]
	echo >&9; wait $two
	rm "$B/tmp/up"
	soon test ! -e "$B/proc"
'

done_testing
