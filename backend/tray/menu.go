// Package tray is the icon in the system tray with its menu. The menu is a function of the state, a click becomes a
// command, and what the menu shows changes only when a new state comes in: nothing is set optimistically.
//
// It must not know what the commands do, where the state comes from, or that there is a window toolkit. The library
// below it (fyne.io/systray) keeps its state in package variables, so there can be one Tray in a process.
package tray

import (
	"strings"
	"unicode"
)

// Endpoint is the state of the loopback endpoint.
type Endpoint string

// The endpoint's states.
const (
	EndpointOn     Endpoint = "on"
	EndpointPaused Endpoint = "paused"
	EndpointFailed Endpoint = "failed"
)

// Model is one model that can be made the active one.
type Model struct {
	ID   string
	Name string
}

// State is everything that the icon and its menu show.
type State struct {
	Endpoint Endpoint
	// URL is the endpoint's root.
	URL string
	// Problem says why the endpoint failed.
	Problem string
	// ActiveModel is a model id; it need not be one of Models.
	ActiveModel string
	// Models are in the order to show them in. The menu takes the first MaxModels and always the active one.
	Models []Model
}

// MaxModels is how many models the menu offers besides the active one.
const MaxModels = 20

// maxTitle is the longest title in characters; menus don't wrap.
const maxTitle = 64

// Kind is what an entry looks like.
type Kind int

// The kinds of entries.
const (
	Action Kind = iota
	Radio
	Submenu
	Separator
)

// Verb is what a click asks for.
type Verb int

// The verbs.
const (
	Nothing Verb = iota
	Pause
	Resume
	UseModel
	ShowWindow
	Quit
)

// Click is what a click on an entry asks for. Model is UseModel's.
type Click struct {
	Verb  Verb
	Model string
}

// Entry is one line of the menu. Only a Submenu has Children.
type Entry struct {
	Kind     Kind
	Title    string
	Disabled bool
	Checked  bool
	Hidden   bool
	Click    Click
	Children []Entry
}

// Menu gives the menu for a state. Every menu has the same entries of the same kinds at the same places; the one that
// a state has no use for is hidden. Tray libraries can change an entry in place on every OS, but not insert one.
func Menu(s State) []Entry {
	return []Entry{
		{Title: headline(s), Disabled: true},
		pauseEntry(s),
		{Kind: Separator},
		{Kind: Submenu, Title: "Active model", Children: modelEntries(s)},
		{Kind: Separator},
		{Title: "Open Gatehouse", Click: Click{Verb: ShowWindow}},
		{Title: "Quit", Click: Click{Verb: Quit}},
	}
}

// Tooltip is the icon's one line of text.
func Tooltip(s State) string {
	text := "Gatehouse: endpoint " + string(s.Endpoint)
	if s.ActiveModel != "" {
		text += ", active model " + s.ActiveModel
	}
	return title(text)
}

func headline(s State) string {
	switch s.Endpoint {
	case EndpointOn:
		return title("Endpoint on: " + s.URL)
	case EndpointPaused:
		return "Endpoint paused"
	case EndpointFailed:
		return title("Endpoint failed: " + s.Problem)
	}
	return "Endpoint starting"
}

func pauseEntry(s State) Entry {
	if s.Endpoint == EndpointPaused {
		return Entry{Title: "Resume endpoint", Click: Click{Verb: Resume}}
	}
	return Entry{Title: "Pause endpoint", Disabled: s.Endpoint != EndpointOn, Click: Click{Verb: Pause}}
}

// modelEntries keeps the models in their order, so that a choice doesn't shuffle the menu under the pointer. An active
// model that is not among the first ones comes before them.
func modelEntries(s State) []Entry {
	shown := s.Models
	if len(shown) > MaxModels {
		shown = shown[:MaxModels]
	}
	entries := make([]Entry, 0, MaxModels+2)
	if s.ActiveModel != "" && !contains(shown, s.ActiveModel) {
		name := ""
		for _, m := range s.Models {
			if m.ID == s.ActiveModel {
				name = m.Name
			}
		}
		entries = append(entries, modelEntry(Model{ID: s.ActiveModel, Name: name}, true))
	}
	for _, m := range shown {
		entries = append(entries, modelEntry(m, m.ID == s.ActiveModel))
	}
	if len(entries) == 0 {
		entries = append(entries, Entry{Kind: Radio, Title: "No models yet", Disabled: true})
	}
	for len(entries) < MaxModels+1 {
		entries = append(entries, Entry{Kind: Radio, Hidden: true})
	}
	return append(entries, Entry{
		Title: "All models…", Hidden: len(s.Models) <= MaxModels, Click: Click{Verb: ShowWindow},
	})
}

func modelEntry(m Model, active bool) Entry {
	text := m.ID
	if m.Name != "" && m.Name != m.ID {
		text = m.Name + "  (" + m.ID + ")"
	}
	return Entry{Kind: Radio, Title: title(text), Checked: active, Click: Click{Verb: UseModel, Model: m.ID}}
}

func contains(models []Model, id string) bool {
	for _, m := range models {
		if m.ID == id {
			return true
		}
	}
	return false
}

// title makes any text fit for one line of a menu.
func title(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == '\n' || r == '\r' || r == '\t' || !unicode.IsPrint(r)
	}), " ")
	runes := []rune(s)
	if len(runes) > maxTitle {
		return string(runes[:maxTitle-1]) + "…"
	}
	return s
}
