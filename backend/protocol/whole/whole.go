// Package whole reads the little that the usage history wants to know from answers that are passed on whole: usage
// objects and ids in the spellings of OpenAI, Cohere and the AI SDK, in JSON bodies and in streams of events, and how many
// pictures and how long a sound they are about.
//
// It must not know providers or surfaces.
package whole

import (
	"bytes"
	"encoding/json"
	"math"
	"mime"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/sse"
	"gatehouse/backend/protocol/watch"
)

// Tap observes an answer and keeps the ids of the objects that it tells of.
type Tap struct {
	llm.Tap
	ids     []string
	batches []Batch
}

// IDs are the ids of the objects that the answer tells of: its own, and those of files that it made. They are known once
// the tap is closed.
func (t *Tap) IDs() []string { return t.ids }

// Batches are the batches that the answer tells of, as far as they have results. They are known once the tap is closed.
func (t *Tap) Batches() []Batch { return t.batches }

// NewTap makes a tap for an answer of a content type and a length in bytes, negative where that is not known.
func NewTap(contentType string, length int64) *Tap {
	t := &Tap{}
	kind, _, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && kind == "text/event-stream":
		t.Tap = &streamTap{split: sse.NewSplitter(0)}
	case err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")):
		t.Tap = watch.NewBody(t.readBody)
	default:
		t.Tap = &opaqueTap{left: length}
	}
	return t
}

// idFields are the members that hold ids of objects: of what was made, of a batch in the AI SDK's form, and of the files
// that a batch or an upload leaves behind (API reference, "Batch", "Uploads").
var idFields = []string{"id", "batchId", "output_file_id", "error_file_id", "file.id"}

func (t *Tap) readBody(seen *llm.Observation, body []byte) {
	root := gjson.ParseBytes(body)
	for _, name := range idFields {
		if v := root.Get(name); v.Type == gjson.String && v.Str != "" {
			t.ids = append(t.ids, v.Str)
		}
	}
	for _, v := range root.Get("data.#.id").Array() { // a list
		if v.Type == gjson.String && v.Str != "" {
			t.ids = append(t.ids, v.Str)
		}
	}
	t.batches = batchesOf(root)
	read(seen, root)
	seen.ID = first(root, "id", "batchId", "generationId", "providerMetadata.gateway.generationId").String()
}

// read takes usage, model and error from an object.
func read(seen *llm.Observation, root gjson.Result) {
	if v := root.Get("model"); v.Type == gjson.String {
		seen.Model = v.Str
	}
	for _, path := range []string{"usage", "response.usage", "meta.billed_units", "meta.tokens"} {
		if u := root.Get(path); u.IsObject() {
			seen.Usage = usageOf(u)
			break
		}
	}
	units(&seen.Usage, root)
	reported(&seen.Usage.Reported, root.Get("usage.cost"), root.Get("providerMetadata.gateway.cost"))
	reported(&seen.Usage.Market, root.Get("usage.market_cost"), root.Get("providerMetadata.gateway.marketCost"))
}

// usageOf reads a usage object in any of its spellings. Input that was read from a cache is taken out of the whole.
func usageOf(u gjson.Result) llm.Usage {
	out := llm.Usage{Raw: json.RawMessage(u.Raw)}
	out.Input = count(first(u, "input_tokens", "prompt_tokens", "inputTokens", "inputTokens.total"))
	out.Output = count(first(u, "output_tokens", "completion_tokens", "outputTokens", "outputTokens.total"))
	out.Reasoning = count(first(u, "output_tokens_details.reasoning_tokens", "completion_tokens_details.reasoning_tokens"))
	out.CacheRead = count(first(u, "input_tokens_details.cached_tokens", "prompt_tokens_details.cached_tokens", "cachedInputTokens"))
	out.InputAudio = count(first(u, "input_token_details.audio_tokens", "input_tokens_details.audio_tokens"))
	out.InputImage = count(first(u, "input_tokens_details.image_tokens"))
	if n, ok := out.Input.Get(); ok {
		out.Input = llm.Tokens(n - out.CacheRead.Or(0))
	}
	if u.Get("type").Str == "duration" { // API reference, "Transcription"
		out.AudioMs = milliseconds(u.Get("seconds"))
	}
	return out
}

// units reads what is billed one by one: pictures that were made, which we count (API reference, "Images"; the AI SDK's
// package), the length of sound that was written down ("Transcription", verbose_json; the AI SDK's package) and of film.
func units(u *llm.Usage, root gjson.Result) {
	images := root.Get("images.#").Int() // the AI SDK's
	for _, item := range root.Get("data").Array() {
		if item.Get("b64_json").Exists() || item.Get("url").Exists() && !item.Get("object").Exists() {
			images++
		}
	}
	if kind := root.Get("type").Str; kind == "image_generation.completed" || kind == "image_edit.completed" {
		images = u.Images.Or(0) + 1
	}
	if images > 0 {
		u.Images = llm.CountedAs(images)
	}
	if text := root.Get("text"); text.Type == gjson.String && !u.AudioMs.Known() && !u.Input.Known() {
		u.AudioMs = milliseconds(first(root, "durationInSeconds", "duration"))
	}
	if root.Get("object").Str == "video" { // API reference, "Videos"
		u.VideoMs = milliseconds(root.Get("seconds"))
	}
}

