#!/bin/sh
# netns: namespaces with names, as ip netns has them: list, add, attach, del, identify, pids, exec, set, list-id, monitor, gc.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox

# each snippet has a /run and a network of its own
cat >"$TMP/inside" <<'END'
#!/bin/sh
mount -t tmpfs -o mode=755 run /run && exec "$@"
END
chmod 755 "$TMP/inside"
test_in="${AS_ROOT:-} nestbox unshare -m -n -- $TMP/inside"

cat >>"$TMP/.env" <<'END'
# what is not found is not to be something else along a PATH that is closed to us
PATH=${NB%/*}:/usr/sbin:/usr/bin:/sbin:/bin
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
is() { [ "$1" = "$2" ] || { echo "got $1, not $2"; return 1; }; }
net_of() { readlink "/proc/$1/ns/net"; }
# how often something is mounted at a path, or below where that ends with a slash
mounts_at()
{
	case $1 in
	*/) grep -c " $1" /proc/self/mountinfo || true ;;
	*) grep -c " $1 " /proc/self/mountinfo || true ;;
	esac
}
# a file that is like one that was left half made long ago
leftover() { : >"/run/netns/$1"; touch -d '2020-01-01 00:00:00' "/run/netns/$1"; }
sorted() { "$@" | sort | tr '\n' ' '; }
# a process that stays, in the network namespace of a name; its pid in $pid
stay_in()
{
	nestbox netns exec --no-sys --no-etc "$1" -- sh -c 'echo >"$TMP/there"; exec sleep 1000' & pid=$!
	until [ -s "$TMP/there" ]; do sleep 0.05; done
	rm "$TMP/there"
}
END

# ---- names come and go ----

test_ok 'add makes a network namespace, mounted on a file in a folder that is mounted and shared' '
	nestbox netns add a
	grep -q " net:\[[0-9]*\] /run/netns/a .* - nsfs " /proc/self/mountinfo
	grep -q " /netns /run/netns [^ ]* shared:" /proc/self/mountinfo
	is "$(mounts_at /run/netns) $(mounts_at /run/netns/)" "1 1"
	not is "$(nestbox netns exec a readlink /proc/self/ns/net)" "$(net_of self)"
'
test_ok '... with nothing in it but lo, which is down' '
	nestbox netns add a
	is "$(nestbox netns exec a sed -n "s/^ *\(.*\):.*/\1/p" /proc/net/dev)" lo
	not sh -c "nestbox netns exec a busybox ip link show lo | grep ,UP"
	nestbox netns exec a -- nestbox netns up
	nestbox netns exec a busybox ping -c 1 -W 3 127.0.0.1
'
test_ok 'a name that is taken: 1, and nothing changes' '
	nestbox netns add a
	one=$(nestbox netns exec a readlink /proc/self/ns/net)
	is "$(status nestbox netns add a)" 1
	not nestbox netns add a 2>"$TMP/said"
	grep -q "^nestbox: netns: /run/netns/a: .*File exists" "$TMP/said"
	is "$(nestbox netns exec a readlink /proc/self/ns/net)" "$one"
	is "$(mounts_at /run/netns/a)" 1
'
test_ok 'list, by all its names and without one' '
	is "$(nestbox netns list)" ""
	is "$(nestbox netns)" ""
	nestbox netns add a
	nestbox netns add b
	for verb in "" list ls lst; do
		is "$(sorted nestbox netns $verb)" "a b "
	done
'
test_ok 'list as JSON' '
	is "$(nestbox netns list -j)" "[]"
	nestbox netns add "a\"b"
	is "$(nestbox netns list --json)" "[{\"name\":\"a\\\"b\"}]"
	nestbox netns set "a\"b" 7
	is "$(nestbox netns -j)" "[{\"name\":\"a\\\"b\",\"id\":7}]"
'
test_ok 'names may have blanks, dashes, line breaks, and 255 bytes' '
	long=$(printf "%0255d" 0)
	for name in "a b" -- "--all" "$(printf "x\ny")" "$long" "…" "..." "*"; do
		nestbox netns add -- "$name"
		is "$(nestbox netns exec -- "$name" echo in)" in
		test -e "/run/netns/$name"
		nestbox netns del -- "$name"
		not test -e "/run/netns/$name"
	done
	is "$(mounts_at /run/netns/)" 0
