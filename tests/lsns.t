#!/bin/sh
# lsns, beside util-linux's where that is installed: what is listed, how it is
# written, and what keeps a namespace. Everything happens in a pid namespace of
# the test's own, where nobody else comes and goes.
. "${0%/*}/lib.sh"
[ "$(id -u)" = 0 ] || need userns

mkdir "$TMP/names" "$TMP/link"
ln -s "$NB" "$TMP/link/lsns"
cat >>"$TMP/.env" <<'END'
ino() { readlink "/proc/$1/ns/$2" | tr -dc 0-9; }
as_user='nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec --'

# wait up to 5 s for a command to be true
soon() { for _ in 1 2 3 4 5 6 7 8 9 10; do ! "$@" || return 0; sleep 0.1; done
	for _ in 1 2 3 4; do ! "$@" || return 0; sleep 1; done; return 1; }
# the arguments come a moment after the name
is_called() { [ "$(cat "/proc/$1/comm")" = "$2" ] && [ "$(tr -d "\0" <"/proc/$1/cmdline" | wc -c)" != 0 ]; }
# a shell in a uts namespace of its own: before, it was this one's child of the same name
is_apart() { [ "$(ino "$1" uts)" != "$(ino 1 uts)" ] && is_called "$1" sh; }

# Run the script on stdin as the first process of a world of its own, with a place for names of namespaces.
world()
{
	world_map=
	[ "$(id -u)" = 0 ] || world_map=-r
	nestbox unshare $world_map -m -u -n -i -p -f --kill-child --mount-proc -- sh -euc '
		mount -t tmpfs names "$TMP/names"
		mount --make-private "$TMP/names"
		cd "$TMP/names"
		. "$TMP/.env"
		eval "$0"' "$(cat)"
}

# Processes in namespaces of their own: $uts, $net (below a user namespace), and the same net twice mounted.
populate()
{
	nestbox unshare -u -- sleep 100 & uts=$!
	nestbox unshare -r -- nestbox unshare -r -n -- sleep 100 & net=$!
	soon is_called "$uts" sleep
	soon is_called "$net" sleep
	touch net "a name"
	mount --bind "/proc/$net/ns/net" net
	mount --bind net "a name"
}

# lsns of util-linux and ours, called alike, say the same; but for themselves, who are another process each.
alike()
{
	for locale in C C.UTF-8; do
		theirs=0
		ours=0
		LC_ALL=$locale $run lsns "$@" >theirs 2>errors || theirs=$?
		LC_ALL=$locale $run "$TMP/link/lsns" "$@" >ours 2>>errors || ours=$?
		grep -v lsns theirs >theirs.others || :
		grep -v lsns ours >ours.others || :
		[ "$theirs" = "$ours" ] && diff theirs.others ours.others && continue
		echo "LC_ALL=$locale lsns $*: util-linux $theirs, nestbox $ours"
		cat errors
		return 1
	done
}
run=
END
. "$TMP/.env"

# in_world 'sentence' 'snippet'
in_world()
{
	test_ok "$1" "world <<'WORLD'
$2
WORLD"
}

# --- beside util-linux's

