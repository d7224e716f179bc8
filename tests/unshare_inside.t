#!/bin/sh
# unshare: what the command finds inside: root, working directory, clocks, environment, formats; and why one was refused.
. "${0%/*}/lib.sh"
need namespaces
test_in=${AS_ROOT:+nestbox unshare -r -m --}

cat >>"$TMP/.env" <<'END'
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
as_user() { $AS_USER "$@"; }
is() { [ "$1" = "$2" ] || { echo "got $1, not $2"; return 1; }; }
# both print the same and end alike
alike()
{
	a=$(unshare "$@" 2>/dev/null) || a=$a:$?
	b=$(nestbox unshare "$@" 2>/dev/null) || b=$b:$?
	is "$b" "$a"
}
soon() { for _ in 1 2 3 4 5 6 7 8 9 10; do ! "$@" || return 0; sleep 0.1; done
	for _ in 1 2 3 4; do ! "$@" || return 0; sleep 1; done; return 1; }
gone() { ! grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null; }
END
. "$TMP/.env"

peer=
case $(unshare --version 2>/dev/null) in *util-linux*) peer=$(unshare --version) ;; esac
case $peer in *2.38*) peer_238=1 ;; *) peer_238= ;; esac

# --- root and working directory

jail=
if test_need cmd:busybox 'another root'; then
	jail=$TMP/jail
	mkdir -p "$TMP/elsewhere/sub"
	"$TESTS/../scripts/rootfs" "$jail"
	mkdir -p "$jail/sub/deep"
	: >"$jail/sub/mine"
	cp "$NB" "$jail/bin/nestbox"
	echo "jail='$jail'" >>"$TMP/.env"
fi
if [ "$jail" ]; then
	test_ok '-R changes the root, and the working directory to it' '
		is "$(nestbox unshare -R "$jail" pwd)" /
		is "$(nestbox unshare --root="$jail" ls -d /sub/mine)" /sub/mine
		is "$(nestbox unshare -m -R "$jail" -w /sub pwd)" /sub
		is "$(nestbox unshare -w "$jail/sub" pwd)" "$jail/sub"
		[ "$(nestbox unshare -p -f -R "$jail" --mount-proc sh -c "echo /proc/[0-9]*")" = /proc/1 ]
		[ -z "$(ls "$jail/proc")" ]
	'
	test_ok '-R DIR -w relative counts from the new root' '
		cd "$TMP/elsewhere"
		is "$(nestbox unshare -R "$jail" -w sub pwd)" /sub
		is "$(nestbox unshare -R "$jail" -w sub/deep ls ..)" "$(printf "deep\nmine")"
		for re in 0 1; do is "$(NESTBOX_REEXEC=$re nestbox unshare -u -- nestbox unshare -R "$jail" -w sub pwd)" /sub; done
	'
	[ -z "$peer_238" ] || test_ok '... where util-linux 2.38 stays outside of it' '
		cd "$TMP/elsewhere"
		not test -e "$TMP/elsewhere/sub/mine"
		rc=0; unshare -R "$jail" -w sub ls mine >/dev/null 2>&1 || rc=$?
		[ "$rc" != 0 ]
	'
	[ -z "$peer" ] || test_ok 'util-linux agrees otherwise' '
		alike -R "$jail" pwd
		alike -R "$jail" -w /sub/deep pwd
		alike -m -R "$jail" --wd=/sub ls
		alike -w "$jail" pwd
		alike -R /not/there true
		alike -w /not/there true
	'
fi
test_fails 1 'unshare: /not/there: change root: No such file' 'a root that is not there' 'nestbox unshare -R /not/there true'
test_fails 1 'unshare: /not/there: change working directory: No such file' 'a directory that is not there' 'nestbox unshare -w /not/there true'
test_in=
test_ok 'who may not change root is told what is missing' '
	not as_user nestbox unshare -R / true 2>"$TMP/said"
	grep -q "hint: CAP_SYS_CHROOT is missing" "$TMP/said"
	! nestbox unshare -r true 2>/dev/null || not as_user nestbox unshare -r true || as_user nestbox unshare -r -R / true
'
test_in=${AS_ROOT:+nestbox unshare -r -m --}

# --- signals

test_need root '--kill-child survives -S and -G' && test_ok '--kill-child survives -S and -G' '
	for o in "-S 1000" "-G 1000" "-G 1000 -S 1000"; do
		nestbox unshare --kill-child $o sleep 99 & waiter=$!
		sleep 0.3
		child=$(cat "/proc/$waiter/task/$waiter/children")
		grep -q sleep "/proc/${child% }/comm"
		kill -9 "$waiter"
		soon gone "${child% }"
	done
