#!/bin/sh
# pivot_root(2) has two errnos for a dozen rules: each of them is provoked, is named,
# and what is named is what helps. And pivot asks for none of it.
. "${0%/*}/lib.sh"
. "${0%/*}/roots.sh"

cat >>"$TMP/.env" <<'END'
# refused REGEX SCRIPT: in a root of its own with another one at /next, where the
# script's last word is pivot_root's arguments: it is refused, with that hint
refused()
{
	in_ram "$2
		rc=0; $pv pivot_root $args 2>/said || rc=\$?
		cat /said >&2; [ \$rc = 1 ]
		grep -qE \"^nestbox: hint: $1\" /said"
}
# done_by SCRIPT: and after the script it is not
done_by() { in_ram "$1
	$pv pivot_root $args; /bin/true"; }
# what calls it
pv=nestbox args='/next /next/old'
next="$next; mkdir /next/old"
END
. "$TMP/.env"

test_ok 'the other root is all that it takes' 'done_by :'

test_ok 'EBUSY: the new root lies on the current one'\''s mount' '
	args="/dir /dir/old"
	# a user namespace'\''s root is locked, which the kernel looks at first
	refused "/dir (lies on the current root.s own mount|is no mount point): bind it on itself" "mkdir -p /dir/old"
	done_by "mkdir -p /dir/old; mount --bind /dir /dir; cp -a /bin /dir"
'
test_ok 'EBUSY: ... and is the current one' '
	args="/ /"
	refused "/ is the current root" :
	args="/bin/.. /next/old"
	refused "/bin/.. is the current root" :
'
test_ok 'EBUSY: the old root'\''s place is on it' '
	args="/next /tmp"
	refused "/tmp lies on the current root.s own mount: the old root.s place has to be below the new one" "mkdir -p /tmp"
	args="/next /next/old"
	done_by "mkdir -p /tmp"
'
test_ok 'EINVAL: the new root is no mount point' '
	args="/next/bin /next/bin"
	refused "/next/bin is no mount point: bind it on itself" :
	args="/next/dir /next/dir/old"
	done_by "mkdir -p /next/dir/old; mount --bind /next/dir /next/dir; cp -a /bin /next/dir"
'
test_ok 'EINVAL: the old root'\''s place is not below' '
	args="/next /other/old"
	refused "/other/old is not below /next, " "mkdir /other; mount -t tmpfs other /other; mkdir /other/old"
	args="/next /next-to-it"
	refused "/next-to-it is not below /next, " "mkdir /next-to-it; mount -t tmpfs other /next-to-it"
'
test_ok 'EINVAL: the current root is no mount point' '
	pv="chroot /jail nestbox"
	jail="mkdir /jail; cp -a /bin /jail; mkdir -p /jail/proc /jail/next"
	in="mount --bind /proc /jail/proc; mount --rbind /next /jail/next"
	refused "the current root is no mount point \(a chroot\)" "$jail; $in"
	done_by "$jail; mount --bind /jail /jail; $in"
'
test_ok 'EINVAL: a mount is shared, and which' '
	refused "the mount that /next is mounted on is shared: mount --make-rprivate" "mount --make-shared /"
	refused "the mount that /next/old lies on is shared: mount --make-rprivate" "mount --make-shared /next"
	done_by "mount --make-rshared /; mount --make-rprivate /"
	# what the root of a chroot is mounted on does not show in there
	jail="mkdir /jail; mount -t tmpfs -o size=32m jail /jail; cp -a /bin /jail; mkdir -p /jail/proc /jail/next; mount --bind /proc /jail/proc; mount --rbind /next /jail/next"
	pv="chroot /jail nestbox"
	refused ".*may be shared" "$jail; mount --make-shared /"
	done_by "$jail"
'
test_ok 'EINVAL: the new root was mounted outside of the user namespace' '
	pv="nestbox unshare -r -m -- nestbox"
	refused "/next was mounted outside of this user namespace, .*bind it on itself" :
	in_ram "exec nestbox unshare -r -m -- sh -euc \"mount --rbind /next /next; cd /next; nestbox pivot_root . old; /bin/true\""
'
test_ok 'EPERM: no privilege, or not over this mount namespace' '
	pv="nestbox setpriv --caps none --exec -- nestbox"
	refused "this needs CAP_SYS_ADMIN over the mount namespace" :
	pv="nestbox unshare -r -- nestbox"
	refused "the mount namespace belongs to another user namespace than this process.s" :
'
test_ok 'ENOTDIR, ENOENT: which of the two' '
	args="/mark /next/old"
	refused "/mark is no directory" ": >/mark"
	args="/next /next/mark"
	refused "/next/mark is no directory" :
	args="/no /next/old"
	refused "/no is missing" :
	args="/next /next/no"
	refused "/next/no is missing" :
'

test_ok 'pivot does it in each of these' '
	went="test -e /mark -a ! -e /oldfile"
	in_ram "mkdir /dir; cp -a /bin /dir; : >/dir/mark; exec nestbox pivot /dir -- $went"
	in_ram "mkdir -p /next/dir; cp -a /bin /next/dir; : >/next/dir/mark; exec nestbox pivot /next/dir -- $went"
	in_ram "mkdir /jail; cp -a /bin /jail; mkdir -p /jail/proc /jail/next; mount --bind /proc /jail/proc; mount --rbind /next /jail/next
		exec chroot /jail nestbox pivot /next -- $went"
	in_ram "mount --make-rshared /; exec nestbox pivot /next -- $went"
	in_ram "exec nestbox unshare -r -m -- nestbox pivot /next -- $went"
'

done_testing
