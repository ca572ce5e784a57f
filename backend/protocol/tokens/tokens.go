// Package tokens estimates how many tokens a request has, where no provider says so: its texts, tools and schemas by what
// they are made of, images and documents by their vendors' rules of size.
//
// It is an estimate on purpose. Exact counting needs each vendor's own tokenizer: most are not public, and the vocabularies
// of those that are take tens of megabytes and run at a fortieth of the speed. What is left of the error is the same
// factor for all requests to a model, and whoever knows real usage corrects it.
//
// It must not know providers or dialects; a vendor's rules are data under its models' prefix.
package tokens

import (
	"bytes"
	"strings"

	"gatehouse/backend/llm"
)

// What stands around the texts, in tokens.
const (
	messageFrame = 4
	callFrame    = 10
	toolFrame    = 12
	// opaqueLimit bounds what is counted of a part that only its own dialect can read: it may hold an encoded file.
	opaqueLimit = 4000
	// pageBytes is a page of a document whose pages can't be told.
	pageBytes = 60_000
	// unknownPages is how many a document has that is not here.
	unknownPages = 3
	wavPerSecond = 32_000 // 16 kHz, 16 bit
	mp3PerSecond = 16_000
	// videoPerSecond is a middling bit rate.
	videoPerSecond = 250_000
)

// Request estimates a request's input tokens at a model (creator/model). It is never below 1.
func Request(req *llm.Request, model string) int64 {
	e := estimate{vendor: vendorOf(model)}
	for _, m := range req.Messages {
		e.tokens += messageFrame
		e.parts(m.Parts)
	}
	for _, t := range req.Tools {
		e.tokens += toolFrame
		e.text(t.Name)
		e.text(t.Description)
		e.raw(t.InputSchema)
		e.raw(t.Freeform)
		if t.Own != nil {
			e.raw(t.Own.Raw)
		}
	}
	if req.Format != nil {
		e.raw(req.Format.Schema)
	}
	return max(e.tokens+e.thousandths/whole, 1)
}

// Embedding estimates the tokens of a request for embeddings. It is never below 1.
func Embedding(req *llm.EmbeddingRequest) int64 {
	e := estimate{}
	for _, in := range req.Inputs {
		e.tokens += int64(len(in.Tokens))
		e.text(in.Text)
	}
	return max(e.tokens+e.thousandths/whole, 1)
}

type estimate struct {
	vendor              vendor
	tokens, thousandths int64
}

func (e *estimate) text(s string) { e.thousandths += Text(s) }
func (e *estimate) raw(b []byte)  { e.thousandths += Text(string(b)) }

func (e *estimate) parts(parts []llm.Part) {
	for _, p := range parts {
		switch p := p.(type) {
		case llm.Text:
			e.text(p.Text)
		case llm.Refusal:
			e.text(p.Text)
		case llm.Reasoning:
			e.text(p.Text)
		case llm.ToolCall:
			e.tokens += callFrame
			e.text(p.Name)
			e.raw(p.Input)
		case llm.ToolResult:
			e.tokens += callFrame
			e.parts(p.Parts)
		case llm.Media:
			e.media(p)
		case llm.Opaque:
			e.thousandths += min(Text(string(p.Raw)), opaqueLimit*whole)
		}
	}
}

func (e *estimate) media(m llm.Media) {
	kind, _, _ := strings.Cut(m.MediaType, "/")
	size := int64(len(m.Data))
	switch {
	case kind == "text" || m.MediaType == "application/json":
		e.text(string(m.Data))
	case kind == "image" || m.MediaType == "" && m.FileID == "":
		e.tokens += e.vendor.image(m)
	case kind == "audio" && strings.HasSuffix(m.MediaType, "wav"):
		e.tokens += (size/wavPerSecond + 1) * e.vendor.audioSecond
	case kind == "audio":
		e.tokens += (size/mp3PerSecond + 1) * e.vendor.audioSecond
	case kind == "video":
		e.tokens += (size/videoPerSecond + 1) * e.vendor.videoSecond
	default:
		e.tokens += pages(m.Data) * e.vendor.page
	}
}

// pages tells how many pages a PDF has, by its page objects where they can be seen, else by its size.
func pages(data []byte) int64 {
	if len(data) == 0 {
		return unknownPages
	}
	n := int64(0)
	for rest := data; ; {
		i := bytes.Index(rest, []byte("/Type"))
		if i < 0 {
			break
		}
		rest = bytes.TrimLeft(rest[i+len("/Type"):], " \r\n\t")
		if bytes.HasPrefix(rest, []byte("/Page")) && !bytes.HasPrefix(rest, []byte("/Pages")) {
			n++
		}
	}
	if n == 0 {
		n = int64(len(data))/pageBytes + 1
	}
	return n
}
