package proxy

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gatehouse/backend/gateway"
)

const pixels = "\x89PNG\r\n\x1a\n of a canary"

// files is a web server with an image, a page and nothing else.
func files(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if name != "User-Agent" && name != "Accept" && name != "Connection" {
				t.Errorf("%s was sent to the file's server", name)
			}
		}
		switch r.URL.Path {
		case "/image":
			_, _ = io.WriteString(w, pixels)
		case "/page":
			_, _ = io.WriteString(w, "<html>please log in")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// showing are requests that name an image by URL, in each client's dialect.
var showing = map[string]string{
	"/v1/messages":                         `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"FILE"}},{"type":"text","text":"what?"}]}]}`,
	"/v1/messages?result":                  `{"model":"MODEL","max_tokens":9,"messages":[{"role":"user","content":"look"},{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"see","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"image","source":{"type":"url","url":"FILE"}}]}]}],"tools":[{"name":"see","input_schema":{"type":"object"}}]}`,
	"/v1/responses":                        `{"model":"MODEL","input":[{"role":"user","content":[{"type":"input_image","image_url":"FILE"},{"type":"input_text","text":"what?"}]}]}`,
	"/v1/chat/completions":                 `{"model":"MODEL","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"FILE"}},{"type":"text","text":"what?"}]}]}`,
	"/v4/ai/language-model":                `{"prompt":[{"role":"user","content":[{"type":"file","mediaType":"image/*","data":{"type":"url","url":"FILE"}},{"type":"text","text":"what?"}]}]}`,
	"/v1/ai/language-model":                `{"prompt":[{"role":"user","content":[{"type":"file","mediaType":"image/png","data":"FILE"},{"type":"text","text":"what?"}]}]}`,
	"/v1beta/models/MODEL:generateContent": `{"contents":[{"role":"user","parts":[{"fileData":{"mimeType":"image/png","fileUri":"FILE"}},{"text":"what?"}]}]}`,
}

func (d *door) show(path, model, file string) (*http.Response, string) {
	fill := strings.NewReplacer("MODEL", model, "FILE", file)
	return d.post(fill.Replace(path), fill.Replace(showing[path]), func(r *http.Request) {
		if strings.Contains(path, "/ai/") {
			for name, values := range aisdkHeader(map[bool]string{true: "2", false: "4"}[strings.HasPrefix(path, "/v1/")])(model, false) {
				r.Header[name] = values
			}
		}
	})
}

// inlineOnly is a provider that takes images as bytes only, as Ollama does.
func inlineOnly(t *testing.T) (doorOptions, *seen) {
	server, got := upstream(t, func(w http.ResponseWriter, r *http.Request) { jsonAnswer(w, r) })
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		check(t, err)
		if strings.Contains(string(body), `"http`) {
			refusing(400, `{"error":{"message":"invalid image input","type":"invalid_request_error"}}`)(w)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		inner.ServeHTTP(w, r)
	})
	return redirected("ollama", server.URL+"/v1", ""), got
}

// TestFilesByURL: an image that a request names by URL reaches a provider that does not fetch, as its content; also where
// the request went there raw at first.
func TestFilesByURL(t *testing.T) {
	o, got := inlineOnly(t)
	d := openDoor(t, o)
	file := files(t)
	for path := range showing {
		if strings.HasPrefix(path, "/v1/messages") { // raw there; see below
			continue
		}
		resp, text := d.show(path, "ollama/m", file+"/image")
		sent, _, _ := got.got()
		if resp.StatusCode != 200 || !strings.Contains(text, "hello") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
		if !strings.Contains(sent, "data:image/png;base64,"+base64.StdEncoding.EncodeToString([]byte(pixels))) {
			t.Errorf("%s: sent %s", path, sent)
		}
		r := d.lastRecord()
		if raw := path == "/v1/chat/completions"; r.Outcome != gateway.OK || len(r.Attempts) != map[bool]int{true: 2, false: 1}[raw] {
			t.Errorf("%s: %+v", path, r)
		}
	}
	o, got = inlineOnly(t)
	o.providers["moonshotai"] = o.providers["ollama"]
	o.secrets["moonshotai"] = providerSecret
	d = openDoor(t, o)
	for _, path := range []string{"/v1/messages", "/v1/messages?result"} {
		resp, text := d.show(path, "moonshotai/m", file+"/image")
		sent, _, _ := got.got()
		if resp.StatusCode != 200 || !strings.Contains(sent, base64.StdEncoding.EncodeToString([]byte(pixels))) {
			t.Errorf("%s: %d %s, sent %s", path, resp.StatusCode, text, sent)
		}
	}
}

// TestFilesThatDontCome: a clear refusal in the client's dialect that names the host, and nothing is sent.
func TestFilesThatDontCome(t *testing.T) {
	server, got := upstream(t, jsonAnswer)
	o := redirected("lmstudio", server.URL+"/v1", "")
	file := files(t)
	open, closed := openDoor(t, o), o
	closed.publicOnly = true
	strict := openDoor(t, closed)
	for path := range showing {
		if strings.HasPrefix(path, "/v1/messages") || path == "/v1/chat/completions" { // raw
			continue
		}
		for _, c := range []struct {
			d          *door
			file, says string
		}{
			{open, file + "/none?canary", "404"},
			{open, file + "/page?canary", "not "},
			{open, "http://user:canary@127.0.0.1/", "127.0.0.1"},
			{strict, file + "/image?canary", "fetch.allowPrivate"},
		} {
			resp, text := c.d.show(path, "lmstudio/m", c.file)
			if resp.StatusCode != 400 || !strings.Contains(text, c.says) || !strings.Contains(text, "127.0.0.1") || !strings.Contains(text, `"error"`) || strings.Contains(text, "canary") {
				t.Errorf("%s, %s: %d %s", path, c.file, resp.StatusCode, text)
			}
		}
	}
	if sent, _, _ := got.got(); sent != "" {
		t.Errorf("sent %s", sent)
	}
}
