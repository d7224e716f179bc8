#!/bin/sh
# nginx and redis as Debian has them, each in a container that one line starts:
# asked from another machine's side of a published port, many times at once; with
# limits that bite; and ended as their manuals have it.
. "${0%/*}/lib.sh"
. "${0%/*}/debian.sh"
need root
own_run
. "${0%/*}/net.sh"
. "${0%/*}/groups.sh"
debian_root debian-services debian-root-services
own_host

if ! "$TMP/host" nestbox netns new --net bridge -p 80 true 2>"$TMP/said"; then
	echo "1..0 # SKIP needs published ports: $(head -n 1 "$TMP/said")"
	exit 0
fi

# What nginx shows: from a byte to more than a socket takes at once.
html=$D/var/www/html
mkdir "$html/dir"
printf x >"$html/byte"
seq 2000 >"$html/lines"
head -c 300000 /dev/urandom >"$html/large"
head -c 20000000 /dev/zero >"$html/huge"
# As images have it: the logs that the package's configuration names are the container's output.
ln -sf /dev/stdout "$D/var/log/nginx/access.log"
ln -sf /dev/stderr "$D/var/log/nginx/error.log"

# compare ADDR:PORT CLIENTS TIMES FILE...: each client asks for each file so many
# times over one connection, then by as many, and all are to be as they are on disk
cat >"$D/usr/local/bin/compare" <<'END'
use strict;
use warnings;
use IO::Socket::INET;

my ($to, $clients, $times, @files) = @ARGV;
my %want;

sub ask
{
	my ($s, $file, $connection) = @_;

	print $s "GET /$file HTTP/1.1\r\nHost: web\r\nConnection: $connection\r\n\r\n";
	local $/ = "\r\n\r\n";
	my $head = <$s> // die "no answer\n";
	$head =~ m{^HTTP/1.1 200 } or die $head;
	my ($length) = $head =~ /^Content-Length: (\d+)\r$/m or die $head;
	read($s, my $body, $length) == $length or die "$file: it ends early\n";
	$body eq $want{$file} or die "$file: it is not what is on disk\n";
}

sub client
{
	for my $connection ("keep-alive", "close") {
		my $s;
		for my $file ((@files) x $times) {
			$s = IO::Socket::INET->new(PeerAddr => $to) // die "$to: $@\n" unless $s && $connection eq "keep-alive";
			$s->autoflush(1);
			ask($s, $file, $connection);
		}
	}
	exit 0;
}

for my $file (@files) {
	open my $f, "<", "/var/www/html/$file" or die "$file: $!\n";
	local $/;
	$want{$file} = <$f>;
}
for (1 .. $clients) {
	fork // die "fork: $!\n" or client();
}
my $failed = 0;
$failed += $? != 0 while wait > 0;
exit($failed != 0);
END

# more workers than the container will have processes
sed 's/^worker_processes .*/worker_processes 32;/' "$D/etc/nginx/nginx.conf" >"$D/etc/nginx/many.conf"

# shellcheck disable=SC2016 # for the snippets to expand
cat >>"$TMP/.env" <<'ENV'
# the world outside: a network namespace at the other end of a cable; $out is its pid
outside()
{
	nestbox netns new -- sleep 1000 & out=$!
	soon grep -q sleep "/proc/$out/comm"
	nestbox netns link add out0 type veth peer name out1
	nestbox netns addr add 10.99.0.1/24 dev out0
	nestbox netns up out0
	nestbox netns move out1 "$out:eth0"
	nestbox netns addr -n "$out" add 10.99.0.2/24 dev eth0
	nestbox netns up -n "$out" eth0
	state >"$TMP/before"
}
# a program of ours out there, or one of the Debian's
out_there() { nestbox nsenter -t "$out" -n -- "$@"; }
client() { nestbox run --network "ns:/proc/$out/ns/net" --cgroup-parent "$G" "$D" "$@"; }
ask_redis() { client redis-cli -h 10.99.0.1 "$@"; }

# container NAME OPTION...: in the test's own group, with nothing to write to but
# what is named. For "&", after which $! is nestbox run itself, or "( )". A shell
# has told its jobs to ignore two signals, and what a caller ignores is not passed on.
container() { name=$1; shift; exec nestbox setpriv --reset-signals --exec -- nestbox run --name "$name" --cgroup-parent "$G" --network bridge --read-only --tmpfs /run "$@"; }
web_with() { container web -p 8080:80 --tmpfs /var/lib/nginx "$@"; }
web() { web_with "$@" "$D" nginx -g 'daemon off;'; }
# where a network may ask, in the foreground, and with its log as its output: all else is the package's
db() { container db -p 6379:6379 -u redis "$@" "$D" redis-server /etc/redis/redis.conf --bind 0.0.0.0 --protected-mode no --daemonize no --logfile ''; }
in_memory='--tmpfs /var/lib/redis:mode=1777'

