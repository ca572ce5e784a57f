package proxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/gemini"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/strict"
)

// TestStreamsFoldToTheWholeAnswer: for every pair, what a client puts together from a stream is what it gets unstreamed.
func TestStreamsFoldToTheWholeAnswer(t *testing.T) {
	o, _ := standIns(t)
	d := openDoor(t, o)
	for _, who := range wishers {
		for _, id := range matrixProviders {
			for _, w := range []wish{{text: "hi"}, {text: "look", tools: true}, {text: "do:length"}, {text: "do:refuse"}, {text: "weather as JSON", schema: true}} {
				var got [2]string
				for i, stream := range []bool{false, true} {
					w.stream = stream
					path, h, body, _ := who.write(modelOf(id), w)
					resp, text := d.post(path, body, withHeader(h))
					a, err := understand(who.form, text, stream)
					if resp.StatusCode != http.StatusOK || err != nil {
						t.Fatalf("%s to %s, %s: %d %v %.500s", who.name, id, w.text, resp.StatusCode, err, text)
					}
					for j := range a.calls {
						a.calls[j].id = "" // the stand-in numbers them on
					}
					if id == "ollama" || id == "mistral" || id == "deepseek" {
						a.usage = [4]int64{} // forwarded in the vendors' own shapes
					}
					got[i] = fmt.Sprintf("%+v", a)
				}
				if got[0] != got[1] {
					t.Errorf("%s to %s, %s:\nwhole    %s\nstreamed %s", who.name, id, w.text, got[0], got[1])
				}
			}
		}
	}
}

func withHeader(h http.Header) func(*http.Request) {
	return func(r *http.Request) {
		for name, values := range h {
			r.Header[name] = values
		}
	}
}

// spoken are the protocols of providers, with a request that makes a stand-in stream reasoning, text and calls.
var spoken = []struct {
	name, vendor, path, body string
	dialect                  llm.Dialect
	decode                   func(io.Reader) llm.Stream
}{
	{
		"chat", "deepseek", "/chat/completions", `{"model":"deepseek-v4","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}],"tools":[` + lookTool + `]}`,
		llm.ChatCompletions, protocol.For(llm.ChatCompletions).DecodeStream,
	},
	{"responses", "openai", "/v1/responses", `{"model":"gpt-5.4","stream":true,"input":"hi","tools":[` + lookToolFlat + `]}`, llm.Responses, protocol.For(llm.Responses).DecodeStream},
	{
		"messages", "anthropic", "/v1/messages", `{"model":"claude-sonnet-4-5","stream":true,"max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"hi"}],"tools":[` + lookToolMessages + `]}`,
		llm.Messages, protocol.For(llm.Messages).DecodeStream,
	},
	{
		"gemini", "google", "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", `{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"look","parametersJsonSchema":{"type":"object","properties":{"at":{"type":"string"}}}}]}]}`,
		llm.Gemini, gemini.DecodeStream,
	},
}

// streamOf is what a stand-in streams.
func streamOf(t *testing.T, vendor, path, body string) []byte {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"2023-06-01"}, "X-Api-Key": {"k"}, "X-Goog-Api-Key": {"k"}}
	w := httptest.NewRecorder()
	strict.New(vendor).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", vendor, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// split gives a text in two pieces, cut at a place.
type split struct {
	text []byte
	at   int
}

func (s *split) Read(p []byte) (int, error) {
	if len(s.text) == 0 {
		return 0, io.EOF
	}
	n := len(s.text)
	if s.at > 0 {
		n = s.at
	}
	n = copy(p, s.text[:min(n, len(s.text))])
	s.text, s.at = s.text[n:], s.at-n
	return n, nil
}

// folded joins neighbouring deltas of one part, since pieces may come cut elsewhere.
func folded(in llm.Stream) string {
	var b strings.Builder
	for e, err := range in {
		fmt.Fprintf(&b, "%#v %v\n", e, err)
	}
	return b.String()
}

