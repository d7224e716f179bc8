#!/bin/sh
# unshare: who is who in a user namespace, and whose line of /etc/subuid that takes.
. "${0%/*}/lib.sh"
need userns

. "${0%/*}/ids.sh"

cat >>"$TMP/.env" <<'END'
status() { rc=0; "$@" >/dev/null 2>&1 || rc=$?; echo "$rc"; }
END
. "$TMP/.env"

peer=
case $(unshare --version 2>/dev/null) in *util-linux*) peer=$(unshare --version) ;; esac
# the version whose defects are known
case $peer in *2.38*) peer_238=1 ;; *) peer_238= ;; esac

test_ok 'one user, one group: by number, by name, root and oneself' '
	is "$(maps nestbox unshare -r)" "0 $(id -u) 1,|0 $(id -g) 1,|deny"
	is "$(maps nestbox unshare -c)" "$(id -u) $(id -u) 1,|$(id -g) $(id -g) 1,|deny"
	is "$(maps as_user nestbox unshare -r)" "0 $u 1,|0 $g 1,|deny"
	is "$(maps as_user nestbox unshare -c)" "$u $u 1,|$g $g 1,|deny"
	is "$(maps as_user nestbox unshare --map-user 5 --map-group 6)" "5 $u 1,|6 $g 1,|deny"
	[ "$AS_ROOT" ] || is "$(maps as_user nestbox unshare --map-user root --map-group listed)" "0 $u 1,|77 $g 1,|deny"
	is "$(maps as_user nestbox unshare --map-user 4294967294)" "4294967294 $u 1,||allow"
	is "$(maps as_user nestbox unshare --map-group 0)" "|0 $g 1,|deny"
	is "$(maps as_user nestbox unshare -U)" "||allow"
'
test_ok 'of -r, -c and --map-user the last one counts' '
	is "$(maps as_user nestbox unshare -r -c)" "$u $u 1,|$g $g 1,|deny"
	is "$(maps as_user nestbox unshare -c -r)" "0 $u 1,|0 $g 1,|deny"
	is "$(maps as_user nestbox unshare -r --map-user=12)" "12 $u 1,|0 $g 1,|deny"
	is "$(maps as_user nestbox unshare --map-user=12 -r)" "0 $u 1,|0 $g 1,|deny"
'
test_need root 'a user whom no passwd lists is no trouble' && test_ok 'a user whom no passwd lists is no trouble' '
	is "$(maps nestbox setpriv --reuid 4711 --regid 4711 --clear-groups --exec -- nestbox unshare -c)" "4711 4711 1,|4711 4711 1,|deny"
	is "$(maps nestbox setpriv --reuid 4711 --regid 4711 --clear-groups --exec -- nestbox unshare --map-user=12 --map-group 12)" "12 4711 1,|12 4711 1,|deny"
	[ "$(echo "echo \$0" | nestbox setpriv --reuid 4711 --clear-groups --regid 4711 --exec -- env -u SHELL "$NB" unshare -c)" = -sh ]
'
[ -z "$peer" ] || test_ok 'util-linux makes the same of these' '
	for o in "-U" "-r" "-c" "--map-user=5" "--map-group=5" "--map-user=5 --map-group=6" "-r -c" "-c -r" "-r --map-user=12" "--map-user=root"; do
		is "$(maps nestbox unshare $o)" "$(maps unshare $o)"
		is "$(maps as_user nestbox unshare $o)" "$(maps as_user unshare $o)"
		is "$(as_user nestbox unshare $o grep -E "^(Uid|Gid|Cap...)" /proc/self/status)" "$(as_user unshare $o grep -E "^(Uid|Gid|Cap...)" /proc/self/status)"
	done
'