answers() { printf "$2" | out_there nc -w 2 10.99.0.1 "$1" 2>/dev/null | grep -q "$3"; }
web_answers() { answers 8080 'GET /byte HTTP/1.0\r\n\r\n' '200 OK'; }
db_answers() { answers 6379 'PING\r\nQUIT\r\n' PONG; }
# ends STATUS PID [SIGNAL]: a run does, with that status, when it gets the signal
ends()
{
	[ -z "${3-}" ] || kill "-$3" "$2"
	rc=0
	wait "$2" || rc=$?
	[ "$rc" = "$1" ] || { echo "status $rc, and not $1" >&2; return 1; }
}

# the group with the limits of the container $1, for controller $2; that of its processes is init below it
group() { echo "$(hier "$2")/$G/$(readlink "/run/nestbox/names/$1")"; }
# count DIR KEY FILE...: what the first of these files that is there has behind the key
count()
{
	count_dir=$1 count_key=$2
	shift 2
	for count_file in "$@"; do
		[ ! -e "$count_dir/$count_file" ] || { sed -n "s/^$count_key //p" "$count_dir/$count_file"; return; }
	done
	return 1
}
holds() { [ "$(cat "$2")" = "$1" ]; }
# microseconds of a processor that the container has had
cpu_used()
{
	if [ -e "$(group "$1" cpuacct)/cpuacct.usage" ]; then echo $(($(cat "$(group "$1" cpuacct)/cpuacct.usage") / 1000)); else count "$(group "$1" cpu)" usage_usec cpu.stat; fi
}
milliseconds() { echo $(($(cut -d' ' -f1 /proc/uptime | tr -d .) * 10)); }
# the first process of the container that runs $1
first_of() { grep -lE '^NSpid:[[:space:]]*[0-9]+[[:space:]]+1$' $(grep -l "^Name:[[:space:]]*$1\$" /proc/[0-9]*/status) | tr -dc '0-9\n'; }
# the processes whose title, what ps shows, begins so; and the users that these are
titled() { grep -la "^$1" /proc/[0-9]*/cmdline; }
users_of() { for users_p in $(titled "$1"); do sed -n 's/^Uid:[^0-9]*\([0-9]*\).*/\1/p' "${users_p%/*}/status"; done | sort -u; }
uid_of() { sed -n "s/^$1:[^:]*:\([0-9]*\):.*/\1/p" "$D/etc/passwd"; }

# ab_all N OPTION...: ab gets so many answers, and none is wrong
ab_all()
{
	ab_n=$1
	shift
	client ab -q -n "$ab_n" "$@" >"$TMP/ab"
	grep -qE "^Complete requests: +$ab_n\$" "$TMP/ab" && grep -qE '^Failed requests: +0$' "$TMP/ab" &&
		not grep -E '^(Non-2xx|Write errors)' "$TMP/ab" || { cat "$TMP/ab"; return 1; }
}

# Containers leave nothing in any of these. The bridge stays for the next one.
state()
{
	cut -d' ' -f4- /proc/self/mountinfo
	sed -n 's/^ *\(.*\):.*/\1/p' /proc/net/dev | grep -v '^nb0$' | sort
	nestbox netns ports | sed 1d
	ls /run/nestbox /run/nestbox/names 2>/dev/null | grep -E '^([0-9a-f]{12}|web|db)$' || :
	# others' come and go meanwhile
	find /sys/fs/cgroup -path "*/$G/*" -type d 2>/dev/null || :
}
as_before() { state | cmp -s "$TMP/before" -; }
nothing_stays() { soon as_before || { state | diff "$TMP/before" -; return 1; }; }
ENV
. "$TMP/.env"

# --- under load

