#!/bin/sh
# init: the first process of a container that is there for the others, by itself
# and by run --init.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe
own_run

R=$TMP/root
"$TESTS/../scripts/rootfs" "$R"
cp "$(command -v probe)" "$R/bin"
mkdir "$TMP/v"
chmod 777 "$TMP/v"
export R

cat >>"$TMP/.env" <<'ENV'
run() { $AS_ROOT nestbox run --cgroups disabled -v "$TMP/v:/v" "$@"; }
# in the background, until it has made /v/up; $pid is the run's
begin() { rm -f "$TMP/v/"*; $AS_ROOT nestbox run --cgroups disabled -v "$TMP/v:/v" "$@" & pid=$!; wait_for "$TMP/v/up"; }
# ended PID STATUS: it does, with that one
ended() { rc=0; wait "$1" || rc=$?; echo "it ended with $rc"; [ "$rc" = "$2" ]; }
wait_for() { for i in $(seq 200); do [ ! -e "$1" ] || return 0; sleep 0.05; done; return 1; }
status() { rc=0; "$@" || rc=$?; echo $rc; }
ENV

# --- what it is

test_ok 'it is pid 1, and the command is its child, leading a process group of the same session' '
	run --init "$R" sh -c "cat /proc/1/cmdline | tr \"\\0\" \" \"; echo; cut -d\" \" -f1,4-6 /proc/\$\$/stat" >"$TMP/got"
	grep -q "^nestbox init --exec -- sh -c " "$TMP/got"
	tail -n 1 "$TMP/got" | grep -qx "2 1 2 1"
'
test_ok 'orphans are reaped, many at once, too' '
	# the control: as pid 1 it does not wait for them
	[ "$(run "$R" probe orphans 200)" = 200 ]
	[ "$(run --init "$R" sh -c "probe orphans 200")" = 0 ]
'
test_ok 'status and signal of the command are those of run' '
	[ "$(status run --init "$R" sh -c "exit 7")" = 7 ]
	[ "$(status run --init "$R" sh -c "kill -9 \$\$")" = 137 ]
	[ "$(status run --init "$R" sh -c "kill -USR1 \$\$")" = 138 ]
	[ "$(status run --init "$R" true)" = 0 ]
'
test_fails 127 'nothing-there: .*(N|n)ot? ?(such|found)' 'a command that is not there' 'run --init "$R" nothing-there'
test_fails 126 '/etc/passwd: ' 'a command that is no program' 'run --init "$R" /etc/passwd'
test_ok 'when the command ends the rest of the container does' '
	run --init "$R" sh -c "sleep 4242 & echo \$! >/v/pid; readlink /proc/self/ns/pid >/v/ns"
	ns=$(cat "$TMP/v/ns")
	for p in /proc/[0-9]*; do [ "$(readlink $p/ns/pid 2>/dev/null)" != "$ns" ] || { echo "$p is left"; exit 1; }; done
'

# --- signals

test_ok 'TERM ends a command that has no handler for it, which without --init it does not' '
	begin --init "$R" sh -c ": >/v/up; exec sleep 100"
	kill $pid
	ended $pid 143
	begin "$R" sh -c ": >/v/up; exec sleep 100"
	kill $pid; sleep 0.3
	kill -0 $pid
	kill -9 $pid; wait $pid || :
'
test_ok 'a command with a handler hears what is sent, and decides' '
	begin --init "$R" sh -c "trap \"echo term >>/v/got\" TERM; trap \"echo usr1 >>/v/got; exit 9\" USR1; : >/v/up; while :; do sleep 0.05; done"
	kill $pid; wait_for "$TMP/v/got"
	kill -USR1 $pid
	ended $pid 9
	[ "$(cat "$TMP/v/got")" = "$(printf "term\nusr1")" ]
'
test_ok 'what is sent to pid 1 inside goes to the command' '
	[ "$(status run --init "$R" sh -c "trap \"exit 5\" HUP; kill -HUP 1; while :; do sleep 0.05; done")" = 5 ]
'
test_ok 'job control is passed on, too: TSTP stops the command, CONT continues it' '
	begin --init "$R" sh -c "readlink /proc/self >/v/p; : >/v/up; exec sleep 100"
	one=$(cat /proc/$pid/task/$pid/children 2>/dev/null | cut -d" " -f1)
	[ "$one" ] || exit 0
	while [ "$(tr "\\0" " " </proc/$one/cmdline | cut -d" " -f2)" != init ]; do one=$(cut -d" " -f1 /proc/$one/task/$one/children); done
	two=$(cut -d" " -f1 /proc/$one/task/$one/children)
	kill -TSTP $one
	for i in $(seq 100); do grep -q "^State:.T" /proc/$two/status && break; sleep 0.05; done
	grep "^State:.T" /proc/$two/status
	kill -CONT $one
	for i in $(seq 100); do grep -q "^State:.T" /proc/$two/status || break; sleep 0.05; done
	not grep "^State:.T" /proc/$two/status
	kill $pid
	ended $pid 143
