package proxy

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// refusals are the cells that are not expressible: which client (empty is any), feature and provider, and what the
// refusal must say.
var refusals = []struct{ client, feature, provider, says string }{
	{"", "image", "deepseek", "takes no images"},
	{"", "PDF", "deepseek", "takes no files"},
	{"", "PDF", "groq", "takes no files"},
	{"", "PDF", "ollama", "takes no files"},
	{"responses", "stop", "", "has no stop sequences"},
	{"gemini", "no parallel tools", "", "can't forbid parallel calls"},
	{"ai-sdk 5", "no parallel tools", "google", "no word for Gemini"},
	{"ai-sdk 6", "no parallel tools", "google", "no word for Gemini"},
	{"ai-sdk 7", "no parallel tools", "google", "no word for Gemini"},
}

// messagesSurfaces are providers that Messages clients reach in their own protocol, where less is refused.
var messagesSurfaces = map[string]bool{"deepseek": true, "ollama": true}

func mayRefuse(client, feature, provider, message string) bool {
	if client == "messages" && messagesSurfaces[provider] {
		return false
	}
	for _, r := range refusals {
		if (r.client == "" || r.client == client) && (feature == "" || r.feature == feature) && (r.provider == "" || r.provider == provider) &&
			(message == "" || strings.Contains(message, r.says)) {
			return true
		}
	}
	return false
}

// expectUsage holds what the stand-ins report, by kind, against what the client reads.
func expectUsage(c *cell, o outcome) error {
	const uncached, cached, output, reasoned = 100, 40, 30, 12
	writes := int64(0)
	if c.form == "messages" {
		writes = 15 // which only Messages and the newer AI SDKs tell apart from input
	}
	u := o.usage
	input := u[0]
	if c.id == "ollama" && c.form == "chat" { // it reports neither caches nor reasoning
		return expect(input == uncached+cached && u[1] <= 0 && u[2] == output && u[3] <= 0, "usage %+v", u)
	}
	if input != uncached && input != uncached+writes {
		return fmt.Errorf("input without caches is %d of %+v", input, u)
	}
	if u[1] != cached {
		return fmt.Errorf("cache reads are %d of %+v", u[1], u)
	}
	tells := c.form != "messages" && c.id != "mistral" // Messages' and Mistral's usage does not say how much was reasoning
	if u[2] != output || tells && u[3] != reasoned || !tells && u[3] > 0 {
		return fmt.Errorf("output is %d, reasoning %d", u[2], u[3])
	}
	return nil
}

// reasoningReplay is two turns with the same model: what it issued with its calls it must get back, in its own form.
func reasoningReplay(c *cell, stream bool) error {
	for _, t := range talkers {
		if t.name != c.who.name {
			continue
		}
		who := t.make()
		who.user("look", false)
		status, text, a, err := c.d.turn(who, modelOf(c.id), stream)
		if err != nil || status != http.StatusOK || len(a.calls) == 0 {
			return fmt.Errorf("first turn: %d %w %.500s", status, err, text)
		}
		who.results(a.calls)
		status, text, a, err = c.d.turn(who, modelOf(c.id), stream)
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("second turn: %d %w %.500s", status, err, text)
		}
		if !strings.Contains(a.text, matrixText) {
			return fmt.Errorf("second turn: %q", a.text)
		}
		last := c.stand.Last()
		c.form, c.body = formOf(last.Path), gjson.ParseBytes(last.Body)
		if last.Refused != "" {
			return errors.New(last.Refused)
		}
		return c.replayed()
	}
	return fmt.Errorf("nobody talks as %s", c.who.name)
}

