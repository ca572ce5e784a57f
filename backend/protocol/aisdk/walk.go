package aisdk

import (
	"encoding/base64"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
)

// walk turns events into stream parts, in the order in which every version takes them.
type walk struct {
	opts    Options
	put     func(part)
	open    map[int]*openPart
	usage   llm.Usage
	called  bool
	sources map[string]part
	told    bool // the generation's id was given
	notices []llm.Notice
}

// openPart is a part that has started.
type openPart struct {
	id   string
	kind string // text, reasoning or tool-input; empty for one that is not streamed
	part llm.Part
	// signature and input are what came so far.
	signature strings.Builder
	input     strings.Builder
	citations []citation
}

func newWalk(opts Options, put func(part)) *walk {
	return &walk{opts: opts, put: put, open: map[int]*openPart{}, sources: map[string]part{}}
}

func (w *walk) notice(field, message string) {
	for _, n := range w.notices {
		if n.Field == field && n.Message == message {
			return
		}
	}
	w.notices = append(w.notices, llm.Notice{Field: field, Message: message})
}

func (w *walk) step(event llm.Event) {
	switch e := event.(type) {
	case llm.MessageStart:
		w.put(part{Type: "stream-start", Warnings: new(w.opts.Version.warnings(w.opts.Notices))})
		p := part{Type: "response-metadata", ID: e.ID, ModelID: e.Model}
		if !w.opts.At.IsZero() {
			p.Timestamp = w.opts.At.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		w.put(p)
	case llm.PartStart:
		w.start(e)
	case llm.PartDelta:
		if o := w.open[e.Index]; o != nil {
			w.delta(o, e)
		}
	case llm.PartEnd:
		if o := w.open[e.Index]; o != nil {
			delete(w.open, e.Index)
			w.end(o)
		}
	case llm.UsageUpdate:
		w.usage = e.Usage
	case llm.OpaqueEvent:
		w.notice("", "an event that only "+e.Dialect.String()+" knows was left out of the answer")
	case llm.Finish:
		w.finish(e.Reason)
	}
}

func (w *walk) start(e llm.PartStart) {
	o := &openPart{id: id(e.Index), part: e.Part}
	w.open[e.Index] = o
	first := llm.PartDelta{Index: e.Index}
	switch p := e.Part.(type) {
	case llm.Text:
		o.kind, first.Text = "text", p.Text
	case llm.Refusal: // the clients have no word for it; the finish reason tells
		o.kind, first.Text = "text", p.Text
	case llm.Reasoning:
		o.kind, first.Text, first.Signature = "reasoning", p.Text, p.Signature
	case llm.ToolCall:
		if p.ByProvider {
			// The vocabulary has no result for it. A client would keep the call without one and send it back so, which no
			// provider takes; AI SDK 5 even fails on it.
			w.notice("", "a call of "+p.Name+", which the provider ran itself, was left out of the answer")
			break
		}
		o.kind, first.Input = "tool-input", string(p.Input)
		if p.ID == "" {
			p.ID = strings.Join([]string{"call", w.opts.GenerationID, o.id}, "_")
			o.part = p
		}
		o.id = p.ID
		w.called = true
		w.put(part{Type: "tool-input-start", ID: p.ID, ToolName: p.Name, ProviderMetadata: w.early()})
	}
	if o.kind == "text" || o.kind == "reasoning" {
		w.put(part{Type: o.kind + "-start", ID: o.id, ProviderMetadata: w.early()})
	}
	w.delta(o, first)
	if t, ok := e.Part.(llm.Text); ok {
		for _, c := range t.Citations {
			w.delta(o, llm.PartDelta{Citation: &c})
		}
	}
}

// early gives the generation's id to the first part of the content, so that a client has it before the end.
func (w *walk) early() *metadata {
	if w.told {
		return nil
	}
	w.told = true
	return w.opts.early()
}

func (w *walk) delta(o *openPart, e llm.PartDelta) {
	o.signature.WriteString(e.Signature)
	piece := e.Text
	if o.kind == "tool-input" {
		piece = e.Input
		o.input.WriteString(e.Input)
	}
	if piece != "" && o.kind != "" {
		w.put(part{Type: o.kind + "-delta", ID: o.id, Delta: &piece})
	}
	if e.Citation != nil {
		w.cite(o, *e.Citation)
	}
}

// cite gives a citation's source, once an answer, and keeps the citation for the text's end.
func (w *walk) cite(o *openPart, c llm.Citation) {
	source := w.source(c.URL, c.Title)
	if o.kind != "text" {
		return
	}
	out := citation{Source: source, CitedText: c.Cited}
	if c.End > 0 {
		out.StartIndex, out.EndIndex = &c.Start, &c.End
	}
	o.citations = append(o.citations, out)
}

// source gives a source its part, once an answer.
func (w *walk) source(url, title string) part {
	key := url + "\x00" + title
	if known, seen := w.sources[key]; seen {
		return known
	}
	out := part{Type: "source", ID: "source_" + id(len(w.sources)), SourceType: "url", URL: url, Title: title}
	if url == "" {
		out.SourceType, out.MediaType = "document", "text/plain"
		if title == "" {
			out.Title = "document" // the client demands one
		}
	}
	w.sources[key] = out
	w.put(out)
	return out
}

func (w *walk) end(o *openPart) {
	switch p := o.part.(type) {
	case llm.Text, llm.Refusal:
		out := part{Type: "text-end", ID: o.id}
		if w.opts.Version >= V4 {
			out.Citations = o.citations
		}
		w.put(out)
	case llm.Reasoning:
		own := w.tag(p.Origin, carry.Signature, o.signature.String())
		if len(p.Opaque) > 0 {
			if own == nil {
				own = &tags{}
			}
			own.Opaque = carry.Pack(w.origin(p.Origin), carry.Opaque, p.Opaque)
		}
		if own == nil { // only whose it is, for models that want their plain reasoning back and must not get another's
			own = w.tag(p.Origin, carry.Plain, carry.PlainPayload)
		}
		out := part{Type: "reasoning-end", ID: o.id}
		if own != nil {
			out.ProviderMetadata = &metadata{Gatehouse: own}
		}
		w.put(out)
	case llm.ToolCall:
		if o.kind == "" {
			return
		}
		w.put(part{Type: "tool-input-end", ID: o.id})
		input := o.input.String()
		if strings.TrimSpace(input) == "" {
			input = "{}"
		}
		out := part{Type: "tool-call", ToolCallID: o.id, ToolName: p.Name, Input: &input}
		if o.signature.Len() == 0 {
			o.signature.WriteString(p.Signature)
		}
		if own := w.tag(p.Origin, carry.Call, o.signature.String()); own != nil {
			out.ProviderMetadata = &metadata{Gatehouse: own}
		}
		w.put(out)
	case llm.Media:
		w.file(p)
	case llm.Opaque:
		w.notice("", "a part that only "+p.Dialect.String()+" knows was left out of the answer")
	default:
		w.notice("", "a part that clients of the "+llm.AISDK.String()+" can't take was left out of the answer")
	}
}

func (w *walk) origin(own llm.Origin) llm.Origin {
	if own == (llm.Origin{}) {
		return w.opts.Origin
	}
	return own
}

// tag wraps a signature, nil where there is none.
func (w *walk) tag(origin llm.Origin, kind, signature string) *tags {
	if packed := carry.Pack(w.origin(origin), kind, []byte(signature)); packed != "" {
		return &tags{Signature: packed}
	}
	return nil
}

// fileData is version 4's form of a file's content (SharedV4FileData); before, it was the base64 text itself.
type fileData struct {
	Type string `json:"type"`
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
}

func (w *walk) file(m llm.Media) {
	out := part{Type: "file", MediaType: m.MediaType}
	switch {
	case len(m.Data) > 0:
		text := base64.StdEncoding.EncodeToString(m.Data)
		if out.Data = text; w.opts.Version >= V4 {
			out.Data = fileData{Type: "data", Data: text}
		}
	case m.URL != "" && w.opts.Version >= V4:
		out.Data = fileData{Type: "url", URL: m.URL}
	case m.URL != "":
		w.source(m.URL, m.Filename) // before version 4, files are bytes
		return
	default:
		w.notice("", "a file that stands at the provider only was left out of the answer")
		return
	}
	w.put(out)
}

func (w *walk) finish(r llm.FinishReason) {
	if w.called && (r.Kind == llm.FinishStop || r.Kind == llm.FinishOther) {
		r.Kind = llm.FinishToolCalls // some providers say stop beside a call
	}
	w.put(part{
		Type: "finish", FinishReason: w.opts.Version.finishReason(r), Usage: w.opts.Version.usage(w.usage),
		ProviderMetadata: w.opts.final(w.usage),
	})
}
