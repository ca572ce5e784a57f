package proxy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/provider/sim"
)

// fakeGemini is Google's embeddings: a vector of a text is its length and 1, its usage one token a text where it tells.
type fakeGemini struct {
	mu    sync.Mutex
	calls []string // method and size
	tells bool
	fails int // the call that is refused, from 1
}

func (f *fakeGemini) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	root := gjson.ParseBytes(body)
	requests := root.Get("requests").Array()
	_, method, _ := strings.Cut(r.URL.Path, ":")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, fmt.Sprintf("%s %d", method, len(requests)))
	w.Header().Set("Content-Type", "application/json")
	refuse := func(status int, message string) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"code":%d,"message":%q,"status":"INVALID_ARGUMENT"}}`, status, message)
	}
	if r.Header.Get("X-Goog-Api-Key") != providerSecret || r.URL.Path != "/v1beta/models/gemini-embedding-001:"+method {
		refuse(400, "wrong key or path: "+r.URL.Path)
		return
	}
	if f.fails == len(f.calls) {
		refuse(429, "slow down")
		return
	}
	if method == "embedContent" {
		requests = []gjson.Result{root}
	}
	var vectors []string
	for _, q := range requests {
		if m := q.Get("model"); (method != "embedContent" || m.Exists()) && m.Str != "models/gemini-embedding-001" {
			refuse(400, "model must be models/gemini-embedding-001, not "+m.Str)
			return
		}
		vectors = append(vectors, fmt.Sprintf(`{"values":[%d,1]}`, len(q.Get("content.parts.0.text").Str)))
	}
	usage := ""
	if f.tells {
		usage = fmt.Sprintf(`,"usageMetadata":{"promptTokenCount":%d}`, len(requests))
	}
	if method == "embedContent" {
		_, _ = fmt.Fprintf(w, `{"embedding":%s%s}`, vectors[0], usage)
		return
	}
	_, _ = fmt.Fprintf(w, `{"embeddings":[%s]%s}`, strings.Join(vectors, ","), usage)
}

func openGemini(t *testing.T, f *fakeGemini) *door {
	t.Helper()
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return openDoor(t, redirected("google", server.URL, providerSecret))
}

// TestEmbeddingsOfTheSimulator asks in every client's way for the same vectors.
func TestEmbeddingsOfTheSimulator(t *testing.T) {
	d := openDoor(t, doorOptions{})
	_, plain := d.post("/v1/embeddings", `{"model":"sim/embed","input":["a canary","世界"],"dimensions":8}`)
	want := gjson.Get(plain, "data.#.embedding").Raw
	if gjson.Get(plain, "data.0.embedding.#").Int() != 8 || gjson.Get(plain, "data.#").Int() != 2 {
		t.Fatal(plain)
	}
	for _, c := range []struct {
		name, path, body, vectors string
		header                    http.Header
	}{
		{"gemini batch", "/v1beta/models/sim/embed:batchEmbedContents", `{"requests":[{"model":"models/sim/embed","content":{"parts":[{"text":"a canary"}]},"outputDimensionality":8},{"content":{"parts":[{"text":"世界"}]},"outputDimensionality":8}]}`, "embeddings.#.values", nil},
		{"gemini one", "/v1/models/sim/embed:embedContent", `{"content":{"parts":[{"text":"a canary"}]},"outputDimensionality":8}`, "embedding.values", nil},
		{"ai-sdk 5, one", "/v1/ai/embedding-model", `{"input":"a canary","providerOptions":{"openai":{"dimensions":8}}}`, "embeddings", http.Header{"Ai-Embedding-Model-Specification-Version": {"2"}}},
		{"ai-sdk 6", "/v3/ai/embedding-model", `{"values":["a canary","世界"],"providerOptions":{"openai":{"dimensions":8}}}`, "embeddings", http.Header{"Ai-Embedding-Model-Specification-Version": {"3"}}},
		{"ai-sdk 7", "/v4/ai/embedding-model", `{"values":["a canary","世界"],"dimensions":8}`, "embeddings", http.Header{"Ai-Embedding-Model-Specification-Version": {"4"}}},
	} {
		resp, text := d.post(c.path, c.body, func(r *http.Request) {
			for name, values := range c.header {
				r.Header[name] = values
			}
			r.Header.Set("Ai-Model-Id", "sim/embed")
		})
		got := gjson.Get(text, c.vectors).Raw
		if first := gjson.Get(want, "0").Raw; resp.StatusCode != 200 || !near(got, want) && !near(got, first) && !near(got, "["+first+"]") {
			t.Errorf("%s: %d %.500s, want %s", c.name, resp.StatusCode, text, want)
		}
		if r := d.lastRecord(); r.Outcome != gateway.OK || r.InputTokens == nil || *r.InputTokens == 0 || r.OutputTokens == nil || *r.OutputTokens != 0 || r.Model != "sim/embed" {
			t.Errorf("%s: record %+v", c.name, r)
		}
	}
}

// near compares vectors by their numbers as 32-bit floats.
func near(got, want string) bool {
	var a, b any
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		return false
	}
	var same func(a, b any) bool
	same = func(a, b any) bool {
		x, isList := a.([]any)
		y, alsoList := b.([]any)
		if isList && alsoList && len(x) == len(y) {
			for i := range x {
				if !same(x[i], y[i]) {
					return false
				}
			}
			return true
		}
		n, isNumber := a.(float64)
		m, alsoNumber := b.(float64)
		return isNumber && alsoNumber && float32(n) == float32(m)
	}
	return same(a, b)
}

// TestEmbeddingsAreForwardedRaw: byte for byte but for the model, there and back, whatever form the vectors have.
func TestEmbeddingsAreForwardedRaw(t *testing.T) {
	answer := `{ "object":"list","data":[{"object":"embedding","index":0,"embedding":"AABAQA=="}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5},"x":1.0}`
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	})
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	body := "{ \"z\":1.0,\t\"input\" : [ \"\\u00e9\" ], \"encoding_format\":\"base64\",\"model\":\"openai/m\",\"future\":{}}\n"
	resp, text := d.post("/v1/embeddings", body)
	sent, header, url := got.got()
	if resp.StatusCode != 200 || text != answer || sent != strings.Replace(body, "openai/m", "m", 1) || url != "/v1/embeddings" || header.Get("Authorization") != "Bearer "+providerSecret {
		t.Errorf("%d %s; sent %s to %s", resp.StatusCode, text, sent, url)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || *r.InputTokens != 5 || *r.OutputTokens != 0 || r.Dialect != "embeddings" || r.Model != "openai/m" {
		t.Errorf("record %+v", r)
	}
}

// TestBase64WhereTheProviderHasNone: OpenAI's SDKs ask for base64 in silence; a server that answers with numbers all the
// same must not break them.
func TestBase64WhereTheProviderHasNone(t *testing.T) {
	answer := `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[3]}],"model":"m","usage":{"prompt_tokens":5,"total_tokens":5},"x":1.0}`
	server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
	d := openDoor(t, redirected("lab", server.URL, providerSecret))
	resp, text := d.post("/v1/embeddings", `{"model":"lab/m","input":"x","encoding_format":"base64"}`)
	if want := strings.Replace(answer, "[3]", `"AABAQA=="`, 1); resp.StatusCode != 200 || text != want {
		t.Errorf("%d %s, want %s", resp.StatusCode, text, want)
	}
	if resp, text = d.post("/v1/embeddings", `{"model":"lab/m","input":"x"}`); resp.StatusCode != 200 || text != answer {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || *r.InputTokens != 5 {
		t.Errorf("record %+v", r)
	}
}

// TestMistralSpellsItsOwn: its members have other names, and what it does not know it refuses.
func TestMistralSpellsItsOwn(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"object":"list","data":[{"index":0,"embedding":[3]}],"model":"mistral-embed","usage":{"prompt_tokens":5,"total_tokens":5}}`)
	})
	d := openDoor(t, redirected("mistral", server.URL, providerSecret))
	resp, text := d.post("/v1/embeddings", `{"model":"mistral/mistral-embed","input":"x","encoding_format":"base64","dimensions":1,"user":"u"}`)
	sent, _, _ := got.got()
	if want := `{"model":"mistral-embed","input":["x"],"output_dimension":1}`; sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
	if gjson.Get(text, "data.0.embedding").Str != "AABAQA==" || gjson.Get(text, "model").Str != "mistral/mistral-embed" || !strings.Contains(resp.Header.Get("X-Gatehouse-Notices"), "user") {
		t.Errorf("%s, notices %q", text, resp.Header.Get("X-Gatehouse-Notices"))
	}
	if resp, text := d.post("/v1/embeddings", `{"model":"mistral/mistral-embed","input":[1,2]}`); resp.StatusCode != 400 || !strings.Contains(text, "input") || !strings.Contains(text, "Mistral") {
		t.Errorf("tokens: %d %s", resp.StatusCode, text)
	}
}

