package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
)

// handTimer is a timer that the test lets fire.
type handTimer struct {
	mu    sync.Mutex
	f     func()
	armed bool
}

func (h *handTimer) Stop() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.armed
	h.armed = false
	return was
}

func (h *handTimer) Reset(time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.armed = true
	return true
}

// pass lets n ticks pass and waits until what is due then is written.
func (d *door) pass(h *handTimer, n int) {
	for range n {
		if h.Stop() {
			h.f()
		}
	}
	d.keeper.writing.Wait()
}

// byHand makes a door whose timers come through a channel.
func byHand(o doorOptions) (doorOptions, chan *handTimer) {
	timers := make(chan *handTimer, 8)
	o.edit = func(s *Options, _ *gateway.Options) {
		s.AfterFunc = func(_ time.Duration, f func()) Timer {
			h := &handTimer{f: f, armed: true}
			timers <- h
			return h
		}
	}
	return o, timers
}

// held is an upstream that says each thing when the test lets it. The first thing may be a whole answer.
type held struct {
	say     chan func(w http.ResponseWriter)
	arrived chan struct{}
	left    chan struct{} // a request is over
	last    atomic.Pointer[func(http.ResponseWriter)]
}

func newHeld(t *testing.T, id string) (doorOptions, *held) {
	h := &held{say: make(chan func(http.ResponseWriter)), arrived: make(chan struct{}, 8), left: make(chan struct{}, 8)}
	server, _ := upstream(t, func(w http.ResponseWriter, r *http.Request) {
		h.arrived <- struct{}{}
		defer func() { h.left <- struct{}{} }()
		for said := false; ; said = true {
			select {
			case f, more := <-h.say:
				if !more {
					if last := h.last.Load(); last != nil && !said { // asked again, it says the same
						(*last)(w)
					}
					return
				}
				h.last.Store(&f)
				f(w)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	base := server.URL
	if id != "anthropic" {
		base += "/v1"
	}
	return redirected(id, base, providerSecret), h
}

func text(s string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "text/event-stream")
		}
		_, _ = io.WriteString(w, s)
	}
}

func refusing(status int, body string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// open sends a request whose answer is read line by line.
func (d *door) open(c client, model string, stream bool) <-chan *http.Response {
	got := make(chan *http.Response, 1)
	body := strings.NewReplacer("MODEL", model, "STREAM", fmt.Sprint(stream), "TEXT", "hello").Replace(c.text)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	d.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url+c.path(model, stream), strings.NewReader(body))
	check(d.t, err)
	req.Header.Set("Authorization", "Bearer "+d.token)
	if c.header != nil {
		for name, values := range c.header(model, stream) {
			req.Header[name] = values
		}
	}
	go func() {
		resp, err := d.client.Do(req)
		if err != nil {
			d.t.Error(err)
			close(got)
			return
		}
		got <- resp
	}()
	return got
}

const (
	anthropicStart = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n"
	anthropicText  = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a canary\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
	anthropicEnd   = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":3}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	anthropicBusy  = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n"
)

func streamed(resp *http.Response) (*bufio.Reader, func() string) {
	r := bufio.NewReader(resp.Body)
	return r, func() string {
		rest, err := io.ReadAll(r)
		_ = resp.Body.Close()
		if err != nil {
			return string(rest) + "BROKEN OFF"
		}
		return string(rest)
	}
}

// waiting are the clients whose streams have a place for a keep-alive.
func waiting() []client {
	return slices.DeleteFunc(slices.Clone(clients), func(c client) bool { return strings.HasPrefix(c.name, "ollama") })
}

func aliveOf(c client) string {
	if c.name == "messages" {
		return "event: ping\n"
	}
	return ": keep-alive\n"
}

// TestKeepAlive: while the upstream is silent, before its header and between its events, each client gets what its
// dialect passes over, and the answer is whole all the same.
func TestKeepAlive(t *testing.T) {
	for _, c := range waiting() {
		o, up := newHeld(t, "anthropic")
		o, timers := byHand(o)
		d := openDoor(t, o)
		coming := d.open(c, "anthropic/m", true)
		timer := <-timers
		<-up.arrived
		d.pass(timer, patience)
		resp := <-coming
		if resp == nil || resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
			t.Fatalf("%s: %+v", c.name, resp)
		}
		r, rest := streamed(resp)
		if line, err := r.ReadString('\n'); line != aliveOf(c) {
			t.Errorf("%s: the first line is %q, %v", c.name, line, err)
		}
		up.say <- text(anthropicStart + anthropicText)
		sofar := ""
		for !strings.Contains(sofar, "canary") {
			line, err := r.ReadString('\n')
			check(t, err)
			sofar += line
		}
		lines := make(chan string)
		go func() {
			defer close(lines)
			for {
				line, err := r.ReadString('\n')
				if err != nil || line == aliveOf(c) {
					lines <- line
					return
				}
			}
		}()
		for found := false; !found; {
			select {
			case line := <-lines:
				if found = true; line != aliveOf(c) {
					t.Fatalf("%s: no keep-alive", c.name)
				}
			default: // the door may still be writing
				d.pass(timer, 1)
			}
		}
		up.say <- text(anthropicEnd)
		close(up.say)
		if end := rest(); !strings.Contains(end, c.streamEnd) || strings.Contains(end, "BROKEN") {
			t.Errorf("%s: it ends with %q", c.name, end)
		}
		if r := d.lastRecord(); r.Outcome != gateway.OK {
			t.Errorf("%s: record %+v", c.name, r)
		}
	}
}

