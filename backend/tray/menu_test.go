package tray

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// text draws a menu as a person sees it.
func text(entries []Entry) string {
	var b strings.Builder
	var draw func(indent string, entries []Entry)
	draw = func(indent string, entries []Entry) {
		for _, e := range entries {
			if e.Hidden {
				continue
			}
			line := e.Title
			switch {
			case e.Kind == Separator:
				line = "--"
			case e.Checked:
				line = "(x) " + line
			case e.Kind == Radio:
				line = "( ) " + line
			}
			if e.Disabled {
				line = "[" + line + "]"
			}
			b.WriteString(indent + line + "\n")
			draw(indent+"  ", e.Children)
		}
	}
	draw("", entries)
	return b.String()
}

func TestMenu(t *testing.T) {
	two := []Model{{ID: "sim/echo", Name: "Echo"}, {ID: "sim/stream"}, {ID: "sim/think"}}
	on, off := true, false
	tests := []struct {
		name  string
		state State
		want  string
	}{
		{
			"on, with nothing to tell",
			State{Endpoint: EndpointOn, URL: "http://127.0.0.1:4283", ActiveModel: "sim/stream", Models: two},
			`[Endpoint on: http://127.0.0.1:4283]
Pause endpoint
--
(x) sim/stream
Other models
  ( ) Echo  (sim/echo)
  ( ) sim/think
--
--
Open Gatehouse
Chat
Usage
--
Quit
`,
		},
		{
			"busy, with favourites, a spent budget and an error",
			State{
				Endpoint: EndpointOn, URL: "http://127.0.0.1:4283", Running: 2, ActiveModel: "sim/stream", Models: two,
				Chosen: []string{"sim/echo", "sim/stream", "gone/model"}, Today: "Today: $1.50, 12 requests",
				Budget:  Budget{Name: "daily", Text: "Budget daily: $1.50 of $1.50 today (100 %)", More: "$2", Amount: "2"},
				Failure: Failure{Request: "gen_1", Text: "14:03 sim/fail: rate limit"}, Autostart: &on,
			},
			`[Endpoint on: http://127.0.0.1:4283, 2 requests running]
Pause endpoint
--
( ) Echo  (sim/echo)
(x) sim/stream
( ) gone/model
Other models
  ( ) sim/think
--
Today: $1.50, 12 requests
Budget daily: $1.50 of $1.50 today (100 %)
Allow $2 more for daily
Last error: 14:03 sim/fail: rate limit
--
Open Gatehouse
Chat
Usage
--
(x) Start at login
Quit
`,
		},
		{
			"paused, active model not in the list",
			State{
				Endpoint: EndpointPaused, URL: "http://127.0.0.1:4283", Running: 1, ActiveModel: "a/b", Models: two[:1],
				Chosen: []string{"sim/echo"}, Autostart: &off,
			},
			`[Endpoint paused]
Resume endpoint
--
(x) a/b
( ) Echo  (sim/echo)
Other models
  [( ) No others]
--
--
Open Gatehouse
Chat
Usage
--
Start at login
Quit
`,
		},
		{
			"failed, no models, no active model",
			State{Endpoint: EndpointFailed, Problem: "port 4283\nis in use"},
			`[Endpoint failed: port 4283 is in use]
[Pause endpoint]
--
[( ) No active model yet]
Other models
  [( ) No others]
--
--
Open Gatehouse
Chat
Usage
--
Quit
`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := text(Menu(test.state)); got != test.want {
				t.Errorf("got:\n%swant:\n%s", got, test.want)
			}
		})
	}
}

func TestMenuClicks(t *testing.T) {
	off := false
	s := State{
		Endpoint: EndpointOn, ActiveModel: "a/1", Models: []Model{{ID: "a/1"}, {ID: "a/2"}}, Today: "Today", Autostart: &off,
		Budget: Budget{Name: "b", Text: "Budget b", More: "$2", Amount: "2"}, Failure: Failure{Request: "gen_1", Text: "x"},
	}
	var got []Click
	var collect func([]Entry)
	collect = func(entries []Entry) {
		for _, e := range entries {
			if !e.Hidden && !e.Disabled && e.Kind != Separator && e.Kind != Submenu {
				got = append(got, e.Click)
			}
			collect(e.Children)
		}
	}
	collect(Menu(s))
	s.Endpoint = EndpointPaused
	collect(Menu(s)[:2])
	on := true
	s.Autostart = &on
	menu := Menu(s)
	collect(menu[len(menu)-2 : len(menu)-1])
	want := []Click{
		{Verb: Pause},
		{Verb: UseModel, What: "a/1"},
		{Verb: UseModel, What: "a/2"},
		{Verb: ShowPage, What: "usage"},
		{Verb: ShowPage, What: "budgets"},
		{Verb: AllowMore, What: "b", Item: "2"},
		{Verb: ShowPage, What: "usage", Item: "gen_1"},
		{Verb: ShowWindow},
		{Verb: ShowPage, What: "chat"},
		{Verb: ShowPage, What: "usage"},
		{Verb: StartAtLogin},
		{Verb: Quit},
		{Verb: Resume},
		{Verb: DontStartAtLogin},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMenuIsBounded(t *testing.T) {
	var many []Model
	var ids []string
	for i := range 500 {
		many = append(many, Model{ID: fmt.Sprintf("a/%d", i)})
		ids = append(ids, many[i].ID)
	}
	shown := func(entries []Entry) (out []Entry) {
		for _, e := range entries {
			if !e.Hidden {
				out = append(out, e)
			}
		}
		return out
	}
	for active, first := range map[string]string{"a/7": "a/0", "a/400": "a/400", "": "a/0"} {
		chosen, others := divided(State{Models: many, Chosen: ids, ActiveModel: active})
		if c := shown(chosen); len(c) != MaxChosen || c[0].Click.What != first {
			t.Errorf("active %q: %v", active, c)
		}
		if o := shown(others); len(o) != MaxModels+1 || o[MaxModels].Title != "All models…" {
			t.Errorf("active %q: %v", active, o)
		}
	}
}

// TestMenuKeepsItsShape holds what the driver relies on: the same kinds at the same places, whatever the state.
func TestMenuKeepsItsShape(t *testing.T) {
	var shape func([]Entry) string
	shape = func(entries []Entry) string {
		var b strings.Builder
		for _, e := range entries {
			fmt.Fprintf(&b, "%d(%s)", e.Kind, shape(e.Children))
		}
		return b.String()
	}
	want := shape(Menu(State{}))
	var models []Model
	var chosen []string
	for n := range 2 * MaxModels {
		for _, active := range []string{"", "a/0", "a/25", "other"} {
			for _, e := range []Endpoint{EndpointOn, EndpointPaused, EndpointFailed} {
				if got := shape(Menu(State{Endpoint: e, ActiveModel: active, Models: models, Chosen: chosen})); got != want {
					t.Fatalf("%d models, active %q, %s: got %s, want %s", n, active, e, got, want)
				}
			}
		}
		models = append(models, Model{ID: fmt.Sprintf("a/%d", n)})
		chosen = append(chosen, models[n/2].ID)
	}
}

func FuzzTitle(f *testing.F) {
	f.Add("sim/echo")
	f.Add("a\nb\x00c")
	f.Add(strings.Repeat("é", 100))
	f.Fuzz(func(t *testing.T, s string) {
		got := title(s)
		if n := utf8.RuneCountInString(got); n > maxTitle {
			t.Errorf("%d characters", n)
		}
		if strings.ContainsAny(got, "\n\r\t\x00") {
			t.Errorf("%q has control characters", got)
		}
	})
}
