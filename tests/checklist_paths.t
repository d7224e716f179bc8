#!/bin/sh
# The security checklist, A: paths inside a root file system that means ill.
#
# Shown elsewhere:
#   A1   links to the outside                 pivot_inside.t, run.t (volumes, tmpfs)
#   A2   a /dev that is a link                pivot_inside.t
#   A4   a /dev/null that is a link           pivot.t
#   A5   /dev/console                         tty.t
#   A6   sysctls                              pivot_inside.t; a volume on /proc: run.t
#   A7   volumes on / and /x/../..            run.t
#   A9   files in the place of passwd         setpriv.t
#   A11  mount points that were missing       run.t, pivot_points.t
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
cp "$(command -v probe)" "$TMP/root/bin"
R=$TMP/root
MARK=$TMP/host-mark
export R MARK
: >"$MARK"
mkdir "$TMP/vol" "$TMP/esc"
echo data >"$TMP/vol/file"
STARTS=${TEST_BRIEF:+60}
case $(uname -n) in guest) STARTS=60 ;; esac
STARTS=${STARTS:-200}
export STARTS

cat >>"$TMP/.env" <<'ENV'
start() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
# a root file system of one test's own
fresh() { rm -rf "${TMP:?}/hostile"; cp -a "$R" "$TMP/hostile"; H=$TMP/hostile; }
ENV

test_ok 'A1: a working directory through a link is made inside, or not at all' '
	up=../../../../../../../../..
	for target in "$TMP/esc" "$up$TMP/esc" "/oldroot$TMP/esc" "/proc/1/root$TMP/esc" "/proc/self/cwd/$up$TMP/esc"; do
		fresh
		ln -s "$target" "$H/evil"
		for opts in "-w /evil/pwned" "-w /evil/../evil/pwned" "-w /evil" "--tmpfs /evil/pwned" "-v $TMP/vol:/evil/pwned"; do
			start $opts "$H" true 2>/dev/null || :
			[ -z "$(ls -A "$TMP/esc")" ]
		done
	done
	# the control: where the link leads somewhere inside, that is the place
	fresh
	mkdir -p "$H$TMP/esc"; ln -s "$TMP/esc" "$H/evil"
	[ "$(start -w /evil/pwned "$H" pwd)" = "$TMP/esc/pwned" ]
	[ -d "$H$TMP/esc/pwned" ]; [ -z "$(ls -A "$TMP/esc")" ]
'

test_ok "A3: a directory that is a link every other moment leads nowhere, in $STARTS starts" '
	fresh
	mkdir "$H/a" "$TMP/race" "$TMP/ctl"
	ln -s "../../../../../../../../..$TMP/race" "$H/b"
	probe exchange "$H/a" "$H/b" & swap=$!
	i=0 in=0
	while [ $i -lt $STARTS ]; do
		i=$((i + 1))
		# nor is a file or directory left where the kernel, or we, thought the place to be: CVE-2024-45310
		if start -v "$TMP/vol:/a/x" -v "$MARK:/a/y" "$H" sh -c "[ -e /a/x/file ] || [ -e /b/x/file ]; ! [ -e $MARK ]" 2>>"$TMP/said"; then in=$((in + 1)); fi
		[ -z "$(ls -A "$TMP/race")" ] || { ls -A "$TMP/race" >&2; exit 1; }
	done
	kill $swap; wait $swap || :
	echo "$in of $i got in"
	[ $in -gt 0 ]
	# the control: who goes by the path is led out
	rm -rf "$H/a" "$H/b"
	mkdir "$H/a"; ln -s "$TMP/ctl" "$H/b"
	probe exchange "$H/a" "$H/b" & swap=$!
	n=0; until [ "$(ls -A "$TMP/ctl")" ] || [ $n = 2000 ]; do mkdir -p "$H/a/x" 2>/dev/null || :; n=$((n + 1)); done
	kill $swap
	[ "$(ls -A "$TMP/ctl")" ]
'

