#!/bin/sh
# The other tests once more, by an ordinary user, where root runs them: a machine
# of check-guests does that itself.
. "${0%/*}/lib.sh"
# a guest has no make
need root cmd:make

# a copy, as an ordinary user may have no way to the tree
tree=$TMP/tree
mkdir -p "$tree/build"
cp "$NB" "$tree/build/nestbox"
# and what tests call besides
for tool in "$TESTS"/tools/*.c; do
	tool=${tool##*/}
	cp "${NB%/*}/${tool%.c}" "$tree/build/" 2>/dev/null
done
(cd "$TESTS/.." && find Makefile README.md scripts applets tests -type f ! -name '*.[cho]' ! -path '*/corpus/*' -exec tar cf - {} +) | (cd "$tree" && tar xf -)
export NB="$tree/build/nestbox"

as_user()
{
	NESTBOX_MUST=$(echo " $test_musts " | sed 's/ root / user /') "$tree/tests/as_user" "$TMP/home" "$tree/tests/$1"
}

{
	for t in "$TESTS"/*.t; do
		t=${t##*/}
		case $t in
		# about the product's bytes, what boots it, and a root file system of root's
		boot.t | build.t | debian.t | size.t | user.t) continue ;;
		esac
		echo "# begin user $t"
		start=$(cut -d. -f1 /proc/uptime)
		as_user "$t" 2>&1
		echo "# end $? $(($(cut -d. -f1 /proc/uptime) - start))"
	done
	echo '# all done 0'
} | awk -v guest=host -v want=x -f "$TESTS/guest/tap.awk"
