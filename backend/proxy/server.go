package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/backend/access"
	"gatehouse/backend/answers"
	"gatehouse/backend/catalog"
	"gatehouse/backend/gateway"
	"gatehouse/backend/llm"
	"gatehouse/backend/protocol"
	"gatehouse/backend/protocol/aisdk"
)

// GCPercent is how much garbage may pile up in a program that serves the endpoint, relative to what lives (GOGC): the
// benchmarks run with it, as the program does.
const GCPercent = 300

// Keys checks local API keys.
type Keys interface {
	Authenticate(token string) (access.Key, error)
}

// Exchanger carries requests, and tells how many tokens they have.
type Exchanger interface {
	Exchange(ctx context.Context, req gateway.Request) (*gateway.Answer, error)
	// Native tells that all who may answer a request take it as it is, in its own dialect.
	Native(req gateway.Request) (bool, error)
	// Look asks a provider for an answer that it keeps.
	Look(ctx context.Context, l gateway.Lookup) (*gateway.Answer, error)
	CountTokens(ctx context.Context, req gateway.Request) (*gateway.Answer, error)
	Pass(ctx context.Context, req gateway.Pass) (*gateway.Answer, error)
}

// Limits is what settings say of the door.
type Limits struct {
	MaxBodyBytes   int64
	AllowedOrigins []string
	// OllamaWithoutKey lets programs on this machine that send no key use the routes of Ollama's protocol, and
	// /v1/chat/completions, which is one of them.
	OllamaWithoutKey bool
	// MetricsWithoutKey lets programs on this machine read the metrics without a key.
	MetricsWithoutKey bool
	// SocketIdle is how long a WebSocket may say nothing, SocketLife how long it may live at all; 0 means 5 minutes and an
	// hour.
	SocketIdle, SocketLife time.Duration
}

// Options is what a Server is made of. All are needed that don't say otherwise.
type Options struct {
	Keys    Keys
	Gateway Exchanger
	// Answers keeps what OpenAI's Responses keep at the server.
	Answers *answers.Answers
	Limits  func() Limits
	Catalog func() *catalog.Catalog
	// Virtual gives the models of the user's own making, as lists show them; nil is none.
	Virtual func() []catalog.Model
	// Active gives the active model's id, empty if there is none.
	Active func() string
	// History is where clients' questions about their spending are answered from.
	History History
	// Balance asks the hosted gateway what is left on its account, in USD as a decimal number; empty where there is no
	// account. Nil is the same.
	Balance func(context.Context) (string, error)
	// Metrics answers GET /metrics; nil is none.
	Metrics http.Handler
	Logger  *slog.Logger
	// AfterFunc starts the timers of keep-alives; nil is time.AfterFunc.
	AfterFunc func(d time.Duration, f func()) Timer
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server is the endpoint. It is safe for concurrent use.
type Server struct {
	Options
	http   *http.Server
	paused atomic.Bool
	keeper *keeper
	jobs   jobs
	socks  sockets
	// account is the hosted gateway's.
	account account

	mu        sync.Mutex
	listeners []net.Listener
	serving   sync.WaitGroup
}

// New makes a Server that does not listen yet.
func New(o Options) *Server {
	s := &Server{Options: o, keeper: newKeeper(o.AfterFunc)}
	s.http = &http.Server{
		Handler: s.Handler(),
		// Bodies and answers take as long as models take; only a header that does not come is given up on.
		ReadHeaderTimeout: 15 * time.Second,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    256 << 10,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	return s
}

// ParseAddr checks that an address is loopback with a port; 0 lets the system choose one.
func ParseAddr(addr string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && strings.EqualFold(host, "localhost") {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return ap, llm.Errorf(llm.ErrBadRequest, "%q is no address; give one such as 127.0.0.1:4283", addr)
	}
	if !ap.Addr().IsLoopback() {
		return ap, llm.Errorf(llm.ErrBadRequest,
			"%s is not a loopback address; Gatehouse only listens where this machine alone can reach it, such as 127.0.0.1:4283", addr)
	}
	return ap, nil
}

// Listen opens the endpoint on addr and, for 127.0.0.1, on the same port of ::1 too where there is one. It may be called
// again to listen elsewhere besides. A port in use is an *llm.Error that says so and what to do.
func (s *Server) Listen(addr string) error {
	ap, err := ParseAddr(addr)
	if err != nil {
		return err
	}
	first, err := net.Listen("tcp", ap.String())
	if err != nil {
		return llm.Errorf(llm.ErrInternal, "the endpoint can't listen on %s (%w); another program has the port: close it, or "+
			"choose another with \"addr\" in settings or `gatehouse serve --addr 127.0.0.1:PORT`", addr, err).WithCode("port_in_use")
	}
	listeners := []net.Listener{first}
	if ap.Addr() == netip.MustParseAddr("127.0.0.1") {
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", fmt.Sprintf("[::1]:%d", port))
		switch {
		case err == nil:
			listeners = append(listeners, second)
		case portInUse(err):
			// "localhost" would reach the other program on some systems, with our clients' keys.
			first.Close() //nolint:errcheck // nothing was served
			return llm.Errorf(llm.ErrInternal, "another program has port %d of [::1] (%w); close it, or choose another port with "+
				"\"addr\" in settings or `gatehouse serve --addr 127.0.0.1:PORT`", port, err).WithCode("port_in_use")
		default:
			s.Logger.Info("the endpoint is on IPv4 only", "reason", err)
		}
	}
	s.mu.Lock()
	s.listeners = append(s.listeners, listeners...)
	s.mu.Unlock()
	for _, l := range listeners {
		s.serving.Go(func() {
			if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				s.Logger.Error("the endpoint stopped", "address", l.Addr().String(), "error", err)
			}
		})
	}
	return nil
}

// Addresses gives where the endpoint listens, IPv4 first.
func (s *Server) Addresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, l := range s.listeners {
		out = append(out, l.Addr().String())
	}
	return out
}

