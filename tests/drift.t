#!/bin/sh
# One table a command: --help, --complete, the manual page and bash completion
# say the same; and what every applet answers alike.
. "${0%/*}/lib.sh"

cat >>"$TMP/.env" <<'EOF'
# Each prints options, one a line, sorted: "-m", "--name", "--name=" where a value
# must follow, "--name[=" where one can; completion does not know the last.
complete_options() { nestbox --complete "$@" | grep '^-' | sort; }
without_optional() { sed 's/\[=$//' | sort; }

help_options()
{
	nestbox "$@" --help | awk '
		/^Options:$/ { on = 1; next }
		on && !/^ / { exit }
		on && !/^  (-., |    )--/ && match($0, /\(also --[a-z0-9-]+/) { print "--" substr($0, RSTART + 8, RLENGTH - 8) value }
		!on || !/^  (-., |    )--/ { next }
		{
			line = $0
			if (line ~ /^  -/)
				print substr(line, 3, 2)
			sub(/^ *(-., )?--/, "", line)
			name = line
			sub(/[^a-z0-9-].*/, "", name)
			rest = substr(line, length(name) + 1)
			value = rest ~ /^ [^ ]/ ? "=" : rest ~ /^\[=/ ? "[=" : ""
			print "--" name value
			if (match(rest, /\(also --[a-z0-9-]+\)$/))
				print substr(rest, RSTART + 6, RLENGTH - 7) value
		}' | sort
}

# Of the page, what stands in OPTIONS: its common part, and below ".Ss VERB" what is the verb's.
# An item is ".It Fl m , Fl -memory Ar SIZE"; "Ns Op = Ns Ar" makes the value optional.
page_options()
{
	page_verb=${2-}
	# some verbs have a page of their own
	set -- "$TESTS/../applets/nestbox-$1.1" "$TESTS/../applets/nestbox-$1"-*.1
	[ -e "$2" ] || set -- "$1"
	awk -v verb="$page_verb" '
		/^\.Sh/ { on = $2 == "OPTIONS"; next }
		/^\.Ss/ && on { part = $0 " " }
		!on || !/^\.It Fl / || (part && !index(part, " " verb " ")) { next }
		{
			value = / Fl -[a-z0-9-]+ Ns Op = Ns / ? "[=" : / Ar / ? "=" : ""
			for (i = 2; i < NF; i++)
				if ($i == "Fl")
					print $(i + 1) ~ /^-/ ? "-" $(i + 1) value : "-" $(i + 1)
		}' "$@" | sort
}

same()
{
	printf '%s\n' "$1" >"$TMP/one"
	printf '%s\n' "$2" >"$TMP/other"
	diff "$TMP/one" "$TMP/other"
}

# Every applet, and every applet with a verb, one a line.
commands()
{
	for a in $(nestbox --list); do
		echo "$a"
		nestbox --complete "$a" | grep -v '^-' | sed "s/^/$a /"
	done
}
EOF
. "$TMP/.env"

failure_of()
{
	case $1 in
	idmap | lsns | netns | newgidmap | newuidmap | nsenter | pivot_root | setpriv | switch_root | unshare) echo 1 ;;
	*) echo 125 ;;
	esac
}

mkdir "$TMP/bin"
ln -s "$NB" "$TMP/bin/nestbox"
nestbox --install -s "$TMP/bin"

commands >"$TMP/commands"
test_ok 'there are applets, verbs, and options to compare' '
	test "$(wc -l <"$TMP/commands")" -gt 9
	grep -qx "netns new" "$TMP/commands"
	complete_options unshare | grep -qx -- --hostname=
	help_options run | grep -qx -- --pids-limit=
	page_options pivot | grep -qx -- --bind=
	page_options unshare | grep -qxF -- "--mount[="
'

