#!/bin/sh
# The filter of system calls: what the kernel answers to one that is behind it.
. "${0%/*}/lib.sh"
need namespaces
own_run

[ -x "$NB_DIR/rawcall" ] || { echo '1..0 # SKIP no rawcall beside nestbox'; exit 0; }
"$TESTS/../scripts/rootfs" "$TMP/root"
cp "$NB_DIR/rawcall" "$TMP/root/bin/"
R=$TMP/root
export R
cat >>"$TMP/.env" <<'ENV'
# behind OPTIONS -- COMMAND: as root, or as an ordinary user who gives up privileges
behind() {
	if [ "$AS_ROOT" ]; then nestbox setpriv --nnp "$@"; else nestbox setpriv "$@"; fi
}
# is OUTPUT EXPECTED
is() { [ "$1" = "$2" ] || { echo "is: $1, expected: $2"; return 1; }; }
filters() { sed -n "s/^Seccomp:[[:space:]]*//p" /proc/self/status; }
ENV

test_ok 'without --seccomp no filter is loaded, and with unconfined none' '
	is "$(filters)" "$(nestbox setpriv -- sed -n "s/^Seccomp:[[:space:]]*//p" /proc/self/status)"
	is "$(filters)" "$(nestbox setpriv --seccomp unconfined -- sed -n "s/^Seccomp:[[:space:]]*//p" /proc/self/status)"
'
test_ok 'default is a filter' '
	is "$(behind --seccomp default -- sed -n "s/^Seccomp:[[:space:]]*//p" /proc/self/status)" 2
'
test_ok '  with no_new_privs set by the caller, too' '
	nestbox setpriv --nnp -- nestbox setpriv --seccomp default -- grep -q "^Seccomp:.2" /proc/self/status
'
test_fails 1 'load the filter: Permission denied' 'who has neither no_new_privs nor CAP_SYS_ADMIN cannot load one' '
	$AS_USER nestbox setpriv --seccomp default -- true
'
test_fails 1 'hint: that takes --no-new-privs, or CAP_SYS_ADMIN' '  and is told so' '
	$AS_USER nestbox setpriv --seccomp default -- true
'
test_fails 1 '--seccomp: wants default, unconfined or a profile' 'no word is an error, before anything is changed' '
	nestbox setpriv --seccomp "" -- touch $TMP/ran
'
test_ok '  and has run nothing' '[ ! -e $TMP/ran ]'
test_ok 'root loads it while it still has the capability, and has what --caps says in the end' '
	$AS_ROOT nestbox setpriv --caps chown --seccomp default -w / -- sh -c "
		grep -q ^Seccomp:.2 /proc/self/status
		grep -q ^NoNewPrivs:.0 /proc/self/status
		grep -q ^CapEff:.0000000000000001 /proc/self/status"
'
test_ok '  and with no_new_privs after that' '
	$AS_ROOT nestbox setpriv --caps chown --nnp --seccomp default -- sh -c "
		grep -q ^Seccomp:.2 /proc/self/status
		grep -q ^NoNewPrivs:.1 /proc/self/status
		grep -q ^CapBnd:.0000000000000001 /proc/self/status"
'
if test_need root 'the final user may be an ordinary one'; then
	test_ok 'the final user may be an ordinary one' '
		nestbox setpriv -u 1000:1000 --caps default --seccomp default -- sh -c "is=\$(id -u) && [ \$is = 1000 ] && grep -q ^Seccomp:.2 /proc/self/status"
	'
fi

#
# Profiles of one's own
#
cat >"$TMP/deny.json" <<'JSON'
{
	"defaultAction": "SCMP_ACT_ALLOW",
	"architectures": [ "SCMP_ARCH_X86", "SCMP_ARCH_X32" ],
	"syscalls": [
		{ "names": [ "sync" ], "action": "SCMP_ACT_ERRNO", "errnoRet": 77 },
		{ "name": "umask", "action": "SCMP_ACT_ERRNO", "errnoRet": 78, "comment": "in  \"octal\" ",
		  "args": [ { "index": 0, "value": 63, "op": "SCMP_CMP_EQ" } ] },
		{ "name": "chroot", "action": "SCMP_ACT_ERRNO", "errnoRet": 79, "excludes": { "caps": [ "CAP_SYS_CHROOT" ] } }
	]
}
JSON
sed 's/"sync"/"sync", 5/' "$TMP/deny.json" >"$TMP/bad.json"
if [ "$(uname -m)" = x86_64 ]; then
	cat >>"$TMP/.env" <<-'ENV'
	# asks PROFILE NUMBER [ARGUMENT...]
	asks() { profile=$1; shift; behind --seccomp "$profile" -- rawcall "$@"; }
	ENV
	test_ok 'a profile from a file' '
		is "$(asks $TMP/deny.json 162)" 77
		is "$(asks $TMP/deny.json 95 63)" 78
		is "$(asks $TMP/deny.json 95 18)" 0
		is "$(asks $TMP/deny.json x32 162)" 77
	'
	test_ok 'or said as it is' '
		is "$(asks "$(cat $TMP/deny.json)" 162)" 77
	'
	test_ok 'its conditions are decided by the capabilities in the end' '
		is "$($AS_ROOT nestbox setpriv --caps chown --seccomp $TMP/deny.json -- rawcall 161 0)" 79
		is "$($AS_ROOT nestbox setpriv --caps sys_chroot --seccomp $TMP/deny.json -- rawcall 161 0)" 14
	'
