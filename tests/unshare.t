#!/bin/sh
# unshare: what is new afterwards, who gets which signal, and how it ends.
. "${0%/*}/lib.sh"
need namespaces

cat >>"$TMP/.env" <<'END'
# run "$@" and print its exit status
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }

# lines of "NAME -> NAME:[INODE]", of one process that need not fork
links() { sed -n "s/.* \([a-z_]*\) -> /\1 /p"; }

# the namespaces that "nestbox unshare $@" changes for its command, the user
# namespace that $AS_ROOT may make before it left out
changed()
{
	$AS_ROOT sh -euc '
		ls -l /proc/self/ns >"$TMP/before"
		# before Linux 7 pid_for_children cannot be read as long as the new namespace has no process
		exec nestbox unshare "$@" -- ls -l /proc/self/ns' sh "$@" >"$TMP/after" 2>/dev/null
	links <"$TMP/before" >"$TMP/links"
	links <"$TMP/after" | while read -r name inode; do
		grep -qxF "$name $inode" "$TMP/links" || echo "$name"
	done | tr '\n' ' '
}

# wait up to 5 s for a command to be true
soon() { for _ in 1 2 3 4 5 6 7 8 9 10; do ! "$@" || return 0; sleep 0.1; done
	for _ in 1 2 3 4; do ! "$@" || return 0; sleep 1; done; return 1; }
# dead or a zombie that nobody has looked at
gone() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null; }

# what util-linux and we make of the same words
same_status() {
	theirs=$(status $AS_ROOT unshare "$@"); ours=$(status $AS_ROOT nestbox unshare "$@")
	echo "unshare $*: util-linux $theirs, nestbox $ours"
	[ "$theirs" = "$ours" ]
}
END
. "$TMP/.env"

has_peer=
case $(unshare --version 2>/dev/null) in *util-linux*) has_peer=1 ;; esac

# --- namespaces

for pair in m:mnt u:uts i:ipc n:net C:cgroup; do
	test_ok "-${pair%%:*} makes a new ${pair#*:} namespace and no other" "
		[ \"\$(changed -${pair%%:*})\" = '${pair#*:} ' ]
	"
done

test_ok 'nothing asked for, nothing new' '[ -z "$(changed)" ]'

test_ok 'the long names mean the same' '
	[ "$(changed --mount --uts --ipc --net --cgroup)" = "cgroup ipc mnt net uts " ]
	[ "$(changed --hostname x)" = "uts " ]
	[ "$(changed --domainname x)" = "uts " ]
'

test_ok '-p leaves the command outside, -p -f puts it in as pid 1' '
	case $(changed -p) in "" | "pid_for_children ") ;; *) false ;; esac
	[ "$(changed -p -f)" = "pid pid_for_children " ]
	[ "$($AS_ROOT nestbox unshare -p -f sh -c "echo \$\$")" = 1 ]
'

[ ! -e /proc/self/ns/time ] || test_ok '-T makes a new time namespace' '
	[ "$(changed -T -f)" = "time time_for_children " ]
	case $(changed -T) in "time_for_children " | "time time_for_children ") ;; *) false ;; esac
'

test_need userns 'user namespaces' && test_ok '-U makes a user namespace, and all eight come in one go' '
	[ "$(changed -U)" = "user " ]
	[ "$(changed -r)" = "user " ]
	got=$(changed -rmuinpCf)
	[ "$got" = "cgroup ipc mnt net pid pid_for_children user uts " ]
'

test_ok 'without -f the first child is pid 1, and after it nobody can fork' '
	$AS_ROOT nestbox unshare -p -- sh -c "echo \$\$; sh -c \"echo \\\$\\\$\"; exec 2>/dev/null; (exit 0); echo forked" >"$TMP/got" || :
	[ "$(wc -l <"$TMP/got")" = 2 ]
	[ "$(tail -n 1 "$TMP/got")" = 1 ]
	[ "$(head -n 1 "$TMP/got")" != 1 ]
	# with -f there is a pid 1 that stays
	$AS_ROOT nestbox unshare -p -f -- sh -c "(exit 0); (exit 0); echo forked" | grep -qx forked
'

# --- how it ends

