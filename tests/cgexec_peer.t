#!/bin/sh
# cgexec and cgclassify beside libcgroup's, as Debian has them: the same words on both lines.
# Where ours differs, the row says why.
. "${0%/*}/lib.sh"
# cgset and cgget are libcgroup's alone, so the others beside them are
need root cgroup cmd:cgget cmd:cgset
. "${0%/*}/groups.sh"

# its folder
PEER=$(command -v cgset)
echo "PEER='${PEER%/*}'" >>"$TMP/.env"
cat >>"$TMP/.env" <<'END'
# ours joins the v2 node beside v1, which libcgroup does not know
groups() { if is_v2 pids; then cat; else grep -v '^0:'; fi; }
as=
# both TOOL ARG...: statuses in $theirs and $ours, what they say in files of these names
both()
{
	tool=$1 theirs=0 ours=0
	shift
	$as "$PEER/$tool" "$@" >"$TMP/theirs" 2>"$TMP/theirs.err" </dev/null || theirs=$?
	$as nestbox "$tool" "$@" >"$TMP/ours" 2>"$TMP/ours.err" </dev/null || ours=$?
	echo "theirs: $theirs, ours: $ours"
	cat "$TMP/theirs.err" "$TMP/ours.err"
}
# cgexec goes the same way with both
alike()
{
	both cgexec "$@" cat /proc/self/cgroup
	[ "$theirs $ours" = '0 0' ]
	groups <"$TMP/ours" >"$TMP/ours.groups"
	groups <"$TMP/theirs" | diff - "$TMP/ours.groups"
}
# alike, and the group of controller $1 is $2
goes()
{
	controller=$1 place=$2
	shift 2
	alike "$@"
	at_place "$controller" "$place" <"$TMP/ours"
}
# the text of a /proc/PID/cgroup: is it in group $2 with controller $1?
at_place() { if is_v2 "$1"; then grep "^0::$2\$"; else grep "^[0-9]*:$1:$2\$"; fi; }
# neither runs the command, and ours says so with its own status
refused()
{
	both "$@"
	[ "$theirs" != 0 ]
	[ "$ours" = 125 ]
	[ ! -s "$TMP/ours" ]
	grep '^nestbox: [a-z]*: ' "$TMP/ours.err"
}
# ours goes to group $2 with controller $1, and theirs does not
ours_goes()
{
	controller=$1 place=$2
	shift 2
	both cgexec "$@" cat /proc/self/cgroup
	[ "$ours" = 0 ]
	at_place "$controller" "$place" <"$TMP/ours"
	if [ "$theirs" = 0 ]; then not at_place "$controller" "$place" <"$TMP/theirs"; fi
}
END

test_ok 'groups for both, by ours' '
	for g in a b; do nestbox cgexec --create -g "*:$G/$g"; done
	nestbox cgexec --create -g pids:$G/c
'

# ---- cgexec: where it goes ----

row() { test_ok "cgexec: $1" "$1"; }

# shellcheck disable=SC2016
while read -r line; do
	case $line in '' | '#'*) continue ;; esac
	row "$line"
done <<'END'
goes pids /$G/a -g pids:$G/a
goes pids /$G/a -g pids:/$G/a
goes pids /$G/a -gpids:$G/a
goes memory /$G/a -g pids,memory:$G/a
goes pids /$G/b -g pids:$G/a -g pids:$G/b
goes pids /$G/a -g pids:$G/b -g pids:$G/a
goes pids /$G/a --sticky -g pids:$G/a
goes pids /$G/a -s -g pids:$G/a
goes pids /$G/a --stick -g pids:$G/a
goes pids /$G/a -g pids:$G/a --sticky
goes pids /$G/a -g pids:$G/a --
# a path as the kernel reads it
goes pids /$G/a -g pids:$G/a/
goes pids /$G/a -g pids:$G//a
goes pids /$G/a -g pids://$G/a
goes pids /$G/a -g pids:./$G/a
goes pids /$G/a -g pids:$G/./a
goes pids / -g pids:/
goes pids / -g pids:.
# nothing between commas is no controller
goes memory /$G/a -g pids,,memory:$G/a
goes pids /$G/a -g pids,:$G/a
goes pids /$G/a -g ,pids:$G/a
END

# shellcheck disable=SC2016
while read -r line; do
	case $line in '' | '#'*) continue ;; esac
	test_ok "neither takes: cgexec $line" "refused cgexec $line"
