#!/bin/sh
# make check: format, vet, lint and types, for every build that there is. Goes on after a failure and names all of them
# at the end. CROSS=no leaves the builds for other systems out, CROSS=only does nothing else.
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
. build/lib/install.sh
. build/lib/web.sh
. build/lib/go.sh
. build/lib/tracked.sh

gofumpt=mvdan.cc/gofumpt@v0.12.0
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

failures=

# step NAME COMMAND...
step() {
	name=$1
	shift
	say "$name"
	"$@" || failures="$failures
  $name"
}

formatted() {
	# Not through "...": npm packages may hold Go files.
	found=$(find . -name '*.go' -not -path '*/node_modules/*' -exec go run "$gofumpt" -l {} +) || return 1
	[ -z "$found" ] && return 0
	printf 'not formatted (go run %s -w FILE):\n%s\n' "$gofumpt" "$found"
	return 1
}

scripts() { shellcheck --severity=warning --external-sources --check-sourced build/*.sh build/desktop/*.sh .ci/run; }

cross() {
	os=$1
	shift
	GOOS=$os GOARCH=amd64 CGO_ENABLED=0 "$@"
}

other_systems() {
	step "vet, Windows" cross windows go vet -tags desktop,production ./...
	step "the Windows binary compiles" cross windows go build -buildvcs=false -tags desktop,production -o "$out/gatehouse.exe" .
	step "the macOS server compiles" cross darwin go build -buildvcs=false -tags "$headless_tags" -o "$out/gatehouse-darwin" .
}

this_system() {
	install net cgo window lint
	npm_packages frontend
	step "formatting (gofumpt)" formatted
	step "vet, desktop" go vet -tags "$desktop_tags" ./...
	step "vet, headless" go vet -tags "$headless_tags" ./...
	step "staticcheck, desktop" go run "$staticcheck" -tags "$desktop_tags" ./...
	step "staticcheck, headless" go run "$staticcheck" -tags "$headless_tags" ./...
	step "the web UI: types and lint" npm --prefix frontend run --silent check
	if have shellcheck; then
		step "the scripts (shellcheck)" scripts
	else
		say "the scripts: skipped, there is no shellcheck here"
	fi
	step "no machine paths in tracked files" no_machine_paths
}

require_go_and_node
mkdir -p "$out"
[ "${CROSS:-}" = only ] || this_system
[ "${CROSS:-}" = no ] || other_systems

[ -z "$failures" ] || die "these checks failed:$failures"
say "all checks passed"
