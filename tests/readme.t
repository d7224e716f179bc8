#!/bin/sh
# The examples of README.md: each "console" block is typed into a shell, and
# what it prints must be what stands there. "..." stands for any text.
. "${0%/*}/lib.sh"
need root v1:pids cgroup2
# nor is the machine's network any business of theirs
if [ -z "${TEST_OWN_NET:-}" ]; then
	trap - EXIT
	rm -rf "$TMP"
	NESTBOX_MUST=$test_musts TEST_OWN_NET=1 exec "$NB" unshare -n -m -- sh "$0" "$@"
fi
nestbox netns up
own_run

cd "$TMP" || exit 1
"$TESTS/../scripts/rootfs" rootfs
readme=$TESTS/../README.md

# one file a command, with what is expected of it beside it
awk '
	/^```console$/ { inside = 1; next }
	/^```$/ { inside = 0; next }
	inside && /^\$ / { n++; file = sprintf("cmd.%03d", n); print substr($0, 3) >file; printf "" >(file ".want"); next }
	inside { print >(file ".want") }
' "$readme"

# a regular expression of the expected text, in which "..." is free
pattern()
{
	sed -e 's/[][\\.*^$/]/\\&/g' -e 's/\\\.\\\.\\\./.*/g' -e 's/^/^/' -e 's/$/$/' "$1"
}

fits()
{
	[ "$(wc -l <"$1")" = "$(wc -l <"$2")" ] || return 1
	pattern "$1" >pattern
	line=0
	while IFS= read -r want; do
		line=$((line + 1))
		sed -n "${line}p" "$2" | grep -q -e "$want" || return 1
	done <pattern
}

at_end 'umount -l "$TMP/names" 2>/dev/null; rmdir /sys/fs/cgroup/pids/parts /sys/fs/cgroup/unified/parts 2>/dev/null'
for cmd in cmd.???; do
	timeout 30 sh "$cmd" >"$cmd.out" 2>&1 </dev/null
	cp "$cmd" "$TMP/.snippet"
	diff "$cmd.want" "$cmd.out" >"$TMP/.out"
	: >"$TMP/.err"
	fits "$cmd.want" "$cmd.out"
	test_report $? "README.md: $(head -n 1 "$cmd" | cut -c1-70)"
done
[ "$test_count" -ge 10 ] || { test_report 1 'README.md has examples'; }
done_testing
