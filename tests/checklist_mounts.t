#!/bin/sh
# The security checklist, C: mounts and the root.
#
# Shown elsewhere:
#   C1   shared mounts of the host            pivot.t
#   C2   ways out of a chroot                 pivot.t
#   C3   the old root                         pivot.t
#   C5   read-only, with what is below        run.t, pivot_inside.t
#   C7   locked flags                         pivot_inside.t
#   C8   docker's masks                       run.t, pivot.t
#   C10  /sys                                 run.t, pivot.t
#   C12  device nodes                         run.t, devices.t
#   C16  who root is outside                  run_userns.t
#   C18  sizes of /dev and /dev/shm           pivot.t
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
cp "$(command -v probe)" "$TMP/root/bin"
R=$TMP/root
P=nb-checklist-$$
export R P
mkdir "$TMP/vol"
at_end 'rmdir /sys/fs/cgroup/$P /sys/fs/cgroup/*/$P 2>/dev/null'

cat >>"$TMP/.env" <<'ENV'
start() { $AS_ROOT nestbox run "$@"; }
says() { got=$("$@") || :; echo "$*: $got"; }
refused() { says "$@"; [ "$got" = EPERM ] || [ "$got" = EACCES ]; }
mounts_of_cgroups() { sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2\{0,1\} .*/\1/p' /proc/self/mountinfo; }
ENV

test_ok 'C6: what is read-only is not made writable again' '
	for way in remount setattr; do
		refused start --security-opt seccomp=unconfined --read-only "$R" probe $way /
		for at in / /vol /sys /proc/sys; do
			refused start --read-only -v "$TMP/vol:/vol:ro" --tmpfs /mnt "$R" probe $way $at
		done
		# the control: in mounts of its own, root may
		[ "$($AS_ROOT nestbox unshare -m -- sh -euc "mount -t tmpfs -o ro t \"$TMP/vol\"; probe $way \"$TMP/vol\"")" = OK ]
	done
	mkdir -p "$R/vol"
	start --read-only -v "$TMP/vol:/vol:ro" "$R" sh -c "probe remount /; probe remount /vol; not() { if \"\$@\"; then exit 1; fi; }; not touch /x 2>/dev/null; not touch /vol/x 2>/dev/null" >/dev/null
'
test_ok 'C6: nothing is mounted or taken away, either' '
	mkdir -p "$R/mnt"
	refused start "$R" probe mount tmpfs /mnt
	refused start "$R" probe mount proc /mnt
	refused start "$R" sh -c "umount -l / 2>&1 | grep -o \"not permitted\" >/dev/null && echo EPERM"
	[ "$($AS_ROOT nestbox unshare -m -p -f -- nestbox pivot "$R" -- probe mount tmpfs /mnt)" = OK ]
'

test_ok 'C9: where the outer /proc is masked, that is said' '
	# a container that may make namespaces, as that of a build service
	rc=0; nestbox unshare -r -m -p -f -- sh -euc "
		mount -t tmpfs t /proc/sys 2>/dev/null || mount -t tmpfs t /proc/irq
		nestbox unshare -r -m -p -f -- nestbox pivot --api $R -- true" 2>"$TMP/said" || rc=$?
	cat "$TMP/said"
	[ $rc = 125 ] && grep -q "^nestbox: pivot: proc: " "$TMP/said" || [ $rc = 0 ]
'

if test_need root 'C11: a limit' && test_need cgroup 'C11: a limit'; then
	test_ok 'C11: the limit that counts is not raised from inside' '
		mkfifo "$TMP/go"
		# nor where it is not the filter of system calls that keeps it from that
		start --security-opt seccomp=unconfined --cgroup-parent "$P" -m 48M --pids-limit 33 "$R" sh -c "
			for c in memory pids unified; do
				for f in memory.memsw.limit_in_bytes memory.limit_in_bytes; do echo \$c \$f \$(probe raise \$c \$f -1); done
				for f in memory.max pids.max release_agent; do echo \$c \$f \$(probe raise \$c \$f max); done
			done
			echo up; read -r x" <"$TMP/go" >"$TMP/got" & run=$!
		exec 8>"$TMP/go"
		n=0; until grep -q up "$TMP/got" || [ $n = 200 ]; do sleep 0.05; n=$((n + 1)); done
		cat "$TMP/got"
		for m in $(mounts_of_cgroups); do
			for f in memory.limit_in_bytes memory.max pids.max; do
				for g in "$m/$P"/*/; do
					[ ! -e "$g$f" ] || { echo "$g$f $(cat "$g$f")"; cat "$g$f" >>"$TMP/limits"; }
				done
			done
		done
		echo >&8; exec 8>&-
		wait $run
		# the control: something was, in what it sees
		grep -q " OK\$" "$TMP/got"
		sort -u "$TMP/limits" | tr "\n" " " | grep -qx "33 50331648 "
		# a release agent runs as root of the machine
		if grep -E "release_agent OK" "$TMP/got"; then exit 1; fi
	'
	test_ok 'C11: the mounts of groups are not writable' '
		start --cgroup-parent "$P" --pids-limit 33 "$R" sh -c "
			for d in /sys/fs/cgroup /sys/fs/cgroup/*; do
				[ ! -d \$d ] || ! mkdir \$d/x 2>/dev/null || echo \$d
				for f in \$d/release_agent \$d/pids.max \$d/cgroup.procs; do
					[ ! -e \$f ] || [ \"\$(probe write \$f)\" = EROFS ] || echo \$f
				done
			done" >"$TMP/got"
		[ ! -s "$TMP/got" ]
	'
fi
if test_need root 'C13: a device'; then
	test_ok 'C13: a device that comes as a volume does not open' '
		mknod "$TMP/kmsg" c 1 11
		[ "$(probe write "$TMP/kmsg")" = OK ]
		: >"$R/dev.file"
		refused start -v "$TMP/kmsg:/dev.file" "$R" probe write /dev.file
		refused start --cgroups disabled -v "$TMP/kmsg:/dev.file" "$R" probe write /dev.file
		# not where the root file system is one that cannot be idmapped
		if start --userns auto "$R" true 2>/dev/null; then refused start --userns auto -v "$TMP/kmsg:/dev.file" "$R" probe write /dev.file; fi
		says start --privileged -v "$TMP/kmsg:/dev.file" "$R" probe write /dev.file
		[ "$got" = OK ]
	'
	test_ok 'C14: no file is opened by its handle' '
		mkdir -p "$TMP/handles"
		nestbox unshare -m -- sh -euc ". \"\$TMP/.env\"
			mount -t tmpfs h \"\$TMP/handles\"
			[ \"\$(probe handle \"\$TMP/handles\")\" = OK ]
			mkdir -p \"\$R/mnt\"
			refused start -v \"\$TMP/handles:/mnt\" \"\$R\" probe handle /mnt
			says start --cap-add dac_read_search -v \"\$TMP/handles:/mnt\" \"\$R\" probe handle /mnt"
	'
	test_ok 'C15: what root keeps of containers is for nobody else' '
		start --name "closed$$" "$R" true
		[ "$(stat -c "%u %a" "$STATE")" = "0 700" ]
		not $AS_USER ls "$STATE" 2>/dev/null
	'
	test_ok 'C17: a setuid program that is left in a volume is nobody'\''s' '
		start --userns auto "$R" true 2>/dev/null || exit 0
		mkdir -p "$TMP/set"; chmod 777 "$TMP/set"
		start --userns auto -v "$TMP/set:/mnt" "$R" sh -c "cp /bin/busybox /mnt/su && chown 0:0 /mnt/su && chmod 4755 /mnt/su"
		[ -u "$TMP/set/su" ]
		[ "$(stat -c %u "$TMP/set/su")" -ge 65536 ]
	'
fi
test_ok 'C18: what is written to /dev ends at 64 MiB' '
	case $(uname -n) in guest) exit 0 ;; esac
	start "$R" sh -c "for d in /dev /dev/shm; do
		if head -c 70000000 /dev/zero 2>/dev/null >\$d/x; then exit 1; fi
		[ \$(stat -c %s \$d/x) -le 67108864 ] && [ \$(stat -c %s \$d/x) -ge 60000000 ] || exit 1
		rm \$d/x
	done"
'
if test_need cmd:ipcmk 'C19: shared memory'; then
	test_ok 'C19: shared memory of the host is not that of the container' '
		$AS_ROOT nestbox unshare -i -- sh -euc "
			ipcmk -M 4096 >/dev/null
			[ \$(wc -l </proc/sysvipc/shm) = 2 ]
			[ \$(nestbox run \"\$R\" cat /proc/sysvipc/shm | wc -l) = 1 ]"
	'
fi
test_ok 'C20: without the network of the host its abstract sockets are not there' '
	probe serve "nb-checklist-$$" >"$TMP/served" & s=$!
	n=0; until grep -q OK "$TMP/served" || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	says start "$R" probe connect "nb-checklist-$$"
	[ "$got" = ECONNREFUSED ]
	# the control: with it they are
	says start --network host "$R" probe connect "nb-checklist-$$"
	[ "$got" = OK ]
	kill $s 2>/dev/null || :
'

done_testing
