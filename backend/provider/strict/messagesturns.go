package strict

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// messagesWalk reads the turns in their order.
type messagesWalk struct {
	*messages
	c *check
	a *ask
	// pending are the calls of the turn before, which the next must answer.
	pending   []string
	uses      map[string]bool
	before    string
	usesTools bool
	// open tells that thinking has a budget, so a turn with calls that are being answered starts with its thinking.
	open bool
	// first is the kind of the first block of the assistant's last turn.
	first string
}

func (w *messagesWalk) turn(at string, m gjson.Result, first, last bool) {
	c, role := w.c, m.Get("role").String()
	c.only(at, m, "role content")
	c.oneOf(at+".role", m.Get("role"), "user assistant")
	if first && role != "user" {
		c.refuse(at, "first message must use the \"user\" role")
	}
	if role == w.before { // the API merges them, but an encoder of ours has no reason to leave that to it
		c.refuse(at, "roles must alternate between \"user\" and \"assistant\"")
	}
	w.before = role
	var blocks []gjson.Result
	if content := m.Get("content"); content.Type == gjson.String {
		w.notEmpty(at+".content", content.Str)
		w.words(role, content.Str)
		blocks = nil
	} else {
		blocks = c.list(at+".content", content)
	}
	if role == "assistant" {
		w.a.turns++
		w.a.images = 0
		w.assistant(at, blocks, last)
		if text := m.Get("content"); last && text.Type == gjson.String {
			w.trailing(at, text.Str)
		}
		return
	}
	w.user(at, blocks, last)
}

func (w *messagesWalk) words(role, text string) {
	if role == "user" && !strings.HasPrefix(text, "<system>") {
		w.a.text = text
	}
}

func (w *messagesWalk) notEmpty(at, text string) {
	if strings.TrimSpace(text) == "" {
		w.c.refuse(at, "text content blocks must contain non-whitespace text")
	}
}

func (w *messagesWalk) trailing(at, text string) {
	if strings.TrimRight(text, " \t\r\n") != text {
		w.c.refuse(at, "final assistant content cannot end with trailing whitespace")
	}
}

func (w *messagesWalk) text(at string, b gjson.Result) {
	w.c.only(at, b, "type text citations cache_control")
	w.notEmpty(at+".text", b.Get("text").String())
}

func (w *messagesWalk) user(at string, blocks []gjson.Result, last bool) {
	c := w.c
	var results []string
	others, said := false, len(blocks) == 0
	w.a.images = 0
	for i, b := range blocks {
		at := at + ".content[" + itoa(i) + "]"
		switch kind := b.Get("type").String(); kind {
		case "tool_result":
			if others {
				c.refuse(at, "tool_result blocks must come first in the user's turn")
			}
			results = append(results, w.result(at, b))
		case "text":
			others = true
			w.text(at, b)
			w.words("user", b.Get("text").String())
			said = said || !strings.HasPrefix(b.Get("text").String(), "<system>")
		case "image", "document":
			others = true
			w.media(at, b)
		default:
			c.refuse(at+".type", "%q is not taken in a user's turn", kind)
		}
	}
	for _, id := range w.pending {
		if !slices.Contains(results, id) {
			c.refuse(at, "`tool_use` ids were found without `tool_result` blocks immediately after: %s", id)
		}
	}
	for _, id := range results {
		if !slices.Contains(w.pending, id) {
			c.refuse(at, "unexpected `tool_use_id` found in `tool_result` blocks: %s", id)
		}
	}
	if len(results) > 0 && last && w.open && w.first != "thinking" && w.first != "redacted_thinking" {
		c.refuse(at, "Expected `thinking` or `redacted_thinking`, but found `%s`. When `thinking` is enabled, a final "+
			"`assistant` message must start with a thinking block", w.first)
	}
	if w.a.results = len(results); said || len(results) == 0 {
		w.a.results, w.a.steps = 0, 0 // new words count
	}
	w.pending = nil
}

