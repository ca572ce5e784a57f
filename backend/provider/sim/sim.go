// Package sim is Gatehouse's built-in provider: a stand-in that needs no account and no network, for developing against
// the gateway and for its tests. It serves OpenAI Chat Completions, Responses and Embeddings, Anthropic Messages and
// Gemini the way real servers do (status codes, error bodies, headers, event order, ids, usage, refusals of malformed
// conversations), and what it answers says that it is a stand-in.
//
// The models, by their ids on the wire:
//
//	echo    repeats the last user text
//	stream  writes Markdown with headings, a table and code: 300 tokens, 40 a second
//	tools   calls the first declared tool (two where parallel calls are allowed) with arguments that fit its schema,
//	        then uses the results
//	editor  edits a file as an agent would, one tool call a turn: it reads it where there is a tool for that, changes it
//	        with the tool for edits that the client offers or else its shell, and ends. It has no mind: it understands
//	        "in notes.txt replace apples with pears" and "write hello to notes.txt", anywhere in what the user says
//	think   reasons (reasoning_content, a signed thinking block, a summary with encrypted content, or thoughts with a
//	        signature; the latter two show what they think only to who asks for it), then answers, 60 tokens a second
//	flaky   fails every other request, in this order: 429, overloaded, an error inside the stream (500 where the answer
//	        is not streamed), a dropped connection; then from the start. The first request fails.
//	slow    waits 5 s before its first token
//	down    is always overloaded
//	embed   makes embeddings, 256 numbers or as many fewer as are asked for; texts that share words lie close
//
// Words in the last user text steer the answer: tokens=200 (stream only), rate=50 (tokens a second; 0 means as fast as
// possible), delay=2s (before the first token), think=yes (any model reasons first), fail=none|429|503|stream|drop (flaky
// only; the rotation does not move).
//
// A token is white space and up to six characters of the word behind it; a message costs three more, an image, file or
// audio 85, a declared tool the tokens of its JSON text.
//
// It must not know the gateway, the settings or the other providers.
package sim

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options are what the simulator takes from outside. The zero value is ready to use.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Sleep waits for d or until ctx ends, and then returns ctx's error; nil means a real timer.
	Sleep func(ctx context.Context, d time.Duration) error
	// Seed makes ids repeatable; 0 means a different one each time.
	Seed uint64
	// Logger gets one debug line a request, without its content; nil means none.
	Logger *slog.Logger
	// MaxBody bounds a request's body in bytes; 0 means 64 MiB.
	MaxBody int64
}

type server struct {
	Options
	cache *promptCache

	mu    sync.Mutex
	rng   *rand.Rand
	turns int // requests to flaky so far
}

// Handler serves POST /v1/chat/completions, /v1/responses, /v1/messages[/count_tokens] and /v1/embeddings with GET /v1/models[/{id}],
// and POST /v1beta/models/{model}:generateContent and :streamGenerateContent with GET /v1beta/models[/{id}]. It takes any
// credential or none. A dropped connection is http.ErrAbortHandler as a panic, net/http's own way to say so: whoever calls the
// handler without a net/http server must recover it and break the body off.
func Handler(opts Options) http.Handler {
	s := &server{Options: opts, cache: newPromptCache()}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Sleep == nil {
		s.Sleep = sleep
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	if s.MaxBody <= 0 {
		s.MaxBody = 64 << 20
	}
	seed := opts.Seed
	if seed == 0 {
		seed = rand.Uint64()
	}
	s.rng = rand.New(rand.NewPCG(seed, 0x6761746568))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, chat{}) })
	mux.HandleFunc("POST /v1/responses", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, responses{}) })
	mux.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, messages{}) })
	mux.HandleFunc("POST /v1/messages/count_tokens", s.count)
	mux.HandleFunc("POST /v1/embeddings", s.serveEmbeddings)
	mux.HandleFunc("GET /v1/models", s.listModels)
	mux.HandleFunc("GET /v1/models/{id}", s.getModel)
	mux.HandleFunc("POST /v1beta/models/{call}", s.generate)
	mux.HandleFunc("GET /v1beta/models", s.listGemini)
	mux.HandleFunc("GET /v1beta/models/{id}", s.getGemini)
	mux.HandleFunc("/", s.unknown)
	return mux
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// dialect is what the protocols do differently.
type dialect interface {
	// parse reads a request.
	parse(body []byte, header http.Header) (*ask, *refusal)
	// headers sets what every answer carries.
	headers(h http.Header, requestID string)
	// refuse writes an error as the whole answer.
	refuse(w http.ResponseWriter, ref *refusal, requestID string)
	// idPrefixes are those of answers, tool calls and requests.
	idPrefixes() (answer, toolCall, request string)
	// whole is the answer that is not streamed.
	whole(h head, a *ask, ans *answer) []byte
	// stream makes the writer of a streamed answer.
	stream(out emit, h head, a *ask, ans *answer) streamer
}

