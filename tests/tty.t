#!/bin/sh
# tty: what of the caller's terminal a container gets, on a real pty: sizes, keys,
# signals, the end of the input, modes, hanging up; by run, and by the line that it prints.
. "${0%/*}/lib.sh"
need namespaces cmd:busybox cmd:probe cmd:pty
[ -c /dev/ptmx ] || { echo '1..0 # SKIP needs /dev/ptmx'; exit 0; }
own_run

R=$TMP/root
"$TESTS/../scripts/rootfs" "$R"
cp "$(command -v probe)" "$R/bin"
mkdir "$TMP/v"
chmod 777 "$TMP/v"
export R

cat >>"$TMP/.env" <<'ENV'
c="--cgroups disabled -v $TMP/v:/v -e PS1=in:\\s -e ENV="
run() { $AS_ROOT nestbox run --cgroups disabled -v "$TMP/v:/v" "$@"; }
# on SIZE COMMAND...: on a terminal, with what to do there on the standard input; what is shown in $TMP/screen
on() { size=$1; shift; nestbox setpriv --reset-signals --exec -- pty -s $size "$@" >"$TMP/screen"; }
wait_for() { for i in $(seq 200); do [ ! -e "$1" ] || return 0; sleep 0.05; done; return 1; }
ENV

# --- without -t

test_ok 'without -t, and without a terminal, the streams are the caller'\''s own' '
	: >"$TMP/in"; : >"$TMP/v/out"; : >"$TMP/v/err"
	run "$R" sh -c "[ /proc/self/fd/1 -ef /v/out ] && [ /proc/self/fd/2 -ef /v/err ]" <"$TMP/in" >"$TMP/v/out" 2>"$TMP/v/err"
	[ "$(echo typed | run "$R" cat)" = typed ]
	[ "$(echo typed | run -i "$R" cat)" = typed ]
'
test_ok 'without -t a terminal becomes pipes, both outputs one, and the input nothing' '
	on "24 80" $AS_ROOT nestbox run --cgroups disabled "$R" sh -c "for i in 0 1 2; do readlink /proc/self/fd/\$i; test -t \$i && echo terminal; done; echo done" <<-END
		expect done
		end 0
	END
	tr -d "\r" <"$TMP/screen" >"$TMP/got"
	head -n 1 "$TMP/got" | grep -qx /dev/null
	not grep terminal "$TMP/got"
	[ "$(grep -c "^pipe:" "$TMP/got")" = 2 ] && [ "$(grep "^pipe:" "$TMP/got" | sort -u | wc -l)" = 1 ]
'
test_ok '... the container has no controlling terminal either' '
	on "24 80" $AS_ROOT nestbox run --cgroups disabled "$R" sh -c "echo x >/dev/tty; echo status \$?" <<-END
		expect status 1
		end 0
	END
'
test_ok 'with -i what is typed goes along, and Ctrl-D is the end of it' '
	on "24 80" $AS_ROOT nestbox run --cgroups disabled -i "$R" sh -c "echo ready; cat; echo left" <<-END
		expect ready
		send hello\n
		expect hello
		expect hello
		send \x04
		expect left
		end 0
	END
'
test_ok 'what is printed last is not lost, however much it is' '
	on "24 80" $AS_ROOT nestbox run --cgroups disabled "$R" sh -c "seq 20000; echo last" <<-END
		expect 19999
		expect last
		end 0
	END
	[ "$(tr -d "\r" <"$TMP/screen" | grep -c "^[0-9]*\$")" = 20000 ]
'
test_ok 'Ctrl-C on the caller'\''s terminal reaches the command' '
	on "24 80" $AS_ROOT nestbox run --cgroups disabled --init "$R" sh -c "trap \"echo int; exit 4\" INT; echo ready; while :; do sleep 0.05; done" <<-END
		expect ready
		send \x03
		expect int
		end 4
	END
'
test_ok 'B5: no key can be pushed into the caller'\''s terminal, with -t neither' '
	for t in "" -i -t -it; do
		rm -f "$TMP/v/got"
		on "24 80" $AS_ROOT nestbox run --cgroups disabled -v "$TMP/v:/v" $t "$R" sh -c "probe tiocsti 0 >/v/got; probe tiocsti 1 >>/v/got; echo done" <<-END
			expect done
			end 0
		END
		case $t in
		# it is its own
		*t) grep -qE "^(OK|EPERM|EIO)" "$TMP/v/got" ;;
		*) not grep -vxE "EPERM|EIO|ENOTTY" "$TMP/v/got" ;;
		esac
	done
	# nothing arrived: the shell that gets the terminal afterwards reads what is typed, and nothing else
	on "24 80" sh -c "$AS_ROOT nestbox run --cgroups disabled -it $R probe tiocsti 0; echo ready; read -r x; echo got:\$x:" <<-END
		expect ready
		send a\n
		expect got:a:
		end 0
	END
'

# --- with -t, by run, with --init, and as a line of applets

