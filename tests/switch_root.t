#!/bin/sh
# pivot_root and switch_root: the old commands, for scripts that know them.
. "${0%/*}/lib.sh"
. "${0%/*}/roots.sh"

# --- pivot_root

peers='nestbox'
for p in pivot_root switch_root; do
	"$p" --version 2>/dev/null | grep -q util-linux || { peers=; break; }
done
has_peer=$peers

# nothing can leave the first mount of all by pivot_root(2)
if test_has initramfs; then
	on_initramfs=yes
	test_fails 1 'hint: .*initramfs.* nestbox pivot' 'in an initramfs pivot_root says what can do it' 'in_tmpfs "cd \"\$TMP/new\"; nestbox pivot_root . old"'
	test_ok '... and that does it' 'in_tmpfs "nestbox pivot \"\$TMP/new\" /bin/test -e /old"'
else
	on_initramfs=
fi

[ "$on_initramfs" ] || test_ok 'pivot_root puts the new root in place and the old one below it' '
	in_tmpfs "
		cd \"\$TMP/new\"
		nestbox pivot_root . old
		/bin/test -x /bin/busybox
		/bin/test -e /old\$TMP/root
		/bin/busybox mount -t proc proc /proc
		/bin/busybox umount -l /old
		/bin/busybox awk \"{ print \\\$5 }\" /proc/self/mountinfo" >"$TMP/got"
	[ "$(sort -u "$TMP/got" | tr "\n" " ")" = "/ /proc " ]
'

cat >"$TMP/cases" <<'END'
/not/there /not/there/old
"$TMP/new" /not/there
"$TMP/new" /tmp
"$TMP/root" "$TMP/root/tmp"
/ /
"$TMP/new" "$TMP/new/bin/busybox"
"$TMP/new/bin" "$TMP/new/bin"
END

[ -z "$has_peer" ] || test_ok 'pivot_root'\''s exit statuses and the errors behind them are util-linux'\''s' '
	while read -r words; do
		for whose in "" nestbox; do
			in_tmpfs "status \$whose pivot_root $words; cat \$TMP/said" >"$TMP/got.$whose" 2>&1 || :
		done
		theirs=$(sed -n 1p "$TMP/got.") ours=$(sed -n 1p "$TMP/got.nestbox")
		echo "$words: $theirs $ours"
		[ "$theirs" = "$ours" ]
	done <"$TMP/cases"
	export whose
	for words in "" one "one two three" --bogus --help --version; do
		[ "$(status pivot_root $words)" = "$(status nestbox pivot_root $words)" ]
	done
'

[ "$on_initramfs" ] || test_ok 'pivot_root says of each failure what to do' '
	while read -r words; do
		in_tmpfs "
			[ \$(status nestbox pivot_root $words) = 1 ]
			cat \$TMP/said
			grep -q \"^nestbox: pivot_root: \" \$TMP/said" || exit 1
	done <"$TMP/cases"
	in_tmpfs "[ \$(status nestbox pivot_root \$TMP/new /tmp) = 1 ]; grep -q \"[Rr]esource busy\" \$TMP/said; grep -q \"^nestbox: hint: /tmp .*has to be below the new one\" \$TMP/said"
	in_tmpfs "[ \$(status nestbox pivot_root \$TMP/new/bin \$TMP/new/bin) = 1 ]; grep -q \"Invalid argument\" \$TMP/said; grep -q \"^nestbox: hint: .*no mount point\" \$TMP/said"
	in_tmpfs "mount --make-rshared /; [ \$(status nestbox pivot_root \$TMP/new \$TMP/new/old) = 1 ]; grep -q \"^nestbox: hint: .*shared\" \$TMP/said"
'
test_fails 1 'pivot_root: .*wants NEW_ROOT and PUT_OLD' 'pivot_root wants two words' 'nestbox pivot_root one'
test_fails 1 'hint: .*CAP_SYS_ADMIN' 'pivot_root without privilege' \
	'$AS_USER nestbox pivot_root / /'

# --- switch_root

test_ok 'switch_root makes the mount the root and runs init there, with its arguments' '
	in_ram "exec nestbox switch_root /next /bin/sh -c \"echo /*; echo \\\$0 \\\$1 \\\$\\\$; pwd\" zero one" >"$TMP/got"
	[ "$(sed -n 1p "$TMP/got")" = "/bin /dev /etc /mark /proc /run /sys" ]
	[ "$(sed -n 2p "$TMP/got")" = "zero one 1" ]
	[ "$(sed -n 3p "$TMP/got")" = "/" ]
'

test_ok '/proc and the others move along, and nothing is left of the old root' '
	in_ram "
		mount -t tmpfs dev /dev; mount -t tmpfs run /run; : >/run/state
		exec nestbox switch_root /next /bin/sh -euc \"test -e /run/state; cat /proc/self/mountinfo\"" >"$TMP/mountinfo"
	[ "$(awk "{ print \$5 }" "$TMP/mountinfo" | sort | tr "\n" " ")" = "/ /dev /proc /run " ] ||
		{ cat "$TMP/mountinfo"; grep -c " / .* - tmpfs " "$TMP/mountinfo"; exit 1; }
