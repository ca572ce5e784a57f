package desktop_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/build/desktop/session"
)

// headerRows is the part of the window where the active model stands.
const headerRows = 50

// TestActiveModel changes the active model in the tray and on the command line, and looks for it everywhere.
func TestActiveModel(t *testing.T) {
	s := session.Open(t)
	g := start(t, s)
	s.AwaitItem(g.pid(), true)
	menu := s.AwaitMenu(g.pid(), "the models", func(m session.Entry) bool { return active("sim/echo")(m) && has("sim/stream")(m) })
	entry(t, menu, "Endpoint on: http://"+g.addr)
	g.window.AwaitVisible(true)
	before := g.window.AwaitPainted()
	s.Shot("window-sim-echo")

	key := g.must("key", "create", "desktop-test")
	if status, body := g.chat(key); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	if got := g.awaitServedBy(1); got != "sim/echo" {
		t.Errorf("before the click requests went to %q", got)
	}

	s.Click(g.pid(), entry(t, menu, "sim/stream"))
	s.AwaitMenu(g.pid(), "the check mark at the clicked model", active("sim/stream"))
	g.window.AwaitChange("the window's header shows the clicked model", before, headerRows, 0.0005)
	if got := g.must("use"); got != "sim/stream" {
		t.Errorf("gatehouse use says %q", got)
	}
	if status, body := g.chat(key); status != http.StatusOK {
		t.Fatalf("%d: %s", status, body)
	}
	if got := g.awaitServedBy(2); got != "sim/stream" {
		t.Errorf("after the click requests went to %q", got)
	}
	changed := g.window.AwaitPainted()
	s.OpenTrayMenu()
	s.Shot("window-sim-stream")
	s.CloseTrayMenu()

	g.must("use", "sim/think")
	s.AwaitMenu(g.pid(), "the check mark at the model set on the command line", active("sim/think"))
	g.window.AwaitChange("the window's header shows the model set on the command line", changed, headerRows, 0.0005)
}

func TestPauseFromTray(t *testing.T) {
	s := session.Open(t)
	g := start(t, s)
	menu := s.AwaitMenu(g.pid(), "pause", has("Pause endpoint"))
	key := g.must("key", "create", "desktop-test")
	s.Click(g.pid(), entry(t, menu, "Pause endpoint"))
	menu = s.AwaitMenu(g.pid(), "resume", has("Resume endpoint"))
	entry(t, menu, "Endpoint paused")
	if status, body := g.chat(key); status != http.StatusServiceUnavailable {
		t.Errorf("a paused endpoint answers %d: %s", status, body)
	}
	g.window.AwaitVisible(true)
	g.window.AwaitPainted()
	s.Shot("window-paused")
	s.Click(g.pid(), entry(t, menu, "Resume endpoint"))
	s.AwaitMenu(g.pid(), "pause again", has("Pause endpoint"))
	if status, body := g.chat(key); status != http.StatusOK {
		t.Errorf("a resumed endpoint answers %d: %s", status, body)
	}
}

func TestPanelRestart(t *testing.T) {
	s := session.Open(t)
	g := start(t, s)
	s.AwaitItem(g.pid(), true)
	s.StopPanel()
	s.StartPanel()
	s.AwaitItem(g.pid(), true)
	menu := s.AwaitMenu(g.pid(), "the models", has("sim/stream"))
	s.Click(g.pid(), entry(t, menu, "sim/stream"))
	s.AwaitMenu(g.pid(), "the check mark", active("sim/stream"))
}

