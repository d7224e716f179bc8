#!/bin/sh
# A Debian in a container: glibc and nss, bash, perl, dpkg and apt, as root and as
# somebody else, with the same results as in a plain chroot, and in bubblewrap.
. "${0%/*}/lib.sh"
. "${0%/*}/debian.sh"
need root
own_run

debian_root debian-root debian-root

# shellcheck disable=SC2016 # for the snippets to expand
cat >>"$TMP/.env" <<'ENV'
. "$TESTS/terminal.sh"

# The script $TMP/cmd as ID in each kind of root: what it prints, and its status.
vars='PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp'
in_run() { id=$1; shift; told nestbox run -u "$id" -e HOME=/tmp "$@" "$D" bash -c "$cmd"; }
in_chroot()
{
	told unshare -m sh -c 'mount -t proc proc "$D/proc" && mount --rbind /dev "$D/dev" && shift 2 &&
		exec env -i '"$vars"' chroot --userspec="$0" --groups= "$D" bash -c "$1"' "$1" - - "$cmd"
}
in_bwrap()
{
	# shellcheck disable=SC2046 # words
	told bwrap --unshare-pid --unshare-ipc --unshare-uts --bind "$D" / --proc /proc --dev /dev \
		--clearenv $(printf -- '--setenv %s ' $vars | tr = ' ') bash -c "$cmd"
}
told() { rc=0; "$@" 2>&1 || rc=$?; echo "status $rc"; }
compare()
{
	cmd=$(cat "$TMP/cmd")
	for id in 0:0 1000:1000; do
		in_chroot $id >"$TMP/chroot"
		cat "$TMP/chroot"
		tail -n 1 "$TMP/chroot" | grep -qx 'status 0'
		in_run $id | diff "$TMP/chroot" -
		in_run $id --read-only --tmpfs /tmp | diff "$TMP/chroot" -
		[ $id = 1000:1000 ] || ! command -v bwrap >/dev/null || in_bwrap | diff "$TMP/chroot" -
	done
}
run() { nestbox run "$@"; }
ENV

# same 'sentence' 'script': it prints the same, and succeeds, wherever it runs
same()
{
	printf '%s\n' "$2" >"$TMP/cmd"
	test_ok "$1, as in a chroot" compare
}

test_ok 'the root is there, and making it again takes no time' '
	timeout 5 "$TESTS/../scripts/debian-root"
	[ "$(run "$D" cat /etc/debian_version)" = "$(cat "$D/etc/debian_version")" ]
'

# --- side by side

same 'apt-get and dpkg know their packages' '
	apt-get --version
	apt-cache pkgnames | sort
	dpkg -l
	dpkg --print-architecture
	dpkg -S bin/bash
	dpkg -s libc6
'
test_ok 'dpkg finds every file of every package as it was unpacked' '[ -z "$(run "$D" dpkg --verify)" ]'
same 'perl forks, signals, and talks over pipes and sockets' '
	perl -MPOSIX -MIO::Socket::INET -MIO::Pipe -e '\''
		$| = 1;
		printf "%vd %s\n", $^V, join ",", sort grep { /^(HOME|PATH)$/ } keys %ENV;
		my $server = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die $!;
		my $pid = fork;
		if (!$pid) {
			my $peer = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $server->sockport) or die $!;
			print $peer "over lo\n";
			POSIX::pause();
			exit 1;
		}
		print $server->accept->getline;
		kill "TERM", $pid;
		waitpid $pid, 0;
		print "signal $?\n";
		print `echo pipe; echo err >&2`;
		open my $f, ">", "/tmp/perl$$" or die $!;
		print POSIX::strftime("%F %T", gmtime 86399), "\n";
		unlink "/tmp/perl$$";
	'\''
'
same 'bash has its descriptors, coprocesses, traps and jobs' '
	sleep 0.2 & jobs; wait; echo $?
	diff <(echo one) <(echo two)
	read -r word <<<"here string"; echo "$word"
	coproc cat; echo to and fro >&"${COPROC[1]}"; read -r -t 5 back <&"${COPROC[0]}"; echo "$back"
	exec {COPROC[1]}>&-; wait
	exec {fd}>/tmp/bash.$$; echo "in a file" >&$fd; cat /dev/fd/3 3</tmp/bash.$$; rm /tmp/bash.$$
	trap "echo trapped" USR1; kill -USR1 $$
	# not at once: what comes before its exec, a child of bash may forget
	sleep 9 & sleep 0.3; kill $!; wait $!; echo $?
	set -o pipefail; false | true; echo $?
	ulimit -S -n 99; ulimit -n
	echo in | cat /dev/stdin
	echo x >/dev/full || echo "full: $?"
'
same 'glibc asks nss for users, groups and hosts' '
	getent passwd root; getent passwd; getent group
	getent hosts localhost
	id; id root; id nobody; whoami
	getent passwd nosuch || echo "none: $?"