case $(lsns --version 2>/dev/null) in
*util-linux*)
	in_world 'the list is util-linux'\''s' '
		populate
		alike
		[ $(wc -l <ours) -gt 8 ]
		alike -l
		alike -n
		alike -u
		alike --tree=process
	'
	in_world 'JSON and fields are' '
		populate
		alike -J
		grep -q children ours
		alike -J -t user
		alike -r
		alike -r -n
		alike -J -l
	'
	in_world 'trees are' '
		populate
		alike -T
		alike -T -J
		alike -T -r
		alike --tree=owner -n
		alike -T -t user
		grep -q "$(ino $net user)" ours
		alike --tree=parent
		alike --tree=parent -J
		alike --tree=parent -t pid -t user
		alike -T -p $net
		alike -T -o COMMAND,TYPE
	'
	in_world 'columns are' '
		populate
		alike -o NS,TYPE,NPROCS
		alike -o ns,Type,NS
		alike -o +PATH,PPID,UID
		alike -o COMMAND,PID
		alike -o PNS,ONS,TYPE
		alike -r -o PATH,NETNSID,NSFS,UID
		alike --output-all
		alike --output-all -J
		alike --output-all -o TYPE,NS
	'
	in_world 'network namespaces and where they are mounted are' '
		populate
		alike -t net
		grep -q /names/net ours
		alike -t net -W
		alike -t net -r
		alike -t net -J
		alike -t net -J -W
		alike -t net -l
		alike -o NSFS,NS -t net
		alike -o NS,NSFS,NETNSID
		alike -T -o NS,NSFS,TYPE
		mount --bind net net
		alike -t net -W -o NSFS
		[ $(grep -o "/names/net" ours | wc -l) = 1 ]
	'
	in_world 'choices are' '
		populate
		for t in mnt net ipc user pid uts cgroup time; do alike -t $t; [ -s ours ] || [ ! -e /proc/self/ns/$t ]; done
		alike -t uts -t ipc -o NS,TYPE
		alike -p 1
		alike -p $uts -o NS,TYPE,NPROCS,PID
		grep -q "$(ino $uts uts)" ours
		alike -p 99999
		alike -J -p 99999
	'
	in_world 'the processes of one namespace are' '
		populate
		alike $(ino 1 pid)
		[ $(wc -l <ours) -gt 3 ]
		alike $(ino 1 pid) -l
		alike $(ino 1 pid) -n -o PID,COMMAND,NS,TYPE,PNS
		alike $(ino $uts uts) -J
		alike $(ino $uts uts) -r
		alike -t net $(ino 1 net)
	'
	in_world 'arguments with odd characters are' '
		mkfifo never
		nestbox unshare -u -- sh -c "read x <never" "$(printf "a\\tb\\033[1m\\\\ \"q\" \\303\\251")" "" end & pid=$!
		soon is_apart $pid
		alike -t uts
		grep -q "x1b\[1m" ours
		alike -t uts -r
		alike -t uts -J
	'
	in_world 'what is refused is refused by both' '
		for bad in "-J -r" "-t nope" "-t uts,ipc" "-o NOPE" "-o +NOPE" "--tree=nope" "-p x" "nope" 99999 "-p 1 99999" --nope; do
			alike $bad
			[ $ours = 1 ]
			[ ! -s ours ]
		done
	'
	if test_need root 'an ordinary user sees what util-linux shows him'; then
		in_world 'an ordinary user sees what util-linux shows him' '
			populate
			umount net "a name"
			$as_user nestbox unshare -U -- sleep 100 & own=$!
			soon is_called $own sleep
			run=$as_user
			alike -l
			grep -q "$(ino $own user)" ours
			not grep -q "$(ino $uts uts)" ours
			alike -J -o NS,TYPE,NPROCS,USER
			alike -T
			alike -p 1
		'
	fi
	;;
*)
	test_skip 'the same as util-linux'\''s' 'its lsns is not here'
	;;
esac

# --- what keeps a namespace

in_world 'a process' '
	populate
	[ "$(nestbox lsns -lrno NPROCS,PID,PATH,COMMAND -t uts -p $uts)" = "1 $uts /proc/$uts/ns/uts sleep\\x20100" ]
	nestbox lsns -no NS >all
	for n in mnt net ipc user pid uts cgroup; do grep -qwF "$(ino 1 $n)" all; done
'
in_world 'a mount' '
	touch uts
	nestbox unshare --uts=uts -- readlink /proc/self/ns/uts >made
	[ "$(nestbox lsns -rno NPROCS,PID,PATH,NSFS,COMMAND,TYPE "$(tr -dc 0-9 <made)")" = "" ]
	nestbox lsns -rno NS,NPROCS,PID,PATH,NSFS,COMMAND,TYPE -t uts | grep -qx "$(tr -dc 0-9 <made) 0  $PWD/uts $PWD/uts  uts"
	umount uts
	nestbox lsns -rno NS -t uts >after
	grep -qx "$(ino 1 uts)" after
	not grep -qxf made after
	[ $(wc -l <after) = 1 ]
'
in_world 'an open file' '
	nestbox unshare -u -- sh -c "exec 7</proc/self/ns/uts; readlink /proc/self/ns/uts >made; exec nestbox nsenter -t 1 -u -- sleep 100" & pid=$!
	soon is_called $pid sleep
	[ $(ino $pid uts) = $(ino 1 uts) ]
	nestbox lsns -rno NS,NPROCS,PID,PATH -t uts | grep -qx "$(tr -dc 0-9 <made) 0  /proc/$pid/fd/7"
	kill $pid; wait $pid || :
	nestbox lsns -rno NS -t uts >after
	[ "$(cat after)" = $(ino 1 uts) ]
'
if test_need cmd:busybox 'a socket'; then
	in_world 'a socket' '
		nestbox netns new -- sh -c "readlink /proc/self/ns/net >made; exec busybox nc -l -p 77 -e $NB nsenter -t 1 -n -- sleep 100" & pid=$!
		soon is_called $pid busybox || soon is_called $pid nc
		net=$(tr -dc 0-9 <made)
		# a connection, which it goes back into the first namespace with; the client is gone then
		ask() { nestbox nsenter -t $pid -n -- busybox nc 127.0.0.1 77 </dev/null & sleep 0.3; kill $!; wait $! || :; is_called $pid sleep; }
		soon ask
		[ $(ino $pid net) = $(ino 1 net) ]
		nestbox lsns -rno NS,NPROCS,PID -t net >with
		grep -qx "$net 0 " with
		nestbox lsns -rno NETNSID,NS -t net | grep -qx "unassigned $net"
		kill $pid; wait $pid || :
		gone() { nestbox lsns -rno NS -t net >after; not grep -qx $net after; }
		soon gone
		grep -qx $(ino 1 net) after
	'