if [ "$has_peer" ]; then
	printf 'exit 9\n' >"$TMP/script"
	chmod 755 "$TMP/script"
	printf '#!/not/there\n' >"$TMP/badscript"
	chmod 755 "$TMP/badscript"
	: >"$TMP/plain"
	test_ok 'exit statuses are util-linux'\''s' '
		for f in "-u" "-f" "-p -f" "--kill-child"; do
			same_status $f true
			same_status $f false
			same_status $f sh -c "exit 7"
			same_status $f not-there-at-all
			same_status $f /not/there
			same_status $f /etc
			same_status $f "$TMP/plain"
			same_status $f "$TMP/script"
			same_status $f "$TMP/badscript"
			same_status $f "$TMP/plain/below"
			same_status $f -- sh -c "kill -TERM \$\$; sleep 1; exit 3"
		done
		same_status --no-such-option true
		same_status --kill-child=NOSUCH true
		same_status --propagation wrong true
		same_status --help
		same_status --version
	'
	test_ok 'death by a signal is util-linux'\''s' '
		# KILL not: util-linux 2.38 fails to die by it
		for sig in TERM INT HUP USR1 SEGV QUIT ABRT PIPE; do
			same_status -f nestbox setpriv --reset-signals --exec -- sh -c "kill -$sig \$\$; exit 3"
		done
	'
fi

test_ok 'a shell sees 128+n when the command dies by signal n' '
	[ "$(status nestbox unshare -f sh -c "kill -KILL \$\$")" = 137 ]
	[ "$(status nestbox unshare -f sh -c "kill -TERM \$\$")" = 143 ]
	[ "$(status $AS_ROOT nestbox unshare -p -f sh -c "sh -c \"kill -TERM \\\$\\\$\"; exit 6")" = 6 ]
'

test_fails 127 'nestbox: unshare: not-there-at-all: not found in PATH' 'not found is 127' \
	'$AS_ROOT nestbox unshare -u not-there-at-all'
test_fails 127 'nestbox: unshare: not-there-at-all: not found in PATH' 'not found is 127 behind a fork too' \
	'$AS_ROOT nestbox unshare -f -p not-there-at-all'
test_fails 126 'nestbox: unshare: /etc: cannot execute: Permission denied' 'not executable is 126' '$AS_ROOT nestbox unshare -u /etc'
test_fails 1 'nestbox: unshare: --no-such-option' 'an unknown option is 1' 'nestbox unshare --no-such-option true'
test_fails 1 'nestbox: unshare: .*wrong' 'an unknown propagation is 1' 'nestbox unshare --propagation wrong true'
test_fails 1 'unshare: .*NOSUCH' 'an unknown signal is 1' 'nestbox unshare --kill-child=NOSUCH true'

test_ok 'a script without #! is run by sh' '
	printf "echo \$1; exit 9\n" >"$TMP/s"; chmod 755 "$TMP/s"
	rc=0; got=$($AS_ROOT nestbox unshare -u "$TMP/s" word) || rc=$?
	[ "$rc" = 9 ]; [ "$got" = word ]
	rc=0; PATH=$TMP:$PATH nestbox unshare -f s word >/dev/null || rc=$?
	[ "$rc" = 9 ]
'

test_ok 'no command is $SHELL, or sh where that is empty' '
	printf "#!/bin/sh\necho my shell \$#\n" >"$TMP/shell"; chmod 755 "$TMP/shell"
	[ "$(SHELL=$TMP/shell $AS_ROOT nestbox unshare -u)" = "my shell 0" ]
	[ "$(SHELL=$TMP/shell $AS_ROOT nestbox unshare -u --)" = "my shell 0" ]
	echo "readlink /proc/self/ns/uts" | SHELL=/bin/sh $AS_ROOT nestbox unshare -u >"$TMP/inside"
	[ "$(cat "$TMP/inside")" != "$(readlink /proc/self/ns/uts)" ]
	[ "$(echo "echo \$((6 * 7))" | SHELL= $AS_ROOT nestbox unshare -u)" = 42 ]
'

# --- signals

