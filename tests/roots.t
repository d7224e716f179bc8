#!/bin/sh
# What a container's root is made of: overlays over it, images, the host's own.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"
need cgroup2
grep -qw overlay /proc/filesystems || { echo '1..0 # SKIP needs overlayfs'; exit 0; }

cat >>"$TMP/.env" <<'END'
run() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
# all that is below the directory, and whether that is what it was with `mark`; busybox has hundreds of names
shows() { (cd "$1" && find . -exec ls -ldn {} + && find . -type f -links 1 -exec md5sum {} + && md5sum bin/busybox); }
mark() { shows "$1" >"$TMP/ref"; }
unchanged() { shows "$1" | cmp -s - "$TMP/ref"; }
change='echo new >/etc/added; rm /etc/group; echo x >>/etc/passwd; mkdir -p /srv/deep'
changed='[ "$(cat /etc/added)" = new ]; [ ! -e /etc/group ]; grep -qx x /etc/passwd; [ -d /srv/deep ]'
END

for root in root bare; do
test_ok "--ephemeral: what is changed is seen inside and nowhere else ($root)" '
	rm -rf "$TMP/bare"; "$TESTS/../scripts/rootfs" --bare "$TMP/bare"
	fresh one; rm -rf "$TMP/one"; cp -a "$TMP/'$root'" "$TMP/one"
	mark "$TMP/one"
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
	mark "$R"
	run --overlay "$TMP/kept" "$R" sh -euc "$change"
	[ "$(stat -c %a "$TMP/kept")" = 700 ]
	[ "$(cat "$TMP/kept/upper/etc/added")" = new ]
	run --overlay "$TMP/kept" "$R" sh -euc "$changed"
	unchanged "$R"
'

cat >>"$TMP/.env" <<'END'
# a container with the overlay $1 that lives until something is written to it, by the command line after that
hold()
{
	kept=$1; shift
	rm -f "$TMP/up" "$TMP/go-on"; mkfifo "$TMP/go-on"
	"$@" sh -c "echo up; read _" <"$TMP/go-on" >"$TMP/up" & held=$!
	exec 9>"$TMP/go-on"
	while ! grep -q up "$TMP/up"; do kill -0 $held; sleep 0.05; done
}
let_go() { echo >&9; exec 9>&-; wait $held; }
# nobody else has the directory, in whatever way
taken()
{
	for as in "run" "pv" "box" "chain"; do
		rc=0; $as --overlay "$kept" "$R" true 2>"$TMP/said" || rc=$?
		[ $rc = 125 ]; grep -q "pivot: $kept: another container keeps its changes there: .*busy" "$TMP/said"
	done
	# the controls: another one, and none
	run --overlay "$TMP/other" "$R" true; run --ephemeral "$R" true
}
is_free() { for as in run pv box chain; do soon $as --overlay "$kept" "$R" true; done; }
chain() { eval "$AS_ROOT $($AS_ROOT nestbox run --cgroups disabled --dry-run "$@")"; }
END
for as in run pv chain; do
	test_ok "--overlay: no second container has the directory meanwhile ($as)" '
		hold "$TMP/held" '$as' --overlay "$TMP/held" "$R"
		taken
		let_go
		is_free
	'
done
test_ok '... nor by another name of it' '
	ln -sfn held "$TMP/linked-to"
	hold "$TMP/held" run --overlay "$TMP/held" "$R"
	not run --overlay "$TMP/linked-to" "$R" true 2>"$TMP/said"; grep -q "another container" "$TMP/said"
	let_go
'
test_ok '... of two that start at once one is refused' '
	for as in run chain; do
		rm -f "$TMP/go-on"; mkfifo "$TMP/go-on"
		for i in 1 2; do $as --overlay "$TMP/held" "$R" sh -c "read _" <"$TMP/go-on" 2>"$TMP/said.$i" & eval "p$i=$!"; done
		exec 9>"$TMP/go-on"
		soon grep -q "another container" "$TMP/said.1" "$TMP/said.2"
		exec 9>&-
		rc1=0; wait $p1 || rc1=$?; rc2=0; wait $p2 || rc2=$?
		# the end of the file is 1 to read
		[ "$rc1 $rc2" = "1 125" ] || [ "$rc1 $rc2" = "125 1" ]
	done
