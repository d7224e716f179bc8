#!/bin/sh
# check: what it says is what the kernel says otherwise, and nothing of its attempts stays.
. "${0%/*}/lib.sh"
. "${0%/*}/check.sh"

# --- the form

test_ok 'a line for each thing: two words, an answer, and what there is to say' '
	asked nestbox check
	[ "$(wc -l <"$TMP/said")" -gt 60 ]
	sed "1d;\$d" "$TMP/said" | grep -vE "^[a-z]+ +[a-z0-9_-]+ +(yes|partly|no)( +[^ ].*)?\$" >"$TMP/odd" && { cat "$TMP/odd"; exit 1; }
	sed "1d;\$d" "$TMP/said" | awk "{ print \$1, \$2 }" | sort | uniq -d | grep . && exit 1
	all_have_knobs
	head -n 1 "$TMP/said" | grep -q "^as uid $(id -u), capabilities: [a-z]"
	head -n 1 "$TMP/said" | grep -qF ", on Linux $(uname -r) ($(uname -m))"
	tail -n 1 "$TMP/said" | grep -qE "^uid $(id -u) can start containers here; of [0-9]+ answers [0-9]+ are no, [0-9]+ partly\$"
'

test_ok 'the first line says for whom it was looked' '
	[ "$AS_ROOT" ] || nestbox check | head -n 1 | grep -qE "^as uid 0, capabilities: all( but [a-z_,]+)?, "
	$AS_USER "$NB" check | head -n 1 | grep -q "^as uid 1000, capabilities: none, "
	$AS_ROOT nestbox unshare -r -- nestbox setpriv --caps sys_admin,chown --exec -- nestbox check | head -n 1 | grep -q "^as uid 0, capabilities: chown,sys_admin, "
'

if test_need cmd:python3 '--json has the same'; then
	test_ok '--json has the same' '
		asked nestbox check
		nestbox check --json >"$TMP/json"
		python3 - "$TMP/json" <<-END >"$TMP/lines"
			import json, sys
			d = json.load(open(sys.argv[1]))
			assert d["uid"] == $(id -u) and d["can_start"] is True and d["release"] == "$(uname -r)"
			for c in d["checks"]:
			    assert sorted(c) == ["answer", "detail", "group", "item", "knob", "required"], c
			    knob = ("; knob: " if c["detail"] else "knob: ") + c["knob"] if c["knob"] else ""
			    print(" ".join([c["group"], c["item"], c["answer"], c["detail"] + knob]).rstrip())
			print(sum(c["required"] for c in d["checks"]), file=sys.stderr)
		END
		sed "1d;\$d" "$TMP/said" | sed "s/  */ /g" | diff - "$TMP/lines"
	'
