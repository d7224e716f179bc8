#!/bin/sh
# idmap mount: other owners, by the kernel's word; and what it does not do silently.
. "${0%/*}/lib.sh"
need root userns

# mounts are nobody else's business; the files lie on a file system that can do it, which a guest's initramfs cannot
if [ -z "${TEST_OWN_MOUNTS:-}" ]; then
	trap - EXIT
	rm -rf "$TMP"
	NESTBOX_MUST=$test_musts TEST_OWN_MOUNTS=1 exec "$NB" unshare -m -- sh "$0" "$@"
fi

mkdir "$TMP/probe" "$TMP/probe/src" "$TMP/probe/dst"
can_idmap() { "$NB" unshare -m -- nestbox idmap mount -b 0:100000:10 "$TMP/probe/src" "$TMP/probe/dst" true 2>"$TMP/why"; }
can_idmap || { mount -t tmpfs probe "$TMP/probe" && mkdir "$TMP/probe/src" "$TMP/probe/dst"; }

cat >>"$TMP/.env" <<'END'
is() { [ "$1" = "$2" ] || { echo "got $1, not $2"; return 1; }; }
owner() { stat -c %u:%g "$1"; }
cd "$TMP/probe"
# a process of that user and group, without a capability
as() { nestbox setpriv --reuid "$1" --regid "$1" --clear-groups --exec -- "$@" 2>/dev/null; }
# in a mount namespace of its own
own() { nestbox unshare -m -- sh -euc ". \"$TMP/.env\"; $1"; }
no_mounts() { not grep -q "/dst" /proc/self/mountinfo; }
END

at_end 'umount "$TMP/probe" 2>/dev/null'

# --- what is refused, whatever the file system

test_fails 1 'idmap: gid map: is missing' 'a map of users alone is refused' 'nestbox idmap mount -u 0:100000:65536 src dst'
test_ok '... and the hint says what would do' '
	not nestbox idmap mount -u 0:100000:65536 src dst 2>"$TMP/said"
	grep -qx "nestbox: hint: -b maps both alike; -g all leaves the groups as they are" "$TMP/said"
	not nestbox idmap mount -g 0:100000:65536 src dst 2>"$TMP/said"
	grep -qx "nestbox: hint: -b maps both alike; -u all leaves the users as they are" "$TMP/said"
	no_mounts
'
test_fails 1 'no map is given' 'no map' 'nestbox idmap mount src dst'
test_fails 1 '--userns: has the maps already' 'two maps' 'nestbox idmap mount -b 0:0:1 --userns $$ src dst'
test_fails 1 '-o takes ro, rw, nosuid, nodev and noexec' 'an unknown option' 'nestbox idmap mount -b 0:0:1 -o sync src dst'
test_fails 1 'uid map: 0:0:10 and 5:100:1 overlap inside' 'an overlap' 'nestbox idmap mount -b 0:0:10 -b 5:100:1 src dst'
test_fails 1 'idmap: DST: missing operand' 'no place' 'nestbox idmap mount -b 0:0:1 src'
test_fails 1 'idmap: nosuch: copy the mount: No such file' 'no source' 'nestbox idmap mount -b 0:0:1 nosuch dst'
test_fails 1 'idmap: /proc: map its ids: Invalid argument' 'proc cannot be idmapped' 'nestbox idmap mount -b 0:100000:10 /proc dst'
test_ok '... which is said, and nothing is mounted' '
	not nestbox idmap mount -b 0:100000:10 /proc dst 2>"$TMP/said"
	grep -qx "nestbox: hint: /proc: proc cannot be idmapped" "$TMP/said"
	no_mounts
