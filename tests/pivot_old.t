#!/bin/sh
# pivot: what becomes of the root that is left: kept, taken along in parts, its memory given back.
. "${0%/*}/lib.sh"
. "${0%/*}/roots.sh"

cat >>"$TMP/.env" <<'END'
not() { if "$@"; then return 1; fi; }
# what is mounted, from inside
points="cut -d ' ' -f 5 /proc/self/mountinfo | sort | tr '\\n' ' '"
# a failure that changed nothing: refused REGEX OPTIONS-AND-NEWROOT [SCRIPT before]
refused()
{
	in_ram "${3-}
		rc=0; nestbox pivot --here $2 /bin/true 2>/said || rc=\$?
		cat /said >&2; [ \$rc = 125 ]; grep -qE -e \"$1\" /said
		test -e /oldfile -a -d /proc/1 -a -e /next/mark"
}
END
. "$TMP/.env"

# --- --keep-old

test_ok '--keep-old: the old root is at that place of the new one, with all that is mounted in it' '
	in_ram "exec nestbox pivot --keep-old /old /next -- sh -euc \"test -e /mark -a -e /old/oldfile -a -d /old/proc/1; test ! -e /oldfile; : >/old/oldfile2\""
	in_ram "exec nestbox pivot --keep-old /a/b/c /next -- test -e /a/b/c/oldfile"
	in_ram "mkdir /next/there; exec nestbox pivot --keep-old=/there/../there/ /next -- test -e /there/oldfile"
	# and not without
	in_ram "mkdir /next/old; exec nestbox pivot /next -- test ! -e /old/oldfile"
'
test_ok '... also on a root that is no tmpfs, and of the host' '
	$AS_ROOT nestbox unshare -m -- nestbox pivot --keep-old /tmp/old "$TMP/root" -- test -x "/tmp/old$NB"
	rmdir "$TMP/root/tmp/old"
'
test_ok '... and is let go when the command says so' '
	in_ram "exec nestbox pivot --move proc --keep-old /old /next -- sh -euc \"umount -l /old; $points\"" | grep -qx "/ /proc "
'
test_ok 'a place that cannot be made is told before anything changes' '
	refused "/old: .*(Read-only|make)" "--keep-old /old /next" "mount -o remount,bind,ro /next"
	refused "/mark: .*Not a directory" "--keep-old /mark /next"
	refused "absolute path in the new one" "--keep-old old /next"
	refused "absolute path in the new one" "--keep-old /x/.. /next"
	refused "--keep-old: excludes --free" "--keep-old /old --free /next"
	in_ram "mkdir /next/old; mount -o remount,bind,ro /next; exec nestbox pivot --keep-old /old /next -- test -e /old/oldfile"
'
test_ok 'a link in the new root leads nowhere else' '
	refused "/out/old: .*make the mount point" "--keep-old /out/old /next" "mkdir /trap; ln -s /trap /next/out"
	in_ram "mkdir /trap /next/trap; ln -s /trap /next/out; exec nestbox pivot --keep-old /out/old /next -- test -e /trap/old/oldfile -a ! -e /trap/old/trap/old"
	in_ram "ln -s ../../.. /next/up; exec nestbox pivot --keep-old /up/old /next -- test -e /old/oldfile"
'

# --- --move

test_ok '--move: these mounts go along, with what lies in them, and the others go' '
	mounts="mount -t tmpfs dev /dev; mount -t tmpfs run /run; : >/run/state; mkdir /run/sub; mount -t tmpfs sub /run/sub; : >/run/sub/state"
	in_ram "mkdir -p /dev; $mounts; exec nestbox pivot --move dev,proc,run /next -- sh -euc \"test -e /run/state -a -e /run/sub/state; $points\"" | grep -qx "/ /dev /proc /run /run/sub "
	in_ram "mkdir -p /dev; $mounts; exec nestbox pivot --move proc /next -- sh -euc \"test ! -e /run/state; $points\"" | grep -qx "/ /proc "
	# none where nobody asks
	in_ram "mkdir -p /dev; $mounts; exec nestbox pivot /next -- test ! -e /proc/1 -a ! -e /run/state"
	in_ram "exec nestbox pivot --no-move /next -- test ! -e /proc/1"
