package control

import (
	"context"
	"encoding/json"

	"gatehouse/backend/llm"
	"gatehouse/backend/settings"
)

// EventSettings is the type of the event that says that the settings, or what is wrong with their file, changed. It
// carries no data.
const EventSettings = "settings"

// SettingsView is the settings file as it is, and what is in force.
type SettingsView struct {
	Path      string            `json:"path"`
	Text      string            `json:"text"`
	Effective settings.Settings `json:"effective"`
	Problem   *Problem          `json:"problem"`
}

// SettingChange sets the member of the settings at Path, through objects, to a JSON value; null takes it out.
type SettingChange struct {
	Path  []string        `json:"path"`
	Value json.RawMessage `json:"value"`
}

// SettingChanges are changes to try.
type SettingChanges struct {
	Changes []SettingChange `json:"changes"`
}

// SettingsDraft is what changes would make of the settings file.
type SettingsDraft struct {
	// Revision names the text that the changes were tried on.
	Revision string `json:"revision"`
	// Diff is a unified diff of the file; empty if nothing changes.
	Diff string `json:"diff"`
	// Text is the file as it would be, which is where the problem's line is.
	Text    string   `json:"text"`
	Problem *Problem `json:"problem"`
}

// SettingsEdit makes changes that were tried on a revision.
type SettingsEdit struct {
	Revision string          `json:"revision"`
	Changes  []SettingChange `json:"changes"`
}

func (s *Service) settingsView(context.Context, Empty) (SettingsView, error) {
	text, err := s.Settings.Text()
	if err != nil {
		return SettingsView{}, llm.Errorf(llm.ErrInternal, "the settings file can't be read: %w", err)
	}
	return SettingsView{
		Path: s.Settings.Path(), Text: text, Effective: *s.Settings.Snapshot().Filled(), Problem: toProblem(s.Settings.Problem()),
	}, nil
}

func toChanges(list []SettingChange) []settings.Change {
	out := make([]settings.Change, len(list))
	for i, c := range list {
		out[i] = settings.Change{Path: c.Path, Value: c.Value}
	}
	return out
}

func draftView(d settings.Draft) SettingsDraft {
	return SettingsDraft{Revision: d.Revision, Diff: d.Diff, Text: d.Text, Problem: toProblem(d.Problem)}
}

func (s *Service) previewSettings(_ context.Context, p SettingChanges) (SettingsDraft, error) {
	draft, err := s.Settings.Preview(toChanges(p.Changes))
	return draftView(draft), err
}

func (s *Service) applySettings(_ context.Context, p SettingsEdit) (SettingsDraft, error) {
	draft, err := s.Settings.Apply(p.Revision, toChanges(p.Changes))
	return draftView(draft), err
}