fi
test_ok '--json is one object, whoever reads it' '
	nestbox check --json >"$TMP/json"
	[ "$(grep -c "^{\"group\":" "$TMP/json")" = "$(($(nestbox check | wc -l) - 2))" ]
	grep -q "^{\"group\":\"namespaces\",\"item\":\"mount\",\"answer\":\"yes\",\"required\":true,\"detail\":\"[^\"]*\",\"knob\":\"\"},\$" "$TMP/json"
	head -n 1 "$TMP/json" | grep -q "\"can_start\":true,"
	# of what cannot be had it says the same
	nestbox unshare -r -- sh -c "echo 0 >/proc/sys/user/max_uts_namespaces; exec nestbox check --json" >"$TMP/json" && exit 1
	head -n 1 "$TMP/json" | grep -q "\"can_start\":false,"
	grep -q "^{\"group\":\"namespaces\",\"item\":\"uts\",\"answer\":\"no\",.*\"knob\":\"/proc/sys/user/max_uts_namespaces is 0\"}" "$TMP/json"
'

if test_need cmd:script 'colours'; then
	test_ok 'colours on a terminal, and nowhere else' '
		esc=$(printf "\033")
		on() { env "$@" script -qec "nestbox check" "$TMP/screen" </dev/null >/dev/null 2>&1; grep -c "$esc" "$TMP/screen" || :; }
		[ "$(on TERM=xterm)" -gt 60 ]
		[ "$(on TERM=xterm NO_COLOR=)" -gt 60 ]
		for none in "TERM=xterm NO_COLOR=1" TERM=dumb TERM=; do [ "$(on $none)" = 0 ] || { echo "$none"; exit 1; }; done
		not grep -q "$esc" <<-END
			$(TERM=xterm nestbox check)
		END
	'
fi

test_fails 125 '^nestbox: check: namespaces: check takes no operand$' 'operands are refused' 'nestbox check namespaces'
test_fails 125 '^nestbox: check: standard output: write: ' 'an answer that nobody gets is a failure' 'nestbox check >/dev/full'

# --- the same by other means

test_ok 'namespaces: those that unshare makes' '
	asked nestbox check
	for pair in mount:-m pid:-p uts:-u ipc:-i net:-n cgroup:-C time:-T; do
		says namespaces "${pair%:*}" $AS_ROOT nestbox unshare "${pair#*:}" true
	done
	says namespaces user nestbox unshare -U true
	says namespaces user-capabilities nestbox unshare -r -- nestbox unshare -u true
	says namespaces user-nested nestbox unshare -r -- nestbox unshare -r true
	[ "$AS_ROOT" ] || [ "$(answer namespaces user-nested)" = no ] || why namespaces user-nested | grep -qE "[0-9]+ deep"
'

test_ok 'file systems: those that mount takes' '
	asked nestbox check
	for fs in tmpfs proc; do says filesystems $fs inside busybox mount -t $fs x /mnt; done
	says filesystems devpts inside busybox mount -t devpts x /mnt
	$AS_ROOT nestbox unshare -m -n -- busybox mount -t sysfs x /mnt 2>/dev/null && is yes filesystems sysfs
	says filesystems mqueue $AS_ROOT nestbox unshare -m -i -- busybox mount -t mqueue x /mnt
	layers="mount -t tmpfs x /mnt; cd /mnt; mkdir l u w; exec mount -t overlay -o lowerdir=l,upperdir=u,workdir=w x /mnt"
	says filesystems overlay inside busybox sh -c "$layers"
	says filesystems overlay-user nestbox unshare -r -m -- busybox sh -c "$layers"
	for fs in erofs squashfs ext4; do
		if [ "$(answer filesystems $fs)" = yes ]; then
			grep -qxE "(nodev)?	$fs" /proc/filesystems
			[ "$(id -u)" = 0 ]
		elif [ "$(id -u)" = 0 ]; then
			not grep -qxE "(nodev)?	$fs" /proc/filesystems
		else
			is no filesystems $fs "only root|CONFIG_"
		fi
	done
'

if test_need root 'an image from a file'; then
	image=$TMP/image
	mkdir "$TMP/empty"
	if command -v mkfs.erofs >/dev/null && mkfs.erofs "$image" "$TMP/empty" >/dev/null 2>&1; then
		test_ok 'an image that is mounted from its file, without a loop device' '
			case $(stat -f -c %T "$TMP") in tmpfs | ramfs) exit 0 ;; esac
			asked nestbox check
			says filesystems erofs-file inside nestbox setpriv -- mount -i -t erofs -o ro "$TMP/image" /mnt
		'
	fi
fi

test_ok 'calls: those that a kernel of this version has' '
	asked nestbox check
	version=$(uname -r | awk -F "[.-]" "{ print 1000 * \$1 + \$2 }")
	since() { if [ "$version" -ge "$1" ]; then is yes "$2" "$3"; else is no "$2" "$3" "knob: Linux "; fi; }
	since 5003 processes pidfd
	since 5006 processes openat2
	since 5009 processes close_range
	since 5012 mounts api
	since 6008 mounts statmount
	since 7000 mounts tree-namespace
'

test_ok 'devices: those that ip makes' '
	asked nestbox check
	in_net() { $AS_ROOT nestbox unshare -n -- busybox sh -ec "ip link add x0 type veth; $1"; }
	says network veth in_net true
	says network bridge in_net "ip link add x1 type bridge"
	says network macvlan in_net "ip link add link x0 name x1 type macvlan"
	says network ipvlan in_net "ip link add link x0 name x1 type ipvlan"
	says network loopback in_net "ip link set lo up"
	says network tun in_net "tunctl -t x1"
	forwards=$(cat /proc/sys/net/ipv4/ip_forward)$(cat /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null || echo 0)
	case $forwards in
	11) is yes network forwarding "IPv4 on, IPv6 on" ;;
	00) [ "$(answer network forwarding)" != yes ]; is "$(answer network forwarding)" network forwarding "IPv4 off, IPv6 (off|not there).*net.ipv4.ip_forward=1" ;;
	esac
	$AS_ROOT nestbox unshare -n -- sh -c "echo 1 >/proc/sys/net/ipv4/ip_forward; exec nestbox check" | grep -E "^network +forwarding +(yes|partly) +IPv4 on, "
