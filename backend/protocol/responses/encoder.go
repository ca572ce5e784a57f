package responses

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"gatehouse/backend/llm"
)

// Encoder writes a streamed answer (API reference, "Streaming events") as its events come. It keeps the order that
// clients rely on: created, in_progress; items in order of their indices, each added, filled and done; one terminal
// event with the whole response. An item is done only when the next one begins or the answer ends, because only then is
// it known whether it was cut short.
type Encoder struct {
	opts    AnswerOptions
	echo    []byte
	out     []byte
	seq     int64
	id      string
	model   string
	created int64
	started bool
	ended   bool
	final   []byte // the response as its terminal event gave it
	items   []*item
	parts   map[int]*part
	message *item // the message that takes the next text, nil if none
	callIDs map[string]bool
	usage   *llm.Usage
}

// part is where a part of the answer goes; without an item it is left out.
type part struct {
	item    *item
	content int // index in a message
}

// NewEncoder makes an encoder.
func NewEncoder(opts AnswerOptions) *Encoder {
	return &Encoder{
		opts: opts, echo: echoOf(opts.Head), id: opts.ID, created: opts.now(),
		parts: map[int]*part{}, callIDs: map[string]bool{},
	}
}

// Encode gives the bytes of one event of the answer, valid until the next call. Events after the end give nothing.
func (e *Encoder) Encode(event llm.Event) []byte {
	e.out = e.out[:0]
	if e.ended {
		return nil
	}
	if start, ok := event.(llm.MessageStart); ok {
		e.start(start)
		return e.out
	}
	e.start(llm.MessageStart{})
	switch event := event.(type) {
	case llm.PartStart:
		e.partStart(event)
	case llm.PartDelta:
		if p := e.parts[event.Index]; p != nil && p.item != nil {
			e.delta(p, event)
		}
	case llm.PartEnd:
		e.partEnd(event.Index)
	case llm.UsageUpdate:
		e.usage = &event.Usage
	case llm.Finish:
		e.finish(event.Reason)
	}
	return e.out
}

// End gives the bytes that end an answer which broke off; nothing if it ended already. A nil error means that the events
// stopped without a Finish.
func (e *Encoder) End(err *llm.Error) []byte {
	e.out = e.out[:0]
	if e.ended {
		return nil
	}
	if err == nil {
		err = llm.AsError(brokenOff(nil))
	}
	e.start(llm.MessageStart{})
	e.terminal("response.failed", state{status: "failed", err: err, usage: e.usage})
	return e.out
}

// Response gives the whole response of an answer that ended, nil before. It is the same object as in the terminal event.
func (e *Encoder) Response() []byte { return e.final }

// begin opens an event and its data; end closes it.
func (e *Encoder) begin(kind string) {
	e.out = append(append(append(e.out, "event: "...), kind...), "\ndata: {\"type\":\""...)
	e.out = append(append(e.out, kind...), `","sequence_number":`...)
	e.out = strconv.AppendInt(e.out, e.seq, 10)
	e.seq++
}

func (e *Encoder) end() { e.out = append(e.out, "}\n\n"...) }

func (e *Encoder) number(name string, n int) {
	e.out = append(append(append(e.out, `,"`...), name...), `":`...)
	e.out = strconv.AppendInt(e.out, int64(n), 10)
}

func (e *Encoder) string(name, s string) {
	e.out = append(append(append(e.out, `,"`...), name...), `":`...)
	e.out = appendString(e.out, s)
}

func (e *Encoder) raw(name string, write func([]byte) []byte) {
	e.out = append(append(append(e.out, `,"`...), name...), `":`...)
	e.out = write(e.out)
}

// on opens an event that concerns an item.
func (e *Encoder) on(kind string, it *item) {
	e.begin(kind)
	e.string("item_id", it.id)
	e.number("output_index", it.index)
}

func (e *Encoder) start(start llm.MessageStart) {
	if e.started {
		return
	}
	e.started = true
	if e.id == "" {
		e.id = NewID()
	}
	e.model = cmp.Or(e.opts.Model, start.Model)
	for _, kind := range []string{"response.created", "response.in_progress"} {
		e.begin(kind)
		e.raw("response", func(b []byte) []byte { return e.appendResponse(b, state{status: "in_progress"}) })
		e.end()
	}
}

func (e *Encoder) terminal(kind string, s state) {
	e.ended = true
	e.final = e.appendResponse(nil, s)
	e.begin(kind)
	e.raw("response", func(b []byte) []byte { return append(b, e.final...) })
	e.end()
}

// refusal tells that the answer has a refusal's words as such.
func (e *Encoder) refusal() bool {
	for _, it := range e.items {
		for _, c := range it.content {
			if c.kind == "refusal" {
				return true
			}
		}
	}
	return false
}

func (e *Encoder) finish(reason llm.FinishReason) {
	for _, index := range slices.Sorted(maps.Keys(e.parts)) {
		e.partEnd(index)
	}
	s := state{status: "completed", usage: e.usage}
	kind := "response.completed"
	switch reason.Kind {
	case llm.FinishLength:
		s.status, s.incomplete, kind = "incomplete", "max_output_tokens", "response.incomplete"
	case llm.FinishContentFilter:
		s.status, s.incomplete, kind = "incomplete", "content_filter", "response.incomplete"
	case llm.FinishRefusal:
		if !e.refusal() { // without a refusal's words it would look like an answer
			s.status, s.incomplete, kind = "incomplete", "content_filter", "response.incomplete"
		}
	case llm.FinishError:
		e.terminal("response.failed", state{status: "failed", usage: e.usage, err: llm.Errorf(llm.ErrInternal,
			"the model stopped with an error (%s); ask again", cmp.Or(reason.Raw, "no reason given"))})
		return
	}
	e.message = nil
	for i, it := range e.items {
		status := "completed"
		if s.incomplete != "" && i == len(e.items)-1 {
			status = "incomplete"
		}
		e.done(it, status)
	}
	if s.status == "completed" {
		s.completed = e.opts.now()
	}
	e.terminal(kind, s)
}

// add opens an item.
func (e *Encoder) add(it *item) *item {
	for _, before := range e.items {
		if before.open == 0 && before != e.message {
			e.done(before, "completed")
		}
	}
	it.index = len(e.items)
	it.id = it.prefix() + seed(e.id) + "_" + strconv.Itoa(it.index)
	e.items = append(e.items, it)
	e.begin("response.output_item.added")
	e.number("output_index", it.index)
	e.raw("item", func(b []byte) []byte { return it.append(b, "in_progress") })
	e.end()
	return it
}

// done closes an item, once.
func (e *Encoder) done(it *item, status string) {
	if it.final != nil {
		return
	}
	it.final = it.append(nil, status)
	e.begin("response.output_item.done")
	e.number("output_index", it.index)
	e.raw("item", func(b []byte) []byte { return append(b, it.final...) })
	e.end()
}