// TestEmbeddingsOfGemini: batches of at most a hundred, in order, with vectors that have the length 1 where they were cut.
func TestEmbeddingsOfGemini(t *testing.T) {
	f := &fakeGemini{tells: true}
	d := openGemini(t, f)
	inputs := make([]string, 230)
	for i := range inputs {
		inputs[i] = strings.Repeat("x", i+1)
	}
	list, err := json.Marshal(inputs)
	check(t, err)
	resp, text := d.post("/v1/embeddings", `{"model":"google/gemini-embedding-001","input":`+string(list)+`}`)
	if resp.StatusCode != 200 || gjson.Get(text, "data.#").Int() != 230 || gjson.Get(text, "data.229.embedding").Raw != "[230,1]" || gjson.Get(text, "data.229.index").Int() != 229 {
		t.Errorf("%d %.300s", resp.StatusCode, text)
	}
	if calls := strings.Join(f.calls, ","); calls != "batchEmbedContents 100,batchEmbedContents 100,batchEmbedContents 30" {
		t.Errorf("calls %s", calls)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || *r.InputTokens != 230 || *r.OutputTokens != 0 {
		t.Errorf("record %+v", r)
	}
	_, text = d.post("/v1/embeddings", `{"model":"google/gemini-embedding-001","input":"xxx","dimensions":2}`)
	if v := gjson.Get(text, "data.0.embedding"); v.Get("0").Num*v.Get("0").Num+v.Get("1").Num*v.Get("1").Num < 0.9999 || v.Get("0").Num > 1 {
		t.Errorf("a cut vector is %s", v.Raw)
	}
	if resp, text := d.post("/v1/embeddings", `{"model":"google/gemini-embedding-001","input":[[1,2]]}`); resp.StatusCode != 400 || !strings.Contains(text, "tokens") {
		t.Errorf("tokens: %d %s", resp.StatusCode, text)
	}
	f.fails = len(f.calls) + 2
	resp, text = d.post("/v1/embeddings", `{"model":"google/gemini-embedding-001","input":`+string(list)+`}`)
	if r := d.lastRecord(); resp.StatusCode != 200 || r.Outcome != gateway.OK || len(r.Attempts) != 2 || r.Attempts[0].Status != 429 {
		t.Errorf("a batch that fails once: %d %.300s, record %+v", resp.StatusCode, text, r)
	}
}

// TestGeminiClientOfGemini: forwarded raw, but for the model wherever it stands.
func TestGeminiClientOfGemini(t *testing.T) {
	f := &fakeGemini{tells: true}
	d := openGemini(t, f)
	for _, c := range []struct{ method, body, path string }{
		{"embedContent", `{"content":{"parts":[{"text":"xyz"}]},"taskType":"RETRIEVAL_QUERY"}`, "embedding.values"},
		{"embedContent", `{"model":"models/google/gemini-embedding-001","content":{"parts":[{"text":"xyz"}]}}`, "embedding.values"},
		{"batchEmbedContents", `{"requests":[{"model":"models/google/gemini-embedding-001","content":{"parts":[{"text":"xyz"}]}}]}`, "embeddings.0.values"},
	} {
		resp, text := d.post("/v1beta/models/google/gemini-embedding-001:"+c.method, c.body)
		if resp.StatusCode != 200 || gjson.Get(text, c.path).Raw != "[3,1]" {
			t.Errorf("%s: %d %s", c.method, resp.StatusCode, text)
		}
		if r := d.lastRecord(); r.Outcome != gateway.OK || *r.InputTokens != 1 || r.Dialect != "gemini-embeddings" {
			t.Errorf("%s: record %+v", c.method, r)
		}
	}
}

// TestUsageThatNobodyTellsIsUnknown: the shape demands a number, the history does not.
func TestUsageThatNobodyTellsIsUnknown(t *testing.T) {
	d := openGemini(t, &fakeGemini{})
	_, text := d.post("/v1/embeddings", `{"model":"google/gemini-embedding-001","input":"four words of text"}`)
	if n := gjson.Get(text, "usage.prompt_tokens").Int(); n < 3 || n > 8 {
		t.Errorf("estimated %d: %s", n, text)
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || r.InputTokens != nil {
		t.Errorf("record %+v", r)
	}
}

// TestNoEmbeddingsThere: who has none says so with 404, in each client's shape; so does a model that makes none.
func TestNoEmbeddingsThere(t *testing.T) {
	d := openDoor(t, doorOptions{secrets: secrets{"anthropic": "k", "deepseek": "k", "groq": "k", "moonshotai": "k"}})
	for _, model := range []string{"anthropic/claude", "deepseek/chat", "groq/llama", "moonshotai/kimi", "sim/echo", "nobody/x"} {
		for _, c := range []struct{ path, body string }{
			{"/v1/embeddings", `{"model":"` + model + `","input":"x"}`},
			{"/v1beta/models/" + model + ":embedContent", `{"content":{"parts":[{"text":"x"}]}}`},
			{"/v4/ai/embedding-model", `{"values":["x"]}`},
		} {
			resp, text := d.post(c.path, c.body, header("Ai-Model-Id", model))
			if resp.StatusCode != 404 || !gjson.Get(text, "error.message").Exists() {
				t.Errorf("%s at %s: %d %s", model, c.path, resp.StatusCode, text)
			}
			if c.path == "/v1/embeddings" && gjson.Get(text, "error.code").Str != "model_not_found" {
				t.Errorf("%s: %s", model, text)
			}
			if r := d.lastRecord(); r.Outcome != gateway.Failed || r.RequestedModel != model {
				t.Errorf("%s: record %+v", model, r)
			}
		}
	}
}

// TestEmbeddingsThatBreakOff: a torn answer is no answer.
func TestEmbeddingsThatBreakOff(t *testing.T) {
	server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4000")
		_, _ = io.WriteString(w, `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[3,`)
		panic(http.ErrAbortHandler)
	})
	d := openDoor(t, redirected("openai", server.URL, providerSecret))
	for _, form := range []string{"float", "base64"} {
		_, text, err := d.tryPost("/v1/embeddings", `{"model":"openai/m","input":"x","encoding_format":"`+form+`"}`)
		if err == nil && !strings.Contains(text, `"error"`) && !strings.Contains(text, "BROKEN OFF") {
			t.Errorf("%s: %s", form, text)
		}
		if r := d.lastRecord(); r.Outcome != gateway.Failed {
			t.Errorf("%s: record %+v", form, r)
		}
	}
}

