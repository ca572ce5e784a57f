package proxy

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

const hello = `{"model":"sim/echo","max_tokens":50,"messages":[{"role":"user","content":"hi"}]}`

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(h string) func(*http.Request) { return func(r *http.Request) { r.Host = h } }

// routes is every route there is, and some that are not: a check that holds must hold on all of them.
var routes = []struct{ method, path string }{
	{"POST", "/v1/chat/completions"},
	{"POST", "/v1/messages"},
	{"POST", "/v1/embeddings"},
	{"POST", "/v4/ai/embedding-model"},
	{"POST", "/v1beta/models/sim/embed:embedContent"},
	{"GET", "/v1/models"},
	{"GET", "/v1/models/sim/echo"},
	{"GET", "/v1beta/models"},
	{"GET", "/codex/v1/models"},
	{"POST", "/claude-code/v1/messages"},
	{"POST", "/cursor/v1/chat/completions"},
	{"GET", "/healthz"},
	{"GET", "/"},
	{"POST", "/api/status.get"},
	{"GET", "/no/such/route"},
	{"DELETE", "/v1/models"},
	{"OPTIONS", "/v1/chat/completions"},
	{"CONNECT", "/v1/messages"},
	{"POST", "//v1/messages"},
}

func (d *door) ask(method, path string, edit ...func(*http.Request)) (*http.Response, string) {
	d.t.Helper()
	body := ""
	if method == http.MethodPost {
		body = hello
	}
	req, err := http.NewRequest(method, d.url+"/", strings.NewReader(body))
	check(d.t, err)
	req.URL.Path, req.URL.Opaque = path, ""
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d.do(req, edit...)
}

// TestOnlyOurHost: DNS rebinding gives itself away by the Host header.
func TestOnlyOurHost(t *testing.T) {
	d := openDoor(t, doorOptions{})
	port := d.Addresses()[0][strings.LastIndex(d.Addresses()[0], ":"):]
	for _, good := range []string{"127.0.0.1" + port, "localhost" + port, "LOCALHOST" + port, "[::1]" + port} {
		if resp, text := d.post("/v1/chat/completions", hello, host(good)); resp.StatusCode != 200 {
			t.Errorf("%s: %d %s", good, resp.StatusCode, text)
		}
	}
	for _, bad := range []string{
		"evil.test" + port, "evil.test", "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1.evil.test" + port, "localhost.evil.test" + port,
		"127.0.0.2" + port, "0.0.0.0" + port, "localhost:4283/#@x", "[::1]", "user@localhost" + port, "localhost." + port,
	} {
		for _, route := range routes {
			resp, text := d.ask(route.method, route.path, host(bad), header("Authorization", "Bearer "+d.token))
			// net/http refuses some of these by itself, as malformed.
			if resp.StatusCode != 403 && resp.StatusCode != 400 {
				t.Errorf("%s %s with Host %s: %d %s", route.method, route.path, bad, resp.StatusCode, text)
			}
		}
	}
}

// TestNoWebPages: whatever a browser lets a page send is refused, key or not, and nothing is ever allowed by CORS.
func TestNoWebPages(t *testing.T) {
	d := openDoor(t, doorOptions{limits: Limits{AllowedOrigins: []string{"http://localhost:3000"}}})
	for _, c := range []struct {
		name string
		edit func(*http.Request)
	}{
		{"origin", header("Origin", "https://evil.test")},
		{"opaque origin", header("Origin", "null")},
		{"own origin", header("Origin", d.url)},
		{"nearly allowed", header("Origin", "http://localhost:3000.evil.test")},
		{"two origins", func(r *http.Request) { r.Header["Origin"] = []string{"http://localhost:3000", "https://evil.test"} }},
		{"referer", header("Referer", "https://evil.test/page")},
		{"image or script", header("Sec-Fetch-Site", "cross-site")},
		{"another port's page", header("Sec-Fetch-Site", "same-site")},
		{"a page of ours, if there were one", header("Sec-Fetch-Site", "same-origin")},
		{"websocket", func(r *http.Request) {
			r.Header.Set("Origin", "https://evil.test")
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "websocket")
		}},
	} {
		for _, route := range routes {
			resp, text := d.ask(route.method, route.path, c.edit, header("Authorization", "Bearer "+d.token))
			if resp.StatusCode != 403 {
				t.Errorf("%s, %s %s: %d %s", c.name, route.method, route.path, resp.StatusCode, text)
			}
			for name := range resp.Header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s, %s %s: %s", c.name, route.method, route.path, name)
				}
			}
		}
	}
	for _, edit := range []func(*http.Request){
		header("Origin", "http://localhost:3000"), header("Referer", "http://localhost:3000/app"), header("Sec-Fetch-Site", "none"),
	} {
		if resp, text := d.post("/v1/chat/completions", hello, edit); resp.StatusCode != 200 {
			t.Errorf("what is allowed was refused: %d %s", resp.StatusCode, text)
		}
	}
}

