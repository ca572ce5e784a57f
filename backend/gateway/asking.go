package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// DryRunHeader asks for the decision instead of the answer: nothing is sent.
const DryRunHeader = "X-Gatehouse-Dry-Run"

// asking makes of the request what routing decides on.
func (x *exchange) asking(w routing.World, head protocol.Head) (routing.Ask, error) {
	options, err := x.options(head)
	if err != nil {
		return routing.Ask{}, err
	}
	if x.req.Embedding != nil {
		if err := options.Without("embeddings", "caching"); err != nil {
			return routing.Ask{}, err
		}
	}
	named, long := w.Undecorated(head.Model)
	x.long, x.conversation = long, x.conversationOf(w)
	sticky := x.conversation
	if !sticks(w) {
		sticky = "" // nothing would come of it
	}
	return routing.Ask{
		Model: x.modelOf(w, named), Dialect: x.req.routed(), Options: options, Key: x.req.Caller.Key,
		Project: x.req.Caller.Project, Allows: x.req.Caller.Allows, Conversation: sticky, Seed: rand.Uint64(),
		Hour: x.start.Local().Hour(),
	}, nil
}

// plan gives who may answer, of which there is at least one.
func (x *exchange) plan(head protocol.Head) ([]routing.Attempt, error) {
	w := x.withOwn(x.g.World())
	ask, err := x.asking(w, head)
	if err != nil {
		return nil, err
	}
	d, err := routing.Decide(w, ask)
	x.decision = &d
	x.confine()
	return d.Attempts, err
}

// conversationOf is the same for all requests of one conversation, so far as a request tells: by the client's own id of it,
// or else, where something sticks to conversations, by what its user said first. Its hash alone is kept.
func (x *exchange) conversationOf(w routing.World) string {
	if id := x.session(); id != "" {
		return x.ownHash("id", id)
	}
	if !sticks(w) {
		return "" // it is not worth looking through the body
	}
	first := x.firstTurn()
	if first == "" {
		return ""
	}
	return x.ownHash("words", first[:min(len(first), enoughWords)])
}