fi
test_fails 1 'bad.json: syscalls\[0\].names: wants a list of texts' 'what is wrong with a profile is said before anything is changed' '
	nestbox setpriv --seccomp $TMP/bad.json -- touch $TMP/ran
'
test_fails 1 'nowhere.json: read the profile: No such file' 'no such file' '
	nestbox setpriv --seccomp $TMP/nowhere.json -- touch $TMP/ran
'
test_fails 1 '--seccomp: line 1: ' 'what begins like a profile is one' '
	nestbox setpriv --seccomp "{\"defaultAction" -- touch $TMP/ran
'
test_ok '  and has run nothing' '[ ! -e $TMP/ran ]'

#
# run
#
cat >>"$TMP/.env" <<'ENV'
run() { $AS_ROOT nestbox run "$@"; }
status() { sed -n "s/^$1:[[:space:]]*//p"; }
ENV
test_ok 'run loads the default' '
	is "$(run $R cat /proc/self/status | status Seccomp)" 2
	is "$(run --security-opt seccomp=builtin $R cat /proc/self/status | status Seccomp)" 2
	is "$(run --security-opt seccomp=unconfined --security-opt seccomp=builtin $R cat /proc/self/status | status Seccomp)" 2
	is "$(run $R cat /proc/self/status | status NoNewPrivs)" 0
'
test_ok '  unless told otherwise' '
	is "$(run --security-opt seccomp=unconfined $R cat /proc/self/status | status Seccomp)" "$(filters)"
	is "$(run --security-opt seccomp:unconfined $R cat /proc/self/status | status Seccomp)" "$(filters)"
'
if test_need root '  or privileged'; then
	test_ok '  or privileged' '
		is "$(run --privileged $R cat /proc/self/status | status Seccomp)" "$(filters)"
		is "$(run --privileged --security-opt seccomp=builtin $R cat /proc/self/status | status Seccomp)" 2
	'
fi
test_ok 'inside, root mounts nothing and makes no namespaces' '
	run $R sh -c "! mount -t tmpfs none /tmp 2>/dev/null"
	run --cap-add SYS_ADMIN $R mount -t tmpfs none /tmp
'
test_ok 'no-new-privileges' '
	for opt in no-new-privileges no-new-privileges=true no-new-privileges:true; do
		is "$(run --security-opt $opt $R cat /proc/self/status | status NoNewPrivs)" 1
	done
	is "$(run --security-opt no-new-privileges --security-opt no-new-privileges=false $R cat /proc/self/status | status NoNewPrivs)" 0
	is "$(run --security-opt no-new-privileges $R cat /proc/self/status | status Seccomp)" 2
'
test_ok 'systempaths=unconfined masks nothing and makes nothing read-only' '
	is "$(run --security-opt systempaths=unconfined $R grep -cE " /proc/[^ ]+ " /proc/self/mountinfo || :)" 0
	[ "$(run $R grep -cE " /proc/[^ ]+ " /proc/self/mountinfo)" -gt 3 ]
	# /sys itself stays read-only
	run --security-opt systempaths=unconfined $R grep -qE " /sys ro," /proc/self/mountinfo
'
test_ok 'run takes a profile from a file of the host, and has its text in the plan' '
	cp $TMP/deny.json $TMP/own.json
	is "$(run --security-opt seccomp=$TMP/own.json $R cat /proc/self/status | status Seccomp)" 2
	run --dry-run --security-opt seccomp=$TMP/own.json $R cat /proc/self/status >$TMP/line
	rm $TMP/own.json
	grep -q "\"comment\":\"in  ..octal.. \"" $TMP/line
	is "$(wc -l <$TMP/line)" 1
	is "$(sh -c "$AS_ROOT $(cat $TMP/line)" | status Seccomp)" 2
'
test_fails 125 'own.json: read the profile: No such file' 'bad input: a profile that is not there' '
	run --security-opt seccomp=$TMP/own.json $R touch /ran
'
test_fails 125 'bad.json: syscalls' 'bad input: a profile with a mistake' '
	run --security-opt seccomp=$TMP/bad.json $R touch /ran