done <<'END'
-g pids: echo ran
-g pids echo ran
-g "*:" echo ran
-g "" echo ran
-g : echo ran
-g $G/a echo ran
-g pids:../$G/a echo ran
-g "pids, memory:$G/a" echo ran
-g " pids:$G/a" echo ran
-g "pids :$G/a" echo ran
-g "pids,*:$G/a" echo ran
-g PIDS:$G/a echo ran
-g pids:$G/none echo ran
-g "pids:$G/a " echo ran
-g nosuch:$G/a echo ran
-g pids,nosuch:$G/a echo ran
-g pids:$G/a -g memory:$G/none echo ran
-g pids:$G/none -g memory:$G/a echo ran
-g
--nosuch -g pids:$G/a echo ran
-x -g pids:$G/a echo ran
# neither of both guesses a command: an empty "$@" is a mistake
-g pids:$G/a
-g pids:$G/a --
--sticky
# theirs would look for rules by user and command, of which there are none here
echo ran
END

test_ok 'neither takes: cgexec' 'refused cgexec'

# ---- cgexec: where ours differs on purpose ----

# theirs has no word for v2 without a controller
if test_need cgroup2 'cgexec: the v2 node alone'; then
	row 'ours_goes unified /$G/a -g :$G/a'
	row 'ours_goes unified /$G/a -g unified:$G/a'
fi
# theirs ends a group's name at a colon and joins another group, in silence
test_ok 'cgexec: a colon in the name is part of it' '
	nestbox cgexec --create -g pids:$G/c:x
	ours_goes pids /$G/c:x -g pids:$G/c:x
'
# one controller said twice is one: theirs counts them and gives up
row 'ours_goes pids /$G/a -g pids,pids:$G/a'
# theirs joins no group, runs the command and says nothing
test_ok 'cgexec: a list of no controllers is a mistake' '
	both cgexec -g ,:$G/a echo ran
	[ $ours = 125 ]
	[ ! -s $TMP/ours ]
'
# a path that leads up again is more often an accident, or an attack, than a wish
test_ok 'cgexec: ".." is refused, and theirs follows it' '
	both cgexec -g pids:$G/b/../a cat /proc/self/cgroup
	[ "$theirs $ours" = "0 125" ]
	at_place pids /$G/a <$TMP/theirs
	grep "no names of groups" $TMP/ours.err
'
if test_need v1:pids 'cgexec: several hierarchies'; then
	# on v2 theirs looks for the group above by cutting off the last "/"
	row 'goes pids /$G/a -g pids:$G/a/.'
	row 'goes memory /$G/b -g pids:$G/a -g memory:$G/b'
	row 'goes pids /$G/a -g pids:$G/a -g memory:$G/b'
	row 'goes memory /$G/a -g cpu,pids:$G/b -g memory:$G/a'
	# theirs knows v1 hierarchies by their controllers alone
	if grep -q 'name=systemd' /proc/self/mountinfo; then
		row 'ours_goes name=systemd / -g name=systemd:/'
	fi
	# the kernel has no room for a process in a cpuset without CPUs; ours says so
	test_ok 'cgexec: a cpuset that is empty' '
		mkdir -p $(hier cpuset)/$G/empty
		refused cgexec -g cpuset:$G/empty echo ran
		grep "hint: cpuset.cpus" $TMP/ours.err
	'
	row 'goes memory /$G/a -g "*:$G/a"'
	row 'goes memory /$G/b -g pids:$G/a -g "*:$G/b"'
	row 'goes memory /$G/a -g "*:$G/a" -g pids:$G/b'
	row 'goes pids /$G/b -g "*:$G/a" -g pids:$G/b'
else
	row 'goes memory /$G/a -g "*:$G/a"'
	row 'goes memory / -g "*:/"'
	# a process is in one group of v2: theirs takes the last one, where ours would break the promise of the first
	test_ok 'cgexec: two controllers of v2 at two places' '
		both cgexec -g pids:$G/a -g memory:$G/b echo ran
		[ $ours = 125 ]
		grep "shares its hierarchy" $TMP/ours.err
	'
	# theirs writes to cgroup.threads, which wants a thread of the same domain; ours moves a whole process
	test_ok 'cgexec: a group of threads, from its domain and from elsewhere' '
		for g in t i; do nestbox cgexec --create -g pids:$G/c/$g; done
		echo threaded >$(hier unified)/$G/c/t/cgroup.type
		as="nestbox cgexec -g pids:$G/c --"
		goes pids /$G/c/t -g pids:$G/c/t
		as=
		ours_goes pids /$G/c/t -g pids:$G/c/t
	'
	test_ok 'cgexec: a group beside one of threads takes no process' '
		grep "domain invalid" $(hier unified)/$G/c/i/cgroup.type
		refused cgexec -g pids:$G/c/i echo ran
		grep "join: Not supported" $TMP/ours.err || grep "join: Operation not supported" $TMP/ours.err
		grep "hint: cgroup.type" $TMP/ours.err
	'
