#!/bin/sh
# device rules: what v1's files and v2's program answer to the same rules, and how they are changed
. "${0%/*}/lib.sh"
need cgroup
own_run

"$TESTS/../scripts/rootfs" "$TMP/root"
G=nbtest-dev-$$
echo "G=$G" >>"$TMP/.env"
# shellcheck disable=SC2016
cat >>"$TMP/.env" <<'EOF'
# the mount points of v1's devices, or of v2
v1_mounts() { sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup [^ ]* .*devices.*/\1/p' /proc/self/mountinfo; }
v2_mounts() { sed -n 's/^[0-9]* [0-9]* [^ ]* [^ ]* \([^ ]*\) .* - cgroup2 .*/\1/p' /proc/self/mountinfo; }
group() { "v$V"_mounts | head -n 1 | sed "s,\$,/$G,"; }
# on v$V and with device files in $TMP/dev: under v2, v1's hierarchy must be out of sight
on()
{
	nestbox unshare -m -- sh -euc '
		. "$TMP/.env"
		mount -t tmpfs -o dev dev "$TMP/dev"
		for n in c.1.3 c.1.5 c.1.7 c.1.8 c.60.3 b.60.3; do
			mknod "$TMP/dev/$n" "${n%%.*}" "$(echo "$n" | cut -d. -f2)" "${n##*.}"
		done
		[ "$V" = 1 ] || for m in $(v1_mounts); do umount "$m"; done
		"$@"' sh "$@"
}
rules() { on nestbox cgexec -g "devices:$G" "$@"; }
inside() { on nestbox cgexec -g "devices:$G" -- sh -euc ". '$TMP/.env'; $1"; }
shown() { [ "$(rules --devices list)" = "$(printf "$1")" ] || { rules --devices list; return 1; }; }
# what opens, or fails for another reason than the rules: nobody has the devices of 60
may()
{
	if "$@" 2>"$TMP/refused"; then return 0; fi
	read -r refusal <"$TMP/refused"
	case $refusal in *'not permitted'*) return 1 ;; esac
}
reads() { true <"$1"; }
writes() { true >"$1"; }
does_both() { true <>"$1"; }
makes() { rm -f "$TMP/dev/new" && mknod "$TMP/dev/new" "$@"; }
# for each device file what may be done: read, write, both at once, make
answers()
{
	for n in c.1.3 c.1.5 c.1.7 c.1.8 c.60.3 b.60.3; do
		f=$TMP/dev/$n a=
		if may reads "$f"; then a=r; else a=-; fi
		if may writes "$f"; then a=${a}w; else a=$a-; fi
		if may does_both "$f"; then a=${a}b; else a=$a-; fi
		if may makes "${n%%.*}" "$(echo "$n" | cut -d. -f2)" "${n##*.}"; then a=${a}m; else a=$a-; fi
		printf '%s ' "$a"
	done
}
# --device for each of the rules, one a line in $1
table()
{
	set -- "$1" "$2" --create -g "devices:$G"
	while read -r rule; do set -- "$@" --device "$rule"; done <<-END
		$1
	END
	want=$2
	shift 2
	on nestbox cgexec "$@"
	inside answers >"$TMP/is"
	rmdir "$(group)"
	[ "$(cat "$TMP/is")" = "$want " ] || { echo "is: $(cat "$TMP/is")"; return 1; }
}
# ask again and again whether the file can be read; what the last answer is, after a while
asks_on()
{
	# without the file, the test has ended
	while [ -e "$TMP/.env" ] && [ ! -e "$TMP/end" ]; do
		if may reads "$1"; then echo yes; else echo no; fi >"$TMP/answer.new"
		mv "$TMP/answer.new" "$TMP/answer"
	done
}
says()
{
	rm -f "$TMP/answer"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.1
		[ "$(cat "$TMP/answer" 2>/dev/null)" != "$1" ] || return 0
	done
	echo "not $1"
	return 1
}
new() { on nestbox cgexec --create -g "devices:$G" "$@"; }
gone() { find $(v1_mounts) $(v2_mounts) -depth -type d -path "*/$G*" -exec rmdir {} +; }
EOF
mkdir "$TMP/dev"
# some are a level below
at_end "find /sys/fs/cgroup -depth -type d -path '*/$G*' -exec rmdir {} + 2>/dev/null"

# ---- what is a rule ----

while IFS='|' read -r rule said; do
	test_fails 125 "^nestbox: cgexec: $said" "no rule: \"$rule\"" "nestbox cgexec -g devices:\$G --device '$rule' true"
