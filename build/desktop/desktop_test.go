package desktop_test

import (
	"net/http"
	"strings"
	"testing"

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
	s.OpenTrayMenu(2)
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
