package tray

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names are those of the StatusNotifierItem specification:
// https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/
const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
)

// answerTime is how long the desktop's panel may take to answer before it counts as absent.
const answerTime = time.Second

// host is the desktop's panel as the session bus shows it. It has a connection of its own: the one that the tray
// library shares with the keychain's must not get signals that neither of them expects.
type host struct{ bus *dbus.Conn }

// findHost connects to the session bus. It never starts one: a bus of our own would have no panel on it and outlive us.
func findHost() (*host, error) {
	bus, err := dbus.SessionBusPrivateNoAutoStartup()
	if err != nil {
		return nil, err
	}
	if err := bus.Auth(nil); err != nil {
		bus.Close()
		return nil, err
	}
	if err := bus.Hello(); err != nil {
		bus.Close()
		return nil, err
	}
	return &host{bus: bus}, nil
}

func (h *host) close() { h.bus.Close() }

// present tells whether there is a watcher, with a panel behind it, that has our item.
func (h *host) present(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var owned bool
	err := h.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&owned)
	if err != nil || !owned {
		return false
	}
	var shown bool
	if h.property(ctx, "IsStatusNotifierHostRegistered", &shown) != nil || !shown {
		return false
	}
	var items []string
	if h.property(ctx, "RegisteredStatusNotifierItems", &items) != nil {
		return false
	}
	// A watcher lists an item by its well-known or its unique name, with or without the object's path.
	name := fmt.Sprintf("org.kde.StatusNotifierItem-%d-1", os.Getpid())
	var unique string
	if h.bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, name).Store(&unique) != nil {
		return false
	}
	for _, item := range items {
		if isOf(item, name) || isOf(item, unique) {
			return true
		}
	}
	return false
}

func isOf(item, name string) bool {
	rest, ok := strings.CutPrefix(item, name)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '@')
}

func (h *host) property(ctx context.Context, name string, to any) error {
	var v dbus.Variant
	err := h.bus.Object(watcherName, watcherPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get",
		dbus.FlagNoAutoStart, watcherName, name).Store(&v)
	if err != nil {
		return err
	}
	return v.Store(to)
}

// watch reports the icon's presence now and whenever it changes, until ctx ends or the bus goes away.
func (h *host) watch(ctx context.Context, report func(bool)) {
	signals := make(chan *dbus.Signal, 32)
	h.bus.Signal(signals)
	defer h.bus.RemoveSignal(signals)
	for _, match := range [][]dbus.MatchOption{
		{
			dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
			dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName),
		},
		{dbus.WithMatchInterface(watcherName), dbus.WithMatchObjectPath(watcherPath)},
	} {
		// Without the match there are no signals, and what is asked at the start and at each close is still right.
		_ = h.bus.AddMatchSignalContext(ctx, match...)
	}
	was := h.present(ctx)
	report(was)
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-signals:
			now := ok && h.present(ctx)
			if now != was && ctx.Err() == nil {
				was = now
				report(now)
			}
			if !ok {
				return
			}
		}
	}
}
