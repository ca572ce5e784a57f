package gateway

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/aisdk"
	"gatehouse/backend/protocol/jsonedit"
	"gatehouse/backend/provider"
	"gatehouse/backend/routing"
)

// shorthands are the members by which requests ask for options at their top level (hosted gateway, "Chat Completions" and
// "Responses").
var shorthands = []string{"models", "provider", "caching", "cache_anchor_items", "cache_ttl"}

// options reads what the request asks of routing, and notes where in the body it says so: no provider but the hosted
// gateway knows these members.
func (x *exchange) options(head protocol.Head) (routing.Options, error) {
	header, err := routing.ParseHeader(x.req.Header)
	if err != nil {
		return header, err
	}
	body := x.req.Body
	var own, short routing.Options
	// Searched for from its rarest letter on: bodies are full of quotes.
	if bytes.Contains(body, []byte(`Options"`)) && bytes.Contains(body, []byte(`"providerOptions"`)) {
		spans, err := jsonedit.Find(body, "providerOptions")
		if err != nil {
			return own, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
		}
		if x.said = spans[0]; x.said.Found() {
			if own, err = routing.ParseOptions([]byte(gjson.GetBytes(spans[0].Of(body), "gateway").Raw)); err != nil {
				return own, err
			}
		}
	}
	if x.req.Dialect == llm.ChatCompletions || x.req.Dialect == llm.Responses {
		if short, err = x.short(head); err != nil {
			return short, err
		}
	}
	return routing.Join(own, short, header), nil
}

// short reads the shorthand members. What goes to a gateway of another kind by name is that one's own to read.
func (x *exchange) short(head protocol.Head) (routing.Options, error) {
	if strings.HasPrefix(head.Model, "openrouter/") {
		return routing.Options{}, nil
	}
	spans, err := jsonedit.Glance(x.req.Body, shorthands...)
	if err != nil {
		return routing.Options{}, nil //nolint:nilerr // whoever needs the whole body says what is wrong with it
	}
	at := map[string][]byte{}
	for i, span := range spans {
		if span.Found() {
			at[shorthands[i]] = span.Of(x.req.Body)
			x.cut = append(x.cut, span)
		}
	}
	return routing.ParseShorthand(at)
}

// unpassed tells which providers' own options are left out: in another form than the AI SDK's, only the hosted gateway takes
// them.
func (x *exchange) unpassed(a routing.Attempt) []llm.Notice {
	if !x.said.Found() || x.req.Dialect == llm.AISDK || a.Provider.ID == provider.Gateway {
		return nil
	}
	var notices []llm.Notice
	gjson.ParseBytes(x.said.Of(x.req.Body)).ForEach(func(name, _ gjson.Result) bool {
		if name.Str != "gateway" {
			notices = append(notices, llm.Notice{Field: "providerOptions." + name.Str, Message: "left out: " + a.Provider.Name + " does not take options in this form"})
		}
		return true
	})
	return notices
}

// edits are what a raw request is changed in: the model's name, and what is meant for routing alone.
func (x *exchange) edits(a routing.Attempt, head protocol.Head) (provider.Body, error) {
	edits, err := x.ownEdits(a)
	if err != nil {
		return nil, err
	}
	ask, err := x.askUsage(a, head.Stream)
	if err != nil {
		return nil, err
	}
	if edits = append(edits, ask...); len(edits) == 0 {
		return x.rawBody(head, a.Upstream)
	}
	if head.ModelAt.Found() {
		edits = append(edits, jsonedit.Edit{At: head.ModelAt, With: modelValue(x.req.Body, head, a.Upstream)})
	}
	if x.req.Dialect == llm.AISDK {
		private, err := aisdk.Private(x.req.Body)
		if err != nil {
			return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not valid JSON: %w", err).WithCode("invalid_json")
		}
		for _, e := range private {
			if !slices.ContainsFunc(edits, func(o jsonedit.Edit) bool { return e.At.Start < o.At.End && o.At.Start < e.At.End }) {
				edits = append(edits, e)
			}
		}
	}
	return jsonedit.Apply(x.req.Body, edits...), nil
}

// ownEdits take out of a JSON body what is meant for routing alone. The hosted gateway gets what it is to do itself, wherever
// the request, a virtual model or a header asked for it.
func (x *exchange) ownEdits(a routing.Attempt) ([]jsonedit.Edit, error) {
	body, cut := x.req.Body, x.cut
	hosted := a.Provider.ID == provider.Gateway
	if x.said.Found() && !hosted {
		cut = append(slices.Clone(cut), x.said)
	}
	edits := jsonedit.Without(body, cut...)
	switch {
	case !hosted || len(body) == 0 || !x.said.Found() && a.Hosted() == nil:
		return edits, nil
	case !x.said.Found():
		member, err := jsonedit.Insert(body, "providerOptions", []byte(`{"gateway":`+string(a.Hosted())+`}`))
		if err != nil {
			return nil, llm.Errorf(llm.ErrBadRequest, "the request body is not a JSON object: %w", err).WithCode("invalid_json")
		}
		return append(edits, member), nil
	}
	return append(edits, jsonedit.Edit{At: x.said, With: hostedOptions(x.said.Of(body), a)}), nil
}

// hostedOptions writes providerOptions for the hosted gateway, which passes other vendors' options on.
func hostedOptions(raw []byte, a routing.Attempt) []byte {
	all, err := jsonedit.Find(raw, "gateway")
	if err != nil {
		return []byte("{}") // it was read before
	}
	text := a.Hosted()
	switch {
	case text == nil && !all[0].Found():
		return raw
	case text == nil:
		return jsonedit.Apply(raw, jsonedit.Without(raw, all[0])...).Bytes()
	case all[0].Found():
		return jsonedit.Apply(raw, jsonedit.Edit{At: all[0], With: text}).Bytes()
	}
	member, err := jsonedit.Insert(raw, "gateway", text)
	if err != nil {
		return []byte(`{"gateway":` + string(text) + `}`)
	}
	return jsonedit.Apply(raw, member).Bytes()
}
