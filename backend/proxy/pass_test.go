package proxy

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/provider"
)

// openPassDoor is a door whose providers are one upstream, each below its own id, with a memory of objects.
func openPassDoor(t *testing.T, answer http.HandlerFunc, ids ...string) (*door, *seen) {
	t.Helper()
	server, got := upstream(t, answer)
	o := doorOptions{providers: map[string]provider.Override{}, secrets: secrets{}}
	for _, p := range provider.NewTable(nil).Sorted() {
		if p.ID != provider.Sim {
			o.providers[p.ID] = provider.Override{BaseURL: server.URL + "/" + p.ID}
		}
	}
	for _, id := range ids {
		o.secrets[id] = providerSecret
	}
	o.book = true
	o.edit = func(_ *Options, g *gateway.Options) { g.Calibration = incurious{t} }
	return openDoor(t, o), got
}

// incurious wants to learn how prompts are counted, and must not from what is no prompt.
type incurious struct{ t *testing.T }

func (incurious) Wants(string, string) bool                 { return true }
func (incurious) Correct(_, _ string, estimate int64) int64 { return estimate }
func (i incurious) Learn(provider, model string, _ int64, _ int64) {
	i.t.Errorf("learned from %s at %s", model, provider)
}

// request is what a client of a route would send for a model.
func (p passRoute) request(t *testing.T, d *door, model, id string) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(p.pattern, " ")
	body := ""
	switch {
	case p.model == gateway.BodyModel:
		body = fmt.Sprintf("{ \"n\":1.50e+0,\n \"model\" : %q ,\"last\":\"\\u00e9\\/\"}", model)
	case p.model == gateway.SessionModel:
		body = fmt.Sprintf(`{"expires_after":{},"session":{"type":"realtime","model":%q}}`, model)
	case p.refers != "":
		body = fmt.Sprintf(`{%q:%q}`, p.refers, id)
	case method == http.MethodPost:
		body = `{"x":1}`
	}
	r, err := http.NewRequest(method, d.url+strings.ReplaceAll(path, "{id}", id), strings.NewReader(body))
	check(t, err)
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("X-Api-Key", d.token)
	r.Header.Set("Cookie", "a=b")
	if body != "" {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	if p.model == gateway.HeaderModel {
		r.Header.Set("Ai-Model-Id", model)
		r.Header.Set("Ai-Image-Model-Specification-Version", "4")
		r.Header.Set("Ai-Gateway-Auth-Method", "oidc")
	}
	return r
}

// TestPassEveryRouteToEveryProvider asks for every route with the credential of one provider at a time: who has the
// surface gets the request whole, and for all others the client is told which credential would serve it.
func TestPassEveryRouteToEveryProvider(t *testing.T) {
	for _, p := range provider.NewTable(nil).Sorted() {
		if p.ID == provider.Sim {
			continue
		}
		t.Run(p.ID, func(t *testing.T) {
			var id atomic.Value
			d, got := openPassDoor(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprintf(w, `{"id":%q,"usage":{"input_tokens":7,"output_tokens":5}}`, id.Load())
			}, p.ID)
			for _, route := range passRoutes {
				model, upstreamModel := p.ID+"/a-model", "a-model"
				if p.ID == provider.Gateway {
					model, upstreamModel = "someone/a-model", "someone/a-model"
				}
				object := "obj-" + string(route.surface)
				id.Store(object)
				req := route.request(t, d, model, object)
				resp, text := d.do(req)
				if !p.Serves(route.surface) {
					checkUnserved(t, route, resp, text)
					continue
				}
				body, header, url := got.got()
				if resp.StatusCode != 200 || !strings.Contains(text, object) {
					t.Errorf("%s: %d %s", route.pattern, resp.StatusCode, text)
					continue
				}
				want, err := req.GetBody()
				if req.Body == nil {
					want, err = io.NopCloser(strings.NewReader("")), nil
				}
				check(t, err)
				sent, err := io.ReadAll(want)
				check(t, err)
				if expected := strings.Replace(string(sent), `"`+model+`"`, `"`+upstreamModel+`"`, 1); body != expected {
					t.Errorf("%s: the provider got %s, want %s", route.pattern, body, expected)
				}
				if route.model == gateway.HeaderModel && (header.Get("Ai-Model-Id") != upstreamModel || header.Get("Ai-Gateway-Auth-Method") != "api-key" ||
					header.Get("Ai-Image-Model-Specification-Version") != "4") {
					t.Errorf("%s: the provider got %v", route.pattern, header)
				}
				if header.Get("Authorization") != "Bearer "+providerSecret || header.Get("Content-Type") != req.Header.Get("Content-Type") {
					t.Errorf("%s: the provider got %v", route.pattern, header)
				}
				if all := fmt.Sprint(header, url, body); strings.Contains(all, d.token) || header.Get("Cookie") != "" {
					t.Errorf("%s: the client's own reached the provider: %s", route.pattern, all)
				}
				_, path, _ := strings.Cut(route.pattern, " ")
				_, last, _ := strings.Cut(strings.ReplaceAll(path, "{id}", object), "/v")
				if last = last[1:]; route.surface == llm.RerankV2 && p.ID != provider.Gateway {
					last = "/rerank"
				}
				if !strings.HasPrefix(url, "/"+p.ID+"/") || !strings.HasSuffix(url, last) {
					t.Errorf("%s: the provider was asked for %s", route.pattern, url)
				}
				r := d.lastRecord()
				if r.Outcome != gateway.OK || r.Surface != string(route.surface) || r.Provider != p.ID {
					t.Errorf("%s: record %+v", route.pattern, r)
				}
				// What only looks at or refers to something else uses nothing, though the answer tells of usage again.
				begins := req.Method == http.MethodPost && !strings.Contains(path, "{id}") && route.refers == ""
				if used := r.InputTokens != nil && *r.InputTokens == 7 && r.OutputTokens != nil && *r.OutputTokens == 5; used != begins {
					t.Errorf("%s: usage in the record is %v: %+v", route.pattern, used, r)
				}
			}
		})
	}
}

