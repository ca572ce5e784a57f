// Package session lets tests look at a real desktop session: the tray's items and menus over D-Bus, windows over X.
//
// Desktop tests run when GATEHOUSE_TEST_DESKTOP=1, inside build/desktop/session.sh; then a session that can't be used is
// a failure, never a skip. It is for tests only and must not know Gatehouse's packages.
package session

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// Patience is how long a test waits for what should come at once; reaching it is a failure.
const Patience = 30 * time.Second

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
	menuPath    = dbus.ObjectPath("/StatusNotifierItem/menu")
	menuFace    = "com.canonical.dbusmenu"
)

// Session is a connection to the running desktop session.
type Session struct {
	t   testing.TB
	Bus *dbus.Conn
}

// Open connects to the session, or skips the test where desktop tests are not asked for.
func Open(t testing.TB) *Session {
	t.Helper()
	if os.Getenv("GATEHOUSE_TEST_DESKTOP") != "1" {
		t.Skip("desktop tests run with GATEHOUSE_TEST_DESKTOP=1 inside build/desktop/session.sh")
	}
	bus, err := dbus.SessionBusPrivateNoAutoStartup()
	if err == nil {
		err = bus.Auth(nil)
	}
	if err == nil {
		err = bus.Hello()
	}
	if err != nil {
		t.Fatalf("the session bus can't be reached; run the test inside build/desktop/session.sh: %v", err)
	}
	t.Cleanup(func() { bus.Close() })
	if os.Getenv("DISPLAY") == "" {
		t.Fatal("there is no DISPLAY; run the test inside build/desktop/session.sh")
	}
	return &Session{t: t, Bus: bus}
}

// until waits until ok, asking again after each matching signal.
func (s *Session) until(what string, ok func() bool, match ...dbus.MatchOption) {
	s.t.Helper()
	signals := make(chan *dbus.Signal, 256)
	s.Bus.Signal(signals)
	defer s.Bus.RemoveSignal(signals)
	if err := s.Bus.AddMatchSignal(match...); err != nil {
		s.t.Fatalf("watching for %s: %v", what, err)
	}
	defer s.Bus.RemoveMatchSignal(match...)
	deadline := time.After(Patience)
	for !ok() {
		select {
		case <-signals:
		case <-deadline:
			s.t.Fatalf("gave up waiting for %s", what)
		}
	}
}

// Owned tells whether someone has the bus name.
func (s *Session) Owned(name string) bool {
	s.t.Helper()
	var owned bool
	if err := s.Bus.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&owned); err != nil {
		s.t.Fatal(err)
	}
	return owned
}