'
test_ok '... and it is free when the waiter is killed' '
	hold "$TMP/held" run --overlay "$TMP/held" "$R"
	# below the shell that runs the function
	read -r waiter <"/proc/$held/task/$held/children" || :
	kill -9 $waiter
	is_free
'
test_ok '... no process inside has anything of it open, nor a child that it did not make' '
	for as in run chain pv; do
		$as --overlay "$TMP/held" -v /proc:/p "$R" sh -c "read -r kids </p/thread-self/children || :; echo children: \$kids; ls -l /p/self/fd" >"$TMP/got"
		grep -qx "children: *" "$TMP/got"; not grep held "$TMP/got"
	done
'
test_ok '... in a line without a fork the command may be a nestbox again' '
	hold "$TMP/held" pv --overlay "$TMP/held" -v "$NB:/bin/nestbox" "$R" -- nestbox unshare -u --
	taken
	let_go
	export NESTBOX_REEXEC=1
	soon chain --overlay "$TMP/held" "$R" true
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
	mark "./$name"
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
	mark "$R"
	run --ephemeral -v "$TMP/vol:/some/new/place" --tmpfs /other "$R" sh -euc "[ \"\$(cat /some/new/place/f)\" = data ]; : >/other/x; : >/some/new/place/g"
	[ -e "$TMP/vol/g" ]
	unchanged "$R"
'

test_ok 'a chain does it too, and nobody finds the old root below it' '
	mark "$R"
	pv --ephemeral "$R" sh -euc "$change; $changed; umount -l / 2>/dev/null || :; [ ! -e \"$MARK\" ]"
	unchanged "$R"
'

