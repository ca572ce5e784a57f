package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/strict"
	"gatehouse/backend/routing"
	"gatehouse/backend/usage"
)

// ownFailures are the ways in which one's own credential, or its provider, fails: what the provider answers with and what
// the client must be told of it.
var ownFailures = []struct {
	name   string
	answer http.HandlerFunc
	status int // that the history has, 0 for none
	told   string
	// limit is how long is waited for the first token, 0 for as long as it takes.
	limit time.Duration
}{
	{"401", failing(401, `{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}`), 401, "Incorrect API key provided", 0},
	{"402", failing(402, `{"error":{"message":"Your balance is used up"}}`), 402, "Your balance is used up", 0},
	{"quota", failing(429, `{"error":{"message":"You exceeded your quota","type":"insufficient_quota","code":"insufficient_quota"}}`), 429, "You exceeded your quota", 0},
	{"429", failing(429, `{"error":{"message":"Rate limit reached"}}`), 429, "Rate limit reached", 0},
	{"500", failing(500, `{"error":{"message":"The server had an error"}}`), 500, "The server had an error", 0},
	{"timeout", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 0, "50ms", 50 * time.Millisecond},
}

// failing answers with a status, and wants to be left alone for longer than anybody waits.
func failing(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// paid is a door with an own credential for OpenAI, which fails, and one for the hosted gateway, which answers.
type paid struct {
	*door
	own, hosted atomic.Int32 // how often each was asked
}

func openPaid(t *testing.T, fails http.HandlerFunc, limit time.Duration, edit func(*doorOptions)) *paid {
	t.Helper()
	p := &paid{}
	own, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		p.own.Add(1)
		fails(w, r)
	})
	stand := strict.New("hosted")
	hosted := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.hosted.Add(1)
		if strings.HasSuffix(r.URL.Path, "/ai/language-model") {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"content":[{"type":"text","text":"hosted"}],"finishReason":{"unified":"stop","raw":"stop"},`+
				`"usage":{"inputTokens":{"total":1},"outputTokens":{"total":1}},"warnings":[]}`)
			return
		}
		stand.ServeHTTP(w, r)
	}))
	t.Cleanup(hosted.Close)
	o := doorOptions{
		providers: map[string]provider.Override{"openai": {BaseURL: own.URL}, "gateway": {BaseURL: hosted.URL}},
		secrets:   secrets{"openai": providerSecret, "gateway": "vck-hosted-canary-0123456789"},
		config:    &routing.Config{Timeouts: map[string]routing.Timeouts{"openai": {FirstToken: limit}}},
	}
	edit(&o)
	p.door = openDoor(t, o)
	return p
}

// clientsOfEach are one client of each dialect and the form of its errors.
var clientsOfEach = []struct {
	name, form string
	make       func() talker
}{
	{"chat", "chat", func() talker { return &chatTalker{} }},
	{"responses", "responses", func() talker { return &responsesTalker{} }},
	{"messages", "messages", func() talker { return &messagesTalker{} }},
	{"gemini", "gemini", func() talker { return &geminiTalker{} }},
	{"ai-sdk", "ai-sdk", func() talker { return &aisdkTalker{version: 4} }},
}

func ask(make func() talker) talker {
	who := make()
	who.user("do:plain hello", false)
	return who
}

// TestOwnCredentialFirstThenTheHostedGateways: however one's own credential fails, the hosted gateway's answers, and the
// history has both.
func TestOwnCredentialFirstThenTheHostedGateways(t *testing.T) {
	for _, client := range clientsOfEach {
		for _, f := range ownFailures {
			for _, stream := range []bool{false, true} {
				if stream && client.name == "ai-sdk" {
					continue // the stand-in speaks it whole only
				}
				t.Run(fmt.Sprintf("%s %s stream %v", client.name, f.name, stream), func(t *testing.T) {
					d := openPaid(t, f.answer, f.limit, func(*doorOptions) {})
					status, text, a, err := d.turn(ask(client.make), "openai/gpt-5.4", stream)
					if status != 200 || err != nil || a.text == "" {
						t.Fatalf("%d %s %v", status, text, err)
					}
					ownThenHosted(t, d.lastRecord(), f.status, f.told)
					own, hosted := d.own.Load(), d.hosted.Load()
					if late := f.limit > 0 && own == 0; own != 1 && !late || hosted != 1 { // its time may be over on the way to it
						t.Errorf("asked %d and %d times", own, hosted)
					}
				})
			}
		}
	}
}

func ownThenHosted(t *testing.T, r usage.Record, status int, told string) {
	t.Helper()
	if len(r.Attempts) != 2 || r.Outcome != gateway.OK || r.Provider != "gateway" {
		t.Fatalf("%+v", r)
	}
	own, hosted := r.Attempts[0], r.Attempts[1]
	if own.Provider != "openai" || own.CredentialType != "own" || own.Outcome != gateway.Failed || own.Status != status ||
		!strings.Contains(own.Error, told) {
		t.Errorf("own: %+v", own)
	}
	if hosted.Provider != "gateway" || hosted.CredentialType != "gateway" || hosted.Outcome != gateway.OK || hosted.Status != 200 {
		t.Errorf("hosted: %+v", hosted)
	}
}

// TestFallbackForbidden: overall, for a credential and for a request, the hosted gateway is not asked, and the client is
// told in its own form which credential failed, why, and that this is why nobody else answered.
func TestFallbackForbidden(t *testing.T) {
	switches := []struct {
		name, says, why string
		edit            func(*doorOptions)
		header          string
	}{
		{"overall", "the credential of OpenAI failed", "switched off", func(o *doorOptions) { o.config.NoGateway = true }, ""},
		{"for a credential", `the credential "work" of OpenAI failed`, `the credential "work" of OpenAI forbids`, func(o *doorOptions) {
			o.secrets["openai:work"] = providerSecret
			o.credentials = map[string][]routing.Credential{"openai": {{Name: "work", NoGateway: true}}}
		}, ""},
		{"for a request", "the credential of OpenAI failed", "switched off", func(*doorOptions) {}, "false"},
	}
	for _, client := range clientsOfEach {
		for _, f := range ownFailures {
			for _, s := range switches {
				t.Run(fmt.Sprint(client.name, " ", f.name, " ", s.name), func(t *testing.T) {
					d := openPaid(t, f.answer, f.limit, s.edit)
					path, header, body := ask(client.make).request("openai/gpt-5.4", false)
					resp, text := d.post(path, body, func(r *http.Request) {
						for name, values := range header {
							r.Header[name] = values
						}
						if s.header != "" {
							r.Header.Set("X-Gatehouse-Allow-Gateway-Fallback", s.header)
						}
					})
					word, message := errorWord(client.form, text)
					if resp.StatusCode < 400 || word == "" {
						t.Fatalf("%d %s", resp.StatusCode, text)
					}
					for _, want := range []string{s.says, s.why, f.told} {
						if !strings.Contains(message, want) {
							t.Errorf("%q is missing in %q", want, message)
						}
					}
					if strings.Contains(text, providerSecret) {
						t.Errorf("the secret is in %s", text)
					}
					if n := d.hosted.Load(); n != 0 {
						t.Errorf("the hosted gateway was asked %d times", n)
					}
					if r := d.lastRecord(); r.Outcome != gateway.Failed || len(r.Attempts) != 1 || r.Attempts[0].CredentialType != "own" {
						t.Errorf("%+v", r)
					}
				})
			}
		}
	}
}

// TestSecondCredential: a provider's other credential is tried before the hosted gateway, each is called by its name in the
// history, and one that was refused is left alone from then on.
func TestSecondCredential(t *testing.T) {
	const first, second = "sk-first-canary-0123456789", "sk-second-canary-0123456789"
	var asked sync.Map
	d := openPaid(t, func(w http.ResponseWriter, r *http.Request) {
		secret := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		n, _ := asked.LoadOrStore(secret, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
		if secret == first {
			failing(401, `{"error":{"message":"Incorrect API key provided: `+first+`","code":"invalid_api_key"}}`)(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"id":"x","choices":[{"message":{"role":"assistant","content":"mine"}}]}`)
	}, 0, func(o *doorOptions) {
		o.secrets["openai:first"], o.secrets["openai:second"] = first, second
		o.credentials = map[string][]routing.Credential{"openai": {{Name: "first"}, {Name: "second"}}}
	})
	want := [][]string{{"first", "second"}, {"second"}}
	for _, names := range want {
		resp, text := d.post("/v1/chat/completions", `{"model":"openai/gpt-5.4","messages":[{"role":"user","content":"hi"}]}`)
		if resp.StatusCode != 200 || !strings.Contains(text, "mine") {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		var got []string
		r := d.lastRecord()
		for _, a := range r.Attempts {
			got = append(got, a.Credential)
			if a.CredentialType != "own" || strings.Contains(a.Error, first) {
				t.Errorf("%+v", a)
			}
		}
		if !slices.Equal(got, names) || r.Provider != "openai" {
			t.Errorf("attempts with %q, want %q", got, names)
		}
	}
	if n, _ := asked.Load(first); n.(*atomic.Int32).Load() != 1 || d.hosted.Load() != 0 {
		t.Errorf("the refused one was asked %v times, the hosted gateway %d", n, d.hosted.Load())
	}
}