// milliseconds reads seconds, a number or a decimal text.
func milliseconds(v gjson.Result) llm.Count {
	if seconds := v.Float(); seconds > 0 && seconds < 1e9 {
		return llm.Tokens(int64(math.Round(seconds * 1000)))
	}
	return llm.Count{}
}

func reported(to *llm.Count, costs ...gjson.Result) {
	for _, cost := range costs {
		if cost.Exists() && !to.Known() {
			*to = llm.CostOf(cost.String())
		}
	}
}

// first gives the first member that is a number or a text.
func first(o gjson.Result, paths ...string) gjson.Result {
	for _, path := range paths {
		if v := o.Get(path); v.Type == gjson.Number || v.Type == gjson.String && v.Str != "" {
			return v
		}
	}
	return gjson.Result{}
}

func count(v gjson.Result) llm.Count {
	if v.Type != gjson.Number {
		return llm.Count{}
	}
	return llm.Tokens(v.Int())
}

// opaqueTap observes what can't be read. Whether it came whole its length tells, or else only the connection.
type opaqueTap struct {
	seen llm.Observation
	left int64
}

func (t *opaqueTap) Write(p []byte) *llm.Observation {
	t.seen.Content = true
	if t.left > 0 {
		t.left -= int64(len(p))
		t.seen.Ended = t.left <= 0
	}
	return &t.seen
}

func (t *opaqueTap) Close() *llm.Observation { return &t.seen }

// streamTap observes a stream of events. Streams of a kind that is known to end with a marker have ended only with it.
type streamTap struct {
	seen  llm.Observation
	split *sse.Splitter
	// marked tells that the stream is of such a kind.
	marked bool
}

var done = []byte("[DONE]")

func (t *streamTap) Write(p []byte) *llm.Observation {
	t.split.Write(p, t.event)
	return &t.seen
}

func (t *streamTap) Close() *llm.Observation {
	t.split.Close(func(e sse.Event) {
		if gjson.ValidBytes(e.Data) || bytes.Equal(e.Data, done) {
			t.event(e)
		}
	})
	if t.split.Overflowed() {
		t.seen.Ended = true // we no longer know, and saying "cut off" would be a guess
	}
	return &t.seen
}

func (t *streamTap) event(e sse.Event) {
	if bytes.Equal(e.Data, done) {
		t.seen.Ended = true
		return
	}
	root := gjson.ParseBytes(e.Data)
	if !root.IsObject() {
		return
	}
	t.seen.Content = true
	if id := root.Get("id"); t.seen.ID == "" && id.Type == gjson.String {
		t.seen.ID = id.Str
	}
	read(&t.seen, root)
	kind := root.Get("type").String()
	switch {
	case kind == "error" || kind == "" && root.Get("error").IsObject():
		t.seen.Err = inBand(root)
		t.seen.Ended = true
	case kind == "result", strings.HasSuffix(kind, ".completed"), strings.HasSuffix(kind, ".done"):
		t.seen.Ended = true
	case root.Get("choices").IsArray(): // text completions end with [DONE]
		t.marked = true
	}
	for _, family := range families {
		t.marked = t.marked || strings.HasPrefix(kind, family)
	}
}

// families are the streams whose terminal event is known (API reference, "Image streaming", "Speech", "Transcription").
var families = []string{"image_generation.", "image_edit.", "speech.audio.", "transcript.text.", "transcription."}

// inBand reads an error that came inside a stream: OpenAI's {"error":{...}} or the AI SDK's flat one, which says its
// status.
func inBand(root gjson.Result) *llm.Error {
	object := root
	if v := root.Get("error"); v.IsObject() {
		object = v
	}
	status := int(first(root, "statusCode", "status", "error.statusCode").Int())
	kind := llm.ErrInternal
	if status >= 400 && status < 600 {
		kind = llm.KindOfStatus(status)
	}
	message := object.Get("message").String()
	if message == "" {
		message = "the upstream's stream ended with an error"
	}
	return &llm.Error{Kind: kind, Message: message, Code: first(object, "code", "errorType").String(), Raw: []byte(root.Raw)}
}

// EndsWithConnection tells that only the end of the connection says whether the answer is whole.
func (t *Tap) EndsWithConnection() bool {
	switch tap := t.Tap.(type) {
	case *opaqueTap:
		return tap.left <= 0
	case *resultsTap:
		return tap.left <= 0
	case *streamTap:
		return !tap.marked
	}
	return false
}