'
test_ok 'a user namespace that lacks a map is refused, and the map is named' '
	for map in uid gid; do
		for form in pid file; do
			case $map in uid) how="--map-group 0" ;; gid) how="--map-user 0" ;; esac
			nestbox unshare $how -- sleep 60 & pid=$!
			n=0; until [ "$(cat /proc/$pid/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
			word=$pid; [ $form = pid ] || word=/proc/$pid/ns/user
			not nestbox idmap mount --userns $word src dst 2>"$TMP/said"
			grep "^nestbox: idmap: $word: its user namespace has no $map map yet$" "$TMP/said"
			kill $pid
		done
	done
	no_mounts
'
test_ok 'a file goes on no directory, nor a directory on a file' '
	touch here
	not nestbox idmap mount -b 0:100000:10 here dst 2>"$TMP/said"
	grep -x "nestbox: idmap: dst: is a directory, and here is none" "$TMP/said"
	not nestbox idmap mount -b 0:100000:10 dst here 2>"$TMP/said"
	grep -x "nestbox: idmap: here: is no directory, and dst is one" "$TMP/said"
	no_mounts; not grep " $PWD/here " /proc/self/mountinfo
'
if ! can_idmap; then
	test_skip 'mounts with other owners' "$(tail -n 1 "$TMP/why")"
	done_testing
	exit
fi

# --- what is seen

test_fails 1 'Operation not permitted' 'it is for root' '
	chmod 755 "$TMP/probe"
	nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- nestbox unshare -r -m -- nestbox idmap mount --map-all src dst true
'

test_ok 'owners on disk are seen as those of the map, and the same on disk' '
	touch src/root; touch src/five; chown 5:6 src/five
	own "
		nestbox idmap mount -b 0:100000:65536 src dst
		grep -q \"/dst .*,idmapped\" /proc/self/mountinfo
		is \"\$(owner dst/root)\" 100000:100000
		is \"\$(owner dst/five)\" 100005:100006
		is \"\$(owner src/five)\" 5:6"
	no_mounts
'
test_ok 'what is made there belongs on disk to the one inside' '
	chmod 777 src
	own "
		nestbox idmap mount -b 0:100000:65536 src dst
		nestbox setpriv --reuid 100005 --regid 100007 --clear-groups --exec -- touch dst/made
		is \"\$(owner src/made)\" 5:7
		chown 100007:100008 dst/made
		is \"\$(owner src/made)\" 7:8
		# who is not in the map has no number there
		not touch dst/no 2>$TMP/said"
	grep -q "Value too large" "$TMP/said"
	not [ -e src/no ]
'
test_ok 'users and groups by maps of their own, and all the others are nobody' '
	touch src/six; chown 6:6 src/six
	own "
		nestbox idmap mount -u 5:1000:1 -g 6:2000:1 src dst
		is \"\$(owner dst/five)\" 1000:2000
		is \"\$(owner dst/six)\" \"\$(cat /proc/sys/fs/overflowuid):2000\"
		umount dst
		nestbox idmap mount -u 5:1000:1 -g all src dst
		is \"\$(owner dst/five)\" 1000:6"
'
test_ok 'a user namespace gives its maps, by a process and by a name' '
	nestbox idmap run -b 0:300000:10 -- sleep 60 & pid=$!
	n=0; until [ "$(cat /proc/$pid/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	own "
		nestbox idmap mount --userns $pid src dst
		is \"\$(owner dst/five)\" 300005:300006
		touch name; mount --bind /proc/$pid/ns/user name
		umount dst
		nestbox idmap mount --userns ./name src dst
		is \"\$(owner dst/five)\" 300005:300006"
	kill $pid
'
test_ok 'not as the first process of a pid namespace, which would end with it' '
	own "
		for how in \"idmap mount -b 0:100000:10 src dst\" \"pivot --idmap 0:100000:10 src\"; do
			not nestbox unshare -p -m -- nestbox \$how -- true 2>said
			grep \"id map: who makes its user namespace would become pid 1\" said
		done
		nestbox unshare -p -m -f -- nestbox idmap mount -b 0:100000:10 src dst -- sh -c \"true & wait\""
'
mkfifo "$TMP/pipe"
for file in "$TMP/pipe" /dev/null /proc/self/ns/mnt; do
	test_fails 1 'is no user namespace' "$file is no user namespace" "timeout 10 nestbox idmap mount --userns $file src dst"
done
for word in /proc/self/ns/user self; do
	test_fails 1 "$word: is the user namespace that this process is in" "one's own user namespace maps nothing: $word" "nestbox idmap mount --userns $word src dst"
done
test_fails 1 "/proc/[0-9]*/ns/user: open: Permission denied" 'a process that one has no rights over is named' '
	nestbox unshare -m -- nestbox idmap run -b 0:100000:10 -m -- nestbox idmap mount --userns $$ src dst
'
test_ok 'options, and a file' '
	own "
		nestbox idmap mount -b 0:100000:65536 -o ro,nosuid,nodev,noexec src dst
		grep -q \"/dst ro,nosuid,nodev,noexec,[^ ]*idmapped\" /proc/self/mountinfo
		not nestbox setpriv --reuid 100005 --clear-groups --exec -- touch dst/more 2>/dev/null
		touch file
		nestbox idmap mount -b 0:100000:65536 src/five file
		is \"\$(owner file)\" 100005:100006"
'
test_ok 'over itself, and the chain goes on' '
	for re in 0 1; do
		is "$(NESTBOX_REEXEC=$re nestbox unshare -m -- nestbox idmap mount -b 0:100000:65536 src src -- stat -c %u:%g src/five)" 100005:100006
		is "$(NESTBOX_REEXEC=$re nestbox unshare -m -- nestbox idmap mount -b 0:100000:65536 src src -- nestbox idmap run -b 0:100000:65536 -- stat -c %u:%g src/five)" 5:6
	done
	is "$(owner src/five)" 5:6
'
test_fails 1 'it is idmapped already|hint: either it is idmapped already' 'an idmapped mount is not mapped once more' '
	own "nestbox idmap mount -b 0:100000:65536 src src; nestbox idmap mount -b 0:100000:65536 src dst"
'
test_ok 'below another mount: only with -R, and then all or none' '
	mkdir -p src/sub src/deep dst/sub
	own "
		mount --bind src src
		mkdir -p $TMP/probe/other; touch $TMP/probe/other/file
		mount --bind other src/sub
		nestbox idmap mount -b 0:100000:65536 src dst
		not [ -e dst/sub/file ]
		umount dst
		nestbox idmap mount -R -b 0:100000:65536 src dst
		is \"\$(owner dst/sub/file)\" 100000:100000
		is \"\$(owner dst/five)\" 100005:100006
		umount -R dst 2>/dev/null || umount dst/sub dst
		mount -t proc proc src/deep
		not nestbox idmap mount -R -b 0:100000:65536 src dst 2>$TMP/said
		no_mounts"
	grep -q "idmap: src: map its ids: Invalid argument" "$TMP/said"
	grep -qx "nestbox: hint: .*/src/deep: proc cannot be idmapped" "$TMP/said"
'
test_ok 'an overlay says that its layers can, and they can' '
	mkdir -p lower upper work
	touch lower/file; chown 5:6 lower/file
	own "
		mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay dst 2>/dev/null || exit 0
		not nestbox idmap mount -b 0:100000:65536 dst src 2>$TMP/said
		grep -q \"overlay cannot be idmapped: do it to its layers\" $TMP/said
		umount dst
		nestbox idmap mount -b 0:100000:65536 lower lower
		mount -t overlay -o lowerdir=lower:src overlay dst
		is \"\$(owner dst/file)\" 100005:100006"
'
test_need static 'a container whose root is nobody outside, in one line' && test_ok 'a container whose root is nobody outside, in one line' '
	mkdir -p rootfs; cp "$NB" rootfs/nestbox; mkdir -p rootfs/proc rootfs/dev rootfs/sys
	nestbox unshare -m -- nestbox idmap mount -b 0:100000:65536 rootfs rootfs -- nestbox idmap run -b 0:100000:65536 -- \
		nestbox unshare -m -u -i -p -f -- nestbox pivot --api rootfs -- /nestbox setpriv -d >"$TMP/dump"
	grep -q "^uid: 0" "$TMP/dump"
'
test_ok 'nobody and nothing is left' '
	no_mounts
	nestbox unshare -m -- nestbox idmap mount -b 0:100000:65536 src dst -- sh -c "exec cat /proc/self/task/*/children" >"$TMP/children"
	not grep -q . "$TMP/children"
'
done_testing
