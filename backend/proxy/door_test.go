package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gatehouse/backend/access"
	"gatehouse/backend/answers"
	"gatehouse/backend/catalog"
	"gatehouse/backend/credential"
	"gatehouse/backend/event"
	"gatehouse/backend/fetch"
	"gatehouse/backend/gateway"
	"gatehouse/backend/health"
	"gatehouse/backend/llm"
	"gatehouse/backend/objects"
	"gatehouse/backend/prefix"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/sim"
	"gatehouse/backend/routing"
	"gatehouse/backend/store"
	"gatehouse/backend/usage"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// secrets are providers' credentials for a test.
type secrets map[string]string

func (s secrets) Secret(_ context.Context, id provider.ID, name string) (string, error) {
	if name != "" {
		id += ":" + name
	}
	if v, ok := s[id]; ok {
		return v, nil
	}
	return "", llm.Errorf(llm.ErrAuth, "no credential for %s", id)
}

// door is a running endpoint over the real parts: keys, history, provider client, simulator.
type door struct {
	*Server
	t       testing.TB
	url     string
	keys    *access.Keys
	token   string
	history *usage.History
	board   *health.Board
	limits  Limits
	client  *http.Client
}

type doorOptions struct {
	providers map[string]provider.Override
	secrets   secrets
	active    string
	config    *routing.Config
	// credentials are the providers' credentials for those that have several; their secrets are "provider:name".
	credentials map[string][]routing.Credential
	limits      Limits
	// dir and log are where the door keeps its database and what it logs to; a folder and nowhere if they are not given.
	dir string
	log io.Writer
	// again opens a folder that has the key "test" already; the token is not known.
	again bool
	// book gives the gateway a memory of objects.
	book bool
	// edit changes the door's options before it opens.
	edit func(*Options, *gateway.Options)
	// pricer tells the history what calls cost; nil knows no prices.
	pricer usage.Pricer
	// settled is told of each request that ends; it may be nil.
	settled func(*usage.Record)
	// publicOnly fetches no files from this machine.
	publicOnly bool
}