'
[ -z "$peer_238" ] || [ "$AS_ROOT" ] || test_ok '... which that of util-linux 2.38 does not' '
	unshare --kill-child -S 1000 sleep 99 & waiter=$!
	sleep 0.3
	child=$(cat "/proc/$waiter/task/$waiter/children")
	kill -9 "$waiter"; sleep 0.5
	not gone "${child% }"
	kill "${child% }"
'

# --- environment

test_ok '--clear-env and --whitelist-env' '
	export A=1 BB=2 B=3
	is "$(nestbox unshare --clear-env env)" ""
	is "$(nestbox unshare -f --clear-env env)" ""
	is "$(nestbox unshare --whitelist-env A,B env | sort | tr "\n" " ")" "A=1 B=3 "
	is "$(nestbox unshare --clear-env --whitelist-env=BB env)" BB=2
	is "$(nestbox unshare --whitelist-env BB,A,nothing env | sort | tr "\n" " ")" "A=1 BB=2 "
	nestbox unshare -u env | grep -qx A=1
	for re in 0 1; do is "$(NESTBOX_REEXEC=$re nestbox unshare --whitelist-env A -- nestbox unshare -u env)" A=1; done
'
test_ok 'names that are all absent leave nothing' '
	export A=1
	is "$(nestbox unshare --whitelist-env ABSENT env)" ""
	is "$(nestbox unshare --whitelist-env "" env)" ""
	is "$(nestbox unshare --whitelist-env , env)" ""
'
test_ok 'without PATH, programs are looked for in /bin and /usr/bin, and nowhere else' '
	nestbox unshare -m sh -euc "
		mkdir -p /usr/local/bin; mount -t tmpfs none /usr/local/bin
		printf \"exit 5\n\" >/usr/local/bin/only-local; chmod 755 /usr/local/bin/only-local
		rc=0; PATH=/usr/local/bin \"$NB\" unshare -u only-local || rc=\$?; [ \$rc = 5 ]
		rc=0; \"$NB\" unshare --clear-env only-local 2>/dev/null || rc=\$?; [ \$rc = 127 ]
		\"$NB\" unshare --clear-env cat /dev/null
	"
'
test_ok 'without a command, the shell is a login shell' '
	is "$(echo "echo \$0" | SHELL=/bin/sh nestbox unshare -u)" -sh
	is "$(echo "echo \$0" | SHELL= nestbox unshare -u)" "$(echo "echo \$0" | SHELL=$(sed -n "s/^root:.*://p" /etc/passwd | grep . || echo /bin/sh) nestbox unshare -u)"
	is "$(status env SHELL=/not/there "$NB" unshare -u)" 127
	is "$(status env SHELL=/etc "$NB" unshare -u)" 126
'
[ -z "$peer" ] || test_ok '... as that of util-linux' '
	is "$(echo "echo \$0 \$#" | SHELL=/bin/sh nestbox unshare -u)" "$(echo "echo \$0 \$#" | SHELL=/bin/sh unshare -u)"
	is "$(status env SHELL=/not/there unshare -u)" 127
'

# --- clocks

if [ -e /proc/self/ns/time ]; then
	test_ok '--boottime and --monotonic move the clocks' '
		up=$(cut -d. -f1 /proc/uptime)
		in=$(nestbox unshare -T -f --boottime 1000000 --monotonic 5 cut -d. -f1 /proc/uptime)
		[ "$in" -ge $((up + 1000000)) ]; [ "$in" -lt $((up + 1001000)) ]
		is "$(nestbox unshare -T --boottime 7 --monotonic -3 cat /proc/self/timens_offsets | tr -s " \n" " ")" "monotonic -3 0 boottime 7 0 "
		is "$(nestbox unshare -T --monotonic=9 cat /proc/self/timens_offsets | tr -s " \n" " ")" "monotonic 9 0 boottime 0 0 "
		is "$(nestbox unshare -T cat /proc/self/timens_offsets | tr -s " \n" " ")" "monotonic 0 0 boottime 0 0 "
	'
	[ -z "$peer" ] || test_ok '... as util-linux does' '
		for o in "--boottime 7" "--monotonic 7" "--boottime 1 --monotonic 2" "--boottime -99999999" "--monotonic 999999999999999"; do
			alike -T -f $o cat /proc/self/timens_offsets
		done
		alike --boottime 7 true
	'
	test_fails 1 'timens_offsets: write .*(out of range|Out of range|not representable)' 'a clock before the start of the system' \
		'nestbox unshare -T --boottime -99999999999 true'