'

test_ok 'what is allowed by nf_tables is what netns publishes with' '
	asked nestbox check
	says network nf_tables-nat $AS_ROOT nestbox unshare -n -- sh -c "nestbox netns up && nestbox netns bridge br0 10.9.8.1/24"
'

test_ok 'control groups: the version, and where each controller is' '
	asked nestbox check
	v1=$(grep -c " - cgroup " /proc/self/mountinfo) || v1=0
	v2=$(grep -c " - cgroup2 " /proc/self/mountinfo) || v2=0
	case $v1:$v2 in
	0:0) is no cgroups version "mount -t cgroup2"; exit 0 ;;
	0:*) is yes cgroups version "v2 at /" ;;
	*:0) is yes cgroups version "v1: " ;;
	*) is yes cgroups version "hybrid: v2 at /.*, and [0-9]+ hierarchies of v1" ;;
	esac
	for c in memory cpu cpuset pids hugetlb io; do
		name=$c
		[ $c != io ] || { grep -q "^[0-9]*:[^:]*blkio" /proc/self/cgroup && name=blkio; } || :
		if grep -qE "^[0-9]+:([^:]*,)?$name[,:]" /proc/self/cgroup; then
			why cgroups $c | grep -q " v1 at /" || { why cgroups $c; exit 1; }
		elif [ "$v2" != 0 ] && grep -qw $c "$(sed -n "s|^[0-9]* [0-9]* [^ ]* / \([^ ]*\) .* - cgroup2 .*|\1|p" /proc/self/mountinfo | head -n 1)/cgroup.controllers"; then
			why cgroups $c | grep -q " v2 at /" || { why cgroups $c; exit 1; }
		else
			is no cgroups $c
		fi
	done
'

if test_need groups 'groups that can be made'; then
	test_ok 'groups that can be made are made by cgexec' '
		asked nestbox check
		[ "$(id -u)" = 0 ] && where=:/nb-check-$$ || where="unified:$TEST_GROUP/check-$$"
		! grep -q " - cgroup2 " /proc/self/mountinfo || says cgroups delegation nestbox cgexec --create --rm -g "$where" true
	'
fi
if test_need root 'a user to whom no group was given'; then
	test_ok 'an ordinary user to whom no group was given is told by whom it would be' '
		asked $AS_USER "$NB" check
		is no cgroups delegation "knob: root gives /.* to uid 1000; with systemd: Delegate=yes"
		is partly cgroups pids "not for uid 1000; knob: the owner of"
		is no cgroups devices "knob: CAP_SYS_ADMIN"
		is no filesystems erofs "only root outside of any user namespace"
		is partly security capabilities "none outside"
	'
fi

test_ok 'capabilities, limits and ids' '
	asked nestbox check
	eff=0x$(sed -n "s/^CapEff:[[:space:]]*//p" /proc/self/status)
	if [ $((eff >> 24 & 1)) = 1 ]; then is yes security sys-resource; else is no security sys-resource "knob: CAP_SYS_RESOURCE"; fi
	if [ $((eff & 0xa80425fb)) = $((0xa80425fb)) ]; then is yes security capabilities; else is partly security capabilities; fi
	asked $AS_ROOT nestbox setpriv --caps default,-chown,-kill --exec -- nestbox check
	is partly security capabilities "these are missing: chown,kill"
	is no security sys-resource
	asked nestbox check
	for t in newuidmap newgidmap; do says ids $t command -v $t; done
	asked env PATH=/nowhere "$NB" check
	is no ids newuidmap "knob: .*newuidmap, setuid root"
'

if test_need root 'subordinate ids'; then
	test_ok 'subordinate ids: those of /etc/subuid' '
		printf "%s\n" "app:100000:65536" "app:300000:1000" >"$R/etc/subuid"
		printf "%s\n" "other:100000:65536" >"$R/etc/subgid"
		printf "app:x:1000:1000::/:/bin/sh\n" >"$R/etc/passwd"
		asked chroot "$R" /bin/nestbox setpriv --reuid 1000 --regid 1000 --clear-groups --exec -- /bin/nestbox check
		is yes ids subuid "66536 of them, from 100000 on"
		is no ids subgid "a line \"app:100000:65536\" in /etc/subgid"
		asked chroot "$R" /bin/nestbox check
		is yes ids subgid "root needs none"
	'