'
for pair in \
	'apparmor=unconfined:no AppArmor profile can be set' \
	'label=disable:no SELinux label can be set' \
	'seccomp=:seccomp= wants builtin' \
	'no-new-privileges=yes:wants true or false' \
	'systempaths=open:systempaths= wants unconfined' \
	'seccompx=unconfined:--security-opt wants seccomp=' \
	':--security-opt wants seccomp='; do
	test_fails 125 "${pair#*:}" "bad input: --security-opt ${pair%%:*}" "run --security-opt '${pair%%:*}' \$R touch /ran"
done
test_ok '  and has run nothing' '[ ! -e $R/ran ]'
test_ok 'the plan has a line for it' '
	run --dry-run $R true | grep -q " --seccomp default "
	! run --dry-run --security-opt seccomp=unconfined $R true | grep -q seccomp
'
if [ "$(uname -m)" = x86_64 ]; then
	test_ok 'inside: no keyrings, no AF_ALG, clone3 with ENOSYS' '
		is "$(run $R rawcall 250 0 0 0)" 1
		is "$(run $R rawcall 41 38 5 0)" 1
		is "$(run $R rawcall 435 0 0)" 38
		is "$(run --security-opt seccomp=unconfined $R rawcall 435 0 0)" 22
	'
fi

#
# Call by call, on the machine whose numbers these are.
#
if [ "$(uname -m)" = x86_64 ]; then
	cat >>"$TMP/.env" <<-'ENV'
	# answers CAPS [ABI] NUMBER [ARGUMENT...] ERRNO: behind the filter for these capabilities
	answers() {
		caps=$1
		shift
		line=$*
		set -- $line
		for want; do :; done
		got=$($AS_ROOT nestbox setpriv --caps "$caps" --seccomp default -- rawcall ${line% *})
		[ "$got" = "$want" ] || { echo "$line: $got"; return 1; }
	}
	# free NUMBER [ARGUMENT...] ERRNO: without a filter of ours
	free() {
		line=$*
		set -- $line
		for want; do :; done
		got=$($AS_ROOT rawcall ${line% *})
		[ "$got" = "$want" ] || { echo "$line: $got"; return 1; }
	}
	ENV
	# the controls: what there is to be refused at all (22 EINVAL, 14 EFAULT, 9 EBADF)
	test_ok 'new namespaces are refused, by unshare and by clone' '
		answers default 272 0 1
		answers default 56 0x10000000 1
		answers default 308 -1 0 1
		free 272 0 0
		free 308 -1 0 9
	'
	test_ok 'clone3 is answered with ENOSYS, so that libc takes clone' '
		answers default 435 0 0 38
		free 435 0 0 22
	'
	test_ok 'mounts are refused, by the old and by the new calls' '
		for nr in 165 166 428 429 430 431 432 433 442 155; do
			answers default $nr 0 0 0 0 0 1
		done
		free 428 -1 0 0 14
	'
	test_ok 'keyrings, bpf, io_uring, userfaultfd, kexec, swap, quotas and more are refused' '
		for nr in 248 249 250 321 425 426 427 323 246 320 167 168 179 298 256 279 175 313 212 172; do
			answers default $nr 0 0 0 0 0 1
		done
	'
	test_ok 'sockets of AF_ALG and AF_VSOCK are refused, others are not' '
		answers default 41 38 5 0 1
		answers default 41 40 1 0 1
		answers default 41 1 1 0 0
		answers default 41 2 1 0 0
	'
	test_ok 'personality is what docker allows' '
		answers default 135 0xffffffff 0
		answers default 135 0x0040000 1
		answers default 135 8 0
		free 135 0x0040000 0
	'
	test_ok 'what is newer than the profile is not there' '
		answers default 467 -1 0 0 0 0 38
		answers default 1000 38
	'
	test_ok 'a capability brings its calls' '
		answers default 161 0 14
		answers chown 161 0 1
		answers default,+sys_admin 272 0 0
		answers default,+sys_admin 435 0 0 22
		answers default,+sys_admin 425 0 0 1
		answers default 227 0 0 1
		answers default,+sys_time 227 0 0 14
	'
	if rawcall is i386; then
		test_ok 'int 0x80 is no way round it' '
			answers default i386 310 0 1
			answers default i386 21 0 0 0 0 0 1
			answers default i386 435 0 0 38
			answers default i386 359 38 5 0 1
			answers default i386 20 0
			free i386 310 0 0
		'
	else
		test_skip 'int 0x80 is no way round it' 'no i386 here'
	fi
	test_ok 'nor is the x32 bit' '
		case "$($AS_ROOT nestbox setpriv --caps default --seccomp default -- rawcall x32 272 0)" in
		1) ;;
		*) false ;;
		esac
	'
else
	test_skip 'call by call' 'the numbers are those of x86_64'
fi

done_testing