'
test_ok '-g: signals go to the whole process group' '
	$AS_ROOT nestbox unshare -p -f --mount-proc --forward-signals=all -- nestbox init -g -- sh -c "trap : TERM; (trap \"echo sub >>$TMP/v/group; exit\" TERM; : >$TMP/v/ready; while :; do sleep 0.05; done) & wait; wait" & pid=$!
	wait_for "$TMP/v/ready"
	kill $pid
	wait $pid || :
	[ "$(cat "$TMP/v/group")" = sub ]
'
test_ok '--stop-signal: what the command gets for TERM' '
	begin --init --stop-signal USR2 "$R" sh -c "trap \"exit 12\" USR2; trap \"exit 15\" TERM; : >/v/up; while :; do sleep 0.05; done"
	kill $pid
	ended $pid 12
	begin --stop-signal SIGQUIT "$R" sh -c "trap \"exit 3\" QUIT; trap \"exit 15\" TERM; : >/v/up; while :; do sleep 0.05; done"
	kill $pid
	ended $pid 3
	begin --stop-signal QUIT "$R" sh -c "trap \"exit 3\" QUIT; trap \"exit 2\" HUP; : >/v/up; while :; do sleep 0.05; done"
	kill -HUP $pid
	ended $pid 2
'
test_fails 125 'NOSUCH: is no signal' '--stop-signal of no signal' 'run --stop-signal NOSUCH "$R" true'
test_fails 1 'NOSUCH: is no signal' 'unshare --stop-signal of none' 'nestbox unshare --stop-signal NOSUCH true'
test_ok 'kill -9 of who waits ends the container' '
	begin --init "$R" sh -c "readlink /proc/self/ns/pid >/v/ns; : >/v/up; trap \"\" TERM HUP INT; while :; do sleep 1; done"
	ns=$(cat "$TMP/v/ns")
	kill -9 $pid; wait $pid || :
	gone() { for p in /proc/[0-9]*; do [ "$(readlink $p/ns/pid 2>/dev/null)" != "$ns" ] || return 1; done; }
	for i in $(seq 100); do gone && break; sleep 0.05; done
	gone
'

# --- what can be seen of it

test_ok 'nothing of the caller'\''s environment, or of its files, is to be seen in it' '
	export SECRET=of-the-caller
	run --init "$R" sh -c "tr \"\\0\" \"\\n\" </proc/1/environ; echo --; ls -l /proc/1/fd" 7</etc/passwd >"$TMP/got"
	grep -q "^PATH=" "$TMP/got"
	not grep -E "SECRET|NESTBOX|$TMP|passwd" "$TMP/got"
	# three streams that are nobody'\''s, and what it waits with
	[ "$(grep -c " -> /\$" "$TMP/got")" = 3 ]
	[ "$(grep -c " -> anon_inode" "$TMP/got")" = "$(($(grep -c " -> " "$TMP/got") - 3))" ]
	# the control: that is where it would be
	cat /proc/self/environ | tr "\\0" "\\n" | grep -q SECRET=
'
test_ok 'in a line of applets the same, though the line goes on in one process' '
	export SECRET=of-the-caller
	$AS_ROOT nestbox unshare -p -f -m --kill-child -- nestbox pivot --api "$R" -- nestbox setpriv --clear-env -- \
		nestbox init -- sh -c "echo \$\$; tr \"\\0\" \"\\n\" </proc/1/environ; tr \"\\0\" \" \" </proc/1/cmdline" >"$TMP/got"
	head -n 1 "$TMP/got" | grep -qx 2
	not grep -E "SECRET|NESTBOX" "$TMP/got"
	tail -n 1 "$TMP/got" | grep -q "^nestbox init -- sh "
'
test_ok 'its binary cannot be written to from inside' '
	cp "$NB" "$TMP/before"
	run --init "$R" probe write /proc/1/exe >"$TMP/got" || :
	grep -qxE "ETXTBSY|EROFS|EACCES|EPERM" "$TMP/got"
	cmp "$NB" "$TMP/before"
'
test_ok 'it has the ids and capabilities of the command' '
	run --init --cap-drop ALL "$R" sh -c "grep -h -E \"^(Uid|Gid|Cap|NoNewPrivs|Seccomp:)\" /proc/1/status >/tmp/a; grep -h -E \"^(Uid|Gid|Cap|NoNewPrivs|Seccomp:)\" /proc/self/status | diff /tmp/a -; cat /tmp/a" >"$TMP/got"
	grep -qx "CapEff:.0000000000000000" "$TMP/got"
	grep -qx "Seccomp:.2" "$TMP/got"
'
test_ok 'the reader of a pipe sees the end when the command closes it' '
	mkfifo "$TMP/out"
	rm -f "$TMP/v/"*
	nestbox init sh -c "echo one; exec >/dev/null 2>&1; while [ ! -e $TMP/v/seen ]; do sleep 0.05; done" >"$TMP/out" 2>/dev/null & pid=$!
	# it waits for us, and we wait for its end of file
	[ "$(cat "$TMP/out")" = one ]
	: >"$TMP/v/seen"
	ended $pid 0
