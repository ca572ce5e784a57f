//go:build !windows && !darwin

package secret

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/zalando/go-keyring"
	secretservice "github.com/zalando/go-keyring/secret_service"
)

// systemRing is the Secret Service on the session bus.
type systemRing struct{}

func (systemRing) get(service, name string, ask bool) (string, error) {
	if err := ready(ask); err != nil {
		return "", err
	}
	var value string
	err := asking(func() (err error) { value, err = keyring.Get(service, name); return })
	return value, err
}

func (systemRing) set(service, name, value string) error {
	if err := ready(true); err != nil {
		return err
	}
	return asking(func() error { return keyring.Set(service, name, value) })
}

func (systemRing) delete(service, name string) error {
	if err := ready(true); err != nil {
		return err
	}
	return asking(func() error { return keyring.Delete(service, name) })
}

const (
	secretsName  = "org.freedesktop.secrets"
	secretsPath  = "/org/freedesktop/secrets"
	promptDone   = "org.freedesktop.Secret.Prompt.Completed"
	lockedMember = "org.freedesktop.Secret.Collection.Locked"
	readAlias    = "org.freedesktop.Secret.Service.ReadAlias"
)

const desktopAdvice = "Start Gatehouse from your desktop session, or install and start a keychain such as " +
	"gnome-keyring. "

// ready finds out what go-keyring would not tell, or only by side effects: whether there is a bus, a service, a
// keyring, and whether that is locked. It opens no dialog and starts no daemon.
func ready(ask bool) error {
	if err := findBus(); err != nil {
		return err
	}
	service, err := secretservice.NewSecretService()
	if err != nil {
		return err
	}
	collection := service.GetLoginCollection()
	property, err := collection.GetProperty(lockedMember)
	if err != nil {
		if serviceMissing(err) {
			return err
		}
		// No such object: is there a default keyring at all?
		var path dbus.ObjectPath
		if err := service.Object(secretsName, secretsPath).Call(readAlias, 0, "default").Store(&path); err != nil {
			return err
		}
		if path == "/" {
			return noKeyring()
		}
		return err
	}
	if locked, _ := property.Value().(bool); locked && !ask {
		return &Unavailable{
			State:  Locked,
			Reason: "your keyring is locked",
			Advice: "Unlock it (for example in Passwords and Keys, or by Try again on the Credentials page). " + useVariables,
		}
	}
	return nil
}

func noKeyring() *Unavailable {
	return &Unavailable{
		State:  Absent,
		Reason: "the Secret Service runs but has no default keyring to keep secrets in",
		Advice: "Create one (in Passwords and Keys: a new password keyring, set as default), or log in to the desktop " +
			"once. " + useVariables,
	}
}

// findBus tells whether there is a session bus that can be found without starting one: godbus, left alone, runs
// dbus-launch, and the daemon that this starts outlives Gatehouse.
func findBus() error {
	if address := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); address != "" && address != "autolaunch:" {
		return nil
	}
	if u, err := user.Current(); err == nil {
		// The two places where godbus itself looks.
		for _, name := range []string{"bus", "dbus-session"} {
			if _, err := os.Stat(filepath.Join("/run/user", u.Uid, name)); err == nil {
				return nil
			}
		}
	}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		path := filepath.Join(dir, "bus")
		if _, err := os.Stat(path); err == nil {
			return os.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+dbus.EscapeBusAddressValue(path))
		}
	}
	return &Unavailable{
		State: Absent,
		Reason: "there is no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set), as is usual over SSH, in WSL and " +
			"in containers",
		Advice: desktopAdvice + useVariables,
	}
}

// settle is how long a signal that explains a failure may lag behind it.
const settle = 200 * time.Millisecond

// asking runs a call that may open an unlock dialog. go-keyring takes the first signal on the shared connection for the
// dialog's answer, also when it is another one (the tray getting its name, for example). If that happened the call is
// made once more; if the user dismissed the dialog it is not.
func asking(call func() error) error {
	conn, err := dbus.SessionBus()
	if err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	defer conn.RemoveSignal(signals)
	err = call()
	if !unlockFailed(err) {
		return err
	}
	timeout := time.NewTimer(settle)
	defer timeout.Stop()
	select {
	case s := <-signals:
		if s != nil && s.Name != promptDone {
			return call()
		}
	case <-timeout.C:
	}
	return err
}

// unlockFailed recognises go-keyring's error, which has no type.
func unlockFailed(err error) bool {
	return err != nil && strings.Contains(err.Error(), "failed to unlock correct collection")
}

func serviceMissing(err error) bool {
	e, ok := errors.AsType[dbus.Error](err)
	return ok && (e.Name == "org.freedesktop.DBus.Error.ServiceUnknown" ||
		e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
		strings.HasPrefix(e.Name, "org.freedesktop.DBus.Error.Spawn"))
}

// classify says what an error of the system means.
func classify(err error) *Unavailable {
	if u, ok := errors.AsType[*Unavailable](err); ok {
		return u
	}
	_, network := errors.AsType[*net.OpError](err)
	switch {
	case unlockFailed(err):
		return &Unavailable{
			State:  Locked,
			Reason: "your keyring is locked, and its unlock dialog was dismissed or could not be shown",
			Advice: "Unlock it (for example in Passwords and Keys, or by Try again on the Credentials page). " + useVariables,
		}
	case serviceMissing(err):
		return &Unavailable{
			State:  Absent,
			Reason: "no Secret Service answers on the session bus",
			Advice: "Install and start one, for example gnome-keyring, KWallet or KeePassXC. " + useVariables,
		}
	case network:
		return &Unavailable{
			State:  Absent,
			Reason: fmt.Sprintf("the D-Bus session bus can't be reached (%v)", err),
			Advice: desktopAdvice + useVariables,
		}
	}
	return &Unavailable{
		State:  Absent,
		Reason: fmt.Sprintf("it answered with an error (%v)", err),
		Advice: desktopAdvice + useVariables,
	}
}
