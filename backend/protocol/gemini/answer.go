package gemini

import (
	"encoding/base64"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/carry"
	"gatehouse/backend/protocol/fit"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/jsonwrite"
)

// AnswerOptions are what an answer's encoder must know.
type AnswerOptions struct {
	// Array writes a stream as one JSON array, which is what streamGenerateContent answers without alt=sse.
	Array bool
	// Origin is who answers, for parts that don't say it; signatures go out in a carrier with it. Where neither says it,
	// they go out as they are.
	Origin llm.Origin
	// Model is the modelVersion where the answer has none.
	Model string
	// Account gives a JSON object of how the answer came about, for provider_metadata.gateway in the object with the finish
	// reason: our own addition, which Google's clients pass over. It may be nil.
	Account func(llm.Usage) []byte
}

// answer writes the objects of one answer (API reference, "GenerateContentResponse").
type answer struct {
	opts  AnswerOptions
	id    string
	model string
	usage llm.Usage
	tail  []byte // what ends every object: usage and names
	cited sources
	// grounding and token are a Gemini answer's own groundingMetadata and continuationToken.
	grounding, token string
}

func (a *answer) name() {
	model := a.model
	if model == "" {
		model = a.opts.Model
	}
	a.tail = appendUsage(a.tail[:0], a.usage)
	if model != "" {
		a.tail = jsonwrite.AppendString(append(a.tail, `,"modelVersion":`...), model)
	}
	if a.id != "" {
		a.tail = jsonwrite.AppendString(append(a.tail, `,"responseId":`...), a.id)
	}
	a.tail = append(a.tail, '}')
}

const (
	objectHead = `{"candidates":[{"content":{"parts":[`
	objectRest = `],"role":"model"}`
)

// object writes an object with parts, finished if reason is not nil.
func (a *answer) object(dst, parts []byte, reason *llm.FinishReason) []byte {
	dst = append(append(append(dst, objectHead...), parts...), objectRest...)
	if reason != nil {
		word, message := finishWord(*reason)
		dst = jsonwrite.AppendString(append(dst, `,"finishReason":`...), word)
		if message != "" {
			dst = jsonwrite.AppendString(append(dst, `,"finishMessage":`...), message)
		}
		meta := a.cited.metadata()
		if meta == nil {
			meta = []byte(a.grounding)
		}
		if len(meta) > 0 {
			dst = append(append(dst, `,"groundingMetadata":`...), meta...)
		}
	}
	dst = append(dst, `,"index":0}]`...)
	if reason != nil && a.token != "" {
		dst = append(append(dst, `,"continuationToken":`...), a.token...)
	}
	if reason != nil && a.opts.Account != nil {
		dst = append(append(dst, `,"provider_metadata":{"gateway":`...), a.opts.Account(a.usage)...)
		dst = append(dst, '}')
	}
	return append(dst, a.tail...)
}

func (a *answer) opaqueEvent(e llm.OpaqueEvent) {
	if e.Dialect != llm.Gemini {
		return
	}
	if g := jsonread.Of(e.Raw).Get("groundingMetadata"); g.IsObject() {
		a.grounding = g.Raw()
	}
	if t := jsonread.Of(e.Raw).Get("continuationToken"); t.Exists() {
		a.token = t.Raw()
	}
}

// signature gives the thoughtSignature of reasoning.
func (a *answer) signature(r llm.Reasoning) string {
	if r.Origin == (llm.Origin{}) && a.opts.Origin == (llm.Origin{}) {
		return r.Signature
	}
	return carry.Base64(fit.PackReasoning(r, a.opts.Origin))
}

func textOf(dst []byte, s string) []byte {
	return append(jsonwrite.AppendString(append(dst, `{"text":`...), s), '}')
}

// lastOf is the empty text at the end of a stream, signed as Gemini's own is: a history that holds it is known for what
// another model wrote, and Gemini refuses an empty text without a signature.
func (a *answer) lastOf(dst []byte) []byte {
	if a.opts.Origin == (llm.Origin{}) {
		return textOf(dst, "")
	}
	signature := carry.Base64(carry.Pack(a.opts.Origin, carry.Plain, []byte(carry.PlainPayload)))
	return append(jsonwrite.AppendString(append(dst, `{"text":"","thoughtSignature":`...), signature), '}')
}

