package tray

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/build/desktop/session"
)

// TestMain turns this binary into a program with a tray: systray allows one in a process, and so each test starts its
// own.
func TestMain(m *testing.M) {
	if os.Getenv("GATEHOUSE_TRAY_PROGRAM") == "1" {
		program()
		return
	}
	os.Exit(m.Run())
}

// program shows each state that comes as a line of JSON, and says what is clicked and whether its icon can be seen.
// It never answers a click by itself, so that what changes in the menu came from a state.
func program() {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Scan()
	var first State
	if err := json.Unmarshal(in.Bytes(), &first); err != nil {
		say("error %v", err)
		return
	}
	t := New(Options{
		Commands: speaker(say), First: first,
		Presence: func(present bool) { say("presence %v", present) },
		Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	t.Start()
	say("started")
	for in.Scan() {
		if in.Text() == "present?" {
			say("present %v", t.Present(context.Background()))
			continue
		}
		var s State
		if err := json.Unmarshal(in.Bytes(), &s); err != nil {
			say("error %v", err)
			continue
		}
		t.Update(s)
	}
	t.Stop()
	say("stopped")
}

type speaker func(format string, args ...any)

func (s speaker) UseModel(id string)              { s("use %s", id) }
func (s speaker) SetPaused(paused bool)           { s("paused %v", paused) }
func (s speaker) ShowWindow()                     { s("show") }
func (s speaker) ShowPage(page, item string)      { s("page %s", strings.TrimSpace(page+" "+item)) }
func (s speaker) AllowMore(budget, amount string) { s("allow %s %s", budget, amount) }
func (s speaker) SetAutostart(on bool)            { s("autostart %v", on) }
func (s speaker) Quit()                           { s("quit") }

// running is a started program.
type running struct {
	t     *testing.T
	pid   int
	in    *json.Encoder
	close func()
	lines chan string
	ask   func(string)
}

func run(t *testing.T, first State, env ...string) *running {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "GATEHOUSE_TRAY_PROGRAM=1", "GORACE=exitcode=0 atexit_sleep_ms=0"), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &running{
		t: t, pid: cmd.Process.Pid, in: json.NewEncoder(in), lines: make(chan string, 100),
		close: func() { in.Close() }, ask: func(s string) { fmt.Fprintln(in, s) },
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		in.Close()
		stuck := time.AfterFunc(session.Patience, func() { cmd.Process.Kill() })
		<-read
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
		stuck.Stop()
		checkStderr(t, stderr.String())
	})
	p.show(first)
	p.await("started")
	return p
}

// checkStderr fails on every data race that is ours. Systray v1.12.2 has some of its own, between its menu's version and
// its properties on one side and the answers to the panel on the other; they are known by both accesses being in it or
// in the D-Bus library, and are harmless: a number or pixels that are a moment old.
func checkStderr(t *testing.T, text string) {
	reports := strings.Split(text, "WARNING: DATA RACE")
	if log := strings.TrimSpace(strings.ReplaceAll(reports[0], "==================", "")); log != "" {
		t.Logf("the program's log: %s", log)
	}
	for _, report := range reports[1:] {
		lines := strings.Split(report, "\n")
		for i, line := range lines {
			access := strings.HasPrefix(line, "Read at") || strings.HasPrefix(line, "Write at") ||
				strings.HasPrefix(line, "Previous read at") || strings.HasPrefix(line, "Previous write at")
			if !access {
				continue
			}
			j := i + 1
			for j+2 < len(lines) && (strings.HasPrefix(lines[j], "  reflect.") || strings.HasPrefix(lines[j], "  runtime.")) {
				j += 2
			}
			if !strings.HasPrefix(lines[j], "  fyne.io/systray") && !strings.HasPrefix(lines[j], "  github.com/godbus/dbus") {
				t.Errorf("data race: %s", report)
			}
		}
	}
}

