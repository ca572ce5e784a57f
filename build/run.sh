#!/bin/sh
# make run: installs what is missing, builds what changed and starts Gatehouse: its window where there is a display,
# otherwise the server. WINDOW=no chooses the server. Arguments are passed on to `serve`.
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
. build/lib/install.sh
. build/lib/web.sh
. build/lib/go.sh

# window_possible says whether this machine can show a window now.
window_possible() {
	[ "${WINDOW:-yes}" != no ] || return 1
	case "$(system)" in
	linux) node build/lib/display.mjs ;;
	*) true ;;
	esac
}

require_go_and_node
case "$(system)" in
darwin)
	xcode-select -p >/dev/null 2>&1 || die "the window needs Apple's command line tools: run xcode-select --install and" \
		"try again (or WINDOW=no make run, which does without)."
	;;
windows) say "the window needs the WebView2 runtime, which Windows 11 has: https://developer.microsoft.com/microsoft-edge/webview2" ;;
esac

if window_possible; then
	install net cgo window
	build_web
	build_desktop
	say "opening the window"
	exec "$bin/gatehouse$exe"
fi

say "no display: starting the server instead of the window"
install net try
build_web
build_headless
exec "$bin/gatehouse-headless$exe" serve --welcome "$@"
