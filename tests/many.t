#!/bin/sh
# Many containers alive at once: each is one of its own, what waits for it is
# small, and all end cleanly.
. "${0%/*}/lib.sh"
need namespaces
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
R=$TMP/root
P=nb-many-$$
# a guest has less memory, and less of a processor
count=
[ "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)" -gt 2000000 ] || count=40
[ -z "$AS_ROOT" ] || count=${count:-100}
count=${count:-500}
# where an ordinary user has groups at all, they are his own
below=${AS_USER:+"--cgroup-parent $P"}
export R P count below
at_end 'for p in $(cat "$TMP/waiters" 2>/dev/null); do kill -9 "$p" 2>/dev/null; done'
at_end 'find /sys/fs/cgroup -depth -type d -path "*/$P*" -exec rmdir {} + 2>/dev/null'

cat >>"$TMP/.env" <<'ENV'
soon() { tries=0; until "$@"; do sleep 0.1; tries=$((tries + 1)); [ $tries != 600 ] || { echo "not within a minute: $*" >&2; return 1; }; done; }
all_run() { [ "$(find "$TMP/up" -type f -size +0 | wc -l)" = "$count" ]; }
groups() { find /sys/fs/cgroup -type d -path "*/$P*"; }
none_left() { [ -z "$(groups; ls "$STATE" 2>/dev/null | grep -E '^[0-9a-f]{12}$')" ]; }
# what a process has for itself alone, in KiB; proc_pid_smaps(5)
private() { sed -n 's/^Private_[CD][a-z]*: *\([0-9]*\) kB/\1/p' "/proc/$1/smaps_rollup" | { sum=0; while read -r kb; do sum=$((sum + kb)); done; echo $sum; }; }
ENV
mkdir "$TMP/up"

# the command says that it runs, and in which namespaces, then waits for its end
# shellcheck disable=SC2016 # for the container
cat >"$R/stay" <<'EOF'
readlink /proc/self/ns/pid >"/up/$1"
exec sleep 1000
EOF
chmod 777 "$TMP/up"
: >"$TMP/waiters"
n=0
while [ "$n" -lt "$count" ]; do
	# shellcheck disable=SC2086 # words
	$AS_ROOT nestbox run $below -v "$TMP/up:/up" "$R" sh /stay "$n" </dev/null >"$TMP/said" 2>&1 &
	echo $! >>"$TMP/waiters"
	n=$((n + 1))
	# not all of them at the start at once: that is netns_new.t's
	[ $((n % 20)) != 0 ] || sleep 0.1
done
test_ok "$count containers live at once" 'cat "$TMP/said"; soon all_run; for p in $(cat "$TMP/waiters"); do kill -0 $p; done'
test_ok 'each has a pid namespace of its own' '[ "$(cat "$TMP/up"/* | sort -u | wc -l)" = "$count" ]'
if test_need static 'who waits for one has at most 150 KiB for itself'; then
	test_ok 'who waits for one has at most 150 KiB for itself' '
		for p in $(cat "$TMP/waiters"); do
			kb=$(private $p)
			[ "$kb" -gt 0 ] && [ "$kb" -le 150 ] || { echo "waiter $p: $kb KiB"; exit 1; }
		done
		echo "$kb KiB" >"$TMP/kb"
	'
	[ ! -e "$TMP/kb" ] || echo "# $(cat "$TMP/kb")"
fi
test_ok 'one more starts among them, and ends with its status' 'rc=0; $AS_ROOT nestbox run $below "$R" sh -c "exit 7" || rc=$?; [ $rc = 7 ]'
test_ok 'a signal ends each of them, and nothing of any is left' '
	kill $(cat "$TMP/waiters")
	sleep 0.2
	# pid 1 of a namespace does not hear TERM without a handler: who says it three times means it
	kill $(cat "$TMP/waiters") 2>/dev/null || :
	sleep 0.2
	kill $(cat "$TMP/waiters") 2>/dev/null || :
	soon none_left
'
wait
test_ok 'no process is left' 'for p in $(cat "$TMP/waiters"); do not kill -0 $p 2>/dev/null; done'
done_testing
