#!/bin/sh
# The default filter beside what libseccomp makes of docker's rules: each call of
# each ABI, with and without each capability, and arguments around all values
# that the rules name. Both programs are run by an interpreter, none is loaded.
. "${0%/*}/lib.sh"

peer=$TMP/seccomp_peer
src=$TESTS/seccomp_peer.c
core=$TESTS/../core
if [ "$(uname -m)" != x86_64 ] || [ ! -e "$src" ]; then
	echo '1..0 # SKIP the rules are those of x86_64, and this is the sources'\'' test'
	exit 0
fi
# libseccomp is glibc's: not by musl-gcc
if ! gcc -O1 -D_GNU_SOURCE -I"$TESTS/.." -o "$peer" "$src" "$core"/seccomp*.c "$core"/err.c "$core"/str.c "$core"/sys.c -lseccomp -ljson-c -lcap 2>"$TMP/said"; then
	if printf '#include <%s.h>\n' seccomp json-c/json sys/capability | gcc -E - >/dev/null 2>&1; then
		cat "$TMP/said"
		echo 'Bail out! seccomp_peer.c does not build'
		exit 1
	fi
	echo '1..0 # SKIP needs libseccomp, json-c and libcap of the C library'
	exit 0
fi
export peer

test_ok 'the default is docker'\''s, in at most 400 instructions' '
	"$peer" "$TESTS/docker.seccomp" >$TMP/out || { cat $TMP/out; false; }
'
test_ok 'the same rules in docker'\''s JSON make the same filter' '
	"$peer" "$TESTS/docker.seccomp" json >$TMP/docker.json
	"$peer" "$TESTS/docker.seccomp" $TMP/docker.json >$TMP/out || { cat $TMP/out; false; }
'
# that it would be seen if it were not
for line in '/CAP_SYS_BOOT/d' '/== 39/d' 's/0x7e020000/0x7e020001/' 's/ fsetxattr / /' 's/errno=38/errno=39/' 's/ mseal / /'; do
	test_ok "control: other rules are another filter: $line" "
		sed '$line' \"\$TESTS/docker.seccomp\" >\$TMP/rules
		rc=0; \"\$peer\" \$TMP/rules >\$TMP/out || rc=\$?
		[ \$rc = 1 ]
	"
done

done_testing
