package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/access"
	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/provider"
	"gatehouse/backend/provider/sim"
)

// TestCase54CopilotFindsItsModels asks what Copilot's Ollama provider asks, in its order: a version that is all numbers,
// the list, each model with its architecture, its context and its abilities, and then Chat Completions on the same port.
// It sends no key.
func TestCase54CopilotFindsItsModels(t *testing.T) {
	d := openShelf(t)
	d.limits.OllamaWithoutKey = true
	d.token = ""
	without := func(r *http.Request) {
		r.Header.Del("Authorization")
		r.Header.Set("User-Agent", "GitHubCopilotChat/0.40.0")
	}
	ask := func(method, path, body string) gjson.Result {
		t.Helper()
		req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
		check(t, err)
		resp, text := d.do(req, without)
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/json" || !gjson.Valid(text) {
			t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
		return gjson.Parse(text)
	}
	var major, minor, patch int
	version := ask("GET", "/api/version", "").Get("version").String()
	if n, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); n != 3 || err != nil || fmt.Sprintf("%d.%d.%d", major, minor, patch) != version {
		t.Errorf("%q is no plain version: %v", version, err)
	}
	can := map[string]string{}
	for _, m := range ask("GET", "/api/tags", "").Get("models").Array() {
		id := m.Get("model").String()
		shown := ask("POST", "/api/show", `{"model":"`+id+`"}`)
		arch := shown.Get(`model_info.general\.architecture`).String()
		if m.Get("name").String() != id || m.Get("modified_at").Time().IsZero() || len(m.Get("digest").String()) != 64 || arch == "" ||
			shown.Get("capabilities").Raw != m.Get("capabilities").Raw {
			t.Errorf("%s: %s\n%s", id, m.Raw, shown.Raw)
		}
		can[id] = strings.Trim(shown.Get("capabilities").Raw, "[]")
		want := leastContext
		if id == "anthropic/claude" {
			want = 1_000_000
		}
		if context := shown.Get("model_info." + arch + `\.context_length`); context.Int() != want {
			t.Errorf("%s: %s", id, shown.Raw)
		}
	}
	want := map[string]string{
		"gatehouse/active": `"completion","tools"`, "sim/echo": `"completion","tools"`, "openai/embed": `"embedding"`,
		"anthropic/claude": `"completion","tools","vision","thinking"`,
	}
	if fmt.Sprint(can) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", can, want)
	}
	answer := ask("POST", "/v1/chat/completions", `{"model":"gatehouse/active","messages":[{"role":"user","content":"a canary"}]}`)
	if !strings.Contains(answer.Get("choices.0.message.content").String(), "canary") {
		t.Error(answer.Raw)
	}
	if r := d.lastRecord(); r.Key != withoutKey.Name || r.KeyID != withoutKey.ID || r.Client != "Copilot" || r.Outcome != gateway.OK {
		t.Errorf("record %+v", r)
	}
}

