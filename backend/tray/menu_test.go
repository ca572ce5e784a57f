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
	two := []Model{{ID: "sim/echo", Name: "Echo"}, {ID: "sim/stream"}}
	tests := []struct {
		name  string
		state State
		want  string
	}{
		{
			"on",
			State{Endpoint: EndpointOn, URL: "http://127.0.0.1:4283", ActiveModel: "sim/stream", Models: two},
			`[Endpoint on: http://127.0.0.1:4283]
Pause endpoint
--
Active model
  ( ) Echo  (sim/echo)
  (x) sim/stream
--
Open Gatehouse
Quit
`,
		},
		{
			"paused, active model not in the list",
			State{Endpoint: EndpointPaused, URL: "http://127.0.0.1:4283", ActiveModel: "a/b", Models: two},
			`[Endpoint paused]
Resume endpoint
--
Active model
  (x) a/b
  ( ) Echo  (sim/echo)
  ( ) sim/stream
--
Open Gatehouse
Quit
`,
		},
		{
			"failed, no models, no active model",
			State{Endpoint: EndpointFailed, Problem: "port 4283\nis in use"},
			`[Endpoint failed: port 4283 is in use]
[Pause endpoint]
--
Active model
  [( ) No models yet]
--
Open Gatehouse
Quit
`,
		},
		{
			"nothing known yet",
			State{},
			`[Endpoint starting]
[Pause endpoint]
--
Active model
  [( ) No models yet]
--
Open Gatehouse
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
	s := State{Endpoint: EndpointOn, ActiveModel: "a/1", Models: []Model{{ID: "a/1"}, {ID: "a/2"}}}
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
	want := []Click{{Verb: Pause}, {UseModel, "a/1"}, {UseModel, "a/2"}, {Verb: ShowWindow}, {Verb: Quit}, {Verb: Resume}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestMenuIsBounded(t *testing.T) {
	var many []Model
	for i := range 500 {
		many = append(many, Model{ID: fmt.Sprintf("a/%d", i)})
	}
	children := func(active string) []Entry {
		var shown []Entry
		for _, e := range Menu(State{Models: many, ActiveModel: active})[3].Children {
			if !e.Hidden {
				shown = append(shown, e)
			}
		}
		return shown
	}
	inside := children("a/7")
	if len(inside) != MaxModels+1 || !inside[7].Checked || inside[MaxModels].Title != "All models…" {
		t.Errorf("an active model among the first ones: %v", inside)
	}
	outside := children("a/400")
	if len(outside) != MaxModels+2 || !outside[0].Checked || outside[0].Click.Model != "a/400" {
		t.Errorf("an active model further down: %v", outside)
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
	for n := range 2 * MaxModels {
		for _, active := range []string{"", "a/0", "a/25", "other"} {
			for _, e := range []Endpoint{EndpointOn, EndpointPaused, EndpointFailed} {
				if got := shape(Menu(State{Endpoint: e, ActiveModel: active, Models: models})); got != want {
					t.Fatalf("%d models, active %q, %s: got %s, want %s", n, active, e, got, want)
				}
			}
		}
		models = append(models, Model{ID: fmt.Sprintf("a/%d", n)})
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
