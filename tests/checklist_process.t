#!/bin/sh
# The security checklist, B: the process and its descriptors.
#
# Shown elsewhere:
#   B2   descriptors of the caller            fds.t, run.t
#   B7   environment                          run.t, fds.t
#   B8   a null device of its own             run.t
#   B9   umask, signals                       run.t, setpriv.t
#   B10  maps are written for the right one   idmap.t
#   B12  the next word of a line is ours      pivot_inside.t
#   B14  who kills the waiter                 run.t, run_userns.t
#   B15  a reaper as the first process        init.t
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
cp "$(command -v probe)" "$TMP/root/bin"
R=$TMP/root
MARK=$TMP/host-mark
export R MARK
: >"$MARK"

# what a snippet that failed has left running
at_end 'for p in /proc/[0-9]*; do case $(tr "\0" " " 2>/dev/null <"$p/cmdline") in nestbox*"$TMP/"*) kill -9 "${p#/proc/}" ;; esac; done'

cat >>"$TMP/.env" <<'ENV'
start() { $AS_ROOT nestbox run --cgroups disabled "$@"; }
soon() { tries=0; until "$@"; do sleep 0.05; tries=$((tries + 1)); [ $tries != 200 ] || return 1; done; }
first_child() { [ -e "/proc/$1" ] && child=$(tr -d " " <"/proc/$1/task/$1/children") && [ "$child" ]; }
# the first process of the container whose waiter is $1, once its command runs
runs() { first_child "$1" && [ "$(cat "/proc/$child/comm")" = "$2" ]; }
ENV

# --- B1: the binary. A copy, which is one's own and which nobody else runs.

mkdir "$TMP/own"
cp "$NB" "$TMP/own/nestbox"
printf '#!/proc/self/exe\n' >"$R/bin/entry"
printf '#!/proc/self/exe unshare\n' >"$R/bin/again"
printf '#!/bin/sh\n' >"$R/bin/script"
chmod 755 "$R/bin/entry" "$R/bin/again"

test_fails 125 'entry: no such applet' 'B1: the control: a script for /proc/self/exe is one for nestbox' 'start "$R" /bin/entry'

# what a container's process gets of the binary of a nestbox beside it, once that has ended
cat >"$R/bin/evil" <<'END'
#!/bin/sh
# for the process whose command line begins as "$1" says
while :; do
	for p in /proc/[0-9]*; do
		case $(tr '\0' ' ' 2>/dev/null <"$p/cmdline") in
		"$1"*) exec probe grab "$p/exe" 8000 ;;
		esac
	done
done
END
chmod 755 "$R/bin/evil"
cat >>"$TMP/.env" <<'ENV'
# evil in a container waits for the command line $1; the rest starts it, with $pid for the container's first process
grabbed()
{
	line=$1
	shift
	: >"$TMP/got"
	$AS_ROOT nestbox run --cgroups disabled "$R" evil "$line" >"$TMP/got" & run=$!
	soon runs $run evil
	pid=$child
	"$@" & inside=$!
	soon grep -q held "$TMP/got"
	first_child $inside
	kill -9 $child
	wait $inside || :
	soon ended $run
	wait $run || :
	tail -n 1 "$TMP/got"
}
# what can be done to the binary of the process $1, once that and its child have ended
grab_of()
{
	# of an earlier one
	rm -f "$TMP/grab"
	probe grab /proc/$1/exe 8000 >"$TMP/grab" & grab=$!
	soon grep -q held "$TMP/grab"
	kill -9 $1 $child 2>/dev/null || :
	wait $1 || :
	wait $grab || :
	tail -n 1 "$TMP/grab"
}
ended() { not kill -0 "$1" 2>/dev/null; }
ENV

