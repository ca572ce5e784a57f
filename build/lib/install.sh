# shellcheck shell=sh
# install PURPOSE... installs those packages of lib/packages.sh that are not there yet, saying what and why.
# Nothing that is there is touched. Needs common.sh.

# shellcheck source=build/lib/packages.sh
. build/lib/packages.sh
# shellcheck source=build/lib/browser.sh
. build/lib/browser.sh

install() {
	[ "$(system)" = linux ] || return 0
	missing=
	reasons=
	for wanted in "$@"; do
		while read -r purpose package probe why; do
			[ "$purpose" = "$wanted" ] || continue
			case "$missing " in *" $package "*) continue ;; esac
			present "$probe" && continue
			[ "$probe" = browser ] && chromium_is_a_snap && continue # ensure_browser sees to it
			missing="$missing $package"
			reasons="${reasons}Installing $package ($why)
"
		done <<LIST
$(packages)
LIST
	done
	[ -n "$missing" ] || return 0

	have apt-get || die "missing:$missing (Debian's names). There is no apt-get here:" \
		"install them with this system's own package manager and try again."
	become_root "apt-get install$missing"
	printf %s "$reasons"
	say "apt-get is at work; it writes to $out/apt.log"
	if [ -z "${lists_updated:-}" ]; then
		# One dead mirror among several is worth a second try, but no reason to give up.
		retry apt_get update -o APT::Update::Error-Mode=any || say "not every package list could be updated; trying anyway"
		lists_updated=yes
	fi
	# shellcheck disable=SC2086 # a list of names
	retry apt_get install $missing || die "apt-get could not install:$missing. Its own message is above."
}

# present says whether a probe of packages.sh finds its thing.
present() {
	case "$1" in
	cmd:*) have "${1#cmd:}" ;;
	pc:*) have pkg-config && pkg-config --exists "${1#pc:}" ;;
	file:*) [ -e "${1#file:}" ] ;;
	deb:*) ! have dpkg-query || dpkg-query -W -f='${db:Status-Status}' "${1#deb:}" 2>/dev/null | grep -qx installed ;;
	browser) find_browser >/dev/null ;;
	*) die "build/lib/packages.sh: unknown probe $1" ;;
	esac
}

# become_root sets $sudo where it takes that to be root, or ends the script telling what to run.
become_root() {
	sudo=
	[ "$(id -u)" = 0 ] && return 0
	have sudo || die "you are not root and there is no sudo. Ask an administrator to run: $1"
	if ! [ -t 0 ] && ! sudo -n true 2>/dev/null; then
		die "sudo asks for a password and there is no terminal to type it at. Run this first: sudo $1"
	fi
	sudo=yes
}

# apt_get keeps apt's own talk for when something goes wrong.
apt_get() {
	mkdir -p "$out"
	# "env" because sudo would drop the variable.
	${sudo:+sudo} env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 \
		--no-install-recommends "$@" </dev/null >"$out/apt.log" 2>&1 && return 0
	tail -n 15 "$out/apt.log" >&2
	return 1
}

# retry runs a command up to three times: mirrors have bad moments.
retry() {
	for pause in 3 10 0; do
		"$@" && return 0
		[ "$pause" = 0 ] && return 1
		say "that failed; trying again in $pause s"
		sleep "$pause"
	done
}
