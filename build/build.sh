#!/bin/sh
# make build: the two binaries of one program, the window's and the static one without it.
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
. build/lib/install.sh
. build/lib/web.sh
. build/lib/go.sh

require_go_and_node
install net cgo window
build_web
build_desktop
build_headless
