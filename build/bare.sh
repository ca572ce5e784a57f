#!/bin/sh
# Runs a command on a bare Debian 12 or Ubuntu 24.04 that has only this machine's Go and Node, with a copy of this
# repository in /src: the proof that `make run` and `make test` install what they need. Needs root, debootstrap, git.
#
#   sh build/bare.sh                      bash .ci/run
#   sh build/bare.sh sh build/run.sh      another command
#   RELEASE=noble sh build/bare.sh        on Ubuntu 24.04
#   ROOM=FOLDER sh build/bare.sh          keeps the system in FOLDER; a second run there starts from it, warm
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"

release=${RELEASE:-bookworm}
room=${ROOM:-$(mktemp -d)}
root=$room/$release

[ "$(id -u)" = 0 ] || die "this needs root, for debootstrap and chroot."
have debootstrap || die "debootstrap is missing: apt-get install debootstrap"
require_go_and_node
[ -n "${ROOM:-}" ] || trap 'rm -rf "$room"' EXIT

# bare_system makes the root folder.
bare_system() {
	# The certificates of this machine, if it has its own, are what downloads are checked with.
	own_certificates=
	ls /usr/local/share/ca-certificates/*.crt >/dev/null 2>&1 && own_certificates=yes
	include=${own_certificates:+--include=ca-certificates}
	# shellcheck disable=SC2086 # empty, or one option
	case "$release" in
	noble) # Debian's debootstrap knows neither Ubuntu's keys nor this release; all of Ubuntu's share one recipe.
		debootstrap --variant=minbase --no-check-gpg --components=main,universe $include noble "$root" \
			"${MIRROR:-http://archive.ubuntu.com/ubuntu}" /usr/share/debootstrap/scripts/gutsy
		;;
	*) debootstrap --variant=minbase $include "$release" "$root" ${MIRROR:-} ;;
	esac
	rm -rf "$root"/var/lib/apt/lists/*

	cp -a "$(go env GOROOT)" "$root/usr/local/go"
	cp -L "$(node -p process.execPath)" "$root/usr/local/bin/node"
	mkdir -p "$root/usr/local/lib/node_modules"
	cp -a "$(npm root -g)/npm" "$root/usr/local/lib/node_modules/"
	ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
	ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
	if [ -n "$own_certificates" ]; then
		cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
		chroot "$root" update-ca-certificates >/dev/null
	fi
}

[ -d "$root" ] || bare_system
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
rm -rf "$root/src"
mkdir "$root/src"
git ls-files -z --cached --others --exclude-standard | tar --ignore-failed-read --null -T - -c | tar -x -C "$root/src"

# Node brings its own list; this machine's certificates have to be named to it.
certificates=
[ -d "$root/usr/local/share/ca-certificates" ] && certificates=/etc/ssl/certs/ca-certificates.crt
export certificates

[ $# -gt 0 ] || set -- bash .ci/run
say "on a bare $(. "$root/etc/os-release" && echo "$PRETTY_NAME"): $*"
# The mounts and whatever was started end with the command.
# shellcheck disable=SC2016 # for the inner shell
exec_inside='
	root=$1
	shift
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount --rbind /dev "$root/dev"
	exec env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
		PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${certificates:+NODE_EXTRA_CA_CERTS="$certificates"} \
		chroot "$root" sh -c "cd /src && exec \"\$@\"" sh "$@"'
code=0
unshare --mount --pid --fork --kill-child sh -euc "$exec_inside" sh "$root" "$@" || code=$?
exit "$code"
