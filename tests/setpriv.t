#!/bin/sh
# setpriv: the witness is /proc/self/status, the peer util-linux's setpriv.
. "${0%/*}/lib.sh"
need namespaces

# For the snippets: what the kernel says of who runs, and a system with another /etc.
cat >>"$TMP/.env" <<'ENV'
ids='grep -E "^(Uid|Gid|Groups|Cap...|NoNewPrivs):" /proc/self/status'
# cap SET: the set of the program that the options before it start
field() { sed -n "s/^$1:[[:space:]]*//p" "${2:-/proc/self/status}"; }
# the bounding set, which is full in a user namespace
bounding() { $AS_ROOT sed -n "s/^CapBnd:.//p" /proc/self/status; }
# is OUTPUT EXPECTED
is() { [ "$1" = "$2" ] || { echo "is: $1, expected: $2"; return 1; }; }
# with_etc DIR COMMAND...: DIR/etc in place of /etc
with_etc() {
	dir=$1
	shift
	$AS_ROOT nestbox unshare -m sh -c 'mount -o bind "$0"/etc /etc && exec "$@"' "$dir" "$@"
}
# who OPTIONS: uid, gid and groups of a program started with them
who() { with_etc "$TMP/root" nestbox setpriv "$@" sh -c 'echo $(id -u) $(id -g) $(id -G)'; }
ENV

peer=
setpriv --version 2>/dev/null | grep -q util-linux && peer=yes

#
# Side by side with util-linux. An ordinary user may say who they are; all other
# ids are refused them, and capabilities they have in a namespace of their own.
#
uid=1000 gid=1000
if [ "$AS_ROOT" ]; then
	uid=$(id -u) gid=$(id -g)
fi
for options in \
	'' \
	'--nnp' \
	"--no-new-privs --reuid $uid" \
	"--reuid $uid" \
	"--ruid $uid" \
	"--euid $uid" \
	"--ruid $uid --euid 1001" \
	'--reuid daemon' \
	"--regid $gid --clear-groups" \
	"--rgid $gid --keep-groups" \
	"--egid $gid --groups 5,6" \
	'--groups 5,6,7' \
	"--groups daemon --reuid $uid --regid daemon" \
	'--clear-groups' \
	"--reuid $uid --regid $gid --clear-groups" \
	'--reuid daemon --regid daemon --init-groups' \
	'--inh-caps +chown' \
	'--inh-caps +CHOWN,+cap_5,-chown' \
	'--inh-caps +chown,+kill --ambient-caps +kill' \
	"--inh-caps +chown,+kill --ambient-caps +kill --reuid $uid --regid $gid --clear-groups" \
	"--inh-caps +chown --reuid $uid" \
	'--bounding-set -all' \
	'--bounding-set -all,+chown,+kill' \
	'--bounding-set -net_admin,-sys_admin --inh-caps +chown' \
	'--securebits +noroot' \
	'--securebits +noroot,+noroot_locked' \
	"--securebits +keep_caps_locked,+no_setuid_fixup_locked --reuid $uid" \
	'--securebits +noroot --inh-caps +kill --ambient-caps +kill' \
	"--securebits +no_setuid_fixup --reuid $uid" \
	'--securebits +noroot,-all' \
	"--securebits -all,+noroot --reuid $uid --inh-caps +kill --ambient-caps +kill" \
	'--pdeathsig TERM' \
	"--pdeathsig INT --reuid $uid" \
	'--pdeathsig clear'; do
	case $options in
	*daemon*)
		grep -q ^daemon: /etc/passwd && grep -q ^daemon: /etc/group || continue
		;;
	esac
	as=$AS_ROOT
	case ${AS_ROOT:+user}$options in
	user*groups\ [5d]* | user*--clear-groups* | user*daemon* | user*1001* | user*s\ +*--reuid* | user*--reuid*caps*)
		test_fails 1 'Operation not permitted' "refuses an ordinary user: $options" "
			[ -z '$peer' ] || { setpriv $options touch \$TMP/run 2>/dev/null && exit 9; }
			nestbox setpriv $options touch \$TMP/run && exit 8
			status=\$?
			[ ! -e \$TMP/run ]
			exit \$status
		"
		continue
		;;
	user*id\ *) as= ;;
	esac
	if [ -n "$peer" ]; then
		test_ok "leaves what util-linux leaves: $options" "
			$as setpriv $options sh -c \"\$ids; setpriv -ddd\" >\$TMP/theirs
			$as nestbox setpriv $options sh -c \"\$ids; setpriv -ddd\" >\$TMP/ours
			diff \$TMP/theirs \$TMP/ours
		"
	else
		test_skip "leaves what util-linux leaves: $options" "needs util-linux's setpriv"
	fi
	# real and effective ids that differ look to the kernel like a setuid program, which nestbox refuses to be
	case ${AS_USER:+root}$options in
	root*--ruid* | root*--euid* | root*--rgid* | root*--egid*)
		test_ok "refuses to go on as if it were setuid: $options" "
			if nestbox setpriv $options nestbox setpriv -d >\$TMP/out 2>\$TMP/err; then exit 1; fi
			[ ! -s \$TMP/out ]
			grep 'is not made to be setuid' \$TMP/err
		"
		continue
		;;
	esac
	test_ok "leaves a further applet what it leaves a program: $options" "
		$as nestbox setpriv $options env nestbox setpriv -ddd >\$TMP/program
		$as nestbox setpriv $options nestbox setpriv -ddd >\$TMP/applet
		diff \$TMP/program \$TMP/applet
	"
	[ -n "$peer" ] || continue
	test_ok "says of itself what util-linux says: $options" "
		for level in -d -dd -ddd; do
			$as setpriv $options setpriv \$level >\$TMP/theirs
			$as setpriv $options nestbox setpriv \$level >\$TMP/ours
			diff \$TMP/theirs \$TMP/ours
		done
	"
