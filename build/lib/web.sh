# shellcheck shell=sh
# The web UI: its packages and its build, each only when something changed. Needs common.sh.

# npm_packages FOLDER makes node_modules what the lockfile says.
npm_packages() {
	# npm writes this file last, so it is newer than the lockfile if and only if the last install ended well.
	[ -n "$(find "$1/node_modules/.package-lock.json" -newer "$1/package-lock.json" 2>/dev/null)" ] && return 0
	say "npm ci in $1"
	(cd "$1" && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error </dev/null) || die "npm ci in $1 failed. Its own message is above."
}

build_web() {
	npm_packages frontend
	# A folder is newer too, when a file in it came or went.
	if [ -f frontend/dist/index.html ] &&
		[ -z "$(find frontend -path frontend/node_modules -prune -o -path frontend/dist -prune -o \
			-newer frontend/dist/index.html -print | head -n 1)" ]; then
		return 0
	fi
	say "building the web UI"
	(cd frontend && npm run --silent build -- --logLevel warn </dev/null) || die "the web UI does not build. The message is above."
}
