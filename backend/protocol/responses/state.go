package responses

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/protocol/jsonread"
)

// State is what a request says of what is kept at the server, for whoever must know it before anybody decodes the request.
type State struct {
	// Previous and Conversation are what it goes on from, empty if nothing.
	Previous, Conversation string
	// Store is whether the answer shall be kept; the dialect's default is that it shall.
	Store      bool
	Background bool
	// References tells that the input may hold item_references.
	References bool
}

// ReadState reads a request's State, in one walk over its own members. What is malformed is left to whoever decodes the
// request.
func ReadState(body []byte) State {
	s := State{Store: true, References: holds(body, `"item_reference"`)}
	_ = jsonedit.Members(body, func(key []byte, value jsonedit.Span) error {
		switch string(key) {
		case "previous_response_id":
			s.Previous = jsonread.Of(value.Of(body)).String()
		case "conversation":
			v := jsonread.Of(value.Of(body))
			if s.Conversation = v.String(); v.IsObject() {
				s.Conversation = v.Get("id").String()
			}
		case "store":
			s.Store = string(value.Of(body)) != "false"
		case "background":
			s.Background = string(value.Of(body)) == "true"
		}
		return nil
	})
	return s
}

// holds is bytes.Contains for a word whose first byte is everywhere: it looks at the last one, and goes on by as much as
// what stands there allows (Horspool, "Practical fast searching in strings", 1980).
func holds(body []byte, word string) bool {
	var skip [256]int
	last := len(word) - 1
	for i := range skip {
		skip[i] = len(word)
	}
	for i := range last {
		skip[word[i]] = last - i
	}
	for i := last; i < len(body); i += skip[body[i]] {
		if body[i] == word[last] && string(body[i-last:i+1]) == word {
			return true
		}
	}
	return false
}

// InputItems gives a request's own items; a plain string is a message of the user's.
func InputItems(body []byte) []json.RawMessage {
	v := jsonread.Of(body).Get("input")
	if v.Type() == jsonread.String {
		return []json.RawMessage{userMessage(v.Str())}
	}
	var out []json.RawMessage
	for _, item := range v.Array() {
		out = append(out, json.RawMessage(item.Raw()))
	}
	return out
}

func userMessage(text string) json.RawMessage {
	return json.RawMessage(`{"type":"message","role":"user","content":` + string(jsonedit.String(text)) + `}`)
}

// prefixes are what the ids of items begin with, by their type (API reference, "Responses", the examples).
var prefixes = map[string]string{
	"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_", "custom_tool_call": "ctc_",
	"custom_tool_call_output": "ctco_", "compaction": "cmp_", "image_generation_call": "ig_",
}

// Listed gives items as the API lists them: each with a type and an id, made of the id of what they belong to and their
// number from first on, and messages with a list of contents.
func Listed(items []json.RawMessage, owner string, first int) []json.RawMessage {
	out := make([]json.RawMessage, len(items))
	for i, raw := range items {
		out[i] = listed(raw, seed(owner)+"_i"+strconv.Itoa(first+i))
	}
	return out
}

func listed(raw json.RawMessage, id string) json.RawMessage {
	item := jsonread.Of(raw)
	kind := item.Get("type").String()
	var b []byte
	if kind == "" && item.Get("role").Exists() {
		kind = "message"
		b = append(b, `,"type":"message"`...)
	}
	if item.Get("id").String() == "" {
		prefix := prefixes[kind]
		if prefix == "" {
			prefix = "item_"
		}
		b = appendString(append(b, `,"id":`...), prefix+id)
	}
	if kind == "message" && item.Get("status").String() == "" {
		b = append(b, `,"status":"completed"`...)
	}
	content := item.Get("content")
	if kind != "message" || content.Type() != jsonread.String {
		return merge(raw, b, "")
	}
	part := `{"type":"input_text","text":`
	if item.Get("role").String() == "assistant" {
		part = `{"type":"output_text","annotations":[],"text":`
	}
	b = append(appendString(append(b, `,"content":[`+part...), content.Str()), "}]"...)
	return merge(raw, b, "content")
}

// merge appends members to an object, instead of null ones of theirs and of the one that is left out.
func merge(raw json.RawMessage, members []byte, without string) json.RawMessage {
	if len(members) == 0 {
		return raw
	}
	out := []byte("{")
	err := jsonedit.Members(raw, func(key []byte, value jsonedit.Span) error {
		name := string(key)
		if name == without || (name == "id" || name == "type" || name == "status") && string(value.Of(raw)) == "null" {
			return nil
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), key...), `":`...), value.Of(raw)...)
		return nil
	})
	if err != nil { // not an object: whoever decodes it says so
		return raw
	}
	if len(out) == 1 {
		members = members[1:]
	}
	return append(append(out, members...), '}')
}

// ItemOwner gives the id of the response whose item has this id, empty where the id was not made here.
func ItemOwner(item string) string {
	_, rest, ok := strings.Cut(item, "_")
	at := strings.LastIndexByte(rest, '_')
	if !ok || at <= 0 {
		return ""
	}
	return "resp_" + rest[:at]
}

// Snapshot gives the response as it is before anything of it came; status is queued or in_progress.
func (e *Encoder) Snapshot(status string) []byte {
	e.model = e.opts.Model
	return e.appendResponse(nil, state{status: status})
}

// Ended gives a response that was being written as one that ended early, with a status (failed, cancelled) and, for one
// that failed, why.
func Ended(response json.RawMessage, status string, why *llm.Error) json.RawMessage {
	out := []byte("{")
	_ = jsonedit.Members(response, func(key []byte, value jsonedit.Span) error {
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), key...), `":`...)
		switch string(key) {
		case "status":
			out = appendString(out, status)
		case "error":
			out = appendError(out, why)
		default:
			out = append(out, value.Of(response)...)
		}
		return nil
	}) // it was written here
	return append(out, '}')
}

// Portable gives an item of an answer as it can be sent again to a server that did not keep it: without its id, and not at
// all if it is reasoning that came without its encrypted content.
func Portable(raw json.RawMessage) json.RawMessage {
	item := jsonread.Of(raw)
	if item.Get("type").String() == "reasoning" && item.Get("encrypted_content").String() == "" {
		return nil
	}
	if out, err := withoutID(raw); err == nil {
		return out
	}
	return raw
}

// Expanded gives a request that goes on from an answer as one that goes on from nothing: with the items that led to it and
// its own before the request's.
func Expanded(body []byte, items []json.RawMessage) []byte {
	out := []byte(`{"input":[`)
	for i, item := range append(items[:len(items):len(items)], InputItems(body)...) {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	out = append(out, ']')
	err := jsonedit.Members(body, func(key []byte, value jsonedit.Span) error {
		if name := string(key); name != "input" && name != "previous_response_id" {
			out = append(append(append(append(out, `,"`...), key...), `":`...), value.Of(body)...)
		}
		return nil
	})
	if err != nil { // whoever reads it says so
		return body
	}
	return append(out, '}')
}