// TestOllamaNeedsAKey: unless the settings say otherwise; even then other routes do, a key of ours must be a good one, and
// web pages stay out.
func TestOllamaNeedsAKey(t *testing.T) {
	d := openDoor(t, doorOptions{active: "sim/echo"})
	key, revoked, err := d.keys.Create(access.NewKey{Name: "gone"})
	check(t, err)
	_, err = d.keys.Revoke(key.ID)
	check(t, err)
	ours := []string{"GET /", "HEAD /", "GET /api/version", "GET /api/tags", "GET /api/ps", "POST /api/show", "POST /api/chat", "POST /api/generate", "POST /v1/chat/completions"}
	others := []string{"GET /v1/models", "POST /v1/messages", "POST /v1/responses", "POST /v1/embeddings", "GET /v1/credits", "GET /unknown", "POST /v1beta/models/sim/echo:generateContent"}
	status := func(route string, edit func(*http.Request)) int {
		method, path, _ := strings.Cut(route, " ")
		body := `{"model":"sim/echo","stream":false,"prompt":"hi","messages":[{"role":"user","content":"hi"}]}`
		if path == "/api/generate" {
			body = `{"model":"sim/echo","stream":false,"prompt":"hi"}`
		}
		req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
		check(t, err)
		resp, _ := d.do(req, edit)
		return resp.StatusCode
	}
	none := func(*http.Request) {}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	for _, route := range slices.Concat(ours, others) {
		if got := status(route, none); got != 401 {
			t.Errorf("%s without a key: %d", route, got)
		}
	}
	d.limits.OllamaWithoutKey = true
	for _, route := range ours {
		for name, c := range map[string]struct {
			edit func(*http.Request)
			want int
		}{
			"no key": {none, 200}, "any word": {bearer("ollama"), 200}, "our key": {bearer(d.token), 200},
			"a revoked key":     {bearer(revoked), 401},
			"a revoked key too": {func(r *http.Request) { r.Header.Set("X-Api-Key", revoked) }, 401},
			"a web page":        {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, 403},
			"an image":          {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
			"another name":      {func(r *http.Request) { r.Host = "evil.example" }, 403},
		} {
			if got := status(route, c.edit); got != c.want {
				t.Errorf("%s, %s: %d, want %d", route, name, got, c.want)
			}
		}
	}
	for _, route := range others {
		if got := status(route, none); got != 401 {
			t.Errorf("%s without a key, which Ollama does not have: %d", route, got)
		}
	}
}

func TestOllamaProbes(t *testing.T) {
	d := openShelf(t)
	if resp, text := d.get("/"); resp.StatusCode != 200 || text != "Ollama is running" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%d %q", resp.StatusCode, text)
	}
	if _, text := d.get("/api/ps"); strings.TrimSpace(text) != `{"models":[]}` {
		t.Error(text)
	}
	for body, want := range map[string]string{
		`{"model":"sim/echo"}`:                                                `"message":{"role":"assistant","content":""},"done":true,"done_reason":"load"`,
		`{"model":"sim/echo:latest","messages":[]}`:                           `{"model":"sim/echo:latest",`,
		`{"model":"sim/echo","keep_alive":0}`:                                 `"done_reason":"unload"`,
		`{"model":"nobody/knows"}`:                                            `{"error":"model \"nobody/knows\" not found`,
		`{"model":"sim/echo","messages":"x"}`:                                 `{"error":"messages must be a list"}`,
		`{"stream":false}`:                                                    `{"error":"the request names no model`,
		`{"model":"nobody/knows","messages":[{"role":"user","content":"x"}]}`: `{"error":"`,
	} {
		resp, text := d.post("/api/chat", body)
		if !strings.Contains(text, want) || strings.HasPrefix(want, `{"error"`) != (resp.StatusCode >= 400) || resp.StatusCode >= 500 {
			t.Errorf("%s: %d %s", body, resp.StatusCode, text)
		}
	}
	for _, route := range []string{"/api/pull", "/api/push", "/api/create", "/api/copy"} {
		if resp, text := d.post(route, `{"model":"x"}`); resp.StatusCode != 501 || !strings.Contains(gjson.Get(text, "error").String(), "managed by") {
			t.Errorf("%s: %d %s", route, resp.StatusCode, text)
		}
	}
	if resp, text := d.post("/api/unknown", `{}`); resp.StatusCode != 404 || gjson.Get(text, "error").Type != gjson.String {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if resp, text := d.post("/api/show", `{"model":"nobody/knows"}`); resp.StatusCode != 404 || gjson.Get(text, "error").Type != gjson.String {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestOllamaStreams: a stream is what a client gets that says nothing, a line for each piece; the record names the model
// as we know it, the answer as the client does.
func TestOllamaStreams(t *testing.T) {
	d := openDoor(t, doorOptions{})
	resp, text := d.post("/api/chat", `{"model":"sim/echo:latest","keep_alive":"5m","options":{"num_ctx":100,"min_p":0.1},"messages":[{"role":"user","content":"one two three"}]}`)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/x-ndjson" || len(lines) < 3 {
		t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, text)
	}
	for i, line := range lines {
		if last := i == len(lines)-1; !gjson.Valid(line) || gjson.Get(line, "done").Bool() != last || gjson.Get(line, "model").String() != "sim/echo:latest" {
			t.Errorf("line %d: %s", i, line)
		}
	}
	last := gjson.Parse(lines[len(lines)-1])
	for _, name := range []string{"total_duration", "prompt_eval_count", "eval_count", "eval_duration"} {
		if last.Get(name).Int() <= 0 {
			t.Errorf("no %s in %s", name, last.Raw)
		}
	}
	if notices := resp.Header.Get("X-Gatehouse-Notices"); !strings.Contains(notices, "options.min_p") || !strings.Contains(notices, "keep_alive") {
		t.Errorf("notices %q", notices)
	}
	r := d.lastRecord()
	if r.Dialect != "ollama" || r.RequestedModel != "sim/echo" || r.Model != "sim/echo" || !r.Stream || r.Outcome != gateway.OK {
		t.Errorf("record %+v", r)
	}
	// a name with the tag, of a client that leaves it out
	models := catalog.New([]catalog.Model{{ID: "sim/echo", Provider: "sim"}, {ID: "ollama/qwen:latest", Provider: "ollama"}}, nil)
	d.Options.Catalog = func() *catalog.Catalog { return models }
	for name, want := range map[string]string{
		"ollama/qwen": "ollama/qwen:latest", "ollama/qwen:latest": "ollama/qwen:latest", "sim/echo:latest": "sim/echo", "sim/echo": "sim/echo",
		"mine:latest": "mine", "mine": "mine", "mine:8b": "mine:8b",
	} {
		if got := d.untagged(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestOllamaEmbeddings(t *testing.T) {
	d := openDoor(t, doorOptions{})
	resp, text := d.post("/api/embed", `{"model":"sim/embed","input":["one","two"],"truncate":true}`)
	if resp.StatusCode != 200 || len(gjson.Get(text, "embeddings").Array()) != 2 || gjson.Get(text, "prompt_eval_count").Int() == 0 || gjson.Get(text, "model").String() != "sim/embed" {
		t.Fatalf("%d %.300s", resp.StatusCode, text)
	}
	if r := d.lastRecord(); r.Dialect != "ollama" || r.Stream || r.InputTokens == nil || r.Outcome != gateway.OK {
		t.Errorf("record %+v", r)
	}
	sum := 0.0
	for _, x := range gjson.Get(text, "embeddings.0").Array() {
		sum += x.Float() * x.Float()
	}
	if sum < 0.999 || sum > 1.001 {
		t.Errorf("the vector's length is %g", sum)
	}
	resp, old := d.post("/api/embeddings", `{"model":"sim/embed","prompt":"one"}`)
	if resp.StatusCode != 200 || gjson.Get(old, "embedding").Raw != gjson.Get(text, "embeddings.0").Raw {
		t.Errorf("%d %.300s", resp.StatusCode, old)
	}
	if resp, text := d.post("/api/embed", `{"model":"sim/embed"}`); resp.StatusCode != 400 || gjson.Get(text, "error").Type != gjson.String {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestOllamaRecallsReasoning: Ollama's clients lose calls' ids and have no place for signatures; the model that thought
// gets its reasoning back all the same.
func TestOllamaRecallsReasoning(t *testing.T) {
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(t, err)
		sent = append(sent, string(body))
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking","thinking":"let me see","signature":"sig=="},`+
			`{"type":"tool_use","id":"toolu_1","name":"look_up","input":{"b":1}}],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}`)
	}))
	t.Cleanup(server.Close)
	d := openDoor(t, redirected("anthropic", server.URL, providerSecret))
	const start = `{"model":"anthropic/claude-sonnet-4-5","stream":false,"think":true,"tools":[{"type":"function","function":{"name":"look_up","parameters":{"type":"object"}}}],"messages":[{"role":"user","content":"hi"}`
	if resp, text := d.post("/api/chat", start+`]}`); resp.StatusCode != 200 || gjson.Get(text, "message.thinking").String() != "let me see" {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	resp, text := d.post("/api/chat", start+`,{"role":"assistant","content":"","thinking":"let me see","tool_calls":[{"function":{"name":"look_up","arguments":{"b": 1}}}]},{"role":"tool","tool_name":"look_up","content":"found"}]}`)
	if resp.StatusCode != 200 || len(sent) != 2 {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	blocks := gjson.Get(sent[1], "messages.1.content")
	if blocks.Get("0.signature").String() != "sig==" || blocks.Get("1.type").String() != "tool_use" ||
		blocks.Get("1.id").String() == "" || blocks.Get("1.id").String() != gjson.Get(sent[1], "messages.2.content.0.tool_use_id").String() {
		t.Errorf("sent %s", sent[1])
	}
}

// TestOllamaMidStreamError: an answer that breaks off ends with an error on a line of its own and no line that is done.
func TestOllamaMidStreamError(t *testing.T) {
	server := httptest.NewServer(sim.Handler(sim.Options{}))
	t.Cleanup(server.Close)
	d := openDoor(t, doorOptions{
		providers: map[string]provider.Override{"groq": {BaseURL: server.URL + "/v1"}}, secrets: secrets{"groq": providerSecret},
	})
	resp, text := d.post("/api/chat", `{"model":"groq/flaky","messages":[{"role":"user","content":"many words to say before the end fail=drop"}]}`)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	last := lines[len(lines)-1]
	if resp.StatusCode != 200 || len(lines) < 2 || gjson.Get(last, "error").Type != gjson.String || strings.Contains(text, `"done":true`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if r := d.lastRecord(); r.Outcome != gateway.Failed {
		t.Errorf("record %+v", r)
	}
}