done

if [ -n "$peer" ]; then
	test_ok 'lists the capabilities that util-linux lists' '
		setpriv --list-caps >$TMP/theirs
		nestbox setpriv --list-caps | diff $TMP/theirs -
	'
	test_ok 'resets the environment as util-linux does' '
		for options in "" ${AS_USER:+"--reuid daemon"}; do
			env A=1 TERM=xx setpriv --reset-env $options env | sort >$TMP/theirs
			env A=1 TERM=xx nestbox setpriv --reset-env $options env | sort | diff $TMP/theirs -
		done
	'
fi

# Usage errors: status 1 as in util-linux, and nothing is run.
while IFS='|' read -r options line; do
	test_fails 1 "$line" "refuses: $options" "
		[ -z '$peer' ] || { setpriv $options touch \$TMP/run 2>/dev/null && exit 9; }
		nestbox setpriv $options touch \$TMP/run && exit 8
		status=\$?
		[ ! -e \$TMP/run ]
		exit \$status
	"
done <<'LINES'
--regid 1000|--\[re]gid: requires --keep-groups, --clear-groups, --init-groups or --groups
--groups 1 --clear-groups|exclude each other
--init-groups|--init-groups: requires --ruid or --reuid
--reuid 1 --ruid 2|--reuid: excludes --ruid
--reuid nosuchuser|nosuchuser: no such user
--regid nosuchgroup --clear-groups|nosuchgroup: no such group
--groups 1,,2|is no group
--reuid 12345 --init-groups|/etc/passwd does not list uid 12345
--inh-caps chown|chown: wants a list of \+NAME and -NAME
--inh-caps +nosuch|nosuch: unknown capability
--inh-caps +cap_64|cap_64: unknown capability
--securebits +all|\+all: unknown securebit
--securebits +keep_caps|execve clears keep_caps
--pdeathsig FOO|FOO: --pdeathsig: no such signal
--dump|--dump: takes no command
--dump --nnp|--dump: goes with no other option
--list-caps --nnp|--list-caps: goes with no other option
--nonsense|--nonsense: unknown option
LINES
# What util-linux lets pass without doing it.
while IFS='|' read -r options line; do
	test_fails 1 "$line" "refuses: $options" "nestbox setpriv $options true"