for how in run 'run --init' line; do
	export how
	start='
		case $how in
		line) start="$($AS_ROOT nestbox run --dry-run $c -it "$R" sh | sed "s/^/$AS_ROOT /")" ;;
		*) start="$AS_ROOT nestbox $how $c -it $R sh" ;;
		esac
		'
	test_ok "$how -it: its own terminal, also /dev/console, with the size of the caller's, from the start and when that changes" "$start"'
		on "33 99" sh -c "exec $start" <<-END
			expect in:
			mode raw
			send stty size; tty\n
			expect 33 99
			expect /dev/pts/0
			send stat -c %t:%T /dev/console /dev/pts/0\n
			expect 88:0
			expect 88:0
			send [ /proc/self/fd/0 -ef /dev/pts/0 ] && echo sa""me\n
			expect same
			send trap "stty size" WINCH; sleep 0\n
			size 40 120
			send stty size\n
			expect 40 120
			send exit 5\n
			end 5
			mode cooked
		END
	'
	test_ok "$how -it: Ctrl-C, Ctrl-Z and Ctrl-D are for the container" "$start"'
		on "24 80" sh -c "exec $start" <<-END
			expect in:
			mode raw
			send sh -c "echo re""ady; exec sleep 100"\n
			expect ready
			send \x03
			expect in:
			send echo st\$?\n
			expect st130
			send sh -c "echo re""ady; exec cat"\n
			expect ready
			send abc\n
			expect abc
			expect abc
			send \x04
			expect in:
			send sh -c "echo re""ady; exec sleep 100"\n
			expect ready
			send \x1a
			expect Stopped
			expect in:
			send kill -9 %1; sleep 0.1\n
			expect Killed
			expect in:
			send exit 6\n
			end 6
			mode cooked
		END
	'
done

test_ok '-t in a session of a shell with job control: stopped from outside the terminal is put right, continued it is raw again' '
	on "24 80" $AS_ROOT nestbox run $c -it "$R" sh <<-END
		expect in:
		mode raw
		kill 20
		stopped
		mode cooked
		kill 18
		mode raw
		send echo go""ing on\n
		expect going on
		send exit 0\n
		end 0
		mode cooked
	END
'
test_ok 'kill -9 of who carries: the terminal is put right, and the container ends' '
	rm -f "$TMP/v/"*
	on "24 80" $AS_ROOT nestbox run $c -it "$R" sh <<-END
		expect in:
		mode raw
		send readlink /proc/self/ns/pid >/v/ns\n
		expect in:
		kill 9
		end 137
		mode cooked
	END
	ns=$(cat "$TMP/v/ns")
	gone() { for p in /proc/[0-9]*; do [ "$(readlink $p/ns/pid 2>/dev/null)" != "$ns" ] || return 1; done; }
	for i in $(seq 100); do gone && break; sleep 0.05; done
	[ "$ns" ] && gone
'
test_ok 'TERM ends a shell with --init, and the terminal is put right' '
	on "24 80" $AS_ROOT nestbox run $c --init -it "$R" sh -c "echo rea\"\"dy; exec sleep 100" <<-END
		expect ready
		mode raw
		kill 15
		end 143
		mode cooked
	END
'
test_ok 'the window is closed: what is inside hears of it' '
	rm -f "$TMP/v/"*
	on "24 80" $AS_ROOT nestbox run $c --init -it "$R" sh -c "trap \"echo hup >/v/hup; exit\" HUP; echo ready; while :; do sleep 0.05; done" <<-END
		expect ready
		mode raw
		hangup
		end 0
	END
	[ "$(cat "$TMP/v/hup")" = hup ]
	# a shell that is pid 1 and has no handler, and a waiter that hears of it by the terminal alone
	on "24 80" sh -c "trap \"\" HUP; exec $AS_ROOT nestbox run $c -it $R sh" <<-END
		expect in:
		mode raw
		hangup
		end 0
	END
'
test_ok 'no command, on a terminal: a shell to type into' '
	on "24 80" $AS_ROOT nestbox run $c "$R" <<-END
		expect in:
		mode raw
		send tty; exit 3\n
		expect /dev/pts/0
		end 3
		mode cooked
	END
	# and not where what it prints goes elsewhere
	on "24 80" sh -c "$AS_ROOT nestbox run $c $R >$TMP/out" <<-END
		end 0
	END
'
test_ok '-t without -i: it is shown, and nothing is typed' '
	on "24 80" $AS_ROOT nestbox run $c -t "$R" sh -c "tty; stty size; echo rea\"\"dy; exec sleep 100" <<-END
		expect /dev/pts/0
		expect 24 80
		expect ready
		mode cooked
		kill 9
	END
'
test_ok 'where the caller has no terminal: -t makes one, -i types what comes, and its end' '
	printf "echo one\nexit 4\n" >"$TMP/script"
	rc=0; run -it "$R" sh <"$TMP/script" >"$TMP/got" 2>&1 || rc=$?
	[ $rc = 4 ]
	tr -d "\r" <"$TMP/got" | grep -qx one
	run -it "$R" cat </dev/null >"$TMP/got"
	[ "$(echo abc | run -it "$R" sh -c "stty -echo; cat" | tr -d "\r" | tail -n 1)" = abc ]