if test_need root 'B1: a nestbox that enters a container'; then
	test_ok 'B1: of a nestbox that enters a container its processes get nothing that they could write to' '
		before=$(sha256sum "$TMP/own/nestbox")
		enter() { exec "$TMP/own/nestbox" nsenter -t $pid -a -- nestbox setpriv --caps default,-mknod --exec -- /bin/again; }
		[ "$(grabbed "/proc/self/exe unshare /bin/again" enter)" = EROFS ]
		[ "$(sha256sum "$TMP/own/nestbox")" = "$before" ]
		# nor by a chain of applets, each executed anew
		enter() { NESTBOX_REEXEC=1 exec "$TMP/own/nestbox" nsenter -t $pid -a -- nestbox setpriv --caps default,-mknod --exec -- /bin/again; }
		[ "$(grabbed "/proc/self/exe unshare /bin/again" enter)" = EROFS ]
		[ "$(sha256sum "$TMP/own/nestbox")" = "$before" ]
	'
	test_ok 'B1: the control: another program that enters it is theirs' '
		mkdir -p "$TMP/prog"
		cp "$R/bin/busybox" "$TMP/prog/sleep"
		before=$(sha256sum "$TMP/prog/sleep")
		enter() { exec nestbox nsenter -t $pid -p -- nestbox setpriv --caps default,-mknod --exec -- "$TMP/prog/sleep" 30; }
		[ "$(grabbed "$TMP/prog/sleep 30" enter)" = OK ]
		[ "$(sha256sum "$TMP/prog/sleep")" != "$before" ]
	'
	test_ok 'B1: run, pivot and what follows on the line are such copies' '
		for line in "run --cgroups disabled" "unshare -m -p -f -- nestbox pivot --api"; do
			$TMP/own/nestbox $line "$R" sleep 30 & run=$!
			soon runs $run sleep
			[ "/proc/$run/exe" -ef "$TMP/own/nestbox" ]
			[ "$(cat /proc/$run/comm)" = nestbox ]
			[ "$(grab_of $run)" = EROFS ]
		done
		# the control
		$TMP/own/nestbox unshare -p -f -- sleep 30 & run=$!
		soon runs $run sleep
		[ "$(grab_of $run)" = OK ]
		cp "$NB" "$TMP/own/nestbox"
	'
	test_ok 'B1: none is made where the binary cannot be written to' '
		nestbox unshare -m -- sh -euc ". \"\$TMP/.env\"
			mount --bind \"\$TMP/own\" \"\$TMP/own\"; mount -o remount,bind,ro \"\$TMP/own\"
			\"\$TMP/own/nestbox\" run --cgroups disabled \"\$R\" sleep 30 & run=\$!
			soon runs \$run sleep
			[ \"\$(readlink /proc/\$run/exe)\" = \"\$TMP/own/nestbox\" ]
			kill -9 \$run"
	'
fi
if test_need root 'B1: where no mount' && test_need cmd:strace 'B1: where no mount'; then
	test_ok 'B1: where no mount can be had it is a copy in memory' '
		strace -qq -o /dev/null -e trace=open_tree -e inject=open_tree:error=EPERM:when=1 "$TMP/own/nestbox" run --cgroups disabled "$R" sleep 30 & trace=$!
		soon runs $trace nestbox
		run=$child
		soon runs $run sleep
		readlink /proc/$run/exe | grep -q "^/memfd:nestbox"
		[ "$(cat /proc/$run/comm)" = nestbox ]
		kill -9 $run $child; wait $trace || :
	'
	test_fails 125 'hint: .*mounted read-only no copy is needed' 'B1: where neither can, nothing is started' '
		strace -qq -o /dev/null -e trace=open_tree,memfd_create -e inject=open_tree:error=EPERM:when=1 -e inject=memfd_create:error=ENOSYS \
			"$TMP/own/nestbox" run --cgroups disabled "$R" echo ran'
fi
if test_need userns-user 'B1: the binary of an ordinary user'; then
	test_ok 'B1: the binary of an ordinary user is sealed, also when he may not write to it' '
		mkdir -p "$TMP/his"
		for mode in 755 555; do
			cp "$NB" "$TMP/his/nestbox"
			chmod $mode "$TMP/his/nestbox"
			[ -z "$AS_USER" ] || chown 1000:1000 "$TMP/his" "$TMP/his/nestbox"
			before=$(sha256sum "$TMP/his/nestbox")
			$AS_USER "$TMP/his/nestbox" run --userns auto --cgroups disabled "$R" sleep 30 & run=$!
			soon runs $run sleep
			[ "$(cat /proc/$run/comm)" = nestbox ]
			readlink /proc/$run/exe | grep -q "^/memfd:nestbox"
			[ "$(grab_of $run)" = EPERM ]
			[ "$(sha256sum "$TMP/his/nestbox")" = "$before" ]
			rm -f "$TMP/his/nestbox"
		done
	'
	test_ok 'B1: root'\''s is none of his, and no copy is made' '
		$AS_USER "$NB" run --userns auto --cgroups disabled "$R" sleep 30 & run=$!
		soon runs $run sleep
		readlink /proc/$run/exe | grep -qx "$NB"
		kill -9 $run
	'
fi

# --- B3, B4: who comes in

if test_need root 'B3: nobody who comes in is looked into before his command runs'; then
	test_ok 'B3: nobody who comes in is looked into before his command runs' '
		rm -f "$TMP/got"
		nestbox run --cgroups disabled "$R" probe spy 12 >"$TMP/got" & run=$!
		soon runs $run probe
		soon grep -q OK "$TMP/got"
		end=$(($(date +%s) + 8)); n=0
		while [ "$(date +%s)" -lt $end ]; do
			nestbox nsenter -t $child -a -- nestbox setpriv --caps default,-mknod --exec -- /bin/busybox usleep 2000
			nestbox nsenter -t $child -m -p -- /bin/true
			n=$((n + 1))
		done
		wait $run || :
		echo "$n came in"
		sort "$TMP/got" | uniq -c
		# the control: their commands were, which may do no more than who looks
		grep -q "^exe /bin/busybox" "$TMP/got"
		grep -vE "^(OK|exe /bin/(busybox|usleep|true)|root /|cwd /|traced|fd/.*)\$" "$TMP/got" >"$TMP/seen" || :
		sort -u "$TMP/seen" >&2
		[ ! -s "$TMP/seen" ]
		# of the descriptors those that the command has anyhow
		not grep "^fd/[1-9]" "$TMP/got" >&2
	'
fi
test_ok 'B4: no process inside has the host for its root or directory' '
	start "$R" sh -c "for p in /proc/[0-9]*; do for d in root cwd; do [ ! -e \$p/\$d$MARK ] || echo \$p; done; done" >"$TMP/got"
	[ ! -s "$TMP/got" ]
	[ -e "/proc/self/root$MARK" ]
'

# --- B5: the terminal

if test_need cmd:script 'B5: no key can be pushed into the terminal of the caller'; then
	test_ok 'B5: no key can be pushed into the terminal of the caller' '
		script -qec "$AS_ROOT nestbox run --cgroups disabled $R probe tiocsti 0" /dev/null </dev/null | tr -d "\r" >"$TMP/got" || :
		grep -qxE "EPERM|EIO|ENOTTY" "$TMP/got"
		# the control, where this kernel has that at all
		[ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null)" = 0 ] || script -qec "probe tiocsti 0" /dev/null </dev/null | grep -q OK
	'
fi

# --- B6, B8, B9, B11

test_ok 'B6: the session keyring of the caller is not that of the container' '
	outside=$(probe keyctl session)
	inside=$(start "$R" probe keyctl session) || :
	echo "$outside $inside"
	[ "$inside" ] && [ "$inside" != "$outside" ]
	# the control
	[ "$(probe keyctl session)" = "$outside" ]
'
if test_need root 'B8: files behind the standard descriptors keep their owner'; then
	test_ok 'B8: files behind the standard descriptors keep their owner' '
		: >"$TMP/out"; : >"$TMP/err"
		chown 1234:1234 "$TMP/out" "$TMP/err"; chmod 600 "$TMP/out" "$TMP/err"
		start -u 1000 "$R" echo hello >"$TMP/out" 2>"$TMP/err"
		[ "$(stat -c "%u:%g %a" "$TMP/out" "$TMP/err" | sort -u)" = "1234:1234 600" ]
		[ "$(cat "$TMP/out")" = hello ]
	'
fi
test_need cmd:nice 'B9: niceness stays' && test_ok 'B9: niceness stays' '
	[ "$(nice -n 3 $AS_ROOT "$NB" run --cgroups disabled "$R" sh -c "cut -d\" \" -f19 /proc/\$\$/stat")" = 3 ]
'
test_ok 'B9: nor is the OOM score changed, or its own files in /proc those of somebody else' '
	[ "$(start "$R" cat /proc/self/oom_score_adj)" = "$(cat /proc/self/oom_score_adj)" ]
	[ "$(start "$R" stat -c %u /proc/1/environ)" = 0 ]
'
if test_need root 'B11: as a setuid program it does nothing'; then
	test_fails 125 'not made to be setuid' 'B11: as a setuid program it does nothing' '
		cp "$NB" "$TMP/own/setuid"
		$AS_USER "$TMP/own/setuid" --version
		chmod 4755 "$TMP/own/setuid"
		$AS_USER "$TMP/own/setuid" run "$R" true'
fi

# --- B14, B16

cat >>"$TMP/.env" <<'ENV'
sleepers()
{
	for p in /proc/[0-9]*; do
		case $(tr "\0" " " 2>/dev/null <"$p/cmdline") in "sleep $1 ") echo "$p" ;; esac
	done
}
asleep() { [ "$(sleepers "$1" | wc -l)" -ge "$2" ]; }
awake() { [ -z "$(sleepers "$1")" ]; }
ENV
cat >>"$TMP/.env" <<'ENV'
# nobody may be there to reap it
dead() { [ ! -e "/proc/$1" ] || grep -q "^State:.Z" "/proc/$1/status"; }
ENV
test_ok 'B14: a second after the waiter nothing of the container is left' '
	for opts in "" ${AS_USER:+"-u 1000"} "--cap-drop ALL"; do
		$AS_ROOT nestbox run --cgroups disabled $opts "$R" sh -c "sleep 4321$$ & (sleep 4321$$ &) ; setsid sleep 4321$$ & wait" & run=$!
		soon asleep 4321$$ 3
		kill -9 $run
		n=0; until awake 4321$$ || [ $n = 10 ]; do sleep 0.1; n=$((n + 1)); done
		awake 4321$$
		wait $run || :
	done