done <<'LINES'
--reuid 4294967295|4294967295: is no user
--reuid=-1|-1: is no user
--reuid 1000x|1000x: is no user
--regid 4294967295 --clear-groups|4294967295: is no group
--groups 4294967295|4294967295: is no group
--ambient-caps +chown|chown: make ambient: Operation not permitted
--caps nosuch|nosuch: unknown capability
--caps +chown|must start with default, none, all or a capability
--caps default --inh-caps +chown|--caps: excludes --inh-caps
-u 0 --reuid 0|--user: excludes --reuid
-u 0 --clear-groups|--user: excludes --clear-groups
--group-add 5|--group-add: requires --user
--clear-env --reset-env|--clear-env: excludes --reset-env
-w tmp|tmp: the working directory must be an absolute path
-e =x|=x: --env wants NAME
--ulimit nofile|nofile: wants NAME=SOFT
--ulimit nofile=2:1|the soft limit is above the hard one
--ulimit foo=1|foo: no such limit
--umask 8|8: --umask wants an octal number
--umask 1000|--umask is out of range
--oom-score-adj 1001|--oom-score-adj is out of range
LINES
test_fails 1 'no command is given' 'wants a command' 'nestbox setpriv --nnp'
test_fails 127 'nosuchprogram' 'says 127 for a program that is not there' 'nestbox setpriv --nnp nosuchprogram'
test_fails 126 '/etc/passwd' 'says 126 for a file that is no program' 'nestbox setpriv --nnp /etc/passwd'
test_ok "gives the program's own status" 'nestbox setpriv --nnp sh -c "exit 7" || [ $? = 7 ]'

#
# --caps
#
test_ok '--caps default gives root the fourteen of docker, as far as they are to be had' '
	$AS_ROOT nestbox setpriv --caps default cat /proc/self/status >$TMP/s
	want=$(printf %016x $((0x$(bounding) & 0xa80425fb)))
	is "$(field CapBnd $TMP/s) $(field CapPrm $TMP/s) $(field CapEff $TMP/s)" "$want $want $want"
	is "$(field CapInh $TMP/s) $(field CapAmb $TMP/s)" "0000000000000000 0000000000000000"
'
test_ok '--caps default takes what was inheritable and ambient' '
	$AS_ROOT nestbox setpriv --inh-caps +chown --ambient-caps +chown sh -c "grep Cap /proc/self/status >$TMP/before
		exec nestbox setpriv --caps default cat /proc/self/status" >$TMP/s
	is "$(field CapAmb $TMP/before)" 0000000000000001
	is "$(field CapInh $TMP/s) $(field CapAmb $TMP/s)" "0000000000000000 0000000000000000"
'
test_need root '--caps default leaves another user the bounding set and nothing else' && test_ok '--caps default leaves another user the bounding set and nothing else' '
	nestbox setpriv -u 1000 --caps default cat /proc/self/status >$TMP/s
	is "$(field CapPrm $TMP/s) $(field CapEff $TMP/s)" "0000000000000000 0000000000000000"
	is "$(field CapBnd $TMP/s)" "$(printf %016x $((0x$(field CapBnd) & 0xa80425fb)))"
'
test_ok '--caps none, all and lists' '
	is "$($AS_ROOT nestbox setpriv --caps none sed -n "s/^CapBnd:.//p" /proc/self/status)" 0000000000000000
	is "$($AS_ROOT nestbox setpriv --caps all sed -n "s/^CapBnd:.//p" /proc/self/status)" "$(bounding)"
	is "$($AS_ROOT nestbox setpriv --caps chown,CAP_KILL sed -n "s/^CapEff:.//p" /proc/self/status)" 0000000000000021
	is "$($AS_ROOT nestbox setpriv --caps all,-all,+chown sed -n "s/^CapEff:.//p" /proc/self/status)" 0000000000000001
	is "$($AS_ROOT nestbox setpriv --caps none,chown nestbox setpriv --caps default,-kill sed -n "s/^CapBnd:.//p" /proc/self/status)" 0000000000000001