func (p *running) show(s State) {
	p.t.Helper()
	if err := p.in.Encode(s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *running) await(want string) {
	p.t.Helper()
	deadline := time.After(session.Patience)
	for {
		select {
		case line := <-p.lines:
			if line == want {
				return
			}
			p.t.Logf("also said: %s", line)
		case <-deadline:
			p.t.Fatalf("gave up waiting for %q", want)
		}
	}
}

func state(active string) State {
	return State{
		Endpoint: EndpointOn, URL: "http://127.0.0.1:4283", ActiveModel: active,
		Models: []Model{{ID: "sim/echo"}, {ID: "sim/stream"}, {ID: "some_org/some_model"}},
	}
}

// find gives the menu's entry; labels are escaped for dbusmenu.
func find(t *testing.T, menu session.Entry, text string) session.Entry {
	t.Helper()
	e, ok := menu.Find(text)
	if !ok {
		t.Fatalf("no entry %q in %+v", text, menu)
	}
	return e
}

func checked(labels ...string) func(session.Entry) bool {
	return func(e session.Entry) bool { return slices.Equal(e.CheckedLabels(), labels) }
}

func TestItemAndMenu(t *testing.T) {
	s := session.Open(t)
	p := run(t, state("sim/echo"))
	s.AwaitItem(p.pid, true)
	p.await("presence true")
	p.ask("present?")
	p.await("present true")

	var name, category string
	s.ItemProperty(p.pid, "Title", &name)
	s.ItemProperty(p.pid, "Category", &category)
	if name != "Gatehouse" || category != "ApplicationStatus" {
		t.Errorf("title %q, category %q", name, category)
	}
	type pixmap struct {
		W, H int32
		Data []byte
	}
	var pixmaps []pixmap
	s.ItemProperty(p.pid, "IconPixmap", &pixmaps)
	if len(pixmaps) != 1 || pixmaps[0].W != 64 || len(pixmaps[0].Data) != 64*64*4 {
		t.Errorf("unexpected icon: %d pixmaps", len(pixmaps))
	}

	menu := s.AwaitMenu(p.pid, "the whole menu", func(e session.Entry) bool {
		_, ok := e.Find("sim/stream") // the library's first answer leaves submenus empty
		return ok && checked("sim/echo")(e)
	})
	if head := find(t, menu, "Endpoint on: http://127.0.0.1:4283"); !head.Disabled {
		t.Error("the headline can be clicked")
	}
	if e := find(t, menu, "some__org/some__model"); !e.Radio {
		t.Error("a model is no radio entry")
	}
	s.Shot("tray-item")

	// A click changes nothing by itself; the state does, and keeps exactly one check mark.
	s.Click(p.pid, find(t, menu, "sim/stream"))
	p.await("use sim/stream")
	if got := s.Menu(p.pid).CheckedLabels(); !slices.Equal(got, []string{"sim/echo"}) {
		t.Errorf("checked before the state changed: %v", got)
	}
	p.show(state("sim/stream"))
	s.AwaitMenu(p.pid, "the other check mark", checked("sim/stream"))
	s.Click(p.pid, find(t, menu, "some__org"))
	p.await("use some_org/some_model")

	s.Click(p.pid, find(t, menu, "Open Gatehouse"))
	p.await("show")
	s.Click(p.pid, find(t, menu, "Quit"))
	p.await("quit")
	p.close()
	p.await("stopped")
	s.AwaitItem(p.pid, false)
}

func TestPauseAndResume(t *testing.T) {
	s := session.Open(t)
	p := run(t, state("sim/echo"))
	menu := s.AwaitMenu(p.pid, "pause", func(e session.Entry) bool { _, ok := e.Find("Pause endpoint"); return ok })
	s.Click(p.pid, find(t, menu, "Pause endpoint"))
	p.await("paused true")
	paused := state("sim/echo")
	paused.Endpoint = EndpointPaused
	p.show(paused)
	menu = s.AwaitMenu(p.pid, "resume", func(e session.Entry) bool { _, ok := e.Find("Resume endpoint"); return ok })
	find(t, menu, "Endpoint paused")
	s.AwaitItem(p.pid, true)
	s.Shot("tray-paused")
	s.Click(p.pid, find(t, menu, "Resume endpoint"))
	p.await("paused false")
}

func TestModelListChanges(t *testing.T) {
	s := session.Open(t)
	p := run(t, State{Endpoint: EndpointOn})
	menu := s.AwaitMenu(p.pid, "no models", func(e session.Entry) bool { _, ok := e.Find("No others"); return ok })
	if !find(t, menu, "No others").Disabled {
		t.Error("the empty list can be clicked")
	}
	many := State{Endpoint: EndpointOn, ActiveModel: "a/44"}
	for i := range 100 {
		many.Models = append(many.Models, Model{ID: fmt.Sprintf("a/%d", i)})
	}
	p.show(many)
	menu = s.AwaitMenu(p.pid, "many models", func(e session.Entry) bool {
		sub, _ := e.Find("Other models")
		return len(sub.Children) == MaxModels+1 && slices.Equal(e.CheckedLabels(), []string{"a/44"})
	})
	if _, ok := menu.Find("No others"); ok {
		t.Error("the old entry is still there")
	}
	s.Click(p.pid, find(t, menu, "All models"))
	p.await("page models")

	p.show(state("sim/stream"))
	menu = s.AwaitMenu(p.pid, "few models", func(e session.Entry) bool {
		sub, _ := e.Find("Other models")
		return len(sub.Children) == 2 && slices.Equal(e.CheckedLabels(), []string{"sim/stream"})
	})
	s.Click(p.pid, find(t, menu, "sim/echo"))
	p.await("use sim/echo")
}

// TestEveryEntry clicks what comes and goes with the state.
func TestEveryEntry(t *testing.T) {
	s := session.Open(t)
	on, off := true, false
	full := state("sim/echo")
	full.Chosen, full.Today, full.Autostart = []string{"sim/stream"}, "Today: $1.50, 12 requests", &off
	full.Budget = Budget{Name: "daily", Text: "Budget daily: all spent", More: "$2", Amount: "2"}
	full.Failure = Failure{Request: "gen_1", Text: "14:03 sim/fail: rate limit"}
	p := run(t, full)
	menu := s.AwaitMenu(p.pid, "the day", func(e session.Entry) bool { _, ok := e.Find("Today"); return ok })
	for label, said := range map[string]string{
		"sim/stream": "use sim/stream", "Today": "page usage", "Budget daily": "page budgets", "Allow $2 more": "allow daily 2",
		"Last error": "page usage gen_1", "Chat": "page chat", "Start at login": "autostart true",
	} {
		s.Click(p.pid, find(t, menu, label))
		p.await(said)
	}
	s.Shot("tray-full")
	full.Autostart, full.Budget, full.Failure = &on, Budget{}, Failure{}
	p.show(full)
	menu = s.AwaitMenu(p.pid, "the check mark", func(e session.Entry) bool {
		_, told := e.Find("Last error")
		return !told && slices.Contains(e.CheckedLabels(), "Start at login")
	})
	for _, gone := range []string{"Budget daily", "Allow"} {
		if _, ok := menu.Find(gone); ok {
			t.Errorf("%q is still there", gone)
		}
	}
	s.Click(p.pid, find(t, menu, "Start at login"))
	p.await("autostart false")
}

func TestPanelRestart(t *testing.T) {
	s := session.Open(t)
	p := run(t, state("sim/echo"))
	p.await("presence true")
	s.StopPanel()
	p.await("presence false")
	p.ask("present?")
	p.await("present false")
	s.StartPanel()
	p.await("presence true")
	s.AwaitItem(p.pid, true)
	p.show(state("sim/stream"))
	s.AwaitMenu(p.pid, "a menu that still follows", checked("sim/stream"))
}

func TestStartWithoutPanel(t *testing.T) {
	s := session.Open(t)
	s.StopPanel()
	p := run(t, state("sim/echo"))
	p.await("presence false")
	s.AwaitName(session.Item(p.pid), true)
	s.StartPanel()
	p.await("presence true")
	s.AwaitItem(p.pid, true)
}

// TestNoBus needs no session: with no bus at all the tray stays away, quietly, and starts no bus of its own.
func TestNoBus(t *testing.T) {
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid())); err == nil {
		t.Log("this user has a session bus at the usual place; only the unreachable address is tried")
	} else {
		t.Run("unset", func(t *testing.T) { noBus(t, "DBUS_SESSION_BUS_ADDRESS=") })
	}
	t.Run("unreachable", func(t *testing.T) { noBus(t, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus") })
}

func noBus(t *testing.T, address string) {
	p := run(t, state("sim/echo"), address)
	p.show(state("sim/stream"))
	p.ask("present?")
	p.await("present false")
	p.close()
	p.await("stopped")
}

func TestLabelKeepsUnderscores(t *testing.T) {
	if got := label("a_b"); !strings.Contains(got, "a__b") {
		t.Errorf("got %q", got)
	}
}
