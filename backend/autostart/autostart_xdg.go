//go:build unix && !darwin

package autostart

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/backend/wholefile"
)

// path is where the Desktop Application Autostart Specification has a user's entries.
func (e Entry) path() (string, error) {
	config, err := os.UserConfigDir()
	return filepath.Join(config, "autostart", e.ID+".desktop"), err
}

// enabled reads the entry as desktops do, which let users turn one off by a line in it.
func (e Entry) enabled() (bool, error) {
	path, err := e.path()
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key, value = strings.TrimSpace(key), strings.TrimSpace(value); {
		case key == "Hidden" && value == "true", key == "X-GNOME-Autostart-enabled" && value == "false":
			return false, nil
		}
	}
	return err == nil, err
}

func (e Entry) enable() error {
	path, err := e.path()
	if err != nil {
		return err
	}
	words := make([]string, len(e.Command))
	for i, w := range e.Command {
		words[i] = quoted(w)
	}
	text := "[Desktop Entry]\nType=Application\nName=" + e.Name + "\nExec=" + strings.Join(words, " ") + "\nTerminal=false\n"
	return wholefile.Disk{}.Write(path, []byte(text), 0o644)
}

func (e Entry) disable() error {
	path, err := e.path()
	if err != nil {
		return err
	}
	return remove(path)
}

// quoted writes an argument as a value of Exec: quoted once for its own rules, and once more for those of the file's
// strings (Desktop Entry Specification, "The Exec key").
func quoted(word string) string {
	word = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(word)
	word = strings.ReplaceAll(word, `\`, `\\`)
	return `"` + strings.ReplaceAll(word, "%", "%%") + `"`
}