func (w *messagesWalk) result(at string, b gjson.Result) string {
	c := w.c
	w.usesTools = true
	c.only(at, b, "type tool_use_id content is_error cache_control")
	c.flag(at+".is_error", b.Get("is_error"))
	content := b.Get("content")
	if content.IsArray() {
		for i, inner := range content.Array() {
			at := at + ".content[" + itoa(i) + "]"
			switch kind := inner.Get("type").String(); kind {
			case "text":
				w.text(at, inner)
			case "image", "document":
				w.media(at, inner)
			default:
				c.refuse(at+".type", "%q is not taken in a tool result", kind)
			}
		}
	} else if content.Exists() && content.Type != gjson.String {
		c.refuse(at+".content", "must be a string or a list of blocks")
	}
	if b.Get("is_error").Bool() && (content.String() == "" || content.Raw == "[]") {
		c.refuse(at+".content", "content cannot be empty if `is_error` is true")
	}
	return c.text(at+".tool_use_id", b.Get("tool_use_id"))
}

func (w *messagesWalk) media(at string, b gjson.Result) {
	c, kind, s := w.c, b.Get("type").String(), b.Get("source")
	if kind == "image" {
		w.a.images++
		c.only(at, b, "type source cache_control")
	} else {
		c.only(at, b, "type source title context citations cache_control")
	}
	switch s.Get("type").String() {
	case "base64":
		c.only(at+".source", s, "type media_type data")
		data := c.base64(at+".source.data", s.Get("data"))
		if kind == "image" {
			c.image(at+".source.media_type", s.Get("media_type").String(), data)
		} else {
			c.oneOf(at+".source.media_type", s.Get("media_type"), "application/pdf")
			c.pdf(at+".source.data", data)
		}
	case "url":
		c.only(at+".source", s, "type url")
		if !strings.HasPrefix(s.Get("url").String(), "https://") {
			c.refuse(at+".source.url", "Only HTTPS URLs are supported")
		}
	case "text":
		c.only(at+".source", s, "type media_type data")
		c.oneOf(at+".source.media_type", s.Get("media_type"), "text/plain")
	case "file":
		c.only(at+".source", s, "type file_id")
	default:
		c.refuse(at+".source.type", "%s is not known", s.Get("type").Raw)
	}
}

func (w *messagesWalk) assistant(at string, blocks []gjson.Result, last bool) {
	c := w.c
	w.pending, w.first = nil, "text"
	for i, b := range blocks {
		at := at + ".content[" + itoa(i) + "]"
		kind := b.Get("type").String()
		if i == 0 {
			w.first = kind
		}
		switch kind {
		case "text":
			w.text(at, b)
			if last && i == len(blocks)-1 {
				w.trailing(at, b.Get("text").Str)
			}
		case "thinking":
			c.only(at, b, "type thinking signature")
			w.signed(at, b)
			if last && i == len(blocks)-1 {
				c.refuse(at, "The final block in an assistant message cannot be `thinking`")
			}
		case "redacted_thinking":
			c.only(at, b, "type data")
			if _, ok := w.opened("redacted", b.Get("data").String()); !ok {
				c.refuse(at+".data", "Invalid `data` in `redacted_thinking` block")
			}
		case "tool_use":
			w.use(at, b)
		default:
			c.refuse(at+".type", "%q is not taken in an assistant's turn", kind)
		}
	}
	if len(w.pending) > 0 {
		w.a.steps++
	}
}

// signed demands a signature that was issued for this very text; one without the text is what display "omitted" gives.
func (w *messagesWalk) signed(at string, b gjson.Result) {
	text, ok := w.opened("thinking", b.Get("signature").String())
	switch {
	case !ok:
		w.c.refuse(at, "Invalid `signature` in `thinking` block")
	case b.Get("thinking").Type != gjson.String || b.Get("thinking").Str != "" && b.Get("thinking").Str != text:
		w.c.refuse(at, "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified")
	}
}

func (w *messagesWalk) use(at string, b gjson.Result) {
	c := w.c
	w.usesTools = true
	c.only(at, b, "type id name input cache_control caller")
	id := c.text(at+".id", b.Get("id"))
	c.match(at+".id", id, useID)
	c.match(at+".name", b.Get("name").String(), toolName)
	if !b.Get("input").IsObject() {
		c.refuse(at+".input", "Input should be a valid dictionary")
	}
	if w.uses[id] {
		c.refuse(at, "`tool_use` ids must be unique: %s", id)
	}
	w.uses[id] = true
	w.pending = append(w.pending, id)
}
