// Package strict holds stand-ins of the real providers that are as strict as those are: a request with a field that the
// vendor does not know, a turn out of order, a result without its call, a signature that the stand-in did not issue, or
// a setting that the model refuses is answered with 400 in the vendor's own shape. What is right is answered in the same
// way every time: with reasoning and its signatures, parallel tool calls and usage by kind, so that conversations go on.
//
// It is there for tests alone, and must not know the gateway's codecs: what it knows of a protocol it has from the
// vendors' API references, so that an error of ours can't hide in both.
package strict

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tidwall/gjson"
)

// Call is a request that a stand-in got, and whether it was in order.
type Call struct {
	Path   string
	Header http.Header
	Body   []byte
	// Refused is why it was refused, empty if it was not.
	Refused string
}

// StandIn is one vendor. It is safe for concurrent use.
type StandIn struct {
	vendor string
	mu     sync.Mutex
	more   *sync.Cond // there is another call
	calls  []Call
	stored map[string]bool // the ids of items that were kept, as Responses keeps them
}

// New makes the stand-in of a vendor: openai, anthropic, google, deepseek, mistral, groq or ollama; any other name is a
// plain server of the OpenAI protocols.
func New(vendor string) *StandIn {
	s := &StandIn{vendor: vendor, stored: map[string]bool{}}
	s.more = sync.NewCond(&s.mu)
	return s
}

// Calls gives all requests so far.
func (s *StandIn) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Call(nil), s.calls...)
}

// Last gives the newest request; its zero value where there was none.
func (s *StandIn) Last() Call {
	if calls := s.Calls(); len(calls) > 0 {
		return calls[len(calls)-1]
	}
	return Call{}
}

// protocol is what the vendors' protocols do differently.
type protocol interface {
	// read checks a request; the check holds what is wrong with it.
	read(c *check, body gjson.Result) ask
	// refuse gives the status and body of an error.
	refuse(r *refusal) (int, string)
	// whole and stream write an answer.
	whole(a ask, r reply) string
	stream(a ask, r reply) (before, after []string)
	// broken is the event that ends a stream with an error.
	broken() string
}

func (s *StandIn) protocol(path string) (protocol, bool) {
	switch {
	case strings.HasSuffix(path, "/chat/completions"):
		return &chat{s, chatRulesOf(s.vendor)}, true
	case strings.HasSuffix(path, "/responses"):
		return &responses{s}, true
	case strings.HasSuffix(path, "/messages"):
		return &messages{s}, true
	case strings.Contains(path, "/models/") && strings.HasSuffix(path, ":generateContent"),
		strings.Contains(path, "/models/") && strings.HasSuffix(path, ":streamGenerateContent"):
		model, method, _ := strings.Cut(path[strings.Index(path, "/models/")+len("/models/"):], ":")
		return &gemini{s, model, method == "streamGenerateContent"}, true
	}
	return nil, false
}

// ServeHTTP answers a request.
func (s *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left
	}
	p, ok := s.protocol(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	c := &check{}
	root := gjson.ParseBytes(body)
	if !gjson.ValidBytes(body) || !root.IsObject() {
		c.refuse("", "the body is not a JSON object")
	}
	c.headers(s.vendor, r)
	var a ask
	if c.no == nil {
		a = p.read(c, root)
	}
	call := Call{Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body}
	if c.no != nil {
		call.Refused = c.no.field + ": " + c.no.message
	}
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.more.Broadcast()
	s.mu.Unlock()
	switch refused := c.no; {
	case refused != nil:
		s.answer(w, p, refused)
	case a.fails() != nil:
		s.answer(w, p, a.fails())
	default:
		s.reply(w, r, p, a)
	}
}

func (s *StandIn) answer(w http.ResponseWriter, p protocol, r *refusal) {
	status, text := p.refuse(r)
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable || status == 529 {
		w.Header().Set("Retry-After", "7")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (s *StandIn) reply(w http.ResponseWriter, r *http.Request, p protocol, a ask) {
	answer := a.reply(s.vendor)
	if !a.stream {
		if a.does("wait") {
			<-r.Context().Done()
			return
		}
		if a.does("break") {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, p.whole(a, answer))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	before, after := p.stream(a, answer)
	write := func(events []string) {
		for _, e := range events {
			_, _ = io.WriteString(w, e)
			w.(http.Flusher).Flush()
		}
	}
	write(before)
	switch {
	case a.does("wait"):
		<-r.Context().Done()
		return
	case a.does("break"):
		panic(http.ErrAbortHandler)
	case a.does("error"):
		write([]string{p.broken()})
		return
	}
	write(after)
}

// headers checks what every request must carry.
func (c *check) headers(vendor string, r *http.Request) {
	if kind := r.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
		c.refuse("Content-Type", "%q is not application/json", kind)
	}
	switch vendor {
	case "anthropic": // (API reference, "Versions": the header is required)
		if v := r.Header.Get("Anthropic-Version"); v != "2023-06-01" && v != "2026-10-21" {
			c.refuse("anthropic-version", "%q is not a version", v)
		}
		if r.Header.Get("X-Api-Key") == "" && r.Header.Get("Authorization") == "" {
			c.no = &refusal{status: http.StatusUnauthorized, field: "x-api-key", message: "header is required"}
		}
	case "google":
		if r.Header.Get("X-Goog-Api-Key") == "" && r.URL.Query().Get("key") == "" && r.Header.Get("Authorization") == "" {
			c.no = &refusal{status: http.StatusUnauthorized, field: "x-goog-api-key", message: "API key is missing"}
		}
	}
}

// seal gives a text that only this stand-in can have issued for a content.
func (s *StandIn) seal(kind, content string) string {
	mac := hmac.New(sha256.New, []byte("stand-in of "+s.vendor))
	fmt.Fprintf(mac, "%s\x00%s", kind, content)
	return hex.EncodeToString(mac.Sum(nil))[:32]
}

// sealed wraps a content in a text that opens to it again; opened tells whether a text is one of ours.
func (s *StandIn) sealed(kind, content string) string {
	return base64.StdEncoding.EncodeToString([]byte(s.seal(kind, content) + content))
}

func (s *StandIn) opened(kind, text string) (content string, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < 32 || s.seal(kind, string(b[32:])) != string(b[:32]) {
		return "", false
	}
	return string(b[32:]), true
}

// next gives a number that was not given before.
func (s *StandIn) next() int { return int(serial.Add(1)) }

// serial numbers what all stand-ins issue, so that no two of them give out the same id.
var serial atomic.Int64

func (s *StandIn) keep(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.stored[id] = true
	}
}

func (s *StandIn) kept(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stored[id]
}

// Await waits until the stand-in has got n requests.
func (s *StandIn) Await(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.calls) < n {
		s.more.Wait()
	}
}