// replayed demands the reasoning of the first turn in the second; Groq, Mistral, Ollama and plain servers take none.
func (c *cell) replayed() error {
	place := map[string]string{
		"responses": `input.#(type=="reasoning").encrypted_content`,
		"messages":  `messages.1.content.#(type=="thinking").signature`,
		"gemini":    `contents.#(role=="model")#|@ugly`,
	}[c.form]
	switch {
	case c.form == "chat" && c.id == "deepseek" && c.who.name == "chat":
		// a plain client gets it raw and sends none back, so an empty one is filled in
		return expect(c.body.Get(`messages.#(role=="assistant").reasoning_content`).Exists(), "no reasoning_content: %.600s", c.body.Raw)
	case c.form == "chat" && c.id == "deepseek":
		place = `messages.#(role=="assistant").reasoning_content`
	case c.form == "chat":
		return nil
	case c.form == "messages" && c.who.name == "chat" && c.id != "anthropic":
		return nil
	}
	v := c.body.Get(place)
	if c.form == "gemini" && (!strings.Contains(v.Raw, "thoughtSignature") || strings.Contains(v.Raw, "skip_thought")) || v.String() == "" {
		if c.form == "messages" && !c.body.Get("thinking").Exists() {
			return nil // the client asked for none, so there is nothing to replay
		}
		return fmt.Errorf("the reasoning is not in the second turn: %.1500s", c.body.Raw)
	}
	return nil
}

// errorClass is a failure at the provider and how clients are told of it.
type errorClass struct {
	name, words string
	// statuses are those that a client may be answered with, words the classes that the body may name, by form.
	statuses map[int]bool
	classes  map[string]string
}

// errorFeatures are the rows of the error classes.
func errorFeatures() []feature {
	classes := []errorClass{
		{"error: credential", "do:fail=401", map[int]bool{403: true}, map[string]string{
			"chat": "", "messages": "permission_error authentication_error", "gemini": "PERMISSION_DENIED UNAUTHENTICATED",
		}},
		{"error: forbidden", "do:fail=403", map[int]bool{403: true}, map[string]string{"messages": "permission_error", "gemini": "PERMISSION_DENIED", "ai-sdk": "forbidden"}},
		{"error: no such model", "do:fail=404", map[int]bool{404: true}, map[string]string{"messages": "not_found_error", "gemini": "NOT_FOUND", "ai-sdk": "model_not_found"}},
		{"error: rate limit", "do:fail=429", map[int]bool{429: true}, map[string]string{"messages": "rate_limit_error", "gemini": "RESOURCE_EXHAUSTED", "ai-sdk": "rate_limit_exceeded"}},
		{"error: server", "do:fail=500", map[int]bool{500: true, 502: true}, map[string]string{"messages": "api_error", "gemini": "INTERNAL", "ai-sdk": "internal_server_error"}},
		{"error: overloaded", "do:fail=503", map[int]bool{503: true, 529: true}, map[string]string{"messages": "overloaded_error", "gemini": "UNAVAILABLE", "ai-sdk": "overloaded"}},
		{"error: context", "do:fail=context", map[int]bool{400: true}, map[string]string{
			"messages": "invalid_request_error", "gemini": "INVALID_ARGUMENT", "ai-sdk": "invalid_request_error",
		}},
	}
	var out []feature
	for _, class := range classes {
		out = append(out, feature{class.name, both(func(c *cell, stream bool) error { return c.fails(class, stream) })})
	}
	for _, broken := range []struct{ name, words string }{{"error in the stream", "do:error"}, {"dropped connection", "do:break"}} {
		out = append(out, feature{broken.name, func(c *cell) error {
			_, text, err := c.ask(wish{text: broken.words, stream: true})
			if err != nil {
				return err
			}
			if o, err := understand(c.who.form, text, true); err == nil {
				return fmt.Errorf("it looks like a finished answer: %+v\n%.600s", o, text)
			}
			return expect(strings.Contains(text, `"error"`), "no error in the client's form: %.600s", text)
		}})
	}
	return out
}

func (c *cell) fails(class errorClass, stream bool) error {
	status, text, err := c.ask(wish{text: class.words, stream: stream})
	if err != nil {
		return err
	}
	word, message := errorWord(c.who.form, text)
	form, _, _ := strings.Cut(c.who.form, " ")
	want := class.classes[form]
	switch {
	case !class.statuses[status]:
		return fmt.Errorf("status %d: %.400s", status, text)
	case message == "":
		return fmt.Errorf("no message in the client's form: %.400s", text)
	case want != "" && !strings.Contains(" "+want+" ", " "+word+" "):
		return fmt.Errorf("the class is %q, want one of %q: %.300s", word, want, text)
	case class.words == "do:fail=context" && (form == "chat" || form == "responses") && !strings.Contains(word, "context_length_exceeded"):
		return fmt.Errorf("the code does not say that the context is too long: %.300s", text)
	}
	return nil
}
