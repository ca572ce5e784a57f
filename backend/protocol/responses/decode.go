package responses

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

// DecodeStream reads a streamed answer (API reference, "Streaming events"). It takes texts and arguments that come only
// in done events, items that were never added, and a terminal event without output. Items that only this dialect knows
// come as llm.Opaque parts when they are done, its other events as llm.OpaqueEvent. Reasoning's encrypted content is its
// Signature. A stream that ends before its terminal event is llm.ErrIncomplete inside an *llm.Error, and so is a
// connection that breaks.
func DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		d := newDecoder()
		events := sse.NewReader(r)
		for {
			e, err := events.Next()
			switch {
			case err == io.EOF:
				err = brokenOff(nil)
			case err != nil:
				err = brokenOff(err)
			case bytes.Equal(bytes.TrimSpace(e.Data), done): // some servers send it; what counts is the terminal event
			default:
				err = d.event(e, events)
			}
			for _, event := range d.out {
				if !yield(event, nil) {
					return
				}
			}
			d.out = d.out[:0]
			if err != nil {
				yield(nil, err)
			}
			if err != nil || d.finished {
				return
			}
		}
	}
}

var done = []byte("[DONE]")

// DecodeResponse reads an answer that is not streamed (API reference, "The response object").
func DecodeResponse(body []byte) ([]llm.Event, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, unreadable(nil)
	}
	if e := root.Get("error"); e.Exists() && e.Type() != jsonread.Null {
		return nil, inBandError(root)
	}
	if !root.Get("output").IsArray() {
		return nil, unreadable(nil)
	}
	d := newDecoder()
	d.start(root)
	if err := d.terminal(root, cmp.Or(root.Get("status").String(), "completed")); err != nil {
		return nil, err
	}
	return d.out, nil
}

// unreadable is an answer that is not what the dialect says.
func unreadable(cause error) error {
	return &llm.Error{
		Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: cause,
		Message: "the provider's answer is not an " + llm.Responses.String() + " one; check its base URL",
	}
}

// brokenOff is a stream that ended too early.
func brokenOff(cause error) error {
	if e := llm.AsError(cause); e != nil && e.Kind != llm.ErrInternal {
		return e
	}
	return &llm.Error{
		Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: errors.Join(llm.ErrIncomplete, cause),
		Message: "the provider broke off before the answer was finished; ask again",
	}
}

type decoder struct {
	parser   jsonread.Parser
	out      []llm.Event
	started  bool
	searches int64 // web searches in whole items
	finished bool
	next     int                // the next part's index
	items    map[int64]*inItem  // by output_index
	ids      map[string]*inItem // by id
	order    []*inItem
	called   bool
	refused  bool
}

func newDecoder() *decoder {
	return &decoder{items: map[int64]*inItem{}, ids: map[string]*inItem{}}
}

func (d *decoder) emit(e llm.Event) { d.out = append(d.out, e) }

func (d *decoder) event(e sse.Event, rest *sse.Reader) error {
	data, err := d.parser.Parse(e.Data)
	if err != nil {
		if _, err := rest.Next(); err == io.EOF {
			return brokenOff(nil) // the last event was cut
		}
		return unreadable(nil)
	}
	f := fieldsOf(data)
	if f.kind == "" {
		f.kind = e.Name
	}
	switch f.kind {
	case "error":
		return inBandError(data)
	case "keepalive", "ping":
		return nil
	case "response.created", "response.queued", "response.in_progress":
		d.start(f.response)
		return nil
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done":
		d.start(f.response)
		return d.terminal(f.response, cmp.Or(f.response.Get("status").String(), f.kind[len("response."):]))
	case "":
		if failure := data.Get("error"); failure.Exists() && failure.Type() != jsonread.Null {
			return inBandError(data)
		}
		return unreadable(nil)
	}
	d.start(jsonread.Value{})
	switch f.kind {
	case "response.output_item.added": // what the item holds may be partial; the done event has it whole
		d.item(f)
	case "response.output_item.done":
		d.searches += searched(f.item)
		return d.itemDone(d.item(f), f.item)
	default:
		if !d.itemEvent(f) {
			d.emit(llm.OpaqueEvent{Opaque: opaque(data)})
		}
	}
	return nil
}

func opaque(raw jsonread.Value) llm.Opaque {
	return llm.Opaque{Dialect: llm.Responses, Raw: json.RawMessage(raw.Raw())}
}

func (d *decoder) start(response jsonread.Value) {
	if !d.started {
		d.started = true
		d.emit(llm.MessageStart{ID: response.Get("id").String(), Model: response.Get("model").String()})
	}
}

// terminal takes the whole response: what was not streamed of it, its usage and how it ended.
func (d *decoder) terminal(response jsonread.Value, status string) error {
	switch status {
	case "failed":
		return inBandError(response)
	case "cancelled":
		return &llm.Error{
			Kind: llm.ErrCancelled, Message: "the answer was cancelled at the provider", Raw: []byte(response.Raw()),
		}
	case "completed", "incomplete":
	default:
		return unreadable(errors.New("a response of status " + status))
	}
	for i, item := range response.Get("output").Array() {
		if err := d.whole(i, item); err != nil {
			return err
		}
	}
	for _, it := range d.order {
		if err := d.itemDone(it, jsonread.Value{}); err != nil {
			return err
		}
	}
	if u := response.Get("usage"); u.IsObject() {
		usage := usageOf(response)
		if !usage.Searches.Known() { // some servers leave the output out of the whole response
			usage.Searches = searchCount(d.searches)
		}
		d.emit(llm.UsageUpdate{Usage: usage})
	}
	d.emit(llm.Finish{Reason: d.finishOf(status, response.Get("incomplete_details.reason").String())})
	d.finished = true
	return nil
}

// whole takes an item of the whole response, if it was not streamed to its end.
func (d *decoder) whole(index int, item jsonread.Value) error {
	it := d.ids[item.Get("id").String()]
	if it == nil {
		if it = d.items[int64(index)]; it != nil && it.kind != item.Get("type").String() {
			it = nil
		}
	}
	if it == nil {
		if len(d.order) > index { // it came under another id
			return nil
		}
		it = d.open(int64(index), item)
	}
	return d.itemDone(it, item)
}

// finishOf maps how a response ended, keeping the word. The dialect has no stop reason; what came decides.
func (d *decoder) finishOf(status, reason string) llm.FinishReason {
	out := llm.FinishReason{Kind: llm.FinishStop, Raw: status}
	switch {
	case status == "completed" && d.called:
		out.Kind = llm.FinishToolCalls
	case status == "completed" && d.refused:
		out.Kind = llm.FinishRefusal
	case status == "incomplete":
		out.Kind = llm.FinishOther
		if reason != "" {
			out.Raw = reason
		}
		switch reason {
		case "max_output_tokens":
			out.Kind = llm.FinishLength
		case "content_filter":
			out.Kind = llm.FinishContentFilter
		}
	}
	return out
}