func checkUnserved(t *testing.T, route passRoute, resp *http.Response, text string) {
	t.Helper()
	e := gjson.Get(text, "error")
	message := e.Get("message").String()
	ok := resp.StatusCode == 404 && (strings.Contains(message, "gatehouse credential set ") || strings.Contains(message, "choose a model of"))
	if isAISDK(resp.Request.URL.Path) || strings.HasSuffix(resp.Request.URL.Path, "/client-secrets") {
		ok = ok && e.Get("type").String() == "not_found" && strings.Contains(message, "Vercel AI Gateway")
	} else {
		ok = ok && e.Get("code").String() == "surface_unavailable"
	}
	if !ok {
		t.Errorf("%s: %d %s", route.pattern, resp.StatusCode, text)
	}
}

// TestPassFormsByteForByte sends a file of every byte in a form: but for the model it must arrive as it was sent.
func TestPassFormsByteForByte(t *testing.T) {
	d, got := openPassDoor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"text":"hello","usage":{"type":"tokens","input_tokens":14,"input_token_details":{},"output_tokens":3,"total_tokens":17}}`)
	}, "openai")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	file, err := w.CreateFormFile("file", `odd "name" é.wav`)
	check(t, err)
	for i := range 256 * 1024 {
		_, err = file.Write([]byte{byte(i), byte(i >> 8), '\r', '\n', '-', '-'})
		check(t, err)
	}
	check(t, w.WriteField("model", "openai/whisper-1"))
	check(t, w.WriteField("response_format", "json"))
	check(t, w.Close())
	resp, text := d.post("/v1/audio/transcriptions", form.String(), func(r *http.Request) { r.Header.Set("Content-Type", w.FormDataContentType()) })
	body, header, url := got.got()
	if resp.StatusCode != 200 || !strings.Contains(text, "hello") || url != "/openai/audio/transcriptions" || header.Get("Content-Type") != w.FormDataContentType() {
		t.Fatalf("%d %s; asked for %s with %v", resp.StatusCode, text, url, header)
	}
	if body != strings.Replace(form.String(), "\r\n\r\nopenai/whisper-1\r\n", "\r\n\r\nwhisper-1\r\n", 1) {
		t.Errorf("the form changed: %d bytes of %d", len(body), form.Len())
	}
	if r := d.lastRecord(); r.Model != "openai/whisper-1" || *r.InputTokens != 14 || *r.OutputTokens != 3 || r.Surface != "transcriptions" {
		t.Errorf("record %+v", r)
	}
	resp, text = d.post("/v1/audio/transcriptions", form.String(), func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=other") })
	if resp.StatusCode != 400 || gjson.Get(text, "error.code").String() != "invalid_form" {
		t.Errorf("another boundary: %d %s", resp.StatusCode, text)
	}
}

// TestPassBinaryAsItComes reads the first piece of speech before the second is made.
func TestPassBinaryAsItComes(t *testing.T) {
	next := make(chan struct{})
	d, _ := openPassDoor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/mpeg")
		_, _ = w.Write([]byte{0xff, 0xfb, 0, 1})
		w.(http.Flusher).Flush()
		<-next
		_, _ = w.Write([]byte{2, 3})
	}, "openai")
	req, err := http.NewRequest(http.MethodPost, d.url+"/v1/audio/speech", strings.NewReader(`{"model":"openai/tts-1","input":"hi","voice":"alloy"}`))
	check(t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, err := d.client.Do(req)
	check(t, err)
	defer resp.Body.Close() //nolint:errcheck // read to its end
	head := make([]byte, 4)
	_, err = io.ReadFull(resp.Body, head)
	check(t, err)
	close(next)
	rest, err := io.ReadAll(resp.Body)
	check(t, err)
	if got := append(head, rest...); !bytes.Equal(got, []byte{0xff, 0xfb, 0, 1, 2, 3}) || resp.Header.Get("Content-Type") != "audio/mpeg" {
		t.Errorf("% x as %s", got, resp.Header.Get("Content-Type"))
	}
	if r := d.lastRecord(); r.Outcome != gateway.OK || r.InputTokens != nil {
		t.Errorf("record %+v", r)
	}
}

// TestPassEnds holds answers that end well, in an error, or not at all to what the client and the history are told.
func TestPassEnds(t *testing.T) {
	events := func(w http.ResponseWriter, list ...string) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range list {
			_, _ = io.WriteString(w, "data: "+e+"\n\n")
		}
	}
	const partial = `{"type":"image_generation.partial_image","b64_json":"AAAA"}`
	for name, c := range map[string]struct {
		path, body string
		answer     http.HandlerFunc
		status     int
		outcome    gateway.Outcome
		has, lacks string
		input      int64
	}{
		"a stream of images": {"/v1/images/generations", `{"model":"openai/gpt-image-1","stream":true}`, func(w http.ResponseWriter, _ *http.Request) {
			events(w, partial, `{"type":"image_generation.completed","b64_json":"AAAA","usage":{"input_tokens":9,"output_tokens":100,"input_tokens_details":{"cached_tokens":4}}}`)
		}, 200, gateway.OK, "image_generation.completed", `"error"`, 5},
		"a stream of images that is cut off": {"/v1/images/generations", `{"model":"openai/gpt-image-1","stream":true}`, func(w http.ResponseWriter, _ *http.Request) {
			events(w, partial)
		}, 200, gateway.Failed, "upstream_broke_off", "", -1},
		"completions to their marker": {"/v1/completions", `{"model":"openai/babbage","stream":true}`, func(w http.ResponseWriter, _ *http.Request) {
			events(w, `{"id":"cmpl-1","choices":[{"text":"a"}]}`, `{"id":"cmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}`, "[DONE]")
		}, 200, gateway.OK, "[DONE]", `"error"`, 3},
		"completions without it": {"/v1/completions", `{"model":"openai/babbage","stream":true}`, func(w http.ResponseWriter, _ *http.Request) {
			events(w, `{"id":"cmpl-1","choices":[{"text":"a"}]}`)
		}, 200, gateway.Failed, "upstream_broke_off", "", -1},
		"a stream of a kind that is not known": {"/v1/audio/speech", `{"model":"openai/tts","stream_format":"sse"}`, func(w http.ResponseWriter, _ *http.Request) {
			events(w, `{"piece":"AAAA"}`)
		}, 200, gateway.OK, "AAAA", `"error"`, -1},
		"an error within a stream": {"/v1/images/generations", `{"model":"openai/gpt-image-1","stream":true}`, func(w http.ResponseWriter, _ *http.Request) {
			events(w, partial, `{"type":"error","error":{"message":"no more with `+providerSecret+`","code":"rate_limit_exceeded"}}`)
		}, 200, gateway.Failed, "rate_limit_exceeded", "upstream_broke_off", -1},
		"audio that is torn": {"/v1/audio/speech", `{"model":"openai/tts","input":"x"}`, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "audio/wav")
			w.Header().Set("Content-Length", "1000000")
			_, _ = w.Write(make([]byte, 100_000))
		}, 200, gateway.Failed, "BROKEN OFF", "", -1},
		"a refusal in the provider's words": {"/v1/moderations", `{"model":"openai/omni","input":"x"}`, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(429)
			_, _ = io.WriteString(w, `{"error":{"message":"slow down","type":"requests","code":"rate_limit_exceeded"}}`)
		}, 429, gateway.Failed, `"type":"requests"`, "", -1},
		"a refused credential": {"/v1/moderations", `{"model":"openai/omni","input":"x"}`, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"error":{"message":"Incorrect API key provided: `+providerSecret+`"}}`)
		}, 403, gateway.Failed, "gatehouse credential test openai", providerSecret, -1},
		"a page instead of an answer": {"/v1/moderations", `{"model":"openai/omni","input":"x"}`, func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "<html>not found</html>", http.StatusNotFound)
		}, 404, gateway.Failed, "it may not have moderation", "<html>", -1},
		"no model":               {"/v1/audio/speech", `{"input":"x"}`, nil, 400, gateway.Failed, "model_missing", "", -1},
		"a model twice":          {"/v1/audio/speech", `{"model":"openai/a","model":"openai/b"}`, nil, 400, gateway.Failed, "second member", "", -1},
		"a model of no kind":     {"/v1/audio/speech", `{"model":5}`, nil, 400, gateway.Failed, "invalid_model", "", -1},
		"a body that is no JSON": {"/v1/audio/speech", `model=openai/tts`, nil, 400, gateway.Failed, "invalid_json", "", -1},
		"a provider without it":  {"/v1/audio/speech", `{"model":"anthropic/claude","input":"x"}`, nil, 404, gateway.Failed, "can't be asked for speech", "", -1},
	} {
		t.Run(name, func(t *testing.T) {
			d, _ := openPassDoor(t, c.answer, "openai", "anthropic")
			resp, text := d.post(c.path, c.body)
			if resp.StatusCode != c.status || !strings.Contains(text, c.has) || c.lacks != "" && strings.Contains(text, c.lacks) {
				t.Errorf("%d %s", resp.StatusCode, text)
			}
			r := d.lastRecord()
			if r.Outcome != c.outcome || c.input >= 0 && (r.InputTokens == nil || *r.InputTokens != c.input) || c.input < 0 && r.InputTokens != nil {
				t.Errorf("record %+v", r)
			}
			if strings.Contains(r.Error, providerSecret) {
				t.Errorf("the history holds the credential: %s", r.Error)
			}
		})
	}
}

// TestPassObjects makes files, batches and videos with two providers and asks about them.
func TestPassObjects(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		by := strings.Split(r.URL.Path, "/")[1]
		switch {
		case strings.HasSuffix(r.URL.Path, "/content"):
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Disposition", `attachment; filename="a.jsonl"`)
			_, _ = io.WriteString(w, "content of "+by)
		case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/files"):
			_, _ = io.WriteString(w, `{"object":"list","data":[{"id":"file-listed-`+by+`"}]}`)
		case strings.Contains(r.URL.Path, "/batches"):
			_, _ = io.WriteString(w, `{"id":"batch_`+by+`","output_file_id":"file-out-`+by+`","error_file_id":null}`)
		default:
			_, _ = io.WriteString(w, `{"id":"file-`+by+`"}`)
		}
	}
	const asks = "X-Gatehouse-Provider"
	get := func(d *door, method, path, provider string) (*http.Response, string) {
		t.Helper()
		req, err := http.NewRequest(method, d.url+path, nil)
		check(t, err)
		req.Header.Set("Authorization", "Bearer "+d.token)
		if provider != "" {
			req.Header.Set(asks, provider)
		}
		return d.do(req)
	}
	d, got := openPassDoor(t, answer, "openai", "groq")
	resp, text := d.post("/v1/files", "{}", func(r *http.Request) { r.Header.Set(asks, "groq") })
	if resp.StatusCode != 200 || !strings.Contains(text, "file-groq") {
		t.Fatalf("%d %s", resp.StatusCode, text)
	}
	resp, text = d.post("/v1/batches", `{"input_file_id":"file-groq","endpoint":"/v1/chat/completions"}`)
	if _, _, url := got.got(); resp.StatusCode != 200 || url != "/groq/batches" || !strings.Contains(text, "file-out-groq") {
		t.Errorf("the batch went to %s: %d %s", url, resp.StatusCode, text)
	}
	resp, text = get(d, http.MethodGet, "/v1/files?after=x&limit=5&key=secret", "groq")
	if _, _, url := got.got(); resp.StatusCode != 200 || url != "/groq/files?after=x&limit=5" {
		t.Errorf("the list went to %s: %d %s", url, resp.StatusCode, text)
	}
	if resp, text = get(d, http.MethodGet, "/v1/files/file-foreign", ""); resp.StatusCode != 404 || !strings.Contains(text, "x-gatehouse-provider") {
		t.Errorf("an unknown file: %d %s", resp.StatusCode, text)
	}
	if resp, text = get(d, http.MethodGet, "/v1/files/file-foreign", "anthropic"); resp.StatusCode != 404 || !strings.Contains(text, "has no file storage") {
		t.Errorf("a provider without files: %d %s", resp.StatusCode, text)
	}
	for _, id := range []string{"%2e%2e", "..", "a%2Fb", "a%3Fb", "%2e"} {
		before, _, _ := got.got()
		resp, text := get(d, http.MethodGet, "/v1/files/"+id+"/content", "openai")
		if after, _, url := got.got(); resp.StatusCode == 200 || after != before || strings.Contains(url, "content") {
			t.Errorf("%s was asked for at %s: %d %s", id, url, resp.StatusCode, text)
		}
	}
	for _, path := range []string{"/v1/files/file-groq", "/v1/files/file-out-groq/content", "/v1/batches/batch_groq", "/v1/files/file-listed-groq"} {
		resp, text := get(d, http.MethodGet, path, "")
		if _, _, url := got.got(); resp.StatusCode != 200 || url != "/groq"+strings.TrimPrefix(path, "/v1") {
			t.Errorf("%s went to %s: %d %s", path, url, resp.StatusCode, text)
		}
		if strings.HasSuffix(path, "/content") && (text != "content of groq" || resp.Header.Get("Content-Disposition") == "") {
			t.Errorf("%s: %q %v", path, text, resp.Header)
		}
	}
	if resp, text := get(d, http.MethodDelete, "/v1/files/file-groq", ""); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

// TestPassOfLimitedKeys: a key that may only use some models gets around that neither by a request without a model nor by
// what others made.
func TestPassOfLimitedKeys(t *testing.T) {
	d, _ := openPassDoor(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"`+r.Header.Get("User-Agent")+`"}`)
	}, "openai", "gateway")
	_, limited, err := d.keys.Create(access.NewKey{Name: "limited", Models: []string{"openai/sora-2"}})
	check(t, err)
	free := d.token
	ask := func(token, method, path, body, makes string, headers ...string) int {
		t.Helper()
		req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
		check(t, err)
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("User-Agent", makes)
		for i := 0; i+1 < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, text := d.do(req)
		if resp.StatusCode >= 500 {
			t.Errorf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
		return resp.StatusCode
	}
	batch := `{"requests":[{"id":"1","type":"text","modelId":"openai/gpt","options":{}}]}`
	for i, c := range []struct {
		token, method, path, body, makes string
		headers                          []string
		want                             int
	}{
		{limited, "POST", "/v1/videos", `{"model":"openai/sora-2"}`, "video_mine", nil, 200},
		{limited, "POST", "/v1/videos", `{"model":"openai/sora-9"}`, "video_other", nil, 403},
		{limited, "POST", "/v1/videos", `{}`, "video_default", nil, 403},
		{free, "POST", "/v1/videos", `{"model":"openai/sora-9"}`, "video_theirs", nil, 200},
		{limited, "GET", "/v1/videos/video_mine", "", "", nil, 200},
		{limited, "GET", "/v1/videos/video_theirs", "", "", nil, 404},
		{limited, "GET", "/v1/videos/video_never", "", "", nil, 404},
		{limited, "GET", "/v1/videos/video_theirs", "", "", []string{"X-Gatehouse-Provider", "openai"}, 404},
		{limited, "GET", "/v1/files", "", "", nil, 403},
		{limited, "POST", "/v1/files", "{}", "file-mine", nil, 200},
		{limited, "GET", "/v1/files/file-mine", "", "", nil, 200},
		{limited, "POST", "/v1/batches", `{"input_file_id":"file-mine"}`, "batch_1", nil, 403},
		{limited, "POST", "/v1/moderations", `{"input":"x"}`, "", nil, 403},
		{free, "POST", "/v1/moderations", `{"input":"x"}`, "", nil, 200},
		{limited, "POST", "/v4/ai/batch/start", batch, "job_1", []string{"Ai-Model-Id", "openai/sora-2"}, 400},
		{limited, "POST", "/v4/ai/batch/start", batch, "job_1", []string{"Ai-Model-Id", "openai/gpt"}, 403},
		{free, "POST", "/v4/ai/batch/start", batch, "job_1", []string{"Ai-Model-Id", "openai/gpt"}, 200},
		{limited, "POST", "/v4/ai/batch/status", `{"batchId":"job_1"}`, "", nil, 404},
		{free, "POST", "/v4/ai/batch/status", `{"batchId":"job_1"}`, "", nil, 200},
		{free, "GET", "/v1/videos/video_mine", "", "", nil, 200},
		{free, "POST", "/v1/images/generations", `{"model":"gateway/bfl/flux","prompt":"x"}`, "", nil, 200},
	} {
		if got := ask(c.token, c.method, c.path, c.body, c.makes, c.headers...); got != c.want {
			t.Errorf("%d: %s %s %s: %d, want %d", i, c.method, c.path, c.body, got, c.want)
		}
	}
}