test_ok 'kill -9 of the waiter with --kill-child takes the command along' '
	for opts in "--kill-child" "--kill-child -p" "--kill-child=KILL -p --mount-proc"; do
		$AS_ROOT nestbox unshare $opts -- sh -c "echo >\"$TMP/up\"; exec sleep 999" &
		waiter=$!
		soon test -e "$TMP/up"; rm "$TMP/up"
		child=$(cat "/proc/$waiter/task/$waiter/children")
		[ "$child" ]
		kill -9 "$waiter"
		soon gone "${child% }"
	done
'

test_ok 'without --kill-child it lives on' '
	nestbox unshare -f -- sh -c "echo \$\$ >\"$TMP/pid\"; exec sleep 30" &
	soon test -s "$TMP/pid"; kill -9 $!
	sleep 0.3
	pid=$(cat "$TMP/pid")
	not gone "$pid"
	kill "$pid"
'

test_ok '--kill-child=SIG sends that signal' '
	nestbox unshare --kill-child=TERM -- sh -c "trap \"echo term >$TMP/mark; exit\" TERM; echo >\"$TMP/up\"; while :; do sleep 0.05; done" &
	soon test -e "$TMP/up"; kill -9 $!
	soon test -s "$TMP/mark"
'

test_ok '--kill-child works in a user namespace, and after a change of uid with setpriv --pdeathsig' '
	nestbox unshare --kill-child -r -p -- sleep 999 & one=$! two=
	if [ "$AS_USER" ]; then nestbox unshare --kill-child -p -- nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --pdeathsig KILL --exec -- sleep 999 & two=$!; fi
	sleep 0.5
	for waiter in $one $two; do
		child=$(cat "/proc/$waiter/task/$waiter/children")
		grep -q sleep "/proc/${child% }/comm"
		kill -9 "$waiter"
		soon gone "${child% }"
	done
'

# The command signals its waiter, so that no shell in between has signals ignored.
probe='trap "exit 42" TERM INT USR1; kill -SIG $PPID; for i in 1 2 3 4 5 6 7 8; do sleep 0.05; done; exit 5'
echo "probe='$probe'" >>"$TMP/.env"
cat >>"$TMP/.env" <<'END'
waiting() { sig=$1; shift; status nestbox setpriv --reset-signals --exec -- nestbox unshare "$@" -- sh -c "$(echo "$probe" | sed "s/SIG/$sig/")"; }
END

test_ok 'TERM and INT neither end the waiter nor reach the command' '
	[ "$(waiting TERM -f)" = 5 ]
	[ "$(waiting INT -f)" = 5 ]
	[ "$(waiting USR1 -f)" = 138 ]
'
test_ok '--forward-signals passes TERM and INT on, and no other' '
	[ "$(waiting TERM --forward-signals)" = 42 ]
	[ "$(waiting INT --forward-signals)" = 42 ]
	[ "$(waiting USR1 --forward-signals)" = 138 ]
'
test_ok '--forward-signals=all passes what can be caught' '
	for sig in TERM INT USR1; do [ "$(waiting "$sig" --forward-signals=all)" = 42 ]; done
	[ "$(waiting HUP --forward-signals=all)" = 129 ]
'
test_ok 'a forwarded TERM ends the command, and the waiter like it' '
	nestbox unshare --forward-signals -- sleep 30 & pid=$!
	sleep 0.3; kill -TERM $pid; rc=0; wait $pid || rc=$?; [ "$rc" = 143 ]
'

test_ok 'no TERM is lost, however soon after the start it comes' '
	for mode in --forward-signals --forward-signals=all; do
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			for pause in "" 0 0.001 0.002 0.003; do
				nestbox unshare $mode -- sleep 20 & pid=$!
				[ -z "$pause" ] || sleep "$pause"
				kill -TERM $pid; rc=0; wait $pid || rc=$?
				[ "$rc" = 143 ]
			done
		done
	done 2>/dev/null
'

