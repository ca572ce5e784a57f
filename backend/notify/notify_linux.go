package notify

import (
	"context"
	"time"

	"github.com/godbus/dbus/v5"
)

// answerTime is how long the desktop may take to answer.
const answerTime = 5 * time.Second

// show calls org.freedesktop.Notifications (Desktop Notifications Specification, "Notify"). The connection is its own and
// short: no signal of another's arrives on it, and it never starts a bus.
func show(ctx context.Context, m Message) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	bus, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return err
	}
	defer bus.Close()
	if err := bus.Auth(nil); err != nil {
		return err
	}
	if err := bus.Hello(); err != nil {
		return err
	}
	urgency := byte(1)
	if m.Urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{
		"urgency": dbus.MakeVariant(urgency), "desktop-entry": dbus.MakeVariant("gatehouse"),
	}
	return bus.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").CallWithContext(
		ctx, "org.freedesktop.Notifications.Notify", 0,
		"Gatehouse", uint32(0), "", m.Title, m.Body, []string{}, hints, int32(-1),
	).Err
}