// SetPaused makes the endpoint refuse model requests, or take them again.
func (s *Server) SetPaused(paused bool) {
	s.paused.Store(paused)
	if paused {
		s.socks.leave("the endpoint is paused")
	}
}

// Paused tells whether the endpoint refuses model requests.
func (s *Server) Paused() bool { return s.paused.Load() }

// Shutdown stops listening and waits for the requests that are running until ctx ends; then it cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.socks.close()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = s.http.Close()
	}
	s.serving.Wait()
	s.socks.wait(ctx)
	s.jobs.wait(ctx)
	s.keeper.close()
	return err
}

// KeysChanged ends what runs in the background for keys that may not be used any more.
func (s *Server) KeysChanged(alive func(key string) bool) {
	s.jobs.stopAll(func(key string) bool { return !alive(key) }, errStopped)
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Options.Now()
}

// Handler is the whole door, guards included. The table of routes is closed: what is not in it is refused.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("GET /metrics", s.metrics())
	mux.Handle("POST /v1/chat/completions", s.keyedOrLocal(s.chat))
	mux.Handle("POST /v1/responses", s.keyed(s.responses))
	mux.Handle("GET /v1/responses", s.keyed(s.socket))
	mux.Handle("POST /v1/responses/compact", s.keyed(s.compact))
	mux.Handle("GET /v1/responses/{id}", s.keyed(s.answer))
	mux.Handle("DELETE /v1/responses/{id}", s.keyed(s.deleteAnswer))
	mux.Handle("POST /v1/responses/{id}/cancel", s.keyed(s.cancel))
	mux.Handle("GET /v1/responses/{id}/input_items", s.keyed(s.inputItems))
	mux.Handle("POST /v1/conversations", s.keyed(s.createConversation))
	mux.Handle("GET /v1/conversations/{id}", s.keyed(s.conversation))
	mux.Handle("POST /v1/conversations/{id}", s.keyed(s.updateConversation))
	mux.Handle("DELETE /v1/conversations/{id}", s.keyed(s.deleteConversation))
	mux.Handle("GET /v1/conversations/{id}/items", s.keyed(s.conversationItems))
	mux.Handle("POST /v1/conversations/{id}/items", s.keyed(s.addConversationItems))
	mux.Handle("GET /v1/conversations/{id}/items/{item}", s.keyed(s.conversationItems))
	mux.Handle("DELETE /v1/conversations/{id}/items/{item}", s.keyed(s.deleteConversationItem))
	mux.Handle("POST /v1/messages", s.keyed(s.converse(llm.Messages)))
	mux.Handle("POST /v1/messages/count_tokens", s.keyed(s.count(llm.Messages)))
	mux.Handle("POST /v1/responses/input_tokens", s.keyed(s.count(llm.Responses)))
	mux.Handle("POST /v1/embeddings", s.keyed(s.embeddings))
	for _, version := range []string{"v1", "v1beta"} { // of v1 there are several vendors' lists, v1beta is Gemini's
		mux.Handle("GET /"+version+"/models", s.keyed(s.models))
		mux.Handle("GET /"+version+"/models/{id...}", s.keyed(s.model))
	}
	mux.Handle("GET /v1/credits", s.keyed(s.credits))
	mux.Handle("GET /v1/report", s.keyed(s.report))
	mux.Handle("GET /v1/generation", s.keyed(s.generation))
	for _, version := range []string{"v1beta", "v1"} { // Gemini's SDK asks under either
		mux.Handle("POST /"+version+"/models/{call...}", s.keyed(s.gemini))
		mux.Handle("POST /"+version+"/models", s.keyed(s.noRoute)) // or the mux redirects it before anybody asks for a key
	}
	for _, version := range []string{"v1", "v3", "v4"} { // AI SDK 5, 6 and 7
		mux.Handle("POST /"+version+"/ai/language-model", s.keyed(s.languageModel))
		mux.Handle("POST /"+version+"/ai/embedding-model", s.keyed(s.embeddingModel))
		mux.Handle("GET /"+version+"/ai/config", s.keyed(s.config))
	}
	for _, route := range passRoutes {
		mux.Handle(route.pattern, s.keyed(s.pass(route)))
	}
	s.ollamaRoutes(mux)
	mux.Handle("/", s.keyed(s.noRoute))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		r = enter(r)
		if e := s.guardHost(r); e != nil {
			s.fail(w, r, dialectOf(r), e)
			return
		}
		if e := s.guardOrigin(r); e != nil {
			s.fail(w, r, dialectOf(r), e)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// handler is a route behind the key check. Its error is written in the client's dialect.
type handler func(w http.ResponseWriter, r *http.Request, key access.Key) error

func (s *Server) keyed(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, e := s.authenticate(r)
		if e != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			s.fail(w, r, dialectOf(r), e)
			return
		}
		if err := s.contained(func() error { return h(w, r, key) }); err != nil {
			if told, ok := errors.AsType[*gateway.Unanswered](err); ok {
				maps.Copy(w.Header(), told.Header)
			}
			s.fail(w, r, dialectOf(r), llm.AsError(err))
		}
	})
}