if env --ignore-signal=CHLD true 2>/dev/null; then
	test_ok 'an inherited SIG_IGN for CHLD does not lose the status' '
		[ "$(status env --ignore-signal=CHLD nestbox unshare -f sh -c "exit 7")" = 7 ]
		[ "$(status env --ignore-signal=CHLD $AS_ROOT nestbox unshare -p --kill-child sh -c "exit 7")" = 7 ]
		[ "$(status env --ignore-signal=CHLD nestbox unshare -f not-there-at-all)" = 127 ]
	'
	test_ok 'the command has the caller'\''s signal mask and dispositions' '
		for ignore in CHLD,USR1 INT,TERM USR2; do
			for opts in -u -f "-p -f" --kill-child --forward-signals --forward-signals=all; do
				env --ignore-signal=$ignore --block-signal=HUP,WINCH grep -E "^Sig(Blk|Ign)" /proc/self/status >"$TMP/want"
				env --ignore-signal=$ignore --block-signal=HUP,WINCH $AS_ROOT nestbox unshare $opts -- grep -E "^Sig(Blk|Ign)" /proc/self/status >"$TMP/got"
				diff "$TMP/want" "$TMP/got"
			done
		done
	'
fi

test_ok 'the command has the caller'\''s session and process group' '
	set -- $(cut -d " " -f 5,6 /proc/self/stat)
	[ "$(nestbox unshare -f cut -d " " -f 5,6 /proc/self/stat)" = "$1 $2" ]
'

test_ok 'the caller'\''s fds are passed on, and none of our own' '
	want=$(ls -l /proc/self/fd | grep -c -e "->")
	for opts in -u -f "-p --kill-child" --forward-signals=all; do
		[ "$($AS_ROOT nestbox unshare $opts -- ls -l /proc/self/fd | grep -c -e "->")" = "$want" ]
	done
	echo text >"$TMP/file"
	[ "$(nestbox unshare -f sh -c "cat <&7" 7<"$TMP/file")" = text ]
'

# --- mounts

# an outer mount namespace with a shared tmpfs at $TMP/o, in which the rest is run
cat >>"$TMP/.env" <<'END'
outer()
{
	mkdir -p "$TMP/o"
	$AS_ROOT nestbox unshare --mount -- sh -euc '. "$TMP/.env"; mount -t tmpfs outer "$TMP/o"; mount --make-shared "$TMP/o"; mkdir "$TMP/o/a" "$TMP/o/b"; '"$1"
}
# the optional fields of the mount at $1: shared:N, master:N
peers() { sed -n "s|^[0-9]* [0-9]* [^ ]* [^ ]* $1 [^ ]* \(.*\)- .*|\1|p" /proc/self/mountinfo; }
mounted() { grep -q " $1 " /proc/self/mountinfo; }
# mount in both namespaces, and look from both: "OUT-TO-IN IN-TO-OUT"
spread()
{
	mkfifo "$TMP/o/up" "$TMP/o/go"
	nestbox unshare -m "$@" -- sh -euc '. "$TMP/.env"; mount -t tmpfs in "$TMP/o/b"; echo >"$TMP/o/up"; read -r _ <"$TMP/o/go"; mounted "$TMP/o/a" && echo in || echo -' >"$TMP/o/in" &
	read -r _ <"$TMP/o/up"
	mounted "$TMP/o/b" && out=out || out=-
	mount -t tmpfs out "$TMP/o/a"
	echo >"$TMP/o/go"; wait
	echo "$(cat "$TMP/o/in") $out"
}
END

test_ok 'by default mounts are private: nothing passes either way' \
	'outer "[ \"\$(spread)\" = \"- -\" ]"'
test_ok '--propagation private is the default' \
	'outer "[ \"\$(spread --propagation private)\" = \"- -\" ]"'
test_ok '--propagation slave lets the outer mounts in' \
	'outer "[ \"\$(spread --propagation slave)\" = \"in -\" ]"'
test_ok '--propagation unchanged leaves a shared mount shared' \
	'outer "[ \"\$(spread --propagation unchanged)\" = \"in out\" ]"'
test_ok '--propagation shared makes them peers' '
	outer "[ \"\$(spread --propagation shared)\" = \"in out\" ]"
	# also what was private before
	outer "mount --make-private \$TMP/o; nestbox unshare -m --propagation shared sh -euc \". \$TMP/.env; peers \$TMP/o\" | grep -q shared:"
