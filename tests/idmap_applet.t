#!/bin/sh
# idmap: run, write, show and trans; newuidmap and newgidmap by shadow's rules.
. "${0%/*}/lib.sh"
need userns

. "${0%/*}/ids.sh"

cat >>"$TMP/.env" <<'END'
whoami() { sh -c 'id -u; id -g' | tr '\n' ' '; }
# hold COMMAND...: it starts a shell in the background, $pid, which "finish" has run the line $1 and end
hold()
{
	rm -f "$TMP/in"; mkfifo "$TMP/in"
	"$@" sh -c 'read -r line; eval "$line"; echo end' <"$TMP/in" >"$TMP/held" & pid=$!
	exec 9>"$TMP/in"
	n=0; until [ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	# which has been executed by now, and can be looked at
	n=0; until [ "$(cat "/proc/$pid/comm")" = sh ]; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
}
finish()
{
	echo "${1:-:}" >&9; exec 9>&-
	n=0; until grep -qx end "$TMP/held"; do n=$((n + 1)); [ $n -lt 100 ]; sleep 0.05; done
	sed '$d' "$TMP/held"
}
kernel_maps() { for f in uid_map gid_map; do sed 's/^ *//; s/  */ /g; s/$/,/' "/proc/$pid/$f" | tr -d '\n'; printf '|'; done; cat "/proc/$pid/setgroups"; }
END
. "$TMP/.env"

# --- run

test_ok 'run: without a map the caller is root inside' '
	is "$(maps nestbox idmap run)" "0 $(id -u) 1,|0 $(id -g) 1,|$([ "$AS_ROOT" ] && echo deny || echo allow)"
	is "$(maps as_user nestbox idmap run)" "0 $u 1,|0 $g 1,|deny"
	is "$(maps as_user nestbox idmap run --map-root)" "0 $u 1,|0 $g 1,|deny"
	is "$(maps as_user nestbox idmap run --map-current)" "$u $u 1,|$g $g 1,|deny"
	is "$(maps as_user nestbox idmap run --map-user 5 --map-group 6)" "5 $u 1,|6 $g 1,|deny"
	is "$(as_user nestbox idmap run -- sh -c "id -u; id -g" | tr "\n" " ")" "0 0 "
	[ "$(as_user nestbox idmap run -- sh -c "exit 7" || echo $?)" = 7 ]
'
test_ok 'run: a shell where no command is given; the pid stays' '
	is "$(echo "id -u" | SHELL=/bin/sh as_user nestbox idmap run)" 0
	$AS_USER nestbox idmap run -- sh -c "echo \$\$" >"$TMP/pid" & wait $!
	is "$(cat "$TMP/pid")" $!
'
if test_need root 'run: ranges'; then
	test_ok 'run: one meaning, INNER:OUTER:COUNT, in all spellings' '
		for r in 0:100000:65536 0-100000-65536 "0 100000 65536" 100000,0,65536; do
			is "$(maps nestbox idmap run -b "$r")" "0 100000 65536,|0 100000 65536,|allow"
			is "$(maps nestbox idmap run -u "$r" -g 0:5:5)" "0 100000 65536,|0 5 5,|allow"
		done
		is "$(maps nestbox idmap run -b u:0:100000:5 -b g:0:200000:5 -b b:5:300000:1)" "0 100000 5,5 300000 1,|0 200000 5,5 300000 1,|allow"
		is "$(maps nestbox idmap run -u 0:100000:5)" "0 100000 5,||allow"
	'
	test_ok 'run: the command is root inside, alone in its group, or whom one says' '
		for re in 0 1; do
			is "$(NESTBOX_REEXEC=$re nestbox idmap run -b 0:100000:65536 -- sh -c "id -u; id -g; id -G" | tr "\n" " ")" "0 0 0 "
			is "$(NESTBOX_REEXEC=$re nestbox idmap run -b 0:100000:65536 --user 7 --group 8 -- sh -c "id -u; id -g; id -G" | tr "\n" " ")" "7 8 8 "
			is "$(NESTBOX_REEXEC=$re nestbox idmap run -b 0:100000:65536 -- nestbox unshare -m -- sh -c "id -u; umount -l /proc; echo \$?" | tr "\n" " ")" \
				"$(nestbox unshare --map-users 0:100000:65536 --map-groups 0:100000:65536 -S 0 -G 0 -m -- sh -c "id -u; umount -l /proc; echo \$?" 2>/dev/null| tr "\n" " ")"
		done
		nestbox idmap run -b 0:100000:65536 -- sh -c ": >$TMP/none" 2>/dev/null && exit 1
		mkdir -m 777 "$TMP/open"
		nestbox idmap run -b 0:100000:65536 -- sh -c ": >$TMP/open/file"
		is "$(stat -c %u:%g "$TMP/open/file")" 100000:100000
		# without a 0 in the map he is nobody, and without a map of groups he stays in his
		is "$(nestbox idmap run -b 5:100000:65536 -- id -u)" "$(cat /proc/sys/kernel/overflowuid)"
		is "$(nestbox idmap run -u 0:100000:65536 -- sh -c "id -u; id -g" | tr "\n" " ")" "0 $(cat /proc/sys/kernel/overflowgid) "
	'
	test_ok 'run: the fewest lines, sorted' '
		is "$(maps nestbox idmap run -b 10:100010:5 -b 0:100000:10 -b 20:5:1)" "0 100000 15,20 5 1,|0 100000 15,20 5 1,|allow"
		i=0; set --; while [ $i -lt 400 ]; do set -- "$@" -b $i:$i:1; i=$((i + 1)); done
		is "$(maps nestbox idmap run "$@")" "0 0 400,|0 0 400,|allow"
	'
	test_ok 'run: further in, ranges are split at the lines of the map there' '
		outer="nestbox idmap run -b 0:1000:1 -b 1:100000:65536 --"
		not $outer nestbox unshare --map-users 0:0:10 true 2>/dev/null
		# a line each, which the kernel joins for no reader
		is "$(maps $outer nestbox idmap run -b 0:0:10)" "0 0 1,1 1 9,|0 0 1,1 1 9,|allow"
		is "$(maps $outer nestbox idmap run -b 0:0:10 -- nestbox idmap run --map-all)" "0 0 1,1 1 9,|0 0 1,1 1 9,|allow"
		# subordinate ids as far as there are any
		subids "root:60000:65536\n"
		is "$(maps $outer nestbox idmap run --map-auto)" "0 60000 5537,|0 60000 5537,|allow"
		is "$(maps $outer nestbox idmap run --map-root --map-auto)" "0 0 1,1 60000 5537,|0 0 1,1 60000 5537,|allow"
		subids "root:70000:65536\n"
		not $outer nestbox idmap run --map-auto true 2>"$TMP/said"
		grep -q "uid map: none of these ids exists in this user namespace" "$TMP/said"
		subids ""
	'
	test_fails 1 'idmap: uid map: 0:65530:10: id 65537 does not exist in this user namespace' '... and an id that does not exist there is named' '
		nestbox idmap run -b 0:1000:1 -b 1:100000:65536 -- nestbox idmap run -b 0:65530:10 touch "$TMP/no"
	'
	test_ok 'run: subordinate ids of root, --map-root first' '
		subids "other:5:5\nroot:300000:1000\n"
		is "$(maps nestbox idmap run --map-auto)" "0 300000 1000,|0 300000 1000,|allow"
		is "$(maps nestbox idmap run --map-subids)" "300000 300000 1000,|300000 300000 1000,|allow"
		is "$(maps nestbox idmap run --map-root --map-auto)" "0 0 1,1 300000 1000,|0 0 1,1 300000 1000,|allow"
		is "$(maps nestbox idmap run -u auto -g 0:5:5)" "0 300000 1000,|0 5 5,|allow"
		is "$(maps nestbox idmap run --map-all)" "0 0 4294967295,|0 0 4294967295,|allow"
	'
	test_fails 1 '/etc/subuid: has no line for root' 'run: no line is an error' 'subids "other:5:5\n"; nestbox idmap run --map-auto true'
	test_ok '... whose hint is a line that will do' '
		not nestbox idmap run --map-auto true 2>"$TMP/said"
		for f in 1 2; do not nestbox idmap run --map-auto true 2>"$TMP/said"; sed -n "s/^nestbox: hint: as root: //p" "$TMP/said" | sh; done
		is "$(maps nestbox idmap run --map-auto)" "0 100000 65536,|0 100000 65536,|allow"
		subids ""
	'
	test_ok 'run: --setgroups, --mount and --persist' '
		is "$(maps nestbox idmap run -b 0:0:9 --setgroups deny)" "0 0 9,|0 0 9,|deny"
		is "$(nestbox idmap run --setgroups deny -- id -u)" 0
		[ "$(nestbox idmap run -m -- readlink /proc/self/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ]
		is "$(nestbox idmap run -- readlink /proc/self/ns/mnt)" "$(readlink /proc/self/ns/mnt)"
		nestbox unshare -m -- sh -euc ". \"\$TMP/.env\"
			touch \"\$TMP/name\"
			nestbox idmap run -b 0:100000:9 --persist \"\$TMP/name\" true
			is \"\$(nestbox nsenter --user=\$TMP/name -S 0 -G 0 sh -c \"id -u; cat /proc/self/uid_map\" | tr -s \" \n\" \" \")\" \"0 0 100000 9 \"
			nestbox idmap show \"\$TMP/name\" >\"\$TMP/shown\"
			grep -qx \"u:0:100000:9\" \"\$TMP/shown\"; grep -qx \"g:0:100000:9\" \"\$TMP/shown\"
			grep -qxF \"namespace \$(nestbox nsenter --user=\$TMP/name readlink /proc/self/ns/user)\" \"\$TMP/shown\""
	'
fi
test_fails 1 'uid map: 0:0:10 and 9:100:1 overlap inside' 'run: an overlap is named' 'nestbox idmap run -b 0:0:10 -b 9:100:1 true'
test_fails 1 'gid map: 0:0:10 and 10:9:1 overlap outside' 'run: outside, too' 'nestbox idmap run -g 0:0:10 -g 10:9:1 true'
test_fails 1 'uid map: the kernel takes 340 ranges at most' 'run: 341 ranges that cannot be joined' '
	i=0; while [ $i -lt 341 ]; do set -- "$@" -u $((2 * i)):$i:1; i=$((i + 1)); done; nestbox idmap run "$@" true
'
test_fails 1 'the kernel reads less than a page' 'run: more text than fits' '
	i=100000; while [ $i -lt 100340 ]; do set -- "$@" -u $((2 * i)):$i:1; i=$((i + 1)); done; nestbox idmap run "$@" true
'
for bad in 0:0 x:0:0:1 u:0:0 0:0:0 u: '' 1:0:4294967295; do
	test_fails 1 'idmap: .*(is no range|is a range of no ids|ends behind)' "run: \"$bad\" is no range" "nestbox idmap run -b '$bad' true"
done

if test_need root 'run: ordinary users and subordinate ids' && test_need cmd:newuidmap 'run: ordinary users and subordinate ids'; then
	test_ok 'run: an ordinary user has his subordinate ids mapped by newuidmap' '
		subids "other:100000:65536\ntester:400000:65536\n"
		is "$(maps as_user nestbox idmap run --map-auto)" "0 400000 65536,|0 400000 65536,|allow"
		is "$(maps as_user nestbox idmap run --map-root --map-auto)" "0 1000 1,1 400000 65536,|0 1000 1,1 400000 65536,|allow"
		is "$(as_user nestbox idmap run --map-auto id -u)" 0
		is "$(as_user nestbox idmap run --map-root --map-auto --user 5 --group 6 -- sh -c "id -u; id -g" | tr "\n" " ")" "5 6 "
	'
	test_ok '... and hears which line is missing' '
		not as_user nestbox idmap run -b 0:5:10 true 2>"$TMP/said"
		grep -q "^nestbox: hint: .*/etc/subuid that covers tester:5:10$" "$TMP/said"
		not as_user nestbox idmap run -b 0:0:10 true 2>"$TMP/said"
		grep -q "^nestbox: hint: 0:0:10 takes id 0 in" "$TMP/said"
		# the one that is missing, and not the first one, which is there
		not as_user nestbox idmap run -b 0:400000:10 -b 10:500000:10 true 2>"$TMP/said"
		grep -q "^nestbox: hint: .*/etc/subuid that covers tester:500000:10$" "$TMP/said"
		echo tester:500000:10 >>/etc/subuid
		not as_user nestbox idmap run -b 0:400000:10 -b 10:500000:10 true 2>"$TMP/said"
		grep -q "^nestbox: hint: .*/etc/subgid that covers tester:500000:10$" "$TMP/said"
		echo tester:500000:10 >>/etc/subgid
		as_user nestbox idmap run -b 0:400000:10 -b 10:500000:10 true
	'
fi
test_need root 'run: without newuidmap' && test_fails 1 'nestbox: idmap: newuidmap: not found in PATH' 'run: without newuidmap he maps nobody else' '
	subids "tester:400000:2000\n"; PATH=${NB%/*}
	as_user nestbox idmap run --map-auto /bin/true
'

# --- write

test_ok 'write: the demonstration of the tutorials: no map, then one from outside' '
	if [ "$AS_ROOT" ]; then range="0 $u 1"; else range="0 1000 65534"; fi
	hold $AS_USER nestbox unshare -U
	nestbox idmap write $pid $range
	kernel_maps >"$TMP/maps"
	is "$(finish "id -u; id -g" | tr "\n" " ")" "0 $(cat /proc/sys/kernel/overflowgid) "
	is "$(cat "$TMP/maps")" "$(echo $range),||allow"
'
test_ok 'run, write: who cannot have --setgroups allow is not given deny in silence' '
	for how in "" "--map-root" "-u 0:$u:1 -g 0:$g:1" "-g 0:$g:1"; do
		not as_user nestbox idmap run --setgroups allow $how true 2>"$TMP/said"
		grep "setgroups allow: does not go with a map of a single group" "$TMP/said"
	done
	is "$(maps as_user nestbox idmap run --setgroups allow -u "0:$u:1")" "0 $u 1,||allow"
	[ "$AS_ROOT" ] || is "$(maps nestbox idmap run --setgroups allow --map-root)" "0 0 1,|0 0 1,|allow"
	hold $AS_USER nestbox unshare -U
	not as_user nestbox idmap write --setgroups allow $pid -u "0:$u:1" -g "0:$g:1"
	is "$(kernel_maps)" "||allow"
	as_user nestbox idmap write --setgroups deny $pid -u "0:$u:1" -g "0:$g:1"
	is "$(kernel_maps; finish)" "0 $u 1,|0 $g 1,|deny"
'
test_ok 'write: a user writes his own, and setgroups is denied for the groups' '
	hold $AS_USER nestbox unshare -U
	as_user nestbox idmap write --map-root $pid
	kernel_maps >"$TMP/maps"
	is "$(finish "id -u; id -g" | tr "\n" " ")" "0 0 "
	is "$(cat "$TMP/maps")" "0 $u 1,|0 $g 1,|deny"
'
if test_need root 'write: as root'; then
	test_ok 'write: ranges in all forms, of users and groups' '
		hold nestbox unshare -U
		nestbox idmap write $pid 0:100000:5 5 200000 5 g:0:7:1 b:10:10:1 "11 20 1"
		is "$(kernel_maps; finish)" "0 100000 5,5 200000 5,10 10 1,11 20 1,|0 7 1,10 10 1,|allow"
		hold nestbox unshare -U
		nestbox idmap write --map-users 0:100000:5 $pid -g 0:7:1 -u 5:200000:5
		is "$(kernel_maps; finish)" "0 100000 5,5 200000 5,|0 7 1,|allow"
		hold nestbox unshare -U
		nestbox idmap write --gid $pid 0 100000 5
		nestbox idmap write --setgroups deny -b 0:100000:65536 $pid 2>"$TMP/said" && exit 1
		nestbox idmap write -u 0:100000:65536 $pid
		is "$(kernel_maps; finish)" "0 100000 65536,|0 100000 5,|allow"
		hold nestbox unshare -U
		nestbox idmap write --setgroups deny -b 0:100000:65536 $pid
		is "$(kernel_maps; finish)" "0 100000 65536,|0 100000 65536,|deny"
		hold nestbox unshare -U
		nestbox idmap write -b 0:100000:65536 fd:5 5<"/proc/$pid"
		is "$(kernel_maps; finish)" "0 100000 65536,|0 100000 65536,|allow"
	'
	test_ok 'write: --check-subid asks what the owner may have' '
		subids "tester:400000:65536\n"
		hold $AS_USER nestbox unshare -U
		not nestbox idmap write --check-subid -b 0:5:10 $pid 2>"$TMP/said"
		grep -q "uid range \[0-10) -> \[5-15) not allowed" "$TMP/said"
		grep -q "hint: the lines of tester in /etc/subuid do not cover 5:10" "$TMP/said"
		nestbox idmap write --check-subid -b 0:1000:1 -b 1:400000:65536 $pid
		is "$(kernel_maps; finish)" "0 1000 1,1 400000 65536,|0 1000 1,1 400000 65536,|allow"
	'
	test_ok 'write: --check-subid and --setgroups allow: nothing is written before all is known to be in order' '
		subids "tester:400000:65536\n"
		hold $AS_USER nestbox unshare -U
		for more in "-g 0:1000:1" "-b 0:1000:1" "-g 0:1000:1 -u 0:5:10"; do
			not nestbox idmap write --check-subid --setgroups allow $more $pid 2>"$TMP/said"
			is "$(kernel_maps)" "||allow"
		done
		not nestbox idmap write --check-subid --setgroups allow -g 0:1000:1 $pid 2>"$TMP/said"
		grep "^nestbox: idmap: --setgroups allow: does not go with groups none of which is a subordinate one" "$TMP/said"
		nestbox idmap write --check-subid --setgroups allow -g 0:1000:1 -g 1:400000:5 $pid
		is "$(kernel_maps; finish)" "|0 1000 1,1 400000 5,|allow"
		for word in "" "--setgroups deny"; do
			hold $AS_USER nestbox unshare -U
			nestbox idmap write --check-subid $word -b 0:1000:1 $pid
			is "$(kernel_maps; finish)" "0 1000 1,|0 1000 1,|deny"
		done
	'
	test_ok 'write: a map is written once, and which one it was is said' '
		refused() { what=$1; shift; not "$@" 2>"$TMP/said"; grep -x "nestbox: idmap: /proc/$pid/$what: Operation not permitted" "$TMP/said"; }
		hold nestbox unshare -U
		nestbox idmap write $pid 0:0:5
		refused "uid_map: write \"0 0 5\"" nestbox idmap write $pid 0:0:5
		grep -x "nestbox: hint: its uid map is written already, and that goes once" "$TMP/said"
		nestbox idmap write --gid --setgroups deny $pid 0:0:5
		refused "gid_map: write \"0 0 5\"" nestbox idmap write --gid $pid 0:0:5
		grep -x "nestbox: hint: its gid map is written already, and that goes once" "$TMP/said"
		refused "setgroups: write \"allow\"" nestbox idmap write --setgroups allow $pid
		grep -x "nestbox: hint: it cannot be changed once the gid map is written, and this one.s is" "$TMP/said"
		finish
		hold nestbox unshare -U
		nestbox idmap write --setgroups deny $pid
		refused "setgroups: write \"allow\"" nestbox idmap write --setgroups allow -b 0:0:5 $pid
		grep -x "nestbox: hint: it is deny, and never goes back to allow" "$TMP/said"
		is "$(kernel_maps; finish)" "||deny"
	'
	test_ok 'write: ... and whose namespace it is, where that is the reason' '
		hold nestbox idmap run -b 0:0:10 -- nestbox unshare -U
		not nestbox idmap write $pid 0:0:5 2>"$TMP/said"
		grep "^nestbox: hint: its user namespace lies in another one than this process" "$TMP/said"
		is "$(kernel_maps; finish)" "||allow"
		hold nestbox unshare -U
		not nestbox idmap run -b 0:0:10 -- nestbox idmap write $pid 0:0:5 2>"$TMP/said"
		grep "^nestbox: hint: its user namespace is not to be seen from this one" "$TMP/said"
		is "$(kernel_maps; finish)" "||allow"
		hold $AS_USER nestbox unshare -U
		but() { nestbox setpriv --bounding-set -sys_admin --inh-caps -sys_admin --exec -- "$@"; }
		not but nestbox idmap write $pid 0:1000:1 1:5:1 2>"$TMP/said"
		grep "^nestbox: hint: user 1000 has made its user namespace: another one needs CAP_SYS_ADMIN over it" "$TMP/said"
		nestbox idmap write $pid 0:1000:1 1:5:1
		is "$(kernel_maps; finish)" "0 1000 1,1 5 1,||allow"
	'
fi
test_fails 1 'idmap: /proc/[0-9]*/uid_map: write .*: Operation not permitted' 'write: not in the first namespace' 'nestbox idmap write $$ 0:$(id -u):1'
test_fails 1 'hint: it is in no user namespace but the one that this process is in' '... which has a map already' 'nestbox idmap write $$ 0:$(id -u):1'
test_fails 1 'hint: the process is somebody else' 'write: for another user'\''s process' '
	[ "$AS_USER" ] || exec nestbox idmap write 1 "0:$u:1"
	$AS_USER nestbox idmap write $$ "0:$u:1"
'
test_fails 1 'no map is given' 'write: nothing' 'nestbox idmap write $$'
test_fails 1 'a range is INNER OUTER COUNT' 'write: two numbers' 'nestbox idmap write $$ 0 1'
test_ok 'write: the word that is no number, or no range, is the one that is named' '
	says() { word=$1; shift; not nestbox idmap write $$ "$@" 2>"$TMP/said"; grep -F "nestbox: idmap: $word: " "$TMP/said"; }
	says 0x0 0x0 1000 1
	says 0x5 0 0x5 1
	says +1 0 5 +1
	says x 0:5:1 x 0 1
	says 7 0 5 1 7
	says "\"\"" ""
'
test_fails 1 'idmap: PID: missing operand' 'write: nobody' 'nestbox idmap write'
test_fails 1 'a process is named by its pid' 'write: a name' 'nestbox idmap write name 0:0:1'
test_fails 1 '/proc/4194304: No such file' 'write: a process that is not there' 'nestbox idmap write 4194304 0:0:1'
test_fails 1 'fd/77: No such file' 'write: a descriptor that is not there' 'nestbox idmap write fd:77 0:0:1'
test_fails 1 'uid_map: .*No such file' 'write: a directory that is no process' 'nestbox idmap write fd:5 0:$(id -u):1 5</proc'
test_ok 'write: somebody'"'"'s directory that looks like a process has nothing written into it' '
	mkdir "$TMP/fake"
	for f in uid_map gid_map setgroups; do echo kept >"$TMP/kept.$f"; ln -s "../kept.$f" "$TMP/fake/$f"; done
	chown -R "$u:$g" "$TMP/fake"
	for how in "nestbox idmap write fd:5 -b 0:$u:1" "nestbox idmap write --check-subid fd:5 -b 0:$u:1" "as_user nestbox newuidmap fd:5 0 $u 1"; do
		not $how 5<"$TMP/fake" 2>"$TMP/said"
		grep "fd/5: is no directory of /proc" "$TMP/said"
	done
	is "$(cat "$TMP"/kept.*)" "$(printf "kept\nkept\nkept")"
'

# --- newuidmap, newgidmap

ln -s "$NB" "$TMP/newuidmap"
ln -s "$NB" "$TMP/newgidmap"
test_ok 'newuidmap and newgidmap: one id, of one'\''s own, by link and by name' '
	hold $AS_USER nestbox unshare -U
	as_user "$TMP/newuidmap" $pid 0 $u 1
	as_user nestbox newgidmap $pid 7 $g 1
	is "$(kernel_maps; finish)" "0 $u 1,|7 $g 1,|deny"
'
if test_need root 'newuidmap: lines'; then
	test_ok 'newuidmap: root is no exception, and its lines count' '
		subids "root:100000:10\nroot:100010:10\n0:300000:5\nother:400000:5\n"
		hold nestbox unshare -U
		not nestbox newuidmap $pid 0 400000 5 2>"$TMP/said"
		grep -qx "nestbox: newuidmap: uid range \[0-5) -> \[400000-400005) not allowed" "$TMP/said"
		not "$TMP/newuidmap" $pid 0 100000 21 2>"$TMP/said"
		grep -qx "newuidmap: uid range \[0-21) -> \[100000-100021) not allowed" "$TMP/said"
		# over two lines, by name and by number, in hexadecimal; and of groups a subordinate one, so that setgroups stays
		nestbox newuidmap fd:5 0 100005 10 0x10 300000 05 5<"/proc/$pid"
		nestbox newgidmap $pid 0 0 1 1 100000 20
		is "$(kernel_maps; finish)" "0 100005 10,16 300000 5,|0 0 1,1 100000 20,|allow"
	'
	test_ok 'newuidmap: no line, and a hint that is one' '
		subids ""
		hold nestbox unshare -U
		not nestbox newuidmap $pid 0 100000 5 2>"$TMP/said"
		sed -n "s/^nestbox: hint: as root: //p" "$TMP/said" | sh
		nestbox newuidmap $pid 0 100000 5
		is "$(kernel_maps; finish)" "0 100000 5,||allow"
	'
	test_fails 1 'is owned by a different user: 1000:1000, not 0:0' 'newuidmap: not the namespace of another user' '
		subids "root:100000:10\n"
		hold $AS_USER nestbox unshare -U
		rc=0; nestbox newuidmap $pid 0 100000 5 || rc=$?
		finish; exit $rc
	'
	if test_need cmd:newuidmap 'shadow'\''s do the same'; then
		echo "peer=$(command -v newuidmap)" >>"$TMP/.env"
		test_ok 'shadow'\''s do the same' '
			subids "root:100000:10\nroot:100010:10\n0:300000:5\nother:400000:5\n"
			for args in "0 400000 5" "0 100000 21" "0 100005 10 0x10 300000 05" "0 0 1" "0 1 1" "0 0 2" "0 100000 0" "0 100000" "x 0 1" "0 -1 1" "0 0 1 0 100000 1" \
				"0 100000 1 1 100001 1 2 100002 1"; do
				for k in u g; do
					for tool in "nestbox new${k}idmap" "${peer%newuidmap}new${k}idmap"; do
						hold nestbox unshare -U
						rc=0; $tool $pid $args >/dev/null 2>&1 || rc=$?
						echo "$k $args: $rc $(kernel_maps)" >>"$TMP/${tool##*/}.$([ "${tool%% *}" = nestbox ] && echo ours || echo theirs)"
						finish
					done
				done
			done
			cat "$TMP"/*.theirs | wc -l | grep -qx 24
			cat "$TMP"/*newuidmap.ours "$TMP"/*newgidmap.ours | sort >"$TMP/ours"
			cat "$TMP"/newuidmap.theirs "$TMP"/newgidmap.theirs | sort >"$TMP/theirs"
			diff "$TMP/theirs" "$TMP/ours"
		'
	fi
fi
if test_need root 'newuidmap: numbers'; then
	[ -x "$(command -v newuidmap)" ] && echo "shadow=$(command -v newuidmap)" >>"$TMP/.env" || echo 'shadow=' >>"$TMP/.env"
	test_ok 'newuidmap: numbers as strtoul reads them, a pid as strtoll; and so are shadow'\''s, where it is installed' '
		subids "root:0:100\n"
		for tool in "nestbox newuidmap" $shadow; do
			hold nestbox unshare -U
			for bad in "" " " + "+ 1" ++1 "1 " 1x 0x 08 1e1 -1 " -1" 4294967295 4294967296 18446744073709551616; do
				not $tool $pid "$bad" 5 1 2>/dev/null
				not $tool $pid 1 "$bad" 1 2>/dev/null
				not $tool $pid 1 5 "$bad" 2>/dev/null
			done
			not $tool " $pid " 0 5 1 2>/dev/null
			is "$(kernel_maps)" "||allow"
			$tool " +00$pid" +0 " 5" "$(printf "\t01")" -18446744073709551615 0x6 +1 010 " 010" 1 9 -0 1
			is "$(kernel_maps; finish)" "0 5 1,1 6 1,8 8 1,9 0 1,||allow"
		done
	'
	test_fails 1 'newuidmap: 0x: is no number' '... and the one that is none is named' 'nestbox newuidmap $$ 5 0x 7'
fi
test_fails 1 'newuidmap: usage: ' 'newuidmap: no ranges' 'nestbox newuidmap $$'
test_fails 1 'newgidmap: usage: ' 'newgidmap: two numbers' 'nestbox newgidmap $$ 0 0'
test_fails 1 'newgidmap: x: is no number' 'newgidmap: no number' 'nestbox newgidmap $$ 0 x 1'
test_ok '--install makes no links of these names' '
	mkdir "$TMP/links"; nestbox --install -s "$TMP/links"
	[ -L "$TMP/links/idmap" ]; not [ -e "$TMP/links/newuidmap" ]; not [ -e "$TMP/links/newgidmap" ]
'

# --- show and trans

test_ok 'show: the caller'\''s own, and another'\''s' '
	nestbox idmap show >"$TMP/shown"
	grep -qxF "namespace $(readlink /proc/self/ns/user)" "$TMP/shown"
	is "$(grep "^u:" "$TMP/shown" | tr : " ")" "$(sed "s/^ */u /; s/  */ /g" /proc/self/uid_map)"
	hold $AS_USER nestbox idmap run
	nestbox idmap show $pid >"$TMP/shown"
	finish
	[ "$(sed "s/:\[.*\]/:[N]/" "$TMP/shown" | tr "\n" " ")" = "namespace user:[N] parent user:[N] owner $u setgroups deny u:0:$u:1 g:0:$g:1 " ]
	grep -qxF "parent $(readlink /proc/self/ns/user)" "$TMP/shown"
'
test_fails 1 'is no user namespace' 'show: a file that is none' 'nestbox idmap show "$TMP/.env"'
test_fails 1 'is no user namespace' 'show: another kind' 'nestbox idmap show /proc/self/ns/net'
test_fails 1 'one process, file or user at a time' 'show: two' 'nestbox idmap show 1 2'
test_need root 'show: subordinate ids' && test_ok 'show: all subordinate ids of a user' '
	printf "other:1:1\ntester:400000:5\n1000:500000:6\ntester:x:1\n" >/etc/subuid
	printf "tester:600000:7\n" >/etc/subgid
	is "$(nestbox idmap show --subids tester | tr "\n" " ")" "u:400000:5 u:500000:6 g:600000:7 "
	is "$(as_user nestbox idmap show --subids | tr "\n" " ")" "u:400000:5 u:500000:6 g:600000:7 "
	not nestbox idmap show --subids 2>"$TMP/said"
	grep -q "has no line in /etc/subuid" "$TMP/said"
'
test_need root 'trans: through maps' && test_ok 'trans: out of a namespace, into one, and from one into another' '
	hold nestbox idmap run -u 0:100000:10 -u 50:1000:1 -g 0:200000:10
	is "$(nestbox idmap trans --from $pid 0 u:9 g:3 u:50 | tr "\n" " ")" "100000 100009 200003 1000 "
	is "$(nestbox idmap trans --to $pid tester u:100009 g:200009 u:root 2>&1 | tr "\n" " ")" "50 9 9 unmapped "
	not nestbox idmap trans --from $pid 10
	nestbox idmap trans --from $pid --to $pid 0 g:9
	nestbox idmap trans --from init --to init 0 g:listed | tr "\n" " " | grep -qx "0 77 "
	first=$pid; exec 8>&9
	hold nestbox idmap run -b 5:100000:10
	is "$(nestbox idmap trans --from $first --to $pid u:3)" 8
	not nestbox idmap trans --from $first --to $pid g:3
	finish; pid=$first; exec 9>&8 8>&-; finish
'
test_fails 1 'does not lie below this one' 'trans: nobody is seen from further in' '
	nestbox idmap run -- nestbox idmap trans --from $$ 0
'
test_fails 1 'no id is given' 'trans: nothing' 'nestbox idmap trans'
test_fails 1 'nosuch: no such user' 'trans: nobody' 'nestbox idmap trans nosuch'

test_fails 1 'nestbox: idmap: wants one of: mount, run, show, trans, write' 'a verb is needed' 'nestbox idmap'
test_fails 127 'not-there: not found' 'not found is 127' 'nestbox idmap run not-there'
test_ok 'nobody is left behind' '
	as_user nestbox idmap run sh -c "exec cat /proc/self/task/*/children" >"$TMP/children"
	not grep -q . "$TMP/children"
'
done_testing
