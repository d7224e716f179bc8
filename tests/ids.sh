# shellcheck shell=sh
# ids.sh: an /etc of one's own, to be sourced behind lib.sh and "need", and behind own_run.
# It begins with the whole test again, in a mount namespace that ends with it.
#
#   tester is user 1000, listed is group 77; nobody has subordinate ids
#   as_user, $u, $g, subids LINES, maps COMMAND, is A B: in snippets

# what asks it is for root
if [ "$AS_USER" ] && [ -z "${TEST_OWN_ETC:-}" ]; then
	trap - EXIT
	rm -rf "$TMP"
	# shellcheck disable=SC2154 # lib.sh's
	NESTBOX_MUST=$test_musts TEST_OWN_ETC=1 exec "$NB" unshare -m -- sh "$0" "$@"
fi
if [ "$AS_USER" ]; then
	mkdir "$TMP/etc"
	cp /etc/nsswitch.conf /etc/ld.so.* "$TMP/etc/" 2>/dev/null
	printf 'root:x:0:0::/root:/bin/sh\ntester:x:1000:1000::/:/bin/sh\n' >"$TMP/etc/passwd"
	printf 'root:x:0:\ntester:x:1000:\nlisted:x:77:\n' >"$TMP/etc/group"
	: >"$TMP/etc/subuid"
	: >"$TMP/etc/subgid"
	mount --bind "$TMP/etc" /etc
fi

cat >>"$TMP/.env" <<'END'
as_user() { $AS_USER "$@"; }
# their ids
u=1000 g=1000
[ "$AS_USER" ] || { u=$(id -u) g=$(id -g); }
# the same lines for users and groups
subids() { [ "$AS_ROOT" ] || subids_of_root "$1"; }
subids_of_root() { printf "%b" "$1" >/etc/subuid; printf "%b" "$1" >/etc/subgid; }
# "UIDS | GIDS | SETGROUPS" of what "$@" makes, a range as "INNER OUTER COUNT,"
maps()
{
	"$@" sh -euc 'for f in uid_map gid_map; do while read -r a b c; do printf "%s %s %s," $a $b $c; done </proc/self/$f; printf "|"; done; cat /proc/self/setgroups'
}
is() { [ "$1" = "$2" ] || { echo "got $1, not $2"; return 1; }; }
END
