#!/bin/sh
# chain: "nestbox" as the next word goes on in the same process, and nobody can tell the difference.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox

# an ordinary user starts with a user namespace
r=${AS_ROOT:+-r}
export r

cat >>"$TMP/.env" <<'END'
R=$TMP/root
status() { rc=0; "$@" >/dev/null 2>"$TMP/said" || rc=$?; echo "$rc"; }
host=$(for f in /proc/self/ns/*; do readlink "$f" || :; done 2>/dev/null | tr '\n' ' ')

# What the kernel says of a process that was started by the words "$@", which end in the file of its state.
state_of()
{
	"$@" /bin/busybox sh /state "$host" 2>&1
}

# The same chain in one process, executed anew at each link, and with env(1) between the links: three files.
three_ways()
{
	state_of env -u NESTBOX_REEXEC "$@" >"$TMP/inside"
	state_of env NESTBOX_REEXEC=1 "$@" >"$TMP/again"
	diff "$TMP/inside" "$TMP/again"
	[ "$envs" ] || return 0
	first=$1; shift
	words=
	for w in "$@"; do
		[ "$w" != nestbox ] || words="$words env"
		words="$words '$w'"
	done
	eval "state_of env -u NESTBOX_REEXEC $first $words" >"$TMP/exec"
	diff "$TMP/inside" "$TMP/exec"
}
envs=1
END
. "$TMP/.env"
"$TESTS/../scripts/rootfs" "$R"

cat >"$R/state" <<'END'
[ -e /proc/self ] || mount -t proc proc /proc
grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|SigBlk|SigIgn|SigCgt|Umask)' /proc/self/status | grep -v ^SigCgt
for f in uid_map gid_map setgroups; do echo "$f" $(cat /proc/self/$f); done
for f in /proc/self/ns/*; do
	n=$(readlink "$f") || n=none
	case " $1 " in *" $n "*) ;; *) echo "new ${f##*/}" ;; esac
done
pwd
hostname
# without what is numbered anew each time
sed 's/^[0-9]* [0-9]* [0-9:]* //; s/\(shared\|master\|propagate_from\):[0-9]* //g; s/pid=[0-9]*//' /proc/self/mountinfo
env | grep -v -e ^_= -e ^SHLVL= | sort
ls /proc/self/fd | wc -l
cat /proc/self/oom_score_adj
END
# --- where it goes on, and where not

if test_has cmd:strace && strace -o /dev/null true 2>/dev/null; then
	test_ok 'no program is executed between the links' '
		NESTBOX_REEXEC=0 strace -f -e trace=execve,execveat -o "$TMP/trace" nestbox unshare $r -u -- nestbox netns new -- nestbox unshare -i nestbox setpriv --no-new-privs -- true
		[ "$(grep -c "exec.* = 0$" "$TMP/trace")" = 2 ]
		NESTBOX_REEXEC=1 strace -f -e trace=execve,execveat -o "$TMP/trace" nestbox unshare $r -u -- nestbox netns new -- nestbox unshare -i nestbox setpriv --no-new-privs -- true
		[ "$(grep -c "exec.* = 0$" "$TMP/trace")" = 5 ]
	'
else
	test_skip 'no program is executed between the links' 'needs strace'
fi

test_ok 'no PATH and no environment are needed for it' '
	for again in 0 1; do
		PATH=/not/there NESTBOX_REEXEC=$again "$NB" unshare $r -u -- nestbox unshare -i -- /bin/true
		env -i NESTBOX_REEXEC=$again "$NB" unshare $r -u -- nestbox unshare -i -- /bin/true
		mkdir -p "$TMP/bin"; cp "$NB" "$TMP/bin/nestbox"
		cd "$TMP/bin"; PATH=/not/there NESTBOX_REEXEC=$again ./nestbox unshare $r -m -- nestbox pivot "$R" -- nestbox unshare -u -- /bin/true; cd /
		rm -r "$TMP/bin"
	done
'

test_ok 'a program of the user'\''s is not taken for an applet' '
	mkdir -p "$TMP/bin"
	for n in run unshare setpriv pivot; do
		printf "#!/bin/sh\necho my $n \$*\n" >"$TMP/bin/$n"; chmod 755 "$TMP/bin/$n"
		[ "$(PATH=$TMP/bin:$PATH nestbox unshare $r -u -- $n word)" = "my $n word" ]
		[ "$(PATH=$TMP/bin:$PATH nestbox unshare $r -u -- nestbox unshare -i $n word)" = "my $n word" ]
	done
	rm -r "$TMP/bin"
