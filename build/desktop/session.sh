#!/bin/bash
# shellcheck disable=SC2317 # the traps call what looks unreachable
# Runs a command inside a desktop session of its own: Xvfb, a D-Bus session, an unlocked gnome-keyring, openbox and an
# xfce4-panel with a tray, all with a throwaway HOME. Ends everything when the command ends and exits with its code.
#
#   build/desktop/session.sh CMD...
#
# Needs: xvfb dbus openbox xfce4-panel gnome-keyring libglib2.0-bin x11-utils; the tests also wmctrl xdotool imagemagick.
# GATEHOUSE_SCREEN (default 2400x1700, which holds a window at twice the scale) is the screen's size.
set -eu

limit=30 # seconds for each part to come up

# wait_name NAME: until someone on the session bus owns it.
wait_name() {
	gdbus wait --session --timeout $limit "$1" || { echo "session: nobody took the name $1" >&2; return 1; }
}

inside() {
	pids=()
	end() {
		for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
		for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	}
	trap end EXIT

	printf throwaway | gnome-keyring-daemon --foreground --unlock --components=secrets >"$session/keyring.log" 2>&1 &
	pids+=($!)
	openbox --sm-disable >"$session/openbox.log" 2>&1 &
	pids+=($!)
	xfce4-panel --disable-wm-check >"$session/panel.log" 2>&1 &
	pids+=($!)

	wait_name org.freedesktop.secrets
	wait_name org.kde.StatusNotifierWatcher
	# The window manager says that it is there by a property of the root window.
	coproc spy { exec xprop -root -spy _NET_SUPPORTING_WM_CHECK; }
	pids+=("$spy_PID")
	until read -r -t $limit line <&"${spy[0]}" && [[ $line == *"window id"* ]]; do
		[[ -n ${line:-} ]] || { echo "session: the window manager did not start" >&2; exit 1; }
	done
	kill "$spy_PID" 2>/dev/null || true

	code=0
	"$@" || code=$?
	exit $code
}

if [[ ${1:-} == --inside ]]; then
	shift
	inside "$@"
fi

[[ $# -gt 0 ]] || { echo "usage: $0 CMD..." >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
for tool in Xvfb dbus-run-session openbox xfce4-panel gnome-keyring-daemon gdbus xprop; do
	command -v $tool >/dev/null || { echo "session: $tool is not installed" >&2; exit 1; }
done

# Go keeps its caches under HOME; the throwaway one would make every build a cold one.
if command -v go >/dev/null; then
	eval "export $(go env GOPATH GOCACHE GOMODCACHE | paste -d= <(printf '%s\n' GOPATH GOCACHE GOMODCACHE) - | tr '\n' ' ')"
fi

session=$(mktemp -d "${TMPDIR:-/tmp}/gatehouse-session.XXXXXX")
xvfb=
finish() {
	[[ -z $xvfb ]] || { kill "$xvfb" 2>/dev/null || true; wait "$xvfb" 2>/dev/null || true; }
	rm -rf "$session" 2>/dev/null || { sync; rm -rf "$session"; }
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

export session
export HOME=$session/home XDG_RUNTIME_DIR=$session/run
export XDG_CONFIG_HOME=$HOME/.config XDG_DATA_HOME=$HOME/.local/share XDG_CACHE_HOME=$HOME/.cache XDG_STATE_HOME=$HOME/.local/state
mkdir -p "$XDG_DATA_HOME" "$XDG_CACHE_HOME" "$XDG_STATE_HOME" "$XDG_CONFIG_HOME/xfce4/xfconf/xfce-perchannel-xml"
mkdir -m 700 "$XDG_RUNTIME_DIR"
cp "$here/xfce4-panel.xml" "$XDG_CONFIG_HOME/xfce4/xfconf/xfce-perchannel-xml/"
# Tests wait until a window stays the same, so a text field's mark must not blink.
mkdir -p "$XDG_CONFIG_HOME/gtk-3.0"
printf '[Settings]\ngtk-cursor-blink=0\n' >"$XDG_CONFIG_HOME/gtk-3.0/settings.ini"
unset DBUS_SESSION_BUS_ADDRESS WAYLAND_DISPLAY GNOME_KEYRING_CONTROL SSH_AUTH_SOCK
export XDG_SESSION_TYPE=x11 NO_AT_BRIDGE=1 GTK_A11Y=none LIBGL_ALWAYS_SOFTWARE=1 LANG=C.UTF-8

# Xvfb picks a free display and says so once it accepts connections.
mkfifo "$session/display"
Xvfb -displayfd 3 -screen 0 "${GATEHOUSE_SCREEN:-2400x1700}x24" -nolisten tcp -noreset 3>"$session/display" >"$session/xvfb.log" 2>&1 &
xvfb=$!
read -r -t $limit number <"$session/display" || { echo "session: Xvfb did not start" >&2; cat "$session/xvfb.log" >&2; exit 1; }
export DISPLAY=:$number

code=0
dbus-run-session -- "$here/session.sh" --inside "$@" || code=$?
exit $code
