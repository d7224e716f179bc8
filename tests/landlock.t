#!/bin/sh
# setpriv --landlock, run --landlock: what no rule allows is refused.
. "${0%/*}/lib.sh"
need cmd:probe
own_run

at_end 'rm -rf "$TMP/d"'
mkdir -p "$TMP/d/ro" "$TMP/d/rw" "$TMP/d/other"
chmod 777 "$TMP/d" "$TMP/d"/*
for d in ro rw other; do
	echo text >"$TMP/d/$d/file"
	cp "$(command -v probe)" "$TMP/d/$d"
done
chmod 666 "$TMP/d"/*/file
D=$TMP/d
export D
cat >>"$TMP/.env" <<'ENV'
# what a program of any kernel's needs: itself, its libraries, the null device
common="--landlock ro:/usr --landlock ro:/bin --landlock ro:/lib --landlock rw:/dev --landlock ro:/proc --landlock ro:$NB_BIN"
for d in /lib64 /nestbox; do [ ! -e $d ] || common="$common --landlock ro:$d"; done
lock() { $LOCK_AS nestbox setpriv --no-new-privs $common "$@"; }
ENV
NB_BIN=${NB%/*} LOCK_AS=
export NB_BIN LOCK_AS

# --- words

for rule in '' ro: ro:x rw:./x /x bind: bind:65536 bind:-1 bind:80x connect:80,81 ipc: ipc:all; do
	test_fails 1 'is no rule|an absolute one|a port is|ipc:any only' "\"$rule\" is no rule" "nestbox setpriv --landlock '$rule' true"
done
test_fails 1 'goes with --landlock' '--landlock-try alone' 'nestbox setpriv --landlock-try true'

# --- where there is none, or not all of it

if [ "$(nestbox setpriv --no-new-privs --landlock rw:/ --landlock bind:any --landlock connect:any --landlock ipc:any true 2>&1)" ]; then
	test_fails 1 'hint: (Linux 6.12|the kernel)' 'what the kernel cannot refuse ends the start' 'lock true'
	test_ok '... and is left out with --landlock-try, which says so' '
		nestbox setpriv --no-new-privs --landlock rw:/ --landlock-try echo ran >"$TMP/got" 2>"$TMP/said"
		[ "$(cat "$TMP/got")" = ran ]
		grep -q "^nestbox: setpriv: landlock: .*: left out\$" "$TMP/said"
	'
fi
if test_need cmd:strace 'an older kernel'; then
	test_fails 1 'landlock: is not to be had' 'a kernel without landlock' '
		strace -f -qq -o /dev/null -e trace=landlock_create_ruleset -e inject=landlock_create_ruleset:error=ENOSYS nestbox setpriv --no-new-privs --landlock rw:/ true'
	test_fails 1 'hint: .*lsm=' '... or started without' '
		strace -f -qq -o /dev/null -e trace=landlock_create_ruleset -e inject=landlock_create_ruleset:error=EOPNOTSUPP nestbox setpriv --no-new-privs --landlock rw:/ true'
	if [ "$(nestbox setpriv --no-new-privs --landlock rw:/ true 2>&1)" = '' ]; then
		for v in 1:renaming,.truncating,.TCP.ports,.ioctls,.signals 2:truncating,.TCP 3:TCP.ports,.ioctls 4:ioctls,.signals 5:signals.and.abstract.sockets:; do
			test_fails 1 "cannot hold back ${v#*:}" "version ${v%%:*} of landlock" "
				strace -f -qq -o /dev/null -e trace=landlock_create_ruleset -e inject=landlock_create_ruleset:retval=${v%%:*}:when=1 nestbox setpriv --no-new-privs --landlock rw:/ true"
		done
		test_ok '... where the rest is done with --landlock-try' '
			for v in 1 2 3 4 5; do
				strace -f -qq -o /dev/null -e trace=landlock_create_ruleset -e inject=landlock_create_ruleset:retval=$v:when=1 \
					nestbox setpriv --no-new-privs $common --landlock-try -- sh -c "cat $D/other/file || echo refused" >"$TMP/got" 2>"$TMP/said"
				[ "$(cat "$TMP/got")" = refused ]
				grep -q "left out" "$TMP/said"
			done
		'
	fi
fi

test_need landlock 'what is refused' || { done_testing; exit; }

# --- files

test_ok 'paths: read-only, all, and nothing' '
	[ "$(lock --landlock "ro:$D/ro" cat "$D/ro/file")" = text ]
	not lock --landlock "ro:$D/ro" sh -c "echo x >>$D/ro/file" 2>/dev/null
	not lock --landlock "ro:$D/ro" truncate -s 0 "$D/ro/file" 2>/dev/null
	not lock --landlock "ro:$D/ro" touch "$D/ro/new" 2>/dev/null
	not lock --landlock "ro:$D/ro" rm "$D/ro/file" 2>/dev/null
	not lock --landlock "ro:$D/ro" cat "$D/other/file" 2>/dev/null
	not lock --landlock "ro:$D/ro" ls "$D" 2>/dev/null
	[ "$(cat "$D/ro/file")" = text ]; [ "$(ls "$D/ro" | tr "\n" " ")" = "file probe " ]
	lock --landlock "rw:$D/rw" sh -c "cat $D/rw/file; echo y >$D/rw/new; mkdir $D/rw/sub; mv $D/rw/new $D/rw/sub/new; rm $D/rw/sub/new; rmdir $D/rw/sub" >/dev/null
	# a rule for a file
	lock --landlock "rw:$D/other/file" sh -c "echo text >$D/other/file"
	not lock --landlock "rw:$D/other/file" touch "$D/other/new" 2>/dev/null
	# the control
	touch "$D/ro/new"; rm "$D/ro/new"
'
test_ok 'programs: those of a rule, and no others' '
	[ "$(lock --landlock "ro:$D/ro" "$D/ro/probe" cwd)" ]
	rc=0; lock --landlock "ro:$D/ro" "$D/other/probe" cwd >"$TMP/got" 2>"$TMP/said" || rc=$?
	[ $rc = 126 ]; [ ! -s "$TMP/got" ]
	[ "$("$D/other/probe" cwd)" ]
'
test_ok 'a path that leads through a link, and one of /proc, which does not' '
	ln -sfn rw "$D/link"
	lock --landlock "rw:$D/link" touch "$D/rw/by-link"
	rm "$D/rw/by-link"
	exec 9<"$D/other"
	rc=0; lock --landlock "rw:/proc/self/fd/9" true 2>"$TMP/said" || rc=$?
	[ $rc = 1 ]; grep -qE "^nestbox: setpriv: /proc/self/fd/9: landlock: (Too many levels|Symbolic link loop)" "$TMP/said"
'
test_fails 1 '^nestbox: setpriv: /not/there: landlock: No such file' 'a path that is not there' 'lock --landlock ro:/not/there true'
test_ok 'what is open stays open' '
	[ "$(lock sh -c "cat <&9; echo more >&8" 9<"$D/other/file" 8>>"$TMP/kept")" = text ]
	[ "$(cat "$TMP/kept")" = more ]
'
test_ok 'one more layer takes away, and gives nothing back' '
	lock --landlock "rw:$D/rw" -- nestbox setpriv --landlock rw:/ -- sh -c "touch $D/rw/two; ! touch $D/other/two 2>/dev/null"
	rm "$D/rw/two"
	not lock --landlock "rw:$D/rw" -- nestbox setpriv --landlock ro:/ -- touch "$D/rw/three" 2>/dev/null
'

# --- ports, sockets, signals

test_ok 'ports' '
	port=$((20000 + $$ % 20000))
	[ "$(lock --landlock bind:$port probe tcp-bind $port)" = OK ]
	[ "$(lock --landlock bind:$port probe tcp-bind $((port + 1)) || :)" = EACCES ]
	[ "$(lock --landlock bind:any probe tcp-bind $((port + 1)))" = OK ]
	# nobody listens there, which one only hears of if one may ask
	[ "$(lock --landlock connect:$port probe tcp-connect $port || :)" = ECONNREFUSED ]
	[ "$(lock --landlock connect:$port probe tcp-connect $((port + 1)) || :)" = EACCES ]
	[ "$(lock --landlock connect:any probe tcp-connect $((port + 1)) || :)" = ECONNREFUSED ]
	[ "$(lock --landlock connect:$port probe tcp-bind $port || :)" = EACCES ]
'
test_ok 'abstract sockets and signals: those of the inside' '
	probe serve "nb-lock-$$" >"$TMP/served" & s=$!
	n=0; until grep -q OK "$TMP/served" || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
	[ "$(lock probe connect "nb-lock-$$" || :)" = EPERM ]
	[ "$(lock probe kill $s || :)" = EPERM ]
	[ "$(lock sh -c "sleep 5 & probe kill \$!; kill \$!")" = OK ]
	# the control
	[ "$(lock --landlock ipc:any probe kill $s)" = OK ]
	[ "$(lock --landlock ipc:any probe connect "nb-lock-$$")" = OK ]
	wait $s || :
'

# --- who may

test_ok 'an ordinary user, with no_new_privs' '
	LOCK_AS=$AS_USER
	[ "$(lock --landlock "ro:$D/ro" cat "$D/ro/file")" = text ]
	not lock --landlock "ro:$D/ro" cat "$D/other/file" 2>/dev/null
	[ "$(lock grep -c "^NoNewPrivs:.1" /proc/self/status)" = 1 ]
'
test_fails 1 'hint: this needs no_new_privs, or CAP_SYS_ADMIN' '... and not without' '$AS_USER "$NB" setpriv --landlock ro:/ true'
if test_need root 'root, without'; then
	test_ok 'root, without, also when another user and no capability is left in the end' '
		nestbox setpriv --landlock ro:/ --landlock rw:/dev -u 1000 --caps none -- sh -c "grep -q ^NoNewPrivs:.0 /proc/self/status && ! touch $D/rw/x 2>/dev/null"
		touch "$D/rw/x"; rm "$D/rw/x"
	'
fi

# --- run

if test_need namespaces run; then
	"$TESTS/../scripts/rootfs" "$TMP/root"
	cp "$(command -v probe)" "$TMP/root/bin"
	R=$TMP/root
	export R
	test_ok 'run: the paths are the container'\''s, whoever its user is' '
		for user in "" ${AS_USER:+"-u app"}; do
			$AS_ROOT nestbox run --cgroups disabled $user -v "$D/rw:/mnt" --landlock ro:/ --landlock rw:/mnt --landlock rw:/dev --landlock bind:80 "$R" sh -c "
				cat /etc/passwd >/dev/null && touch /mnt/in && ! touch /tmp/x 2>/dev/null || exit 1
				echo x >/dev/null; probe tcp-bind 80; probe tcp-bind 81" >"$TMP/got" || :
			[ "$(cat "$TMP/got" | tr "\n" " ")" = "OK EACCES " ]
			rm "$D/rw/in"
		done
		$AS_ROOT nestbox run --cgroups disabled "$R" sh -c "touch /tmp/x && rm /tmp/x"
	'
	test_ok 'run: with the network of the host its abstract sockets are refused' '
		probe serve "nb-lock-run-$$" >"$TMP/served2" & s=$!
		n=0; until grep -q OK "$TMP/served2" || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
		[ "$($AS_ROOT nestbox run --cgroups disabled --network host --landlock rw:/ --landlock bind:any --landlock connect:any "$R" probe connect "nb-lock-run-$$" || :)" = EPERM ]
		[ "$($AS_ROOT nestbox run --cgroups disabled --network host "$R" probe connect "nb-lock-run-$$")" = OK ]
		wait $s || :
	'
	test_fails 125 '^nestbox: run: setpriv: /nope: landlock: No such file' 'run: a path that it does not have' '$AS_ROOT nestbox run --cgroups disabled --landlock ro:/nope "$R" true'
	test_ok 'run: the waiter is not held back, and signals reach the command' '
		rm -f "$TMP/ready"
		$AS_ROOT nestbox run --cgroups disabled --landlock rw:/ "$R" sh -c "trap \"exit 7\" TERM; echo up; while :; do sleep 0.05; done" >"$TMP/ready" & run=$!
		n=0; until grep -q up "$TMP/ready" || [ $n = 100 ]; do sleep 0.05; n=$((n + 1)); done
		kill -TERM $run
		rc=0; wait $run || rc=$?
		[ $rc = 7 ]
	'
fi

done_testing