'
test_ok 'mountinfo says which' '
	outer "nestbox unshare -m sh -euc \". \$TMP/.env; [ -z \\\"\\\$(peers \$TMP/o)\\\" ]\""
	outer "nestbox unshare -m --propagation slave sh -euc \". \$TMP/.env; peers \$TMP/o\" | grep -q ^master:"
	outer "[ \"\$(nestbox unshare -m --propagation unchanged sh -euc \". \$TMP/.env; peers \$TMP/o\")\" = \"\$(peers \$TMP/o)\" ]"
'

test_need static 'in a chroot, where / is no mount point, -m says how to go on' && test_ok 'in a chroot, where / is no mount point, -m says how to go on' '
	mkdir -p "$TMP/jail/bin" "$TMP/jail/proc"
	cp "$NB" "$TMP/jail/bin/nestbox"
	$AS_ROOT chroot "$TMP/jail" /bin/nestbox unshare -m --propagation unchanged /bin/nestbox --version
	rc=0; $AS_ROOT chroot "$TMP/jail" /bin/nestbox unshare -m /bin/nestbox --version 2>"$TMP/said" || rc=$?
	[ "$rc" = 1 ]
	grep -q "hint: .*--propagation unchanged" "$TMP/said"
'

test_ok '--mount-proc shows the new pid namespace only, and only inside' '
	cat /proc/self/mountinfo >"$TMP/before"
	$AS_ROOT nestbox unshare -p -f --mount-proc -- sh -c "echo /proc/[0-9]*; readlink /proc/self/ns/mnt" >"$TMP/got"
	head -n 1 "$TMP/got" | grep -qx /proc/1
	[ "$(tail -n 1 "$TMP/got")" != "$(readlink /proc/self/ns/mnt)" ]
	diff "$TMP/before" /proc/self/mountinfo
'
test_ok '--mount-proc=DIR mounts there, on any directory' '
	mkdir -p "$TMP/p"
	$AS_ROOT nestbox unshare -p -f --mount-proc="$TMP/p" -- sh -c "cd $TMP/p; [ \"\$(echo [0-9]*)\" = 1 ]; [ \"\$(echo /proc/[0-9]*)\" != /proc/1 ]"
	[ -z "$(ls "$TMP/p")" ]
	$AS_ROOT nestbox unshare -p -f --mount-proc -- grep " /proc " /proc/self/mountinfo | tail -n 1 | grep -q "nosuid,nodev,noexec"
'
test_ok '--mount-proc does not reach a shared outer /proc, whatever the propagation' '
	cat >"$TMP/shared-proc" <<-"END"
		mount --make-rshared /
		cat /proc/self/mountinfo >"$TMP/before"
		[ "$(nestbox unshare -p -f --mount-proc --propagation "$1" -- sh -c "echo /proc/[0-9]*")" = /proc/1 ]
		diff "$TMP/before" /proc/self/mountinfo
	END
	for mode in private slave shared unchanged; do
		$AS_ROOT nestbox unshare -m -- sh -eu "$TMP/shared-proc" "$mode"
	done
'
test_fails 1 'nestbox: unshare: /not/there: mount proc: No such file' '--mount-proc names a missing directory' \
	'$AS_ROOT nestbox unshare -p -f --mount-proc=/not/there true'

# --- host names

test_ok '--hostname and --domainname are set inside and nowhere else' '
	cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname >"$TMP/before"
	$AS_ROOT nestbox unshare --hostname in.side --domainname dom -- cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname >"$TMP/got"
	printf "in.side\ndom\n" | diff - "$TMP/got"
	cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname | diff "$TMP/before" -
	# 64 bytes are the most
	long=$(printf %064d 0)
	[ "$($AS_ROOT nestbox unshare --hostname "$long" cat /proc/sys/kernel/hostname)" = "$long" ]
'
test_fails 1 'unshare: 0{65}: longer than' 'a host name of 65 bytes is refused' 'nestbox unshare --hostname "$(printf %065d 0)" true'
test_fails 1 'unshare: .*empty' 'an empty host name is refused' 'nestbox unshare --hostname "" true'

# --- user namespaces