// TestPassBatchUnderAnotherName: a batch names its model in a header and with every request; both become the provider's.
func TestPassBatchUnderAnotherName(t *testing.T) {
	d, got := openPassDoor(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"batchId":"job_1","status":"pending"}`)
	}, "gateway")
	const asked = `{"requests":[{"id":"1","modelId":"gateway/openai/gpt","options":{"prompt":"é \u00e9 1.0"}}, {"id":"2","modelId":"gateway/openai/gpt"}],"providerOptions":{}}`
	resp, text := d.post("/v4/ai/batch/start", asked, func(r *http.Request) { r.Header.Set("Ai-Model-Id", "gateway/openai/gpt") })
	body, header, url := got.got()
	const want = `{"requests":[{"id":"1","modelId":"openai/gpt","options":{"prompt":"é \u00e9 1.0"}},{"id":"2","modelId":"openai/gpt"}],"providerOptions":{}}`
	if resp.StatusCode != 200 || body != want || header.Get("Ai-Model-Id") != "openai/gpt" || url != "/gateway/v4/ai/batch/start" {
		t.Errorf("%d %s: %s got %s as %s", resp.StatusCode, text, url, body, header.Get("Ai-Model-Id"))
	}
}

// TestPassKeepAlives: keep-alives go into streams of events, and never into audio.
func TestPassKeepAlives(t *testing.T) {
	const piece = "data: {\"type\":\"image_generation.partial_image\"}\n\n"
	for _, c := range []struct {
		kind, body string
		alive      bool
	}{
		{"text/event-stream", `{"model":"openai/gpt-image-1","stream":true}`, true},
		{"audio/mpeg", `{"model":"openai/gpt-image-1","stream":true}`, false},
		{"audio/mpeg", `{"model":"openai/gpt-image-1"}`, false},
	} {
		finish := make(chan struct{})
		server, _ := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.kind)
			_, _ = io.WriteString(w, piece)
			w.(http.Flusher).Flush()
			<-finish
			_, _ = io.WriteString(w, "data: {\"type\":\"image_generation.completed\"}\n\n")
		})
		o, timers := byHand(redirected("openai", server.URL, providerSecret))
		d := openDoor(t, o)
		req, err := http.NewRequest(http.MethodPost, d.url+"/v1/images/generations", strings.NewReader(c.body))
		check(t, err)
		req.Header.Set("Authorization", "Bearer "+d.token)
		resp, err := d.client.Do(req)
		check(t, err)
		_, err = io.ReadFull(resp.Body, make([]byte, len(piece)))
		check(t, err)
		d.pass(<-timers, patience)
		close(finish)
		rest, err := io.ReadAll(resp.Body)
		check(t, err)
		check(t, resp.Body.Close())
		if got := bytes.HasPrefix(rest, comment); got != c.alive {
			t.Errorf("%s for %s: %q", c.kind, c.body, rest)
		}
	}
}