while read -r a verb; do
	set -- "$a" ${verb:+"$verb"}
	test_ok "$* --help lists the options that --complete lists" "
		same \"\$(help_options $* | without_optional)\" \"\$(complete_options $*)\"
		nestbox $* --help | grep -q '^Usage: nestbox $*'
		nestbox $* --help | grep -q 'man nestbox-$a\$'
	"
	test_ok "$*: the manual page has the same options" "
		same \"\$(page_options $*)\" \"\$(help_options $*)\"
	"
	if test_need cmd:bash "$*: bash completion"; then
		test_ok "$*: bash completion offers them" "
			same \"\$(bash -c '
				. \"\$TESTS/../scripts/nestbox.bash\"
				COMP_WORDS=(nestbox \"\$@\" -) COMP_CWORD=\$((\$# + 1))
				_nestbox
				printf \"%s\\n\" \"\${COMPREPLY[@]}\"' - $* | sort)\" \"\$(complete_options $*)\"
		"
	fi
	test_ok "$* --version and -V" "
		nestbox $* --version | grep -Eqx 'nestbox [0-9]+\.[0-9]+\.[0-9]+'
		same \"\$(nestbox $* --version)\" \"\$(nestbox $* -V)\"
	"
	# netns and idmap want their verb first
	nestbox --complete "$@" | grep -q '^[^-]' && continue
	test_fails "$(failure_of "$a")" "^nestbox: $a: --no-such: unknown option\$" "$*: an unknown option" "nestbox $* --no-such"
	[ -L "$TMP/bin/$a" ] || continue
	test_fails "$(failure_of "$a")" "^$a: --no-such: unknown option\$" "$*, called through a link, says its own name" "$TMP/bin/$* --no-such"
	test_ok "$* --help through a link" "$TMP/bin/$* --help | grep -q '^Usage: $*'"
done <"$TMP/commands"

test_fails 1 '^nestbox: netns: --no-such: unknown option$' 'netns without a verb takes the options of list' 'nestbox netns --no-such'
test_fails 1 '^nestbox: netns: no-such: no such word for netns$' 'netns with an unknown verb' 'nestbox netns no-such'
test_fails 125 '^nestbox: no-such: no such applet$' 'an unknown applet' 'nestbox no-such'
test_fails 125 '^nestbox: --no-such: ' 'an unknown option of nestbox itself' 'nestbox --no-such'
test_fails 1 '^nestbox: hint: nestbox unshare --help lists the options$' 'a hint where to read on' 'nestbox unshare --no-such'
test_fails 1 '^nestbox: unshare: --hostname: wants a value: NAME$' 'a value that is missing' 'nestbox unshare --hostname'
test_fails 1 '^nestbox: unshare: --fork=x: --fork takes no value$' 'a value that is too much' 'nestbox unshare --fork=x'
test_fails 1 '^nestbox: unshare: --m: ambiguous option$' 'an ambiguous abbreviation' 'nestbox unshare --m'
test_fails 127 '^nestbox: unshare: no-such-program: not found in PATH: ' 'a command that is not found: 127' '
	PATH=${NB%/*}:/usr/bin:/bin nestbox unshare no-such-program
'
test_fails 126 '^nestbox: unshare: /etc: cannot execute: Permission denied$' 'a command that is none: 126' 'nestbox unshare -- /etc'
test_fails 1 '^nestbox: unshare: \\x1b\[31m: no such applet|^nestbox: unshare: --\\x1b\[31m: unknown option$' \
	'what could steer a terminal is made visible' 'nestbox unshare "$(printf "%b" "--\033[31m")"'

test_ok '--list names the applets, and --list links those that --install links' '
	same "$(nestbox --list)" "$(nestbox --list | sort)"
	same "$(nestbox --list links)" "$(ls "$TMP/bin" | grep -vx nestbox)"
	nestbox --list | grep -qx run
	nestbox --list links >"$TMP/links"
	not grep -qx run "$TMP/links"
'
test_ok 'nestbox --help lists every applet and every option of its own' '
	for a in $(nestbox --list); do
		nestbox --help | grep -q "^  $a  *[a-z]"
	done
	for o in $(nestbox --complete | grep "^--"); do
		nestbox --help | grep -q -e "$o" || [ "$o" = --help ]
		grep -q "^\.It Fl ${o#-}" "$TESTS/../applets/nestbox.1"
	done
'
test_ok 'the manual page nestbox(1) names every applet, and each has its page' '
	for a in $(nestbox --list); do
		grep -qx ".It Xr nestbox-$a 1" "$TESTS/../applets/nestbox.1"
		grep -qx ".Nm nestbox-$a" "$TESTS/../applets/nestbox-$a.1"
	done
'
if test_need cmd:bash 'bash completion of chains and values'; then
	test_ok 'bash completion: applets, verbs, chains, values and files' '
		cat >"$TMP/complete" <<-"EOF"
			. "$TESTS/../scripts/nestbox.bash"
			offers()
			{
				local want=$1
				shift
				COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
				_nestbox
				[[ "${COMPREPLY[*]}" == $want ]] && return
				echo "$*: ${COMPREPLY[*]}, not $want"
				exit 1
			}
			cd "$TESTS/.."
			offers unshare nestbox uns
			offers unshare nestbox netns new -- nestbox uns
			offers "add addr*" nestbox netns ""
			offers --propagation= nestbox unshare -m --prop
			offers --prepare nestbox unshare -m nestbox pivot --pre
			offers Makefile nestbox unshare -m -- Makef
			offers Makefile nestbox pivot --mask Makef
			offers Makefile nestbox pivot --mask = Makef
			offers Makefile nestbox cgexec -m Makef
			offers --rm nestbox cgexec -m 64M --rm
			offers --rm nestbox cgexec -g memory : x --rm
			offers "" nestbox pivot rootfs --r
			offers nestbox nestbox pivot rootfs -- nestb
			offers --mount-proc unshare --mount-p
		EOF
		bash "$TMP/complete"
	'
	test_ok 'bash completion takes only links to nestbox' '
		PATH=$TMP/bin:$PATH bash -c ". \"\$TESTS/../scripts/nestbox.bash\"; complete -p unshare"
		not bash -c ". \"\$TESTS/../scripts/nestbox.bash\"; complete -p unshare"
	'
fi
done_testing
