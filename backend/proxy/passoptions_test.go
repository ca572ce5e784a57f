package proxy

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestPassOptions: what is passed on whole reads options too, and no provider sees them.
func TestPassOptions(t *testing.T) {
	server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":[],"usage":{"prompt_tokens":1,"total_tokens":1}}`)
	})
	d := openDoor(t, redirected("openai", server.URL, providerSecret))
	for _, path := range []string{"/v1/images/generations", "/v1/embeddings"} {
		const own = "sk-of-this-request-0123456789"
		resp, text := d.post(path, `{"providerOptions":{"gateway":{"byok":{"openai":[{"apiKey":"`+own+`"}]},"user":"ann"}},`+
			`"model":"openai/one","prompt":"p","input":"p"}`)
		body, header, _ := got.got()
		if resp.StatusCode != http.StatusOK || body != `{"model":"one","prompt":"p","input":"p"}` || header.Get("Authorization") != "Bearer "+own {
			t.Errorf("%s: %d %s: %s %v", path, resp.StatusCode, text, body, header)
		}
		if r := d.lastRecord(); r.User != "ann" {
			t.Errorf("%s: user %q", path, r.User)
		}
		resp, text = d.post(path, `{"model":"openai/one","prompt":"p","input":"p","providerOptions":{"gateway":{"magic":1}}}`)
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(text, "magic") {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

// TestHostedGetsItsOptions: wherever a request that is passed on asks for something that the hosted gateway does, that gets
// there, beside what it says to vendors; and nothing else does.
func TestHostedGetsItsOptions(t *testing.T) {
	for _, c := range []struct {
		name, body, header, want string
	}{
		{"nothing", `{"model":"groq/m","messages":[]}`, "", `{"model":"groq/m","messages":[]}`},
		{
			"headers", `{"model":"groq/m","messages":[]}`, "eu",
			`{"providerOptions":{"gateway":{"inferenceRegion":{"scope":"zone","geoRegion":"eu"}}},"model":"groq/m","messages":[]}`,
		},
		{
			"a vendor's own", `{"model":"groq/m","providerOptions":{"groq":{"x":1}},"messages":[]}`, "",
			`{"model":"groq/m","providerOptions":{"groq":{"x":1}},"messages":[]}`,
		},
		{
			"headers and a vendor's own", `{"model":"groq/m","messages":[],"providerOptions":{"groq":{"x":1}}}`, "us",
			`{"model":"groq/m","messages":[],"providerOptions":{"gateway":{"inferenceRegion":{"scope":"zone","geoRegion":"us"}},"groq":{"x":1}}}`,
		},
		{
			"what is done here", `{"model":"groq/m","messages":[],"providerOptions":{"groq":{"x":1},"gateway":{"only":["gateway"]}}}`, "",
			`{"model":"groq/m","messages":[],"providerOptions":{"groq":{"x":1}}}`,
		},
		{
			"the shorthand at the end", `{"messages":[],"model":"groq/m","models":["groq/n"],"provider":{"sort":"tps","only":["gateway","bedrock"]}}`, "",
			`{"providerOptions":{"gateway":{"only":["bedrock"],"sort":"tps"}},"messages":[],"model":"groq/m"}`,
		},
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/images/generations"} {
			server, got := upstream(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, inChat[0])
			})
			d := openDoor(t, redirected("gateway", server.URL, providerSecret))
			resp, text := d.post(path, c.body, func(r *http.Request) {
				if c.header != "" {
					r.Header.Set("X-Gatehouse-Inference-Region", c.header)
				}
			})
			if body, _, _ := got.got(); resp.StatusCode != http.StatusOK || body != c.want {
				t.Errorf("%s at %s: %d %s; the provider got\n%s, not\n%s", c.name, path, resp.StatusCode, text, body, c.want)
			}
		}
	}
}

