# shellcheck shell=sh
# cgroups.sh: groups of a test's own, to be sourced behind lib.sh and "need cgroup".
#
#   $G       where they lie: nbtest-PID, and whatever begins with it
#   $NAME    its last name
#   hier CTRL, nothing_left: in snippets too

# an ordinary user's are below a group that was delegated to them
G=${AS_ROOT:+${TEST_GROUP:+$TEST_GROUP/}}nbtest-$$
# and are everywhere but where the device rules of v1 are; hierarchies with names are not in "*"
ALL='*' OTHERS='name='
if [ "$AS_ROOT" ] && test_has v1:devices; then
	ALL=$(sed -n 's/^[0-9]*:\([^:=][^:=]*\):.*/\1/p' /proc/self/cgroup | grep -vx devices | tr '\n' ,)unified
	OTHERS='name=|:devices:'
fi
cat >>"$TMP/.env" <<EOF
G=$G
NAME=${G##*/}
ALL='$ALL'
OTHERS='$OTHERS'
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
# no group of ours is left, after a while
nothing_left()
{
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		[ -n "$(find /sys/fs/cgroup -depth -type d -name "$NAME*" 2>/dev/null)" ] || return 0
		sleep 0.1
	done
	find /sys/fs/cgroup -type d -name "$NAME*"
	return 1
}
EOF
at_end "find /sys/fs/cgroup -depth -type d -path '*/$G*' -exec rmdir {} + 2>/dev/null"