fi

# what the kernel says itself of how it was built
if zcat /proc/config.gz >"$TMP/config" 2>/dev/null; then
	test_ok 'the options that are named stand in the configuration as it is said of them' '
		asked nestbox check
		{
			sed -n "s/.* knob: .*(not set in \/proc\/config.gz: \(.*\))\$/\1/p" "$TMP/said" | tr " " "\n"
			sed -n "s/.* knob: .*\(CONFIG_[A-Z0-9_]*\).* (not set in \/proc\/config.gz)\$/\1/p" "$TMP/said"
		} >"$TMP/unset"
		while read -r option; do not grep "^$option=" "$TMP/config"; done <"$TMP/unset"
		sed -n "s/.* knob: \(CONFIG_[A-Z0-9_]*\) (set in \/proc\/config.gz)\$/\1/p" "$TMP/said" >"$TMP/set"
		while read -r option; do grep "^$option=y" "$TMP/config"; done <"$TMP/set"
		# no option is named of which nothing is said
		grep "knob: CONFIG" "$TMP/said" | grep -vE "\((not set in|a module by|set in) /proc/config.gz" && exit 1
		# and the other way round
		for pair in LANDLOCK:landlock SECCOMP_FILTER:seccomp; do
			case ${pair#*:} in landlock) option=CONFIG_SECURITY_LANDLOCK ;; *) option=CONFIG_${pair%:*} ;; esac
			grep -q "^$option=y" "$TMP/config" || is no security "${pair#*:}" "$option"
		done
	'
fi
test_ok 'a configuration that lies beside the kernel does as well' '
	mkdir -p "$R/boot"
	printf "%s\n" "# CONFIG_TUN is not set" CONFIG_BLK_DEV_LOOP=m CONFIG_TUN_MORE=y >"$R/boot/config-$(uname -r)"
	asked $AS_ROOT nestbox unshare -m -- nestbox pivot "$R" -- nestbox check
	is no network tun "mknod .* or CONFIG_TUN \(not set in /boot/config-[^:]*\)"
	is no filesystems loop "CONFIG_BLK_DEV_LOOP \(a module by /boot/config-[^:]*\)"
	rm -r "$R/boot"
	asked $AS_ROOT nestbox unshare -m -- nestbox pivot "$R" -- nestbox check
	is no filesystems loop "CONFIG_BLK_DEV_LOOP\$"
'

# --- and nothing of it stays

test_ok 'the machine is as before' '
	look()
	{
		cat /proc/self/mountinfo
		[ ! -e /proc/modules ] || cut -d " " -f 1 /proc/modules
		ls /sys/class/net /sys/block
		find /sys/fs/cgroup -maxdepth 2 -type d | grep -E "check" || :
		cat /proc/sys/net/ipv4/ip_forward /proc/sys/user/max_*_namespaces
		ls /dev | grep loop || :
	}
	look >"$TMP/before"
	nestbox check >/dev/null
	look | diff "$TMP/before" -
	# nor does a process of it outlive it: of those that hold this open none is left
	mkfifo "$TMP/held"
	(nestbox check >/dev/null 9>"$TMP/held") &
	cat "$TMP/held"
	wait
'

test_ok 'a module that is not loaded is not loaded by asking' '
	asked nestbox check
	missing=
	for fs in ext4 squashfs erofs; do
		grep -qE "	$fs\$" /proc/filesystems || missing="filesystems $fs"
	done
	[ "$(answer network ipvlan)" = yes ] || missing="network ipvlan"
	[ "$missing" ] || exit 0
	name=${missing#* }
	mkdir -p "$R/lib/modules/$(uname -r)"
	echo "kernel/x/$name.ko.xz: kernel/x/other.ko.xz" >"$R/lib/modules/$(uname -r)/modules.dep"
	asked $AS_ROOT nestbox unshare -m -- nestbox pivot -v /proc:/proc "$R" -- nestbox check
	is partly $missing "not tried: its module is there and not loaded.*; knob: modprobe $name"
	# a list of others says nothing about it
	echo "kernel/x/$name-more.ko.xz: kernel/x/$name.ko.xz" >"$R/lib/modules/$(uname -r)/modules.dep"
	asked $AS_ROOT nestbox unshare -m -- nestbox pivot -v /proc:/proc "$R" -- nestbox check
	is no $missing
'


done_testing
