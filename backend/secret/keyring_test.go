//go:build linux

package secret

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	secretservice "github.com/zalando/go-keyring/secret_service"
)

// The tests in this file use a real gnome-keyring on a session bus of its own. They need
//
//	export HOME=$(mktemp -d) GATEHOUSE_TEST_KEYRING=1; unset DISPLAY WAYLAND_DISPLAY
//	dbus-run-session -- sh -c 'echo -n throwaway | gnome-keyring-daemon --unlock --components=secrets && go test ...'
//
// With the variable set a keyring that can't be used is a failure; without it they are skipped.
func realKeyring(t *testing.T) *Keychain {
	t.Helper()
	if os.Getenv("GATEHOUSE_TEST_KEYRING") != "1" {
		t.Skip("GATEHOUSE_TEST_KEYRING=1 is not set: there is no throw-away keyring to test with")
	}
	k := New(Options{Service: fmt.Sprintf("gatehouse-test-%d", os.Getpid())})
	t.Cleanup(k.Close)
	return k
}

func TestRealKeyring(t *testing.T) {
	k := realKeyring(t)
	if s := k.Probe(t.Context()); s.State != OK {
		t.Fatalf("the keyring can't be used: %+v", s)
	}
	roundTrip(t, k)
}

func TestRealKeyringKeepsWhatOthersCanRead(t *testing.T) {
	k := realKeyring(t)
	if err := k.Set(t.Context(), "openai", "sk-visible"); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("secret-tool", "lookup", "service", k.service, "username", "openai").Output()
	if err != nil || string(out) != "sk-visible" {
		t.Fatalf("secret-tool found %q, %v", out, err)
	}
	// What another program stores or removes is seen.
	if err := exec.Command("secret-tool", "clear", "service", k.service, "username", "openai").Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(t.Context(), "openai"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("got %v", err)
	}
}

// TestRealKeyringLocked needs a session bus that was started without a display: with one, a dialog would open.
func TestRealKeyringLocked(t *testing.T) {
	k := realKeyring(t)
	if err := k.Set(t.Context(), "openai", "sk-locked"); err != nil {
		t.Fatal(err)
	}
	lockKeyring(t)
	_, err := k.Get(t.Context(), "openai")
	u, ok := errors.AsType[*Unavailable](err)
	if !ok || u.State != Locked || u.Reason != "your keyring is locked" {
		t.Fatalf("reading must not ask, got %v", err)
	}
	if s := k.Probe(t.Context()); s.State != Locked || !strings.Contains(s.Reason, "dismissed or could not be shown") ||
		!strings.Contains(s.Advice, "OPENAI_API_KEY") {
		t.Fatalf("got %+v", s)
	}
	if err := k.Set(t.Context(), "openai", "sk-2"); !isLocked(err) {
		t.Fatalf("got %v", err)
	}
	unlockKeyring(t)
	if got, err := k.Get(t.Context(), "openai"); err != nil || got != "sk-locked" {
		t.Fatalf("after unlocking: %q, %v", got, err)
	}
	if s := k.Status(); s.State != OK {
		t.Fatalf("got %+v", s)
	}
}

// TestForeignSignal holds go-keyring's trap: the first signal on the shared connection counts as the dialog's answer.
func TestForeignSignal(t *testing.T) {
	realKeyring(t)
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed to unlock correct collection '/x'")
	calls := 0
	if err := asking(func() error { calls++; return failed }); !errors.Is(err, failed) || calls != 1 {
		t.Fatalf("a dismissed dialog must not come back: %d calls, %v", calls, err)
	}
	calls = 0
	err = asking(func() error {
		if calls++; calls > 1 {
			return nil
		}
		// The tray starts: the bus tells it that it got its name.
		if _, err := conn.RequestName("dev.gatehouse.Test", dbus.NameFlagDoNotQueue); err != nil {
			t.Fatal(err)
		}
		return failed
	})
	if err != nil || calls != 2 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	if _, err := conn.ReleaseName("dev.gatehouse.Test"); err != nil {
		t.Fatal(err)
	}
}

func lockKeyring(t *testing.T) {
	t.Helper()
	conn, err := dbus.SessionBus()
	if err != nil {
		t.Fatal(err)
	}
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	login := []dbus.ObjectPath{loginCollection}
	err = conn.Object(secretsName, secretsPath).Call("org.freedesktop.Secret.Service.Lock", 0, login).Store(&locked, &prompt)
	if err != nil || len(locked) != 1 {
		t.Fatalf("locked %v, %v", locked, err)
	}
}

