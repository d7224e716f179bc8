#!/bin/sh
# What a container's root is made of: overlays over it, images, the host's own.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"
need cgroup2
grep -qw overlay /proc/filesystems || { echo '1..0 # SKIP needs overlayfs'; exit 0; }

cat >>"$TMP/.env" <<'END'
run() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
# nothing has changed below the root since `mark`
mark() { sleep 0.01; : >"$TMP/ref"; sleep 0.01; }
unchanged() { [ -z "$(find "$1" -newer "$TMP/ref")" ]; }
change='echo new >/etc/added; rm /etc/group; echo x >>/etc/passwd; mkdir -p /srv/deep'
changed='[ "$(cat /etc/added)" = new ]; [ ! -e /etc/group ]; grep -qx x /etc/passwd; [ -d /srv/deep ]'
END

for root in root bare; do
test_ok "--ephemeral: what is changed is seen inside and nowhere else ($root)" '
	rm -rf "$TMP/bare"; "$TESTS/../scripts/rootfs" --bare "$TMP/bare"
	fresh one; rm -rf "$TMP/one"; cp -a "$TMP/'$root'" "$TMP/one"
	mark
	run --ephemeral "$TMP/one" sh -euc "$change; $changed"
	unchanged "$TMP/one"
	# the control: without it there is a difference
	run "$TMP/one" sh -euc "$change"
	not unchanged "$TMP/one"
'
done

test_ok '--ephemeral: each start begins with the same' '
	run --ephemeral "$R" sh -euc "$change"
	run --ephemeral "$R" sh -euc "[ ! -e /etc/added ]; [ -e /etc/group ]"
'

test_ok '--overlay: what is changed is kept in the directory, for the next start' '
	mark
	run --overlay "$TMP/kept" "$R" sh -euc "$change"
	[ "$(stat -c %a "$TMP/kept")" = 700 ]
	[ "$(cat "$TMP/kept/upper/etc/added")" = new ]
	run --overlay "$TMP/kept" "$R" sh -euc "$changed"
	unchanged "$R"
'

test_ok 'the root has the owner and the mode of the one below it' '
	fresh own; chmod 751 "$TMP/own"
	[ "$(run --ephemeral "$TMP/own" stat -c "%a %u" /)" = "751 0" ]
	[ "$(run --overlay "$TMP/own.o" "$TMP/own" stat -c "%a %u" /)" = "751 0" ]
'

# container-start.md, A10
for name in 'a,upperdir=esc' 'a:b' 'a\b' 'a\,b\:c' ' a b ' "a'\"b" '-a'; do
test_ok "a root, and a directory of --overlay, that is called <$name>" '
	name='"'$(printf %s "$name" | sed "s/'/'\\\\''/g")'"'
	mkdir -p "$TMP/names" "$TMP/esc"; cd "$TMP/names"
	rm -rf "./$name" "./up$name"; cp -a "$R" "./$name"; : >"./$name/here"
	mark
	run --ephemeral "./$name" sh -euc "test -e /here; $change"
	run --overlay "./up$name" "./$name" sh -euc "test -e /here; $change"
	run --overlay "./up$name" "./$name" sh -euc "test -e /here; $changed"
	unchanged "./$name"
	[ -e "./up$name/upper/etc/added" ]
	[ ! "$(ls -A "$TMP/esc")" ]
	[ ! -e esc ]
'
done

test_ok 'no path of the host stands in the mount table' '
	run --ephemeral "$R" cat /proc/self/mountinfo >"$TMP/mounts"
	grep -q " / / .* - overlay overlay .*lowerdir=" "$TMP/mounts"
	not grep -q "$TMP" "$TMP/mounts"
	# the layers are mounted nowhere
	[ "$(grep -c " tmpfs " "$TMP/mounts")" = "$(run "$R" cat /proc/self/mountinfo | grep -c " tmpfs ")" ]
'

test_ok 'the mounts of the host are those of before' '
	cp /proc/self/mountinfo "$TMP/m1"
	run --ephemeral "$R" true
	run --overlay "$TMP/kept" "$R" true
	cmp /proc/self/mountinfo "$TMP/m1"
'

test_ok '--read-only makes the overlay itself read-only' '
	run --ephemeral --read-only "$R" sh -euc "! touch /x" 2>"$TMP/said"; grep -q "Read-only file system" "$TMP/said"
	run --ephemeral "$R" touch /x
'

test_ok 'volumes and missing mount points are had as without' '
	mkdir -p "$TMP/vol"; echo data >"$TMP/vol/f"
	mark
	run --ephemeral -v "$TMP/vol:/some/new/place" --tmpfs /other "$R" sh -euc "[ \"\$(cat /some/new/place/f)\" = data ]; : >/other/x; : >/some/new/place/g"
	[ -e "$TMP/vol/g" ]
	unchanged "$R"
'

test_ok 'a chain does it too, and nobody finds the old root below it' '
	mark
	pv --ephemeral "$R" sh -euc "$change; $changed; umount -l / 2>/dev/null || :; [ ! -e \"$MARK\" ]"
	unchanged "$R"
'

test_ok 'a shared "/" gets none of it' '
	$AS_ROOT nestbox unshare -m --propagation shared -- sh -euc "
		nestbox unshare -m --propagation unchanged -- nestbox pivot --ephemeral \"\$R\" sleep 1 & sleep 0.5
		grep -c overlay /proc/self/mountinfo >\"\$TMP/n\" || :
		wait" 
	[ "$(cat "$TMP/n")" = "$(grep -c overlay /proc/self/mountinfo)" ]
'

test_fails 125 'nestbox: run: pivot: --ephemeral: .*--overlay' 'either or' 'run --ephemeral --overlay "$TMP/x" "$R" true'
test_ok '... before anything is made' '[ ! -e "$TMP/x" ]'
test_fails 125 'nestbox: run: pivot: .*/open: the directory of --overlay must be yours' 'others may write to the directory' 'mkdir -m 777 "$TMP/open"; chmod 777 "$TMP/open"; run --overlay "$TMP/open" "$R" true'
test_fails 125 'nestbox: run: pivot: upper: open the overlay.s directory: ' 'a link in place of upper' '
	mkdir -m 700 "$TMP/linked" "$TMP/elsewhere"; ln -s ../elsewhere "$TMP/linked/upper"; run --overlay "$TMP/linked" "$R" true'
test_ok '... through which nothing has gone' '[ ! "$(ls -A "$TMP/elsewhere")" ]'
if test_need root 'the directory is another user'"'s"; then
	test_fails 125 'must be yours' 'the directory is another user'"'s" 'mkdir -m 700 "$TMP/theirs"; chown 1000 "$TMP/theirs"; run --overlay "$TMP/theirs" "$R" true'
fi
done_testing
