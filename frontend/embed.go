// Package frontend holds the built web UI. It must not know anything else.
package frontend

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files gives the pages as they were built; without a build there is nothing but a placeholder in it.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // the path is a constant that fs.ValidPath accepts
		panic(err)
	}
	return files
}
