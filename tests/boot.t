#!/bin/sh
# The image of `make initramfs`, booted: two containers with busybox and nestbox
# alone, in the initramfs itself, then the hand-over to another root.
. "${0%/*}/lib.sh"
need cmd:qemu-system-x86_64
# KERNELS= : the variant under test cannot run without a C library
KERNELS=${KERNELS-6.1 6.12}
[ -n "$KERNELS" ] || { echo '1..0 # SKIP no kernel is to be booted'; exit 0; }

TOP=$(cd "$TESTS/.." && pwd)
export TOP
# less than this is less than Debian's kernels need for themselves
MEMORY=80M
# the machine is an emulated one
test_limit=240

cat >>"$TMP/.env" <<'EOF'
# a line of the console fits the pattern, to its end
said() { grep -qxE "$1" "$TMP/console" || { echo "no line: $1"; cat "$TMP/console"; exit 1; }; }
EOF

test_ok 'two makings of the image give the same bytes' '
	"$TOP/scripts/initramfs" >"$TMP/image"
	umask 077
	cd /
	"$TOP/scripts/initramfs" | cmp - "$TMP/image"
'
test_ok 'it is a few MB' '
	size=$(wc -c <"$TMP/image")
	echo "$size bytes"
	[ "$size" -gt 500000 ] && [ "$size" -lt 4000000 ]
'
if test_need root 'nobody need be root to make it'; then
	test_ok 'nobody need be root to make it' '
		# as far as they may look at all that goes in
		nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- test -r "$NB" -a -x "$TOP/scripts" || exit 0
		nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- "$TOP/scripts/initramfs" | cmp - "$TMP/image"
	'
fi

mkdir "$TMP/offline"
printf '#!/bin/sh\nexit 99\n' >"$TMP/offline/apt-get"
chmod 755 "$TMP/offline/apt-get"
for kernel in $KERNELS; do
	kernel=${kernel%-brief}
	# Linux 7.2 comes up in less, but not each time: "System is deadlocked on memory"
	[ "$kernel" != sid ] || MEMORY=96M
	test_ok "$kernel: a kernel that is there is not asked for again" "
		\"\$TOP/scripts/kernel\" $kernel
		PATH=\$TMP/offline:\$PATH \"\$TOP/scripts/kernel\" $kernel
	"
	test_ok "$kernel: the machine boots it and powers itself off, with $MEMORY of memory" "
		\"\$TOP/scripts/qemu\" $kernel \"\$TMP/image\" -m $MEMORY -serial stdio | tr -d '\\r' >\"\$TMP/console\"
		memory=\$(sed -n 's/.* of \([0-9]*\) kB available\$/\1/p' \"\$TMP/console\")
		# what the kernel leaves of it is less than a board of 64 MiB has
		[ \"\$memory\" -lt 65536 ]
		said 'system: all is well, off'
	"
	test_ok "$kernel: a container with limits, for an ordinary user" '
		said "meter: pid 1, user app, / is rw, /tmp can be written"
		said "meter: memory.max 8388608"
		said "meter: pids.max 10"
		said "meter: cpu.max 50000 100000"
		said "meter: network lo "
	'
	test_ok "$kernel: a read-only one, without" '
		said "web: pid 1, user root, / is ro, /tmp can be written"
		said "web: network lo "
		if grep "^web: .*max" "$TMP/console"; then exit 1; fi
	'
	test_ok "$kernel: both are seen from outside" '
		for c in meter web; do
			said "init: $c is [0-9a-f]{12}, pid [0-9]+, group /nestbox/[0-9a-f]{12}/init"
			grep -qE "^ *[0-9]+ +[0-9]+ +root +nestbox run --name $c " "$TMP/console"
		done
	'
	test_ok "$kernel: they are told to end, their status is known, nothing is left" '
		said "meter: told to end"
		said "web: told to end"
		[ "$(grep -cx "init: exit status 7" "$TMP/console")" = 2 ]
		said "init: left of them: 0"
	'
	test_ok "$kernel: the system is pid 1, in a root of its own, with what had been mounted" '
		said "system: pid 1, arguments: with arguments"
		said "system: / is system, mounted are / /dev /proc /run /sys /sys/fs/cgroup "
	'
	test_ok "$kernel: pivot hands over, too, and frees the files of the initramfs as switch_root does" "
		files() { sed -n 's/^system: .* available, \([0-9]*\) kB are files\$/\1/p' \"\$TMP/console\"; }
		before=\$(files)
		APPEND=handover=pivot \"\$TOP/scripts/qemu\" $kernel \"\$TMP/image\" -m $MEMORY -serial stdio | tr -d '\\r' >\"\$TMP/console\"
		said 'system: pid 1, arguments: with arguments'
		said 'system: / is system, mounted are / /dev /proc /run /sys /sys/fs/cgroup '
		said 'system: all is well, off'
		[ \"\$(files)\" -lt \$((before + 1024)) ]
		files >\"\$TMP/freed\"
	"
	test_ok "$kernel: ... or keeps it" "
		APPEND=handover=keep \"\$TOP/scripts/qemu\" $kernel \"\$TMP/image\" -m $MEMORY -serial stdio | tr -d '\\r' >\"\$TMP/console\"
		said 'system: pid 1, arguments: with arguments'
		said 'system: / is system, mounted are / /dev /initramfs /initramfs/system /proc /run /sys /sys/fs/cgroup '
		said 'system: all is well, off'
		# what the initramfs has in it is more than what comes and goes
		kept=\$(sed -n 's/^system: .* available, \([0-9]*\) kB are files\$/\1/p' \"\$TMP/console\")
		[ \"\$kept\" -gt \$((\$(cat \"\$TMP/freed\") + 1024)) ]
	"
done
done_testing
