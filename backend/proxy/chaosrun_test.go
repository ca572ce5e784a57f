package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
)

// eachChaos runs a test for every way to fail and every client, streamed and not, at the provider that speaks the client's
// dialect and at two that have to be translated for it.
func eachChaos(t *testing.T, test func(t *testing.T, c *chaos, f fault, client string, make func() talker, stream bool, first string)) {
	doors := map[[2]bool]*chaos{}
	open := func(unreached, hosted bool) *chaos {
		kind := [2]bool{unreached, hosted}
		if doors[kind] == nil {
			doors[kind] = openChaos(t, unreached, hosted)
		}
		return doors[kind]
	}
	for _, f := range faults {
		for _, client := range talkers {
			for _, stream := range []bool{true, false} {
				for id := range scriptedIn {
					native := id == nativeOf(client.name)
					if f.after && !stream || f.unreached && id != "groq" || !native && id != "groq" && id != "anthropic" {
						continue
					}
					c := open(f.unreached, id == "gateway")
					t.Run(fmt.Sprintf("%s/%s/%v/%s", f.name, client.name, stream, id), func(t *testing.T) {
						test(t, c, f, client.name, client.make, stream, id)
					})
				}
			}
		}
	}
}

// TestChaos breaks the first of two targets in every way for every client: before the first token the other one answers
// and nothing of the first is in the answer; after it the answer ends in an error of the client's dialect, and nobody else
// is asked.
func TestChaos(t *testing.T) {
	eachChaos(t, func(t *testing.T, c *chaos, f fault, _ string, make func() talker, stream bool, first string) {
		second := "groq"
		if first == "groq" {
			second = "anthropic"
		}
		c.set(map[string]*fault{first: &f})
		status, text, a, err := c.ask(make(), first, second, stream)
		r := c.lastRecord()
		if f.after {
			if a.text == "from-"+second && !f.hangs { // the failure came along with the content, before anything was given out
				if err != nil || strings.Contains(text, "from-"+first) || len(r.Attempts) != 2 {
					t.Errorf("%v: %s, %+v", err, text, r.Attempts)
				}
				return
			}
			c.brokenOff(t, first, text, err, r.Attempts)
			return
		}
		if status != 200 || err != nil || a.text != "from-"+second || strings.Contains(text, "from-"+first) {
			t.Fatalf("%d %v %s", status, err, text)
		}
		if r.Outcome != gateway.OK || r.Provider != second || len(r.Attempts) < 2 {
			t.Fatalf("%+v", r)
		}
		one, last := r.Attempts[0], r.Attempts[len(r.Attempts)-1]
		if one.Provider != first || one.Outcome != gateway.Failed || one.Status != f.status || last.Provider != second || last.Outcome != gateway.OK {
			t.Errorf("%+v", r.Attempts)
		}
		c.matches(t, r.Attempts, f.unreached)
	})
}

// brokenOff holds an answer that failed behind its first content to what it must be: the content, one error, and nobody
// else's words.
func (c *chaos) brokenOff(t *testing.T, first, text string, err error, attempts []gateway.Attempt) {
	t.Helper()
	if err == nil || strings.Count(text, "from-") != strings.Count(text, "from-"+first) || !strings.Contains(text, "from-"+first) || !strings.Contains(text, "error") {
		t.Errorf("%v: %s", err, text)
	}
	for _, a := range attempts { // more than one where the failure came along with the content the first time
		if a.Provider != first || a.Outcome != gateway.Failed {
			t.Errorf("%+v", attempts)
		}
	}
	c.matches(t, attempts, false)
}

// TestChaosAlone breaks the only target there is, whether it is scriptedIn to in the client's dialect or another: the client
// gets one error of its dialect, and the history says the same.
func TestChaosAlone(t *testing.T) {
	eachChaos(t, func(t *testing.T, c *chaos, f fault, client string, make func() talker, stream bool, first string) {
		c.set(map[string]*fault{first: &f})
		status, text, a, err := c.ask(make(), first, "", stream)
		r := c.lastRecord()
		if r.Outcome != gateway.Failed || r.Provider != first || r.Error == "" || r.OutputTokens != nil && *r.OutputTokens == 10 {
			t.Errorf("%+v", r)
		}
		if status == 200 && f.after {
			c.brokenOff(t, first, text, err, r.Attempts)
			return
		}
		// What fails along with the first content still has its own status.
		if status == 200 || a.text != "" || strings.Contains(text, "from-") || !wellFormed(client, text) {
			t.Errorf("%d %v %s", status, err, text)
		}
		if strings.Contains(text, providerSecret) {
			t.Errorf("it holds the secret: %s", text)
		}
		for _, one := range r.Attempts {
			if one.Provider != first || one.Outcome != gateway.Failed || one.Status != f.status {
				t.Errorf("%+v", one)
			}
		}
		c.matches(t, r.Attempts, f.unreached)
	})
}

// wellFormed tells whether a body is one error in the form of a client's dialect.
func wellFormed(client, body string) bool {
	form, _, _ := strings.Cut(client, " ")
	if form == "ollama" {
		return gjson.Valid(body) && gjson.Get(body, "error").Type == gjson.String
	}
	word, message := errorWord(form, body)
	return gjson.Valid(body) && word != "" && message != ""
}

// TestChaosOfAll: where nobody answers, the client gets one error in its dialect's form that names each.
func TestChaosOfAll(t *testing.T) {
	c := openChaos(t, false, false)
	for _, f := range faults {
		if f.after || f.hangs || f.unreached {
			continue
		}
		for _, client := range clientsOfEach {
			for _, stream := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/%v", f.name, client.name, stream), func(t *testing.T) {
					c.set(map[string]*fault{"groq": &f, "anthropic": &f})
					status, text, _, _ := c.ask(client.make(), "groq", "anthropic", stream)
					word, message := errorWord(client.form, text)
					if status < 400 || word == "" || !strings.Contains(message, "groq: ") || !strings.Contains(message, "anthropic: ") {
						t.Errorf("%d %s", status, text)
					}
					if strings.Contains(text, providerSecret) || strings.Contains(text, "from-") {
						t.Errorf("it holds too much: %s", text)
					}
					r := c.lastRecord()
					if r.Outcome != gateway.Failed || r.Status != status && status != 529 { // 529 is how Messages spells 503
						t.Errorf("%d: %+v", status, r)
					}
					c.matches(t, r.Attempts, false)
				})
			}
		}
	}
}
