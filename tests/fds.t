#!/bin/sh
# File descriptors and environment: the caller's go along as they are, none of
# nestbox's own does; run closes all but those that it was told to keep.
. "${0%/*}/lib.sh"
need namespaces

mkdir "$TMP/root"
: >"$TMP/uts"
echo nine >"$TMP/nine"
cat >>"$TMP/.env" <<'EOF'
# What is open in a program that "$@" runs: "N -> TARGET" lines, without the folder that ls reads them from.
fds_of()
{
	"$@" ls -l /proc/self/fd >"$TMP/fds" 7</etc 9<"$TMP/nine"
	sed -n 's/.* \([0-9]* -> .*\)/\1/p' "$TMP/fds" | grep -v ' /proc/[0-9]*/fd$'
}
env_of() { "$@" env | grep -v '^_='; }
same()
{
	printf '%s\n' "$1" >"$TMP/one"
	printf '%s\n' "$2" >"$TMP/other"
	diff "$TMP/one" "$TMP/other"
}
plain() { "$@"; }
one() { $AS_ROOT nestbox unshare -u -- "$@"; }
two() { $AS_ROOT nestbox unshare -u -- nestbox unshare -m -- "$@"; }
# with a fork, a change of ids, and so on: all that opens something
long()
{
	$AS_ROOT nestbox unshare -p -f --kill-child --forward-signals=all -- nestbox netns new -- \
		nestbox unshare -m -i --hostname fds --mount-proc -- nestbox setpriv --caps default --new-session -- "$@"
}
# the name, and what is named by it, stay in a mount namespace
names()
{
	$AS_ROOT nestbox unshare -m -n -- nestbox unshare --uts="$TMP/uts" --ipc -f -- nestbox nsenter --uts="$TMP/uts" --net=/proc/self/ns/net -- "$@"
}
users() { nestbox unshare -r -m -p -f -- nestbox unshare -u -- "$@"; }
EOF

test_ok 'the control: a program of ours would be seen to have 7 and 9' '
	fds_of plain | grep -qx "7 -> /etc"
	fds_of plain | grep -qx "9 -> $TMP/nine"
'
for mode in '' 'export NESTBOX_REEXEC=1;'; do
	name=${mode:+' (NESTBOX_REEXEC=1)'}
	for chain in one two long names users; do
		if [ $chain = users ] && ! test_need userns "$chain$name"; then continue; fi
		test_ok "the descriptors behind the chain \"$chain\" are the caller's$name" "
			want=\$(fds_of plain)
			$mode same \"\$want\" \"\$(fds_of $chain)\"
		"
		test_ok "so is the environment$name" "
			want=\$(env_of plain)
			$mode same \"\$want\" \"\$(env_of $chain)\"
		"
	done
	test_ok "standard descriptors that are closed stay closed$name" "
		$mode \$AS_ROOT nestbox unshare -u -- nestbox unshare -m -- ls -l /proc/self/fd >\"\$TMP/fds\" <&- 2>&-
		sed -n 's/.* \\([0-9]* -> .*\\)/\\1/p' \"\$TMP/fds\" | grep -v ' /proc/[0-9]*/fd\$' >\"\$TMP/open\"
		grep -qx \"1 -> \$TMP/fds\" \"\$TMP/open\"
		not grep -E '^[02] ->|nestbox\$' \"\$TMP/open\"
	"
done

test_ok 'NESTBOX_CHAIN from elsewhere does no harm, and does not reach the command' '
	export NESTBOX_CHAIN="7 9 0 0"
	fds_of two | grep -q "^1 -> "
	env_of two >"$TMP/env"
	not grep NESTBOX "$TMP/env"
	NESTBOX_CHAIN="99999999999999999999 -5 zz x" $AS_ROOT nestbox unshare -u -- true
'

# the watcher that cleans up must not keep anybody waiting
test_ok 'a watcher has none of the descriptors of the caller' '
	mkdir -p "$TMP/mount-root"
	nestbox pivot --prepare --rm --tmpfs /made "$TMP/mount-root" -- sh -c "
		test -d \"\$TMP/mount-root/made\"
		for p in /proc/[0-9]*; do
			tr \"\\0\" \" \" <\$p/cmdline 2>/dev/null | grep -q \"pivot.*\$TMP/mount-root\" || continue
			test \${p#/proc/} != \$\$ || continue
			ls -l \$p/fd
		done
	" >"$TMP/watcher" 7</etc 9<"$TMP/nine"
	grep -q "pidfd\|anon_inode" "$TMP/watcher"
	not grep -E "/etc|nine|/dev/null|$TMP/watcher" "$TMP/watcher"
'

if test_need cmd:busybox 'run'; then
	"$TESTS/../scripts/rootfs" "$TMP/root"
	numbers='sed -n "s/.* \([0-9]*\) -> .*/\1/p" "$TMP/fds" | tr "\n" " "'
	# the root's busybox ls cannot name what it reads them from
	test_ok 'run closes all but 0, 1 and 2' "
		fds_of \$AS_ROOT nestbox run \"\$TMP/root\"
		same '0 1 2 ' \"\$($numbers)\"
	"
	test_ok 'run --preserve-fds 5 keeps 7 as well, and not 9' "
		fds_of \$AS_ROOT nestbox run --preserve-fds 5 \"\$TMP/root\"
		same '0 1 2 7 ' \"\$($numbers)\"
	"
	test_ok 'run --preserve-fds 7 keeps both' "
		fds_of \$AS_ROOT nestbox run --preserve-fds 7 \"\$TMP/root\"
		same '0 1 2 7 9 ' \"\$($numbers)\"
	"
	test_ok 'run does not pass the environment on, setpriv --preserve-fds closes as run does' "
		export OUR_OWN=1 NESTBOX_REEXEC=1
		\$AS_ROOT nestbox run \"\$TMP/root\" env >\"\$TMP/env\"
		grep -q ^PATH= \"\$TMP/env\"
		not grep -E 'OUR_OWN|NESTBOX' \"\$TMP/env\"
		fds_of nestbox setpriv --preserve-fds 0 --
		# 3 is the one that ls reads from, which busybox's does not show
		same '0 1 2 ' \"\$($numbers | sed 's/3 \$//')\"
	"
fi
done_testing
