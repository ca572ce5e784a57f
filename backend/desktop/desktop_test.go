package desktop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/backend/event"
	"gatehouse/backend/llm"
)

type callerFunc func(ctx context.Context, name string, params []byte) (any, error)

func (f callerFunc) Call(ctx context.Context, name string, params []byte) (any, error) {
	return f(ctx, name, params)
}

func TestBridgeCall(t *testing.T) {
	ctx := t.Context()
	tests := []struct {
		name   string
		result any
		err    error
		want   string
		fails  string
	}{
		{name: "result", result: map[string]int{"a": 1}, want: `{"a":1}`},
		{name: "classed error", err: llm.Errorf(llm.ErrNotFound, `no "x"`), fails: `{"kind":"not found","message":"no \"x\""}`},
		{
			name: "other error", err: errors.New("secret detail"),
			fails: `{"kind":"internal","message":"something went wrong inside Gatehouse; the log says more"}`,
		},
		{
			name: "unwritable result", result: make(chan int),
			fails: `{"kind":"internal","message":"the result of m can't be written: json: unsupported type: chan int"}`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := NewBridge(ctx, callerFunc(func(got context.Context, name string, params []byte) (any, error) {
				if got != ctx || name != "m" || string(params) != `{"p":1}` {
					t.Errorf("called %s(%s)", name, params)
				}
				return test.result, test.err
			}), nil, Dialogs{})
			got, err := b.Call("m", `{"p":1}`)
			if test.fails != "" {
				if err == nil || err.Error() != test.fails {
					t.Errorf("error %v, want %s", err, test.fails)
				}
				return
			}
			if err != nil || got != test.want {
				t.Errorf("got %s, %v; want %s", got, err, test.want)
			}
		})
	}
}