'
if test_need root 'B14: a setuid program'; then
	test_ok 'B14: a setuid program, which no longer hears of the waiter'\''s death, goes with gc' '
		cp "$R/bin/probe" "$R/bin/suprobe"; chmod 4755 "$R/bin/suprobe"
		nestbox run --cgroups disabled -u 1000 "$R" suprobe spy 60 >"$TMP/got" & run=$!
		soon runs $run suprobe
		kill -9 $run; wait $run || :
		nestbox gc
		soon dead $child
	'
fi
if test_need cmd:strace 'B16: what is loaded in the root file system'; then
	test_ok 'B16: behind the pivot nothing is opened but what the options say' '
		strace -f -qq -e trace=open,openat,openat2,pivot_root,execve -o "$TMP/calls" $AS_ROOT nestbox run --cgroups disabled ${AS_USER:+-u app} "$R" true
		sed -n "/pivot_root/,\$p" "$TMP/calls" | grep -E "open(at2?)?\(" | sed -n "s/^[0-9]* *open[at2]*([^\"]*\"\([^\"]*\)\".*/\1/p" | sort -u >"$TMP/opened"
		[ -s "$TMP/opened" ]
		# what is mounted there, and who the user is
		not grep -vE "^(/|/(proc|sys|dev)(/.*)?|self/setgroups|etc/(passwd|group))\$" "$TMP/opened" >&2
		grep -qx etc/passwd "$TMP/opened"
	'
fi

done_testing