'
test_ok 'what is no name is refused, by each verb' '
	for name in "" . .. a/b ../a /a "$(printf "%0256d" 0)"; do
		for verb in add del; do
			is "$(status nestbox netns $verb "$name")" 255
			not nestbox netns $verb "$name" 2>"$TMP/said"
			grep -q "is no name for a network namespace" "$TMP/said"
		done
		is "$(status nestbox netns attach "$name" self)" 255
		is "$(status nestbox netns set "$name" 1)" 255
	done
	not test -e /run/netns
'
test_ok 'a name cannot break a line of the list' '
	nestbox netns add "$(printf "a\nb\033[1m")"
	is "$(nestbox netns list)" "a\\x0ab\\x1b[1m"
	is "$(nestbox netns list -j)" "[{\"name\":\"a\\nb\\u001b[1m\"}]"
'
test_ok 'attach: the namespace of a process, of a path, of another name' '
	nestbox unshare -n sleep 1000 & pid=$!
	until [ "$(net_of $pid)" != "$(net_of self)" ]; do sleep 0.05; done
	nestbox netns attach a $pid
	nestbox netns attach b a
	nestbox netns attach c /run/netns/a
	nestbox netns attach d self
	for name in a b c; do
		is "$(nestbox netns exec --no-sys $name readlink /proc/self/ns/net)" "$(net_of $pid)"
	done
	is "$(nestbox netns exec --no-sys d readlink /proc/self/ns/net)" "$(net_of self)"
	kill $pid
'
test_ok 'attach: a number is a pid, and what is none of these is refused' '
	nestbox netns add 1234567
	for what in 0 -1 x 1234567 /dev/null /proc/self/ns/uts 99999999999999; do
		is "$(status nestbox netns attach -- a "$what")" 1
		not test -e /run/netns/a
	done
'
test_ok 'del takes names away, several and all' '
	for name in a b c d e f g; do nestbox netns add $name; done
	nestbox netns del a
	nestbox netns delete b c
	is "$(sorted nestbox netns)" "d e f g "
	nestbox netns del -a
	is "$(nestbox netns)$(mounts_at /run/netns/)" 0
	for all in --all -all; do
		nestbox netns add a
		nestbox netns del $all
		is "$(nestbox netns)" ""
	done
'
test_ok 'del: what is missing is 1, and the others go all the same' '
	nestbox netns add a
	nestbox netns add b
	is "$(status nestbox netns del a missing b)" 1
	is "$(nestbox netns)" ""
	not nestbox netns del missing 2>"$TMP/said"
	grep -q "^nestbox: netns: /run/netns/missing: .*No such file" "$TMP/said"
'
test_ok 'del: only -all is -all' '
	nestbox netns add a
	for words in -l -al -alll "" "-a a"; do
		is "$(status nestbox netns del $words)" 1
	done
	is "$(nestbox netns)" a
'
test_ok 'the namespace outlives its name in its processes' '
	nestbox netns add a
	stay_in a
	one=$(net_of $pid)
	nestbox netns del a
	is "$(net_of $pid)" "$one"
	not is "$one" "$(net_of self)"
	kill $pid
'
test_ok 'del: where several are mounted one on the other, all go' '
	nestbox netns add a
	mount --bind /proc/self/ns/net /run/netns/a
	mount --bind /run/netns/a /run/netns/a
	is "$(mounts_at /run/netns/a)" 3
	nestbox netns del a
	is "$(mounts_at /run/netns/a)" 0
	not test -e /run/netns/a
'

# ---- numbers ----

test_ok 'set gives a number, once' '
	nestbox netns add a
	nestbox netns add b
	nestbox netns set a 5
	nestbox netns set b auto
	is "$(sorted nestbox netns)" "a (id: 5) b (id: 0) "
	is "$(status nestbox netns set a 6)" 2
	is "$(status nestbox netns set b auto)" 2
	for n in -1 x "" 99999999999 5x; do is "$(status nestbox netns set -- a "$n")" 255; done
	is "$(status nestbox netns set missing 9)" 1
'
test_ok 'list-id tells them, all and one' '
	is "$(nestbox netns list-id)$(nestbox netns list-id -j)" "[]"
	nestbox netns add a
	nestbox netns add b
	nestbox netns set a 5
	nestbox netns set b 9
	is "$(sorted nestbox netns list-id)" "nsid 5 (iproute2 netns name: a) nsid 9 (iproute2 netns name: b) "
	is "$(nestbox netns list-id nsid 9)" "nsid 9 (iproute2 netns name: b)"
	is "$(nestbox netns list-id -j nsid 5)" "[{\"nsid\":5,\"name\":\"a\"}]"
	is "$(status nestbox netns list-id nsid 77)" 1
	is "$(status nestbox netns list-id nsid x)" 255
	for words in nsid target-nsid "target-nsid 99" wrong "nsid 5 wrong"; do is "$(status nestbox netns list-id $words)" 1; done
'
test_ok 'list-id: those of another namespace, with ours beside them' '
	nestbox netns add a
	nestbox netns add b
	nestbox netns set a 5
	nestbox netns set b 6
	nestbox netns exec a nestbox netns set b 77
	is "$(nestbox netns list-id target-nsid 5)" "nsid 77 current-nsid 6 (iproute2 netns name: b)"
	is "$(nestbox netns list-id -j target-nsid 5)" "[{\"nsid\":77,\"current-nsid\":6,\"name\":\"b\"}]"
	nestbox netns del b
	is "$(nestbox netns list-id target-nsid 5 nsid 6 2>/dev/null || echo gone)" gone
'

# ---- who ----

test_ok 'identify tells all names, of a process and of its own' '
	is "$(nestbox netns identify; echo .)" "
."
	is "$(nestbox netns identify -j)" "[]"
	nestbox netns add a
	nestbox netns attach b a
	stay_in a
	is "$(sorted nestbox netns identify $pid)" "a b "
	is "$(nestbox netns identify $$)" ""
	is "$(nestbox netns exec a nestbox netns identify | sort | tr "\n" " ")" "a b "
	nestbox netns del b
	is "$(nestbox netns identify -j $pid)" "[{\"name\":\"a\"}]"
	kill $pid
	for what in 0 x -1 4194304; do is "$(status nestbox netns identify -- $what)" 1; done
'
test_ok 'pids tells the processes, and no others' '
	nestbox netns add a
	is "$(nestbox netns pids a)$(nestbox netns pids -j a)" "[]"
	stay_in a; one=$pid
	stay_in a
	is "$(sorted nestbox netns pids a)" "$(printf "%s\n" $one $pid | sort | tr "\n" " ")"
	kill $pid; wait $pid || true
	is "$(nestbox netns pids -j a)" "[{\"pid\":$one}]"
	kill $one
	is "$(status nestbox netns pids missing)" 1
'

# ---- exec ----

test_ok 'exec: the command keeps its pid, and its status is that of exec' '
	nestbox netns add a
	is "$(status nestbox netns exec a true)" 0
	is "$(status nestbox netns exec a sh -c "exit 7")" 7
	is "$(status nestbox netns exec a -- sh -c "kill -TERM \$\$")" 143
	nestbox netns exec a sh -c "echo \$\$ >\"\$TMP/pid\"" & wait $!
	is "$(cat "$TMP/pid")" $!
'
test_ok 'exec: 127, 126, 255 for the name, 1 for the rest' '
	nestbox netns add a
	is "$(status nestbox netns exec a not-there-at-all)" 127
	is "$(status nestbox netns exec a /etc)" 126
	is "$(status nestbox netns exec missing true)" 255
	is "$(status nestbox netns exec a)" 1
	is "$(status nestbox netns exec)" 1
	not nestbox netns exec missing true 2>"$TMP/said"
	grep -q "^nestbox: netns: /run/netns/missing: .*No such file" "$TMP/said"
	# it is not the chain that fails
	is "$(status nestbox netns exec a nestbox netns exec a false)" 1
'
test_ok 'exec: by name, pid, path, self and host' '
	nestbox netns add a
	stay_in a
	for ns in a $pid /run/netns/a /proc/$pid/ns/net; do
		is "$(nestbox netns exec --no-sys $ns readlink /proc/self/ns/net)" "$(net_of $pid)"
	done
	is "$(nestbox netns exec --no-sys self readlink /proc/self/ns/net)" "$(net_of self)"
	# a name goes before all of these
	nestbox netns attach self a
	is "$(nestbox netns exec --no-sys self readlink /proc/self/ns/net)" "$(net_of $pid)"
	kill $pid
	for ns in /dev/null /proc/self/ns/uts /missing/path 0 -- "" /run/netns; do
		is "$(status nestbox netns exec -- "$ns" true)" 255
	done
'
test_ok 'exec: the chain goes on behind it, also executed anew' '
	nestbox netns add a
	want=$(nestbox netns exec a readlink /proc/self/ns/net)
	for reexec in 0 1; do
		got=$(NESTBOX_REEXEC=$reexec nestbox netns exec a -- nestbox unshare -u --hostname x -- sh -c "readlink /proc/self/ns/net; cat /proc/sys/kernel/hostname")
		is "$got" "$want
x"
	done
'
test_ok 'exec: fds of the caller are passed on, and none of our own' '
	nestbox netns add a
	want=$(ls -l /proc/self/fd | grep -c -e "->")
	is "$(nestbox netns exec a -- ls -l /proc/self/fd | grep -c -e "->")" "$want"
'
test_ok 'exec -a: in all of them, and the status is that of the first that failed' '
	is "$(nestbox netns exec -a echo in)" ""
	nestbox netns add a
	nestbox netns add b
	for all in -a --all -all; do
		is "$(nestbox netns exec $all sh -c "echo in" | sort | tr "\n" " ")" "  in in netns: a netns: b "
	done
	is "$(nestbox netns exec -a readlink /proc/self/ns/net | grep -c "^net:")" 2
	is "$(nestbox netns exec -a readlink /proc/self/ns/net | grep "^net:" | sort -u | wc -l)" 2
	is "$(status nestbox netns exec -a true)" 0
	is "$(status nestbox netns exec -a sh -c "exit 9")" 9
	is "$(status nestbox netns exec -a not-there-at-all)" 127
	is "$(nestbox netns exec -a -- nestbox unshare -u --hostname x cat /proc/sys/kernel/hostname | grep -c x)" 2
'
test_ok 'exec: /sys is that of the network namespace, and --no-sys leaves it' '
	nestbox netns add a
	out=$(ls /sys/class/net | tr "\n" " ")
	is "$(nestbox netns exec a ls /sys/class/net)" lo
	is "$(nestbox netns exec --no-sys a ls /sys/class/net | tr "\n" " ")" "$out"
	# and outside nothing has changed
	before=$(cat /proc/self/mountinfo)
	nestbox netns exec a true
	is "$(cat /proc/self/mountinfo)" "$before"
'
test_ok 'exec: what is mounted below /sys stays, control groups and all' '
	nestbox netns add a
	[ -d /sys/fs/cgroup ]
	grep -q " /sys/" /proc/self/mountinfo || mount -t tmpfs below /sys/fs/cgroup
	what() { sed -n "s,.* \(/sys/[^ ]*\) .*- \([^ ]*\) .*,\1 \2,p" /proc/self/mountinfo | sort -u; }
	what >"$TMP/before"
	test -s "$TMP/before"
	nestbox netns exec a sed -n "s,.* \(/sys/[^ ]*\) .*- \([^ ]*\) .*,\1 \2,p" /proc/self/mountinfo | sort -u >"$TMP/after"
	diff "$TMP/before" "$TMP/after"
	is "$(nestbox netns exec a sh -c "ls /sys/fs/cgroup | head -n 3")" "$(ls /sys/fs/cgroup | head -n 3)"
	# one sysfs, and on no other; only whoever may not remove that has it below
	[ "$AS_ROOT" ] || is "$(nestbox netns exec a grep -c " /sys .* - sysfs " /proc/self/mountinfo)" "$(grep -c " /sys .* - sysfs " /proc/self/mountinfo)"
'
test_ok 'exec: a /sys that is read-only stays so' '
	nestbox netns add a
	mount -o remount,bind,ro /sys 2>/dev/null || mount -o remount,ro,bind,nosuid,nodev,noexec /sys
	nestbox netns exec a sed -n "s,.* /sys \([^ ]*\) .*- sysfs .*,\1,p" /proc/self/mountinfo | grep "^ro"
	is "$(nestbox netns exec a ls /sys/class/net)" lo
'
if test_need userns 'exec: where sysfs is refused the command runs all the same'; then
	test_ok 'exec: where sysfs is refused the command runs all the same' '
		# part of /sys is covered, and whoever is root in a user namespace is not to see below it
		mount -t tmpfs cover /sys/kernel
		nestbox unshare -U -r -m -n -- sh -euc ". \"\$TMP/.env\"
			mount -t tmpfs run /run
			nestbox netns add a
			is \"\$(nestbox netns exec a echo in 2>\"\$TMP/said\")\" in
			grep -q \"sysfs: .*: /sys stays\" \"\$TMP/said\"
			nestbox netns exec --no-sys a true 2>\"\$TMP/said\"
			not test -s \"\$TMP/said\""
	'
fi

# ---- /etc ----

cat >>"$TMP/.env" <<'END'
# an /etc of one's own, with something in it for the namespace a
own_etc()
{
	mkdir -p "$TMP/etc.$1/netns/a"
	mount --bind "$TMP/etc.$1" /etc
	echo host >/etc/hosts
	echo netns >/etc/netns/a/hosts
	nestbox netns add a
	nestbox netns add b
}
END
test_ok 'exec: files of /etc/netns/NAME are in the place of those in /etc' '
	own_etc 1
	is "$(nestbox netns exec a cat /etc/hosts)" netns
	is "$(nestbox netns exec b cat /etc/hosts)" host
	is "$(cat /etc/hosts)" host
	is "$(nestbox netns exec --no-etc a cat /etc/hosts)" host
	is "$(nestbox netns exec --no-sys a cat /etc/hosts)" netns
	# a namespace has them by its name alone
	is "$(nestbox netns exec /run/netns/a cat /etc/hosts)" host
'
test_ok 'exec: directories, too, also where a link leads to one' '
	own_etc 2
	mkdir /etc/ssl /etc/netns/a/ssl /etc/real /etc/netns/a/link
	echo host >/etc/ssl/x; echo netns >/etc/netns/a/ssl/x
	ln -s real /etc/link; echo netns >/etc/netns/a/link/y
	is "$(nestbox netns exec a cat /etc/ssl/x)" netns
	is "$(nestbox netns exec a cat /etc/link/y)" netns
'
test_ok 'exec: resolv.conf is a link: to nothing, and to a file that is replaced' '
	own_etc 3
	echo netns >/etc/netns/a/resolv.conf
	ln -s ../run/missing/resolv.conf /etc/resolv.conf
	is "$(nestbox netns exec a cat /etc/resolv.conf 2>&1)" netns
	not test -e /etc/resolv.conf
	mkdir /run/there; echo host >/run/there/resolv.conf
	ln -sfn ../run/there/resolv.conf /etc/resolv.conf
	is "$(nestbox netns exec a cat /etc/resolv.conf /run/there/resolv.conf | tr "\n" " ")" "netns host "
	nestbox netns exec a sh -c "echo >/run/go; until [ -e /run/new ]; do sleep 0.05; done; cat /etc/resolv.conf" >"$TMP/got" & pid=$!
	until [ -e /run/go ]; do sleep 0.05; done
	echo new >/run/there/next; mv /run/there/next /run/there/resolv.conf; echo >/run/new
	wait $pid
	is "$(cat "$TMP/got")" netns
	is "$(cat /etc/resolv.conf)" new
'
test_ok 'exec: what has no place in /etc is told, and left out' '
	own_etc 4
	echo netns >/etc/netns/a/missing
	is "$(nestbox netns exec a cat /etc/hosts 2>"$TMP/said")" netns
	grep -q "^nestbox: netns: /etc/missing: .*No such file" "$TMP/said"
	not test -e /etc/missing
'

# ---- without this and that ----

test_ok 'all of it works without /proc, identify and pids apart' '
	nestbox netns add before
	mount -t tmpfs none /proc
	nestbox netns add a
	nestbox netns set a 3
	is "$(sorted nestbox netns)" "a (id: 3) before "
	is "$(nestbox netns exec --no-sys a echo in)" in
	is "$(nestbox netns exec a echo in 2>/dev/null)" in
	nestbox netns attach b self
	is "$(nestbox netns identify)" b
	nestbox netns del a before b
	is "$(ls /run/netns)" ""
	umount /proc
	is "$(mounts_at /run/netns/)" 0
'
test_ok 'a file without a namespace is told apart: list, exec, pids, set' '
	nestbox netns add a
	leftover old
	is "$(nestbox netns list 2>"$TMP/said" | sort | tr "\n" " ")" "a old "
	grep -q "^nestbox: netns: old: (stale) " "$TMP/said"
	is "$(grep -c . "$TMP/said")" 1
	is "$(status nestbox netns exec old true)" 255
	is "$(status nestbox netns pids old)" 1
	is "$(status nestbox netns set old 1)" 1
	is "$(status nestbox netns add old)" 1
	is "$(nestbox netns exec -a true 2>/dev/null | grep -c "netns: a")" 1
	nestbox netns del old
	is "$(nestbox netns)" a
'
test_ok 'gc removes such files, old and new, and nothing else' '
	nestbox netns add a
	leftover old
	: >/run/netns/new
	echo text >/run/netns/text
	mkdir /run/netns/dir
	ln -s /nowhere /run/netns/link
	: >/run/other; : >/run/netns/mounted
	mount --bind /run/other /run/netns/mounted
	is "$(nestbox netns gc)" "2 files removed"
	is "$(ls /run/netns | tr "\n" " ")" "a dir link mounted text "
	is "$(nestbox netns gc)" ""
	nestbox netns exec a true
'
test_ok 'a link to a namespace is a name, as many have made it by hand' '
	nestbox netns add a
	stay_in a
	ln -s /proc/$pid/ns/net /run/netns/link
	is "$(sorted nestbox netns)" "a link "
	is "$(nestbox netns exec --no-sys link readlink /proc/self/ns/net)" "$(net_of $pid)"
	kill $pid; wait $pid || true
	is "$(nestbox netns 2>/dev/null | sort | tr "\n" " ")" "a link "
	nestbox netns del link
	is "$(nestbox netns)" a
'
test_ok 'monitor tells what comes and goes, line by line' '
	nestbox netns monitor >"$TMP/told" & pid=$!
	# it makes the folder before it watches it
	until [ -d /run/netns ]; do sleep 0.05; done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		nestbox netns add a; nestbox netns del a
		! grep -q "^delete a\$" "$TMP/told" || break
		sleep 0.1
	done
	grep -qx "add a" "$TMP/told"
	nestbox netns add "$(printf "x\ny")"
	for i in 1 2 3 4 5 6 7 8 9 10; do ! grep -qF "add x\\x0ay" "$TMP/told" || break; sleep 0.1; done
	grep -qxF "add x\\x0ay" "$TMP/told"
	kill $pid
'

# ---- many at once ----

test_ok 'thirty that come first at the same time: thirty names, and one mount of the folder' '
	mount --make-shared /run
	i=0; pids=
	while [ $((i += 1)) -le 30 ]; do nestbox netns add n$i & pids="$pids $!"; done
	for p in $pids; do wait $p; done
	is "$(nestbox netns 2>"$TMP/said" | wc -l)" 30
	not test -s "$TMP/said"
	is "$(mounts_at /run/netns)" 1
	is "$(mounts_at /run/netns/)" 30
	nestbox netns del -a
	is "$(mounts_at /run/netns)" 1
'
test_ok 'a name comes and goes in other mount namespaces, too, whoever was first' '
	mount --make-shared /run
	nestbox unshare -m --propagation unchanged sh -c "echo >/run/there; exec sleep 1000" & pid=$!
	until [ -s /run/there ]; do sleep 0.05; done
	nestbox netns add outer

	is "$(nestbox nsenter -t $pid -m nestbox netns)" outer
	nestbox nsenter -t $pid -m nestbox netns add inner
	is "$(sorted nestbox netns)" "inner outer "
	is "$(mounts_at /run/netns/)" 2
	is "$(nestbox nsenter -t $pid -m grep -c " /run/netns/" /proc/self/mountinfo)" 2
	nestbox netns del inner outer
	is "$(nestbox nsenter -t $pid -m grep -c " /run/netns/" /proc/self/mountinfo || true)" 0
	kill $pid
'
test_ok 'who lists and enters while others add and delete never meets one half made' '
	nestbox netns add first
	: >"$TMP/said"
	(i=0; while [ $((i += 1)) -le 30 ]; do nestbox netns add n$i; nestbox netns exec --no-sys n$i true || echo >"$TMP/bad"; nestbox netns del n$i; done; echo >"$TMP/end") &
	rm -f "$TMP/bad"
	while [ ! -e "$TMP/end" ]; do
		nestbox netns list >"$TMP/list" 2>>"$TMP/said"
		# one that is gone again is 255 and says so
		while read -r name rest; do
			nestbox netns exec --no-sys "$name" true 2>"$TMP/why" || grep -q "No such file" "$TMP/why" || { cat "$TMP/why"; echo >"$TMP/bad"; }
		done <"$TMP/list"
	done
	rm "$TMP/end"
	cat "$TMP/said"
	not test -s "$TMP/said"
	not test -e "$TMP/bad"
'
test_ok 'killed while it adds, it leaves nothing that gc does not collect' '
	i=0
	while [ $((i += 1)) -le 30 ]; do
		nestbox netns add n$i & pid=$!
		busybox usleep $((i * 80))
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	nestbox netns gc
	nestbox netns list >"$TMP/list" 2>"$TMP/said"
	not test -s "$TMP/said"
	while read -r name; do nestbox netns exec --no-sys "$name" true; done <"$TMP/list"
	nestbox netns del -a
	is "$(ls /run/netns)" ""
	is "$(mounts_at /run/netns/)" 0
'

# ---- who may ----

if test_need userns 'del: a mount that cannot be removed from here is told, with who has it'; then
	test_ok 'del: a mount that cannot be removed from here is told, with who has it' '
		nestbox netns add a
		nestbox unshare -U -r -m -- sh -euc ". \"\$TMP/.env\"
			not nestbox netns del a 2>\"\$TMP/said\"
			grep -q \"^nestbox: netns: /run/netns/a: .*busy\" \"\$TMP/said\"
			grep -q \"^nestbox: hint: .* pids.* \$\$[ ,]\" \"\$TMP/said\""
		nestbox netns exec a true
		nestbox netns del a
	'
fi
if test_need root 'an ordinary user may look, and no more'; then
	test_ok 'an ordinary user may look, and no more' '
		nestbox netns add a
		leftover old
		is "$($AS_USER nestbox netns 2>/dev/null | sort | tr "\n" " ")" "a old "
		is "$(status $AS_USER nestbox netns add b)" 1
		is "$(status $AS_USER nestbox netns del a)" 1
		is "$(status $AS_USER nestbox netns attach b self)" 1
		is "$(status $AS_USER nestbox netns set a 1)" 2
		is "$(status $AS_USER nestbox netns gc)" 1
		is "$(status $AS_USER nestbox netns exec a true)" 255
		is "$(status $AS_USER nestbox netns exec old true)" 255
		is "$(ls /run/netns | tr "\n" " ")" "a old "
	'
fi

if test_need root 'an ordinary user cannot keep others from making names for long' &&
	test_need cmd:flock 'an ordinary user cannot keep others from making names for long'; then
	test_ok 'an ordinary user cannot keep others from making names for long' '
		nestbox netns add a
		$AS_USER flock -F -x /run/netns sleep 1000 & pid=$!
		while flock -n /run/netns true; do sleep 0.05; done
		nestbox netns add b
		nestbox netns del a
		is "$(nestbox netns)" b
		kill $pid
	'
fi
if test_need static 'exec: in a chroot there are no mounts to be had, and it says how to do without'; then
	test_ok 'exec: in a chroot there are no mounts to be had, and it says how to do without' '
		nestbox netns add a
		mkdir -p "$TMP/root/run" "$TMP/root/sys"
		cp "$NB" "$TMP/root/nestbox"
		mount --rbind /run "$TMP/root/run"
		is "$(status chroot "$TMP/root" /nestbox netns exec a /nestbox --list)" 1
		not chroot "$TMP/root" /nestbox netns exec a /nestbox --list 2>"$TMP/said"
		grep -q "^nestbox: hint: --no-sys --no-etc " "$TMP/said"
		chroot "$TMP/root" /nestbox netns exec --no-sys --no-etc a /nestbox --list | grep -qx netns
	'
fi

# ---- beside ip ----

# busybox has an ip, too
if ip -V 2>/dev/null | grep -q iproute2; then
	cat >>"$TMP/.env" <<'END'
# the same command of both: what they print, and whether they succeed
alike()
{
	a=$(status ip netns "$@") b=$(status nestbox netns "$@")
	[ $((!a)) = $((!b)) ] || { echo "$*: $a and $b"; return 1; }
	ip netns "$@" >"$TMP/ip" 2>/dev/null || true
	nestbox netns "$@" >"$TMP/ours" 2>/dev/null || true
	diff "$TMP/ip" "$TMP/ours"
}
alike_json()
{
	verb=$1; shift
	is "$(nestbox netns "$verb" -j "$@")" "$(ip -j netns "$verb" "$@")"
}
END
	test_ok 'what ip has made is ours, and what we have made is ip'\''s' '
		ip netns add a
		nestbox netns add b
		is "$(sorted ip netns)" "a b "
		is "$(nestbox netns exec a readlink /proc/self/ns/net)" "$(ip netns exec a readlink /proc/self/ns/net)"
		is "$(nestbox netns exec b readlink /proc/self/ns/net)" "$(ip netns exec b readlink /proc/self/ns/net)"
		is "$(mounts_at /run/netns)" 1
		nestbox netns del a
		ip netns del b
		is "$(ip netns)$(nestbox netns)$(mounts_at /run/netns/)" 0
		ip netns add c
		is "$(mounts_at /run/netns)" 1
	'
	test_ok 'both tell the same' '
		alike; alike list; alike list-id
		ip netns add a; nestbox netns add b; ip netns add "c d"
		ip netns set a 5; nestbox netns set b auto
		for verb in "" list ls lst list-id "list-id nsid 5" "list-id nsid 77" "list-id target-nsid 5" "list-id target-nsid 99" "pids a" "pids missing" \
			identify "identify x" "identify 4194304" "identify $$" "exec missing true" "exec a" exec add attach set pids del no-such-verb \
			"add a" "add ..." "add ." "add a/b" "del missing" "del a/b" "set missing 3" "set b x" "attach x 0" "attach x 4194304"; do
			# "add ..." succeeds once
			[ "$verb" != "add ..." ] || continue
			alike $verb
		done
		alike_json list; alike_json list-id; alike_json list-id nsid 5
		stay_in a
		alike pids a; alike identify $pid
		kill $pid; wait $pid || true
		ip netns exec a ip netns set b 77
		alike list-id target-nsid 5; alike_json list-id target-nsid 5
		leftover old; alike; alike list
		is "$(status ip netns exec missing true)" "$(status nestbox netns exec missing true)"
		is "$(status ip netns exec a sh -c "exit 9")" "$(status nestbox netns exec a sh -c "exit 9")"
	'
	test_ok 'both fail with the same status' '
		ip netns add a; ip netns add b; ip netns set b 7
		for verb in "add a/b" "add ." "add a" "attach .. 1" "attach x 4194304" "attach b 1" "del missing" "del a/b" "set a x" "set a -1" "set a/b 3" \
			"set missing 3" "set b 8" "set a 7" "exec missing true" "exec a/b true" "pids missing" "identify x"; do
			is "$verb: $(status nestbox netns $verb)" "$verb: $(status ip netns $verb)"
		done
	'
	test_ok 'both make the same mounts' '
		layout() { sed -n "s,^[^ ]* [^ ]* [^ ]* \([^ ]*\) \(/run/netns[^ ]*\) \([^ ]*\) .*- \([^ ]*\) .*,\1 \2 \3 \4,p" /proc/self/mountinfo | sed "s/net:.[0-9]*./net/" | sort; }
		ip netns add a; ip netns add b
		layout >"$TMP/ip"; ls -l /run/netns/ >"$TMP/ip.ls"
		ip -all netns del; umount /run/netns; rmdir /run/netns
		nestbox netns add a; nestbox netns add b
		layout >"$TMP/ours"; ls -l /run/netns/ >"$TMP/ours.ls"
		diff "$TMP/ip" "$TMP/ours"
		is "$(sed "s/ [A-Z][a-z][a-z] .*:.. / /" "$TMP/ip.ls")" "$(sed "s/ [A-Z][a-z][a-z] .*:.. / /" "$TMP/ours.ls")"
	'
	test_ok 'thirty of both at the same time' '
		i=0; pids=
		while [ $((i += 1)) -le 15 ]; do ip netns add i$i & pids="$pids $!"; nestbox netns add n$i & pids="$pids $!"; done
		for p in $pids; do wait $p; done
		is "$(nestbox netns 2>&1 | wc -l)" 30
		is "$(mounts_at /run/netns)" 1
		is "$(mounts_at /run/netns/)" 30
	'
	test_ok 'while ip makes a name, it is not taken for one that was left' '
		: >"$TMP/said"
		(i=0; while [ $((i += 1)) -le 60 ]; do ip netns add n$i; done; echo >"$TMP/end") &
		while [ ! -e "$TMP/end" ]; do nestbox netns list >/dev/null 2>>"$TMP/said"; nestbox netns gc >>"$TMP/said"; done
		rm "$TMP/end"
		cat "$TMP/said"
		not test -s "$TMP/said"
		is "$(nestbox netns | wc -l)" 60
	'
fi

done_testing
