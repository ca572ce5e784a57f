package gateway

import (
	"bytes"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/protocol/tokens"
)

// heardLimit is how much of an answer is kept for an estimate of its tokens, in bytes. What a longer one has is reckoned
// from its beginning.
const heardLimit = 64 << 10

// heard is the beginning of what a provider answered, in a dialect.
type heard struct {
	dialect llm.Dialect
	stream  bool
	kept    *[]byte
	all     int
	// plain tells that it is the text alone, and not the bytes of a dialect.
	plain bool
}

var heardPool = sync.Pool{New: func() any { return new([]byte) }}

func hear[T ~string | ~[]byte](h *heard, p T) {
	if len(p) == 0 {
		return
	}
	if h.kept == nil {
		h.kept = heardPool.Get().(*[]byte)
	}
	h.all += len(p)
	*h.kept = append(*h.kept, p[:min(len(p), heardLimit-len(*h.kept))]...)
}

// free gives the memory back.
func (h *heard) free() {
	if h.kept != nil {
		*h.kept = (*h.kept)[:0]
		heardPool.Put(h.kept)
	}
	*h = heard{}
}

// guess estimates, at the end of an attempt, the tokens that its provider did not tell: servers that never do, and answers
// that broke off or were left before the usage came, which are billed all the same.
func (x *exchange) guess(outcome Outcome) {
	defer x.heard.free()
	seen := x.seen
	if seen == nil || x.req.Embedding != nil {
		return
	}
	if x.pass != nil {
		x.pass.bill(seen, outcome)
		return
	}
	if !seen.Content {
		return
	}
	u := &seen.Usage
	// Messages tells a first number at the start, and the real one with the reason to stop.
	begun := outcome != OK && seen.Finish.Kind == "" && x.heard.dialect == llm.Messages
	if !u.Output.Known() || begun {
		said, ok := x.heard.tokens()
		if !ok {
			return
		}
		u.Output = llm.Estimate(max(said, u.Output.Or(0)))
	}
	if !u.Input.Known() {
		if prompt, ok := x.prompt(); ok {
			u.Input = llm.Estimate(prompt)
		}
	}
}

// tokens estimates what was heard; not ok if nothing of it can be read.
func (h *heard) tokens() (int64, bool) {
	if h.kept == nil {
		return 0, false
	}
	text := string(*h.kept)
	if !h.plain {
		var ok bool
		if text, ok = saidIn(h.dialect, *h.kept, h.stream); !ok || !h.stream && h.all > len(*h.kept) {
			return 0, false
		}
	}
	const thousandth = 1000 // in which texts are estimated
	return tokens.Text(text) * int64(h.all) / int64(len(*h.kept)) / thousandth, true
}

// saidIn reads from an answer of a dialect what the model said, as far as it goes.
func saidIn(d llm.Dialect, answer []byte, stream bool) (string, bool) {
	codec := protocol.For(d)
	if codec.DecodeStream == nil {
		return "", false
	}
	var said strings.Builder
	take := func(e llm.Event) {
		if delta, ok := e.(llm.PartDelta); ok {
			said.WriteString(delta.Text)
			said.WriteString(delta.Input)
		}
	}
	if !stream {
		events, err := codec.DecodeResponse(answer)
		if err != nil {
			return "", false
		}
		for _, e := range events {
			take(e)
		}
		return said.String(), true
	}
	for e, err := range codec.DecodeStream(bytes.NewReader(answer)) {
		if err != nil {
			break // it was cut
		}
		take(e)
	}
	return said.String(), said.Len() > 0
}

// prompt estimates the prompt's tokens; not ok where it can't be read, or is too large to be read only for that.
func (x *exchange) prompt() (int64, bool) {
	if len(x.req.Body) > learnLimit {
		return 0, false
	}
	asked, err := x.asked, error(nil)
	if asked == nil {
		asked, err = x.decode()
	}
	if err != nil {
		return 0, false
	}
	return x.estimate(asked.Request), true
}

// bill makes of what an answer says what the request took. Looking at what was made before takes nothing, though the answer
// tells of it again: of a batch or a film that is asked about many times.
func (p *passing) bill(seen *llm.Observation, outcome Outcome) {
	if p.Method == http.MethodGet || p.Object != "" {
		seen.Usage = llm.Usage{}
		return
	}
	if outcome == OK && !seen.Usage.Known() {
		seen.Usage.Characters = p.spoken()
	}
}

// spoken counts the characters that a request has spoken (API reference, "Speech"; the AI SDK's package).
func (p *passing) spoken() llm.Count {
	name, ok := map[llm.Surface]string{llm.Speech: "input", llm.AISDKSpeech: "text"}[p.Surface]
	if !ok {
		return llm.Count{}
	}
	text := jsonread.Of(p.Body).Get(name)
	if text.Type() != jsonread.String {
		return llm.Count{}
	}
	return llm.CountedAs(int64(utf8.RuneCountInString(text.Str())))
}