// TestMenuFollows gives a hundred commands from the tray, the window's calls and the command line in any order, and looks
// after each whether the menu says what the core says.
func TestMenuFollows(t *testing.T) {
	s := session.Open(t)
	g := start(t, s)
	s.AwaitItem(g.pid(), true)
	key := g.must("key", "create", "desktop-test")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, seed))
	models := []string{"sim/echo", "sim/stream", "sim/think", "sim/editor"}
	model, paused, login, requests := "sim/echo", false, false, 0
	follows := func(menu session.Entry) bool {
		_, resume := menu.Find("Resume endpoint")
		want := []string{model}
		if login {
			want = append(want, "Start at login")
		}
		labels := menu.CheckedLabels()
		if resume != paused || len(labels) != len(want) {
			return false
		}
		for i, label := range labels {
			if !strings.Contains(label, want[i]) {
				return false
			}
		}
		if _, ok := menu.Find(fmt.Sprintf("%d request", requests)); requests > 0 && !ok {
			return false
		}
		return true
	}
	flip := map[bool]string{true: "Resume endpoint", false: "Pause endpoint"}
	for n := range 100 {
		menu := s.AwaitMenu(g.pid(), fmt.Sprintf("%s, paused %v, at login %v, %d requests, after %d commands", model, paused, login, requests, n), follows)
		switch r.IntN(7) {
		case 0:
			model = models[r.IntN(len(models))]
			s.Click(g.pid(), entry(t, menu, model))
		case 1:
			model = models[r.IntN(len(models))]
			g.must("use", model)
		case 2:
			s.Click(g.pid(), entry(t, menu, flip[paused]))
			paused = !paused
		case 3:
			g.must(map[bool]string{true: "resume", false: "pause"}[paused])
			paused = !paused
		case 4:
			s.Click(g.pid(), entry(t, menu, "Start at login"))
			login = !login
		case 5:
			login = !login
			g.must("autostart", map[bool]string{true: "on", false: "off"}[login])
		case 6:
			if status, body := g.chat(key); (status == http.StatusOK) == paused {
				t.Fatalf("paused %v: %d: %s", paused, status, body)
			}
			if !paused {
				requests++
			}
		}
	}
	s.AwaitMenu(g.pid(), "the last command", follows)
}

// TestHiddenStart starts as the desktop does at login.
func TestHiddenStart(t *testing.T) {
	s := session.Open(t)
	g := startWith(t, s, []string{"--hidden"})
	s.AwaitItem(g.pid(), true)
	menu := s.AwaitMenu(g.pid(), "the endpoint", has("Endpoint on: http://"+g.addr))
	if g.window.Visible() {
		t.Fatal("the window is there")
	}
	s.Click(g.pid(), entry(t, menu, "Usage"))
	g.window.AwaitVisible(true)
	g.window.AwaitPainted()
	s.Shot("window-usage-from-tray")
	g.window.Close()
	g.window.AwaitVisible(false)
	// Without a panel nothing could bring it back.
	s.StopPanel()
	g.window.AwaitVisible(true)
}

// TestCloseWithTray closes the window: the program goes on in the tray, and each of three ways brings it back.
func TestCloseWithTray(t *testing.T) {
	s := session.Open(t)
	g := start(t, s)
	s.AwaitItem(g.pid(), true)
	g.window.AwaitVisible(true)
	g.window.AwaitPainted()
	hide := func() {
		t.Helper()
		g.window.Close()
		g.window.AwaitVisible(false)
		if !g.running() {
			t.Fatal("closing the window ended the program")
		}
	}
	hide()
	s.Shot("window-hidden")
	s.Click(g.pid(), entry(t, s.Menu(g.pid()), "Open Gatehouse"))
	g.window.AwaitVisible(true)

	hide()
	if out, err := g.run(); err != nil { // a second start
		t.Fatalf("the second start: %v: %s", err, out)
	}
	g.window.AwaitVisible(true)
	if !g.running() {
		t.Fatal("the second start ended the first")
	}

	s.Click(g.pid(), entry(t, s.Menu(g.pid()), "Quit"))
	g.awaitEnd()
	s.AwaitItem(g.pid(), false)
}

// TestCloseWithoutTray closes the window where nothing could bring it back: it stays and asks.
func TestCloseWithoutTray(t *testing.T) {
	s := session.Open(t)
	s.StopPanel()
	g := start(t, s)
	g.window.AwaitVisible(true)
	before := g.window.AwaitPainted()
	if status := g.must("status", "--json"); !strings.Contains(strings.ReplaceAll(status, " ", ""), `"tray":false`) {
		t.Errorf("without a panel the status is %s", status)
	}
	g.window.Close()
	g.window.AwaitChange("the page asks", before, 0, 0.03)
	g.window.AwaitPainted()
	s.Shot("window-close-asked")
	if !g.running() || !g.window.Visible() {
		t.Fatal("closing the window did not ask")
	}
	// With a panel again the same window hides.
	s.StartPanel()
	s.AwaitItem(g.pid(), true)
	g.window.Close()
	g.window.AwaitVisible(false)
}

// TestNoBus runs with no D-Bus at all: no tray, no keychain, and everything else.
func TestNoBus(t *testing.T) {
	s := session.Open(t)
	g := start(t, s, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent/bus")
	g.window.AwaitVisible(true)
	g.window.AwaitPainted()
	s.Shot("window-no-bus")
	key := g.must("key", "create", "desktop-test")
	if status, body := g.chat(key); status != http.StatusOK {
		t.Errorf("%d: %s", status, body)
	}
}
