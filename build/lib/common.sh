# shellcheck shell=sh
# What every script here starts with: the repository's root as the working folder, and how to speak to the user.

cd "$(dirname "$0")/.." || exit 1

# shellcheck disable=SC2034 # for who sources this
bin=build/bin out=build/out

# say tells the user what happens next.
say() { printf '%s\n' "gatehouse: $*"; }

# die tells the user what is wrong and what to do about it, and ends the script.
die() {
	printf '%s\n' "gatehouse: $*" >&2
	exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# system prints linux, darwin or windows.
system() {
	case "$(uname -s)" in
	Linux) echo linux ;;
	Darwin) echo darwin ;;
	MINGW* | MSYS* | CYGWIN*) echo windows ;;
	*) die "$(uname -s) is not supported: Gatehouse runs on Linux, macOS and Windows." ;;
	esac
}

# version prints what the binaries will say they are.
version() { git describe --tags --always --dirty 2>/dev/null || echo dev; }

# require_go_and_node ends the script if one of the two things that everything starts from is missing or too old.
require_go_and_node() {
	have go || die "Go is not on the PATH. Install Go 1.26 or newer from https://go.dev/dl and try again."
	if ! { have node && have npm; }; then
		die "Node.js is not on the PATH. Install Node.js 20.19 or newer from https://nodejs.org and try again."
	fi
	node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
		die "Node.js $(node --version) is too old. Install Node.js 20.19 or newer from https://nodejs.org and try again."
}