'
test_fails 1 'kill: the caller does not have this capability: Operation not permitted' \
	'--caps names what the caller lacks' \
	'$AS_ROOT nestbox setpriv --caps chown nestbox setpriv --caps default,+kill true'
test_need root 'no capability survives -u' && test_ok 'no capability survives -u' '
	nestbox setpriv -u 1000 cat /proc/self/status >$TMP/s
	is "$(field CapPrm $TMP/s) $(field CapEff $TMP/s) $(field CapAmb $TMP/s)" "0000000000000000 0000000000000000 0000000000000000"
	nestbox setpriv --inh-caps +chown --ambient-caps +chown nestbox setpriv -u 1000 cat /proc/self/status >$TMP/s
	is "$(field CapPrm $TMP/s) $(field CapEff $TMP/s) $(field CapAmb $TMP/s)" "0000000000000000 0000000000000000 0000000000000000"
'
test_ok 'the next applet has no more than a program would have' '
	if [ "$AS_USER" ]; then not nestbox setpriv -u 1000 nestbox unshare -m true 2>/dev/null; fi
	not $AS_ROOT nestbox setpriv --caps none nestbox unshare -m true 2>/dev/null
	$AS_ROOT nestbox setpriv -u 0 nestbox unshare -m true
'

#
# -u
#
mkdir -p "$TMP/root/etc"
cat >"$TMP/root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/bin/sh
user1:x:1000:100::/home/user1:/bin/sh
1000x:x:0:0::/evil:/bin/sh
1001:x:0:0::/evil:/bin/sh
PASSWD
cat >"$TMP/root/etc/group" <<'GROUP'
root:x:0:root
wheel:x:10:root,user1
users:x:100:
audio:x:29:user1
GROUP
# OPTIONS | uid, gid, groups as id says them: the gid, then all in the kernel's order
while IFS='|' read -r options want; do
	test_need root "becomes whom docker would become: $options" && test_ok "becomes whom docker would become: $options" "is \"\$(who $options)\" '$want'"
done <<'LINES'
-u root|0 0 0 10
-u 0|0 0 0 10
-u 0:0|0 0 0
-u user1|1000 100 100 10 29
-u 1000|1000 100 100 10 29
-u user1:users|1000 100 100
-u user1:audio|1000 29 29
-u 1000:7|1000 7 7
-u 1000:7 --group-add audio --group-add 777|1000 7 7 29 777
-u user1 --group-add 29 --group-add 5|1000 100 100 5 10 29
-u 1001|1001 0 0
-u 4294967294:4294967294|4294967294 4294967294 4294967294
LINES
while IFS='|' read -r user line; do
	test_fails 1 "$line" "refuses -u $user" "with_etc \$TMP/root nestbox setpriv -u '$user' true"
done <<'LINES'
1000x|1000x: is no user: what starts like a number must be one
0x0|0x0: is no user
-1|-1: is no user
4294967295|4294967295: is no user
|"": is no user
:|"": is no
:0|"": is no user
0:|"": is no group
0:-1|-1: is no group
nobody|nobody: no such user
root:nosuch|nosuch: no such group
LINES
test_need root "takes no groups of the caller's along" && test_ok "takes no groups of the caller's along" '
	nestbox setpriv --groups 5,6 sh -c "id -G; nestbox setpriv -u 1000:1000 id -G" >$TMP/out
	grep -q "5 6" $TMP/out
	is "$(tail -n 1 $TMP/out)" 1000
'