'
test_ok '... into places that are made where they are missing, and not over a mount that is there' '
	in_ram "mkdir -p /x; mount -t tmpfs x /x; : >/x/state; exec nestbox pivot --move x /next -- test -e /x/state"
	in_ram "mkdir -p /run; mount -t tmpfs old /run; : >/run/old; mount -t tmpfs new /next/run; : >/next/run/new
		exec nestbox pivot --move run /next -- test -e /run/new -a ! -e /run/old"
'
test_ok '... and are not in what is kept of the old root' '
	in_ram "exec nestbox pivot --move proc --keep-old /old /next -- sh -euc \"$points\"" | grep -qx "/ /old /old/next /proc "
'
test_ok 'what cannot be moved is told before anything changes' '
	refused "/etc: is no mount point" "--move etc /next" "mkdir -p /etc"
	refused "/none: is no mount point" "--move proc,none /next"
	for list in "" a/b / . .. proc,,run ,; do
		refused "names of mounts on the root" "--move \"$list\" /next" || { echo "$list"; exit 1; }
	done
	refused "short names at most" "--move a,b,c,d,e,f,g,h,i /next"
	refused "excludes --no-move" "--move proc --no-move /next"
	refused "excludes --api" "--api --move proc /next"
	refused "/proc: .*[Ss]ymbolic|/proc: .*symbolic|Too many" "--move proc /next" "rmdir /next/proc; ln -s etc /next/proc"
'

# --- --free

held='exec 9</oldfile'
# the file that is open as 9 has lost its last name
gone='for i in 1 2 3 4 5 6 7 8 9; do [ $(stat -L -c %h /proc/self/fd/9) != 0 ] || exit 0; sleep 0.2; done; exit 5'
export held gone
test_ok '--free: the files of the old root go, and those that lie on it' '
	in_ram "$held; exec nestbox pivot --free --move proc /next -- sh -euc '\''$gone'\''"
	for how in move pivot; do in_ram "$held; exec nestbox pivot --method $how --free --move proc /next -- sh -euc '\''$gone'\''"; done
	# and stay where nobody says so
	in_ram "$held; exec nestbox pivot --move proc /next -- sh -euc \"sleep 0.5; [ \\\$(stat -L -c %h /proc/self/fd/9) = 1 ]\""
'
test_ok '... but nothing of what was mounted in it' '
	mkdir -p "$TMP/data" "$TMP/new"; : >"$TMP/data/precious"
	printf "%s\n" "set -eu; PATH=/bin; $next; $held; exec nestbox pivot --free --move proc /next -- sh -euc '\''$gone'\''" >"$TMP/data-script"
	in_tmpfs "cp \$TMP/data-script \$TMP/new/script; mkdir \$TMP/new/data; mount --bind \$TMP/data \$TMP/new/data
		exec nestbox pivot -v /proc:/proc \$TMP/new -- /bin/sh /script"
	[ -e "$TMP/data/precious" ]
'
test_ok '... nor where they are not to be had: told before anything changes' '
	refused "/: its files are the new root.s" "--free /next" "umount /next; cp -a /bin /next; : >/next/mark; mount --bind /next /next"
	refused "--free: excludes --volume and --overlay" "--free -v /oldfile:/x /next"
	refused "--free: excludes --volume and --overlay" "--free --overlay /upper /next" "mkdir /upper"
	in_ram "mkdir -p /x; : >/x/precious; mount --bind /x /x; exec nestbox pivot --free --move x /next" 2>"$TMP/said" && exit 1
	grep -q "^nestbox: pivot: /x: lies on the file system that --free is to empty" "$TMP/said"
	# pid 1 is another one, which stands on them
	in_ram "rc=0; nestbox unshare -m -- nestbox pivot --free /next -- true 2>/said || rc=\$?; cat /said; [ \$rc = 125 ]; test -e /oldfile; grep -q \"pid 1 stands on them\" /said"
	case $(stat -f -c %T /) in tmpfs | ramfs) exit 0 ;; esac
	rc=0; $AS_ROOT nestbox unshare -m -- nestbox pivot --free "$TMP/root" true 2>"$TMP/said" || rc=$?
	[ $rc = 125 ]; grep -q "^nestbox: pivot: /: is no initramfs" "$TMP/said"; grep -q "^nestbox: hint: --free is for" "$TMP/said"