func TestBridgeOpen(t *testing.T) {
	tests := []struct{ address, want string }{
		{"https://example.com/a?b=c#d", "https://example.com/a?b=c#d"},
		{"http://127.0.0.1:4283/", "http://127.0.0.1:4283/"},
		{"mailto:a@example.com", "mailto:a@example.com"},
		{"HTTPS://en.wikipedia.org/wiki/Gate_(disambiguation)", "https://en.wikipedia.org/wiki/Gate_%28disambiguation%29"},
		{"https://example.com/$(touch x);`y`", "https://example.com/%24%28touch%20x%29%3B%60y%60"},
		{"file:///etc/passwd", ""},
		{"javascript:alert(1)", ""},
		{"vscode://file/x", ""},
		{"data:text/html,x", ""},
		{"//example.com", ""},
		{"https://", ""},
		{"--help", ""},
		{"", ""},
		{"https://exa mple.com", ""},
		{"https://example.com/\x00", ""},
	}
	for _, test := range tests {
		t.Run(test.address, func(t *testing.T) {
			var got string
			err := NewBridge(t.Context(), nil, func(a string) { got = a }, Dialogs{}).Open(test.address)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Errorf("opened %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	f.Add("https://example.com/(a)")
	f.Add("mailto:x")
	f.Add("javascript:x")
	f.Fuzz(func(t *testing.T, address string) {
		_ = NewBridge(t.Context(), nil, func(opened string) {
			if !strings.HasPrefix(opened, "http://") && !strings.HasPrefix(opened, "https://") &&
				!strings.HasPrefix(opened, "mailto:") {
				t.Errorf("%q opens %q", address, opened)
			}
			if strings.ContainsAny(opened, " \t\r\n\x00;|`$\\<>*{}()~!") {
				t.Errorf("%q opens %q, which a shell could take apart", address, opened)
			}
		}, Dialogs{}).Open(address)
	})
}

func TestBridgeDialogs(t *testing.T) {
	broken := errors.New("no portal")
	b := NewBridge(t.Context(), nil, nil, Dialogs{
		Save: func(title, name string) (string, error) { return "/srv/" + title + "/" + name, nil },
		Pick: func(title string) (string, error) {
			if title == "" {
				return "", broken
			}
			return "", nil // the user chose none
		},
	})
	if got, err := b.Save("Backup", "b.db"); got != "/srv/Backup/b.db" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := b.Pick("Backup"); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := b.Pick(""); !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), `{"kind":"internal"`) {
		t.Errorf("%v", err)
	}
}

type message struct {
	Seq  uint64          `json:"seq"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

func read(t *testing.T, c <-chan message) message {
	t.Helper()
	select {
	case m := <-c:
		return m
	case <-time.After(30 * time.Second):
		t.Fatal("gave up waiting for an event")
		return message{}
	}
}

func TestFeed(t *testing.T) {
	var broker event.Broker
	got := make(chan message)
	reached := make(chan struct{}, 1)
	release := make(chan struct{})
	blocking := true
	feed := &Feed{
		Events: &broker, Log: slog.New(slog.DiscardHandler),
		Caller: callerFunc(func(_ context.Context, name string, _ []byte) (any, error) {
			if name != "status.get" {
				return nil, fmt.Errorf("unexpected call %s", name)
			}
			return "fresh", nil
		}),
		Emit: func(name, payload string) {
			var m message
			if err := json.Unmarshal([]byte(payload), &m); err != nil || name != "gatehouse" {
				t.Errorf("%s: %s: %v", name, payload, err)
			}
			if blocking {
				blocking = false
				reached <- struct{}{}
				<-release
			}
			got <- m
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); feed.Run(ctx) }()
	// The subscription is made inside Run; the first event may come before it and is then sent again.
	for sent := false; !sent; {
		broker.PublishEnd("first", 1)
		select {
		case <-reached:
			sent = true
		default:
		}
	}
	// The window is stuck in its first event while more come in than may wait.
	for i := range feedLimit + 1 {
		broker.PublishEnd("more", i)
	}
	close(release)
	first := read(t, got)
	if first.Type != "first" || first.Seq == 0 || string(first.Data) != "1" {
		t.Errorf("first event %+v", first)
	}
	last := first
	for m := read(t, got); ; m = read(t, got) {
		if m.Type == "status" {
			if string(m.Data) != `"fresh"` || m.Seq != last.Seq {
				t.Errorf("after the gap: %+v, the last before was %d", m, last.Seq)
			}
			break
		}
		if m.Seq <= last.Seq {
			t.Errorf("%d after %d", m.Seq, last.Seq)
		}
		last = m
	}
	for _, want := range listEvents {
		if m := read(t, got); m.Type != want || string(m.Data) != "{}" {
			t.Errorf("after the gap: %+v, want %s", m, want)
		}
	}
	cancel()
	<-done
}

func TestAskClose(t *testing.T) {
	var got string
	(&Feed{Emit: func(_, payload string) { got = payload }}).AskClose()
	if want := `{"seq":0,"type":"window.closeAsked","data":{}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

type toolkit struct{ did []string }

func (k *toolkit) Show() { k.did = append(k.did, "show") }
func (k *toolkit) Hide() { k.did = append(k.did, "hide") }
func (k *toolkit) Quit() { k.did = append(k.did, "quit") }

func TestWindowClose(t *testing.T) {
	tests := []struct {
		name    string
		tray    bool
		before  func(w *Window, k *toolkit)
		prevent bool
		asked   bool
		want    string
	}{
		{"tray: hides", true, func(w *Window, k *toolkit) { w.Started(k); w.Loaded() }, true, false, "[hide]"},
		{"no tray: asks", false, func(w *Window, k *toolkit) { w.Started(k); w.Loaded() }, true, true, "[]"},
		{"no page: closes", false, func(w *Window, k *toolkit) { w.Started(k) }, false, false, "[]"},
		{"quitting: closes", true, func(w *Window, k *toolkit) { w.Started(k); w.Loaded(); w.Quit() }, false, false, "[quit]"},
		{
			"quit before the start", true, func(w *Window, k *toolkit) { w.Show(); w.Hide(); w.Quit(); w.Started(k) },
			false, false, "[quit]",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			asked := false
			k := &toolkit{}
			w := NewWindow(func(context.Context) bool { return test.tray }, func() { asked = true })
			test.before(w, k)
			prevent := w.BeforeClose(t.Context())
			w.Wait()
			if !prevent && !w.BeforeClose(t.Context()) {
				t.Error("it closes a second time")
			}
			if prevent != test.prevent || asked != test.asked || fmt.Sprint(k.did) != test.want {
				t.Errorf("prevent %v, asked %v, did %v", prevent, asked, k.did)
			}
		})
	}
}

// TestWindowHidden: a window that starts hidden is shown by whoever wants it, whenever that is, on the page that was asked
// for last.
func TestWindowHidden(t *testing.T) {
	var asked []string
	page := func(name string) func() { return func() { asked = append(asked, name) } }
	for name, c := range map[string]struct {
		do   func(w *Window, k *toolkit)
		want string
	}{
		"left alone":              {func(w *Window, k *toolkit) { w.Started(k); w.Loaded() }, "[] []"},
		"shown before the start":  {func(w *Window, k *toolkit) { w.Show(); w.Started(k); w.Loaded() }, "[show] []"},
		"opened before the start": {func(w *Window, k *toolkit) { w.Open(page("a")); w.Open(page("b")); w.Started(k); w.Loaded() }, "[show] [b]"},
		"opened before the page":  {func(w *Window, k *toolkit) { w.Started(k); w.Open(page("a")); w.Loaded() }, "[show show] [a]"},
		"opened later":            {func(w *Window, k *toolkit) { w.Started(k); w.Loaded(); w.Open(page("a")) }, "[show] [a]"},
	} {
		asked = nil
		k := &toolkit{}
		w := NewWindow(func(context.Context) bool { return true }, func() {})
		w.StartsHidden()
		c.do(w, k)
		if got := fmt.Sprint(k.did, " ", asked); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

type shown chan struct{}

func (s shown) Show() { s <- struct{}{} }
func (s shown) Hide() {}
func (s shown) Quit() {}

// TestStayReachable: without a tray a hidden window comes back, and one that the tray could bring back does not.
func TestStayReachable(t *testing.T) {
	var tray atomic.Bool
	asked := make(chan struct{}, 1)
	w := NewWindow(func(context.Context) bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		return tray.Load()
	}, func() {})
	s := make(shown, 1)
	w.StartsHidden()
	w.Started(s)
	ctx, cancel := context.WithCancel(t.Context())
	present := make(chan bool)
	done := make(chan struct{})
	tray.Store(true)
	go func() { defer close(done); w.StayReachable(ctx, present, time.Millisecond) }()
	<-asked // the grace of the start is over
	select {
	case <-s:
		t.Error("shown beside a tray")
	default:
	}
	present <- true
	tray.Store(false)
	present <- false
	<-s
	cancel()
	<-done
}
