# shellcheck shell=sh
# check.sh: what the tests of check share, to be sourced after lib.sh.
need namespaces cmd:busybox

cat >>"$TMP/.env" <<'EOT'
R=$TMP/root
# asked COMMAND...: its answers into $TMP/said, its status into $rc
asked() { rc=0; "$@" >"$TMP/said" || rc=$?; [ "$rc" -lt 2 ]; }
# The answer to GROUP ITEM, and what is said of it. The last asked is meant.
answer() { awk -v g="$1" -v i="$2" '$1 == g && $2 == i { print $3 }' "$TMP/said"; }
why() { awk -v g="$1" -v i="$2" '$1 == g && $2 == i { $1 = $2 = $3 = ""; print }' "$TMP/said"; }
# is ANSWER GROUP ITEM [REGEX]: so it is, and for that reason
is()
{
	[ "$(answer "$2" "$3")" = "$1" ] && why "$2" "$3" | grep -qE -e "${4-}" && return 0
	echo "$2 $3: $(answer "$2" "$3") $(why "$2" "$3"), and not $1 ${4-}"
	cat "$TMP/said"
	exit 1
}
# says GROUP ITEM COMMAND...: yes where the command succeeds, no where it does not
says()
{
	says_group=$1 says_item=$2
	shift 2
	if "$@" >/dev/null 2>&1; then is yes "$says_group" "$says_item"; else is no "$says_group" "$says_item"; fi
}
# a no without a knob helps nobody
all_have_knobs() { sed 1d "$TMP/said" | awk '$3 == "no"' | grep -v 'knob: .' && exit 1; :; }
# a root of one's own: root's, or in a user namespace
inside() { $AS_ROOT nestbox unshare -m -p --mount-proc --kill-child -- "$@"; }
EOT
. "$TMP/.env"
"$TESTS/../scripts/rootfs" "$R"
cp "$NB" "$R/bin/nestbox"
