# shellcheck shell=sh
# terminal.sh: a bash on a terminal that a test types into, to be sourced by .env
# after lib.sh; needs bash and script(1).
#
#	terminal		open one
#	types LINE...		type lines; prints what they show
#	keys FORMAT [ARG]...	type what printf makes of it, and wait for nothing
#	hangs_up		close it; $term_pid is the script(1) that holds it

# A terminal with a bash on it. What is typed goes in by 9, what is shown comes
# out by 8, and a copy of that is in $TMP/screen.
terminal()
{
	# a screen with nothing on it but what commands print
	mkdir -p "$TMP/home"
	echo 'PS1=; set +o emacs +o vi' >"$TMP/home/.bashrc"
	rm -f "$TMP/typed" "$TMP/shown"
	mkfifo "$TMP/typed" "$TMP/shown"
	# sh starts a command with & deaf to Ctrl-C
	TERM=dumb HOME=$TMP/home SHELL=/bin/bash "$NB" setpriv --reset-signals --exec -- \
		script -qefc bash "$TMP/screen" <"$TMP/typed" >"$TMP/shown" 2>&1 &
	term_pid=$!
	exec 9>"$TMP/typed" 8<"$TMP/shown"
	trap 'kill -9 $term_pid; cat "$TMP/screen" >&2; echo >&2' EXIT
	# wide, as ps cuts its lines, and draws us far to the right below make and prove
	types 'stty -echo rows 50 cols 400' >/dev/null
}

# Type lines into it; prints what they show until the shell takes the next one.
types()
{
	for term_line in "$@"; do
		keys '%s\necho =ok=\n' "$term_line"
		term_shown=
		while IFS= read -r term_row <&8; do
			case $term_row in
			*'echo =ok='*) ;; # busybox's shell shows itself what is typed
			*=ok=*) break ;;
			*) term_shown="$term_shown$term_row
" ;;
			esac
		done
		printf '%s' "$term_shown" | plain | grep -vxF -e "$term_line" || :
	done
}
# shellcheck disable=SC2059 # a format, as the name says
keys() { printf "$@" >&9; }

# without carriage returns, colours and other orders to a terminal, and prompts of shells that have no bashrc
plain() { sed -E "s/$(printf '\r')//g; s/$(printf '\033')\\[[0-9;]*[a-zA-Z]//g; s|^((/ )?[#\$] )+||"; }

# Close the window: whatever shells are in it get SIGHUP.
hangs_up()
{
	trap - EXIT
	kill -9 $term_pid
	wait $term_pid || :
}
