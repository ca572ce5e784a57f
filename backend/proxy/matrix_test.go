package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider/strict"
)

// matrixProviders are the matrix's columns by vendor: every protocol, and the accents of Chat Completions.
var matrixProviders = []string{"strict-chat", "strict-responses", "anthropic", "google", "deepseek", "mistral", "groq", "ollama"}

// cell is one place of the matrix at work: a client, a provider, and what the provider got.
type cell struct {
	d     *door
	who   wisher
	id    string
	stand *strict.StandIn
	// form is the protocol in which the provider was asked, body what it got.
	form string
	body gjson.Result
}

// refusedWith is a cell that the gateway refuses because the target has no words for it.
type refusedWith struct{ message string }

func (r refusedWith) Error() string { return "refused with " + r.message }

func (c *cell) ask(w wish) (int, string, error) {
	path, h, body, why := c.who.write(modelOf(c.id), w)
	if why != "" {
		return 0, "", refusedWith{"nothing to carry: " + why}
	}
	before := len(c.stand.Calls())
	resp, text := c.d.post(path, body, func(r *http.Request) {
		for name, values := range h {
			r.Header[name] = values
		}
	})
	calls := c.stand.Calls()
	if len(calls) == before {
		if _, message := errorWord(c.who.form, text); resp.StatusCode == http.StatusBadRequest && message != "" {
			return resp.StatusCode, text, refusedWith{message}
		}
		return resp.StatusCode, text, fmt.Errorf("the provider was not asked: %d %.300s", resp.StatusCode, text)
	}
	last := calls[len(calls)-1]
	c.form, c.body = formOf(last.Path), gjson.ParseBytes(last.Body)
	if _, message := errorWord(c.who.form, text); last.Refused != "" && mayRefuse(c.who.name, "", c.id, message) {
		return resp.StatusCode, text, refusedWith{message} // forwarded first, and then said in words
	}
	if last.Refused != "" {
		return resp.StatusCode, text, fmt.Errorf("the provider refused: %s\n%.2000s", last.Refused, last.Body)
	}
	return resp.StatusCode, text, nil
}

func formOf(path string) string {
	switch {
	case strings.Contains(path, "/chat/completions"):
		return "chat"
	case strings.Contains(path, "/responses"):
		return "responses"
	case strings.Contains(path, "/messages"):
		return "messages"
	}
	return "gemini"
}

// good asks and understands the answer.
func (c *cell) good(w wish) (outcome, error) {
	status, text, err := c.ask(w)
	if err != nil {
		return outcome{}, err
	}
	if status != http.StatusOK {
		return outcome{}, fmt.Errorf("%d %.500s", status, text)
	}
	o, err := understand(c.who.form, text, w.stream)
	if err != nil {
		return o, fmt.Errorf("%w\n%.3000s", err, text)
	}
	return o, nil
}

// sees demands that the provider got a value at a place of its own protocol; a path may name several, with '|' between.
func (c *cell) sees(places map[string]string, want string) error {
	place, ok := places[c.form]
	if !ok {
		return fmt.Errorf("no place is known in %s", c.form)
	}
	var have []string
	for p := range strings.SplitSeq(place, "|") {
		v := c.body.Get(p)
		if have = append(have, v.Raw); v.Exists() && (strings.Contains(v.String(), want) || strings.Contains(v.Raw, want)) {
			return nil
		}
	}
	return fmt.Errorf("the provider's %s is %s, want %s", place, have, want)
}

var (
	wordsAt = map[string]string{
		"chat":      "messages.#(role==user).content|messages.#(role==user)#.content",
		"responses": "input.#(role==user).content|input", "messages": "messages.0.content", "gemini": "contents.0.parts",
	}
	toolsAt = map[string]string{
		"chat": "tools.#.function.name", "responses": "tools.#.name", "messages": "tools.#.name", "gemini": "tools.0.functionDeclarations.#.name",
	}
)

// feature is a row of the matrix.
type feature struct {
	name string
	run  func(*cell) error
}

func both(run func(c *cell, stream bool) error) func(*cell) error {
	return func(c *cell) error {
		for _, stream := range []bool{false, true} {
			c.d.board.Reset("") // what failed on purpose is not held against the next
			if err := run(c, stream); err != nil {
				if _, refused := errors.AsType[refusedWith](err); refused {
					return err
				}
				return fmt.Errorf("stream %v: %w", stream, err)
			}
		}
		return nil
	}
}