fi
test_fails 1 'unshare: --monotonic: the clocks' 'clocks need a time namespace' 'nestbox unshare --monotonic 5 true'
test_fails 1 'wants a whole number' 'seconds are whole' 'nestbox unshare -T --monotonic 5.5 true'

# --- binary formats

if [ "$(status nestbox unshare -r -p -f --mount-binfmt true)" = 0 ]; then
	test_ok 'a user namespace has its own binary formats' '
		printf "here\n" >"$TMP/x.sample"; chmod 755 "$TMP/x.sample"
		is "$(nestbox unshare -r -p -f -l ":sample:E::sample::/bin/cat:" "$TMP/x.sample")" here
		is "$(as_user nestbox unshare -r -p -f --load-interp=":sample:E::sample::/bin/cat:" "$TMP/x.sample")" here
		is "$(nestbox unshare -r -l ":sample:E::sample::/bin/cat:F" --mount-binfmt=/mnt sed -n "s/^flags: //p" /mnt/sample)" F
		is "$(nestbox unshare -r -p -f --mount-binfmt sh -c "cd /proc/sys/fs/binfmt_misc; echo *")" "register status"
		[ ! -e /proc/sys/fs/binfmt_misc/sample ]
	'
	[ "$jail" ] && test_need static 'interpreters of the old root' && test_ok 'with the flag F the interpreter is the old root'\''s' '
		cp "$NB" "$TMP/interp"
		printf x >"$jail/x.sample"; chmod 755 "$jail/x.sample"
		rc=0; nestbox unshare -r -p -f -R "$jail" -l ":sample:E::sample::$TMP/interp:F" /x.sample >/dev/null 2>"$TMP/said" || rc=$?
		grep -q "^nestbox: /x.sample: no such applet" "$TMP/said"
		# without it, there is none
		rc=0; nestbox unshare -r -p -f -R "$jail" -l ":sample:E::sample::$TMP/interp:" /x.sample >/dev/null 2>"$TMP/said" || rc=$?
		[ "$rc" = 127 ]
	'
	test_fails 1 'register: write "nonsense": Invalid argument' 'a format that is none' 'nestbox unshare -r -p -f -l nonsense true'
fi

# --- names

test_ok 'a mount namespace gets its name also inside another one, whatever the CPU' '
	cpus=$(sed -n "s/^processor[^:]*: //p" /proc/cpuinfo)
	mkdir -p "$TMP/n"
	for outer in $cpus; do for inner in $cpus; do
		on_outer="taskset -c $outer" on_inner="taskset -c $inner"
		taskset -c 0 true 2>/dev/null || on_outer= on_inner=
		$on_outer nestbox unshare -m sh -euc "
			mount -t tmpfs names \"\$1\"; : >\"\$1/mnt\"
			for i in 1 2 3 4 5; do
				got=\$(\$2 nestbox unshare --mount=\"\$1/mnt\" readlink /proc/self/ns/mnt)
				[ \"\$(nestbox nsenter --mount=\"\$1/mnt\" readlink /proc/self/ns/mnt)\" = \"\$got\" ]
				umount \"\$1/mnt\"
			done
		" sh "$TMP/n" "$on_inner"
	done; done
'
# the kernel that counts for each CPU apart: which of two CPUs is ahead changes every few thousand namespaces
case $(uname -r)$(taskset -c 1 echo .two 2>/dev/null) in 6.18.*.two) trap_kernel=1 ;; *) trap_kernel= ;; esac
cat >>"$TMP/.env" <<'END'
# how often "$@ FILE" cannot bind a mount namespace, of an outer one on one CPU and it on another
lost()
{
	n=0; mkdir -p "$TMP/n"; : >"$TMP/said"
	for pair in 01 10 01 10; do
		taskset -c ${pair%?} nestbox unshare -m sh -euc 'd=$1 cpu=$2; shift 2; mount -t tmpfs names "$d"; : >"$d/mnt"; CPU=$cpu "$@" --mount="$d/mnt" true' sh "$TMP/n" ${pair#?} "$@" 2>>"$TMP/said" || n=$((n + 1))
	done
	echo $n
}
END
[ -z "$trap_kernel" ] || [ -z "$peer_238" ] || test_ok '... which util-linux 2.38 manages on some CPUs only' '
	n=$(lost sh -euc "exec taskset -c \$CPU unshare \"\$@\"" sh)
	[ "$n" -gt 0 ]; [ "$n" -lt 4 ]
	is "$(lost sh -euc "exec taskset -c \$CPU nestbox unshare \"\$@\"" sh)" 0
