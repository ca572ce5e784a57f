#!/bin/sh
# Installs the system packages for the purposes given; lib/packages.sh lists them.
#   sh build/install.sh make net cgo window
set -eu
# shellcheck source=build/lib/common.sh
. "$(dirname "$0")/lib/common.sh"
. build/lib/install.sh
install "$@"
