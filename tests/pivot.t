#!/bin/sh
# pivot: the new root, what is left of the old one, and what a container finds inside.
. "${0%/*}/lib.sh"
. "${0%/*}/pivot.sh"

# A way out of a chroot: make a folder, change the root to it, and the working directory is outside.
cat >"$TMP/escape.c" <<'END'
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* escape chroot|setns|umount MARK: 0 MARK can be reached, 1 it cannot, 2 the way is barred */
int main(int argc, char **argv)
{
	int fd = open("/", O_RDONLY), ns;

	if (argc < 3)
		return 3;
	if (!strcmp(argv[1], "chroot")) {
		mkdir("/tmp/e", 0755);
		if (chroot("/tmp/e") || fchdir(fd))
			return 2;
	} else {
		ns = open("/proc/self/ns/mnt", O_RDONLY);
		if (!strcmp(argv[1], "umount"))
			for (int i = 0; i < 8; i++)
				umount2("/", MNT_DETACH);
		else if (ns < 0 || setns(ns, CLONE_NEWNS))
			return 2;
	}
	for (int i = 0; i < 64; i++)
		if (chdir(".."))
			return 2;
	if (chroot("."))
		return 2;
	return access(argv[2], F_OK) ? 1 : 0;
}
END
for cc in musl-gcc 'gcc -static' 'cc -static'; do
	$cc -w -static -D_GNU_SOURCE -o "$R/bin/escape" "$TMP/escape.c" 2>/dev/null && break
done

# --- the root

for NESTBOX_REEXEC in 0 1; do
export NESTBOX_REEXEC

test_ok "the directory is the root, the working directory too (NESTBOX_REEXEC=$NESTBOX_REEXEC)" '
	echo inside >"$R/tmp/inside"
	[ "$(pv "$R" -- cat /tmp/inside)" = inside ]
	[ "$(pv "$R" -- pwd)" = / ]
	[ "$(pv "$R" cat tmp/inside)" = inside ]
	[ "$(cd "$R" && pv . -- cat /tmp/inside)" = inside ]
	[ "$(cd "$R" && pv ../root/ -- cat tmp/inside)" = inside ]
	ln -sfn root "$TMP/link"
	[ "$(pv "$TMP/link" -- cat /tmp/inside)" = inside ]
'

test_ok "nothing of the host is seen (NESTBOX_REEXEC=$NESTBOX_REEXEC)" '
	test -e "$MARK"
	pv "$R" -- test ! -e "$MARK"
	pv "$R" -- test ! -e "/../../..$MARK"
	box "$R" -- sh -euc "for p in /proc/[0-9]*; do [ ! -e \"\$p/root$MARK\" ]; done"
'

test_ok "the old root is gone from the mount table (NESTBOX_REEXEC=$NESTBOX_REEXEC)" '
	# in a user namespace there is no new /proc where none is to be seen
	if [ "$AS_USER" ]; then
		pv "$R" -- sh -euc "mount -t proc proc /proc; cat /proc/self/mountinfo" >"$TMP/mountinfo"
		[ "$(points "$TMP/mountinfo" | tr "\n" " ")" = "/ /proc " ]
	fi
	box "$R" -- cat /proc/self/mountinfo >"$TMP/mountinfo"
	# nor a device but the host'\''s, each on a mount point
	nodes=${AS_ROOT:+/null|/zero|/full|/random|/urandom|/tty}
	[ -z "$(points "$TMP/mountinfo" | grep -vxE "/|/proc|/sys|/sys/fs/cgroup(/[^/]*)?|/dev(/pts|/shm|/mqueue|$nodes)?")" ]
	[ "$(points "$TMP/mountinfo" | grep -cx /)" = 1 ]
'

done
unset NESTBOX_REEXEC

test_ok 'the host has the same mounts afterwards, and the same root' '
	cat /proc/self/mountinfo >"$TMP/before"
	before=$(readlink /proc/self/root)
	box -v "$TMP:/mnt/x" --tmpfs /mnt/y --mask default --read-only "$R" -- true
	diff "$TMP/before" /proc/self/mountinfo
	[ "$(readlink /proc/self/root)" = "$before" ]
	test -e "$MARK"
'

