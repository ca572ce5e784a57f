//go:build bindings && !headless

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"

	"gatehouse/backend/desktop"
)

// init stands in for main while `wails build` runs the program to learn what is bound: main would open the user's own
// state folder and the endpoint for it.
func init() {
	err := wails.Run(&options.App{Bind: []any{desktop.NewBridge(context.Background(), nil, nil)}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