// TestEveryRouteWantsAKey, in every place where a key can stand; only healthz goes without.
func TestEveryRouteWantsAKey(t *testing.T) {
	d := openDoor(t, doorOptions{})
	carriers := map[string]func(token string) func(*http.Request){
		"bearer":         func(k string) func(*http.Request) { return header("Authorization", "Bearer "+k) },
		"lower bearer":   func(k string) func(*http.Request) { return header("Authorization", "bearer "+k) },
		"x-api-key":      func(k string) func(*http.Request) { return header("x-api-key", k) },
		"x-goog-api-key": func(k string) func(*http.Request) { return header("x-goog-api-key", k) },
		"api-key":        func(k string) func(*http.Request) { return header("api-key", k) },
	}
	for _, route := range routes {
		if route.path == "/healthz" {
			if resp, text := d.ask(route.method, route.path); resp.StatusCode != 200 {
				t.Errorf("healthz: %d %s", resp.StatusCode, text)
			}
			continue
		}
		if resp, text := d.ask(route.method, route.path); resp.StatusCode != 401 {
			// the mux redirects //v1/messages to /v1/messages before any handler
			if resp.StatusCode != 301 && resp.StatusCode != 307 {
				t.Errorf("%s %s without a key: %d %s", route.method, route.path, resp.StatusCode, text)
			}
		}
		for name, carry := range carriers {
			for _, wrong := range []string{"x", d.token + "x", d.token[:len(d.token)-1], strings.ToUpper(d.token), "gh_" + strings.Repeat("0", 10) + "_" + strings.Repeat("0", 43)} {
				resp, text := d.ask(route.method, route.path, carry(wrong))
				if resp.StatusCode == 301 || resp.StatusCode == 307 {
					continue
				}
				if resp.StatusCode != 401 || strings.Contains(text, wrong) && len(wrong) > 1 {
					t.Errorf("%s %s, wrong key in %s: %d %s", route.method, route.path, name, resp.StatusCode, text)
				}
			}
		}
	}
	for name, carry := range carriers {
		if resp, text := d.ask("POST", "/v1/messages", carry(d.token)); resp.StatusCode != 200 {
			t.Errorf("right key in %s: %d %s", name, resp.StatusCode, text)
		}
	}
	// SDKs may send a left-over provider key beside ours.
	if resp, text := d.ask("POST", "/v1/messages", header("X-Api-Key", "sk-ant-left-over"), header("Authorization", "Bearer "+d.token)); resp.StatusCode != 200 {
		t.Errorf("two keys, one right: %d %s", resp.StatusCode, text)
	}
	if resp, _ := d.ask("POST", "/v1/messages?key="+d.token, header("Authorization", "Basic "+d.token)); resp.StatusCode != 401 {
		t.Error("a key in the URL or in Basic must not count")
	}
}

func TestRevokedExpiredAndRestrictedKeys(t *testing.T) {
	d := openDoor(t, doorOptions{active: "sim/echo"})
	key, token, err := d.keys.Create(access.NewKey{Name: "short", Models: []string{"sim/stream", "openai/*"}})
	check(t, err)
	use := header("Authorization", "Bearer "+token)
	for model, want := range map[string]int{
		"sim/echo": 403, "gatehouse/active": 403, "echo": 403, "openai/gpt": 403, // the last: allowed, but no credential
	} {
		resp, text := d.post("/v1/chat/completions", strings.Replace(hello, "sim/echo", model, 1), use)
		if resp.StatusCode != want {
			t.Errorf("%s: %d %s", model, resp.StatusCode, text)
		}
		if allowed := strings.Contains(text, "credential_missing"); allowed != (model == "openai/gpt") {
			t.Errorf("%s: %s", model, text)
		}
	}
	if resp, text := d.post("/v1/chat/completions", `{"model":"sim/stream","messages":[{"role":"user","content":"tokens=3 rate=0"}]}`, use); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if _, text := d.ask("GET", "/v1/models", use); strings.Contains(text, "sim/echo") || !strings.Contains(text, "openai/gpt") {
		t.Errorf("models of a restricted key: %s", text)
	}
	_, err = d.keys.Revoke(key.ID)
	check(t, err)
	if resp, text := d.post("/v1/chat/completions", hello, use); resp.StatusCode != 401 || !strings.Contains(text, "revoked") {
		t.Errorf("revoked: %d %s", resp.StatusCode, text)
	}
}