// AwaitName waits until the bus name is owned, or is not.
func (s *Session) AwaitName(name string, owned bool) {
	s.t.Helper()
	s.until(fmt.Sprintf("%s owned=%v", name, owned), func() bool { return s.Owned(name) == owned },
		dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"))
}

// Item is the bus name of a process's tray item.
func Item(pid int) string { return fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", pid) }

// AwaitItem waits until the panel has a process's tray item (or has not).
func (s *Session) AwaitItem(pid int, registered bool) {
	s.t.Helper()
	s.until(fmt.Sprintf("tray item of %d registered=%v", pid, registered), func() bool { return s.registered(pid) == registered },
		dbus.WithMatchInterface(watcherName))
}

func (s *Session) registered(pid int) bool {
	var host bool
	var items []string
	watcher := s.Bus.Object(watcherName, watcherPath)
	if watcher.StoreProperty(watcherName+".IsStatusNotifierHostRegistered", &host) != nil || !host {
		return false
	}
	if watcher.StoreProperty(watcherName+".RegisteredStatusNotifierItems", &items) != nil {
		return false
	}
	var owner string
	_ = s.Bus.BusObject().Call("org.freedesktop.DBus.GetNameOwner", 0, Item(pid)).Store(&owner)
	for _, item := range items {
		if strings.HasPrefix(item, Item(pid)) || owner != "" && strings.HasPrefix(item, owner+"/") {
			return true
		}
	}
	return false
}

// ItemProperty is one property of a process's tray item.
func (s *Session) ItemProperty(pid int, name string, to any) {
	s.t.Helper()
	err := s.Bus.Object(Item(pid), "/StatusNotifierItem").StoreProperty("org.kde.StatusNotifierItem."+name, to)
	if err != nil {
		s.t.Fatalf("tray item's %s: %v", name, err)
	}
}

// Entry is a line of a tray menu as its host sees it.
type Entry struct {
	ID        int32
	Label     string
	Separator bool
	Disabled  bool
	Radio     bool
	Checked   bool
	Children  []Entry
}

// Find gives the first entry whose label has the given text in it.
func (e Entry) Find(label string) (Entry, bool) {
	for _, c := range e.Children {
		if strings.Contains(c.Label, label) {
			return c, true
		}
		if found, ok := c.Find(label); ok {
			return found, true
		}
	}
	return Entry{}, false
}

// CheckedLabels is the labels of all entries with a check mark.
func (e Entry) CheckedLabels() []string {
	var labels []string
	for _, c := range e.Children {
		if c.Checked {
			labels = append(labels, c.Label)
		}
		labels = append(labels, c.CheckedLabels()...)
	}
	return labels
}

// Menu reads a process's tray menu. Hidden entries are left out.
func (s *Session) Menu(pid int) Entry {
	s.t.Helper()
	menu, err := s.readMenu(pid)
	if err != nil {
		s.t.Fatalf("GetLayout: %v", err)
	}
	return menu
}

// layout is dbusmenu's (ia{sv}av).
type layout struct {
	ID         int32
	Properties map[string]dbus.Variant
	Children   []dbus.Variant
}

func (s *Session) readMenu(pid int) (Entry, error) {
	var revision uint32
	var root layout
	err := s.Bus.Object(Item(pid), menuPath).Call(menuFace+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root)
	if err != nil {
		return Entry{}, err
	}
	return entry(root)
}

func entry(l layout) (Entry, error) {
	text := func(name string) string { v, _ := l.Properties[name].Value().(string); return v }
	e := Entry{
		ID: l.ID, Label: text("label"), Separator: text("type") == "separator", Radio: text("toggle-type") == "checkmark",
	}
	if enabled, ok := l.Properties["enabled"].Value().(bool); ok {
		e.Disabled = !enabled
	}
	state, _ := l.Properties["toggle-state"].Value().(int32)
	e.Checked = state == 1
	for _, v := range l.Children {
		var child layout
		if err := dbus.Store([]any{v.Value()}, &child); err != nil {
			return Entry{}, err
		}
		if visible, ok := child.Properties["visible"].Value().(bool); ok && !visible {
			continue
		}
		c, err := entry(child)
		if err != nil {
			return Entry{}, err
		}
		e.Children = append(e.Children, c)
	}
	return e, nil
}

// AwaitMenu waits until a process's tray menu is as wanted, and gives it.
func (s *Session) AwaitMenu(pid int, what string, ok func(Entry) bool) Entry {
	s.t.Helper()
	s.AwaitName(Item(pid), true)
	var menu Entry
	var err error
	found := false
	defer func() {
		if !found {
			s.t.Logf("the menu was %+v (%v)", menu, err)
		}
	}()
	s.until(what, func() bool { menu, err = s.readMenu(pid); return err == nil && ok(menu) }, dbus.WithMatchInterface(menuFace))
	found = true
	return menu
}

// Click clicks on a menu entry as a panel does.
func (s *Session) Click(pid int, e Entry) {
	s.t.Helper()
	call := s.Bus.Object(Item(pid), menuPath).Call(menuFace+".Event", 0, e.ID, "clicked", dbus.MakeVariant(""), uint32(0))
	if call.Err != nil {
		s.t.Fatalf("clicking %q: %v", e.Label, call.Err)
	}
}

// StopPanel ends the panel, and with it every tray.
func (s *Session) StopPanel() {
	s.t.Helper()
	if out, err := exec.Command("xfce4-panel", "--quit").CombinedOutput(); err != nil {
		s.t.Fatalf("stopping the panel: %v: %s", err, out)
	}
	s.AwaitName(watcherName, false)
	s.t.Cleanup(func() {
		if !s.Owned(watcherName) {
			s.StartPanel()
		}
	})
}

// StartPanel starts the panel again. It outlives the test: the session ends it.
func (s *Session) StartPanel() {
	s.t.Helper()
	cmd := exec.Command("xfce4-panel", "--disable-wm-check")
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("starting the panel: %v", err)
	}
	go cmd.Wait()
	s.AwaitName(watcherName, true)
}

// Shot takes a picture of the whole screen into the folder GATEHOUSE_SHOTS, if that is set.
func (s *Session) Shot(name string) {
	s.t.Helper()
	s.shot(name, "root")
}

func (s *Session) shot(name, window string) {
	s.t.Helper()
	folder := os.Getenv("GATEHOUSE_SHOTS")
	if folder == "" {
		return
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		s.t.Fatal(err)
	}
	out, err := exec.Command("import", "-window", window, filepath.Join(folder, name+".png")).CombinedOutput()
	if err != nil {
		s.t.Fatalf("screenshot: %v: %s", err, out)
	}
}