'
test_ok 'nobody reads what is shown any more: the container hears of it' '
	rc=0; run --init -t "$R" sh -c "trap \"echo hup >/v/hup2; exit 9\" HUP; while :; do echo y; done" </dev/null | head -n 2 | tr -d "\r" >"$TMP/got"
	[ "$(cat "$TMP/got")" = "$(printf "y\ny")" ]
	wait_for "$TMP/v/hup2"
'
test_ok 'much output arrives whole' '
	run -t "$R" seq 30000 </dev/null | tr -d "\r" >"$TMP/got"
	seq 30000 | cmp - "$TMP/got"
'
test_ok 'TERM is the caller'\''s, or xterm, or what -e says' '
	[ "$(TERM=vt220 run -t "$R" sh -c "echo \$TERM" </dev/null | tr -d "\r")" = vt220 ]
	[ "$(unset TERM; run -t "$R" sh -c "echo \$TERM" </dev/null | tr -d "\r")" = xterm ]
	[ "$(run -t -e TERM=dumb "$R" sh -c "echo \$TERM" </dev/null | tr -d "\r")" = dumb ]
	[ -z "$(TERM=vt220 run "$R" sh -c "echo \$TERM" </dev/null)" ]
'
if test_need root 'the terminal belongs to the user'; then
	test_ok 'the terminal belongs to the user' '
		[ "$(run -t -u app "$R" sh -c "stat -c %u:%g:%a /dev/pts/0; echo opened >/dev/pts/0; echo too >/dev/console" </dev/null | tr -d "\r")" = "$(printf "1000:5:620\nopened\ntoo")" ]
		# without an entry in /etc/passwd, too
		run -t -u 4321 "$R" sh -c "echo opened >/dev/pts/0" </dev/null | grep -q opened
	'
fi
test_ok 'the caller'\''s terminal is not open in the container, nor is anything of who carries it' '
	on "24 80" $AS_ROOT nestbox run $c -it "$R" sh -c "for p in /proc/[0-9]*; do ls -l \$p/fd; done >/v/fds 2>/dev/null; echo done" <<-END
		expect done
		end 0
	END
	[ "$(grep -c -- "-> /dev/pts/0" "$TMP/v/fds")" -ge 3 ]
	not grep -E "/dev/pts/[1-9]|/dev/ptmx|socket:|/pts/ptmx" "$TMP/v/fds"
'

# --- A5: the console

test_ok 'A5: a link to anywhere in the volume that is /dev/pts is not followed' '
	mkdir "$TMP/pts"
	: >"$TMP/victim"
	ln -s /v/victim "$TMP/pts/ptmx"
	rc=0; run -t -v "$TMP/pts:/dev/pts" "$R" true </dev/null 2>"$TMP/said" || rc=$?
	cat "$TMP/said"
	[ $rc = 125 ]
	grep -q "/dev/pts: no devpts is mounted there" "$TMP/said"
'
test_ok 'A5: while names in /dev/pts are exchanged, /dev/console is the container'\''s terminal' '
	: >"$TMP/v/a"; : >"$TMP/v/b"
	probe exchange "$TMP/v/a" "$TMP/v/b" & p=$!
	for i in $(seq 10); do
		run -t "$R" sh -c "stat -c %t /dev/console" </dev/null | tr -d "\r" | grep -qx 88
	done
	kill $p
'

# --- mistakes of a line

test_fails 125 'nobody carries what the terminal shows' 'tty inside without tty outside' 'nestbox tty inside -- true'
test_fails 125 '--tty: nothing behind it on the line makes the terminal' 'tty outside -t without tty inside' 'nestbox tty outside -t -- true'
test_fails 125 'is on the line already' 'tty outside twice' 'nestbox tty outside -t -- nestbox tty outside -t -- nestbox tty inside -- true'
test_fails 125 '--console: would be mounted for others, too' '--console in a mount namespace that is not of this line' 'nestbox tty outside -t -- nestbox tty inside --console -- true'
test_fails 125 'put this before unshare --pid' 'tty outside behind unshare --pid without -f' 'nestbox unshare -r -p -- nestbox tty outside -t -- true'
test_fails 125 'wants one of: inside, outside' 'tty alone' 'nestbox tty'
test_ok 'by hand: a terminal of the machine'\''s /dev/pts, in the namespaces that we are in' '
	[ "$(nestbox tty outside -t -- nestbox tty inside -- sh -c "tty >/dev/null && echo on one" </dev/null | tr -d "\r")" = "on one" ]
	rc=0; nestbox tty outside -t -- nestbox tty inside -- sh -c "kill -TERM \$\$" </dev/null || rc=$?
	[ $rc = 143 ]
	rc=0; NESTBOX_REEXEC=1 nestbox tty outside -t -- nestbox setpriv -e A=b -- nestbox tty inside -- sh -c "exit 9" </dev/null || rc=$?
	[ $rc = 9 ]
'
done_testing