mkdir -p "$TMP/bare/etc" "$TMP/fifo/etc" "$TMP/huge/etc" "$TMP/dir/etc/passwd" "$TMP/link/etc" "$TMP/magic/etc"
mkfifo "$TMP/fifo/etc/passwd"
cp "$TMP/root/etc/passwd" "$TMP/huge/etc/passwd"
dd if=/dev/null of="$TMP/huge/etc/passwd" bs=1 seek=1073741824 2>/dev/null
ln -s /proc/self/root/usr/../etc/group "$TMP/magic/etc/passwd"
test_fails 1 'no such user' 'without a passwd there are no names' 'with_etc $TMP/bare nestbox setpriv -u root true'
test_fails 1 'there is no /etc/passwd here: give a number' '  and the hint says so' 'with_etc $TMP/bare nestbox setpriv -u root true'
test_fails 1 'etc/passwd: is no regular file' 'a passwd that is a FIFO is not waited for' 'with_etc $TMP/fifo nestbox setpriv -u root true'
test_fails 1 'etc/passwd: is no regular file' 'a passwd that is a folder is refused' 'with_etc $TMP/dir nestbox setpriv -u root true'
test_fails 1 'etc/passwd: is larger than 4 MiB' 'a passwd of a gigabyte is not read' 'with_etc $TMP/huge nestbox setpriv -u root true'
test_fails 1 'etc/passwd: open: (Too many levels|Symbolic link loop)' "a passwd through one of proc's links is not followed" 'with_etc $TMP/magic nestbox setpriv -u root true'
test_ok 'a number needs none of them' '
	# asks the kernel: some id(1) read all of passwd for a number
	uid=${AS_USER:+1000}; uid=${uid:-0}
	for root in bare fifo dir huge magic; do
		with_etc $TMP/$root nestbox setpriv --clear-env -u $uid sh -c "cat /proc/self/status; echo Home: \$HOME" >$TMP/s
		is "$(field Uid $TMP/s | cut -f 1) $(field Gid $TMP/s | cut -f 1)" "$uid 0"
		[ "$AS_ROOT" ] || is "$(field Groups $TMP/s)" "0 "
		is "$(field Home $TMP/s)" /
	done
'
if test_need userns-user 'user namespaces'; then
	test_need root 'a passwd that may not be read is an error for a name only' && test_ok 'a passwd that may not be read is an error for a name only' '
		cp -r $TMP/root $TMP/secret
		chmod 600 $TMP/secret/etc/passwd
		with_etc $TMP/secret nestbox setpriv -u 1000 nestbox unshare -r nestbox setpriv -u 0:0 true
		if with_etc $TMP/secret nestbox setpriv -u 1000 nestbox unshare -r nestbox setpriv -u root true 2>$TMP/err; then exit 1; fi
		grep "etc/passwd: open: Permission denied" $TMP/err
	'
	test_ok 'where groups cannot be changed, -u 0:0 goes on and --clear-groups does not' '
		$AS_USER nestbox unshare -r sh -euc "
			grep -q deny /proc/self/setgroups
			nestbox setpriv -u 0:0 true
			if nestbox setpriv -u 0:0 --group-add 5 true 2>/dev/null; then exit 1; fi
			if nestbox setpriv --clear-groups true 2>/dev/null; then exit 1; fi"
	'
	test_fails 1 'hint: /proc/self/setgroups says deny' '  and the hint names the file' '
		nestbox unshare -r nestbox setpriv --clear-groups true
	'
	test_fails 1 'hint: the uid is not mapped in this user namespace' 'a uid without a map is named' '
		nestbox unshare -r nestbox setpriv --reuid 77 true
	'
	test_ok 'capabilities of a user namespace end where a program would not have them' '
		nestbox unshare -U sh -c "grep Cap /proc/self/status" >$TMP/program
		nestbox unshare -U nestbox setpriv -dd | grep -q "Effective capabilities: .none."
	'
fi