'
if test_need root 'as another user'; then
	test_ok 'as another user' '
		[ "$(run --init -u app "$R" sh -c "id -u; stat -c %u /proc/1")" = "$(printf "1000\n1000")" ]
	'
fi
if test_need landlock 'behind landlock, too, which lets only it be executed beside what the rules name' &&
	test_need static 'behind landlock, too, which lets only it be executed beside what the rules name'; then
	test_ok 'behind landlock, too, which lets only it be executed beside what the rules name' '
		[ "$(run --init --landlock ro:/bin --landlock rw:/dev --landlock ro:/proc "$R" sh -c "echo \$\$")" = 2 ]
		not run --init --landlock ro:/bin --landlock rw:/dev "$R" cat /etc/passwd
	'
fi

# --- elsewhere than as pid 1

test_ok 'where it is not pid 1, orphans come to it nevertheless, and it kills the command when it dies' '
	nestbox init sh -c "(sh -c \"sleep 0.2; cut -d\\\" \\\" -f4 /proc/\\\$\\\$/stat >$TMP/parent\" &); echo \$PPID >$TMP/init; sleep 0.6"
	cmp "$TMP/parent" "$TMP/init"
	nestbox init sh -c "echo \$\$ >$TMP/cmd; exec sleep 100" & pid=$!
	wait_for "$TMP/cmd"
	for i in $(seq 50); do [ -s "$TMP/cmd" ] && break; sleep 0.05; done
	kill -9 $pid; wait $pid || :
	for i in $(seq 100); do kill -0 "$(cat "$TMP/cmd")" 2>/dev/null || break; sleep 0.05; done
	not kill -0 "$(cat "$TMP/cmd")" 2>/dev/null
'
test_ok 'a child that it had before is reaped and not taken for the command' '
	[ "$(status sh -c "sleep 0.1 & exec nestbox init sh -c \"sleep 0.4; exit 6\"")" = 6 ]
'
test_ok 'without --exec the word nestbox goes on, and with it it is a program' '
	[ "$(nestbox init -- nestbox setpriv -e A=b -- sh -c "echo \$A")" = b ]
	[ "$(PATH=/nowhere status "$NB" init --exec -- nestbox --version 2>/dev/null)" = 127 ]
'
test_fails 125 'no command is given' 'without a command' 'nestbox init'

# --- files

test_ok '--pidfile: the first process as the host counts; the file goes with the container' '
	f=$TMP/pid.file
	begin --pidfile "$f" "$R" sh -c "readlink /proc/self/ns/pid >/v/ns; : >/v/up; exec sleep 100"
	for i in $(seq 100); do [ -s "$f" ] && break; sleep 0.05; done
	first=$(cat "$f")
	[ "$($AS_ROOT readlink /proc/$first/ns/pid)" = "$(cat "$TMP/v/ns")" ] || [ "$AS_ROOT" ]
	grep -q "^NSpid:.*[[:space:]]1\$" /proc/$first/status
	kill -9 $first
	ended $pid 137
	[ ! -e "$f" ]
'
test_ok '--cidfile: the ID, without a line break, as docker has it; it stays' '
	run --cidfile "$TMP/cid" "$R" hostname >"$TMP/name"
	[ "$(cat "$TMP/cid")" = "$(cat "$TMP/name")" ]
	[ "$(wc -c <"$TMP/cid")" = 12 ]
'
test_ok 'neither where the start fails' '
	not run --cidfile "$TMP/cid2" --pidfile "$TMP/pid2" -u nobody-there "$R" true 2>/dev/null
	[ ! -e "$TMP/cid2" ] && [ ! -e "$TMP/pid2" ]
'
for option in cidfile pidfile; do
	export option
	test_fails 125 'there: .*exists' "E9: --$option does not write to what is there" '
		echo kept >"$TMP/there"
		rc=0; run --$option "$TMP/there" "$R" touch /v/ran || rc=$?
		[ "$(cat "$TMP/there")" = kept ]
		[ ! -e "$TMP/v/ran" ]
		exit $rc
	'
	test_fails 125 'link: .*exists' "E9: --$option follows no symbolic link" '
		rm -f "$TMP/link" "$TMP/target"; ln -s "$TMP/target" "$TMP/link"
		rc=0; run --$option "$TMP/link" "$R" true || rc=$?
		[ ! -e "$TMP/target" ]
		exit $rc
	'
	test_fails 125 'nowhere/file: .*No such' "--$option in no directory" 'run --$option "$TMP/nowhere/file" "$R" true'
done
test_ok '--pidfile: another file of that name is not removed' '
	rm -f "$TMP/v/"*
	run --pidfile "$TMP/v/pid" "$R" sh -c "rm /v/pid; echo other >/v/pid"
	[ "$(cat "$TMP/v/pid")" = other ]
'
done_testing
