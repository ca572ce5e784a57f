package control

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"gatehouse/backend/llm"
)

// links are the one-time links to the pages and the sessions that they became. Both are random, kept in memory as hashes
// only, and end with the program.
type links struct {
	now func() time.Time

	mu       sync.Mutex
	tokens   map[[32]byte]time.Time
	sessions map[[32]byte]time.Time
}

const (
	linkLife    = 10 * time.Minute
	sessionLife = 30 * 24 * time.Hour
	mostLinks   = 32
)

func newLinks(now func() time.Time) *links {
	return &links{now: now, tokens: map[[32]byte]time.Time{}, sessions: map[[32]byte]time.Time{}}
}

// issue makes a secret and keeps its hash among set. The oldest makes room where there are too many.
func (l *links) issue(set map[[32]byte]time.Time, life time.Duration) string {
	secret := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(set) >= mostLinks {
		var oldest [32]byte
		for hash, end := range set {
			if at, ok := set[oldest]; !ok || end.Before(at) {
				oldest = hash
			}
		}
		delete(set, oldest)
	}
	set[sha256.Sum256([]byte(secret))] = l.now().Add(life)
	return secret
}

// valid tells whether a secret is in set and still good; once takes it out.
func (l *links) valid(set map[[32]byte]time.Time, secret string, once bool) bool {
	sum := sha256.Sum256([]byte(secret))
	l.mu.Lock()
	defer l.mu.Unlock()
	found := false
	for hash, end := range set {
		if subtle.ConstantTimeCompare(hash[:], sum[:]) == 1 {
			found = l.now().Before(end)
			if once || !found {
				delete(set, hash)
			}
		}
	}
	return found
}

const sessionCookie = "gatehouse_session"

// Browser is the face in a browser: the pages and the API on a loopback address of their own, for who came with a
// one-time link.
type Browser struct {
	service *Service
	pages   fs.FS
	http    *http.Server

	mu       sync.Mutex
	listener net.Listener
	serving  sync.WaitGroup
}

// NewBrowser makes the face and has it listen, so that a page left open over a restart finds out that its session has
// ended. Where it can't listen, a link that is asked for says why.
func NewBrowser(s *Service, d *Dispatcher, pages fs.FS) *Browser {
	b := &Browser{service: s, pages: pages}
	s.mu.Lock()
	s.links, s.browser = newLinks(s.Now), b
	s.mu.Unlock()
	b.http = &http.Server{Handler: b.handler(s.API(d)), ReadHeaderTimeout: 15 * time.Second, MaxHeaderBytes: 64 << 10}
	if _, err := b.address(); err != nil {
		s.Logger.Warn("the pages are not served", "error", err)
	}
	return b
}

// address listens on the port beside the endpoint's or, where that is taken, on any.
func (b *Browser) address() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.listener != nil {
		return b.listener.Addr().String(), nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", b.preferredPort()))
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return "", llm.Errorf(llm.ErrInternal, "the pages can't be served: %w", err)
		}
	}
	b.listener = l
	b.serving.Go(func() {
		if err := b.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			b.service.Logger.Error("the pages stopped", "error", err)
		}
	})
	return l.Addr().String(), nil
}

func (b *Browser) preferredPort() string {
	for _, a := range b.service.Endpoint.Addresses() {
		if _, port, err := net.SplitHostPort(a); err == nil {
			if n, err := strconv.Atoi(port); err == nil && n < 65535 {
				return strconv.Itoa(n + 1)
			}
		}
	}
	return "0"
}

// Close stops serving; open feeds are cut off.
func (b *Browser) Close() {
	_ = b.http.Close() // what is still open is a page's feed
	b.serving.Wait()
}

func (s *Service) pagesLink(context.Context, Empty) (Link, error) {
	s.mu.Lock()
	b, l := s.browser, s.links
	s.mu.Unlock()
	if b == nil {
		return Link{}, llm.Errorf(llm.ErrBadRequest, "no Gatehouse is running; start one with `gatehouse serve` or `gatehouse`")
	}
	addr, err := b.address()
	if err != nil {
		return Link{}, err
	}
	return Link{"http://" + addr + "/open?token=" + url.QueryEscape(l.issue(l.tokens, linkLife))}, nil
}

// pagesPolicy lets the pages load nothing from elsewhere.
const pagesPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
	"frame-ancestors 'none'; base-uri 'none'; form-action 'self'"

func (b *Browser) handler(api http.Handler) http.Handler {
	files := http.FileServerFS(b.pages)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", pagesPolicy)
		if e := b.guard(r); e != nil {
			writeFailure(w, e)
			return
		}
		if r.URL.Path == "/open" {
			b.open(w, r)
			return
		}
		// The built pages' own files are no secret, and an open page may still want one when its session has ended.
		asset := strings.HasPrefix(r.URL.Path, "/assets/") || r.URL.Path == "/icon.svg"
		if !asset && !b.session(r) {
			b.noSession(w, r)
			return
		}
		switch {
		case strings.HasPrefix(r.URL.Path, "/api/"):
			api.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			writeFailure(w, llm.Errorf(llm.ErrBadRequest, "pages take GET").WithStatus(http.StatusMethodNotAllowed))
		default:
			if _, err := fs.Stat(b.pages, pagePath(r.URL.Path)); err != nil {
				r.URL.Path = "/" // the pages know their own addresses
			}
			files.ServeHTTP(w, r)
		}
	})
}

func pagePath(path string) string {
	if path == "/" {
		return "index.html"
	}
	return path[1:]
}

// guard refuses what does not come from our own pages: another Host (DNS rebinding), another Origin, a request that
// another site's page started.
func (b *Browser) guard(r *http.Request) *llm.Error {
	b.mu.Lock()
	own := ""
	if b.listener != nil {
		own = b.listener.Addr().String()
	}
	b.mu.Unlock()
	refused := llm.Errorf(llm.ErrAuth, "this address is for Gatehouse's own pages").WithStatus(http.StatusForbidden)
	if r.Host != own {
		return refused
	}
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+own {
		return refused
	}
	site := r.Header.Get("Sec-Fetch-Site")
	navigation := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Method == http.MethodGet
	if site != "" && site != "same-origin" && site != "none" && !navigation {
		return refused
	}
	return nil
}

func (b *Browser) session(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	return err == nil && b.service.links.valid(b.service.links.sessions, c.Value, false)
}

// open turns a link into a session, once.
func (b *Browser) open(w http.ResponseWriter, r *http.Request) {
	l := b.service.links
	if r.Method != http.MethodGet || !l.valid(l.tokens, r.URL.Query().Get("token"), true) {
		if b.session(r) {
			http.Redirect(w, r, "/", http.StatusSeeOther)
			return
		}
		b.noSession(w, r)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: l.issue(l.sessions, sessionLife), Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		MaxAge: int(sessionLife / time.Second),
	})
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (b *Browser) noSession(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/api/") {
		writeFailure(w, llm.Errorf(llm.ErrAuth, "the session has ended; run `gatehouse ui` for a new link"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte("<!doctype html><html lang=en><meta charset=utf-8><title>Gatehouse</title>" +
		"<body style=\"font:16px/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem\"><h1>Gatehouse</h1>" +
		"<p>These pages open with a one-time link. Run <code>gatehouse ui</code> in a terminal for a new one.</p>"))
}