// contained runs what serves one request; a panic in it is that request's failure. Cutting a connection off is done by a
// panic too, and goes on.
func (s *Server) contained(serve func() error) (err error) {
	defer func() {
		v := recover()
		if v == http.ErrAbortHandler { //nolint:errorlint // it is that value, and no other
			panic(v)
		}
		if v != nil {
			err = gateway.Panicked(s.Logger, "", v)
		}
	}()
	return serve()
}

// fail writes an error in a dialect. A body that was not read is not worth the connection.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, d llm.Dialect, e *llm.Error) {
	if r.Context().Err() != nil {
		return // nobody is there to read it
	}
	status, body := protocol.For(d).EncodeError(e)
	if d == llm.AISDK { // its clients want to know which model
		head, _ := aisdk.ReadHead(r.URL.Path, r.Header) // a head that can't be read names no model
		status, body = aisdk.EncodeError(e, cmp.Or(head.Model, r.Header.Get("Ai-Model-Id")), "")
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if e.RetryAfter > 0 {
		h.Set("Retry-After", fmt.Sprint(int64((e.RetryAfter+time.Second-1)/time.Second)))
	}
	if status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout {
		h.Set("X-Should-Retry", "false")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// metrics serves GET /metrics, to who has an API key or, where settings say so, to whoever is on this machine: the metrics
// hold no secret, but tell what is asked how often and what it costs.
func (s *Server) metrics() http.Handler {
	if s.Metrics == nil {
		return s.keyed(s.noRoute)
	}
	keyed := s.keyed(func(w http.ResponseWriter, r *http.Request, _ access.Key) error {
		s.Metrics.ServeHTTP(w, r)
		return nil
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Limits().MetricsWithoutKey && !sendsKey(r) {
			s.Metrics.ServeHTTP(w, r)
			return
		}
		keyed.ServeHTTP(w, r)
	})
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	state := "on"
	if s.Paused() {
		state = "paused"
	}
	_, _ = fmt.Fprintf(w, "{\"status\":%q}\n", state)
}