// TestBytesMayComeCutAnywhere: cutting an upstream's bytes at any place changes neither what is read nor what is observed.
func TestBytesMayComeCutAnywhere(t *testing.T) {
	for _, s := range spoken {
		text := streamOf(t, s.vendor, s.path, s.body)
		whole := folded(s.decode(bytes.NewReader(text)))
		if !strings.Contains(whole, "llm.Finish") || !strings.Contains(whole, "雪") {
			t.Fatalf("%s: read as %s", s.name, whole)
		}
		tap := protocol.For(s.dialect).NewTap(true)
		tap.Write(text)
		seen := fmt.Sprintf("%+v", *tap.Close())
		for at := 1; at < len(text); at++ {
			if got := folded(s.decode(&split{text, at})); got != whole {
				t.Fatalf("%s cut at %d (%q) reads otherwise", s.name, at, text[max(at-20, 0):at])
			}
			tap := protocol.For(s.dialect).NewTap(true)
			tap.Write(text[:at])
			tap.Write(text[at:])
			if got := fmt.Sprintf("%+v", *tap.Close()); got != seen {
				t.Fatalf("%s cut at %d is observed as %s, want %s", s.name, at, got, seen)
			}
		}
	}
}

// TestCutAtEveryEvent: for every pair, a stream that ends early, after whichever event, ends in an error of the client's
// dialect, or with an error's status; never in what looks like an answer.
func TestCutAtEveryEvent(t *testing.T) {
	for _, s := range spoken {
		text := string(streamOf(t, s.vendor, s.path, s.body))
		sep := "\n\n"
		if strings.Contains(text, "\r\n\r\n") {
			sep = "\r\n\r\n"
		}
		parts := strings.SplitAfter(text, sep)
		parts = parts[:len(parts)-1]
		last := len(parts) // what stands before that is cut short
		switch s.name {
		case "chat":
			last -= 2 // finish_reason, usage and [DONE]: the answer is whole from the first of them on
		}
		var now string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, now)
		}))
		id := map[string]string{"chat": "groq", "responses": "strict-responses", "messages": "anthropic", "gemini": "google"}[s.name]
		o := doorOptions{providers: map[string]provider.Override{id: {BaseURL: server.URL}}, secrets: secrets{id: providerSecret}}
		if s.name == "responses" {
			o.providers[id] = provider.Override{BaseURL: server.URL, Dialect: llm.Responses}
		}
		d := openDoor(t, o)
		for _, who := range wishers {
			path, h, body, _ := who.write(id+"/m", wish{text: "hi", stream: true, tools: true})
			if s.name == "gemini" && !provider.NewTable(nil)[id].Speaks(llm.Gemini) {
				continue // Gemini's own protocol is not spoken to it
			}
			for n := range last - 1 {
				now = strings.Join(parts[:n], "")
				resp, got := d.post(path, body, withHeader(h))
				_, err := understand(who.form, got, true)
				if r := d.lastRecord(); resp.StatusCode == http.StatusOK && (err == nil || !strings.Contains(got, "error")) || r.Outcome != gateway.Failed {
					t.Fatalf("%s at %s, cut after event %d of %d: %d %.800s\nrecord %+v", who.name, s.name, n, len(parts), resp.StatusCode, got, r)
				}
			}
		}
		server.Close()
	}
}

// TestForwardingIsByteIdentical: between a client and a provider of one protocol, the answer passes as it came, and the
// request but for the model.
func TestForwardingIsByteIdentical(t *testing.T) {
	for _, id := range []string{"strict-chat", "strict-responses", "anthropic"} {
		stand := strict.New(map[string]string{"strict-responses": "openai"}[id] + map[string]string{"strict-chat": "strict-chat", "anthropic": "anthropic"}[id])
		var answer []byte
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			stand.ServeHTTP(rec, r)
			answer = rec.Body.Bytes()
			w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
			w.WriteHeader(rec.Code)
			for piece := answer; len(piece) > 0; { // in pieces that split characters
				n := min(7, len(piece))
				_, _ = w.Write(piece[:n])
				w.(http.Flusher).Flush()
				piece = piece[n:]
			}
		}))
		o := doorOptions{providers: map[string]provider.Override{id: {BaseURL: server.URL}}, secrets: secrets{id: providerSecret}}
		if id == "strict-responses" {
			o.providers[id] = provider.Override{BaseURL: server.URL, Dialect: llm.Responses}
		}
		d := openDoor(t, o)
		for _, stream := range []bool{false, true} {
			write := map[string]wisher{"strict-chat": wishers[0], "strict-responses": wishers[1], "anthropic": wishers[2]}[id]
			path, h, body, _ := write.write(modelOf(id), wish{text: "雪 🌨️ look", stream: stream, tools: true})
			body = strings.Replace(body, "{", "{ ", 1)
			_, text := d.post(path, body, withHeader(h))
			sent := string(stand.Last().Body)
			if text != string(answer) || sent != strings.Replace(body, modelOf(id), strings.TrimPrefix(modelOf(id), id+"/"), 1) {
				t.Errorf("%s, stream %v:\nsent     %s\nanswered %s", id, stream, sent, text)
			}
		}
		server.Close()
	}
}