done <<'END'
c 1:3|c 1:3: wants one to three of r, w and m at the end
deny c 1:3 rwx|deny c 1:3 rwx: wants one to three of r, w and m
c 1 3 r|c 1 3 r: wants MAJOR:MINOR
c 4096:0 r|c 4096:0 r: .* up to 4095 and 1048575
d 1:3 r|d 1:3 r: wants a type
permit c 1:3 r|permit c 1:3 r: wants a type
deny a 1:3 r|deny a 1:3 r: type a is every device
/dev/null|/dev/null: wants one to three of r, w and m behind the path
|"": wants a type
END
test_fails 125 'allow c 1:x r: wants MAJOR:MINOR' 'no rule: --set devices.allow' 'nestbox cgexec -g devices:$G --set "devices.allow=c 1:x r" true'
test_fails 125 'some: --devices takes default, all, list' 'no rules: --devices' 'nestbox cgexec -g devices:$G --devices some true'

test_fails 125 'nestbox: run: d 1:3 r: wants a type' 'no rule: run' 'nestbox run --device-cgroup-rule "d 1:3 r" "$TMP/root" true'
test_fails 125 'device-cgroup-rule: there can be no device rules' 'run: no rules without a group' '$AS_ROOT nestbox run --cgroups disabled --device-cgroup-rule "c 1:3 r" "$TMP/root" true'

# ---- what the kernel answers ----

# RULES|c 1:3, 1:5, 1:7, 1:8, 60:3, b 60:3: read, write, both at once, make
cat >"$TMP/lists" <<'END'
allow all|rwbm rwbm rwbm rwbm rwbm rwbm
deny all|---- ---- ---- ---- ---- ----
deny c 1:5 r|rwbm -w-m rwbm rwbm rwbm rwbm
deny c 1:5 w|rwbm r--m rwbm rwbm rwbm rwbm
deny c 1:5 rw|rwbm ---m rwbm rwbm rwbm rwbm
deny c 1:5 m|rwbm rwb- rwbm rwbm rwbm rwbm
deny c 1:5 rwm|rwbm ---- rwbm rwbm rwbm rwbm
deny c 1:* w|r--m r--m r--m r--m rwbm rwbm
deny c *:5 r|rwbm -w-m rwbm rwbm rwbm rwbm
deny c *:* rw|---m ---m ---m ---m ---m rwbm
deny b *:* rwm|rwbm rwbm rwbm rwbm rwbm ----
deny c 1:3 r; deny c 1:3 w; deny c 1:* m|---- rwb- rwb- rwb- rwbm rwbm
deny c 1:5 rwm; allow c 1:5 r|rwbm r--- rwbm rwbm rwbm rwbm
deny c 1:5 rwm; allow all; deny c 1:7 w|rwbm rwbm r--m rwbm rwbm rwbm
deny all; c 1:3 r|r--- ---- ---- ---- ---- ----
deny all; c 1:3 w; c 1:5 rw; c 1:7 m; c 1:8 rwm|-w-- rwb- ---m rwbm ---- ----
deny all; c 1:3 r; c 1:3 w; c 1:5 r; c 1:* w|rwb- rw-- -w-- -w-- ---- ----
deny all; allow c 1:* rw; allow b 60:* r|rwb- rwb- rwb- rwb- ---- r---
deny all; c *:5 r; b *:* m; c 60:* w|---- r--- ---- ---- -w-- ---m
deny all; c *:* rwm|rwbm rwbm rwbm rwbm rwbm ----
deny all; c 1:3 rwm; c 1:5 rwm; deny c 1:3 w; deny c 1:5 rwm|r--m ---- ---- ---- ---- ----
deny all; c *:* rwm; deny c *:* w; c 60:3 w|r--m r--m r--m r--m rw-m ----
deny all; c *:* rwm; c 1:5 r; deny b 60:3 rwm|rwbm rwbm rwbm rwbm rwbm ----
deny all; a *:* rwm; deny c 60:3 rwm|rwbm rwbm rwbm rwbm ---- rwbm
END

versions=
for v in 1 2; do
	if [ $v = 1 ]; then here=v1:devices; else here=cgroup2; fi
	test_need root "device rules on v$v" && test_need $here "device rules on v$v" && versions="$versions $v"
done

