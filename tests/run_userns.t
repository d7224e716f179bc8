#!/bin/sh
# run --userns: a container whose root is nobody outside, of root's and of an ordinary user's.
. "${0%/*}/lib.sh"
need userns-user

own_run
. "${0%/*}/ids.sh"

mkdir "$TMP/disk" "$TMP/disk/probe"
can_idmap() { [ "$AS_USER" ] && "$NB" unshare -m -- nestbox idmap mount -b 0:100000:10 "$TMP/disk/probe" "$TMP/disk/probe" true 2>"$TMP/why"; }
# an initramfs cannot, a tmpfs may
[ -z "$AS_USER" ] || can_idmap || { mount -t tmpfs disk "$TMP/disk" && mkdir "$TMP/disk/probe"; }
at_end 'umount "$TMP/disk" 2>/dev/null'
"$TESTS/../scripts/rootfs" "$TMP/disk/root"
"$TESTS/../scripts/rootfs" --bare "$TMP/disk/bare"
mkdir "$TMP/disk/vol"
echo data >"$TMP/disk/vol/file"

cat >>"$TMP/.env" <<'END'
R=$TMP/disk/root B=$TMP/disk/bare V=$TMP/disk/vol
one() { tr -s " \n" " "; }
END

# --- an ordinary user's

# whose files it is
[ -z "$AS_USER" ] || { cp -r "$TMP/disk/root" "$TMP/mine"; chown -R 1000:1000 "$TMP/mine"; }
[ "$AS_USER" ] || ln -s "$TMP/disk/root" "$TMP/mine"
test_ok 'an ordinary user has a container of his own, without another word' '
	is "$(as_user nestbox run --userns auto "$TMP/mine" sh -c "echo \$\$ \$(id -u) \$(id -g); cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups" | one)" \
		"1 0 0 0 $u 1 0 $g 1 deny "
	as_user nestbox run --userns auto "$TMP/mine" sh -c "touch /made"
	is "$(stat -c %u:%g "$TMP/mine/made")" "$u:$g"
	rm "$TMP/mine/made"
	rc=0; as_user nestbox run --userns auto "$TMP/mine" sh -c "exit 7" || rc=$?; is $rc 7
	rc=0; as_user nestbox run --userns auto "$TMP/mine" sh -c "kill -9 -1; kill -TERM \$\$; exit 3" || rc=$?; is $rc 3
'
test_ok '... the same that he has with unshare -r before' '
	look="cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep -E ^\(Cap\|NoNew\|Groups\) /proc/self/status; cut -d\" \" -f4- /proc/self/mountinfo; env; ls -ln /dev"
	as_user nestbox run -h x --userns auto "$TMP/mine" sh -c "$look" | sed "s/ [A-Z][a-z][a-z] .*:[0-9][0-9] / /" >"$TMP/one"
	as_user nestbox unshare -r -- nestbox run -h x "$TMP/mine" sh -c "$look" | sed "s/ [A-Z][a-z][a-z] .*:[0-9][0-9] / /" >"$TMP/other"
	[ "$(wc -l <"$TMP/one")" -gt 20 ]
	diff "$TMP/one" "$TMP/other"
'
test_ok '... and the same as the line that is printed' '
	look="cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; grep -E ^\(Cap\|NoNew\|Groups\) /proc/self/status; cut -d\" \" -f4- /proc/self/mountinfo; env"
	as_user nestbox run -h x --userns auto "$TMP/mine" sh -c "$look" >"$TMP/one"
	as_user nestbox run -h x --dry-run --userns auto "$TMP/mine" sh -c "$look" >"$TMP/line"
	for re in 0 1; do
		NESTBOX_REEXEC=$re as_user sh "$TMP/line" >"$TMP/other"
		diff "$TMP/one" "$TMP/other"
	done
