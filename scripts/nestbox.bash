# bash completion for nestbox, and for those of its links that are found in PATH.
# All words come from "nestbox --complete [APPLET [VERB]]".
# shellcheck shell=bash

# Does the option $1 take the word behind it? In the list $2 such a long name
# ends in "="; a letter stands right before its long name.
_nestbox_wants_value()
{
	local line letter=

	while IFS= read -r line; do
		if [[ $1 == --* ]]; then
			[[ $line == "$1=" ]] && return 0
		elif [[ $line == -? ]]; then
			letter=$line
		else
			[[ $letter == "$1" && $line == *= ]] && return 0
			letter=
		fi
	done <<<"$2"
	return 1
}

# Walk over the words before the cursor. Sets: state (applet, verb, options,
# value or program), and words, what can stand there.
_nestbox_walk()
{
	local i word applet=

	state=applet words=$("$bin" --complete 2>/dev/null)
	[[ ${COMP_WORDS[0]##*/} == nestbox ]] || _nestbox_applet "${COMP_WORDS[0]##*/}"
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		# bash cuts "--name=a:b" at the "=" and the ":"
		if [[ $word == nestbox && $state != @(applet|value) ]]; then
			state=applet words=$("$bin" --complete 2>/dev/null | grep -v '^-')
		elif [[ $state == program || ($state == options && $word == --) ]]; then
			state=program
		elif [[ $word == [=:] ]]; then
			state=value
		elif [[ $state == value ]]; then
			state=options
		elif [[ $state == applet ]]; then
			_nestbox_applet "$word"
		elif [[ $word == -* ]]; then
			! _nestbox_wants_value "$word" "$words" || state=value
		elif [[ $state == verb ]]; then
			state=options words=$("$bin" --complete "$applet" "$word" 2>/dev/null)
		else
			state=program
		fi
	done
}

_nestbox_applet()
{
	applet=$1 state=options
	words=$("$bin" --complete "$1" 2>/dev/null) || state=program
	! grep -q '^[^-]' <<<"$words" || state=verb
}

_nestbox_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(
		[[ -z $cur ]] || compgen -W nestbox -- "$cur"
		compgen -f -- "$cur"
	)
}

_nestbox()
{
	local cur=${COMP_WORDS[COMP_CWORD]} state words bin=nestbox

	COMPREPLY=()
	# the very one that is to be run, where it was called by a path
	[[ ${COMP_WORDS[0]} != */nestbox ]] || bin=${COMP_WORDS[0]/#\~\//~/}
	_nestbox_walk
	if [[ $cur == '=' ]]; then
		cur=
		_nestbox_files
	elif [[ $state == value || $state == program || ($state == options && $cur != -*) ]]; then
		_nestbox_files
	else
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
		[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	fi
}

complete -F _nestbox nestbox
# util-linux has programs of the same names: only what is a link to nestbox
for _nestbox_link in $(nestbox --list links 2>/dev/null); do
	if [[ $(type -P "$_nestbox_link") -ef $(type -P nestbox) ]]; then
		complete -F _nestbox "$_nestbox_link"
	fi
done
unset _nestbox_link
