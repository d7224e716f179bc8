#!/bin/sh
# What is mounted in a root: --mount as docker has it, and what volumes are kept from.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"

cat >>"$TMP/.env" <<'END'
run() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
refused() { not "$@" 2>"$TMP/said" && grep -q "$why" "$TMP/said"; }
# a directory with a tmpfs in it, in a mount namespace of its own
nested() { $AS_ROOT nestbox unshare -m -- sh -euc ". \"$TMP/.env\"; TMP=\"$TMP\"; R=\"$R\"; mount -t tmpfs sub \"$TMP/vol/sub\"; : >\"$TMP/vol/sub/seen\"; AS_ROOT=; $1"; }
END
mkdir -p "$TMP/vol/sub"
echo data >"$TMP/vol/file"

test_ok '--mount type=bind: a directory, a file' '
	[ "$(run --mount "type=bind,source=$TMP/vol,target=/data" "$R" cat /data/file)" = data ]
	[ "$(run --mount "type=bind,src=$TMP/vol/file,dst=/etc/one" "$R" cat /etc/one)" = data ]
	[ "$(cd "$TMP" && run --mount "type=bind,src=./vol,destination=/new/place" "$R" cat /new/place/file)" = data ]
	[ ! -e "$R/new" ]
'
test_ok 'readonly, and as docker writes it else' '
	for ro in readonly ro readonly=true ro=1; do
		run --mount "type=bind,src=$TMP/vol,dst=/data,$ro" "$R" sh -c "! touch /data/x 2>/dev/null"
	done
	run --mount "type=bind,src=$TMP/vol,dst=/data,readonly=false" "$R" touch /data/x
	rm "$TMP/vol/x"
'
test_ok 'a source with commas, quotes and colons' '
	mkdir "$TMP/a,b\"c:d"; echo odd >"$TMP/a,b\"c:d/f"
	[ "$(run --mount "type=bind,\"source=$TMP/a,b\"\"c:d\",target=/data" "$R" cat /data/f)" = odd ]
'
test_ok 'what is mounted below goes along, read-only too (C5)' '
	nested "
		run -v $TMP/vol:/data $R sh -c \"test -e /data/sub/seen && touch /data/sub/w\"
		run -v $TMP/vol:/data:ro $R sh -c \"test -e /data/sub/seen && ! touch /data/sub/x 2>/dev/null\"
		run --mount type=bind,src=$TMP/vol,dst=/data,ro $R sh -c \"test -e /data/sub/seen && ! touch /data/sub/x 2>/dev/null\"
		run --mount type=bind,src=$TMP/vol,dst=/data,ro,bind-recursive=readonly $R sh -c \"! touch /data/sub/x 2>/dev/null\""
'
test_ok 'bind-recursive=writable: but what is below it' '
	nested "run --mount type=bind,src=$TMP/vol,dst=/data,ro,bind-recursive=writable $R sh -c \"touch /data/sub/x && ! touch /data/x 2>/dev/null\""
'
test_ok 'bind-recursive=disabled: nothing of what is below it' '
	nested "run --mount type=bind,src=$TMP/vol,dst=/data,bind-recursive=disabled $R sh -c \"test -d /data/sub && test ! -e /data/sub/seen\""
'
test_ok 'bind-create-src makes the source, with its parents' '
	run --mount "type=bind,src=$TMP/made/up,dst=/data,bind-create-src" "$R" touch /data/x
	[ -e "$TMP/made/up/x" ]
	# the control
	why="made2: No such file" refused run --mount "type=bind,src=$TMP/made2,dst=/data" "$R" true
'
test_ok '--mount type=tmpfs: size, mode, read-only' '
	run --mount type=tmpfs,target=/t,tmpfs-size=64k,tmpfs-mode=0750 "$R" sh -euc "stat -c %a /t; grep \" /t \" /proc/self/mountinfo" >"$TMP/got"
	head -n 1 "$TMP/got" | grep -qx 750
	grep -q "rw,nosuid,nodev,noexec.*size=64k,mode=750" "$TMP/got"
	run --mount type=tmpfs,dst=/t "$R" stat -c %a /t | grep -qx 1777
	run --mount type=tmpfs,dst=/t,readonly "$R" sh -c "! touch /t/x 2>/dev/null"