if test_need root 'ranges, and lines of /etc/subuid'; then
	test_ok 'root maps ranges without a helper of the system, in both spellings' '
		PATH=${NB%/*}:/bin
		is "$(maps nestbox unshare --map-users 0:100000:65536)" "0 100000 65536,||allow"
		is "$(maps nestbox unshare --map-users 100000,0,65536)" "0 100000 65536,||allow"
		is "$(maps nestbox unshare --map-groups 5:200000:10)" "|5 200000 10,|allow"
		is "$(maps nestbox unshare --map-users 0:0:10 --map-users 10:100000:5 --map-groups 0:0:1)" "0 0 10,10 100000 5,|0 0 1,|allow"
		is "$(maps nestbox unshare --map-users 0:0:4294967295)" "0 0 4294967295,||allow"
		is "$(maps nestbox unshare --map-users all --map-groups all)" "0 0 4294967295,|0 0 4294967295,|allow"
		# what is mapped here, under its own numbers, is less further in
		is "$(maps nestbox unshare --map-users 0:0:5 --map-users 7:7:5 --map-groups 0:0:5 -- nestbox unshare --map-users all --map-groups all)" \
			"0 0 5,7 7 5,|0 0 5,|allow"
	'
	test_ok 'where the single user lies in a range, the range moves up and loses its last' '
		is "$(maps nestbox unshare -r --map-users 0:100000:1000)" "0 0 1,1 100000 999,|0 0 1,|deny"
		is "$(maps nestbox unshare --map-user 3 --map-users 0:100000:10)" "3 0 1,0 100000 3,4 100003 6,||allow"
		# both its inner and its outer id
		is "$(maps nestbox unshare --map-user 2 --map-users 0:0:6)" "2 0 1,0 1 2,3 3 3,||allow"
		# next to it nothing is lost
		is "$(maps nestbox unshare -r --map-users 1:100000:1000)" "0 0 1,1 100000 1000,|0 0 1,|deny"
		is "$(maps nestbox unshare --map-user 1000 --map-users 0:100000:1000)" "1000 0 1,0 100000 1000,||allow"
	'
	subids 'other:100000:65536\nroot:300000:1000\ntester:400000:2000\n1000:500000:10\n'
	test_ok 'auto and subids take the first line of the user, by name or number, and nobody else'\''s' '
		is "$(maps nestbox unshare --map-auto)" "0 300000 1000,|0 300000 1000,|allow"
		is "$(maps nestbox unshare --map-subids)" "300000 300000 1000,|300000 300000 1000,|allow"
		is "$(maps nestbox unshare -r --map-auto)" "0 0 1,1 300000 1000,|0 0 1,1 300000 1000,|allow"
		is "$(maps nestbox unshare --map-users auto)" "0 300000 1000,||allow"
		is "$(maps nestbox unshare --map-users auto --map-users 1000:5:1)" "0 300000 1000,1000 5 1,||allow"
		subids "1:100000:5\n01x:1:1\n+0:1:1\n 0:1:1\n0:700000:5\n"
		is "$(maps nestbox unshare --map-auto)" "0 700000 5,|0 700000 5,|allow"
		# without its last line feed
		subids "root:700000:6"
		is "$(maps nestbox unshare --map-auto)" "0 700000 6,|0 700000 6,|allow"
	'
	[ -z "$peer_238" ] || ! command -v newuidmap >/dev/null || test_ok '... where util-linux 2.38 takes the first line for root, whoever it belongs to' '
		subids "other:100000:65536\nroot:300000:1000\n"
		not unshare --map-auto true 2>"$TMP/said"
		grep -q "100000" "$TMP/said"
	'
	subids 'other:100000:65536\nlast:165536:1000\n'
	test_fails 1 '^nestbox: unshare: /etc/subuid: has no line for root$' 'no line is an error' 'nestbox unshare --map-auto true'
	test_ok '... whose hint is a line that will do' '
		not nestbox unshare --map-auto true 2>"$TMP/said"
		sed -n "s/^nestbox: hint: as root: //p" "$TMP/said" | sh
		is "$(tail -n 1 /etc/subuid)" "root:166536:65536"
		is "$(maps nestbox unshare --map-users auto)" "0 166536 65536,||allow"
		rm /etc/subuid
		not nestbox unshare --map-auto true 2>"$TMP/said"
		grep -qx "nestbox: hint: as root: echo root:100000:65536 >>/etc/subuid" "$TMP/said"
		: >/etc/subuid
	'
	for line in root: root:: root:1 root:1: root::1 root:x:1 root:1:x root:1:0 root:-1:1 root:1:-1 root:4294967295:1 root:1:4294967295 \
		root:1:2:3 'root: 1:2' 'root:1:2 ' root:0x10:5 root:99999999999:1; do
		subids "x:1:1\n$line\n"
		test_fails 1 '/etc/subuid: line 2, .* is not of the form NAME:START:COUNT' "the line \"$line\" is no range" 'nestbox unshare --map-users auto true'
	done
	test_ok 'a file that is none is not waited for' '
		rm /etc/subuid; mkfifo /etc/subuid
		not nestbox unshare --map-users auto true 2>"$TMP/said"
		grep -q "is no regular file" "$TMP/said"
		rm /etc/subuid; ln -s /dev/zero /etc/subuid
		not nestbox unshare --map-users auto true
		rm /etc/subuid; : >/etc/subuid
	'
fi

for bad in '' 0 0:0 0:0:1:2 0,0,1,2 0:0,1 x:0:1 0:x:1 0:0:x -1:0:1 0:-1:1 ' 0:0:1' 0:0:1x Auto 'auto,' 0x1:0:1; do
	test_fails 1 "is no range of ids" "\"$bad\" is no range" "nestbox unshare --map-users '$bad' true"
done
test_fails 1 'is a range of no ids' 'nor is a count of 0' 'nestbox unshare --map-users 0:0:0 true'
for bad in 1:0:4294967295 0:1:4294967295 4294967295:0:1 0:4294967295:1; do
	test_fails 1 'ends behind the last id' "$bad ends too high" "nestbox unshare --map-users $bad true"
done
test_fails 1 'uid map: 0:0:10 and 9:100:1 overlap inside' 'an overlap inside is named' 'nestbox unshare --map-users 0:0:10 --map-users 9:100:1 true'
test_fails 1 'gid map: 0:0:10 and 10:9:1 overlap outside' 'an overlap outside is named' 'nestbox unshare --map-groups 0:0:10 --map-groups 10:9:1 true'
test_fails 1 'uid map: the kernel takes 340 ranges at most' '341 ranges are refused' '
	i=0; while [ $i -lt 341 ]; do set -- "$@" --map-users $i:$i:1; i=$((i + 1)); done; nestbox unshare "$@" true
'
test_need root '340 are not' && test_ok '340 are not' '
	i=0; while [ $i -lt 340 ]; do set -- "$@" --map-users $i:$i:1; i=$((i + 1)); done
	is "$(nestbox unshare "$@" cat /proc/self/uid_map | wc -l)" 340
'
test_fails 1 'the kernel reads less than a page' 'nor more text than fits' '
	i=100000; while [ $i -lt 100340 ]; do set -- "$@" --map-users $i:$i:1; i=$((i + 1)); done; nestbox unshare "$@" true
'
test_need root 'a map that is refused starts nothing' && test_ok 'a map that is refused starts nothing' '
	not nestbox unshare --map-users 0:0:10 --map-users 0:0:1 touch "$TMP/ran" 2>/dev/null
	not [ -e "$TMP/ran" ]
	nestbox unshare --map-users 0:0:10 touch "$TMP/ran"
	[ -e "$TMP/ran" ]
'

test_need root 'what is not mapped here cannot be mapped further in' && test_fails 1 'uid_map: write "0 100 5": Operation not permitted' 'what is not mapped here cannot be mapped further in' '
	nestbox unshare --map-users 0:0:10 --map-groups 0:0:10 -- nestbox unshare --map-users 0:100:5 true
'
test_need root '... and the hint says so' && test_ok '... and the hint says so' '
	not nestbox unshare --map-users 0:0:10 --map-groups 0:0:10 -- nestbox unshare --map-users 0:8:5 true 2>"$TMP/said"
	grep -q "^nestbox: hint: each range must lie within one that is mapped here" "$TMP/said"
	nestbox unshare --map-users 0:0:10 --map-groups 0:0:10 -- nestbox unshare --map-users 0:8:2 true
	not nestbox unshare -r -- nestbox unshare -u --setgroups allow true 2>"$TMP/said"
	grep -q "^nestbox: hint: it cannot be changed once the gid map is written" "$TMP/said"
'

# --- setgroups

test_ok '--setgroups deny holds with -r and with ranges' '
	is "$(maps nestbox unshare -r --setgroups deny)" "0 $(id -u) 1,|0 $(id -g) 1,|deny"
	is "$(maps as_user nestbox unshare -r --setgroups deny)" "0 $u 1,|0 $g 1,|deny"
	[ "$AS_ROOT" ] || is "$(maps nestbox unshare --map-users 0:0:9 --map-groups 0:0:9 --setgroups deny)" "0 0 9,|0 0 9,|deny"
	[ "$AS_ROOT" ] || is "$(maps nestbox unshare --map-users 0:0:9 --map-groups 0:0:9 --setgroups allow)" "0 0 9,|0 0 9,|allow"
	is "$(maps as_user nestbox unshare -U --setgroups deny)" "||deny"
'
[ -z "$peer_238" ] || test_ok '... which util-linux 2.38 cannot' '[ "$(status unshare -r --setgroups deny true)" = 1 ]'
test_fails 1 'setgroups allow' 'a single group goes with deny only' 'nestbox unshare -r --setgroups allow true'
test_fails 1 'supplementary groups: set' '-G needs a namespace that allows setgroups' 'nestbox unshare -r -G 0 true'
test_need root '-S and -G are ids inside' && test_ok '-S and -G are ids inside' '
	is "$(nestbox unshare --map-users 0:0:10 --map-groups 0:0:10 -S 3 -G 4 sh -c "id -u; id -g; id -G" | tr "\n" " ")" "3 4 4 "
	is "$(nestbox unshare -u -S 3 -G 4 sh -c "id -u; id -g; id -G" | tr "\n" " ")" "3 4 4 "
'
test_need root 'an id that is not mapped cannot be had' && test_fails 1 'uid: set to 11' 'an id that is not mapped cannot be had' 'nestbox unshare --map-users 0:0:10 -S 11 true'

# --- capabilities

caps='grep -E "^Cap(Eff|Amb)" /proc/self/status | tr -d "[:alpha:]:[:space:]0"'
echo "caps='$caps'" >>"$TMP/.env"
test_ok '--keep-caps: a command that is not root keeps them, also after -S' '
	[ -z "$(as_user nestbox unshare -c sh -c "$caps")" ]
	[ "$(as_user nestbox unshare -c --keep-caps sh -c "$caps")" ]
	[ "$AS_ROOT" ] || [ -z "$(nestbox unshare --map-users 0:0:10 --map-groups 0:0:10 -S 3 -G 3 sh -c "$caps")" ]
	[ "$AS_ROOT" ] || [ "$(nestbox unshare --map-users 0:0:10 --map-groups 0:0:10 -S 3 -G 3 --keep-caps sh -c "$caps")" ]
	as_user nestbox unshare -c --keep-caps -m sh -c "exec mount -t tmpfs x /mnt"
	for re in 0 1; do NESTBOX_REEXEC=$re as_user nestbox unshare -c --keep-caps -- nestbox unshare -u --hostname kept true; done
	# only over a user namespace of its own
	[ "$AS_ROOT" ] || [ -z "$(nestbox unshare -u --keep-caps -S 1000 sh -c "$caps")" ]
'
test_need root '--owner: whose the namespace is' && test_ok '--owner: whose the namespace is' '
	is "$(maps nestbox unshare --owner 1000:1000 -r)" "0 1000 1,|0 1000 1,|deny"
	is "$(maps nestbox unshare --owner tester:listed -r)" "0 1000 1,|0 77 1,|deny"
	subids "root:300000:1000\n"
	is "$(maps nestbox unshare --owner 1000:1000 -r --map-auto)" "0 1000 1,1 300000 1000,|0 1000 1,1 300000 1000,|allow"
	nestbox unshare --owner 1000:77 -U true
	# the owner, who is nobody special, may enter it; another one may not
	mkfifo "$TMP/end"
	nestbox unshare --owner 1000:1000 -r -u sh -c "read -r _ <$TMP/end" & pid=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do [ "$(readlink /proc/$pid/ns/user)" = "$(readlink /proc/self/ns/user)" ] || break; sleep 0.1; done
	sleep 0.2
	as_user nestbox nsenter -t $pid -U -u true
	not nestbox setpriv --reuid 1001 --regid 1001 --clear-groups --exec -- nestbox nsenter -t $pid -U -u true 2>/dev/null
	echo >"$TMP/end"; wait
'
test_fails 1 '--owner wants USER:GROUP' '--owner without a group' 'nestbox unshare --owner 1000 true'
test_fails 1 'nosuch: no such user' '--owner of nobody' 'nestbox unshare --owner nosuch:0 true'
test_fails 1 'nosuch: no such user' '--map-user of nobody' 'nestbox unshare --map-user nosuch true'
test_fails 1 'nosuch: no such group' '--map-group of none' 'nestbox unshare --map-group nosuch true'
test_fails 1 'supplementary groups: set: Operation not permitted' 'an ordinary user makes nobody else an owner' 'as_user nestbox unshare --owner 0:0 true'

# --- ordinary users

test_ok 'an ordinary user maps himself without newuidmap' '
	PATH=${NB%/*}
	[ "$(as_user nestbox unshare --map-users 0:1000:1 --map-groups 5:1000:1 /bin/sh -c "read -r a b c </proc/self/uid_map; read -r d e f </proc/self/gid_map; echo \$a \$b \$c \$d \$e \$f")" = "0 1000 1 5 1000 1" ]
'
test_need root 'without newuidmap he maps nobody else' && test_fails 1 'nestbox: unshare: newuidmap: not found in PATH' 'without newuidmap he maps nobody else' '
	subids "tester:400000:2000\n"; PATH=${NB%/*}
	as_user nestbox unshare --map-auto /bin/true
'
test_need root '... and is told the package' && test_ok '... and is told the package' '
	(PATH=${NB%/*}; not as_user nestbox unshare --map-auto /bin/true) 2>"$TMP/said"
	grep -q "^nestbox: hint: .*uidmap" "$TMP/said"
'
test_need root 'nor without a line of his' && test_fails 1 '/etc/subuid: has no line for tester' 'nor without a line of his' 'subids "other:100000:65536\n"; as_user nestbox unshare --map-auto true'

if test_need root 'subordinate ids of ordinary users' && test_need cmd:newuidmap 'subordinate ids of ordinary users'; then
	subids 'other:100000:65536\ntester:400000:65536\n'
	test_ok 'an ordinary user has his subordinate ids mapped' '
		is "$(maps as_user nestbox unshare --map-auto)" "0 400000 65536,|0 400000 65536,|allow"
		is "$(maps as_user nestbox unshare -r --map-auto)" "0 1000 1,1 400000 65536,|0 1000 1,1 400000 65536,|allow"
		is "$(maps as_user nestbox unshare -c --map-subids)" "1000 1000 1,400000 400000 65536,|1000 1000 1,400000 400000 65536,|allow"
		is "$(maps as_user nestbox unshare --map-users 0:400100:10)" "0 400100 10,||allow"
		is "$(maps as_user nestbox unshare --map-auto --setgroups deny)" "0 400000 65536,|0 400000 65536,|deny"
		is "$(as_user nestbox unshare -r --map-auto -S 7 -G 8 sh -c "id -u; id -g" | tr "\n" " ")" "7 8 "
		[ "$(status as_user nestbox unshare --map-auto sh -c "exit 7")" = 7 ]
		! env --ignore-signal=CHLD true 2>/dev/null || [ "$(status as_user env --ignore-signal=CHLD nestbox unshare --map-auto sh -c "exit 7")" = 7 ]
	'
	[ -z "$peer" ] || test_ok '... as util-linux does' '
		for o in "--map-auto" "--map-users=400100,0,10" "--map-auto -S 0 -G 0" "--map-users=400100,5,10 --map-groups=400100,5,10 -S 5"; do
			is "$(maps as_user nestbox unshare $o)" "$(maps as_user unshare $o)"
			is "$(as_user nestbox unshare $o grep -E "^(Uid|Gid|Groups|Cap...)" /proc/self/status)" "$(as_user unshare $o grep -E "^(Uid|Gid|Groups|Cap...)" /proc/self/status)"
		done
	'
	test_ok '--keep-caps of an ordinary user who becomes another one inside' '
		[ "$(as_user nestbox unshare -r --map-auto -S 3 -G 3 --keep-caps sh -c "$caps")" ]
		[ -z "$(as_user nestbox unshare -r --map-auto -S 3 -G 3 sh -c "$caps")" ]
	'
	[ -z "$peer_238" ] || test_ok '... where with util-linux 2.38 -S takes them away' '
		[ -z "$(as_user unshare -r --map-auto -S 3 -G 3 --keep-caps sh -c "$caps")" ]
		[ "$(as_user unshare -c --keep-caps sh -c "$caps")" ]
	'
	[ -z "$peer_238" ] || test_ok '... whose 2.38 loses an id of -r --map-auto' 'is "$(maps as_user unshare -r --map-auto)" "0 1000 1,1 400000 65535,|0 1000 1,1 400000 65535,|allow"'
	test_fails 1 'newuidmap: did not write the map' 'what is not his newuidmap refuses' 'as_user nestbox unshare --map-users 0:5:10 touch "$TMP/no"'
	test_ok '... and the line is named that it lacks' '
		not as_user nestbox unshare --map-users 0:5:10 true 2>"$TMP/said"
		grep -q "^nestbox: hint: .*/etc/subuid that covers tester:5:10$" "$TMP/said"
		not as_user nestbox unshare --map-auto --map-groups 70000:5:10 true 2>"$TMP/said"
		grep -q "^nestbox: hint: .*/etc/subgid that covers" "$TMP/said"
		not [ -e "$TMP/no" ]
	'
	test_ok 'nobody is left behind' '
		as_user nestbox unshare --map-auto sh -c "exec cat /proc/self/task/*/children" >"$TMP/children"
		not grep -q . "$TMP/children"
		sh -c "sleep 1 & exec cat /proc/self/task/*/children" | grep -q .
	'
fi

# --- chains

mkdir -p "$TMP/root/bin" "$TMP/root/proc" "$TMP/root/dev" "$TMP/root/sys"
chmod 755 "$TMP/root"
cp "$NB" "$TMP/root/bin/nestbox"
if test_need static 'chains of ordinary users'; then
	cat >>"$TMP/.env" <<'END'
# the rest of the chain, and what its command sees: uid, pid and hostname
container()
{
	"$@" -- nestbox unshare -mpuif --kill-child --hostname box -- nestbox pivot --here "$TMP/root" -- /bin/nestbox setpriv -d >"$TMP/dump"
	grep -q "^uid: 0" "$TMP/dump"
}
END
	test_ok 'a container of an ordinary user with a single id, in one line' '
		for re in 0 1; do NESTBOX_REEXEC=$re container as_user nestbox unshare -r; done
	'
	if test_need root 'and of one with subordinate ids' && test_need cmd:newuidmap 'and of one with subordinate ids'; then
		test_ok 'a container of an ordinary user with subordinate ids, in one line' '
			subids "tester:400000:65536\n"
			for re in 0 1; do
				export NESTBOX_REEXEC=$re
				container as_user nestbox unshare -r --map-auto
				container as_user nestbox unshare -U --map-auto
				is "$(maps as_user nestbox unshare -U --map-auto -- nestbox unshare -mpf --mount-proc)" "0 400000 65536,|0 400000 65536,|allow"
				# the namespace'\''s own root, and a command right behind it is nobody, as with util-linux
				[ "$(as_user nestbox unshare -U --map-auto -- nestbox unshare -u id -u)" = 0 ]
				[ "$(as_user nestbox unshare -U --map-auto id -u)" = "$(cat /proc/sys/kernel/overflowuid)" ]
			done
		'
	fi
fi
test_need root 'who writes maps must not become pid 1' && test_fails 1 'put this before unshare --pid' 'who writes maps must not become pid 1' 'nestbox unshare -p -- nestbox unshare --map-users 0:0:9 true'
test_need root 'maps are written for the right process under a foreign /proc' && test_ok 'maps are written for the right process under a foreign /proc' '
	is "$(maps nestbox unshare -pf -- nestbox unshare --map-users 0:0:9)" "0 0 9,||allow"
'
test_need root 'helpers do not wait for each other' && test_fails 1 'max_user_namespaces' 'helpers of a refused unshare do not wait for each other' '
	touch "$TMP/uts"
	timeout 10 nestbox unshare -Ur -m -- sh -c "mount -t proc proc /proc 2>/dev/null; echo 0 >/proc/sys/user/max_user_namespaces && nestbox unshare --uts=\$TMP/uts --map-users 0:0:1 true"'
test_need root 'becoming root' && test_ok 'an applet that runs as root of the namespace still dies with its waiter' '
	nestbox unshare --map-users 0:100000:10 --map-groups 0:100000:10 --kill-child -- nestbox unshare -u -- sleep 99 & waiter=$!
	n=0; until child=$(tr -d " " </proc/$waiter/task/$waiter/children) && [ "$child" ] && [ "$(cat /proc/$child/comm)" = sleep ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	[ "$(sed -n "s/^Uid:.//p" /proc/$child/status | cut -f1)" = 100000 ]
	kill -9 $waiter
	wait $waiter || :
	n=0; while [ -e /proc/$child ] && ! grep -q "^State:.Z" /proc/$child/status; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
'
test_need root 'a uid with a leading zero' && test_need cmd:newuidmap 'a uid with a leading zero' && test_ok 'a line whose owner only looks like the uid is nobody'\''s, as for newuidmap' '
	subids "01000:100000:65536\n1000:200000:65536\n"
	is "$(maps as_user nestbox unshare -r --map-subids | cut -d"|" -f1)" "0 1000 1,200000 200000 65536,"
'
done_testing