func expect(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// answers is the text that every stand-in ends with.
const matrixText = "café ☃ 雪 🌨️"

var features = []feature{
	{"text", func(c *cell) error {
		o, err := c.good(wish{text: "a canary"})
		return errors.Join(err, onlyIf(err, c.sees(wordsAt, "a canary")), onlyIf(err, expect(
			strings.Contains(o.text, matrixText) && o.finish == finishWord("stop", c.who.form), "got %+v", o)))
	}},
	{"stream", func(c *cell) error {
		o, err := c.good(wish{text: "a canary", stream: true})
		if err != nil {
			return err
		}
		if stream := c.body.Get("stream"); c.form != "gemini" && !stream.Bool() {
			return errors.New("the provider was not asked to stream")
		}
		return expect(strings.Contains(o.text, matrixText) && o.finish == finishWord("stop", c.who.form), "got %+v", o)
	}},
	{"system", func(c *cell) error {
		if _, err := c.good(wish{text: "hi", system: wishSystem}); err != nil {
			return err
		}
		return c.sees(map[string]string{
			"chat": "messages.0.content", "responses": "instructions|input.0.content", "messages": "system", "gemini": "systemInstruction.parts.0.text",
		}, wishSystem)
	}},
	{"tools", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "look", tools: true, stream: stream})
		if err != nil {
			return err
		}
		if err := errors.Join(c.sees(toolsAt, `"read_file"`), c.sees(toolsAt, `"take_picture"`)); err != nil {
			return err
		}
		first := gjson.Parse(o.calls[0].input)
		return expect(o.calls[0].name == "read_file" && first.Get("path").String() == "雪 0" && first.Get("lines").Int() == 1 &&
			o.finish == finishWord("tools", c.who.form), "got %+v", o)
	})},
	{"parallel tools", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "look", tools: true, stream: stream})
		if err != nil {
			return err
		}
		return expect(len(o.calls) == 2 && o.calls[1].name == "take_picture" && o.calls[0].id != o.calls[1].id && o.text == "Let me look." &&
			gjson.Parse(o.calls[1].input).Raw == "{}", "got %+v", o)
	})},
	{"no parallel tools", func(c *cell) error {
		o, err := c.good(wish{text: "look", tools: true, noParallel: true})
		if err != nil || c.form == "gemini" || c.id == "ollama" || c.id == "deepseek" {
			return err
		}
		return expect(len(o.calls) == 1, "got %d calls", len(o.calls))
	}},
	{"tool choice none", func(c *cell) error {
		o, err := c.good(wish{text: "look", tools: true, choice: "none"})
		return errors.Join(err, onlyIf(err, expect(len(o.calls) == 0 && o.text != "", "got %+v", o)))
	}},
	{"tool choice required", func(c *cell) error {
		o, err := c.good(wish{text: "do:plain", tools: true, choice: "required"})
		return errors.Join(err, onlyIf(err, expect(len(o.calls) > 0, "got %+v", o)))
	}},
	{"tool choice named", func(c *cell) error {
		o, err := c.good(wish{text: "do:plain", tools: true, choice: "named"})
		return errors.Join(err, onlyIf(err, expect(len(o.calls) > 0 && o.calls[0].name == "take_picture", "got %+v", o)))
	}},
	{"image", func(c *cell) error {
		o, err := c.good(wish{text: "what is it?", image: true})
		return errors.Join(err, onlyIf(err, c.sees(wordsAt, onePixel)), onlyIf(err, expect(strings.Contains(o.text, "1 images"), "got %q", o.text)))
	}},
	{"PDF", func(c *cell) error {
		_, err := c.good(wish{text: "what is it?", pdf: true})
		return errors.Join(err, onlyIf(err, c.sees(wordsAt, onePage)))
	}},
	{"structured output", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "weather as JSON", schema: true, stream: stream})
		if err != nil {
			return err
		}
		if c.id == "deepseek" && c.form == "chat" { // it knows JSON without schemas, so it is told in words
			return expect(strings.Contains(c.body.Raw, "fits this JSON schema") && gjson.Valid(o.text), "got %q", o.text)
		}
		return expect(gjson.Valid(o.text) && gjson.Get(o.text, "city").Exists() && gjson.Get(o.text, "degrees").Exists(), "got %q", o.text)
	})},
	{"stop", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "hi", stop: ", after", stream: stream})
		if err != nil {
			return err
		}
		end := []string{finishWord("stop", c.who.form), finishWord("sequence", c.who.form)}
		return expect(strings.HasSuffix(o.text, matrixText) && slices.Contains(end, o.finish), "got %q, %s", o.text, o.finish)
	})},
	{"length", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "do:length", stream: stream})
		return errors.Join(err, onlyIf(err, expect(o.finish == finishWord("length", c.who.form) && o.text == "It goes on and", "got %+v", o)))
	})},
	{"content filter", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "do:filter", stream: stream})
		return errors.Join(err, onlyIf(err, expect(o.finish == finishWord("filter", c.who.form), "got %+v", o)))
	})},
	{"refusal", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "do:refuse", stream: stream})
		return errors.Join(err, onlyIf(err, expect(o.text == "I can't help with that.", "got %+v", o)))
	})},
	{"usage by kind", both(func(c *cell, stream bool) error {
		o, err := c.good(wish{text: "hi", stream: stream})
		if err != nil {
			return err
		}
		return expectUsage(c, o)
	})},
	{"reasoning replay", both(reasoningReplay)},
	{"abort", both(func(c *cell, stream bool) error {
		path, h, body, _ := c.who.write(modelOf(c.id), wish{text: "do:wait", stream: stream})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.d.url+path, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		for name, values := range h {
			req.Header[name] = values
		}
		req.Header.Set("Authorization", "Bearer "+c.d.token)
		before := len(c.stand.Calls())
		over := make(chan struct{})
		go func() {
			defer close(over)
			if resp, err := c.d.client.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}()
		c.stand.Await(before + 1)
		cancel()
		<-over
		r := c.d.lastRecord() // the stand-in answers nobody else before it is let go
		return expect(r.Outcome == gateway.Cancelled, "record %+v", r)
	})},
}

