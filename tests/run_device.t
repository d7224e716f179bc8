#!/bin/sh
# run: devices of the host's.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"
P=nb-run-device-$$
export P

cat >>"$TMP/.env" <<'END'
run() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
grouped() { $AS_ROOT nestbox run --cgroup-parent "$P" "$@"; }
END

test_ok 'a device in the fresh /dev, and by another name' '
	run --device /dev/zero:/dev/sub/mine "$R" sh -euc "test -c /dev/sub/mine; head -c 4 /dev/sub/mine | wc -c" | grep -qx 4
	# the control
	run "$R" test ! -e /dev/sub/mine
'
test_ok 'a device elsewhere, and nothing is left of its place (A11)' '
	"$TESTS/../scripts/rootfs" --bare "$TMP/bare"
	ls -lnR "$TMP/bare" >"$TMP/before"
	run --device /dev/zero:/deep/mine "$TMP/bare" test -c /deep/mine
	ls -lnR "$TMP/bare" | cmp - "$TMP/before"
'
test_ok 'one that is there already' 'run --device /dev/null "$R" sh -c ": >/dev/null"'
test_ok 'nothing that a container does to owner and mode reaches the host' '
	[ ! "$AS_ROOT" ] || exit 0
	# not one of the machine: without the guard it would be changed
	mknod -m 666 "$TMP/zero" c 1 5
	run --device "$TMP/zero:/dev/mine" "$R" sh -euc "chmod 640 /dev/mine; chown 7 /dev/mine; stat -c \"%a %u\" /dev/mine" | grep -qx "640 7"
	[ "$(stat -c "%a %u" "$TMP/zero")" = "666 0" ]
'
test_ok 'a chain does it, too' '
	pv --device /dev/zero:/etc/mine "$R" test -c /etc/mine
	box --device /dev/zero:/dev/mine "$R" -- test -c /dev/mine
	rm -f "$R/etc/mine"
'
device=
for d in /dev/net/tun /dev/fuse /dev/loop-control; do [ ! -c $d ] || device=$d; done
if test_need root 'rules' && test_need groups 'rules' && [ "$device" ]; then
	export device
	test_ok 'what is not named does not open, what is named does' '
		numbers="$((0x$(stat -c %t $device))) $((0x$(stat -c %T $device)))"
		not grouped "$R" sh -c "mknod /dev/x c $numbers && : </dev/x" 2>"$TMP/said"
		grep -q "not permitted" "$TMP/said"
		grouped --device $device "$R" sh -c ": <$device"
		grouped --device $device:/dev/x "$R" sh -c ": </dev/x"
	'
	test_ok 'r alone: it is not written to' '
		grouped --device $device:/dev/x:r "$R" sh -euc ": </dev/x; ! (: >/dev/x) 2>/dev/null"
		grouped --device $device:r "$R" sh -euc ": <$device; ! (: >$device) 2>/dev/null"
		grouped --device $device:/dev/x:rw "$R" sh -euc ": >/dev/x"
	'
	test_ok 'a directory stands for all devices in it and below' '
		mkdir -p "$TMP/dev/sub"
		mknod "$TMP/dev/one" c 1 5; mknod "$TMP/dev/sub/two" c 1 7; ln -s one "$TMP/dev/link"; echo >"$TMP/dev/file"
		[ "$(grouped --device "$TMP/dev:/dev/all" "$R" sh -c "cd /dev/all; find . | sort; test -c one && test -c sub/two" | tr "\n" " ")" = ". ./one ./sub ./sub/two " ]
	'
	test_ok 'with --privileged all is there' 'grouped --privileged --device $device "$R" sh -c ": <$device"'
fi

bad() { test_fails 125 "nestbox: run: .*$1" "$2" "run --device $3 \"\$R\" true"; }
bad '/etc/passwd: is no device, nor a directory of devices' 'a file' /etc/passwd
bad '/dev/not-there: .*No such file' 'a device that is missing' /dev/not-there
bad 'of r, w and m, not "rx"' 'an unknown right' /dev/null:/dev/x:rx
bad 'of r, w and m, not "rr"' 'a right twice' /dev/null:/dev/x:rr
bad 'a device is HOST' 'no place' /dev/null::r
bad 'no absolute path' 'a relative place' /dev/null:x
bad 'mounted by the container start' 'a place in /proc' /dev/null:/proc/x
bad '/dev/null:r: there can be no device rules' 'fewer rights, and nobody who says so' /dev/null:r
done_testing
