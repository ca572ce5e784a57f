package notify_test

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"gatehouse/backend/notify"
)

// server is a notification server on a bus of the test's own.
type server struct{ got chan []any }

// Notify has the specification's signature.
func (s *server) Notify(app string, replaces uint32, icon, title, body string, actions []string, hints map[string]dbus.Variant, expire int32) (uint32, *dbus.Error) {
	s.got <- []any{app, replaces, icon, title, body, len(actions), hints["urgency"].Value(), expire}
	return 7, nil
}

func TestShow(t *testing.T) {
	daemon := exec.Command("dbus-daemon", "--session", "--print-address", "--nofork")
	out, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Skipf("there is no dbus-daemon: %v", err)
	}
	defer func() {
		_ = daemon.Process.Kill() // it may have ended
		_ = daemon.Wait()
	}()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
	if err := notify.Show(t.Context(), notify.Message{Title: "nobody is there"}); err == nil {
		t.Error("a desktop without notifications is not told of")
	}

	bus, err := dbus.Connect(strings.TrimSpace(address))
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	s := &server{got: make(chan []any, 1)}
	if err := bus.Export(s, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	if err := notify.Show(t.Context(), notify.Message{Title: "The budget is spent", Body: "$20 of $20", Urgent: true}); err != nil {
		t.Fatal(err)
	}
	got := <-s.got
	for i, want := range []any{"Gatehouse", uint32(0), "", "The budget is spent", "$20 of $20", 0, byte(2), int32(-1)} {
		if got[i] != want {
			t.Errorf("argument %d is %v, want %v", i, got[i], want)
		}
	}

	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	if err := notify.Show(t.Context(), notify.Message{Title: "no bus"}); err == nil {
		t.Error("a missing bus is not told of")
	}
}
