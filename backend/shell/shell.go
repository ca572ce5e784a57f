// Package shell connects the tray with a core: it turns the core's state into the menu's and clicks into calls, as every
// other face does.
//
// It must not know the window, nor decide anything.
package shell

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"gatehouse/backend/app"
	"gatehouse/backend/control"
	"gatehouse/backend/event"
	"gatehouse/backend/tray"
)

// feedLimit is how many events may wait for the tray. It looks only at which came, and starts afresh after a gap.
const feedLimit = 256

// Icon is the tray, fed from the same calls and events as every other face.
type Icon struct {
	*tray.Tray
	core  *app.Core
	state tray.State
}

// NewIcon makes the tray with the core's state as it is now.
func NewIcon(ctx context.Context, core *app.Core) *Icon {
	t := &Icon{core: core}
	t.readStatus(ctx)
	t.Tray = tray.New(tray.Options{
		Commands: commands{ctx, core}, First: t.state, Presence: core.Service().SetTray, Log: core.Logger(),
	})
	return t
}

// Follow keeps the tray as the core's state says until ctx ends.
func (t *Icon) Follow(ctx context.Context) {
	for {
		events := t.core.Events().Subscribe(feedLimit)
		t.readStatus(ctx)
		t.readModels(ctx)
		t.Update(t.state)
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
		case "models":
			t.readModels(ctx)
		default:
			continue
		}
		t.Update(t.state)
	}
}

func (t *Icon) readStatus(ctx context.Context) {
	status, err := ask[control.Status](ctx, t.core, "status.get")
	if err != nil {
		t.core.Logger().Error("the tray can't have the status", "error", err)
		return
	}
	t.state.Endpoint = tray.Endpoint(status.Endpoint.State)
	t.state.URL = status.Endpoint.URL
	t.state.Problem = status.Endpoint.Problem
	t.state.ActiveModel = status.ActiveModel
}

func (t *Icon) readModels(ctx context.Context) {
	list, err := ask[control.ModelList](ctx, t.core, "models.list")
	if err != nil {
		t.core.Logger().Error("the tray can't have the models", "error", err)
		return
	}
	t.state.Models = make([]tray.Model, 0, len(list.Models))
	for _, m := range list.Models {
		t.state.Models = append(t.state.Models, tray.Model{ID: m.ID, Name: m.Name})
	}
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