// TestPassOptionsAreKeptOrRefused: of what a request that is passed on asks, each is done or refused by its name.
func TestPassOptionsAreKeptOrRefused(t *testing.T) {
	d, got := openPassDoor(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":"file-`+strings.Split(r.URL.Path, "/")[1]+`"}`)
	}, "openai", "groq", "gateway")
	form := func(fields ...string) (string, string) {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for i := 0; i+1 < len(fields); i += 2 {
			check(t, w.WriteField(fields[i], fields[i+1]))
		}
		check(t, w.Close())
		return body.String(), w.FormDataContentType()
	}
	plain, kind := form("model", "openai/whisper-1", "x", "y")
	bracketed, bracketedKind := form("model", "openai/whisper-1", "providerOptions[gateway][order][]", "groq")
	const own = "sk-of-this-request-0123456789"
	for _, c := range []struct {
		name, method, path, body, kind string
		headers                        []string
		status                         int
		said                           string // by the answer, or where it went
	}{
		{"a provider by name", "POST", "/v1/files", `{}`, "", []string{"X-Gatehouse-Provider", "groq"}, 200, "/groq/files"},
		{"the order", "POST", "/v1/files", `{}`, "", []string{"X-Gatehouse-Order", "groq,openai"}, 200, "/groq/files"},
		{"the only ones", "POST", "/v1/files", `{"providerOptions":{"gateway":{"only":["groq"]}}}`, "", nil, 200, "/groq/files"},
		{"the one that made it", "GET", "/v1/files/file-groq", "", "", []string{"X-Gatehouse-Provider", "groq"}, 200, "/groq/files/file-groq"},
		{"one that did not make it", "GET", "/v1/files/file-groq", "", "", []string{"X-Gatehouse-Provider", "openai"}, 400, "groq made what"},
		{"twice the same", "GET", "/v1/files/file-groq", "", "", []string{"X-Gatehouse-Provider", "groq", "X-Gatehouse-Only", "openai"}, 400, "send one of them"},
		{"its own credential", "POST", "/v1/files", `{"providerOptions":{"gateway":{"byok":{"groq":[{"apiKey":"` + own + `"}]},"order":["groq"]}}}`, "", nil, 200, own},
		{"a sort without a model", "POST", "/v1/files", `{}`, "", []string{"X-Gatehouse-Sort", "cost"}, 400, `sort\" means nothing for file storage`},
		{"retention without a model", "POST", "/v1/files", `{}`, "", []string{"X-Gatehouse-Zero-Data-Retention", "true"}, 400, `zeroDataRetention\" means nothing`},
		{"an unknown header", "POST", "/v1/files", `{}`, "", []string{"X-Gatehouse-Magic", "1"}, 400, "X-Gatehouse-Magic"},
		{"caching of an image", "POST", "/v1/images/generations", `{"model":"openai/i","providerOptions":{"gateway":{"caching":"auto"}}}`, "", nil, 400, `caching\" means nothing`},
		{"a tier that only the hosted one has", "POST", "/v1/images/generations", `{"model":"openai/i","providerOptions":{"gateway":{"serviceTier":"flex"}}}`, "", nil, 200, "/gateway/v1/images/generations"},
		{"a tier that nobody may give", "POST", "/v1/images/generations", `{"model":"openai/i","providerOptions":{"gateway":{"serviceTier":"flex","allowGatewayFallback":false}}}`, "", nil, 400, "no service tiers"},
		{"a form with headers", "POST", "/v1/audio/transcriptions", plain, kind, []string{"X-Gatehouse-User", "ann"}, 200, "/openai/audio/transcriptions"},
		{"a form to the hosted one", "POST", "/v1/images/edits", plain, kind, []string{"X-Gatehouse-User", "ann", "X-Gatehouse-Only", "gateway"}, 200, "/gateway/v1/images/edits"},
		{"a form that has no place", "POST", "/v1/images/edits", plain, kind, []string{"X-Gatehouse-Inference-Region", "eu"}, 400, "no place"},
		{"a form with fields", "POST", "/v1/audio/transcriptions", bracketed, bracketedKind, nil, 400, "providerOptions[gateway][order][]"},
	} {
		req, err := http.NewRequest(c.method, d.url+c.path, strings.NewReader(c.body))
		check(t, err)
		req.Header.Set("Authorization", "Bearer "+d.token)
		req.Header.Set("Content-Type", c.kind)
		if c.kind == "" {
			req.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i+1 < len(c.headers); i += 2 {
			req.Header.Set(c.headers[i], c.headers[i+1])
		}
		resp, text := d.do(req)
		body, header, url := got.got()
		where := text
		if resp.StatusCode == http.StatusOK {
			where = url + " " + header.Get("Authorization")
		}
		if resp.StatusCode != c.status || !strings.Contains(where, c.said) {
			t.Errorf("%s: %d %s, at %s", c.name, resp.StatusCode, text, where)
		}
		if strings.Contains(body, own) || header.Get("Ai-Reporting-User") != "" && !strings.HasPrefix(url, "/gateway/") {
			t.Errorf("%s: the provider got %s %v", c.name, body, header)
		}
	}
}

// TestPassPlans: a dry run of what begins something shows the one attempt that is made.
func TestPassPlans(t *testing.T) {
	d, got := openPassDoor(t, func(http.ResponseWriter, *http.Request) {}, "openai", "gateway")
	resp, text := d.post("/v1/videos", `{"model":"openai/sora-2","models":["openai/sora-3"]}`, func(r *http.Request) { r.Header.Set("X-Gatehouse-Dry-Run", "1") })
	plan := gjson.Parse(text)
	if resp.StatusCode != http.StatusOK || plan.Get("attempts.#").Int() != 1 || plan.Get("attempts.0.provider").String() != "openai" ||
		!strings.Contains(plan.Get(`left.#(model=="openai/sora-3")#|#(provider=="openai").reason`).String(), "begun twice") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if _, _, url := got.got(); url != "" {
		t.Errorf("%s was asked", url)
	}
}
