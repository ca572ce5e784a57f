package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"gatehouse/backend/control"
)

// serveVariable makes the test binary a Gatehouse that serves the state folder it names, until it is killed.
const serveVariable = "GATEHOUSE_TEST_SERVE"

func TestMain(m *testing.M) {
	_ = os.Setenv("HTTPS_PROXY", "http://127.0.0.1:1") // the hosted gateway is asked for nothing
	if home := os.Getenv(serveVariable); home != "" {
		serveUntilKilled(home)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(home string) {
	core, err := Open(Options{Home: home, Version: "test", Build: "headless", Addr: "127.0.0.1:0", Pages: fstest.MapFS{}})
	if err == nil {
		err = core.Start()
	}
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	fmt.Println(core.Service().Status().Endpoint.URL)
	select {}
}

// served is a Gatehouse in a process of its own.
type served struct {
	cmd *exec.Cmd
	url string
}

func serve(t *testing.T, home string, env ...string) *served {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"="+home, "GORACE=halt_on_error=1")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://") {
		t.Fatalf("it does not serve: %q, %v", line, err)
	}
	return &served{cmd, strings.TrimSpace(line)}
}

// shortHome gives a state folder with a path that a socket may have.
func shortHome(t *testing.T) string {
	t.Helper()
	home, err := os.MkdirTemp("", "gh")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	return home
}

func call[R any](t *testing.T, home, name string, params any) R {
	t.Helper()
	client, err := control.Dial(home)
	if err != nil {
		t.Fatal(err)
	}
	var result R
	if err := client.Call(context.Background(), name, params, &result); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return result
}

// TestKilledInMidStream: kill -9 in the middle of 50 streams, 20 times over the same state folder. Every request whose
// first byte a client saw is in the history, settled or interrupted.
func TestKilledInMidStream(t *testing.T) {
	const rounds, streams = 20, 50
	home := shortHome(t)
	began := map[string]bool{}
	token := ""
	for range rounds {
		s := serve(t, home)
		if token == "" {
			token = call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "crash"}).Secret
		}
		for id := range killWithin(t, s, token, streams, rand.N(60)+1) {
			began[id] = true
		}
	}
	if len(began) < rounds*5 {
		t.Fatalf("only %d requests began; the test is too weak", len(began))
	}
	s := serve(t, home)
	defer s.cmd.Process.Kill() //nolint:errcheck // the cleanup waits
	outcomes := map[string]int{}
	next := ""
	for {
		page := call[control.UsagePage](t, home, "usage.list", control.UsageQuery{Limit: 1000, Before: next})
		for _, r := range page.Records {
			outcomes[r.Outcome]++
			if r.Outcome == "open" {
				t.Errorf("%s is still open", r.ID)
			}
			if began[r.ID] {
				delete(began, r.ID)
			}
		}
		if next = page.Next; next == "" {
			break
		}
	}
	t.Logf("outcomes: %v", outcomes)
	if len(began) > 0 {
		t.Errorf("%d requests that clients saw begin are missing", len(began))
	}
	if status := call[control.Status](t, home, "status.get", control.Empty{}); status.History.SetAside != "" {
		t.Errorf("the database did not open: it was set aside as %s", status.History.SetAside)
	}
}

// killWithin starts streams and kills the process when its clients saw about chunks pieces each; it gives the ids of the
// requests that clients saw begin.
func killWithin(t *testing.T, s *served, token string, streams, chunks int) map[string]bool {
	t.Helper()
	var (
		mu    sync.Mutex
		ids   = map[string]bool{}
		count int
		kill  = make(chan struct{})
		once  sync.Once
		all   sync.WaitGroup
	)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 0}}
	defer client.CloseIdleConnections()
	for range streams {
		all.Go(func() {
			for { // one stream after the other, until the process is gone
				body := `{"model":"sim/stream","stream":true,"messages":[{"role":"user","content":"tokens=100 rate=200"}]}`
				req, err := http.NewRequest(http.MethodPost, s.url+"/v1/chat/completions", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+token)
				resp, err := client.Do(req)
				if err != nil {
					return
				}
				mu.Lock()
				ids[resp.Header.Get("X-Gatehouse-Request-Id")] = true
				mu.Unlock()
				piece := make([]byte, 512)
				for {
					if _, err := resp.Body.Read(piece); err != nil {
						break
					}
					mu.Lock()
					if count++; count > streams*chunks {
						once.Do(func() { close(kill) })
					}
					mu.Unlock()
				}
				_ = resp.Body.Close()
			}
		})
	}
	select {
	case <-kill:
	case <-time.After(60 * time.Second):
		t.Error("the streams do not flow")
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = s.cmd.Wait()
	all.Wait()
	return ids
}

