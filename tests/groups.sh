# shellcheck shell=sh
# groups.sh: for tests that make control groups; to be sourced behind lib.sh.
# $G is a path for them, $NAME its last component.

# an ordinary user's are below a group that was delegated to them
G=${AS_ROOT:+${TEST_GROUP:+$TEST_GROUP/}}nbtest-$$
cat >>"$TMP/.env" <<EOF
G=$G
NAME=${G##*/}
EOF
# shellcheck disable=SC2016
cat >>"$TMP/.env" <<'EOF'
# the mount point of the hierarchy that has controller $1, "unified" for v2's
hier()
{
	while read -r _ _ _ _ hier_mount hier_rest; do
		case $1:$hier_rest in
		unified:*" - cgroup2 "*) ;;
		*" - cgroup2 "*) grep -qw "$1" "$hier_mount/cgroup.controllers" || continue ;;
		*" - cgroup "*) case ,${hier_rest##* }, in *,"$1",*) ;; *) continue ;; esac ;;
		*) continue ;;
		esac
		echo "$hier_mount"
		break
	done </proc/self/mountinfo
}
# is controller $1 version 2's here?
is_v2() { [ "$(hier "$1")" = "$(hier unified)" ]; }
# wait until the command succeeds, for as long as a slow machine may take
soon()
{
	soon=0
	while [ $soon -lt 1200 ]; do
		if "$@"; then return 0; fi
		sleep 0.05
		soon=$((soon + 1))
	done
	echo "not within a minute: $*"
	return 1
}
has_none() { [ -z "$(find /sys/fs/cgroup -depth -type d -name "$NAME*" 2>/dev/null)" ]; }
# no group of ours is left, after a while
nothing_left() { soon has_none; }
remove_all() { find /sys/fs/cgroup -depth -type d -path "*/$G*" -exec rmdir {} + 2>/dev/null || :; has_none; }
EOF
at_end "find /sys/fs/cgroup -depth -type d -path '*/$G*' -exec rmdir {} + 2>/dev/null"