// TestNoKeepAliveInLines: lines of JSON have no place for one, so nobody even waits to send it.
func TestNoKeepAliveInLines(t *testing.T) {
	for _, c := range clients[slices.IndexFunc(clients, func(c client) bool { return c.name == "ollama" }):][:2] {
		o, up := newHeld(t, "anthropic")
		o, timers := byHand(o)
		d := openDoor(t, o)
		coming := d.open(c, "anthropic/m", true)
		<-up.arrived
		select {
		case <-timers:
			t.Errorf("%s: a keep-alive is waited for", c.name)
		default:
		}
		up.say <- text(anthropicStart + anthropicText + anthropicEnd)
		close(up.say)
		_, rest := streamed(<-coming)
		for line := range strings.Lines(rest()) {
			if !gjson.Valid(line) {
				t.Errorf("%s: %q", c.name, line)
			}
		}
	}
}

// TestErrorsWhileWaiting: a failure that comes in time has its own status, a later one is an error event of the dialect.
func TestErrorsWhileWaiting(t *testing.T) {
	const refusal = `{"type":"error","error":{"type":"rate_limit_error","message":"too many canaries"}}`
	for _, c := range waiting() {
		for _, wait := range []int{0, patience - 1, patience} {
			for name, say := range map[string]func(http.ResponseWriter){"refused": refusing(429, refusal), "first event": text(anthropicBusy)} {
				o, up := newHeld(t, "anthropic")
				o, timers := byHand(o)
				d := openDoor(t, o)
				coming := d.open(c, "anthropic/m", true)
				timer := <-timers
				<-up.arrived
				d.pass(timer, wait)
				up.say <- say
				close(up.say)
				resp := <-coming
				_, rest := streamed(resp)
				got := rest()
				if late := wait >= patience; late != (resp.StatusCode == 200) {
					t.Errorf("%s, %s after %d ticks: %d %s", c.name, name, wait, resp.StatusCode, got)
				}
				if !strings.Contains(got, "error") || strings.Contains(got, c.streamEnd) || strings.Contains(got, "BROKEN") {
					t.Errorf("%s, %s after %d ticks: %s", c.name, name, wait, got)
				}
				if wait >= patience && (!strings.HasPrefix(got, aliveOf(c)) || name == "refused" && !strings.Contains(got, "canaries")) {
					t.Errorf("%s, %s late: %s", c.name, name, got)
				}
				if r := d.lastRecord(); r.Outcome != gateway.Failed {
					t.Errorf("%s, %s: record %+v", c.name, name, r)
				}
			}
		}
	}
}

// TestNothingBehindTheEnd: an upstream may keep its connection, or cut it, once the stream has its end; the client gets no
// keep-alive behind that end, and no error, and the answer is a whole one.
func TestNothingBehindTheEnd(t *testing.T) {
	for _, c := range waiting() {
		for _, model := range []string{"anthropic/m", "groq/m"} {
			for how, then := range map[string]func(http.ResponseWriter){"ends": func(http.ResponseWriter) {}, "cut": func(http.ResponseWriter) { panic(http.ErrAbortHandler) }} {
				id, _, _ := strings.Cut(model, "/")
				said := anthropicStart + anthropicText + anthropicEnd
				if id == "groq" {
					said = inChat[1]
				}
				o, up := newHeld(t, id)
				o, timers := byHand(o)
				d := openDoor(t, o)
				coming := d.open(c, model, true)
				timer := <-timers
				<-up.arrived
				up.say <- text(said)
				r, rest := streamed(<-coming)
				sofar := ""
				for !strings.Contains(sofar, c.streamEnd) || !strings.HasSuffix(sofar, "\n\n") {
					line, err := r.ReadString('\n')
					if sofar += line; err != nil {
						t.Fatalf("%s, %s: %q, %v", c.name, model, sofar, err)
					}
				}
				d.pass(timer, 2*patience)
				select {
				case up.say <- then:
				case <-up.left: // a translated stream is over with its last event
				}
				close(up.say)
				if got := rest(); strings.Contains(got, strings.TrimSpace(aliveOf(c))) || strings.Contains(got, "error") || strings.Contains(got, "BROKEN") {
					t.Errorf("%s, %s, %s: behind the end: %q", c.name, model, how, got)
				}
				if r := d.lastRecord(); r.Outcome != gateway.OK || len(r.Attempts) != 1 || r.Attempts[0].Outcome != gateway.OK {
					t.Errorf("%s, %s, %s: record %+v", c.name, model, how, r)
				}
			}
		}
	}
}