if [ -x "$R/bin/escape" ]; then
	test_ok 'neither chroot nor setns nor umount of / leads out' '
		# what pivot is for: out of a mere chroot each way leads, if there is a procfs
		[ "$(status $AS_ROOT chroot "$R" escape chroot "$MARK")" = 0 ]
		for way in chroot setns umount; do
			rc=$(status box "$R" -- escape "$way" "$MARK"); echo "$way $rc"; [ "$rc" != 0 ]
			rc=$(status $AS_ROOT nestbox unshare -m -p -f -- nestbox pivot --api "$R" -- escape "$way" "$MARK"); echo "$way $rc"; [ "$rc" != 0 ]
		done
		[ "$(status pv "$R" -- escape chroot "$MARK")" = 1 ]
	'
	test_ok 'a pivot from inside a chroot leaves the chroot behind too' '
		fresh jail
		fresh jail/inner
		cp "$NB" "$TMP/jail/bin/nestbox"
		$AS_ROOT chroot "$TMP/jail" /bin/env PATH=/bin nestbox unshare -m -p -f --propagation unchanged -- sh -euc "
			mount -t proc proc /proc
			[ \$(nestbox unshare -m --propagation unchanged -- nestbox pivot /inner -- sh -c \"escape chroot $MARK; echo \\\$?\") = 1 ]
			"
		# where there is no /proc it is a procfs of our own that helps; there is no /dev either, which takes a root who can make one
		if [ "$AS_USER" ]; then
			chroot "$TMP/jail" /bin/env PATH=/bin nestbox unshare -m -p -f --propagation unchanged -- nestbox pivot --api /inner -- sh -c "
				[ ! -e $MARK ]; escape chroot $MARK; rc=\$?; echo \$rc; [ \$rc = 1 ] || exit 5
				escape setns $MARK; [ \$? != 0 ]"
		fi
		# so it could be done from the chroot itself
		$AS_ROOT chroot "$TMP/jail" /bin/env PATH=/bin nestbox unshare -m -p -f --propagation unchanged -- escape chroot "$MARK"
	'
else
	test_skip 'neither chroot nor setns nor umount of / leads out' 'needs a compiler'
	test_skip 'a pivot from inside a chroot leaves the chroot behind too' 'needs a compiler'
fi

test_ok 'a root that is a mount, with mounts below it' '
	mkdir -p "$TMP/m"
	$AS_ROOT nestbox unshare -m -- sh -euc "
		mount -t tmpfs -o size=32m m \"\$TMP/m\"; cp -a \"\$TMP/root/.\" \"\$TMP/m\"; mkdir \"\$TMP/m/sub\"
		mount -t tmpfs sub \"\$TMP/m/sub\"; echo below >\"\$TMP/m/sub/file\"
		exec nestbox pivot \"\$TMP/m\" -- cat /sub/file" | grep -qx below
'

test_ok 'a root on a read-only file system' '
	$AS_ROOT nestbox unshare -m -p -f -- sh -euc "
		mount --bind \"\$TMP/root\" \"\$TMP/root\"; mount -o remount,bind,ro \"\$TMP/root\"
		exec nestbox pivot --api --tmpfs /run \"\$TMP/root\" -- sh -c \"if echo 2>/dev/null >/x; then exit 9; fi; : >/run/x; : >/dev/null; test -d /proc/1\""
'

test_ok '--read-only makes the root itself read-only, and not what is mounted in it' '
	box --read-only --tmpfs /run "$R" -- sh -euc "if echo 2>/dev/null >/x; then exit 9; fi; if echo 2>/dev/null >/tmp/x; then exit 9; fi; : >/run/x; : >/dev/shm/x"
	box --read-only "$R" -- grep -q "^[0-9]* [0-9]* [^ ]* [^ ]* / ro[, ]" /proc/self/mountinfo
	box "$R" -- sh -euc ": >/tmp/x; rm /tmp/x"
	[ ! -e "$R/x" ]
'

test_need root '--nodev keeps device files of the root file system shut' && test_ok '--nodev keeps device files of the root file system shut' '
	fresh nodev
	mknod "$TMP/nodev/null" c 1 3
	pv "$TMP/nodev" -- sh -c ": >/null"
	not pv --nodev "$TMP/nodev" -- sh -c "echo >/null" 2>/dev/null
	box --nodev "$TMP/nodev" -- sh -c "if echo 2>/dev/null >/null; then exit 9; fi; : >/dev/null"
'

test_ok 'a shared outer tree is the same before, during and after' '
	cat >"$TMP/outer" <<-"END"
		. "$TMP/.env"
		mount --make-rshared /
		mkfifo "$TMP/up" "$TMP/go"
		cat /proc/self/mountinfo >"$TMP/before"
		exec 8<>"$TMP/up" 9<>"$TMP/go"
		nestbox unshare "$@" -- nestbox pivot --api --mask default --ro-path default -v "$TMP:/mnt/x" --tmpfs /mnt/y "$R" -- \
			sh -euc "echo >&8; read _ <&9" &
		read _ <&8
		cat /proc/self/mountinfo >"$TMP/during"
		echo >&9
		wait $!
		diff "$TMP/before" "$TMP/during"
		diff "$TMP/before" /proc/self/mountinfo
	END
	$AS_ROOT nestbox unshare -m -- sh -eu "$TMP/outer" -m -p -f
	# also where the mounts of the new namespace still are their peers
	rm "$TMP/up" "$TMP/go"
	$AS_ROOT nestbox unshare -m -- sh -eu "$TMP/outer" -m -p -f --propagation unchanged
	rm "$TMP/up" "$TMP/go"
	$AS_ROOT nestbox unshare -m -- sh -eu "$TMP/outer" -m -p -f --propagation slave
'

# --- what is refused

test_fails 125 'nestbox: pivot: /not/there: .*No such file' 'a root that is missing' 'pv /not/there true'
test_fails 125 'nestbox: pivot: .*/host-mark: is neither a directory nor an image' 'a root that is a file' 'pv "$MARK" true'
test_fails 125 'nestbox: pivot: .*NEWROOT' 'no root named' 'pv'
test_fails 125 'nestbox: pivot: --bogus' 'an unknown option' 'pv --bogus "$R" true'
test_fails 127 'nestbox: pivot: not-there-at-all: not found' 'a command that the new root does not have is 127' 'pv "$R" not-there-at-all'
test_fails 126 'nestbox: pivot: /etc: cannot execute' 'a command that cannot be executed is 126' 'pv "$R" /etc'
test_fails 125 'nestbox: pivot: .*Operation not permitted' 'an ordinary user' '$AS_USER nestbox pivot --here "$R" true'
test_ok 'the command'\''s status is the applet'\''s' '
	[ "$(status pv "$R" -- sh -c "exit 7")" = 7 ]
	[ "$(status pv "$R" -- sh -c "kill -TERM \$\$")" = 143 ]
	[ "$(status box "$R" -- sh -c "exit 7")" = 7 ]
'
test_ok 'no command is a shell' '
	[ "$(echo "echo /home/*" | SHELL=/bin/sh pv "$R")" = "/home/app" ]
'
test_ok 'a failure before the pivot leaves the caller where it was' '
	rc=0; pv "$MARK" -- sh -c "echo ran" >"$TMP/got" 2>/dev/null || rc=$?
	[ "$rc" = 125 ]; [ ! -s "$TMP/got" ]
'

# Only ever inside a pid namespace with a pid 1 of its own, whose mount namespace is the one at risk.
test_ok 'in the mount namespace of pid 1 it refuses, and --here is the way round' '
	$AS_ROOT nestbox unshare -p -f --mount-proc -- sh -euc ". \"\$TMP/.env\"
		rc=0; nestbox pivot \"\$R\" true 2>\"\$TMP/said\" || rc=\$?
		[ \$rc = 125 ]; [ -e \"\$MARK\" ]
		nestbox unshare -u -- nestbox pivot \"\$R\" true 2>/dev/null && exit 9
		nestbox unshare -m -- nestbox pivot \"\$R\" true
		nestbox unshare -m -- sh -c \"nestbox pivot \\\"\\\$TMP/root\\\" true\"
		[ -e \"\$MARK\" ]
		:"
	grep -q "^nestbox: pivot: .*mount namespace" "$TMP/said"
	grep -q "^nestbox: hint: .*--here" "$TMP/said"
	$AS_ROOT nestbox unshare -p -f --mount-proc -- sh -euc ". \"\$TMP/.env\"; nestbox pivot --here \"\$R\" -- test -d /home/app"
	# pid 1 itself knows what it does
	$AS_ROOT nestbox unshare -p -f --mount-proc -- nestbox pivot "$R" -- test -d /home/app
	# the words of a chain are no proof: this one has changed another namespace
	$AS_ROOT nestbox unshare -p -f --mount-proc -- sh -euc ". \"\$TMP/.env\"; [ \"\$(NESTBOX_REEXEC=1 status nestbox unshare -u -- nestbox pivot \"\$R\" true)\" = 125 ]"
'

# --- --api

test_ok 'the mounts are docker'\''s' '
	box "$R" -- cat /proc/self/mountinfo >"$TMP/mountinfo"
	mount_is /proc "rw,nosuid,nodev,noexec,relatime proc rw"
	# in a user namespace tmpfs says whose it is, and there is no gid 5
	ids=${AS_ROOT:+,uid=$(id -u),gid=$(id -g)}
	mount_is /dev "rw,nosuid tmpfs rw,size=65536k,mode=755$ids"
	mount_is /dev/pts "rw,nosuid,noexec,relatime devpts rw,${AS_USER:+gid=5,}mode=620,ptmxmode=666"
	mount_is /dev/shm "rw,nosuid,nodev,noexec,relatime tmpfs rw,size=65536k$ids"
	mount_is /dev/mqueue "rw,nosuid,nodev,noexec,relatime mqueue rw"
	mount_is /sys "ro,nosuid,nodev,noexec,relatime sysfs rw"
	[ "$(box "$R" -- stat -c "%a" /dev/shm)" = 1777 ]
	[ "$(box "$R" -- sh -c "df -k /dev/shm | tail -n 1" | awk "{ print \$2 }")" = 65536 ]
'

grep -q ' - cgroup' /proc/self/mountinfo && test_ok 'each cgroup hierarchy is there, read-only, as the namespace shows it' '
	box "$R" -- cat /proc/self/mountinfo >"$TMP/mountinfo"
	mount_of /sys/fs/cgroup "$TMP/mountinfo" | grep -q "^ro,nosuid,nodev,noexec,relatime "
	# each once; many mounts of one hierarchy on the host are one
	sed -n "s/.* - cgroup2* [^ ]* //p" "$TMP/mountinfo" | sort >"$TMP/got"
	[ "$(sort -u "$TMP/got" | wc -l)" = "$(wc -l <"$TMP/got")" ]
	[ "$(wc -l <"$TMP/got")" = "$(wc -l </proc/self/cgroup)" ] || [ "$(grep -c "" "$TMP/got")" -ge 1 ]
	[ -z "$(grep " - cgroup" "$TMP/mountinfo" | awk "{ print \$6 }" | grep -vx "ro,nosuid,nodev,noexec,relatime")" ]
	[ -z "$(box "$R" -- find /sys/fs/cgroup -maxdepth 1 -name "x*" 2>&1)" ]
	not box "$R" -- mkdir /sys/fs/cgroup/x 2>/dev/null
'

test_ok '--api-write leaves /sys and its cgroups writable' '
	box --api-write "$R" -- cat /proc/self/mountinfo >"$TMP/mountinfo"
	mount_is /sys "rw,nosuid,nodev,noexec,relatime sysfs rw"
	[ -z "$(mount_of "/sys/fs/cgroup[^ ]*" "$TMP/mountinfo" | grep -v ^rw,)" ]
'

test_ok 'the nodes and links of /dev, by number and mode' '
	box "$R" -- sh -c "stat -c \"%n %F %t:%T %a\" /dev/full /dev/null /dev/random /dev/tty /dev/urandom /dev/zero /dev/pts/ptmx" >"$TMP/got"
	sed "s/character special file/c/" "$TMP/got" | diff - /dev/fd/3 3<<-END
		/dev/full c 1:7 666
		/dev/null c 1:3 666
		/dev/random c 1:8 666
		/dev/tty c 5:0 666
		/dev/urandom c 1:9 666
		/dev/zero c 1:5 666
		/dev/pts/ptmx c 5:2 666
	END
	for link in core:/proc/kcore fd:/proc/self/fd ptmx:pts/ptmx stderr:/proc/self/fd/2 stdin:/proc/self/fd/0 stdout:/proc/self/fd/1; do
		[ "$(box "$R" -- readlink "/dev/${link%%:*}")" = "${link#*:}" ]
	done
	[ "$(box "$R" -- ls /dev | tr "\n" " ")" = "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero " ]
	box "$R" -- sh -euc "echo x >/dev/null; head -c 4 /dev/zero | wc -c | grep -qx 4; head -c 4 /dev/urandom >/dev/null; if echo 2>/dev/null >/dev/full; then exit 9; fi"
	# the umask of the caller has no say in it
	[ "$(umask 077; box "$R" -- stat -c %a /dev/null /dev/pts /dev/shm /dev | tr "\n" " ")" = "666 755 1777 755 " ]
	[ "$(umask 027; box "$R" -- sh -c umask)" = 0027 ]
'

test_need root '--host-devices brings the host'\''s nodes along' && test_ok '--host-devices brings the host'\''s nodes along' '
	box --host-devices "$R" -- test -c /dev/null
	[ ! -e /dev/kmsg ] || box --host-devices "$R" -- test -c /dev/kmsg
	box "$R" -- test ! -e /dev/kmsg
'

test_need userns-user '--host-devices without the right to make devices' &&
test_fails 125 'hint: .*user namespace makes no devices' '--host-devices without the right to make devices' '
	$AS_USER nestbox unshare -r -m -p -f -- nestbox pivot --api --host-devices "$R" -- true
'

test_ok 'a root file system without mount points gets them' '
	"$TESTS/../scripts/rootfs" --bare "$TMP/bare"
	box "$TMP/bare" -- test -d /proc/1
'

# --- masks

test_ok '--mask default hides what docker hides' '
	box --mask default "$R" -- sh -euc "
		for f in /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats /proc/timer_stats; do
			[ ! -e \$f ] || [ -c \$f ] || { echo \$f; exit 1; }
			[ ! -e \$f ] || [ -z \"\$(cat \$f)\" ]
		done
		for d in /proc/acpi /proc/asound /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
			[ ! -d \$d ] || [ -z \"\$(ls \$d)\" ]
			if mkdir \$d/x 2>/dev/null; then exit 9; fi
		done"
	# not so without
	box "$R" -- sh -c "[ -n \"\$(cat /proc/interrupts)\" ]"
	[ ! -d /sys/firmware ] || [ -z "$(ls /sys/firmware)" ] || box "$R" -- sh -c "[ -n \"\$(ls /sys/firmware)\" ]"
'

test_ok '--ro-path default keeps docker'\''s paths from being written' '
	box --ro-path default "$R" -- cat /proc/self/mountinfo >"$TMP/mountinfo"
	for p in bus fs irq sys sysrq-trigger; do
		[ ! -e "/proc/$p" ] || mount_is "/proc/$p" "ro,nosuid,nodev,noexec,relatime proc rw"
	done
	# one that root in a user namespace may write, too
	not box --ro-path default "$R" -- sh -c "echo 7 >/proc/sys/net/ipv4/ip_unprivileged_port_start" 2>/dev/null
	box "$R" -- sh -c "echo 7 >/proc/sys/net/ipv4/ip_unprivileged_port_start"
'

test_ok '--mask PATH: files read empty, directories are empty and read-only' '
	fresh mask
	mkdir "$TMP/mask/secret" "$TMP/mask/other"; echo s >"$TMP/mask/secret/s"; echo o >"$TMP/mask/other/o"
	for f in a b c; do echo text >"$TMP/mask/$f"; done
	for api in "" --api; do
		$AS_ROOT nestbox unshare -m -p -f -- nestbox pivot $api --mask /a --mask /secret --mask /b --mask /other --mask c --mask /not/there "$TMP/mask" -- sh -euc "
			[ -z \"\$(cat /a /b /c)\" ]
			[ -c /a ]
			for d in /secret /other; do
				[ -z \"\$(ls -A \$d)\" ]
				if echo 2>/dev/null >\$d/x; then exit 9; fi
				if mkdir \$d/x 2>/dev/null; then exit 9; fi
			done"
	done
	# what is written to a mask goes nowhere
	pv --mask /a "$TMP/mask" -- sh -c "echo lost >/a" 2>/dev/null || :
	[ "$(cat "$TMP/mask/a")" = text ]
	[ "$(cat "$TMP/mask/secret/s")" = s ]
'

test_ok 'a /dev/null of the root file system'\''s own making hides nothing and leads nowhere' '
	fresh fakenull
	mkdir -p "$TMP/fakenull/dev"; echo text >"$TMP/fakenull/a"; echo target >"$TMP/fakenull/target"
	ln -s /target "$TMP/fakenull/dev/null"
	pv --mask /a "$TMP/fakenull" -- sh -euc "[ -z \"\$(cat /a)\" ]; [ -c /a ]"
	box --mask /a "$TMP/fakenull" -- sh -euc "[ -z \"\$(cat /a)\" ]; [ -c /a ]"
	[ "$(cat "$TMP/fakenull/target")" = target ]
'

test_ok '--ro-path PATH: readable, not writable, with all below' '
	fresh rop
	mkdir -p "$TMP/rop/d/sub"; echo text >"$TMP/rop/f"
	pv --tmpfs /d/sub --ro-path /d --ro-path /f --ro-path /not/there "$TMP/rop" -- sh -euc "
		[ \"\$(cat /f)\" = text ]
		if echo 2>/dev/null >/f; then exit 9; fi; if echo 2>/dev/null >/d/x; then exit 9; fi; if echo 2>/dev/null >/d/sub/x; then exit 9; fi; : >/tmp/x"
	pv "$TMP/rop" -- sh -euc ": >/d/x; : >/d/sub/x; echo more >>/f"
'

done_testing
