package autostart

import (
	"errors"
	"strings"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// runKey is under the user's own part of the registry ("Run and RunOnce Registry Keys").
const runKey = `Software\Microsoft\Windows\CurrentVersion\Run`

func (e Entry) enabled() (bool, error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if err != nil {
		return false, err
	}
	defer key.Close()
	_, _, err = key.GetStringValue(e.ID)
	if errors.Is(err, registry.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (e Entry) enable() error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	words := make([]string, len(e.Command))
	for i, w := range e.Command {
		words[i] = windows.EscapeArg(w)
	}
	return key.SetStringValue(e.ID, strings.Join(words, " "))
}

func (e Entry) disable() error {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	if err := key.DeleteValue(e.ID); !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}