fi

# ---- cgexec: what the command gets ----

test_ok 'cgexec: the process stays what it is' '
	for who in "$PEER/cgexec" "nestbox cgexec"; do
		sh -c "echo \$\$; exec $who -g pids:$G/a sh -c '\''echo \$\$'\''" >$TMP/pids
		[ $(wc -l <$TMP/pids) = 2 ]
		[ "$(sort -u $TMP/pids | wc -l)" = 1 ]
	done
'
test_ok 'cgexec: arguments are not touched' '
	set -- "" a "b  c" "*" "\$x" -- -g pids:/ --sticky -h --help ""
	both cgexec -g pids:$G/a printf "[%s]\n" "$@"
	[ "$theirs $ours" = "0 0" ]
	diff $TMP/theirs $TMP/ours
	printf "[%s]\n" "$@" | diff - $TMP/ours
	both cgexec -g pids:$G/a -- printf "[%s]\n" -- -g x ""
	diff $TMP/theirs $TMP/ours
	printf "[%s]\n" -- -g x "" | diff - $TMP/ours
'
test_ok 'cgexec: the environment is not touched' '
	export EMPTY= LINES2="a
b=c" IFS CDPATH=.
	both cgexec -g pids:$G/a env
	[ "$theirs $ours" = "0 0" ]
	grep -v "^_=" $TMP/theirs >$TMP/t
	grep -v "^_=" $TMP/ours | diff $TMP/t -
	env | grep -v "^_=" | diff - $TMP/t
'
# each of these lines is the kernel'\''s; what counts up by itself is left out
test_ok 'cgexec: ids, capabilities, signals, limits, open files, session and folder are the caller'\''s' '
	cd $TMP
	umask 027
	trap "" USR1
	exec 7<$TMP/.env
	both cgexec -g pids:$G/a sh -c "
		grep -E \"^(Uid|Gid|Groups|Umask|Sig[PBIC]|Cap|NoNewPrivs|Seccomp)\" /proc/self/status
		cat /proc/self/limits /proc/self/oom_score_adj
		ls /proc/\$\$/fd
		cut -d \" \" -f 4-7 /proc/\$\$/stat
		pwd"
	[ "$theirs $ours" = "0 0" ]
	diff $TMP/theirs $TMP/ours
	grep "^CapEff" $TMP/ours
	grep -x 7 $TMP/ours
'
test_ok 'cgexec: the exit status is the command'\''s' '
	list="0 1 2 81 82 99 125 126 127 128 255"
	# what an emulated machine has no time for
	is_v2 pids || list=$(seq 0 255)
	for n in $list; do
		both cgexec -g pids:$G/a sh -c "exit $n"
		[ "$theirs $ours" = "$n $n" ]
	done >/dev/null
'
test_ok 'cgexec: so is death by a signal' '
	for n in 1 6 9 13 14 15; do
		both cgexec -g pids:$G/a sh -c "ulimit -c 0; kill -$n \$\$"
		[ "$theirs $ours" = "$((128 + n)) $((128 + n))" ]
	done
'
test_ok 'cgexec: and what is sent to the process reaches the command' '
	for who in "$PEER/cgexec" "nestbox cgexec"; do
		for s in 10 15; do
			$who -g pids:$G/a sleep 60 & p=$!
			asleep() { grep -x "Name:	sleep" /proc/$p/status || grep -x "Name:	busybox" /proc/$p/status; }
			soon asleep
			kill -$s $p
			rc=0; wait $p || rc=$?
			[ $rc = $((128 + s)) ]
		done
	done
