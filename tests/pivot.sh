# shellcheck shell=sh
# pivot.sh: what the tests of pivot share, to be sourced after lib.sh.
need namespaces cmd:busybox

cat >>"$TMP/.env" <<'END'
R=$TMP/root
MARK=$TMP/host-mark

# set -e passes over "!"
not() { if "$@"; then return 1; fi; }
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
soon() { for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do ! "$@" || return 0; sleep 0.1; done; return 1; }

# pivot in a mount namespace of its own
pv() { $AS_ROOT nestbox unshare -m -- nestbox pivot "$@"; }
# ... with all that a container has
box() { $AS_ROOT nestbox unshare -m -u -i -n -p -C --kill-child -- nestbox pivot --api "$@"; }
# a root file system of one test's own
fresh() { rm -rf "${TMP:?}/$1"; cp -a "$TMP/root" "$TMP/$1"; }

# "ATTRIBUTES TYPE OPTIONS" of the mount at $1 in the mountinfo $2; kernels differ about inode64
mount_of() { sed -n "s|^[0-9]* [0-9]* [^ ]* [^ ]* $1 \([^ ]*\) .*- \([^ ]*\) [^ ]* \(.*\)|\1 \2 \3|p" "$2" | sed 's/,inode64//'; }
mount_is() { got=$(mount_of "$1" "$TMP/mountinfo"); echo "$1: $got"; [ "$got" = "$2" ]; }
points() { awk '{ print $5 }' "$1"; }
END
. "$TMP/.env"
"$TESTS/../scripts/rootfs" "$R"
# a file that the host has and no root file system
: >"$MARK"