'
same 'dates and locales are right' '
	date -u -d @0; TZ=Europe/Berlin date -d @1700000000 +"%F %T %Z"; TZ=America/New_York date -d @1700000000
	[ $(($(date +%Y) >= 2024)) = 1 ] && echo "now is now"
	locale -a; LC_ALL=C.UTF-8 locale charmap; locale
	printf "\303\244\303\266" | LC_ALL=C.UTF-8 wc -m
	printf "B\na\n" | LC_ALL=C.UTF-8 sort
	LC_ALL=de_DE.UTF-8 perl -e "print qq(perl\n)"
'
same 'files of all kinds can be made, packed and read back' '
	d=$(mktemp -d) && cd "$d"
	echo text >file; ln file hard; ln -s file soft; mkfifo fifo; mkdir -m 1777 dir; chmod 6755 file
	tar czf t.tgz file hard soft fifo dir; mkdir out; tar xzpf t.tgz -C out
	stat -c "%n %F %a %h %u:%g" out/*
	head -c 100000 /dev/zero | gzip | zcat | sha256sum
	[ "$(head -c 16 /dev/urandom | wc -c)" = 16 ]; stat -L -c "%F %t,%T %a" /dev/null /dev/zero /dev/full /dev/urandom
	seq 50000 | sort -r | sort -n -S 1M -T . | tail -n 1
	cd /; rm -r "$d"
'

# --- root, and others

test_ok 'a read-only root takes nothing, and a tmpfs in it does' '
	! run --read-only --tmpfs /tmp "$D" bash -c "echo x >/tmp/x && cat /tmp/x && touch /root/x" >"$TMP/o" 2>"$TMP/e"
	grep -qx x "$TMP/o"; grep -q "Read-only file system" "$TMP/e"
	# the control
	run "$D" bash -c "touch /root/x && rm /root/x"
'
test_ok 'a user can be added, and the container be started as that user' '
	run "$D" useradd -m -u 1000 -s /bin/bash -G audio user
	[ "$(run -u user "$D" bash -c "id -un; id -Gn; pwd; cd; pwd; umask")" = "$(printf "user\nuser audio\n/\n/home/user\n0022")" ]
	[ "$(run -u 1000 "$D" id)" = "$(run -u user "$D" id)" ]
	if run -u user "$D" touch /etc/x 2>/dev/null; then exit 1; fi
	run -u user -w /home/user "$D" touch x
	[ "$(stat -c %u:%g "$D/home/user/x")" = 1000:1000 ]
'
test_ok 'setuid programs are: passwd reads shadow for that user' '
	run -u user "$D" passwd -S | grep -qE "^user L .* 99999 "
	if run -u user "$D" cat /etc/shadow 2>/dev/null; then exit 1; fi
	# the control: it knows less when it cannot become root
	run -u user "$D" setpriv --no-new-privs passwd -S >"$TMP/o"
	grep -q "^user" "$TMP/o"; ! grep 99999 "$TMP/o"
'
test_ok 'su - goes to root and to others, through PAM' '
	[ "$(run "$D" su - -c "id -u; pwd; echo \$LOGNAME \$HOME")" = "$(printf "0\n/root\nroot /root")" ]
	[ "$(run "$D" su - user -c "id -u; pwd; echo \$LOGNAME; grep CapEff /proc/self/status | tr -d \"\\t\"")" = "$(printf "1000\n/home/user\nuser\nCapEff:0000000000000000")" ]
	[ "$(run "$D" su -s /bin/sh nobody -c "id -un")" = nobody ]
	rc=0; run -u user "$D" su -c id 2>"$TMP/e" </dev/null || rc=$?
	[ $rc = 1 ]; grep -q "Authentication failure" "$TMP/e"
'
test_ok 'the ids of apt'\''s sandbox can be taken, with its groups' '
	run "$D" perl -MPOSIX -e "
		my (\$uid, \$gid) = (getpwnam \"_apt\")[2, 3];
		\$) = \"\$gid \$gid\"; POSIX::setgid(\$gid) or die; POSIX::setuid(\$uid) or die;
		die \"not _apt: \$< \$> \$)\" unless \"\$< \$> \$( \$)\" eq \"\$uid \$uid \$gid \$gid \$gid \$gid\";
		\$> = 0; die \"root again\" if \$> == 0;"
	run "$D" setpriv --reuid _apt --regid nogroup --clear-groups id | grep -qE "^uid=[0-9]+\(_apt\) gid=65534\(nogroup\) groups=65534\(nogroup\)\$"
'

# A package and a repository, made, installed, used and purged in the container.
mkdir "$D/srv/work"
cat >"$D/srv/work/roundtrip" <<'SCRIPT'
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
rm -rf /srv/repo && mkdir -p /srv/repo && cd /srv/work
mkdir -p pkg/DEBIAN pkg/usr/bin pkg/var/lib/greeter
printf '%s\n' 'Package: greeter' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
	'Depends: bash, perl-base' 'Description: says hello' >pkg/DEBIAN/control
printf '%s\n' '#!/bin/sh' 'chown games:games /var/lib/greeter; chmod 2775 /var/lib/greeter' >pkg/DEBIAN/postinst
printf '%s\n' '#!/bin/bash' 'echo hello from a package' >pkg/usr/bin/greeter
chmod 755 pkg/DEBIAN/postinst pkg/usr/bin/greeter
dpkg-deb --root-owner-group --build pkg /srv/repo/greeter.deb
{
	dpkg-deb -f /srv/repo/greeter.deb
	echo "Filename: ./greeter.deb"
	echo "Size: $(stat -c %s /srv/repo/greeter.deb)"
	echo "SHA256: $(sha256sum /srv/repo/greeter.deb | cut -d' ' -f1)"
} >/srv/repo/Packages
echo 'deb [trusted=yes] copy:/srv/repo ./' >/etc/apt/sources.list
apt-get clean
apt-get -o APT::Update::Error-Mode=any update
apt-get -y install greeter
dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' greeter
greeter
stat -c '%U:%G %a' /var/lib/greeter
stat -c %U /var/lib/apt/lists/partial /var/cache/apt/archives/partial
apt-get -y purge greeter
test ! -e /usr/bin/greeter
SCRIPT
test_ok 'apt-get updates, installs and purges, its methods as _apt' '
	cmd="bash /srv/work/roundtrip"
	in_run 0:0 | tr -d "\r" >"$TMP/ours"
	cat "$TMP/ours"
	for said in "greeter ii " "hello from a package" "games:games 2775" "Removing greeter (1) ..." "status 0"; do
		grep -qxF "$said" "$TMP/ours"
	done
	[ "$(grep -cx _apt "$TMP/ours")" = 2 ]
	! grep -iE "unsandboxed|^[EW]: " "$TMP/ours" >&2
'
test_ok 'and says the same in a chroot' '
	cmd="bash /srv/work/roundtrip"
	for place in in_chroot in_run; do
		# in which order it looks for what is not there, and how fast, is nobody'\''s business
		$place 0:0 | tr -d "\r" | grep -vE "^(Ign|Get|Fetched)|^Need to get" >"$TMP/$place"
	done
	diff "$TMP/in_chroot" "$TMP/in_run"
	grep -qx "status 0" "$TMP/in_run"
'

# --- bash and terminals

test_ok 'bash -i says that it has no job control, and jobs can be waited for' '
	run "$D" bash -ic "sleep 0.2 & jobs; wait; echo \$?" >"$TMP/o" 2>"$TMP/e"
	grep -qx "bash: no job control in this shell" "$TMP/e"
	grep -qE "^\[1\]\+ +Running +sleep 0.2 &" "$TMP/o"; tail -n 1 "$TMP/o" | grep -qx 0
'
test_ok 'script(1) inside makes a terminal, on which bash has job control' '
	run "$D" script -qec "bash --norc -ic \"tty; sleep 0.2 & jobs; fg; stty size >/dev/tty\"" /dev/null </dev/null >"$TMP/o" 2>&1
	grep -q "^/dev/pts/0" "$TMP/o"
	grep -qE "^\[1\]\+ +Running" "$TMP/o"
	! grep "no job control" "$TMP/o" >&2
'
if test_need cmd:script 'bash on the caller'\''s terminal'; then
	test_ok 'without -t the container has a session of its own, and no hold on the caller'\''s terminal' '
		terminal
		types "nestbox run -i -e PS1= -e TERM=dumb $D bash --norc --noediting -i" >"$TMP/o"
		grep -qx "bash: no job control in this shell" "$TMP/o"
		types "echo x >/dev/tty" | grep -q "No such device or address"
		types "sleep 0.2 & wait; echo status \$?" | grep -qx "status 0"
		hangs_up
	'
	on_its_own="-it -e PS1= -e TERM=dumb $D bash --norc --noediting"
	export how
	for how in "run $on_its_own" "run --init $on_its_own" "$(nestbox run --dry-run $on_its_own | sed "s/^nestbox //")"; do
	test_ok "bash has job control on a terminal of its own: $(echo "$how" | cut -c 1-20)" '
		terminal
		types "nestbox $how; echo left with \$?" >"$TMP/o"
		! grep "no job control" "$TMP/o" >&2
		types "tty" | grep -qx /dev/pts/0
		types "echo x >/dev/tty" | grep -qx x
		keys "sleep 52\n"; sleep 0.7; keys "\032"
		types jobs | grep -qE "^\[1\]\+ +Stopped +sleep 52"
		types "bg; jobs" | grep -qE "^\[1\]\+ +Running +sleep 52 &"
		keys "fg\n"; sleep 0.7; keys "\003"
		types "echo status \$?" | grep -qx "status 130"
		# a pipeline is one job
		types "sleep 53 | cat & sleep 0.3; kill %1; wait; jobs; echo left" | tail -n 1 | grep -qx left
		# back in the shell outside, which has its terminal again
		# what is typed ahead goes to whoever has the terminal, as over ssh
		keys "exit 7\n"; for i in $(seq 100); do grep -q "left with 7" "$TMP/screen" && break; sleep 0.1; done
		types "" | grep -qx "left with 7"
		types "sleep 0.2 & fg" | grep -qx "sleep 0.2"
		hangs_up
	'
	done
fi
done_testing