'
if [ "$trap_kernel" ] && test_need root 'a cpuset without the right CPU' && test_need v1:cpuset 'a cpuset without the right CPU'; then
	test_ok 'in a cpuset without that CPU the reason is said' '
		group=cpuset:nestbox-test-$$
		n=$(lost sh -euc "exec nestbox cgexec --create --rm -g $group --cpuset-cpus \$CPU --cpuset-mems 0 -- nestbox unshare \"\$@\"" sh)
		[ "$n" -gt 0 ]; [ "$n" -lt 4 ]
		grep -q "^nestbox: unshare: mount namespace: this kernel binds none" "$TMP/said"
		grep -q "^nestbox: hint: only the CPU" "$TMP/said"
	'
fi
test_ok 'the CPUs of the command are those of the caller' '
	mkdir -p "$TMP/n"
	nestbox unshare -m sh -euc "mount -t tmpfs names $TMP/n; : >$TMP/n/mnt
		is() { [ \"\$1\" = \"\$2\" ]; }
		is \"\$(nestbox unshare --mount=$TMP/n/mnt grep Cpus_allowed: /proc/self/status)\" \"\$(grep Cpus_allowed: /proc/self/status)\""
'
test_ok 'a name is given to the right process under a foreign /proc' '
	: >"$TMP/uts"
	nestbox unshare -p -f sh -euc "nestbox unshare --uts=$TMP/uts --hostname foreign true"
	is "$(nestbox nsenter --uts="$TMP/uts" cat /proc/sys/kernel/hostname)" foreign
	umount "$TMP/uts"
'
test_ok 'a shared target is named as the cause' '
	mkdir -p "$TMP/n"
	nestbox unshare -m sh -euc "mount -t tmpfs names $TMP/n; mount --make-shared $TMP/n; : >$TMP/n/mnt
		if nestbox unshare --mount=$TMP/n/mnt true; then exit 9; fi
		mount --make-private $TMP/n; nestbox unshare --mount=$TMP/n/mnt true; umount $TMP/n/mnt" 2>"$TMP/said"
	grep -q "hint: the file must lie on a mount that is not shared" "$TMP/said"
'

# --- refusals

if test_need userns 'which namespace was refused'; then
	test_ok 'of several namespaces the one that was refused is named, and the knob' '
		for pair in net:network uts:uts ipc:ipc pid:pid mnt:mount cgroup:cgroup user:user; do
			knob=/proc/sys/user/max_${pair%:*}_namespaces
			nestbox unshare -r sh -euc "echo 0 >$knob; if nestbox unshare -rmuinpC true; then exit 9; fi" 2>"$TMP/said"
			grep -q "^nestbox: unshare: ${pair#*:} namespace: No space left on device$" "$TMP/said"
			grep -q "^nestbox: hint: $knob is 0$" "$TMP/said"
		done
		nestbox unshare -r nestbox unshare -rmuinpC true
	'
	test_ok 'a count that is used up is named with its number' '
		nestbox unshare -r sh -euc "echo 1 >/proc/sys/user/max_uts_namespaces
			nestbox unshare -u -- sh -c \"if nestbox unshare -u true; then exit 9; fi\"; nestbox unshare -u true" 2>"$TMP/said"
		grep -q "^nestbox: hint: /proc/sys/user/max_uts_namespaces is 1: so many" "$TMP/said"
	'
fi
if [ "$jail" ] && test_need static 'what a chroot refuses'; then
	test_ok 'in a chroot there is no user namespace, and the hint says so' '
		rc=0; chroot "$jail" /bin/nestbox unshare -U true 2>"$TMP/said" || rc=$?
		[ "$rc" = 1 ]
		grep -q "^nestbox: unshare: user namespace: Operation not permitted" "$TMP/said"
		grep -q "^nestbox: hint: this process is in a chroot" "$TMP/said"
	'
	test_need root 'sysctls of distributions are named' && test_ok 'sysctls of distributions are named' '
		mkdir -p "$jail/proc/sys/kernel"
		for knob in unprivileged_userns_clone=0 apparmor_restrict_unprivileged_userns=1; do
			echo "${knob#*=}" >"$jail/proc/sys/kernel/${knob%=*}"
			rc=0; chroot "$jail" /bin/nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- /bin/nestbox unshare -U true 2>"$TMP/said" || rc=$?
			[ "$rc" = 1 ]
			grep -q "hint: /proc/sys/kernel/${knob%=*} is ${knob#*=}:" "$TMP/said"
			rm "$jail/proc/sys/kernel/${knob%=*}"
		done
		rm -r "$jail/proc/sys"
	'
fi

done_testing