'
test_ok 'on one place a volume covers a tmpfs, and the deeper place lies in the other' '
	[ "$(run --mount "type=bind,src=$TMP/vol/file,dst=/a/in" --mount type=tmpfs,dst=/a "$R" cat /a/in)" = data ]
'
test_ok 'nothing is left in the root file system (A11)' '
	"$TESTS/../scripts/rootfs" --bare "$TMP/bare"; sleep 0.01; : >"$TMP/ref"; sleep 0.01
	run --mount "type=bind,src=$TMP/vol,dst=/deep/er" --mount type=tmpfs,dst=/t/t -v "$TMP/vol/file:/f/f" "$TMP/bare" test -e /f/f
	[ -z "$(find "$TMP/bare" -newer "$TMP/ref")" ]
'
test_ok 'a slave gets what is mounted on the host later, a private one does not' '
	for kind in rslave rprivate; do
		want=1
		[ $kind = rprivate ] || want=0
		mkfifo "$TMP/$kind"
		$AS_ROOT nestbox unshare -m -- sh -euc "
			mount -t tmpfs v $TMP/vol; mount --make-shared $TMP/vol; mkdir $TMP/vol/late
			nestbox run --cgroups disabled --mount type=bind,src=$TMP/vol,dst=/data,bind-propagation=$kind $R sh -c \"touch /data/up; read _; test -e /data/late/seen\" <$TMP/$kind & pid=\$!
			exec 9>$TMP/$kind
			while [ ! -e $TMP/vol/up ]; do kill -0 \$pid; sleep 0.05; done
			mount -t tmpfs late $TMP/vol/late; : >$TMP/vol/late/seen
			echo >&9; rc=0; wait \$pid || rc=\$?
			[ \$rc = $want ]"
	done
'
test_ok 'a device in a volume does not open (C13)' '
	mkdir -p "$TMP/dev"
	why="can.t open" refused run -v /dev/null:/x/null "$R" sh -c ": </x/null"
	why="can.t open" refused run --mount type=bind,src=/dev,dst=/x "$R" sh -c ": </x/null"
	# the controls: it is there, and without --api it opens
	run -v /dev/null:/x/null "$R" test -c /x/null
	pv -v /dev/null:/x/null "$R" sh -c ": </x/null"
	rm -r "$R/x"
'
if test_need root 'with --privileged it does'; then
	test_ok 'with --privileged it does' 'nestbox run --cgroups disabled --privileged -v /dev/null:/x/null "$R" sh -c ": </x/null"'
fi
test_ok 'docker'"'"'s words for other machines are accepted' '
	run -v "$TMP/vol:/data:ro,cached,z,nocopy" --mount "type=bind,src=$TMP/vol,dst=/e,consistency=delegated" "$R" true
'

bad() { test_fails 125 "nestbox: run: .*$1" "$2" "run --mount $3 \"\$R\" true"; }
bad 'there are no mounts of type "volume" here' 'a named volume' 'type=volume,source=v,target=/d'
bad 'there are no mounts of type "volume" here' 'no type: docker would take a volume' 'source=/s,target=/d'
bad 'no mounts of type "image"' 'an image' 'type=image,source=busybox,target=/d'
bad 'unknown key "volume-opt"' 'an unknown key' 'type=bind,src=/,dst=/d,volume-opt=x'
bad 'tmpfs-size does not go with type=bind' 'a key of the other type' 'type=bind,src=/,dst=/d,tmpfs-size=1k'
bad 'bind-recursive=readonly wants readonly' 'recursive read-only without readonly' 'type=bind,src=/,dst=/d,bind-recursive=readonly'
bad 'in which quotes end' 'quotes that do not end' "'type=bind,\"src=/,dst=/d'"
bad 'mounted by the container start' 'a place of --api' 'type=tmpfs,dst=/proc/x'
test_fails 125 'hint: named volumes do not exist' '... with what to do' 'run --mount type=volume,target=/d "$R" true'
done_testing
