package messages

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

// DecodeStream reads a streamed answer (API reference, "Streaming Messages"). A stream that ends before message_stop is
// llm.ErrIncomplete inside an *llm.Error, and so is a connection that breaks. Blocks that only this dialect knows come
// as llm.Opaque parts, events and deltas as llm.OpaqueEvent. A redacted_thinking block is an llm.Reasoning whose Opaque
// is the whole block.
func DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		d := decoder{parts: map[int64]*block{}}
		events := sse.NewReader(r)
		for {
			e, err := events.Next()
			switch {
			case err == io.EOF:
				err = brokenOff(nil)
			case err != nil:
				err = brokenOff(err)
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

// DecodeResponse reads an answer that is not streamed (API reference, "Messages").
func DecodeResponse(body []byte) ([]llm.Event, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, unreadable(nil)
	}
	switch {
	case fails(root):
		return nil, inBandError(body)
	case root.Get("type").String() != "message" || !root.Get("content").IsArray():
		return nil, unreadable(nil)
	}
	d := decoder{parts: map[int64]*block{}}
	d.start(root)
	for i, b := range root.Get("content").Array() {
		if err := d.blockStart(int64(i), b); err != nil {
			return nil, err
		}
		if err := d.blockStop(int64(i)); err != nil {
			return nil, err
		}
	}
	d.stopReason(root)
	d.end()
	return d.out, nil
}

// unreadable is an answer that is not what the dialect says.
func unreadable(cause error) error {
	return &llm.Error{
		Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: cause,
		Message: "the provider's answer is not an " + llm.Messages.String() + " one; check its base URL",
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
	finished bool
	parts    map[int64]*block // the open blocks by the server's index
	next     int
	called   bool
	usage    llm.Usage
	finish   llm.FinishReason
}

type block struct {
	part   int
	opaque bool
	// input is a tool's whole input, given at the start; it counts only if no piece of it follows.
	input string
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
	kind := data.Get("type").String()
	if kind == "" {
		kind = e.Name
	}
	if kind == "ping" {
		return nil
	}
	if kind == "error" || fails(data) {
		return inBandError(e.Data)
	}
	if (kind == "message_start") == d.started {
		return unreadable(errors.New("unexpected event " + kind))
	}
	index := data.Get("index").Int()
	switch kind {
	case "message_start":
		d.start(data.Get("message"))
	case "content_block_start":
		return d.blockStart(index, data.Get("content_block"))
	case "content_block_delta":
		return d.delta(index, data.Get("delta"), e.Data)
	case "content_block_stop":
		return d.blockStop(index)
	case "message_delta":
		d.stopReason(data.Get("delta"))
		d.takeUsage(data)
	case "message_stop":
		d.end()
	default:
		d.emit(llm.OpaqueEvent{Opaque: opaque(e.Data)})
	}
	return nil
}

func opaque(raw []byte) llm.Opaque {
	return llm.Opaque{Dialect: llm.Messages, Raw: json.RawMessage(bytes.Clone(raw))}
}

func (d *decoder) start(message jsonread.Value) {
	d.started = true
	d.emit(llm.MessageStart{ID: message.Get("id").String(), Model: message.Get("model").String()})
	d.takeUsage(message)
}

// takeUsage takes what a message or its delta says of usage.
func (d *decoder) takeUsage(of jsonread.Value) {
	if u := of.Get("usage"); u.IsObject() {
		mergeUsage(&d.usage, u)
		hosted.Account(&d.usage, of.Get("provider_metadata"))
		d.emit(llm.UsageUpdate{Usage: d.usage})
	}
}

func (d *decoder) stopReason(said jsonread.Value) {
	if reason := said.Get("stop_reason"); reason.Type() == jsonread.String {
		d.finish = finishOf(reason.Str())
		if sequence := said.Get("stop_sequence"); sequence.Type() == jsonread.String {
			d.finish.Sequence = sequence.Str()
		}
	}
}

func (d *decoder) blockStart(index int64, b jsonread.Value) error {
	if d.parts[index] != nil {
		return unreadable(errors.New("a content block starts twice"))
	}
	own := &block{part: d.next}
	d.parts[index] = own
	d.next++
	start, first := llm.PartStart{Index: own.part}, llm.PartDelta{Index: own.part}
	switch b.Get("type").String() {
	case "text":
		start.Part = llm.Text{Citations: readCitations(b.Get("citations"))}
		first.Text = b.Get("text").String()
	case "thinking":
		start.Part = llm.Reasoning{}
		first.Text, first.Signature = b.Get("thinking").String(), b.Get("signature").String()
	case "redacted_thinking":
		start.Part = llm.Reasoning{Opaque: json.RawMessage(b.Raw())}
	case "tool_use":
		start.Part = llm.ToolCall{ID: b.Get("id").String(), Name: b.Get("name").String()}
		own.input = b.Get("input").Raw()
		d.called = true
	default:
		start.Part = opaque([]byte(b.Raw()))
		own.opaque = true
	}
	d.emit(start)
	if first.Text != "" || first.Signature != "" {
		d.emit(first)
	}
	return nil
}

func (d *decoder) delta(index int64, delta jsonread.Value, raw []byte) error {
	b := d.parts[index]
	if b == nil {
		return unreadable(errors.New("a delta for a content block that is not open"))
	}
	out, known := llm.PartDelta{Index: b.part}, !b.opaque
	switch delta.Get("type").String() {
	case "text_delta":
		out.Text = delta.Get("text").String()
	case "thinking_delta":
		out.Text = delta.Get("thinking").String()
	case "signature_delta":
		out.Signature = delta.Get("signature").String()
	case "input_json_delta":
		if out.Input = delta.Get("partial_json").String(); out.Input != "" {
			b.input = ""
		}
	case "citations_delta":
		out.Citation = new(citation(delta.Get("citation")))
	default:
		known = false
	}
	if !known {
		d.emit(llm.OpaqueEvent{Opaque: opaque(raw)})
	} else if out.Text != "" || out.Signature != "" || out.Input != "" || out.Citation != nil {
		d.emit(out)
	}
	return nil
}

func (d *decoder) blockStop(index int64) error {
	b := d.parts[index]
	if b == nil {
		return unreadable(errors.New("the end of a content block that is not open"))
	}
	if b.input != "" {
		d.emit(llm.PartDelta{Index: b.part, Input: b.input})
	}
	d.emit(llm.PartEnd{Index: b.part})
	delete(d.parts, index)
	return nil
}

// end closes what is open, in order.
func (d *decoder) end() {
	open := slices.SortedFunc(maps.Keys(d.parts), func(a, b int64) int { return d.parts[a].part - d.parts[b].part })
	for _, index := range open {
		_ = d.blockStop(index) // it is open, so there is nothing to go wrong
	}
	if d.finish.Kind == "" {
		d.finish.Kind = llm.FinishOther
	}
	// Other servers of this dialect say end_turn beside a call, so what came decides.
	if d.called && (d.finish.Kind == llm.FinishStop || d.finish.Kind == llm.FinishOther) {
		d.finish.Kind = llm.FinishToolCalls
	}
	d.emit(llm.Finish{Reason: d.finish})
	d.finished = true
}
