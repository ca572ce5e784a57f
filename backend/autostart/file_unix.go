//go:build unix

package autostart

import (
	"errors"
	"io/fs"
	"os"
)

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
