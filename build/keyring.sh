#!/bin/sh
# Runs a command in a D-Bus session of its own with an unlocked, throw-away gnome-keyring and no display, so that nothing
# can ask a question. Ends what it started and exits with the command's code.
#
#   sh build/keyring.sh COMMAND...
set -eu

if [ "${1:-}" = --inside ]; then
	shift
	printf throwaway | gnome-keyring-daemon --foreground --unlock --components=secrets >"$HOME/keyring.log" 2>&1 &
	daemon=$!
	trap 'kill "$daemon" 2>/dev/null || true; wait "$daemon" || true' EXIT
	gdbus wait --session --timeout 30 org.freedesktop.secrets || {
		cat "$HOME/keyring.log" >&2
		exit 1
	}
	code=0
	"$@" || code=$?
	exit "$code"
fi

# Go keeps its caches under HOME; a new one would make every build a cold one.
GOCACHE=$(go env GOCACHE)
GOMODCACHE=$(go env GOMODCACHE)
HOME=$(mktemp -d)
XDG_RUNTIME_DIR=$HOME/run
export GOCACHE GOMODCACHE HOME XDG_RUNTIME_DIR
mkdir -m 700 "$XDG_RUNTIME_DIR"
unset DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS GNOME_KEYRING_CONTROL \
	XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME
trap 'rm -rf "$HOME"' EXIT

code=0
dbus-run-session -- sh "$0" --inside "$@" || code=$?
exit "$code"
