package connect

import (
	"os"
	"strings"

	"gatehouse/backend/llm"
)

// Settings is where an editor's files send its requests, as they are now.
type Settings struct {
	Protocol Protocol
	// URL is the base URL as the editor has it, Model the model's id as it sends it. Key is empty where the editor keeps
	// it elsewhere.
	URL, Key, Model string
	// Changed are the settings that have another value than the one that was set, or none.
	Changed []string
}

// Settings reads what a connected editor has.
func (e *Editors) Settings(id string) (Settings, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ed, err := find(id)
	if err != nil {
		return Settings{}, err
	}
	r, err := e.load(id)
	if err != nil {
		return Settings{}, err
	}
	if r == nil {
		return Settings{}, llm.Errorf(llm.ErrNotFound, "%s is not connected", ed.name)
	}
	s := Settings{Protocol: ed.protocol}
	for i := range r.Files {
		if err := s.read(ed.targetOf(e, r.Files[i].Path), &r.Files[i], r.Values); err != nil {
			return s, about(r.Files[i].Path, err)
		}
	}
	s.Model = strings.TrimPrefix(s.Model, ed.prefix)
	return s, nil
}

func (s *Settings) read(t target, f *fileRecord, v Values) error {
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return err
	}
	_, text = cutBOM(text)
	tree, err := t.format.tree(text)
	if err != nil {
		return err
	}
	for _, u := range f.Undos {
		raw, err := t.format.find(text, u.Path)
		if err != nil {
			return err
		}
		if raw == nil || hash(raw) != u.New {
			s.Changed = append(s.Changed, strings.Join(u.Path, "."))
		}
	}
	for _, a := range t.set(v) {
		for r, value := range texts(tree, a) {
			switch r {
			case baseURL:
				s.URL = value
			case apiKey:
				s.Key = value
			case modelID:
				s.Model = value
			}
		}
	}
	return nil
}