// ownHash is a hash that is another for every local API key.
func (x *exchange) ownHash(kind, text string) string {
	h := sha256.New()
	for _, part := range []string{x.req.Caller.KeyID, kind, text} {
		_, _ = h.Write([]byte(part))
		_, _ = h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// session is the client's own id of the conversation, as its headers say it; empty where they don't.
func (x *exchange) session() string {
	for _, name := range []string{"X-Session-Id", "Session_id", "Session-Id", "Conversation_id", "X-Session-Affinity"} {
		if id := x.req.Header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// enoughWords is how much of a conversation's beginning tells it from others, in bytes.
const enoughWords = 16 << 10

// sticks tells whether anything is kept the same throughout a conversation: shares, or one of several credentials.
func sticks(w routing.World) bool {
	if w.Config != nil && len(w.Config.Virtual)+len(w.Config.Rollouts) > 0 {
		return true
	}
	if w.Credentials == nil {
		return false
	}
	for id := range w.Providers {
		if len(w.Credentials(id)) > 1 {
			return true
		}
	}
	return false
}

// userWords are where each dialect has the first turn of the user.
var userWords = map[llm.Dialect]string{
	llm.ChatCompletions: `messages.#(role=="user").content`, llm.Messages: `messages.#(role=="user").content`,
	llm.Ollama: `messages.#(role=="user").content`, llm.AISDK: `prompt.#(role=="user").content`,
	llm.Gemini: `contents.0.parts`, llm.Responses: `input.#(role=="user").content`,
}

// firstTurn gives the first turn of the conversation's user, of which the request may only hold the last.
func (x *exchange) firstTurn() string {
	if x.req.From != nil && x.req.From.Items != nil {
		for _, item := range x.req.From.Items() {
			if v := gjson.ParseBytes(item); v.Get("role").Str == "user" {
				return words(v.Get("content"))
			}
		}
	}
	path, ok := userWords[x.req.Dialect]
	if !ok {
		return ""
	}
	v := gjson.GetBytes(x.req.Body, path)
	if !v.Exists() && x.req.Dialect == llm.Responses {
		v = gjson.GetBytes(x.req.Body, "input")
	}
	if x.req.Dialect == llm.Responses { // which has a short and a long form
		return words(v)
	}
	return v.Raw
}

// words gives the text of a content, however it is written, and what else there is as it stands.
func words(content gjson.Result) string {
	if !content.IsArray() {
		return content.Str
	}
	var b strings.Builder
	for _, part := range content.Array() {
		if text := part.Get("text"); text.Exists() {
			b.WriteString(text.Str)
		} else {
			b.WriteString(part.Raw)
		}
	}
	return b.String()
}

// changes tells that a request must be written anew although its provider speaks the client's dialect: something is to be
// put in that the client did not write.
func (x *exchange) changes(a routing.Attempt) bool {
	t := a.Terms
	return t != nil && (t.SystemPrefix != "" || t.Parameters != (routing.Parameters{}) || t.Options.Caching.Auto || t.Options.ServiceTier != "")
}

// unmet tells what a virtual model adds to conversations and can't add to this request, which is none.
func (x *exchange) unmet(a routing.Attempt) []llm.Notice {
	if x.pass == nil && x.req.Embedding == nil || !x.changes(a) {
		return nil
	}
	var notices []llm.Notice
	add := func(wanted bool, field string) {
		if wanted {
			notices = append(notices, llm.Notice{Field: field, Message: "left out: this is only for conversations"})
		}
	}
	add(a.Terms.SystemPrefix != "", "systemPrefix")
	add(a.Terms.Parameters != (routing.Parameters{}), "parameters")
	add(a.Terms.Options.Caching.Auto, "caching")
	add(a.Terms.Options.ServiceTier != "", "serviceTier")
	return notices
}

// apply puts into a decoded request what the decision adds to it.
func (x *exchange) apply(a routing.Attempt, req *llm.Request) {
	t := a.Terms
	if t == nil {
		t = &routing.Terms{}
	}
	if p := t.Parameters; p != (routing.Parameters{}) {
		req.Temperature = first(req.Temperature, p.Temperature)
		req.TopP = first(req.TopP, p.TopP)
		req.MaxOutputTokens = first(req.MaxOutputTokens, p.MaxOutput)
		if req.Reasoning == nil && p.Effort != "" {
			req.Reasoning = &llm.ReasoningConfig{Effort: p.Effort}
		}
	}
	if t.Options.ServiceTier != "" {
		req.ServiceTier = t.Options.ServiceTier
	}
	if t.SystemPrefix != "" {
		prefix := llm.Message{Role: llm.RoleSystem, Parts: []llm.Part{llm.Text{Text: t.SystemPrefix}}}
		req.Messages = append([]llm.Message{prefix}, req.Messages...)
	}
	if t.Options.Caching.Auto {
		markCache(req, t.Options.Caching)
	}
	kept := req.Extra[:0]
	for _, e := range req.Extra {
		if e.Name != "providerOptions" && !isShorthand(e.Name) {
			kept = append(kept, e)
		}
	}
	req.Extra = kept
	if a.Provider.ID == provider.Gateway {
		if text := a.Hosted(); text != nil {
			req.Extra = append(req.Extra, llm.Extra{Dialect: a.Dialect, Name: "providerOptions", Raw: []byte(`{"gateway":` + string(text) + `}`)})
		}
	}
}

func isShorthand(name string) bool {
	for _, s := range shorthands {
		if s == name {
			return true
		}
	}
	return false
}

func first[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// markCache sets the marks of automatic caching where the request has none of its own (hosted gateway, "Automatic
// caching"): on the last message, on the one before the last of the user, and behind the first items that never change.
func markCache(req *llm.Request, c routing.Caching) {
	mark := &llm.CacheMark{TTL: c.TTL}
	last := len(req.Messages) - 1
	before := -1
	for i := last; i > 0; i-- {
		if req.Messages[i].Role == llm.RoleUser {
			before = i - 1
			break
		}
	}
	for _, i := range []int{last, before, c.Anchors - 1} {
		if i >= 0 && i <= last {
			markMessage(req.Messages[i].Parts, mark)
		}
	}
}

// markMessage marks the last part that can carry a mark.
func markMessage(parts []llm.Part, mark *llm.CacheMark) {
	for i := len(parts) - 1; i >= 0; i-- {
		switch p := parts[i].(type) {
		case llm.Text:
			if p.Cache == nil {
				p.Cache = mark
				parts[i] = p
			}
			return
		case llm.ToolResult:
			if p.Cache == nil {
				p.Cache = mark
				parts[i] = p
			}
			return
		case llm.Media:
			if p.Cache == nil {
				p.Cache = mark
				parts[i] = p
			}
			return
		}
	}
}

// dryRun answers with the decision instead of carrying it out.
func (x *exchange) dryRun(d routing.Decision, refused error) (*Answer, error) {
	text, err := json.Marshal(routing.Explain(d, x.req.routed(), refused))
	if err != nil {
		return nil, err
	}
	x.settle(OK, nil, http.StatusOK)
	return &Answer{
		ID: x.id, Status: http.StatusOK, settled: x.settlement, Body: io.NopCloser(bytes.NewReader(text)),
		Header: http.Header{"Content-Type": {"application/json"}, "X-Gatehouse-Request-Id": {x.id}},
	}, nil
}