// TestStateFolderIsPrivate: nobody else can enter the folder or use the socket.
func TestStateFolderIsPrivate(t *testing.T) {
	home := filepath.Join(shortHome(t), "state")
	serve(t, home)
	for name, want := range map[string]os.FileMode{".": 0o700, control.SocketName: 0o600, "gatehouse.db": 0o600, "logs": 0o700} {
		info, err := os.Stat(filepath.Join(home, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", name, info.Mode().Perm(), want)
		}
	}
}

// TestAdminAndModelsAreApart: a local API key opens no admin call, and a page's session opens no model endpoint.
func TestAdminAndModelsAreApart(t *testing.T) {
	home := shortHome(t)
	s := serve(t, home)
	token := call[control.CreatedKey](t, home, "keys.create", control.NewKey{Name: "apart"}).Secret
	link := call[control.Link](t, home, "pages.link", control.Empty{}).URL
	pages := link[:strings.Index(link, "/open")]

	get := func(method, url string, edit func(*http.Request)) (int, string, *http.Response) {
		req, err := http.NewRequest(method, url, strings.NewReader(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if edit != nil {
			edit(req)
		}
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close() //nolint:errcheck // read to the end
		text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text), resp
	}
	withKey := func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Api-Key", token)
	}
	for _, path := range []string{"/api/status.get", "/api/keys.create", "/api/events", "/"} {
		if status, text, _ := get("POST", pages+path, withKey); status != 401 && status != 405 {
			t.Errorf("an API key at %s of the pages: %d %s", path, status, text)
		}
		if status, text, _ := get("POST", s.url+path, withKey); status != 404 {
			t.Errorf("an API key at %s of the endpoint: %d %s", path, status, text)
		}
	}
	status, _, resp := get("GET", link, nil)
	if status != 303 || len(resp.Cookies()) != 1 {
		t.Fatalf("the link gave %d with cookies %v", status, resp.Cookies())
	}
	cookie := resp.Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie %+v", cookie)
	}
	withCookie := func(r *http.Request) { r.AddCookie(cookie) }
	if status, text, _ := get("POST", pages+"/api/status.get", withCookie); status != 200 || !json.Valid([]byte(text)) {
		t.Errorf("the session at the pages: %d %s", status, text)
	}
	if status, _, _ := get("GET", link, nil); status != 401 {
		t.Errorf("the link works twice: %d", status)
	}
	for _, path := range []string{"/v1/models", "/v1/chat/completions", "/v1/messages"} {
		if status, text, _ := get("POST", s.url+path, withCookie); status != 401 {
			t.Errorf("the session at %s of the endpoint: %d %s", path, status, text)
		}
		if status, text, _ := get("POST", s.url+path, func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+cookie.Value)
		}); status != 401 {
			t.Errorf("the session as a key at %s: %d %s", path, status, text)
		}
	}
	for name, edit := range map[string]func(*http.Request){
		"no session": nil,
		"made-up session": func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: "AAAAAAAAAAAAAAAAAAAAAAAAAA"})
		},
		"another host": func(r *http.Request) { withCookie(r); r.Host = "evil.test" },
		"localhost": func(r *http.Request) {
			withCookie(r)
			r.Host = "localhost" + r.URL.Host[strings.Index(r.URL.Host, ":"):]
		},
		"another origin":   func(r *http.Request) { withCookie(r); r.Header.Set("Origin", "https://evil.test") },
		"endpoint's page":  func(r *http.Request) { withCookie(r); r.Header.Set("Origin", s.url) },
		"another site":     func(r *http.Request) { withCookie(r); r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"form of any site": func(r *http.Request) { withCookie(r); r.Header.Set("Content-Type", "text/plain") },
	} {
		if status, text, resp := get("POST", pages+"/api/status.get", edit); status < 400 || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
}
