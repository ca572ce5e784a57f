#!/bin/sh
# make test: every test there is, with everything they need. Each suite runs even if one before it failed; the last line
# is the sum, alone on its line: "N passed, N failed".
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
. build/lib/install.sh
. build/lib/web.sh
. build/lib/go.sh

# suite NAME KIND COMMAND... goes on when tests fail: summary.mjs tells in the end.
suite() { node build/lib/suite.mjs "$@" || true; }

# files_by_tags lists the packages that have tests, each with the files that these tags choose.
files_by_tags() {
	go list -tags "$1" -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.GoFiles}}{{.CgoFiles}}{{.TestGoFiles}}{{.XTestGoFiles}}{{end}}' ./... | sort
}

require_go_and_node
install net cgo window session browser
build_web
npm_packages build/sdk
npm_packages build/editors
ensure_browser
build_headless
build_desktop

mkdir -p "$out"
rm -f "$out/tests.jsonl"

beside=
if [ -n "${BESIDE:-}" ]; then
	nice -n 19 sh -c "$BESIDE" >"$out/beside.log" 2>&1 &
	beside=$!
fi

GATEHOUSE_MATRIX=$PWD/$out/matrix.txt
export GATEHOUSE_MATRIX
# The longest come first, so that the others run beside them. What go vet finds, make check has found.
suite go go go test -race -vet=off -json -tags "$desktop_tags" ./backend/proxy ./backend/app ./backend/store ./...

# What the other build compiles differently is tested in that shape too.
files_by_tags "$desktop_tags" >"$out/desktop.list"
files_by_tags "$headless_tags" >"$out/headless.list"
differing=$(comm -13 "$out/desktop.list" "$out/headless.list" | cut -d ' ' -f 1)
# shellcheck disable=SC2086 # a list of packages
[ -z "$differing" ] || suite go-headless go go test -race -vet=off -json -tags "$headless_tags" $differing

# What asked for a real keychain, or for a real desktop with window and tray, was skipped so far; here it has them.
if [ "$(system)" = linux ]; then
	# shellcheck disable=SC2046 # -run PATTERN PACKAGE...
	GATEHOUSE_TEST_KEYRING=1 suite keychain go sh build/keyring.sh \
		go test -race -vet=off -json -p 1 -tags "$desktop_tags" $(node build/lib/skipped.mjs go GATEHOUSE_TEST_KEYRING)
	# It mostly waits: for windows, panels and timeouts. So others run beside it.
	# shellcheck disable=SC2046
	GATEHOUSE_TEST_AGAIN=1 GATEHOUSE_TEST_DESKTOP=1 GATEHOUSE_SHOTS=$PWD/$out/window suite desktop go bash build/desktop/session.sh \
		go test -race -vet=off -json -p 1 -tags "$desktop_tags" $(node build/lib/skipped.mjs go GATEHOUSE_TEST_DESKTOP) \
		>"$out/desktop.log" 2>&1 &
	desktop=$!
fi

suite typescript vitest npm --prefix frontend run --silent test
suite sdk node npm --prefix build/sdk run --silent test
suite editors node npm --prefix build/editors run --silent test
if [ "$(system)" = linux ]; then
	wait "$desktop" || true
	cat "$out/desktop.log"
fi
GATEHOUSE_TEST_AGAIN=1 GATEHOUSE_SHOTS=$PWD/$out/screens suite browser node npm --prefix frontend run --silent e2e

failed=
if [ -n "$beside" ]; then
	wait "$beside" || failed=yes
	cat "$out/beside.log"
fi
node build/lib/summary.mjs
[ -z "$failed" ] || die "this failed: $BESIDE"