fi
in_world 'its children, in a tree' '
	populate
	LC_ALL=C nestbox lsns -T -t user -rno NS,NPROCS | tail -n 2 >both
	grep -qE "^[x0-9\\\\]*\`-[0-9]+ 0$" both
	grep -qE "^[x0-9\\\\]*\`-$(ino $net user) 1$" both
	nestbox lsns -t user -rno NS | wc -l >listed
	[ $(cat listed) = 2 ]
'
in_world '--persistent: no process is in it, and its owner is the user' '
	populate
	touch uts
	nestbox unshare --uts=uts -- readlink /proc/self/ns/uts >made
	[ "$(nestbox lsns -Prno NS,NPROCS,UID,USER)" = "$(tr -dc 0-9 <made) 0 0 root" ]
'
in_world 'parents and owners' '
	populate
	inner=$(ino $net user)
	[ "$(nestbox lsns -rno ONS -t net -p $net)" = $inner ]
	set -- $(nestbox lsns -rno PNS,ONS -t user -p $net)
	[ $1 = $2 ]
	[ $1 != $inner ]
	[ "$(nestbox lsns -rno PNS -t uts -p 1)" = 0 ]
	[ "$(nestbox lsns -rno ONS -t pid -p 1)" = $(ino 1 user) ]
	nestbox unshare -p -f --kill-child -- sleep 100 &
	is_there() { nestbox lsns -rno PNS,TYPE | grep -qx "$(ino 1 pid) pid"; }
	soon is_there
'
if test_need root 'the effective user'; then
	in_world 'the effective user' '
		nestbox unshare -u -- nestbox setpriv --ruid 1000 --exec -- sleep 100 & pid=$!
		soon is_called $pid sleep
		# busybox gives up what it takes for set-user-ID: 0 else
		effective=$(sed -n "s/^Uid:.1000.\([0-9]*\).*/\1/p" /proc/$pid/status)
		[ -n "$effective" ]
		[ "$(nestbox lsns -lrno UID -t uts -p $pid)" = "$effective" ]
	'
fi
case $(ip -V 2>/dev/null) in
*iproute2*)
	in_world 'numbers of network namespaces' '
		populate
		nestbox unshare -n -- sleep 100 & other=$!
		soon is_called $other sleep
		[ "$(nestbox lsns -rno NETNSID -t net -p $other)" = unassigned ]
		ip link add here type veth peer name there netns $other
		[ "$(nestbox lsns -rno NETNSID -t net -p $other)" = "$(ip -o link show here | sed "s/.*link-netnsid //")" ]
	'
	;;
*)
	test_skip 'numbers of network namespaces' 'needs iproute2'
	;;
esac

# --- what must not matter

# util-linux 2.38.1 prints nothing at all then
in_world 'a line break in the name of a process' '
	name=$(printf "a\\nb\\033[31m\\\\")
	printf "#!/bin/sh\\nsleep 100\\n:\\n" >"$name"
	chmod 755 "$name"
	nestbox unshare -u -- "./$name" & pid=$!
	soon is_called $pid "$name"
	nestbox lsns -l -t uts -no PID,PPID,USER,COMMAND >text
	[ $(wc -l <text) = 2 ]
	not grep -q "$(printf "\\033")" text
	grep -qE "^ *$pid +1 root +/bin/sh \./a.x0ab.x1b\[31m" text
	nestbox lsns -t uts -J >json
	not grep -q "$(printf "\\033")" json
	grep -qF "/a\\nb\\u001b[31m\\\\" json
	if command -v jq >/dev/null; then
		[ "$(jq -r ".. | objects | select(.pid == $pid) | .command" json)" = "/bin/sh ./$name" ]
	fi
'
in_world 'mounts with odd names' '
	name=$(printf "a b\\nc\\033\\\\")
	touch "$name"
	nestbox unshare "--uts=$name" -- true
	nestbox lsns -t uts -P -no NSFS >text
	[ $(wc -l <text) = 1 ]
	not grep -q "$(printf "\\033")" text
	grep -q "/names/a" text
	nestbox lsns -t uts -P -no NS >ino
	[ $(wc -l <ino) = 1 ]
	[ "$(nestbox lsns -T -no NS,TYPE -t uts | wc -l)" = 2 ]
