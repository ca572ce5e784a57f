package gemini

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/sse"
)

// DecodeStream reads a streamed answer (API reference, "Generating content", streamGenerateContent with alt=sse). The
// API has no terminal event: a stream that ends before a finishReason is llm.ErrIncomplete inside an *llm.Error, and so
// is a connection that breaks. A signature that stood on text or media comes as an llm.Reasoning of its own behind that
// part; parts that only this dialect knows come as llm.Opaque. A prompt that was blocked is an answer with the finish
// reason content-filter, one that the model spoilt (MALFORMED_FUNCTION_CALL) an error.
func DecodeStream(r io.Reader) llm.Stream {
	return func(yield func(llm.Event, error) bool) {
		d := decoder{}
		events := sse.NewReader(r)
		for {
			e, err := events.Next()
			switch {
			case err == io.EOF:
				err = d.end()
			case err != nil:
				err = brokenOff(err)
			default:
				err = d.chunk(e.Data, events)
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

// DecodeResponse reads an answer that is not streamed (API reference, "GenerateContentResponse").
func DecodeResponse(body []byte) ([]llm.Event, error) {
	root, err := jsonread.Parse(body)
	if err != nil {
		return nil, unreadable(nil)
	}
	d := decoder{}
	if err := d.response(root, body); err != nil {
		return nil, err
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	return d.out, nil
}

// unreadable is an answer that is not what the dialect says.
func unreadable(cause error) error {
	return &llm.Error{
		Kind: llm.ErrInternal, Status: http.StatusBadGateway, Cause: cause,
		Message: "the provider's answer is not a " + llm.Gemini.String() + " one; check its base URL",
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

// kind is what the open part is; only texts and thoughts stay open from one chunk to the next.
type kind int

const (
	none kind = iota
	text
	thought
)

type decoder struct {
	parser   jsonread.Parser
	out      []llm.Event
	started  bool
	finished bool
	id       string
	next     int
	open     kind
	written  []byte // the text of the open part, by which citations are placed
	pending  string // the signature of the last text of this chunk
	calls    int
	texts    int // the text parts so far
	usage    llm.Usage
	finish   string
}

func (d *decoder) emit(e llm.Event) { d.out = append(d.out, e) }

func (d *decoder) chunk(data []byte, rest *sse.Reader) error {
	root, err := d.parser.Parse(data)
	if err != nil {
		if _, err := rest.Next(); err == io.EOF {
			return brokenOff(nil) // the last event was cut
		}
		return unreadable(nil)
	}
	return d.response(root, data)
}

// response takes one object: the whole answer, or what is new in it.
func (d *decoder) response(root jsonread.Value, raw []byte) error {
	if !root.IsObject() {
		return unreadable(nil)
	}
	if root.Get("error").Exists() {
		return inBandError(bytes.Clone(raw))
	}
	candidate, blocked := root.Get("candidates.0"), root.Get("promptFeedback.blockReason")
	ours := candidate.Exists() || blocked.Exists() || root.Get("usageMetadata").Exists() || root.Get("responseId").Exists()
	if !ours {
		return unreadable(nil)
	}
	if !d.started {
		d.started, d.id = true, root.Get("responseId").String()
		d.emit(llm.MessageStart{ID: d.id, Model: root.Get("modelVersion").String()})
	}
	for _, p := range candidate.Get("content.parts").Array() {
		if err := d.part(p); err != nil {
			return err
		}
	}
	d.grounding(candidate)
	d.signText()
	searched, u := searches(&d.usage, root), root.Get("usageMetadata")
	counted := u.IsObject() && u.Raw() != string(d.usage.Raw)
	if counted {
		mergeUsage(&d.usage, u)
	}
	if counted || searched && d.usage.Known() {
		d.emit(llm.UsageUpdate{Usage: d.usage})
	}
	if token := root.Get("continuationToken"); token.Exists() {
		d.emit(llm.OpaqueEvent{Opaque: opaque(`{"continuationToken":` + token.Raw() + `}`)})
	}
	if blocked.Exists() {
		d.finish = blocked.String()
		if finishOf(d.finish, false).Kind != llm.FinishContentFilter {
			d.finish = "PROHIBITED_CONTENT"
		}
	}
	if word := candidate.Get("finishReason"); word.Type() == jsonread.String && word.Str() != "" {
		d.finish = word.Str()
	}
	if message, bad := failed[d.finish]; bad {
		return &llm.Error{
			Kind: llm.ErrInternal, Status: http.StatusBadGateway, Code: d.finish, Message: message, Raw: bytes.Clone(raw),
		}
	}
	return nil
}

func opaque(raw string) llm.Opaque {
	return llm.Opaque{Dialect: llm.Gemini, Raw: json.RawMessage(raw)}
}

// part takes one part. Neighbouring texts are one, and so are neighbouring thoughts, up to a signature: what is signed
// must not be joined with what follows.
func (d *decoder) part(p jsonread.Value) error {
	signature := p.Get("thoughtSignature").String()
	switch {
	case p.Get("functionCall").Exists():
		return d.call(p.Get("functionCall"), signature)
	case p.Get("text").Exists() && p.Get("thought").Bool():
		d.grow(thought, p.Get("text").String())
		if signature != "" {
			if d.open != thought { // a signature and nothing else
				d.start(thought)
			}
			d.emit(llm.PartDelta{Index: d.next - 1, Signature: signature})
			d.close()
		}
	case p.Get("text").Exists():
		d.grow(text, p.Get("text").String())
		if signature != "" {
			d.pending = signature
		}
	case p.Get("inlineData").Exists() || p.Get("fileData").Exists():
		m, err := mediaOf(p)
		if err != nil {
			return unreadable(err)
		}
		d.whole(m)
		d.pending = signature
		d.signText()
	default:
		d.whole(opaque(p.Raw()))
	}
	return nil
}

// grow adds to the open part, after opening one of the kind if there is something to add.
func (d *decoder) grow(k kind, s string) {
	if s == "" {
		return
	}
	if d.open != k || d.pending != "" {
		d.start(k)
	}
	if k == text {
		d.written = append(d.written, s...)
	}
	d.emit(llm.PartDelta{Index: d.next - 1, Text: s})
}

func (d *decoder) start(k kind) {
	d.signText()
	d.close()
	d.open = k
	var p llm.Part = llm.Text{}
	if k == thought {
		p = llm.Reasoning{}
	} else {
		d.texts++
	}
	d.emit(llm.PartStart{Index: d.next, Part: p})
	d.next++
}

func (d *decoder) close() {
	if d.open != none {
		d.emit(llm.PartEnd{Index: d.next - 1})
	}
	d.open, d.written = none, d.written[:0]
}

// whole adds a part that comes all at once.
func (d *decoder) whole(p llm.Part) {
	d.signText()
	d.close()
	d.emit(llm.PartStart{Index: d.next, Part: p})
	d.emit(llm.PartEnd{Index: d.next})
	d.next++
}

// signText closes a signed text and puts its signature behind it.
func (d *decoder) signText() {
	if d.pending == "" {
		return
	}
	signature := d.pending
	d.pending = ""
	d.close()
	d.emit(llm.PartStart{Index: d.next, Part: llm.Reasoning{}})
	d.emit(llm.PartDelta{Index: d.next, Signature: signature})
	d.emit(llm.PartEnd{Index: d.next})
	d.next++
}

// call takes a function call, which comes whole. Calls without an id get one.
func (d *decoder) call(c jsonread.Value, signature string) error {
	if c.Get("partialArgs").Exists() || c.Get("willContinue").Bool() {
		return unreadable(errors.New("a function call in pieces, which was not asked for"))
	}
	d.signText()
	d.close()
	id := c.Get("id").String()
	if id == "" {
		id = d.callID()
	}
	d.calls++
	call := llm.ToolCall{ID: id, Name: c.Get("name").String(), Signature: signature}
	d.emit(llm.PartStart{Index: d.next, Part: call})
	args := c.Get("args").Raw()
	if args == "" || args == "null" {
		args = "{}"
	}
	d.emit(llm.PartDelta{Index: d.next, Input: args})
	d.emit(llm.PartEnd{Index: d.next})
	d.next++
	return nil
}

// callID makes an id that no other call of the conversation has.
func (d *decoder) callID() string {
	seed := d.id
	if seed == "" {
		seed = rand.Text()
	}
	sum := sha256.Sum256([]byte(seed + "\x00" + strconv.Itoa(d.calls)))
	return "call_" + hex.EncodeToString(sum[:12])
}

// mediaOf reads an inlineData or fileData part, in either spelling.
func mediaOf(p jsonread.Value) (llm.Media, error) {
	m := llm.Media{}
	var err error
	take := func(object jsonread.Value) {
		object.ForEach(func(key, value jsonread.Value) bool {
			switch camel(key.String()) {
			case "mimeType":
				m.MediaType = value.String()
			case "data":
				m.Data, err = decodeBase64(value.String())
			case "fileUri":
				m.URL = value.String()
			case "displayName":
				m.Filename = value.String()
			}
			return true
		})
	}
	for _, name := range []string{"inlineData", "inline_data", "fileData", "file_data"} {
		take(p.Get(name))
	}
	return m, err
}

// decodeBase64 takes both alphabets, as protobuf's JSON does.
func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil {
		return b, nil
	}
	for _, enc := range []*base64.Encoding{base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(s); err == nil {
			return b, nil
		}
	}
	return nil, err
}

// end closes what is open. Only now it is known that no more comes: the finishReason may stand on several chunks.
func (d *decoder) end() error {
	if d.finish == "" {
		return brokenOff(nil)
	}
	d.signText()
	d.close()
	d.emit(llm.Finish{Reason: finishOf(d.finish, d.calls > 0)})
	d.finished = true
	return nil
}
