package aisdk

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
)

// Options are what answers say besides the events.
type Options struct {
	Version Version
	// Origin is who answers; reasoning is tagged with it, unless it names its own.
	Origin llm.Origin
	// GenerationID is the request's id, with which clients ask for GET /v1/generation; empty leaves it out.
	GenerationID string
	// Account gives a JSON object of how the answer came about, generation id included, for the end's
	// providerMetadata.gateway. It may be nil.
	Account func(llm.Usage) []byte
	// Notices become the answer's warnings.
	Notices []llm.Notice
	// At is the answer's time; the zero time leaves it out.
	At time.Time
}

// part is a stream part or an item of content (LanguageModelV4StreamPart, LanguageModelV4Content and their forebears);
// which members stand is up to its type.
type part struct {
	Type             string       `json:"type"`
	ID               string       `json:"id,omitempty"`
	Delta            *string      `json:"delta,omitempty"`
	Text             *string      `json:"text,omitempty"`
	ToolCallID       string       `json:"toolCallId,omitempty"`
	ToolName         string       `json:"toolName,omitempty"`
	Input            *string      `json:"input,omitempty"`
	SourceType       string       `json:"sourceType,omitempty"`
	URL              string       `json:"url,omitempty"`
	MediaType        string       `json:"mediaType,omitempty"`
	Title            string       `json:"title,omitempty"`
	Data             any          `json:"data,omitempty"`
	Citations        []citation   `json:"citations,omitempty"`
	Warnings         *[]warning   `json:"warnings,omitempty"`
	ModelID          string       `json:"modelId,omitempty"`
	Timestamp        string       `json:"timestamp,omitempty"`
	FinishReason     any          `json:"finishReason,omitempty"`
	Usage            any          `json:"usage,omitempty"`
	Error            *streamError `json:"error,omitempty"`
	ProviderMetadata *metadata    `json:"providerMetadata,omitempty"`
}

// metadata is providerMetadata. What stands there on a part comes back as the part's providerOptions.
type metadata struct {
	Gateway   json.RawMessage `json:"gateway,omitempty"`
	Gatehouse *tags           `json:"gatehouse,omitempty"`
}

// facts are those of the hosted gateway's providerMetadata.gateway that stand in the middle of an answer too.
type facts struct {
	GenerationID string `json:"generationId"`
}

// early is what is known of an answer before its end, nil where that is nothing.
func (o Options) early() *metadata {
	if o.GenerationID == "" {
		return nil
	}
	return &metadata{Gateway: marshal(facts{o.GenerationID})}
}

// final is what is known of an answer at its end.
func (o Options) final(u llm.Usage) *metadata {
	if o.Account == nil {
		return o.early()
	}
	return &metadata{Gateway: o.Account(u)}
}

// tags carry what the provider must get back.
type tags struct {
	Signature string `json:"signature,omitempty"`
	Opaque    string `json:"opaque,omitempty"`
}

// citation is version 4's (LanguageModelV4Citation).
type citation struct {
	Source     part   `json:"source"`
	StartIndex *int64 `json:"startIndex,omitempty"`
	EndIndex   *int64 `json:"endIndex,omitempty"`
	CitedText  string `json:"citedText,omitempty"`
}

// streamError is what AI SDK 7 reads from an error part (GatewayStreamError); the others hand it on as it is.
type streamError struct {
	Message     string `json:"message"`
	Type        string `json:"type"`
	Code        string `json:"code,omitempty"`
	StatusCode  int    `json:"statusCode"`
	IsRetryable bool   `json:"isRetryable"`
}

// Encoder writes a streamed answer as server-sent events. There is no end marker behind its last part, nor are there
// pings: the clients of version 2 and 3 take them for an error. Comments may stand between its events.
type Encoder struct {
	walk *walk
	buf  []byte
}

// NewEncoder makes an Encoder for one answer.
func NewEncoder(opts Options) *Encoder {
	e := &Encoder{}
	e.walk = newWalk(opts, e.write)
	return e
}