#
# The environment.
#
test_ok '--clear-env leaves PATH, HOME and what -e says' '
	export A=1 B=2 C=3 EMPTY=
	nestbox setpriv --clear-env -e B -e D=4 -e E= -e EMPTY -e MISSING -e X=a=b /usr/bin/env | sort >$TMP/out
	cat >$TMP/want <<-END
		B=2
		D=4
		E=
		EMPTY=
		HOME=$(nestbox setpriv --reset-env sh -c "echo \$HOME")
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		X=a=b
	END
	sed "s/^[[:space:]]*//" $TMP/want | diff - $TMP/out
'
test_ok 'the last -e for a name wins' '
	export A=1
	is "$(nestbox setpriv --clear-env -e A=2 -e A sh -c "echo \$A")" 1
	is "$(nestbox setpriv -e A -e A=2 sh -c "echo \$A")" 2
'
test_ok 'without --clear-env the rest stays' '
	export A=1
	is "$(nestbox setpriv -e B=2 sh -c "echo \$A \$B")" "1 2"
'
test_need root "HOME is the new user's, unless -e says it" && test_ok "HOME is the new user's, unless -e says it" '
	is "$(with_etc $TMP/root nestbox setpriv --clear-env -u user1 sh -c "echo \$HOME")" /home/user1
	is "$(with_etc $TMP/root nestbox setpriv --clear-env -u 1000 sh -c "echo \$HOME")" /home/user1
	is "$(with_etc $TMP/root nestbox setpriv --clear-env -u 77 sh -c "echo \$HOME")" /
	is "$(with_etc $TMP/root nestbox setpriv --clear-env -u user1 -e HOME=/x sh -c "echo \$HOME")" /x
	is "$(HOME=/y with_etc $TMP/root nestbox setpriv -u user1 sh -c "echo \$HOME")" /y
'

#
# Limits, session, descriptors, signals and the rest.
#
test_ok '--ulimit sets soft and hard' '
	is "$(nestbox setpriv --ulimit nofile=100:200 --ulimit core=0 sh -c "ulimit -Sn; ulimit -Hn; ulimit -Hc" | tr "\n" " ")" "100 200 0 "
	nestbox setpriv --ulimit cpu=9:unlimited --ulimit stack=8388608:-1 cat /proc/self/limits >$TMP/limits
	grep -qE "^Max cpu time +9 +unlimited" $TMP/limits
'
test_ok 'all sixteen limits can be set' '
	for name in as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack; do
		nestbox setpriv --ulimit $name=0 true 2>$TMP/err || [ $? -ge 126 ] || { cat $TMP/err; exit 1; }
	done
'
test_fails 1 'nofile: set limit: Operation not permitted' 'raising a hard limit needs CAP_SYS_RESOURCE' '
	$AS_ROOT nestbox setpriv --caps none --ulimit nofile=100 nestbox setpriv --ulimit nofile=200 true
'
test_fails 1 'hint: the hard limit is 100 now; raising it needs CAP_SYS_RESOURCE' '  and the hint says so' '
	$AS_ROOT nestbox setpriv --caps none --ulimit nofile=100 nestbox setpriv --ulimit nofile=200 true
'
test_ok '--umask' 'is "$(nestbox setpriv --umask 27 sh -c umask)" 0027'
test_ok '--oom-score-adj' 'is "$(nestbox setpriv --oom-score-adj 777 cat /proc/self/oom_score_adj)" 777'
test_fails 1 'hint: lowering it needs CAP_SYS_RESOURCE' 'lowering oom_score_adj needs CAP_SYS_RESOURCE' '
	$AS_ROOT nestbox setpriv --caps none nestbox setpriv --oom-score-adj -999 true
'
test_ok '--new-session: a session of its own' '
	session() { set -- $(cat /proc/$$/stat); echo $6; }
	nestbox setpriv --new-session sh -c "set -- \$(cat /proc/\$\$/stat); [ \$6 = \$\$ ]"
	if nestbox setpriv sh -c "set -- \$(cat /proc/\$\$/stat); [ \$6 = \$\$ ]"; then exit 1; fi
	# twice is once
	nestbox setpriv --new-session nestbox setpriv --new-session true
