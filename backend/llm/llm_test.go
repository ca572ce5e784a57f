package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
)

func collect(events ...Event) Stream {
	return func(yield func(Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestValidate(t *testing.T) {
	start, finish := MessageStart{ID: "m"}, Finish{FinishReason{Kind: FinishStop}}
	for _, c := range []struct {
		name   string
		events []Event
		ok     bool
	}{
		{"text", []Event{start, PartStart{0, Text{}}, PartDelta{Index: 0, Text: "hi"}, PartEnd{0}, finish}, true},
		{"overlapping tools", []Event{start, PartStart{0, ToolCall{}}, PartStart{1, ToolCall{}}, PartDelta{Index: 0}, PartEnd{1}, PartEnd{0}, finish}, true},
		{"empty answer", []Event{start, finish}, true},
		{"no finish", []Event{start, PartStart{0, Text{}}, PartEnd{0}}, false},
		{"nothing", nil, false},
		{"no start", []Event{finish}, false},
		{"two starts", []Event{start, start, finish}, false},
		{"gap in indices", []Event{start, PartStart{1, Text{}}, PartEnd{1}, finish}, false},
		{"part left open", []Event{start, PartStart{0, Text{}}, finish}, false},
		{"delta to nothing", []Event{start, PartDelta{Index: 0}, finish}, false},
		{"end twice", []Event{start, PartStart{0, Text{}}, PartEnd{0}, PartEnd{0}, finish}, false},
		{"after the finish", []Event{start, finish, UsageUpdate{}}, false},
	} {
		var err error
		for _, e := range Validate(collect(c.events...)) {
			err = e
		}
		if (err == nil) != c.ok {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
}

func TestCountKeepsUnknownApartFromZero(t *testing.T) {
	for _, c := range []struct {
		count Count
		text  string
	}{{Count{}, "null"}, {Tokens(0), "0"}, {Tokens(7), "7"}, {Tokens(-3), "0"}} {
		b, err := json.Marshal(c.count)
		if err != nil || string(b) != c.text {
			t.Errorf("%+v gives %s, %v; want %s", c.count, b, err, c.text)
		}
		var back Count
		if err := json.Unmarshal(b, &back); err != nil || back != c.count {
			t.Errorf("%s reads back as %+v, %v", b, back, err)
		}
	}
}

func TestAsError(t *testing.T) {
	own := Errorf(ErrNotFound, "no model %q", "x")
	for _, c := range []struct {
		err    error
		kind   ErrorKind
		status int
	}{
		{fmt.Errorf("wrapped: %w", own), ErrNotFound, 404},
		{context.Canceled, ErrCancelled, 499},
		{context.DeadlineExceeded, ErrTimeout, 504},
		{errors.New("secret detail"), ErrInternal, 500},
	} {
		e := AsError(c.err)
		if e.Kind != c.kind || e.HTTPStatus() != c.status {
			t.Errorf("%v: got %v %d", c.err, e.Kind, e.HTTPStatus())
		}
	}
	if e := AsError(errors.New("secret detail")); e.Message == "secret detail" {
		t.Error("an unknown error's text must not be shown")
	}
}
