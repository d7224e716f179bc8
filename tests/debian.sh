# shellcheck shell=sh
# debian.sh: a Debian to be used and changed by a test that is root; to be
# sourced behind lib.sh.
#
#   debian_root SCRIPT FOLDER   $D is what scripts/SCRIPT keeps in build/FOLDER:
#                               the kept one, $D_KEPT, stays as it is, below an
#                               overlay or copied. Without, the whole file is
#                               skipped, or fails where "debian" is a must.

debian_root()
{
	# it is made where it is missing, which takes minutes
	if ! "$TESTS/../scripts/$1" >"$TMP/log" 2>&1; then
		if test_must debian; then
			sed 's/^/# /' "$TMP/log"
			echo 'not ok 1 - debian is a must here and is missing'
			echo '1..1'
			exit 1
		fi
		echo "1..0 # SKIP needs a Debian root: $(tail -n 1 "$TMP/log")"
		exit 0
	fi
	D_KEPT=$(readlink -f "$TESTS/../build/$2")
	D=$TMP/root
	export D D_KEPT
	mkdir "$TMP/rw" "$D"
	mount -t tmpfs rw "$TMP/rw"
	mkdir "$TMP/rw/upper" "$TMP/rw/work"
	if mount -t overlay root -o "lowerdir=$D_KEPT,upperdir=$TMP/rw/upper,workdir=$TMP/rw/work" "$D" 2>/dev/null; then
		at_end 'umount "$TMP/rw"; umount "$D"'
	else
		at_end 'umount "$TMP/rw"'
		cp -a "$D_KEPT/." "$D"
	fi
}