'
if test_need cmd:bash "--new-session: also for the leader of a shell's job"; then
	test_ok "--new-session: also for the leader of a shell's job" '
		bash -c "set -m; sh -c \"set -- \\\$(cat /proc/\\\$\\\$/stat); echo \\\$5 \\\$\\\$\"; true" >$TMP/out
		read -r group pid <$TMP/out
		is "$group" "$pid"
		bash -c "set -m; nestbox setpriv --new-session sh -c \"set -- \\\$(cat /proc/\\\$\\\$/stat); [ \\\$6 = \\\$\\\$ ]\" || exit 1; true"
	'
fi
if nestbox setpriv --new-keyring grep -q _ses /proc/keys 2>/dev/null; then
	test_ok '--new-keyring: a session keyring that was not there' '
		nestbox setpriv sed -n "s/ .* _ses.*//p" /proc/keys >$TMP/before
		nestbox setpriv sed -n "s/ .* _ses.*//p" /proc/keys >$TMP/without
		nestbox setpriv --new-keyring sed -n "s/ .* _ses.*//p" /proc/keys >$TMP/with
		# a list that is empty is a pattern that fits everything to busybox
	echo none >>$TMP/before
	[ -z "$(grep -vxFf $TMP/before $TMP/without)" ]
		[ -n "$(grep -vxFf $TMP/before $TMP/with)" ]
	'
else
	test_skip '--new-keyring: a session keyring that was not there' 'needs /proc/keys'
fi
test_ok '--reset-signals: what was ignored or blocked is not any more' '
	trap "" INT HUP
	is "$(field SigIgn)" 0000000000000003 || [ $((0x$(field SigIgn) & 3)) = 3 ]
	is "$(nestbox setpriv --reset-signals sed -n "s/^SigIgn:.//p" /proc/self/status)" 0000000000000000
	[ $((0x$(nestbox setpriv sed -n "s/^SigIgn:.//p" /proc/self/status) & 3)) = 3 ]
'
test_ok '--preserve-fds closes all but so many' '
	exec 3</etc 5</ 7</etc 8</
	fds() { nestbox setpriv "$@" sh -c "for n in 3 5 7 8; do [ ! -e /proc/\$\$/fd/\$n ] || printf \"%s \" \$n; done"; }
	is "$(fds)" "3 5 7 8 "
	is "$(fds --preserve-fds 0)" ""
	is "$(fds --preserve-fds 1)" "3 "
	is "$(fds --preserve-fds 5)" "3 5 7 "
'
if [ -n "$peer" ]; then
	test_need root '--pdeathsig outlives the change of ids' && test_ok '--pdeathsig outlives the change of ids' '
		nestbox setpriv -u 1000 --caps default --pdeathsig KILL setpriv -d | grep -q "Parent death signal: KILL"
	'
	test_ok '--pdeathsig keep and clear' '
		nestbox setpriv --pdeathsig TERM nestbox setpriv --pdeathsig keep setpriv -d | grep -q "Parent death signal: TERM"
		nestbox setpriv --pdeathsig TERM nestbox setpriv --pdeathsig clear setpriv -d | grep -q "Parent death signal: .none."
	'
fi
test_ok '--pdeathsig: the program dies with its parent' '
	sh -c "nestbox setpriv --pdeathsig KILL sh -c \"echo \\\$\\\$ >$TMP/pid; exec sleep 100\" & while [ ! -s $TMP/pid ]; do :; done; kill -9 \$\$" || :
	i=0
	while [ -e /proc/$(cat $TMP/pid) ] && ! grep -q "State:.Z" /proc/$(cat $TMP/pid)/status; do
		i=$((i + 1))
		[ $i -lt 50 ]
		sleep 0.1
	done
'
test_ok '--exec: a program that is called nestbox is a program' '
	mkdir -p $TMP/bin
	printf "#!/bin/sh\necho mine \"\$@\"\n" >$TMP/bin/nestbox
	chmod 755 $TMP/bin/nestbox
	PATH=$TMP/bin:$PATH
	is "$($NB setpriv --exec nestbox setpriv -d)" "mine setpriv -d"
	$NB setpriv nestbox setpriv -d | grep -q "^uid: $(id -u)\$"
