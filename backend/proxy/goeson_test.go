package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/backend/protocol/jsonread"
	"gatehouse/backend/provider"
)

// twoKeepers is a door at which openai/gpt is OpenAI's, which may be down, and then the hosted gateway's: both keep answers.
func twoKeepers(t *testing.T) (d *door, openai, hosted *seen, down *atomic.Bool) {
	t.Helper()
	down = &atomic.Bool{}
	play := func(name string) http.HandlerFunc {
		answer := eventAnswer("")
		return func(w http.ResponseWriter, r *http.Request) {
			if name == "openai" && down.Load() {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, `{"error":{"message":"resting"}}`)
				return
			}
			answer(w, r)
		}
	}
	first, openai := upstream(t, play("openai"))
	second, hosted := upstream(t, play("gateway"))
	o := redirected("openai", first.URL+"/v1", providerSecret)
	o.providers["gateway"] = provider.Override{BaseURL: second.URL}
	o.secrets["gateway"] = providerSecret
	return openDoor(t, o), openai, hosted, down
}

// TestSocketFollowsWhoAnswered: a connection's memory is of the provider that answered in the end, and each that is asked gets
// what it knows by its id and everything else written out.
func TestSocketFollowsWhoAnswered(t *testing.T) {
	d, openai, hosted, down := twoKeepers(t)
	l := d.line(t)
	body := func(s *seen) jsonread.Value { text, _, _ := s.got(); return jsonread.Of(text) }
	goOn := func(after jsonread.Value, rest string) jsonread.Value {
		t.Helper()
		return l.done(create(fmt.Sprintf(`"model":"openai/gpt","previous_response_id":%q,%s`, after.Get("id").String(), rest)))
	}
	one := l.done(create(`"model":"openai/gpt","input":"one"`))
	down.Store(true)
	two := goOn(one, `"input":"two"`)
	if v := body(openai); v.Get("previous_response_id").String() != one.Get("id").String() || v.Get("input").String() != "two" {
		t.Errorf("OpenAI, which keeps the first answer, got %s", v.Raw())
	}
	if v := body(hosted); v.Get("previous_response_id").Exists() || len(v.Get("input").Array()) != 4 || !strings.Contains(v.Raw(), "answer 1") {
		t.Errorf("the hosted gateway, which does not, got %s", v.Raw())
	}
	if got := two.Get("provider_metadata.gateway.routing"); len(got.Get("attempts").Array()) != 2 || got.Get("finalProvider").String() != "gateway" ||
		got.Get("attempts").At(0).Get("error").String() == "" {
		t.Errorf("the second answer, which is passed on, says of itself %s", two.Raw())
	}
	down.Store(false)
	three := goOn(two, `"input":"three"`)
	if v := body(openai); v.Get("previous_response_id").Exists() || len(v.Get("input").Array()) != 7 {
		t.Errorf("OpenAI, which does not keep the second answer, got %s", v.Raw())
	}
	down.Store(true)
	four := goOn(three, `"input":"four","models":["sim/echo"],"provider":{"only":["openai","sim"],"allowGatewayFallback":false}`)
	if text := textOf(four); !strings.Contains(text, "four") {
		t.Errorf("the simulator said %q", text)
	}
	if got := four.Get("provider_metadata.gateway.routing"); len(got.Get("attempts").Array()) != 2 || got.Get("finalProvider").String() != "sim" {
		t.Errorf("the fourth answer, which is written anew, says of itself %s", four.Raw())
	}
	down.Store(false)
	goOn(four, `"input":"five"`)
	if v := body(openai); len(v.Get("input").Array()) < 9 || !strings.Contains(v.Raw(), "one") || !strings.Contains(v.Raw(), "four") {
		t.Errorf("after an answer of the simulator's, OpenAI got %s", v.Raw())
	}
}

// TestWhoKeepsAnAnswerGoesFirst: over HTTP what a request goes on from is known to its provider alone, so that one is asked
// before the others.
func TestWhoKeepsAnAnswerGoesFirst(t *testing.T) {
	d, openai, hosted, down := twoKeepers(t)
	down.Store(true)
	resp, text := d.post("/v1/responses", `{"model":"openai/gpt","input":"one","stream":true}`)
	if resp.Header.Get("X-Gatehouse-Provider") != "gateway" {
		t.Fatalf("%v %s", resp.Header, text)
	}
	down.Store(false)
	before, _, _ := openai.got()
	resp, text = d.post("/v1/responses", `{"model":"openai/gpt","input":"two","stream":true,"previous_response_id":"resp_theirs1"}`)
	if resp.Header.Get("X-Gatehouse-Provider") != "gateway" {
		t.Errorf("%v %s", resp.Header, text)
	}
	if after, _, _ := openai.got(); after != before {
		t.Errorf("OpenAI was asked: %s", after)
	}
	if sent, _, _ := hosted.got(); !strings.Contains(sent, `"previous_response_id":"resp_theirs1"`) {
		t.Errorf("the hosted gateway got %s", sent)
	}
}

// TestBackgroundFollowsWhoAnswers: an answer in the background is kept here where one of those who may give it would not keep
// it, whoever does in the end.
func TestBackgroundFollowsWhoAnswers(t *testing.T) {
	for _, rests := range []bool{false, true} {
		d, openai, _, down := twoKeepers(t)
		down.Store(rests)
		resp, text := d.post("/v1/responses", `{"model":"openai/gpt","input":"canary","background":true,"models":["sim/echo"],"provider":{"allowGatewayFallback":false}}`)
		id := jsonread.Of(text).Get("id").String()
		if resp.StatusCode != http.StatusOK || jsonread.Of(text).Get("status").String() != "queued" {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		view := d.until(id, "completed")
		if said := textOf(view); !strings.Contains(said, map[bool]string{false: "answer 1", true: "canary"}[rests]) {
			t.Errorf("OpenAI rests %v: the answer is %s", rests, view.Raw())
		}
		if sent, _, _ := openai.got(); strings.Contains(sent, "background") {
			t.Errorf("OpenAI got %s", sent)
		}
		resp, text = d.post("/v1/responses", fmt.Sprintf(`{"model":"sim/echo","input":"again","previous_response_id":%q}`, id))
		if resp.StatusCode != http.StatusOK {
			t.Errorf("going on: %d %s", resp.StatusCode, text)
		}
	}
}
