#!/bin/sh
# make bench: the benchmarks, among them the raw path beside a direct connection and a plain reverse proxy.
# BENCH=Pairs PACKAGES=./backend/proxy TIME=1x prints the table of what translation costs, for each pair of protocols.
#   BENCH=Pattern PACKAGES=./backend/proxy/... COUNT=5 TIME=2s make bench
#   WINDOW=only make bench prints the pages' figures alone: their JavaScript, first paint and memory; WINDOW=no leaves them out.
# A run of everything ends with the figures that matter most.
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
. build/lib/install.sh
. build/lib/web.sh
. build/lib/go.sh

# kept runs a command and keeps what it prints for the table at the end.
kept() {
	{
		status=0
		"$@" 2>&1 || status=$?
		echo "$status" >"$out/bench.status"
	} | tee -a "$out/bench.txt"
	return "$(cat "$out/bench.status")"
}

# table prints the figures that matter most, where nothing was left out by BENCH and PACKAGES.
table() {
	if [ -z "${BENCH:-}${PACKAGES:-}" ]; then node build/lib/benchtable.mjs "$out/bench.txt"; fi
}

# many measures the usage page and its log over a million requests, beside an empty history.
many() { (cd frontend && GATEHOUSE_MANY="${GATEHOUSE_MANY:-1000000}" node --test --test-reporter=spec e2e/many.test.mjs); }

# talk measures a conversation of 5,000 messages: opened, scrolled, and gone on with at 500 tokens a second.
talk() { (cd frontend && GATEHOUSE_MESSAGES=5000 node --test --test-reporter=spec e2e/chat-long.test.mjs); }

# pages prints what the pages weigh, how soon they are there, and what the program needs while it waits in the tray.
pages() {
	install net cgo window session browser
	build_web
	ensure_browser
	build_headless
	build_desktop
	kept node frontend/e2e/figures.mjs
	kept many
	kept talk
	[ "$(system)" != linux ] || kept env GATEHOUSE_TEST_DESKTOP=1 bash build/desktop/session.sh \
		go test -run '^$' -bench 'FirstPaint|Hidden' -benchtime 3x -tags "$desktop_tags" ./build/desktop
}

require_go_and_node
mkdir -p "$out"
: >"$out/bench.txt"
case "${WINDOW:-}" in
only)
	pages
	table
	exit
	;;
no) ;;
*) if [ -z "${BENCH:-}${PACKAGES:-}" ]; then pages; fi ;;
esac
# shellcheck disable=SC2086 # a list of packages
kept go test -run '^$' -bench "${BENCH:-.}" -benchmem -count "${COUNT:-1}" -benchtime "${TIME:-1s}" -timeout 30m \
	-tags "$headless_tags" ${PACKAGES:-./backend/...}
table
