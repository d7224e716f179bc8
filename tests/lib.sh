# shellcheck shell=sh
# lib.sh: TAP from POSIX sh, to be sourced; runs under dash, bash and busybox ash.
#
#   . "${0%/*}/lib.sh"
#   own_run                                have a /run of one's own
#   need root cgroup                       skip the whole file without them
#   test_ok 'sentence' 'snippet'           the snippet succeeds
#   test_fails STATUS 'regex' 'sentence' 'snippet'
#                                          it exits with STATUS and says the regex on stderr
#   test_skip 'sentence' 'reason'          one test that cannot run here
#   at_end 'command'                       cleaning up, run at exit, last one first
#   done_testing
#
# $NB is the binary under test, also in PATH as nestbox; $TMP a private folder.
# $AS_ROOT COMMAND is, for an ordinary user, root in a user namespace of their
# own; $AS_USER COMMAND is, for root, an ordinary user. Else each is nothing.
# NESTBOX_MUST="root cgroup ..." makes a skip for that reason a failure.
# Snippets run in a subshell under set -eu with a time limit.

case $0 in
*/*) TESTS=$(cd "${0%/*}" && pwd) ;;
*) TESTS=$(pwd) ;;
esac
NB=${NB:-$TESTS/../build/nestbox}
NB_DIR=$(cd "${NB%/*}" && pwd) || { echo "Bail out! no binary at $NB"; exit 1; }
NB=$NB_DIR/${NB##*/}
TMP=$(mktemp -d "${TMPDIR:-/tmp}/nestbox-test.XXXXXX") || { echo 'Bail out! no TMPDIR'; exit 1; }
# traversable, so that tests can go on as another user
chmod 755 "$TMP"
PATH=$NB_DIR:$PATH
AS_ROOT='' AS_USER=''
if [ "$(id -u)" = 0 ]; then
	AS_USER='nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec --'
else
	AS_ROOT='nestbox unshare -r --'
fi
export NB TMP PATH TESTS AS_ROOT AS_USER
test_count=0
test_failed=0
test_cleanup=
test_limit=${TEST_LIMIT:-180}
# what runs a snippet's shell, where all of a file wants to be root: $AS_ROOT or more
test_in=
# not for what is tested: some look for variables of this kind
test_musts=${NESTBOX_MUST:-}
unset NESTBOX_MUST

at_end()
{
	test_cleanup="$1
$test_cleanup"
}

test_exit()
{
	status=$?
	trap - EXIT
	eval "$test_cleanup"
	rm -rf "$TMP"
	exit "$status"
}
trap test_exit EXIT
trap 'exit 1' INT TERM HUP

# A folder $STATE of this test's own for what nestbox keeps, for root by starting
# it anew in a mount namespace with another /run: containers of other tests, or
# of the machine's user, are none of its business.
own_run()
{
	if [ "$(id -u)" = 0 ] && [ -z "${TEST_OWN_RUN:-}" ]; then
		trap - EXIT
		rm -rf "$TMP"
		NESTBOX_MUST=$test_musts TEST_OWN_RUN=1 exec "$NB" unshare -m -- sh -c 'mount -t tmpfs run /run && exec "$0" "$@"' "$0" "$@"
	fi
	# the user's, also where root runs the test
	export XDG_RUNTIME_DIR="$TMP/runtime"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	STATE=/run/nestbox
	if [ "$AS_ROOT" ]; then STATE=$XDG_RUNTIME_DIR/nestbox; else chown 1000:1000 "$XDG_RUNTIME_DIR"; fi
	export STATE
}

