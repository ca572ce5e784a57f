package autostart

import (
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/backend/wholefile"
)

// path is where launchd has a user's agents (launchd.plist(5)).
func (e Entry) path() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, "Library", "LaunchAgents", e.ID+".plist"), err
}

func (e Entry) enabled() (bool, error) {
	path, err := e.path()
	if err != nil {
		return false, err
	}
	_, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (e Entry) enable() error {
	path, err := e.path()
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(xml.Header + `<plist version="1.0"><dict><key>Label</key>`)
	element(&b, e.ID)
	b.WriteString("<key>ProgramArguments</key><array>")
	for _, w := range e.Command {
		element(&b, w)
	}
	b.WriteString("</array><key>RunAtLoad</key><true/><key>ProcessType</key><string>Interactive</string></dict></plist>\n")
	return wholefile.Disk{}.Write(path, []byte(b.String()), 0o644)
}

func element(b *strings.Builder, text string) {
	b.WriteString("<string>")
	_ = xml.EscapeText(b, []byte(text)) // a Builder takes everything
	b.WriteString("</string>")
}

func (e Entry) disable() error {
	path, err := e.path()
	if err != nil {
		return err
	}
	return remove(path)
}