// head is what identifies an answer.
type head struct {
	id      string
	created time.Time
	usage   usage
}

// emit sends one event to the client at once.
type emit func(name string, data any) error

// streamer writes an answer step by step.
type streamer interface {
	begin() error
	partStart(i int, p part) error
	piece(i int, p part, text string) error
	partEnd(i int, p part) error
	finish() error
	fail(ref *refusal) error
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, d dialect) {
	answerPrefix, callPrefix, requestPrefix := d.idPrefixes()
	requestID := s.id(requestPrefix, 24)
	d.headers(w.Header(), requestID)
	a, ref := s.read(w, r, d)
	var ans *answer
	if ref == nil {
		ans, ref = s.compose(a, callPrefix)
	}
	if ref != nil {
		s.Logger.Debug("the simulator refused", "path", r.URL.Path, "reason", ref.kind)
		d.refuse(w, ref, requestID)
		return
	}
	s.Logger.Debug("the simulator answers", "path", r.URL.Path, "model", a.model, "stream", a.stream)
	h := head{id: s.id(answerPrefix, 29), created: s.Now(), usage: s.meter(a, ans)}
	if a.stream {
		s.stream(w, r, d, h, a, ans)
		return
	}
	if s.Sleep(r.Context(), ans.first+ans.pause(ans.tokens())) != nil {
		return
	}
	switch ans.fault {
	case faultDrop:
		panic(http.ErrAbortHandler)
	case faultStream:
		d.refuse(w, ans.faultError(), requestID)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(d.whole(h, a, ans)) // the client may be gone; there is nobody to tell
}

func (s *server) read(w http.ResponseWriter, r *http.Request, d dialect) (*ask, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, refusef(tooLarge, "the request body is larger than %d bytes", s.MaxBody)
		}
		return nil, refusef(badRequest, "the request body could not be read")
	}
	a, ref := d.parse(body, r.Header)
	if ref == nil {
		ref = conversing(a.model)
	}
	return a, ref
}

// stream sends the answer at its pace. It returns as soon as the client is gone.
func (s *server) stream(w http.ResponseWriter, r *http.Request, d dialect, h head, a *ask, ans *answer) {
	ctx := r.Context()
	if s.Sleep(ctx, ans.first) != nil {
		return
	}
	send := emitter(w)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	if a.array {
		send = arrayEmitter(w)
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	}
	w.Header().Set("Cache-Control", "no-cache")
	out := d.stream(send, h, a, ans)
	if out.begin() != nil {
		return
	}
	start, sent := s.Now(), 0
	for i, p := range ans.parts {
		if out.partStart(i, p) != nil {
			return
		}
		for _, text := range p.pieces() {
			if ans.fault != faultNone && sent == faultAfter {
				breakOff(out, ans)
				return
			}
			due := start.Add(ans.pause(sent))
			if s.Sleep(ctx, due.Sub(s.Now())) != nil || out.piece(i, p, text) != nil {
				return
			}
			sent++
		}
		if out.partEnd(i, p) != nil {
			return
		}
	}
	if ans.fault != faultNone {
		breakOff(out, ans)
		return
	}
	_ = out.finish() // the client may be gone; there is nobody to tell
}

// breakOff ends a stream in the middle.
func breakOff(out streamer, ans *answer) {
	if ans.fault == faultDrop {
		panic(http.ErrAbortHandler)
	}
	_ = out.fail(ans.faultError()) // as above
}

func (s *server) id(prefix string, n int) string {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	s.mu.Lock()
	defer s.mu.Unlock()
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[s.rng.IntN(len(alphabet))]
	}
	return prefix + string(b)
}

var postPaths = []string{"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"}

// unknown answers whatever has no route, in the dialect that the headers point at.
func (s *server) unknown(w http.ResponseWriter, r *http.Request) {
	ref := refusef(noRoute, "unknown request URL: %s %s", r.Method, r.URL.Path)
	switch {
	case slices.Contains(postPaths, r.URL.Path):
		w.Header().Set("Allow", http.MethodPost)
		ref = refusef(badMethod, "%s takes POST, not %s", r.URL.Path, r.Method)
	case r.URL.Path == "/v1/models" || strings.HasPrefix(r.URL.Path, "/v1/models/"):
		w.Header().Set("Allow", http.MethodGet)
		ref = refusef(badMethod, "%s takes GET, not %s", r.URL.Path, r.Method)
	}
	d := dialectOf(r)
	_, _, prefix := d.idPrefixes()
	requestID := s.id(prefix, 24)
	d.headers(w.Header(), requestID)
	d.refuse(w, ref, requestID)
}

// dialectOf tells Anthropic clients by the header that all of them send.
func dialectOf(r *http.Request) dialect {
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1beta/"):
		return gemini{}
	case r.Header.Get("Anthropic-Version") != "" || r.URL.Path == "/v1/messages":
		return messages{}
	}
	return chat{}
}

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