func thoughtOf(dst []byte, s, signature string) []byte {
	dst = append(jsonwrite.AppendString(append(dst, `{"text":`...), s), `,"thought":true`...)
	if signature != "" {
		dst = jsonwrite.AppendString(append(dst, `,"thoughtSignature":`...), signature)
	}
	return append(dst, '}')
}

// whole writes a part that is complete; nothing for one that a client of this dialect can't be given.
func (a *answer) whole(dst []byte, p llm.Part) []byte {
	switch p := p.(type) {
	case llm.Text:
		for _, c := range p.Citations {
			a.cited.add(c, []byte(p.Text))
		}
		a.cited.base += len(p.Text)
		return textOf(dst, p.Text)
	case llm.Refusal:
		return textOf(dst, p.Text)
	case llm.Reasoning:
		return thoughtOf(dst, p.Text, a.signature(p))
	case llm.ToolCall:
		if p.ByProvider { // the client would try to run it
			return dst
		}
		return a.call(dst, p)
	case llm.Media:
		return mediaPart(dst, p)
	case llm.Opaque:
		if p.Dialect == llm.Gemini && jsonread.Valid(p.Raw) {
			return a.opaque(dst, p)
		}
	}
	return dst
}

func (a *answer) call(dst []byte, c llm.ToolCall) []byte {
	dst = append(dst, `{"functionCall":{`...)
	if c.ID != "" {
		dst = append(jsonwrite.AppendString(append(dst, `"id":`...), c.ID), ',')
	}
	dst = jsonwrite.AppendString(append(dst, `"name":`...), c.Name)
	dst = append(append(append(dst, `,"args":`...), callArgs(c)...), '}')
	signature := c.Signature
	if c.Origin != (llm.Origin{}) || a.opts.Origin != (llm.Origin{}) {
		signature = carry.Base64(fit.PackCall(c, a.opts.Origin))
	}
	if signature != "" {
		dst = jsonwrite.AppendString(append(dst, `,"thoughtSignature":`...), signature)
	}
	return append(dst, '}')
}

// callArgs makes a call's input the object that the dialect demands. What is no JSON is kept as a text.
func callArgs(c llm.ToolCall) []byte {
	raw := jsonread.Of(c.Input)
	switch {
	case c.Freeform:
		return fit.FreeformInput(c.Input)
	case len(c.Input) == 0:
		return []byte("{}")
	case !jsonread.Valid(c.Input):
		return append(jsonwrite.AppendString([]byte(`{"input":`), string(c.Input)), '}')
	case !raw.IsObject():
		return []byte(`{"value":` + raw.Raw() + `}`)
	}
	return []byte(raw.Raw())
}

func mediaPart(dst []byte, m llm.Media) []byte {
	w, inner := &members{}, &members{}
	if m.MediaType != "" {
		inner.add("mimeType", quote(m.MediaType))
	}
	if m.URL != "" {
		inner.add("fileUri", quote(m.URL))
		w.add("fileData", inner.close())
	} else {
		inner.add("data", quote(base64.StdEncoding.EncodeToString(m.Data)))
		w.add("inlineData", inner.close())
	}
	return append(dst, w.close()...)
}

func (a *answer) opaque(dst []byte, p llm.Opaque) []byte {
	w := &members{}
	jsonread.Of(p.Raw).ForEach(func(key, value jsonread.Value) bool {
		if name := key.String(); name == "thoughtSignature" {
			w.add(name, quote(a.signature(llm.Reasoning{Signature: value.String()})))
		} else {
			w.add(name, []byte(value.Raw()))
		}
		return true
	})
	return append(dst, w.close()...)
}

// EncodeResponse writes a whole answer from its events (API reference, "GenerateContentResponse"). Events without a
// Finish are an incomplete answer, which is an error.
func EncodeResponse(events []llm.Event, opts AnswerOptions) ([]byte, error) {
	folded := fit.Fold(events)
	if folded.Finish.Kind == "" {
		return nil, brokenOff(nil)
	}
	a := &answer{opts: opts, id: folded.ID, model: folded.Model, usage: folded.Usage}
	a.name()
	var parts []byte
	for _, p := range folded.Parts {
		one := a.whole(nil, p)
		if len(one) > 0 && len(parts) > 0 {
			parts = append(parts, ',')
		}
		parts = append(parts, one...)
	}
	for _, e := range events {
		if o, ok := e.(llm.OpaqueEvent); ok {
			a.opaqueEvent(o)
		}
	}
	return a.object(nil, parts, &folded.Finish), nil
}