test_ok 'nginx and redis answer thousands from outside, many at once, each as it should be' '
	outside
	web -m 256M --pids-limit 300 --cpus 1.5 >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	db $in_memory -m 256M --pids-limit 50 --cpus 1.5 >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon web_answers
	soon db_answers
	[ "$(users_of "nginx: worker")" = "$(uid_of www-data)" ]
	[ "$(users_of "redis-server")" = "$(uid_of redis)" ]
	# both at once
	client redis-benchmark -h 10.99.0.1 -t set,get -r 1000 -n 30000 -c 50 --csv >"$TMP/bench" 2>&1 & bench=$!
	ab_all 20000 -k -c 100 "http://10.99.0.1:8080/byte?kept"
	# nginx closes a connection with its thousandth answer
	[ "$(sed -n "s/^Keep-Alive requests: *//p" "$TMP/ab")" -ge 19980 ]
	ends 0 $bench
	client redis-benchmark -h 10.99.0.1 -t get -r 1000 -n 3000 -c 50 -k 0 --csv >>"$TMP/bench" 2>&1 & bench=$!
	ab_all 4000 -c 100 "http://10.99.0.1:8080/lines?closed"
	ends 0 $bench
	not grep -i error "$TMP/bench"
	# ab looks at lengths only
	client perl /usr/local/bin/compare 10.99.0.1:8080 16 20 byte lines large
	seq 5000 | sed "s/.*/SET key& \"value & of many\"/" | ask_redis >"$TMP/set"
	[ "$(sort "$TMP/set" | uniq -c | tr -d " ")" = 5000OK ]
	seq 5000 | sed "s/.*/GET key&/" | ask_redis >"$TMP/get"
	seq 5000 | sed "s/.*/value & of many/" | diff - "$TMP/get"
	# what each has logged has come out, and at the right end
	[ "$(grep -c "^10\.99\.0\.2 .*GET /byte?kept HTTP/1.0\" 200" "$TMP/web.out")" = 20000 ]
	[ "$(grep -c "^10\.99\.0\.2 .*GET /lines?closed HTTP/1.0\" 200" "$TMP/web.out")" = 4000 ]
	answers 8080 "GET /dir/ HTTP/1.0\r\n\r\n" "403 Forbidden"
	grep "directory index of \"/var/www/html/dir/\" is forbidden" "$TMP/web.err"
	not grep "directory index" "$TMP/web.out"
	grep "Ready to accept connections" "$TMP/db.out"
	ends 0 $web TERM
	ends 0 $db TERM
	grep "bye bye" "$TMP/db.out"
	nothing_stays
	refused 10.99.0.1 8080
	refused 10.99.0.1 6379
'

# An overlay cannot have other owners. The kept root can, and what is changed in it is not kept.
mkdir "$TMP/mine"
chown "$(uid_of redis)" "$TMP/mine"
if ! "$TMP/host" nestbox run --userns auto --idmap --ephemeral -v "$TMP/mine:/mnt" "$D_KEPT" true 2>"$TMP/said"; then
	test_skip 'and in user namespaces, too' "$(head -n 1 "$TMP/said")"
else
	test_ok 'and in user namespaces, too, where nobody is who they seem' '
		outside
		apart="exec nestbox run --cgroup-parent $G --network bridge --userns auto --idmap --ephemeral"
		($apart -m 256M --pids-limit 300 --name web -p 8080:80 "$D_KEPT" nginx -g "daemon off;") >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
		($apart -m 256M --pids-limit 50 --name db -p 6379:6379 -u redis -v "$TMP/mine:/var/lib/redis" -w /var/lib/redis "$D_KEPT" redis-server --protected-mode no) >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
		soon answers 8080 "GET / HTTP/1.0\r\n\r\n" "200 OK"
		soon db_answers
		for service in nginx:www-data redis-server:redis; do
			read -r inner outer count <"/proc/$(first_of ${service%:*})/uid_map"
			[ "$inner $count" = "0 65536" ]
			[ $outer != 0 ]
			grep "^Uid:[[:space:]]*$((outer + $(uid_of ${service#*:})))[[:space:]]" $(grep -l "^Name:[[:space:]]*${service%:*}\$" /proc/[0-9]*/status)
		done
		client redis-benchmark -h 10.99.0.1 -t set,get -r 1000 -n 10000 -c 50 --csv >"$TMP/bench" 2>&1
		not grep -i error "$TMP/bench"
		client perl /usr/local/bin/compare 10.99.0.1:8080 16 20 index.nginx-debian.html
		ends 0 $web TERM
		ends 0 $db TERM
		[ "$(stat -c %u "$TMP/mine/dump.rdb")" = "$(uid_of redis)" ]
		nothing_stays
	'
fi

# --- limits

# two hundred megabytes, under as many names as there are values
fill='redis-benchmark -h 10.99.0.1 -t set -d 100000 -r 100000000 -n 2000 -c 10 --csv'
export fill
[ -z "$(hier memory)" ] || test_ok 'redis with more in it than its memory is killed, with 137, and nobody else' '
	outside
	web -m 256M 2>"$TMP/web.err" >"$TMP/web.out" & web=$!
	soon web_answers
	master=$(first_of nginx)
	db $in_memory -m 48M --memory-swap 48M >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	not client $fill >"$TMP/bench" 2>&1
	ends 137 $db
	cat "$TMP/db.err"
	not grep -iE "bye|signal" "$TMP/db.out"
	web_answers
	[ "$master" = "$(first_of nginx)" ]
	refused 10.99.0.1 6379
	# the name and the port are free
	db $in_memory -m 48M >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	ends 0 $db TERM
	ends 0 $web TERM
	nothing_stays
'
[ -z "$(hier memory)" ] || test_ok '... which was the kernel, out of the group'\''s memory' '
	outside
	container db -p 6379:6379 -u redis $in_memory -m 48M --memory-swap 48M "$D" sh -c "
		redis-server --protected-mode no --save \"\" & wait \$!
		echo \"status \$?\"
		cat /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events 2>/dev/null" >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	not client $fill >"$TMP/bench" 2>&1
	# the shell lives on
	wait $db || :
	tail -n 20 "$TMP/db.out"
	grep -x "status 137" "$TMP/db.out"
	grep -x "oom_kill 1" "$TMP/db.out"
	nothing_stays
'
[ -z "$(hier memory)" ] || test_ok '... and with a maxmemory below its memory refuses, and lives' '
	outside
	container db -p 6379:6379 -u redis $in_memory -m 48M --memory-swap 48M "$D" redis-server --protected-mode no --save "" --maxmemory 24mb >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	not client $fill >"$TMP/bench" 2>&1
	cat "$TMP/bench"
	grep "OOM command not allowed" "$TMP/bench"
	[ "$(ask_redis dbsize)" -gt 100 ]
	for g in "$(group db memory)" "$(group db memory)/init"; do
		[ "$(count $g oom_kill memory.oom_control memory.events)" = 0 ]
	done
	ends 0 $db TERM
	nothing_stays
'
[ -z "$(hier cpu)" ] || test_ok 'nginx with a fifth of a processor gets that, whatever is asked of it' '
	outside
	start=$(milliseconds)
	web --cpus 0.2 >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	client ab -q -k -t 2 -n 1000000 -c 50 http://10.99.0.1:8080/lines >"$TMP/ab"
	grep -qE "^Failed requests: +0\$" "$TMP/ab"
	used=$(cpu_used web)
	wall=$(($(milliseconds) - start))
	throttled=$(count "$(group web cpu)/init" nr_throttled cpu.stat)
	echo "$used us in $wall ms, throttled $throttled times"
	[ "$throttled" -gt 2 ]
	# a period at either end, and what is used before the kernel looks
	[ $used -le $((wall * 200 + 60000)) ]
	ends 0 $web TERM
	# the control
	web >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	ab_all 5000 -k -c 50 http://10.99.0.1:8080/lines
	not grep "^nr_throttled [1-9]" "$(group web cpu)/init/cpu.stat"
	ends 0 $web TERM
	nothing_stays
'
[ -z "$(hier pids)" ] || test_ok 'nginx has as many workers as it may, says what it lacks, and serves' '
	outside
	web_with --pids-limit 8 "$D" nginx -c /etc/nginx/many.conf -g "daemon off;" >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	soon grep -q "fork() failed while spawning \"worker process\" (11: Resource temporarily unavailable)" "$TMP/web.err"
	[ "$(cat "$(group web pids)/pids.max")" = 8 ]
	soon holds 8 "$(group web pids)/init/pids.current"
	[ "$(count "$(group web pids)/init" max pids.events)" -gt 0 ]
	ab_all 2000 -k -c 50 http://10.99.0.1:8080/lines
	ends 0 $web TERM
	# the control
	web_with --pids-limit 40 "$D" nginx -c /etc/nginx/many.conf -g "daemon off;" >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	soon holds 33 "$(group web pids)/init/pids.current"
	not grep fork "$TMP/web.err"
	ends 0 $web TERM
	nothing_stays
'
[ -z "$(hier pids)" ] || test_ok 'redis cannot fork to save at a limit, that is set while it runs, and can above it' '
	outside
	db $in_memory --pids-limit 50 >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	g=$G/$(readlink /run/nestbox/names/db)
	nestbox cgexec -g "pids:$g" --pids "$(cat "$(hier pids)/$g/pids.current")"
	ask_redis set key value | grep -x OK
	ask_redis bgsave | grep -i "err"
	soon grep "save in background: fork: Resource temporarily unavailable" "$TMP/db.out"
	nestbox cgexec -g "pids:$g" --pids 50
	ask_redis bgsave | grep -x "Background saving started"
	soon grep "Background saving terminated with success" "$TMP/db.out"
	ends 0 $db TERM
	nothing_stays
'
test_ok 'nothing but what is named can be written to' '
	outside
	rc=0
	(container web -p 8080:80 "$D" nginx -g "daemon off;") 2>"$TMP/web.err" || rc=$?
	[ $rc = 1 ]
	grep "mkdir() \"/var/lib/nginx/body\" failed (30: Read-only file system)" "$TMP/web.err"
	web >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	master=$(first_of nginx)
	nestbox nsenter -t $master -m -- touch /run/x /var/lib/nginx/x
	for f in /x /var/www/html/byte /etc/nginx/nginx.conf /usr/sbin/nologin; do
		not nestbox nsenter -t $master -m -- touch $f 2>"$TMP/said"
		grep "Read-only file system" "$TMP/said"
	done
	ends 0 $web TERM
	nothing_stays
'

# --- the end

# transfer: somebody is being sent what fits no buffer, and takes it when $TMP/go
# is there; $TMP/got says then how much it was
# shellcheck disable=SC2016 # for the snippets to expand
cat >>"$TMP/.env" <<'ENV'
transfer()
{
	rm -f "$TMP/go" "$TMP/got"
	# without an end: nginx serves nobody who has hung up halfway
	[ -p "$TMP/request" ] || mkfifo "$TMP/request"
	exec 4<>"$TMP/request"
	printf 'GET /huge HTTP/1.0\r\n\r\n' >&4
	out_there nc 10.99.0.1 8080 <&4 4<&- | {
		dd bs=1 count=1 of="$TMP/first.up" 2>/dev/null
		soon test -e "$TMP/go"
		wc -c >"$TMP/got"
	} &
	transfer=$!
	wait_for "$TMP/first.up"
}
ENV
test_ok 'SIGQUIT is passed on: nginx takes no more, ends what it has begun, and then itself' '
	outside
	web_with "$D" nginx -g "daemon off; error_log /dev/stderr notice;" >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	transfer
	kill -QUIT $web
	soon grep "gracefully shutting down" "$TMP/web.err"
	soon refused 10.99.0.1 8080
	kill -0 $web
	: >"$TMP/go"
	ends 0 $web
	wait $transfer
	[ "$(cat "$TMP/got")" -gt 20000000 ]
	grep "signal 3 (SIGQUIT) received" "$TMP/web.err"
	nothing_stays
'
test_ok 'SIGTERM: it ends at once, with status 0 too' '
	outside
	web_with "$D" nginx -g "daemon off; error_log /dev/stderr notice;" >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	transfer
	ends 0 $web TERM
	: >"$TMP/go"
	wait $transfer
	[ "$(cat "$TMP/got")" -lt 20000000 ]
	grep "signal 15 (SIGTERM) received" "$TMP/web.err"
	nothing_stays
'
test_ok 'SIGTERM: redis saves what it has to its volume, where the next one finds it' '
	outside
	mkdir -m 700 "$TMP/data"
	chown "$(uid_of redis)" "$TMP/data"
	db -v "$TMP/data:/var/lib/redis" >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	seq 3000 | sed "s/.*/SET key& \"value &\"/" | ask_redis >"$TMP/set"
	[ -z "$(ls "$TMP/data")" ]
	ends 0 $db TERM
	grep "DB saved on disk" "$TMP/db.out"
	[ "$(stat -c %u "$TMP/data/dump.rdb")" = "$(uid_of redis)" ]
	nothing_stays
	db -v "$TMP/data:/var/lib/redis" >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	[ "$(ask_redis dbsize)" = 3000 ]
	seq 3000 | sed "s/.*/GET key&/" | ask_redis >"$TMP/get"
	seq 3000 | sed "s/.*/value &/" | diff - "$TMP/get"
	ends 0 $db INT
	# the control
	db $in_memory >"$TMP/db.out" 2>"$TMP/db.err" & db=$!
	soon db_answers
	[ "$(ask_redis dbsize)" = 0 ]
	ends 0 $db TERM
	nothing_stays
'
test_ok 'SIGKILL of run: the service is gone with it, and what it leaves, with the next start' '
	outside
	web >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	kill -9 $web; wait $web || :
	soon refused 10.99.0.1 8080
	not titled "nginx: "
	web >"$TMP/web.out" 2>"$TMP/web.err" & web=$!
	soon web_answers
	ends 0 $web TERM
	nothing_stays
'
test_ok 'no group is left' nothing_left
done_testing