'
in_world 'processes that come and go' '
	populate
	(while :; do (nestbox unshare -u -- true) & (:) & wait; done) & churn=$!
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		nestbox lsns -l --output-all >out 2>said
		[ ! -s said ]
		grep -q "$(ino $uts uts)" out
		nestbox lsns $(ino 1 pid) >out 2>said
		[ ! -s said ]
		grep -q "sleep 100" out
		nestbox lsns -T >out
	done
	kill $churn
'
if test_need root 'an ordinary user in a world of others'; then
	in_world 'an ordinary user in a world of others sees their namespaces only where his processes are' '
		populate
		$as_user sleep 100 & own=$!
		soon is_called $own sleep
		$as_user nestbox lsns -rno NS,NPROCS,PID >seen
		[ -s seen ]
		not grep -q "$(ino $uts uts)" seen
		grep -qx "$(ino 1 uts) 2 $own" seen
		nestbox lsns -rno NS -t uts >all
		grep -qx "$(ino $uts uts)" all
	'
fi
test_fails 1 '^nestbox: lsns: /proc/self/ns: No such file' 'without /proc' 'echo "mount -t tmpfs none /proc; exec nestbox lsns" | world'
test_fails 1 '^nestbox: hint: is proc mounted on /proc' '... which is said' 'echo "mount -t tmpfs none /proc; exec nestbox lsns" | world'

# --- how it is written

if test_need cmd:script 'a terminal'; then
	in_world 'a terminal'\''s edge cuts commands off, but not with --notruncate or elsewhere' '
		nestbox unshare -u -- sh -c "sleep 100; :" 0123456789012345678901234567890123456789 & pid=$!
		soon is_apart $pid
		on_terminal() { script -qec "stty cols 60; nestbox lsns -l -t uts -p $pid -n $*" /dev/null | tr -d "\\r"; }
		on_terminal >cut
		[ $(wc -c <cut) = 61 ]
		grep -q "sh -c sleep 100" cut
		on_terminal -u >whole
		grep -q "0123456789\$" whole
		on_terminal "| cat" >elsewhere
		grep -q "0123456789\$" elsewhere
	'
fi
test_ok 'what follows the namespace may be options' '
	[ "$(nestbox lsns "$(ino self user)" -n -o TYPE -l | sort -u)" = user ]
'
test_ok '--list-columns: each is taken by --output' '
	nestbox lsns -H -r | while read -r name type rest; do
		nestbox lsns -p $$ -o "$name" >"$TMP/out"
		head -n 1 "$TMP/out" | grep -qwF "$name"
		[ -n "$rest" ]
	done
	[ "$(nestbox lsns -H | wc -l)" = 13 ]
	nestbox lsns -H -J | grep -q "\"holder\": \"NSFS\""
'
test_fails 1 '^nestbox: lsns: --json: excludes --raw$' '-J and -r' 'nestbox lsns -J -r'
test_fails 1 '^nestbox: lsns: --persistent: excludes --task$' '-P and -p' 'nestbox lsns -P -p 1'
test_fails 1 '^nestbox: lsns: --list: excludes --tree$' '-l and -T' 'nestbox lsns -l -T'
test_fails 1 '^nestbox: lsns: 7: no such namespace is in sight$' 'a namespace that is not there' 'nestbox lsns 7'
test_fails 1 '^nestbox: lsns: seven: is no inode number$' 'what is no number' 'nestbox lsns seven'
test_fails 1 '^nestbox: lsns: 8: only one namespace can be named$' 'two of them' 'nestbox lsns 7 -l 8'
test_fails 1 '^nestbox: lsns: NOPE: no such column$' 'a column that is not there' 'nestbox lsns -o NS,NOPE'
test_need root 'a process in many groups' && test_ok 'a process in many groups has its parent and its user all the same' '
	groups=$(i=0; while [ $i -lt 800 ]; do printf "%s%d" "${comma-}" $((100000000 + i)); comma=,; i=$((i + 1)); done)
	nestbox unshare -u -- nestbox setpriv --groups "$groups" -- sleep 60 & pid=$!
	n=0; until [ "$(cat /proc/$pid/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	[ "$(wc -c </proc/$pid/status)" -gt 4096 ]
	ns=$(readlink /proc/$pid/ns/uts | tr -dc 0-9)
	[ "$(nestbox lsns -n -r -t uts -o NS,PID,PPID,UID | grep "^$ns ")" = "$ns $pid $$ 0" ]
	kill $pid
'
test_fails 1 'nestbox: lsns: ' 'too few descriptors are a failure, and no list without owners' '
	(ulimit -n 5; nestbox lsns -n --tree=owner -o NS,PNS,ONS)'
done_testing