// unlockKeyring does without a dialog what its user would do, by gnome-keyring's own back door for that.
func unlockKeyring(t *testing.T) {
	t.Helper()
	service, err := secretservice.NewSecretService()
	if err != nil {
		t.Fatal(err)
	}
	session, err := service.OpenSession()
	if err != nil {
		t.Fatal(err)
	}
	const unlock = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword"
	err = service.Object(secretsName, secretsPath).Call(unlock, 0, dbus.ObjectPath(loginCollection),
		secretservice.NewSecret(session.Path(), "throwaway")).Err
	if err != nil {
		t.Fatal(err)
	}
}

const loginCollection = "/org/freedesktop/secrets/collection/login"

// The rest needs no keyring. Each case runs in a process of its own, since D-Bus connections are shared in one.
func TestNoKeychain(t *testing.T) {
	if os.Getenv("GATEHOUSE_TEST_CHILD") == "1" {
		k := New(Options{Service: "gatehouse-test"})
		s := k.Probe(t.Context())
		_, getErr := k.Get(t.Context(), "x")
		setErr := k.Set(t.Context(), "x", "y")
		fmt.Printf("STATE %s|%s|%v|%v\n", s.State, s.Reason, getErr, setErr)
		k.Close()
		return
	}
	run := func(t *testing.T, env []string, before ...string) string {
		args := append(before, os.Args[0], "-test.run=^TestNoKeychain$")
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append([]string{"GATEHOUSE_TEST_CHILD=1", "PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	t.Run("no bus", func(t *testing.T) {
		if findBusElsewhere() {
			t.Skip("this machine has a session bus in its usual place")
		}
		marker := filepath.Join(t.TempDir(), "launched")
		bin := t.TempDir()
		script := "#!/bin/sh\ntouch " + marker + "\nexit 1\n"
		if err := os.WriteFile(filepath.Join(bin, "dbus-launch"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		out := run(t, []string{"PATH=" + bin + ":" + os.Getenv("PATH")})
		if !strings.Contains(out, "STATE absent|there is no D-Bus session bus") {
			t.Fatalf("got %s", out)
		}
		if _, err := os.Stat(marker); err == nil {
			t.Fatal("dbus-launch was called: that would leave a daemon behind")
		}
	})
	t.Run("dead bus", func(t *testing.T) {
		out := run(t, []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent"})
		if !strings.Contains(out, "STATE absent|the D-Bus session bus can't be reached") {
			t.Fatalf("got %s", out)
		}
	})
	t.Run("bus in XDG_RUNTIME_DIR", func(t *testing.T) {
		if findBusElsewhere() {
			t.Skip("this machine has a session bus in its usual place")
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "bus"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		out := run(t, []string{"XDG_RUNTIME_DIR=" + dir})
		if !strings.Contains(out, "STATE absent|the D-Bus session bus can't be reached") {
			t.Fatalf("got %s", out)
		}
	})
	t.Run("bus without a service", func(t *testing.T) {
		out := run(t, nil, needed(t, "dbus-run-session"), "--config-file="+bareBus(t), "--")
		if !strings.Contains(out, "STATE absent|no Secret Service answers on the session bus") {
			t.Fatalf("got %s", out)
		}
	})
	t.Run("service without a keyring", func(t *testing.T) {
		if os.Getenv("GATEHOUSE_TEST_KEYRING") != "1" {
			t.Skip("GATEHOUSE_TEST_KEYRING=1 is not set")
		}
		script := `gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; exec "$@"`
		out := run(t, nil, needed(t, "dbus-run-session"), "--config-file="+bareBus(t), "--", "sh", "-c", script, "sh")
		if !strings.Contains(out, "STATE absent|the Secret Service runs but has no default keyring") {
			t.Fatalf("got %s", out)
		}
	})
}

// findBusElsewhere tells whether godbus would find a bus without any variable.
func findBusElsewhere() bool {
	_, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid()))
	return err == nil
}

func needed(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if os.Getenv("GATEHOUSE_TEST_KEYRING") == "1" {
			t.Fatal(err)
		}
		t.Skipf("%s is not installed", program)
	}
	return path
}

// bareBus is a bus that starts no service by itself.
func bareBus(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus.conf")
	config := `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
