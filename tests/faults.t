#!/bin/sh
# Every system call of a start made to fail, one after the other: a container
# that does not come to be says why, and leaves nothing; one that does is the
# same as ever, and none that is open where it should be closed.
. "${0%/*}/lib.sh"
need root cmd:strace static cgroup
own_run
# alone in a pid namespace: what is left of a start then shows
if [ "$$" -gt 9 ]; then
	trap - EXIT
	rm -rf "$TMP"
	exec "$NB" unshare -m -p -f --mount-proc --kill-child -- sh "$0" "$@"
fi

"$TESTS/../scripts/rootfs" "$TMP/root"
R=$TMP/root
# where nobody can write to it, it does not run from a copy: "strace -b execve" would stop there
mkdir "$TMP/bin"
mount -t tmpfs bin "$TMP/bin"
cp "$NB" "$TMP/bin/nestbox"
mount -o remount,ro "$TMP/bin"
at_end 'umount "$TMP/bin"'
PATH=$TMP/bin:$PATH
P=nb-faults-$$-${TMP##*.}
mkdir "$TMP/vol"
at_end 'find /sys/fs/cgroup -depth -path "*/$P*" -type d -exec rmdir {} + 2>/dev/null'

# What a container is, told by one process: faults are counted in each.
cat >"$R/probe" <<'EOF'
echo "pid $$"
while read -r k v; do
	case $k in Uid: | Gid: | Groups: | Cap* | NoNewPrivs: | Seccomp: | SigBlk: | SigIgn: | Umask:) echo "$k $v" ;; esac
done </proc/self/status
while read -r _ _ _ root at flags rest; do echo "mount $root $at $flags $rest"; done </proc/self/mountinfo
for f in cgroup uid_map limits oom_score_adj net/dev; do
	while read -r line; do echo "$f ${line%%[0-9] *}"; done <"/proc/self/$f"
done
read -r v </proc/sys/kernel/hostname && echo "host $v"
echo /proc/self/fd/* /vol/* /t/*
export -p
pwd
EOF

start() { "$@" nestbox run --cgroup-parent "$P" --hostname h -m 64M --pids-limit 50 -v "$TMP/vol:/vol:ro" --tmpfs /t --read-only -u 1000:1000 -w /tmp -e HOME=/h --network none "$R" sh /probe; }

# "CALL N": it is made up to N times by one process. Without those of libc's own
# start and fork, which they end or lame, those of signals, which only a wrong
# argument makes fail, and close(2), which closes whatever it says.
calls_of()
{
	awk '
		{ sub(/\(.*/, "", $2) }
		$2 ~ /^[a-z]/ { n[$1 " " $2]++ }
		END {
			for (k in n) {
				split(k, a, " ")
				if (n[k] > max[a[2]])
					max[a[2]] = n[k]
			}
			for (c in max)
				print c, max[c]
		}
	' "$1" | grep -vE '^(arch_prctl|brk|close|exit_group|mprotect|rt_sigaction|rt_sigprocmask|rt_sigreturn|set_tid_address) ' | sort
}

count_processes()
{
	here=0
	for f in /proc/[0-9]*; do here=$((here + 1)); done
}

# What is left of a start; without a fork, as this is done a thousand times.
# What could not be locked or unlinked is gc's, and of groups the parent's next user's.
leftovers()
{
	for f in "$STATE"/points/* "$STATE"/[0-9a-f][0-9a-f]*; do [ ! -e "$f" ] || nestbox gc >/dev/null; done
	for f in /sys/fs/cgroup/"$P" /sys/fs/cgroup/*/"$P"; do [ ! -d "$f" ] || start env >/dev/null; done
	for f in /sys/fs/cgroup/"$P" /sys/fs/cgroup/*/"$P" "$STATE"/[0-9a-f][0-9a-f]* "$STATE"/names/* "$STATE"/points/* "$R"/vol/* "$TMP"/vol/*; do
		[ ! -e "$f" ] || echo "left: $f"
	done
	# one that has been killed may be about to end
	tries=0
	until count_processes; [ "$here" = "$alone" ] || [ $tries = 50 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	[ "$here" = "$alone" ] || echo "left: processes: $(cat /proc/[0-9]*/comm | tr '\n' ' ')"
}

# Who may not make a file system or a device of his own, as root in a user
# namespace may not, gets the host's, shut: read-only, or one of its harmless
# devices, or none; what is masked is masked.
harmless='^mount /(null|zero|full|random|urandom|tty) /dev/(null|zero|full|random|urandom|tty) |^mount [^ ]* [^ ]* ro,nosuid,n'
masked() { sed -n "s|^mount [^ ]* \(/proc/[^ ]*\) ro,.*|\1|p" "$1" | sort -u; }
nearly_same()
{
	grep -v "^mount" "$1" >"$TMP/rest"
	grep -v "^mount" "$TMP/base" | cmp -s - "$TMP/rest" || return 1
	masked "$1" >"$TMP/masked"
	masked "$TMP/base" | cmp -s - "$TMP/masked" || return 1
	grep "^mount" "$1" | grep -vxF -f "$TMP/base" >"$TMP/other" || :
	! grep -vE "$harmless" "$TMP/other" >&2
}

# As ever; or, where it could not be found out whose user namespace it is, without
# device rules, but so that no device file opens.
same() { cmp -s "$TMP/base" "$1" || sed 's/ ro,relatime / ro,nodev,relatime /; s/^CapBnd: 00000000a8/CapBnd: 00000000a0/' "$TMP/base" | cmp -s - "$1"; }

# one fault: says what is wrong about what came of it
fault()
{
	rc=0
	start timeout -s KILL 20 strace -f -b execve -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=$3:when=$2" >"$TMP/out" 2>"$TMP/err" || rc=$?
	if [ "$rc" = 0 ]; then
		same "$TMP/out" || { [ "$3" = EPERM ] && nearly_same "$TMP/out"; } || { echo "another container:"; diff "$TMP/base" "$TMP/out"; }
	else
		case $rc in 125 | 126 | 127) ;; *) echo "exit status $rc" ;; esac
		grep -q '^nestbox: run: ..' "$TMP/err" || echo 'no word of it'
	fi
	leftovers
	find /sys/fs/cgroup -depth -path "*/$P*" -type d -exec rmdir {} + 2>/dev/null
	rm -rf "${STATE:?}"/[0-9a-f][0-9a-f]*
}

# -b: the command itself runs on untraced
start strace -f -b execve -qq -o "$TMP/trace" >"$TMP/base" 2>"$TMP/err"
calls_of "$TMP/trace" >"$TMP/calls"
count_processes
alone=$here

cp "$TMP/base" "$TMP/base1"
start env >"$TMP/base2" 2>&1
test_ok 'two starts are the same, and there are calls to fail' 'cmp $TMP/base1 $TMP/base2; grep -q "^Uid: 1000" $TMP/base1; [ $(wc -l <$TMP/calls) -gt 50 ]'
export P
for error in ${TEST_FAULTS:-EIO EPERM}; do
	while read -r call n; do
		i=1
		: >"$TMP/wrong"
		while [ "$i" -le "$n" ]; do
			fault "$call" "$i" "$error" >"$TMP/this"
			[ ! -s "$TMP/this" ] || { echo "== $call, number $i"; cat "$TMP/this" "$TMP/err"; } >>"$TMP/wrong"
			i=$((i + 1))
		done
		test_ok "$call says $error, $n times" 'cat $TMP/wrong; [ ! -s $TMP/wrong ]'
	done <"$TMP/calls"
done
done_testing
