package desktop

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"

	"gatehouse/backend/event"
)

// EventName is the one event that the page listens to. Its payload is a JSON text: {"seq", "type", "data"}.
const EventName = "gatehouse"

// feedLimit is how many events may wait for the window.
const feedLimit = 1024

// listEvents say that a list changed; sent after a gap, they make the page ask for each list again.
var listEvents = []string{"settings", "models", "health", "rollouts", "budgets", "credentials", "keys", "chat.conversations"}

// Feed carries events to the page.
type Feed struct {
	Caller Caller
	Events *event.Broker
	// Emit sends an event to the page. It must be safe for concurrent use.
	Emit func(name, payload string)
	Log  *slog.Logger
}

// Run forwards events until ctx ends. After having missed some it sends the whole status and a hint for each list.
func (f *Feed) Run(ctx context.Context) {
	var seq uint64
	for {
		sub := f.Events.Subscribe(feedLimit)
		err := f.forward(ctx, sub, &seq)
		sub.Close()
		if !errors.Is(err, event.ErrLagged) {
			return
		}
		f.Log.Warn("the window missed events and is sent a fresh status")
		f.refresh(ctx, seq)
	}
}

func (f *Feed) forward(ctx context.Context, sub *event.Subscription, seq *uint64) error {
	for {
		e, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		*seq = e.Seq
		f.emit(e)
	}
}

func (f *Feed) refresh(ctx context.Context, seq uint64) {
	status, err := f.Caller.Call(ctx, "status.get", nil)
	if err != nil {
		f.Log.Error("the status for the window can't be had", "error", err)
		return
	}
	f.emit(event.Event{Seq: seq, Type: "status", Data: status})
	for _, kind := range listEvents {
		f.emit(event.Event{Seq: seq, Type: kind, Data: struct{}{}})
	}
}

// AskPage tells the window's page to show one of its pages, in the shape of the event window.pageAsked.
func (f *Feed) AskPage(page any) { f.emit(event.Event{Type: "window.pageAsked", Data: page}) }

// AskClose tells the page that its user closed the window while nothing could bring it back.
func (f *Feed) AskClose() { f.emit(event.Event{Type: "window.closeAsked", Data: struct{}{}}) }

func (f *Feed) emit(e event.Event) {
	payload, err := json.Marshal(e)
	if err != nil {
		f.Log.Error("an event can't be written", "type", e.Type, "error", err)
		return
	}
	f.Emit(EventName, string(payload))
}