if test_need userns 'user namespaces'; then
	test_ok '-U alone leaves the ids unmapped' '
		want=$(cat /proc/sys/kernel/overflowuid):$(cat /proc/sys/kernel/overflowgid)
		[ "$(nestbox unshare -U sh -c "echo \$(id -u):\$(id -g)")" = "$want" ]
		[ -z "$(nestbox unshare -U cat /proc/self/uid_map /proc/self/gid_map)" ]
		[ "$(nestbox unshare -U cat /proc/self/setgroups)" = allow ]
		[ "$(nestbox unshare -U grep CapEff /proc/self/status | tr -d "[:alpha:]:[:space:]0")" = "" ]
	'
	test_ok '-r maps the caller to root and denies setgroups' '
		set -- $(nestbox unshare -r cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups)
		[ "$*" = "0 $(id -u) 1 0 $(id -g) 1 deny" ]
		[ "$(nestbox unshare -r id -u)" = 0 ]
		nestbox unshare -rf --kill-child true
	'
	if test_need userns-user 'an ordinary user'; then
		test_ok 'an ordinary user becomes root in it' '
			ids=$($AS_USER sh -c "echo \$(id -u):\$(id -g)")
			[ "${ids%:*}" != 0 ]
			set -- $($AS_USER nestbox unshare -r sh -c "id -u; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups")
			[ "$*" = "0 0 ${ids%:*} 1 0 ${ids#*:} 1 deny" ]
			$AS_USER nestbox unshare -rmuinpCf --mount-proc --hostname mine -- sh -euc "
				[ \$\$ = 1 ]; [ \$(cat /proc/sys/kernel/hostname) = mine ]; mount -t tmpfs none /mnt
			"
			$AS_USER nestbox unshare -rp --kill-child --forward-signals=all true
			$AS_USER nestbox unshare -U sh -c "[ -z \"\$(cat /proc/self/uid_map)\" ]"
		'
		if test_need root 'a start as root that goes on as a user inside one chain'; then
			test_ok 'a start as root that goes on as a user inside one chain' '
				set -- $(nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- nestbox unshare -r cat /proc/self/uid_map)
				[ "$*" = "0 1000 1" ]
			'
		fi
		test_fails 1 'nestbox: unshare: uts namespace: Operation not permitted' 'an ordinary user cannot make the others alone' \
			'$AS_USER nestbox unshare -u true'
		test_ok '... and the hint names -r' '
			not $AS_USER nestbox unshare -m true 2>"$TMP/said"
			grep -q "hint: .*--map-root-user" "$TMP/said"
		'
	fi
	test_ok 'a limit of 0 is named' '
		# in a user namespace of its own, whose limits are its own
		nestbox unshare -r sh -euc "nestbox unshare -u true; echo 0 >/proc/sys/user/max_uts_namespaces
			rc=0; nestbox unshare -u true 2>$TMP/said || rc=\$?; [ \$rc = 1 ]"
		grep -q "^nestbox: unshare: uts namespace: No space left on device" "$TMP/said"
		grep -qF "nestbox: hint: /proc/sys/user/max_uts_namespaces is 0" "$TMP/said"
	'
	test_ok 'of several namespaces the one that was refused is named' '
		nestbox unshare -r sh -euc "echo 0 >/proc/sys/user/max_net_namespaces; if nestbox unshare -unim true 2>$TMP/said; then exit 9; fi"
		grep -qF "hint: /proc/sys/user/max_net_namespaces is 0" "$TMP/said"
	'
fi

test_ok 'called by the name unshare it is unshare' '
	ln -s "$NB" "$TMP/unshare"
	[ "$($AS_ROOT "$TMP/unshare" --hostname linked cat /proc/sys/kernel/hostname)" = linked ]
	not $AS_ROOT "$TMP/unshare" -u not-there-at-all 2>"$TMP/said"
	grep -q "^unshare: not-there-at-all: not found" "$TMP/said"
'

test_ok 'options as they come: clusters, abbreviations, the end marked' '
	[ "$(changed -uim)" = "ipc mnt uts " ]
	[ "$(changed --ut --cg)" = "cgroup uts " ]
	[ "$($AS_ROOT nestbox unshare -u -- echo -i)" = -i ]
	[ "$($AS_ROOT nestbox unshare -u echo -i --)" = "-i --" ]
	not nestbox unshare --m true 2>/dev/null
'

done_testing
