# shellcheck shell=sh disable=SC2154
# apt.sh: what scripts/deps and scripts/kernel share, to be sourced: talking,
# and an apt of our own. $me is who talks, $work a folder to work in.

# the system's own release; empty where there is none
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "${VERSION_CODENAME-}") || release=
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

die() {
	echo "$me: $*" >&2
	exit 1
}

say() {
	printf '  %-6s %s\n' "$(echo "$me" | tr a-z A-Z)" "$*"
}

# quiet COMMAND...: its output is shown only when it fails, and never the
# mirror's address: it may be a private one, and logs get published.
quiet() {
	"$@" >"$work/log" 2>&1 && return 0
	sed -e "s#[a-z+]*:/[^ ']*#MIRROR#g" -e 's# *\[IP: [^]]*\]##g' \
		-e "s#\(connect to\|resolving\|resolve\) .*#\1 MIRROR#" "$work/log" >&2
	return 1
}

# --- an apt of our own: other releases and sources, and the system's lists,
# cache and configuration stay as they are

# The mirror that the system uses for RELEASE. Without downloaded lists apt
# knows only the configuration, not whose release it is; the signature tells.
mirror() {
	# shellcheck disable=SC2016 # apt expands these
	set -- "$1" '$(CODENAME) $(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages'
	{
		apt-get indextargets --format "$2" "$3" 'Origin: Debian'
		apt-get indextargets --no-release-info --format "$2" "$3"
	} | awk -v r="$1" '($1 == r || $2 == r) && $3 == "main" { print $4; exit }'
}

# apt_release TYPE[:ARCH] RELEASE: from now on `own_apt` knows this release.
apt_release() {
	apt=$work/apt
	[ -n "${uri:=$(mirror "$release")}" ] || die "apt knows no mirror of Debian $release"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	: >>"$apt/status"
	cat >"$apt/apt.conf" <<-EOF
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferences "-";
		Dir::Etc::preferencesparts "-";
		Dir::State::lists "$apt/lists";
		Dir::State::status "$apt/status";
		Dir::Cache "$apt/cache";
		// the user _apt may have no access to this checkout
		APT::Sandbox::User "root";
		Acquire::Languages "none";
	EOF
	echo "${1%:*} [${1#*:} signed-by=$keyring] $uri $2 main" >>"$apt/sources.list"
	# without the option a list that cannot be had is a warning
	quiet own_apt -o APT::Update::Error-Mode=any update || die "cannot read the package list of Debian $2"
}

own_apt() {
	apt-get -qq -c "$work/apt/apt.conf" "$@"
}