func onlyIf(before, err error) error {
	if before != nil {
		return nil
	}
	return err
}

// TestMatrix runs every client's requests at every provider, feature by feature. What a target can't express is refused
// in words that refusals names; nothing is left blank.
func TestMatrix(t *testing.T) {
	o, all := standIns(t)
	d := openDoor(t, o)
	var table strings.Builder
	notes := []string{}
	fmt.Fprintf(&table, "%-10s %-22s", "client", "feature")
	for _, id := range matrixProviders {
		fmt.Fprintf(&table, " %-16s", id)
	}
	for _, who := range wishers {
		for _, f := range append(slices.Clone(features), errorFeatures()...) {
			fmt.Fprintf(&table, "\n%-10s %-22s", who.name, f.name)
			for _, id := range matrixProviders {
				c := &cell{d: d, who: who, id: id, stand: all[id]}
				word := "pass"
				if err := f.run(c); err != nil {
					r, refused := errors.AsType[refusedWith](err)
					if !refused || !mayRefuse(who.name, f.name, id, r.message) {
						t.Errorf("%s to %s, %s: %v", who.name, id, f.name, err)
						word = "FAIL"
					} else {
						note := "not expressible: refused with " + r.message
						if !slices.Contains(notes, note) {
							notes = append(notes, note)
						}
						word = fmt.Sprintf("refused [%d]", slices.Index(notes, note)+1)
					}
				} else if mayRefuse(who.name, f.name, id, "") {
					t.Errorf("%s to %s, %s: it passes, though it is listed as not expressible", who.name, id, f.name)
				}
				fmt.Fprintf(&table, " %-16s", word)
			}
		}
	}
	table.WriteString("\n")
	for i, n := range notes {
		fmt.Fprintf(&table, "\n[%d] %s", i+1, n)
	}
	t.Log("\n" + table.String())
	if out := os.Getenv("GATEHOUSE_MATRIX"); out != "" {
		check(t, os.MkdirAll(filepath.Dir(out), 0o755))
		check(t, os.WriteFile(out, []byte(table.String()+"\n"), 0o644))
	}
}