'

# --- --method

test_ok '--method: the new root alone is left, by either way' '
	for how in auto pivot move; do
		in_ram "mkdir -p /run; mount -t tmpfs run /run; exec nestbox pivot --method $how --move proc /next -- sh -euc \"test -e /mark; cd /..; test ! -e oldfile; $points\"" >"$TMP/got"
		# in a user namespace none but its own mounts can be taken away below what covers them
		grep -qx "/ /proc " "$TMP/got" || { echo "$how"; cat "$TMP/got"; exit 1; }
	done
'
if test_need static '... and in it user namespaces and further roots can be made'; then
test_ok '... and in it user namespaces and further roots can be made' '
	for how in auto pivot move; do
		in_ram "mkdir -p /next/third; cp -a /bin /next/third; : >/next/third/mark
			exec nestbox pivot --method $how --move proc /next -- sh -euc \"nestbox unshare -r true; nestbox unshare -m -- nestbox pivot /third -- test -e /mark -a ! -e /third\""
	done
'
fi
if test_need static 'from a chroot, and in an initramfs, where there is one'; then
test_ok 'from a chroot, and in an initramfs, where there is one' '
	for how in auto pivot move; do
		in_ram "mkdir /jail; cp -a /bin /jail; mkdir -p /jail/proc /jail/next; mount --bind /proc /jail/proc; mount --rbind /next /jail/next
			exec chroot /jail nestbox pivot --method $how --move proc /next -- test -e /mark -a ! -e /oldfile"
		$AS_ROOT nestbox unshare -m -- nestbox pivot --method $how -v /proc:/proc "$TMP/root" -- test -d /home/app
	done
'
fi
test_fails 125 '^nestbox: pivot: no: --method takes auto, pivot, move' 'an unknown method' 'nestbox pivot --method no / true'

# --- --console, --ro

test_ok '--console: the three descriptors are that device, of the new root' '
	touch "$TMP/root/got"; chmod 666 "$TMP/root/got"
	$AS_ROOT nestbox unshare -m -p -f -- nestbox pivot --api --console /dev/zero "$TMP/root" -- sh -c "for n in 0 1 2; do readlink /proc/self/fd/\$n; done >/got; head -c 4 | wc -c >>/got"
	[ "$(tr "\n" " " <"$TMP/root/got")" = "/dev/zero /got /dev/zero 4 " ]
	$AS_ROOT nestbox unshare -m -p -f -- nestbox pivot --api --console /dev/zero "$TMP/root" -- sh -c "readlink /proc/\$\$/fd/1 >/got"
	[ "$(cat "$TMP/root/got")" = /dev/zero ] || [ "$(cat "$TMP/root/got")" = /got ]
	# where nobody says so they are the caller'\''s
	$AS_ROOT nestbox unshare -m -p -f -- nestbox pivot --api "$TMP/root" -- echo said | grep -qx said
'
test_fails 125 'pivot: /etc/passwd: is no device' 'a console that is a file' ': >"$TMP/root/etc/passwd"; $AS_ROOT nestbox unshare -m -- nestbox pivot --console /etc/passwd "$TMP/root" true'
test_fails 125 'pivot: /dev/none: .*No such file' 'a console that is missing' '$AS_ROOT nestbox unshare -m -- nestbox pivot --console /dev/none "$TMP/root" true'
test_ok '--ro is --read-only' '
	$AS_ROOT nestbox unshare -m -- nestbox pivot --ro "$TMP/root" -- sh -c "if echo 2>/dev/null >/x; then exit 9; fi"
	not nestbox pivot --prepare --keep-old /old "$TMP/root" 2>"$TMP/said"
	grep -q "^nestbox: pivot: --prepare: changes no root" "$TMP/said"
'

done_testing