# Is the feature $1 here? Says why not in $why.
test_has()
{
	why="needs $1"
	case $1 in
	root) [ "$(id -u)" = 0 ] ;;
	user) [ "$(id -u)" != 0 ] ;;
	userns) nestbox unshare -U true 2>/dev/null ;;
	# an ordinary user who may make a user namespace, to be had also by root
	userns-user) $AS_USER "$NB" unshare -U true 2>/dev/null ;;
	# root, or an ordinary user who can be root in a namespace
	namespaces) $AS_ROOT nestbox unshare -u true 2>/dev/null ;;
	# control groups to make others in
	groups) [ "$(id -u)" = 0 ] || [ -n "${TEST_GROUP:-}" ] ;;
	cgroup) grep -q ' - cgroup' /proc/self/mountinfo ;;
	cgroup2) grep -q ' - cgroup2 ' /proc/self/mountinfo ;;
	v1:*) grep -qE " - cgroup [^ ]+ [^ ]*(,|\\b)${1#v1:}(,|\$)" /proc/self/mountinfo ;;
	v2:*) test_v2=$(sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2 .*/\1/p' /proc/self/mountinfo | head -n 1)
		[ -n "$test_v2" ] && grep -qw "${1#v2:}" "$test_v2/cgroup.controllers" ;;
	# with all that nestbox asks of it: Linux 6.12
	landlock) $AS_ROOT nestbox setpriv --no-new-privs --landlock rw:/ -- true 2>/dev/null ;;
	# before Linux 7.0 an initramfs is the first mount of all, and its own parent
	initramfs) awk '$1 == $2 && $5 == "/" { found = 1 } END { exit !found }' /proc/self/mountinfo ;;
	# one that runs without the host's libraries; the one of make san does not
	static) why='needs a static nestbox' && ! grep -q /ld-linux "$NB" ;;
	cmd:*) command -v "${1#cmd:}" >/dev/null ;;
	*) echo "Bail out! need: unknown feature $1"; exit 1 ;;
	esac
}

test_must()
{
	case " $test_musts " in
	*" ${1%%:*} "* | *" $1 "*) return 0 ;;
	esac
	return 1
}

need()
{
	for test_feature in "$@"; do
		test_has "$test_feature" && continue
		if test_must "$test_feature"; then
			echo "not ok 1 - $test_feature is a must here and is missing"
			echo '1..1'
			exit 1
		fi
		echo "1..0 # SKIP $why"
		exit 0
	done
}

test_report()
{
	test_count=$((test_count + 1))
	if [ "$1" = 0 ]; then
		printf 'ok %s - %s\n' "$test_count" "$2"
		return 0
	fi
	test_failed=$((test_failed + 1))
	printf 'not ok %s - %s\n' "$test_count" "$2"
	sed 's/^/# /' "$TMP/.snippet" "$TMP/.out" "$TMP/.err"
	return 0
}

# what snippets, and the shells in them that read it, know besides; the caller adds functions of their own
cat >"$TMP/.env" <<'END'
# set -e passes over "!": as a line of its own it asserts nothing
not() { if "$@"; then return 1; fi; }
END

# Run the snippet $1; its status in $test_status, what it printed in .out and .err.
test_run()
{
	printf '%s\n' "$1" >"$TMP/.snippet"
	# shellcheck disable=SC2086 # words
	timeout -k 5 "$test_limit" $test_in sh -euc ". '$TMP/.env'; $1" >"$TMP/.out" 2>"$TMP/.err" </dev/null
	test_status=$?
	[ "$test_status" != 124 ] || echo "timed out after $test_limit s" >>"$TMP/.err"
	# no finding of make san is the failure that a snippet may have waited for
	! grep -qE '(Address|Leak)Sanitizer|: runtime error: ' "$TMP/.out" "$TMP/.err" || test_status='that of a finding'
}

test_ok()
{
	test_run "$2"
	test_report "$test_status" "$1"
}

test_fails()
{
	test_run "$4"
	if [ "$test_status" != "$1" ]; then
		echo "exit status $test_status, expected $1" >>"$TMP/.err"
		test_report 1 "$3"
	elif ! grep -qE -e "$2" "$TMP/.err"; then
		echo "nothing on stderr fits: $2" >>"$TMP/.err"
		test_report 1 "$3"
	else
		test_report 0 "$3"
	fi
}

test_skip()
{
	test_count=$((test_count + 1))
	printf 'ok %s - %s # SKIP %s\n' "$test_count" "$1" "$2"
}

# test_need 'feature' || skip: for one test inside a file
test_need()
{
	test_has "$1" && return 0
	if test_must "$1"; then
		: >"$TMP/.snippet"; : >"$TMP/.out"
		echo "$1 is a must here and is missing" >"$TMP/.err"
		test_report 1 "$2"
	else
		test_skip "$2" "$why"
	fi
	return 1
}

done_testing()
{
	echo "1..$test_count"
	[ "$test_failed" = 0 ] || exit 1
}