'
# theirs ends with the -1 of exec for all of them: ours with the shell'\''s and env'\''s
for row in '127 nosuchcommand' '127 /nosuch/x' '127 ""' '126 /etc/passwd' '126 /etc'; do
	test_ok "cgexec: status ${row%% *} for ${row#* }" "
		both cgexec -g pids:\$G/a ${row#* }
		[ \"\$theirs \$ours\" = '255 ${row%% *}' ]
	"
done
test_ok 'cgexec, cgclassify: -h and --help are help, on standard output' '
	for tool in cgexec cgclassify; do
		for o in -h --help "-g pids:$G/a -h"; do
			both $tool $o
			[ "$theirs $ours" = "0 0" ]
			grep "^Usage: .*$tool" $TMP/theirs
			grep "^Usage: .*$tool" $TMP/ours
		done
	done
'

# ---- an ordinary user ----

# v2 wants the group above both to be the user'\''s: so there is one to start from
test_ok 'cgexec: a user in groups of theirs' '
	nestbox cgexec --create -g pids:$G/u --delegate 1000:1000
	for g in start x; do nestbox cgexec --create -g pids:$G/u/$g --delegate 1000:1000; done
	as="nestbox cgexec -g pids:$G/u/start -- $AS_USER"
	goes pids /$G/u/x -g pids:$G/u/x
	goes pids /$G/u/x --sticky -g pids:/$G/u/x/
'
test_ok 'cgexec: a user keeps their ids there' '
	as="nestbox cgexec -g pids:$G/u/start -- $AS_USER"
	both cgexec -g pids:$G/u/x grep -E "^(Uid|Gid|Groups|Cap)" /proc/self/status
	[ "$theirs $ours" = "0 0" ]
	diff $TMP/theirs $TMP/ours
	grep "^Uid:	1000	1000	1000	1000\$" $TMP/ours
'
test_ok 'cgexec: and is refused elsewhere' '
	as="nestbox cgexec -g pids:$G/u/start -- $AS_USER"
	refused cgexec -g pids:$G/a echo ran
	refused cgexec -g pids:/ echo ran
'

# ---- cgclassify ----

cat >>"$TMP/.env" <<'END'
# start_all: sleepers $p and $q, and $dead, which was one
start_all()
{
	sleep 60 & p=$!
	sleep 60 & q=$!
	true & dead=$!
	wait $dead
	trap 'kill -9 $p $q 2>/dev/null || :' EXIT
}
place() { sed -n "$(if is_v2 pids; then echo 's/^0::/0:pids:/;'; fi)s/^[0-9]*:pids://p" "/proc/$1/cgroup"; }
# moves THEIRS OURS PLACE-OF-P PLACE-OF-Q ARG...: cgclassify with words that name $p, $q and $dead
moves()
{
	want_theirs=$1 want_ours=$2 want_p=$3 want_q=$4
	shift 4
	for who in theirs ours; do
		start_all
		from=$(place $p)
		tool=nestbox\ cgclassify
		[ $who = ours ] || tool=$PEER/cgclassify
		rc=0
		eval "$tool $*" </dev/null || rc=$?
		echo "$who: $rc, $(place $p) $(place $q)"
		[ "$(place $p)" = "$(echo "$want_p" | sed "s#^-\$#$from#")" ]
		[ "$(place $q)" = "$(echo "$want_q" | sed "s#^-\$#$from#")" ]
		if [ $who = ours ]; then [ $rc = $want_ours ]; else [ $rc = $want_theirs ]; fi
		kill -9 $p $q
		wait $p $q 2>/dev/null || :
	done
}
END

# A status of 1 or 2 is 125 with ours, as in all of nestbox; what is moved is the same. "-": stays
# shellcheck disable=SC2016
while read -r line; do
	case $line in '' | '#'*) continue ;; esac
	test_ok "cgclassify: $line" "moves $line"
done <<'END'
0 0 /$G/a - '-g pids:$G/a $p'
0 0 /$G/a /$G/a '-g pids:$G/a $p $q'
0 0 /$G/a /$G/a '-g pids,memory:$G/a $p $q'
0 0 /$G/b - '-g pids:$G/a -g pids:$G/b $p'
0 0 /$G/a - '-g pids:$G//a/ $p'
0 0 /$G/a - '--sticky -g pids:$G/a $p'
0 0 /$G/a - '-s -g pids:$G/a $p'
0 0 /$G/a - '--cancel-sticky -g pids:$G/a $p'
0 0 /$G/a - '--cancel -g pids:$G/a $p'
0 0 /$G/a - '--sticky --cancel-sticky -g pids:$G/a $p'
0 0 /$G/a /$G/a '-g pids:$G/a -- $p $q'
0 0 /$G/a /$G/a '-g pids:$G/a $p " $q"'
0 0 /$G/a /$G/a '-g pids:$G/a $p 0$q'
# what is no process does not keep the others from being moved
1 125 /$G/a /$G/a '-g pids:$G/a $p $dead $q'
1 125 /$G/a /$G/a '-g pids:$G/a $p 0 $q'
1 125 /$G/a /$G/a '-g pids:$G/a $p -1 $q'
1 125 /$G/a /$G/a '-g pids:$G/a -- $p -1 $q'
1 125 /$G/a /$G/a '-g pids:$G/a $p "" $q'
2 125 /$G/a /$G/a '-g pids:$G/a $p x $q'
2 125 /$G/a /$G/a '-g pids:$G/a x $p $q'
2 125 /$G/a - '-g pids:$G/a $p ${q}x'
1 125 - - '-g pids:$G/none $p $q'
1 125 - - '-g nosuch:$G/a $p $q'
255 125 - - '-g pids $p'
255 125 - - '-g pids: $p'
2 125 - - '--nosuch -g pids:$G/a $p'
2 125 - - '-g'
2 125 - - ''
# one that would be another number in their int is none
1 125 /$G/a - '-g pids:$G/a $p 99999999999'
# "nothing to move" is more likely a pidof that has found nothing, which theirs passes over
0 125 - - '-g pids:$G/a'
END
# ours goes on to look for options: to theirs it is one more process, which is not there
test_ok 'cgclassify: options behind the processes' '
	start_all
	nestbox cgclassify $p -g pids:$G/a --sticky $q
	[ "$(place $p) $(place $q)" = "/$G/a /$G/a" ]
	rc=0; $PEER/cgclassify -g pids:$G/b $p --sticky $q || rc=$?
	[ $rc = 2 ]
'
if test_need cmd:python3 'cgclassify: all threads'; then
	test_ok 'cgclassify: all threads go with any of them' '
		for who in "$PEER/cgclassify" "nestbox cgclassify"; do
			for which in head tail; do
				python3 -c "import threading, time; [threading.Thread(target=time.sleep, args=(60,)).start() for i in range(3)]" & t=$!
				trap "kill -9 $t 2>/dev/null || :" EXIT
				four() { [ "$(ls /proc/$t/task | wc -l)" = 4 ]; }
				soon four
				$who -g pids:$G/a "$(ls /proc/$t/task | $which -n 1)"
				for f in /proc/$t/task/*/cgroup; do at_place pids /$G/a <$f; done
				kill -9 $t
				wait $t || :
			done
		done
	'
fi
test_ok 'cgclassify: a user moves what is theirs into a group of theirs' '
	as="nestbox cgexec -g pids:$G/u/start -- $AS_USER"
	for who in "$PEER/cgclassify" "nestbox cgclassify"; do
		$as sh -euc ". $TMP/.env
			start_all
			$who -g pids:$G/u/x \$p \$q
			[ \"\$(place \$p) \$(place \$q)\" = \"/$G/u/x /$G/u/x\" ]
			rc=0; $who -g pids:$G/a \$p || rc=\$?
			[ \$rc != 0 ]
			[ \$(place \$p) = /$G/u/x ]"
	done
'
if test_need v1:pids 'cgclassify: a group by cgcreate -t'; then
	# cgcreate -t USER gives the user tasks, and leaves cgroup.procs to root
	test_ok 'cgclassify: a group of which only "tasks" is the user'\''s' '
		mkdir $(hier pids)/$G/t
		chown 1000 $(hier pids)/$G/t/tasks
		for who in "$PEER/cgclassify" "nestbox cgclassify"; do
			$AS_USER sh -euc ". $TMP/.env
				start_all
				$who -g pids:$G/t \$p
				[ \$(place \$p) = /$G/t ]
				$who -g pids:$G/t \$dead 2>&1 | grep \"No such process\""
		done
		as=$AS_USER
		goes pids /$G/t -g pids:$G/t
	'
	if test_need cmd:python3 'cgclassify: all threads by "tasks"'; then
		test_ok 'cgclassify: ... and there all threads go, too' '
			$AS_USER sh -euc ". $TMP/.env
				python3 -c \"import threading, time; [threading.Thread(target=time.sleep, args=(60,)).start() for i in range(3)]\" & t=\$!
				trap \"kill -9 \$t\" EXIT
				four() { [ \$(ls /proc/\$t/task | wc -l) = 4 ]; }
				soon four
				nestbox cgclassify -g pids:$G/t \$t
				for f in /proc/\$t/task/*/cgroup; do at_place pids /$G/t <\$f; done"
		'
	fi
fi

# ---- cgset and cgget beside --set and --get ----

disk=
for f in /sys/block/[vs]d?/dev /sys/block/nvme*/dev; do
	[ ! -e "$f" ] || { disk=$(cat "$f"); break; }
done
cat >>"$TMP/.env" <<END
disk='$disk'
END
cat >>"$TMP/.env" <<'END'
# sets CONTROLLER FILE VALUE [FILE-TO-READ]: both write it, to a group each, and read it back
sets()
{
	"$PEER/cgset" -r "$2=$3" "$G/a"
	nestbox cgexec -g "$1:$G/b" --set "$2=$3"
	"$PEER/cgget" -nv -r "${4-$2}" "$G/a" >"$TMP/theirs.got"
	cat "$(hier "$1")/$G/a/${4-$2}" >"$TMP/theirs"
	diff "$TMP/theirs" "$(hier "$1")/$G/b/${4-$2}"
	cat "$TMP/theirs"
}
# gets CONTROLLER FILE
gets()
{
	"$PEER/cgget" -n -r "$2" "$G/a" | sed '$ { /^$/d; }' >"$TMP/theirs"
	nestbox cgexec -g "$1:$G/a" --get "$2" | diff "$TMP/theirs" -
	grep "^$2: " "$TMP/theirs"
}
END
table() {
	while read -r line; do
		case $line in '' | '#'*) continue ;; esac
		case $line in *'$disk'*) [ "$disk" ] || continue ;; esac
		test_ok "cgset, cgget: $line" "$line"
	done
}
if test_need v1:memory 'cgset, cgget: the files of v1'; then
	# shellcheck disable=SC2016
	table <<'END'
sets memory memory.limit_in_bytes 512k
sets memory memory.limit_in_bytes 64m
sets memory memory.limit_in_bytes 64M
sets memory memory.limit_in_bytes 1g
sets memory memory.limit_in_bytes 1234567
sets memory memory.limit_in_bytes -1
sets memory memory.soft_limit_in_bytes 32m
sets memory memory.swappiness 10
sets cpu cpu.shares 512
sets cpu cpu.shares 2
sets cpu cpu.cfs_quota_us 50000
sets cpu cpu.cfs_quota_us -1
sets cpu cpu.cfs_period_us 50000
sets cpuset cpuset.cpus 0
sets cpuset cpuset.mems 0
sets pids pids.max 42
sets pids pids.max max
sets blkio blkio.throttle.read_bps_device "$disk 1048576"
sets blkio blkio.throttle.read_bps_device "$disk 0"
sets blkio blkio.throttle.write_iops_device "$disk 100"
sets devices devices.deny "c 1:5 rw" devices.list
sets devices devices.deny a devices.list
sets devices devices.allow "c 1:3 rwm" devices.list
sets devices devices.allow "b *:* m" devices.list
sets devices devices.deny "c 1:3 w" devices.list
gets memory memory.limit_in_bytes
gets memory memory.stat
gets memory memory.oom_control
gets cpu cpu.shares
gets cpu cpu.stat
gets cpuset cpuset.cpus
gets pids pids.max
gets blkio blkio.throttle.write_iops_device
gets devices devices.list
END
else
	# shellcheck disable=SC2016
	table <<'END'
sets memory memory.max 64m
sets memory memory.max 1234567
sets memory memory.max max
sets memory memory.low 1m
sets cpu cpu.weight 50
sets cpu cpu.max "50000 200000"
sets cpu cpu.max max
sets pids pids.max 42
sets pids pids.max max
gets memory memory.max
gets memory memory.stat
gets cpu cpu.max
gets cpu cpu.weight
gets pids pids.max
END
fi
test_ok 'cgget: a file that is not there' '
	rc=0; $PEER/cgget -n -r pids.nosuch $G/a || rc=$?
	[ $rc != 0 ]
	rc=0; nestbox cgexec -g pids:$G/a --get pids.nosuch || rc=$?
	[ $rc = 125 ]
'
test_ok 'nothing is left' 'soon remove_all'
done_testing