test_ok 'a shared "/" gets none of it' '
	mkfifo "$TMP/go"
	$AS_ROOT nestbox unshare -m --propagation shared -- sh -euc "
		before=\$(cat /proc/self/mountinfo)
		nestbox unshare -m --propagation unchanged -- nestbox pivot --ephemeral \"$R\" sh -euc \"echo up; read _\" <\"$TMP/go\" >\"$TMP/up\" & one=\$!
		exec 9>\"$TMP/go\"
		while ! grep -q up \"$TMP/up\"; do kill -0 \$one; sleep 0.1; done
		[ \"\$(cat /proc/self/mountinfo)\" = \"\$before\" ]
		echo >&9
		wait \$one"
'

# --- images

make_image()
{
	case $1 in
	erofs) mkfs.erofs "$TMP/img.erofs" "$TMP/image" ;;
	squashfs) mksquashfs "$TMP/image" "$TMP/img.squashfs" -quiet -no-progress ;;
	ext4) truncate -s 32M "$TMP/img.ext4" && mkfs.ext4 -q -d "$TMP/image" "$TMP/img.ext4" ;;
	esac >"$TMP/made" 2>&1 || sed 's/^/# /' "$TMP/made"
}
cp -a "$R" "$TMP/image"
[ "$AS_ROOT" ] || mknod "$TMP/image/null" c 1 3
for kind in erofs:mkfs.erofs squashfs:mksquashfs ext4:mkfs.ext4; do
	tool=${kind#*:} kind=${kind%:*}
	sentence="an image of $kind is a root"
	test_need root "$sentence" && test_need "cmd:$tool" "$sentence" || continue
	make_image $kind
	test_ok "an image of $kind is a root, read-only" '
		run "$TMP/img.'$kind'" sh -euc "! touch /x; cat /proc/self/mountinfo; test -d /home/app" >"$TMP/mounts" 2>"$TMP/said"
		grep -q "Read-only file system" "$TMP/said"
		grep " / / ro,nodev" "$TMP/mounts" | grep -q -e " - '$kind' "
		not grep -q "$TMP" "$TMP/mounts"
		not run --tmpfs /not/there "$TMP/img.'$kind'" true 2>"$TMP/said"
		grep -q "/not/there: make the mount point: Read-only file system" "$TMP/said"
	'
	test_ok '... with an overlay, and is not changed' '
		md5sum "$TMP/img.'$kind'" >"$TMP/sum"
		run --ephemeral "$TMP/img.'$kind'" sh -euc "$change; $changed"
		run --overlay "$TMP/up.'$kind'" --tmpfs /not/there "$TMP/img.'$kind'" sh -euc "$change"
		run --overlay "$TMP/up.'$kind'" "$TMP/img.'$kind'" sh -euc "$changed"
		md5sum "$TMP/img.'$kind'" | cmp - "$TMP/sum"
	'
	test_ok '... as a chain' '
		pv "$TMP/img.'$kind'" test -d /home/app
		pv --ephemeral "$TMP/img.'$kind'" sh -euc "$change; $changed"
	'
	test_ok '... and no device in it opens' '
		not run "$TMP/img.'$kind'" sh -c ": </null" 2>/dev/null
		not run --ephemeral "$TMP/img.'$kind'" sh -c ": </null" 2>/dev/null
		# the control: it is there
		run "$TMP/img.'$kind'" test -c /null
	'
	test_ok '... and no loop device is left' '
		soon sh -c "not() { if \"\$@\"; then return 1; fi; }; not grep -qs \"$TMP\" /sys/block/loop*/loop/backing_file"
	'
done

test_ok 'with several at once each gets a loop device of its own' '
	[ -e "$TMP/img.squashfs" ] || exit 0
	for i in 1 2 3 4 5; do run "$TMP/img.squashfs" sh -c "sleep 0.3; exit 7" & pids="${pids-} $!"; done
	for p in $pids; do rc=0; wait "$p" || rc=$?; [ "$rc" = 7 ]; done
'

test_fails 125 'nestbox: run: pivot: .*/MARK: is neither a directory nor an image: erofs, squashfs and ext4 are known' 'a file that is no image' 'echo hsq >"$TMP/MARK"; run "$TMP/MARK" true'
test_fails 125 'nestbox: run: pivot: .*/fifo: is neither a directory nor an image file' 'a FIFO' 'mkfifo "$TMP/fifo"; run "$TMP/fifo" true'
if test_need userns-user 'an image for an ordinary user'; then
	test_fails 125 'hint: images are for root outside of user namespaces only' 'an image for an ordinary user' '
		cp "$TMP/img.squashfs" "$TMP/any" 2>/dev/null || { printf hsqs >"$TMP/any"; head -c 4096 /dev/zero >>"$TMP/any"; }
		chmod 644 "$TMP/any"
		$AS_USER nestbox unshare -r -m -- nestbox pivot "$TMP/any" true'
fi

# --- the host's own root

test_fails 125 'nestbox: run: /: the host.s own root' '"/" as it is' 'run / true'
test_fails 125 'nestbox: run: //\.: the host.s own root' '... by another name' 'run //. true'
test_fails 125 'nestbox: run: .*/slash: the host.s own root' '... by a link' 'ln -s / "$TMP/slash"; run "$TMP/slash" true'
test_fails 125 'nestbox: hint: with --read-only or --ephemeral' '... and what would do' 'run / true'
test_ok '"/" read-only, with all that is mounted there' '
	mkdir "$TMP/there"
	run --read-only / "$NB" pivot --help >"$TMP/help"; grep -q NEWROOT "$TMP/help"
	run --read-only / sh -c "touch \"$TMP/there/x\" /tmp/nb-x-$$; [ ! -e \"$TMP/there/x\" ] && [ ! -e /tmp/nb-x-$$ ]" 2>/dev/null
	[ "$(run --read-only / sh -c "echo \$\$")" = 1 ]
	# the control
	touch "$TMP/there/x"
'
if test_need root '"/" with an overlay'; then
	test_ok '"/" with an overlay' '
		run --ephemeral / sh -euc "echo new >/etc/nb-added-$$; cat /etc/nb-added-$$" | grep -qx new
		[ ! -e /etc/nb-added-$$ ]
	'
fi
test_ok 'what is mounted in a root is read-only with it' '
	mkdir -p "$R/sub"
	$AS_ROOT nestbox unshare -m -- sh -euc "
		mount -t tmpfs sub \"$R/sub\"
		nestbox unshare -m -- nestbox pivot \"$R\" touch /sub/x
		if nestbox unshare -m -- nestbox pivot --read-only \"$R\" touch /sub/y; then exit 1; fi
		test -e \"$R/sub/x\"; test ! -e \"$R/sub/y\""
	rmdir "$R/sub"
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