'

test_ok 'only the bare word goes on: a path, --exec and the last word are programs' '
	mkdir -p "$TMP/bin"
	printf "#!/bin/sh\necho mine \$*\n" >"$TMP/bin/nestbox"; chmod 755 "$TMP/bin/nestbox"
	export PATH="$TMP/bin:$PATH"
	[ "$("$NB" unshare $r -u -- "$TMP/bin/nestbox" unshare)" = "mine unshare" ]
	[ "$("$NB" setpriv --exec -- nestbox unshare)" = "mine unshare" ]
	[ "$("$NB" setpriv --no-new-privs -- nestbox setpriv --exec -- nestbox unshare)" = "mine unshare" ]
	[ "$("$NB" unshare $r -u -- nestbox)" = "mine" ]
	[ "$("$NB" unshare $r -u -- nestbox unshare -i echo ours)" = ours ]
	rm -r "$TMP/bin"
'
test_ok 'nestbox alone at the end is nestbox' 'nestbox unshare $r -u -- nestbox | grep -q "^Usage: nestbox"'
test_ok 'help inside a chain is the inner applet'\''s' 'nestbox unshare $r -u -- nestbox pivot --help | grep -q "^Usage: nestbox pivot"'

# --- the same state, however it came about

cat >>"$TMP/.env" <<'END'
# the same without a new root: the state's file is the host's, and so is the shell
outside() { cp "$R/state" "$TMP/state"; $AS_ROOT nestbox unshare -m -- sh -euc '
	. "$TMP/.env"
	state_of() { "$@" sh "$TMP/state" "$host" 2>&1; }
	chmod 755 "$TMP/state"
	'"$1"; }
END

test_ok 'namespaces' '
	outside "three_ways nestbox unshare -m -- nestbox unshare -u --hostname x -- nestbox netns new --"
	grep -qx "new mnt" "$TMP/inside"; grep -qx "new uts" "$TMP/inside"; grep -qx "new net" "$TMP/inside"; grep -qx x "$TMP/inside"
	outside "three_ways nestbox unshare -p -f -- nestbox unshare -C -i --"
	outside "three_ways nestbox unshare -p --kill-child --mount-proc -- nestbox unshare -f --forward-signals=all -- nestbox unshare -n --"
'

test_ok 'capabilities and the rest of the credentials' '
	outside "three_ways nestbox setpriv --bounding-set -net_raw,-sys_time -- nestbox unshare -u --"
	outside "three_ways nestbox setpriv --inh-caps +net_raw,+chown -- nestbox setpriv --ambient-caps +net_raw -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --caps default -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --caps none -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --securebits +noroot -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --securebits +noroot,+noroot_locked --inh-caps +chown --ambient-caps +chown -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --no-new-privs -- nestbox setpriv --bounding-set -chown -- nestbox setpriv --umask 027 -- nestbox setpriv --reset-signals --"
'
test_need root 'ids and groups, too' && test_ok 'ids and groups, too' '
	outside "three_ways nestbox setpriv --no-new-privs -- nestbox setpriv --bounding-set -chown -- nestbox setpriv --clear-groups --"
	outside "three_ways nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --reuid 1000 --inh-caps +net_raw --ambient-caps +net_raw -- nestbox setpriv --no-new-privs --"
	outside "three_ways nestbox setpriv --groups 5,6,7 -- nestbox setpriv --umask 027 -- nestbox setpriv --reset-signals --"
'

test_need root 'where real and effective ids differ' && test_ok 'where real and effective ids differ, it is as execve(2) has it on this kernel' '
	for ids in "--ruid 1000" "--euid 1000" "--keep-groups --rgid 1000" "--keep-groups --egid 1000"; do
		want=$(status nestbox setpriv $ids --exec -- nestbox setpriv --no-new-privs -- true)
		for again in 0 1; do
			[ "$(NESTBOX_REEXEC=$again status nestbox setpriv $ids -- nestbox setpriv --no-new-privs -- true)" = "$want" ]
		done
		# a program of less privilege than its caller may ask nothing of us: getauxval(3), AT_SECURE
		[ "$want" = 0 ] || { [ "$want" = 125 ]; grep -q "is not made to be setuid" "$TMP/said"; }
		[ "$(status nestbox setpriv $ids -- true)" = 0 ]
	done
'

if test_need userns 'user namespaces'; then
	test_ok 'user namespaces' '
		outside "three_ways nestbox unshare -r -- nestbox unshare -m -u -i -n -- nestbox setpriv --no-new-privs --"
		grep -q "^uid_map 0 0 1" "$TMP/inside"
		outside "three_ways nestbox unshare -r -- nestbox unshare -r -- nestbox unshare -u --"
		outside "three_ways nestbox unshare -r -p -f -- nestbox setpriv --bounding-set -chown --"
	'
	test_ok 'without a map the capabilities are lost, as execve(2) takes them' '
		outside "three_ways nestbox unshare -U -- nestbox setpriv --no-new-privs --"
		grep -q "^CapEff:[[:space:]]*0000000000000000" "$TMP/inside"
		grep -qx "uid_map" "$TMP/inside"
		# so that a namespace of the new kind cannot be made behind it, in one process as little as in two
		for again in 0 1; do
			[ "$(NESTBOX_REEXEC=$again status nestbox unshare -U -- nestbox unshare -u -- true)" = 1 ]
			grep -q "unshare: uts namespace: Operation not permitted" "$TMP/said"
		done
		[ "$(status nestbox unshare -U -- env nestbox unshare -u -- true)" = 1 ]
		nestbox unshare -U -u true
	'
	if test_need root 'as an ordinary user'; then
		test_ok 'as an ordinary user' '
			outside "three_ways nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- nestbox unshare -r -- nestbox unshare -m -n --"
			grep -q "^uid_map 0 1000 1" "$TMP/inside"
			outside "three_ways nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- nestbox unshare -r -- nestbox setpriv --inh-caps +net_raw --ambient-caps +net_raw -- nestbox unshare -u --"
			outside "three_ways nestbox setpriv --reuid 1000 --regid 1000 --clear-groups -- nestbox unshare -U -- nestbox setpriv --no-new-privs --"
		'
	fi
	if test_need userns-user 'by an ordinary user'; then
		test_ok 'by an ordinary user' '
			for again in 0 1; do
				NESTBOX_REEXEC=$again $AS_USER nestbox unshare -rm -- nestbox pivot "$R" -- nestbox unshare -p -f -- sh -c "[ \$\$ = 1 ]"
			done
		'
	fi
fi

test_ok 'a whole container' '
	envs=
	three_ways nestbox unshare $r -m -p -f -u -i -n -C --hostname box -- nestbox pivot --api --mask default --ro-path default --read-only --tmpfs /run "$R" -- nestbox setpriv --caps default --no-new-privs --
	grep -q "^CapEff:[[:space:]]*00000000a80425fb" "$TMP/inside"
	grep -qx box "$TMP/inside"
	[ ! -e /proc/self/ns/user ] || three_ways nestbox unshare -r -m -p -f -u -i -n -C -- nestbox pivot --api --mask default "$R" -- nestbox setpriv --reset-env --no-new-privs --
	if [ "$AS_USER" ]; then
		three_ways nestbox unshare -m -p --kill-child --forward-signals=all -- nestbox pivot --api "$R" -- nestbox netns new -- nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --
	fi
'

# --- what a link needs of its surroundings

for again in 0 1; do
	test_ok "without a /proc (NESTBOX_REEXEC=$again)" "
		export NESTBOX_REEXEC=$again
		\$AS_ROOT nestbox unshare -m -- sh -euc '
			# in a user namespace the one of the host cannot be taken away
			umount -l /proc 2>/dev/null || mount -t tmpfs none /proc
			[ ! -e /proc/self ]
			nestbox unshare -u -- nestbox unshare -i -- nestbox netns new -- true
			[ \"\$(nestbox unshare -m -- nestbox pivot \"\$TMP/root\" -- nestbox unshare -u --hostname x -- hostname)\" = x ]
			nestbox unshare -p -f -- nestbox unshare --kill-child -- true'
		# taken away by the chain itself
		nestbox unshare \$r -m -- nestbox pivot \"\$R\" -- nestbox unshare -u -- nestbox unshare -i -- nestbox setpriv --no-new-privs -- true
	"
	test_ok "after a pivot, in a root without nestbox (NESTBOX_REEXEC=$again)" "
		export NESTBOX_REEXEC=$again
		[ ! -e \"\$R/bin/nestbox\" ]
		[ \"\$(nestbox unshare $r -m -- nestbox pivot \"\$R\" -- nestbox unshare -u --hostname x -- hostname)\" = x ]
		[ \"\$(nestbox unshare $r -m -p -f -- nestbox pivot --api \"\$R\" -- nestbox unshare -p -f -- nestbox unshare -f -- sh -c 'echo \$\$')\" = 2 ]
	"
	test_ok "neither our variables nor our fds reach the command (NESTBOX_REEXEC=$again)" "
		export NESTBOX_REEXEC=$again
		nestbox unshare $r -u -- nestbox unshare -i -- env >\"\$TMP/env\"
		not grep NESTBOX_ \"\$TMP/env\"
		nestbox unshare $r -m -p -f -- nestbox pivot \"\$R\" -- nestbox unshare -u -- env >\"\$TMP/env\"
		not grep NESTBOX_ \"\$TMP/env\"
		want=\$(ls -l /proc/self/fd | grep -c -e '->')
		[ \"\$(nestbox unshare $r -p -f -- nestbox unshare -i --kill-child -- nestbox setpriv --no-new-privs -- ls -l /proc/self/fd | grep -c -e '->')\" = \"\$want\" ]
	"
	test_ok "the pid stays, the status is the command's (NESTBOX_REEXEC=$again)" "
		export NESTBOX_REEXEC=$again
		nestbox unshare $r -u -- nestbox netns new -- sh -c 'echo \$\$ >\"\$TMP/pid\"' & wait \$!
		[ \"\$(cat \"\$TMP/pid\")\" = \$! ]
		[ \"\$(status nestbox unshare $r -u -- nestbox unshare -p -f -- nestbox unshare -i -- sh -c 'exit 7')\" = 7 ]
		[ \"\$(status nestbox unshare $r -f -- nestbox unshare -f -- sh -c 'kill -TERM \$\$')\" = 143 ]
		[ \"\$(status nestbox unshare $r -f -- nestbox unshare -f -- sh -c 'kill -KILL \$\$')\" = 137 ]
	"

	# --- failures: one line, and maybe a hint, of the applet that failed

	export NESTBOX_REEXEC=$again
	while IFS='|' read -r code line words; do
		test_ok "... | $words: $code (NESTBOX_REEXEC=$again)" "
			for before in 'unshare $r -u' 'unshare $r -f' 'unshare $r -p -f' 'unshare $r -p --kill-child -- nestbox unshare -u'; do
				rc=0; nestbox \$before -- $words >\"\$TMP/out\" 2>\"\$TMP/said\" || rc=\$?
				cat \"\$TMP/said\"
				[ \$rc = $code ]
				[ ! -s \"\$TMP/out\" ]
				head -n 1 \"\$TMP/said\" | grep -qE '^nestbox: $line'
				[ -z \"\$(sed 1d \"\$TMP/said\" | grep -v '^nestbox: hint: ')\" ]
				[ \$(wc -l <\"\$TMP/said\") -le 2 ]
			done
		"
	done <<-'END'
		1|setpriv: --bogus|nestbox setpriv --bogus true
		1|setpriv: |nestbox setpriv --reuid nobody-of-that-name true
		1|unshare: --bogus|nestbox unshare --bogus true
		1|netns: wrong: |nestbox netns wrong
		125|pivot: /not/there: |nestbox pivot --here /not/there true
		125|pivot: --bogus|nestbox pivot --bogus / true
		127|setpriv: not-there-at-all: not found|nestbox setpriv --no-new-privs not-there-at-all
		126|netns: /etc: |nestbox netns new /etc
		125|no-such-applet: no such applet|nestbox no-such-applet
	END
	unset NESTBOX_REEXEC
done

test_ok 'a NESTBOX_CHAIN that nobody here wrote is not believed' '
	for v in "99 98 0 0" "1 2 0 0" "0 0 ffffffff 1" x "" "-1 -1 0 0" "99999999999999999999 0 0 0"; do
		NESTBOX_CHAIN=$v nestbox unshare $r -u -- nestbox unshare -i -- true
		[ -z "$(NESTBOX_CHAIN=$v nestbox unshare $r -u -- env | grep NESTBOX_)" ]
	done
'

test_ok 'a failed link leaves the words behind it alone' '
	not nestbox unshare $r -u -- nestbox setpriv --bogus -- touch "$TMP/ran" 2>/dev/null
	not nestbox unshare -f -- nestbox pivot --here /not/there -- touch "$TMP/ran" 2>/dev/null
	[ ! -e "$TMP/ran" ]
'

done_testing
