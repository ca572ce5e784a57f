// Package desktop_test drives the real program in a real desktop session: the window, the panel's tray, a second start.
// It knows the program only from outside: its commands, its endpoint, D-Bus and the screen. See session.Open for how to
// run it; GATEHOUSE_BIN is the program (default build/bin/gatehouse).
package desktop_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse/build/desktop/session"
)

// gatehouse is a running program with a state folder of its own.
type gatehouse struct {
	t      testing.TB
	s      *session.Session
	bin    string
	home   string
	env    []string
	addr   string
	cmd    *exec.Cmd
	window *session.Window
	ended  chan struct{}
	err    error // after ended
	output bytes.Buffer
}

func start(t testing.TB, s *session.Session, env ...string) *gatehouse {
	t.Helper()
	return startWith(t, s, nil, env...)
}

func startWith(t testing.TB, s *session.Session, args []string, env ...string) *gatehouse {
	t.Helper()
	bin := os.Getenv("GATEHOUSE_BIN")
	if bin == "" {
		bin = filepath.Join("..", "bin", "gatehouse")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("build the program first (make build), or set GATEHOUSE_BIN: %v", err)
	}
	home, err := os.MkdirTemp("", "gatehouse") // t.TempDir's names are too long for the socket in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	g := &gatehouse{
		t: t, s: s, bin: bin, home: home, env: append(append(os.Environ(), "GATEHOUSE_HOME="+home), env...), addr: freeAddr(t),
		window: s.Window("Gatehouse"), ended: make(chan struct{}),
	}
	settings := fmt.Sprintf(`{"addr": %q, "activeModel": "sim/echo", "discoverLocal": false, "hostedList": false}`, g.addr)
	if err := os.WriteFile(filepath.Join(home, "gatehouse.jsonc"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	g.cmd = exec.Command(bin, args...)
	g.cmd.Env = g.env
	g.cmd.Stdout, g.cmd.Stderr = &g.output, &g.output
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		g.err = g.cmd.Wait()
		close(g.ended)
	}()
	t.Cleanup(g.stop)
	return g
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (g *gatehouse) pid() int { return g.cmd.Process.Pid }

func (g *gatehouse) running() bool {
	select {
	case <-g.ended:
		return false
	default:
		return true
	}
}

// stop ends the program as a session manager does; that must always work.
func (g *gatehouse) stop() {
	if g.running() {
		if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			g.t.Error(err)
		}
		g.awaitEnd()
	}
	g.lookForFaults()
	if g.t.Failed() {
		g.t.Logf("the program's output:\n%s", g.output.String())
	}
}

// lookForFaults fails the test for each page that could not be drawn, which the log tells of.
func (g *gatehouse) lookForFaults() {
	g.t.Helper()
	text, err := os.ReadFile(filepath.Join(g.home, "logs", "gatehouse.log"))
	if err != nil {
		g.t.Errorf("the log can't be read: %v", err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "a page ran into a fault") {
			g.t.Errorf("a page could not be drawn: %s", line)
		}
	}
}

// awaitEnd waits for the program to end well.
func (g *gatehouse) awaitEnd() {
	g.t.Helper()
	select {
	case <-g.ended:
		if g.err != nil {
			g.t.Errorf("the program ended with %v", g.err)
		}
	case <-time.After(session.Patience):
		g.cmd.Process.Kill()
		<-g.ended
		g.t.Fatal("the program did not end")
	}
}

// run runs another command of the program and gives its output.
func (g *gatehouse) run(args ...string) (string, error) {
	cmd := exec.Command(g.bin, args...)
	cmd.Env = g.env
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

func (g *gatehouse) must(args ...string) string {
	g.t.Helper()
	out, err := g.run(args...)
	if err != nil {
		g.t.Fatalf("gatehouse %s: %v", strings.Join(args, " "), err)
	}
	return out
}

// chat sends a chat completion for the active model and gives the status and the body.
func (g *gatehouse) chat(key string) (int, string) {
	g.t.Helper()
	body := `{"model":"gatehouse/active","messages":[{"role":"user","content":"hello"}]}`
	req, err := http.NewRequest(http.MethodPost, "http://"+g.addr+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// awaitServedBy gives the model that the newest settled request was served by, of so many requests in all. Records are written a moment after the answer.
func (g *gatehouse) awaitServedBy(requests int) string {
	g.t.Helper()
	deadline := time.Now().Add(session.Patience)
	for {
		var records []struct{ RequestedModel, Model, Outcome string }
		if err := json.Unmarshal([]byte(g.must("usage", "--json")), &records); err != nil {
			g.t.Fatal(err)
		}
		if len(records) >= requests && records[0].Outcome == "ok" {
			if records[0].RequestedModel != "gatehouse/active" {
				g.t.Errorf("requested model %q", records[0].RequestedModel)
			}
			return records[0].Model
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("no settled record of request %d: %+v", requests, records)
		}
	}
}

// active gives whether exactly the model has the check mark.
func active(model string) func(session.Entry) bool {
	return func(menu session.Entry) bool {
		labels := menu.CheckedLabels()
		return len(labels) == 1 && strings.Contains(labels[0], model)
	}
}

func entry(t *testing.T, menu session.Entry, label string) session.Entry {
	t.Helper()
	e, ok := menu.Find(label)
	if !ok {
		t.Fatalf("no entry %q in %+v", label, menu)
	}
	return e
}

func has(label string) func(session.Entry) bool {
	return func(menu session.Entry) bool { _, ok := menu.Find(label); return ok }
}
