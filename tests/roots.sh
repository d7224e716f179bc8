# shellcheck shell=sh
# roots.sh: roots of a test's own to change, to be sourced after lib.sh.
need namespaces cmd:busybox

cat >>"$TMP/.env" <<'END'
status() { rc=0; "$@" >/dev/null 2>"$TMP/said" || rc=$?; echo "$rc"; }
soon() { for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do ! "$@" || return 0; sleep 0.1; done; return 1; }

# run the script $1 in namespaces of its own, with a fresh tmpfs full of programs at $TMP/new
in_tmpfs()
{
	mkdir -p "$TMP/new"
	$AS_ROOT nestbox unshare -m -p --mount-proc --kill-child -- sh -euc '
		. "$TMP/.env"
		mount -t tmpfs -o size=64m,mode=755 new "$TMP/new"
		cp -a "$TMP/root/." "$TMP/new"
		cp "$NB" "$TMP/new/bin/nestbox"
		mkdir "$TMP/new/old" "$TMP/new/next"
		'"$1"
}

# run the script $1 in a tmpfs as root, as in an initramfs, with another tmpfs at /next;
# /proc comes along, as a user namespace has no new one where none is to be seen
in_ram() { printf 'set -eu; PATH=/bin; %s\n%s\n' "$next" "$1" >"$TMP/script"; in_tmpfs 'cp "$TMP/script" "$TMP/new/script"
	exec nestbox pivot -v /proc:/proc "$TMP/new" -- /bin/sh /script'; }
next='mount -t tmpfs -o size=32m,mode=755 next /next; cp -a /bin /etc /next; mkdir /next/proc /next/dev /next/sys /next/run; : >/next/mark; : >/oldfile'
END
. "$TMP/.env"
"$TESTS/../scripts/rootfs" "$TMP/root"
