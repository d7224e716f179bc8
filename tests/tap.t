#!/bin/sh
# What a guest says becomes one TAP stream, in which nothing that went wrong is
# lost; and the archives that guests boot from.
. "${0%/*}/lib.sh"

cat >>"$TMP/.env" <<'EOF'
# flat TEXT: the stream that is made of it, its status in $rc
flat()
{
	rc=0
	printf "%b" "$1" | awk -v guest=6.0 -v want="${2-x}" -f "$TESTS/guest/tap.awk" >"$TMP/flat" || rc=$?
}
is()
{
	printf "%b" "$2" | diff - "$TMP/flat"
	[ "$rc" = "$1" ]
}
EOF

test_ok 'files of two users become one stream, numbered anew' '
	flat "# begin root a.t\nok 1 - one\nok 2 - two # SKIP why\n1..2\n# end 0 3\n# begin user b.t\n1..0 # SKIP needs root\n# end 0 0\n# all done 9\n"
	is 0 "ok 1 - 6.0 root a.t: one\nok 2 - 6.0 root a.t: two # SKIP why\n# 6.0 root a.t: 3 s\nok 3 - 6.0 user b.t # SKIP needs root\n# 6.0 user b.t: 0 s\n# 6.0: all done 9 s after the start\n1..3\n"
'
test_ok 'a failure is one, and what is no result is a comment' '
	flat "noise\n# begin root a.t\nsh: odd\r\nnot ok 1 - one\n# why\n1..1\n# end 1 3\n# all done 9\n"
	is 1 "# noise\n# sh: odd\nnot ok 1 - 6.0 root a.t: one\n# why\n# 6.0 root a.t: 3 s\n# 6.0: all done 9 s after the start\n1..1\n"
'
test_ok 'a file without a plan, or with less than planned, has ended early' '
	flat "# begin root a.t\nok 1 - one\n# end 0 3\n# all done 9\n"
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 root a.t: ended early, with status 0, after 1 tests" "$TMP/flat"
	flat "# begin root a.t\nok 1 - one\n1..2\n# end 0 3\n# all done 9\n"
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 root a.t: ended early" "$TMP/flat"
'
test_ok 'a status that no failed test explains is a failure' '
	flat "# begin root a.t\nok 1 - one\n1..1\n# end 3 3\n# all done 9\n"
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 root a.t: no test failed, but its status is 3" "$TMP/flat"
'
test_ok 'a stream that stops has ended early, and so has the file that it stopped in' '
	flat "# begin root a.t\nok 1 - one\n"
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 root a.t: ended early" "$TMP/flat"; grep -q "^not ok 3 - 6.0 has ended early" "$TMP/flat"
	flat "# begin root a.t\nok 1 - one\n1..1\n# end 0 3\n"
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 has ended early" "$TMP/flat"
	flat ""
	is 1 "not ok 1 - 6.0 has ended early\n1..1\n"
	# two machines, of which one did not come to the end
	flat "# begin root a.t\nok 1 - one\n1..1\n# end 0 3\n# all done 9\n" xx
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 has ended early" "$TMP/flat"
'
test_ok 'a machine that did not end by itself is a failure, whatever it said' '
	flat "# begin root a.t\nok 1 - one\n1..1\n# end 0 3\n# all done 9\n# qemu: status 124\n"
	[ $rc = 1 ]; grep -q "^not ok 2 - 6.0 has not ended by itself: status 124" "$TMP/flat"
	# what QEMU says besides is a comment
	flat "# qemu: warning\n# begin root a.t\nok 1 - one\n1..1\n# end 0 3\n# all done 9\n"
	[ $rc = 0 ]
'

if test_need cmd:busybox 'archives'; then
	test_ok 'an archive has what its list says, sorted, with the folders above, owned by root' '
		echo data >"$TMP/a file"
		printf "%s\n" "link 777 b/link ../a" "char 600 /dev/console 5 1" "file 640 a $TMP/a file" "dir 1777 tmp" |
			"$TESTS/../scripts/cpio" >"$TMP/archive"
		mkdir "$TMP/out"
		cd "$TMP/out"
		busybox cpio -t <"$TMP/archive" 2>/dev/null | tr "\n" " " >"$TMP/names"
		grep -qx "a b b/link dev dev/console tmp " "$TMP/names"
		busybox cpio -i <"$TMP/archive" 2>/dev/null a b b/link tmp
		[ "$(cat a)" = data ] && [ "$(readlink b/link)" = ../a ]
		[ "$(stat -c %a a b tmp | tr "\n" " ")" = "640 755 1777 " ]
		[ $(($(wc -c <"$TMP/archive") % 4)) = 0 ]
	'
	test_fails 1 'cpio: .*not understood' 'a line that is none is refused' 'echo "nonsense 1 x" | "$TESTS/../scripts/cpio" >/dev/null'
fi
done_testing
