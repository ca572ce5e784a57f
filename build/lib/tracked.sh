# shellcheck shell=sh
# no_machine_paths fails if a tracked file names a place on somebody's machine or a package registry's host: neither
# means anything to anybody else. Needs common.sh.

no_machine_paths() {
	# The brackets keep the patterns from finding themselves.
	paths='/[r]oot/|/[w]ork/|/(home|Users)/[A-Za-z]|/tmp/[A-Za-z0-9]|[A-Z]:\\+Users\\+[A-Za-z]'
	hosts='"[r]esolved": *"http|registry[.]npmjs|registry[.]yarnpkg|proxy[.]golang[.]org|deb[.]debian[.]org'
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		list="git ls-files -z --cached --others --exclude-standard"
	else
		list="find . -type f -not -path */node_modules/* -not -path ./build/bin/* -not -path ./build/out/* -print0"
	fi
	set -f # the patterns are find's
	# shellcheck disable=SC2086
	found=$($list | xargs -0 grep -nEIs -- "$paths|$hosts")
	set +f
	[ -z "$found" ] && return 0
	printf '%s\n' "$found"
	return 1
}
