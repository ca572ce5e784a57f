// Gatehouse is the AI gateway on a developer's own machine. This file is wiring only; see backend/ for the parts and
// README.md for what it does.
package main

import (
	"os"

	"gatehouse/backend/cli"
	"gatehouse/frontend"
)

// version is set by the linker.
var version = "dev"

// window is set by app.go, which a headless build leaves out.
var window cli.Window

func main() {
	os.Exit(cli.Main(cli.Program{Version: version, Pages: frontend.Files(), Window: window}, os.Args[1:]))
}