// TestBadInput: each with its status, in each dialect's shape, saying what to do.
func TestBadInput(t *testing.T) {
	d := openDoor(t, doorOptions{limits: Limits{MaxBodyBytes: 2000}})
	for _, c := range []struct {
		name, body string
		status     int
		says       string
	}{
		{"not JSON", `hello`, 400, "not valid JSON"},
		{"cut JSON", `{"model":"sim/echo","messages":[`, 400, "not valid JSON"},
		{"nothing", ``, 400, "empty"},
		{"no model", `{"messages":[]}`, 400, "names no model"},
		{"model of another type", `{"model":7}`, 400, "must be a string"},
		{"two models", `{"model":"sim/echo","model":"sim/stream"}`, 400, "second member"},
		{"unknown model", strings.Replace(hello, "sim/echo", "no-such", 1), 404, "GET /v1/models"},
		{"unknown provider", strings.Replace(hello, "sim/echo", "nobody/m", 1), 404, "nobody"},
		{"no credential", strings.Replace(hello, "sim/echo", "groq/m", 1), 403, "gatehouse credential set groq"},
		{"too large", `{"model":"sim/echo","x":"` + strings.Repeat("x", 3000) + `"}`, 413, "maxBodyBytes"},
	} {
		for _, path := range []string{"/v1/chat/completions", "/v1/messages"} {
			if c.name == "no credential" && path == "/v1/messages" {
				continue
			}
			resp, text := d.post(path, c.body)
			if resp.StatusCode != c.status || !strings.Contains(text, c.says) {
				t.Errorf("%s at %s: %d %s", c.name, path, resp.StatusCode, text)
			}
			if shape := `{"type":"error","error":{`; strings.HasPrefix(text, shape) != (path == "/v1/messages") {
				t.Errorf("%s at %s has another dialect's shape: %s", c.name, path, text)
			}
		}
	}
	chunked := func(r *http.Request) { r.ContentLength = -1 }
	if resp, _ := d.post("/v1/chat/completions", `{"x":"`+strings.Repeat("x", 3000)+`"}`, chunked); resp.StatusCode != 413 {
		t.Errorf("too large without a length: %d", resp.StatusCode)
	}
	for path, says := range map[string]string{"/chat/completions": "/v1", "/v1/v1/messages": "one /v1 too many"} {
		if resp, text := d.post(path, hello); resp.StatusCode != 404 || !strings.Contains(text, says) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, text)
		}
	}
}

// TestTooLargeIsRefusedBeforeItIsSent: the length that a client announces is enough.
func TestTooLargeIsRefusedBeforeItIsSent(t *testing.T) {
	d := openDoor(t, doorOptions{limits: Limits{MaxBodyBytes: 2000}})
	conn, err := net.Dial("tcp", d.Addresses()[0])
	check(t, err)
	defer conn.Close() //nolint:errcheck // only the answer matters
	check(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: %s\r\nX-Api-Key: %s\r\nContent-Length: 1000000000\r\n\r\n",
		d.Addresses()[0], d.token)
	check(t, err)
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(status, "413") {
		t.Errorf("%q, %v", status, err)
	}
}

func TestPause(t *testing.T) {
	d := openDoor(t, doorOptions{})
	d.SetPaused(true)
	if resp, text := d.post("/v1/messages", hello); resp.StatusCode != 503 || !strings.Contains(text, "gatehouse resume") {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
	if _, text := d.ask("GET", "/healthz"); !strings.Contains(text, "paused") {
		t.Error(text)
	}
	d.SetPaused(false)
	if resp, text := d.post("/v1/messages", hello); resp.StatusCode != 200 {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

func TestListenRefuses(t *testing.T) {
	d := openDoor(t, doorOptions{})
	for addr, says := range map[string]string{
		"0.0.0.0:0": "loopback", "192.168.1.2:4283": "loopback", ":4283": "no address", "[::]:0": "loopback", "nonsense": "no address",
		"example.com:80": "no address", d.Addresses()[0]: "another program has the port",
	} {
		other := New(d.Options)
		err := other.Listen(addr)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", addr, err)
		}
		if err == nil {
			check(t, other.http.Close())
		}
	}
}

// TestRefusedRequestsLeaveALine: what was let in is in the history, whatever became of it.
func TestRefusedRequestsLeaveALine(t *testing.T) {
	d := openDoor(t, doorOptions{})
	d.post("/v1/chat/completions", `{"model":"nobody/m"}`)
	r := d.lastRecord()
	if r.Outcome != gateway.Failed || r.RequestedModel != "nobody/m" || r.ErrorKind != llm.ErrNotFound || r.Status != 404 {
		t.Errorf("record %+v", r)
	}
	if r.StartedAt.After(time.Now()) {
		t.Error("it starts in the future")
	}
}
