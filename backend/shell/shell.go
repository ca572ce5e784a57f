// Package shell connects the tray and the desktop's notifications with a core: it turns the core's state into the menu's,
// clicks into calls, as every other face does, and what needs its user into a notification.
//
// It must not know the window, nor decide anything of what the core does.
package shell

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
	"gatehouse/backend/event"
	"gatehouse/backend/notify"
	"gatehouse/backend/tray"
)

// feedLimit is how many events may wait for the tray. It looks only at which came, and starts afresh after a gap.
const feedLimit = 256

// pace is how often the menu follows the requests at most.
const pace = time.Second

// Icon is the tray, fed from the same calls and events as every other face.
type Icon struct {
	*tray.Tray
	core   *app.Core
	alerts *alerts
	// stale wakes the goroutine that asks for what the requests came to.
	stale chan struct{}

	mu    sync.Mutex
	state tray.State
	// present tells each change of whether the tray shows our icon.
	present chan bool
}

// NewIcon makes the tray with the core's state as it is now.
func NewIcon(ctx context.Context, core *app.Core) *Icon {
	t := &Icon{core: core, stale: make(chan struct{}, 1), present: make(chan bool, 8)}
	t.alerts = newAlerts(func(m notify.Message) {
		if err := notify.Show(ctx, m); err != nil {
			core.Logger().Info("a notification could not be shown", "title", m.Title, "error", err)
		}
	})
	t.readStatus(ctx)
	t.Tray = tray.New(tray.Options{
		Commands: commands{ctx, core}, First: t.state, Presence: t.setPresent, Log: core.Logger(),
	})
	return t
}

// Presence tells each change of whether the tray shows our icon. It is for one reader.
func (t *Icon) Presence() <-chan bool { return t.present }

func (t *Icon) setPresent(present bool) {
	t.core.Service().SetTray(present)
	select {
	case t.present <- present:
	default: // nobody reads; Present tells it, too
	}
}

// Follow keeps the tray as the core's state says until ctx ends.
func (t *Icon) Follow(ctx context.Context) {
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { t.followActivity(ctx) })
	for {
		events := t.core.Events().Subscribe(feedLimit)
		t.readStatus(ctx)
		t.readModels(ctx)
		t.readHealth(ctx)
		t.touch()
		t.show()
		err := t.forward(ctx, events)
		events.Close()
		if !errors.Is(err, event.ErrLagged) {
			return
		}
	}
}

func (t *Icon) forward(ctx context.Context, events *event.Subscription) error {
	for {
		e, err := events.Next(ctx)
		if err != nil {
			return err
		}
		switch e.Type {
		case "status":
			t.readStatus(ctx)
			t.show()
		case "models":
			t.readModels(ctx)
			t.show()
		case "health":
			t.readHealth(ctx)
		case "usage":
			t.touch()
		}
	}
}

// touch says that what the requests came to has changed.
func (t *Icon) touch() {
	select {
	case t.stale <- struct{}{}:
	default:
	}
}

// followActivity asks for what the requests came to, each pace at most, and when a new day begins.
func (t *Icon) followActivity(ctx context.Context) {
	timer := time.NewTimer(untilTomorrow(time.Now()))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-t.stale:
		}
		t.readActivity(ctx)
		t.show()
		timer.Reset(pace)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		timer.Reset(untilTomorrow(time.Now()))
	}
}

// untilTomorrow is how long the local day still lasts, and a little.
func untilTomorrow(now time.Time) time.Duration {
	year, month, day := now.Date()
	return time.Date(year, month, day+1, 0, 0, 1, 0, now.Location()).Sub(now)
}

func (t *Icon) show() {
	t.mu.Lock()
	s := t.state
	t.mu.Unlock()
	t.Update(s)
}

func (t *Icon) change(do func(*tray.State)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do(&t.state)
}

func ask[R any](ctx context.Context, core *app.Core, method string) (R, error) {
	var none R
	result, err := core.Dispatcher().Call(ctx, method, nil)
	if err != nil {
		return none, err
	}
	r, ok := result.(R)
	if !ok {
		return none, errors.New(method + " gave something unexpected")
	}
	return r, nil
}

// commands turns clicks into calls. What came of them the next state shows; what failed is in the log.
type commands struct {
	ctx  context.Context
	core *app.Core
}

func (c commands) UseModel(id string) { c.call("activeModel.set", control.ModelChoice{Model: id}) }

func (c commands) SetPaused(paused bool) {
	if paused {
		c.call("endpoint.pause", control.Empty{})
		return
	}
	c.call("endpoint.resume", control.Empty{})
}

func (c commands) ShowWindow() { c.call("window.show", control.Empty{}) }

func (c commands) ShowPage(page, item string) {
	c.call("window.open", control.WindowPage{Page: page, Item: item})
}

func (c commands) AllowMore(budget, amount string) {
	c.call("budgets.allow", control.BudgetAllowance{Budget: budget, Amount: amount})
}

func (c commands) SetAutostart(on bool) { c.call("autostart.set", control.Switch{On: on}) }

func (c commands) Quit() { c.call("app.quit", control.Empty{}) }

func (c commands) call(method string, params any) {
	text, err := json.Marshal(params)
	if err == nil {
		_, err = c.core.Dispatcher().Call(c.ctx, method, text)
	}
	if err != nil {
		c.core.Logger().Error("a click in the tray failed", slog.String("call", method), slog.Any("error", err))
	}
}