'
test_ok 'the waiter stays in the namespace that it was in, and nothing is left' '
	mkfifo "$TMP/go"
	$AS_USER nestbox run --name "stay$$" --userns auto "$TMP/mine" sh -c "echo up; read -r _" <"$TMP/go" >"$TMP/up" & pid=$!
	exec 9>"$TMP/go"
	n=0; until grep -q up "$TMP/up"; do n=$((n + 1)); [ $n -lt 200 ]; sleep 0.05; done
	child=$(tr -d " " </proc/$pid/task/$pid/children)
	[ "$AS_ROOT" ] || is "$(readlink /proc/$pid/ns/user)" "$(readlink /proc/self/ns/user)"
	[ "$(readlink /proc/$child/ns/user)" != "$(readlink /proc/$pid/ns/user)" ]
	echo >&9; exec 9>&-
	wait $pid
	not as_user nestbox run --userns host "$TMP/mine" true 2>/dev/null
	if ls -R "$XDG_RUNTIME_DIR" | grep -q "stay$$"; then exit 1; fi
'
test_ok 'who kills the waiter kills the container' '
	$AS_USER nestbox run --userns auto "$TMP/mine" sleep 4711 & pid=$!
	n=0; until child=$(tr -d " " </proc/$pid/task/$pid/children) && [ "$child" ] && [ "$(cat /proc/$child/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 200 ]; sleep 0.05; done
	kill -9 $pid; wait $pid || :
	n=0; while [ -e /proc/$child ] && ! grep -q "^State:.Z" /proc/$child/status; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	as_user nestbox gc
'
test_ok 'in a user namespace already: one more, and its root is the one there' '
	is "$(as_user nestbox unshare -r -- nestbox run --userns auto "$TMP/mine" sh -c "id -u; cat /proc/self/uid_map" | one)" "0 0 0 1 "
'
test_need root '... nor more ids than there are' && test_ok '... nor more ids than there are' '
	subids "root:100000:10\n"
	is "$(nestbox idmap run -b 0:1000:1 -b 1:300000:49 -- nestbox run --userns auto "$TMP/mine" cat /proc/self/uid_map | one)" " 0 0 1 "
	! command -v newuidmap >/dev/null || is "$(nestbox idmap run -b 0:1000:1 -b 1:300000:49 -b 100000:200000:50 -- nestbox run --userns auto "$TMP/mine" cat /proc/self/uid_map | one)" " 0 0 1 1 100000 10 "
	subids ""
'
test_fails 125 'setpriv: uid: set to 5: Invalid argument' 'nobody but himself' 'as_user nestbox run --userns auto -u 5 "$TMP/mine" true'
test_ok 'who has no privileges is told of it' '
	not $AS_USER nestbox run "$TMP/mine" true 2>"$TMP/said"
	grep -qx "nestbox: hint: be root, or in a user namespace of your own: --userns auto" "$TMP/said"
'
test_fails 125 'hint: /proc/sys/user/max_user_namespaces is 0' 'where there are to be no more user namespaces, that is said' '
	$AS_USER nestbox unshare -r -m -p -f --mount-proc -- sh -c "echo 0 >/proc/sys/user/max_user_namespaces && exec nestbox run --userns auto $TMP/mine true"
'
test_need root 'a root file system of somebody else'\''s that is closed' && test_fails 125 'hint: it is .*/closed, which only its owner' 'a root file system of somebody else'\''s that is closed' '
	cp -r "$R" "$TMP/closed"
	as_user nestbox run --userns auto "$TMP/closed" true
	chmod 700 "$TMP/closed"
	as_user nestbox run --userns auto "$TMP/closed" true
'
test_ok 'in a namespace where the host'\''s root is root, too, whose device rules he may not write' '
	is "$($AS_ROOT nestbox unshare -r -- nestbox run --userns auto "$R" id -u)" 0
	is "$($AS_ROOT nestbox unshare -r -- nestbox run "$R" id -u)" 0
	not $AS_ROOT nestbox unshare -r -- nestbox run --cap-add mknod "$R" true 2>"$TMP/said"
	grep "nestbox: run: mknod: cannot be given where there are no device rules" "$TMP/said"
'
test_fails 125 '--idmap: only root of the machine' 'owners are for root' 'as_user nestbox run --userns auto --idmap "$TMP/mine" true'
test_fails 125 'mknod: cannot be given' 'no devices' 'as_user nestbox run --userns auto --cap-add mknod "$TMP/mine" true'
if test_need root 'subordinate ids of ordinary users' && test_need cmd:newuidmap 'subordinate ids of ordinary users'; then
	test_ok 'subordinate ids, where he has some' '
		subids "tester:400000:65536\n"
		is "$(as_user nestbox run --userns auto "$TMP/mine" sh -c "id -u; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups" | one)" \
			"0 0 1000 1 1 400000 65536 0 1000 1 1 400000 65536 allow "
		is "$(as_user nestbox run --userns auto -u 5:6 --group-add 7 "$TMP/mine" sh -c "id -u; id -g; id -G" | one)" "5 6 6 7 "
		is "$(as_user nestbox run --userns 0:400000:100 "$TMP/mine" sh -c "id -u; cat /proc/self/uid_map" | one)" "0 0 400000 100 "
		as_user nestbox run --dry-run --userns auto -u 5:6 "$TMP/mine" sh -c "id -u; id -g; cat /proc/self/uid_map" >"$TMP/line"
		is "$(as_user sh "$TMP/line" | one)" "5 6 0 1000 1 1 400000 65536 "
	'
	test_ok '... and ranges that go across the lines of his own map' '
		subids "tester:400000:65536\n"
		further="as_user nestbox idmap run --map-root --map-auto -- nestbox run --userns 0:0:10"
		is "$($further "$TMP/mine" sh -c "id -u; cat /proc/self/uid_map /proc/self/gid_map" | one)" "0 0 0 1 1 1 9 0 0 1 1 1 9 "
		$further --dry-run "$TMP/mine" cat /proc/self/uid_map >"$TMP/line"
		is "$(as_user nestbox idmap run --map-root --map-auto -- sh "$TMP/line" | one)" " 0 0 1 1 1 9 "
	'
fi
test_ok 'limits: what raises one is set before the user namespace, and the soft ones are not the waiter'\''s' '
	ulimit -S -n 512; ulimit -H -n 1024; echo 5 >/proc/self/oom_score_adj
	as_user nestbox run --dry-run --userns auto --ulimit nofile=10:2048 --ulimit core=0 --oom-score-adj 4 "$TMP/mine" true >"$TMP/line"
	grep -E "^nestbox tty outside -- nestbox setpriv --oom-score-adj 4 --ulimit nofile=512:2048 -- .* -U .* setpriv .* --oom-score-adj 4 .* --ulimit nofile=10:2048 --ulimit core=0 " "$TMP/line"
	as_user nestbox run --dry-run --userns auto --ulimit nofile=10:1024 --oom-score-adj 6 "$TMP/mine" true >"$TMP/line"
	is "$(grep -o "setpriv" "$TMP/line" | wc -l)" 1
	as_user sh "$TMP/line"
	is "$(as_user nestbox run --userns auto --ulimit nofile=10:1000 --oom-score-adj 6 "$TMP/mine" sh -c "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj" | one)" "10 1000 6 "
	not $AS_USER nestbox run --userns auto --ulimit nofile=10:2048 "$TMP/mine" true 2>"$TMP/said"
	grep "nestbox: hint: the hard limit is 1024 now; raising it needs CAP_SYS_RESOURCE in the initial user namespace" "$TMP/said"
'

for bad in x 0:0 '' 0:0:0 auto,5; do
	test_fails 125 'is no range of ids|is a range of no ids' "--userns '$bad' is none" "nestbox run --userns '$bad' \"\$R\" true"
done
test_fails 125 'hint: --userns takes host, auto, or ranges' 'a word of others' 'nestbox run --userns keep-id "$R" true'
test_fails 125 '--userns: auto and host stand alone' 'auto and a range' 'nestbox run --userns auto --userns 0:1:1 "$R" true'
test_fails 125 '--idmap: goes with --userns' '--idmap alone' 'nestbox run --idmap "$R" true'
for kind in auto 0:$(id -u):1; do
	test_fails 125 '--privileged: does not go with a user namespace' "--privileged and --userns $kind" "nestbox run --privileged --userns $kind \"\$R\" true"
done
test_need root '... but with none' && test_ok '... but with none' 'nestbox run --privileged --userns host "$R" true'
test_fails 125 '--userns: user 0 and group 0 must be mapped' 'a map without a root' 'as_user nestbox run --userns 5:$u:1 "$TMP/mine" true'

if ! test_need root 'root'\''s user namespaces'; then
	done_testing
	exit
fi
if ! can_idmap; then
	test_fails 125 'pivot: .*root: map its ids: Invalid argument' 'a root file system that cannot be idmapped is refused' 'nestbox run --userns auto "$R" true'
	test_skip 'root'\''s user namespaces' "$(tail -n 1 "$TMP/why")"
	done_testing
	exit
fi

# --- root's

test_ok 'auto: ids that are nobody'\''s, and files that are the container'\''s' '
	subids "tester:100000:65536\nother:200000:10\n"
	is "$(nestbox run --userns auto "$R" sh -c "id -u; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; stat -c %u:%g /bin; touch /made" | one)" \
		"0 0 200010 65536 0 200010 65536 allow 0:0 "
	is "$(stat -c %u:%g "$R/made")" 0:0
	rm "$R/made"
	nestbox run --userns auto "$R" grep " / " /proc/self/mountinfo | grep -q idmapped
'
test_ok 'auto: root'\''s own lines, those of nestbox and of containers come first; users and groups by their own files' '
	subids "tester:100000:65536\ncontainers:300000:65536\n"
	is "$(nestbox run --userns auto "$R" cat /proc/self/uid_map | one)" " 0 300000 65536 "
	subids "nestbox:500000:70000\ncontainers:300000:65536\n"
	is "$(nestbox run --userns auto "$R" cat /proc/self/uid_map | one)" " 0 500000 65536 "
	subids "nestbox:500000:65536\nroot:700000:65535\n"
	is "$(nestbox run --userns auto "$R" cat /proc/self/uid_map | one)" " 0 500000 65536 "
	echo root:800000:65536 >/etc/subuid
	is "$(nestbox run --userns auto "$R" cat /proc/self/uid_map /proc/self/gid_map | one)" " 0 800000 65536 0 500000 65536 "
	rm /etc/subuid /etc/subgid
	is "$(nestbox run --userns auto "$R" cat /proc/self/uid_map | one)" " 0 100000 65536 "
	subids ""
'
test_ok 'auto: containers that run at the same time have ids of their own, as far as there are some' '
	up() { rm -f "$TMP/in$1"; mkfifo "$TMP/in$1"; nestbox run --userns auto "$R" sh -c "cat /proc/self/uid_map /proc/self/gid_map; echo up; read -r _" <"$TMP/in$1" >"$TMP/up$1" & }
	until_up() { n=0; until grep -q up "$TMP/up$1"; do n=$((n + 1)); [ $n -lt 200 ]; sleep 0.05; done; }
	ids() { nestbox run "$@" --userns auto "$R" cat /proc/self/uid_map /proc/self/gid_map; }
	subids "other:200000:10\n"
	printf "root:500000:131072\n" >/etc/subgid
	up 1; one=$!; exec 8>"$TMP/in1"; until_up 1
	up 2; two=$!; exec 9>"$TMP/in2"; until_up 2
	is "$(one <"$TMP/up1")" " 0 200010 65536 0 500000 65536 up "
	is "$(one <"$TMP/up2")" " 0 265546 65536 0 565536 65536 up "
	# the third has no groups of its own, and shares the first one'\''s ids
	is "$(ids | one)" " 0 200010 65536 0 500000 65536 "
	printf "root:500000:200000\n" >/etc/subgid
	ids --dry-run >"$TMP/line"
	is "$(sh "$TMP/line" | one)" "$(ids | one)"
	is "$(ids | one)" " 0 331082 65536 0 631072 65536 "
	# who has ended, and who was killed, needs them no more
	kill -9 $one; wait $one || :; exec 8>&-
	is "$(ids | one)" " 0 200010 65536 0 500000 65536 "
	echo >&9; exec 9>&-; wait $two
	is "$(ids | one)" " 0 200010 65536 0 500000 65536 "
	nestbox gc
	is "$(ls "$STATE/ranges")" ""
	subids ""
'
test_ok 'a root file system that has other owners already is refused for that' '
	mkdir "$TMP/shown"
	try="nestbox run --userns auto"
	not nestbox unshare -m -- nestbox idmap mount -b 0:300000:65536 "$R" "$TMP/shown" -- $try "$TMP/shown" true 2>"$TMP/said"
	grep "pivot: .*shown: map its ids: Operation not permitted" "$TMP/said"
	grep "hint: either it is idmapped already" "$TMP/said"
	nestbox unshare -m -- nestbox idmap mount -b 0:300000:65536 "$R" "$TMP/shown" -- $try "$R" true
'
test_ok 'ranges' '
	is "$(nestbox run --userns 0:200000:10 --userns u:10:300000:5 "$R" cat /proc/self/uid_map /proc/self/gid_map | one)" " 0 200000 10 10 300000 5 0 200000 10 "
	is "$(nestbox run --userns 0:200000:10 -u 3:4 "$R" sh -c "id -u; id -g" | one)" "3 4 "
'
test_ok 'limits: what is lowered is so inside, and how early the kernel kills it can be said' '
	look="ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj"
	is "$(nestbox run --userns auto --ulimit nofile=10:64 --oom-score-adj 7 "$R" sh -c "$look" | one)" "10 64 7 "
	nestbox run --dry-run --userns auto --ulimit nofile=10:64 --oom-score-adj 7 "$R" sh -c "$look" >"$TMP/line"
	for re in 0 1; do is "$(NESTBOX_REEXEC=$re sh "$TMP/line" | one)" "10 64 7 "; done
'
if nestbox setpriv --ulimit nofile=512:1024 -- nestbox setpriv --ulimit nofile=512:2048 true 2>/dev/null; then
	test_ok 'limits: who may raise them outside has them raised inside' '
		ulimit -S -n 512; ulimit -H -n 1024
		look="ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj"
		is "$(nestbox run --userns auto --ulimit nofile=10:2048 --oom-score-adj -7 "$R" sh -c "$look" | one)" "10 2048 -7 "
		nestbox run --dry-run --userns auto --ulimit nofile=10:2048 --oom-score-adj -7 "$R" sh -c "$look" >"$TMP/line"
		is "$(sh "$TMP/line" | one)" "10 2048 -7 "
		# with room for what comes before
		is "$(nestbox run --userns auto --ulimit nofile=3:2048 "$R" sh -c "ulimit -n" | one)" "3 "
	'
else
	test_skip 'limits: who may raise them outside has them raised inside' 'needs CAP_SYS_RESOURCE'
fi
test_ok 'host: none' 'is "$(nestbox run --userns host "$R" readlink /proc/self/ns/user)" "$(readlink /proc/self/ns/user)"'
test_ok 'outside, its processes are those ids, in the group that has its limits' '
	mkfifo "$TMP/go2"
	nestbox run --userns auto "$R" sh -c "echo up; read -r _" <"$TMP/go2" >"$TMP/up" & pid=$!
	exec 9>"$TMP/go2"
	n=0; until grep -q up "$TMP/up"; do n=$((n + 1)); [ $n -lt 200 ]; sleep 0.05; done
	child=$(tr -d " " </proc/$pid/task/$pid/children)
	is "$(sed -n "s/^Uid:.//p" /proc/$child/status | cut -f1)" 100000
	is "$(sed -n "s/^Uid:.//p" /proc/$pid/status | cut -f1)" 0
	is "$(readlink /proc/$pid/ns/user)" "$(readlink /proc/self/ns/user)"
	! grep -q " - cgroup" /proc/self/mountinfo || grep -q "/nestbox/[0-9a-f]*/init" /proc/$child/cgroup
	not grep -q "/nestbox/" /proc/$pid/cgroup
	echo >&9; exec 9>&-; wait $pid
'
test_ok 'volumes: nobody'\''s files, or with --idmap the container'\''s' '
	chown 5:6 "$V/file"
	is "$(nestbox run --userns auto -v "$V:/v" "$R" stat -c %u:%g /v/file)" "$(cat /proc/sys/kernel/overflowuid):$(cat /proc/sys/kernel/overflowgid)"
	is "$(nestbox run --userns auto --idmap -v "$V:/v" "$R" stat -c %u:%g /v/file)" 5:6
	nestbox run --userns auto --idmap -v "$V:/v" "$R" sh -c "touch /v/made; chown 7:8 /v/made"
	is "$(stat -c %u:%g "$V/made")" 7:8
	not nestbox run --userns auto -v "$V:/v" "$R" touch /v/more 2>/dev/null
	not nestbox run --userns auto --idmap -v "$V:/v:ro" "$R" touch /v/more 2>/dev/null
'
test_fails 125 'pivot: /proc: map its ids: Invalid argument' 'a volume that cannot be idmapped' 'nestbox run --userns auto --idmap -v /proc:/v "$R" true'
test_ok '... starts nothing, and leaves nothing' '
	find "$R" | sort >"$TMP/before"
	not nestbox run --name "none$$" --userns auto --idmap -v /proc:/v "$R" touch /ran 2>"$TMP/said"
	grep -q "hint: /proc: proc cannot be idmapped" "$TMP/said"
	find "$R" | sort | diff "$TMP/before" -
	if ls -R "$STATE" | grep -q "none$$"; then exit 1; fi
'
test_ok 'mount points that are missing are made and taken away again, whoever owns the root' '
	chown 1000:1000 "$B"
	find "$B" | sort >"$TMP/before"
	is "$(nestbox run --userns auto -v "$V:/deep/er" "$B" sh -c "ls /deep/er/file; cat /proc/self/uid_map" | one)" "/deep/er/file 0 100000 65536 "
	find "$B" | sort | diff "$TMP/before" -
	chown 0:0 "$B"
'
test_ok 'what is the host'\''s stays out of reach: no capability counts outside' '
	touch "$V/secret"; chmod 600 "$V/secret"
	not nestbox run --userns auto --cap-add ALL -v "$V:/v" "$R" cat /v/secret 2>/dev/null
	nestbox run --cap-add ALL -v "$V:/v" "$R" cat /v/secret
	not nestbox run --userns auto --cap-add ALL "$R" sh -c "echo 1 >/proc/sysrq-trigger" 2>/dev/null
	not nestbox run --userns auto --cap-add ALL "$R" chroot / mknod /dev/sda b 8 0 2>/dev/null
'
test_ok 'a root file system in a folder that is closed to others' '
	mkdir -p "$TMP/disk/closed"; chmod 700 "$TMP/disk/closed"; cp -r "$R" "$TMP/disk/closed/root"
	is "$(nestbox run --userns auto "$TMP/disk/closed/root" id -u)" 0
'
test_ok 'pivot --idmap by itself' '
	mkdir "$R/v"
	is "$(nestbox unshare -m -- nestbox pivot --idmap 0:100000:65536 --idmap-volumes -v "$V:/v" "$R" -- stat -c %u:%g /bin /v/file | one)" "100000:100000 100005:100006 "
	rmdir "$R/v"
'
test_fails 125 '--idmap-volumes: goes with --idmap' 'pivot: volumes alone' 'nestbox unshare -m -- nestbox pivot --idmap-volumes "$R" -- true'
test_fails 125 'pivot: .*(Operation not permitted|Invalid argument)' 'pivot --idmap is for root' 'as_user nestbox unshare -r -m -- nestbox pivot --idmap all "$R" -- true'
done_testing