'

test_ok 'what the new root has mounted itself stays its own' '
	in_ram "
		mount -t tmpfs old /run; : >/run/old
		mount -t tmpfs new /next/run; : >/next/run/new
		exec nestbox switch_root /next /bin/sh -c \"echo /run/*\"" | grep -qx /run/new
'

test_ok 'the files of the old root are removed, as it is a tmpfs' '
	in_ram "
		exec 9</oldfile
		exec nestbox switch_root /next /bin/sh -euc \"
			for i in 1 2 3 4 5 6 7 8 9; do
				[ \\\$(stat -L -c %h /proc/self/fd/9) != 0 ] || exit 0
				sleep 0.2
			done
			exit 5\"
	"
'

test_ok '... and not where the new root is a part of it' '
	in_ram "
		umount /next; cp -a /bin /next; mkdir /next/proc; : >/next/mark
		mount --bind /next /next
		exec 9</oldfile
		exec nestbox switch_root /next /bin/sh -euc \"sleep 0.5; test -e /mark; test -x /bin/busybox; [ \\\$(stat -L -c %h /proc/self/fd/9) = 1 ]\""
'

test_ok '... and not where the old root is no tmpfs' '
	cp -a "$TMP/root" "$TMP/disk"; cp "$NB" "$TMP/disk/bin/nestbox"; mkdir "$TMP/disk/next"; : >"$TMP/disk/precious"
	case $(stat -f -c %T "$TMP") in tmpfs | ramfs) exit 0 ;; esac
	$AS_ROOT nestbox unshare -m -p --kill-child --mount-proc -- nestbox pivot -v /proc:/proc "$TMP/disk" -- /bin/sh -euc "PATH=/bin; $next; exec nestbox switch_root /next /bin/sleep 0.5"
	[ -e "$TMP/disk/precious" ]; [ -x "$TMP/disk/bin/busybox" ]
'

test_ok 'mounts inside the old root are not emptied' '
	mkdir "$TMP/data"; : >"$TMP/data/precious"
	mkdir -p "$TMP/new"
	cat >"$TMP/data-script" <<-END
		set -eu; PATH=/bin; $next
		exec nestbox switch_root /next /bin/sleep 0.5
	END
	in_tmpfs "
		cp \$TMP/data-script \$TMP/new/script
		mkdir \$TMP/new/data; mount --bind \$TMP/data \$TMP/new/data
		exec nestbox pivot -v /proc:/proc \$TMP/new -- /bin/sh /script"
	[ -e "$TMP/data/precious" ]
'

test_fails 127 'switch_root: /no/init: cannot execute: No such file' 'an init that is missing is 127' 'in_ram "exec nestbox switch_root /next /no/init"'
test_fails 126 'switch_root: /etc: cannot execute' 'an init that cannot be executed is 126' 'in_ram "exec nestbox switch_root /next /etc"'
test_fails 1 'switch_root: /etc: is no mount point' 'a directory that is no mount' 'in_ram "exec nestbox switch_root /etc /bin/sh"'
test_ok '... and the hint, and the mounts are where they were' '
	in_ram "if nestbox switch_root /etc /bin/sh; then exit 9; fi; test -d /proc/1; test -e /oldfile" 2>"$TMP/said"
	grep -q "^nestbox: hint: .*bind" "$TMP/said"
'
test_fails 1 'switch_root: /: is the current root' 'the root itself' 'in_ram "exec nestbox switch_root / /bin/sh"'
test_fails 1 'switch_root: /not/there: .*No such file' 'a root that is missing' 'in_ram "exec nestbox switch_root /not/there /bin/sh"'
test_fails 1 'switch_root: /oldfile: .*Not a directory' 'a root that is a file' 'in_ram "exec nestbox switch_root /oldfile /bin/sh"'
test_fails 1 'switch_root: /proc: move to /: Operation not permitted' 'switch_root without privilege' '$AS_USER nestbox switch_root /proc /bin/sh'
test_fails 1 'hint: .*CAP_SYS_ADMIN' '... and the hint' '$AS_USER nestbox switch_root /proc /bin/sh'
test_fails 1 'switch_root: .*wants NEWROOT, INIT' 'no init named' 'in_ram "exec nestbox switch_root /next"'

[ -z "$has_peer" ] || test_ok 'exit statuses of switch_root are util-linux'\''s' '
	# its files are shown to it in a mount namespace of the host'\''s, where only / is a tmpfs of ours
	for words in "" one --bogus --help --version; do
		[ "$(status switch_root $words)" = "$(status nestbox switch_root $words)" ] || { echo "$words"; exit 1; }
	done
'

done_testing