// TestNothingIsLostOnTheWayThrough: a request that is read and written again in its own protocol keeps every value that it
// had. A value that is said in another way is named here.
func TestNothingIsLostOnTheWayThrough(t *testing.T) {
	for _, c := range []struct {
		dialect llm.Dialect
		origin  llm.Origin
		form    string
		write   func(string, wish) (string, http.Header, string, string)
		extra   string
		other   map[string]bool // values that are said in another way
	}{
		{llm.ChatCompletions, llm.Origin{Provider: "openai", Model: "openai/gpt-4.1"}, "chat", wishChat, `"seed":7,"user":"u1","temperature":0.25,"top_p":0.75,"frequency_penalty":0.125,"presence_penalty":0.375,"logit_bias":{"50":-100},"verbosity":"low","metadata":{"k":"v"},"service_tier":"flex","prompt_cache_key":"pck"`, nil},
		{llm.Messages, llm.Origin{Provider: "anthropic", Model: "anthropic/claude-sonnet-4-5"}, "messages", wishMessages, `"temperature":0.25,"metadata":{"user_id":"u1"},"service_tier":"standard_only","inference_geo":"us"`, nil},
		{llm.Responses, llm.Origin{Provider: "openai", Model: "openai/gpt-4.1"}, "responses", wishResponses, `"temperature":0.25,"top_p":0.75,"user":"u1","metadata":{"k":"v"},"service_tier":"flex","prompt_cache_key":"pck","truncation":"auto","max_output_tokens":777`, map[string]bool{`"reasoning.encrypted_content"`: true}}, // the model does not reason
	} {
		w := wish{text: "hi", system: wishSystem, tools: true, choice: "named", image: true, pdf: true, schema: true}
		if c.form != "responses" {
			w.stop = "END"
		}
		_, _, body, _ := c.write("m", w)
		bodies := []string{strings.Replace(body, "{", "{"+c.extra+",", 1)}
		history := string(longBody(c.form, "m", c.origin, false, 20<<10))
		bodies = append(bodies, history)
		for _, body := range bodies {
			asked, err := protocol.For(c.dialect).Decode([]byte(body))
			check(t, err)
			asked.Request.Model = "m"
			out, notices, err := protocol.For(c.dialect).EncodeRequest(asked.Request, protocol.Target{Origin: c.origin, Same: true})
			check(t, err)
			have := map[string]int{}
			leaves(gjson.ParseBytes(out), have)
			want := map[string]int{}
			leaves(gjson.Parse(body), want)
			for v := range want {
				// reasoning that is not the target's in a form that it takes is told of, carriers are opened
				if have[v] == 0 && !c.other[v] && !strings.Contains(string(out), strings.Trim(v, `"`)) && !strings.Contains(v, "ghr1.") {
					t.Errorf("%s lost %.200s (notices %v)", c.form, v, notices)
				}
			}
		}
	}
}

// leaves counts the values of a JSON text.
func leaves(v gjson.Result, into map[string]int) {
	if v.IsObject() || v.IsArray() {
		v.ForEach(func(_, inner gjson.Result) bool {
			leaves(inner, into)
			return true
		})
		return
	}
	var buf bytes.Buffer
	if json.Compact(&buf, []byte(v.Raw)) == nil {
		into[buf.String()]++
	}
}