// Encode gives an event's bytes, which are valid until the next call and may be none.
func (e *Encoder) Encode(event llm.Event) []byte {
	e.buf = e.buf[:0]
	e.walk.step(event)
	return e.buf
}

// End gives the bytes that end a stream which failed. Without an error part the client would see a quiet stop.
func (e *Encoder) End(err *llm.Error) []byte {
	return EncodeStreamError(err)
}

// Notices tells what of the answer could not be given to this client, which only shows while it streams.
func (e *Encoder) Notices() []llm.Notice { return e.walk.notices }

func (e *Encoder) write(p part) {
	e.buf = append(e.buf, "data: "...)
	if p.Delta != nil { // by far the most, so without reflection
		e.buf = append(append(append(e.buf, `{"type":"`...), p.Type...), `","id":`...)
		e.buf = append(append(append(e.buf, jsonedit.String(p.ID)...), `,"delta":`...), jsonedit.String(*p.Delta)...)
		e.buf = append(e.buf, '}')
	} else {
		e.buf = append(e.buf, marshal(p)...)
	}
	e.buf = append(e.buf, "\n\n"...)
}

// answer is the body of an answer that is not streamed.
type answer struct {
	Content          []part       `json:"content"`
	FinishReason     any          `json:"finishReason"`
	Usage            any          `json:"usage"`
	Warnings         []warning    `json:"warnings"`
	ProviderMetadata *metadata    `json:"providerMetadata,omitempty"`
	Response         responseInfo `json:"response"`
}

type responseInfo struct {
	ID        string `json:"id,omitempty"`
	Timestamp string `json:"timestamp,omitempty"`
	ModelID   string `json:"modelId,omitempty"`
}

// EncodeResponse writes an answer that is not streamed, from all of its events. Events that end without llm.Finish are
// llm.ErrIncomplete inside an *llm.Error.
func EncodeResponse(events []llm.Event, opts Options) ([]byte, error) {
	f := fold{at: map[string]int{}, answer: answer{Content: []part{}}}
	w := newWalk(opts, f.put)
	w.told = true // all of it comes at once
	for _, event := range events {
		w.step(event)
	}
	if !f.finished {
		return nil, &llm.Error{
			Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: llm.ErrIncomplete,
			Message: "the provider broke off before the answer was finished; ask again",
		}
	}
	f.answer.Warnings = append(f.answer.Warnings, opts.Version.warnings(w.notices)...)
	return marshal(f.answer), nil
}

// fold makes one answer of stream parts.
type fold struct {
	answer   answer
	at       map[string]int // where in the content the open texts are, by id
	finished bool
}

func (f *fold) put(p part) {
	switch p.Type {
	case "stream-start":
		f.answer.Warnings = *p.Warnings
	case "response-metadata":
		f.answer.Response = responseInfo{p.ID, p.Timestamp, p.ModelID}
	case "text-start", "reasoning-start":
		f.at[p.ID] = len(f.answer.Content)
		kind := p.Type[:len(p.Type)-len("-start")]
		f.answer.Content = append(f.answer.Content, part{Type: kind, Text: new(string), ProviderMetadata: p.ProviderMetadata})
	case "text-delta", "reasoning-delta":
		*f.answer.Content[f.at[p.ID]].Text += *p.Delta
	case "text-end", "reasoning-end":
		own := &f.answer.Content[f.at[p.ID]]
		own.Citations = p.Citations
		if p.ProviderMetadata != nil {
			own.ProviderMetadata = p.ProviderMetadata
		}
	case "tool-call", "file", "source":
		f.answer.Content = append(f.answer.Content, p)
	case "finish":
		f.finished = true
		f.answer.FinishReason, f.answer.Usage, f.answer.ProviderMetadata = p.FinishReason, p.Usage, p.ProviderMetadata
	}
}

// id is the id of a part by its index.
func id(index int) string { return strconv.Itoa(index) }