// TestNoKeepAliveWithinAnEvent: a raw stream that halts inside an event stays as it is.
func TestNoKeepAliveWithinAnEvent(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		o, up := newHeld(t, "groq")
		o, timers := byHand(o)
		d := openDoor(t, o)
		coming := d.open(clients[0], "groq/m", true)
		timer := <-timers
		<-up.arrived
		// A whole event first: until there is content, the answer is not given out.
		first := "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"whole\"}}]}\n\n" +
			"data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half"
		up.say <- text(first)
		resp := <-coming
		r, rest := streamed(resp)
		for range first {
			_, err := r.ReadByte()
			check(t, err)
		}
		d.pass(timer, 5*patience)
		second := "\"}}]}" + end[:1]
		up.say <- text(second)
		for range second {
			_, err := r.ReadByte()
			check(t, err)
		}
		d.pass(timer, 5*patience)
		up.say <- text(end[1:])
		for range end[1:] {
			_, err := r.ReadByte()
			check(t, err)
		}
		d.pass(timer, patience)
		if line, err := r.ReadString('\n'); line != string(comment[:len(comment)-1]) {
			t.Errorf("%q: %q, %v", end, line, err)
		}
		up.say <- text("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
		close(up.say)
		if got := rest(); !strings.HasSuffix(got, "[DONE]\n\n") {
			t.Errorf("%q: %s", end, got)
		}
	}
}

// TestNoKeepAliveWithoutAStream: an answer in one piece, and Gemini's array, have no place for it.
func TestNoKeepAliveWithoutAStream(t *testing.T) {
	o, up := newHeld(t, "groq")
	o, timers := byHand(o)
	d := openDoor(t, o)
	coming := d.open(clients[0], "groq/m", false)
	timer := <-timers
	<-up.arrived
	d.pass(timer, 5*patience)
	up.say <- refusing(200, chatAnswer)
	close(up.say)
	_, rest := streamed(<-coming)
	if got := rest(); got != chatAnswer {
		t.Errorf("%q", got)
	}
	r, err := http.NewRequest(http.MethodPost, "/v1beta/models/a/b:streamGenerateContent", nil)
	check(t, err)
	if aliveFor(r, llm.Gemini) != nil || aliveFor(r, llm.Ollama) != nil {
		t.Error("a stream that is no stream of events has keep-alives")
	}
}

// TestLateAnswerInOnePiece: it can't be passed on once a stream has begun, and says so.
func TestLateAnswerInOnePiece(t *testing.T) {
	o, up := newHeld(t, "groq")
	o, timers := byHand(o)
	d := openDoor(t, o)
	coming := d.open(clients[0], "groq/m", true)
	timer := <-timers
	<-up.arrived
	d.pass(timer, patience)
	up.say <- refusing(200, chatAnswer)
	close(up.say)
	_, rest := streamed(<-coming)
	if got := rest(); !strings.Contains(got, "in one piece") || strings.Contains(got, "[DONE]") {
		t.Errorf("%q", got)
	}
}

// TestKeepAliveRace lets keep-alives and a stream write as fast as they can.
func TestKeepAliveRace(t *testing.T) {
	o := doorOptions{}
	o.edit = func(s *Options, _ *gateway.Options) {
		s.AfterFunc = func(d time.Duration, f func()) Timer { return fast{time.AfterFunc(d/50_000, f)} }
	}
	d := openDoor(t, o)
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			_, got := d.post("/v1/chat/completions", `{"model":"sim/stream","stream":true,"messages":[{"role":"user","content":"tokens=40 rate=2000"}]}`)
			for event := range strings.SplitSeq(strings.TrimSuffix(got, "\n\n"), "\n\n") {
				if !strings.HasPrefix(event, "data: ") && event != strings.TrimSpace(string(comment)) {
					t.Errorf("%q is no event", event)
				}
			}
			if !strings.HasSuffix(got, "[DONE]\n\n") {
				t.Errorf("it ends with %q", got[max(len(got)-600, 0):])
			}
		})
	}
	asking.Wait()
}

type fast struct{ *time.Timer }

func (f fast) Reset(d time.Duration) bool { return f.Timer.Reset(d / 50_000) }