func openDoor(t testing.TB, o doorOptions) *door {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	if o.log != nil {
		logger = slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	if o.dir == "" {
		o.dir = t.TempDir()
	}
	db, err := store.Open(filepath.Join(o.dir, "gatehouse.db"), store.Options{})
	check(t, err)
	keys, err := access.Open(db, access.Options{})
	check(t, err)
	history, err := usage.Open(db, usage.Options{Pricer: o.pricer, Settled: o.settled})
	check(t, err)
	board, err := health.Open(health.Options{DB: db, Now: time.Now, Broker: &event.Broker{}, Logger: logger})
	check(t, err)
	token := ""
	if !o.again {
		_, token, err = keys.Create(access.NewKey{Name: "test", Project: "tests"})
		check(t, err)
	}
	table := provider.NewTable(o.providers)
	models := catalog.New([]catalog.Model{{ID: "sim/echo", Provider: "sim"}, {ID: "openai/gpt", Provider: "openai"}}, nil)
	upstream := provider.NewClient(sim.Handler(sim.Options{}))
	if o.limits.MaxBodyBytes == 0 {
		o.limits.MaxBodyBytes = 64 << 20
	}
	d := &door{t: t, keys: keys, token: token, history: history, board: board, limits: o.limits, client: &http.Client{Transport: &http.Transport{}}}
	gate := gateway.Options{
		World: func() routing.World {
			return routing.World{
				Active: o.active, Providers: table, Catalog: models,
				HasCredential: func(id string) bool { return o.secrets[id] != "" },
				Credentials:   func(id string) []routing.Credential { return o.credentials[id] },
				Config:        o.config, Health: board.State, Measured: board.Measured, Stuck: board.Stuck, Now: time.Now(),
			}
		},
		Upstream: upstream, Credentials: o.secrets, Recorder: history, Ledger: history, Health: board, Now: time.Now, Logger: logger,
		Redact: func(b []byte) []byte {
			for _, s := range o.secrets {
				b = bytes.ReplaceAll(b, []byte(s), []byte("[redacted]"))
			}
			return b
		},
		Conceal: credential.Conceal, Prefixes: prefix.New(time.Now),
		Pause: func(ctx context.Context, _ time.Duration) bool { return ctx.Err() == nil },
		Files: fetch.New(func() fetch.Limits { return fetch.Limits{MaxBytes: 1 << 20, AllowPrivate: !o.publicOnly} }),
	}
	options := Options{
		Keys: keys, Limits: func() Limits { return d.limits }, Catalog: func() *catalog.Catalog { return models },
		Active: func() string { return o.active }, History: history, Logger: logger,
	}
	kept, err := answers.Open(db, answers.Options{}, InterruptedAnswer)
	check(t, err)
	options.Answers = kept
	if o.book {
		gate.Objects = objects.Open(db, objects.Options{Now: time.Now, Logger: logger})
	}
	if o.edit != nil {
		o.edit(&options, &gate)
	}
	options.Gateway = gateway.New(gate)
	d.Server = New(options)
	check(t, d.Listen("127.0.0.1:0"))
	d.url = "http://" + d.Addresses()[0]
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		d.client.CloseIdleConnections()
		if err := d.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		upstream.Close()
		for _, err := range []error{kept.Close(ctx), history.Close(ctx), keys.Close(ctx), db.Close()} {
			check(t, err)
		}
	})
	return d
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// post sends a body with the key; edit may change the request.
func (d *door) post(path, body string, edit ...func(*http.Request)) (*http.Response, string) {
	d.t.Helper()
	req, err := http.NewRequest(http.MethodPost, d.url+path, strings.NewReader(body))
	check(d.t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	return d.do(req, edit...)
}

func (d *door) do(req *http.Request, edit ...func(*http.Request)) (*http.Response, string) {
	d.t.Helper()
	for _, e := range edit {
		e(req)
	}
	resp, err := d.client.Do(req)
	check(d.t, err)
	defer resp.Body.Close() //nolint:errcheck // read to the end
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		text = append(text, []byte("\nBROKEN OFF: "+err.Error())...)
	}
	return resp, string(text)
}

// lastRecord waits for the newest record to be settled.
func (d *door) lastRecord() usage.Record {
	d.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		records, _, err := d.history.List(context.Background(), usage.Query{Limit: 1})
		check(d.t, err)
		if len(records) == 1 && records[0].Outcome != gateway.Open {
			return records[0]
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("no settled record: %+v", records)
		}
	}
}

// seen is what an upstream got.
type seen struct {
	mu     sync.Mutex
	body   []byte
	header http.Header
	url    string
	gone   chan struct{} // closed when the request's context ends
}

func (s *seen) got() (string, http.Header, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.body), s.header, s.url
}