test_ok "A3: nor does a shared volume, in $STARTS starts" '
	mkdir -p "$TMP/shared/a" "$TMP/out" "$R/srv"
	ln -s "../../../../../../../../..$TMP/out" "$TMP/shared/b"
	probe exchange "$TMP/shared/a" "$TMP/shared/b" & swap=$!
	i=0
	while [ $i -lt $STARTS ]; do
		i=$((i + 1))
		start -v "$TMP/shared:/srv" --tmpfs /srv/a/t -v "$TMP/vol:/srv/a/x" "$R" test ! -e "$MARK" 2>/dev/null || :
		[ -z "$(ls -A "$TMP/out")" ]
	done
	kill $swap
'

test_ok 'A6: what the root file system has for /proc is not written to' '
	fresh
	mkdir -p "$H/proc/self" "$H/mnt"
	echo fake | tee "$H/proc/self/oom_score_adj" >"$H/proc/self/setgroups"
	[ "$($AS_ROOT nestbox unshare -m -p -f -- nestbox pivot "$H" -- nestbox setpriv --oom-score-adj 555 -- sh -c "
		cat /proc/self/oom_score_adj; mount -t proc proc /mnt 2>/dev/null && cat /mnt/self/oom_score_adj || echo none" | tr "\n" " ")" != "fake 0 " ]
	[ "$(cat "$H/proc/self/oom_score_adj" "$H/proc/self/setgroups" | tr "\n" " ")" = "fake fake " ]
'

test_ok 'A7: ".." in a place ends at the root' '
	mkdir -p "$R/mnt/in"
	[ "$(start -v "$TMP/vol:/../../../mnt/in" "$R" cat /mnt/in/file)" = data ]
	[ "$(start -v "$TMP/vol:/tmp/../../../../mnt/in" "$R" cat /mnt/in/file)" = data ]
	[ "$(start -w /../../../home "$R" pwd)" = /home ]
	[ -z "$(ls -A "$R/mnt/in")" ]
'
for place in /proc/.. /proc/../proc /dev/. /sys/../sys/ /x/../proc/sys; do
	test_fails 125 'root itself|mounted by the container start' "A7: a volume on $place" "start -v \"\$TMP/vol:$place\" \"\$R\" true"
done

test_ok 'A8: no descriptor is a way to a working directory outside' '
	exec 8<"$TMP" 9</
	for n in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		rc=0; start -w "/proc/self/fd/$n" "$R" sh -c "[ ! -e ../../../..$MARK ] && [ ! -e ./host-mark ] || echo out" >"$TMP/got" 2>/dev/null || rc=$?
		[ ! -s "$TMP/got" ]
	done
	for n in 8 9; do
		# one that is to be kept, too
		rc=0; start --preserve-fds 7 -w "/proc/self/fd/$n" "$R" touch /ran 2>"$TMP/said" || rc=$?
		[ $rc = 125 ]; grep -q "lies outside of the root" "$TMP/said"; [ ! -e "$R/ran" ]
	done
'

test_ok 'A9: users are those of the root file system' '
	fresh
	echo "outside:x:77:77::/:/bin/sh" >"$TMP/passwd"
	ln -sf "$TMP/passwd" "$H/etc/passwd"
	rc=0; start -u outside "$H" true 2>"$TMP/said" || rc=$?
	[ $rc = 125 ]; not grep -q 77 "$TMP/said"
	rm "$H/etc/passwd"; mkfifo "$H/etc/passwd"
	rc=0; timeout 20 $AS_ROOT nestbox run --cgroups disabled -u app "$H" true 2>"$TMP/said" || rc=$?
	[ $rc = 125 ]; grep -q "no regular file" "$TMP/said"
	rm "$H/etc/passwd"; truncate -s 1G "$H/etc/passwd"
	rc=0; start -u app "$H" true 2>"$TMP/said" || rc=$?
	[ $rc = 125 ]; grep -q "larger than" "$TMP/said"
	# the control
	[ "$(start -u root "$R" id -u)" = 0 ]
'
for user in 0x0 -1 +1 4294967295 4294967296 1000x : 0: :0 '0 0' ''; do
	test_fails 125 'user|group|is missing|""' "A9: -u \"$user\" is nobody" "start -u '$user' \"\$R\" true"
done

done_testing