func (d *door) tryPost(path, body string) (status int, text string, err error) {
	req, err := http.NewRequest(http.MethodPost, d.url+path, strings.NewReader(body))
	check(d.t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	got, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(got), err
}

// TestRefusedEmbeddings: what the provider says of the request reaches the client as it came, whatever the texts look like.
func TestRefusedEmbeddings(t *testing.T) {
	refusal := `{"error":{"message":"too long, says the provider","type":"invalid_request_error","param":"input","code":null}}`
	server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, refusal)
	})
	d := openDoor(t, redirected("openai", server.URL, providerSecret))
	resp, text := d.post("/v1/embeddings", `{"model":"openai/m","input":"ghr1. http://example.com/"}`)
	if r := d.lastRecord(); resp.StatusCode != 400 || text != refusal || r.Outcome != gateway.Failed || len(r.Attempts) != 1 {
		t.Errorf("%d %s, record %+v", resp.StatusCode, text, r)
	}
}

// TestSimulatedVectorsMeanSomething: texts that share words lie closer than texts that share none, in either form.
func TestSimulatedVectorsMeanSomething(t *testing.T) {
	server := httptest.NewServer(sim.Handler(sim.Options{}))
	t.Cleanup(server.Close)
	d := openDoor(t, redirected("openai", server.URL+"/v1", providerSecret))
	body := `{"model":"openai/embed","input":["the cat sat on the mat","a cat on a mat","quarterly revenue grew"],"encoding_format":"base64"}`
	_, text := d.post("/v1/embeddings", body)
	raw, err := base64.StdEncoding.DecodeString(gjson.Get(text, "data.0.embedding").Str)
	if err != nil || len(raw) != 4*256 {
		t.Fatalf("%v %.300s", err, text)
	}
	_, text = d.post("/v1/embeddings", strings.Replace(body, "base64", "float", 1))
	dot := func(i, j int) (sum float64) {
		a, b := gjson.Get(text, fmt.Sprintf("data.%d.embedding", i)).Array(), gjson.Get(text, fmt.Sprintf("data.%d.embedding", j)).Array()
		for k := range a {
			sum += a[k].Num * b[k].Num
		}
		return sum
	}
	if dot(0, 0) < 0.999 || dot(0, 0) > 1.001 || dot(0, 1) < 0.3 || dot(0, 2) > 0.2 {
		t.Errorf("%f %f %f", dot(0, 0), dot(0, 1), dot(0, 2))
	}
}