for v in $versions; do
	echo "V=$v" >>"$TMP/.env"
	while IFS='|' read -r list want; do
		test_ok "v$v: $list" "table \"\$(printf '%s' '$list' | sed 's/; /\\n/g')\" '$want'"
	done <"$TMP/lists"
	test_ok "v$v: docker's list opens what docker opens, and makes any node" '
		new --devices default
		[ "$(inside answers)" = "rwbm rwbm rwbm rwbm ---m ---m " ]
		gone'
	test_ok "v$v: device files are named by their path, and the word allow may be missing" '
		new --device "deny all" --device "$TMP/dev/c.1.5 r" --device "allow $TMP/dev/b.60.3 m" --device-cgroup-rule "c 1:3 w"
		shown "c 1:5 r\nb 60:3 m\nc 1:3 w\n"
		gone'
	test_fails 125 'b.60.4: No such file' "v$v: one that is not there is named" 'on nestbox cgexec --create -g devices:$G --device "$TMP/dev/b.60.4 r" true'
	test_fails 125 'dev: is no device file' "v$v: one that is no device file is refused" 'on nestbox cgexec --create -g devices:$G --device "$TMP/dev r" true'
	test_ok "v$v: ... and no group is left of that" '[ ! -e "$(group)" ]'

	# what v1 passes over in silence
	test_fails 125 'c 1:5 r: cannot be denied as long as "c \*:\* rwm" is allowed' "v$v: a hole in what is allowed is refused" '
		new --device "deny all" --device "c *:* rwm"
		rules --device "deny b 1:5 r" --device "deny c 1:5 r"'
	test_ok "v$v: ... and the rules are what they were" '
		shown "c *:* rwm\n"
		inside "reads $TMP/dev/c.1.5"
		gone'
	test_fails 125 'hint: .* deny "c 1:5 rw" first, then allow' "v$v: so is a denial that is wider than what is allowed" '
		new --device "deny all" --device "c 1:5 rw"
		rules --device "deny c 1:* w"'
	test_ok "v$v: ... taking back just that is none" '
		rules --device "deny c 1:5 w"
		shown "c 1:5 r\n"
		gone'
	test_fails 125 'c 1:5 w: cannot be allowed as long as "c 1:\* rw" is denied' "v$v: a hole in what is denied is refused" '
		on nestbox cgexec --create -g devices:$G --devices all --device "deny c 1:* rw" --device "c 1:5 w"'
	test_ok "v$v: ... and no group is left of it" '[ ! -e "$(group)" ]'

	test_ok "v$v: rules are changed while a process has them" '
		new
		inside "asks_on $TMP/dev/c.1.5" &
		says yes
		rules --device "deny c 1:5 r"
		says no
		rules --device "deny c 1:3 r" --device "allow c 1:5 r"
		says yes
		rules --devices default
		says yes
		rules --device "deny /dev/zero r"
		says no
		rules --set "devices.allow=c 1:5 r"
		says yes
		rules --set "devices.deny=a"
		says no
		rules --devices all
		says yes
		touch $TMP/end
		wait
		gone'
	rm -f "$TMP/end"
	test_ok "v$v: the list is shown, and goes on from where it was" '
		new --devices default
		shown "c *:* m\nb *:* m\nc 1:3 rwm\nc 1:5 rwm\nc 1:7 rwm\nc 1:8 rwm\nc 1:9 rwm\nc 5:0 rwm\nc 5:1 rwm\nc 5:2 rwm\nc 136:* rwm\n"
		rules --device "deny c 1:8 rw" --device "b 60:* r"
		rules --set "devices.deny=c 1:3 w" --set "devices.allow=b 60:* w"
		rules --devices list | grep -cxE "c 1:3 rm|b 60:\* rw|c 1:8 m|c 1:5 rwm" | grep -qx 4
		rules --device "deny a *:* rwm"
		shown ""
		rules --devices all
		shown "a *:* rwm\n"
		gone'
	test_ok "v$v: a command that follows starts with the rules" '
		not on nestbox cgexec --create --rm -g devices:$G --device "deny c 1:5 r" sh -c "true <$TMP/dev/c.1.5" 2>"$TMP/e"
		grep -q "not permitted" "$TMP/e"
		on nestbox cgexec --create --rm -g devices:$G --device "deny c 1:5 w" sh -c "true <$TMP/dev/c.1.5"'
	# its processes are in a group below the one that is changed
	test_ok "v$v: a container gets what is allowed later, and loses what is denied" '
		on nestbox cgexec --create --rm -g devices:$G --child init --devices default -- nestbox unshare -p -f --kill-child -- sh -euc "
			. $TMP/.env
			asks_on $TMP/dev/c.60.3" &
		says no
		rules --device "c 60:* rw"
		says yes
		rules --device "deny c 60:* r"
		says no
		touch $TMP/end
		wait
		gone'
	rm -f "$TMP/end"
	test_ok "v$v: run: rules besides docker's, changed from outside while the container runs" '
		on nestbox run --cgroup-parent $G --device-cgroup-rule "c 60:3 w" --device-cgroup-rule "deny c 1:8 r" -v "$TMP:$TMP" "$TMP/root" sh -euc "
			TMP=$TMP
			. $TMP/.env
			rm -f /tmp/60.3
			mknod /tmp/60.3 c 60 3
			may writes /tmp/60.3
			not may reads /dev/random
			asks_on /tmp/60.3" &
		says no
		id=$(cd "$(group)" && echo */init)
		id=${id%/init}
		on nestbox cgexec -g devices:$G/$id --device "c 60:* r"
		says yes
		on nestbox cgexec -g devices:$G/$id --devices list | grep -qx "c 60:\* r"
		on nestbox cgexec -g devices:$G/$id --device "deny c 60:* r"
		says no
		touch "$TMP/end"
		wait $!
		[ -z "$(find $(v1_mounts) $(v2_mounts) -name "$G*")" ]'
	rm -f "$TMP/end"
	test_ok "v$v: run --dry-run prints the rules for cgexec" '
		on nestbox run --dry-run --device-cgroup-rule "deny c 1:8 r" "$TMP/root" true | grep -q "cgexec .*--device .deny c 1:8 r. .*--devices default"'
	test_ok "v$v: a group below that has rules of its own keeps them" '
		new --devices default
		on nestbox cgexec --create -g devices:$G/own --device "deny c 1:5 w"
		rules --device "c 60:* rw"
		on nestbox cgexec -g devices:$G/own -- sh -euc ". $TMP/.env; not may writes $TMP/dev/c.1.5"
		on nestbox cgexec -g devices:$G -- sh -euc ". $TMP/.env; may writes $TMP/dev/c.1.5 && may writes $TMP/dev/c.60.3"
		gone'
	test_fails 125 'hint: .*user namespace' "v$v: root of a user namespace changes no rules, and the hint says so" '
		new
		on nestbox unshare -r -- nestbox cgexec -g devices:$G --device "deny c 1:5 r"'
	test_ok "v$v: ... and all is as it was" 'shown "a *:* rwm\n"; gone'
	if test_need cmd:python3 "v$v: access(2) that asks for nothing"; then
		# what is denied in whole is not there only where all is denied
		test_ok "v$v: access(2) that asks for nothing" '
			there() { on nestbox cgexec -g "devices:$G" -- python3 -c "import os; exit(not os.access(\"$TMP/dev/$1\", os.F_OK))"; }
			new --device "deny c 1:5 rwm"
			there c.1.5
			rules --device "deny all" --device "c 1:3 r"
			there c.1.3
			not there c.1.5
			gone'
	fi
	test_ok "v$v: of changes at the same time none is lost" '
		new --devices all --device "deny c 1:8 r"
		for i in 1 2 3 4 5 6; do rules --device "deny c 60:$i w" & done
		wait
		rules --device "allow c 1:8 r"
		for i in 1 2 3 4 5 6; do
			inside "f=$TMP/dev/new; mknod \$f c 60 $i; not may writes \$f; may reads \$f; may reads $TMP/dev/c.1.8"
		done
		gone'
	if [ "$v" = 1 ]; then
		test_fails 125 'hint: a group allows nothing that the one above it denies' 'v1: what the group above denies is refused' '
			new --device "deny all" --device "c 1:3 r"
			on nestbox cgexec --create -g devices:$G/below --device "c 1:5 r"'
		test_fails 125 'hint: as long as there are groups below it' 'v1: a group with others below it is not turned round' '
			on nestbox cgexec --create -g devices:$G/below
			rules --devices default'
		test_ok '... and what was made goes' 'gone'
	else
		test_ok 'v2: one list takes the place of another in a single step' '
			new --device "deny all" --device "c 1:5 r" --device "c 1:3 w"
			inside "
				while [ -e $TMP/.env ] && [ ! -e $TMP/end ]; do
					may reads $TMP/dev/c.1.5 || echo lost
					not may reads $TMP/dev/c.1.7 || echo leaked
					true >$TMP/round
				done" >"$TMP/found" &
			for i in 1 2 3 4 5 6 7 8 9 10; do
				rules --device "deny all" --device "c 1:5 rw" --device "c 1:8 r"
				rules --device "deny all" --device "c 1:5 r" --device "c 1:3 w"
			done
			touch $TMP/end
			wait
			[ -e $TMP/round ]
			[ ! -s "$TMP/found" ]
			gone'
		test_ok 'v2: the group above counts as well' '
			new --device "deny c 1:5 w"
			on nestbox cgexec --create -g devices:$G/below --devices all --device "deny c 1:7 w"
			on nestbox cgexec -g devices:$G/below -- sh -euc ". $TMP/.env; not may writes $TMP/dev/c.1.5; not may writes $TMP/dev/c.1.7; may writes $TMP/dev/c.1.3"
			gone'
	fi
	test_ok "v$v: no group is left" '[ -z "$(find $(v1_mounts) $(v2_mounts) -name "$G*")" ]'
done
done_testing
