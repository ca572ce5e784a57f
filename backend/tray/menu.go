// Package tray is the icon in the system tray with its menu. The menu is a function of the state, a click becomes a
// command, and what the menu shows changes only when a new state comes in: nothing is set optimistically.
//
// It must not know what the commands do, where the state comes from, or that there is a window toolkit. The library
// below it (fyne.io/systray) keeps its state in package variables, so there can be one Tray in a process.
package tray

import (
	"fmt"
	"slices"
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

// Budget is a budget in a line. Where it refuses requests, More is how much more a click allows, and Amount the same as
// commands take it.
type Budget struct {
	Name   string
	Text   string
	More   string
	Amount string
}

// Failure is a request that failed.
type Failure struct {
	Request string
	Text    string
}

// State is everything that the icon and its menu show.
type State struct {
	Endpoint Endpoint
	// URL is the endpoint's root.
	URL string
	// Problem says why the endpoint failed.
	Problem string
	// Running counts the requests that are not answered yet.
	Running int
	// ActiveModel is a model id; it need not be one of Models.
	ActiveModel string
	// Models are in the order to show them in. The menu takes the first MaxModels besides the chosen ones.
	Models []Model
	// Chosen are the ids of the models to offer with one click, favourites first. The menu takes the first MaxChosen, and
	// always the active model.
	Chosen []string
	// Today says what was spent, Budget how the tightest budget stands; empty where there is nothing to say.
	Today  string
	Budget Budget
	// Failure is the last request that failed, its Request empty where none did.
	Failure Failure
	// Autostart tells whether the program starts at login; nil where it can't.
	Autostart *bool
}

// MaxChosen is how many models are offered with one click.
const MaxChosen = 8

// MaxModels is how many further models the menu offers.
const MaxModels = 20

// maxTitle is the longest title in characters; menus don't wrap.
const maxTitle = 64

// Kind is what an entry looks like.
type Kind int

// The kinds of entries.
const (
	Action Kind = iota
	Radio
	Check
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
	ShowPage
	AllowMore
	StartAtLogin
	DontStartAtLogin
	Quit
)

// Click is what a click on an entry asks for. What is the model of UseModel, the budget of AllowMore, which may spend Item more,
// and the page of ShowPage, of which Item is shown.
type Click struct {
	Verb Verb
	What string
	Item string
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
	chosen, others := divided(s)
	menu := []Entry{{Title: headline(s), Disabled: true}, pauseEntry(s), {Kind: Separator}}
	menu = append(menu, chosen...)
	menu = append(
		menu,
		Entry{Kind: Submenu, Title: "Other models", Children: others},
		Entry{Kind: Separator},
		lineEntry(s.Today, Click{Verb: ShowPage, What: "usage"}),
		lineEntry(s.Budget.Text, Click{Verb: ShowPage, What: "budgets"}),
		allowEntry(s.Budget),
		failureEntry(s.Failure),
		Entry{Kind: Separator},
		Entry{Title: "Open Gatehouse", Click: Click{Verb: ShowWindow}},
		Entry{Title: "Chat", Click: Click{Verb: ShowPage, What: "chat"}},
		Entry{Title: "Usage", Click: Click{Verb: ShowPage, What: "usage"}},
		Entry{Kind: Separator},
		autostartEntry(s.Autostart),
		Entry{Title: "Quit", Click: Click{Verb: Quit}},
	)
	return menu
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
		text := "Endpoint on: " + s.URL
		switch {
		case s.Running == 1:
			text += ", 1 request running"
		case s.Running > 1:
			text += fmt.Sprintf(", %d requests running", s.Running)
		}
		return title(text)
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

func lineEntry(text string, click Click) Entry {
	return Entry{Title: title(text), Hidden: text == "", Click: click}
}

func allowEntry(b Budget) Entry {
	return Entry{
		Title: title(fmt.Sprintf("Allow %s more for %s", b.More, b.Name)), Hidden: b.More == "",
		Click: Click{Verb: AllowMore, What: b.Name, Item: b.Amount},
	}
}

func failureEntry(f Failure) Entry {
	return Entry{
		Title: title("Last error: " + f.Text), Hidden: f.Request == "", Click: Click{Verb: ShowPage, What: "usage", Item: f.Request},
	}
}

func autostartEntry(on *bool) Entry {
	e := Entry{Kind: Check, Title: "Start at login", Hidden: on == nil, Click: Click{Verb: StartAtLogin}}
	if on != nil && *on {
		e.Checked, e.Click.Verb = true, DontStartAtLogin
	}
	return e
}

// divided gives the entries of the models that are offered with one click, and those of the others. Models keep their
// order, so that a choice doesn't shuffle the menu under the pointer.
func divided(s State) (chosen, others []Entry) {
	names := map[string]string{}
	for _, m := range s.Models {
		names[m.ID] = m.Name
	}
	offered := map[string]bool{}
	offer := func(id string) {
		if id != "" && !offered[id] && len(chosen) < MaxChosen {
			offered[id] = true
			chosen = append(chosen, modelEntry(Model{ID: id, Name: names[id]}, id == s.ActiveModel))
		}
	}
	first := s.Chosen[:min(len(s.Chosen), MaxChosen)]
	if !slices.Contains(first, s.ActiveModel) {
		offer(s.ActiveModel)
	}
	for _, id := range s.Chosen {
		offer(id)
	}
	if len(chosen) == 0 {
		chosen = append(chosen, Entry{Kind: Radio, Title: "No active model yet", Disabled: true})
	}
	left := 0
	for _, m := range s.Models {
		switch {
		case offered[m.ID]:
		case len(others) < MaxModels:
			others = append(others, modelEntry(m, false))
		default:
			left++
		}
	}
	if len(others) == 0 {
		others = append(others, Entry{Kind: Radio, Title: "No others", Disabled: true})
	}
	others = append(padded(others, MaxModels), Entry{
		Title: "All models…", Hidden: left == 0, Click: Click{Verb: ShowPage, What: "models"},
	})
	return padded(chosen, MaxChosen), others
}

func padded(entries []Entry, n int) []Entry {
	for len(entries) < n {
		entries = append(entries, Entry{Kind: Radio, Hidden: true})
	}
	return entries
}

func modelEntry(m Model, active bool) Entry {
	text := m.ID
	if m.Name != "" && m.Name != m.ID {
		text = m.Name + "  (" + m.ID + ")"
	}
	return Entry{Kind: Radio, Title: title(text), Checked: active, Click: Click{Verb: UseModel, What: m.ID}}
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
