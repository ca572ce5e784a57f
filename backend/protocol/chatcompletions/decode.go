package chatcompletions

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/hosted"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
	"gatehouse/backend/protocol/sse"
)

// DecodeStream reads a streamed answer (API reference, "Streaming") as OpenAI and the servers that follow it send it.
// It takes reasoning under either of its names, content as a string or as parts, tool calls without index, id or name at
// first, usage on any chunk, a stream without its [DONE] or, if [DONE] came, without a finish reason. A stream that ends
// before either is llm.ErrIncomplete inside an *llm.Error, and so is a connection that breaks.
func DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		var d decoder
		events := sse.NewReader(r)
		for {
			e, err := events.Next()
			switch {
			case err == io.EOF:
				err = d.end(false)
			case err != nil:
				err = brokenOff(err)
			case bytes.Equal(bytes.TrimSpace(e.Data), done):
				err = d.end(true)
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

// DecodeResponse reads an answer that is not streamed (API reference, "The chat completion object").
func DecodeResponse(body []byte) ([]llm.Event, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, unreadable(nil)
	}
	if failed(root) {
		return nil, inBandError(body)
	}
	choice := root.Get("choices.0")
	if !choice.Get("message").IsObject() {
		return nil, unreadable(nil)
	}
	var d decoder
	d.start(root, body)
	d.delta(choice.Get("message"))
	d.finishReason(choice.Get("finish_reason"))
	d.usage(root)
	if err := d.end(true); err != nil {
		return nil, err
	}
	return d.out, nil
}

func failed(root jsonread.Value) bool {
	e := root.Get("error")
	return e.Exists() && e.Type() != jsonread.Null
}

// unreadable is an answer that is not what the dialect says.
func unreadable(cause error) error {
	return &llm.Error{
		Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: cause,
		Message: "the provider's answer is not an " + llm.ChatCompletions.String() + " one; check its base URL",
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
	next     int // the next part's index
	// open is the text or reasoning part that is open, if openPart.
	open     int
	openPart llm.Part
	// detail is the reasoning detail that the open part is, sealed one that is not whole, closed those that were.
	detail string
	sealed *sealed
	closed map[string]bool
	// tier is the service tier that some chunk named.
	tier  string
	calls []*call
	// seed makes ids for calls that come without one; it differs from stream to stream.
	seed    [sha256.Size]byte
	refused bool
	finish  llm.FinishReason
	ended   bool // a finish reason came
}

type call struct {
	key       string // the server's index or id for it
	id, name  string
	input     string // held back until the name is known
	part      int
	started   bool
	freeform  bool
	signature string
}

func (d *decoder) emit(e llm.Event) { d.out = append(d.out, e) }

func (d *decoder) event(e sse.Event, rest *sse.Reader) error {
	root, err := d.parser.Parse(e.Data)
	if err != nil {
		if _, err := rest.Next(); err == io.EOF {
			return brokenOff(nil) // the last event was cut
		}
		return unreadable(nil)
	}
	if failed(root) || e.Name == "error" {
		return inBandError(e.Data)
	}
	if !root.IsObject() {
		return unreadable(nil)
	}
	if !d.started {
		d.start(root, e.Data)
	}
	root.Get("choices").ForEach(func(_, choice jsonread.Value) bool {
		if choice.Get("index").Int() == 0 { // more than one is never asked for
			d.delta(choice.Get("delta"))
			d.finishReason(choice.Get("finish_reason"))
		}
		return true
	})
	d.usage(root)
	return nil
}

func (d *decoder) start(root jsonread.Value, data []byte) {
	d.started = true
	d.seed = sha256.Sum256(data)
	d.emit(llm.MessageStart{ID: root.Get("id").String(), Model: root.Get("model").String()})
}

// usage stands at the top, in the choice (Moonshot) or in x_groq (Groq). The tier may stand in another chunk.
func (d *decoder) usage(root jsonread.Value) {
	if tier := root.Get("service_tier").Str(); tier != "" {
		d.tier = tier
	}
	for _, path := range []string{"usage", "choices.0.usage", "x_groq.usage"} {
		if u := root.Get(path); u.IsObject() {
			usage := usageOf(u)
			usage.Tier = d.tier
			hosted.Account(&usage, metadataOf(root.Get("choices.0")))
			d.emit(llm.UsageUpdate{Usage: usage})
			return
		}
	}
}

// metadataOf is what the hosted gateway says of an answer, in the chunk that has its usage ("Chat Completions").
func metadataOf(choice jsonread.Value) jsonread.Value {
	if m := choice.Get("delta.provider_metadata"); m.Exists() {
		return m
	}
	return choice.Get("message.provider_metadata")
}

func (d *decoder) finishReason(reason jsonread.Value) {
	if reason.Type() == jsonread.String && reason.Str() != "" {
		d.finish, d.ended = finishOf(reason.Str()), true
	}
}

func (d *decoder) delta(delta jsonread.Value) {
	if !d.details(delta.Get("reasoning_details")) {
		reasoning := delta.Get("reasoning_content")
		if reasoning.Type() != jsonread.String {
			reasoning = delta.Get("reasoning")
		}
		if reasoning.Type() == jsonread.String {
			d.text(llm.Reasoning{}, reasoning.Str())
		}
	}
	content := delta.Get("content")
	if content.Type() == jsonread.String {
		d.text(llm.Text{}, content.Str())
	}
	if content.IsArray() {
		content.ForEach(func(_, p jsonread.Value) bool { d.contentPart(p); return true })
	}
	if refusal := delta.Get("refusal"); refusal.Type() == jsonread.String && refusal.Str() != "" {
		d.refused = true
		d.text(llm.Refusal{}, refusal.Str())
	}
	delta.Get("annotations").ForEach(func(_, a jsonread.Value) bool { d.annotation(a); return true })
	delta.Get("images").ForEach(func(_, image jsonread.Value) bool { d.image(image); return true })
	delta.Get("tool_calls").ForEach(func(_, c jsonread.Value) bool { d.toolCall(c); return true })
}

// annotation is a source of the text that is open.
func (d *decoder) annotation(a jsonread.Value) {
	url := a.Get("url_citation")
	if _, text := d.openPart.(llm.Text); !text || !url.IsObject() {
		return
	}
	d.emit(llm.PartDelta{Index: d.open, Citation: &llm.Citation{
		URL: url.Get("url").String(), Title: url.Get("title").String(), Cited: url.Get("content").String(),
		Start: url.Get("start_index").Int(), End: url.Get("end_index").Int(),
		Raw: llm.Opaque{Dialect: llm.ChatCompletions, Raw: json.RawMessage(a.Raw())},
	}})
}

// image is a picture that the model made (OpenRouter, hosted gateway: message.images).
func (d *decoder) image(image jsonread.Value) {
	media := mediaOfURL(image.Get("image_url.url").String())
	if media.URL == "" && len(media.Data) == 0 {
		return
	}
	d.closeText()
	d.emit(llm.PartStart{Index: d.next, Part: media})
	d.emit(llm.PartEnd{Index: d.next})
	d.next++
}

// contentPart is a part of content that is a list, as Mistral sends it.
func (d *decoder) contentPart(p jsonread.Value) {
	switch p.Get("type").String() {
	case "text":
		d.text(llm.Text{}, p.Get("text").String())
	case "thinking":
		thinking := p.Get("thinking")
		if thinking.Type() == jsonread.String {
			d.text(llm.Reasoning{}, thinking.Str())
		}
		thinking.ForEach(func(_, t jsonread.Value) bool {
			if t.Get("type").String() == "text" {
				d.text(llm.Reasoning{}, t.Get("text").String())
			}
			return true
		})
	}
}

// text adds to the open part of this kind, or closes the other kind's and opens one.
func (d *decoder) text(kind llm.Part, text string) {
	if text == "" {
		return
	}
	if d.openPart != nil && (d.detail != "" || !sameKind(d.openPart, kind)) || d.sealed != nil {
		d.closeText()
	}
	d.openText(kind)
	d.emit(llm.PartDelta{Index: d.open, Text: text})
}

func (d *decoder) openText(kind llm.Part) {
	if d.openPart == nil {
		d.open, d.openPart = d.next, kind
		d.next++
		d.emit(llm.PartStart{Index: d.open, Part: kind})
	}
}

func sameKind(a, b llm.Part) bool {
	switch a.(type) {
	case llm.Text:
		_, same := b.(llm.Text)
		return same
	case llm.Refusal:
		_, same := b.(llm.Refusal)
		return same
	}
	_, same := b.(llm.Reasoning)
	return same
}

func (d *decoder) closeText() {
	if d.openPart != nil {
		d.emit(llm.PartEnd{Index: d.open})
		d.openPart, d.detail = nil, ""
	}
	d.unseal()
}

func (d *decoder) toolCall(c jsonread.Value) {
	call := d.find(c)
	if id := c.Get("id").String(); id != "" && call.id == "" {
		call.id = id
	}
	if name := c.Get("function.name").String(); call.name == "" {
		call.name = name
	}
	if own := c.Get("custom"); own.IsObject() {
		call.freeform = true
		if call.name == "" {
			call.name = own.Get("name").String()
		}
		call.input = string(jsonwrite.AppendEscaped([]byte(call.input), own.Get("input").String()))
	} else {
		call.input += arguments(c.Get("function.arguments"))
	}
	if s := c.Get("extra_content.google.thought_signature"); s.Type() == jsonread.String {
		call.signature += s.Str()
	}
	if call.name != "" {
		d.startCall(call)
	}
}

// arguments are a string, or, from some servers, the object itself.
func arguments(r jsonread.Value) string {
	if r.IsObject() {
		return r.Raw()
	}
	return r.String()
}

// find gives the call that a delta belongs to: the one of its index, else of its id, else the last one. An index that is
// used again with another id and a name is another call, since some servers number all parallel calls 0.
func (d *decoder) find(c jsonread.Value) *call {
	index, id, name := c.Get("index"), c.Get("id").String(), c.Get("function.name").String()
	if name == "" {
		name = c.Get("custom.name").String()
	}
	key := ""
	switch {
	case index.Type() == jsonread.Number:
		key = "index " + index.Raw()
	case id != "":
		key = "id " + id
	}
	for i := len(d.calls) - 1; i >= 0; i-- {
		have := d.calls[i]
		if key != "" && have.key != key {
			continue
		}
		another := id != "" && have.id != "" && id != have.id && name != ""
		if key == "" && name != "" && have.name != "" || another {
			break
		}
		return have
	}
	fresh := &call{key: key}
	d.calls = append(d.calls, fresh)
	return fresh
}

func (d *decoder) startCall(c *call) {
	if !c.started {
		d.closeText()
		if c.id == "" {
			c.id = "call_" + hex.EncodeToString(d.seed[:8]) + "_" + strconv.Itoa(d.next)
		}
		c.part, c.started = d.next, true
		d.next++
		d.emit(llm.PartStart{Index: c.part, Part: llm.ToolCall{
			ID: c.id, Name: c.name, Freeform: c.freeform, Signature: c.signature,
		}})
		if c.signature = ""; c.freeform {
			d.emit(llm.PartDelta{Index: c.part, Input: `"`})
		}
	}
	if c.signature != "" {
		d.emit(llm.PartDelta{Index: c.part, Signature: c.signature})
		c.signature = ""
	}
	if c.input != "" {
		d.emit(llm.PartDelta{Index: c.part, Input: c.input})
		c.input = ""
	}
}

// end closes what is open. said tells that the server said that this is the end.
func (d *decoder) end(said bool) error {
	if !d.started || !d.ended && (!said || d.next == 0) {
		return brokenOff(nil)
	}
	d.closeText()
	called := false
	for _, c := range d.calls {
		if !c.started {
			return unreadable(errors.New("a tool call without a name"))
		}
		if c.freeform {
			d.emit(llm.PartDelta{Index: c.part, Input: `"`})
		}
		d.emit(llm.PartEnd{Index: c.part})
		called = true
	}
	if !d.ended {
		d.finish.Kind = llm.FinishOther
	}
	// Servers differ in what they say beside a call or a refusal, so what came decides.
	switch d.finish.Kind {
	case llm.FinishStop, llm.FinishOther, llm.FinishToolCalls:
		switch {
		case called:
			d.finish.Kind = llm.FinishToolCalls
		case d.refused:
			d.finish.Kind = llm.FinishRefusal
		}
	}
	d.emit(llm.Finish{Reason: d.finish})
	d.finished = true
	return nil
}