'

#
# The working directory.
#
test_ok '-w enters it, and makes what is missing' '
	is "$(nestbox setpriv -w $TMP/new/deep/dir sh -c pwd)" $TMP/new/deep/dir
	is "$(nestbox setpriv -w $TMP/new/../new/./deep sh -c pwd)" $TMP/new/deep
	is "$(nestbox setpriv -w / sh -c pwd)" /
'
test_need root '-w makes it as root, with the new mask, before it becomes somebody else' && test_ok '-w makes it as root, with the new mask, before it becomes somebody else' '
	nestbox setpriv -u 1000:1000 --umask 022 -w $TMP/made/by/root true
	is "$(stat -c "%u %a" $TMP/made/by/root)" "0 755"
'
test_ok '-w follows symlinks within the root' '
	mkdir -p $TMP/target
	ln -sfn target $TMP/link-to
	nestbox setpriv -w $TMP/link-to/below true
	[ -d $TMP/target/below ]
'
if test_need root '-w is entered with the rights of the final user'; then
	test_fails 1 'change working directory: Permission denied' '-w is entered with the rights of the final user' '
		mkdir -p $TMP/private/dir
		chmod 700 $TMP/private
		nestbox setpriv -w $TMP/private/dir true
		nestbox setpriv -u 1000 --inh-caps +chown -w $TMP/private/dir true
	'
	test_fails 1 'change working directory: Permission denied' '  also without the capabilities of root' '
		mkdir -p $TMP/others
		chown 1000 $TMP/others
		chmod 700 $TMP/others
		nestbox setpriv -w $TMP/others true
		nestbox setpriv --caps none -w $TMP/others true
	'
	test_fails 1 'change working directory: Permission denied' '  also without those that only execve takes away' '
		nestbox setpriv --bounding-set -setpcap -w $TMP/others true
		nestbox setpriv --bounding-set -all -w $TMP/others true
	'
fi
test_fails 1 'change working directory: Permission denied' '-w of a directory that the user may not enter' '
	$AS_ROOT nestbox setpriv -w "$TMP" true
	$AS_USER nestbox setpriv -w /root true
'
test_fails 1 'make directory: File exists' '-w leads no mkdir through a dangling symlink' '
	ln -sfn $TMP/nowhere $TMP/dangling
	nestbox setpriv -w $TMP/dangling/x true
'
test_fails 1 'Not a directory' '-w is a directory' 'nestbox setpriv -w /etc/passwd true'
# a directory that no path of this root leads to any more, but an open fd does
cat >>"$TMP/.env" <<'ENV'
# outside COMMAND...: with such a one as fd 9
outside() {
	mkdir -p "$TMP/gone"
	$AS_ROOT nestbox unshare -m sh -c 'mount -t tmpfs none "$TMP/gone" && exec 9<"$TMP/gone" && umount -l "$TMP/gone" && exec "$@"' outside "$@"
}
ENV
test_ok 'control: the kernel itself would let a process in there' '
	outside sh -c "cd -P /proc/self/fd/9 && readlink /proc/self/cwd"
'
test_fails 1 '/proc/self/fd/9: the working directory lies outside of the root' '-w refuses a directory outside of the root (CVE-2024-21626)' '
	outside nestbox setpriv -w /proc/self/fd/9 touch $TMP/ran
'
test_fails 1 'the working directory lies outside of the root' '  also through a symlink' '
	ln -sfn /proc/self/fd/9 $TMP/sly
	outside nestbox setpriv -w $TMP/sly touch $TMP/ran
'
test_ok '  and has run nothing' '[ ! -e $TMP/ran ]'
test_ok 'control: a directory within the root is entered through an fd' '
	exec 9<$TMP/target
	is "$(nestbox setpriv -w /proc/self/fd/9 sh -c "pwd -P")" $TMP/target
'

done_testing
