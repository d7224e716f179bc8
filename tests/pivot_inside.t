#!/bin/sh
# pivot: volumes, a root file system that means ill, sysctls, and an ordinary user.
. "${0%/*}/lib.sh"
own_run
. "${0%/*}/pivot.sh"

INITRAMFS=$(if test_has initramfs; then echo yes; fi)
export INITRAMFS

# --- volumes

test_ok 'a directory, a file, read-only and not' '
	mkdir -p "$TMP/vol"; echo hello >"$TMP/vol/f"
	pv -v "$TMP/vol:/mnt/v" "$R" -- sh -euc "[ \"\$(cat /mnt/v/f)\" = hello ]; echo new >/mnt/v/new"
	[ "$(cat "$TMP/vol/new")" = new ]
	pv --volume "$TMP/vol:/mnt/v:ro" "$R" -- sh -euc "[ \"\$(cat /mnt/v/f)\" = hello ]; if echo 2>/dev/null >/mnt/v/x; then exit 9; fi"
	pv --bind "$TMP/vol/f:/etc/f" --bind "$TMP/vol/f:/etc/group:ro" "$R" -- sh -euc "
		[ \"\$(cat /etc/f /etc/group)\" = \"hello
hello\" ]; if echo 2>/dev/null >/etc/group; then exit 9; fi; echo more >>/etc/f"
	[ "$(tail -n 1 "$TMP/vol/f")" = more ]
	grep -q app "$R/etc/group"
'

test_ok 'relative sources are the caller'\''s' '
	mkdir -p "$TMP/vol"; echo hello >"$TMP/vol/f"
	cd "$TMP/vol"
	[ "$(pv -v ./f:/etc/f "$R" -- cat /etc/f)" = hello ]
	[ "$(pv -v .:/mnt/v "$R" -- cat /mnt/v/f)" = hello ]
'

test_ok 'read-only reaches the mounts below the source' '
	mkdir -p "$TMP/deep/sub"
	$AS_ROOT nestbox unshare -m -- sh -euc ". \"\$TMP/.env\"
		mount -t tmpfs sub \"\$TMP/deep/sub\"; : >\"\$TMP/deep/sub/seen\"
		nestbox unshare -m -- nestbox pivot -v \"\$TMP/deep:/mnt/v:ro\" \"\$R\" -- sh -euc \"test -e /mnt/v/sub/seen; if echo 2>/dev/null >/mnt/v/sub/x; then exit 9; fi; if echo 2>/dev/null >/mnt/v/x; then exit 9; fi\"
		nestbox unshare -m -- nestbox pivot -v \"\$TMP/deep:/mnt/v\" \"\$R\" -- sh -euc \": >/mnt/v/sub/x\""
'

test_ok 'shallow places come first, whatever the order of the words' '
	mkdir -p "$TMP/out/in" "$TMP/low"; echo low >"$TMP/low/f"
	[ "$(pv -v "$TMP/low:/mnt/a/in" -v "$TMP/out:/mnt/a" "$R" -- cat /mnt/a/in/f)" = low ]
	[ "$(pv -v "$TMP/low:/mnt/a/in" --tmpfs /mnt/a "$R" -- cat /mnt/a/in/f)" = low ]
'

test_ok '--tmpfs with and without options' '
	box --tmpfs /run "$R" -- cat /proc/self/mountinfo >"$TMP/mountinfo"
	mount_of /run "$TMP/mountinfo" | grep "^rw,nosuid,nodev,noexec,relatime tmpfs rw"
	[ "$(pv --tmpfs /run "$R" -- stat -c %a /run)" = 1777 ]
	# an id of the namespace; mountinfo has that of the machine
	id=${AS_USER:+1000}; id=${id:-0}
	box --tmpfs /run:size=64k,mode=0700,uid=$id,gid=$id,exec "$R" -- sh -euc "cat /proc/self/mountinfo; stat -c \"%a %u %g\" /run" >"$TMP/mountinfo"
	mount_is /run "rw,nosuid,nodev,relatime tmpfs rw,size=64k,mode=700,uid=$((id + $(id -u))),gid=$((id + $(id -g)))"
	tail -n 1 "$TMP/mountinfo" | grep -qx "700 $id $id"
	pv --tmpfs /run:ro "$R" -- sh -c "if echo 2>/dev/null >/run/x; then exit 9; fi"
	pv --tmpfs /run:size=64k "$R" -- sh -c "! head -c 100000 /bin/busybox 2>/dev/null >/run/x || [ \$(wc -c </run/x) -lt 100000 ]"
'

test_fails 125 'nestbox: pivot: /not/there: .*No such file' 'a source that is missing' 'pv -v /not/there:/mnt "$R" true'
test_fails 125 'nestbox: pivot: .*root itself' 'a volume on /' 'pv -v "$TMP:/" "$R" true'
test_fails 125 'nestbox: pivot: .*root itself' 'a volume on / by way of ..' 'pv -v "$TMP:/proc/../.." "$R" true'
test_fails 125 'nestbox: pivot: .*root itself' 'a tmpfs on /' 'pv --tmpfs /.. "$R" true'
test_fails 125 'nestbox: pivot: .*no absolute path' 'a relative place' 'pv -v "$TMP:mnt" "$R" true'
test_fails 125 'nestbox: pivot: .*named volumes' 'a named volume' 'pv -v name:/mnt "$R" true'
test_fails 125 'nestbox: pivot: .*wrong' 'an unknown volume option' 'pv -v "$TMP:/mnt:wrong" "$R" true'
test_fails 125 'nestbox: pivot: .*wrong' 'an unknown tmpfs option' 'pv --tmpfs /mnt:wrong=1 "$R" true'
test_fails 125 'nestbox: pivot: size=x' 'a tmpfs size that is none' 'pv --tmpfs /mnt:size=x "$R" true'
test_fails 125 'nestbox: pivot: /etc/passwd.*Not a directory' 'a directory on a file' 'pv -v "$TMP:/etc/passwd" "$R" true'
test_fails 125 'nestbox: pivot: /etc: .*Is a directory' 'a file on a directory' 'pv -v "$MARK:/etc" "$R" true'

# --- a root file system that means ill

test_ok 'links in the root file system do not lead volumes out of it' '
	mkdir -p "$TMP/esc" "$TMP/vol"
	up=../../../../../../../../../..
	for target in "$TMP/esc" "..$TMP/esc" "$up$TMP/esc" "/proc/1/root$TMP/esc" "/proc/self/cwd/$up$TMP/esc"; do
		fresh hostile
		ln -s "$target" "$TMP/hostile/evil"
		for opts in "-v $TMP/vol:/evil/pwned" "-v $MARK:/evil/file" "--tmpfs /evil/pwned" "-v $TMP/vol:/evil" "--tmpfs /evil/../evil/x"; do
			pv $opts "$TMP/hostile" -- true 2>/dev/null || :
			box $opts "$TMP/hostile" -- true 2>/dev/null || :
			nestbox pivot --prepare $opts "$TMP/hostile" 2>/dev/null || :
			nestbox pivot --prepare --rm $opts "$TMP/hostile" -- true 2>/dev/null || :
			[ -z "$(ls -A "$TMP/esc")" ]
		done
	done
	# where the link leads inside the root, that is where the volume is
	fresh hostile
	mkdir -p "$TMP/hostile$TMP/esc"; ln -s "$TMP/esc" "$TMP/hostile/evil"; echo vol >"$TMP/vol/f"
	[ "$(pv -v "$TMP/vol:/evil/pwned" "$TMP/hostile" -- cat "$TMP/esc/pwned/f")" = vol ]
	[ -z "$(ls -A "$TMP/esc")" ]
'

for name in proc dev sys; do
	test_ok "a /$name that is a link is refused, and what it points to stays as it is" "
		mkdir -p \"\$TMP/esc2\"; : >\"\$TMP/esc2/ptmx\"
		for target in \"\$TMP/esc2\" \"../../../../../../../..\$TMP/esc2\" /srv srv; do
			fresh hostile; mkdir \"\$TMP/hostile/srv\"
			rm -rf \"\$TMP/hostile/$name\"; ln -s \"\$target\" \"\$TMP/hostile/$name\"
			rc=0; box --mask default --ro-path default \"\$TMP/hostile\" -- true 2>\"\$TMP/said\" || rc=\$?
			[ \"\$rc\" = 125 ]
			grep -q '^nestbox: pivot: /$name: .*symbolic link' \"\$TMP/said\"
			[ \"\$(ls -A \"\$TMP/esc2\")\" = ptmx ]
			[ -z \"\$(ls -A \"\$TMP/hostile/srv\")\" ]
			rc=0; nestbox pivot --prepare --api \"\$TMP/hostile\" 2>/dev/null || rc=\$?
			[ \"\$(ls -A \"\$TMP/esc2\")\" = ptmx ]
		done
	"
	test_ok "a /$name that is a file is refused" "
		fresh hostile; rm -rf \"\$TMP/hostile/$name\"; : >\"\$TMP/hostile/$name\"
		rc=0; box \"\$TMP/hostile\" -- true 2>\"\$TMP/said\" || rc=\$?
		[ \"\$rc\" = 125 ]; grep -q '^nestbox: pivot: /$name: .*Not a directory' \"\$TMP/said\"
	"
done

test_ok 'masks and read-only paths that are links stay inside' '
	fresh hostile
	mkdir -p "$TMP/esc3"; echo secret >"$TMP/esc3/s"
	ln -s "../../../../../..$TMP/esc3" "$TMP/hostile/evil"; ln -s "$MARK" "$TMP/hostile/mark"
	pv --mask /evil --mask /mark --ro-path /evil --ro-path /mark "$TMP/hostile" -- true
	[ "$(cat "$TMP/esc3/s")" = secret ]; : >"$TMP/esc3/w"
'

test_ok 'the next applet of a chain is ours, not the root file system'\''s' '
	fresh hostile
	for n in nestbox unshare setpriv pivot; do
		rm -f "$TMP/hostile/bin/$n"; printf "#!/bin/sh\n: >/pwned\n" >"$TMP/hostile/bin/$n"; chmod 755 "$TMP/hostile/bin/$n"
	done
	for NESTBOX_REEXEC in 0 1; do
		export NESTBOX_REEXEC
		PATH=/bin:$PATH pv "$TMP/hostile" -- nestbox unshare -u --hostname in -- nestbox setpriv --exec -- true
		[ ! -e "$TMP/hostile/pwned" ]
	done
	# the command itself is the root file system'\''s
	pv "$TMP/hostile" -- /bin/unshare
	[ -e "$TMP/hostile/pwned" ]
'

test_ok 'a root file system that is changed all the time gives nothing away' '
	fresh race
	mkdir -p "$TMP/race/a" "$TMP/esc4" "$TMP/vol"
	ln -s "../../../../../../../..$TMP/esc4" "$TMP/race/b"
	(set +e; while :; do mv -T "$TMP/race/a" "$TMP/race/c"; mv -T "$TMP/race/b" "$TMP/race/a"; mv -T "$TMP/race/a" "$TMP/race/b"; mv -T "$TMP/race/c" "$TMP/race/a"; done) 2>/dev/null &
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		pv -v "$TMP/vol:/a/x" -v "$MARK:/a/y" "$TMP/race" -- test ! -e "$MARK" 2>/dev/null || [ ! -e "$TMP/esc4/x" ]
		nestbox pivot --prepare --rm -v "$TMP/vol:/a/x" "$TMP/race" -- true 2>/dev/null || :
	done
	kill $!
	[ -z "$(ls -A "$TMP/esc4")" ]
'

# --- sysctls

test_ok '--sysctl sets parameters of the new namespaces, in either spelling' '
	before=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)
	[ "$(box --sysctl net.ipv4.ip_unprivileged_port_start=7 "$R" -- cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 7 ]
	[ "$(box --sysctl default "$R" -- cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 0 ]
	[ "$(box "$R" -- cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = 1024 ]
	[ "$AS_ROOT" ] || [ "$(box --sysctl default "$R" -- cat /proc/sys/net/ipv4/ping_group_range | tr "\t" " ")" = "0 2147483647" ]
	[ "$(box --sysctl net/ipv4/conf/lo/forwarding=1 "$R" -- cat /proc/sys/net/ipv4/conf/lo/forwarding)" = 1 ]
	[ "$(box --sysctl kernel.shmmni=77 --sysctl kernel.msgmax=9999 "$R" -- cat /proc/sys/kernel/shmmni /proc/sys/kernel/msgmax | tr "\n" " ")" = "77 9999 " ]
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" = "$before" ]
	[ "$(cat /proc/sys/kernel/shmmni)" != 77 ]
'
test_ok 'a /proc of the root file system'\''s own making is not written to' '
	fresh hostile
	mkdir -p "$TMP/hostile/proc/sys/net/ipv4" "$TMP/fakeproc/sys/net/ipv4"
	echo own | tee "$TMP/hostile/proc/sys/net/ipv4/ip_unprivileged_port_start" >"$TMP/fakeproc/sys/net/ipv4/ip_unprivileged_port_start"
	$AS_ROOT nestbox unshare -m -n -p -f -- nestbox pivot --sysctl net.ipv4.ip_unprivileged_port_start=7 -v "$TMP/fakeproc:/proc" "$TMP/hostile" -- true
	$AS_ROOT nestbox unshare -m -n -p -f -- nestbox pivot --sysctl net.ipv4.ip_unprivileged_port_start=7 "$TMP/hostile" -- true
	[ "$(cat "$TMP/hostile/proc/sys/net/ipv4/ip_unprivileged_port_start" "$TMP/fakeproc/sys/net/ipv4/ip_unprivileged_port_start" | tr "\n" " ")" = "own own " ]
'
test_fails 125 'nestbox: pivot: kernel.core_pattern=x: .*host' 'a parameter of the whole machine' 'box --sysctl kernel.core_pattern=x "$R" true'
test_fails 125 'nestbox: pivot: net/../kernel/core_pattern=x: ' 'a parameter with .. in it' 'box --sysctl net/../kernel/core_pattern=x "$R" true'
test_fails 125 'nestbox: pivot: net.ipv4.ip_forward: ' 'a parameter without a value' 'box --sysctl net.ipv4.ip_forward "$R" true'
test_fails 125 'nestbox: pivot: net.no.such=1: .*No such file' 'a parameter that does not exist' 'box --sysctl net.no.such=1 "$R" true'
test_fails 125 'nestbox: pivot: net.ipv4.ip_unprivileged_port_start=1024: .*network namespace|pivot: /proc: 1/ns/net: whose' 'a parameter of the host'\''s own network' \
	'pv --sysctl net.ipv4.ip_unprivileged_port_start=1024 "$R" true'
test_fails 125 'nestbox: pivot: kernel.shmmni=4096: .*ipc namespace|pivot: /proc: 1/ns/ipc: whose' 'a parameter of the host'\''s own ipc namespace' \
	'$AS_ROOT nestbox unshare -m -n -- nestbox pivot --sysctl kernel.shmmni=4096 "$R" true'

# --- an ordinary user

if test_need userns 'an ordinary user'; then
	if test_need userns-user 'an ordinary user'; then
		test_ok 'an ordinary user, in a user namespace of their own' '
			cat >"$TMP/user" <<-"END"
				[ "$(id -u)" = 0 ]
				[ "$(cat /proc/self/uid_map | tr -s " ")" = " 0 1000 1" ]
				[ ! -e "$1" ]
				[ -c /dev/null ]; echo x >/dev/null; [ "$(head -c 3 /dev/zero | wc -c)" = 3 ]; [ -c /dev/pts/ptmx ]
				# where the old root was an initramfs, its copy has to stay below and is not locked
				if [ -z "$INITRAMFS" ] && umount -l / 2>/dev/null; then exit 9; fi
				[ ! -e "$1" ]
			END
			for mode in 0 1; do
				export NESTBOX_REEXEC=$mode
				$AS_USER nestbox unshare -rmpnuiCf -- nestbox pivot --api --mask default --ro-path default -v "$TMP:/tmp" "$R" -- sh -eu /tmp/user /nothing
				$AS_USER nestbox unshare -rmpf -- nestbox pivot --api -v "$TMP/user:/tmp/inside" "$R" -- sh -eu /tmp/inside "$MARK"
			done
			$AS_USER nestbox unshare -rm -- nestbox pivot "$R" -- test ! -e "$MARK"
			$AS_USER nestbox unshare -rmpnf -- nestbox pivot --api --tmpfs /run --sysctl net.ipv4.ip_unprivileged_port_start=7 "$R" -- sh -euc ": >/run/x; [ \$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) = 7 ]"
		'
		test_ok 'flags that the outer mounts have locked are kept' '
			mkdir -p "$TMP/locked"
			$AS_ROOT nestbox unshare -m -- sh -euc ". \"\$TMP/.env\"
				mount -t tmpfs -o nosuid,nodev,mode=755,size=32m l \"\$TMP/locked\"; cp -a \"\$R/.\" \"\$TMP/locked\"
				$AS_USER nestbox unshare -rmpf -- nestbox pivot --api --read-only -v \"\$TMP/locked:/mnt/v:ro\" \"\$TMP/locked\" -- cat /proc/self/mountinfo >\"\$TMP/mountinfo\" || exit 5" || {
				# /mnt has to be there for them
				false; }
			mount_of / "$TMP/mountinfo" | grep "^ro,nosuid,nodev,"
			mount_of /mnt/v "$TMP/mountinfo" | grep "^ro,nosuid,nodev,"
		'
		test_fails 125 'nestbox: pivot: .*: Permission denied' 'a root that the user may not enter' '
			# what is the user'\''s own, their namespace'\''s root may enter
			shut=/root
			if [ "$AS_USER" ]; then shut=$TMP/shut; mkdir -p "$shut/root"; chmod 700 "$shut"; fi
			$AS_USER nestbox unshare -rm -- nestbox pivot "$shut/root" true'
		test_fails 125 'nestbox: pivot: .*: Operation not permitted|nestbox: hint: .*pid namespace' '--api without a pid namespace of their own' '
			$AS_USER nestbox unshare -rm -- nestbox pivot --api "$R" true'
	fi
fi

done_testing
