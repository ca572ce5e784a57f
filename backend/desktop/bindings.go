//go:build bindings && !headless

package desktop

import (
	"context"
	"fmt"
	"os"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
)

// This file alone imports Wails outside of the main package: it is no part of any program but the one that `wails build`
// runs.

// init stands in for main while `wails build` runs the program to learn what is bound: main would open the user's own
// state folder and the endpoint for it.
func init() {
	err := wails.Run(&options.App{Bind: []any{NewBridge(context.Background(), nil, nil, Dialogs{})}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