// upstream is a provider's server that keeps what it got and answers with answer.
func upstream(t testing.TB, answer http.HandlerFunc) (*httptest.Server, *seen) {
	t.Helper()
	s := &seen{gone: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.body, s.header, s.url = body, r.Header.Clone(), r.URL.String()
		s.mu.Unlock()
		context.AfterFunc(r.Context(), sync.OnceFunc(func() {
			defer func() { _ = recover() }() // a second request closes it again
			close(s.gone)
		}))
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return server, s
}

func redirected(id, url, secret string) doorOptions {
	return doorOptions{providers: map[string]provider.Override{id: {BaseURL: url}}, secrets: secrets{id: secret}}
}

const providerSecret = "sk-provider-canary-0123456789"

// TestRawForwarding holds the promise of the raw path: byte for byte but for the model, the provider's credential and
// not the client's key, and the answer as it came.
func TestRawForwarding(t *testing.T) {
	odd := "{ \"z\":1.0,\t\"model\" : \"%s\", \"n\":12345678901234567890,\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 <b> \\/\"}],\"future_field\":{\"b\":1,\"a\":2}}\n"
	for _, c := range []struct {
		name, provider, model, base, path, keyHeader, wantURL string
		answer                                                string
	}{
		{"chat", "openai", "gpt", "/v1", "/v1/chat/completions", "Authorization", "/v1/chat/completions", `{"id":"x", "usage":{"prompt_tokens":3,"completion_tokens":2}}`},
		{"messages", "anthropic", "claude", "", "/v1/messages", "X-Api-Key", "/v1/messages", `{"id":"msg","type":"message", "usage":{"input_tokens":3,"output_tokens":2}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Request-Id", "up-1")
				w.Header().Set("Set-Cookie", "tracking=1")
				_, _ = io.WriteString(w, c.answer)
			})
			d := openDoor(t, redirected(c.provider, server.URL+c.base, providerSecret))
			body := strings.Replace(odd, "%s", c.provider+"/"+c.model, 1)
			resp, text := d.post(c.path, body, func(r *http.Request) {
				r.Header.Set("Cookie", "private=1")
				r.Header.Set("X-Forwarded-For", "10.0.0.1")
			})
			if resp.StatusCode != 200 || text != c.answer {
				t.Fatalf("%d %s", resp.StatusCode, text)
			}
			sent, header, url := got.got()
			if want := strings.Replace(odd, "%s", c.model, 1); sent != want {
				t.Errorf("the upstream got %q, want %q", sent, want)
			}
			if url != c.wantURL {
				t.Errorf("it was asked at %s", url)
			}
			if v := header.Get(c.keyHeader); !strings.HasSuffix(v, providerSecret) {
				t.Errorf("%s: %q", c.keyHeader, v)
			}
			for name, values := range header {
				if strings.Contains(strings.Join(values, " "), d.token) {
					t.Errorf("the client's key is in %s", name)
				}
			}
			for _, name := range []string{"Cookie", "X-Forwarded-For", "Accept-Encoding"} {
				if header.Get(name) != "" {
					t.Errorf("%s was passed on", name)
				}
			}
			if resp.Header.Get("X-Request-Id") != "up-1" || resp.Header.Get("Set-Cookie") != "" {
				t.Errorf("answer header %v", resp.Header)
			}
			r := d.lastRecord()
			if r.Outcome != gateway.OK || r.Key != "test" || r.Project != "tests" || *r.InputTokens != 3 || *r.OutputTokens != 2 ||
				r.Model != c.provider+"/"+c.model || r.Provider != c.provider || r.CostPicoUSD != nil {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// TestStreamsArriveAsTheyCome: every event reaches the client before the upstream sends the next one.
func TestStreamsArriveAsTheyCome(t *testing.T) {
	next := make(chan struct{})
	server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, piece := range []string{"a", "b", "c"} {
			_, _ = io.WriteString(w, `data: {"id":"1","choices":[{"delta":{"content":"`+piece+"\"}}]}\n\n")
			w.(http.Flusher).Flush()
			<-next
		}
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	})
	d := openDoor(t, redirected("openai", server.URL, providerSecret))
	req, err := http.NewRequest(http.MethodPost, d.url+"/v1/chat/completions", strings.NewReader(`{"model":"openai/gpt","stream":true}`))
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, err := d.client.Do(req)
	check(t, err)
	defer resp.Body.Close() //nolint:errcheck // read to the end
	lines := bufio.NewReader(resp.Body)
	for _, piece := range []string{"a", "b", "c"} {
		line, err := lines.ReadString('\n')
		check(t, err)
		if !strings.Contains(line, `"content":"`+piece+`"`) {
			t.Fatalf("got %q, want piece %s", line, piece)
		}
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		next <- struct{}{}
	}
	if rest, err := io.ReadAll(lines); err != nil || !strings.HasSuffix(string(rest), "data: [DONE]\n\n") {
		t.Fatalf("%q, %v", rest, err)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || r.FirstTokenMs == nil || r.InputTokens != nil {
		t.Errorf("record %+v", r)
	}
}

// TestCancellation: a client that leaves ends the upstream, in each state a request can be in.
func TestCancellation(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream bool
		answer http.HandlerFunc
	}{
		{"before the header", true, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"before the header, not streamed", false, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{"within a stream", true, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"within a body", false, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			started := make(chan struct{})
			server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) { close(started); c.answer(w, r) })
			d := openDoor(t, redirected("openai", server.URL, providerSecret))
			ctx, cancel := context.WithCancel(context.Background())
			body := `{"model":"openai/gpt","stream":` + map[bool]string{true: "true", false: "false"}[c.stream] + `}`
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+"/v1/chat/completions", strings.NewReader(body))
			check(t, err)
			req.Header.Set("Authorization", "Bearer "+d.token)
			over := make(chan struct{})
			go func() {
				defer close(over)
				if resp, err := d.client.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
			}()
			<-started
			cancel()
			<-over
			select {
			case <-got.gone:
			case <-time.After(10 * time.Second):
				t.Fatal("the upstream still works for a client that left")
			}
			if r := d.lastRecord(); r.Outcome != gateway.Cancelled {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// TestTornStreamsEndInAnError: a stream that the upstream breaks off ends, in the client's dialect, in an error, never in
// something that looks like a finished answer.
func TestTornStreamsEndInAnError(t *testing.T) {
	for _, c := range []struct {
		name, provider, path, begin, want string
		abort                             bool
	}{
		{"chat, closed", "openai", "/v1/chat/completions", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", `data: {"error":{"message":"OpenAI broke off`, false},
		{"chat, cut", "openai", "/v1/chat/completions", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"cho", `data: {"error":{"message":"OpenAI broke off`, true},
		{"messages, cut", "anthropic", "/v1/messages", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n", "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				_, _ = io.WriteString(w, c.begin)
				w.(http.Flusher).Flush()
				if c.abort {
					panic(http.ErrAbortHandler)
				}
			})
			d := openDoor(t, redirected(c.provider, server.URL, providerSecret))
			resp, text := d.post(c.path, `{"model":"`+c.provider+`/m","stream":true}`)
			// Where the end comes with the first content, nothing was given out yet, and the error has its own status.
			whole := resp.StatusCode == 502 && strings.Contains(text, "broke off")
			torn := strings.HasPrefix(text, c.begin) && strings.Contains(text, "\n\n"+c.want)
			if !whole && !torn || strings.Contains(text, "[DONE]") {
				t.Errorf("got %q", text)
			}
			if r := d.lastRecord(); r.Outcome != gateway.Failed || r.Error == "" {
				t.Errorf("record %+v", r)
			}
		})
	}
	t.Run("not streamed", func(t *testing.T) {
		server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"id":`)
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		})
		d := openDoor(t, redirected("openai", server.URL, providerSecret))
		req, err := http.NewRequest(http.MethodPost, d.url+"/v1/chat/completions", strings.NewReader(`{"model":"openai/m"}`))
		check(t, err)
		req.Header.Set("Authorization", "Bearer "+d.token)
		if resp, err := d.client.Do(req); err == nil {
			text, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if err == nil && resp.StatusCode < 500 {
				t.Errorf("the client took %q for a whole answer", text)
			}
		}
		if r := d.lastRecord(); r.Outcome != gateway.Failed {
			t.Errorf("record %+v", r)
		}
	})
}

// TestUpstreamErrors: what an upstream says of the request passes as it is; what it says of our credential is said in our
// own words, and never holds the credential.
func TestUpstreamErrors(t *testing.T) {
	for _, c := range []struct {
		status     int
		body       string
		wantStatus int
		want       string
	}{
		{400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`, 400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`},
		{429, `{"error":{"message":"slow down"}}`, 429, `{"error":{"message":"slow down"}}`},
		{401, `{"error":{"message":"Incorrect API key provided: ` + providerSecret + `"}}`, 403, "credential test openai"},
		{500, `echo ` + providerSecret, 500, `echo [redacted]`},
		{302, ``, 502, "redirect"},
	} {
		server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "http://elsewhere.test/")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		d := openDoor(t, redirected("openai", server.URL, providerSecret))
		resp, text := d.post("/v1/chat/completions", `{"model":"openai/gpt"}`)
		if resp.StatusCode != c.wantStatus || !strings.Contains(text, c.want) {
			t.Errorf("%d became %d %s", c.status, resp.StatusCode, text)
		}
		if c.wantStatus == c.status && resp.Header.Get("Retry-After") != "7" {
			t.Errorf("%d lost its Retry-After", c.status)
		}
		r := d.lastRecord()
		if strings.Contains(text+r.Error, providerSecret) || r.Outcome != gateway.Failed || len(r.Attempts) != 1 {
			t.Errorf("%d: answer %s, record %+v", c.status, text, r)
		}
	}
}

func TestDeadUpstream(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	addr := l.Addr().String()
	check(t, l.Close())
	d := openDoor(t, redirected("openai", "http://"+addr, providerSecret))
	resp, text := d.post("/v1/chat/completions", `{"model":"openai/gpt"}`)
	if resp.StatusCode != 502 || !strings.Contains(text, "upstream_unreachable") || !strings.Contains(text, addr) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestSim: the stand-in answers in both dialects, streamed and not, with usage.
func TestSim(t *testing.T) {
	d := openDoor(t, doorOptions{active: "sim/echo"})
	for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
		for _, stream := range []string{"true", "false"} {
			for _, model := range []string{"sim/echo", "gatehouse/active", "echo"} {
				resp, text := d.post(path, `{"model":"`+model+`","max_tokens":200,"stream":`+stream+`,"messages":[{"role":"user","content":"canary"}]}`)
				if resp.StatusCode != 200 || !strings.Contains(text, "canary") {
					t.Errorf("%s %s %s: %d %s", path, stream, model, resp.StatusCode, text)
				}
				r := d.lastRecord()
				if r.Model != "sim/echo" || r.RequestedModel != model || r.InputTokens == nil || r.OutputTokens == nil || r.Outcome != gateway.OK {
					t.Errorf("record %+v", r)
				}
			}
		}
	}
}

func TestModels(t *testing.T) {
	d := openDoor(t, doorOptions{active: "sim/echo"})
	get := func(path string, edit ...func(*http.Request)) (int, string) {
		req, err := http.NewRequest(http.MethodGet, d.url+path, nil)
		check(t, err)
		req.Header.Set("X-Api-Key", d.token)
		resp, text := d.do(req, edit...)
		return resp.StatusCode, text
	}
	anthropic := func(r *http.Request) { r.Header.Set("Anthropic-Version", "2023-06-01") }
	var list struct {
		Object string
		Data   []struct{ ID, Object, Type string }
	}
	_, text := get("/v1/models")
	check(t, json.Unmarshal([]byte(text), &list))
	ids := []string{}
	for _, m := range list.Data {
		ids = append(ids, m.ID)
	}
	if list.Object != "list" || !slices.Equal(ids, []string{"gatehouse/active", "openai/gpt", "sim/echo"}) || list.Data[0].Object != "model" {
		t.Error(text)
	}
	if _, text := get("/v1/models", anthropic); !strings.Contains(text, `"type":"model"`) || !strings.Contains(text, `"has_more":false`) {
		t.Error(text)
	}
	if status, text := get("/v1/models/sim/echo"); status != 200 || !strings.Contains(text, `"id":"sim/echo"`) {
		t.Error(status, text)
	}
	if status, text := get("/v1/models/no/such"); status != 404 || !strings.Contains(text, `"code":"model_not_found"`) {
		t.Error(status, text)
	}
	if status, text := get("/v1/models/no/such", anthropic); status != 404 || !strings.Contains(text, `"type":"not_found_error"`) {
		t.Error(status, text)
	}
}

func TestRecordedFileModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "gatehouse.db")
	db, err := store.Open(path, store.Options{})
	check(t, err)
	defer db.Close() //nolint:errcheck // only its mode matters
	info, err := os.Stat(path)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the database is readable by others: %v", info.Mode())
	}
}
